"""Tallyfy: the pagination of numbered pages, and the links between them."""

from __future__ import annotations

from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.document.operation import Operation
from understudy_checks.client import Client
from understudy_checks.discovery import FoundArguments, call, find_arguments
from understudy_checks.pagination import ids, longest_list, request_page, walk
from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import Json
from understudy_checks.target.target import Target
from understudy_checks.wording import show

SIZES = st.integers(1, 100)


@rule("tallyfy.pagination.totals")
@given(size=SIZES, share=st.floats(0, 1))
@example(size=1, share=0.5)
@example(size=7, share=1.0)
@example(size=100, share=0.0)
def test_a_page_tells_the_totals(target: Target, listing: Operation, size: int, share: float) -> None:
    """The pagination has the length of the list, the size and number of the page, and the number of pages."""
    with target.open() as client:
        arguments = longest_list(client, listing, least=1)
        total = len(walk(client, listing, arguments))
        pages = -(-total // size)
        number = 1 + round(share * (pages - 1))
        body = request_page(client, listing, arguments, limit=size, cursor=number).json()
        pagination = body["meta"]["pagination"]
        wanted = (total, len(body["data"]), size, number, pages)
        assert (
            got := tuple(pagination[name] for name in ("total", "count", "per_page", "current_page", "total_pages"))
        ) == wanted, f"the pagination of page {number} with {size} items must be {show(wanted)}, not {show(got)}"
        assert (actual := len(body["data"])) == min(size, total - (number - 1) * size), (
            f"page {number} of {show(total)} items must have all of its {size} items that are left, not {show(actual)}"
        )


@rule("tallyfy.pagination.first-page")
def test_a_list_begins_with_its_first_page(target: Target, listing: Operation) -> None:
    """A list without `page` answers page 1."""
    with target.open() as client:
        arguments = find_arguments(client, listing).arguments
        first, plain = (request_page(client, listing, arguments, limit=2, cursor=page).json() for page in (1, None))
        assert plain["meta"]["pagination"]["current_page"] == 1, (
            f"without `page`, a list must answer page 1, not {show(plain['meta']['pagination']['current_page'])}"
        )
        assert plain["data"] == first["data"], "without `page`, a list must answer the items of page 1"


@rule("tallyfy.pagination.next-link", "tallyfy.pagination.last-page-has-no-next")
@given(size=st.integers(1, 40))
@example(size=1)
@example(size=10)
def test_links_lead_through_a_list(target: Target, listing: Operation, size: int) -> None:
    """`links.next` leads to the next page of the same size; the last page has none."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        everything = ids(walk(client, listing, arguments))
        size = max(size, -(-len(everything) // 20))
        seen, body = _follow(client, request_page(client, listing, arguments, limit=size).json(), size)
        assert seen == everything, (
            f"following `links.next` must lead through the whole list once, not through {show(seen)}"
        )
        assert not dict(body["meta"]["pagination"].get("links") or {}).get("next"), (
            "the last page must have no `links.next`"
        )


@rule("tallyfy.pagination.next-link")
def test_links_keep_the_filters(target: Target) -> None:
    """`links.next` keeps the filters of a list."""
    with target.open() as client:
        listing = client.contract.operations["listRuns"]
        arguments = {**longest_list(client, listing), "status": "complete", "sort": "name", "archived": "false"}
        wanted = ids(walk(client, listing, arguments))
        size = max(1, len(wanted) // 3)
        seen, _ = _follow(client, request_page(client, listing, arguments, limit=size).json(), size)
        assert seen == wanted, (
            f"following `links.next` of a filtered list must stay within its filter, not lead through {show(seen)}"
        )


@rule("tallyfy.pagination.everything")
def test_everything_at_once(target: Target, listing: Operation) -> None:
    """With `without_pagination=true` one response has all items in the order of the pages; `page` is ignored."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        everything = ids(walk(client, listing, arguments))
        for more in ({}, {"per_page": 1}, {"page": 2}):
            answer = call(client, listing, FoundArguments({**arguments, "without_pagination": "true", **more}, None))
            assert ids(answer.json()["data"]) == everything, (
                f"`without_pagination=true` must answer all items in order, with {show(more)} too"
            )
        plain = call(client, listing, FoundArguments({**arguments, "without_pagination": "false", "per_page": 1}, None))
        assert (got := ids(plain.json()["data"])) == everything[:1], (
            f"`per_page=1` must answer the first item alone, not {show(got)}"
        )


def _follow(client: Client, body: Json, size: int) -> tuple[list[str], Json]:
    """Return the ids of a page and of all pages that its links lead to, and the last page."""
    seen = ids(body["data"])
    while following := _next(body):
        number = body["meta"]["pagination"]["current_page"]
        org = urlsplit(following)
        response = client.send("GET", org.path.removeprefix(client.prefix), query=org.query)
        assert response.status == 200, f"the link {show(following)} must answer 200, not {show(response.status)}"
        body = response.json()
        pagination = body["meta"]["pagination"]
        assert pagination["per_page"] == size, (
            f"`links.next` must keep `per_page={size}`, not use {show(pagination['per_page'])}"
        )
        assert pagination["current_page"] == number + 1, (
            f"`links.next` must lead to page {number + 1}, not to {show(pagination['current_page'])}"
        )
        seen += ids(body["data"])
    return seen, body


def _next(body: Json) -> str | None:
    """Return the link to the next page; asserts that every page but the last has one."""
    pagination = body["meta"]["pagination"]
    following: str | None = dict(pagination.get("links") or {}).get("next")
    assert bool(following) == (pagination["current_page"] < pagination["total_pages"]), (
        f"every page but the last must have `links.next`: {show(pagination)}"
    )
    return following
