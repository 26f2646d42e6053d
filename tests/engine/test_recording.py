"""Recordings: reading cassettes and comparing responses with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from understudy.document.read import Unreadable
from understudy.engine.exchange import Request, Response
from understudy.recording.cassette import differences, load


def interaction(**changes: Any) -> dict[str, Any]:
    """One interaction of a cassette."""
    request = {"method": "GET", "uri": "https://a.example/x/y?b=1&c", "headers": {"A": ["1", "2"]}, "body": None}
    response = {"status": {"code": 200, "message": "OK"}, "headers": {"B": ["3"]}, "body": {"string": "{}"}}
    return {"request": request, "response": response, **changes}


def cassette(path: Path, *interactions: Any) -> Path:
    """Write a cassette into a folder."""
    file = path / "a.yaml"
    file.write_text(json.dumps({"version": 1, "interactions": interactions}))
    return file


def test_a_cassette_is_read(tmp_path: Path) -> None:
    """A recorded request has path and query, lower-case header names and a body of bytes."""
    (recorded,) = load(cassette(tmp_path, interaction(ignore=["/id"])))
    assert recorded.request == Request("GET", "/x/y", "b=1&c", ((b"a", b"1"), (b"a", b"2")), b"")
    assert recorded.response == Response(200, ((b"b", b"3"),), b"{}")
    assert recorded.ignore == ("/id",)


@pytest.mark.parametrize(
    "content",
    ["[]", "a: 1", "interactions: 1", "interactions: [1]", "interactions: [{request: {}}]", "",
     json.dumps({"interactions": [interaction(request={"method": "GET", "uri": "http://[", "headers": {},
     "body": ""})]}),
     json.dumps({"interactions": [interaction(response={"status": 200})]})],
)  # fmt: skip
def test_what_is_no_cassette_is_told(tmp_path: Path, content: str) -> None:
    """A file of another format is refused with its name."""
    file = tmp_path / "a.yaml"
    file.write_text(content)
    with pytest.raises(Unreadable, match="is no cassette"):
        load(file)


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
