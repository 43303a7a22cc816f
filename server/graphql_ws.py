"""A socket that speaks graphql-transport-ws: many operations, one sign-in.

Strawberry's handler with the manners of the reference server: whatever a client sends, the socket
ends with a code of the protocol, and what one operation does never ends the others.

Serve it in uvicorn with `ws=AbortableSocket, ws_max_size=65536, ws_per_message_deflate=False,
ws_ping_interval=None`. The frame limit is then kept before a frame is held in memory (and checked
once more here); uvicorn's own pings would end a silent socket with 1011, which the reference client
takes for final, so the protocol's pings do that work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, cast

import orjson
import structlog
from graphql import GraphQLError
from starlette.websockets import WebSocket
from strawberry.http.exceptions import (
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    PingMessage,
    SubscribeMessage,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graph.documents import Documents
from server import graphql_runs as runs
from server.graphql_errors import (
    OperationContext,
    Refused,
    Tell,
    fault,
    never_ran,
    tell_plainly,
)
from server.graphql_frames import Frames, breach
from server.graphql_groups import Group, Groups, Over, Run
from server.witness import Operation as Seen
from server.witness import Witness

log = structlog.get_logger(__name__)


class Connection(Protocol):
    """What a socket signed in as."""

    def operation(self, *, shared: bool = False) -> OperationContext: ...

    async def audience(self) -> Hashable | None: ...

    async def ended(self) -> tuple[int, str]: ...


@dataclass
class Switchboard:
    """The open sockets, and the terms they are held on."""

    documents: Documents
    admit: Callable[[WebSocket, Mapping[str, object]], Awaitable[Connection]]
    tell: Tell
    init_timeout: float
    send_deadline: float
    ping_interval: float
    max_frame: int
    may_share: Callable[[str], bool]
    witness: Witness
    groups: Groups = field(default_factory=Groups)
    sockets: set["Socket"] = field(default_factory=set)
    draining: bool = False


class Running(Operation[Any, Any]):
    """An operation of a socket, and what is to be told of it once it has ended."""

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

    websocket: Frames

    def __init__(self, *, switchboard: Switchboard, **stock: Any) -> None:
        super().__init__(**stock)
        self.switchboard = switchboard
        self.connection: Connection | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.tidying: set[asyncio.Task[None]] = set()
        self.gone = asyncio.Event()
        self.heard = 0.0

    async def handle(self) -> None:
        self.websocket.reader = reader = asyncio.current_task()
        self.switchboard.sockets.add(self)
        try:
            if self.switchboard.draining:
                await self.websocket.close(1012, "Service restart")
            await super().handle()
        except asyncio.CancelledError:
            if not self.websocket.left or reader is None:
                raise
            reader.uncancel()
        except Exception as error:
            tell_plainly(fault(error))
            await self.websocket.close(4500, "Internal server error")
        finally:
            self.switchboard.sockets.discard(self)
            self.gone.set()

    async def let_go(self, code: int, reason: str) -> None:
        """Close, and return when nothing of the socket runs any more."""
        await self.websocket.close(code, reason)
        await self.gone.wait()

    async def handle_message(self, message: Message) -> None:
        self.heard = asyncio.get_running_loop().time()
        if reason := breach(message):
            await self.handle_invalid_message(reason)
            return
        await super().handle_message(message)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        if self.connection_init_received:
            await self.websocket.close(4429, "Too many initialisation requests")
            return
        self.connection_init_received = True
        if self.connection_init_timeout_task:
            self.connection_init_timeout_task.cancel()

        try:
            async with asyncio.timeout(self.switchboard.init_timeout):
                self.connection = await self.switchboard.admit(
                    self.websocket.ws, message.get("payload") or {}
                )
        except Refused as refused:
            await self.websocket.close(refused.close, refused.message)
            return
        except TimeoutError:
            await self.websocket.close(4408, "Connection initialisation timeout")
            return
        except Exception as error:
            # Ours, not the client's, and likely to pass: 1013 is a code clients come back after.
            tell_plainly(fault(error))
            await self.websocket.close(1013, "Try again later")
            return

        self.connection_acknowledged = True
        await self.send_message({"type": "connection_ack"})
        self._start(self._watch(self.connection))
        self._start(self._ping())

    async def handle_ping(self, message: PingMessage) -> None:
        if message.get("payload") is None:
            await self.send_message({"type": "pong"})
        else:
            await self.send_message({"type": "pong", "payload": message["payload"]})

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if self.connection is None:
            await self.websocket.close(4401, "Unauthorized")
            return
        identity, payload = message["id"], message["payload"]
        if identity in self.operations:
            await self.websocket.close(4409, f"Subscriber for {identity} already exists")
            return

        operation = Running(
            self,
            identity,
            payload["query"],
            payload.get("variables"),
            payload.get("operationName"),
        )
        operation.seen = None
        limit = self.max_subscriptions_per_connection
        self.operations[identity] = operation
        if limit is not None and len(self.operations) > limit:
            error = GraphQLError(
                f"At most {limit} operations run on one socket.",
                extensions={"code": "TOO_MANY_OPERATIONS"},
            )
            self.switchboard.witness.metrics.refused("TOO_MANY_OPERATIONS")
            await self._refuse(operation, [error], None)
            return
        begun = self._begin(operation, self.connection, payload.get("extensions"))
        operation.task = self._start(begun)

    async def _begin(
        self, operation: Running, connection: Connection, extensions: dict[str, object] | None
    ) -> None:
        """Run, and told of at the end, however it comes."""
        witness, headers = self.switchboard.witness, self.websocket.ws.headers
        query = operation.query or ""
        with witness.operation(
            "socket", query, operation.operation_name, headers
        ) as operation.seen:
            refused = (await self.switchboard.documents.read(query)).errors
            run = self._share if not refused and self.switchboard.may_share(query) else self._run
            await run(operation, connection, extensions)

    async def _run(
        self,
        operation: Running,
        connection: Connection,
        extensions: dict[str, object] | None,
    ) -> None:
        """One operation with a context of its own, closed however the operation ends."""
        context: OperationContext | None = None
        try:
            context = connection.operation()
            prepared = self.switchboard.documents.prepare(operation.query or "")
            if refused := prepared.refusal(operation.operation_name, operation.variables):
                await self._refuse(operation, list(refused), context)
                return
            cost = prepared.cost_told(operation.operation_name, operation.variables)
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

    async def _share(
        self,
        operation: Operation[Any, Any],
        connection: Connection,
        extensions: dict[str, object] | None,
    ) -> None:
        """A member of whatever group is its own by its rights of the moment."""
        clock = asyncio.get_running_loop().time

        def begin() -> Run:
            # Made at once, so that it is of whoever has exactly the rights of the group.
            context = connection.operation(shared=True)
            return partial(
                runs.for_all, self.schema, self.switchboard.tell, operation, context, extensions
            )

        try:
            asked = (operation.query, operation.operation_name, runs.plain(operation.variables))
            asked_at = clock()
            while (audience := await connection.audience()) is not None:
                async with self.switchboard.groups.joined((*asked, audience), begin) as group:
                    with suppress(Over):
                        await group.after(0)
                        # Rights that changed before the group listened do not end it.
                        if group.spoke_before(asked_at) or (
                            await connection.audience() == audience
                        ):
                            await self._follow(operation, group)
                if group.refused is not None:
                    message = {"id": operation.id, "type": "error", "payload": group.refused}
                    await operation.send_operation_message(cast("Message", message))
                    return
                if not group.spoke:
                    break
                asked_at = clock()
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            pass
        except Exception as error:
            with suppress(WebSocketDisconnected):
                await self._refuse(operation, [fault(error)], None)
        finally:
            if self.operations.get(operation.id) is operation:
                del self.operations[operation.id]

    async def _follow(self, operation: Operation[Any, Any], group: Group) -> None:
        number = 0
        while True:
            told_all = await group.after(number)
            number = told_all.number
            payload = orjson.Fragment(told_all.payload)
            message = {"id": operation.id, "type": "next", "payload": payload}
            await operation.send_operation_message(cast("Message", message))

    def _spare(self) -> None:
        """From here on the operation only tidies up, which nobody is to interrupt."""
        task = asyncio.current_task()
        if task in self.tasks:
            self.tasks.discard(task)
            self.tidying.add(task)
            task.add_done_callback(self.tidying.discard)

    async def cleanup_operation(self, operation_id: str) -> None:
        operation = self.operations.pop(operation_id, None)
        if operation is not None and operation.task in self.tasks:
            operation.task.cancel()

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

    async def _watch(self, connection: Connection) -> None:
        """Close when the session does."""
        try:
            code, reason = await connection.ended()
        except Exception as error:
            # Nobody watches the session any more, so the socket may not outlive it.
            tell_plainly(fault(error))
            code, reason = 1013, "Try again later"
        await self.websocket.close(code, reason)

    async def _ping(self) -> None:
        """Ask whether anybody is there; two questions without a word end the socket."""
        interval, clock = self.switchboard.ping_interval, asyncio.get_running_loop().time
        with suppress(WebSocketDisconnected):
            while True:
                await asyncio.sleep(interval)
                if clock() - self.heard > 2 * interval:
                    # Not one of the fatal codes: a client that only slept may come back.
                    await self.websocket.close(4408, "No answer to ping")
                    return
                await self.send_message({"type": "ping"})

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(self._report)
        return task

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("graphql.socket_task", fault=type(error).__qualname__)

    async def shutdown(self) -> None:
        """Nothing of the socket runs after this."""
        tasks = set(self.tasks)
        if self.connection_init_timeout_task:
            tasks.add(self.connection_init_timeout_task)
        for task in tasks:
            if not task.cancelling():  # a second time would interrupt the cleaning up of the first
                task.cancel()
        for ending in (tasks, self.tidying):
            if ending:
                await asyncio.wait(ending)
