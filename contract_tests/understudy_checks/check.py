"""A target checked against every rule of its document: which hold, which do not, which could not be checked, and why.

Runs the checks of the kit as plain calls and turns what they give into a Report: a value that every form of
report is made of. Must not know how a target is reached or how a report looks.
"""

from __future__ import annotations

import ast
import linecache
import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Literal

from hypothesis.strategies import DataObject

from understudy.document.model import Rule
from understudy_checks.budget import Seen
from understudy_checks.client import CALLS_MADE, Broken, Capability, Client, NotChecked, Violation, find
from understudy_checks.plan import Step, planned
from understudy_checks.probes import Observation, observe
from understudy_checks.rules import Outcome, attempt
from understudy_checks.target.target import Target

Json = Any
Verdict = Literal["passed", "failed", "not_checked"]
Progress = Callable[[int, int, str], None]
"""Told before each step: how many are done, how many there are, the name of the next."""

AreaOver = Callable[[str, "Sequence[Checked]"], None]
"""Told after the last step of an area: its name, and its rules as they have come out so far."""

UNMET = "the document has nothing that it is about"
SHAPES = ("*.envelope.*", "*.fields", "*-fields")
"""The rules that say what an answer looks like."""

PATIENCE = 3
"""How many checks in a row may fail because nothing answers."""

SHOWN = 200
"""How many characters of a value are shown where an assertion says no words."""


class Silent(Exception):
    """The target has stopped answering."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What was seen where something else is documented."""

    seen: str
    """What the check found, in one or a few lines."""
    example: tuple[str, ...]
    """What the property was called with, `name = value`, shrunk."""
    curl: tuple[str, ...]
    """The calls of the example, as shell lines with the status that each got."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a check on the target, for one operation where it is about operations."""

    check: str
    subject: str
    """The operations that it was about, or nothing."""
    rules: tuple[str, ...]
    outcome: Verdict
    reason: str | None
    """Why it was not checked."""
    lacking: tuple[Capability, ...]
    """What the target would have to offer for it to be checked."""
    failure: Failure | None
    examples: int
    requests: int
    calls: Mapping[Seen, int]
    """How often it saw each operation (its id) answered with each status."""
    misfit: str | None = None
    """What an answer that the document does not allow has in common with others like it; None for other failures."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One rule and what came of it. `unmet` is why it was not checked when nothing was run for it."""

    api: str
    rule: Rule
    runs: tuple[Run, ...]
    unmet: str = UNMET

    @property
    def outcome(self) -> Verdict:
        """Failed when any run failed, passed when any passed, else not checked."""
        found = {run.outcome for run in self.runs}
        return next((outcome for outcome in _WORST_FIRST if outcome in found), "not_checked")

    @property
    def reason(self) -> str | None:
        """What failed, or why it was not checked; None when it passed."""
        if self.outcome == "passed":
            return None
        if self.outcome == "failed":
            return next(run.failure.seen for run in self.runs if run.failure is not None)
        reasons = [part for run in self.runs if run.reason for part in run.reason.split("; ")]
        return "; ".join(dict.fromkeys(reasons)) or self.unmet


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found out about a target."""

    target: str
    apis: tuple[str, ...]
    profile: str
    rules: tuple[Checked, ...]
    observations: tuple[Observation, ...]
    requests: int
    waited: float
    """Seconds of real waiting."""
    seconds: float
    left_behind: tuple[str, ...] = ()
    """The paths of what was made on a target that others use, and that no operation removes."""
    ended: str | None = None
    """Why the run ended before everything was done; None when it did not."""
    excluded: tuple[str, ...] = ()
    """The ids of the rules that nobody wanted to be checked."""
    baseline: frozenset[str] | None = None
    """The ids of the rules that failed before; None when nobody told."""

    @property
    def known(self) -> tuple[str, ...]:
        """The rules that failed before, and fail still."""
        return self._of_baseline("failed")

    @property
    def mended(self) -> tuple[str, ...]:
        """The rules that failed before, and hold now."""
        return self._of_baseline("passed")

    @property
    def news(self) -> int:
        """How many rules failed of which that was not known."""
        return self.count("failed") - len(self.known)

    def _of_baseline(self, outcome: Verdict) -> tuple[str, ...]:
        before = self.baseline or frozenset()
        return tuple(c.rule.id for c in self.rules if c.outcome == outcome and c.rule.id in before)

    @property
    def is_complete(self) -> bool:
        """Whether no rule was left unchecked because the run ended early."""
        return self.ended is None or all(checked.runs or checked.unmet != self.ended for checked in self.rules)

    def count(self, outcome: Verdict) -> int:
        """How many rules came out so."""
        return sum(checked.outcome == outcome for checked in self.rules)

    @property
    def calls(self) -> Counter[Seen]:
        """How often each operation was answered with each status, over all runs."""
        total: Counter[Seen] = Counter()
        for run in self.runs:
            total.update(run.calls)
        return total

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run of a check, once."""
        return tuple({id(run): run for checked in self.rules for run in checked.runs}.values())

    def holds(self, *, strict: bool = False) -> bool:
        """Whether something passed, and nothing failed but what is known; when strict, nothing was left unchecked."""
        checked = self.count("passed") > 0 and self.news == 0
        return checked and not (strict and self.count("not_checked"))


_WORST_FIRST: tuple[Verdict, ...] = ("failed", "passed", "not_checked")


def examine(
    target: Target,
    *,
    profile: str = "default",
    only: Sequence[str] = (),
    exclude: Sequence[str] = (),
    progress: Progress = lambda *_: None,
    area_over: AreaOver = lambda *_: None,
) -> Report:
    """Check the rules of a target's document that fit one of the patterns `only`, or all, but none of `exclude`.

    With a budget the checks that tell of most rules for fewest requests come first, each with its share.
    """
    started = time.perf_counter()
    contract = target.contract
    wanted = [rule for rule in contract.rules if not only or _fits(rule, only)]
    rules = [rule for rule in wanted if not _fits(rule, exclude)]
    ids = [rule.id for rule in rules]
    steps: list[Step] = []
    runs: list[Run] = []
    observations: list[Observation] = []
    ended = None
    try:
        steps += planned(target, ids)
        for run in _ran(target, steps, profile, progress):
            runs.append(run)
            for name in _areas_over(steps, len(runs)):
                area_over(name, [_checked(contract.name, rule, runs) for rule in rules if _area(rule.id) == name])
        progress(len(steps), len(steps), "what the document leaves open")
        observations += () if only else observe(target)
    except KeyboardInterrupt as interruption:  # what is known by then is told, and whoever interrupts wants it tidy
        ended = str(interruption) or "interrupted"
    except Silent as error:
        ended = str(error)
    target.guest.share(None)
    left_behind: tuple[str, ...] = ()
    try:
        left_behind = tuple(cleaned(target))
    except KeyboardInterrupt as interruption:  # enough is enough
        ended, left_behind = str(interruption) or "interrupted", tuple(target.guest.made)
    missing = {rule for step in steps[len(runs) :] for rule in step.rules} if steps else set(ids)
    runs = _settled(runs)
    return Report(
        target=target.name,
        apis=(contract.name,),
        profile=profile,
        rules=tuple(
            _checked(contract.name, rule, runs, ended if ended and rule.id in missing else UNMET) for rule in rules
        ),
        observations=tuple(observations),
        requests=target.guest.requests,
        waited=target.guest.waited,
        seconds=time.perf_counter() - started,
        left_behind=left_behind,
        ended=ended,
        excluded=tuple(rule.id for rule in wanted if _fits(rule, exclude)),
    )


def _fits(rule: Rule, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(rule.id, pattern) for pattern in patterns)


def _checked(api: str, rule: Rule, runs: Sequence[Run], unmet: str = UNMET) -> Checked:
    return Checked(api, rule, tuple(run for run in runs if rule.id in run.rules), unmet)


def _area(rule: str) -> str:
    return rule.split(".")[1]


def _areas_over(steps: Sequence[Step], made: int) -> list[str]:
    """The areas that the last step made was the last one of."""
    left = {_area(rule) for step in steps[made:] for rule in step.rules}
    return [name for name in dict.fromkeys(map(_area, steps[made - 1].rules)) if name not in left]


def cleaned(target: Target) -> Iterator[str]:
    """Remove what was made on a target that others use, the last first; yields the paths of what stays."""
    made = target.guest.made
    if not made:
        return
    with target.open() as client:
        while made:
            path = made[-1]
            if not _removed(client, path):
                yield path
            made.remove(path)


def _removed(client: Client, path: str) -> bool:
    relative = path.removeprefix(client.prefix)
    if find(client.contract, "DELETE", relative) is None:
        return False
    try:
        return client.send("DELETE", relative).status in (200, 202, 204, 404)
    except Exception:  # a target may do anything here: what stays is told, and so is all that was found before
        return False


def _settled(runs: Sequence[Run]) -> list[Run]:
    """The runs, of which those that only met an answer of a wrong shape have not checked their own rules.

    A wrong shape fails the rules that are about shapes; whatever else is built on it nobody can tell.
    """
    known = {run.misfit for run in runs if run.misfit is not None and any(map(_is_about_shape, run.rules))}
    return [
        replace(run, outcome="not_checked", failure=None, reason=f"a wrong answer was in the way: {run.misfit}")
        if run.misfit in known and not any(map(_is_about_shape, run.rules))
        else run
        for run in runs
    ]


def _is_about_shape(rule: str) -> bool:
    return any(fnmatchcase(rule, pattern) for pattern in SHAPES)


def _ran(target: Target, steps: Sequence[Step], profile: str, progress: Progress) -> Iterator[Run]:
    """Run the steps on a target; raises Silent when it has stopped answering."""
    guest, silent = target.guest, 0
    for number, step in enumerate(steps):
        progress(number, len(steps), step.check.name)
        guest.tell = partial(progress, number, len(steps))
        requests, calls = guest.requests, guest.calls.copy()
        outcome = _attempted(step, target, profile)
        yield _run(step, outcome, guest.requests - requests, guest.calls - calls)
        silent = silent + 1 if isinstance(outcome.error, Broken) else 0
        if silent == PATIENCE and isinstance(outcome.error, Broken):
            raise Silent(f"{target.name} has stopped answering: {outcome.error.__cause__}")


def _attempted(step: Step, target: Target, profile: str) -> Outcome:
    """What a step gives; it is taken once more when a connection broke on the way, unless the wait was long."""
    target.guest.share(step.share)
    outcome = attempt(step.check, target, step.arguments, profile=step.profile or profile)
    if not isinstance(outcome.error, Broken) or outcome.error.late:
        return outcome
    target.guest.share(step.share)
    return attempt(step.check, target, step.arguments, profile=step.profile or profile)


def _run(step: Step, outcome: Outcome, requests: int, calls: Counter[Seen]) -> Run:
    not_checked = outcome.error if isinstance(outcome.error, NotChecked) else None
    return Run(
        check=step.check.name,
        subject=", ".join(operation.id for operation in step.arguments.values()),
        rules=step.rules,
        outcome=_VERDICTS[outcome.result],
        reason=not_checked.reason if not_checked else None,
        lacking=not_checked.lacking if not_checked else (),
        failure=_failure(outcome) if outcome.result == "failed" and outcome.error else None,
        misfit=likeness(str(outcome.error)) if isinstance(outcome.error, Violation) else None,
        examples=outcome.examples,
        requests=requests,
        calls=calls,
    )


_INDEX = re.compile(r"/\d+(?=[/:])")

_EXAMPLE = re.compile(r"state\.|Draw .*: \S")
"""What hypothesis tells of the steps of a machine and of what was drawn."""

_KNOWN = ("client", "target")
"""Names whose values nobody needs to see."""

_VERDICTS: Mapping[str, Verdict] = {"passed": "passed", "failed": "failed", "not checked": "not_checked"}


def _failure(outcome: Outcome) -> Failure:
    error = outcome.error
    assert error is not None, "what failed has an error"
    notes = getattr(error, "__notes__", [])
    calls = [note.split("\n")[1:] for note in notes if note.startswith(CALLS_MADE)]
    return Failure(seen(error), _example(outcome, notes), tuple(calls[-1] if calls else ()))


def _example(outcome: Outcome, notes: Sequence[str]) -> tuple[str, ...]:
    """The values that a property was called with, those that it drew on the way, and the steps of a machine."""
    given = [
        f"{name} = {value!r}"
        for name, value in outcome.example.items()
        if name not in ("target", *outcome.arguments) and not isinstance(value, DataObject)
    ]
    return (*given, *(line for note in notes for line in note.split("\n") if _EXAMPLE.match(line)))


def likeness(misfit: str) -> str:
    """What a wrong answer has in common with others like it: which item of a list it is makes no difference."""
    return _INDEX.sub("/*", misfit)


def seen(error: Exception) -> str:
    """What an error says; of an assertion without words, what was asserted and the values of the names in it."""
    text = str(error)
    if text or not isinstance(error, AssertionError):
        return text if isinstance(error, AssertionError) else f"{type(error).__name__}: {text}"
    frame = list(traceback.walk_tb(error.__traceback__))[-1][0]
    *_, place = traceback.extract_tb(error.__traceback__)
    source = _statement(place)
    names = [name for name in _names(source) if name in frame.f_locals and name not in _KNOWN]
    values = [f"{name} = {_short(frame.f_locals[name])}" for name in names]
    return "\n".join((f"not so: {source.removeprefix('assert ')}", *values))


def _statement(place: traceback.FrameSummary) -> str:
    """The source of the statement at a place, in one line."""
    first = place.lineno or 1
    lines = [linecache.getline(place.filename, number) for number in range(first, (place.end_lineno or first) + 1)]
    return " ".join(" ".join(lines).split())


def _names(source: str) -> list[str]:
    """The names that an expression mentions, each once."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return list(dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
