"""X: mentions, answers and direct messages of one account.

API v2, as documented at docs.x.com. An account's secret is the app's consumer secret, which signs
what comes in; its connection are the keys that sign what goes out, by OAuth 1.0a.
"""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from oauthlib.oauth1 import Client

from channels import calls, shapes, x_reading
from channels.base import Challenge, Fetched, Gone, Own, ReadId, Standing
from channels.calls import Answer
from domain.errors import Invalid, Refusal
from domain.post import Ignored, Media, News
from domain.rules.capability import Capability, TextUnit
from domain.sending import (
    Declined,
    Doubtful,
    NotSent,
    Outcome,
    Outgoing,
    OutgoingFile,
    Sent,
)
from domain.words import OccurrenceKind, Visibility

Method = Literal["GET", "POST"]
SIGNATURE = "x-twitter-webhooks-signature"
KEYS = ("consumerKey", "consumerSecret", "accessToken", "accessSecret")
KEY_LENGTH = 200
CRC = re.compile(r"[A-Za-z0-9+/=_-]{1,200}", re.ASCII)
THEIRS = (".x.com", ".twitter.com")
"""Where files of direct messages lie, which are given to the account alone."""
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
LONGEST_WAIT = timedelta(hours=6)
REFUSED = (
    ("duplicate", "duplicate_on_network"),
    ("cannot send", "customer_never_wrote"),
    ("not permitted to dm", "customer_never_wrote"),
    ("blocked", "blocked_by_customer"),
    ("not found", "customer_gone"),
    ("deleted or not visible", "message_gone"),
)
WRITTEN_ON = frozenset(
    {OccurrenceKind.COMMENT, OccurrenceKind.MENTION, OccurrenceKind.POST, OccurrenceKind.AD_COMMENT}
)


class X:
    capability = Capability(
        sends=frozenset({Visibility.PUBLIC, Visibility.PRIVATE}),
        needs_connection=True,
        text_most=280,
        unit=TextUnit.WEIGHTED,
        files_most=4,
        file_size_most=5 * 1024 * 1024,
        media_types=PICTURES,
        public_to=WRITTEN_ON,
        at_most=100,
        within=timedelta(minutes=15),
        private=Capability(
            sends=frozenset({Visibility.PRIVATE}),
            text_most=10_000,
            unit=TextUnit.CHARACTERS,
            files_most=1,
            file_size_most=5 * 1024 * 1024,
            media_types=PICTURES,
        ),
    )

    def __init__(self, url: str | None = None) -> None:
        self.url = url

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return hmac.compare_digest(_signed(secret, body), headers.get(SIGNATURE, "").encode())

    def challenge(
        self, secret: str, asked: Mapping[str, str], connection: Mapping[str, Any]
    ) -> Challenge | None:
        """The CRC: whoever knows the consumer secret can answer it."""
        token = asked.get("crc_token")
        # Anybody may ask, and is told a signature: it must not be one of a body that we would read.
        if token is None or not CRC.fullmatch(token):
            return None
        answer = _signed(secret, token.encode()).decode()
        return Challenge(f'{{"response_token":"{answer}"}}', "application/json")

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in KEYS:
            value = told.get(name)
            if not isinstance(value, str) or not value.strip():
                raise Invalid("required", field=["connection", name], name=name)
            if len(value) > KEY_LENGTH or not value.isascii() or not value.isprintable():
                raise Invalid("token_shape", field=["connection", name], example="AbC123…")
        for name in told.keys() - set(KEYS):
            raise Invalid("unknown_field", field=["connection", name[:60]], name=name[:60])
        whole = {name: told[name].strip() for name in KEYS}
        user_id = whole["accessToken"].partition("-")[0]
        return {**whole, **({"address": user_id} if user_id.isdecimal() else {})}

    def known_as(self, reply_id: UUID, connection: Mapping[str, Any]) -> str | None:
        return None

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[News | Refusal]:
        found = list(x_reading.news(shapes.body(body), own))
        return found or [Ignored("nothing", "ignored_unknown")]

    async def send(self, outgoing: Outgoing) -> Outcome:
        if "accessToken" not in outgoing.connection:
            return NotSent("token_missing", whole_account=True)
        media: list[str] = []
        for file in outgoing.files:
            uploaded = await self._upload(outgoing, file)
            if not isinstance(uploaded, str):
                return uploaded
            media.append(uploaded)
        if outgoing.visibility is Visibility.PUBLIC:
            return await self._post(outgoing, media)
        return await self._write(outgoing, media)

    async def _post(self, outgoing: Outgoing, media: Sequence[str]) -> Outcome:
        said: dict[str, Any] = {"text": outgoing.text}
        if outgoing.parent_external_id is not None:
            said["reply"] = {"in_reply_to_tweet_id": outgoing.parent_external_id}
        if media:
            said["media"] = {"media_ids": list(media)}
        answer = await self._call(outgoing.connection, "POST", "/2/tweets", said)
        outcome = _outcome(answer, "id")
        if not isinstance(outcome, Sent):
            return outcome
        return replace(outcome, external_url=f"https://x.com/i/web/status/{outcome.external_id}")

    async def _write(self, outgoing: Outgoing, media: Sequence[str]) -> Outcome:
        if not outgoing.to_external_id.isdecimal():
            return Declined("reply_no_recipient")
        said: dict[str, Any] = {"text": outgoing.text}
        if media:
            said["attachments"] = [{"media_id": each} for each in media]
        path = f"/2/dm_conversations/with/{outgoing.to_external_id}/messages"
        return _outcome(await self._call(outgoing.connection, "POST", path, said), "dm_event_id")

    async def _upload(self, outgoing: Outgoing, file: OutgoingFile) -> str | Outcome:
        """What the network calls it then; nobody sees it before it goes with a post."""
        private = outgoing.visibility is Visibility.PRIVATE
        answer = await calls.call(
            "POST",
            f"{self.url}/2/media/upload",
            headers=self._signed(outgoing.connection, "POST", f"{self.url}/2/media/upload"),
            data={"media_category": "dm_image" if private else "tweet_image"},
            files=[("media", (file.file_name, file.data, file.media_type))],
        )
        outcome = _outcome(answer, "id")
        if isinstance(outcome, Sent) and outcome.external_id:
            return outcome.external_id
        # Whatever became of it, nothing was said to anybody.
        if isinstance(outcome, Doubtful):
            return NotSent("network_unreachable", outcome.detail)
        return outcome

    async def fetch(self, media: Media, connection: Mapping[str, Any]) -> Fetched | Gone:
        host = urlsplit(media.source).hostname or ""
        ours = f".{host}".endswith(THEIRS) and "accessToken" in connection
        headers = self._signed(connection, "GET", media.source) if ours else {}
        return await calls.fetch(media.source, headers=headers)

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        if "accessToken" not in connection:
            return Standing("token_missing")
        answer = await self._call(connection, "GET", "/2/users/me")
        if not isinstance(answer, Answer):
            return Standing("network_unreachable")
        if answer.status in (401, 403):
            return Standing("token_refused", str(answer.status))
        name = shapes.text(shapes.part(answer.json(), "data"), "username")
        if answer.status != 200 or name is None:
            return Standing("network_unreachable", str(answer.status))
        return Standing(known_as=f"@{name}")

    async def _call(
        self, connection: Mapping[str, Any], method: Method, path: str, said: Any = None
    ) -> Answer | NotSent | Doubtful:
        url = f"{self.url}{path}"
        return await calls.call(
            method, url, headers=self._signed(connection, method, url), json=said
        )

    def _signed(self, connection: Mapping[str, Any], method: Method, url: str) -> Mapping[str, str]:
        consumer, consumer_secret, token, secret = (str(connection[name]) for name in KEYS)
        client = Client(consumer, consumer_secret, token, secret)
        _, headers, _ = client.sign(url, method)
        signed: Mapping[str, str] = headers
        return signed


def _signed(secret: str, body: bytes) -> bytes:
    return b"sha256=" + base64.b64encode(hmac.new(secret.encode(), body, sha256).digest())


def _outcome(answer: Answer | NotSent | Doubtful, name: str) -> Outcome:
    """`name`: of what the network calls that which it took."""
    if not isinstance(answer, Answer):
        return answer
    said = answer.json()
    words = shapes.text(said, "detail") or shapes.text(said, "title") or ""
    detail = f"{answer.status} {words[:200]}".strip()
    if answer.status in (200, 201):
        external_id = shapes.identifier(shapes.part(said, "data"), name)
        if external_id is None:
            return Doubtful("network_no_answer", "unreadable answer")
        return Sent(external_id)
    if answer.status == 429:
        return NotSent("network_busy", detail, _wait(answer), whole_account=True)
    if answer.status == 401:
        return NotSent("token_refused", detail, whole_account=True)
    if 400 <= answer.status < 500:
        plain = words.lower()
        for part, sentence in REFUSED:
            if part in plain:
                return Declined(sentence, detail)
        return Declined("network_declined", detail)
    return Doubtful("network_no_answer", detail)


def _wait(answer: Answer) -> timedelta | None:
    """Until the account may send again, which the network says as a moment."""
    told = answer.headers.get("x-rate-limit-reset", "")
    if not (told.isascii() and told.isdecimal() and len(told) < 12):
        return answer.wait
    ahead = timedelta(seconds=int(told) - datetime.now(UTC).timestamp())
    return min(max(ahead, timedelta()), LONGEST_WAIT)
