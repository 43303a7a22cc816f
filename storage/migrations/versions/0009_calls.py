"""Telephone calls that were recorded by hand

A new table and a wider list: the release before works on as it did.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.widening import widen

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DIRECTIONS = ("INBOUND", "OUTBOUND")
OUTCOMES = ("ANSWERED", "NO_ANSWER", "BUSY", "VOICEMAIL", "DROPPED")


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("direction", _word(DIRECTIONS, "direction"), nullable=False),
        sa.Column("outcome", _word(OUTCOMES, "outcome"), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name="fk_call_ticket_id_ticket",
            deferrable=True, initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["user.id"], name="fk_call_recorded_by_id_user"),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name="fk_call_workspace_id_workspace"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_call"),
    )
    op.create_index("ix_call_ticket_id", "call", ["ticket_id"])
    for table in ("history_entry", "publisher_entry"):
        widen(table, f"ck_{table}_kind", "ATTACHMENT_LOST", ("CALL_RECORDED",), postgres=postgres)


def _word(words, name):
    return sa.Enum(*words, name=name, native_enum=False, create_constraint=True, length=24)
