"""Where a reply goes: out of which account of ours, and in answer to what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.errors import AccountNotInLevel, Invalid, NotFound, NotSupportedByNetwork
from domain.model.account import Account
from domain.model.level import Level
from domain.model.occurrence import Occurrence
from domain.model.ticket import Ticket
from domain.operations import connecting
from domain.rules import capability
from domain.rules.capability import Answered, FileShape
from domain.words import Network, Visibility
from domain.work import Work

FIELD = ["accountId"]


@dataclass(frozen=True, slots=True)
class Address:
    """`answers` is the message that it answers; None where it begins a conversation."""

    account: Account
    answers: Occurrence | None


async def address(
    work: Work,
    ticket: Ticket,
    level: Level,
    visibility: Visibility,
    account_id: UUID | None,
    publisher_id: UUID | None = None,
) -> Address:
    """Out of the account that was asked for, else the one that the publisher wrote to last; with a
    publisher, to nobody else, whoever else wrote there."""
    heard = await work.occurrences.latest(ticket.id, publisher_id)
    ours = {each.id: each for each in (await work.levels.accounts([level.id]))[level.id]}

    if account_id is not None:
        account = await _asked(work, level, ours, account_id)
    else:
        account = await _usual(work, ticket, level, ours, heard)
    if not account.enabled:
        raise Invalid("account_disabled", field=FIELD, name=account.name)
    answers = _answered(heard, account)
    if answers is None:
        await _must_reach(work, ticket, account, visibility)
    return Address(account, answers)


async def _asked(
    work: Work, level: Level, ours: Mapping[UUID, Account], account_id: UUID
) -> Account:
    if account_id in ours:
        return ours[account_id]
    found = (await work.accounts.find([account_id])).get(account_id)
    if found is None:
        raise NotFound("not_found", field=FIELD, thing="account")
    raise AccountNotInLevel("account_not_in_level", field=FIELD, name=found.name, level=level.name)


async def _usual(
    work: Work,
    ticket: Ticket,
    level: Level,
    ours: Mapping[UUID, Account],
    heard: Sequence[Occurrence],
) -> Account:
    """The account last written to, the ticket's own, else one of the level's on that network."""
    written_to = [heard[0].account_id] if heard else []
    if ticket.account_id is not None:
        written_to.append(ticket.account_id)
    network = heard[0].network if heard else Network.EMAIL
    mine = [ours[each] for each in written_to if each in ours]
    mine += [each for each in ours.values() if each.network is network]
    if mine:
        return next((each for each in mine if each.enabled), mine[0])
    if not written_to:
        raise NotSupportedByNetwork("nothing_to_answer", field=FIELD, level=level.name)
    return await _asked(work, level, ours, written_to[0])


def _answered(heard: Sequence[Occurrence], account: Account) -> Occurrence | None:
    """The last message on that account, else on its network."""
    on_account = (each for each in heard if each.account_id == account.id)
    on_network = (each for each in heard if each.network is account.network)
    return next(on_account, None) or next(on_network, None)


async def _must_reach(work: Work, ticket: Ticket, account: Account, visibility: Visibility) -> None:
    """Nothing came from there: what is private finds whoever is known there, the rest nobody."""
    publisher = await work.publishers.get(ticket.publisher_id)
    profiles = (await work.publishers.profiles([publisher.id]))[publisher.id]
    known = any(each.network is account.network for each in profiles)
    if account.network is Network.EMAIL:
        # What was told as an address and is none has no hash, and nothing can be sent to it.
        if known or publisher.email_hash is not None:
            return
    elif known and visibility is Visibility.PRIVATE:
        return
    raise NotSupportedByNetwork(
        "publisher_not_there", field=FIELD, network=account.network.value, name=account.name
    )


async def must_carry(
    work: Work,
    ticket: Ticket,
    to: Address,
    visibility: Visibility,
    text: str,
    files: Sequence[FileShape],
) -> None:
    """Nothing where it can go there now, with all that goes with it; else what cannot."""
    network, able = to.account.network, connecting.able(work, to.account)
    if able.needs_connection and not to.account.connected:
        raise NotSupportedByNetwork("reply_not_connected", field=["visibility"])
    capability.check(able, network, visibility, text, files)
    if able.is_particular:
        answered = Answered(
            to.answers.kind if to.answers else None,
            await work.outbox.heard_in_private(to.account.id, ticket.publisher_id),
        )
        capability.reach(able, network, visibility, answered, work.now)
