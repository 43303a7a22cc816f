"""The pretend network at /sandbox: its page, where it is written and sent to, and its script.

What consumers write goes out signed, to the webhook of the account, as from any network. What is
sent from an account stands here, unless the script says otherwise. Whoever reaches these addresses
may use them; so they are there in development, and where somebody asked for them.
"""

import asyncio
import base64
import binascii
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from channels import signatures
from channels.sandbox import TAKEN, UNDERSTOOD
from domain.errors import NotFound
from domain.model.account import Account
from domain.model.sandbox import SandboxPost, SandboxScript
from domain.words import OccurrenceKind, SandboxBehaviour, Visibility
from resolvers import ids
from server import sandbox_reading as reading
from storage.sandbox import SandboxShelf
from storage.work import Storage

PAGE = Path(__file__).parent
PARTS = {"sandbox.css": "text/css", "sandbox.js": "text/javascript"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
TEXT_MOST, NAME_MOST = 10_000, 120
LINES_MOST, TIMES_MOST, SECONDS_MOST = 100, 1_000, 3_600
PUBLIC, PRIVATE = Visibility.PUBLIC, Visibility.PRIVATE


def routes() -> list[BaseRoute]:
    return [
        Route("/sandbox", page),
        Route("/sandbox/{part:str}", part),
        Route("/sandbox/api/accounts", accounts),
        Route("/sandbox/api/accounts/{account}", state),
        Route("/sandbox/api/accounts/{account}/write", write, methods=["POST"]),
        Route("/sandbox/api/accounts/{account}/script", script, methods=["POST"]),
        Route("/sandbox/api/accounts/{account}/messages", receive, methods=["POST"]),
    ]


# ── the page ─────────────────────────────────────────────────────────────────────────────────


async def page(_request: Request) -> Response:
    return Response((PAGE / "sandbox.html").read_bytes(), media_type="text/html", headers=HEADERS)


async def part(request: Request) -> Response:
    name = request.path_params["part"]
    if name not in PARTS:
        raise HTTPException(404)
    return Response((PAGE / name).read_bytes(), media_type=PARTS[name], headers=HEADERS)


async def accounts(request: Request) -> Response:
    async with _storage(request).sandbox() as books:
        found = await books.accounts()
    return _json({"accounts": [_named(each) for each in found]})


async def state(request: Request) -> Response:
    """Everything that stands under an account, and what is to come."""
    async with _storage(request).sandbox() as books:
        account = await _account(request, books)
        posts, lines = await books.posts(account.id), await books.script(account.id)
    return _json(
        {
            "account": _named(account),
            "posts": [_post(each) for each in posts],
            "script": [
                {"do": each.behaviour, "times": each.times, "seconds": each.seconds}
                for each in lines
            ],
        }
    )


# ── what consumers write ─────────────────────────────────────────────────────────────────────


async def write(request: Request) -> Response:
    """A post of a consumer: kept here, and told to the account's webhook, signed."""
    told = await reading.body(request)
    person_id = reading.text(told, "personId", NAME_MOST)
    name = reading.text(told, "name", NAME_MOST, person_id)
    visibility = reading.one_of(told, "visibility", (PUBLIC, PRIVATE), PUBLIC)
    # In private there is one talk with each; in public many hang on one post.
    private = visibility is PRIVATE
    thread = f"dm-{person_id}" if private else reading.text(told, "thread", NAME_MOST, "post-1")
    async with _storage(request).sandbox() as books:
        account = await _account(request, books)
        post = SandboxPost(
            workspace_id=account.workspace_id,
            account_id=account.id,
            at=_now(request),
            from_company=False,
            visibility=visibility,
            thread=thread,
            person_id=person_id,
            person_name=name,
            text=reading.text(told, "text", TEXT_MOST),
        )
        await books.write(post)
    status, results = await _hand_in(request, account, post)
    return _json({"post": _post(post), "webhook": {"status": status, "answer": results}}, 201)


async def _hand_in(request: Request, account: Account, post: SandboxPost) -> tuple[int, Any]:
    """The way that every network comes in: signed, to the account's webhook."""
    private = post.visibility is PRIVATE
    body = orjson.dumps(
        {
            "externalId": post.external_id,
            "kind": OccurrenceKind.DIRECT_MESSAGE if private else OccurrenceKind.COMMENT,
            "author": {
                "externalId": post.person_id,
                "name": post.person_name,
                "handle": post.person_id,
            },
            "text": post.text,
            "occurredAt": post.at.isoformat(),
            "threadId": post.thread,
        }
    )
    if account.sealed_secret is None:
        raise HTTPException(409, "The account has no secret to sign with.")
    secret = request.app.state.keyring.unseal(account.sealed_secret)
    header = {signatures.HEADER: signatures.signature(secret, body, post.at)}
    transport = httpx.ASGITransport(app=request.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
        answer = await client.post(f"/hooks/{account.id}", content=body, headers=header)
    return answer.status_code, orjson.loads(answer.content)


# ── what is sent from accounts ───────────────────────────────────────────────────────────────


async def receive(request: Request) -> Response:
    """What the network does with something sent to it: as its script says, else as one hopes."""
    told = await reading.body(request)
    reply_id = reading.identifier(request.headers.get("idempotency-key", ""))
    async with _storage(request).sandbox() as books:
        account = await _account(request, books)
        if not await books.forgets(account.id):
            before = await books.post_of(account.id, reply_id)
            if before is not None:
                return _taken(before, UNDERSTOOD)
        behaviour, seconds = await books.next(account.id)
    if behaviour is SandboxBehaviour.RATE_LIMIT:
        return _json({"error": "slow down"}, 429, {"Retry-After": f"{seconds:g}"})
    if behaviour is SandboxBehaviour.DECLINE:
        return _json({"error": "not taken, now or ever"}, 422)
    if behaviour is SandboxBehaviour.ERROR:
        return _json({"error": "something broke"}, 500)
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
    text = reading.text(told, "text", TEXT_MOST)
    to = reading.part(told, "to")
    post = SandboxPost(
        workspace_id=account.workspace_id,
        account_id=account.id,
        at=_now(request),
        from_company=True,
        visibility=reading.one_of(told, "visibility", (PUBLIC, PRIVATE), PUBLIC),
        thread=reading.text(told, "thread", 200, f"dm-{to.get('externalId', '')}"[:200]),
        person_id=reading.text(to, "externalId", 200),
        person_name=reading.text(to, "name", 200, reading.text(to, "externalId", 200)),
        text=text,
        files=[_file(each) for each in told.get("files") or ()],
        in_reply_to=told.get("inReplyTo"),
        reply_id=reply_id,
    )
    async with _storage(request).sandbox() as books:
        await books.write(post)
    return Cut() if behaviour is SandboxBehaviour.ACCEPT_AND_CUT else _taken(post, TAKEN)


def _taken(post: SandboxPost, status: int) -> Response:
    address = f"https://sandbox.example/{post.external_id}"
    return _json({"id": post.external_id, "url": address}, status)


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


# ── how it behaves ───────────────────────────────────────────────────────────────────────────


async def script(request: Request) -> Response:
    """What the network does next: lines that are added to its script, or put in its place."""
    told = await reading.body(request)
    lines = told.get("lines", [] if told.get("instead") else None)
    if not isinstance(lines, list) or len(lines) > LINES_MOST:
        raise HTTPException(422, "lines")
    async with _storage(request).sandbox() as books:
        account = await _account(request, books)
        if told.get("instead", False):
            await books.clear(account.id)
        await books.direct([_line(each, account, _now(request)) for each in lines])
    return _json({}, 201)


def _line(told: Any, account: Account, now: datetime) -> SandboxScript:
    if not isinstance(told, dict):
        raise HTTPException(422, "lines")
    return SandboxScript(
        workspace_id=account.workspace_id,
        account_id=account.id,
        behaviour=reading.one_of(told, "do", tuple(SandboxBehaviour), None),
        times=int(reading.number(told, "times", 1, TIMES_MOST, 1)),
        seconds=reading.number(told, "seconds", 0, SECONDS_MOST, 0),
        created_at=now,
    )


# ── what is shown ───────────────────────────────────────────────────────────────────────────


def _storage(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


def _now(request: Request) -> datetime:
    return _storage(request).clock()


async def _account(request: Request, books: SandboxShelf) -> Account:
    try:
        account_id = ids.either("Account", request.path_params["account"])
    except (ValueError, NotFound):
        raise HTTPException(404) from None
    found = await books.account(account_id)
    if found is None:
        raise HTTPException(404)
    return found


def _named(account: Account) -> dict[str, Any]:
    return {"id": str(account.id), "name": account.name, "handle": account.handle}


def _post(post: SandboxPost) -> dict[str, Any]:
    return {
        "id": post.external_id,
        "at": post.at.isoformat(),
        "fromCompany": post.from_company,
        "visibility": post.visibility,
        "thread": post.thread,
        "personId": post.person_id,
        "name": post.person_name,
        "text": post.text,
        "files": list(post.files),
        "inReplyTo": post.in_reply_to,
        "replyId": str(post.reply_id) if post.reply_id else None,
    }


def _json(told: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(told),
        status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
