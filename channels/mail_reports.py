"""Reports that a mail did not arrive, as mail servers write them (RFC 3464)."""

import re

from channels.mail_headers import ADDRESS, ids
from channels.mime import Part, unfolded
from domain.post import Undelivered

REPORT_LENGTH = 64 * 1024
DETAIL_LENGTH = 300
FIELD = re.compile(r"^([A-Za-z-]{1,40}):[ \t]*(.*(?:\r?\n[ \t].*)*)", re.MULTILINE)
FOR_GOOD = re.compile(r"\A5\.")


def undelivered(top: Part) -> Undelivered | None:
    """Which mail of ours will not arrive, and why; None for a report of anything else, such as
    that it is late and still tried."""
    if top.media_type != "multipart/report":
        return None
    leaves = list(top.leaves())
    detail = next((found for each in leaves if (found := _failure(each)) is not None), None)
    original = next((found for each in leaves if (found := _original(each)) is not None), None)
    if detail is None or original is None:
        return None
    return Undelivered(original, detail)


def _failure(part: Part) -> str | None:
    """What the server said of the first recipient whom it gave up."""
    if part.media_type != "message/delivery-status":
        return None
    text = part.data[:REPORT_LENGTH].decode("utf-8", "replace")
    for block in re.split(r"\r?\n\r?\n", text):
        told = {name.lower(): unfolded(value).strip() for name, value in FIELD.findall(block)}
        status = told.get("status", "")
        if told.get("action", "").lower() == "failed" and FOR_GOOD.match(status or "5."):
            reason = told.get("diagnostic-code", "").partition(";")[2].strip() or status
            # Whom it was for stands with the ticket, and not everybody may read it there.
            return ADDRESS.sub("…", " ".join(reason.split()))[:DETAIL_LENGTH]
    return None


def _original(part: Part) -> str | None:
    """The id of the mail that came back, from what was returned of it."""
    if part.media_type not in ("message/rfc822", "text/rfc822-headers", "message/global"):
        return None
    head = part.data[:REPORT_LENGTH].decode("utf-8", "replace")
    for name, value in FIELD.findall(re.split(r"\r?\n\r?\n", head.lstrip(), maxsplit=1)[0]):
        if name.lower() == "message-id":
            return next(iter(ids(unfolded(value))), None)
    return None
