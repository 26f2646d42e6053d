"""Every mutant of an API is caught by the contract tests of the rules that it breaks, and every rule has a mutant."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

import pytest

from understudy import apis
from understudy.document.operation import Operation
from understudy_checks.client import Client
from understudy_checks.discovery import find_all_arguments
from understudy_checks.mutation import Mutant, mutants, survivors
from understudy_checks.nextstep.driver import run_tasks, runs
from understudy_checks.routes import path_and_query
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

MUTANTS = [mutant for api in apis.NAMES for mutant in mutants(api)]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.api}-{mutant.name}")
def test_mutant_is_caught(mutant: Mutant) -> None:
    """Each rule that a mutant names has a check that fails on it."""
    assert survivors(mutant) == ()


@pytest.mark.parametrize("api", apis.NAMES)
def test_every_rule_has_a_mutant(api: str) -> None:
    """No rule is without a mutant, and no mutant names a rule that the document does not have."""
    assert {rule for mutant in mutants(api) for rule in mutant.rules} == {
        rule.id for rule in installed.document(api).rules
    }


@pytest.mark.parametrize("api", apis.NAMES)
def test_mutants_are_told_apart(api: str) -> None:
    """Every mutant has a name of its own: no two sentences have the same words."""
    names = Counter(mutant.name for mutant in mutants(api))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("api", apis.NAMES)
def test_mutants_read_as_sentences(api: str) -> None:
    """The text of every mutant is one line of several words, with a capital letter or a name first and a full stop."""
    sentence = re.compile(r"[A-Z0-9`]\S*( \S+){2,}\.")
    assert [mutant.text for mutant in mutants(api) if not sentence.fullmatch(mutant.text)] == []


@pytest.mark.parametrize("api", apis.NAMES)
def test_the_mock_itself_passes(api: str) -> None:
    """The checks find nothing wrong with the API as it is: a mutant that changes nothing survives."""
    rules = tuple(rule.id for rule in installed.document(api).rules)[::5]
    assert survivors(Mutant("Nothing is wrong.", rules, lambda declared: declared)) == rules


@pytest.mark.deep(one_in=3)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.api}-{mutant.name}")
def test_mutant_is_otherwise_sound(mutant: Mutant) -> None:
    """A mutant is wrong in what it says and does not fall over elsewhere: other people's tests are run on it, too."""
    with mock(mutant.breaks(installed.declared(mutant.api))).open() as client:
        sent = [(step, client.transport(client.request(**step))) for step in _tour(mutant.api)]
    failed = [(step, response.body) for step, response in sent if response.status >= 500]
    assert not failed or " 500" in mutant.text


MORE: dict[str, tuple[Any, ...]] = {
    "publishProcessTemplate": ({"published": False}, {"published": True}, {"published": None}),
    "createProcessRun": (
        {},
        {"name": "", "title": "Other", "due_date": "2026-05-01", "actor_email": "nobody"},
        {"title": "Only", "due_date": "soon"},
        {"custom_elements": [{"task_id": "none", "element_id": "none", "value": None}]},
        {"custom_elements": []},
        {"template_id": "unknown"},
        {"template_id": {}, "name": {}},
    ),
    "updateRunTask": (
        {"completed": False},
        {"completed": True, "actor_email": "nobody"},
        {"assignee": "nobody"},
        {"actor_email": "nobody"},
        {"custom_elements": [{"id": "none", "value": 1}]},
        {"custom_elements": []},
        {"completed": {}, "assignee": [], "custom_elements": {}},
    ),
}
ODD: tuple[Any, ...] = (
    None,
    0,
    -1.5,
    True,
    "",
    "text",
    "2026-05-01",
    "a+b@c.example",
    "https://a/b?c",
    [],
    ["x"],
    {},
    [{}],
)
QUERIES = ("", "limit=2", "limit=0", "cursor=none", "status=active", "status=none", "template_id=none&status=completed")


@cache
def _tour(api: str) -> list[dict[str, Any]]:
    """Requests to every operation, with ids that exist and others, queries and bodies of all kinds."""
    with mock(api).open() as client:
        steps = [step for operation in client.contract.operations.values() for step in _steps(client, operation)]
        return steps + (list(_element_steps(client)) if api == "nextstep" else [])


def _steps(client: Client, operation: Operation) -> Iterator[dict[str, Any]]:
    known = list(islice(find_all_arguments(client, operation), 40))[::8]
    unknown = [(dict.fromkeys(found.arguments, "unknown"), found.body) for found in known[:1]]
    for arguments, body in (*known, *unknown):
        path, _ = path_and_query(operation, arguments)
        step = {"method": operation.method, "path": path}
        yield step
        if operation.pagination is not None:
            yield from ({**step, "query": query} for query in QUERIES)
        if operation.body is not None:
            yield from ({**step, "json": {**(body or {}), **more}} for more in ({}, *MORE.get(operation.id, ())))
            yield {**step, "json": {}}


def _element_steps(client: Client) -> Iterator[dict[str, Any]]:
    """Updates of an element of each type with values of all kinds."""
    seen: set[str] = set()
    for run in runs(client, status="active"):
        for task in run_tasks(client, run["id"]):
            for element in task["custom_elements"]:
                if element["type"] not in seen:
                    seen.add(element["type"])
                    path = f"/process-runs/{run['id']}/tasks/{task['id']}"
                    for value in (*ODD, *element.get("options", ())):
                        items = [{"id": element["id"], "value": value}]
                        yield {"method": "PATCH", "path": path, "json": {"custom_elements": items}}
                        yield {"method": "GET", "path": path}
