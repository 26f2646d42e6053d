"""The shape of the code: what may import what, and who may know a vendor's name."""

import ast
from pathlib import Path

import pytest

from mock_server import apis

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "mock_server").rglob("*.py"))

# Lowest first: a module imports only from what stands on a line above its own.
LEVELS = (
    ("yaml_limits",),
    ("data", "cache", "exchange", "clock", "ids", "store", "grammar", "output", "streams", "neighbor"),
    ("members", "refusals"),
    ("bounds", "contract", "seeding", "intake", "codings", "forms"),
    ("masking",),
    ("api", "journal"),
    ("hints",),
    ("auth", "ratelimit", "validation", "paging", "faults", "keys", "cors"),
    ("world",),
    ("pipeline",),
    ("recording",),
    ("apis",),
    ("index",),
    ("pages", "log", "protocol"),
    ("server",),
    ("cli",),
)


def noun(path: Path) -> str:
    """The module's name below mock_server; all of `apis/` is one."""
    return path.relative_to(ROOT / "mock_server").parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The modules of mock_server that a file imports when it is loaded (not for types only, not in a function)."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "mock_server":
            below = (node.module or "").split(".")[1:]
            found |= {below[0]} if below else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=noun)
def test_a_module_imports_only_from_lower_levels(path: Path) -> None:
    """Imports go one way."""
    if path.name in ("__init__.py", "__main__.py") and path.parent.name == "mock_server":
        return
    order = {name: level for level, names in enumerate(LEVELS) for name in names}
    own = noun(path)
    assert {name for name in imported(path) - {own} if order[name] >= order[own]} == set()


def test_every_module_has_its_level() -> None:
    """A new module is given a place in the order."""
    known = {name for names in LEVELS for name in names} | {"__init__", "__main__"}
    assert {noun(path) for path in MODULES} <= known


@pytest.mark.parametrize("path", MODULES, ids=noun)
def test_only_its_own_module_knows_a_vendor(path: Path) -> None:
    """What is shared works for any API: no vendor's name stands in it."""
    if path.parent.name == "apis":
        return
    text = path.read_text().lower()
    assert [name for name in (*apis.NAMES, "getnextstep") if name in text] == []


@pytest.mark.parametrize("path", MODULES, ids=noun)
def test_a_module_says_at_its_head_what_it_decides(path: Path) -> None:
    """A header docstring of at most six lines."""
    head = ast.get_docstring(ast.parse(path.read_text()))
    assert head is not None
    assert len(head.splitlines()) <= 6


@pytest.mark.parametrize("path", MODULES, ids=noun)
def test_the_server_has_no_word_of_the_kit(path: Path) -> None:
    """mock_server serves without contract_tests, schemathesis and hypothesis."""
    text = path.read_text()
    assert [word for word in ("contract_tests", "schemathesis", "hypothesis") if f"import {word}" in text] == []
