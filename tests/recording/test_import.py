"""The objects of a recording as the start state of a built-in API: reads are answered again, clients go on.

The recordings are of services whose objects no usual start state has, and of what the vendors' pages print.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import live_service
import understudy
from understudy.apis import start_states
from understudy.cli import main
from understudy.document.seed_file import SeedError
from understudy.engine.api import Api
from understudy.engine.exchange import Headers, Request, Response
from understudy.recording import files
from understudy.recording.picked import Picker
from understudy.recording.recorded import Recorded, Recording
from understudy_checks.target import installed

VENDORS = ("nextstep", "kognitos", "tallyfy")
FIXTURES = Path(__file__).parents[2] / "fixtures"
HERE = "http://127.0.0.1:8629"
JSON: Headers = ((b"content-type", b"application/json"),)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder, and the APIs that are declared already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("understudy.apis.declare", {name: installed.declared(name) for name in VENDORS}.__getitem__)
    return tmp_path


def record(api: str, name: str = "session.yaml") -> list[Recorded]:
    """Write the session of an API."""
    exchanges = list(live_service.session(api))
    Path(name).write_text(files.dumps(exchanges, "yaml"))
    return exchanges


def exchange(method: str, target: str, answer: Any, sent: Any = None, *, status: int = 200, **more: Any) -> Recorded:
    """An exchange of these parts."""
    path, _, query = target.partition("?")
    body = b"" if sent is None else json.dumps(sent).encode()
    content = b"" if answer is None else json.dumps(answer).encode()
    return Recorded(Request(method, path, query, JSON, body), Response(status, JSON, content), **more)


def learned(api: str, *exchanges: Recorded) -> tuple[Any, list[str]]:
    """The first tenant of the seed that exchanges give, and what is told."""
    declared: Api = installed.declared(api)
    recording = Recording(Path("session.yaml"), tuple(one._replace(number=n) for n, one in enumerate(exchanges, 1)))
    picked, _ = Picker([declared]).pick(recording)
    start = start_states.start_of(declared, picked, installed.seeds()[api], "recorded")
    ((_, tenants),) = start.content.items()
    return tenants[0], start.prepared.lines()


@pytest.mark.parametrize("api", VENDORS)
def test_a_session_of_unknown_objects_plays_as_it_was(
    folder: Path, api: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it reads is made its start state, and what it changes and makes then follows; all of it is told."""
    record(api)
    assert main(["replay", "session.yaml", "--api", api]) == 0
    out = capsys.readouterr().out
    assert f"assumed: {api}: start state: only what the recording shows was there, since the usual start state" in out
    assert f"(--assume {api}.import.start=usual)" in out
    assert "it is read, but never created" in out
    assert "a list goes on behind what was read: it is made up" in out


@pytest.mark.parametrize("api", VENDORS)
def test_the_usual_start_state_can_be_taken(folder: Path, api: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Then what it lacks is told; another word is refused with the nearest right one."""
    record(api)
    main(["replay", "session.yaml", "--api", api, "--assume", f"{api}.import.start=usual"])
    assert "read, but never created, and not in the usual start state" in capsys.readouterr().out
    assert main(["replay", "session.yaml", "--api", api, "--assume", f"{api}.import.start=recordd"]) == 2
    assert "did you mean recorded?" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*/recordings/*d-*[!d].yaml")), ids=lambda path: path.stem)
def test_what_a_page_prints_is_answered_again(folder: Path, path: Path) -> None:
    """Without its own seed file, too: the answers to its reads are enough."""
    if path.name.endswith(".seed.yaml") or path.stem == "documented-dropdown-error":  # that one is only refused
        pytest.skip("it is no recording of what is read")
    (folder / path.name).write_bytes(path.read_bytes())
    api = path.parents[1].name
    assert main(["replay", path.name, "--api", api, "--assume", f"{api}.import.start=recorded"]) == 0


def test_a_client_goes_on_where_the_recording_began(folder: Path) -> None:
    """The task that was read is open, can be completed, and the run has one less."""
    record("nextstep")
    with understudy.MockServer("nextstep", recordings=["session.yaml"], listen=False) as server:
        ask = _asking(server)
        run = ask("GET", "/process-runs?limit=5")["data"][0]
        first = next(one for one in ask("GET", f"/process-runs/{run['id']}/tasks")["data"] if not one["completed"])
        done = ask("PATCH", f"/process-runs/{run['id']}/tasks/{first['id']}", {"completed": True})["data"]
        assert (done["id"], done["completed"]) == (first["id"], True)
        assert server.clock.now.isoformat() == "2026-04-07T10:00:01+00:00"
        assert any("start state: only what the recording shows" in line for line in server.notices)


def _asking(server: understudy.MockServer) -> Callable[..., Any]:
    import httpx

    client = httpx.Client(transport=server.transport, base_url=server.base_url)
    client.headers["Authorization"] = f"Bearer {server.api_key}"
    return lambda method, path, body=None: client.request(method, path, json=body).json()


def test_a_server_of_tests_takes_recordings() -> None:
    """Files that cannot be used are refused in one line; a clock that is given stands before theirs."""
    with pytest.raises(ValueError, match=r"none\.har: No such file"):
        understudy.MockServer("nextstep", recordings=["none.har"], listen=False)


RUNS, TASK = "/api/v1/process-runs", {"template_task_id": "step", "title": "Sign", "order": 1, "completed": True}
RUN = {"id": "run", "template_id": "template", "title": "Jane", "created_at": "2026-03-01T00:00:00.000Z"}


def data(*items: Any, **more: Any) -> Any:
    """An answer of NextStep or Tallyfy: a list, or one object."""
    return {"data": list(items) if len(items) != 1 else items[0], **more}


def test_a_task_that_is_first_seen_completed_was_open() -> None:
    """So was its run, whose template gets the tasks between; persons are named by their addresses."""
    task = {**TASK, "id": "task", "completed_by": "u1", "assignee": "u2"}
    elements = [
        {"id": "e1", "type": "shortText", "label": "Name", "value": "J"},
        {"id": "e2", "type": "date", "label": "D"},
    ]
    sent = {"completed": True, "actor_email": "a@b.example", "assignee": "c@d.example"}
    sent["custom_elements"] = [{"id": "e1", "value": "J"}]
    completed = {**RUN, "status": "completed", "completed_at": "2026-03-02T00:00:00.000Z"}
    team, told = learned(
        "nextstep",
        exchange("PATCH", f"{RUNS}/run/tasks/task", data({**task, "custom_elements": elements}), sent),
        exchange("GET", f"{RUNS}/run", data(completed)),
        exchange("PATCH", f"{RUNS}/run/tasks/task", data(task), {"assignee": "u2"}),
    )
    (run,), (template,) = team["runs"], team["templates"]
    assert (run["status"], run["tasks"][0]["completed"], run["tasks"][0]["values"]) == (
        "active",
        False,
        {"e1": None, "e2": None},
    )
    assert [step["id"] for step in template["tasks"]] == ["template-0", "step"]
    assert {one["user_id"]: one["email"] for one in team["members"]} == {"u1": "a@b.example", "u2": "c@d.example"}
    assert "assumed: nextstep: runs run: it is first seen after a change, which is undone" in told


def test_a_completed_run_has_its_tasks_completed() -> None:
    """Those that were not read, too; an active one has an open task; other tasks than the template's are its own."""
    team, _ = learned(
        "nextstep",
        exchange(
            "GET", f"{RUNS}/run", data({**RUN, "status": "completed", "completed_at": "2026-03-02T00:00:00.000Z"})
        ),
        exchange("GET", f"{RUNS}/other", data({**RUN, "id": "other", "status": "active", "sections": [{"id": "s"}]})),
        exchange(
            "GET",
            f"{RUNS}/other/tasks",
            data({**TASK, "order": 0, "id": "task"}, {**TASK, "id": "t2", "template_task_id": "s2"}),
        ),
        exchange("GET", "/api/v1/process-templates/template/tasks", {"data": [{"id": "step", "title": "Sign it"}]}),
    )
    other, run = team["runs"]
    assert [one["completed"] for one in run["tasks"]] == [True] * 3
    assert [one["title"] for one in other["edition"]] == ["Sign", "Sign", "Not read"]
    alone, _ = learned("nextstep", exchange("GET", f"{RUNS}/run", data({**RUN, "status": "completed"})))
    assert len(alone["templates"][0]["tasks"]) == 1


def test_a_start_tells_of_its_template() -> None:
    """It is published, and has the tasks, fields and title that the start and its run show."""
    values = [("a", "text"), ("b", 5), ("c", True), ("d", ["x"])]
    sent = {
        "template_id": "template",
        "custom_elements": [{"task_id": "s1", "element_id": e, "value": v} for e, v in values],
    }
    sent["custom_elements"].append({"task_id": "s1", "element_id": "a", "value": "again"})
    run = {**RUN, "sections": [{"id": "s", "title": "First"}], "started_by": "api"}
    team, _ = learned("nextstep", exchange("POST", RUNS, data(run), sent, status=201))
    (template,) = team["templates"]
    assert (template["is_published"], template["title"], template["sections"][0]["title"]) == (True, "Jane", "First")
    kinds = [one["type"] for one in template["tasks"][0]["custom_elements"]]
    assert (team["runs"], kinds) == ([], ["shortText", "number", "checkbox", "multichoice"])
    known = exchange("GET", f"{RUNS}/run/tasks", {"data": [{**TASK, "order": 0, "id": "task", "assignee": "u1"}]})
    odd = exchange("GET", f"{RUNS}/run/tasks/x", data({"id": "x"}))
    team, _ = learned(
        "nextstep", exchange("POST", RUNS, data(run), {"template_id": "template", "name": "J"}), known, odd
    )
    assert [step["id"] for step in team["templates"][0]["tasks"]] == ["step"]
    refused, _ = learned("nextstep", exchange("POST", RUNS, data(run), [], status=201))
    assert refused["templates"] == []


@pytest.mark.parametrize(("published", "version"), [(True, 2), (False, 3)])
def test_a_publication_is_undone(published: bool, version: int) -> None:
    """A template that is first seen published was not; one that was read before was as it was read."""
    template = {"id": "template", "title": "T", "is_published": published, "version": 3, "sections": []}
    path = "/api/v1/process-templates/template"
    change = exchange("POST", f"{path}/publish", data(template), {"published": published})
    team, _ = learned("nextstep", change)
    assert (team["templates"][0]["is_published"], team["templates"][0]["version"]) == (not published, version)
    team, _ = learned("nextstep", exchange("GET", path, data({**template, "is_published": True})), change)
    assert team["templates"][0]["is_published"] is True


def test_lists_are_filled_where_they_go_on() -> None:
    """Not behind a list that was read to its end, nor for an object that the recording made; odd times are made up."""
    paging = {"pagination": {"has_more": True, "next_cursor": "x"}}
    listed = {"data": [{**RUN, "created_at": "soon"}], **paging}
    end = exchange("GET", f"{RUNS}?cursor=x", {"data": [], "pagination": {"has_more": False, "next_cursor": None}})
    team, _ = learned("nextstep", exchange("GET", f"{RUNS}?limit=1&status=active", listed))
    assert [one["id"] for one in team["runs"]] == ["run-0", "run"]
    team, _ = learned("nextstep", exchange("GET", f"{RUNS}?limit=1&status=active", listed), end)
    assert [one["id"] for one in team["runs"]] == ["run"]
    made = exchange("POST", RUNS, data(RUN), {"template_id": "template"}, status=201)
    team, _ = learned("nextstep", made, exchange("GET", f"{RUNS}?limit=1", listed))
    assert team["runs"] == []
    assert learned("nextstep", exchange("GET", RUNS, {"data": []}))[0]["runs"] == []


AGENT, PROCESS = "a" * 25, "p" * 25
STARTED = {"agent_id": AGENT, "process_id": PROCESS, "name": "Jane", "stage": "Draft"}


def run_of(status: str, at: int | None, **more: Any) -> Recorded:
    """A run of Kognitos, read at a time."""
    run = {**STARTED, "id": "r" * 25, "created_at": "2026-04-07T10:00:00", "status": status, **more}
    return exchange("GET", f"/v2/runs/{'r' * 25}", run, at=at)


def test_a_run_goes_the_way_that_it_went() -> None:
    """Its status changes when a later one showed; without times it stays."""
    second = live_service.NOW
    states = [run_of("Created", second), run_of("Running", second + 9000), run_of("Failed", second + 20_000)]
    (run,) = learned("kognitos", *states)[0]["runs"]
    assert (run["status"], run["outcome"]) == ("Created", "Failed")
    assert run["ends_at"] == "2026-04-07T10:00:20.000Z"
    (run,) = learned("kognitos", run_of("Created", None), run_of("Running", None))[0]["runs"]
    assert run.keys() & {"pending_at", "ends_at"} == set()
    (run,) = learned("kognitos", run_of("Running", second), run_of("Odd", second + 1))[0]["runs"]
    assert run["status"] == "Running"


@pytest.mark.parametrize("at", [live_service.NOW, None])
def test_a_started_run_tells_of_the_course_of_its_process(at: int | None) -> None:
    """How long it was in each status, its outcome and outputs."""
    made = exchange("POST", "/v2/runs", {**STARTED, "id": "r" * 25, "status": "Created"}, STARTED, status=201, at=at)
    polled = [] if at is None else [run_of("Pending", at + 2000), run_of("Running", at + 4000)]
    (process,) = learned("kognitos", made, *polled)[0]["processes"]
    assert process.get("seconds") == (None if at is None else {"created": 2.0, "pending": 2.0, "running": 5})
    outputs = [{"name": "n", "value": 1}]
    ended = [] if at is None else [*polled, run_of("Succeeded", at + 9000, outputs=outputs)]
    (process,) = learned("kognitos", made, *ended)[0]["processes"]
    assert process.get("outputs") == (None if at is None else outputs)
    assert learned("kognitos", exchange("POST", "/v2/runs", {}, [], status=201))[0]["processes"] == []


def test_kognitos_lists_are_filled_where_they_go_on() -> None:
    """Not with a copy of a run that the recording made; a run without a time gets one."""
    target = f"/v2/runs?agent_id={AGENT}&process_id={PROCESS}"
    items = {"items": [{**STARTED, "id": "r" * 25, "status": "Running"}], "continuation_token": "x"}
    organization, _ = learned("kognitos", exchange("GET", target, items))
    assert len(organization["runs"]) == 2
    made = exchange("POST", "/v2/runs", {**STARTED, "id": "r" * 25}, STARTED, status=201)
    organization, _ = learned("kognitos", made, exchange("GET", target, items))
    assert organization["runs"] == []
    nothing = learned("kognitos", exchange("GET", "/v2/health", {"status": "OK"}))[0]
    assert all("agent_id" not in key for key in nothing["keys"])


BASE = "/api/organizations/org1"
PERSON = {"id": 7, "email": "a@b.example", "first_name": "A", "last_name": "B", "role": "admin"}
PROCESS_RUN = {"id": "run", "increment_id": 5, "checklist_id": "template", "name": "Jane", "started_by": 7}
STEP_TASK = {"id": "task", "title": "Call", "run_id": "run", "checklist_id": "template", "step_id": "step"}


def test_tallyfy_tasks_are_as_they_were_before_they_were_completed() -> None:
    """A completed one was open, a reopened one completed; the run is active, its owners are there."""
    owners = {"users": [7], "groups": ["g"], "guests": ["x@y.example"]}
    fields = data({"id": "f1", "label": "L", "field_type": "date"}, {"id": "f0", "label": "M", "field_type": "text"})
    done = {**STEP_TASK, "status": "completed", "completed_at": "2026-04-07T10:00:00Z", "taskdata": {"f1": "x"}}
    reopened = {**STEP_TASK, "id": "t2", "step_id": "s2", "last_updated": "2026-04-07T10:00:00Z"}
    complete = {**PROCESS_RUN, "status": "complete", "prerun": {"k": 1}, "form_fields": fields}
    complete["ko_form_fields"] = data({"id": "k", "label": "K", "field_type": "text"})
    organization, _ = learned(
        "tallyfy",
        exchange("POST", f"{BASE}/runs/run/completed-tasks", data({**done, "owners": owners}), {"task_id": "task"}),
        exchange("DELETE", f"{BASE}/runs/run/completed-tasks/t2", data(reopened)),
        exchange("GET", f"{BASE}/runs/run/tasks/task", data({**done, "form_fields": fields, "problem": True})),
        exchange("GET", f"{BASE}/runs/run", data(complete)),
    )
    (run,), (template,) = organization["runs"], organization["templates"]
    assert [task["status"] for task in run["tasks"]] == ["not-started", "completed"]
    assert "completed_at" not in run
    assert [one["id"] for one in organization["groups"]] == ["g"]
    assert [one["email"] for one in organization["guests"]] == ["x@y.example"]
    assert [one["label"] for one in template["steps"][0]["captures"]] == ["L", "M"]
    assert [one["label"] for one in template["prerun"]] == ["K"]


def test_tallyfy_runs_have_the_states_that_they_show() -> None:
    """Open kick-off forms, issues and problems; of a completed one, all tasks are."""
    runs = [
        {**PROCESS_RUN, "id": "r1", "status": "issue", "prerun_status": "incomplete"},
        {**PROCESS_RUN, "id": "r2", "status": "problem", "progress": {"complete": 1, "total": 2, "percent": 50}},
        {**PROCESS_RUN, "id": "r3", "status": "complete", "completed_at": "2026-04-07T10:00:00Z"},
    ]
    organization, _ = learned("tallyfy", exchange("GET", f"{BASE}/runs", {"data": runs}))
    third, second, first = organization["runs"]
    assert [len(one["tasks"]) for one in organization["runs"]] == [2, 2, 2]
    assert (first["kickoff"], first["issue"]) == ("open", "Not read")
    assert [task.get("status") for task in second["tasks"]] == ["completed", None]
    assert second["tasks"][1]["problem"] == "Not read"
    assert {task["status"] for task in third["tasks"]} == {"completed"}


def test_tallyfy_tasks_of_odd_states_are_open() -> None:
    """As are those without one; one-off tasks stand by themselves."""
    odd = {**STEP_TASK, "run_id": None, "step_id": None, "checklist_id": None}
    tasks = [
        {**odd, "status": "odd"},
        {**odd, "id": "t2", "status": "completed", "problem": True},
        {**odd, "id": "t3", "status": "not-started", "completed_at": "2026-04-07T10:00:00Z"},
    ]
    organization, _ = learned("tallyfy", exchange("GET", f"{BASE}/tasks", {"data": tasks}))
    first, second, third = organization["tasks"]
    assert (first["status"], third["completed_at"]) == ("not-started", None)
    assert (second["completed_at"], second["problem"]) == ("2025-01-01T00:00:00Z", "Not read")
    organization, _ = learned("tallyfy", exchange("PUT", f"{BASE}/tasks/task", data(odd), {"title": "x"}))
    assert organization["tasks"][0]["id"] == "task"


def test_a_launch_tells_of_template_and_caller() -> None:
    """Its tasks come again when it is played; who launched it has the token."""
    launched = {**PROCESS_RUN, "tasks": data({"id": "t1"}), "progress": {"complete": 0, "total": 1, "percent": 0}}
    sent = {"checklist_id": "template"}
    launch = exchange("POST", f"{BASE}/runs", data(launched), sent, status=201)
    task = exchange("GET", f"{BASE}/runs/run/tasks/task", data(STEP_TASK))
    organization, _ = learned("tallyfy", launch, task)
    assert (organization["runs"], organization["tasks"], organization["tokens"][0]["user"]) == ([], [], "7")
    assert [one["id"] for one in organization["templates"][0]["steps"]] == ["step"]
    organization, _ = learned("tallyfy", exchange("POST", f"{BASE}/runs", data(launched), {**sent, "user_id": 7}))
    assert len(organization["templates"][0]["steps"]) == 1
    group = exchange("POST", f"{BASE}/groups", data({"id": "g", "name": "G"}), {"name": "G"}, status=201)
    organization, _ = learned("tallyfy", group)
    assert (organization["groups"], len(organization["people"])) == ([], 1)


def test_steps_and_named_members_are_read() -> None:
    """Those of a template, by itself; members are in the order of their list; nothing else is taken."""
    step = {"id": "step", "title": "Call", "captures": [{"id": "f", "label": "L", "field_type": "text"}]}
    organization, _ = learned(
        "tallyfy",
        exchange("GET", f"{BASE}/checklists/template/steps", {"data": [step]}),
        exchange("GET", f"{BASE}/users", {"data": [{**PERSON, "id": 9, "email": "n@b.example"}, PERSON]}),
        exchange("GET", f"{BASE}/search?search=x", {"data": []}),
        exchange("GET", f"{BASE}/users/7", data(PERSON)),
    )
    assert organization["templates"][0]["steps"][0]["captures"][0]["label"] == "L"
    assert [one["id"] for one in organization["people"]] == ["9", "7"]


def test_what_does_not_fit_is_left_out() -> None:
    """A value that breaks the document; a record that cannot be made is told."""
    listed = exchange("GET", RUNS, {"data": [{**RUN, "status": "odd", "title": 5}, {**RUN, "id": "two"}]})
    team, told = learned("nextstep", listed)
    assert [(one["id"], one.get("title")) for one in team["runs"]] == [("two", "Jane"), ("run", None)]
    again = exchange(
        "GET", f"/v2/runs/{'x' * 40}", {**STARTED, "id": "x" * 40, "status": "Running", "created_at": "soon"}
    )
    organization, told = learned("kognitos", again)
    assert organization["runs"] == []
    assert any(line.startswith(f"kognitos: runs {'x' * 40} cannot be made: ") for line in told)


def test_a_start_state_that_answers_otherwise_is_not_taken(folder: Path) -> None:
    """A server answers what was recorded, even of an object that the usual start state has otherwise."""
    template = installed.seeds()["nextstep"]["teams"][0]["templates"][0]
    shown = {
        name: template[name] for name in ("id", "description", "is_published", "version", "created_at", "updated_at")
    }
    one = exchange(
        "GET", f"/api/v1/process-templates/{template['id']}", data({**shown, "title": "Ours", "sections": []})
    )
    Path("one.har").write_text(files.dumps([one._replace(at=live_service.NOW, origin=HERE)], "har"))
    with understudy.MockServer("nextstep", recordings=["one.har"], clock="real", listen=False) as server:
        assert _asking(server)("GET", f"/process-templates/{template['id']}")["data"]["title"] == "Ours"
    assert main(["replay", "one.har", "--api", "nextstep", "-q"]) == 1


def test_a_server_keeps_the_usual_start_state_that_answers_as_recorded(folder: Path) -> None:
    """It has more than a recording can show."""
    refused = {"error": {"code": "not_found", "message": "Process run not found"}}
    one = exchange("GET", f"{RUNS}/unknown", refused, status=404, origin=HERE)
    template = installed.seeds()["nextstep"]["teams"][0]["templates"][0]["id"]
    start = exchange("POST", RUNS, data({**RUN, "id": "x" * 20}), {"template_id": template}, status=201, origin=HERE)
    Path("one.har").write_text(files.dumps([one, start], "har"))
    assume = {"nextstep.import.start": "usual"}
    with understudy.MockServer("nextstep", recordings=["one.har"], assume=assume, listen=False) as server:
        assert len(_asking(server)("GET", "/process-runs")["data"]) == 20


def test_a_seed_is_mended_where_it_does_not_fit() -> None:
    """A value is left out, then its record; what is wrong in a tenant itself stops the import."""
    declared, usual = installed.declared("nextstep"), installed.seeds()["nextstep"]
    team = {"id": "t", "timezone": "UTC", "members": ["nobody"]}
    team["templates"] = [
        {"id": "a", "title": "A", "is_published": True, "version": 1, "created_at": live_service.AT, "icon": 5},
        {"id": "b", "title": 5, "is_published": True, "version": 1, "created_at": live_service.AT},
    ]
    content, problems = start_states._fitting(declared, {"teams": [team]})
    assert content["teams"][0]["templates"] == [
        {name: value for name, value in team["templates"][0].items() if name != "icon"}
    ]
    assert [line.partition(" cannot be made")[0] for line in problems] == [
        "nextstep: members nobody",
        "nextstep: templates b",
    ]
    with pytest.raises(ValueError, match="timezone"):
        start_states._fitting(declared, {"teams": [{"id": "t", "timezone": 5}]})
    assert start_states.start_of(declared, [], usual).content is usual


@pytest.mark.parametrize("api", VENDORS)
@pytest.mark.parametrize("odd", [None, "", 5, {}, [{}]], ids=json.dumps)
def test_values_that_break_the_document_are_not_learned(api: str, odd: Any) -> None:
    """Wherever they stand, and whether or not a content type says JSON; at worst the seed is refused with a reason."""
    exchanges = []
    for number, one in enumerate(live_service.session(api)):
        sent, answer = (spoiled(body, odd, number) for body in (one.request.body, one.response.body))
        request, response = structs.replace(one.request, body=sent), structs.replace(one.response, body=answer)
        response = structs.replace(response, headers=response.headers if number % 2 else ())
        exchanges.append(one._replace(request=request, response=response))
    with suppress(SeedError):
        learned(api, *exchanges)


def spoiled(body: bytes, odd: Any, number: int) -> bytes:
    """A body with an odd value in some places."""
    value = json.loads(body) if body else None
    for at, holder in enumerate([*holders(value)]):
        for name in list(holder) if isinstance(holder, dict) else range(len(holder)):
            if zlib.crc32(f"{odd} {number} {at} {name}".encode()) % 20 == 0:
                holder[name] = odd
    return json.dumps(value).encode() if body else body


def holders(value: Any) -> Iterator[Any]:
    """The objects and lists of a JSON value."""
    if isinstance(value, dict | list):
        yield value
        for one in value.values() if isinstance(value, dict) else value:
            yield from holders(one)


def test_an_item_that_does_not_fit_leaves_the_others() -> None:
    """They keep their order, and what hangs on their places."""
    runs = [{**RUN, "id": "a"}, 5, {**RUN, "id": "b", "title": 7}, {**RUN, "id": True}, {**RUN, "id": "c"}]
    team, _ = learned("nextstep", exchange("GET", RUNS, {"data": runs, "pagination": {"has_more": False}}))
    assert [one["id"] for one in reversed(team["runs"])] == ["a", "b", "c"]
    assert [one.get("title") for one in reversed(team["runs"])] == [RUN["title"], None, RUN["title"]]


def test_odd_runs_are_read() -> None:
    """One without a template, one that waits, one of the first year."""
    organization, _ = learned("tallyfy", exchange("GET", f"{BASE}/runs/r9", data({"id": "r9", "name": "Jane"})))
    assert organization["templates"][0]["id"] == "template-of-r9"
    at = live_service.NOW
    made = exchange("POST", "/v2/runs", {**STARTED, "id": "r" * 25, "status": "Created"}, STARTED, status=201, at=at)
    (process,) = learned("kognitos", made, run_of("Waiting", at + 9000))[0]["processes"]
    assert "outcome" not in process
    first = {"data": [{**RUN, "created_at": "0001-01-01T00:00:00.000Z"}], "pagination": {"has_more": True}}
    team, _ = learned("nextstep", exchange("GET", f"{RUNS}?limit=1", first))
    assert team["runs"][0]["created_at"] == "2025-01-01T00:00:00.000Z"
