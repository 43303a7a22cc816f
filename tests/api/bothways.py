"""Every query asked at a desk is answered by plan too, where it has one: the same bytes.

So the tests of walls, roles, lists and errors try both roads, and whoever breaks one hears of it.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from server.graphql_errors import OperationContext, Wire
from server.graphql_http import Asked, HttpDesk, unplanned


@dataclass(frozen=True)
class BothWays(HttpDesk):
    """Answers as planned what was planned, and remembers where that was not what it is."""

    seen: list[str] = field(default_factory=list)
    """What was answered by plan."""
    differences: list[tuple[str, Any, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, desk: HttpDesk) -> "BothWays":
        return cls(**vars(desk))

    def plain(self) -> HttpDesk:
        """The desk as it is served: what has a plan is answered by that alone."""
        served = (each.name for each in fields(HttpDesk))
        return HttpDesk(**{name: getattr(self, name) for name in served})

    async def _answer(
        self, asked: Asked, context: OperationContext, method: str, media: str
    ) -> tuple[int, bytes, Wire]:
        usual = replace(self, planned=unplanned)
        status, body, told = await super(BothWays, usual)._answer(asked, context, method, media)
        document = self.documents.prepare(asked.query)
        planned = await self.planned(document, asked.operation_name, asked.variables, context)
        if planned is None:
            return status, body, told
        self.seen.append(asked.query)
        if (status, body) != (200, planned):
            self.differences.append((asked.query, asked.variables, body.decode(), planned.decode()))
        return 200, planned, told
