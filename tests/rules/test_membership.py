"""Whether a ticket belongs in a list, before and after."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from domain.rules import membership
from domain.rules.membership import Face, TicketFilter
from domain.words import (
    Network,
    Priority,
    QueueChangeKind,
    SlaRisk,
    TicketOrigin,
    TicketStatus,
)

FINANCE, PEOPLE = UUID(int=1), UUID(int=2)
FACE = Face(
    level_id=FINANCE,
    status=TicketStatus.NEW,
    priority=Priority.HIGH,
    type_id=None,
    assignee_id=None,
    publisher_id=UUID(int=3),
    network=Network.INSTAGRAM,
    origin=TicketOrigin.INBOUND,
    tags=("vip", "troca"),
    protocol="20260914000000006",
    opened_at=datetime(2026, 9, 14, 12, 0, 0, 123456, tzinfo=UTC),
    search="pedido atrasado joao",
    removed=False,
)
NEWS = TicketFilter(statuses=frozenset({TicketStatus.NEW}))
OPENED = replace(FACE, status=TicketStatus.OPEN)


def test_a_face_survives_its_way_through_json() -> None:
    other = replace(FACE, type_id=UUID(int=7), assignee_id=UUID(int=8), removed=True)
    timed = replace(FACE, risk=SlaRisk.AT_RISK, terms_id=UUID(int=9))
    for face in (FACE, other, timed):
        assert Face.of_json(orjson.loads(orjson.dumps(face.as_json()))) == face


def test_a_face_from_before_there_were_clocks_owes_nothing() -> None:
    told = {key: value for key, value in FACE.as_json().items() if key not in ("r", "k")}

    assert Face.of_json(told) == FACE


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, FACE, QueueChangeKind.ENTERED),
        (OPENED, FACE, QueueChangeKind.ENTERED),
        (FACE, FACE, QueueChangeKind.UPDATED),
        (FACE, OPENED, QueueChangeKind.LEFT),
        (FACE, replace(FACE, removed=True), QueueChangeKind.LEFT),
        (OPENED, OPENED, None),
        (None, OPENED, None),
    ],
)
def test_a_list_is_told_who_entered_stayed_and_left(
    before: Face | None, after: Face, change: QueueChangeKind | None
) -> None:
    assert membership.change(NEWS, None, before, after) is change


def test_what_moves_out_of_sight_leaves_and_what_is_out_of_sight_says_nothing() -> None:
    moved = replace(FACE, level_id=PEOPLE)
    mine = frozenset({FINANCE})

    assert membership.change(NEWS, mine, FACE, moved) is QueueChangeKind.LEFT
    assert membership.change(NEWS, mine, moved, FACE) is QueueChangeKind.ENTERED
    assert membership.change(NEWS, mine, moved, moved) is None
    assert membership.change(NEWS, frozenset(), FACE, FACE) is None


def test_a_deadline_that_passes_moves_a_ticket_between_lists() -> None:
    late, risky = (
        TicketFilter(risks=frozenset({each})) for each in (SlaRisk.BREACHED, SlaRisk.AT_RISK)
    )
    before, after = (replace(FACE, risk=each) for each in (SlaRisk.AT_RISK, SlaRisk.BREACHED))

    assert membership.change(late, None, before, after) is QueueChangeKind.ENTERED
    assert membership.change(risky, None, before, after) is QueueChangeKind.LEFT
    assert membership.change(late, None, after, after) is QueueChangeKind.UPDATED


def test_an_empty_list_of_anything_is_satisfied_by_no_ticket() -> None:
    assert not TicketFilter(level_ids=frozenset()).matches(FACE)
    assert not TicketFilter(statuses=frozenset()).matches(FACE)
    assert not TicketFilter(risks=frozenset()).matches(FACE)


def test_nothing_asked_is_satisfied_by_every_ticket_that_is_there() -> None:
    assert TicketFilter().matches(FACE)
    assert not TicketFilter().matches(replace(FACE, removed=True))


def test_every_word_and_every_tag_has_to_be_there() -> None:
    assert TicketFilter(search="JOÃO pedido").matches(FACE)
    assert not TicketFilter(search="joão cancelado").matches(FACE)
    assert TicketFilter(tags=("troca", "vip")).matches(FACE)
    assert not TicketFilter(tags=("troca", "novo")).matches(FACE)


def test_a_period_has_its_beginning_and_not_its_end() -> None:
    assert TicketFilter(opened_from=FACE.opened_at).matches(FACE)
    assert not TicketFilter(opened_to=FACE.opened_at).matches(FACE)
