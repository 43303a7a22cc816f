"""What is known of publishers beyond their name: fields, and what was done to them."""

from datetime import datetime

from domain.model import publisher
from domain.words import FieldKind, HistoryKind
from graph.fields import computed, fetched, shown, thing, value
from graph.node import Node
from graph.page import Connection
from graph.workspace import User
from resolvers import publishers


@thing(publisher.FieldDefinition, description="A field that is kept of every publisher.")
class FieldDefinition(Node):
    key: str = shown("What programs call it; never changes.")
    label: str = shown("What people call it.")
    kind: FieldKind = shown("What stands in it; never changes.")
    masked: bool = shown("Its values are shown covered.")
    pattern: str | None = shown("What a TEXT has to match, all of it.")
    active: bool = shown("Shown on publishers; a value can be given.")
    version: int = shown("Grows with every change.")


@value(description="A field of one publisher.")
class PublisherField:
    key: str = shown("What programs call it.")
    label: str = shown("What people call it.")
    kind: FieldKind = shown("What stands in it.")
    value: str | None = shown("What stands in it, covered where `masked`; null where nothing does.")
    masked: bool = shown("Its value is shown covered; revealField tells it.")


@thing(
    publisher.PublisherEntry,
    description="One thing that was done to a publisher, or looked at. Never changed.",
)
class PublisherEntry(Node):
    sequence: int = shown("1 for the first thing; of one who was merged, their own numbers.")
    at: datetime = shown("When.")
    kind: HistoryKind = shown("What: PUBLISHER_CHANGED, REVEALED or MERGED.")
    actor = fetched(publishers.entry_actor, User | None, "Which colleague; null for others.")
    actor_name: str = shown("Who did it, as they were called then.")
    reason = computed(
        publishers.entry_reason,
        str | None,
        "Why they looked; told to them and to administrators.",
        personal=True,
    )
    field: str | None = shown("Which: name, cpf, email, phone, tags, or the key of a field.")
    was: str | None = shown("What it was, covered where it is personal.", name="from")
    became: str | None = shown("What it became, covered where it is personal.", name="to")


@value(description="Part of what was done to a publisher.")
class PublisherEntryConnection(Connection[PublisherEntry]):
    pass
