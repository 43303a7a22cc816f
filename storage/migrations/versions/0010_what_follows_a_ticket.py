"""An index of the few tickets that follow another, instead of one that is full of those that do not

The release before asks the same and finds it by either.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    following = sa.text("previous_ticket_id IS NOT NULL")
    op.drop_index("ix_ticket_previous", "ticket")
    op.create_index(
        "ix_ticket_previous",
        "ticket",
        ["previous_ticket_id"],
        postgresql_where=following,
        sqlite_where=following,
    )
