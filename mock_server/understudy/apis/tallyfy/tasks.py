"""The life of a Tallyfy task: made from a step, answered, completed, reopened, hidden and shown; and its lists.

Sources: Tasks > *, Processes > Launch process. What a change means for the process is worked out by
`tallyfy_runs.settle`, which the handlers of `tallyfy` call. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from understudy.apis.tallyfy import fields
from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy.includes import HIDDEN, fields_of
from understudy.apis.tallyfy.records import DAY, existing, listed, moment, my_number, person_id, stamp
from understudy.engine.call import Call, Json
from understudy.engine.clock import milliseconds
from understudy.engine.paging import descending
from understudy.engine.problem import Problem
from understudy.engine.store import Ordered, Positions, Record, Store, decode

Groups = list[Sequence[Hashable]]

# from which statuses an action leads to which (Tasks > Complete task, Reopen task; Hiding tasks)
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "answer": (("not-started",), "in-progress"),
    "complete": (("not-started", "in-progress"), "completed"),
    "reopen": (("completed",), "in-progress"),
    "hide": (("not-started", "in-progress"), HIDDEN),
}
_OPEN = ("not-started", "in-progress")
_LENGTHS = {"minutes": 60_000, "hours": 3_600_000, "days": DAY, "weeks": 7 * DAY}
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_THURSDAY = 3  # the day of the week on which the epoch begins

# which statuses a value of the filter `status` lists
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


def move(task: Record, action: str) -> bool:
    """Let an action change the status of a task, if it can."""
    before, after = MOVES[action]
    if task["status"] not in before:
        return False
    task["status"] = after
    return True


def made_tasks(call: Call, run: Record, steps: Sequence[Record]) -> list[Record]:
    """One task for each step, in their order, with what the launch says about it (Launch process > Overriding tasks).

    They have no id yet.
    """
    given = dict(call.body.get("tasks") or {})
    start = milliseconds(run["started_at"])
    deadlines = step_deadlines(steps, start, {id: _moment(f"tasks.{id}.deadline", o) for id, o in _deadlines(given)})
    tasks = []
    for step in sorted(steps, key=lambda step: int(step["position"])):
        override = given.get(step["id"], {})
        task = fresh_task(run, step)
        task["owners"] = _launch_owners(call, run, step, override)
        task["deadline"] = _launch_deadline(call, start, deadlines[step["id"]])
        task |= {name: override[name] for name in ("position", "max_assignable") if name in override}
        tasks.append(task)
    return tasks


def fresh_task(run: Record, step: Record) -> Record:
    """The task of a step, as it is when a run starts."""
    hidden = step.get("starts_hidden", False)
    return {
        "id": "",
        "increment_id": 0,
        "title": step["title"],
        "original_title": step["title"],
        "run_id": run["id"],
        "checklist_id": run["checklist_id"],
        "step_id": step["id"],
        "alias": step["alias"],
        "status": HIDDEN if hidden else "not-started",
        "status_label": "",
        "task_type": step["step_type"],
        "is_oneoff_task": False,
        "is_completable": True,
        "is_approved": None,
        "owners": {"users": step["assignees"], "guests": step["guests"], "groups": step["groups"]},
        "position": step["position"],
        "started_at": run["started_at"],
        "deadline": None,
        "created_at": run["created_at"],
        "last_updated": run["created_at"],
        "completed_at": None,
        "archived_at": run["archived_at"],
        "starter_id": run["started_by"],
        "completer_id": None,
        "completer_guest_id": None,
        "everyone_must_complete": step["everyone_must_complete"],
        "can_complete_only_assignees": step["can_complete_only_assignees"],
        "max_assignable": step["max_assignable"],
        "webhook": step["webhook"],
        "top_secret": False,
        "prevent_guest_comment": step["prevent_guest_comment"],
        "problem": False,
        "taskdata": {},
        "summary": step["summary"],
        "_": {"issues": 0, "before": "not-started" if hidden else None},
    }


def step_deadlines(steps: Sequence[Record], start: int, given: dict[str, int | None]) -> dict[str, int | None]:
    """When the task of each step is due: as `given`, or so long after the launch or after another task's deadline."""
    due = dict(given)

    def of(step: Record) -> int | None:
        if step["id"] not in due:
            due[step["id"]] = None  # a circle of steps has no deadline
            rule = step["deadline"]
            if rule is not None:
                anchor = next((other for other in steps if other["id"] == rule.get("step")), None)
                base = start if anchor is None else of(anchor)
                due[step["id"]] = None if base is None else base + int(rule["value"]) * _LENGTHS[rule["unit"]]
        return due[step["id"]]

    return {step["id"]: of(step) for step in steps}


def update(call: Call, task: Record) -> Record:
    """Change what the body gives (Tasks > Update task); raises Problem for the first thing that is wrong."""
    body = call.body
    if task["status"] == "completed":
        raise Problem("task-locked")
    if "status" in body and call.assumed("tallyfy.task-update.status") == "reject":
        raise Problem("invalid", fields={"status": ["The status cannot be set."]})
    answers = fields.accept(call, fields_of(call, task), body.get("taskdata"), "taskdata")
    plain = (
        "title",
        "summary",
        "webhook",
        "prevent_guest_comment",
        "max_assignable",
        "task_type",
        "top_secret",
        "position",
    )
    changed = task | {name: body[name] for name in plain if name in body}
    for name in ("deadline", "started_at"):
        if name in body:
            at = _moment(name, body[name])
            changed[name] = at if at is None else stamp(_working(call, at) if name == "deadline" else at)
    if "owners" in body:
        changed["owners"] = _owners(call, body["owners"], task["owners"], place="owners")
    if answers:
        changed["taskdata"] = task["taskdata"] | answers
        if call.assumed("tallyfy.task-update.first-answer") == "in-progress":
            move(changed, "answer")
    changed["last_updated"] = stamp(call.now)
    return changed


def complete(call: Call, task: Record) -> Record:
    """Complete a task; the order of the checks is that of the page (Tasks > Complete task)."""
    body, caller = call.body, my_number(call)
    admin = existing(call.store["people"].get(str(caller)))["role"] == "admin"
    if task["can_complete_only_assignees"] and caller not in task["owners"]["users"] and not admin:
        raise Problem("not-an-assignee")
    if task["status"] == HIDDEN:
        raise Problem("hidden-task")
    if task["status"] == "completed":
        raise Problem("already-completed")
    if task["problem"]:
        raise Problem("unresolved-issue")
    approval, approved = task["task_type"] == "approval", body.get("is_approved")
    if approval and approved is None:
        raise Problem("invalid", fields={"is_approved": ["The is approved field is required"]})
    fields.demand_kept(call, fields_of(call, task), task["taskdata"])
    completer = _completer(call, caller)
    move(task, "complete")
    expires = task["task_type"].startswith("expiring") and approved is False
    now = stamp(call.now)
    return task | {
        "is_approved": approved if approval or expires else None,
        "completed_at": now,
        "completer_id": completer,
        "last_updated": now,
    }


def reopen(call: Call, task: Record) -> Record:
    """Take the completion of a task back (Tasks > Reopen task)."""
    if not move(task, "reopen"):
        raise Problem("not-completed")
    nothing = dict.fromkeys(("completed_at", "completer_id", "completer_guest_id", "is_approved"))
    return task | nothing | {"last_updated": stamp(call.now)}


def place_again(store: Store, run_id: str) -> None:
    """Bring the tasks of a run into the order of their positions."""
    rows = store["tasks"].matching([("run", run_id)])
    tasks = sorted((decode(row) for row in rows.slice(0, rows.size())), key=lambda task: int(task["position"]))
    for task in tasks:
        store["tasks"].remove(task["id"])
    for task in tasks:
        store["tasks"].put(task)


def listing(call: Call, *groups: Sequence[Hashable], status: str | None) -> Ordered | Positions:
    """The tasks in at least one list of each group that the filters of the call leave, in the order it asks for."""
    sort = str(call.arguments.get("sort") or call.arguments.get("sort_by") or "")
    down = sort == "newest" or (not sort and descending(call))
    found = call.store["tasks"].matching(*groups, *_groups(call, status), descending=down)
    kept = _sieve(call, status)
    if not kept and sort in ("", "newest"):
        return found
    tasks = [decode(row) for row in found.slice(0, found.size())]
    return _listed(call, _ordered([task for task in tasks if all(keep(task) for keep in kept)], sort))


def _listed(call: Call, tasks: Sequence[Record]) -> Positions:
    rows = [existing_row(call.store, task["id"]) for task in tasks]
    return Positions(len(rows), rows.__getitem__, lambda place: str(tasks[place]["id"]), lambda wanted: None)


def existing_row(store: Store, id: str) -> bytes:
    """The encoded record of a task that exists."""
    row = store["tasks"].row(id)
    assert row is not None, "the task was just listed"
    return row


def _ordered(tasks: list[Record], sort: str) -> list[Record]:
    """Tasks in the order of `sort`; those without a deadline come last, and first downwards."""
    if sort.lstrip("-") in ("position", "deadline"):
        name = sort.lstrip("-")
        return sorted(tasks, key=lambda task: "9999" if task[name] is None else task[name], reverse=sort[0] == "-")
    return sorted(tasks, key=lambda task: not task["problem"]) if sort == "problems" else tasks


def _groups(call: Call, status: str | None) -> Groups:
    """The filters that lists of the collection answer."""
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
            runs = call.store["runs"].matching([(kind, given[kind])])
            groups.append([("run", id) for id in runs.ids])
    return groups


def _sieve(call: Call, status: str | None) -> list[Any]:
    """The filters that need a look at each task: days and free text (Tasks > List process tasks)."""
    given, now = call.arguments, stamp(call.now)
    soon = stamp(call.now + call.assumed("tallyfy.runs.due-soon-hours") * DAY // 24)
    sieve: list[Any] = []
    if status == "overdue":
        sieve.append(lambda task: task["deadline"] is not None and task["deadline"] < now)
    if status == "due_soon":
        sieve.append(lambda task: task["deadline"] is not None and now <= task["deadline"] <= soon)
    sieve += [_due(given, name) for name in _DUE if name in given and not (name in _RANGE and "deadline_on" in given)]
    if "created" in given:
        first, _, last = given["created"].partition(":")
        sieve.append(lambda task: first <= task["created_at"][:10] <= (last or first))
    if given.get("q"):
        sieve.append(_search(call, given["q"].lower()))
    return sieve


_DUE: dict[str, Any] = {
    "deadline_on": lambda day, asked: day == asked,
    "deadline_before": lambda day, asked: day < asked,
    "deadline_after": lambda day, asked: day > asked,
    "deadline_start_range": lambda day, asked: day >= asked,
    "deadline_end_range": lambda day, asked: day <= asked,
}
_RANGE = ("deadline_start_range", "deadline_end_range", "deadline_before", "deadline_after")


def _due(given: dict[str, Json], name: str) -> Any:
    asked, fits = given[name][:10], _DUE[name]
    return lambda task: task["deadline"] is not None and fits(task["deadline"][:10], asked)


def _search(call: Call, q: str) -> Any:
    def keep(task: Record) -> bool:
        run = call.store["runs"].get(task["run_id"]) if task["run_id"] else None
        return q in task["title"].lower() or (run is not None and q in run["name"].lower())

    return keep


def _deadlines(given: dict[str, Json]) -> list[tuple[str, Json]]:
    return [(id, override["deadline"]) for id, override in given.items() if "deadline" in override]


def _moment(name: str, given: str | None) -> int | None:
    if given is None:
        return None
    try:
        return moment(given)
    except (ValueError, OverflowError):
        raise Problem("invalid", fields={name: [f"The {name} is not a valid date."]}) from None


def _launch_deadline(call: Call, start: int, at: int | None) -> str | None:
    rule = call.assumed("tallyfy.launch.default-deadline") if at is None else None
    if rule is not None:
        at = start + rule["value"] * _LENGTHS[rule["unit"]]
    return None if at is None else stamp(at)


def _launch_owners(call: Call, run: Record, step: Record, override: Record) -> Record:
    if "owners" in override:
        nobody: Record = {"users": [], "guests": [], "groups": []}
        return _owners(call, override["owners"], nobody, place=f"tasks.{step['id']}.owners")
    owners = {"users": step["assignees"], "guests": step["guests"], "groups": step["groups"]}
    if not any(owners.values()) and step["assign_run_starter"]:
        return {**owners, "users": [run["started_by"]]}
    return owners


def _owners(call: Call, given: Record, before: Record, *, place: str) -> Record:
    """Whom a task belongs to (Tasks > Update task > Updating assignees), where the body's `place` says it."""
    kept = call.assumed("tallyfy.task-update.missing-bucket") == "kept"
    names = ("users", "guests", "groups")
    owners = {name: list(given[name] if name in given else before[name] if kept else ()) for name in names}
    people = [person_id(call.store, person) for person in owners["users"]]
    groups = [str(group) for group in owners["groups"]]
    known = [group for group in groups if call.store["groups"].row(group) is not None]
    unknown = None in people or len(known) < len(groups)
    if unknown and call.assumed("tallyfy.task-update.unknown-owner") == "reject":
        raise Problem("invalid", fields={place: ["The selected owners are invalid."]})
    found = [person for person in people if person is not None]
    return {"users": found, "guests": list(owners["guests"]), "groups": known}


def _completer(call: Call, caller: int) -> int:
    given = call.body.get("override_user")
    if given is None:
        return caller
    person = person_id(call.store, given)
    if person is None and call.assumed("tallyfy.completion.unknown-completer") == "reject":
        raise Problem("invalid", fields={"override_user": ["The selected override user is invalid."]})
    return caller if person is None else person


def _working(call: Call, at: int) -> int:
    """A moment on a working day of the organization: this one, or the nearest in the direction of this world."""
    days = next(iter(call.store["organization"])).get("working_days") or {}
    step = DAY if call.assumed("tallyfy.task-update.working-days") == "next" else -DAY
    for _ in _WEEK:
        if days.get(_WEEK[(at // DAY + _THURSDAY) % 7], True):
            break
        at += step
    return at


def shown(call: Call, task: Record, includes: frozenset[str] = frozenset()) -> Record:
    """A task as a single read shows it."""
    return tallyfy_includes.task(call, task, includes)
