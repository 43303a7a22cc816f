"""An operation of a socket run for nobody else: queries, mutations, what cannot be shared."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Protocol

import structlog
from graphql import GraphQLError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.types.execution import ExecutionResult, PreExecutionError

from graph.trusted import Untrusted
from server import graphql_runs as runs
from server.graphql_errors import OperationContext, Refused, fault, never_ran
from server.graphql_switchboard import Switchboard
from server.graphql_tasks import Tasks
from server.witness import Operation as Seen


class Caller(Protocol):
    """The socket that it is run for."""

    board: Switchboard
    request_id: str

    @property
    def tasks(self) -> Tasks: ...

    def context(self) -> OperationContext:
        """A new one, for whoever signed in."""
        ...

    async def say(self, message: Mapping[str, Any]) -> None:
        """Waits for a client that reads slowly; WebSocketDisconnected when there is none."""
        ...


class Alone:
    """One operation, and what is to be told of it once it has ended."""

    __slots__ = (
        "_caller",
        "_forget",
        "_name",
        "_over",
        "_query",
        "_seen",
        "_variables",
        "id",
        "task",
    )

    def __init__(
        self, caller: Caller, id: str, payload: Mapping[str, Any], forget: Callable[["Alone"], bool]
    ) -> None:
        self.id = id
        self.task: asyncio.Task[None] | None = None
        self._caller = caller
        self._query: str = payload.get("query") or ""
        self._variables = payload.get("variables")
        self._name = payload.get("operationName")
        self._forget = forget
        """Its id is free again; whether it was still its own."""
        self._over = False
        self._seen: Seen | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self.task = self._caller.tasks.start(work)

    def stop(self) -> None:
        if self.task is not None:
            self._caller.tasks.stop(self.task)

    async def distrust(self, error: Untrusted) -> None:
        """Refused in the language of whoever asks."""
        context = self._caller.context()
        try:
            with self._watched(), suppress(WebSocketDisconnected):
                await self._refuse([error], context)
        finally:
            self._caller.tasks.spare()
            self._forget(self)
            await context.aclose()

    async def read(self) -> bool:
        """Its document, which nobody has sent before; False for one who has spent too much."""
        serving = self._caller.board.serving
        context = self._caller.context()
        try:
            serving.spend(context, serving.documents.cost_of_reading(self._query))
        except Refused as refused:
            error = GraphQLError(refused.message, extensions=refused.extensions)
            with self._watched(), suppress(WebSocketDisconnected):
                await self._refuse([error], context)
            return False
        finally:
            await context.aclose()
        await serving.documents.read(self._query)
        return True

    async def run(self, extensions: dict[str, object] | None) -> None:
        """With a context of its own, closed however the operation ends; told of at the end."""
        with self._watched():
            context: OperationContext | None = None
            try:
                context = self._caller.context()
                await self._answer(extensions, context)
            except WebSocketDisconnected:
                pass
            except Refused as refused:
                error = GraphQLError(refused.message, extensions=refused.extensions)
                with suppress(WebSocketDisconnected):
                    await self._refuse([error], context)
            except Exception as error:
                with suppress(WebSocketDisconnected):
                    await self._refuse([fault(error)], context)
            finally:
                self._caller.tasks.spare()
                self._forget(self)
                if context is not None:
                    if self._seen is not None:
                        self._seen.codes += context.refusals
                    await context.aclose()

    async def _answer(
        self, extensions: dict[str, object] | None, context: OperationContext
    ) -> None:
        board = self._caller.board
        prepared = board.serving.documents.prepare(self._query)
        if refused := prepared.refusal(self._name, self._variables):
            await self._refuse(list(refused), context)
            return
        cost = prepared.cost_told(self._name, self._variables)
        if cost is not None:
            board.serving.spend(context, cost["requested"])
        results = await board.serving.schema.stream(
            self._query,
            variable_values=self._variables,
            context_value=context,
            operation_name=self._name,
            operation_extensions=extensions,
        )
        try:
            async for result in results:
                if not isinstance(result, ExecutionResult):
                    raise NotImplementedError("incremental delivery")
                if isinstance(result, PreExecutionError) or never_ran(result):
                    await self._refuse(result.errors or [], context)
                    return
                if cost is not None:
                    result.extensions = {**(result.extensions or {}), "cost": cost}
                await self._next(result, context)
        finally:
            self._caller.tasks.spare()
            await results.aclose()
        if self._forget(self):
            await self._say({"id": self.id, "type": "complete"})

    async def _next(self, result: ExecutionResult, context: OperationContext) -> None:
        payload = runs.payload(result, self._caller.board.serving.tell, context)
        # The answer is complete: a client who is slow to take it holds no snapshot meanwhile.
        await context.rest()
        await self._say({"id": self.id, "type": "next", "payload": payload})

    async def _refuse(self, errors: list[GraphQLError], context: OperationContext | None) -> None:
        payload = runs.legible(errors, self._caller.board.serving.tell, context)
        await self._say({"id": self.id, "type": "error", "payload": payload})

    async def _say(self, message: Mapping[str, Any]) -> None:
        if self._over:
            return
        if message["type"] != "next":
            # Its id is free before whoever used it can know.
            self._over = True
            self._forget(self)
        if self._seen is not None:
            told = message.get("payload")
            if message["type"] == "next":
                self._seen.sent += 1
            if message["type"] == "error":
                self._seen.answered(told)
            elif isinstance(told, dict):
                self._seen.answered(told.get("errors"), told.get("extensions"))
        await self._caller.say(message)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """What is logged meanwhile bears the id of the request that the socket began with."""
        caller = self._caller
        with (
            structlog.contextvars.bound_contextvars(request_id=caller.request_id),
            caller.board.serving.witness.operation("socket", self._query, self._name) as self._seen,
        ):
            yield
