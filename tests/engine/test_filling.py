"""Values that are made to fit a schema: what stays, what is converted, what is made, what is left out."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from understudy.document.sample import NoValue, Samples
from understudy.resources import filling
from understudy.resources.filling import Filler

TEXT = {"type": "string"}


def filler(schema: Any) -> Filler:
    """What fills values of a schema."""
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    samples = Samples({})
    return Filler(
        validator,
        lambda: samples.value(schema, validator, seed="a"),
        lambda: samples.variants(schema, validator, seed="a"),
    )


def known(**members: Any) -> dict[str, Any]:
    """The schema of an object without other members, all of which it must have."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "given", "filled"),
    [
        (known(a=TEXT), {"a": "x"}, {"a": "x"}),
        (known(a=TEXT), {"a": "x", "b": 1}, {"a": "x"}),
        (known(a=TEXT), {"a": 5}, {"a": "5"}),
        (known(a=TEXT), {"a": True}, {"a": "true"}),
        (known(a={"type": "integer"}), {"a": " 5"}, {"a": 5}),
        (known(a={"type": "boolean"}), {"a": "TRUE"}, {"a": True}),
        (known(a={"type": "array", "items": TEXT}), {"a": "x"}, {"a": ["x"]}),
        (known(a={"type": "array", "items": {**TEXT, "default": "d"}}), {"a": ["x", {}, None]}, {"a": ["x", "d"]}),
        (known(a=known(id=TEXT)), {"a": "x"}, {"a": {"id": "x"}}),
        (known(a=TEXT), {"a": {"id": "x", "b": 1}}, {"a": "x"}),
        (known(a={"type": "string", "maxLength": 3, "default": "abc"}), {"a": "wxyz"}, {"a": "wxy"}),
        (known(a={"enum": ["r"]}), {"a": "green"}, {"a": "r"}),
        (known(a={**TEXT, "minLength": 1, "default": "d"}), {"a": None}, {"a": "d"}),
        (known(a=TEXT), {"a": None}, {"a": ""}),
        ({"type": "object", "properties": {"a": TEXT}}, {"a": None, "b": 1}, {"b": 1}),
        ({"type": "object", "properties": {"a": known(b={"const": 1})}}, {"a": {}}, {"a": {"b": 1}}),
        (known(a=known(b={"const": 1})), {"a": {"c": 2}}, {"a": {"b": 1}}),
        ({"type": "array", "items": known(b={"const": 1})}, [{}, {"b": 1}, {"b": 2}], [{"b": 1}] * 3),
        ({"type": "integer", "default": 7}, "x", 7),
        ({"oneOf": [known(a={"const": 1}, b={"const": 2}), known(a={"const": 2}, c={"const": 3})]}, {"a": 2},
         {"a": 2, "c": 3}),
        ({"oneOf": [known(a={"const": 1}), known(a={"const": 2})]}, {"a": 2, "z": 1}, {"a": 2}),
        ({"type": "object", "minProperties": 2, "properties": {"a": {"const": 1}, "b": {"const": 2}}}, {"a": 1},
         {"a": 1, "b": 2}),
        ({"type": "object", "not": {"required": ["z"]}, "properties": {"a": {"const": 1}}}, {"a": 1, "z": 1}, {"a": 1}),
        (known(a={"anyOf": [{"type": "integer", "default": 3}, {"type": "null"}]}), {"a": "x"}, {"a": 3}),
        (known(a={"type": "integer", "default": 3}), {"a": "null"}, {"a": 3}),
        (known(a=known(n={"const": 1})), {"a": "x"}, {"a": {"n": 1}}),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": {"type": "integer", "enum": [1]}},
         {"z": "x"}, {}),
        ({"oneOf": [known(a={"const": 1}, b={"const": 2}) | {"minProperties": 2, "required": []}]},
         {}, {"a": 1, "b": 2}),
        (known(a={"type": "array", "minItems": 2, "items": {"const": 1}}), {"a": [1]}, {"a": [1, 1]}),
    ],
)  # fmt: skip
def test_a_value_is_mended_as_little_as_can_be(schema: Any, given: Any, filled: Any) -> None:
    """What fits stays; what is made is that of a sample."""
    made = filler(schema).fill(given)
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(made)
    assert made == filled


def test_a_value_that_fits_is_the_same() -> None:
    """Nothing is copied, nor is what was given changed."""
    given = {"a": "x"}
    assert filler(known(a=TEXT)).fill(given) is given
    wrong = {"a": 5}
    filler(known(a=TEXT)).fill(wrong)
    assert wrong == {"a": 5}


def test_where_no_value_is_known_the_value_stays() -> None:
    """A schema without a sample mends nothing that it would have to make."""

    def none() -> Any:
        raise NoValue("nothing fits")

    empty = Filler(jsonschema_rs.Draft202012Validator(known(a=TEXT)), none)
    assert (dict(empty.required), empty.fill({"b": 1}), empty.fill("text")) == ({}, {"b": 1}, "text")


def test_a_value_that_takes_too_long_is_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many of the given members as fit."""
    monkeypatch.setattr(filling, "_ROUNDS", 0)
    assert filler(known(a={"const": 1}, b=TEXT)).fill({"a": 2, "b": "x"}) == {"a": 1, "b": "x"}


def test_encoded_values_are_remembered() -> None:
    """A short one is mended once; a long one is mended each time."""
    one = filler(known(a=TEXT))
    assert one.filled_bytes(b'{"a":"x"}') == b'{"a":"x"}'
    assert one.filled_bytes(b'{"a":5}') is one.filled_bytes(b'{"a":5}')
    long = b'{"a":"' + b"x" * (1 << 15) + b'"}'
    assert one.filled_bytes(long) is long
