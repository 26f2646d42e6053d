"""How far a run got round: which operation was answered with which status, how often, in checks of which rules.

What the document names and nothing showed is part of it, and so is what was shown and the document does not name.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy_checks.budget import OperationStatus
from understudy_checks.check import Report, RuleResult
from understudy_checks.target import targets

LEVELS = 5
"""How many shades tell how often an answer was seen."""

Coverage = Literal["named", "in a range", "undocumented", "not seen", "none"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One operation and one status: how often, for which rules (ids), and what the document says of it."""

    operation: Operation
    status: int
    calls: int
    rules: tuple[str, ...]
    coverage: Coverage
    level: int
    """The shade, from 1 to LEVELS; 0 for what was never seen."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation, with a cell for each status of the map."""

    operation: Operation
    cells: tuple[Cell, ...]

    @property
    def calls(self) -> int:
        """How often it was called."""
        return sum(cell.calls for cell in self.cells)

    @property
    def seen(self) -> tuple[Cell, ...]:
        """What it was answered with."""
        return tuple(cell for cell in self.cells if cell.calls)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The operations of an API by the statuses that its document names or that were seen."""

    api: str
    title: str
    statuses: tuple[int, ...]
    rows: tuple[Row, ...]


def heat_maps(report: Report) -> tuple[HeatMap, ...]:
    """The map of each API of a report."""
    return tuple(_map(targets.document(api), report) for api in report.apis)


def _map(contract: Contract, report: Report) -> HeatMap:
    operations = contract.operations.values()
    checked = [known for known in report.rules if known.api == contract.name]
    calls, rules = _calls(checked), _rules(checked)
    named = {int(status) for operation in operations for status in operation.responses if status.isdecimal()}
    statuses = tuple(sorted(named | {status for _, status in calls}))
    most = max(calls.values(), default=1)

    def cell(operation: Operation, status: int) -> Cell:
        count = calls[operation.id, status]
        coverage = _coverage(operation, status, seen=count > 0)
        return Cell(operation, status, count, rules.get((operation.id, status), ()), coverage, _level(count, most))

    rows = tuple(Row(operation, tuple(cell(operation, status) for status in statuses)) for operation in operations)
    return HeatMap(contract.name, str(contract.document["info"]["title"]), statuses, rows)


def _calls(rules: Sequence[RuleResult]) -> Counter[OperationStatus]:
    """How often each operation was answered with each status; a run may be of several rules."""
    total: Counter[OperationStatus] = Counter()
    for run in {id(run): run for checked in rules for run in checked.runs}.values():
        total.update(run.calls)
    return total


def _rules(rules: Sequence[RuleResult]) -> dict[OperationStatus, tuple[str, ...]]:
    """The rules in whose checks each answer was seen."""
    found: dict[OperationStatus, dict[str, None]] = {}
    for checked in rules:
        for run in checked.runs:
            for seen in run.calls:
                found.setdefault(seen, {})[checked.rule.id] = None
    return {seen: tuple(ids) for seen, ids in found.items()}


def _coverage(operation: Operation, status: int, *, seen: bool) -> Coverage:
    if str(status) in operation.responses:
        return "named" if seen else "not seen"
    if not seen:
        return "none"
    return "in a range" if {f"{status // 100}XX", "default"} & set(operation.responses) else "undocumented"


def _level(count: int, most: int) -> int:
    """The shade of a count: each step is so many times the one before."""
    return 1 + round((LEVELS - 1) * math.log(count) / math.log(max(most, 2))) if count else 0
