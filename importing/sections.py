"""The sections of a map, each key described beside it."""

from collections.abc import Callable, Collection
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from importing import moments
from importing.conversation import CLOSE_REASONS, KINDS, PRIORITIES, STATUSES
from importing.template import Template


class Part(BaseModel):
    """A section of the map. A key it does not know is an error, so that a typo is not silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Table(Part):
    """A value put into other words: `{ column = "status", values = { "Aberto" = "OPEN" } }`."""

    column: str = Field(description="The column to read.")
    values: dict[str, str] = Field(description="What the file says = what it means here.")
    default: str | None = Field(
        None, description="What any other value means. Without it an unknown value is refused."
    )

    @property
    def meanings(self) -> tuple[str, ...]:
        return (*self.values.values(), *([] if self.default is None else [self.default]))


class Inbound(Part):
    """Who wrote: `{ column = "author", values = ["consumer"] }`."""

    column: str = Field(description="The column that tells the direction.")
    values: list[str] = Field(description="Values that mean: the consumer wrote to the company.")
    otherwise: list[str] | None = Field(
        None,
        description="Values that mean: the company wrote. Without it, every other value does; "
        "with it, a value in neither list is refused.",
    )


Text = Annotated[Template, BeforeValidator(Template.parse)]


def _words(allowed: Collection[str]) -> Callable[[str | Table], str | Table]:
    def check(given: str | Table) -> str | Table:
        for word in [given] if isinstance(given, str) else given.meanings:
            if word not in allowed:
                raise ValueError(f'"{word}" is none of {", ".join(allowed)}')
        return given

    return check


Kind = Annotated[str | Table, AfterValidator(_words(KINDS))]
Status = Annotated[str | Table, AfterValidator(_words(STATUSES))]
CloseReason = Annotated[str | Table, AfterValidator(_words(CLOSE_REASONS))]
Priority = Annotated[str | Table, AfterValidator(_words(PRIORITIES))]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            f'"{name}" is no time zone; write one such as "America/Sao_Paulo"'
        ) from None
    return name


class TimeMap(Part):
    """`[time]`: how dates are written."""

    zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="The IANA time zone of dates that carry no offset of their own."
    )
    formats: list[Annotated[str, AfterValidator(moments.check)]] = Field(
        default=["iso"],
        min_length=1,
        description='Tried in order: "iso" (ISO 8601), "epoch" (seconds), "epoch_ms", '
        "or strptime patterns. A date without an hour is midnight.",
    )


class ConversationMap(Part):
    """`[conversation]`: what is said once for the whole of it.

    In the thread shape it is read from the row of the conversation's first message.
    """

    id: Text | None = Field(
        None,
        description="The conversation's own id. In the row and nested shapes, absent means a hash "
        "of the row, the same on every run. In the thread shape, absent means that threads are put "
        "together from parents; given, rows with the same id are one conversation.",
    )
    account: Text | None = Field(
        None, description="The company account's handle or name; absent, the command names it."
    )
    subject: Text | None = Field(None, description="The subject of the ticket.")
    status: Status | None = Field(None, description=f"A table into {', '.join(STATUSES)}, or one.")
    close_reason: CloseReason | None = Field(
        None, description=f"Needed where a status is CLOSED: one of {', '.join(CLOSE_REASONS)}."
    )
    ticket_type: Table | Text | None = Field(None, description="The ticket's type, by name.")
    priority: Priority | None = Field(None, description=f"{', '.join(PRIORITIES)}, or a table.")
    closed_at: Text | None = Field(None, description="When it was closed or resolved.")
    tags: list[Text] = Field(
        default=[], description="One template a tag. A lone column holding a list gives each of it."
    )
    tag_separator: str | None = Field(
        None, min_length=1, description="What a column with several tags is cut at."
    )

    @model_validator(mode="after")
    def _closed_for_a_reason(self) -> Self:
        words = self.status.meanings if isinstance(self.status, Table) else (self.status,)
        if "CLOSED" in words and self.close_reason is None:
            raise ValueError("status can be CLOSED, so close_reason must say why")
        return self


class MessageMap(Part):
    """`[message]`: a message in the row's own columns."""

    id: Text | None = Field(
        None,
        description="The message's own id, unique in the file. Absent, it is the conversation's id "
        "(in `[messages]` and `[answer]`: that and a number). The thread shape needs it.",
    )
    text: Text = Field(description="What was written. A message without text is refused.")
    at: Text = Field(description="When it was written.")
    kind: Kind = Field(description=f"One of {', '.join(KINDS)}, or a table.")
    inbound: bool | Inbound = Field(
        True,
        description="true: the consumer wrote it; false: the company; or by a column. "
        "The thread shape needs it.",
    )
    parent: Text | None = Field(None, description="The id of the message that this one answers.")
    url: Text | None = Field(None, description="Where it can be seen.")


class MessagesMap(MessageMap):
    """`[messages]`: messages in a list inside the row; columns are those of one of them."""

    list: str = Field(description="The column with the list (in CSV: JSON in a cell).")
    inbound: bool | Inbound = Field(description="As in `[message]`, without a default.")


class AnswerMap(MessageMap):
    """`[answer]`: the company's answer in further columns of the row; none where `at` is empty."""

    inbound: bool | Inbound = Field(False, description="As in `[message]`, false unless told.")


class AuthorMap(Part):
    """`[consumer]` and `[company]`: who wrote an inbound message, and who any other."""

    id: Text = Field(description="What tells one from another, the same in every file.")
    name: Text | None = Field(None, description="The name; absent or empty, the handle or the id.")
    handle: Text | None = Field(None, description="The name on the network.")
    url: Text | None = Field(None, description="The profile's address.")
    email: Text | None = Field(None, description="The e-mail address.")
    phone: Text | None = Field(None, description="The telephone number.")
