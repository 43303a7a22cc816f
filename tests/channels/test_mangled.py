"""Whatever stands in a body that a network signed, reading it loses a part of it at most."""

from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.base import Channel, Own, Unreadable
from channels.facebook import Facebook
from channels.instagram import Instagram
from channels.telegram import Telegram
from channels.whatsapp import WhatsApp
from channels.x import X
from domain.errors import Refusal
from domain.post import Deleted, Edited, Ignored, Post, Returned
from tests.channels.test_telegram import GROUP, message
from tests.channels.test_x import activity, tweet
from tests.channels.test_x import message as direct

OWN = Own(UUID(int=7), "100", "aurora")
BODIES: list[tuple[Channel, dict[str, Any]]] = [
    (Telegram(), {"update_id": 1, "message": message(text="oi", chat=GROUP)}),
    (Telegram(), {"update_id": 1, "message": message(photo=[{"file_id": "a"}], caption="oi")}),
    (Telegram(), {"update_id": 1, "edited_message": message(text="oi", edit_date=2)}),
    (X(), tweet(in_reply_to_status_id_str="1", extended_tweet={"full_text": "oi"})),
    (X(), direct()),
    (X(), activity("post.mention.create", {"id": "1", "author_id": "42", "text": "oi"})),
    (X(), {"for_user_id": "100", "tweet_delete_events": [{"status": {"id": "1"}}]}),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.just("9" * 10_000),
    st.just("\x00"),
    st.just([]),
    st.just({}),
    st.just([[[[[[[[[[{}]]]]]]]]]]),
    st.just({"id": {"id": {"id": "1"}}}),
)


def places(told: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in it."""
    found = [path] if path else []
    if isinstance(told, dict):
        inner = list(told.items())
    elif isinstance(told, list):
        inner = list(enumerate(told))
    else:
        return found
    return found + [each for key, value in inner for each in places(value, (*path, key))]


def changed(told: Any, path: tuple[Any, ...], value: Any, *, gone: bool) -> Any:
    """The same with another thing in one place, or nothing."""
    whole = orjson.loads(orjson.dumps(told))
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    if gone:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return whole


@settings(max_examples=150, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("number", range(len(BODIES)))
def test_a_body_in_which_anything_is_something_else_is_read_or_named(
    number: int, data: st.DataObject
) -> None:
    channel, told = BODIES[number]
    for _ in range(data.draw(st.integers(1, 3))):
        where = places(told)
        if not where:
            break
        path = data.draw(st.sampled_from(where))
        told = changed(told, path, data.draw(ODD), gone=data.draw(st.booleans()))

    for each in channel.read(orjson.dumps(told), OWN, UUID):
        assert isinstance(each, Post | Edited | Deleted | Returned | Ignored | Refusal)
        if isinstance(each, Post):
            assert each.text.strip()
            assert len(each.external_id) <= 400
            assert len(each.author.name) <= 200


@pytest.mark.parametrize("channel", [Facebook(), Instagram(), Telegram(), WhatsApp(), X()])
@pytest.mark.parametrize(
    "body", [b"", b"7", b"null", b"[]", b'"x"', b"{", b"\xff\xfe", b"[" * 9_000]
)
def test_what_is_no_object_is_unreadable_and_nothing_worse(channel: Channel, body: bytes) -> None:
    with pytest.raises(Unreadable):
        channel.read(body, OWN, UUID)
