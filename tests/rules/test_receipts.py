"""A receipt says under which protocol something was received, and when; closed, when it opens."""

from datetime import UTC, datetime

import pytest

from domain.errors import Invalid
from domain.rules import receipts
from domain.words import Locale, OccurrenceKind, Visibility

NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
TUESDAY = datetime(2026, 9, 15, 9, tzinfo=UTC)
FIELD = ["receiptText"]


def told(text: str | None = None, locale: Locale = Locale.PT_BR, **more: object) -> str:
    return receipts.written(
        text,
        locale,
        **{  # type: ignore[arg-type]
            "publisher": "Maria de Souza",
            "protocol": "20260914000000017",
            "at": NOON,
            "company": "Padaria",
            "opens": None,
            **more,
        },
    )


def test_the_usual_one_says_protocol_and_date() -> None:
    assert told() == (
        "Olá, Maria! Recebemos sua mensagem em 14/09/2026 às 12:00. "
        "O número do seu protocolo é 20260914000000017."
    )
    assert "14 Sep 2026 at 12:00" in told(locale=Locale.EN)


def test_while_nobody_is_there_it_says_when_somebody_is() -> None:
    assert told(opens=TUESDAY).endswith("voltamos em 15/09/2026 às 09:00.")
    assert told(locale=Locale.EN, opens=TUESDAY).endswith("open again on 15 Sep 2026 at 09:00.")


def test_a_text_of_ones_own_is_filled_and_names_are_no_gaps() -> None:
    text = "{{company}}: {{protocol}}, {{date}}. {{publisher.name}}"

    assert told(text, publisher="{{protocol}}") == (
        "Padaria: 20260914000000017, 14/09/2026 às 12:00. {{protocol}}"
    )


@pytest.mark.parametrize(
    "text", ["Recebemos", "{{protocol}}", "{{date}}", "{{protocol}} {{date}} {{level.name}}", "{{"]
)
def test_a_text_that_does_not_say_enough_or_asks_too_much_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        receipts.check(text, FIELD)

    assert list(refused.value.field) == FIELD


def test_it_goes_where_they_wrote_first() -> None:
    assert receipts.visibilities(OccurrenceKind.COMMENT)[0] is Visibility.PUBLIC
    assert receipts.visibilities(OccurrenceKind.DIRECT_MESSAGE)[0] is Visibility.PRIVATE
    assert receipts.visibilities(OccurrenceKind.EMAIL)[0] is Visibility.PRIVATE
