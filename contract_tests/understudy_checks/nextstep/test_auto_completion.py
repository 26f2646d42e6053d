"""A run completes by itself after its last task, and a completed run is locked.

How long the completion takes is open: the checks wait for it on the target's clock.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import repeat

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    Tasks,
    await_completed,
    complete_run,
    complete_task,
    fill_elements,
    listed_run,
    parse_time,
    read_run,
    read_task,
    redesign_template,
    request_update,
    run_tasks,
    runs,
    sample_value,
    simple_tasks,
    skip_task,
    start_designed_run,
    start_run,
    start_run_where,
    update_task,
    writable_elements,
)
from understudy_checks.pagination import pages
from understudy_checks.refusals import assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

SOON = 10.0
"""Seconds after which a run that has not completed is taken to stay active."""


@rule("nextstep.completion.last-task", needs=("write",))
@given(data=st.data())
def test_the_last_task_completes_the_run(target: Target, data: st.DataObject) -> None:
    """A run completes within 10 s after its last open task, whatever the order of the tasks, and not before."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        *first, last = data.draw(st.permutations(tasks), label="order")
        for task in first:
            complete_task(client, task)
        with client.about("nextstep.completion.open-task-keeps-active"):
            assert (got := read_run(client, run["id"])["status"]) == "active", (
                f"a run with an open task must be `active`, not {show(got)}"
            )
        complete_task(client, last)
        await_completed(client, run["id"])


@rule("nextstep.completion.last-task", needs=("write",))
def test_runs_of_any_length_complete(target: Target) -> None:
    """A run of 1, 6 or 30 tasks completes, whether its tasks are completed in ascending or descending order."""
    with target.open() as client:
        for least, most in ((1, 1), (1, 6), (3, 30)):
            run, tasks = start_run_where(client, simple_tasks(least, most), "simple tasks")
            complete_run(client, tasks)
            complete_run(client, reversed(run_tasks(client, start_run(client, run["template_id"])["id"])))


@rule("nextstep.completion.last-task", needs=("write",))
def test_runs_complete_whatever_else_the_call_says(target: Target) -> None:
    """A run completes when its last task is also filled, or completed for a member, in the same call."""
    with target.open() as client:
        run, tasks = start_run_where(client, _fillable, "simple tasks with elements")
        position = tasks.index(writable_elements(tasks)[0][0])
        for more in _beside(client, tasks[position]):
            last = tasks.pop(position)
            for task in tasks:
                complete_task(client, task)
            complete_task(client, last, **more)
            await_completed(client, last["instance_id"])
            tasks = run_tasks(client, start_run(client, run["template_id"])["id"])


@rule("nextstep.completion.last-task", needs=("write", "events"))
def test_approvals_complete_the_run(target: Target) -> None:
    """A run whose last open task is an approval completes when the approval is given in the app."""
    with target.open() as client:
        designed = [{"title": "Work"}, {"title": "Approve", "type": "approval"}]
        work, approval = start_designed_run(client, designed)
        complete_task(client, work)
        client.event("approve-task", run_id=approval["instance_id"], task_id=approval["id"])
        await_completed(client, approval["instance_id"])


@rule("nextstep.completion.last-task", "nextstep.completion.open-task-keeps-active", needs=("write", "events"))
def test_long_runs_complete_at_the_end(target: Target) -> None:
    """A run of more tasks than fit on a page stays active until its last open task is completed."""
    with target.open() as client:
        id = redesign_template(client, [{"title": f"Task {number}"} for number in range(102)])
        for last in (20, 101):
            tasks = run_tasks(client, start_run(client, id)["id"])
            with client.depending_on("nextstep.creation.copies-the-tasks"):
                assert len(tasks) == 102, f"a run of a template of 102 tasks must have as many, not {len(tasks)}"
            tasks.append(tasks.pop(last))
            for task in tasks[:-1]:
                complete_task(client, task)
            client.idle(SOON, "a long run stays active")
            with client.about("nextstep.completion.open-task-keeps-active"):
                assert (got := read_run(client, tasks[0]["instance_id"])["status"]) == "active", (
                    f"a run of {len(tasks)} tasks with one open task must be `active`, not {show(got)}"
                )
            complete_run(client, tasks[-1:])


@rule("nextstep.completion.skipped-counts", needs=("write", "events"))
@given(data=st.data())
def test_skipped_tasks_count(target: Target, data: st.DataObject) -> None:
    """A run completes when each of its tasks is completed or skipped, in any order."""
    with target.open() as client:
        run, tasks = start_run_where(client, _skippable, "two tasks that can be skipped")
        order = data.draw(st.permutations(tasks), label="order")
        skipped = data.draw(st.lists(st.sampled_from(range(len(tasks))), min_size=1, unique=True), label="skipped")
        for number, task in enumerate(order):
            with client.depending_on("nextstep.completion.open-task-keeps-active"):
                assert (got := read_run(client, run["id"])["status"]) == "active", (
                    f"a run with an open task must be `active`, not {show(got)}"
                )
            if number in skipped:
                skip_task(client, task)
            else:
                complete_task(client, task)
        await_completed(client, run["id"], rule="skipped-counts")


@rule("nextstep.completion.skipped-counts", needs=("write", "events"))
def test_a_run_of_skipped_tasks_completes(target: Target) -> None:
    """A run completes when all its tasks are skipped, and when the first or the last alone is skipped."""
    with target.open() as client:
        run, tasks = start_run_where(client, _skippable, "two tasks that can be skipped")
        for chosen in (range(len(tasks)), [0], [len(tasks) - 1]):
            for number, task in enumerate(tasks):
                if number in chosen:
                    skip_task(client, task)
                else:
                    complete_task(client, task)
            await_completed(client, run["id"], rule="skipped-counts")
            run = start_run(client, run["template_id"])
            tasks = run_tasks(client, run["id"])


@rule("nextstep.completion.open-task-keeps-active", needs=("write",))
@given(data=st.data())
def test_an_open_task_keeps_the_run_active(target: Target, data: st.DataObject) -> None:
    """A run with one open task stays active, however often the other tasks are completed."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        left = data.draw(st.integers(0, len(tasks) - 1), label="left open")
        for number, task in enumerate(tasks):
            if number != left:
                for _ in range(len(tasks)):
                    complete_task(client, task)
        fill_elements(
            client,
            tasks[left],
            {element["id"]: sample_value(element) for _, element in writable_elements([tasks[left]])},
        )
        for member in client.access.members[:1]:
            update_task(client, tasks[left], assignee=member.user_id)
        _assert_stays_active(client, run)
        complete_task(client, tasks[left])
        await_completed(client, run["id"])


@rule("nextstep.completion.open-task-keeps-active", needs=("write", "events"))
def test_skipping_twice_counts_once(target: Target) -> None:
    """A task that is skipped twice, or skipped and completed, counts as one task."""
    with target.open() as client:
        run, tasks = start_run_where(client, _skippable, "two tasks that can be skipped")
        for task in tasks[:-1]:
            skip_task(client, task)
            with suppress(RuntimeError):
                skip_task(client, task)
            request_update(client, task, completed=True)
        _assert_stays_active(client, run)


@rule("nextstep.completion.open-task-keeps-active", needs=("write", "events"))
def test_an_open_approval_keeps_the_run_active(target: Target) -> None:
    """A run stays active while its approval is undecided or rejected."""
    with target.open() as client:
        designed = [{"title": "Work"}, {"title": "Approve", "type": "approval"}, {"title": "More work"}]
        work, approval, more = start_designed_run(client, designed)
        complete_task(client, more)
        complete_task(client, work)
        _assert_stays_active(client, read_run(client, work["instance_id"]))
        client.event("reject-task", run_id=approval["instance_id"], task_id=approval["id"])
        _assert_stays_active(client, read_run(client, work["instance_id"]))


@rule("nextstep.completion.open-task-keeps-active", needs=("write", "events"))
def test_all_that_a_rejection_opens_keeps_the_run_active(target: Target) -> None:
    """A run stays active until every task that a rejection opened is done again."""
    with target.open() as client:
        designed = [{"title": "Draft"}, {"title": "Edit"}, {"title": "Approve", "type": "approval"}, {"title": "More"}]
        draft, edit, approval, more = start_designed_run(client, designed)
        run = read_run(client, draft["instance_id"])
        complete_task(client, draft)
        complete_task(client, edit)
        for event in ("approve-task", "reject-task"):
            client.event(event, run_id=run["id"], task_id=approval["id"])
        complete_task(client, more)
        for task in [task for task in run_tasks(client, run["id"]) if not task["completed"]]:
            _assert_stays_active(client, run)
            if task["id"] == approval["id"]:
                client.event("approve-task", run_id=run["id"], task_id=task["id"])
            else:
                complete_task(client, task)
        await_completed(client, run["id"])


@rule("nextstep.completion.uncompleted-task-counts-as-open", needs=("write",))
@given(data=st.data())
def test_an_uncompleted_task_counts_as_open(target: Target, data: st.DataObject) -> None:
    """A task that is made incomplete keeps its run active until it is completed again."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        again, *others = data.draw(st.permutations(tasks), label="order")
        for _ in range(data.draw(st.integers(1, 3), label="times")):
            complete_task(client, again)
            update_task(client, again, completed=False)
        for task in others:
            complete_task(client, task)
        _assert_stays_active(client, run)
        update_task(client, again, completed=False)
        _assert_stays_active(client, run)
        complete_task(client, again)
        await_completed(client, run["id"])


@rule("nextstep.completion.locked", needs=("write",))
@given(position=st.integers(0, 5))
@example(position=0)
@example(position=-1)
def test_a_completed_run_is_locked(target: Target, position: int) -> None:
    """An update of a task of a completed run is refused and changes nothing."""
    with target.open() as client:
        run, tasks = start_run_where(client, _fillable, "simple tasks with elements")
        complete_run(client, tasks)
        client.idle(1, "a completed run stays as it is")
        before = read_run(client, run["id"]), run_tasks(client, run["id"])
        for task, fields in _attempts(client, tasks, tasks[position % len(tasks)]):
            assert_problem(client, request_update(client, task, **fields), "run-locked")
            assert (read_run(client, run["id"]), run_tasks(client, run["id"])) == before, (
                f"a completed run must not change after an update with {show(fields)}"
            )


@rule("nextstep.completion.locked", needs=("write", "events"))
def test_a_run_that_was_skipped_to_its_end_is_locked(target: Target) -> None:
    """A run that completes by a skipped task is locked like any other, its skipped tasks included."""
    with target.open() as client:
        run, tasks = start_run_where(client, _skippable, "two tasks that can be skipped")
        for task in tasks:
            skip_task(client, task)
        await_completed(client, run["id"], rule="skipped-counts")
        before = run_tasks(client, run["id"])
        for task in tasks:
            for completed in (True, False):
                assert_problem(client, request_update(client, task, completed=completed), "run-locked")
        assert (got := run_tasks(client, run["id"])) == before, (
            f"a refused update of a completed run must not change its tasks; they are now {show(got)}"
        )


@rule("nextstep.completion.filters-follow", needs=("write",))
@given(filtered=st.booleans())
@example(filtered=False)
@example(filtered=True)
def test_a_completed_run_changes_lists(target: Target, filtered: bool) -> None:
    """A run is listed as active until it completes and as completed afterwards, filtered by template or not."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(), "simple tasks")
        filters = {"template_id": run["template_id"]} if filtered else {}
        assert (got := [_is_listed(client, run, status=status, **filters) for status in ("active", "completed")]) == [
            1,
            0,
        ], f"an active run must be listed under `active` and not under `completed`; listed: {show(got)}"
        complete_run(client, tasks)
        assert (got := [_is_listed(client, run, status=status, **filters) for status in ("active", "completed")]) == [
            0,
            1,
        ], f"a completed run must be listed under `completed` and not under `active`; listed: {show(got)}"
        assert (got := listed_run(client, run)["status"]) == "completed", (
            f"the list must show a completed run as `completed`, not {show(got)}"
        )


@rule("nextstep.completion.other-runs-stay-active", needs=("write",))
def test_other_runs_stay_as_they_were(target: Target) -> None:
    """The completion of a run changes no other run of its template, older or newer."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(), "simple tasks")
        others = [start_run(client, run["template_id"])["id"]]
        chosen = start_run(client, run["template_id"])
        others += [run["id"], start_run(client, run["template_id"])["id"]]
        before = [(read_run(client, id), run_tasks(client, id)) for id in others]
        complete_run(client, run_tasks(client, chosen["id"]))
        client.idle(SOON, "others stay")
        assert (got := [(read_run(client, id), run_tasks(client, id)) for id in others]) == before, (
            f"the completion of run {chosen['id']} must not change other runs; they are now {show(got)}"
        )
        complete_run(client, tasks)


@rule("nextstep.completion.essential-cannot-be-skipped", needs=("write", "events"))
def test_an_essential_task_is_not_skipped(target: Target) -> None:
    """An essential task cannot be skipped in the app, even as the last task of its run."""
    with target.open() as client:
        designed = [{"title": "Skipped"}, {"title": "Essential", "is_essential": True}]
        other, task = start_designed_run(client, designed)
        assert task["is_essential"] is True, (
            f"a task that is designed as essential must have `is_essential: true`, not {show(task['is_essential'])}"
        )
        for _ in range(2):
            with suppress(RuntimeError):
                skip_task(client, task)
            assert not read_task(client, task).get("skipped"), "an essential task must not be skipped"
            with suppress(RuntimeError):
                skip_task(client, other)
        _assert_stays_active(client, read_run(client, task["instance_id"]))


@rule("nextstep.completion.skipped-is-shown", needs=("write", "events"))
def test_a_skipped_task_is_shown_as_such(target: Target) -> None:
    """A skipped task has `skipped: true`, before and after its run completes; other tasks do not."""
    with target.open() as client:
        run, tasks = start_run_where(client, _skippable, "two tasks that can be skipped")
        skipped, *others = tasks
        skip_task(client, skipped)
        assert (got := read_task(client, skipped)["skipped"]) is True, (
            f"a skipped task must have `skipped: true`, not {show(got)}"
        )
        for task in others:
            assert not (got := read_task(client, task).get("skipped")), (
                f"a task that was not skipped must not be shown as skipped: {show(got)}"
            )
            complete_task(client, task)
        await_completed(client, run["id"], rule="skipped-counts")
        assert (got := read_task(client, skipped)["skipped"]) is True, (
            f"a skipped task must have `skipped: true` after its run is completed, not {show(got)}"
        )
        assert not (got := read_task(client, others[0]).get("skipped")), (
            f"a task that was not skipped must not be shown as skipped: {show(got)}"
        )


@rule("nextstep.runs.completed-at", needs=("write",))
def test_a_run_shows_when_it_completed(target: Target) -> None:
    """`completed_at` of a run is null while a task is open, and later than its start once it is completed."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        client.tick(2)
        for task in tasks[:-1]:
            complete_task(client, task)
        shown = read_run(client, run["id"]), listed_run(client, run)
        active = [view for view in (run, *shown) if view["status"] == "active"]
        assert not any(got := [view["completed_at"] for view in active]), (
            f"an active run must have `completed_at: null`, not {show(got)}"
        )
        complete_run(client, tasks[-1:])
        for view in (read_run(client, run["id"]), listed_run(client, run)):
            assert view["completed_at"] is not None, "a completed run must have a `completed_at`"
            assert parse_time(view["completed_at"]) >= parse_time(view["created_at"]), (
                f"a run must not complete at {show(view['completed_at'])}, before it is created at {view['created_at']}"
            )


@rule("nextstep.runs.completed-at")
def test_listed_runs_show_when_they_completed(target: Target) -> None:
    """A listed run has a `completed_at`, later than its start, exactly if it is completed."""
    with target.open() as client:
        for run in runs(client):
            assert (run["completed_at"] is not None) == (run["status"] == "completed"), (
                f"run {run['id']} is {run['status']} and must not have `completed_at: {show(run['completed_at'])}`"
            )
            assert run["completed_at"] is None or parse_time(run["completed_at"]) >= parse_time(run["created_at"]), (
                f"run {run['id']} must not complete at {show(run['completed_at'])}, but was made {run['created_at']}"
            )


@rule("nextstep.pagination.stable-while-runs-complete", needs=("write",))
@given(data=st.data(), limit=st.integers(1, 3), filtered=st.booleans())
def test_a_walk_is_stable_while_runs_complete(target: Target, data: st.DataObject, limit: int, filtered: bool) -> None:
    """A walk through the active runs gives each one once, although others complete between two pages."""
    with target.open() as client:
        run, _ = start_run_where(client, simple_tasks(), "simple tasks")
        own = [run["id"], *(start_run(client, run["template_id"])["id"] for _ in range(7))]
        filters = {"status": "active", **({"template_id": run["template_id"]} if filtered else {})}
        before = [entry["id"] for entry in runs(client, **filters)]
        sizes = limit if filtered and client.is_isolated else max(limit, len(before) // 10)
        seen: list[str] = []
        completed: set[str] = set()
        for page in pages(client, client.contract.operations["listProcessRuns"], filters, limits=repeat(sizes)):
            seen += [entry["id"] for entry in page.items]
            chosen = {seen[-1], *([data.draw(st.sampled_from(own), label="completed")] if own else [])}
            done = [id for id in own if id in chosen]
            for task in [task for id in done for task in run_tasks(client, id)]:
                complete_task(client, task)
            for id in done:
                await_completed(client, id)
                own.remove(id)
                completed.add(id)
        absent = [id for id in before if id not in {*seen, *completed}]
        completed |= {id for id in absent if read_run(client, id)["status"] == "completed"}
        staying = [id for id in before if id not in completed]
        assert [id for id in seen if id in set(staying)] == staying, (
            "a walk must give each run that stays active once, in order"
        )


def _fillable(tasks: Tasks) -> bool:
    return simple_tasks(2)(tasks) and bool(writable_elements(tasks))


def _skippable(tasks: Tasks) -> bool:
    return simple_tasks(2)(tasks) and not any(task.get("is_essential") for task in tasks)


def _beside(client: Client, task: Json) -> list[dict[str, Json]]:
    """Return further fields for a call that completes a task."""
    items = [{"id": element["id"], "value": sample_value(element)} for _, element in writable_elements([task])]
    active = [member.email for member in client.access.members if member.active]
    return [{"custom_elements": items}, *({"actor_email": email} for email in active[:1])]


def _assert_stays_active(client: Client, run: Json) -> None:
    for _ in range(2):
        seen = read_run(client, run["id"])
        assert seen["status"] == "active", f"a run with an open task must be `active`, not {show(seen['status'])}"
        with client.about("nextstep.runs.completed-at"):
            assert seen["completed_at"] is None, f"an active run has `completed_at: {seen['completed_at']}`"
        client.idle(SOON / 2, "stays active")


def _is_listed(client: Client, run: Json, **filters: str) -> int:
    return [entry["id"] for entry in runs(client, **filters)].count(run["id"])


def _attempts(client: Client, tasks: list[Json], task: Json) -> list[tuple[Json, dict[str, Json]]]:
    """Return updates that a completed run must refuse, each field alone and all together."""
    owner, element = writable_elements(tasks)[0]
    items = [{"id": element["id"], "value": sample_value(element, 1)}]
    found: list[tuple[Json, dict[str, Json]]] = [(task, {"completed": False}), (task, {"completed": True})]
    found += [(owner, {"custom_elements": items}), (owner, {"completed": True, "custom_elements": items})]
    for member in client.access.members[:1]:
        found += [(task, {"assignee": member.user_id}), (task, {"assignee": member.email, "completed": False})]
        found += [(task, {"completed": True, "actor_email": member.email})]
    return found
