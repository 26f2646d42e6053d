"""Kognitos with answers that are wrong: fields of runs and processes, what is found and listed, pages, errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from msgspec import structs

from contract_tests.mutants import handled, mutant
from contract_tests.mutants.changes import Change, before, lacking, members, mistaken, refusing, respecified
from mock_server.api import Api, Call, Handler, Problem, Reply
from mock_server.apis.kognitos_runs import renderer
from mock_server.paging import page
from mock_server.store import decode, encode

Json = Any

RUNS = ("listRuns", "getRun", "createRun")
PROCESSES = ("listProcesses", "getProcess")
LISTS = ("listRuns", "listProcesses")
LIMIT = "/paths/~1runs/get/parameters/2/schema"
AGENT = "/components/parameters/AgentId"


def answered(call: Call, reply: Reply) -> Json:
    """The decoded body of a reply, a listing cut into the page that is asked for."""
    return decode(reply.body if isinstance(reply.body, bytes) else page(call, reply.body))


def answering(api: Api, change: Change, *operations: str) -> Api:
    """Operations that answer with what `change` makes of the body that they should answer."""

    def answer(original: Handler, call: Call) -> Reply:
        reply = original(call)
        return structs.replace(reply, body=encode(change(call, answered(call, reply))))

    return handled(api, **{id: partial(answer, api.handlers[id]) for id in operations})


def showing(api: Api, change: Change, *operations: str) -> Api:
    """Operations that show each object, listed or single, as `change` makes it from what it should be."""

    def each(call: Call, body: Json) -> Json:
        if "items" not in body:
            return change(call, body)
        return {**body, "items": [change(call, item) for item in body["items"]]}

    return answering(api, each, *operations)


def paging(api: Api, change: Change, *operations: str) -> Api:
    """Lists whose items are what `change` makes of them, a page at a time."""
    return answering(api, lambda call, body: {**body, "items": change(call, body["items"])}, *(operations or LISTS))


def asking(api: Api, limit: Callable[[Call, int | None], int | None], *operations: str) -> Api:
    """Lists that read the limit as another one; None is a limit that was not given."""

    def ask(call: Call) -> None:
        given = call.arguments.get("limit") if "limit=" in call.request.query else None
        other = limit(call, given)
        if other is not None:
            call.arguments["limit"] = other

    return before(api, ask, *(operations or LISTS))


def instead(api: Api, kind: str, answer: Callable[[Call], Json], *operations: str) -> Api:
    """Operations that answer something where they should refuse."""

    def attempt(original: Handler, call: Call) -> Reply:
        try:
            return original(call)
        except Problem as problem:
            if problem.kind != kind:
                raise
            return Reply(encode(answer(call)))

    return handled(api, **{id: partial(attempt, api.handlers[id]) for id in operations})


# --- envelope


@mutant("kognitos.envelope.json")
def refusals_are_plain_text(api: Api) -> Api:
    """Refusals say that they are text."""
    return replace(api, error_type=b"text/plain")


@mutant("kognitos.envelope.list")
def the_last_page_has_no_token(api: Api) -> Api:
    """The last page lacks the token instead of having null."""
    return answering(api, lambda call, body: {k: v for k, v in body.items() if v is not None}, *LISTS)


@mutant("kognitos.envelope.list")
def tokens_are_numbers(api: Api) -> Api:
    """The token of a page is a number."""
    return answering(api, lambda call, body: {**body, "continuation_token": 1}, *LISTS)


@mutant("kognitos.envelope.list")
def items_stand_by_id(api: Api) -> Api:
    """Items are an object by their ids."""
    return answering(api, lambda call, body: {**body, "items": {i["id"]: i for i in body["items"]}}, "listRuns")


@mutant("kognitos.envelope.error", "kognitos.envelope.error-model")
def errors_are_wrapped(api: Api) -> Api:
    """The error stands under `error`."""
    return replace(api, error_body=lambda call, refusal: {"error": api.error_body(call, refusal)})


@mutant("kognitos.envelope.error-model")
def errors_do_not_repeat_the_status(api: Api) -> Api:
    """Errors lack the status."""
    return replace(api, error_body=lambda call, refusal: {"message": refusal.message, "details": None})


@mutant("kognitos.envelope.error-model")
def all_errors_say_400(api: Api) -> Api:
    """The status that is repeated is always 400."""
    return replace(api, error_body=lambda call, refusal: api.error_body(call, refusal._replace(status=400)))


@mutant("kognitos.envelope.error-model")
def messages_are_null(api: Api) -> Api:
    """Errors have null as their message."""
    return _erring(api, message=None)


@mutant("kognitos.envelope.error-details")
def details_are_text(api: Api) -> Api:
    """The details of an error are a text."""
    return _erring(api, details="Invalid input")


@mutant("kognitos.envelope.error-details")
def details_are_texts(api: Api) -> Api:
    """The details of an error are a list of texts."""
    return _erring(api, details=["Invalid input"])


@mutant("kognitos.envelope.same-in-list-and-single")
def listed_names_are_shortened(api: Api) -> Api:
    """In a list, names are cut to ten characters."""
    return showing(api, lambda call, item: {**item, "name": item["name"][:10]}, *LISTS)


@mutant("kognitos.envelope.same-in-list-and-single")
def files_are_only_in_the_single_run(api: Api) -> Api:
    """In a list, the files of runs are null."""
    return showing(api, members(file_ids=None), "listRuns")


# --- pagination


@mutant("kognitos.pagination.default-limit")
def the_default_is_20(api: Api) -> Api:
    """A page without a limit holds 20 items."""
    return asking(api, lambda call, limit: limit or 20)


@mutant("kognitos.pagination.default-limit")
def the_default_is_9(api: Api) -> Api:
    """A page without a limit holds 9 items."""
    return asking(api, lambda call, limit: limit or 9)


@mutant("kognitos.pagination.limit-is-a-maximum")
def a_page_goes_one_beyond_its_limit(api: Api) -> Api:
    """A page holds one item more than the limit."""
    return asking(api, lambda call, limit: limit and limit + 1)


@mutant("kognitos.pagination.limit-is-a-maximum")
def every_page_holds_ten(api: Api) -> Api:
    """A page holds 10 items, whatever the limit."""
    return asking(api, lambda call, limit: 10)


@mutant("kognitos.pagination.limit-is-a-maximum")
def limits_end_at_50(api: Api) -> Api:
    """A limit of more than 50 is refused."""
    return respecified(api, f"{LIMIT}/maximum", 50)


@mutant("kognitos.pagination.never-over-a-hundred")
def limits_end_at_500(api: Api) -> Api:
    """A limit of up to 500 is fulfilled."""
    return respecified(api, f"{LIMIT}/maximum", 500)


@mutant("kognitos.pagination.cursor-continues")
def a_page_repeats_an_item(api: Api) -> Api:
    """A page that follows another one begins with that one's last item."""
    before_it: dict[str, Json] = {}

    def repeated(call: Call, body: Json) -> Json:
        last = before_it.get(call.arguments.get("continuation_token") or "")
        if body["continuation_token"] and body["items"]:
            before_it[body["continuation_token"]] = body["items"][-1]
        return {**body, "items": [*([last] if last else []), *body["items"]]}

    return answering(api, repeated, *LISTS)


@mutant("kognitos.pagination.cursor-continues", "kognitos.pagination.walk-is-complete")
def a_page_leaves_out_an_item(api: Api) -> Api:
    """A page that follows another one lacks its first item."""
    return paging(api, lambda call, items: items[1:] if _follows(call) else items)


@mutant("kognitos.pagination.walk-is-complete")
def later_pages_run_backwards(api: Api) -> Api:
    """The items of a page that follows another one stand in the other order."""
    return paging(api, lambda call, items: items[::-1] if _follows(call) else items)


@mutant("kognitos.pagination.null-ends-the-list")
def null_comes_after_three_pages(api: Api) -> Api:
    """No list has more than three pages."""
    pages: dict[str, int] = {}

    def cut(call: Call, body: Json) -> Json:
        number = pages.get(call.arguments.get("continuation_token") or "", 0) + 1
        if body["continuation_token"]:
            pages[body["continuation_token"]] = number
        return {**body, "continuation_token": None} if number == 3 else body

    return answering(api, cut, *LISTS)


@mutant("kognitos.pagination.null-ends-the-list")
def the_end_begins_again(api: Api) -> Api:
    """The token of the last page leads to the second one."""
    first: dict[str, str] = {}

    def again(call: Call, body: Json) -> Json:
        name = f"{call.operation.id} {call.arguments.get('process_id')}"
        if not _follows(call) and body["continuation_token"]:
            first[name] = body["continuation_token"]
        return {**body, "continuation_token": body["continuation_token"] or first.get(name)}

    return answering(api, again, *LISTS)


@mutant("kognitos.pagination.filters-are-kept")
def later_pages_are_of_both_stages(api: Api) -> Api:
    """A page that follows another one also holds runs of the other stage."""

    def unfiltered(call: Call) -> Reply:
        asked = call.arguments
        if _follows(call):
            call.arguments = {name: value for name, value in asked.items() if name != "stage"}
        reply = api.handlers["listRuns"](call)
        call.arguments = asked
        return reply

    return handled(api, listRuns=unfiltered)


# --- runs and processes


@mutant("kognitos.runs.fields")
def listed_runs_have_no_status(api: Api) -> Api:
    """A listed run lacks its status."""
    return showing(api, lacking("status"), "listRuns")


@mutant("kognitos.runs.fields")
def new_runs_have_no_time(api: Api) -> Api:
    """The answer to a start has null as its time."""
    return showing(api, members(created_at=None), "createRun")


@mutant("kognitos.runs.ids")
def ids_are_long(api: Api) -> Api:
    """A run's process is named by 27 characters."""
    return showing(api, lambda call, run: {**run, "process_id": run["process_id"].ljust(27, "0")}, "getRun")


@mutant("kognitos.runs.ids")
def ids_have_dots(api: Api) -> Api:
    """A run's agent is named by its organization too."""
    return showing(api, lambda call, run: {**run, "agent_id": f"o.{run['agent_id'][2:]}"}, *RUNS)


@mutant("kognitos.runs.names")
def names_are_lost(api: Api) -> Api:
    """A listed run has an empty name."""
    return showing(api, members(name=""), "listRuns")


@mutant("kognitos.runs.stages")
def stages_are_small(api: Api) -> Api:
    """The stage of a run is written in small letters."""
    return showing(api, lambda call, run: {**run, "stage": run["stage"].lower()}, *RUNS)


@mutant("kognitos.runs.created-at")
def times_are_dates(api: Api) -> Api:
    """The time of a run is a date."""
    return showing(api, lambda call, run: {**run, "created_at": run["created_at"][:10]}, "getRun")


@mutant("kognitos.runs.created-at")
def times_are_numbers(api: Api) -> Api:
    """The time of a run is a number, as text."""
    return showing(api, members(created_at="1609502400"), "listRuns")


@mutant("kognitos.runs.file-ids")
def files_are_objects(api: Api) -> Api:
    """The files of a run are objects with an id."""
    return showing(api, lambda call, run: {**run, "file_ids": [{"id": id} for id in run["file_ids"] or ()]}, *RUNS)


@mutant("kognitos.runs.outputs")
def outputs_are_a_map(api: Api) -> Api:
    """The outputs of a run are values by their names."""
    return showing(
        api, lambda call, run: {**run, "outputs": {o["name"]: o["value"] for o in run["outputs"] or ()}}, *RUNS
    )


@mutant("kognitos.runs.outputs")
def outputs_lack_values(api: Api) -> Api:
    """The outputs of a run have names only."""
    return showing(
        api, lambda call, run: {**run, "outputs": [{"name": o["name"]} for o in run["outputs"] or ()]}, "getRun"
    )


@mutant("kognitos.runs.by-id")
def old_runs_are_forgotten(api: Api) -> Api:
    """A run that is older than a year is not found by its id."""
    year = 365 * 86_400_000
    return refusing(api, lambda call: _created(call) < call.now - year, "getRun", kind="run-not-found")


@mutant("kognitos.runs.by-id")
def reading_answers_another_run(api: Api) -> Api:
    """Reading a run answers the first one of all."""

    def first(call: Call, run: Json) -> Json:
        return decode(renderer(call)(encode(next(iter(call.store["runs"])))))

    return answering(api, first, "getRun")


@mutant("kognitos.runs.unknown-run")
def reading_an_unknown_run_is_invalid(api: Api) -> Api:
    """A run that does not exist is answered 400."""
    return mistaken(api, "run-not-found", "invalid", "getRun")


@mutant("kognitos.runs.unknown-run")
def ids_of_runs_may_be_large(api: Api) -> Api:
    """An id of a run is found in any case."""
    return before(api, lambda call: call.arguments.update(run_id=call.arguments["run_id"].lower()), "getRun")


@mutant("kognitos.runs.process-id-needed")
def a_process_may_be_left_out(api: Api) -> Api:
    """Without a process the runs of the agent's first one are listed."""

    def choose(call: Call) -> None:
        rows = call.store["processes"].listing(call.arguments["agent_id"]).page(None, 1).rows
        call.arguments.setdefault("process_id", decode(rows[0])["id"])

    return before(respecified(api, "/components/parameters/ProcessIdFilter/required", False), choose, "listRuns")


@mutant(
    "kognitos.runs.agent-id-needed", "kognitos.processes.agent-id-needed", "kognitos.processes.agent-id-needed-for-one"
)
def an_agent_may_be_left_out(api: Api) -> Api:
    """Without an agent it is the process' own, or the first one."""

    def choose(call: Call) -> None:
        process = call.store["processes"].get(call.arguments.get("process_id", ""))
        own = process["agent_id"] if process else next(iter(call.store["agents"]))["id"]
        call.arguments.setdefault("agent_id", own)

    return before(respecified(api, f"{AGENT}/required", False), choose, "listRuns", *PROCESSES)


@mutant("kognitos.runs.unknown-process")
def an_unknown_process_has_no_runs(api: Api) -> Api:
    """The runs of a process that does not exist are an empty list."""
    return instead(api, "process-not-found", _nothing, "listRuns")


@mutant("kognitos.runs.unknown-agent", "kognitos.processes.unknown-agent")
def an_unknown_agent_has_nothing(api: Api) -> Api:
    """The lists of an agent that does not exist are empty."""
    return instead(api, "agent-not-found", _nothing, *LISTS)


@mutant("kognitos.runs.unknown-agent", "kognitos.processes.unknown-agent", "kognitos.processes.unknown-agent-of-one")
def reading_of_an_unknown_agent_is_invalid(api: Api) -> Api:
    """An agent that does not exist is answered 400."""
    return mistaken(api, "agent-not-found", "invalid", "listRuns", *PROCESSES)


@mutant("kognitos.runs.process-of-another-agent", "kognitos.processes.process-of-another-agent")
def any_agent_will_do(api: Api) -> Api:
    """A process is found under every agent of the organization."""

    def correct(call: Call) -> None:
        process = call.store["processes"].get(call.arguments["process_id"])
        if process and call.store["agents"].row(call.arguments["agent_id"]):
            call.arguments["agent_id"] = process["agent_id"]

    return before(api, correct, "listRuns", "getProcess")


@mutant("kognitos.runs.stage-filter")
def the_stage_is_ignored(api: Api) -> Api:
    """A stage lists the runs of both."""
    return before(api, lambda call: call.arguments.pop("stage", None), "listRuns")


@mutant("kognitos.runs.stage-filter")
def only_published_runs_are_listed(api: Api) -> Api:
    """Without a stage only published runs are listed."""
    return before(api, lambda call: call.arguments.setdefault("stage", "Published"), "listRuns")


@mutant("kognitos.runs.unknown-stage-filter")
def an_unknown_stage_has_no_runs(api: Api) -> Api:
    """A stage that does not exist lists nothing."""
    return respecified(api, "/paths/~1runs/get/parameters/3/schema", {"type": "string"})


@mutant("kognitos.runs.unknown-stage-filter")
def stages_are_found_in_any_case(api: Api) -> Api:
    """A stage may be written in small or capital letters."""

    def correct(call: Call) -> None:
        stage = call.arguments.get("stage", "Draft").capitalize()
        if stage not in ("Draft", "Published"):
            raise Problem("invalid")
        call.arguments = {**call.arguments, **({"stage": stage} if "stage" in call.arguments else {})}

    return before(respecified(api, "/paths/~1runs/get/parameters/3/schema", {"type": "string"}), correct, "listRuns")


@mutant("kognitos.runs.only-of-the-process")
def a_list_holds_another_process_run(api: Api) -> Api:
    """The last page of a list also holds a run of another process."""

    def foreign(call: Call, body: Json) -> Json:
        others = (run for run in call.store["runs"] if run["process_id"] != call.arguments["process_id"])
        added = [decode(renderer(call)(encode(next(others))))] if body["continuation_token"] is None else []
        return {**body, "items": [*body["items"], *added]}

    return answering(api, foreign, "listRuns")


@mutant("kognitos.runs.new-run-is-listed")
def new_runs_are_not_listed(api: Api) -> Api:
    """A run is listed a minute after its start."""

    def older(call: Call, items: Json) -> Json:
        created = {item["id"]: call.store["runs"].get(item["id"]) for item in items}
        return [item for item in items if (created[item["id"]] or {})["created"] < call.now - 60_000]

    return paging(api, older, "listRuns")


@mutant("kognitos.runs.new-run-is-listed")
def runs_are_listed_under_the_agents_first_process(api: Api) -> Api:
    """Every run of an agent is listed under its second process too."""

    def both(call: Call, items: Json) -> Json:
        rows = call.store["processes"].listing(call.arguments["agent_id"]).page(None, 2).rows
        if decode(rows[-1])["id"] != call.arguments["process_id"] or _follows(call):
            return items
        added = [run for run in call.store["runs"] if run["created"] > call.now - 60_000]
        return [*items, *(decode(renderer(call)(encode(run))) for run in added)]

    return paging(api, both, "listRuns")


@mutant("kognitos.processes.fields")
def listed_processes_have_no_agent(api: Api) -> Api:
    """A listed process lacks its agent."""
    return showing(api, lacking("agent_id"), "listProcesses")


@mutant("kognitos.processes.fields")
def processes_have_no_name(api: Api) -> Api:
    """A process that is read by its id has null as its name."""
    return showing(api, members(name=None), "getProcess")


@mutant("kognitos.processes.stages")
def published_processes_are_live(api: Api) -> Api:
    """A published process shows the stage Live."""
    change: Change = lambda call, item: {**item, "stage": "Live"} if item["stage"] == "Published" else item  # noqa: E731
    return showing(api, change, *PROCESSES)


@mutant("kognitos.processes.only-of-the-agent")
def the_list_shows_all_processes(api: Api) -> Api:
    """The last page of an agent's processes also holds one of another agent."""

    def foreign(call: Call, body: Json) -> Json:
        others = (item for item in call.store["processes"] if item["agent_id"] != call.arguments["agent_id"])
        other = {name: value for name, value in next(others).items() if name in ("id", "agent_id", "name", "stage")}
        return {**body, "items": [*body["items"], *([] if body["continuation_token"] else [other])]}

    return answering(api, foreign, "listProcesses")


@mutant("kognitos.processes.by-id")
def drafts_are_not_found(api: Api) -> Api:
    """A process that is a draft is listed and not found by its id."""

    def is_draft(call: Call) -> bool:
        process = call.store["processes"].get(call.arguments["process_id"])
        return process is not None and process["stage"] == "Draft"

    return refusing(api, is_draft, "getProcess", kind="process-not-found")


@mutant("kognitos.processes.unknown-process")
def reading_an_unknown_process_is_invalid(api: Api) -> Api:
    """A process that does not exist is answered 400."""
    return mistaken(api, "process-not-found", "invalid", "getProcess")


@mutant("kognitos.processes.unknown-agent-of-one")
def the_agent_of_a_process_is_not_checked(api: Api) -> Api:
    """A process is found under every agent, also one that does not exist."""

    def correct(call: Call) -> None:
        process = call.store["processes"].get(call.arguments["process_id"])
        if process:
            call.arguments["agent_id"] = process["agent_id"]

    return before(api, correct, "getProcess")


@mutant("kognitos.health.ok")
def health_is_said_otherwise(api: Api) -> Api:
    """The health is told in small letters."""
    return answering(api, lambda call, body: {"status": "ok"}, "getHealth")


@mutant("kognitos.health.ok")
def health_is_empty(api: Api) -> Api:
    """The health is answered 204."""
    return handled(api, getHealth=lambda call: Reply(b"", 204))


def _erring(api: Api, **values: Json) -> Api:
    return replace(api, error_body=lambda call, refusal: {**api.error_body(call, refusal), **values})


def _follows(call: Call) -> bool:
    """Whether a page is asked for that follows another one."""
    return bool(call.arguments.get("continuation_token"))


def _created(call: Call) -> int:
    run = call.store["runs"].get(call.arguments["run_id"])
    return call.now if run is None else int(run["created"])


def _nothing(call: Call) -> Json:
    return {"items": [], "continuation_token": None}
