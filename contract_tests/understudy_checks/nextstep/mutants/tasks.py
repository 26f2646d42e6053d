"""Mutants of NextStep's tasks: ids, lookup, updates, and what updates must not change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.ids import digest
from understudy.engine.store import encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    answered,
    ask,
    coerce_body,
    do_though_refused,
    drop_members,
    ignore_body,
    ignore_wrong_type,
    map_body,
    map_item,
    map_list,
    map_page,
    on_refusal,
    on_request,
    on_success,
    patch_document,
    put,
    records,
    reject_when,
    replace_handler,
    set_body,
    set_members,
    swap_error,
    without,
)
from understudy_checks.nextstep.mutants.elements import TASKS, UPDATE, current_task, map_elements, with_values

LIST = "listRunTasks"
GET = "getRunTask"
START = "createProcessRun"
FIELDS = "/components/schemas/UpdateTask/properties"
READ_ONLY = ("text", "image", "video", "lineBreak")
OPEN: dict[str, Any] = {"completed": False, "completed_at": None, "completed_by": None}


def keeps(change: Callable[[Call, Any, Any], dict[str, Any]]) -> Breakage:
    """Store, and answer, an updated task with the members of `change(call, before, after)`."""

    def update(handler: Handler, call: Call) -> Reply:
        before = current_task(call)
        reply = handler(call)
        after = answered(call, reply)["data"]
        task = {**after, **change(call, before, after)}
        call.store["tasks"].put(task)
        return structs.replace(reply, body=encode({"data": task}))

    return replace_handler(UPDATE, update)


def clears(when: Callable[[Call], object], but: Callable[[Call], Iterable[str]] = lambda call: ()) -> Breakage:
    """Clear the elements of an updated task except those with the ids `but(call)`."""

    def clear(call: Call, before: Any, after: Any) -> dict[str, Any]:
        kept = set(but(call))
        empty = with_values(
            after, {element["id"]: None for element in after["custom_elements"] if element["id"] not in kept}
        )
        return {"custom_elements": empty["custom_elements"]} if when(call) else {}

    return keeps(clear)


def completes_by(who: Callable[[Call, Any], Any]) -> Breakage:
    """Record `who(call, task)` as the person who completed a task without an actor."""
    return keeps(
        lambda call, before, after: {"completed_by": who(call, after)} if after["completed_by"] == "api" else {}
    )


def spreads(member: str, tasks: Callable[[Call, Any], Iterable[Any]], *shown: str) -> Breakage:
    """Set an updated member in the tasks `tasks(call, task)` too; `shown` are its members in a task."""

    def spread(call: Call, task: Any) -> None:
        for other in tasks(call, task) if member in call.body else ():
            call.store["tasks"].put({**other, **{name: task[name] for name in shown or (member,)}})

    return on_success(UPDATE, spread)


def gives_ids(make: Callable[[Any], str]) -> Breakage:
    """Give the tasks of a new run the ids `make(task)`."""

    def rename(call: Call, run: Any) -> None:
        put(call, "progress", run["id"], ids={make(task): task["order"] for task in tasks_of(call, run["id"])})

    return on_success(START, rename)


def tasks_of(call: Call, run_id: str) -> list[Any]:
    """Return the tasks of a run as they are listed."""
    tasks: list[Any] = ask(call, LIST, {"id": run_id})
    return tasks


def run_of(call: Call, task: Any) -> Any:
    """Return the run of a task."""
    return call.store["runs"].get(task["instance_id"])


def is_known_run(call: Call) -> bool:
    """Return whether the run that a call names exists."""
    return call.store["runs"].row(call.arguments["runId"]) is not None


def name_the_real_run(call: Call, *, known: bool) -> bool:
    """Replace the run in the path by the run that has the task, if `is_known_run` is `known`; returns success."""
    if is_known_run(call) is known:
        for run in records(call, "runs"):
            # the task ids of one run begin alike, but for those that a fixture gives
            if run["id"] != call.arguments["runId"] and call.arguments["taskId"][:16] == digest(run["id"], 16):
                call.arguments["runId"] = run["id"]
                return True
    return False


def named_elements(call: Call) -> set[str]:
    """Return the ids of the elements that an update names."""
    return {item["id"] for item in call.body.get("custom_elements", ())}


def is_completing(call: Call) -> bool:
    """Return whether an update completes its task."""
    return bool(call.body.get("completed"))


def is_reopening(call: Call) -> bool:
    """Return whether an update makes its task incomplete."""
    return call.body.get("completed") is False


def _name_the_first_if_unknown(call: Call) -> None:
    ids = [task["id"] for task in tasks_of(call, call.arguments["runId"])] if is_known_run(call) else []
    if ids and call.arguments["taskId"] not in ids:
        call.arguments["taskId"] = ids[0]


def _find_by_the_template_s_id(call: Call) -> None:
    for task in tasks_of(call, call.arguments["runId"]) if is_known_run(call) else ():
        if task["template_task_id"] == call.arguments["taskId"]:
            call.arguments["taskId"] = task["id"]


def _name_the_section_by_title(call: Call, task: Any) -> Any:
    titles = {section["id"]: section["title"] for section in run_of(call, task)["sections"]}
    return {**task, "section_id": titles.get(task["section_id"])}


def _move_the_time(call: Call, before: Any, after: Any) -> dict[str, Any]:
    at = after["completed_at"]
    return {"completed_at": at and f"{at[:11]}{(int(at[11:13]) + 12) % 24:02}{at[13:]}"}


def _reopen_the_last(call: Call, task: Any) -> None:
    if run_of(call, task)["status"] == "completed":
        put(call, "tasks", task["id"], **OPEN)


def _keep_the_first_actor(call: Call, before: Any, after: Any) -> dict[str, Any]:
    if not after["completed"]:
        return {}
    kind = f"actor {after['id']}"
    known = next(records(call, "outbox", kind=kind), None)
    if known is None:
        known = {"id": call.ids.take(20), "kind": kind, "to": after["completed_by"], "at": after["completed_at"]}
        call.store["outbox"].put(known)
    return {"completed_by": known["to"]}


def _complete_by_name(call: Call, before: Any, after: Any) -> dict[str, Any]:
    member = call.store["members"].get(after["completed_by"] or "")
    return {"completed_by": member["name"]} if member else {}


def _was_reopened(call: Call) -> bool:
    touched = call.store["tasks"].row(call.arguments["taskId"]) is not None
    return touched and list(call.body) == ["completed"] and is_completing(call) and not current_task(call)["completed"]


def _assign_the_address(call: Call, before: Any, after: Any) -> dict[str, Any]:
    member = call.store["members"].get(call.body.get("assignee", ""))
    return {"assignee": member["email"]} if member else {}


def _assigns_address(call: Call) -> bool:
    return "@" in call.body.get("assignee", "")


def _assigns_user_id(call: Call) -> bool:
    return "@" not in call.body.get("assignee", "@")


def _heed_the_first_field(call: Call) -> None:
    first = next(iter(call.body), None)
    call.body = {name: value for name, value in call.body.items() if name in (first, "actor_email")}


def _forget_the_update(handler: Handler, call: Call) -> Reply:
    before = current_task(call)
    reply = handler(call)
    call.store["tasks"].put(before)
    return reply


def _answer_the_task_before(handler: Handler, call: Call) -> Reply:
    before = current_task(call)
    return structs.replace(handler(call), body=encode({"data": before}))


def _show_named_elements(call: Call, task: Any) -> Any:
    named = named_elements(call) or {element["id"] for element in task["custom_elements"]}
    return {**task, "custom_elements": [element for element in task["custom_elements"] if element["id"] in named]}


def _twins(call: Call, task: Any) -> list[Any]:
    """Return the tasks of other runs with the same template task."""
    runs = records(call, "runs", template_id=run_of(call, task)["template_id"])
    tasks = [other for run in runs for other in tasks_of(call, run["id"])]
    return [t for t in tasks if t["template_task_id"] == task["template_task_id"] and t["id"] != task["id"]]


def _all_of_the_run(call: Call, task: Any) -> list[Any]:
    return tasks_of(call, task["instance_id"])


def _next_when_completed(call: Call, task: Any) -> list[Any]:
    following = [other for other in _all_of_the_run(call, task) if other["order"] == task["order"] + 1]
    return following if task["completed"] else []


def _keep_refused(change: Callable[[Any], Any]) -> Callable[[Call], None]:
    def keep(call: Call) -> None:
        values = {item["id"]: change(item["value"]) for item in call.body.get("custom_elements", ())}
        call.store["tasks"].put(with_values(current_task(call), values))

    return keep


def _take_the_task_away(call: Call) -> None:
    if isinstance(call.body, dict) and "assignee" in call.body:
        call.store["tasks"].put({**current_task(call), "assignee": None, "completed_by": "nobody"})


MUTANTS: Table = {
    "tasks.fields": {
        "A task shows its template's id as that of its run.": map_item(
            LIST, lambda call, task: {**task, "instance_id": run_of(call, task)["template_id"]}
        ),
        "A task that is read by its id does not show its due date.": drop_members(GET, "due_date"),
        "A task that sends no webhook does not show that.": drop_members(
            GET, "webhook_enabled", when=lambda task: not task["webhook_enabled"]
        ),
        "A listed task does not show which of the template's tasks it was.": drop_members(LIST, "template_task_id"),
    },
    "tasks.by-position": {
        "The first task of a run has the order 1.": set_members(TASKS, order=lambda task: task["order"] + 1),
        "The order of the tasks starts again on every page.": map_page(
            LIST, lambda call, tasks: [{**task, "order": order} for order, task in enumerate(tasks)]
        ),
        "A run's tasks are listed from the last to the first.": map_list(LIST, lambda call, tasks: tasks[::-1]),
        "A run's open tasks are listed before the completed ones.": map_list(
            LIST, lambda call, tasks: sorted(tasks, key=lambda task: task["completed"])
        ),
        "A run's tasks are listed in the alphabetical order of their positions: 0, 1, 10, 11, 2.": map_list(
            LIST, lambda call, tasks: sorted(tasks, key=lambda task: str(task["order"]))
        ),
    },
    "tasks.section": {
        "A task of a run names a section that its run does not have.": set_members(
            TASKS, section_id=lambda task: task["section_id"] and f"{task['instance_id']}-{task['section_id']}"
        ),
        "A run has only the first section of its template.": on_success(
            START, lambda call, run: put(call, "runs", run["id"], sections=run["sections"][:1])
        ),
        "A task shows the title of its section.": map_item(LIST, _name_the_section_by_title),
    },
    "tasks.elements": {
        "Every element says that it is not display-only.": map_elements(
            TASKS, lambda element: {**element, "display_only": False}
        ),
        "An image element says that it is not display-only.": map_elements(
            TASKS, lambda element: {**element, "display_only": element["type"] in set(READ_ONLY) - {"image"}}
        ),
        "A date element says that it is display-only.": map_elements(
            TASKS, lambda element: {**element, "display_only": element["type"] in (*READ_ONLY, "date")}
        ),
        "An element that has no value lacks that member.": map_elements(
            TASKS, lambda element: without(element, "value") if element.get("value") is None else element
        ),
        "An element shows `required` only when that is true.": map_elements(
            TASKS, lambda element: element if element["required"] else without(element, "required")
        ),
    },
    "tasks.unique-to-the-run": {
        "A task of a run has the id of the template's task.": gives_ids(lambda task: task["template_task_id"]),
        "A task of a run has its position as its id.": gives_ids(lambda task: f"task-{task['order']}"),
    },
    "tasks.unknown-task": {
        "Reading an unknown task answers the first one of the run.": on_request(GET, _name_the_first_if_unknown),
        "Updating an unknown task updates the first one of the run.": on_request(UPDATE, _name_the_first_if_unknown),
        "Updating an unknown task is answered as a value that is not allowed.": swap_error(
            UPDATE, "task-not-found", "invalid"
        ),
        "Reading an unknown task is answered 500.": swap_error(GET, "task-not-found", "internal"),
        "A task of a run is found by the id of the template's task, too.": on_request(
            (GET, UPDATE), _find_by_the_template_s_id
        ),
    },
    "tasks.task-of-another-run": {
        "A task is read by its own id under whatever other run.": on_request(
            GET, lambda call: name_the_real_run(call, known=True)
        ),
        "A task is updated by its own id under whatever other run, though it cannot be read there.": on_request(
            UPDATE, lambda call: name_the_real_run(call, known=True)
        ),
        "Updating a task under another run is refused, and done.": do_though_refused(
            UPDATE, on_request(UPDATE, lambda call: name_the_real_run(call, known=True))
        ),
        "A task under another run is answered 403.": swap_error(
            GET, "task-not-found", "forbidden", when=lambda call: name_the_real_run(call, known=True)
        ),
    },
    "updates.complete": {
        "Completing a task is answered as a success and does nothing.": ignore_body(
            UPDATE, "completed", when=is_completing
        ),
        "A completed task has null as its time of completion.": keeps(
            lambda call, before, after: {"completed_at": None}
        ),
        "A completed task shows the time at which its run was started.": keeps(
            lambda call, before, after: {"completed_at": after["completed_at"] and after["created_at"]}
        ),
        "A completed task shows the team's local time as if it was UTC.": keeps(_move_the_time),
        "A task that is assigned to nobody cannot be completed.": reject_when(
            UPDATE, lambda call: is_completing(call) and not current_task(call)["assignee"]
        ),
        "The update that completes a run leaves its last task incomplete.": on_success(UPDATE, _reopen_the_last),
    },
    "updates.completed-by-api": {
        "A task that is completed without an actor has null as who completed it.": completes_by(
            lambda call, task: call.body.get("actor_email")
        ),
        "A task that is completed without an actor was completed by whom it is assigned to.": completes_by(
            lambda call, task: task["assignee"]
        ),
        "A task that is completed without an actor was completed by whoever started the run.": completes_by(
            lambda call, task: run_of(call, task)["started_by"]
        ),
    },
    "updates.completed-by-member": {
        "Every task was completed by `api`.": ignore_body(UPDATE, "actor_email"),
        "A task that is completed for a member was completed by the first one.": set_body(
            UPDATE,
            actor_email=lambda call: next(records(call, "members"))["email"],
            when=lambda call: "actor_email" in call.body,
        ),
        "A task that is completed again was completed by whoever completed it first.": keeps(_keep_the_first_actor),
        "A task that is completed for a member shows the member's name.": keeps(_complete_by_name),
    },
    "updates.uncomplete": {
        "Making a task incomplete is answered as a success and does nothing.": ignore_body(
            UPDATE, "completed", when=is_reopening
        ),
        "A task that is made incomplete keeps its time of completion.": keeps(
            lambda call, before, after: {"completed_at": after["completed_at"] or before["completed_at"]}
        ),
        "A task that is made incomplete keeps who completed it.": keeps(
            lambda call, before, after: {"completed_by": after["completed_by"] or before["completed_by"]}
        ),
        "A completed task cannot be made incomplete.": reject_when(
            UPDATE, lambda call: is_reopening(call) and current_task(call)["completed"]
        ),
        "A task that was made incomplete can never be completed again.": reject_when(UPDATE, _was_reopened),
    },
    "updates.assign-by-user-id": {
        "A user id as the assignee is answered as a success and does nothing.": ignore_body(
            UPDATE, "assignee", when=_assigns_user_id
        ),
        "A task that is assigned by user id shows the member's address.": keeps(_assign_the_address),
        "A task that is assigned already keeps its assignee.": keeps(
            lambda call, before, after: {"assignee": before["assignee"] or after["assignee"]}
        ),
        "A user id as the assignee is refused.": reject_when(UPDATE, _assigns_user_id),
    },
    "updates.assign-by-email": {
        "A task that is assigned by address shows that address.": keeps(
            lambda call, before, after: {"assignee": call.body["assignee"]} if _assigns_address(call) else {}
        ),
        "An address as the assignee is refused.": reject_when(UPDATE, _assigns_address),
        "A task that is assigned by address is nobody's.": keeps(
            lambda call, before, after: {"assignee": None} if _assigns_address(call) else {}
        ),
    },
    "updates.rest-is-kept": {
        "An update without an assignee makes the task nobody's.": keeps(
            lambda call, before, after: {} if "assignee" in call.body else {"assignee": None}
        ),
        "An update without `completed` makes the task incomplete.": keeps(
            lambda call, before, after: {} if "completed" in call.body else OPEN
        ),
        "An update of elements clears those that it does not name.": clears(named_elements, but=named_elements),
        "An update without elements clears them.": clears(lambda call: "custom_elements" not in call.body),
        "Making a task incomplete clears its elements.": clears(is_reopening),
        "Filling an element of a completed task completes it for nobody.": keeps(
            lambda call, before, after: {"completed_by": None} if "custom_elements" in call.body else {}
        ),
        "Completing a task assigns it to whoever completed it.": keeps(
            lambda call, before, after: {"assignee": after["completed_by"]} if is_completing(call) else {}
        ),
    },
    "updates.together": {
        "Of several fields only the first one counts.": on_request(UPDATE, _heed_the_first_field),
        "Elements that are sent with `completed` are ignored.": ignore_body(
            UPDATE, "custom_elements", when=lambda call: "completed" in call.body
        ),
        "`completed` is ignored when elements are sent with it.": ignore_body(
            UPDATE, "completed", when=lambda call: "custom_elements" in call.body
        ),
        "An assignee who is sent with `completed` is ignored.": ignore_body(
            UPDATE, "assignee", when=lambda call: "completed" in call.body
        ),
        "Of several elements only the last one is set.": map_body(UPDATE, "custom_elements", lambda items: items[-1:]),
        "An update of more than two fields is refused.": reject_when(UPDATE, lambda call: len(call.body) > 2),
    },
    "updates.persisted": {
        "An update answers the updated task, and forgets it.": replace_handler(UPDATE, _forget_the_update),
        "An update answers the task as it was before.": replace_handler(UPDATE, _answer_the_task_before),
        "The list shows the values of tasks as they were when their run started.": map_elements(
            LIST, lambda element: {**element, "value": None}
        ),
        "An update that only assigns answers the new assignee, and forgets it.": on_success(
            UPDATE,
            lambda call, task: put(call, "tasks", task["id"], assignee=None),
            when=lambda call: list(call.body) == ["assignee"],
        ),
        "An update answers only the elements that it named.": map_item(UPDATE, _show_named_elements),
    },
    "updates.other-tasks-are-unaffected": {
        "Filling an element sets it in all runs of the template.": spreads("custom_elements", _twins),
        "Assigning a task assigns it in all runs of the template.": spreads("assignee", _twins),
        "Assigning a task assigns all tasks of its run.": spreads("assignee", _all_of_the_run),
        "Completing a task shows the next one as completed, too.": spreads("completed", _next_when_completed, *OPEN),
    },
    "updates.wrong-types": {
        "Anything that is not empty as `completed` completes.": coerce_body(UPDATE, f"{FIELDS}/completed", bool),
        "An assignee that is no text is ignored.": ignore_wrong_type(UPDATE, f"{FIELDS}/assignee", str),
        "Elements that are no list are ignored.": ignore_wrong_type(UPDATE, f"{FIELDS}/custom_elements", list),
        "An object as the assignee is answered 500.": patch_document(f"{FIELDS}/assignee", {}),
    },
    "updates.refused-value-is-not-kept": {
        "A value is kept, and then refused.": on_refusal(UPDATE, _keep_refused(lambda value: value)),
        "A value that is refused leaves the element without one.": on_refusal(
            UPDATE, _keep_refused(lambda value: None)
        ),
        "A refused update makes the task somebody's.": on_refusal(
            UPDATE, lambda call: call.store["tasks"].put({**current_task(call), "assignee": "somebody"})
        ),
        "A refused assignee leaves the task to nobody.": on_refusal(UPDATE, _take_the_task_away),
    },
}
