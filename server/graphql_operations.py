"""The operations of one socket, by their ids: some in groups, some run for it alone."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import orjson
import structlog
from graphql import GraphQLError

from graph.sharing import Form
from graph.trusted import Untrusted
from server import graphql_runs as runs
from server.frames import framed
from server.graphql_alone import Alone, Caller
from server.graphql_members import Asked, Audience, Coming, Member, Wire


class Socket(Caller, Protocol):
    """Whose operations they are."""

    closed: bool

    @property
    def wire(self) -> Wire: ...

    def audience(self, *, personal: bool) -> Audience:
        """Everything that an answer may depend on, as it is known at this moment."""
        ...


class Operations:
    """What one socket has asked for, and is not over."""

    __slots__ = ("_of", "_socket")

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._of: dict[str, Alone | Member] = {}

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, identity: str) -> bool:
        return identity in self._of

    # ── what is asked ────────────────────────────────────────────────────────────────────────

    def subscribe(self, identity: str, payload: dict[str, Any]) -> None:
        serving, limit = self._socket.board.serving, self._socket.board.terms.max_operations
        if len(self._of) >= limit:
            error = GraphQLError(
                f"At most {limit} operations run on one socket.",
                extensions={"code": "TOO_MANY_OPERATIONS"},
            )
            serving.witness.metrics.refused("TOO_MANY_OPERATIONS")
            told = runs.legible([error], serving.tell, None)
            self._tell({"id": identity, "type": "error", "payload": told})
            return
        query = serving.trusted.text(payload)
        if isinstance(query, Untrusted):
            named = {"operationName": payload.get("operationName")}
            operation = self._alone(identity, named)
            operation.start(operation.distrust(query))
            return
        payload["query"] = query
        if serving.documents.knows(query):
            self._take_up(identity, payload)
        else:
            operation = self._alone(identity, payload)
            operation.start(self._read(operation, payload))

    def complete(self, identity: str) -> None:
        operation = self._of.pop(identity, None)
        if isinstance(operation, Member):
            self._leave_group(operation)
        elif operation is not None:
            operation.stop()

    async def _read(self, operation: Alone, payload: Mapping[str, Any]) -> None:
        """Documents that nobody has sent before are read in turn."""
        if await operation.read() and self._forget(operation):
            self._take_up(operation.id, payload)

    def _take_up(self, identity: str, payload: Mapping[str, Any]) -> None:
        serving = self._socket.board.serving
        prepared = serving.documents.prepare(payload["query"])
        variables = payload.get("variables")
        refused = prepared.refusal(payload.get("operationName"), variables)
        form = None if refused else serving.form(prepared)
        extensions = runs.plain(payload.get("extensions"))
        if form is not None and extensions is not None and form.is_sound(variables or {}):
            member = self._of[identity] = Member(self, self._socket.wire, identity)
            self._join(member, Coming(_asked(form, payload, extensions)))
        else:
            operation = self._alone(identity, payload)
            operation.start(operation.run(payload.get("extensions")))

    def _alone(self, identity: str, payload: Mapping[str, Any]) -> Alone:
        operation = self._of[identity] = Alone(self._socket, identity, payload, self._forget)
        return operation

    def _forget(self, operation: Alone) -> bool:
        # Its id may name the next one already.
        if self._of.get(operation.id) is not operation:
            return False
        del self._of[operation.id]
        return True

    # ── what is told to many ─────────────────────────────────────────────────────────────────

    def _join(self, member: Member, coming: Coming) -> None:
        audience = self._socket.audience(personal=coming.asked.personal)
        self._socket.board.groups.of(coming.asked, audience).join(member, coming)

    def rights_changed(self) -> None:
        """Each goes on as what it may be now, from where it stands."""
        for member in list(self._of.values()):
            group = member.group if isinstance(member, Member) else None
            if not isinstance(member, Member) or group is None:
                continue
            audience = self._socket.audience(personal=group.asked.personal)
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

    def relieved(self) -> None:
        """The client reads again."""
        for member in list(self._of.values()):
            if isinstance(member, Member) and member.missed is not None and member.group:
                member.group.come_again(member)

    def finish(self, member: Member, asked: Asked, refused: list[dict[str, Any]] | None) -> None:
        """To him who was in already and may not go on, it is simply complete."""
        if self._of.get(member.id) is not member:
            return
        del self._of[member.id]
        refused = None if member.settled else refused
        self._seen_off(member, asked, refused)
        if self._socket.closed:
            return
        if refused is None:
            self._tell({"id": member.id, "type": "complete"})
        else:
            self._tell({"id": member.id, "type": "error", "payload": refused})

    # ── how they end ─────────────────────────────────────────────────────────────────────────

    def leave(self) -> None:
        """The socket is over; what runs for it alone is told to end by the socket."""
        operations = list(self._of.values())
        self._of.clear()
        for operation in operations:
            if isinstance(operation, Member):
                self._leave_group(operation)

    def _leave_group(self, member: Member) -> None:
        group = member.group
        if group is not None:
            asked = member.joining.asked if member.joining is not None else group.asked
            group.leave(member)
            self._seen_off(member, asked, None)

    def _seen_off(self, member: Member, asked: Asked, refused: list[dict[str, Any]] | None) -> None:
        seconds = asyncio.get_running_loop().time() - member.began
        with structlog.contextvars.bound_contextvars(request_id=self._socket.request_id):
            self._socket.board.serving.witness.member(
                asked.query, asked.operation_name, member.sent, seconds, refused
            )

    def _tell(self, message: Mapping[str, Any]) -> None:
        self._socket.wire.tell(framed(orjson.dumps(message)))


def _asked(form: Form, payload: Mapping[str, Any], extended: str) -> Asked:
    variables = payload.get("variables") or {}
    name, extensions = payload.get("operationName"), payload.get("extensions")
    same_as = (form.text, name, runs.plain(form.others(variables)), extended)
    cursor = variables.get(form.variable) if form.variable is not None else None
    return Asked(
        payload["query"],
        payload.get("variables"),
        name,
        extensions,
        same_as,
        (payload["query"] if form.resumed else None, cursor),
        form.goes_on(variables),
        form.is_personal(variables),
    )
