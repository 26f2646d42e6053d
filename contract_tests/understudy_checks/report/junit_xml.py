"""Renders a report as JUnit XML for CI: a suite for each area and a case for each rule.

A check may cover many rules, so only the whole run has a time, not each case.
"""

from __future__ import annotations

from collections.abc import Collection
from xml.etree import ElementTree

from understudy_checks.check import Failure, Report, RuleResult
from understudy_checks.examples.script import script
from understudy_checks.report.summary import Area, areas, escape_unprintable

Element = ElementTree.Element


def junit(report: Report) -> str:
    """Render a report as JUnit XML."""
    root = _element(
        "testsuites", name="understudy check", **_totals(report, report.known), time=f"{report.seconds:.3f}"
    )
    root.extend(_suite(area, report) for area in areas(report))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(area: Area, report: Report) -> Element:
    suite = _element("testsuite", name=f"{area.api}.{area.name}", **_totals(area, report.known))
    properties = _element("properties")
    values = {"target": report.target, "profile": report.profile, "requests": str(report.requests)}
    properties.extend(_element("property", name=name, value=value) for name, value in values.items())
    suite.append(properties)
    suite.extend(_case(checked, area, report) for checked in area.rules)
    return suite


def _case(checked: RuleResult, area: Area, report: Report) -> Element:
    case = _element("testcase", classname=f"{area.api}.{area.name}", name=checked.rule.id)
    reason = checked.reason or ""
    if checked.rule.id in report.known:
        case.append(_element("skipped", message=f"in the baseline: {reason}"))
    elif checked.outcome == "failed":
        failures = [run.failure for run in checked.runs if run.failure is not None]
        text = "\n\n".join(_describe(checked, failure, report.target) for failure in failures)
        case.append(_element("failure", text, message=reason, type="rule"))
    if checked.outcome == "not_checked":
        case.append(_element("skipped", message=reason))
    return case


def _describe(checked: RuleResult, failure: Failure, target: str) -> str:
    """Describe the documented rule and the actual behaviour as text."""
    parts = {
        "documented": (f"{checked.rule.text} ({checked.rule.source}; {checked.rule.basis})",),
        "seen": (failure.seen,),
        "example": failure.example,
        "reproduce": (script(failure.curl, target),) if failure.curl else (),
    }
    return "\n".join(f"{name}: {line}" for name, lines in parts.items() if lines for line in ("\n".join(lines),))


def _totals(part: Report | Area, known: Collection[str]) -> dict[str, str]:
    """The counts of a suite under JUnit's names. A failure in the baseline counts as skipped."""
    known_count = sum(checked.rule.id in known for checked in part.rules)
    counts = {
        "tests": len(part.rules),
        "failures": part.count("failed") - known_count,
        "errors": 0,
        "skipped": part.count("not_checked") + known_count,
    }
    return {name: str(count) for name, count in counts.items()}


def _element(tag: str, text: str | None = None, **attributes: str) -> Element:
    """Create an element whose text and attributes contain only characters that XML allows."""
    element = Element(tag, {name: escape_unprintable(value) for name, value in attributes.items()})
    element.text = None if text is None else escape_unprintable(text)
    return element
