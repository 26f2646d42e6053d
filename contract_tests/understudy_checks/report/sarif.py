"""Renders a report as SARIF 2.1.0 for code scanning: all rules, and a result for each that failed.

A result points at the line of its rule in the API's OpenAPI document, since the server's code is not known.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

import yaml

from understudy import data
from understudy_checks.check import Report, RuleResult
from understudy_checks.report.summary import escape_unprintable, with_count

Json = Any

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
BASE = "UNDERSTUDY"
"""The name of the folder that the documents are in."""


def sarif(report: Report) -> str:
    """Render a report as SARIF."""
    return json.dumps(as_json(report), indent=2) + "\n"


def as_json(report: Report) -> Json:
    """A SARIF log of one run, as JSON values."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}


def _run(report: Report) -> Json:
    folder = data.path("openapi").resolve().parent.as_uri()
    return {
        "tool": {
            "driver": {
                "name": "understudy check",
                "semanticVersion": version("understudy"),
                "rules": [_rule(checked) for checked in report.rules],
            }
        },
        "originalUriBaseIds": {BASE: {"uri": f"{folder}/"}},
        "invocations": [_invocation(report)],
        "results": list(_results(report)),
    }


def _invocation(report: Report) -> Json:
    """Whether the run came to its end, why it did not, and how many rules it did not check."""
    notes = [] if report.ended is None else [_notification("warning", report.ended)]
    if report.count("not_checked"):
        notes.append(_notification("note", f"{with_count(report.count('not_checked'), 'rule')} not checked"))
    return {"executionSuccessful": report.ended is None, "toolExecutionNotifications": notes}


def _notification(level: str, text: str) -> Json:
    return {"level": level, "message": {"text": escape_unprintable(text)}}


def _rule(checked: RuleResult) -> Json:
    rule = checked.rule
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.text},
        "fullDescription": {"text": f"{rule.text} ({rule.source}; {rule.basis})"},
        "defaultConfiguration": {"level": "error"},
        "properties": {"source": rule.source, "basis": rule.basis, "tags": [checked.api]},
    }


def _results(report: Report) -> Iterator[Json]:
    """The failed rules. One that is in the baseline is suppressed."""
    for index, checked in enumerate(report.rules):
        if checked.outcome == "failed":
            known = {"suppressions": [{"kind": "external", "justification": "it is in the baseline"}]}
            yield _result(checked, index, report.target) | (known if checked.rule.id in report.known else {})


def _result(checked: RuleResult, index: int, target: str) -> Json:
    return {
        "ruleId": checked.rule.id,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": escape_unprintable(f"{checked.rule.text}\nSeen on {target}: {checked.reason}")},
        "locations": [_location(checked)],
        "partialFingerprints": {"rule/v1": hashlib.sha256(checked.rule.id.encode()).hexdigest()},
    }


def _location(checked: RuleResult) -> Json:
    artifact = {"uri": f"openapi/{checked.api}.yaml", "uriBaseId": BASE}
    line = lines(checked.api)[checked.rule.id]
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}}}


@cache
def lines(api: str) -> dict[str, int]:
    """The lines of an API's document at which its rules begin, by id."""
    text = data.path(f"openapi/{api}.yaml").read_text(encoding="utf-8")
    return dict(_rule_lines(yaml.compose(text, yaml.CSafeLoader)))


def _rule_lines(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """The ids below every `x-rules`, with their lines."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == "x-rules":
            yield from (_rule_line(rule) for rule in value.value)
        else:
            yield from _rule_lines(value)


def _rule_line(rule: yaml.MappingNode) -> tuple[str, int]:
    members = {name.value: member.value for name, member in rule.value}
    return members["id"], rule.start_mark.line + 1
