"""Telephone calls that were recorded, seen where their tickets are."""

from sqlalchemy import ColumnElement

from domain.model.call import Call
from storage import access
from storage.shelf import Shelf


class CallShelf(Shelf[Call]):
    model = Call
    thing = "call"

    def wall(self) -> ColumnElement[bool]:
        return access.calls(self.actor)

    async def put(self, call: Call) -> None:
        self.session.add(call)
