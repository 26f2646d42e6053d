"""Keeps what makes a long body in a file beside a report, where no short expression makes it."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from understudy_checks.check import Report, Run

LONGEST = 400
"""The length of a program that stays in its line."""

_PROGRAM = re.compile(r"python3 -c ('(?:[^']|'\"'\"')*')(?= .*\| call )")
"""Matches the program that makes a body, quoted for a shell."""


def with_kept_bodies(report: Report, folder: Path = Path()) -> tuple[Report, Mapping[str, str]]:
    """The report whose scripts run their long programs from files in `folder`, and the programs by file name."""
    programs: dict[str, str] = {}

    def kept(found: re.Match[str]) -> str:
        (program,) = shlex.split(found[1])
        if len(program) <= LONGEST:
            return found[0]
        name = f"understudy-body-{hashlib.sha256(program.encode()).hexdigest()[:8]}.py"
        programs[name] = f"{program}\n"
        return f"python3 {shlex.quote(str(folder / name))}"

    def changed(run: Run) -> Run:
        if run.failure is None:
            return run
        return replace(
            run, failure=replace(run.failure, curl=tuple(_PROGRAM.sub(kept, line) for line in run.failure.curl))
        )

    runs = {id(run): changed(run) for run in report.runs}  # a run of several rules stays one
    rules = tuple(replace(checked, runs=tuple(runs[id(run)] for run in checked.runs)) for checked in report.rules)
    return replace(report, rules=rules), programs
