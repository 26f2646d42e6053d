"""The sample project, a client with retries and paging: its tests with the plugin, with workers, under mutants."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from understudy import pytest_plugin
from understudy.cli import main

pytestmark = pytest.mark.beside

pytest_plugins = "pytester"

PROJECT = Path(__file__).parents[1] / "client_project"
FILES = ("onboarding.py", "onboarding_tests.py")
PLUGIN = ("-q", "-p", "no:cacheprovider", "-p", "understudy.pytest_plugin")
DYING = """
import os, pathlib

def test_dies(nextstep):
    os._exit(1)

def test_where(understudy_server, worker_id):
    pathlib.Path(f"url-{worker_id}").write_text(understudy_server.url)

test_where_too = test_where
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, the current folder; pytest loads none but the named plugins."""
    for name in FILES:
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for name in [name for name in os.environ if name.startswith("UNDERSTUDY_") or name == "PYTEST_PLUGINS"]:
        monkeypatch.delenv(name)
    return tmp_path


def test_its_set_up_is_short() -> None:
    """At most 15 lines before the first test, the imports among them."""
    before, _, _ = (PROJECT / "onboarding_tests.py").read_text().partition("\ndef test_")
    assert len([line for line in before.splitlines() if line.strip()]) <= 15


def test_its_tests_pass_with_the_plugin_alone(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process; the client waits for minutes and hours, and the tests do not."""
    monkeypatch.chdir(project)
    monkeypatch.syspath_prepend(project)
    monkeypatch.setattr(pytest_plugin, "BUILT_IN", ("nextstep",))
    pytester.runpytest_inprocess(*PLUGIN, "onboarding_tests.py").assert_outcomes(passed=8)


MY_CLIENT = """
from onboarding import Onboarding


class MyClient(Onboarding):
    def start_onboarding(self, name):
        return self.start("Stock Count", name)  # one task
"""


def test_the_sample_of_the_readme_is_true(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Word for word, with the integration as its client."""
    text = (PROJECT.parents[1] / "README.md").read_text()
    (sample,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def test_" in block]
    (project / "test_readme.py").write_text(f"{MY_CLIENT}\n\n{sample}")
    monkeypatch.chdir(project)
    monkeypatch.syspath_prepend(project)
    monkeypatch.setattr(pytest_plugin, "BUILT_IN", ("nextstep",))
    result = pytester.runpytest_inprocess(*PLUGIN, "-W", "ignore::ResourceWarning", "test_readme.py")
    result.assert_outcomes(passed=1)


def test_workers_share_a_server_which_ends_with_the_run(project: Path) -> None:
    """Also when a worker dies in the middle of a test."""
    (project / "dying_tests.py").write_text(DYING)
    command = [
        sys.executable,
        "-m",
        "pytest",
        *PLUGIN,
        "-p",
        "xdist",
        "-n",
        "2",
        *("onboarding_tests.py", "dying_tests.py"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert "1 failed, 10 passed" in done.stdout, done.stdout + done.stderr
    (url,) = {file.read_text() for file in project.glob("url-*")}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5)


def test_the_same_tests_run_under_mutants(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fixtures use the server of the command: a page that repeats an item is noticed."""
    command = [sys.executable, "-m", "pytest", *PLUGIN, "onboarding_tests.py", "-k", "every_page"]
    name = "a-page-starts-with-the-last-item-of-the-page-before"
    code = main(["mutants", "nextstep", "--only", name, "--jobs", "1", "--quiet", "--json", "-", "--", *command])
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    assert "onboarding_tests::test_every_page_is_read" in told.out
