"""Facebook: a page that people comment on, and write to in Messenger.

Graph API, as documented at developers.facebook.com/docs/graph-api/reference/object/comments; what
is private is Messenger's.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from channels import facebook_reading, meta
from channels.base import Own, ReadId
from channels.messenger import WINDOW, WINDOW_OF_PEOPLE, Messenger
from domain.errors import Refusal
from domain.post import News
from domain.rules.capability import Capability, TextUnit
from domain.sending import Declined, NotSent, Outcome, Outgoing, Sent
from domain.words import OccurrenceKind, Visibility

PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})


class Facebook(Messenger):
    named = "pageId"
    shown = ("name",)
    capability = Capability(
        needs_connection=True,
        sends=frozenset({Visibility.PUBLIC, Visibility.PRIVATE}),
        text_most=8_000,
        unit=TextUnit.CHARACTERS,
        files_most=1,
        media_types=PICTURES,
        private=Capability(
            sends=frozenset({Visibility.PRIVATE}),
            text_most=2_000,
            unit=TextUnit.UTF16,
            files_most=1,
        ),
        private_within=WINDOW,
        private_longer=("humanAgent", WINDOW_OF_PEOPLE),
        public_to=frozenset(
            {
                OccurrenceKind.AD_COMMENT,
                OccurrenceKind.COMMENT,
                OccurrenceKind.MENTION,
                OccurrenceKind.POST,
                OccurrenceKind.REVIEW,
            }
        ),
    )

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[News | Refusal]:
        return meta.entries(body, "page", partial(facebook_reading.entry, own=own))

    async def send(self, outgoing: Outgoing) -> Outcome:
        if not outgoing.connection.get("accessToken"):
            return NotSent("token_missing", whole_account=True)
        if outgoing.visibility is Visibility.PRIVATE:
            return await self.in_private(outgoing)
        answered = outgoing.parent_external_id
        if answered is None:
            return Declined("answered_gone")
        answer = await self.call(
            "POST",
            outgoing.connection,
            answered,
            "comments",
            data={"message": outgoing.text},
            files=[("source", (e.file_name, e.data, e.media_type)) for e in outgoing.files],
        )
        ended = meta.outcome(answer, "id")
        if isinstance(ended, Sent) and ended.external_id:
            return replace(ended, external_url=f"{facebook_reading.PLACE}{ended.external_id}")
        return ended
