"""What networks tell beside new messages: that one was changed, taken back, or came back to us.

What was said first stays in the history of its ticket. Whoever changes what they wrote asks for
nothing new: no ticket wakes, no clock moves; whoever decides on a reply has to read it again.
"""

from collections.abc import Sequence

from domain.answers import Received
from domain.errors import Invalid, NotFound
from domain.events import OccurrenceDeleted, OccurrenceEdited
from domain.model.occurrence import Occurrence
from domain.operations import delivering, intake
from domain.post import Deleted, Edited, Ignored, News, Post, Returned
from domain.rules import checking
from domain.work import Work


def acts(news: Sequence[News]) -> list[list[News]]:
    """What is heard in one act each, in order: messages together, every other thing alone."""
    found: list[list[News]] = []
    together = False
    for each in news:
        is_post = isinstance(each, Post)
        if is_post and together:
            found[-1].append(each)
        else:
            found.append([each])
        together = is_post
    return found


async def hear(work: Work, news: Sequence[News]) -> list[Received]:
    """What became of each of one act; what is ignored became nothing."""
    posts = [each for each in news if isinstance(each, Post)]
    if posts:
        received = await intake.take_in(work, posts)
        await delivering.take_back(work, posts, received)
        return received
    [only] = news
    if isinstance(only, Post | Ignored):
        return [Received(None, None)]
    account = (await work.accounts.find([only.account_id])).get(only.account_id)
    if account is None or not account.enabled:
        name = account.name if account else ""
        return [Received(None, None, refusal=Invalid("account_disabled", name=name))]
    if isinstance(only, Returned):
        await delivering.come_back(work, only.account_id, only.undelivered)
        return [Received(None, None)]
    return [await _changed(work, only)]


async def _changed(work: Work, told: Edited | Deleted) -> Received:
    key = (told.account_id, checking.identifier(told.external_id, ["externalId"]))
    found = (await work.occurrences.known({key})).get(key)
    if found is None:
        return Received(None, None, refusal=NotFound("not_found", thing="occurrence"))
    # Held in the order in which intake holds them; what was read before that may be older.
    await work.publishers.hold(found.publisher_id)
    publisher = (await work.publishers.find([found.publisher_id]))[found.publisher_id]
    occurrence = await work.occurrences.take_again(found)
    fact = _fact(occurrence, told, work)
    ticket = None
    if occurrence.ticket_id is not None:
        ticket = await work.tickets.take_for_delivery(occurrence.ticket_id)
    if fact is None:
        return Received(occurrence, ticket, duplicate=True)
    if ticket is not None:
        work.record(ticket, fact, comment=fact.said, actor_name=publisher.name)
        for approval in (await work.approvals.open_of([ticket.id])).values():
            approval.go_stale()
    return Received(occurrence, ticket)


def _fact(
    occurrence: Occurrence, told: Edited | Deleted, work: Work
) -> OccurrenceEdited | OccurrenceDeleted | None:
    """What happened to it; None where that is known already."""
    at = min(told.at or work.now, work.now)
    if isinstance(told, Deleted):
        return occurrence.take_back(at)
    return occurrence.reword(checking.text(told.text, ["text"]), at)
