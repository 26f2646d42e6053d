"""Alternatives of inferences that no world can be switched to: `explain` names the overlay that takes each."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from own_document import FOLDER, HEAD, Served
from understudy import cli
from understudy.apis import own
from understudy.document.infer import Alternative

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


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with the ships and the cache in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ships.yaml").write_text(SHIPS)
    return tmp_path


def with_overlay(file: Path, alternative: Alternative) -> own.Understood:
    """A document under an alternative."""
    assert alternative.overlay is not None
    overlay = {"overlay": "1.0.0", "info": {"title": "o", "version": "1"}, "actions": [alternative.overlay._asdict()]}
    Path("fix.json").write_bytes(msgspec.json.encode(overlay))
    return own.understand(own.Own(file, "ships", overlays=(Path("fix.json"),)))


def other(id: str, value: str) -> Served:
    """The ships under an alternative of an inference."""
    found = own.understand(own.Own(Path("ships.yaml"), "ships")).inferred.inferences
    inference = next(one for one in found if one.id == id)
    alternative = next(one for one in inference.alternatives if one.value == value)
    return Served(with_overlay(Path("ships.yaml"), alternative).api, [])


def test_another_member_may_be_the_id() -> None:
    """Then records are found by it, and each has one of its own."""
    api = other("ships.ships.key", "uuid")
    one, two = (api.send("POST", "/ships", {"name": name}).json() for name in "ab")
    assert one["uuid"] != two["uuid"]
    assert api.get(f"/ships/{one['uuid']}").json() == one
    assert api.get("/ships/1").status == 404


@pytest.mark.parametrize(("value", "page", "names"), [("from 0", 0, ["a"]), ("all", 7, ["a", "b"])])
def test_pages_may_be_asked_for_otherwise(value: str, page: int, names: list[str]) -> None:
    """Their numbers may begin elsewhere, and there may be none."""
    found = own.understand(own.Own(Path("ships.yaml"), "ships")).inferred.inferences
    id = next(one.id for one in found if one.kind == "pages")
    api = other(id, value)
    for name in "ab":
        assert api.send("POST", "/ships", {"name": name}).status == 201
    assert [one["name"] for one in api.get(f"/ships?page={page}&per_page=1").json()] == names


@pytest.mark.parametrize("trait", TRAITS)
def test_each_overlay_is_applied_as_it_stands(trait: str) -> None:
    """Nothing of it is left out, whatever the document."""
    file = FOLDER / f"traits/{trait}.yaml"
    plain = own.understand(own.Own(file, "ships"))
    for inference in plain.inferred.inferences:
        for one in inference.alternatives:
            if one.overlay is not None:
                assert with_overlay(file, one).notices == plain.notices, (inference.id, one)


def test_explain_names_the_overlay(capsys: pytest.CaptureFixture[str]) -> None:
    """In one line for people, and as an action in JSON."""
    assert cli.main(["explain", "./ships.yaml"]) == 0
    line = next(one for one in capsys.readouterr().out.splitlines() if "by an overlay only" in one and "uuid" in one)
    action = {"target": "$", "update": {"x-resources": {"ships": {"key": "uuid", "id": "{uuid}"}}}}
    assert json.loads(line.partition("only: ")[2]) == action
    assert cli.main(["explain", "./ships.yaml", "--json"]) == 0
    told = {one["id"]: one["alternatives"] for one in json.loads(capsys.readouterr().out)["inferences"]}
    assert told["ships.ships.key"] == [{"value": "uuid", "meaning": "uuid is its id", "overlay": action}]
    assert told["ships.ships.order"] == [{"value": "newest-first", "meaning": "it is newest first"}]


def test_a_world_is_switched_to_the_others_only() -> None:
    """What an overlay alone takes is no assumption of the document."""
    found = own.understand(own.Own(Path("ships.yaml"), "ships"))
    assert "ships.ships.order" in found.api.contract.assumptions
    assert "ships.ships.key" not in found.api.contract.assumptions
