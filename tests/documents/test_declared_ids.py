"""Ids of several parts, below another member, and single records, as a document declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from own_document import Served, written
from understudy.apis.own import Own, WrongDeclaration, declare
from understudy.document.read import Unreadable

DOCUMENT = """
openapi: 3.1.0
info: {title: Own, version: "1"}
x-resources:
  lines:
    schema: Line
    parent: {order: order}
    key: [order, number]
  pods: {schema: Pod, key: /metadata/name, id: $request.body#/metadata/name}
  settings: {schema: Settings, single: true}
paths:
  /orders/{order}/lines:
    parameters: &order [{name: order, in: path, required: true, schema: {type: string}}]
    get: {operationId: listLines, responses: {"200": {description: All, content: {application/json: {schema: {
      type: array, items: {$ref: "#/components/schemas/Line"}}}}}}}
    post:
      operationId: addLine
      requestBody: {required: true, content: {application/json: {schema: {
        type: object, properties: {text: {type: string}}}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Line"}}}}}
  /orders/{order}/lines/{number}:
    parameters: [*first, {name: number, in: path, required: true, schema: {type: integer}}]
    get: {operationId: getLine, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/Line"}}}}, "404": {description: None}}}
  /pods:
    post:
      operationId: addPod
      requestBody: {required: true, content: {application/json: {schema: {
        type: object, required: [metadata], properties: {metadata: {type: object}}}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Pod"}}}},
        "400": {description: Wrong}, "409": {description: Taken}}
  /pods/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    get: {operationId: getPod, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/Pod"}}}}, "404": {description: None}}}
  /settings:
    get: {operationId: getSettings, responses: {"200": {description: All, content: {application/json: {schema: {
      $ref: "#/components/schemas/Settings"}}}}}}
    put:
      operationId: putSettings
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Settings"}}}}
      responses: {"200": {description: Changed, content: {application/json: {schema: {
        $ref: "#/components/schemas/Settings"}}}}}
components:
  schemas:
    Line:
      type: object
      required: [order, number]
      additionalProperties: false
      properties: {order: {type: string}, number: {type: integer, readOnly: true}, text: {type: string}}
    Pod:
      type: object
      required: [metadata]
      properties: {metadata: {type: object, required: [name], properties: {name: {type: string, maxLength: 8}}}}
    Settings: {type: object, properties: {theme: {type: string, default: light}}}
""".replace("*first", "{name: order, in: path, required: true, schema: {type: string}}").replace("&order ", "")

WITH_PARTS = (
    DOCUMENT.replace("x-resources:", "x-resources:\n  parts: {schema: Part, parent: {line: line}}", 1)
    .replace(
        "paths:",
        """paths:
  /orders/{order}/lines/{line}/parts/{id}:
    parameters:
    - {name: order, in: path, required: true, schema: {type: string}}
    - {name: line, in: path, required: true, schema: {type: integer}}
    - {name: id, in: path, required: true, schema: {type: string}}
    get: {operationId: getPart, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/Part"}}}}, "404": {description: None}}}""",
        1,
    )
    .replace(
        "  schemas:",
        """  schemas:
    Part: {type: object, required: [id, line], properties: {id: {type: string}, line: {type: integer}}}""",
        1,
    )
)


def own(folder: Path, *changes: tuple[str, str], **options: Any) -> Served:
    """The document with changes, served."""
    text = DOCUMENT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return written(folder, text, **options)


def test_records_are_named_as_declared(tmp_path: Path) -> None:
    """Numbers count below each parent; an id below a member is taken once; a single record has its defaults first."""
    api = own(tmp_path)
    for order in "ab":
        for number in (1, 2):
            line = api.send("POST", f"/orders/{order}/lines", {"text": order}).json()
            assert line == {"order": order, "number": number, "text": order}
    assert api.get("/orders/b/lines/2").json()["text"] == "b"
    pod = {"metadata": {"name": "web"}}
    assert [api.send("POST", "/pods", pod).status for _ in range(2)] == [201, 409]
    assert api.send("POST", "/pods", {"metadata": {"name": "much too long"}}).status == 400
    assert api.get("/pods/web").json() == pod
    assert api.get("/settings").json() == {"theme": "light"}
    assert api.send("PUT", "/settings", {"theme": "dark"}).json() == api.get("/settings").json() == {"theme": "dark"}


def test_a_seed_names_records_as_requests_do(tmp_path: Path) -> None:
    """Parts are members of the record, an id below a member stands there; what is left out is counted up."""
    seed = tmp_path / "seed.yaml"
    seed.write_text(
        "lines: [{order: a, number: 4}, {order: b, number: 4}, {order: b}]\n"
        "parts: [{id: p, line: 4}]\npods: [{metadata: {name: web}}]"
    )
    (tmp_path / "own.yaml").write_text(WITH_PARTS)
    api = Served(*declare(Own(tmp_path / "own.yaml", "own", seed=seed)))
    assert [one["number"] for one in api.get("/orders/b/lines").json()] == [4, 5]
    assert api.send("POST", "/orders/a/lines", {}).json()["number"] == 5
    assert api.get("/pods/web").status == 200
    seed.write_text("parts: [{id: p, line: 7}]")
    with pytest.raises(Unreadable, match="there is no lines 7"):
        Served(*declare(Own(tmp_path / "own.yaml", "own", seed=seed)))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("key: [order, number]", "key: [text, number]", "text is no member of parent"),
        ("key: [order, number]", "key: [order, numbr]", "numbr is no member of the schema; did you mean number"),
        ("key: /metadata/name", "key: /metadata/nam", "nam is no member on the way of /metadata/nam"),
        ("single: true", "single: true, refers: {theme: lines}", "named by order, number"),
        ("operationId: getPod,", "operationId: getPod, x-operation: {resource: lines},", "does not name order, a part"),
    ],
)
def test_what_cannot_name_a_record_is_told(tmp_path: Path, old: str, new: str, text: str) -> None:
    """Each with the place and the nearest name."""
    with pytest.raises(WrongDeclaration, match=text):
        own(tmp_path, (old, new))
