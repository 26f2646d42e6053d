"""`understudy mutants API -- COMMAND` and `assumptions`: which variants are tried on a command, and what is told."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import sys
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import variant_runs
from understudy.engine.exchange import Request
from understudy_checks import mutation
from understudy_checks.commands import mutants as command
from understudy_checks.commands import variants
from understudy_checks.mutation import baseline, host, kit_calls, leftovers, pool, trials
from understudy_checks.mutation.difference import Difference
from understudy_checks.mutation.generated import noticeable
from understudy_checks.mutation.host import Host, RemoteHost
from understudy_checks.mutation.program import Program
from understudy_checks.mutation.replay import Recording, Step
from understudy_checks.mutation.selection import Candidate, in_order, sample, shard
from understudy_checks.report import progress
from variant_runs import HOLDS, HOLDS_19, Run, only, shell

PROJECT = Path(__file__).parents[1] / "client_project"
MUTANTS = {mutant.name: mutant for mutant in mutation.mutants("nextstep")}
ASKS = """
import os, sys, urllib.request
for path in sys.argv[1:]:
    request = urllib.request.Request(os.environ["UNDERSTUDY_URL"] + path)
    request.add_header("Authorization", "Bearer " + os.environ["UNDERSTUDY_API_KEY"])
    print(len(urllib.request.urlopen(request).read()))
"""
REFUSED = """
import os, sys, urllib.error, urllib.request
request = urllib.request.Request(os.environ["UNDERSTUDY_URL"] + "/process-runs" + sys.argv[1])
request.add_header("Authorization", "Bearer " + os.environ["UNDERSTUDY_API_KEY"])
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError:
    sys.exit(0)
sys.exit(1)
"""
OWN = """
import json, os, sys, urllib.request
with urllib.request.urlopen(os.environ["UNDERSTUDY_URL"] + sys.argv[1]) as answer:
    sys.exit(sys.argv[2] not in json.load(answer))
"""

run, unserved = variant_runs.run, variant_runs.unserved


def asking(*paths: str) -> list[str]:
    """A command that asks for these paths and looks only whether they are answered."""
    return [sys.executable, "-c", ASKS, *paths]


def counting(log: Path, failing: str) -> list[str]:
    """A command that fails in its runs of these numbers."""
    return shell(f"echo run >> {log}; case $(wc -l < {log}) in {failing}) echo oh; exit 7;; esac")


def test_a_client_learns_which_of_its_tests_notice_what(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pytest tells the test that kills a mutant, a survivor what test would; what cannot be noticed is left out."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    pytest_runs = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "client_tests.py"]
    started = "the-answer-to-starting-a-run-shows-its-name-which-is-then-forgotten"
    second_page = "a-completed-run-is-listed-without-is-shared"
    picked = only(started, second_page, "the-task-list-of-an-unknown-run-is-empty")
    code, out, err = run("mutants", "nextstep", *picked, "--json", "-", "--jobs", "1", command=pytest_runs)
    told = json.loads(out)
    assert code == 1, err
    by_name = {trial["name"]: trial for trial in told["trials"]}
    killed = by_name.pop(started)
    (test,) = killed["tests"]
    assert killed["by"] == [test["name"]]
    assert test["name"].endswith("client_tests.TestRuns::test_a_run_is_started")
    assert test["message"].startswith("AssertionError: assert")
    assert (killed["failure"], killed["advice"]) == ("exit code 1", None)
    survived = by_name[second_page]
    assert survived["advice"].startswith("reads the second page of `GET /process-runs` and checks `data[].is_shared`")
    assert {trial["outcome"] for trial in by_name.values()} == {"survived"}
    assert told["left_out"] == 1
    assert sum(one["killed"] + one["survived"] for one in told["operations"]) == len(told["trials"])
    assert told["operations"][0]["operation"] == "GET /process-runs"
    assert told["operations"][0]["requests"] == 6


def test_only_what_the_command_can_notice_is_tried(run: Run) -> None:
    """A mutant that changes no answer to the command is left out and counted; `--all` runs it."""
    names = only(HOLDS, "*-unknown-run-*", "listTemplateTasks-*")
    code, out, _ = run("mutants", "nextstep", *names, "--jobs", "1", command=asking("/process-runs"))
    assert code == 1
    left = sum(fnmatchcase(name, "*-unknown-run-*") for name in MUTANTS)
    left += sum(one.name.startswith("listTemplateTasks-") for one in noticeable("nextstep"))
    assert out.splitlines()[-1].endswith(f" s; {left} left out, as they change no answer to the command (--all)")
    assert out.count("\nsurvived a-page-without-a-limit") == 3
    assert "GET /process-runs (request 1 of the command): 19 items rather than 20" in out


def test_under_all_a_generated_mutant_says_what_would_notice_it(run: Run) -> None:
    """Also where the command sends nothing that shows it."""
    names = only("listProcessRuns-ignores-the-query-parameter-status")
    code, out, _ = run("mutants", "nextstep", *names, "--all", "-q", "--json", "-", command=asking())
    (trial,) = json.loads(out)["trials"]
    assert (code, trial["rules"], trial["difference"]) == (1, [], None)
    assert trial["advice"] == "sends `status` with `GET /process-runs` and checks that the answer obeys it"


@pytest.mark.usefixtures("unserved")
def test_nothing_that_can_be_noticed_is_no_success(run: Run) -> None:
    """Where every mutant is left out nothing was measured: exit code 1 and a line that says so."""
    code, _, err = run("mutants", "nextstep", *only(HOLDS), "-q", command=["true"])
    assert (code, err) == (
        1,
        "understudy: 3 mutants left out, as no answer to the command differs under them: nothing was tried"
        " (--all runs them)\n",
    )


@pytest.mark.usefixtures("unserved")
def test_an_empty_shard_is_no_success(run: Run) -> None:
    """More shards than mutants: that of this machine is empty."""
    code, _, err = run("mutants", "nextstep", *only(HOLDS), "--shard", "4/4", "-q", command=["true"])
    assert (code, err) == (1, "understudy: no mutant is in this shard: nothing was tried\n")


def test_an_api_without_mutants_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """None survived, as there are none: that is no success."""
    monkeypatch.setattr(command, "mutants", lambda api: ())
    assert run("mutants", "nextstep", *only("any")) == (
        1,
        "",
        "understudy: nextstep has no mutants: nothing was tried\n",
    )


DOCUMENT = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
components:
  schemas:
    Item:
      type: object
      required: [id]
      properties: {id: {type: string}, price: {type: integer}, size: {type: integer}}
paths:
  /items/{id}:
    get:
      operationId: getItem
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: An item
          content:
            application/json: {schema: {$ref: "#/components/schemas/Item"}, example: {id: a, price: 3, size: 4}}
  /health:
    get: {operationId: health, responses: {"204": {description: Fine}}}
"""
"""A document of a user."""


def test_a_document_of_ones_own_has_generated_mutants(run: Run, tmp_path: Path) -> None:
    """They are served in the other process, too; what is alike is one mutant."""
    document = tmp_path / "shop.yaml"
    document.write_text(DOCUMENT)
    cheap = [sys.executable, "-c", OWN, "/items/a", "price"]
    code, out, err = run("mutants", str(document), "--jobs", "2", "--json", "-", command=cheap)
    told = json.loads(out)
    assert code == 1, err
    assert {trial["text"]: trial["outcome"] for trial in told["trials"]} == {
        "GET /items/{id} answers JSON that is cut off.": "caught",
        "No answer shows Item.price.": "caught",
        "No answer shows Item.size.": "survived",
    }
    assert told["api"] == "shop"
    assert told["trials"][2]["advice"] == "reads `GET /items/{id}` and checks `size`"
    names = [mutant.name for mutant in noticeable("shop")]
    assert len(set(names)) == len(names)


@pytest.mark.usefixtures("unserved")
def test_a_document_of_ones_own_is_for_a_command(run: Run, tmp_path: Path) -> None:
    """Where it states rules, the kit has no checks of them; its assumptions can be tried on a command."""
    document, bad = tmp_path / "corner-shop.yaml", tmp_path / "bad.yaml"
    rule = "{id: corner-shop.items.old, text: They are old., source: Items, basis: documented}"
    document.write_text(f"{DOCUMENT}\nx-rules: [{rule}]\n")
    assert run("assumptions", str(document), command=["true"])[0] == 0
    code, out, err = run("mutants", str(document))
    assert (code, out) == (2, "")
    assert "states rules of its own, and the kit has no check of them: give a COMMAND" in err
    bad.write_text("openapi: 4")
    code, out, err = run("mutants", str(bad), command=["true"])
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_an_alternative_that_changes_no_answer_passes_unrun(run: Run) -> None:
    """The command cannot tell it from the default; with `--all` it is run all the same."""
    picked = only("nextstep.pagination.limit-out-of-range")
    code, out, _ = run("assumptions", "nextstep", *picked, command=asking("/process-runs"))
    assert code == 0
    assert "not run: it changes no answer to the command" in out
    code, out, _ = run("assumptions", "nextstep", *picked, "--all", "--json", "-", command=asking())
    assert (code, [trial["run"] for trial in json.loads(out)["trials"]]) == (0, [True])


def test_what_an_alternative_breaks_is_told_with_the_answer(run: Run) -> None:
    """The first answer that differs stands beside how the command failed."""
    picked = only("nextstep.pagination.limit-out-of-range")
    code, out, _ = run("assumptions", "nextstep", *picked, command=[sys.executable, "-c", REFUSED, "?limit=0"])
    assert code == 1
    assert "  GET /process-runs?limit=0 (request 1 of the command): status 200 rather than 400" in out.splitlines()


@pytest.mark.usefixtures("unserved")
def test_a_flaky_command_is_told(run: Run, tmp_path: Path) -> None:
    """What passes once and fails once on the same mock tells nothing by failing: exit code 3, with its output."""
    code, out, err = run("mutants", "nextstep", *only(HOLDS), command=counting(tmp_path / "log", "2"))
    assert (code, out) == (3, "")
    first, *rest = err.splitlines()
    assert first.endswith(
        "is flaky: on the mock as it is it passed, then failed (exit code 7), so its failing tells nothing"
    )
    assert rest == ["    oh"]


@pytest.mark.parametrize(("failing", "reason"), [("2|3", "passes alone and fails when 2 of it"), ("2|3|4", "is flaky")])
@pytest.mark.usefixtures("unserved")
def test_a_command_that_meets_itself_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failing: str, reason: str
) -> None:
    """A command that fails only beside itself is for `--jobs 1`."""
    monkeypatch.setattr(pool, "RemoteHost", Host)
    options = (*only(HOLDS), "--jobs", "2")
    code, _, err = run("mutants", "nextstep", *options, command=counting(tmp_path / "log", failing))
    assert code == 3
    assert reason in err


@pytest.mark.usefixtures("unserved")
def test_a_pytest_that_takes_no_option_of_ours_is_not_asked(tmp_path: Path) -> None:
    """Where JUnit is switched off or the user's own file is missed, the command is run as the user wrote it."""
    log = tmp_path / "log"
    refuses = f'echo "$PYTEST_ADDOPTS" >> {log}; [ -z "$PYTEST_ADDOPTS" ] || {{ echo no --junitxml; exit 4; }}'
    program, hosts = Program(shell(refuses)), pool.HostPool("nextstep")
    baseline.second_run(program, hosts, baseline.first_run(program, hosts))
    first, *others = log.read_text().splitlines()
    assert first.startswith("--junitxml=")
    assert others == ["", ""]


def test_shards_share_all_mutants(run: Run) -> None:
    """Each is in one shard, and the shards are alike in size; without a command, too."""
    numbers = list(range(10))
    parts = [shard(numbers, number, 4) for number in range(1, 5)]
    assert sorted(chain.from_iterable(parts)) == numbers
    assert {len(part) for part in parts} == {2, 3}
    told = json.loads(run("mutants", "nextstep", *only(HOLDS), "--shard", "3/3", "--json", "-")[1])
    assert [trial["name"] for trial in told["trials"]] == ["a-page-without-a-limit-holds-100-items"]
    told = json.loads(run("mutants", "nextstep", *only(HOLDS), "--sample", "1", "--json", "-")[1])
    assert len(told["trials"]) == 1


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "1/4/2", "-1/4", "\u0661/4"])
def test_a_shard_that_cannot_be_meant_is_told(run: Run, text: str) -> None:
    """Parts are counted from 1."""
    code, _, err = run("mutants", "nextstep", f"--shard={text}")
    assert (code, err.count("\n")) == (2, 1)
    assert "is not K/N with K from 1 to N, as 1/4 is" in err


def difference(operation: str, part: Any) -> Difference:
    """A difference in a part of an operation's answers."""
    return Difference(operation, part, "", "", "")


def candidates(*places: tuple[str, str] | None) -> list[Candidate]:
    """Mutants with a first difference at these places."""
    mutants = mutation.mutants("nextstep")
    return [Candidate(one, place and difference(*place)) for one, place in zip(mutants, places, strict=False)]


def test_a_sample_is_always_the_same_and_in_order() -> None:
    """It depends on the names alone: a smaller one is part of a larger one."""
    known = candidates(*[None] * 60)
    small, large = sample(known, 10), sample(known, 30)
    assert [one for one in large if one in small] == small
    assert [one for one in known if one in large] == large
    assert sample(known[::-1], 10) == small[::-1]
    assert len(sample(known, 100)) == 60


def test_the_first_mutants_tell_most() -> None:
    """Operations and parts of answers in turn, the operation that is called most first; the unnoticeable last."""
    known = candidates(("b", "member"), ("b", "member"), None, ("a", "status"), ("a", "items"), ("a", "status"))
    shown = [
        None if one.difference is None else (one.difference.operation, one.difference.part)
        for one in in_order(known, {"a": 5, "b": 1})
    ]
    assert shown == [
        ("a", "status"), ("b", "member"), ("a", "items"), ("a", "status"), ("b", "member"), None
    ]  # fmt: skip


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.usefixtures("unserved")
def test_a_signal_ends_the_command_and_not_the_report(
    run: Run, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """What is known is told, and the running commands end; one before that is no report."""
    log, file = tmp_path / "log", tmp_path / "told.json"
    fourth = f"echo run >> {log}; [ $(wc -l < {log}) -lt 4 ] || {{ kill -{number.value} $PPID; sleep 60; }}"
    options = (*only(HOLDS), "--all", "--jobs", "1", "--json", str(file))
    found, out, err = run("mutants", "nextstep", *options, command=shell(fourth))
    reason = "ended by SIGTERM" if number == signal.SIGTERM else "interrupted"
    assert (found, json.loads(file.read_text())["ended"]) == (code, reason)
    assert out.splitlines()[-1].startswith(f"{reason}, 1 of 3 mutants: 0 killed, 1 survived")
    assert "Traceback" not in err


@pytest.mark.parametrize(("failing", "code"), [("no", 1), ("3", 3)])
@pytest.mark.usefixtures("unserved")
def test_a_time_limit_reports_what_is_known(run: Run, tmp_path: Path, failing: str, code: int) -> None:
    """A survivor is exit code 1; where none is known and some were not tried it is 3, with the reason."""
    log = tmp_path / "log"
    fourth = f"[ $(wc -l < {log}) -lt 4 ] || {{ kill -ALRM $PPID; sleep 60; }}"
    words = shell(f"{counting(log, failing)[2]}; {fourth}")
    options = (*only(HOLDS), "--all", "--jobs", "1", "--max-time", "900")
    found, out, err = run("mutants", "nextstep", *options, command=words)
    limit = "the time limit of 900 seconds (--max-time) has passed"
    assert found == code
    assert out.splitlines()[-1].startswith(f"{limit}, 1 of 3 mutants")
    assert (err.splitlines()[-1] == f"understudy: {limit}") is (code == 3)


@pytest.mark.usefixtures("unserved")
def test_a_time_limit_before_the_first_mutant_is_exit_code_3(run: Run) -> None:
    """There is nothing to tell then but the reason."""
    code, out, err = run("mutants", "nextstep", "--max-time", "900", command=shell("kill -ALRM $PPID; sleep 60"))
    assert (code, out) == (3, "")
    assert err == "understudy: the time limit of 900 seconds (--max-time) has passed\n"


@pytest.mark.usefixtures("unserved")
def test_an_interruption_of_the_last_look_keeps_the_results(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kit says of the survivors is missing then, and nothing else."""

    def interrupt(mutant: Any) -> str:
        signal.raise_signal(signal.SIGINT)
        return "never"

    monkeypatch.setattr(trials, "kit_advice", interrupt)
    code, out, _ = run("mutants", "nextstep", *only(HOLDS_19), "--all", "--json", "-", command=["true"])
    (trial,) = json.loads(out)["trials"]
    assert (code, trial["outcome"], trial["advice"]) == (130, "survived", None)


@pytest.mark.usefixtures("unserved")
def test_many_failed_tests_are_counted(run: Run, tmp_path: Path) -> None:
    """The first ones are named, each in one line; all are in the JSON."""
    tests = "".join(
        f'<testcase classname="t" name="test_{n}"><failure message="oh {"x" * 200}&#10;no"/></testcase>'
        for n in range(5)
    )
    odd = '<testcase name="odd"><error>why</error></testcase><testcase name="fine"/><testcase><skipped/></testcase>'
    results = tmp_path / "junit.xml"
    results.write_text(f"<testsuites><testsuite>{tests}{odd}</testsuite></testsuites>")
    file = f'cat {results} > "$(echo "$PYTEST_ADDOPTS" | sed s/--junitxml=//)"'
    log = tmp_path / "log"
    fails = f"echo >> {log}; [ $(wc -l < {log}) -lt 3 ] || {{ {file}; exit 1; }}"
    told = tmp_path / "told.json"
    _, out, _ = run("mutants", "nextstep", *only(HOLDS_19), "--all", "--json", str(told), command=shell(fails))
    (trial,) = json.loads(told.read_text())["trials"]
    assert trial["by"] == [*(f"t::test_{n}" for n in range(5)), "odd"]
    assert trial["tests"][-1] == {"name": "odd", "message": "why"}
    shown = [line.strip() for line in out.splitlines() if "t::test" in line or "more" in line]
    assert [line[:14] for line in shown] == ["t::test_0: oh ", "t::test_1: oh ", "t::test_2: oh ", "and 3 more"]
    assert all(line.endswith("...") for line in shown[:3])


@pytest.mark.usefixtures("unserved")
def test_own_options_of_pytest_come_last(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A JUnit file of the user's own is written as always."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--junitxml=theirs.xml")
    seen = tmp_path / "seen"
    assert Program(shell(f'echo "$PYTEST_ADDOPTS" > {seen}')).run(Host("nextstep")).failure is None
    assert seen.read_text().endswith("/junit.xml --junitxml=theirs.xml\n")


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
@pytest.mark.usefixtures("unserved")
def test_what_leaves_its_session_is_ended_too(tmp_path: Path) -> None:
    """A process that made itself a daemon ends with the command that started it."""
    pipe, ready = tmp_path / "pipe", tmp_path / "ready"
    os.mkfifo(pipe)
    os.mkfifo(ready)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    daemon = f"exec 3> {pipe}; echo > {ready}; exec sleep 60"
    assert Program(shell(f"setsid sh -c '{daemon}' & read line < {ready}")).run(Host("nextstep")).failure is None
    assert select.select([reading], [], [], 10)[0], "nobody has the other end of the pipe"
    os.close(reading)


def test_leftovers_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only a process with exactly this value is killed; one that has ended meanwhile is no error."""
    for number, environment in {"1": b"A=1\0B=22\0", "2": b"A=1\0B=2\0", "3": b""}.items():
        (tmp_path / number).mkdir()
        (tmp_path / number / "environ").write_bytes(environment)
    (tmp_path / "4").mkdir()
    (tmp_path / "4" / "environ").symlink_to("/nowhere")
    killed: list[int] = []
    monkeypatch.setattr(leftovers, "PROCESSES", tmp_path)
    monkeypatch.setattr(os, "kill", lambda number, _: killed.append(number))
    leftovers.kill_leftovers("B", "2")
    assert killed == [2]


def test_a_remote_host_does_what_a_host_does() -> None:
    """It serves and compares in another process, raises what is raised there, and says when that is gone."""
    remote, here = RemoteHost("nextstep"), Host("nextstep")
    mutant = MUTANTS[HOLDS_19]
    try:
        ran, recording = Program(asking("/process-runs")).record(here)
        assert ran.failure is None
        assert remote.learn([recording]) == here.learn([recording]) == {"listProcessRuns": 1}
        assert remote.differences([mutant]) == here.differences([mutant])
        assert Program(asking("/process-runs")).run(remote, mutant).output != ran.output
        assert len(Program(asking("/process-runs")).record(remote)[1].steps) == 1
        with pytest.raises(ValueError, match=r"unknown assumption nextstep\.none"):
            remote.serve(mutation.Alternative("nextstep.none", 1))
        remote._process.kill()
        with pytest.raises(BrokenProcessPool, match="has ended"):
            remote.serve()
    finally:
        remote.close()
        here.close()


def test_an_error_in_another_process_is_one_here() -> None:
    """It is returned beside the answer, to be raised where it was asked for."""
    served = Host("nextstep")
    answer, error = host._outcome(served, "serve", (mutation.Alternative("nextstep.none", 1),))
    assert (answer, type(error)) == (None, ValueError)
    _, error = host._outcome(served, "close", ())
    assert error is None


@pytest.mark.usefixtures("unserved")
def test_requests_are_counted_by_operation() -> None:
    """Those to the control API, or to no operation, are not."""
    requests = [Request("GET", path) for path in ("/__mock__/health", "/api/v1/process-runs", "/api/v1/nothing")]
    steps = tuple(Step(0, request) for request in requests)
    assert Host("nextstep").learn([Recording(0, "", steps)]) == {"listProcessRuns": 1}


@pytest.mark.usefixtures("unserved")
def test_a_generated_mutant_without_a_mark_is_not_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exchanges of the command show by themselves that it changes none of them."""
    served = Host("nextstep")
    served.learn([Recording(0, "", (Step(0, Request("GET", "/api/v1/process-runs", "status=active")),))])
    replayed: list[str] = []
    monkeypatch.setattr(host, "changed_api", lambda api, subject: replayed.append(subject.name) or 1 / 0)
    for mutant in noticeable("nextstep"):
        with suppress(ZeroDivisionError):
            assert served.differences([mutant]) == [None]
    assert "listProcessRuns-ignores-the-query-parameter-status" in replayed
    assert "listProcessTemplates-ignores-the-query-parameter-limit" not in replayed
    assert 0 < len(replayed) < len(noticeable("nextstep")) / 2


def test_generated_mutants_travel_by_their_names() -> None:
    """What arrives in another process is the mutant of that name there, and no two have one name."""
    for api in ("nextstep", "kognitos", "tallyfy"):
        known = noticeable(api)
        made, arguments = known[0].__reduce__()
        assert made(*arguments) is known[0]
        labels = [one.label for one in (*mutation.mutants(api), *known)]
        assert len(set(labels)) == len(labels)


def test_the_kit_runs_generated_mutants_under_all(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a command they are tried with `--all` only."""
    monkeypatch.setattr(command, "noticeable", lambda api: noticeable(api)[:1])
    monkeypatch.setattr(command, "mutants", lambda api: ())
    assert run("mutants", "nextstep")[0] == 1
    killer = next(iter(mutation.checks()))
    outcome = mutation.Outcome(killer, {}, "failed", AssertionError("no"))
    monkeypatch.setattr("understudy_checks.mutation.runner.find_kill", lambda mutant: outcome)
    code, out, _ = run("mutants", "nextstep", "--all")
    assert code == 0
    assert killer.name in out
    monkeypatch.setattr("understudy_checks.mutation.runner.find_kill", lambda mutant: None)
    assert run("mutants", "nextstep", "--all")[0] == 1


def test_all_alternatives_are_for_a_command(run: Run) -> None:
    """The kit knows which checks an alternative can change."""
    code, _, err = run("assumptions", "nextstep", "--all")
    assert (code, err) == (
        2,
        "understudy: --all is for a command; the kit runs each check that an alternative can change\n",
    )


def test_signs_of_life_are_plain_lines() -> None:
    """Where there is no terminal, a line says how many are done."""
    file, clock = io.StringIO(), iter([10.0, 12.0, 25.0])
    counted = progress.Counted(7, "mutants done", file, lambda: next(clock))
    counted.write()
    counted.advance()
    counted.write()
    assert file.getvalue() == "    2 s  0 of 7 mutants done\n   15 s  1 of 7 mutants done\n"


def test_the_kit_says_what_would_notice_a_mutant() -> None:
    """The requests of a rule's checks show it; where they do not, nothing is said."""
    assert kit_calls.kit_advice(MUTANTS[HOLDS_19]) is not None
    nothing = mutation.Mutant("Nothing is wrong.", ("nextstep.pagination.default-limit",), lambda api: api)
    assert kit_calls.kit_advice(nothing) is None


def test_a_process_pays_off_only_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short commands are run one after another; a number of jobs that is given holds."""
    first = baseline.Baseline(0.1, ())
    assert [variants._worthwhile(4, first, 10, given=given) for given in (True, False)] == [4, 1]
    assert variants._worthwhile(4, first, 21, given=False) == 4
