"""Life cycles of declared resources: by operation, by command, by update and by the world's time."""

from __future__ import annotations

from typing import Any

import pytest

from declared import Caller, api, document, operation, workshop, worlds
from understudy.engine.api import Api

JOB = {
    "type": "object",
    "required": ["id", "state", "target"],
    "properties": {
        "id": {"type": "string"},
        "state": {"enum": ["queued", "running", "done", "failed"], "default": "queued"},
        "target": {"type": "string"},
        "why": {"type": "string"},
    },
}
THING = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "size": {"type": "integer"}},
}


@pytest.fixture(scope="module")
def served() -> Api:
    """The workshop of the page on resources."""
    return api(workshop(), "workshop")


@pytest.fixture(scope="module")
def jobs() -> Api:
    """Things whose every change is a job of three seconds."""
    job = {"x-operation": {"job": {"resource": "jobs", "set": {"target": "$id"}, "failed": "fail"}}}
    paths = {
        "/things": {
            "post": operation("make", "Job", status="202", body="Thing", **job),
            "get": operation("list", "[Thing]"),
        },
        "/things/{id}": {
            "patch": operation("change", "Job", status="202", body="Thing", path="id", **job),
            "delete": operation("remove", status="202", path="id", **job),
            "get": operation("read", "Thing", path="id"),
        },
        "/jobs": {"get": operation("jobs", "[Job]")},
        "/jobs/{id}": {"get": operation("job", "Job", path="id")},
    }
    cycle = {
        "member": "state",
        "start": {"from": ["queued"], "to": "running", "after": 1},
        "end": {"from": ["running"], "to": "done", "after": 2},
        "fail": {"from": ["running"], "to": "failed", "set": {"why": "It is gone"}},
    }
    resources = {"things": {"schema": "Thing", "id": "{number}", "unique": ["name"]}}
    resources["jobs"] = {"schema": "Job", "life-cycle": cycle}
    return api(document(paths, {"Thing": THING, "Job": JOB}, resources), "jobs")


@pytest.fixture
def caller(served: Api) -> Caller:
    """A caller of fresh worlds."""
    return Caller(worlds(served))


def started(caller: Caller) -> str:
    """The path of a new task that runs."""
    project = caller.ok("POST", "/projects", {"name": "Chair"})["data"]["id"]
    task = caller.ok("POST", f"/projects/{project}/tasks", {"title": "Saw"})["data"]["id"]
    path = f"/projects/{project}/tasks/{task}"
    caller.ok("POST", f"{path}/commands", {"command": "start"})
    return path


def state(caller: Caller, path: str) -> Any:
    """The state of a task."""
    return caller.ok("GET", path)["data"]["state"]


def test_an_operation_takes_a_step(caller: Caller) -> None:
    """It moves the state and sets what the step sets; from another state it is refused."""
    id = caller.ok("POST", "/projects", {"name": "Chair"})["data"]["id"]
    moved = caller.ok("POST", f"/projects/{id}/archive")["data"]
    assert (moved["status"], moved["archived_at"]) == ("archived", "2026-04-07T10:00:00.000Z")
    assert caller.refused("POST", f"/projects/{id}/archive") == 409
    assert caller.ok("POST", f"/projects/{id}/reopen")["data"]["archived_at"] is None


def test_an_update_takes_the_step_that_leads_to_the_new_state(caller: Caller) -> None:
    """What the step sets is set; a state that no step leads to is refused, and the same one is no step."""
    id = caller.ok("POST", "/projects", {"name": "Chair"})["data"]["id"]
    moved = caller.ok("PATCH", f"/projects/{id}", {"status": "archived"})["data"]
    assert (moved["status"], moved["archived_at"]) == ("archived", "2026-04-07T10:00:00.000Z")
    assert caller.ok("PATCH", f"/projects/{id}", {"status": "archived", "name": "Table"})["data"]["name"] == "Table"
    document = workshop()
    del document["x-resources"]["projects"]["life-cycle"]["reopen"]
    del document["paths"]["/projects/{project_id}/reopen"]
    document["x-resources"]["projects"]["life-cycle"]["archive"]["from"] = []
    other = Caller(worlds(api(document, "workshop")))
    id = other.ok("POST", "/projects", {"name": "Chair"})["data"]["id"]
    assert other.refused("PATCH", f"/projects/{id}", {"status": "archived"}) == 409
    other.worlds.default.tenants["workshop"]["one"]["projects"].put(
        {**other.ok("GET", f"/projects/{id}")["data"], "status": "archived"}
    )
    assert other.refused("PATCH", f"/projects/{id}", {"status": "open"}) == 409


def test_a_command_names_a_step(caller: Caller) -> None:
    """One that is no step, or that only time takes, is invalid."""
    path = started(caller)
    assert state(caller, path) == "running"
    assert caller.refused("POST", f"{path}/commands", {"command": "start"}) == 409
    for command in ("finish", "stop"):
        refused = caller.send("POST", f"{path}/commands", {"command": command}).json()["error"]["message"]
        assert refused == f"'{command}' is no command; known: start, cancel"


def test_time_takes_a_step(caller: Caller) -> None:
    """Not a moment before; a state that was left in the meantime stays."""
    path = started(caller)
    caller.advance(59.999)
    assert state(caller, path) == "running"
    caller.advance(0.001)
    assert state(caller, path) == "done"
    other = started(Caller(caller.worlds, key="two"))
    two = Caller(caller.worlds, key="two")
    two.ok("POST", f"{other}/commands", {"command": "cancel"})
    caller.advance(100)
    assert state(two, other) == "cancelled"


def test_steps_of_time_follow_each_other(caller: Caller) -> None:
    """Each begins when the one before is taken, also where the clock jumps over both."""
    project = caller.ok("POST", "/projects", {"name": "Chair"})["data"]["id"]
    response = caller.send("POST", f"/projects/{project}/exports")
    path = f"/exports/{response.json()['id']}"
    assert (response.status, response.json()["status"]) == (202, "queued")
    caller.advance(1)
    assert caller.ok("GET", path)["status"] == "running"
    caller.advance(10)
    assert caller.ok("GET", path)["url"].endswith(response.json()["id"])
    second = caller.ok("POST", f"/projects/{project}/exports")["id"]
    caller.advance(1000)
    assert caller.ok("GET", f"/exports/{second}")["status"] == "done"


def test_a_deleted_record_takes_no_step(caller: Caller) -> None:
    """Its timer finds nothing, and no failure is recorded."""
    path = started(caller)
    caller.ok("DELETE", path)
    caller.advance(100)
    assert caller.refused("GET", path) == 404
    assert [one for one in caller.worlds.default.journal if one.error] == []


def test_timers_survive_export_and_import(caller: Caller) -> None:
    """What is due comes at its time in the restored world."""
    path = started(caller)
    caller.advance(30)
    exported = caller.raw("GET", "/__mock__/state").json()
    caller.advance(100)
    assert caller.raw("PUT", "/__mock__/state", exported).status == 204
    assert state(caller, path) == "running"
    caller.advance(29)
    assert state(caller, path) == "running"
    caller.advance(1)
    assert state(caller, path) == "done"


def test_a_state_that_was_entered_again_begins_its_time_again() -> None:
    """The timer of the first time does nothing."""
    cycle = {
        "member": "state",
        "end": {"from": ["queued"], "to": "done", "after": 10},
        "run": {"from": ["queued"], "to": "running"},
        "wait": {"from": ["running"], "to": "queued"},
    }
    paths = {
        "/jobs": {"post": operation("make", "Job", status="201", body={"type": "object"})},
        "/jobs/{id}": {"get": operation("read", "Job", path="id")},
        "/jobs/{id}/run": {"post": operation("run", "Job", path="id")},
        "/jobs/{id}/wait": {"post": operation("wait", "Job", path="id")},
    }
    jobs = {"schema": "Job", "create": {"target": "x"}, "life-cycle": cycle}
    caller = Caller(worlds(api(document(paths, {"Job": JOB}, {"jobs": jobs}))))
    path = f"/jobs/{caller.ok('POST', '/jobs', {})['id']}"
    caller.advance(5)
    caller.ok("POST", f"{path}/run")
    caller.ok("POST", f"{path}/wait")
    caller.advance(5)
    assert caller.ok("GET", path)["state"] == "queued"
    caller.advance(5)
    assert caller.ok("GET", path)["state"] == "done"


def test_after_may_be_an_assumption() -> None:
    """Each world takes its own number of seconds."""
    assumption = {"id": "declared.jobs.time", "text": "?", "source": "?", "default": 5, "alternatives": [50]}
    cycle = {"member": "state", "end": {"from": ["queued"], "to": "done", "after": {"assumption": assumption["id"]}}}
    paths = {
        "/jobs": {"post": operation("make", "Job", status="201", body={"type": "object"})},
        "/jobs/{id}": {"get": operation("read", "Job", path="id")},
    }
    jobs = {"schema": "Job", "create": {"target": "x"}, "life-cycle": cycle}
    served = api(document(paths, {"Job": JOB}, {"jobs": jobs}, **{"x-assumptions": [assumption]}))
    for assume, expected in (({}, "done"), ({assumption["id"]: 50}, "queued")):
        caller = Caller(worlds(served, assume=assume))
        id = caller.ok("POST", "/jobs", {})["id"]
        caller.advance(5)
        assert caller.ok("GET", f"/jobs/{id}")["state"] == expected


def test_a_creation_by_a_job_comes_when_the_job_ends(jobs: Api) -> None:
    """202 with the job; the record is there once time has brought the job to its end."""
    caller = Caller(worlds(jobs))
    job = caller.ok("POST", "/things", {"name": "x"})
    assert (job["state"], job["target"]) == ("queued", "1")
    caller.advance(1)
    assert caller.ok("GET", "/things") == []
    caller.advance(2)
    assert caller.ok("GET", f"/jobs/{job['id']}")["state"] == "done"
    assert caller.ok("GET", "/things") == [{"id": "1", "name": "x"}]


def test_jobs_are_done_in_their_order_and_see_each_other(jobs: Api) -> None:
    """Two updates both hold; a record that is gone when its turn comes makes the job fail."""
    caller = Caller(worlds(jobs))
    for name in ("x", "y"):
        caller.ok("POST", "/things", {"name": name})
    assert caller.refused("PATCH", "/things/1", {"size": 1}) == 404
    caller.advance(5)
    caller.ok("PATCH", "/things/1", {"size": 1})
    caller.ok("PATCH", "/things/1", {"name": "z"})
    caller.advance(5)
    assert caller.ok("GET", "/things/1") == {"id": "1", "name": "z", "size": 1}
    assert caller.send("DELETE", "/things/1").status == 202
    late = caller.ok("PATCH", "/things/1", {"size": 2})["id"]
    caller.advance(5)
    assert caller.refused("GET", "/things/1") == 404
    failed = caller.ok("GET", f"/jobs/{late}")
    assert (failed["state"], failed["why"]) == ("failed", "It is gone")
    assert caller.refused("PATCH", "/things/1", {"size": 2}) == 404


def test_what_jobs_will_do_survives_export_and_import(jobs: Api) -> None:
    """A restored world carries out what the exported one had begun; a number stays taken."""
    caller = Caller(worlds(jobs))
    caller.ok("POST", "/things", {"name": "x"})
    exported = caller.raw("GET", "/__mock__/state").json()
    assert caller.raw("POST", "/__mock__/reset").status == 204
    assert caller.raw("PUT", "/__mock__/state", exported).status == 204
    caller.ok("POST", "/things", {"name": "y"})
    caller.advance(5)
    assert [one["id"] for one in caller.ok("GET", "/things")] == ["1", "2"]


def test_a_job_without_a_failing_step_ends_as_ever() -> None:
    """What could not be done is not done; two creations of one name leave the first."""
    job = {"x-operation": {"job": {"resource": "jobs", "set": {"target": "$id"}}}}
    paths = {
        "/things": {
            "post": operation("make", "Job", status="202", body="Thing", **job),
            "get": operation("list", "[Thing]"),
        },
        "/jobs/{id}": {"get": operation("job", "Job", path="id")},
    }
    cycle = {"member": "state", "end": {"from": ["queued"], "to": "done", "after": 1}}
    resources = {"things": {"schema": "Thing", "key": "name", "id": "$request.body#/name"}}
    resources["jobs"] = {"schema": "Job", "life-cycle": cycle}
    caller = Caller(worlds(api(document(paths, {"Thing": THING, "Job": JOB}, resources))))
    made = [caller.ok("POST", "/things", {"name": "x", "size": size})["id"] for size in (1, 2)]
    caller.advance(1)
    assert [caller.ok("GET", f"/jobs/{id}")["state"] for id in made] == ["done", "done"]
    assert caller.ok("GET", "/things") == [{"name": "x", "size": 1}]
