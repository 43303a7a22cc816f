"""The line to a network: tried when somebody asks, and what was found out kept with its account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from domain.model.account import Account
from domain.rules.capability import Capability
from domain.words import Network
from domain.work import Work

TO_THE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Line:
    """What is needed to try it."""

    account_id: UUID
    network: Network
    external_id: str | None
    handle: str | None
    connection: Mapping[str, Any] | None
    """None where what was saved cannot be read."""


async def line(work: Work, account_id: UUID) -> Line:
    account = await work.accounts.get(account_id)
    connected: Mapping[str, Any] | None
    try:
        connected = connection(work, account)
    except ValueError:
        connected = None
    return Line(account.id, account.network, account.external_id, account.handle, connected)


def connection(work: Work, account: Account) -> Mapping[str, Any]:
    """How its network is reached; ValueError where that cannot be read."""
    if account.sealed_connection is None:
        return {}
    told: Mapping[str, Any] = orjson.loads(work.secrets.unseal(account.sealed_connection))
    return told


def able(work: Work, account: Account) -> Capability:
    """What its network carries for it, as it is connected."""
    carries = work.channels.capability(account.network)
    if carries.private_longer is None:
        return carries
    try:
        return carries.by(connection(work, account))
    except ValueError:
        return carries


async def tried(work: Work, account_id: UUID, sentence: str | None, detail: str | None) -> Account:
    """The account, with how its line was found."""
    account = await work.accounts.take(account_id)
    if sentence is None:
        account.found_well(work.now)
    else:
        account.suffer(sentence, detail, work.now)
    return account


async def heard(work: Work, account_id: UUID) -> None:
    """Its network told us something; kept to the minute, so that nobody waits to write it."""
    account = await work.accounts.take(account_id)
    if account.heard_at is None or work.now - account.heard_at >= TO_THE_MINUTE:
        account.hear(work.now)
