"""One message, and what is said of its conversation, made from a row by the map."""

import html
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from importing import moments
from importing.conversation import ImportedAuthor, ImportedMessage, Refused
from importing.mapping import Mapping
from importing.sections import AuthorMap, Inbound, MessageMap, Table
from importing.template import Scope, Template

LONGEST_ID: Final = 255
LONGEST_LABEL: Final = 1_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said once for a conversation."""

    account: str | None = None
    subject: str | None = None
    status: str | None = None
    close_reason: str | None = None
    ticket_type: str | None = None
    priority: str | None = None
    closed_at: datetime | None = None
    tags: tuple[str, ...] = ()


class Composer:
    """The map, applied."""

    def __init__(self, mapping: Mapping) -> None:
        self._map = mapping
        self._zone = ZoneInfo(mapping.time.zone)

    def message(self, part: MessageMap, scope: Scope, line: int, fallback: str) -> ImportedMessage:
        """The message; `fallback` is its id where the map has none."""
        inbound = _inbound(part.inbound, scope)
        people = self._map.consumer if inbound else self._map.company
        assert people is not None  # the map is refused otherwise
        return ImportedMessage(
            external_id=identifier(part.id, scope) if part.id else fallback,
            inbound=inbound,
            author=self._author(people, scope),
            text=self._text(part.text, scope),
            at=self._moment(part.at, scope),
            kind=_required(_word(part.kind, scope), part.kind, scope),
            parent_external_id=identifier(part.parent, scope, needed=False) or None,
            url=self._label(part.url, scope),
            line=line,
        )

    def facts(self, scope: Scope) -> Facts:
        of = self._map.conversation
        status = _word(of.status, scope)
        subject = self._label(of.subject, scope)
        return Facts(
            account=self._label(of.account, scope),
            subject=html.unescape(subject) if subject and self._map.unescape_html else subject,
            status=status,
            close_reason=_word(of.close_reason, scope) if status == "CLOSED" else None,
            ticket_type=self._label(of.ticket_type, scope)
            if isinstance(of.ticket_type, Template)
            else _word(of.ticket_type, scope),
            priority=_word(of.priority, scope),
            closed_at=self._moment(of.closed_at, scope)
            if of.closed_at and of.closed_at.fill(scope)
            else None,
            tags=self._tags(scope),
        )

    def _author(self, of: AuthorMap, scope: Scope) -> ImportedAuthor:
        external_id = identifier(of.id, scope)
        handle = self._label(of.handle, scope)
        return ImportedAuthor(
            external_id=external_id,
            name=self._label(of.name, scope) or handle or external_id,
            handle=handle,
            url=self._label(of.url, scope),
            email=self._label(of.email, scope),
            phone=self._label(of.phone, scope),
        )

    def _text(self, template: Template, scope: Scope) -> str:
        text = template.fill(scope).replace("\r\n", "\n")
        if not text:
            raise _refused(template, scope, "the message has no text")
        if self._map.unescape_html:
            text = html.unescape(text)
        return self._bounded(text, self._map.max_characters, template, scope)

    def _label(self, template: Template | None, scope: Scope) -> str | None:
        if template is None or not (label := template.fill(scope)):
            return None
        return self._bounded(label, LONGEST_LABEL, template, scope)

    def _bounded(self, text: str, longest: int, template: Template, scope: Scope) -> str:
        if len(text) <= longest:
            return text
        if self._map.truncate:
            return text[:longest]
        reason = (
            f"{len(text):,} characters where {longest:,} are the most; shorten it or set truncate"
        )
        raise _refused(template, scope, reason, text)

    def _moment(self, template: Template, scope: Scope) -> datetime:
        written = template.fill(scope)
        if not written:
            raise _refused(template, scope, "the date is missing")
        try:
            return moments.read(written, self._map.time.formats, self._zone)
        except Refused as refused:
            raise _refused(template, scope, refused.reason, written) from None

    def _tags(self, scope: Scope) -> tuple[str, ...]:
        of = self._map.conversation
        found: list[str] = []
        for template in of.tags:
            column = template.only_column()
            several = scope.value(column) if column else None
            if isinstance(several, list):
                found += [scope.text(f"{column}.{number}") for number in range(len(several))]
            else:
                label = self._label(template, scope) or ""
                found += label.split(of.tag_separator) if of.tag_separator else [label]
        tags = (tag.strip() for tag in found)
        return tuple(dict.fromkeys(tag for tag in tags if tag))


def identifier(template: Template | None, scope: Scope, *, needed: bool = True) -> str:
    """An id: never cut, because two cut ids may become one."""
    found = template.fill(scope) if template else ""
    if template and needed and not found:
        raise _refused(template, scope, "the id is missing")
    if template and len(found) > LONGEST_ID:
        raise _refused(template, scope, f"the id has more than {LONGEST_ID} characters", found)
    return found


def _inbound(of: bool | Inbound, scope: Scope) -> bool:
    if isinstance(of, bool):
        return of
    value = scope.text(of.column)
    if value in of.values:
        return True
    if of.otherwise is not None and value not in of.otherwise:
        reason = "the map does not say whether this means the consumer or the company"
        raise scope.refused(of.column, reason, value)
    return False


def _word(of: str | Table | None, scope: Scope) -> str | None:
    if not isinstance(of, Table):
        return of
    value = scope.text(of.column)
    if value in of.values:
        return of.values[value]
    if of.default is None and value:
        raise scope.refused(of.column, "the map's table does not know this value; add it", value)
    return of.default


def _required(word: str | None, of: str | Table, scope: Scope) -> str:
    if word is None:
        column = of.column if isinstance(of, Table) else ""
        raise scope.refused(column, "the kind of the message is missing")
    return word


def _refused(template: Template, scope: Scope, reason: str, value: str = "") -> Refused:
    names = template.columns
    return scope.refused(names[0] if names else "", reason, value) if names else Refused(reason)
