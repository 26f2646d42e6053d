"""Examples as Arazzo workflows: valid, complete, and without secrets."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from elsewhere import PREFIX, TELL, Clock, Elsewhere
from stories import asked
from understudy.apis.own import Own
from understudy.document.model import Rule
from understudy.engine.exchange import Request, Response
from understudy_checks import check
from understudy_checks.budget import Budget
from understudy_checks.check import Failure, Report, RuleResult, Run
from understudy_checks.examples.story import Event, Story, Variable, Wait
from understudy_checks.report import arazzo
from understudy_checks.target import installed
from understudy_checks.target.mock import mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas/arazzo-1.0.json").read_text())


class Drafts(Elsewhere):
    """Starts runs of unpublished templates."""

    def startable(self, team: str, body: Any) -> Any:
        """Any template will do."""
        return self.template(team, body["template_id"])


@pytest.fixture(scope="module")
def report() -> Report:
    """What a check of a server with one bug came to, with the shortest passing examples."""
    clock = Clock()
    server = Drafts(clock)

    def send(request: Request) -> Response:
        headers = {name.decode(): value.decode() for name, value in request.headers}
        status, given, body = server.answer(request.method, request.path, request.query, headers, request.body)
        return Response(status, tuple((name.lower().encode(), text.encode()) for name, text in given.items()), body)

    settings = Settings().merged({**TELL, "writes": True}, {}, source="elsewhere")
    budget = Budget(max_wait=10**9, sleep=clock.advance)
    contract = installed.document("nextstep")
    target = Server(contract, send, PREFIX, settings, name="elsewhere", budget=budget, clock=clock.advance)
    only = ["nextstep.creation.published-only", "nextstep.templates.*", "nextstep.completion.locked"]
    return check.check_target(target, profile="quick", only=only, keep_passing=True)


def told(story: Story, *, failed: bool = True, reason: str = "it is wrong") -> Any:
    """The workflows of one example of one rule."""
    failure = Failure(reason, (), (), story) if failed else None
    run = Run(
        "check",
        "",
        ("nextstep.runs.a",),
        "failed" if failed else "passed",
        None,
        (),
        failure,
        1,
        1,
        Counter(),
        None,
        story,
    )
    result = RuleResult("nextstep", Rule("nextstep.runs.a", "A text.", "Page", "documented"), (run,))
    return valid(arazzo.as_json(Report("http://a", ("nextstep",), "quick", (result,), (), 1, 0.0, 0.1)))


def valid(described: Any) -> Any:
    """A description that fits the schema, but for workflows that it lacks."""
    errors = [error.message for error in Draft202012Validator(SCHEMA).iter_errors(described)]
    assert errors == ([] if described["workflows"] else ["[] should be non-empty"])
    return described


def test_every_example_is_a_workflow_that_fits_the_schema(report: Report) -> None:
    """One for each rule that failed or passed, unless rules share an example; ids are unique."""
    workflows = valid(json.loads(arazzo.arazzo(report) or ""))["workflows"]
    rules = [id for workflow in workflows for id in workflow["x-rules"]]
    assert sorted(rules) == sorted(c.rule.id for c in report.rules if c.outcome != "not_checked")
    assert len({workflow["workflowId"] for workflow in workflows}) == len(workflows) > 4
    assert workflows[0]["x-rules"] == ["nextstep.creation.published-only"]
    assert workflows[0]["x-outcome"] == "failed"


def test_only_what_failed_is_told_where_no_passing_example_was_kept(report: Report) -> None:
    """As without `--all`."""
    runs = {id(run): check.replace(run, passing=()) for run in report.runs}
    rules = tuple(check.replace(c, runs=tuple(runs[id(run)] for run in c.runs)) for c in report.rules)
    (workflow,) = arazzo.as_json(check.replace(report, rules=rules))["workflows"]
    assert workflow["x-rules"] == ["nextstep.creation.published-only"]


def test_a_parameter_beside_other_text_is_a_parameter_of_a_step() -> None:
    """The value for `/crates/{id}.json` is the id alone."""
    file = Path(__file__).parents[1] / "documents/traits/path-suffixes.yaml"
    name = installed.install(Own(file, "suffixes"))
    kept = check.check_target(mock(name), profile="quick", only=["suffixes.deleted.*"], keep_passing=True)
    steps = [step for workflow in valid(arazzo.as_json(kept))["workflows"] for step in workflow["steps"]]
    deleted = [one for step in steps if step["operationId"] == "DELETE /crates/{id}.json" for one in step["parameters"]]
    ids = [one["value"] for one in deleted if one["in"] == "path" and one["name"] == "id"]
    assert ids
    assert all(id.isdigit() for id in ids), ids


def test_steps_are_operations_of_the_document_with_its_parameters(report: Report) -> None:
    """So that any runner of such workflows can find them."""
    operations = installed.document("nextstep").operations
    for step in (step for workflow in arazzo.as_json(report)["workflows"] for step in workflow["steps"]):
        operation = operations[step["operationId"]]
        path = [given["name"] for given in step.get("parameters", []) if given["in"] == "path"]
        assert path == re.findall(r"{(\w+)}", operation.path)


def test_every_expression_names_an_output_of_an_earlier_step(report: Report) -> None:
    """And outputs are declared only where they are used."""
    for workflow in arazzo.as_json(report)["workflows"]:
        declared: set[str] = set()
        used: set[str] = set()
        for step in workflow["steps"]:
            names = set(re.findall(r"\$steps\.(\w+\.outputs\.\w+)", json.dumps(step)))
            assert names <= declared
            used |= names
            declared |= {f"{step['stepId']}.outputs.{name}" for name in step.get("outputs", {})}
        assert used == declared
        inputs = set(re.findall(r"\$inputs\.(\w+)", json.dumps(workflow)))
        assert inputs == set(workflow.get("inputs", {}).get("properties", {}))


def test_no_key_is_told(report: Report) -> None:
    """The inputs of a workflow stand for them."""
    text = arazzo.arazzo(report) or ""
    keys = [
        key for name in TELL if "key" in name for key in ([TELL[name]] if isinstance(TELL[name], str) else TELL[name])
    ]
    assert [key for key in keys if key in text] == []


def test_each_step_is_to_answer_as_it_did_but_the_one_that_was_wrong() -> None:
    """What cleans up after it is one of these."""
    story = (
        asked("GET", "/process-runs"),
        asked("POST", "/process-runs", status=418),
        asked("POST", "/process-runs", is_cleanup=True),
    )
    (workflow,) = told(story)["workflows"]
    assert [step.get("successCriteria") for step in workflow["steps"]] == [
        [{"condition": "$statusCode == 200"}],
        None,
        [{"condition": "$statusCode == 200"}],
    ]
    assert workflow["description"].endswith("(Page; documented)\n\nSeen: it is wrong")
    (passed,) = told(story, failed=False)["workflows"]
    assert all("successCriteria" in step for step in passed["steps"])
    assert "Seen" not in passed["description"]


def test_waits_and_actions_stand_with_the_step_after_them() -> None:
    """Arazzo has no words for them."""
    run = {"data": {"id": "run-1"}}
    story = (
        asked("POST", "/process-runs", run),
        Event("skip-task", {"run_id": "run-1"}),
        Wait(2.5),
        asked("GET", "/process-runs"),
    )
    first, second = told(story)["workflows"][0]["steps"]
    assert first["outputs"] == {"data_id": "$response.body#/data/id"}
    assert second["x-wait-before"] == 2.5
    assert second["x-action-before"] == {"name": "skip-task", "fields": {"run_id": "$steps.call_1.outputs.data_id"}}


@pytest.mark.parametrize(
    ("body", "kind", "told_body"),
    [
        (b'["run-1-2"]', "a/json", {"contentType": "a/json", "payload": ["$steps.call_1.outputs.id"]}),
        (b"for run-1-2!", "text/plain", {"contentType": "text/plain", "payload": "for run-1-2!"}),
        (b"for long-run-1-2!", None, {"payload": "for {$steps.call_1.outputs.long_id}!"}),
        (b"\xff\x00", None, {"payload": "/wA=", "x-payload-encoding": "base64"}),
    ],
)  # fmt: skip
def test_bodies_of_any_kind_are_told(body: bytes, kind: str | None, told_body: Any) -> None:
    """JSON as JSON, text as text, anything else in base64."""
    headers = () if kind is None else (("content-type", (kind,)),)
    created = asked("POST", "/process-runs", {"id": "run-1-2", "long_id": "long-run-1-2"}, headers=())
    if body.startswith(b"for run"):
        created = asked("POST", "/process-runs", {}, headers=())
    *_, step = told(
        (created, asked("POST", "/process-runs", body=body, headers=headers, operation="createProcessRun"))
    )["workflows"][0]["steps"]
    assert step["requestBody"] == told_body


def test_parameters_are_told_as_they_are_before_they_are_encoded() -> None:
    """A runner encodes them itself; a flag has no value."""
    headers = (("x-more", (Variable("HEADER_X_MORE"),)),)
    story = (
        asked("GET", "/process-runs/a%20b/tasks/c", query="q=x%26y+z&flag", headers=headers, operation="getRunTask"),
    )
    assert told(story)["workflows"][0]["steps"][0]["parameters"] == [
        {"name": "runId", "in": "path", "value": "a b"},
        {"name": "taskId", "in": "path", "value": "c"},
        {"name": "q", "in": "query", "value": "x&y z"},
        {"name": "flag", "in": "query", "value": ""},
        {"name": "x-more", "in": "header", "value": "$inputs.HEADER_X_MORE"},
    ]


def test_the_path_of_an_upload_url_is_told_as_it_was() -> None:
    """No expression can name a part of a URL."""
    files = asked("POST", "/process-runs", {"upload_url": "https://a.example/process-runs/up-1"})
    *_, step = told((files, asked("GET", "/process-runs/up-1", headers=(), operation="getProcessRun")))["workflows"][0][
        "steps"
    ]
    assert step["parameters"] == [{"name": "id", "in": "path", "value": "up-1"}]


def test_an_example_that_is_no_sequence_of_operations_is_left_out_and_named() -> None:
    """A path that the document does not know cannot be a step."""
    described = told((asked("GET", "/nowhere", operation=None),))
    assert described["workflows"] == []
    assert "nextstep.runs.a" in described["info"]["description"]


def test_nothing_is_told_of_a_report_without_examples() -> None:
    """The schema wants a workflow."""
    assert arazzo.arazzo(Report("http://a", ("nextstep",), "quick", (), (), 1, 0.0, 0.1)) is None
