"""Declared rules on documents and servers with odd habits: bodies of every kind, several credentials, life cycles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from understudy.apis.own import Own
from understudy.engine.exchange import Request, Response
from understudy_checks import samples
from understudy_checks.budget import Budget, BudgetSpent
from understudy_checks.check import Report, check_target
from understudy_checks.client import Skipped
from understudy_checks.creations import Creation
from understudy_checks.records import _place
from understudy_checks.target import installed
from understudy_checks.target.mock import mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings

JSON = ((b"content-type", b"application/json"),)
PAGE = Path(__file__).parents[2] / "docs/how-to/declare-resources.md"
GENERATED = Path(__file__).parents[1] / "documents/generated.yaml"
ODD = """
openapi: 3.1.0
info: {title: Odd, version: "1"}
x-envelope: /data
x-pagination: {style: offset, limit: limit, offset: offset, items: /data, total: /total}
x-resources:
  makers: {schema: Maker, id: "mak_{hex:8}"}
  odds: {schema: Odd, refers: {maker: makers, other: makers}}
paths:
  /makers:
    post:
      security: [{two: []}]
      operationId: addMaker
      requestBody: {content: {multipart/form-data: {schema: {$ref: "#/components/schemas/Maker"}}}}
      responses: {"201": {$ref: "#/components/responses/Maker"}}
  /makers/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, pattern: "^mak_[0-9a-f]{8}$"}}]
    get:
      operationId: getMaker
      security: [{one: [], two: []}]
      responses: {"200": {$ref: "#/components/responses/Maker"}}
  /odds:
    get:
      operationId: listOdds
      x-pagination: {}
      parameters:
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 9}}
      - {name: offset, in: query, schema: {type: integer, minimum: 0}}
      - {name: near, in: query, schema: {type: integer, minimum: 1, maximum: 3}}
      responses:
        "200":
          description: All
          content: {application/json: {schema: {type: object, required: [data, total], properties: {
            data: {type: array, items: {$ref: "#/components/schemas/Odd"}}, total: {type: integer}}}}}
    post:
      operationId: addOdd
      security: [{one: []}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Odd"}}}}
      responses: {"201": {$ref: "#/components/responses/Odd"}}
  /odds/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {operationId: getOdd, responses: {"200": {$ref: "#/components/responses/Odd"}}}
    delete: {operationId: dropOdd, responses: {"204": {description: Gone}}}
  /notes/{day}:
    parameters: [{name: day, in: path, required: true, schema: {type: string}, example: monday}]
    put:
      operationId: note
      requestBody: {required: true, content: {text/plain: {schema: {type: string}}}}
      responses: {"204": {description: Noted}}
components:
  securitySchemes:
    one: {type: apiKey, in: header, name: X-One}
    two: {type: http, scheme: basic}
  responses:
    Maker: {description: One, content: {application/json: {schema: {type: object, required: [data], properties: {
      data: {$ref: "#/components/schemas/Maker"}}}}}}
    Odd: {description: One, content: {application/json: {schema: {type: object, required: [data], properties: {
      data: {$ref: "#/components/schemas/Odd"}}}}}}
  schemas:
    Maker:
      type: object
      required: [id]
      properties: {id: {type: string, readOnly: true}, name: {type: string}, grams: {type: integer, maximum: 900}}
    Odd:
      type: object
      required: [id, maker, code]
      properties:
        id: {type: integer, readOnly: true}
        maker: {type: string}
        other: {type: string}
        code: {type: string, pattern: "^[A-Z]{3}$"}
        tags: {type: array, items: {type: string}, uniqueItems: true, minItems: 1, maxItems: 3}
        grams: {type: integer, multipleOf: 5, exclusiveMinimum: 0, exclusiveMaximum: 100}
        size: {type: object, required: [width], properties: {width: {type: integer, minimum: 1}, unit: {type: string}}}
"""


BY_IDS = """
openapi: 3.0.3
info: {title: Posts, version: "1"}
paths:
  /posts:
    get:
      operationId: listPosts
      parameters: [{name: ids, in: query, required: true, schema: {type: array, items: {type: string}}}]
      responses: {"200": {description: Those, content: {application/json: {schema: {type: object, properties: {
        data: {type: array, minItems: 1, items: {$ref: "#/components/schemas/Post"}}}}}}}}
    post:
      operationId: addPost
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Post"}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Post"}}}}}
  /posts/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getPost, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/Post"}}}}, "404": {description: None}}}
    delete: {operationId: dropPost, responses: {"204": {description: Gone}, "404": {description: None}}}
components:
  schemas: {Post: {type: object, required: [id, text], properties: {id: {type: string, readOnly: true},
    text: {type: string, maxLength: 20}}}}
"""
EMPTY = """
openapi: 3.0.3
info: {title: Doors, version: "1"}
paths:
  /doors:
    post: {operationId: addDoor, requestBody: {$ref: "#/components/requestBodies/Door"}, responses: {
      "200": {$ref: "#/components/responses/Door"}}}
  /doors/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, format: uuid}}]
    get: {operationId: getDoor, responses: {"200": {$ref: "#/components/responses/Door"}, "404": {description: None}}}
    put: {operationId: setDoor, requestBody: {$ref: "#/components/requestBodies/Door"}, responses: {
      "200": {$ref: "#/components/responses/Door"}, "404": {description: None}}}
components:
  requestBodies: {Door: {content: {application/json: {schema: {properties: {door: {
    allOf: [{$ref: "#/components/schemas/Door"}, {not: {required: [kind]}}]}}}}}}}
  responses: {Door: {description: One, content: {application/json: {schema: {properties: {door: {
    $ref: "#/components/schemas/Door"}}}}}}}
  schemas: {Door: {type: object, required: [kind], properties: {id: {type: string, format: uuid}, kind: {type: string},
    name: {type: string}}}}
"""
RARE = """
openapi: 3.1.0
info: {title: Rare, version: "1"}
x-resources:
  houses: {schema: House}
  rooms: {schema: Room, parent: {house_id: house_id}}
  marks: {schema: House}
  bells: {schema: Bell, id: "bell_{hex:8}"}
paths:
  /houses:
    get:
      operationId: listHouses
      parameters: [{name: street, in: query, required: true, schema: {type: string}}]
      responses: {"200": {description: All, content: {application/json: {schema: {type: array, items: {
        $ref: "#/components/schemas/House"}}}}}}
    post:
      operationId: addHouse
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/House"}, examples: {
        one: {value: {street: High Street}}, wrong: {value: 7}}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {
        $ref: "#/components/schemas/House"}}}}}
  /houses/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, maximum: 5}}]
    get: {operationId: getHouse, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/House"}}}}}}
    delete:
      operationId: dropHouse
      parameters: [{name: force, in: query, schema: {type: boolean}}]
      responses: {"204": {description: Gone}}
  /houses/{house_id}/rooms:
    parameters: [{name: house_id, in: path, required: true, schema: {type: integer}}]
    post:
      operationId: addRoom
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Room"}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Room"}}}}}
  /houses/{house_id}/rooms/{id}:
    parameters:
    - {name: house_id, in: path, required: true, schema: {type: integer}}
    - {name: id, in: path, required: true, schema: {type: integer}}
    get: {operationId: getRoom, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/Room"}}}}}}
  /marks/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, enum: [a, b]}}]
    get: {operationId: getMark, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/House"}}}}}}
  /nothing:
    post:
      operationId: never
      requestBody: {content: {application/json: {schema: {type: string, minLength: 3, maxLength: 2}}}}
      responses: {"204": {description: Never}}
  /bells:
    get:
      operationId: listBells
      x-pagination: {style: after, limit: limit, cursor: after, items: /data, more: /more}
      parameters:
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 9}}
      - {name: after, in: query, schema: {type: string}}
      responses: {"200": {description: All, content: {application/json: {schema: {type: object, properties: {
        data: {type: array, items: {$ref: "#/components/schemas/Bell"}}, more: {type: boolean}}}}}}}
    post: {operationId: ring, responses: {"201": {description: Rung, content: {application/json: {schema: {
      $ref: "#/components/schemas/Bell"}}}}}}
  /bells/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getBell, responses: {"200": {description: One, content: {application/json: {schema: {
      $ref: "#/components/schemas/Bell"}}}}}}
components:
  schemas:
    House:
      type: object
      required: [id]
      properties: {id: {type: integer, readOnly: true}, street: {type: string}}
    Bell: {type: object, required: [id], properties: {id: {type: string, readOnly: true}}}
    Room:
      type: object
      required: [id]
      properties: {id: {type: integer, readOnly: true}, house_id: {type: integer}, name: {type: string}}
"""


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave no document installed."""
    known = dict(installed._OWN)
    yield
    installed._OWN.clear()
    installed._OWN.update(known)
    installed.install.cache_clear()


def install(folder: Path, text: str, name: str = "odd") -> str:
    """The name of a document that is written and installed."""
    (folder / f"{name}.yaml").write_text(text)
    return installed.install(Own(folder / f"{name}.yaml", name))


def others(report: Report) -> dict[str, str | None]:
    """The rules that did not pass, without the API's name, with why."""
    return {one.rule.id.partition(".")[2]: one.reason for one in report.rules if one.outcome != "passed"}


def test_bodies_and_credentials_of_every_kind_are_sent(tmp_path: Path) -> None:
    """Forms of parts, texts, references to other records, two credentials at once: every rule is checked."""
    assert others(check_target(mock(install(tmp_path, ODD)), profile="quick")) == {}


def test_no_rule_fails_where_one_parameter_names_an_item_and_its_parent(tmp_path: Path) -> None:
    """`{id}` is that of a project in one path and that of a task in another; answers of HEAD have no body."""
    report = check_target(mock(install(tmp_path, GENERATED.read_text(), "generated")), profile="quick")
    assert {id: why for id, why in others(report).items() if not id.startswith("answers.")} == {}
    assert report.count("failed") == 0


def test_each_bound_of_a_body_is_tried_on_both_sides(tmp_path: Path) -> None:
    """Patterns, counts, unique items, exclusive bounds, steps and nested members have values inside and outside."""
    contract = installed.document(install(tmp_path, ODD))
    operation = contract.operations["addOdd"]
    body = {"maker": "m", "code": "ABC", "tags": ["a", "b"], "grams": 10, "size": {"width": 2}}
    tried = {(case.bound, case.is_inside) for case in samples.cases(contract, operation, body)}
    assert {
        ("/code (pattern)", False), ("/tags (uniqueItems)", False), ("/tags (minItems)", False),
        ("/tags (maxItems)", False), ("/grams (multipleOf)", False), ("/grams (exclusiveMinimum)", False),
        ("/size/width (minimum)", True), ("/size/width (minimum)", False),
    } <= tried  # fmt: skip


def test_life_cycles_are_left_to_their_own_operations(tmp_path: Path) -> None:
    """A record begins in its first state; commands and steps of a life cycle are no changes of a member."""
    found = re.search(r"<!-- file: workshop.yaml -->\n```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    report = check_target(mock(install(tmp_path, found[1], "workshop")), profile="quick")
    assert set(others(report)) == {"answers.reopenProject", "answers.commandTask", "required.commandTask"}


def test_a_body_may_leave_out_what_holds_the_record(tmp_path: Path) -> None:
    """An update without the member that wraps the record is one of nothing, and no error of the check."""
    report = check_target(mock(install(tmp_path, EMPTY, "empty")), profile="quick")
    assert others(report) == {}


def test_what_no_request_can_show_is_told(tmp_path: Path) -> None:
    """Ids of which there are only a few, a list by a value, a body that cannot be: each with its reason."""
    told = others(check_target(mock(install(tmp_path, RARE, "rare")), profile="quick"))
    assert told == {
        "answers.getMark": "this target answers no getMark with a success, only [404]",
        "answers.never": told["answers.never"],
        "deleted.dropHouse": "listHouses lists only what has the street that is asked for",
        "listed.listHouses": "listHouses lists only what has the street that is asked for",
        "filters.listHouses": "listHouses lists only what has the street that is asked for",
        "refused.addHouse": "listHouses lists only what has the street that is asked for",
        "unknown-ids.getHouse": "no ids of the shape that getHouse declares are known to be nobody's",
        "unknown-ids.dropHouse": "no ids of the shape that dropHouse declares are known to be nobody's",
        "unknown-ids.getMark": "no ids of the shape that getMark declares are known to be nobody's",
    }
    assert str(told["answers.never"]).startswith("no valid body for never was made of its schema")


def test_a_list_of_the_ids_that_are_asked_for_is_no_list_of_all(tmp_path: Path) -> None:
    """It may lack the member where nothing is found; no record is looked for in it."""
    told = others(check_target(mock(install(tmp_path, BY_IDS, "posts")), profile="quick"))
    reason = "listPosts lists only what has the ids that is asked for"
    ids = ("listed.listPosts", "filters.listPosts", "deleted.dropPost", "refused.addPost")
    assert told == dict.fromkeys(ids, reason)


def test_an_example_of_the_document_is_sent_where_nothing_else_is_taken(tmp_path: Path) -> None:
    """A server may want values that a schema does not tell."""
    sent: list[bytes] = []

    def picky(request: Request) -> Response:
        sent.append(request.body)
        taken = request.method == "GET" or request.body == b'{"street": "High Street"}'
        body = b'{"id": 1, "street": "High Street"}' if taken else b"{}"
        return Response((200 if request.method == "GET" else 201) if taken else 422, JSON, body)

    report = check_target(odd_server(install(tmp_path, RARE, "rare"), picky), only=["rare.created.addHouse"])
    assert report.count("passed") == 1
    assert b'{"street": "High Street"}' in sent


LOGS = """
openapi: 3.1.0
info: {title: Logs, version: "1"}
paths:
  /logs:
    get:
      operationId: listLogs
      responses: {"200": {description: All, content: {application/json: {schema: {type: array, items: {
        $ref: "#/components/schemas/Log"}}}}}}
    post:
      operationId: addLog
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Log"}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Log"}}}}}
components:
  schemas:
    Log: {type: object, required: [id], properties: {id: {type: integer, readOnly: true}, text: {type: string}}}
"""


def test_a_server_of_examples_is_no_server_that_forgets(tmp_path: Path) -> None:
    """Where no record can be read by itself, two creations that are answered alike tell that nothing is kept."""
    name = install(tmp_path, LOGS, "logs")
    assert others(check_target(mock(name), profile="quick")) == {}
    examples = next(one for one in installed.document(name).assumptions.values() if "examples" in one.alternatives)
    report = check_target(mock(name, assumptions={examples.id: "examples"}), profile="quick")
    assert (
        others(report)["listed.listLogs"] == "this target keeps nothing of /logs: it answers the same whatever is asked"
    )
    assert report.count("failed") == 0


def test_no_value_of_a_schema_is_told(tmp_path: Path) -> None:
    """A schema that contradicts itself has no value to send."""
    contract = installed.document(install(tmp_path, RARE, "rare"))
    with pytest.raises(Skipped, match="no value of a schema was made"):
        samples.value_of(contract, {"type": "string", "minLength": 3, "maxLength": 2}, "seed")


def answering(*answers: tuple[int, bytes], headers: tuple[tuple[bytes, bytes], ...] = ()) -> Any:
    """A transport that gives these answers in turn, the last one again and again."""
    left = list(answers)

    def send(request: Request) -> Response:
        status, body = left.pop(0) if left[1:] else left[0]
        return Response(status, (*JSON, *headers), body)

    return send


def odd_server(name: str, transport: Any) -> Server:
    """A server of the odd document that answers what it is told to."""
    settings = Settings(api_keys=("key",), writes=True)
    return Server(installed.document(name), transport, "", settings, name="odd", budget=Budget(), clock=lambda _: None)


def test_a_server_that_takes_no_body_is_not_blamed(tmp_path: Path) -> None:
    """What the document allows and a server refuses is told with its answer, and how to get on."""
    report = check_target(
        odd_server(install(tmp_path, ODD), answering((422, b'{"why": "it is full"}'))), only=["*.created.*", "*.ids.*"]
    )
    (run,) = [run for one in report.rules for run in one.runs if run.rules == ("odd.created.addOdd",)]
    assert run.reason == 'this target takes no addMaker that fits the document: 422 {"why": "it is full"}'
    assert run.remedy == "give the body of addMaker an example that your server takes"


def test_an_answer_without_an_id_is_not_blamed(tmp_path: Path) -> None:
    """Where no id is shown, the remedy names the key that says where it stands."""
    name = install(tmp_path, ODD.replace("required: [id]", "required: []"), "odder")
    report = check_target(odd_server(name, answering((201, b'{"data": {}}'))), only=["*.ids.addMaker"])
    assert others(report) == {"ids.addMaker": "the answer of addMaker shows no id at /data/id"}


def test_a_request_is_kept_for_each_deletion() -> None:
    """A budget is never so used up that what was created stays."""
    budget = Budget(10)
    for _ in range(5):
        budget.spend()
    budget.add(
        [Creation("/a", is_removable=True), Creation("/b", is_removable=True), Creation("/c", is_removable=False)]
    )
    for _ in range(2):
        budget.spend()
    with pytest.raises(BudgetSpent):
        budget.spend()
    assert (budget.made, budget.left) == (["/a", "/b", "/c"], 3)


def test_an_id_is_put_only_where_a_record_has_its_place() -> None:
    """A body without the members that hold it stays as it is."""
    bare: dict[str, Any] = {"spec": {}}
    empty: dict[str, Any] = {"metadata": {}}
    whole: dict[str, Any] = {"metadata": {"name": "made", "size": 1}}
    for record in (bare, empty, whole):
        _place(record, ["metadata", "name"], "own")
    assert (bare, empty, whole) == ({"spec": {}}, {"metadata": {}}, {"metadata": {"name": "own", "size": 1}})
