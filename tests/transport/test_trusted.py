"""Documents of the client's build, asked for by id, and all others refused where that is wished."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.sentences import SENTENCES
from domain.words import Locale
from graph.documents import Documents
from graph.errors import tell
from graph.limits import Limits
from graph.schema import build
from graph.trusted import BadFile, Trusted, Untrusted, load
from server import asgi, protocol_page, settings
from server.settings import BadSettings
from tests.transport.house import SCHEMA, Errand, closing, hear, opened, say, subscribe

HELLO = "query Hello($n: String!) { hello(name: $n) }"
COUNT = "subscription Count { count(to: 2) }"
BUMP = "mutation Bump { bump }"
ZOE = {"n": "Zoë"}
ANSWER = {"hello": "hello Zoë"}


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def written(folder: Path, told: object) -> Path:
    file = folder / "documents.json"
    file.write_text(told if isinstance(told, str) else json.dumps(told))
    return file


def kept(
    folder: Path, told: object = None, *, only: bool = False, schema: Any = SCHEMA, **terms: Any
) -> dict[str, Any]:
    """What a house is opened with for it to trust a file."""
    told = told if told is not None else {"hello-1": HELLO, "count": COUNT, "bump": BUMP}
    documents = Documents(schema._schema, **terms)
    trusted = load(written(folder, told), documents, only=only)
    return {"documents": documents, "trusted": trusted, "tell": tell}


def manifest(**bodies: str) -> dict[str, Any]:
    return {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [
            {"id": key, "name": key, "type": "query", "body": body} for key, body in bodies.items()
        ],
    }


def by_apollo(identity: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": identity}}


# ── what the file is asked for by ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "told", [{"hello-1": HELLO}, manifest(**{"hello-1": HELLO})], ids=["map", "manifest"]
)
@pytest.mark.parametrize(
    "asked",
    [
        {"documentId": "hello-1"},
        {"documentId": f"sha256:{hashed(HELLO)}"},
        {"documentId": "hello-1", "query": HELLO},
        {"documentId": "hello-1", "query": None},
        {"extensions": by_apollo(hashed(HELLO))},
        {"query": HELLO, "extensions": by_apollo("something else")},
        {"query": HELLO},
    ],
)
async def test_a_document_is_asked_for_by_id_by_every_way(
    tmp_path: Path, told: object, asked: dict[str, Any]
) -> None:
    async with (
        opened(**kept(tmp_path, told, only=True)) as door,
        httpx.AsyncClient() as client,
        door.socket() as socket,
    ):
        posted = await client.post(door.url, json={**asked, "variables": ZOE})
        flat = {key: value for key, value in asked.items() if value}
        flat = {k: v if isinstance(v, str) else json.dumps(v) for k, v in flat.items()}
        got = await client.get(door.url, params={**flat, "variables": json.dumps(ZOE)})
        await say(socket, type="subscribe", id="1", payload={**asked, "variables": ZOE})

        assert posted.json()["data"] == ANSWER
        assert got.json()["data"] == ANSWER
        assert (await hear(socket))["payload"]["data"] == ANSWER


async def test_it_is_read_at_the_start_and_nothing_that_is_sent_pushes_it_out(
    tmp_path: Path,
) -> None:
    terms = kept(tmp_path, known=2)
    documents: Documents = terms["documents"]
    async with opened(**terms) as door, httpx.AsyncClient() as client:
        for nth in range(5):
            for _ in range(2):
                await client.post(door.url, json={"query": f'{{ hello(name: "{nth}") }}'})
        readings = documents.readings

        answer = await client.post(door.url, json={"documentId": "hello-1", "variables": ZOE})

        assert answer.json()["data"] == ANSWER
        assert documents.readings == readings


async def test_no_mutation_is_sent_by_get_because_its_document_is_known(tmp_path: Path) -> None:
    async with opened(**kept(tmp_path)) as door, httpx.AsyncClient() as client:
        answer = await client.get(door.url, params={"documentId": "bump"})

        assert (answer.status_code, door.house.bumps) == (405, 0)


# ── what is refused ──────────────────────────────────────────────────────────────────────────

NOT_FOUND, MISMATCH = "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_MISMATCH"
ONLY, NOT_SUPPORTED = "PERSISTED_QUERY_ONLY", "PERSISTED_QUERY_NOT_SUPPORTED"
SCHEMA_ASKED = "{ __schema { queryType { name } } }"


@pytest.mark.parametrize(
    ("asked", "only", "code", "sentence"),
    [
        ({"documentId": "bye"}, False, NOT_FOUND, "document_unknown"),
        ({"documentId": ""}, False, "BAD_REQUEST", None),
        ({"documentId": "bye", "query": HELLO}, False, NOT_FOUND, "document_unknown"),
        ({"extensions": by_apollo("0" * 64)}, True, NOT_FOUND, "document_unknown"),
        ({"documentId": "hello-1", "query": "{ hello }"}, False, MISMATCH, "document_differs"),
        ({"documentId": "hello-1", "query": ""}, False, MISMATCH, "document_differs"),
        ({"query": "{ hello }"}, True, ONLY, "document_untrusted"),
        ({"query": HELLO + " "}, True, ONLY, "document_untrusted"),
        ({"query": SCHEMA_ASKED}, True, ONLY, "document_untrusted"),
        ({"documentId": "hello-1"}, None, NOT_SUPPORTED, "documents_not_kept"),
        ({"extensions": by_apollo("0" * 64)}, None, NOT_SUPPORTED, "documents_not_kept"),
        ({}, True, "BAD_REQUEST", None),
    ],
)
async def test_what_is_not_known_by_its_id_is_refused_with_a_code_and_a_sentence(
    tmp_path: Path,
    asked: dict[str, Any],
    only: bool | None,
    code: str,
    sentence: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Errand, "locale", Locale.PT_BR, raising=False)
    terms = kept(tmp_path, only=only) if only is not None else {"tell": tell}
    async with opened(**terms) as door, httpx.AsyncClient() as client:
        posted = await client.post(door.url, json=asked)
        (error,) = posted.json()["errors"]

        assert posted.status_code == (400 if sentence else 422)
        assert error["extensions"]["code"] == code
        if sentence is None:
            return
        assert error["message"] == SENTENCES[sentence][Locale.PT_BR]
        assert error["message"] != SENTENCES[sentence][Locale.EN]
        async with door.socket() as socket:
            await subscribe(socket, "other", COUNT)
            await say(socket, type="subscribe", id="1", payload=asked)
            heard = [await hear(socket) for _ in range(4)]
            assert {"type": "error", "id": "1", "payload": [error]} in heard
            assert {"type": "complete", "id": "other"} in heard
        await door.house.quiet()


@pytest.mark.parametrize("payload", [{}, {"documentId": 7}, {"documentId": ""}, {"query": 7}])
async def test_a_socket_ends_by_what_names_no_document_at_all(payload: dict[str, Any]) -> None:
    async with opened() as door, door.socket() as socket:
        await say(socket, type="subscribe", id="1", payload=payload)

        assert (await closing(socket))[0] == 4400


async def test_a_document_that_is_trusted_costs_what_any_other_costs(tmp_path: Path) -> None:
    terms = kept(tmp_path, {"big": BIG}, schema=build(), limits=Limits(cost=100))
    trusted: Trusted = terms["trusted"]
    documents: Documents = terms["documents"]

    text = trusted.text({"documentId": "big"})

    assert isinstance(text, str)
    assert not documents.prepare(text).refusal(None, {"first": 100})
    (error,) = documents.prepare(text).refusal(None, {"first": 100, "inner": 2})
    assert (error.extensions or {})["limit"] == "cost"


BIG = """query($first: Int!, $inner: Int = 1) {
  tickets(first: $first) { nodes { history(first: $inner) { nodes { id } } } }
}"""


# ── the file ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("{", "is not JSON"),
        ([HELLO], "is neither"),
        ({}, "holds no documents"),
        ({"a": HELLO, "b": 7}, "b has no document"),
        ({"": HELLO}, "an empty id"),
        ({"a": HELLO, "b": "{ nothing }"}, "b cannot be run: Cannot query field"),
        ({"a": HELLO, "b": "{"}, "b cannot be run: Syntax Error"),
        ({"b": "fragment F on Query { hello }"}, "b cannot be run"),
        ({"b": "{ " + "hello " * 21 + "}"}, "b cannot be run: The document asks 21 things"),
        ({f"sha256:{'0' * 64}": HELLO}, f"sha256:{'0' * 64} is not the hash"),
        ({"operations": []}, "a manifest has the format"),
        ({**manifest(), "operations": [{"id": "b"}]}, "operation 1 needs"),
        (
            {
                **manifest(),
                "operations": manifest(b=HELLO)["operations"] * 1 + manifest(b=BUMP)["operations"],
            },
            "b stands for two documents",
        ),
    ],
)
def test_a_file_that_cannot_be_served_from_names_what_is_wrong(
    tmp_path: Path, told: object, words: str
) -> None:
    with pytest.raises(BadFile) as bad:
        kept(tmp_path, told)

    assert words in str(bad.value)
    assert "documents.json" in str(bad.value)


def test_a_bad_file_refuses_the_start(tmp_path: Path) -> None:
    here = {"database_url": f"sqlite:///{tmp_path}/a.db", "secret_key": "k" * 32}
    file = written(tmp_path, {"mine": "{ nothing }"})

    with pytest.raises(BadSettings, match=r"TRUSTED_DOCUMENTS: .*mine cannot be run"):
        asgi.create(settings.load(**here, trusted_documents=file))
    with pytest.raises(BadSettings, match=r"TRUSTED_DOCUMENTS: .*cannot be read"):
        asgi.create(settings.load(**here, trusted_documents=tmp_path / "nowhere.json"))
    with pytest.raises(BadSettings, match=r"TRUSTED_DOCUMENTS_ONLY: "):
        settings.load(**here, trusted_documents_only=True)


def test_what_our_own_page_asks_is_run_where_only_trusted_documents_are(tmp_path: Path) -> None:
    documents = Documents(build()._schema, Limits())
    theirs = written(tmp_path, {"a": "{ __typename }"})

    trusted = load(theirs, documents, only=True, ours=(protocol_page.FOLLOW,))

    assert trusted.text({"query": protocol_page.FOLLOW}) == protocol_page.FOLLOW
    assert isinstance(trusted.text({"query": "{ me { user { id } } }"}), Untrusted)
    assert documents.keep(protocol_page.FOLLOW).errors == ()
