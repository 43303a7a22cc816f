"""GET /files/{attachment}: the bytes of a file, for whoever may see it at this moment.

A browser that follows a link sends no token along, so the link itself says whose it is: signed, for
one file, one session and ten minutes. It opens nothing that its owner may not see any more. Whoever
may not see a file is told that there is none, in the same words as of one that never was.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, urlencode
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from domain.addresses import Addresses
from domain.errors import NotFound, Unavailable
from domain.model.attachment import Attachment
from domain.rules.access import Actor, Permission
from resolvers import ids
from server.auth import Gatekeeper
from storage.work import Storage

log = structlog.get_logger(__name__)

GOOD_FOR = timedelta(minutes=10)
GUARDED = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, no-store",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


class FileLinks:
    """Writes links to files, and reads whose they are."""

    def __init__(self, key: bytes, addresses: Addresses) -> None:
        self._key = key
        self._addresses = addresses

    def write(self, attachment_id: UUID, actor: Actor, now: datetime) -> str:
        """A program has its key to show, and is given the bare address."""
        bare = self._addresses.file(ids.write("Attachment", attachment_id))
        if actor.session_id is None:
            return bare
        until = str(int((now + GOOD_FOR).timestamp()))
        session = actor.session_id.hex
        signed = self._signature(attachment_id, until, session)
        return f"{bare}?{urlencode({'e': until, 'u': session, 's': signed})}"

    def session(self, attachment_id: UUID, query: Mapping[str, str], now: datetime) -> UUID | None:
        """The session that the link was written for; None when it is not good, or not any more."""
        until, session, given = (query.get(name, "") for name in ("e", "u", "s"))
        right = self._signature(attachment_id, until, session)
        if not hmac.compare_digest(right.encode(), given.encode()):
            return None
        return UUID(hex=session) if int(until) > now.timestamp() else None

    def _signature(self, attachment_id: UUID, until: str, session: str) -> str:
        said = f"{attachment_id.hex}.{until}.{session}".encode()
        digest = hmac.new(self._key, said, sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


async def download(request: Request) -> Response:
    """The file, to be saved and not opened in place; 404 for whatever may not be seen."""
    storage: Storage = request.app.state.storage
    try:
        attachment = await _seen(request, storage)
        opened = await storage.files.open(attachment.storage_key) if attachment else None
    except Unavailable:
        return PlainTextResponse("Try again.", 503, headers={"Retry-After": "5", **GUARDED})
    if attachment is None or opened is None:
        if attachment is not None:
            log.error("file.missing", attachment=str(attachment.id))
        return PlainTextResponse("Not found.", 404, headers=GUARDED)

    headers = {
        **GUARDED,
        "Content-Type": attachment.media_type,
        "Content-Length": str(opened.size),
        "Content-Disposition": disposition(attachment.file_name),
    }
    if request.method == "HEAD":
        return Response(headers=headers)
    return StreamingResponse(opened.pieces, headers=headers)


async def _seen(request: Request, storage: Storage) -> Attachment | None:
    """The file, when there is one that whoever asks may see."""
    try:
        attachment_id = ids.read(request.path_params["attachment"]).of("Attachment")
    except (ValueError, NotFound):
        return None
    actor = await _asking(request, attachment_id, storage.clock())
    if actor is None or not (
        actor.can(Permission.TICKETS_READ) or actor.can(Permission.REPLIES_MODERATE)
    ):
        return None
    async with storage.reading(actor) as work:
        return (await work.attachments.find([attachment_id])).get(attachment_id)


async def _asking(request: Request, attachment_id: UUID, now: datetime) -> Actor | None:
    gate: Gatekeeper = request.app.state.gate
    authorization = request.headers.get("authorization")
    if authorization is not None:
        visitor = await gate.visitor(authorization)
        return visitor.actor if visitor else None
    links: FileLinks = request.app.state.file_links
    session_id = links.session(attachment_id, request.query_params, now)
    return await gate.of_session(session_id) if session_id else None


def disposition(file_name: str) -> str:
    """To be saved under that name, whatever letters it has (RFC 6266)."""
    plain = "".join(each if each.isascii() and each not in '"\\' else "_" for each in file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
