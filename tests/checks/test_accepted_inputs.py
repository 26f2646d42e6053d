"""Inputs that our documents allow: the mock takes them, or `refused_inputs.yaml` has its refusal with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from understudy import apis
from understudy.document.operation import Operation
from understudy_checks.client import Client, Skipped
from understudy_checks.discovery import FoundArguments, call, find_all_arguments
from understudy_checks.generic.test_conformance import _cases, _sent
from understudy_checks.target.mock import Mock, mock

TABLE = Path(__file__).with_name("refused_inputs.yaml")
TARGETS: dict[str, Mock] = {api: mock(api) for api in apis.NAMES}
OPERATIONS = [
    pytest.param(api, operation, id=operation.id)
    for api, target in TARGETS.items()
    for operation in target.contract.operations.values()
]
QUICK, DEEP = 4, 60  # inputs of an operation
MOST = 12  # arguments that are tried until one is accepted


@cache
def known_refusals() -> list[Mapping[str, Any]]:
    """The refusals that have a reason."""
    return list(yaml.safe_load(TABLE.read_text()))


def reason(operation: Operation, status: int, text: str) -> Mapping[str, Any] | None:
    """Return the entry that explains a refusal."""
    for entry in known_refusals():
        if operation.id in entry["operations"] and status == entry["status"] and re.search(entry["says"], text):
            return entry
    return None


ORG, TEMPLATE, STEP, TASK = "YOUR_ORGANIZATION_ID", "template_timeline_id", "step_id_welcome", "task_id_1"


def prepared_arguments(client: Client, operation: Operation) -> FoundArguments | None:
    """Make what no list of the seed leads to; returns the arguments that name it."""
    at = f"/organizations/{ORG}"
    usual = {"org_id": ORG, "checklist_id": TEMPLATE, "step_id": STEP, "task_id": TASK, "run_id": "run_id_abc"}

    def made(path: str, body: Any) -> Any:
        return client.send("POST", f"{at}{path}", json=body).json()["data"]["id"]

    if operation.id in ("updateComment", "deleteComment"):
        usual["comment_id"] = made(f"/tasks/{TASK}/comment", {"content": "Made"})
    elif operation.id in ("setFieldValue", "setGuestFieldValue"):
        path = f"/checklists/{TEMPLATE}/steps/step_id_setup/captures"
        field = made(path, {"label": "Made", "field_type": "text", "required": False})
        named = {"org_id": ORG, "guest_id": "guest@customer.example"}
        return FoundArguments(named, {"id": f"task_id_2:{field}"})
    elif operation.id in ("reorderFields", "updateField", "deleteField", "moveField"):
        path = f"/checklists/{TEMPLATE}/steps/{STEP}/captures"
        usual["field_id"] = made(path, {"label": "Made", "field_type": "text", "required": False})
        body = {"capture_id": usual["field_id"]} if operation.id == "reorderFields" else None
        return FoundArguments(usual, {"target_step_id": STEP} if operation.id == "moveField" else body)
    elif operation.id in ("updateAutomation", "deleteAutomation"):
        path = f"/checklists/{TEMPLATE}/automated-actions"
        usual["automation_id"] = made(path, {"conditions": [], "then_actions": []})
    elif operation.id != "getAutomaticDeadline":
        return None
    return FoundArguments({**usual, "task_id": TASK if "comment_id" in usual else "task_id_2"}, None)


def usual_arguments(client: Client, operation: Operation) -> FoundArguments | None:
    """Return the first arguments from the seed that the mock accepts, else the first ones."""
    found = []
    for _, arguments in zip(range(MOST), find_all_arguments(client, operation), strict=False):
        found.append(arguments)
        with TARGETS[client.contract.name].open() as other:
            if call(other, operation, arguments).status < 300:
                return arguments
    return found[0] if found else None


def refusals(api: str, operation: Operation, examples: int) -> list[tuple[int, str]]:
    """Send inputs that the schema allows, on objects of the seed; returns the refusals that nothing explains."""
    target, unexplained = TARGETS[api], []
    with target.open() as client:
        usual = usual_arguments(client, operation) or prepared_arguments(client, operation)
    if usual is None and any(parameter.location == "path" for parameter in operation.parameters):
        raise Skipped(f"no data of the seed lead to {operation.id}")

    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.data())
    def send(draws: st.DataObject) -> None:
        case = draws.draw(_cases(api, operation.path, operation.method, schemathesis.GenerationMode.POSITIVE))
        with target.open() as client:
            arguments = prepared_arguments(client, operation) or usual
            response = client.send(**_sent(_prepared(case, arguments)))
            text = response.body.decode("utf-8", "replace")
            if response.status >= 400 and reason(operation, response.status, text) is None:
                unexplained.append((response.status, text))

    send()
    return unexplained


def _prepared(case: schemathesis.Case[Any], usual: FoundArguments | None) -> requests.PreparedRequest:
    """The request of a case on the usual objects."""
    if usual is not None:
        case.path_parameters = {name: usual.arguments[name] for name in case.path_parameters or {}}
        case.query = {**(case.query or {}), **{n: v for n, v in usual.arguments.items() if n in (case.query or {})}}
        if isinstance(case.body, dict):
            case.body = {**case.body, **(usual.body or {})}
    case.headers = {**(case.headers or {}), "x-tallyfy-client": "x", "accept": "application/json"}
    return requests.Request(**case.as_transport_kwargs(base_url="http://target")).prepare()


def assert_accepted(api: str, operation: Operation, examples: int) -> None:
    """Assert that inputs are accepted, or refused for a reason; skips what the start state has no objects for."""
    try:
        unexplained = refusals(api, operation, examples)
    except Skipped as skipped:
        pytest.skip(str(skipped))
    assert unexplained == []


@pytest.mark.parametrize(("api", "operation"), OPERATIONS)
def test_what_the_schema_allows_is_accepted(api: str, operation: Operation) -> None:
    """No input that fits the document is refused without a reason that stands in the table."""
    assert_accepted(api, operation, QUICK)


@pytest.mark.deep
@pytest.mark.parametrize(("api", "operation"), OPERATIONS)
def test_what_the_schema_allows_is_accepted_at_length(api: str, operation: Operation) -> None:
    """No more inputs of an operation are refused without a reason, either."""
    assert_accepted(api, operation, DEEP)


def test_each_reason_is_a_rule_or_an_assumption() -> None:
    """What the table gives as a reason stands in the document of its operations."""
    for entry in known_refusals():
        contract = TARGETS[entry["decided"].partition(".")[0]].contract
        assert set(entry["operations"]) <= contract.operations.keys(), entry
        assert entry["decided"] in {*contract.assumptions, *(rule.id for rule in contract.rules)}, entry


def test_an_unexplained_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its entry a refusal is found."""
    monkeypatch.setitem(globals(), "known_refusals", list)
    (operation,) = (param.values[1] for param in OPERATIONS if param.id == "purgeGuest")
    assert {status for status, _ in refusals("tallyfy", operation, QUICK)} == {422}
