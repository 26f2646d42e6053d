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
    from understudy.recording.prepare import Prepared
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


class Imported:
    """Recordings whose objects a server starts with. `report` gets a line for each thing that was inferred."""

    def __init__(self, files: Sequence[Path], report: Callable[[str], None]) -> None:
        """Raises UsageError for a file that cannot be read."""
        self._recordings = [read(path) for path in files]
        self._report = report
        for one in self._recordings:
            for problem in one.problems:
                report(problem)
        self._picked: list[Picked] = []
        self._starts: list[Prepared] = []

    def began(self, apis: Sequence[Api]) -> int | None:
        """The time at which they began; None without any. Raises UsageError."""
        from understudy.recording.picked import Picker
        from understudy.recording.prepare import began

        for one in self._recordings:
            picked, lines = Picker(apis).pick(one)
            if not picked:
                told = "; ".join(lines) or f"{one.file}: it has no exchanges"
                raise UsageError(f"--import {told}")
            for line in lines:
                self._report(line)
            self._picked += picked
        return began(self._picked)

    def starts(self, apis: Sequence[Api], usual: Mapping[str, Any], assume: Mapping[str, Any]) -> dict[str, Any]:
        """The seeds of the built-in APIs as the recordings show them, else the usual ones. Raises UsageError."""
        seeds, self._starts = start_states(apis, self._picked, usual, assume, exact=True)
        return seeds

    def prepare(self, worlds: Worlds) -> None:
        """Add the objects of users' documents to the default world, and tell what was inferred."""
        from understudy.recording.prepare import prepare

        for prepared in (*self._starts, prepare(worlds, self._picked)):
            for line in prepared.lines():
                self._report(line)


class Served:
    """The recordings that a server starts with. Raises UsageError for those that cannot be used."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.imported = Imported(options.import_files, warn)
        self._answers = [read(path) for path in (*options.replay_files, *options.replay_only_files)]
        self.only = bool(options.replay_only_files)
        if self.only and (options.api or options.import_files or options.replay_files):
            raise UsageError("--replay-only serves nothing else; --replay answers beside documents")
        for one in self._answers:
            for problem in one.problems:
                warn(problem)

    def prepare(self, worlds: Worlds) -> None:
        """Add what was imported to the default world, and let recorded answers take what no operation does."""
        self.imported.prepare(worlds)
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
    if "@" in parts.netloc:
        raise UsageError(f"{flag}: a URL with a user or a password is not taken; keys are sent by the client")
    if parts.query or parts.fragment:
        raise UsageError(f"{flag} {quoted(text)}: a base URL ends before ? and #")
    return text


def files_in(paths: Sequence[Path]) -> Iterator[Path]:
    """The recordings among files and folders, each once; those of folders are found by their endings."""
    seen: set[Path] = set()
    for path in paths:
        for one in _in_folder(path) if path.is_dir() else (path,):
            real = one.resolve()
            if real not in seen:
                seen.add(real)
                yield one


def _in_folder(folder: Path) -> Iterator[Path]:
    found = (one for one in sorted(folder.rglob("*")) if one.suffix.lower() in ENDINGS and one.is_file())
    yield from (one for one in found if not one.name.endswith(_SEED))


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
            findings.append(Finding("unreadable", str(path), _placed(str(error), str(path))))
    return loaded, findings


def _placed(problem: str, file: str) -> str:
    """What is wrong with a file, whose name stands elsewhere: `line 3: ...` for `FILE:3: ...`."""
    text = problem.removeprefix(f"{file}:").strip()
    number, colon, rest = text.partition(": ")
    return f"line {number}{colon}{rest}" if number.isdecimal() else text


def start_states(
    apis: Sequence[Api],
    picked: Sequence[Picked],
    usual: Mapping[str, Any],
    assume: Mapping[str, Any],
    *,
    exact: bool = False,
) -> tuple[dict[str, Any], list[Prepared]]:
    """The seeds of the built-in APIs as recordings show them, and what was inferred. Raises UsageError.

    An `exact` one answers as was recorded: it is the usual one only where that does.
    """
    from understudy.apis import NAMES
    from understudy.apis.start_states import chosen, start_of
    from understudy.document.seed_times import with_times
    from understudy.recording.prepare import began

    seeds, told = {**usual}, []
    try:
        for api in (one for one in apis if one.name in NAMES and usual.get(one.name) is not None):
            choice, mine = chosen(assume, api.name), [one for one in picked if one.api is api]
            if not mine:
                continue
            known = with_times(usual[api.name], began(mine) or 0)
            start = start_of(api, mine, known, choice)
            if exact and choice is None and start.choice == "usual" and not _answers(api, mine, known):
                start = start_of(api, mine, known, "recorded")
            seeds[api.name] = start.content if start.choice == "recorded" else usual[api.name]
            told.append(start.prepared)
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
    return seeds, told


def _answers(api: Api, picked: Sequence[Picked], seed: Any) -> bool:
    """Whether a start state answers as was recorded."""
    from understudy.apis import control
    from understudy.engine.clock import Clock
    from understudy.engine.worlds import Worlds
    from understudy.recording.play import play
    from understudy.recording.prepare import began, given_ids
    from understudy.recording.targets import MockTarget

    clock = Clock(began(picked), frozen=True)
    worlds = Worlds([api, control.declare], seeds={api.name: seed}, clock=clock, limits={api.name: None})
    played = play(picked, MockTarget(worlds, timed=is_timed(picked)), known=given_ids(worlds))
    return not any(one.faults for one in played)


def worlds_for(
    apis: Sequence[Api],
    picked: Sequence[Picked],
    recording: Path,
    *,
    assume: Mapping[str, Any] | None = None,
    unlimited: bool = False,
) -> tuple[Worlds, list[Prepared]]:
    """Worlds whose clock stands where a recording began, and what was inferred; raises UsageError.

    The start state is the seed file beside it, or else what it shows. Without recorded times there is no rate limit,
    since no time passes between the requests; nor is there if it is to be `unlimited`.
    """
    from understudy.apis import control, seeder, seeds
    from understudy.apis.start_states import is_choice
    from understudy.document.read import Unreadable
    from understudy.document.read import read as read_yaml
    from understudy.engine.clock import Clock
    from understudy.engine.worlds import Worlds
    from understudy.recording.prepare import began, prepare

    names = [api.name for api in apis]
    start = began(picked)
    clock = Clock(start, frozen=True)
    beside = recording.with_name(recording.stem + _SEED)
    owners, values = {one.api.name for one in picked}, assume or {}
    try:
        content, told = {**dict.fromkeys(names), **seeds(names)}, list["Prepared"]()
        if len(owners) == 1 and beside.is_file():
            content[owners.pop()] = read_yaml(beside)
        else:
            content, told = start_states(apis, picked, content, values)
        worlds = Worlds(
            [*apis, control.declare],
            seeds=content,
            clock=clock,
            assume={id: value for id, value in values.items() if not is_choice(id)},
            limits=None if is_timed(picked) and not unlimited else dict.fromkeys(names),
            seeder=seeder(names, None, clock),
        )
        return worlds, [*told, prepare(worlds, picked)]
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
        yield from (Finding("unreadable", file, _placed(problem, file)) for problem in one.problems)
        if not picked(one):
            none = "no exchange in it is of the documents" if one.exchanges else "it has no exchanges"
            yield Finding("unused", file, none)
        content = tuple((each.request.method, each.target, each.request.body, each.response) for each in one.exchanges)
        if content and content in seen:
            yield Finding("duplicated", file, f"{seen[content]} holds the same exchanges")
        seen.setdefault(content, one.file)
        newest = max((each.at for each in one.exchanges if each.at is not None), default=None)
        if max_age is not None and newest is not None and now - newest > max_age * 86_400_000:
            yield Finding("stale", file, f"it is of {rfc3339(newest)[:10]}, more than {max_age:g} days ago")
