"""What every network has: a way to tell its messages from forged ones, and to read them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from domain.errors import Refusal
from domain.post import Post

ReadId = Callable[[str], UUID]
"""The id that a caller wrote; ValueError when it is none."""


class Unreadable(Exception):
    """Nothing in this body can be understood; carries the refusal that says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Channel(Protocol):
    """One network's words, as far as it speaks to us."""

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        """Whether the network itself sent these bytes; asked before anything reads them."""
        ...

    def read(self, body: bytes, account_id: UUID, read_id: ReadId) -> Sequence[Post | Refusal]:
        """The posts in the body, in order, and a refusal in the place of each that is none.

        Unreadable when there are no posts to speak of.
        """
        ...
