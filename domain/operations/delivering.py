"""Replies on their way out: claimed, sent, and whatever became of that; in doubt a person decides.

A claim is committed before the network is called, and says whose it is. So of each attempt one is
told how it ended, or finds out, when its lease is over, that nobody can know.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.answers import Received, Replied
from domain.errors import Forbidden, NotSupportedByNetwork
from domain.events import AlertSent, Fact
from domain.model.account import Account
from domain.model.base import new_id
from domain.model.publisher import Profile
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import connecting, sealing
from domain.post import Post, Undelivered
from domain.rules import capability, sending, standing, states
from domain.rules.capability import Answered
from domain.rules.states import Trigger
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, OutgoingFile, Sent
from domain.words import DeliveryState, FieldKind, Network, RetryDecision, TicketStatus
from domain.work import Work

OF_ACCOUNT = 4
"""At once, in one process: a network that is slow does not take up the others' room."""
TOO_LATE = {"window_over": "window_closed", "visibility_not_here": "public_not_here"}
"""What is said of a reply that could have gone out when it was written."""
ALERT = "REPLY_FAILED"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of one reply, which whoever holds this may make."""

    reply_id: UUID
    lease_id: UUID
    account_id: UUID
    network: Network


@dataclass(frozen=True, slots=True)
class Claimed:
    attempts: Sequence[Attempt]
    again_at: datetime | None = None
    """When an account that has sent as much as it may has room again."""


async def claim(
    work: Work, most: int, *, lease: timedelta, busy: Mapping[UUID, int] | None = None
) -> Claimed:
    """What to send now, marked so; at most one reply of a ticket, and each ticket's in order.

    `busy` says how many are being sent here already, by account.
    """
    attempts: list[Attempt] = []
    again: list[datetime] = []
    under_way = Counter(busy)
    accounts = await work.outbox.take_accounts(work.now)
    # Whoever has least under way comes first: those who are slow do not keep the others out.
    for account in sorted(accounts, key=lambda each: under_way[each.id]):
        room = min(most - len(attempts), OF_ACCOUNT - under_way[account.id])
        if room <= 0:
            continue
        room, free_at = await _allowed(work, account, room)
        if free_at is not None:
            again.append(free_at)
            continue
        for reply in await work.outbox.take_due(account.id, work.now, room):
            lease_id = new_id()
            reply.send_now(
                lease_id=lease_id,
                now=work.now,
                lease=lease,
                known_as=_known_as(work, account, reply),
            )
            attempts.append(Attempt(reply.id, lease_id, account.id, account.network))
    return Claimed(attempts, min(again, default=None))


def _known_as(work: Work, account: Account, reply: Reply) -> str | None:
    try:
        return work.channels.known_as(
            account.network, reply.id, connecting.connection(work, account)
        )
    except ValueError:
        return None  # it will not be sent either


async def _allowed(work: Work, account: Account, room: int) -> tuple[int, datetime | None]:
    """How many of these the account may begin now; where that is none, when it may again."""
    able = work.channels.capability(account.network)
    if able.at_most is None:
        return room, None
    since = work.now - able.within
    begun = await work.outbox.begun_since(account.id, since, able.at_most)
    if len(begun) < able.at_most:
        return min(room, able.at_most - len(begun)), None
    return 0, begun[-1] + able.within


async def pack(work: Work, attempt: Attempt) -> Outgoing | Declined | NotSent:
    """The reply as its network gets it; how the attempt has ended where it cannot be made."""
    reply = await work.outbox.get(attempt.reply_id)
    account = await work.accounts.get(attempt.account_id)
    ticket = await work.outbox.ticket(reply)
    answered = await work.outbox.answered(reply)
    publisher_id = answered.publisher_id if answered else ticket.publisher_id
    profiles = (await work.publishers.profiles([publisher_id]))[publisher_id]
    profile = _recipient(profiles, account.network, answered.profile_id if answered else None)
    to = profile.external_id if profile else await _address(work, publisher_id, account.network)
    if to is None:
        return Declined("reply_no_recipient")
    try:
        connection = connecting.connection(work, account)
    except ValueError:
        return NotSent("connection_unreadable")
    files = await _files(work, reply)
    if files is None:
        return Declined("attachment_gone")
    able = connecting.able(work, account)
    heard_at = None
    if able.is_particular:
        heard_at = await work.outbox.heard_in_private(account.id, publisher_id)
        told = Answered(answered.kind if answered else None, heard_at)
        try:
            # It may have waited: to be approved, for its turn, for the network.
            capability.reach(able, account.network, reply.visibility, told, work.now)
        except NotSupportedByNetwork as refusal:
            return Declined(TOO_LATE[refusal.sentence])
    return Outgoing(
        reply_id=reply.id,
        account_id=account.id,
        account_name=account.name,
        account_handle=account.handle,
        account_external_id=account.external_id,
        connection=connection,
        visibility=reply.visibility,
        text=reply.text,
        to_external_id=to,
        to_handle=profile.handle if profile else None,
        to_name=profile.handle if profile else to,
        protocol=ticket.protocol,
        subject=(answered.subject if answered else None) or ticket.subject,
        parent_external_id=answered.external_id if answered else None,
        answers_kind=answered.kind if answered else None,
        heard_at=heard_at,
        thread_root=answered.thread_root if answered else None,
        references=await work.outbox.said_before(answered) if answered else (),
        files=files,
        automated=reply.automated,
    )


async def _files(work: Work, reply: Reply) -> Sequence[OutgoingFile] | None:
    """What goes with it; None where one is no more, for half of what was meant is not sent."""
    files = []
    for each in await work.outbox.files(reply):
        data = await work.files.get(each.storage_key)
        if data is None:
            return None
        files.append(OutgoingFile(each.file_name, each.media_type, data))
    return files


def _recipient(
    profiles: Sequence[Profile], network: Network, written_as: UUID | None
) -> Profile | None:
    """Who wrote what is answered; else who the publisher is on that network."""
    there = [each for each in profiles if each.network is network]
    return next((each for each in there if each.id == written_as), there[0] if there else None)


async def _address(work: Work, publisher_id: UUID, network: Network) -> str | None:
    """Whoever never wrote by e-mail is reached at the address that they are known by."""
    publisher = (await work.publishers.find([publisher_id])).get(publisher_id)
    if network is not Network.EMAIL or publisher is None:
        return None
    try:
        return sealing.told(work.secrets, publisher, FieldKind.EMAIL)
    except ValueError:
        return None


async def settle(work: Work, attempt: Attempt, outcome: Outcome, chance: float) -> Reply | None:
    """The reply after its attempt; None where how it ended makes no difference any more."""
    if isinstance(outcome, Sent):
        return await sent(work, attempt, outcome)
    if isinstance(outcome, Declined):
        return await declined(work, attempt, outcome)
    if isinstance(outcome, NotSent):
        return await later(work, attempt, outcome, chance)
    return await doubtful(work, attempt, outcome)


async def sent(work: Work, attempt: Attempt, outcome: Sent) -> Reply | None:
    held = await _held(work, attempt, outcome)
    if held is None:
        return None
    reply, ticket = held

    work.record(ticket, *reply.sent(work.now, outcome.external_id, outcome.external_url))
    return reply


async def declined(work: Work, attempt: Attempt, outcome: Declined) -> Reply | None:
    """T21: it will never go out, and whoever looks after the ticket is told."""
    held = await _held(work, attempt, outcome, alone=True)
    if held is None:
        return None
    reply, ticket = held

    await _undelivered(work, ticket, reply, reply.fail(outcome.sentence, outcome.detail))
    return reply


async def later(work: Work, attempt: Attempt, outcome: NotSent, chance: float) -> Reply | None:
    """Tried again after a while, as long as there is hope."""
    held = await _held(work, attempt, outcome, alone=True)
    if held is None:
        return None
    reply, ticket = held
    began = reply.first_attempt_at or work.now
    # The network has heard enough from us for now; that says nothing about this reply.
    counts = not outcome.whole_account
    if counts:
        again = work.now + sending.wait(reply.attempts, chance, outcome.wait)
    else:
        again = work.now + sending.quiet(work.now - began, chance, outcome.wait)
    tried = reply.attempts if counts else 0

    if sending.hopeless(tried, began, again):
        detail = outcome.detail or outcome.sentence
        await _undelivered(work, ticket, reply, reply.fail("delivery_given_up", detail))
        return reply
    reply.put_off(again, outcome.sentence, outcome.detail, counts=counts)
    if outcome.whole_account:
        account = await work.outbox.take_account(attempt.account_id)
        account.pause(max(account.paused_until or again, again))
        if outcome.sentence in standing.TROUBLES:
            account.suffer(outcome.sentence, outcome.detail, work.now)
    return reply


async def doubtful(work: Work, attempt: Attempt, outcome: Doubtful) -> Reply | None:
    held = await _held(work, attempt, outcome)
    if held is None:
        return None
    reply, ticket = held
    if reply.state is not DeliveryState.SENDING:
        return None

    work.record(ticket, reply.doubt(outcome.sentence, outcome.detail))
    return reply


async def take_back(work: Work, posts: Sequence[Post], received: Sequence[Received]) -> None:
    """T21 of what a network had taken and, as one of these messages tells, could not deliver."""
    for post, each in zip(posts, received, strict=True):
        if post.undelivered is not None and each.refusal is None and not each.duplicate:
            await come_back(work, post.account_id, post.undelivered)


async def come_back(work: Work, account_id: UUID, told: Undelivered) -> None:
    """T21 of a message of ours that the network says it could not deliver."""
    found = await work.outbox.sent_as(account_id, told.external_id)
    if found is None:
        return
    await work.publishers.hold((await work.outbox.ticket(found)).publisher_id)
    ticket = await work.tickets.take_for_delivery(found.ticket_id)
    reply = await work.outbox.take(found.id, ticket)
    # What comes back was there: whoever was in doubt knows now, too.
    if reply.state in (DeliveryState.SENT, DeliveryState.UNKNOWN):
        await _undelivered(work, ticket, reply, reply.fail("reply_came_back", told.detail))


async def lapse(work: Work, most: int) -> int:
    """How many were begun by somebody who never said how it ended, and are in doubt now."""
    lapsed = await work.outbox.take_lapsed(work.now, most)
    for reply in lapsed:
        ticket = await work.tickets.take_for_delivery(reply.ticket_id)
        work.record(ticket, reply.doubt("delivery_not_heard_of"))
    return len(lapsed)


async def retry(
    work: Work,
    reply_id: UUID,
    decision: RetryDecision = RetryDecision.SEND_AGAIN,
    expected_version: int | None = None,
) -> Replied:
    """What a person decided on a reply that failed, or of which nobody knows."""
    found = await work.replies.get(reply_id)
    if decision is RetryDecision.GIVE_UP:
        await work.publishers.hold((await work.outbox.ticket(found)).publisher_id)
    ticket = await work.tickets.take(found.ticket_id, expected_version)
    if not work.actor.handles(ticket.level_id):
        raise Forbidden("forbidden")
    reply = await work.outbox.take(reply_id, ticket)

    if decision is RetryDecision.GIVE_UP:
        await _undelivered(work, ticket, reply, reply.write_off("delivery_given_up_by_hand"))
    elif decision is RetryDecision.ARRIVED:
        work.record(ticket, *reply.arrived(work.now), *ticket.touch())
    else:
        work.record(ticket, reply.requeue(work.now), *ticket.touch())
    return Replied(reply, ticket)


async def _held(
    work: Work, attempt: Attempt, outcome: Outcome, *, alone: bool = False
) -> tuple[Reply, Ticket] | None:
    """Reply and ticket, held, where the attempt's end still counts.

    `alone`: nothing of the publisher is taken in meanwhile, for it could find the ticket closed.
    They are held in the order in which intake holds them.
    """
    found = await work.outbox.get(attempt.reply_id)
    if not found.hears(attempt.lease_id, outcome):
        return None
    if alone:
        await work.publishers.hold((await work.outbox.ticket(found)).publisher_id)
    ticket = await work.tickets.take_for_delivery(found.ticket_id)
    reply = await work.outbox.take(attempt.reply_id, ticket)
    return (reply, ticket) if reply.hears(attempt.lease_id, outcome) else None


async def _undelivered(work: Work, ticket: Ticket, reply: Reply, failed: Fact) -> None:
    """T21. A ticket that has a successor stays closed: the conversation goes on there."""
    closed = ticket.status is TicketStatus.CLOSED
    successor = await work.tickets.take_successor(ticket) if closed else None
    alert = AlertSent(became=ALERT, reply_id=reply.id, automated=True)
    if successor is not None:
        work.record(ticket, failed)
        work.record(successor, alert)
        return
    stands = ticket.removed_at is None and await work.entries.status_set_with(ticket.id, reply.id)
    if stands and states.allows(Trigger.UNDELIVERED, ticket.status, TicketStatus.OPEN):
        reopened = ticket.undelivered(reply.id, automated=failed.automated)
        failed = replace(reopened, concerns=failed.concerns)
    work.record(ticket, failed, alert)
