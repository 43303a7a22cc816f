"""What a person reads when something is refused."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from domain import errors
from domain.errors import Refusal
from domain.sentences import AREAS, SENTENCES
from domain.words import Locale

ROOT = Path(__file__).parents[2]
PACKAGES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
    "packages"
]
REFUSALS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Refusal) and kind is not Refusal
}
HOUSE = {package.partition(".")[0] for package in PACKAGES}


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for package in HOUSE:
        for path in (ROOT / package).rglob("*.py"):
            yield path, ast.parse(path.read_text())


def refused() -> dict[str, set[frozenset[str]]]:
    """Every sentence that a refusal is made of, with the names of the values given."""
    found = defaultdict(set)
    for _, tree in sources():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in REFUSALS or not node.args:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                given = {each.arg for each in node.keywords if each.arg} - {"field"}
                found[first.value].add(frozenset(given))
    return dict(found)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_refusal_has_its_sentence_with_all_its_values() -> None:
    for sentence, calls in refused().items():
        wanted = placeholders(SENTENCES[sentence][Locale.EN])
        for given in calls:
            assert wanted <= given, f"{sentence} needs {wanted - given}"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_says_the_same_in_both_languages(sentence: str) -> None:
    told = SENTENCES[sentence]

    assert set(told) == set(Locale)
    assert placeholders(told[Locale.EN]) == placeholders(told[Locale.PT_BR])
    assert all(text.endswith((".", "!", "?")) for text in told.values())


def test_no_sentence_is_written_twice() -> None:
    assert sum(len(area.SENTENCES) for area in AREAS) == len(SENTENCES)


def test_no_sentence_is_there_for_nothing() -> None:
    words = {
        node.value
        for path, tree in sources()
        if path.parent.name != "catalogue"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }

    assert set(SENTENCES) - words == set()


def test_a_refusal_speaks_the_language_of_who_reads_it() -> None:
    refusal = errors.NotFound("not_found", thing="ticket")

    assert refusal.message(Locale.EN).startswith("There is no such ticket")
    assert refusal.message(Locale.PT_BR).startswith("Não existe")
