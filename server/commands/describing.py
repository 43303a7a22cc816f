"""guiche schema, guiche settings: what this version says of itself."""

import sys
from difflib import unified_diff
from importlib import resources

from graph.schema import build
from server import settings
from server.commands.telling import stop


def print_schema(check: bool) -> None:
    """The SDL; with `check`, only whether the file beside the code says the same."""
    told = build(open_to_strangers=True).as_str().rstrip() + "\n"
    if not check:
        sys.stdout.write(told)
        return
    kept = resources.files("graph").joinpath("schema.graphql").read_text("utf-8")
    if kept != told:
        changes = unified_diff(kept.splitlines(), told.splitlines(), "kept", "told", lineterm="")
        sys.stdout.write("\n".join(changes) + "\n")
        stop("graph/schema.graphql is not what the code says. Run: make schema")


def print_settings() -> None:
    sys.stdout.write(settings.as_table() + "\n")
