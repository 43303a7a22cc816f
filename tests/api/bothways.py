"""Every query asked at a desk is answered by plan too, where it has one: the same bytes.

So the tests of walls, roles, lists and errors try both roads, and whoever breaks one hears of it.
"""

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field, fields, replace
from typing import Any

from starlette.requests import Request

from graph.planned import PlannedAnswer
from server.graphql_errors import OperationContext, Wire
from server.graphql_http import Asked, HttpDesk, unplanned

STRING = re.compile(rb'"([A-Za-z0-9_-]{24,})"')
PLACE = re.compile(rb"[0-9a-f]{16}\.\d+\.")


def settled(body: bytes) -> bytes:
    """Without where the feed stands: whoever writes meanwhile, in any database, moves that on."""

    def settle(found: re.Match[bytes]) -> bytes:
        raw = urlsafe_b64decode(found[1] + b"=" * (-len(found[1]) % 4))
        return b'"here"' if PLACE.match(raw) else found[0]

    return STRING.sub(settle, body)


@dataclass(frozen=True)
class BothWays(HttpDesk):
    """Answers as planned what was planned, and remembers where that was not what it is."""

    seen: list[str] = field(default_factory=list)
    """What was answered by plan."""
    at_once: dict[int, bytes | None] = field(default_factory=dict)
    """What requests in hand were answered without looking up who asks."""
    differences: list[tuple[str, Any, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, desk: HttpDesk) -> "BothWays":
        return cls(**vars(desk))

    def plain(self) -> HttpDesk:
        """The desk as it is served: what has a plan is answered by that alone."""
        served = (each.name for each in fields(HttpDesk))
        return HttpDesk(**{name: getattr(self, name) for name in served})

    def running(self) -> HttpDesk:
        """One that answers nothing by plan."""
        return replace(self.plain(), planned=unplanned)

    async def _at_once(self, asked: Asked, request: Request) -> PlannedAnswer | None:
        at_once = await super()._at_once(asked, request)
        self.at_once[id(asked)] = at_once and at_once.body
        return None

    async def _answer(
        self, asked: Asked, context: OperationContext, method: str, media: str
    ) -> tuple[int, bytes, Wire]:
        usual = replace(self, planned=unplanned)
        at_once = self.at_once.pop(id(asked))
        status, body, told = await super(BothWays, usual)._answer(asked, context, method, media)
        document = await self.documents.read(asked.query)
        answer = await self.planned(document, asked.operation_name, asked.variables, context)
        if answer is None:
            return status, body, told
        planned = answer.body
        self.seen.append(asked.query)
        told_by_plan = {settled(planned), settled(at_once or planned)}
        if status != 200 or told_by_plan != {settled(body)}:
            self.differences.append((asked.query, asked.variables, body.decode(), planned.decode()))
        return 200, planned, told
