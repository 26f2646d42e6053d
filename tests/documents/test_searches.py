"""Searches: lists that are asked for by POST, with filters and pages in the body, and by a word below a collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from own_document import HEAD, Served, shared, written
from understudy.apis import own

BOATS = [
    {"name": "Anna", "harbour": "Bergen", "length": 12.5, "kind": "ferry"},
    {"name": "Berta", "harbour": "Oslo", "length": 30, "kind": "tug"},
    {"name": "Carla", "harbour": "Oslo", "length": 8, "kind": "yacht"},
]


@pytest.fixture(scope="module")
def boats() -> Served:
    """Three boats."""
    api = shared("traits/searches")
    for boat in BOATS:
        assert api.send("POST", "/boats", boat).status == 201
    return api


def names(found: Any, *, at: str = "") -> list[str]:
    """The names in a list."""
    return [one["name"] for one in (found[at] if at else found)]


@pytest.mark.parametrize(("body", "expected"), [
    ({}, "Anna Berta Carla"),
    ({"filter": {"harbour": "Oslo"}}, "Berta Carla"),
    ({"filter": {"kinds": ["ferry", "yacht"]}}, "Anna Carla"),
    ({"filter": {"length": {"gte": 10, "lte": 20}}}, "Anna"),
    ({"filter": {"name_contains": "ar", "harbour": "Oslo"}}, "Carla"),
    ({"sort_by": "-length"}, "Berta Anna Carla"),
    ({"filter": None}, "Anna Berta Carla"),
])  # fmt: skip
def test_members_of_the_body_filter_and_sort(boats: Served, body: Any, expected: str) -> None:
    """In a member that holds filters, as at the top."""
    schema_refuses = body.get("filter", {}) is None
    answer = boats.send("POST", "/boats/search", body)
    assert answer.status == (400 if schema_refuses else 200)
    if not schema_refuses:
        assert names(answer.json(), at="boats") == expected.split()
        assert answer.json()["total"] == len(expected.split())


def test_a_page_may_be_asked_for_in_the_body(boats: Served) -> None:
    """By an offset in a member of its own, or after a cursor that the answer tells."""
    second = boats.send("POST", "/boats/search", {"page": {"limit": 1, "offset": 1}}).json()
    assert (names(second, at="boats"), second["total"]) == (["Berta"], 3)
    first = boats.send("POST", "/boats/query", {}).json()
    assert names(first, at="data") == ["Anna", "Berta"]
    rest = boats.send("POST", "/boats/query", {"cursor": first["next_cursor"]}).json()
    assert (names(rest, at="data"), rest.get("next_cursor")) == (["Carla"], None)


def test_no_url_leads_to_the_next_page_of_a_search(boats: Served) -> None:
    """Its body would be missing."""
    assert boats.send("POST", "/boats/query", {"size": 1}).json().get("next_url") is None


@pytest.mark.parametrize(("path", "body", "expected"), [
    ("/boats:lookup", {"ids": [1, 3]}, "Anna Carla"),
    ("/search/boats", {"name": "Berta"}, "Berta"),
])  # fmt: skip
def test_a_search_may_stand_beside_its_collection(boats: Served, path: str, body: Any, expected: str) -> None:
    """After a colon, or below a word that says it."""
    assert names(boats.send("POST", path, body).json()) == expected.split()


def test_a_search_by_get_is_one_of_the_same_records(boats: Served) -> None:
    """Though a search by POST stands on its path, too."""
    assert names(boats.get("/boats/search?q=oslo").json(), at="results") == ["Berta", "Carla"]
    assert set(boats.api.contract.document["x-resources"]) == {"boats"}


def test_what_answers_no_list_is_no_search(boats: Served) -> None:
    """It answers an example."""
    assert boats.api.contract.document["paths"]["/boats/find"]["post"]["x-operation"] == {"do": "example"}


def test_a_world_may_have_searches_without_filters() -> None:
    """As any list."""
    api = shared("traits/searches", assume={"searches.boats.filters": False})
    for boat in BOATS:
        api.send("POST", "/boats", boat)
    assert len(api.send("POST", "/boats/search", {"filter": {"harbour": "Oslo"}}).json()["boats"]) == 3


DECLARED = (
    HEAD
    + """x-resources: {cars: {schema: Car}}
paths:
  /cars:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Car'}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Car'}}}}}
  /cars/search:
    post:
      operationId: search
      x-operation: {resource: cars, do: list, arguments: {top: /top, name: /name, other: /other}}
      x-pagination: {style: all, items: '', limit: top}
      requestBody: {content: {application/json: {schema: {}}}}
      responses: {'200': {description: d, content: {application/json: {schema: {type: array,
        items: {$ref: '#/components/schemas/Car'}}}}}}
components: {schemas: {Car: {type: object, required: [name], properties: {id: {type: string}, name: {type: string}}}}}
"""
)


def test_arguments_are_declared_by_name_and_place(tmp_path: Path) -> None:
    """A page that is no number is refused, whatever the body's schema allows."""
    api = written(tmp_path, DECLARED)
    for name in "abb":
        assert api.send("POST", "/cars", {"name": name}).status == 201
    assert names(api.send("POST", "/cars/search", {"top": 2}).json()) == ["a", "b"]
    assert names(api.send("POST", "/cars/search", {"top": None, "name": "b"}).json()) == ["b", "b"]
    assert len(api.send("POST", "/cars/search", {"other": "none"}).json()) == 3
    for body in ([], "text", {"name": {"deep": 1}}):
        assert api.send("POST", "/cars/search", body).status == 200
    refused = api.send("POST", "/cars/search", {"top": "many"})
    assert refused.status == 400
    assert "top must be a number" in refused.body.decode()


def test_only_lists_have_arguments(tmp_path: Path) -> None:
    """Elsewhere they would be silently without effect."""
    with pytest.raises(own.WrongDeclaration) as caught:
        written(
            tmp_path,
            DECLARED.replace("do: list", "do: create").replace(
                "      x-pagination: {style: all, items: '', limit: top}\n", ""
            ),
        )
    assert "only a list has them; this operation does create" in str(caught.value)
