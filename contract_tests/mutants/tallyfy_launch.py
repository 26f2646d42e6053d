"""Tallyfy with wrong launches and wrong changes of processes: names, owners, answers, tasks, archive, kick-off form."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import after, before, lacking, members, mistaken, put, respecified, showing
from mock_server.api import Api, Call, Problem, Reply
from mock_server.store import decode, encode

Json = Any
SCHEMAS = "/components/schemas"
LATER = "2031-01-01T00:00:00Z"


@mutant("tallyfy.launch.created")
def a_launch_is_200(api: Api) -> Api:
    """A launch answers 200."""
    return handled(api, launchRun=lambda call: structs.replace(api.handlers["launchRun"](call), status=200))


@mutant("tallyfy.launch.created")
def a_launched_process_is_not_listed(api: Api) -> Api:
    """A launched process is archived at once."""
    return after(api, lambda call, run: put(call, "runs", run["id"], archived_at=LATER), "launchRun")


@mutant("tallyfy.launch.checklist-id-is-required")
def some_template_is_launched(api: Api) -> Api:
    """Without a template the last one is launched."""
    loose = respecified(api, f"{SCHEMAS}/LaunchRun/required", [])

    def default(call: Call) -> None:
        call.body.setdefault("checklist_id", next(t["id"] for t in call.store["templates"] if not t["prerun"]))

    return before(loose, default, "launchRun")


@mutant("tallyfy.launch.wrong-types")
def a_summary_may_be_anything(api: Api) -> Api:
    """A summary that is no text is taken for none."""
    loose = respecified(api, f"{SCHEMAS}/LaunchRun/properties/summary", {})

    def drop(call: Call) -> None:
        if not isinstance(call.body.get("summary"), str):
            call.body["summary"] = None

    return before(loose, drop, "launchRun")


@mutant("tallyfy.launch.name")
def names_are_tidied(api: Api) -> Api:
    """The name of a process is written in capitals."""
    return _launching(api, lambda call, body: body.update(name=body["name"].upper()) if body.get("name") else None)


@mutant("tallyfy.launch.name")
def summaries_are_cut(api: Api) -> Api:
    """The summary of a process is cut after ten characters."""
    return _launching(
        api, lambda call, body: body.update(summary=body["summary"][:10]) if body.get("summary") else None
    )


@mutant("tallyfy.launch.default-name")
def a_nameless_process_is_untitled(api: Api) -> Api:
    """A process without a name is called Untitled."""
    return _launching(api, lambda call, body: body.update(name=body.get("name") or "Untitled"))


@mutant("tallyfy.launch.long-name")
def names_may_be_longer(api: Api) -> Api:
    """A name may have 551 characters; it is cut."""
    loose = respecified(api, f"{SCHEMAS}/LaunchRun/properties/name/maxLength", 551)
    return _launching(loose, lambda call, body: body.update(name=body["name"][:550]) if body.get("name") else None)


@mutant("tallyfy.launch.long-name")
def names_must_be_shorter(api: Api) -> Api:
    """A name may have 549 characters at most."""
    return respecified(api, f"{SCHEMAS}/LaunchRun/properties/name/maxLength", 549)


@mutant("tallyfy.launch.template")
def a_process_names_no_title(api: Api) -> Api:
    """The title of its template is that of the process."""
    return showing(api, lambda call, run: {**run, "checklist_title": run["name"]}, "launchRun", "getRun")


@mutant("tallyfy.launch.owner")
def an_owner_is_overlooked(api: Api) -> Api:
    """A process belongs to whoever launches it."""
    return _launching(api, lambda call, body: body.pop("owner_id", None))


@mutant("tallyfy.launch.unknown-owner")
def an_unknown_owner_is_left_out(api: Api) -> Api:
    """An owner whom nobody knows is taken for none."""

    def drop(call: Call, body: Json) -> None:
        if call.store["people"].row(str(body.get("owner_id"))) is None:
            body.pop("owner_id", None)

    return _launching(api, drop)


@mutant("tallyfy.launch.answers")
def answers_become_texts(api: Api) -> Api:
    """Kick-off answers are kept as texts."""

    def flatten(call: Call, run: Json) -> None:
        prerun = {
            id: value if isinstance(value, str) else encode(value).decode() for id, value in run["prerun"].items()
        }
        put(call, "runs", run["id"], prerun=prerun)

    return after(api, flatten, "launchRun")


@mutant("tallyfy.launch.required-answers")
def required_answers_are_made_up(api: Api) -> Api:
    """A required field without an answer gets a dash."""

    def dash(call: Call, body: Json) -> None:
        template = call.store["templates"].get(body["checklist_id"])
        given = {id: value for id, value in dict(body.get("prerun") or {}).items() if value}
        fields = [f for f in template["prerun"] if f["required"]] if template else []
        made_up = {f["id"]: f["options"][0]["text"] if f["options"] else "-" for f in fields}
        body["prerun"] = {**made_up, **given}

    return _launching(api, dash)


@mutant("tallyfy.launch.required-answers")
def required_answers_are_told_without_labels(api: Api) -> Api:
    """A required field without an answer is told as such."""

    def launch(call: Call) -> Reply:
        try:
            return api.handlers["launchRun"](call)
        except Problem as problem:
            fields = {name: ["This field is required"] for name in problem.fields}
            raise Problem(problem.kind, fields=fields) from problem

    return handled(api, launchRun=launch)


@mutant("tallyfy.launch.prerun-is-no-list")
def answers_may_be_a_list(api: Api) -> Api:
    """Kick-off answers may be a list of objects."""
    loose = respecified(api, f"{SCHEMAS}/LaunchRun/properties/prerun", {"type": ["object", "array"]})

    def merge(call: Call, body: Json) -> None:
        if isinstance(body.get("prerun"), list):
            body["prerun"] = {
                id: value for some in body["prerun"] if isinstance(some, dict) for id, value in some.items()
            }

    return _launching(loose, merge)


@mutant("tallyfy.launch.unknown-answers")
def answers_to_nothing_are_kept(api: Api) -> Api:
    """Answers to fields that are not there are kept."""

    def keep(call: Call, run: Json) -> None:
        put(call, "runs", run["id"], prerun=dict(call.body.get("prerun") or {}))

    return after(api, keep, "launchRun")


@mutant("tallyfy.launch.tasks")
def the_last_step_is_forgotten(api: Api) -> Api:
    """A process has no task for the last step."""
    return after(api, _forget_last, "launchRun")


@mutant("tallyfy.launch.tasks-are-open")
def the_first_task_is_completed(api: Api) -> Api:
    """The first task of a new process is completed."""
    return after(
        api,
        lambda call, run: put(call, "tasks", _tasks(call, run)[0]["id"], status="completed", completed_at=LATER),
        "launchRun",
    )


@mutant("tallyfy.launch.override")
def overrides_are_overlooked(api: Api) -> Api:
    """What the launch says about tasks has no effect."""
    return _launching(api, lambda call, body: body.pop("tasks", None))


@mutant("tallyfy.launch.step-assignees")
def the_launcher_gets_everything(api: Api) -> Api:
    """All tasks belong to whoever launches."""

    def take(call: Call, run: Json) -> None:
        for task in _tasks(call, run):
            put(call, "tasks", task["id"], owners={"users": [run["started_by"]], "guests": [], "groups": []})

    return after(api, take, "launchRun")


@mutant("tallyfy.launch.step-deadline")
def deadlines_are_a_day_late(api: Api) -> Api:
    """All tasks are due at the end of the year."""

    def delay(call: Call, run: Json) -> None:
        for task in _tasks(call, run):
            put(call, "tasks", task["id"], deadline=f"{run['created_at'][:4]}-12-31T00:00:00Z")

    return after(api, delay, "launchRun")


@mutant("tallyfy.launch.two-calls-two-runs")
def a_name_is_launched_once(api: Api) -> Api:
    """A launch with the name of a process answers that process."""

    def launch(call: Call) -> Reply:
        for run in call.store["runs"]:
            if run["name"] == call.body.get("name"):
                call.arguments = {**call.arguments, "run_id": run["id"]}
                return structs.replace(api.handlers["getRun"](call), status=201)
        return api.handlers["launchRun"](call)

    return handled(api, launchRun=launch)


@mutant("tallyfy.runs.fields")
def a_process_has_no_whole_progress(api: Api) -> Api:
    """A process lacks `whole_progress`."""
    return showing(api, lacking("whole_progress"), "getRun")


@mutant("tallyfy.runs.listed-fields")
def a_listed_process_has_no_due_date(api: Api) -> Api:
    """A listed process lacks `due_date`."""
    return showing(api, lacking("due_date"), "listRuns")


@mutant("tallyfy.runs.unknown-run", "tallyfy.archive.unknown-run", "tallyfy.purge.unknown-run")
def an_unknown_process_is_invalid(api: Api) -> Api:
    """Every call about a process that does not exist is 422."""
    return mistaken(api, "not-found", "invalid", "getRun", "archiveRun", "activateRun", "purgeRun", "listRunTasks")


@mutant("tallyfy.purge.unknown-run")
def deleting_nothing_is_forbidden(api: Api) -> Api:
    """Deleting a process that does not exist is 403."""
    return mistaken(api, "not-found", "forbidden", "purgeRun")


@mutant("tallyfy.runs.completed-at")
def nobody_knows_when_it_was_complete(api: Api) -> Api:
    """A complete process has no `completed_at`."""
    return showing(api, members(completed_at=None), "getRun", "listRuns")


@mutant("tallyfy.runs.archived-at")
def nobody_knows_when_it_was_archived(api: Api) -> Api:
    """An archived process has no `archived_at`."""
    return showing(api, members(archived_at=None), "getRun", "listRuns")


@mutant("tallyfy.run-update.partial")
def an_update_wipes_people(api: Api) -> Api:
    """Users and groups that are not given are emptied."""
    return before(api, lambda call: call.body.setdefault("users", []), "updateRun")


@mutant("tallyfy.run-update.partial")
def stars_are_not_changed(api: Api) -> Api:
    """`starred` has no effect in an update."""
    return before(api, lambda call: call.body.pop("starred", None), "updateRun")


@mutant("tallyfy.run-update.long-name")
def names_may_grow(api: Api) -> Api:
    """A process may get a name of any length; it is cut."""
    loose = respecified(api, f"{SCHEMAS}/UpdateRun/properties/name/maxLength", 5_000)
    return before(
        loose, lambda call: call.body.update(name=call.body["name"][:550]) if "name" in call.body else None, "updateRun"
    )


@mutant("tallyfy.run-update.owner")
def a_process_keeps_its_owner(api: Api) -> Api:
    """`owner_id` has no effect in an update."""
    return before(api, lambda call: call.body.pop("owner_id", None), "updateRun")


@mutant("tallyfy.run-update.replaces-lists")
def people_are_added(api: Api) -> Api:
    """Users that are given come beside those before."""

    def add(call: Call) -> None:
        run = call.store["runs"].get(call.arguments["run_id"])
        if run and "users" in call.body:
            call.body["users"] = sorted({*run["users"], *call.body["users"]})

    return before(api, add, "updateRun")


@mutant("tallyfy.run-update.replaces-lists")
def groups_stay(api: Api) -> Api:
    """`groups` has no effect in an update."""
    return before(api, lambda call: call.body.pop("groups", None), "updateRun")


@mutant("tallyfy.run-update.answers")
def other_kickoff_answers_are_lost(api: Api) -> Api:
    """Kick-off answers that are not given again are lost."""

    def lose(call: Call, run: Json) -> None:
        if "prerun" in call.body:
            put(call, "runs", run["id"], prerun=call.body["prerun"])

    return after(api, lose, "updateRun")


@mutant("tallyfy.archive.archived")
def an_archived_process_says_active(api: Api) -> Api:
    """The answer to archiving shows the process active."""
    return showing(api, members(status="active"), "archiveRun")


@mutant("tallyfy.archive.tasks-leave")
def tasks_stay_behind(api: Api) -> Api:
    """The tasks of an archived process stay in the lists."""
    return after(api, lambda call, run: _put_tasks(call, run, archived_at=None), "archiveRun")


@mutant("tallyfy.archive.activated")
def an_activated_process_is_always_active(api: Api) -> Api:
    """An activated process shows as active whatever it was."""
    return showing(api, members(status="active"), "activateRun")


@mutant("tallyfy.archive.comes-back")
def tasks_stay_away(api: Api) -> Api:
    """The tasks of an activated process do not come back."""
    return after(api, lambda call, run: _put_tasks(call, run, archived_at=LATER), "activateRun")


@mutant("tallyfy.purge.gone")
def nothing_is_deleted(api: Api) -> Api:
    """Deleting a process deletes nothing."""

    def keep(call: Call) -> Reply:
        run = call.store["runs"].get(call.arguments["run_id"])
        return Reply(b"", 200) if run and run["archived_at"] else api.handlers["purgeRun"](call)

    return handled(api, purgeRun=keep)


@mutant("tallyfy.purge.only-archived")
def any_process_is_deleted(api: Api) -> Api:
    """A process need not be archived to be deleted."""

    def shelve(call: Call) -> None:
        if call.store["runs"].row(call.arguments["run_id"]):
            put(call, "runs", call.arguments["run_id"], archived_at=LATER)

    return before(api, shelve, "purgeRun")


@mutant("tallyfy.purge.only-administrators")
def everybody_deletes(api: Api) -> Api:
    """Deleting needs no administrator."""

    def promote(call: Call) -> None:
        admin = next(person["id"] for person in call.store["people"] if person["role"] == "admin")
        call.credential = call.credential._replace(subject=admin)

    return before(api, promote, "purgeRun")


@mutant("tallyfy.runs.form-fields")
def fields_have_no_task(api: Api) -> Api:
    """The fields of a process do not name their task."""

    def shown(call: Call, told: Json) -> Json:
        return {**told, "form_fields": [{**field, "task_id": None} for field in told["form_fields"]]}

    return showing(api, shown, "getRunFormFields")


@mutant("tallyfy.kickoff.submitted")
def nobody_submitted_the_form(api: Api) -> Api:
    """A submitted form tells nobody who submitted it."""
    return after(api, lambda call, run: put(call, "runs", run["id"], prerun_completed_by=None), "completeKickoff")


@mutant("tallyfy.kickoff.submitted-once")
def a_form_is_submitted_again(api: Api) -> Api:
    """Submitting a submitted form submits it once more."""

    def reopen(call: Call) -> None:
        run = call.store["runs"].get(call.arguments["run_id"])
        if run:
            put(call, "runs", run["id"], _={**run["_"], "kickoff_open": True})

    return before(api, reopen, "completeKickoff")


@mutant("tallyfy.kickoff.completes-the-run")
def the_form_completes_nothing(api: Api) -> Api:
    """Submitting the form last leaves the process active."""
    return _left(api, "completeKickoff", status="active", completed_at=None)


@mutant("tallyfy.kickoff.completes-the-run")
def the_form_need_not_be_submitted(api: Api) -> Api:
    """Re-opening the form changes nothing, so that the tasks complete the process alone."""

    def forget(call: Call, run: Json) -> None:
        record = call.store["runs"].get(run["id"])
        assert record is not None
        put(call, "runs", run["id"], _={**record["_"], "kickoff_open": False})

    return after(api, forget, "reopenKickoff")


@mutant("tallyfy.kickoff.rules-evaluated")
def rules_are_always_evaluated(api: Api) -> Api:
    """Submitting a submitted form says that rules were evaluated."""
    return showing(api, members(rules_evaluated=True), "completeKickoff")


@mutant("tallyfy.kickoff.reopened")
def the_old_time_stays(api: Api) -> Api:
    """A re-opened form still tells when it was submitted."""
    return showing(api, members(prerun_completed_at=LATER), "reopenKickoff")


@mutant("tallyfy.kickoff.reactivates")
def a_complete_process_stays_complete(api: Api) -> Api:
    """Re-opening the form of a complete process leaves it complete."""

    def reopen(call: Call) -> Reply:
        before_it = call.store["runs"].get(call.arguments["run_id"])
        reply = api.handlers["reopenKickoff"](call)
        if before_it and before_it["status"] == "complete":
            kept = {"status": "complete", "completed_at": before_it["completed_at"]}
            put(call, "runs", before_it["id"], **kept)
            assert isinstance(reply.body, bytes)
            return Reply(encode({"data": {**decode(reply.body)["data"], **kept}}))
        return reply

    return handled(api, reopenKickoff=reopen)


def _launching(api: Api, change: Any) -> Api:
    """Launches whose body is changed before."""
    return before(api, lambda call: change(call, call.body), "launchRun")


def _tasks(call: Call, run: Json) -> list[Json]:
    rows = call.store["tasks"].matching([("run", run["id"])])
    return [decode(row) for row in rows.slice(0, rows.size())] or [{"id": ""}]


def _put_tasks(call: Call, run: Json, **values: Json) -> None:
    for task in _tasks(call, run):
        put(call, "tasks", task["id"], **values)


def _left(api: Api, operation: str, **values: Json) -> Api:
    """An operation after which its run has these values, as the answer shows."""
    return showing(
        after(api, lambda call, run: put(call, "runs", run["id"], **values), operation), members(**values), operation
    )


def _forget_last(call: Call, run: Json) -> None:
    tasks = _tasks(call, run)
    if tasks[-1]["id"]:
        call.store["tasks"].remove(tasks[-1]["id"])
