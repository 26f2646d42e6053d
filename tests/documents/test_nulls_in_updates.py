"""Updates that set members to null which a record must have: nothing is invented in their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from own_document import Served, shared, written

DOCUMENT = """
paths:
  /jars:
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/New"}}}}
      responses: {"201": {content: {application/json: {schema: {$ref: "#/components/schemas/Jar"}}}}}
  /jars/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Jar"}}}}}
    METHOD:
      requestBody: {content: {MEDIA: {schema: {$ref: "#/components/schemas/Change"}}}}
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Jar"}}}}}
components:
  schemas:
    New: {type: object, properties: {label: {type: string}, note: {type: string}, lid: {type: string}}}
    Change:
      required: [NEEDED]
      properties:
        label: {type: string, nullable: true}
        note: {type: string, nullable: true}
        lid: {type: string, nullable: true}
    Jar:
      type: object
      required: [id, label, lid]
      properties:
        id: {type: integer}
        label: {type: string}
        note: {type: string}
        lid: {type: string, nullable: true}
"""
NEW = {"label": "jam", "note": "sweet", "lid": "red"}


def changed(folder: Path, change: Any, *, method: str, media: str = "application/json") -> Any:
    """A jar after a change, as it is read."""
    text = DOCUMENT.replace("METHOD", method).replace("MEDIA", media)
    api: Served = written(folder, text.replace("NEEDED", "lid" if method == "put" else ""))
    assert api.send("POST", "/jars", NEW).status == 201
    assert api.send(method.upper(), "/jars/1", change, content_type=media).status == 200
    return api.get("/jars/1").json()


@pytest.mark.parametrize("media", ["application/json", "application/merge-patch+json"])
def test_null_for_what_must_be_there_changes_nothing(tmp_path: Path, media: str) -> None:
    """An optional member is gone, one that may be null is null."""
    assert changed(tmp_path, {"label": None, "note": None}, method="patch", media=media) == {
        "id": 1, "label": "jam", "lid": "red",
    }  # fmt: skip


def test_null_is_kept_where_it_may_be(tmp_path: Path) -> None:
    """A required member may be null by its schema."""
    assert changed(tmp_path, {"lid": None}, method="patch")["lid"] is None


def test_a_replacement_by_null_keeps_what_must_be_there(tmp_path: Path) -> None:
    """PUT resets what it leaves out, and invents nothing for what it sets to null."""
    assert changed(tmp_path, {"label": None, "lid": "blue"}, method="put") == {"id": 1, "label": "jam", "lid": "blue"}


def test_a_replacement_without_what_holds_the_record_changes_nothing() -> None:
    """An optional wrapper that is left out asks for nothing."""
    api = shared("traits/wrapped-replacements")
    id = api.send("POST", "/doors", {"door": {"name": "a", "kind": "oak"}}).json()["door"]["id"]
    assert api.send("PUT", f"/doors/{id}", {}).json()["door"] == {"id": id, "name": "a", "kind": "oak"}
    changed = api.send("PUT", f"/doors/{id}", {"door": {"kind": "elm"}}).json()["door"]
    assert changed == {"id": id, "kind": "elm"}
