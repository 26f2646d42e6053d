"""Kognitos that starts runs wrongly, or lets them go wrong ways as time passes."""

from __future__ import annotations

from typing import Any

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import before, happening, members, mistaken, put, refusing, respecified
from contract_tests.mutants.kognitos import answered, answering, showing
from mock_server.api import Api, Call, Problem, Reply
from mock_server.apis.kognitos_records import FINAL
from mock_server.apis.kognitos_runs import renderer
from mock_server.store import decode, encode

Json = Any

CREATE = "createRun"
RUNS = ("listRuns", "getRun", "createRun")
FIELDS = "/components/schemas/CreateRun/properties"
ID: Json = {"type": "string", "minLength": 1, "maxLength": 26}


# --- creation


@mutant("kognitos.creation.created")
def names_are_trimmed(api: Api) -> Api:
    """The name of a run is shown without spaces and in capital letters."""
    return showing(api, lambda call, run: {**run, "name": run["name"].upper().strip() or "-"}, CREATE)


@mutant("kognitos.creation.created")
def every_run_is_a_draft(api: Api) -> Api:
    """The answer to a start always shows the stage Draft."""
    return showing(api, members(stage="Draft"), CREATE)


@mutant("kognitos.creation.created")
def starting_is_answered_with_the_id(api: Api) -> Api:
    """The answer to a start is the id of the run."""
    return answering(api, lambda call, run: {"id": run["id"]}, CREATE)


@mutant("kognitos.creation.begins-as-created")
def runs_begin_pending(api: Api) -> Api:
    """The answer to a start shows the status Pending."""
    return showing(api, members(status="Pending"), CREATE)


@mutant("kognitos.creation.begins-as-created")
def quick_runs_begin_as_they_end(api: Api) -> Api:
    """The answer to a start shows the status that the run has at once when it takes no time."""

    def quick(call: Call, run: Json) -> Json:
        return decode(renderer(call)(call.store["runs"].row(run["id"]) or b""))

    return answering(api, quick, CREATE)


@mutant("kognitos.creation.no-outputs-yet", "kognitos.life-cycle.outputs-follow-success")
def outputs_are_promised(api: Api) -> Api:
    """The outputs of a process are shown from the start of a run."""
    return showing(api, lambda call, run: {**run, "outputs": _planned(call, run["id"])}, *RUNS)


@mutant("kognitos.creation.can-be-read")
def a_new_run_is_found_later(api: Api) -> Api:
    """A run is not found in the second of its start."""
    return refusing(api, lambda call: _age(call) < 1000, "getRun", kind="run-not-found")


@mutant("kognitos.creation.created-now")
def times_are_whole_hours(api: Api) -> Api:
    """The time of a run is that of the hour that it was started in."""
    change = lambda call, run: {**run, "created_at": f"{run['created_at'][:13]}:00:00"}  # noqa: E731
    return showing(api, change, *RUNS)


@mutant("kognitos.creation.created-now")
def times_stand_still(api: Api) -> Api:
    """The time of a run is the example of the page."""
    return showing(api, members(created_at="2021-01-01T12:00:00"), *RUNS)


@mutant("kognitos.creation.two-calls-two-runs")
def a_repeated_call_starts_nothing(api: Api) -> Api:
    """A call that equals an earlier one of the same second is answered with that one's run."""
    known: dict[str, Json] = {}

    def start(call: Call) -> Reply:
        name = f"{call.world.id} {call.now} {encode(call.body).decode()}"
        if name not in known:
            known[name] = answered(call, api.handlers[CREATE](call))
        return Reply(encode(known[name]))

    return handled(api, createRun=start)


@mutant("kognitos.creation.agent-id-is-required")
def the_agent_is_found(api: Api) -> Api:
    """Without an agent the process' own is taken."""

    def find(call: Call) -> None:
        process = call.store["processes"].get(call.body["process_id"])
        call.body.setdefault("agent_id", process["agent_id"] if process else "-")

    return before(_optional(api, "agent_id"), find, CREATE)


@mutant("kognitos.creation.process-id-is-required")
def the_process_is_found(api: Api) -> Api:
    """Without a process the agent's first one is taken."""

    def find(call: Call) -> None:
        rows = call.store["processes"].listing(call.body["agent_id"]).page(None, 1).rows
        call.body.setdefault("process_id", decode(rows[0])["id"] if rows else "-")

    return before(_optional(api, "process_id"), find, CREATE)


@mutant("kognitos.creation.name-is-required")
def runs_need_no_name(api: Api) -> Api:
    """Without a name the run is called New run."""
    return before(_optional(api, "name"), lambda call: call.body.setdefault("name", "New run"), CREATE)


@mutant("kognitos.creation.stage-is-required")
def runs_need_no_stage(api: Api) -> Api:
    """Without a stage it is Draft."""
    return before(_optional(api, "stage"), lambda call: call.body.setdefault("stage", "Draft"), CREATE)


@mutant("kognitos.creation.null-is-no-value")
def null_is_a_name(api: Api) -> Api:
    """Null as a name is taken for Untitled."""
    relaxed = respecified(api, f"{FIELDS}/name", {"type": ["string", "null"], "minLength": 1, "maxLength": 100})
    return before(relaxed, lambda call: call.body.update(name=call.body["name"] or "Untitled"), CREATE)


@mutant("kognitos.creation.null-is-no-value")
def null_is_a_stage(api: Api) -> Api:
    """Null as a stage is taken for Draft."""
    relaxed = respecified(api, f"{FIELDS}/stage", {"enum": ["Draft", "Published", None]})
    return before(relaxed, lambda call: call.body.update(stage=call.body["stage"] or "Draft"), CREATE)


@mutant("kognitos.creation.wrong-types")
def one_file_may_be_text(api: Api) -> Api:
    """Text as the files is ignored."""
    relaxed = respecified(api, f"{FIELDS}/file_ids", {"type": ["array", "null", "string", "object"]})
    return before(relaxed, _only_lists("file_ids"), CREATE)


@mutant("kognitos.creation.wrong-types")
def inputs_may_be_text(api: Api) -> Api:
    """Text as the inputs is ignored."""
    return before(respecified(api, f"{FIELDS}/inputs", {}), _only_lists("inputs"), CREATE)


@mutant("kognitos.creation.wrong-types")
def names_may_be_anything(api: Api) -> Api:
    """A name that is no text is written as one."""
    return before(
        respecified(api, f"{FIELDS}/name", {}), lambda call: call.body.update(name=str(call.body["name"])), CREATE
    )


@mutant("kognitos.creation.name-length")
def names_end_at_99(api: Api) -> Api:
    """A name of 100 characters is refused."""
    return respecified(api, f"{FIELDS}/name/maxLength", 99)


@mutant("kognitos.creation.name-length")
def names_end_at_101(api: Api) -> Api:
    """A name of 101 characters is cut."""
    relaxed = respecified(api, f"{FIELDS}/name/maxLength", 101)
    return before(relaxed, lambda call: call.body.update(name=call.body["name"][:100]), CREATE)


@mutant("kognitos.creation.name-length")
def names_may_be_empty(api: Api) -> Api:
    """An empty name is taken for Untitled."""
    relaxed = respecified(api, f"{FIELDS}/name/minLength", 0)
    return before(relaxed, lambda call: call.body.update(name=call.body["name"] or "Untitled"), CREATE)


@mutant("kognitos.creation.name-length")
def names_are_counted_in_bytes(api: Api) -> Api:
    """A name may have 100 bytes."""
    return refusing(api, lambda call: len(call.body["name"].encode()) > 100, CREATE)


@mutant("kognitos.creation.id-length")
def ids_end_at_27(api: Api) -> Api:
    """An id of 27 characters is looked up."""
    return _with_ids(api, maxLength=27)


@mutant("kognitos.creation.id-length")
def ids_end_at_25(api: Api) -> Api:
    """An id of 26 characters is refused."""
    return _with_ids(api, maxLength=25)


@mutant("kognitos.creation.id-length")
def ids_may_be_empty(api: Api) -> Api:
    """An empty id is looked up."""
    return _with_ids(api, minLength=0, pattern="^[A-Za-z0-9_-]*$")


@mutant("kognitos.creation.id-characters")
def ids_may_have_any_character(api: Api) -> Api:
    """An id of any characters is looked up."""
    return _with_ids(api, pattern=".")


@mutant("kognitos.creation.id-characters")
def ids_are_matched_anywhere(api: Api) -> Api:
    """An id needs only one character of the pattern."""
    return _with_ids(api, pattern="[A-Za-z0-9_-]")


@mutant("kognitos.creation.stages")
def stages_are_written_as_one_likes(api: Api) -> Api:
    """A start takes a stage in small or capital letters."""

    def correct(call: Call) -> None:
        call.body["stage"] = call.body["stage"].capitalize()
        if call.body["stage"] not in ("Draft", "Published"):
            raise Problem("invalid")

    return before(respecified(api, f"{FIELDS}/stage", {"type": "string"}), correct, CREATE)


@mutant("kognitos.creation.stages")
def an_unknown_stage_is_not_found(api: Api) -> Api:
    """A stage that does not exist is answered 404."""
    relaxed = respecified(api, f"{FIELDS}/stage", {"type": "string"})
    return refusing(
        relaxed, lambda call: call.body["stage"] not in ("Draft", "Published"), CREATE, kind="stage-not-found"
    )


@mutant("kognitos.creation.optional-fields")
def files_may_not_be_null(api: Api) -> Api:
    """Null as the files is refused."""
    return respecified(api, f"{FIELDS}/file_ids/type", "array")


@mutant("kognitos.creation.optional-fields")
def inputs_are_required(api: Api) -> Api:
    """A run without inputs is refused."""
    return refusing(api, lambda call: not call.body.get("inputs"), CREATE)


@mutant("kognitos.creation.inputs")
def inputs_are_texts(api: Api) -> Api:
    """An input that is a number is refused."""

    def has_number(call: Call) -> bool:
        return any(not isinstance(item["value"], str) for item in call.body.get("inputs") or ())

    return refusing(api, has_number, CREATE)


@mutant("kognitos.creation.inputs")
def inputs_must_be_a_map(api: Api) -> Api:
    """A list of inputs is refused."""
    return refusing(api, lambda call: bool(call.body.get("inputs")), CREATE)


@mutant("kognitos.creation.file-ids-are-texts")
def files_may_be_numbers(api: Api) -> Api:
    """A file that is named by anything but a text is left out."""

    def keep(call: Call) -> None:
        call.body["file_ids"] = [id for id in call.body.get("file_ids") or () if isinstance(id, str)] or None

    return before(respecified(api, f"{FIELDS}/file_ids", {}), keep, CREATE)


@mutant("kognitos.creation.file-ids-are-kept")
def files_are_sorted(api: Api) -> Api:
    """A run shows its files in the order of their ids."""
    return showing(api, lambda call, run: {**run, "file_ids": run["file_ids"] and sorted(run["file_ids"])}, *RUNS)


@mutant("kognitos.creation.file-ids-are-kept")
def files_are_named_like_everything(api: Api) -> Api:
    """A file's id must fit the pattern of ids."""
    return respecified(api, f"{FIELDS}/file_ids/items", {**ID, "pattern": "^[A-Za-z0-9_-]+$"})


@mutant("kognitos.creation.file-ids-are-kept")
def files_are_not_shown(api: Api) -> Api:
    """A run that is read by its id shows no files."""
    return showing(api, members(file_ids=None), "getRun", "listRuns")


@mutant("kognitos.creation.unknown-agent")
def starting_for_an_unknown_agent_is_invalid(api: Api) -> Api:
    """A start for an agent that does not exist is answered 400."""
    return mistaken(api, "agent-not-found", "invalid", CREATE)


@mutant("kognitos.creation.unknown-agent", "kognitos.creation.process-of-another-agent")
def the_agent_is_not_checked(api: Api) -> Api:
    """A run is started whatever its agent."""

    def correct(call: Call) -> None:
        process = call.store["processes"].get(call.body["process_id"])
        if process:
            call.body["agent_id"] = process["agent_id"]

    return before(api, correct, CREATE)


@mutant("kognitos.creation.unknown-process")
def starting_an_unknown_process_is_invalid(api: Api) -> Api:
    """A start of a process that does not exist is answered 400."""
    return mistaken(api, "process-not-found", "invalid", CREATE)


@mutant("kognitos.creation.process-of-another-agent")
def a_process_of_another_agent_is_forbidden(api: Api) -> Api:
    """A process of another agent is answered 403."""

    def is_crossed(call: Call) -> bool:
        process = call.store["processes"].get(call.body["process_id"])
        known = call.store["agents"].row(call.body["agent_id"]) is not None
        return known and process is not None and process["agent_id"] != call.body["agent_id"]

    return refusing(api, is_crossed, CREATE, kind="forbidden")


# --- life cycle


@mutant("kognitos.life-cycle.statuses")
def running_is_executing(api: Api) -> Api:
    """A run that is Running shows the status Executing."""
    return _with_status(api, lambda call, run: "Executing" if run["status"] == "Running" else run["status"])


@mutant("kognitos.life-cycle.statuses")
def succeeded_is_completed(api: Api) -> Api:
    """A run that has Succeeded shows the status Completed."""
    return _with_status(api, lambda call, run: "Completed" if run["status"] == "Succeeded" else run["status"])


@mutant("kognitos.life-cycle.failed")
def failed_is_error(api: Api) -> Api:
    """A run that has Failed shows the status Error."""
    return _with_status(api, lambda call, run: "Error" if run["status"] == "Failed" else run["status"])


@mutant("kognitos.life-cycle.never-backwards")
def runs_are_queued_again(api: Api) -> Api:
    """A Running run is Pending every other second."""
    return _with_status(api, lambda call, run: _flickering(call, run, "Running", "Pending"))


@mutant("kognitos.life-cycle.never-backwards", "kognitos.life-cycle.final")
def a_success_is_checked_again(api: Api) -> Api:
    """A Succeeded run is Running every other second."""
    return _with_status(api, lambda call, run: _flickering(call, run, "Succeeded", "Running"))


@mutant("kognitos.life-cycle.final")
def outputs_disappear(api: Api) -> Api:
    """A run shows its outputs for a minute."""

    def forget(call: Call, run: Json) -> Json:
        kept = call.store["runs"].get(run["id"])
        over = kept and kept["ends_at"]
        return {**run, "outputs": None} if over and call.now > over + 60_000 else run

    return showing(api, forget, *RUNS)


@mutant("kognitos.life-cycle.final")
def successes_time_out(api: Api) -> Api:
    """A run that has Succeeded is TimedOut after ten minutes."""

    def late(call: Call, run: Json) -> str:
        kept = call.store["runs"].get(run["id"])
        return "TimedOut" if is_over(run) and kept and call.now > kept["created"] + 600_000 else run["status"]

    return _with_status(api, late)


@mutant("kognitos.life-cycle.goes-on-by-itself")
def runs_never_end(api: Api) -> Api:
    """A run stays Running."""
    return _starting(api, ends_at=None)


@mutant("kognitos.life-cycle.goes-on-by-itself")
def runs_stay_in_the_queue(api: Api) -> Api:
    """A run stays Pending."""
    return _starting(api, running_at=None)


@mutant("kognitos.life-cycle.outputs-follow-success")
def cancelled_runs_have_outputs(api: Api) -> Api:
    """A run that was Cancelled shows outputs."""
    return _showing_outputs(api, "Cancelled")


@mutant("kognitos.life-cycle.outputs-follow-success")
def failed_runs_have_outputs(api: Api) -> Api:
    """A run that has Failed shows outputs."""
    return _showing_outputs(api, "Failed")


@mutant("kognitos.life-cycle.outputs-follow-success")
def running_runs_have_outputs(api: Api) -> Api:
    """A run that is Running shows outputs."""
    return _showing_outputs(api, "Running")


@mutant("kognitos.life-cycle.identity-stays")
def the_time_is_that_of_the_last_status(api: Api) -> Api:
    """The time of a run is that of its last change of status."""

    def moved(call: Call, run: Json) -> Json:
        kept = call.store["runs"].get(run["id"]) or {}
        passed = [
            kept[name] for name in ("pending_at", "running_at", "ends_at") if kept[name] and kept[name] <= call.now
        ]
        return decode(renderer(call)(encode({**kept, "created": max([kept["created"], *passed])})))

    return showing(api, moved, *RUNS)


@mutant("kognitos.life-cycle.identity-stays")
def the_name_tells_the_end(api: Api) -> Api:
    """The name of a run that is over says so."""
    return showing(api, lambda call, run: {**run, "name": f"{run['name']} (done)"} if is_over(run) else run, *RUNS)


@mutant("kognitos.life-cycle.list-and-single-agree")
def the_list_lags(api: Api) -> Api:
    """A list shows a run as it was two seconds before."""

    def late(call: Call, run: Json) -> Json:
        kept = call.store["runs"].row(run["id"]) or b""
        now, call.now = call.now, call.now - 2000
        try:
            return decode(renderer(call)(kept))
        finally:
            call.now = now

    return showing(api, late, "listRuns")


@mutant("kognitos.life-cycle.cancelled")
def cancelling_does_nothing(api: Api) -> Api:
    """A run that is cancelled goes on."""
    return happening(api, "cancel-run", lambda original, call: {})


@mutant("kognitos.life-cycle.cancelled", "kognitos.life-cycle.timed-out")
def only_failure_is_told(api: Api) -> Api:
    """A run that was Cancelled or is TimedOut shows the status Failed."""
    return _with_status(
        api, lambda call, run: "Failed" if run["status"] in ("Cancelled", "TimedOut") else run["status"]
    )


@mutant("kognitos.life-cycle.cancelled")
def cancelled_has_one_l(api: Api) -> Api:
    """A run that was cancelled shows the status Canceled."""
    return _with_status(api, lambda call, run: run["status"].replace("Cancelled", "Canceled"))


@mutant("kognitos.life-cycle.failed")
def failures_are_tried_again(api: Api) -> Api:
    """A run that hits an error goes on."""
    return happening(api, "fail-run", lambda original, call: {})


@mutant("kognitos.life-cycle.failed")
def failures_recover(api: Api) -> Api:
    """A run that has Failed is Succeeded an hour later."""

    def recovered(call: Call, run: Json) -> str:
        kept = call.store["runs"].get(run["id"]) or {}
        return "Succeeded" if run["status"] == "Failed" and call.now > kept["created"] + 3_600_000 else run["status"]

    return _with_status(api, recovered)


@mutant("kognitos.life-cycle.timed-out")
def nothing_times_out(api: Api) -> Api:
    """A run that takes too long goes on."""
    return happening(api, "time-out-run", lambda original, call: {})


@mutant("kognitos.life-cycle.waits-for-a-person")
def nobody_is_waited_for(api: Api) -> Api:
    """A run does not wait for a person."""
    return happening(api, "wait-for-person", lambda original, call: {})


@mutant("kognitos.life-cycle.waits-for-a-person")
def waiting_times_out(api: Api) -> Api:
    """A run that waits for a person for an hour is TimedOut."""

    def late(call: Call, run: Json) -> str:
        kept = call.store["runs"].get(run["id"]) or {}
        waited = kept["left"] is not None and call.now >= kept["created"] + 3_600_000
        return "TimedOut" if waited else run["status"]

    return _with_status(api, late)


@mutant("kognitos.life-cycle.goes-on-when-resumed")
def answers_are_lost(api: Api) -> Api:
    """A run that waited for a person stays waiting."""
    return happening(api, "resume-run", lambda original, call: {})


def is_over(run: Json) -> bool:
    """Whether a run is in a final status."""
    return run["status"] in FINAL


def _optional(api: Api, name: str) -> Api:
    required = api.contract.document["components"]["schemas"]["CreateRun"]["required"]
    return respecified(api, "/components/schemas/CreateRun/required", [other for other in required if other != name])


def _with_ids(api: Api, **values: Json) -> Api:
    schema = {**ID, "pattern": "^[A-Za-z0-9_-]+$", **values}
    return respecified(respecified(api, f"{FIELDS}/agent_id", schema), f"{FIELDS}/process_id", schema)


def _only_lists(name: str) -> Any:
    """What takes a member away that is no list."""

    def drop(call: Call) -> None:
        if not isinstance(call.body.get(name), list):
            call.body.pop(name, None)

    return drop


def _planned(call: Call, id: str) -> Json:
    run = call.store["runs"].get(id)
    return run and run["outputs"]


def _age(call: Call) -> int:
    run = call.store["runs"].get(call.arguments["run_id"])
    return 1000 if run is None else call.now - int(run["created"])


def _with_status(api: Api, status: Any) -> Api:
    return showing(api, lambda call, run: {**run, "status": status(call, run)}, *RUNS)


def _flickering(call: Call, run: Json, status: str, other: str) -> str:
    return other if run["status"] == status and call.now // 1000 % 2 else str(run["status"])


def _showing_outputs(api: Api, status: str) -> Api:
    """Runs that show outputs in one more status; where their process plans none, some."""

    def show(call: Call, run: Json) -> Json:
        return {**run, "outputs": [{"name": "partial", "value": 1}]} if run["status"] == status else run

    return showing(api, show, *RUNS)


def _starting(api: Api, **values: Json) -> Api:
    """Runs that start with another plan."""

    def start(call: Call) -> Reply:
        reply = api.handlers[CREATE](call)
        put(call, "runs", answered(call, reply)["id"], **values)
        return reply

    return handled(api, createRun=start)
