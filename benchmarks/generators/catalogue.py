"""The generators and linters: how each is run, where its operations stand, how its client is compiled and used."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.generators.tools import HERE, Failed, Tools

SCENARIOS = HERE / "scenarios"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


@dataclass(frozen=True, slots=True)
class Job:
    """One document for one generator: the API, its file, its entry of the ready file, and a folder for the client."""

    api: str
    document: Path
    entry: Mapping[str, Any]
    folder: Path
    tools: Tools

    @property
    def client(self) -> Path:
        """Where the generated code goes."""
        return self.folder / "client"

    def run(self, *command: str, **environment: str) -> str:
        """What a command in the folder printed; raises Failed."""
        return self.tools.run(command, self.folder, **environment)

    def operations(self) -> set[str]:
        """The ids of the document's operations, as `plain` writes them."""
        paths = json.loads(self.document.read_text())["paths"]
        return {plain(item[method]["operationId"]) for item in paths.values() for method in METHODS if method in item}

    def schemas(self) -> set[str]:
        """The names of the document's schemas of objects, as `plain` writes them."""
        known = json.loads(self.document.read_text())["components"]["schemas"]
        return {plain(name) for name in known}


@dataclass(frozen=True, slots=True)
class Generator:
    """One tool. `found` is a pattern of files and one of the names in them; `compiled` says what was done."""

    name: str
    make: Callable[[Job], str]
    found: tuple[str, str] = ("", "")
    compiled: Callable[[Job], str] | None = None
    used: Callable[[Job], str] | None = None
    counts: Callable[[Job], set[str]] = Job.operations

    def steps(self, job: Job) -> Iterator[str]:
        """Run it and yield what was done, such as `10 of 10`; raises Failed or Unavailable."""
        self.make(job)
        if not self.found[0]:
            yield "no error"
            return
        wanted, names = self.counts(job), set(self._names(job.client))
        missing = [name for name in sorted(wanted) if not {name, f"{name}model"} & names]  # FieldModel, for Field
        if missing:
            raise Failed(f"{len(missing)} of {len(wanted)} are missing: {', '.join(missing)}")
        yield f"{len(wanted)} of {len(wanted)}"
        if self.compiled:
            yield self.compiled(job)
        if self.used:
            self.used(job)
            yield "runs"

    def _names(self, folder: Path) -> Iterator[str]:
        files, pattern = self.found
        for file in folder.glob(files):
            text = file.read_text()
            yield from (plain(name) for name in re.findall(pattern, text, re.MULTILINE))
            if pattern == "":
                yield plain(file.stem)


def plain(name: str) -> str:
    """A name without case and marks, which generators change."""
    return re.sub("[^a-z0-9]", "", name.lower())


def _openapi_generator(name: str) -> Callable[[Job], str]:
    def make(job: Job) -> str:
        own = ["generate", "-g", name, "-i", str(job.document), "-o", str(job.client)]
        said = job.run("java", "-jar", job.tools.jar(), *own)
        if re.search(r"\] ERROR |Exception in thread", said):
            raise Failed(next(line for line in said.splitlines() if re.search(r"\] ERROR |Exception in", line)))
        return said

    return make


def _validate(job: Job) -> str:
    return job.run("java", "-jar", job.tools.jar(), "validate", "-i", str(job.document))


def _openapi_python_client(job: Job) -> str:
    own = ["generate", "--path", str(job.document), "--output-path", str(job.client), "--meta", "none"]
    return job.run(job.tools.python("openapi-python-client"), *own, "--fail-on-warning")


def _openapi_typescript(job: Job) -> str:
    return job.run(job.tools.node("openapi-typescript"), str(job.document), "-o", "client/index.ts")


def _hey_api(job: Job) -> str:
    own = ["-i", str(job.document), "-o", "client", "-c", "@hey-api/client-fetch", "--no-log-file"]
    return job.run(job.tools.node("openapi-ts"), *own)


def _orval(job: Job) -> str:
    output = {"target": "client/api.ts", "client": "fetch", "baseUrl": job.entry["base_url"]}
    config = {job.api: {"input": str(job.document), "output": output}}
    (job.folder / "orval.config.cjs").write_text(f"module.exports = {json.dumps(config)};\n")
    return job.run(job.tools.node("orval"), "--config", "orval.config.cjs")


def _datamodel_codegen(job: Job) -> str:
    own = ["--input", str(job.document), "--input-file-type", "openapi", "--output", "client/models.py"]
    job.client.mkdir()
    pydantic = ["--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin"]
    return job.run(job.tools.python("datamodel-codegen"), *own, *pydantic)


def _redocly(job: Job) -> str:
    return job.run(job.tools.node("redocly"), "lint", str(job.document), REDOCLY_TELEMETRY="off")


def _spectral(job: Job) -> str:
    rules = ["--ruleset", str(HERE / "spectral.yaml"), "--fail-severity", "error"]
    return job.run(job.tools.node("spectral"), "lint", str(job.document), *rules)


def _python(where: str) -> Callable[[Job], str]:
    """All modules of a package are compiled and imported; `where` is its folder, seen from the one to import from."""

    def compiled(job: Job) -> str:
        package = job.client / where
        names = [file.relative_to(package.parent).with_suffix("").parts for file in sorted(package.rglob("*.py"))]
        lines = [f"import {'.'.join(name)}".removesuffix(".__init__") for name in names]
        (package.parent / "imports.py").write_text("\n".join(lines))
        job.run(job.tools.python(), str(package.parent / "imports.py"))
        return "imports"

    return compiled


def _typescript(name: str) -> Callable[[Job], str]:
    """Strictly checked together with the scenario, and written as JavaScript."""

    def compiled(job: Job) -> str:
        shutil.copy(SCENARIOS / "entry.ts", job.folder)
        shutil.copy(SCENARIOS / name / f"{job.api}.ts", job.folder / "scenario.ts")
        modules = job.folder / "node_modules"
        if not modules.exists():
            modules.symlink_to(job.tools.modules)
        options = {
            "target": "es2022", "lib": ["es2022", "dom", "dom.iterable"], "module": "node16", "strict": True,
            "skipLibCheck": True, "types": [], "outDir": "built", "rootDir": ".",
        }  # fmt: skip
        (job.folder / "tsconfig.json").write_text(
            json.dumps({"compilerOptions": options, "include": ["client/**/*.ts", "*.ts"]})
        )
        (job.folder / "package.json").write_text('{"private": true}')
        job.run(job.tools.node("tsc"), "-p", ".")
        return "compiles"

    return compiled


def _run_typescript(job: Job) -> str:
    return job.run("node", "built/scenario.js", ENTRY=json.dumps(job.entry))


def _run_python(name: str, path: str) -> Callable[[Job], str]:
    def used(job: Job) -> str:
        scenario = [str(SCENARIOS / name), job.api, json.dumps(job.entry)]
        return job.run(job.tools.python(), *scenario, PYTHONPATH=str(job.folder / path))

    return used


def _go(job: Job) -> str:
    """Parsed: a build would download what it imports."""
    said = job.run(job.tools.there("gofmt"), "-e", "-l", "client")
    if "expected" in said:
        raise Failed(said)
    return "parses"


def _java(job: Job) -> str:
    """Parsed: a build would download what it imports."""
    files = [str(file) for file in (job.client / "src/main").rglob("*.java")]
    job.run("java", str(HERE / "Parse.java"), *files)
    return "parses"


_TS = ("**/*.ts", r"^    (\w+): \{$")
CATALOGUE = (
    Generator("openapi-generator validate", _validate),
    Generator(
        "openapi-generator python",
        _openapi_generator("python"),
        ("openapi_client/api/*.py", r"^    def (\w+)\($"),
        _python("openapi_client"),
        _run_python("openapi_generator.py", "client"),
    ),
    Generator(
        "openapi-generator typescript-fetch",
        _openapi_generator("typescript-fetch"),
        ("apis/*.ts", r"^    async (\w+)\("),
        _typescript("typescript-fetch"),
        _run_typescript,
    ),
    Generator("openapi-generator go", _openapi_generator("go"), ("api_*.go", r"^func \(a \*\w+\) (\w+)\("), _go),
    Generator(
        "openapi-generator java",
        _openapi_generator("java"),
        ("src/main/**/api/*.java", r"^    public .+? (\w+)\("),
        _java,
    ),
    Generator(
        "openapi-python-client",
        _openapi_python_client,
        ("api/*/*.py", ""),
        _python(""),
        _run_python("openapi_python_client.py", "."),
    ),
    Generator("openapi-typescript", _openapi_typescript, _TS, _typescript("openapi-typescript"), _run_typescript),
    Generator(
        "@hey-api/openapi-ts",
        _hey_api,
        ("sdk.gen.ts", r"^export const (\w+) ="),
        _typescript("hey-api"),
        _run_typescript,
    ),
    Generator("orval", _orval, ("api.ts", r"^export const (\w+) = async"), _typescript("orval"), _run_typescript),
    Generator(
        "datamodel-code-generator",
        _datamodel_codegen,
        ("models.py", r"^(?:class )?(\w+)(?:\(| = |: TypeAlias)"),
        _python(""),
        counts=Job.schemas,
    ),
    Generator("redocly lint", _redocly),
    Generator("spectral lint", _spectral),
)
