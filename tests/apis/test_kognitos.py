"""Promises of the Kognitos mock alone: courses of runs, events, uploads, seeds, and the effect of each alternative."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest

from conftest import MANY, Client
from understudy.engine.api import Api
from understudy.engine.exchange import Response
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed

Assuming = Callable[..., "Kognitos"]
MakeWorlds = Callable[..., Worlds]
WHOLE = "whole"
RUN = "/runs/r4"
RUNS = "/runs?agent_id=a1&process_id=p1"
START = {"agent_id": "a1", "process_id": "p1", "name": "New", "stage": "Draft"}
FILE = {"agent_id": "a1", "file_name": "a b.pdf"}
BOUNDARY = "understudy"
POOL = {"requests": 600, "seconds": 60}


class Kognitos(Client):
    """Calls Kognitos with the key of the whole organization, or another one."""

    def ask(self, method: str, target: str, body: Any = None, *, key: str = WHOLE, **options: Any) -> Response:
        """Send one request under Kognitos' base path."""
        return self.send(method, f"/v2{target}", body, x_api_key=key, **options)

    def happen(self, event: str, **payload: Any) -> Response:
        """Send an event of Kognitos' app."""
        return self.control("POST", "/events", {"api": "kognitos", "event": event, **payload})

    def start(self, **body: Any) -> Any:
        """Start a run."""
        response = self.ask("POST", "/runs", START | body)
        assert response.status == 201, response
        return response.json()

    def run(self, id: str) -> Any:
        """Read a run by its id."""
        return self.ask("GET", f"/runs/{id}").json()

    def file(self, **body: Any) -> Any:
        """Create a file."""
        response = self.ask("POST", "/files", FILE | body)
        assert response.status == 201, response
        return response.json()

    def upload(self, file: Any, **fields: str) -> Response:
        """Post a file's content without a key, with its fields updated."""
        path = urlsplit(file["upload_url"]).path
        return self.send("POST", path, raw=form(**file["upload_fields"] | fields), **MULTIPART)

    def pass_time(self, seconds: float) -> None:
        """Advance the world's clock."""
        self.done("POST", "/clock/advance", {"seconds": seconds})


def form(**fields: str) -> bytes:
    """A multipart form with these fields and a content."""
    parts = [("name", name, value) for name, value in (*fields.items(), ("file", "content"))]
    return wired(*(f'form-data; {word}="{name}"\r\n\r\n{value}' for word, name, value in parts))


def wired(*parts: str) -> bytes:
    """A form with these parts, as bytes."""
    told = [f"--{BOUNDARY}\r\nContent-Disposition: {part}\r\n" for part in parts]
    return "".join((*told, f"--{BOUNDARY}--\r\n")).encode()


MULTIPART = {"content_type": f"multipart/form-data; boundary={BOUNDARY}"}


@pytest.fixture(scope="module")
def kognitos() -> Api:
    """Kognitos, declared once."""
    return installed.declared("kognitos")


@pytest.fixture(scope="module")
def tiny() -> dict[str, Any]:
    """A start state with one record of each kind; read-only."""
    quick = {"seconds": {"created": 0, "pending": 0, "running": 0}, "stage": "Published"}
    made = {"name": "Old", "created_at": "2026-02-01T00:00:00"}
    outputs = [{"name": "total", "value": 42}]
    processes = [
        {"id": "p1", "agent_id": "a1", "name": "Invoice", "stage": "Draft", "inputs": ["order"], "outputs": outputs},
        {"id": "p2", "agent_id": "a1", "name": "Live", **quick},
        {"id": "p3", "agent_id": "a1", "name": "Ask", **quick, "outcome": "Waiting", "then": "Failed"},
        *({"id": f"q{number}", "agent_id": "a2", "name": "Many", "stage": "Draft"} for number in range(12)),
    ]
    files = [
        {"id": "f1", "agent_id": "a1", "file_name": "a.pdf"},
        {"id": "f2", "agent_id": "a1", "file_name": "b.pdf", "uploaded": False},
        {"id": "g1", "agent_id": "a2", "file_name": "c.pdf"},
    ]
    statuses = ("Created", "Pending", "Running", "Succeeded", "Waiting")
    runs = [{"id": f"r{n}", "process_id": "p1", **made, "status": status} for n, status in enumerate(statuses, 1)]
    runs.append({"id": "s1", "process_id": "q1", **made, "status": "Failed", "stage": "Published", "file_ids": ["g1"]})
    agents = [{"id": id, "name": "Agent"} for id in ("a1", "a2", "a3")]
    keys = [{"key": WHOLE}, {"key": "scoped", "agent_id": "a1"}, {"key": "gone", "state": "revoked"}]
    other = {
        "id": "o2",
        "keys": [{"key": "other"}],
        "agents": [{"id": "b1", "name": "Agent"}],
        "processes": [{"id": "y1", "agent_id": "b1", "name": "Theirs", "stage": "Draft"}],
        "files": [{"id": "h1", "agent_id": "b1", "file_name": "d.pdf"}],
        "runs": [{"id": "x1", "process_id": "y1", **made, "status": "Succeeded"}],
    }
    home = {"id": "o1", "keys": keys, "agents": agents, "processes": processes, "files": files, "runs": runs}
    return {"kognitos": {"organizations": [home, other]}}


@pytest.fixture
def assuming(make_worlds: MakeWorlds, kognitos: Api, control: Api, tiny: dict[str, Any]) -> Assuming:
    """A client of the tiny world under other assumptions, each by its id without `kognitos.`."""

    def make(assumptions: dict[str, Any] | None = None, **options: Any) -> Kognitos:
        assume = {f"kognitos.{id}": value for id, value in (assumptions or {}).items()}
        worlds = make_worlds(
            **{"apis": [kognitos, control], "seeds": tiny, "assume": assume, "checked": True, **options}
        )
        return Kognitos(worlds, key=None)

    return make


@pytest.fixture
def client(assuming: Assuming) -> Kognitos:
    """A client of the tiny world."""
    return assuming()


# The course of a run


@pytest.mark.parametrize(
    ("seconds", "status"),
    [(0, "Created"), (0.999, "Created"), (1, "Pending"), (2.999, "Pending"), (3, "Running"), (7.999, "Running"),
     (8, "Succeeded")],
)  # fmt: skip
def test_a_run_follows_the_clock(client: Kognitos, seconds: float, status: str) -> None:
    """A run is in each status for as long as its process says, to the millisecond, and shows outputs at its end."""
    run = client.start()
    client.pass_time(seconds)
    seen = client.run(run["id"])
    assert seen["status"] == status
    assert (seen["outputs"] is not None) == (status == "Succeeded")


def test_a_quick_run_begins_as_created_too(client: Kognitos) -> None:
    """Starting a run returns Created, even if the run ends at once."""
    run = client.start(process_id="p2", stage="Published")
    assert (run["status"], client.run(run["id"])["status"]) == ("Created", "Succeeded")


@pytest.mark.parametrize("id", ["r1", "r2", "r3", "r4", "r5"])
def test_the_runs_of_a_fixture_stand_still(client: Kognitos, id: str) -> None:
    """A run of the start state keeps its status."""
    before = client.run(id)
    client.pass_time(1e6)
    assert client.run(id) == before


@pytest.mark.parametrize(
    ("event", "status"), [("fail-run", "Failed"), ("cancel-run", "Cancelled"), ("time-out-run", "TimedOut")]
)
@pytest.mark.parametrize("id", ["r1", "r2", "r3", "r5"])
def test_an_event_ends_a_run(client: Kognitos, event: str, status: str, id: str) -> None:
    """An event ends a run at once and for good."""
    assert client.happen(event, run_id=id).json()["result"]["status"] == status
    assert client.run(id)["status"] == status
    for other in ("fail-run", "wait-for-person", "resume-run"):
        assert f"run {id} is {status}" in client.happen(other, run_id=id).json()["detail"]


@pytest.mark.parametrize("event", ["fail-run", "cancel-run", "time-out-run", "wait-for-person", "resume-run"])
@pytest.mark.parametrize(("id", "status"), [("r9", 404), ("x1", 404), ("r4", 409)])
def test_events_name_a_run_that_is_not_over(client: Kognitos, event: str, id: str, status: int) -> None:
    """An event for an unknown or foreign run answers 404, for an ended run 409."""
    assert client.happen(event, run_id=id).status == status


def test_a_waiting_run_goes_on_with_what_was_left(client: Kognitos) -> None:
    """A waiting run keeps its remaining time, and cannot wait twice."""
    id = client.start()["id"]
    assert "waits for nobody" in client.happen("resume-run", run_id=id).json()["detail"]
    client.pass_time(4)
    client.happen("wait-for-person", run_id=id)
    assert "waits for a person already" in client.happen("wait-for-person", run_id=id).json()["detail"]
    client.pass_time(1000)
    assert client.happen("resume-run", run_id=id).json()["result"]["status"] == "Running"
    client.pass_time(3.999)
    assert client.run(id)["status"] == "Running"
    client.pass_time(0.001)
    assert client.run(id)["status"] == "Succeeded"


def test_a_run_whose_course_is_to_wait_comes_to_what_is_then(client: Kognitos) -> None:
    """A run whose process ends in waiting gets another final status once it is resumed."""
    id = client.start(process_id="p3", stage="Published")["id"]
    assert client.run(id)["status"] == "Running"
    client.happen("resume-run", run_id=id)
    assert client.run(id)["status"] == "Failed"


def test_a_fixtures_run_waits_for_as_long_as_a_run_takes(client: Kognitos) -> None:
    """A run of the start state that waits takes a full run's time once it is resumed."""
    client.happen("wait-for-person", run_id="r1")
    client.happen("resume-run", run_id="r1")
    client.pass_time(4.999)
    assert client.run("r1")["status"] == "Running"
    client.pass_time(0.001)
    assert client.run("r1")["status"] == "Succeeded"


def test_events_reach_another_organization(client: Kognitos) -> None:
    """An event with a tenant acts on another organization."""
    assert client.happen("fail-run", run_id="r1", tenant="o2").status == 404
    assert "is Succeeded" in client.happen("fail-run", run_id="x1", tenant="o2").json()["detail"]


def test_revoked_keys_are_no_good(client: Kognitos) -> None:
    """A revoked key is refused at once; an unknown one cannot be revoked."""
    assert client.happen("revoke-key", key="nope").status == 404
    assert client.happen("revoke-key", key=WHOLE).json()["result"] == {"key": WHOLE, "state": "revoked"}
    assert client.ask("GET", RUN).status == 401
    assert client.ask("GET", RUN, key="scoped").status == 200


# Keys of one agent


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/processes?agent_id=a2", None), ("GET", "/processes/q1?agent_id=a2", None),
        ("GET", "/runs?agent_id=a2&process_id=q1", None), ("GET", "/runs/s1", None),
        ("POST", "/runs", START | {"agent_id": "a2", "process_id": "q1"}),
        ("POST", "/files", FILE | {"agent_id": "a2"}), ("POST", "/runs", START | {"file_ids": ["g1"]}),
    ],
)  # fmt: skip
def test_a_scoped_key_stays_with_its_agent(client: Kognitos, method: str, target: str, body: Any) -> None:
    """A key of one agent is refused for another agent, a key of the organization is not."""
    assert client.ask(method, target, body).status in (200, 201)
    assert client.ask(method, target, body, key="scoped").json()["message"] == "Not found"


def test_a_scoped_key_names_its_agent(client: Kognitos) -> None:
    """A file that is created with a key of one agent belongs to that agent."""
    file = client.ask("POST", "/files", {"file_name": "x"}, key="scoped").json()
    assert file["id"].startswith("s3://bucket/a1/")
    assert client.ask("POST", "/runs", START | {"file_ids": [file["id"]]}, key="scoped").status == 201


def test_the_entry_tells_what_no_operation_lists(client: Kognitos) -> None:
    """The ready file has keys by role, agents, processes and inputs."""
    entry = client.worlds.access_info(client.worlds.default, "kognitos")
    assert (entry["api_keys"], entry["agent_key"], entry["revoked_key"]) == ([WHOLE], "scoped", "gone")
    assert (entry["agent_id"], entry["process_id"], entry["inputs"]) == ("a1", "p1", ["order"])
    assert entry["other_agent"] == {"agent_id": "a2", "process_id": "q0", "inputs": []}
    assert (entry["other_tenant_key"], entry["other_tenant"]["process_id"]) == ("other", "y1")


def test_the_entry_of_a_bare_organization_tells_of_nothing(assuming: Assuming) -> None:
    """The ready file omits keys, processes, agents and organizations that do not exist."""
    bare = {"organizations": [{"id": "o1", "agents": [{"id": "a1", "name": "Idle"}]}]}
    worlds = assuming(seeds={"kognitos": bare}).worlds
    entry = worlds.access_info(worlds.default, "kognitos")
    assert (entry["api_key"], entry["agent_key"], entry["other_tenant_key"]) == (None, None, None)
    assert (entry["agent_id"], entry["process_id"], entry["inputs"]) == ("a1", None, [])
    assert (entry["other_agent"]["agent_id"], entry["other_tenant"]) == (None, {})


# Files and uploads


def test_an_upload_needs_no_key_and_makes_the_file_readable(assuming: Assuming) -> None:
    """A run accepts a file once its content was posted to its URL with its fields."""
    client = assuming({"runs.file-not-uploaded": "not-found"})
    file = client.file()
    assert client.ask("POST", "/runs", START | {"file_ids": [file["id"]]}).status == 404
    assert client.upload(file).status == 204
    assert client.start(file_ids=[file["id"]])["file_ids"] == [file["id"]]


@pytest.mark.parametrize("content", [b"", b"\r\n--\r\n", bytes(range(256)) * 3, "é".encode(), "é".encode()[:1]])
def test_the_state_tells_which_bytes_arrived(client: Kognitos, content: bytes) -> None:
    """A file's size and sum are those of the bytes that were uploaded, whatever they are."""
    file = client.file()
    whole = form(**file["upload_fields"]).replace(b"\r\n\r\ncontent\r\n", b"\r\n\r\n" + content + b"\r\n")
    assert client.send("POST", urlsplit(file["upload_url"]).path, raw=whole, **MULTIPART).status == 204
    kept = client.worlds.default.tenants["kognitos"]["o1"]["files"].require(file["id"])
    assert (kept["size"], kept["sha256"]) == (len(content), sha256(content).hexdigest())


def test_an_unknown_address_has_no_hint_about_keys(client: Kognitos) -> None:
    """The refusal of an unknown upload URL has no hint about keys."""
    response = client.send("POST", "/v2/uploads/made-up", raw=form(), **MULTIPART)
    assert (response.status, response.header("x-mock-reason")) == (403, "auth")
    assert response.header("x-mock-hint") is None


def test_an_address_leads_to_the_world_that_gave_it(client: Kognitos) -> None:
    """An upload URL selects the world of its file, without a world header or key."""
    fresh = client.done("POST", "/worlds")
    file = client.ask("POST", "/files", {"agent_id": "a1", "file_name": "x"}, key=fresh["apis"]["kognitos"]["api_key"])
    assert client.upload(file.json()).status == 204
    kept = client.worlds.all[fresh["id"]].tenants["kognitos"]["o1"]["files"].get(file.json()["id"])
    assert kept is not None
    assert kept["uploaded"]
    client.done("DELETE", f"/worlds/{fresh['id']}")
    assert client.upload(file.json()).status == 403, "the world is gone"


@pytest.mark.parametrize(("lifetime", "seconds", "status"), [
    (300, 299.999, 204), (300, 300, 403), (3600, 3599.999, 204), (3600, 3600, 403), (None, 1e8, 204),
])  # fmt: skip
def test_an_address_is_good_for_some_time(
    assuming: Assuming, lifetime: int | None, seconds: float, status: int
) -> None:
    """An upload URL expires to the millisecond, or never."""
    client = assuming({"upload.lifetime": lifetime})
    file = client.file()
    client.pass_time(seconds)
    response = client.upload(file)
    assert (response.status, b"Policy expired" in response.body) == (status, status == 403)


@pytest.mark.parametrize(("checked", "status"), [(True, 403), (False, 204)])
def test_fields_are_to_be_sent_back(assuming: Assuming, checked: bool, status: int) -> None:
    """A form with other fields than the file's is refused, or by assumption accepted."""
    client = assuming({"upload.fields-checked": checked})
    assert client.upload(client.file(), policy="else").status == status
    assert client.upload(client.file()).status == 204


@pytest.mark.parametrize(("again", "status"), [("replace", 204), ("reject", 403)])
def test_content_may_be_posted_again(assuming: Assuming, again: str, status: int) -> None:
    """A second upload to the same URL replaces the first, or is refused."""
    client = assuming({"upload.again": again})
    file = client.file()
    assert [client.upload(file).status for _ in range(2)] == [204, status]


@pytest.mark.parametrize(
    "body", [b"", b"{}", wired('form-data; name="file"\r\n\r\nx')[:-6], wired("form-data\r\n\r\nx"), wired()]
)
def test_what_is_no_form_is_refused(client: Kognitos, body: bytes) -> None:
    """A body that is empty, no form, truncated, or has an unnamed part answers 400."""
    path = urlsplit(client.file()["upload_url"]).path
    assert client.send("POST", path, raw=body, **MULTIPART).status == 400


def test_a_form_of_another_type_is_refused_under_every_assumption(assuming: Assuming) -> None:
    """A form of another content type is refused under every assumption."""
    client = assuming({"errors.unsupported-media-type": None})
    path = urlsplit(client.file()["upload_url"]).path
    assert client.send("POST", path, raw=b"x", content_type="text/plain").status == 400


def test_an_address_is_looked_up_before_the_form_is_read(client: Kognitos) -> None:
    """An unknown upload URL answers 403, however broken the form."""
    response = client.send("POST", "/v2/uploads/made-up", raw=b"no form", **MULTIPART)
    assert (response.status, client.last()["trace"]["steps"][-1]) == (403, "authenticate")


@pytest.mark.parametrize(("given", "status"), [("accept", "Succeeded"), ("fail", "Failed")])
def test_a_run_may_fail_for_a_file_without_content(assuming: Assuming, given: str, status: str) -> None:
    """A run with a file that was never uploaded is accepted, or by assumption fails."""
    client = assuming({"runs.file-not-uploaded": given})
    run = client.start(file_ids=["f2"])
    client.pass_time(10)
    assert client.run(run["id"])["status"] == status


@pytest.mark.parametrize("name", ["text.txt", "noextension", "Größe.pdf"])
def test_the_fields_of_a_file_name_its_type(client: Kognitos, name: str) -> None:
    """The content type follows the suffix of the name; the default is any bytes."""
    kinds = {"text.txt": "text/plain", "noextension": "application/octet-stream", "Größe.pdf": "application/pdf"}
    assert client.file(file_name=name)["upload_fields"]["Content-Type"] == kinds[name]


# What an alternative changes beside what its probe sees (tests/checks/test_kit_probes.py)


CHANGES: list[tuple[str, Any, str, str, Any, Callable[[Any], Any], Any, Any]] = [
    # assumption, alternative, method, target, content, what is read of the answer, by default, under the alternative
    ("errors.foreign-object", "forbidden", "GET", "/runs/x2", None, lambda r: r.status, 404, 404),
    ("errors.foreign-object", "forbidden", "GET", "/processes?agent_id=b1", None, lambda r: r.status, 404, 403),
    ("errors.foreign-object", "forbidden", "GET", "/processes/y1?agent_id=a1", None, lambda r: r.status, 404, 403),
    ("errors.foreign-object", "forbidden", "POST", "/runs", START | {"file_ids": ["h1"]}, lambda r: r.status, 404, 403),
    ("errors.malformed-id", "invalid", "GET", "/processes?agent_id=" + "a" * 27, None, lambda r: r.status, 404, 400),
    ("pagination.limit-not-an-integer", "default", "GET", f"{RUNS}&limit=null", None, lambda r: len(items(r)), 0, 5),
    *(("pagination.unknown-token", unknown, "GET", f"{RUNS}&continuation_token={token}", None,
    lambda r: r.status < 400 and (len(items(r)), following(r)), False, seen)
    for unknown, seen in (("start", (5, None)), ("empty", (0, None))) for token in ("x", "eA", "%C3%A9")),
    ("pagination.last-token", "until-empty", "GET", f"{RUNS}&limit=6", None, lambda r: following(r) is None, True,
    True),
    ("runs.no-outputs", "absent", "GET", RUN, None, lambda r: len(r.json()["outputs"]), 1, 1),
    *(("runs.inputs-checked", False, "POST", "/runs", START | {"inputs": [odd]}, lambda r: r.status, 400, 201)
    for odd in (1, {}, {"name": "order"}, {"name": "", "value": 1}, {"name": 1, "value": 1})),
    ("processes.order", "newest-first", "GET", "/processes?agent_id=a1", None, lambda r: [p["id"] for p in items(r)],
    ["p1", "p2", "p3"], ["p3", "p2", "p1"]),
]  # fmt: skip


def items(response: Response) -> list[Any]:
    """The items of a list; None in a refusal."""
    return response.json().get("items") or []


def following(response: Response) -> str | None:
    """The token of the next page."""
    return response.json()["continuation_token"]


@pytest.mark.parametrize(
    ("assumption", "alternative", "method", "target", "content", "read", "by_default", "instead"),
    [pytest.param(*row, id=f"{row[0]}={json.dumps(row[1])}-{number}") for number, row in enumerate(CHANGES)],
)
def test_an_alternative_has_its_own_effect(
    client: Kognitos,
    assuming: Assuming,
    assumption: str,
    alternative: Any,
    method: str,
    target: str,
    content: Any,
    read: Callable[[Any], Any],
    by_default: Any,
    instead: Any,
) -> None:
    """An alternative changes one response, whose trace names the assumption."""
    assert read(client.ask(method, target, content)) == by_default
    other = assuming({assumption: alternative})
    assert read(other.ask(method, target, content)) == instead
    trace = {entry["id"]: entry["basis"] for entry in other.last()["trace"]["decided"]}
    assert trace[f"kognitos.{assumption}"] == "assumed"


def test_runs_are_limited_in_number_by_assumption(assuming: Assuming) -> None:
    """With the cap, a run too many is refused as assumed, until an active run ends or waits."""
    for answer in (403, 429, 503):
        client = assuming(
            {"runs.concurrency-cap": 150, "runs.over-capacity": {"status": answer, "code": "error-model"}}
        )
        for _ in range(147):  # three runs of the fixture are active; the one that waits is not
            last = client.start()
        assert client.ask("POST", "/runs", START).status == answer
        assert client.ask("POST", "/runs", START | {"process_id": "p9"}).status == 404, "what is wrong comes first"
        client.happen("wait-for-person", run_id=last["id"])
        last = client.start()
        assert client.ask("POST", "/runs", START).status == answer
        client.happen("cancel-run", run_id=last["id"])
        assert client.ask("POST", "/runs", START, key="other").status == 404, "the other organization has its own"
        client.start()
        client.pass_time(8)
        client.start()


@pytest.mark.parametrize("answer", [{"status": 500, "code": "error-model"}, {"status": 502, "code": "gateway"}])
def test_internal_errors_have_a_shape(assuming: Assuming, answer: Any) -> None:
    """An internal error has its assumed shape; the journal has its traceback."""
    client = assuming({"errors.internal": answer})
    client.worlds.default.tenants["kognitos"]["o1"]["runs"]._rows["r4"] = b"{"  # what no API can do
    response = client.ask("GET", RUN)
    assert (response.status, "status_code" in response.json()) == (answer["status"], answer["code"] == "error-model")
    assert "DecodeError" in client.last()["error"]


# Limits of requests


@pytest.mark.parametrize(
    "answer", [{"status": 429, "code": "error-model"}, {"status": 429, "code": "gateway"},
    {"status": 403, "code": "error-model"}],
)  # fmt: skip
@pytest.mark.parametrize("told", [True, False])
def test_a_pool_is_shared_by_the_organization(assuming: Assuming, answer: Any, told: bool) -> None:
    """Requests are unlimited by default; a pool is shared by all keys of an organization."""
    assert {assuming().ask("GET", RUN).status for _ in range(3)} == {200}
    assumed = {"rate-limit.pool": POOL, "rate-limit.answer": answer, "rate-limit.retry-after": told}
    client = assuming(assumed, limits={"kognitos": 2})
    assert [client.ask("GET", RUN, key=key).status for key in (WHOLE, "scoped")] == [200, 200]
    refused = client.ask("GET", RUN)
    assert (refused.status, "status_code" in refused.json()) == (answer["status"], answer["code"] == "error-model")
    assert refused.header("retry-after") == ("60" if told else None)
    assert client.ask("GET", "/runs/x1", key="other").status == 200


def test_the_pool_has_its_own_size(assuming: Assuming) -> None:
    """The assumed pool has 600 requests; one more is refused."""
    client = assuming({"rate-limit.pool": POOL}, checked=False)
    assert {client.ask("GET", "/processes/p1?agent_id=a1").status for _ in range(600)} == {200}
    assert client.ask("GET", RUN).status == 429


@pytest.mark.parametrize(
    ("window", "statuses"),
    [("fixed", [200, 429, 429, 200]), ("sliding", [200, 429, 429, 200]), ("calendar", [200, 200, 429, 429])],
)
def test_a_window_is_of_a_kind(assuming: Assuming, window: str, statuses: list[int]) -> None:
    """Each kind of window has room again at its own time: here 40, 15 and 10 seconds after one request."""
    client = assuming({"rate-limit.window": window}, limits={"kognitos": 1}, clock=None)
    client.done("PUT", "/clock", {"now": "2030-01-01T00:00:30Z", "frozen": True})
    seen = []
    for seconds in (0, 40, 15, 5):
        client.pass_time(seconds)
        seen.append(client.ask("GET", RUN).status)
    assert seen == statuses


# Tokens


def token_of(client: Kognitos, query: str = RUNS, limit: int = 2) -> str:
    """The token of a first page."""
    token = following(client.ask("GET", f"{query}&limit={limit}"))
    assert token is not None
    return token


@pytest.mark.parametrize(
    ("lifetime", "seconds", "status"), [(None, 1e8, 200), (3600, 3600, 200), (3600, 3600.001, 400)]
)
def test_a_token_is_good_for_some_time(assuming: Assuming, lifetime: int | None, seconds: float, status: int) -> None:
    """A token never expires, or by assumption expires to the millisecond."""
    client = assuming({"pagination.token-lifetime": lifetime})
    token = token_of(client)
    client.pass_time(seconds)
    assert client.ask("GET", f"{RUNS}&continuation_token={token}").status == status


@pytest.mark.parametrize(("foreign", "status"), [("reject", 400), ("continue", 200)])
def test_a_token_belongs_to_its_query(assuming: Assuming, foreign: str, status: int) -> None:
    """A token under another filter is refused, or continues at its position."""
    client = assuming({"pagination.foreign-token": foreign})
    response = client.ask("GET", f"{RUNS}&stage=Draft&continuation_token={token_of(client)}")
    assert response.status == status
    assert [run["id"] for run in items(response)] == (["r3", "r2", "r1"] if status == 200 else [])
    elsewhere = client.ask("GET", f"/processes?agent_id=a1&continuation_token={token_of(client)}")
    assert elsewhere.status == 400, "no place of another list"


@pytest.mark.parametrize(("may", "status"), [(True, 200), (False, 400)])
def test_a_token_may_belong_to_a_page_size(assuming: Assuming, may: bool, status: int) -> None:
    """The limit may change from page to page, or is part of the query."""
    client = assuming({"pagination.limit-may-change": may})
    token = token_of(client)
    assert client.ask("GET", f"{RUNS}&limit=3&continuation_token={token}").status == status
    assert client.ask("GET", f"{RUNS}&limit=2&continuation_token={token}").status == 200


def test_a_token_after_the_last_item_leads_to_an_empty_page(assuming: Assuming) -> None:
    """If a full last page has a token, the next page is empty and the last."""
    client = assuming({"pagination.last-token": "until-empty"})
    after = client.ask("GET", f"{RUNS}&continuation_token={token_of(client, limit=5)}")
    assert after.json() == {"items": [], "continuation_token": None}


def test_a_changed_token_was_never_given_out(client: Kognitos) -> None:
    """A token with any change is refused."""
    token = token_of(client)
    for changed in (token[:-1], token[1:], token.swapcase(), token + "AAAA"):
        assert client.ask("GET", f"{RUNS}&continuation_token={changed}").status == 400, changed


# State and seeds


def everything(client: Kognitos) -> list[bytes]:
    """The bytes of all readable responses."""
    agents = [client.ask("GET", f"/processes?limit=100&agent_id={id}") for id in ("a1", "a2", "a3")]
    known = [(process["agent_id"], process["id"]) for listed in agents for process in items(listed)]
    runs = [client.ask("GET", f"/runs?limit=100&agent_id={agent}&process_id={id}") for agent, id in known]
    single = [client.ask("GET", f"/runs/{run['id']}") for listed in runs for run in items(listed)]
    return [response.body for response in (*agents, *runs, *single)]


def worked(client: Kognitos) -> list[bytes]:
    """Use every operation; returns the bytes of all responses."""
    started, waits = client.start(inputs=[{"name": "order", "value": "7"}]), client.start()
    file = client.file()
    answers = [
        client.upload(file),
        client.happen("wait-for-person", run_id=waits["id"]),
        client.control("POST", "/clock/advance", {"seconds": 4.5}),
        client.ask("POST", "/runs", START | {"file_ids": [file["id"]]}),
        client.happen("cancel-run", run_id=started["id"]),
        client.ask("POST", "/runs", START | {"process_id": "p9"}),
    ]
    return [json.dumps((started, waits, file)).encode(), *(answer.body for answer in answers), *everything(client)]


def test_the_same_calls_give_the_same_bytes(assuming: Assuming) -> None:
    """Servers of one seed answer equal calls with equal bytes; another seed gives other ids."""
    first, second = (assuming(seed="a") for _ in range(2))
    assert worked(first) == worked(second)
    assert first.worlds.default.export() == second.worlds.default.export()
    assert worked(assuming(seed="b")) != worked(assuming(seed="a"))


def test_an_exported_state_goes_on_elsewhere(assuming: Assuming) -> None:
    """A state that is restored in another server gives the same bytes, uploads included."""
    one, other = assuming({"runs.concurrency-cap": 150}), assuming(seed="else")
    worked(one)
    file = one.file()
    state = one.done("GET", "/state")
    other.done("PUT", "/state", state)
    assert other.done("GET", "/state") == state
    assert everything(one) == everything(other)
    assert (one.upload(file).status, other.upload(file).status) == (204, 204)
    assert worked(one) == worked(other)


def test_the_built_in_state_survives_a_round_trip(make_worlds: MakeWorlds, kognitos: Api, control: Api) -> None:
    """The fixtures' state is unchanged after export and restore."""
    client = Kognitos(make_worlds(apis=[kognitos, control], limits={"kognitos": MANY}), key=None)
    state = client.done("GET", "/state")
    client.done("PUT", "/state", state)
    assert client.done("GET", "/state") == state


SEEDS: list[tuple[str, Callable[[Any], Any], str]] = [
    ("no organization", lambda found: found.clear(), "organizations: [] has less than 1 item"),
    ("unknown member", lambda found: found[0].update(colour=1), "/organizations/0: Additional properties"),
    ("no agent", lambda found: found[1].update(agents=[], processes=[], files=[], runs=[]),
    "kognitos/o2: agents: there must be at least one"),
    ("unknown agent", lambda found: found[0]["processes"][0].update(agent_id="a9"),
    "kognitos/o1: processes p1: agent_id: there is no a9 in agents"),
    ("unknown agent of a key", lambda found: found[0]["keys"][1].update(agent_id="a9"),
    "o1: key scoped: there is no a9 among the agents; did you mean "),
    ("unknown process", lambda found: found[0]["runs"][0].update(process_id="p9"),
    "o1: run r1: there is no p9 among the processes; did you mean "),
    ("unknown file", lambda found: found[0]["runs"][0].update(file_ids=["f9"]),
    "o1: run r1: there is no f9 among the files; did you mean "),
    ("status", lambda found: found[0]["runs"][0].update(status="Done"), "/organizations/0/runs/0/status: "),
    ("time", lambda found: found[0]["runs"][0].update(created_at="soon"), "soon"),
    ("id", lambda found: found[0]["agents"][2].update(id="a 3"), "kognitos/o1: agents.2.id: "),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "message"), [pytest.param(*row[1:], id=row[0]) for row in SEEDS])
def test_a_seed_that_does_not_fit_is_refused(
    assuming: Assuming, tiny: dict[str, Any], damage: Callable[[Any], Any], message: str
) -> None:
    """A fixture that violates the document or itself is refused with its pointer."""
    content = json.loads(json.dumps(tiny))
    damage(content["kognitos"]["organizations"])
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is what counts
        assuming(seeds=content)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data["agents"].clear(), "agents: there must be at least one"),
        (lambda data: data["processes"].pop(0), "runs r1: process_id: there is no p1 in processes"),
        (lambda data: data["runs"][0].update(agent_id="a2"), "runs r1: agent_id: process p1 is of agent a1"),
        (lambda data: data["activity"].clear(), "runs r1: counted: there is no r1.1 in activity"),
        (lambda data: data["uploads"].append({"id": "t", "file_id": "f9", "fields": {}, "made": 0}),
        "uploads t: file_id: there is no f9 in files"),
        (lambda data: data["runs"][0].update(outcome="Done"), 'runs.0.outcome: "Done" is not one of'),
    ],
)  # fmt: skip
def test_a_damaged_state_is_told_by_its_place(client: Kognitos, damage: Callable[[Any], Any], message: str) -> None:
    """PUT /state refuses inconsistent records with their pointer and applies nothing."""
    before = client.done("GET", "/state")
    state = json.loads(json.dumps(before))
    damage(state["apis"]["kognitos"]["o1"])
    refused = client.control("PUT", "/state", state)
    assert refused.status == 400, refused
    assert f"kognitos/o1: {message}" in refused.json()["detail"]
    assert client.done("GET", "/state") == before
