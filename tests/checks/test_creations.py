"""What the kit knows to have made itself: it deletes nothing else on a target that others use."""

from __future__ import annotations

import json

import pytest

from understudy.engine.exchange import Request, Response
from understudy_checks.creations import Creation, creations
from understudy_checks.target import installed

JSON = ((b"content-type", b"application/json"),)
ORG = "/organizations/o"


def made(id: str, path: str, body: str = "{}", answer: str = '{"data": {"id": "new"}}') -> list[Creation]:
    """What an operation of Tallyfy made, by the path that was asked and the answer."""
    contract = installed.document("tallyfy")
    request = Request("POST", f"/api{ORG}{path}", "", (), body.encode())
    return creations(contract, contract.operations[id], "/api", request, Response(201, JSON, answer.encode()))


@pytest.mark.parametrize(
    ("operation", "path", "object"),
    [
        ("createTag", "/tags", "/tags/new"),
        ("inviteMember", "/users/invite", "/users/new"),
        ("cloneTemplate", "/checklists/t/clone", "/checklists/new"),
        ("cloneStep", "/checklists/t/steps/s/clone", "/checklists/t/steps/new"),
        ("addTag", "/checklists/tags", "/checklists/tags/new"),
        ("uploadAsset", "/assets", "/assets/new"),
    ],
)
def test_what_is_made_is_found_where_it_is_deleted(operation: str, path: str, object: str) -> None:
    """Also if it is made by an action, as a copy, or where no list is."""
    assert made(operation, path) == [Creation(f"/api{ORG}{object}", True)]


@pytest.mark.parametrize(
    ("operation", "path", "body", "answer"),
    [
        ("completeOneOffTask", "/completed-tasks", {"task_id": "known"}, {"id": "known"}),
        ("resetDeadline", "/runs/r/tasks/known/reset-deadline", {}, {"id": "known"}),
        ("reportProblem", "/tasks/t/problem", {"content": "Broken"}, {"id": "new"}),
        ("exportRun", "/runs/r/export", {}, {"ok": True}),
    ],
)
def test_what_was_there_before_is_not_made(operation: str, path: str, body: object, answer: object) -> None:
    """A change answers the object that it was asked to change, and a part of one is no object of its own."""
    assert made(operation, path, json.dumps(body), json.dumps({"data": answer})) == []
