"""The telephone: calls are recorded by hand, or handed in by a switchboard in our own words.

Nothing is sent by it: whoever calls somebody back records that call.
"""

from collections.abc import Mapping
from typing import Any

from channels.base import Own, Standing
from channels.generic import Generic
from domain.errors import Invalid
from domain.rules.capability import Capability
from domain.sending import Declined, Outcome, Outgoing


class Phone(Generic):
    capability = Capability()

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        raise Invalid("no_connection", field=["connection"])

    async def send(self, outgoing: Outgoing) -> Outcome:
        return Declined("reply_not_connected")

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        return Standing()
