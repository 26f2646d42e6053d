"""Mutants of Kognitos' responses: members of runs and processes, lookup, lists, pages, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from understudy.apis.kognitos.runs import shown_run
from understudy.engine.call import Call, Handler, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, decode
from understudy_checks.mutation import Breakage, Table
from understudy_checks.mutation.operators import (
    Rows,
    accept_when,
    chain,
    default_query,
    drop_members,
    ignore_query,
    listing,
    map_answer,
    map_error,
    map_item,
    map_page,
    map_query,
    on_request,
    patch_document,
    query_names,
    reject_when,
    replace_handler,
    set_error_type,
    set_members,
    set_query,
    swap_error,
    with_notes,
    without,
)

RUNS = ("listRuns", "getRun", "createRun")
PROCESSES = ("listProcesses", "getProcess")
LISTS = ("listRuns", "listProcesses")
LIMIT = "/paths/~1runs/get/parameters/2/schema"
STAGE = "/paths/~1runs/get/parameters/3/schema"
STAGES = ("Draft", "Published")
AGENT = "/components/parameters/AgentId"
YEAR, MINUTE = 365 * 86_400_000, 60_000


def errors(**members: Any) -> Breakage:
    """Answer errors with other members."""
    return map_error(lambda refusal, body: {**body, **members})


def lists_nothing(operations: str | tuple[str, ...], kind: str) -> Breakage:
    """Answer an empty list instead of an error of `kind`."""
    return accept_when(operations, kind, lambda call: Reply(listing([])))


def adds(operation: str, found: Callable[[Call], Any]) -> Breakage:
    """Add the object `found(call)` to the last page of a list."""

    def add(call: Call, page: Any) -> Any:
        last = page["continuation_token"] is None
        return {**page, "items": [*page["items"], found(call)]} if last else page

    return map_answer(operation, add)


def shown(call: Call, run: Record) -> Any:
    """Return a run as the API shows it."""
    return shown_run(call)(run)


def on_later_pages(call: Call) -> bool:
    """Return whether the call requests a page after the first."""
    return bool(call.arguments.get("continuation_token"))


def process_of(call: Call) -> Any:
    """Return the process that a call names, in its parameters or its body."""
    names = call.arguments if "process_id" in call.arguments else call.body or {}
    return call.store["processes"].get(names.get("process_id", ""))


def processes_of(call: Call, agent_id: str) -> list[str]:
    """Return the ids of the first two processes of an agent."""
    return [decode(row)["id"] for row in call.store["processes"].listing(("agent_id", agent_id)).page(None, 2).rows]


def _repeat_the_last_item(notes: dict[str, Any]) -> Breakage:
    def repeat(call: Call, page: Any) -> Any:
        last = notes.get(call.arguments.get("continuation_token") or "", [])
        if page["continuation_token"]:
            notes[page["continuation_token"]] = page["items"][-1:]
        return {**page, "items": [*last, *page["items"]]}

    return map_answer(LISTS, repeat)


def _end_after_three_pages(notes: dict[str, Any]) -> Breakage:
    def end(call: Call, page: Any) -> Any:
        number = notes.get(call.arguments.get("continuation_token") or "", 0) + 1
        if page["continuation_token"]:
            notes[page["continuation_token"]] = number
        return {**page, "continuation_token": None} if number == 3 else page

    return map_answer(LISTS, end)


def _begin_again_at_the_end(notes: dict[str, Any]) -> Breakage:
    def begin(call: Call, page: Any) -> Any:
        name = f"{call.operation.id} {call.arguments.get('process_id')}"
        if not on_later_pages(call) and page["continuation_token"]:
            notes[name] = page["continuation_token"]
        return {**page, "continuation_token": page["continuation_token"] or notes.get(name)}

    return map_answer(LISTS, begin)


def _list_both_stages_on_later_pages(handler: Handler, call: Call) -> Reply:
    given = call.arguments
    call.arguments = without(given, "stage") if on_later_pages(call) else given
    reply = handler(call)
    call.arguments = given  # a page's token holds for the filters that it is asked for with
    return reply


def _own_agent(call: Call) -> str:
    process = process_of(call)
    return str(process["agent_id"] if process else next(iter(call.store["agents"]))["id"])


def _name_the_own_agent(call: Call) -> None:
    if process_of(call):
        call.arguments["agent_id"] = process_of(call)["agent_id"]


def _is_known_agent(call: Call) -> bool:
    return call.store["agents"].row(call.arguments["agent_id"]) is not None


def _started(call: Call) -> int:
    run = call.store["runs"].get(call.arguments["run_id"])
    return call.now if run is None else int(run["created"])


def _capitalize_the_stage(call: Call) -> None:
    stage = call.arguments.get("stage", "Draft").capitalize()
    if stage not in STAGES:
        raise Problem("invalid")
    if "stage" in call.arguments:
        call.arguments = {**call.arguments, "stage": stage}


def _run_of_another_process(call: Call) -> Any:
    wanted = call.arguments["process_id"]
    return shown(call, next(run for run in call.store["runs"] if run["process_id"] != wanted))


def _process_of_another_agent(call: Call) -> Any:
    other = next(item for item in call.store["processes"] if item["agent_id"] != call.arguments["agent_id"])
    return {name: other[name] for name in ("id", "agent_id", "name", "stage")}


def _older_than_a_minute(call: Call, runs: Rows) -> Rows:
    created = {run["id"]: (call.store["runs"].get(run["id"]) or {})["created"] for run in runs}
    return [run for run in runs if created[run["id"]] < call.now - MINUTE]


def _add_new_runs_to_the_second_process(call: Call, runs: Rows) -> Rows:
    second = processes_of(call, call.arguments["agent_id"])[-1]
    if second != call.arguments["process_id"] or on_later_pages(call):
        return runs
    return [*runs, *(shown(call, run) for run in call.store["runs"] if run["created"] > call.now - MINUTE)]


def _is_draft(call: Call) -> bool:
    process = process_of(call)
    return process is not None and process["stage"] == "Draft"


MUTANTS: Table = {
    "envelope.json": {
        "Errors are declared as text/plain.": set_error_type(b"text/plain"),
    },
    "envelope.list": {
        "The last page lacks the token instead of having null.": map_answer(
            LISTS, lambda call, page: {name: value for name, value in page.items() if value is not None}
        ),
        "The token of a page is a number.": map_answer(LISTS, lambda call, page: {**page, "continuation_token": 1}),
        "Items are an object by their ids.": map_answer(
            "listRuns", lambda call, page: {**page, "items": {item["id"]: item for item in page["items"]}}
        ),
    },
    ("envelope.error", "envelope.error-model"): {
        "The error stands under `error`.": map_error(lambda refusal, body: {"error": body}),
    },
    "envelope.error-model": {
        "Errors lack the status.": map_error(lambda refusal, body: {"message": refusal.message, "details": None}),
        "The status in every error is 400.": errors(status_code=400),
        "Errors have null as their message.": errors(message=None),
    },
    "envelope.error-details": {
        "The details of an error are a text.": errors(details="Invalid input"),
        "The details of an error are a list of texts.": errors(details=["Invalid input"]),
    },
    "envelope.same-in-list-and-single": {
        "In a list, names are cut to ten characters.": set_members(LISTS, name=lambda item: item["name"][:10]),
        "In a list, the files of runs are null.": set_members("listRuns", file_ids=None),
    },
    "pagination.default-limit": {
        "A page without a limit holds 20 items.": default_query(LISTS, limit=20),
        "A page without a limit holds 9 items.": default_query(LISTS, limit=9),
    },
    "pagination.limit-is-a-maximum": {
        "A page holds one item more than the limit.": map_query(
            LISTS, "limit", lambda limit: limit + 1, when=lambda call: "limit" in query_names(call)
        ),
        "A page holds 10 items, whatever the limit.": set_query(LISTS, limit=10),
        "A limit of more than 50 is refused.": patch_document(f"{LIMIT}/maximum", 50),
    },
    "pagination.never-over-a-hundred": {
        "A limit of up to 500 is fulfilled.": patch_document(f"{LIMIT}/maximum", 500),
    },
    "pagination.cursor-continues": {
        "A page that follows another one begins with that one's last item.": with_notes(_repeat_the_last_item),
    },
    ("pagination.cursor-continues", "pagination.walk-is-complete"): {
        "A page that follows another one lacks its first item.": map_page(
            LISTS, lambda call, items: items[1:] if on_later_pages(call) else items
        ),
    },
    "pagination.walk-is-complete": {
        "The items of a page that follows another one stand in the other order.": map_page(
            LISTS, lambda call, items: items[::-1] if on_later_pages(call) else items
        ),
    },
    "pagination.null-ends-the-list": {
        "No list has more than three pages.": with_notes(_end_after_three_pages),
        "The token of the last page leads to the second one.": with_notes(_begin_again_at_the_end),
    },
    "pagination.filters-are-kept": {
        "A page that follows another one also holds runs of the other stage.": replace_handler(
            "listRuns", _list_both_stages_on_later_pages
        ),
    },
    "runs.fields": {
        "A listed run lacks its status.": drop_members("listRuns", "status"),
        "The answer to a start has null as its time.": set_members("createRun", created_at=None),
    },
    "runs.ids": {
        "The id of a run's process has 27 characters.": set_members(
            "getRun", process_id=lambda run: run["process_id"].ljust(27, "0")
        ),
        "The id of a run's agent has a dot in it.": set_members(RUNS, agent_id=lambda run: f"o.{run['agent_id'][2:]}"),
    },
    "runs.names": {
        "A listed run has an empty name.": set_members("listRuns", name=""),
    },
    "runs.stages": {
        "The stage of a run is written in small letters.": set_members(RUNS, stage=lambda run: run["stage"].lower()),
    },
    "runs.created-at": {
        "The time of a run is a date.": set_members("getRun", created_at=lambda run: run["created_at"][:10]),
        "The time of a run is a number, as text.": set_members("listRuns", created_at="1609502400"),
    },
    "runs.file-ids": {
        "The files of a run are objects with an id.": set_members(
            RUNS, file_ids=lambda run: [{"id": id} for id in run["file_ids"] or ()]
        ),
    },
    "runs.outputs": {
        "The outputs of a run are values by their names.": set_members(
            RUNS, outputs=lambda run: {output["name"]: output["value"] for output in run["outputs"] or ()}
        ),
        "The outputs of a run have names only.": set_members(
            "getRun", outputs=lambda run: [{"name": output["name"]} for output in run["outputs"] or ()]
        ),
    },
    "runs.by-id": {
        "A run that is older than a year is not found by its id.": reject_when(
            "getRun", lambda call: _started(call) < call.now - YEAR, "run-not-found"
        ),
        "Reading a run answers the first one of all.": map_item(
            "getRun", lambda call, run: shown(call, next(iter(call.store["runs"])))
        ),
    },
    "runs.unknown-run": {
        "A run that does not exist is answered 400.": swap_error("getRun", "run-not-found", "invalid"),
        "An id of a run is found in any case.": map_query("getRun", "run_id", str.lower),
    },
    "runs.process-id-needed": {
        "Without a process the runs of the agent's first one are listed.": chain(
            patch_document("/components/parameters/ProcessIdFilter/required", False),
            default_query("listRuns", process_id=lambda call: processes_of(call, call.arguments["agent_id"])[0]),
        ),
    },
    ("runs.agent-id-needed", "processes.agent-id-needed", "processes.agent-id-needed-for-one"): {
        "Without an agent it is the process' own, or the first one.": chain(
            patch_document(f"{AGENT}/required", False), default_query(("listRuns", *PROCESSES), agent_id=_own_agent)
        ),
    },
    "runs.unknown-process": {
        "The runs of a process that does not exist are an empty list.": lists_nothing("listRuns", "process-not-found"),
    },
    ("runs.unknown-agent", "processes.unknown-agent"): {
        "The lists of an agent that does not exist are empty.": lists_nothing(LISTS, "agent-not-found"),
    },
    ("runs.unknown-agent", "processes.unknown-agent", "processes.unknown-agent-of-one"): {
        "An agent that does not exist is answered 400.": swap_error(
            ("listRuns", *PROCESSES), "agent-not-found", "invalid"
        ),
    },
    ("runs.process-of-another-agent", "processes.process-of-another-agent"): {
        "A process is found under every agent of the organization.": on_request(
            ("listRuns", "getProcess"), _name_the_own_agent, when=_is_known_agent
        ),
    },
    "runs.stage-filter": {
        "A stage lists the runs of both.": ignore_query("listRuns", "stage"),
        "Without a stage only published runs are listed.": default_query("listRuns", stage="Published"),
    },
    "runs.unknown-stage-filter": {
        "A stage that does not exist lists nothing.": patch_document(STAGE, {"type": "string"}),
        "A stage may be written in small or capital letters.": chain(
            patch_document(STAGE, {"type": "string"}), on_request("listRuns", _capitalize_the_stage)
        ),
    },
    "runs.only-of-the-process": {
        "The last page of a list also holds a run of another process.": adds("listRuns", _run_of_another_process),
    },
    "runs.new-run-is-listed": {
        "A run is listed a minute after its start.": map_page("listRuns", _older_than_a_minute),
        "A new run is listed under its agent's second process, too.": map_page(
            "listRuns", _add_new_runs_to_the_second_process
        ),
    },
    "processes.fields": {
        "A listed process lacks its agent.": drop_members("listProcesses", "agent_id"),
        "A process that is read by its id has null as its name.": set_members("getProcess", name=None),
    },
    "processes.stages": {
        "A published process shows the stage Live.": set_members(
            PROCESSES, stage="Live", when=lambda process: process["stage"] == "Published"
        ),
    },
    "processes.only-of-the-agent": {
        "The last page of an agent's processes also holds one of another agent.": adds(
            "listProcesses", _process_of_another_agent
        ),
    },
    "processes.by-id": {
        "A process that is a draft is listed and not found by its id.": reject_when(
            "getProcess", _is_draft, "process-not-found"
        ),
    },
    "processes.unknown-process": {
        "A process that does not exist is answered 400.": swap_error("getProcess", "process-not-found", "invalid"),
    },
    "processes.unknown-agent-of-one": {
        "A process is found under every agent, also one that does not exist.": on_request(
            "getProcess", _name_the_own_agent
        ),
    },
    "health.ok": {
        "The health check answers `ok` in small letters.": map_answer("getHealth", lambda call, body: {"status": "ok"}),
        "The health check is answered 204.": replace_handler("getHealth", lambda handler, call: Reply(b"", 204)),
    },
}
