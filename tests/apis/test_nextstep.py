"""Promises of the NextStep mock alone: outbox, events, traces, start states, and the effect of each alternative."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from conftest import KEY, MANY, Client
from understudy.apis.nextstep.run_tasks import RunTasks
from understudy.engine.worlds import Worlds

Assuming = Callable[..., Client]
MakeWorlds = Callable[..., Worlds]
RUN = "/process-runs/R1"
TASK = f"{RUN}/tasks/R1a"
START = {"template_id": "T1"}


@pytest.fixture
def client(make_worlds: MakeWorlds, small: dict[str, Any]) -> Client:
    """A client of the small world."""
    return Client(make_worlds(seeds=small, limits={"nextstep": MANY}))


@pytest.fixture
def assuming(make_worlds: MakeWorlds, small: dict[str, Any]) -> Assuming:
    """A client of the small world under other assumptions, each by its id without `nextstep.`."""

    def make(**options: Any) -> Client:
        assume = {f"nextstep.{id}": value for id, value in options.pop("assume").items()}
        return Client(make_worlds(**{"seeds": small, "limits": {"nextstep": MANY}, "assume": assume, **options}))

    return make


def started(client: Client, **body: Any) -> Any:
    """Start a run."""
    response = client.post("/process-runs", START | body)
    assert response.status == 201, response
    return response.json()["data"]


def tasks_of(client: Client, run_id: str) -> list[Any]:
    """List all tasks of a run."""
    return list(client.get(f"/process-runs/{run_id}/tasks?limit=100").json()["data"])


def finished(client: Client, run_id: str) -> Any:
    """Complete each task of a run; returns the run."""
    for task in tasks_of(client, run_id):
        assert client.patch(f"/process-runs/{run_id}/tasks/{task['id']}", {"completed": True}).status == 200
    return client.get(f"/process-runs/{run_id}").json()["data"]


def refusal(client: Client) -> Any:
    """Return the reason of the last refusal."""
    return client.last()["reason"]


# Outbox


def test_attributed_runs_mail_the_workflow_runner(client: Client) -> None:
    """The outbox has a mail to the actor of a run for each task of the workflow runner."""
    run = started(client, actor_email="ANN@x.org")
    (mail,) = client.done("GET", "/outbox")["messages"]
    first = tasks_of(client, run["id"])[0]
    wanted = {"kind": "assignment", "to": "Ann@x.org", "run_id": run["id"], "task_id": first["id"], "tenant": "t1"}
    assert wanted.items() <= mail.items()
    assert (mail["api"], mail["at"]) == ("nextstep", run["created_at"])


def test_runs_of_nobody_send_no_mail(client: Client) -> None:
    """A run that falls back to `api` sends no mail."""
    started(client)
    started(client, actor_email="bob@x.org")
    assert client.done("GET", "/outbox") == {"messages": []}


def test_a_new_assignee_is_mailed_once(client: Client) -> None:
    """A new assignee gets one mail; assigning the same member again sends none."""
    for assignee in ("ann@X.org", "u1", "u1"):
        assert client.patch(TASK, {"assignee": assignee}).status == 200
    assert [mail["to"] for mail in client.done("GET", "/outbox?api=nextstep")["messages"]] == ["Ann@x.org"]


def test_the_outbox_is_filtered_by_api(client: Client) -> None:
    """An unknown API is reported with the nearest one."""
    client.patch(TASK, {"assignee": "u1"})
    response = client.control("GET", "/outbox?api=nextstop")
    assert response.status == 400
    assert response.json()["detail"] == "api: nextstop is not served here; did you mean nextstep?"


# What a person does in the app


def test_skipping_the_last_open_task_completes_the_run(client: Client) -> None:
    """A skipped last task completes the run, and the trace of the event names the rule."""
    run = started(client)
    first, second, third = tasks_of(client, run["id"])
    assert client.event("skip-task", run_id=run["id"], task_id=first["id"]).json()["result"]["skipped"]
    for task in (second, third):
        client.patch(f"/process-runs/{run['id']}/tasks/{task['id']}", {"completed": True})
    told = client.get(f"/process-runs/{run['id']}").json()["data"]
    assert (told["status"], told["completed_at"]) == ("completed", "2026-04-07T10:00:00.000Z")


@pytest.mark.parametrize("event", ["skip-task", "approve-task", "reject-task"])
@pytest.mark.parametrize(
    ("run_id", "task_id", "status"), [("R9", "x", 404), ("R1", "x", 404), ("X1", "R1a", 404), ("R2", None, 409)]
)
def test_events_name_a_task_of_an_active_run(
    client: Client, event: str, run_id: str, task_id: str | None, status: int
) -> None:
    """An event for an unknown run or task answers 404, for a completed run 409."""
    id = task_id or tasks_of(client, "R2")[2]["id"]
    assert client.event(event, run_id=run_id, task_id=id).status == status


def test_essential_tasks_cannot_be_skipped(client: Client) -> None:
    """An essential or a completed task cannot be skipped."""
    first, second, _ = tasks_of(client, "R1")
    assert "essential" in client.event("skip-task", run_id="R1", task_id=second["id"]).json()["detail"]
    client.event("skip-task", run_id="R1", task_id=first["id"])
    assert "skipped already" in client.event("skip-task", run_id="R1", task_id=first["id"]).json()["detail"]
    client.patch(TASK, {"completed": True})
    assert "completed already" in client.event("skip-task", run_id="R1", task_id=first["id"]).json()["detail"]


@pytest.mark.parametrize(("actor", "by"), [("ann@x.org", "u1"), ("bob@x.org", "u1"), (None, "u1")])
def test_approving_completes_the_approval(client: Client, actor: str | None, by: str) -> None:
    """An approval is completed once, by the named member, else by its assignee."""
    first, _, approval = tasks_of(client, "R1")
    named = {} if actor is None else {"actor_email": actor}
    done = client.event("approve-task", run_id="R1", task_id=approval["id"], **named).json()["result"]
    assert (done["completed"], done["completed_by"]) == (True, by)
    assert client.event("approve-task", run_id="R1", task_id=approval["id"]).status == 409
    assert client.event("approve-task", run_id="R1", task_id=first["id"]).status == 409


@pytest.mark.parametrize(("reopens", "second_is_open"), [("previous", True), ("none", False)])
def test_rejecting_opens_work_again(assuming: Assuming, reopens: str, second_is_open: bool) -> None:
    """A rejected approval is open, and by default so is the task before it."""
    client = assuming(assume={"tasks.rejection-reopens": reopens})
    _, second, approval = tasks_of(client, "R1")
    for task in (second, approval):
        client.patch(f"{RUN}/tasks/{task['id']}", {"completed": True})
    assert not client.event("reject-task", run_id="R1", task_id=approval["id"]).json()["result"]["completed"]
    assert [task["completed"] for task in tasks_of(client, "R1")] == [False, not second_is_open, False]
    assert client.control("PUT", "/state", client.done("GET", "/state")).status == 204, "the open tasks are counted"
    for number, task in enumerate(tasks_of(client, "R1")):
        assert client.get(RUN).json()["data"]["status"] == "active", f"{number} of 3 are done"
        client.patch(f"{RUN}/tasks/{task['id']}", {"completed": True})
    assert client.get(RUN).json()["data"]["status"] == "completed"


def test_rejecting_the_first_task_opens_it_alone(client: Client) -> None:
    """A rejected approval without a task before it reopens alone; a second rejection changes nothing."""
    client.event("edit-template", template_id="T1", tasks=[{"title": "Decide", "type": "approval"}, {"title": "Then"}])
    client.post("/process-templates/T1/publish", {"published": False})
    client.post("/process-templates/T1/publish", {"published": True})
    run = started(client)
    approval = tasks_of(client, run["id"])[0]
    client.event("approve-task", run_id=run["id"], task_id=approval["id"])
    for _ in range(2):
        result = client.event("reject-task", run_id=run["id"], task_id=approval["id"]).json()["result"]
        assert (result["completed"], result["completed_at"], result["completed_by"]) == (False, None, None)
    assert approval["assignee"] is None


def test_an_approval_of_nobody_is_approved_by_api(client: Client) -> None:
    """An approval without member and assignee is approved by `api`."""
    client.event("edit-template", template_id="T2", tasks=[{"title": "Decide", "type": "approval"}])
    client.post("/process-templates/T2/publish", {})
    run = started(client, template_id="T2")
    task = tasks_of(client, run["id"])[0]
    result = client.event("approve-task", run_id=run["id"], task_id=task["id"]).json()["result"]
    assert result["completed_by"] == "api"


@pytest.mark.parametrize(("live", "titles"), [("on-publish", ["Fill in", "Check", "Decide"]), ("at-once", ["New"])])
def test_edits_wait_for_publishing(assuming: Assuming, live: str, titles: list[str]) -> None:
    """New runs have the edits of a template after it is published again, or by assumption at once."""
    client = assuming(assume={"templates.edits-go-live": live})
    edited = client.event("edit-template", template_id="T1", title="Hiring 2", tasks=[{"title": "New"}]).json()[
        "result"
    ]
    assert (edited["title"], edited["updated_at"]) == ("Hiring 2", "2026-04-07T10:00:00.000Z")
    assert [task["title"] for task in tasks_of(client, started(client)["id"])] == titles
    assert [task["title"] for task in client.get("/process-templates/T1/tasks").json()["data"]] == ["New"]


def test_runs_keep_their_own_copy(client: Client) -> None:
    """An existing run has no later edit of its template."""
    before = client.get(f"{RUN}/tasks").body, client.get(RUN).body
    client.event("edit-template", template_id="T1", title="Else", description=None, sections=[], tasks=[])
    client.post("/process-templates/T1/publish", {"published": False})
    client.post("/process-templates/T1/publish", {"published": True})
    assert (client.get(f"{RUN}/tasks").body, client.get(RUN).body) == before
    assert tasks_of(client, started(client)["id"]) == []


def test_edited_templates_are_known(client: Client) -> None:
    """Editing an unknown template answers 404; an edit without tasks keeps them."""
    assert client.event("edit-template", template_id="T9").status == 404
    before = client.get("/process-templates/T1/tasks").body
    assert client.event("edit-template", template_id="T1", description="New").status == 200
    assert client.get("/process-templates/T1/tasks").body == before
    assert client.get("/process-templates/T1").json()["data"]["description"] == "New"


def test_revoked_keys_are_no_good(client: Client) -> None:
    """A revoked key is refused at once; an unknown one cannot be revoked."""
    assert client.event("revoke-key", key="nope").status == 404
    assert client.event("revoke-key", key=KEY).json()["result"] == {"key": KEY, "state": "revoked"}
    assert (client.get(RUN).status, refusal(client)) == (401, "auth")


def test_lapsing_reaches_one_team(client: Client) -> None:
    """The keys of a lapsed team answer 403, its revoked ones 401; other teams are unaffected."""
    assert client.event("lapse-subscription").json()["result"] == {"team_id": "t1", "state": "lapsed"}
    answers = [
        client.get("/process-runs", authorization=f"Bearer {key}").status for key in (KEY, "old", "other", "unpaid")
    ]
    assert answers == [403, 401, 200, 403]
    client.event("lapse-subscription", tenant="t2")
    assert client.get("/process-runs", authorization="Bearer other").status == 403


# What an alternative changes beside what its probe sees (tests/checks/test_kit_probes.py)


CHANGES: list[tuple[str, Any, str, str, Any, Callable[[Any], Any], Any, Any]] = [
    # assumption, alternative, call, what is read of the answer, by default, under the alternative
    ("errors.foreign-object", "forbidden", "GET", "/process-templates/X2", None, lambda r: r.status, 404, 404),
    ("errors.foreign-object", "forbidden", "POST", "/process-runs", {"template_id": "X1"}, lambda r: r.status, 404,
    403),
    ("pagination.limit-out-of-range", "clamp", "GET", "/process-runs?limit=101", None, lambda r: len(data(r) or ()),
    0, 2),
    ("templates.publish-without-flag", "reject", "POST", "/process-templates/T2/publish", None, lambda r: r.status,
     200, 400),
    ("templates.republish", "reject", "POST", "/process-templates/T2/publish", {"published": False},
    lambda r: r.status, 200, 400),
    ("tasks.scalar-values", "coerce", "PATCH", TASK, {"custom_elements": [{"id": "name", "value": True}]},
    lambda r: r.status < 400 and values(r)["name"], False, "true"),
]  # fmt: skip


def data(response: Any) -> Any:
    """The data of a response; None in a refusal."""
    return response.json().get("data")


def code(response: Any) -> Any:
    """The code of a refusal."""
    return response.json()["error"]["code"]


def message(response: Any) -> Any:
    """The message of a refusal."""
    return response.json()["error"]["message"]


def values(response: Any) -> dict[str, Any]:
    """The values of a task by element id."""
    return {element["id"]: element["value"] for element in data(response)["custom_elements"]}


@pytest.mark.parametrize(
    ("assumption", "alternative", "method", "target", "content", "read", "by_default", "instead"),
    [pytest.param(*row, id=f"{row[0]}={json.dumps(row[1])}-{number}") for number, row in enumerate(CHANGES)],
)
def test_an_alternative_has_its_own_effect(
    client: Client,
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
    assert read(client.send(method, f"/api/v1{target}", content)) == by_default
    other = assuming(assume={assumption: alternative})
    assert read(other.send(method, f"/api/v1{target}", content)) == instead
    trace = {entry["id"]: entry["basis"] for entry in other.last()["trace"]["decided"]}
    assert trace[f"nextstep.{assumption}"] == "assumed"


@pytest.mark.parametrize(("assignee", "value"), [(None, None), ("api", "api")])
def test_tasks_of_the_runner_of_nobody(assuming: Assuming, assignee: Any, value: Any) -> None:
    """In a run without an actor, the workflow runner's tasks are nobody's, or by assumption `api`'s."""
    client = assuming(assume={"runs.unattributed-assignee": value})
    assert tasks_of(client, started(client)["id"])[0]["assignee"] == assignee


def test_completion_may_come_later(assuming: Assuming) -> None:
    """With a delay, the run is active after its last task and completed at the scheduled time."""
    client = assuming(assume={"runs.completion-delay": 2})
    assert finished(client, "R1")["status"] == "active"
    client.done("POST", "/clock/advance", {"seconds": 1.999})
    assert client.get(RUN).json()["data"]["status"] == "active"
    client.done("POST", "/clock/advance", {"seconds": 10})
    run = client.get(RUN).json()["data"]
    assert (run["status"], run["completed_at"]) == ("completed", "2026-04-07T10:00:02.000Z")


def test_a_task_opened_again_in_time_keeps_the_run_active(assuming: Assuming) -> None:
    """A scheduled completion does nothing if a task is open again."""
    client = assuming(assume={"runs.completion-delay": 2})
    finished(client, "R1")
    client.patch(TASK, {"completed": False})
    client.done("POST", "/clock/advance", {"seconds": 5})
    assert client.get(RUN).json()["data"]["status"] == "active"


def test_runs_that_end_in_the_same_moment_both_complete(assuming: Assuming) -> None:
    """Two completions scheduled for the same time both run."""
    client = assuming(assume={"runs.completion-delay": 2})
    other = started(client)["id"]
    finished(client, "R1")
    finished(client, other)
    client.done("POST", "/clock/advance", {"seconds": 2})
    assert [client.get(f"/process-runs/{id}").json()["data"]["status"] for id in ("R1", other)] == ["completed"] * 2


@pytest.mark.parametrize(("touched", "updated_at"), [(True, "2026-04-07T10:00:00.000Z"), (False, None)])
def test_a_task_may_touch_its_run(assuming: Assuming, touched: bool, updated_at: str | None) -> None:
    """Updating a task sets `updated_at` of the run, or not."""
    client = assuming(assume={"runs.touched-by-tasks": touched})
    client.patch(TASK, {"assignee": "u1"})
    assert client.get(RUN).json()["data"]["updated_at"] == updated_at


def test_an_update_that_changes_nothing_touches_nothing(client: Client) -> None:
    """An update with the current values keeps `updated_at` of the run."""
    client.patch(TASK, {"custom_elements": [{"id": "name", "value": "Jo"}], "completed": False})
    assert client.get(RUN).json()["data"]["updated_at"] is None


@pytest.mark.parametrize("answer", [{"status": 409, "code": "conflict"}, {"status": 422, "code": "validation_error"}])
def test_a_locked_run_has_a_status_of_its_own(assuming: Assuming, answer: Any) -> None:
    """One assumption sets status and code for tasks of a completed run."""
    client = assuming(assume={"tasks.locked-run-status": answer})
    response = client.patch(f"/process-runs/R2/tasks/{tasks_of(client, 'R2')[0]['id']}", {"completed": False})
    assert (response.status, code(response), refusal(client)) == (answer["status"], answer["code"], "state")


def test_required_elements_may_hold_a_completion_up(assuming: Assuming) -> None:
    """By assumption a task with an unset required element cannot be completed, unless the same call sets it."""
    client = assuming(assume={"tasks.required-on-completion": True})
    client.patch(TASK, {"custom_elements": [{"id": "name", "value": ""}]})
    assert "Name" in message(client.patch(TASK, {"completed": True}))
    assert client.patch(TASK, {"completed": True, "custom_elements": [{"id": "name", "value": "Jo"}]}).status == 200


@pytest.mark.parametrize(("policy", "at", "by"), [("unchanged", 0, "api"), ("refreshed", 5, "u1")])
def test_completing_twice(assuming: Assuming, policy: str, at: int, by: str) -> None:
    """Completing a completed task keeps time and person, or renews both."""
    client = assuming(assume={"tasks.recompletion": policy})
    client.patch(TASK, {"completed": True})
    client.done("POST", "/clock/advance", {"seconds": 5})
    task = client.patch(TASK, {"completed": True, "actor_email": "ann@x.org"}).json()["data"]
    assert (task["completed_at"], task["completed_by"]) == (f"2026-04-07T10:00:0{at}.000Z", by)


@pytest.mark.parametrize(("policy", "status"), [("completes", 200), ("reject", 400)])
def test_completing_what_was_skipped(assuming: Assuming, policy: str, status: int) -> None:
    """A skipped task can be completed and is then not skipped, or cannot."""
    client = assuming(assume={"tasks.completing-skipped": policy})
    client.event("skip-task", run_id="R1", task_id="R1a")
    assert client.patch(TASK, {"completed": True}).status == status
    assert client.get(TASK).json()["data"]["skipped"] == (status == 400)


@pytest.mark.parametrize(("policy", "status"), [("completes", 200), ("reject", 400)])
def test_completing_an_approval(assuming: Assuming, policy: str, status: int) -> None:
    """An approval can be completed through the API, or in the app only."""
    client = assuming(assume={"tasks.completing-approval": policy})
    assert client.patch(f"{RUN}/tasks/{tasks_of(client, 'R1')[2]['id']}", {"completed": True}).status == status


@pytest.mark.parametrize("counts", [False, True])
def test_a_skipped_task_may_show_as_completed(assuming: Assuming, counts: bool) -> None:
    """By assumption a skipped task has `completed: true`, in lists and by its id."""
    client = assuming(assume={"tasks.skipped-counts-as-completed": counts})
    client.event("skip-task", run_id="R1", task_id="R1a")
    assert client.get(TASK).json()["data"]["completed"] is counts
    assert tasks_of(client, "R1")[0]["completed"] is counts


@pytest.mark.parametrize(
    ("type", "text", "kept"),
    [("email", "jane", "jane"), ("website", "example.org", "example.org"), ("date", "soon", "soon")],
)
def test_formats_may_go_unchecked(assuming: Assuming, type: str, text: str, kept: str) -> None:
    """By assumption text of any format is stored."""
    for checked in (True, False):
        client = assuming(assume={"tasks.format-checks": checked})
        run = with_element(client, type)
        response = client.patch(run, {"custom_elements": [{"id": "e", "value": text}]})
        assert (values(response)["e"] == kept) if not checked else response.status == 400


def with_element(client: Client, type: str, **more: Any) -> str:
    """The path of a task with one element, of a type."""
    element = {"id": "e", "type": type, "label": "E", **more}
    client.event("edit-template", template_id="T2", tasks=[{"title": "One", "custom_elements": [element]}])
    client.post("/process-templates/T2/publish", {"published": True})
    run = started(client, template_id="T2")
    return f"/process-runs/{run['id']}/tasks/{tasks_of(client, run['id'])[0]['id']}"


@pytest.mark.parametrize(
    ("type", "given", "kept"),
    [
        ("number", "42", 42), ("number", "-1.5", -1.5), ("checkbox", "true", True), ("checkbox", "false", False),
        ("shortText", 1.5, "1.5"), ("longText", False, "false"), ("date", "2026-04-07", "2026-04-07"),
    ],
)  # fmt: skip
def test_coerced_values(assuming: Assuming, type: str, given: Any, kept: Any) -> None:
    """By assumption a value that parses as the element's type is converted."""
    client = assuming(assume={"tasks.scalar-values": "coerce"})
    path = with_element(client, type)
    assert values(client.patch(path, {"custom_elements": [{"id": "e", "value": given}]}))["e"] == kept


@pytest.mark.parametrize(
    ("type", "given"), [("number", "many"), ("checkbox", "yes"), ("shortText", []), ("number", {})]
)
def test_what_does_not_read_as_the_type_is_not_coerced(assuming: Assuming, type: str, given: Any) -> None:
    """Coercion converts no words to numbers and no objects or lists."""
    client = assuming(assume={"tasks.scalar-values": "coerce"})
    path = with_element(client, type)
    assert client.patch(path, {"custom_elements": [{"id": "e", "value": given}]}).status == 400


def test_an_element_type_of_the_future_takes_any_value(client: Client) -> None:
    """An element of an undocumented type accepts any value."""
    path = with_element(client, "signature")
    assert values(client.patch(path, {"custom_elements": [{"id": "e", "value": {"by": "Jo"}}]}))["e"] == {"by": "Jo"}


def test_prefilled_values_stand_beside_unset_ones(client: Client) -> None:
    """Pre-filling sets all named elements, the last value of each; others stay unset."""
    items = [("name", "Jo"), ("team", "Sales"), ("name", "Ann")]
    run = started(client, custom_elements=[{"task_id": "a", "element_id": id, "value": value} for id, value in items])
    assert values_of(tasks_of(client, run["id"])[0]) == {"note": None, "name": "Ann", "team": "Sales", "tools": None}


def values_of(task: Any) -> dict[str, Any]:
    """The values of a task by element id."""
    return {element["id"]: element["value"] for element in task["custom_elements"]}


def test_internal_errors_have_the_vendors_shape(assuming: Assuming) -> None:
    """An internal error is a 500 in the envelope, or by assumption a 503; the journal has its traceback."""
    for answer in ({"status": 500, "code": "internal_error"}, {"status": 503, "code": "unavailable"}):
        client = assuming(assume={"errors.internal": answer})
        client.worlds.default.tenants["nextstep"]["t1"]["templates"]._rows["T1"] = b"{"  # what no API can do
        response = client.post("/process-runs", START)
        assert (response.status, code(response), refusal(client)) == (answer["status"], answer["code"], "internal")
        assert "DecodeError" in client.last()["error"]


# Traces


def test_a_trace_tells_the_steps_and_what_decided(client: Client) -> None:
    """The trace of a refusal ends with the refusing step and names rule and assumptions with their basis."""
    client.patch(f"/process-runs/R2/tasks/{tasks_of(client, 'R2')[0]['id']}", {"completed": False})
    trace = client.last()["trace"]
    assert trace["steps"] == ["route", "fault", "authenticate", "admit", "validate", "run"]
    basis = {entry["id"]: entry["basis"] for entry in trace["decided"]}
    assert basis["nextstep.completion.locked"] in ("documented", "implied")
    assert basis["nextstep.tasks.locked-run-status"] == "assumed"
    assert all(entry["text"] for entry in trace["decided"])


@pytest.mark.parametrize(
    ("element", "rule"),
    [("note", "nextstep.elements.text-is-read-only"), ("team", "nextstep.elements.dropdown-options"),
     ("tools", "nextstep.elements.multichoice-options")],
)  # fmt: skip
def test_a_refused_value_names_its_rule(client: Client, element: str, rule: str) -> None:
    """The trace names the rule that refused an element's value."""
    client.patch(TASK, {"custom_elements": [{"id": element, "value": ["x"]}]})
    assert rule in [entry["id"] for entry in client.last()["trace"]["decided"]]


# State and seeds


def everything(client: Client) -> list[bytes]:
    """The bytes of all readable responses."""
    runs = client.get("/process-runs?limit=100")
    templates = client.get("/process-templates?limit=100")
    targets = [f"/process-runs/{run['id']}{more}" for run in runs.json()["data"] for more in ("", "/tasks")]
    targets += [f"/process-templates/{t['id']}{more}" for t in templates.json()["data"] for more in ("", "/tasks")]
    return [runs.body, templates.body, *(client.get(target).body for target in targets)]


def worked(client: Client) -> list[bytes]:
    """Use every operation; returns the bytes of all responses."""
    answers = [
        client.post("/process-runs", START | {"actor_email": "ann@x.org", "name": "New"}),
        client.patch(TASK, {"completed": True, "custom_elements": [{"id": "team", "value": "Sales"}]}),
        client.event("edit-template", template_id="T2", tasks=[{"title": "Fresh"}]),
        client.post("/process-templates/T2/publish", {"published": True}),
        client.control("POST", "/clock/advance", {"seconds": 61.5}),
        client.post("/process-runs", {"template_id": "T2"}),
        client.post("/process-runs", {"template_id": "T9"}),
        client.control("POST", "/faults", {"status": 503, "times": 1}),
        client.get("/process-runs"),
    ]
    return [answer.body for answer in answers] + everything(client)


def test_the_same_calls_give_the_same_bytes(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """Servers of one seed answer equal calls with equal bytes; another seed gives other ids."""
    first, second = (Client(make_worlds(seeds=small, seed="a")) for _ in range(2))
    assert worked(first) == worked(second)
    assert first.worlds.default.export() == second.worlds.default.export()
    assert worked(Client(make_worlds(seeds=small, seed="b"))) != worked(Client(make_worlds(seeds=small, seed="a")))


def test_an_exported_state_goes_on_elsewhere(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """A state that is restored in another server gives the same bytes, now and later."""
    one, other = Client(make_worlds(seeds=small)), Client(make_worlds(seeds=small, seed="else"))
    worked(one)
    state = one.done("GET", "/state")
    other.done("PUT", "/state", state)
    assert other.done("GET", "/state") == state
    assert everything(one) == everything(other)
    assert worked(one) == worked(other)


def test_pending_completions_travel_with_the_state(assuming: Assuming) -> None:
    """A scheduled job runs in the server that the state is restored in."""
    one = assuming(assume={"runs.completion-delay": 2})
    other = assuming(assume={})
    finished(one, "R1")
    other.done("PUT", "/state", one.done("GET", "/state"))
    other.done("POST", "/clock/advance", {"seconds": 2})
    assert other.get(RUN).json()["data"]["status"] == "completed"


def test_the_built_in_state_survives_a_round_trip(worlds: Worlds) -> None:
    """The fixtures' state gives the same bytes after export and restore."""
    client = Client(worlds)
    before = everything(client)
    client.done("PUT", "/state", client.done("GET", "/state"))
    assert everything(client) == before


SEEDS: list[tuple[str, Callable[[Any], Any], str]] = [
    ("no teams", lambda teams: teams.clear(), "teams: [] has less than 1 item"),
    ("unknown member", lambda teams: teams[0].update(colour=1), "/teams/0: Additional properties are not allowed"),
    ("unknown key state", lambda teams: teams[0]["keys"][0].update(state="lost"), "/teams/0/keys/0/state: "),
    ("date", lambda teams: teams[0]["templates"][0].update(created_at="2026"), "2026"),
    ("unknown template", lambda teams: teams[0]["runs"][0].update(template_id="T9"),
    "t1: run R1: there is no template T9"),
    ("unknown task", lambda teams: teams[0]["runs"][0]["tasks"][0].update(template_task_id="aa"),
    "run R1: task aa: the template has no such task; did you mean a?"),
    ("unknown element", lambda teams: teams[0]["runs"][0]["tasks"][0].update(values={"x": 1}),
    "run R1: task a: it has no element x"),
    ("completed too early", lambda teams: teams[0]["runs"][0].update(status="completed"),
    "t1: run R1 is completed with 3 open tasks"),
    ("active too long", lambda teams: teams[0]["runs"][1].update(status="active"),
    "t1: run R2 is active with 0 open tasks"),
    ("no options", lambda teams: teams[0]["templates"][0]["tasks"][0]["custom_elements"][2].pop("options"),
     "nextstep/t1: editions.0.tasks.0.custom_elements.2"),
    ("run status", lambda teams: teams[0]["runs"][0].update(status="paused"),
    '/teams/0/runs/0/status: "paused" is not one of'),
]  # fmt: skip


@pytest.mark.parametrize(("damage", "message"), [pytest.param(*row[1:], id=row[0]) for row in SEEDS])
def test_a_seed_that_does_not_fit_is_refused(
    make_worlds: MakeWorlds, small: dict[str, Any], damage: Callable[[Any], Any], message: str
) -> None:
    """A fixture that violates the document or itself is refused with its pointer."""
    content = json.loads(json.dumps(small))
    damage(content["nextstep"]["teams"])
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the message is what counts
        make_worlds(seeds=content)
    assert message in str(error.value)


def test_a_seeded_task_needs_an_id(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """A seed's task without an id is refused."""
    content = json.loads(json.dumps(small))
    del content["nextstep"]["teams"][0]["templates"][0]["tasks"][0]["id"]
    with pytest.raises(ValueError, match="/teams/0/templates/0/tasks/0"):
        make_worlds(seeds=content)


# Task ids


def test_every_position_has_an_id_that_leads_back(client: Client) -> None:
    """Task ids of a run are distinct, have 20 characters, and identify their position."""
    store = client.worlds.default.tenants["nextstep"]["t1"]
    run, progress = store["runs"].get("R2"), store["progress"].get("R2")
    tasks = RunTasks(store, run, progress)
    made = [tasks.id(position) for position in range(2_000)]
    assert len(set(made)) == 2_000
    assert {len(id) for id in made} == {20}
    assert [tasks.position(id) for id in made[:3]] == [0, 1, 2]
    assert tasks.position(made[3]) is None, "there are only three tasks"


@pytest.mark.parametrize("id", ["", "x" * 20, "x" * 16 + "é" * 4, "R1a ", "0" * 19])
def test_no_other_text_is_a_task(client: Client, id: str) -> None:
    """Text that is no task id of the run identifies no task."""
    store = client.worlds.default.tenants["nextstep"]["t1"]
    assert RunTasks(store, store["runs"].get("R2"), store["progress"].get("R2")).position(id) is None
