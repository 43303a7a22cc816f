"""What people write to an account of Instagram: comments, also under ads, mentions, messages.

Webhooks of Instagram, as documented at developers.facebook.com/docs/graph-api/webhooks/reference/
instagram; messages come in the words of Messenger.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from channels import messenger_reading, meta, shapes
from channels.base import Own
from domain.post import Author, Ignored, News, Post
from domain.words import OccurrenceKind

COMMENTS = frozenset({"comments", "live_comments"})
MESSAGES = frozenset(
    {
        "message_edit",
        "message_reactions",
        "messages",
        "messaging_optins",
        "messaging_postbacks",
        "messaging_referral",
        "messaging_seen",
    }
)
"""What is told in private may be told as a change, too."""
BESIDE = frozenset(
    {"creator_marketplace_invited_creator_onboarding", "messaging_handover", "story_insights"}
)
NAMELESS = "Sem nome (Instagram)"
MENTIONED, COMMENTED = "[Menção]", "[Comentário]"


def entry(told: Mapping[str, Any], own: Own) -> Iterator[News]:
    account = shapes.identifier(told, "id")
    if not meta.ours(own, account):
        yield Ignored("instagram", "ignored_not_for_us")
        return
    yield from messenger_reading.events(told, own, account)
    at = shapes.seconds(told, "time")
    for change in shapes.parts(told, "changes"):
        field = shapes.text(change, "field") or "nothing"
        value = shapes.part(change, "value")
        if field in COMMENTS:
            yield _comment(field, value, own, account, at)
        elif field == "mentions":
            yield _mention(value, own, at)
        elif field in MESSAGES:
            yield messenger_reading.event(value, own, account)
        elif field == "standby":
            yield Ignored(field, "ignored_elsewhere")
        else:
            sentence = "ignored_no_message" if field in BESIDE else "ignored_unknown"
            yield Ignored(field[: meta.TOLD_MOST], sentence)


def _comment(
    field: str, value: Mapping[str, Any], own: Own, account: str | None, at: datetime | None
) -> News:
    external_id, author = shapes.identifier(value, "id"), _author(value)
    if external_id is None:
        return Ignored(field, "ignored_unknown")
    if author is not None and _is(author, own, account):
        return Ignored(field, "ignored_own")
    media = shapes.part(value, "media")
    parent = shapes.identifier(value, "parent_id")
    place = shapes.text(media, "media_product_type")
    advertised = place == "AD" or shapes.identifier(media, "ad_id") is not None
    return Post(
        account_id=own.account_id,
        external_id=external_id,
        kind=OccurrenceKind.AD_COMMENT if advertised else OccurrenceKind.COMMENT,
        # Meta does not always say who it was; they can be answered all the same.
        author=author or Author(external_id=external_id, name=NAMELESS),
        text=shapes.text(value, "text") or COMMENTED,
        # When it was told: a moment after it was written.
        occurred_at=at,
        own_clock=True,
        thread_id=shapes.identifier(media, "id") or parent or external_id,
        parent_external_id=parent,
        references=(parent,) if parent else (),
        subject=shapes.text(media, "ad_title"),
    )


def _mention(value: Mapping[str, Any], own: Own, at: datetime | None) -> News:
    """Somebody named the account under a post, or in a comment; Meta tells where, not what."""
    media, comment = shapes.identifier(value, "media_id"), shapes.identifier(value, "comment_id")
    external_id = comment or media
    if external_id is None:
        return Ignored("mentions", "ignored_unknown")
    return Post(
        account_id=own.account_id,
        external_id=external_id,
        kind=OccurrenceKind.MENTION,
        author=Author(external_id=external_id, name=NAMELESS),
        text=MENTIONED,
        occurred_at=at,
        own_clock=True,
        thread_id=media or external_id,
    )


def _author(value: Mapping[str, Any]) -> Author | None:
    writer = shapes.part(value, "from")
    external_id = shapes.identifier(writer, "id")
    if external_id is None:
        return None
    handle = shapes.text(writer, "username")
    plain = handle and handle.isascii() and handle.replace(".", "").replace("_", "").isalnum()
    return Author(
        external_id=external_id,
        name=(handle or external_id)[:200],
        handle=handle and handle[:200],
        url=f"https://www.instagram.com/{handle}/" if plain else None,
    )


def _is(author: Author, own: Own, account: str | None) -> bool:
    """Whether it is the account itself: under comments it may have another id there."""
    handle = (own.handle or "").removeprefix("@").lower()
    named = bool(handle) and (author.handle or "").lower() == handle
    return named or author.external_id in (account, own.external_id)
