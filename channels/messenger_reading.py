"""What people write in private to a page or an account: Messenger, and Instagram in the same words.

Messenger Platform, as documented at developers.facebook.com/docs/messenger-platform/webhooks.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from channels import meta, shapes
from channels.base import Own
from domain.post import Author, Deleted, Edited, Ignored, Media, News, Post
from domain.words import OccurrenceKind

FILES: Mapping[str, tuple[str, str]] = {
    "image": ("[Foto]", "foto.jpg"),
    "audio": ("[Áudio]", "audio.mp4"),
    "video": ("[Vídeo]", "video.mp4"),
    "file": ("[Arquivo]", "arquivo"),
    "story_mention": ("[Menção em um story]", "story.jpg"),
}
"""What a message says that has no words of its own, and what a file without a name is called."""
SPOKEN: Mapping[str, str] = {
    "ephemeral": "[Foto ou vídeo que some]",
    "fallback": "[Link]",
    "ig_post": "[Publicação]",
    "ig_reel": "[Reel]",
    "post": "[Publicação]",
    "reel": "[Reel]",
    "share": "[Publicação]",
    "template": "[Modelo]",
}
UNSHOWN = "[Mensagem que só aparece na rede]"
RECEIPTS = frozenset({"delivery", "read", "message_reads", "message_deliveries"})
BESIDE = frozenset(
    {
        "account_linking",
        "app_roles",
        "game_play",
        "message_context",
        "messaging_feedback",
        "optin",
        "pass_thread_control",
        "policy_enforcement",
        "referral",
        "request_thread_control",
        "take_thread_control",
    }
)
SAID = ("message", "message_edit", "postback", "reaction")
ABOUT = frozenset({"sender", "recipient", "timestamp", "prior_message"})
"""What every event has; what else there is says what kind it is."""
FILES_MOST = 10


def events(told: Mapping[str, Any], own: Own, page: str | None) -> Iterator[News]:
    """What was said in private, of one entry."""
    for each in shapes.parts(told, "messaging"):
        yield event(each, own, page)
    for each in shapes.parts(told, "standby"):
        # Another app has the conversation, and whoever works there answers.
        yield Ignored(f"standby.{_kind(each)}"[: meta.TOLD_MOST], "ignored_elsewhere")


def event(told: Mapping[str, Any], own: Own, page: str | None) -> News:
    kind = _kind(told)
    what = f"messaging.{kind}"[: meta.TOLD_MOST]
    said = shapes.part(told, kind)
    sender = shapes.identifier(shapes.part(told, "sender"), "id")
    mid, at = shapes.identifier(said, "mid"), shapes.seconds(told, "timestamp")
    if kind in RECEIPTS:
        return Ignored(what, "ignored_receipt")
    if kind == "reaction":
        return Ignored(what, "ignored_reaction")
    if kind in BESIDE:
        return Ignored(what, "ignored_no_message")
    if said.get("is_echo") is True or (sender is not None and sender in (page, own.external_id)):
        return Ignored(what, "ignored_own")
    if kind == "message" and said.get("is_deleted") is True and mid is not None:
        return Deleted(own.account_id, mid, at)
    if kind == "message_edit" and mid is not None:
        words = shapes.text(said, "text")
        return Edited(own.account_id, mid, words, at) if words else Ignored(what, "ignored_unknown")
    if sender is not None and kind == "postback":
        return _post(told, own, sender, mid or f"{sender}:{shapes.number(told, 'timestamp')}")
    if sender is not None and kind == "message" and mid is not None:
        return _post(told, own, sender, mid)
    return Ignored(what, "ignored_unknown")


def _kind(told: Mapping[str, Any]) -> str:
    said = (each for each in SAID if each in told)
    return next(said, next((each for each in told if each not in ABOUT), "nothing"))


def _post(told: Mapping[str, Any], own: Own, sender: str, external_id: str) -> Post:
    message = shapes.part(told, "message")
    answered = shapes.identifier(shapes.part(message, "reply_to"), "mid")
    story = shapes.part(message, "reply_to", "story")
    return Post(
        account_id=own.account_id,
        external_id=external_id,
        kind=OccurrenceKind.DIRECT_MESSAGE,
        # These webhooks tell nobody's name.
        author=Author(external_id=sender, name=sender),
        text=_words(message) if message else _pressed(shapes.part(told, "postback")),
        occurred_at=shapes.seconds(told, "timestamp"),
        own_clock=True,
        thread_id=sender,
        parent_external_id=answered,
        references=(answered,) if answered else (),
        subject="Resposta a um story" if story else None,
        media=_media(message),
    )


def _pressed(postback: Mapping[str, Any]) -> str:
    """What stood on the button; else what it means to whoever made it."""
    title = shapes.text(postback, "title")
    return title or f"[Botão] {shapes.text(postback, 'payload') or ''}".strip()


def _words(message: Mapping[str, Any]) -> str:
    """What it says; for what has no words, what it is."""
    words = shapes.text(message, "text")
    said = [_spoken(each) for each in shapes.parts(message, "attachments")[:FILES_MOST]]
    shown = [each for each in said if words is None or each not in _plain()]
    return "\n".join(dict.fromkeys(each for each in (words, *shown) if each)) or UNSHOWN


def _plain() -> frozenset[str]:
    """What need not be said beside words: the file is there to be seen."""
    return frozenset(said for said, _ in FILES.values())


def _spoken(attachment: Mapping[str, Any]) -> str:
    kind, payload = shapes.text(attachment, "type") or "", shapes.part(attachment, "payload")
    if kind == "image" and "sticker_id" in payload:
        return "[Figurinha]"
    if kind in FILES:
        return FILES[kind][0]
    if kind == "location":
        where = shapes.part(payload, "coordinates")
        points = (where.get("lat"), where.get("long"))
        said = ", ".join(str(each) for each in points if isinstance(each, int | float))
        return f"[Localização] {said}".strip()
    if kind not in SPOKEN:
        return UNSHOWN
    more = (
        *(shapes.text(holder, "title") for holder in (attachment, payload)),
        *(shapes.text(payload, each) for each in ("text", "intro_message")),
        *(shapes.text(holder, "url") for holder in (attachment, payload)),
    )
    return " ".join(dict.fromkeys(each for each in (SPOKEN[kind], *more) if each))


def _media(message: Mapping[str, Any]) -> tuple[Media, ...]:
    found = []
    for each in shapes.parts(message, "attachments")[:FILES_MOST]:
        kind = shapes.text(each, "type") or ""
        source = shapes.text(shapes.part(each, "payload"), "url")
        if kind in FILES and source is not None and lies(source):
            found.append(Media(source, named(source, FILES[kind][1])))
    return tuple(found)


def lies(source: str) -> bool:
    """Whether it is an address at all."""
    plain = source.isprintable() and len(source) <= 2_000
    return plain and source.startswith(("https://", "http://"))


def named(source: str, usual: str) -> str:
    """What a file is called by its address, where that tells what kind it is."""
    try:
        name = unquote(urlsplit(source).path.rpartition("/")[2])
    except ValueError:
        return usual
    return name[-120:] if "." in name.strip(".") else usual
