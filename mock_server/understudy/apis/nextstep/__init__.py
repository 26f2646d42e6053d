"""NextStep: its ten operations, what a person does in its app, and how a run completes.

Sources: the help pages Process Runs, Tasks, REST API, Authentication and Process Templates; what they say is
a rule in `openapi/nextstep.yaml`, what they leave open an assumption there. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from understudy.apis.nextstep import seed
from understudy.apis.nextstep.elements import accept, is_iso_8601, is_unset
from understudy.apis.nextstep.records import LAYOUTS, RUN_NAMED, run_sections
from understudy.apis.nextstep.tasks import Edition, RunTasks, edition, element_of, is_done
from understudy.document.compile import load
from understudy.engine.api import Api, Timer
from understudy.engine.call import Call, Json, Reply
from understudy.engine.clock import milliseconds, rfc3339
from understudy.engine.credential import Credential
from understudy.engine.ids import HEX, Ids
from understudy.engine.paging import descending
from understudy.engine.pipeline import STEPS
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import Record, SharedRecord, Store, decode, encode


def list_templates(call: Call) -> Reply:
    """GET /process-templates."""
    name = "all" if call.assumed("nextstep.templates.drafts-listed") else "published"
    return Reply(call.store["templates"].listing(name, descending=descending(call)))


def get_template(call: Call) -> Reply:
    """GET /process-templates/{id}."""
    return Reply(_single(_template_row(call), call.assumed("nextstep.templates.single-omits")))


def list_template_tasks(call: Call) -> Reply:
    """GET /process-templates/{id}/tasks, by position."""
    _template_row(call)
    definition = call.store["definitions"].get(call.arguments["id"])
    assert definition is not None, "every template has a definition"
    return Reply(seed.template_tasks(edition(call.store, definition["edition"]), call))


def publish_template(call: Call) -> Reply:
    """POST /process-templates/{id}/publish (Process Runs > Create a Run)."""
    template = decode(_template_row(call))
    wanted = (call.body or {}).get("published")
    if wanted is None:
        if call.assumed("nextstep.templates.publish-without-flag") == "reject":
            raise Problem("invalid", "published is required")
        wanted = True
    if wanted == template["is_published"]:
        if call.assumed("nextstep.templates.republish") == "reject":
            raise Problem("invalid", f"The template is already {'published' if wanted else 'unpublished'}")
        return Reply(_single(encode(template)))
    template |= {"is_published": wanted, "updated_at": rfc3339(call.now)}
    if wanted:
        template["version"] += call.assumed("nextstep.templates.version-step")
        definition = call.store["definitions"].get(template["id"])
        assert definition is not None, "every template has a definition"
        call.store["definitions"].put({**definition, "live": definition["edition"]})
    return Reply(_single(call.store["templates"].put(template)))


def list_runs(call: Call) -> Reply:
    """GET /process-runs, newest first; `status` and `template_id` combine."""
    template_id = call.arguments.get("template_id")
    unknown = template_id is not None and call.store["templates"].row(template_id) is None
    if unknown and call.assumed("nextstep.runs.unknown-template-filter") == "not-found":
        raise Problem("template-not-found")
    name = (call.arguments.get("status"), template_id)
    return Reply(call.store["runs"].listing(name, descending=descending(call)))


def get_run(call: Call) -> Reply:
    """GET /process-runs/{id}."""
    id = call.arguments["id"]
    row = call.store["runs"].row(id)
    if row is None:
        raise _no_run(call, id)
    return Reply(_single(row))


def create_run(call: Call) -> Reply:
    """POST /process-runs: a frozen copy of a published template (Process Runs > Create a Run)."""
    body, store = call.body, call.store
    template = store["templates"].get_shared(body["template_id"])
    if template is None:
        _refuse_foreign(call, "templates", body["template_id"])
        raise Problem("unknown-template")
    if not template["is_published"]:
        raise Problem("template-not-published")
    member = _active_member(store, body.get("actor_email"))
    team = store["team"].get_shared(call.credential.tenant)
    assert team is not None, "a store holds its own team"
    definition = store["definitions"].get_shared(template["id"])
    assert definition is not None, "every template has a definition"
    live = call.assumed("nextstep.templates.edits-go-live") == "on-publish"
    frozen = edition(store, definition["live" if live else "edition"])
    title, due_date, filled = _title(call, template), _due_date(call), _prefilled(call, frozen)
    run = {
        "id": call.ids.take(20),  # what is refused takes no id
        "template_id": template["id"],
        "title": title,
        "status": "active",
        "started_by": member["id"] if member else "api",
        "team_id": team["id"],
        "timezone": team["timezone"],
        "due_date": due_date,
        "is_shared": False,
        "sections": run_sections(template),
        "created_at": rfc3339(call.now),
        "updated_at": None,
        "completed_at": None,
    }
    run["updated_at"] = call.assumed("nextstep.runs.fresh-updated-at") and run["created_at"]
    progress = {
        "id": run["id"],
        "edition": frozen.id,
        "runner": member["id"] if member else call.assumed("nextstep.runs.unattributed-assignee"),
        "open": len(frozen.tasks),
        "ids": {},
    }
    if not frozen.tasks and call.assumed("nextstep.runs.without-tasks") == "completed":
        run |= {"status": "completed", "completed_at": run["created_at"]}
    store["progress"].put(progress)
    row = store["runs"].put(run)
    if filled or member:
        tasks = RunTasks(store, run, progress)
        for position, values in filled.items():
            store["tasks"].put(tasks.filled(position, values))
        for position in sorted(frozen.runners) if member else ():
            _mail(call, member, run["id"], tasks.id(position))
    return Reply(_single(row, call.assumed("nextstep.runs.created-omits")))


def list_run_tasks(call: Call) -> Reply:
    """GET /process-runs/{id}/tasks, by position."""
    return Reply(_run_tasks(call, call.arguments["id"]).listing(call))


def get_task(call: Call) -> Reply:
    """GET /process-runs/{runId}/tasks/{taskId}."""
    tasks, position = _task(call)
    return Reply(_single(tasks.served(call, position)))


def update_task(call: Call) -> Reply:
    """PATCH /process-runs/{runId}/tasks/{taskId}: all of it or nothing (Tasks > Update a Task)."""
    tasks, position = _task(call)
    if tasks.run["status"] == "completed":
        raise Problem("run-locked")
    task, body = tasks.get_shared(position), call.body
    if not body and call.assumed("nextstep.tasks.empty-update") == "reject":
        raise Problem("invalid", "at least one field is required")
    changed = {**task}
    if "custom_elements" in body:
        numbers = tasks.edition.elements[position]
        changed["custom_elements"] = _filled(call, task["custom_elements"], numbers, body["custom_elements"])
    member = _assign(call, changed, body["assignee"]) if "assignee" in body else None
    if "completed" in body:
        _complete(call, changed, body)
    elif "actor_email" in body and call.assumed("nextstep.tasks.actor-without-completion") == "reject":
        raise Problem("invalid", "actor_email goes with completed")
    if changed != task:
        keep_task(call, tasks, task, changed)
    if member is not None and changed["assignee"] != task["assignee"]:
        _mail(call, member, tasks.run["id"], task["id"])
    return Reply(_single(tasks.served(call, position)))


def keep_task(call: Call, tasks: RunTasks, was: SharedRecord, task: Record) -> None:
    """Replace a task of an active run; the last one done completes the run (Tasks > Completing a Task)."""
    tasks.store["tasks"].put(task)
    if call.assumed("nextstep.runs.touched-by-tasks"):
        touched = {**tasks.run, "updated_at": rfc3339(call.now)}
        tasks.store["runs"].put(touched)
        tasks.run = touched
    opened = is_done(was) - is_done(task)
    if opened:
        progress = {**tasks.progress, "open": tasks.progress["open"] + opened}
        tasks.store["progress"].put(progress)
        tasks.progress = progress
    if opened < 0 and tasks.progress["open"] == 0:
        delay = call.assumed("nextstep.runs.completion-delay")
        if delay:
            call.later(delay, "complete-run", {"run_id": tasks.run["id"]})
        else:
            complete_run(call, tasks.run)


def complete_run(call: Call, run: SharedRecord) -> None:
    """Close a run; no operation opens it again."""
    call.trace.append("nextstep.completion.last-task")
    now = rfc3339(call.now)
    call.store["runs"].put({**run, "status": "completed", "completed_at": now, "updated_at": now})


def complete_when_due(call: Call) -> None:
    """The timer behind a completion that is not immediate: nothing happens when a task was opened again."""
    run = call.store["runs"].get_shared(call.body["run_id"])
    progress = call.store["progress"].get_shared(call.body["run_id"])
    if run and progress and progress["open"] == 0 and run["status"] == "active":
        complete_run(call, run)


def skip_task(call: Call) -> Json:
    """The app's Skip (inbox): not for essential tasks (Tasks > Response Fields)."""
    tasks, position = _open_task(call)
    task = tasks.get_shared(position)
    if task["is_essential"]:
        raise Problem("refused", f"task {task['id']} is essential and cannot be skipped")
    if is_done(task):
        raise Problem("refused", f"task {task['id']} is {'completed' if task['completed'] else 'skipped'} already")
    keep_task(call, tasks, task, {**task, "skipped": True})
    return decode(tasks.served(call, position))


def approve_task(call: Call) -> Json:
    """The app's Approve: completes an approval task."""
    tasks, position, task = _open_approval(call)
    if is_done(task):
        raise Problem("refused", f"task {task['id']} is decided already")
    member = _active_member(call.store, call.body.get("actor_email"))
    by = member["id"] if member else task["assignee"] or "api"
    keep_task(call, tasks, task, {**task, "completed": True, "completed_at": rfc3339(call.now), "completed_by": by})
    return decode(tasks.served(call, position))


def reject_task(call: Call) -> Json:
    """The app's Reject: the work is open again, this task and, by assumption, the one before it."""
    tasks, position, _ = _open_approval(call)
    reopened = [position]
    if call.assumed("nextstep.tasks.rejection-reopens") == "previous" and position > 0:
        reopened.append(position - 1)
    for at in reopened:
        was = tasks.get_shared(at)
        open_again = {**was, "completed": False, "completed_at": None, "completed_by": None, "skipped": False}
        if open_again != was:
            keep_task(call, tasks, was, open_again)
    return decode(tasks.served(call, position))


def edit_template(call: Call) -> Json:
    """The app's template editor: replaces what is given; runs that exist keep their own copy."""
    template = call.store["templates"].get(call.body["template_id"])
    if template is None:
        raise Problem("not-found", f"there is no template {call.body['template_id']}")
    template |= {key: call.body[key] for key in ("title", "description", "sections") if key in call.body}
    template["updated_at"] = rfc3339(call.now)
    definition = call.store["definitions"].get(template["id"])
    assert definition is not None, "every template has a definition"
    if "tasks" in call.body:
        id = f"{template['id']}.{call.ids.take(6)}"
        tasks = seed.tasks(call.body["tasks"], template, new_id=lambda: call.ids.take(20))
        call.store["editions"].put({"id": id, "tasks": tasks})
        call.store["definitions"].put({**definition, "edition": id})
    call.store["templates"].put(template)
    return template


def revoke_key(call: Call) -> Json:
    """The app's trash icon beside a key: at once, for all requests (Authentication)."""
    credential = call.world.credentials.get(("nextstep", call.body["key"]))
    if credential is None:
        raise Problem("not-found", f"this world has no key {call.body['key']}")
    call.world.credentials["nextstep", credential.token] = credential._replace(state="revoked")
    return {"key": credential.token, "state": "revoked"}


def lapse_subscription(call: Call) -> Json:
    """The team stops paying: its valid keys are good for nothing (REST API; Authentication > Errors)."""
    team = call.credential.tenant
    keys = [c for c in call.world.credentials.values() if c.api == "nextstep" and c.tenant == team]
    for credential in keys:
        if credential.state == "valid":
            call.world.credentials["nextstep", credential.token] = credential._replace(state="lapsed")
    return {"team_id": team, "state": "lapsed"}


def error_body(call: Call, refusal: Refusal) -> Json:
    """The error envelope (REST API > Response Format)."""
    return {"error": {"code": refusal.code, "message": refusal.message}}


def new_key(ids: Ids) -> str:
    """A key in the documented shape: the prefix and 32 hex digits (Authentication)."""
    return f"nxs_live_{ids.take(32, HEX)}"


def access_info(credentials: Sequence[Credential], tenants: Mapping[str, Store]) -> dict[str, Json]:
    """The keys of a world by what they are good for; the first team is the default one."""
    home, lapsed = next(iter(tenants)), {c.tenant for c in credentials if c.state == "lapsed"}
    valid = [c.token for c in credentials if c.tenant == home and c.state == "valid"]
    others = [c.token for c in credentials if c.tenant not in (home, *lapsed) and c.state == "valid"]
    members = tenants[home]["members"]
    return {
        "api_key": valid[0] if valid else None,
        "api_keys": valid,
        "revoked_key": next((c.token for c in credentials if c.state == "revoked"), None),
        "lapsed_key": next((c.token for c in credentials if c.state == "lapsed"), None),
        "other_tenant_key": next(iter(others), None),
        "members": [{"user_id": m["id"], "email": m["email"], "active": m["active"]} for m in members],
    }


def declare() -> Api:
    """The API with its document compiled. Raises ContractError."""
    return Api(
        name="nextstep",
        contract=load("nextstep"),
        handlers={
            "listProcessTemplates": list_templates,
            "getProcessTemplate": get_template,
            "listTemplateTasks": list_template_tasks,
            "publishProcessTemplate": publish_template,
            "listProcessRuns": list_runs,
            "createProcessRun": create_run,
            "getProcessRun": get_run,
            "listRunTasks": list_run_tasks,
            "getRunTask": get_task,
            "updateRunTask": update_task,
        },
        steps=STEPS,
        error_body=error_body,
        error_type=b"application/json",
        layouts=LAYOUTS,
        inconsistencies=seed.inconsistencies,
        seed=seed.seed,
        new_key=new_key,
        access_info=access_info,
        events={
            "skip-task": skip_task,
            "approve-task": approve_task,
            "reject-task": reject_task,
            "edit-template": edit_template,
            "revoke-key": revoke_key,
            "lapse-subscription": lapse_subscription,
        },
        timers={"complete-run": Timer(complete_when_due, RUN_NAMED)},
    )


def _single(row: bytes, omitted: Sequence[str] = ()) -> bytes:
    """The envelope of one object (REST API > Response Format)."""
    if omitted:
        row = encode({key: value for key, value in decode(row).items() if key not in omitted})
    return b'{"data":' + row + b"}"


def _template_row(call: Call) -> bytes:
    row = call.store["templates"].row(call.arguments["id"])
    if row is None:
        _refuse_foreign(call, "templates", call.arguments["id"])
        raise Problem("template-not-found")
    return row


def _no_run(call: Call, id: str) -> Problem:
    _refuse_foreign(call, "runs", id)
    return Problem("run-not-found")


def _refuse_foreign(call: Call, collection: str, id: str) -> None:
    if call.assumed("nextstep.errors.foreign-object") == "forbidden" and call.exists_elsewhere(collection, id):
        raise Problem("forbidden", "This object belongs to another team")


def _run_tasks(call: Call, run_id: str) -> RunTasks:
    run = call.store["runs"].get_shared(run_id)
    if run is None:
        raise _no_run(call, run_id)
    progress = call.store["progress"].get_shared(run_id)
    assert progress is not None, "every run has its progress"
    return RunTasks(call.store, run, progress)


def _task(call: Call) -> tuple[RunTasks, int]:
    tasks = _run_tasks(call, call.arguments["runId"])
    position = tasks.position(call.arguments["taskId"])
    if position is None:
        raise Problem("task-not-found")
    return tasks, position


def _open_task(call: Call) -> tuple[RunTasks, int]:
    """The task that an event names, in a run that is still active."""
    run, progress = (call.store[name].get_shared(call.body["run_id"]) for name in ("runs", "progress"))
    if run is None or progress is None:
        raise Problem("not-found", f"team {call.credential.tenant} has no run {call.body['run_id']}")
    tasks = RunTasks(call.store, run, progress)
    position = tasks.position(call.body["task_id"])
    if position is None:
        raise Problem("not-found", f"run {run['id']} has no task {call.body['task_id']}")
    if run["status"] == "completed":
        raise Problem("refused", f"run {run['id']} is completed")
    return tasks, position


def _open_approval(call: Call) -> tuple[RunTasks, int, SharedRecord]:
    tasks, position = _open_task(call)
    task = tasks.get_shared(position)
    if task["type"] != "approval":
        raise Problem("refused", f"task {task['id']} is no approval")
    return tasks, position, task


def _active_member(store: Store, email: str | None) -> Record | None:
    rows = store["members"].listing(email.lower()).page(None, 1).rows if email else []
    member = decode(rows[0]) if rows else None
    return member if member and member["active"] else None


def _title(call: Call, template: Mapping[str, Any]) -> str:
    first, second = call.body.get("name"), call.body.get("title")
    if first is not None and second is not None and call.assumed("nextstep.runs.name-and-title") == "title":
        first = second
    given = first if first is not None else second
    if given == "":
        empty = call.assumed("nextstep.runs.empty-name")
        if empty == "reject":
            raise Problem("invalid", "name must not be empty")
        given = "" if empty == "keep" else None
    return str(template["title"] if given is None else given)


def _due_date(call: Call) -> str | None:
    text: str | None = call.body.get("due_date")
    if text is None or not is_iso_8601(text):
        if text is not None and call.assumed("nextstep.runs.due-date-checked"):
            raise Problem("invalid", f"due_date must be an ISO 8601 date, not {text[:80]!r}")
        return text
    return text if call.assumed("nextstep.runs.due-date-echo") == "as-given" else rfc3339(milliseconds(text))


def _prefilled(call: Call, frozen: Edition) -> dict[int, dict[str, Json]]:
    """The values that `custom_elements` sets, by position and element (Process Runs > Pre-filling Form Fields)."""
    filled: dict[int, dict[str, Json]] = {}
    for item in call.body.get("custom_elements") or ():
        position = frozen.positions.get(item["task_id"])
        element = None if position is None else element_of(frozen.tasks[position], item["element_id"])
        if position is None or element is None:
            if call.assumed("nextstep.runs.unknown-prefill-target") == "reject":
                target = f"{item['element_id'][:80]} in {item['task_id'][:80]}"
                raise Problem("invalid", f"the template has no element {target}")
            continue
        checked = call.assumed("nextstep.runs.prefill-checked")
        value = accept(call, element, item["value"]) if checked else item["value"]
        filled.setdefault(position, {})[element["id"]] = value
    return filled


def _filled(
    call: Call, elements: Sequence[Record], numbers: Mapping[str, int], items: Sequence[Record]
) -> list[Record]:
    """The elements, whose numbers are known by id, with the values of an update laid over them."""
    filled = [*elements]
    for item in items:
        number = numbers.get(item["id"])
        if number is not None:
            element = filled[number]
            filled[number] = {**element, "value": accept(call, element, item["value"])}
        elif call.assumed("nextstep.tasks.unknown-element") == "reject":
            raise Problem("invalid", f"the task has no element {item['id'][:80]}")
    return filled


def _assign(call: Call, task: Record, assignee: str) -> SharedRecord | None:
    """Assign a task to the member with this user id or e-mail; returns the member."""
    member = call.store["members"].get_shared(assignee)
    if member is None or not member["active"]:
        member = _active_member(call.store, assignee)
    if member is not None:
        task["assignee"] = member["id"]
        return member
    unknown = call.assumed("nextstep.tasks.unknown-assignee")
    if unknown == "reject":
        raise Problem("invalid", f"assignee {assignee[:80]!r} is no active member of the team")
    if unknown == "keep":
        task["assignee"] = assignee
    return None


def _complete(call: Call, task: Record, body: dict[str, Any]) -> None:
    """Set or clear the completion of a task."""
    if not body["completed"]:
        task |= {"completed": False, "completed_at": None, "completed_by": None}
        return
    if task["completed"] and call.assumed("nextstep.tasks.recompletion") == "unchanged":
        return
    if task["skipped"] and call.assumed("nextstep.tasks.completing-skipped") == "reject":
        raise Problem("invalid", "A skipped task cannot be completed")
    if task["type"] == "approval" and call.assumed("nextstep.tasks.completing-approval") == "reject":
        raise Problem("invalid", "An approval is decided in the app")
    missing = [e["label"] for e in task["custom_elements"] if e["required"] and is_unset(e["value"])]
    if missing and call.assumed("nextstep.tasks.required-on-completion"):
        raise Problem("invalid", f"required before completion: {', '.join(missing)}")
    by = _recorded_actor(call, body.get("actor_email"))
    task |= {"completed": True, "completed_at": rfc3339(call.now), "completed_by": by, "skipped": False}


def _recorded_actor(call: Call, email: str | None) -> str:
    """Who is recorded as having completed a task: `api` when nobody is named (Tasks > Request Body)."""
    if email is None:
        return "api"
    member = _active_member(call.store, email)
    if member is not None:
        return str(member["id"]) if call.assumed("nextstep.tasks.completed-by") == "user-id" else email
    unknown = call.assumed("nextstep.tasks.unknown-actor")
    if unknown == "reject":
        raise Problem("invalid", f"actor_email {email[:80]!r} is no active member of the team")
    return email if unknown == "email" else "api"


def _mail(call: Call, member: SharedRecord | None, run_id: str, task_id: str) -> None:
    """Record the notification that an assignee gets (Process Runs > Attributing the run to a person)."""
    assert member is not None, "only members are notified"
    call.mail({
        "id": call.ids.take(20),
        "kind": "assignment",
        "to": member["email"],
        "run_id": run_id,
        "task_id": task_id,
        "at": rfc3339(call.now),
    })  # fmt: skip
