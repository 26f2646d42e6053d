"""The built wheel, in an environment that knows nothing of the checkout."""

import json
import os
import shutil
import site
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.deep


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release would be."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("understudy-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment with the wheel in it, beside all that this interpreter has but ourselves."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    library = next((folder / "lib").glob("python*/site-packages"))
    (library / "others.pth").write_text("\n".join(site.getsitepackages()))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(library)
    # an editable install of the checkout is a .pth file, and those are read in site-packages itself only
    return folder


@pytest.fixture
def served(installed: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The entry of NextStep in the ready file of a server that runs from the wheel, outside the checkout."""
    ready = tmp_path / "ready.json"
    command = [
        str(installed / "bin" / "python"),
        "-m",
        "understudy",
        "serve",
        "--port",
        "0",
        "--ready-file",
        str(ready),
    ]
    process = subprocess.Popen(command, cwd=tmp_path, env=_environment(), stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if ready.exists() or process.poll() is not None:
                break
            time.sleep(0.05)  # noqa: TID251 - another process starts; deep tests may wait for it
        yield json.loads(ready.read_text())["apis"]["nextstep"]
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_the_wheel_holds_documents_and_fixtures(wheel: Path) -> None:
    """Data lies inside the package; nothing rude like a top-level `fixtures` is installed."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "understudy/data/openapi/nextstep.yaml" in names
    assert "understudy/data/fixtures/nextstep/seed.yaml" in names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"understudy", "understudy_checks"}


def test_the_wheel_serves(served: dict[str, str]) -> None:
    """The first sample works."""
    request = urllib.request.Request(
        f"{served['base_url']}/process-runs?limit=1", headers={"Authorization": f"Bearer {served['api_key']}"}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        assert len(json.load(response)["data"]) == 1


def test_the_code_that_ran_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    """The environment sees the installed package, not the checkout."""
    command = [str(installed / "bin" / "python"), "-c", "import understudy; print(understudy.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=_environment(), check=True, capture_output=True, text=True)
    assert str(installed) in done.stdout


def test_the_wheels_kit_checks_the_wheels_mock(installed: Path, tmp_path: Path) -> None:
    """`pytest --pyargs understudy_checks` passes outside the checkout."""
    command = [
        str(installed / "bin" / "python"),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--pyargs",
        "understudy_checks",
    ]
    environment = _environment() | {"UNDERSTUDY_PROFILE": "quick"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    assert " passed" in done.stdout


def test_the_wheel_checks_a_server_and_reports(served: dict[str, str], installed: Path, tmp_path: Path) -> None:
    """`understudy check` and its page, from the wheel, against the server that runs from it."""
    command = [str(installed / "bin" / "python"), "-m", "understudy", "check", "nextstep", "--profile", "quick"]
    options = ["--url", served["base_url"], "--only", "nextstep.runs.*", "--html", "report.html"]
    done = subprocess.run(
        [*command, *options], cwd=tmp_path, env=_environment(), check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    assert {entry.name for entry in tmp_path.iterdir()} == {"report.html", "ready.json"}


@pytest.mark.parametrize("options", [(), ("-n", "2")])
def test_the_wheels_plugin_tests_a_client(installed: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    """The sample project in an empty folder, with the fixtures that pytest finds by itself; alone and with workers."""
    for name, copy in (("onboarding.py", "onboarding.py"), ("onboarding_tests.py", "test_onboarding.py")):
        shutil.copy(ROOT / "tests/client_project" / name, tmp_path / copy)
    command = [str(installed / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    done = subprocess.run(command, cwd=tmp_path, env=_environment(), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


@pytest.mark.parametrize("command", ["lint", "rules", "check", "mutants"])
def test_the_wheel_takes_a_folder_of_a_user(installed: Path, tmp_path: Path, command: str) -> None:
    """From an empty folder that holds nothing but it: document, seed, handlers, checks and mutants."""
    shutil.copytree(ROOT / "tests/own_api/clinic", tmp_path / "clinic")
    run = [str(installed / "bin" / "python"), "-m", "understudy", command, "./clinic"]
    done = subprocess.run(run, cwd=tmp_path, env=_environment(), check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _environment() -> dict[str, str]:
    """Our own environment without what would lead back to the checkout or to our own pytest options."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
