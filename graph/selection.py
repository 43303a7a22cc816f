"""What one operation selects: its fields, as its document and the shape of its variables say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import (
    FieldDetailsList,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry import Schema
from strawberry.types.field import StrawberryField


@dataclass(frozen=True)
class Selection:
    """An operation with its fragments, read once its variables are known."""

    schema: Schema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDetails]
    variables: VariableValues

    @property
    def graph(self) -> GraphQLSchema:
        return self.schema._schema

    def at_root(self, root: GraphQLObjectType) -> GroupedFieldSet:
        """What is asked of the root, by response key."""
        return collect_fields(
            self.graph, dict(self.fragments), self.variables, root, self.operation, True
        ).grouped_field_set

    def below(self, kind: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        """What is asked of the things of a field, by response key."""
        return collect_subfields(
            self.graph, dict(self.fragments), self.variables, self.operation, kind, details, True
        ).grouped_field_set

    def declared(self, kind: GraphQLObjectType, name: str) -> StrawberryField:
        """How the field of that name was declared."""
        named = self.schema.config.name_converter.get_graphql_name
        fields: list[StrawberryField] = kind.extensions["strawberry-definition"].fields
        return next(each for each in fields if named(each) == name)


def name_of(details: FieldDetailsList) -> str:
    """The field's name in the schema, whatever its alias."""
    return details[0].node.name.value


def origin(kind: GraphQLObjectType) -> Any:
    """The class that declares the type."""
    return kind.extensions["strawberry-definition"].origin
