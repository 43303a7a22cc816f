"""Partners told in line: the first of each ticket by an index of its own

Nothing but indexes: the release before works on as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LINE = ["endpoint_id", "ticket_id", "sequence", "place"]
UNDER_WAY = sa.text("next_attempt_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_webhook_delivery_line", "webhook_delivery")
    op.create_index("ix_webhook_delivery_line", "webhook_delivery", LINE)
    op.create_index("ix_webhook_delivery_head", "webhook_delivery", LINE[:2],
                    postgresql_where=UNDER_WAY, sqlite_where=UNDER_WAY)


def downgrade() -> None:
    op.drop_index("ix_webhook_delivery_head", "webhook_delivery")
    op.drop_index("ix_webhook_delivery_line", "webhook_delivery")
    op.create_index("ix_webhook_delivery_line", "webhook_delivery", LINE,
                    postgresql_where=UNDER_WAY, sqlite_where=UNDER_WAY)
