"""How accounts stand with their networks, and trying it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import strawberry

from domain.model.account import Account
from domain.operations import connecting
from domain.operations.connecting import Line
from domain.rules import standing
from domain.rules.access import Permission
from domain.sentences import SENTENCES
from domain.words import AccountHealth
from resolvers.context import Info
from resolvers.inputs import told, uuid

Row = strawberry.Parent[Account]
PATIENCE = 20.0
"""Seconds for a network to answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """How an account stands, in the caller's language."""

    state: AccountHealth
    message: str | None
    since: datetime | None
    heard_at: datetime | None
    tested_at: datetime | None


def health(account: Row, info: Info) -> Told:
    found = standing.condition(account.known, info.context.now)
    message = None
    if found.sentence is not None:
        message = SENTENCES[found.sentence][info.context.locale].format(**found.values)
        if found.health is AccountHealth.TROUBLED and account.trouble_detail:
            message = f"{message} ({account.trouble_detail})"
    return Told(found.health, message, found.since, account.heard_at, account.tested_at)


def secret_end(account: Row, info: Info) -> str | None:
    return account.secret_end if info.context.me.can(Permission.WORKSPACE_SAVE) else None


@strawberry.input(description="An account to be tried.")
class TestAccountInput:
    id: strawberry.ID = told("Which.")


async def test_account(info: Info, input: TestAccountInput) -> Account:
    """Tried outside any transaction: a network that does not answer holds up nobody."""
    account_id = uuid(input.id, "Account", "id")
    line = await info.context.do(connecting.line, account_id)
    sentence, detail = await _tried(info, line)
    return await info.context.do(connecting.tried, account_id, sentence, detail)


async def _tried(info: Info, line: Line) -> tuple[str | None, str | None]:
    if line.connection is None:
        return "connection_unreadable", None
    try:
        async with asyncio.timeout(PATIENCE):
            return await info.context.services.store.channels.test(
                line.network, line.connection, line.account_id, line.external_id, line.handle
            )
    except TimeoutError:
        return "network_no_answer_in_time", None
