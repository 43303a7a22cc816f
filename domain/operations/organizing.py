"""Setting up: people, accounts, monitorings and ticket types."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from email_validator import EmailNotValidError, validate_email

from domain.answers import AccountSaved
from domain.errors import Duplicate, Invalid, NotFound, TooLong
from domain.model.account import Account, Monitoring, TicketType
from domain.model.user import User
from domain.model.workspace import Workspace
from domain.rules import checking
from domain.rules.access import GRANTABLE, Permission
from domain.words import TICKET_TYPES, Network, Priority, Role
from domain.work import Work

PASSWORD_LEAST, PASSWORD_MOST = 10, 200
KEYWORDS_MOST = 200
CONNECTION_MOST = 10_000
SHOWN_FROM = 12
"""Letters that a secret has, of which four are shown."""


async def found_workspace(
    work: Work, name: str, *, time_zone: str = "America/Sao_Paulo"
) -> Workspace:
    """A new client company with the usual ticket types; its levels come next."""
    plain = checking.name(name)
    if await work.identities.workspace_named(plain):
        raise Duplicate("name_taken", field=["name"], name=plain)
    workspace = Workspace(name=plain, time_zone=time_zone, created_at=work.now)
    await work.identities.add_workspace(workspace)
    return workspace


def usual_types(work: Work) -> None:
    """The six that most companies begin with."""
    for name in TICKET_TYPES:
        work.ticket_types.add(TicketType(workspace_id=work.actor.workspace_id, name=name))


@dataclass(frozen=True, kw_only=True)
class UserForm:
    name: str
    email: str
    role: Role
    id: UUID | None = None
    password: str | None = None
    active: bool | None = None
    grants: Sequence[str] | None = None
    """Permissions beyond the role; None leaves them."""


async def save_user(work: Work, form: UserForm) -> User:
    """A person, new or changed. Without an active administrator nobody could set anything up."""
    name, email = checking.name(form.name), address(form.email)
    if form.password is not None and not PASSWORD_LEAST <= len(form.password) <= PASSWORD_MOST:
        raise Invalid(
            "password_length", field=["password"], least=PASSWORD_LEAST, most=PASSWORD_MOST
        )
    owner = await work.identities.user_of_email(email)
    if owner is not None and owner.id != form.id:
        raise Duplicate("email_taken", field=["email"])
    granted = None if form.grants is None else _granted(form.grants)
    password_hash = await work.secrets.hash_password(form.password) if form.password else None

    if form.id is None:
        if password_hash is None:
            raise Invalid("password_required", field=["password"])
        user = User(
            workspace_id=work.actor.workspace_id,
            name=name,
            email=email,
            role=form.role,
            password_hash=password_hash,
            active=form.active is not False,
            created_at=work.now,
        )
        user.grant(granted or ())
        await work.users.put(user)
        return user

    user = await work.users.take(form.id)
    active = user.active if form.active is None else form.active
    admin = active and form.role is Role.ADMIN
    if user.role is Role.ADMIN and not admin and not await work.users.other_admins(user.id):
        raise Invalid("last_admin", field=["role" if active else "active"])
    user.rename(name)
    user.change_email(email)
    user.change_role(form.role)
    user.activate(active)
    if granted is not None:
        user.grant(granted)
    if password_hash is not None:
        user.change_password(password_hash)
    if password_hash is not None or not active:
        await work.users.end_sessions(user.id, work.now)
    work.rights_changed()
    return user


def _granted(names: Sequence[str]) -> frozenset[Permission]:
    known = {each.value: each for each in GRANTABLE}
    for name in names:
        if name not in known:
            told = ", ".join(sorted(known))
            raise Invalid("unknown_grant", field=["grants"], name=name, known=told)
    return frozenset(known[name] for name in names)


@dataclass(frozen=True, kw_only=True)
class AccountForm:
    network: Network
    name: str
    id: UUID | None = None
    handle: str | None = None
    external_id: str | None = None
    credentials: str | None = None
    connection: str | None = None
    enabled: bool | None = None


async def save_account(work: Work, form: AccountForm) -> AccountSaved:
    """An account, new or changed. A new one without credentials gets a secret, told once."""
    name = checking.name(form.name)
    handle = form.handle and checking.name(form.handle, ["handle"], 200)
    external_id = form.external_id and checking.identifier(form.external_id, ["externalId"])
    if form.credentials is not None:
        if not form.credentials.strip():
            raise Invalid("empty_text", field=["credentials"])
        if len(form.credentials) > 4_000:
            raise TooLong(
                "too_long", field=["credentials"], most=4_000, length=len(form.credentials)
            )
    connection = _connection(work, form.network, form.connection) if form.connection else None
    if connection and not external_id:
        external_id = connection.address
    same = await work.accounts.on_network(form.network, name)
    if same is not None and same.id != form.id:
        raise Duplicate("name_taken", field=["name"], name=name)

    if form.id is not None:
        account = await work.accounts.take(form.id)
        if account.network is not form.network:
            raise Invalid("network_fixed", field=["network"])
        account.describe(name, handle, external_id)
        if form.enabled is not None:
            account.enable(form.enabled)
        if form.credentials is not None:
            account.entrust(work.secrets.seal(form.credentials), _end(form.credentials), work.now)
        await _connect(work, account, form.connection, connection)
        return AccountSaved(account, None)

    made = None if form.credentials else work.secrets.make("hook").text
    account = Account(
        workspace_id=work.actor.workspace_id,
        network=form.network,
        name=name,
        handle=handle,
        external_id=external_id,
        enabled=form.enabled is not False,
        created_at=work.now,
    )
    secret = form.credentials or made or ""
    account.entrust(work.secrets.seal(secret), _end(secret), work.now)
    await work.accounts.put(account)
    await _connect(work, account, form.connection, connection)
    return AccountSaved(account, made)


def _end(secret: str) -> str | None:
    """What it ends with; of a short one that would be too much of it."""
    return secret[-4:] if len(secret) >= SHOWN_FROM else None


@dataclass(frozen=True, slots=True)
class Connection:
    """How a network is reached, checked: as it is kept, and as who."""

    text: str
    address: str | None


def _connection(work: Work, network: Network, text: str) -> Connection:
    if len(text) > CONNECTION_MOST:
        raise TooLong("too_long", field=["connection"], most=CONNECTION_MOST, length=len(text))
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("must_be_json", field=["connection"], name="connection") from None
    if not isinstance(told, dict):
        raise Invalid("must_be_object", field=["connection"], name="connection")
    whole = work.channels.connection(network, told)
    address = whole.get("address")
    return Connection(json.dumps(whole), address if isinstance(address, str) else None)


async def _connect(
    work: Work, account: Account, told: str | None, connection: Connection | None
) -> None:
    """Reached so from now on. An empty text disconnects; nothing said leaves it as it is."""
    if told is None:
        return
    account.connect(work.secrets.seal(connection.text) if connection else None, work.now)
    account.pause(None)
    mailbox = await work.mailboxes.take_of(account.id)
    if mailbox is not None:
        mailbox.begin_again(work.now)


@dataclass(frozen=True, kw_only=True)
class MonitoringForm:
    name: str
    level_id: UUID
    account_ids: Sequence[UUID]
    id: UUID | None = None
    keywords: Sequence[str] | None = None
    enabled: bool | None = None


async def save_monitoring(work: Work, form: MonitoringForm) -> Monitoring:
    """What is watched for a level. A change counts from the next post on."""
    name = checking.name(form.name)
    keywords = None if form.keywords is None else checking.tags(form.keywords, ["keywords"])
    if keywords and len(keywords) > KEYWORDS_MOST:
        raise Invalid("too_many", field=["keywords"], most=KEYWORDS_MOST, count=len(keywords))
    if form.level_id not in await work.levels.find([form.level_id]):
        raise NotFound("not_found", field=["levelId"], thing="level")
    if not form.account_ids:
        raise Invalid("none_given", field=["accountIds"])
    accounts = set(form.account_ids)
    if accounts - set(await work.accounts.find(accounts)):
        raise NotFound("not_found", field=["accountIds"], thing="account")
    same = await work.monitorings.named(name)
    if same is not None and same.id != form.id:
        raise Duplicate("name_taken", field=["name"], name=name)

    if form.id is None:
        monitoring = Monitoring(
            workspace_id=work.actor.workspace_id,
            name=name,
            level_id=form.level_id,
            keywords=list(keywords or ()),
            created_at=work.now,
        )
    else:
        monitoring = await work.monitorings.take(form.id)
        kept = monitoring.keywords if keywords is None else keywords
        monitoring.watch(name, form.level_id, kept)
    if form.enabled is not None:
        monitoring.enable(form.enabled)
    await work.monitorings.put(monitoring)
    await work.monitorings.set_accounts(monitoring.id, accounts)
    return monitoring


@dataclass(frozen=True, kw_only=True)
class TypeForm:
    name: str
    id: UUID | None = None
    level_id: UUID | None = None
    priority: Priority | None = None
    active: bool | None = None


async def save_ticket_type(work: Work, form: TypeForm) -> TicketType:
    name = checking.name(form.name)
    if form.level_id and form.level_id not in await work.levels.find([form.level_id]):
        raise NotFound("not_found", field=["levelId"], thing="level")
    same = await work.ticket_types.named(name)
    if same is not None and same.id != form.id:
        raise Duplicate("name_taken", field=["name"], name=name)

    if form.id is None:
        ticket_type = TicketType(workspace_id=work.actor.workspace_id, name=name)
        work.ticket_types.add(ticket_type)
    else:
        ticket_type = await work.ticket_types.take(form.id)
    ticket_type.describe(name, form.level_id, form.priority.value if form.priority else None)
    if form.active is not None:
        ticket_type.activate(form.active)
    return ticket_type


def address(email: str) -> str:
    """The e-mail in the one form in which it is kept."""
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise Invalid("email_invalid", field=["email"]) from None
