"""The history of a case, sent to its consumer: on its reply, as entries, and by a clock of its own

Columns that may be empty, and closed lists of words that get more: the release before works on as
it did.
"""

from alembic import op

from storage.migrations.widening import widen

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ENTRIES = ("HISTORY_REQUESTED", "HISTORY_SENT")


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    instant = "TIMESTAMP WITH TIME ZONE" if postgres else "DATETIME"
    means = "CONSTRAINT ck_reply_history_means CHECK (history_means IN ('EMAIL', 'CHANNEL'))"
    for column in (
        f"history_means VARCHAR(24) {means}",
        "history_hash VARCHAR(64)",
        f"history_due_at {instant}",
    ):
        op.execute(f'ALTER TABLE "reply" ADD COLUMN {column}')
    for table in ("history_entry", "publisher_entry"):
        widen(table, f"ck_{table}_kind", "CALL_RECORDED", ENTRIES, postgres=postgres)
    for table in ("sla_clock", "sla_event"):
        widen(table, f"ck_{table}_metric", "LEGAL_RESPONSE", ("HISTORY",), postgres=postgres)
