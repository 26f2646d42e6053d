"""The page styles `after`, `offset` and `page-number`, and what a page tells beside its items."""

from __future__ import annotations

from typing import Any

import pytest

from declared import Caller, api, document, operation, worlds
from understudy.document.compile import ContractError

THING = {"type": "object", "properties": {"id": {"type": "string"}}}
COUNT = {"type": "integer", "minimum": 0}
LIMIT = {"type": "integer", "default": 2}


def pager(pages: dict[str, Any], **query: Any) -> Caller:
    """A caller of a list of five things, `a` to `e`, paged in this way."""
    items = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
    answer = items if pages.get("items") == "" else {"type": "object"}
    paths = {"/things": {"get": operation("list", answer, query={"limit": LIMIT, **query})}}
    paths["/things"]["get"]["x-pagination"] = {"limit": "limit", **pages}
    paths["/things"]["get"]["x-operation"] = {"resource": "things", "do": "list"}
    served = api(document(paths, {"Thing": THING}, {"things": {"schema": "Thing"}}))
    return Caller(worlds(served, {"one": {"things": [{"id": id} for id in "abcde"]}}))


def ids(page: Any) -> str:
    """The ids of a page."""
    return "".join(one["id"] for one in page["items"])


def test_an_offset_counts_items() -> None:
    """All that a page can tell: numbers, neighbours and their URLs."""
    told = {name: f"/{name}" for name in ("next", "previous", "more", "total", "pages", "number", "size", "count")}
    told |= {f"{name}-url": f"/links/{name}" for name in ("first", "previous", "next", "last", "self")}
    fixed = {"object": "list", "links": {"help": "x"}}
    caller = pager({"style": "offset", "offset": "skip", "items": "/items", "fixed": fixed, **told}, skip=COUNT)
    page = caller.ok("GET", "/things?skip=2")
    url = "http://localhost/v1/things"
    links = page.pop("links")
    assert page == {
        "object": "list", "items": [{"id": "c"}, {"id": "d"}], "next": 4, "previous": 0, "more": True, "total": 5,
        "pages": 3, "number": 2, "size": 2, "count": 2,
    }  # fmt: skip
    assert links == {
        "help": "x", "self": f"{url}?skip=2", "first": f"{url}?skip=0", "previous": f"{url}?skip=0",
        "next": f"{url}?skip=4", "last": f"{url}?skip=4",
    }  # fmt: skip
    end = caller.ok("GET", "/things?skip=4&limit=10")
    assert (ids(end), end["next"], end["more"], end["links"]["next"], end["previous"]) == ("e", None, False, None, 0)
    first = caller.ok("GET", "/things")
    assert (ids(first), first["previous"], first["links"]["self"]) == ("ab", None, url)
    beyond = caller.ok("GET", "/things?skip=90")
    assert (ids(beyond), beyond["next"], beyond["previous"], beyond["total"]) == ("", None, 4, 5)
    none = caller.ok("GET", "/things?limit=0")
    assert (ids(none), none["next"], none["more"], none["pages"], none["links"]["last"]) == (
        "", None, False, 5, f"{url}?limit=0&skip=0",
    )  # fmt: skip


def test_a_page_number_counts_pages() -> None:
    """From 1 on, or from the number that `first-page` names."""
    pages = {"style": "page-number", "page": "page", "items": "/items", "next": "/next", "number": "/page"}
    caller = pager(pages, page={"type": "integer"})
    second = caller.ok("GET", "/things?page=2")
    assert (ids(second), second["next"], second["page"]) == ("cd", 3, 2)
    assert (ids(caller.ok("GET", "/things?page=3")), caller.ok("GET", "/things?page=3")["next"]) == ("e", None)
    assert ids(caller.ok("GET", "/things?page=-7")) == "ab"
    from_zero = pager({**pages, "first-page": 0}, page={"type": "integer"})
    assert (ids(from_zero.ok("GET", "/things?page=1")), from_zero.ok("GET", "/things")["next"]) == ("cd", 1)


def test_a_cursor_names_the_last_item() -> None:
    """An unknown one is refused, or begins anew where the document says so."""
    pages = {"style": "after", "cursor": "after", "items": "/items", "next-url": "/next", "fixed": {"a": 1}}
    caller = pager(pages, after={"type": "string"})
    first = caller.ok("GET", "/things?limit=3")
    assert (ids(first), first["next"]) == ("abc", "http://localhost/v1/things?limit=3&after=c")
    last = caller.raw("GET", first["next"].removeprefix("http://localhost")).json()
    assert (ids(last), last["next"]) == ("de", None)
    assert caller.send("GET", "/things?after=zz").json()["detail"] == "after does not name a place in this list"
    lenient = pager({**pages, "unknown-cursor": "start"}, after={"type": "string"})
    assert ids(lenient.ok("GET", "/things?after=zz")) == "ab"
    assert lenient.ok("GET", "/things?limit=0")["next"] is None


def test_a_bare_list_tells_its_pages_in_a_link_header() -> None:
    """RFC 8288: the pages that there are, each with its relation; other parameters stay."""
    pages = {"style": "page-number", "page": "page", "items": "", "link-header": True}
    caller = pager(pages, page={"type": "integer"}, q={"type": "string"})
    response = caller.send("GET", "/things?q=a%20b&page=2")
    assert response.json() == [{"id": "c"}, {"id": "d"}]
    url = "http://localhost/v1/things?q=a%20b"
    assert response.header("link") == (
        f'<{url}&page=1>; rel="first", <{url}&page=1>; rel="prev", <{url}&page=3>; rel="next", '
        f'<{url}&page=3>; rel="last"'
    )
    cursor = pager({"style": "after", "cursor": "c", "items": "", "link-header": True}, c={"type": "string"})
    assert cursor.send("GET", "/things?c=c").header("link") == '<http://localhost/v1/things>; rel="first"'
    without = pager({**pages, "link-header": False}, page={"type": "integer"})
    assert without.send("GET", "/things").header("link") is None


def test_the_default_limit_may_stand_beside_the_style() -> None:
    """For a parameter whose schema has none."""
    pages = {"style": "offset", "offset": "skip", "items": "/items", "default-limit": 4}
    caller = pager(pages, skip=COUNT, limit={"type": "integer"})
    assert ids(caller.ok("GET", "/things")) == "abcd"


@pytest.mark.parametrize(
    ("changes", "pointer", "advice"),
    [
        ({"style": "spiral"}, "/style", "'spiral' is none of cursor"),
        ({"offset": None}, "", "offset is missing on this pagination of the style offset"),
        ({"items": None}, "", "items is missing"),
        ({"cursor": "limit"}, "/cursor", "cursor is of the style cursor"),
        ({"nxt": "/next"}, "/nxt", "nxt is not understood on a pagination of the style offset; did you mean next"),
        ({"offset": "skp"}, "/offset", "has no query parameter skp; did you mean skip"),
    ],
)
def test_a_style_that_is_not_understood_is_refused(changes: dict[str, Any], pointer: str, advice: str) -> None:
    """With its place in the operation."""
    pages = {"style": "offset", "offset": "skip", "items": "/items"} | changes
    with pytest.raises(ContractError) as refused:
        pager({name: value for name, value in pages.items() if value is not None}, skip=COUNT)
    told = dict(refused.value.diagnostics)
    assert advice in told[f"/paths/~1things/get/x-pagination{pointer}"]
