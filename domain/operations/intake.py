"""What comes in: posts become occurrences, and occurrences find or open their ticket.

Many posts are taken in as one act, with as many statements as for one. The publishers are held
first, so all messages of one person stand in a row; what the rows then say cannot change under us.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from domain.answers import Received
from domain.errors import Invalid, NotFound, Refusal
from domain.model.account import Account, Monitoring
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile, Publisher
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.post import Author, Post
from domain.rules import checking, grouping, routing
from domain.rules.routing import Route, Watch
from domain.words import GroupingMode, TicketOrigin
from domain.work import PostKey, ProfileKey, Work

MOST_AT_ONCE = 500
FOLLOWERS_MOST = 2**31 - 1


async def take_in(
    work: Work, posts: Sequence[Post], *, origin: TicketOrigin = TicketOrigin.INBOUND
) -> list[Received]:
    """What became of each post, in order. One that is refused does not keep the others out."""
    answers: dict[int, Received] = {}
    accounts = await work.accounts.find({post.account_id for post in posts})
    checked: dict[int, Post] = {}
    for place, post in enumerate(posts):
        try:
            checked[place] = check(post, accounts.get(post.account_id), work)
        except Refusal as refusal:
            answers[place] = Received(None, None, refusal=refusal)

    desk = await _desk(work, list(checked.values()), accounts)
    received: list[tuple[int, Occurrence]] = []
    for place, post in checked.items():
        try:
            occurrence, duplicate = await _receive(work, desk, post, origin)
        except Refusal as refusal:
            answers[place] = Received(None, None, refusal=refusal)
            continue
        if not duplicate:
            received.append((place, occurrence))
        ticket = desk.ticket_of(occurrence)
        answers[place] = Received(occurrence, ticket, duplicate=duplicate)

    await _settle(work, desk, [occurrence for _, occurrence in received])
    return [answers[place] for place in range(len(posts))]


async def take_one(work: Work, post: Post) -> Received:
    """What became of one post; its refusal, if it is refused."""
    [received] = await take_in(work, [post])
    if received.refusal is not None:
        raise received.refusal
    return received


def check(post: Post, account: Account | None, work: Work) -> Post:
    """The post, fit to keep; the refusal names the field."""
    if account is None:
        raise NotFound("not_found", field=["accountId"], thing="account")
    if not account.enabled:
        raise Invalid("account_disabled", field=["accountId"], name=account.name)
    author = post.author
    return replace(
        post,
        external_id=checking.identifier(post.external_id, ["externalId"]),
        text=checking.text(post.text, ["text"]),
        occurred_at=checking.happened(post.occurred_at, work.now, ["occurredAt"]),
        url=checking.url(post.url, ["url"]),
        thread_url=checking.url(post.thread_url, ["threadUrl"]),
        thread_id=post.thread_id and checking.identifier(post.thread_id, ["threadId"]),
        parent_external_id=post.parent_external_id
        and checking.identifier(post.parent_external_id, ["parentExternalId"]),
        author=replace(
            author,
            external_id=checking.identifier(author.external_id, ["author", "externalId"]),
            name=checking.name(author.name, ["author", "name"], 200),
            handle=author.handle and checking.name(author.handle, ["author", "handle"], 200),
            url=checking.url(author.url, ["author", "url"]),
            avatar_url=checking.url(author.avatar_url, ["author", "avatarUrl"]),
            followers=checking.within(author.followers, FOLLOWERS_MOST),
            email=author.email and checking.identifier(author.email, ["author", "email"]),
            phone=author.phone and checking.identifier(author.phone, ["author", "phone"]),
            tags=checking.tags(author.tags, ["author", "tags"]),
        ),
    )


@dataclass
class Desk:
    """What has been laid out to take in a batch, and what comes to lie on it meanwhile."""

    accounts: Mapping[UUID, Account]
    levels: Mapping[UUID, Level]
    fallback: Level
    watching: Mapping[UUID, Sequence[Monitoring]]
    """By account: the monitorings that are on."""
    monitorings: Mapping[UUID, Monitoring]
    """Those that posts name, by id."""
    watched: Mapping[UUID, Mapping[UUID, Account]]
    people: Mapping[ProfileKey, tuple[Publisher, Profile]]
    known: dict[PostKey, Occurrence]
    roots: dict[PostKey, str]
    open: dict[str, Ticket]
    last: dict[str, Ticket]
    loose: Mapping[tuple[UUID, UUID], Ticket]
    tickets: dict[UUID, Ticket]
    protocols: list[str]
    opened: list[Ticket]
    absent: Mapping[UUID, User]
    """Assignees who are away: what a message wakes goes back to the queue."""

    def ticket_of(self, occurrence: Occurrence) -> Ticket | None:
        return self.tickets.get(occurrence.ticket_id) if occurrence.ticket_id else None


async def _desk(work: Work, posts: Sequence[Post], accounts: Mapping[UUID, Account]) -> Desk:
    """Everything the decisions need, asked once for all posts."""
    levels = {level.id: level for level in await work.levels.all()}
    fallback_id = (await work.workspace()).fallback_level_id
    if fallback_id is None:
        raise NotFound("not_found", thing="level")  # nothing was set up yet
    authors: dict[ProfileKey, Author] = {}
    for post in posts:
        authors.setdefault(_profile_key(post, accounts), post.author)
    people = await work.publishers.enroll(authors) if authors else {}
    _remember_contacts(work, authors, people)
    # Asked after the publishers are held: what another batch has just stored is seen.
    known = dict(await work.occurrences.known({_key(post) for post in posts}))
    roots = dict(
        await work.occurrences.roots(
            {
                (post.account_id, post.parent_external_id)
                for post in posts
                if post.parent_external_id
            }
        )
    )
    watching = await work.monitorings.watching(set(accounts))
    named = {post.monitoring_id for post in posts if post.monitoring_id}
    monitorings = await work.monitorings.find(named)
    watched = {
        each: {account.id: account for account in found}
        for each, found in (await work.monitorings.accounts(set(monitorings))).items()
    }
    desk = Desk(
        accounts=accounts,
        levels=levels,
        fallback=levels[fallback_id],
        watching=watching,
        monitorings=monitorings,
        watched=watched,
        people=people,
        known=known,
        roots=roots,
        open={},
        last={},
        loose={},
        tickets=dict(
            await work.tickets.find({each.ticket_id for each in known.values() if each.ticket_id})
        ),
        protocols=[],
        opened=[],
        absent={},
    )
    await _find_tickets(work, desk, posts)
    return desk


async def _find_tickets(work: Work, desk: Desk, posts: Sequence[Post]) -> None:
    """The conversations that these posts could belong to, held."""
    fresh = [post for post in posts if _key(post) not in desk.known and not post.historical]
    wanted: dict[str, None] = {}
    for post in fresh:
        with suppress(Refusal):  # it is refused again, and answered, when its turn comes
            level = desk.levels[_route(desk, post).level_id]
            wanted.update(dict.fromkeys(_keys(desk, post, level)))
    desk.open = dict(await work.tickets.take_open(wanted))
    closed = [key for key in wanted if key not in desk.open]
    desk.last = dict(await work.tickets.last_of(closed))
    merged = await work.tickets.survivors(desk.last.values())
    for key, ticket in desk.last.items():
        if ticket.id in merged:
            desk.open[key] = merged[ticket.id]
    desk.loose = await work.tickets.take_loose(
        {publisher.id for publisher, _ in desk.people.values()}
    )
    found = {ticket.id: ticket for ticket in (*desk.open.values(), *desk.loose.values())}
    desk.tickets.update(found)
    holders = {ticket.assignee_id for ticket in found.values() if ticket.assignee_id}
    users = await work.users.find(holders)
    desk.absent = {
        each: user for each, user in users.items() if not (user.active and user.available)
    }
    desk.protocols = list(await work.tickets.protocols(work.now.date(), len(fresh)))


async def _receive(
    work: Work, desk: Desk, post: Post, origin: TicketOrigin
) -> tuple[Occurrence, bool]:
    """The occurrence of a post, and whether it had come before."""
    if (before := desk.known.get(_key(post))) is not None:
        return before, True

    account = desk.accounts[post.account_id]
    publisher, profile = desk.people[_profile_key(post, desk.accounts)]
    route = _route(desk, post)
    level = desk.levels[route.level_id]
    occurrence = Occurrence(
        workspace_id=account.workspace_id,
        account_id=account.id,
        external_id=post.external_id,
        network=account.network,
        kind=post.kind,
        publisher_id=publisher.id,
        level_id=level.id,
        intended_level_id=route.intended_level_id,
        monitoring_id=route.monitoring_id,
        text=post.text,
        url=post.url,
        thread_root=_thread(desk, post),
        thread_url=post.thread_url,
        parent_external_id=post.parent_external_id,
        occurred_at=post.occurred_at,
        received_at=work.now,
        historical=post.historical,
    )
    desk.known[_key(post)] = occurrence
    desk.roots[_key(post)] = occurrence.thread_root
    if not post.historical:
        _join(work, desk, post, occurrence, level, publisher, profile, origin)
    return occurrence, False


def _join(
    work: Work,
    desk: Desk,
    post: Post,
    occurrence: Occurrence,
    level: Level,
    publisher: Publisher,
    profile: Profile,
    origin: TicketOrigin,
) -> None:
    """To the conversation it belongs to, or a ticket of its own."""
    keys = _keys(desk, post, level)
    ticket = next((desk.open[key] for key in keys if key in desk.open), None)
    if ticket is None and level.grouping is GroupingMode.PUBLISHER:
        ticket = desk.loose.get((level.id, publisher.id))
    if ticket is not None:
        facts = ticket.absorb(occurrence)
        away = desk.absent.get(ticket.assignee_id) if ticket.assignee_id else None
        if away is not None and any(fact.was for fact in facts):
            facts.append(ticket.assign(away, None))
        work.record(ticket, *facts, actor_name=publisher.name)
        return

    previous = next((desk.last[key] for key in keys if key in desk.last), None)
    ticket, opened = Ticket.open(
        protocol=desk.protocols.pop(),
        level=level,
        publisher=publisher,
        handle=profile.handle,
        network=occurrence.network,
        text=post.text,
        subject=None,
        origin=origin,
        occurred_at=post.occurred_at,
        now=work.now,
        account_id=occurrence.account_id,
        grouping_key=keys[0],
        previous_ticket_id=previous.id if previous else None,
    )
    desk.open[keys[0]] = ticket
    desk.tickets[ticket.id] = ticket
    desk.opened.append(ticket)
    work.record(ticket, opened, *ticket.absorb(occurrence, opening=True), actor_name=publisher.name)


async def _settle(work: Work, desk: Desk, occurrences: Sequence[Occurrence]) -> None:
    await work.tickets.put(desk.opened)
    await work.occurrences.put(occurrences)


def _route(desk: Desk, post: Post) -> Route:
    enabled = frozenset(level.id for level in desk.levels.values() if level.enabled)
    if post.monitoring_id is not None:
        named = desk.monitorings.get(post.monitoring_id)
        if named is None:
            raise NotFound("not_found", field=["monitoringId"], thing="monitoring")
        if post.account_id not in desk.watched.get(named.id, {}):
            raise Invalid("monitoring_without_account", field=["monitoringId"], name=named.name)
        if named.enabled:
            claimed = Watch(named.id, named.level_id, keywords=())
            return routing.route("", [claimed], enabled=enabled, fallback=desk.fallback.id)
    watches = [each.as_watch for each in desk.watching.get(post.account_id, ())]
    return routing.route(post.text, watches, enabled=enabled, fallback=desk.fallback.id)


def _keys(desk: Desk, post: Post, level: Level) -> Sequence[str]:
    publisher, _ = desk.people[_profile_key(post, desk.accounts)]
    return grouping.keys(
        level.grouping,
        level_id=level.id,
        account_id=post.account_id,
        thread=_thread(desk, post),
        publisher_id=publisher.id,
    )


def _thread(desk: Desk, post: Post) -> str:
    """What the message hangs on: the thread named, else the parent's thread, else itself."""
    if post.thread_id:
        return post.thread_id
    if post.parent_external_id:
        return desk.roots.get((post.account_id, post.parent_external_id), post.parent_external_id)
    return post.external_id


def _key(post: Post) -> PostKey:
    return post.account_id, post.external_id


def _profile_key(post: Post, accounts: Mapping[UUID, Account]) -> ProfileKey:
    return accounts[post.account_id].network, post.author.external_id


def _remember_contacts(
    work: Work,
    authors: Mapping[ProfileKey, Author],
    people: Mapping[ProfileKey, tuple[Publisher, Profile]],
) -> None:
    for key, author in authors.items():
        if author.email or author.phone:
            people[key][0].reached_by(
                work.secrets.seal(author.email) if author.email else None,
                work.secrets.seal(author.phone) if author.phone else None,
            )
