"""How Alembic reaches the tables: through the connection that `storage.migrating` hands it."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import domain.model  # noqa: F401 - every table
from domain.model.base import Tags, UTCDateTime, metadata
from domain.model.entry import Xid8


def plain(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Our column types, written without us: a migration must not change when a model does."""
    if kind != "type":
        return False
    if isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Tags):
        return "sa.Text()"
    if isinstance(item, Xid8):
        return "XID8"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_item=plain,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
