"""A user's own document with declared resources: served with state, the rest of it by examples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from declared import workshop
from own_document import Served, served, written
from understudy.apis import own
from understudy.document.compile import ContractError

KEY = {"x-workshop-key": "any"}
NOTES = """
openapi: 3.0.3
info: {title: Notes, version: "1"}
paths:
  /notes:
    get:
      parameters: [{name: tag, in: query, schema: {type: string}}]
      responses: {"200": {description: Some, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Note"}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
      responses:
        "201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
        default: {description: Wrong, content: {application/json: {schema: {type: object, required: [reason], properties: {reason: {type: string}}}}}}
  /notes/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      responses:
        "200": {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Note"}}}}
        "404": {description: None, content: {application/json: {schema: {type: object, required: [reason], properties: {reason: {type: string}}}}}}
  /weather:
    get: {responses: {"200": {description: Now, content: {application/json: {schema: {type: object, required: [sun], properties: {sun: {type: boolean}}}}}}}}
components:
  schemas:
    Note:
      type: object
      required: [text, id]
      properties:
        id: {type: integer, readOnly: true}
        text: {type: string}
        tag: {type: string, nullable: true}
        secret: {type: string, writeOnly: true}
x-resources:
  notes: {schema: Note}
"""  # noqa: E501


def body(response: Any) -> Any:
    """The decoded body of a success."""
    assert response.status < 300, response
    return response.json()


def test_the_document_of_the_page_on_resources_is_served(tmp_path: Path) -> None:
    """Records are created, changed by time, listed, and gone; errors and keys have the declared shape."""
    file = tmp_path / "workshop.yaml"
    file.write_text(yaml.safe_dump(workshop()))
    shop = served(file)
    assert shop.notices == []
    made = shop.send("POST", "/v1/projects", {"name": "Chair"}, **KEY)
    id = body(made)["data"]["id"]
    assert (made.header("location") or "").endswith(f"/v1/projects/{id}")
    task = body(shop.send("POST", f"/v1/projects/{id}/tasks", {"title": "Saw"}, **KEY))["data"]["id"]
    path = f"/v1/projects/{id}/tasks/{task}"
    assert body(shop.send("POST", f"{path}/commands", {"command": "start"}, **KEY))["data"]["state"] == "running"
    shop.worlds.advance(shop.worlds.default, 60)
    assert body(shop.get(path, **KEY))["data"]["state"] == "done"
    assert shop.get("/v1/projects/none", **KEY).json() == {
        "error": {"code": "not_found", "message": "There is no such thing"}
    }
    assert shop.get("/v1/projects").json()["error"]["code"] == "unauthorized"
    keys = shop.worlds.ready_info(shop.worlds.default)["apis"]["workshop"]["credentials"]
    assert re.fullmatch("ws_[0-9a-f]{24}", keys["key"])
    fresh = shop.send("POST", "/__mock__/worlds").json()["apis"]["workshop"]["api_key"]
    assert re.fullmatch("ws_[0-9a-f]{24}", fresh)


@pytest.fixture
def notes(tmp_path: Path) -> Served:
    """A document of OpenAPI 3.0 without any other key of ours, and with an operation that is no resource's."""
    return written(tmp_path, NOTES)


def test_a_plain_document_needs_only_its_resources(notes: Served) -> None:
    """Numbers, null and secrets are understood as in 3.0; refusals have the document's own shape."""
    made = body(notes.send("POST", "/notes", {"text": "milk", "tag": None, "secret": "x", "id": 9}))
    assert made == {"id": 1, "text": "milk", "tag": None}
    body(notes.send("POST", "/notes", {"text": "bread", "tag": "shop"}))
    assert body(notes.get("/notes/2")) == {"id": 2, "text": "bread", "tag": "shop"}
    assert body(notes.get("/notes?tag=shop")) == [{"id": 2, "text": "bread", "tag": "shop"}]
    missing = notes.get("/notes/3")
    assert (missing.status, missing.json()) == (404, {"reason": "There is no such record"})
    assert notes.send("POST", "/notes", {"text": 5}).status == 400


def test_an_operation_without_a_resource_answers_an_example(notes: Served) -> None:
    """As without resources."""
    assert isinstance(body(notes.get("/weather"))["sun"], bool)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("schema: Note", "schem: Note", "#/x-resources: x-resources is not as this server reads it"),
        ("schema: Note", "schema: Not", "#/x-resources/notes/schema: Not is no schema of this document; did you mean"),
        ("in: query, ", "in: query, x-filter: {is: like}, ", "/parameters/0/x-filter: x-filter is not as this server"),
        ("post:", "post:\n      x-operation: {do: mak}", "/x-operation/do: mak is no action on notes"),
    ],
)
def test_a_wrong_resource_is_one_error(tmp_path: Path, before: str, after: str, told: str) -> None:
    """Not a notice, for these keys are meant for this server; the place and the nearest name are told."""
    file = tmp_path / "notes.yaml"
    file.write_text(NOTES.replace(before, after, 1))
    with pytest.raises(ContractError, match=re.escape(told)):
        own.declare(own.Own(file, "notes"))


def test_a_parameter_that_is_an_array_holds_several_values(tmp_path: Path) -> None:
    """Of a filter, of what is sorted by, of what is included."""
    many = "in: query, explode: false, schema: {type: array, items: {type: string}}"
    query = ", ".join(f"{{name: {name}, {many}}}" for name in ("tag", "sort", "with"))
    text = NOTES.replace("{name: tag, in: query, schema: {type: string}}", query, 1)
    resource = (
        "{schema: Note, sort: {by: sort}, refers: {next: notes}, includes: {parameter: with, members: {then: next}}}"
    )
    text = text.replace("{schema: Note}", resource).replace("tag: {type", "next: {type: integer}\n        tag: {type")
    notes = written(tmp_path, text)
    for tag, following in (("a", {}), ("b", {"next": 1}), ("c", {}), ("a", {})):
        body(notes.send("POST", "/notes", {"text": "x", "tag": tag, **following}))
    found = body(notes.get("/notes?tag=a,b&sort=-tag,-id&with=then"))
    assert [one["id"] for one in found] == [2, 4, 1]
    assert found[0]["then"] == {"id": 1, "text": "x", "tag": "a"}


def test_records_of_a_document_are_state_as_all_others(notes: Served) -> None:
    """Exported, put back, forgotten by a reset."""
    body(notes.send("POST", "/notes", {"text": "milk", "secret": "x"}))
    state = notes.get("/__mock__/state").json()
    assert notes.send("POST", "/__mock__/reset").status == 204
    assert body(notes.get("/notes")) == []
    assert notes.send("PUT", "/__mock__/state", state).status == 204
    assert len(body(notes.get("/notes"))) == 1


def test_errors_by_a_template_have_a_documented_status(tmp_path: Path) -> None:
    """Unless the document gives this kind of error a status of its own; the code is the kind without one."""
    template = "x-error-body: {status: $status, code: $code, message: $message}\n"
    text = NOTES.replace("        default:", '        "422":')
    refused = {"status": 422, "code": "invalid", "message": '"text" is a required property'}
    own = written(tmp_path, text + template)
    assert own.send("POST", "/notes", {}).json() == refused
    assert (own.get("/notes/7").json()["code"], own.get("/nowhere").status) == ("not-found", 404)
    errors = "x-errors: {invalid: {status: 400, code: E1, message: Wrong, reason: validation}}\n"
    again = written(tmp_path, text + template + errors)
    assert again.send("POST", "/notes", {}).json() == refused | {"status": 400, "code": "E1"}


def test_a_fault_has_the_body_of_the_template(tmp_path: Path) -> None:
    """With the status of the fault."""
    own = written(tmp_path, f"{NOTES}\nx-error-body: {{error: $status}}\n")
    assert own.send("POST", "/__mock__/faults", {"api": "own", "status": 503}).status == 201
    assert own.get("/weather").json() == {"error": 503}
