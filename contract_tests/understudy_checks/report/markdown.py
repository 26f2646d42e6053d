"""Renders a report as Markdown for a comment on a pull request: what failed, with scripts that are folded away.

Text from a target stands in fenced blocks only, so that nothing of it is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from understudy_checks.check import Report
from understudy_checks.defects import Defect, defects
from understudy_checks.examples.script import script
from understudy_checks.report.summary import (
    WORDS,
    areas,
    escape_unprintable,
    skip_reasons,
    summary_line,
    with_count,
)

LARGEST = 65_000
"""The largest size in bytes: GitHub refuses a comment of more than 65,536 characters."""

STATED = 5
"""The largest number of rules of one failure that are shown with their texts."""


def markdown(report: Report) -> str:
    """Render a report as Markdown. Where it would be too large, scripts are left out first, then failures."""
    head = "\n".join((*_table(report), ""))
    tail = "\n".join(("", *_skip_reasons(report), summary_line(report), ""))
    room = LARGEST - _size(head + tail) - 100
    found = defects(report)
    shown = list(_within(room, ("\n".join(_failure(number, defect)) for number, defect in enumerate(found, 1))))
    spare = room - sum(map(_size, shown))
    for number, defect in enumerate(found[: len(shown)]):
        written = _script(defect, report.target)
        if _size(written) <= spare:
            shown[number] += written
            spare -= _size(written)
    left = len(found) - len(shown)
    more = f"\n{with_count(left, 'more failure')} left out for want of room.\n" if left else ""
    return f"{head}{''.join(shown)}{more}{tail}"


def _within(room: int, texts: Iterable[str]) -> Iterator[str]:
    """The first texts that fit into so many bytes."""
    for text in texts:
        room -= _size(text)
        if room < 0:
            return
        yield text


def _size(text: str) -> int:
    return len(text.encode())


def _table(report: Report) -> Iterator[str]:
    """The verdict, and a table of the areas."""
    failed = report.count("failed")
    verdict = f"{with_count(failed, 'rule')} failed" if failed else "no rule failed"
    yield f"### {', '.join(report.apis)}: {verdict}"
    yield from ("", *_fenced(report.target, "text"), "")
    yield f"| area | rules | {' | '.join(WORDS.values())} |"
    yield f"| --- | ---: |{' ---: |' * len(WORDS)}"
    for area in areas(report):
        counts = " | ".join(f"{area.count(outcome) or ''}" for outcome in WORDS)
        yield f"| {area.name} | {len(area.rules)} | {counts} |"


def _failure(number: int, defect: Defect) -> Iterator[str]:
    """What is documented, and what was seen instead."""
    first, *others = defect.rules
    yield from ("", f"#### {number}. `{first.id}`", "", f"{first.text} ({first.source}; {first.basis})")
    if others:
        named = ", ".join(f"`{rule.id}`" for rule in others[:STATED])
        more = f" and {len(others) - STATED} more" if len(others) > STATED else ""
        yield from ("", f"Also: {named}{more}")
    yield from ("", "Seen:", "", *_fenced("\n".join((defect.failure.seen, *defect.failure.example)), "text"), "")


def _script(defect: Defect, target: str) -> str:
    """The script of a failure, folded away; empty without calls."""
    if not defect.failure.curl:
        return ""
    text = script(defect.failure.curl, target)
    return "\n".join(
        ("", "<details><summary>Script to see it again</summary>", "", *_fenced(text, "sh"), "", "</details>", "")
    )


def _skip_reasons(report: Report) -> Iterator[str]:
    """Why rules were not checked, folded away."""
    if not report.count("not_checked"):
        return
    yield f"<details><summary>{with_count(report.count('not_checked'), 'rule')} not checked</summary>"
    text = "\n".join(f"{len(gap.rules):3}  {gap.reason}" for gap in skip_reasons(report))
    yield from ("", *_fenced(text, "text"), "", "</details>", "")


def _fenced(text: str, language: str) -> Sequence[str]:
    """A block of code that no backticks in the text can end."""
    printable = escape_unprintable(text).rstrip("\n")
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", printable)), 3)
    return (f"{fence}{language}", printable, fence)
