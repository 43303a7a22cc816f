"""At 200,000 tickets what people wait for is read by an index, and no further than needed."""

import re
from pathlib import Path
from uuid import UUID

import pytest

from channels import registry
from domain.model.base import metadata
from domain.position import Cursors
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from storage.files import FileStore
from storage.work import Storage
from tests.storage import hot
from tests.storage.full import Full

PAGE = Path(__file__).parents[2] / "docs" / "statements.md"


async def test_nothing_that_is_asked_often_reads_or_sorts_what_it_does_not_show(
    store: str, empty_url: str, keyring: Keyring
) -> None:
    async with open_database(empty_url) as database:
        await migrating.migrate(database)
        storage = Storage(
            database, keyring, Cursors(UUID(int=0)), FileStore.at("memory://"), registry
        )
        full = await Full.grown(storage)

        found = {each.name: await hot.plans(full, each) for each in hot.questions(full)}

    assert {name: flaws for name, plan in found.items() if (flaws := plan.flaws)} == {}
    # By name alone: between what costs nearly the same, either database chooses anew each time.
    assert list(found) == list(told(store))


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_the_indexes_that_are_told_of_are_there(database: str) -> None:
    known = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    keys = {str(key.name) for table in metadata.tables.values() for key in table.constraints}

    named = {each for cell in told(database).values() for each in re.findall(r"`(\w+)`", cell)}

    assert {each for each in named if not each.startswith("sqlite_")} <= known | keys


def told(store: str) -> dict[str, str]:
    """What docs/statements.md says of this database."""
    rows = PAGE.read_text().split(hot.TABLE_HEAD)[1].strip().splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    column = {"postgres": 1, "sqlite": 2}[store]
    return {each[0]: each[column] for each in cells}
