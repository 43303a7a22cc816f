"""History tells the whole story: whatever happens, reading it gives the ticket as it is."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.errors import Refusal
from domain.model.account import Account
from domain.model.entry import HistoryEntry
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.operations import (
    correcting,
    deadlines,
    delivering,
    handling,
    pulling,
    recomputing,
    revealing,
    signing,
    timing,
)
from domain.operations.correcting import PublisherForm
from domain.operations.handling import TicketChange
from domain.rules.clocks import Clock
from domain.rules.membership import Face
from domain.sending import Declined, Doubtful, NotSent, Outcome, Sent
from domain.words import (
    CloseReason,
    DeliveryState,
    HistoryKind,
    Priority,
    RetryDecision,
    SlaMetric,
    TicketStatus,
)
from storage.access import columns
from tests.outbox import answered, claimed, settled
from tests.world import Person, World

MINUTES = st.integers(1, 30)
NEW, OPEN, ESCALATED, PENDING, AWAITING, RESOLVED, CLOSED = TicketStatus
H_, O_, R_ = columns(HistoryEntry), columns(Occurrence), columns(Reply)
WRITTEN = {HistoryKind.NOTE_ADDED, HistoryKind.REPLY_WRITTEN}
OUTCOMES: Sequence[Outcome | None] = (
    *(Sent("n"), Sent("n"), Declined("network_declined"), NotSent("network_unreachable")),
    *(Doubtful("network_no_answer"), None),
)


def folded(entries: Sequence[HistoryEntry]) -> dict[str, object]:
    """The state that the entries tell, and no more than they tell."""
    state: dict[str, object] = {"assignee": None}
    for entry in entries:
        if entry.field == "status":
            state["status"] = entry.became or state["status"]
        elif entry.field == "level":
            state["level"] = entry.became_id
        elif entry.field == "assignee":
            state["assignee"] = entry.became_id
        elif entry.field is not None:
            state[entry.field] = entry.became
    return state


async def agree(world: World, ticket: Ticket) -> None:
    """Count, sequence, versions, values and faces all say the same as the row."""
    seen, entries = await world.see(ticket), await world.history(ticket)
    assert seen.interactions_count == len(entries)
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[-1].version == seen.version

    groups: dict[UUID, list[HistoryEntry]] = {}
    for entry in entries:
        groups.setdefault(entry.group_id, []).append(entry)
    before: object = None
    told: list[HistoryEntry] = []
    for group in groups.values():
        assert all(entry.before == before for entry in group)
        before = group[0].after
        assert all(entry.after == before for entry in group)
        told += group
        tells(told, Face.of_json(dict(group[0].after)))
    assert Face.of_json(dict(entries[-1].after)) == seen.face


def tells(entries: Sequence[HistoryEntry], face: Face) -> None:
    """After each act, what was told so far is what the ticket had become."""
    state = folded(entries)
    assert state["status"] == face.status.value
    assert state["assignee"] == face.assignee_id
    assert state.get("priority", Priority.MEDIUM.value) == face.priority.value
    assert state.get("level", face.level_id) == face.level_id
    assert state.get("tags", "") == ", ".join(face.tags)


async def every_message_is_told(world: World) -> None:
    """What came in and what was written stands in a history, once; moved or not."""
    async with world.storage.reading(world.system) as work:
        read = work.session.scalars
        came = set(await read(select(O_.id).where(O_.workspace_id == world.workspace.id)))
        said = set(await read(select(R_.id).where(R_.workspace_id == world.workspace.id)))
        entries = list(
            await read(select(HistoryEntry).where(H_.workspace_id == world.workspace.id))
        )
    received = [each for each in entries if each.kind is HistoryKind.OCCURRENCE_RECEIVED]
    # A merge leaves a note on the other ticket too, with nothing written beside it.
    written = [each for each in entries if each.kind in WRITTEN and each.reply_id]
    assert Counter(each.occurrence_id for each in received) == Counter(came)
    assert Counter(each.reply_id for each in written) == Counter(said)


async def stands(world: World, ticket: Ticket) -> None:
    """Its clocks, kept act by act, are those that its whole history makes."""
    async with world.storage.reading(world.system) as work:
        entries = (await work.entries.whole([ticket.id]))[ticket.id]
        rows = (await work.clocks.of_tickets([ticket.id]))[ticket.id]
        faces = [Face.of_json(dict(entry.after)) for entry in entries]
        terms = await timing.terms_of(work, [face.terms_id for face in faces])
    keeper = timing.rebuild(entries, terms)
    stored = {(row.metric, row.cycle): row.clock for row in rows}
    timing.hold_on(keeper, {(row.metric, row.cycle): row for row in rows})
    for key, clock in keeper.clocks.items():
        assert _told(stored[key]) == _told(clock), (key, ticket.protocol)


def _told(clock: Clock) -> tuple[object, ...]:
    return (clock.is_open, clock.met_at, clock.cancelled_at, clock.running_since, clock.paused_at)


class Walk:
    """People, messages and the passing of time, at random, around a few tickets."""

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random
        self.tickets: dict[UUID, Ticket] = {}
        self.done = self.refused = 0

    async def settle_in(self) -> None:
        world = self.world
        quick = [(each, SlaMetric.FIRST_RESPONSE, 1800) for each in Priority]
        slow = [(each, SlaMetric.RESOLUTION, 7200) for each in Priority]
        measured = await world.level("Financeiro", sla_targets=[*quick, *slow])
        self.levels: list[Level] = [world.triage, measured]
        self.people: list[Person] = [
            await world.person(name, level=self.levels) for name in ("Ana", "Bia")
        ]
        self.account: Account = await world.account()

    async def step(self) -> None:
        world, random = self.world, self.random
        who = random.choice(self.people)
        ticket = random.choice(list(self.tickets.values())) if self.tickets else None
        self.done += 1
        try:
            kind = random.choice(
                ["message"] * 3
                + ["start", "status", "priority", "escalate", "note", "finish", "tags", "assign"]
                + [
                    "pull",
                    "time",
                    "merge",
                    "merge",
                    "move",
                    "subject",
                    "acknowledge",
                    "away",
                    "rules",
                ]
                + ["reply"] * 3
                + ["deliver"] * 3
                + ["decide"]
                + ["known", "look"]
            )
            if kind == "message" or ticket is None:
                heard = await world.heard(self.account, thread=f"P{random.randrange(3)}")
                self.tickets[heard.id] = heard
            elif kind == "start":
                await world.do(handling.start, ticket.id, by=who)
            elif kind == "known":
                form = PublisherForm(id=ticket.publisher_id, name=random.choice(["Maria", "M."]))
                await world.do(correcting.update, form, by=who)
            elif kind == "look":
                await world.do(revealing.reveal, ticket.publisher_id, "cpf", "porque", by=who)
            elif kind == "note":
                await world.do(handling.note, ticket.id, "nota", by=who)
            elif kind == "pull":
                await world.do(pulling.get_tickets, None, 2, by=who)
            elif kind == "time":
                world.later(timedelta(minutes=random.randrange(20)))
                await world.do(pulling.give_back)
                await world.do(pulling.wake)
                await world.do(deadlines.notice)
                await world.do(deadlines.close_silent)
            elif kind == "reply":
                status = random.choice([None, OPEN, PENDING, RESOLVED, CLOSED])
                await answered(world, ticket, by=who, send_as=status)
            elif kind == "deliver":
                await self.deliver()
            elif kind == "decide":
                await self.decide(who)
            elif kind == "rules":
                await self.recompute(random.choice(self.levels))
            elif kind == "escalate":
                level = random.choice(self.levels)
                await world.do(handling.escalate, ticket.id, level.id, "para lá", by=who)
            elif kind == "finish":
                await world.do(handling.finish, ticket.id, CloseReason.SPAM, "spam", by=who)
            elif kind == "merge":
                other = random.choice(list(self.tickets))
                await world.do(handling.merge, ticket.id, other, by=who)
            elif kind == "away":
                await world.do(signing.set_availability, random.random() < 0.5, by=who)
            elif kind == "acknowledge":
                reopened = (await world.see(ticket)).reopened_by_id
                await world.do(handling.acknowledge, ticket.id, reopened or who.id, by=who)
            else:
                await world.do(handling.update, ticket.id, self.change(kind), by=who)
        except Refusal:
            self.refused += 1

    async def deliver(self) -> None:
        """What is due is sent, and ends in any way; now and then nobody says how."""
        for attempt in await claimed(self.world):
            if (outcome := self.random.choice(OUTCOMES)) is not None:
                await settled(self.world, attempt, outcome)
        self.world.later(timedelta(minutes=self.random.randrange(3)))
        await self.world.do(delivering.lapse, 10)

    async def decide(self, who: Person) -> None:
        async with self.world.storage.reading(self.world.system) as work:
            rows = await work.session.scalars(
                select(R_.id).where(
                    R_.workspace_id == self.world.workspace.id,
                    R_.state.in_([DeliveryState.UNKNOWN, DeliveryState.FAILED]),
                )
            )
            stopped = sorted(rows)
        if stopped:
            decision = self.random.choice(list(RetryDecision))
            await self.world.do(delivering.retry, self.random.choice(stopped), decision, by=who)

    async def recompute(self, level: Level) -> None:
        """A level's deadlines are other ones, for its open tickets too."""
        minutes = self.random.randrange(10, 90)
        targets = [(each, SlaMetric.FIRST_RESPONSE, minutes * 60) for each in Priority]
        await self.world.arrange(level, sla_targets=targets)
        await self.world.do(recomputing.begin, level.id)
        await self.world.do(recomputing.recompute, level.id, None)

    def change(self, kind: str) -> TicketChange:
        random = self.random
        if kind == "status":
            status = random.choice(list(TicketStatus))
            until = self.world.now + timedelta(minutes=10)
            return TicketChange(
                status=status,
                close_reason=CloseReason.ANSWERED if status is TicketStatus.CLOSED else None,
                pending_until=until if status is TicketStatus.PENDING else None,
                priority=random.choice([None, *Priority]),
            )
        if kind == "priority":
            return TicketChange(priority=random.choice(list(Priority)), comment="porque sim")
        if kind == "tags":
            return TicketChange(add_tags=(random.choice("abc"),), remove_tags=("a",))
        if kind == "move":
            return TicketChange(level_id=random.choice(self.levels).id)
        if kind == "subject":
            return TicketChange(subject=f"Assunto {random.randrange(3)}")
        if random.random() < 0.3:
            return TicketChange(unassign=True)
        return TicketChange(assignee_id=random.choice(self.people).id)


async def test_after_500_acts_at_random_history_and_tickets_agree(world: World) -> None:
    walk = Walk(world, Random(1))
    await walk.settle_in()

    for _ in range(500):
        await walk.step()

    assert walk.refused < walk.done / 2
    assert len(walk.tickets) > 3
    for ticket in walk.tickets.values():
        await agree(world, ticket)
        await stands(world, ticket)
    await every_message_is_told(world)
    told = {kind for ticket in walk.tickets.values() for kind in await world.story(ticket)}
    assert set(HistoryKind) - told <= UNUSUAL


UNUSUAL = {
    HistoryKind.REMOVED,
    HistoryKind.TYPE_CHANGED,
    HistoryKind.ACKNOWLEDGED,
    HistoryKind.CLAIM_EXPIRED,
    HistoryKind.APPROVAL_REQUESTED,
    HistoryKind.APPROVAL_DECIDED,
    HistoryKind.PUBLISHER_CHANGED,
    HistoryKind.REVEALED,
    HistoryKind.OCCURRENCE_EDITED,
    HistoryKind.OCCURRENCE_DELETED,
    HistoryKind.ATTACHMENT_KEPT,
    HistoryKind.ATTACHMENT_LOST,
    HistoryKind.CALL_RECORDED,
    HistoryKind.HISTORY_REQUESTED,
    HistoryKind.HISTORY_SENT,
}


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(random=st.randoms(use_true_random=False), steps=MINUTES)
async def test_any_short_story_is_told_whole(world: World, random: Random, steps: int) -> None:
    walk = Walk(world, random)
    walk.account = await world.account()
    walk.levels = [world.triage]
    walk.people = [await world.person("Ana", level=world.triage)]

    for _ in range(steps):
        await walk.step()

    for ticket in walk.tickets.values():
        await agree(world, ticket)
