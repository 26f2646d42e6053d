"""Comparing responses with recorded ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from understudy.engine.exchange import Response
from understudy.recording.compare import differences


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {"a": 2}, ["/a: expected 1, got 2"]),
        ({"a": 1}, {"a": True}, ["/a: expected 1, got True"]),
        ({"a": None}, {}, ["/a: expected None, got nothing"]),
        ({"a": {"b/c": 1}}, {"a": {"b/c": 2}}, ["/a/b~1c: expected 1, got 2"]),
        ({"a": {}}, {"a": []}, ["/a: expected {}, got []"]),
        ([1, 2], [1, 2, 3], []),
        ([1, 2], [1], ["/1: expected 2, got nothing like it"]),
        ([{"id": "b", "n": 1}], [{"id": "a"}, {"id": "b", "n": 1}], []),
        ([{"id": "b", "n": 1}], [{"id": "a"}, 5, {"id": "b", "n": 2}], ["/0/n: expected 1, got 2"]),
        ([{"id": "c"}], [{"id": "a"}], ["/0: expected {'id': 'c'}, got nothing like it"]),
        ({"new": {"id": "x", "n": 1}}, {"new": {"id": "y", "n": 1}}, []),
        ([0, {"id": "x", "n": 1}], [0, {"id": "y", "n": 1}], []),
        ({"gone": [1]}, {"gone": []}, []),
    ],
)  # fmt: skip
def test_what_was_recorded_must_be_there(expected: Any, actual: Any, told: list[str]) -> None:
    """Recorded values must be equal, items are matched by id, and other members may differ."""
    ignore = ("/new/id", "/1/id", "/gone/0")
    pair = (Response(200, (), json.dumps(value).encode()) for value in (expected, actual))
    assert differences(*pair, ignore=ignore) == told


def test_a_status_without_a_body_is_enough() -> None:
    """A recording without a body compares the status alone."""
    assert differences(Response(204), Response(200, (), b"x")) == ["status: expected 204, got 200"]
    assert differences(Response(200), Response(200, (), b"x")) == []


def test_a_body_that_is_no_json_differs() -> None:
    """A response that is no JSON is reported as text."""
    assert differences(Response(200, (), b'{"a": 1}'), Response(200, (), b"\xff<")) == [
        ": expected {'a': 1}, got '\\\\xff<'"
    ]
    assert differences(Response(200, (), b"plain"), Response(200, (), b"plain")) == []
