"""A pretend network, for development, tests and demonstrations: what it brings and what it takes.

It writes to us in the generic words and signs like everybody. It is sent to by HTTP, at the address
that the process was told, with the reply's own id as `Idempotency-Key`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from channels import calls, signed_call
from channels.base import Own, Standing
from channels.calls import Answer
from channels.generic import Generic
from domain.errors import Invalid
from domain.rules.capability import Capability
from domain.sending import Declined, Outcome, Outgoing
from domain.words import Visibility

MESSAGES = "/api/accounts/{account}/messages"


class Sandbox(Generic):
    """`url` is set where a process starts; where there is no sandbox, nothing is taken."""

    capability = Capability(
        sends=frozenset({Visibility.PUBLIC, Visibility.PRIVATE}),
        text_most=280,
        files_most=4,
        at_most=60,
        within=timedelta(minutes=1),
    )

    def __init__(self, url: str | None = None) -> None:
        super().__init__()
        self.url = url

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing is needed to reach it."""
        if told:
            raise Invalid("no_connection", field=["connection"])
        return {}

    async def send(self, outgoing: Outgoing) -> Outcome:
        if self.url is None:
            return Declined("sandbox_off")
        address = self.url + MESSAGES.format(account=outgoing.account_id)
        answer = await calls.call(
            "POST",
            address,
            json=signed_call.told(outgoing),
            headers={"Idempotency-Key": str(outgoing.reply_id)},
        )
        return signed_call.outcome(answer) if isinstance(answer, Answer) else answer

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        return Standing("sandbox_off" if self.url is None else None)
