"""Whether what the database confirms is still there after a crash of the machine."""

from sqlalchemy import text

from storage.engine import Database

NEEDED = ("fsync", "full_page_writes", "synchronous_commit")


async def weaknesses(database: Database) -> list[str]:
    """The settings that are off and must not be; SQLite is opened with its own safe ones."""
    if database.is_sqlite:
        return []
    asked = text(
        "SELECT name || ' = off' FROM pg_settings"
        " WHERE name = ANY(:needed) AND setting = 'off' ORDER BY name"
    )
    async with database.reader.connect() as connection:
        return list(await connection.scalars(asked, {"needed": list(NEEDED)}))
