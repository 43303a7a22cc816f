"""A file and its map, stored: every conversation a ticket, in batches that are kept or not.

An import that stops, however it stops, is simply started again: what is there already is known by
its ids. A file is read in a thread of its own, one batch ahead of what is being stored.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from domain.errors import Collision, Refusal, Unavailable
from domain.operations import taking_over
from domain.past import PastConversation, PastMessage, TakenOver
from domain.post import Author
from domain.rules import access
from domain.rules.access import Actor
from domain.rules.wording import folded
from domain.words import CloseReason, Network, OccurrenceKind, Priority, TicketStatus
from importing import reading
from importing.accounts import Accounts
from importing.conversation import (
    ImportedAuthor,
    ImportedConversation,
    ImportedMessage,
    Refused,
    RefusedRow,
)
from importing.mapping import Mapping
from importing.report import ImportReport, Refusals
from importing.source import Progress
from storage.work import Storage

BATCH = 500
MESSAGES_MOST = 3_000
"""A batch of long conversations ends earlier, so that memory stays the same."""
OBJECTS_BETWEEN = 50_000
ATTEMPTS = 5
PAUSE = 0.5
FIRST_STOCK = 1_000
GROWTH = 4
"""Ten times as many rows want other plans; the database itself notices only after a minute."""

Item = ImportedConversation | RefusedRow
OnProgress = Callable[[ImportReport, Progress], None]


def silent(_report: ImportReport, _progress: Progress) -> None:
    """Nobody is told."""


async def store(
    storage: Storage,
    workspace_id: UUID,
    path: Path,
    mapping: Mapping,
    *,
    account: str | None = None,
    create_accounts: bool = False,
    network: Network | None = None,
    batch: int = BATCH,
    report_path: Path | None = None,
    on_progress: OnProgress = silent,
) -> ImportReport:
    """What became of the file. Started again, it adds what is missing and nothing twice.

    MappingError when the map does not fit the file, UnknownAccount when `account` is none.
    `network` says where accounts are looked for and made; without it, a name is looked for on all
    networks and a new account is of the WEB. Refusals go to `report_path`, else beside the file.
    """
    file = _refusals_of(path, report_path)
    actor = access.system(workspace_id, "Importação")
    accounts = Accounts(storage, actor, network=network, create=create_accounts)
    await accounts.load(account)
    report = ImportReport(accounts_made=accounts.made)
    types = await _types(storage, actor)
    started = time.monotonic()
    progress = Progress()
    loop = asyncio.get_running_loop()

    def told(_: Progress) -> None:
        # Before the first thread is put together, this is all that is heard.
        loop.call_soon_threadsafe(on_progress, report, progress)

    progress.told = told
    next_stock = FIRST_STOCK
    with (
        ThreadPoolExecutor(1, "import") as reader,
        Refusals(file, report) as refusals,
        _seldom_collected(),
    ):
        parts = _parts(path, mapping, progress, batch)
        try:
            coming = loop.run_in_executor(reader, next, parts, None)
            while (part := await coming) is not None:
                coming = loop.run_in_executor(reader, next, parts, None)
                await _Batch(storage, actor, accounts, types, report, refusals).store(part)
                if report.opened >= next_stock:
                    await storage.take_stock()
                    next_stock = report.opened * GROWTH
                report.seconds = time.monotonic() - started
                on_progress(report, progress)
        finally:
            # In its own thread, because the reader's notes on the disk belong to that thread.
            await loop.run_in_executor(reader, parts.close)
    return report


def _refusals_of(path: Path, given: Path | None) -> Path:
    file = given or path.with_name(f"{path.name}.refused.csv")
    if file.resolve() == path.resolve():
        raise ValueError("the refusals would be written over the file that is imported")
    return file


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """A batch is thousands of objects that all live to its end; looking for dead ones among them
    again and again costs a sixth of the time and finds none."""
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


@dataclass
class _Batch:
    storage: Storage
    actor: Actor
    accounts: Accounts
    types: dict[str, UUID]
    report: ImportReport
    refusals: Refusals

    async def store(self, part: Sequence[Item]) -> None:
        told: list[ImportedConversation] = []
        past: list[PastConversation] = []
        for item in part:
            if isinstance(item, RefusedRow):
                self.refusals.add(item)
                continue
            self.report.conversations += 1
            try:
                past.append(await self._past(item))
                told.append(item)
            except Refused as refused:
                self.report.refused_conversations += 1
                self.refusals.add(refused.at(item.line))
        for item, result in zip(told, await self._kept(past), strict=True):
            self._count(item, result)

    async def _past(self, item: ImportedConversation) -> PastConversation:
        type_id = self.types.get(folded(item.ticket_type)) if item.ticket_type else None
        if item.ticket_type and type_id is None:
            raise Refused(
                f'there is no ticket type called "{item.ticket_type}"; make it, or translate it '
                "in the map",
                column="ticket_type",
                value=item.ticket_type,
            )
        return PastConversation(
            account_id=await self.accounts.meant(item.account),
            thread=item.external_id,
            messages=[_message(message) for message in item.messages],
            subject=item.subject,
            status=TicketStatus(item.status) if item.status else None,
            close_reason=CloseReason(item.close_reason) if item.close_reason else None,
            closed_at=item.closed_at,
            priority=Priority(item.priority) if item.priority else None,
            ticket_type_id=type_id,
            tags=item.tags,
        )

    async def _kept(self, past: Sequence[PastConversation]) -> Sequence[TakenOver]:
        """Committed when this answers. Whoever works at the same time may make it try again."""
        if not past:
            return []
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.storage.work(self.actor) as work:
                    return await taking_over.take_over(work, past)
            except (Collision, Unavailable):
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(PAUSE * attempt)
        raise AssertionError("the last attempt returns or raises")

    def _count(self, item: ImportedConversation, result: TakenOver) -> None:
        report = self.report
        report.occurrences += result.occurrences
        report.replies += result.replies
        report.already_there += result.already_there
        report.opened += result.opened
        report.continued += result.continued
        if not (result.opened or result.continued):
            report.unchanged += bool(result.already_there)
            report.refused_conversations += not result.already_there
        lines = {message.external_id: message.line for message in item.messages}
        for refusal, message in result.refused:
            line = lines[message.external_id] if message else item.line
            self.refusals.add(_row(refusal, line, item, message))


def _parts(
    path: Path, mapping: Mapping, progress: Progress, size: int
) -> Generator[list[Item], None, None]:
    part: list[Item] = []
    messages = 0
    for item in reading.read(path, mapping, progress=progress):
        part.append(item)
        messages += len(item.messages) if isinstance(item, ImportedConversation) else 0
        if len(part) >= size or messages >= MESSAGES_MOST:
            yield part
            part, messages = [], 0
    if part:
        yield part


async def _types(storage: Storage, actor: Actor) -> dict[str, UUID]:
    async with storage.reading(actor) as work:
        return {folded(each.name): each.id for each in await work.ticket_types.all()}


def _message(message: ImportedMessage) -> PastMessage:
    return PastMessage(
        external_id=message.external_id,
        inbound=message.inbound,
        author=_author(message.author),
        text=message.text,
        at=message.at,
        kind=OccurrenceKind(message.kind),
        parent_external_id=message.parent_external_id,
        url=message.url,
    )


def _author(author: ImportedAuthor) -> Author:
    return Author(
        external_id=author.external_id,
        name=author.name,
        handle=author.handle,
        url=author.url,
        email=author.email,
        phone=author.phone,
    )


def _row(
    refusal: Refusal, line: int, item: ImportedConversation, message: PastMessage | None
) -> RefusedRow:
    """The refusal as the file's reader tells his own: where, what is wrong, and the value."""
    column = ".".join(refusal.field)
    value: object = item.external_id
    if message is not None:
        who = message.author if refusal.field[0] == "author" else message
        name = {"id": "external_id", "parent": "parent_external_id"}.get(refusal.field[-1])
        value = getattr(who, name or refusal.field[-1], message.external_id)
    return RefusedRow(line, column or None, str(refusal), str(value))
