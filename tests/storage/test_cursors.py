"""Cursors of the feed: good in one company, in one life of the database, for three days."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.position import BadCursor, Cursors, Position
from tests.world import World

NOW = datetime(2026, 9, 14, 12, tzinfo=UTC)
HOUSE, OTHER_HOUSE = uuid4(), uuid4()
CURSORS = Cursors(UUID(int=7))
SEEN = Position.of("100:110:103,105")


def forged(told: str, house: UUID = HOUSE) -> str:
    mark = urlsafe_b64decode(CURSORS.write(house, SEEN, NOW) + "==").decode().split(".")[0]
    return urlsafe_b64encode(f"{mark}.{int(NOW.timestamp())}.{told}".encode()).rstrip(b"=").decode()


def test_a_cursor_comes_back_as_the_position_it_was() -> None:
    for position in (SEEN, Position.of("4711")):
        assert CURSORS.read(HOUSE, CURSORS.write(HOUSE, position, NOW), NOW) == position


def test_a_cursor_is_good_for_72_hours() -> None:
    cursor = CURSORS.write(HOUSE, SEEN, NOW)

    CURSORS.read(HOUSE, cursor, NOW + timedelta(hours=72))
    with pytest.raises(BadCursor):
        CURSORS.read(HOUSE, cursor, NOW + timedelta(hours=72, seconds=1))


def test_a_cursor_of_another_company_or_another_life_is_refused() -> None:
    cursor = CURSORS.write(HOUSE, SEEN, NOW)

    with pytest.raises(BadCursor):
        CURSORS.read(OTHER_HOUSE, cursor, NOW)
    with pytest.raises(BadCursor):
        Cursors(uuid4()).read(HOUSE, cursor, NOW)


@given(st.text(max_size=80))
def test_what_is_no_cursor_is_refused_and_never_an_error(text: str) -> None:
    with pytest.raises(BadCursor):
        CURSORS.read(HOUSE, text, NOW)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "x",
        "-1",
        "1:2",
        "5:3:",
        "0:0:",
        "0:5:",
        "5:9:4",
        "5:9:9",
        "5:9:8,6",
        "5:9:6,6,",
        f"1:{2**63}:",
        "9" * 25,
        "5:9: 6",
        "5:9:6\n",
        "٣",
    ],
)
def test_a_position_that_no_database_told_is_refused(told: str) -> None:
    with pytest.raises(BadCursor):
        CURSORS.read(HOUSE, forged(told), NOW)


@pytest.mark.parametrize("moment", ["x", "1" * 30, "-1" * 9, "nan"])
def test_a_moment_that_is_none_is_refused(moment: str) -> None:
    mark = urlsafe_b64decode(CURSORS.write(HOUSE, SEEN, NOW) + "==").decode().split(".")[0]
    cursor = urlsafe_b64encode(f"{mark}.{moment}.5".encode()).decode()

    with pytest.raises(BadCursor):
        CURSORS.read(HOUSE, cursor, NOW)


async def test_a_position_of_the_other_kind_of_database_is_refused(
    world: World, store: str
) -> None:
    other = Position.of("5:9:6" if store == "sqlite" else "5")

    async with world.storage.feed() as feed:
        with pytest.raises(BadCursor):
            await feed.since(world.workspace.id, other)
