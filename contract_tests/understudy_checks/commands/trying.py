"""What `mutants` and `assumptions` have in common: choose what is tried, try it, tell what came of it.

Exit codes: 0 nothing to do, 1 findings, 130 interrupted, after telling what is known by then.
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

from understudy.cli import CouldNotRun, UsageError, api_name
from understudy.cli.output import STDOUT, OutputFile
from understudy.messages import suggest
from understudy_checks.interruptions import Interruption, watched
from understudy_checks.mutation import program, trials
from understudy_checks.mutation.program import DOCUMENTED, Program, Unstartable
from understudy_checks.mutation.trials import Kind, Subject, Trial, Trials
from understudy_checks.report import console as shown_on
from understudy_checks.report import matrix

_FINE, _FINDINGS, _INTERRUPTED = 0, 1, 130


def known(api: str) -> str:
    """The name of an API; raises UsageError for any other name."""
    return api_name(api)


def run(options: argparse.Namespace, kind: Kind, everything: Sequence[Subject]) -> int:
    """Try what the options pick of `everything`; the exit code."""
    subjects = _picked(everything, options.only, kind)
    jobs = _jobs(options.jobs)
    _check_limit(options)
    if options.json not in (None, STDOUT):
        OutputFile("--json", options.json).check()
    with watched() as watch:
        try:
            done = _tried(options, kind, subjects, jobs)
        except Unstartable as error:
            raise UsageError(str(error)) from error
        except BrokenProcessPool as error:
            raise CouldNotRun(f"a process that ran the checks was ended by something else: {error}") from error
        except Interruption:
            return watch.code or _INTERRUPTED
        with watch.holding():
            _tell(done, options)
    return (_FINDINGS if done.findings else _FINE) if done.is_complete else watch.code or _INTERRUPTED


def _picked(everything: Sequence[Subject], patterns: Sequence[str], kind: Kind) -> list[Subject]:
    """What fits one of the patterns, or all when there is none. Raises UsageError for a pattern that fits nothing."""
    names = dict.fromkeys(name for subject in everything for name in subject.names)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(f"--only {pattern} fits none of the {kind}{suggest(pattern, names)}")
    if not patterns:
        return list(everything)
    return [
        subject
        for subject in everything
        if any(fnmatchcase(name, pattern) for name in subject.names for pattern in patterns)
    ]


def _jobs(jobs: int | None) -> int:
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs} is not 1 or more")
    return jobs or os.cpu_count() or 1


def _check_limit(options: argparse.Namespace) -> None:
    given = "--no-rate-limit" if options.no_rate_limit else "--rate-limit" if options.rate_limit is not None else None
    if given and not options.command:
        raise UsageError(f"{given} is for a command; the kit checks the documented limit")
    if options.rate_limit is not None and options.rate_limit < 1:
        raise UsageError(f"--rate-limit {options.rate_limit} is not 1 or more; --no-rate-limit switches it off")


def _tried(options: argparse.Namespace, kind: Kind, subjects: Sequence[Subject], jobs: int) -> Trials:
    """What came of the subjects, in their order: of all, or of those that were known when somebody interrupted."""
    started = time.perf_counter()
    baseline = None
    if options.command:
        command = Program(options.command, requests=None if options.no_rate_limit else options.rate_limit or DOCUMENTED)
        baseline = _baseline(command, options.api)
        if not options.quiet:
            sys.stderr.write(_estimate(baseline, len(subjects), jobs, kind) + "\n")
        trying = program.tried(command, subjects, jobs, baseline=baseline)
    else:
        trying = trials.tried(subjects, jobs)
    known = _collected(trying, kind, subjects, quiet=options.quiet)
    if options.command and len(known) == len(subjects):
        known = _explained(known, kind, jobs, quiet=options.quiet)
    seconds = time.perf_counter() - started
    return Trials(options.api, kind, tuple(options.command), baseline, tuple(known), len(subjects), seconds)


def _baseline(command: Program, api: str) -> float:
    """The seconds that the command takes on the mock as it is; raises CouldNotRun when it fails there."""
    first = command.run(api)
    if first.failure is None:
        return first.seconds
    told = f"{shlex.join(command.words)} fails on the mock as it is ({first.failure}), so its failing tells nothing"
    raise CouldNotRun("\n    ".join((told, *matrix.ending(first.output))))


def _estimate(baseline: float, count: int, jobs: int, kind: Kind) -> str:
    jobs = min(jobs, count)
    expected = matrix.duration(baseline * -(-count // jobs))
    told = f"{matrix.number(count, kind)} with {matrix.number(jobs, 'jobs')}"
    return f"baseline {matrix.duration(baseline)}; {told}: about {expected}"


def _collected(trying: Generator[Trial], kind: Kind, subjects: Sequence[Subject], *, quiet: bool) -> list[Trial]:
    """The trials, in the order of their subjects; as many as there were when somebody interrupted."""
    known: list[Trial] = []
    # what took minutes to find out is told, however it ends
    with suppress(KeyboardInterrupt), closing(trying), _bar(len(subjects), kind, quiet=quiet) as step:
        for trial in trying:
            known.append(trial)
            step()
    order = {subject.label: number for number, subject in enumerate(subjects)}
    return sorted(known, key=lambda trial: order[trial.subject.label])


def _explained(known: Sequence[Trial], kind: Kind, jobs: int, *, quiet: bool) -> list[Trial]:
    """The trials; of each mutant that survived a command, also which checks of the kit catch it."""
    left = [trial.subject for trial in known if trial.result == "survived"]
    found = _collected(trials.tried(left, jobs), kind, left, quiet=quiet)
    kit = {trial.subject.label: trial.kit for trial in found}
    return [replace(trial, kit=kit.get(trial.subject.label, {})) for trial in known]


@contextmanager
def _bar(count: int, kind: Kind, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A progress bar with an estimate of the time that is left, on a terminal; yields what moves it on by one."""
    console = shown_on.console(stderr=True)
    shown = console.is_terminal and not quiet
    columns = (TextColumn(kind), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        task = progress.add_task(kind, total=count)
        yield lambda: progress.advance(task)


def _tell(done: Trials, options: argparse.Namespace) -> None:
    """Print the matrix, and write or print the JSON, as asked for."""
    text = json.dumps(matrix.document(done), indent=2) + "\n"
    if options.json == STDOUT:
        shown_on.say(text)
        return
    if not options.quiet:
        shown_on.say("".join(f"{line}\n" for line in matrix.lines(done)))
    if options.json is not None:
        OutputFile("--json", options.json).write(text)
