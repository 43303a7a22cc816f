"""Whom partners have us tell, and each event that is to be told them.

An endpoint has its own place in the feed. What it finds there becomes deliveries in the transaction
that moves the place on, so nothing is missed and nothing is told of twice, whoever is stopped when.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from domain.errors import WrongState
from domain.model.base import Record, UTCDateTime, new_id, only_where, word
from domain.words import WebhookDeliveryState, WebhookEventKind

UNDER_WAY = text("next_attempt_at IS NOT NULL")
BOTH_SECRETS_FOR = timedelta(hours=24)
"""How long what is signed is signed with the secret from before, too."""
FAILURE_DETAIL = 200


class WebhookEndpoint(Record, table=True):
    """An address of a partner, told what that partner's key may know."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (UniqueConstraint("workspace_id", "name"), Index(None, "api_key_id"))

    api_key_id: UUID = Field(foreign_key="apikey.id")
    name: str = Field(max_length=120)
    url: str = Field(max_length=2000)
    kinds: list[str] = Field(sa_type=JSON)
    enabled: bool = True
    version: int = 1
    sealed_secret: bytes
    """Signs what it is told; encrypted, told once."""
    sealed_previous: bytes | None = None
    previous_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    since: datetime = Field(sa_type=UTCDateTime)
    """What happened before is not told: it was made, or switched on again, then."""
    position: str | None = Field(default=None, sa_type=Text)
    """How far in the feed everything is told of or waits to be; None: from now on."""
    until: str | None = Field(default=None, sa_type=Text)
    """Where a stretch ends that is too long to be read at once, and is being read in parts."""
    mark: int = Field(default=0, sa_type=BigInteger)
    """The highest number of an entry that was read."""
    failures: int = 0
    """How often in a row it did not answer as it should."""
    failing_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """It is let be until then."""
    created_at: datetime = Field(sa_type=UTCDateTime)
    changed_at: datetime = Field(sa_type=UTCDateTime)
    changed_by_id: UUID | None = Field(default=None, foreign_key="user.id")

    # ── set up ───────────────────────────────────────────────────────────────────────────────

    def describe(self, name: str, url: str, kinds: Collection[WebhookEventKind]) -> None:
        if url != self.url:
            self.recover()
        self.name, self.url = name, url
        self.kinds = sorted(each.value for each in kinds)

    def enable(self, enabled: bool, now: datetime) -> None:
        """What happens while it is off is not told; what was waiting then goes on."""
        if enabled and not self.enabled:
            self.since, self.position, self.until = now, None, None
            self.recover()
        self.enabled = enabled

    def rotate(self, sealed_secret: bytes, now: datetime) -> None:
        """Signed with both for a while, so that the partner can change over when they like."""
        self.sealed_previous, self.sealed_secret = self.sealed_secret, sealed_secret
        self.previous_until = now + BOTH_SECRETS_FOR

    def changed(self, now: datetime, by: UUID | None) -> None:
        self.version += 1
        self.changed_at, self.changed_by_id = now, by

    def sealed_secrets(self, now: datetime) -> Sequence[bytes]:
        """What it is signed with at that moment, the newest first."""
        both = self.sealed_previous is not None and self.previous_until is not None
        if both and self.previous_until and now < self.previous_until and self.sealed_previous:
            return (self.sealed_secret, self.sealed_previous)
        return (self.sealed_secret,)

    @property
    def wants(self) -> frozenset[WebhookEventKind]:
        return frozenset(WebhookEventKind(each) for each in self.kinds)

    # ── its place in the feed ────────────────────────────────────────────────────────────────

    def read_to(self, position: str, mark: int) -> None:
        """Everything up to there is dealt with."""
        self.position, self.until = position, None
        self.mark = max(self.mark, mark)

    def read_in_part(self, until: str | None, mark: int) -> None:
        """Of what lies before `until`, that up to the mark is dealt with."""
        self.until, self.mark = until, mark

    # ── how it answers ───────────────────────────────────────────────────────────────────────

    def fail(self, now: datetime, pause: timedelta) -> None:
        """Let be for a while; what was begun before that and fails, too, says nothing new."""
        if self.paused_until is not None and now < self.paused_until:
            return
        self.failures += 1
        self.failing_since = self.failing_since or now
        self.paused_until = now + pause

    def recover(self) -> None:
        self.failures, self.failing_since, self.paused_until = 0, None, None


class WebhookDelivery(Record, table=True):
    """One event on its way to one endpoint: QUEUED → SENDING → DELIVERED, or DEAD after a day.

    What it says is composed anew for each attempt, so that nothing of anybody is kept here.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "entry_id", "kind"),
        Index(None, "workspace_id", "queued_at", "id"),
        Index(None, "endpoint_id", "state", "queued_at"),
        Index("ix_webhook_delivery_ended", "workspace_id", "ended_at"),
        Index("ix_webhook_delivery_soon", "next_attempt_at", **only_where(UNDER_WAY)),
        Index(
            "ix_webhook_delivery_due",
            "endpoint_id",
            "next_attempt_at",
            "id",
            **only_where(UNDER_WAY),
        ),
        Index("ix_webhook_delivery_line", "endpoint_id", "ticket_id", "sequence", "place"),
        Index("ix_webhook_delivery_head", "endpoint_id", "ticket_id", **only_where(UNDER_WAY)),
    )

    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id")
    kind: WebhookEventKind = Field(sa_type=word(WebhookEventKind, "kind"))
    ticket_id: UUID | None = Field(default=None, foreign_key="ticket.id", index=True)
    entry_id: UUID | None = None
    """The entry of the history that tells it; none for a test."""
    sequence: int = 0
    """The entry's own: events of one ticket go out in this order."""
    place: int = 0
    """Among those that come of one entry."""
    happened_at: datetime = Field(sa_type=UTCDateTime)
    state: WebhookDeliveryState = Field(sa_type=word(WebhookDeliveryState, "state"))
    attempts: int = 0
    queued_at: datetime = Field(sa_type=UTCDateTime)
    """Since when it is tried; anew where it is replayed."""
    next_attempt_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    """When something is to be done next: it is sent, or its lease is over. Only the first that is
    left of a ticket has it; the others wait behind that one."""
    lease_id: UUID | None = None
    status_code: int | None = None
    """What the endpoint answered last."""
    failure: str | None = Field(default=None, max_length=60)
    """Names a sentence of `domain.sentences`."""
    failure_detail: str | None = Field(default=None, max_length=FAILURE_DETAIL)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    def send_now(self, now: datetime, lease: timedelta) -> UUID:
        """Begun; whoever finds it so after its lease begins it again: told twice, never not."""
        self.state = WebhookDeliveryState.SENDING
        self.lease_id = new_id()
        self.next_attempt_at = now + lease
        self.attempts += 1
        return self.lease_id

    def hears(self, lease_id: UUID) -> bool:
        """Whether it still matters how that attempt ended."""
        return self.lease_id == lease_id and self.state is WebhookDeliveryState.SENDING

    def delivered(self, now: datetime, status_code: int) -> None:
        self._end(WebhookDeliveryState.DELIVERED, now)
        self.status_code, self.failure, self.failure_detail = status_code, None, None

    def put_off(
        self, until: datetime, failure: str, detail: str | None, status_code: int | None
    ) -> None:
        """Back into its place in the line."""
        self.state, self.lease_id = WebhookDeliveryState.QUEUED, None
        self.next_attempt_at = until
        self._failed(failure, detail, status_code)

    def die(self, now: datetime, failure: str, detail: str | None, status_code: int | None) -> None:
        """Tried for long enough: a dead letter, until somebody has it replayed."""
        self._end(WebhookDeliveryState.DEAD, now)
        self._failed(failure, detail, status_code)

    def drop(self, now: datetime, failure: str) -> None:
        """Not the partner's to know any more."""
        self._end(WebhookDeliveryState.DROPPED, now)
        self._failed(failure, None, None)

    def replay(self, now: datetime) -> None:
        """Told again from the beginning, under the same key."""
        if self.state is not WebhookDeliveryState.DEAD:
            raise WrongState("webhook_not_dead", field=["deliveryId"], state=self.state.value)
        self.state, self.attempts = WebhookDeliveryState.QUEUED, 0
        self.queued_at = now
        # A test stands in no line.
        self.next_attempt_at = now if self.ticket_id is None else None
        self.ended_at = self.lease_id = None

    def _end(self, state: WebhookDeliveryState, now: datetime) -> None:
        self.state, self.ended_at = state, now
        self.next_attempt_at = self.lease_id = None

    def _failed(self, failure: str, detail: str | None, status_code: int | None) -> None:
        self.failure, self.status_code = failure, status_code
        self.failure_detail = detail[:FAILURE_DETAIL] if detail else None
