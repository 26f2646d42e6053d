"""Other readings of a document: worlds are switched to them, and `explain` names the overlay that takes each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from own_document import FOLDER, HEAD, Served
from understudy import cli
from understudy.apis import own
from understudy.apis.readings import Basis, readings_of
from understudy.cli.explain import _action
from understudy.document.infer import Alternative, Inference, Update
from understudy.document.open_world import read_own
from understudy.engine.exchange import Response

TRAITS = sorted(one.stem for one in (FOLDER / "traits").glob("*.yaml"))
SHIPS = (
    HEAD
    + """paths:
  /ships:
    get:
      parameters:
      - {name: page, in: query, schema: {type: integer}}
      - {name: per_page, in: query, schema: {type: integer}}
      responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: &ship {type: object,
        required: [id, uuid], properties: {id: {type: integer}, uuid: {type: string, format: uuid},
        name: {type: string}}}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {'201': {description: d, content: {application/json: {schema: *ship}}}}
  /ships/{ship}:
    get:
      parameters: [{name: ship, in: path, required: true, schema: {}}]
      responses: {'200': {description: d, content: {application/json: {schema: *ship}}}, '404': {description: d}}
"""
)

NOTES = (
    HEAD
    + """paths:
  /notes:
    get: {responses: {'200': {description: d}}}
    post:
      requestBody: {content: {application/json: {schema: &note {type: object, required: [text], properties: {
        text: {type: string}}}}}}
      responses: {'201': {description: d}}
  /notes/{id}:
    get: {parameters: [{name: id, in: path, required: true, schema: {type: integer}}],
      responses: {'200': {description: d}, '404': {description: d}}}
"""
)
BOATS = (
    HEAD
    + """paths:
  /boats:
    get:
      responses: {'200': {description: d, content: {application/json: {schema: {type: object, properties: {
        new: {type: array, items: {$ref: '#/components/schemas/Boat'}},
        old: {type: array, items: {$ref: '#/components/schemas/Boat'}}}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Boat'}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Boat'}}}}}
  /boats/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Boat'}}}}}
components: {schemas: {Boat: {type: object, properties: {id: {type: string, readOnly: true}, name: {type: string}}}}}
"""
)
REEFS = (
    HEAD
    + """paths:
  /reefs:
    get:
      parameters:
      - {name: offset, in: query, schema: {type: integer}}
      - {name: limit, in: query, schema: {type: integer}}
      responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: &reef {type: object,
        properties: {id: {type: integer}, name: {type: string}}}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {'201': {description: d, content: {application/json: {schema: *reef}}}}
  /reefs/{id}/rocks/{number}:
    get:
      parameters: [&id {name: id, in: path, required: true, schema: {type: integer}},
        {name: number, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: d, content: {application/json: {schema: &rock {type: object,
        properties: {number: {type: integer, readOnly: true}, name: {type: string}}}}}}, '404': {description: d}}
  /reefs/{id}/rocks:
    get:
      parameters: [*id, {name: limit, in: query, schema: {type: integer}}]
      responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: *rock}}}}}
    post:
      parameters: [*id]
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {'201': {description: d, content: {application/json: {schema: *rock}}}}
"""
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with the ships and the cache in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ships.yaml").write_text(SHIPS)
    return tmp_path


def with_overlay(file: Path, alternative: Alternative) -> own.Understood:
    """A document under an alternative."""
    assert alternative.reading is not None
    overlay = {"overlay": "1.0.0", "info": {"title": "o", "version": "1"}, "actions": [_action(alternative.reading)]}
    Path("fix.json").write_bytes(msgspec.json.encode(overlay))
    return own.understand(own.Own(file, "ships", overlays=(Path("fix.json"),)))


def of_kind(kind: str, text: str = SHIPS) -> Inference:
    """The first inference of a kind that is made of a document."""
    Path("ships.yaml").write_text(text)
    found = own.understand(own.Own(Path("ships.yaml"), "ships")).inferred.inferences
    return next(one for one in found if one.kind == kind and one.is_reading)


class World:
    """A world of a served document, reached by its id."""

    def __init__(self, api: Served, assume: Mapping[str, Any] | None = None, **more: Any) -> None:
        made = api.send("POST", "/__mock__/worlds", {"assume": assume or {}, **more})
        self.made, self.api = made, api
        self.id = made.json().get("id", "")

    def send(self, method: str, target: str, body: Any = None) -> Response:
        return self.api.send(method, target, body, x_mock_world=self.id)

    def names(self, target: str, *, at: str = "") -> list[str]:
        """The names in a list."""
        found = self.send("GET", target).json()
        return [one["name"] for one in (found[at] if at else found)]


def filled(text: str, assume: Mapping[str, Any] | None = None, *, path: str = "/ships") -> World:
    """A world of a document under assumptions, with records a, b and c."""
    Path("ships.yaml").write_text(text)
    world = World(Served(*own.declare(own.Own(Path("ships.yaml"), "ships"))), assume)
    for name in "abc":
        assert world.send("POST", path, {"name": name}).status == 201
    return world


@pytest.mark.parametrize("by", ["world", "overlay", "serve"])
def test_another_member_may_be_the_id(by: str) -> None:
    """Then records are found by it, and each has one of its own."""
    key = of_kind("key")
    if by == "overlay":
        api = Served(with_overlay(Path("ships.yaml"), key.alternatives[0]).api, [])
        world = World(api)
    elif by == "serve":
        world = World(Served(*own.declare(own.Own(Path("ships.yaml"), "ships")), assume={key.id: "uuid"}))
    else:
        world = filled(SHIPS, {key.id: "uuid"})
    one, two = (world.send("POST", "/ships", {"name": name}).json() for name in "ab")
    assert one["uuid"] != two["uuid"]
    assert world.send("GET", f"/ships/{one['uuid']}").json() == one
    assert world.send("GET", "/ships/1").status == 404


def test_a_world_may_go_back_to_the_reading_that_the_server_does_not_have() -> None:
    """What `serve --assume` chose is where worlds begin, and no more."""
    key = of_kind("key")
    api = Served(*own.declare(own.Own(Path("ships.yaml"), "ships")), assume={key.id: "uuid"})
    world = World(api, {key.id: "id"})
    assert world.send("POST", "/ships", {"name": "a"}).json()["id"] == 1
    assert world.send("GET", "/ships/1").json()["name"] == "a"
    made = api.send("POST", "/ships", {"name": "b"}).json()
    assert api.get(f"/ships/{made['uuid']}").json() == made


@pytest.mark.parametrize(("value", "target", "names"), [
    ("from 0", "/ships?page=0&per_page=1", "a"), ("from 0", "/ships?page=1&per_page=1", "b"),
    ("all", "/ships?page=7&per_page=1", "abc"),
])  # fmt: skip
def test_pages_may_be_asked_for_otherwise(value: str, target: str, names: str) -> None:
    """Their numbers may begin elsewhere, and there may be none."""
    assert filled(SHIPS, {of_kind("pages").id: value}).names(target) == list(names)


@pytest.mark.parametrize("bound", ["minimum: 1", "default: 1"])
def test_a_document_that_says_where_pages_begin_leaves_no_other_reading(bound: str) -> None:
    """But that there are none."""
    number = "page, in: query, schema: {type: integer"
    pages = of_kind("pages", SHIPS.replace(number, f"{number}, {bound}", 1))
    assert [one.value for one in pages.alternatives] == ["all"]


def test_an_offset_may_count_pages() -> None:
    """Or items, as it does by default."""
    assert filled(REEFS, path="/reefs").names("/reefs?limit=2&offset=1") == ["b", "c"]
    assert filled(REEFS, {"ships.reefs.pages-get-reefs": "pages"}, path="/reefs").names("/reefs?limit=2&offset=1") == [
        "c"
    ]


def test_a_limit_may_change_nothing() -> None:
    """Where no parameter asks for a further page."""
    rocks = "ships.rocks.pages-get-reefs-id-rocks"
    for value, count in (("all", 1), ("unlimited", 2)):
        world = filled(REEFS, {rocks: value}, path="/reefs")
        for _ in "ab":
            world.send("POST", "/reefs/1/rocks", {"name": "r"})
        assert len(world.names("/reefs/1/rocks?limit=1")) == count


@pytest.mark.parametrize(("value", "numbers"), [("together", [1, 1]), ("alone", [1, 2])])
def test_the_last_part_of_an_id_may_name_a_record_alone(value: str, numbers: list[int]) -> None:
    """Then numbers count up in all parents together."""
    world = filled(REEFS, {of_kind("parts", REEFS).id: value}, path="/reefs")
    made = [world.send("POST", f"/reefs/{reef}/rocks", {"name": "r"}).json()["number"] for reef in (1, 2)]
    assert made == numbers


@pytest.mark.parametrize(("value", "at"), [("by request", ""), ("in data", "data"), ("in items", "items")])
def test_a_list_that_is_not_described_may_stand_in_an_object(value: str, at: str) -> None:
    """A bare list is one guess of several."""
    answer = of_kind("answer", NOTES)
    world = World(Served(*own.declare(own.Own(Path("ships.yaml"), "ships"))), {answer.id: value})
    made = world.send("POST", "/notes", {"text": "t"}).json()
    found = world.send("GET", "/notes").json()
    assert (found[at] if at else found) == [made]
    assert world.send("GET", f"/notes/{made['id']}").json() == made


@pytest.mark.parametrize("schema", ["{}", "{type: object}"])
def test_it_may_where_the_answer_is_any_json_or_any_object(schema: str) -> None:
    """Which says no more than an answer without content."""
    told = f"get: {{responses: {{'200': {{description: d, content: {{application/json: {{schema: {schema}}}}}}}}}}}"
    text = NOTES.replace("get: {responses: {'200': {description: d}}}", told)
    assert text != NOTES
    answer = of_kind("answer", text)
    world = World(Served(*own.declare(own.Own(Path("ships.yaml"), "ships"))), {answer.id: "in data"})
    made = world.send("POST", "/notes", {"text": "t"}).json()
    assert world.send("GET", "/notes").json() == {"data": [made]}


def test_the_list_may_be_another_one_of_its_answer() -> None:
    """Where two lists hold the same objects, which one it is is a tie."""
    envelope = of_kind("envelope", BOATS)
    assert (envelope.default, envelope.tie) == ("/new", True)
    assert filled(BOATS, path="/boats").names("/boats", at="new") == ["a", "b", "c"]
    world = filled(BOATS, {envelope.id: "/old"}, path="/boats")
    assert world.names("/boats", at="old") == ["a", "b", "c"]


def test_an_overlay_may_say_where_a_list_stands() -> None:
    """And nothing else of its operation, which is inferred as before."""
    alternative = of_kind("envelope", BOATS).alternatives[0]
    api = Served(with_overlay(Path("ships.yaml"), alternative).api, [])
    made = api.send("POST", "/boats", {"name": "a"}).json()
    assert api.get("/boats").json()["old"] == [made]


def test_an_overlay_may_say_where_a_record_stands(folder: Path) -> None:
    """As where a list does: the rest is inferred."""
    boat = "{$ref: '#/components/schemas/Boat'}"
    two = f"{{type: object, properties: {{now: {boat}, before: {boat}}}}}"
    head, _, tail = BOATS.partition("  /boats/{id}:")
    text = head + "  /boats/{id}:" + tail.replace(f"schema: {boat}", f"schema: {two}", 1)
    for stated, member in (("", "now"), ("      x-operation: {envelope: /before}\n", "before")):
        (folder / "ships.yaml").write_text(text.replace("/{id}:\n    get:\n", f"/{{id}}:\n    get:\n{stated}"))
        api = Served(*own.declare(own.Own(Path("ships.yaml"), "ships")))
        made = api.send("POST", "/boats", {"name": "a"}).json()
        assert api.get(f"/boats/{made['id']}").json()[member] == made


def test_an_envelope_that_is_no_list_is_not_taken() -> None:
    """Then the answer is an example."""
    alternative = of_kind("envelope", BOATS).alternatives[0]
    assert alternative.reading is not None
    wrong = alternative.reading._replace(value={"x-operation": {"envelope": "/none"}})
    found = with_overlay(Path("ships.yaml"), alternative._replace(reading=wrong)).inferred
    assert [one.reason for one in found.examples_only] == ["it answers no list of objects"]


def test_a_running_world_is_switched_where_its_records_stay() -> None:
    """Pages are asked for otherwise from then on; the id is refused, since records are kept by it."""
    pages, key = of_kind("pages"), of_kind("key")
    world = filled(SHIPS)
    assert world.send("PUT", "/__mock__/assumptions", {pages.id: "from 0"}).status == 200
    assert world.names("/ships?page=1&per_page=1") == ["b"]
    refused = world.send("PUT", "/__mock__/assumptions", {key.id: "uuid", pages.id: "all"})
    assert refused.status == 400
    assert f"{key.id}, {pages.id} decides how records are kept" in refused.json()["detail"]
    assert world.names("/ships?page=1&per_page=1") == ["b"]
    fork = World(world.api, {key.id: "uuid"}, **{"from": world.id})
    assert fork.made.status == 400
    assert fork.made.json()["detail"].startswith("assume: ")
    fork = World(world.api, {pages.id: "all"}, **{"from": world.id})
    assert fork.names("/ships?page=1&per_page=1") == ["a", "b", "c"]


def test_a_world_keeps_its_reading() -> None:
    """Through its reset, its restored state, and the time that it begins at."""
    key = of_kind("key")
    world = filled(SHIPS, {key.id: "uuid"})
    state = world.send("GET", "/__mock__/state").json()
    assert world.send("POST", "/__mock__/reset").status == 204
    assert world.names("/ships") == []
    made = world.send("POST", "/ships", {"name": "d"}).json()
    assert world.send("GET", f"/ships/{made['uuid']}").json() == made
    assert world.send("PUT", "/__mock__/state", state).status in (200, 204)
    assert world.names("/ships") == ["a", "b", "c"]
    later = World(world.api, {key.id: "uuid"}, clock="2031-01-01T00:00:00Z")
    made = later.send("POST", "/ships", {"name": "e"}).json()
    assert later.send("GET", f"/ships/{made['uuid']}").json() == made


def test_what_decided_an_answer_names_the_reading() -> None:
    """As it does for every assumption."""
    world = filled(SHIPS)
    assert of_kind("pages").id in (world.send("GET", "/ships").header("x-mock-assumed") or "")
    assert of_kind("key").id in (world.send("GET", "/ships/1").header("x-mock-assumed") or "")


def test_many_readings_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that no world has, so that switching back and forth takes no room."""
    monkeypatch.setattr("understudy.engine.worlds._MOST_READINGS", 2)
    pages = of_kind("pages")
    world = filled(SHIPS)
    for _ in range(3):
        for value in ("from 0", "all", "page-number"):
            assert world.send("PUT", "/__mock__/assumptions", {pages.id: value}).status == 200
    assert len(world.api.worlds.readings) <= 3
    assert world.names("/ships?page=2&per_page=1") == ["b"]


def test_handlers_of_the_user_are_those_of_each_reading(folder: Path) -> None:
    """Their file is run once, so that what it remembers is one thing."""
    pages = of_kind("pages")
    python = "calls = []\ndef one(call):\n    calls.append(1)\n    return {'id': len(calls), 'uuid': 'x'}\n"
    (folder / "handlers.py").write_text(f"{python}HANDLERS = {{'GET /ships/{{ship}}': one}}\n")
    api = Served(*own.declare(own.Own(Path("ships.yaml"), "ships", handlers=str(folder / "handlers.py"))))
    ids = [World(api, {pages.id: value}).send("GET", "/ships/1").json()["id"] for value in ("page-number", "all")]
    assert ids == [1, 2]


def test_a_reading_with_other_resources_is_refused() -> None:
    """Where a document cannot be served so, that is said at once, and no world is made."""
    found = own.understand(own.Own(Path("ships.yaml"), "ships"))
    assert found.api.readings is not None
    key = of_kind("key").id
    for value, text in (({"x-resources": {"boats": {}}}, "cannot be read so"), ({"paths": {"/boats/{id}": {
        "get": {"operationId": "b", "parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}],
                "responses": {"200": {"description": "d", "content": {"application/json": {"schema": {
                    "type": "object", "properties": {"id": {"type": "string"}}}}}}}},
        "put": {"operationId": "p", "parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}],
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {"204": {"description": "d"}}}}}}, "other resources would be found so")):  # fmt: skip
        one = next(one for one in found.inferred.inferences if one.id == key)
        wrong = replace(one, alternatives=(Alternative("uuid", "", Update("", value)),))
        inferences = tuple(wrong if known is one else known for known in found.inferred.inferences)
        document = read_own(Path("ships.yaml")).document
        basis = Basis(document, replace(found.inferred, inferences=inferences), found.api, {})
        readings = readings_of(basis, lambda _: found.api)
        assert readings is not None
        with pytest.raises(ValueError, match=text):
            readings.make({key: "uuid"})


@pytest.mark.parametrize("trait", TRAITS)
def test_each_overlay_is_applied_as_it_stands(trait: str) -> None:
    """Nothing of it is left out, whatever the document, and a world is switched to what it says."""
    file = FOLDER / f"traits/{trait}.yaml"
    plain = own.understand(own.Own(file, "ships"))
    for inference in plain.inferred.inferences:
        for one in inference.alternatives:
            if one.reading is not None:
                assert with_overlay(file, one).notices == plain.notices, (inference.id, one)
                read = plain.api.read_as({inference.id: one.value})
                assert read is plain.api.read_as({inference.id: one.value}) is not plain.api, inference.id


def test_explain_names_the_overlay(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line for people, and as an action in JSON."""
    assert cli.main(["explain", "./ships.yaml"]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if "by an overlay" in one and "uuid" in one)
    action = {"target": "$", "update": {"x-resources": {"ships": {"key": "uuid", "id": "{uuid}"}}}}
    assert json.loads(line.partition("overlay: ")[2]) == action
    assert cli.main(["explain", "./ships.yaml", "--json"]) == 0
    told = {one["id"]: one["alternatives"] for one in json.loads(capsys.readouterr().out)["inferences"]}
    assert told["ships.ships.key"] == [{"value": "uuid", "meaning": "uuid is its id", "overlay": action}]
    assert told["ships.ships.order"] == [{"value": "newest-first", "meaning": "it is newest first"}]
