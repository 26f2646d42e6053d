"""Drafts of an overlay: each key of the normal form finds its place in the document as it is written."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from own_document import HEAD
from understudy.apis.drafts import Basis, overlay_text, seed_text
from understudy.document.infer import Alternative, Inference, Inferred, Key
from understudy.document.overlay import read_overlay
from understudy.document.targets import compiled, query_of, select
from understudy.document.whole import seen, whole

DOCUMENT = f"""{HEAD}
paths:
  things:
    $ref: '#/components/pathItems/Things'
  /it's "odd"/{{id}}:
    parameters: [{{$ref: '#/components/parameters/Id'}}]
    get:
      parameters: [{{name: limit, in: query, schema: {{type: integer}}}}]
      responses: {{'204': {{}}}}
    delete: {{responses: {{'204': {{}}}}}}
components:
  parameters: {{Id: {{name: id, in: path, required: true, schema: {{type: string}}}}}}
  pathItems:
    Things: {{get: {{responses: {{'204': {{}}}}, x-operation: {{do: list}}}}}}
"""


def inference(id: str, *keys: tuple[str, Any], **more: Any) -> Inference:
    """An inference that sets these keys."""
    others = (Alternative("other", "the other way round"),)
    return Inference(
        id, "order", "/paths", f"Says {id}", "why", "usual", others, tuple(Key(*one) for one in keys), **more
    )


def drafted(folder: Path, *inferences: Inference, document: str = DOCUMENT) -> str:
    """The draft of an overlay for a document."""
    file = folder / "own.yaml"
    file.write_text(document)
    found = whole(file)
    normal = found.normal.document
    basis = Basis(seen(found), normal, Inferred(normal, inferences, ()))
    return overlay_text(basis, extends="own.yaml", serve="understudy serve own.yaml")


def applied(folder: Path, text: str) -> Any:
    """The document with the draft; nothing is odd in it."""
    (folder / "own.overlay.yaml").write_text(text)
    found = whole(folder / "own.yaml", [read_overlay(folder / "own.overlay.yaml")])
    assert found.odd == []
    return found


def test_a_key_stands_where_the_document_has_its_owner(tmp_path: Path) -> None:
    """At the root, at a path that the normal form calls otherwise, behind references, and at parameters."""
    odd = '/paths/~1it\'s "odd"~1{id}'
    text = drafted(
        tmp_path,
        inference("own.a", ("/x-resources/things", {"schema": "Thing", "order": {"assumption": "own.b"}})),
        inference("own.b", ("/x-resources/things/key", "id"), ("/x-resources/things/unique", ["a"])),
        inference(
            "own.c",
            ("/paths/~1things/get/x-operation/do", {"assumption": "own.c"}),
            (f"{odd}/delete/x-operation", {"do": "delete"}),
            (f"{odd}/get/parameters/0/x-filter", {"member": "one"}),
            (f"{odd}/get/parameters/1/x-filter", {"member": "two"}),
        ),
    )
    after = applied(tmp_path, text).after
    assert after["x-resources"] == {"things": {"schema": "Thing", "order": "usual", "key": "id", "unique": ["a"]}}
    assert after["components"]["pathItems"]["Things"]["get"]["x-operation"] == {"do": "usual"}
    item = after["paths"]['/it\'s "odd"/{id}']
    assert item["delete"]["x-operation"] == {"do": "delete"}
    assert item["get"]["parameters"][0]["x-filter"] in ({"member": "one"}, {"member": "two"})
    assert after["components"]["parameters"]["Id"]["x-filter"] in ({"member": "one"}, {"member": "two"})


def test_each_action_says_why(tmp_path: Path) -> None:
    """What was inferred, because of what, what else it may mean, and that it is a tie; long lines are folded."""
    text = drafted(
        tmp_path,
        inference("own.a", ("/x-resources/a", {"schema": "A"}), ("/x-resources/b", {"schema": "B"})),
        inference("own.long", ("/x-a", 1), tie=True),
        inference("own.none"),
    )
    assert text.splitlines()[:2] == [
        "# What Understudy infers of own.yaml, to be edited. What stands here is not inferred any more.",
        "#   understudy serve own.yaml",
    ]
    assert text.partition("actions:\n\n")[2] == (
        '# own.a: Says own.a\n#   because why\n#   or "other": the other way round\n'
        "- target: $\n  update:\n    x-resources:\n      a:\n        schema: A\n      b:\n        schema: B\n\n"
        "# own.long: Says own.long\n#   because why (a tie: another reading is as good, and this one is the safer)\n"
        '#   or "other": the other way round\n'
        "- target: $\n  update:\n    x-a: 1\n"
    )
    assert yaml.safe_load(text)["extends"] == "own.yaml"


def test_what_keys_refer_to_is_added(tmp_path: Path) -> None:
    """Schemas of records, and parameters of pages: to a list of parameters, or as one."""
    file = tmp_path / "own.yaml"
    file.write_text(DOCUMENT)
    found = whole(file)
    normal = found.normal.document
    changed = deepcopy(normal)
    page = {"name": "page", "in": "query", "required": False, "schema": {"type": "integer"}}
    for path in ("/things", '/it\'s "odd"/{id}'):
        changed["paths"][path]["get"]["parameters"].append(page)
    changed["components"].setdefault("schemas", {})["Made"] = {"type": "object"}
    basis = Basis(seen(found), normal, Inferred(changed, (inference("own.a", ("/x-a", 1)),), ()))
    text = overlay_text(basis, extends="own.yaml", serve="")
    assert text.count("# What actions below refer to, and the document does not name\n") == 3
    after = applied(tmp_path, text).normal.document
    assert after["components"]["schemas"] == {"Made": {"type": "object"}}
    for path in ("/things", '/it\'s "odd"/{id}'):
        assert after["paths"][path]["get"]["parameters"][-1]["name"] == "page"


@pytest.mark.parametrize("reference", ["#/components/schemas/None", "#/components", "#/paths"])
def test_a_reference_that_leads_back_is_not_followed(tmp_path: Path, reference: str) -> None:
    """The draft is made all the same."""
    document = f"{HEAD}paths: {{/x: {{get: {{responses: {{'204': {{}}}}}}}}}}\ncomponents: {{$ref: '{reference}'}}\n"
    text = drafted(tmp_path, inference("own.a", ("/components/schemas/A", {"type": "object"})), document=document)
    assert "type: object" in text


def test_a_document_of_several_files_is_seen_as_one(tmp_path: Path) -> None:
    """As by its overlays: the draft can be applied."""
    (tmp_path / "item.yaml").write_text("get: {responses: {'204': {}}}\n")
    document = HEAD + "paths: {/x: {$ref: item.yaml}}\n"
    text = drafted(tmp_path, inference("own.a", ("/paths/~1x/get/x-operation", {"do": "list"})), document=document)
    assert "- target: $.paths['/x'].get\n" in text
    assert applied(tmp_path, text).normal.document["paths"]["/x"]["get"]["x-operation"] == {"do": "list"}


@pytest.mark.parametrize("name", ["plain", "a-b", "it's", 'say "x"', "back\\slash", "line\nend", "é", "", "{id}", "$"])
def test_a_place_has_a_query(name: str) -> None:
    """Whatever its name is."""
    document = {"a": [{}, {name: 1}]}
    place = ("a", 1, name)
    assert select(compiled(query_of(place)), document) == [place]


def test_a_seed_has_records_and_tells_of_resources_without(tmp_path: Path) -> None:
    """These stand in a comment that may be taken out of it."""
    text = seed_text({"cats": [{"name": "Tom"}], "dogs": []}, ["dogs", "cats", "birds"], document="own.yaml")
    assert yaml.safe_load(text) == {"cats": [{"name": "Tom"}]}
    assert "# dogs: {count: 10}" in text
    assert "# birds: {count: 10}" in text
