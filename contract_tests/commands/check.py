"""`understudy check`: reach a target, check it, tell what came of it."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
from requests import RequestException

from contract_tests import check, targets
from contract_tests.arrange import arrange, call
from contract_tests.check import Progress, Report
from contract_tests.client import NotChecked, Violation
from contract_tests.reports import page, plain, terminal, xml
from contract_tests.settings import BadSettings, Settings
from contract_tests.targets import Target, Unreachable
from mock_server.cli import CouldNotRun, UsageError, api_name
from mock_server.exchange import Response
from mock_server.grammar import nearest
from mock_server.output import OutputFile

FORMS = {"html": page.html, "junit": xml.junit, "json": plain.text}


def run(options: argparse.Namespace) -> int:
    """Check what the options name; 0 when every rule that could be checked holds, else 1."""
    _examine_options(options)
    try:
        with _target(options) as target:
            _knock(target)
            console = terminal.console(stderr=True, quiet=options.quiet)
            with terminal.progress(console) as told, interruptible(told) as progress:
                report = check.examine(target, profile=options.profile, only=options.only, progress=progress)
    except BadSettings as error:
        raise UsageError(str(error)) from error
    except Unreachable as error:
        raise CouldNotRun(str(error)) from error
    _tell(report, options)
    if report.ended == check.INTERRUPTED:
        return 130
    if report.ended is not None:
        raise CouldNotRun(report.ended)
    return 0 if report.holds(strict=options.strict) else 1


@contextmanager
def interruptible(told: Progress) -> Iterator[Progress]:
    """Progress that is told on, and at which Ctrl-C is noticed at the latest: an exception can get lost on its way."""
    pressed: list[int] = []

    def press(number: int, frame: object) -> None:
        pressed.append(number)
        raise KeyboardInterrupt

    def progress(done: int, total: int, name: str) -> None:
        if pressed:
            raise KeyboardInterrupt
        told(done, total, name)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield progress
    finally:
        signal.signal(signal.SIGINT, before)


def _examine_options(options: argparse.Namespace) -> None:
    """Raises UsageError for what cannot be meant."""
    api_name(options.api)
    if options.budget is not None and options.budget < 1:
        raise UsageError(f"--budget {options.budget} is not 1 or more")
    ids = [rule.id for rule in targets.document(options.api).rules]
    for pattern in options.only:
        if not any(fnmatchcase(id, pattern) for id in ids):
            raise UsageError(f"--only {pattern}: no such rule of {options.api}{nearest(pattern, ids)}")
    for form, path in _files(options).items():
        OutputFile(f"--{form}", path).check()


def _files(options: argparse.Namespace) -> dict[str, Path]:
    """Where a report is written, by its form; raises UsageError for a place that is named twice."""
    files = {form: getattr(options, form) for form in FORMS if getattr(options, form) is not None}
    places = [file.absolute() for file in files.values()]
    for form, file in files.items():
        if places.count(file.absolute()) > 1:
            raise UsageError(f"--{form} {file}: another report is written there, too")
    return files


@contextmanager
def _target(options: argparse.Namespace) -> Iterator[Target]:
    """What the options lead to, while the block runs."""
    api = options.api
    if options.url is None and options.app is None:
        given = (
            ["--api-key"] * bool(options.api_key) + ["--target"] * bool(options.target) + ["--set"] * bool(options.set)
        )
        if given:
            raise UsageError(f"{given[0]} is for a server that --url or --app leads to")
        yield targets.mock(api, budget=options.budget, writes=options.writes is not False)
        return
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: what is named here need not be installed
    settings = _settings(options)
    if options.url is not None:
        yield targets.url(api, options.url, settings, budget=options.budget)
        return
    with targets.app(api, options.app, settings, budget=options.budget) as target:
        yield target


def _settings(options: argparse.Namespace) -> Settings:
    settings = targets.told(options.api, options.target, options.set, options.api_key)
    return settings if options.writes is None else msgspec.structs.replace(settings, writes=options.writes)


def _knock(target: Target) -> None:
    """Raises Unreachable when the target refuses the key that all depends on, or the API is not there at all."""
    operations = target.contract.operations.values()
    first = next(known for known in operations if known.secured and known.method == "GET")
    with target.open() as client:
        try:
            call(client, first, arrange(client, first))
        except RequestException as error:
            raise Unreachable(f"{target.name} breaks off: {targets.reason(error)}") from error
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
    for form, file in _files(options).items():
        OutputFile(f"--{form}", file).write(FORMS[form](report))
    if not options.quiet:
        terminal.table(report, terminal.console(), strict=options.strict)
