"""NextStep with runs that complete too early, too late or not at all, and completed ones that are not closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import (
    after,
    again,
    answered,
    before,
    happening,
    lacking,
    listed,
    put,
    records,
    showing,
)
from mock_server.api import Api, Call, Problem, Reply
from mock_server.clock import rfc3339
from mock_server.store import Positions, Record, decode, encode

UPDATE = "updateRunTask"
EVENTS = ("skip-task", "approve-task")
Decide = Callable[[Call, Sequence[Record]], object]


@mutant("nextstep.completion.last-task")
def runs_never_complete(api: Api) -> Api:
    """A run stays active whatever becomes of its tasks."""
    return _completing(api, lambda call, tasks: False)


@mutant("nextstep.completion.last-task")
def runs_complete_after_an_hour(api: Api) -> Api:
    """A run completes an hour after its last task."""

    def wait(call: Call, run_id: str) -> None:
        run: Any = call.store["runs"].get(run_id)
        if run["status"] == "completed":
            put(call, "runs", run_id, status="active", completed_at=None)
            call.later(3600, "complete-run", {"run_id": run_id})

    return _afterwards(api, wait)


@mutant("nextstep.completion.last-task")
def tasks_must_be_done_in_order(api: Api) -> Api:
    """A run completes only when the task at its end was the last to be completed."""

    def decide(call: Call, tasks: Sequence[Record]) -> bool:
        return all(map(_is_done, tasks)) and tasks[-1]["id"] == _touched(call)

    return _completing(api, decide)


@mutant("nextstep.completion.last-task")
def short_runs_never_complete(api: Api) -> Api:
    """A run of one task stays active."""
    return _completing(api, lambda call, tasks: len(tasks) > 1 and all(map(_is_done, tasks)))


@mutant("nextstep.completion.last-task", "nextstep.completion.open-task-keeps-active")
def one_open_task_does_not_matter(api: Api) -> Api:
    """A run completes with the last but one of its tasks."""
    return _completing(api, lambda call, tasks: sum(map(_is_done, tasks)) >= len(tasks) - 1)


@mutant("nextstep.completion.last-task", "nextstep.completion.open-task-keeps-active")
def the_first_page_of_tasks_decides(api: Api) -> Api:
    """A run completes when the tasks on its first page are done."""
    return _completing(api, lambda call, tasks: all(map(_is_done, tasks[:20])))


@mutant("nextstep.completion.last-task")
def approvals_complete_nothing(api: Api) -> Api:
    """A run whose last task is approved stays active."""
    return happening(api, "approve-task", _leaving_active)


@mutant("nextstep.completion.last-task")
def a_task_that_is_filled_too_completes_nothing(api: Api) -> Api:
    """A run whose last task is completed and filled in one call stays active."""
    return _reopening(api, "custom_elements")


@mutant("nextstep.completion.last-task")
def a_task_of_a_member_completes_nothing(api: Api) -> Api:
    """A run whose last task is completed for a member stays active."""
    return _reopening(api, "actor_email")


@mutant("nextstep.completion.last-task", "nextstep.completion.open-task-keeps-active")
def the_task_at_the_end_decides(api: Api) -> Api:
    """A run completes with the task at its end, whatever the others are."""
    return _completing(api, lambda call, tasks: _is_done(tasks[-1]))


@mutant("nextstep.completion.skipped-counts")
def skipped_tasks_are_forgotten(api: Api) -> Api:
    """A run completes only when every task is completed."""
    return _completing(api, lambda call, tasks: all(task["completed"] for task in tasks))


@mutant("nextstep.completion.skipped-counts")
def skipping_completes_nothing(api: Api) -> Api:
    """A run whose last open task is skipped stays active."""
    return happening(api, "skip-task", _leaving_active)


@mutant("nextstep.completion.skipped-counts")
def one_task_must_be_completed(api: Api) -> Api:
    """A run whose tasks are all skipped stays active."""
    return _completing(api, lambda call, tasks: all(map(_is_done, tasks)) and any(task["completed"] for task in tasks))


@mutant("nextstep.completion.skipped-counts")
def the_last_task_must_be_completed(api: Api) -> Api:
    """A run whose task at the end is skipped stays active."""
    return _completing(api, lambda call, tasks: all(map(_is_done, tasks)) and tasks[-1]["completed"])


@mutant("nextstep.completion.skipped-counts")
def tasks_left_are_counted_wrong(api: Api) -> Api:
    """A run with two skipped tasks or more stays active."""
    return _completing(
        api, lambda call, tasks: all(map(_is_done, tasks)) and sum(task["skipped"] for task in tasks) < 2
    )


@mutant("nextstep.completion.open-task-keeps-active")
def completions_are_counted(api: Api) -> Api:
    """A run completes after as many completions as it has tasks, be they of one task."""

    def count(call: Call) -> None:
        if call.body.get("completed"):
            _count(call, call.arguments["runId"])

    return _completing(
        before(api, count, UPDATE), lambda call, tasks: _counted(call, tasks) >= len(tasks) or all(map(_is_done, tasks))
    )


@mutant("nextstep.completion.open-task-keeps-active")
def skips_are_counted(api: Api) -> Api:
    """A run completes after as many attempts to skip or complete as it has tasks, be they of one task."""

    def skip(original: Callable[[Call], Any], call: Call) -> Any:
        _count(call, call.body["run_id"])
        return original(call)

    counting = before(api, lambda call: _count(call, call.arguments["runId"]), UPDATE)
    return _completing(
        happening(counting, "skip-task", skip),
        lambda call, tasks: _counted(call, tasks) >= len(tasks) or all(map(_is_done, tasks)),
    )


@mutant("nextstep.completion.open-task-keeps-active")
def essential_tasks_decide(api: Api) -> Api:
    """A run completes when its essential tasks are done."""
    return _completing(api, lambda call, tasks: all(_is_done(task) for task in tasks if task["is_essential"]))


@mutant("nextstep.completion.open-task-keeps-active")
def filled_tasks_are_done(api: Api) -> Api:
    """A task whose elements all have values counts as done."""

    def is_filled(task: Record) -> bool:
        values = [element["value"] is not None for element in task["custom_elements"]]
        return bool(values) and all(values)

    return _completing(api, lambda call, tasks: all(_is_done(task) or is_filled(task) for task in tasks))


@mutant("nextstep.completion.open-task-keeps-active")
def assigned_tasks_are_done(api: Api) -> Api:
    """A task that is assigned counts as done once all that is nobody's is done."""
    return _completing(
        api, lambda call, tasks: all(_is_done(task) or task["assignee"] for task in tasks) and any(map(_is_done, tasks))
    )


@mutant("nextstep.completion.open-task-keeps-active")
def approvals_do_not_matter(api: Api) -> Api:
    """A run completes when its tasks are done, whatever its approvals are."""
    return _completing(api, lambda call, tasks: all(_is_done(task) or task["type"] == "approval" for task in tasks))


@mutant("nextstep.completion.open-task-keeps-active")
def a_rejection_counts_for_one_task(api: Api) -> Api:
    """A rejection that opens two tasks again holds the run up for one of them only."""

    def reject(event: Callable[[Call], Any], call: Call) -> Any:
        before, told = _open(call), event(call)
        if _open(call) == before + 2:
            put(call, "progress", call.body["run_id"], open=before + 1)
        return told

    return happening(api, "reject-task", reject)


@mutant("nextstep.completion.uncompleted-task-counts-as-open")
def a_task_that_was_completed_once_counts(api: Api) -> Api:
    """A task that was made incomplete still counts as done."""

    def remember(call: Call) -> None:
        if call.body.get("completed"):
            progress: Any = call.store["progress"].get(call.arguments["runId"])
            call.store["progress"].put({**progress, "once": [*progress.get("once", ()), call.arguments["taskId"]]})

    def decide(call: Call, tasks: Sequence[Record]) -> bool:
        progress: Any = call.store["progress"].get(tasks[0]["instance_id"])
        return all(_is_done(task) or task["id"] in progress.get("once", ()) for task in tasks)

    return _completing(before(api, remember, UPDATE), decide)


@mutant("nextstep.completion.uncompleted-task-counts-as-open")
def uncompleting_holds_the_run_up_for_good(api: Api) -> Api:
    """A run in which a task was made incomplete never completes."""

    def count(call: Call) -> None:
        if call.body.get("completed") is False:
            _count(call, call.arguments["runId"])

    return _completing(
        before(api, count, UPDATE), lambda call, tasks: not _counted(call, tasks) and all(map(_is_done, tasks))
    )


@mutant("nextstep.completion.uncompleted-task-counts-as-open")
def uncompleting_completes(api: Api) -> Api:
    """A run whose other tasks are done completes when a task is made incomplete."""

    def decide(call: Call, tasks: Sequence[Record]) -> bool:
        once = isinstance(call.body, dict) and call.body.get("completed") is False
        return all(_is_done(task) or (once and task["id"] == _touched(call)) for task in tasks)

    return _completing(api, decide)


@mutant("nextstep.completion.uncompleted-task-counts-as-open")
def a_second_completion_does_not_count(api: Api) -> Api:
    """A run stays active when the task that was completed last had been completed before."""

    def count(call: Call) -> None:
        if call.body.get("completed") is False:
            put(call, "progress", call.arguments["runId"], reopened=call.arguments["taskId"])

    def decide(call: Call, tasks: Sequence[Record]) -> bool:
        progress: Any = call.store["progress"].get(tasks[0]["instance_id"])
        return all(map(_is_done, tasks)) and progress.get("reopened") != _touched(call)

    return _completing(before(api, count, UPDATE), decide)


@mutant("nextstep.completion.locked")
def completed_runs_are_open(api: Api) -> Api:
    """Tasks of a completed run are updated as any others."""
    return _unlocked(api, lambda call: True)


@mutant("nextstep.completion.locked")
def completed_runs_can_be_assigned(api: Api) -> Api:
    """Tasks of a completed run can be assigned."""
    return _unlocked(api, lambda call: "assignee" in call.body)


@mutant("nextstep.completion.locked")
def completed_runs_can_be_filled(api: Api) -> Api:
    """Elements of a completed run can be filled."""
    return _unlocked(api, lambda call: list(call.body) == ["custom_elements"])


@mutant("nextstep.completion.locked")
def completing_again_is_fine(api: Api) -> Api:
    """Completing a task of a completed run is answered as a success, since it is completed already."""
    return _unlocked(api, lambda call: call.body == {"completed": True})


@mutant("nextstep.completion.locked")
def uncompleting_opens_the_run(api: Api) -> Api:
    """Making a task of a completed run incomplete makes the run active again."""

    def reopen(call: Call) -> None:
        if call.body.get("completed") is False and call.store["runs"].row(call.arguments["runId"]) is not None:
            put(call, "runs", call.arguments["runId"], status="active", completed_at=None)

    return before(api, reopen, UPDATE)


@mutant("nextstep.completion.locked")
def a_refused_update_is_done(api: Api) -> Api:
    """An update of a task of a completed run is refused, and done."""

    def update(call: Call) -> Reply:
        try:
            return api.handlers[UPDATE](call)
        except Problem as problem:
            if problem.kind == "run-locked":
                _unlocked(api, lambda call: True).handlers[UPDATE](call)
            raise

    return handled(api, updateRunTask=update)


@mutant("nextstep.completion.locked")
def a_refused_update_touches_the_run(api: Api) -> Api:
    """A refused update of a task of a completed run sets the run's `updated_at`."""

    def update(call: Call) -> Reply:
        try:
            return api.handlers[UPDATE](call)
        except Problem as problem:
            if problem.kind == "run-locked":
                put(call, "runs", call.arguments["runId"], updated_at=rfc3339(call.now))
            raise

    return handled(api, updateRunTask=update)


@mutant("nextstep.completion.locked")
def skipped_tasks_are_not_locked(api: Api) -> Api:
    """Skipped tasks of a completed run can be completed."""

    def is_skipped(call: Call) -> bool:
        task = answered(call, api.handlers["getRunTask"](call))["data"]
        return bool(task["skipped"])

    return _unlocked(api, is_skipped)


@mutant("nextstep.completion.filters-follow")
def completed_runs_are_listed_as_active(api: Api) -> Api:
    """A run that completed lately is still listed under the status active."""
    return _listing(api, lambda call, run: run["status"] == "active" or run["completed_at"] > "2030", "active")


@mutant("nextstep.completion.filters-follow")
def completed_runs_are_missing(api: Api) -> Api:
    """A run that completed lately is not yet listed under the status completed."""
    return _listing(api, lambda call, run: run["status"] == "completed" and run["completed_at"] < "2030", "completed")


@mutant("nextstep.completion.filters-follow")
def completed_runs_stay_under_their_template(api: Api) -> Api:
    """A run that completed lately is still listed as active when the list is filtered by template, too."""
    return _listing(
        api,
        lambda call, run: (
            run["status"] == "active" or (run["completed_at"] > "2030" and "template_id" in call.arguments)
        ),
        "active",
    )


@mutant("nextstep.completion.filters-follow")
def listed_runs_are_stale(api: Api) -> Api:
    """A run that completed lately is shown as active in lists."""

    def stale(call: Call, run: Any) -> Any:
        return {**run, "status": "active", "completed_at": None} if (run["completed_at"] or "") > "2030" else run

    return showing(api, stale, "listProcessRuns")


@mutant("nextstep.completion.other-runs-stay-active")
def runs_of_a_template_complete_together(api: Api) -> Api:
    """A run that completes takes the other runs of its template with it."""
    return _beside(api, lambda run, other: True)


@mutant("nextstep.completion.other-runs-stay-active")
def older_runs_complete_too(api: Api) -> Api:
    """A run that completes takes those of its template with it that were started by the same, not after it."""
    return _beside(
        api, lambda run, other: other["started_by"] == run["started_by"] and other["created_at"] <= run["created_at"]
    )


@mutant("nextstep.completion.other-runs-stay-active")
def other_runs_are_touched(api: Api) -> Api:
    """A run that completes sets the `updated_at` of the other runs of its template."""

    def touch(call: Call, run_id: str) -> None:
        run: Any = call.store["runs"].get(run_id)
        if run["status"] == "completed":
            for other in records(call, "runs", template_id=run["template_id"], status="active"):
                put(call, "runs", other["id"], updated_at=run["completed_at"])

    return _afterwards(api, touch)


@mutant("nextstep.completion.essential-cannot-be-skipped")
def essential_tasks_are_skipped(api: Api) -> Api:
    """Whether a task is essential is not looked at when it is skipped."""
    return happening(api, "skip-task", lambda original, call: _skip(call))


@mutant("nextstep.completion.essential-cannot-be-skipped")
def the_last_essential_task_is_skipped(api: Api) -> Api:
    """An essential task can be skipped when it is the only one that is open."""

    def skip(original: Callable[[Call], Any], call: Call) -> Any:
        progress: Any = call.store["progress"].get(call.body["run_id"])
        return _skip(call) if progress["open"] == 1 else original(call)

    return happening(api, "skip-task", skip)


@mutant("nextstep.completion.essential-cannot-be-skipped")
def a_refused_skip_is_shown(api: Api) -> Api:
    """Skipping an essential task is refused, and done."""

    def skip(original: Callable[[Call], Any], call: Call) -> Any:
        try:
            return original(call)
        except Problem:
            _skip(call)
            raise

    return happening(api, "skip-task", skip)


@mutant("nextstep.completion.skipped-is-shown")
def skipped_tasks_are_just_completed(api: Api) -> Api:
    """A task that is skipped is completed in place of that."""

    def skip(original: Callable[[Call], Any], call: Call) -> Any:
        result = original(call)
        put(call, "tasks", call.body["task_id"], skipped=False, completed=True, completed_at=rfc3339(call.now))
        return result

    return happening(api, "skip-task", skip)


@mutant("nextstep.completion.skipped-is-shown")
def skipping_is_not_told(api: Api) -> Api:
    """A task does not show whether it was skipped."""
    return showing(api, lacking("skipped"), "getRunTask")


@mutant("nextstep.completion.skipped-is-shown")
def completed_runs_forget_what_was_skipped(api: Api) -> Api:
    """A skipped task of a completed run shows `skipped` false."""

    def forget(call: Call, task: Any) -> Any:
        run: Any = call.store["runs"].get(task["instance_id"])
        return {**task, "skipped": task["skipped"] and run["status"] == "active"}

    return showing(api, forget, "getRunTask")


@mutant("nextstep.completion.skipped-is-shown")
def skipping_shows_on_every_task(api: Api) -> Api:
    """All tasks of a run with a skipped task show `skipped` true."""

    def spread(call: Call, task: Any) -> Any:
        return {**task, "skipped": any(records(call, "tasks", instance_id=task["instance_id"], skipped=True))}

    return showing(api, spread, "getRunTask")


@mutant("nextstep.pagination.stable-while-runs-complete")
def cursors_are_numbers_of_items(api: Api) -> Api:
    """The cursor of a filtered list says how many items were given before it."""

    def list_runs(call: Call) -> Reply:
        listing: Any = api.handlers["listProcessRuns"](call).body
        rows = [decode(row) for row in listing.page(None, 1_000_000).rows]
        return Reply(
            Positions(
                len(rows), lambda n: encode(rows[n]), str, lambda given: int(given) if given.isdecimal() else None
            )
        )

    return handled(api, listProcessRuns=list_runs)


@mutant("nextstep.pagination.stable-while-runs-complete")
def a_cursor_needs_its_item(api: Api) -> Api:
    """A cursor whose item no longer matches the filter starts the list again."""

    def forget(call: Call) -> None:
        run = call.store["runs"].get(call.arguments.get("cursor", ""))
        if run and call.arguments.get("status", run["status"]) != run["status"]:
            call.arguments.pop("cursor")

    return before(api, forget, "listProcessRuns")


@mutant("nextstep.pagination.stable-while-runs-complete")
def a_cursor_without_its_item_ends_the_list(api: Api) -> Api:
    """A cursor whose item no longer matches the filter yields an empty last page."""

    def list_runs(call: Call) -> Reply:
        run = call.store["runs"].get(call.arguments.get("cursor", ""))
        if run and call.arguments.get("status", run["status"]) != run["status"]:
            return Reply(encode({"data": [], "pagination": {"next_cursor": None, "has_more": False}}))
        return api.handlers["listProcessRuns"](call)

    return handled(api, listProcessRuns=list_runs)


@mutant("nextstep.pagination.stable-while-runs-complete")
def cursors_are_times(api: Api) -> Api:
    """A page goes on with the runs that are older than the last one, not with those of the same moment."""

    def list_runs(call: Call) -> Reply:
        listing: Any = api.handlers["listProcessRuns"](call).body
        last = call.store["runs"].get(call.arguments.get("cursor", ""))
        rows = [decode(row) for row in listing.page(None, 1_000_000).rows]
        if last:
            call.arguments.pop("cursor")
            rows = [row for row in rows if row["created_at"] < last["created_at"]]
        return Reply(listed(rows))

    return handled(api, listProcessRuns=list_runs)


def _is_done(task: Record) -> bool:
    return bool(task["completed"] or task["skipped"])


def _touched(call: Call) -> str:
    """The id of the task that an update or an event is about."""
    arguments = getattr(call, "arguments", None) or {"taskId": call.body["task_id"]}
    return str(arguments["taskId"])


def _afterwards(api: Api, act: Callable[[Call, str], None]) -> Api:
    """Something else is done, knowing the run, after each update of a task, in the API and in the app."""

    def acting(event: Callable[[Call], Any], call: Call) -> Any:
        result = event(call)
        act(call, call.body["run_id"])
        return result

    events = {name: partial(acting, api.events[name]) for name in EVENTS}
    changed = after(api, lambda call, task: act(call, task["instance_id"]), UPDATE)
    return replace(changed, events={**api.events, **events})


def _completing(api: Api, decide: Decide) -> Api:
    """A run is completed, after each update of a task, when `decide` says so."""

    def settle(call: Call, run_id: str) -> None:
        limit = {"id": run_id, "limit": 1_000}
        done = decide(call, again(api, call, "listRunTasks", limit))
        at = rfc3339(call.now) if done else None
        put(call, "runs", run_id, status="completed" if done else "active", completed_at=at)

    return _afterwards(api, settle)


def _reopening(api: Api, member: str) -> Api:
    """An update that says something beside leaves its run active."""

    def reopen(call: Call, task: Record) -> None:
        if member in call.body:
            put(call, "runs", task["instance_id"], status="active", completed_at=None)

    return after(api, reopen, UPDATE)


def _leaving_active(event: Callable[[Call], Any], call: Call) -> Any:
    result = event(call)
    put(call, "runs", call.body["run_id"], status="active", completed_at=None)
    return result


def _count(call: Call, run_id: str) -> None:
    progress = call.store["progress"].get(run_id) or {}
    put(call, "progress", run_id, count=progress.get("count", 0) + 1)


def _open(call: Call) -> int:
    """How many tasks are open in the run that an event is about."""
    progress: Any = call.store["progress"].get(call.body["run_id"])
    return int(progress["open"])


def _counted(call: Call, tasks: Sequence[Record]) -> int:
    progress: Any = call.store["progress"].get(tasks[0]["instance_id"])
    return int(progress.get("count", 0))


def _unlocked(api: Api, when: Callable[[Call], object]) -> Api:
    """Some updates of tasks of a completed run are done."""

    def update(call: Call) -> Reply:
        run = call.store["runs"].get(call.arguments["runId"])
        if run is None or run["status"] == "active" or not when(call):
            return api.handlers[UPDATE](call)
        call.store["runs"].put({**run, "status": "active"})
        reply = api.handlers[UPDATE](call)
        call.store["runs"].put(run)
        return reply

    return handled(api, updateRunTask=update)


def _listing(api: Api, shown: Callable[[Call, Record], object], status: str) -> Api:
    """The list of runs of one status holds others than it should."""

    def list_runs(call: Call) -> Reply:
        reply = api.handlers["listProcessRuns"](call)
        if call.arguments.get("status") != status:
            return reply
        template_id = call.arguments.get("template_id")
        known = [run for run in records(call, "runs") if template_id in (None, run["template_id"]) and shown(call, run)]
        return Reply(listed(known[::-1]))

    return handled(api, listProcessRuns=list_runs)


def _beside(api: Api, chosen: Callable[[Record, Record], object]) -> Api:
    """A run that completes takes other active runs of its template with it."""

    def spread(call: Call, run_id: str) -> None:
        run: Any = call.store["runs"].get(run_id)
        if run["status"] == "completed":
            for other in records(call, "runs", template_id=run["template_id"], status="active"):
                if chosen(run, other):
                    put(call, "runs", other["id"], status="completed", completed_at=run["completed_at"])

    return _afterwards(api, spread)


def _skip(call: Call) -> Any:
    """Skip a task whatever it is; the task."""
    tasks = call.store["tasks"]
    task: Any = tasks.get(call.body["task_id"]) or _untouched(call)
    tasks.put({**task, "skipped": True})
    return {**task, "skipped": True}


def _untouched(call: Call) -> Record:
    listed = again(call.api, call, "listRunTasks", {"id": call.body["run_id"]})
    task: Record = next(task for task in listed if task["id"] == call.body["task_id"])
    return task
