"""The history of a case, for its consumer: read, and sent by the means that were chosen.

It is read and printed before anything is held, for printing takes a while; what is said meanwhile
is not in it, and it says up to when it tells. It leaves as every reply does, through the queue.
Nobody wrote it, so it answers nothing: it moves no status and meets no clock but its own.
"""

from datetime import datetime
from uuid import UUID

from domain.answers import HistoryAsked
from domain.errors import Collision, Forbidden, Invalid, NotFound, NotSupportedByNetwork, Refusal
from domain.histories import Asking, History, Printed
from domain.model.attachment import Attachment
from domain.model.level import Level
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import addressing, proving, sealing, tracking
from domain.operations.addressing import Address
from domain.rules import files, histories
from domain.rules.access import Permission
from domain.rules.capability import FileShape
from domain.rules.histories import MESSAGES_MOST
from domain.tracking import Tracked
from domain.words import DeliveryState, FieldKind, HistoryMeans, Locale, Network, Visibility
from domain.work import Work

IDENTITIES = (FieldKind.CPF, FieldKind.EMAIL, FieldKind.PHONE)
MEANS = ("means",)


async def find(work: Work, protocol: str) -> UUID:
    """The ticket of that number, where the actor sees its level."""
    tracked = await proving.seen(work, protocol)
    if tracked is None or tracked.removed_at is not None:
        raise NotFound("protocol_unknown", field=["protocol"])
    return tracked.ticket_id


async def to_print(work: Work, ticket_id: UUID) -> tuple[UUID, History, Locale] | None:
    """Whose it is, what there is to print, and in which language; nothing, where what was asked for
    before is still on its way."""
    ticket = await work.tickets.get(ticket_id)
    _must_handle(work, ticket)
    if _on_its_way(await work.histories.last(ticket_id)):
        return None
    found = await work.protocols.called(ticket.protocol)
    tracked = next(each for each in found if each.ticket_id == ticket_id)
    workspace = await work.workspace()
    return ticket.publisher_id, await told(work, tracked), Locale(workspace.locale)


async def told(work: Work, tracked: Tracked) -> History:
    """What its consumer is told of the case, from its beginning."""
    workspace = await work.workspace()
    status = await tracking.told(work, tracked, partner=False)
    publisher = await work.publishers.get(tracked.publisher_id)
    known = [sealing.masked(work.secrets, publisher, kind) for kind in IDENTITIES]
    # One more than is shown says whether there are more.
    lines = await work.histories.lines(tracked.ticket_id, tracked.publisher_id, MESSAGES_MOST + 1)
    kept = histories.kept(lines)
    return History(
        protocol=status.protocol,
        company=workspace.name,
        time_zone=workspace.time_zone,
        made_at=work.now.replace(microsecond=0),
        consumer=publisher.name,
        known_as=[each for each in known if each],
        opened_at=status.opened_at,
        stage=status.stage,
        stages=status.stages,
        successor=status.successor,
        lines=kept,
        left_out=len(kept) < len(lines),
    )


async def request(work: Work, asked: Asking, printed: Printed | None) -> HistoryAsked:
    """On its way to the consumer. While what was asked for before is, that is the answer; where it
    could not be sent, it is sent anew and owed by the same day."""
    ticket = await work.tickets.take(asked.ticket_id, asked.expected_version)
    _must_handle(work, ticket)
    last = await work.histories.last(ticket.id)
    if last is not None and _on_its_way(last):
        return HistoryAsked(last, ticket)
    if printed is None or printed.publisher_id != ticket.publisher_id:
        raise Collision  # what was on its way arrived meanwhile, or it is another's case by now

    [level] = (await work.levels.find([ticket.level_id])).values()
    now = max(work.now, ticket.updated_at)
    file = files.examine(histories.file_name(ticket.protocol, printed.locale), printed.data)
    text = histories.cover(ticket.protocol, printed.locale)
    to = await _address(work, ticket, level, asked.means, text, file)
    reply = Reply.of(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.id,
        author_id=work.actor.user_id,
        account_id=to.account.id,
        answers_id=to.answers.id if to.answers else None,
        visibility=Visibility.PRIVATE,
        text=text,
        automated=True,
        now=now,
    )
    due_at = await _due(work, last, now)
    reply.carry_history(asked.means, printed.hash, due_at)
    reply.release(now)
    await work.replies.put([reply])
    await _attach(work, ticket, reply, file)
    if ticket.terms_id is None:
        ticket.come_under(level.terms_id)  # else nobody would watch its clock
    who = (await work.publishers.get(ticket.publisher_id)).name if asked.by_consumer else None
    facts = ticket.tell_history(reply.id, asked.means, due_at)
    work.record(ticket, *facts, actor_name=who)
    return HistoryAsked(reply, ticket)


def _must_handle(work: Work, ticket: Ticket) -> None:
    """Whoever handles it, and partners who may ask by its number."""
    partner = work.actor.user_id is None and work.actor.can(Permission.PROTOCOLS_READ)
    if not (partner or work.actor.handles(ticket.level_id)):
        raise Forbidden("forbidden")


def _on_its_way(last: Reply | None) -> bool:
    """Where it failed it is not, and nobody can take for sent what is in doubt."""
    stopped = (DeliveryState.SENT, DeliveryState.FAILED)
    return last is not None and DeliveryState(last.state) not in stopped


async def _due(work: Work, last: Reply | None, now: datetime) -> datetime:
    """Owed since it was asked for, however often it failed since."""
    if last is not None and last.sent_at is None and last.history_due_at is not None:
        return last.history_due_at
    return histories.due_at(now, (await work.workspace()).time_zone)


async def _attach(work: Work, ticket: Ticket, reply: Reply, file: files.Examined) -> None:
    kept = Attachment.of(file, workspace_id=ticket.workspace_id, now=work.now, ticket_id=ticket.id)
    kept.go_with(reply.id)
    # Before the row: what the row names is there. Should the row not come, the bytes are swept.
    await work.files.put(kept.storage_key, file.data)
    await work.attachments.put([kept])


# ── where it goes ────────────────────────────────────────────────────────────────────────────


async def _address(
    work: Work, ticket: Ticket, level: Level, means: HistoryMeans, text: str, file: files.Examined
) -> Address:
    """Never in public, whatever the conversation was, and to nobody else who wrote in it."""
    private, theirs = Visibility.PRIVATE, ticket.publisher_id
    account_id = await _mailbox(work, ticket, level) if means is HistoryMeans.EMAIL else None
    shape = FileShape(file.file_name, file.media_type, file.size)
    try:
        to = await addressing.address(work, ticket, level, private, account_id, theirs)
        await addressing.must_carry(work, ticket, to, private, text, [shape])
    except Refusal as refusal:
        if refusal.sentence == "publisher_not_there" and means is HistoryMeans.EMAIL:
            raise NotSupportedByNetwork("history_no_email", field=MEANS) from None
        refusal.field = MEANS  # whatever it is about, nothing else was chosen here
        raise
    return to


async def _mailbox(work: Work, ticket: Ticket, level: Level) -> UUID:
    """The account of e-mail that the ticket came by, else one of its level."""
    ours = (await work.levels.accounts([level.id]))[level.id]
    mailboxes = [each.id for each in ours if each.network is Network.EMAIL and each.enabled]
    if not mailboxes:
        raise Invalid("history_no_mailbox", field=MEANS, level=level.name)
    return ticket.account_id if ticket.account_id in mailboxes else mailboxes[0]
