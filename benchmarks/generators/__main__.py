"""Generate a client of each document with each generator, compile it, and use it on the mock: prints a table."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.generators.catalogue import CATALOGUE, Generator, Job
from benchmarks.generators.tools import Failed, Tools, Unavailable
from understudy import data
from understudy.document.read import read

APIS = ("nextstep", "kognitos", "tallyfy")
CACHE = Path(__file__).parents[2] / ".generators"
PATIENCE = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; returns 1 where a tool that ran failed, 2 where no generator is called so."""
    options = _options(arguments)
    chosen = [one for one in CATALOGUE if not options.only or any(name in one.name for name in options.only)]
    if not chosen:
        print(f"no generator is called {' or '.join(options.only)}", file=sys.stderr)
        return 2
    folder = options.cache.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tools, failed = Tools(folder), []
    print(f"| generator | {' | '.join(APIS)} |\n| --- | {' | '.join('---' for _ in APIS)} |")
    with served() as known:
        documents = {api: _document(api, known, folder, served=options.served) for api in APIS}
        for generator in chosen:
            row = [_cell(generator, api, documents[api], known["apis"][api], tools) for api in APIS]
            failed += [f"{generator.name}, {api}: {text}" for api, (text, ok) in zip(APIS, row, strict=True) if not ok]
            print(f"| {generator.name} | {' | '.join(text if ok else 'FAILED' for text, ok in row)} |", flush=True)
    print("".join(f"\n{line}" for line in failed))
    return int(bool(failed))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generators", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="a generator whose name has this")
    parser.add_argument("--served", action="store_true", help="the documents as the mock serves them, not openapi/")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", default=CACHE, help="install and generate there (.generators)"
    )
    return parser.parse_args(arguments)


def _document(api: str, known: Mapping[str, Any], folder: Path, *, served: bool) -> Path:
    """The document as a JSON file, which every tool reads."""
    file = folder / f"{api}.json"
    if served:
        with urlopen(f"{known['url']}/__mock__/openapi/{api}.json") as answer:
            file.write_bytes(answer.read())
    else:
        file.write_text(json.dumps(read(data.path(f"openapi/{api}.yaml"))))
    return file


def _cell(generator: Generator, api: str, document: Path, entry: Mapping[str, Any], tools: Tools) -> tuple[str, bool]:
    """What was done, or why not; and whether no tool failed."""
    own = "".join(c if c.isalnum() else "-" for c in generator.name)
    folder = tools.folder / "clients" / own / api
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    done: list[str] = []
    try:
        done += generator.steps(Job(api, document, entry, folder, tools))
    except Unavailable as reason:
        return ", ".join([*done, f"not installed: {reason}"]), True
    except Failed as reason:
        return ", ".join([*done, str(reason)]), False
    return ", ".join(done), True


@contextmanager
def served() -> Iterator[Mapping[str, Any]]:
    """The ready file of a mock of the three APIs, while the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "understudy", "serve", *APIS, "--port", "0", "--log-format", "none"]
        process = subprocess.Popen(
            [*command, "--no-rate-limit", "--ready-file", str(ready)], cwd=folder, stdout=subprocess.DEVNULL
        )
        try:
            until = time.monotonic() + PATIENCE
            while not (ready.exists() and ready.stat().st_size):
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the mock did not start")
                time.sleep(0.05)
            yield json.loads(ready.read_text())
        finally:
            process.terminate()
            process.wait(10)


if __name__ == "__main__":
    sys.exit(main())
