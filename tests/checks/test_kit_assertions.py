"""The kit's verdicts do not depend on Python's flags: its assertions are there under `python -O`, too."""

from __future__ import annotations

import compileall
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.assertions import AssertingFinder, keep_assertions

ROOT = Path(__file__).parents[2]
FAULTS = {
    "the-task-list-of-an-unknown-run-is-empty": "nextstep.runs.unknown-run",
    "no-page-holds-more-than-50-items": "nextstep.pagination.limit-sets-the-page-size",
}
"""Mutants, each with a rule that it breaks; one is noticed by a helper of the checks, one by a check itself."""


def faulty() -> App:
    """NextStep with two faults, and a rate limit that no check reaches."""
    from understudy import apis
    from understudy_checks.mutation import mutants
    from understudy_checks.target import installed

    api = installed.declared("nextstep")
    for known in mutants("nextstep"):
        if known.name in FAULTS:
            api = known.breaks(api)
    return App(Worlds([api], seeds=apis.seeds(apis.NAMES), limits={"nextstep": 10**9}))


@pytest.mark.parametrize(("flags", "variable"), [(["-O"], ""), pytest.param([], "2", marks=pytest.mark.deep)])
def test_a_verdict_is_the_same_without_assertions_in_python(flags: list[str], variable: str, tmp_path: Path) -> None:
    """With -O or PYTHONOPTIMIZE a broken rule fails as ever."""
    told = tmp_path / "report.json"
    words = ["check", "nextstep", "--app", f"{Path(__file__).stem}:faulty", "--api-key", "nxs_live_your_key"]
    words += ["--profile", "quick", "-q", "--json", str(told), *(f"--only={rule}" for rule in FAULTS.values())]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests/checks"), "PYTHONOPTIMIZE": variable}
    done = subprocess.run([sys.executable, *flags, "-m", "understudy", *words], cwd=ROOT, env=environment, check=False)
    outcomes = {rule["id"]: rule["outcome"] for rule in json.loads(told.read_text())["rules"]}
    assert (done.returncode, outcomes) == (1, dict.fromkeys(FAULTS.values(), "failed"))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package of one module that asserts what is not so; imports made by the test are undone."""
    (tmp_path / "judging").mkdir()
    (tmp_path / "judging" / "__init__.py").touch()
    (tmp_path / "judging" / "verdict.py").write_text('"""A verdict."""\nassert False, "seen"\n')
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield tmp_path / "judging"
    for name in [name for name in sys.modules if name.partition(".")[0] == "judging"]:
        del sys.modules[name]


def test_bytecode_without_assertions_is_not_used(package: Path) -> None:
    """Bytecode that was cached without assertions may lie there from before."""
    compileall.compile_dir(package, quiet=1, optimize=0)
    cached = next((package / "__pycache__").glob("verdict.*.pyc"))
    compileall.compile_dir(package, quiet=1, optimize=1)
    cached.write_bytes(next((package / "__pycache__").glob("verdict.*.opt-1.pyc")).read_bytes())
    importlib.import_module("judging.verdict")
    del sys.modules["judging.verdict"]
    keep_assertions("judging", optimize=1)
    with pytest.raises(AssertionError, match="seen"):
        importlib.import_module("judging.verdict")


def test_other_packages_are_left_alone(package: Path) -> None:
    """Only modules below the named package are found, and nothing is done where Python keeps its assertions."""
    finder = AssertingFinder("judging")
    assert [finder.find_spec(name, None) for name in ("judging", "json", "judgings.verdict")] == [None] * 3
    assert finder.find_spec("judging.nothing", [str(package)]) is None
    before = list(sys.meta_path)
    keep_assertions("judging", optimize=0)
    assert sys.meta_path == before
