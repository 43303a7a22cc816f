"""Answers that are kept: given again only as long as reading anew would give the same.

Every question at the desk is asked by running it, too (`bothways.py`): an answer that is kept too
long differs from that, whichever test asked for it.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from graphql import get_named_type
from sqlalchemy import Dialect, select, text

from domain.model.base import metadata
from domain.model.user import SESSION_LENGTH
from domain.operations import correcting, deadlines, handling, levelling, organizing
from domain.operations.correcting import PublisherForm
from domain.operations.organizing import UserForm
from domain.wanted import State, Unplanned
from domain.words import LevelRole, OutsideView, Role
from graph.fields import MODEL
from graph.kept import AROUND, HIT, INVALID, MISS, SHARE, Held, Kept
from graph.planned import PlannedAnswer
from graph.schema import build
from graph.selection import origin
from storage.belongings import BELONGINGS
from storage.states import SHOWN, LookedAt
from storage.straight import Asks, Straight
from storage.views import TicketViews
from storage.work import Storage
from tests.api.boards import HOUR, measured
from tests.api.desk import Desk, Json
from tests.api.documents import graph
from tests.api.office import POST, named
from tests.api.test_idempotency import ASKED, office_of
from tests.api.test_plans import PLANNED
from tests.world import Person, World

GRAPH: Any = graph(build())
WIDE = """query Wide($n: Int) { tickets(first: $n, orderBy: {field: UPDATED_AT}) {
  totalCount pageInfo { hasNextPage endCursor } nodes {
  id protocol version status closeReason priority subject snippet network tags leaseExpiresAt
  origin occurredAt openedAt updatedAt resolvedAt closedAt pendingUntil closesAt risk dueAt
  reopenCount transferCount interactionsCount allowedStatuses permissions
  type { name priority active level { name } } originLevel { name } openedBy { name }
  level { name enabled defaultPriority moderated grouping assignment groupOldOccurrences pullOrder
    batchSize claimLeaseSeconds commentRequired outsideView autoCloseAfterDays version }
  assignee { name email role grants active available }
  account { network name handle externalId enabled }
  publisher { name avatarUrl tags version ticketCount
    profiles { network handle url externalId followers } }
  previousTicket { protocol } mergedInto { protocol } nextTicket { protocol }
  occurrences(first: 9) { nodes { text kind publisher { name } attachments { fileName size } } }
  replies(first: 9) { nodes { text state attempts failure sentAt author { name } account { name }
    attachments { fileName } approval { state version } } }
  approval { state stale version reason moderator { name } }
  sla { metric cycle startedAt dueAt pausedAt metAt } nextDeadline { metric dueAt }
  history(last: 50) { nodes { id sequence groupId at kind actorName comment field from to automated
    version actor { name } } } } } }"""
FIGURES = "{ ticketCounts { total byStatus { status count } byPriority { priority count } } }"
ROUNDS = 12
LIST = "{ tickets(first: 9) { nodes { subject publisher { name } permissions } } }"


@dataclass
class Heard:
    """What became of the questions that were asked at a desk."""

    outcomes: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, desk: Desk) -> "Heard":
        heard = cls()
        desk.kept.tell = heard.outcomes.append
        return heard

    def take(self) -> list[str]:
        taken, self.outcomes[:] = list(self.outcomes), []
        return taken


async def warmed(desk: Desk, heard: Heard, *who: Person | str, document: str = LIST) -> None:
    """Everybody was answered, and would be answered the same out of memory."""
    for each in who:
        for _ in range(3):  # who is new is looked up first, then it is read, then it is there
            heard.take()
            await desk.ask(document, each)
            if HIT in heard.outcomes:
                break
        assert heard.take() == [HIT]


# ── every change ───────────────────────────────────────────────────────────────────────────────

CHANGED: Sequence[tuple[str, Json]] = [
    *((name, given) for name, given, _ in ASKED),
    ("saveAccount", {"id": "$account", "network": "SANDBOX", "name": "Outro nome"}),
    ("saveTicketType", {"id": "$type", "name": "Outro nome", "levelId": "$level"}),
    ("saveLevel", {"id": "$level", "name": "Outro nome"}),
    ("saveUser", {"id": "$user", "name": "Outra", "email": "$address", "role": "ATTENDANT"}),
    ("updatePublisher", {"publisherId": "$publisher", "tags": ["vip"]}),
    ("revealField", {"publisherId": "$publisher", "key": "email", "reason": "Conferir"}),
    ("recomputeSla", {"levelId": "$level", "dryRun": False}),
    ("setAvailability", {"available": False}),
    ("createApiKey", {"name": "Outra", "scopes": ["read"]}),
    ("touchPresence", {"ticketId": "$ticket", "mode": "VIEWING"}),
    ("testAccount", {"id": "$account"}),
    ("receiveOccurrences", {"occurrences": [POST]}),
]
OTHERWISE = {"signIn", "signOut", "refreshSession"}
"""What these do is said below, of who may ask."""


def test_every_mutation_is_tried() -> None:
    assert {name for name, _ in CHANGED} | OTHERWISE == set(GRAPH.type_map["Mutation"].fields)


def test_whatever_is_planned_is_read_from_tables_of_which_every_change_is_noted() -> None:
    things = [GRAPH.type_map[name] for name in (*PLANNED, "TicketType", "Profile")]
    models = {each.kind for each in BELONGINGS.values()}
    models |= {getattr(origin(kind), MODEL) for kind in things if hasattr(origin(kind), MODEL)}

    assert len(models) >= 12
    assert {str(model.__tablename__) for model in models} <= SHOWN


async def rows(world: World) -> dict[str, list[Any]]:
    """All that is shown of the workspace, as it is stored."""
    async with world.storage.reading(world.system) as work:
        found = {}
        for name in sorted(SHOWN):
            table = metadata.tables[name]
            mine = select(table).where(table.c.workspace_id == world.workspace.id)
            found[name] = sorted(map(str, (await work.session.execute(mine)).all()))
    return found


@pytest.mark.parametrize(
    ("mutation", "given"), CHANGED, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CHANGED)]
)
async def test_whatever_is_changed_is_in_the_next_answer(
    desk: Desk, mutation: str, given: Json
) -> None:
    office = await office_of(desk, given)
    world = desk.world
    [kind, *_] = await desk.ask("{ ticketTypes { id } }", office.boss)
    office.names["type"] = kind["id"]
    change = {"ticketId": office.names["ticket"], "typeId": kind["id"], "comment": "C"}
    change |= {"assigneeId": office.names["user"]}
    await desk.ask(asking("updateTicket"), office.boss, i=change)
    heard = Heard.at(desk)
    watching = [(office.boss, WIDE), (office.ana, WIDE), (office.boss, FIGURES)]
    for who, what in watching:
        await warmed(desk, heard, who, document=what)
    before, number = await rows(world), await at(world)

    answer = await desk.ask(asking(mutation), office.boss, i=named(given, office.names))

    assert answer["userErrors"] == []
    heard.take()
    for who, what in watching:
        await desk.ask(what, who)  # and by running it, which has to be the same
    after = await rows(world)
    assert (await at(world) != number) or after == before
    if after != before:
        assert HIT not in heard.take()


async def test_a_clock_that_was_breached_is_in_the_next_answer(desk: Desk) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    await world.ticket(level)
    heard = Heard.at(desk)
    await warmed(desk, heard, ana, document=WIDE)

    world.later(HOUR * 30)
    for clock_ran_out in (True, False):
        noticed = await world.do(deadlines.notice)
        assert bool(noticed) is clock_ran_out
        await desk.ask(WIDE, ana)
        assert heard.take() == ([INVALID] if clock_ran_out else [HIT])


async def test_what_another_process_did_is_in_the_next_answer(desk: Desk) -> None:
    world = desk.world
    account = await world.account()
    await world.watch(account, world.triage)
    publisher_id = (await world.heard(account)).publisher_id
    assert publisher_id is not None
    ana = await world.person("Ana", level=world.triage)
    heard = Heard.at(desk)
    await warmed(desk, heard, ana)
    # Nothing in common with the one that answers but the database.
    world.storage = replace(world.storage, ring=lambda workspace: None)

    for name in ("Um", "Dois", "Três"):
        await world.do(correcting.update, PublisherForm(id=publisher_id, name=name))
        [node] = (await desk.ask(LIST, ana))["nodes"]
        assert node["publisher"]["name"] == name

    assert heard.take() == [INVALID] * 3


# ── what is never kept ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "document",
    [
        "{ tickets { nodes { ageSeconds } } }",
        "{ tickets { serverTime } }",
        "{ tickets { feedCursor } }",
        "{ tickets { nodes { nextDeadline { remainingSeconds } } } }",
        "{ tickets { nodes { sla { state } } } }",
        "{ tickets(filter: {defaultPeriod: true}) { nodes { id } } }",
    ],
)
async def test_what_goes_by_the_clock_is_read_anew(desk: Desk, document: str) -> None:
    world = desk.world
    level = await measured(world)
    ana = await world.person("Ana", level=level)
    await world.ticket(level)
    heard = Heard.at(desk)

    for _ in range(4):
        world.later(HOUR / 2)
        await desk.ask(document, ana)

    assert HIT not in heard.take()
    assert len(desk.kept) == 0


# ── whose it is ────────────────────────────────────────────────────────────────────────────────


async def test_those_who_see_alike_share_and_nobody_else_does(desk: Desk) -> None:
    world = desk.world
    sales = await world.level("Vendas")
    await world.ticket(sales, subject="Segredo")
    one, two = [await world.person(name, level=sales) for name in ("Um", "Dois")]
    manager = await world.person("Três", level=sales, level_role=LevelRole.MANAGER)
    outside = await world.person("Fora", level=world.triage)
    heard = Heard.at(desk)
    await warmed(desk, heard, one)

    told = {}
    for who in (two, manager, outside):
        await desk.met(who)
        told[who.name] = (await desk.ask(LIST, who))["nodes"], heard.take()

    assert told["Dois"][1] == [HIT]
    assert told["Três"][1] == [MISS]
    assert told["Três"][0][0]["permissions"] != told["Dois"][0][0]["permissions"]
    assert told["Fora"] == ([], [MISS])


async def test_what_depends_on_the_person_is_kept_for_them_alone(desk: Desk) -> None:
    world = desk.world
    one, two = [await world.person(name, level=world.triage) for name in ("Um", "Dois")]
    for who in (one, two):
        ticket = await world.ticket(subject=who.name)
        await world.do(handling.start, ticket.id, by=who)
    heard = Heard.at(desk)
    mine = "{ tickets(filter: {mine: true}) { nodes { subject } } }"
    mails = "{ tickets { nodes { assignee { email } } } }"

    for document in (mine, mails):
        await warmed(desk, heard, one, document=document)
        of_one = await desk.ask(document, one)
        await desk.met(two)
        heard.take()
        assert await desk.ask(document, two) != of_one
        assert heard.take() == [MISS]


@pytest.mark.parametrize("gone", ["membership", "person", "key", "session", "role", "open level"])
async def test_nobody_is_given_what_they_may_no_longer_see(desk: Desk, gone: str) -> None:
    world = desk.world
    level = await world.level("Vendas", outside_view=OutsideView.FULL)
    ticket = await world.ticket(level, subject="Segredo")
    boss = await world.person("Chefe", role=Role.ADMIN)
    inside = await world.person("Ana", level=level if gone != "open level" else world.triage)
    colleague = await world.person("Bia", level=level if gone != "open level" else world.triage)
    who = await desk.key("read") if gone == "key" else await desk.token(inside)
    other = await desk.key("read") if gone == "key" else await desk.token(colleague)
    if gone != "open level":
        await world.arrange(level, outside_view=OutsideView.NONE)
    heard = Heard.at(desk)
    await warmed(desk, heard, who)
    assert await desk.ask(LIST, other) == await desk.ask(LIST, who)
    user = inside.user

    match gone:
        case "membership":
            await world.arrange(level, members=[levelling.MemberForm(user_id=colleague.id)])
        case "person" | "role":
            form = UserForm(
                id=user.id,
                name=user.name,
                email=user.email,
                role=Role.APPROVER if gone == "role" else user.role,
                active=gone == "role",
            )
            await world.do(organizing.save_user, form)
        case "key":
            keys = await desk.ask("{ apiKeys { id prefix } }", boss)
            [key] = [each["id"] for each in keys if who.startswith(f"gk_{each['prefix']}")]
            await desk.ask(asking("revokeApiKey"), boss, i={"id": key})
        case "session":
            await desk.ask("mutation { signOut { userErrors { code } } }", who)
        case "open level":
            await world.arrange(level, outside_view=OutsideView.NONE)

    # It is there again for somebody who had the same rights, and has them still.
    await warmed(desk, heard, other)
    desk.graphql.desk = desk.both.plain()
    answer = await desk.send(LIST, who)

    assert ticket.subject not in answer.text
    assert (answer.status_code == 401) is (gone in ("person", "key", "session"))
    assert HIT not in heard.take()


async def test_a_session_that_has_ended_by_itself_is_given_nothing(desk: Desk) -> None:
    token = await desk.token(await desk.world.person("Ana", level=desk.world.triage))
    await warmed(desk, Heard.at(desk), token)

    desk.world.later(SESSION_LENGTH)

    desk.graphql.desk = desk.both.plain()
    assert (await desk.send(LIST, token)).status_code == 401


# ── looks ──────────────────────────────────────────────────────────────────────────────────────


@dataclass
class SlowLine:
    """A line to the database on which answers are held up."""

    line: Straight
    found: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    @property
    def dialect(self) -> Dialect:
        return self.line.dialect

    async def rows(
        self, statement: str, values: Sequence[Any], *, anew: bool = False
    ) -> Sequence[Any]:
        self.asked += 1
        found = await self.line.rows(statement, values, anew=anew)
        self.found.set()
        await self.let_go.wait()
        return found

    @asynccontextmanager
    async def together(self) -> AsyncIterator[Asks]:
        async with self.line.together() as one:
            yield one

    async def close(self) -> None:
        return None


async def test_a_look_that_has_begun_does_not_count_for_who_asks_later(world: World) -> None:
    line = SlowLine(world.storage.database.straight)
    states = LookedAt(line)
    first = asyncio.create_task(states.look(world.workspace.id))
    await line.found.wait()

    await world.ticket()
    later = [asyncio.create_task(states.look(world.workspace.id)) for _ in range(20)]
    await asyncio.sleep(0)
    line.let_go.set()
    numbers = [each.number for each in await asyncio.gather(first, *later)]

    assert numbers[0] < numbers[1]
    assert len(set(numbers[1:])) == 1
    assert line.asked == 2


async def test_what_was_read_before_a_change_is_not_kept_as_of_after_it(desk: Desk) -> None:
    world, heard = desk.world, Heard.at(desk)
    ana = await world.person("Ana", level=world.triage)
    await warmed(desk, heard, ana, document=FIGURES)
    desk.graphql.desk = desk.both.plain()
    storage, line = desk.services.store, SlowLine(world.storage.database.straight)
    assert isinstance(storage, Storage)
    storage.views = TicketViews(line, lambda: storage.cursors, storage.clock, storage._terms)

    reading = asyncio.create_task(desk.ask(LIST, ana))
    await line.found.wait()
    await world.ticket()
    await storage.states.look(world.workspace.id)
    line.let_go.set()

    assert (await reading)["nodes"] == []
    assert len((await desk.ask(LIST, ana))["nodes"]) == 1


async def test_a_state_is_the_same_until_something_of_its_workspace_changes(world: World) -> None:
    states, workspace = LookedAt(world.storage.database.straight), world.workspace.id
    other = await World.founded(world.storage)

    async def number() -> int:
        return (await states.look(workspace)).number

    first = await number()
    await other.ticket()
    assert await number() == first
    await world.ticket()
    second = await number()
    assert second > first == first
    assert await number() == second
    assert states.last(workspace) == State(second, (await states.look(workspace)).access_version)


@pytest.mark.postgres
async def test_what_commits_late_is_seen_though_later_work_was_committed_before(
    world: World,
) -> None:
    states, workspace = LookedAt(world.storage.database.straight), world.workspace.id
    ticket = await world.ticket()
    async with world.storage.work(world.system) as early:
        await early.session.execute(text("SELECT pg_current_xact_id()"))
        await world.ticket()
        before = (await states.look(workspace)).number
        await handling.note(early, ticket.id, "Primeiro")

    assert (await states.look(workspace)).number > before


async def test_a_workspace_that_is_not_there_is_at_nothing(world: World) -> None:
    states = LookedAt(world.storage.database.straight)

    with pytest.raises(Unplanned):
        await states.look(world.triage.id)

    assert states.last(world.triage.id) is None


async def test_whoever_is_answered_has_seen_everything_done_before_they_asked(desk: Desk) -> None:
    """Many who ask and one who writes, at the same time."""
    heard, world = Heard.at(desk), desk.world
    ana = await world.person("Ana", level=world.triage)
    await warmed(desk, heard, ana)
    desk.graphql.desk = desk.both.plain()
    done, stale = 0, []

    async def read() -> None:
        while done < ROUNDS:
            known = done
            answer = await desk.ask("{ ticketCounts { total } }", ana)
            if answer["total"] < known:
                stale.append((answer, known))

    async def write() -> None:
        nonlocal done
        for _ in range(ROUNDS):
            await world.ticket()
            done += 1
            for _ in range(3):
                await desk.ask(LIST, ana)

    await asyncio.gather(write(), *(read() for _ in range(4)))

    assert stale == []
    assert HIT in heard.take()


# ── room ───────────────────────────────────────────────────────────────────────────────────────


def held(size: int, number: int = 1) -> Held:
    return Held(PlannedAnswer(b"." * (size - AROUND), {}), number)


async def test_what_it_was_asked_with_takes_room_too(desk: Desk) -> None:
    ana = await desk.world.person("Ana", level=desk.world.triage)
    await desk.met(ana)
    before = desk.kept.size

    for number in range(3):
        await desk.ask(LIST, ana, unused=str(number) * 10_000)

    assert desk.kept.size - before > 3 * 10_000


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    kept = Kept(SHARE * 2_000)
    for name in range(SHARE):
        kept.put(name, held(2_000))
    kept.find(0)

    kept.put("new", held(1_500))

    assert kept.find(1) is None
    assert all(kept.find(each) is not None for each in (0, 2, "new"))
    assert kept.size == (SHARE - 1) * 2_000 + 1_500


def test_an_answer_that_would_take_all_the_room_is_not_kept() -> None:
    kept = Kept(SHARE * 2_000)
    kept.put("a", held(2_000))
    kept.put("b", held(2_001))
    kept.put("a", held(1_200, number=2))

    assert kept.find("b") is None
    assert (kept.size, len(kept)) == (1_200, 1)


def asking(mutation: str) -> str:
    kind = get_named_type(GRAPH.type_map["Mutation"].fields[mutation].args["input"].type)
    return f"mutation($i: {kind}!) {{ {mutation}(input: $i) {{ userErrors {{ code field }} }} }}"


async def at(world: World) -> int:
    return (await world.storage.states.look(world.workspace.id)).number
