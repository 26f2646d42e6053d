"""The lists of declared resources: filters, order, sorting, includes."""

from __future__ import annotations

from typing import Any

import pytest

from declared import Caller, api, document, named, operation, workshop, worlds
from understudy.document.compile import ContractError
from understudy.engine.api import Api

_ID = {"type": "string"}
BOOK = {
    "type": "object",
    "properties": {
        "id": _ID,
        "title": {"type": "string"},
        "pages": {"type": ["integer", "null"]},
        "printed": {"type": "string", "format": "date-time"},
        "lent": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "author": {"type": ["string", "null"]},
        "seen": {"type": "array", "items": {"type": "string"}},
        "more": {"type": "object"},
    },
}
AUTHOR = {"type": "object", "properties": {"id": _ID, "name": {"type": "string"}}}
BOOKS = [
    {"id": "a", "title": "Zebra", "pages": 10, "printed": "2020-01-01T00:00:00Z", "lent": True, "tags": ["x", "y"],
     "author": "k"},
    {"id": "b", "title": "apple", "pages": 300, "printed": "2021-06-01T00:00:00Z", "lent": False, "tags": ["y"],
     "author": "k"},
    {"id": "c", "title": "Mango", "pages": None, "printed": "1990-12-31T23:59:60Z", "tags": [], "author": None},
    {"id": "d", "title": "mango", "printed": "2022-01-01T00:00:00Z", "seen": ["k", "l"], "more": {"deep": 1}},
]  # fmt: skip
TEXT = {"type": "string"}


def filtering(member: str, relation: str, kind: str = "string") -> dict[str, Any]:
    """A parameter that filters."""
    return {"schema": {"type": kind}, "x-filter": {"member": member, "is": relation}}


@pytest.fixture(scope="module")
def shelf() -> Api:
    """Books and their authors, with every kind of filter."""
    query = {
        "title": TEXT,
        "lent": {"type": "boolean"},
        "pages": {"type": "integer"},
        "tags": TEXT,
        "tag": filtering("tags", "any-of"),
        "size": {"schema": {"type": "integer"}, "x-filter": {"member": "pages", "is": "any-of"}},
        "least": filtering("pages", "at-least", "integer"),
        "most": filtering("pages", "at-most", "integer"),
        "longer": filtering("pages", "above", "number"),
        "shorter": filtering("pages", "below", "integer"),
        "from": filtering("printed", "at-least"),
        "after_title": filtering("title", "above"),
        "q": filtering("title", "contains"),
        "has": filtering("tags", "contains"),
        "starts": filtering("title", "begins-with"),
        "not": filtering("title", "not-equal"),
        "paged": filtering("pages", "present", "boolean"),
        "author": {"schema": TEXT, "x-filter": {"is": "nothing"}},
        "unrelated": TEXT,
        "sort": TEXT,
        "direction": TEXT,
        "with": TEXT,
    }
    paths = {
        "/books": {"get": operation("list", "[Book]", query=query)},
        "/books/{id}": {"get": operation("read", "Book", path="id", query={"with": TEXT})},
        "/authors/{author}/books": {"get": operation("by", "[Book]", path="author", query={"lent": {}})},
        "/authors/{author}": {"get": operation("writer", "Author", path="author", query={"with": TEXT})},
    }
    resources = {
        "books": {
            "schema": "Book",
            "order": "title",
            "sort": {"by": "sort", "direction": "direction"},
            "parent": {"author": "author"},
            "refers": {"author": "authors", "seen": "authors"},
            "includes": {"parameter": "with", "members": {"writer": "author", "readers": "seen"}},
        },
        "authors": {"schema": "Author", "includes": {"parameter": "with", "members": {"books": "books"}}},
    }
    return api(document(paths, {"Book": BOOK, "Author": AUTHOR}, resources))


@pytest.fixture(scope="module")
def caller(shelf: Api) -> Caller:
    """A caller who only reads."""
    return Caller(worlds(shelf, {"one": {"books": BOOKS, "authors": [{"id": "k", "name": "Kay"}]}}))


def found(caller: Caller, query: str) -> str:
    """The ids that a list answers."""
    return "".join(one["id"] for one in caller.ok("GET", f"/books?{query}"))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", "bcda"),
        ("title=Zebra", "a"),
        ("title=nobody", ""),
        ("lent=true", "a"),
        ("lent=false", "b"),
        ("pages=300", "b"),
        ("tags=y", "ba"),
        ("tag=x,%20y", "ba"),
        ("size=300", "b"),
        ("tags=y&lent=true", "a"),
        ("least=10&most=300", "ba"),
        ("longer=10", "b"),
        ("shorter=300", "a"),
        ("from=2021-06-01", "bd"),
        ("after_title=banana", "d"),
        ("after_title=N", "bda"),
        ("q=ANG", "cd"),
        ("has=x", "a"),
        ("starts=m", "cd"),
        ("not=Zebra", "bcd"),
        ("paged=true", "ba"),
        ("paged=false", "cd"),
        ("author=nobody", "bcda"),
        ("unrelated=1", "bcda"),
        ("sort=pages", "cdab"),
        ("sort=-pages", "bacd"),
        ("sort=pages:desc", "bacd"),
        ("sort=pages&direction=desc", "bacd"),
        ("sort=pages%20asc&direction=desc", "cdab"),
        ("sort=title,-id", "bdca"),
        ("sort=tags", "dabc"),
        ("sort=lent&tags=y", "ba"),
    ],
)
def test_a_list_is_filtered_and_sorted(caller: Caller, query: str, ids: str) -> None:
    """By equality, by a test of one member, by several at once, and in the order that is asked for."""
    assert found(caller, query) == ids


@pytest.mark.parametrize("query", ["from=yesterday", "sort=colour", "with=nothing"])
def test_what_no_list_can_do_is_invalid(caller: Caller, query: str) -> None:
    """A date that is none, a member or an include that there is not."""
    assert caller.refused("GET", f"/books?{query}") == 400


def test_a_nested_list_holds_the_children_of_its_parent(caller: Caller) -> None:
    """Filters apply, too; an unknown parent is not found."""
    assert [one["id"] for one in caller.ok("GET", "/authors/k/books")] == ["b", "a"]
    assert [one["id"] for one in caller.ok("GET", "/authors/k/books?lent=true")] == ["a"]
    assert caller.refused("GET", "/authors/x/books") == 404


def test_records_are_included_where_they_are_asked_for(caller: Caller) -> None:
    """What a record refers to, and its children; null or nothing where there is none."""
    kay = {"id": "k", "name": "Kay"}
    assert caller.ok("GET", "/books/a?with=writer")["writer"] == kay
    assert caller.ok("GET", "/books/d?with=writer,readers") | {"more": 0} == BOOKS[3] | {
        "writer": None, "readers": [kay], "more": 0,
    }  # fmt: skip
    assert "writer" not in caller.ok("GET", "/books/a")
    assert [one.get("writer") for one in caller.ok("GET", "/books?with=writer")] == [kay, None, None, kay]
    assert [one["id"] for one in caller.ok("GET", "/authors/k?with=books")["books"]] == ["a", "b"]


@pytest.mark.parametrize(("order", "ids"), [("at", "bca"), ("-at", "acb"), ("number", "cab"), ("-number", "bac")])
def test_a_list_has_the_order_of_a_member(order: str, ids: str) -> None:
    """Of moments or numbers, kept as records are added and changed; equal ones by creation."""
    schema = {
        "type": "object",
        "properties": {
            "id": _ID,
            "at": {"type": ["string", "null"], "format": "date-time"},
            "number": {"type": "integer"},
        },
    }
    paths = {
        "/things": {"get": operation("list", "[Thing]")},
        "/things/{id}": {"patch": operation("change", "Thing", body="Thing", path="id")},
    }
    served = api(document(paths, {"Thing": schema}, {"things": {"schema": "Thing", "order": order}}))
    things = [
        {"id": "a", "at": "2022-01-01T00:00:00Z", "number": 5},
        {"id": "b", "at": None, "number": 1 << 70},
        {"id": "c", "at": "2023-01-01T00:00:00Z", "number": 1},
    ]
    caller = Caller(worlds(served, {"one": {"things": things}}))
    caller.ok("PATCH", "/things/c", {"at": "2021-01-01T00:00:00Z"})
    assert "".join(one["id"] for one in caller.ok("GET", "/things")) == ids


def test_pages_continue_under_filters_and_sorting() -> None:
    """A walk by cursor gives each record once, in order, whatever is asked for."""
    caller = Caller(worlds(api(workshop(), "workshop")))
    for name in ("b", "d", "a", "c", "e"):
        caller.ok("POST", "/projects", {"name": name})
    for query, expected in (("sort=name", "abcde"), ("q=", "ecadb"), ("status=open", "ecadb"), ("", "ecadb")):
        names, page = "", caller.ok("GET", f"/projects?{query}")
        while page["more"]:
            names += "".join(one["name"] for one in page["data"])
            page = caller.ok("GET", f"/projects?{query}&after={page['next']}")
        assert names + "".join(one["name"] for one in page["data"]) == expected
        assert page["total"] == 5
    assert caller.refused("GET", "/projects?after=nowhere") == 400


def test_a_filter_may_stand_on_a_shared_parameter() -> None:
    """On the path, and in a component that the operation refers to; a wrong member is told where it stands."""
    thing = {"type": "object", "properties": {"id": _ID, "name": TEXT, "at": {"type": "integer"}}}
    listed = operation("list", "[Thing]")
    listed["parameters"] = [{"$ref": "#/components/parameters/From"}]
    query = {"name": "q", "in": "query", "schema": TEXT, "x-filter": {"member": "name", "is": "contains"}}
    start = {"name": "from", "in": "query", "schema": {"type": "integer"}, "x-filter": {"member": "at", "is": "above"}}
    paths = {"/things": {"parameters": [query], "get": listed}}
    things = [{"id": "a", "name": "xy", "at": 1}, {"id": "b", "name": "y", "at": 2}, {"id": "c", "name": "x", "at": 3}]
    components = {"components": {"schemas": {"Thing": thing}, "parameters": {"From": start}}}
    made = document(paths, {}, {"things": {"schema": "Thing"}}, **components)
    caller = Caller(worlds(api(made), {"one": {"things": things}}))
    assert [one["id"] for one in caller.ok("GET", "/things?q=x&from=1")] == ["c"]
    start["x-filter"] = {"member": "att", "is": "above"}
    with pytest.raises(ContractError, match="/components/parameters/From/x-filter/member: att is no member of Thing"):
        api(made)


def test_a_list_stands_where_the_answer_has_an_array() -> None:
    """Of objects that no schema names, or of anything; an answer without a list is no list."""
    thing = {"type": "object", "properties": {"id": _ID}}
    inline = {"type": "object", "properties": {"id": _ID}}
    first = {"type": "object", "properties": {"notes": {"type": "array", "items": TEXT}, "things": named("[Inline]")}}
    for answer, expected in ((first, {"things": [{"id": "a"}]}), ({"type": "array", "items": TEXT}, [{"id": "a"}])):
        paths = {"/things": {"get": operation("list", answer)}}
        served = api(document(paths, {"Thing": thing, "Inline": inline}, {"things": {"schema": "Thing"}}))
        served_worlds = worlds(served, {"one": {"things": [{"id": "a"}]}})
        served_worlds.server.checked = False
        assert Caller(served_worlds).ok("GET", "/things") == expected
    for answer in ({"type": "object", "properties": {"count": {"type": "integer"}}}, None):
        paths = {"/things": {"get": operation("count", answer)}}
        with pytest.raises(ValueError, match="operation count has no handler"):
            api(document(paths, {"Thing": thing}, {"things": {"schema": "Thing"}}))


def test_a_filter_by_a_record_that_there_is_not_may_be_refused() -> None:
    """As the document or an assumption says; without a word of it the list is empty."""
    assumption = {"id": "declared.books.filter", "text": "?", "source": "?", "default": "empty"}
    assumption["alternatives"] = ["not-found"]
    books = {"schema": "Book", "refers": {"author": "authors"}}
    for unknown, assume, status in (
        (None, {}, 200),
        ("not-found", {}, 404),
        ({"assumption": "declared.books.filter"}, {}, 200),
        ({"assumption": "declared.books.filter"}, {"declared.books.filter": "not-found"}, 404),
    ):
        filtered = {"schema": TEXT, "x-filter": {} if unknown is None else {"unknown": unknown}}
        paths = {"/books": {"get": operation("list", "[Book]", query={"author": filtered})}}
        resources = {"books": books, "authors": {"schema": "Author"}}
        made = document(paths, {"Book": BOOK, "Author": AUTHOR}, resources, **{"x-assumptions": [assumption]})
        seed = {"one": {"books": BOOKS, "authors": [{"id": "k", "name": "Kay"}]}}
        caller = Caller(worlds(api(made), seed, assume=assume))
        assert caller.send("GET", "/books?author=x").status == status
        assert len(caller.ok("GET", "/books?author=k")) == 2
        assert len(caller.ok("GET", "/books")) == 4


def _selected(how: dict[str, Any], **assume: Any) -> list[str]:
    """The ids that a list with such an `x-operation` answers to the caller `one`."""
    assumption = {"id": "declared.books.all", "text": "?", "source": "?", "default": False, "alternatives": [True]}
    paths = {"/books": {"get": operation("list", "[Book]", query={"tags": TEXT}, **{"x-operation": how})}}
    made = document(paths, {"Book": BOOK}, {"books": {"schema": "Book"}}, **{"x-assumptions": [assumption]})
    rows = [{**book, "author": "one" if book["id"] in "ad" else book.get("author")} for book in BOOKS]
    caller = Caller(
        worlds(api(made), {"one": {"books": rows}}, assume={f"declared.books.{k}": v for k, v in assume.items()})
    )
    return [one["id"] for one in caller.ok("GET", "/books?tags=y")] + [one["id"] for one in caller.ok("GET", "/books")]


def test_a_list_may_have_only_some_records() -> None:
    """Those with a constant, or with a value of the call; a filter applies, too; an assumption may bring back all."""
    assert _selected({"only": {"lent": True}}) == ["a", "a"]
    assert _selected({"only": {"author": "$caller"}}) == ["a", "a", "d"]
    assert _selected({"only": {"author": "$request.query.tags"}}) == [*"abcd"]  # none has y as its author
    assert _selected({"only": {}}) == ["a", "b", *"abcd"]
    switched = {"only": {"lent": False}, "all": {"assumption": "declared.books.all"}}
    assert _selected(switched) == ["b", "b"]
    assert _selected(switched, all=True) == ["a", "b", *"abcd"]


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"only": {"lend": True}}, "only/lend: lend is no member of the schema; did you mean lent"),
        ({"only": {"lent": "yes"}}, "only/lent: does not fit the schema of the member"),
        ({"all": True}, "all: there is no `only` that it switches off"),
        ({"do": "create", "only": {"lent": True}}, "only and all are for lists; this operation does create"),
    ],
)
def test_what_a_list_cannot_select_is_told(how: dict[str, Any], error: str) -> None:
    """A wrong member or value, a switch of nothing, and a condition on what is no list."""
    with pytest.raises(ContractError, match=error):
        _selected(how)
