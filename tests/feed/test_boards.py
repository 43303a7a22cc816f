"""A picture is made once for all who look, and the slow see fewer of them, never old ones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from domain.operations import handling
from domain.words import TicketStatus
from feed.bell import Bell
from feed.boards import Board, Boards, Shown
from feed.tail import Tails
from server.lifespan import StoredFeed
from tests.transport.house import until
from tests.world import World

SOON = 5.0
A_WHILE = 0.3
KEY = "the board"


@dataclass
class Counting:
    """Paints how often it looked; a new picture with everything that happens."""

    between: float = 0.0
    pause: float = 60.0
    looks: int = 0
    news: int = 0
    failing: int = 0
    same: bool = False

    async def look(self, *, news: bool) -> None:
        if self.failing:
            self.failing -= 1
            raise OSError("the store is away")
        self.looks += 1
        self.news += news

    def paint(self) -> int | None:
        return None if self.same else self.looks

    def rest(self) -> float:
        return self.pause


@dataclass
class Hall:
    """Where boards hang in a world in which something can happen."""

    world: World
    boards: Boards
    tails: Tails

    def before(self, painter: Counting, key: str = KEY) -> "Looking":
        return Looking(self, painter, key)

    async def happen(self) -> None:
        await self.world.ticket(status=TicketStatus.OPEN)


@dataclass
class Looking:
    hall: Hall
    painter: Counting
    key: str

    async def __aenter__(self) -> Board[int]:
        def paint() -> Counting:
            return self.painter

        workspace = self.hall.world.workspace.id
        self.context = self.hall.boards.before(self.key, workspace, paint)
        return await self.context.__aenter__()

    async def __aexit__(self, *_ended: object) -> None:
        await self.context.__aexit__(None, None, None)


@pytest.fixture
async def hall(world: World, bell: Bell) -> AsyncIterator[Hall]:
    tails = Tails(StoredFeed(world.storage), bell)
    boards = Boards(tails)
    yield Hall(world, boards, tails)
    await boards.close()
    await tails.close()


async def seen(board: Board[int], number: int) -> Shown[int]:
    async with asyncio.timeout(SOON):
        return await board.after(number)


def board_tasks() -> set[str]:
    names = {each.get_name() for each in asyncio.all_tasks()}
    return {each for each in names if each.startswith(("board:", "tail:"))}


async def test_fifty_who_look_cost_one_look(hall: Hall) -> None:
    painter = Counting()
    async with AsyncExitStack() as stack:
        boards = [await stack.enter_async_context(hall.before(painter)) for _ in range(50)]
        first = [await seen(each, 0) for each in boards]
        await hall.happen()
        second = [await seen(each, 1) for each in boards]

    assert {id(each) for each in boards} == {id(boards[0])}
    assert {each.picture for each in first} == {1}
    assert {each.picture for each in second} == {2}
    assert painter.looks == 2


async def test_another_key_is_another_board(hall: Hall) -> None:
    async with hall.before(Counting()) as one, hall.before(Counting(), "another") as other:
        assert one is not other


async def test_one_who_looks_seldom_sees_the_latest_only(hall: Hall) -> None:
    painter = Counting(pause=0.01)
    async with hall.before(painter) as board:
        first = await seen(board, 0)
        await until(lambda: painter.looks >= 20)
        late = await seen(board, first.number)

    assert late.picture >= 20
    assert late.number == late.picture


async def test_one_who_comes_late_sees_what_hangs_there_at_once(hall: Hall) -> None:
    painter = Counting()
    async with hall.before(painter) as board:
        await seen(board, 0)
        async with hall.before(painter) as same:
            shown = await seen(same, 0)

    assert shown.picture == 1
    assert painter.looks == 1


async def test_what_happens_in_quick_succession_is_one_picture(hall: Hall) -> None:
    painter = Counting(between=A_WHILE)
    async with hall.before(painter) as board:
        shown = await seen(board, 0)
        began = asyncio.get_running_loop().time()
        for _ in range(20):
            await hall.happen()
        took = asyncio.get_running_loop().time() - began
        shown = await seen(board, shown.number)
        await quiet(painter)

    assert painter.news - 1 <= took / A_WHILE + 2


async def quiet(painter: Counting) -> None:
    """Until nothing is left to look at."""
    while True:
        before = painter.looks
        await asyncio.sleep(2 * A_WHILE)
        if painter.looks == before:
            return


async def test_nothing_is_told_where_the_picture_is_the_same(hall: Hall) -> None:
    painter = Counting()
    async with hall.before(painter) as board:
        await seen(board, 0)
        painter.same = True
        await hall.happen()
        await until(lambda: painter.looks == 2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await board.after(1)


async def test_a_change_of_rights_shows_the_same_picture_again_at_once(hall: Hall) -> None:
    painter = Counting(between=60.0)
    async with hall.before(painter) as board:
        before = await seen(board, 0)

        await hall.world.person("Ana", level=hall.world.triage)
        after = await seen(board, before.number)

    assert after.picture is before.picture
    assert after.access_version > before.access_version


@pytest.mark.parametrize("failures", [1, 3])
async def test_a_store_that_is_away_for_a_while_leaves_what_hangs_there(
    hall: Hall, failures: int
) -> None:
    painter = Counting()
    async with hall.before(painter) as board:
        before = await seen(board, 0)
        painter.failing = failures
        await hall.happen()
        await until(lambda: painter.failing < failures)

        hanging = await seen(board, 0)
        after = await seen(board, before.number)
        await hall.happen()
        again = await seen(board, after.number)

    assert hanging.picture == before.picture
    assert (after.picture, again.picture) == (2, 3)


async def test_rights_that_changed_while_the_store_was_away_are_told_when_it_is_back(
    hall: Hall,
) -> None:
    painter = Counting()
    async with hall.before(painter) as board:
        before = await seen(board, 0)
        painter.failing, painter.same = 3, True
        await hall.happen()
        await until(lambda: painter.failing < 3)

        await hall.world.person("Ana", level=hall.world.triage)
        async with asyncio.timeout(SOON):
            while (shown := await board.after(before.number)).access_version == (
                before.access_version
            ):
                before = shown

    assert shown.picture == 1


async def test_a_board_is_taken_down_when_the_last_one_goes(hall: Hall) -> None:
    painter = Counting()
    async with hall.before(painter) as board:
        async with hall.before(painter):
            await seen(board, 0)
        assert board.lookers == 1
        assert len(board_tasks()) == 2

    assert not hall.boards._boards
    await gone(lambda: not board_tasks())
    assert not hall.tails._tails


async def test_the_next_one_after_the_last_gets_a_new_board(hall: Hall) -> None:
    first, second = Counting(), Counting()
    async with hall.before(first) as board:
        await seen(board, 0)
    async with hall.before(second) as other:
        shown = await seen(other, 0)

    assert other is not board
    assert (shown.picture, first.looks, second.looks) == (1, 1, 1)


async def test_one_who_is_interrupted_while_waiting_leaves_nothing_behind(hall: Hall) -> None:
    async def wait() -> None:
        async with hall.before(Counting()) as board:
            await board.after(1_000)

    waiting = asyncio.create_task(wait())
    await until(lambda: bool(hall.boards._boards))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert not hall.boards._boards
    await gone(lambda: not board_tasks())


async def test_closing_takes_every_board_down(hall: Hall) -> None:
    async with AsyncExitStack() as stack:
        for key in ("one", "two"):
            board = await stack.enter_async_context(hall.before(Counting(), key))
            await seen(board, 0)

        await hall.boards.close()

        await gone(lambda: not board_tasks())


async def gone(so: Callable[[], bool]) -> None:
    await until(so, SOON)


async def test_what_happens_while_it_is_being_read_is_not_missed(hall: Hall) -> None:
    """News that come in the middle of a look make another look."""
    reading, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Counting):
        async def look(self, *, news: bool) -> None:
            await super().look(news=news)
            if self.looks == 2:
                reading.set()
                await go_on.wait()

    painter = Slow()
    async with hall.before(painter) as board:
        await seen(board, 0)
        ticket = await hall.world.ticket(status=TicketStatus.OPEN)
        async with asyncio.timeout(SOON):
            await reading.wait()
        await hall.world.do(handling.note, ticket.id, "Nota")
        go_on.set()

        shown = await seen(board, 2)

    assert shown.picture == 3
