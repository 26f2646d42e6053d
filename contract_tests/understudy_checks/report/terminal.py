"""Renders a report for a terminal, readable without colour and in a pipe.

Never breaks ids and the lines of a script: long lines are left to the terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from understudy.document.model import Rule
from understudy_checks.check import Report
from understudy_checks.defects import Defect, defects
from understudy_checks.examples.script import preamble
from understudy_checks.report.summary import (
    WORDS,
    Area,
    SkipReason,
    areas,
    by_area,
    differences,
    escape_unprintable,
    is_partly_checked,
    left_behind,
    skip_reasons,
    summary_line,
    to_json,
    with_count,
)

Json = Any
Line = tuple[str, str]
"""A line and its style."""

STATED = 5
"""The largest number of rules of one defect that are shown with their texts."""

FEW = 2
"""The largest number of checks that are named for one defect."""

SCREEN, MOST_LINES = 50, 10**9
"""About how many lines a report of failures takes, and one that is verbose."""

MOST = 100
"""The length at which a value is cut."""

WIDTH = 100


def table(report: Report, console: Console, *, strict: bool = False, verbose: bool = False) -> None:
    """Print a report: the defects first, then what was not checked or differs from the mock, and a summary line.

    Unless it is verbose, a report is about a screen long: a table of areas only where nothing failed, the scripts of
    the shortest failures, a line for each of the other parts.
    """
    width = min(console.width, WIDTH)
    lines = (
        *_head(report),
        *_defects(report, width, MOST_LINES if verbose else SCREEN),
        *_rest(report, width, strict=strict, verbose=verbose),
        ("", ""),
        *_verdict(report, strict=strict),
    )
    for text, style in lines:
        printable = escape_unprintable(text).encode(console.encoding, "backslashreplace").decode(console.encoding)
        console.print(Text(printable, style), soft_wrap=True)


def _head(report: Report) -> Iterator[Line]:
    found = len(defects(report))
    told = f": {with_count(found, 'failure')}" if found else ""
    text = f"{', '.join(report.apis)} on {report.target}, profile {report.profile}{told}"
    yield text, "bold red" if found else "bold"


def _rest(report: Report, width: int, *, strict: bool, verbose: bool) -> Iterator[Line]:
    """All parts but the failures, in full or in a line each."""
    if verbose or not report.count("failed"):
        yield from _areas(report)
    if verbose:
        yield from _skip_reasons(report, width, strict=strict)
        yield from _differences(report)
    else:
        yield from _in_short(report, strict=strict)
    yield from _left_behind(report)
    yield from _baseline_and_excluded(report, width)


def _in_short(report: Report, *, strict: bool) -> Iterator[Line]:
    """A line for the rules that were not checked, and one for the differences from the mock."""
    lines = [text for text in (_skipped_line(report, strict=strict), _differences_line(report)) if text]
    if lines:
        yield "", ""
        yield from ((f"{text} (-v tells {what})", "") for text, what in lines)


def _skipped_line(report: Report, *, strict: bool) -> tuple[str, str] | None:
    skipped, partly = report.count("not_checked"), sum(map(is_partly_checked, report.rules))
    failing = ", which --strict counts as failures" if strict and skipped else ""
    parts = [f"{with_count(skipped, 'rule')} not checked{failing}"] if skipped else []
    if partly:
        parts.append(f"{partly:,} only in part" if skipped else f"{with_count(partly, 'rule')} checked only in part")
    return (", ".join(parts), "why, and how to check them") if parts else None


def _differences_line(report: Report) -> tuple[str, str] | None:
    found = differences(report)
    return (_differences_head(report, len(found)), "which") if found else None


def _areas(report: Report) -> Iterator[Line]:
    """A line for each area with its failed rules below."""
    yield "", ""
    found = areas(report)
    width = max((len(area.name) for area in found), default=0) + 4
    yield f"{'':{width}}{'rules':>5}{'passed':>9}{'failed':>9}{'not checked':>14}", "dim"
    for api, own in groupby(found, key=lambda area: area.api):
        yield api, "bold"
        for area in own:
            yield _counts(area, width)
            yield from ((f"    failed: {named}", "red") for named in _failed(area))


def _failed(area: Area) -> list[str]:
    """The failed rules of an area, or one pattern when all of them failed."""
    failed = [checked.rule.id for checked in area.rules if checked.outcome == "failed"]
    everything = len(failed) == len(area.rules) > 1
    return [f"{area.api}.{area.name}.* (all {len(failed)})"] if everything else failed


def _counts(area: Area, width: int) -> Line:
    passed, failed, left = (
        f"{area.count(outcome) or '-':>{room}}" for outcome, room in zip(WORDS, (9, 9, 14), strict=True)
    )
    style = "red" if area.count("failed") else "yellow" if area.count("not_checked") else "green"
    return f"{'  ' + area.name:{width}}{len(area.rules):>5}{passed}{failed}{left}", style


def _defects(report: Report, width: int, room: int) -> Iterator[Line]:
    """The defects, the shortest first: scripts as long as all lines find room, that of the first in any case."""
    found = defects(report)
    texts = [[("", ""), *_defect(number, defect, report, width)] for number, defect in enumerate(found, 1)]
    room -= sum(len(lines) + 1 for lines in texts)
    shown: list[Defect] = []
    for defect in found:
        room -= sum(1 + len(line) // width for line in defect.failure.curl)
        if defect.failure.curl and (room >= 0 or not shown):
            shown.append(defect)
    yield from _preamble([line for defect in shown for line in defect.failure.curl], report.target)
    for defect, lines in zip(found, texts, strict=True):
        yield from lines
        yield from _script(defect, is_shown=defect in shown)


def _defect(number: int, defect: Defect, report: Report, width: int) -> Iterator[Line]:
    """The documented rules of a defect and the actual behaviour."""
    if len(defect.rules) <= STATED:
        for mark, rule in zip((f"{number}.", *[""] * STATED), defect.rules, strict=False):
            yield f"{mark:3}{rule.id}", "bold"
            yield from _prose(f"documented: {rule.text} ({rule.source})", width)
    else:
        yield f"{number}. {len(defect.rules)} rules", "bold"
        yield from _named(defect.rules, report, width)
    yield from _listed("seen", defect.failure.seen.split("\n"), "red")
    yield from _listed("example", defect.failure.example)
    at = f" at {_few(defect.subjects)}" if defect.subjects else ""
    yield from _prose(f"found by: {_few(defect.checks)}{at}", width, "dim", indent=3)


def _script(defect: Defect, *, is_shown: bool) -> Iterator[Line]:
    """The calls that reproduce a defect."""
    lines = defect.failure.curl
    if is_shown:
        yield "   to see it again:", ""
        yield from ((line, "") for line in lines)
    elif lines:
        yield f"   to see it again: a script of {with_count(len(lines), 'line')} (-v prints it)", ""


def _preamble(lines: Sequence[str], target: str) -> Iterator[Line]:
    """What the lines of all defects need, printed once."""
    if lines:
        yield from (("", ""), ("To see one again, paste these lines into a shell, then those of the failure:", ""))
        yield from ((line, "dim") for line in preamble(lines, target))


def _few(names: Sequence[str]) -> str:
    """The first distinct names, and the number of the others."""
    known = list(dict.fromkeys(names))
    return ", ".join(known[:FEW]) + (f" and {len(known) - FEW} more" if len(known) > FEW else "")


def _skip_reasons(report: Report, width: int, *, strict: bool) -> Iterator[Line]:
    partly = sum(is_partly_checked(checked) for checked in report.rules)
    if report.count("not_checked"):
        yield "", ""
        failing = ", which --strict counts as failures" if strict else ""
        yield f"{with_count(report.count('not_checked'), 'rule')} not checked{failing}", "bold yellow"
    for gap in skip_reasons(report):
        yield "", ""
        yield from _skip_reason(gap, report, width)
    if partly:
        text = "passed, but some of their checks could not run: see --html or --json"
        yield from (("", ""), *_prose(f"{with_count(partly, 'rule')} {text}", width, "yellow", indent=0))


def _skip_reason(gap: SkipReason, report: Report, width: int) -> Iterator[Line]:
    yield f"{len(gap.rules):3}  {gap.reason}", ""
    if gap.remedy:
        yield from _prose(f"to check: {gap.remedy}", width)
    yield from _named(gap.rules, report, width)


def _named(rules: Sequence[Rule], report: Report, width: int) -> Iterator[Line]:
    """The names of rules, one paragraph for each area."""
    sizes = {f"{area.api}.{area.name}": len(area.rules) for area in areas(report)}
    for area, own in by_area(rules).items():
        slugs = [rule.id.rpartition(".")[2] for rule in own]
        named = f"all {len(slugs)}" if len(slugs) == sizes[area] > 1 else ", ".join(slugs)
        yield from _prose(f"{area.partition('.')[2]}: {named}", width, "dim")


def _differences(report: Report) -> Iterator[Line]:
    """The differences between the target and the mock's assumptions, which are not failures."""
    found = differences(report)
    if not found:
        return
    yield "", ""
    yield _differences_head(report, len(found)), "bold"
    for result in found:
        yield f"  {result.assumption.id}", ""
        yield f"       mock: {_short(result.assumption.default)}   here: {_short(result.seen)}", "dim"


def _differences_head(report: Report, differing: int) -> str:
    observed = sum(result.found != "not observed" for result in report.probe_results)
    return f"What the document leaves open: {differing} of {observed} observed differ from the mock"


def _left_behind(report: Report) -> Iterator[Line]:
    """The created objects that remain on the target."""
    if report.left_behind:
        yield from (("", ""), ("Left behind, because no operation deletes it", "bold"))
    for parent, names in left_behind(report).items():
        yield f"  {len(names):,} in {parent}", ""


def _baseline_and_excluded(report: Report, width: int) -> Iterator[Line]:
    """The rules of the baseline and the excluded rules."""
    groups = {
        "known failures, in the baseline": report.known,
        "fixed: remove them from the baseline": report.fixed,
        "excluded": report.excluded,
    }
    for label, rules in groups.items():
        if rules:
            yield from (("", ""), (f"{with_count(len(rules), 'rule')} {label}", "bold"))
            yield from _prose(", ".join(rules), width, "dim", indent=2)


def _verdict(report: Report, *, strict: bool) -> Iterator[Line]:
    if not report.count("passed") and not report.count("failed"):
        yield "Nothing could be checked, which is a failure", "red"
    yield summary_line(report), "bold green" if report.holds(strict=strict) else "bold red"


def _listed(label: str, lines: Sequence[str], style: str = "") -> Iterator[Line]:
    """Lines that are never wrapped, the first one with a label."""
    labels = (f"{label}: ", *[""] * len(lines))
    yield from ((f"   {mark:{len(label) + 2}}{line}", style) for mark, line in zip(labels, lines, strict=False))


def _prose(text: str, width: int, style: str = "", *, indent: int = 5) -> Iterator[Line]:
    """A text wrapped between words."""
    lines = textwrap.wrap(text, width - indent, break_long_words=False, break_on_hyphens=False, subsequent_indent="  ")
    yield from ((" " * indent + line, style) for line in lines)


def _short(value: Json) -> str:
    text = to_json(value)
    return text if len(text) <= MOST else f"{text[:MOST]}..."
