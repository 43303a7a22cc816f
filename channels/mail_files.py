"""The files of an e-mail: what is attached to it, and the pictures that stand in it."""

import mimetypes
import re
from collections.abc import Iterator

from channels.mime import Mail, Part
from domain.post import IncomingFile

NAME_LENGTH = 200
SHOWN = frozenset({"text/plain", "text/html", "text/enriched"})
UNSEEN = frozenset({"application/pkcs7-signature", "application/pgp-signature"})
"""They prove something to programs, and say nothing to people."""
ENDINGS = {"message/rfc822": ".eml", "text/calendar": ".ics", "image/jpeg": ".jpg"}
SEPARATORS = re.compile(r'[/\\:*?"<>|]')


def files(mail: Mail) -> tuple[IncomingFile, ...]:
    """Everything that is no text of the mail itself, in its order; a report's parts are none."""
    if mail.top.media_type == "multipart/report":
        return ()
    return tuple(
        IncomingFile(_name(part, number), part.media_type, data)
        for number, part in enumerate(_attached(mail.top), start=1)
        if (data := part.data)
    )


def _attached(top: Part) -> Iterator[Part]:
    for part in top.leaves():
        kind = part.media_type
        if kind in UNSEEN or kind.startswith("multipart/"):
            continue
        if part.attached or kind not in SHOWN or (part.file_name and kind != "text/html"):
            yield part


def _name(part: Part, number: int) -> str:
    """A name that is one, on every system, with its ending."""
    named = SEPARATORS.sub("_", part.file_name or "").strip(" .")
    if not named:
        ending = ENDINGS.get(part.media_type) or mimetypes.guess_extension(part.media_type) or ""
        named = f"anexo-{number}{ending}"
    stem, dot, ending = named.rpartition(".")
    most = NAME_LENGTH - len(ending) - 1
    return named if len(named) <= NAME_LENGTH else f"{stem[:most]}{dot}{ending}"[:NAME_LENGTH]
