"""Whoever follows gets what was committed after his place, once and in order, whenever he joins."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

import pytest

from domain.model.entry import HistoryEntry
from domain.model.ticket import Ticket
from domain.operations import handling
from domain.position import BadCursor, Position, Stretch
from domain.words import TicketStatus
from feed import tail as tails
from feed.bell import Bell
from feed.tail import Follower, Tails
from server.lifespan import StoredFeed
from tests.world import World

SOON = 5.0
AT_ONCE = 0.05
TRIALS = 25


@dataclass
class Slow:
    """The real feed behind a door: every reading waits before it, and again with what it found."""

    feed: StoredFeed
    waiting: list[asyncio.Event] = field(default_factory=list)
    open: bool = False

    async def position(self) -> Position:
        await self._pause()
        found = await self.feed.position()
        await self._pause()
        return found

    async def since(
        self, workspace_id: UUID, seen: Position, until: Position | None = None
    ) -> Stretch:
        await self._pause()
        found = await self.feed.since(workspace_id, seen, until)
        await self._pause()
        return found

    async def _pause(self) -> None:
        if not self.open:
            self.waiting.append(door := asyncio.Event())
            await door.wait()

    def let_one_on(self, chance: Random) -> None:
        if self.waiting:
            self.waiting.pop(chance.randrange(len(self.waiting))).set()

    def let_all_on(self) -> None:
        self.open = True
        for door in self.waiting:
            door.set()
        self.waiting.clear()


async def noted(world: World, ticket: Ticket) -> UUID:
    """Something happens to the ticket; the id of the entry that tells it."""
    before = {each.id for each in await world.history(ticket)}
    await world.do(handling.note, ticket.id, "Nota")
    [fresh] = {each.id for each in await world.history(ticket)} - before
    return fresh


async def taken(follower: Follower, last: UUID) -> list[HistoryEntry]:
    """Everything up to an entry, which has to come, and whatever comes with it."""
    entries: list[HistoryEntry] = []
    while last not in {each.id for each in entries}:
        stretch = await follower.take(SOON)
        assert stretch is not None, "it never came"
        assert not stretch.truncated
        entries += stretch.entries
    return entries


async def position(world: World) -> Position:
    return await StoredFeed(world.storage).position()


async def test_a_follower_hears_what_is_committed_from_now_on(world: World, bell: Bell) -> None:
    ticket = await world.ticket(status=TicketStatus.OPEN)
    tails = Tails(StoredFeed(world.storage), bell)

    async with tails.follow(world.workspace.id) as follower:
        entry = await noted(world, ticket)
        heard = await taken(follower, entry)

    assert [each.id for each in heard] == [entry]


async def test_one_who_comes_with_his_place_first_gets_what_he_missed(
    world: World, bell: Bell
) -> None:
    ticket = await world.ticket(status=TicketStatus.OPEN)
    place = await position(world)
    missed = [await noted(world, ticket) for _ in range(3)]
    tails = Tails(StoredFeed(world.storage), bell)

    async with tails.follow(world.workspace.id, place) as follower:
        last = await noted(world, ticket)
        heard = await taken(follower, last)

    assert [each.id for each in heard] == [*missed, last]


@pytest.mark.parametrize("first", ["the tail", "the follower"])
async def test_joining_between_two_readings_neither_loses_nor_repeats(
    world: World, bell: Bell, first: str
) -> None:
    ticket = await world.ticket(status=TicketStatus.OPEN)
    feed = Slow(StoredFeed(world.storage), open=True)
    all_tails = Tails(feed, bell)
    async with all_tails.follow(world.workspace.id) as early:
        # The tail has this still to read when somebody comes who has seen half of it.
        feed.open = False
        seen = await noted(world, ticket)
        place = await position(world)
        unseen = await noted(world, ticket)
        late = all_tails.follow(world.workspace.id, place)
        joining = asyncio.create_task(late.__aenter__())
        await asyncio.sleep(0)
        while not joining.done() and feed.waiting:
            feed.waiting.pop(0 if first == "the tail" else -1).set()
            await asyncio.sleep(AT_ONCE)
        feed.let_all_on()
        follower = await joining
        last = await noted(world, ticket)

        assert [each.id for each in await taken(early, last)] == [seen, unseen, last]
        assert [each.id for each in await taken(follower, last)] == [unseen, last]
        await late.__aexit__(None, None, None)


async def test_whoever_joins_when_and_whatever_happens_meanwhile_each_gets_each_entry_once(
    world: World, bell: Bell
) -> None:
    """Readings, commits and joinings in a hundred orders."""
    tickets = [await world.ticket(status=TicketStatus.OPEN) for _ in range(3)]
    for seed in range(TRIALS):
        await trial(world, bell, tickets, Random(seed))


@dataclass
class Joined:
    """One who joins: with what he had seen, and what had happened by then."""

    before: int
    resumed: bool
    task: "asyncio.Task[Follower]"
    by: int | None = None
    """How much had happened when he was in."""


async def trial(world: World, bell: Bell, tickets: Sequence[Ticket], chance: Random) -> None:
    feed = Slow(StoredFeed(world.storage))
    all_tails = Tails(feed, bell)
    story: list[UUID] = []
    places = [(0, await position(world))]
    joined: list[Joined] = []
    async with AsyncExitStack() as stack:
        for _ in range(24):
            match chance.choice(["happen", "read", "read", "read", "join", "resume"]):
                case "happen":
                    story.append(await noted(world, chance.choice(tickets)))
                    places.append((len(story), await position(world)))
                case "read":
                    feed.let_one_on(chance)
                case "join":
                    following = all_tails.follow(world.workspace.id)
                    task = asyncio.create_task(stack.enter_async_context(following))
                    joined.append(Joined(len(story), False, task))
                case "resume":
                    before, place = chance.choice(places)
                    following = all_tails.follow(world.workspace.id, place)
                    task = asyncio.create_task(stack.enter_async_context(following))
                    joined.append(Joined(before, True, task))
            await asyncio.sleep(0)
            for each in joined:
                if each.by is None and each.task.done():
                    each.by = len(story)
        feed.let_all_on()
        followers = [await each.task for each in joined]
        story.append(await noted(world, tickets[0]))

        for each, follower in zip(joined, followers, strict=True):
            heard = [entry.id for entry in await taken(follower, story[-1])]
            if each.resumed:
                assert heard == story[each.before :]
            else:
                # He wanted what comes from now on; now is some moment of his joining.
                assert heard == story[len(story) - len(heard) :]
                least = len(story) - 1 if each.by is None else each.by
                assert len(story) - least <= len(heard) <= len(story) - each.before


async def test_a_place_that_nobody_can_have_seen_is_refused(world: World, bell: Bell) -> None:
    tails = Tails(StoredFeed(world.storage), bell)
    now = await position(world)
    far = 10**12
    ahead = f"{far}:{far}:" if now.is_snapshot else str(far)
    other_kind = "7" if now.is_snapshot else "7:7:"

    for text in (ahead, other_kind):
        with pytest.raises(BadCursor):
            async with tails.follow(world.workspace.id, Position.of(text)):
                pass
    assert not tails._tails


async def test_one_who_reads_slowly_is_told_to_read_again_and_holds_nobody_up(
    world: World, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "BACKLOG", 10)
    ticket = await world.ticket(status=TicketStatus.OPEN)
    all_tails = Tails(StoredFeed(world.storage), bell)
    async with (
        all_tails.follow(world.workspace.id) as slow,
        all_tails.follow(world.workspace.id) as quick,
    ):
        heard = []
        for _ in range(30):
            entry = await noted(world, ticket)
            heard += await taken(quick, entry)
            assert sum(len(each.entries) for each in slow._waiting) <= 10
            assert len(slow._waiting) <= 11

        stretch = await slow.take(SOON)
        assert stretch is not None
        entry = await noted(world, ticket)
        later = await taken(slow, entry)

    assert len(heard) == 30
    assert stretch.truncated
    assert [each.id for each in later] == [entry]


async def test_nothing_piles_up_where_nobody_wants_entries(world: World, bell: Bell) -> None:
    ticket = await world.ticket(status=TicketStatus.OPEN)
    all_tails = Tails(StoredFeed(world.storage), bell)
    async with (
        all_tails.follow(world.workspace.id) as follower,
        all_tails.follow(world.workspace.id, entries=False) as watcher,
    ):
        for _ in range(5):
            await taken(follower, await noted(world, ticket))

        [tail] = all_tails._tails.values()
        assert tail.followers == {follower, watcher}
        assert len(watcher._waiting) == 1


async def test_a_change_of_rights_is_told_though_nothing_happened_to_a_ticket(
    world: World, bell: Bell
) -> None:
    all_tails = Tails(StoredFeed(world.storage), bell)
    async with all_tails.follow(world.workspace.id, entries=False) as watcher:
        await world.person("Ana", level=world.triage)

        assert await watcher.take(SOON) is not None


async def test_the_last_one_to_leave_ends_the_reading(world: World, bell: Bell) -> None:
    before = asyncio.all_tasks()
    all_tails = Tails(StoredFeed(world.storage), bell)

    async with all_tails.follow(world.workspace.id):
        async with all_tails.follow(world.workspace.id):
            assert len(all_tails._tails) == 1
        assert len(all_tails._tails) == 1

    await asyncio.sleep(0)
    assert not all_tails._tails
    assert not {each for each in asyncio.all_tasks() - before if "tail" in each.get_name()}


async def test_without_a_ring_the_feed_is_read_within_the_sweep(
    world: World, bell: Bell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tails, "SWEEP", 0.1)
    world.storage = replace(world.storage, ring=lambda _: None)
    ticket = await world.ticket(status=TicketStatus.OPEN)
    all_tails = Tails(StoredFeed(world.storage), bell)

    async with all_tails.follow(world.workspace.id) as follower:
        entry = await noted(world, ticket)

        assert [each.id for each in await taken(follower, entry)] == [entry]


async def test_a_feed_that_cannot_be_read_for_a_while_is_read_on_afterwards(
    world: World, bell: Bell
) -> None:
    class Failing(StoredFeed):
        away = False

        async def since(
            self, workspace_id: UUID, seen: Position, until: Position | None = None
        ) -> Stretch:
            if self.away:
                raise OSError("the store is away")
            return await super().since(workspace_id, seen, until)

    feed = Failing(world.storage)
    ticket = await world.ticket(status=TicketStatus.OPEN)
    all_tails = Tails(feed, bell)
    async with all_tails.follow(world.workspace.id) as follower:
        feed.away = True
        missed = [await noted(world, ticket) for _ in range(2)]
        assert await follower.take(AT_ONCE) is None
        feed.away = False

        heard = await taken(follower, missed[-1])

    assert [each.id for each in heard] == missed
