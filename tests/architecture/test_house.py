"""How the house is built: charters, names, imports, and who may change a ticket."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.model.ticket import Ticket

ROOT = Path(__file__).parents[2]
PACKAGES: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"][
    "packages"
]
GENERATED = {"storage.migrations", "storage.migrations.versions"}
OURS = [package for package in PACKAGES if package not in GENERATED]
DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
BASES = {"domain/model/base.py", "channels/base.py"}


def modules(*packages: str) -> list[Path]:
    return [
        path.relative_to(ROOT)
        for package in packages or OURS
        for path in sorted((ROOT / package.replace(".", "/")).glob("*.py"))
    ]


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(), str(path))


@pytest.mark.parametrize("package", OURS)
def test_every_package_has_its_charter_and_nothing_else(package: str) -> None:
    charter = tree(Path(package.replace(".", "/")) / "__init__.py")

    assert ast.get_docstring(charter), f"{package} does not say what lives in it"
    if package != "domain.model":
        assert charter.body[1:] == [], f"{package}/__init__.py has code"


def test_every_package_is_built() -> None:
    found = {
        str(path.parent.relative_to(ROOT)).replace("/", ".")
        for top in {package.partition(".")[0] for package in PACKAGES}
        for path in (ROOT / top).rglob("__init__.py")
    }

    assert found == set(PACKAGES)


@pytest.mark.parametrize("path", modules(), ids=str)
def test_every_module_says_what_it_is(path: Path) -> None:
    first = (ast.get_docstring(tree(path)) or "").partition("\n")[0]

    assert first.endswith((".", "?", "!")), f"{path} begins with no sentence"
    assert not first.endswith((" module.", " package."))


@pytest.mark.parametrize("path", modules(), ids=str)
def test_imports_stand_at_the_top(path: Path) -> None:
    inside = [
        node.lineno
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


@pytest.mark.parametrize("path", modules(), ids=str)
def test_nothing_is_put_into_a_drawer(path: Path) -> None:
    assert not DRAWERS & set(path.with_suffix("").parts)
    assert path.stem != "base" or str(path) in BASES


STATE = set(Ticket.model_fields)
CHANGERS = {"setattr", "__setattr__"}


def assigned(node: ast.AST) -> Iterator[ast.Attribute]:
    """Attributes of something other than `self` that a statement sets."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store):
                yield part


def test_only_verbs_change_a_ticket() -> None:
    """Outside the model nobody sets what a ticket is made of, on whatever it is called."""
    found = [
        f"{path}:{part.lineno} {ast.unparse(part)}"
        for path in modules()
        if path.parts[:2] != ("domain", "model")
        for node in ast.walk(tree(path))
        for part in assigned(node)
        if part.attr in STATE and not (isinstance(part.value, ast.Name) and part.value.id == "self")
    ]

    assert found == []


def test_the_model_knows_no_other_road_to_its_state() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path in modules("domain.operations", "resolvers", "storage", "subscriptions", "workers")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name | ast.Attribute)
        and (node.func.id if isinstance(node.func, ast.Name) else node.func.attr) in CHANGERS
    ]

    assert found == []


@pytest.mark.parametrize("path", modules("domain.rules"), ids=str)
def test_rules_know_no_tables(path: Path) -> None:
    imported = {
        name
        for node in ast.walk(tree(path))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    forbidden = ("domain.model", "domain.work", "domain.operations", "sqlmodel", "sqlalchemy")
    assert not [name for name in imported if name.startswith(forbidden)]


def test_what_is_measured_is_loaded_anew_with_every_migration() -> None:
    contestant = tomllib.loads((ROOT / "bench/contestant/guiche.toml").read_text())
    versions = ROOT / "storage/migrations/versions"

    named = {Path(each).name for each in contestant["own"]["inputs"]}

    assert {path.name for path in versions.glob("0*.py")} <= named
