"""Which channel speaks for which network."""

from channels.base import Channel
from channels.generic import Generic
from domain.words import Network

CHANNELS: dict[Network, Channel] = {}
"""Networks whose own words we read; the generic words are understood from all the others."""
GENERIC: Channel = Generic()


def of(network: Network) -> Channel:
    return CHANNELS.get(network, GENERIC)
