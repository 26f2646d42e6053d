"""The control API: worlds, clock, state, journal, assumptions, outbox, faults, events, and who may call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conftest import KEY, MANY, NOW, Client
from understudy.apis import control
from understudy.engine.worlds import Worlds

MakeWorlds = Callable[..., Worlds]


@pytest.fixture
def client(make_worlds: MakeWorlds, small: dict[str, Any]) -> Client:
    """A client of the small world."""
    return Client(make_worlds(seeds=small, limits={"nextstep": MANY}))


def detail(client: Client, method: str, target: str, body: Any = None, *, status: int = 400) -> str:
    """The detail of a refusal, which is problem details of this status."""
    response = client.control(method, target, body)
    assert response.status == status, response
    assert response.header("content-type") == "application/problem+json"
    told = response.json()
    assert (told["status"], told["type"]) == (status, "about:blank")
    return str(told["detail"])


def test_health_tells_what_is_served(client: Client) -> None:
    """Health lists the APIs and counts the worlds."""
    health = client.done("GET", "/health")
    assert (health["status"], health["apis"], health["worlds"]) == ("ok", ["nextstep"], 1)
    assert isinstance(health["version"], str)


def test_an_uninstalled_checkout_has_version_0(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a distribution the version is 0."""
    from importlib.metadata import PackageNotFoundError

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    control._version.cache_clear()
    assert client.done("GET", "/health")["version"] == "0"
    control._version.cache_clear()


def test_health_looks_up_its_version_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeated health requests look up the version once."""
    version = client.done("GET", "/health")["version"]
    monkeypatch.setattr("importlib.metadata.version", lambda name: "another")
    assert client.done("GET", "/health")["version"] == version


# Worlds


def test_a_fresh_world_is_reached_by_its_own_keys(client: Client) -> None:
    """POST /worlds answers in the shape of the ready file, and its keys select the new world alone."""
    made = client.done("POST", "/worlds")
    entry = made["apis"]["nextstep"]
    assert set(entry) == {
        "base_url", "api_key", "api_keys", "revoked_key", "lapsed_key", "other_tenant_key", "members",
    }  # fmt: skip
    assert entry["base_url"] == f"{made['url']}/api/v1"
    assert entry["members"] == [
        {"user_id": "u1", "email": "Ann@x.org", "active": True},
        {"user_id": "u2", "email": "bob@x.org", "active": False},
    ]
    body = {"template_id": "T1"}
    assert client.post("/process-runs", body, authorization=f"Bearer {entry['api_key']}").status == 201
    assert len(client.get("/process-runs").json()["data"]) == 2
    assert len(client.get("/process-runs", authorization=f"Bearer {entry['api_key']}").json()["data"]) == 3


@pytest.mark.parametrize(("which", "status"), [("revoked_key", 401), ("lapsed_key", 403), ("other_tenant_key", 404)])
def test_the_keys_of_a_fresh_world_are_what_they_are_called(client: Client, which: str, status: int) -> None:
    """Each key of the entry has the role of its name."""
    entry = client.done("POST", "/worlds")["apis"]["nextstep"]
    assert client.get("/process-runs/R1", authorization=f"Bearer {entry[which]}").status == status


def test_worlds_are_listed_and_removed(client: Client) -> None:
    """A removed world is gone with its keys; the default one stays."""
    made = client.done("POST", "/worlds")
    key = made["apis"]["nextstep"]["api_key"]
    listed = client.done("GET", "/worlds")["worlds"]
    assert [world["id"] for world in listed] == ["default", made["id"]]
    assert listed[0]["now"] == NOW
    assert client.get("/process-runs", authorization=f"Bearer {key}").status == 200
    assert client.control("DELETE", f"/worlds/{made['id']}").status == 204
    assert client.get("/process-runs", authorization=f"Bearer {key}").status == 401
    assert "no world" in detail(client, "DELETE", f"/worlds/{made['id']}", status=404)
    assert "default" in detail(client, "DELETE", "/worlds/default", status=409)


def test_a_call_acts_on_the_world_that_it_names(client: Client) -> None:
    """X-Mock-World selects the world of control and vendor calls."""
    id = client.done("POST", "/worlds")["id"]
    client.control("POST", "/clock/advance", {"seconds": 60}, x_mock_world=id)
    assert client.done("GET", "/clock")["now"] == NOW
    assert client.control("GET", "/clock", x_mock_world=id).json()["now"] == "2026-04-07T10:01:00.000Z"
    assert client.get("/process-runs", x_mock_world=id).status == 401, "the key is the default world's"


def test_an_unknown_world_is_404(client: Client) -> None:
    """An unknown world answers 404."""
    for response in (client.control("GET", "/clock", x_mock_world="w"), client.get("/process-runs", x_mock_world="w")):
        assert (response.status, response.header("x-mock-reason")) == (404, "not-found")
        assert "/__mock__/worlds" in response.json()["detail"]


def test_reset_goes_back_to_how_the_world_was_made(client: Client) -> None:
    """A reset restores data, clock, keys, assumptions, faults and journal, and restarts the ids."""
    before = client.done("GET", "/state")
    first = client.post("/process-runs", {"template_id": "T1"}).body
    client.done("PUT", "/assumptions", {"nextstep.tasks.unset-value": ""})
    client.event("revoke-key", key=KEY)
    client.done("POST", "/faults", {"status": 503})
    client.done("POST", "/clock/advance", {"seconds": 60})
    client.done("POST", "/reset")
    assert client.done("GET", "/state") == before
    assert client.done("GET", "/faults") == {"faults": []}
    assert client.post("/process-runs", {"template_id": "T1"}).body == first
    assert len(client.done("GET", "/journal")["exchanges"]) == 1


def test_a_reset_world_keeps_its_keys(client: Client) -> None:
    """The keys of a fresh world select it before and after a reset."""
    made = client.done("POST", "/worlds")
    key = made["apis"]["nextstep"]["api_key"]
    client.post("/process-runs", {"template_id": "T1"}, authorization=f"Bearer {key}")
    client.control("POST", "/reset", x_mock_world=made["id"])
    assert len(client.get("/process-runs", authorization=f"Bearer {key}").json()["data"]) == 2


# Clock


def test_the_clock_moves_only_forward(client: Client) -> None:
    """PUT sets the time, frozen or running; a time in the past is refused without effect."""
    clock = client.done("PUT", "/clock", {"now": "2026-04-08T09:00:00+02:00"})
    assert clock == {"now": "2026-04-08T07:00:00.000Z", "frozen": True}
    assert "goes back" in detail(client, "PUT", "/clock", {"now": NOW, "frozen": False})
    assert client.done("GET", "/clock") == clock
    assert client.done("PUT", "/clock", {"frozen": False})["frozen"] is False
    assert client.done("PUT", "/clock", {"frozen": True})["frozen"] is True


@pytest.mark.parametrize("now", ["soon", "", "2026-13-01", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_a_time_that_is_none_is_refused(client: Client, now: str) -> None:
    """An invalid time answers 400 and names the member."""
    assert detail(client, "PUT", "/clock", {"now": now}).startswith("now: ")
    assert client.done("GET", "/clock")["now"] == NOW


def test_time_ends_with_the_year_9999(client: Client) -> None:
    """No clock advances beyond the last timestamp; a running clock stops there."""
    client.done("PUT", "/clock", {"now": "9999-12-31T23:59:59.999Z", "frozen": False})
    assert "9999" in detail(client, "POST", "/clock/advance", {"seconds": 1})
    assert client.done("GET", "/clock")["now"] == "9999-12-31T23:59:59.999Z"
    assert client.get("/process-runs").status == 200


@pytest.mark.parametrize("body", [{}, {"seconds": -1}, {"seconds": "1"}, {"seconds": 1e11}, {"seconds": None}])
def test_advancing_takes_seconds(client: Client, body: Any) -> None:
    """Only a number of seconds of at least 0 is accepted."""
    detail(client, "POST", "/clock/advance", body)


def test_setting_the_clock_lets_happen_what_is_due(client: Client) -> None:
    """Setting the clock past a scheduled completion completes the run, at its scheduled time."""
    client.done("PUT", "/assumptions", {"nextstep.runs.completion-delay": 2})
    for task in client.get("/process-runs/R1/tasks").json()["data"]:
        client.patch(f"/process-runs/R1/tasks/{task['id']}", {"completed": True})
    client.done("PUT", "/clock", {"now": "2027-01-01"})
    assert client.get("/process-runs/R1").json()["data"]["completed_at"] == "2026-04-07T10:00:02.000Z"


# State


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda s: s["apis"].pop("nextstep"), "apis: nextstep is missing"),
        (lambda s: s["apis"].update(nextstop={}), "apis: nextstop is not served here; did you mean nextstep?"),
        (lambda s: s["apis"].update(nextstep={}), "apis: nextstep has no tenant"),
        (lambda s: s["apis"]["nextstep"]["t1"].update(runns=[]),
        "nextstep/t1: there is no collection runns; did you mean runs?"),
        (lambda s: s["apis"]["nextstep"]["t1"]["runs"][0].update(status="paused"),
        'nextstep/t1: runs.0.status: "paused" is not one of'),
        (lambda s: s["apis"]["nextstep"]["t1"]["runs"][0].update(created_at="x"),
        'nextstep/t1: runs.0.created_at: "x" is not a "date-time"'),
        (lambda s: s["apis"]["nextstep"]["t1"]["outbox"].append({"id": "m", "kind": "k", "to": "a", "at": "x"}), "x"),
        (lambda s: s["apis"]["nextstep"]["t1"]["team"].clear(), "nextstep/t1: team: there must be t1 and no other"),
        (lambda s: s["apis"]["nextstep"]["t1"]["definitions"].pop(0),
        "nextstep/t1: templates T1: id: there is no T1 in definitions"),
        (lambda s: s["apis"]["nextstep"]["t1"]["progress"].pop(0),
        "nextstep/t1: runs R1: id: there is no R1 in progress"),
        (lambda s: s["apis"]["nextstep"]["t1"]["progress"][0].update(ids={"R1a": 7}),
        "nextstep/t1: progress R1: ids: there are only 3 tasks"),
        (lambda s: s["apis"]["nextstep"]["t1"]["progress"][0].update(open=2),
        "nextstep/t1: runs R1: active, 2 open tasks counted, 3 found"),
        (lambda s: s["apis"]["nextstep"]["t1"]["tasks"][0].update(order=1),
        "nextstep/t1: tasks R1a: run R1 has no such task at 1"),
        (lambda s: s["apis"]["nextstep"]["t1"]["tasks"][0].update(id="x"),
        "nextstep/t1: tasks x: run R1 has no such task at 0"),
        (lambda s: s["apis"]["nextstep"]["t1"]["tasks"][0]["custom_elements"].pop(),
        "nextstep/t1: tasks R1a: its elements are not those of T1.1"),
        (lambda s: s["credentials"][0].update(tenant="t9"), "nextstep has no tenant t9"),
        (lambda s: s["credentials"][0].update(api="tailly"), "tailly has no tenant t1"),
        (lambda s: s["assumptions"].update({"nextstep.x": 1}), "unknown assumption nextstep.x"),
        (lambda s: s["clock"].update(now="x"), "clock.now: "),
        (lambda s: s["due"].append(DUE | {"timer": "complete-runs"}),
        "due: nextstep has no timer complete-runs; did you mean complete-run?"),
        (lambda s: s["due"].append(DUE | {"payload": {}}), "due: 1 at 0: "),
        (lambda s: s["due"].append(DUE | {"tenant": "x"}), "nextstep has no tenant x"),
        (lambda s: s["due"].extend([DUE, DUE]), "due: two have the same number"),
        (lambda s: s.pop("due"), '"due" is a required property'),
        (lambda s: s["credentials"].append(s["credentials"][0]), "credentials: two of an API have the same token"),
        (lambda s: s["apis"]["nextstep"]["t1"]["runs"].append(s["apis"]["nextstep"]["t1"]["runs"][0]),
        "nextstep/t1: runs.2.id: there are two with the id R1"),
    ],
)  # fmt: skip
def test_a_damaged_state_is_told_by_its_place(client: Client, damage: Callable[[Any], Any], message: str) -> None:
    """PUT /state refuses an invalid state with its pointer and applies nothing."""
    before = client.done("GET", "/state")
    state = json.loads(json.dumps(before))
    damage(state)
    assert message in detail(client, "PUT", "/state", state)
    assert client.done("GET", "/state") == before


DUE = {"at": 0, "number": 1, "api": "nextstep", "tenant": "t1", "timer": "complete-run", "payload": {"run_id": "x"}}


def test_what_is_due_for_a_run_that_is_gone_does_nothing(client: Client) -> None:
    """A job of a run that the state lacks has no effect."""
    state = client.done("GET", "/state")
    client.done("PUT", "/state", state | {"due": [DUE]})
    assert client.get("/process-runs").status == 200
    assert client.done("GET", "/state") == state


def test_a_state_may_go_back_in_time(client: Client) -> None:
    """A restored state may set an earlier time; it clears journal and faults."""
    before = client.done("GET", "/state")
    client.done("POST", "/clock/advance", {"seconds": 60})
    client.post("/process-runs", {"template_id": "T1"})
    client.done("POST", "/faults", {"status": 503})
    client.done("PUT", "/state", before)
    assert client.done("GET", "/state") == before
    assert client.done("GET", "/journal") == {"exchanges": []}
    assert client.done("GET", "/faults") == {"faults": []}


def test_a_state_brings_its_keys_but_takes_none_from_another_world(client: Client) -> None:
    """Keys of a restored state select its world, unless another world has them; the world's own keys stay valid."""
    other = client.done("POST", "/worlds")
    state = client.done("GET", "/state")
    state["credentials"][0]["token"] = "brought"
    assert client.control("PUT", "/state", state, x_mock_world=other["id"]).status == 204
    client.post("/process-runs", {"template_id": "T1"}, authorization="Bearer brought")
    assert len(client.get("/process-runs").json()["data"]) == 2, "the default world's key still leads there"
    assert len(client.get("/process-runs", authorization="Bearer brought").json()["data"]) == 3
    old = other["apis"]["nextstep"]["api_key"]
    assert len(client.get("/process-runs", authorization=f"Bearer {old}").json()["data"]) == 3
    client.control("POST", "/reset", x_mock_world=other["id"])
    assert client.get("/process-runs", authorization=f"Bearer {old}").status == 200
    assert client.get("/process-runs", authorization="Bearer brought").status == 401
    assert client.get("/process-runs").status == 200


# Journal


def test_the_journal_is_filtered_and_bounded(client: Client) -> None:
    """The journal lists exchanges oldest first, by API, operation, status and reason; control calls are absent."""
    client.get("/process-runs")
    client.get("/process-runs?limit=0")
    client.get("/process-runs/R1")
    client.get("/nope")
    client.send("GET", "/elsewhere")
    for query, numbers in (
        ("", [1, 2, 3, 4, 5]),
        ("?limit=2", [4, 5]),
        ("?operation=listProcessRuns", [1, 2]),
        ("?status=400", [2]),
        ("?reason=route", [4, 5]),
        ("?api=nextstep&status=200", [1, 3]),
        ("?api=", [5]),
        ("?api=nextstep&operation=getProcessRun", [3]),
    ):
        told = client.done("GET", f"/journal{query}")["exchanges"]
        assert [line["path"] for line in told] == [
            ["", "/api/v1/process-runs", "/api/v1/process-runs", "/api/v1/process-runs/R1", "/api/v1/nope",
            "/elsewhere"][n]
            for n in numbers
        ]  # fmt: skip
    assert client.control("DELETE", "/journal").status == 204
    assert client.done("GET", "/journal") == {"exchanges": []}


@pytest.mark.parametrize("query", ["?limit=0", "?limit=x", "?status=x", "?colour=red", "?api=a&api=b", "?limit=",
"?status=42", "?reason=routes", "?api=control", "?api=nextstop", "?operation=listProcessRun", "?operation=getHealth",
"?operation="])  # fmt: skip
def test_the_journal_knows_its_parameters(client: Client, query: str) -> None:
    """Wrong, unknown and repeated parameters are refused, and impossible values too."""
    detail(client, "GET", f"/journal{query}")


def test_one_exchange_is_told_whole(client: Client) -> None:
    """One exchange has request and response with headers and body, unchanged but for the key."""
    response = client.post("/process-runs", {"template_id": "T1", "name": "é"})
    told = client.last()
    assert told["request"]["body"] == '{"template_id": "T1", "name": "\\u00e9"}'
    assert ["authorization", f"Bearer {client.worlds.server.mask.placeholder(KEY)}"] in told["request"]["headers"]
    assert told["response"]["body"] == response.body.decode()
    assert (told["operation"], told["reason"], told["error"]) == ("createProcessRun", None, None)
    assert told["trace"]["steps"][-1] == "run"


def test_an_exchange_of_nobody_has_an_empty_trace(client: Client) -> None:
    """An exchange of an unowned path has no API and an empty trace."""
    client.send("GET", "/elsewhere")
    told = client.last()
    assert (told["api"], told["operation"], told["reason"]) == ("", None, "route")
    assert told["trace"] == {"steps": ["route"], "decided": []}


def test_bytes_that_are_no_text_are_shown_escaped(client: Client) -> None:
    """A body that is not UTF-8 is shown with escapes."""
    client.send("POST", "/api/v1/process-runs", raw=b"\xff{")
    assert client.last()["request"]["body"] == "\\xff{"


@pytest.mark.parametrize(("id", "status"), [("99", 404), ("x", 400), ("-1", 400), ("9" * 19, 400)])
def test_an_exchange_that_is_not_there(client: Client, id: str, status: int) -> None:
    """An unknown number answers 404, other text 400."""
    detail(client, "GET", f"/journal/{id}", status=status)


# Assumptions


def test_assumptions_are_listed_with_the_value_of_the_world(client: Client) -> None:
    """Each assumption has its default, its alternatives and the world's value."""
    told = client.done("PUT", "/assumptions", {"nextstep.tasks.unset-value": ""})
    assert told == client.done("GET", "/assumptions")
    entry = next(entry for entry in told["assumptions"] if entry["id"] == "nextstep.tasks.unset-value")
    assert (entry["default"], entry["alternatives"], entry["value"]) == (None, [""], "")
    assert entry["text"]
    assert entry["source"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "less than 1 propert"),
        ({"nextstep.tasks.unset-valu": ""},
        "unknown assumption nextstep.tasks.unset-valu; did you mean nextstep.tasks.unset-value?"),
        ({"nextstep.tasks.unset-value": "-"}, "nextstep.tasks.unset-value cannot be '-'; it is one of None, ''"),
        ({"nextstep.templates.version-step": True}, "nextstep.templates.version-step cannot be True"),
        ({"nextstep.tasks.unset-value": "", "nextstep.templates.order": "random"},
        "nextstep.templates.order cannot be 'random'"),
    ],
)  # fmt: skip
def test_assumptions_are_set_all_or_none(client: Client, body: Any, message: str) -> None:
    """An unknown assumption or value is refused with the known ones, and none is set."""
    before = client.done("GET", "/assumptions")
    assert message in detail(client, "PUT", "/assumptions", body)
    assert client.done("GET", "/assumptions") == before


# Faults


def test_a_fault_answers_as_often_as_it_was_asked_to(client: Client) -> None:
    """A fault answers as often as requested, marked as a fault; then the mock answers."""
    fault = {
        "operation": "listProcessRuns",
        "status": 429,
        "headers": {"Retry-After": "7"},
        "body": {"e": 1},
        "times": 2,
    }
    made = client.done("POST", "/faults", fault)
    assert made == {"id": made["id"], "api": None, **fault, "headers": {"retry-after": "7"}}
    for left in (1, 0):
        response = client.get("/process-runs")
        assert (response.status, response.header("retry-after"), response.json()) == (429, "7", {"e": 1})
        assert response.header("x-mock-reason") == "fault"
        assert [fault["times"] for fault in client.done("GET", "/faults")["faults"]] == ([left] if left else [])
    assert client.last()["trace"]["steps"] == ["route", "fault"]
    assert client.get("/process-runs").status == 200


def test_a_fault_without_a_body_has_the_vendors_error_shape(client: Client) -> None:
    """A fault without a body has the API's error shape and the documented code of its status."""
    for status, code in ((403, "forbidden"), (418, "injected_418")):
        id = client.done("POST", "/faults", {"status": status})["id"]
        assert client.get("/process-runs").json()["error"]["code"] == code
        assert client.control("DELETE", f"/faults/{id}").status == 204
        assert "no fault" in detail(client, "DELETE", f"/faults/{id}", status=404)


@pytest.mark.parametrize(("status", "type"), [(204, None), (304, None), (200, "text/csv")])
def test_a_fault_is_sent_as_http_allows(client: Client, status: int, type: str | None) -> None:
    """A fault with 204 or 304 has no content; a content type is sent once."""
    headers = {} if type is None else {"Content-Type": type}
    client.done("POST", "/faults", {"status": status, "headers": headers, "body": "a"})
    response = client.get("/process-runs")
    assert [value.decode() for name, value in response.headers if name == b"content-type"] == ([type] if type else [])
    assert response.body == (b'"a"' if type else b"")
    assert (response.header("content-length") is None) == (type is None)


def test_faults_concern_what_they_name(client: Client) -> None:
    """A fault applies to its operation, its API, or all; never to the control API."""
    client.done("POST", "/faults", {"status": 500, "operation": "getProcessRun"})
    assert client.get("/process-runs").status == 200
    client.done("POST", "/faults", {"status": 502, "api": "nextstep"})
    assert [client.get("/process-runs").status, client.get("/process-runs/R1").status] == [502, 500]
    assert client.control("DELETE", "/faults").status == 204
    assert client.get("/process-runs/R1").status == 200


def test_an_injected_success_is_no_refusal(client: Client) -> None:
    """A fault with a 2xx status has no reason."""
    client.done("POST", "/faults", {"status": 200, "body": None, "times": 1})
    assert client.get("/process-runs").header("x-mock-reason") is None


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({}, "status"), ({"status": 199}, "199"), ({"status": 600}, "600"), ({"status": "503"}, "503"),
        ({"status": 503, "times": 0}, "times"), ({"status": 503, "api": "x"}, "api: x is not served here"),
        ({"status": 503, "operation": "listProcessRun"},
        "operation: unknown listProcessRun; did you mean listProcessRuns?"),
        ({"status": 503, "headers": {"Retry-After": "1\r\nX: y"}}, "headers"), ({"status": 503,
        "headers": {"a b": "c"}}, "a b"),
        ({"status": 503, "headers": {"Content-Length": "0"}}, "headers: Content-Length is the server's own to set"),
        ({"status": 503, "headers": {"": "c"}}, "headers"),
    ],
)  # fmt: skip
def test_faults_that_cannot_be_are_refused(client: Client, fault: Any, message: str) -> None:
    """An impossible fault answers 400 and names the member."""
    assert message in detail(client, "POST", "/faults", fault)
    assert client.done("GET", "/faults") == {"faults": []}


# Events


@pytest.mark.parametrize(
    ("event", "status", "message"),
    [
        ({"api": "nextsteps", "event": "x"}, 400, "api: nextsteps is not served here; did you mean nextstep?"),
        ({"api": "nextstep", "event": "skip"}, 400, "event: nextstep has no skip"),
        ({"api": "nextstep", "event": "skip-tasks"}, 400, "did you mean skip-task?"),
        ({"api": "control", "event": "x"}, 400, "event: control has no x"),
        ({"api": "nextstep", "event": "skip-task"}, 400, '"run_id" is a required property'),
        ({"api": "nextstep", "event": "lapse-subscription", "tenant": "t9"}, 404, "tenant: nextstep has no t9"),
        ({"api": "nextstep", "event": "lapse-subscription", "team": "t1"}, 400, "t1"),
        ({"api": "nextstep", "event": "edit-template", "template_id": "T1", "tasks": [{"title": "a",
        "created_at": "x"}]}, 400, "date-time"),
        ({"event": "x"}, 400, '"api" is a required property'),
    ],
)  # fmt: skip
def test_events_that_cannot_be_are_refused(client: Client, event: Any, status: int, message: str) -> None:
    """An unknown API, event, tenant or member is refused with the known ones."""
    assert message in detail(client, "POST", "/events", event, status=status)


def test_an_event_acts_on_the_tenant_that_it_names(client: Client) -> None:
    """An event without a tenant acts on the first one of the fixtures."""
    assert client.event("edit-template", tenant="t2", template_id="X1", title="Changed").status == 200
    assert client.get("/process-templates/X1", authorization="Bearer other").json()["data"]["title"] == "Changed"
    assert client.event("edit-template", template_id="X1").status == 404


# Who may call


def test_other_origins_are_refused(client: Client) -> None:
    """A browser request from another origin answers 403."""
    for headers in ({"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}, {"host": "evil.example"}):
        response = client.control("POST", "/reset", **headers)
        assert (response.status, response.header("x-mock-reason")) == (403, "auth")
    assert client.control("GET", "/health", sec_fetch_site="same-origin", host="localhost:80").status == 200


def test_off_loopback_the_token_is_needed(client: Client) -> None:
    """A server with a token answers 401 without it, and accepts any host with it."""
    client.worlds.server.token = "secret"
    assert client.control("GET", "/health").status == 401
    assert client.control("GET", "/health", x_mock_token="wrong").status == 401
    assert client.control("GET", "/health", x_mock_token="\xff").status == 401
    assert client.control("GET", "/health", x_mock_token="secret", host="mock.example").status == 200


def test_unknown_control_paths_are_problem_details(client: Client) -> None:
    """A wrong path or method below /__mock__ answers problem details."""
    assert "no operation" in detail(client, "GET", "/nope", status=404)
    response = client.control("PUT", "/health")
    assert (response.status, response.header("allow")) == (405, "GET, HEAD, OPTIONS")


def test_control_has_no_data_of_its_own(worlds: Worlds) -> None:
    """The control API has no keys, no tenants and no entry in the ready file."""
    from understudy.engine.ids import Ids

    control = worlds.apis["control"]

    assert (control.new_key(Ids("")), control.access_info((), {}), list(control.seed(None, control.contract))) == (
        "",
        {},
        [],
    )
    assert list(control.inconsistencies("", {})) == []  # type: ignore[arg-type]
