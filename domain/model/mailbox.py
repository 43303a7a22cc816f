"""A mailbox that an account reads: how far it was read, and which process reads it now."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from domain.model.base import Record, UTCDateTime, new_id

LONGEST_PAUSE = timedelta(minutes=15)


class Mailbox(Record, table=True):
    """Its numbers mean something only while the box says the same `validity`."""

    __table_args__ = (UniqueConstraint("account_id"),)

    account_id: UUID = Field(foreign_key="account.id")
    # Unsigned numbers of 32 bits, which PostgreSQL's integers do not hold.
    validity: int | None = Field(default=None, sa_type=BigInteger)
    begun_at: int = Field(default=0, sa_type=BigInteger)
    """Up to this number mails were there when it was first looked into."""
    last: int = Field(default=0, sa_type=BigInteger)
    """The number of the last mail that is ours."""
    failures: int = 0
    """How often in a row it could not be read."""
    look_at: datetime = Field(sa_type=UTCDateTime)
    """When to look into it next; while somebody reads, when another may take over."""
    lease_id: UUID | None = None

    def lease(self, until: datetime) -> UUID:
        """Read by one process from now on; what another began counts no longer."""
        self.lease_id, self.look_at = new_id(), until
        return self.lease_id

    def reached(self, validity: int, begun_at: int, last: int, until: datetime) -> None:
        self.validity, self.begun_at, self.last = validity, begun_at, last
        self.look_at = until

    def rest(self, now: datetime, pause: timedelta, *, failed: bool = False) -> None:
        """Let go, until it is looked into again; where it fails, less and less often."""
        self.failures = self.failures + 1 if failed else 0
        self.look_at = now + min(pause * 2 ** min(self.failures, 10), max(LONGEST_PAUSE, pause))
        self.lease_id = None

    def begin_again(self, now: datetime) -> None:
        """Another box, perhaps: looked into at once, as for the first time."""
        self.validity, self.begun_at, self.last, self.failures = None, 0, 0, 0
        self.look_at, self.lease_id = now, None
