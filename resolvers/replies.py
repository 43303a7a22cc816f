"""Replies: written by a mutation, and looked at."""

import asyncio
from collections.abc import Awaitable
from uuid import UUID

import strawberry
import structlog

from domain.answers import Replied
from domain.model.account import Account
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.operations import delivering, replying
from domain.operations.replying import ReplyForm
from domain.sentences import SENTENCES
from domain.words import CloseReason, RetryDecision, TicketStatus, Visibility
from resolvers.context import Info
from resolvers.inputs import VERSION, key, told, uuid, uuids

log = structlog.get_logger(__name__)
Row = strawberry.Parent[Reply]


@strawberry.input(description="Something written on a ticket.")
class ReplyInput:
    ticket_id: strawberry.ID = told("The ticket.")
    text: str = told("At most 40,000 characters, and no more than the network takes.")
    visibility: Visibility = told(
        "INTERNAL: a note among ourselves. PUBLIC and PRIVATE go to the publisher, as far as the "
        "account's network carries them."
    )
    account_id: strawberry.ID | None = told(
        "The account of the ticket's level that it goes out from; else the one last written to.",
        default=None,
    )
    send_as: TicketStatus | None = told(
        "The status it leaves the ticket in: OPEN, PENDING, RESOLVED or CLOSED, from the moment it "
        "is written. Else NEW and ESCALATED become OPEN.",
        default=None,
    )
    close_reason: CloseReason | None = told(
        "With CLOSED: why. ANSWERED when not said; a note has to say it.", default=None
    )
    attachment_ids: list[strawberry.ID] | None = told(
        "Files that the caller uploaded to this ticket and has not sent yet, at most ten.",
        default=None,
    )
    canned_reply_id: strawberry.ID | None = told(
        "The canned reply that the text was made from; its uses are counted.", default=None
    )
    based_on: str | None = told(
        "The feedCursor that its author was looking at. What the publisher wrote since then "
        "refuses it with STALE_REPLY, and nothing is kept.",
        default=None,
    )
    force: bool | None = told("true: send it whatever came meanwhile.", default=False)
    shorten_links: bool | None = told(
        "true: every link in the text is replaced by a short one of ours, before it is counted.",
        default=False,
    )
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def reply(info: Info, input: ReplyInput) -> Replied:
    form = ReplyForm(
        ticket_id=uuid(input.ticket_id, "Ticket", "ticketId"),
        text=input.text,
        visibility=input.visibility,
        account_id=uuid(input.account_id, "Account", "accountId"),
        send_as=input.send_as,
        close_reason=input.close_reason,
        attachment_ids=uuids(input.attachment_ids, "Attachment", "attachmentIds") or (),
        canned_reply_id=uuid(input.canned_reply_id, "CannedReply", "cannedReplyId"),
        shorten_links=bool(input.shorten_links),
        based_on=input.based_on,
        force=bool(input.force),
        expected_version=input.expected_version,
    )
    replied = await info.context.once(input, replying.reply, form)
    # From the request that wrote it to the deliveries that send it, a reply is followed by its id.
    log.info("reply", reply=str(replied.reply.id), state=replied.reply.state.value)
    return replied


@strawberry.input(description="What becomes of a reply that stopped on its way.")
class RetryReplyInput:
    reply_id: strawberry.ID = told("A reply that is FAILED or UNKNOWN.")
    decision: RetryDecision = told(
        "ARRIVED: it is there after all. GIVE_UP, of one that is UNKNOWN: it counts as not sent.",
        default=RetryDecision.SEND_AGAIN,
    )
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def retry_reply(info: Info, input: RetryReplyInput) -> Replied:
    return await info.context.once(
        input,
        delivering.retry,
        uuid(input.reply_id, "Reply", "replyId"),
        input.decision,
        input.expected_version,
    )


def ticket(reply: Row, info: Info) -> Awaitable[Ticket | None]:
    return info.context.loaders.ticket(reply.ticket_id)


async def mentions(reply: Row, info: Info) -> list[User]:
    loaders = info.context.loaders
    found = await asyncio.gather(*(loaders.user(UUID(each)) for each in reply.mentions))
    return [each for each in found if each is not None]


async def author(reply: Row, info: Info) -> User | None:
    return await info.context.loaders.user(reply.author_id) if reply.author_id else None


async def account(reply: Row, info: Info) -> Account | None:
    return await info.context.loaders.account(reply.account_id) if reply.account_id else None


def failure(reply: Row, info: Info) -> str | None:
    """Why it did not go out, for people, with what the network said of it."""
    if reply.failure is None:
        return None
    why = SENTENCES[reply.failure][info.context.locale]
    return f"{why} ({reply.failure_detail})" if reply.failure_detail else why
