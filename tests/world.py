"""A small care team to tell tests with: a workspace of its own, and a clock that one can set.

Whatever does not matter to a test is supplied here. Operations run as the server runs them: in a
work of their own, for an actor whose rights are read anew, committed when they end well.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

from domain.answers import Received
from domain.errors import Collision
from domain.model.account import Account, Monitoring
from domain.model.entry import HistoryEntry
from domain.model.level import Level, LevelMember
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.model.workspace import Workspace
from domain.operations import intake, levelling, opening, organizing
from domain.page import Window
from domain.post import Author, Post
from domain.rules import access
from domain.rules.access import Actor
from domain.words import LevelRole, Network, OccurrenceKind, Role, SlaMetric
from storage.work import Storage

T = TypeVar("T")
MONDAY_NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
FIRST_HUNDRED = Window(100)
TRIES = 3


@dataclass(frozen=True)
class Person:
    """Somebody of the team. Their rights are looked up whenever they act."""

    user: User

    @property
    def id(self) -> UUID:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name


@dataclass
class World:
    storage: Storage
    workspace: Workspace
    triage: Level
    now: datetime = MONDAY_NOON
    collisions: int = 0
    """How often an act had to be done again. Who waits in line never collides."""
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @classmethod
    async def founded(cls, storage: Storage) -> "World":
        """A new company with one level, where everything goes that has no other."""
        world = cls.__new__(cls)
        world.now, world.collisions, world._numbers = MONDAY_NOON, 0, count(1)
        world.storage = replace(storage, clock=lambda: world.now)
        async with world.storage.work(access.system(UUID(int=0))) as work:
            world.workspace = await organizing.found_workspace(work, f"Padaria {uuid4().hex}")
        async with world.storage.work(world.system) as work:
            organizing.usual_types(work)
        world.triage = await world.level("Triagem")
        return world

    def later(self, passed: timedelta) -> datetime:
        self.now += passed
        return self.now

    # ── acting ───────────────────────────────────────────────────────────────────────────────

    @property
    def system(self) -> Actor:
        return access.system(self.workspace.id)

    async def actor(self, who: Person | Actor | None = None) -> Actor:
        """Somebody with the rights they have now; nobody is the software itself."""
        if who is None:
            return self.system
        if isinstance(who, Actor):
            return who
        async with self.storage.reading(self.system) as work:
            user = await work.users.get(who.id)
            return await work.identities.actor(user, None)

    async def do(
        self,
        operation: Callable[..., Awaitable[T]],
        *args: Any,
        by: Person | Actor | None = None,
        **named: Any,
    ) -> T:
        """What the operation answers, once committed; done again when it met another."""
        actor = await self.actor(by)
        for tries_left in reversed(range(TRIES)):
            try:
                async with self.storage.work(actor) as work:
                    return await operation(work, *args, **named)
            except Collision:
                self.collisions += 1
                if not tries_left:
                    raise
        raise AssertionError("unreachable")

    # ── the team ─────────────────────────────────────────────────────────────────────────────

    async def person(
        self,
        name: str,
        *,
        level: Level | Sequence[Level] = (),
        role: Role = Role.ATTENDANT,
        level_role: LevelRole = LevelRole.ATTENDANT,
        capacity: int | None = None,
        password: str | None = None,
    ) -> Person:
        """Somebody new; they can sign in with their e-mail if they are given a password."""
        hashed = await self.storage.secrets.hash_password(password) if password else None
        async with self.storage.work(self.system) as work:
            user = User(
                workspace_id=self.workspace.id,
                name=name,
                email=f"{name.lower()}{next(self._numbers)}@{self.workspace.id.hex}.example",
                password_hash=hashed,
                role=role,
                created_at=self.now,
            )
            await work.users.put(user)
        person = Person(user)
        for each in [level] if isinstance(level, Level) else level:
            await self.join(person, each, level_role, capacity)
        return person

    async def join(
        self,
        person: Person,
        level: Level,
        role: LevelRole = LevelRole.ATTENDANT,
        capacity: int | None = None,
    ) -> None:
        async with self.storage.work(self.system) as work:
            member = LevelMember(
                level_id=level.id,
                user_id=person.id,
                workspace_id=self.workspace.id,
                role=role,
                capacity=capacity,
            )
            work.levels.admit(member)
            work.rights_changed()

    async def level(self, name: str, **settings: Any) -> Level:
        """A level in which nothing is measured, unless the test says what is."""
        if not {"sla_targets", "unmeasured"} & settings.keys():
            settings["unmeasured"] = list(SlaMetric)
        form = levelling.LevelForm(name=name, **settings)
        return (await self.do(levelling.save_level, form)).level

    async def arrange(self, level: Level, **settings: Any) -> Level:
        """The level with other settings."""
        form = levelling.LevelForm(id=level.id, name=level.name, **settings)
        return (await self.do(levelling.save_level, form)).level

    async def account(self, name: str = "", network: Network = Network.SANDBOX) -> Account:
        name = name or f"conta {next(self._numbers)}"
        form = organizing.AccountForm(network=network, name=name, credentials="segredo")
        return (await self.do(organizing.save_account, form)).account

    async def watch(
        self, account: Account | Sequence[Account], level: Level, keywords: Sequence[str] = ()
    ) -> Monitoring:
        accounts = [account] if isinstance(account, Account) else account
        form = organizing.MonitoringForm(
            name=f"monitoramento {next(self._numbers)}",
            level_id=level.id,
            account_ids=[each.id for each in accounts],
            keywords=keywords,
        )
        return await self.do(organizing.save_monitoring, form)

    # ── what comes in ────────────────────────────────────────────────────────────────────────

    def post(
        self,
        account: Account,
        *,
        author: str | Author = "maria",
        text: str = "Meu pedido não chegou",
        thread: str | None = None,
        external_id: str | None = None,
        kind: OccurrenceKind = OccurrenceKind.COMMENT,
        occurred_at: datetime | None = None,
        **more: Any,
    ) -> Post:
        """Something somebody wrote; each is another message unless `external_id` says otherwise."""
        return Post(
            account_id=account.id,
            external_id=external_id or f"m{next(self._numbers)}",
            kind=kind,
            author=author
            if isinstance(author, Author)
            else Author(external_id=author, name=author.capitalize(), handle=author),
            text=text,
            occurred_at=occurred_at or self.now,
            thread_id=thread,
            **more,
        )

    async def receive(self, *posts: Post, by: Person | Actor | None = None) -> list[Received]:
        return await self.do(intake.take_in, posts, by=by)

    async def waiting(
        self, count: int, *, level: Level | None = None, people: int | None = None
    ) -> list[Ticket]:
        """So many tickets that nobody has, of one person each, or of so many people in turn."""
        account = await self.account()
        await self.watch(account, level or self.triage)
        posts = [
            self.post(account, author=f"p{number % (people or count)}", thread=f"t{number}")
            for number in range(count)
        ]
        return [each.ticket for each in await self.receive(*posts) if each.ticket]

    async def heard(self, account: Account, **post: Any) -> Ticket:
        """The ticket that a new message belongs to."""
        [received] = await self.receive(self.post(account, **post))
        assert received.ticket is not None, received.refusal
        return received.ticket

    async def ticket(
        self, level: Level | None = None, *, by: Person | Actor | None = None, **asked: Any
    ) -> Ticket:
        """A ticket opened by hand."""
        usual = {"subject": "Pedido atrasado", "comment": "Ligou para perguntar do pedido"}
        form = opening.Opening(level_id=(level or self.triage).id, **{**usual, **asked})
        return await self.do(opening.open_ticket, form, by=by)

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    async def see(self, ticket: Ticket, by: Person | Actor | None = None) -> Ticket:
        """The ticket as it is in the database now."""
        async with self.storage.reading(await self.actor(by)) as work:
            return await work.tickets.get(ticket.id)

    async def history(self, ticket: Ticket) -> list[HistoryEntry]:
        """Everything that happened to it, oldest first."""
        entries: list[HistoryEntry] = []
        window: Window | None = FIRST_HUNDRED
        async with self.storage.reading(self.system) as work:
            while window:
                page = (await work.entries.pages([ticket.id], window))[ticket.id]
                entries += page.nodes
                window = replace(window, past=page.edges[-1].cursor) if page.has_next else None
        return entries

    async def story(self, ticket: Ticket) -> list[str]:
        return [entry.kind.value for entry in await self.history(ticket)]
