"""Serve every document of a folder unedited, and judge the answers by the document alone."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.specs.document import Document
from benchmarks.specs.fuzz import fuzz
from benchmarks.specs.judge import Found, judge
from benchmarks.specs.served import NotServed, served
from benchmarks.specs.table import reasons, table

DEFAULT = Path(__file__).parents[2] / "tests/documents/traits"
SUFFIXES = (".yaml", ".yml", ".json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; returns 1 where one is not loaded, an answer does not fit, or the server fails or hangs."""
    options = _options(arguments)
    files = [
        file
        for file in documents(options.folder)
        if not options.only or _named(file.relative_to(options.folder), options.only)
    ]
    if not files:
        print(f"no document in {options.folder} is called so", file=sys.stderr)
        return 2
    found = []
    for file in files:
        one = _document(file, options)
        found.append(one)
        print(table([one]).splitlines()[-1], flush=True)
        for line in reasons(one) if options.verbose else ():
            print(f"    {line}", flush=True)
    print(f"\n{table(found)}")
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found], indent=1))
    return int(any(not one.loaded or one.unfit or one.errors or one.hangs for one in found))


def documents(folder: Path) -> Iterator[Path]:
    """The documents of a folder: its files, and of each folder in it the one file that is a whole document."""
    for entry in sorted(folder.iterdir()):
        if entry.is_file() and entry.suffix in SUFFIXES:
            yield entry
        elif entry.is_dir():
            yield from (file for file in sorted(entry.iterdir()) if file.suffix in SUFFIXES and _is_whole(file))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.specs", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT, help="default: our own, each with one trait")
    parser.add_argument("--only", metavar="NAME", action="append", default=[], help="a document whose name has this")
    parser.add_argument("--fast", action="store_true", help="without schemathesis")
    parser.add_argument("--examples", type=int, default=2, help="of schemathesis, valid and invalid ones each (2)")
    parser.add_argument("--seconds", type=float, default=60.0, help="at most, for each document and each half (60)")
    parser.add_argument(
        "--verbose", "-v", action="store_true", help="say why, for each thing that is not as documented"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all that was found")
    return parser.parse_args(arguments)


def _document(file: Path, options: argparse.Namespace) -> Found:
    started = time.monotonic()
    name = Path(file.relative_to(options.folder).parts[0]).stem
    found = Found(name)
    with tempfile.TemporaryDirectory() as folder:
        try:
            with served(file, Path(folder)) as server:
                document = Document(file)
                found = judge(document, server.base_url, server.credentials, until=started + options.seconds)
                if not options.fast:
                    _fuzz(document, server.base_url, server.credentials, found, options)
                found.ready, found.memory = server.ready, server.resident()
            with served(file, Path(folder)) as server:
                found.again = server.ready
        except NotServed as reason:
            found.loaded, found.ended = False, str(reason)
    found.name = name
    found.seconds = time.monotonic() - started
    return found


def _fuzz(
    document: Document, base_url: str, credentials: dict[str, str], found: Found, options: argparse.Namespace
) -> None:
    until = time.monotonic() + options.seconds
    done = fuzz(document, base_url, credentials, examples=options.examples, until=until)
    found.fuzzed = done.requests
    for counted, more in (
        (found.unfit, done.unfit), (found.undocumented, done.undocumented), (found.errors, done.errors),
        (found.hangs, done.hangs),
    ):  # fmt: skip
        for what, times in more.items():
            counted[what] = counted.get(what, 0) + times
    found.left_out = dict(done.left_out)


def _named(file: Path, names: Sequence[str]) -> bool:
    return any(name in str(file) for name in names)


def _is_whole(file: Path) -> bool:
    text = file.read_text(encoding="utf-8", errors="replace")
    return '"openapi"' in text[:2000] or any(line.startswith("openapi:") for line in text.splitlines()[:50])


if __name__ == "__main__":
    sys.exit(main())
