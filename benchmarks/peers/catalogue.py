"""The peers: what is installed of each from npm or PyPI, and how it is started. Must not know what is measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from benchmarks.constant import FLAGS
from benchmarks.figures import PEERS
from benchmarks.requests import ASKS, Ask
from benchmarks.servers import Answer, gist

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
DOCUMENT = ROOT / "openapi" / "nextstep.yaml"
NODE = ("env", "NODE_ENV=production", "node")
Answers = Sequence[tuple[Ask, Answer]]


class Unavailable(Exception):
    """Why a peer cannot be measured here."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One other server. `packages` are the first's own and what starting it needs; `command` is given the port.

    `prefix` is where it serves the document's paths; `needs` are programs that must be there; `prepare` is given our
    own answers.
    """

    name: str
    packages: tuple[str, ...]
    command: Callable[[Path, int], Sequence[str]]
    prefix: str = ""
    needs: tuple[str, ...] = ("node", "npm")
    prepare: Callable[[Path, Answers], None] = lambda folder, answers: None

    def ask(self, ask: Ask) -> Ask:
        """The request as this server takes it."""
        return ask._replace(target=self.prefix + ask.target.removeprefix("/api/v1"))

    def install(self, folder: Path) -> str:
        """Put it in a folder, unless it is there, as npm or pip choose; returns the version. Raises Unavailable."""
        for program in self.needs:
            if shutil.which(program) is None:
                raise Unavailable(f"{program} is not here")
        folder.mkdir(parents=True, exist_ok=True)
        return (_from_npm if "npm" in self.needs else _from_pypi)(self.packages, folder)


def stubs(folder: Path, answers: Answers) -> None:
    """WireMock takes no OpenAPI document: it is given our answers as stubs."""
    mappings = folder / "mappings"
    mappings.mkdir(exist_ok=True)
    for number, (ask, answer) in enumerate(answers):
        path, _, query = ask.target.partition("?")
        parameters = {name: {"equalTo": value} for name, _, value in (part.partition("=") for part in query.split("&"))}
        stub = {
            "request": {
                "method": ask.method,
                "urlPath": path,
                "headers": {"Authorization": {"equalTo": ask.headers["Authorization"]}},
                **({"queryParameters": parameters} if query else {}),
            },
            "response": {
                "status": answer.status,
                "body": answer.body,
                "headers": {"Content-Type": "application/json"},
            },
        }
        (mappings / f"{number}.json").write_text(json.dumps(stub))


def _from_npm(packages: Sequence[str], folder: Path) -> str:
    name = packages[0]
    installed = folder / "node_modules" / name / "package.json"
    if not installed.exists():
        (folder / "package.json").write_text('{"private": true}')
        _run(["npm", "install", "--no-audit", "--no-fund", *packages], folder)  # the newest for this node
    return str(json.loads(installed.read_text())["version"])


def _from_pypi(packages: Sequence[str], folder: Path) -> str:
    if not any(folder.iterdir()):
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([*command, "--target", str(folder), *packages], folder)
    return next(found.version for found in distributions(path=[str(folder)]) if found.name == packages[0])


def _run(command: Sequence[str], folder: Path) -> str:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280, check=True).stdout
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{' '.join(command[:3])}: {gist(error.stderr)}") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{' '.join(command[:3])} did not end") from error


def _scalar(folder: Path, port: int) -> list[str]:
    return [*NODE, str(HERE / "scalar.mjs"), str(DOCUMENT), str(port), str(folder)]


def _prism(folder: Path, port: int) -> list[str]:
    script = folder / "node_modules/@stoplight/prism-cli/dist/index.js"
    return ["node", str(script), "mock", str(DOCUMENT), "--port", str(port)]


def _quiet_prism(folder: Path, port: int) -> list[str]:
    return [*_prism(folder, port), "--verboseLevel", "error"]


def _mockoon(folder: Path, port: int) -> list[str]:
    script = folder / "node_modules/@mockoon/cli/bin/run.js"
    flags = ["--disable-log-to-file", "--max-transaction-logs", "1", "--disable-admin-api"]
    return [*NODE, str(script), "start", "--data", str(DOCUMENT), "--port", str(port), *flags]


def _wiremock(folder: Path, port: int) -> list[str]:
    jar = next((folder / "node_modules/wiremock/build").glob("*.jar"))
    flags = ["--no-request-journal", "--disable-banner", "--bind-address", "127.0.0.1"]
    return ["java", "-jar", str(jar), "--root-dir", str(folder), "--port", str(port), *flags]


def _specmatic(folder: Path, port: int) -> list[str]:
    jar = folder / "node_modules/specmatic/specmatic.jar"
    return ["java", "-jar", str(jar), "stub", str(DOCUMENT), "--port", str(port), "--noConsoleLog"]


def _fastapi(folder: Path, port: int) -> list[str]:
    path = f"PYTHONPATH={folder}:{ROOT}"
    return [
        "env",
        path,
        sys.executable,
        "-m",
        "uvicorn",
        "benchmarks.peers.handwritten:app",
        *FLAGS,
        "--port",
        str(port),
    ]


_SCALAR, _WIREMOCK, _FASTAPI, _PRISM, _QUIET_PRISM, _SPECMATIC, _MOCKOON = PEERS
CATALOGUE = (
    Peer(_SCALAR, ("@scalar/mock-server", "@hono/node-server"), _scalar),
    Peer(_WIREMOCK, ("wiremock",), _wiremock, "/api/v1", ("java", "npm"), stubs),
    Peer(_FASTAPI, ("fastapi", "uvicorn", "uvloop", "httptools"), _fastapi, "/api/v1", ()),
    Peer(_PRISM, ("@stoplight/prism-cli",), _prism),
    Peer(_QUIET_PRISM, ("@stoplight/prism-cli",), _quiet_prism),
    Peer(_SPECMATIC, ("specmatic",), _specmatic, "/api/v1", ("java", "npm")),
    Peer(_MOCKOON, ("@mockoon/cli",), _mockoon, "/api/v1"),
)
assert {ask.target[:7] for ask in ASKS} == {"/api/v1"}, "a peer's prefix replaces it"
