"""E-mails to test with, written after the RFCs and the bad habits of real software."""

from base64 import b64encode
from collections.abc import Sequence
from uuid import UUID

from channels.base import Own
from channels.email import Email
from domain.errors import Refusal
from domain.post import Post

ACCOUNT = UUID(int=7)
CLIENT = "Dona Lúcia <Lucia@Example.com>"
PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def mail(
    text: str | bytes = "O bolo veio sem cobertura.",
    *,
    sender: str = CLIENT,
    subject: str = "Pedido 1001",
    to: str = "sac@padaria.example",
    date: str | None = "Mon, 14 Sep 2026 09:00:00 -0300",
    message_id: str | None = "<m1@example.com>",
    kind: str = "text/plain; charset=utf-8",
    headers: Sequence[str] = (),
) -> bytes:
    """A simple one; headers of one's own come last."""
    head = [f"From: {sender}", f"To: {to}", f"Subject: {subject}"]
    head += [f"Date: {date}"] if date is not None else []
    head += [f"Message-ID: {message_id}"] if message_id is not None else []
    head += ["MIME-Version: 1.0", f"Content-Type: {kind}", *headers]
    body = text if isinstance(text, bytes) else text.encode()
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def part(
    body: str | bytes, kind: str = "text/plain; charset=utf-8", *headers: str, encode: bool = False
) -> bytes:
    data = body if isinstance(body, bytes) else body.encode()
    lines = [f"Content-Type: {kind}", *headers]
    if encode:
        lines.append("Content-Transfer-Encoding: base64")
        data = b64encode(data)
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def multipart(*parts: bytes, kind: str = "mixed", boundary: str = "b1") -> tuple[str, bytes]:
    """The content type and the body."""
    mark = boundary.encode()
    inside = b"".join(b"--" + mark + b"\r\n" + each + b"\r\n" for each in parts)
    return f'multipart/{kind}; boundary="{boundary}"', inside + b"--" + mark + b"--\r\n"


def attached(data: bytes, name: str, kind: str = "application/octet-stream") -> bytes:
    disposition = f'Content-Disposition: attachment; filename="{name}"'
    return part(data, kind, disposition, encode=True)


def with_files(*files: bytes, text: str = "Segue a foto.", **more: object) -> bytes:
    kind, body = multipart(part(text), *files)
    return mail(body, kind=kind, **more)  # type: ignore[arg-type]


def returned(
    original: str, *, action: str = "failed", status: str = "5.1.1", said: str = "550 no such user"
) -> bytes:
    """What a mail server writes when it gives a mail back, or tells that it is late."""
    told = (
        "Reporting-MTA: dns; mx.example.com\r\n\r\n"
        f"Final-Recipient: rfc822; lucia@example.com\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {said}\r\n"
    )
    kind, body = multipart(
        part("Não foi possível entregar."),
        part(told, "message/delivery-status"),
        part(f"Message-ID: <{original}>\r\nSubject: Re: x\r\n", "text/rfc822-headers"),
        kind="report",
    )
    return mail(
        body,
        sender="Mail Delivery System <MAILER-DAEMON@mx.example.com>",
        subject="Undelivered Mail Returned to Sender",
        message_id=f"<bounce-of-{original}>",
        kind=f"{kind}; report-type=delivery-status",
        headers=["Auto-Submitted: auto-replied", "Return-Path: <>"],
    )


def read(raw: bytes) -> Post:
    [only] = Email().read(raw, Own(ACCOUNT), UUID)
    assert isinstance(only, Post), only
    return only


def refused(raw: bytes) -> Refusal:
    [only] = Email().read(raw, Own(ACCOUNT), UUID)
    assert isinstance(only, Refusal)
    return only
