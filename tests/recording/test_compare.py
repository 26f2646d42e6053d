"""Comparing responses with recorded ones."""

from __future__ import annotations

import json
from typing import Any

import pytest

from understudy.engine.exchange import Headers, Request, Response
from understudy.recording.bindings import Bindings
from understudy.recording.compare import NOTHING, Comparison, Match
from understudy.recording.recorded import Recorded

JSON: Headers = ((b"content-type", b"application/json"),)
AT = "2026-04-07T10:00:00Z"
LONG, OTHER = "CWpVWwuj7Jkvl3Smlyxb", "Y9Rxzi3uDOvGAYojkHti"


def recorded(response: Response, *, method: str = "GET", partial: bool = False, ignore: Any = ()) -> Recorded:
    """A recorded exchange with this response."""
    return Recorded(Request(method, "/pets"), response, ignore, partial=partial)


def told(
    expected: Any,
    actual: Any,
    how: Comparison | None = None,
    *,
    partial: bool = False,
    ignore: Any = (),
    above: str = "",
) -> list[str]:
    """The differences of two JSON bodies."""
    one, other = (Response(200, JSON, json.dumps(value).encode()) for value in (expected, actual))
    found = (how or Comparison()).differences(recorded(one, partial=partial, ignore=ignore), other, above)
    return [str(difference) for difference in found]


@pytest.mark.parametrize(
    ("expected", "actual", "differences"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": 1}, {"a": 2}, ["/a: expected 1, got 2"]),
        ({"a": 1}, {"a": True}, ["/a: expected 1, got True"]),
        ({"a": None}, {}, ["/a: expected None, got nothing"]),
        ({"a": {"b/c": 1}}, {"a": {"b/c": 2}}, ["/a/b~1c: expected 1, got 2"]),
        ({"a": {}}, {"a": []}, ["/a: expected {}, got []"]),
        ([1, 2], [1, 2, 3], []),
        ([1, 2], [1], ["/1: expected 2, got nothing"]),
        ([{"id": "b", "n": 1}], [{"id": "a"}, {"id": "b", "n": 1}], []),
        ([{"id": "b", "n": 1}], [{"id": "a"}, 5, {"id": "b", "n": 2}], ["/0/n: expected 1, got 2"]),
        ([{"id": "c"}], [{"id": "a"}], ["/0: expected {'id': 'c'}, got nothing"]),
        ({"new": {"id": "x", "n": 1}}, {"new": {"id": "y", "n": 1}}, []),
        ([0, {"id": "x", "n": 1}], [0, {"id": "y", "n": 1}], []),
        ({"gone": [1]}, {"gone": []}, []),
    ],
)  # fmt: skip
def test_what_was_recorded_in_part_must_be_there(expected: Any, actual: Any, differences: list[str]) -> None:
    """Recorded values must be equal, items are matched by id, and other members may differ."""
    assert told(expected, actual, partial=True, ignore=("/new/id", "/1/id", "/gone/0")) == differences


@pytest.mark.parametrize(
    ("expected", "actual", "differences"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, ["/b: expected nothing, got 2"]),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": "1"}, {"a": 1}, ["/a: expected '1', got 1"]),
        ({"a": "x" * 200}, {"a": 1}, [f"/a: expected '{'x' * 116}..., got 1"]),
        ({"a": False}, {"a": 0}, ["/a: expected False, got 0"]),
        ([1, 2], [2, 1], ["/0: expected 1, got 2", "/1: expected 2, got 1"]),
        ([1, 2], [2], ["/0: expected 1, got nothing"]),
        ([2], [1, 2], ["/0: expected nothing, got 1"]),
        ([{"id": 1, "n": 1}], [{"id": 9}, {"id": 1, "n": 1}], ["/0: expected nothing, got {'id': 9}"]),
        ([{"n": 1}, {"n": 2}], [{"n": 1}], ["/1: expected {'n': 2}, got nothing"]),
        ([{"n": 1}], [], ["/0: expected {'n': 1}, got nothing"]),
    ],
)
def test_a_whole_answer_must_be_the_same(expected: Any, actual: Any, differences: list[str]) -> None:
    """What is missing, what is more, and each value that differs is told with its pointer."""
    assert told(expected, actual) == differences


def test_pointers_are_ignored() -> None:
    """An ignored pointer is not compared, absent or not; a star is any name or number."""
    how = Comparison(ignore=("/a/b", "/items/*/n", "/list/1", "/more"))
    assert told({"a": {"b": 1}, "items": [{"n": 1}]}, {"a": {"b": 2}, "items": [{"n": 2}]}, how) == []
    assert told({"a": {"b": 1}}, {"a": {}, "more": 1}, how) == []
    assert told({"list": [1, 2]}, {"list": [1]}, how) == []
    assert told({"list": [1]}, {"list": [1, 2]}, how) == []
    assert told({"a": 1}, {"a": 2}, how) == ["/a: expected 1, got 2"]


def test_ids_are_unified_by_kind() -> None:
    """The first id of a kind stands for the one that is answered; from then on both stand for each other only."""
    how = Comparison()
    assert told({"id": 1, "owner_id": 1}, {"id": 5, "owner_id": 8}, how, above="pets") == []
    assert told({"pets": [{"id": 1}], "petId": 1}, {"pets": [{"id": 5}], "petId": 5}, how) == []
    assert told({"pet_id": 1}, {"pet_id": 8}, how) == ["/pet_id: expected 1, got 8"]
    assert told({"pet_id": 2}, {"pet_id": 5}, how) == ["/pet_id: expected 2, got 5"]
    assert told({"pet_id": 3}, {"pet_id": "x"}, how) == ["/pet_id: expected 3, got 'x'"]
    assert told({"data": [{"id": 1}]}, {"data": [{"id": 5}]}, how, above="pets") == []
    assert told([{"id": 1}], [{"id": 7}, {"id": 5}], how, above="pets") == ["/0: expected nothing, got {'id': 7}"]


def test_ids_that_were_given_stay_as_they_are() -> None:
    """An id of the start state is never taken for another one."""
    how = Comparison(Bindings(lambda kind, text: (kind, text) == ("pet", "1")))
    assert told({"pet_id": 1}, {"pet_id": 2}, how) == ["/pet_id: expected 1, got 2"]
    assert told({"pet_id": 1}, {"pet_id": 1}, how) == []
    assert told({"pet_id": 3}, {"pet_id": 2}, how) == []


def test_long_ids_are_the_same_everywhere() -> None:
    """A long id is replaced wherever it stands: in other kinds, in texts, in URLs."""
    how = Comparison()
    assert told({"run_id": LONG}, {"run_id": OTHER}, how) == []
    assert told({"instance_id": LONG}, {"instance_id": LONG}, how) != []
    assert told({"text": f"see {LONG}."}, {"text": f"see {OTHER}."}, how) == []
    assert told({"url": f"/runs/{LONG}/x"}, {"url": f"/runs/{OTHER}/x"}, how) == []


def test_times_are_compared_as_times() -> None:
    """With the clock at the recorded time, moments must be close; without, equal times stay equal."""
    timed, untimed = Comparison(timed=True), Comparison()
    assert told({"at": AT}, {"at": "2026-04-07T12:00:03.5+02:00"}, timed) == []
    assert told({"at": AT}, {"at": "2026-04-07T10:01:00Z"}, timed) == [
        f"/at: expected '{AT}', got '2026-04-07T10:01:00Z'"
    ]
    assert told({"at": AT}, {"at": "2026-04-07"}, timed) != []
    assert told({"created": 1_775_556_000}, {"created": 1_775_556_003}, timed) == []
    assert told({"created": 1_775_556_000_000}, {"created": 1_775_556_900_000}, timed) != []
    assert told({"count": 1_775_556_000}, {"count": 1_775_556_003}, timed) != []
    assert told({"a": AT, "b": AT}, {"a": "2030-01-01T00:00:00Z", "b": "2030-01-01T00:00:00Z"}, untimed) == []
    assert told({"c": AT}, {"c": "2031-01-01T00:00:00Z"}, untimed) != []
    assert told({"a": "2026-13-45"}, {"a": "2026-13-46"}, timed) != []


def test_tokens_are_compared_by_their_place() -> None:
    """A cursor or token stands for another one, and stays so."""
    how = Comparison()
    assert told({"next_cursor": "abc"}, {"next_cursor": "xyz"}, how) == []
    assert told({"next_cursor": "abc"}, {"next_cursor": "uvw"}, how) == ["/next_cursor: expected 'abc', got 'uvw'"]
    assert told({"name": "abc"}, {"name": "xyz"}, how) == ["/name: expected 'abc', got 'xyz'"]


def test_masked_values_fit_what_they_stand_for() -> None:
    """A placeholder of a secret stands for any text, and what is around it must be the same."""
    assert told({"a": "Bearer masked-0123456789abcdef!"}, {"a": "Bearer s3cret!"}) == []
    assert told({"a": "Bearer masked-0123456789abcdef!"}, {"a": "Basic s3cret!"}) != []


def test_urls_may_differ_in_made_parts() -> None:
    """Host and ids of a URL are replaced; a literal part, another host, more parts or parameters differ."""
    how = Comparison()
    how.bindings.bind_origin("https://shop.example", "http://127.0.0.1:8629")
    same = [
        ("https://shop.example/pets/12", "http://127.0.0.1:8629/pets/9"),
        (f"https://shop.example/f/{LONG}?sig={LONG}", f"http://127.0.0.1:8629/f/{OTHER}?sig={OTHER}"),
        ("/pets/12", "/pets/9"),
    ]
    other = [
        ("https://shop.example/pets/12", "http://127.0.0.1:8629/cats/9"),
        ("https://shop.example/pets/12", "http://127.0.0.1:8629/pets/10"),
        ("https://cdn.example/pets/12", "http://127.0.0.1:8629/pets/9"),
        ("/pets/12", "/pets/9/more"),
        ("/pets?page=1", "/pets"),
        ("/pets?page=a", "/pets?page=b"),
        ("/pets?page=1", "/pets?pages=1"),
        ("http://[", "http://]"),
        ("/pets", "pets"),
    ]
    assert [told({"url": a}, {"url": b}, how) for a, b in same] == [[]] * len(same)
    assert all(told({"url": a}, {"url": b}, how) for a, b in other)


@pytest.mark.parametrize(
    ("match", "differences"),
    [
        ("strict", ["/a: expected 1, got 2", "/b: expected 'x', got None"]),
        ("shape", ["/b: expected 'x', got None"]),
        ("status", []),
    ],
)
def test_less_can_be_compared(match: Match, differences: list[str]) -> None:
    """Only types and members, or only the status."""
    how = Comparison(match=match)
    assert told({"a": 1, "b": "x"}, {"a": 2, "b": None}, how) == differences
    assert told([{"a": 1}], [{"a": 2.5}, {"a": 3}], how) == (
        [] if match != "strict" else told([{"a": 1}], [{"a": 2.5}, {"a": 3}])
    )


def test_the_status_comes_first() -> None:
    """With another status, nothing else is compared; an answer to HEAD has no body to compare."""
    (found,) = Comparison().differences(recorded(Response(204)), Response(200, (), b"x"))
    assert found == ("status", 204, 200)
    assert Comparison().differences(recorded(Response(200, (), b"x"), method="HEAD"), Response(200)) == []


def test_a_partial_answer_without_a_body_is_its_status() -> None:
    """A recording that shows no body compares the status alone; a whole one has to have none."""
    assert Comparison().differences(recorded(Response(200), partial=True), Response(200, (), b"x")) == []
    (found,) = Comparison().differences(recorded(Response(200)), Response(200, (), b"x"))
    assert str(found) == "/: expected nothing, got 'x'"
    assert found.expected is NOTHING
    assert Comparison().differences(recorded(Response(204)), Response(204)) == []


def test_a_body_that_is_no_json_differs() -> None:
    """A response that is no JSON is compared as text."""
    expected, actual = Response(200, (), b'{"a": 1}'), Response(200, (), b"\xff<")
    assert [str(one) for one in Comparison().differences(recorded(expected), actual)] == [
        "/: expected {'a': 1}, got '\\\\xff<'"
    ]
    assert Comparison().differences(recorded(Response(200, (), b"plain")), Response(200, (), b"plain")) == []


def test_media_type_and_place_are_compared() -> None:
    """The media type of a body and the Location of what was made; no other header."""
    html = ((b"content-type", b"text/html; charset=utf-8"), (b"x", b"1"))
    (found,) = Comparison().differences(recorded(Response(200, JSON, b"1")), Response(200, html, b"1"))
    assert found == ("header content-type", "application/json", "text/html")
    (found,) = Comparison().differences(recorded(Response(200, JSON, b"1")), Response(200, (), b"1"))
    assert found.actual is NOTHING
    there = Response(201, ((b"location", b"/pets/7"),))
    assert Comparison().differences(recorded(there), Response(201, ((b"location", b"/pets/9"),))) == []
    assert [str(one) for one in Comparison().differences(recorded(there), Response(201))] == [
        "header location: expected '/pets/7', got nothing"
    ]
    assert Comparison().differences(recorded(there), Response(201, ((b"location", b"/cats/9"),))) != []
    assert Comparison(match="shape").differences(recorded(there), Response(201)) == []
