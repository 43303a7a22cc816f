"""Posts in our own words: read, or refused by the name of the field."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest

from channels.base import Own, Unreadable
from channels.generic import MOST_POSTS, Generic
from domain.errors import Refusal
from domain.post import Author, Post
from domain.words import Locale, OccurrenceKind

ACCOUNT = UUID(int=7)
MONITORING = UUID(int=8)
POST: dict[str, Any] = {
    "externalId": "1",
    "kind": "COMMENT",
    "author": {"externalId": "u1", "name": "Dona Lúcia"},
    "text": "O bolo veio sem cobertura.",
    "occurredAt": "2026-09-14T09:00:00-03:00",
}


def read(told: Any) -> Sequence[Post | Refusal]:
    return Generic().read(orjson.dumps(told), Own(ACCOUNT), UUID)


def refused(told: Any) -> Refusal:
    [only] = read(told)
    assert isinstance(only, Refusal)
    return only


def test_one_post_is_read() -> None:
    assert read(POST) == [
        Post(
            account_id=ACCOUNT,
            external_id="1",
            kind=OccurrenceKind.COMMENT,
            author=Author("u1", "Dona Lúcia"),
            text="O bolo veio sem cobertura.",
            occurred_at=datetime(2026, 9, 14, 12, tzinfo=UTC),
        )
    ]


def test_every_field_is_read() -> None:
    author = {
        "externalId": "u1",
        "name": "Lúcia",
        "handle": "@lucia",
        "url": "https://x.example/lucia",
        "avatarUrl": "https://x.example/lucia.png",
        "followers": 12,
        "email": "lucia@example.com",
        "phone": "+55 11 99999-0000",
        "tags": ["cliente"],
    }
    post = {
        **POST,
        "author": author,
        "url": "https://x.example/1",
        "threadId": "t",
        "threadUrl": "https://x.example/t",
        "parentExternalId": "0",
        "monitoringId": str(MONITORING),
        "historical": True,
    }

    [only] = read({"posts": [post]})

    assert isinstance(only, Post)
    assert only.author == Author(
        "u1",
        "Lúcia",
        "@lucia",
        "https://x.example/lucia",
        "https://x.example/lucia.png",
        12,
        "lucia@example.com",
        "+55 11 99999-0000",
        ("cliente",),
    )
    assert (only.thread_id, only.parent_external_id) == ("t", "0")
    assert (only.monitoring_id, only.historical) == (MONITORING, True)


def test_a_post_that_is_none_does_not_keep_the_others_out() -> None:
    good, bad, last = read({"posts": [POST, {**POST, "text": None}, POST]})

    assert isinstance(good, Post)
    assert isinstance(last, Post)
    assert isinstance(bad, Refusal)
    assert bad.field == ("text",)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"externalId": 7}, ("externalId",)),
        ({"kind": "SHOUT"}, ("kind",)),
        ({"kind": ["POST"]}, ("kind",)),
        ({"occurredAt": "yesterday"}, ("occurredAt",)),
        ({"occurredAt": "2026-09-14T09:00:00"}, ("occurredAt",)),
        ({"occurredAt": "2026-09-14"}, ("occurredAt",)),
        ({"occurredAt": 1789387200}, ("occurredAt",)),
        ({"historical": "yes"}, ("historical",)),
        ({"monitoringId": "nothing"}, ("monitoringId",)),
        ({"author": "Lúcia"}, ("author",)),
        ({"author": {"name": "Lúcia"}}, ("author", "externalId")),
        ({"author": {**POST["author"], "followers": -1}}, ("author", "followers")),
        ({"author": {**POST["author"], "followers": True}}, ("author", "followers")),
        ({"author": {**POST["author"], "tags": ["a", 1]}}, ("author", "tags")),
        ({"author": {**POST["author"], "tags": ["a"] * 101}}, ("author", "tags")),
        ({"author": {**POST["author"], "cpf": "1"}}, ("author", "cpf")),
        ({"threadID": "t"}, ("threadID",)),
    ],
)
def test_a_refusal_names_the_field(change: dict[str, Any], field: tuple[str, ...]) -> None:
    refusal = refused({**POST, **change})

    assert refusal.field == field
    assert refusal.message(Locale.EN) != refusal.message(Locale.PT_BR)


@pytest.mark.parametrize("post", [None, 1, "post", []])
def test_what_is_no_object_is_refused(post: Any) -> None:
    assert refused({"posts": [post]}).sentence == "must_be_object"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}}",
        b'{"posts": {}}',
        b'{"posts": [], "text": "x"}',
        b'{"text": "\\ud800"}',
        b"[" * 100_000,
        orjson.dumps({"posts": [{}] * (MOST_POSTS + 1)}),
    ],
)
def test_a_body_without_posts_is_refused_whole(body: bytes) -> None:
    with pytest.raises(Unreadable):
        Generic().read(body, Own(ACCOUNT), UUID)


def test_an_empty_list_has_no_posts() -> None:
    assert read({"posts": []}) == []
