"""A new migration, drafted from what the models say beyond the ones there are; to be read and cut.

python scripts/migration.py "what it does"
"""

import asyncio
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from storage import migrating
from storage.engine import open_database

VERSIONS = migrating.FOLDER / "versions"


async def draft(what: str) -> None:
    with TemporaryDirectory() as folder:
        async with open_database(f"sqlite:///{Path(folder) / 'draft.db'}") as database:
            await migrating.migrate(database)
            async with database.writer.begin() as connection:
                await connection.run_sync(_draft, what)


def _draft(connection: Connection, what: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrating.FOLDER))
    config.attributes["connection"] = connection
    number = len(list(VERSIONS.glob("[0-9]*.py"))) + 1
    command.revision(config, what, autogenerate=True, rev_id=f"{number:04}")


def main() -> None:
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('Say what it does: make migration NAME="what it does"')
    asyncio.run(draft(sys.argv[1].strip()))


if __name__ == "__main__":
    main()
