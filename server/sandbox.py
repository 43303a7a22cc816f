"""The pretend network at /sandbox: its page, where it is written and sent to, and its script.

What consumers write goes out signed, to the webhook of the account, as from any network. What is
sent from an account stands here, unless the script says otherwise. Whoever reaches these addresses
may use them; so they are there in development, and where somebody asked for them.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from channels import signatures
from domain.model.account import Account
from domain.model.sandbox import SandboxPost, SandboxScript
from domain.words import OccurrenceKind, SandboxBehaviour, Visibility
from server import sandbox_reading as reading
from server import sandbox_telling as telling
from server.sandbox_network import receive

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
NAME_MOST = 120
LINES_MOST, TIMES_MOST, SECONDS_MOST = 100, 1_000, 3_600


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
    async with telling.storage(request).sandbox() as books:
        found = await books.accounts()
    return telling.answer({"accounts": [telling.named(each) for each in found]})


async def state(request: Request) -> Response:
    """Everything that stands under an account, and what is to come."""
    async with telling.storage(request).sandbox() as books:
        account = await telling.account_of(request, books)
        posts, lines = await books.posts(account.id), await books.script(account.id)
    return telling.answer(
        {
            "account": telling.named(account),
            "posts": [telling.told_of(each) for each in posts],
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
    visibility = reading.visibility(told)
    # In private there is one talk with each; in public many hang on one post.
    private = visibility is Visibility.PRIVATE
    thread = f"dm-{person_id}" if private else reading.text(told, "thread", NAME_MOST, "post-1")
    async with telling.storage(request).sandbox() as books:
        account = await telling.account_of(request, books)
        post = SandboxPost(
            workspace_id=account.workspace_id,
            account_id=account.id,
            at=telling.now(request),
            from_company=False,
            visibility=visibility,
            thread=thread,
            person_id=person_id,
            person_name=name,
            text=reading.text(told, "text", reading.TEXT_MOST),
        )
        await books.write(post)
    status, results = await _hand_in(request, account, post)
    return telling.answer(
        {"post": telling.told_of(post), "webhook": {"status": status, "answer": results}}, 201
    )


async def _hand_in(request: Request, account: Account, post: SandboxPost) -> tuple[int, Any]:
    """The way that every network comes in: signed, to the account's webhook."""
    private = post.visibility is Visibility.PRIVATE
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


# ── how it behaves ───────────────────────────────────────────────────────────────────────────


async def script(request: Request) -> Response:
    """What the network does next: lines that are added to its script, or put in its place."""
    told = await reading.body(request)
    lines = told.get("lines", [] if told.get("instead") else None)
    if not isinstance(lines, list) or len(lines) > LINES_MOST:
        raise HTTPException(422, "lines")
    async with telling.storage(request).sandbox() as books:
        account = await telling.account_of(request, books)
        if told.get("instead", False):
            await books.clear(account.id)
        await books.direct([_line(each, account, telling.now(request)) for each in lines])
    return telling.answer({}, 201)


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
