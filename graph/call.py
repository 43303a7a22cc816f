"""Telephone calls."""

from datetime import datetime

from domain.model import call
from domain.words import CallDirection, CallOutcome
from graph.fields import fetched, shown, value
from graph.workspace import User
from resolvers import calling


@value(description="A telephone call that was recorded by hand.", model=call.Call)
class Call:
    direction: CallDirection = shown("Who called whom.")
    outcome: CallOutcome = shown("How it ended.")
    number: str | None = shown("The publisher's number, covered.")
    seconds: int = shown("How long it was spoken.")
    started_at: datetime = shown("When it began.")
    recorded_at: datetime = shown("When it was recorded.")
    recorded_by = fetched(calling.recorded_by, User | None, "Who recorded it.")
