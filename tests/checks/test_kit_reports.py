"""What a report comes to, and how it looks for programs, for CI and in a terminal."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from understudy.document.model import Rule
from understudy_checks.check import Failure, Report, RuleResult, Run, Verdict, check_target
from understudy_checks.client import LACKING_REASONS
from understudy_checks.defects import defects
from understudy_checks.examples.script import preamble, script
from understudy_checks.mutation import mutants
from understudy_checks.probes import ProbeResult
from understudy_checks.report import html_page, json_report, junit_xml, progress, summary, terminal
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

CURL = 'call 1 -H "authorization: Bearer $API_KEY" "$BASE_URL/process-runs"'
SCRIPT = script([CURL], "http://127.0.0.1:9101/api/v1")
ALLOWED = "createProcessRun: 201: /data/0: 'id' is a required property"
HOSTILE = "\x1b[31m\x00\ud800\u202e</script><b>&\n]]>"


def failure(seen: str, *curl: str) -> Failure:
    """A failure with an example of one value."""
    return Failure(seen, ("limit = 1",), curl)


def ran(check: str, *rules: str, **fields: Any) -> Run:
    """Create a run of a check, passed unless `failure`, `reason` or `lacking` is given."""
    outcome: Verdict = "failed" if "failure" in fields else "not_checked" if "reason" in fields else "passed"
    given = {"outcome": outcome, "reason": None, "lacking": (), "failure": None, "examples": 2, "requests": 3}
    return Run(check=check, rules=rules, **{"subject": "", "calls": Counter(), **given, **fields})


def reported(*runs: Run, rules: tuple[str, ...] = (), **fields: Any) -> Report:
    """The report of these runs, with a rule for each id that they name, and for each of `rules`."""
    ids = dict.fromkeys((*rules, *(id for run in runs for id in run.rules)))
    known = [Rule(id, f"What `{id}` says.", "Page > Section", "documented") for id in ids]
    checked = (RuleResult("nextstep", rule, tuple(run for run in runs if rule.id in run.rules)) for rule in known)
    given = {"target": "http://127.0.0.1:9101/api/v1", "probe_results": (), "requests": 3456, "waited": 4.2}
    return Report(apis=("nextstep",), profile="quick", seconds=12.34, rules=tuple(checked), **{**given, **fields})


def mixed() -> Report:
    """A report with something of everything."""
    default, *_ = installed.document("nextstep").assumptions.values()
    return reported(
        ran("test_a.test_one", "nextstep.runs.a", "nextstep.runs.b", failure=failure("a is\nmissing", CURL)),
        ran("test_a.test_two", "nextstep.runs.c"),
        ran("test_b.test_three", "nextstep.tasks.d", reason="no", lacking=("write", "members")),
        ran("test_b.test_four", "nextstep.tasks.d", "nextstep.runs.c", reason="no run on this target"),
        probe_results=(
            ProbeResult(default, "default", default.default),
            ProbeResult(default, "alternative", 422),
            ProbeResult(default, "not observed", reason="nothing shows it"),
        ),
    )


def printed(report: Report, *, width: int = 80, strict: bool = False, verbose: bool = False) -> str:
    """What the terminal shows of a report where it has no colours."""
    file = io.StringIO()
    terminal.table(report, Console(file=file, width=width), strict=strict, verbose=verbose)
    return file.getvalue()


def test_rules_are_grouped_by_area_in_the_order_of_the_document() -> None:
    """Areas of one API stand together, wherever their rules are."""
    report = reported(rules=("nextstep.runs.a", "nextstep.tasks.b", "nextstep.runs.c"))
    other = replace(report.rules[0], api="kognitos")
    found = summary.areas(replace(report, rules=(report.rules[0], other, *report.rules[1:])))
    assert [(area.api, area.name, len(area.rules)) for area in found] == [
        ("nextstep", "runs", 2),
        ("nextstep", "tasks", 1),
        ("kognitos", "runs", 1),
    ]
    assert [area.count("not_checked") for area in found] == [2, 1, 1]


def test_a_wrong_answer_is_one_fault_whoever_met_it() -> None:
    """A violation is one defect with the shortest calls, at any list index."""
    report = reported(
        ran("test_a.test_one", "nextstep.runs.a", failure=failure("text")),
        ran("test_a.test_two", "nextstep.runs.b", failure=failure(ALLOWED, CURL, CURL)),
        ran("test_b.test_two", "nextstep.runs.c", failure=failure(ALLOWED.replace("/0", "/17"), CURL)),
        ran("test_b.test_two", "nextstep.runs.c", failure=failure(ALLOWED)),
    )
    first, second = defects(report)
    assert [rule.id for rule in first.rules] == ["nextstep.runs.b", "nextstep.runs.c"]
    assert (len(first.runs), first.failure.curl) == (3, (CURL,))
    assert second.failure.seen == "text"


def test_what_one_check_finds_at_several_operations_is_one_fault() -> None:
    """A defect has the shortest calls and its operations; defects without calls come last."""
    report = reported(
        ran("machine", "nextstep.runs.a", "nextstep.runs.b", failure=failure("text")),
        ran("one", "nextstep.runs.a", subject="listRuns", failure=failure("not so: 1", CURL, CURL)),
        ran("one", "nextstep.runs.a", subject="getRun", failure=failure("not so: 2", CURL)),
    )
    first, second = defects(report)
    assert (first.failure.seen, first.checks, first.subjects) == ("not so: 2", ["one"], ["listRuns", "getRun"])
    assert second.checks == ["machine"]


def test_what_two_checks_say_in_the_same_words_is_two_faults() -> None:
    """Only an answer that the document does not allow is known to be the same thing."""
    same = failure("not so: status == 404")
    report = reported(ran("one", "nextstep.runs.a", failure=same), ran("two", "nextstep.runs.b", failure=same))
    assert len(defects(report)) == 2


def test_a_gap_names_what_is_lacking_and_how_to_come_by_it() -> None:
    """A rule stands under each of its reasons; the reason of most rules comes first."""
    report = reported(
        ran("one", "nextstep.runs.a", reason="no", lacking=("members",)),
        ran("two", "nextstep.runs.a", "nextstep.runs.b", reason="both", lacking=("write", "members")),
        ran("three", "nextstep.runs.c", reason="no run on this target"),
        ran("four", "nextstep.runs.d", reason="not told of what holds"),
        ran("five", "nextstep.runs.d"),
        rules=("nextstep.runs.z",),
    )
    assert [(gap.reason, gap.remedy, [rule.id[-1] for rule in gap.rules]) for gap in summary.skip_reasons(report)] == [
        (LACKING_REASONS["members"], summary.REMEDIES["members"], ["a", "b"]),
        (LACKING_REASONS["write"], summary.REMEDIES["write"], ["a", "b"]),
        (report.rules[0].reason, None, ["z"]),
        ("no run on this target", None, ["c"]),
    ]
    assert [checked.rule.id[-1] for checked in report.rules if summary.is_partly_checked(checked)] == ["d"]


def test_every_character_can_be_seen() -> None:
    """Control and invisible characters are escaped; newlines stay."""
    assert summary.escape_unprintable("Zoë 東京\n") == "Zoë 東京\n"
    assert summary.escape_unprintable("\x1b[0m\t\xa0\ud800\u202e") == r"\x1b[0m\t\xa0\ud800\u202e"


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({}, "4 rules: 1 passed, 2 failed, 1 not checked; 3,456 requests in 12.3 s (waited 4 s)"),
        ({"waited": 0.2, "requests": 1}, "4 rules: 1 passed, 2 failed, 1 not checked; 1 request in 12.3 s"),
    ],
)
def test_a_run_is_concluded_in_one_line(fields: dict[str, Any], line: str) -> None:
    """The last line of the terminal has all sums."""
    assert printed(replace(mixed(), **fields)).splitlines()[-1] == line


def test_json_has_everything() -> None:
    """The JSON has each rule with its outcome, its checks and its failure."""
    known = json.loads(json_report.text(mixed()))
    assert known["counts"] == {"passed": 1, "failed": 2, "not_checked": 1}
    assert [(entry["id"], entry["outcome"], entry["reason"]) for entry in known["rules"]] == [
        ("nextstep.runs.a", "failed", "a is\nmissing"),
        ("nextstep.runs.b", "failed", "a is\nmissing"),
        ("nextstep.runs.c", "passed", None),
        ("nextstep.tasks.d", "not_checked", "no; no run on this target"),
    ]
    broken, whole = known["rules"][0], known["rules"][2]
    assert broken["failure"] == {"seen": "a is\nmissing", "example": ["limit = 1"], "curl": [CURL], "script": SCRIPT}
    assert broken["checks"] == [
        {
            "name": "test_a.test_one",
            "subject": "",
            "outcome": "failed",
            "reason": "a is\nmissing",
            "examples": 2,
            "requests": 3,
        }
    ]
    assert {name: broken[name] for name in ("text", "source", "basis", "api", "area")} == {
        "text": "What `nextstep.runs.a` says.",
        "source": "Page > Section",
        "basis": "documented",
        "api": "nextstep",
        "area": "runs",
    }
    assert (whole["failure"], whole["checks"][1]["reason"]) == (None, "no run on this target")
    assert [(entry["found"], entry["seen"], entry["reason"]) for entry in known["assumptions"]] == [
        ("default", known["assumptions"][0]["default"], None),
        ("alternative", 422, None),
        ("not observed", None, "nothing shows it"),
    ]
    assert (known["apis"], known["profile"], known["requests"]) == (["nextstep"], "quick", 3456)


def test_json_counts_the_calls_of_all_runs() -> None:
    """Each pair of operation and status, in order."""
    calls = {("listProcessRuns", 200): 2, ("createProcessRun", 201): 1}
    report = reported(ran("one", "nextstep.runs.a", calls=calls), ran("two", "nextstep.runs.a", calls=calls))
    assert json_report.as_json(report)["calls"] == [
        {"operation": "createProcessRun", "status": 201, "count": 2},
        {"operation": "listProcessRuns", "status": 200, "count": 4},
    ]


def test_junit_has_a_suite_for_each_area_and_a_case_for_each_rule() -> None:
    """The XML has counts, properties, failures and skips as CI expects them."""
    root = ElementTree.fromstring(junit_xml.junit(mixed()))
    assert (root.tag, root.attrib) == (
        "testsuites",
        {"name": "understudy check", "tests": "4", "failures": "2", "errors": "0", "skipped": "1", "time": "12.340"},
    )
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures"), suite.get("skipped")) for suite in root] == [
        ("nextstep.runs", "3", "2", "0"),
        ("nextstep.tasks", "1", "0", "1"),
    ]
    assert {entry.get("name"): entry.get("value") for entry in root.iter("property")} == {
        "target": "http://127.0.0.1:9101/api/v1",
        "profile": "quick",
        "requests": "3456",
    }
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases["nextstep.runs.a"].get("classname") == "nextstep.runs"
    assert [child.tag for child in cases["nextstep.runs.c"]] == []
    assert cases["nextstep.tasks.d"][0].attrib == {"message": "no; no run on this target"}
    assert cases["nextstep.runs.a"][0].attrib == {"message": "a is\nmissing", "type": "rule"}
    assert cases["nextstep.runs.a"][0].text == "\n".join(
        (
            "documented: What `nextstep.runs.a` says. (Page > Section; documented)",
            "seen: a is\nmissing",
            "example: limit = 1",
            f"reproduce: {SCRIPT}",
        )
    )


def test_junit_holds_whatever_a_target_says() -> None:
    """Characters that XML excludes, and markup, are escaped."""
    hostile = failure(HOSTILE)
    report = reported(ran(HOSTILE, "nextstep.runs.a", failure=hostile), target=HOSTILE)
    text = junit_xml.junit(report)
    text.encode()
    told = next(ElementTree.fromstring(text).iter("failure"))
    assert told.text is not None
    assert r"seen: \x1b[31m\x00\ud800\u202e</script><b>&" in told.text
    assert "reproduce" not in told.text


def test_a_terminal_shows_an_area_in_a_line_and_names_what_failed() -> None:
    """Passed rules are only counted; failed rules are named by their whole ids."""
    text = printed(mixed(), verbose=True)
    assert text.startswith("nextstep on http://127.0.0.1:9101/api/v1, profile quick: 1 failure\n\n")
    lines = text[text.index("\n         rules") :].splitlines()
    assert lines[:8] == [
        "",
        "         rules   passed   failed   not checked",
        "nextstep",
        "  runs       3        1        2             -",
        "    failed: nextstep.runs.a",
        "    failed: nextstep.runs.b",
        "  tasks      1        -        -             1",
        "",
    ]


def test_a_terminal_shows_what_is_documented_and_what_was_seen() -> None:
    """A failure shows the rules' texts, the message, the example and lines that can be pasted."""
    text = printed(mixed())
    assert text[text.index(": 1 failure") : text.index("1 rule not checked")].splitlines() == [
        ": 1 failure",
        "",
        "To see one again, paste these lines into a shell, then those of the failure:",
        *preamble([CURL], "http://127.0.0.1:9101/api/v1"),
        "",
        "1. nextstep.runs.a",
        "     documented: What `nextstep.runs.a` says. (Page > Section)",
        "   nextstep.runs.b",
        "     documented: What `nextstep.runs.b` says. (Page > Section)",
        "   seen: a is",
        "         missing",
        "   example: limit = 1",
        "   found by: test_a.test_one",
        "   to see it again:",
        CURL,
        "",
    ]


def test_a_terminal_only_names_the_rules_of_a_fault_that_breaks_many() -> None:
    """One wrong answer may break most rules, and most checks may meet it."""
    rules = [f"nextstep.runs.rule-{number}" for number in range(9)]
    runs = [ran(f"check-{id[-1]}", id, failure=Failure(ALLOWED, (), ())) for id in rules[:8]]
    text = printed(reported(*runs, ran("check", rules[8])), verbose=True)
    assert "1. 8 rules\n     runs: rule-0, rule-1, rule-2," in text
    assert "documented:" not in text
    assert "   found by: check-0, check-1 and 6 more\n" in text
    assert "reproduce" not in text
    whole = printed(reported(*runs), verbose=True)
    assert "    failed: nextstep.runs.* (all 8)\n" in whole
    assert "1. 8 rules\n     runs: all 8\n" in whole


def test_a_terminal_says_why_rules_were_not_checked_and_what_would_help() -> None:
    """Each reason with its number of rules and its remedy; rules that were checked in part are counted."""
    text = printed(mixed(), verbose=True)
    assert text[text.index("1 rule not checked") : text.index("What the document")].splitlines() == [
        "1 rule not checked",
        "",
        "  1  writing is not allowed on this target",
        "     to check: allow it with --allow-writes, or `writes = true` in the target",
        "       file",
        "     tasks: d",
        "",
        "  1  no members of the tenant are known",
        "     to check: list them: [[members]] with email, user_id and active in the",
        "       target file",
        "     tasks: d",
        "",
        "  1  no run on this target",
        "     tasks: d",
        "",
        "1 rule passed, but some of their checks could not run: see --html or --json",
        "",
    ]
    assert "1 rule not checked, which --strict counts as failures\n" in printed(mixed(), strict=True, verbose=True)


def test_a_terminal_tells_in_a_line_each_what_is_no_failure() -> None:
    """How many rules were not checked, and where a target differs; what they are is for a verbose report."""
    text = printed(mixed(), strict=True)
    assert text[text.index("1 rule not checked") :].splitlines()[:2] == [
        "1 rule not checked, which --strict counts as failures, 1 only in part (-v tells why, and how to check them)",
        "What the document leaves open: 1 of 2 observed differ from the mock (-v tells which)",
    ]
    whole = replace(mixed(), rules=tuple(one for one in mixed().rules if one.outcome == "passed"), probe_results=())
    assert "\n1 rule checked only in part (-v tells why, and how to check them)\n" in printed(whole)
    assert "-v" not in printed(reported(ran("one", "nextstep.runs.a")))


def test_a_report_of_failures_is_a_screen_long() -> None:
    """Scripts are printed while they find room, the first in any case; a verbose report has them all."""
    scripts = [tuple(f"call {number} a{name}" for number in range(length)) for name, length in enumerate((9, 9, 90))]
    runs = [
        ran("one", f"nextstep.runs.r{number}", failure=Failure("a", (), script))
        for number, script in enumerate(scripts)
    ]
    text, whole = (printed(reported(*runs), verbose=verbose) for verbose in (False, True))
    assert len(text.splitlines()) <= terminal.SCREEN
    assert [f"\n{script[-1]}\n" in text for script in scripts] == [True, True, False]
    assert "   to see it again: a script of 90 lines (-v prints it)\n" in text
    assert "rules   passed" not in text
    assert all(f"\n{script[-1]}\n" in whole for script in scripts)
    assert "\ncall 89 a2\n" in printed(reported(runs[2]))


def test_a_terminal_says_where_a_target_differs_from_the_mock() -> None:
    """As information: the values side by side, shortened when they are long."""
    seen = mixed().probe_results[1]
    id = seen.assumption.id
    long = ProbeResult(seen.assumption, "other", "x" * 200)
    text = printed(replace(mixed(), probe_results=(*mixed().probe_results, long)), verbose=True)
    default = json.dumps(seen.assumption.default)
    assert "What the document leaves open: 2 of 3 observed differ from the mock\n" in text
    assert f"  {id}\n       mock: {default}   here: 422\n" in text
    assert f'  {id}\n       mock: {default}   here: "{"x" * 99}...\n' in text
    assert "leaves open" not in printed(reported())


def test_a_terminal_says_what_is_left_behind() -> None:
    """How many objects, and where; which they are stands in the other forms."""
    made = ("/api/v1/process-runs/one", "/api/v1/process-runs/two")
    report = replace(mixed(), left_behind=made)
    assert "Left behind, because no operation deletes it\n  2 in /api/v1/process-runs\n" in printed(report)
    assert json_report.as_json(report)["left_behind"] == list(made)
    assert "Left behind" not in printed(mixed())


def test_nothing_checked_is_said_to_be_a_failure() -> None:
    """An empty run must not look like a good one."""
    lines = printed(reported(rules=("nextstep.runs.a",))).splitlines()
    assert lines[-2:] == [
        "Nothing could be checked, which is a failure",
        "1 rule: 0 passed, 0 failed, 1 not checked; 3,456 requests in 12.3 s (waited 4 s)",
    ]
    assert "Nothing could" not in printed(mixed())


def test_a_terminal_breaks_no_id_and_no_curl_line() -> None:
    """Ids and the lines of a script stay on one line at any width and with any text from the target."""
    long = "stable-while-runs-are-created-and-completed"
    text = printed(
        replace(mixed(), rules=(*mixed().rules, *reported(rules=(f"nextstep.tasks.{long}",)).rules)),
        width=30,
        verbose=True,
    )
    assert CURL in text.splitlines()
    assert f"       {long}" in text.splitlines()
    assert "    failed: nextstep.runs.a" in text.splitlines()
    hostile = reported(ran("one", "nextstep.runs.a", failure=failure(HOSTILE)))
    assert r"   seen: \x1b[31m\x00\ud800\u202e</script><b>&" in printed(hostile).splitlines()


def test_a_terminal_that_lacks_letters_is_told_in_escapes() -> None:
    """An encoding that does not know a character is no reason to stop."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    report = reported(ran("one", "nextstep.runs.a", failure=failure("Zoë")))
    terminal.table(report, Console(file=file, width=80))
    file.flush()
    assert b"   seen: Zo\\xeb\n" in raw.getvalue()


def test_progress_moves_on_a_terminal_only() -> None:
    """How many checks of how many, and the next one; in a pipe there is nothing until time has passed."""
    for is_terminal in (True, False):
        file = io.StringIO()
        with progress.progress(Console(file=file, force_terminal=is_terminal, width=80)) as told:
            told.step(3, 10, "test_a.[b]test")
        assert ("3/10" in file.getvalue()) is is_terminal
        assert ("test_a.[b]test" in file.getvalue()) is is_terminal
        assert bool(file.getvalue()) is is_terminal


def test_a_real_failure_is_told_in_every_form() -> None:
    """What a check of a wrong server found is the same for everyone."""
    wrong = next(known for known in mutants("nextstep") if known.name == "starting-a-run-answers-200")
    target = mock(wrong.breaks(installed.declared("nextstep")))
    report = check_target(target, profile="minimal", only=["nextstep.creation.created"])
    seen = "starting a run with {} must answer 201, not 200"
    assert [defect.failure.seen.startswith(seen) for defect in defects(report)] == [True]
    for text in (json_report.text(report), junit_xml.junit(report), printed(report), html_page.html(report)):
        assert seen in text
        assert "nextstep.creation.created" in text
        assert "/process-runs" in text
