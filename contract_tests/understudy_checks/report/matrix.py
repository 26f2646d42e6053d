"""What came of trying mutants and alternatives, as lines for a terminal and as JSON.

Each gets a line with the outcome and lines that say who failed, and for what rule; what somebody has to do something
about comes once more at the end, with what would help.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from understudy_checks.mutation import Alternative, Mutant
from understudy_checks.mutation.trials import Trial, Trials
from understudy_checks.target import targets

Json = Any

MAX_OUTPUT_LINES = 8
"""How many lines are shown of the end of an output."""

INDENT = " " * 10


def lines(done: Trials) -> Iterator[str]:
    """The matrix, the findings once more, and a summary."""
    for trial in done.trials:
        yield f"{trial.result:10}{_text(trial)}"
        yield from (f"{INDENT}{line}" for line in (_by_rule(trial) if trial.kit and not done.command else _by(trial)))
    for trial in done.findings:
        yield ""
        yield f"{trial.result} {_name(trial)}"
        yield from (
            _wanted(trial, trial.subject) if isinstance(trial.subject, Mutant) else _failure_lines(trial, trial.subject)
        )
    if done.findings:
        yield ""
    yield summary(done)


def summary(done: Trials) -> str:
    """How many there were and what came of them, in a line."""
    found = len(done.findings)
    others = len(done.trials) - found
    told = f"{others} caught, {found} survived" if done.kind == "mutants" else f"{others} passed, {found} broke"
    tried = "" if done.is_complete else f"interrupted, {len(done.trials)} of "
    return f"{tried}{number(done.planned, done.kind)}: {told}, {duration(done.seconds)}"


def document(done: Trials) -> Json:
    """All that is known, as JSON."""
    return {
        "api": done.api,
        "command": list(done.command) or None,
        "baseline_seconds": done.baseline,
        "complete": done.is_complete,
        "trials": [_entry(trial) for trial in done.trials],
        "seconds": done.seconds,
    }


def number(count: int, things: str) -> str:
    """`1 mutant`, `2 mutants`."""
    return f"{count} {things.removesuffix('s') if count == 1 else things}"


def duration(seconds: float) -> str:
    """A time that people can read: `1.2 s`, `61 s`, `4.6 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def ending(output: str) -> list[str]:
    """The last lines of an output that say something."""
    return [line.rstrip() for line in output.splitlines() if line.strip()][-MAX_OUTPUT_LINES:]


def _text(trial: Trial) -> str:
    subject = trial.subject
    return subject.text if isinstance(subject, Mutant) else subject.label


def _name(trial: Trial) -> str:
    subject = trial.subject
    return f"{subject.label}: {subject.text}" if isinstance(subject, Mutant) else subject.label


def _by_rule(trial: Trial) -> Iterator[str]:
    """Each rule that a mutant breaks, and the check that caught it."""
    width = max(map(len, trial.kit))
    yield from (f"{rule:{width}}  {check or '-'}" for rule, check in trial.kit.items())


def _by(trial: Trial) -> Iterator[str]:
    if isinstance(trial.subject, Mutant):
        yield ", ".join(trial.subject.rules)
    yield from trial.by


def _wanted(trial: Trial, mutant: Mutant) -> Iterator[str]:
    """What a mutant that survived does wrong, and what would catch it."""
    rules = {rule.id: rule for rule in targets.document(mutant.api).rules}
    for id in mutant.rules:
        rule = rules[id]
        yield f"  {id}: {rule.text} [{rule.source}]"
        if id in trial.kit:
            check = trial.kit[id]
            yield f"    the kit catches it with {check}" if check else "    no check of the kit catches it"


def _failure_lines(trial: Trial, alternative: Alternative) -> Iterator[str]:
    """What is assumed where something broke, and what was seen then."""
    known = targets.document(alternative.api).assumptions[alternative.assumption]
    yield f"  {known.text} The mock: {json.dumps(known.default)}. [{known.source}]"
    yield f"  {', '.join(trial.by)}"
    yield from (f"    {line}" for line in ending(trial.output))


def _entry(trial: Trial) -> Json:
    return {
        **(_mutant(trial, trial.subject) if isinstance(trial.subject, Mutant) else _alternative(trial.subject)),
        "outcome": trial.result,
        "by": list(trial.by),
        "seconds": trial.seconds,
        "output": trial.output,
    }


def _mutant(trial: Trial, mutant: Mutant) -> Json:
    return {"name": mutant.name, "text": mutant.text, "rules": list(mutant.rules), "kit": dict(trial.kit)}


def _alternative(alternative: Alternative) -> Json:
    known = targets.document(alternative.api).assumptions[alternative.assumption]
    named = {"assumption": known.id, "value": alternative.value, "default": known.default}
    return {**named, "text": known.text, "rules": []}
