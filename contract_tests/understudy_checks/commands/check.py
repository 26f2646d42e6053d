"""`understudy check`: reach a target, check it, tell what came of it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from understudy.cli import CouldNotRun, UsageError, api_name
from understudy.cli.output import STDOUT, OutputFile
from understudy.engine.exchange import Response
from understudy.messages import suggest
from understudy_checks import check
from understudy_checks.check import Report
from understudy_checks.client import Broken, NotChecked, Violation
from understudy_checks.discovery import arrange, call
from understudy_checks.interruptions import Interruption, TimeIsUp, Watch, watched
from understudy_checks.report import console as shown
from understudy_checks.report import page, plain, progress, terminal, xml
from understudy_checks.report.baseline import known_failures
from understudy_checks.target import connect, installed, sources
from understudy_checks.target.connect import Unreachable
from understudy_checks.target.mock import mock
from understudy_checks.target.settings import BadSettings, Settings
from understudy_checks.target.target import Target

_OF_SERVERS = ("api_key", "target", "set", "header", "auth", "auth_command", "ca", "insecure")
"""Options that are for a server that is none of ours."""

MOST_TIME = 10**6
FORMS = {"html": page.html, "junit": xml.junit, "json": plain.text}


def run(options: argparse.Namespace) -> int:
    """Check what the options name; the exit code, see README."""
    _examine_options(options)
    with watched(options.max_time) as watch:
        try:
            report = _report(options, watch)
        except TimeIsUp as reason:
            raise CouldNotRun(str(reason)) from reason
        except Interruption:
            return watch.code or 0
        with watch.holding():
            _tell(report, options)
        return watch.code or _code(report, strict=options.strict)


def _report(options: argparse.Namespace, watch: Watch) -> Report:
    """What came of the check. Raises Interruption when it had not begun."""
    console = shown.console(stderr=True, quiet=options.quiet)
    try:
        baseline = None if options.baseline is None else known_failures(options.baseline, options.api)
        with _target(options) as target:
            _knock(target)
            with progress.progress(console) as tell:

                def step(done: int, total: int, name: str) -> None:
                    watch.check()
                    tell.step(done, total, name)

                report = check.examine(
                    target,
                    profile=options.profile,
                    only=options.only,
                    exclude=options.exclude,
                    progress=step,
                    area_over=tell.area,
                )
                return replace(report, baseline=baseline)
    except BadSettings as error:
        raise UsageError(str(error)) from error
    except Unreachable as error:
        raise CouldNotRun(str(error)) from error


def _code(report: Report, *, strict: bool) -> int:
    """The exit code of a run that no signal ended. Raises CouldNotRun when it left rules unchecked."""
    if report.ended is not None and not report.is_complete and not report.news:
        raise CouldNotRun(report.ended)
    return 0 if report.holds(strict=strict) else 1


def _examine_options(options: argparse.Namespace) -> None:
    """Raises UsageError for what cannot be meant."""
    api_name(options.api)
    if options.max_time is not None and not 0 < options.max_time < MOST_TIME:
        raise UsageError(f"--max-time {options.max_time:g} is not between 0 and {MOST_TIME:,} seconds")
    if options.budget is not None and options.budget < 1:
        raise UsageError(f"--budget {options.budget} is not 1 or more")
    ids = [rule.id for rule in installed.document(options.api).rules]
    for name in ("only", "exclude"):
        for pattern in getattr(options, name):
            if not any(fnmatchcase(id, pattern) for id in ids):
                raise UsageError(f"--{name} {pattern}: no such rule of {options.api}{suggest(pattern, ids)}")
    for form, path in _files(options).items():
        if path != STDOUT:
            OutputFile(f"--{form}", path).check()


def _files(options: argparse.Namespace) -> dict[str, Path]:
    """Where a report is written, by its form; raises UsageError for a place that is named twice."""
    files = {form: getattr(options, form) for form in FORMS if getattr(options, form) is not None}
    places = [_place(file) for file in files.values()]
    for form, file in files.items():
        if places.count(_place(file)) > 1:
            raise UsageError(f"--{form} {file}: another report is written there, too")
    return files


def _place(file: Path) -> Path:
    """Where a file stands, however it is written; a link in its own place stays one."""
    return file if file == STDOUT else file.parent.resolve() / file.name


@contextmanager
def _target(options: argparse.Namespace) -> Iterator[Target]:
    """What the options lead to, while the block runs."""
    api = options.api
    if options.url is None and options.app is None:
        given = next((name for name in _OF_SERVERS if getattr(options, name)), None)
        if given:
            raise UsageError(f"--{given.replace('_', '-')} is for a server that --url or --app leads to")
        yield mock(api, budget=options.budget, writes=options.writes is not False)
        return
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: what is named here need not be installed
    settings = _settings(options)
    if options.url is not None:
        yield connect.url(api, options.url, settings, budget=options.budget)
        return
    with connect.app(api, options.app, settings, budget=options.budget) as target:
        yield target


def _settings(options: argparse.Namespace) -> Settings:
    given = {
        "writes": options.writes,
        "ca": options.ca and str(options.ca),
        "insecure": options.insecure or None,
        "headers": dict(map(_header, options.header)) or None,
        "auth": options.auth,
        "auth_command": options.auth_command,
    }
    own = {name: value for name, value in given.items() if value is not None}
    return sources.told(options.api, options.target, options.set, options.api_key, own)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError("--header is not 'Name: value'")  # what it is may be a secret
    return name.strip(), value.strip()


def _knock(target: Target) -> None:
    """Raises Unreachable when the target refuses the key that all depends on, or the API is not there at all."""
    operations = target.contract.operations.values()
    first = next(known for known in operations if known.secured and known.method == "GET")
    with target.open() as client:
        try:
            call(client, first, arrange(client, first))
        except Broken as error:
            raise Unreachable(f"{target.name} breaks off: {error.__cause__}") from error
        except (NotChecked, Violation):  # what else is wrong with the answer the checks will tell
            pass
        answer = client.log[-1].response if client.log else Response(200)
    status, place = answer.status, answer.header("location")
    if 300 <= status < 400 and place is not None:
        raise Unreachable(f"{target.name} leads to {place} ({status}): give the base URL that it leads to")
    if status == 401:
        raise Unreachable(f"{target.name} refuses the API key (401): without a valid one nothing can be checked")
    if status == 404 and "{" not in first.path:
        path = client.log[-1].request.path
        raise Unreachable(f"{target.name} answers 404 to GET {path}: is the API under another base URL?")


def _tell(report: Report, options: argparse.Namespace) -> None:
    """Print the table, or the report whose file is `-`, then write the files; raises the last failure of these."""
    texts = {form: FORMS[form](report) for form in _files(options)}
    printed = [form for form, file in _files(options).items() if file == STDOUT]
    for form in printed:
        shown.say(texts[form])
    if not options.quiet and not printed:
        terminal.table(report, shown.console(), strict=options.strict)
    with ExitStack() as written:  # each of them, whatever became of the others
        for form, file in _files(options).items():
            if file != STDOUT:
                written.callback(OutputFile(f"--{form}", file).write, texts[form])
