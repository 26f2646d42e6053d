"""The recipe for another API, followed to the letter in a copy of the code."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code with the recipe's files in it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("mock_server", "contract_tests", "openapi", "fixtures"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    files = FILE.findall((ROOT / "docs/how-to/add-an-api.md").read_text())
    assert [name for name, _ in files] == [
        "openapi/notes.yaml",
        "fixtures/notes/seed.yaml",
        "mock_server/understudy/apis/notes.py",
    ]
    for name, content in files:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return folder


@pytest.fixture
def served(checkout: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The new API's entry of the ready file, while it is served."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "understudy", "serve", "notes", "--port", "0", "--ready-file", str(ready)]
    process = subprocess.Popen(command, cwd=tmp_path, env=_environment(checkout), stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        process.stdout.readline()  # the banner comes once the file is there
        yield json.loads(ready.read_text())["apis"]["notes"]
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_the_new_api_is_served(served: dict[str, str]) -> None:
    """Its first page comes, with the key of its seed."""
    request = urllib.request.Request(f"{served['base_url']}/notes", headers={"X-Notes-Key": "my-key"})
    with urllib.request.urlopen(request, timeout=5) as response:
        page = json.load(response)
    assert [note["text"] for note in page["notes"]] == ["nuts", "plums", "pears", "apples", "cheese"]
    assert page["more"] is True


def test_a_fresh_world_of_the_new_api_has_a_key_of_its_own(served: dict[str, str]) -> None:
    """The vendor's own header leads to the world whose key it carries."""
    root = served["base_url"].removesuffix("/notes/v1")
    with urllib.request.urlopen(
        urllib.request.Request(f"{root}/__mock__/worlds", method="POST"), timeout=5
    ) as response:
        key = json.load(response)["apis"]["notes"]["api_key"]
    request = urllib.request.Request(f"{served['base_url']}/notes", headers={"X-Notes-Key": key})
    with urllib.request.urlopen(request, timeout=5) as response:
        assert len(json.load(response)["notes"]) == 5


def test_the_generic_contract_tests_run_on_it(checkout: Path) -> None:
    """What its document declares is checked by the tests that are there already, and passes."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "contract_tests",
        "--understudy-api",
        "notes",
        "--understudy-profile",
        "quick",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    environment = _environment(checkout)
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 6


def _environment(checkout: Path) -> dict[str, str]:
    """Our own environment, with the copy's source roots before everything that is installed."""
    return {**os.environ, "PYTHONPATH": f"{checkout / 'mock_server'}{os.pathsep}{checkout / 'contract_tests'}"}
