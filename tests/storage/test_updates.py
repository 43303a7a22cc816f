"""Nobody's change is lost, whoever changes the same thing at the same time."""

import asyncio

from domain.operations import handling
from domain.work import Work
from tests.world import World

EACH, TOGETHER = 20, 20


async def test_of_400_changes_to_one_row_none_is_lost(world: World) -> None:
    level = world.triage

    async def count_one_more(work: Work) -> None:
        held = await work.levels.take(level.id)
        seen = held.version
        await asyncio.sleep(0)
        held.saved()
        assert held.version == seen + 1

    async def worker() -> None:
        for _ in range(EACH):
            await world.do(count_one_more)

    await asyncio.gather(*(worker() for _ in range(TOGETHER)))

    async with world.storage.reading(world.system) as work:
        assert (await work.levels.get(level.id)).version == 1 + EACH * TOGETHER


async def test_notes_written_at_once_are_all_numbered(world: World) -> None:
    ticket = await world.ticket()

    await asyncio.gather(
        *(world.do(handling.note, ticket.id, f"nota {number}") for number in range(40))
    )

    entries = await world.history(ticket)
    assert [entry.sequence for entry in entries] == list(range(1, 43))
    assert (await world.see(ticket)).interactions_count == 42
