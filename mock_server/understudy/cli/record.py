"""`understudy record`: a proxy to a service that records what passes, around a command or until Ctrl-C."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.cli import recordings
from understudy.cli.arguments import declared, file_path, whole_number
from understudy.cli.around import run_command, sigterm_raised
from understudy.cli.documents import add_document, warn
from understudy.cli.exits import FINDINGS, OK, CouldNotRun, UsageError
from understudy.cli.output import OutputFile
from understudy.cli.redact import add_format, form_of
from understudy.messages import counted

if TYPE_CHECKING:
    from understudy.engine.api import Api
    from understudy.engine.exchange import Request, Response
    from understudy.engine.worlds import Worlds
    from understudy.recording.check import Checker
    from understudy.recording.recorded import Recorded
    from understudy.recording.tape import Tape

HELP = "record what passes to a service and back"
_MOST_TOLD = 5
MODES = ("once", "new_episodes", "none", "all")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `record`."""
    parser.description = "Record what passes to a service and back, around the COMMAND after --, or until Ctrl-C."
    parser.set_defaults(takes_command="it records until Ctrl-C")
    add_document(parser)
    add = parser.add_argument
    add("--upstream", required=True, metavar="URL", help="the service: nothing else is connected to")
    out = "write it there after each exchange: .yaml or .json is a cassette, .har a HAR"
    add("--out", required=True, type=file_path("--out"), metavar="F", help=out)
    add_format(parser)
    mode = "VCR's: record a new file only, new requests, nothing, or everything anew (default: %(default)s)"
    add("--mode", choices=MODES, default="once", help=mode)
    add("--rewrite-urls", action="store_true", help="URLs of the service in answers become the proxy's for the client")
    add("--emails", action="store_true", help="replace e-mail addresses, too")
    port = whole_number("--port", 0, 65535)
    add("--port", type=port, default=0, help="port of the proxy (default: a free one)")


def run(options: argparse.Namespace) -> int:
    """Record; the exit code is that of the command, or 0."""
    from understudy.recording.proxy import Proxy, serving
    from understudy.recording.redact import Redactor
    from understudy.recording.tape import Tape

    form = form_of(options)
    upstream = recordings.url_of("--upstream", options.upstream)
    (api,) = declared([options.api], report=warn, flags={options.api: options.flags.get(options.api, {})})
    OutputFile("--out", options.out, secret=True).check()
    kept = _kept(options)
    tape = Tape(options.out, form, Redactor([api.contract], emails=options.emails), kept)
    records = options.mode in ("new_episodes", "all") or (options.mode == "once" and not kept)
    session = _Session(tape, api, kept, records=records)
    proxy = Proxy(upstream, answer=session.answer, watch=session.watch, rewrite=options.rewrite_urls)
    try:
        with serving(proxy, options.port) as url:
            base = url + api.contract.prefixes[0]
            code = run_command(options.command, base) if options.command else _wait(base, proxy.origin)
    except OSError as error:
        raise CouldNotRun(f"cannot listen on 127.0.0.1:{options.port}: {error.strerror}") from error
    for line in session.summary(options.out):
        print(line, file=sys.stderr)
    if proxy.rewritable and not options.rewrite_urls:
        told = f"{counted(proxy.rewritable, 'answer holds', 'answers hold')} URLs of {proxy.origin}"
        warn(f"{told}, which lead past the proxy; --rewrite-urls changes them")
    for failure in proxy.failed[:_MOST_TOLD]:
        warn(tape.hide(failure))
    if len(proxy.failed) > _MOST_TOLD:
        warn(f"{counted(len(proxy.failed) - _MOST_TOLD, 'more request', 'more requests')} had no answer")
    return code or (FINDINGS if session.is_incomplete or proxy.failed else OK)


class _Session:
    """What is answered from the file, recorded, and told."""

    def __init__(self, tape: Tape, api: Api, kept: list[Recorded], *, records: bool) -> None:
        from understudy.recording.answers import Answers
        from understudy.recording.check import Checker

        keys = [scheme.header for scheme in api.contract.schemes if scheme.location == "query"]
        self._answers = Answers(kept, only=True, keys=keys)
        worlds = _worlds(api)
        self._world = worlds.default
        self._tape = tape
        self._checker: Checker = Checker(api, worlds)
        self._records = records
        self._missed: Counter[str] = Counter()
        self._lost = 0
        self._answered = 0
        self._marks: Counter[str] = Counter()
        self._told: Counter[str] = Counter()

    @property
    def is_incomplete(self) -> bool:
        """Whether a request had no answer, or an exchange is not in the file."""
        return bool(self._missed or self._lost)

    def answer(self, request: Request) -> Response | None:
        """The recorded response to a request; None where the service is asked."""
        found = self._answers.next(request, self._world)
        self._answered += found is not None
        if found is not None or self._records:
            return found
        self._missed[f"{request.method} {request.path}"] += 1
        return self._answers.answer(request, self._world)

    def watch(self, recorded: Recorded) -> None:
        """Write a new exchange, and tell what of it breaks the document, the same line once."""
        from understudy.recording.marks import mark
        from understudy.recording.message import Odd

        found = mark(recorded.response.status)
        if found is not None:
            self._marks[f"{recorded.response.status} ({found})"] += 1
        lines = list(self._checker.problems(recorded))
        try:
            self._tape.add(recorded)
        except (OSError, Odd) as error:
            self._lost += 1
            why = getattr(error, "strerror", None) or error
            lines.append(f"{recorded.request.method} {recorded.request.path} is not recorded: {why}")
        for line in map(self._tape.hide, lines):
            self._told[line] += 1
            if self._told[line] == 1:
                warn(line)

    def summary(self, out: Path) -> list[str]:
        """What was recorded, in a line, and what stands out."""
        count = self._tape.count
        recorded = f"{counted(count, 'exchange', 'exchanges')} recorded" if count else "nothing was recorded"
        lines = [f"{recorded} in {out}"]
        if self._answered:
            lines.append(f"{counted(self._answered, 'request was', 'requests were')} answered from {out}")
        lines += [f"{times} times: {line}" for line, times in self._told.items() if times > 1]
        if self._marks:
            marks = ", ".join(f"{times} with {name}" for name, times in self._marks.items())
            lines.append(f"not the normal answer: {marks}")
        if self._missed:
            names = [self._tape.hide(name) for name in self._missed]
            more = f", and {len(names) - _MOST_TOLD} others" if len(names) > _MOST_TOLD else ""
            listed = ", ".join(names[:_MOST_TOLD]) + more
            lines.append(f"not in {out}, and so answered with 501: {listed}; --mode new_episodes records new requests")
        return lines


def _kept(options: argparse.Namespace) -> list[Recorded]:
    """The exchanges that are in the file already and stay. Raises UsageError for a file that is no recording."""
    if not options.out.exists() or not options.out.stat().st_size:
        if options.mode == "none":
            raise UsageError(f"--mode none: {options.out} has nothing to answer with")
        return []
    loaded = recordings.read(options.out)
    if options.mode == "all":
        return []
    for problem in loaded.problems:
        warn(problem)
    return list(loaded.exchanges)


def _wait(base: str, upstream: str) -> int:
    from contextlib import suppress
    from threading import Event

    print(f"Recording {upstream} at {base}\nCtrl-C stops it.", flush=True)
    with suppress(KeyboardInterrupt), sigterm_raised():
        Event().wait()
    return OK


def _worlds(api: Api) -> Worlds:
    """A mock of the API, which says what its document refuses."""
    from understudy.apis import seeder, seeds
    from understudy.engine.worlds import Worlds

    content = {api.name: None, **seeds([api.name])}
    return Worlds([api], seeds=content, limits={api.name: None}, seeder=seeder([api.name], None))
