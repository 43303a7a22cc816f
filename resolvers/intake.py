"""What integrations hand in: one message, or many with a result each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import strawberry

from domain.answers import Received
from domain.errors import Invalid, Refusal
from domain.operations import intake
from domain.operations.intake import MOST_AT_ONCE
from domain.post import Author, Post
from domain.words import OccurrenceKind
from resolvers.context import Info
from resolvers.inputs import key, told, uuid


@strawberry.input(description="Who wrote it, as the network knows them.")
class AuthorInput:
    external_id: str = told("The network's own id of the author, at most 200 characters.")
    name: str = told("What they are called there.")
    handle: str | None = told("Their handle, such as @maria; else the name.", default=None)
    url: str | None = told("Their profile's address.", default=None)
    avatar_url: str | None = told("Their picture's address.", default=None)
    followers: int | None = told("How many follow them.", default=None)
    email: str | None = told("Their e-mail; kept encrypted.", default=None)
    phone: str | None = told("Their phone; kept encrypted.", default=None)
    tags: list[str] | None = told("What is known of them, such as `physician`.", default=None)


@strawberry.input(description="Something somebody wrote.")
class OccurrenceInput:
    account_id: strawberry.ID = told("The account of ours that it reached.")
    external_id: str = told("The network's own id of it; the same again is a repeat.")
    kind: OccurrenceKind = told("What kind of message it is.")
    author: AuthorInput = told("Who wrote it.")
    text: str = told("What was written, 1 to 40,000 characters.")
    occurred_at: datetime = told("When it was written; not in the future.")
    url: str | None = told("Its address on the network.", default=None)
    thread_id: str | None = told(
        "The post or conversation it hangs on; else its parent's, else itself.", default=None
    )
    thread_url: str | None = told("The thread's address.", default=None)
    parent_external_id: str | None = told("What it answers to.", default=None)
    monitoring_id: strawberry.ID | None = told(
        "The monitoring that found it; else the account's monitorings decide.", default=None
    )
    historical: bool | None = told(
        "true: it is old; it is kept, and nothing has to be done about it.", default=False
    )
    idempotency_key: str | None = key()

    def read(self) -> Post:
        author = self.author
        return Post(
            account_id=uuid(self.account_id, "Account", "accountId"),
            external_id=self.external_id,
            kind=self.kind,
            author=Author(
                external_id=author.external_id,
                name=author.name,
                handle=author.handle or None,
                url=author.url,
                avatar_url=author.avatar_url,
                followers=author.followers,
                email=author.email or None,
                phone=author.phone or None,
                tags=tuple(author.tags or ()),
            ),
            text=self.text,
            occurred_at=self.occurred_at.astimezone(UTC),
            url=self.url,
            thread_id=self.thread_id or None,
            thread_url=self.thread_url,
            parent_external_id=self.parent_external_id or None,
            monitoring_id=uuid(self.monitoring_id, "Monitoring", "monitoringId"),
            historical=bool(self.historical),
        )


async def receive_occurrence(info: Info, input: OccurrenceInput) -> Received:
    return await info.context.once(input, intake.take_one, input.read())


@strawberry.input(description="Many messages at once, at most 500.")
class ReceiveOccurrencesInput:
    occurrences: list[OccurrenceInput] = told("The messages; each has a result of its own.")


@dataclass(frozen=True)
class Results:
    results: Sequence[Received]
    user_errors: Sequence[Any] = field(default=())


async def receive_occurrences(info: Info, input: ReceiveOccurrencesInput) -> Results:
    """A refused one keeps no other out. Every message is idempotent by its external id."""
    asked = input.occurrences
    if not asked:
        raise Invalid("none_given", field=["occurrences"])
    if len(asked) > MOST_AT_ONCE:
        raise Invalid("too_many", field=["occurrences"], most=MOST_AT_ONCE, count=len(asked))

    answers: dict[int, Received] = {}
    posts: dict[int, Post] = {}
    for place, each in enumerate(asked):
        try:
            posts[place] = each.read()
        except Refusal as refusal:
            answers[place] = Received(None, None, refusal=refusal)
    taken = await info.context.do(intake.take_in, list(posts.values()))
    answers.update(zip(posts, taken, strict=True))
    return Results([answers[place] for place in range(len(asked))])
