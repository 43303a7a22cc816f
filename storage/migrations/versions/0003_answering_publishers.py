"""Answering publishers: replies on their way, approvals, files, canned replies, what is known of people

Personal data that was sealed before stays as it is until housekeeping seals it anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from storage.migrations.widening import widen

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ENTRIES = (
    "REPLY_WRITTEN", "REPLY_FAILED", "REPLY_UNKNOWN", "REPLY_RETRIED", "APPROVAL_REQUESTED",
    "APPROVAL_DECIDED", "ALERT_SENT", "PUBLISHER_CHANGED", "REVEALED",
)
REASONS = (
    "ANSWERED", "NO_REPLY_NEEDED", "DECLINED", "SPAM", "DUPLICATE", "MERGED", "INACTIVITY",
    "CONFIRMED_BY_CUSTOMER",
)

PROTECT_POSTGRES = [
    """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'publisher_entry is append-only'; END $$""",
    """CREATE TRIGGER publisher_entry_append_only BEFORE UPDATE OR DELETE ON publisher_entry
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()""",
    """CREATE TRIGGER publisher_entry_not_truncated BEFORE TRUNCATE ON publisher_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()""",
]
PROTECT_SQLITE = [
    f"""CREATE TRIGGER publisher_entry_no_{verb.lower()} BEFORE {verb} ON publisher_entry
    BEGIN SELECT RAISE(ABORT, 'publisher_entry is append-only'); END"""
    for verb in ("UPDATE", "DELETE")
]


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"

    op.create_table('field_definition',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.Enum('TEXT', 'NUMBER', 'DATE', 'CPF', 'EMAIL', 'PHONE', name='kind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('masked', sa.Boolean(), nullable=False),
    sa.Column('pattern', sa.String(length=300), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_field_definition_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_field_definition')),
    sa.UniqueConstraint('workspace_id', 'key', name=op.f('uq_field_definition_workspace_id_key'))
    )
    op.create_table('canned_reply',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('level_id', sa.Uuid(), nullable=True),
    sa.Column('owner_id', sa.Uuid(), nullable=True),
    sa.Column('author_id', sa.Uuid(), nullable=True),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.Column('search', sa.String(length=600), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('level_id IS NULL OR owner_id IS NULL', name=op.f('ck_canned_reply_one_reach')),
    sa.ForeignKeyConstraint(['level_id'], ['level.id'], name=op.f('fk_canned_reply_level_id_level')),
    sa.ForeignKeyConstraint(['owner_id'], ['user.id'], name=op.f('fk_canned_reply_owner_id_user')),
    sa.ForeignKeyConstraint(['author_id'], ['user.id'], name=op.f('fk_canned_reply_author_id_user')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_canned_reply_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_canned_reply'))
    )
    op.create_index('ix_canned_reply_level_id', 'canned_reply', ['level_id'], unique=False)
    op.create_index('ix_canned_reply_owner_id', 'canned_reply', ['owner_id'], unique=False)
    op.create_index('ix_canned_reply_workspace_id_title', 'canned_reply', ['workspace_id', 'title'], unique=False)

    op.create_table('publisher_entry',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('publisher_id', sa.Uuid(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Enum('TICKET_OPENED', 'OCCURRENCE_RECEIVED', 'REPLY_WRITTEN', 'REPLY_SENT', 'REPLY_FAILED', 'REPLY_UNKNOWN', 'REPLY_RETRIED', 'APPROVAL_REQUESTED', 'APPROVAL_DECIDED', 'NOTE_ADDED', 'STATUS_CHANGED', 'PRIORITY_CHANGED', 'LEVEL_CHANGED', 'ASSIGNEE_CHANGED', 'TYPE_CHANGED', 'TAGS_CHANGED', 'SUBJECT_CHANGED', 'CLAIMED', 'CLAIM_EXPIRED', 'REOPENED', 'ACKNOWLEDGED', 'MERGED', 'REMOVED', 'SLA_WARNING', 'SLA_BREACHED', 'SLA_RECOMPUTED', 'ALERT_SENT', 'PUBLISHER_CHANGED', 'REVEALED', name='kind', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('actor_id', sa.Uuid(), nullable=True),
    sa.Column('actor_name', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('field', sa.String(length=60), nullable=True),
    sa.Column('was', sa.String(length=2000), nullable=True),
    sa.Column('became', sa.String(length=2000), nullable=True),
    sa.ForeignKeyConstraint(['actor_id'], ['user.id'], name=op.f('fk_publisher_entry_actor_id_user')),
    sa.ForeignKeyConstraint(['publisher_id'], ['publisher.id'], name=op.f('fk_publisher_entry_publisher_id_publisher')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_publisher_entry_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_publisher_entry')),
    sa.UniqueConstraint('publisher_id', 'sequence', name=op.f('uq_publisher_entry_publisher_id_sequence'))
    )
    op.create_index('ix_publisher_entry_workspace_id', 'publisher_entry', ['workspace_id'], unique=False)

    op.create_table('publisher_field',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('publisher_id', sa.Uuid(), nullable=False),
    sa.Column('definition_id', sa.Uuid(), nullable=False),
    sa.Column('sealed_value', sa.LargeBinary(), nullable=False),
    sa.Column('value_hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['definition_id'], ['field_definition.id'], name=op.f('fk_publisher_field_definition_id_field_definition')),
    sa.ForeignKeyConstraint(['publisher_id'], ['publisher.id'], name=op.f('fk_publisher_field_publisher_id_publisher')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_publisher_field_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_publisher_field')),
    sa.UniqueConstraint('publisher_id', 'definition_id', name=op.f('uq_publisher_field_publisher_id_definition_id'))
    )
    op.create_index('ix_publisher_field_value', 'publisher_field', ['definition_id', 'value_hash'], unique=False)

    op.create_table('short_link',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('slug', sa.String(length=32), nullable=False),
    sa.Column('target_url', sa.String(length=2000), nullable=False),
    sa.Column('clicks', sa.Integer(), nullable=False),
    sa.Column('created_by_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user.id'], name=op.f('fk_short_link_created_by_id_user')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_short_link_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_short_link')),
    sa.UniqueConstraint('slug', name=op.f('uq_short_link_slug'))
    )
    op.create_index('ix_short_link_workspace_id_created_at', 'short_link', ['workspace_id', 'created_at'], unique=False)

    op.create_table('mailbox',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('validity', sa.BigInteger(), nullable=True),
    sa.Column('begun_at', sa.BigInteger(), nullable=False),
    sa.Column('last', sa.BigInteger(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('look_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_mailbox_account_id_account')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_mailbox_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailbox')),
    sa.UniqueConstraint('account_id', name=op.f('uq_mailbox_account_id'))
    )
    op.create_table('presence',
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('user_id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('typing_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_presence_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_presence_user_id_user')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_presence_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('ticket_id', 'user_id', name=op.f('pk_presence'))
    )
    op.create_index('ix_presence_expires_at', 'presence', ['expires_at'], unique=False)
    op.create_index('ix_presence_workspace_id', 'presence', ['workspace_id'], unique=False)

    op.create_table('approval',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('reply_id', sa.Uuid(), nullable=False),
    sa.Column('author_id', sa.Uuid(), nullable=False),
    sa.Column('moderator_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.Enum('SUBMITTED', 'APPROVED', 'EDITED_APPROVED', 'REJECTED', 'WITHDRAWN', 'SUPERSEDED', name='state', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('requested_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('intended_status', sa.Enum('NEW', 'OPEN', 'ESCALATED', 'PENDING', 'AWAITING_APPROVAL', 'RESOLVED', 'CLOSED', name='intended_status', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('previous_status', sa.Enum('NEW', 'OPEN', 'ESCALATED', 'PENDING', 'AWAITING_APPROVAL', 'RESOLVED', 'CLOSED', name='previous_status', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('stale', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['user.id'], name=op.f('fk_approval_author_id_user')),
    sa.ForeignKeyConstraint(['moderator_id'], ['user.id'], name=op.f('fk_approval_moderator_id_user')),
    sa.ForeignKeyConstraint(['reply_id'], ['reply.id'], name=op.f('fk_approval_reply_id_reply'), initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_approval_ticket_id_ticket'), initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_approval_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approval')),
    sa.UniqueConstraint('reply_id', name=op.f('uq_approval_reply_id'))
    )
    op.create_index('ix_approval_listed', 'approval', ['workspace_id', 'state', 'requested_at', 'id'], unique=False)
    op.create_index('ix_approval_ticket', 'approval', ['ticket_id', 'requested_at', 'id'], unique=False)
    op.create_index('uq_approval_waiting', 'approval', ['ticket_id'], unique=True, postgresql_where=sa.text("state = 'SUBMITTED'"), sqlite_where=sa.text("state = 'SUBMITTED'"))

    op.create_table('attachment',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('ticket_id', sa.Uuid(), nullable=True),
    sa.Column('occurrence_id', sa.Uuid(), nullable=True),
    sa.Column('reply_id', sa.Uuid(), nullable=True),
    sa.Column('uploaded_by_id', sa.Uuid(), nullable=True),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=120), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('storage_key', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['occurrence_id'], ['occurrence.id'], name=op.f('fk_attachment_occurrence_id_occurrence'), initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['reply_id'], ['reply.id'], name=op.f('fk_attachment_reply_id_reply'), initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_attachment_ticket_id_ticket'), initially='DEFERRED', deferrable=True),
    sa.ForeignKeyConstraint(['uploaded_by_id'], ['user.id'], name=op.f('fk_attachment_uploaded_by_id_user')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_attachment_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment')),
    sa.UniqueConstraint('storage_key', name=op.f('uq_attachment_storage_key'))
    )
    op.create_index('ix_attachment_occurrence_id', 'attachment', ['occurrence_id'], unique=False)
    op.create_index('ix_attachment_reply_id', 'attachment', ['reply_id'], unique=False)
    op.create_index('ix_attachment_ticket_id', 'attachment', ['ticket_id'], unique=False)
    op.create_index('ix_attachment_workspace_id_created_at', 'attachment', ['workspace_id', 'created_at'], unique=False)


    op.create_table('sandbox_post',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('from_company', sa.Boolean(), nullable=False),
    sa.Column('visibility', sa.Enum('PUBLIC', 'PRIVATE', 'INTERNAL', name='visibility', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('thread', sa.String(length=200), nullable=False),
    sa.Column('person_id', sa.String(length=200), nullable=False),
    sa.Column('person_name', sa.String(length=200), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('files', sa.JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False),
    sa.Column('in_reply_to', sa.String(length=200), nullable=True),
    sa.Column('reply_id', sa.Uuid(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sandbox_post_account_id_account')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_sandbox_post_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sandbox_post'))
    )
    op.create_index('ix_sandbox_post_account_id_at_id', 'sandbox_post', ['account_id', 'at', 'id'], unique=False)
    op.create_index('ix_sandbox_post_account_id_reply_id', 'sandbox_post', ['account_id', 'reply_id'], unique=False)
    op.create_index('ix_sandbox_post_workspace_id', 'sandbox_post', ['workspace_id'], unique=False)
    op.create_table('sandbox_script',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('behaviour', sa.Enum('ok', 'decline', 'accept_and_cut', 'cut', 'slow', 'rate_limit', 'error', 'forget', name='behaviour', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sandbox_script_account_id_account')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_sandbox_script_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sandbox_script'))
    )
    op.create_index('ix_sandbox_script_account_id_id', 'sandbox_script', ['account_id', 'id'], unique=False)
    op.create_index('ix_sandbox_script_workspace_id', 'sandbox_script', ['workspace_id'], unique=False)

    for statement in PROTECT_POSTGRES if postgres else PROTECT_SQLITE:
        op.execute(statement)
    _add_columns(postgres=postgres)
    widen("history_entry", "ck_history_entry_kind", "SLA_RECOMPUTED", ENTRIES, postgres=postgres)
    widen("user", "ck_user_role", "VIEWER", ("APPROVER",), postgres=postgres)


def _add_columns(*, postgres: bool) -> None:
    """Plain ALTERs: SQLite, too, adds a column without writing the table anew."""
    instant = "TIMESTAMP WITH TIME ZONE" if postgres else "DATETIME"
    uuid = "UUID" if postgres else "CHAR(32)"
    binary = "BYTEA" if postgres else "BLOB"
    no = "false" if postgres else "0"
    reasons = ", ".join(f"'{each}'" for each in REASONS)
    for table, column in (
        ("account", f"sealed_connection {binary}"),
        ("account", f"paused_until {instant}"),
        ("history_entry", "concerns TEXT NOT NULL DEFAULT ''"),
        ("level_member", f"exempt BOOLEAN NOT NULL DEFAULT {no}"),
        ("occurrence", f"profile_id {uuid}"),
        ("occurrence", "subject VARCHAR(400)"),
        ("occurrence", "html TEXT"),
        ("occurrence", f"automated BOOLEAN NOT NULL DEFAULT {no}"),
        ("publisher", f"sealed_key {binary}"),
        ("publisher", f"sealed_cpf {binary}"),
        ("publisher", "cpf_hash VARCHAR(64)"),
        ("publisher", "email_hash VARCHAR(64)"),
        ("publisher", "phone_hash VARCHAR(64)"),
        (
            "publisher",
            f"merged_into_id {uuid} CONSTRAINT fk_publisher_merged_into_id_publisher "
            "REFERENCES publisher (id)",
        ),
        ("reply", "external_url VARCHAR(2000)"),
        ("reply", f"answers_id {uuid}"),
        ("reply", "original_text TEXT"),
        (
            "reply",
            "close_reason VARCHAR(24) CONSTRAINT ck_reply_close_reason "
            f"CHECK (close_reason IN ({reasons}))",
        ),
        ("reply", "failure VARCHAR(60)"),
        ("reply", "failure_detail VARCHAR(500)"),
        ("reply", "mentions TEXT NOT NULL DEFAULT ''"),
        ("reply", "attempts INTEGER NOT NULL DEFAULT 0"),
        ("reply", f"queued_at {instant}"),
        ("reply", f"next_attempt_at {instant}"),
        ("reply", f"first_attempt_at {instant}"),
        ("reply", f"sending_at {instant}"),
        ("reply", f"lease_until {instant}"),
        ("reply", f"lease_id {uuid}"),
        ("user", "grants TEXT NOT NULL DEFAULT ''"),
    ):
        op.execute(f'ALTER TABLE "{table}" ADD COLUMN {column}')

    op.create_index("ix_publisher_cpf", "publisher", ["workspace_id", "cpf_hash"])
    op.create_index("ix_publisher_email", "publisher", ["workspace_id", "email_hash"])
    op.create_index("ix_publisher_phone", "publisher", ["workspace_id", "phone_hash"])
    op.create_index("ix_publisher_merged_into_id", "publisher", ["merged_into_id"])
    unsealed = sa.text(
        "sealed_key IS NULL AND (sealed_email IS NOT NULL OR sealed_phone IS NOT NULL)"
    )
    op.create_index(
        "ix_publisher_unsealed", "publisher", ["workspace_id"],
        postgresql_where=unsealed, sqlite_where=unsealed,
    )
    op.create_index("ix_reply_account_sending", "reply", ["account_id", "sending_at"])
    op.create_index("ix_reply_external", "reply", ["account_id", "external_id"])
    under_way = sa.text("next_attempt_at IS NOT NULL")
    op.create_index(
        "ix_reply_under_way", "reply", ["next_attempt_at", "id"],
        postgresql_where=under_way, sqlite_where=under_way,
    )


def downgrade() -> None:
    raise NotImplementedError("what was answered would be lost")
