"""The line to a network: tried when somebody asks, and what was found out kept with its account."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from domain.model.account import Account
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
    connection: Mapping[str, Any] | None = {}
    if account.sealed_connection is not None:
        try:
            connection = orjson.loads(work.secrets.unseal(account.sealed_connection))
        except ValueError:
            connection = None
    return Line(account.id, account.network, account.external_id, account.handle, connection)


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
