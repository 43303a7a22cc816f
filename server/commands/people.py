"""guiche workspace, user and key: who may use this installation at all."""

from uuid import UUID

from domain.errors import Duplicate
from domain.model.workspace import Workspace
from domain.operations import levelling, organizing, signing
from domain.operations.levelling import LevelForm
from domain.operations.organizing import UserForm
from domain.rules import access
from domain.rules.access import Actor
from domain.words import Role
from domain.work import Work
from server.commands.telling import Failed, carry_out, out, prepared
from server.opening import NOBODY, open_store
from server.settings import Settings
from storage.work import Storage

FALLBACK_LEVEL = "Triagem"


def add_workspace(name: str) -> None:
    settings = prepared()
    workspace = carry_out(_add_workspace(settings, name), settings)
    out.print(f"Workspace {workspace.name} is ready; what has no other level goes to Triagem.")


async def _add_workspace(settings: Settings, name: str) -> Workspace:
    async with open_store(settings) as storage:
        workspace = await _founded(storage, name)
        async with storage.work(access.system(workspace.id)) as work:
            if not await work.ticket_types.all():
                organizing.usual_types(work)
            await levelling.save_level(work, LevelForm(name=FALLBACK_LEVEL))
        return workspace


async def _founded(storage: Storage, name: str) -> Workspace:
    """A new workspace, or one of that name whose founding was cut short."""
    try:
        async with storage.work(NOBODY) as work:
            return await organizing.found_workspace(work, name)
    except Duplicate:
        async with storage.reading(NOBODY) as work:
            found = await work.identities.workspace_named(" ".join(name.split()))
        if found is None or found.fallback_level_id is not None:
            raise
        return found


def add_user(email: str, role: str, workspace: str | None, name: str | None, password: str) -> None:
    settings = prepared()
    form = UserForm(
        name=name or email.partition("@")[0], email=email, role=Role(role), password=password
    )
    where = carry_out(_add_user(settings, workspace, form), settings)
    out.print(f"{form.name} can sign in to {where} as {role}.")


async def _add_user(settings: Settings, workspace: str | None, form: UserForm) -> str:
    async with open_store(settings) as storage:
        actor, where = await system_of(storage, workspace)
        async with storage.work(actor) as work:
            await organizing.save_user(work, form)
        return where


def add_key(name: str, scopes: list[str], levels: list[str], workspace: str | None) -> None:
    settings = prepared()
    secret = carry_out(_add_key(settings, workspace, name, scopes, levels), settings)
    out.print("The key, shown this once:", style="dim")
    out.print(secret, markup=False)


async def _add_key(
    settings: Settings, workspace: str | None, name: str, scopes: list[str], levels: list[str]
) -> str:
    async with open_store(settings) as storage:
        actor, _ = await system_of(storage, workspace)
        async with storage.work(actor) as work:
            shown = [await _level(work, each) for each in levels]
            made = await signing.make_key(work, name, scopes, shown or None)
        return made.secret or ""


async def _level(work: Work, name: str) -> UUID:
    level = await work.levels.named(name)
    if level is None:
        raise Failed(f"There is no level {name}.")
    return level.id


async def system_of(storage: Storage, name: str | None) -> tuple[Actor, str]:
    """Who acts on the command line, in the workspace of that name or in the only one."""
    async with storage.reading(NOBODY) as work:
        workspaces = await work.identities.workspaces()
    found = [each for each in workspaces if name in (None, each.name)]
    if len(found) == 1:
        return access.system(found[0].id, "Linha de comando"), found[0].name
    if not workspaces:
        raise Failed('There is no workspace yet. Make one: guiche workspace add "My company"')
    known = ", ".join(each.name for each in workspaces)
    raise Failed(f"Say which workspace with --workspace. There are: {known}")
