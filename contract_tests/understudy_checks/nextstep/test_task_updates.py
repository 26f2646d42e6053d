"""Updating tasks: the effect of each field, alone and with others, and what must not change."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from understudy_checks.client import Client
from understudy_checks.nextstep.driver import (
    Json,
    Tasks,
    active_members,
    assert_element,
    await_completed,
    complete_task,
    fill_elements,
    parse_time,
    read_task,
    request_update,
    run_tasks,
    sample_value,
    simple_tasks,
    start_run,
    start_run_where,
    updatable_state,
    update_task,
    value_of,
    writable_elements,
)
from understudy_checks.refusals import assert_envelope
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

STEPS = ("complete", "uncomplete", "assign", "assign by address", "fill", "fill one")


@rule("nextstep.updates.complete", needs=("write",))
@given(position=st.integers(0, 5))
@example(position=0)
@example(position=-1)
def test_a_task_is_completed_with_the_time(target: Target, position: int) -> None:
    """A completed task has `completed: true` and the time of its completion."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        passed = client.tick(2)
        done = complete_task(client, tasks[position % len(tasks)])
        seen = read_task(client, done)
        assert (got := (done["completed"], seen["completed"])) == (True, True), (
            f"a completed task must have `completed: true` in the response and by its id, not {show(got)}"
        )
        client.tick(2)
        since, until = (parse_time(started["created_at"]) for started in (run, start_run(client, run["template_id"])))
        for completed_at in (done["completed_at"], seen["completed_at"]):
            assert completed_at is not None, "a completed task must have a `completed_at`"
            assert since + timedelta(seconds=passed / 2) <= parse_time(completed_at) < until, (
                f"`completed_at` must be between {show(since)} and {show(until)}, not {show(completed_at)}"
            )


@rule("nextstep.updates.complete", needs=("write",))
def test_the_only_task_is_completed(target: Target) -> None:
    """The last task of a run is completed and stays so after its run completes."""
    with target.open() as client:
        run, tasks = start_run_where(client, simple_tasks(), "simple tasks")
        for task in tasks:
            assert (got := complete_task(client, task)["completed"]) is True, (
                f"a completed task must have `completed: true`, not {show(got)}"
            )
        await_completed(client, run["id"])
        for task in run_tasks(client, run["id"]):
            assert task["completed"] is True, (
                f"a task of a completed run must have `completed: true`, not {show(task['completed'])}"
            )
            assert task["completed_at"] is not None, "a task of a completed run must have a `completed_at`"


@rule("nextstep.updates.completed-by-api", needs=("write",))
def test_a_task_is_completed_by_api_by_default(target: Target) -> None:
    """A task that is completed without an actor is completed by `api`."""
    with target.open() as client:
        _, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        for task in tasks[:-1]:
            _assert_completed_by(client, complete_task(client, task), "api")


@rule("nextstep.updates.completed-by-api", needs=("write", "members"))
def test_a_task_is_completed_by_api_whosever_it_is(target: Target) -> None:
    """A task that is completed without an actor is completed by `api`, whoever its assignee is."""
    with target.open() as client:
        starter, owner = active_members(client)[0], active_members(client)[-1]
        _, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more", actor_email=starter.email)
        for task in tasks[:-1]:
            update_task(client, task, assignee=owner.user_id)
            _assert_completed_by(client, complete_task(client, task), "api")


@rule("nextstep.updates.completed-by-member", needs=("write", "members"))
def test_a_task_is_completed_by_the_member_named(target: Target) -> None:
    """A task that is completed for an active member names the member by user id or address."""
    with target.open() as client:
        _, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        for member in active_members(client):
            done = complete_task(client, tasks[0], actor_email=member.email)
            _assert_completed_by(client, done, member.user_id, member.email)
            update_task(client, tasks[0], completed=False)


@rule("nextstep.updates.uncomplete", needs=("write",))
def test_a_task_is_made_incomplete(target: Target) -> None:
    """A completed task of an active run can be made incomplete again; its completion time and person are then null."""
    with target.open() as client:
        _, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        for task in (tasks[0], tasks[0], tasks[-1]):
            complete_task(client, task)
            for seen in (update_task(client, task, completed=False), read_task(client, task)):
                assert seen["completed"] is False, (
                    f"a reopened task must have `completed: false`, not {show(seen['completed'])}"
                )
                assert (got := (seen["completed_at"], seen["completed_by"])) == (None, None), (
                    f"a reopened task must have no completion; time and person are {show(got)}"
                )
        assert complete_task(client, tasks[0])["completed_at"] is not None, (
            "a task that is completed again must have a `completed_at`"
        )


@rule("nextstep.updates.assign-by-user-id", needs=("write", "members"))
def test_a_task_is_assigned_by_user_id(target: Target) -> None:
    """An active member's user id becomes the assignee of a task, whoever had it before."""
    with target.open() as client:
        _, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        for task, member in product((tasks[0], tasks[-1]), active_members(client)):
            _assert_assigned(client, update_task(client, task, assignee=member.user_id), member.user_id)


@rule("nextstep.updates.assign-by-email", needs=("write", "members"))
def test_a_task_is_assigned_by_address(target: Target) -> None:
    """An active member's address sets the assignee to the member's user id, whoever had the task before."""
    with target.open() as client:
        _, tasks = start_run_where(client, simple_tasks(2), "two simple tasks or more")
        for task, member in product((tasks[0], tasks[-1]), active_members(client)):
            _assert_assigned(client, update_task(client, task, assignee=member.email), member.user_id)


@rule("nextstep.updates.rest-is-kept", needs=("write",))
@given(steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=6))
@example(steps=["fill", "assign", "complete", "fill one", "assign by address", "uncomplete", "complete"])
@example(steps=["complete", "fill", "uncomplete", "assign"])
def test_what_is_not_mentioned_is_kept(target: Target, steps: list[str]) -> None:
    """An update changes only what it names among completion, assignee and elements."""
    with target.open() as client:
        task = _filled_task(client)
        before = updatable_state(read_task(client, task))
        for number, step in enumerate(steps):
            meant = _take(client, task, step, number)
            after = updatable_state(read_task(client, task))
            assert _rest(after, meant) == _rest(before, meant), f"{step} must change nothing but {', '.join(meant)}"
            before = after


@rule("nextstep.updates.together", needs=("write",))
@given(number=st.integers(0, 1))
@example(number=0)
@example(number=1)
def test_fields_take_effect_together(target: Target, number: int) -> None:
    """Completion and elements that are sent in one call all take effect."""
    with target.open() as client:
        task = _rich_task(client)
        items = [
            {"id": element["id"], "value": sample_value(element, number)} for _, element in writable_elements([task])
        ]
        sent = {"completed": True, "custom_elements": items}
        for seen in (update_task(client, task, **sent), read_task(client, task)):
            assert seen["completed"] is True, (
                f"a completed task must have `completed: true`, not {show(seen['completed'])}"
            )
            assert seen["completed_at"] is not None, "a completed task must have a `completed_at`"
            _assert_set(client, seen, task, items)


@rule("nextstep.updates.together", needs=("write", "members"))
@given(number=st.integers(0, 1))
@example(number=0)
@example(number=1)
def test_people_take_effect_together(target: Target, number: int) -> None:
    """Actor, assignee and elements that are sent in one call all take effect."""
    with target.open() as client:
        task, member = _rich_task(client), active_members(client)[-1]
        items = [
            {"id": element["id"], "value": sample_value(element, number)} for _, element in writable_elements([task])
        ]
        sent = {"completed": True, "actor_email": member.email, "assignee": member.user_id, "custom_elements": items}
        for seen in (update_task(client, task, **sent), read_task(client, task)):
            assert seen["completed"] is True, (
                f"a completed task must have `completed: true`, not {show(seen['completed'])}"
            )
            assert seen["completed_at"] is not None, "a completed task must have a `completed_at`"
            assert seen["completed_by"] in (member.user_id, member.email), (
                f"the task must be completed by {member.email}, not {show(seen['completed_by'])}"
            )
            assert seen["assignee"] == member.user_id, (
                f"the task must be assigned to {member.user_id}, not {show(seen['assignee'])}"
            )
            _assert_set(client, seen, task, items)
        update_task(client, task, completed=False, custom_elements=items[:1], assignee=active_members(client)[0].email)
        seen = read_task(client, task)
        assert (got := (seen["completed"], seen["assignee"])) == (False, active_members(client)[0].user_id), (
            f"an update of completion and assignee must change both; they are {show(got)}"
        )


@rule("nextstep.updates.persisted", needs=("write",))
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=4))
@example(steps=[*STEPS])
def test_an_update_is_kept(target: Target, steps: list[str]) -> None:
    """A task shows, by its id and in the list, what the response to its update showed."""
    with target.open() as client:
        task = _filled_task(client)
        for number, step in enumerate(steps):
            answered = _take_one(client, task, step, number)
            for _ in range(2):
                listed = next(entry for entry in run_tasks(client, task["instance_id"]) if entry["id"] == task["id"])
                for seen in (read_task(client, task), listed):
                    assert (got := {name: seen[name] for name in seen if name in answered}) == {
                        name: answered[name] for name in answered if name in seen
                    }, f"a task must be as the response to its update shows it; it is {show(got)}"
                client.idle(1, "an update is kept")


@rule("nextstep.updates.other-tasks-are-unaffected", needs=("write",))
@given(steps=st.lists(st.sampled_from(STEPS), min_size=1, max_size=4))
@example(steps=[*STEPS])
def test_other_tasks_are_unaffected(target: Target, steps: list[str]) -> None:
    """An update changes no other task of its run or of another run of the template."""
    with target.open() as client:
        task = _filled_task(client)
        run_id = task["instance_id"]
        others = [start_run(client, _template_of(client, run_id))["id"] for _ in range(2)]
        before = _without(run_tasks(client, run_id), task), [run_tasks(client, id) for id in others]
        for number, step in enumerate(steps):
            _take(client, task, step, number)
            after = _without(run_tasks(client, run_id), task), [run_tasks(client, id) for id in others]
            assert after == before, f"{step} must not change another task"


@rule("nextstep.updates.refused-value-is-not-kept", needs=("write",))
@given(filled=st.booleans())
@example(filled=False)
@example(filled=True)
def test_a_refused_value_is_not_kept(target: Target, filled: bool) -> None:
    """An update whose only value is refused leaves the task as it is."""
    with target.open() as client:
        task = _filled_task(client) if filled else _rich_task(client)
        before = read_task(client, task)
        attempts: list[dict[str, Json]] = [{"completed": {}}, {"assignee": {}}]
        for _, element in writable_elements([task]):
            attempts.append({"custom_elements": [{"id": element["id"], "value": {"not": "a value"}}]})
        for fields in attempts:
            assert_envelope(client, request_update(client, task, **fields))
            assert read_task(client, task) == before, f"the refused update with {show(fields)} must not change the task"
        response = request_update(client, task, assignee="nobody.at.all@example.invalid")
        assert response.status < 300 or read_task(client, task) == before, "a refused assignee must not change the task"


def _rich_task(client: Client) -> Json:
    """Start a run of several tasks; returns a task with two writable elements or more."""

    def wanted(tasks: Tasks) -> bool:
        return simple_tasks(2, 30)(tasks) and _richest(tasks) > 1

    _, tasks = start_run_where(client, wanted, "a task with two writable elements beside other tasks")
    return max(tasks, key=lambda task: len(writable_elements([task])))


def _filled_task(client: Client) -> Json:
    """Return such a task with all elements filled, so that it can be completed."""
    task = _rich_task(client)
    fill_elements(client, task, {element["id"]: sample_value(element) for _, element in writable_elements([task])})
    return task


def _richest(tasks: Tasks) -> int:
    return max(len(writable_elements([task])) for task in tasks)


def _take(client: Client, task: Json, step: str, number: int) -> tuple[str, ...]:
    """Apply a step to a task; returns the names of what it may change, an element by its id."""
    _take_one(client, task, step, number)
    step = _possible(client, step)
    if "complete" in step:
        return "completed", "completed_at", "completed_by"
    return ("assignee",) if "assign" in step else tuple(item["id"] for item in _items(task, step, number))


def _take_one(client: Client, task: Json, step: str, number: int) -> Json:
    """Apply a step to a task; returns the task of the response."""
    step = _possible(client, step)
    if step == "complete":
        return update_task(client, task, completed=True)
    if step == "uncomplete":
        return update_task(client, task, completed=False)
    if "assign" in step:
        members = active_members(client)
        member = members[number % len(members)]
        return update_task(client, task, assignee=member.user_id if step == "assign" else member.email)
    return update_task(client, task, custom_elements=_items(task, step, number))


def _possible(client: Client, step: str) -> str:
    """Return the step, or another one if it needs a member and none is known."""
    return "fill one" if "assign" in step and not client.access.members else step


def _items(task: Json, step: str, number: int) -> list[Json]:
    chosen = writable_elements([task]) if step == "fill" else writable_elements([task])[-1:]
    return [{"id": element["id"], "value": sample_value(element, number % 2)} for _, element in chosen]


def _rest(state: Json, meant: tuple[str, ...]) -> Json:
    values = {key: value for key, value in state["values"].items() if key[1] not in meant}
    return {**{name: value for name, value in state.items() if name not in meant}, "values": values}


def _template_of(client: Client, run_id: str) -> str:
    return str(client.call("getProcessRun", {"id": run_id}).json()["data"]["template_id"])


def _without(tasks: list[Json], task: Json) -> list[Json]:
    return [other for other in tasks if other["id"] != task["id"]]


def _assert_set(client: Client, seen: Json, task: Json, items: list[Json]) -> None:
    for item in items:
        assert_element(client, task, item["id"], value_of(seen, item["id"]), item["value"])


def _assert_completed_by(client: Client, done: Json, *who: str) -> None:
    assert done["completed_by"] in who, (
        f"the task must be completed by {' or '.join(who)}, not {show(done['completed_by'])}"
    )
    assert (got := read_task(client, done)["completed_by"]) in who, (
        f"the task, read by its id, must be completed by {' or '.join(who)}, not {show(got)}"
    )


def _assert_assigned(client: Client, changed: Json, who: str) -> None:
    assert changed["assignee"] == who, (
        f"the updated task must be assigned to {show(who)}, not {show(changed['assignee'])}"
    )
    assert (got := read_task(client, changed)["assignee"]) == who, (
        f"the task, read by its id, must be assigned to {show(who)}, not {show(got)}"
    )
