"""Who may do what: roles, level membership, and what may be seen at all.

An actor is what a token stands for at this moment. Deny is the default: a role or a scope has
exactly the permissions listed here, and sight of exactly the levels it was given.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from domain.words import LevelRole, Locale, Role


class Permission(StrEnum):
    """A right to call at all; what of it may be seen or changed is the wall's matter."""

    TICKETS_READ = "tickets.read"
    TICKETS_HANDLE = "tickets.handle"
    TICKETS_MANAGE = "tickets.manage"
    REPLIES_MODERATE = "replies.moderate"
    PUBLISHERS_REVEAL = "publishers.reveal"
    OCCURRENCES_RECEIVE = "occurrences.receive"
    PROTOCOLS_READ = "protocols.read"
    WALLBOARD_READ = "wallboard.read"
    WORKSPACE_READ = "workspace.read"
    LEVELS_SAVE = "levels.save"
    WORKSPACE_SAVE = "workspace.save"


READ = frozenset({Permission.TICKETS_READ, Permission.WALLBOARD_READ, Permission.WORKSPACE_READ})
HANDLE = READ | {Permission.TICKETS_HANDLE}
SUPERVISE = HANDLE | {
    Permission.TICKETS_MANAGE,
    Permission.LEVELS_SAVE,
    Permission.REPLIES_MODERATE,
    Permission.PUBLISHERS_REVEAL,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    # Whoever is a person shows a proof to be told of a protocol, like everybody else.
    Role.ADMIN: frozenset(Permission) - {Permission.PROTOCOLS_READ},
    Role.SUPERVISOR: SUPERVISE,
    # A manager of one level is an attendant with TICKETS_MANAGE there: `Actor.manages` decides.
    Role.ATTENDANT: HANDLE | {Permission.TICKETS_MANAGE},
    Role.VIEWER: READ,
    # Often somebody of the client company: decides on replies, and sees no more than that needs.
    Role.APPROVER: frozenset({Permission.REPLIES_MODERATE}),
}

GRANTABLE = frozenset({Permission.REPLIES_MODERATE, Permission.PUBLISHERS_REVEAL})
"""What may be given to a person beyond their role."""


class Scope(StrEnum):
    """What an API key may be made for."""

    INGEST = "ingest"
    READ = "read"
    DISPLAY = "display"
    PROTOCOL = "protocol"


OF_LEVELS = frozenset({Scope.DISPLAY, Scope.PROTOCOL})
"""What a key may be made for of some levels alone; it has no other scope then."""


SCOPE_PERMISSIONS: dict[Scope, frozenset[Permission]] = {
    Scope.INGEST: frozenset({Permission.OCCURRENCES_RECEIVE}),
    Scope.READ: READ,
    Scope.DISPLAY: frozenset({Permission.WALLBOARD_READ}),
    Scope.PROTOCOL: frozenset({Permission.PROTOCOLS_READ}),
}


class ActorKind(StrEnum):
    PERSON = "PERSON"
    API_KEY = "API_KEY"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True)
class Actor:
    """Whoever acts, with every right they have at this moment."""

    kind: ActorKind
    workspace_id: UUID
    name: str
    permissions: frozenset[Permission]
    id: UUID | None = None
    role: Role | None = None
    memberships: dict[UUID, LevelRole] = field(default_factory=dict)
    open_levels: frozenset[UUID] = frozenset()
    """Levels whose outside view is FULL: everybody in the workspace may read them."""
    sees_all: bool = False
    session_id: UUID | None = None
    locale: Locale = Locale.PT_BR

    def can(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def principal(self) -> str:
        """Who an idempotency key belongs to."""
        return f"{self.kind.value}:{self.id}"

    @property
    def is_display(self) -> bool:
        """A device on a wall: shown figures and deadlines, and nothing about anybody."""
        return self.can(Permission.WALLBOARD_READ) and not self.can(Permission.TICKETS_READ)

    @property
    def only_approves(self) -> bool:
        """Sees tickets only as far as a reply of theirs is or was to be decided."""
        return self.role is Role.APPROVER

    @property
    def user_id(self) -> UUID | None:
        """The person, when it is one."""
        return self.id if self.kind is ActorKind.PERSON else None

    @property
    def readable(self) -> frozenset[UUID] | None:
        """The levels whose tickets may be seen; None means every level of the workspace."""
        if self.sees_all:
            return None
        return frozenset(self.memberships) | self.open_levels

    def sees(self, level_id: UUID) -> bool:
        return self.readable is None or level_id in self.readable

    def handles(self, level_id: UUID) -> bool:
        """May change tickets of that level."""
        if not self.can(Permission.TICKETS_HANDLE):
            return False
        return (
            self.kind is ActorKind.SYSTEM
            or self.role is Role.ADMIN
            or (level_id in self.memberships)
        )

    def moderates(self, level_id: UUID) -> bool:
        """May decide on replies of that level; on one's own never, which the rule sees to."""
        if not self.can(Permission.REPLIES_MODERATE):
            return False
        return self.kind is ActorKind.SYSTEM or self.role is Role.ADMIN or self._is_in(level_id)

    def _is_in(self, level_id: UUID) -> bool:
        return level_id in self.memberships

    def manages(self, level_id: UUID) -> bool:
        """May do what only a manager of that level may."""
        if not self.can(Permission.TICKETS_MANAGE):
            return False
        if self.kind is ActorKind.SYSTEM or self.role is Role.ADMIN:
            return True
        membership = self.memberships.get(level_id)
        return membership is LevelRole.MANAGER or (
            self.role is Role.SUPERVISOR and membership is not None
        )


def person(
    *,
    user_id: UUID,
    workspace_id: UUID,
    name: str,
    role: Role,
    memberships: dict[UUID, LevelRole],
    open_levels: frozenset[UUID],
    session_id: UUID | None = None,
    grants: frozenset[Permission] = frozenset(),
) -> Actor:
    return Actor(
        kind=ActorKind.PERSON,
        id=user_id,
        workspace_id=workspace_id,
        name=name,
        role=role,
        permissions=ROLE_PERMISSIONS[role] | (grants & GRANTABLE),
        memberships=memberships,
        # Levels that are open to the house are not open to who comes from outside it.
        open_levels=frozenset() if role is Role.APPROVER else open_levels,
        sees_all=role is Role.ADMIN,
        session_id=session_id,
    )


def api_key(
    *,
    key_id: UUID,
    workspace_id: UUID,
    name: str,
    scopes: frozenset[Scope],
    levels: frozenset[UUID] = frozenset(),
) -> Actor:
    """`levels` are those that a display shows, or whose protocols a partner may ask for; every
    other key that reads, reads all."""
    permissions = frozenset().union(*(SCOPE_PERMISSIONS[scope] for scope in scopes))
    reads = Permission.TICKETS_READ in permissions or Permission.PROTOCOLS_READ in permissions
    return Actor(
        kind=ActorKind.API_KEY,
        id=key_id,
        workspace_id=workspace_id,
        name=name,
        permissions=permissions,
        open_levels=levels,
        sees_all=reads and not levels,
    )


def nobody_in_particular(actor: Actor) -> Actor:
    """Their rights without them: what is answered to it may be told to all who have the same."""
    return replace(actor, id=None, name="", session_id=None)


def onlooker(workspace_id: UUID, levels: frozenset[UUID] | None) -> Actor:
    """Whoever stands before a wall that shows these levels (None: all); reads, and no more."""
    return Actor(
        kind=ActorKind.SYSTEM,
        workspace_id=workspace_id,
        name="Guichê",
        permissions=READ,
        open_levels=levels or frozenset(),
        sees_all=levels is None,
    )


def system(workspace_id: UUID, name: str = "Guichê") -> Actor:
    """The software itself: workers, webhooks and the command line."""
    return Actor(
        kind=ActorKind.SYSTEM,
        workspace_id=workspace_id,
        name=name,
        permissions=frozenset(Permission),
        sees_all=True,
    )
