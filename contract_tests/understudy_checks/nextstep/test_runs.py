"""Lists of runs: members, order, and the exact result of each filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    complete_run,
    complete_task,
    listed_run,
    parse_time,
    published_templates,
    require,
    run_tasks,
    runs,
    simple_tasks,
    start_run,
    start_run_where,
    update_task,
)
from understudy_checks.pagination import ids, read_page, unknown_ids
from understudy_checks.refusals import assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

FIELDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "template_id": (str,),
    "title": (str,),
    "status": (str,),
    "started_by": (str,),
    "team_id": (str,),
    "timezone": (str,),
    "due_date": (str, type(None)),
    "is_shared": (bool,),
    "sections": (list,),
    "created_at": (str,),
    "updated_at": (str, type(None)),
    "completed_at": (str, type(None)),
}
SECTION = ("id", "title", "order", "color")
IDS = st.text(st.characters(min_codepoint=48, max_codepoint=122, categories=("L", "N")), min_size=9, max_size=30)


@rule("nextstep.runs.fields")
def test_listed_runs_have_their_fields(target: Target) -> None:
    """A listed run has its thirteen documented members in their types, and so do its sections."""
    with target.open() as client:
        for run in runs(client):
            _assert_fields(run)


@rule("nextstep.runs.fields", needs=("write",))
def test_a_new_run_is_listed_with_its_fields(target: Target) -> None:
    """A run is listed with all members right after its start and right after its completion."""
    with target.open() as client:
        run, tasks = start_run_where(
            client, simple_tasks(), "simple tasks", due_date="2031-05-01T10:00:00Z", name="Listed"
        )
        _assert_fields(listed_run(client, run))
        complete_run(client, tasks)
        _assert_fields(listed_run(client, run))


@rule("nextstep.runs.unknown-run")
@given(id=IDS)
@example(id="x")
@example(id="tasks")
def test_an_unknown_run_is_not_found(target: Target, id: str) -> None:
    """Every path below an unknown run id answers 404, with a known task id too."""
    with target.open() as client:
        listed = runs(client)
        run = require(listed, "run")[0]
        task = require(run_tasks(client, run["id"]), "run with tasks")[0]["id"]
        known = ids(listed)
        for other in unknown_ids(known, id, run["template_id"], task):
            for operation in ("getProcessRun", "listRunTasks"):
                assert_problem(client, client.call(operation, {"id": other}), "run-not-found")
            for task_id in (task, id):
                arguments = {"runId": other, "taskId": task_id}
                assert_problem(client, client.call("getRunTask", arguments), "run-not-found")
                if "write" in client.world.capabilities:
                    response = client.call("updateRunTask", arguments, json={"completed": True})
                    assert_problem(client, response, "run-not-found")


@rule("nextstep.runs.newest-first")
@given(limit=st.integers(1, 100))
@example(limit=7)
def test_runs_are_listed_newest_first(target: Target, limit: int) -> None:
    """Runs are listed newest first, with each filter and page size."""
    with target.open() as client:
        listing = client.contract.operations["listProcessRuns"]
        for filters in ({}, {"status": "active"}, {"status": "completed"}):
            for listed in (runs(client, **filters), read_page(client, listing, filters, limit=limit).items):
                times = [parse_time(run["created_at"]) for run in listed]
                assert times == sorted(times, reverse=True), (
                    f"the list with {show(filters)} must be sorted by creation, newest first"
                )


@rule("nextstep.runs.newest-first", needs=("write",))
def test_a_new_run_stands_first(target: Target) -> None:
    """A new run is listed before all older ones, with each filter, and stays so after an update of a task."""
    with target.open() as client:
        older, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        for number in range(3):
            known = set(ids(runs(client)))
            client.tick(1.1)
            run = start_run(client, older["template_id"], name=f"A{number}")
            client.tick(1.1)
            if number % 2:
                update_task(client, tasks[0], completed=False)
            else:
                complete_task(client, tasks[0])
            for filters in ({}, {"status": "active"}, {"template_id": run["template_id"]}):
                listed = ids(runs(client, **filters))
                before = listed[: listed.index(run["id"])]
                assert not known & set(before), f"a new run must be listed before older ones with {show(filters)}"


@rule("nextstep.runs.status-filter")
@given(status=st.sampled_from(("active", "completed")))
@example(status="active")
@example(status="completed")
def test_status_filters_exactly(target: Target, status: str) -> None:
    """`status` lists exactly the runs with that status."""
    with target.open() as client:
        _assert_filtered(client, lambda run: run["status"] == status, status=status)


@rule("nextstep.runs.template-filter")
@given(data=st.data())
def test_template_filters_exactly(target: Target, data: st.DataObject) -> None:
    """`template_id` lists exactly the runs of that template."""
    with target.open() as client:
        known = require(sorted({run["template_id"] for run in runs(client)}), "run")
        id = data.draw(st.sampled_from(known), label="template")
        _assert_filtered(client, lambda run: run["template_id"] == id, template_id=id)


@rule("nextstep.runs.template-filter", needs=("write",))
def test_a_new_run_is_listed_under_its_template(target: Target) -> None:
    """A new run is listed under its template at once, and under no other."""
    with target.open() as client:
        first, second, *_ = ids(require(list(published_templates(client)), "second published template", least=2))
        run = start_run(client, first)
        assert run["id"] in ids(runs(client, template_id=first)), (
            f"run {run['id']} must be listed under its template {show(first)}"
        )
        assert run["id"] not in ids(runs(client, template_id=second)), (
            f"run {run['id']} must not be listed under template {show(second)}"
        )


@rule("nextstep.runs.filters-combine")
@given(data=st.data())
def test_filters_combine(target: Target, data: st.DataObject) -> None:
    """Both filters together list exactly the runs that match both, or none."""
    with target.open() as client:
        known = require(sorted({run["template_id"] for run in runs(client)}), "run")
        id = data.draw(st.sampled_from(known), label="template")
        status = data.draw(st.sampled_from(("active", "completed")), label="status")
        wanted = {"template_id": id, "status": status}
        _assert_filtered(client, lambda run: (run["template_id"], run["status"]) == (id, status), **wanted)


@rule("nextstep.runs.filters-combine", needs=("write",))
def test_filters_combine_as_runs_complete(target: Target) -> None:
    """A completed and an active run of one template each match their own status filter alone."""
    with target.open() as client:
        done, tasks = start_run_where(client, simple_tasks(), "simple tasks")
        open_ = start_run(client, done["template_id"])
        complete_run(client, tasks)
        for status, run, other in (("active", open_, done), ("completed", done, open_)):
            listed = ids(runs(client, status=status, template_id=run["template_id"]))
            assert (got := (listed.count(run["id"]), listed.count(other["id"]))) == (1, 0), (
                f"the combined filters must list their own run once and no other; they list them {show(got)} times"
            )


def _assert_fields(run: Json) -> None:
    for name, types in FIELDS.items():
        assert name in run, f"run {run['id']} must be listed with {name}"
        assert isinstance(run[name], types), f"`{name}` of the listed run {run['id']} must not be {show(run[name])}"
    assert run["status"] in ("active", "completed"), (
        f"a listed run must be `active` or `completed`, not {show(run['status'])}"
    )
    for section in run["sections"]:
        assert not set(SECTION) - section.keys(), (
            f"a section must have the members {', '.join(SECTION)}: {show(section)}"
        )


def _assert_filtered(client: Client, matches: Callable[[Any], bool], **filters: str) -> None:
    """Assert that a filtered list equals the matches of the whole list, read before and after it."""
    before, filtered, after = runs(client), runs(client, **filters), runs(client)
    always = [run["id"] for run in before if matches(run) and run in after]
    once = {run["id"] for run in (*before, *after) if matches(run)}
    seen = ids(filtered)
    assert [id for id in seen if id in set(always)] == always, (
        f"the list with {show(filters)} must hold each matching run once, in order"
    )
    assert set(seen) <= once, f"the list with {show(filters)} must hold matching runs alone"
