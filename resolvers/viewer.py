"""The caller: signing in and out, and who one is."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain.errors import Invalid, RateLimited
from domain.model.user import User
from domain.model.workspace import Workspace
from domain.operations import signing
from domain.operations.signing import Replayed, SignedIn
from domain.rules.access import Actor
from resolvers.context import Context, Info, Told
from resolvers.inputs import told

THINGS = {
    "Ticket": "ticket",
    "Level": "level",
    "User": "user",
    "Account": "account",
    "Monitoring": "monitoring",
    "TicketType": "ticket_type",
    "Calendar": "calendar",
    "Publisher": "publisher",
    "Occurrence": "occurrence",
    "Reply": "reply",
    "Approval": "approval",
    "HistoryEntry": "entry",
    "Attachment": "attachment",
    "CannedReply": "canned_reply",
    "ShortLink": "short_link",
    "FieldDefinition": "field_definition",
    "PublisherEntry": "publisher_entry",
}


@dataclass(frozen=True)
class Me:
    """A person, where they work, and what they may do."""

    user: User
    workspace: Workspace
    permissions: list[str]
    server_time: datetime


@dataclass(frozen=True)
class Entrance:
    me: Me
    access_token: str
    expires_at: datetime


async def me(info: Info) -> Me | None:
    """Nobody, for a stranger and for a program: neither is a person."""
    actor = info.context.actor
    if actor is None or actor.user_id is None:
        return None
    async with info.context.reading() as work:
        user = await work.users.get(actor.user_id)
        return _me(user, await work.workspace(), actor, info.context.now)


def _me(user: User, workspace: Workspace, actor: Actor, now: datetime) -> Me:
    permissions = sorted(permission.value for permission in actor.permissions)
    return Me(user=user, workspace=workspace, permissions=permissions, server_time=now)


@strawberry.input(description="What one signs in with.")
class SignInInput:
    email: str = told("The e-mail.")
    password: str = told("The password.")


async def sign_in(info: Info, input: SignInInput) -> Entrance:
    context = info.context
    # On a socket somebody is there already, and it is they who try.
    where = context.address or (str(context.actor.id) if context.actor else "")
    try:
        await context.services.throttle.sign_in(input.email, where)
    except RateLimited as refusal:
        if context.response is not None:
            context.response.headers["Retry-After"] = str(refusal.values["seconds"])
        raise
    signed_in = await context.do_as_nobody(signing.sign_in, input.email, input.password)
    return await _enter(context, signed_in)


async def refresh_session(info: Info) -> Entrance:
    context = info.context
    try:
        signed_in = await context.do_as_nobody(signing.refresh, context.refresh_secret)
    except Replayed as replayed:
        await context.do_as_nobody(signing.sign_out, replayed.session_id, None)
        raise Invalid("no_session") from replayed
    return await _enter(context, signed_in)


async def sign_out(info: Info) -> None:
    context = info.context
    session_id = context.actor.session_id if context.actor else None
    await context.do_as_nobody(signing.sign_out, session_id, context.refresh_secret)
    if context.response is not None:
        context.services.tokens.drop_cookie(context.response)


async def _enter(context: Context, signed_in: SignedIn) -> Entrance:
    """From here on the operation is theirs, where it is one that they may ask."""
    if not context.lets_in(signed_in.actor):
        raise Told("FORBIDDEN", "may_not_call")
    context.actor = signed_in.actor
    token, expires_at = context.services.tokens.issue(signed_in.actor)
    if context.response is not None:
        context.services.tokens.set_cookie(context.response, signed_in.secret.text)
    async with context.reading() as work:
        workspace = await work.workspace()
    person = _me(signed_in.user, workspace, signed_in.actor, context.now)
    return Entrance(person, token, expires_at)


async def node(
    info: Info,
    id: Annotated[strawberry.ID, strawberry.argument(description="Any id of this API.")],
) -> Any:
    gid: Any = id
    return await _node(info, gid)


async def nodes(
    info: Info,
    ids: Annotated[
        list[strawberry.ID], strawberry.argument(description="Ids of this API, at most 100.")
    ],
) -> list[Any]:
    if len(ids) > 100:
        raise Invalid("too_many", field=["ids"], most=100, count=len(ids))
    return list(await asyncio.gather(*(_node(info, gid) for gid in ids)))


async def _node(info: Info, gid: Any) -> Any:
    """Through the same shelves as everything else: what may not be seen is not there."""
    if gid.kind == "Workspace":
        async with info.context.reading() as work:
            workspace = await work.workspace()
        return workspace if workspace.id == gid.uuid else None
    name = THINGS.get(gid.kind)
    return await getattr(info.context.loaders, name)(gid.uuid) if name else None
