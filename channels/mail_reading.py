"""An e-mail as a post: from its bytes, or from what Postmark makes of one."""

from collections.abc import Mapping
from dataclasses import replace
from email.message import Message
from email.utils import formataddr
from typing import Any
from uuid import UUID

from channels import mail_headers, mail_reports, mail_text, mime
from channels.base import Unreadable
from channels.mail_files import files
from channels.mail_headers import short
from channels.mime import Mail, Part
from domain.errors import Invalid, Refusal
from domain.post import Author, Post
from domain.rules import protocols
from domain.words import OccurrenceKind

SUBJECT_LENGTH = 400
NAME_LENGTH = 200
ADDRESS_LENGTH = 200


def post(raw: bytes, account_id: UUID, external_id: str | None = None) -> Post | Refusal:
    """The post; a refusal for a mail of our own that came back. Unreadable when it is no mail."""
    return _post(mime.read(raw), raw, account_id, external_id)


def _post(mail: Mail, raw: bytes, account_id: UUID, external_id: str | None) -> Post | Refusal:
    top = mail.top
    if mail_headers.ours(top, account_id):
        return Invalid("own_message")
    sender = mail_headers.sender(top)
    if sender is None or len(sender.mail) > ADDRESS_LENGTH:
        raise Unreadable(Invalid("mail_without_sender"))
    subject = mail_text.storable(top.value("Subject"))[:SUBJECT_LENGTH].strip()
    text, html = mail_text.text_and_html(mail)
    references = mail_headers.references(top)
    own_id = mail_headers.message_id(top, raw)
    if external_id is not None and own_id.startswith("sha256:"):
        own_id = external_id
    return Post(
        account_id=account_id,
        external_id=own_id,
        kind=OccurrenceKind.EMAIL,
        author=Author(
            external_id=sender.mail,
            name=mail_text.storable(sender.name)[:NAME_LENGTH],
            email=sender.mail,
        ),
        text=text or subject or mail_text.NOTHING,
        occurred_at=mail_headers.written_at(top),
        own_clock=True,
        parent_external_id=references[0] if references else None,
        references=references,
        subject=subject or None,
        html=html,
        protocol=protocols.named(subject) or protocols.named(text),
        automated=mail_headers.automated(top),
        files=files(mail),
        undelivered=mail_reports.undelivered(top),
    )


def is_postmark(told: Mapping[str, Any]) -> bool:
    return "MessageID" in told and bool({"RawEmail", "FromFull", "From"} & told.keys())


def of_postmark(told: Mapping[str, Any], account_id: UUID) -> Post | Refusal:
    """The mail as it came, where Postmark was asked to pass it on; else put together again."""
    external_id = _text(told, "MessageID") or None
    external_id = external_id and short(external_id)
    raw = _text(told, "RawEmail").encode("utf-8", "replace")
    together = _together(told)
    if not raw.strip():
        identity = repr(sorted(told.items())).encode("utf-8", "replace")
        return _post(Mail(together), identity, account_id, external_id)
    read = post(raw, account_id, external_id)
    if isinstance(read, Post) and read.occurred_at is None:
        return replace(read, occurred_at=mail_headers.written_at(together))
    return read


def _together(told: Mapping[str, Any]) -> Part:
    top = Part(Message())
    for header in _list(told, "Headers")[: mime.MOST_VALUES]:
        _add(top, _text(header, "Name"), _text(header, "Value"))
    sender = told.get("FromFull")
    full = formataddr((_line(_text(sender, "Name")), _line(_text(sender, "Email"))))
    for name, value in (
        ("From", full if _text(sender, "Email").isascii() else ""),
        ("From", _text(told, "From")),
        ("Reply-To", _text(told, "ReplyTo")),
        ("Subject", _text(told, "Subject")),
        ("Date", _text(told, "Date")),
    ):
        if not top.raw(name):
            _add(top, name, value)
    top.headers["Content-Type"] = "multipart/mixed"
    alternative = Part(Message())
    alternative.headers["Content-Type"] = "multipart/alternative"
    for kind, key in (("plain", "TextBody"), ("html", "HtmlBody")):
        body = _text(told, key)
        if body.strip():
            part = Part(Message(), body.encode("utf-8", "replace"))
            part.headers["Content-Type"] = f"text/{kind}; charset=utf-8"
            alternative.parts.append(part)
    top.parts = [alternative] if alternative.parts else []
    for told_file in _list(told, "Attachments")[: mime.MOST_PARTS]:
        part = Part(Message(), _text(told_file, "Data").encode("ascii", "replace"))
        part.headers["Content-Type"] = _text(told_file, "ContentType") or "application/octet-stream"
        part.headers["Content-Transfer-Encoding"] = "base64"
        part.headers.add_header(
            "Content-Disposition", "attachment", filename=_line(_text(told_file, "Name"))
        )
        top.parts.append(part)
    return top


def _add(part: Part, name: str, value: str) -> None:
    """As often as it is told, but never what would end the headers, nor decide what the parts
    are: those stand in fields of their own."""
    kept = name.isascii() and name.replace("-", "").isalnum() and len(name) <= 100
    if kept and value and not name.lower().startswith(("content-", "mime-")):
        part.headers[name] = _line(value)


def _line(value: str) -> str:
    return " ".join(value.split())[: mime.VALUE_LENGTH]


def _text(told: Any, name: str) -> str:
    value = told.get(name) if isinstance(told, Mapping) else None
    return value if isinstance(value, str) else ""


def _list(told: Mapping[str, Any], name: str) -> list[Any]:
    value = told.get(name)
    return value if isinstance(value, list) else []
