"""Lists in every order, figures and queues by indexes of what they ask for

Nothing but indexes: the release before works on as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

PRESENT = "removed_at IS NULL"
ALIVE = "removed_at IS NULL AND status NOT IN ('CLOSED', 'RESOLVED')"
FREE = "removed_at IS NULL AND assignee_id IS NULL AND status IN ('ESCALATED', 'NEW', 'OPEN')"
RUNNING = "running_since IS NOT NULL"
URGENCY = ["urgent_at", "priority_order", "opened_at", "id"]
BEFORE = ["level_id", "status", *URGENCY]


def upgrade() -> None:
    _index("ix_ticket_alive_urgency", ["level_id", *URGENCY], ALIVE,
           include=["workspace_id", "status", "assignee_id", "risk"])
    _index("ix_ticket_alive", ["workspace_id", *URGENCY], ALIVE)
    _index("ix_ticket_alive_priority", ["level_id", *URGENCY[1:]], ALIVE)
    _index("ix_ticket_free_urgency", ["level_id", *URGENCY], FREE)
    _index("ix_ticket_free_age", ["level_id", "opened_at", "id"], FREE)
    _index("ix_ticket_urgency", ["workspace_id", *URGENCY], PRESENT)
    _index("ix_ticket_priority", ["workspace_id", *URGENCY[1:]], PRESENT)
    _index("ix_ticket_interactions", ["workspace_id", "interactions_count", "id"], PRESENT)
    _index("ix_ticket_counted", ["workspace_id", "level_id", "status", "priority"], PRESENT)
    op.drop_index("ix_ticket_queue", "ticket")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_ticket_publisher", "ticket")
        _index("ix_ticket_publisher", ["publisher_id", "opened_at", "id"], PRESENT,
               include=["workspace_id", "level_id"])
    _index("ix_sla_clock_nearest", ["workspace_id", "due_at", "id"], RUNNING, table="sla_clock")
    op.create_index("ix_publisher_name", "publisher", ["workspace_id", "name", "id"])
    op.drop_index("ix_publisher_workspace_id_name", "publisher")


def _index(name, columns, where, include=(), table="ticket") -> None:
    op.create_index(
        name, table, columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where),
        postgresql_include=list(include) or None,
    )


def downgrade() -> None:
    for name in ("alive", "alive_urgency", "alive_priority", "free_urgency", "free_age", "urgency",
                 "priority", "interactions", "counted"):
        op.drop_index(f"ix_ticket_{name}", "ticket")
    op.drop_index("ix_sla_clock_nearest", "sla_clock")
    op.create_index("ix_publisher_workspace_id_name", "publisher", ["workspace_id", "name"])
    op.drop_index("ix_publisher_name", "publisher")
    _index("ix_ticket_queue", BEFORE, PRESENT)
