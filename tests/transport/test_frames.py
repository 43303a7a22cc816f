"""Frames: read whole, however they are cut; what breaks RFC 6455 is told and read no further."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from server.frames import BINARY, CLOSE, PING, TEXT, Broken, Frames, code_of, farewell, framed

LIMIT = 70_000


def sent(kind: int, payload: bytes, *, fin: bool = True) -> bytes:
    """As a client that is not ours writes it."""
    return Frame(Opcode(kind), payload, fin=fin).serialize(mask=True)


def read(*pieces: bytes, limit: int = LIMIT) -> list[tuple[int, bytes]]:
    frames = Frames(limit)
    return [each for piece in pieces for each in frames.read(piece)]


messages = st.lists(
    st.tuples(
        st.sampled_from([TEXT, BINARY]),
        st.lists(st.binary(max_size=300), min_size=1, max_size=4),
        st.booleans(),
    ),
    max_size=5,
)


@given(said=messages, cuts=st.lists(st.integers(0, 4000), max_size=8))
def test_whole_messages_come_out_however_they_were_cut(
    said: list[tuple[int, list[bytes], bool]], cuts: list[int]
) -> None:
    stream, expected = b"", []
    for kind, parts, pings in said:
        for nth, part in enumerate(parts):
            last = nth == len(parts) - 1
            stream += sent(kind if nth == 0 else 0, part, fin=last)
            if pings and not last:
                stream += sent(PING, b"between")
                expected.append((PING, b"between"))
        expected.append((kind, b"".join(parts)))
    places = sorted({min(each, len(stream)) for each in cuts} | {0, len(stream)})

    heard = read(*(stream[a:b] for a, b in pairwise(places)))

    assert heard == expected


def test_a_short_message_does_not_wait_for_as_much_as_the_long_one_before_it() -> None:
    long, short = sent(TEXT, b"x" * 5000), sent(TEXT, b"y")

    heard = read(long[:50], long[50:] + short[:1], short[1:])

    assert [payload[:1] for _, payload in heard] == [b"x", b"y"]


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_every_way_to_write_a_length_is_read_and_written(length: int) -> None:
    payload = b"x" * length

    assert read(*(bytes((each,)) for each in sent(TEXT, payload))) == [(TEXT, payload)]
    assert framed(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)


@pytest.mark.parametrize(
    ("stream", "code"),
    [
        (b"\x81\x01x", 1002),  # not masked
        (b"\xc1\x80\0\0\0\0", 1002),  # compressed, which was not agreed on
        (b"\x83\x80\0\0\0\0", 1002),  # of no kind
        (b"\x8b\x80\0\0\0\0", 1002),
        (b"\x09\x80\0\0\0\0", 1002),  # a ping in parts
        (b"\x89\xfe\x00\x80", 1002),  # a long one
        (sent(0, b"x"), 1002),  # goes on from nothing
        (sent(TEXT, b"x", fin=False) + sent(TEXT, b"y"), 1002),
        (sent(TEXT, b"x" * (LIMIT + 1))[:14], 1009),  # told before it is there
        (sent(TEXT, b"x" * LIMIT, fin=False) + sent(0, b"y"), 1009),
        (b"\x81\xff" + b"\xff" * 8, 1009),
    ],
    ids=range(11),
)
def test_what_is_no_websocket_is_told_by_its_code(stream: bytes, code: int) -> None:
    with pytest.raises(Broken) as broken:
        read(stream)
    assert broken.value.code == code


def test_empty_parts_without_end_are_not_kept() -> None:
    frames = Frames(LIMIT)

    assert list(frames.read(sent(TEXT, b"", fin=False) + sent(0, b"", fin=False) * 1000)) == []

    assert frames._parts == []
    assert list(frames.read(sent(0, b"end"))) == [(TEXT, b"end")]


@pytest.mark.parametrize(
    ("payload", "code"), [(b"", 1005), (b"\x03\xe8", 1000), (b"\x0f\xa0fine", 4000)]
)
def test_a_farewell_says_a_code(payload: bytes, code: int) -> None:
    assert code_of(payload) == code


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"\x03", 1002), (b"\x03\xed", 1002), (b"\x13\x88", 1002), (b"\x03\xe8\xff", 1007)],
)
def test_a_farewell_that_says_no_code_is_told_so(payload: bytes, code: int) -> None:
    with pytest.raises(Broken) as broken:
        code_of(payload)
    assert broken.value.code == code


def test_a_reason_that_is_too_long_ends_where_a_letter_does() -> None:
    frame = farewell(4409, "é" * 100)

    assert frame[:2] == bytes((0x80 | CLOSE, 124))
    assert frame[4:].decode() == "é" * 61
