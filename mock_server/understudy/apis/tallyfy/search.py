"""Tallyfy's search: templates, runs and tasks by their names, each kind with pages of its own.

Source: the official clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.records import listed
from understudy.engine.call import Call, Json, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode

_MOST, _USUAL = 100, 10  # results on a page
_TEMPLATE = ("id", "title", "status", "type", "steps_count", "icon", "is_public", "created_at")
_RUN = ("id", "increment_id", "name", "status", "type", "due_date_passed", "due_soon", "created_at", "is_public")
_TASK = (
    *("id", "increment_id", "title", "status", "status_label", "run_id", "position", "deadline", "created_at"),
    *("starter_id", "is_oneoff_task", "owners"),
)


def search(call: Call) -> Reply:
    """GET /organizations/{org_id}/search."""
    kinds = dict.fromkeys(listed(call.arguments["on"]))
    text = call.arguments["search"].lower()
    return Reply(encode({kind: _page(call, list(_FINDERS[kind](call, text))) for kind in kinds}))


def _page(call: Call, found: list[Record]) -> Json:
    size, page = _size(call), call.arguments["page"]
    shown = found[size * (page - 1) : size * page]
    pages = max(-(-len(found) // size), 1)
    return {
        "data": shown,
        "meta": {
            "pagination": {
                "total": len(found),
                "count": len(shown),
                "per_page": size,
                "current_page": page,
                "total_pages": pages,
            }
        },
    }


def _size(call: Call) -> int:
    """The size of a page; one that is too large is treated as in lists."""
    size = int(call.arguments["per_page"])
    if size <= _MOST:
        return size
    if call.assumed("tallyfy.pagination.limit-out-of-range") == "reject":
        raise Problem("invalid", fields={"per_page": [f"The per page may not be greater than {_MOST}."]})
    return _MOST if call.assumed("tallyfy.pagination.limit-out-of-range") == "clamp" else _USUAL


def _templates(call: Call, text: str) -> Iterable[Record]:
    for record in call.store["templates"]:
        if text in record["title"].lower() and not record["archived_at"]:
            yield _some(tallyfy_includes.template(call, record), _TEMPLATE)


def _runs(call: Call, text: str) -> Iterable[Record]:
    for record in call.store["runs"]:
        if text in record["name"].lower() and not record["archived_at"]:
            yield _some(tallyfy_includes.run(call, record), _RUN)


def _tasks(call: Call, text: str) -> Iterable[Record]:
    for record in call.store["tasks"]:
        if text in record["title"].lower() and not record["archived_at"]:
            yield _some(tallyfy_includes.task(call, record, listed=True), _TASK)


def _some(served: Record, names: Iterable[str]) -> Record:
    return {name: served[name] for name in names}


_FINDERS: Mapping[str, Callable[[Call, str], Iterable[Record]]] = {
    "blueprint": _templates,
    "process": _runs,
    "task": _tasks,
    "snippet": lambda call, text: (),
}
