"""What `mutants` and `assumptions` share: select variants of the mock, run the kit or a command on each, report.

An interrupted run reports the results that it has by then.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from fnmatch import fnmatchcase

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from understudy.cli.exits import FINDINGS, INTERRUPTED, OK, CouldNotRun, UsageError
from understudy.cli.output import STDOUT, OutputFile
from understudy.messages import suggest
from understudy_checks.interruptions import Interruption, watch_interruptions
from understudy_checks.mutation import program, runner
from understudy_checks.mutation.program import DOCUMENTED, CannotStart, Program
from understudy_checks.mutation.runner import Kind, Subject, SubjectResult, SubjectResults
from understudy_checks.report import console as consoles
from understudy_checks.report import matrix


def run(options: argparse.Namespace, kind: Kind, variants: Sequence[Subject]) -> int:
    """Run the kit, or a command, on the variants that the options select; returns the exit code."""
    subjects = _selected(variants, options.only, kind)
    _check_limit(options)
    if options.json not in (None, STDOUT):
        OutputFile("--json", options.json).check()
    with watch_interruptions() as watch:
        try:
            results = _results(options, kind, subjects)
        except CannotStart as error:
            raise UsageError(str(error)) from error
        except BrokenProcessPool as error:
            raise CouldNotRun(f"a process that ran the checks was ended by something else: {error}") from error
        except Interruption:
            return watch.code or INTERRUPTED
        with watch.holding():
            _report(results, options)
    if not results.is_complete:
        return watch.code or INTERRUPTED
    return FINDINGS if results.findings else OK


def _selected(variants: Sequence[Subject], patterns: Sequence[str], kind: Kind) -> list[Subject]:
    """The variants that match one of the patterns, all without patterns. Raises UsageError for one without a match."""
    names = dict.fromkeys(name for subject in variants for name in subject.names)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(f"--only {pattern} fits none of the {kind}{suggest(pattern, names)}")
    if not patterns:
        return list(variants)
    return [
        subject
        for subject in variants
        if any(fnmatchcase(name, pattern) for name in subject.names for pattern in patterns)
    ]


def _check_limit(options: argparse.Namespace) -> None:
    """Raises UsageError for a rate limit without a command."""
    given = "--no-rate-limit" if options.no_rate_limit else "--rate-limit" if options.rate_limit is not None else None
    if given and not options.command:
        raise UsageError(f"{given} is for a command; the kit checks the documented limit")


def _results(options: argparse.Namespace, kind: Kind, subjects: Sequence[Subject]) -> SubjectResults:
    """The results of all subjects in their order, or of those that were finished when the run was interrupted."""
    started = time.perf_counter()
    jobs = options.jobs or os.cpu_count() or 1
    baseline = None
    if options.command:
        command = Program(options.command, requests=None if options.no_rate_limit else options.rate_limit or DOCUMENTED)
        baseline = _baseline(command, options.api)
        if not options.quiet:
            sys.stderr.write(_estimate(baseline, len(subjects), jobs, kind) + "\n")
        running = program.run_all(command, subjects, jobs, baseline=baseline)
    else:
        running = runner.run_all(subjects, jobs)
    results = _collected(running, kind, subjects, quiet=options.quiet)
    if options.command and len(results) == len(subjects):
        results = _with_kit(results, kind, jobs, quiet=options.quiet)
    seconds = time.perf_counter() - started
    return SubjectResults(options.api, kind, tuple(options.command), baseline, tuple(results), len(subjects), seconds)


def _baseline(command: Program, api: str) -> float:
    """The seconds that the command takes on the mock as it is; raises CouldNotRun when it fails there."""
    first = command.run(api)
    if first.failure is None:
        return first.seconds
    text = f"{shlex.join(command.words)} fails on the mock as it is ({first.failure}), so its failing tells nothing"
    raise CouldNotRun("\n    ".join((text, *matrix.ending(first.output))))


def _estimate(baseline: float, count: int, jobs: int, kind: Kind) -> str:
    jobs = min(jobs, count)
    expected = matrix.duration(baseline * -(-count // jobs))
    work = f"{matrix.number(count, kind)} with {matrix.number(jobs, 'jobs')}"
    return f"baseline {matrix.duration(baseline)}; {work}: about {expected}"


def _collected(
    running: Generator[SubjectResult], kind: Kind, subjects: Sequence[Subject], *, quiet: bool
) -> list[SubjectResult]:
    """The results in the order of their subjects; those that are there when the run is interrupted."""
    results: list[SubjectResult] = []
    # an interruption does not throw away what took minutes to find out
    with suppress(KeyboardInterrupt), closing(running), _bar(len(subjects), kind, quiet=quiet) as advance:
        for result in running:
            results.append(result)
            advance()
    order = {subject.label: number for number, subject in enumerate(subjects)}
    return sorted(results, key=lambda result: order[result.subject.label])


def _with_kit(results: Sequence[SubjectResult], kind: Kind, jobs: int, *, quiet: bool) -> list[SubjectResult]:
    """The results; those of mutants that survived the command also hold the checks of the kit that kill them."""
    survivors = [result.subject for result in results if result.result == "survived"]
    found = _collected(runner.run_all(survivors, jobs), kind, survivors, quiet=quiet)
    kit = {result.subject.label: result.kit for result in found}
    return [replace(result, kit=kit.get(result.subject.label, {})) for result in results]


@contextmanager
def _bar(count: int, kind: Kind, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A progress bar with the estimated time left, on a terminal only; yields a function that advances it by one."""
    console = consoles.console(stderr=True)
    is_visible = console.is_terminal and not quiet
    columns = (TextColumn(kind), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not is_visible) as progress:
        task = progress.add_task(kind, total=count)
        yield lambda: progress.advance(task)


def _report(results: SubjectResults, options: argparse.Namespace) -> None:
    """Print the matrix, and write or print the JSON, as the options say."""
    text = json.dumps(matrix.document(results), indent=2) + "\n"
    if options.json == STDOUT:
        consoles.write(text)
        return
    if not options.quiet:
        consoles.write("".join(f"{line}\n" for line in matrix.lines(results)))
    if options.json is not None:
        OutputFile("--json", options.json).write(text)
