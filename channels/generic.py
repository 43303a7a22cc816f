"""Posts in our own words, from whatever can send JSON, and replies to whatever takes them.

A body is `{"posts": […]}` or one post. A post has the fields of `OccurrenceInput` without the
account, which the address names, and without a key, as `externalId` makes a repeat harmless.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import orjson

from channels import signatures, signed_call
from channels.base import Challenge, Fetched, Gone, Own, ReadId, Standing, Unreadable
from domain.errors import Invalid, NotFound, Refusal, TooLarge
from domain.post import Author, Media, Post
from domain.rules import links
from domain.rules.capability import MEBIBYTE, Capability
from domain.sending import NotSent, Outcome, Outgoing
from domain.words import OccurrenceKind, Visibility

T = TypeVar("T")
MOST_POSTS = 500
MOST_TAGS = 100
SECRET_LEAST, SECRET_MOST = 16, 200
MOST_FOLLOWERS = 2**31 - 1


class Generic:
    """`loopback`, set where a process starts: replies may go to this machine, for development."""

    capability = Capability(
        sends=frozenset({Visibility.PUBLIC, Visibility.PRIVATE}),
        needs_connection=True,
        files_most=4,
        files_size_most=10 * MEBIBYTE,
    )

    def __init__(self) -> None:
        self.loopback = False

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where replies are handed to, and the secret that they are signed with."""
        fields = Fields(told, ("connection",))
        url, secret = fields.must("url", _text), fields.must("secret", _text)
        fields.no_others()
        if not SECRET_LEAST <= len(secret) <= SECRET_MOST or not secret.isascii():
            path = ["connection", "secret"]
            raise Invalid("webhook_secret", field=path, least=SECRET_LEAST, most=SECRET_MOST)
        address = links.called(url, loopback=self.loopback, field=["connection", "url"])
        return {"url": address, "secret": secret}

    def known_as(self, reply_id: UUID, connection: Mapping[str, Any]) -> str | None:
        return None

    async def send(self, outgoing: Outgoing) -> Outcome:
        if "url" not in outgoing.connection:
            return NotSent("token_missing", whole_account=True)
        return await signed_call.hand_over(outgoing, loopback=self.loopback)

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return signatures.genuine(secret, headers.get(signatures.HEADER.lower()), body, now)

    def challenge(
        self, secret: str, asked: Mapping[str, str], connection: Mapping[str, Any]
    ) -> Challenge | None:
        return None

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[Post | Refusal]:
        return [_post_or_refusal(each, own.account_id, read_id) for each in _posts(body)]

    async def fetch(self, media: Media, connection: Mapping[str, Any]) -> Fetched | Gone:
        return Gone("media_elsewhere")

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        """Whether what is there answers at all: nothing is handed to it."""
        if "url" not in connection:
            return Standing("token_missing")
        return await signed_call.greet(connection, own.account_id, loopback=self.loopback)


def _posts(body: bytes) -> Sequence[Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Unreadable(Invalid("not_json")) from None
    if not isinstance(told, dict):
        raise Unreadable(Invalid("must_be_object", name="body"))
    posts = told.get("posts", [told])
    if not isinstance(posts, list):
        raise Unreadable(Invalid("must_be_list", field=["posts"], name="posts"))
    if "posts" in told and len(told) > 1:
        name = next(name for name in told if name != "posts")
        raise Unreadable(Invalid("unknown_field", field=[name[:60]], name=name[:60]))
    if len(posts) > MOST_POSTS:
        raise Unreadable(TooLarge("too_many", field=["posts"], most=MOST_POSTS, count=len(posts)))
    return posts


def _post_or_refusal(told: Any, account_id: UUID, read_id: ReadId) -> Post | Refusal:
    try:
        return _post(told, account_id, read_id)
    except Refusal as refusal:
        return refusal


def _post(told: Any, account_id: UUID, read_id: ReadId) -> Post:
    fields = Fields(told, ())
    post = Post(
        account_id=account_id,
        external_id=fields.must("externalId", _text),
        kind=fields.must("kind", _kind),
        author=_author(fields.must("author", _any)),
        text=fields.must("text", _text),
        occurred_at=fields.must("occurredAt", _moment),
        url=fields.may("url", _text),
        thread_id=fields.may("threadId", _text),
        thread_url=fields.may("threadUrl", _text),
        parent_external_id=fields.may("parentExternalId", _text),
        monitoring_id=_monitoring(fields.may("monitoringId", _text), read_id),
        historical=fields.may("historical", _yes_or_no) or False,
    )
    fields.no_others()
    return post


def _author(told: Any) -> Author:
    fields = Fields(told, ("author",))
    author = Author(
        external_id=fields.must("externalId", _text),
        name=fields.must("name", _text),
        handle=fields.may("handle", _text),
        url=fields.may("url", _text),
        avatar_url=fields.may("avatarUrl", _text),
        followers=fields.may("followers", _count),
        email=fields.may("email", _text),
        phone=fields.may("phone", _text),
        tags=fields.may("tags", _texts) or (),
    )
    fields.no_others()
    return author


class Fields:
    """An object's fields, taken one by one; the refusal names the first that will not do."""

    def __init__(self, told: Any, path: tuple[str, ...]) -> None:
        if not isinstance(told, dict):
            raise Invalid("must_be_object", field=path, name=path[-1] if path else "post")
        self._told: dict[str, Any] = dict(told)
        self._path = path

    def must(self, name: str, taken: Callable[[Any], T]) -> T:
        value = self.may(name, taken)
        if value is None:
            raise Invalid("required", field=[*self._path, name], name=name)
        return value

    def may(self, name: str, taken: Callable[[Any], T]) -> T | None:
        """The field as it should be; None when it is absent or null."""
        value = self._told.pop(name, None)
        if value is None:
            return None
        try:
            return taken(value)
        except Odd as odd:
            path = [*self._path, name]
            raise Invalid(odd.sentence, field=path, name=name, **odd.values) from None

    def no_others(self) -> None:
        # A field that is only misspelt would be lost in silence, and with it a thread, say.
        for name in self._told:
            raise Invalid("unknown_field", field=[*self._path, name[:60]], name=name[:60])


class Odd(Exception):
    """Not what belongs in this field; `sentence` says what does."""

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values


def _any(value: Any) -> Any:
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Odd("must_be_text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MOST_TAGS:
        raise Odd("must_be_texts", most=MOST_TAGS)
    if not all(isinstance(each, str) for each in value):
        raise Odd("must_be_texts", most=MOST_TAGS)
    return tuple(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_FOLLOWERS:
        raise Odd("must_be_count", most=MOST_FOLLOWERS)
    return value


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Odd("must_be_boolean")
    return value


def _kind(value: Any) -> OccurrenceKind:
    try:
        return OccurrenceKind(value)
    except ValueError:
        raise Odd("must_be_one_of", known=", ".join(OccurrenceKind)) from None


def _moment(value: Any) -> datetime:
    """An instant with its time zone: without one, nobody can know which it is."""
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        raise Odd("must_be_moment") from None
    if moment.tzinfo is None or "T" not in value.upper():
        raise Odd("must_be_moment")
    return moment


def _monitoring(text: str | None, read_id: ReadId) -> UUID | None:
    if text is None:
        return None
    try:
        return read_id(text)
    except ValueError:
        raise NotFound("not_found", field=["monitoringId"], thing="monitoring") from None
