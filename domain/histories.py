"""The history of a case as its consumer gets it: what a document says, and the document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.rules.histories import Line
from domain.tracking import ProtocolStage
from domain.words import HistoryMeans, Locale, PublicStage


@dataclass(frozen=True, slots=True)
class History:
    """Nothing of who handles it, where, or how; what identifies the consumer is masked."""

    protocol: str
    company: str
    time_zone: str
    made_at: datetime
    """Up to when it tells."""
    consumer: str
    known_as: Sequence[str]
    """CPF, e-mail and phone, masked."""
    opened_at: datetime
    stage: PublicStage
    stages: Sequence[ProtocolStage]
    successor: str | None
    lines: Sequence[Line]
    left_out: bool
    """There are older messages than these."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A history as it goes out."""

    ticket_id: UUID
    publisher_id: UUID
    """Whose it was when it was read: it goes to nobody else."""
    locale: Locale
    data: bytes
    hash: str


class Printer(Protocol):
    """Makes documents: the same history gives the same bytes."""

    async def print(self, history: History, locale: Locale) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks for which history, and how it is to go out."""

    ticket_id: UUID
    means: HistoryMeans
    expected_version: int | None = None
    locale: Locale | None = None
    """None: the company's own."""
    by_consumer: bool = False
