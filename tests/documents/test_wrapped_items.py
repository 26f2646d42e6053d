"""Wrapped items: a list whose items hold their records in a member, inferred and declared."""

from __future__ import annotations

from pathlib import Path

import pytest

from own_document import HEAD, Served, shared, written
from understudy.apis import own


@pytest.fixture
def served() -> Served:
    """Two customers."""
    api = shared("traits/wrapped-items")
    for email in ("a@x.example", "b@x.example"):
        assert api.send("POST", "/customers.json", {"customer": {"email": email}}).status == 201
    return api


def test_each_item_holds_its_record(served: Served) -> None:
    """As the answers for one do; filters and pages are those of the records."""
    one, two = ({"customer": {"id": n, "email": f"{name}@x.example"}} for n, name in ((1, "a"), (2, "b")))
    assert served.get("/customers.json").json() == [one, two]
    assert served.get("/customers/2.json").json() == two
    assert served.get("/customers.json?limit=1&page=2").json() == [two]
    assert served.get("/customers.json?email=a@x.example").json() == [one]
    assert served.send("DELETE", "/customers/1.json").status == 204
    assert served.get("/customers.json").json() == [two]


def test_what_stands_beside_the_record_is_made(served: Served) -> None:
    """To fit the document."""
    items = served.get("/vip/customers").json()["data"]
    assert [(one["customer"]["id"], type(one["rank"])) for one in items] == [(1, int), (2, int)]


def test_records_may_be_told_by_such_a_list_alone(served: Served) -> None:
    """The examples in it are what a world begins with."""
    assert [one["visit"]["place"] for one in served.get("/visits").json()["data"]] == ["Rome", "Oslo"]
    made = served.send("POST", "/visits", {"place": "Bern"}).json()
    assert served.get("/visits").json()["data"][-1] == made


def test_a_record_without_a_name_is_told_by_its_members(served: Served) -> None:
    """A list in an item is not taken for it."""
    made = served.send("POST", "/shops", {"name": "Corner"}).json()
    assert served.get("/shops").json()[0]["shop"] == made


DECLARED = (
    HEAD
    + """x-resources: {mugs: {schema: Mug}}
paths:
  /mugs:
    get:
      x-operation: {resource: mugs, do: list, envelope: /found, item: mug}
      responses: {'200': {description: d, content: {application/json: {schema: {type: object, properties: {found: {
        type: array, items: {type: object, properties: {mug: {type: object, properties: {id: {type: string}}}}}}}}}}}}
    post:
      x-operation: {resource: mugs, do: create}
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Mug'}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Mug'}}}}}
components: {schemas: {Mug: {type: object, properties: {id: {type: string}, size: {type: integer}}}}}
"""
)


def test_the_member_is_declared(tmp_path: Path) -> None:
    """It shows the members that the items have there."""
    api = written(tmp_path, DECLARED)
    id = api.send("POST", "/mugs", {"size": 3}).json()["id"]
    assert api.get("/mugs").json() == {"found": [{"mug": {"id": id}}]}


@pytest.mark.parametrize(("old", "new", "text"), [
    ("item: mug", "item: cup", "cup is no member of the items of this list"),
    ("do: create", "do: create, item: mug", "only a list has items; this operation does create"),
])  # fmt: skip
def test_a_wrong_declaration_is_told(tmp_path: Path, old: str, new: str, text: str) -> None:
    """With its place."""
    with pytest.raises(own.WrongDeclaration) as caught:
        written(tmp_path, DECLARED.replace(old, new))
    assert text in str(caught.value)
