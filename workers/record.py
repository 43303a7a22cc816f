"""What the workers did, told to whoever runs them: how long, how late, how it ended."""

from typing import Protocol


class Record(Protocol):
    """Hears of it. A call takes no time and does not fail."""

    def turn(self, loop: str, seconds: float, well: bool) -> None:
        """A loop has taken a turn."""

    def noticed(self, late: float) -> None:
        """A deadline was noticed so many seconds after it had passed."""

    def delivered(self, network: str, outcome: str, lag: float | None) -> None:
        """A network was handed a reply; if it took it, so many seconds after it was queued."""

    def informed(self, outcome: str, late: float | None) -> None:
        """A partner was told of something; if they took it, so many seconds after it happened."""

    def chore(self, name: str, done: int) -> None:
        """Housekeeping did something to so many."""


class Unrecorded:
    """Nobody wants to know."""

    def turn(self, loop: str, seconds: float, well: bool) -> None: ...
    def noticed(self, late: float) -> None: ...
    def delivered(self, network: str, outcome: str, lag: float | None) -> None: ...
    def informed(self, outcome: str, late: float | None) -> None: ...
    def chore(self, name: str, done: int) -> None: ...


UNRECORDED = Unrecorded()
