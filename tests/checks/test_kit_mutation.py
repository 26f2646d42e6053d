"""`understudy mutants` and `assumptions`: runs by the kit and by commands, reports and exit codes."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import select
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

import variant_runs
from understudy import apis
from understudy_checks import mutation
from understudy_checks.commands import mutants as command
from understudy_checks.interruptions import Interruption
from understudy_checks.mutation import Alternative, Mutant, baseline, program, runner
from understudy_checks.mutation.host import Host
from understudy_checks.mutation.program import Program
from understudy_checks.report.matrix import duration
from understudy_checks.rules import check_of, rule
from understudy_checks.target import installed
from variant_runs import HOLDS, HOLDS_19, Run, only, shell

DEFAULT = "nextstep.pagination.default-limit"
ALL_AT_ONCE = "the-tasks-of-a-run-are-listed-all-at-once-when-no-limit-is-given"
CHECK = "generic.test_pagination.test_the_default_page_is_of_the_documented_size"
OUT_OF_RANGE = "nextstep.pagination.limit-out-of-range"

CLIENT = """
import http.client, json, os, sys
host, path = os.environ["UNDERSTUDY_URL"].removeprefix("http://").split("/", 1)
connection = http.client.HTTPConnection(host)
key = {"authorization": "Bearer " + os.environ["UNDERSTUDY_API_KEY"]}
connection.request("GET", f"/{path}/process-runs{sys.argv[1]}", headers=key)
answer = connection.getresponse()
seen = str(answer.status), str(len(json.load(answer).get("data", ())))
print("seen:", *seen)
sys.exit(seen != tuple(sys.argv[2:]))
"""
LISTS_20_RUNS = [sys.executable, "-ISc", CLIENT, "", "200", "20"]
REFUSES_ZERO = [sys.executable, "-ISc", CLIENT, "?limit=0", "400", "0"]

run, unserved = variant_runs.run, variant_runs.unserved


def untimed(text: str) -> str:
    """A text without how long it took."""
    return re.sub(r"\d+\.\d s", "N s", text)


def unchanged() -> Mutant:
    """A mutant that changes nothing."""
    return Mutant("Nothing is wrong.", (DEFAULT,), lambda api: api)


def test_the_kit_tells_which_check_catches_each_rule(run: Run) -> None:
    """A mutant has a line, each rule that it breaks another with the check that failed; none survives: exit code 0."""
    code, out, err = run("mutants", "nextstep", *only(HOLDS_19, "every-page-holds-10-items"))
    assert (code, err) == (0, "")
    assert untimed(out).splitlines() == [
        "killed          A page without a limit holds 19 items.",
        f"                {DEFAULT}  {CHECK}",
        "killed          Every page holds 10 items.",
        "                nextstep.pagination.limit-sets-the-page-size"
        "  generic.test_pagination.test_limit_is_the_page_size",
        f"                nextstep.pagination.default-limit             {CHECK}",
        "2 mutants: 2 killed, 0 survived, N s",
    ]


def test_a_mutant_is_picked_by_a_rule_that_it_breaks(run: Run) -> None:
    """`--only` takes ids and patterns of rules as well as names of mutants."""
    _, out, _ = run("mutants", "nextstep", *only("nextstep.pagination.default-*"), "--json", "-")
    named = {trial["name"] for trial in json.loads(out)["trials"]}
    assert named == {mutant.name for mutant in mutation.mutants("nextstep") if DEFAULT in mutant.rules}


def test_what_survives_the_kit_is_told_with_its_rule(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A survivor is repeated at the end with its rule, the source, and that no check kills it: exit code 1."""
    monkeypatch.setattr(command, "mutants", lambda api: (unchanged(),))
    code, out, _ = run("mutants", "nextstep")
    assert code == 1
    assert untimed(out).splitlines() == [
        "survived        Nothing is wrong.",
        f"                {DEFAULT}  -",
        "",
        "survived nothing-is-wrong: Nothing is wrong.",
        f"  {DEFAULT}: Without `limit` a page holds 20 items, or all that are left if they are fewer."
        " [REST API > Pagination]",
        "    no check of the kit kills it",
        "",
        "1 mutant: 0 killed, 1 survived, N s",
    ]


def test_processes_give_the_same_in_the_same_order(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is worth it the kit works in as many processes as there are jobs."""
    monkeypatch.setattr(runner, "WORTHWHILE", 1)
    monkeypatch.setattr(runner, "BATCH", 1)
    monkeypatch.setattr(runner, "run_kit", len)  # another process does not see it
    _, out, _ = run("mutants", "nextstep", *only(HOLDS), "--jobs", "2", "--json", "-")
    told = json.loads(out)["trials"]
    assert [trial["name"] for trial in told] == [
        "a-page-without-a-limit-holds-21-items",
        HOLDS_19,
        "a-page-without-a-limit-holds-100-items",
    ]
    assert {trial["outcome"] for trial in told} == {"caught"}


def test_a_mutant_travels_by_its_name() -> None:
    """What arrives in another process is the mutant of that name there."""
    for mutant in mutation.mutants("tallyfy")[::20]:
        assert pickle.loads(pickle.dumps(mutant)) is mutant


def test_a_process_that_is_ended_from_outside_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed worker process is an error: exit code 3."""

    def gone(*_: Any) -> Iterator[runner.SubjectResult]:
        raise BrokenProcessPool("it was terminated abruptly")
        yield

    monkeypatch.setattr(runner, "run_all", gone)
    code, _, err = run("mutants", "nextstep")
    assert (code, err.count("\n")) == (3, 1)
    assert "it was terminated abruptly" in err


def test_an_interruption_while_the_command_is_measured_is_an_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C before any mutant was tried leaves nothing to report: exit code 130."""

    def interrupted(*_: Any) -> None:
        raise Interruption("interrupted")

    monkeypatch.setattr(Program, "record", interrupted)
    code, out, _ = run("mutants", "nextstep", command=LISTS_20_RUNS)
    assert (code, out) == (130, "")


def test_a_command_catches_what_makes_it_fail(run: Run, tmp_path: Path) -> None:
    """The command runs against each mutant; a survivor is reported with the check that kills it: exit code 1."""
    file = tmp_path / "runner.json"
    picked = (*only(ALL_AT_ONCE, HOLDS_19), "--all", "--jobs", "2", "--json", str(file))
    code, out, err = run("mutants", "nextstep", *picked, command=LISTS_20_RUNS)
    assert code == 1
    assert untimed(err) == "baseline N s, 1 request to 1 operation; 2 mutants with 2 jobs: about N s\n"
    text = "The tasks of a run are listed all at once when no limit is given."
    assert untimed(out).splitlines() == [
        "killed          A page without a limit holds 19 items.",
        f"                {DEFAULT}",
        "                exit code 1",
        "                  seen: 200 19",
        f"survived        {text}",
        f"                {DEFAULT}",
        "",
        f"survived {ALL_AT_ONCE}: {text}",
        f"  {DEFAULT}: Without `limit` a page holds 20 items, or all that are left if they are fewer."
        " [REST API > Pagination]",
        f"    the kit kills it with {CHECK}",
        "  a test that lists `GET /process-runs/{id}/tasks`"
        " and compares the ids of the items or their number would notice",
        "",
        "operation            requests  killed  survived  score",
        "GET /process-runs           1       1         0  100 %",
        "(no answer differs)         -       0         1    0 %",
        "",
        "2 mutants: 1 killed, 1 survived, N s",
    ]
    told = json.loads(file.read_text())
    assert (told["api"], told["command"], told["complete"]) == ("nextstep", LISTS_20_RUNS, True)
    killed, survived = told["trials"]
    assert 0 < told["baseline_seconds"] < told["seconds"]
    assert 0 < killed.pop("seconds") < told["seconds"]
    assert killed == {
        "name": HOLDS_19,
        "text": "A page without a limit holds 19 items.",
        "rules": [DEFAULT],
        "kit": {},
        "outcome": "caught",
        "by": ["exit code 1"],
        "failure": "exit code 1",
        "tests": [],
        "difference": {
            "operation": "GET /process-runs",
            "part": "items",
            "request": "GET /process-runs (request 1 of the command)",
            "seen": "19 items rather than 20",
            "advice": "lists `GET /process-runs` and compares the ids of the items or their number",
        },
        "advice": None,
        "run": True,
        "output": "seen: 200 19\n",
    }
    assert (survived["outcome"], survived["by"], survived["kit"]) == ("survived", [], {DEFAULT: CHECK})


LIMITED = """
import os, urllib.error, urllib.request
for number in range(3):
    request = urllib.request.Request(os.environ["UNDERSTUDY_URL"] + "/process-runs")
    request.add_header("Authorization", "Bearer " + os.environ["UNDERSTUDY_API_KEY"])
    try:
        urllib.request.urlopen(request)
    except urllib.error.HTTPError as error:
        raise SystemExit(not (error.code == 429 and number == 2))
raise SystemExit(1)
"""


def test_a_command_may_have_another_rate_limit(run: Run) -> None:
    """The command's server accepts the given number of requests per minute."""
    code, out, _ = run(
        "assumptions", "nextstep", *only(OUT_OF_RANGE), "--rate-limit", "2", "--", sys.executable, "-c", LIMITED
    )
    assert (code, out.splitlines()[-1].partition(":")[0]) == (0, "1 alternative")


@pytest.mark.usefixtures("unserved")
def test_a_command_that_fails_anyway_is_not_tried(run: Run, tmp_path: Path) -> None:
    """A command that fails on the unchanged mock is run only once, and its last lines are printed: exit code 3."""
    log = tmp_path / "log"
    code, out, err = run("mutants", "nextstep", command=shell(f"echo run >> {log}; seq 9; echo; echo oh >&2; exit 7"))
    assert (code, out, log.read_text()) == (3, "", "run\n")
    first, *shown = err.splitlines()
    assert first.startswith("understudy: /bin/sh -c ")
    assert first.endswith("fails on the mock as it is (exit code 7), so its failing tells nothing")
    assert shown == [f"    {line}" for line in (*range(3, 10), "oh")]


@pytest.mark.usefixtures("unserved")
def test_a_command_is_told_all_that_the_ready_file_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each field has a variable, text as it is and all else as JSON; a null field is unset, also if set outside."""
    for name in [name for name in os.environ if name.startswith("UNDERSTUDY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UNDERSTUDY_LAPSED_KEY", "from outside")
    monkeypatch.setenv("UNDERSTUDY_PROFILE", "quick")
    seen, ready = tmp_path / "seen", tmp_path / "ready"
    write = f"import json, os; json.dump(dict(os.environ), open({str(seen)!r}, 'w'))"
    ran = Program(shell(f'cp "$UNDERSTUDY_READY_FILE" {ready}; {sys.executable} -ISc "{write}"')).run(Host("kognitos"))
    assert ran.failure is None, ran.output
    environment = json.loads(seen.read_text())
    entry = json.loads(ready.read_text())["apis"]["kognitos"]
    given = {name: value for name, value in environment.items() if name.startswith("UNDERSTUDY_")}
    assert not Path(given.pop("UNDERSTUDY_READY_FILE")).exists(), "it goes with the server"
    assert given.pop("UNDERSTUDY_PROFILE") == "quick"
    assert given.pop("UNDERSTUDY_URL") == given.pop("UNDERSTUDY_BASE_URL") == "http://127.0.0.1:1/v2"
    texts = {name for name, value in entry.items() if isinstance(value, str)} - {"base_url"}
    assert {"api_key", "agent_key", "agent_id"} <= texts
    for name in texts:
        assert given.pop(f"UNDERSTUDY_{name.upper()}") == entry[name]
    lists = {f"UNDERSTUDY_{name.upper()}": value for name, value in entry.items() if isinstance(value, (list, dict))}
    assert {name: json.loads(value) for name, value in given.items()} == lists
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.usefixtures("unserved")
def test_what_is_served_to_a_command_is_like_what_serve_gives() -> None:
    """The clock runs, the documented limit holds, nothing differs but the mutant or the alternative."""
    worlds = Host("nextstep").worlds()
    assert not worlds.default.clock.frozen
    assert worlds.default.limits == {"nextstep": 100}
    assert set(worlds.apis) == {"nextstep", "control"}
    assert worlds.apis["nextstep"] is installed.declared("nextstep")
    mutant = mutation.mutants("nextstep")[0]
    assert Host("nextstep").worlds(mutant).apis["nextstep"] is not worlds.apis["nextstep"]
    assert Host("nextstep", 7).worlds().default.limits == {"nextstep": 7}
    assert Host("nextstep", None).worlds().default.limits == {"nextstep": None}
    clamping = Host("nextstep").worlds(Alternative(OUT_OF_RANGE, "clamp")).default.assumptions
    assert clamping == {**worlds.default.assumptions, OUT_OF_RANGE: "clamp"}


@pytest.mark.usefixtures("unserved")
def test_a_run_that_hangs_is_caught_and_ended(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After a limit that follows from the first run the command is ended, with all that it started."""
    monkeypatch.setattr(baseline, "FACTOR", 0)
    monkeypatch.setattr(baseline, "MARGIN", 0.1)
    marker, pipe = tmp_path / "marker", tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    hangs = (
        f"if [ -e {marker}2 ]; then sleep 60 > {pipe} & echo hanging; wait; fi; touch {marker}$(ls {tmp_path} | wc -l)"
    )
    code, out, _ = run("mutants", "nextstep", *only(HOLDS_19), "--all", "--json", "-", command=shell(hangs))
    (trial,) = json.loads(out)["trials"]
    assert (code, trial["by"], trial["output"]) == (0, ["timed out after 0.1 s"], "hanging\n")
    assert trial["seconds"] < 30
    assert select.select([reading], [], [], 10)[0], "nobody has the other end of the pipe"
    os.close(reading)


@pytest.mark.usefixtures("unserved")
def test_ctrl_c_tells_what_is_known(run: Run, tmp_path: Path) -> None:
    """Running commands are killed and the results so far are reported: exit code 130."""
    log, file = tmp_path / "log", tmp_path / "runner.json"
    fourth = f"echo run >> {log}; [ $(wc -l < {log}) -lt 4 ] || {{ kill -INT $PPID; sleep 60; }}"
    options = (*only(HOLDS), "--all", "--jobs", "1", "--json", str(file))
    code, out, _ = run("mutants", "nextstep", *options, command=shell(fourth))
    assert (code, log.read_text()) == (130, 4 * "run\n")
    *_, last = untimed(out).splitlines()
    assert last == "interrupted, 1 of 3 mutants: 0 killed, 1 survived, N s"
    assert "the kit" not in out
    told = json.loads(file.read_text())
    assert (told["complete"], [trial["outcome"] for trial in told["trials"]]) == (False, ["survived"])


@pytest.mark.usefixtures("unserved")
def test_what_starts_after_the_end_is_ended_too() -> None:
    """A closed program runs nothing any more, whatever thread is about to."""
    sleeping = Program(["sleep", "60"])
    sleeping.close()
    assert sleeping.run(Host("nextstep")).failure == "signal 9"


@pytest.mark.usefixtures("unserved")
def test_a_command_has_nobody_to_ask() -> None:
    """Its standard input is empty, whatever ours is: several may run at a time."""
    reading, writing = os.pipe()
    ours = os.dup(0)
    os.dup2(reading, 0)
    try:
        assert Program(["cat"]).run(Host("nextstep"), limit=10).failure is None
    finally:
        os.dup2(ours, 0)
        for number in (reading, writing, ours):
            os.close(number)


@pytest.mark.usefixtures("unserved")
def test_only_the_end_of_an_output_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The output of a command may be of any size and need not be text."""
    monkeypatch.setattr(program, "MAX_OUTPUT", 4)
    assert Program(shell(r"printf 'much\n\377no\n'")).run(Host("nextstep")).output == "�no\n"


def test_the_kit_itself_under_an_alternative(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that depends on an assumption is reported with its failure and the mock's default: exit code 1."""

    @rule(DEFAULT)
    def leans(target: Any) -> None:
        """Demand that a limit of 0 is refused."""
        with target.open() as client:
            status = client.send("GET", "/process-runs", query={"limit": 0}).status
            if status != 400:
                raise AssertionError(f"status {status}")

    monkeypatch.setattr(mutation, "checks", lambda: (check_of(leans),))
    mutation.traced_runs.cache_clear()
    code, out, err = run("assumptions", "nextstep", *only(OUT_OF_RANGE, "nextstep.tasks.unset-value"))
    mutation.traced_runs.cache_clear()
    assert (code, err) == (1, "")
    known = installed.document("nextstep").assumptions[OUT_OF_RANGE]
    assert untimed(out).splitlines() == [
        f'false positive  {OUT_OF_RANGE} = "clamp"',
        "                test_kit_mutation.leans",
        'passed          nextstep.tasks.unset-value = ""',
        "",
        f'false positive {OUT_OF_RANGE} = "clamp"',
        f'  {known.text} The mock: "reject". [{known.source}]',
        "  test_kit_mutation.leans",
        "    test_kit_mutation.leans: status 200",
        "",
        "2 alternatives: 1 passed, 1 false positive, N s",
    ]


def test_a_command_under_each_alternative(run: Run) -> None:
    """The command runs under one alternative at a time, and false positives are reported: exit code 1."""
    picked = only(OUT_OF_RANGE, "nextstep.pagination.limit-not-an-integer")
    code, out, _ = run("assumptions", "nextstep", *picked, "--json", "-", command=REFUSES_ZERO)
    false_positive, passed = json.loads(out)["trials"]
    assert code == 1
    assert false_positive.pop("seconds") > 0
    assert false_positive == {
        "assumption": OUT_OF_RANGE,
        "value": "clamp",
        "default": "reject",
        "text": installed.document("nextstep").assumptions[OUT_OF_RANGE].text,
        "rules": [],
        "outcome": "broke",
        "by": ["exit code 1"],
        "failure": "exit code 1",
        "tests": [],
        "difference": {
            "operation": "GET /process-runs",
            "part": "status",
            "request": "GET /process-runs?limit=0 (request 1 of the command)",
            "seen": "status 200 rather than 400",
            "advice": "sends `GET /process-runs` with `limit=0` where it is refused and checks that the status is 400",
        },
        "advice": None,
        "run": True,
        "output": "seen: 200 1\n",
    }
    assert (passed["assumption"], passed["outcome"], passed["by"]) == (picked[3], "passed", [])


def test_on_a_terminal_a_bar_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """The bar goes to standard error, and only to a terminal."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    assert run("mutants", "nextstep", *only(HOLDS))[0] == 0
    shown = re.sub(r"\x1b\[[\d;?]*\w", "", terminal.getvalue())
    assert re.search("mutants .*3/3 0:00:00", shown), shown
    before = terminal.getvalue()
    assert run("mutants", "nextstep", *only(HOLDS_19), "-q")[:2] == (0, "")
    assert terminal.getvalue() == before


@pytest.mark.usefixtures("unserved")
def test_quiet_says_nothing(run: Run) -> None:
    """With `-q` the exit code is all."""
    assert run("mutants", "nextstep", *only(HOLDS_19), "--all", "-q", command=["true"]) == (1, "", "")


@pytest.mark.parametrize("name", ["mutants", "assumptions"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["nextstop"],
            f"unknown API nextstop; did you mean nextstep?; known: {', '.join(apis.NAMES)}, or the path of a document",
        ),
        (["nextstep", "--jobs", "0"], "--jobs 0 is not a whole number from 1 to 1000"),
        (["nextstep", "--json", "/nowhere/f"], "--json /nowhere/f: there is no folder /nowhere"),
        (["nextstep", "--no-rate-limit"], "--no-rate-limit is for a command; the kit checks the documented limit"),
        (["nextstep", "--rate-limit", "3"], "--rate-limit is for a command; the kit checks the documented limit"),
        (
            ["nextstep", "--rate-limit", "0", "--", "true"],
            "--rate-limit 0 is not a whole number from 1 to 1,000,000,000; --no-rate-limit switches it off",
        ),
        (["nextstep", "--", "no-such-program"], "cannot run no-such-program: No such file or directory"),
    ],
)
@pytest.mark.usefixtures("unserved")
def test_mistakes_are_one_line(run: Run, name: str, arguments: list[str], message: str) -> None:
    """A wrong option is one line before any run: exit code 2."""
    assert run(name, *arguments) == (2, "", f"understudy: {message}\n")


@pytest.mark.parametrize(
    ("name", "pattern", "message"),
    [
        (
            "mutants",
            "a-page-without-a-limit-holds-18-items",
            "fits none of the mutants; did you mean a-page-without-a-limit-",
        ),
        ("mutants", "nextstep.pagination.default-limt", f"fits none of the mutants; did you mean {DEFAULT}?"),
        ("assumptions", OUT_OF_RANGE[:-1], f"fits none of the alternatives; did you mean {OUT_OF_RANGE}?"),
    ],
)
def test_a_pattern_that_fits_nothing_is_a_mistake(run: Run, name: str, pattern: str, message: str) -> None:
    """Also beside one that fits, with the nearest name; exit code 2."""
    code, out, err = run(name, "nextstep", *only("*", pattern))
    assert (code, out) == (2, "")
    assert err.startswith(f"understudy: --only {pattern} {message}")


def test_a_file_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    """A directory as output file is an error before any run: exit code 2."""
    code, out, err = run("mutants", "nextstep", *only(HOLDS_19), "--json", str(tmp_path))
    assert (code, out, err) == (2, "", f"understudy: --json {tmp_path}: it is a folder\n")


@pytest.mark.parametrize(("seconds", "message"), [(1.234, "1.2 s"), (61.2, "61 s"), (119.4, "119 s"), (276, "4.6 min")])
def test_times_are_told_as_people_would(seconds: float, message: str) -> None:
    """Tenths of a second, seconds, or tenths of a minute."""
    assert duration(seconds) == message
