"""NextStep with runs and tasks that are shown wrong: fields, order, filters, and what an unknown id gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import (
    RUNS,
    TASKS,
    after,
    again,
    answered,
    before,
    lacking,
    listed,
    members,
    mistaken,
    put,
    records,
    showing,
)
from mock_server.api import Api, Call, Problem, Reply
from mock_server.ids import digest
from mock_server.store import Record, decode, encode

UNDER_A_RUN = ("getProcessRun", "listRunTasks", "getRunTask", "updateRunTask")
READ_ONLY = ("text", "image", "video", "lineBreak")


@mutant("nextstep.runs.unknown-run")
def an_unknown_run_has_no_tasks(api: Api) -> Api:
    """The task list of an unknown run is empty."""

    def list_tasks(call: Call) -> Reply:
        if call.store["runs"].row(call.arguments["id"]) is None:
            return Reply(listed([]))
        return api.handlers["listRunTasks"](call)

    return handled(api, listRunTasks=list_tasks)


@mutant("nextstep.runs.unknown-run")
def an_unknown_run_is_invalid(api: Api) -> Api:
    """An unknown run is answered as a value that is not allowed."""
    return mistaken(api, "run-not-found", "invalid", *UNDER_A_RUN)


@mutant("nextstep.runs.unknown-run")
def updating_in_an_unknown_run_is_forbidden(api: Api) -> Api:
    """Updating a task of an unknown run is answered 403."""
    return mistaken(api, "run-not-found", "forbidden", "updateRunTask")


@mutant("nextstep.runs.unknown-run")
def a_task_is_found_without_its_run(api: Api) -> Api:
    """A task is read by its own id under whatever unknown run."""
    return before(api, lambda call: _run_by_task(call, known=False), "getRunTask")


@mutant("nextstep.runs.unknown-run")
def a_task_is_updated_without_its_run(api: Api) -> Api:
    """A task is updated by its own id under whatever unknown run."""
    return before(api, lambda call: _run_by_task(call, known=False), "updateRunTask")


@mutant("nextstep.runs.unknown-run")
def the_beginning_of_a_runs_id_is_enough(api: Api) -> Api:
    """A run is found by the beginning of its id."""

    def complete(call: Call) -> None:
        given = call.arguments["id"]
        call.arguments["id"] = next((r["id"] for r in records(call, "runs") if r["id"].startswith(given)), given)

    return before(api, complete, "getProcessRun")


@mutant("nextstep.runs.fields")
def listed_runs_have_no_sections(api: Api) -> Api:
    """The list of runs leaves out their sections."""
    return showing(api, lacking("sections"), "listProcessRuns")


@mutant("nextstep.runs.fields")
def listed_runs_hide_what_is_null(api: Api) -> Api:
    """The list of runs leaves out due dates that are null."""
    return showing(api, lambda call, run: run if run["due_date"] else lacking("due_date")(call, run), "listProcessRuns")


@mutant("nextstep.runs.fields")
def active_runs_have_another_status(api: Api) -> Api:
    """An active run is listed as `in_progress`."""
    return showing(
        api,
        lambda call, run: {**run, "status": "in_progress" if run["status"] == "active" else "completed"},
        "listProcessRuns",
    )


@mutant("nextstep.runs.fields")
def completed_runs_are_not_told_shared(api: Api) -> Api:
    """A completed run is listed without `is_shared`."""
    hide = lacking("is_shared")
    return showing(api, lambda call, run: run if run["status"] == "active" else hide(call, run), "listProcessRuns")


@mutant("nextstep.runs.fields")
def listed_sections_have_no_order(api: Api) -> Api:
    """The sections of a listed run have no order."""

    def strip(call: Call, run: Any) -> Any:
        return {**run, "sections": [lacking("order")(call, section) for section in run["sections"]]}

    return showing(api, strip, "listProcessRuns")


@mutant("nextstep.runs.fields")
def sharing_is_a_number(api: Api) -> Api:
    """A listed run says 0 in place of false."""
    return showing(api, members(is_shared=0), "listProcessRuns")


@mutant("nextstep.runs.completed-at")
def completed_runs_show_no_time(api: Api) -> Api:
    """A completed run has null as its time of completion."""
    return showing(api, members(completed_at=None), *RUNS)


@mutant("nextstep.runs.completed-at")
def the_list_shows_no_time_of_completion(api: Api) -> Api:
    """A completed run has null as its time of completion in the list."""
    return showing(api, members(completed_at=None), "listProcessRuns")


@mutant("nextstep.runs.completed-at")
def runs_complete_before_they_start(api: Api) -> Api:
    """A completed run shows the time at which its template was made."""

    def earlier(call: Call, run: Any) -> Any:
        template: Any = call.store["templates"].get(run["template_id"])
        return {**run, "completed_at": run["completed_at"] and template["created_at"]}

    return showing(api, earlier, "getProcessRun", "listProcessRuns")


@mutant("nextstep.runs.completed-at")
def active_runs_show_when_a_task_was_completed(api: Api) -> Api:
    """An active run shows the time of its last update as that of completion."""
    return showing(api, lambda call, run: {**run, "completed_at": run["completed_at"] or run["updated_at"]}, *RUNS[:2])


@mutant("nextstep.runs.newest-first")
def runs_are_listed_oldest_first(api: Api) -> Api:
    """Runs are listed from the oldest to the newest."""
    return _listing(api, lambda call, rows: rows[::-1])


@mutant("nextstep.runs.newest-first")
def filtered_runs_are_listed_oldest_first(api: Api) -> Api:
    """Runs are listed from the oldest to the newest when they are filtered by status."""
    return _listing(api, lambda call, rows: rows[::-1] if "status" in call.arguments else rows)


@mutant("nextstep.runs.newest-first")
def runs_are_listed_by_title(api: Api) -> Api:
    """Runs are listed in the order of their titles."""
    return _listing(api, lambda call, rows: sorted(rows, key=lambda run: run["title"]))


@mutant("nextstep.runs.newest-first")
def runs_are_listed_by_their_last_update(api: Api) -> Api:
    """The run that was updated last is listed first."""
    return _listing(
        api, lambda call, rows: sorted(rows, key=lambda run: run["updated_at"] or run["created_at"], reverse=True)
    )


@mutant("nextstep.runs.newest-first")
def new_runs_are_listed_last(api: Api) -> Api:
    """Runs that were started through the API stand behind all others."""
    return _listing(api, lambda call, rows: sorted(rows, key=lambda run: run["created_at"] > "2030"))


@mutant("nextstep.runs.status-filter")
def the_status_is_ignored(api: Api) -> Api:
    """Filtering by status lists all runs."""
    return _asked(api, lambda call: call.arguments.pop("status", None))


@mutant("nextstep.runs.status-filter")
def completed_is_ignored(api: Api) -> Api:
    """Filtering by the status completed lists all runs."""
    return _asked(api, lambda call: call.arguments.get("status") == "completed" and call.arguments.pop("status"))


@mutant("nextstep.runs.status-filter")
def the_filter_is_turned_round(api: Api) -> Api:
    """Filtering by status lists the runs that do not have it."""
    other = {"active": "completed", "completed": "active"}

    def turn(call: Call) -> None:
        if "status" in call.arguments:
            call.arguments["status"] = other[call.arguments["status"]]

    return _asked(api, turn)


@mutant("nextstep.runs.status-filter")
def untouched_runs_are_not_active(api: Api) -> Api:
    """Filtering by the status active leaves out runs that were never updated."""

    def choose(call: Call, rows: list[Record]) -> list[Record]:
        return [run for run in rows if run["updated_at"]] if call.arguments.get("status") == "active" else rows

    return _listing(api, choose)


@mutant("nextstep.runs.template-filter")
def the_template_is_ignored(api: Api) -> Api:
    """Filtering by template lists all runs."""
    return _asked(api, lambda call: call.arguments.pop("template_id", None))


@mutant("nextstep.runs.template-filter")
def a_template_is_like_another(api: Api) -> Api:
    """Filtering by template lists the runs of all templates whose ids begin alike."""

    def choose(call: Call, rows: list[Record]) -> list[Record]:
        wanted = call.arguments.get("template_id")
        return [run for run in rows if run["template_id"][0].lower() == wanted[0].lower()] if wanted else rows

    return _chosen(api, choose)


@mutant("nextstep.runs.template-filter")
def filters_look_at_the_newest_runs(api: Api) -> Api:
    """Filtering by template looks at the newest twenty runs only."""

    def choose(call: Call, rows: list[Record]) -> list[Record]:
        wanted = call.arguments.get("template_id")
        return [run for run in rows[:20] if run["template_id"] == wanted] if wanted else rows

    return _chosen(api, choose)


@mutant("nextstep.runs.template-filter")
def new_runs_are_missing_under_their_template(api: Api) -> Api:
    """Filtering by template leaves out the runs that were started through the API."""

    def choose(call: Call, rows: list[Record]) -> list[Record]:
        return [run for run in rows if run["created_at"] < "2030"] if "template_id" in call.arguments else rows

    return _listing(api, choose)


@mutant("nextstep.runs.filters-combine")
def one_filter_is_enough(api: Api) -> Api:
    """With both filters a run that passes one of them is listed."""

    def choose(call: Call, rows: list[Record]) -> list[Record]:
        wanted = {name: call.arguments[name] for name in ("status", "template_id") if name in call.arguments}
        return [run for run in rows if not wanted or any(run[name] == value for name, value in wanted.items())]

    return _chosen(api, choose)


@mutant("nextstep.runs.filters-combine")
def the_status_wins(api: Api) -> Api:
    """With both filters only the status counts."""
    return _asked(api, lambda call: "status" in call.arguments and call.arguments.pop("template_id", None))


@mutant("nextstep.runs.filters-combine")
def the_template_wins(api: Api) -> Api:
    """With both filters only the template counts."""
    return _asked(api, lambda call: "template_id" in call.arguments and call.arguments.pop("status", None))


@mutant("nextstep.runs.filters-combine")
def both_filters_find_nothing(api: Api) -> Api:
    """With both filters nothing is listed."""
    return _listing(api, lambda call, rows: [] if {"status", "template_id"} <= call.arguments.keys() else rows)


@mutant("nextstep.tasks.fields")
def tasks_name_the_template_as_their_run(api: Api) -> Api:
    """A task shows its template's id as that of its run."""

    def rename(call: Call, task: Any) -> Any:
        run: Any = call.store["runs"].get(task["instance_id"])
        return {**task, "instance_id": run["template_id"]}

    return showing(api, rename, "listRunTasks")


@mutant("nextstep.tasks.fields")
def a_single_task_has_no_due_date(api: Api) -> Api:
    """A task that is read by its id does not show its due date."""
    return showing(api, lacking("due_date"), "getRunTask")


@mutant("nextstep.tasks.fields")
def webhooks_are_not_told(api: Api) -> Api:
    """A task that sends no webhook does not show that."""
    hide = lacking("webhook_enabled")
    return showing(api, lambda call, task: task if task["webhook_enabled"] else hide(call, task), "getRunTask")


@mutant("nextstep.tasks.fields")
def listed_tasks_have_no_template_task(api: Api) -> Api:
    """A listed task does not show which of the template's tasks it was."""
    return showing(api, lacking("template_task_id"), "listRunTasks")


@mutant("nextstep.tasks.by-position")
def tasks_are_counted_from_one(api: Api) -> Api:
    """The first task of a run has the order 1."""
    return showing(api, lambda call, task: {**task, "order": task["order"] + 1}, *TASKS)


@mutant("nextstep.tasks.by-position")
def tasks_are_counted_by_page(api: Api) -> Api:
    """The order of the tasks starts again on every page."""

    def list_tasks(call: Call) -> Reply:
        body = answered(call, api.handlers["listRunTasks"](call))
        return Reply(encode({**body, "data": [{**task, "order": n} for n, task in enumerate(body["data"])]}))

    return handled(api, listRunTasks=list_tasks)


@mutant("nextstep.tasks.by-position")
def tasks_are_listed_backwards(api: Api) -> Api:
    """A run's tasks are listed from the last to the first."""
    return _arranged(api, lambda task: -task["order"])


@mutant("nextstep.tasks.by-position")
def completed_tasks_are_listed_last(api: Api) -> Api:
    """A run's open tasks are listed before the completed ones."""
    return _arranged(api, lambda task: (task["completed"], task["order"]))


@mutant("nextstep.tasks.by-position")
def tasks_are_ordered_as_text(api: Api) -> Api:
    """A run's tasks are listed in the alphabetical order of their positions: 0, 1, 10, 11, 2."""
    return _arranged(api, lambda task: str(task["order"]))


@mutant("nextstep.tasks.section")
def sections_of_tasks_are_others(api: Api) -> Api:
    """A task of a run names a section that its run does not have."""

    def rename(call: Call, task: Any) -> Any:
        return {**task, "section_id": task["section_id"] and f"{task['instance_id']}-{task['section_id']}"}

    return showing(api, rename, *TASKS)


@mutant("nextstep.tasks.section")
def runs_have_their_first_section(api: Api) -> Api:
    """A run has only the first section of its template."""
    return after(api, lambda call, run: put(call, "runs", run["id"], sections=run["sections"][:1]), "createProcessRun")


@mutant("nextstep.tasks.section")
def tasks_name_their_section_by_title(api: Api) -> Api:
    """A task shows the title of its section."""

    def rename(call: Call, task: Any) -> Any:
        run: Any = call.store["runs"].get(task["instance_id"])
        titles = {section["id"]: section["title"] for section in run["sections"]}
        return {**task, "section_id": titles.get(task["section_id"])}

    return showing(api, rename, "listRunTasks")


@mutant("nextstep.tasks.elements")
def everything_is_writable(api: Api) -> Api:
    """Every element says that it is not display-only."""
    return _elements(api, lambda element: {**element, "display_only": False})


@mutant("nextstep.tasks.elements")
def images_are_writable(api: Api) -> Api:
    """An image element says that it is not display-only."""
    others = [kind for kind in READ_ONLY if kind != "image"]
    return _elements(api, lambda element: {**element, "display_only": element["type"] in others})


@mutant("nextstep.tasks.elements")
def dates_are_read_only(api: Api) -> Api:
    """A date element says that it is display-only."""
    return _elements(api, lambda element: {**element, "display_only": element["type"] in (*READ_ONLY, "date")})


@mutant("nextstep.tasks.elements")
def elements_without_a_value_show_none(api: Api) -> Api:
    """An element that has no value lacks that member."""
    return _elements(api, lambda e: {name: value for name, value in e.items() if name != "value" or value is not None})


@mutant("nextstep.tasks.elements")
def elements_do_not_tell_whether_they_are_required(api: Api) -> Api:
    """An element shows `required` only when that is true."""
    return _elements(api, lambda e: {name: value for name, value in e.items() if name != "required" or value})


@mutant("nextstep.tasks.unique-to-the-run")
def task_ids_are_the_templates(api: Api) -> Api:
    """A task of a run has the id of the template's task."""

    def rename(call: Call, data: Any) -> None:
        tasks = again(api, call, "listRunTasks", {"id": data["id"]})
        put(call, "progress", data["id"], ids={task["template_task_id"]: task["order"] for task in tasks})

    return after(api, rename, "createProcessRun")


@mutant("nextstep.tasks.unique-to-the-run")
def task_ids_arelisted(api: Api) -> Api:
    """A task of a run has its position as its id."""

    def rename(call: Call, data: Any) -> None:
        tasks = again(api, call, "listRunTasks", {"id": data["id"]})
        put(call, "progress", data["id"], ids={f"task-{task['order']}": task["order"] for task in tasks})

    return after(api, rename, "createProcessRun")


@mutant("nextstep.tasks.unknown-task")
def an_unknown_task_is_the_first(api: Api) -> Api:
    """Reading an unknown task answers the first one of the run."""
    return before(api, _first_if_unknown(api), "getRunTask")


@mutant("nextstep.tasks.unknown-task")
def updating_an_unknown_task_updates_the_first(api: Api) -> Api:
    """Updating an unknown task updates the first one of the run."""
    return before(api, _first_if_unknown(api), "updateRunTask")


@mutant("nextstep.tasks.unknown-task")
def an_unknown_task_is_invalid(api: Api) -> Api:
    """Updating an unknown task is answered as a value that is not allowed."""
    return mistaken(api, "task-not-found", "invalid", "updateRunTask")


@mutant("nextstep.tasks.unknown-task")
def an_unknown_task_breaks_the_server(api: Api) -> Api:
    """Reading an unknown task is answered 500."""
    return mistaken(api, "task-not-found", "internal", "getRunTask")


@mutant("nextstep.tasks.unknown-task")
def tasks_are_found_by_the_templates_id(api: Api) -> Api:
    """A task of a run is found by the id of the template's task, too."""

    def translate(call: Call) -> None:
        if call.store["runs"].row(call.arguments["runId"]) is not None:
            for task in again(api, call, "listRunTasks", {"id": call.arguments["runId"]}):
                if task["template_task_id"] == call.arguments["taskId"]:
                    call.arguments["taskId"] = task["id"]

    return before(api, translate, "getRunTask", "updateRunTask")


@mutant("nextstep.tasks.task-of-another-run")
def tasks_are_read_under_any_run(api: Api) -> Api:
    """A task is read by its own id under whatever other run."""
    return before(api, lambda call: _run_by_task(call, known=True), "getRunTask")


@mutant("nextstep.tasks.task-of-another-run")
def tasks_are_updated_under_any_run(api: Api) -> Api:
    """A task is updated by its own id under whatever other run, though it cannot be read there."""
    return before(api, lambda call: _run_by_task(call, known=True), "updateRunTask")


@mutant("nextstep.tasks.task-of-another-run")
def a_refused_task_of_another_run_is_updated(api: Api) -> Api:
    """Updating a task under another run is refused, and done."""

    def update(call: Call) -> Reply:
        try:
            return api.handlers["updateRunTask"](call)
        except Problem:
            if _run_by_task(call, known=True):
                api.handlers["updateRunTask"](call)
            raise

    return handled(api, updateRunTask=update)


@mutant("nextstep.tasks.task-of-another-run")
def a_task_of_another_run_is_forbidden(api: Api) -> Api:
    """A task under another run is answered 403."""

    def get_task(call: Call) -> Reply:
        try:
            return api.handlers["getRunTask"](call)
        except Problem as problem:
            raise Problem("forbidden" if _run_by_task(call, known=True) else problem.kind) from problem

    return handled(api, getRunTask=get_task)


def _run_by_task(call: Call, *, known: bool) -> bool:
    """Put the run that really has the task in place of the run that was named, if that is known (or not)."""
    named, task_id = call.arguments["runId"], call.arguments["taskId"]
    if (call.store["runs"].row(named) is not None) is not known:
        return False
    for run in records(call, "runs"):
        # the task ids of one run begin alike, but for those that a fixture gives
        if run["id"] != named and task_id[:16] == digest(run["id"], 16):
            call.arguments["runId"] = run["id"]
            return True
    return False


def _first_if_unknown(api: Api) -> Callable[[Call], None]:
    def replace(call: Call) -> None:
        if call.store["runs"].row(call.arguments["runId"]) is not None:
            ids = [task["id"] for task in again(api, call, "listRunTasks", {"id": call.arguments["runId"]})]
            if ids and call.arguments["taskId"] not in ids:
                call.arguments["taskId"] = ids[0]

    return replace


def _asked(api: Api, act: Callable[[Call], object]) -> Api:
    return before(api, act, "listProcessRuns")


def _listing(api: Api, choose: Callable[[Call, list[Record]], list[Record]]) -> Api:
    """The list of runs holds what `choose` makes of what it should hold."""

    def list_runs(call: Call) -> Reply:
        listing: Any = api.handlers["listProcessRuns"](call).body
        return Reply(listed(choose(call, [decode(row) for row in listing.page(None, 1_000_000).rows])))

    return handled(api, listProcessRuns=list_runs)


def _chosen(api: Api, choose: Callable[[Call, list[Record]], list[Record]]) -> Api:
    """The list of runs holds what `choose` makes of all runs, newest first."""

    def list_runs(call: Call) -> Reply:
        return Reply(listed(choose(call, list(records(call, "runs"))[::-1])))

    return handled(api, listProcessRuns=list_runs)


def _arranged(api: Api, key: Callable[[Any], Any]) -> Api:
    def list_tasks(call: Call) -> Reply:
        reply = api.handlers["listRunTasks"](call)
        tasks = again(api, call, "listRunTasks", {"id": call.arguments["id"]})
        return structs.replace(reply, body=listed(sorted(tasks, key=key)))

    return handled(api, listRunTasks=list_tasks)


def _elements(api: Api, change: Callable[[Any], Any]) -> Api:
    def shown(call: Call, task: Any) -> Any:
        return {**task, "custom_elements": [change(element) for element in task["custom_elements"]]}

    return showing(api, shown, *TASKS)
