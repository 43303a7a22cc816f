"""What the pretend network does with what is sent to it: as its script says, else as one hopes."""

import asyncio
import base64
import binascii
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from channels.signed_call import TAKEN, UNDERSTOOD
from domain.model.account import Account
from domain.model.sandbox import SandboxPost
from domain.words import SandboxBehaviour
from server import sandbox_reading as reading
from server import sandbox_telling as telling


async def receive(request: Request) -> Response:
    told = await reading.body(request)
    reply_id = reading.identifier(request.headers.get("idempotency-key", ""))
    async with telling.storage(request).sandbox() as books:
        account = await telling.account_of(request, books)
        if not await books.forgets(account.id):
            before = await books.post_of(account.id, reply_id)
            if before is not None:
                return _taken(before, UNDERSTOOD)
        behaviour, seconds = await books.next(account.id)
    if behaviour is SandboxBehaviour.RATE_LIMIT:
        return telling.answer({"error": "slow down"}, 429, {"Retry-After": f"{seconds:g}"})
    if behaviour is SandboxBehaviour.DECLINE:
        return telling.answer({"error": "not taken, now or ever"}, 422)
    if behaviour is SandboxBehaviour.ERROR:
        return telling.answer({"error": "something broke"}, 500)
    if behaviour is SandboxBehaviour.CUT:
        return Cut()
    if behaviour is SandboxBehaviour.SLOW:
        await asyncio.sleep(seconds)
    return await _keep(request, account, reply_id, told, behaviour)


async def _keep(
    request: Request,
    account: Account,
    reply_id: UUID,
    told: dict[str, Any],
    behaviour: SandboxBehaviour,
) -> Response:
    text = reading.text(told, "text", reading.TEXT_MOST)
    to = reading.part(told, "to")
    post = SandboxPost(
        workspace_id=account.workspace_id,
        account_id=account.id,
        at=telling.now(request),
        from_company=True,
        visibility=reading.visibility(told),
        thread=reading.text(told, "thread", 200, f"dm-{to.get('externalId', '')}"[:200]),
        person_id=reading.text(to, "externalId", 200),
        person_name=reading.text(to, "name", 200, reading.text(to, "externalId", 200)),
        text=text,
        files=[_file(each) for each in told.get("files") or ()],
        in_reply_to=told.get("inReplyTo"),
        reply_id=reply_id,
    )
    async with telling.storage(request).sandbox() as books:
        await books.write(post)
    return Cut() if behaviour is SandboxBehaviour.ACCEPT_AND_CUT else _taken(post, TAKEN)


def _taken(post: SandboxPost, status: int) -> Response:
    address = f"https://sandbox.example/{post.external_id}"
    return telling.answer({"id": post.external_id, "url": address}, status)


def _file(told: Any) -> dict[str, Any]:
    """A file's name, type and size; nobody looks at its bytes here."""
    try:
        size = len(base64.b64decode(told["data"], validate=True))
        return {"name": str(told["name"]), "mediaType": str(told["mediaType"]), "size": size}
    except (TypeError, KeyError, binascii.Error):
        raise HTTPException(422, "files") from None


class Cut(Response):
    """An answer that is begun and never ends: the connection is closed in the middle of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun: Message = {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"1000")],
        }
        await send(begun)
