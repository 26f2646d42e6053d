"""Ids that only a path bounds, and parents whose ids a record's member cannot hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from own_document import Served, shared, written
from understudy.document.infer.ids import shape_of_pattern


def traits() -> Served:
    """The document of bound paths."""
    return shared("traits/bound-paths")


def test_first_records_have_ids_that_their_path_takes() -> None:
    """A pattern of the path parameter bounds what is listed, also at first; what is below is found."""
    api = traits()
    region = api.get("/api/regions", authorization="Bearer t").json()[0]["regionId"]
    assert re.fullmatch("[a-z]{2}_[A-Z]{2}", region)
    assert api.get(f"/api/regions/{region}", authorization="Bearer t").status == 200
    town = api.get(f"/api/regions/{region}/towns", authorization="Bearer t").json()[0]["townId"]
    assert api.get(f"/api/regions/{region}/towns/{town}", authorization="Bearer t").status == 200
    assert api.get(f"/api/regions/{region}/towns/none", authorization="Bearer t").status == 404


def test_a_path_of_numbers_has_numbers_as_ids() -> None:
    """Also where the record has them as text, and the path says number and not integer."""
    api = traits()
    made = api.send("POST", "/api/watches", {"note": "n"}, authorization="Bearer t").json()
    assert made["watch_ID"] == "1"
    assert api.get("/api/watches/1", authorization="Bearer t").json() == made


def test_a_member_of_numbers_is_not_the_parent_of_ids_that_are_texts() -> None:
    """The parent is remembered beside the record."""
    api = traits()
    crew = api.send("POST", "/api/crews", {"title": "A"}, authorization="Bearer t").json()["id"]
    boat = api.send("POST", f"/api/crews/{crew}/boats", "any", authorization="Bearer t").json()["boatId"]
    assert api.get(f"/api/crews/{crew}/boats/{boat}", authorization="Bearer t").status == 200
    assert len(api.get(f"/api/crews/{crew}/boats", authorization="Bearer t").json()) == 1
    parent = api.api.contract.document["x-resources"]["boats"]["parent"]
    assert parent == {"crew_id": "crew_id (of the path)"}


def test_an_answer_of_branches_that_overlap_fits_one_of_them(tmp_path: Path) -> None:
    """Members that another branch has by `allOf` are given a wrong type, for nothing else tells the branches apart."""
    api = traits()
    crew = api.send("POST", "/api/crews", {"title": "A"}, authorization="Bearer t").json()
    shown = api.get(f"/api/crews/{crew['id']}", authorization="Bearer t")
    assert api.api.contract.operations["getCrew"].mismatch(shown) is None
    assert shown.json()["title"] == "A"
    one, more = "{properties: {a: {type: string}}}", "{properties: {a: {type: string}, b: {type: integer}}}"
    branches = f"{{oneOf: [{one}, {more}, {{allOf: [{{not: {{}}}}, false]}}]}}"
    answer = f"{{content: {{application/json: {{schema: {branches}}}}}}}"
    plain = written(tmp_path, f"paths: {{/x: {{get: {{responses: {{'200': {answer}}}}}}}}}")
    assert plain.get("/x").status == 200


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [("^[a-z]{2}_[A-Z]{2}$", "{lowercase:2}_{capitals:2}"), ("^[a-z]+$", "{lowercase:20}")],
)
def test_a_pattern_of_small_letters_has_a_shape(pattern: str, shape: str) -> None:
    """As one of capitals."""
    assert shape_of_pattern(pattern) == shape
