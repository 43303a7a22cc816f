"""Subjects, snippets, and what a search compares."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from domain.rules import wording


@given(text=st.text(), length=st.integers(2, 60))
def test_a_shortened_text_fits_on_one_line_and_begins_like_the_text(text: str, length: int) -> None:
    short = wording.shortened(text, length)

    assert len(short) <= length
    assert not set(short) & set("\n\r\t\x0b\x0c\x85\u2028\u2029")
    assert " ".join(text.split()).startswith(short.removesuffix("…").rstrip())


def test_a_text_is_cut_between_words() -> None:
    assert wording.shortened("Minha encomenda ainda não chegou", 20) == "Minha encomenda…"


def test_a_text_without_blanks_is_cut_anywhere() -> None:
    assert wording.shortened("x" * 50, 10) == "x" * 9 + "…"


def test_a_search_finds_words_without_their_accents_and_capitals() -> None:
    assert wording.folded("Ação IMEDIATA\n já") == "acao imediata ja"


@given(st.text())
def test_what_was_folded_folds_to_itself_where_it_is_searched(text: str) -> None:
    """Otherwise a text that was copied from a ticket would not find that ticket."""
    words = wording.folded(text).split()

    assert all(word in wording.folded(text) for word in words)
    assert not any(unicodedata.combining(letter) for letter in wording.folded("ÁÉÍÕÇ" + "ã"))


def test_the_search_text_has_what_is_known_and_an_end() -> None:
    assert wording.search_text("Pedido", None, "João", "") == "pedido joao"
    assert len(wording.search_text("ﷺ" * 200)) <= wording.SEARCH_LENGTH
