"""A report as SARIF for code scanning, and as Markdown for a comment on a pull request."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from understudy import apis, data
from understudy.cli import main
from understudy_checks.check import Failure, Report, RuleResult, Run, Verdict
from understudy_checks.commands import check as command
from understudy_checks.defects import defects
from understudy_checks.report import markdown, sarif
from understudy_checks.report.bodies import with_kept_bodies
from understudy_checks.target import installed

HOSTILE = "\x1b[31m\x00</details>```\n# <b>``` &"
CURL = 'call 1 -H "authorization: Bearer $API_KEY" "$BASE_URL/process-runs"'
RULES = installed.document("nextstep").rules


def reported(*outcomes: Verdict, seen: str = "it is wrong", curl: tuple[str, ...] = (CURL,), **fields: Any) -> Report:
    """A report in which the first rules have these outcomes, each of its own check."""
    checked = []
    for number, (rule, outcome) in enumerate(zip(RULES, outcomes, strict=False)):
        failure = Failure(seen, ("limit = 1",), curl) if outcome == "failed" else None
        reason = "no key" if outcome == "not_checked" else None
        run = Run(f"check-{number}", "", (rule.id,), outcome, reason, (), failure, 1, 1, Counter())
        checked.append(RuleResult("nextstep", rule, (run,)))
    given = {"target": "http://a.example/api", "probe_results": (), "requests": 3, "waited": 0.0, "seconds": 1.0}
    return Report(apis=("nextstep",), profile="quick", rules=tuple(checked), **{**given, **fields})


def test_a_log_has_every_rule_and_a_result_for_each_that_failed() -> None:
    """What was not checked is no result: code scanning would show it as an alert."""
    (run,) = sarif.as_json(reported("failed", "passed", "not_checked"))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.id for rule in RULES[:3]]
    (result,) = run["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == (RULES[0].id, 0, "error")
    assert result["message"]["text"] == f"{RULES[0].text}\nSeen on http://a.example/api: it is wrong"
    assert "suppressions" not in result
    assert run["invocations"] == [
        {
            "executionSuccessful": True,
            "toolExecutionNotifications": [{"level": "note", "message": {"text": "1 rule not checked"}}],
        }
    ]


@pytest.mark.parametrize("api", apis.NAMES)
def test_a_result_points_at_the_line_of_its_rule(api: str) -> None:
    """For every rule of every document: its id is in that line or the next."""
    text = data.path(f"openapi/{api}.yaml").read_text(encoding="utf-8").split("\n")
    known = sarif.lines(api)
    assert set(known) == {rule.id for rule in installed.document(api).rules}
    assert [id for id, line in known.items() if id not in "".join(text[line - 1 : line + 1])] == []


def test_a_result_names_its_file_below_a_known_folder() -> None:
    """Code scanning looks for it in the repository, other readers where the documents are."""
    (run,) = sarif.as_json(reported("failed"))["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    folder = run["originalUriBaseIds"][place["artifactLocation"]["uriBaseId"]]["uri"]
    assert Path(f"{folder}{place['artifactLocation']['uri']}".removeprefix("file://")).is_file()
    assert place["region"] == {"startLine": sarif.lines("nextstep")[RULES[0].id]}


def test_a_failure_of_the_baseline_is_suppressed_and_an_early_end_is_said() -> None:
    """So that neither is a new alert."""
    report = reported("failed", baseline=frozenset({RULES[0].id}), ended="interrupted")
    (run,) = json.loads(sarif.sarif(report))["runs"]
    assert run["results"][0]["suppressions"] == [{"kind": "external", "justification": "it is in the baseline"}]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"] == "interrupted"


def test_a_comment_has_a_table_of_areas_and_the_failures() -> None:
    """Each with its rule, what was seen, and a script that is folded away."""
    text = markdown.markdown(reported("failed", "passed", "not_checked"))
    assert text.startswith("### nextstep: 1 rule failed\n")
    assert "| authentication | 3 | 1 | 1 | 1 |" in text
    assert f"#### 1. `{RULES[0].id}`\n\n{RULES[0].text} (" in text
    assert "```text\nit is wrong\nlimit = 1\n```" in text
    assert "<details><summary>Script to see it again</summary>\n\n```sh\n: " in text
    assert f"{CURL}\n```\n\n</details>" in text
    assert "<details><summary>1 rule not checked</summary>\n\n```text\n  1  no key\n```" in text
    assert text.endswith("3 rules: 1 passed, 1 failed, 1 not checked; 3 requests in 1.0 s\n")


def test_a_comment_without_failures_says_so() -> None:
    """And has nothing to fold away."""
    text = markdown.markdown(reported("passed"))
    assert text.startswith("### nextstep: no rule failed\n")
    assert "<details>" not in text
    assert "Script" not in markdown.markdown(reported("failed", curl=()))


def test_a_comment_names_the_other_rules_of_a_failure() -> None:
    """At most five."""
    run = Run(
        "check", "", tuple(rule.id for rule in RULES[:8]), "failed", None, (), Failure("wrong", (), ()), 1, 1, Counter()
    )
    results = tuple(RuleResult("nextstep", rule, (run,)) for rule in RULES[:8])
    text = markdown.markdown(_with(results))
    assert f"Also: `{RULES[1].id}`, " in text
    assert " and 2 more\n" in text
    assert " more" not in markdown.markdown(_with(results[:2]))


def _with(results: tuple[RuleResult, ...]) -> Report:
    """A report of these results."""
    return Report("http://a", ("nextstep",), "quick", results, (), 1, 0.0, 0.1)


def test_nothing_that_a_target_says_is_markup() -> None:
    """It stands in blocks whose fence is longer than any in it."""
    text = markdown.markdown(reported("failed", seen=HOSTILE, target=HOSTILE))
    outside = re.sub(r"(?ms)^(`{3,})\w+\n.*?\n\1$", "", text)
    assert "\x1b" not in text
    assert "<b>" not in outside
    assert "# " not in outside.replace("#### 1. ", "").replace("### nextstep", "")


def test_a_comment_is_small_enough_for_a_pull_request() -> None:
    """Scripts are left out first, then failures, which are counted."""
    report = reported(*["failed"] * 30, curl=("x" * 5000,))  # type: ignore[list-item]
    long, found = markdown.markdown(report), len(defects(report))
    assert 50_000 < len(long.encode()) <= markdown.LARGEST
    assert long.count("#### ") == found
    assert 5 < long.count("Script to see it again") < 30
    longer = markdown.markdown(reported(*["failed"] * 30, seen="é" * 5000))  # type: ignore[list-item]
    shown = longer.count("#### ")
    assert len(longer.encode()) <= markdown.LARGEST
    assert f"{found - shown} more failures left out for want of room." in longer


def test_the_command_writes_all_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Or one of them on standard output; an Arazzo file without examples is removed, with a line on standard error."""
    files = {form: tmp_path / form for form in ("markdown", "sarif", "arazzo")}
    only = ["check", "nextstep", "--profile", "quick", "--only", "nextstep.templates.unknown-template"]
    options = [word for form, file in files.items() for word in (f"--{form}", str(file))]
    assert main([*only, *options, "--all"]) == 0
    assert files["markdown"].read_text().startswith("### nextstep: no rule failed")
    assert json.loads(files["sarif"].read_text())["version"] == "2.1.0"
    assert json.loads(files["arazzo"].read_text())["arazzo"] == "1.0.1"
    capsys.readouterr()
    assert main([*only, "--arazzo", str(files["arazzo"])]) == 0
    assert not files["arazzo"].exists()
    assert f"--arazzo {files['arazzo']} is not written: no rule failed" in capsys.readouterr().err
    assert main([*only, "--arazzo", "-", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main([*only, "--all"]) == 2
    assert (
        capsys.readouterr().err
        == "understudy: --all is for --arazzo FILE, to which it adds the examples of passed rules\n"
    )


PROGRAM = f"import sys; print('{'abcdefghij' * 50}')"
LONG = f'python3 -c {shlex.quote(PROGRAM)} "$(pick 1 id)" | call 2 "$BASE_URL"'
SHORT = "python3 -c 'print(1)' | call 1"


def test_a_body_without_a_short_expression_is_kept_beside_the_report() -> None:
    """Its program is a file of its own, once, and the line of the script runs it."""
    report = reported("failed", "failed", "passed", curl=(SHORT, LONG, LONG))
    kept, programs = with_kept_bodies(report, Path("out"))
    ((name, program),) = programs.items()
    assert program == f"{PROGRAM}\n"
    first, *others = next(run.failure for run in kept.runs if run.failure).curl
    assert first == SHORT
    assert others == [f'python3 out/{name} "$(pick 1 id)" | call 2 "$BASE_URL"'] * 2
    assert len(kept.runs) == 3
    assert with_kept_bodies(reported("failed"))[1] == {}


def test_the_command_keeps_bodies_beside_each_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The table names them by their path; a report on standard output has them whole."""
    report = reported("failed", curl=(LONG,))
    monkeypatch.setattr(command, "_report", lambda *_: report)
    (tmp_path / "a").mkdir()
    html, markdown_file = tmp_path / "a" / "r.html", tmp_path / "r.md"
    assert main(["check", "nextstep", "--html", str(html), "--markdown", str(markdown_file)]) == 1
    (program,) = tmp_path.glob("understudy-body-*.py")
    assert program.read_text() == (tmp_path / "a" / program.name).read_text() == f"{PROGRAM}\n"
    assert f"python3 {program.name} " in html.read_text()
    assert f"python3 {tmp_path / 'a' / program.name} " in capsys.readouterr().out
    assert main(["check", "nextstep", "--markdown", "-"]) == 1
    assert LONG in capsys.readouterr().out
