"""A pretend network, for development, tests and demonstrations: what it brings and what it takes.

It writes to us in the generic words and signs like everybody. It is sent to by HTTP, at the address
that the process was told, with the reply's own id as `Idempotency-Key`.
"""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from channels import calls
from channels.base import Own, Standing
from channels.calls import Answer
from channels.generic import Generic
from domain.errors import Invalid
from domain.rules.capability import Capability
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, Sent
from domain.words import Visibility

MESSAGES = "/api/accounts/{account}/messages"
TAKEN, UNDERSTOOD = 201, 200
BUSY, CLOSED, SLOW = 429, 503, 408


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
            json=_told(outgoing),
            headers={"Idempotency-Key": str(outgoing.reply_id)},
        )
        return _outcome(answer) if isinstance(answer, Answer) else answer

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        return Standing("sandbox_off" if self.url is None else None)


def _told(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "visibility": outgoing.visibility.value,
        "text": outgoing.text,
        "to": {"externalId": outgoing.to_external_id, "name": outgoing.to_name},
        "thread": outgoing.thread_root,
        "inReplyTo": outgoing.parent_external_id,
        "files": [
            {
                "name": each.file_name,
                "mediaType": each.media_type,
                "data": base64.b64encode(each.data).decode(),
            }
            for each in outgoing.files
        ],
    }


def _outcome(answer: Answer) -> Outcome:
    """What its answer means. 429 and 503 are given before it looks at anything."""
    said = f"{answer.status}"
    if answer.status in (BUSY, CLOSED):
        busy = answer.status == BUSY
        return NotSent(
            "network_busy" if busy else "network_unreachable",
            said,
            answer.wait,
            whole_account=busy,
        )
    if answer.status in (TAKEN, UNDERSTOOD):
        try:
            told = answer.json()
            return Sent(str(told["id"]), str(told["url"]))
        except (KeyError, TypeError):
            return Doubtful("network_no_answer", "unreadable answer")
    if 400 <= answer.status < 500 and answer.status != SLOW:
        text = answer.body[:800].decode(errors="replace")[:200]
        return Declined("network_declined", f"{said} {text}")
    return Doubtful("network_no_answer", said)
