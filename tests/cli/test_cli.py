"""The command line: what it serves and prints, and its exit codes."""

from __future__ import annotations

import importlib
import io
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from banner import Output
from conftest import KEY
from understudy import apis, cli
from understudy.cli import rules
from understudy.engine.api import Api
from understudy.engine.ids import Ids
from understudy.http.server import listen
from understudy_checks.target import installed

ROOT = Path(__file__).parents[2]
Serve = Callable[..., tuple[int, str, Any]]


@pytest.fixture(scope="session")
def known() -> dict[str, Api]:
    """Every API, declared once: compiling a document takes a while."""
    return {name: installed.declared(name) for name in apis.NAMES}


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch, known: dict[str, Api]) -> None:
    """Replaces `declare` by the APIs that were declared once."""
    monkeypatch.setattr("understudy.apis.declare", known.__getitem__)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Serve:
    """Runs `serve` with arguments until `visit(ready)` is done on a thread: exit code, output, what visit returned."""

    def run(*arguments: str, visit: Callable[[Any], Any] = lambda ready: None, stop: int = signal.SIGTERM) -> Any:
        ready_file = tmp_path / "ready.json"
        results: list[Any] = []

        def act() -> None:
            try:
                results.append(visit(json.loads(ready_file.read_text())))
            finally:
                os.kill(os.getpid(), stop)

        output = Output(threading.Thread(target=act).start)
        monkeypatch.setattr(sys, "stdout", output)
        code = cli.main(["serve", "--port", "0", "--ready-file", str(ready_file), *arguments])
        assert not ready_file.exists(), "it is gone when the server is"
        return code, output.getvalue(), results[0]

    return run


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_it_cleanly(serve: Serve, stop: int) -> None:
    """SIGTERM and SIGINT end the server with exit code 0, and what they did before is restored."""
    before = signal.getsignal(stop)
    code, output, _ = serve(stop=stop)
    assert code == 0
    assert "Traceback" not in output
    assert signal.getsignal(stop) is before


def test_the_banner_is_short_and_its_lines_work(serve: Serve) -> None:
    """At most 12 lines; the ready file holds each API, and each has a curl line whose URL and key answer."""
    shown: list[str] = []

    def visit(ready: Any) -> list[int]:
        assert ready["pid"] == os.getpid()
        assert set(ready["apis"]) == set(apis.NAMES)
        assert ready["apis"]["nextstep"]["base_url"] == ready["url"] + "/api/v1"
        lines = sys.stdout.getvalue().splitlines()  # type: ignore[attr-defined]
        shown.extend(lines)
        calls = [shlex.split(line) for line in lines if line.startswith("  curl -H ")]
        assert len(calls) == len(apis.NAMES)
        assert "None" not in sys.stdout.getvalue()  # type: ignore[attr-defined]
        return [
            requests.get(
                url, headers=dict(text.split(": ", 1) for text in given if text != "-H"), timeout=5
            ).status_code
            for _, *given, url in calls
        ]

    code, _, statuses = serve(visit=visit)
    assert (code, set(statuses)) == (0, {200})
    assert len(shown) <= 12
    assert any(KEY in line for line in shown)


@pytest.mark.parametrize("format", ["text", "json", "none"])
def test_the_log_has_a_line_for_each_request(serve: Serve, format: str) -> None:
    """One line a request with reason and message of a refusal, and its id, as text or JSON, or none at all."""

    def visit(ready: Any) -> None:
        for query in ("", "?limit=0"):
            url = f"{ready['url']}/api/v1/process-runs{query}"
            requests.get(url, headers={"Authorization": f"Bearer {KEY}"}, timeout=5)

    _, output, _ = serve("--log-format", format, "--clock", "2026-04-07T10:00:00Z", visit=visit)
    lines = output.split("Ctrl-C stops it.\n")[1].splitlines()
    if format == "text":
        assert lines == [
            "10:00:00.000 200 GET /api/v1/process-runs #default.1",
            "10:00:00.000 400 GET /api/v1/process-runs?limit=0 [validation] limit: 0 is less than the minimum of 1"
            " #default.2",
        ]
    else:
        assert [json.loads(line)["reason"] for line in lines] == ([None, "validation"] if format == "json" else [])


def test_options_reach_the_worlds(serve: Serve) -> None:
    """Clock, rate limit, assumptions, fidelity and check are those of the options."""

    def visit(ready: Any) -> Any:
        url = f"{ready['url']}/api/v1/process-runs"
        answers = [
            requests.get(url, params={"limit": 0}, headers={"Authorization": f"Bearer {KEY}"}, timeout=5)
            for _ in range(3)
        ]
        clock = requests.get(f"{ready['url']}/__mock__/clock", timeout=5).json()
        return [answer.status_code for answer in answers], dict(answers[2].headers), clock

    arguments = ["--clock", "2030-01-01", "--rate-limit", "2", "--fidelity", "strict", "--check", "--seed", "x"]
    assume = ["--assume", "nextstep.pagination.limit-out-of-range=clamp", "--assume", "nextstep.tasks.unset-value="]
    _, _, (statuses, headers, clock) = serve("nextstep", *arguments, *assume, visit=visit)
    assert statuses == [200, 200, 429]
    assert headers["retry-after"] == "60"
    assert "x-mock-reason" not in {name.lower() for name in headers}
    assert clock == {"now": "2030-01-01T00:00:00.000Z", "frozen": True}


@pytest.mark.parametrize("shown", [False, True])
def test_secrets_are_masked_unless_shown(serve: Serve, shown: bool) -> None:
    """Log and journal show a placeholder for a key, the same in both, or with `--show-secrets` the key."""

    def visit(ready: Any) -> Any:
        headers = {"Authorization": f"Bearer {KEY}"}
        requests.get(f"{ready['url']}/api/v1/process-runs?api_key={KEY}", headers=headers, timeout=5)
        return requests.get(f"{ready['url']}/__mock__/journal", timeout=5).json()["exchanges"][-1]["query"]

    _, output, query = serve("nextstep", *["--show-secrets"][: int(shown)], visit=visit)
    assert (query == f"api_key={KEY}") == shown
    assert f" GET /api/v1/process-runs?{query} (unknown parameter" in output


def test_bounds_reach_the_worlds(serve: Serve) -> None:
    """`--bound` moves what the server keeps, and how large a control call may be."""

    def visit(ready: Any) -> Any:
        url = f"{ready['url']}/__mock__"
        made = [requests.post(f"{url}/worlds", timeout=5) for _ in range(2)]
        fault = {"status": 500, "body": "x" * 2000}
        return [response.status_code for response in (*made, requests.post(f"{url}/faults", json=fault, timeout=5))]

    assert serve("--bound", "worlds=2", "--bound", "control-bytes=1000", visit=visit)[2] == [201, 429, 413]
    assert serve("--max-worlds", "2", "--bound", "control-bytes=1000", visit=visit)[2] == [201, 429, 413]


def test_an_idle_world_is_removed_by_the_server(serve: Serve) -> None:
    """After `--world-idle-timeout` a world without requests is gone, and its URL says so; the default one stays."""

    def visit(ready: Any) -> tuple[str, int]:
        url = ready["url"]
        made = requests.post(f"{url}/__mock__/worlds", timeout=5).json()
        while requests.get(f"{url}/__mock__/health", timeout=5).json()["worlds"] == 2:
            pass
        gone = requests.get(f"{made['url']}/api/v1/process-runs", timeout=5)
        return gone.json()["detail"], requests.get(f"{url}/api/v1/process-runs", timeout=5).status_code

    told, status = serve("nextstep", "--world-idle-timeout", "0.01", visit=visit)[2]
    assert "it got no request for 0.01 seconds" in told
    assert status == 401


def test_without_a_rate_limit_nothing_is_429(serve: Serve) -> None:
    """`--no-rate-limit` admits more than the documented number."""

    def visit(ready: Any) -> set[int]:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {KEY}"
            return {session.get(f"{ready['url']}/api/v1/process-runs/x", timeout=5).status_code for _ in range(110)}

    assert serve("--no-rate-limit", "--clock", "frozen", visit=visit)[2] == {404}


def test_off_loopback_the_control_api_needs_the_printed_token(serve: Serve) -> None:
    """On another address the banner and the ready file show a token, without which control is closed."""

    def visit(ready: Any) -> tuple[int, int]:
        url = f"{ready['url']}/__mock__/health"
        token = {"X-Mock-Token": ready["control_token"]}
        return requests.get(url, timeout=5).status_code, requests.get(url, headers=token, timeout=5).status_code

    _, output, statuses = serve("--host", "0.0.0.0", visit=visit)
    assert statuses == (401, 200)
    assert "X-Mock-Token: " in output


@pytest.mark.parametrize(
    ("given", "allowed"), [((), "*"), (("--cors", "off"), None), (("--cors", "http://a"), "http://a")]
)
def test_pages_of_other_origins_are_let_in_or_not(serve: Serve, given: tuple[str, ...], allowed: str | None) -> None:
    """`--cors` names the origin whose pages may read answers; without it any may, with `off` none."""

    def visit(ready: Any) -> str | None:
        answer = requests.get(f"{ready['url']}/api/v1/process-runs", headers={"Origin": "http://a"}, timeout=5)
        return answer.headers.get("Access-Control-Allow-Origin")

    assert serve(*given, visit=visit)[2] == allowed


def is_here(address: str) -> bool:
    """Whether this machine has an address."""
    try:
        listen(address, 0).close()
    except OSError:
        return False
    return True


def test_a_name_is_listened_on_at_each_of_its_addresses(serve: Serve) -> None:
    """`--host localhost` answers at each loopback address that the name stands for here."""

    def visit(ready: Any) -> set[int]:
        port = urlsplit(ready["url"]).port
        found = {str(address[0]) for *_, address in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)}
        hosts = [f"[{host}]" if ":" in host else host for host in found if is_here(host)]
        return {requests.get(f"http://{host}:{port}/nope", timeout=5).status_code for host in hosts}

    assert serve("--host", "localhost", visit=visit)[2] == {404}


def test_fixtures_can_be_replaced(serve: Serve, tmp_path: Path, small: dict[str, Any]) -> None:
    """The seed files of a folder replace the built-in ones."""
    (tmp_path / "nextstep").mkdir()
    (tmp_path / "nextstep" / "seed.yaml").write_text(json.dumps(small["nextstep"]))

    def visit(ready: Any) -> Any:
        entry = ready["apis"]["nextstep"]
        url = f"{entry['base_url']}/process-runs"
        return requests.get(url, headers={"Authorization": f"Bearer {entry['api_key']}"}, timeout=5).json()["data"]

    assert [run["id"] for run in serve("nextstep", "--fixtures", str(tmp_path), visit=visit)[2]] == ["R2", "R1"]


def test_without_a_ready_file_it_just_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ready file is optional."""
    stop = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGTERM))
    monkeypatch.setattr(sys, "stdout", Output(stop.start))
    assert cli.main(["serve", "--port", "0"]) == 0


def test_ctrl_c_is_an_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Outside of serving, Ctrl-C ends a command without a traceback: exit code 130."""

    def pressed(_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "run", pressed)
    assert cli.main(["rules", "nextstep"]) == 130
    assert capsys.readouterr().err == ""


def test_a_taken_port_is_reported_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names the flag that helps; exit code 3."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["serve", "--port", str(port)]) == 3
    message = f"cannot listen on 127.0.0.1:{port}: Address already in use; --port takes another port, 0 a free one"
    assert capsys.readouterr().err == f"understudy: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quiet"], "COMMAND"),
        (["sevre"], "); did you mean serve?"),
        (["serve", "nextstop"], "unknown API nextstop; did you mean nextstep?"),
        (["serve", "--prot", "0"], "unknown argument --prot; did you mean --port?"),
        (["serve", "--port", "x"], "--port x is not a whole number from 0 to 65535"),
        (["serve", "--port", "65536"], "--port 65536 is not a whole number from 0 to 65535"),
        (["serve", "--port", "-1"], "--port -1 is not a whole number from 0 to 65535"),
        (["serve", "--rate-limit", "0"], "--rate-limit 0 is not a whole number from 1 to 1,000,000,000; --no-"),
        (["serve", "--ready-file", "no/where"], "--ready-file no/where: there is no folder no"),
        (["serve", "--ready-file", "-"], "--ready-file -: standard output has URL and log already"),
        (["serve", "--rate-limit", "1", "--no-rate-limit"], "not allowed with"),
        (["serve", "--cors", "localhost:3000"], "--cors localhost:3000 is no origin such as http://localhost:3000"),
        (["serve", "--cors", "http://a/b"], "--cors http://a/b is no origin"),
        (["serve", "--clock", "soon"], "--clock soon is neither real nor frozen nor an ISO 8601 time"),
        (["serve", "--clock", "9999-12-31T23:59:59-12:00"], "from 0001-01-01T00:00:00Z to 9999-12-31"),
        (["serve", "--clock", "0001-01-01T00:00:00+01:00"], "from 0001-01-01T00:00:00Z to 9999-12-31"),
        (["serve", "--clock", "Frozn"], "59Z; did you mean frozen?"),
        (["serve", "--assume", "=1"], "--assume =1 is not ID=VALUE"),
        (["serve", "--cors", "http://a b"], "--cors 'http://a b' is no origin"),
        (["serve", "./my.yaml"], "my.yaml: No such file or directory"),
        (["rules", "MY.JSON"], "MY.JSON: No such file or directory"),
        (["check", "openapi/control"], "control is the name of a built-in API; name the document with my-control="),
        (["mutants", "README.md"], "README.md:4: while scanning an alias"),
        (["serve", "--host", "\xe4" * 70], "is no host name"),
        (["serve", "--assume", "x"], "--assume x is not ID=VALUE"),
        (["serve", "--assume", "nextstep.tasks.unset-valeu=1"], "did you mean nextstep.tasks.unset-value?"),
        (["serve", "--assume", "nextstep.tasks.unset-value=1"],
        "nextstep.tasks.unset-value cannot be 1; it is one of None, ''"),
        (["serve", "--fidelity", "loose"], "invalid choice: 'loose'"),
        (["serve", "--fixtures", "/nowhere"], "/nowhere: there is no such folder"),
        (["serve", "--bound", "world=1"], "--bound world=1: there is no bound world; did you mean worlds?"),
        (["serve", "--max-worlds", "0"], "--max-worlds 0 is not a whole number from 1 to 1,000,000,000"),
        (
            ["serve", "--max-worlds", "5", "--bound", "worlds=6"],
            "--max-worlds 5 and --bound worlds=6 are the same; give one",
        ),
        (["serve", "--world-idle-timeout", "0"], "--world-idle-timeout 0 is neither off nor a number of seconds"),
        (["serve", "--world-idle-timeout", "of"], "--world-idle-timeout of is neither off nor a number of seconds"),
        (["serve", "--bound", "worlds=none"], "--bound worlds=none: 'none' is not a whole number from 1"),
        (["serve", "--fidelity", "Strict"], "); did you mean strict?"),
        (["serve", ""], "unknown API (empty); known: "),
        (["serve", "tests"], "tests: there is no openapi.yaml or openapi.yml or openapi.json in this folder"),
        (["serve", "--log-format", "xml"], "invalid choice: 'xml'"),
        (["rules", "nope"], f"unknown API nope; known: {', '.join(apis.NAMES)}"),
        (["rules", "--format", "csv"], "invalid choice: 'csv'"),
    ],
)  # fmt: skip
def test_usage_errors_are_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    """Wrong arguments are reported in one line with the nearest valid value; exit code 2."""
    assert cli.main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("understudy: ")
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("teams: [", "seed.yaml:1: "), ("teams: 5", "teams: 5 is not of type"), ("[]", "is not of type"), ("",
        "is not of type"),
        ("teams: [5]", "seed.yaml:1: /teams/0: 5 is not of type"), ("\x00", "seed.yaml:1: "), ("teams: [{id: a}]",
        '"timezone" is a required property'),
        ("teams: [{id: a, timezone: UTC, runs: [{id: r, template_id: t, created_at: '2026-01-01T00:00:00Z'}]}]",
        "a: run r: there is no template t"),
        ("teams: [{id: a, timezone: UTC, colour: 1}]", "Additional properties are not allowed"),
    ],
)  # fmt: skip
def test_broken_fixtures_are_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str, message: str
) -> None:
    """A seed that is no YAML or does not fit is a configuration error with file, line and JSON pointer."""
    (tmp_path / "nextstep").mkdir()
    (tmp_path / "nextstep" / "seed.yaml").write_text(content)
    assert cli.main(["serve", "nextstep", "--port", "0", "--fixtures", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_all_problems_of_a_document_are_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that is not understood stops the command with each problem on a line."""
    from understudy.document.compile import ContractError

    def broken(name: str) -> None:
        raise ContractError(f"{name}.yaml", [("/a", "is wrong"), ("/b", "is missing")])

    monkeypatch.setattr(apis, "declare", broken)
    assert cli.main(["rules", "nextstep"]) == 2
    assert capsys.readouterr().err == "understudy: nextstep.yaml#/a: is wrong\nnextstep.yaml#/b: is missing\n"


def test_rules_are_listed_with_their_basis(capsys: pytest.CaptureFixture[str]) -> None:
    """The table shows basis and source of each rule, default and alternatives of each assumption."""
    assert cli.main(["rules"]) == 0
    table = capsys.readouterr().out
    assert "nextstep.pagination.limit-out-of-range  [assumed: REST API > Pagination]" in table
    assert '    "reject"; alternatives: "clamp"' in table
    last = table.splitlines()[-1].split()
    assert (last[1], last[3]) == ("rules,", "assumptions")


def test_rules_as_json_have_the_documents_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON the entries hold the fields of the document and the API."""
    assert cli.main(["rules", "nextstep", "nextstep", "--format", "json"]) == 0
    listing = json.loads(capsys.readouterr().out)
    assert set(listing) == {"rules", "assumptions"}
    assert set(listing["rules"][0]) == {"api", "id", "text", "source", "basis"}
    assert set(listing["assumptions"][0]) == {"api", "id", "text", "source", "default", "alternatives"}
    ids = [entry["id"] for entry in (*listing["rules"], *listing["assumptions"])]
    assert len(ids) == len(set(ids))


def test_a_reader_that_goes_away_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """`understudy rules | head` ends quietly."""

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Closed())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert cli.main(["rules"]) == 0


@pytest.mark.parametrize("arguments", [["-h"], ["--help"], ["serve", "-h"], ["rules", "--help"]])
def test_help_is_reported(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """Every command has help, with exit code 0."""
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 0
    assert "usage: understudy" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    """`python -m understudy --help` imports neither YAML nor server nor validators."""
    program = (
        "import sys\n"
        "from understudy.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n"
        "    heavy = {'yaml', 'uvicorn', 'jsonschema_rs', 'starlette', 'msgspec', 'asyncio'} & set(sys.modules)\n"
        "    sys.exit(f'loaded {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m understudy` is the same command."""
    monkeypatch.setattr(sys, "argv", ["understudy", "serve", "x"])
    with pytest.raises(SystemExit) as end:
        importlib.import_module("understudy.__main__")  # pytest's import hook cannot run it as a module
    assert end.value.code == 2
    assert (
        capsys.readouterr().err
        == f"understudy: unknown API x; known: {', '.join(apis.NAMES)}, or the path of a document\n"
    )


def test_the_seed_of_the_command_line_makes_the_keys(serve: Serve) -> None:
    """Fresh worlds have the same keys on every run with the same seed."""

    def visit(ready: Any) -> str:
        made = requests.post(f"{ready['url']}/__mock__/worlds", timeout=5).json()
        return f"{made['id']} {made['apis']['nextstep']['api_key']}"

    first = serve("--seed", "a", visit=visit)[2]
    assert first.startswith("w_" + Ids("a").take(12))
    assert serve("--seed", "a", visit=visit)[2] == first
    assert serve("--seed", "b", visit=visit)[2] != first
