"""A mailbox read over IMAP: what has come since the last look, as it came.

Blocking, and meant for a thread. Nothing is changed in the box but two marks, and those only when
told: seen, once a mail is safely ours; flagged, where it could not be read.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags
from imap_tools.errors import ImapToolsError

from channels.mail_connection import NONE, TLS

STEP = 10.0
"""Seconds for each answer of the server."""
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
ERRORS = (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError, UnicodeError)


class Unreachable(Exception):
    """The box could not be read; the message names the kind of trouble, nothing more."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a box was read. Its numbers mean something only while `validity` stays the same."""

    validity: int | None = None
    begun_at: int = 0
    """Up to this number mails were there when it was first looked into: of them only the unseen
    are read."""
    last: int = 0


class Box:
    def __init__(self, box: BaseMailBox, validity: int, next_number: int) -> None:
        self._box = box
        self.validity = validity
        self._next = next_number

    def since(self, place: Place, most: int) -> tuple[Place, Sequence[int]]:
        """The place to go on from, and the numbers of the next mails, the oldest first."""
        if place.validity != self.validity:
            place = Place(self.validity, max(self._next - 1, 0), 0)
        with _told():
            found = self._numbers(max(place.last, place.begun_at))
            if place.last < place.begun_at:
                unseen = self._numbers(place.last, "UNSEEN ")
                found = [*(each for each in unseen if each <= place.begun_at), *found]
        return place, found[:most]

    def _numbers(self, after: int, which: str = "") -> list[int]:
        found = self._box.uids(f"{which}UID {after + 1}:*", charset=None)
        # `n:*` always names the last mail, however small its number.
        return sorted(each for each in map(int, found) if each > after)

    def raw(self, number: int, most: int) -> bytes | None:
        """The mail's bytes, without marking it as seen; None when there are too many or it is
        gone."""
        with _told():
            size = self._fetch(number, "(RFC822.SIZE)")
            sizes = [SIZE.search(_bytes(each)) for each in size]
            known = next((int(found[1]) for found in sizes if found), 0)
            if known > most:
                return None
            for each in self._fetch(number, "(BODY.PEEK[])"):
                if isinstance(each, tuple):
                    body = bytes(each[1])
                    return body if len(body) <= most else None
            return None

    def mark(self, numbers: Sequence[int], flag: str) -> None:
        if numbers:
            with _told():
                self._box.flag([str(each) for each in numbers], [flag], True)

    def mark_seen(self, numbers: Sequence[int]) -> None:
        self.mark(numbers, MailMessageFlags.SEEN)

    def mark_unreadable(self, numbers: Sequence[int]) -> None:
        self.mark(numbers, MailMessageFlags.FLAGGED)

    def _fetch(self, number: int, parts: str) -> Sequence[Any]:
        _, answer = self._box.client.uid("fetch", str(number), parts)
        return [each for each in answer if each]


@contextmanager
def opened(server: Mapping[str, Any]) -> Iterator[Box]:
    """The box, signed in to. Unreachable when anything goes wrong."""
    with _told():
        box = _connected(server)
    try:
        with _told():
            box.login(server["user"], server["password"], initial_folder=server["folder"])
            status = box.folder.status(server["folder"], ("UIDVALIDITY", "UIDNEXT"))
        yield Box(box, int(status["UIDVALIDITY"]), int(status["UIDNEXT"]))
    finally:
        with suppress(*ERRORS):
            box.logout()
        with suppress(*ERRORS):
            box.client.shutdown()


def _connected(server: Mapping[str, Any]) -> BaseMailBox:
    host, port = server["host"], server["port"]
    if server["security"] == NONE:
        return MailBoxUnencrypted(host, port, STEP)
    context = ssl.create_default_context()
    if server["security"] == TLS:
        return MailBox(host, port, STEP, ssl_context=context)
    return MailBoxStartTls(host, port, STEP, ssl_context=context)


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a server or its network does wrong is one kind of trouble."""
    try:
        yield
    except ERRORS as error:
        # A server's own words may repeat a password.
        raise Unreachable(type(error).__name__) from None


def _bytes(answer: Any) -> bytes:
    return bytes(answer[0]) if isinstance(answer, tuple) else bytes(answer)
