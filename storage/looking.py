"""What is wanted of tickets, as one statement: the page first, then what it leads to.

The page is cut out before anything is joined to it, so that a list costs what it shows. What hangs
on a row is an array of rows beside it (JSON, on SQLite), as far as the wall shows it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Integer,
    Select,
    and_,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.orm import aliased
from sqlalchemy.types import Boolean, TypeEngine

from domain.model.entry import HistoryEntry
from domain.model.occurrence import Occurrence
from domain.model.publisher import Publisher
from domain.model.reply import Reply
from domain.model.ticket import Ticket
from domain.model.user import ApiKey, Session, User
from domain.model.workspace import Workspace
from domain.page import Window
from domain.rules.access import Actor, ActorKind
from domain.wanted import Look, One, Several, Wanted
from storage import access
from storage.access import columns
from storage.belongings import BELONGINGS, attribute
from storage.keyset import Order
from storage.marks import Mark, Nested, Written, with_all_levels

U_, S_, K_, W_ = columns(User), columns(Session), columns(ApiKey), columns(Workspace)
H_ = columns(HistoryEntry)
Types = list[TypeEngine[Any] | Nested]


@dataclass
class Draft:
    """A statement being written for one actor on one database."""

    actor: Actor
    dialect: Dialect
    columns: list[ColumnElement[Any]] = field(default_factory=list)
    types: Types = field(default_factory=list)

    @property
    def postgres(self) -> bool:
        return self.dialect.name == "postgresql"

    def show(self, column: Any) -> None:
        self.columns.append(column)
        self.types.append(column.type)

    def row(self, wanted: Wanted, it: Any, around: Any, above: Any = None) -> Any:
        """Everything wanted of one thing; what the statement is selected from, grown by it."""
        for name in wanted.attributes:
            self.show(attribute(name, it, above))
        for one in wanted.ones:
            other, around = self._lead(one, it, around, seen=wanted.kind is Ticket)
            self.show(other.id)
            around = self.row(one.wanted, other, around)
        for several in wanted.belongings:
            self._several(several, it)
        return around

    def _lead(self, one: One, it: Any, around: Any, *, seen: bool) -> tuple[Any, Any]:
        """As the shelves find things by their id: of this workspace, and behind the wall.

        From a ticket that is `seen`, its publisher is seen too, by that very ticket. Of one who was
        merged nothing is found.
        """
        kind = one.wanted.kind
        other, key = columns(aliased(kind)), getattr(it, one.key)
        wall = _shared if seen and kind is Publisher else WALLS.get(kind, _shared)
        found = and_(other.id == key, wall(self.actor, other))
        if kind is Publisher:
            found = and_(found, other.merged_into_id.is_(None))
        return other, around.outerjoin(other, found)

    def _several(self, several: Several, it: Any) -> None:
        belongs = BELONGINGS[several.belonging]
        other = columns(aliased(belongs.kind))
        if several.wanted is None:
            total = (
                select(func.count()).select_from(other).where(*belongs.those(self.actor, other, it))
            )
            self.columns.append(total.correlate(it).scalar_subquery())
            self.types.append(Integer())
            return
        inner = Draft(self.actor, self.dialect)
        around = inner.row(several.wanted, other, _table(other), it)
        if not inner.columns:
            inner.show(other.id)  # no row is made of nothing, though nothing of it is shown
        asked = select(*inner.columns).select_from(around)
        asked = belongs.asked(asked, self.actor, other, it, several.window).correlate(it)
        self.columns.append(self._array(asked, inner.columns, inner.types))
        self.types.append(Nested(inner.types))

    def _array(self, asked: Select[Any], shown: Sequence[Any], types: Types) -> Any:
        if self.postgres:
            as_row = asked.with_only_columns(func.row(*shown), maintain_column_froms=True)
            return func.array(as_row.scalar_subquery())
        named = [each.label(f"v{place}") for place, each in enumerate(shown)]
        rows = asked.with_only_columns(*named, maintain_column_froms=True).subquery()
        # What is an array already is none any more to whoever selects from that, unless told so.
        parts = [
            func.json(column) if isinstance(kind, Nested) else column
            for column, kind in zip(rows.c, types, strict=True)
        ]
        array = func.json_group_array(func.json_array(*parts))
        return select(array).select_from(rows).scalar_subquery()


def _shared(actor: Actor, it: Any) -> ColumnElement[bool]:
    shared: ColumnElement[bool] = it.workspace_id == actor.workspace_id
    return shared


WALLS: dict[type[Any], Callable[[Actor, Any], ColumnElement[bool]]] = {
    Ticket: access.tickets,
    Occurrence: access.occurrences,
    Publisher: access.publishers,
    Reply: access.replies,
}
"""Of what is not the whole workspace's."""


def _table(it: Any) -> Any:
    return select(it.id).get_final_froms()[0]


# ── the whole statement ────────────────────────────────────────────────────────────────────────


def written(
    actor: Actor,
    look: Look,
    dialect: Dialect,
    asked: Sequence[ColumnElement[bool]],
    order: Order | None,
    window: Window | None,
    past: Sequence[Any] = (),
    levels: Collection[Any] | None = None,
) -> Written:
    """The statement for what `asked` finds; in an order, and of that a window, where it is a list.

    Its rows are what stands ahead (an id of None where there is no row at all), what is wanted, and
    what the list is sorted by.
    """
    wall = access.tickets(actor, levels=levels)
    found = select(Ticket).where(wall, *asked)
    if order is not None and window is not None:
        if past:
            found = found.where(order.behind(Ticket, window, past))
        found = found.order_by(*order.sorting(Ticket, window))
        found = found.limit(literal_column(str(window.size + 1)))
    ticket = columns(aliased(Ticket, found.subquery("ticket_page")))

    draft = Draft(with_all_levels(actor) if dialect.name == "postgresql" else actor, dialect)
    count = select(func.count()).select_from(Ticket).where(wall, *asked)
    gate = _gate(draft, actor, count if look.counted else None, placed=look.placed)
    draft.show(ticket.id)
    around = draft.row(look.wanted, ticket, gate.outerjoin(ticket, true()))
    if order is not None and look.marked:
        for column in order.columns(ticket):
            draft.show(column)
    statement = select(*draft.columns).select_from(around)
    if order is not None and window is not None:
        statement = statement.order_by(*order.sorting(ticket, window))
    return Written.of(statement, draft.types, dialect)


def counted(
    actor: Actor,
    kinds: Sequence[Any],
    dialect: Dialect,
    asked: Sequence[ColumnElement[bool]],
    levels: Collection[Any] | None = None,
) -> Written:
    """The statement for how many of each of these kinds `asked` finds.

    Its rows are what stands ahead without the id, the kinds (None where there is no row at all),
    and how many.
    """
    wall = access.tickets(actor, levels=levels)
    named = [each.label(f"kind{place}") for place, each in enumerate(kinds)]
    found = select(*named, func.count().label("size")).where(wall, *asked).group_by(*kinds)
    figures = found.subquery("figures")
    draft = Draft(actor, dialect)
    gate = _gate(draft, actor)
    for column in figures.c:
        draft.show(column)
    statement = select(*draft.columns).select_from(gate.outerjoin(figures, true()))
    return Written.of(statement, draft.types, dialect)


def standing(actor: Actor, dialect: Dialect) -> Written:
    """The statement for what stands ahead alone, but for the id: one row."""
    draft = Draft(actor, dialect)
    gate = _gate(draft, actor)
    return Written.of(select(*draft.columns).select_from(gate), draft.types, dialect)


def zone(actor: Actor, dialect: Dialect) -> Written:
    """The statement for where the workspace's clocks are."""
    asked = select(W_.time_zone).where(W_.id == actor.workspace_id)
    return Written.of(asked, [W_.time_zone.type], dialect)


def _gate(
    draft: Draft, actor: Actor, count: Select[Any] | None = None, *, placed: bool = False
) -> Any:
    version = select(W_.access_version).where(W_.id == actor.workspace_id).scalar_subquery()
    place: Any = null()
    if placed:
        place = (
            literal_column("CAST(pg_current_snapshot() AS text)")
            if draft.postgres
            else select(func.coalesce(func.max(H_.position), literal_column("0"))).scalar_subquery()
        )
    gate = select(
        version.label("rights"),
        _valid(actor).label("valid"),
        (null() if count is None else count.scalar_subquery()).label("count"),
        place.label("place"),
    ).subquery("gate")
    draft.columns += [gate.c.rights, gate.c.valid, gate.c.count, gate.c.place]
    draft.types += [Integer(), Boolean(), Integer(), Integer()]
    return gate


def _valid(actor: Actor) -> ColumnElement[bool]:
    """Whether what somebody came with is still good."""
    if actor.kind is ActorKind.API_KEY:
        key = select(K_.id).where(K_.id == actor.id, K_.revoked_at.is_(None))
        return key.exists()
    if actor.kind is not ActorKind.PERSON or actor.session_id is None:
        return true()
    session = select(S_.id).where(
        S_.id == actor.session_id,
        S_.user_id == actor.id,
        S_.revoked_at.is_(None),
        S_.expires_at > literal(Mark("now"), S_.expires_at.type),
    )
    person = select(U_.id).where(U_.id == actor.id, U_.active)
    return and_(session.exists(), person.exists())
