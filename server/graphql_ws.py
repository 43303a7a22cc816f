"""A socket that speaks graphql-transport-ws: many operations, one sign-in.

It has the manners of the reference server: whatever a client sends, the socket ends with a code of
the protocol, and what one operation does never ends the others. It hears each message as it comes;
only what has to wait for something is a task.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from strawberry.http.exceptions import WebSocketDisconnected

from server.frames import framed
from server.graphql_errors import OperationContext, Refused, fault, tell_plainly
from server.graphql_members import Audience
from server.graphql_messages import breach
from server.graphql_operations import Operations
from server.graphql_switchboard import Connection, Switchboard
from server.graphql_tasks import Tasks
from server.handshake import Handshake
from server.wire import Wire

PING, PONG = framed(b'{"type":"ping"}'), framed(b'{"type":"pong"}')
ACK = framed(b'{"type":"connection_ack"}')


class Socket:
    """One client's socket, from the handshake to its last task."""

    __slots__ = (
        "_admitting",
        "_began",
        "_choked_at",
        "_early",
        "_gone",
        "_handshake",
        "_heard",
        "_pinged",
        "_tasks",
        "address",
        "board",
        "closed",
        "connection",
        "operations",
        "request_id",
        "wire",
    )

    def __init__(
        self, board: Switchboard, wire: Wire, handshake: Handshake, request_id: str
    ) -> None:
        self.board = board
        self.wire = wire
        self.address = handshake.address
        self.request_id = request_id
        self.operations = Operations(self)
        self.connection: Connection | None = None
        self.closed = False
        self._handshake: Handshake | None = handshake
        """Until it is signed in with."""
        self._tasks: Tasks | None = None
        self._admitting: asyncio.Task[None] | None = None
        self._early: list[tuple[bytes, bool]] | None = None
        self._gone: asyncio.Future[None] | None = None
        self._choked_at: float | None = None
        self._began = self._heard = self._pinged = wire.loop.time()

    def open(self) -> None:
        """Begins to listen."""
        self.wire.listener = self
        room = self.board.add(self)
        if self.board.draining:
            self.close(1012, "Service restart")
        elif not room:
            # A code that clients come back after: others from there may have left by then.
            self.close(1013, "Too many connections from your address")

    # ── what comes ───────────────────────────────────────────────────────────────────────────

    def hear(self, message: bytes, *, text: bool) -> None:
        self._heard = self.wire.loop.time()
        if self._admitting is not None:
            self._early = self._early or []
            self._early.append((message, text))
            self.wire.transport.pause_reading()
            return
        if self.closed:
            return
        try:
            self._take(message, text=text)
        except Exception as error:
            tell_plainly(fault(error))
            self.close(4500, "Internal server error")

    def _take(self, message: bytes, *, text: bool) -> None:
        if not text:
            self.close(4400, "WebSocket message type must be text")
            return
        try:
            said = orjson.loads(message)
        except orjson.JSONDecodeError:
            self.close(4400, "WebSocket message must be valid JSON")
            return
        if reason := breach(said):
            self.close(4400, reason)
            return
        match said["type"]:
            case "connection_init":
                self._begin(said.get("payload") or {})
            case "subscribe":
                self._subscribe(said["id"], said["payload"])
            case "complete":
                self.operations.complete(said["id"])
            case "ping":
                payload = said.get("payload")
                if payload is None:
                    self.wire.tell(PONG)
                else:
                    self.tell({"type": "pong", "payload": payload})

    def _begin(self, payload: Mapping[str, object]) -> None:
        handshake, self._handshake = self._handshake, None
        if handshake is None:
            self.close(4429, "Too many initialisation requests")
            return
        connection = self.board.serving.known(handshake, payload)
        if connection is not None:
            self._let_in(connection)
        else:
            self._admitting = self.tasks.start(self._admit(handshake, payload))

    async def _admit(self, handshake: Handshake, payload: Mapping[str, object]) -> None:
        try:
            async with asyncio.timeout(self.board.terms.init_timeout):
                connection = await self.board.serving.admit(handshake, payload)
        except Refused as refused:
            self.close(refused.close, refused.message)
        except TimeoutError:
            self.close(4408, "Connection initialisation timeout")
        except Exception as error:
            # Ours, not the client's, and likely to pass: 1013 is a code clients come back after.
            tell_plainly(fault(error))
            self.close(1013, "Try again later")
        else:
            if not self.closed:
                self._let_in(connection)
        self._admitting = None
        early, self._early = self._early, None
        for each, text in early or ():
            self.hear(each, text=text)
        if early and not self.closed and not self.wire.choked:
            self.wire.transport.resume_reading()

    def _let_in(self, connection: Connection) -> None:
        self.connection = connection
        connection.attend(self)
        most = self.board.terms.per_caller
        if most and connection.sockets > most:
            self.close(1013, f"You have {most} connections already")
        if not self.closed:
            self.wire.tell(ACK)

    def _subscribe(self, identity: str, payload: dict[str, Any]) -> None:
        if self.connection is None:
            self.close(4401, "Unauthorized")
        elif identity in self.operations:
            self.close(4409, f"Subscriber for {identity} already exists")
        else:
            self.operations.subscribe(identity, payload)

    # ── what its operations need ─────────────────────────────────────────────────────────────

    @property
    def tasks(self) -> Tasks:
        if self._tasks is None:
            self._tasks = Tasks(self._task_ended)
        return self._tasks

    def context(self) -> OperationContext:
        assert self.connection is not None
        return self.connection.operation()

    def audience(self, *, personal: bool) -> Audience:
        assert self.connection is not None
        return self.connection.audience(personal=personal)

    async def say(self, message: Mapping[str, Any]) -> None:
        """Waits for a client that reads slowly; how long, the switchboard sees to."""
        while self.wire.choked and not self.closed:
            await self.wire.has_room()
        if self.closed:
            raise WebSocketDisconnected
        self.tell(message)

    def tell(self, message: Mapping[str, Any]) -> None:
        self.wire.tell(framed(orjson.dumps(message)))

    def relieved(self) -> None:
        self._choked_at = None
        self.operations.relieved()

    def rights_changed(self) -> None:
        if self.connection is not None and not self.closed:
            self.operations.rights_changed()

    # ── how it ends ──────────────────────────────────────────────────────────────────────────

    def look_after(self, now: float) -> None:
        """Whatever time alone brings about."""
        terms, connection = self.board.terms, self.connection
        if self.closed:
            return
        if connection is None:
            if self._handshake is not None and now - self._began >= terms.init_timeout:
                self.close(4408, "Connection initialisation timeout")
            return
        if connection.until is not None and now >= connection.until:
            self.close(4403, "The access token has ended.")
        elif self.wire.choked:
            self._choked_at = self._choked_at or now
            if now - self._choked_at >= terms.send_deadline:
                self.close(1013, "The client does not read")
        elif now - self._heard > 2 * terms.ping_interval:
            # Not one of the fatal codes: a client that only slept may come back.
            self.close(4408, "No answer to ping")
        elif now - self._pinged >= terms.ping_interval:
            self._pinged = now
            self.wire.tell(PING)

    def close(self, code: int, reason: str) -> None:
        """Close once; a later cause changes nothing."""
        if not self.closed:
            self.board.serving.witness.metrics.closed(code, "server")
            self.wire.hang_up(code, reason)
            self._end()

    def lost(self, code: int) -> None:
        if not self.closed:
            self.board.serving.witness.metrics.closed(code, "client")
            self._end()

    async def let_go(self, code: int, reason: str) -> None:
        """Close, and return when nothing of the socket runs any more."""
        self.close(code, reason)
        if self in self.board.sockets:
            self._gone = self._gone or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._gone)

    def _end(self) -> None:
        self.closed = True
        self._early = self._handshake = None
        if self.connection is not None:
            self.connection.leave()
        self.operations.leave()
        if self._tasks is not None:
            self._tasks.stop_all()
        self._leave()

    def _task_ended(self, failed: bool) -> None:
        if failed:
            # Whatever it was to answer, nobody does any more.
            self.close(4500, "Internal server error")
        self._leave()

    def _leave(self) -> None:
        """Out of the list of sockets, once nothing of it runs."""
        if not self.closed or self._tasks:
            return
        self.board.discard(self)
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
