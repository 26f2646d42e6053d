"""The dialect's JSON Schema: a standard validator and the server refuse the same by it, and every key is explained."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import keys_page
import pytest
import yaml
from jsonschema import Draft202012Validator

import declared
import toy
from understudy import data
from understudy.document import dialect
from understudy.document.keys import nodes, schema
from understudy.document.pointer import at, find
from understudy.document.read import read
from understudy.document.violations import violations

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(data.path("openapi").glob("*.yaml"))
MODELINE = "# yaml-language-server: $schema=dialect.schema.json"
STANDARD = Draft202012Validator(schema())
Json = Any


def plain(value: Json) -> Json:
    """A document without the aliases of YAML, so that a change concerns one place."""
    return json.loads(json.dumps(value))


def specimens() -> Iterator[Json]:
    """Small documents in which each of our own keys can stand: the toy's, resources, each pagination and limit."""
    yield toy.document()
    yield plain(declared.workshop())
    for style, turn in (("offset", {"offset": "o"}), ("page-number", {"page": "p"}), ("all", {})):
        pages = {"style": style, "limit": "limit", "items": "", **turn}
        paths = {"/a": {"get": {"responses": {}, "x-operation": {"job": {"resource": "jobs"}}}}}
        yield plain({**toy.document(), "x-pagination": pages, "paths": paths})
    for path in DOCUMENTS:
        known = read(path)
        own = {name: known[name] for name in ("x-pagination", "x-rate-limit", "x-methods") if name in known}
        yield plain({**{name: known[name] for name in ("openapi", "info", "servers", "x-unknown")}, **own}) | {
            "x-errors": toy.document()["x-errors"],
            "paths": {"/a": {"get": {"responses": {}, "x-rate-limit": own.get("x-rate-limit", {})}}} if own else {},
        }


SPECIMENS = list(specimens())
OWNERS = {
    owner: [name for name in keys_page.members(owner) if owner in keys_page.owners() or name.startswith("x-")]
    for owner in keys_page.DEFINITIONS
}
WITH_KEYS = [owner for owner, names in OWNERS.items() if names]


def places(owner: str) -> Iterator[tuple[Json, str]]:
    """The places of an object of the dialect in the small documents: the document and a pointer."""
    for document in SPECIMENS:
        for node in nodes(document):
            if isinstance(node.value, dict) and "$ref" not in node.value and owner == kind(node.place, node.value):
                yield document, node.pointer


def kind(place: str, value: Json) -> str:
    """The definition that describes an object at a place."""
    found = find(schema(), place).get("$ref", "").rpartition("/")[2]
    if found != "pages":
        return found
    return next(name for name in keys_page.STYLES if keys_page.title(name).endswith(f" {value['style']}"))


def test_the_schema_is_one() -> None:
    """The file is a valid JSON Schema of the draft that it names."""
    assert schema()["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_standard_validator_accepts_the_document(path: Path) -> None:
    """An editor is told the schema in the first line, and jsonschema finds nothing wrong."""
    assert path.read_text().partition("\n")[0] == MODELINE
    assert (path.parent / MODELINE.partition("=")[2]).is_file()
    assert [error.message for error in STANDARD.iter_errors(plain(read(path)))] == []


def test_the_document_of_the_recipe_is_accepted_too() -> None:
    """The document that `Add an API` shows begins with the line for editors, and fits."""
    recipe = (ROOT / "docs/how-to/add-an-api.md").read_text()
    shown = recipe.partition("<!-- file: openapi/notes.yaml -->\n```yaml\n")[2].partition("```")[0]
    assert shown.partition("\n")[0] == MODELINE
    assert [error.message for error in STANDARD.iter_errors(yaml.safe_load(shown))] == []


@pytest.mark.parametrize("owner", [one for one in WITH_KEYS if one != "life-cycle"])  # its steps have any name
def test_a_typo_in_a_key_is_refused(owner: str) -> None:
    """A misspelt key of ours is refused at its place, by a standard validator and by the server."""
    known, pointer = next(places(owner))
    for name in OWNERS[owner]:
        document = deepcopy(known)
        place = find(document, pointer)
        place[f"{name}z"] = place.pop(name, None)
        assert not STANDARD.is_valid(document)
        told = [text for where, text in dialect.diagnostics(document) if where == pointer + at(f"{name}z")]
        assert any("is not understood on" in text and "did you mean" in text for text in told), (name, told)


@pytest.mark.parametrize("owner", WITH_KEYS)
def test_a_key_is_explained_and_read(owner: str) -> None:
    """Each of our keys has a text that editors show, and its name stands in the code of the server or the kit."""
    assert [name for name in OWNERS[owner] if not keys_page.described(keys_page.members(owner)[name])] == []
    assert [name for name in OWNERS[owner] if name not in read_names()] == []


@cache
def read_names() -> set[str]:
    """The texts and members that stand in the code of the server and the kit."""
    found: set[str] = set()
    for file in (*(ROOT / "mock_server").rglob("*.py"), *(ROOT / "contract_tests").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
    return found


REPLACEMENTS = (None, "x", 1, 1.5, True, [], {}, [1], {"assumption": "x"}, {"assumption": 1}, {"$ref": "#/x"})


@pytest.mark.parametrize(
    "document", SPECIMENS, ids=["toy", "resources", "offset", "page-number", "all", *(path.stem for path in DOCUMENTS)]
)
def test_the_server_refuses_what_a_standard_validator_refuses(document: Json) -> None:
    """Whatever stands in the place of a part, both agree whether the schema allows it."""
    for number, node in enumerate([node for node in nodes(document) if node.pointer]):
        other = deepcopy(document)
        parent, _, last = node.pointer.rpartition("/")
        owner = find(other, parent)
        last = last.replace("~1", "/").replace("~0", "~")
        owner[int(last) if isinstance(owner, list) else last] = REPLACEMENTS[number % len(REPLACEMENTS)]
        assert bool(list(violations(other))) != STANDARD.is_valid(other), node.pointer
