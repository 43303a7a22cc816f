"""What X tells, in our words: its account activity as of v1.1, and the Activity API of v2."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from channels import shapes
from channels.base import Own
from domain.post import Author, Deleted, Ignored, Media, News, Post
from domain.words import OccurrenceKind

WRITTEN = "%a %b %d %H:%M:%S %z %Y"
"""How v1.1 writes a moment: `Thu Nov 15 23:31:30 +0000 2018`."""
BESIDE = ("block", "follow", "mute", "profile", "user", "tweet_withheld", "spaces", "broadcast")
RECEIPTS = ("direct_message_indicate_typing", "direct_message_mark_read", "dm.indicate", "dm.read")
REACTIONS = ("favorite", "like", "repost", "post.repost")


def news(told: Mapping[str, Any], own: Own) -> Iterator[News]:
    """Everything that one body tells."""
    activity = shapes.part(told, "data")
    if "event_type" in activity:
        yield _activity(activity, own)
        return
    for_user = shapes.identifier(told, "for_user_id")
    people = shapes.part(told, "users")
    for name in told:
        if not name.endswith("_events") and name != "user_event":
            continue
        if not _ours(for_user, own):
            yield Ignored(name[:60], "ignored_not_for_us")
            continue
        mine = own.external_id or for_user
        if name == "tweet_create_events":
            yield from (_tweet(each, own, mine) for each in shapes.parts(told, name))
        elif name == "direct_message_events":
            for each in shapes.parts(told, name):
                yield _message(each, own, mine, people)
        elif name == "tweet_delete_events":
            yield from (_deleted(each, own, mine) for each in shapes.parts(told, name))
        else:
            yield Ignored(name[:60], _why(name))


def _ours(user_id: str | None, own: Own) -> bool:
    return own.external_id is None or user_id is None or user_id == own.external_id


def _why(name: str) -> str:
    if name.startswith(REACTIONS):
        return "ignored_reaction"
    if name.startswith(RECEIPTS):
        return "ignored_receipt"
    return "ignored_no_message" if name.startswith(BESIDE) else "ignored_unknown"


# ── account activity, v1.1 ────────────────────────────────────────────────────────────────────


def _tweet(tweet: Mapping[str, Any], own: Own, mine: str | None) -> News:
    external_id = shapes.identifier(tweet, "id_str") or shapes.identifier(tweet, "id")
    user = shapes.part(tweet, "user")
    author = _author(user, shapes.identifier(user, "id_str") or shapes.identifier(user, "id"))
    if external_id is None or author is None:
        return Ignored("tweet_create", "ignored_unknown")
    if author.external_id == mine:
        return Ignored("tweet_create", "ignored_own")
    if "retweeted_status" in tweet:
        return Ignored("tweet_create.retweet", "ignored_reaction")
    whole = shapes.part(tweet, "extended_tweet")
    words = shapes.text(whole, "full_text") or shapes.text(tweet, "full_text")
    words = words or shapes.text(tweet, "text")
    if words is None:
        return Ignored("tweet_create", "ignored_unknown")
    parent = shapes.identifier(tweet, "in_reply_to_status_id_str")
    pictures = shapes.part(whole, "extended_entities") or shapes.part(tweet, "extended_entities")
    return _post(
        own,
        external_id,
        author,
        words,
        shapes.seconds(tweet, "timestamp_ms") or _written(tweet),
        parent,
        parent or external_id,
        tuple(_pictures(pictures)),
    )


def _written(tweet: Mapping[str, Any]) -> datetime | None:
    try:
        found = datetime.strptime(shapes.text(tweet, "created_at") or "", WRITTEN)  # noqa: DTZ007
    except ValueError:
        return None
    return found.astimezone(UTC)


def _message(
    event: Mapping[str, Any], own: Own, mine: str | None, people: Mapping[str, Any]
) -> News:
    said = shapes.part(event, "message_create")
    sender, external_id = shapes.identifier(said, "sender_id"), shapes.identifier(event, "id")
    if sender is None or external_id is None:
        return Ignored("direct_message", "ignored_unknown")
    if sender == mine:
        return Ignored("direct_message", "ignored_own")
    message = shapes.part(said, "message_data")
    media = tuple(_pictures({"media": [shapes.part(message, "attachment", "media")]}))
    words = shapes.text(message, "text") or ("[Arquivo]" if media else None)
    if words is None:
        return Ignored("direct_message", "ignored_unknown")
    person = shapes.part(people, sender)
    person = shapes.part(person, "data") or person
    return Post(
        account_id=own.account_id,
        external_id=external_id,
        kind=OccurrenceKind.DIRECT_MESSAGE,
        author=_author(person, sender) or Author(sender, sender),
        text=words,
        occurred_at=shapes.seconds(event, "created_timestamp"),
        own_clock=True,
        thread_id=sender,
        media=media,
    )


def _deleted(event: Mapping[str, Any], own: Own, mine: str | None) -> News:
    status = shapes.part(event, "status")
    external_id = shapes.identifier(status, "id")
    if external_id is None:
        return Ignored("tweet_delete", "ignored_unknown")
    if shapes.identifier(status, "user_id") == mine:
        return Ignored("tweet_delete", "ignored_own")
    return Deleted(own.account_id, external_id, shapes.seconds(event, "timestamp_ms"))


# ── the Activity API, v2 ──────────────────────────────────────────────────────────────────────


def _activity(activity: Mapping[str, Any], own: Own) -> News:
    name = (shapes.text(activity, "event_type") or "")[:60]
    mine = shapes.identifier(shapes.part(activity, "filter"), "user_id")
    if not _ours(mine, own):
        return Ignored(name, "ignored_not_for_us")
    mine = own.external_id or mine
    payload = shapes.part(activity, "payload")
    if name.startswith("post.repost"):
        return Ignored(name, "ignored_reaction")
    if name.startswith("post.") and name.endswith("create"):
        return _posted(payload, shapes.part(activity, "includes"), own, mine, name)
    if name == "post.delete":
        external_id = shapes.identifier(payload, "id")
        if external_id is None:
            return Ignored(name, "ignored_unknown")
        if shapes.identifier(payload, "author_id") == mine:
            return Ignored(name, "ignored_own")
        return Deleted(own.account_id, external_id)
    if name in ("dm.received", "dm.sent"):
        events = shapes.parts(payload, "direct_message_events")
        if events:
            return _message(events[0], own, mine, shapes.part(payload, "users"))
    if name.startswith("chat."):
        return Ignored(name, "ignored_encrypted")
    if name.startswith(("oauth.", *BESIDE)):
        return Ignored(name, "ignored_no_message")
    return Ignored(name, _why(name))


def _posted(
    post: Mapping[str, Any], includes: Mapping[str, Any], own: Own, mine: str | None, name: str
) -> News:
    external_id, author_id = shapes.identifier(post, "id"), shapes.identifier(post, "author_id")
    words = shapes.text(shapes.part(post, "note_tweet"), "text") or shapes.text(post, "text")
    if external_id is None or author_id is None or words is None:
        return Ignored(name, "ignored_unknown")
    if author_id == mine:
        return Ignored(name, "ignored_own")
    people = [shapes.part(each, "data") or each for each in shapes.parts(includes, "users")]
    person = next((each for each in people if each.get("id") == author_id), shapes.NOTHING)
    answered = (
        shapes.identifier(each, "id")
        for each in shapes.parts(post, "referenced_tweets")
        if each.get("type") == "replied_to"
    )
    media = tuple(_pictures({"media": shapes.parts(includes, "media")}))
    return _post(
        own,
        external_id,
        _author(person, author_id) or Author(author_id, author_id),
        words,
        shapes.iso(post, "created_at"),
        next(answered, None),
        shapes.identifier(post, "conversation_id") or external_id,
        media,
    )


# ── both ──────────────────────────────────────────────────────────────────────────────────────


def _post(
    own: Own,
    external_id: str,
    author: Author,
    words: str,
    at: datetime | None,
    parent: str | None,
    thread: str,
    media: tuple[Media, ...],
) -> Post:
    return Post(
        account_id=own.account_id,
        external_id=external_id,
        kind=OccurrenceKind.COMMENT if parent else OccurrenceKind.MENTION,
        author=author,
        text=words,
        occurred_at=at,
        own_clock=True,
        url=f"https://x.com/i/web/status/{external_id}" if external_id.isdecimal() else None,
        thread_id=thread,
        parent_external_id=parent,
        references=(parent,) if parent else (),
        media=media,
    )


def _author(user: Mapping[str, Any], external_id: str | None) -> Author | None:
    if external_id is None:
        return None
    handle = shapes.text(user, "screen_name") or shapes.text(user, "username")
    metrics = shapes.part(user, "public_metrics")
    followers = shapes.number(user, "followers_count")
    if followers is None:
        followers = shapes.number(metrics, "followers_count")
    picture = shapes.text(user, "profile_image_url_https") or shapes.text(user, "profile_image_url")
    return Author(
        external_id=external_id,
        name=(shapes.text(user, "name") or handle or external_id)[:200],
        handle=handle and handle[:200],
        url=f"https://x.com/{handle}" if handle and handle.isascii() else None,
        avatar_url=picture if picture and picture.startswith("https://") else None,
        followers=followers,
    )


def _pictures(told: Mapping[str, Any]) -> Iterator[Media]:
    for each in shapes.parts(told, "media"):
        source = shapes.text(each, "media_url_https") or shapes.text(each, "url")
        if source is not None and source.startswith("https://") and len(source) <= 2_000:
            yield Media(source, source.rsplit("/", 1)[-1].partition("?")[0][:200] or "foto.jpg")
