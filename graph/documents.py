"""Documents, read once: parsed, held against limits and schema, and remembered by their text.

A client sends the same few documents again and again. What is known of one hangs on it (`once`)
and is forgotten with it. Those that were refused are remembered apart, so that nobody who sends
nonsense makes room for it among what others use; and a document has to come twice before it can
push out one that did.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from time import perf_counter

from graphql import (
    GraphQLError,
    GraphQLSchema,
    parse,
    specified_rules,
)
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.limits import Limits, OverLimit, breaches
from graph.prepared import Prepared, Rule, coded, given_up, validated
from graph.turns import Turns

__all__ = ["PER_CHARACTER", "Documents", "FromMemory", "Prepared"]

RULES: tuple[Rule, ...] = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)
KNOWN, REFUSED = 1_000, 200
"""How many documents are remembered, and how many refusals."""
MEMORY = 64 * 1024 * 1024
CHARACTERS = 4
"""Of a new document, that cost as much as one thing that an operation brings: as long, that is."""
PER_CHARACTER = 100
"""Bytes that a character takes once its document is parsed: some fifty, at worst two hundred."""


class Documents:
    """The documents of one schema, as they were sent."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits | None = None,
        *,
        known: int = KNOWN,
        memory: int = MEMORY,
    ) -> None:
        self._schema = schema
        self._limits = limits or Limits()
        self._new = Shelf(known, memory // 2)
        self._proven = Shelf(known, memory // 2)
        self._refused = Shelf(REFUSED, memory // 8)
        self._kept: dict[str, Prepared] = {}
        self._turns = Turns()
        self.readings = 0
        """How many were parsed and validated since the process began."""

    def keep(self, text: str) -> Prepared:
        """The document of that text, never forgotten from now on."""
        if text not in self._kept:
            self._kept[text] = self._read(text)
        return self._kept[text]

    def prepare(self, text: str) -> Prepared:
        """The document of that text; remembered ones are not read again."""
        known = self._kept.get(text) or self._proven.get(text)
        if known is None and (known := self._new.pop(text)) is not None:
            self._proven.put(known)
        if known is None and (known := self._refused.get(text)) is None:
            known = self._read(text)
            (self._refused if known.errors else self._new).put(known)
        return known

    def knows(self, text: str) -> bool:
        """Whether it is remembered, so that nobody has to wait for it."""
        shelves = (self._kept, self._proven, self._new, self._refused)
        return any(text in each for each in shelves)

    def cost_of_reading(self, text: str) -> int:
        """What a document costs besides for being new; 0 where it is remembered."""
        return 0 if self.knows(text) else min(len(text), self._limits.length) // CHARACTERS

    async def read(self, text: str) -> Prepared:
        """The same, without keeping those waiting whose documents are known.

        New ones are read one at a time, the shortest first, and after each the loop is left to
        others for as long as that took.
        """
        if self.knows(text):
            return self.prepare(text)
        async with self._turns.of(len(text)):
            begun = perf_counter()
            prepared = self.prepare(text)
            await asyncio.sleep(perf_counter() - begun)
        return prepared

    def _read(self, text: str) -> Prepared:
        self.readings += 1
        limits = self._limits
        if len(text) > limits.length:
            return self._refuse(text, OverLimit("over_length", limits.length))
        try:
            document = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens)
        except GraphQLError as error:
            return self._refuse(text, self._about(error.with_traceback(None)))
        if many := breaches(document, limits):
            return self._refuse(text, *many)
        # Read there whenever a validation begins.
        overlapping.MAX_COMPLEXITY_BUDGET = limits.same_fields
        errors = validated(self._schema, document, RULES)
        if errors and given_up(errors[-1]):
            errors = (OverLimit("over_repeats", limits.same_fields),)
        return Prepared(text, document, errors, self._schema, limits)

    def _about(self, error: GraphQLError) -> GraphQLError:
        """A syntax error, or the limit that the parser kept."""
        if "too deeply" in error.message:
            return OverLimit("over_nesting", self._limits.nesting)
        if "Parsing aborted" in error.message:
            return OverLimit("over_tokens", self._limits.tokens)
        return coded([error], "GRAPHQL_PARSE_FAILED")[0]

    def _refuse(self, text: str, *errors: GraphQLError) -> Prepared:
        return Prepared(text, None, errors, self._schema, self._limits)


class Shelf:
    """The documents used last, up to a number and a size."""

    def __init__(self, most: int, memory: int) -> None:
        self._most = most
        self._room = memory // PER_CHARACTER
        self._used = 0
        self._kept: OrderedDict[str, Prepared] = OrderedDict()

    def __contains__(self, text: str) -> bool:
        return text in self._kept

    def get(self, text: str) -> Prepared | None:
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
        return known

    def pop(self, text: str) -> Prepared | None:
        known = self._kept.pop(text, None)
        if known is not None:
            self._used -= len(text)
        return known

    def put(self, document: Prepared) -> None:
        size = len(document.text)
        if size > self._room:
            return
        self._kept[document.text] = document
        self._used += size
        while len(self._kept) > self._most or self._used > self._room:
            forgotten, _ = self._kept.popitem(last=False)
            self._used -= len(forgotten)


class FromMemory(SchemaExtension):
    """Runs an operation on the document as it is remembered.

    For documents that `Prepared.refusal` has nothing against; and the rules that other extensions
    add for whoever asks are asked once for each document.
    """

    def __init__(self, documents: Documents) -> None:
        super().__init__()
        self._documents = documents

    def on_parse(self) -> Iterator[None]:
        self._prepared = self._documents.prepare(self.execution_context.query or "")
        self.execution_context.graphql_document = self._prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        errors = list(self._prepared.errors)
        for rule in context.validation_rules[len(specified_rules) :]:
            errors += self._prepared.against(rule)
        context.pre_execution_errors = errors
        yield
