"""Guichê's one GraphQL address: queries and mutations by HTTP, everything by websocket.

An ASGI app of Strawberry's schema, with the HTTP half of `server.graphql_http`; sockets come in by
its lobby, below ASGI. It knows no types, people or tables: a schema, a doorkeeper and a way to tell
errors are handed in. CORS is the business of middleware around it.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from functools import partial
from typing import Any, Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry import Schema
from strawberry.http.ides import get_graphql_ide_html
from strawberry.schema.base import BaseSchema

from graph.documents import Documents, FromMemory, Prepared
from graph.limits import Limits
from graph.sharing import Form
from graph.trusted import Trusted
from server import graphql_runs as runs
from server.graphql_errors import OperationContext, Tell, tell_plainly
from server.graphql_http import HttpDesk, Planned, unplanned
from server.graphql_members import Asked
from server.graphql_switchboard import Connection, Serving, Switchboard, Terms
from server.graphql_ws import Socket
from server.handshake import Handshake
from server.lobby import Lobby
from server.metrics import Metrics
from server.origins import Origins
from server.witness import Witness

MEBIBYTE = 1024 * 1024
PATH = "/graphql"


class Doorkeeper(Protocol):
    """Who may come in, and as whom. Both raise `server.graphql_http.Refused`."""

    def recalled(self, request: Request) -> OperationContext | None:
        """The context of whoever asked before, as they were then, for answers that look themselves
        whether that still holds; nobody, where it would have to be asked."""

    async def http(self, request: Request, response: Response) -> OperationContext:
        """The context of one operation; cookies and headers on the response reach the caller."""

    async def websocket(self, handshake: Handshake, payload: Mapping[str, object]) -> Connection:
        """What the socket signs in as. `Refused.close` is 4401 where it brought no credentials."""

    def known(self, handshake: Handshake, payload: Mapping[str, object]) -> Connection | None:
        """The same, where it is known already and nothing has to be asked for it."""


class GraphQLApp:
    """The ASGI app; `close_sockets` before the process goes."""

    def __init__(
        self,
        schema: Schema,
        doorkeeper: Doorkeeper,
        *,
        allowed_origins: Sequence[str],
        graphiql: bool,
        documents: Documents | None = None,
        tell: Tell = tell_plainly,
        form: Callable[[Prepared], Form | None] = lambda prepared: None,
        may_upload: Callable[[Any], bool] = lambda context: False,
        receive: Callable[[Any, int], AbstractContextManager[None]] = lambda *_asked: nullcontext(),
        witness: Witness | None = None,
        planned: Planned = unplanned,
        telling: Callable[
            [Prepared, str | None, Mapping[str, Any] | None, Any], None
        ] = lambda *_asked: None,
        max_body: int = MEBIBYTE,
        terms: Terms | None = None,
        limits: Limits | None = None,
        spend: Callable[[Any, int], None] = lambda context, cost: None,
        trusted: Trusted | None = None,
    ) -> None:
        trusted = trusted or Trusted()
        self.documents = documents = documents or Documents(schema._schema, limits)
        schema = _served(schema, documents)
        self._origins = Origins(allowed_origins)
        # Strawberry's page takes its parts from unpkg.com (with integrity hashes), so it needs
        # the internet; it is for developers and off in production.
        page = get_graphql_ide_html("graphiql") if graphiql else None
        witness = witness or Witness(Metrics())
        self.desk = HttpDesk(
            schema,
            documents,
            doorkeeper.recalled,
            doorkeeper.http,
            tell,
            max_body,
            page,
            may_upload,
            receive,
            witness,
            planned,
            spend,
            trusted,
            lambda request: self._origins.welcome(request.headers),
        )

        def prepared(asked: Asked, context: OperationContext) -> None:
            document = self.documents.prepare(asked.query)
            telling(document, asked.operation_name, asked.variables, context)

        self.switchboard = Switchboard(
            Serving(
                schema=schema,
                documents=documents,
                trusted=trusted,
                form=form,
                run=partial(runs.for_all, schema, tell, prepared),
                tell=tell,
                spend=spend,
                witness=witness,
                admit=doorkeeper.websocket,
                known=doorkeeper.known,
            ),
            terms or Terms(),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.desk.respond(Request(scope, receive))
        await response(scope, receive, send)

    def lobby(
        self, leaving: Callable[[str, Headers], Response | None] = lambda path, headers: None
    ) -> Lobby:
        """Where its sockets come in: for uvicorn, `ws=wired(app.lobby())`."""
        return Lobby(self.switchboard, self._origins, PATH, leaving)

    def shown(self, metrics: Metrics) -> None:
        """Let it be looked at how many there are."""
        board = self.switchboard

        def signed_in() -> int:
            return sum(each.connection is not None for each in list(board.sockets))

        def sizes() -> list[int]:
            return board.groups.sizes()

        metrics.sockets.labels("open").set_function(signed_in)
        metrics.sockets.labels("opening").set_function(lambda: len(board.sockets) - signed_in())
        metrics.subscriptions.set_function(
            lambda: sum(len(each.operations) for each in list(board.sockets))
        )
        metrics.groups.set_function(lambda: len(sizes()))
        metrics.members.set_function(lambda: sum(sizes()))
        metrics.largest.set_function(lambda: max(sizes(), default=0))

    async def close_sockets(self, code: int = 1012, *, within: float = 5.0) -> None:
        """Close every socket, a few at a time; done when all their operations have ended.

        Spread, because clients come back the moment they are let go. A server that closes its own
        connections when told to stop (uvicorn does) must be told after this.
        """
        self.switchboard.draining = True
        sockets = list(self.switchboard.sockets)
        random.shuffle(sockets)

        async def let_go(socket: Socket, after: float) -> None:
            await asyncio.sleep(after)
            await socket.let_go(code, "Service restart")

        pause = within / max(len(sockets), 1)
        await asyncio.gather(*(let_go(s, nth * pause) for nth, s in enumerate(sockets)))
        await self.switchboard.groups.close()


def _served(schema: Schema, documents: Documents) -> Schema:
    """The schema as it is served: documents are remembered, and only `Tell` writes about errors."""
    served = copy(schema)
    served.extensions = (partial(FromMemory, documents), *schema.extensions)
    if type(schema).process_errors is BaseSchema.process_errors:
        # The stock one logs every error with the lines of the document around it.
        served.process_errors = lambda errors, execution_context=None: None  # type: ignore[method-assign]
    return served
