"""The tables of customer care, with their verbs.

Columns are state, methods are verbs; nothing here awaits, commits or asks the time. Importing this
package imports every table, so that the metadata is whole.
"""

from domain.model import (
    account,
    calendar,
    entry,
    idempotency,
    level,
    occurrence,
    publisher,
    reply,
    sla,
    ticket,
    user,
    workspace,
)

__all__ = [
    "account",
    "calendar",
    "entry",
    "idempotency",
    "level",
    "occurrence",
    "publisher",
    "reply",
    "sla",
    "ticket",
    "user",
    "workspace",
]
