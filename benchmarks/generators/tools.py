"""Installs the generators into a folder of their own, at fixed versions, and runs them.

Must not know what they make.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.servers import gist

HERE = Path(__file__).parent
PATIENCE = 600.0


class Unavailable(Exception):
    """Why a tool cannot be had here."""


class Failed(Exception):
    """What a tool that ran said when it failed."""


class Tools:
    """The folder that the tools are installed in; each half is installed when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, Unavailable | None] = {}

    def python(self, program: str = "python") -> str:
        """A program of the virtual environment; raises Unavailable."""
        self._once("python", self._install_python)
        return str(self.folder / "venv/bin" / program)

    def node(self, program: str) -> str:
        """A program of the node packages; raises Unavailable."""
        self.there("node")
        self._once("node", self._install_node)
        return str(self.modules / ".bin" / program)

    @property
    def modules(self) -> Path:
        """Where the node packages are."""
        return self.folder / "node/node_modules"

    def jar(self) -> str:
        """The jar of openapi-generator; raises Unavailable."""
        self.there("java")
        self.python()
        return str(next((self.folder / "venv").glob("lib/*/site-packages/openapi_generator_cli/*.jar")))

    def there(self, program: str) -> str:
        """A program of this machine; raises Unavailable."""
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not here")
        return program

    def run(self, command: Sequence[str], folder: Path, **environment: str) -> str:
        """What a command printed; raises Failed."""
        path = f"{self.folder / 'venv/bin'}{os.pathsep}{os.environ['PATH']}"
        return _run(command, folder, {**os.environ, "PATH": path, "NO_COLOR": "1", **environment})

    def _once(self, half: str, install: Callable[[], None]) -> None:
        if half not in self._known:
            self._known[half] = _tried(install)
        reason = self._known[half]
        if reason is not None:
            raise reason

    def _install_python(self) -> None:
        venv, wanted = self.folder / "venv", HERE / "constraints.txt"
        if _is_there(venv / "installed", wanted):
            return
        _run([sys.executable, "-m", "venv", str(venv)], self.folder)
        pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*pip, "-r", str(wanted)], self.folder)
        shutil.copy(wanted, venv / "installed")

    def _install_node(self) -> None:
        folder, wanted = self.modules.parent, HERE / "package.json"
        if _is_there(folder / "installed", wanted):
            return
        folder.mkdir(exist_ok=True)
        shutil.copy(wanted, folder)
        _run([self.there("npm"), "install", "--no-audit", "--no-fund", "--no-package-lock"], folder)
        shutil.copy(wanted, folder / "installed")


def _tried(install: Callable[[], None]) -> Unavailable | None:
    try:
        install()
    except Unavailable as reason:
        return reason
    except (Failed, OSError) as reason:
        return Unavailable(str(reason))
    return None


def _is_there(installed: Path, wanted: Path) -> bool:
    return installed.exists() and installed.read_bytes() == wanted.read_bytes()


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{Path(command[0]).name} did not end in {PATIENCE:g} s") from None
    if done.returncode:
        raise Failed(f"{Path(command[0]).name}: {_reason(done.stderr + done.stdout) or f'exit {done.returncode}'}")
    return done.stdout + done.stderr


def _reason(said: str) -> str:
    """The first line that a tool marked as a warning, which some of them end with, else the first error."""
    return next((line for line in said.splitlines() if line.startswith("WARNING ")), "") or gist(said)
