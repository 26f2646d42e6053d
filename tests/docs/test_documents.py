"""The documents themselves: valid for others too, and the recordings readable by the tool whose format they have."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from vcr.cassette import Cassette
from vcr.persisters.filesystem import FilesystemPersister
from vcr.serializers import yamlserializer

from understudy import apis, data
from understudy.document.read import read
from understudy_checks.target import installed

DOCUMENTS = sorted(data.path("openapi").glob("*.yaml"))
RECORDINGS = sorted(
    path for path in data.path("fixtures").glob("*/recordings/*.yaml") if not path.name.endswith(".seed.yaml")
)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_an_independent_validator_accepts_the_document(path: Path) -> None:
    """openapi-spec-validator finds nothing wrong."""
    document = json.loads(json.dumps(read(path)))
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


@pytest.mark.parametrize("name", apis.NAMES)
def test_required_members_are_documented_ones(name: str) -> None:
    """What a response schema requires is declared in it."""
    document = read(data.path(f"openapi/{name}.yaml"))
    for schema in document["components"]["schemas"].values():
        assert set(schema.get("required", ())) <= set(schema.get("properties", schema.get("required", ())))


@pytest.mark.parametrize("name", apis.NAMES)
def test_every_alternative_differs_from_the_default(name: str) -> None:
    """An assumption offers something else than what it already is."""
    for assumption in installed.document(name).assumptions.values():
        values = [json.dumps(value, sort_keys=True) for value in (assumption.default, *assumption.alternatives)]
        assert len(set(values)) == len(values), assumption.id


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_vcrpy_loads_the_recording(path: Path) -> None:
    """A recording is a cassette of VCR.py, format 1."""
    cassette: Any = Cassette.load(
        path=str(path), serializer=yamlserializer, persister=FilesystemPersister, record_mode="none"
    )
    assert len(cassette) > 0
    assert path.with_name(f"{path.stem}.seed.yaml").exists()


def test_there_are_recordings() -> None:
    """The pages' examples are recorded."""
    assert RECORDINGS


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_array_says_what_it_holds(path: Path) -> None:
    """Generators of clients stop at an array without `items`; any value is `{}`."""
    bare = [pointer for pointer, schema in _schemas(read(path), "") if _is_array(schema) and "items" not in schema]
    assert bare == []


def _is_array(schema: Any) -> bool:
    types = schema.get("type")
    return types == "array" or (isinstance(types, list) and "array" in types)


def _schemas(value: Any, pointer: str) -> list[tuple[str, Any]]:
    """All objects of a document with their places, but for examples."""
    if isinstance(value, list):
        return [found for number, one in enumerate(value) for found in _schemas(one, f"{pointer}/{number}")]
    if not isinstance(value, dict):
        return []
    inside = (_schemas(one, f"{pointer}/{name}") for name, one in value.items() if name not in ("example", "examples"))
    return [(pointer, value), *(found for part in inside for found in part)]
