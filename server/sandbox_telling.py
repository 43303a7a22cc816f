"""What the sandbox tells of itself, and whose account it is asked for."""

from datetime import datetime
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from domain.model.account import Account
from domain.model.sandbox import SandboxPost
from resolvers import ids
from storage.sandbox import SandboxShelf
from storage.work import Storage


def storage(request: Request) -> Storage:
    opened: Storage = request.app.state.storage
    return opened


def now(request: Request) -> datetime:
    return storage(request).clock()


async def account_of(request: Request, books: SandboxShelf) -> Account:
    try:
        account_id = ids.either("Account", request.path_params["account"])
    except (ValueError, NotFound):
        raise HTTPException(404) from None
    found = await books.account(account_id)
    if found is None:
        raise HTTPException(404)
    return found


def named(account: Account) -> dict[str, Any]:
    return {"id": str(account.id), "name": account.name, "handle": account.handle}


def told_of(post: SandboxPost) -> dict[str, Any]:
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


def answer(told: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(told),
        status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
