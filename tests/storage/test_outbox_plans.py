"""What is to be sent is looked for many times a second: that must not grow with what was sent."""

from typing import Any

from sqlalchemy import event, text

from tests.world import World

INDEX = "ix_reply_under_way"


async def test_what_is_to_be_sent_is_found_by_its_own_small_index(world: World) -> None:
    database = world.storage.database
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "FROM reply" in statement:
            asked.append((statement, parameters))

    event.listen(database.reader.sync_engine, "before_cursor_execute", note)
    try:
        async with world.storage.due() as due:
            await due.deliveries(world.now)
            await due.next_delivery(world.now)
    finally:
        event.remove(database.reader.sync_engine, "before_cursor_execute", note)

    plans = [await plan(world, *each) for each in asked]
    assert len(plans) == 2
    assert all(INDEX in each for each in plans), plans


async def plan(world: World, statement: str, parameters: Any) -> str:
    """How the database goes about it, where it may not simply read the whole table."""
    database = world.storage.database
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    async with database.reader.connect() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = await connection.exec_driver_sql(f"{explain} {statement}", tuple(parameters))
        return "\n".join(" ".join(str(part) for part in row) for row in rows)
