"""What people write on a page of Facebook: comments, also under ads, posts, mentions, reviews.

Webhooks of pages, as documented at developers.facebook.com/docs/graph-api/webhooks/reference/page.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from channels import messenger_reading, meta, shapes
from channels.base import Own
from channels.messenger_reading import lies, named
from domain.post import Author, Deleted, Edited, Ignored, Media, News, Post
from domain.words import OccurrenceKind

TOLD = frozenset({"feed", "mention", "ratings"})
BESIDE = frozenset(
    {
        *("about", "bio", "birthday", "category", "checkins", "company_overview", "description"),
        *("email", "founded", "general_info", "hours", "invoice_access_invoice_change", "leadgen"),
        *("live_videos", "location", "members", "mission", "name", "page_about_story"),
        *("page_change_proposal", "page_upcoming_change", "parking", "payment_options"),
        *("personal_info", "phone", "picture", "price_range", "product_review", "products"),
        *("public_transit", "video_text_question_responses", "videos", "website"),
    }
)
"""Of the page itself."""
WRITTEN = frozenset({"comment", "photo", "post", "rating", "share", "status", "video"})
UNWRITTEN = frozenset({"album", "event", "milestone", "note", "question", "story"})
REMOVED = frozenset({"remove", "delete"})
CHANGED = frozenset({"edit", "edited", "update"})
SHOWN = frozenset({"block", "follow", "hide", "mute", "unblock", "unhide", "unmute"})
RECOMMENDS = {"positive": "Recomenda", "negative": "Não recomenda"}
WORDLESS = {"comment": "[Comentário]", "photo": "[Foto]", "video": "[Vídeo]"}
NAMELESS = "Sem nome (Facebook)"
PLACE = "https://www.facebook.com/"


def entry(told: Mapping[str, Any], own: Own) -> Iterator[News]:
    page = shapes.identifier(told, "id")
    if not meta.ours(own, page):
        yield Ignored("page", "ignored_not_for_us")
        return
    yield from messenger_reading.events(told, own, page)
    for change in shapes.parts(told, "changes"):
        field = shapes.text(change, "field") or "nothing"
        if field in TOLD:
            yield _change(field, shapes.part(change, "value"), own, page)
        else:
            sentence = "ignored_no_message" if field in BESIDE else "ignored_unknown"
            yield Ignored(field[: meta.TOLD_MOST], sentence)


def _change(field: str, value: Mapping[str, Any], own: Own, page: str | None) -> News:
    item, verb = shapes.text(value, "item") or "nothing", shapes.text(value, "verb") or "nothing"
    what = f"{field}.{item}.{verb}"[: meta.TOLD_MOST]
    external_id, author = _called(value, item), _author(value)
    if item in ("like", "reaction"):
        return Ignored(what, "ignored_reaction")
    if verb in SHOWN or item in UNWRITTEN:
        return Ignored(what, "ignored_no_message")
    if external_id is None or item not in WRITTEN:
        return Ignored(what, "ignored_unknown")
    if verb in REMOVED:
        # Whoever took it back: the company may have removed what a customer wrote.
        return Deleted(own.account_id, external_id, shapes.seconds(value, "created_time"))
    if author is not None and author.external_id in (page, own.external_id):
        return Ignored(what, "ignored_own")
    words = shapes.text(value, "review_text" if item == "rating" else "message")
    if verb in CHANGED:
        if words is None:
            return Ignored(what, "ignored_no_message")
        return Edited(own.account_id, external_id, words)
    if verb != "add":
        return Ignored(what, "ignored_unknown")
    if words is None and item == "rating":
        return Ignored(what, "ignored_reaction")
    media = _media(value, item)
    if words is None and item in ("share", "status") and not media and field != "mention":
        return Ignored(what, "ignored_no_message")
    return _post(field, value, own, external_id, author, words, media)


def _post(
    field: str,
    value: Mapping[str, Any],
    own: Own,
    external_id: str,
    author: Author | None,
    words: str | None,
    media: tuple[Media, ...],
) -> Post:
    item = shapes.text(value, "item") or ""
    post_id = shapes.identifier(value, "post_id")
    parent = shapes.identifier(value, "parent_id")
    parent = parent if parent != external_id else None
    place = shapes.text(shapes.part(value, "post"), "permalink_url")
    place = place if place and lies(place) else f"{PLACE}{post_id}" if post_id else None
    usual = "[Menção]" if field == "mention" else WORDLESS.get(item, "[Publicação]")
    return Post(
        account_id=own.account_id,
        external_id=external_id,
        kind=_kind_of(field, item, value),
        # Meta does not always say who it was; they can be answered all the same.
        author=author or Author(external_id=external_id, name=NAMELESS),
        text=words or usual,
        occurred_at=shapes.seconds(value, "created_time"),
        own_clock=True,
        url=f"{PLACE}{external_id}",
        thread_id=post_id or external_id,
        thread_url=place,
        parent_external_id=parent,
        references=(parent,) if parent else (),
        subject=_rated(value) if item == "rating" else None,
        media=media,
    )


def _kind_of(field: str, item: str, value: Mapping[str, Any]) -> OccurrenceKind:
    if field == "mention":
        return OccurrenceKind.MENTION
    if item == "rating":
        return OccurrenceKind.REVIEW
    if item != "comment":
        return OccurrenceKind.POST
    return OccurrenceKind.AD_COMMENT if _advertised(value) else OccurrenceKind.COMMENT


def _advertised(value: Mapping[str, Any]) -> bool:
    """Whether it stands under an ad: a post that is promoted now, or that was published as an ad
    alone."""
    post = shapes.part(value, "post")
    status = shapes.text(post, "promotion_status") or shapes.text(value, "promotion_status")
    unpublished = post.get("is_published") is False
    return status == "active" or unpublished or shapes.identifier(value, "ad_id") is not None


def _called(value: Mapping[str, Any], item: str) -> str | None:
    if item == "comment":
        return shapes.identifier(value, "comment_id")
    if item == "rating":
        return shapes.identifier(value, "open_graph_story_id")
    return shapes.identifier(value, "post_id")


def _author(value: Mapping[str, Any]) -> Author | None:
    """In the words of today, and in those of before."""
    writer = shapes.part(value, "from")
    found = (
        (shapes.identifier(writer, "id"), shapes.text(writer, "name")),
        (shapes.identifier(value, "sender_id"), shapes.text(value, "sender_name")),
        (shapes.identifier(value, "reviewer_id"), shapes.text(value, "reviewer_name")),
    )
    for external_id, name in found:
        if external_id is not None:
            return Author(external_id=external_id, name=(name or external_id)[:200])
    return None


def _rated(value: Mapping[str, Any]) -> str | None:
    """How good they found it."""
    recommends = (shapes.text(value, "recommendation_type") or "").lower()
    stars = shapes.number(value, "rating")
    return RECOMMENDS.get(recommends) or (f"{stars} de 5" if stars is not None else None)


def _media(value: Mapping[str, Any], item: str) -> tuple[Media, ...]:
    listed = value.get("photos")
    several = listed if isinstance(listed, list) else []
    usual = "video.mp4" if item == "video" else "foto.jpg"
    told = [(value.get("photo"), "foto.jpg"), (value.get("video"), "video.mp4")]
    told += [(each, "foto.jpg") for each in several]
    if item in ("photo", "video"):
        told.append((value.get("link"), usual))
    found = {
        source: Media(source, named(source, name))
        for source, name in told
        if isinstance(source, str) and lies(source)
    }
    return tuple(found.values())[: messenger_reading.FILES_MOST]
