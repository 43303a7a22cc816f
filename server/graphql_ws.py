"""A socket that speaks graphql-transport-ws: many operations, one sign-in.

Strawberry's handler with the manners of the reference server: whatever a client sends, the socket
ends with a code of the protocol, and what one operation does never ends the others. It hears each
message as it comes; only what has to wait for something is a task.

Serve it in uvicorn with `ws=AbortableSocket, ws_max_size=65536, ws_per_message_deflate=False,
ws_ping_interval=None`. The frame limit is then kept before a frame is held in memory (and checked
once more here); uvicorn's own pings would end a silent socket with 1011, which the reference client
takes for final, so the protocol's pings do that work.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol, cast

import orjson
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graph.sharing import Form
from graph.trusted import Untrusted
from server import graphql_runs as runs
from server.graphql_errors import (
    OperationContext,
    Refused,
    fault,
    never_ran,
    tell_plainly,
)
from server.graphql_frames import AbortableSocket, breach, wire_of
from server.graphql_groups import Asked, Audience, Coming, Member, heading
from server.graphql_switchboard import Switchboard
from server.witness import Operation as Seen

log = structlog.get_logger(__name__)
PING = orjson.dumps({"type": "ping"})


class Connection(Protocol):
    """What a socket signed in as."""

    until: float | None
    """When the credentials end, on the loop's clock."""

    @property
    def sockets(self) -> int:
        """How many there are of whoever signed in, by the same session or key; this one too."""
        ...

    def operation(self) -> OperationContext: ...

    def audience(self, *, personal: bool) -> Audience:
        """Everything that an answer may depend on, as it is known at this moment."""
        ...

    def attend(self, socket: "Socket") -> None:
        """From here on the socket is told when rights change and when the session ends."""
        ...

    def leave(self) -> None: ...


class Running(Operation[Any, Any]):
    """An operation that is run for one, and what is to be told of it once it has ended."""

    __slots__ = ("seen",)
    seen: Seen | None

    async def send_operation_message(self, message: Message) -> None:
        if self.seen is not None:
            told: Any = message.get("payload")
            if message["type"] == "next":
                self.seen.sent += 1
            if message["type"] == "error":
                self.seen.answered(told)
            elif isinstance(told, dict):
                self.seen.answered(told.get("errors"), told.get("extensions"))
        await super().send_operation_message(message)


class Socket(BaseGraphQLTransportWSHandler[Any, Any]):
    """One client's socket, from the handshake to its last task."""

    operations: dict[str, Running | Member]  # type: ignore[assignment]
    wire: AbortableSocket

    def __init__(self, *, switchboard: Switchboard, **stock: Any) -> None:
        super().__init__(**stock)
        self.switchboard = switchboard
        self.address = ""
        self.connection: Connection | None = None
        self.closed = False
        self._handshake: WebSocket | None = None
        self._running: set[asyncio.Task[None]] | None = None
        self._tidying: set[asyncio.Task[None]] | None = None
        self._admitting: asyncio.Task[None] | None = None
        self._early: list[tuple[bytes, bool]] | None = None
        self._gone: asyncio.Future[None] | None = None
        self._choked_at: float | None = None
        self._began = self._heard = self._pinged = asyncio.get_running_loop().time()

    async def handle(self) -> None:
        """Begins to listen, and returns: nobody waits here for what comes."""
        self._handshake = cast("WebSocket", self.websocket.ws)  # type: ignore[attr-defined]
        self.websocket = cast("Any", None)
        self.wire = wire_of(self._handshake.scope)
        self._request_id = structlog.contextvars.get_contextvars().get("request_id")
        client = self._handshake.client
        self.address = client.host if client is not None else ""
        room = self.switchboard.add(self)
        self.wire.listen(self)
        if self.switchboard.draining:
            self.close(1012, "Service restart")
        elif not room:
            # A code that clients come back after: others from there may have left by then.
            self.close(1013, "Too many connections from your address")

    # ── what comes ───────────────────────────────────────────────────────────────────────────

    def hear(self, message: bytes, *, text: bool) -> None:
        self._heard = asyncio.get_running_loop().time()
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
        limit = self.switchboard.max_frame
        if len(message) > limit:
            self.close(1009, f"A message has at most {limit} bytes")
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
                self._begin(said)
            case "subscribe":
                self._subscribe(said)
            case "complete":
                self._complete(said["id"])
            case "ping":
                payload = said.get("payload")
                shown = {} if payload is None else {"payload": payload}
                self.tell({"type": "pong", **shown})

    def _begin(self, message: ConnectionInitMessage) -> None:
        if self.connection_init_received:
            self.close(4429, "Too many initialisation requests")
            return
        self.connection_init_received = True
        handshake, self._handshake = self._handshake, None
        assert handshake is not None
        payload = message.get("payload") or {}
        connection = self.switchboard.known(handshake, payload)
        if connection is not None:
            self._let_in(connection)
            return
        self._admitting = self._start(self._admit(handshake, payload))

    async def _admit(self, handshake: WebSocket, payload: Mapping[str, object]) -> None:
        try:
            async with asyncio.timeout(self.switchboard.init_timeout):
                connection = await self.switchboard.admit(handshake, payload)
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
        self.wire.forget_handshake()
        self.connection = connection
        self.connection_acknowledged = True
        connection.attend(self)
        most = self.switchboard.sockets_per_caller
        if most and connection.sockets > most:
            self.close(1013, f"You have {most} connections already")
        if not self.closed:
            self.tell({"type": "connection_ack"})

    def _subscribe(self, message: SubscribeMessage) -> None:
        if self.connection is None:
            self.close(4401, "Unauthorized")
            return
        identity, payload = message["id"], message["payload"]
        if identity in self.operations:
            self.close(4409, f"Subscriber for {identity} already exists")
            return
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            error = GraphQLError(
                f"At most {limit} operations run on one socket.",
                extensions={"code": "TOO_MANY_OPERATIONS"},
            )
            self.switchboard.witness.metrics.refused("TOO_MANY_OPERATIONS")
            told = runs.legible([error], self.switchboard.tell, None)
            self.tell({"id": identity, "type": "error", "payload": told})
            return
        query = self.switchboard.trusted.text(payload)
        if isinstance(query, Untrusted):
            operation = self.operations[identity] = Running(
                self, identity, "", None, payload.get("operationName")
            )
            operation.seen = None
            operation.task = self._start(self._distrust(operation, query))
            return
        payload["query"] = query
        if self.switchboard.documents.knows(payload["query"]):
            self._take_up(identity, payload)
            return
        operation = self.operations[identity] = Running(
            self, identity, payload["query"], None, payload.get("operationName")
        )
        operation.seen = None
        operation.task = self._start(self._read(operation, payload))

    async def _distrust(self, operation: Running, error: Untrusted) -> None:
        """Refused in the language of whoever asks."""
        assert self.connection is not None
        context = self.connection.operation()
        try:
            with (
                self._request(),
                self.switchboard.witness.operation(
                    "socket", "", operation.operation_name
                ) as operation.seen,
                suppress(WebSocketDisconnected),
            ):
                await self._refuse(operation, [error], context)
        finally:
            self._spare()
            if self.operations.get(operation.id) is operation:
                del self.operations[operation.id]
            await context.aclose()

    async def _read(self, operation: Running, payload: Mapping[str, Any]) -> None:
        """Documents that nobody has sent before are read in turn."""
        await self.switchboard.documents.read(operation.query or "")
        if self.operations.get(operation.id) is operation:
            del self.operations[operation.id]
            self._take_up(operation.id, payload)

    def _take_up(self, identity: str, payload: Mapping[str, Any]) -> None:
        prepared = self.switchboard.documents.prepare(payload["query"])
        variables = payload.get("variables")
        refused = prepared.refusal(payload.get("operationName"), variables)
        form = None if refused else self.switchboard.form(prepared)
        extensions = runs.plain(payload.get("extensions"))
        if form is not None and extensions is not None and form.is_sound(variables or {}):
            self._share(identity, form, payload, extensions)
        else:
            self._run_alone(identity, payload)

    def _complete(self, identity: str) -> None:
        operation = self.operations.pop(identity, None)
        if isinstance(operation, Member):
            self._leave_group(operation)
        elif operation is not None and operation.task in (self._running or ()):
            cast("asyncio.Task[None]", operation.task).cancel()

    # ── what is told to many ─────────────────────────────────────────────────────────────────

    def _share(self, identity: str, form: Form, payload: Mapping[str, Any], extended: str) -> None:
        variables = payload.get("variables") or {}
        name, extensions = payload.get("operationName"), payload.get("extensions")
        same_as = (form.text, name, runs.plain(form.others(variables)), extended)
        cursor = variables.get(form.variable) if form.variable is not None else None
        asked = Asked(
            payload["query"],
            payload.get("variables"),
            name,
            extensions,
            same_as,
            (payload["query"] if form.resumed else None, cursor),
            form.goes_on(variables),
            form.is_personal(variables),
        )
        member = self.operations[identity] = Member(self, identity)
        self._join(member, Coming(asked))

    def _join(self, member: Member, coming: Coming) -> None:
        assert self.connection is not None
        audience = self.connection.audience(personal=coming.asked.personal)
        self.switchboard.groups.of(coming.asked, audience).join(member, coming)

    def rights_changed(self) -> None:
        """Each operation goes on as what it may be now, from where it stands."""
        if self.connection is None or self.closed:
            return
        for member in list(self.operations.values()):
            group = member.group if isinstance(member, Member) else None
            if not isinstance(member, Member) or group is None:
                continue
            audience = self.connection.audience(personal=group.asked.personal)
            if audience.key == group.audience.key:
                continue
            was = group.stands(member)
            if member.joining is None:
                member.settled = True
            resync = was.resync or (
                was.place is not None and audience.sight != group.audience.sight
            )
            group.leave(member)
            self._join(member, Coming(was.asked, was.place, resync))

    def finish(self, member: Member, asked: Asked, refused: list[dict[str, Any]] | None) -> None:
        """To him who was in already and may not go on, it is simply complete."""
        if self.operations.get(member.id) is not member:
            return
        del self.operations[member.id]
        refused = None if member.settled else refused
        self._seen_off(member, asked, refused)
        if self.closed:
            return
        if refused is None:
            self.tell({"id": member.id, "type": "complete"})
        else:
            self.tell({"id": member.id, "type": "error", "payload": refused})

    def _leave_group(self, member: Member) -> None:
        group = member.group
        if group is not None:
            asked = member.joining.asked if member.joining is not None else group.asked
            group.leave(member)
            self._seen_off(member, asked, None)

    def _seen_off(self, member: Member, asked: Asked, refused: list[dict[str, Any]] | None) -> None:
        seconds = asyncio.get_running_loop().time() - member.began
        with self._request():
            self.switchboard.witness.member(
                asked.query, asked.operation_name, member.sent, seconds, refused
            )

    def _request(self) -> AbstractContextManager[Any]:
        """What is logged meanwhile bears the id of the request that the socket began with."""
        return structlog.contextvars.bound_contextvars(request_id=self._request_id)

    def relieved(self) -> None:
        """The client reads again."""
        self._choked_at = None
        for member in list(self.operations.values()):
            if isinstance(member, Member) and member.missed is not None and member.group:
                member.group.come_again(member)

    # ── what is run for one ──────────────────────────────────────────────────────────────────

    def _run_alone(self, identity: str, payload: Mapping[str, Any]) -> None:
        operation = Running(
            self,
            identity,
            payload["query"],
            payload.get("variables"),
            payload.get("operationName"),
        )
        operation.seen = None
        self.operations[identity] = operation
        operation.task = self._start(self._seen(operation, payload.get("extensions")))

    async def _seen(self, operation: Running, extensions: dict[str, object] | None) -> None:
        """Run, and told of at the end, however it comes."""
        with (
            self._request(),
            self.switchboard.witness.operation(
                "socket", operation.query, operation.operation_name
            ) as operation.seen,
        ):
            await self._run(operation, extensions)

    async def _run(self, operation: Running, extensions: dict[str, object] | None) -> None:
        """One operation with a context of its own, closed however the operation ends."""
        context: OperationContext | None = None
        try:
            assert self.connection is not None
            context = self.connection.operation()
            prepared = self.switchboard.documents.prepare(operation.query or "")
            if refused := prepared.refusal(operation.operation_name, operation.variables):
                await self._refuse(operation, list(refused), context)
                return
            cost = prepared.cost_told(operation.operation_name, operation.variables)
            if cost is not None:
                self.switchboard.spend(context, cost["requested"])
            results = await self.schema.stream(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.operation_name,
                operation_extensions=extensions,
            )
            try:
                async for result in results:
                    if not isinstance(result, ExecutionResult):
                        raise NotImplementedError("incremental delivery")
                    if isinstance(result, PreExecutionError) or never_ran(result):
                        await self._refuse(operation, result.errors or [], context)
                        return
                    if cost is not None:
                        result.extensions = {**(result.extensions or {}), "cost": cost}
                    await self._next(operation, result, context)
            finally:
                self._spare()
                await results.aclose()
            if self.operations.get(operation.id) is operation:
                await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            pass
        except Refused as refused:
            error = GraphQLError(refused.message, extensions=refused.extensions)
            with suppress(WebSocketDisconnected):
                await self._refuse(operation, [error], context)
        except Exception as error:
            with suppress(WebSocketDisconnected):
                await self._refuse(operation, [fault(error)], context)
        finally:
            self._spare()
            if self.operations.get(operation.id) is operation:  # it may name the next one already
                del self.operations[operation.id]
            if context is not None:
                if operation.seen is not None:
                    operation.seen.codes += context.refusals
                await context.aclose()

    async def _next(
        self, operation: Operation[Any, Any], result: ExecutionResult, context: OperationContext
    ) -> None:
        payload = runs.payload(result, self.switchboard.tell, context)
        # The answer is complete: a client who is slow to take it holds no snapshot meanwhile.
        await context.rest()
        message = {"id": operation.id, "type": "next", "payload": payload}
        await operation.send_operation_message(cast("Message", message))

    async def _refuse(
        self,
        operation: Operation[Any, Any],
        errors: list[GraphQLError],
        context: OperationContext | None,
    ) -> None:
        payload = runs.legible(errors, self.switchboard.tell, context)
        message = {"id": operation.id, "type": "error", "payload": payload}
        await operation.send_operation_message(cast("Message", message))

    def forget_id(self, id: str) -> None:
        self.operations.pop(id, None)

    async def send_message(self, message: Message) -> None:
        """Waits for a client that reads slowly; how long, the switchboard sees to."""
        while self.wire.choked and not self.closed:
            await self.wire.writable.wait()
        if self.closed:
            raise WebSocketDisconnected
        self.tell(message)

    def tell(self, message: Mapping[str, Any]) -> None:
        text = orjson.dumps(message)
        self.wire.write(heading(len(text)) + text)

    # ── how it ends ──────────────────────────────────────────────────────────────────────────

    def look_after(self, now: float) -> None:
        """Whatever time alone brings about."""
        board, connection = self.switchboard, self.connection
        if self.closed:
            return
        if connection is None:
            if not self.connection_init_received and now - self._began >= board.init_timeout:
                self.close(4408, "Connection initialisation timeout")
            return
        if connection.until is not None and now >= connection.until:
            self.close(4403, "The access token has ended.")
        elif self.wire.choked:
            self._choked_at = self._choked_at or now
            if now - self._choked_at >= board.send_deadline:
                self.close(1013, "The client does not read")
        elif now - self._heard > 2 * board.ping_interval:
            # Not one of the fatal codes: a client that only slept may come back.
            self.close(4408, "No answer to ping")
        elif now - self._pinged >= board.ping_interval:
            self._pinged = now
            self.wire.write(heading(len(PING)) + PING)

    def close(self, code: int, reason: str) -> None:
        """Close once; a later cause changes nothing."""
        if not self.closed:
            self.switchboard.witness.metrics.closed(code, "server")
            self.wire.hang_up(code, reason)
            self._end()

    def lost(self) -> None:
        if not self.closed:
            said = self.wire.conn.close_rcvd
            self.switchboard.witness.metrics.closed(said.code if said else 1006, "client")
            self._end()

    async def let_go(self, code: int, reason: str) -> None:
        """Close, and return when nothing of the socket runs any more."""
        self.close(code, reason)
        if self in self.switchboard.sockets:
            self._gone = self._gone or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._gone)

    def _end(self) -> None:
        self.closed = True
        self._early = None
        if self.connection is not None:
            self.connection.leave()
        operations = list(self.operations.values())
        self.operations.clear()
        for operation in operations:
            if isinstance(operation, Member):
                self._leave_group(operation)
        current = asyncio.current_task()
        for task in list(self._running or ()):
            if task is not current and not task.cancelling():
                # A second time would interrupt the cleaning up of the first.
                task.cancel()
        self._leave()

    def _leave(self) -> None:
        """Out of the list of sockets, once nothing of it runs."""
        if not self.closed or self._running or self._tidying:
            return
        self.switchboard.discard(self)
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        if self._running is None:
            self._running = set()
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        for each in (self._running, self._tidying):
            if each is not None:
                each.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("graphql.socket_task", fault=type(error).__qualname__)
            # Whatever it was to answer, nobody does any more.
            self.close(4500, "Internal server error")
        self._leave()

    def _spare(self) -> None:
        """From here on the operation only tidies up, which nobody is to interrupt."""
        task = asyncio.current_task()
        if task is not None and self._running is not None and task in self._running:
            self._running.discard(task)
            if self._tidying is None:
                self._tidying = set()
            self._tidying.add(task)
