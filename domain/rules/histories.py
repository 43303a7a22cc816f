"""Histories for consumers: by when one is owed, how much of it is told, and what goes with it.

Decreto 11.034/2022, art. 12: free, and within five calendar days of being asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.rules.calendar import legal_due
from domain.words import HistoryMeans, Locale

DAYS = 5
MESSAGES_MOST = 2_000
LETTERS_MOST = 1_000_000
COVER = {
    Locale.PT_BR: "Segue em anexo o histórico do protocolo {protocol}, como foi pedido.",
    Locale.EN: "Attached is the history of protocol {protocol}, as it was asked for.",
}
NAME = {Locale.PT_BR: "historico-{protocol}.pdf", Locale.EN: "history-{protocol}.pdf"}


class Line(NamedTuple):
    """One message, with what its files are called."""

    id: UUID
    at: datetime
    from_company: bool
    text: str
    files: tuple[str, ...] = ()


def due_at(asked_at: datetime, time_zone: str) -> datetime:
    """The last second of the fifth local day after that on which it was asked for."""
    return legal_due(asked_at, DAYS, time_zone)


def told(means: HistoryMeans, due: datetime) -> str:
    """What stands in the ticket's history of it."""
    return f"{means.value} {due.isoformat()}"


def due_of(became: str | None) -> datetime | None:
    """By when it is owed, read from there."""
    return datetime.fromisoformat(became.partition(" ")[2]) if became else None


def kept(lines: Sequence[Line]) -> Sequence[Line]:
    """The latest, as many as a document holds; oldest first, as they come."""
    room, first = LETTERS_MOST, len(lines)
    for place in range(len(lines) - 1, max(len(lines) - MESSAGES_MOST, 0) - 1, -1):
        room -= len(lines[place].text)
        if room < 0:
            break
        first = place
    return lines[first:]


def cover(protocol: str, locale: Locale) -> str:
    return COVER[locale].format(protocol=protocol)


def file_name(protocol: str, locale: Locale) -> str:
    return NAME[locale].format(protocol=protocol)
