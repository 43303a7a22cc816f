"""What of an answer by plan is the same for all its rows: who asks, and what clocks go by."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from domain.rules.sla import Terms
from domain.wanted import Belonging, Row, Unplanned
from resolvers import deadlines
from resolvers.context import Context


class TermsUnknown(Exception):
    """These have to be read before a clock can be."""

    def __init__(self, terms_id: UUID) -> None:
        super().__init__(terms_id)
        self.terms_id = terms_id


@dataclass
class Scope:
    """What of an answer is the same for all its rows."""

    context: Context
    terms: Mapping[UUID, Terms] = field(default_factory=dict)
    told: dict[object, dict[UUID, Any]] = field(default_factory=lambda: defaultdict(dict))
    """By the field that led there: things that were written already, for others lead there too."""

    def __post_init__(self) -> None:
        self.info = SimpleNamespace(context=self.context)
        """As much of an Info as resolvers of computed fields look at."""

    def mark(self, belonging: Belonging, values: Row) -> str:
        """The cursor of a row in a list that hangs on another."""
        return self.context.services.store.views.place(belonging, values)

    def going_by(self, terms_id: UUID) -> Terms:
        try:
            return self.terms[terms_id]
        except KeyError:
            raise TermsUnknown(terms_id) from None


async def terms_known(write: Callable[[Scope], Any], context: Context) -> Any:
    """What is written, once the terms are read that its clocks go by."""
    scope = Scope(context)
    while True:
        try:
            return write(scope)
        except TermsUnknown as unknown:
            found = await deadlines.terms_seen(context, unknown.terms_id)
            if unknown.terms_id not in found:
                raise Unplanned from None
            scope.terms = {**scope.terms, **found}
