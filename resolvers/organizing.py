"""Setting up, asked by mutations."""

import strawberry

from domain.answers import AccountSaved, KeyMade
from domain.model.account import Monitoring, TicketType
from domain.model.level import Level
from domain.model.user import ApiKey, User
from domain.operations import levelling, organizing, signing
from domain.operations.levelling import LevelForm, MemberForm
from domain.operations.organizing import AccountForm, MonitoringForm, TypeForm, UserForm
from domain.words import (
    GroupingMode,
    LevelRole,
    Network,
    OutsideView,
    Priority,
    PullOrder,
    Role,
)
from resolvers.context import Info
from resolvers.inputs import VERSION, key, told, uuid, uuids

NEW = "Leave out to make a new one."


@strawberry.input(description="A person who works here.")
class SaveUserInput:
    id: strawberry.ID | None = told(NEW, default=None)
    name: str = told("What colleagues call them.")
    email: str = told("What they sign in with; one e-mail, one workspace.")
    role: Role = told("What they may do.")
    password: str | None = told("10 to 200 characters; required for a new user.", default=None)
    active: bool | None = told("false: they may not sign in any more.", default=None)
    idempotency_key: str | None = key()


async def save_user(info: Info, input: SaveUserInput) -> User:
    form = UserForm(
        id=uuid(input.id, "User", "id"),
        name=input.name,
        email=input.email,
        role=input.role,
        password=input.password,
        active=input.active,
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


@strawberry.input(description="A person in a level.")
class LevelMemberInput:
    user_id: strawberry.ID = told("Who.")
    role: LevelRole = told("What they are there.", default=LevelRole.ATTENDANT)
    capacity: int | None = told(
        "How many active tickets they can hold, 0 to 10,000; without one, any number.",
        default=None,
    )


@strawberry.input(description="A level, saved whole or not at all; what is not given stays.")
class SaveLevelInput:
    id: strawberry.ID | None = told(NEW, default=None)
    expected_version: int | None = told(VERSION, default=None)
    name: str = told("The name that monitorings choose it by.")
    default_priority: Priority | None = told("What its tickets open with.", default=None)
    grouping: GroupingMode | None = told("What makes a conversation.", default=None)
    group_old_occurrences: bool | None = told(
        "Show on a new ticket what the publisher had said before.", default=None
    )
    enabled: bool | None = told("false: new messages go to the fallback level.", default=None)
    pull_order: PullOrder | None = told("Which tickets Get tickets takes first.", default=None)
    batch_size: int | None = told("How many at once, 1 to 100; 10 in a new level.", default=None)
    claim_lease_seconds: int | None = told(
        "How long a pulled ticket may stay untouched, 10 to 86,400; 900 in a new level.",
        default=None,
    )
    comment_required: bool | None = told("Every change has to say why.", default=None)
    outside_view: OutsideView | None = told(
        "What people outside the level see of its tickets.", default=None
    )
    account_ids: list[strawberry.ID] | None = told(
        "The accounts it answers from; all of them.", default=None
    )
    members: list[LevelMemberInput] | None = told(
        "Its people; all of them. Open tickets of whoever is left out return to the queue.",
        default=None,
    )
    idempotency_key: str | None = key()


async def save_level(info: Info, input: SaveLevelInput) -> Level:
    members = None
    if input.members is not None:
        members = [
            MemberForm(
                user_id=uuid(each.user_id, "User", "members", str(place), "userId"),
                role=each.role,
                capacity=each.capacity,
            )
            for place, each in enumerate(input.members)
        ]
    form = LevelForm(
        id=uuid(input.id, "Level", "id"),
        expected_version=input.expected_version,
        name=input.name,
        default_priority=input.default_priority,
        grouping=input.grouping,
        group_old_occurrences=input.group_old_occurrences,
        enabled=input.enabled,
        pull_order=input.pull_order,
        batch_size=input.batch_size,
        claim_lease_seconds=input.claim_lease_seconds,
        comment_required=input.comment_required,
        outside_view=input.outside_view,
        account_ids=uuids(input.account_ids, "Account", "accountIds"),
        members=members,
    )
    return await info.context.once(input, levelling.save_level, form)


@strawberry.input(description="A program's way in.")
class CreateApiKeyInput:
    name: str = told("What colleagues call it.")
    scopes: list[str] = told("`ingest`: hand in messages. `read`: read every level.")


async def create_api_key(info: Info, input: CreateApiKeyInput) -> KeyMade:
    return await info.context.do(signing.make_key, input.name, input.scopes)


@strawberry.input(description="One thing, by its id.")
class DeleteInput:
    id: strawberry.ID = told("Which one.")


async def revoke_api_key(info: Info, input: DeleteInput) -> ApiKey:
    return await info.context.do(signing.revoke_key, uuid(input.id, "ApiKey", "id"))


@strawberry.input(description="Whether one takes new work.")
class AvailabilityInput:
    available: bool = told("true: on shift.")


async def set_availability(info: Info, input: AvailabilityInput) -> User:
    return await info.context.do(signing.set_availability, input.available)
