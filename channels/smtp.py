"""One mail handed to a server, in one connection, and how that ended.

Until the server has said yes to the recipient and begun to take the message, nothing has left. From
then on only its own word counts: whatever is lost in between leaves a doubt.
"""

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from typing import Any

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from channels.base import Standing
from channels.mail_connection import NONE, STARTTLS, TLS
from channels.mail_headers import ADDRESS
from domain.sending import Declined, Doubtful, NotSent, Outcome, Sent

STEP = 10.0
"""Seconds for each word to and fro."""
TAKING = 20.0
"""Seconds for the message itself: servers look it through before they answer."""
WHOLE = 25.0
"""Less than whoever waits for the outcome waits, as a rule: here it is known what was said."""
DETAIL_LENGTH = 300
BUSY = timedelta(minutes=5)
CLOSING = 421
FULL = re.compile(r"\b5\.2\.2\b|quota|mailbox (is )?full|over ?quota", re.IGNORECASE)
UNKNOWN = re.compile(
    r"\b5\.1\.[0-36]\b|user unknown|unknown user|no such user|does not exist|not exist|"
    r"invalid recipient|mailbox (not found|unavailable)|recipient.{0,20}(rejected|unknown)",
    re.IGNORECASE,
)
SPAM = re.compile(r"\b5\.7\.\d|spam|blocked|blacklist|reputation|policy|dmarc|spf", re.IGNORECASE)
LARGE = re.compile(r"\b5\.3\.4\b|\b5\.2\.3\b|too (large|big)|size limit|exceeds.{0,20}size", re.I)


async def hand_over(
    server: Mapping[str, Any], message: EmailMessage, sender: str, recipient: str
) -> Outcome:
    """One attempt. It takes minutes at most; nothing in here tries again."""
    client = _client(server, sender)
    handing = Handing(client, server, message, sender, recipient)
    try:
        async with asyncio.timeout(WHOLE):
            return await handing.run()
    except TimeoutError:
        return handing.lost("timeout")
    finally:
        client.close()


async def greet(server: Mapping[str, Any], sender: str) -> Standing:
    """Whether the server is there and takes the password; nothing is handed over."""
    client = _client(server, sender)
    try:
        async with asyncio.timeout(WHOLE):
            await client.connect()
            if "user" in server:
                await client.login(server["user"], server["password"])
            return Standing()
    except SMTPAuthenticationError as error:
        return Standing("mail_sign_in", _said(error))
    except (SMTPException, OSError, ValueError, TimeoutError) as error:
        return Standing("mail_server_away", _said(error))
    finally:
        client.close()


def _client(server: Mapping[str, Any], sender: str) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server["host"],
        port=server["port"],
        use_tls=server["security"] == TLS,
        start_tls=server["security"] == STARTTLS,
        tls_context=None if server["security"] == NONE else ssl.create_default_context(),
        local_hostname=sender.rpartition("@")[2],
        timeout=STEP,
    )


class Handing:
    def __init__(
        self,
        client: aiosmtplib.SMTP,
        server: Mapping[str, Any],
        message: EmailMessage,
        sender: str,
        recipient: str,
    ) -> None:
        self._client = client
        self._server = server
        self._message = message
        self._sender = sender
        self._recipient = recipient
        self._begun = False
        """The message itself is on its way."""

    async def run(self) -> Outcome:
        try:
            await self._client.connect()
            if "user" in self._server:
                await self._client.login(self._server["user"], self._server["password"])
        except SMTPAuthenticationError as error:
            return self._unusable("mail_sign_in", error)
        except (SMTPException, OSError, ValueError) as error:
            return self._unusable("mail_server_away", error)
        try:
            outcome = await self._envelope()
        except SMTPResponseException as error:
            return self._refused(error)
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
            return self.lost(_said(error))
        except (SMTPException, ValueError, UnicodeError) as error:
            # Refused on our side, before a word of the message was said.
            return self.lost(_said(error)) if self._begun else Declined("mail_address_refused")
        with suppress(SMTPException, OSError, TimeoutError):
            await self._client.quit(timeout=1.0)
        return outcome

    async def _envelope(self) -> Outcome:
        international = not (self._recipient.isascii() and self._sender.isascii())
        if international and not self._client.supports_extension("smtputf8"):
            return Declined("mail_address_refused")
        encoding = "utf-8" if international else "ascii"
        options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
        policy = WIRE.clone(utf8=international)
        data = await asyncio.to_thread(self._message.as_bytes, policy=policy)
        if self._client.supports_extension("size"):
            options.append(f"SIZE={len(data)}")
        await self._client.mail(self._sender, options=options, encoding=encoding)
        await self._client.rcpt(self._recipient, encoding=encoding)
        self._begun = True
        await self._client.data(data, timeout=TAKING)
        return Sent(self._message["Message-ID"].strip("<>"))

    def lost(self, detail: str) -> Outcome:
        if self._begun:
            return Doubtful("mail_unanswered", detail)
        return NotSent("mail_server_away", detail, whole_account=True)

    def _unusable(self, sentence: str, error: Exception) -> Outcome:
        return NotSent(sentence, _said(error), whole_account=True)

    def _refused(self, error: SMTPResponseException) -> Outcome:
        detail = _said(error)
        if error.code == CLOSING:
            return NotSent("mail_server_busy", detail, wait=BUSY, whole_account=True)
        if 400 <= error.code < 500:
            return NotSent("mail_server_busy", detail)
        if error.code == 530:
            return self._unusable("mail_sign_in", error)
        for sentence, said in (
            ("mail_box_full", FULL),
            ("mail_too_large", LARGE),
            ("mail_address_unknown", UNKNOWN),
            ("mail_taken_for_spam", SPAM),
        ):
            if said.search(detail):
                return Declined(sentence, detail)
        return Declined("mail_refused", detail)


def _said(error: Exception) -> str:
    """What the server said, on one line and without anybody's address."""
    if isinstance(error, SMTPResponseException):
        said = f"{error.code} {error.message}"
    else:
        said = type(error).__name__
    return ADDRESS.sub("…", " ".join(said.split()))[:DETAIL_LENGTH]
