"""By what tickets are found, and what holds for each of them, whoever writes it."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text

from domain.model.base import only_where

OPEN_KEY = text("status <> 'CLOSED' AND removed_at IS NULL AND grouping_key IS NOT NULL")
PRESENT = text("removed_at IS NULL")
ALIVE = text("removed_at IS NULL AND status NOT IN ('CLOSED', 'RESOLVED')")
FREE = text("removed_at IS NULL AND assignee_id IS NULL AND status IN ('ESCALATED', 'NEW', 'OPEN')")
FOLLOWING = text("previous_ticket_id IS NOT NULL")
LEASED = text("lease_expires_at IS NOT NULL")
URGENCY = ("urgent_at", "priority_order", "opened_at", "id")
SLEEPING = text("pending_until IS NOT NULL")
CLOSING = text("closes_at IS NOT NULL")

TICKETS: tuple[Any, ...] = (
    UniqueConstraint("workspace_id", "protocol"),
    # Two messages racing can never open two tickets of one conversation.
    Index(
        "uq_ticket_open_grouping_key",
        "workspace_id",
        "grouping_key",
        unique=True,
        **only_where(OPEN_KEY),
    ),
    Index("ix_ticket_grouping_key", "workspace_id", "grouping_key", "opened_at"),
    # What waits in a level and how it is counted, however much is over; see storage/parts.py.
    Index(
        "ix_ticket_alive_urgency",
        "level_id",
        *URGENCY,
        postgresql_include=["workspace_id", "status", "assignee_id", "risk"],
        **only_where(ALIVE),
    ),
    Index("ix_ticket_alive_priority", "level_id", *URGENCY[1:], **only_where(ALIVE)),
    Index("ix_ticket_free_urgency", "level_id", *URGENCY, **only_where(FREE)),
    Index("ix_ticket_free_age", "level_id", "opened_at", "id", **only_where(FREE)),
    Index("ix_ticket_alive", "workspace_id", *URGENCY, **only_where(ALIVE)),
    # Every order of a list, for whoever asks for nothing in particular.
    Index("ix_ticket_urgency", "workspace_id", *URGENCY, **only_where(PRESENT)),
    Index("ix_ticket_priority", "workspace_id", *URGENCY[1:], **only_where(PRESENT)),
    Index(
        "ix_ticket_interactions",
        "workspace_id",
        "interactions_count",
        "id",
        **only_where(PRESENT),
    ),
    # Figures, read out of the index alone.
    Index(
        "ix_ticket_counted",
        "workspace_id",
        "level_id",
        "status",
        "priority",
        **only_where(PRESENT),
    ),
    Index("ix_ticket_risk", "level_id", "risk", **only_where(PRESENT)),
    Index("ix_ticket_opened", "workspace_id", "opened_at", "id", **only_where(PRESENT)),
    Index("ix_ticket_updated", "workspace_id", "updated_at", "id", **only_where(PRESENT)),
    Index(
        "ix_ticket_publisher",
        "publisher_id",
        "opened_at",
        "id",
        postgresql_include=["workspace_id", "level_id"],
        **only_where(PRESENT),
    ),
    Index("ix_ticket_assignee", "assignee_id", "level_id", "status", **only_where(PRESENT)),
    Index("ix_ticket_previous", "previous_ticket_id", **only_where(FOLLOWING)),
    Index("ix_ticket_lease", "lease_expires_at", **only_where(LEASED)),
    Index("ix_ticket_pending", "pending_until", **only_where(SLEEPING)),
    Index("ix_ticket_closes", "closes_at", **only_where(CLOSING)),
    Index("ix_ticket_resolved", "workspace_id", "resolved_at", **only_where(PRESENT)),
    CheckConstraint("(status = 'CLOSED') = (close_reason IS NOT NULL)", name="closed_reason"),
    CheckConstraint("(status = 'CLOSED') = (closed_at IS NOT NULL)", name="closed_at"),
)
