"""Mutants of NextStep's run creation: published templates, title, due date, actor, pre-filling, copied tasks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from typing import Any

from understudy.apis.nextstep.elements import is_iso_8601
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.clock import rfc3339
from understudy.engine.ids import digest
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Rows,
    answered,
    ask,
    chain,
    coerce_body,
    default_body,
    do_though_refused,
    drop_members,
    ignore_body,
    ignore_wrong_type,
    map_body,
    map_item,
    map_page,
    on_request,
    on_success,
    override_record,
    patch_document,
    put,
    records,
    reject_when,
    replace_handler,
    set_body,
    set_members,
    set_status,
)
from understudy_checks.nextstep.mutants.elements import TASKS
from understudy_checks.nextstep.mutants.runs import GET, LIST, RUNS
from understudy_checks.nextstep.mutants.tasks import tasks_of

START = "createProcessRun"
SCHEMA = "/components/schemas/CreateRun"
FIELDS = f"{SCHEMA}/properties"
NOTHING_REQUIRED = patch_document(f"{SCHEMA}/required", [])


def runs_unpublished(when: Callable[[Call], object]) -> Breakage:
    """Start runs of unpublished templates in some calls."""
    return override_record(START, "templates", lambda call: call.body["template_id"], is_published=True, when=when)


def reads_due_date(change: Callable[[str], str]) -> Breakage:
    """Read a valid due date as `change(text)`."""
    return map_body(START, "due_date", lambda text: change(text) if is_iso_8601(text) else text)


def prefills(choose: Callable[[Rows], Rows]) -> Breakage:
    """Pre-fill the elements that `choose(items)` returns."""
    return map_body(START, "custom_elements", lambda items: choose(items or []))


def sets_run(members: Callable[[Call, Any], dict[str, Any]]) -> Breakage:
    """Store a new run with `members(call, run)`; the response is unchanged."""
    return on_success(START, lambda call, run: put(call, "runs", run["id"], **members(call, run)))


def sets_runner(runner: Callable[[Call], Any], when: Callable[[Call], object] | None = None) -> Breakage:
    """Assign the workflow runner's tasks of a new run to `runner(call)`."""
    return on_success(START, lambda call, run: put(call, "progress", run["id"], runner=runner(call)), when=when)


def assigns(choose: Callable[[Any, str], Any]) -> Breakage:
    """Assign the tasks of a new run with an actor to `choose(task, starter)`."""

    def assign(call: Call, run: Any) -> None:
        for task in tasks_of(call, run["id"]) if run["started_by"] != "api" else ():
            call.store["tasks"].put({**task, "assignee": choose(task, run["started_by"])})

    return on_success(START, assign)


def copies(choose: Callable[[Rows], Rows]) -> Breakage:
    """Build a new run from `choose` of its template's tasks."""

    def copy(call: Call, run: Any) -> None:
        progress: Any = call.store["progress"].get(run["id"])
        edition: Any = call.store["editions"].get(progress["edition"])
        tasks = choose(edition["tasks"])
        call.store["editions"].put({"id": f"{edition['id']}.{run['id']}", "tasks": tasks})
        call.store["progress"].put({**progress, "edition": f"{edition['id']}.{run['id']}", "open": len(tasks)})

    return on_success(START, copy)


def copies_elements(when: Callable[[Any], object]) -> Breakage:
    """Drop from a new run the elements for which `when` is false."""
    return copies(
        lambda tasks: [{**task, "custom_elements": [e for e in task["custom_elements"] if when(e)]} for task in tasks]
    )


def adds_elements(key: Callable[[Any, Any], Any]) -> Breakage:
    """Add an element for a pre-filled value if `key(task id, element id)` is unknown to the template.

    It is added to the named task, or to the first one if there is no such task.
    """

    def create(handler: Handler, call: Call) -> Reply:
        items, tasks = prefilled(call), template_tasks(call)
        known = {key(task["id"], element["id"]) for task in tasks for element in task["custom_elements"]}
        added = [item for item in items if key(item["task_id"], item["element_id"]) not in known]
        call.body["custom_elements"] = [item for item in items if item not in added]
        reply = handler(call)
        unknown = {item["task_id"] for item in added} - _ids(tasks)
        for task in tasks_of(call, answered(call, reply)["data"]["id"]) if added else ():
            owners = {task["template_task_id"]} if task["order"] else {task["template_task_id"], *unknown}
            new = [_made(item) for item in added if item["task_id"] in owners]
            call.store["tasks"].put({**task, "custom_elements": [*task["custom_elements"], *new]})
        return reply

    return replace_handler(START, create)


def prefilled(call: Call) -> Any:
    """Return the elements to pre-fill."""
    return call.body.get("custom_elements") or []


def template_tasks(call: Call) -> Any:
    """Return the tasks of the template of a new run, if elements are pre-filled."""
    return ask(call, "listTemplateTasks", {"id": call.body["template_id"]}) if prefilled(call) else ()


def runs_of_template(call: Call, template_id: str, *, but: str = "") -> list[Any]:
    """Return the other runs of a template, in the order of their start."""
    return [run for run in records(call, "runs", template_id=template_id) if run["id"] != but]


def template_of(call: Call, run: Any) -> Any:
    """Return the template of a run."""
    return call.store["templates"].get(run["template_id"])


def members(call: Call) -> list[Any]:
    """Return the members of the team."""
    return list(call.store["members"])


def actor(call: Call) -> Any:
    """Return the member whom a call names as its actor, active or not; None without one."""
    return next(records(call, "members", email=call.body.get("actor_email")), None)


def has_runs(call: Call) -> bool:
    """Return whether the template of a new run has runs already."""
    return bool(runs_of_template(call, call.body["template_id"]))


def lacks_template(call: Call) -> bool:
    """Return whether a call names no template."""
    return "template_id" not in call.body


def has_odd_title(call: Call) -> bool:
    """Return whether the title in a call is not a string."""
    return not isinstance(call.body.get("title", ""), str)


def some_template(call: Call) -> str:
    """Return the id of the first published template."""
    return str(next(records(call, "templates", is_published=True))["id"])


def _ids(items: Any) -> set[str]:
    return {item["id"] for item in items}


def _made(item: Any) -> Record:
    made = {"type": "shortText", "label": "", "required": False, "display_only": False}
    return {**made, "id": item["element_id"], "value": item["value"]}


def _take_over_the_status(call: Call, run: Any) -> None:
    for last in runs_of_template(call, run["template_id"], but=run["id"])[-1:]:
        put(call, "runs", run["id"], status=last["status"], completed_at=last["completed_at"])


def _join_titles(call: Call) -> None:
    template = call.store["templates"].get(call.body["template_id"])
    if template and "title" in call.body:
        call.body["title"] = f"{template['title']} - {call.body['title']}"


def _name_as_the_last(call: Call) -> None:
    for last in runs_of_template(call, call.body["template_id"])[-1:] if "title" not in call.body else ():
        call.body.setdefault("name", last["title"])


def _drop_seconds(text: str) -> str:
    return text if len(text) < 20 else f"{datetime.fromisoformat(text).astimezone(UTC):%FT%H:%M:00Z}"


def _started_by_the_last_starter(call: Call, run: Any) -> dict[str, Any]:
    known = runs_of_template(call, run["template_id"], but=run["id"])
    return {"started_by": known[-1]["started_by"]} if known and run["started_by"] == "api" else {}


def _one_for_each_task(items: Rows) -> Rows:
    return list({item["task_id"]: item for item in items}.values())


def _heed_the_element_only(call: Call) -> None:
    tasks = template_tasks(call)
    for item in prefilled(call):
        owners = [task["id"] for task in tasks if item["element_id"] in _ids(task["custom_elements"])]
        item["task_id"] = next(iter(owners), item["task_id"])


def _repeat_prefilled(call: Call) -> None:
    kind = f"prefill {call.body['template_id']}"
    known = list(records(call, "outbox", kind=kind))
    if prefilled(call):
        record = {"id": call.ids.take(20), "kind": kind, "to": "", "at": "2030-01-01T00:00:00Z"}
        call.store["outbox"].put({**record, "items": prefilled(call)})
    elif known:
        call.body["custom_elements"] = known[-1]["items"]


def _prefill_numbers(call: Call) -> None:
    given = {(item["task_id"], item["element_id"]) for item in prefilled(call)}
    for task in template_tasks(call):
        for element in task["custom_elements"] if task["id"] in {task_id for task_id, _ in given} else ():
            if element["type"] == "number" and (task["id"], element["id"]) not in given:
                prefilled(call).append({"task_id": task["id"], "element_id": element["id"], "value": 1})


def _drop_the_last_option(tasks: Rows) -> Rows:
    def cut(element: Any) -> Any:
        return {**element, "options": element["options"][:-1]} if len(element.get("options", ())) > 1 else element

    return [{**task, "custom_elements": [cut(element) for element in task["custom_elements"]]} for task in tasks]


def _complete_the_first_task(call: Call, run: Any) -> None:
    first = tasks_of(call, run["id"])[0]
    done = {"completed": True, "completed_at": run["created_at"], "completed_by": "api"}
    call.store["tasks"].put({**first, **done})


def _take_over_completion(call: Call, run: Any) -> None:
    known = runs_of_template(call, run["template_id"], but=run["id"])
    for was, task in zip(tasks_of(call, known[-1]["id"]) if known else (), tasks_of(call, run["id"]), strict=False):
        done = {name: was[name] for name in ("completed", "completed_at", "completed_by")}
        call.store["tasks"].put({**task, **done})


def _renew_the_run_that_is_read(call: Call) -> None:
    run: Any = call.store["runs"].get(call.arguments["id"]) or {"template_id": "unknown"}
    definition = call.store["definitions"].get(run["template_id"])
    if definition:
        put(call, "progress", run["id"], edition=definition["edition"])


def _renew_active_runs(call: Call, template: Any) -> None:
    definition = call.store["definitions"].get(template["id"])
    for run in records(call, "runs", template_id=template["id"], status="active"):
        put(call, "progress", run["id"], edition=definition and definition["edition"])


def _answer_an_equal_run(handler: Handler, call: Call) -> Reply:
    known = next(records(call, "runs", template_id=call.body["template_id"], title=call.body.get("name")), None)
    return handler(call) if known is None else Reply(encode({"data": known}))


def _make_the_id_of_the_title(call: Call, run: Any) -> Any:
    id = digest(f"{run['template_id']} {run['title']}", 20)
    progress: Any = call.store["progress"].get(run["id"])
    call.store["runs"].put({**run, "id": id})
    call.store["progress"].put({**progress, "id": id})
    return {**run, "id": id}


def _first_of_equal_runs(call: Call, runs: Rows) -> Rows:
    first = {(run["template_id"], run["title"]): run["id"] for run in runs}
    return [run for run in runs if first[run["template_id"], run["title"]] == run["id"]]


def _hide_equal_runs(call: Call) -> None:
    run = call.store["runs"].get(call.arguments["id"])
    equal = list(records(call, "runs", template_id=run["template_id"], title=run["title"])) if run else []
    if equal and equal[-1]["id"] != call.arguments["id"]:
        raise Problem("run-not-found")


MUTANTS: Table = {
    "creation.created": {
        "Starting a run answers 200.": set_status(START, 200),
        "Starting a run answers 202.": set_status(START, 202),
        "A new run has a status of its own.": set_members(START, status="pending"),
        "The answer to starting a run lacks one of the printed fields.": drop_members(START, "timezone"),
        "The answer to starting a run has a time of completion.": set_members(
            START, completed_at=lambda run: run["created_at"]
        ),
        "A run starts with the status of the last run of its template.": chain(
            on_success(START, _take_over_the_status),
            map_item(START, lambda call, run: call.store["runs"].get(run["id"])),
        ),
    },
    "creation.template-id-is-required": {
        "Without a template id a run of some template is started.": chain(
            NOTHING_REQUIRED, default_body(START, template_id=some_template)
        ),
        "Without a template id the answer is 404.": chain(NOTHING_REQUIRED, default_body(START, template_id="")),
        "Without a template id the call is refused, and a run is started all the same.": chain(
            NOTHING_REQUIRED,
            reject_when(START, lacks_template),
            do_though_refused(START, default_body(START, template_id=some_template)),
        ),
    },
    "creation.published-only": {
        "Whether a template is published is not looked at.": runs_unpublished(lambda call: True),
        "A template that has runs already is not looked at.": runs_unpublished(has_runs),
        "Whether a template is published is looked at only when it has runs.": runs_unpublished(
            lambda call: not has_runs(call)
        ),
        "Whether a template is published is not looked at when the run is attributed to somebody.": runs_unpublished(
            lambda call: "actor_email" in call.body
        ),
        "Starting a run of an unpublished template is refused, after the run was started.": do_though_refused(
            START, runs_unpublished(lambda call: True), kind="template-not-published"
        ),
    },
    "creation.wrong-types": {
        "An object as the name becomes text.": coerce_body(START, f"{FIELDS}/name", str),
        "A due date that is no text is ignored.": ignore_wrong_type(START, f"{FIELDS}/due_date", str),
        "Elements to pre-fill that are no list are ignored.": ignore_wrong_type(
            START, f"{FIELDS}/custom_elements", list
        ),
        "An actor that is no text is nobody.": ignore_wrong_type(START, f"{FIELDS}/actor_email", str),
        "A template id that is an object is answered 404.": coerce_body(START, f"{FIELDS}/template_id", str),
        "An object as the title is refused after the run was started.": chain(
            patch_document(f"{FIELDS}/title", {}),
            reject_when(START, has_odd_title),
            do_though_refused(START, ignore_body(START, "title", when=has_odd_title)),
        ),
    },
    "creation.name": {
        "A run has its template's title whatever it was named.": ignore_body(START, "name"),
        "The name `0` counts as none.": ignore_body(START, "name", when=lambda call: call.body.get("name") == "0"),
        "A name is cut after sixteen characters.": map_body(START, "name", lambda name: name[:16]),
        "A name is kept as HTML.": map_body(START, "name", escape),
        "Characters beyond ASCII become question marks in a name.": map_body(
            START, "name", lambda name: name.encode("ascii", "replace").decode()
        ),
        "A name loses the characters that do not fit in 16 bits.": map_body(
            START, "name", lambda name: "".join(character for character in name if ord(character) < 1 << 16)
        ),
        "The answer to starting a run shows its name, which is then forgotten.": sets_run(
            lambda call, run: {"title": template_of(call, run)["title"]}
        ),
    },
    "creation.title-alias": {
        "A run is named by `name` only.": ignore_body(START, "title"),
        "A title that is given is put behind the template's.": on_request(START, _join_titles),
    },
    "creation.default-title": {
        "A run that is not named is called Untitled.": default_body(
            START, name="Untitled", when=lambda call: "title" not in call.body
        ),
        "A run that is not named is called as the last run of its template.": on_request(START, _name_as_the_last),
    },
    "creation.due-date": {
        "A run has no due date.": ignore_body(START, "due_date"),
        "A due date is cut to its day.": reads_due_date(lambda text: f"{text[:10]}T00:00:00Z"),
        "The time of a due date is kept as if it was UTC.": reads_due_date(lambda text: f"{text[:19]}Z"),
        "Only whole hours of a due date's offset count.": reads_due_date(
            lambda text: text if text[-1] == "Z" else f"{text[:-2]}00"
        ),
        "The seconds of a due date are dropped.": reads_due_date(_drop_seconds),
        "The answer to starting a run shows its due date, which is then forgotten.": sets_run(
            lambda call, run: {"due_date": None}
        ),
    },
    "creation.started-by-api": {
        "A run that is attributed to nobody was started by the first member.": default_body(
            START, actor_email=lambda call: members(call)[0]["email"]
        ),
        "A run that is attributed to nobody was started by whoever started the last run of its template.": sets_run(
            _started_by_the_last_starter
        ),
        "A run that is attributed to nobody was started by `api_key`.": set_members(
            RUNS, started_by="api_key", when=lambda run: run["started_by"] == "api"
        ),
    },
    "creation.started-by-member": {
        "Every run was started by `api`.": ignore_body(START, "actor_email"),
        "An attributed run shows the address of the member who started it.": sets_run(
            lambda call, run: {} if run["started_by"] == "api" else {"started_by": call.body["actor_email"]}
        ),
        "Every attributed run was started by the first member.": set_body(
            START,
            actor_email=lambda call: members(call)[0]["email"],
            when=lambda call: "actor_email" in call.body and (known := actor(call)) and known["active"],
        ),
    },
    "creation.no-active-member": {
        "A run that is attributed to nobody's address is refused.": reject_when(
            START, lambda call: "actor_email" in call.body and not actor(call)
        ),
        "A run that is attributed to nobody's address was started by that address.": sets_run(
            lambda call, run: {} if actor(call) else {"started_by": call.body.get("actor_email", "api")}
        ),
        "A run that is attributed to an inactive member was started by that member.": sets_run(
            lambda call, run: {"started_by": known["id"] if (known := actor(call)) else "api"}
        ),
        "A run that is attributed to an inactive member is refused.": reject_when(
            START, lambda call: (known := actor(call)) and not known["active"]
        ),
    },
    "creation.workflow-runner": {
        "The workflow runner's tasks are assigned to nobody, also in an attributed run.": sets_runner(
            lambda call: None
        ),
        "The workflow runner's tasks are assigned to the first member.": sets_runner(
            lambda call: members(call)[0]["id"]
        ),
        "All tasks of an attributed run are assigned to the member.": assigns(lambda task, starter: starter),
        "Tasks of an attributed run that are nobody's are assigned to the member, too.": assigns(
            lambda task, starter: task["assignee"] or starter
        ),
        "Only the first task of an attributed run is assigned to the member.": assigns(
            lambda task, starter: None if task["order"] and task["assignee"] == starter else task["assignee"]
        ),
        "The workflow runner's tasks show the member's address.": sets_runner(
            lambda call: call.body["actor_email"], when=lambda call: call.body.get("actor_email")
        ),
    },
    "creation.prefill": {
        "A new run has no values.": ignore_body(START, "custom_elements"),
        "Only the first element to pre-fill counts.": prefills(lambda items: items[:1]),
        "Of several elements to pre-fill in one task only the last counts.": prefills(_one_for_each_task),
        "Values like 0 and false are not pre-filled.": prefills(
            lambda items: [item for item in items if item["value"]]
        ),
        "A value is pre-filled in the first task that has an element of this id.": on_request(
            START, _heed_the_element_only
        ),
        "What was pre-filled in one run is pre-filled in the next ones of the template, too.": on_request(
            START, _repeat_prefilled
        ),
        "Pre-filling an element of a task sets the task's number elements, too.": on_request(START, _prefill_numbers),
    },
    "creation.prefill-adds-no-fields": {
        "A value for an element that the template does not have adds one to the task.": adds_elements(
            lambda task_id, element_id: (task_id, element_id)
        ),
        "A value for a task that the template does not have adds an element to the first task.": adds_elements(
            lambda task_id, element_id: task_id
        ),
    },
    "creation.copies-the-tasks": {
        "A new run lacks the last task of its template.": copies(lambda tasks: tasks[:-1]),
        "A new run has the first twenty tasks of its template.": copies(lambda tasks: tasks[:20]),
        "A new run has the tasks of its template from the last to the first.": copies(lambda tasks: tasks[::-1]),
        "A new run lacks the approvals of its template.": copies(
            lambda tasks: [task for task in tasks if task["type"] == "task"]
        ),
        "A new run lacks the elements that are not required.": copies_elements(lambda element: element["required"]),
        "A new run lacks the display-only elements.": copies_elements(lambda element: not element["display_only"]),
        "An element of a new run lacks the last of its options.": copies(_drop_the_last_option),
        "A task of a run shows its own id as that of the template's task.": set_members(
            TASKS, template_task_id=lambda task: task["id"]
        ),
    },
    "creation.tasks-are-open": {
        "A new run starts with its first task completed.": on_success(START, _complete_the_first_task),
        "A new run starts with the completion of the last run of its template.": on_success(
            START, _take_over_completion
        ),
        "An open task shows `api` as who completed it.": set_members(
            TASKS, completed_by=lambda task: task["completed_by"] or "api"
        ),
    },
    "creation.snapshot": {
        "The tasks of a run are those that its template has now.": on_request(
            "listRunTasks", _renew_the_run_that_is_read
        ),
        "Publishing an edited template gives its active runs the new tasks.": on_success(
            "publishProcessTemplate", _renew_active_runs
        ),
        "A run shows the title that its template has now.": map_item(
            GET, lambda call, run: {**run, "title": template_of(call, run)["title"]}
        ),
        "The sections of a run are those that its template has now.": map_item(
            GET, lambda call, run: {**run, "sections": template_of(call, run)["sections"]}
        ),
    },
    "creation.two-calls-two-runs": {
        "A call that equals an earlier one answers the run that was started then.": replace_handler(
            START, _answer_an_equal_run
        ),
        "A run's id follows from its template and title, so a second one takes the place of the first.": map_item(
            START, _make_the_id_of_the_title
        ),
        "Of several runs with one title and template only the first is listed.": map_page(LIST, _first_of_equal_runs),
        "Only the last of the runs with one title and template can be read.": on_request(GET, _hide_equal_runs),
    },
    ("creation.two-calls-two-runs", "runs.template-filter"): {
        "A run is listed from the second after its start on.": map_page(
            LIST, lambda call, runs: [run for run in runs if run["created_at"] <= rfc3339(call.now - 1_000)]
        ),
    },
}
