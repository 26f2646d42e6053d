"""Why an answer is what it is: headers that name it, and the story that the control API tells of an exchange."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import toy
from conftest import KEY, Client
from own_document import written
from shop import SHOP
from understudy.engine.clock import Clock
from understudy.engine.credential import Credential
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.pipeline import handle
from understudy.engine.story import story
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http.log import Log

MakeWorlds = Callable[..., Worlds]
START = {"template_id": "T1"}
OK = Response(200)
RANGE = "nextstep.pagination.limit-out-of-range"


@pytest.fixture
def client(make_worlds: MakeWorlds, small: dict[str, Any]) -> Client:
    """A client of the small world, with three requests a minute."""
    return Client(make_worlds(seeds=small, limits={"nextstep": 3}))


def why(client: Client, answer: Response) -> dict[str, Any]:
    """The story of an answer by the id in its header; parts by name in `told`, the first one's name in `first`."""
    whole = client.done("GET", f"/journal/{answer.header('x-mock-exchange')}")
    parts = {part["part"]: part for part in whole["why"]["parts"]}
    return {"summary": whole["why"]["summary"], "told": parts, "first": next(iter(parts)), "order": list(parts)}


def made(method: str, response: Response = OK, reason: str | None = None, **more: Any) -> Exchange:
    """An exchange that a handler answered."""
    return Exchange(1, "w", "toy", None, 0, Request(method, "/"), response, "run", reason, (), None, **more)


# Headers


def test_every_recorded_answer_has_its_id(client: Client) -> None:
    """Answers, refusals, faults and unowned paths have the id by which the journal finds them, in any world."""
    made = client.done("POST", "/worlds")
    client.done("POST", "/faults", {"operation": "getProcessRun", "status": 503})
    root = f"/@{made['id']}"
    for target in (
        "/api/v1/process-runs",
        "/api/v1/process-runs/R1",
        "/api/v1/nope",
        "/nope",
        f"{root}/api/v1/process-runs",
    ):
        answer = client.send("GET", target)
        id = answer.header("x-mock-exchange")
        assert id is not None
        assert id.startswith(f"{made['id']}.") is target.startswith(root)
        whole = client.done("GET", f"/journal/{id}")
        assert target.endswith(whole["path"])
        assert ["x-mock-exchange", id] in whole["response"]["headers"]
        assert client.done("GET", f"/journal/{'' if '.' in id else 'default.'}{id}") == whole
        named = id.partition(".")[0] if "." in id else "default"
        assert client.control("GET", "/journal/last", x_mock_world=named).json() == whole
    assert client.control("GET", "/clock").header("x-mock-exchange") is None, "it is in no journal"


def test_an_answer_names_what_decided_it(client: Client) -> None:
    """X-Mock-Rule and X-Mock-Assumed name rules and assumptions of the step that answered, the weightiest first."""
    refused = client.get("/process-runs?limit=0")
    assert refused.header("x-mock-assumed") == f"{RANGE}, nextstep.errors.validation-status"
    assert refused.header("x-mock-rule") is None
    unknown = client.get("/process-runs", authorization="Bearer x")
    assert unknown.header("x-mock-rule") == "nextstep.authentication.unknown-key"
    missing = client.get("/process-runs/nope")
    assert missing.header("x-mock-rule") == "nextstep.runs.unknown-run"
    for _ in range(2):
        limited = client.get("/process-runs")
    assert limited.status == 429
    assert "rate-limit" in (limited.header("x-mock-rule") or limited.header("x-mock-assumed") or "")
    assert not any("rate-limit" in (one.header("x-mock-assumed") or "") for one in (refused, missing))


def test_a_strict_server_names_nothing(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """A strict server has no such header, and tells the story all the same."""
    client = Client(make_worlds(seeds=small, helpful=False))
    for target in ("/process-runs?limit=0", "/nope"):
        assert not [name for name, _ in client.get(target).headers if name.startswith(b"x-mock")]
    assert client.done("GET", "/journal/1")["why"]["summary"].startswith("400, validation: ")


# Stories


def test_a_refused_parameter_tells_the_decision(client: Client) -> None:
    """Validation comes first; the decision has source, value and alternatives; the steps before it are told."""
    told = why(client, client.get("/process-runs?limit=0"))
    assert told["summary"] == "400, validation: limit: 0 is less than the minimum of 1"
    assert told["order"] == ["validation", "route", "credential", "limit", "decision"]
    misspelt = why(client, client.get("/process-runs?statuss=x"))
    assert misspelt["told"]["validation"]["warning"] == "unknown parameter 'statuss'; did you mean status?"
    assert (
        told["told"]["route"]["text"] == "GET /api/v1/process-runs is listProcessRuns of nextstep (GET /process-runs)"
    )
    masked = client.worlds.server.mask.placeholder(KEY)
    assert told["told"]["credential"]["text"] == f"the credential {masked} is one of t1"
    decided = told["told"]["decision"]["decided"][0]
    assert (decided["id"], decided["basis"], decided["value"]) == (RANGE, "assumed", "reject")
    assert decided["alternatives"] == ["clamp"]
    assert decided["source"]


def test_the_value_of_an_assumption_is_that_of_the_time(client: Client) -> None:
    """A story keeps the value by which it was decided, whatever is switched later."""
    client.done("PUT", "/assumptions", {RANGE: "clamp"})
    answer = client.get("/process-runs?limit=5000")
    client.done("PUT", "/assumptions", {RANGE: "reject"})
    values = {one["id"]: one["value"] for one in why(client, answer)["told"]["decision"]["decided"]}
    assert values[RANGE] == "clamp"


def test_a_used_up_limit_tells_its_bucket(client: Client) -> None:
    """Each request counts in its bucket, before and after; the one too many changes nothing, and comes first."""
    answers = [client.get("/process-runs") for _ in range(4)]
    stories = [why(client, answer) for answer in answers]
    buckets = [one["told"]["limit"]["buckets"][0] for one in stories]
    assert [(one["before"], one["after"], one["most"], one["seconds"]) for one in buckets] == [
        (0, 1, 3, 60), (1, 2, 3, 60), (2, 3, 3, 60), (3, 3, 3, 60),
    ]  # fmt: skip
    assert stories[3]["first"] == "limit"
    assert stories[3]["told"]["limit"]["text"] == "all 3 requests in 60 s for this credential are used"
    assert stories[3]["summary"].startswith("429, rate-limit: ")
    assert stories[0]["told"]["limit"]["text"] == "request 1 of 3 in 60 s for this credential"


def test_a_failed_request_may_be_given_back() -> None:
    """Where only successful requests count, the bucket of a failed one is as before."""
    clock = Clock(0, frozen=True)
    worlds = Worlds([toy.api()], seeds={"toy": toy.TOYS}, clock=clock, assume={"toy.limit.counts": "successful"})
    key = ((b"x-toy", b"k1"),)
    for query, after, end in (("size=x", 0, "; given back, since it failed"), ("", 1, " for this credential")):
        exchange = handle(Request("GET", "/api/toys", query, key), worlds.default, worlds)
        part = next(part for part in story(exchange, worlds.apis["toy"])["parts"] if part["part"] == "limit")
        assert (part["buckets"][0]["before"], part["buckets"][0]["after"]) == (0, after)
        assert part["text"].endswith(end)


def test_a_write_tells_the_records_before_and_after(client: Client) -> None:
    """A made, a changed and a removed record are told with their state before and after; the change comes first."""
    made = why(client, client.post("/process-runs", START))
    assert made["first"] == "state"
    assert made["summary"].startswith("201: createProcessRun was answered, and wrote ")
    (run,) = (one for one in made["told"]["state"]["changes"] if one["collection"] == "runs")
    assert (run["before"], run["after"]["template_id"]) == (None, "T1")
    assert f"runs {run['id']} was made" in made["told"]["state"]["text"]
    task = client.get("/process-runs/R1/tasks").json()["data"][0]["id"]
    changed = why(client, client.patch(f"/process-runs/R1/tasks/{task}", {"completed": True}))
    change = next(one for one in changed["told"]["state"]["changes"] if one["before"] != one["after"])
    assert json.dumps(change["before"]) != json.dumps(change["after"])
    assert " changed" in changed["told"]["state"]["text"]


def test_a_removed_record_is_told(tmp_path: Path) -> None:
    """A deletion tells what was there; of a document without keys, whose tenant it is."""
    shop = written(tmp_path, SHOP)
    made = shop.send("POST", "/v1/carts", {"cents": 5}).json()["id"]
    shop.send("DELETE", f"/v1/carts/{made}")
    parts = {part["part"]: part for part in shop.get("/__mock__/journal/last").json()["why"]["parts"]}
    assert parts["state"]["text"] == f"carts {made} was removed"
    (change,) = parts["state"]["changes"]
    assert (change["before"]["cents"], change["after"]) == (5, None)
    assert parts["credential"]["text"] == "no credential is needed; it acts for default"


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (None, b'{"a":1}', "toys x was made"),
        (b'{"a":1}', None, "toys x was removed"),
        (None, None, "toys x was made and removed"),
        (b'{"a":1}', b'{"a":1}', "toys x stays as it was"),
        (b'{"a":1,"b":2,"c":3}', b'{"a":1,"b":3,"d":4}', "toys x: b, c, d changed"),
    ],
)
def test_a_change_is_told_by_its_members(before: bytes | None, after: bytes | None, text: str) -> None:
    """What was made, removed or changed is said in a few words."""
    api = toy.api()
    exchange = made("PUT", flat_writes=(api.layouts["toys"], "x", before, after))
    assert story(exchange, api)["parts"][0]["text"] == text
    assert story(exchange, None)["summary"] == "200: PUT was answered", "the API is not served any more"


def test_a_refused_credential_comes_first(client: Client) -> None:
    """A missing key is told with the hint; the limit and validation were never reached."""
    told = why(client, client.get("/process-runs", authorization=""))
    assert told["order"] == ["credential", "route", "decision"]
    assert told["told"]["credential"]["text"] == "the credential was refused: Invalid or revoked API key"
    assert "send the header `Authorization: Bearer KEY`" in told["told"]["credential"]["hint"]
    assert told["told"]["decision"]["decided"][0]["basis"] == "documented"


def test_unknown_paths_methods_and_faults_are_told(client: Client) -> None:
    """The route comes first where there is none, a fault where it answered."""
    unowned = why(client, client.send("GET", "/api/v2/process-runs"))
    assert unowned["order"] == ["route"]
    assert unowned["told"]["route"]["text"] == "GET /api/v2/process-runs belongs to no API that is served here"
    assert "did you mean /api/v1/process-runs?" in unowned["summary"]
    unknown = why(client, client.get("/process-runs/"))
    assert (
        unknown["told"]["route"]["text"] == "GET /api/v1/process-runs/ belongs to nextstep, but is no operation of it"
    )
    assert unknown["told"]["route"]["hint"] == "did you mean /api/v1/process-runs?"
    method = why(client, client.send("DELETE", "/api/v1/process-runs"))
    assert method["summary"] == "405, route: DELETE is not allowed here; allowed: GET, HEAD, OPTIONS, POST"
    client.done("POST", "/faults", {"status": 503})
    fault = why(client, client.get("/process-runs"))
    assert (fault["order"], fault["summary"]) == (["fault", "route"], "503, fault: Injected fault")
    assert fault["told"]["fault"]["text"] == "an injected fault answered 503 in place of nextstep"


def test_what_no_client_asked_for_is_told(client: Client) -> None:
    """A timer that failed, and an answer beside all APIs, are told for what they are."""
    timer = Exchange(1, "w", "toy", None, 0, Request("TIMER", "mail"), Response(500), "run", "internal", (), "boom")
    assert story(timer, toy.api())["parts"][1]["text"] == "the timer mail of toy ran"
    told = why(client, client.send("OPTIONS", "/"))
    assert told["told"]["route"]["text"] == "OPTIONS / was answered beside all APIs"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'"detail"'])
def test_a_refusal_beside_all_apis_may_say_nothing(client: Client, body: bytes) -> None:
    """The body of such a refusal need not be ours; its message is left out then."""

    class Recorded:
        def owns(self, path: str) -> bool:
            return False

        def answer(self, request: Request, world: World) -> Response:
            return Response(501, (), body)

    client.worlds.fallback = Recorded()
    assert client.send("GET", "/nope").status == 501
    (exchange,) = client.worlds.default.journal
    assert (exchange.reason, exchange.message) == ("route", None)


def test_an_unowned_path_stays_below_its_world(client: Client) -> None:
    """The answer to a path of no API is in the world's journal, as any other."""
    id = client.done("POST", "/worlds")["id"]
    assert client.send("GET", f"/@{id}/nope").header("x-mock-exchange") == f"{id}.1"


def test_a_missing_record_and_a_bound_are_told(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """The decision of a 404 has rule and hint; a full server says which bound."""
    client = Client(make_worlds(seeds=small, limits={"nextstep": None}))
    told = why(client, client.get("/process-runs/T1"))
    assert told["first"] == "decision"
    assert told["told"]["decision"]["hint"] == "T1 is one of templates"
    assert told["told"]["decision"]["decided"][0]["id"] == "nextstep.runs.unknown-run"
    assert told["told"]["limit"]["text"] == "no rate limit counts it"


def test_an_operation_without_a_key_says_so() -> None:
    """Where no credential is needed the story says so; a read that nothing decided says that it was answered."""
    worlds = Worlds([toy.api()], seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True))
    exchange = handle(Request("GET", "/api/toys/a", "must=1"), worlds.default, worlds)
    told = story(exchange, worlds.apis["toy"])
    texts = {part["part"]: part["text"] for part in told["parts"]}
    assert texts["credential"] == "no credential is needed"
    assert texts["decision"] == f"getToy answered {exchange.response.status}"
    assert told["summary"] == f"{exchange.response.status}: getToy was answered"


@pytest.mark.parametrize(
    ("caller", "text"),
    [
        (("", "toy", "default", "valid", None, ""), "no credential is needed; it acts for default"),
        (("k", "toy", "t", "valid", "s", "u"), "the credential k is one of t, limited to s, as u"),
    ],
)
def test_a_caller_is_told_with_scope_and_person(caller: Any, text: str) -> None:
    """A credential is told with its tenant, and with what it is limited to."""
    exchange = made("GET", Response(500), "internal", caller=Credential(*caller))
    told = story(exchange, None)
    assert text in [part["text"] for part in told["parts"]]
    assert told["summary"] == "500, internal"


@pytest.mark.parametrize(
    ("id", "told"),
    [
        ("7", "the journal of world default holds no exchange 7; journals with exchanges: none"),
        ("last", "the journal of world default is empty; journals with exchanges: none"),
        ("defalt.7", "there is no world 'defalt'; did you mean default?"),
    ],
)
def test_an_unknown_exchange_says_where_there_are_some(client: Client, id: str, told: str) -> None:
    """The refusal names the journals that hold exchanges, or the nearest world."""
    answer = client.control("GET", f"/journal/{id}")
    assert (answer.status, answer.json()["detail"]) == (404, told)
    client.get("/process-runs")
    made = client.done("POST", "/worlds")["id"]
    below = client.send("GET", f"/@{made}/__mock__/journal/last").json()["detail"]
    assert below == f"the journal of world {made} is empty; journals with exchanges: default"


# The log


def test_the_log_leaves_control_calls_out(client: Client) -> None:
    """A line has status, query, message, world and number; a call of the control API has none."""
    written: list[str] = []

    async def log() -> None:
        watch = Log("text", written.append, mask=client.worlds.server.mask)
        for path, query in (("/__mock__/clock", ""), ("/api/v1/process-runs", "limit=0"), ("/__mock__/nope", "")):
            headers = ((b"authorization", f"Bearer {KEY}".encode()),)
            watch(handle(Request("GET", path, query, headers), client.worlds.default, client.worlds))
        watch.flush()

    asyncio.run(log())
    (line,) = "".join(written).splitlines()
    assert line.endswith(
        "400 GET /api/v1/process-runs?limit=0 [validation] limit: 0 is less than the minimum of 1 #default.2"
    )
