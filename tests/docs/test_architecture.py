"""The shape of the code: what may import what, and who may know a vendor's name."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from understudy import apis

ROOT = Path(__file__).parents[2]
SOURCES = {
    "understudy": ROOT / "mock_server/understudy",
    "understudy_checks": ROOT / "contract_tests/understudy_checks",
}

# A module imports only from what stands before it: a name stands for a module, or for all modules of a package.
ORDER = tuple(
    name
    for names in (
        "messages data cache",
        "engine.credential engine.exchange engine.clock engine.ids engine.root_path",
        "document.yaml_limits document.json_text document.pointer document.read document.keys document.violations",
        "document.dialect document.memory document.kinds document.closed document.integers document.model",
        "document.patterns document.paths document.views document.shapes document.styles document.body",
        "document.parameters",
        "document.responses document.operation document.contract document.compile document.own_server document.lines",
        "document.seed_file document.seed_times document.seed_entries",
        "document.files document.notice document.contradictions document.schema document.weights document.parts",
        "document.normal document.targets document.origins document.overlay document.overlaid document.merged",
        "document.whole document.changes document.infer document.lazy document.open_world document.texts",
        "document.sample document.argument",
        "document.answers document.lint",
        "engine.bounds engine.origin engine.store engine.journal engine.window engine.faults",
        "engine.assumptions engine.masking engine.server engine.world engine.fallback engine.keys",
        "engine.problem engine.forms engine.call engine.lookup engine.revocation",
        "engine.warning engine.auth engine.ratelimit engine.codings",
        "engine.validation engine.page_styles engine.paging engine.requirements engine.reasons",
        "engine.refusals engine.examples",
        "engine.api engine.decision engine.router engine.jobs engine.seed engine.worlds engine.whereabouts",
        "engine.misspelt engine.hints engine.pipeline engine.story",
        "resources recording apis",
        "http.intake http.cors http.index http.pages http.log http.app http.protocol http.tls http.server",
        "cli testing strategies pytest_plugin __main__",
    )
    for name in names.split()
)


@cache
def modules(package: str) -> dict[str, Path]:
    """The modules of a package by dotted name, the package's own name left out."""
    folder = SOURCES[package]
    found = {path.relative_to(folder).with_suffix("").parts: path for path in sorted(folder.rglob("*.py"))}
    return {".".join(parts).removesuffix("__init__").rstrip("."): path for parts, path in found.items()}


@cache
def import_statements(path: Path) -> tuple[ast.ImportFrom, ...]:
    """The statements `from ... import` of a file: at its top, in a function, for types only."""
    return tuple(node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom))


def imported(path: Path, package: str) -> set[str]:
    """The modules of a package that a file imports anywhere."""
    known, found = modules(package), set()
    for node in import_statements(path):
        if (node.module or "").partition(".")[0] == package:
            below = (node.module or "").partition(".")[2]
            for alias in node.names:
                inner = f"{below}.{alias.name}".lstrip(".")
                found.add(inner if inner in known else below)
    return found


def place(module: str) -> int:
    """Where a module stands in ORDER."""
    return next(number for number, name in enumerate(ORDER) if module == name or module.startswith(f"{name}."))


MODULES = modules("understudy")


@pytest.mark.parametrize("module", [name for name in MODULES if "." in name or name in ORDER])
def test_a_module_imports_only_from_what_comes_before_it(module: str) -> None:
    """Imports go one way, those for types and those in functions too."""
    late = {name for name in imported(MODULES[module], "understudy") if name and place(name) > place(module)}
    assert late == set()


@pytest.mark.parametrize("package", SOURCES)
def test_no_modules_import_each_other(package: str) -> None:
    """There is no cycle of imports, those for types included."""
    graph = {name: imported(path, package) - {name} for name, path in modules(package).items()}
    assert len(tuple(TopologicalSorter(graph).static_order())) >= len(graph)


def test_the_two_packages_together_have_no_cycle() -> None:
    """The command line starts the kit, and the kit uses of the command line only what imports neither of the two."""
    graph = {
        f"{package}.{name}": {f"{other}.{found}" for other in SOURCES for found in imported(path, other)}
        - {f"{package}.{name}"}
        for package in SOURCES
        for name, path in modules(package).items()
    }
    assert len(tuple(TopologicalSorter(graph).static_order())) >= len(graph)
    used = {name for names in graph.values() for name in names if name.startswith("understudy.cli")}
    kit = {name for user, names in graph.items() if user.startswith("understudy_checks.") for name in names & used}
    assert kit == {f"understudy.cli.{name}" for name in ("exits", "output", "streams")}


def test_the_command_line_starts_the_kit_only_when_a_command_runs() -> None:
    """So that serving needs no kit, and `--help` loads nothing heavy."""
    for name, path in MODULES.items():
        if name.startswith("cli"):
            tops = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
            assert [node.module for node in tops if (node.module or "").startswith("understudy_checks")] == [], name


def test_every_module_has_its_place() -> None:
    """A new module is given a place in the order, and no place is left for one that is gone."""
    inner = {name for name in MODULES if name and name not in ("engine", "document", "http")}
    assert {
        name for name in inner if not any(name == known or name.startswith(f"{known}.") for known in ORDER)
    } == set()
    assert {known for known in ORDER if known not in MODULES} == set()


@pytest.mark.parametrize("module", MODULES)
def test_only_its_own_folder_knows_a_vendor(module: str) -> None:
    """What is shared works for any API: no vendor's name stands in it."""
    if module.startswith("apis"):
        return
    text = MODULES[module].read_text().lower()
    assert [name for name in (*apis.NAMES, "getnextstep") if name in text] == []


@pytest.mark.parametrize("package", SOURCES)
def test_a_module_says_at_its_head_what_it_decides(package: str) -> None:
    """A header docstring of at most six lines."""
    heads = {name: ast.get_docstring(ast.parse(path.read_text())) or "" for name, path in modules(package).items()}
    assert {name for name, head in heads.items() if not 1 <= len(head.splitlines()) <= 6} == set()


@pytest.mark.parametrize("module", MODULES)
def test_the_server_has_no_word_of_the_kit(module: str) -> None:
    """The server serves without the kit, schemathesis and hypothesis; only the command line may start the kit."""
    if module.startswith("cli"):
        return
    text = MODULES[module].read_text()
    assert [word for word in ("understudy_checks", "schemathesis", "hypothesis") if f"import {word}" in text] == []


@pytest.mark.parametrize("package", SOURCES)
def test_no_file_is_longer_than_600_lines(package: str) -> None:
    """A longer one holds two nouns."""
    assert {name for name, path in modules(package).items() if len(path.read_text().splitlines()) > 600} == set()
