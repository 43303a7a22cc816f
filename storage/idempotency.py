"""Keys that make a retry act once: claimed first, answered in the same transaction.

What is kept are the names of the things answered, not their contents: a retry shows the same
tickets, by the rights of whoever asks again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, true, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from domain.answers import ANSWERS
from domain.errors import Invalid
from domain.model.account import Account, Monitoring, TicketType
from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.calendar import Calendar
from domain.model.call import Call
from domain.model.canned import CannedReply
from domain.model.idempotency import Idempotency
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.publisher import FieldDefinition, Publisher
from domain.model.reply import Reply
from domain.model.shortlink import ShortLink
from domain.model.ticket import Ticket
from domain.model.user import ApiKey, User
from domain.model.webhook import WebhookDelivery, WebhookEndpoint
from domain.rules.access import Actor
from storage import access
from storage.access import columns
from storage.session import Session

I_ = columns(Idempotency)
KINDS: dict[str, type[SQLModel]] = {
    kind.__name__: kind
    for kind in (
        Account,
        ApiKey,
        Approval,
        Call,
        Attachment,
        Calendar,
        CannedReply,
        FieldDefinition,
        Level,
        Monitoring,
        Occurrence,
        Publisher,
        Reply,
        ShortLink,
        Ticket,
        TicketType,
        User,
        WebhookDelivery,
        WebhookEndpoint,
    )
}
# What was answered may have moved out of sight since; a retry is answered without it.
WALLS: dict[type[SQLModel], Callable[[Actor], ColumnElement[bool]]] = {
    Publisher: access.publishers,
    Ticket: access.tickets,
    Attachment: access.attachments,
    Reply: access.replies,
    CannedReply: access.canned_replies,
    Approval: access.approvals,
    Call: access.calls,
}


class IdempotencyShelf:
    def __init__(self, session: Session, actor: Actor, now: datetime) -> None:
        self.session = session
        self.actor = actor
        self.now = now

    async def recall(self, key: str, request_hash: str) -> tuple[bool, Any]:
        values = {
            "workspace_id": self.actor.workspace_id,
            "principal": self.actor.principal,
            "key": key,
            "request_hash": request_hash,
            "created_at": self.now,
        }
        insert = (
            postgresql.insert(Idempotency)
            if self.session.get_bind().dialect.name == "postgresql"
            else sqlite.insert(Idempotency)
        )
        # A request with the same key in flight makes this wait for its commit.
        won = await self.session.scalar(
            insert.values(values).on_conflict_do_nothing().returning(I_.key)
        )
        if won is not None:
            return False, None

        kept = await self.session.scalar(select(Idempotency).where(*self._is(key)))
        if kept is None or kept.request_hash != request_hash:
            raise Invalid("key_reused", field=["idempotencyKey"])
        return True, await self._unpacked(kept.answer)

    async def remember(self, key: str, answer: Any) -> None:
        await self.session.execute(
            update(Idempotency).where(*self._is(key)).values(answer=_packed(answer))
        )

    async def forget(self, before: datetime, most: int = 5_000) -> int:
        """How many of the workspace's old keys were dropped; a few at a time, for short locks."""
        old = (
            select(I_.principal, I_.key)
            .where(I_.workspace_id == self.actor.workspace_id, I_.created_at < before)
            .limit(most)
        )
        gone = await self.session.execute(
            delete(Idempotency)
            .where(
                I_.workspace_id == self.actor.workspace_id,
                tuple_(I_.principal, I_.key).in_(old),
            )
            .execution_options(synchronize_session=False)
        )
        return int(gone.rowcount)  # type: ignore[attr-defined]

    def _is(self, key: str) -> Sequence[Any]:
        return (
            I_.workspace_id == self.actor.workspace_id,
            I_.principal == self.actor.principal,
            I_.key == key,
        )

    async def _unpacked(self, value: Any) -> Any:
        if isinstance(value, list):
            every = [await self._unpacked(each) for each in value]
            return [each for each in every if each is not None]
        if not isinstance(value, Mapping):
            return value
        if "row" in value:
            return await self._row(KINDS[value["row"]], UUID(value["id"]))
        if "uuid" in value:
            return UUID(value["uuid"])
        parts = {name: await self._unpacked(part) for name, part in value["parts"].items()}
        return ANSWERS[value["answer"]](**parts)

    async def _row(self, kind: type[SQLModel], row_id: UUID) -> SQLModel | None:
        """The row as it is now; None where one may no longer see it."""
        wall = WALLS[kind](self.actor) if kind in WALLS else true()
        row = columns(kind)
        return await self.session.scalar(select(kind).where(row.id == row_id, wall))


def _packed(value: Any) -> Any:
    if isinstance(value, SQLModel):
        return {"row": type(value).__name__, "id": str(columns(value).id)}
    if isinstance(value, UUID):
        return {"uuid": str(value)}
    if is_dataclass(value) and not isinstance(value, type):
        parts = {
            each.name: _packed(getattr(value, each.name))
            for each in fields(value)
            if "told_once" not in each.metadata
        }
        return {"answer": type(value).__name__, "parts": parts}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_packed(each) for each in value]
    return value
