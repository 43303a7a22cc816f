"""Receipts: what a publisher is written by itself when their message opened a ticket.

It says under which protocol and when; while nobody is there, also when somebody is again.
"""

from collections.abc import Sequence
from datetime import datetime

from domain.errors import Invalid
from domain.rules import publicity, templates
from domain.words import Locale, OccurrenceKind, Visibility

PROTOCOL, DATE = "protocol", "date"
GAPS = ("publisher.firstName", "publisher.name", PROTOCOL, DATE, "company")
NEEDED = (PROTOCOL, DATE)
TEXT_MOST = 1_000
USUAL = {
    Locale.PT_BR: "Olá, {{publisher.firstName}}! Recebemos sua mensagem em {{date}}. "
    "O número do seu protocolo é {{protocol}}.",
    Locale.EN: "Hello, {{publisher.firstName}}! We received your message on {{date}}. "
    "Your protocol number is {{protocol}}.",
}
CLOSED = {
    Locale.PT_BR: "Agora estamos fora do horário de atendimento; voltamos em {opens}.",
    Locale.EN: "We are closed right now; we open again on {opens}.",
}


def check(text: str, field: Sequence[str]) -> None:
    """INVALID where a gap is unknown, or it does not say under which protocol and when."""
    templates.check(text, field, GAPS)
    named = {gap[2] for gap in templates.FILLED.finditer(text)}
    for needed in NEEDED:
        if needed not in named:
            raise Invalid("receipt_without", field=field, name=needed)


def written(
    text: str | None,
    locale: Locale,
    *,
    publisher: str,
    protocol: str,
    at: datetime,
    company: str,
    opens: datetime | None,
) -> str:
    """What goes out. Times are told on the clock that they come by; `opens` while it is closed."""
    told = templates.fill(
        text or USUAL[locale],
        {
            "publisher.firstName": templates.first_name(publisher),
            "publisher.name": publisher,
            PROTOCOL: protocol,
            DATE: moment(at, locale),
            "company": company,
        },
    )
    if opens is None:
        return told
    return f"{told} {CLOSED[locale].format(opens=moment(opens, locale))}"


def moment(at: datetime, locale: Locale) -> str:
    if locale is Locale.PT_BR:
        return f"{at:%d/%m/%Y às %H:%M}"
    return f"{at:%d %b %Y at %H:%M}"


def visibilities(kind: OccurrenceKind) -> tuple[Visibility, Visibility]:
    """Where they wrote; and where else, if the network carries nothing there."""
    if kind in publicity.IN_PUBLIC:
        return Visibility.PUBLIC, Visibility.PRIVATE
    return Visibility.PRIVATE, Visibility.PUBLIC
