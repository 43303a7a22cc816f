"""Documents of callers who may ask for little: a field that is not listed refuses all of it."""

from collections.abc import Collection, Mapping
from typing import ClassVar

from graphql import FieldNode, GraphQLError, ValidationContext, ValidationRule, get_named_type

from domain.sentences import SENTENCES
from domain.words import Locale


class Listed(ValidationRule):
    """A rule of validation; each kind of caller has a list of its own."""

    sentence: ClassVar[str]
    whole: ClassVar[Collection[str]] = frozenset()
    """Types of which every field may be asked for."""
    fields: ClassVar[Mapping[str, Collection[str]]] = {}
    introspective: ClassVar[bool] = False
    """Whether they may ask what the schema looks like."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)

    @classmethod
    def allows(cls, type_name: str, field: str) -> bool:
        if field == "__typename" or type_name in cls.whole:
            return True
        if field.startswith("__") or type_name.startswith("__"):
            return cls.introspective
        return field in cls.fields.get(type_name, ())

    def enter_field(self, node: FieldNode, *_path: object) -> None:
        parent = self.context.get_parent_type()
        if parent is None:
            return
        name = get_named_type(parent).name
        if not self.allows(name, node.name.value):
            sentence = SENTENCES[self.sentence][Locale.EN]
            self.report_error(
                GraphQLError(
                    sentence.format(field=f"{name}.{node.name.value}"),
                    node,
                    extensions={"code": "FORBIDDEN"},
                )
            )
