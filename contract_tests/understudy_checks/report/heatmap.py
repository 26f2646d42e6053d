"""The heat map of a report: how often each operation had each status, and in checks of which rules.

Includes documented statuses that never occurred, and statuses that are not documented.
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
from understudy_checks.target import installed

LEVELS = 5
"""The number of shades for the number of responses."""

Coverage = Literal["named", "in a range", "undocumented", "not seen", "none"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One operation and one status: number of responses, ids of the rules checked, and whether it is documented."""

    operation: Operation
    status: int
    calls: int
    rules: tuple[str, ...]
    coverage: Coverage
    level: int
    """The shade, from 1 to LEVELS; 0 without responses."""


@dataclass(frozen=True, slots=True)
class Row:
    """One operation with a cell for each status of the map."""

    operation: Operation
    cells: tuple[Cell, ...]

    @property
    def calls(self) -> int:
        """The number of its responses."""
        return sum(cell.calls for cell in self.cells)

    @property
    def seen(self) -> tuple[Cell, ...]:
        """The cells of the statuses that occurred."""
        return tuple(cell for cell in self.cells if cell.calls)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """The operations of an API by the statuses that are documented or occurred."""

    api: str
    title: str
    statuses: tuple[int, ...]
    rows: tuple[Row, ...]


def heat_maps(report: Report) -> tuple[HeatMap, ...]:
    """Build the heat map of each API of a report."""
    return tuple(_map(installed.document(api), report) for api in report.apis)


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
    """Count the responses by operation and status, each run once although it may cover several rules."""
    total: Counter[OperationStatus] = Counter()
    for run in {id(run): run for checked in rules for run in checked.runs}.values():
        total.update(run.calls)
    return total


def _rules(rules: Sequence[RuleResult]) -> dict[OperationStatus, tuple[str, ...]]:
    """The ids of the rules in whose checks each operation and status occurred."""
    found: dict[OperationStatus, dict[str, None]] = {}
    for checked in rules:
        for run in checked.runs:
            for key in run.calls:
                found.setdefault(key, {})[checked.rule.id] = None
    return {key: tuple(ids) for key, ids in found.items()}


def _coverage(operation: Operation, status: int, *, seen: bool) -> Coverage:
    if str(status) in operation.responses:
        return "named" if seen else "not seen"
    if not seen:
        return "none"
    return "in a range" if {f"{status // 100}XX", "default"} & set(operation.responses) else "undocumented"


def _level(count: int, most: int) -> int:
    """The shade of a count, on a logarithmic scale."""
    return 1 + round((LEVELS - 1) * math.log(count) / math.log(max(most, 2))) if count else 0
