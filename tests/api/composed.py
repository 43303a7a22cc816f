"""What stands beside the replies of a level: files, canned replies and short links."""

from domain.model.attachment import Attachment
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.ticket import Ticket
from domain.operations import attaching, canning
from domain.operations.canning import CannedForm
from domain.rules import files
from domain.work import Work
from tests.api.desk import gid
from tests.operations.test_attachments import send
from tests.world import FIRST_HUNDRED, Person, World


async def composed(
    world: World, level: Level, ticket: Ticket, by: Person, word: str
) -> dict[str, list[str]]:
    """Files of a message, of a reply and of nothing yet, and canned replies, by kind; all of them
    say the word."""
    data = f"{word} dentro".encode()
    draft = await world.do(attaching.upload, ticket.id, f"{word} rascunho.txt", data, by=by)
    sent = await world.do(attaching.upload, ticket.id, f"{word} enviado.txt", data, by=by)
    await world.do(send, [sent.id], ticket.id, by=by)
    async with world.storage.reading(world.system) as work:
        [said, *_] = await _messages(work, ticket)
    came = await world.do(bring, said, f"{word} recebido.txt", data)
    kept = [
        await world.do(canning.save, CannedForm(title=f"{word} título", text=word, **whose), by=by)
        for whose in ({"level_id": level.id}, {"personal": True})
    ]
    return {
        "Attachment": [gid(each) for each in (draft, sent, came)],
        "CannedReply": [gid(each) for each in kept],
    }


async def bring(work: Work, said: Occurrence, name: str, data: bytes) -> Attachment:
    """A file that came with a message."""
    file = Attachment.of(
        files.examine(name, data),
        workspace_id=said.workspace_id,
        now=work.now,
        ticket_id=said.ticket_id,
        occurrence_id=said.id,
    )
    await work.files.put(file.storage_key, data)
    await work.attachments.put([file])
    return file


async def _messages(work: Work, ticket: Ticket) -> list[Occurrence]:
    pages = await work.occurrences.pages_of_publishers([ticket.publisher_id], FIRST_HUNDRED)
    return [each for each in pages[ticket.publisher_id].nodes if each.ticket_id == ticket.id]
