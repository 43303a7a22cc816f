"""Taking over what another system knew: past conversations become tickets with their history.

Set-based like intake: a batch costs as many statements as one conversation. Every entry says when
the thing happened, not when it was taken over. Taking over twice changes nothing: messages are known
by their account and id, and a conversation that has grown goes on in the ticket it became.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar
from uuid import UUID, uuid5

from domain.errors import Invalid, NotFound, Refusal, WrongState
from domain.events import Fact, ReplySent
from domain.model.account import Account, Monitoring, TicketType
from domain.model.base import new_id
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile, Publisher
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.past import PastConversation, PastMessage, TakenOver
from domain.post import Author
from domain.rules import checking, grouping, routing, states
from domain.rules.routing import Route
from domain.rules.states import Trigger
from domain.rules.wording import shortened
from domain.words import (
    CloseReason,
    DeliveryState,
    GroupingMode,
    OccurrenceKind,
    TicketOrigin,
    TicketStatus,
    Visibility,
)
from domain.work import PostKey, ProfileKey, Work

T = TypeVar("T")
# Two values each, and both databases take some 32,000 in a statement.
KEYS_AT_ONCE = 5_000
BEHIND_CLOSED_DOORS = frozenset(
    {OccurrenceKind.DIRECT_MESSAGE, OccurrenceKind.EMAIL, OccurrenceKind.CALL}
)


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


async def take_over(work: Work, conversations: Sequence[PastConversation]) -> list[TakenOver]:
    """What became of each, in order. One that is refused does not keep the others out."""
    accounts = await work.accounts.find({each.account_id for each in conversations})
    types = {each.id: each for each in await work.ticket_types.all()}
    results: list[TakenOver] = []
    cases: list[Case] = []
    for said in conversations:
        results.append(result := TakenOver())
        try:
            cases.append(_checked(work, said, result, accounts, types))
        except Refusal as refusal:
            result.refuse(refusal)

    desk = await _desk(work, cases, types)
    await _find_known(work, desk, cases)
    told = [case for case in cases if case.fresh]
    await _find_tickets(work, desk, told)
    days = [case.fresh[0].at.date() for case in told]
    for case, protocol in zip(told, await work.tickets.protocols_of(days), strict=True):
        _tell(work, desk, case, protocol)

    await work.tickets.put(desk.opened)
    await work.occurrences.put(desk.occurrences)
    await work.replies.put(desk.replies)
    return results


def reply_id(account_id: UUID, external_id: str) -> UUID:
    """An imported reply's own id follows from where it came from, so it cannot come twice."""
    return uuid5(account_id, external_id)


# ── what can be kept ─────────────────────────────────────────────────────────────────────────────


def _checked(
    work: Work,
    said: PastConversation,
    result: TakenOver,
    accounts: Mapping[UUID, Account],
    types: Mapping[UUID, TicketType],
) -> Case:
    """The conversation with the messages that can be kept; the refusal names the field."""
    if said.account_id not in accounts:
        raise NotFound("not_found", field=["account"], thing="account")
    if said.ticket_type_id is not None and said.ticket_type_id not in types:
        raise NotFound("not_found", field=["ticket_type"], thing="ticket type")
    checking.identifier(said.thread, ["id"])
    checking.storable(said.subject or "", ["subject"])
    checking.tags(_tags(said), ["tags"])
    if said.closed_at is not None:
        checking.happened(said.closed_at, work.now, ["closed_at"])
    if said.close_reason is CloseReason.MERGED:
        raise Invalid("merged_is_for_merging", field=["close_reason"])
    if said.status is TicketStatus.CLOSED and said.close_reason is None:
        raise Invalid("close_reason_required", field=["close_reason"])

    kept: list[PastMessage] = []
    for message in said.messages:
        try:
            kept.append(_fit(work, message))
        except Refusal as refusal:
            result.refuse(refusal, message)
    case = Case(said, result, kept, accounts[said.account_id])
    if not any(message.inbound for message in kept):
        # Its messages were refused one by one; what the company said alone is no conversation.
        case.messages.clear()
    return case


def _fit(work: Work, message: PastMessage) -> PastMessage:
    checking.identifier(message.external_id, ["id"])
    checking.text(message.text, ["text"])
    checking.happened(message.at, work.now, ["at"])
    checking.url(message.url, ["url"])
    if message.parent_external_id:
        checking.identifier(message.parent_external_id, ["parent"])
    author = message.author
    checking.identifier(author.external_id, ["author", "id"])
    checking.name(author.name, ["author", "name"], 200)
    if author.handle:
        checking.name(author.handle, ["author", "handle"], 200)
    checking.url(author.url, ["author", "url"])
    return message


def _tags(said: PastConversation) -> list[str]:
    """Other systems have longer labels than ours; a long one is cut, not lost."""
    return [shortened(tag, checking.TAG_LENGTH) for tag in said.tags]


# ── what is there already ────────────────────────────────────────────────────────────────────────


async def _desk(work: Work, cases: Sequence[Case], types: Mapping[UUID, TicketType]) -> Desk:
    """Everything the decisions need, asked once for all; the publishers are held from here on."""
    levels = {level.id: level for level in await work.levels.all()}
    fallback = (await work.workspace()).fallback_level_id or next(iter(levels), None)
    if fallback is None:
        raise Invalid("none_given", field=["levels"])
    authors: dict[ProfileKey, Author] = {}
    for case in cases:
        for message in case.messages:
            if message.inbound:
                key = (case.account.network, message.author.external_id)
                authors.setdefault(key, message.author)
    people = await work.publishers.enroll(authors) if authors else {}
    for key, author in authors.items():
        if author.email or author.phone:
            people[key][0].reached_by(
                work.secrets.seal(author.email) if author.email else None,
                work.secrets.seal(author.phone) if author.phone else None,
            )
    return Desk(
        levels=levels,
        enabled=frozenset(level.id for level in levels.values() if level.enabled),
        fallback=fallback,
        types=types,
        watching=await work.monitorings.watching({case.account.id for case in cases}),
        people=people,
    )


async def _find_known(work: Work, desk: Desk, cases: Sequence[Case]) -> None:
    """What of each case is new, and the ticket it goes on in, held."""
    heard: dict[PostKey, UUID | None] = {}
    written: set[UUID] = set()
    inbound = {_key(case, one): None for case in cases for one in case.messages if one.inbound}
    replied = {_reply_id(case, one) for case in cases for one in case.messages if not one.inbound}
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


async def _find_tickets(work: Work, desk: Desk, cases: Sequence[Case]) -> None:
    """Open tickets that hold the keys these cases would take, and who had each key last."""
    new = [case for case in cases if case.ticket is None]
    keys = {key for case in new for key in desk.keys(case)}
    if keys:
        desk.open = dict(await work.tickets.take_open(keys))
        desk.last = dict(await work.tickets.last_of(keys))


# ── telling it ───────────────────────────────────────────────────────────────────────────────────


def _tell(work: Work, desk: Desk, case: Case, protocol: str) -> None:
    """The new messages, each recorded as if it had just come, then the state it was left in."""
    said, ticket = case.said, case.ticket or desk.open.get(_thread_key(desk, case))
    over = ticket is not None and ticket.status is TicketStatus.CLOSED
    if over and said.status is not TicketStatus.CLOSED and any(one.inbound for one in case.fresh):
        desk.last[desk.keys(case)[0]], ticket = ticket, None  # type: ignore[assignment]

    # Where the file says how it ended, messages do not move the status; it is moved once, at the end.
    told_from_the_start = ticket is None
    if ticket is None:
        ticket = _opened(work, desk, case, protocol)
        case.result.opened = True
    else:
        case.result.continued = True
    quiet = told_from_the_start and said.status is not None
    for message in case.fresh:
        if message.inbound:
            _hear(work, desk, case, ticket, message, quiet=quiet)
        else:
            _answer(work, desk, case, ticket, message, quiet=quiet)

    last = case.fresh[-1].at
    # Dates without an hour are midnight, before the day's messages: nothing ends before its last.
    ended = max(said.closed_at or last, last)
    if facts := _left_as(ticket, said, ended):
        work.record(ticket, *facts, at=ended)
        last = ended
    ticket.lived_until(last)
    if told_from_the_start and ticket.grouping_key and ticket.status is not TicketStatus.CLOSED:
        desk.open[ticket.grouping_key] = ticket


def _opened(work: Work, desk: Desk, case: Case, protocol: str) -> Ticket:
    first = next((message for message in case.fresh if message.inbound), case.asker)
    publisher, profile = desk.person(case, first)
    said, start = case.said, case.fresh[0].at
    key = desk.keys(case)[0]
    previous = desk.last.get(key)
    ticket, opened = Ticket.open(
        protocol=protocol,
        level=desk.levels[desk.route(case).level_id],
        publisher=publisher,
        handle=profile.handle,
        network=case.account.network,
        text=first.text,
        subject=said.subject,
        origin=TicketOrigin.IMPORT,
        occurred_at=start,
        now=start,
        account_id=case.account.id,
        # One publisher's cases of the past stay apart: only the first open one is joined later.
        grouping_key=None if key in desk.open else key,
        previous_ticket_id=previous.id if previous and previous.opened_at <= start else None,
        priority=said.priority,
        ticket_type=desk.types.get(said.ticket_type_id) if said.ticket_type_id else None,
        tags=checking.tags(_tags(said), ["tags"]),
    )
    desk.last[key] = ticket
    desk.opened.append(ticket)
    work.record(ticket, opened, actor_name=publisher.name, at=start)
    return ticket


def _hear(
    work: Work, desk: Desk, case: Case, ticket: Ticket, message: PastMessage, *, quiet: bool
) -> None:
    publisher, _ = desk.person(case, message)
    route = desk.route(case)
    occurrence = Occurrence(
        id=new_id(),
        workspace_id=case.account.workspace_id,
        account_id=case.account.id,
        external_id=message.external_id,
        network=case.account.network,
        kind=message.kind,
        publisher_id=publisher.id,
        level_id=route.level_id,
        intended_level_id=route.intended_level_id,
        monitoring_id=route.monitoring_id,
        text=message.text,
        url=message.url,
        thread_root=case.said.thread,
        parent_external_id=message.parent_external_id,
        occurred_at=message.at,
        received_at=work.now,
    )
    opening = quiet or (case.result.opened and case.result.occurrences == 0)
    facts = ticket.absorb(occurrence, opening=opening)
    work.record(ticket, *facts, actor_name=publisher.name, at=message.at)
    desk.occurrences.append(occurrence)
    case.result.occurrences += 1


def _answer(
    work: Work, desk: Desk, case: Case, ticket: Ticket, message: PastMessage, *, quiet: bool
) -> None:
    """Who answered there is nobody here, so the reply has no author; the history has the name."""
    private = message.kind in BEHIND_CLOSED_DOORS
    reply = Reply(
        id=_reply_id(case, message),
        workspace_id=case.account.workspace_id,
        ticket_id=ticket.id,
        account_id=case.account.id,
        external_id=message.external_id,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        text=message.text,
        state=DeliveryState.SENT,
        written_at=message.at,
        sent_at=message.at,
    )
    facts: list[Fact] = [ReplySent(reply_id=reply.id)]
    if ticket.status is TicketStatus.NEW and not quiet:
        facts += ticket.touch()
    work.record(ticket, *facts, actor_name=message.author.name, at=message.at)
    desk.replies.append(reply)
    case.result.replies += 1


def _left_as(ticket: Ticket, said: PastConversation, ended: datetime) -> list[Fact]:
    """The status it had there, where ours may still become so."""
    if said.status is None or said.status is ticket.status:
        return []
    escalated = said.status is TicketStatus.ESCALATED
    trigger = Trigger.ESCALATE if escalated else Trigger.CHANGE
    if not states.allows(trigger, ticket.status, said.status):
        return []
    reason = said.close_reason if said.status is TicketStatus.CLOSED else None
    return [ticket.change_status(said.status, now=ended, close_reason=reason, trigger=trigger)]


def _thread_key(desk: Desk, case: Case) -> str:
    """The key of this very thread, whatever the level's mode is today."""
    return grouping.key(
        GroupingMode.HIERARCHY,
        level_id=desk.fallback,
        account_id=case.account.id,
        thread=case.said.thread,
        publisher_id=desk.person(case, case.asker)[0].id,
    )


def _key(case: Case, message: PastMessage) -> PostKey:
    return case.account.id, message.external_id


def _reply_id(case: Case, message: PastMessage) -> UUID:
    return reply_id(case.account.id, message.external_id)


def _parts(keys: Iterable[T]) -> Iterator[Collection[T]]:
    rest = iter(keys)
    while part := list(islice(rest, KEYS_AT_ONCE)):
        yield part
