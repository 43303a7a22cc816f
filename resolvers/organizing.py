"""Setting up, asked by mutations."""

import strawberry

from domain.answers import AccountSaved, KeyMade
from domain.model.account import Monitoring, TicketType
from domain.model.user import ApiKey, User
from domain.operations import organizing, signing
from domain.operations.organizing import AccountForm, MonitoringForm, TypeForm, UserForm
from domain.words import Network, Priority, Role
from resolvers.context import Info
from resolvers.inputs import NEW, VERSION, key, told, uuid, uuids


@strawberry.input(description="A person who works here.")
class SaveUserInput:
    id: strawberry.ID | None = told(NEW, default=None)
    name: str = told("What colleagues call them.")
    email: str = told("What they sign in with; one e-mail, one workspace.")
    role: Role = told("What they may do.")
    password: str | None = told("10 to 200 characters; required for a new user.", default=None)
    active: bool | None = told("false: they may not sign in any more.", default=None)
    grants: list[str] | None = told(
        "Permissions beyond the role, all of them: `replies.moderate`, `publishers.reveal`. They "
        "stay as they are when not said.",
        default=None,
    )
    idempotency_key: str | None = key()


async def save_user(info: Info, input: SaveUserInput) -> User:
    form = UserForm(
        id=uuid(input.id, "User", "id"),
        name=input.name,
        email=input.email,
        role=input.role,
        password=input.password,
        active=input.active,
        grants=input.grants,
    )
    return await info.context.once(input, organizing.save_user, form)


@strawberry.input(description="The company's presence on a network.")
class SaveAccountInput:
    id: strawberry.ID | None = told(NEW, default=None)
    network: Network = told("Which network; fixed once saved.")
    name: str = told("What colleagues call it.")
    handle: str | None = told("Its handle there.", default=None)
    external_id: str | None = told("The network's own id of it.", default=None)
    credentials: str | None = told(
        "The secret that signs its webhook; kept encrypted, never shown again. A new account "
        "without one is given one.",
        default=None,
    )
    connection: str | None = told(
        "How the network is reached, as JSON; kept encrypted, never shown again. What stands in it "
        "differs by network: see docs/channels.md. An empty text disconnects.",
        default=None,
    )
    enabled: bool | None = told("false: what arrives for it is refused.", default=None)
    idempotency_key: str | None = key()


async def save_account(info: Info, input: SaveAccountInput) -> AccountSaved:
    form = AccountForm(
        id=uuid(input.id, "Account", "id"),
        network=input.network,
        name=input.name,
        handle=input.handle,
        external_id=input.external_id,
        credentials=input.credentials,
        connection=input.connection,
        enabled=input.enabled,
    )
    return await info.context.once(input, organizing.save_account, form)


@strawberry.input(description="What is watched, and for which level.")
class SaveMonitoringInput:
    id: strawberry.ID | None = told(NEW, default=None)
    name: str = told("What colleagues call it.")
    level_id: strawberry.ID = told("Where its messages go, from the next one on.")
    account_ids: list[strawberry.ID] = told("The accounts it watches.")
    keywords: list[str] | None = told(
        "Only messages with one of these words; without any, all that others do not claim.",
        default=None,
    )
    enabled: bool | None = told("false: it watches nothing.", default=None)
    idempotency_key: str | None = key()


async def save_monitoring(info: Info, input: SaveMonitoringInput) -> Monitoring:
    form = MonitoringForm(
        id=uuid(input.id, "Monitoring", "id"),
        name=input.name,
        level_id=uuid(input.level_id, "Level", "levelId"),
        account_ids=uuids(input.account_ids, "Account", "accountIds") or [],
        keywords=input.keywords,
        enabled=input.enabled,
    )
    return await info.context.once(input, organizing.save_monitoring, form)


@strawberry.input(description="A kind of case, in the company's own words.")
class SaveTicketTypeInput:
    id: strawberry.ID | None = told(NEW, default=None)
    name: str = told("Its name.")
    level_id: strawberry.ID | None = told("The level that usually handles it.", default=None)
    priority: Priority | None = told("What such tickets open with.", default=None)
    active: bool | None = told("false: it can no longer be chosen.", default=None)
    idempotency_key: str | None = key()


async def save_ticket_type(info: Info, input: SaveTicketTypeInput) -> TicketType:
    form = TypeForm(
        id=uuid(input.id, "TicketType", "id"),
        name=input.name,
        level_id=uuid(input.level_id, "Level", "levelId"),
        priority=input.priority,
        active=input.active,
    )
    return await info.context.once(input, organizing.save_ticket_type, form)


@strawberry.input(description="A program's way in.")
class CreateApiKeyInput:
    name: str = told("What colleagues call it.")
    scopes: list[str] = told(
        "`ingest`: hand in messages. `read`: read every level. `display`: show figures and "
        "deadlines of chosen levels on a wall, and nothing else. `protocol`: ask where tickets "
        "stand by their protocols, without a proof."
    )
    level_ids: list[strawberry.ID] | None = told(
        "The levels that a display shows: the scope `display` needs them. With the scope "
        "`protocol` alone: those whose tickets may be asked for; else all.",
        default=None,
    )


async def create_api_key(info: Info, input: CreateApiKeyInput) -> KeyMade:
    levels = uuids(input.level_ids, "Level", "levelIds")
    return await info.context.do(signing.make_key, input.name, input.scopes, levels)


@strawberry.input(description="One thing, by its id.")
class DeleteInput:
    id: strawberry.ID = told("Which one.")
    expected_version: int | None = told(f"{VERSION} A key has no versions.", default=None)
    idempotency_key: str | None = key()


async def revoke_api_key(info: Info, input: DeleteInput) -> ApiKey:
    return await info.context.once(input, signing.revoke_key, uuid(input.id, "ApiKey", "id"))


@strawberry.input(description="Whether one takes new work.")
class AvailabilityInput:
    available: bool = told("true: on shift.")


async def set_availability(info: Info, input: AvailabilityInput) -> User:
    return await info.context.do(signing.set_availability, input.available)
