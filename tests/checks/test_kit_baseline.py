"""Rules that are set apart: failures that were known before, and what nobody wants to be checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from understudy import apis, cli
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.mutation import mutants
from understudy_checks.target import installed

BROKEN, KEPT = "nextstep.runs.unknown-run", "nextstep.templates.unknown-template"


def faulty() -> App:
    """NextStep with one fault."""
    fault = next(known for known in mutants("nextstep") if known.name == "the-task-list-of-an-unknown-run-is-empty")
    api = fault.breaks(installed.declared("nextstep"))
    return App(Worlds([api], seeds=apis.seeds(apis.NAMES), limits={"nextstep": 10**9}))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Checks the faulty server: exit code, output, errors."""

    def run(*words: str) -> tuple[int, str, str]:
        told = ("--app", f"{__name__}:faulty", "--api-key", "nxs_live_your_key", "--profile", "quick", "--max-time=600")
        code = cli.main(["check", "nextstep", *told, *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def written(path: Path, **outcomes: str) -> Path:
    """A report of NextStep with these outcomes, by the first and last rule that this is about."""
    rules = [{"id": {"broken": BROKEN, "kept": KEPT}[name], "outcome": outcome} for name, outcome in outcomes.items()]
    path.write_text(json.dumps({"apis": ["nextstep"], "rules": rules}))
    return path


RULES = ("--only", BROKEN, "--only", KEPT)


def test_a_known_failure_is_told_and_fails_nothing(run, tmp_path: Path) -> None:
    """The report of one run is the baseline of the next; in JUnit it is skipped, in JSON it has a place of its own."""
    before, after, junit = (tmp_path / name for name in ("before.json", "after.json", "junit.xml"))
    assert run(*RULES, "--json", str(before))[0] == 1
    code, out, _ = run(*RULES, "--baseline", str(before), "--json", str(after), "--junit", str(junit))
    assert code == 0
    assert "\n1 rule known failures, in the baseline\n  nextstep.runs.unknown-run\n" in out
    assert "2 rules: 1 passed, 1 failed, 0 not checked (1 of the failed in the baseline);" in out
    told = json.loads(after.read_text())
    assert told["baseline"] == {"known": [BROKEN], "mended": []}
    assert [rule["outcome"] for rule in told["rules"] if rule["id"] == BROKEN] == ["failed"]
    root = ElementTree.parse(junit).getroot()
    assert (root.get("failures"), root.get("skipped"), root.get("tests")) == ("0", "1", "2")
    assert [element.get("message", "")[:17] for element in root.iter("skipped")] == ["in the baseline: "]
    assert list(root.iter("failure")) == []


def test_what_is_mended_is_told(run, tmp_path: Path) -> None:
    """It would not be noticed if it broke again; another rule that breaks is a failure as ever."""
    code, out, _ = run(*RULES, "--baseline", str(written(tmp_path / "told.json", kept="failed", broken="passed")))
    assert code == 1
    assert "\n1 rule fixed: remove them from the baseline\n  nextstep.templates.unknown-template\n" in out
    assert "known before" not in out


def test_what_is_excluded_is_not_checked(run, tmp_path: Path) -> None:
    """It is named, and counts for nothing."""
    file = tmp_path / "told.json"
    code, out, _ = run(*RULES, "--exclude", "nextstep.runs.*", "--json", str(file))
    assert code == 0
    assert "\n1 rule excluded\n  nextstep.runs.unknown-run\n" in out
    told = json.loads(file.read_text())
    assert (told["excluded"], [rule["id"] for rule in told["rules"]], told["baseline"]) == ([BROKEN], [KEPT], None)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON: Expecting property name"),
        ("[" * 100_000, "is not JSON: maximum recursion depth exceeded"),
        ("[]", "is not a report written by `understudy check --json`"),
        ('{"apis": ["nextstep"], "rules": [7]}', "is not a report written by `understudy check --json`"),
        ('{"apis": ["tallyfy"], "rules": []}', "is a report of tallyfy, not of nextstep"),
    ],
)
def test_a_baseline_that_is_none_is_told(run: Any, tmp_path: Path, content: str | None, words: str) -> None:
    """Before anything is checked."""
    file = tmp_path / "told.json"
    if content is not None:
        file.write_text(content)
    code, _, err = run("--baseline", str(file))
    assert code == 2
    assert err.startswith(f"understudy: --baseline {file} {words}")


def test_a_pattern_that_excludes_nothing_is_told(run) -> None:
    """With the nearest that would."""
    code, _, err = run("--exclude", "nextstep.runs.unknown-rum")
    told = "understudy: --exclude nextstep.runs.unknown-rum: no such rule of nextstep"
    assert (code, err.startswith(told), BROKEN in err) == (2, True, True)
