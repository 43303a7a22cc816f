"""An attachment: a file that came with a message or goes out with a reply."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Index
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime, late
from domain.rules.files import Examined


def folder(workspace_id: UUID) -> str:
    """What the storage keys of a workspace's files begin with."""
    return f"attachments/{workspace_id}/"


class Attachment(Record, table=True):
    """What is known of a file; its bytes lie in the file store under `storage_key`."""

    __table_args__ = (
        Index(None, "ticket_id"),
        Index(None, "occurrence_id"),
        Index(None, "reply_id"),
        Index(None, "workspace_id", "created_at"),
    )

    # Checked at commit: it is written with the message or the ticket that it belongs to.
    ticket_id: UUID | None = Field(default=None, sa_column_args=[late("ticket.id")])
    occurrence_id: UUID | None = Field(default=None, sa_column_args=[late("occurrence.id")])
    reply_id: UUID | None = Field(default=None, sa_column_args=[late("reply.id")])
    """None while it is uploaded and not yet sent."""
    uploaded_by_id: UUID | None = Field(default=None, foreign_key="user.id")
    file_name: str = Field(max_length=200)
    media_type: str = Field(max_length=120)
    size: int
    storage_key: str = Field(max_length=200, unique=True)
    created_at: datetime = Field(sa_type=UTCDateTime)

    @classmethod
    def of(
        cls,
        file: Examined,
        *,
        workspace_id: UUID,
        now: datetime,
        ticket_id: UUID | None,
        occurrence_id: UUID | None = None,
        uploaded_by_id: UUID | None = None,
    ) -> "Attachment":
        """A file that is about to be kept; nobody can guess where its bytes lie."""
        return cls(
            workspace_id=workspace_id,
            ticket_id=ticket_id,
            occurrence_id=occurrence_id,
            uploaded_by_id=uploaded_by_id,
            file_name=file.file_name,
            media_type=file.media_type,
            size=file.size,
            storage_key=f"{folder(workspace_id)}{uuid4()}",
            created_at=now,
        )

    def belong_to(self, ticket_id: UUID) -> None:
        self.ticket_id = ticket_id

    def go_with(self, reply_id: UUID) -> None:
        self.reply_id = reply_id
