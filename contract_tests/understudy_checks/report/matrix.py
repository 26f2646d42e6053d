"""Renders the results of mutants and alternatives as lines for a terminal and as JSON.

Each gets a line with its outcome and lines with the failed checks and rules. Findings are repeated
at the end with a remedy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from understudy_checks.mutation import Alternative, Mutant
from understudy_checks.mutation.runner import Result, SubjectResult, SubjectResults
from understudy_checks.target import installed

Json = Any

MAX_OUTPUT_LINES = 8
"""The number of last lines of an output that are shown."""

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
    """The matrix, the findings in detail, and a summary."""
    for trial in done.trials:
        yield f"{_WORDS[trial.result]:{WIDTH}}{_text(trial)}"
        yield from (f"{INDENT}{line}" for line in (_by_rule(trial) if trial.kit and not done.command else _by(trial)))
    for trial in done.findings:
        yield ""
        yield f"{_WORDS[trial.result]} {_name(trial)}"
        yield from (
            _survival_lines(trial, trial.subject)
            if isinstance(trial.subject, Mutant)
            else _false_positive_lines(trial, trial.subject)
        )
    if done.findings:
        yield ""
    yield summary(done)


def summary(done: SubjectResults) -> str:
    """Summarize the results in one line."""
    found = len(done.findings)
    others = len(done.trials) - found
    if done.kind == "mutants":
        counts = f"{others} killed, {found} survived"
    else:
        counts = f"{others} passed, {number(found, 'false positives')}"
    progress = "" if done.is_complete else f"interrupted, {len(done.trials)} of "
    return f"{progress}{number(done.planned, done.kind)}: {counts}, {duration(done.seconds)}"


def document(done: SubjectResults) -> Json:
    """Convert all results to JSON values."""
    return {
        "api": done.api,
        "command": list(done.command) or None,
        "baseline_seconds": done.baseline,
        "complete": done.is_complete,
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


def ending(output: str) -> list[str]:
    """The last lines of an output that are not blank."""
    return [line.rstrip() for line in output.splitlines() if line.strip()][-MAX_OUTPUT_LINES:]


def _text(trial: SubjectResult) -> str:
    subject = trial.subject
    return subject.text if isinstance(subject, Mutant) else subject.label


def _name(trial: SubjectResult) -> str:
    subject = trial.subject
    return f"{subject.label}: {subject.text}" if isinstance(subject, Mutant) else subject.label


def _by_rule(trial: SubjectResult) -> Iterator[str]:
    """Each rule of a mutant with the check that killed it."""
    width = max(map(len, trial.kit))
    yield from (f"{rule:{width}}  {check or '-'}" for rule, check in trial.kit.items())


def _by(trial: SubjectResult) -> Iterator[str]:
    if isinstance(trial.subject, Mutant):
        yield ", ".join(trial.subject.rules)
    yield from trial.by


def _survival_lines(trial: SubjectResult, mutant: Mutant) -> Iterator[str]:
    """The rules of a surviving mutant, and the checks of the kit that kill it."""
    rules = {rule.id: rule for rule in installed.document(mutant.api).rules}
    for id in mutant.rules:
        rule = rules[id]
        yield f"  {id}: {rule.text} [{rule.source}]"
        if id in trial.kit:
            check = trial.kit[id]
            yield f"    the kit kills it with {check}" if check else "    no check of the kit kills it"


def _false_positive_lines(trial: SubjectResult, alternative: Alternative) -> Iterator[str]:
    """The assumption behind a false positive, the failed checks, and their output."""
    known = installed.document(alternative.api).assumptions[alternative.assumption]
    yield f"  {known.text} The mock: {json.dumps(known.default)}. [{known.source}]"
    yield f"  {', '.join(trial.by)}"
    yield from (f"    {line}" for line in ending(trial.output))


def _entry(trial: SubjectResult) -> Json:
    return {
        **(_mutant(trial, trial.subject) if isinstance(trial.subject, Mutant) else _alternative(trial.subject)),
        "outcome": trial.result,
        "by": list(trial.by),
        "seconds": trial.seconds,
        "output": trial.output,
    }


def _mutant(trial: SubjectResult, mutant: Mutant) -> Json:
    return {"name": mutant.name, "text": mutant.text, "rules": list(mutant.rules), "kit": dict(trial.kit)}


def _alternative(alternative: Alternative) -> Json:
    known = installed.document(alternative.api).assumptions[alternative.assumption]
    named = {"assumption": known.id, "value": alternative.value, "default": known.default}
    return {**named, "text": known.text, "rules": []}
