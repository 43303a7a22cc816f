"""Notices: which of the things that happen one person is told, and in what words.

Decided from what stands in the entry alone, so that whoever is not concerned costs nothing.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from domain.words import LABELS, ApprovalState, HistoryKind, Locale, SlaMetric

EN, PT = Locale.EN, Locale.PT_BR


class NoticeKind(StrEnum):
    """What a notification is about."""

    HERE = "HERE"
    RESYNC = "RESYNC"
    ASSIGNED = "ASSIGNED"
    DECIDED = "DECIDED"
    MENTIONED = "MENTIONED"
    AT_RISK = "AT_RISK"
    BREACHED = "BREACHED"
    REPLY_FAILED = "REPLY_FAILED"
    REPLY_UNKNOWN = "REPLY_UNKNOWN"
    ALERT = "ALERT"


class Happening(Protocol):
    """An entry of the feed, as far as it matters here."""

    @property
    def kind(self) -> HistoryKind: ...
    @property
    def actor_id(self) -> UUID | None: ...
    @property
    def actor_name(self) -> str: ...
    @property
    def was_id(self) -> UUID | None: ...
    @property
    def became_id(self) -> UUID | None: ...
    @property
    def became(self) -> str | None: ...
    @property
    def concerns(self) -> Sequence[str]: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


TO_WHOM_IT_WENT = (HistoryKind.ASSIGNEE_CHANGED, HistoryKind.CLAIMED)
TO_WHOM_IT_CONCERNS = {
    HistoryKind.APPROVAL_DECIDED: NoticeKind.DECIDED,
    HistoryKind.NOTE_ADDED: NoticeKind.MENTIONED,
    HistoryKind.REPLY_FAILED: NoticeKind.REPLY_FAILED,
    HistoryKind.REPLY_UNKNOWN: NoticeKind.REPLY_UNKNOWN,
}
TO_WHO_HAS_IT = {
    HistoryKind.SLA_WARNING: NoticeKind.AT_RISK,
    HistoryKind.SLA_BREACHED: NoticeKind.BREACHED,
    HistoryKind.ALERT_SENT: NoticeKind.ALERT,
}


def kind_for(happening: Happening, me: UUID) -> NoticeKind | None:
    """What it is to somebody; None when it is nothing to them. One's own doing is no news."""
    if happening.kind in TO_WHO_HAS_IT:
        return TO_WHO_HAS_IT[happening.kind] if happening.after["a"] == me.hex else None
    if happening.actor_id == me:
        return None
    if happening.kind in TO_WHOM_IT_WENT:
        mine = happening.became_id == me != happening.was_id
        return NoticeKind.ASSIGNED if mine else None
    if happening.kind in TO_WHOM_IT_CONCERNS and str(me) in happening.concerns:
        return TO_WHOM_IT_CONCERNS[happening.kind]
    return None


WORDS: dict[str, dict[Locale, str]] = {
    NoticeKind.HERE: {
        EN: "Nothing is new.",
        PT: "Nada de novo.",
    },
    NoticeKind.RESYNC: {
        EN: "Something may have been missed. Look through your tickets.",
        PT: "Algo pode ter ficado de fora. Confira os seus tickets.",
    },
    NoticeKind.ASSIGNED: {
        EN: "{actor} gave you ticket {protocol}.",
        PT: "{actor} passou o ticket {protocol} para você.",
    },
    NoticeKind.MENTIONED: {
        EN: "{actor} mentioned you in a note on ticket {protocol}.",
        PT: "{actor} mencionou você em uma anotação do ticket {protocol}.",
    },
    ApprovalState.APPROVED: {
        EN: "{actor} approved your reply on ticket {protocol}.",
        PT: "{actor} aprovou a sua resposta no ticket {protocol}.",
    },
    ApprovalState.EDITED_APPROVED: {
        EN: "{actor} changed and sent your reply on ticket {protocol}.",
        PT: "{actor} alterou e enviou a sua resposta no ticket {protocol}.",
    },
    ApprovalState.REJECTED: {
        EN: "{actor} rejected your reply on ticket {protocol}.",
        PT: "{actor} recusou a sua resposta no ticket {protocol}.",
    },
    ApprovalState.WITHDRAWN: {
        EN: "{actor} withdrew your reply on ticket {protocol}.",
        PT: "{actor} retirou a sua resposta do ticket {protocol}.",
    },
    ApprovalState.SUPERSEDED: {
        EN: "Your reply on ticket {protocol} is no longer awaited.",
        PT: "A sua resposta no ticket {protocol} não é mais esperada.",
    },
    NoticeKind.AT_RISK: {
        EN: "The deadline of ticket {protocol} ({metric}) is near.",
        PT: "O prazo do ticket {protocol} ({metric}) está próximo.",
    },
    NoticeKind.BREACHED: {
        EN: "The deadline of ticket {protocol} ({metric}) has passed.",
        PT: "O prazo do ticket {protocol} ({metric}) venceu.",
    },
    NoticeKind.REPLY_FAILED: {
        EN: "Your reply on ticket {protocol} was not sent.",
        PT: "A sua resposta no ticket {protocol} não foi enviada.",
    },
    NoticeKind.REPLY_UNKNOWN: {
        EN: "Nobody knows whether your reply on ticket {protocol} was sent. You decide.",
        PT: "Não se sabe se a sua resposta no ticket {protocol} foi enviada. Você decide.",
    },
    NoticeKind.ALERT: {
        EN: "Ticket {protocol} needs you to look at it.",
        PT: "O ticket {protocol} precisa da sua atenção.",
    },
}
METRICS_EN = {each: each.value.replace("_", " ").lower() for each in SlaMetric}


def sentence(kind: NoticeKind, locale: Locale, happening: Happening | None = None) -> str:
    """What the person reads; never what was written to or by the publisher."""
    if happening is None:
        return WORDS[kind][locale]
    became = happening.became or ""
    words = WORDS[became if kind is NoticeKind.DECIDED else kind][locale]
    return words.format(
        actor=happening.actor_name,
        protocol=happening.after["c"],
        metric=_metric(became, locale) if kind in TIMED else "",
    )


TIMED = (NoticeKind.AT_RISK, NoticeKind.BREACHED)


def _metric(became: str, locale: Locale) -> str:
    """`FIRST_RESPONSE 80%` of an entry is the first response."""
    metric = SlaMetric(became.partition(" ")[0])
    return METRICS_EN[metric] if locale is EN else LABELS[metric]
