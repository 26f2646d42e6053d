"""NextStep with runs that are bad copies: of their template's tasks, of what was pre-filled, of each other."""

from __future__ import annotations

from typing import Any

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import (
    TASKS,
    after,
    again,
    answered,
    before,
    put,
    records,
    showing,
)
from mock_server.api import Api, Call, Problem, Reply
from mock_server.clock import rfc3339
from mock_server.ids import digest
from mock_server.store import Record, encode

CREATE = "createProcessRun"


@mutant("nextstep.creation.prefill")
def prefilling_is_ignored(api: Api) -> Api:
    """A new run has no values."""
    return before(api, lambda call: call.body.pop("custom_elements", None), CREATE)


@mutant("nextstep.creation.prefill")
def the_first_element_is_prefilled(api: Api) -> Api:
    """Only the first element to pre-fill counts."""
    return before(api, lambda call: call.body.update(custom_elements=_items(call)[:1]), CREATE)


@mutant("nextstep.creation.prefill")
def one_element_of_a_task_is_prefilled(api: Api) -> Api:
    """Of several elements to pre-fill in one task only the last counts."""
    return before(
        api,
        lambda call: call.body.update(custom_elements=list({i["task_id"]: i for i in _items(call)}.values())),
        CREATE,
    )


@mutant("nextstep.creation.prefill")
def empty_values_are_not_prefilled(api: Api) -> Api:
    """Values like 0 and false are not pre-filled."""
    return before(api, lambda call: call.body.update(custom_elements=[i for i in _items(call) if i["value"]]), CREATE)


@mutant("nextstep.creation.prefill")
def prefilling_heeds_the_element_only(api: Api) -> Api:
    """A value is pre-filled in the first task that has an element of this id."""

    def misplace(call: Call) -> None:
        tasks = again(api, call, "listTemplateTasks", {"id": call.body["template_id"]}) if _items(call) else ()
        for item in _items(call):
            owners = [t["id"] for t in tasks if item["element_id"] in {e["id"] for e in t["custom_elements"]}]
            item["task_id"] = next(iter(owners), item["task_id"])

    return before(api, misplace, CREATE)


@mutant("nextstep.creation.prefill")
def prefilled_values_stay_in_the_template(api: Api) -> Api:
    """What was pre-filled in one run is pre-filled in the next ones of the template, too."""

    def repeat(call: Call) -> None:
        kind = f"prefill {call.body['template_id']}"
        known = list(records(call, "outbox", kind=kind))
        if _items(call):
            record = {"id": call.ids.take(20), "kind": kind, "to": "", "at": "2030-01-01T00:00:00Z"}
            call.store["outbox"].put({**record, "items": _items(call)})
        elif known:
            call.body["custom_elements"] = known[-1]["items"]

    return before(api, repeat, CREATE)


@mutant("nextstep.creation.prefill")
def prefilling_spreads(api: Api) -> Api:
    """Pre-filling an element of a task sets the task's number elements, too."""

    def spread(call: Call) -> None:
        tasks = again(api, call, "listTemplateTasks", {"id": call.body["template_id"]}) if _items(call) else ()
        texts = {(t["id"], e["id"]): e["type"] for t in tasks for e in t["custom_elements"]}
        given = {(item["task_id"], item["element_id"]) for item in _items(call)}
        for task_id, element_id in texts.keys() - given:
            if texts[task_id, element_id] == "number" and any(task == task_id for task, _ in given):
                _items(call).append({"task_id": task_id, "element_id": element_id, "value": 1})

    return before(api, spread, CREATE)


@mutant("nextstep.creation.prefill-adds-no-fields")
def prefilling_adds_an_element(api: Api) -> Api:
    """A value for an element that the template does not have adds one to the task."""
    return _adding(api, "element_id")


@mutant("nextstep.creation.prefill-adds-no-fields")
def prefilling_adds_the_element_to_the_first_task(api: Api) -> Api:
    """A value for a task that the template does not have adds an element to the first task."""
    return _adding(api, "task_id")


@mutant("nextstep.creation.copies-the-tasks")
def the_last_task_is_not_copied(api: Api) -> Api:
    """A new run lacks the last task of its template."""
    return _copying(api, lambda tasks: tasks[:-1])


@mutant("nextstep.creation.copies-the-tasks")
def one_page_of_tasks_is_copied(api: Api) -> Api:
    """A new run has the first twenty tasks of its template."""
    return _copying(api, lambda tasks: tasks[:20])


@mutant("nextstep.creation.copies-the-tasks")
def tasks_are_copied_backwards(api: Api) -> Api:
    """A new run has the tasks of its template from the last to the first."""
    return _copying(api, lambda tasks: tasks[::-1])


@mutant("nextstep.creation.copies-the-tasks")
def approvals_are_not_copied(api: Api) -> Api:
    """A new run lacks the approvals of its template."""
    return _copying(api, lambda tasks: [task for task in tasks if task["type"] == "task"])


@mutant("nextstep.creation.copies-the-tasks")
def only_required_elements_are_copied(api: Api) -> Api:
    """A new run lacks the elements that are not required."""
    return _copying(api, lambda tasks: [_with_elements(task, lambda e: e if e["required"] else None) for task in tasks])


@mutant("nextstep.creation.copies-the-tasks")
def display_only_elements_are_not_copied(api: Api) -> Api:
    """A new run lacks the display-only elements."""

    def writable(element: Record) -> Record | None:
        return None if element["display_only"] else element

    return _copying(api, lambda tasks: [_with_elements(task, writable) for task in tasks])


@mutant("nextstep.creation.copies-the-tasks")
def options_are_not_copied_whole(api: Api) -> Api:
    """An element of a new run lacks the last of its options."""

    def cut(element: Record) -> Record:
        return {**element, "options": element["options"][:-1]} if len(element.get("options", ())) > 1 else element

    return _copying(api, lambda tasks: [_with_elements(task, cut) for task in tasks])


@mutant("nextstep.creation.copies-the-tasks")
def copied_tasks_are_named_after_themselves(api: Api) -> Api:
    """A task of a run shows its own id as that of the template's task."""
    return showing(api, lambda call, task: {**task, "template_task_id": task["id"]}, *TASKS)


@mutant("nextstep.creation.tasks-are-open")
def the_first_task_is_done(api: Api) -> Api:
    """A new run starts with its first task completed."""

    def do(call: Call, data: Any) -> None:
        for task in again(api, call, "listRunTasks", {"id": data["id"]})[:1]:
            done = {"completed": True, "completed_at": data["created_at"], "completed_by": "api"}
            call.store["tasks"].put({**task, **done})

    return after(api, do, CREATE)


@mutant("nextstep.creation.tasks-are-open")
def tasks_start_as_they_were_left(api: Api) -> Api:
    """A new run starts with the completion of the last run of its template."""

    def take_over(call: Call, data: Any) -> None:
        known = [run for run in records(call, "runs", template_id=data["template_id"]) if run["id"] != data["id"]]
        before = again(api, call, "listRunTasks", {"id": known[-1]["id"]}) if known else ()
        for was, task in zip(before, again(api, call, "listRunTasks", {"id": data["id"]}), strict=False):
            done = {name: was[name] for name in ("completed", "completed_at", "completed_by")}
            call.store["tasks"].put({**task, **done})

    return after(api, take_over, CREATE)


@mutant("nextstep.creation.tasks-are-open")
def open_tasks_are_completed_by_api(api: Api) -> Api:
    """An open task shows `api` as who completed it."""
    return showing(api, lambda call, task: {**task, "completed_by": task["completed_by"] or "api"}, *TASKS)


@mutant("nextstep.creation.snapshot")
def runs_show_the_tasks_of_today(api: Api) -> Api:
    """The tasks of a run are those that its template has now."""

    def renew(call: Call) -> None:
        run: Any = call.store["runs"].get(call.arguments["id"]) or {"template_id": "unknown"}
        definition = call.store["definitions"].get(run["template_id"])
        if definition:
            put(call, "progress", run["id"], edition=definition["edition"])

    return before(api, renew, "listRunTasks")


@mutant("nextstep.creation.snapshot")
def publishing_brings_runs_up_to_date(api: Api) -> Api:
    """Publishing an edited template gives its active runs the new tasks."""

    def renew(call: Call, data: Any) -> None:
        definition = call.store["definitions"].get(data["id"])
        for run in records(call, "runs", template_id=data["id"], status="active"):
            put(call, "progress", run["id"], edition=definition and definition["edition"])

    return after(api, renew, "publishProcessTemplate")


@mutant("nextstep.creation.snapshot")
def runs_are_renamed_with_their_template(api: Api) -> Api:
    """A run shows the title that its template has now."""
    return showing(api, lambda call, run: {**run, "title": _template(call, run)["title"]}, "getProcessRun")


@mutant("nextstep.creation.snapshot")
def runs_show_the_sections_of_today(api: Api) -> Api:
    """The sections of a run are those that its template has now."""
    return showing(api, lambda call, run: {**run, "sections": _template(call, run)["sections"]}, "getProcessRun")


@mutant("nextstep.creation.two-calls-two-runs")
def equal_calls_start_one_run(api: Api) -> Api:
    """A call that equals an earlier one answers the run that was started then."""

    def create(call: Call) -> Reply:
        wanted = {"template_id": call.body["template_id"], "title": call.body.get("name")}
        known = next(records(call, "runs", **wanted), None)
        return api.handlers[CREATE](call) if known is None else Reply(encode({"data": known}))

    return handled(api, createProcessRun=create)


@mutant("nextstep.creation.two-calls-two-runs")
def ids_follow_from_the_name(api: Api) -> Api:
    """A run's id follows from its template and title, so a second one takes the place of the first."""

    def rename(call: Call, run: Any) -> Any:
        id = digest(f"{run['template_id']} {run['title']}", 20)
        progress = call.store["progress"].get(run["id"])
        call.store["runs"].put({**run, "id": id})
        call.store["progress"].put({**(progress or {}), "id": id})
        return {**run, "id": id}

    return showing(api, rename, CREATE)


@mutant("nextstep.creation.two-calls-two-runs")
def the_second_run_is_not_listed(api: Api) -> Api:
    """Of several runs with one title and template only the first is listed."""

    def list_runs(call: Call) -> Reply:
        body = answered(call, api.handlers["listProcessRuns"](call))
        first = {(run["template_id"], run["title"]): run["id"] for run in body["data"]}
        body["data"] = [run for run in body["data"] if first[run["template_id"], run["title"]] == run["id"]]
        return Reply(encode(body))

    return handled(api, listProcessRuns=list_runs)


@mutant("nextstep.creation.two-calls-two-runs", "nextstep.runs.template-filter")
def a_new_run_is_listed_later(api: Api) -> Api:
    """A run is listed from the second after its start on."""

    def list_runs(call: Call) -> Reply:
        body = answered(call, api.handlers["listProcessRuns"](call))
        body["data"] = [run for run in body["data"] if run["created_at"] <= rfc3339(call.now - 1_000)]
        return Reply(encode(body))

    return handled(api, listProcessRuns=list_runs)


@mutant("nextstep.creation.two-calls-two-runs")
def a_new_run_hides_the_last(api: Api) -> Api:
    """Only the last of the runs with one title and template can be read."""

    def hide(call: Call) -> None:
        run = call.store["runs"].get(call.arguments["id"])
        equal = records(call, "runs", template_id=run["template_id"], title=run["title"]) if run else ()
        if run and [other["id"] for other in equal][-1] != run["id"]:
            raise Problem("run-not-found")

    return before(api, hide, "getProcessRun")


def _template(call: Call, run: Any) -> Record:
    template = call.store["templates"].get(run["template_id"])
    assert template is not None, "templates are never removed"
    return template


def _items(call: Call) -> Any:
    return call.body.get("custom_elements") or []


def _adding(api: Api, name: str) -> Api:
    """A pre-filled value whose `name` is unknown becomes an element of the task, or of the first one."""

    def create(call: Call) -> Reply:
        items = list(_items(call))
        tasks = again(api, call, "listTemplateTasks", {"id": call.body["template_id"]}) if items else ()
        known = {t["id"] if name == "task_id" else (t["id"], e["id"]) for t in tasks for e in t["custom_elements"]}
        place = (lambda i: i["task_id"]) if name == "task_id" else (lambda i: (i["task_id"], i["element_id"]))
        call.body["custom_elements"] = [item for item in items if place(item) in known]
        added = [item for item in items if place(item) not in known]
        reply = api.handlers[CREATE](call)
        run_id = answered(call, reply)["data"]["id"]
        for task in again(api, call, "listRunTasks", {"id": run_id}) if added else ():
            first = name == "task_id" and not task["order"]
            new = [item for item in added if first or item["task_id"] == task["template_task_id"]]
            made = {"type": "shortText", "label": "", "required": False, "display_only": False}
            task["custom_elements"] += [{**made, "id": item["element_id"], "value": item["value"]} for item in new]
            call.store["tasks"].put(task)
        return reply

    return handled(api, createProcessRun=create)


def _copying(api: Api, choose: Any) -> Api:
    """A new run is made of what `choose` makes of its template's tasks."""

    def copy(call: Call, data: Any) -> None:
        progress: Any = call.store["progress"].get(data["id"])
        edition: Any = call.store["editions"].get(progress["edition"])
        tasks = choose(edition["tasks"])
        call.store["editions"].put({"id": f"{edition['id']}.{data['id']}", "tasks": tasks})
        call.store["progress"].put({**progress, "edition": f"{edition['id']}.{data['id']}", "open": len(tasks)})

    return after(api, copy, CREATE)


def _with_elements(task: Record, change: Any) -> Record:
    return {**task, "custom_elements": [made for e in task["custom_elements"] if (made := change(e)) is not None]}
