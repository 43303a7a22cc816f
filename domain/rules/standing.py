"""How an account stands with its network, from what is known of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.words import AccountHealth, Network

SILENT_AFTER = timedelta(days=3)
"""Nothing was heard for so long: a webhook that nobody calls any more looks just like peace."""
REACHED = frozenset(
    {
        Network.FACEBOOK,
        Network.INSTAGRAM,
        Network.X,
        Network.WHATSAPP,
        Network.TELEGRAM,
        Network.EMAIL,
    }
)
"""Networks that are sent to by a connection of their own."""
TROUBLES = frozenset(
    {
        "token_refused",
        "token_missing",
        "mail_sign_in",
        "mail_not_connected",
        "connection_unreadable",
    }
)
"""Of what may become of a reply: what nobody but an administrator can mend."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account."""

    network: Network
    enabled: bool
    connected: bool
    trouble: str | None
    trouble_at: datetime | None
    heard_at: datetime | None
    tested_at: datetime | None
    begun_at: datetime
    """Since when anything could have been heard: when it was made, or its secret changed."""


@dataclass(frozen=True, slots=True)
class Condition:
    health: AccountHealth
    since: datetime | None = None
    sentence: str | None = None
    values: dict[str, Any] = field(default_factory=dict)


def condition(known: Known, now: datetime) -> Condition:
    """The worst that is true of it."""
    if not known.enabled:
        return Condition(AccountHealth.DISABLED)
    if known.network in REACHED and not known.connected:
        return Condition(AccountHealth.UNCONNECTED, sentence="account_unconnected")
    if known.trouble is not None:
        return Condition(AccountHealth.TROUBLED, known.trouble_at, known.trouble)
    heard = known.heard_at or known.begun_at
    if known.network is not Network.PHONE and now - heard > SILENT_AFTER:
        days = (now - heard).days
        return Condition(AccountHealth.SILENT, heard, "account_silent", {"days": days})
    if known.heard_at is None and known.tested_at is None:
        return Condition(AccountHealth.UNTESTED)
    return Condition(AccountHealth.WELL, known.tested_at)
