"""A reply handed to a program of the company's own, or of a partner's: JSON, signed, by HTTP.

What it answers says how it ended: 200 or 201 with `{"id", "url"}` that it was taken, 429 and 503
that it was not looked at, any other 4xx that it never will be.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from channels import calls, shapes, signatures
from channels.base import Standing
from channels.calls import Answer
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, Sent

TAKEN, UNDERSTOOD = 201, 200
BUSY, CLOSED, SLOW = 429, 503, 408


async def hand_over(outgoing: Outgoing, *, loopback: bool) -> Outcome:
    body = orjson.dumps(
        {
            "replyId": str(outgoing.reply_id),
            "accountId": str(outgoing.account_id),
            "protocol": outgoing.protocol,
            **told(outgoing),
        }
    )
    answer = await _post(outgoing.connection, body, outgoing.reply_id, loopback=loopback)
    return outcome(answer) if isinstance(answer, Answer) else answer


async def greet(connection: Mapping[str, Any], account_id: UUID, *, loopback: bool) -> Standing:
    """Whether it answers `{"test": true}`, signed, with anything from 200 to 299."""
    body = orjson.dumps({"test": True, "accountId": str(account_id)})
    answer = await _post(connection, body, account_id, loopback=loopback)
    if not isinstance(answer, Answer):
        return Standing(answer.sentence, answer.detail)
    well = 200 <= answer.status < 300
    return Standing() if well else Standing("network_declined", str(answer.status))


async def _post(
    connection: Mapping[str, Any], body: bytes, key: UUID, *, loopback: bool
) -> Answer | NotSent | Doubtful:
    signed = signatures.signature(str(connection["secret"]), body, datetime.now(UTC))
    return await calls.call(
        "POST",
        str(connection["url"]),
        content=body,
        headers={
            "Content-Type": "application/json",
            signatures.HEADER: signed,
            "Idempotency-Key": str(key),
        },
        ours=False,
        loopback=loopback,
    )


def told(outgoing: Outgoing) -> dict[str, Any]:
    """A reply in our own words."""
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


def outcome(answer: Answer) -> Outcome:
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
        said = answer.json()
        external_id = shapes.identifier(said, "id")
        if external_id is None:
            return Doubtful("network_no_answer", "unreadable answer")
        return Sent(external_id, shapes.text(said, "url"))
    if 400 <= answer.status < 500 and answer.status != SLOW:
        text = answer.body[:800].decode(errors="replace")[:200]
        return Declined("network_declined", f"{said} {text}")
    return Doubtful("network_no_answer", said)
