"""`understudy check`: its targets, its output, its reports and its exit codes."""

from __future__ import annotations

import json
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat
from pathlib import Path
from socket import SHUT_RDWR
from threading import Thread
from typing import Any
from xml.etree import ElementTree

import pytest

from understudy import apis, cli
from understudy.apis import control
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.server import listen, serving, url_of
from understudy_checks import check as checking
from understudy_checks.commands import check as command
from understudy_checks.mutation import mutants
from understudy_checks.plan import plan_steps
from understudy_checks.target import installed

KEY = "nxs_live_your_key"
ONE = "nextstep.runs.unknown-run"


def app() -> App:
    """NextStep without a control API, so that the kit does not recognize our mock."""
    return App(nextstep_worlds())


def nextstep_worlds() -> Worlds:
    """Worlds of NextStep alone, with a rate limit that no test reaches."""
    return Worlds([installed.declared("nextstep")], seeds=apis.seeds(apis.NAMES), limits={"nextstep": 10**9})


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The same behind a URL."""
    with serving(nextstep_worlds()) as url:
        yield url


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs the command; returns exit code, standard output and standard error."""

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.main(["check", *words[:1], "--profile", "quick", *words[1:]])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_our_mock_is_checked_in_process(check) -> None:
    """Without an address our mock is checked; the last line sums up."""
    code, out, err = check("nextstep", "--only", ONE)
    assert (code, err.partition(" s  ")[2]) == (0, "runs: 1 rule: 1 passed, 0 failed, 0 not checked\n")
    assert out.strip().splitlines()[-1].startswith("1 rule: 1 passed")


def test_a_server_is_checked_by_url_and_reports_are_written(check, served: str, tmp_path: Path) -> None:
    """Page, JUnit and JSON hold the same results."""
    files = {form: tmp_path / f"report.{form}" for form in ("html", "junit", "json")}
    options = [word for form, file in files.items() for word in (f"--{form}", str(file))]
    rules = ["--only", ONE, "--only", "nextstep.authentication.revoked-key"]
    code, out, _ = check("nextstep", "--url", f"{served}/api/v1", "--api-key", KEY, *rules, *options)
    assert code == 0
    assert out.strip().splitlines()[-1].startswith("2 rules: 1 passed, 0 failed, 1 not checked")
    report = json.loads(files["json"].read_text())
    assert report["target"] == f"{served}/api/v1"
    assert {rule["id"]: rule["outcome"] for rule in report["rules"]} == {
        ONE: "passed",
        "nextstep.authentication.revoked-key": "not_checked",
    }
    assert report["requests"] > 0
    assert [entry.get("name") for entry in ElementTree.parse(files["junit"]).iter("testcase")] == [
        rule["id"] for rule in report["rules"]
    ]
    assert files["html"].read_text().startswith("<!doctype html>")


def test_a_failure_is_exit_code_1(check) -> None:
    """A server that breaks a rule fails the check, and the report shows how to reproduce it."""
    broken = next(known for known in mutants("nextstep") if known.name == "the-task-list-of-an-unknown-run-is-empty")
    names = [broken.breaks(installed.declared("nextstep")), control.declare]
    with serving(Worlds(names, seeds=apis.seeds(apis.NAMES))) as url:
        code, out, _ = check("nextstep", "--url", f"{url}/api/v1", "--only", ONE)
    assert code == 1
    assert "/process-runs/" in out
    assert out.strip().splitlines()[-1].startswith("1 rule: 0 passed, 1 failed")


def test_nothing_checked_is_a_failure_and_so_is_anything_not_checked_when_strict(check, served: str) -> None:
    """A rule that was not checked does not count as passed."""
    url = ("nextstep", "--url", f"{served}/api/v1", "--api-key", KEY)
    revoked = ("--only", "nextstep.authentication.revoked-key")
    assert check(*url, *revoked)[0] == 1
    assert check(*url, *revoked, "--only", ONE)[0] == 0
    assert check(*url, *revoked, "--only", ONE, "--strict")[0] == 1


def test_quiet_prints_nothing(check) -> None:
    """With `-q` only the exit code is left."""
    assert check("nextstep", "--only", ONE, "-q") == (0, "", "")


def test_an_app_is_checked_with_the_settings_of_a_file(
    check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str
) -> None:
    """An app of the current folder is imported and run; the file holds its keys, and options override it."""
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_fake.py").write_text(f"from {__name__} import app\n")
    (tmp_path / "target.toml").write_text(f'api_keys = ["{KEY}"]\nwrites = true\n')
    options = ("nextstep", "--app", "my_fake:app", "--target", "target.toml", "--only", ONE)
    code, out, _ = check(*options)
    assert code == 0
    assert "my_fake:app" in out
    assert check(*options, "--set", "rate_limit=0")[0] == 0
    created = ("--only", "nextstep.creation.created")
    assert check(*options[:5], *created, "--read-only")[0] == 1
    assert check(*options[:5], *created, "--read-only", "--url", served)[0] == 2


def test_a_budget_is_kept(check, served: str, tmp_path: Path) -> None:
    """No more requests are made, the check of access included."""
    words = ("--url", f"{served}/api/v1", "--api-key", KEY, "--read-only", "--budget", "9")
    check("nextstep", *words, "--json", str(tmp_path / "r.json"), "--only", "nextstep.runs.*")
    assert json.loads((tmp_path / "r.json").read_text())["requests"] <= 9


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("nextstp",),
            "unknown API nextstp; did you mean nextstep?; known: kognitos, nextstep, tallyfy, or the path of"
            " a document",
        ),
        (("nextstep", "--budget", "0"), "--budget 0 is not a whole number from 1 to 1,000,000,000"),
        (
            ("nextstep", "--only", "nextstep.runs.unknown-rum"),
            "--only nextstep.runs.unknown-rum: no such rule of nextstep; did you mean nextstep.runs.unknown-run?",
        ),
        (("nextstep", "--html", "no/such/report.html"), "--html no/such/report.html: there is no folder no/such"),
        (("nextstep", "--html", "/"), "--html /: it is a folder"),
        (("nextstep", "--api-key", "k"), "--api-key is for a server that --url or --app leads to"),
        (("nextstep", "--target", "t.toml"), "--target is for a server that --url or --app leads to"),
        (("nextstep", "--set", "a=b"), "--set is for a server that --url or --app leads to"),
        (("nextstep", "--url", "x"), "x is no URL; it looks like http://127.0.0.1:8629/api/v1"),
        (("nextstep", "--url", "http://127.0.0.1:1", "--set", "a"), "a is not NAME=VALUE"),
        (("nextstep", "--app", "x"), "app x is not module:attribute"),
        (("nextstep", "--", "pytest"), "pytest stands after --, and this command runs no other"),
        (("nextstep", "--budge", "3", "--strickt"), "unknown argument --strickt; did you mean --strict?"),
    ],
)
def test_what_cannot_be_meant_is_exit_code_2(check, words: tuple[str, ...], message: str) -> None:
    """One line names the value, the flag and what is valid."""
    assert check(*words) == (2, "", f"understudy: {message}\n")


def test_what_cannot_be_reached_is_exit_code_3(check, served: str) -> None:
    """No server, a key that it refuses, a base URL under which the API is not: nothing can be checked."""
    for words, message in (
        (("--url", "http://127.0.0.1:1/api/v1", "--api-key", KEY), "nothing answers at http://127.0.0.1:1/api/v1: "),
        (("--url", f"{served}/api/v1", "--api-key", "wrong"), f"{served}/api/v1 refuses the API key (401): "),
        (("--url", f"{served}/api", "--api-key", KEY), f"{served}/api answers 404 to GET /api/process-templates: "),
    ):
        code, out, err = check("nextstep", *words)
        assert (code, out) == (3, "")
        assert err.startswith(f"understudy: {message}")
        assert err.count("\n") == 1


def test_a_report_that_cannot_be_written_is_reported(check) -> None:
    """Flag and reason are named before anything is checked."""
    code, out, err = check("nextstep", "--only", ONE, "--json", "/dev/full")
    assert (code, out, err) == (2, "", "understudy: --json /dev/full: it is a device\n")


def test_two_reports_are_not_written_to_one_file(check, tmp_path: Path) -> None:
    """The second would replace the first, however its path is written."""
    (tmp_path / "d").mkdir()
    for other in (f"{tmp_path}/r", f"{tmp_path}/d/../r"):
        code, _, err = check("nextstep", "--json", str(tmp_path / "r"), "--html", other)
        assert (code, err) == (2, f"understudy: --html {other}: another report is written there, too\n")
    code, _, err = check("nextstep", "--json", "-", "--junit", "-")
    assert (code, err) == (2, "understudy: --junit -: another report is written there, too\n")


@pytest.mark.parametrize(
    ("form", "understood"),
    [
        ("json", lambda text: json.loads(text)["rules"][0]["id"] == ONE),
        ("junit", lambda text: len(ElementTree.fromstring(text).findall(".//testcase")) == 1),
        ("html", lambda text: text.startswith("<!doctype html>")),
    ],
)
def test_a_hyphen_prints_a_report_in_place_of_the_table(
    check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, understood: Callable[[str], bool]
) -> None:
    """A pipe gets the report and nothing else, as from `mutants --json -`; no file of that name is made."""
    monkeypatch.chdir(tmp_path)
    other = "html" if form == "json" else "json"
    for quiet in ((), ("-q",)):
        code, out, _ = check("nextstep", "--only", ONE, f"--{form}", "-", f"--{other}", "beside", *quiet)
        assert code == 0
        assert understood(out)
        assert [file.name for file in tmp_path.iterdir()] == ["beside"]


def test_a_report_that_cannot_be_written_costs_no_other(check, tmp_path: Path) -> None:
    """On a full disk the table is printed, and the files that find room are written; exit code 3."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    names = [str(tmp_path / name) for name in ("page", "small")]
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    try:
        code, out, err = check("nextstep", "--only", ONE, "--html", names[0], "--junit", names[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (code, err.splitlines()[-1]) == (3, f"understudy: --html {names[0]} cannot be written: File too large")
    assert out.strip().splitlines()[-1].startswith("1 rule: 1 passed")
    assert [str(file) for file in tmp_path.iterdir()] == names[1:]


def test_without_the_kit_one_line_says_what_to_install(check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serving needs no kit; checking does."""
    monkeypatch.setitem(sys.modules, "understudy_checks.commands", None)
    for name in ("check", "mutants", "assumptions"):
        assert cli.main([name, "nextstep"]) == 3
    assert check("nextstep") == (
        3,
        "",
        "understudy: the contract kit needs understudy_checks.commands: pip install 'understudy[contract]'\n" * 4,
    )


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """A server that sends these responses, one for each connection, and repeats the last one."""
    listener = listen("127.0.0.1", 0)
    given = chain(answers, repeat(answers[-1]))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(next(given))

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield url_of(listener)
    finally:
        listener.shutdown(SHUT_RDWR)
        listener.close()
        thread.join(5)


NOT_OURS = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
MOVED = b"HTTP/1.1 301 Moved\r\nlocation: https://x/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
ODD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (("--api-key", "bad"), "--api-key is"),
        (("--api-key", "bad", "--auth", "a:b", "--set", "revoked_key=x"), "--api-key, --auth, revoked_key are"),
    ],
)
def test_keys_for_a_server_of_ours_are_reported_as_unused(check, words: tuple[str, ...], unused: str) -> None:
    """A wrong key is not taken for a right one: each test there gets a fresh world, which has keys of its own."""
    names = [installed.declared("nextstep"), control.declare]
    with serving(Worlds(names, seeds=apis.seeds(apis.NAMES))) as url:
        words = ("nextstep", "--url", f"{url}/api/v1", "--only", ONE, *words)
        code, _, err = check(*words)
        assert code == 0
        assert err.splitlines()[0] == (
            f"understudy: {unused} not used by the tests: {url}/api/v1 is an Understudy, "
            "which gives each test a fresh world with keys of its own"
        )
        assert check(*words, "-q") == (0, "", "")
        assert "not used" not in check(*words[:5])[2]


def test_a_server_that_leads_elsewhere_or_breaks_off_is_reported(check) -> None:
    """A redirect is not followed with a key, and a broken connection is no broken rule."""
    for answers, message in (((NOT_OURS, MOVED), "leads to https://x/ (301)"), ((NOT_OURS, b""), "breaks off: ")):
        with answering(*answers) as url:
            code, out, err = check("nextstep", "--url", url, "--api-key", KEY, "--only", ONE)
        assert (code, out) == (3, "")
        assert err.startswith(f"understudy: {url} {message}")


def test_a_server_that_dies_ends_the_check(check) -> None:
    """The results so far are reported as incomplete; the other rules count as not checked."""
    rules = ("--only", "nextstep.runs.*")
    with answering(NOT_OURS, ODD, b"") as url:
        code, out, err = check("nextstep", "--url", url, "--api-key", KEY, *rules)
    assert code == 3
    assert f"; {url} has stopped answering: " in out
    assert "not checked" in out
    assert err.startswith(f"understudy: {url} has stopped answering: ")


def test_an_interrupted_check_reports_its_results(check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the check, not the report."""

    def interrupted(*_: Any) -> Any:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(checking, "run_probes", interrupted)
    monkeypatch.setattr(checking, "plan_steps", lambda target, rules: plan_steps(target, [ONE]))
    code, out, _ = check("nextstep")
    assert code == 130
    assert out.strip().endswith("; interrupted")
    count = len(installed.document("nextstep").rules)
    assert f"{count} rules: 1 passed, 0 failed, {count - 1} not checked" in out


def test_an_interrupted_command_ends_quietly(check, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C prints no traceback."""

    def interrupted(*_: Any, **__: Any) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(command, "mock", interrupted)
    assert check("nextstep", "--only", ONE) == (130, "", "")
