"""The result of replays, as text, JSON, JUnit XML and a page. Must not know where it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any
from xml.etree import ElementTree

from understudy.engine.clock import rfc3339
from understudy.recording.blame import anywhere
from understudy.recording.compare import NOTHING, Difference
from understudy.recording.play import Fault, Played
from understudy.recording.prepare import Prepared
from understudy.recording.redact import Redactor

Json = Any
_NAMES = {"mock": "the mock", "target": "the target", "recording": "the recording", "document": "the document"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a recording as a whole: `unused`, `duplicated`, `stale` or `unreadable`."""

    kind: str
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that was played, what was inferred, what was left out, and what is wrong with whole recordings."""

    played: Sequence[Played]
    prepared: Sequence[Prepared]
    remarks: Sequence[str]
    findings: Sequence[Finding]

    @property
    def differing(self) -> list[Played]:
        """The exchanges whose answers differ."""
        return [one for one in self.played if one.faults]

    @property
    def failed(self) -> bool:
        """Whether something differs or is a finding."""
        return bool(self.differing or self.findings)

    def summary(self) -> str:
        """One line of counts."""
        differing = len(self.differing)
        counts = (
            f"{_counted(len(self.played), 'exchange')} played, {differing} {'differs' if differing == 1 else 'differ'}"
        )
        return counts + (f", {_counted(len(self.findings), 'finding')}" if self.findings else "")


def hidden(report: Report, redactor: Redactor) -> Report:
    """The report with placeholders for the secrets that the redactor knows."""
    played = [
        replace(
            one,
            picked=one.picked._replace(recorded=redactor.redact(one.picked.recorded)),
            faults=tuple(_hidden_fault(fault, redactor) for fault in one.faults),
        )
        for one in report.played
    ]
    return replace(report, played=played, remarks=[redactor.text(line) for line in report.remarks])


def _hidden_fault(fault: Fault, redactor: Redactor) -> Fault:
    difference = fault.difference
    name = difference.pointer.rpartition("/")[2]
    pointer = redactor.text(difference.pointer)
    values = (redactor.value(name, value) for value in (difference.expected, difference.actual))
    blame = fault.blame._replace(why=redactor.text(fault.blame.why))
    return Fault(Difference(pointer, *values), blame)


def text(report: Report) -> str:
    """The report for a terminal."""
    lines = [line for prepared in report.prepared for line in prepared.lines()]
    lines += report.remarks
    for one in report.differing:
        lines += ["", heading(one)]
        for fault, more in _once(one.faults):
            lines += [f"  {fault.difference}{more}", f"    {_NAMES[fault.blame.who]}: {fault.blame.why}"]
    lines += [f"{one.file}: {one.kind}: {one.text}" for one in report.findings]
    if lines:
        lines.append("")
    return "\n".join([*lines, report.summary(), ""])


def _once(faults: Sequence[Fault]) -> Iterator[tuple[Fault, str]]:
    """The differences, a member that items of a list lack or have in excess only once, with how many more lack it."""
    alike: dict[tuple[Json, ...], list[Fault]] = {}
    for number, fault in enumerate(faults):
        difference = fault.difference
        is_member = NOTHING in (difference.expected, difference.actual) and not difference.pointer[-1:].isdecimal()
        place = anywhere(difference.pointer), difference.expected is NOTHING, fault.blame
        alike.setdefault(place if is_member else (number,), []).append(fault)
    for place, found in alike.items():
        yield found[0], f" (and {len(found) - 1} more at {place[0]})" if found[1:] else ""


def heading(played: Played) -> str:
    """Place, method and target of an exchange."""
    return f"{played.picked.place}: {played.picked.recorded.request.method} {played.picked.recorded.target}"


def as_json(report: Report) -> str:
    """The report as JSON."""
    content = {
        "played": len(report.played),
        "differing": len(report.differing),
        "exchanges": [_exchange(one) for one in report.played],
        "inferred": [
            {"api": one.api, "resource": one.resource, "id": one.id, "text": one.text, "place": one.place}
            for prepared in report.prepared
            for one in prepared.inferred
        ],
        "remarks": [*report.remarks, *(line for prepared in report.prepared for line in prepared.problems)],
        "findings": [{"kind": one.kind, "file": one.file, "text": one.text} for one in report.findings],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _exchange(played: Played) -> dict[str, Json]:
    recorded, picked = played.picked.recorded, played.picked
    return {
        "file": str(picked.recording.file),
        "interaction": recorded.number,
        "api": picked.api.name,
        "operation": picked.operation.id if picked.operation else None,
        "method": recorded.request.method,
        "path": recorded.request.path,
        "query": recorded.request.query,
        "at": None if recorded.at is None else rfc3339(recorded.at),
        "differences": [_fault(fault) for fault in played.faults],
    }


def _fault(fault: Fault) -> dict[str, Json]:
    difference, blame = fault.difference, fault.blame
    found: dict[str, Json] = {"pointer": difference.pointer}
    values = (("expected", difference.expected), ("actual", difference.actual))
    found |= {name: value for name, value in values if value is not NOTHING}
    return found | {"blame": blame.who, "why": blame.why, "rule": blame.rule, "trace": list(blame.trace)}


def as_junit(report: Report) -> str:
    """The report as JUnit XML: a test case for each exchange and finding."""
    attributes = {
        "name": "understudy replay",
        "tests": str(len(report.played) + len(report.findings)),
        "failures": str(len(report.differing) + len(report.findings)),
    }
    suite = ElementTree.Element("testsuite", attributes)
    for one in report.played:
        name = f"{one.picked.recorded.number}: {one.picked.recorded.request.method} {one.picked.recorded.target}"
        case = ElementTree.SubElement(suite, "testcase", classname=str(one.picked.recording.file), name=_xml(name))
        if one.faults:
            lines = [f"{fault.difference} ({_NAMES[fault.blame.who]}: {fault.blame.why})" for fault in one.faults]
            _broken_rules(case, [fault.blame.rule for fault in one.faults if fault.blame.rule is not None])
            ElementTree.SubElement(case, "failure", message=_xml(lines[0])).text = _xml("\n".join(lines))
    for finding in report.findings:
        case = ElementTree.SubElement(suite, "testcase", classname=finding.file, name=finding.kind)
        ElementTree.SubElement(case, "failure", message=_xml(finding.text))
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _broken_rules(case: ElementTree.Element, rules: Sequence[str]) -> None:
    """Name the rules of the document that are broken as properties of a test case."""
    if rules:
        properties = ElementTree.SubElement(case, "properties")
        for rule in rules:
            ElementTree.SubElement(properties, "property", name="rule", value=_xml(rule))


def _xml(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return "".join(c if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff") else "\ufffd" for c in text)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>understudy replay</title><style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
body {{ color: #222; background: #fff }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #888 }}
code {{ overflow-wrap: anywhere }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 .3rem }}
@media (prefers-color-scheme: dark) {{ body {{ color: #ddd; background: #181818 }} }}
</style></head><body><h1>Replay</h1><p>{summary}</p>
{body}
</body></html>
"""


def as_html(report: Report) -> str:
    """The report as a page of its own."""
    parts: list[str] = []
    for one in report.differing:
        rows = "".join(
            f"<tr><td><code>{escape(fault.difference.pointer or '/')}</code></td>"
            f"<td><code>{escape(repr(fault.difference.expected))}</code></td>"
            f"<td><code>{escape(repr(fault.difference.actual))}</code></td>"
            f"<td>{escape(_NAMES[fault.blame.who])}: {escape(fault.blame.why)}</td>"
            f"<td><code>{escape(fault.blame.rule or '')}</code></td></tr>"
            for fault in one.faults
        )
        head = "<tr><th>Where</th><th>Recorded</th><th>Answered</th><th>To blame</th><th>Broken rule</th></tr>"
        parts.append(f"<h2>{escape(heading(one))}</h2><table>{head}{rows}</table>")
    lines = [
        *(f"{one.file}: {one.kind}: {one.text}" for one in report.findings),
        *report.remarks,
        *(line for prepared in report.prepared for line in prepared.lines()),
    ]
    if lines:
        parts.append("<h2>Recordings</h2><ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>")
    return _PAGE.format(summary=escape(report.summary()), body="\n".join(parts))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
