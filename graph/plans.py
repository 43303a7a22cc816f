"""Queries answered by plan: asked for in rows, and written from them as the bytes of the answer.

Made once for a document, from the same types and policies that every other answer is made from. A
document that cannot be planned whole is not planned at all.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, TypeAlias

from graphql import GraphQLError, OperationType
from strawberry import Schema

from domain.errors import Refusal
from domain.wanted import Unplanned
from graph.blueprint import Blueprint, as_key
from graph.display import OnlyForWalls
from graph.documents import Prepared
from graph.kept import HIT, INVALID, MISS, Held, Kept
from graph.planned import PlannedAnswer
from graph.planning_roots import Arguments, Plan, plan
from graph.sharing import audience, personal
from resolvers.context import Context

REMEMBERED, LONGEST = 100, 1_000
"""How many sets of variables are kept read for one query, and of how many bytes at most."""

_numbers = count(1)

IsPersonal: TypeAlias = Callable[[Prepared, Mapping[str, Any]], bool]
Ready: TypeAlias = tuple[Plan, Arguments, Mapping[str, Any], bool]
"""A plan, what its root fields are asked with, what stands beside the data of its answer, and
whether that is another for each who asks."""


class Query:
    """One query of a document, and what it was asked with lately."""

    def __init__(
        self,
        schema: Schema,
        prepared: Prepared,
        name: str | None,
        is_personal: IsPersonal = lambda *_asked: True,
    ) -> None:
        self._prepared, self._name, self._is_personal = prepared, name, is_personal
        # Answers that are kept know it by this: they outlive the document, and do not hold it.
        self.number = next(_numbers)
        self._blueprint = Blueprint(schema, prepared, name, OperationType.QUERY, plan)
        self._ready: OrderedDict[bytes, Ready] = OrderedDict()

    def ready(self, variables: Mapping[str, Any]) -> Ready:
        """The plan for these variables, and what it is asked with; Unplanned without one."""
        if not self._blueprint.plannable:
            raise Unplanned
        key = as_key(variables)
        ready = self._ready.get(key)
        if ready is None:
            ready = self._read(variables)
            if len(key) <= LONGEST:
                self._ready[key] = ready
                if len(self._ready) > REMEMBERED:
                    self._ready.popitem(last=False)
        return ready

    def _read(self, variables: Mapping[str, Any]) -> Ready:
        if self._prepared.refusal(self._name, variables):
            raise Unplanned
        made, values = self._blueprint.plan(variables)
        cost = self._prepared.cost_told(self._name, variables)
        rest = {"extensions": {"cost": cost}} if cost else {}
        return made, made.arguments(values), rest, self._is_personal(self._prepared, variables)


class Plans:
    """Answers queries by plan, and counts how many."""

    def __init__(self, schema: Schema, kept: Kept | None = None) -> None:
        self._schema = schema
        self._kept = kept
        self._is_personal = personal(schema)
        self.answered = 0

    async def answer(
        self,
        document: Prepared,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,
        context: Any,
    ) -> PlannedAnswer | None:
        """The answer; None where it has to be found the usual way.

        Unavailable where the database was waited for already, so that nobody waits twice.
        """
        actor = context.actor
        if actor is None or actor.only_approves or document.errors:
            # There are rules of their own for what some may ask.
            return None
        if actor.is_display and document.against(OnlyForWalls):
            return None
        query = document.once(
            ("plans", operation_name),
            lambda: Query(self._schema, document, operation_name, self._is_personal),
        )
        try:
            answer = await self._answer(query, variables or {}, context)
        except (Unplanned, Refusal, GraphQLError):
            return None
        self.answered += 1
        return answer

    async def _answer(
        self, query: Query, variables: Mapping[str, Any], context: Context
    ) -> PlannedAnswer:
        plan, arguments, rest, alone = query.ready(variables)
        actor, kept = context.actor, self._kept
        if kept is None or actor is None or context.rights is None or plan.placed:
            return PlannedAnswer(await plan.run(context, arguments, rest), rest)

        asked = as_key(variables)
        key = (query.number, asked, audience(actor, context.locale, personal=alone))
        states, held = context.services.store.states, kept.find(key)
        state = states.last(actor.workspace_id)
        if held is not None or state is None:
            state = await states.look(actor.workspace_id)
            if state.access_version != context.rights:
                raise Unplanned  # whoever asks may be somebody else by now
            if held is not None and held.number == state.number:
                kept.tell(HIT)
                return held.answer
        kept.tell(INVALID if held is not None else MISS)

        answer = PlannedAnswer(await plan.run(context, arguments, rest), rest)
        if not context.of_the_moment:
            # Read after the look that said the number: as long as looks say the same, nothing has
            # changed from before it was read.
            kept.put(key, Held(answer, state.number, len(asked)))
        return answer
