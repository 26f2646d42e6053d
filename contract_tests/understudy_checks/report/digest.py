"""What a report comes to, the same for every form: its areas, what is wrong, what was left out, what differs.

Also how a target's own text is shown: it may hold anything, and none of it may do anything. Must not know how
a form looks.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from understudy.document.model import Rule
from understudy_checks.check import Failure, Report, RuleResult, Run, Verdict, without_indices
from understudy_checks.client import LACKS, REMEDIES
from understudy_checks.probes import ProbeResult
from understudy_checks.target import targets

Json = Any

WORDS: dict[Verdict, str] = {"passed": "passed", "failed": "failed", "not_checked": "not checked"}
"""The outcomes as people read them."""

_VARIABLE = re.compile(r'\$(BASE_URL|API_KEY|API_KEY_\d+|REVOKED_KEY|LAPSED_KEY|OTHER_TENANT_KEY|HEADER_\w+)"')
_VALUES = {
    "API_KEY": "a valid key",
    "REVOKED_KEY": "a revoked key",
    "LAPSED_KEY": "a key of a tenant without a subscription",
    "OTHER_TENANT_KEY": "a valid key of another tenant",
}


@dataclass(frozen=True, slots=True)
class Area:
    """The rules of one part of an API."""

    api: str
    name: str
    rules: tuple[RuleResult, ...]

    def count(self, outcome: Verdict) -> int:
        """How many of them came out so."""
        return sum(checked.outcome == outcome for checked in self.rules)


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong with a target, the rules that it breaks, and the runs that met it."""

    rules: tuple[Rule, ...]
    runs: tuple[Run, ...]
    failure: Failure
    """The shortest that shows it."""

    @property
    def subjects(self) -> list[str]:
        """The operations at which one check met it; nothing when it is about none, or several checks met it."""
        return list(dict.fromkeys(run.subject for run in self.runs if run.subject)) if len(self.checks) == 1 else []

    @property
    def checks(self) -> list[str]:
        """The checks that met it."""
        return list(dict.fromkeys(run.check for run in self.runs))


@dataclass(frozen=True, slots=True)
class SkipReason:
    """A reason why rules were not checked, and how a target comes to what is lacking, where that is known."""

    reason: str
    remedy: str | None
    rules: tuple[Rule, ...]


def area_of(rule: Rule) -> str:
    """The part of its API that a rule is about."""
    return rule.id.split(".")[1]


def by_area(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """The rules of each `<api>.<area>`, in the order in which the areas first appear."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.id.rpartition(".")[0], []).append(rule)
    return found


def areas(report: Report) -> tuple[Area, ...]:
    """The rules by API and area, both in the order in which they first appear."""
    found: dict[tuple[str, str], list[RuleResult]] = {}
    for checked in report.rules:
        found.setdefault((checked.api, area_of(checked.rule)), []).append(checked)
    order = list(dict.fromkeys(api for api, _ in found))
    grouped = [Area(api, name, tuple(rules)) for (api, name), rules in found.items()]
    return tuple(sorted(grouped, key=lambda area: order.index(area.api)))


def defects(report: Report) -> tuple[Defect, ...]:
    """What is wrong, that which breaks most rules first.

    An answer that the document does not allow is one fault, whichever checks came upon it, and so is what one check
    found at several operations. What no calls reproduce comes last.
    """
    operations = {id for api in report.apis for id in targets.document(api).operations}
    found: dict[object, list[Run]] = {}
    for run in report.runs:
        if run.failure is not None:
            seen = run.failure.seen
            alike = without_indices(seen) if seen.partition(":")[0] in operations else run.check
            found.setdefault(alike, []).append(run)
    return tuple(
        sorted(
            (_defect(report, runs) for runs in found.values()),
            key=lambda defect: (not defect.failure.curl, -len(defect.rules)),
        )
    )


def _defect(report: Report, runs: list[Run]) -> Defect:
    broken = {id for run in runs for id in run.rules}
    failures = [run.failure for run in runs if run.failure is not None]
    return Defect(
        rules=tuple(checked.rule for checked in report.rules if checked.rule.id in broken),
        runs=tuple(runs),
        failure=min(failures, key=lambda failure: (not failure.curl, len(failure.curl), len("".join(failure.curl)))),
    )


def skip_reasons(report: Report) -> tuple[SkipReason, ...]:
    """Why rules were not checked, the reason of most rules first. A rule stands under each of its reasons."""
    found: dict[tuple[str, str | None], list[Rule]] = {}
    for checked in report.rules:
        if checked.outcome == "not_checked":
            for why in dict.fromkeys(_why(checked)):
                found.setdefault(why, []).append(checked.rule)
    known = [SkipReason(reason, remedy, tuple(rules)) for (reason, remedy), rules in found.items()]
    return tuple(sorted(known, key=lambda gap: -len(gap.rules)))


def _why(checked: RuleResult) -> Iterator[tuple[str, str | None]]:
    """The reasons of a rule, each with its remedy."""
    for run in checked.runs:
        yield from ((LACKS[capability], REMEDIES[capability]) for capability in run.lacking)
        if run.reason is not None and not run.lacking:
            yield run.reason, None
    if not checked.runs:
        yield checked.reason or "", None


def is_partly_checked(checked: RuleResult) -> bool:
    """Whether a rule holds as far as it was checked, but some of its checks could not be made."""
    return checked.outcome == "passed" and any(run.outcome == "not_checked" for run in checked.runs)


def differences(report: Report) -> tuple[ProbeResult, ...]:
    """Where the target does not do what the mock assumes."""
    return tuple(seen for seen in report.probe_results if seen.found in ("alternative", "other"))


def left_behind(report: Report) -> dict[str, list[str]]:
    """What the run made and could not remove: the last segment of each path, by what stands before it."""
    found: dict[str, list[str]] = {}
    for path in report.left_behind:
        place, _, name = path.rpartition("/")
        found.setdefault(place, []).append(name)
    return found


def shell_variables(failure: Failure, target: str) -> str:
    """The shell's words that set what the curl lines of a failure name; nothing where they name nothing."""
    names = dict.fromkeys(sorted(_VARIABLE.findall("\n".join(failure.curl)), key=lambda name: name != "BASE_URL"))
    return " ".join(f"{name}={shlex.quote(_value(name, target))}" for name in names)


def _value(name: str, target: str) -> str:
    if name == "BASE_URL":
        return target.rstrip("/") if target.startswith(("http://", "https://")) else f"the URL of {target}"
    if name.startswith("HEADER_"):
        return f"the value of the header {name.removeprefix('HEADER_').replace('_', '-').lower()}"
    return _VALUES.get(name, "another valid key of the same tenant")


def escape_unprintable(text: str) -> str:
    """A text of which every character can be seen: what is not printable is shown as Python writes it."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text
    )


def to_json(value: Json) -> str:
    """A value as JSON writes it."""
    return json.dumps(value, ensure_ascii=False)


def with_count(number: int, noun: str) -> str:
    """A number with its noun: `1 rule`, `1,200 rules`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def summary_line(report: Report) -> str:
    """The whole run in one line."""
    outcomes = ", ".join(f"{report.count(outcome):,} {word}" for outcome, word in WORDS.items())
    waited = f" (waited {report.waited:.0f} s)" if report.waited >= 0.5 else ""
    made = f"{with_count(report.requests, 'request')} in {report.seconds:.1f} s{waited}"
    ended = "" if report.ended is None else f"; {report.ended}"
    known = f" ({len(report.known)} of the failed known before)" if report.known else ""
    return f"{with_count(len(report.rules), 'rule')}: {outcomes}{known}; {made}{ended}"
