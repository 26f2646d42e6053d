"""The shape of a value is told in words of the kit."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from understudy_checks.shape_words import tell


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        ({"type": "string"}, 5, "must be a text, not 5"),
        ({"type": ["string", "null", "integer"]}, [True], "must be null, a whole number or a text, not [true]"),
        ({"enum": ["a", None]}, "b", 'must be "a" or null, not "b"'),
        ({"const": 1}, "b", 'must be 1, not "b"'),
        ({"type": "string", "format": "date-time"}, "soon", 'must be a date with time and offset, not "soon"'),
        ({"type": "string", "format": "ipv4"}, "x", 'must be of the format ipv4, not "x"'),
        ({"pattern": "^a"}, "b", 'must be a text that matches ^a, not "b"'),
        ({"minimum": 3}, 1, "must be at least 3, not 1"),
        ({"maximum": 3}, 9, "must be at most 3, not 9"),
        ({"exclusiveMinimum": 3}, 3, "must be more than 3, not 3"),
        ({"exclusiveMaximum": 3}, 3, "must be less than 3, not 3"),
        ({"multipleOf": 3}, 5, "must be a multiple of 3, not 5"),
        ({"minLength": 3}, "ab", 'must be a text of 3 characters or more, not "ab"'),
        ({"maxLength": 1}, "ab", 'must be a text of no more than 1 characters, not "ab"'),
        ({"minItems": 2}, [1], "must be a list of 2 items or more, not [1]"),
        ({"maxItems": 1}, [1, 2], "must be a list of no more than 1 items, not [1, 2]"),
        ({"minProperties": 2}, {}, "must be an object of 2 members or more, not {}"),
        ({"maxProperties": 0}, {"a": 1}, 'must be an object of no more than 0 members, not {"a": 1}'),
        ({"uniqueItems": True}, [1, 1], "must be a list without repetitions, not [1, 1]"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 5, "must be of a documented shape, not 5"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, 5, "must be of a documented shape, not 5"),
        ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, "a", 'must be of one documented shape alone, not "a"'),
        ({"not": {}}, 5, "must be as the document says (not), not 5"),
        ({"required": ["id"]}, {}, '"id" is missing'),
        ({"unevaluatedProperties": False}, {"a": 1, "b": 2}, '"a" and "b" must not be there'),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, '"b" must not be there'),
        ({"properties": {"a": False}}, {"a": 1}, "must not be there: 1"),
    ],
)
def test_a_violation_is_told_in_plain_words(schema: dict[str, Any], value: Any, text: str) -> None:
    """What must be and what is, as JSON has it; no phrase of a library."""
    (error,) = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(value)
    assert tell(error) == text
