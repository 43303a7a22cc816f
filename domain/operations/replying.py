"""Answering: what is written to the publisher, from its checks to the queue or the moderators."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.answers import Replied
from domain.errors import Forbidden, Invalid, NotFound, StaleReply
from domain.model.approval import Approval
from domain.model.attachment import Attachment
from domain.model.level import Level
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import addressing, handling, linking
from domain.position import BadCursor
from domain.rules import checking, moderation
from domain.rules.capability import FILES_MOST, FileShape
from domain.rules.wording import TEXT_LENGTH
from domain.words import CloseReason, TicketStatus, Visibility
from domain.work import Work


@dataclass(frozen=True, kw_only=True)
class ReplyForm:
    """What somebody wants to say on a ticket, and how."""

    ticket_id: UUID
    text: str
    visibility: Visibility
    account_id: UUID | None = None
    send_as: TicketStatus | None = None
    close_reason: CloseReason | None = None
    attachment_ids: Sequence[UUID] = ()
    canned_reply_id: UUID | None = None
    """What it was written from, to be counted."""
    shorten_links: bool = False
    based_on: str | None = None
    """The feed's cursor that its author was looking at."""
    force: bool = False
    expected_version: int | None = None


async def reply(work: Work, asked: ReplyForm, *, automated: bool = False) -> Replied:
    """A note kept; or a reply on its way, or before the moderators, with its status in force."""
    ticket = await handling.handled(work, asked.ticket_id, asked.expected_version)
    await _must_be_fresh(work, ticket, asked)
    text = await _text(work, asked)
    files = await _files(work, asked)
    await _count(work, asked)
    if asked.visibility is Visibility.INTERNAL:
        return await _note(work, ticket, asked, text, files)
    intended = ticket.left_as(asked.send_as)
    level = await work.levels.get(ticket.level_id)
    written = await _written(work, ticket, level, asked, text, files, automated=automated)

    if await _held(work, level, written):
        return await _submit(work, ticket, written, intended)
    written.release(written.written_at)
    facts = ticket.send(
        written.id,
        now=work.now,
        send_as=written.send_as,
        close_reason=written.close_reason,
        automated=automated,
    )
    work.record(ticket, *facts)
    return Replied(written, ticket)


async def _written(
    work: Work,
    ticket: Ticket,
    level: Level,
    asked: ReplyForm,
    text: str,
    files: Sequence[Attachment],
    *,
    automated: bool,
) -> Reply:
    """The reply with its address and its files; the refusal names what its network cannot carry."""
    close_reason = _close_reason(asked)
    to = await addressing.address(work, ticket, level, asked.visibility, asked.account_id)
    shapes = [FileShape(each.file_name, each.media_type, each.size) for each in files]
    await addressing.must_carry(work, ticket, to, asked.visibility, text, shapes)

    written = Reply.of(
        workspace_id=ticket.workspace_id,
        ticket_id=ticket.id,
        author_id=work.actor.user_id,
        account_id=to.account.id,
        answers_id=to.answers.id if to.answers else None,
        visibility=asked.visibility,
        text=text,
        send_as=asked.send_as,
        close_reason=close_reason,
        automated=automated,
        # Whoever waited for the ticket writes after the one who had it, whenever they came to it.
        now=max(work.now, ticket.updated_at),
    )
    await work.replies.put([written])
    for each in files:
        each.go_with(written.id)
    return written


async def _note(
    work: Work, ticket: Ticket, asked: ReplyForm, text: str, files: Sequence[Attachment]
) -> Replied:
    if len(files) > FILES_MOST:
        raise Invalid("too_many", field=["attachmentIds"], most=FILES_MOST, count=len(files))
    noted = await handling.note_on(
        work, ticket, text, send_as=asked.send_as, close_reason=asked.close_reason
    )
    for each in files:
        each.go_with(noted.reply.id)
    return noted


async def _text(work: Work, asked: ReplyForm) -> str:
    text = checking.text(asked.text, ["text"], TEXT_LENGTH)
    return (await linking.shorten(work, text)).text if asked.shorten_links else text


async def _files(work: Work, asked: ReplyForm) -> Sequence[Attachment]:
    """What was uploaded for it, held: nobody sends the same file along twice."""
    try:
        return await work.attachments.take_uploaded(asked.attachment_ids, asked.ticket_id)
    except NotFound as missing:
        raise missing.within(["attachmentIds"]) from None


async def _count(work: Work, asked: ReplyForm) -> None:
    """One more use of the canned reply that it was written from."""
    if asked.canned_reply_id is None:
        return
    try:
        await work.canned_replies.used(asked.canned_reply_id)
    except NotFound as missing:
        raise missing.within(["cannedReplyId"]) from None


async def _submit(work: Work, ticket: Ticket, written: Reply, intended: TicketStatus) -> Replied:
    """Put to the moderators: nothing leaves, and the ticket waits."""
    if written.author_id is None:
        raise Forbidden("people_only")  # an approval goes back to somebody
    approval = Approval.submit(
        written,
        ticket_id=ticket.id,
        author_id=written.author_id,
        intended=intended,
        previous=ticket.status,
        now=work.now,
    )
    await work.approvals.put([approval])
    work.record(ticket, ticket.hold(reply_id=written.id, approval_id=approval.id))
    return Replied(written, ticket, approval)


async def _held(work: Work, level: Level, written: Reply) -> bool:
    me, exempt = work.actor.user_id, False
    if level.moderated and me is not None:
        mine = (await work.levels.memberships([me]))[me]
        exempt = any(each.exempt for each in mine if each.level_id == level.id)
    return moderation.holds(
        moderated=level.moderated,
        exempt=exempt,
        visibility=written.visibility,
        automated=written.automated,
    )


async def _must_be_fresh(work: Work, ticket: Ticket, asked: ReplyForm) -> None:
    """Nothing came while it was written. The ticket is held: nothing comes from here on."""
    if asked.based_on is None:
        return
    try:
        missed = await work.entries.inbound_after(ticket.id, asked.based_on)
    except BadCursor:
        raise Invalid("based_on_invalid", field=["basedOn"]) from None
    if missed and not asked.force:
        raise StaleReply(new_entries=missed, cursor=await work.position())


def _close_reason(asked: ReplyForm) -> CloseReason | None:
    """Whoever answers and closes has answered, unless they say otherwise."""
    if asked.send_as is TicketStatus.CLOSED:
        if asked.close_reason is CloseReason.MERGED:
            raise Invalid("merged_is_for_merging", field=["closeReason"])
        return asked.close_reason or CloseReason.ANSWERED
    if asked.close_reason is not None:
        raise Invalid("close_reason_alone", field=["closeReason"])
    return None
