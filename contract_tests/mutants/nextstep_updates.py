"""NextStep with updates of tasks that go wrong: one field or several, what they keep, what they touch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import (
    after,
    again,
    answered,
    before,
    put,
    records,
    refused,
    refusing,
    respecified,
    showing,
)
from mock_server.api import Api, Call, Problem, Reply
from mock_server.store import Record, encode

UPDATE = "updateRunTask"
FIELDS = "/components/schemas/UpdateTask/properties"
OPEN: dict[str, Any] = {"completed": False, "completed_at": None, "completed_by": None}


@mutant("nextstep.updates.complete")
def completing_is_ignored(api: Api) -> Api:
    """Completing a task is answered as a success and does nothing."""
    return before(api, lambda call: call.body.get("completed") and call.body.pop("completed"), UPDATE)


@mutant("nextstep.updates.complete")
def completed_tasks_show_no_time(api: Api) -> Api:
    """A completed task has null as its time of completion."""
    return _keeping(api, lambda call, was, task: task | {"completed_at": None})


@mutant("nextstep.updates.complete")
def tasks_are_completed_when_their_run_started(api: Api) -> Api:
    """A completed task shows the time at which its run was started."""
    return _keeping(api, lambda call, was, task: task | {"completed_at": task["completed_at"] and task["created_at"]})


@mutant("nextstep.updates.complete")
def times_of_completion_are_local(api: Api) -> Api:
    """A completed task shows the team's local time as if it was UTC."""

    def move(call: Call, was: Record, task: Record) -> Record:
        at = task["completed_at"]
        return task | {"completed_at": at and f"{at[:11]}{(int(at[11:13]) + 12) % 24:02}{at[13:]}"}

    return _keeping(api, move)


@mutant("nextstep.updates.complete")
def only_assigned_tasks_are_completed(api: Api) -> Api:
    """A task that is assigned to nobody cannot be completed."""

    def refuse(call: Call) -> bool:
        return bool(call.body.get("completed")) and not _task(call)["assignee"]

    return refusing(api, refuse, UPDATE)


@mutant("nextstep.updates.complete")
def the_last_task_is_answered_as_it_was(api: Api) -> Api:
    """The update that completes a run leaves its last task incomplete."""

    def forget(call: Call, data: Any) -> None:
        run: Any = call.store["runs"].get(data["instance_id"])
        if run["status"] == "completed":
            put(call, "tasks", data["id"], **OPEN)

    return after(api, forget, UPDATE)


@mutant("nextstep.updates.completed-by-api")
def tasks_are_completed_by_nobody(api: Api) -> Api:
    """A task that is completed without an actor has null as who completed it."""
    return _keeping(api, _completed_by(lambda call, task: call.body.get("actor_email")))


@mutant("nextstep.updates.completed-by-api")
def tasks_are_completed_by_their_assignee(api: Api) -> Api:
    """A task that is completed without an actor was completed by whom it is assigned to."""
    return _keeping(api, _completed_by(lambda call, task: task["assignee"]))


@mutant("nextstep.updates.completed-by-api")
def tasks_are_completed_by_the_starter(api: Api) -> Api:
    """A task that is completed without an actor was completed by whoever started the run."""
    return _keeping(api, _completed_by(lambda call, task: _run(call)["started_by"]))


@mutant("nextstep.updates.completed-by-member")
def the_actor_is_ignored(api: Api) -> Api:
    """Every task was completed by `api`."""
    return before(api, lambda call: call.body.pop("actor_email", None), UPDATE)


@mutant("nextstep.updates.completed-by-member")
def the_first_member_completes_everything(api: Api) -> Api:
    """A task that is completed for a member was completed by the first one."""

    def act(call: Call) -> None:
        if "actor_email" in call.body:
            call.body["actor_email"] = next(records(call, "members"))["email"]

    return before(api, act, UPDATE)


@mutant("nextstep.updates.completed-by-member")
def the_first_actor_stays(api: Api) -> Api:
    """A task that is completed again was completed by whoever completed it first."""

    def stay(call: Call, was: Record, task: Record) -> Record:
        known = next(records(call, "outbox", kind=f"actor {task['id']}"), None)
        if known is None and task["completed"]:
            record = {"id": call.ids.take(20), "kind": f"actor {task['id']}", "to": task["completed_by"]}
            call.store["outbox"].put({**record, "at": task["completed_at"]})
        return task | {"completed_by": known["to"] if known and task["completed"] else task["completed_by"]}

    return _keeping(api, stay)


@mutant("nextstep.updates.completed-by-member")
def members_complete_by_name(api: Api) -> Api:
    """A task that is completed for a member shows the member's name."""

    def name(call: Call, was: Record, task: Record) -> Record:
        member = call.store["members"].get(task["completed_by"] or "")
        return task | {"completed_by": member["name"] if member else task["completed_by"]}

    return _keeping(api, name)


@mutant("nextstep.updates.uncomplete")
def uncompleting_is_ignored(api: Api) -> Api:
    """Making a task incomplete is answered as a success and does nothing."""
    return before(api, lambda call: call.body.get("completed") or call.body.pop("completed", None), UPDATE)


@mutant("nextstep.updates.uncomplete")
def the_time_of_completion_stays(api: Api) -> Api:
    """A task that is made incomplete keeps its time of completion."""
    return _keeping(api, lambda call, was, task: task | {"completed_at": task["completed_at"] or was["completed_at"]})


@mutant("nextstep.updates.uncomplete")
def who_completed_stays(api: Api) -> Api:
    """A task that is made incomplete keeps who completed it."""
    return _keeping(api, lambda call, was, task: task | {"completed_by": task["completed_by"] or was["completed_by"]})


@mutant("nextstep.updates.uncomplete")
def uncompleting_is_refused(api: Api) -> Api:
    """A completed task cannot be made incomplete."""
    return refusing(api, lambda call: call.body.get("completed") is False and _task(call)["completed"], UPDATE)


@mutant("nextstep.updates.uncomplete")
def an_uncompleted_task_cannot_be_completed(api: Api) -> Api:
    """A task that was made incomplete can never be completed again."""

    def refuse(call: Call) -> bool:
        reopened = call.store["tasks"].row(call.arguments["taskId"]) is not None and not _task(call)["completed"]
        return bool(call.body.get("completed")) and reopened and list(call.body) == ["completed"]

    return refusing(api, refuse, UPDATE)


@mutant("nextstep.updates.assign-by-user-id")
def assigning_by_user_id_is_ignored(api: Api) -> Api:
    """A user id as the assignee is answered as a success and does nothing."""
    return before(api, lambda call: "@" in call.body.get("assignee", "@") or call.body.pop("assignee"), UPDATE)


@mutant("nextstep.updates.assign-by-user-id")
def user_ids_become_addresses(api: Api) -> Api:
    """A task that is assigned by user id shows the member's address."""

    def mail(call: Call, was: Record, task: Record) -> Record:
        member = call.store["members"].get(call.body.get("assignee", ""))
        return task | {"assignee": member["email"] if member else task["assignee"]}

    return _keeping(api, mail)


@mutant("nextstep.updates.assign-by-user-id")
def an_assigned_task_is_not_reassigned(api: Api) -> Api:
    """A task that is assigned already keeps its assignee."""
    return _keeping(api, lambda call, was, task: task | {"assignee": was["assignee"] or task["assignee"]})


@mutant("nextstep.updates.assign-by-user-id")
def only_addresses_can_be_assigned(api: Api) -> Api:
    """A user id as the assignee is refused."""
    return refusing(api, lambda call: "@" not in call.body.get("assignee", "@"), UPDATE)


@mutant("nextstep.updates.assign-by-email")
def addresses_stay_addresses(api: Api) -> Api:
    """A task that is assigned by address shows that address."""

    def keep(call: Call, was: Record, task: Record) -> Record:
        given = call.body.get("assignee", "")
        return task | {"assignee": given if "@" in given else task["assignee"]}

    return _keeping(api, keep)


@mutant("nextstep.updates.assign-by-email")
def only_user_ids_can_be_assigned(api: Api) -> Api:
    """An address as the assignee is refused."""
    return refusing(api, lambda call: "@" in call.body.get("assignee", ""), UPDATE)


@mutant("nextstep.updates.assign-by-email")
def addresses_take_the_task_away(api: Api) -> Api:
    """A task that is assigned by address is nobody's."""

    def take(call: Call, was: Record, task: Record) -> Record:
        return task | {"assignee": None} if "@" in call.body.get("assignee", "") else task

    return _keeping(api, take)


@mutant("nextstep.updates.rest-is-kept")
def the_assignee_is_cleared(api: Api) -> Api:
    """An update without an assignee makes the task nobody's."""
    return _keeping(api, lambda call, was, task: task if "assignee" in call.body else task | {"assignee": None})


@mutant("nextstep.updates.rest-is-kept")
def completion_is_cleared(api: Api) -> Api:
    """An update without `completed` makes the task incomplete."""
    return _keeping(api, lambda call, was, task: task if "completed" in call.body else task | OPEN)


@mutant("nextstep.updates.rest-is-kept")
def other_elements_are_cleared(api: Api) -> Api:
    """An update of elements clears those that it does not name."""

    def clear(call: Call, was: Record, task: Record) -> Record:
        named = {item["id"] for item in call.body.get("custom_elements", ())}
        return _mapped(task, lambda e: {**e, "value": e["value"] if not named or e["id"] in named else None})

    return _keeping(api, clear)


@mutant("nextstep.updates.rest-is-kept")
def all_elements_are_cleared(api: Api) -> Api:
    """An update without elements clears them."""

    def clear(call: Call, was: Record, task: Record) -> Record:
        return task if "custom_elements" in call.body else _mapped(task, lambda e: {**e, "value": None})

    return _keeping(api, clear)


@mutant("nextstep.updates.rest-is-kept")
def uncompleting_clears_the_elements(api: Api) -> Api:
    """Making a task incomplete clears its elements."""

    def clear(call: Call, was: Record, task: Record) -> Record:
        return _mapped(task, lambda e: {**e, "value": None}) if call.body.get("completed") is False else task

    return _keeping(api, clear)


@mutant("nextstep.updates.rest-is-kept")
def filling_refreshes_the_completion(api: Api) -> Api:
    """Filling an element of a completed task completes it for nobody."""

    def refresh(call: Call, was: Record, task: Record) -> Record:
        return task | {"completed_by": None} if "custom_elements" in call.body else task

    return _keeping(api, refresh)


@mutant("nextstep.updates.rest-is-kept")
def completing_assigns(api: Api) -> Api:
    """Completing a task assigns it to whoever completed it."""
    return _keeping(
        api, lambda call, was, task: task | {"assignee": task["completed_by"]} if call.body.get("completed") else task
    )


@mutant("nextstep.updates.together")
def one_field_is_enough(api: Api) -> Api:
    """Of several fields only the first one counts."""

    def choose(call: Call) -> None:
        first = next(iter(call.body), None)
        call.body = {name: value for name, value in call.body.items() if name in (first, "actor_email")}

    return before(api, choose, UPDATE)


@mutant("nextstep.updates.together")
def completing_ignores_the_elements(api: Api) -> Api:
    """Elements that are sent with `completed` are ignored."""
    return before(api, lambda call: "completed" in call.body and call.body.pop("custom_elements", None), UPDATE)


@mutant("nextstep.updates.together")
def elements_ignore_the_completion(api: Api) -> Api:
    """`completed` is ignored when elements are sent with it."""
    return before(api, lambda call: "custom_elements" in call.body and call.body.pop("completed", None), UPDATE)


@mutant("nextstep.updates.together")
def completing_ignores_the_assignee(api: Api) -> Api:
    """An assignee who is sent with `completed` is ignored."""
    return before(api, lambda call: "completed" in call.body and call.body.pop("assignee", None), UPDATE)


@mutant("nextstep.updates.together")
def one_element_is_enough(api: Api) -> Api:
    """Of several elements only the last one is set."""

    def choose(call: Call) -> None:
        if "custom_elements" in call.body:
            call.body["custom_elements"] = call.body["custom_elements"][-1:]

    return before(api, choose, UPDATE)


@mutant("nextstep.updates.together")
def several_fields_are_refused(api: Api) -> Api:
    """An update of more than two fields is refused."""
    return refusing(api, lambda call: len(call.body) > 2, UPDATE)


@mutant("nextstep.updates.persisted")
def updates_are_only_answered(api: Api) -> Api:
    """An update answers the updated task, and forgets it."""

    def update(call: Call) -> Reply:
        was = _task(call)
        reply = api.handlers[UPDATE](call)
        call.store["tasks"].put(was)
        return reply

    return handled(api, updateRunTask=update)


@mutant("nextstep.updates.persisted")
def updates_answer_the_task_as_it_was(api: Api) -> Api:
    """An update answers the task as it was before."""

    def update(call: Call) -> Reply:
        was = _task(call)
        reply = api.handlers[UPDATE](call)
        return structs.replace(reply, body=encode({"data": was}))

    return handled(api, updateRunTask=update)


@mutant("nextstep.updates.persisted")
def the_list_of_tasks_is_stale(api: Api) -> Api:
    """The list shows the values of tasks as they were when their run started."""

    def stale(call: Call, task: Any) -> Any:
        return _mapped(task, lambda e: {**e, "value": None})

    return showing(api, stale, "listRunTasks")


@mutant("nextstep.updates.persisted")
def assignees_are_forgotten(api: Api) -> Api:
    """An update that only assigns answers the new assignee, and forgets it."""

    def forget(call: Call, data: Any) -> None:
        if list(call.body) == ["assignee"]:
            put(call, "tasks", data["id"], assignee=None)

    return after(api, forget, UPDATE)


@mutant("nextstep.updates.persisted")
def updates_answer_fewer_elements(api: Api) -> Api:
    """An update answers only the elements that it named."""

    def choose(call: Call, task: Any) -> Any:
        named = {item["id"] for item in call.body.get("custom_elements", ())}
        return {**task, "custom_elements": [e for e in task["custom_elements"] if not named or e["id"] in named]}

    return showing(api, choose, UPDATE)


@mutant("nextstep.updates.other-tasks-are-unaffected")
def tasks_of_other_runs_are_filled(api: Api) -> Api:
    """Filling an element sets it in all runs of the template."""

    def spread(call: Call, data: Any) -> None:
        if "custom_elements" in call.body:
            for task in _twins(api, call, data):
                call.store["tasks"].put({**task, "custom_elements": data["custom_elements"]})

    return after(api, spread, UPDATE)


@mutant("nextstep.updates.other-tasks-are-unaffected")
def tasks_of_other_runs_are_assigned(api: Api) -> Api:
    """Assigning a task assigns it in all runs of the template."""

    def spread(call: Call, data: Any) -> None:
        if "assignee" in call.body:
            for task in _twins(api, call, data):
                call.store["tasks"].put({**task, "assignee": data["assignee"]})

    return after(api, spread, UPDATE)


@mutant("nextstep.updates.other-tasks-are-unaffected")
def the_whole_run_is_assigned(api: Api) -> Api:
    """Assigning a task assigns all tasks of its run."""

    def spread(call: Call, data: Any) -> None:
        if "assignee" in call.body:
            for task in again(api, call, "listRunTasks", {"id": data["instance_id"]}):
                call.store["tasks"].put({**task, "assignee": data["assignee"]})

    return after(api, spread, UPDATE)


@mutant("nextstep.updates.other-tasks-are-unaffected")
def the_next_task_is_completed_too(api: Api) -> Api:
    """Completing a task shows the next one as completed, too."""

    def spread(call: Call, data: Any) -> None:
        for task in again(api, call, "listRunTasks", {"id": data["instance_id"]}) if call.body.get("completed") else ():
            if task["order"] == data["order"] + 1:
                done = {name: data[name] for name in OPEN}
                call.store["tasks"].put({**task, **done})

    return after(api, spread, UPDATE)


@mutant("nextstep.updates.wrong-types")
def an_object_completes(api: Api) -> Api:
    """Anything that is not empty as `completed` completes."""

    def convert(call: Call) -> None:
        if "completed" in call.body:
            call.body["completed"] = bool(call.body["completed"])

    return before(respecified(api, f"{FIELDS}/completed", {}), convert, UPDATE)


@mutant("nextstep.updates.wrong-types")
def an_object_as_an_assignee_is_dropped(api: Api) -> Api:
    """An assignee that is no text is ignored."""
    return _only(api, str, "assignee")


@mutant("nextstep.updates.wrong-types")
def an_object_as_elements_is_dropped(api: Api) -> Api:
    """Elements that are no list are ignored."""
    return _only(api, list, "custom_elements")


@mutant("nextstep.updates.wrong-types")
def an_object_breaks_the_server(api: Api) -> Api:
    """An object as the assignee is answered 500."""
    return respecified(api, f"{FIELDS}/assignee", {})


@mutant("nextstep.updates.refused-value-is-not-kept")
def refused_values_are_kept(api: Api) -> Api:
    """A value is kept, and then refused."""
    return refused(api, lambda call: _force(call, lambda given: given), UPDATE)


@mutant("nextstep.updates.refused-value-is-not-kept")
def refused_values_clear_the_element(api: Api) -> Api:
    """A value that is refused leaves the element without one."""
    return refused(api, lambda call: _force(call, lambda given: None), UPDATE)


@mutant("nextstep.updates.refused-value-is-not-kept")
def a_refused_update_takes_the_task_away(api: Api) -> Api:
    """A refused update makes the task somebody's."""
    starter = "somebody"
    return refused(api, lambda call: call.store["tasks"].put({**_task(call), "assignee": starter}), UPDATE)


@mutant("nextstep.updates.refused-value-is-not-kept")
def a_refused_assignee_takes_the_task_away(api: Api) -> Api:
    """A refused assignee leaves the task to nobody."""

    def clear(call: Call) -> None:
        if isinstance(call.body, dict) and "assignee" in call.body:
            call.store["tasks"].put({**_task(call), "assignee": None, "completed_by": "nobody"})

    return refused(api, clear, UPDATE)


def _only(api: Api, kind: type, name: str) -> Api:
    """A field of any other type than `kind` is ignored."""
    relaxed = respecified(api, f"{FIELDS}/{name}", {})
    return before(relaxed, lambda call: isinstance(call.body.get(name), kind) or call.body.pop(name, None), UPDATE)


def _run(call: Call) -> Record:
    run = call.store["runs"].get(call.arguments["runId"])
    if run is None:
        raise Problem("run-not-found")
    return run


def _task(call: Call) -> Record:
    """The task that is to be updated, as it is."""
    reply = call.api.handlers["getRunTask"](call)
    task: Record = answered(call, reply)["data"]
    return task


def _keeping(api: Api, change: Callable[[Call, Record, Record], Record]) -> Api:
    """An update that keeps, and answers, what `change` makes of the task before and after it."""

    def update(call: Call) -> Reply:
        was = _task(call)
        reply = api.handlers[UPDATE](call)
        task = change(call, was, answered(call, reply)["data"])
        call.store["tasks"].put(task)
        return structs.replace(reply, body=encode({"data": task}))

    return handled(api, updateRunTask=update)


def _completed_by(choose: Callable[[Call, Record], Any]) -> Callable[[Call, Record, Record], Record]:
    """Who completed a task without being named is somebody else."""

    def change(call: Call, was: Record, task: Record) -> Record:
        return task | {"completed_by": choose(call, task)} if task["completed_by"] == "api" else task

    return change


def _mapped(task: Record, change: Callable[[Record], Record]) -> Record:
    return {**task, "custom_elements": [change(element) for element in task["custom_elements"]]}


def _twins(api: Api, call: Call, task: Any) -> list[Record]:
    """The tasks of other runs that were copied from the same task of the template."""
    runs = records(call, "runs", template_id=_run(call)["template_id"])
    tasks = [other for run in runs for other in again(api, call, "listRunTasks", {"id": run["id"]})]
    return [t for t in tasks if t["template_task_id"] == task["template_task_id"] and t["id"] != task["id"]]


def _force(call: Call, change: Callable[[Any], Any]) -> None:
    """Set the elements that an update names, whatever they are given."""
    given = {item["id"]: change(item["value"]) for item in call.body.get("custom_elements", ())}
    task = _task(call)
    call.store["tasks"].put(_mapped(task, lambda e: {**e, "value": given.get(e["id"], e["value"])}))
