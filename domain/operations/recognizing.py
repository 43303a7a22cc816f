"""What of the past is here already: the people, the messages, and the tickets they became."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar
from uuid import UUID, uuid5

from domain.errors import NotFound, WrongState
from domain.model.account import Account, Monitoring, TicketType
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile, Publisher
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import sealing
from domain.past import PastConversation, PastMessage, TakenOver
from domain.post import Author
from domain.rules import grouping, routing
from domain.rules.routing import Route
from domain.shelves.found import PostKey, ProfileKey
from domain.words import GroupingMode, TicketStatus
from domain.work import Work

T = TypeVar("T")
# Two values each, and both databases take some 32,000 in a statement.
KEYS_AT_ONCE = 5_000


@dataclass(slots=True)
class Case:
    """One conversation on the desk: what of it can be kept, and what of that is new."""

    said: PastConversation
    result: TakenOver
    messages: list[PastMessage]
    account: Account
    fresh: list[PastMessage] = field(default_factory=list)
    ticket: Ticket | None = None
    """What it became when it was taken over before."""
    route: Route | None = None

    @property
    def asker(self) -> PastMessage:
        return next(message for message in self.messages if message.inbound)


@dataclass
class Desk:
    """What has been laid out for a batch, and what comes to lie on it meanwhile."""

    levels: Mapping[UUID, Level]
    enabled: frozenset[UUID]
    fallback: UUID
    types: Mapping[UUID, TicketType]
    watching: Mapping[UUID, Sequence[Monitoring]]
    people: Mapping[ProfileKey, tuple[Publisher, Profile]]
    open: dict[str, Ticket] = field(default_factory=dict)
    last: dict[str, Ticket] = field(default_factory=dict)
    opened: list[Ticket] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def person(self, case: Case, message: PastMessage) -> tuple[Publisher, Profile]:
        return self.people[case.account.network, message.author.external_id]

    def route(self, case: Case) -> Route:
        if case.route is None:
            watches = [each.as_watch for each in self.watching.get(case.account.id, ())]
            asked = case.asker.text
            case.route = routing.route(asked, watches, enabled=self.enabled, fallback=self.fallback)
        return case.route

    def keys(self, case: Case) -> Sequence[str]:
        """The key of a ticket that opens now, then the one of the other mode."""
        level = self.levels[self.route(case).level_id]
        return grouping.keys(
            level.grouping,
            level_id=level.id,
            account_id=case.account.id,
            thread=case.said.thread,
            publisher_id=self.person(case, case.asker)[0].id,
        )

    def thread_key(self, case: Case) -> str:
        """The key of this very thread, whatever the level's mode is today."""
        return grouping.key(
            GroupingMode.HIERARCHY,
            level_id=self.fallback,
            account_id=case.account.id,
            thread=case.said.thread,
            publisher_id=self.person(case, case.asker)[0].id,
        )


def reply_id(account_id: UUID, external_id: str) -> UUID:
    """An imported reply's own id follows from where it came from, so it cannot come twice."""
    return uuid5(account_id, external_id)


async def lay_out(work: Work, cases: Sequence[Case], types: Mapping[UUID, TicketType]) -> Desk:
    """Everything the decisions need, asked once for all; the publishers are held from here on."""
    levels = {level.id: level for level in await work.levels.all()}
    fallback = (await work.workspace()).fallback_level_id or next(iter(levels), None)
    if fallback is None:
        raise NotFound("not_found", field=["level"], thing="level")
    authors: dict[ProfileKey, Author] = {}
    for case in cases:
        for message in case.messages:
            if message.inbound:
                key = (case.account.network, message.author.external_id)
                authors.setdefault(key, message.author)
    mailboxes = sealing.mailboxes(work, list(authors))
    people = await work.publishers.enroll(authors, mailboxes) if authors else {}
    for who, author in authors.items():
        sealing.reached(work.secrets, people[who][0], who, author)
    return Desk(
        levels=levels,
        enabled=frozenset(level.id for level in levels.values() if level.enabled),
        fallback=fallback,
        types=types,
        watching=await work.monitorings.watching({case.account.id for case in cases}),
        people=people,
    )


async def find_known(work: Work, desk: Desk, cases: Sequence[Case]) -> None:
    """What of each case is new, and the ticket it goes on in, held."""
    heard: dict[PostKey, UUID | None] = {}
    written: set[UUID] = set()
    inbound = {_key(case, one): None for case in cases for one in case.messages if one.inbound}
    replied = {
        reply_id(*_key(case, one)) for case in cases for one in case.messages if not one.inbound
    }
    for keys in _parts(inbound):
        known = await work.occurrences.known(keys)
        heard.update({key: occurrence.ticket_id for key, occurrence in known.items()})
    for ids in _parts(replied):
        written.update(await work.replies.known(ids))

    owners: dict[int, set[UUID]] = {}
    for place, case in enumerate(cases):
        for message in case.messages:
            key = _key(case, message)
            if message.inbound and key in heard:
                owners.setdefault(place, set()).update({heard[key]} - {None})  # type: ignore[arg-type]
            elif message.inbound or reply_id(*key) not in written:
                case.fresh.append(message)
        case.result.already_there = len(case.messages) - len(case.fresh)
    growing = {place: ids for place, ids in owners.items() if cases[place].fresh and ids}
    tickets = await work.tickets.take_all({each for ids in growing.values() for each in ids})
    for place, ids in growing.items():
        found = [tickets[each] for each in ids if each in tickets]
        if found:
            cases[place].ticket = max(
                found, key=lambda ticket: (ticket.status is not TicketStatus.CLOSED, ticket.id)
            )
        else:
            cases[place].result.refuse(WrongState("ticket_removed", field=["id"]))
            cases[place].fresh.clear()


async def find_tickets(work: Work, desk: Desk, cases: Sequence[Case]) -> None:
    """Open tickets that hold the keys these cases would take, and who had each key last."""
    new = [case for case in cases if case.ticket is None]
    keys = {key for case in new for key in desk.keys(case)}
    if keys:
        desk.open = dict(await work.tickets.take_open(keys))
        desk.last = dict(await work.tickets.last_of(keys))


def _key(case: Case, message: PastMessage) -> PostKey:
    return case.account.id, message.external_id


def _parts(keys: Iterable[T]) -> Iterator[Collection[T]]:
    rest = iter(keys)
    while part := list(islice(rest, KEYS_AT_ONCE)):
        yield part
