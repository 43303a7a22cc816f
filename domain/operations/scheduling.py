"""When levels are open and what they owe by when: calendars, policies, and the terms of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import time
from uuid import UUID

from domain.answers import Deleted
from domain.errors import Duplicate, Forbidden, Invalid, NotFound, Refusal, VersionConflict
from domain.model.calendar import Calendar
from domain.model.level import Level
from domain.model.sla import SlaTerms
from domain.rules import checking, hours
from domain.rules.access import ActorKind
from domain.rules.hours import DayException, Hours, WeeklyInterval
from domain.rules.sla import Policy
from domain.words import Role
from domain.work import Work

USUAL_NAME = "Horário comercial"
USUAL_DAY = ((time(9), time(12)), (time(13), time(18)))


@dataclass(frozen=True, kw_only=True)
class CalendarForm:
    name: str
    time_zone: str
    intervals: Sequence[WeeklyInterval]
    id: UUID | None = None
    exceptions: Sequence[DayException] | None = None
    """None leaves those of an old calendar as they are."""
    national_holidays: bool = True
    optional_holidays: bool = False
    holiday_state: str | None = None
    path: Sequence[str] = field(default=())
    """Where in the input the form stands, for refusals."""


async def save_calendar(work: Work, form: CalendarForm) -> Calendar:
    """The calendar as it is now; its levels go by it with their next tickets."""
    return await keep_calendar(work, form)


async def delete_calendar(
    work: Work, calendar_id: UUID, expected_version: int | None = None
) -> Deleted:
    """Gone; INVALID while a level is open by it."""
    calendar = await work.calendars.take(calendar_id)
    if expected_version is not None and expected_version != calendar.version:
        raise VersionConflict(current=calendar, changed_fields=[])
    levels = await work.calendars.take_levels(calendar.id)
    if levels:
        names = ", ".join(sorted(level.name for level in levels))
        raise Invalid("calendar_used", field=["id"], levels=names)
    await work.calendars.drop(calendar)
    return Deleted("Calendar", calendar.id)


async def keep_calendar(work: Work, form: CalendarForm) -> Calendar:
    name = checking.name(form.name, [*form.path, "name"])
    old = await _taken(work, form)
    exceptions = form.exceptions
    if exceptions is None:
        exceptions = old.hours.exceptions if old else ()
    wanted = Hours(
        time_zone=form.time_zone,
        intervals=tuple(form.intervals),
        exceptions=tuple(exceptions),
        national_holidays=form.national_holidays,
        optional_holidays=form.optional_holidays,
        holiday_state=form.holiday_state,
    )
    try:
        hours.check(wanted)
    except Refusal as refusal:
        raise refusal.within(form.path) from None
    same = await work.calendars.named(name)
    if same is not None and (old is None or same.id != old.id):
        raise Duplicate("name_taken", field=[*form.path, "name"], name=name)

    if old is None:
        calendar = Calendar(
            workspace_id=work.actor.workspace_id,
            name=name,
            told=wanted.as_json(),
            created_at=work.now,
        )
        await work.calendars.put(calendar)
        return calendar
    levels = await work.calendars.take_levels(old.id)
    if not _administrator(work) and any(each.id not in work.actor.memberships for each in levels):
        raise Forbidden("calendar_of_others", field=[*form.path, "id"])
    if old.change(name, wanted):
        for level in levels:
            await renew_terms(work, level, await policy_of(work, level), old)
    return old


async def _taken(work: Work, form: CalendarForm) -> Calendar | None:
    if form.id is None:
        return None
    try:
        return await work.calendars.take(form.id)
    except NotFound as missing:
        raise missing.within([*form.path, "id"]) from None


async def usual_calendar(work: Work) -> Calendar:
    """What a level is open by that was given no calendar: Monday to Friday, with a lunch break."""
    found = await work.calendars.named(USUAL_NAME)
    if found is not None:
        # Held, so that nobody drops it meanwhile.
        return await work.calendars.take(found.id)
    week = tuple(WeeklyInterval(day, *each) for day in range(1, 6) for each in USUAL_DAY)
    zone = (await work.workspace()).time_zone
    calendar = Calendar(
        workspace_id=work.actor.workspace_id,
        name=USUAL_NAME,
        told=Hours(zone, week, national_holidays=True).as_json(),
        created_at=work.now,
    )
    await work.calendars.put(calendar)
    return calendar


async def policy_of(work: Work, level: Level) -> Policy:
    return (await work.clocks.terms([level.terms_id]))[level.terms_id].policy


def first_terms(level_id: UUID, calendar: Calendar, policy: Policy, work: Work) -> SlaTerms:
    return _terms(level_id, calendar, policy, work, version=1)


async def renew_terms(work: Work, level: Level, policy: Policy, calendar: Calendar) -> None:
    """New terms, where the policy or the hours are other ones; open tickets keep theirs."""
    now = (await work.clocks.terms([level.terms_id]))[level.terms_id]
    if now.policy == policy and now.terms.hours == calendar.hours:
        level.go_by(calendar.id, now.id)
        return
    terms = _terms(level.id, calendar, policy, work, version=now.version + 1)
    await work.clocks.add_terms(terms)
    level.go_by(calendar.id, terms.id)


def _terms(
    level_id: UUID, calendar: Calendar, policy: Policy, work: Work, *, version: int
) -> SlaTerms:
    return SlaTerms(
        workspace_id=calendar.workspace_id,
        level_id=level_id,
        version=version,
        calendar_id=calendar.id,
        calendar_version=calendar.version,
        policy_told=policy.as_json(),
        hours_told=dict(calendar.told),
        created_at=work.now,
    )


def _administrator(work: Work) -> bool:
    return work.actor.role is Role.ADMIN or work.actor.kind is ActorKind.SYSTEM
