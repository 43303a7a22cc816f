"""Tickets as whoever asks by a protocol number is told of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.model.reply import Reply
from domain.rules.histories import Line
from domain.tracking import Next, Said, Tracked, Turn


class Histories(Protocol):
    """What the consumer of a ticket said and was told in it."""

    async def lines(self, ticket_id: UUID, publisher_id: UUID, most: int) -> Sequence[Line]:
        """The last of it, oldest first: what they wrote and what reached them, nobody else's."""
        ...

    async def last(self, ticket_id: UUID) -> Reply | None:
        """What the history went with that was asked for last."""
        ...


class Protocols(Protocol):
    """Asked by the number, removed ones too. The rest is of a ticket that may be told of."""

    async def called(self, protocol: str) -> Sequence[Tracked]:
        """In every workspace: whoever asks has no actor yet, and has to show a proof."""
        ...

    async def seen(self, protocol: str) -> Tracked | None:
        """Behind the wall: where the actor sees its level."""
        ...

    async def turns(self, ticket_id: UUID) -> Sequence[Turn]: ...
    async def said(self, tracked: Tracked, most: int, *, in_public: bool) -> Sequence[Said]:
        """The last messages with whose ticket it is, oldest first; with `in_public` what anybody
        could read there."""
        ...

    async def expected_by(self, ticket_id: UUID) -> datetime | None: ...
    async def next(self, tracked: Tracked, *, seen: bool) -> Next | None:
        """With `seen`, where the actor sees its level."""
        ...
