"""Networks that carry what a test says, whatever channels there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.rules.capability import Capability
from domain.words import Network, Visibility
from tests.world import World

BOTH = frozenset({Visibility.PUBLIC, Visibility.PRIVATE})
ANYTHING = Capability(sends=BOTH)
PRIVATELY = Capability(sends=frozenset({Visibility.PRIVATE}))


@dataclass(frozen=True)
class Carrying:
    """What is not named carries nothing."""

    capabilities: Mapping[Network, Capability] = field(default_factory=dict)

    def capability(self, network: Network) -> Capability:
        return self.capabilities.get(network, Capability())

    def connection(self, network: Network, told: Mapping[str, Any]) -> Mapping[str, Any]:
        return told

    async def test(
        self,
        network: Network,
        connection: Mapping[str, Any],
        account_id: UUID,
        external_id: str | None,
        handle: str | None,
    ) -> tuple[str | None, str | None]:
        return None, None

    def known_as(
        self, network: Network, reply_id: UUID, connection: Mapping[str, Any]
    ) -> str | None:
        return None


def carry(world: World, capabilities: Mapping[Network, Capability]) -> None:
    """From now on the world's networks carry this."""
    world.storage.channels = Carrying(capabilities)
