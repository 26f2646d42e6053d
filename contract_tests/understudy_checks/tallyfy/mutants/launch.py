"""Mutants of Tallyfy's processes: names, owners, kick-off answers, tasks, archiving."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    answered,
    ask,
    chain,
    coerce_body,
    default_body,
    drop_members,
    ignore_body,
    ignore_wrong_type,
    map_body,
    on_request,
    on_success,
    optional_body,
    patch_document,
    put,
    records,
    replace_handler,
    set_body,
    set_members,
    set_record,
    set_status,
    swap_error,
)
from understudy_checks.tallyfy.mutants.tasks import LATER, SCHEMAS, gives, put_hidden, rewords, tasks_of

LAUNCH, UPDATE, PURGE = "launchRun", "updateRun", "purgeRun"
SUBMIT, REOPEN = "completeKickoff", "reopenKickoff"
RUNS = ("getRun", "listRuns")
FIELDS = f"{SCHEMAS}/LaunchRun/properties"


def sets_tasks(operation: str, **values: Any) -> Breakage:
    """Set these values in every task of a process after a success; a function computes them from the process."""

    def change(call: Call, run: Any) -> None:
        made = {name: value(run) if callable(value) else value for name, value in values.items()}
        for task in tasks_of(call, run["id"]):
            put(call, "tasks", task["id"], **made)

    return on_success(operation, change)


def run_of(call: Call) -> Any:
    """Return the process that a call names."""
    return call.store["runs"].get(call.arguments["run_id"])


def _template_without_a_form(call: Call) -> str:
    return next(str(template["id"]) for template in call.store["templates"] if not template["prerun"])


def _answers_as_texts(call: Call, run: Any) -> dict[str, str]:
    return {id: value if isinstance(value, str) else encode(value).decode() for id, value in run["prerun"].items()}


def _make_up_required_answers(call: Call) -> dict[str, Any]:
    template = call.store["templates"].get(call.body["checklist_id"])
    required = [field for field in template["prerun"] if field["required"]] if template else []
    made_up = {field["id"]: field["options"][0]["text"] if field["options"] else "-" for field in required}
    return made_up | {id: value for id, value in dict(call.body.get("prerun") or {}).items() if value}


def _merged(answers: Any) -> Any:
    if not isinstance(answers, list):
        return answers
    return {id: value for some in answers if isinstance(some, dict) for id, value in some.items()}


def _forget_the_last_task(call: Call, run: Any) -> None:
    for task in tasks_of(call, run["id"])[-1:]:
        call.store["tasks"].remove(task["id"])


def _complete_the_first_task(call: Call, run: Any) -> None:
    for task in tasks_of(call, run["id"])[:1]:
        put(call, "tasks", task["id"], status="completed", completed_at=LATER)


def _answer_the_process_of_that_name(handler: Handler, call: Call) -> Reply:
    known = next(records(call, "runs", name=call.body.get("name")), None)
    if known is None:
        return handler(call)
    return Reply(encode({"data": ask(call, "getRun", {**call.arguments, "run_id": known["id"]})}), 201)


def _add_to_the_users(call: Call) -> None:
    run = run_of(call)
    if run and "users" in call.body:
        call.body["users"] = sorted({*run["users"], *call.body["users"]})


def _keep_the_archived(handler: Handler, call: Call) -> Reply:
    run = run_of(call)
    return Reply(b"", 200) if run and run["archived_at"] else handler(call)


def _act_for_an_administrator(call: Call) -> None:
    admin = next(records(call, "people", role="admin"))
    call.credential = call.credential._replace(subject=admin["id"])


def _stay_complete(handler: Handler, call: Call) -> Reply:
    before = run_of(call)
    reply = handler(call)
    if not before or before["status"] != "complete":
        return reply
    kept = {"status": "complete", "completed_at": before["completed_at"]}
    put(call, "runs", before["id"], **kept)
    return structs.replace(reply, body=encode({"data": {**answered(call, reply)["data"], **kept}}))


MUTANTS: Table = {
    "launch.created": {
        "A launch answers 200.": set_status(LAUNCH, 200),
        "A launched process is archived at once.": set_record(LAUNCH, "runs", archived_at=LATER),
    },
    "launch.checklist-id-is-required": {
        "Without a template the first one without a kick-off form is launched.": optional_body(
            LAUNCH, f"{SCHEMAS}/LaunchRun", checklist_id=_template_without_a_form
        ),
    },
    "launch.wrong-types": {
        "A summary that is no text is ignored.": ignore_wrong_type(LAUNCH, f"{FIELDS}/summary", str),
    },
    "launch.name": {
        "The name of a process is written in capitals.": map_body(LAUNCH, "name", lambda name: name and name.upper()),
        "The summary of a process is cut after ten characters.": map_body(
            LAUNCH, "summary", lambda summary: summary and summary[:10]
        ),
    },
    "launch.default-name": {
        "A process without a name is called Untitled.": set_body(
            LAUNCH, name=lambda call: call.body.get("name") or "Untitled"
        ),
    },
    "launch.long-name": {
        "A name may have 551 characters; it is cut.": chain(
            patch_document(f"{FIELDS}/name/maxLength", 551), map_body(LAUNCH, "name", lambda name: name and name[:550])
        ),
        "A name may have 549 characters at most.": patch_document(f"{FIELDS}/name/maxLength", 549),
    },
    "launch.template": {
        "`checklist_title` is the name of the process.": set_members(
            (LAUNCH, "getRun"), checklist_title=lambda run: run["name"]
        ),
    },
    "launch.owner": {
        "A process belongs to whoever launches it.": ignore_body(LAUNCH, "owner_id"),
    },
    "launch.unknown-owner": {
        "An unknown owner is ignored.": ignore_body(
            LAUNCH, "owner_id", when=lambda call: call.store["people"].row(str(call.body.get("owner_id"))) is None
        ),
    },
    "launch.answers": {
        "Kick-off answers are kept as texts.": set_record(LAUNCH, "runs", prerun=_answers_as_texts),
    },
    "launch.required-answers": {
        "A required field without an answer gets a dash.": set_body(LAUNCH, prerun=_make_up_required_answers),
        "The error about a required field does not name its label.": rewords(LAUNCH, "This field is required"),
    },
    "launch.prerun-is-no-list": {
        "Kick-off answers may be a list of objects.": coerce_body(
            LAUNCH, f"{FIELDS}/prerun", _merged, {"type": ["object", "array"]}
        ),
    },
    "launch.unknown-answers": {
        "Answers to fields that are not there are kept.": set_record(
            LAUNCH, "runs", prerun=lambda call, run: dict(call.body.get("prerun") or {})
        ),
    },
    "launch.tasks": {
        "A process has no task for the last step.": on_success(LAUNCH, _forget_the_last_task),
    },
    "launch.tasks-are-open": {
        "The first task of a new process is completed.": on_success(LAUNCH, _complete_the_first_task),
    },
    "launch.override": {
        "`tasks` has no effect on a launch.": ignore_body(LAUNCH, "tasks"),
    },
    "launch.step-assignees": {
        "All tasks belong to whoever launches.": sets_tasks(
            LAUNCH, owners=lambda run: {"users": [run["started_by"]], "guests": [], "groups": []}
        ),
    },
    "launch.step-deadline": {
        "All tasks are due at the end of the year.": sets_tasks(
            LAUNCH, deadline=lambda run: f"{run['created_at'][:4]}-12-31T00:00:00Z"
        ),
    },
    "launch.two-calls-two-runs": {
        "A launch with the name of a process answers that process.": replace_handler(
            LAUNCH, _answer_the_process_of_that_name
        ),
    },
    "runs.fields": {
        "A process lacks `whole_progress`.": drop_members("getRun", "whole_progress"),
    },
    "runs.listed-fields": {
        "A listed process lacks `due_date`.": drop_members("listRuns", "due_date"),
    },
    ("runs.unknown-run", "archive.unknown-run", "purge.unknown-run"): {
        "Every call about a process that does not exist is 422.": swap_error(
            ("getRun", "archiveRun", "activateRun", PURGE, "listRunTasks"), "not-found", "invalid"
        ),
    },
    "purge.unknown-run": {
        "Deleting a process that does not exist is 403.": swap_error(PURGE, "not-found", "forbidden"),
    },
    "runs.completed-at": {
        "A complete process has no `completed_at`.": set_members(RUNS, completed_at=None),
    },
    "runs.archived-at": {
        "An archived process has no `archived_at`.": set_members(RUNS, archived_at=None),
    },
    "run-update.partial": {
        "Users that are not given are emptied.": default_body(UPDATE, users=[]),
        "`starred` has no effect in an update.": ignore_body(UPDATE, "starred"),
    },
    "run-update.long-name": {
        "A process may get a name of any length; it is cut.": chain(
            patch_document(f"{SCHEMAS}/UpdateRun/properties/name/maxLength", 5_000),
            map_body(UPDATE, "name", lambda name: name[:550]),
        ),
    },
    "run-update.owner": {
        "`owner_id` has no effect in an update.": ignore_body(UPDATE, "owner_id"),
    },
    "run-update.replaces-lists": {
        "Users that are given are added to those before.": on_request(UPDATE, _add_to_the_users),
        "`groups` has no effect in an update.": ignore_body(UPDATE, "groups"),
    },
    "run-update.answers": {
        "Kick-off answers that are not given again are lost.": on_success(
            UPDATE, lambda call, run: put(call, "runs", run["id"], prerun=call.body["prerun"]), when=gives("prerun")
        ),
    },
    "archive.archived": {
        "The answer to archiving shows the process active.": set_members("archiveRun", status="active"),
    },
    "archive.tasks-leave": {
        "The tasks of an archived process stay in the lists.": sets_tasks("archiveRun", archived_at=None),
    },
    "archive.activated": {
        "An activated process shows as active whatever it was.": set_members("activateRun", status="active"),
    },
    "archive.comes-back": {
        "The tasks of an activated process do not come back.": sets_tasks("activateRun", archived_at=LATER),
    },
    "purge.gone": {
        "Deleting a process deletes nothing.": replace_handler(PURGE, _keep_the_archived),
    },
    "purge.only-archived": {
        "A process need not be archived to be deleted.": on_request(
            PURGE, lambda call: put(call, "runs", call.arguments["run_id"], archived_at=LATER)
        ),
    },
    "purge.only-administrators": {
        "Anybody may delete an archived process.": on_request(PURGE, _act_for_an_administrator),
    },
    "runs.form-fields": {
        "The fields of a process do not name their task.": set_members(
            "getRunFormFields",
            form_fields=lambda answer: [{**field, "task_id": None} for field in answer["form_fields"]],
        ),
    },
    "kickoff.submitted": {
        "A submitted form has no `prerun_completed_by`.": set_record(SUBMIT, "runs", prerun_completed_by=None),
    },
    "kickoff.submitted-once": {
        "Submitting a submitted form submits it once more.": on_request(
            SUBMIT, lambda call: put_hidden(call, call.arguments["run_id"], kickoff_open=True)
        ),
    },
    "kickoff.completes-the-run": {
        "Submitting the form last leaves the process active.": chain(
            set_record(SUBMIT, "runs", status="active", completed_at=None),
            set_members(SUBMIT, status="active", completed_at=None),
        ),
        "A re-opened form need not be submitted for its process to be complete.": on_success(
            REOPEN, lambda call, run: put_hidden(call, run["id"], kickoff_open=False)
        ),
    },
    "kickoff.rules-evaluated": {
        "Submitting a submitted form says that rules were evaluated.": set_members(SUBMIT, rules_evaluated=True),
    },
    "kickoff.reopened": {
        "A re-opened form has a `prerun_completed_at`.": set_members(REOPEN, prerun_completed_at=LATER),
    },
    "kickoff.reactivates": {
        "Re-opening the form of a complete process leaves it complete.": replace_handler(REOPEN, _stay_complete),
    },
}
