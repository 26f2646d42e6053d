"""Tallyfy: its operations around tasks and threads, who may call, what a person does in its app, how it says no.

Sources: the pages of the Open API, and where they are silent the official clients; what they say is a rule in
`openapi/tallyfy.yaml`, what they leave open an assumption there. Must not know HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import unquote

from understudy.apis.tallyfy import includes as tallyfy_includes
from understudy.apis.tallyfy import runs, seed, tasks, threads
from understudy.apis.tallyfy.includes import HIDDEN, asked, shown_row, single
from understudy.apis.tallyfy.records import LAYOUTS, existing, find, inconsistencies, listed, me, stamp, subject
from understudy.apis.tallyfy.runs import positions, settle
from understudy.document.compile import load
from understudy.engine import auth
from understudy.engine.api import Api
from understudy.engine.call import Call, Json, Reply
from understudy.engine.credential import Credential
from understudy.engine.exchange import Response
from understudy.engine.ids import HEX, Ids
from understudy.engine.pipeline import STEPS
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import Ordered, Positions, Projected, Record, Store, decode, encode


def authenticate(call: Call) -> Response | None:
    """Who calls, with which client, and for which organization (Open API > Required headers).

    Raises the Problems missing-client, wrong-accept, those of `auth` and foreign-organization.
    """
    if not (call.request.header("x-tallyfy-client") or "").strip():
        raise Problem("missing-client")
    accepted = call.request.header("accept") or ""
    if "application/json" not in accepted and call.assumed("tallyfy.authentication.accept") == "required":
        raise Problem("wrong-accept")
    response = auth.authenticate(call)
    named = call.operation.path.startswith("/organizations/{org_id}")
    organization = unquote(call.segments[0]) if named else call.credential.tenant
    if not _belongs(call, organization):
        raise Problem("foreign-organization")
    call.store = call.tenants[organization]
    call.credential = call.credential._replace(tenant=organization)
    return response


def get_me(call: Call) -> Reply:
    """GET /me and GET /organizations/{org_id}/me."""
    return Reply(single(_person(me(call))))


def list_my_organizations(call: Call) -> Reply:
    """GET /me/organizations: those that whom the token acts for belongs to, the token's own first."""
    home = call.credential.tenant
    names = [home, *(name for name in call.tenants if name != home and _belongs(call, name))]
    return Reply(positions([encode(_organization(call, call.tenants[name])) for name in names]))


def get_organization(call: Call) -> Reply:
    """GET /organizations/{org_id}."""
    return Reply(single(_organization(call, call.store)))


def list_templates(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists."""
    includes = asked(call, tallyfy_includes.TEMPLATE_INCLUDES)
    given = call.arguments
    archived = {"only": [("archived",)], "true": [("live",), ("archived",)], "1": [("live",), ("archived",)]}
    groups: runs.Groups = [archived.get(given.get("archived", ""), [("live",)])]
    for kind, name in (("type", "type"), ("folder", "folder"), ("tag", "tag"), ("owner", "owner_id")):
        if name in given:
            groups.append([(kind, value) for value in listed(given[name])])
    if "starred" in given:
        groups.append([("starred", given["starred"])])
    found: Ordered | Positions = call.store["templates"].matching(*groups)
    if given.get("q"):
        rows = found.slice(0, found.size())
        found = positions([row for row in rows if given["q"].lower() in str(decode(row)["title"]).lower()])
    return Reply(Projected(found, shown_row(tallyfy_includes.template, call, includes)))


def get_template(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists/{checklist_id}."""
    template = _template(call)
    includes = asked(call, {**tallyfy_includes.TEMPLATE_INCLUDES, "automated_actions": None, "prerun": None})
    wanted = includes & tallyfy_includes.TEMPLATE_INCLUDES.keys()
    body = tallyfy_includes.template(call, template, sorted(wanted))
    if call.arguments.get("entire_folder_tree") == "1":
        body["entire_folder_tree"] = _folder_path(call.store, template["folder_id"])
    return Reply(single(body))


def get_template_fields(call: Call) -> Reply:
    """GET /organizations/{org_id}/checklists/{checklist_id}/form-fields."""
    template = _template(call)
    steps = existing(call.store["definitions"].get(template["id"]))["steps"]
    fields = [field for step in steps for field in step["captures"]]
    names = {"id": template["id"], "title": template["title"]}
    return Reply(single({**names, "form_fields": fields, "ko_form_fields": template["prerun"]}))


def list_run_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}/tasks."""
    run = find(call, "runs", call.arguments["run_id"])
    return _task_list(call, [("run", run["id"])], status=call.arguments.get("status"))


def list_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/tasks."""
    scope: list[tuple[str]] = [("live",), ("archived",)] if call.arguments.get("archived") else [("live",)]
    return _task_list(call, scope, status=call.arguments.get("status"))


def list_my_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/me/tasks."""
    status = call.arguments.get("status") or call.assumed("tallyfy.tasks.default-status")
    return _task_list(call, [("live",)], [("owner", me(call)["id"])], status=status)


def list_user_tasks(call: Call) -> Reply:
    """GET /organizations/{org_id}/users/{user_id}/tasks."""
    person = find(call, "people", call.arguments["user_id"])
    return _task_list(call, [("live",)], [("owner", person["id"])], status=call.arguments.get("status"))


def get_task(call: Call) -> Reply:
    """GET /organizations/{org_id}/tasks/{task_id}: tasks of processes and one-off tasks."""
    return _single_task(call, find(call, "tasks", call.arguments["task_id"]))


def get_run_task(call: Call) -> Reply:
    """GET /organizations/{org_id}/runs/{run_id}/tasks/{task_id}."""
    return _single_task(call, _task_of_run(call, call.arguments["task_id"])[1])


def update_task(call: Call) -> Reply:
    """PUT /organizations/{org_id}/runs/{run_id}/tasks/{task_id}: all of it or nothing."""
    run, task = _task_of_run(call, call.arguments["task_id"])
    _hold(run)
    changed = tasks.update(call, task)
    call.store["tasks"].put(changed)
    if changed["position"] != task["position"]:
        tasks.place_again(call.store, run["id"])
    settle(call, run)
    return Reply(single(tasks.shown(call, changed)))


def complete_task(call: Call) -> Reply:
    """POST /organizations/{org_id}/runs/{run_id}/completed-tasks."""
    run, task = _task_of_run(call, call.body["task_id"])
    _hold(run)
    return _moved(call, run, tasks.complete(call, task))


def reopen_task(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/runs/{run_id}/completed-tasks/{task_id}."""
    run, task = _task_of_run(call, call.arguments["task_id"])
    _hold(run)
    reopened = tasks.reopen(call, task)
    if run["status"] == "complete" and call.assumed("tallyfy.runs.reopened-by-task") == "complete":
        run["_"]["closed"] = True
    return _moved(call, run, reopened)


def add_comment(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/comment."""
    task = _commented(call)
    label = call.body.get("label") or "comment"
    if label == "problem" and call.assumed("tallyfy.comments.problem-label") == "issue":
        return report_problem(call)
    thread = threads.say(call, task["run_id"], task["id"], label, call.body["content"])
    if label == "improvement" and task["run_id"]:
        run = existing(call.store["runs"].get(task["run_id"]))
        run["_"]["improvements"] += 1
        call.store["runs"].put(run)
    return Reply(single(tallyfy_includes.thread(thread)))


def report_problem(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/problem: a completed task is open again (Reporting issues)."""
    task = _commented(call)
    thread = threads.say(call, task["run_id"], task["id"], "problem", call.body["content"])
    if task["status"] == "completed":
        task = tasks.reopen(call, task)
    _recount_issues(call, task)
    return Reply(single(tallyfy_includes.thread(thread)))


def resolve_threads(call: Call) -> Reply:
    """POST /organizations/{org_id}/tasks/{task_id}/resolved-threads."""
    task = _commented(call)
    issues = threads.to_resolve(call, task)
    content = call.body.get("content") or "Resolved"
    thread = threads.say(call, task["run_id"], task["id"], "resolve", content)
    threads.resolve(call, issues, thread)
    _recount_issues(call, task)
    return Reply(single(tallyfy_includes.thread(thread)))


def hide_task(call: Call) -> Json:
    """The app's automations hide a task that is not completed (Hiding tasks)."""
    run, task = _named_task(call)
    before = task["status"]
    if not tasks.move(task, "hide"):
        raise Problem("refused", f"task {task['id']} is {before}")
    task["_"]["before"] = before
    return _changed(call, run, task)


def show_task(call: Call) -> Json:
    """A hidden task is shown again, with the status that it had."""
    run, task = _named_task(call)
    if task["status"] != HIDDEN:
        raise Problem("refused", f"task {task['id']} is not hidden")
    task["status"] = task["_"]["before"] or "not-started"
    return _changed(call, run, task)


def report_process_issue(call: Call) -> Json:
    """The app's issue about a process as a whole."""
    run = _named_run(call)
    threads.say(call, run["id"], None, "problem", call.body.get("content", "Something is wrong."))
    run["_"]["process_issues"] += 1
    return tallyfy_includes.run(call, settle(call, run))


def resolve_process_issue(call: Call) -> Json:
    """All open issues about a process as a whole are resolved."""
    run = _named_run(call)
    issues = threads.open_issues(call, "run", run["id"])
    if not issues:
        raise Problem("refused", f"run {run['id']} has no open issue")
    threads.resolve(call, issues, threads.say(call, run["id"], None, "resolve", "Resolved"))
    run["_"]["process_issues"] = 0
    return tallyfy_includes.run(call, settle(call, run))


def archive_template(call: Call) -> Json:
    """The app's Archive: the template can no longer be launched."""
    return _shelve_template(call, stamp(call.now))


def restore_template(call: Call) -> Json:
    """The app's Unarchive."""
    return _shelve_template(call, None)


def revoke_key(call: Call) -> Json:
    """The owner of a token logs out or makes another (Authentication > Personal access token)."""
    credential = call.world.credentials.get(("tallyfy", call.body["key"]))
    if credential is None:
        raise Problem("not-found", f"this world has no key {call.body['key']}")
    call.world.credentials["tallyfy", credential.token] = credential._replace(state="revoked")
    return {"key": credential.token, "state": "revoked"}


def error_body(call: Call, refusal: Refusal) -> Json:
    """The error's shape by its status (Postman > Troubleshooting; Open API > Rate limits)."""
    body: dict[str, Json] = {"error": True, "message": refusal.message}
    code = refusal.code
    if refusal.status == 401 and not code:
        code = call.assumed("tallyfy.errors.unauthenticated-code")
    if code:
        body["code"] = code
    if refusal.status == 429:
        del body["error"]
    if refusal.status != 422:
        return body
    body["errors"] = {name or "body": messages for name, messages in refusal.fields.items()}
    if not refusal.fields:  # what is wrong is the body as a whole, or the state of what the operation is about
        body["errors"] = {"body" if call.step == "validate" else subject(call): [refusal.message]}
    return {name: body[name] for name in call.assumed("tallyfy.errors.validation-members")}


def new_key(ids: Ids) -> str:
    """A token; their shape is not documented."""
    return ids.take(40, HEX)


def access_info(credentials: Sequence[Credential], tenants: Mapping[str, Store]) -> dict[str, Json]:
    """The tokens of a world by what they are good for, the organization, its people."""
    home = next(iter(tenants))
    valid = [c.token for c in credentials if c.tenant == home and c.state == "valid"]
    others = [c.token for c in credentials if c.tenant != home and c.state == "valid"]
    people = tenants[home]["people"]
    return {
        "api_key": valid[0] if valid else None,
        "api_keys": valid,
        "revoked_key": next((c.token for c in credentials if c.state == "revoked"), None),
        "lapsed_key": None,
        "other_tenant_key": next(iter(others), None),
        "members": [{"user_id": p["id"], "email": p["email"], "active": p["active"]} for p in people],
        "organization_id": home,
    }


def declare() -> Api:
    """The API with its document compiled. Raises ContractError."""
    return Api(
        name="tallyfy",
        contract=load("tallyfy"),
        handlers={
            "getMe": get_me,
            "listMyOrganizations": list_my_organizations,
            "getOrganization": get_organization,
            "getOrganizationMe": get_me,
            "listTemplates": list_templates,
            "getTemplate": get_template,
            "getTemplateFormFields": get_template_fields,
            "listRuns": runs.list_runs,
            "launchRun": runs.launch_run,
            "getRun": runs.get_run,
            "updateRun": runs.update_run,
            "archiveRun": runs.archive_run,
            "activateRun": runs.activate_run,
            "purgeRun": runs.purge_run,
            "completeKickoff": runs.complete_kickoff,
            "reopenKickoff": runs.reopen_kickoff,
            "getRunFormFields": runs.get_form_fields,
            "listRunTasks": list_run_tasks,
            "getRunTask": get_run_task,
            "updateTask": update_task,
            "completeTask": complete_task,
            "reopenTask": reopen_task,
            "listTasks": list_tasks,
            "getTask": get_task,
            "listMyTasks": list_my_tasks,
            "listUserTasks": list_user_tasks,
            "addComment": add_comment,
            "reportProblem": report_problem,
            "resolveThreads": resolve_threads,
        },
        steps=replace(STEPS, authenticate=authenticate),
        error_body=error_body,
        error_type=b"application/json",
        layouts=LAYOUTS,
        inconsistencies=inconsistencies,
        seed=seed.seed,
        new_key=new_key,
        access_info=access_info,
        events={
            "hide-task": hide_task,
            "show-task": show_task,
            "report-process-issue": report_process_issue,
            "resolve-process-issue": resolve_process_issue,
            "archive-template": archive_template,
            "restore-template": restore_template,
            "revoke-key": revoke_key,
        },
        timers={},
    )


def _belongs(call: Call, organization: str) -> bool:
    """Whether whom the token acts for is an active member of an organization."""
    store = call.tenants.get(organization)
    person = store["people"].get(call.credential.subject) if store else None
    return bool(person and person["active"])


def _person(person: Record) -> Record:
    return {**person, "id": int(person["id"])}


def _organization(call: Call, store: Store) -> Record:
    person = existing(store["people"].get(call.credential.subject))
    return {**next(iter(store["organization"])), "users_count": len(store["people"]), "user_role": person["role"]}


def _template(call: Call) -> Record:
    template = find(call, "templates", call.arguments["checklist_id"])
    if template["archived_at"] and call.assumed("tallyfy.templates.archived") == "not-found":
        raise Problem("not-found")
    return template


def _folder_path(store: Store, id: str | None) -> list[Record]:
    path: list[Record] = []
    while id is not None:
        folder = existing(store["folders"].get(id))
        path.insert(0, folder)
        id = folder.get("parent_id")
    return path


def _task_list(call: Call, *groups: Sequence[tuple[str, ...]], status: str | None) -> Reply:
    includes = asked(call, tallyfy_includes.TASK_INCLUDES)
    found = tasks.listing(call, *groups, status=status)
    return Reply(Projected(found, lambda row: encode(tallyfy_includes.task(call, decode(row), includes, listed=True))))


def _single_task(call: Call, task: Record) -> Reply:
    return Reply(single(tasks.shown(call, task, asked(call, tallyfy_includes.TASK_INCLUDES))))


def _task_of_run(call: Call, task_id: str) -> tuple[Record, Record]:
    """The run of the call and its task; a task of another run is not found."""
    run, task = find(call, "runs", call.arguments["run_id"]), find(call, "tasks", task_id)
    if task["run_id"] != run["id"]:
        raise Problem("not-found")
    return run, task


def _hold(run: Record) -> None:
    """Raises a Problem when nothing about the tasks of a run may change."""
    if run["archived_at"]:
        raise Problem("run-archived")
    if run["status"] == "issue":
        raise Problem("run-held")


def _moved(call: Call, run: Record, task: Record) -> Reply:
    call.store["tasks"].put(task)
    settle(call, run)
    return Reply(single({**tasks.shown(call, task), "tasks_changed_by_rules": {}}))


def _commented(call: Call) -> Record:
    """The task that a comment or an issue is about; that of an archived run takes none."""
    task = find(call, "tasks", call.arguments["task_id"])
    if task["archived_at"]:
        raise Problem("run-archived")
    return task


def _recount_issues(call: Call, task: Record) -> None:
    issues = len(threads.open_issues(call, "task", task["id"]))
    task |= {"problem": issues > 0, "last_updated": stamp(call.now)}
    task["_"]["issues"] = issues
    call.store["tasks"].put(task)
    if task["run_id"]:
        settle(call, existing(call.store["runs"].get(task["run_id"])))


def _named_run(call: Call) -> Record:
    """The run that an event names, which must not be archived."""
    run = call.store["runs"].get(call.body["run_id"])
    if run is None:
        raise Problem("not-found", f"organization {call.credential.tenant} has no run {call.body['run_id']}")
    if run["archived_at"]:
        raise Problem("refused", f"run {run['id']} is archived")
    return run


def _named_task(call: Call) -> tuple[Record, Record]:
    run, task = _named_run(call), call.store["tasks"].get(call.body["task_id"])
    if task is None or task["run_id"] != run["id"]:
        raise Problem("not-found", f"run {run['id']} has no task {call.body['task_id']}")
    return run, task


def _changed(call: Call, run: Record, task: Record) -> Json:
    task["last_updated"] = stamp(call.now)
    call.store["tasks"].put(task)
    settle(call, run)
    return tallyfy_includes.task(call, task)


def _shelve_template(call: Call, archived_at: str | None) -> Json:
    template = call.store["templates"].get(call.body["checklist_id"])
    if template is None:
        raise Problem("not-found", f"organization {call.credential.tenant} has no template {call.body['checklist_id']}")
    template |= {"archived_at": archived_at, "status": "archived" if archived_at else "active"}
    call.store["templates"].put(template)
    return tallyfy_includes.template(call, template)
