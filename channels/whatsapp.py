"""WhatsApp: a number that people write to, by the Cloud API.

Cloud API, as documented at developers.facebook.com/docs/whatsapp/cloud-api. Everything there is
private, and a company may write for a day after it was last written to.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from channels import calls, meta, shapes, whatsapp_reading
from channels.base import Fetched, Gone, Own, ReadId, Unfetched
from channels.calls import Answer
from domain.errors import Refusal
from domain.post import Media, News
from domain.rules.capability import FILE_SIZE, MEBIBYTE, Capability, TextUnit
from domain.rules.files import OFFICE
from domain.sending import Declined, Doubtful, NotSent, Outcome, Outgoing, OutgoingFile, Sent
from domain.words import OccurrenceKind, Visibility

CAPTION_MOST = 1024
USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+", re.ASCII)
"""Who is known by no number."""
HOSTS = (".fbsbx.com", ".whatsapp.net", ".fbcdn.net", ".facebook.com")
"""Where files of WhatsApp lie: nobody else is shown the token."""
SENDING = {
    "image/jpeg": "image",
    "image/png": "image",
    "video/mp4": "video",
    "audio/mpeg": "audio",
    "audio/mp4": "audio",
    "audio/ogg": "audio",
    "text/plain": "document",
    "application/pdf": "document",
    f"{OFFICE}wordprocessingml.document": "document",
    f"{OFFICE}spreadsheetml.sheet": "document",
    f"{OFFICE}presentationml.presentation": "document",
}
WITHOUT_CAPTION = frozenset({"audio"})


class WhatsApp(meta.Graph):
    named = "phoneNumberId"
    shown = ("display_phone_number", "verified_name")
    capability = Capability(
        needs_connection=True,
        sends=frozenset({Visibility.PRIVATE}),
        text_most=4096,
        unit=TextUnit.CHARACTERS,
        files_most=1,
        sizes={"image/jpeg": 5 * MEBIBYTE, "image/png": 5 * MEBIBYTE},
        media_types=frozenset(SENDING),
        private_within=timedelta(hours=24),
    )

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[News | Refusal]:
        reads = partial(whatsapp_reading.entry, own=own)
        return meta.entries(body, "whatsapp_business_account", reads)

    async def send(self, outgoing: Outgoing) -> Outcome:
        if not outgoing.connection.get("accessToken"):
            return NotSent("token_missing", whole_account=True)
        if not outgoing.files:
            return await self._say(outgoing, "text", {"body": outgoing.text, "preview_url": False})
        [file] = outgoing.files
        kind = SENDING.get(file.media_type, "document")
        uploaded = await self._upload(outgoing, file)
        if not isinstance(uploaded, str):
            return uploaded
        fits = len(outgoing.text) <= CAPTION_MOST and kind not in WITHOUT_CAPTION
        said: dict[str, Any] = {"id": uploaded}
        if kind == "document":
            said["filename"] = file.file_name
        first = await self._say(
            outgoing, kind, {**said, "caption": outgoing.text} if fits else said
        )
        if fits or not isinstance(first, Sent):
            return first
        second = await self._say(outgoing, "text", {"body": outgoing.text, "preview_url": False})
        # The file is there already: whoever sends it all again would send that twice.
        return second if isinstance(second, Sent) else Doubtful("file_without_words")

    async def _say(self, outgoing: Outgoing, kind: str, said: Mapping[str, Any]) -> Outcome:
        by_id = USER_ID.fullmatch(outgoing.to_external_id) is not None
        message: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "recipient" if by_id else "to": outgoing.to_external_id,
            "type": kind,
            kind: said,
        }
        # What was said in a group cannot be quoted outside of it.
        if outgoing.parent_external_id and outgoing.answers_kind is OccurrenceKind.DIRECT_MESSAGE:
            message["context"] = {"message_id": outgoing.parent_external_id}
        connection = outgoing.connection
        answer = await self.call(
            "POST", connection, connection[self.named], "messages", json=message
        )
        if isinstance(answer, Answer) and answer.status == 200:
            taken = (shapes.parts(answer.json(), "messages") or [shapes.NOTHING])[0]
            external_id = shapes.identifier(taken, "id")
            if external_id is not None:
                return Sent(external_id)
        return meta.outcome(answer)

    async def _upload(self, outgoing: Outgoing, file: OutgoingFile) -> str | Declined | NotSent:
        """What the network calls the file. Nobody is shown it before a message says so: however
        this ends, nothing has been sent."""
        connection = outgoing.connection
        answer = await self.call(
            "POST",
            connection,
            connection[self.named],
            "media",
            data={"messaging_product": "whatsapp", "type": file.media_type},
            files=[("file", (file.file_name, file.data, file.media_type))],
        )
        return meta.uploaded(meta.outcome(answer, "id"))

    async def fetch(self, media: Media, connection: Mapping[str, Any]) -> Fetched | Gone:
        if not connection.get("accessToken"):
            return Gone("token_missing")
        answer = await self.call("GET", connection, media.source)
        if not isinstance(answer, Answer):
            raise Unfetched("no answer")
        wrong = meta.refused(answer)
        if isinstance(wrong, Declined):
            return Gone("media_gone", wrong.detail)
        if wrong is not None:
            raise Unfetched(wrong.sentence)
        said = answer.json()
        place = shapes.text(said, "url")
        if place is None:
            return Gone("media_gone", str(answer.status))
        if (shapes.number(said, "file_size") or 0) > FILE_SIZE:
            return Gone("media_too_large")
        ours = place.startswith(f"{self.url}/")
        if not ours and not _trusted(place):
            return Gone("media_elsewhere")
        return await calls.fetch(place, headers=meta.bearer(connection), ours=ours)


def _trusted(place: str) -> bool:
    """Whether it is one of Meta's own hosts, and asked in a way that nobody can listen to."""
    try:
        split = urlsplit(place)
        host = split.hostname or ""
    except ValueError:
        return False
    return split.scheme == "https" and f".{host}".endswith(HOSTS)
