"""What waits for a decision: listed, looked at, decided."""

from collections.abc import Awaitable
from typing import Annotated, Any

import strawberry

from domain.answers import Decided
from domain.errors import NotFound
from domain.model.approval import Approval
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.operations import approving
from domain.operations.approving import Verdict
from domain.page import Page
from domain.rules import deciding
from domain.words import ApprovalDecision, ApprovalState
from resolvers import paging
from resolvers.context import Info
from resolvers.inputs import VERSION, key, told, uuid, uuids
from resolvers.paging import After, First

Row = strawberry.Parent[Approval]
LevelIds = Annotated[
    list[strawberry.ID] | None,
    strawberry.argument(description="Of these levels; else of all that the caller may see."),
]


async def one(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="The approval's id.")],
) -> Approval | None:
    gid: Any = id
    return await info.context.loaders.approval(gid.uuid) if gid.kind == "Approval" else None


async def page(
    info: Info,
    level_ids: LevelIds = None,
    states: Annotated[
        list[ApprovalState] | None,
        strawberry.argument(description="In one of these states; else in any."),
    ] = None,
    newest_first: Annotated[
        bool | None,
        strawberry.argument(description="true: last submitted first; else what waits longest."),
    ] = False,
    first: First = None,
    after: After = None,
) -> Page[Approval]:
    window = paging.window(first, after)
    try:
        levels = uuids(level_ids, "Level", "levelIds")
    except NotFound:
        levels = []  # what may not be seen does not exist: a list of nothing
    async with info.context.reading() as work:
        return await work.approvals.page(
            window, level_ids=levels, states=states, newest_first=bool(newest_first)
        )


@strawberry.input(description="What is decided on a reply that waits.")
class DecideApprovalInput:
    approval_id: strawberry.ID = told("What is decided on.")
    decision: ApprovalDecision = told(
        "What is decided. WITHDRAW is for the author, all else for others."
    )
    text: str | None = told(
        "With EDIT_AND_SEND: what is sent instead; the author's words are kept.", default=None
    )
    reason: str | None = told("Why; required with REJECT.", default=None)
    acknowledge_stale: bool | None = told(
        "true: what the publisher wrote after it was submitted was read.", default=False
    )
    expected_version: int | None = told(VERSION, default=None)
    idempotency_key: str | None = key()


async def decide(info: Info, input: DecideApprovalInput) -> Decided:
    verdict = Verdict(
        decision=input.decision,
        text=input.text,
        reason=input.reason,
        acknowledge_stale=bool(input.acknowledge_stale),
        expected_version=input.expected_version,
    )
    approval_id = uuid(input.approval_id, "Approval", "approvalId")
    return await info.context.once(input, approving.decide, approval_id, verdict)


def ticket(approval: Row, info: Info) -> Awaitable[Ticket | None]:
    return info.context.loaders.ticket(approval.ticket_id)


def reply(approval: Row, info: Info) -> Awaitable[Reply | None]:
    return info.context.loaders.reply(approval.reply_id)


def author(approval: Row, info: Info) -> Awaitable[User | None]:
    return info.context.loaders.user(approval.author_id)


async def moderator(approval: Row, info: Info) -> User | None:
    if approval.moderator_id is None:
        return None
    return await info.context.loaders.user(approval.moderator_id)


async def allowed_decisions(approval: Row, info: Info) -> list[ApprovalDecision]:
    ticket = await info.context.loaders.ticket(approval.ticket_id)
    if ticket is None or not approval.waits:
        return []
    return deciding.choices(info.context.me, approval.author_id, ticket.level_id)


def of_ticket(ticket: strawberry.Parent[Ticket], info: Info) -> Awaitable[Approval | None]:
    return info.context.loaders.ticket_approval(ticket.id)


def of_reply(reply: strawberry.Parent[Reply], info: Info) -> Awaitable[Approval | None]:
    return info.context.loaders.reply_approval(reply.id)
