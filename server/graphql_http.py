"""One GraphQL operation asked and answered over HTTP, or refused in JSON.

After https://graphql.github.io/graphql-over-http/draft. Where the draft and the clients in use
disagree, the choice and its alternative stand beside the line that makes it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from strawberry import Schema
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from domain.errors import Unavailable
from domain.sentences import SENTENCES
from domain.words import Locale
from graph.documents import Documents, Prepared
from graph.planned import PlannedAnswer
from graph.trusted import Trusted, Untrusted, named_in
from server import graphql_uploads
from server.graphql_errors import (
    OperationContext,
    Refused,
    Tell,
    Wire,
    fault,
    never_ran,
    tell_plainly,
    told,
    unavailable,
)
from server.languages import preferred
from server.witness import Witness

log = structlog.get_logger(__name__)

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (JSON, GRAPHQL)}
ALLOWED = "GET, HEAD, POST, OPTIONS"

# The draft names 422 for these since 2026; the published clients and the conformance audit
# (npm graphql-http) still expect 400, which the draft's previous wording asked for.
INVALID_OPERATION = 400
# What is JSON but no GraphQL request at all has had no other number than the draft's.
NOT_A_REQUEST = 422


@lru_cache(100)
def negotiate(accept: str) -> str:
    """The media type of the answer.

    Without a preference it is application/json: the draft leaves the choice to the server, and
    those who do not name the newer type are the clients that may not know it.
    """
    if not accept.strip():
        return JSON

    ranges = [_media_range(part) for part in accept.split(",")]
    offers = []
    for media in (GRAPHQL, JSON):
        exactness = {media: 2, "application/*": 1, "*/*": 0}
        fitting = [(exactness[name], quality) for name, quality in ranges if name in exactness]
        exact, quality = max(fitting, default=(0, 0.0))
        preferred = (media == GRAPHQL) == (exact == 2)
        if quality > 0:
            offers.append((quality, exact, preferred, media))
    if not offers:
        raise Refused("NOT_ACCEPTABLE", f"Answers are {GRAPHQL} or {JSON}.", 406)

    return max(offers)[-1]


def _media_range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
        if key.strip() == "charset" and not _is_utf8(value):
            quality = 0.0
    return name, quality


def _is_utf8(charset: str) -> bool:
    return charset.strip().strip('"').lower() in ("utf-8", "utf8")


@dataclass(frozen=True)
class Asked:
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    untrusted: Untrusted | None = None


def well_formed(request: object, trusted: Trusted) -> Asked:
    """A decoded body as a GraphQL request, with the document that it means."""
    if isinstance(request, list):
        raise _malformed("Batching is off: send one operation in each request.")
    if not isinstance(request, dict):
        raise _malformed("A GraphQL request is a JSON object with a `query`.")

    for key in ("query", "documentId"):
        if not isinstance(request.get(key), str | None):
            raise _malformed(f"`{key}` must be a string.")
    if request.get("query") is None and not named_in(request):
        raise _malformed("`query` is missing.")
    name = request.get("operationName")
    if not isinstance(name, str | None):
        raise _malformed("`operationName` must be a string or null.")
    for key in ("variables", "extensions"):
        if not isinstance(request.get(key), dict | None):
            raise _malformed(f"`{key}` must be an object or null.")

    query = trusted.text(request)
    untrusted = query if isinstance(query, Untrusted) else None
    text = query if isinstance(query, str) else ""
    return Asked(text, request.get("variables"), name, request.get("extensions"), untrusted)


def _malformed(message: str) -> Refused:
    return Refused("BAD_REQUEST", message, NOT_A_REQUEST)


def _decoded(text: bytes | str, what: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused("BAD_REQUEST", f"{what} is not JSON in UTF-8.", 400) from error


def from_address(parameters: Mapping[str, str]) -> object:
    """A GET request; an empty parameter is an absent one."""
    given: dict[str, object] = {key: value for key, value in parameters.items() if value}
    for key in ("variables", "extensions"):
        if isinstance(text := given.get(key), str):
            given[key] = _decoded(text, f"`{key}`")
    return given


def require_plain(request: Request) -> None:
    """Refused when it is compressed: how large it is would only be known afterwards."""
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Refused(
            "UNSUPPORTED_MEDIA_TYPE",
            "Send the body without content encoding.",
            415,
            headers={"Accept-Encoding": "identity"},
        )


async def from_body(request: Request, limit: int) -> object:
    """A POST request, of which no more than the limit is ever held."""
    if not _is_json(request.headers.get("content-type", "")):
        raise Refused("UNSUPPORTED_MEDIA_TYPE", f"Send the body as {JSON} in UTF-8.", 415)
    require_plain(request)

    # The connection ends with the answer, so that the rest of the body need not be read.
    too_large = Refused(
        "TOO_LARGE", f"A body has at most {limit} bytes.", 413, headers={"Connection": "close"}
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        if len(body) + len(chunk) > limit:
            raise too_large
        body += chunk

    return _decoded(bytes(body), "The body")


@lru_cache(100)
def _is_json(content_type: str) -> bool:
    media, *parameters = content_type.split(";")
    charsets = [p.partition("=")[2] for p in parameters if p.strip().lower().startswith("charset")]
    return media.strip().lower() == JSON and all(map(_is_utf8, charsets))


Planned = Callable[
    [Prepared, str | None, Mapping[str, Any] | None, OperationContext],
    Awaitable[PlannedAnswer | None],
]
"""Answers whole by plan what has one; None leaves it to be run."""


async def unplanned(*_asked: object) -> PlannedAnswer | None:
    return None


@dataclass(frozen=True)
class HttpDesk:
    """Answers HTTP requests for one schema."""

    schema: Schema
    documents: Documents
    recall: Callable[[Request], OperationContext | None]
    admit: Callable[[Request, Response], Awaitable[OperationContext]]
    tell: Tell
    max_body: int
    page: str | None
    may_upload: Callable[[OperationContext], bool]
    receive: Callable[[Any, int], AbstractContextManager[None]]
    witness: Witness
    planned: Planned
    spend: Callable[[Any, int], None]
    trusted: Trusted
    welcome: Callable[[Request], bool]

    async def respond(self, request: Request) -> Response:
        media = JSON
        carried = Response()  # what resolvers and the doorkeeper put on it goes out with the answer
        del carried.headers["content-length"]
        held = ExitStack()

        try:
            if request.method == "OPTIONS":
                return Response(status_code=204, headers={"Allow": ALLOWED})
            accept = ",".join(request.headers.getlist("accept"))
            if self.page is not None and _is_browser(request, accept):
                return HTMLResponse(self.page)
            media = negotiate(accept)
            asked = well_formed(await self._asked(request, held), self.trusted)
            with self.witness.operation(
                "http", asked.query, asked.operation_name, request.headers
            ) as seen:
                at_once = await self._at_once(asked, request)
                if at_once is not None:
                    seen.answered(None, at_once.rest.get("extensions"))
                    return AtOnce(at_once.body, media)
                context = await self.admit(request, carried)
                try:
                    status, body, told = await self._answer(asked, context, request.method, media)
                finally:
                    await context.aclose()
                seen.answered(told.get("errors"), told.get("extensions"), context.refusals)
        except Refused as refused:
            error = {"message": refused.message, "extensions": refused.extensions}
            for name, value in refused.headers.items():
                carried.headers.setdefault(name, value)
            status, body = refused.status, orjson.dumps({"errors": [error]})
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is left to read it
        except Exception as error:
            status, body = 500, orjson.dumps({"errors": [tell_plainly(fault(error))]})
        finally:
            held.close()

        return _answer(status, body, media, carried)

    async def _asked(self, request: Request, held: ExitStack) -> object:
        if request.method == "POST" and "cookie" in request.headers and not self.welcome(request):
            # The browser sent a cookie by itself, and a page of somebody else's had it do so.
            locale = preferred(request.headers.get("accept-language"))
            sentence = SENTENCES["page_of_others"][locale]
            raise Refused("FORBIDDEN", sentence, 403)
        if graphql_uploads.is_multipart(request):
            graphql_uploads.require_preflight(request)
            require_plain(request)
            await self._let_upload(request, held)
            return await graphql_uploads.from_parts(request, self.max_body)
        if request.method == "POST":
            return await from_body(request, self.max_body)
        if request.method in ("GET", "HEAD"):
            return from_address(request.query_params)
        raise Refused(
            "METHOD_NOT_ALLOWED", "Use POST, or GET to query.", 405, headers={"Allow": ALLOWED}
        )

    async def _let_upload(self, request: Request, held: ExitStack) -> None:
        """Asked before all that is read; once it is, whoever sent it is looked at again.

        The place of the files is kept until all is answered: they are in memory as long.
        """
        context = await self.admit(request, Response())
        try:
            if not self.may_upload(context):
                # The connection ends with the answer, so that the files need not be read.
                raise Refused(
                    "UNAUTHENTICATED",
                    "Sign in to send files.",
                    401,
                    headers={"Connection": "close"},
                )
            size = graphql_uploads.size(request, self.max_body)
            held.enter_context(self.receive(context, size))
        finally:
            await context.aclose()

    async def _at_once(self, asked: Asked, request: Request) -> PlannedAnswer | None:
        """By plan, for whoever came before: who they are is looked at with what they ask for."""
        recalled = self.recall(request)
        if recalled is None or asked.untrusted is not None:
            return None
        document = await self._read(asked.query, recalled)
        return await self._by_plan(document, asked, recalled)

    async def _read(self, query: str, context: OperationContext) -> Prepared:
        if cost := self.documents.cost_of_reading(query):
            self.spend(context, cost)
        return await self.documents.read(query)

    async def _by_plan(
        self, document: Prepared, asked: Asked, context: OperationContext
    ) -> PlannedAnswer | None:
        try:
            planned = await self.planned(document, asked.operation_name, asked.variables, context)
        except Unavailable as away:
            raise unavailable(getattr(context, "locale", Locale.EN)) from away
        if planned is not None:
            self._charge(context, planned.rest)
        return planned

    async def _answer(
        self, asked: Asked, context: OperationContext, method: str, media: str
    ) -> tuple[int, bytes, Wire]:
        """By plan, where the document has one; every other, and every refusal, as it is run."""
        if asked.untrusted is not None:
            body = {"errors": [self.tell(asked.untrusted, context)]}
            return 400, orjson.dumps(body), body
        document = await self._read(asked.query, context)
        planned = await self._by_plan(document, asked, context)
        if planned is not None:
            return 200, planned.body, dict(planned.rest)
        status, answer = await self._execute(document, asked, context, method, media)
        return status, orjson.dumps(answer), answer

    def _charge(self, context: OperationContext, rest: Mapping[str, Any]) -> None:
        """Take what it costs from whoever asked, or refuse it."""
        cost = rest.get("extensions", {}).get("cost")
        if cost is not None:
            self.spend(context, cost["requested"])

    async def _execute(
        self, document: Prepared, asked: Asked, context: OperationContext, method: str, media: str
    ) -> tuple[int, Wire]:
        allowed = {OperationType.QUERY}
        if method == "POST":
            allowed.add(OperationType.MUTATION)
        cost = document.cost_told(asked.operation_name, asked.variables)
        rest = {"extensions": {"cost": cost}} if cost else {}
        if refused := document.refusal(asked.operation_name, asked.variables):
            errors = told(refused, self.tell, context)
            return _status(errors, media), {"errors": errors, **rest}
        self._charge(context, rest)
        try:
            result = await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=asked.extensions,
            )
        except InvalidOperationTypeError as error:
            raise _out_of_place(error.operation_type) from error

        errors = told(result.errors or (), self.tell, context)
        if result.extensions:
            rest["extensions"] = {**result.extensions, **rest.get("extensions", {})}
        if never_ran(result):
            return _status(errors, media), {"errors": errors, **rest}
        if errors:
            # The draft's own 294 for partial data is not used: old clients and proxies take
            # 200 for success and know no 294.
            return 200, {"data": result.data, "errors": errors, **rest}
        return 200, {"data": result.data, **rest}


def _out_of_place(kind: OperationType) -> Refused:
    if kind is OperationType.MUTATION:
        return Refused(
            "METHOD_NOT_ALLOWED", "A mutation is sent by POST.", 405, headers={"Allow": "POST"}
        )
    return Refused(
        "BAD_REQUEST",
        "Subscriptions are served at this address by websocket (graphql-transport-ws) only.",
        400,
    )


def _status(errors: Sequence[Wire], media: str) -> int:
    if any(error.get("extensions", {}).get("code") == "INTERNAL" for error in errors):
        return 500
    # Clients of the older type read any other status as a broken connection and not the body.
    return INVALID_OPERATION if media == GRAPHQL else 200


def _is_browser(request: Request, accept: str) -> bool:
    asks = {"query", "documentId", "extensions"} & set(request.query_params)
    return request.method == "GET" and "text/html" in accept and not asks


class AtOnce(Response):
    """An answer on which nobody has put anything: the same as any other, made of fewer steps."""

    def __init__(self, body: bytes, media: str) -> None:
        self.status_code, self.body, self.background = 200, body, None
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", CONTENT_TYPES[media]),
            (b"cache-control", b"no-store"),
            (b"vary", b"Accept"),
        ]


def _answer(status: int, body: bytes, media: str, carried: Response) -> Response:
    response = Response(body, status, media_type=f"{media}; charset=utf-8")
    for name in ("content-length", "content-type"):
        if name in carried.headers:
            del carried.headers[name]
    response.raw_headers.extend(carried.raw_headers)
    # An answer belongs to whoever asked; no cache between may keep it or mix the two types up.
    response.headers.setdefault("cache-control", "no-store")
    response.headers.add_vary_header("Accept")
    response.background = carried.background
    return response
