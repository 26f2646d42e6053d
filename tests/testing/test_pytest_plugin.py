"""The pytest plugin as a test run meets it: fixtures, ini option, marker, reports, workers, running servers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import pytest

from registry import REGISTRY
from understudy import MockServer, pytest_plugin
from understudy.testing.shared_server import SharedServer, shared_url

pytest_plugins = "pytester"

BUILT_IN = pytest_plugin.BUILT_IN

ASK = """
import json, pytest, urllib.error, urllib.request

def ask(world, path, key=None):
    headers = {"Authorization": f"Bearer {key or world.api_key}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(world.base_url + path, headers=headers)) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
"""
BARE = """
import sys, pytest
run = ["-q", "-p", "no:cacheprovider", "test_it.py"]
assert pytest.main(run) == 0
before = set(sys.modules)
assert pytest.main([*run, "-p", "understudy.pytest_plugin", "--strict-markers"]) == 0
foreign = {name for name in set(sys.modules) - before if name.partition(".")[0] not in sys.stdlib_module_names}
print(*sorted(foreign))
"""


class Project:
    """A project of a user, whose tests are run in this process with our plugin alone."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester

    def run(self, tests: str, *arguments: str, ini: str = "") -> pytest.RunResult:
        """Run a file of tests; `ini` are the lines of its pytest.ini."""
        self.pytester.makepyfile(test_it=ASK + tests)
        self.pytester.makeini(f"[pytest]\n{ini}")
        options = ("-p", "no:cacheprovider", "-p", "understudy.pytest_plugin", "--strict-markers", *arguments)
        return self.pytester.runpytest_inprocess(*options)

    def printed(self, result: pytest.RunResult) -> str:
        """All that a run printed."""
        return result.stdout.str() + result.stderr.str()


@pytest.fixture
def alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose run starts a server of its own, which serves one built-in API: that is faster."""
    monkeypatch.setattr(pytest_plugin, "BUILT_IN", ("nextstep",))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_PLUGINS", raising=False)
    for name in ("UNDERSTUDY_URL", "UNDERSTUDY_READY_FILE"):
        monkeypatch.delenv(name, raising=False)
    return Project(pytester)


@pytest.fixture
def project(alone: Project, server: MockServer, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose run uses the server that is there already."""
    monkeypatch.setenv("UNDERSTUDY_URL", f"{server.url}/api/v1")
    monkeypatch.setattr(pytest_plugin, "BUILT_IN", BUILT_IN)
    return alone


def test_nothing_is_imported_before_a_fixture_is_used(tmp_path: Path) -> None:
    """A run without them loads the plugin, and beside it nothing but pytest and Python's library."""
    (tmp_path / "test_it.py").write_text("def test_nothing(): pass\n")
    done = subprocess.run(
        [sys.executable, "-c", BARE],
        cwd=tmp_path,
        env={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1].split() == ["understudy", "understudy.data", "understudy.pytest_plugin"]


class TestFixtures:
    """A fixture for each API, and a fresh world for each test."""

    def test_each_test_has_a_world_of_its_own(self, alone: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """One world for all fixtures of a test; the server and its thread end with the run."""
        monkeypatch.setattr(pytest_plugin, "BUILT_IN", BUILT_IN)
        result = alone.run(
            """
seen = []

def test_one(nextstep, kognitos, tallyfy, understudy_world):
    assert nextstep.id == kognitos.id == tallyfy.id == understudy_world.id
    assert ask(nextstep, "/process-runs") == 200
    nextstep.event("lapse-subscription")
    assert len(nextstep.calls("listProcessRuns")) == 1
    seen.append(nextstep.id)

def test_another(nextstep, understudy_server):
    assert ask(nextstep, "/process-runs") == 200
    assert nextstep.id not in seen
    assert [one.id for one in understudy_server.worlds()] == ["default", nextstep.id]
    assert ask(nextstep, "/process-runs", key="wrong") == 401
    assert nextstep.calls().statuses == [200, 401]
"""
        )
        result.assert_outcomes(passed=2)

    def test_fixtures_are_told(self, project: Project) -> None:
        """`pytest --fixtures` shows each with its docstring."""
        printed = project.printed(project.run("", "--fixtures"))
        for name in ("nextstep", "kognitos", "tallyfy"):
            assert f"A fresh world of {name} for this test" in printed
        assert "The server of this test run" in printed

    def test_a_document_of_ones_own_has_a_fixture(self, alone: Project) -> None:
        """By a line of the ini file; a dash in the name is an underscore in Python."""
        alone.pytester.makefile(".yaml", registry=REGISTRY)
        tests = """
def test_owners(my_registry, moved):
    my_registry.add_record("owners", {"name": "Ann"})
    assert [one["name"] for one in my_registry.state["owners"].values()] == ["Ann"]
    assert moved.base_url.endswith("/v2") and not moved.state["owners"]
"""
        ini = "understudy_documents =\n  my-registry = ./registry.yaml\n  moved = registry.yaml@/v2\n"
        alone.run(tests, ini=ini).assert_outcomes(passed=1)

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            (["registry.yaml"], "'registry.yaml' is not NAME = FILE"),
            (["My Pets = registry.yaml"], "is not NAME = FILE"),
            (["pets = absent.yaml"], "pets = absent.yaml: there is no file"),
            (["nextstep = registry.yaml"], "nextstep is the name of a built-in API"),
            (["pets = registry.yaml", "pets = registry.yaml"], "pets is the name of another document"),
        ],
    )
    def test_a_wrong_ini_line_is_one_clear_line(self, alone: Project, lines: list[str], told: str) -> None:
        """Before any test is run; exit code 4 is pytest's for wrong usage."""
        alone.pytester.makefile(".yaml", registry=REGISTRY)
        result = alone.run(
            "def test_it(): pass", ini="understudy_documents =\n" + "".join(f"  {one}\n" for one in lines)
        )
        (line,) = result.stderr.str().strip().splitlines()
        assert (result.ret, line.startswith("ERROR: understudy_documents: "), told in line) == (4, True, True)

    def test_a_document_that_cannot_be_served_fails_the_tests_that_need_it(self, alone: Project) -> None:
        """In one line each, and not those that need no server."""
        alone.pytester.makefile(".yaml", registry="openapi: 2.0")
        tests = "def test_one(registry): pass\ndef test_other(): pass"
        result = alone.run(tests, ini="understudy_documents = registry = registry.yaml")
        result.assert_outcomes(errors=1, passed=1)
        assert "understudy: " in alone.printed(result)
        assert "Traceback" not in alone.printed(result)

    def test_a_clock_that_drives_stops_with_the_test(self, project: Project) -> None:
        """Also that of a fork, which the test has left behind."""
        result = project.run(
            """
import time
real = time.sleep

def test_one(nextstep):
    before = nextstep.clock.now
    nextstep.clock.drive()
    time.sleep(100_000)
    assert (nextstep.clock.now - before).total_seconds() >= 100_000

def test_other(nextstep):
    assert time.sleep is real
    nextstep.fork().clock.drive()

def test_last():
    assert time.sleep is real
"""
        )
        result.assert_outcomes(passed=3)
        assert time.sleep.__module__ == "time"  # noqa: TID251 - it is not called


class TestMarker:
    """How the world of a test starts."""

    def test_it_says_how_a_world_starts(self, project: Project) -> None:
        """The nearest marker wins, argument by argument."""
        result = project.run(
            """
from datetime import UTC, datetime

pytestmark = pytest.mark.understudy(seed="of-the-module", clock="frozen")

@pytest.mark.understudy(
    clock=datetime(2001, 1, 1, tzinfo=UTC),
    assume={"nextstep.tasks.unset-value": ""},
    seed_data={"registry": {"owners": [{"id": "own_ann", "name": "Ann"}]}},
    faults=[{"operation": "listProcessRuns", "status": 503, "times": 1}],
)
def test_one(nextstep, understudy_world):
    assert (nextstep.clock.now.year, nextstep.clock.frozen) == (2001, True)
    assert nextstep.snapshot()["ids"]["seed"] == "of-the-module"
    assert nextstep.assumptions["nextstep.tasks.unset-value"] == ""
    assert understudy_world.api("registry").state["owners"]["own_ann"]
    assert [ask(nextstep, "/process-runs") for _ in range(2)] == [503, 200]

def test_other(nextstep):
    assert nextstep.clock.frozen and nextstep.clock.now.year > 2001
"""
        )
        result.assert_outcomes(passed=2)

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (
                "sed='x'",
                "sed is no argument; did you mean seed?; the marker takes seed, seed_data, clock, assume, faults",
            ),
            ("'x'", "'x' has no name; the marker takes seed"),
            ("seed=7", "seed is 7, and not a text"),
            ("clock='noon'", "clock"),
            ("assume={'nextstep.tasks.unset-valeu': ''}", "did you mean nextstep.tasks.unset-value?"),
            ("seed_data={'regitsry': {}}", "did you mean registry?"),
            ("faults=[{'statsu': 503}]", "faults: statsu is no member; did you mean status?"),
            ("faults=[{'operation': 'getProcessRun'}]", "has no status"),
            ("faults=[503]", "faults has 503, and not a dict"),
            ("faults=[{'operation': 'getProcesRun', 'status': 503}]", "faults: operation: "),
        ],
    )
    def test_a_wrong_argument_is_told_with_the_nearest_right_one(
        self, project: Project, server: MockServer, arguments: str, told: str
    ) -> None:
        """In one line, before the test is run; no world is left."""
        before = len(server.worlds())
        result = project.run(f"@pytest.mark.understudy({arguments})\ndef test_it(nextstep): pass", "--tb=short")
        result.assert_outcomes(errors=1)
        assert f"@pytest.mark.understudy: {told}" in project.printed(result) or told in project.printed(result)
        assert "During handling" not in project.printed(result)
        assert len(server.worlds()) == before

    def test_a_wrong_one_is_told_without_a_world_too(self, project: Project) -> None:
        """So a marker that does nothing is not overlooked."""
        project.run("@pytest.mark.understudy(sed='x')\ndef test_it(): pass").assert_outcomes(errors=1)


class TestReports:
    """What a failed test is told."""

    def test_a_failed_test_tells_the_last_exchanges_and_their_reasons(self, project: Project) -> None:
        """Requests, hints, warnings; of a refusal the answer and what decided it. A passed test tells nothing."""
        result = project.run(
            """
def test_fails(nextstep):
    ask(nextstep, "/process-runs?statsu=active")
    ask(nextstep, "/process-runs/nope")
    ask(nextstep, "/nothing")
    assert False

def test_passes(nextstep):
    ask(nextstep, "/process-templates")
"""
        )
        result.assert_outcomes(failed=1, passed=1)
        printed = project.printed(result)
        assert "understudy: the last exchanges" in printed
        assert "GET /api/v1/process-runs?statsu=active -> 200, listProcessRuns" in printed
        assert "warning: " in printed
        assert "GET /api/v1/process-runs/nope -> 404 (not-found), getProcessRun" in printed
        assert 'answer: {"error"' in printed
        assert "assumed: nextstep.errors.foreign-object: Keys belong to one team" in printed
        assert "/api/v1/nothing -> 404 (route), no operation" in printed
        assert "/process-templates" not in printed

    def test_a_world_that_no_request_reached_says_so(self, project: Project) -> None:
        """A client that talks to another address; also where a fixture after ours fails."""
        result = project.run(
            """
@pytest.fixture
def client(nextstep):
    raise OSError

def test_fails(client): pass
"""
        )
        assert "no request has reached it" in project.printed(result)

    def test_a_server_that_failed_tells_the_end_of_its_traceback(self, alone: Project) -> None:
        """As a handler of the user's own does."""
        folder = alone.pytester.mkdir("registry")
        (folder / "openapi.yaml").write_text(REGISTRY)
        (folder / "handlers.py").write_text("def listOwners(call):\n    raise LookupError('of mine')\n")
        tests = """
def test_fails(registry):
    assert urllib.request.urlopen(registry.base_url + "/owners").status == 200
"""
        result = alone.run(tests, ini="understudy_documents = registry = registry")
        assert "LookupError: of mine" in alone.printed(result)

    def test_a_world_that_is_gone_hides_no_failure(self, project: Project) -> None:
        """The section says why there are no exchanges."""
        result = project.run(
            """
def test_fails(nextstep, understudy_server):
    understudy_server.world().close()
    nextstep.remove()
    assert "my own failure" == 1
"""
        )
        result.assert_outcomes(failed=1)
        assert "cannot be read: " in project.printed(result)
        assert "my own failure" in project.printed(result)

    def test_a_server_that_ended_adds_no_second_failure(self, alone: Project) -> None:
        """The test that met it has failed already."""
        result = alone.run(
            """
from understudy.testing.links import OverHttp

def test_ends(nextstep):
    nextstep._control.link = OverHttp("http://127.0.0.1:9")
    nextstep.state
"""
        )
        result.assert_outcomes(failed=1)
        assert "the exchanges of world" in alone.printed(result)

    def test_a_world_that_cannot_be_made_says_why(self, alone: Project) -> None:
        """In one line, without a word of a marker that is not there."""
        result = alone.run(
            """
@pytest.fixture
def full(understudy_server):
    understudy_server._serve.args[0].server.bounds = type("Bounds", (), {"worlds": 1})

def test_it(full, nextstep):
    pass
""",
            "--tb=short",
        )
        result.assert_outcomes(errors=1)
        assert "\nunderstudy: there are 1 worlds" in alone.printed(result)


class TestRunningServers:
    """A server that the environment names is used in place of one of our own."""

    def test_a_ready_file_names_it(
        self, alone: Project, server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Before a URL, which may be that of an API."""
        ready = tmp_path / "ready.json"
        ready.write_text(json.dumps({"url": server.url, "control_token": "unused"}))
        monkeypatch.setenv("UNDERSTUDY_READY_FILE", str(ready))
        monkeypatch.setenv("UNDERSTUDY_URL", "http://127.0.0.1:1/api/v1")
        tests = f"def test_it(nextstep, understudy_server): assert understudy_server.url == {server.url!r}"
        alone.run(tests).assert_outcomes(passed=1)
        for content in ("{", "[]", "{}"):
            ready.write_text(content)
            result = alone.run(tests)
            result.assert_outcomes(errors=1)
            assert f"UNDERSTUDY_READY_FILE={ready} is no ready file" in alone.printed(result)

    def test_an_api_that_it_does_not_serve_is_skipped(self, project: Project) -> None:
        """So that tests of several APIs run under `understudy mutants` of one."""
        result = project.run("def test_one(tallyfy): pass\ndef test_other(nextstep): pass", "-rs")
        result.assert_outcomes(skipped=1, passed=1)
        assert "the running server serves nextstep, kognitos, registry, and not tallyfy" in project.printed(result)

    def test_one_that_does_not_answer_fails_in_one_line(self, alone: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """With its address."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            monkeypatch.setenv("UNDERSTUDY_URL", url)
            result = alone.run("def test_it(nextstep): pass", "--tb=short")
        result.assert_outcomes(errors=1)
        assert f"understudy: no server answers at {url}" in alone.printed(result)


class TestWorkers:
    """With xdist the main process has the server, and workers ask for it."""

    def test_it_starts_when_the_first_worker_asks_and_ends_with_the_run(self) -> None:
        """All get the same, also after one that hung up or was nobody's."""
        told: list[str] = []

        def start() -> tuple[str, Any]:
            told.append("started")
            return "http://127.0.0.1:1", lambda: told.append("stopped")

        shared = SharedServer(start)
        Client(shared.address, authkey=shared.key).close()
        with pytest.raises(AuthenticationError):
            Client(shared.address, authkey=b"wrong")
        assert {shared_url(shared.address, shared.key) for _ in range(3)} == {"http://127.0.0.1:1"}
        assert told == ["started"]
        shared.close()
        assert told == ["started", "stopped"]

    def test_nothing_starts_when_no_worker_asks(self) -> None:
        """A run without our fixtures ends without a server."""
        SharedServer(lambda: pytest.fail("nobody asked")).close()

    def test_each_worker_is_told_why_it_cannot_start(self) -> None:
        """A wrong document is the same for all."""

        def start() -> tuple[str, Any]:
            raise ValueError("registry.yaml: it is odd")

        shared = SharedServer(start)
        for _ in range(2):
            with pytest.raises(ValueError, match="it is odd"):
                shared_url(shared.address, shared.key)
        shared.close()

    def test_a_worker_uses_the_server_of_the_main_process(self, alone: Project) -> None:
        """One for all, whose documents are those of the ini option."""
        alone.pytester.makefile(".yaml", registry=REGISTRY)
        alone.pytester.makeconftest(
            """
from types import SimpleNamespace
from understudy import pytest_plugin

def pytest_configure(config):
    nodes = [SimpleNamespace(config=config, workerinput={}) for _ in range(2)]
    for node in nodes:
        pytest_plugin.pytest_configure_node(node)
    assert nodes[0].workerinput == nodes[1].workerinput
    config.workerinput = nodes[0].workerinput
"""
        )
        tests = """
def test_it(registry, nextstep, understudy_server):
    assert understudy_server.health().apis[-1] == "registry"
    assert ask(nextstep, "/process-runs") == 200
"""
        alone.run(tests, ini="understudy_documents = registry = registry.yaml").assert_outcomes(passed=1)
