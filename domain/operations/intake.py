"""What comes in: posts become occurrences, and occurrences find or open their ticket.

Many posts are taken in as one act, with as many statements as for one. The publishers are held
first, so all messages of one person stand in a row; what the rows then say cannot change under us.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from domain.answers import Received
from domain.errors import Invalid, NotFound, Refusal
from domain.model.account import Account
from domain.model.attachment import Attachment
from domain.model.level import Level
from domain.model.media import AwaitedFile
from domain.model.occurrence import Occurrence
from domain.model.publisher import Profile, Publisher
from domain.model.ticket import Ticket
from domain.operations import gathering, receipting
from domain.operations.gathering import Desk
from domain.operations.receipting import Opened
from domain.post import IncomingFile, Media, Post
from domain.rules import checking, enclosures, files
from domain.rules.access import Permission
from domain.rules.enclosures import FILES_MOST
from domain.rules.files import Examined
from domain.shelves.found import Place
from domain.words import GroupingMode, TicketOrigin, TicketStatus
from domain.work import Work

MOST_AT_ONCE = 500
FOLLOWERS_MOST = 2**31 - 1
SUBJECT_MOST = 400


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

    desk = await gathering.lay_out(work, list(checked.values()), accounts)
    received: list[tuple[int, Occurrence]] = []
    for place, post in checked.items():
        try:
            occurrence, duplicate = await _receive(work, desk, post, origin)
        except Refusal as refusal:
            answers[place] = Received(None, None, refusal=refusal)
            continue
        if duplicate and not _may_know(work, post, occurrence):
            answers[place] = Received(None, None, duplicate=True)
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


def _may_know(work: Work, post: Post, before: Occurrence) -> bool:
    """A program that only hands in learns of a repeat, but nothing that it did not bring."""
    return work.actor.can(Permission.TICKETS_READ) or before.text == post.text


def check(post: Post, account: Account | None, work: Work) -> Post:
    """The post, fit to keep; the refusal names the field."""
    if account is None:
        raise NotFound("not_found", field=["accountId"], thing="account")
    if not account.enabled:
        raise Invalid("account_disabled", field=["accountId"], name=account.name)
    author = post.author
    own = {each.lower() for each in (account.external_id, account.handle) if each}
    if author.external_id.lower() in own:
        raise Invalid("own_message", field=["author", "externalId"])
    kept, left = enclosures.sorted_out(post.files)
    return replace(
        post,
        files=tuple(IncomingFile(each.file_name, each.media_type, each.data) for each in kept),
        external_id=checking.identifier(post.external_id, ["externalId"]),
        text=checking.text(enclosures.noted(post.text, left), ["text"]),
        occurred_at=_when(post, work.now),
        url=checking.url(post.url, ["url"]),
        thread_url=checking.url(post.thread_url, ["threadUrl"]),
        thread_id=post.thread_id and checking.identifier(post.thread_id, ["threadId"]),
        subject=post.subject and checking.storable(post.subject, ["subject"])[:SUBJECT_MOST],
        html=post.html and checking.storable(post.html, ["html"]),
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


def _when(post: Post, now: datetime) -> datetime:
    """When it was written, as far as anybody can tell."""
    if post.occurred_at is None:
        return now
    try:
        return checking.happened(post.occurred_at, now, ["occurredAt"])
    except Refusal:
        if post.own_clock:
            return now
        raise


async def _receive(
    work: Work, desk: Desk, post: Post, origin: TicketOrigin
) -> tuple[Occurrence, bool]:
    """The occurrence of a post, and whether it had come before."""
    if (before := desk.known.get(gathering.key(post))) is not None:
        return before, True

    account = desk.accounts[post.account_id]
    publisher, profile = desk.people[gathering.profile_key(post, desk.accounts)]
    route = gathering.route(desk, post)
    level = desk.levels[route.level_id]
    occurrence = Occurrence(
        workspace_id=account.workspace_id,
        account_id=account.id,
        external_id=post.external_id,
        network=account.network,
        kind=post.kind,
        publisher_id=publisher.id,
        profile_id=profile.id,
        level_id=level.id,
        intended_level_id=route.intended_level_id,
        monitoring_id=route.monitoring_id,
        text=post.text,
        url=post.url,
        thread_root=gathering.thread(desk, post),
        thread_url=post.thread_url,
        parent_external_id=post.parent_external_id,
        occurred_at=post.occurred_at or work.now,
        received_at=work.now,
        historical=post.historical,
        subject=post.subject,
        html=post.html,
        automated=post.automated,
    )
    desk.known[gathering.key(post)] = occurrence
    if not post.historical:
        _join(work, desk, post, occurrence, level, publisher, profile, origin)
    place = Place(occurrence.thread_root, occurrence.ticket_id)
    desk.places[gathering.key(post)] = place
    desk.files += [_attached(work, occurrence, file) for file in post.files]
    desk.awaited += [_awaited(work, occurrence, media) for media in post.media[:FILES_MOST]]
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
    keys = gathering.keys(desk, post, level)
    named = gathering.named(desk, post, publisher.id)
    over = named is not None and named.status is TicketStatus.CLOSED
    ticket = None if over else named
    if ticket is None:
        ticket = next((desk.open[key] for key in keys if key in desk.open), None)
    if ticket is None and level.grouping is GroupingMode.PUBLISHER:
        ticket = desk.loose.get((level.id, publisher.id))
    if ticket is not None:
        if ticket.terms_id is None and not occurrence.automated:
            # Brought along from elsewhere: what is asked from now on is measured here.
            ticket.come_under(desk.levels[ticket.level_id].terms_id)
        facts = ticket.absorb(occurrence)
        away = desk.absent.get(ticket.assignee_id) if ticket.assignee_id else None
        if away is not None and any(fact.was for fact in facts):
            facts.append(ticket.assign(away, None))
        work.record(ticket, *facts, actor_name=publisher.name)
        return
    if occurrence.automated:
        # Kept, with whoever sent it: nobody waits for an answer, so nothing is opened.
        return

    previous = named or next((desk.last[key] for key in keys if key in desk.last), None)
    ticket, opened = Ticket.open(
        protocol=desk.protocols.pop(),
        level=level,
        publisher=publisher,
        handle=profile.spoken,
        network=occurrence.network,
        text=post.text,
        subject=post.subject,
        origin=origin,
        occurred_at=occurrence.occurred_at,
        now=work.now,
        account_id=post.answered_from or occurrence.account_id,
        grouping_key=keys[0],
        previous_ticket_id=previous.id if previous else None,
    )
    desk.open[keys[0]] = ticket
    desk.tickets[ticket.id] = desk.named[ticket.id] = ticket
    desk.opened.append(ticket)
    if not post.historical and origin is not TicketOrigin.IMPORT:
        account = desk.accounts[post.account_id]
        desk.confirmed.append(Opened(ticket, occurrence, level, account, publisher.name))
    work.record(ticket, opened, *ticket.absorb(occurrence, opening=True), actor_name=publisher.name)


async def _settle(work: Work, desk: Desk, occurrences: Sequence[Occurrence]) -> None:
    await work.tickets.put(desk.opened)
    await work.occurrences.put(occurrences)
    await receipting.send(work, desk.confirmed)
    for attachment, data in desk.files:
        await work.files.put(attachment.storage_key, data)
    await work.attachments.put([attachment for attachment, _ in desk.files])
    await work.awaited.put(desk.awaited)
    # T20: whoever decides has to know that the reply was written before this.
    asking = [each for each in occurrences if not each.automated]
    joined = [ticket for each in asking if (ticket := desk.ticket_of(each))]
    held = {each.id for each in joined if each.status is TicketStatus.AWAITING_APPROVAL}
    for approval in (await work.approvals.open_of(held)).values():
        approval.go_stale()


def _awaited(work: Work, occurrence: Occurrence, media: Media) -> AwaitedFile:
    return AwaitedFile(
        workspace_id=occurrence.workspace_id,
        account_id=occurrence.account_id,
        occurrence_id=occurrence.id,
        source=media.source,
        file_name=(files.plain(media.file_name) or files.NAMELESS)[: files.NAME_LENGTH],
        media_type=media.media_type and media.media_type[:120],
        look_at=work.now,
    )


def _attached(work: Work, occurrence: Occurrence, file: IncomingFile) -> tuple[Attachment, bytes]:
    examined = Examined(file.file_name, file.media_type, file.data)
    attachment = Attachment.of(
        examined,
        workspace_id=occurrence.workspace_id,
        now=work.now,
        ticket_id=occurrence.ticket_id,
        occurrence_id=occurrence.id,
    )
    return attachment, file.data
