"""Bindings: a recorded request is sent with what stands for its ids and tokens on the target."""

from __future__ import annotations

import json

import pytest

from understudy.recording.bindings import Bindings
from understudy.recording.names import is_id, kind_of, segment_kinds, singular

LONG, OTHER = "CWpVWwuj7Jkvl3Smlyxb", "Y9Rxzi3uDOvGAYojkHti"


def bound() -> Bindings:
    """Bindings of a pet, an owner, and a long id."""
    bindings = Bindings()
    assert bindings.unify("pet", 1, 5)
    assert bindings.unify("owner", 1, 8)
    assert bindings.unify("owner", 2, 9)
    assert bindings.unify("run", LONG, OTHER)
    bindings.bind_origin("https://shop.example", "http://127.0.0.1:1")
    return bindings


@pytest.mark.parametrize(
    ("recorded", "actual"),
    [
        ("/pets/1", "/pets/5"),
        ("/owners/1/pets/1", "/owners/8/pets/5"),
        ("/other/1", "/other/1"),
        ("/other/2", "/other/9"),
        (f"/runs/{LONG}/tasks", f"/runs/{OTHER}/tasks"),
        ("/pets/3//%20x", "/pets/3//%20x"),
    ],
)
def test_a_path_is_bound(recorded: str, actual: str) -> None:
    """Ids are replaced by kind, and by any kind where that is clear; all else stays byte for byte."""
    assert bound().path(recorded) == actual


@pytest.mark.parametrize(
    ("recorded", "actual"),
    [
        ("", ""),
        ("pet_id=1&limit=1", "pet_id=5&limit=1"),
        (f"run={LONG}&x&y=", f"run={OTHER}&x&y="),
        ("a=%20b", "a=%20b"),
    ],
)
def test_a_query_is_bound(recorded: str, actual: str) -> None:
    """Ids and long values of a query are replaced; what is none keeps its spelling."""
    assert bound().query(recorded) == actual


def test_a_body_is_bound() -> None:
    """JSON, forms and other texts; a body without a bound value keeps its bytes."""
    bindings = bound()
    sent = {"petId": 1, "n": 1, "ok": True, "refs": [{"run_id": LONG}], "url": f"https://shop.example/{LONG}", "x": 1.5}
    body = json.loads(bindings.body(json.dumps(sent).encode(), "application/json", "orders"))
    url = f"http://127.0.0.1:1/{OTHER}"
    assert body == {"petId": 5, "n": 1, "ok": True, "refs": [{"run_id": OTHER}], "url": url, "x": 1.5}
    assert bindings.body(b'{ "n":1 }', "application/json", "") == b'{ "n":1 }'
    assert bindings.body(b"pet_id=1&b=2", "application/x-www-form-urlencoded", "") == b"pet_id=5&b=2"
    assert bindings.body(f"--b {LONG}".encode(), "multipart/form-data", "") == f"--b {OTHER}".encode()
    assert bindings.body(b"", "application/json", "") == b""
    assert Bindings().body(b'{"pet_id": 1}', "", "") == b'{"pet_id": 1}'


def test_data_is_an_envelope() -> None:
    """An id in an envelope is of the kind that the path names."""
    assert json.loads(bound().body(b'{"data": {"id": 1}}', "application/json", "pets")) == {"data": {"id": 5}}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("id", "dog"), ("pet_id", "pet"), ("petIds", "pet"), ("pet-uuid", "pet"), ("categories_id", "category"),
        ("boxes_id", "box"), ("status_id", "status"), ("_id", "dog"), ("tags", "tag"), ("userID", "user"),
    ],
)  # fmt: skip
def test_the_kind_of_an_id_is_in_its_name(name: str, kind: str) -> None:
    """`pet_id`, `petIds` and `id` in an object called `pets` are of one kind."""
    assert kind_of(name, "dogs") == kind


def test_names_of_ids_are_known() -> None:
    """Names that end with id are ids, words that only end with these letters are none."""
    names = ("id", "pet_id", "petId", "ids", "run_uuid", "uid")
    assert [name for name in (*names, "paid", "grid", "valid", "width") if is_id(name)] == [*names]
    assert segment_kinds("/pets/1") == ["", "", "pet"]
    assert singular("glass") == "glass"
