"""Where sockets come in: whether they may, by what they say before, and a line of log.

What requests pass through as middleware is for a handshake these few looks, taken at once.
"""

import time
from collections.abc import Callable

import structlog
from starlette.datastructures import Headers
from starlette.responses import Response
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from server.graphql_switchboard import Switchboard
from server.graphql_ws import Socket
from server.handshake import Handshake
from server.logging import request_id
from server.origins import Origins
from server.wire import Wire

log = structlog.get_logger("guiche.request")


class Lobby:
    """Hands whoever may come in to the switchboard."""

    def __init__(
        self,
        board: Switchboard,
        origins: Origins,
        path: str,
        leaving: Callable[[str, Headers], Response | None],
    ) -> None:
        self.max_frame = board.terms.max_frame
        self.tick = board.terms.tick
        self._board = board
        self._origins = origins
        self._path = path
        self._leaving = leaving

    def knock(self, handshake: Handshake) -> Response | str | None:
        refusal = self._refusal(handshake)
        if refusal is not None:
            self._tell(handshake, refusal.status_code, request_id(handshake.headers), 0.0)
            return refusal
        offered = handshake.offered
        return GRAPHQL_TRANSPORT_WS_PROTOCOL if GRAPHQL_TRANSPORT_WS_PROTOCOL in offered else None

    def enter(self, wire: Wire, handshake: Handshake) -> None:
        began = time.perf_counter()
        identity = request_id(handshake.headers)
        if GRAPHQL_TRANSPORT_WS_PROTOCOL in handshake.offered:
            Socket(self._board, wire, handshake, identity).open()
        else:
            self._board.serving.witness.metrics.closed(4406, "server")
            wire.hang_up(4406, "Subprotocol not acceptable")
        self._tell(handshake, 101, identity, time.perf_counter() - began)

    def _refusal(self, handshake: Handshake) -> Response | None:
        leaving = self._leaving(handshake.path, handshake.headers)
        if leaving is not None:
            return leaving
        if handshake.path != self._path:
            return Response(status_code=404)
        return None if self._origins.welcome(handshake.headers) else Response(status_code=403)

    def _tell(self, handshake: Handshake, status: int, identity: str, seconds: float) -> None:
        log.info(
            "socket",
            method="WEBSOCKET",
            path=handshake.path,
            status=status,
            ms=round(seconds * 1000, 1),
            request_id=identity,
        )
