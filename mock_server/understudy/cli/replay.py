"""`understudy replay`: play recordings on the mock, or on a server, and tell what is answered otherwise."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from understudy.cli import recordings
from understudy.cli.arguments import file_path, quoted, seconds
from understudy.cli.assumed import assumed_of
from understudy.cli.exits import FINDINGS, OK, CouldNotRun, UsageError
from understudy.cli.output import STDOUT, OutputFile

if TYPE_CHECKING:
    from understudy.engine.api import Api
    from understudy.recording.picked import Picked
    from understudy.recording.play import Played
    from understudy.recording.prepare import Prepared
    from understudy.recording.recorded import Recording
    from understudy.recording.redact import Redactor
    from understudy.recording.report import Finding, Report

HELP = "play recordings, and tell what is answered otherwise"
_MOST_DAYS = 100_000


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `replay`."""
    parser.description = "Play recordings (cassettes, HAR files) on the mock or a server, and tell what differs."
    recordings.add_files(parser, "a recording: a cassette of VCR.py or Betamax, a HAR, or a folder of them")
    recordings.add_apis(parser)
    add_comparison(parser)
    add = parser.add_argument
    add(
        "--assume",
        action="append",
        default=[],
        metavar="ID=VALUE",
        help="switch an assumption of the mock (repeatable)",
    )
    add("--url", metavar="URL", help="play on the server with this base URL, not on the mock")
    add("--api-key", metavar="K", help="the key for that server")
    add_reports(parser)


def add_comparison(parser: argparse.ArgumentParser) -> None:
    """Add how answers are compared."""
    add = parser.add_argument
    text = "what must be the same: all values, only types and members, or only the status (default: %(default)s)"
    add("--match", choices=("strict", "shape", "status"), default="strict", help=text)
    pointer = "a JSON pointer into bodies that is not compared; * is any name or number (repeatable)"
    add("--ignore", action="append", default=[], metavar="POINTER", type=_pointer, help=pointer)
    age = seconds("--max-age", _MOST_DAYS, unit="days")
    add("--max-age", type=lambda text: age(text), metavar="DAYS", help="a recording that is older is a finding")


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add where the result is written."""
    add = parser.add_argument
    for flag, what in (("--junit", "JUnit XML"), ("--json", "JSON"), ("--html", "a page")):
        add(
            flag,
            type=file_path(flag),
            metavar="F",
            help=f"write the result as {what} there (-: on standard output alone)",
        )
    add("-q", "--quiet", action="store_true", help="print only the last line")


def run(options: argparse.Namespace) -> int:
    """Play the recordings; exits with 1 if something differs."""
    from understudy.recording.report import Report

    _check(options)
    outputs = outputs_of(options)
    apis = recordings.apis_of(options)
    loaded, unread = recordings.read_all(options.file)
    report = play_all(options, apis, loaded, assume=assumed_of(options.assume, apis), unread=unread)
    if not report.played:
        lines = [*report.remarks, *(f"{one.file}: {one.text}" for one in report.findings)]
        raise UsageError(f"nothing can be played: {'; '.join(lines) or 'there is no recording there'}")
    assert isinstance(report, Report), "what is played is reported"
    write(report, options, outputs)
    return FINDINGS if report.failed else OK


def _check(options: argparse.Namespace) -> None:
    if options.api_key is not None and options.url is None:
        raise UsageError("--api-key is the key for the server at --url; the mock's own keys are used without it")
    if options.assume and options.url is not None:
        raise UsageError("--assume switches the mock, and not the server at --url")


def play_all(
    options: argparse.Namespace,
    apis: Sequence[Api],
    loaded: Sequence[Recording],
    *,
    assume: Mapping[str, Any] | None = None,
    unread: Sequence[Finding] = (),
) -> Report:
    """Play each recording on worlds of its own, or on the server at --url. Raises UsageError, CouldNotRun."""
    from understudy.recording.picked import Picker
    from understudy.recording.report import Report

    picker = Picker(apis, options.host)
    played: list[Played] = []
    prepared: list[Prepared] = []
    remarks: list[str] = []
    picked: dict[int, list[Picked]] = {}
    for one in loaded:
        picked[id(one)], lines = picker.pick(one)
        remarks += lines
        if picked[id(one)]:
            answered, made = _play(options, apis, one, picked[id(one)], assume)
            played += answered
            prepared += made
    findings = [*unread, *recordings.whole_findings(loaded, lambda one: picked[id(one)], options.max_age)]
    return Report(played, prepared, remarks, findings)


def _play(
    options: argparse.Namespace,
    apis: Sequence[Api],
    recording: Recording,
    picked: Sequence[Picked],
    assume: Mapping[str, Any] | None,
) -> tuple[list[Played], list[Prepared]]:
    from understudy.recording.play import play
    from understudy.recording.prepare import given_ids
    from understudy.recording.targets import MockTarget, NoAnswer, UrlTarget

    if getattr(options, "url", None) is not None:
        target = UrlTarget(recordings.url_of("--url", options.url), options.api_key)
        try:
            return list(play(picked, target, match=options.match, ignore=options.ignore)), []
        except NoAnswer as error:
            raise CouldNotRun(str(error)) from error
    worlds, made = recordings.worlds_for(apis, picked, recording.file, assume=assume)
    mock = MockTarget(worlds, timed=recordings.is_timed(picked))
    return list(play(picked, mock, match=options.match, ignore=options.ignore, known=given_ids(worlds))), made


def outputs_of(options: argparse.Namespace) -> dict[str, OutputFile]:
    """The files that the result is written to, checked. Raises UsageError."""
    outputs: dict[str, OutputFile] = {}
    for name in ("junit", "json", "html"):
        path = getattr(options, name)
        if path is not None:
            outputs[name] = OutputFile(f"--{name}", path)
            if path != STDOUT:
                outputs[name].check()
    return outputs


def write(report: Report, options: argparse.Namespace, outputs: dict[str, OutputFile]) -> None:
    """Print the result, and write its files."""
    from understudy.recording import report as reports

    on_stdout = any(output.path == STDOUT for output in outputs.values())
    if not on_stdout:
        shown = reports.hidden(report, redactor_of(report))
        print(f"{report.summary()}\n" if options.quiet else reports.text(shown), end="")
    write_files(report, outputs)


def write_files(report: Report, outputs: dict[str, OutputFile]) -> None:
    """Write the result to its files, or to standard output."""
    from understudy.recording import report as reports

    if outputs:
        report = reports.hidden(report, redactor_of(report))
    for name, output in outputs.items():
        content: str = {"junit": reports.as_junit, "json": reports.as_json, "html": reports.as_html}[name](report)
        if output.path == STDOUT:
            print(content, end="")
        else:
            output.write(content)


def redactor_of(report: Report) -> Redactor:
    """What hides the secrets of the exchanges that are shown."""
    from understudy.recording.redact import Redactor

    apis = {one.picked.api.name: one.picked.api.contract for one in report.played}
    redactor = Redactor(apis.values())
    for one in report.differing:
        redactor.learn(one.picked.recorded)
        redactor.learn(one.picked.recorded._replace(request=one.request, response=one.response))
    return redactor


def _pointer(text: str) -> str:
    if text and not text.startswith("/"):
        raise UsageError(f"--ignore {quoted(text)} is no JSON pointer; did you mean /{text}?")
    return text
