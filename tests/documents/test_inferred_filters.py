"""Filters and orders that the names of a list's parameters say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from own_document import FOLDER, Served, served, written

TRAIT = FOLDER / "traits" / "filters.yaml"
ORDERS = (
    {"title": "Red chair", "price": 10, "state": "open", "customer_name": "Ann", "created_at": "2026-01-01T00:00:00Z"},
    {"title": "Table", "note": "red", "price": 20.5, "state": "paid", "created_at": "2026-02-01T00:00:00Z"},
    {"title": "Lamp", "price": 30, "state": "lost", "customer_name": "Bob", "created_at": "2026-03-01T00:00:00Z"},
)


def client(**assume: Any) -> Served:
    """The document with filters, served with three orders."""
    api = served(TRAIT, assume={f"filters.{name}.filters": value for name, value in assume.items()})
    for one in ORDERS:
        assert api.send("POST", "/orders", one).status == 201
    return api


@pytest.fixture(scope="module")
def orders() -> Served:
    """The same, for tests that only read."""
    return client()


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("created_after=2026-01-15T00:00:00Z", [2, 3]),
        ("created_before=2026-03-01T00:00:00Z", [1, 2]),
        ("since=2026-02-01", [2, 3]),
        ("until=2026-02-01", [1, 2]),
        ("min_title=x", [1, 2, 3]),
        ("min_price=20.5", [2, 3]),
        ("price_max=20.5", [1, 2]),
        ("price[gte]=10&price[lt]=30", [1, 2]),
        ("q=red", [1, 2]),
        ("state=open,lost", [1, 3]),
        ("ids=1&ids=3", [1, 3]),
        ("customerName=Bob", [3]),
        ("title_prefix=ta", [2]),
        ("hint=x", [1, 2, 3]),
        ("sort_by=title", [3, 1, 2]),
        ("sort_by=price&order=desc", [3, 2, 1]),
        ("sort_by=-title&min_price=20", [2, 3]),
        ("sort_by=unknown", [1, 2, 3]),
    ],
)
def test_a_list_is_filtered_and_sorted_as_names_say(orders: Served, query: str, ids: list[int]) -> None:
    """Bounds, search in texts, several values, other spellings; what is no member to sort by changes nothing."""
    response = orders.get(f"/orders?{query}")
    assert response.status == 200, response
    assert [one["id"] for one in response.json()] == ids


def test_a_default_of_a_filter_is_the_default_of_a_record() -> None:
    """What does not say whether it is archived is not, so that the list shows it."""
    api = client()
    for body in ({"name": "a"}, {"name": "b", "archived": True}, {"name": "c"}):
        api.send("POST", "/visits", body)
    assert [one["id"] for one in api.get("/visits").json()] == [1, 3]
    assert [one["id"] for one in api.get("/visits?archived=true").json()] == [2]
    assert [one["id"] for one in api.get("/visits?sort=name_desc").json()] == [3, 1]
    assert [one["id"] for one in api.get("/visits?sort=relevance").json()] == [1, 3]


def test_a_world_may_neither_filter_nor_sort() -> None:
    """Under the alternative the parameters change nothing."""
    api = client(orders=False)
    for query in ("min_price=20", "q=red", "sort_by=title"):
        assert [one["id"] for one in api.get(f"/orders?{query}").json()] == [1, 2, 3]


def test_a_default_of_nothing_filters_nothing(tmp_path: Path) -> None:
    """A number 0 and an empty text stand for not being asked; false, and what is sent, filter."""
    text = """
paths:
  /events:
    get:
      parameters:
      - {name: series, in: query, schema: {type: integer, format: int32, default: 0}}
      - {name: place, in: query, schema: {type: string, default: ''}}
      responses: {"200": {description: d, content: {application/json: {schema: {type: array, items: &event {
        type: object, properties: {id: {type: integer}, series: {type: integer, format: int32},
        place: {type: string}}}}}}}}
  /events/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {'200': {description: d, content: {application/json: {schema: *event}}}, '404': {description: d}}
"""
    api = written(tmp_path, text)
    first, _ = api.get("/events").json()
    assert first in api.get(f"/events?series={first['series']}&place={first['place']}").json()
    assert api.get(f"/events?place={first['place']}x").json() == []
