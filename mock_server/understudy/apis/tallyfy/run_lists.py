"""The filters and the order of Tallyfy's lists of runs.

Source: Processes > List processes > Query parameters.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from understudy.apis.tallyfy.includes import is_late, run_status
from understudy.apis.tallyfy.records import Groups, listed, listing_of
from understudy.engine.call import Call
from understudy.engine.paging import descending
from understudy.engine.store import ComputedListing, IndexListing, Record, decode


def matching_runs(call: Call) -> IndexListing | ComputedListing:
    """Return the runs that the filters of a call match, in the requested order."""
    ordered = call.store["runs"].query(*_run_filters(call), descending=_is_descending(call))
    return _sorted(call, _searched(call, ordered))


def _sort(call: Call) -> str:
    return str(call.arguments.get("sort") or call.arguments.get("sort_by") or "")


def _is_descending(call: Call) -> bool:
    sort = _sort(call)
    return sort == "-created_at" if sort in ("created_at", "-created_at") else descending(call)


def _run_filters(call: Call) -> Groups:
    """The documented filters as a query of the collection: one index key of each group must match."""
    given = call.arguments
    plain: tuple[tuple[str, str], ...] = (
        ("owner", "owners"), ("template", "checklist_id"), ("template", "blueprint_id"), ("folder", "folder"),
        ("tag", "tag"), ("tag", "tag_ids"), ("group", "groups"), ("type", "type"),
    )  # fmt: skip
    groups: Groups = [_scope(call), *_status(call)]
    groups += [[(kind, value) for value in listed(given[name])] for kind, name in plain if name in given]
    if "starred" in given:
        groups.append([("starred", given["starred"])])
    if given.get("untagged"):
        groups.append([("tag", None)])
    if given.get("task_status", "all") != "all":
        groups.append([("task-status", given["task_status"])])
    return groups


def _scope(call: Call) -> Sequence[Hashable]:
    archived, status = call.arguments.get("archived"), call.arguments.get("status")
    if archived == "only" or (status == "archived" and call.assumed("tallyfy.runs.status-archived") == "archived"):
        return [("archived",)]
    return [("archived",), ("live",)] if archived == "true" else [("live",)]


def _status(call: Call) -> Groups:
    """The filter of each value of `status` (Processes > List processes > Query parameters)."""
    filters: dict[str, Groups] = {
        "active": [[("status", "active")]],
        "delayed": [[("status", "active")]],
        "complete": [[("status", "complete")]],
        "problem": [[("status", "problem"), ("status", "issue")]],
        "issue": [[("status", "issue")]],
        "improvement": [[("improvement",)]],
        "starred": [[("starred", True)]],
    }
    status = call.arguments.get("status")
    if status == "archived":
        return [] if call.assumed("tallyfy.runs.status-archived") == "archived" else [[("status", "archived")]]
    return filters[status] if status else []


def _searched(call: Call, ordered: IndexListing) -> IndexListing | ComputedListing:
    """Apply the filters that no index answers: free text, and conditions that depend on the time."""
    q, status = call.arguments.get("q", "").lower(), call.arguments.get("status")
    timed = status == "delayed" or (status == "active" and call.assumed("tallyfy.runs.delayed") == "delayed")
    if not q and not timed and call.arguments.get("archived") not in ("only", "true"):
        return ordered
    wanted = status if timed else None
    return listing_of([row for row in ordered.slice(0, ordered.size()) if _matches(call, decode(row), q, wanted)])


def _matches(call: Call, run: Record, q: str, status: str | None) -> bool:
    if q not in run["name"].lower():
        return False
    return is_late(call, run) if status == "delayed" else status is None or run_status(call, run) == status


def _sorted(call: Call, rows: IndexListing | ComputedListing) -> IndexListing | ComputedListing:
    sort = _sort(call)
    if sort.lstrip("-") != "name":
        return rows
    named = sorted(rows.slice(0, rows.size()), key=lambda row: decode(row)["name"].lower(), reverse=sort[0] == "-")
    return listing_of(named)
