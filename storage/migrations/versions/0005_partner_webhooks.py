"""Partner webhooks: whom to tell of cases, and what is on its way to them

New tables alone: the release before works on as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('webhook_endpoint',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('api_key_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('url', sa.String(length=2000), nullable=False),
    sa.Column('kinds', sa.JSON(), nullable=False),
    sa.Column('enabled', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('sealed_secret', sa.LargeBinary(), nullable=False),
    sa.Column('sealed_previous', sa.LargeBinary(), nullable=True),
    sa.Column('previous_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('position', sa.Text(), nullable=True),
    sa.Column('until', sa.Text(), nullable=True),
    sa.Column('mark', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['api_key_id'], ['apikey.id'], name=op.f('fk_webhook_endpoint_api_key_id_apikey')),
    sa.ForeignKeyConstraint(['changed_by_id'], ['user.id'], name=op.f('fk_webhook_endpoint_changed_by_id_user')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_webhook_endpoint_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoint')),
    sa.UniqueConstraint('workspace_id', 'name', name=op.f('uq_webhook_endpoint_workspace_id_name'))
    )
    op.create_index(op.f('ix_webhook_endpoint_api_key_id'), 'webhook_endpoint', ['api_key_id'], unique=False)

    op.create_table('webhook_delivery',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('kind', sa.Enum('TICKET_OPENED', 'STAGE_CHANGED', 'MESSAGE_PUBLISHED', 'CLOSED', 'REMOVED', 'TEST', name='kind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('ticket_id', sa.Uuid(), nullable=True),
    sa.Column('entry_id', sa.Uuid(), nullable=True),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('QUEUED', 'SENDING', 'DELIVERED', 'DEAD', 'DROPPED', name='state', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('queued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_id', sa.Uuid(), nullable=True),
    sa.Column('status_code', sa.Integer(), nullable=True),
    sa.Column('failure', sa.String(length=60), nullable=True),
    sa.Column('failure_detail', sa.String(length=200), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoint.id'], name=op.f('fk_webhook_delivery_endpoint_id_webhook_endpoint')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_webhook_delivery_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_webhook_delivery_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_delivery')),
    sa.UniqueConstraint('endpoint_id', 'entry_id', 'kind', name=op.f('uq_webhook_delivery_endpoint_id_entry_id_kind'))
    )
    op.create_index('ix_webhook_delivery_due', 'webhook_delivery', ['endpoint_id', 'next_attempt_at', 'id'], unique=False, postgresql_where=sa.text('next_attempt_at IS NOT NULL'), sqlite_where=sa.text('next_attempt_at IS NOT NULL'))
    op.create_index('ix_webhook_delivery_ended', 'webhook_delivery', ['workspace_id', 'ended_at'], unique=False)
    op.create_index(op.f('ix_webhook_delivery_endpoint_id_state_queued_at'), 'webhook_delivery', ['endpoint_id', 'state', 'queued_at'], unique=False)
    op.create_index('ix_webhook_delivery_line', 'webhook_delivery', ['endpoint_id', 'ticket_id', 'sequence', 'place'], unique=False, postgresql_where=sa.text('next_attempt_at IS NOT NULL'), sqlite_where=sa.text('next_attempt_at IS NOT NULL'))
    op.create_index('ix_webhook_delivery_soon', 'webhook_delivery', ['next_attempt_at'], unique=False, postgresql_where=sa.text('next_attempt_at IS NOT NULL'), sqlite_where=sa.text('next_attempt_at IS NOT NULL'))
    op.create_index(op.f('ix_webhook_delivery_ticket_id'), 'webhook_delivery', ['ticket_id'], unique=False)
    op.create_index(op.f('ix_webhook_delivery_workspace_id_queued_at_id'), 'webhook_delivery', ['workspace_id', 'queued_at', 'id'], unique=False)



def downgrade() -> None:
    op.drop_table('webhook_delivery')
    op.drop_table('webhook_endpoint')
