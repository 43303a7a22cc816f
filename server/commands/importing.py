"""guiche import: another helpdesk's conversations, taken in while somebody watches."""

from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from domain.words import Network
from importing import storing
from importing.accounts import UnknownAccount
from importing.conversation import Refused
from importing.mapping import load_mapping
from importing.report import ImportReport
from importing.source import Progress as Place
from server.commands.people import system_of
from server.commands.telling import Failed, carry_out, errors, out, prepared
from server.opening import open_store
from server.settings import Settings


def import_file(
    file: Path,
    map_file: Path,
    workspace: str | None,
    account: str | None,
    create_accounts: bool,
    network: str | None,
    refused: Path | None,
) -> None:
    settings = prepared()
    wanted = Import(file, map_file, workspace, account, create_accounts, network, refused)
    report = carry_out(wanted.run(settings), settings)
    for line in report.lines():
        out.print(line, markup=False)


class Import:
    """One file, as the command line wants it."""

    def __init__(
        self,
        file: Path,
        map_file: Path,
        workspace: str | None,
        account: str | None,
        create_accounts: bool,
        network: str | None,
        refused: Path | None,
    ) -> None:
        self.file = file
        self.map_file = map_file
        self.workspace = workspace
        self.account = account
        self.create_accounts = create_accounts
        self.network = Network(network) if network else None
        self.refused = refused

    async def run(self, settings: Settings) -> ImportReport:
        mapping = load_mapping(self.map_file)
        async with open_store(settings) as storage:
            actor, _ = await system_of(storage, self.workspace)
            with _bar() as bar:
                task = bar.add_task(self.file.name, total=self.file.stat().st_size, told="")

                def moved(report: ImportReport, place: Place) -> None:
                    told = f"{report.opened + report.continued:,} tickets"
                    bar.update(task, completed=place.bytes_read, told=told)

                try:
                    return await storing.store(
                        storage,
                        actor.workspace_id,
                        self.file,
                        mapping,
                        account=self.account,
                        create_accounts=self.create_accounts,
                        network=self.network,
                        report_path=self.refused,
                        on_progress=moved,
                    )
                except (Refused, UnknownAccount) as unusable:
                    raise Failed(f"--account: {unusable}") from None


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
        console=errors,
        # A log file is not a screen: nothing is drawn there.
        disable=not errors.is_terminal,
    )
