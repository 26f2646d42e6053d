"""Mutants of NextStep's completion: early, late and missing completion, and completed runs that are open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.clock import rfc3339
from understudy.engine.problem import Problem
from understudy.engine.store import ComputedListing, encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Event,
    Rows,
    at_event,
    chain,
    do_though_refused,
    drop_members,
    ignore_query,
    listing,
    map_item,
    on_event,
    on_refusal,
    on_request,
    on_success,
    override_record,
    put,
    records,
    replace_handler,
    rows,
    set_members,
)
from understudy_checks.nextstep.mutants.elements import UPDATE, current_task
from understudy_checks.nextstep.mutants.runs import LIST
from understudy_checks.nextstep.mutants.tasks import is_completing, is_reopening, run_of, tasks_of

GET = "getRunTask"
LONG_AGO = "2030"
"""Before what is done in a test: the world's clock starts in that year, and what is seeded is older."""


def completes(when: Callable[[Call, Rows], object]) -> Breakage:
    """Complete the run of each updated task if `when(call, tasks)` is true, else keep it active."""

    def set_status(call: Call, run_id: str) -> None:
        done = when(call, tasks_of(call, run_id))
        at = rfc3339(call.now) if done else None
        put(call, "runs", run_id, status="completed" if done else "active", completed_at=at)

    return on_update(set_status)


def on_update(act: Callable[[Call, str], object]) -> Breakage:
    """Run `act(call, run id)` after each update of a task, through the API or in the app."""
    in_app = on_event(("skip-task", "approve-task"), lambda call: act(call, call.body["run_id"]))
    return chain(on_success(UPDATE, lambda call, task: act(call, task["instance_id"])), in_app)


def stays_active(event: str) -> Breakage:
    """Leave a run active after an event in the app."""
    return on_event(event, lambda call: reactivate(call, call.body["run_id"]))


def stays_active_with(member: str) -> Breakage:
    """Leave a run active after an update that also sets this member."""
    return on_success(
        UPDATE, lambda call, task: reactivate(call, task["instance_id"]), when=lambda call: member in call.body
    )


def unlocks(when: Callable[[Call], object]) -> Breakage:
    """Accept some updates of tasks of a completed run."""
    return override_record(UPDATE, "runs", lambda call: call.arguments["runId"], status="active", when=when)


def lists_as(status: str, when: Callable[[Call, Any], object]) -> Breakage:
    """List under a status the runs for which `when(call, run)` is true."""

    def list_runs(handler: Handler, call: Call) -> Reply:
        if call.arguments.get("status") != status:
            return handler(call)
        template_id = call.arguments.get("template_id")
        runs = [run for run in records(call, "runs") if template_id in (None, run["template_id"])]
        return Reply(listing([run for run in runs[::-1] if when(call, run)]))

    return replace_handler(LIST, list_runs)


def changes_others(
    members: Callable[[Any], dict[str, Any]], when: Callable[[Any, Any], object] = lambda run, other: True
) -> Breakage:
    """Set `members(run)` in the other active runs of a completed run's template if `when(run, other)` is true."""

    def spread(call: Call, run_id: str) -> None:
        run: Any = call.store["runs"].get(run_id)
        if run["status"] == "completed":
            for other in records(call, "runs", template_id=run["template_id"], status="active"):
                if when(run, other):
                    put(call, "runs", other["id"], **members(run))

    return on_update(spread)


def skips(when: Callable[[Call], object]) -> Breakage:
    """Let a person skip even an essential task if `when(call)` is true."""
    return at_event("skip-task", lambda event, call: skip(call) if when(call) else event(call))


def is_done(task: Any) -> bool:
    """Return whether a task is completed or skipped."""
    return bool(task["completed"] or task["skipped"])


def all_done(tasks: Rows) -> bool:
    """Return whether all tasks are completed or skipped."""
    return all(map(is_done, tasks))


def about(call: Call) -> tuple[str, str]:
    """Return the ids of the run and the task of an update or an event."""
    ids: Any = getattr(call, "arguments", None) or {"runId": call.body["run_id"], "taskId": call.body["task_id"]}
    return ids["runId"], ids["taskId"]


def progress(call: Call) -> Any:
    """Return the record beside a run, in which a mutant may keep notes."""
    return call.store["progress"].get(about(call)[0]) or {}


def note(call: Call, **notes: Any) -> None:
    """Store notes of a mutant beside a run: see `progress`."""
    put(call, "progress", about(call)[0], **notes)


def count(call: Call) -> None:
    """Increase a counter of a run: see `counted`."""
    note(call, count=counted(call) + 1)


def counted(call: Call) -> int:
    """Return how often `count` was called for a run."""
    return int(progress(call).get("count", 0))


def reactivate(call: Call, run_id: str) -> None:
    """Make a run active again."""
    put(call, "runs", run_id, status="active", completed_at=None)


def skip(call: Call) -> Any:
    """Skip the task of an event, essential or not; returns the task."""
    untouched = (task for task in tasks_of(call, call.body["run_id"]) if task["id"] == call.body["task_id"])
    task: Any = call.store["tasks"].get(call.body["task_id"]) or next(untouched)
    call.store["tasks"].put({**task, "skipped": True})
    return {**task, "skipped": True}


def completed_lately(run: Any) -> bool:
    """Return whether a run completed while it was observed."""
    return (run["completed_at"] or "") > LONG_AGO


def _complete_an_hour_later(call: Call, run_id: str) -> None:
    run: Any = call.store["runs"].get(run_id)
    if run["status"] == "completed":
        reactivate(call, run_id)
        call.schedule(3600, "complete-run", {"run_id": run_id})


def _is_filled(task: Any) -> bool:
    values = [element["value"] is not None for element in task["custom_elements"]]
    return bool(values) and all(values)


def _count_and_skip(event: Event, call: Call) -> Any:
    count(call)
    return event(call)


def _count_two_as_one(event: Event, call: Call) -> Any:
    before = progress(call)["open"]
    result = event(call)
    if progress(call)["open"] == before + 2:
        note(call, open=before + 1)
    return result


def _remember_completed(call: Call) -> None:
    note(call, once=[*progress(call).get("once", ()), about(call)[1]])


def _is_or_was_done(call: Call, tasks: Rows) -> bool:
    return all(is_done(task) or task["id"] in progress(call).get("once", ()) for task in tasks)


def _all_but_the_reopened(call: Call, tasks: Rows) -> bool:
    reopened = about(call)[1] if is_reopening(call) else None
    return all(is_done(task) or task["id"] == reopened for task in tasks)


def _reopen_the_run(call: Call) -> None:
    if call.store["runs"].row(call.arguments["runId"]) is not None:
        reactivate(call, call.arguments["runId"])


def _skip_though_refused(event: Event, call: Call) -> Any:
    try:
        return event(call)
    except Problem:
        skip(call)
        raise


def _complete_the_skipped(call: Call) -> None:
    put(call, "tasks", call.body["task_id"], skipped=False, completed=True, completed_at=rfc3339(call.now))


def _count_items(handler: Handler, call: Call) -> Reply:
    items = rows(handler(call))
    return Reply(
        ComputedListing(
            len(items), lambda n: encode(items[n]), str, lambda given: int(given) if given.isdecimal() else None
        )
    )


def _last_item_left(call: Call) -> bool:
    """Return whether the item that the cursor names no longer matches the filter."""
    run = call.store["runs"].get(call.arguments.get("cursor", ""))
    return run is not None and call.arguments.get("status", run["status"]) != run["status"]


def _end_when_the_last_item_left(handler: Handler, call: Call) -> Reply:
    if _last_item_left(call):
        return Reply(encode({"data": [], "pagination": {"next_cursor": None, "has_more": False}}))
    return handler(call)


def _go_on_by_time(handler: Handler, call: Call) -> Reply:
    items = rows(handler(call))
    last = call.store["runs"].get(call.arguments.get("cursor", ""))
    if last:
        call.arguments.pop("cursor")
        items = [run for run in items if run["created_at"] < last["created_at"]]
    return Reply(listing(items))


MUTANTS: Table = {
    "completion.last-task": {
        "A run stays active whatever becomes of its tasks.": completes(lambda call, tasks: False),
        "A run completes an hour after its last task.": on_update(_complete_an_hour_later),
        "A run completes only when the task at its end was the last to be completed.": completes(
            lambda call, tasks: all_done(tasks) and tasks[-1]["id"] == about(call)[1]
        ),
        "A run of one task stays active.": completes(lambda call, tasks: len(tasks) > 1 and all_done(tasks)),
        "A run whose last task is approved stays active.": stays_active("approve-task"),
        "A run whose last task is completed and filled in one call stays active.": stays_active_with("custom_elements"),
        "A run whose last task is completed for a member stays active.": stays_active_with("actor_email"),
    },
    ("completion.last-task", "completion.open-task-keeps-active"): {
        "A run completes with the last but one of its tasks.": completes(
            lambda call, tasks: sum(map(is_done, tasks)) >= len(tasks) - 1
        ),
        "A run completes when the tasks on its first page are done.": completes(
            lambda call, tasks: all_done(tasks[:20])
        ),
        "A run completes with the task at its end, whatever the others are.": completes(
            lambda call, tasks: is_done(tasks[-1])
        ),
    },
    "completion.skipped-counts": {
        "A run completes only when every task is completed.": completes(
            lambda call, tasks: all(task["completed"] for task in tasks)
        ),
        "A run whose last open task is skipped stays active.": stays_active("skip-task"),
        "A run whose tasks are all skipped stays active.": completes(
            lambda call, tasks: all_done(tasks) and any(task["completed"] for task in tasks)
        ),
        "A run whose task at the end is skipped stays active.": completes(
            lambda call, tasks: all_done(tasks) and tasks[-1]["completed"]
        ),
        "A run with two skipped tasks or more stays active.": completes(
            lambda call, tasks: all_done(tasks) and sum(task["skipped"] for task in tasks) < 2
        ),
    },
    "completion.open-task-keeps-active": {
        "A run completes after as many completions as it has tasks, be they of one task.": chain(
            on_request(UPDATE, count, when=is_completing),
            completes(lambda call, tasks: counted(call) >= len(tasks) or all_done(tasks)),
        ),
        "A run completes after as many attempts to skip or complete as it has tasks, be they of one task.": chain(
            on_request(UPDATE, count),
            at_event("skip-task", _count_and_skip),
            completes(lambda call, tasks: counted(call) >= len(tasks) or all_done(tasks)),
        ),
        "A run completes when its essential tasks are done.": completes(
            lambda call, tasks: all_done([task for task in tasks if task["is_essential"]])
        ),
        "A task whose elements all have values counts as done.": completes(
            lambda call, tasks: all(is_done(task) or _is_filled(task) for task in tasks)
        ),
        "A task that is assigned counts as done once all that is nobody's is done.": completes(
            lambda call, tasks: all(is_done(task) or task["assignee"] for task in tasks) and any(map(is_done, tasks))
        ),
        "A run completes when its tasks are done, whatever its approvals are.": completes(
            lambda call, tasks: all_done([task for task in tasks if task["type"] != "approval"])
        ),
        "A rejection that opens two tasks again holds the run up for one of them only.": at_event(
            "reject-task", _count_two_as_one
        ),
    },
    "completion.uncompleted-task-counts-as-open": {
        "A task that was made incomplete still counts as done.": chain(
            on_request(UPDATE, _remember_completed, when=is_completing), completes(_is_or_was_done)
        ),
        "A run in which a task was made incomplete never completes.": chain(
            on_request(UPDATE, count, when=is_reopening),
            completes(lambda call, tasks: not counted(call) and all_done(tasks)),
        ),
        "A run whose other tasks are done completes when a task is made incomplete.": completes(_all_but_the_reopened),
        "A run stays active when the task that was completed last had been completed before.": chain(
            on_request(UPDATE, lambda call: note(call, reopened=about(call)[1]), when=is_reopening),
            completes(lambda call, tasks: all_done(tasks) and progress(call).get("reopened") != about(call)[1]),
        ),
    },
    "completion.locked": {
        "Tasks of a completed run are updated as any others.": unlocks(lambda call: True),
        "Tasks of a completed run can be assigned.": unlocks(lambda call: "assignee" in call.body),
        "Elements of a completed run can be filled.": unlocks(lambda call: list(call.body) == ["custom_elements"]),
        "Completing a task of a completed run is answered as a success, since it is completed already.": unlocks(
            lambda call: call.body == {"completed": True}
        ),
        "Making a task of a completed run incomplete makes the run active again.": on_request(
            UPDATE, _reopen_the_run, when=is_reopening
        ),
        "An update of a task of a completed run is refused, and done.": do_though_refused(
            UPDATE, unlocks(lambda call: True), kind="run-locked"
        ),
        "A refused update of a task of a completed run sets the run's `updated_at`.": on_refusal(
            UPDATE,
            lambda call: put(call, "runs", call.arguments["runId"], updated_at=rfc3339(call.now)),
            kind="run-locked",
        ),
        "Skipped tasks of a completed run can be completed.": unlocks(lambda call: current_task(call)["skipped"]),
    },
    "completion.filters-follow": {
        "A run that completed lately is still listed under the status active.": lists_as(
            "active", lambda call, run: run["status"] == "active" or completed_lately(run)
        ),
        "A run that completed lately is not yet listed under the status completed.": lists_as(
            "completed", lambda call, run: run["status"] == "completed" and not completed_lately(run)
        ),
        "A run that completed lately is still listed as active when the list is filtered by template, too.": lists_as(
            "active",
            lambda call, run: run["status"] == "active" or (completed_lately(run) and "template_id" in call.arguments),
        ),
        "A run that completed lately is shown as active in lists.": set_members(
            LIST, status="active", completed_at=None, when=completed_lately
        ),
    },
    "completion.other-runs-stay-active": {
        "A run that completes takes the other runs of its template with it.": changes_others(
            lambda run: {"status": "completed", "completed_at": run["completed_at"]}
        ),
        "A run that completes takes those of its template with it that were started by the same, not after it.": (
            changes_others(
                lambda run: {"status": "completed", "completed_at": run["completed_at"]},
                lambda run, other: (
                    other["started_by"] == run["started_by"] and other["created_at"] <= run["created_at"]
                ),
            )
        ),
        "A run that completes sets the `updated_at` of the other runs of its template.": changes_others(
            lambda run: {"updated_at": run["completed_at"]}
        ),
    },
    "completion.essential-cannot-be-skipped": {
        "Whether a task is essential is not looked at when it is skipped.": skips(lambda call: True),
        "An essential task can be skipped when it is the only one that is open.": skips(
            lambda call: progress(call)["open"] == 1
        ),
        "Skipping an essential task is refused, and done.": at_event("skip-task", _skip_though_refused),
    },
    "completion.skipped-is-shown": {
        "A task that is skipped is completed in place of that.": on_event("skip-task", _complete_the_skipped),
        "A task does not show whether it was skipped.": drop_members(GET, "skipped"),
        "A skipped task of a completed run shows `skipped` false.": map_item(
            GET,
            lambda call, task: {**task, "skipped": task["skipped"] and run_of(call, task)["status"] == "active"},
        ),
        "All tasks of a run with a skipped task show `skipped` true.": map_item(
            GET,
            lambda call, task: {
                **task,
                "skipped": any(records(call, "tasks", instance_id=task["instance_id"], skipped=True)),
            },
        ),
    },
    "pagination.stable-while-runs-complete": {
        "The cursor of a filtered list says how many items were given before it.": replace_handler(LIST, _count_items),
        "A cursor whose item no longer matches the filter starts the list again.": ignore_query(
            LIST, "cursor", when=_last_item_left
        ),
        "A cursor whose item no longer matches the filter yields an empty last page.": replace_handler(
            LIST, _end_when_the_last_item_left
        ),
        "A page goes on with the runs that are older than the last one, not with those of the same moment.": (
            replace_handler(LIST, _go_on_by_time)
        ),
    },
}
