"""A pretend network, for development, tests and demonstrations: what it brings and what it takes.

It writes to us in the generic words and signs like everybody. It is sent to by HTTP, at the address
that the process was told, with the reply's own id as `Idempotency-Key`.
"""

import base64
import math
import ssl
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import httpx

from channels.base import CARRIED
from channels.generic import Generic
from domain.errors import Invalid
from domain.rules.capability import Capability
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, Sent
from domain.words import Visibility

MESSAGES = "/api/accounts/{account}/messages"
CONNECT_SECONDS = 5.0
LONGEST_WAIT = timedelta(hours=6)
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
        # How long all of it may take is the caller's to say.
        limits = httpx.Timeout(None, connect=CONNECT_SECONDS)
        try:
            # It is on this machine or beside it: no proxy of the environment is on the way.
            async with httpx.AsyncClient(
                timeout=limits, trust_env=False, verify=_authorities()
            ) as client:
                answer = await client.post(
                    address,
                    json=_told(outgoing),
                    headers={**CARRIED.get(), "Idempotency-Key": str(outgoing.reply_id)},
                )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            # Without a connection nothing can have been said.
            return NotSent("network_unreachable", type(error).__qualname__)
        except httpx.HTTPError as error:
            return Doubtful("network_no_answer", type(error).__qualname__)
        return _outcome(answer)


@cache
def _authorities() -> ssl.SSLContext:
    """Whom certificates are believed from; read once, for it takes a while."""
    return httpx.create_ssl_context(trust_env=False)


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


def _outcome(answer: httpx.Response) -> Outcome:
    """What its answer means. 429 and 503 are given before it looks at anything."""
    said = f"{answer.status_code}"
    if answer.status_code in (BUSY, CLOSED):
        wait = _wait(answer.headers.get("retry-after"))
        busy = answer.status_code == BUSY
        return NotSent(
            "network_busy" if busy else "network_unreachable", said, wait, whole_account=busy
        )
    if answer.status_code in (TAKEN, UNDERSTOOD):
        try:
            told = answer.json()
            return Sent(str(told["id"]), str(told["url"]))
        except (ValueError, KeyError, TypeError):
            return Doubtful("network_no_answer", "unreadable answer")
    if 400 <= answer.status_code < 500 and answer.status_code != SLOW:
        return Declined("network_declined", f"{said} {answer.text[:200]}")
    return Doubtful("network_no_answer", said)


def _wait(told: str | None) -> timedelta | None:
    try:
        seconds = float(told or "")
    except ValueError:
        return None
    if not math.isfinite(seconds) or seconds < 0:
        return None
    return min(timedelta(seconds=min(seconds, 1e6)), LONGEST_WAIT)
