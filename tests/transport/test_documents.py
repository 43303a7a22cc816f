"""A document is read once, and nobody can make the server forget those in use."""

import httpx

from graph.documents import PER_CHARACTER, Documents
from tests.transport.house import SCHEMA, hear, opened, subscribe

HELLO = "{ hello }"


def documents(*, known: int = 100, memory: int = 1024 * 1024) -> Documents:
    return Documents(SCHEMA._schema, known=known, memory=memory)


def greeting(number: int) -> str:
    return f'{{ hello(name: "{number}") }}'


async def test_a_document_is_read_once_by_whatever_way_it_comes() -> None:
    asked = {"query": HELLO}
    async with opened() as door, httpx.AsyncClient() as client, door.socket() as socket:
        for _ in range(3):
            answer = await client.post(door.url, json=asked)
            assert answer.json()["data"] == {"hello": "hello world"}
            await subscribe(socket, "1", HELLO)
            assert (await hear(socket))["payload"]["data"] == {"hello": "hello world"}
            assert (await hear(socket))["type"] == "complete"

        assert door.app.documents.readings == 1


async def test_a_refused_document_is_read_once_and_told_alike_every_time() -> None:
    async with opened() as door, httpx.AsyncClient() as client:
        told = [(await client.post(door.url, json={"query": "{ no }"})).json() for _ in range(3)]

        assert door.app.documents.readings == 1
    assert told[0] == told[1] == told[2]
    assert told[0]["errors"][0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


def test_documents_that_are_refused_or_sent_once_push_out_none_in_use() -> None:
    known = documents(known=10)
    used = [greeting(number) for number in range(10)]
    for text in used * 2:
        known.prepare(text)

    for number in range(100, 150):
        known.prepare(greeting(number))
        known.prepare(f"{{ no{number} }}")
        known.prepare(f"{{{number}")

    before = known.readings
    assert all(known.prepare(text).document for text in used)
    assert known.readings == before


def test_no_more_text_is_kept_than_there_is_memory_for() -> None:
    known = documents(memory=200 * PER_CHARACTER)
    long, short = f"{HELLO}{' ' * 100}", HELLO

    for text in (long, short, long, short):
        assert not known.prepare(text).errors

    assert known.readings == 3  # the long one each time


def test_what_is_known_of_a_document_is_made_once_and_hangs_on_it() -> None:
    made: list[str] = []
    prepared = documents().prepare(HELLO)

    for _ in range(2):
        prepared.once("answer", lambda: made.append("made"))

    assert made == ["made"]


def test_no_refusal_suggests_what_there_is() -> None:
    errors = [
        *documents().prepare("{ helo }").errors,
        *documents().prepare('{ hello(nam: "x") }').errors,
        *documents().prepare("{ ...F } fragment F on Quer { hello }").errors,
    ]

    assert len(errors) >= 3
    assert not [error for error in errors if "Did you mean" in error.message]
