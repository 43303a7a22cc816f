"""GET /s/{slug}: a short link, followed. Leads to what was stored under it, and nowhere else."""

import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from domain.errors import Collision, Unavailable
from domain.rules import links
from server.opening import NOBODY
from storage.work import Storage

log = structlog.get_logger(__name__)

UNTRACED = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
}


async def follow(request: Request) -> Response:
    """On to where it leads, at once; the click is counted afterwards."""
    storage: Storage = request.app.state.storage
    slug = str(request.path_params["slug"])
    try:
        target = await _target(storage, slug)
    except Unavailable:
        return PlainTextResponse("Try again.", 503, headers={"Retry-After": "5", **UNTRACED})
    if target is None:
        return PlainTextResponse("There is no such link.", 404, headers=UNTRACED)

    counting = BackgroundTask(_count, storage, slug) if request.method == "GET" else None
    return Response(status_code=302, headers={"Location": target, **UNTRACED}, background=counting)


async def _target(storage: Storage, slug: str) -> str | None:
    if not links.SLUG.fullmatch(slug):
        return None
    async with storage.reading(NOBODY) as work:
        return await work.short_links.leading(slug)


async def _count(storage: Storage, slug: str) -> None:
    try:
        async with storage.work(NOBODY) as work:
            await work.short_links.clicked(slug)
    except (Unavailable, Collision):
        # Whoever clicked is where they wanted to be.
        log.warning("link.not_counted", slug=slug)
