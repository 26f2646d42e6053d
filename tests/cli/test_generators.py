"""The program that runs generators of clients, with generators of a few lines; none is installed here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.generators import __main__ as program
from benchmarks.generators.catalogue import CATALOGUE, SCENARIOS, Generator, Job
from benchmarks.generators.tools import HERE, Failed, Tools, Unavailable


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def served() -> Iterator[dict[str, Any]]:
        yield {"apis": {api: {"base_url": "http://127.0.0.1:1"} for api in program.APIS}}

    monkeypatch.setattr(program, "served", served)


def table(monkeypatch: pytest.MonkeyPatch, folder: Path, *generators: Generator) -> int:
    """The exit code with these generators."""
    monkeypatch.setattr(program, "CATALOGUE", generators)
    return program.main(["--cache", str(folder)])


def written(*names: str) -> Generator:
    """A generator that writes a function for each operation, but for those named."""

    def make(job: Job) -> str:
        job.client.mkdir()
        lines = [f"def {name}(): ..." for name in sorted(job.operations() - {*names})]
        (job.client / "api.py").write_text("\n".join(lines))
        return ""

    return Generator("ours", make, ("*.py", r"^def (\w+)"), lambda job: "imports", lambda job: "")


def test_a_client_of_all_operations_passes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Operations are counted against the document, and what was done with the client is told."""
    assert table(monkeypatch, tmp_path, written()) == 0
    assert "| ours | 10 of 10, imports, runs | 8 of 8, imports, runs |" in capsys.readouterr().out


def test_a_dropped_operation_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A client without an operation of the document is a failure, which names it."""
    assert table(monkeypatch, tmp_path, written("getprocessrun")) == 1
    shown = capsys.readouterr().out
    assert "| ours | FAILED | 8 of 8, imports, runs |" in shown
    assert "ours, nextstep: 1 of 10 are missing: getprocessrun" in shown


@pytest.mark.parametrize(
    ("reason", "code", "cell"), [(Unavailable("no npm"), 0, "not installed: no npm"), (Failed("no"), 1, "FAILED")]
)
def test_only_a_tool_that_ran_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], reason: Exception, code: int,
    cell: str,
) -> None:  # fmt: skip
    """What cannot be installed is a row that says why; what ran and failed ends with 1."""

    def make(job: Job) -> str:
        raise reason

    assert table(monkeypatch, tmp_path, Generator("ours", make)) == code
    assert f"| ours | {cell} | {cell} | {cell} |" in capsys.readouterr().out


def test_an_unknown_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is run for a name that no generator has."""
    assert program.main(["--cache", str(tmp_path), "--only", "no such tool"]) == 2
    assert "no generator is called no such tool" in capsys.readouterr().err


def test_a_program_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without node or Java gets a row that says so."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="node is not here"):
        Tools(tmp_path).node("orval")
    with pytest.raises(Unavailable, match="java is not here"):
        Tools(tmp_path).jar()


def test_tools_have_one_version() -> None:
    """Every tool is pinned, and no lock file or host of a registry stands beside it."""
    packages = json.loads((HERE / "package.json").read_text())["dependencies"].values()
    pinned = (HERE / "constraints.txt").read_text().split()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in packages)
    assert all(re.fullmatch(r"[a-z0-9-]+==[\w.]+", line) for line in pinned)
    assert not [file.name for file in HERE.iterdir() if "lock" in file.name]


def test_most_generators_are_used_on_the_mock() -> None:
    """At least four clients in Python and TypeScript have a scenario for each API."""
    used = [one.name for one in CATALOGUE if one.used]
    assert len(used) >= 4
    assert {file.stem for file in SCENARIOS.glob("*/*.ts")} == set(program.APIS)
    assert all(len(list(folder.glob("*.ts"))) == 3 for folder in SCENARIOS.iterdir() if folder.is_dir())
