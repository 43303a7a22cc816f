"""The application: GraphQL, webhooks and health at their addresses."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.rules.capability import MEBIBYTE
from domain.words import Locale
from graph.documents import Documents
from graph.errors import tell
from graph.kept import Kept
from graph.plans import Plans
from graph.schema import build
from graph.sharing import sharing
from graph.telling import Tellings
from graph.trusted import BadFile, Trusted, load
from resolvers.context import Context
from server import oidc, protocol_page, sandbox
from server.connection import Connection, Stranger
from server.door import Door, may_upload, receiving, spending
from server.files import download
from server.graphql import GraphQLApp
from server.graphql_switchboard import Terms
from server.handshake import Handshake
from server.health import livez, readyz
from server.leaving import Refusing, refusing
from server.lifespan import lifespan
from server.links import follow
from server.logging import RequestLog
from server.metrics import Metrics
from server.settings import BadSettings, Settings
from server.throttle import Holding, Purses
from server.webhooks import challenged, receive
from server.witness import Witness

if TYPE_CHECKING:
    from server.tracing import Tracing

HEADERS = [
    "Authorization",
    "traceparent",
    "tracestate",
    "Content-Type",
    "Accept-Language",
    "X-Request-Id",
    # With files, one of these: no form of another page can send it.
    "GraphQL-Require-Preflight",
    "Apollo-Require-Preflight",
    "X-Requested-With",
]


class Doorway:
    """Where the door will be: the schema is served before the store behind it is open."""

    def __init__(self) -> None:
        self._door: Door | None = None

    def open(self, door: Door) -> None:
        self._door = door

    @property
    def door(self) -> Door:
        assert self._door is not None, "asked before the process had started"
        return self._door

    def recalled(self, request: Request) -> Context | None:
        return self.door.recalled(request)

    async def http(self, request: Request, response: Response) -> Context:
        return await self.door.http(request, response)

    def stranger(self, request: Request, locale: Locale) -> Context:
        return self.door.stranger(request, locale)

    async def websocket(
        self, handshake: Handshake, payload: Mapping[str, object]
    ) -> Connection | Stranger:
        return await self.door.websocket(handshake, payload)

    def known(
        self, handshake: Handshake, payload: Mapping[str, object]
    ) -> Connection | Stranger | None:
        return self.door.known(handshake, payload)


def create(
    settings: Settings, metrics: Metrics | None = None, tracing: "Tracing | None" = None
) -> Starlette:
    metrics = metrics or Metrics()
    doorway = Doorway()
    schema = build(open_to_strangers=not settings.production)
    documents = Documents(schema._schema, settings.limits)
    graphql = GraphQLApp(
        schema,
        doorway,
        allowed_origins=settings.origins,
        graphiql=not settings.production and not settings.trusted_documents_only,
        tell=tell,
        form=sharing(schema),
        may_upload=may_upload,
        receive=receiving(Holding(*settings.uploads)),
        witness=Witness(metrics, tracing),
        documents=documents,
        planned=Plans(schema, _kept(settings, metrics)).answer,
        telling=Tellings(schema).prepare,
        spend=spending(Purses(settings.cost_per_minute)),
        trusted=_trusted(settings, documents),
        terms=Terms(
            per_caller=settings.sockets_per_caller,
            per_address=settings.sockets_per_address,
            tick=settings.tick_milliseconds / 1000,
        ),
    )

    @asynccontextmanager
    async def live(app: Starlette) -> AsyncIterator[None]:
        async with lifespan(app, settings):
            yield

    routes: list[BaseRoute] = [
        Route("/graphql", graphql),
        Route("/hooks/{account}", receive, methods=["POST"]),
        Route("/hooks/{account}", challenged, methods=["GET"]),
        Route("/files/{attachment}", download),
        Route("/s/{slug}", follow),
        Route("/livez", livez),
        Route("/readyz", readyz),
        *protocol_page.routes(secure=settings.production),
        *oidc.routes(settings),
    ]
    if settings.has_sandbox:
        routes += sandbox.routes()
    if not settings.production:
        routes.append(Route("/", _home))
    app = Starlette(
        routes=routes,
        lifespan=live,
        middleware=[
            Middleware(RequestLog, metrics=metrics),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.origins,
                allow_credentials=True,
                allow_methods=["GET", "POST"],
                allow_headers=HEADERS,
                expose_headers=["X-Request-Id"],
                max_age=600,
            ),
            Middleware(Refusing),
        ],
    )
    app.state.door = doorway
    app.state.drain = graphql.close_sockets
    app.state.lobby = graphql.lobby(refusing(app))
    app.state.metrics = metrics
    app.state.draining = False
    app.state.tracing = tracing
    graphql.shown(metrics)
    return app


def _kept(settings: Settings, metrics: Metrics) -> Kept | None:
    if not settings.kept_mebibytes:
        return None
    kept = Kept(settings.kept_mebibytes * MEBIBYTE, metrics.kept)
    metrics.kept_bytes.set_function(lambda: kept.size)
    return kept


def _trusted(settings: Settings, documents: Documents) -> Trusted:
    if settings.trusted_documents is None:
        return Trusted()
    try:
        only, ours = settings.trusted_documents_only, (protocol_page.FOLLOW,)
        return load(settings.trusted_documents, documents, only=only, ours=ours)
    except BadFile as bad:
        raise BadSettings(f"TRUSTED_DOCUMENTS: {bad}") from None


async def _home(_request: Request) -> Response:
    return RedirectResponse("/graphql")
