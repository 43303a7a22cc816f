"""Texts made of other texts: subjects, snippets, and what a search compares."""

import re
import unicodedata

SUBJECT_LENGTH = 120
"""Of a subject made out of a message."""
SUBJECT_MOST = 200
"""Of a subject that a person writes."""
SNIPPET_LENGTH = 200
TEXT_LENGTH = 40_000
COMMENT_LENGTH = 10_000
SEARCH_LENGTH = 600
TOLD_LENGTH = 2_000

_BLANK = re.compile(r"\s+")


def shortened(text: str, length: int) -> str:
    """One line of at most `length` characters, cut at a word where there is one."""
    line = _BLANK.sub(" ", text).strip()
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > length // 2 else cut) + "…"


def subject_of(text: str) -> str:
    return shortened(text, SUBJECT_LENGTH)


def snippet_of(text: str) -> str:
    return shortened(text, SNIPPET_LENGTH)


def folded(text: str) -> str:
    """Small letters without accents, so that `acao` finds `Ação`."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _BLANK.sub(" ", text).casefold()


def search_text(*parts: str | None) -> str:
    return folded(" ".join(part for part in parts if part))[:SEARCH_LENGTH]
