"""The pretend network's books, kept beside ours so that all processes read the same."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select

from domain.model.account import Account
from domain.model.sandbox import SandboxPost, SandboxScript
from domain.words import Network, SandboxBehaviour
from storage.access import columns
from storage.session import Session

A_, P_, S_ = columns(Account), columns(SandboxPost), columns(SandboxScript)
SHOWN_MOST = 200


class SandboxShelf:
    """It knows accounts of `SANDBOX` and nothing else of ours."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def accounts(self) -> Sequence[Account]:
        statement = select(Account).where(A_.network == Network.SANDBOX, A_.enabled)
        return list(await self.session.scalars(statement.order_by(A_.name, A_.id)))

    async def account(self, account_id: UUID) -> Account | None:
        return await self.session.scalar(
            select(Account).where(A_.id == account_id, A_.network == Network.SANDBOX)
        )

    async def posts(self, account_id: UUID) -> Sequence[SandboxPost]:
        """The latest, oldest first."""
        rows = await self.session.scalars(
            select(SandboxPost)
            .where(P_.account_id == account_id)
            .order_by(P_.at.desc(), P_.id.desc())
            .limit(SHOWN_MOST)
        )
        return list(rows)[::-1]

    async def post_of(self, account_id: UUID, reply_id: UUID) -> SandboxPost | None:
        """What stands there under the sender's own name for it."""
        return await self.session.scalar(
            select(SandboxPost)
            .where(P_.account_id == account_id, P_.reply_id == reply_id)
            .order_by(P_.id)
            .limit(1)
        )

    async def write(self, post: SandboxPost) -> None:
        self.session.add(post)
        await self.session.flush()

    async def script(self, account_id: UUID) -> Sequence[SandboxScript]:
        """What is to come, in order."""
        rows = await self.session.scalars(
            select(SandboxScript).where(S_.account_id == account_id).order_by(S_.id)
        )
        return list(rows)

    async def direct(self, lines: Sequence[SandboxScript]) -> None:
        self.session.add_all(lines)
        await self.session.flush()

    async def clear(self, account_id: UUID) -> None:
        await self.session.execute(delete(SandboxScript).where(S_.account_id == account_id))

    async def forgets(self, account_id: UUID) -> bool:
        statement = select(func.count()).where(
            S_.account_id == account_id, S_.behaviour == SandboxBehaviour.FORGET
        )
        return bool(await self.session.scalar(statement))

    async def next(self, account_id: UUID) -> tuple[SandboxBehaviour, float]:
        """How to behave now, which is thereby done once more."""
        line = await self.session.scalar(
            select(SandboxScript)
            .where(S_.account_id == account_id, S_.behaviour != SandboxBehaviour.FORGET)
            .order_by(S_.id)
            .limit(1)
            .with_for_update()
        )
        if line is None:
            return SandboxBehaviour.OK, 0
        if line.play():
            await self.session.delete(line)
        return SandboxBehaviour(line.behaviour), line.seconds
