"""Levels, and what belongs to them: members and accounts."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, select, tuple_

from domain.model.account import Account, Monitoring, MonitoringAccount, TicketType
from domain.model.level import Level, LevelAccount, LevelMember
from domain.rules import states
from domain.words import Network
from storage.access import L_, T_, columns
from storage.prepared import prepared, values
from storage.shelf import NamedShelf, gathered, grouped

M_, A_ = columns(LevelMember), columns(Account)
LA_, N_, NA_ = columns(LevelAccount), columns(Monitoring), columns(MonitoringAccount)


class LevelShelf(NamedShelf[Level]):
    model = Level
    thing = "level"

    async def put(self, level: Level) -> None:
        self.session.add(level)
        await self.session.flush()

    async def members(self, level_ids: Collection[UUID]) -> Mapping[UUID, list[LevelMember]]:
        return await grouped(
            self.session,
            M_.level_id,
            LevelMember,
            M_.level_id.in_(sorted(level_ids)),
            M_.workspace_id == self.actor.workspace_id,
            order=(M_.level_id, M_.user_id),
            owners=level_ids,
        )

    async def memberships(self, user_ids: Collection[UUID]) -> Mapping[UUID, list[LevelMember]]:
        return await grouped(
            self.session,
            M_.user_id,
            LevelMember,
            M_.user_id.in_(sorted(user_ids)),
            M_.workspace_id == self.actor.workspace_id,
            order=(M_.user_id, M_.level_id),
            owners=user_ids,
        )

    async def take_member(self, level_id: UUID, user_id: UUID) -> LevelMember | None:
        """The membership, held: two pulls of one person count their tickets one after another."""
        asked = values(self.actor, level=level_id, user=user_id)
        return await self.session.thing(self._member_held(), asked)

    @prepared
    def _member_held(self) -> Select[LevelMember]:
        return (
            select(LevelMember)
            .where(
                M_.level_id == bindparam("level"),
                M_.user_id == bindparam("user"),
                M_.workspace_id == self.actor.workspace_id,
            )
            .with_for_update()
        )

    async def active_counts(
        self, pairs: Collection[tuple[UUID, UUID]]
    ) -> Mapping[tuple[UUID, UUID], int]:
        """By level and person: how many tickets count against the capacity."""
        statement = (
            select(T_.level_id, T_.assignee_id, func.count())
            .where(
                T_.workspace_id == self.actor.workspace_id,
                T_.removed_at.is_(None),
                T_.status.in_(sorted(states.ACTIVE)),
                tuple_(T_.level_id, T_.assignee_id).in_(sorted(pairs)),
            )
            .group_by(T_.level_id, T_.assignee_id)
        )
        rows = await self.session.execute(statement)
        found = {(level_id, user_id): count for level_id, user_id, count in rows}
        return {pair: found.get(pair, 0) for pair in pairs}

    def admit(self, member: LevelMember) -> None:
        self.session.add(member)

    async def dismiss(self, member: LevelMember) -> None:
        await self.session.delete(member)

    async def accounts(self, level_ids: Collection[UUID]) -> Mapping[UUID, list[Account]]:
        return await grouped(
            self.session,
            LA_.level_id,
            Account,
            LA_.level_id.in_(sorted(level_ids)),
            LA_.account_id == A_.id,
            A_.workspace_id == self.actor.workspace_id,
            order=(A_.name, A_.id),
            owners=level_ids,
        )

    async def set_accounts(self, level_id: UUID, account_ids: Collection[UUID]) -> None:
        await self.session.execute(delete(LevelAccount).where(LA_.level_id == level_id))
        self.session.add_all(
            LevelAccount(level_id=level_id, account_id=each, workspace_id=self.actor.workspace_id)
            for each in sorted(account_ids)
        )
        await self.session.flush()

    async def of_accounts(self, account_ids: Collection[UUID]) -> Mapping[UUID, list[Level]]:
        return await grouped(
            self.session,
            LA_.account_id,
            Level,
            LA_.account_id.in_(sorted(account_ids)),
            LA_.level_id == L_.id,
            L_.workspace_id == self.actor.workspace_id,
            order=(L_.name, L_.id),
            owners=account_ids,
        )


class AccountShelf(NamedShelf[Account]):
    model = Account
    thing = "account"

    async def on_network(self, network: Network, name: str) -> Account | None:
        return await self.session.scalar(self.seen().where(A_.network == network, A_.name == name))

    async def put(self, account: Account) -> None:
        self.session.add(account)
        await self.session.flush()


class MonitoringShelf(NamedShelf[Monitoring]):
    model = Monitoring
    thing = "monitoring"

    async def put(self, monitoring: Monitoring) -> None:
        self.session.add(monitoring)
        await self.session.flush()

    async def watching(self, account_ids: Collection[UUID]) -> Mapping[UUID, list[Monitoring]]:
        """By account: the monitorings that are on, oldest first."""
        told = values(self.actor, accounts=sorted(account_ids))
        return await gathered(self.session, self._watching(), told, account_ids)

    @prepared
    def _watching(self) -> Select[UUID, Monitoring]:
        return (
            select(NA_.account_id, Monitoring)
            .where(
                NA_.account_id.in_(bindparam("accounts", expanding=True)),
                NA_.monitoring_id == N_.id,
                N_.workspace_id == self.actor.workspace_id,
                N_.enabled,
            )
            .order_by(N_.id)
        )

    async def of_levels(self, level_ids: Collection[UUID]) -> Mapping[UUID, list[Monitoring]]:
        return await grouped(
            self.session,
            N_.level_id,
            Monitoring,
            N_.level_id.in_(sorted(level_ids)),
            N_.workspace_id == self.actor.workspace_id,
            order=(N_.name, N_.id),
            owners=level_ids,
        )

    async def accounts(self, monitoring_ids: Collection[UUID]) -> Mapping[UUID, list[Account]]:
        return await grouped(
            self.session,
            NA_.monitoring_id,
            Account,
            NA_.monitoring_id.in_(sorted(monitoring_ids)),
            NA_.account_id == A_.id,
            A_.workspace_id == self.actor.workspace_id,
            order=(A_.name, A_.id),
            owners=monitoring_ids,
        )

    async def set_accounts(self, monitoring_id: UUID, account_ids: Collection[UUID]) -> None:
        await self.session.execute(
            delete(MonitoringAccount).where(NA_.monitoring_id == monitoring_id)
        )
        self.session.add_all(
            MonitoringAccount(
                monitoring_id=monitoring_id,
                account_id=each,
                workspace_id=self.actor.workspace_id,
            )
            for each in sorted(account_ids)
        )
        await self.session.flush()


class TicketTypeShelf(NamedShelf[TicketType]):
    model = TicketType
    thing = "ticket type"
