"""A row that is a whole conversation: a complaint with its answer, or with a list of messages."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from importing.composing import Composer, identifier
from importing.conversation import ImportedConversation, ImportedMessage, Refused, RefusedRow
from importing.ledger import Ledger, temporary
from importing.mapping import Mapping
from importing.rows import Row
from importing.sections import MessagesMap
from importing.template import Scope


def conversations(
    rows: Iterator[Row | RefusedRow], mapping: Mapping
) -> Iterator[ImportedConversation | RefusedRow]:
    """A conversation for each row; a message of its list that cannot be read is refused alone."""
    with temporary() as database:
        reader = _Reader(mapping, Ledger(database))
        for row in rows:
            if isinstance(row, RefusedRow):
                yield row
            else:
                yield from reader.read(row)


class _Reader:
    def __init__(self, mapping: Mapping, ledger: Ledger) -> None:
        self._map = mapping
        self._ledger = ledger
        self._composer = Composer(mapping)

    def read(self, row: Row) -> Iterator[ImportedConversation | RefusedRow]:
        refusals: list[RefusedRow] = []
        try:
            conversation = self._conversation(row, refusals)
        except Refused as refused:
            yield from refusals
            yield refused.at(row.line)
        else:
            yield from refusals
            yield conversation

    def _conversation(self, row: Row, refusals: list[RefusedRow]) -> ImportedConversation:
        scope = Scope(row.cells, whole_numbers=self._map.whole_numbers)
        name = self._name(row, scope)
        scope = replace(scope, known={"@conversation": name})

        messages = [*self._own(row, scope, name)]
        for message in self._listed(row, scope, name):
            if isinstance(message, RefusedRow):
                refusals.append(message)
            else:
                messages.append(message)
        messages.sort(key=lambda message: message.at)
        if not any(message.inbound for message in messages):
            raise Refused("no message of a consumer can be read, so there is nobody to answer")

        company = next((one.author.external_id for one in messages if not one.inbound), "")
        known = {"@conversation": name, "@company": company}
        facts = self._composer.facts(replace(scope, known=known))
        return ImportedConversation(
            external_id=name,
            account=facts.account,
            subject=facts.subject,
            messages=tuple(messages),
            status=facts.status,
            close_reason=facts.close_reason,
            ticket_type=facts.ticket_type,
            tags=facts.tags,
            closed_at=facts.closed_at,
            priority=facts.priority,
            line=row.line,
        )

    def _name(self, row: Row, scope: Scope) -> str:
        if self._map.conversation.id:
            name = identifier(self._map.conversation.id, scope)
            if line := self._ledger.first_line("conversation", name, row.line):
                column = next(iter(self._map.conversation.id.columns), None)
                raise Refused(f"this id was used on line {line} before", column=column, value=name)
            return name
        # Without an id a row is told by what it says; equal rows are told by their number.
        said = json.dumps(row.cells, sort_keys=True).encode()
        name = f"row-{hashlib.sha256(said).hexdigest()[:24]}"
        times = self._ledger.times(name)
        return name if times == 1 else f"{name}-{times}"

    def _own(self, row: Row, scope: Scope, name: str) -> Iterator[ImportedMessage]:
        if part := self._map.message:
            yield self._unused(self._composer.message(part, scope, row.line, name))
        part = self._map.answer
        if part and part.at.fill(scope):
            yield self._unused(self._composer.message(part, scope, row.line, f"{name}/1"))

    def _listed(self, row: Row, scope: Scope, name: str) -> Iterator[ImportedMessage | RefusedRow]:
        part = self._map.messages
        if part is None:
            return
        for number, item in enumerate(_list(part, scope), start=1):
            label = f"{part.list}[{number - 1}]."
            try:
                if not isinstance(item, dict):
                    raise Refused("not an object", column=label[:-1], value=str(item))
                inside = replace(scope, item=item, label=label)
                message = self._composer.message(part, inside, row.line, f"{name}/{number}")
                yield self._unused(message, f"{label}id")
            except Refused as refused:
                yield refused.at(row.line)

    def _unused(self, message: ImportedMessage, column: str | None = None) -> ImportedMessage:
        name = message.external_id
        if line := self._ledger.first_line("message", name, message.line):
            reason = f"a message of line {line} has this id already; make ids unique in the map"
            raise Refused(reason, column=column, value=name)
        return message


def _list(part: MessagesMap, scope: Scope) -> list[object]:
    value = scope.value(part.list)
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise scope.refused(part.list, "not a list in JSON", value) from None
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise scope.refused(part.list, "not a list of messages", value)
    return value
