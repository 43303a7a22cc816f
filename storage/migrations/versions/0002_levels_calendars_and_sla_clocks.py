"""Levels, calendars and SLA clocks

Levels get the usual hours and the usual targets. Tickets that are there already are measured from
the publisher's next message on: nobody is told today that he was late last week.
"""

from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSONB = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NOBODY = "00000000000000000000000000000000"
KINDS = ("SLA_WARNING", "SLA_BREACHED", "SLA_RECOMPUTED")
USUAL_NAME = "Horário comercial"
WEEK = [
    {"weekday": day, "opens": opens, "closes": closes}
    for day in range(1, 6)
    for opens, closes in (("09:00:00", "12:00:00"), ("13:00:00", "18:00:00"))
]
RESPONSE = {"URGENT": 1_800, "HIGH": 3_600, "MEDIUM": 14_400, "LOW": 28_800}
RESOLUTION = {"URGENT": 14_400, "HIGH": 28_800, "MEDIUM": 86_400, "LOW": 172_800}
POLICY = {
    "targets": {
        priority: {
            "FIRST_RESPONSE": RESPONSE[priority],
            "NEXT_RESPONSE": RESPONSE[priority],
            "RESOLUTION": RESOLUTION[priority],
            "LEGAL_RESPONSE": 604_800,
        }
        for priority in RESPONSE
    },
    "warnAt": [50, 75, 90, 100],
}


def upgrade() -> None:
    op.create_table('calendar',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('told', JSONB, nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_calendar_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar')),
    sa.UniqueConstraint('workspace_id', 'name', name=op.f('uq_calendar_workspace_id_name'))
    )
    op.create_table('sla_recompute',
    sa.Column('level_id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('changed', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['level_id'], ['level.id'], name=op.f('fk_sla_recompute_level_id_level')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_sla_recompute_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('level_id', name=op.f('pk_sla_recompute'))
    )
    op.create_index(op.f('ix_sla_recompute_workspace_id'), 'sla_recompute', ['workspace_id'], unique=False)

    op.create_table('sla_terms',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('level_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('calendar_id', sa.Uuid(), nullable=False),
    sa.Column('calendar_version', sa.Integer(), nullable=False),
    sa.Column('policy_told', JSONB, nullable=False),
    sa.Column('hours_told', JSONB, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['level_id'], ['level.id'], name=op.f('fk_sla_terms_level_id_level')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_sla_terms_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sla_terms')),
    sa.UniqueConstraint('level_id', 'version', name=op.f('uq_sla_terms_level_id_version'))
    )
    op.create_index(op.f('ix_sla_terms_workspace_id'), 'sla_terms', ['workspace_id'], unique=False)

    op.create_table('sla_clock',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('level_id', sa.Uuid(), nullable=False),
    sa.Column('metric', sa.Enum('FIRST_RESPONSE', 'NEXT_RESPONSE', 'RESOLUTION', 'APPROVAL', 'LEVEL_TIME', 'LEGAL_RESPONSE', name='metric', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('cycle', sa.Integer(), nullable=False),
    sa.Column('state', sa.Enum('RUNNING', 'PAUSED', 'MET', 'BREACHED', 'CANCELLED', name='state', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('target', sa.BigInteger(), nullable=False),
    sa.Column('used', sa.BigInteger(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('running_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('paused_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('breached_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('met_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('warned', sa.Integer(), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('cycle >= 1', name=op.f('ck_sla_clock_cycle_range')),
    sa.ForeignKeyConstraint(['level_id'], ['level.id'], name=op.f('fk_sla_clock_level_id_level')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_sla_clock_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_sla_clock_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sla_clock')),
    sa.UniqueConstraint('ticket_id', 'metric', 'cycle', name=op.f('uq_sla_clock_ticket_id_metric_cycle'))
    )
    op.create_index('ix_sla_clock_due', 'sla_clock', ['level_id', 'due_at'], unique=False, postgresql_where=sa.text('running_since IS NOT NULL'), sqlite_where=sa.text('running_since IS NOT NULL'))
    op.create_index('ix_sla_clock_next', 'sla_clock', ['next_at'], unique=False, postgresql_where=sa.text('next_at IS NOT NULL'), sqlite_where=sa.text('next_at IS NOT NULL'))
    op.create_index(op.f('ix_sla_clock_workspace_id_breached_at'), 'sla_clock', ['workspace_id', 'breached_at'], unique=False)
    op.create_index(op.f('ix_sla_clock_workspace_id_met_at'), 'sla_clock', ['workspace_id', 'met_at'], unique=False)

    op.create_table('sla_event',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('workspace_id', sa.Uuid(), nullable=False),
    sa.Column('ticket_id', sa.Uuid(), nullable=False),
    sa.Column('clock_id', sa.Uuid(), nullable=False),
    sa.Column('metric', sa.Enum('FIRST_RESPONSE', 'NEXT_RESPONSE', 'RESOLUTION', 'APPROVAL', 'LEVEL_TIME', 'LEGAL_RESPONSE', name='metric', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fired_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cause', sa.Enum('TIMER', 'TRANSFER', 'PRIORITY', 'RECOMPUTE', name='cause', native_enum=False, create_constraint=True, length=24), nullable=False),
    sa.Column('superseded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('superseded_by_id', sa.Uuid(), nullable=True),
    sa.CheckConstraint('percent BETWEEN 0 AND 100', name=op.f('ck_sla_event_percent_range')),
    sa.ForeignKeyConstraint(['clock_id'], ['sla_clock.id'], name=op.f('fk_sla_event_clock_id_sla_clock')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_sla_event_ticket_id_ticket')),
    sa.ForeignKeyConstraint(['workspace_id'], ['workspace.id'], name=op.f('fk_sla_event_workspace_id_workspace')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sla_event')),
    sa.UniqueConstraint('clock_id', 'percent', name=op.f('uq_sla_event_clock_id_percent'))
    )
    op.create_index(op.f('ix_sla_event_ticket_id'), 'sla_event', ['ticket_id'], unique=False)
    op.create_index(op.f('ix_sla_event_workspace_id'), 'sla_event', ['workspace_id'], unique=False)

    postgres = op.get_bind().dialect.name == "postgresql"
    _add_columns(postgres=postgres)
    _widen_history(postgres=postgres)
    _give_levels_their_terms()


def _add_columns(*, postgres: bool) -> None:
    """Each with a default, so that the release before goes on writing; said in plain SQL, because
    SQLite can add a column with its CHECK but not the CHECK afterwards."""
    uuid = "UUID" if postgres else "CHAR(32)"
    instant = "TIMESTAMP WITH TIME ZONE" if postgres else "DATETIME"
    never = "9999-01-01 00:00:00+00" if postgres else "9999-01-01 00:00:00.000000"
    false = "false" if postgres else "0"
    strategies = "'MANUAL_PULL', 'RANDOM', 'ROUND_ROBIN', 'LEAST_BUSY'"
    risks = "'ON_TIME', 'AT_RISK', 'BREACHED', 'PAUSED', 'DONE'"
    days = "auto_close_after_days"
    for table, column in (
        ("apikey", "level_ids JSON"),
        ("level", f"moderated BOOLEAN NOT NULL DEFAULT {false}"),
        (
            "level",
            "assignment VARCHAR(24) NOT NULL DEFAULT 'MANUAL_PULL' "
            f"CONSTRAINT ck_level_assignment CHECK (assignment IN ({strategies}))",
        ),
        (
            "level",
            f"{days} INTEGER DEFAULT 3 CONSTRAINT ck_level_auto_close_range "
            f"CHECK ({days} IS NULL OR {days} BETWEEN 1 AND 365)",
        ),
        ("level", f"calendar_id {uuid} NOT NULL DEFAULT '{NOBODY}'"),
        ("level", f"terms_id {uuid} NOT NULL DEFAULT '{NOBODY}'"),
        ("level", f"last_assigned_id {uuid}"),
        ("ticket", f"closes_at {instant}"),
        (
            "ticket",
            f"terms_id {uuid} CONSTRAINT fk_ticket_terms_id_sla_terms REFERENCES sla_terms (id)",
        ),
        (
            "ticket",
            "risk VARCHAR(24) NOT NULL DEFAULT 'DONE' "
            f"CONSTRAINT ck_ticket_risk CHECK (risk IN ({risks}))",
        ),
        ("ticket", f"urgent_at {instant} NOT NULL DEFAULT '{never}'"),
    ):
        op.execute(f'ALTER TABLE "{table}" ADD COLUMN {column}')

    present = {"postgresql_where": sa.text("removed_at IS NULL"), "sqlite_where": sa.text("removed_at IS NULL")}
    closing = {"postgresql_where": sa.text("closes_at IS NOT NULL"), "sqlite_where": sa.text("closes_at IS NOT NULL")}
    op.drop_index("ix_ticket_queue", "ticket")
    order = ["level_id", "status", "urgent_at", "priority_order", "opened_at", "id"]
    op.create_index("ix_ticket_queue", "ticket", order, **present)
    op.create_index("ix_ticket_closes", "ticket", ["closes_at"], **closing)
    op.create_index("ix_ticket_resolved", "ticket", ["workspace_id", "resolved_at"], **present)
    op.create_index("ix_ticket_risk", "ticket", ["level_id", "risk"], **present)
    op.create_index("ix_level_calendar_id", "level", ["calendar_id"])


def _widen_history(*, postgres: bool) -> None:
    """The kinds of entries that clocks write."""
    more = ", ".join(f"'{kind}'" for kind in KINDS)
    bind = op.get_bind()
    if postgres:
        told = bind.scalar(
            sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"),
            {"name": "ck_history_entry_kind"},
        )
        words = [word for word in str(told).split("'")[1::2]]
        every = ", ".join(f"'{word}'" for word in [*words, *KINDS])
        op.execute("ALTER TABLE history_entry DROP CONSTRAINT ck_history_entry_kind")
        op.execute(
            "ALTER TABLE history_entry ADD CONSTRAINT ck_history_entry_kind "
            f"CHECK (kind IN ({every}))"
        )
        return

    # SQLite changes no CHECK: the table is written anew, with all that hangs on it. Nothing points
    # at entries, and dropping a table fires no triggers.
    kept = bind.execute(
        sa.text(
            "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'history_entry' AND sql IS NOT NULL"
        )
    ).all()
    [table] = [sql for kind, sql in kept if kind == "table"]
    wider = table.replace("'REMOVED')", f"'REMOVED', {more})", 1)
    assert wider != table
    op.execute(wider.replace("history_entry", "history_entry_anew", 1))
    op.execute("INSERT INTO history_entry_anew SELECT * FROM history_entry")
    op.execute("DROP TABLE history_entry")
    op.execute("ALTER TABLE history_entry_anew RENAME TO history_entry")
    for kind, sql in kept:
        if kind in ("index", "trigger"):
            bind.exec_driver_sql(sql)


def _give_levels_their_terms() -> None:
    """The usual hours in the workspace's own zone, and the usual targets."""
    uuid, instant = sa.Uuid(), sa.DateTime(timezone=True)
    workspace = sa.table(
        "workspace", sa.column("id", uuid), sa.column("time_zone"), sa.column("created_at", instant)
    )
    level = sa.table(
        "level",
        sa.column("id", uuid),
        sa.column("workspace_id", uuid),
        sa.column("calendar_id", uuid),
        sa.column("terms_id", uuid),
    )
    calendar = sa.table(
        "calendar",
        sa.column("id", uuid),
        sa.column("workspace_id", uuid),
        sa.column("name"),
        sa.column("told", JSONB),
        sa.column("version"),
        sa.column("created_at", instant),
    )
    terms = sa.table(
        "sla_terms",
        sa.column("id", uuid),
        sa.column("workspace_id", uuid),
        sa.column("level_id", uuid),
        sa.column("version"),
        sa.column("calendar_id", uuid),
        sa.column("calendar_version"),
        sa.column("policy_told", JSONB),
        sa.column("hours_told", JSONB),
        sa.column("created_at", instant),
    )
    bind = op.get_bind()
    for workspace_id, zone, founded in bind.execute(sa.select(workspace)).all():
        levels = bind.scalars(
            sa.select(level.c.id).where(level.c.workspace_id == workspace_id)
        ).all()
        if not levels:
            continue
        hours = {
            "timeZone": zone,
            "intervals": WEEK,
            "exceptions": [],
            "nationalHolidays": True,
            "optionalHolidays": False,
            "holidayState": None,
        }
        calendar_id = uuid4()
        bind.execute(
            calendar.insert().values(
                id=calendar_id,
                workspace_id=workspace_id,
                name=USUAL_NAME,
                told=hours,
                version=1,
                created_at=founded,
            )
        )
        for level_id in levels:
            terms_id = uuid4()
            bind.execute(
                terms.insert().values(
                    id=terms_id,
                    workspace_id=workspace_id,
                    level_id=level_id,
                    version=1,
                    calendar_id=calendar_id,
                    calendar_version=1,
                    policy_told=POLICY,
                    hours_told=hours,
                    created_at=founded,
                )
            )
            bind.execute(
                level.update()
                .where(level.c.id == level_id)
                .values(calendar_id=calendar_id, terms_id=terms_id)
            )


def downgrade() -> None:
    raise NotImplementedError("what clocks told would be lost")
