"""Writing to somebody in private, on Facebook and on Instagram: the Send API.

Messenger Platform, as documented at developers.facebook.com/docs/messenger-platform. A company may
write for a day after it was last written to, and for a week where a person writes and Meta has let
the app say so. A comment is answered in private once, and in words alone.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from channels import calls, meta
from channels.base import Fetched, Gone
from domain.post import Media
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, OutgoingFile, Sent
from domain.words import OccurrenceKind

WINDOW = timedelta(hours=24)
WINDOW_OF_PEOPLE = timedelta(days=7)


class Messenger(meta.Graph):
    """What Facebook and Instagram do alike where nobody else reads."""

    switches = frozenset({"humanAgent"})
    platform: ClassVar[Mapping[str, str]] = {}
    """What is said along with files of a platform other than Messenger."""

    async def in_private(self, outgoing: Outgoing) -> Outcome:
        to = _recipient(outgoing, datetime.now(UTC))
        if not outgoing.files:
            return await self._say(outgoing, to, {"text": outgoing.text})
        if "id" not in to:
            return Declined("file_to_comment")
        [file] = outgoing.files
        uploaded = await self._upload(outgoing, file)
        if not isinstance(uploaded, str):
            return uploaded
        payload = {"type": _type(file), "payload": {"attachment_id": uploaded}}
        first = await self._say(outgoing, to, {"attachment": payload})
        if not isinstance(first, Sent):
            return first
        second = await self._say(outgoing, to, {"text": outgoing.text})
        # The file is there already: whoever sends it all again would send that twice.
        return second if isinstance(second, Sent) else Doubtful("file_without_words")

    async def _say(
        self, outgoing: Outgoing, to: Mapping[str, str], message: Mapping[str, Any]
    ) -> Outcome:
        right = _allowed(outgoing, to, datetime.now(UTC))
        said = {"recipient": to, "message": message, **right}
        answer = await self.call("POST", outgoing.connection, "me", "messages", json=said)
        return meta.outcome(answer, "message_id")

    async def _upload(self, outgoing: Outgoing, file: OutgoingFile) -> str | Declined | NotSent:
        """What the network calls the file. Nobody is shown it before a message says so: however
        this ends, nothing has been sent."""
        attachment = {"type": _type(file), "payload": {"is_reusable": True}}
        answer = await self.call(
            "POST",
            outgoing.connection,
            "me",
            "message_attachments",
            data={"message": json.dumps({"attachment": attachment}), **self.platform},
            files=[("filedata", (file.file_name, file.data, file.media_type))],
        )
        return meta.uploaded(meta.outcome(answer, "attachment_id"))

    async def fetch(self, media: Media, connection: Mapping[str, Any]) -> Fetched | Gone:
        # Its address opens to whoever has it; the token is nobody's business there.
        ours = media.source.startswith(f"{self.url}/")
        return await calls.fetch(media.source, ours=ours)


def _recipient(outgoing: Outgoing, now: datetime) -> Mapping[str, str]:
    """Who wrote in private, by their id; else whoever wrote what is answered, by that."""
    answered, place = outgoing.answers_kind, outgoing.parent_external_id
    apart = answered is not None and answered is not OccurrenceKind.DIRECT_MESSAGE
    if apart and place is not None and not _lately(outgoing, now):
        return {"post_id" if answered is OccurrenceKind.POST else "comment_id": place}
    return {"id": outgoing.to_external_id}


def _lately(outgoing: Outgoing, now: datetime) -> bool:
    return outgoing.heard_at is not None and now - outgoing.heard_at <= WINDOW


def _allowed(outgoing: Outgoing, to: Mapping[str, str], now: datetime) -> Mapping[str, str]:
    """By what right it is written: they wrote within a day, or a person answers within a week."""
    late = "id" in to and not _lately(outgoing, now)
    if late and outgoing.connection.get("humanAgent") is True:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return {"messaging_type": "RESPONSE"}


def _type(file: OutgoingFile) -> str:
    kind = file.media_type.partition("/")[0]
    return kind if kind in ("image", "audio", "video") else "file"
