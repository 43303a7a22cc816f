"""A level, saved whole: its settings, its accounts and its members, or nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from domain.answers import LevelSaved
from domain.errors import Duplicate, Forbidden, Invalid, NotFound, VersionConflict
from domain.model.base import new_id
from domain.model.calendar import Calendar
from domain.model.level import Level, LevelMember
from domain.operations import scheduling
from domain.operations.scheduling import CalendarForm
from domain.rules import checking, receipts, sla
from domain.rules.access import ActorKind
from domain.rules.sla import Policy
from domain.words import (
    AssignmentStrategy,
    GroupingMode,
    LevelRole,
    OutsideView,
    Priority,
    PullOrder,
    Role,
    SlaMetric,
)
from domain.work import Work

CAPACITY_MOST = 10_000
LEASE_LEAST, LEASE_MOST = 10, 86_400
CLOSE_MOST = 365


@dataclass(frozen=True, kw_only=True)
class MemberForm:
    user_id: UUID
    role: LevelRole = LevelRole.ATTENDANT
    capacity: int | None = None
    exempt: bool | None = None
    """None leaves it; somebody new is not."""


class Never(Enum):
    """Said instead of a number of days."""

    NEVER = "NEVER"


class Usual(Enum):
    """Said instead of a text."""

    USUAL = "USUAL"


@dataclass(frozen=True, kw_only=True)
class LevelForm:
    """None leaves a thing as it is, or as usual in a new level."""

    name: str
    id: UUID | None = None
    expected_version: int | None = None
    default_priority: Priority | None = None
    grouping: GroupingMode | None = None
    group_old_occurrences: bool | None = None
    enabled: bool | None = None
    moderated: bool | None = None
    assignment: AssignmentStrategy | None = None
    pull_order: PullOrder | None = None
    batch_size: int | None = None
    claim_lease_seconds: int | None = None
    comment_required: bool | None = None
    outside_view: OutsideView | None = None
    auto_close_after_days: int | Never | None = None
    sends_receipts: bool | None = None
    receipt_text: str | Usual | None = None
    sla_targets: Sequence[tuple[Priority, SlaMetric, int]] | None = None
    unmeasured: Sequence[SlaMetric] | None = None
    warn_at_percent: Sequence[int] | None = None
    calendar_id: UUID | None = None
    calendar: CalendarForm | None = None
    account_ids: Sequence[UUID] | None = None
    members: Sequence[MemberForm] | None = None


async def save_level(work: Work, form: LevelForm) -> LevelSaved:
    """The level as it is now; FORBIDDEN to supervisors for levels that are not theirs."""
    name = checking.name(form.name)
    _check(form)
    level = await _level(work, form)
    same = await work.levels.named(name)
    if same is not None and (level is None or same.id != level.id):
        raise Duplicate("name_taken", field=["name"], name=name)
    workspace = await work.workspace()
    if form.enabled is False and level and workspace.fallback_level_id == level.id:
        raise Invalid("fallback_disabled", field=["enabled"])

    calendar = await _calendar(work, form, level)
    policy = _policy(form, await scheduling.policy_of(work, level) if level else sla.usual())
    if level is None:
        level = await _new(work, name, calendar, policy)
    else:
        await scheduling.renew_terms(work, level, policy, calendar)
    level.rename(name)
    if form.enabled is not None:
        level.enable(form.enabled)
    level.arrange(
        default_priority=form.default_priority,
        grouping=form.grouping,
        group_old_occurrences=form.group_old_occurrences,
        moderated=form.moderated,
        assignment=form.assignment,
        pull_order=form.pull_order,
        batch_size=form.batch_size,
        claim_lease_seconds=form.claim_lease_seconds,
        comment_required=form.comment_required,
        outside_view=form.outside_view,
        sends_receipts=form.sends_receipts,
    )
    if form.receipt_text is not None:
        level.confirm_with(_receipt(form.receipt_text))
    if isinstance(form.auto_close_after_days, Never):
        level.close_after(None)
    elif form.auto_close_after_days is not None:
        level.close_after(form.auto_close_after_days)
    if form.id is not None:
        level.saved()
    await work.levels.put(level)
    if workspace.fallback_level_id is None:
        workspace.fall_back_to(level.id)
    if form.account_ids is not None:
        await _set_accounts(work, level, form.account_ids)
    if form.members is not None:
        await _set_members(work, level, form.members)
    work.rights_changed()
    still_open = await work.tickets.open_in(level.id) if form.enabled is False else None
    return LevelSaved(level, still_open)


def _receipt(text: str | Usual) -> str | None:
    if isinstance(text, Usual):
        return None
    text = checking.text(text, ["receiptText"], receipts.TEXT_MOST)
    receipts.check(text, ["receiptText"])
    return text


def _check(form: LevelForm) -> None:
    if form.batch_size is not None:
        checking.number(form.batch_size, 100, ["batchSize"])
    if form.claim_lease_seconds is not None:
        checking.number(form.claim_lease_seconds, LEASE_MOST, ["claimLeaseSeconds"], LEASE_LEAST)
    if isinstance(form.auto_close_after_days, int):
        checking.number(form.auto_close_after_days, CLOSE_MOST, ["autoCloseAfterDays"])
    if form.calendar is not None and form.calendar_id is not None:
        raise Invalid("calendar_twice", field=["calendarId"])
    if form.warn_at_percent is not None:
        sla.check_warnings(form.warn_at_percent)
    for place, member in enumerate(form.members or ()):
        if member.capacity is not None:
            path = ["members", str(place), "capacity"]
            checking.number(member.capacity, CAPACITY_MOST, path, least=0)


async def _level(work: Work, form: LevelForm) -> Level | None:
    """The level, held; None when it is to be made."""
    administrator = work.actor.role is Role.ADMIN or work.actor.kind is ActorKind.SYSTEM
    if form.id is None:
        if not administrator:
            raise Forbidden("admin_only")
        return None

    level = await work.levels.take(form.id)
    if not administrator and level.id not in work.actor.memberships:
        raise Forbidden("not_a_member", field=["id"])
    if form.expected_version is not None and form.expected_version != level.version:
        raise VersionConflict(current=level, changed_fields=[])
    return level


async def _new(work: Work, name: str, calendar: Calendar, policy: Policy) -> Level:
    """Level and terms point at each other: the level is written first."""
    level_id = new_id()
    terms = scheduling.first_terms(level_id, calendar, policy, work)
    level = Level(
        id=level_id,
        workspace_id=work.actor.workspace_id,
        name=name,
        calendar_id=calendar.id,
        terms_id=terms.id,
        created_at=work.now,
    )
    await work.levels.put(level)
    await work.clocks.add_terms(terms)
    return level


async def _calendar(work: Work, form: LevelForm, level: Level | None) -> Calendar:
    """The calendar asked for, made or changed on the way; else the one it has, or the usual."""
    if form.calendar is not None:
        return await scheduling.keep_calendar(work, form.calendar)
    if form.calendar_id is not None:
        try:
            # Held, so that nobody drops it meanwhile.
            return await work.calendars.take(form.calendar_id)
        except NotFound as missing:
            raise missing.within(["calendarId"]) from None
    if level is not None:
        return await work.calendars.get(level.calendar_id)
    return await scheduling.usual_calendar(work)


def _policy(form: LevelForm, before: Policy) -> Policy:
    policy = before
    if form.sla_targets is not None or form.unmeasured is not None:
        policy = policy.with_targets(sla.read_targets(form.sla_targets or ()), form.unmeasured)
    if form.warn_at_percent is not None:
        policy = policy.warning_at(form.warn_at_percent)
    return policy


async def _set_accounts(work: Work, level: Level, account_ids: Sequence[UUID]) -> None:
    wanted = set(account_ids)
    if wanted - set(await work.accounts.find(wanted)):
        raise NotFound("not_found", field=["accountIds"], thing="account")
    await work.levels.set_accounts(level.id, wanted)


async def _set_members(work: Work, level: Level, forms: Sequence[MemberForm]) -> None:
    """The members from now on; open tickets of whoever left go back to the queue."""
    users = await work.users.find({form.user_id for form in forms})
    seen: set[UUID] = set()
    for place, form in enumerate(forms):
        path = ["members", str(place), "userId"]
        if form.user_id not in users:
            raise NotFound("not_found", field=path, thing="user")
        if form.user_id in seen:
            raise Invalid("member_twice", field=path, name=users[form.user_id].name)
        seen.add(form.user_id)

    before = {each.user_id: each for each in (await work.levels.members([level.id]))[level.id]}
    for form in forms:
        kept = before.pop(form.user_id, None)
        if kept is not None:
            exempt = kept.exempt if form.exempt is None else form.exempt
            kept.become(form.role, form.capacity, exempt=exempt)
        else:
            work.levels.admit(
                LevelMember(
                    level_id=level.id,
                    user_id=form.user_id,
                    workspace_id=level.workspace_id,
                    role=form.role,
                    capacity=form.capacity,
                    exempt=bool(form.exempt),
                )
            )
    for gone in before.values():
        await work.levels.dismiss(gone)
        left = (await work.users.find([gone.user_id]))[gone.user_id]
        for ticket in await work.tickets.take_held(gone.user_id, [level.id]):
            work.record(ticket, ticket.assign(left, None))
