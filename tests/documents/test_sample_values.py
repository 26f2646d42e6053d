"""Values that are made for a schema: each fits, and is the same each time."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest

from understudy.document.sample import NoValue, Samples
from understudy.document.texts import Numbers, formatted, matching
from understudy.document.views import Views

SCHEMAS: dict[str, Any] = {
    "Node": {
        "type": "object",
        "required": ["v"],
        "properties": {
            "v": {"type": "integer"},
            "next": {"$ref": "#/components/schemas/Node"},
            "all": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    },
    "Endless": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"$ref": "#/components/schemas/Endless"}},
    },
    "Ending": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"anyOf": [{"$ref": "#/components/schemas/Ending"}, {"type": "null"}]}},
    },
    "Some": {
        "type": "object",
        "required": ["next"],
        "properties": {"next": {"type": "array", "items": {"$ref": "#/components/schemas/Some"}}},
    },
    "Secret": {"type": "string", "writeOnly": True},
    "False": False,
}


def made(schema: Any, *, direction: str = "response", seed: str = "s") -> Any:
    """A value of a schema."""
    validator = jsonschema_rs.Draft202012Validator(Views(SCHEMAS).view(schema, direction), validate_formats=True)
    value = Samples(SCHEMAS).value(schema, validator, seed=seed, direction=direction)
    assert validator.is_valid(value)
    return value


def ref(name: str) -> dict[str, str]:
    """A reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {},
        {"type": "string", "minLength": 30, "maxLength": 31},
        {"type": "string", "maxLength": 2},
        {"type": "string", "minLength": 9000},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "format": "no-such-format"},
        {"type": "string", "pattern": "^[a-z]{3}-[0-9]+$"},
        {"type": "string", "pattern": "^[a-z]*$", "minLength": 10, "maxLength": 12},
        {"type": "string", "pattern": "a", "minLength": 10},
        {"type": "string", "pattern": r"^\p{L}+[\p{N}\p{Lu}]$"},
        {"type": "integer", "minimum": 5, "maximum": 6},
        {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
        {"type": "integer", "maximum": -5},
        {"type": "integer", "multipleOf": 7, "minimum": 50},
        {"type": "number", "minimum": 0.5, "maximum": 0.75},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        {"type": "number", "multipleOf": 0.01, "maximum": 1},
        {"type": "boolean"},
        {"type": "null"},
        {"type": ["null", "boolean"]},
        {"const": {"a": 1}},
        {"enum": [None, "a"]},
        {"enum": [None]},
        {"type": "integer", "enum": ["a", 3]},
        {"type": "array", "items": {"type": "integer"}, "minItems": 5, "uniqueItems": True},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
        {"type": "array", "items": {"type": "string", "examples": ["a"]}, "minItems": 2, "uniqueItems": True},
        {"type": "array", "items": False},
        {"type": "array", "maxItems": 0, "items": {"type": "integer"}},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
        {"type": "array", "contains": {"const": 3}, "minContains": 2},
        {"type": "array", "items": ref("Endless")},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "additionalProperties": ref("Endless")},
        {"type": "object", "minProperties": 3},
        {"type": "object", "minProperties": 2, "propertyNames": {"pattern": "^x[0-9]$"}},
        {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {"^x$": {"type": "integer"}},
            "additionalProperties": False,
        },
        {
            "type": "object",
            "required": ["xyz"],
            "patternProperties": {"^a": {"type": "string"}, "^xyz$": {"type": "integer"}},
        },
        {"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "required": ["c"], "maxProperties": 2},
        {"properties": {"a": {"type": "integer"}}},
        {"items": {"type": "integer"}, "minItems": 1},
        {"minimum": 3},
        {"minLength": 3},
        {"allOf": [{"type": "number", "minimum": 1}, {"type": "integer", "maximum": 3}]},
        {"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}]},
        {"allOf": [{"enum": [1, 2]}, {"enum": [2, 3]}]},
        {
            "allOf": [
                {"properties": {"a": {"minimum": 1}}},
                {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
            ]
        },
        {
            "allOf": [
                {"additionalProperties": True},
                {"additionalProperties": {"type": "integer"}},
                {"minProperties": 1},
            ]
        },
        {
            "allOf": [
                {"additionalProperties": {"minimum": 3}},
                {"additionalProperties": {"type": "integer"}, "minProperties": 1},
            ]
        },
        {"allOf": [{"additionalProperties": {"minimum": 3}}, {"additionalProperties": True, "minProperties": 1}]},
        {"allOf": [{"additionalProperties": False}, {"additionalProperties": True}]},
        {"allOf": [{"items": {"minimum": 3}}, {"items": {"type": "integer"}, "minItems": 1}]},
        {"allOf": [{"minLength": 2, "maxLength": 9}, {"minLength": 4, "maxLength": 5}, {"type": "string"}]},
        {"oneOf": [{"type": "null"}, {"type": "integer"}]},
        {"oneOf": [False, {"type": "integer"}]},
        {"oneOf": [{"type": "null"}]},
        {"type": "integer", "oneOf": [{"type": "string"}, {"minimum": 7}]},
        {"oneOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "integer"}}}]},
        {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}},
        {"anyOf": [ref("Endless"), {"type": "integer"}]},
        {"not": {"required": ["a"]}, "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
        {"type": "object", "dependentRequired": {"a": ["b"]}, "properties": {"a": {}}},
        {"type": "object", "properties": {"a": {"type": "integer", "examples": ["wrong"]}}},
        {"type": "string", "pattern": "^b+$", "examples": ["wrong"]},
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "string", "pattern": "^b$", "default": "wrong"}},
        },
        {"type": "integer", "default": 3.0},
        ref("Node"),
        ref("Ending"),
        ref("Some"),
        {"type": "object", "properties": {f"p{n}": ref("Node") for n in range(200)}},
    ],
)
def test_a_value_fits_its_schema(schema: Any) -> None:
    """Whatever its keywords; and the same seed makes the same value."""
    assert made(schema) == made(schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        ref("False"),
        ref("Endless"),
        {"type": []},
        {"enum": []},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"allOf": [True, False]},
        {"allOf": [{"enum": [1]}, {"enum": [2]}]},
        {"oneOf": [False]},
        {"type": "object", "required": ["a"], "properties": {"a": False}},
        {"type": "object", "minProperties": 1, "additionalProperties": ref("Endless")},
        {"type": "array", "minItems": 1, "items": ref("Endless")},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [1]}},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "multipleOf": 5e-324},
        {"type": "array", "minItems": 1_000_000_000},
        {"type": "object", "minProperties": 1_000_000_000},
        {"type": "array", "minItems": 2_000, "items": {"type": "array", "minItems": 2_000, "items": {"type": "null"}}},
        {"type": "string", "pattern": "^a(?!a)a$"},
        {"type": "string", "pattern": "[^\\s\\S]"},
        {"type": "string", "minLength": 3, "maxLength": 2},
    ],
)
def test_a_schema_that_nothing_fits_has_no_value(schema: Any) -> None:
    """Rather than one that does not fit."""
    try:
        validator = jsonschema_rs.Draft202012Validator(Views(SCHEMAS).view(schema, "response"))
    except ValueError:  # no schema at all
        validator = jsonschema_rs.Draft202012Validator(False)
    with pytest.raises(NoValue):
        Samples(SCHEMAS).value(schema, validator, seed="s")


def test_examples_come_first() -> None:
    """The own example of a part is taken where it is valid, and made anew where it is not."""
    schema = {
        "type": "object",
        "required": ["a", "b"],
        "properties": {
            "a": {"type": "integer", "examples": [7]},
            "b": {"type": "integer", "maximum": 3, "examples": [9]},
        },
    }
    value = made(schema)
    assert value["a"] == 7
    assert value["b"] <= 3


def test_hidden_members_are_left_out() -> None:
    """A response has no writeOnly members, a request no readOnly ones."""
    schema = {"properties": {"a": {"readOnly": True, "type": "integer"}, "b": ref("Secret"), "c": {"type": "integer"}}}
    assert made(schema).keys() == {"a", "c"}
    assert made(schema, direction="request").keys() == {"b", "c"}


def test_another_seed_makes_another_value() -> None:
    """So that records differ."""
    assert made({"type": "string"}) != made({"type": "string"}, seed="t")


@pytest.mark.parametrize(
    "pattern",
    [
        "^a|b$",
        "^(?i:a)$",
        "^(ab)+$",
        r"^\d{2}\w\s\S\D\W$",
        "^[^a-z]$",
        "^.{3}$",
        r"^(a|b)\1$",
        "^a??b*?$",
        r"^\/x\.y$",
        "^[a-c-]{2}$",
        r"^(?<year>[0-9]{4})-\k<year>$",
        "^(?:a|b){2,3}$",
        r"^\u00e9$",
        "[^\\s]",
        "^$",
        "^[\\d_]+$",
        "^a{0}$",
        "^[+-]?x$",
        "^[^\\x00-\\x7f]?a$",
        "(?i)a",
    ],
)
def test_a_text_matches_its_pattern(pattern: str) -> None:
    """As Python's own matcher finds it."""
    text = matching(pattern, Numbers("s"))
    as_python = pattern.replace("(?<", "(?P<").replace(r"\k<year>", "(?P=year)")
    assert text is not None or "\\k" in pattern
    assert text is None or re.search(as_python, text)


@pytest.mark.parametrize("pattern", ["(", "a{5000}", "(a{3000}){3000}", "[^\\s\\S]", "(?(1)a|b)"])
def test_a_pattern_without_a_text_is_none(pattern: str) -> None:
    """One that is not understood, would be too long, or matches nothing."""
    assert matching(pattern, Numbers("s")) is None


def test_each_format_is_a_valid_one() -> None:
    """As the validator checks it."""
    for format in (
        "date-time",
        "date",
        "time",
        "duration",
        "uuid",
        "email",
        "idn-email",
        "uri",
        "iri",
        "uri-reference",
        "iri-reference",
        "uri-template",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "json-pointer",
        "relative-json-pointer",
        "regex",
    ):
        made({"type": "string", "format": format})
    assert [formatted(name, Numbers("s")) for name in ("url", "guid", "byte", "decimal")].count(None) == 0
    assert formatted("none", Numbers("s")) is None
