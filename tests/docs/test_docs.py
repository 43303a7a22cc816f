"""What is written for people: valid GraphQL, links that lead somewhere, our own words."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import pytest
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, parse, validate

from channels.base import Own
from channels.generic import Generic
from domain import words
from domain.post import Post
from graph.schema import build

ROOT = Path(__file__).parents[2]
UNREAD = {".venv", ".git", "node_modules", "data"}
PAGES = sorted(
    page
    for pattern in ("*.md", "[!.]*/**/*.md")
    for page in ROOT.glob(pattern)
    if not UNREAD.intersection(page.relative_to(ROOT).parts)
)
MANUALS = [page for page in PAGES if page.parent in (ROOT, ROOT / "docs")]
EXAMPLES = sorted((ROOT / "examples").glob("*.graphql"))
FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.M | re.S)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
GRAPH: GraphQLSchema = build()._schema


def told(path: Path) -> str:
    return str(path.relative_to(ROOT))


def fenced(page: Path, language: str) -> Iterator[str]:
    return (body for kind, body in FENCE.findall(page.read_text()) if kind == language)


def checked(document: str) -> DocumentNode:
    parsed = parse(document)
    assert [str(error) for error in validate(GRAPH, parsed)] == []
    return parsed


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text()), re.M)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("example", EXAMPLES, ids=told)
def test_every_example_is_one_operation_that_the_schema_allows(example: Path) -> None:
    text = example.read_text()

    assert text.startswith("# "), "its first line says what it is for"
    parsed = checked(text)
    assert sum(isinstance(each, OperationDefinitionNode) for each in parsed.definitions) == 1


@pytest.mark.parametrize("page", MANUALS, ids=told)
def test_every_graphql_block_is_valid_for_the_schema(page: Path) -> None:
    for document in fenced(page, "graphql"):
        checked(document)


@pytest.mark.parametrize("page", PAGES, ids=told)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    dead = []
    for link in LINK.findall(FENCE.sub("", page.read_text())):
        if re.match(r"[a-z][a-z+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)

    assert dead == []


def lent() -> list[type[StrEnum]]:
    """The domain's words that the graph speaks in."""
    return [
        each
        for each in vars(words).values()
        if isinstance(each, type) and issubclass(each, StrEnum) and each.__name__ in GRAPH.type_map
    ]


@pytest.mark.parametrize("enum", lent(), ids=lambda enum: enum.__name__)
def test_every_value_that_the_graph_speaks_stands_in_the_glossary(enum: type[StrEnum]) -> None:
    known = set(re.findall(r"\w+", (ROOT / "docs" / "glossary.md").read_text()))

    assert [value for value in enum if value.value not in known] == []


@pytest.mark.parametrize("page", PAGES, ids=told)
def test_every_make_target_that_is_mentioned_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.M))
    text = page.read_text()
    # In prose "make" is a verb; in code it is the program.
    mentioned = set(re.findall(r"`make ([a-z][\w-]*)", FENCE.sub("", text)))
    for _, body in FENCE.findall(text):
        mentioned.update(re.findall(r"^(?:\$ )?make ([a-z][\w-]*)", body, re.M))

    assert mentioned <= targets


def test_the_example_posts_are_read_one_and_all() -> None:
    body = (ROOT / "examples" / "posts.json").read_bytes()

    posts = Generic().read(body, Own(UUID(int=1)), UUID)

    assert posts, "there are some"
    assert all(isinstance(post, Post) for post in posts), posts


def test_every_example_is_told_of() -> None:
    listed = (ROOT / "examples" / "README.md").read_text()

    assert [example.name for example in EXAMPLES if example.name not in listed] == []
