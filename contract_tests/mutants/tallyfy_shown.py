"""Tallyfy with processes and tasks shown wrong: includes, the next task, progress, fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import before, happening, lacking, mistaken, put, showing
from mock_server.api import Api, Call
from mock_server.store import Record, decode

Json = Any
RUNS = ("getRun", "listRuns")


@mutant("tallyfy.includes.on-request")
def tags_are_always_included_in_a_process(api: Api) -> Api:
    """A process has its tags whether they are asked for or not."""
    return _with(api, lambda names: [*names, "tags"])


@mutant("tallyfy.includes.each")
def stages_are_never_included(api: Api) -> Api:
    """`stages` has no effect."""
    return _with(api, lambda names: [name for name in names if name != "stages"])


@mutant("tallyfy.includes.each")
def only_one_include_at_a_time(api: Api) -> Api:
    """Of several includes only the first is there."""
    return _with(api, lambda names: names[:1])


@mutant("tallyfy.includes.collections")
def tags_are_bare(api: Api) -> Api:
    """The tags of a process are a plain array."""
    return _showing(api, "tags", lambda call, run: run["tags"]["data"])


@mutant("tallyfy.includes.checklist")
def the_checklist_is_another(api: Api) -> Api:
    """The included template is the first one."""

    def first(call: Call, run: Json) -> Json:
        template = next(iter(call.store["templates"]))
        return {"data": {"id": template["id"], "title": template["title"]}}

    return _showing(api, "checklist", first)


@mutant("tallyfy.includes.tasks")
def hidden_tasks_are_included(api: Api) -> Api:
    """The included tasks hold hidden ones."""
    return _showing(api, "tasks", lambda call, run: {"data": [_plain(task) for task in _tasks(call, run)]})


@mutant("tallyfy.includes.tasks")
def completed_tasks_are_left_out(api: Api) -> Api:
    """The included tasks lack completed ones."""
    return _showing(
        api, "tasks", lambda call, run: {"data": [t for t in run["tasks"]["data"] if t["status"] != "completed"]}
    )


@mutant("tallyfy.includes.tags")
def only_one_tag_is_included(api: Api) -> Api:
    """Only the first tag is included."""
    return _showing(api, "tags", lambda call, run: {"data": run["tags"]["data"][:1]})


@mutant("tallyfy.includes.task-threads")
def threads_are_empty(api: Api) -> Api:
    """The threads of included tasks are empty."""
    return _showing_tasks(api, lambda task: {**task, "threads": {"data": []}} if "threads" in task else task)


@mutant("tallyfy.includes.task-threads")
def threads_are_everywhere(api: Api) -> Api:
    """Included tasks have threads whether they are asked for or not."""
    return _showing_tasks(api, lambda task: {"threads": {"data": []}, **task})


@mutant("tallyfy.includes.task-form-fields")
def fields_of_tasks_are_missing(api: Api) -> Api:
    """Included tasks never have form fields."""
    return _showing_tasks(api, lambda task: {name: value for name, value in task.items() if name != "form_fields"})


@mutant("tallyfy.includes.form-fields")
def forms_change_places(api: Api) -> Api:
    """Kick-off fields are shown as those of the tasks."""
    return _showing(api, "form_fields", lambda call, run: run.get("ko_form_fields", run["form_fields"]))


@mutant("tallyfy.includes.values")
def answers_are_not_told(api: Api) -> Api:
    """`form_fields_values` has no effect."""

    def forget(call: Call) -> None:
        call.arguments = {name: value for name, value in call.arguments.items() if name != "form_fields_values"}

    return before(api, forget, *RUNS)


@mutant("tallyfy.includes.encoded-comma")
def encoded_commas_are_letters(api: Api) -> Api:
    """An encoded comma does not separate names."""

    def whole(call: Call) -> None:
        if "%2C" in call.request.query:
            call.arguments = {**call.arguments, "with": ""}

    return before(api, whole, *RUNS)


@mutant("tallyfy.next-task.earliest-deadline")
def the_next_task_is_by_position(api: Api) -> Api:
    """The next task is the one with the lowest position."""
    return _next(
        api, lambda task: task["status"] not in ("completed", "auto-skipped"), lambda task: str(task["position"])
    )


@mutant("tallyfy.next-task.earliest-deadline")
def the_next_task_is_due_last(api: Api) -> Api:
    """The next task is the one with the latest deadline."""

    def latest(call: Call, run: Json) -> Json:
        left = [t for t in _tasks(call, run) if t["status"] not in ("completed", "auto-skipped")]
        return {"data": [_six(task) for task in sorted(left, key=lambda task: str(task["deadline"]))[-1:]]}

    return _showing(api, "next_task", latest)


@mutant("tallyfy.next-task.in-progress-counts")
def a_task_in_progress_is_not_next(api: Api) -> Api:
    """The next task is one that nobody has begun."""
    return _next(api, lambda task: task["status"] == "not-started", lambda task: str(task["deadline"]))


@mutant("tallyfy.next-task.no-hidden-task")
def a_hidden_task_may_be_next(api: Api) -> Api:
    """The next task may be a hidden one."""
    return _next(api, lambda task: task["status"] != "completed", lambda task: str(task["deadline"]))


@mutant("tallyfy.next-task.collection")
def the_next_task_is_bare(api: Api) -> Api:
    """The next task is an object of its own, or null."""
    return _showing(api, "next_task", lambda call, run: next(iter(run["next_task"]["data"]), None))


@mutant("tallyfy.next-task.empty")
def the_last_task_stays_next(api: Api) -> Api:
    """When all tasks are completed the first is next again."""

    def again(call: Call, run: Json) -> Json:
        return {"data": run["next_task"]["data"] or [_six(task) for task in _tasks(call, run)[:1]]}

    return _showing(api, "next_task", again)


@mutant("tallyfy.next-task.fields")
def the_next_task_has_a_status(api: Api) -> Api:
    """The next task shows its status, too."""
    return _showing(
        api, "next_task", lambda call, run: {"data": [{**task, "status": "x"} for task in run["next_task"]["data"]]}
    )


@mutant("tallyfy.next-task.fields")
def the_next_task_has_another_title(api: Api) -> Api:
    """The title of the next task is its alias."""
    return _showing(
        api,
        "next_task",
        lambda call, run: {"data": [{**t, "title": f"Next: {t['title']}"} for t in run["next_task"]["data"]]},
    )


@mutant("tallyfy.progress.shape")
def a_percentage_is_a_share(api: Api) -> Api:
    """`percent` goes from 0 to 1."""
    return showing(api, lambda call, run: {**run, "progress": _scaled(run["progress"])}, *RUNS)


@mutant("tallyfy.progress.counts-tasks")
def progress_counts_hidden_tasks(api: Api) -> Api:
    """`progress` is that of all tasks, hidden or not."""
    return showing(api, lambda call, run: {**run, "progress": run["whole_progress"]}, *RUNS)


@mutant("tallyfy.progress.counts-tasks")
def progress_is_one_behind(api: Api) -> Api:
    """`complete` is one less than there are."""

    def behind(call: Call, run: Json) -> Json:
        return {**run, "progress": {**run["progress"], "complete": max(0, run["progress"]["complete"] - 1)}}

    return showing(api, behind, *RUNS)


@mutant("tallyfy.progress.hidden-tasks")
def hiding_changes_no_progress(api: Api) -> Api:
    """Hiding a task leaves the progress as it was."""

    def hide(original: Callable[[Call], Json], call: Call) -> Json:
        was = call.store["runs"].get(call.body["run_id"])
        result = original(call)
        if was:
            put(call, "runs", was["id"], _=was["_"])
        return result

    return happening(api, "hide-task", hide)


@mutant("tallyfy.tasks.fields")
def a_task_has_no_starter(api: Api) -> Api:
    """A task lacks `starter_id`."""
    return showing(api, lacking("starter_id"), "getTask")


@mutant("tallyfy.tasks.fields")
def a_oneoff_task_has_a_process(api: Api) -> Api:
    """A task of no process names its organization as one."""
    return showing(api, lambda call, task: {**task, "run_id": task["run_id"] or call.arguments["org_id"]}, "getTask")


@mutant("tallyfy.tasks.owners")
def owners_have_no_guests(api: Api) -> Api:
    """The owners of a task have no list of guests."""

    def without(call: Call, task: Json) -> Json:
        return {**task, "owners": {name: value for name, value in task["owners"].items() if name != "guests"}}

    return showing(api, without, "getTask", "listRunTasks")


@mutant("tallyfy.tasks.both-paths")
def a_task_of_a_process_is_called_so(api: Api) -> Api:
    """By the path of its process a task has another title."""
    return showing(api, lambda call, task: {**task, "title": f"{task['title']} (process)"}, "getRunTask")


@mutant("tallyfy.tasks.task-of-another-run")
def the_process_is_overlooked(api: Api) -> Api:
    """A task is found under any process."""
    return handled(api, getRunTask=api.handlers["getTask"])


@mutant("tallyfy.tasks.unknown-task")
def reading_an_unknown_task_is_invalid(api: Api) -> Api:
    """Reading a task that does not exist is 422."""
    return mistaken(api, "not-found", "invalid", "getTask", "getRunTask")


@mutant("tallyfy.tasks.includes")
def threads_are_never_included(api: Api) -> Api:
    """A task never shows its threads."""
    return showing(api, lacking("threads"), "getTask")


@mutant("tallyfy.tasks.includes")
def a_task_always_has_its_fields(api: Api) -> Api:
    """A task shows its form fields whether they are asked for or not."""
    return showing(api, lambda call, task: {"form_fields": {"data": []}, **task}, "getTask")


def _with(api: Api, change: Callable[[list[str]], list[str]]) -> Api:
    """Processes for which `with` means something else."""

    def ask(call: Call) -> None:
        names = [name for name in call.arguments.get("with", "").split(",") if name]
        call.arguments = {**call.arguments, "with": ",".join(change(names))}

    return before(api, ask, *RUNS)


def _showing(api: Api, name: str, change: Callable[[Call, Json], Json]) -> Api:
    """Processes whose include `name`, where it is asked for, is what `change` makes of the process."""
    return showing(api, lambda call, run: {**run, name: change(call, run)} if name in run else run, *RUNS)


def _showing_tasks(api: Api, change: Callable[[Json], Json]) -> Api:
    return _showing(api, "tasks", lambda call, run: {"data": [change(task) for task in run["tasks"]["data"]]})


def _next(api: Api, when: Callable[[Record], bool], key: Callable[[Record], str]) -> Api:
    def first(call: Call, run: Json) -> Json:
        return {"data": [_six(task) for task in sorted(filter(when, _tasks(call, run)), key=key)[:1]]}

    return _showing(api, "next_task", first)


def _tasks(call: Call, run: Json) -> list[Record]:
    rows = call.store["tasks"].matching([("run", run["id"])])
    return [decode(row) for row in rows.slice(0, rows.size())]


def _plain(task: Record) -> Record:
    return {name: value for name, value in task.items() if name != "_"}


def _six(task: Record) -> Record:
    return {name: task[name] for name in ("id", "increment_id", "title", "alias", "owners", "deadline")}


def _scaled(progress: Json) -> Json:
    return {**progress, "percent": progress["percent"] / 100}
