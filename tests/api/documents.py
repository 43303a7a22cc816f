"""Documents made from the schema itself, so that no new field is left out of a sweep."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_input_object_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from resolvers.attachments import Upload

SECOND = "2026-09-14T11:00:00Z"


def graph(schema: Any) -> GraphQLSchema:
    made: GraphQLSchema = schema._schema
    return made


def selection(kind: Any, depth: int, schema: GraphQLSchema, *, apart: str = "") -> str:
    """Everything of a type, and of what it leads to, so many things deep. Pages are free."""
    if is_leaf_type(kind):
        return ""
    if is_abstract_type(kind):
        parts = ["__typename"]
        parts += [
            f"... on {each.name} {selection(each, depth, schema, apart=each.name)}"
            for each in schema.get_possible_types(kind)
        ]
        return "{ " + " ".join(parts) + " }"
    parts = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        # Two types may have a field of one name and of different types.
        alias = f"{apart}_{name}: " if apart else ""
        if any(is_required_argument(each) for each in field.args.values()):
            continue
        if is_leaf_type(inner):
            parts.append(f"{alias}{name}")
            continue
        wrapper = inner.name.endswith(("Connection", "Edge", "Page", "PageInfo"))
        cost = 0 if wrapper else 1
        # A page's things are walked by its edges; its nodes are the same ones.
        if depth - cost >= 0 and not (name == "nodes" and "edges" in kind.fields):
            parts.append(f"{alias}{name} {selection(inner, depth - cost, schema)}")
    return "{ " + " ".join(parts) + " }"


def value(kind: Any, given: Mapping[str, Any]) -> Any:
    """The least that a type takes; `given` says what a field of that name is to be."""
    if isinstance(kind, GraphQLNonNull):
        return value(kind.of_type, given)
    if isinstance(kind, GraphQLList):
        return [value(kind.of_type, given)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if is_input_object_type(kind):
        return least(kind, given)
    return {
        "ID": given.get("ID"),
        "Int": 1,
        "Boolean": True,
        "Float": 1.0,
        "Date": SECOND[:10],
        "DateTime": SECOND,
        "Time": SECOND[11:16],
        "String": "texto",
        "Upload": Upload("leia.txt", b"texto"),
    }[kind.name]


def least(kind: GraphQLInputObjectType, given: Mapping[str, Any]) -> dict[str, Any]:
    """An input with what it requires, and whatever of the given it has a field for."""
    made = {}
    for name, field in kind.fields.items():
        if name in given:
            made[name] = given[name]
        elif is_required_input_field(field):
            made[name] = value(field.type, given)
    return made


def question(
    operation: str, name: str, field: GraphQLField, selected: str, given: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """A document that asks one root field, and its variables."""
    arguments = {
        each: argument
        for each, argument in field.args.items()
        if is_required_argument(argument) or each in given
    }
    if not arguments:
        return f"{operation} {{ {name} {selected} }}", {}
    declared = ", ".join(f"${each}: {argument.type}" for each, argument in arguments.items())
    passed = ", ".join(f"{each}: ${each}" for each in arguments)
    variables = {
        each: given[each] if each in given else value(argument.type, given)
        for each, argument in arguments.items()
    }
    return f"{operation}({declared}) {{ {name}({passed}) {selected} }}", variables
