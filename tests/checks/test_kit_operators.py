"""Mutation operators: each changes what its name says, in every vendor's envelope, and nothing beside."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from understudy_checks.client import Client
from understudy_checks.discovery import find_all_arguments
from understudy_checks.mutation import Breakage
from understudy_checks.mutation.operators import (
    ask,
    chain,
    coerce_body,
    default_body,
    default_query,
    drop_members,
    ignore_body,
    ignore_event,
    ignore_query,
    ignore_wrong_type,
    map_answer,
    map_document,
    map_error,
    map_item,
    map_list,
    map_page,
    on_refusal,
    on_success,
    optional_body,
    override_record,
    put,
    reject_when,
    set_body,
    set_error_type,
    set_members,
    set_record,
    swap_error,
    swap_handler,
    with_notes,
)
from understudy_checks.routes import path_and_query
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

LIST, START, PUBLISH = "listProcessRuns", "createProcessRun", "publishProcessTemplate"
NAME = "/components/schemas/CreateRun/properties/name"
ENVELOPES = [
    ("nextstep", LIST, "/data/0"),
    ("nextstep", "getProcessRun", "/data"),
    ("kognitos", "listRuns", "/items/0"),
    ("kognitos", "getRun", ""),
    ("tallyfy", "listRuns", "/data/0"),
    ("tallyfy", "getRun", "/data"),
]


@cache
def step(api: str, operation: str) -> dict[str, Any]:
    """A request to an operation, with ids that exist."""
    with mock(api).open() as client:
        found = client.contract.operations[operation]
        found_arguments = next(iter(find_all_arguments(client, found)))
        path, query = path_and_query(found, found_arguments.arguments)
        return {"method": found.method, "path": path, "query": query, "json": found_arguments.body}


def send(client: Client, operation: str, **more: Any) -> Any:
    """What an operation answers: the status, and the body as JSON."""
    request = {**step(client.contract.name, operation), **more}
    if request["method"] == "GET":
        del request["json"]
    response = client.transport(client.request(**request))
    return response.status, response.json()


def broken(breakage: Breakage, api: str = "nextstep") -> Client:
    """A client of an API that is broken so."""
    return mock(breakage(installed.declared(api))).open()


def started(breakage: Breakage, **body: Any) -> Any:
    """The run that a broken NextStep starts, as it is answered; the status when it refuses."""
    with broken(breakage) as client:
        status, answer = send(client, START, json={**step("nextstep", START)["json"], **body})
        return answer["data"] if status < 300 else status


def listed(client: Client, **more: Any) -> list[str]:
    """The ids of the runs that NextStep lists."""
    return [run["id"] for run in send(client, LIST, **more)[1]["data"]]


@pytest.mark.parametrize(("api", "operation", "pointer"), ENVELOPES)
def test_an_object_is_changed_in_every_envelope(api: str, operation: str, pointer: str) -> None:
    """A member is set, made from the object, or dropped, wherever the API puts the object."""
    for breakage, member in (
        (set_members(operation, name="other", made=lambda item: item["name"]), {"name": "other", "made": "other"}),
        (map_item(operation, lambda call, item: {"made": call.operation.id}), {"made": operation}),
        (drop_members(operation, "name"), {"name": None}),
    ):
        with broken(chain(set_members(operation, name="other"), breakage), api) as client:
            found = send(client, operation)[1]
        for name in pointer.split("/")[1:]:
            found = found[int(name) if name.isdecimal() else name]
        assert {name: found.get(name) for name in member} == member


def test_some_objects_are_changed() -> None:
    """With `when` the objects for which it does not hold stay as they are."""
    with broken(drop_members(LIST, "title", when=lambda run: run["status"] == "completed")) as client:
        runs = send(client, LIST, query="limit=100")[1]["data"]
    assert {(run["status"], "title" in run) for run in runs} == {("active", True), ("completed", False)}
    whole = chain(
        drop_members(LIST, "title", when=lambda run: run["status"] == "completed"),
        set_members(LIST, title=lambda run: run["title"].upper(), when=lambda run: "title" in run),
    )
    with broken(whole) as client:
        assert send(client, LIST, query="limit=100")[0] == 200


def test_a_list_is_changed_before_or_after_its_pages_are_cut() -> None:
    """`map_list` changes the whole list, `map_page` one page of it."""
    with mock("nextstep").open() as client:
        known = listed(client, query="limit=100")
    with broken(map_list(LIST, lambda call, runs: runs[::-1])) as client:
        assert listed(client, query="limit=2") == known[:-3:-1]
        assert listed(client, query=f"limit=2&cursor={known[1]}") == known[:1]
    with broken(map_page(LIST, lambda call, runs: runs[::-1])) as client:
        assert listed(client, query="limit=2") == known[1::-1]


def test_breakages_are_applied_in_order() -> None:
    """What the first of a chain answers is what the next one changes."""
    twice = chain(set_members(LIST, title="a"), set_members(LIST, title=lambda run: run["title"] + "b"))
    with broken(twice) as client:
        assert send(client, LIST)[1]["data"][0]["title"] == "ab"


def test_a_parameter_is_ignored_in_some_calls() -> None:
    """It has its default then, or is not there; `when` says in which calls."""
    for when, count in ((None, 20), (lambda call: call.arguments["limit"] == 3, 20), (lambda call: False, 3)):
        with broken(ignore_query(LIST, "limit", when=when)) as client:
            assert len(listed(client, query="limit=3")) == count
    with broken(ignore_query(LIST, "status")) as client:
        runs = send(client, LIST, query="limit=100&status=completed")[1]["data"]
    assert {run["status"] for run in runs} == {"active", "completed"}


def test_a_member_of_a_request_is_read_otherwise() -> None:
    """It is ignored, set, or set where it is missing."""
    template = started(ignore_body(START, "name", "title"), name="Given")["title"]
    assert template != "Given"
    assert started(set_body(START, name=lambda call: call.body["name"] * 2), name="Given")["title"] == "GivenGiven"
    assert started(default_body(START, name="Default"), name="Given")["title"] == "Given"
    assert (
        started(chain(default_body(START, name="Default"), ignore_body(START, "name", "title")))["title"] == "Default"
    )


def test_a_parameter_has_a_value_where_it_is_not_given() -> None:
    """A value, or a function of the call, stands in the place of the declared default; what is given counts."""
    for limit in (2, lambda call: len(call.operation.id) - len(LIST) + 2):
        with broken(default_query(LIST, limit=limit)) as client:
            assert [len(listed(client, query=query)) for query in ("", "limit=3", "status=active")] == [2, 3, 2]


def test_a_required_member_may_be_missing() -> None:
    """`optional_body` gives it a value; what is required beside it stays so."""
    schema = "/components/schemas/CreateRun"
    template = step("nextstep", START)["json"]["template_id"]
    optional = optional_body(START, schema, template_id=template)
    strict = chain(map_document(f"{schema}/required", lambda names: [*names, "name"]), optional)
    for breakage, body, status in ((optional, {}, 201), (strict, {}, 400), (strict, {"name": "Given"}, 201)):
        with broken(breakage) as client:
            assert send(client, START, json=body)[0] == status
    with broken(lambda api: api) as client:
        assert send(client, START, json={})[0] == 400


def test_a_request_without_a_body_stays_one() -> None:
    """What changes members of a request does not fall over where there is no body."""
    with broken(chain(set_body(PUBLISH, published=False), ignore_body(PUBLISH, "published"))) as client:
        method, path = (step("nextstep", PUBLISH)[name] for name in ("method", "path"))
        answer = client.transport(client.request(method, path)).json()
    assert answer["data"]["is_published"] is False


def test_a_member_of_any_type_is_taken() -> None:
    """`coerce_body` makes another value of it, `ignore_wrong_type` acts as if it was not there."""
    assert started(lambda api: api, name=7) == 400
    assert started(coerce_body(START, NAME, str), name=7)["title"] == "7"
    unnamed = started(ignore_wrong_type(START, NAME, str), name=7)["title"]
    assert unnamed == started(ignore_body(START, "name"), name="Given")["title"]
    assert started(ignore_wrong_type(START, NAME, str), name="Given")["title"] == "Given"


def test_one_kind_of_refusal_is_changed() -> None:
    """Errors of other kinds are answered as they are; what is done beside is done for the kind that was named."""
    done: list[str] = []
    refused = reject_when(START, lambda call: call.body.get("name") == "No", "forbidden")
    swapped = chain(refused, on_refusal(START, lambda call: done.append("x"), kind="forbidden"))
    assert started(swapped, name="Yes")["title"] == "Yes"
    assert (started(swapped, name="No"), done) == (403, ["x"])
    assert (started(chain(swapped, swap_error(START, "forbidden", "run-not-found")), name="No")) == 404
    assert (started(chain(swapped, swap_error(START, "invalid", "run-not-found")), name="No")) == 403
    assert (started(swapped, name="Yes", template_id="unknown"), len(done)) == (404, 3)  # as often as "No" was refused


def test_a_record_has_other_values_after_a_success() -> None:
    """The answer shows the object as it was, later ones as it is kept; a function makes a value from the object."""
    for title in ("Other", lambda call, run: f"{call.operation.id} {run['title']}"):
        kept = set_record(START, "runs", title=title)
        with broken(kept) as client:
            run = send(client, START, json={**step("nextstep", START)["json"], "name": "Given"})[1]["data"]
            found = client.transport(client.request("GET", f"/process-runs/{run['id']}")).json()["data"]
        assert (run["title"], found["title"]) in {("Given", "Other"), ("Given", f"{START} Given")}


def test_an_operation_does_what_another_one_does() -> None:
    """`swap_handler` gives it the handler of the other one, as the API has it."""
    with broken(swap_handler("listProcessTemplates", LIST)) as client:
        path = step("nextstep", "listProcessTemplates")["path"]
        assert "template_id" in client.transport(client.request("GET", path)).json()["data"][0]


def test_errors_are_of_another_kind_of_content() -> None:
    """Their content type is set, and their bodies are changed."""
    breakage = chain(set_error_type(b"text/plain"), map_error(lambda refusal, body: {"status": refusal.status}))
    with broken(breakage) as client:
        response = client.transport(client.request("GET", "/process-runs/unknown"))
    assert (response.header("content-type"), response.json()) == ("text/plain", {"status": 404})


def test_an_event_has_no_effect() -> None:
    """What a person does in the app is taken, and nothing comes of it."""
    broken_api = ignore_event("skip-task")(installed.declared("nextstep"))
    assert broken_api.events["skip-task"](None) == {}


def test_every_api_that_is_broken_has_notes_of_its_own() -> None:
    """Notes begin empty for each API, and last as long as it does."""
    breakage = with_notes(lambda notes: set_members(LIST, title=lambda run: notes.setdefault("first", run["title"])))
    for status in ("active", "completed"):
        with broken(breakage) as client, mock("nextstep").open() as sound:
            first = send(sound, LIST, query=f"status={status}")[1]["data"][0]["title"]
            titles = {run["title"] for run in send(client, LIST, query=f"status={status}")[1]["data"]}
        assert titles == {first}


def test_a_record_is_another_while_an_operation_runs() -> None:
    """It is put back afterwards; one that had those values keeps what the operation did to it."""
    run_id = step("nextstep", "getProcessRun")["path"].rpartition("/")[2]
    titled = override_record("getProcessRun", "runs", lambda call: call.arguments["id"], title="Other")
    with broken(titled) as client:
        assert send(client, "getProcessRun")[1]["data"]["title"] == "Other"
        titles = {run["id"]: run["title"] for run in send(client, LIST, query="limit=100")[1]["data"]}
        assert titles[run_id] != "Other"
    renamed = on_success(PUBLISH, lambda call, template: put(call, "templates", template["id"], title="New"))
    published = override_record(PUBLISH, "templates", lambda call: call.arguments["id"], is_published=True)
    with broken(chain(renamed, published)) as client:
        assert send(client, PUBLISH, json={"published": True})[0] == 200
        assert send(client, "getProcessTemplate")[1]["data"]["title"] == "New"


def test_the_unbroken_api_can_be_asked_on_the_way() -> None:
    """`ask` answers what a sound API would, a list without its pages."""
    whole = map_answer(LIST, lambda call, page: {**page, "data": ask(call, LIST, {})})
    with broken(chain(map_list(LIST, lambda call, runs: []), whole)) as client:
        known = listed(client, query="limit=1")
    with mock("nextstep").open() as client:
        assert known[:100] == listed(client, query="limit=100")
        assert not listed(client, query=f"cursor={known[-1]}")
