"""Our import names beside a user's own: nobody's project collides with what we install."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.beside

ROOT = Path(__file__).parents[2]
ALONE = pytest.mark.deep  # with PYTHONPATH the packages are in the way of every process, without only of the first
TAKEN = ("mock_server", "contract_tests", "tests", "fixtures", "openapi")
ONE_MUTANT = "a-page-without-a-limit-holds-19-items"
ONE_CHECK = "test_the_default_page_is_of_the_documented_size and listRunTasks"
PYTEST = (
    "--pyargs",
    "understudy_checks",
    "--understudy-api",
    "nextstep",
    "--understudy-profile",
    "quick",
    "-k",
    ONE_CHECK,
)
COMMANDS = {
    "help": ("understudy", "--help"),
    "rules": ("understudy", "rules", "nextstep"),
    "check": ("understudy", "check", "nextstep", "--only", "nextstep.pagination.default-limit", "--profile", "quick"),
    "mutants": (
        "understudy",
        "mutants",
        "nextstep",
        "--only",
        ONE_MUTANT,
        "--jobs",
        "1",
        "-q",
    ),
    "assumptions": ("understudy", "assumptions", "nextstep", "--only", "*limit-out-of-range", "--jobs", "1", "-q"),
    "pytest": ("pytest", "-p", "no:cacheprovider", *PYTEST),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's project that has packages of the commonest names, each of which must never be imported by us."""
    folder = tmp_path_factory.mktemp("project")
    for name in TAKEN:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"raise ImportError('{name} of the user')\n")
    return folder


@pytest.mark.parametrize("path", [pytest.param(None, id="alone", marks=ALONE), pytest.param(".", id="PYTHONPATH")])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_commands_work_beside_packages_of_any_name(project: Path, command: tuple[str, ...], path: str | None) -> None:
    """Every command works in a project that has packages of our folders' names, with and without PYTHONPATH."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTEST_ADDOPTS")}
    if path is not None:
        environment["PYTHONPATH"] = path
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "of the user" not in done.stdout + done.stderr


def test_what_we_install_has_names_of_our_own() -> None:
    """An installation adds two packages; the folders of the checkout are not importable."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert packages["targets"]["wheel"]["packages"] == ["mock_server/understudy", "contract_tests/understudy_checks"]
    assert not [name for name in TAKEN if (ROOT / name / "__init__.py").exists()]
