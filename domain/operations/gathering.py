"""Everything that taking in a batch needs, asked once and laid out on a desk.

The publishers are held first, so all messages of one person stand in a row; what is asked after
that cannot change under us.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from domain.errors import Invalid, NotFound, Refusal
from domain.model.account import Account, Monitoring
from domain.model.attachment import Attachment
from domain.model.level import Level
from domain.model.media import AwaitedFile
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile, Publisher
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.operations import sealing
from domain.operations.receipting import Opened
from domain.post import Author, Post
from domain.rules import grouping, routing
from domain.rules.routing import Route, Watch
from domain.shelves.found import Place, PostKey, ProfileKey
from domain.words import TicketStatus
from domain.work import Work


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
    places: dict[PostKey, Place]
    """Where what these posts speak of stands: theirs and ours."""
    open: dict[str, Ticket]
    last: dict[str, Ticket]
    loose: Mapping[tuple[UUID, UUID], Ticket]
    named: dict[UUID, Ticket]
    """Those that posts speak of, over or not, by id."""
    taken_over: Mapping[UUID, Ticket]
    """Of those that were merged: where their messages go now."""
    tickets: dict[UUID, Ticket]
    protocols: list[str]
    opened: list[Ticket]
    confirmed: list[Opened]
    """The same, as far as whoever wrote may be told that it was received."""
    files: list[tuple[Attachment, bytes]]
    awaited: list[AwaitedFile]
    """What still lies at networks."""
    absent: Mapping[UUID, User]
    """Assignees who are away: what a message wakes goes back to the queue."""

    def ticket_of(self, occurrence: Occurrence) -> Ticket | None:
        return self.tickets.get(occurrence.ticket_id) if occurrence.ticket_id else None


async def lay_out(work: Work, posts: Sequence[Post], accounts: Mapping[UUID, Account]) -> Desk:
    """Everything the decisions need, asked once for all posts."""
    levels = {level.id: level for level in await work.levels.all()}
    fallback_id = (await work.workspace()).fallback_level_id
    if fallback_id is None:
        raise NotFound("not_found", thing="level")  # nothing was set up yet
    authors: dict[ProfileKey, Author] = {}
    for post in posts:
        authors.setdefault(profile_key(post, accounts), post.author)
    mailboxes = sealing.mailboxes(work, list(authors))
    people = await work.publishers.enroll(authors, mailboxes) if authors else {}
    _remember_contacts(work, authors, people)
    # Asked after the publishers are held: what another batch has just stored is seen.
    known = dict(await work.occurrences.known({key(post) for post in posts}))
    spoken_of = {each for post in posts for each in _spoken_of(post)}
    places = {
        **await work.replies.places(spoken_of),
        **await work.occurrences.places(spoken_of),
    }
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
        places=places,
        open={},
        last={},
        loose={},
        named={},
        taken_over={},
        tickets=dict(
            await work.tickets.answered(
                {each.ticket_id for each in known.values() if each.ticket_id}
            )
        ),
        protocols=[],
        opened=[],
        confirmed=[],
        files=[],
        awaited=[],
        absent={},
    )
    await _find_tickets(work, desk, posts)
    return desk


async def _find_tickets(work: Work, desk: Desk, posts: Sequence[Post]) -> None:
    """The conversations that these posts could belong to, held."""
    fresh = [post for post in posts if key(post) not in desk.known and not post.historical]
    wanted: dict[str, None] = {}
    for post in fresh:
        with suppress(Refusal):  # it is refused again, and answered, when its turn comes
            level = desk.levels[route(desk, post).level_id]
            wanted.update(dict.fromkeys(keys(desk, post, level)))
    desk.open = dict(await work.tickets.take_open(wanted))
    closed = [each for each in wanted if each not in desk.open]
    desk.last = dict(await work.tickets.last_of(closed))
    merged = await work.tickets.survivors(desk.last.values())
    for conversation, ticket in desk.last.items():
        if ticket.id in merged:
            desk.open[conversation] = merged[ticket.id]
    desk.loose = await work.tickets.take_loose(
        {publisher.id for publisher, _ in desk.people.values()}
    )
    places = (desk.places.get((post.account_id, e)) for post in fresh for e in post.references)
    desk.named = dict(
        await work.tickets.take_named(
            {place.ticket_id for place in places if place and place.ticket_id},
            {post.protocol for post in fresh if post.protocol},
        )
    )
    desk.taken_over = await work.tickets.survivors(desk.named.values())
    every = (desk.open, desk.loose, desk.named, desk.taken_over)
    found = {ticket.id: ticket for some in every for ticket in some.values()}
    desk.tickets.update(found)
    holders = {ticket.assignee_id for ticket in found.values() if ticket.assignee_id}
    users = await work.users.find(holders)
    desk.absent = {
        each: user for each, user in users.items() if not (user.active and user.available)
    }
    today = (await work.workspace()).day_of(work.now)
    desk.protocols = list(await work.tickets.protocols(today, len(fresh)))


def route(desk: Desk, post: Post) -> Route:
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
    if post.level_id is not None:
        taken = post.level_id if post.level_id in enabled else desk.fallback.id
        return Route(None, post.level_id, taken)
    watches = [each.as_watch for each in desk.watching.get(post.account_id, ())]
    words = f"{post.subject}\n{post.text}" if post.subject else post.text
    return routing.route(words, watches, enabled=enabled, fallback=desk.fallback.id)


def named(desk: Desk, post: Post, publisher_id: UUID) -> Ticket | None:
    """The ticket that a post speaks of, by what it answers or by its protocol number.

    Only one of the same person: knowing a number opens nobody else's conversation.
    """
    places = (desk.places.get((post.account_id, each)) for each in post.references)
    spoken_of = [place.ticket_id for place in places if place and place.ticket_id]
    if post.protocol:
        spoken_of += [each.id for each in desk.named.values() if each.protocol == post.protocol]
    found = [
        desk.taken_over.get(ticket.id, ticket)
        for each in spoken_of
        if (ticket := desk.named.get(each)) and ticket.publisher_id == publisher_id
    ]
    going_on = [each for each in found if each.status is not TicketStatus.CLOSED]
    return next(iter(going_on or found), None)


def keys(desk: Desk, post: Post, level: Level) -> Sequence[str]:
    publisher, _ = desk.people[profile_key(post, desk.accounts)]
    return grouping.keys(
        level.grouping,
        level_id=level.id,
        account_id=post.account_id,
        thread=thread(desk, post),
        publisher_id=publisher.id,
    )


def thread(desk: Desk, post: Post) -> str:
    """What the message hangs on: the thread named, else that of what it answers, else itself."""
    if post.thread_id:
        return post.thread_id
    for name in _answered(post):
        place = desk.places.get((post.account_id, name))
        if place is not None and place.root:
            return place.root
    # Of what it names nothing is known here: the farthest began the conversation.
    return next(reversed(_answered(post)), post.external_id)


def _answered(post: Post) -> Sequence[str]:
    """The nearest first."""
    parent = (post.parent_external_id,) if post.parent_external_id else ()
    return tuple(dict.fromkeys((*parent, *post.references)))


def _spoken_of(post: Post) -> Sequence[PostKey]:
    return [(post.account_id, name) for name in _answered(post)]


def key(post: Post) -> PostKey:
    return post.account_id, post.external_id


def profile_key(post: Post, accounts: Mapping[UUID, Account]) -> ProfileKey:
    return accounts[post.account_id].network, post.author.external_id


def _remember_contacts(
    work: Work,
    authors: Mapping[ProfileKey, Author],
    people: Mapping[ProfileKey, tuple[Publisher, Profile]],
) -> None:
    for who, author in authors.items():
        sealing.reached(work.secrets, people[who][0], who, author)
