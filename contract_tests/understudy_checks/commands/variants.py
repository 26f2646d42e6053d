"""What `mutants` and `assumptions` share: select variants of the mock, run the kit or a command on each, report.

An interrupted run reports the results that it has by then.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from understudy.apis.own import Own
from understudy.cli.exits import FINDINGS, INTERRUPTED, OK, CouldNotRun, UsageError
from understudy.cli.output import STDOUT, OutputFile
from understudy.messages import suggest
from understudy.resources.rules import is_declared
from understudy_checks.commands import documents
from understudy_checks.interruptions import Interruption, TimeIsUp, Watch, watch_interruptions
from understudy_checks.mutation import Alternative, Mutant, runner, trials
from understudy_checks.mutation.baseline import Baseline, first_run, second_run
from understudy_checks.mutation.host import DOCUMENTED
from understudy_checks.mutation.pool import HostPool
from understudy_checks.mutation.program import CannotStart, Program
from understudy_checks.mutation.runner import Kind, Subject, SubjectResult, SubjectResults
from understudy_checks.mutation.selection import Candidate, in_order, sample, shard
from understudy_checks.report import console as consoles
from understudy_checks.report import matrix
from understudy_checks.report.progress import INTERVAL, Counted, repeat
from understudy_checks.target import installed

WORTHWHILE = 2.0
"""The seconds of commands at which further processes pay off their start."""


@dataclass(frozen=True, slots=True)
class _Selection:
    """The candidates to try, in order, those whose result is known without a run, and the number left out."""

    chosen: Sequence[Candidate]
    known: Sequence[SubjectResult] = ()
    left_out: int = 0


def api_of(options: argparse.Namespace) -> str:
    """The name of the API that the options mean. Raises UsageError for a document without a command, or a bad one."""
    own: Own | None = options.document
    name = documents.install(options)
    has_checks = own is None or (own.folder is not None and own.folder.checks is not None)
    if not (has_checks or options.command or is_declared(installed.document(name))):
        remedy = "give a COMMAND after --, or checks.py in a folder"
        raise UsageError(f"{options.api} states rules of its own, and the kit has no check of them: {remedy}")
    return name


def run(options: argparse.Namespace, kind: Kind, variants: Sequence[Subject]) -> int:
    """Run the kit, or a command, on the variants that the options select; returns the exit code."""
    subjects = _selected(variants, options.only, kind)
    _check_options(options, kind)
    if options.json not in (None, STDOUT):
        OutputFile("--json", options.json).check()
    if not subjects:
        sys.stderr.write(f"understudy: {api_of(options)} has no {kind}: nothing was tried\n")
        return FINDINGS
    if options.shard is not None:
        subjects = shard(subjects, *options.shard)
    with watch_interruptions(options.max_time) as watch:
        try:
            results = _results(options, kind, subjects, watch)
        except CannotStart as error:
            raise UsageError(str(error)) from error
        except BrokenProcessPool as error:
            raise CouldNotRun(f"a process that ran the checks was ended by something else: {error}") from error
        except TimeIsUp as reason:
            raise CouldNotRun(str(reason)) from reason
        except Interruption:
            return watch.code or INTERRUPTED
        with watch.holding():
            _report(results, options)
    return watch.code or _code(results)


def _code(results: SubjectResults) -> int:
    """The exit code of a run that no signal ended. Raises CouldNotRun when it ended early and found nothing."""
    if results.ended is not None and not results.is_complete and not results.findings:
        raise CouldNotRun(results.ended)
    if results.kind == "mutants" and not results.trials:
        sys.stderr.write(f"understudy: {_nothing_tried(results)}\n")
        return FINDINGS
    return FINDINGS if results.findings else OK


def _nothing_tried(results: SubjectResults) -> str:
    left = matrix.number(results.left_out, "mutants")
    if not results.left_out:
        return "no mutant is in this shard: nothing was tried"
    return f"{left} left out, as no answer to the command differs under them: nothing was tried (--all runs them)"


def _selected(variants: Sequence[Subject], patterns: Sequence[str], kind: Kind) -> list[Subject]:
    """The variants that match one of the patterns, all without patterns. Raises UsageError for one without a match."""
    names = dict.fromkeys(name for subject in variants for name in subject.names)
    for pattern in patterns if variants else ():
        if not any(fnmatchcase(name, pattern) for name in names):
            raise UsageError(f"--only {pattern} fits none of the {kind}{suggest(pattern, names)}")
    if not patterns:
        return list(variants)
    return [
        subject
        for subject in variants
        if any(fnmatchcase(name, pattern) for name in subject.names for pattern in patterns)
    ]


def _check_options(options: argparse.Namespace, kind: Kind) -> None:
    """Raises UsageError for an option that makes sense only with a command."""
    if options.command:
        return
    given = "--no-rate-limit" if options.no_rate_limit else "--rate-limit" if options.rate_limit is not None else None
    if given:
        raise UsageError(f"{given} is for a command; the kit checks the documented limit")
    if options.all and kind == "alternatives":
        raise UsageError("--all is for a command; the kit runs each check that an alternative can change")


def _results(options: argparse.Namespace, kind: Kind, subjects: Sequence[Subject], watch: Watch) -> SubjectResults:
    """The results of all subjects in their order, or of those that were finished when the run was interrupted."""
    started = time.perf_counter()
    jobs = options.jobs or os.cpu_count() or 1
    results = SubjectResults(api_of(options), kind, tuple(options.command), None, (), 0, 0.0)
    if options.command:
        results = _of_command(options, results, subjects, jobs)
    else:
        chosen = _sampled([Candidate(subject, None) for subject in subjects], options.sample)
        # what is not installed is known in this process only
        running = runner.run_all([one.subject for one in chosen], jobs if options.document is None else 1)
        found = _collected(running, len(chosen), kind, quiet=options.quiet)
        results = replace(results, trials=tuple(found), planned=len(chosen))
    ended = None if watch.first is None else str(watch.first)
    order = {subject.label: number for number, subject in enumerate(subjects)}
    in_place = tuple(sorted(results.trials, key=lambda one: order[one.subject.label]))
    return replace(results, trials=in_place, seconds=time.perf_counter() - started, ended=ended)


def _of_command(
    options: argparse.Namespace, results: SubjectResults, subjects: Sequence[Subject], jobs: int
) -> SubjectResults:
    """The results of a command, with what it did on the unchanged mock."""
    kind = results.kind
    limit = None if options.no_rate_limit else options.rate_limit or DOCUMENTED
    program = Program(options.command)
    with closing(HostPool(options.document or options.api, limit)) as pool:
        first = first_run(program, pool)
        pool.grow(_worthwhile(min(jobs, len(subjects)), first, len(subjects), given=options.jobs is not None))
        baseline = second_run(program, pool, first)
        requests = trials.learn(pool, baseline)
        with _bar(len(subjects), f"{kind} compared", quiet=options.quiet) as advance:
            candidates = trials.candidates(pool, subjects, advance)
        selection = _selection(options, candidates, baseline, requests)
        if not options.quiet:
            sys.stderr.write(_estimate(baseline, requests, selection, len(pool.hosts), kind) + "\n")
        running = trials.try_all(program, pool, selection.chosen, baseline)
        found = [*selection.known, *_collected(running, len(selection.chosen), kind, quiet=options.quiet)]
        planned = len(selection.chosen) + len(selection.known)
        if len(found) == planned:
            found = _with_kit(found, kind, jobs if options.document is None else 1, quiet=options.quiet)
    return replace(
        results,
        trials=tuple(found),
        planned=planned,
        baseline=baseline.seconds,
        left_out=selection.left_out,
        requests=requests,
    )


def _worthwhile(jobs: int, first: Baseline, count: int, *, given: bool) -> int:
    """The number of hosts that pay off."""
    return jobs if given or first.seconds * count > WORTHWHILE else 1


def _selection(
    options: argparse.Namespace, candidates: Sequence[Candidate], baseline: Baseline, requests: dict[str, int]
) -> _Selection:
    """Leave out what changes no answer to the command, unless all are asked for or not all requests are known."""
    is_known = all(recording.is_complete for recording in baseline.recordings)
    everything = options.all or not is_known
    kept = [one for one in candidates if everything or one.difference is not None]
    left = [one for one in candidates if not everything and one.difference is None]
    known = [trials.passed_unrun(one) for one in left if isinstance(one.subject, Alternative)]
    return _Selection(in_order(_sampled(kept, options.sample), requests), known, len(left) - len(known))


def _sampled(candidates: Sequence[Candidate], size: int | None) -> Sequence[Candidate]:
    return candidates if size is None else sample(candidates, size)


def _estimate(baseline: Baseline, requests: dict[str, int], selection: _Selection, jobs: int, kind: Kind) -> str:
    """What the command does on the unchanged mock, what is tried, and how long that takes."""
    count = len(selection.chosen)
    calls = f"{matrix.number(sum(requests.values()), 'requests')} to {matrix.number(len(requests), 'operations')}"
    work = f"{matrix.number(count, kind)} with {matrix.number(min(jobs, count) or 1, 'jobs')}"
    expected = matrix.duration(baseline.seconds * -(-count // jobs))
    return f"baseline {matrix.duration(baseline.seconds)}, {calls}; {work}: about {expected}"


def _collected(running: Generator[SubjectResult], count: int, kind: Kind, *, quiet: bool) -> list[SubjectResult]:
    """The results, or those that are there when the run is interrupted."""
    results: list[SubjectResult] = []
    # an interruption does not throw away what took minutes to find out
    with suppress(KeyboardInterrupt), closing(running), _bar(count, f"{kind} done", quiet=quiet) as advance:
        for result in running:
            results.append(result)
            advance()
    return results


def _with_kit(results: Sequence[SubjectResult], kind: Kind, jobs: int, *, quiet: bool) -> list[SubjectResult]:
    """The results; surviving mutants that change no answer to the command also have the checks of the kit, and advice.

    Those without, when it is interrupted.
    """
    survivors = [one for one in results if one.result == "survived" and one.difference is None]
    subjects = [one.subject for one in survivors if isinstance(one.subject, Mutant)]
    found = _collected(runner.run_all(subjects, jobs), len(subjects), kind, quiet=quiet)
    kit = {one.subject.label: one.kit for one in found}
    advice: dict[str, str | None] = {}
    with suppress(KeyboardInterrupt):
        advice |= {one.subject.label: trials.unseen_advice(one.subject) for one in survivors}
    return [
        replace(one, kit=kit.get(one.subject.label, {}), advice=advice.get(one.subject.label, one.advice))
        for one in results
    ]


@contextmanager
def _bar(count: int, what: str, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """A progress bar with the estimated time left, or a plain line every few seconds where there is no terminal.

    Yields a function that advances it by one.
    """
    console = consoles.console(stderr=True)
    if quiet or not console.is_terminal:
        done = Counted(count, what, console.file, time.perf_counter)
        with nullcontext() if quiet else repeat(INTERVAL, done.write):
            yield done.advance
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=count)
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
