"""A level, saved whole: everything that a form in five steps asks for, in one call."""

from collections.abc import Collection
from uuid import UUID

import strawberry

from domain.answers import LevelSaved
from domain.operations import levelling
from domain.operations.levelling import LevelForm, MemberForm, Never, Usual
from domain.words import (
    AssignmentStrategy,
    GroupingMode,
    LevelRole,
    OutsideView,
    Priority,
    PullOrder,
    SlaMetric,
)
from domain.work import Work
from resolvers import recomputing
from resolvers.context import Info
from resolvers.inputs import NEW, VERSION, key, told, uuid, uuids
from resolvers.scheduling import SaveCalendarInput, calendar_form


@strawberry.input(description="A person in a level.")
class LevelMemberInput:
    user_id: strawberry.ID = told("Who.")
    role: LevelRole = told("What they are there.", default=LevelRole.ATTENDANT)
    capacity: int | None = told(
        "How many active tickets they can hold, 0 to 10,000; without one, any number.",
        default=None,
    )
    exempt: bool | None = told(
        "true: answers without approval where the level is moderated. Who is there already keeps "
        "it when not said.",
        default=None,
    )


@strawberry.input(description="How long something may take, for tickets of one priority.")
class SlaTargetInput:
    priority: Priority = told("Of tickets with this priority.")
    metric: SlaMetric = told("What is measured.")
    seconds: int = told(
        "Seconds of opening time, 1 to 31,622,400. LEGAL_RESPONSE: whole calendar days, in seconds."
    )


@strawberry.input(description="A level, saved whole or not at all; what is not given stays.")
class SaveLevelInput:
    id: strawberry.ID | None = told(NEW, default=None)
    expected_version: int | None = told(VERSION, default=None)
    name: str = told("The name that monitorings choose it by.")
    default_priority: Priority | None = told("What its tickets open with.", default=None)
    moderated: bool | None = told("Replies wait for a moderator before they leave.", default=None)
    grouping: GroupingMode | None = told("What makes a conversation.", default=None)
    group_old_occurrences: bool | None = told(
        "Show on a new ticket what the publisher had said before.", default=None
    )
    enabled: bool | None = told(
        "false: new messages go to the fallback level; what is open here stays.", default=None
    )
    assignment: AssignmentStrategy | None = told(
        "How tickets find somebody; MANUAL_PULL in a new level.", default=None
    )
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
    auto_close_after_days: int | None = told(
        "Opening days after which a RESOLVED ticket is closed, 1 to 365; 3 in a new level. Null: "
        "never. Left out: as it is.",
        default=strawberry.UNSET,
    )
    sends_receipts: bool | None = told(
        "Whoever opens a ticket by writing is answered by itself, with its protocol and the date; "
        "not in a new level.",
        default=None,
    )
    receipt_text: str | None = told(
        "What that answer says, at most 1,000 characters, with `{{protocol}}` and `{{date}}` in "
        "it; `{{publisher.firstName}}`, `{{publisher.name}}` and `{{company}}` may be, too. Null: "
        "the usual. Left out: as it is.",
        default=strawberry.UNSET,
    )
    sla_targets: list[SlaTargetInput] | None = told(
        "Targets that change; the others stay. A new level starts with the usual ones.",
        default=None,
    )
    unmeasured: list[SlaMetric] | None = told(
        "Metrics that this level is not to measure any more. Giving one a target measures it.",
        default=None,
    )
    warn_at_percent: list[int] | None = told(
        "At which shares of a target to warn, rising from 1 to 100, at most 10; 50, 75, 90 and 100 "
        "in a new level. The breach is told whether 100 is listed or not.",
        default=None,
    )
    apply_to_open_tickets: bool | None = told(
        "true: tickets that are open move to the level's targets and hours of now. Otherwise they "
        "keep those they were opened under. See recomputeSla.",
        default=None,
    )
    account_ids: list[strawberry.ID] | None = told(
        "The accounts it answers from; all of them.", default=None
    )
    calendar_id: strawberry.ID | None = told("The calendar it is open by.", default=None)
    calendar: SaveCalendarInput | None = told(
        "Or a calendar to be saved with it; its key is not looked at. A new level that is given "
        "neither is open Monday to Friday, 9 to 12 and 13 to 18.",
        default=None,
    )
    members: list[LevelMemberInput] | None = told(
        "Its people; all of them. Open tickets of whoever is left out return to the queue.",
        default=None,
    )
    idempotency_key: str | None = key()


async def save_level(info: Info, input: SaveLevelInput) -> LevelSaved:
    """Saved, and open tickets moved where that was asked for."""
    every_level = input.calendar is not None and input.calendar.apply_to_open_tickets

    async def touched(work: Work, saved: LevelSaved) -> Collection[UUID]:
        if every_level:
            return await recomputing.open_by(work, saved.level.calendar_id)
        return [saved.level.id]

    form = _form(input)
    if not every_level and not input.apply_to_open_tickets:
        return await info.context.once(input, levelling.save_level, form)
    return await recomputing.save_and_move(info.context, input, levelling.save_level, form, touched)


def _form(input: SaveLevelInput) -> LevelForm:
    targets = input.sla_targets
    return LevelForm(
        id=uuid(input.id, "Level", "id"),
        expected_version=input.expected_version,
        name=input.name,
        default_priority=input.default_priority,
        moderated=input.moderated,
        grouping=input.grouping,
        group_old_occurrences=input.group_old_occurrences,
        enabled=input.enabled,
        assignment=input.assignment,
        pull_order=input.pull_order,
        batch_size=input.batch_size,
        claim_lease_seconds=input.claim_lease_seconds,
        comment_required=input.comment_required,
        outside_view=input.outside_view,
        auto_close_after_days=_days(input.auto_close_after_days),
        sends_receipts=input.sends_receipts,
        receipt_text=_text(input.receipt_text),
        sla_targets=[(each.priority, each.metric, each.seconds) for each in targets]
        if targets is not None
        else None,
        unmeasured=input.unmeasured,
        warn_at_percent=input.warn_at_percent,
        account_ids=uuids(input.account_ids, "Account", "accountIds"),
        calendar_id=uuid(input.calendar_id, "Calendar", "calendarId"),
        calendar=calendar_form(input.calendar, "calendar") if input.calendar else None,
        members=_members(input.members),
    )


def _days(given: int | None) -> int | Never | None:
    """Left out, it stays; null is an answer of its own."""
    if given is strawberry.UNSET:
        return None
    return Never.NEVER if given is None else given


def _text(given: str | None) -> str | Usual | None:
    """Left out, it stays; null is an answer of its own."""
    if given is strawberry.UNSET:
        return None
    return Usual.USUAL if given is None else given


def _members(given: list[LevelMemberInput] | None) -> list[MemberForm] | None:
    if given is None:
        return None
    return [
        MemberForm(
            user_id=uuid(each.user_id, "User", "members", str(place), "userId"),
            role=each.role,
            capacity=each.capacity,
            exempt=each.exempt,
        )
        for place, each in enumerate(given)
    ]
