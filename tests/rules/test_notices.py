"""Somebody is told what concerns them, in their language, and nothing of their own doing."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.rules import notices
from domain.rules.notices import NoticeKind
from domain.words import ApprovalState, HistoryKind, Locale, SlaMetric

ANA, BIA = uuid4(), uuid4()
PROTOCOL = "20260914123456781"


@dataclass(frozen=True)
class Entry:
    kind: HistoryKind
    actor_id: UUID | None = BIA
    actor_name: str = "Bia"
    was_id: UUID | None = None
    became_id: UUID | None = None
    became: str | None = None
    concerns: tuple[str, ...] = ()
    after: dict[str, Any] = field(default_factory=lambda: held_by(None))


def held_by(who: UUID | None) -> dict[str, Any]:
    return {"a": who.hex if who else None, "c": PROTOCOL}


CONCERNS = {"concerns": (str(ANA),)}
KIND = HistoryKind


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry(KIND.ASSIGNEE_CHANGED, became_id=ANA), NoticeKind.ASSIGNED),
        (Entry(KIND.ASSIGNEE_CHANGED, actor_id=None, became_id=ANA), NoticeKind.ASSIGNED),
        (Entry(KIND.CLAIMED, actor_id=None, became_id=ANA), NoticeKind.ASSIGNED),
        (Entry(KIND.ASSIGNEE_CHANGED, actor_id=ANA, became_id=ANA), None),
        (Entry(KIND.CLAIMED, actor_id=ANA, became_id=ANA), None),
        (Entry(KIND.ASSIGNEE_CHANGED, was_id=ANA, became_id=ANA), None),
        (Entry(KIND.ASSIGNEE_CHANGED, was_id=ANA, became_id=BIA), None),
        (Entry(KIND.APPROVAL_DECIDED, became="APPROVED", concerns=(str(ANA),)), NoticeKind.DECIDED),
        (Entry(KIND.APPROVAL_DECIDED, actor_id=ANA, concerns=(str(ANA),)), None),
        (Entry(KIND.NOTE_ADDED, concerns=(str(BIA), str(ANA))), NoticeKind.MENTIONED),
        (Entry(KIND.NOTE_ADDED, actor_id=ANA, concerns=(str(ANA),)), None),
        (Entry(KIND.NOTE_ADDED, concerns=(str(BIA),), after=held_by(ANA)), None),
        (Entry(KIND.REPLY_FAILED, actor_id=None, concerns=(str(ANA),)), NoticeKind.REPLY_FAILED),
        (Entry(KIND.REPLY_UNKNOWN, actor_id=None, concerns=(str(ANA),)), NoticeKind.REPLY_UNKNOWN),
        (Entry(KIND.SLA_WARNING, actor_id=None, after=held_by(ANA)), NoticeKind.AT_RISK),
        (Entry(KIND.SLA_BREACHED, actor_id=None, after=held_by(ANA)), NoticeKind.BREACHED),
        # Whoever's act made it late is told all the same.
        (Entry(KIND.SLA_BREACHED, actor_id=ANA, after=held_by(ANA)), NoticeKind.BREACHED),
        (Entry(KIND.SLA_BREACHED, after=held_by(BIA)), None),
        (Entry(KIND.SLA_BREACHED), None),
        (Entry(KIND.ALERT_SENT, actor_id=None, after=held_by(ANA)), NoticeKind.ALERT),
        (Entry(KIND.STATUS_CHANGED, after=held_by(ANA)), None),
        (Entry(KIND.OCCURRENCE_RECEIVED, actor_id=None, after=held_by(ANA)), None),
    ],
    ids=lambda each: f"{each.kind.value}" if isinstance(each, Entry) else str(each),
)
def test_what_it_is_to_ana(entry: Entry, expected: NoticeKind | None) -> None:
    assert notices.kind_for(entry, ANA) is expected


def test_every_notice_has_words_in_both_languages() -> None:
    wanted = {*NoticeKind, *ApprovalState} - {NoticeKind.DECIDED, ApprovalState.SUBMITTED}

    assert set(notices.WORDS) == wanted
    for words in notices.WORDS.values():
        assert set(words) == set(Locale)
        assert all(words.values())


@pytest.mark.parametrize("metric", SlaMetric)
def test_a_deadline_is_called_by_its_name(metric: SlaMetric) -> None:
    warned = Entry(KIND.SLA_WARNING, became=f"{metric.value} 80%", after=held_by(ANA))

    told = [notices.sentence(NoticeKind.AT_RISK, locale, warned) for locale in Locale]

    assert all(PROTOCOL in each for each in told)
    assert all(metric.value not in each for each in told)


def test_a_decision_is_told_with_who_made_it() -> None:
    entry = Entry(KIND.APPROVAL_DECIDED, became="REJECTED", concerns=(str(ANA),))

    told = notices.sentence(NoticeKind.DECIDED, Locale.PT_BR, entry)

    assert told == f"Bia recusou a sua resposta no ticket {PROTOCOL}."
