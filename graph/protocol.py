"""A ticket as it is told to whoever asks by its protocol: nothing of who handles it, and how."""

from datetime import datetime

from domain.words import PublicStage
from graph.fields import shown, value


@value(description="A stage, and when it was reached.")
class ProtocolStage:
    stage: PublicStage = shown("The stage.")
    at: datetime = shown("When it was reached.")


@value(description="Something that was said between the publisher and the company.")
class PublicMessage:
    at: datetime = shown("When it was written; of the company's, when it arrived.")
    from_company: bool = shown("true: the company said it; false: the publisher.")
    text: str = shown("What it says.")


@value(description="Where a ticket stands, for whoever waits for an answer to it.")
class ProtocolStatus:
    protocol: str = shown("The protocol number.")
    stage: PublicStage = shown("Where it stands.")
    stages: list[ProtocolStage] = shown(
        "The stages that it went through, oldest first; the last one is `stage`."
    )
    opened_at: datetime = shown("When it was registered.")
    updated_at: datetime = shown("When anything of what is told here changed last.")
    expected_by: datetime | None = shown(
        "By when an answer is due; null while none is: it was answered, or waits for the "
        "publisher, or the level promises no time."
    )
    needs_answer: bool = shown("The company waits for the publisher to answer.")
    successor: str | None = shown(
        "The protocol under which it goes on: what was written after it was closed, or the ticket "
        "that it was united with. It is asked for in its own right."
    )
    removed: bool = shown("It was taken out of the company's lists; nothing else is told of it.")
    messages: list[PublicMessage] = shown(
        "The last 50 messages, oldest first: what the publisher wrote and what reached them. To a "
        "partner, only what could be read in public."
    )
