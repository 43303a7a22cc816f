"""guiche migrate, restored, check: the database brought up to date, and looked over."""

from feed.bell import Bell
from server.commands.telling import Failed, carry_out, errors, out, prepared
from server.opening import open_store
from server.settings import SECRET_LENGTH, Settings
from storage import durability, migrating, restoring
from storage.engine import open_database


def migrate() -> None:
    settings = prepared()
    revision = carry_out(_migrate(settings), settings)
    out.print(f"The database is at schema {revision}.")


async def _migrate(settings: Settings) -> str:
    async with open_database(settings.database_url, pool_size=1) as database:
        return await migrating.migrate(database)


def restored() -> None:
    settings = prepared()
    carry_out(_restored(settings), settings)
    out.print("The database begins anew: lists that are followed are read again.")


async def _restored(settings: Settings) -> None:
    async with open_database(settings.database_url, pool_size=1) as database:
        await migrating.require_current(database)
        await restoring.begin_anew(database)


def check() -> None:
    settings = prepared()
    carry_out(_check(settings), settings)


async def _check(settings: Settings) -> None:
    """One line for each thing that has to be right; Failed when one is not."""
    findings = [
        *await _database(settings),
        ("Redis", await _redis(settings)),
        ("SECRET_KEY", _secret(settings)),
    ]
    for thing, wrong in findings:
        if wrong is None:
            out.print(f"[green]ok[/green]     {thing}")
        else:
            errors.print(f"[red]wrong[/red]  {thing}: {wrong}")
    bad = sum(wrong is not None for _, wrong in findings)
    if bad:
        raise Failed(f"{bad} of {len(findings)} are not as they should be.")


async def _database(settings: Settings) -> list[tuple[str, str | None]]:
    async with open_store(settings) as storage:
        weak = await durability.weaknesses(storage.database)
        strange = await migrating.differences(storage.database)
        foreign = await restoring.is_foreign(storage.database)
    return [
        ("the database answers, and its schema is current", None),
        ("its tables are what this version needs", _listed([str(each) for each in strange])),
        (
            "its history was written here",
            "it was restored from a backup; run: guiche restored" if foreign else None,
        ),
        ("what it confirms survives a crash", _listed(weak)),
    ]


async def _redis(settings: Settings) -> str | None:
    async with Bell.open(settings.redis_url) as bell:
        if bell.connected:
            return None
    return "it does not answer; changes still arrive, up to 2 seconds later"


def _secret(settings: Settings) -> str | None:
    length = len(settings.secret_key.get_secret_value())
    return None if length >= SECRET_LENGTH else f"{length} characters are too few"


def _listed(found: list[str]) -> str | None:
    return ", ".join(found) or None
