"""Instagram: an account that belongs to a page; people comment on it, name it, and write to it.

Graph API, as documented at developers.facebook.com/docs/instagram-platform; what is private goes as
by Messenger, with the page's token.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from channels import instagram_reading, meta
from channels.base import Own, ReadId
from channels.messenger import WINDOW, WINDOW_OF_PEOPLE, Messenger
from domain.errors import Refusal
from domain.post import News
from domain.rules.capability import MEBIBYTE, Capability, TextUnit
from domain.sending import Declined, NotSent, Outcome, Outgoing
from domain.words import OccurrenceKind, Visibility

SENDING = frozenset(
    {
        *("image/jpeg", "image/png"),
        *("audio/mp4", "audio/wav"),
        *("video/mp4", "video/webm"),
        "application/pdf",
    }
)


class Instagram(Messenger):
    named = "instagramId"
    shown = ("username", "name")
    platform: ClassVar[Mapping[str, str]] = {"platform": "instagram"}
    capability = Capability(
        needs_connection=True,
        sends=frozenset({Visibility.PUBLIC, Visibility.PRIVATE}),
        text_most=2_200,
        unit=TextUnit.CHARACTERS,
        private=Capability(
            sends=frozenset({Visibility.PRIVATE}),
            text_most=1_000,
            unit=TextUnit.BYTES,
            files_most=1,
            media_types=SENDING,
            sizes={"image/jpeg": 8 * MEBIBYTE, "image/png": 8 * MEBIBYTE},
        ),
        private_within=WINDOW,
        private_longer=("humanAgent", WINDOW_OF_PEOPLE),
        public_to=frozenset(
            {OccurrenceKind.AD_COMMENT, OccurrenceKind.COMMENT, OccurrenceKind.MENTION}
        ),
    )

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[News | Refusal]:
        return meta.entries(body, "instagram", partial(instagram_reading.entry, own=own))

    async def send(self, outgoing: Outgoing) -> Outcome:
        if not outgoing.connection.get("accessToken"):
            return NotSent("token_missing", whole_account=True)
        if outgoing.visibility is Visibility.PRIVATE:
            return await self.in_private(outgoing)
        answered = outgoing.parent_external_id
        if answered is None:
            return Declined("answered_gone")
        if outgoing.answers_kind is OccurrenceKind.MENTION:
            return await self._where_we_are_named(outgoing, answered)
        answer = await self.call(
            "POST",
            outgoing.connection,
            answered,
            "replies",
            data={"message": outgoing.text},
        )
        return meta.outcome(answer, "id")

    async def _where_we_are_named(self, outgoing: Outgoing, answered: str) -> Outcome:
        """Under somebody else's post one is heard only where one was named."""
        media = outgoing.thread_root or answered
        said = {"media_id": media, "message": outgoing.text}
        if answered != media:
            said["comment_id"] = answered
        connection = outgoing.connection
        answer = await self.call("POST", connection, connection[self.named], "mentions", data=said)
        return meta.outcome(answer, "id")
