"""What people write to a number of WhatsApp, and what the network tells of our own messages.

Cloud API, as documented at developers.facebook.com/docs/whatsapp/cloud-api/webhooks.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import orjson

from channels import meta, shapes
from channels.base import Own
from domain.post import (
    Author,
    Deleted,
    Edited,
    Ignored,
    Media,
    News,
    Post,
    Returned,
    Undelivered,
)
from domain.words import OccurrenceKind

FILES: Mapping[str, tuple[str, str]] = {
    "image": ("[Foto]", "foto.jpg"),
    "audio": ("[Áudio]", "audio.ogg"),
    "video": ("[Vídeo]", "video.mp4"),
    "document": ("[Arquivo]", "arquivo"),
    "sticker": ("[Figurinha]", "figurinha.webp"),
}
"""What a message says that has no words of its own, and what a file without a name is called."""
UNSHOWN = "[Mensagem que só aparece no WhatsApp]"
BESIDE = (
    *("account_", "business_", "group_", "message_template_", "phone_number_", "template_"),
    *("user_", "automatic_events", "calls", "flows", "messaging_handovers", "partner_solutions"),
    *("payment_configuration_update", "security", "smb_app_state_sync", "tracking_events"),
)
"""How fields begin that are of the account, its templates and its groups."""
LINES_MOST = 30


def entry(told: Mapping[str, Any], own: Own) -> Iterator[News]:
    for change in shapes.parts(told, "changes"):
        field = shapes.text(change, "field") or "nothing"
        value = shapes.part(change, "value")
        number = shapes.identifier(shapes.part(value, "metadata"), "phone_number_id")
        if field == "messages" and not meta.ours(own, number):
            yield Ignored(field, "ignored_not_for_us")
        elif field == "messages":
            yield from _messages(value, own)
        elif field in ("smb_message_echoes", "message_echoes"):
            yield Ignored(field, "ignored_own")
        else:
            known = field.startswith(BESIDE)
            sentence = "ignored_no_message" if known else "ignored_unknown"
            yield Ignored(field[: meta.TOLD_MOST], sentence)


def _messages(value: Mapping[str, Any], own: Own) -> Iterator[News]:
    messages, statuses = shapes.parts(value, "messages"), shapes.parts(value, "statuses")
    for each in messages:
        yield _message(each, value, own)
    for each in statuses:
        yield _status(each, own)
    if not messages and not statuses:
        what = "errors" if "errors" in value else "nothing"
        yield Ignored(f"messages.{what}", "ignored_no_message")


def _message(message: Mapping[str, Any], value: Mapping[str, Any], own: Own) -> News:
    kind = shapes.text(message, "type") or "nothing"
    what = f"messages.{kind}"[: meta.TOLD_MOST]
    if kind == "reaction":
        return Ignored(what, "ignored_reaction")
    if kind == "system":
        return Ignored(what, "ignored_no_message")
    at = shapes.seconds(message, "timestamp")
    changed = shapes.identifier(shapes.part(message, kind), "original_message_id")
    if kind == "revoke" and changed is not None:
        return Deleted(own.account_id, changed, at)
    if kind == "edit" and changed is not None:
        anew = shapes.part(message, kind, "message")
        return Edited(own.account_id, changed, _words(anew, shapes.text(anew, "type") or ""), at)
    external_id, author = shapes.identifier(message, "id"), _author(message, value)
    if external_id is None or author is None or kind in ("revoke", "edit"):
        return Ignored(what, "ignored_unknown")
    group = shapes.identifier(message, "group_id")
    answered = shapes.identifier(shapes.part(message, "context"), "id")
    return Post(
        account_id=own.account_id,
        external_id=external_id,
        kind=OccurrenceKind.COMMENT if group else OccurrenceKind.DIRECT_MESSAGE,
        author=author,
        text=_words(message, kind),
        occurred_at=at,
        own_clock=True,
        thread_id=group or author.external_id,
        parent_external_id=answered,
        references=(answered,) if answered else (),
        subject=shapes.text(shapes.part(message, "referral"), "headline"),
        media=_media(message, kind),
    )


def _status(status: Mapping[str, Any], own: Own) -> News:
    said = shapes.text(status, "status") or "nothing"
    external_id = shapes.identifier(status, "id")
    if said != "failed" or external_id is None:
        return Ignored(f"statuses.{said}"[: meta.TOLD_MOST], "ignored_receipt")
    error = (shapes.parts(status, "errors") or [shapes.NOTHING])[0]
    words = shapes.text(error, "title") or shapes.text(error, "message") or "failed"
    more = shapes.text(shapes.part(error, "error_data"), "details")
    number = shapes.number(error, "code")
    detail = " · ".join(str(each) for each in (number, words[:200], more and more[:200]) if each)
    return Returned(own.account_id, Undelivered(external_id, detail))


def _author(message: Mapping[str, Any], value: Mapping[str, Any]) -> Author | None:
    """By the number, which everybody had before there were other ids; else by the other id."""
    number = shapes.identifier(message, "from")
    other = shapes.identifier(message, "from_user_id")
    external_id = number or other
    if external_id is None:
        return None
    contacts = shapes.parts(value, "contacts")
    known = partial(_is, number, other)
    [contact, *_] = [*filter(known, contacts), *(contacts if len(contacts) == 1 else ()), {}]
    profile = shapes.part(contact, "profile")
    handle = (shapes.text(profile, "username") or "").removeprefix("@") or None
    plain = number if number and number.isascii() and number.isdecimal() else None
    return Author(
        external_id=external_id,
        name=(shapes.text(profile, "name") or handle or external_id)[:200],
        handle=handle and handle[:200],
        url=f"https://wa.me/{plain}" if plain else None,
        phone=f"+{plain}" if plain else None,
    )


def _is(number: str | None, other: str | None, contact: Mapping[str, Any]) -> bool:
    """Whether a contact is whoever has that number, or that other id."""
    found = shapes.identifier(contact, "wa_id"), shapes.identifier(contact, "user_id")
    return (number is not None and found[0] == number) or (other is not None and found[1] == other)


def _words(message: Mapping[str, Any], kind: str) -> str:
    """What it says; for what has no words, what it is."""
    said = shapes.part(message, kind)
    if kind in FILES:
        return shapes.text(said, "caption") or FILES[kind][0]
    if kind == "text":
        return shapes.text(said, "body") or UNSHOWN
    if kind == "button":
        return shapes.text(said, "text") or shapes.text(said, "payload") or UNSHOWN
    if kind == "interactive":
        return _chosen(said)
    if kind == "location":
        return _line("[Localização]", _place(said))
    if kind == "contacts":
        return _line("[Contato]", "; ".join(map(_contact, shapes.parts(message, kind))))
    if kind == "order":
        return _order(said)
    return UNSHOWN


def _line(what: str, said: str) -> str:
    return f"{what} {said}".strip()


def _chosen(said: Mapping[str, Any]) -> str:
    """What was chosen of what we offered, or filled into a form."""
    for name in ("button_reply", "list_reply"):
        found = shapes.part(said, name)
        title = shapes.text(found, "title") or shapes.text(found, "id")
        if title is not None:
            more = shapes.text(found, "description")
            return f"{title}\n{more}" if more else title
    form = shapes.part(said, "nfm_reply")
    if not form:
        return UNSHOWN
    try:
        filled = orjson.loads(shapes.text(form, "response_json") or "{}")
    except orjson.JSONDecodeError:
        filled = None
    lines = [
        f"{name}: {value}"
        for name, value in (filled if isinstance(filled, dict) else {}).items()
        if name != "flow_token" and isinstance(value, str | int | float)
    ]
    return "\n".join([_line("[Formulário]", shapes.text(form, "body") or ""), *lines[:LINES_MOST]])


def _place(said: Mapping[str, Any]) -> str:
    where = (said.get("latitude"), said.get("longitude"))
    points = ", ".join(str(each) for each in where if isinstance(each, int | float))
    named = (shapes.text(said, each) for each in ("name", "address", "url"))
    return "\n".join(each for each in dict.fromkeys((points, *named)) if each)


def _contact(contact: Mapping[str, Any]) -> str:
    name = shapes.text(shapes.part(contact, "name"), "formatted_name")
    phones = (shapes.text(each, "phone") for each in shapes.parts(contact, "phones"))
    return " ".join(each for each in (name, *phones) if each)


def _order(said: Mapping[str, Any]) -> str:
    items = [
        f"{shapes.number(each, 'quantity') or 1} × {named}"
        for each in shapes.parts(said, "product_items")
        if (named := shapes.identifier(each, "product_retailer_id"))
    ]
    words = shapes.text(said, "text")
    return "\n".join([_line("[Pedido]", words or ""), *items[:LINES_MOST]])


def _media(message: Mapping[str, Any], kind: str) -> tuple[Media, ...]:
    said = shapes.part(message, kind)
    source = shapes.identifier(said, "id") if kind in FILES else None
    if source is None:
        return ()
    named = shapes.text(said, "filename") or FILES[kind][1]
    media_type = (shapes.text(said, "mime_type") or "").partition(";")[0].strip()
    return (Media(source, named[:200], media_type or None),)
