"""A reply: what we wrote on a ticket, to the publisher or among ourselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from domain.errors import WrongState
from domain.events import Fact, HistorySent, ReplyFailed, ReplyRetried, ReplySent, ReplyUncertain
from domain.model.base import Record, Tags, UTCDateTime, only_where, word
from domain.sending import Outcome, Sent
from domain.words import CloseReason, DeliveryState, HistoryMeans, TicketStatus, Visibility

UNDER_WAY = text("next_attempt_at IS NOT NULL")
FAILURE_DETAIL = 500
EXTERNAL_ID, EXTERNAL_URL = 200, 2000
NUL = "\x00"


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
    """The network's own id of it, once it is known; of an e-mail, its Message-ID, from the first
    attempt on."""
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
    history_means: HistoryMeans | None = Field(
        default=None, sa_type=word(HistoryMeans, "history_means")
    )
    """How the history of the protocol was asked for, where that is what it carries."""
    history_hash: str | None = Field(default=None, max_length=64)
    """SHA-256 of the document that goes with it, in hexadecimal digits."""
    history_due_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """By when the law wants it sent."""
    attempts: int = 0
    queued_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When it was let go; replies of one ticket go out in this order."""
    next_attempt_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When something is to be done next: it is sent, or its lease is over."""
    first_attempt_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """Since when it has been tried; anew where a person has it sent again."""
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

    def carry_history(self, means: HistoryMeans, document_hash: str, due_at: datetime) -> None:
        """It is what a consumer gets who asked for the history of their protocol."""
        self.history_means, self.history_hash, self.history_due_at = means, document_hash, due_at

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

    # ── on its way ───────────────────────────────────────────────────────────────────────────

    def send_now(
        self, *, lease_id: UUID, now: datetime, lease: timedelta, known_as: str | None = None
    ) -> None:
        """Begun, and said so before the network hears of it."""
        self.state = DeliveryState.SENDING
        self.lease_id = lease_id
        self.sending_at = now
        self.lease_until = self.next_attempt_at = now + lease
        self.first_attempt_at = self.first_attempt_at or now
        self.attempts += 1
        self.failure = self.failure_detail = None
        self.external_id = _kept(known_as, EXTERNAL_ID) or self.external_id

    def hears(self, lease_id: UUID, outcome: Outcome) -> bool:
        """Whether it still matters how that attempt ended.

        While nobody has decided, even what comes after the lease does. What a person decided
        stands, but for one thing: what the network has is not sent again.
        """
        if self.lease_id != lease_id:
            return False
        if isinstance(outcome, Sent) and self.state is DeliveryState.QUEUED:
            return True
        return self.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN)

    def sent(
        self, now: datetime, external_id: str | None = None, external_url: str | None = None
    ) -> list[Fact]:
        """The network has it."""
        self._rest(DeliveryState.SENT)
        self.sent_at = now
        self.external_id = _kept(external_id, EXTERNAL_ID) or self.external_id
        if external_url is not None and len(external_url) <= EXTERNAL_URL:
            self.external_url = _kept(external_url, EXTERNAL_URL)
        facts: list[Fact] = [ReplySent(reply_id=self.id, automated=self.automated)]
        if self.history_hash is not None:
            proof = HistorySent(became=self.history_hash, reply_id=self.id, automated=True)
            facts.append(proof)
        return facts

    def fail(self, sentence: str, detail: str | None = None, *, by_hand: bool = False) -> Fact:
        """It will not go out, unless somebody has it sent again."""
        self._rest(DeliveryState.FAILED, sentence, detail)
        return ReplyFailed(reply_id=self.id, automated=not by_hand, concerns=self._author)

    def doubt(self, sentence: str, detail: str | None = None) -> Fact:
        """Nobody can know; a person decides."""
        self._rest(DeliveryState.UNKNOWN, sentence, detail)
        return ReplyUncertain(reply_id=self.id, automated=True, concerns=self._author)

    @property
    def _author(self) -> tuple[UUID, ...]:
        return (self.author_id,) if self.author_id else ()

    def put_off(
        self, until: datetime, sentence: str, detail: str | None = None, *, counts: bool = True
    ) -> None:
        """Back into its place in the line: nothing left the house."""
        self._rest(DeliveryState.QUEUED, sentence, detail)
        self.next_attempt_at = until
        if not counts:
            self.attempts -= 1

    def requeue(self, now: datetime) -> Fact:
        """Sent again by somebody's decision, in the place that it had among those that wait."""
        was = self._must_be_decided()
        self._rest(DeliveryState.QUEUED)
        self.queued_at = self.queued_at or now
        self.next_attempt_at = now
        self.first_attempt_at = None
        self.attempts = 0
        return ReplyRetried(reply_id=self.id, was=was.value, automated=self.automated)

    def arrived(self, now: datetime) -> list[Fact]:
        """Somebody saw that the network has it."""
        self._must_be_decided()
        return self.sent(now)

    def write_off(self, sentence: str) -> Fact:
        """Nobody will know any more; it counts as not sent."""
        if self.state is not DeliveryState.UNKNOWN:
            raise WrongState("reply_not_in_doubt", field=["decision"], state=self.state.value)
        return self.fail(sentence, by_hand=True)

    def _must_be_decided(self) -> DeliveryState:
        # What was never let go, for it was not approved, is not let go by this.
        stopped = self.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN)
        if not stopped or self.queued_at is None:
            raise WrongState("reply_not_stopped", field=["replyId"], state=self.state.value)
        return DeliveryState(self.state)

    def _rest(
        self, state: DeliveryState, failure: str | None = None, detail: str | None = None
    ) -> None:
        """Nobody is at it. The lease's own id stays: it tells whose late answer still counts."""
        self.state = state
        self.lease_until = self.next_attempt_at = None
        self.failure, self.failure_detail = failure, _kept(detail, FAILURE_DETAIL)


def _kept(told: str | None, most: int) -> str | None:
    """What a network says, as far as it can be kept: in whatever encoding, too."""
    if not told:
        return None
    return told.replace(NUL, "").encode("utf-8", "replace").decode("utf-8")[:most]
