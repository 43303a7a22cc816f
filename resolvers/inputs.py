"""Named parameter lists, as callers write them, and how they become the domain's."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import strawberry

from domain.errors import Invalid, TooLong
from domain.rules import checking
from domain.rules.membership import TicketFilter as Filter
from domain.words import (
    Network,
    OrderDirection,
    Priority,
    SlaRisk,
    TicketOrderField,
    TicketOrigin,
    TicketStatus,
)

T = TypeVar("T")
KEY = (
    "The same key with the same input, from the same caller, acts once: a retry is answered what "
    "was answered before. 1 to 120 characters, kept for 72 hours."
)
NEW = "Leave out to make a new one."
VERSION = "Refuse with VERSION_CONFLICT unless this is still the version."
PERSONAL = "personal"
"""Marks what depends on who asks, and not on their rights alone. What many with equal rights follow
is answered once for all of them, but for what bears this mark; a run for many knows no person."""
SEARCH_LENGTH = 200
LIST_LENGTH = 200


def told(description: str, **options: Any) -> Any:
    """A field of an input, with what it means."""
    return strawberry.field(description=description, **options)


def key() -> Any:
    return told(KEY, default=None)


def uuids(ids: Sequence[Any] | None, kind: str, *field: str) -> list[Any] | None:
    """Ids of one kind. One of another kind is nobody's id, so it matches nothing."""
    if ids is None:
        return None
    if len(ids) > LIST_LENGTH:
        raise Invalid("too_many", field=field, most=LIST_LENGTH, count=len(ids))
    return [gid.of(kind, *field) for gid in ids]


def uuid(gid: Any, kind: str, *field: str) -> Any:
    return None if gid is None else gid.of(kind, *field)


def _set(values: Sequence[T] | None) -> frozenset[T] | None:
    return None if values is None else frozenset(values)


def sought(text: str, *field: str) -> str:
    """A text to look for: short enough to be looked for, and such as could have been kept."""
    if len(text) > SEARCH_LENGTH:
        raise TooLong("too_long", field=field, most=SEARCH_LENGTH, length=len(text))
    return checking.storable(text, field)


def instant(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


@strawberry.input(
    description="Which tickets. What is not given is not asked; all given has to hold."
)
class TicketFilter:
    level_ids: list[strawberry.ID] | None = told("In one of these levels.", default=None)
    statuses: list[TicketStatus] | None = told("In one of these states.", default=None)
    priorities: list[Priority] | None = told("Of one of these priorities.", default=None)
    type_ids: list[strawberry.ID] | None = told("Of one of these types.", default=None)
    networks: list[Network] | None = told("From one of these networks.", default=None)
    assignee_ids: list[strawberry.ID] | None = told("Assigned to one of these.", default=None)
    unassigned: bool | None = told("true: nobody has it; false: somebody has it.", default=None)
    mine: bool | None = told("Assigned to the caller.", default=None, metadata={PERSONAL: True})
    publisher_id: strawberry.ID | None = told("Of this publisher.", default=None)
    origins: list[TicketOrigin] | None = told("Opened in one of these ways.", default=None)
    tags: list[str] | None = told("With all of these tags.", default=None)
    risks: list[SlaRisk] | None = told("At one of these risks, by what was told.", default=None)
    protocol: str | None = told("With exactly this protocol number.", default=None)
    search: str | None = told(
        "Every word is in the subject, the protocol, the publisher's name or handle; accents and "
        "capitals do not matter. At most 200 characters.",
        default=None,
    )
    opened_from: datetime | None = told("Opened at or after this instant.", default=None)
    opened_to: datetime | None = told("Opened before this instant.", default=None)
    default_period: bool | None = told(
        "Where no period is given: the last month, in the workspace's time zone.", default=None
    )

    def read(self, me: Any, month: Callable[[], datetime]) -> Filter:
        """The domain's filter; `month` says when the last month began."""
        assignees = _set(uuids(self.assignee_ids, "User", "filter", "assigneeIds"))
        if self.mine:
            assignees = frozenset({me}) if assignees is None else assignees & {me}
        opened_from, opened_to = instant(self.opened_from), instant(self.opened_to)
        if self.default_period and opened_from is None and opened_to is None:
            opened_from = month()
        if opened_from and opened_to and opened_to < opened_from:
            raise Invalid("period_inverted", field=["filter", "openedTo"])
        if len(self.tags or ()) > LIST_LENGTH:
            raise Invalid(
                "too_many", field=["filter", "tags"], most=LIST_LENGTH, count=len(self.tags or ())
            )
        return Filter(
            level_ids=_set(uuids(self.level_ids, "Level", "filter", "levelIds")),
            statuses=_set(self.statuses),
            priorities=_set(self.priorities),
            type_ids=_set(uuids(self.type_ids, "TicketType", "filter", "typeIds")),
            networks=_set(self.networks),
            assignee_ids=assignees,
            unassigned=self.unassigned,
            publisher_id=uuid(self.publisher_id, "Publisher", "filter", "publisherId"),
            origins=_set(self.origins),
            tags=None
            if self.tags is None
            else tuple(sought(each, "filter", "tags") for each in self.tags),
            risks=_set(self.risks),
            protocol=None if self.protocol is None else sought(self.protocol, "filter", "protocol"),
            search=None if self.search is None else sought(self.search, "filter", "search"),
            opened_from=opened_from,
            opened_to=opened_to,
        )


@strawberry.input(
    description="What a list of tickets is sorted by. Ties are broken by age, then by id."
)
class TicketOrder:
    field: TicketOrderField = told("The value that counts first.")
    direction: OrderDirection = told(
        "ASC: most urgent, oldest, nearest, lowest or fewest first.", default=OrderDirection.ASC
    )
