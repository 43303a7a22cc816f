"""Where the world reaches us: what our links begin with; and whom we call."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """Without a slash at the end. None where nobody said what it is."""

    public: str | None = None
    short: str | None = None
    loopback: bool = False
    """Partners may be on this machine: for development."""

    def file(self, path: str) -> str:
        """The address of a file; from the root of this server where nothing else is known."""
        return f"{self.public or ''}/files/{path}"

    def short_link(self, slug: str) -> str:
        return f"{self.short}/s/{slug}"
