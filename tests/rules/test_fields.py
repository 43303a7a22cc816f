"""Values of publishers' fields: kept in one form each, or refused at the field that is wrong."""

import time

import pytest

from domain.errors import ErrorCode, Refusal
from domain.rules import contacts, fields
from domain.words import FieldKind

HERE = ("fields", "0", "value")
A_MOMENT = 1.0
LONG = "1" * 10_000


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (FieldKind.CPF, "529.982.247-25", "52998224725"),
        (FieldKind.CPF, " 52998224725 ", "52998224725"),
        (FieldKind.EMAIL, " Fulano@Example.COM ", "fulano@example.com"),
        (FieldKind.PHONE, "(11) 98765-4321", "+5511987654321"),
        (FieldKind.PHONE, "+55 11 98765 4321", "+5511987654321"),
        (FieldKind.PHONE, "+1 202-555-0123", "+12025550123"),
        (FieldKind.NUMBER, "1234,50", "1234.5"),
        (FieldKind.NUMBER, "-0", "0"),
        (FieldKind.NUMBER, "1000", "1000"),
        (FieldKind.DATE, "2026-02-28", "2026-02-28"),
        (FieldKind.TEXT, " Ouro ", "Ouro"),
    ],
)
def test_a_value_is_kept_in_one_form(kind: FieldKind, given: str, kept: str) -> None:
    assert fields.value(kind, given, None, HERE) == kept


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (FieldKind.CPF, "529.982.247-26"),
        (FieldKind.CPF, "111.111.111-11"),
        (FieldKind.CPF, "000.000.000-00"),
        (FieldKind.CPF, "5299822472A"),
        (FieldKind.CPF, "52998224725٣"),
        (FieldKind.CPF, "5-2-9-9-8-2-2-4-7-2-5"),
        (FieldKind.EMAIL, "ninguém"),
        (FieldKind.EMAIL, "a@b"),
        (FieldKind.EMAIL, "a@b.example\nBcc: c@d.example"),
        (FieldKind.PHONE, "123"),
        (FieldKind.PHONE, "ligue 0800"),
        (FieldKind.PHONE, "00000000000"),
        (FieldKind.PHONE, "+55 11 98765-4321 ramal 3"),
        (FieldKind.NUMBER, "1e9"),
        (FieldKind.NUMBER, "NaN"),
        (FieldKind.NUMBER, "1" * 21),
        (FieldKind.NUMBER, "١٢"),
        (FieldKind.DATE, "31/01/2026"),
        (FieldKind.DATE, "2026-02-30"),
        (FieldKind.DATE, "20260228"),
        (FieldKind.TEXT, "a\x00b"),
        (FieldKind.TEXT, "a\nb"),
        (FieldKind.TEXT, "a\u202eb"),
        (FieldKind.TEXT, "\ud800"),
    ],
)
def test_what_cannot_be_right_is_refused_where_it_stands(kind: FieldKind, given: str) -> None:
    with pytest.raises(Refusal) as refused:
        fields.value(kind, given, None, HERE)

    assert refused.value.code is ErrorCode.INVALID
    assert refused.value.field == HERE
    assert given not in str(refused.value)


@pytest.mark.parametrize("kind", FieldKind)
def test_ten_thousand_characters_are_too_long(kind: FieldKind) -> None:
    with pytest.raises(Refusal) as refused:
        fields.value(kind, LONG, None, HERE)

    assert refused.value.code is ErrorCode.TOO_LONG


@pytest.mark.parametrize("read", [contacts.cpf, contacts.email, contacts.phone])
def test_ten_thousand_characters_are_no_contact_either(read: object) -> None:
    with pytest.raises(Refusal):
        read(LONG, HERE)  # type: ignore[operator]


def test_a_text_matches_all_of_its_pattern() -> None:
    assert fields.value(FieldKind.TEXT, "AB12", r"[A-Z]{2}\d{2}", HERE) == "AB12"
    for wrong in ("AB123", "xAB12", "ab12"):
        with pytest.raises(Refusal):
            fields.value(FieldKind.TEXT, wrong, r"[A-Z]{2}\d{2}", HERE)


def test_a_pattern_that_would_hang_other_engines_answers_at_once() -> None:
    pattern = fields.pattern(r"(a+)+(a+)+(a+)+b", FieldKind.TEXT)
    began = time.process_time()

    with pytest.raises(Refusal):
        fields.value(FieldKind.TEXT, "a" * fields.VALUE_LENGTH, pattern, HERE)

    assert time.process_time() - began < A_MOMENT


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "(?=a)",
        r"(a)\1",
        "a{1001}",
        "(((a{100}){100}){100})",
        "[[:nothing:]]",
        "a" * 301,
        "\x00",
    ],
)
def test_a_pattern_that_cannot_be_bounded_is_refused_when_it_is_saved(pattern: str) -> None:
    with pytest.raises(Refusal) as refused:
        fields.pattern(pattern, FieldKind.TEXT)

    assert refused.value.field == ("pattern",)


def test_only_a_text_has_a_pattern() -> None:
    with pytest.raises(Refusal):
        fields.pattern("a", FieldKind.CPF)


@pytest.mark.parametrize(
    "key", ["", "Nome", "1a", "a-b", "a b", "é", "a" * 41, "cpf", "name", "a\n"]
)
def test_a_key_is_a_word_for_programs_and_nobody_elses(key: str) -> None:
    with pytest.raises(Refusal):
        fields.key(key)


def test_a_text_is_recognised_as_all_that_it_could_be() -> None:
    assert dict(contacts.recognised("529.982.247-25")) == {FieldKind.CPF: "52998224725"}
    assert dict(contacts.recognised("F@Example.com")) == {FieldKind.EMAIL: "f@example.com"}
    assert dict(contacts.recognised("11 98765 4321")) == {FieldKind.PHONE: "+5511987654321"}
    assert dict(contacts.recognised("maria da silva")) == {}
