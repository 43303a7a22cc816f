"""What a display may ask for: figures and deadlines, and nothing about anybody.

A device on a wall is seen by whoever passes. Its documents are read before they run, and a field
that is not listed here refuses the whole document; so a field added tomorrow is not shown either.
"""

from collections.abc import Iterator

from graphql import FieldNode, GraphQLError, ValidationContext, ValidationRule, get_named_type
from strawberry.extensions import SchemaExtension

from domain.sentences import SENTENCES
from domain.words import Locale

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


def may_show(type_name: str, field: str) -> bool:
    return field == "__typename" or type_name in WALLS or field in SHOWN.get(type_name, ())


class OnlyForWalls(ValidationRule):
    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)

    def enter_field(self, node: FieldNode, *_path: object) -> None:
        parent = self.context.get_parent_type()
        if parent is None:
            return
        name = get_named_type(parent).name
        if not may_show(name, node.name.value):
            sentence = SENTENCES["display_only"][Locale.EN]
            self.report_error(
                GraphQLError(
                    sentence.format(field=f"{name}.{node.name.value}"),
                    node,
                    extensions={"code": "FORBIDDEN"},
                )
            )


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
