"""Answers that are kept, each with the number of the state that it was read in.

An answer is given again where a look that began after it was asked for says that number still:
never because little time has passed. What was asked for longest ago goes first.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from graph.planned import PlannedAnswer

AROUND = 1_000
"""Bytes that an answer takes besides its own: what it is known by."""
SHARE = 16
"""No answer takes more than this part of all the room there is."""
HIT, MISS, INVALID = "hit", "miss", "invalid"


@dataclass(frozen=True, slots=True)
class Held:
    """An answer, and the number of the state in which it holds."""

    answer: PlannedAnswer
    number: int
    asked: int = 0
    """How many bytes it was asked with, which it is known by."""

    @property
    def size(self) -> int:
        return len(self.answer.body) + self.asked + AROUND


class Kept:
    """So many bytes of answers."""

    def __init__(self, most: int, tell: Callable[[str], None] = lambda outcome: None) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, Held] = OrderedDict()
        self.tell = tell
        """Hears what became of each question: HIT, MISS or INVALID."""
        self.size = 0

    def __len__(self) -> int:
        return len(self._held)

    def find(self, key: Hashable) -> Held | None:
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
        return held

    def put(self, key: Hashable, held: Held) -> None:
        self.drop(key)
        if held.size * SHARE > self._most:
            return
        self._held[key] = held
        self.size += held.size
        while self.size > self._most:
            _, oldest = self._held.popitem(last=False)
            self.size -= oldest.size

    def drop(self, key: Hashable) -> None:
        held = self._held.pop(key, None)
        if held is not None:
            self.size -= held.size
