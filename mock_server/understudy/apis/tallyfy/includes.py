"""Projections of templates, runs, tasks and threads: the served members, and those that `with` includes.

Sources: Processes > Get process, Tasks > Get task, Templates > Get template. An include is a collection or an
item of its own. Must not change any record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from understudy.apis.tallyfy import fields as tallyfy_fields
from understudy.apis.tallyfy.assets import assets_of
from understudy.apis.tallyfy.associations import included_tags
from understudy.apis.tallyfy.records import DAY, listed, stamp
from understudy.apis.tallyfy.template_records import live_steps
from understudy.engine.call import Call, Json
from understudy.engine.problem import Problem
from understudy.engine.store import Record, decode, encode

HIDDEN = "auto-skipped"
LABELS = {
    "not-started": "Not started",
    "active": "Active",
    "in-progress": "In progress",
    "completed": "Completed",
    HIDDEN: "Auto-skipped",
}
Include = Callable[[Call, Record], Json]


def requested_includes(call: Call, known: Mapping[str, object]) -> frozenset[str]:
    """Return the includes of a call; a nested one (`tasks.threads`) implies the outer one."""
    names = set(listed(call.arguments.get("with")))
    unknown = sorted(name for name in names if name not in known)
    if unknown and call.assumed("tallyfy.includes.unknown") == "reject":
        raise Problem(
            "invalid", f"with: unknown {', '.join(unknown)}", fields={"with": ["The selected with is invalid."]}
        )
    return frozenset(names & known.keys() | {name.partition(".")[0] for name in names if name in known})


def template(call: Call, record: Record, includes: Iterable[str] = ()) -> Record:
    """Return the served form of a template."""
    served = {name: value for name, value in record.items() if name != "_"}
    served["started_processes"] = call.store["runs"].query([("template", record["id"])]).size()
    return served | {name: TEMPLATE_INCLUDES[name](call, record) for name in includes}


def run(call: Call, record: Record, includes: Iterable[str] = ()) -> Record:
    """Return the served form of a run."""
    hidden, wanted = record["_"], frozenset(includes)
    late, soon = _due(call, hidden["deadlines"])
    open_kickoff = call.assumed("tallyfy.kickoff.open-status") if hidden["kickoff_open"] else "complete"
    latest = record["max_task_deadline"]
    due = latest if call.assumed("tallyfy.runs.due-date") == "latest-deadline" else None
    running = record["status"] != "complete" and not record["archived_at"]
    served = {name: value for name, value in record.items() if name != "_"} | {
        "status": run_status(call, record),
        "progress": _progress(call, hidden["counts"], "visible"),
        "whole_progress": _progress(call, hidden["counts"], "all"),
        "prerun_status": open_kickoff,
        "due_date": due,
        "due_date_passed": bool(running and due and due < stamp(call.now)),
        "due_soon": bool(running and soon),
        "late_tasks": late if running else 0,
        "has_open_issue": hidden["process_issues"] > 0,
    }
    plain = sorted(name for name in wanted if "." not in name)
    return served | {
        name: RUN_INCLUDES[name](call, record) if name != "tasks" else _tasks(call, record, wanted) for name in plain
    }


def run_status(call: Call, record: Record) -> str:
    """Return the served status of a run: that of its life cycle, unless it is archived or counts as delayed."""
    if record["archived_at"]:
        return "archived"
    delayed = record["status"] == "active" and is_late(call, record)
    return "delayed" if delayed and call.assumed("tallyfy.runs.delayed") == "delayed" else str(record["status"])


def is_late(call: Call, record: Record) -> bool:
    """Whether a task of a run is not completed after its deadline."""
    return _due(call, record["_"]["deadlines"])[0] > 0


def task(call: Call, record: Record, includes: Iterable[str] = (), *, listed: bool = False) -> Record:
    """A task as it is served; a listed one has no summary unless it is requested_includes for (Tasks > Get task)."""
    names = frozenset(includes)
    parent = call.store["runs"].get(record["run_id"]) if record["run_id"] else None
    status = task_status(call, record)
    blocked = record["status"] in ("completed", HIDDEN) or record["problem"] or bool(record["archived_at"])
    served = {name: value for name, value in record.items() if name != "_"} | {
        "status": status,
        "status_label": LABELS[status],
        "is_completable": not blocked,
        "run_status": run_status(call, parent) if parent else None,
    }
    if listed and "summary" not in names:
        del served["summary"]
    plain = sorted(name for name in names if "." not in name and name != "summary")
    return served | {name: TASK_INCLUDES[name](call, record) for name in plain} | _run_include(call, parent, names)


def thread(record: Record) -> Record:
    """Return the served form of a comment or issue."""
    return {name: value for name, value in record.items() if name != "_"}


def run_tasks(call: Call, run_id: str) -> list[Record]:
    """Return the tasks of a run, by position."""
    rows = call.store["tasks"].query([("run", run_id)])
    return [decode(row) for row in rows.slice(0, rows.size())]


def threads_of(call: Call, name: str, id: str) -> list[Record]:
    """Return the comments and issues of a task (`name` is `task`) or a run (`run`), oldest first."""
    rows = call.store["threads"].query([(name, id)])
    return [decode(row) for row in rows.slice(0, rows.size())]


def fields_of(call: Call, record: Record) -> list[Record]:
    """Return the form fields of a task, from its step; a one-off task has its own."""
    if record["step_id"] is None:
        return [{**field, "task_id": record["id"]} for field in record["_"].get("form_fields", ())]
    definition = call.store["definitions"].require(record["checklist_id"])
    step = next(step for step in definition["steps"] if step["id"] == record["step_id"])
    return [{**field, "task_id": record["id"]} for field in step["captures"]]


def form_fields(call: Call, record: Record, *, visible: bool = True) -> list[Record]:
    """Return the fields of all tasks of a run, with visible answers."""
    return [
        tallyfy_fields.with_answer(call, field, task["taskdata"], visible=visible)
        for task in run_tasks(call, record["id"])
        for field in fields_of(call, task)
    ]


def kickoff_fields(call: Call, record: Record, *, visible: bool = True) -> list[Record]:
    """Return the fields of the kick-off form of a run, with visible answers."""
    fields = call.store["templates"].require(record["checklist_id"])["prerun"]
    return [tallyfy_fields.with_answer(call, field, record["prerun"], visible=visible) for field in fields]


def _progress(call: Call, counts: Mapping[str, int], total: str) -> Record:
    if call.assumed("tallyfy.progress.whole") == "visible-tasks":
        total = "visible"
    exact = 100 * counts["done"] / counts[total] if counts[total] else 0
    rounding: dict[str, Callable[[float], float]] = {"down": int, "nearest": round, "exact": lambda percent: percent}
    percent = rounding[call.assumed("tallyfy.progress.percent")](exact)
    return {"complete": counts["done"], "total": counts[total], "percent": percent}


def _due(call: Call, deadlines: Sequence[str]) -> tuple[int, int]:
    """Count the deadlines that have passed, and those that will soon."""
    now = stamp(call.now)
    soon = stamp(call.now + call.assumed("tallyfy.runs.due-soon-hours") * DAY // 24)
    return sum(deadline < now for deadline in deadlines), sum(now <= deadline <= soon for deadline in deadlines)


def task_status(call: Call, record: Record) -> str:
    """Return the status of a task as it is served."""
    fresh = record["status"] == "not-started"
    return str(call.assumed("tallyfy.tasks.fresh-status") if fresh else record["status"])


def _item(call: Call, body: Json) -> Json:
    return {"data": body} if call.assumed("tallyfy.includes.item") == "wrapped" else body


def _collection(items: Sequence[Json]) -> Json:
    return {"data": list(items)}


def undescribed(call: Call, items: Sequence[Json]) -> Json:
    """Return an included collection whose shape no page shows."""
    return _collection(items) if call.assumed("tallyfy.includes.undescribed") == "wrapped" else list(items)


def _of_template(call: Call, items: Sequence[Json]) -> Json:
    wrapped = call.assumed("tallyfy.includes.template-collections") == "wrapped"
    return _collection(items) if wrapped else list(items)


def _visible(call: Call, record: Record) -> list[Record]:
    return [task for task in run_tasks(call, record["id"]) if task["status"] != HIDDEN]


def _tasks(call: Call, record: Record, wanted: frozenset[str]) -> Json:
    nested = [name.partition(".")[2] for name in wanted if name.startswith("tasks.")]
    return _collection([task(call, child, nested, listed=True) for child in _visible(call, record)])


def next_tasks(call: Call, record: Record) -> list[Record]:
    """Return the next tasks, earliest deadline first (Processes > Get process > Understanding next_task)."""
    without = "9999" if call.assumed("tallyfy.next-task.without-deadline") == "last" else ""
    tie = call.assumed("tallyfy.next-task.ties")
    waiting = [task for task in _visible(call, record) if task["status"] != "completed"]
    waiting.sort(key=lambda task: (task["deadline"] or without, task[tie], task["increment_id"]))
    return waiting if call.assumed("tallyfy.next-task.entries") == "all" else waiting[:1]


def _next_task(call: Call, record: Record) -> Json:
    names = ("id", "increment_id", "title", "alias", "owners", "deadline")
    return _collection([{name: task[name] for name in names} for task in next_tasks(call, record)])


def _folders(call: Call, ids: Iterable[str]) -> list[Record]:
    return [call.store["folders"].require(id) for id in ids]


def _checklist(call: Call, record: Record) -> Json:
    return _item(call, template(call, call.store["templates"].require(record["checklist_id"])))


def _stages(call: Call, record: Record) -> Json:
    return undescribed(call, call.store["definitions"].require(record["checklist_id"])["stages"])


def _answers_are_visible(call: Call) -> bool:
    return bool(call.arguments.get("form_fields_values"))


def _run_of(call: Call, record: Record) -> Record | None:
    return call.store["runs"].get(record["run_id"]) if record["run_id"] else None


def _run_include(call: Call, parent: Record | None, names: frozenset[str]) -> Record:
    if "run" not in names:
        return {}
    if parent is None:
        return {"run": None}
    return {"run": _item(call, run(call, parent, ["checklist"] if "run.checklist" in names else []))}


def _step(call: Call, record: Record) -> Json:
    if record["step_id"] is None:
        return None
    definition = call.store["definitions"].require(record["checklist_id"])
    return _item(call, next(step for step in definition["steps"] if step["id"] == record["step_id"]))


def _threads(call: Call, record: Record, *labels: str) -> Json:
    found = threads_of(call, "task", record["id"])
    return _collection([thread(item) for item in found if not labels or item["label"] in labels])


def _of_run(name: str) -> Include:
    """An include of a task's run; empty for a one-off task."""

    def include(call: Call, record: Record) -> Json:
        parent = _run_of(call, record)
        return RUN_INCLUDES[name](call, parent) if parent else _collection([])

    return include


def _task_tags(call: Call, record: Record) -> Json:
    """The tags of a task's run; those of its own for a one-off task."""
    parent = _run_of(call, record)
    subject = parent or record
    return _collection(included_tags(call, subject["id"], subject["_"].get("tags", ())))


def _folder(call: Call, record: Record) -> Json:
    folder = call.store["folders"].get(record["folder_id"]) if record["folder_id"] else None
    return folder and _item(call, folder)


TEMPLATE_INCLUDES: dict[str, Include] = {
    "steps": lambda call, record: _of_template(call, live_steps(call.store["definitions"].require(record["id"]))),
    "tags": lambda call, record: _of_template(call, included_tags(call, record["id"], record["_"]["tags"])),
    "folder": _folder,
}

RUN_INCLUDES: dict[str, Include] = {
    "checklist": _checklist,
    "tasks": lambda call, record: _tasks(call, record, frozenset()),
    "tasks.threads": lambda call, record: None,  # see _tasks
    "tasks.form_fields": lambda call, record: None,
    "tags": lambda call, record: _collection(included_tags(call, record["id"], record["_"]["tags"])),
    "assets": lambda call, record: undescribed(call, [*record["_"]["assets"], *assets_of(call, record["id"])]),
    "next_task": _next_task,
    "permissions": lambda call, record: undescribed(call, []),
    "tasks_meta": lambda call, record: undescribed(call, []),
    "ko_form_fields": lambda call, record: _collection(
        kickoff_fields(call, record, visible=_answers_are_visible(call))
    ),
    "form_fields": lambda call, record: _collection(form_fields(call, record, visible=_answers_are_visible(call))),
    "stages": _stages,
    "folders": lambda call, record: undescribed(call, _folders(call, record["_"]["folders"])),
    "member_watchers": lambda call, record: undescribed(call, record["_"]["member_watchers"]),
    "guest_watchers": lambda call, record: undescribed(call, record["_"]["guest_watchers"]),
}

TASK_INCLUDES: dict[str, Include] = {
    "run": lambda call, record: None,  # see _run_include
    "run.checklist": lambda call, record: None,
    "summary": lambda call, record: record["summary"],
    "step": _step,
    "form_fields": lambda call, record: _collection(
        [tallyfy_fields.with_answer(call, field, record["taskdata"]) for field in fields_of(call, record)]
    ),
    "threads": _threads,
    "comments": lambda call, record: _threads(call, record, "comment", "improvement", "advice"),
    "issues": lambda call, record: _threads(call, record, "problem"),
    "threads_count": lambda call, record: len(threads_of(call, "task", record["id"])),
    "tags": _task_tags,
    "folders": _of_run("folders"),
    "assets": _of_run("assets"),
    "member_watchers": _of_run("member_watchers"),
    "guest_watchers": _of_run("guest_watchers"),
    "ko-form-fields": lambda call, record: _collection(
        kickoff_fields(call, parent) if (parent := _run_of(call, record)) else []
    ),
    "roles": lambda call, record: undescribed(call, []),
    "activities": lambda call, record: undescribed(call, []),
}


def row_projection(
    project: Callable[[Call, Record, Iterable[str]], Record], call: Call, includes: Any
) -> Callable[[bytes], bytes]:
    """Return a function from a stored row to the served one."""
    return lambda row: encode(project(call, decode(row), includes))
