"""Mutants of NextStep's lists of runs: members, order, filters, unknown ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.engine.call import Call, Reply
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Rows,
    accept_when,
    complete_id,
    drop_members,
    ignore_query,
    listing,
    map_item,
    map_list,
    map_query,
    on_request,
    records,
    replace_handler,
    set_members,
    swap_error,
    without,
)
from understudy_checks.nextstep.mutants.tasks import name_the_real_run

LIST = "listProcessRuns"
GET = "getProcessRun"
RUNS = (LIST, GET, "createProcessRun")
UNDER_A_RUN = (GET, "listRunTasks", "getRunTask", "updateRunTask")
OTHER = {"active": "completed", "completed": "active"}


def chooses(choose: Callable[[Call, Rows], Rows]) -> Breakage:
    """List `choose(call, runs)` of all runs, newest first."""
    return replace_handler(LIST, lambda handler, call: Reply(listing(choose(call, [*records(call, "runs")][::-1]))))


def filters(*names: str) -> Callable[[Call], bool]:
    """Return whether a call filters by all of these parameters."""
    return lambda call: all(name in call.arguments for name in names)


def _complete_before_the_start(call: Call, run: Any) -> Any:
    template: Any = call.store["templates"].get(run["template_id"])
    return {**run, "completed_at": run["completed_at"] and template["created_at"]}


def _hide_untouched_when_active(call: Call, runs: Rows) -> Rows:
    return [run for run in runs if run["updated_at"]] if call.arguments.get("status") == "active" else runs


def _of_similar_templates(call: Call, runs: Rows) -> Rows:
    wanted = call.arguments.get("template_id")
    return [run for run in runs if run["template_id"][0].lower() == wanted[0].lower()] if wanted else runs


def _among_the_newest(call: Call, runs: Rows) -> Rows:
    wanted = call.arguments.get("template_id")
    return [run for run in runs[:20] if run["template_id"] == wanted] if wanted else runs


def _passing_one_filter(call: Call, runs: Rows) -> Rows:
    wanted = {name: call.arguments[name] for name in ("status", "template_id") if name in call.arguments}
    return [run for run in runs if not wanted or any(run[name] == value for name, value in wanted.items())]


MUTANTS: Table = {
    "runs.unknown-run": {
        "The task list of an unknown run is empty.": accept_when(
            "listRunTasks", "run-not-found", lambda call: Reply(listing([]))
        ),
        "An unknown run is answered as a value that is not allowed.": swap_error(
            UNDER_A_RUN, "run-not-found", "invalid"
        ),
        "Updating a task of an unknown run is answered 403.": swap_error("updateRunTask", "run-not-found", "forbidden"),
        "A task is read by its own id under whatever unknown run.": on_request(
            "getRunTask", lambda call: name_the_real_run(call, known=False)
        ),
        "A task is updated by its own id under whatever unknown run.": on_request(
            "updateRunTask", lambda call: name_the_real_run(call, known=False)
        ),
        "A run is found by the beginning of its id.": complete_id(GET, "runs"),
    },
    "runs.fields": {
        "The list of runs leaves out their sections.": drop_members(LIST, "sections"),
        "The list of runs leaves out due dates that are null.": drop_members(
            LIST, "due_date", when=lambda run: run["due_date"] is None
        ),
        "An active run is listed as `in_progress`.": set_members(
            LIST, status="in_progress", when=lambda run: run["status"] == "active"
        ),
        "A completed run is listed without `is_shared`.": drop_members(
            LIST, "is_shared", when=lambda run: run["status"] == "completed"
        ),
        "The sections of a listed run have no order.": set_members(
            LIST, sections=lambda run: [without(section, "order") for section in run["sections"]]
        ),
        "A listed run says 0 in place of false.": set_members(LIST, is_shared=0),
    },
    "runs.completed-at": {
        "A completed run has null as its time of completion.": set_members(RUNS, completed_at=None),
        "A completed run has null as its time of completion in the list.": set_members(LIST, completed_at=None),
        "A completed run shows the time at which its template was made.": map_item(
            (GET, LIST), _complete_before_the_start
        ),
        "An active run shows the time of its last update as that of completion.": set_members(
            (GET, LIST), completed_at=lambda run: run["completed_at"] or run["updated_at"]
        ),
    },
    "runs.newest-first": {
        "Runs are listed from the oldest to the newest.": map_list(LIST, lambda call, runs: runs[::-1]),
        "Runs are listed from the oldest to the newest when they are filtered by status.": map_list(
            LIST, lambda call, runs: runs[::-1] if "status" in call.arguments else runs
        ),
        "Runs are listed in the order of their titles.": map_list(
            LIST, lambda call, runs: sorted(runs, key=lambda run: run["title"])
        ),
        "The run that was updated last is listed first.": map_list(
            LIST,
            lambda call, runs: sorted(runs, key=lambda run: run["updated_at"] or run["created_at"], reverse=True),
        ),
        "Runs that were started through the API stand behind all others.": map_list(
            LIST, lambda call, runs: sorted(runs, key=lambda run: run["created_at"] > "2030")
        ),
    },
    "runs.status-filter": {
        "Filtering by status lists all runs.": ignore_query(LIST, "status"),
        "Filtering by the status completed lists all runs.": ignore_query(
            LIST, "status", when=lambda call: call.arguments.get("status") == "completed"
        ),
        "Filtering by status lists the runs that do not have it.": map_query(LIST, "status", OTHER.__getitem__),
        "Filtering by the status active leaves out runs that were never updated.": map_list(
            LIST, _hide_untouched_when_active
        ),
    },
    "runs.template-filter": {
        "Filtering by template lists all runs.": ignore_query(LIST, "template_id"),
        "Filtering by template lists the runs of all templates whose ids begin alike.": chooses(_of_similar_templates),
        "Filtering by template looks at the newest twenty runs only.": chooses(_among_the_newest),
        "Filtering by template leaves out the runs that were started through the API.": map_list(
            LIST,
            lambda call, runs: (
                [run for run in runs if run["created_at"] < "2030"] if "template_id" in call.arguments else runs
            ),
        ),
    },
    "runs.filters-combine": {
        "With both filters a run that passes one of them is listed.": chooses(_passing_one_filter),
        "With both filters only the status counts.": ignore_query(LIST, "template_id", when=filters("status")),
        "With both filters only the template counts.": ignore_query(LIST, "status", when=filters("template_id")),
        "With both filters nothing is listed.": map_list(
            LIST, lambda call, runs: [] if filters("status", "template_id")(call) else runs
        ),
    },
}
