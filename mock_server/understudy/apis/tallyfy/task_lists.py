"""The filters and the order of Tallyfy's lists of tasks.

Source: Tasks > List process tasks.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from understudy.apis.tallyfy.includes import HIDDEN
from understudy.apis.tallyfy.records import DAY, Groups, listed, stamp
from understudy.engine.call import Call, Json
from understudy.engine.paging import descending
from understudy.engine.store import ComputedListing, IndexListing, Record, Store, decode

_OPEN = ("not-started", "in-progress")
# the statuses that each value of the filter `status` matches
FILTERS: dict[str, tuple[str, ...]] = {
    "complete": ("completed",),
    "completed": ("completed",),
    "active": _OPEN,
    "active_visible": _OPEN,
    "incomplete": _OPEN,
    "inprogress": ("in-progress",),
    "not-started": ("not-started",),
    "overdue": _OPEN,
    "due_soon": _OPEN,
}
_DEADLINE_FILTERS: dict[str, Any] = {
    "deadline_on": lambda day, wanted: day == wanted,
    "deadline_before": lambda day, wanted: day < wanted,
    "deadline_after": lambda day, wanted: day > wanted,
    "deadline_start_range": lambda day, wanted: day >= wanted,
    "deadline_end_range": lambda day, wanted: day <= wanted,
}
_RANGE_FILTERS = ("deadline_start_range", "deadline_end_range", "deadline_before", "deadline_after")


def matching_tasks(call: Call, *groups: Sequence[Hashable], status: str | None) -> IndexListing | ComputedListing:
    """Return the tasks that `groups`, `status` and the other filters of the call match, in the requested order."""
    sort = str(call.arguments.get("sort") or call.arguments.get("sort_by") or "")
    newest_first = sort == "newest" or (not sort and descending(call))
    found = call.store["tasks"].query(*groups, *_task_filters(call, status), descending=newest_first)
    predicates = _predicates(call, status)
    if not predicates and sort in ("", "newest"):
        return found
    tasks = [decode(row) for row in found.slice(0, found.size())]
    return _listing(call, _ordered([task for task in tasks if all(holds(task) for holds in predicates)], sort))


def _listing(call: Call, tasks: Sequence[Record]) -> ComputedListing:
    rows = [_existing_row(call.store, task["id"]) for task in tasks]
    return ComputedListing(
        len(rows), rows.__getitem__, lambda position: str(tasks[position]["id"]), lambda wanted: None
    )


def _existing_row(store: Store, id: str) -> bytes:
    """The encoded record of an existing task."""
    row = store["tasks"].row(id)
    assert row is not None, "the task was just listed"
    return row


def _ordered(tasks: list[Record], sort: str) -> list[Record]:
    """Sort tasks by `sort`; those without a deadline come last, or first in descending order."""
    if sort.lstrip("-") in ("position", "deadline"):
        name = sort.lstrip("-")
        return sorted(tasks, key=lambda task: "9999" if task[name] is None else task[name], reverse=sort[0] == "-")
    return sorted(tasks, key=lambda task: not task["problem"]) if sort == "problems" else tasks


def _task_filters(call: Call, status: str | None) -> Groups:
    """The filters that indexes of the collection answer."""
    given = call.arguments
    groups: Groups = []
    for kind, name in (("owner", "owners"), ("guest", "guests"), ("group", "groups")):
        if name in given:
            groups.append([(kind, value) for value in listed(given[name])])
    if given.get("unassigned"):
        groups.append([("unassigned",)])
    if status == "hasproblem":
        groups.append([("problem",)])
    elif status and status != "all":
        statuses = FILTERS[status]
        if status == "active" and call.assumed("tallyfy.tasks.hidden-among-active"):
            statuses = (*statuses, HIDDEN)
        groups.append([("status", value) for value in statuses])
    for kind in ("tag", "folder"):
        if kind in given:
            runs = call.store["runs"].query([(kind, given[kind])])
            groups.append([("run", id) for id in runs.ids])
    return groups


def _predicates(call: Call, status: str | None) -> list[Any]:
    """The filters that are applied to each task: days and free text (Tasks > List process tasks)."""
    given, now = call.arguments, stamp(call.now)
    soon = stamp(call.now + call.assumed("tallyfy.runs.due-soon-hours") * DAY // 24)
    predicates: list[Any] = []
    if status == "overdue":
        predicates.append(lambda task: task["deadline"] is not None and task["deadline"] < now)
    if status == "due_soon":
        predicates.append(lambda task: task["deadline"] is not None and now <= task["deadline"] <= soon)
    ignored = _RANGE_FILTERS if "deadline_on" in given else ()
    names = [name for name in _DEADLINE_FILTERS if name in given and name not in ignored]
    predicates += [_deadline_predicate(given, name) for name in names]
    if "created" in given:
        first, _, last = given["created"].partition(":")
        predicates.append(lambda task: first <= task["created_at"][:10] <= (last or first))
    if given.get("q"):
        predicates.append(_text_predicate(call, given["q"].lower()))
    return predicates


def _deadline_predicate(given: dict[str, Json], name: str) -> Any:
    wanted, compare = given[name][:10], _DEADLINE_FILTERS[name]
    return lambda task: task["deadline"] is not None and compare(task["deadline"][:10], wanted)


def _text_predicate(call: Call, q: str) -> Any:
    def holds(task: Record) -> bool:
        run = call.store["runs"].get(task["run_id"]) if task["run_id"] else None
        return q in task["title"].lower() or (run is not None and q in run["name"].lower())

    return holds
