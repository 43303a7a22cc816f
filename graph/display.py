"""What a display may ask for: figures and deadlines, and nothing about anybody.

A device on a wall is seen by whoever passes. Its documents are read before they run, and a field
that is not listed here refuses the whole document; so a field added tomorrow is not shown either.
"""

from collections.abc import Iterator

from strawberry.extensions import SchemaExtension

from graph.listed import Listed

WALLS = {"Wallboard", "WallboardLevel", "WallboardTotals", "SlaCountdown", "SlaClock", "OpenWindow"}
SHOWN = {
    "Query": {"wallboard"},
    "Subscription": {"wallboard", "slaCountdown"},
    "Level": {"id", "name", "enabled", "openNow", "nextOpenAt", "openWindows"},
    "Ticket": {
        "id",
        "protocol",
        "status",
        "priority",
        "network",
        "risk",
        "dueAt",
        "openedAt",
        "ageSeconds",
        "level",
    },
}


class OnlyForWalls(Listed):
    sentence = "display_only"
    whole = WALLS
    fields = SHOWN


class ForDisplays(SchemaExtension):
    """Reads what a display asks for before it runs."""

    def on_operation(self) -> Iterator[None]:
        actor = getattr(self.execution_context.context, "actor", None)
        if actor is not None and actor.is_display:
            self.execution_context.validation_rules = (
                *self.execution_context.validation_rules,
                OnlyForWalls,
            )
        yield
