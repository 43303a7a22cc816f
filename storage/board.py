"""Figures of levels, counted: one statement for all levels, however many tickets there are."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from domain.board import DayFigures, LevelFigures, RiskFigures
from domain.model.level import LevelMember
from domain.model.sla import SlaClock
from domain.model.ticket import Ticket
from domain.model.user import User
from domain.rules import states
from domain.rules.access import Actor
from domain.words import SlaMetric, SlaRisk, TicketStatus
from storage import access, parts
from storage.access import T_, columns
from storage.session import Session

C_, M_, U_ = columns(SlaClock), columns(LevelMember), columns(User)
MEASURED = (SlaMetric.FIRST_RESPONSE, SlaMetric.NEXT_RESPONSE, SlaMetric.RESOLUTION)


class BoardShelf:
    def __init__(self, session: Session, actor: Actor) -> None:
        self.session = session
        self.actor = actor

    async def levels(self, level_ids: Collection[UUID]) -> Mapping[UUID, LevelFigures]:
        waiting = and_(T_.assignee_id.is_(None), T_.status.in_(sorted(states.WAITING)))
        statement = (
            select(
                T_.level_id,
                _count(waiting),
                _count(T_.status == TicketStatus.OPEN),
                _count(T_.status == TicketStatus.PENDING),
                _count(T_.status == TicketStatus.AWAITING_APPROVAL),
                _count(T_.risk == SlaRisk.AT_RISK),
                _count(T_.risk == SlaRisk.BREACHED),
                func.min(T_.opened_at).filter(waiting),
            )
            .where(*self._tickets(level_ids), parts.alive())
            .group_by(T_.level_id)
        )
        found = {row[0]: LevelFigures(*row[1:]) for row in await self.session.execute(statement)}
        people = await self._available(level_ids)
        return {
            each: replace(found.get(each, LevelFigures()), attendants_available=people.get(each, 0))
            for each in level_ids
        }

    async def risks(self, level_ids: Collection[UUID]) -> RiskFigures:
        statement = select(
            _count(T_.risk == SlaRisk.ON_TIME),
            _count(T_.risk == SlaRisk.AT_RISK),
            _count(T_.risk == SlaRisk.BREACHED),
        ).where(*self._tickets(level_ids), parts.alive())
        return RiskFigures(*(await self.session.execute(statement)).one())

    async def day(self, level_ids: Collection[UUID], midnight: datetime) -> DayFigures:
        opened = select(func.count()).where(*self._tickets(level_ids), T_.opened_at >= midnight)
        resolved = select(func.count()).where(*self._tickets(level_ids), T_.resolved_at >= midnight)
        return DayFigures(
            opened=await self.session.scalar(opened) or 0,
            resolved=await self.session.scalar(resolved) or 0,
            met=await self._clocks(
                level_ids, and_(C_.met_at >= midnight, C_.breached_at.is_(None))
            ),
            missed=await self._clocks(level_ids, C_.breached_at >= midnight),
        )

    async def _clocks(self, level_ids: Collection[UUID], when: ColumnElement[bool]) -> int:
        statement = (
            select(func.count())
            .select_from(SlaClock)
            .join(Ticket, T_.id == C_.ticket_id)
            .where(
                C_.workspace_id == self.actor.workspace_id,
                access.readable(self.actor, C_.level_id, level_ids),
                C_.metric.in_(MEASURED),
                T_.removed_at.is_(None),
                when,
            )
        )
        return await self.session.scalar(statement) or 0

    async def _available(self, level_ids: Collection[UUID]) -> dict[UUID, int]:
        statement = (
            select(M_.level_id, func.count())
            .join(User, U_.id == M_.user_id)
            .where(
                M_.workspace_id == self.actor.workspace_id,
                M_.level_id.in_(sorted(level_ids)),
                U_.active,
                U_.available,
            )
            .group_by(M_.level_id)
        )
        return dict((await self.session.execute(statement)).all())

    def _tickets(self, level_ids: Collection[UUID]) -> list[ColumnElement[bool]]:
        return [access.tickets(self.actor, levels=level_ids)]


def _count(condition: ColumnElement[bool]) -> Any:
    return func.count().filter(condition)
