"""Renders a report as JSON for programs. Its member names are stable."""

from __future__ import annotations

import json
from typing import Any

from understudy_checks.check import Failure, Report, RuleResult, Run
from understudy_checks.examples.script import script
from understudy_checks.probes import ProbeResult
from understudy_checks.report.summary import WORDS, area_of

Json = Any


def text(report: Report) -> str:
    """Render a report as JSON text."""
    return json.dumps(as_json(report), indent=2) + "\n"


def as_json(report: Report) -> Json:
    """Convert a report to JSON values. A rule's `reason` is null when it passed, its `failure` unless it failed."""
    return {
        "target": report.target,
        "apis": list(report.apis),
        "profile": report.profile,
        "rules": [_rule(checked, report.target) for checked in report.rules],
        "assumptions": [_probe_result(result) for result in report.probe_results],
        "calls": [
            {"operation": operation, "status": status, "count": count}
            for (operation, status), count in sorted(report.calls.items())
        ],
        "left_behind": list(report.left_behind),
        "requests": report.requests,
        "waited": report.waited,
        "seconds": report.seconds,
        "ended": report.ended,
        "excluded": list(report.excluded),
        "baseline": None if report.baseline is None else {"known": list(report.known), "mended": list(report.fixed)},
        "counts": {outcome: report.count(outcome) for outcome in WORDS},
    }


def _rule(checked: RuleResult, target: str) -> Json:
    return {
        "id": checked.rule.id,
        "outcome": checked.outcome,
        "reason": checked.reason,
        "text": checked.rule.text,
        "source": checked.rule.source,
        "basis": checked.rule.basis,
        "api": checked.api,
        "area": area_of(checked.rule),
        "checks": [_run(run) for run in checked.runs],
        "failure": next((_failure(run.failure, target) for run in checked.runs if run.failure is not None), None),
    }


def _run(run: Run) -> Json:
    return {
        "name": run.check,
        "subject": run.subject,
        "outcome": run.outcome,
        "reason": run.reason if run.failure is None else run.failure.seen,
        "examples": run.examples,
        "requests": run.requests,
    }


def _failure(failure: Failure, target: str) -> Json:
    whole = script(failure.curl, target) if failure.curl else None
    return {"seen": failure.seen, "example": list(failure.example), "curl": list(failure.curl), "script": whole}


def _probe_result(result: ProbeResult) -> Json:
    return {
        "id": result.assumption.id,
        "text": result.assumption.text,
        "found": result.found,
        "default": result.assumption.default,
        "seen": result.seen,
        "reason": result.reason,
    }
