"""`understudy check`: connect to a target, check it, report the results."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from understudy.cli.exits import FINDINGS, OK, CouldNotRun, UsageError
from understudy.cli.output import STDOUT, OutputFile
from understudy.engine.exchange import Response
from understudy.messages import suggest
from understudy_checks import check
from understudy_checks.check import Report
from understudy_checks.client import NoResponse, Skipped, Violation
from understudy_checks.commands import documents
from understudy_checks.discovery import call, find_arguments
from understudy_checks.interruptions import Interruption, TimeIsUp, Watch, watch_interruptions
from understudy_checks.report import arazzo, html_page, json_report, junit_xml, markdown, progress, sarif, terminal
from understudy_checks.report import console as consoles
from understudy_checks.report.baseline import known_failures
from understudy_checks.report.bodies import with_kept_bodies
from understudy_checks.target import connect, installed, sources
from understudy_checks.target.connect import Unreachable
from understudy_checks.target.mock import Mock, mock
from understudy_checks.target.settings import BadSettings, Settings
from understudy_checks.target.target import Target

_OF_SERVERS = ("api_key", "target", "set", "header", "auth", "auth_command", "ca", "insecure")
"""Options that apply only with --url or --app."""

_CREDENTIALS = {
    "api_keys": "--api-key",
    "headers": "--header",
    "auth": "--auth",
    "auth_command": "--auth-command",
    **{name: name for name in ("login", "revoked_key", "lapsed_key", "other_tenant_key", "spare_keys")},
}
"""The settings that hold credentials, and how a message names them."""

FORMS: dict[str, Callable[[Report], str | None]] = {
    "html": html_page.html,
    "junit": junit_xml.junit,
    "json": json_report.text,
    "markdown": markdown.markdown,
    "sarif": sarif.sarif,
    "arazzo": arazzo.arazzo,
}
"""How each form of a report is rendered; None when there is nothing to write."""

NOTHING_TOLD = "no rule failed at a call (--all adds the examples of rules that passed)"


def run(options: argparse.Namespace) -> int:
    """Check the target that the options name; returns the exit code."""
    options.api = documents.install(options)
    if not installed.document(options.api).rules:
        sys.stderr.write(f"understudy: {options.api} declares no rules (x-rules): nothing was checked\n")
        return FINDINGS
    _check_options(options)
    with watch_interruptions(options.max_time) as watch:
        try:
            report = _report(options, watch)
        except TimeIsUp as reason:
            raise CouldNotRun(str(reason)) from reason
        except Interruption:
            return watch.code or 0
        with watch.holding():
            _write_reports(report, options)
        return watch.code or _code(report, strict=options.strict)


def _report(options: argparse.Namespace, watch: Watch) -> Report:
    """The results of the check. Raises Interruption when it had not begun."""
    console = consoles.console(stderr=True, quiet=options.quiet)
    try:
        baseline = None if options.baseline is None else known_failures(options.baseline, options.api)
        with _target(options) as target:
            _check_access(target)
            with progress.progress(console) as display:

                def step(done: int, total: int, name: str) -> None:
                    watch.check()
                    display.step(done, total, name)

                report = check.check_target(
                    target,
                    profile=options.profile,
                    only=options.only,
                    exclude=options.exclude,
                    progress=step,
                    area_finished=display.area,
                    keep_passing=options.all,
                )
                return replace(report, baseline=baseline)
    except BadSettings as error:
        raise UsageError(str(error)) from error
    except Unreachable as error:
        raise CouldNotRun(str(error)) from error


def _code(report: Report, *, strict: bool) -> int:
    """The exit code of a run that no signal ended. Raises CouldNotRun when it ended early and nothing failed."""
    if report.ended is not None and not report.is_complete and not report.new_failures:
        raise CouldNotRun(report.ended)
    return OK if report.holds(strict=strict) else FINDINGS


def _check_options(options: argparse.Namespace) -> None:
    """Raises UsageError for a pattern that matches no rule, and for a report that cannot be written."""
    ids = [rule.id for rule in installed.document(options.api).rules]
    for name in ("only", "exclude"):
        for pattern in getattr(options, name):
            if not any(fnmatchcase(id, pattern) for id in ids):
                raise UsageError(f"--{name} {pattern}: no such rule of {options.api}{suggest(pattern, ids)}")
    if options.all and options.arazzo is None:
        raise UsageError("--all is for --arazzo FILE, to which it adds the examples of passed rules")
    for form, path in _files(options).items():
        if path != STDOUT:
            OutputFile(f"--{form}", path).check()


def _files(options: argparse.Namespace) -> dict[str, Path]:
    """The files of the reports by form; raises UsageError when two reports have the same file."""
    files = {form: getattr(options, form) for form in FORMS if getattr(options, form) is not None}
    paths = [_canonical(file) for file in files.values()]
    for form, file in files.items():
        if paths.count(_canonical(file)) > 1:
            raise UsageError(f"--{form} {file}: another report is written there, too")
    return files


def _canonical(file: Path) -> Path:
    """A path with its folder resolved; the file itself may be a link and is not followed."""
    return file if file == STDOUT else file.parent.resolve() / file.name


@contextmanager
def _target(options: argparse.Namespace) -> Iterator[Target]:
    """The target that the options name, while the block runs."""
    if options.url is None and options.app is None:
        given = next((name for name in _OF_SERVERS if getattr(options, name)), None)
        if given:
            raise UsageError(f"--{given.replace('_', '-')} is for a server that --url or --app leads to")
        yield mock(options.api, max_requests=options.budget, writes=options.writes is not False)
        return
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does: what is named here need not be installed
    settings = _settings(options)
    with _connection(options, settings) as target:
        if isinstance(target, Mock) and not options.quiet:
            _warn_of_unused_credentials(settings, target)
        yield target


def _connection(options: argparse.Namespace, settings: Settings) -> AbstractContextManager[Target]:
    """The target at --url or --app."""
    if options.url is not None:
        return nullcontext(connect.url(options.api, options.url, settings, max_requests=options.budget))
    return connect.app(options.api, options.app, settings, max_requests=options.budget)


def _warn_of_unused_credentials(settings: Settings, target: Mock) -> None:
    """Print a line on standard error when credentials are given for a server of ours, whose worlds have their own."""
    given = [name for setting, name in _CREDENTIALS.items() if getattr(settings, setting)]
    if given:
        verb = "is" if len(given) == 1 else "are"
        reason = f"{target.name} is an Understudy, which gives each test a fresh world with keys of its own"
        sys.stderr.write(f"understudy: {', '.join(given)} {verb} not used by the tests: {reason}\n")


def _settings(options: argparse.Namespace) -> Settings:
    """The settings of a server, of its file and of options."""
    given = {
        "writes": options.writes,
        "ca": options.ca and str(options.ca),
        "insecure": options.insecure or None,
        "headers": dict(map(_header, options.header)) or None,
        "auth": options.auth,
        "auth_command": options.auth_command,
    }
    own = {name: value for name, value in given.items() if value is not None}
    return sources.load_settings(options.api, options.target, options.set, options.api_key, own)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError("--header is not 'Name: value'")  # what it is may be a secret
    return name.strip(), value.strip()


def _check_access(target: Target) -> None:
    """Send one request; raises Unreachable when the target refuses the key, redirects, or does not serve the API."""
    operations = target.contract.operations.values()
    first = next((known for known in operations if known.secured and known.method == "GET"), None)
    if first is None:  # nothing shows what the target thinks of a key
        return
    with target.open() as client:
        try:
            call(client, first, find_arguments(client, first))
        except NoResponse as error:
            raise Unreachable(f"{target.name} breaks off: {error.__cause__}") from error
        except (Skipped, Violation):  # the checks report what else is wrong with the response
            pass
        response = client.log[-1].response if client.log else Response(200)
    status, location = response.status, response.header("location")
    if 300 <= status < 400 and location is not None:
        raise Unreachable(f"{target.name} leads to {location} ({status}): give the base URL that it leads to")
    if status == 401:
        raise Unreachable(f"{target.name} refuses the API key (401): without a valid one nothing can be checked")
    if status == 404 and "{" not in first.path:
        path = client.log[-1].request.path
        raise Unreachable(f"{target.name} answers 404 to GET {path}: is the API under another base URL?")


def _write_reports(report: Report, options: argparse.Namespace) -> None:
    """Print the table, or the report whose file is `-`, then write the files; raises the last error of these."""
    files = _files(options)
    paths = {form: path for form, path in files.items() if path != STDOUT}
    beside, programs = with_kept_bodies(report)
    texts = {form: FORMS[form](beside if form in paths else report) for form in files}
    printed = [form for form in files if form not in paths]
    for form in printed:
        consoles.write(texts[form] or "")
    if not options.quiet and not printed:
        shown = with_kept_bodies(report, next(iter(paths.values())).parent)[0] if paths else report
        terminal.table(shown, consoles.console(), strict=options.strict, verbose=options.verbose)
    with ExitStack() as written:  # so that an error in one does not stop the others
        for form, path in files.items():
            if texts[form] is None and not options.quiet:
                sys.stderr.write(f"understudy: --{form} {path} is not written: {NOTHING_TOLD}\n")
        for form, path in paths.items():
            for name, program in programs.items():
                written.callback(OutputFile(f"--{form}", path.parent / name).write, program)
            written.callback(_write, OutputFile(f"--{form}", path), texts[form])


def _write(file: OutputFile, text: str | None) -> None:
    """Write a file; one that has nothing to tell is removed, because what an earlier run wrote is not true any more."""
    if text is None:
        file.remove()
    else:
        file.write(text)
