"""What a publisher writes on the page of their protocol: taken in like any message of theirs.

It comes to an account of the page's own, which sends nothing: it is answered where the conversation
was before, and read there and on the page.
"""

from dataclasses import dataclass
from uuid import UUID

from domain.errors import NotFound
from domain.model.account import Account
from domain.model.publisher import Profile, Publisher
from domain.model.ticket import Ticket
from domain.operations import intake, proving
from domain.post import Author, Post
from domain.rules import checking
from domain.tracking import Pass, Tracked
from domain.words import Network, OccurrenceKind
from domain.work import Work

ACCOUNT = "Página de protocolo"
TEXT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Answered:
    """Where it went; `kept` is good for the ticket that it opened, if it did."""

    protocol: str
    kept: Pass | None = None


async def answer(work: Work, protocol: str, kept: str, text: str, mark: str) -> Answered:
    """Their message, in the ticket or in one that follows it; the same mark is the same message."""
    tracked = await proving.proven(work, protocol, kept)
    if tracked is None or tracked.removed_at is not None:
        raise NotFound("protocol_not_told")
    ticket = await work.tickets.get(tracked.ticket_id)
    publisher = await work.publishers.get(ticket.publisher_id)
    text = checking.text(text, ["text"], TEXT_MOST)
    account = await _account(work)
    profile = await _known_here(work, publisher)

    post = _post(ticket, account, publisher, profile, text, mark)
    received = await intake.take_one(work, post)
    return await _answered(work, tracked, received.ticket)


def _post(
    ticket: Ticket,
    account: Account,
    publisher: Publisher,
    profile: Profile,
    text: str,
    mark: str,
) -> Post:
    return Post(
        account_id=account.id,
        external_id=f"protocolo:{mark}",
        kind=OccurrenceKind.DIRECT_MESSAGE,
        author=Author(external_id=profile.external_id, name=publisher.name),
        text=text,
        occurred_at=None,
        thread_id=ticket.protocol,
        protocol=ticket.protocol,
        # Where it is over, the next begins where this one began, and is answered from there.
        level_id=ticket.origin_level_id,
        answered_from=ticket.account_id,
    )


async def _answered(work: Work, tracked: Tracked, ticket: Ticket | None) -> Answered:
    if ticket is None or ticket.id == tracked.ticket_id:
        return Answered(tracked.protocol)
    if ticket.publisher_id != tracked.publisher_id:
        # Merged into somebody else's, of which they are told nothing.
        return Answered(tracked.protocol)
    following = tracked._replace(ticket_id=ticket.id, protocol=ticket.protocol)
    return Answered(ticket.protocol, proving.make_pass(work, following))


async def _account(work: Work) -> Account:
    """The page's own, made with the first message; whoever switches it off ends answers here."""
    account = await work.accounts.on_network(Network.WEB, ACCOUNT)
    if account is None:
        account = Account(
            workspace_id=work.actor.workspace_id,
            network=Network.WEB,
            name=ACCOUNT,
            created_at=work.now,
        )
        await work.accounts.put(account)
    return account


async def _known_here(work: Work, publisher: Publisher) -> Profile:
    """Who they are on the page: nobody else can be, for a proof of theirs was shown."""
    name = _name(publisher.id)
    known = (await work.publishers.profiles([publisher.id]))[publisher.id]
    for each in known:
        if each.network is Network.WEB and each.external_id == name:
            return each
    author = Author(external_id=name, name=publisher.name)
    return await work.publishers.introduce(Profile.of(author, Network.WEB, publisher))


def _name(publisher_id: UUID) -> str:
    return f"protocolo:{publisher_id.hex}"
