"""Messages that were changed or taken back, files that lie at a network, how accounts stand

Columns that may be empty and a new table: the release before works on as it did.
"""

import sqlalchemy as sa
from alembic import op

from storage.migrations.widening import widen

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ENTRIES = ("OCCURRENCE_EDITED", "OCCURRENCE_DELETED", "ATTACHMENT_KEPT", "ATTACHMENT_LOST")


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    instant = "TIMESTAMP WITH TIME ZONE" if postgres else "DATETIME"
    for table, column in (
        ("occurrence", f"edited_at {instant}"),
        ("occurrence", f"deleted_at {instant}"),
        ("account", "secret_end VARCHAR(4)"),
        ("account", f"secret_at {instant}"),
        ("account", f"connected_at {instant}"),
        ("account", f"heard_at {instant}"),
        ("account", f"tested_at {instant}"),
        ("account", "trouble VARCHAR(60)"),
        ("account", "trouble_detail VARCHAR(500)"),
        ("account", f"trouble_at {instant}"),
    ):
        op.execute(f'ALTER TABLE "{table}" ADD COLUMN {column}')
    op.create_table(
        "awaited_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("occurrence_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_awaited_file_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name="fk_awaited_file_occurrence_id_occurrence",
            deferrable=True, initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspace.id"], name="fk_awaited_file_workspace_id_workspace"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_awaited_file"),
    )
    op.create_index("ix_awaited_file_look_at", "awaited_file", ["look_at", "id"])
    op.create_index("ix_awaited_file_occurrence_id", "awaited_file", ["occurrence_id"])
    for table in ("history_entry", "publisher_entry"):
        widen(table, f"ck_{table}_kind", "REVEALED", ENTRIES, postgres=postgres)
