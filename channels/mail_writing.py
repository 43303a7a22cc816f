"""A reply as an e-mail: one recipient, headers that keep the thread, nothing slipped into them."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from uuid import UUID

from channels.mail_headers import ADDRESS, OWN_MARK, own_mark
from channels.mime import plain
from domain.sending import Outgoing, OutgoingFile

SUBJECT_LENGTH = 300
MOST_REFERENCES = 20
REPLY_PREFIX = re.compile(r"^\s*((re|res|aw|enc|fwd?|fw)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
HASHED = "sha256:"
SAFE_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,200}")
FOOTER = "Protocolo {protocol}. Para continuar, responda a este e-mail."


def message_id(reply_id: UUID, address: str) -> str:
    """The same for every attempt, so that one which came twice can be known by it."""
    return f"reply-{reply_id.hex}@{_domain(address)}"


def written(outgoing: Outgoing, address: str, from_name: str, now: datetime) -> EmailMessage:
    """ValueError where the recipient's address is none."""
    message = EmailMessage(policy=SMTPUTF8 if not outgoing.to_external_id.isascii() else SMTP)
    message["From"] = _mailbox(address, from_name or outgoing.account_name)
    name = "" if outgoing.to_name == outgoing.to_external_id else outgoing.to_name
    message["To"] = _mailbox(outgoing.to_external_id, name)
    message["Subject"] = subject(outgoing.subject, outgoing.protocol)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{message_id(outgoing.reply_id, address)}>"
    answers = [each for each in (outgoing.parent_external_id,) if each and _can_stand(each)]
    if answers:
        message["In-Reply-To"] = f"<{answers[0]}>"
    before = [each for each in outgoing.references if each not in answers]
    if known := references([*before, *answers]):
        message["References"] = " ".join(f"<{each}>" for each in known)
    message["Auto-Submitted"] = "auto-replied" if outgoing.automated else "no"
    message[OWN_MARK] = own_mark(outgoing.account_id, outgoing.reply_id)
    footer = FOOTER.format(protocol=outgoing.protocol)
    message.set_content(f"{_body(outgoing.text)}\n\n-- \n{footer}\n", charset="utf-8")
    for file in outgoing.files:
        _attach(message, file)
    return message


def subject(before: str | None, protocol: str) -> str:
    """What they called it, once as an answer, with the number once."""
    told = REPLY_PREFIX.sub("", one_line(before or ""))
    told = " ".join(told.replace(f"[{protocol}]", " ").split())[:SUBJECT_LENGTH].strip()
    return f"Re: {told} [{protocol}]" if told else f"Re: [{protocol}]"


def references(ids: Sequence[str]) -> list[str]:
    """The first, which began it, and the last ones; without what is no id of a mail."""
    known = [each for each in dict.fromkeys(ids) if _can_stand(each)]
    return known if len(known) <= MOST_REFERENCES else [known[0], *known[1 - MOST_REFERENCES :]]


def one_line(text: str) -> str:
    """Without anything that could end a header and begin another.

    Encoded words are taken apart: the standard library undoes them as it writes, line breaks and
    all.
    """
    return plain(text).replace("=?", "= ?")


def _mailbox(address: str, name: str) -> Address:
    if not ADDRESS.fullmatch(address) or address != one_line(address):
        raise ValueError("not an address")
    user, _, domain = address.rpartition("@")
    return Address(one_line(name), user, domain)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].encode("idna").decode("ascii")


def _can_stand(name: str) -> bool:
    return SAFE_ID.fullmatch(name) is not None and not name.startswith(HASHED)


def _body(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


def _attach(message: EmailMessage, file: OutgoingFile) -> None:
    kind, _, subtype = file.media_type.partition("/")
    plain = bool(re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", file.media_type, re.IGNORECASE))
    if not plain or kind in ("multipart", "message"):
        kind, subtype = "application", "octet-stream"
    message.add_attachment(
        file.data, maintype=kind, subtype=subtype, filename=one_line(file.file_name) or "anexo"
    )
