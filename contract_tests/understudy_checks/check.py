"""Checks a target against every rule of its document, and describes the outcome of each rule in a Report.

Runs the checks of the kit by plain function calls. A Report is a value that every form of
report is rendered from. Must not know how a target is reached or how a report looks.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Literal

from hypothesis.strategies import DataObject

from understudy.document.model import Rule
from understudy_checks.budget import OperationStatus
from understudy_checks.client import READING_ERRORS, Capability, Client, NoResponse, Skipped
from understudy_checks.examples.replay import replay
from understudy_checks.examples.script import calls
from understudy_checks.examples.story import Story
from understudy_checks.findings import Finding, Findings
from understudy_checks.plan import Step, plan_steps
from understudy_checks.probes import ProbeResult, run_probes
from understudy_checks.routes import find_operation
from understudy_checks.rules import Outcome, attempt
from understudy_checks.target.target import Target
from understudy_checks.wording import sentence, show

Json = Any
Verdict = Literal["passed", "failed", "not_checked"]
Progress = Callable[[int, int, str], None]
"""Called before each step with the number of steps done, their total, and the name of the next."""

AreaCallback = Callable[[str, "Sequence[RuleResult]"], None]
"""Called after the last step of an area with its name and the results of its rules so far."""

NOT_COVERED = "the document has no operation that it applies to"
MAX_SILENT_CHECKS = 3
"""The number of checks in a row without a response after which a run ends."""


class TargetSilent(Exception):
    """The target has stopped answering."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A difference between a target and its document."""

    seen: str
    """The message of the check, in one or a few lines."""
    example: tuple[str, ...]
    """The arguments of the failing example as `name = value`, shrunk."""
    curl: tuple[str, ...]
    """The calls of the example as the lines of a script."""
    story: Story = ()
    """What the example did."""
    is_verdict: bool = True
    """Whether the check said what is wrong; false when it could not go on with what it got."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a check on the target, for one operation where the check has operations."""

    check: str
    subject: str
    """The ids of its operations, comma-separated; empty without any."""
    rules: tuple[str, ...]
    outcome: Verdict
    reason: str | None
    """Why it was not checked."""
    lacking: tuple[Capability, ...]
    """The capabilities that the target lacks for it."""
    failure: Failure | None
    examples: int
    requests: int
    calls: Mapping[OperationStatus, int]
    """The number of responses by operation id and status."""
    found_by: tuple[str, ...] = ()
    """The ids of the rules whose check found the failure on its way; empty for a check of these rules."""
    passing: Story = ()
    """What the shortest passing example did, if these are kept."""
    remedy: str | None = None
    """How to make it checkable, where that is not a capability."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule and its result. `default_reason` is why it was not checked when no check ran for it."""

    api: str
    rule: Rule
    runs: tuple[Run, ...]
    default_reason: str = NOT_COVERED

    @property
    def outcome(self) -> Verdict:
        """Failed when any run failed, passed when any passed, else not checked."""
        found = {run.outcome for run in self.runs}
        return next((outcome for outcome in _WORST_FIRST if outcome in found), "not_checked")

    @property
    def reason(self) -> str | None:
        """The failure, or why the rule was not checked; None when it passed."""
        if self.outcome == "passed":
            return None
        if self.outcome == "failed":
            return next(run.failure.seen for run in self.runs if run.failure is not None)
        reasons = [part for run in self.runs if run.reason for part in run.reason.split("; ")]
        return "; ".join(dict.fromkeys(reasons)) or self.default_reason


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one run against a target."""

    target: str
    apis: tuple[str, ...]
    profile: str
    rules: tuple[RuleResult, ...]
    probe_results: tuple[ProbeResult, ...]
    requests: int
    waited: float
    """Seconds of real waiting."""
    seconds: float
    left_behind: tuple[str, ...] = ()
    """The paths of created objects on a shared target that no operation deletes."""
    ended: str | None = None
    """Why the run ended early; None when it did not."""
    excluded: tuple[str, ...] = ()
    """The ids of the rules that were excluded by an option."""
    baseline: frozenset[str] | None = None
    """The ids of the rules that failed in an earlier report; None without one."""

    @property
    def known(self) -> tuple[str, ...]:
        """The ids of the rules that failed in the baseline and still fail."""
        return self._of_baseline("failed")

    @property
    def fixed(self) -> tuple[str, ...]:
        """The ids of the rules that failed in the baseline and now pass."""
        return self._of_baseline("passed")

    @property
    def new_failures(self) -> int:
        """The number of failed rules that are not in the baseline."""
        return self.count("failed") - len(self.known)

    def _of_baseline(self, outcome: Verdict) -> tuple[str, ...]:
        before = self.baseline or frozenset()
        return tuple(c.rule.id for c in self.rules if c.outcome == outcome and c.rule.id in before)

    @property
    def is_complete(self) -> bool:
        """Whether no rule was left unchecked because the run ended early."""
        return self.ended is None or all(checked.runs or checked.default_reason != self.ended for checked in self.rules)

    def count(self, outcome: Verdict) -> int:
        """The number of rules with this outcome."""
        return sum(checked.outcome == outcome for checked in self.rules)

    @property
    def calls(self) -> Counter[OperationStatus]:
        """The number of responses by operation and status, over all runs."""
        total: Counter[OperationStatus] = Counter()
        for run in self.runs:
            total.update(run.calls)
        return total

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run of a check, once."""
        return tuple({id(run): run for checked in self.rules for run in checked.runs}.values())

    def holds(self, *, strict: bool = False) -> bool:
        """Whether some rule passed and none outside the baseline failed. When strict, every rule must be checked."""
        checked = self.count("passed") > 0 and self.new_failures == 0
        return checked and not (strict and self.count("not_checked"))


_WORST_FIRST: tuple[Verdict, ...] = ("failed", "passed", "not_checked")


def check_target(
    target: Target,
    *,
    profile: str = "default",
    only: Sequence[str] = (),
    exclude: Sequence[str] = (),
    progress: Progress = lambda *_: None,
    area_finished: AreaCallback = lambda *_: None,
    keep_passing: bool = False,
) -> Report:
    """Check the rules of a target's document that match a pattern of `only` (default: all) and none of `exclude`.

    `keep_passing` keeps the shortest passing example of each check.
    With a budget, the checks that cover the most rules per request come first, each with its share.
    """
    started = time.perf_counter()
    contract = target.contract
    wanted = [rule for rule in contract.rules if not only or _fits(rule, only)]
    rules = [rule for rule in wanted if not _fits(rule, exclude)]
    ids = [rule.id for rule in rules]
    steps: list[Step] = []
    runs: list[Run] = []
    made = 0
    probe_results: list[ProbeResult] = []
    ended = None
    try:
        steps += plan_steps(target, ids)
        for made, found in enumerate(_run_steps(target, steps, profile, progress, keep_passing=keep_passing), 1):
            runs += found
            for name in _finished_areas(steps, made):
                own = [rule for rule in rules if _area(rule.id) == name]
                area_finished(name, [_checked(contract.name, rule, settle(runs)) for rule in own])
        progress(len(steps), len(steps), "what the document leaves open")
        probe_results += () if only else run_probes(target)
    except KeyboardInterrupt as interruption:  # results so far are reported, and created objects deleted
        ended = str(interruption) or "interrupted"
    except TargetSilent as error:
        ended = str(error)
    target.budget.share(None)
    left_behind: tuple[str, ...] = ()
    try:
        left_behind = tuple(clean_up(target))
    except KeyboardInterrupt as interruption:  # a second interruption stops the clean-up too
        ended, left_behind = str(interruption) or "interrupted", tuple(target.budget.made)
    target.findings = None
    missing = {rule for step in steps[made:] for rule in step.rules} if steps else set(ids)
    runs = settle(runs)
    return Report(
        target=target.name,
        apis=(contract.name,),
        profile=profile,
        rules=tuple(
            _checked(contract.name, rule, runs, ended if ended and rule.id in missing else NOT_COVERED)
            for rule in rules
        ),
        probe_results=tuple(probe_results),
        requests=target.budget.requests,
        waited=target.budget.waited,
        seconds=time.perf_counter() - started,
        left_behind=left_behind,
        ended=ended,
        excluded=tuple(rule.id for rule in wanted if _fits(rule, exclude)),
    )


def _fits(rule: Rule, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(rule.id, pattern) for pattern in patterns)


def _checked(api: str, rule: Rule, runs: Sequence[Run], default_reason: str = NOT_COVERED) -> RuleResult:
    return RuleResult(api, rule, tuple(run for run in runs if rule.id in run.rules), default_reason)


def _area(rule: str) -> str:
    return rule.split(".")[1]


def _finished_areas(steps: Sequence[Step], made: int) -> list[str]:
    """The areas whose last step is the latest step."""
    left = {_area(rule) for step in steps[made:] for rule in step.rules}
    return [name for name in dict.fromkeys(map(_area, steps[made - 1].rules)) if name not in left]


def clean_up(target: Target) -> Iterator[str]:
    """Delete the objects created on a shared target, the latest first. Yields the paths of those that remain."""
    made = target.budget.made
    if not made:
        return
    target.budget.reserved = 0
    with target.open() as client:
        while made:
            path = made[-1]
            if not _remove(client, path):
                yield path
            made.remove(path)


def _remove(client: Client, path: str) -> bool:
    relative = path.removeprefix(client.prefix)
    if find_operation(client.contract, "DELETE", relative) is None:
        return False
    try:
        return client.send("DELETE", relative).status in (200, 202, 204, 404)
    except Exception:  # whatever goes wrong here, the report must list what remains
        return False


def _run_steps(
    target: Target, steps: Sequence[Step], profile: str, progress: Progress, *, keep_passing: bool
) -> Iterator[list[Run]]:
    """Run the steps on a target: for each its run, and one for each finding. Raises TargetSilent when it is silent."""
    budget, silent, told = target.budget, 0, set[str]()
    target.findings = findings = Findings()
    for number, step in enumerate(steps):
        progress(number, len(steps), step.check.name)
        if step.repeats and step.key in told:
            yield []
            continue
        budget.on_wait = partial(progress, number, len(steps))
        requests, calls = budget.requests, budget.calls.copy()
        findings.begin(step.rules)
        outcome = _run_step(step, target, profile, keep_passing=keep_passing)
        if not _may_tell_more(outcome):
            told.add(step.key)
        run = _run(step, outcome, budget.requests - requests, budget.calls - calls)
        yield [run, *(_finding_run(run, finding) for finding in findings.take())]
        silent = silent + 1 if isinstance(outcome.error, NoResponse) else 0
        if silent == MAX_SILENT_CHECKS and isinstance(outcome.error, NoResponse):
            raise TargetSilent(f"{target.name} has stopped answering: {outcome.error.__cause__}")


def _run_step(step: Step, target: Target, profile: str, *, keep_passing: bool) -> Outcome:
    """Run a step, and once more when a connection broke, except after a timeout."""

    def once() -> Outcome:
        target.budget.share(step.share)
        return attempt(step.check, target, step.arguments, profile=step.profile or profile, keep_passing=keep_passing)

    outcome = once()
    return once() if isinstance(outcome.error, NoResponse) and not outcome.error.late else outcome


def _may_tell_more(outcome: Outcome) -> bool:
    """Whether further examples of a check may tell more: not of one that failed, or that the target does not allow."""
    lacks = isinstance(outcome.error, Skipped) and not {"requests", "waiting"}.issuperset(outcome.error.lacking)
    return outcome.result != "failed" and not lacks


def _run(step: Step, outcome: Outcome, requests: int, calls: Counter[OperationStatus]) -> Run:
    not_checked = outcome.error if isinstance(outcome.error, Skipped) else None
    return Run(
        check=step.check.name,
        subject=", ".join(operation.id for operation in step.arguments.values()),
        rules=step.rules,
        outcome=_VERDICTS[outcome.result],
        reason=not_checked.reason if not_checked else None,
        lacking=not_checked.lacking if not_checked else (),
        failure=_failure(outcome) if outcome.result == "failed" and outcome.error else None,
        examples=outcome.examples,
        requests=requests,
        calls=calls,
        passing=outcome.story if outcome.result == "passed" else (),
        remedy=not_checked.remedy if not_checked else None,
    )


def _finding_run(run: Run, finding: Finding) -> Run:
    """The run of a check as a failed run of the rule that its finding names."""
    failure = Failure(finding.seen, (), finding.calls, finding.story)
    return replace(
        run,
        rules=(finding.rule,),
        outcome="failed",
        reason=None,
        lacking=(),
        failure=failure,
        examples=0,
        requests=0,
        calls=Counter(),
        found_by=run.rules,
        passing=(),
    )


def settle(runs: Sequence[Run]) -> list[Run]:
    """Leave each failure with the rules that say it, and downgrade to not checked what only met it.

    A check of several rules blames only those that other failures name, where there are any. A check that could not
    go on blames nothing where other checks say what is wrong. An operation that never works blames one rule.
    """
    useless = _useless_operations(runs)
    blamed = {run.rules for run in runs if run.failure is not None and run.failure.is_verdict}
    crashed = {run.failure.seen for run in runs if run.failure is not None and not run.found_by}
    return [part for run in runs for part in _settled(run, blamed, crashed, useless)]


def _settled(run: Run, blamed: Set[tuple[str, ...]], crashed: Set[str], useless: Set[str]) -> list[Run]:
    if run.failure is None:
        return [run]
    seen, subject = run.failure.seen, _failing_operation(run.failure)
    if run.found_by:
        is_said_by_others = subject is not None and subject not in useless and seen in crashed
        return [] if is_said_by_others else [run]
    if subject in useless or (blamed and not run.failure.is_verdict):
        return [_not_checked(run, run.rules, f"its check could not go on: {seen}")]
    named = {id for rules in blamed if set(rules) < set(run.rules) for id in rules}
    if not named:
        return [run]
    own, others = (tuple(id for id in run.rules if (id in named) is wanted) for wanted in (True, False))
    rest = _not_checked(run, others, f"its check met a failure of {', '.join(own)}: {seen}")
    return [replace(run, rules=own), replace(rest, requests=0, calls=Counter())]


def _not_checked(run: Run, rules: tuple[str, ...], reason: str) -> Run:
    return replace(run, rules=rules, outcome="not_checked", failure=None, reason=reason)


def _useless_operations(runs: Sequence[Run]) -> set[str]:
    """The operations that answered with nothing but server errors."""
    answered = {status for run in runs for status in run.calls}
    return {operation for operation, _ in answered} - {operation for operation, status in answered if status < 500}


def _failing_operation(failure: Failure) -> str | None:
    """The operation whose server error is the failure; None for other failures."""
    found = _SERVER_ERROR.match(failure.seen)
    return found and found[1]


_SERVER_ERROR = re.compile(r"(\w+): status 5\d\d: ")

_VERDICTS: Mapping[str, Verdict] = {"passed": "passed", "failed": "failed", "not checked": "not_checked"}


def _failure(outcome: Outcome) -> Failure:
    error = outcome.error
    assert error is not None, "what failed has an error"
    shown, is_verdict = tuple(calls(replay(outcome.story))), not isinstance(error, READING_ERRORS)
    return Failure(sentence(error), _example(outcome), shown, outcome.story, is_verdict)


def _example(outcome: Outcome) -> tuple[str, ...]:
    """The arguments of a failing example; what was drawn and done beside them is in its calls."""
    return tuple(
        f"{name} = {show(value)}"
        for name, value in outcome.example.items()
        if name not in ("target", *outcome.arguments) and not isinstance(value, DataObject)
    )
