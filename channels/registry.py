"""Which channel speaks for which network."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from channels import email
from channels.base import Channel, Own, Reached
from channels.email import Email
from channels.facebook import Facebook
from channels.generic import Generic
from channels.instagram import Instagram
from channels.phone import Phone
from channels.sandbox import Sandbox
from channels.telegram import Telegram
from channels.whatsapp import WhatsApp
from channels.x import X
from domain.rules.capability import MEBIBYTE, Capability
from domain.words import Network

SANDBOX = Sandbox()
EMAIL = Email()
CHANNELS: dict[Network, Channel] = {
    Network.SANDBOX: SANDBOX,
    Network.EMAIL: EMAIL,
    Network.PHONE: Phone(),
    Network.TELEGRAM: Telegram(),
    Network.X: X(),
    Network.FACEBOOK: Facebook(),
    Network.INSTAGRAM: Instagram(),
    Network.WHATSAPP: WhatsApp(),
}
"""Networks whose own words we read; the generic words are understood from all the others."""
GENERIC = Generic()
BODIES = {Network.EMAIL: email.BODY_MOST}


def reach(addresses: Mapping[Network, str | None], *, loopback: bool = False) -> None:
    """Where the networks are, from now on; said once, where a process starts.

    `loopback`: what takes replies in our own words may be on this machine.
    """
    GENERIC.loopback = loopback
    for network, address in addresses.items():
        channel = of(network)
        if isinstance(channel, Reached):
            channel.url = address


def of(network: Network) -> Channel:
    return CHANNELS.get(network, GENERIC)


def body_most(network: Network) -> int:
    """How many bytes may come in at once."""
    return BODIES.get(network, MEBIBYTE)


def capability(network: Network) -> Capability:
    return of(network).capability


def connection(network: Network, told: Mapping[str, Any]) -> Mapping[str, Any]:
    return of(network).connection(told)


async def test(
    network: Network,
    connection: Mapping[str, Any],
    account_id: UUID,
    external_id: str | None,
    handle: str | None,
) -> tuple[str | None, str | None]:
    found = await of(network).test(connection, Own(account_id, external_id, handle))
    return found.sentence, found.detail


def known_as(network: Network, reply_id: UUID, connection: Mapping[str, Any]) -> str | None:
    return of(network).known_as(reply_id, connection)
