"""Renders the results of mutants and alternatives as lines for a terminal and as JSON.

Each gets a line with its outcome and lines with the failed checks and rules. Findings are repeated
at the end with a remedy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from understudy_checks.mutation import Alternative, Mutant
from understudy_checks.mutation.baseline import ending
from understudy_checks.mutation.generated import Generated
from understudy_checks.mutation.runner import Result, SubjectResult, SubjectResults
from understudy_checks.report import scores
from understudy_checks.target import installed

Json = Any

LAST_LINES = 2
"""The number of last lines of an output that are shown for a killed mutant."""

MAX_TESTS = 3
"""The number of failed tests that are named."""

MAX_LINE = 160
"""The length at which a line about a test is cut."""

WIDTH = 16
INDENT = " " * WIDTH

_WORDS: Mapping[Result, str] = {
    "caught": "killed",
    "survived": "survived",
    "broke": "false positive",
    "passed": "passed",
}
"""The outcomes as words for people; JSON keeps the keys."""


def lines(done: SubjectResults) -> Iterator[str]:
    """The matrix, the findings in detail, the score of each operation, and a summary."""
    for trial in done.trials:
        yield f"{_WORDS[trial.result]:{WIDTH}}{_text(trial)}"
        yield from (f"{INDENT}{line}" for line in (_by_rule(trial) if trial.kit and not done.command else _by(trial)))
    for trial in done.findings:
        yield ""
        yield f"{_WORDS[trial.result]} {_name(trial)}"
        yield from (
            _false_positive_lines(trial, trial.subject)
            if isinstance(trial.subject, Alternative)
            else _survival_lines(trial, trial.subject)
        )
    if done.findings:
        yield ""
    if done.command and done.kind == "mutants" and done.trials:
        yield from (*scores.table(done), "")
    yield summary(done)


def summary(done: SubjectResults) -> str:
    """Summarize the results in one line."""
    found = len(done.findings)
    others = len(done.trials) - found
    if done.kind == "mutants":
        late = sum((trial.failure or "").startswith("timed out") for trial in done.trials)
        by_time = f" ({late} by the time limit)" if late else ""
        counts = f"{others} killed{by_time}, {found} survived"
    else:
        counts = f"{others} passed, {number(found, 'false positives')}"
    progress = "" if done.is_complete else f"{done.ended or 'interrupted'}, {len(done.trials)} of "
    left = f"; {done.left_out} left out, as they change no answer to the command (--all)" if done.left_out else ""
    return f"{progress}{number(done.planned, done.kind)}: {counts}, {duration(done.seconds)}{left}"


def document(done: SubjectResults) -> Json:
    """Convert all results to JSON values."""
    return {
        "api": done.api,
        "command": list(done.command) or None,
        "baseline_seconds": done.baseline,
        "complete": done.is_complete,
        "ended": done.ended,
        "left_out": done.left_out,
        "operations": [score._asdict() for score in scores.scores(done)],
        "trials": [_entry(trial) for trial in done.trials],
        "seconds": done.seconds,
    }


def number(count: int, things: str) -> str:
    """Format a count with its noun: `1 mutant`, `2 mutants`."""
    return f"{count} {things.removesuffix('s') if count == 1 else things}"


def duration(seconds: float) -> str:
    """Format seconds for people: `1.2 s`, `61 s`, `4.6 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def shorten_line(text: str) -> str:
    """A line, cut where it is too long."""
    return text if len(text) <= MAX_LINE else f"{text[: MAX_LINE - 3]}..."


def _text(trial: SubjectResult) -> str:
    subject = trial.subject
    return subject.label if isinstance(subject, Alternative) else subject.text


def _name(trial: SubjectResult) -> str:
    subject = trial.subject
    return subject.label if isinstance(subject, Alternative) else f"{subject.label}: {subject.text}"


def _by_rule(trial: SubjectResult) -> Iterator[str]:
    """Each rule of a mutant with the check that killed it."""
    width = max(map(len, trial.kit))
    yield from (f"{rule:{width}}  {check or '-'}" for rule, check in trial.kit.items())


def _by(trial: SubjectResult) -> Iterator[str]:
    """The rules of a mutant, and the failed tests with their messages, or how the command ended with its last lines."""
    if not isinstance(trial.subject, Alternative) and trial.subject.rules:
        yield ", ".join(trial.subject.rules)
    if not trial.was_run:
        yield "not run: it changes no answer to the command"
    if not trial.tests:
        yield from trial.by
    if trial.failure and not trial.tests:
        yield from (f"  {line}" for line in ending(trial.output)[-LAST_LINES:])
    for test in trial.tests[:MAX_TESTS]:
        yield shorten_line(f"{test.name}: {test.message}")
    if len(trial.tests) > MAX_TESTS:
        yield f"and {len(trial.tests) - MAX_TESTS} more"


def _survival_lines(trial: SubjectResult, mutant: Mutant | Generated) -> Iterator[str]:
    """The rules of a surviving mutant, what the command could have seen, and a test that would notice."""
    rules = {rule.id: rule for rule in installed.document(mutant.api).rules}
    for id in mutant.rules:
        rule = rules[id]
        yield f"  {id}: {rule.text} [{rule.source}]"
        if id in trial.kit:
            check = trial.kit[id]
            yield f"    the kit kills it with {check}" if check else "    no check of the kit kills it"
    if trial.difference is not None:
        yield f"  {trial.difference.request}: {trial.difference.seen}"
    if trial.advice is not None:
        yield f"  a test that {trial.advice} would notice"


def _false_positive_lines(trial: SubjectResult, alternative: Alternative) -> Iterator[str]:
    """The assumption behind a false positive, the failed checks, and their output."""
    known = installed.document(alternative.api).assumptions[alternative.assumption]
    yield f"  {known.text} The mock: {json.dumps(known.default)}. [{known.source}]"
    if trial.difference is not None:
        yield f"  {trial.difference.request}: {trial.difference.seen}"
    yield f"  {', '.join(trial.by)}"
    yield from (f"    {line}" for line in ending(trial.output))


def _entry(trial: SubjectResult) -> Json:
    return {
        **(_alternative(trial.subject) if isinstance(trial.subject, Alternative) else _mutant(trial, trial.subject)),
        "outcome": trial.result,
        "by": list(trial.by),
        "failure": trial.failure,
        "tests": [test._asdict() for test in trial.tests],
        "difference": None if trial.difference is None else asdict(trial.difference),
        "advice": trial.advice,
        "run": trial.was_run,
        "seconds": trial.seconds,
        "output": trial.output,
    }


def _mutant(trial: SubjectResult, mutant: Mutant | Generated) -> Json:
    return {"name": mutant.name, "text": mutant.text, "rules": list(mutant.rules), "kit": dict(trial.kit)}


def _alternative(alternative: Alternative) -> Json:
    known = installed.document(alternative.api).assumptions[alternative.assumption]
    named = {"assumption": known.id, "value": alternative.value, "default": known.default}
    return {**named, "text": known.text, "rules": []}
