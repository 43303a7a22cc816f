"""Whether this process lives, and whether it can be sent requests."""

import asyncio
from typing import Any

import orjson
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Unavailable
from storage import migrating
from storage.migrating import WrongSchema
from storage.work import Storage

PATIENCE = 1.0


async def livez(_request: Request) -> Response:
    """The process answers: nothing else is asked, or a slow database would have it restarted."""
    return Response(b"ok", media_type="text/plain")


async def readyz(request: Request) -> Response:
    """200 when requests can be answered; 503 says what is missing.

    Redis is told but not needed: without it changes arrive a little later.
    """
    state = request.app.state
    draining = bool(state.draining)
    database = await _database(state)
    bell = getattr(state, "bell", None)
    ready = database == "ok" and not draining
    told: dict[str, Any] = {
        "ready": ready,
        "database": database,
        "redis": "ok" if bell is None or bell.connected else "away",
        "draining": draining,
    }
    return Response(
        orjson.dumps(told),
        200 if ready else 503,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _database(state: State) -> str:
    storage: Storage = state.storage
    try:
        async with asyncio.timeout(PATIENCE):
            async with storage.feed() as feed:
                await feed.position()
            # Asked until it was once the right one. Afterwards it may move on: a newer release
            # migrates while this one still answers.
            if not getattr(state, "schema_seen", False):
                await migrating.require_current(storage.database)
                state.schema_seen = True
    except WrongSchema:
        return "another schema"
    except (Unavailable, TimeoutError):
        return "away"
    return "ok"
