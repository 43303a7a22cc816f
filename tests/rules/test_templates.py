"""Texts with gaps, checked when they are kept and filled when they are used."""

import pytest

from domain.errors import Invalid
from domain.rules import templates

FILLED = {
    "publisher.firstName": "Maria",
    "publisher.name": "Maria da Silva",
    "protocol": "20260914000000005",
    "company": "Padaria {{protocol}}",
    "attendant.name": "Ana\nLima",
}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Olá {{publisher.firstName}}, tudo bem?", "Olá Maria, tudo bem?"),
        ("{{ publisher.name }} 🙂 {{protocol}}", "Maria da Silva 🙂 20260914000000005"),
        ("{{publisher.firstName}}{{publisher.firstName}}", "MariaMaria"),
        ("Olá {{level.name}}, tudo bem?", "Olá, tudo bem?"),
        ("{{company}}", "Padaria {{protocol}}"),
        ("Ass.: {{attendant.name}}", "Ass.: Ana Lima"),
        ("sem lacunas: { } }} {x}", "sem lacunas: { } }} {x}"),
    ],
)
def test_gaps_are_filled_with_what_is_known(text: str, filled: str) -> None:
    templates.check(text)

    assert templates.fill(text, FILLED) == filled


@pytest.mark.parametrize(
    ("text", "name", "position"),
    [
        ("Olá {{cpf}}", "cpf", 5),
        ("🙂 {{protocol}} {{Protocol}}", "Protocol", 16),
        ("{{}}", "", 1),
        ("{{protocol", "protocol", 1),
        ("{{{protocol}}}", "{protocol", 1),
        ("{{a{{protocol}}", "a{{protocol", 1),
        ("{{__class__}}", "__class__", 1),
        ("{{" + "x" * 50_000, "x" * 40, 1),
    ],
)
def test_a_gap_that_nothing_fills_is_told_with_its_place(
    text: str, name: str, position: int
) -> None:
    with pytest.raises(Invalid) as refused:
        templates.check(text)

    assert refused.value.values["name"] == name
    assert refused.value.values["position"] == position


def test_the_refusal_shows_the_gap_as_it_was_written() -> None:
    with pytest.raises(Invalid, match=r"^\{\{cpf\}\} at character 5 is no variable\."):
        templates.check("Olá {{cpf}}")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Maria da Silva", "Maria"),
        ("  joão  ", "joão"),
        ("@maria.silva99", "@maria.silva99"),
        ("", None),
        (None, None),
    ],
)
def test_people_are_called_by_their_first_name_and_handles_stay(
    name: str | None, first: str | None
) -> None:
    assert templates.first_name(name) == first
