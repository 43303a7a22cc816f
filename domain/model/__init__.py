"""The tables of customer care, with their verbs.

Columns are state, methods are verbs; nothing here awaits, commits or asks the time. Importing this
package imports every table, so that the metadata is whole.
"""

from domain.model import (
    account,
    approval,
    attachment,
    calendar,
    canned,
    entry,
    idempotency,
    level,
    mailbox,
    occurrence,
    presence,
    publisher,
    reply,
    sandbox,
    shortlink,
    sla,
    ticket,
    user,
    webhook,
    workspace,
)

__all__ = [
    "account",
    "approval",
    "attachment",
    "calendar",
    "canned",
    "entry",
    "idempotency",
    "level",
    "mailbox",
    "occurrence",
    "presence",
    "publisher",
    "reply",
    "sandbox",
    "shortlink",
    "sla",
    "ticket",
    "user",
    "webhook",
    "workspace",
]
