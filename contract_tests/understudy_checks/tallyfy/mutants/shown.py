"""Mutants of Tallyfy's views of processes and tasks: includes, next task, progress, members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.apis.tallyfy.includes import HIDDEN
from understudy.engine.call import Call
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Event,
    at_event,
    drop_members,
    ignore_query,
    map_item,
    set_members,
    set_query,
    swap_error,
    swap_handler,
    without,
)
from understudy_checks.tallyfy.mutants.lists import includes
from understudy_checks.tallyfy.mutants.tasks import put_hidden, tasks_of

RUNS = ("getRun", "listRuns")
NEXT = ("id", "increment_id", "title", "alias", "owners", "deadline")
"""The members of a next task."""


def shows(name: str, change: Callable[[Call, Any], Any]) -> Breakage:
    """Replace an include of processes by `change(call, run)`."""
    return map_item(RUNS, lambda call, run: {**run, name: change(call, run)} if name in run else run)


def shows_each(name: str, change: Callable[[Any], Any]) -> Breakage:
    """Replace each object of an included collection by `change(object)`."""
    return shows(name, lambda call, run: {"data": [change(item) for item in run[name]["data"]]})


def shows_next(when: Callable[[Any], object], key: Callable[[Any], str], index: int = 0) -> Breakage:
    """Show as next task the first by `key` of those for which `when` is true, or the one at another index."""

    def choose(call: Call, run: Any) -> Any:
        return next_tasks(sorted(filter(when, tasks_of(call, run["id"])), key=key), index)

    return shows("next_task", choose)


def next_tasks(tasks: list[Any], index: int = 0) -> Any:
    """Return the task at an index in the form of a next task; an empty list without tasks."""
    return {"data": [{name: task[name] for name in NEXT} for task in (tasks and [tasks[index]])]}


def is_left(task: Any) -> bool:
    """Return whether a task is neither completed nor hidden."""
    return task["status"] not in ("completed", HIDDEN)


def deadline(task: Any) -> str:
    """Return the deadline of a task as text."""
    return str(task["deadline"])


def _first_template(call: Call, run: Any) -> Any:
    template = next(iter(call.store["templates"]))
    return {"data": {"id": template["id"], "title": template["title"]}}


def _hide_without_counting(event: Event, call: Call) -> Any:
    before = call.store["runs"].get(call.body["run_id"])
    result = event(call)
    if before:
        put_hidden(call, before["id"], **before["_"])
    return result


def _lower_the_count(run: Any) -> Any:
    return {**run["progress"], "complete": max(0, run["progress"]["complete"] - 1)}


MUTANTS: Table = {
    "includes.on-request": {
        "A process has its tags whether they are asked for or not.": includes(RUNS, lambda names: [*names, "tags"]),
    },
    "includes.each": {
        "`stages` has no effect.": includes(RUNS, lambda names: [name for name in names if name != "stages"]),
        "Of several includes only the first is there.": includes(RUNS, lambda names: names[:1]),
    },
    "includes.collections": {
        "The tags of a process are a plain array.": shows("tags", lambda call, run: run["tags"]["data"]),
    },
    "includes.checklist": {
        "The included template is the first one.": shows("checklist", _first_template),
    },
    "includes.tasks": {
        "The included tasks hold hidden ones.": shows(
            "tasks", lambda call, run: {"data": [without(task, "_") for task in tasks_of(call, run["id"])]}
        ),
        "The included tasks lack completed ones.": shows(
            "tasks",
            lambda call, run: {"data": [task for task in run["tasks"]["data"] if task["status"] != "completed"]},
        ),
    },
    "includes.tags": {
        "Only the first tag is included.": shows("tags", lambda call, run: {"data": run["tags"]["data"][:1]}),
    },
    "includes.task-threads": {
        "The threads of included tasks are empty.": shows_each(
            "tasks", lambda task: {**task, "threads": {"data": []}} if "threads" in task else task
        ),
        "Included tasks have threads whether they are asked for or not.": shows_each(
            "tasks", lambda task: {"threads": {"data": []}, **task}
        ),
    },
    "includes.task-form-fields": {
        "Included tasks never have form fields.": shows_each("tasks", lambda task: without(task, "form_fields")),
    },
    "includes.form-fields": {
        "Kick-off fields are shown as those of the tasks.": shows(
            "form_fields", lambda call, run: run.get("ko_form_fields", run["form_fields"])
        ),
    },
    "includes.values": {
        "`form_fields_values` has no effect.": ignore_query(RUNS, "form_fields_values"),
    },
    "includes.encoded-comma": {
        "An encoded comma does not separate names.": set_query(
            RUNS, **{"with": ""}, when=lambda call: "%2C" in call.request.query
        ),
    },
    "next-task.earliest-deadline": {
        "The next task is the one with the lowest position.": shows_next(is_left, lambda task: str(task["position"])),
        "The next task is the one with the latest deadline.": shows_next(is_left, deadline, -1),
    },
    "next-task.in-progress-counts": {
        "The next task is one that nobody has begun.": shows_next(
            lambda task: task["status"] == "not-started", deadline
        ),
    },
    "next-task.no-hidden-task": {
        "The next task may be a hidden one.": shows_next(lambda task: task["status"] != "completed", deadline),
    },
    "next-task.collection": {
        "The next task is an object of its own, or null.": shows(
            "next_task", lambda call, run: next(iter(run["next_task"]["data"]), None)
        ),
    },
    "next-task.empty": {
        "When all tasks are completed the first is next again.": shows(
            "next_task",
            lambda call, run: run["next_task"] if run["next_task"]["data"] else next_tasks(tasks_of(call, run["id"])),
        ),
    },
    "next-task.fields": {
        "The next task shows its status, too.": shows_each("next_task", lambda task: {**task, "status": "x"}),
        "The title of the next task begins with `Next:`.": shows_each(
            "next_task", lambda task: {**task, "title": f"Next: {task['title']}"}
        ),
    },
    "progress.shape": {
        "`percent` goes from 0 to 1.": set_members(
            RUNS, progress=lambda run: {**run["progress"], "percent": run["progress"]["percent"] / 100}
        ),
    },
    "progress.counts-tasks": {
        "`progress` is that of all tasks, hidden or not.": set_members(
            RUNS, progress=lambda run: run["whole_progress"]
        ),
        "`complete` is one less than there are.": set_members(RUNS, progress=_lower_the_count),
    },
    "progress.hidden-tasks": {
        "Hiding a task leaves the progress as it was.": at_event("hide-task", _hide_without_counting),
    },
    "tasks.fields": {
        "A task lacks `starter_id`.": drop_members("getTask", "starter_id"),
        "A task of no process names its organization as one.": map_item(
            "getTask", lambda call, task: {**task, "run_id": task["run_id"] or call.arguments["org_id"]}
        ),
    },
    "tasks.owners": {
        "The owners of a task have no list of guests.": set_members(
            ("getTask", "listRunTasks"), owners=lambda task: without(task["owners"], "guests")
        ),
    },
    "tasks.both-paths": {
        "By the path of its process a task has another title.": set_members(
            "getRunTask", title=lambda task: f"{task['title']} (process)"
        ),
    },
    "tasks.task-of-another-run": {
        "A task is found under any process.": swap_handler("getRunTask", "getTask"),
    },
    "tasks.unknown-task": {
        "Reading a task that does not exist is 422.": swap_error(("getTask", "getRunTask"), "not-found", "invalid"),
    },
    "tasks.includes": {
        "A task never shows its threads.": drop_members("getTask", "threads"),
        "A task shows its form fields whether they are asked for or not.": map_item(
            "getTask", lambda call, task: {"form_fields": {"data": []}, **task}
        ),
    },
}
