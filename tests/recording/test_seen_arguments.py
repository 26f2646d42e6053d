"""Arguments of operations, found in answers: by links and lists, put behind others, paired with those of the mock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from understudy.apis import own
from understudy.document.operation import Operation
from understudy.engine.exchange import Request, Response
from understudy.recording.evidence import model_of
from understudy.recording.lookup import Arguments

BOXES = """
openapi: 3.0.3
info: {title: Boxes, version: "1"}
paths:
  /boxes:
    get:
      operationId: listBoxes
      responses:
        "200":
          description: All
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Box"}}}}
          links: {lid: {$ref: "#/components/links/Lid"}}
    post:
      operationId: addBox
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}}
  /boxes/{id}:
    get:
      operationId: getBox
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: One, content: {application/json: {schema: {
        $ref: "#/components/schemas/Box"}}}}}
  /lids/{lid}:
    get:
      operationId: getLid
      parameters: [{name: lid, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: One, content: {application/json: {schema: {type: object}}}}}
components:
  links: {Lid: {operationId: getLid, parameters: {lid: "$response.body#/0/lid"}}}
  schemas:
    Box: {type: object, required: [id], properties: {id: {type: integer, readOnly: true}, lid: {type: string}}}
"""


@pytest.fixture
def known(tmp_path: Path) -> Arguments:
    """What is known before any answer."""
    return arguments(tmp_path)


def arguments(folder: Path) -> Arguments:
    """What is known of the boxes."""
    file = folder / "boxes.yaml"
    file.write_text(BOXES)
    return Arguments(model_of(own.declare(own.Own(file, "boxes"))[0]), {})


def operation(known: Arguments, id: str) -> Operation:
    """An operation of the boxes."""
    return known.contract.operations[id]


def learn(known: Arguments, body: Any) -> None:
    """Take an answer to the list of boxes."""
    answer = Response(200, ((b"content-type", b"application/json"),), json.dumps(body).encode())
    known.learn(operation(known, "listBoxes"), Request("GET", "/boxes"), answer)


def test_a_link_by_reference_leads_to_arguments(known: Arguments) -> None:
    """One of the first item stands for those of all items."""
    learn(known, [{"id": 1, "lid": "L1"}, {"id": 2, "lid": "L2"}])
    assert known.items(operation(known, "getLid"), "lid") == ["L1", "L2"]
    assert known.of(operation(known, "getLid")) == {"lid": "L1"}


def test_what_is_no_object_or_no_id_is_left_out(known: Arguments) -> None:
    """Texts and numbers name something; flags, lists and empty texts do not."""
    learn(known, [5, "text", {"id": True}, {"id": ""}, {"id": [1]}, {}, {"id": 7}])
    assert known.items(operation(known, "getBox"), "id") == ["7"]


def test_values_that_were_refused_go_behind_the_others(known: Arguments) -> None:
    """The next one comes first, until there is none."""
    learn(known, [{"id": 1}, {"id": 2}])
    assert known.of(operation(known, "getBox")) == {"id": "1"}
    assert known.rotate(operation(known, "getBox"))
    assert known.of(operation(known, "getBox")) == {"id": "2"}
    learn(alone := Arguments(known._model, {}), [{"id": 1}])
    assert not alone.rotate(operation(alone, "getBox"))


def test_each_value_of_a_service_has_one_of_ours(known: Arguments, tmp_path: Path) -> None:
    """In the order in which they were seen; what both know stands for itself."""
    ours = arguments(tmp_path)
    learn(known, [{"id": 7}, {"id": 8}, {"id": 3}])
    learn(ours, [{"id": 1}, {"id": 2}, {"id": 3}])
    assert known.pairs(ours, lambda kind, one: False) == {"7": "1", "8": "2"}
    assert known.pairs(ours, lambda kind, one: one == "7") == {"8": "2"}
