"""Levels that confirm what they received

Columns with a usual value or none: the release before works on as it did.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    no = "false" if op.get_bind().dialect.name == "postgresql" else "0"
    op.execute(f'ALTER TABLE "level" ADD COLUMN sends_receipts BOOLEAN NOT NULL DEFAULT {no}')
    op.execute('ALTER TABLE "level" ADD COLUMN receipt_text VARCHAR(1000)')
