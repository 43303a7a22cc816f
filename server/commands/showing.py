"""guiche run, guiche demo: something to look at, a minute after the code was fetched."""

import asyncio
import ipaddress
import signal
from functools import partial
from uuid import UUID

from rich.progress import BarColumn, Progress, TextColumn

from feed.bell import Bell
from server import demo, simulator
from server.commands import serving
from server.commands.people import system_of
from server.commands.telling import Failed, carry_out, errors, out, prepared
from server.demo import DemoRefused, DemoSignIns
from server.demo_people import WORKSPACE
from server.opening import NOBODY, keyring, open_store, prepare, ringing
from server.settings import Settings
from storage import migrating
from storage.engine import open_database
from storage.work import Storage

EVERY = 8.0
"""Seconds between two messages of a simulated day."""


def run(host: str | None, port: int | None, simulate: bool) -> None:
    """The first start makes everything; later ones serve what is there."""
    settings = prepared(host=host, port=port)
    carry_out(_fit_to_show(settings), settings)
    at = serving.bound(settings)
    out.print("Bringing the database up to date …")
    carry_out(_migrate(settings), settings)
    carry_out(prepare(settings), settings)
    sign_ins = carry_out(_furnished(settings), settings)

    coming = partial(_posts, sign_ins.workspace_id) if sign_ins and simulate else None

    def started(address: str) -> None:
        if sign_ins is not None:
            _print(sign_ins)
        if coming is not None:
            out.print(f"\nA message comes in every {EVERY:.0f} seconds or so; with --still none.")
        out.print(
            f"\nGuichê answers at [bold]{address}/graphql[/bold] with GraphiQL. Ctrl-C ends it."
        )

    serving.listen(settings, at, started, coming)


def fill(simulate: bool) -> None:
    """Demo data in an empty database, and how its people sign in; then posts, if wanted."""
    settings = prepared()
    carry_out(_fit_to_show(settings), settings)
    if simulate:
        carry_out(_keep_posting(settings), settings)
    else:
        _print(carry_out(_fill(settings), settings))


async def _fit_to_show(settings: Settings) -> None:
    """Failed where one-time passwords on a screen have no place."""
    if settings.production:
        raise Failed("GUICHE_ENV says production: a demonstration does not belong there.")
    if settings.host == "localhost":
        return
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise Failed(f"A demonstration is for this machine only; HOST is {settings.host}.")


async def _migrate(settings: Settings) -> None:
    async with open_database(settings.database_url, pool_size=1) as database:
        await migrating.migrate(database)


async def _furnished(settings: Settings) -> DemoSignIns | None:
    """New sign-ins to the demo; none where somebody keeps a company of their own."""
    async with open_store(settings) as storage:
        async with storage.reading(NOBODY) as work:
            empty = not await work.identities.workspaces()
        if empty:
            return await _furnish(storage)
        try:
            return await demo.new_passwords(storage, production=settings.production)
        except DemoRefused:
            out.print("There is a workspace of your own here, so no demo sign-ins are made.")
            return None


async def _fill(settings: Settings) -> DemoSignIns:
    async with open_store(settings) as storage:
        try:
            return await _furnish(storage)
        except DemoRefused as refused:
            raise Failed(str(refused).capitalize() + ".") from None


async def _keep_posting(settings: Settings) -> None:
    """Posts for the demo that is there, made first where there is nothing, until stopped."""
    ending = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, ending.set)
    async with (
        Bell.open(settings.redis_url) as bell,
        open_store(settings, keyring(settings), ringing(bell)) as storage,
    ):
        async with storage.reading(NOBODY) as work:
            empty = not await work.identities.workspaces()
        if empty:
            _print(await _furnish(storage))
        actor, name = await system_of(storage, WORKSPACE)
        out.print(f"A message comes in at {name} every {EVERY:.0f} seconds or so. Ctrl-C ends it.")
        await _posts(actor.workspace_id, storage, ending)


async def _posts(workspace_id: UUID, storage: Storage, stop: asyncio.Event) -> None:
    await simulator.simulate(storage, workspace_id, every=EVERY, stop=stop)


async def _furnish(storage: Storage) -> DemoSignIns:
    out.print("Making a company to look at …")
    columns = TextColumn("{task.percentage:>3.0f} %"), BarColumn()
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
        task = bar.add_task("demo", total=1.0)
        return await demo.furnish(
            storage, production=False, on_progress=lambda done: bar.update(task, completed=done)
        )


def _print(sign_ins: DemoSignIns) -> None:
    """Plain columns: whoever reads them wants to copy them."""
    out.print(f"\n[bold]{sign_ins.workspace}[/bold]: sign-ins, shown this once")
    width = max(len(each.email) for each in sign_ins.people)
    for each in sign_ins.people:
        does = f"{each.role.value.lower()} {', '.join(each.levels)}".rstrip()
        out.print(f"  {each.email:{width}}  {each.password}  {each.name}, {does}", markup=False)
