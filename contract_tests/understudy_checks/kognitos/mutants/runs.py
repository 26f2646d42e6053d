"""Mutants of Kognitos' runs: their start, and their statuses over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.apis.kognitos.records import FINAL
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.store import encode
from understudy_checks.kognitos.mutants.access import MINUTE, RUNS, STAGES, process_of, processes_of, shown
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    answered,
    chain,
    coerce_body,
    ignore_event,
    ignore_wrong_type,
    map_answer,
    map_body,
    map_item,
    on_request,
    optional_body,
    patch_document,
    reject_when,
    replace_handler,
    set_members,
    set_record,
    swap_error,
    with_notes,
)

CREATE = "createRun"
SCHEMA = "/components/schemas/CreateRun"
FIELDS = f"{SCHEMA}/properties"
NAME, STAGE, FILES = f"{FIELDS}/name", f"{FIELDS}/stage", f"{FIELDS}/file_ids"
ID: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 26, "pattern": "^[A-Za-z0-9_-]+$"}
HOUR = 60 * MINUTE


def optional(**values: Any) -> Breakage:
    """Make a required member of a start optional, with a default."""
    return optional_body(CREATE, SCHEMA, **values)


def reads_ids(**keywords: Any) -> Breakage:
    """Use other schema keywords for the ids of agent and process."""
    schema = {**ID, **keywords}
    return chain(patch_document(f"{FIELDS}/agent_id", schema), patch_document(f"{FIELDS}/process_id", schema))


def shows(status: str, other: str, when: Callable[[Call, Any], object] = lambda call, run: True) -> Breakage:
    """Show a run of one status with another if `when(call, run)` is true for the stored run."""

    def change(call: Call, run: Any) -> Any:
        return {**run, "status": other} if run["status"] == status and when(call, kept(call, run)) else run

    return map_item(RUNS, change)


def shows_outputs(status: str) -> Breakage:
    """Show outputs of runs in one more status, or invented ones if their process has none."""
    return set_members(RUNS, outputs=[{"name": "partial", "value": 1}], when=lambda run: run["status"] == status)


def kept(call: Call, run: Any) -> Any:
    """Return a run as it is stored; empty if it is not stored any more."""
    return call.store["runs"].get(run["id"]) or {}


def is_over(run: Any) -> bool:
    """Return whether a run has a final status."""
    return run["status"] in FINAL


def in_odd_seconds(call: Call, run: Any) -> bool:
    """Return whether the world's time is in an odd second."""
    return bool(call.now // 1000 % 2)


def _is_new(call: Call) -> bool:
    run = call.store["runs"].get(call.arguments["run_id"])
    return run is not None and call.now - int(run["created"]) < 1000


def _answer_the_run_before(notes: dict[str, Any]) -> Breakage:
    def start(handler: Handler, call: Call) -> Reply:
        name = f"{call.world.id} {call.now} {encode(call.body).decode()}"
        if name not in notes:
            notes[name] = answered(call, handler(call))
        return Reply(encode(notes[name]))

    return replace_handler(CREATE, start)


def _own_agent(call: Call) -> str:
    process = process_of(call)
    return str(process["agent_id"]) if process else "-"


def _name_the_own_agent(call: Call) -> None:
    if process_of(call):
        call.body["agent_id"] = _own_agent(call)


def _first_process(call: Call) -> str:
    return next(iter(processes_of(call, call.body["agent_id"])), "-")


def _belongs_to_another_agent(call: Call) -> bool:
    known = call.store["agents"].row(call.body["agent_id"]) is not None
    return known and process_of(call) is not None and _own_agent(call) != call.body["agent_id"]


def _has_an_input_that_is_no_text(call: Call) -> bool:
    return any(not isinstance(item["value"], str) for item in call.body.get("inputs") or ())


def _has_unknown_stage(call: Call) -> bool:
    return call.body["stage"] not in STAGES


def _forget_outputs(call: Call, run: Any) -> Any:
    ends_at = kept(call, run).get("ends_at")
    return {**run, "outputs": None} if ends_at and call.now > ends_at + MINUTE else run


def _show_the_last_change(call: Call, run: Any) -> Any:
    record = kept(call, run)
    changes = [record[name] or 0 for name in ("created", "pending_at", "running_at", "ends_at")]
    return shown(call, {**record, "created": max(at for at in changes if at <= call.now)})


def _show_two_seconds_late(call: Call, run: Any) -> Any:
    now, call.now = call.now, call.now - 2000
    try:
        return shown(call, kept(call, run))
    finally:
        call.now = now


def _time_out_while_waiting(call: Call, run: Any) -> Any:
    record = kept(call, run)
    late = record["left"] is not None and call.now >= record["created"] + HOUR
    return {**run, "status": "TimedOut"} if late else run


def _time_out_after_ten_minutes(call: Call, run: Any) -> Any:
    late = is_over(run) and call.now > kept(call, run).get("created", call.now) + 10 * MINUTE
    return {**run, "status": "TimedOut"} if late else run


MUTANTS: Table = {
    "creation.created": {
        "The name of a run is shown without spaces around it and in capital letters.": set_members(
            CREATE, name=lambda run: run["name"].upper().strip() or "-"
        ),
        "The answer to a start always shows the stage Draft.": set_members(CREATE, stage="Draft"),
        "The answer to a start is the id of the run.": map_answer(CREATE, lambda call, run: {"id": run["id"]}),
    },
    "creation.begins-as-created": {
        "The answer to a start shows the status Pending.": set_members(CREATE, status="Pending"),
        "The answer to a start shows the status that the run has at once when it takes no time.": map_item(
            CREATE, lambda call, run: shown(call, kept(call, run))
        ),
    },
    ("creation.no-outputs-yet", "life-cycle.outputs-follow-success"): {
        "The outputs of a process are shown from the start of a run.": map_item(
            RUNS, lambda call, run: {**run, "outputs": kept(call, run).get("outputs")}
        ),
    },
    "creation.can-be-read": {
        "A run is not found in the second of its start.": reject_when("getRun", _is_new, "run-not-found"),
    },
    "creation.created-now": {
        "The time of a run is that of the hour that it was started in.": set_members(
            RUNS, created_at=lambda run: f"{run['created_at'][:13]}:00:00"
        ),
        "The time of a run is the example of the page.": set_members(RUNS, created_at="2021-01-01T12:00:00"),
    },
    "creation.two-calls-two-runs": {
        "A call that equals an earlier one of the same second is answered with that one's run.": with_notes(
            _answer_the_run_before
        ),
    },
    "creation.agent-id-is-required": {
        "Without an agent the process' own is taken.": optional(agent_id=_own_agent),
    },
    "creation.process-id-is-required": {
        "Without a process the agent's first one is taken.": optional(process_id=_first_process),
    },
    "creation.name-is-required": {
        "Without a name the run is called New run.": optional(name="New run"),
    },
    "creation.stage-is-required": {
        "Without a stage it is Draft.": optional(stage="Draft"),
    },
    "creation.null-is-no-value": {
        "Null as a name is taken for Untitled.": coerce_body(
            CREATE,
            NAME,
            lambda name: name or "Untitled",
            {"type": ["string", "null"], "minLength": 1, "maxLength": 100},
        ),
        "Null as a stage is taken for Draft.": coerce_body(
            CREATE, STAGE, lambda stage: stage or "Draft", {"enum": [*STAGES, None]}
        ),
    },
    "creation.wrong-types": {
        "Text as the files is ignored.": ignore_wrong_type(CREATE, FILES, list),
        "Text as the inputs is ignored.": ignore_wrong_type(CREATE, f"{FIELDS}/inputs", list),
        "A name that is no text is written as one.": coerce_body(CREATE, NAME, str),
    },
    "creation.name-length": {
        "A name of 100 characters is refused.": patch_document(f"{NAME}/maxLength", 99),
        "A name of 101 characters is cut.": chain(
            patch_document(f"{NAME}/maxLength", 101), map_body(CREATE, "name", lambda name: name[:100])
        ),
        "An empty name is taken for Untitled.": chain(
            patch_document(f"{NAME}/minLength", 0), map_body(CREATE, "name", lambda name: name or "Untitled")
        ),
        "A name may have 100 bytes at most.": reject_when(CREATE, lambda call: len(call.body["name"].encode()) > 100),
    },
    "creation.id-length": {
        "An id of 27 characters is looked up.": reads_ids(maxLength=27),
        "An id of 26 characters is refused.": reads_ids(maxLength=25),
        "An empty id is looked up.": reads_ids(minLength=0, pattern="^[A-Za-z0-9_-]*$"),
    },
    "creation.id-characters": {
        "An id of any characters is looked up.": reads_ids(pattern="."),
        "An id needs only one character of the pattern.": reads_ids(pattern="[A-Za-z0-9_-]"),
    },
    "creation.stages": {
        "A start takes a stage in small or capital letters.": chain(
            reject_when(CREATE, _has_unknown_stage), coerce_body(CREATE, STAGE, str.capitalize, {"type": "string"})
        ),
        "A stage that does not exist is answered 404.": chain(
            patch_document(STAGE, {"type": "string"}), reject_when(CREATE, _has_unknown_stage, "stage-not-found")
        ),
    },
    "creation.optional-fields": {
        "Null as the files is refused.": patch_document(f"{FILES}/type", "array"),
        "A run without inputs is refused.": reject_when(CREATE, lambda call: not call.body.get("inputs")),
    },
    "creation.inputs": {
        "An input that is a number is refused.": reject_when(CREATE, _has_an_input_that_is_no_text),
        "A list of inputs is refused.": reject_when(CREATE, lambda call: call.body.get("inputs")),
    },
    "creation.file-ids-are-texts": {
        "A file id that is no text is left out.": coerce_body(
            CREATE, FILES, lambda ids: [id for id in ids or () if isinstance(id, str)] or None
        ),
    },
    "creation.file-ids-are-kept": {
        "A run shows its files in the order of their ids.": set_members(
            RUNS, file_ids=lambda run: run["file_ids"] and sorted(run["file_ids"])
        ),
        "A file's id must fit the pattern of ids.": patch_document(f"{FILES}/items", ID),
        "A run that is read by its id shows no files.": set_members(("getRun", "listRuns"), file_ids=None),
    },
    "creation.unknown-agent": {
        "A start for an agent that does not exist is answered 400.": swap_error(CREATE, "agent-not-found", "invalid"),
    },
    ("creation.unknown-agent", "creation.process-of-another-agent"): {
        "A run is started whatever its agent.": on_request(CREATE, _name_the_own_agent),
    },
    "creation.unknown-process": {
        "A start of a process that does not exist is answered 400.": swap_error(CREATE, "process-not-found", "invalid"),
    },
    "creation.process-of-another-agent": {
        "A process of another agent is answered 403.": reject_when(CREATE, _belongs_to_another_agent, "forbidden"),
    },
    "life-cycle.statuses": {
        "A run that is Running shows the status Executing.": shows("Running", "Executing"),
        "A run that has Succeeded shows the status Completed.": shows("Succeeded", "Completed"),
    },
    "life-cycle.failed": {
        "A run that has Failed shows the status Error.": shows("Failed", "Error"),
        "A run that hits an error goes on.": ignore_event("fail-run"),
        "A run that has Failed is Succeeded an hour later.": shows(
            "Failed", "Succeeded", lambda call, run: call.now > run["created"] + HOUR
        ),
    },
    "life-cycle.never-backwards": {
        "A Running run is Pending every other second.": shows("Running", "Pending", in_odd_seconds),
    },
    ("life-cycle.never-backwards", "life-cycle.final"): {
        "A Succeeded run is Running every other second.": shows("Succeeded", "Running", in_odd_seconds),
    },
    "life-cycle.final": {
        "A run shows its outputs for a minute.": map_item(RUNS, _forget_outputs),
        "A run that has Succeeded is TimedOut after ten minutes.": map_item(RUNS, _time_out_after_ten_minutes),
    },
    "life-cycle.goes-on-by-itself": {
        "A run stays Running.": set_record(CREATE, "runs", ends_at=None),
        "A run stays Pending.": set_record(CREATE, "runs", running_at=None),
    },
    "life-cycle.outputs-follow-success": {
        "A run that was Cancelled shows outputs.": shows_outputs("Cancelled"),
        "A run that has Failed shows outputs.": shows_outputs("Failed"),
        "A run that is Running shows outputs.": shows_outputs("Running"),
    },
    "life-cycle.identity-stays": {
        "The time of a run is that of its last change of status.": map_item(RUNS, _show_the_last_change),
        "The name of a run that is over ends in `(done)`.": set_members(
            RUNS, name=lambda run: f"{run['name']} (done)", when=is_over
        ),
    },
    "life-cycle.list-and-single-agree": {
        "A list shows a run as it was two seconds before.": map_item("listRuns", _show_two_seconds_late),
    },
    "life-cycle.cancelled": {
        "A run that is cancelled goes on.": ignore_event("cancel-run"),
        "A run that was cancelled shows the status Canceled.": shows("Cancelled", "Canceled"),
    },
    ("life-cycle.cancelled", "life-cycle.timed-out"): {
        "A run that was Cancelled or is TimedOut shows the status Failed.": chain(
            shows("Cancelled", "Failed"), shows("TimedOut", "Failed")
        ),
    },
    "life-cycle.timed-out": {
        "A run that takes too long goes on.": ignore_event("time-out-run"),
    },
    "life-cycle.waits-for-a-person": {
        "A run does not wait for a person.": ignore_event("wait-for-person"),
        "A run that waits for a person for an hour is TimedOut.": map_item(RUNS, _time_out_while_waiting),
    },
    "life-cycle.goes-on-when-resumed": {
        "A run that waited for a person stays waiting.": ignore_event("resume-run"),
    },
}
