"""Recording files of a command line: loaded, picked for the served documents, and played on worlds of their own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.cli.arguments import declared, file_path, quoted
from understudy.cli.documents import warn
from understudy.cli.exits import UsageError

if TYPE_CHECKING:
    from understudy.engine.api import Api
    from understudy.engine.worlds import Worlds
    from understudy.recording.picked import Picked
    from understudy.recording.recorded import Recording
    from understudy.recording.report import Finding

ENDINGS = (".yaml", ".yml", ".json", ".har")
_SEED = ".seed.yaml"


def add_apis(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which documents, and which hosts, recordings are of."""
    add = parser.add_argument
    add("--api", action="append", default=[], metavar="API", help="only these APIs or documents (repeatable)")
    add("--host", action="append", default=[], metavar="HOST", help="take its exchanges, too (repeatable)")


def add_files(parser: argparse.ArgumentParser, text: str, *, least: int = 1) -> None:
    """Add the recording files, at least so many: one or none."""
    count = "+" if least else "*"
    parser.add_argument("file", nargs=count, type=file_path("RECORDING"), metavar="RECORDING", help=text)


def add_serving(parser: argparse.ArgumentParser) -> None:
    """Add the recordings of a server."""
    add, names = parser.add_argument, ("--import", "--replay", "--replay-only")
    texts = (
        "start with the objects that a recording shows (repeatable)",
        "answer from a recording what no served document has (repeatable)",
        "answer nothing but what is recorded; a miss is a 501 (repeatable)",
    )
    for name, text in zip(names, texts, strict=True):
        dest = name.strip("-").replace("-", "_") + "_files"
        add(name, dest=dest, action="append", default=[], type=file_path(name), metavar="FILE", help=text)


class Served:
    """The recordings that a server starts with. Raises UsageError for those that cannot be used."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._import = [read(path) for path in options.import_files]
        self._answers = [read(path) for path in (*options.replay_files, *options.replay_only_files)]
        self.only = bool(options.replay_only_files)
        if self.only and (options.api or options.import_files or options.replay_files):
            raise UsageError("--replay-only serves nothing else; --replay answers beside documents")
        for one in (*self._import, *self._answers):
            for problem in one.problems:
                warn(problem)
        self._picked: list[Picked] = []

    def began(self, apis: Sequence[Api]) -> int | None:
        """The time at which the imported recordings began; None without any. Raises UsageError."""
        from understudy.recording.picked import Picker
        from understudy.recording.prepare import began

        for one in self._import:
            picked, lines = Picker(apis).pick(one)
            if not picked:
                told = "; ".join(lines) or f"{one.file}: it has no exchanges"
                raise UsageError(f"--import {told}")
            for line in lines:
                warn(line)
            self._picked += picked
        return began(self._picked)

    def prepare(self, worlds: Worlds) -> None:
        """Add what was imported to the default world, and let recorded answers take what no operation does."""
        if self._picked:
            from understudy.recording.prepare import prepare

            for line in prepare(worlds, self._picked).lines():
                warn(line)
        if self._answers:
            from understudy.recording.answers import Answers

            schemes = (scheme for api in worlds.apis.values() for scheme in api.contract.schemes)
            keys = {scheme.header for scheme in schemes if scheme.location == "query"}
            exchanges = [each for one in self._answers for each in one.exchanges]
            worlds.fallback = Answers(exchanges, only=self.only, keys=keys)

    def unused(self, worlds: Worlds) -> str | None:
        """A line about the recorded answers that nobody asked for; None where all were."""
        if not self._answers:
            return None
        from understudy.recording.answers import Answers, listed

        assert isinstance(worlds.fallback, Answers), "it was made of these recordings"
        rest = worlds.fallback.unused(worlds.default)
        text = "1 recorded answer was" if len(rest) == 1 else f"{len(rest)} recorded answers were"
        return f"{text} never asked for: {listed(rest)}" if rest else None


def apis_of(options: argparse.Namespace) -> list[Api]:
    """The APIs that the options name; raises UsageError."""
    return declared(options.api, report=warn)


def url_of(flag: str, text: str) -> str:
    """A URL with scheme and host; raises UsageError."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        known = None
    if not known:
        raise UsageError(f"{flag} {quoted(text)} is no URL such as http://127.0.0.1:9101/api/v1")
    return text


def files_in(paths: Sequence[Path]) -> Iterator[Path]:
    """The recordings among files and folders; those of folders are found by their endings."""
    for path in paths:
        if path.is_dir():
            found = [one for one in sorted(path.rglob("*")) if one.suffix.lower() in ENDINGS and one.is_file()]
            yield from (one for one in found if not one.name.endswith(_SEED))
        else:
            yield path


def read(path: Path) -> Recording:
    """A recording; raises UsageError."""
    from understudy.document.read import Unreadable
    from understudy.recording.files import load

    try:
        return load(path)
    except Unreadable as error:
        raise UsageError(str(error)) from error


def read_all(paths: Sequence[Path]) -> tuple[list[Recording], list[Finding]]:
    """The recordings among files and folders. What cannot be read in a folder is a finding, what is none is left out.

    Raises UsageError for a file that is named itself.
    """
    from understudy.document.read import Unreadable
    from understudy.recording.files import load
    from understudy.recording.report import Finding
    from understudy.recording.tree import NoRecording

    loaded: list[Recording] = []
    findings: list[Finding] = []
    for path in files_in(paths):
        try:
            loaded.append(read(path) if path in paths else load(path))
        except NoRecording:
            continue
        except Unreadable as error:
            findings.append(Finding("unreadable", str(path), str(error).removeprefix(f"{path}:").strip()))
    return loaded, findings


def worlds_for(
    apis: Sequence[Api],
    picked: Sequence[Picked],
    recording: Path,
    *,
    assume: Mapping[str, Any] | None = None,
    unlimited: bool = False,
) -> Worlds:
    """Worlds whose clock stands where a recording began, with the seed file beside it; raises UsageError.

    Without recorded times there is no rate limit, since no time passes between the requests; nor is there if it is
    to be `unlimited`.
    """
    from understudy.apis import control, seeder, seeds
    from understudy.document.read import Unreadable
    from understudy.document.read import read as read_yaml
    from understudy.engine.clock import Clock
    from understudy.engine.worlds import Worlds
    from understudy.recording.prepare import began

    names = [api.name for api in apis]
    start = began(picked)
    clock = Clock(start, frozen=True)
    beside = recording.with_name(recording.stem + _SEED)
    owners = {one.api.name for one in picked}
    try:
        content = {**dict.fromkeys(names), **seeds(names)}
        if len(owners) == 1 and beside.is_file():
            content[owners.pop()] = read_yaml(beside)
        return Worlds(
            [*apis, control.declare],
            seeds=content,
            clock=clock,
            assume=assume,
            limits=None if is_timed(picked) and not unlimited else dict.fromkeys(names),
            seeder=seeder(names, None, clock),
        )
    except (Unreadable, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from error


def is_timed(picked: Sequence[Picked]) -> bool:
    """Whether each exchange has a time."""
    return all(one.recorded.at is not None for one in picked)


def whole_findings(
    recordings: Sequence[Recording], picked: Callable[[Recording], Sequence[Picked]], max_age: float | None
) -> Iterator[Finding]:
    """What is wrong with recordings as a whole: used by no document, a copy of another one, or older than some days."""
    from understudy.engine.clock import Clock, rfc3339
    from understudy.recording.report import Finding

    seen: dict[object, Path] = {}
    now = Clock().now()
    for one in recordings:
        file = str(one.file)
        yield from (Finding("unreadable", file, problem.removeprefix(f"{file}:").strip()) for problem in one.problems)
        if not picked(one):
            yield Finding("unused", file, "no exchange in it is of the documents")
        content = tuple((each.request.method, each.target, each.request.body, each.response) for each in one.exchanges)
        if content and content in seen:
            yield Finding("duplicated", file, f"{seen[content]} holds the same exchanges")
        seen.setdefault(content, one.file)
        newest = max((each.at for each in one.exchanges if each.at is not None), default=None)
        if max_age is not None and newest is not None and now - newest > max_age * 86_400_000:
            yield Finding("stale", file, f"it is of {rfc3339(newest)[:10]}, more than {max_age:g} days ago")
