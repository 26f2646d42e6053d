"""Summarizes a report for all its forms: areas, reasons for skipped rules, differences from the mock.

Also escapes text from a target, which may contain anything. Must not know how
a form looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.document.model import Rule
from understudy_checks.check import Report, RuleResult, Verdict
from understudy_checks.client import LACKING_REASONS, Capability
from understudy_checks.probes import ProbeResult

Json = Any

WORDS: dict[Verdict, str] = {"passed": "passed", "failed": "failed", "not_checked": "not checked"}
"""The outcomes as words for people."""

REMEDIES: Mapping[Capability, str] = {
    "write": "allow it with --allow-writes, or `writes = true` in the target file",
    "fresh": "only a server of Understudy has isolated worlds",
    "advance": 'name a function that moves the target\'s clock: `advance = "module:function"` in the target file',
    "documented-limit": "check a target that has the documented rate limit, without `rate_limit` in the target file",
    "events": 'name a function that simulates it: `event = "module:function"` in the target file',
    "second-key": "give a second key of the same tenant: --api-key twice, or `api_keys` in the target file",
    "spare-key": "give revocable keys, one for each operation: `spare_keys` in the target file",
    "revoked-key": "give a revoked key: `revoked_key` in the target file",
    "lapsed-key": "give a key of such a tenant: `lapsed_key` in the target file",
    "other-tenant": "give a key of another tenant: `other_tenant_key` in the target file",
    "members": "list them: [[members]] with email, user_id and active in the target file",
    "requests": "allow more requests: --budget",
    "waiting": "allow a longer wait (`max_wait` in the target file), or give more keys: --api-key twice or more",
}
"""How to give a target a capability."""


@dataclass(frozen=True, slots=True)
class Area:
    """The rules of one part of an API."""

    api: str
    name: str
    rules: tuple[RuleResult, ...]

    def count(self, outcome: Verdict) -> int:
        """The number of its rules with this outcome."""
        return sum(checked.outcome == outcome for checked in self.rules)


@dataclass(frozen=True, slots=True)
class SkipReason:
    """A reason why rules were not checked, with a remedy if one is known."""

    reason: str
    remedy: str | None
    rules: tuple[Rule, ...]


def area_of(rule: Rule) -> str:
    """The area of a rule: the second part of its id."""
    return rule.id.split(".")[1]


def by_area(rules: Iterable[Rule]) -> dict[str, list[Rule]]:
    """Group rules by `<api>.<area>`, in the order in which the areas first appear."""
    found: dict[str, list[Rule]] = {}
    for rule in rules:
        found.setdefault(rule.id.rpartition(".")[0], []).append(rule)
    return found


def areas(report: Report) -> tuple[Area, ...]:
    """Group the rules of a report by API and area, both in the order in which they first appear."""
    found: dict[tuple[str, str], list[RuleResult]] = {}
    for checked in report.rules:
        found.setdefault((checked.api, area_of(checked.rule)), []).append(checked)
    order = list(dict.fromkeys(api for api, _ in found))
    grouped = [Area(api, name, tuple(rules)) for (api, name), rules in found.items()]
    return tuple(sorted(grouped, key=lambda area: order.index(area.api)))


def skip_reasons(report: Report) -> tuple[SkipReason, ...]:
    """The reasons why rules were not checked, the most frequent first. A rule can have several reasons."""
    found: dict[tuple[str, str | None], list[Rule]] = {}
    for checked in report.rules:
        if checked.outcome == "not_checked":
            for why in dict.fromkeys(_why(checked)):
                found.setdefault(why, []).append(checked.rule)
    known = [SkipReason(reason, remedy, tuple(rules)) for (reason, remedy), rules in found.items()]
    return tuple(sorted(known, key=lambda gap: -len(gap.rules)))


def _why(checked: RuleResult) -> Iterator[tuple[str, str | None]]:
    """The reasons why a rule was not checked, each with its remedy."""
    for run in checked.runs:
        yield from ((LACKING_REASONS[capability], REMEDIES[capability]) for capability in run.lacking)
        if run.reason is not None and not run.lacking:
            yield run.reason, run.remedy
    if not checked.runs:
        yield checked.reason or "", None


def is_partly_checked(checked: RuleResult) -> bool:
    """Whether a rule passed although some of its checks could not run."""
    return checked.outcome == "passed" and any(run.outcome == "not_checked" for run in checked.runs)


def differences(report: Report) -> tuple[ProbeResult, ...]:
    """The probe results that differ from the mock's assumptions."""
    return tuple(result for result in report.probe_results if result.found in ("alternative", "other"))


def left_behind(report: Report) -> dict[str, list[str]]:
    """Group the paths of objects that the run could not delete: last segments by the path before them."""
    found: dict[str, list[str]] = {}
    for path in report.left_behind:
        parent, _, name = path.rpartition("/")
        found.setdefault(parent, []).append(name)
    return found


def escape_unprintable(text: str) -> str:
    """Replace unprintable characters, except newlines, by Python's escapes."""
    return "".join(
        character if character.isprintable() or character == "\n" else character.encode("unicode_escape").decode()
        for character in text
    )


def to_json(value: Json) -> str:
    """Encode a value as JSON text."""
    return json.dumps(value, ensure_ascii=False)


def with_count(number: int, noun: str) -> str:
    """Format a number with its noun: `1 rule`, `1,200 rules`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def summary_line(report: Report) -> str:
    """Summarize the run in one line."""
    outcomes = ", ".join(f"{report.count(outcome):,} {word}" for outcome, word in WORDS.items())
    waited = f" (waited {report.waited:.0f} s)" if report.waited >= 0.5 else ""
    cost = f"{with_count(report.requests, 'request')} in {report.seconds:.1f} s{waited}"
    ended = "" if report.ended is None else f"; {report.ended}"
    known = f" ({len(report.known)} of the failed in the baseline)" if report.known else ""
    return f"{with_count(len(report.rules), 'rule')}: {outcomes}{known}; {cost}{ended}"
