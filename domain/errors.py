"""Refusals: what the domain will not do, each with a code and a sentence in two languages."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar, Self

from domain.sentences import SENTENCES
from domain.words import Locale


class ErrorCode(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    INVALID = "INVALID"
    WRONG_STATE = "WRONG_STATE"
    COMMENT_REQUIRED = "COMMENT_REQUIRED"
    REASON_REQUIRED = "REASON_REQUIRED"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    STALE_REPLY = "STALE_REPLY"
    ACCOUNT_NOT_IN_LEVEL = "ACCOUNT_NOT_IN_LEVEL"
    NOT_SUPPORTED_BY_NETWORK = "NOT_SUPPORTED_BY_NETWORK"
    TOO_LONG = "TOO_LONG"
    TOO_LARGE = "TOO_LARGE"
    TYPE_NOT_ALLOWED = "TYPE_NOT_ALLOWED"
    ALREADY_DECIDED = "ALREADY_DECIDED"
    CAPACITY_FULL = "CAPACITY_FULL"
    DUPLICATE = "DUPLICATE"
    LEVEL_DISABLED = "LEVEL_DISABLED"
    RATE_LIMITED = "RATE_LIMITED"


class Refusal(Exception):
    """Something the domain will not do; nothing was changed.

    `sentence` names an entry of `domain.sentences`; `field` is the path into the input.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INVALID

    def __init__(self, sentence: str, *, field: Sequence[str] = (), **values: Any) -> None:
        super().__init__(SENTENCES[sentence][Locale.EN].format(**values))
        self.sentence = sentence
        self.field = tuple(field)
        self.values = values

    def within(self, path: Sequence[str]) -> Self:
        """The same, of something that stands at that path of the input."""
        self.field = (*path, *self.field)
        return self

    def message(self, locale: Locale) -> str:
        return SENTENCES[self.sentence][locale].format(**self.values)


class NotFound(Refusal):
    code = ErrorCode.NOT_FOUND


class Forbidden(Refusal):
    code = ErrorCode.FORBIDDEN


class Invalid(Refusal):
    code = ErrorCode.INVALID


class WrongState(Refusal):
    code = ErrorCode.WRONG_STATE


class CommentRequired(Refusal):
    code = ErrorCode.COMMENT_REQUIRED


class ReasonRequired(Refusal):
    code = ErrorCode.REASON_REQUIRED


class VersionConflict(Refusal):
    """Someone else changed it first; carries what it is now and which fields moved."""

    code = ErrorCode.VERSION_CONFLICT

    def __init__(self, *, current: Any, changed_fields: Sequence[str]) -> None:
        super().__init__("version_conflict", field=["expectedVersion"])
        self.current = current
        self.changed_fields = list(changed_fields)


class StaleReply(Refusal):
    """Something came while the reply was being written; carries what, and where the feed stands."""

    code = ErrorCode.STALE_REPLY

    def __init__(
        self,
        *,
        new_entries: Sequence[Any],
        cursor: str,
        sentence: str = "stale_reply",
        field: Sequence[str] = ("basedOn",),
    ) -> None:
        super().__init__(sentence, field=field)
        self.new_entries = list(new_entries)
        self.cursor = cursor


class AlreadyDecided(Refusal):
    """Somebody decided first; carries the approval as it is now."""

    code = ErrorCode.ALREADY_DECIDED

    def __init__(self, *, current: Any) -> None:
        super().__init__("already_decided")
        self.current = current


class AccountNotInLevel(Refusal):
    code = ErrorCode.ACCOUNT_NOT_IN_LEVEL


class TypeNotAllowed(Refusal):
    code = ErrorCode.TYPE_NOT_ALLOWED


class NotSupportedByNetwork(Refusal):
    code = ErrorCode.NOT_SUPPORTED_BY_NETWORK


class TooLong(Refusal):
    code = ErrorCode.TOO_LONG


class TooLarge(Refusal):
    code = ErrorCode.TOO_LARGE


class CapacityFull(Refusal):
    code = ErrorCode.CAPACITY_FULL


class Duplicate(Refusal):
    code = ErrorCode.DUPLICATE


class LevelDisabled(Refusal):
    code = ErrorCode.LEVEL_DISABLED


class Collision(Exception):
    """Two acts met in the store and one gave way; it may simply be done again."""


class RateLimited(Refusal):
    """Too often; `seconds` among the values says when to come back."""

    code = ErrorCode.RATE_LIMITED


class Unavailable(Exception):
    """The store cannot answer right now; the same request may be sent again."""
