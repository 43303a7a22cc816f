"""Whether what somebody gave us can be kept."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Invalid, Refusal, TooLong
from domain.rules import checking

NOW = datetime(2026, 9, 14, 12, tzinfo=UTC)
FIELD = ["author", "name"]
UNSTORABLE = ["a\x00b", "\ud800", "fim\udfff"]


def test_a_text_loses_its_blank_ends() -> None:
    assert checking.text("  olá\n", FIELD) == "olá"


@pytest.mark.parametrize("empty", ["", "   ", "\n\t", "\u00a0"])
def test_an_empty_text_is_refused_with_its_field(empty: str) -> None:
    with pytest.raises(Invalid) as refused:
        checking.text(empty, FIELD)

    assert refused.value.sentence == "empty_text"
    assert refused.value.field == ("author", "name")


def test_a_text_may_be_as_long_as_it_may_be_and_no_longer() -> None:
    assert len(checking.text("x" * 40_000, FIELD)) == 40_000
    with pytest.raises(TooLong) as refused:
        checking.text("x" * 50_000, FIELD)

    assert refused.value.values == {"most": 40_000, "length": 50_000}


CHECKS: list[Callable[[str], object]] = [
    lambda value: checking.text(value, FIELD),
    lambda value: checking.name(value, FIELD),
    lambda value: checking.identifier(value, FIELD),
    lambda value: checking.tags([value], FIELD),
    lambda value: checking.url(f"https://a.example/{value}", FIELD),
    checking.comment,
]


@pytest.mark.parametrize("value", UNSTORABLE)
@pytest.mark.parametrize("check", CHECKS)
def test_characters_that_no_database_keeps_are_refused(
    check: Callable[[str], object], value: str
) -> None:
    with pytest.raises(Refusal):
        check(value)


def test_a_name_is_one_line_with_single_blanks() -> None:
    assert checking.name("  Ana \n Maria ") == "Ana Maria"


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_name_has_1_to_120_characters(name: str) -> None:
    with pytest.raises(Invalid):
        checking.name(name)


def test_a_comment_that_says_nothing_is_none() -> None:
    assert checking.comment(None) is None
    assert checking.comment(" \n ") is None
    assert checking.comment(" ligou ") == "ligou"


def test_tags_are_kept_once_in_their_order() -> None:
    assert checking.tags(["vip", "troca", "vip ", "a  b"], FIELD) == ("vip", "troca", "a b")


@pytest.mark.parametrize("tag", ["", " ", "x" * 61, "a\u200bb"])
def test_a_tag_has_1_to_60_characters_that_one_can_see(tag: str) -> None:
    with pytest.raises(Invalid):
        checking.tags([tag], FIELD)


def test_addresses_are_of_the_web() -> None:
    assert checking.url("https://a.example/x", FIELD) == "https://a.example/x"
    assert checking.url("", FIELD) is checking.url(None, FIELD) is None


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "ftp://a", "https://a b", "https://" + "a" * 2_000]
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(Invalid):
        checking.url(address, FIELD)


def test_a_network_s_clock_may_run_a_little_ahead_and_no_more() -> None:
    soon = NOW + timedelta(minutes=5)
    assert checking.happened(soon, NOW, FIELD) == soon

    with pytest.raises(Invalid, match="in the future"):
        checking.happened(soon + timedelta(seconds=1), NOW, FIELD)


def test_nothing_happened_before_1990() -> None:
    with pytest.raises(Invalid, match="before 1990"):
        checking.happened(datetime(1989, 12, 31, tzinfo=UTC), NOW, FIELD)


@pytest.mark.parametrize("number", [0, 101, -1])
def test_a_count_stays_within_its_bounds(number: int) -> None:
    with pytest.raises(Invalid):
        checking.number(number, 100, ["count"])
