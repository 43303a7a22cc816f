"""docs/statements.md, written anew: by which index each question is answered at 200,000 tickets.

    .venv/bin/python -m scripts.statements

Both databases are made for the occasion; DATABASE_URL may name a PostgreSQL to make one in.
"""

import asyncio
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

from bench.stage import database as beside
from channels import registry
from domain.position import Cursors
from server.secrets import Keyring
from storage import migrating
from storage.engine import open_database
from storage.files import FileStore
from storage.work import Storage
from tests import services
from tests.storage import hot
from tests.storage.full import Full

PAGE = Path(__file__).parent.parent / "docs" / "statements.md"


async def seen(url: str) -> dict[str, hot.Plan]:
    async with open_database(url) as database:
        await migrating.migrate(database)
        keyring = Keyring("a secret key that is only for this")
        files = FileStore.at("memory://")
        full = await Full.grown(Storage(database, keyring, Cursors(UUID(int=0)), files, registry))
        return {each.name: await hot.plans(full, each) for each in hot.questions(full)}


async def write(postgres: str) -> int:
    with tempfile.TemporaryDirectory(prefix="guiche-statements-") as folder:
        sqlite = await seen(f"sqlite:///{Path(folder) / 'guiche.db'}")
    async with beside(postgres) as url:
        found = await seen(url)
    for name, plan in (*sqlite.items(), *found.items()):
        for flaw in plan.flaws:
            print(f"{name}: {flaw}", file=sys.stderr)
    rows = [
        f"| {name} | {hot.listed(found[name])} | {hot.listed(plan)} |"
        for name, plan in sqlite.items()
    ]
    before = PAGE.read_text().split(hot.TABLE_HEAD)[0]
    PAGE.write_text("\n".join([before + hot.TABLE_HEAD, *rows, ""]))
    return int(any(plan.flaws for plan in (*sqlite.values(), *found.values())))


def main() -> None:
    with ExitStack() as stack:
        postgres = stack.enter_context(services.postgres())
        sys.exit(asyncio.run(write(postgres)))


if __name__ == "__main__":
    main()
