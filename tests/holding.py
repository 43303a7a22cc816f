"""Replies that wait for approval, for whoever tests what becomes of them."""

from dataclasses import dataclass
from typing import Any

from domain.answers import Decided
from domain.model.account import Account
from domain.model.approval import Approval
from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import approving, replying
from domain.operations.approving import Verdict
from domain.operations.replying import ReplyForm
from domain.rules.access import Actor
from domain.words import ApprovalDecision, GroupingMode, Network, Role, Visibility
from tests.carrying import ANYTHING, carry
from tests.world import Person, World

WRITTEN = "Já estamos vendo o seu pedido."
APPROVE, EDIT, REJECT, WITHDRAW = ApprovalDecision


@dataclass
class Moderated:
    """A level in which what Ana writes waits for Mara."""

    world: World
    level: Level
    account: Account
    ana: Person
    mara: Person

    @classmethod
    async def set_up(cls, world: World, name: str = "Moderado", **settings: Any) -> "Moderated":
        carry(world, {Network.SANDBOX: ANYTHING})
        account = await world.account()
        usual = {"grouping": GroupingMode.PUBLISHER, "account_ids": [account.id]}
        level = await world.level(name, moderated=True, **{**usual, **settings})
        await world.watch(account, level)
        ana = await world.person("Ana", level=level)
        mara = await world.person("Mara", level=level, role=Role.SUPERVISOR)
        return cls(world, level, account, ana, mara)

    async def held(
        self,
        ticket: Ticket | None = None,
        text: str = WRITTEN,
        *,
        by: Person | None = None,
        **asked: Any,
    ) -> Approval:
        """What waits for a decision now, on a new ticket where none is named."""
        ticket = ticket or await self.world.heard(self.account, author=f"p{text}{self.world.now}")
        form = ReplyForm(
            ticket_id=ticket.id, text=text, **{"visibility": Visibility.PUBLIC, **asked}
        )
        said = await self.world.do(replying.reply, form, by=by or self.ana)
        assert said.approval is not None
        approval: Approval = said.approval
        return approval

    async def decide(
        self,
        approval: Approval,
        decision: ApprovalDecision = APPROVE,
        *,
        by: Person | Actor | None = None,
        **said: Any,
    ) -> Decided:
        verdict = Verdict(decision=decision, **said)
        decided: Decided = await self.world.do(
            approving.decide, approval.id, verdict, by=by or self.mara
        )
        return decided

    async def ticket(self, approval: Approval) -> Ticket:
        async with self.world.storage.reading(self.world.system) as work:
            return await work.tickets.get(approval.ticket_id)

    async def reply(self, approval: Approval) -> Reply:
        async with self.world.storage.reading(self.world.system) as work:
            return (await work.replies.find([approval.reply_id]))[approval.reply_id]

    async def now(self, approval: Approval) -> Approval:
        async with self.world.storage.reading(self.world.system) as work:
            return await work.approvals.get(approval.id)

    async def last(self, approval: Approval) -> list[HistoryEntry]:
        """What the last act wrote into the ticket's history."""
        history = await self.world.history(await self.ticket(approval))
        return [each for each in history if each.group_id == history[-1].group_id]
