"""Defaults that stand in the branches of `oneOf` and `anyOf`: a record has those of its own branch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from declared import Caller, api, document, operation, worlds
from own_document import written

DOG = {"properties": {"trained": {"type": "boolean", "default": False}}}
CAT = {"properties": {"indoor": {"type": "boolean", "default": True}, "lives": {"type": "integer"}}}
KIND = {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog", "cat": "#/components/schemas/Cat"}}
BOTH = [{"$ref": "#/components/schemas/Dog"}, {"$ref": "#/components/schemas/Cat"}]


def base(**kind: Any) -> dict[str, Any]:
    """What each pet has."""
    members = {"id": {"type": "string"}, "kind": {"type": "string", **kind}, "name": {"type": "string", "default": "?"}}
    return {"type": "object", "required": ["id", "kind"], "properties": members}


def pets(pet: dict[str, Any], **schemas: Any) -> Caller:
    """A caller of an API of pets with this schema; a dog and a cat have members of their own."""
    own = {"Dog": {"allOf": [base(enum=["dog"]), DOG]}, "Cat": {"allOf": [base(enum=["cat"]), CAT]}}
    paths = {
        "/pets": {"post": operation("createPet", "Pet", status="201", body={"type": "object"})},
        "/pets/{pet_id}": {"put": operation("replacePet", "Pet", path="pet_id", body={"type": "object"})},
    }
    return Caller(worlds(api(document(paths, {**own, "Pet": pet, **schemas}, {"pets": {"schema": "Pet"}}))))


def without_id(record: dict[str, Any]) -> dict[str, Any]:
    """A record to compare."""
    return {name: value for name, value in record.items() if name != "id"}


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_record_gets_the_defaults_of_the_branch_that_it_fits(keyword: str) -> None:
    """And not those of another one; what it says itself stays."""
    caller = pets({keyword: BOTH})
    assert without_id(caller.ok("POST", "/pets", {"kind": "dog"})) == {"kind": "dog", "name": "?", "trained": False}
    assert without_id(caller.ok("POST", "/pets", {"kind": "cat"})) == {"kind": "cat", "name": "?", "indoor": True}
    outdoor = {"kind": "cat", "indoor": False, "lives": 9}
    assert without_id(caller.ok("POST", "/pets", outdoor)) == {**outdoor, "name": "?"}


def test_a_replacement_gets_the_defaults_of_its_branch() -> None:
    """As a new record does."""
    caller = pets({"oneOf": BOTH})
    id = caller.ok("POST", "/pets", {"kind": "cat", "lives": 9})["id"]
    replaced = caller.ok("PUT", f"/pets/{id}", {"kind": "cat"})
    assert without_id(replaced) == {"kind": "cat", "name": "?", "indoor": True}


def test_a_discriminator_chooses_the_branch(tmp_path: Path) -> None:
    """Also where each branch would fit; a value that it does not name leaves the choice to the branches."""
    schemas = {
        "Pet": {"anyOf": BOTH, "discriminator": KIND},
        "Dog": {"allOf": [base(), DOG]},
        "Cat": {"allOf": [base(), CAT]},
    }
    paths = {"/pets": {"post": operation("createPet", "Pet", status="201", body={"type": "object"})}}
    own = written(tmp_path, json.dumps(document(paths, schemas, {"pets": {"schema": "Pet"}})))
    cat, fox = (own.send("POST", "/v1/pets", {"kind": kind}).json() for kind in ("cat", "fox"))
    assert (cat.keys(), fox.keys()) == ({"id", "kind", "name", "indoor"}, {"id", "kind", "name", "trained"})


def test_a_record_that_fits_no_branch_gets_no_default_of_one() -> None:
    """It is refused for what it is."""
    caller = pets({"oneOf": BOTH})
    assert caller.refused("POST", "/pets", {"kind": "fox"}) == 400
