"""A filter says the same of a ticket's face and of its row: lists and live lists agree."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.model.ticket import Ticket
from domain.operations import deadlines, handling, organizing
from domain.operations.handling import TicketChange
from domain.operations.organizing import TypeForm
from domain.page import Window
from domain.rules.membership import TicketFilter
from domain.words import (
    CloseReason,
    Network,
    OrderDirection,
    Priority,
    SlaMetric,
    SlaRisk,
    TicketOrderField,
    TicketOrigin,
    TicketStatus,
)
from storage.access import columns
from storage.work import Storage
from tests.world import MONDAY_NOON, World

STRANGER = uuid4()
MOMENTS = [MONDAY_NOON + timedelta(minutes=minute, microseconds=minute) for minute in range(-1, 6)]
TAGS = ["vip", "VIP", "Vip%", "v_p", "vip2", "ação", "acao", "a\\b"]
# Of what is opened within five minutes, some is nearly due at the end of them and some is late.
TARGETS = [
    (Priority.MEDIUM, SlaMetric.RESOLUTION, 330),
    (Priority.URGENT, SlaMetric.RESOLUTION, 120),
]
WORDS = ["Pedido", "AÇÃO", "acao", "100%", "1_0", "a\\b", "ß", "İstanbul", "ﬁm", "'", "ΣΑΣ", "x"]


Company = tuple[World, list[Ticket], list[UUID]]


@pytest.fixture(scope="session")
async def company(storage: Storage) -> Company:
    """Tickets that differ in everything a filter can ask for."""
    world = await World.founded(storage)
    finance = await world.level("Financeiro", sla_targets=TARGETS, unmeasured=list(SlaMetric))
    levels = [world.triage, finance]
    ana = await world.person("Ana", level=levels)
    typed = await world.do(organizing.save_ticket_type, TypeForm(name="Cobrança"))
    tickets: list[Ticket] = []
    for number in range(16):
        ticket = await world.ticket(
            levels[number % 2],
            subject=f"{WORDS[number % len(WORDS)]} {WORDS[(number * 5) % len(WORDS)]}",
            status=[TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING][number % 3],
            priority=list(Priority)[number % 4],
            network=[Network.PHONE, Network.EMAIL][number // 3 % 2],
            type_id=typed.id if number % 5 == 0 else None,
            assignee_id=ana.id if number % 4 == 1 else None,
            by=ana if number % 7 == 0 else None,
        )
        tags = (TAGS[number % len(TAGS)], TAGS[(number * 3) % len(TAGS)])
        await world.do(handling.update, ticket.id, TicketChange(add_tags=tags))
        tickets.append(ticket)
        if number % 3 == 2:
            world.later(timedelta(minutes=1, microseconds=1))
    await world.do(handling.finish, tickets[3].id, CloseReason.SPAM, "spam")
    await world.do(handling.remove, tickets[4].id, "engano")
    await world.do(deadlines.notice)
    people = [finance.id, world.triage.id, ana.id, typed.id, STRANGER]
    return world, tickets, people


def filters(
    world: World, tickets: list[Ticket], ids: list[UUID]
) -> st.SearchStrategy[TicketFilter]:
    finance, triage, ana, typed, _ = ids

    def some(values: Iterable[Any]) -> st.SearchStrategy[Any]:
        return st.none() | st.frozensets(st.sampled_from(list(values)), max_size=3)

    return st.builds(
        TicketFilter,
        level_ids=some([finance, triage, STRANGER]),
        statuses=some(TicketStatus),
        priorities=some(Priority),
        type_ids=some([typed, STRANGER]),
        networks=some([Network.PHONE, Network.EMAIL, Network.X]),
        assignee_ids=some([ana, STRANGER]),
        unassigned=st.sampled_from([None, None, True, False]),
        publisher_id=st.sampled_from([None, None, None, tickets[0].publisher_id, STRANGER]),
        origins=some([TicketOrigin.MANUAL, TicketOrigin.API]),
        tags=st.none() | st.lists(st.sampled_from(TAGS), max_size=2).map(tuple),
        protocol=st.sampled_from([None, None, None, tickets[1].protocol, "1"]),
        risks=some(SlaRisk),
        search=st.none() | st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
        opened_from=st.sampled_from([None, None, *MOMENTS]),
        opened_to=st.sampled_from([None, None, *MOMENTS]),
    )


# A failing example says what was asked; shrinking it would show the whole company each time.
@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(data=st.data())
async def test_a_filter_finds_the_rows_whose_faces_it_matches(
    company: Company, data: st.DataObject
) -> None:
    world, tickets, ids = company
    asked = data.draw(filters(world, tickets, ids))
    # One thing alone finds more than everything at once.
    only = data.draw(st.none() | st.sampled_from([each.name for each in fields(TicketFilter)]))
    if only is not None:
        asked = replace(TicketFilter(), **{only: getattr(asked, only)})

    async with world.storage.reading(world.system) as work:
        order = TicketOrderField.OPENED_AT, OrderDirection.ASC
        page = await work.tickets.page(asked, *order, Window(100))
        counts = await work.tickets.counts(asked)
        # Removed tickets too, which no shelf gives.
        rows = [await work.session.get(Ticket, ticket.id) for ticket in tickets]

    found = {columns(ticket).id for ticket in page.nodes}
    assert found == {row.id for row in rows if row is not None and asked.matches(row.face)}
    assert counts.total == len(found) == sum(each.count for each in counts.by_status)
    assert sum(each.count for each in counts.by_priority) == len(found)


@pytest.mark.parametrize("tag", TAGS)
async def test_a_tag_is_found_as_it_is_written(company: Company, tag: str) -> None:
    world, tickets, _ = company
    asked = TicketFilter(tags=(tag,))

    async with world.storage.reading(world.system) as work:
        rows = [await work.session.get(Ticket, ticket.id) for ticket in tickets]
        counted = (await work.tickets.counts(asked)).total

    assert counted == len([row for row in rows if row and asked.matches(row.face)]) > 0


@pytest.mark.parametrize("risk", SlaRisk)
async def test_a_risk_is_found_as_it_was_told(company: Company, risk: SlaRisk) -> None:
    world, tickets, _ = company
    asked = TicketFilter(risks=frozenset({risk}))

    async with world.storage.reading(world.system) as work:
        rows = [await work.session.get(Ticket, ticket.id) for ticket in tickets]
        counted = (await work.tickets.counts(asked)).total

    assert counted == len([row for row in rows if row and asked.matches(row.face)]) > 0
