"""A reply: what we wrote on a ticket, to the publisher or among ourselves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from domain.model.base import Record, Tags, UTCDateTime, only_where, word
from domain.words import CloseReason, DeliveryState, TicketStatus, Visibility

UNDER_WAY = text("state IN ('QUEUED', 'SENDING')")
FAILURE_DETAIL = 500


class Reply(Record, table=True):
    """The table is the queue: what is QUEUED and due is sent, one at a time for each ticket.

    HELD → QUEUED → SENDING → SENT, FAILED or UNKNOWN. SENDING is committed before the network is
    called, so whoever finds it there after its lease knows that nobody can know.
    """

    __table_args__ = (
        Index(None, "ticket_id", "written_at", "id"),
        Index(None, "workspace_id"),
        Index("ix_reply_under_way", "next_attempt_at", "id", **only_where(UNDER_WAY)),
        Index("ix_reply_account_sending", "account_id", "sending_at"),
        Index("ix_reply_external", "account_id", "external_id"),
    )

    ticket_id: UUID = Field(foreign_key="ticket.id")
    author_id: UUID | None = Field(default=None, foreign_key="user.id")
    account_id: UUID | None = Field(default=None, foreign_key="account.id")
    external_id: str | None = Field(default=None, max_length=200)
    """The network's own id of it, once it has one; of an e-mail, its Message-ID."""
    external_url: str | None = Field(default=None, max_length=2000)
    # No foreign key: one message and one reply may come in any order in an import.
    answers_id: UUID | None = None
    """The occurrence that it answers: whose thread and author it goes to."""
    visibility: Visibility = Field(sa_type=word(Visibility, "visibility"))
    text: str = Field(sa_type=Text)
    original_text: str | None = Field(default=None, sa_type=Text)
    """What the author wrote, where a moderator sent something else."""
    send_as: TicketStatus | None = Field(default=None, sa_type=word(TicketStatus, "send_as"))
    close_reason: CloseReason | None = Field(
        default=None, sa_type=word(CloseReason, "close_reason")
    )
    automated: bool = False
    state: DeliveryState = Field(sa_type=word(DeliveryState, "state"))
    failure: str | None = Field(default=None, max_length=60)
    """Names a sentence of `domain.sentences` that says why it did not go out."""
    failure_detail: str | None = Field(default=None, max_length=FAILURE_DETAIL)
    """What the network said of it, in its own words."""
    mentions: Sequence[str] = Field(default=(), sa_type=Tags)
    """Ids of colleagues whom a note speaks to."""
    attempts: int = 0
    queued_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When it was let go; replies of one ticket go out in this order."""
    next_attempt_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    sending_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    lease_id: UUID | None = None
    """Which attempt this is: only who began it may say how it ended."""
    written_at: datetime = Field(sa_type=UTCDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    @classmethod
    def of(
        cls,
        *,
        workspace_id: UUID,
        ticket_id: UUID,
        author_id: UUID | None,
        visibility: Visibility,
        text: str,
        now: datetime,
        account_id: UUID | None = None,
        answers_id: UUID | None = None,
        send_as: TicketStatus | None = None,
        close_reason: CloseReason | None = None,
        automated: bool = False,
    ) -> "Reply":
        """Written, and kept back until it is let go."""
        return cls(
            workspace_id=workspace_id,
            ticket_id=ticket_id,
            author_id=author_id,
            account_id=account_id,
            answers_id=answers_id,
            visibility=visibility,
            text=text,
            send_as=send_as,
            close_reason=close_reason,
            automated=automated,
            state=DeliveryState.HELD,
            written_at=now,
        )

    def belong_to(self, ticket_id: UUID) -> None:
        self.ticket_id = ticket_id

    # ── let go, or not ───────────────────────────────────────────────────────────────────────

    def reword(self, text: str) -> None:
        """Other words go out; the author's are kept beside them."""
        self.original_text, self.text = self.text, text

    def release(self, now: datetime) -> None:
        """Let go: it is the queue's from now on."""
        self.state = DeliveryState.QUEUED
        self.queued_at = self.next_attempt_at = now

    def give_up(self, sentence: str) -> None:
        """It was never let go, and never will be; what it says stays readable."""
        self.state = DeliveryState.FAILED
        self.failure = sentence
