"""People, their sessions, and the keys of programs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.model.account import Account
from domain.model.level import LevelMember
from domain.model.user import ApiKey, Session, User
from domain.model.workspace import Workspace
from domain.rules import access
from domain.rules.access import Actor
from domain.words import LevelRole, OutsideView, Role
from storage.access import L_, columns, readers
from storage.shelf import NamedShelf

U_, S_, K_ = columns(User), columns(Session), columns(ApiKey)
M_, W_ = columns(LevelMember), columns(Workspace)
MOST_ASKED = 500
"""Ids in one question."""


class UserShelf(NamedShelf[User]):
    model = User
    thing = "user"

    async def who_see(self, level_id: UUID) -> Sequence[User]:
        """The active colleagues who may read the tickets of a level, by name."""
        found = self.seen().where(readers(level_id)).order_by(U_.name, U_.id)
        return list(await self.session.scalars(found))

    async def other_admins(self, user_id: UUID) -> int:
        """How many there are besides; held, so that the last two cannot dismiss each other."""
        statement = (
            select(U_.id)
            .where(
                U_.workspace_id == self.actor.workspace_id,
                U_.role == Role.ADMIN,
                U_.active,
                U_.id != user_id,
            )
            .order_by(U_.id)
            .with_for_update()
        )
        return len((await self.session.scalars(statement)).all())

    async def end_sessions(self, user_id: UUID, now: datetime) -> None:
        await self.session.execute(
            update(Session)
            .where(S_.user_id == user_id, S_.revoked_at.is_(None))
            .values(revoked_at=now)
        )

    async def put(self, user: User) -> None:
        self.session.add(user)
        await self.session.flush()


class ApiKeyShelf(NamedShelf[ApiKey]):
    model = ApiKey
    thing = "API key"


class IdentityShelf:
    """Who somebody is, asked before there is an actor: the one shelf without a workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.unsettled: set[UUID] = set()
        """Workspaces in which rights have changed, whoever it was that changed them."""

    async def workspaces(self) -> Sequence[Workspace]:
        return list(await self.session.scalars(select(Workspace).order_by(W_.name)))

    async def workspace_named(self, name: str) -> Workspace | None:
        return await self.session.scalar(select(Workspace).where(W_.name == name))

    async def add_workspace(self, workspace: Workspace) -> None:
        self.session.add(workspace)
        await self.session.flush()

    async def user_of_email(self, email: str) -> User | None:
        return await self.session.scalar(select(User).where(U_.email == email))

    async def user(self, user_id: UUID) -> User | None:
        return await self.session.get(User, user_id)

    async def account(self, account_id: UUID) -> Account | None:
        """An account by its id alone: whoever calls for it shows by a signature that they may."""
        return await self.session.get(Account, account_id)

    async def session_of(self, secret_hash: str) -> Session | None:
        """The session of a secret, today's or the one before, held."""
        return await self.session.scalar(
            select(Session)
            .where(or_(S_.secret_hash == secret_hash, S_.previous_hash == secret_hash))
            .with_for_update()
        )

    async def session_by_id(self, session_id: UUID) -> Session | None:
        return await self.session.get(Session, session_id)

    def add_session(self, session: Session) -> None:
        self.session.add(session)

    async def key_of(self, prefix: str) -> ApiKey | None:
        return await self.session.scalar(select(ApiKey).where(K_.prefix == prefix))

    async def access_versions(self) -> dict[UUID, int]:
        rows = await self.session.execute(select(W_.id, W_.access_version))
        return dict(rows.all())

    async def access_version(self, workspace_id: UUID) -> int:
        """What rights are at: it grows with every change of anybody's."""
        return (
            await self.session.scalar(select(W_.access_version).where(W_.id == workspace_id)) or 0
        )

    async def actor(self, user: User, session_id: UUID | None) -> Actor:
        """The person with every right they have now."""
        return (await self._with_rights([(user, session_id)]))[0]

    async def people(self, session_ids: Collection[UUID], now: datetime) -> Sequence[Actor]:
        """Whoever these sessions stand for, with every right they have now; three questions."""
        found: list[tuple[User, UUID | None]] = []
        wanted = sorted(session_ids)
        for some in (wanted[at : at + MOST_ASKED] for at in range(0, len(wanted), MOST_ASKED)):
            rows = await self.session.execute(
                select(Session, User).join(User, U_.id == S_.user_id).where(S_.id.in_(some))
            )
            found += [
                (user, session.id)
                for session, user in rows.all()
                if session.alive(now) and user.active
            ]
        return await self._with_rights(found)

    async def keys(self, ids: Collection[UUID]) -> Sequence[UUID]:
        """Those of these keys that are good."""
        good = select(K_.id).where(K_.id.in_(sorted(ids)), K_.revoked_at.is_(None))
        return list(await self.session.scalars(good))

    async def _with_rights(self, found: Sequence[tuple[User, UUID | None]]) -> Sequence[Actor]:
        memberships: dict[UUID, dict[UUID, LevelRole]] = {user.id: {} for user, _ in found}
        wanted = sorted(memberships)
        for some in (wanted[at : at + MOST_ASKED] for at in range(0, len(wanted), MOST_ASKED)):
            rows = await self.session.execute(
                select(M_.user_id, M_.level_id, M_.role).where(M_.user_id.in_(some))
            )
            for user_id, level_id, role in rows.all():
                memberships[user_id][level_id] = role
        open_levels: dict[UUID, set[UUID]] = {user.workspace_id: set() for user, _ in found}
        rows = await self.session.execute(
            select(L_.workspace_id, L_.id).where(
                L_.workspace_id.in_(sorted(open_levels)), L_.outside_view == OutsideView.FULL
            )
        )
        for workspace_id, level_id in rows.all():
            open_levels[workspace_id].add(level_id)
        return [
            access.person(
                user_id=user.id,
                workspace_id=user.workspace_id,
                name=user.name,
                role=user.role,
                memberships=memberships[user.id],
                open_levels=frozenset(open_levels[user.workspace_id]),
                session_id=session_id,
                grants=user.granted,
            )
            for user, session_id in found
        ]

    async def revised(self, workspace_id: UUID) -> None:
        """Something that is shown has changed without an entry that tells of it."""
        await self.session.execute(
            update(Workspace)
            .where(W_.id == workspace_id)
            .values(revision=W_.revision + 1)
            .execution_options(synchronize_session=False)
        )

    async def rights_changed(self, workspace_id: UUID) -> None:
        """SQL adds one, so that two changes at once count as two."""
        self.unsettled.add(workspace_id)
        await self.session.execute(
            update(Workspace)
            .where(W_.id == workspace_id)
            .values(access_version=W_.access_version + 1)
            .execution_options(synchronize_session=False)
        )
