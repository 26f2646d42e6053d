"""The projection of a response onto the members that the document names."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from understudy.engine.exchange import Response
from understudy_checks.projection import Shape, project
from understudy_checks.target.installed import document

DOCUMENT = {"parts": {"named": {"properties": {"name": {}, "next": {"$ref": "#/parts/named"}}}}}
NAMED = {"$ref": "#/parts/named"}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({}, {"more": 1}, {"more": 1}),
        ({"type": "object"}, {"more": 1}, {"more": 1}),
        (NAMED, {"more": 1, "name": {"more": 1}}, {"name": {"more": 1}}),
        (NAMED, {"next": {"next": {"more": 1, "name": 1}}}, {"next": {"next": {"name": 1}}}),
        (NAMED, {"next": None}, {"next": None}),
        (NAMED, ["more"], ["more"]),
        ({"items": NAMED}, [{"more": 1}, {"name": 1}], [{}, {"name": 1}]),
        ({"items": {}}, [{"more": 1}], [{"more": 1}]),
        ({"allOf": [NAMED, {"properties": {"more": {}}}]}, {"more": 1, "name": 1, "x": 1}, {"more": 1, "name": 1}),
        ({"anyOf": [{"type": "null"}, NAMED]}, {"more": 1, "name": 1}, {"name": 1}),
        ({"oneOf": [NAMED], "properties": {"name": {"items": NAMED}}}, {"name": [{"x": 1}]}, {"name": [{}]}),
        ({"properties": {"name": {}}, "additionalProperties": {"type": "string"}}, {"more": "1"}, {"more": "1"}),
        ({"properties": {"name": {}}, "additionalProperties": False}, {"more": "1"}, {}),
    ],
)
def test_members_that_are_not_named_are_left_out(schema: Any, value: Any, expected: Any) -> None:
    """Only a schema that names members leaves any out, through references, lists and schemas put together."""
    assert Shape(DOCUMENT, [schema]).project(value) == expected


@pytest.mark.parametrize(("status", "kept"), [(201, {"id": "r"}), (200, {"id": "r"}), (404, {"id": "r", "more": 1})])
def test_a_success_of_an_undocumented_status_is_projected_too(status: int, kept: Any) -> None:
    """Its members are those of the documented success, so that its status is all that is wrong with it."""
    contract = document("nextstep")
    response = Response(status, (), msgspec.json.encode({"data": {"id": "r", "more": 1}}))
    projected = project(contract, contract.operations["createProcessRun"], response)
    assert projected.json() == {"data": kept}
