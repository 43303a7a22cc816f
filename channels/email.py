"""E-mail: read from a mailbox or a signed webhook, sent through a mail server.

All mails of an account come from one address. What is sent goes to one person, the publisher, so
PRIVATE and PUBLIC are the same here: nobody else reads it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from channels import imap, mail_connection, mail_reading, mail_writing, signatures, smtp
from channels.base import Challenge, Fetched, Gone, Own, ReadId, Standing, Unreadable
from channels.generic import Generic
from domain.errors import Invalid, Refusal
from domain.post import Media, Post
from domain.rules.capability import FILE_SIZE, FILES_MOST, MEBIBYTE, Capability, TextUnit
from domain.sending import Declined, NotSent, Outcome, Outgoing
from domain.words import Visibility

BODY_MOST = 25 * MEBIBYTE


class Email:
    capability = Capability(
        sends=frozenset({Visibility.PRIVATE, Visibility.PUBLIC}),
        unit=TextUnit.CHARACTERS,
        files_most=FILES_MOST,
        file_size_most=FILE_SIZE,
        files_size_most=20 * MEBIBYTE,
    )

    def genuine(self, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return signatures.genuine(secret, headers.get(signatures.HEADER.lower()), body, now)

    def challenge(
        self, secret: str, asked: Mapping[str, str], connection: Mapping[str, Any]
    ) -> Challenge | None:
        return None

    def read(self, body: bytes, own: Own, read_id: ReadId) -> Sequence[Post | Refusal]:
        """A mail as it is, what Postmark makes of one, or posts in our own words."""
        if not body.lstrip().startswith((b"{", b"[")):
            if not body.strip():
                raise Unreadable(Invalid("mail_without_sender"))
            return [mail_reading.post(body, own.account_id)]
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Unreadable(Invalid("not_json")) from None
        if isinstance(told, dict) and mail_reading.is_postmark(told):
            return [mail_reading.of_postmark(told, own.account_id)]
        return Generic().read(body, own, read_id)

    def connection(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        return mail_connection.checked(told)

    def known_as(self, reply_id: UUID, connection: Mapping[str, Any]) -> str | None:
        address = connection.get("address")
        return mail_writing.message_id(reply_id, str(address)) if address else None

    async def send(self, outgoing: Outgoing) -> Outcome:
        connection = outgoing.connection
        if "smtp" not in connection:
            return NotSent("mail_not_connected", whole_account=True)
        address = str(connection["address"])
        try:
            # Twenty mebibytes of files take more than a second, which everybody else would wait.
            message = await asyncio.to_thread(
                mail_writing.written,
                outgoing,
                address,
                str(connection["fromName"]),
                datetime.now(UTC),
            )
        except (ValueError, IndexError):
            return Declined("mail_address_refused")
        return await smtp.hand_over(connection["smtp"], message, address, outgoing.to_external_id)

    async def fetch(self, media: Media, connection: Mapping[str, Any]) -> Fetched | Gone:
        return Gone("media_elsewhere")

    async def test(self, connection: Mapping[str, Any], own: Own) -> Standing:
        """Both servers are greeted, and told the passwords."""
        if "smtp" not in connection:
            return Standing("mail_not_connected")
        standing = await smtp.greet(connection["smtp"], str(connection["address"]))
        if standing.sentence is None and "imap" in connection:
            standing = await asyncio.to_thread(_read_box, connection["imap"], standing)
        return standing


def _read_box(server: Mapping[str, Any], well: Standing) -> Standing:
    try:
        with imap.opened(server):
            return well
    except imap.Unreachable as error:
        return Standing("mailbox_unreachable", str(error))
