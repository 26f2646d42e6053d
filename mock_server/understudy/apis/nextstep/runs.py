"""The operations on NextStep's process runs.

Source: the page Process Runs. Documented behaviour is a rule in `openapi/nextstep.yaml`, the rest
an assumption there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.apis.nextstep.editions import Edition, edition
from understudy.apis.nextstep.elements import accept, is_iso_8601
from understudy.apis.nextstep.envelope import single
from understudy.apis.nextstep.members import active_member, notify_assignee
from understudy.apis.nextstep.records import run_sections
from understudy.apis.nextstep.run_tasks import RunTasks, element_of
from understudy.engine.call import Call, Json, Reply
from understudy.engine.clock import milliseconds, rfc3339
from understudy.engine.problem import Problem
from understudy.engine.store import Record, SharedRecord


def create_run(call: Call) -> Reply:
    """POST /process-runs: copies a published template (Process Runs > Create a Run)."""
    store = call.store
    template = _published_template(call)
    member = active_member(store, call.body.get("actor_email"))
    frozen = _current_edition(call, template)
    title, due_date, filled = _title(call, template), _due_date(call), _prefilled(call, frozen)
    run = _new_run(call, template, member, title=title, due_date=due_date)
    progress = _new_progress(call, run, member, frozen)
    if not frozen.tasks and call.assumed("nextstep.runs.without-tasks") == "completed":
        run |= {"status": "completed", "completed_at": run["created_at"]}
    store["progress"].put(progress)
    row = store["runs"].put(run)
    if filled or member:
        tasks = RunTasks(store, run, progress)
        for position, values in filled.items():
            store["tasks"].put(tasks.filled(position, values))
        for position in sorted(frozen.runner_positions) if member else ():
            notify_assignee(call, member, run["id"], tasks.id(position))
    return Reply(single(row, call.assumed("nextstep.runs.created-omits")))


def _published_template(call: Call) -> SharedRecord:
    template = call.find_shared("templates", call.body["template_id"], kind="unknown-template")
    if not template["is_published"]:
        raise Problem("template-not-published")
    return template


def _current_edition(call: Call, template: SharedRecord) -> Edition:
    definition = call.store["definitions"].require_shared(template["id"])
    live = call.assumed("nextstep.templates.edits-go-live") == "on-publish"
    return edition(call.store, definition["live" if live else "edition"])


def _new_run(
    call: Call, template: SharedRecord, member: SharedRecord | None, *, title: str, due_date: str | None
) -> Record:
    team = call.store["team"].require_shared(call.credential.tenant)
    run = {
        "id": call.ids.take(20),  # after all checks: a refused request takes no id
        "template_id": template["id"],
        "title": title,
        "status": "active",
        "started_by": member["id"] if member else "api",
        "team_id": team["id"],
        "timezone": team["timezone"],
        "due_date": due_date,
        "is_shared": False,
        "sections": run_sections(template),
        "created_at": rfc3339(call.now),
        "updated_at": None,
        "completed_at": None,
    }
    run["updated_at"] = call.assumed("nextstep.runs.fresh-updated-at") and run["created_at"]
    return run


def _new_progress(call: Call, run: Record, member: SharedRecord | None, frozen: Edition) -> Record:
    return {
        "id": run["id"],
        "edition": frozen.id,
        "runner": member["id"] if member else call.assumed("nextstep.runs.unattributed-assignee"),
        "open": len(frozen.tasks),
        "ids": {},
    }


def _title(call: Call, template: Mapping[str, Any]) -> str:
    first, second = call.body.get("name"), call.body.get("title")
    if first is not None and second is not None and call.assumed("nextstep.runs.name-and-title") == "title":
        first = second
    given = first if first is not None else second
    if given == "":
        empty = call.assumed("nextstep.runs.empty-name")
        if empty == "reject":
            raise Problem("invalid", "name must not be empty")
        given = "" if empty == "keep" else None
    return str(template["title"] if given is None else given)


def _due_date(call: Call) -> str | None:
    text: str | None = call.body.get("due_date")
    if text is None or not is_iso_8601(text):
        if text is not None and call.assumed("nextstep.runs.due-date-checked"):
            raise Problem("invalid", f"due_date must be an ISO 8601 date, not {text[:80]!r}")
        return text
    return text if call.assumed("nextstep.runs.due-date-echo") == "as-given" else rfc3339(milliseconds(text))


def _prefilled(call: Call, frozen: Edition) -> dict[int, dict[str, Json]]:
    """The values of `custom_elements` by task position and element id (Process Runs > Pre-filling Form Fields)."""
    filled: dict[int, dict[str, Json]] = {}
    for item in call.body.get("custom_elements") or ():
        position = frozen.positions.get(item["task_id"])
        element = None if position is None else element_of(frozen.tasks[position], item["element_id"])
        if position is None or element is None:
            if call.assumed("nextstep.runs.unknown-prefill-target") == "reject":
                target = f"{item['element_id'][:80]} in {item['task_id'][:80]}"
                raise Problem("invalid", f"the template has no element {target}")
            continue
        checked = call.assumed("nextstep.runs.prefill-checked")
        value = accept(call, element, item["value"]) if checked else item["value"]
        filled.setdefault(position, {})[element["id"]] = value
    return filled
