"""`understudy drift --live`: asks a service, by requests that only read, what the document of an API leaves open."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from understudy.cli import recordings
from understudy.cli.arguments import file_path, quoted, whole_number
from understudy.cli.documents import warn
from understudy.cli.exits import COULD_NOT_RUN, FINDINGS, OK, CouldNotRun, UsageError
from understudy.cli.output import STDOUT, OutputFile

if TYPE_CHECKING:
    from understudy.engine.api import Api
    from understudy.engine.worlds import Worlds
    from understudy.recording.domains import Conclusion
    from understudy.recording.live import Lesson
    from understudy.recording.picked import Picked
    from understudy.recording.prepare import Prepared
    from understudy.recording.recorded import Recorded
    from understudy.recording.redact import Redactor

_BUDGET = 100
_UNEXPLAINED = 10  # answers that are told
_SHOWN = 3  # answers that a line names


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a service that is asked itself."""
    add = parser.add_argument
    add("--live", metavar="URL", help="ask the service with this base URL instead; needs --read-only and one --api")
    add("--read-only", action="store_true", help="send it GET, HEAD and OPTIONS only")
    add(
        "--budget",
        type=whole_number("--budget", 1, 100_000),
        metavar="N",
        help=f"send it at most N requests (default: {_BUDGET})",
    )
    add("--api-key", metavar="K", help="the key for it")
    text = "a value of a parameter that no list shows (repeatable)"
    add("--param", action="append", default=[], metavar="NAME=VALUE", help=text)
    add("--out", type=file_path("--out"), metavar="F", help="keep what it answers as a recording, without secrets")


def check(options: argparse.Namespace) -> None:
    """Check that the arguments belong together. Raises UsageError."""
    if options.live is None:
        own = ("read_only", "budget", "api_key", "param", "out")
        for name in own:
            if getattr(options, name):
                raise UsageError(f"--{name.replace('_', '-')} goes with --live URL")
        if not options.file:
            raise UsageError("name a recording, or a service with --live URL")
        return
    if options.file:
        raise UsageError(f"--live asks the service and plays no recording, such as {quoted(str(options.file[0]))}")
    if not options.read_only:
        raise UsageError("--live needs --read-only: it can only ask requests that read (GET, HEAD, OPTIONS)")
    if len(options.api) != 1:
        raise UsageError("--live needs one --api API: the document whose assumptions are asked about")
    for name in ("junit", "html", "max_age", "ignore", "host"):
        if getattr(options, name):
            raise UsageError(f"--{name.replace('_', '-')} goes with recordings, not with --live")
    if options.match != "strict":
        raise UsageError("--match goes with recordings, not with --live")


def run(options: argparse.Namespace) -> int:
    """Ask the service; exits with 1 if something is other than it is assumed."""
    from understudy.recording.live import Refused, Service, Session
    from understudy.recording.redact import Redactor
    from understudy.recording.targets import NoAnswer, UrlTarget

    target = UrlTarget(recordings.url_of("--live", options.live), options.api_key)
    given = dict(map(_pair, options.param))
    (api,) = recordings.apis_of(options)
    output = None if options.json is None else OutputFile("--json", options.json)
    if output is not None and options.json != STDOUT:
        output.check()
    redactor = Redactor([api.contract])
    watch = _Watch(redactor, options.out)
    budget = options.budget or _BUDGET
    service = Service(target, api, options.api_key, budget, watch, warn)

    def start(picked: Sequence[Picked]) -> tuple[Worlds, Prepared]:
        return _started(api, picked)

    try:
        lesson = Session(service, api, start, given).run()
    except (NoAnswer, Refused) as error:
        raise CouldNotRun(redactor.text(str(error))) from error
    _write(options, output, lesson, redactor, api)
    if lesson.failed:
        return COULD_NOT_RUN
    return FINDINGS if lesson.unexplained or any(one.kind == "learned" for one in lesson.conclusions) else OK


class _Watch:
    """Learns the secrets of each exchange, and writes it."""

    def __init__(self, redactor: Redactor, out: Path | None) -> None:
        from understudy.recording.files import format_for
        from understudy.recording.tape import Tape

        self._redactor = redactor
        self._tape = None
        if out is not None:
            try:
                form = format_for(out)
            except ValueError as error:
                raise UsageError(f"--out {quoted(str(error))}") from error
            OutputFile("--out", out, secret=True).check()
            self._tape = Tape(out, form, redactor)

    def __call__(self, recorded: Recorded) -> None:
        self._redactor.learn(recorded)
        if self._tape is not None:
            try:
                self._tape.add(recorded)
            except OSError as error:
                raise CouldNotRun(f"--out cannot be written: {error.strerror}") from error


def _started(api: Api, picked: Sequence[Picked]) -> tuple[Worlds, Prepared]:
    """Worlds of the mock that hold what exchanges show."""
    from understudy.recording.prepare import Prepared

    worlds, made = recordings.worlds_for([api], picked, Path("the service"), unlimited=True)
    inferred = tuple(each for one in made for each in one.inferred)
    return worlds, Prepared(inferred, tuple(each for one in made for each in one.problems))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise UsageError(f"--param {quoted(text)} is not NAME=VALUE")
    return name, value


def _write(
    options: argparse.Namespace, output: OutputFile | None, lesson: Lesson, redactor: Redactor, api: Api
) -> None:
    """Print what was learned, and write it."""
    if output is not None:
        content = json.dumps(_json(lesson, redactor), indent=1, ensure_ascii=False) + "\n"
        if options.json == STDOUT:
            print(content, end="")
            return
        output.write(content)
    if options.suggest:
        _suggest(lesson, redactor, api)
        return
    lines = [] if options.quiet else list(_lines(lesson))
    print("\n".join(map(redactor.text, [*lines, _summary(lesson)])))


def _lines(lesson: Lesson) -> list[str]:
    lines = list(lesson.remarks)
    lines += [f"learned: {_told(one)}" for one in lesson.conclusions if one.kind == "learned"]
    lines += [f"narrowed: {_told(one)}" for one in lesson.conclusions if one.kind == "narrowed"]
    lines += [f"confirmed: {_told(one)}" for one in lesson.conclusions if one.kind == "confirmed"]
    lines += [f"not explained by any alternative: {one}" for one in lesson.unexplained[:_UNEXPLAINED]]
    if lesson.unexplained[_UNEXPLAINED:]:
        lines.append(f"not explained either: {len(lesson.unexplained) - _UNEXPLAINED} more answers")
    return [*lines, *([f"stopped: {lesson.stopped}"] if lesson.stopped else [])]


def _told(one: Conclusion) -> str:
    """A conclusion with the answers that it is drawn from."""
    more = f" and {len(one.evidence) - _SHOWN} more" if len(one.evidence) > _SHOWN else ""
    places = "; ".join(one.evidence[:_SHOWN]) + more
    if one.kind == "learned":
        return f"{one.assumption.id}: {one.values[0]!r} fits, not {one.assumption.default!r} ({places})"
    return f"{one.assumption.id}: {' or '.join(map(repr, one.values))} ({places})"


def _summary(lesson: Lesson) -> str:
    counts = Counter(one.kind for one in lesson.conclusions)
    asked = f"{lesson.requests} request{'' if lesson.requests == 1 else 's'} sent"
    parts = [f"{counts[kind]} {kind}" for kind in ("learned", "confirmed", "narrowed")]
    return f"{asked}; of {len(lesson.conclusions)} assumptions {', '.join(parts)}, {counts['open']} still open"


def _json(lesson: Lesson, redactor: Redactor) -> Mapping[str, Any]:
    conclusions = [
        {
            "id": one.assumption.id,
            "conclusion": one.kind,
            "default": one.assumption.default,
            "possible": list(one.values),
            "evidence": list(map(redactor.text, one.evidence)),
        }
        for one in lesson.conclusions
    ]
    return {
        "requests": lesson.requests,
        "stopped": redactor.text(lesson.stopped) or None,
        "assumptions": conclusions,
        "unexplained": list(map(redactor.text, lesson.unexplained)),
        "remarks": list(map(redactor.text, lesson.remarks)),
    }


def _suggest(lesson: Lesson, redactor: Redactor, api: Api) -> None:
    """Print the change of the document, as an overlay."""
    import yaml

    from understudy.recording.drift import Settled, overlay

    learned = [one for one in lesson.conclusions if one.kind == "learned"]
    settled = [
        Settled(one.assumption, one.values[0], tuple(map(redactor.text, one.evidence)), len(one.evidence), frozenset())
        for one in learned
    ]
    for one in learned:
        print(f"# {redactor.text(_told(one))}")
    if learned:
        print(yaml.safe_dump(overlay(settled, [api]), sort_keys=False, allow_unicode=True, width=200), end="")
    else:
        print("# the service speaks for no other value of an assumption")
    if lesson.stopped:
        print(f"understudy: stopped: {redactor.text(lesson.stopped)}", file=sys.stderr)
