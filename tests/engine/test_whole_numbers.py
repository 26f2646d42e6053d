"""Whole numbers with a fraction in bodies: integers where the document asks for one."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.document.integers import may_hold_fractions, with_integers

INTEGER, NUMBER = {"type": "integer"}, {"type": "number"}


@pytest.mark.parametrize(
    ("schema", "value", "read"),
    [
        (INTEGER, 3.0, 3),
        (INTEGER, 1e2, 100),
        (NUMBER, 3.0, 3.0),
        (True, 3.0, 3.0),
        ({"type": ["integer", "null"]}, 3.0, 3),
        ({"anyOf": [INTEGER, {"type": "string"}]}, 3.0, 3),
        ({"allOf": [{"oneOf": [{"properties": {"a": INTEGER}}]}]}, {"a": 3.0, "b": 3.0}, {"a": 3, "b": 3.0}),
        ({"type": "array", "items": INTEGER}, [1.0, 2], [1, 2]),
        ({"additionalProperties": INTEGER, "properties": {"b": NUMBER}}, {"a": 1.0, "b": 1.0}, {"a": 1, "b": 1.0}),
        ({"anyOf": [INTEGER, NUMBER]}, 0.5, 0.5),
        ({"properties": {"a": INTEGER}}, {"a": "1.0"}, {"a": "1.0"}),
    ],
)
def test_whole_numbers_are_integers_where_they_must_be(schema: Any, value: Any, read: Any) -> None:
    """A number without a fraction becomes an integer just where a schema asks for one."""
    got = with_integers(value, schema)
    assert got == read
    assert repr(got) == repr(read)


@pytest.mark.parametrize(
    ("body", "looks"), [(b'{"a":1.0}', True), (b"[1e2]", True), (b"[1E2]", True), (b'{"a":10}', False)]
)
def test_bodies_without_such_numbers_are_not_read_twice(body: bytes, looks: bool) -> None:
    """Only a body that may hold one is looked through."""
    assert may_hold_fractions(body) is looks


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("1.0", True),
        ('{"a":1.0}', True),
        ('{"a": -20.00}', True),
        ("[1,2.50e1]", True),
        ('{"a":3E2}', True),
        ('{"a":1.5,"b":10}', False),
        ('{"id":"J80e43k","version":"1.0"}', False),
        ('{"a":true}', False),
    ],
)
def test_texts_are_told_from_numbers(text: str, may: bool) -> None:
    """Most ids and versions cost no second look."""
    assert may_hold_fractions(text.encode()) is may
