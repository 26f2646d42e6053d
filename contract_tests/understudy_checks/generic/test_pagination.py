"""Pagination: page size, order, completeness and end of every list that declares pagination.

Compares responses only with each other: a list read in large pages is the reference for other page sizes.
On a shared target, items that exist before and after a test must be right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations, cycle, repeat, zip_longest
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.document.operation import Operation
from understudy_checks.client import Client, Skipped
from understudy_checks.pagination import (
    Page,
    add_items,
    assert_no_repetition,
    bounds,
    ids,
    is_documented,
    list_of_at_least,
    longest_list,
    page_of,
    pages,
    read_page,
    request_page,
    walk,
)
from understudy_checks.refusals import assert_envelope
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

LIMITS = st.integers(1, 100)
ODD_LIMITS = st.integers() | st.floats(allow_nan=False).map(repr) | st.text("0123456789+-.eE_ x", max_size=6)


@rule("*.pagination.default-limit")
def test_the_default_page_is_of_the_documented_size(target: Target, listing: Operation) -> None:
    """A page without a limit equals a page with the documented default limit."""
    with target.open() as client:
        _, default, _ = bounds(listing)
        if default is None:
            raise Skipped(f"no default limit of {listing.id} is documented")
        arguments = longest_list(client, listing, least=default + 1)
        plain, asked = (read_page(client, listing, arguments, limit=limit) for limit in (None, default))
        assert (plain.items, plain.more) == (asked.items, asked.more), (
            f"without a limit a page must be as with {default}; they have {len(plain.items)} and {len(asked.items)}"
        )
        assert len(plain.items) == default or (
            len(plain.items) < default and not is_documented(listing, "page-fill")
        ), f"a page without a limit must have {default} items, not {len(plain.items)}"


@rule("*.pagination.limit-sets-the-page-size")
@given(limit=LIMITS)
@example(limit=1)
@example(limit=99)
@example(limit=100)
def test_limit_is_the_page_size(target: Target, listing: Operation, limit: int) -> None:
    """The first and second pages have as many items as the limit, or all that are left."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        before = len(walk(client, listing, arguments))
        limit = _allowed(listing, limit)
        page = read_page(client, listing, arguments, limit=limit)
        second = read_page(client, listing, arguments, limit=limit, cursor=page.next).items if page.more else []
        with client.depending_on("*.pagination.cursor-continues"):
            assert not {*ids(page.items)} & {*ids(second)}, "the second page repeats items of the first"
        after = len(walk(client, listing, arguments))
        assert min(limit, before) <= len(page.items) <= min(limit, after), (
            f"a page of a list of {before} items with limit {limit} has {len(page.items)} items"
        )
        least, most = (min(limit, size - len(page.items)) for size in (before, after))
        assert least <= len(second) <= most or not is_documented(listing, "page-fill"), (
            f"the second page of a list of {before} items with limit {limit} has {len(second)} items"
        )


@rule("*.pagination.limit-sets-the-page-size", needs=("write",))
def test_the_largest_page_is_full(target: Target, growing: Operation) -> None:
    """A list with more items than the largest limit fills a page of that size."""
    with target.open() as client:
        _, _, largest = bounds(growing)
        arguments = list_of_at_least(client, growing, largest + 1)
        for limit in (largest - 1, largest):
            size = len(read_page(client, growing, arguments, limit=limit).items)
            assert size == limit, f"a page of a list of more than {largest} items with limit {limit} has {size} items"


@rule("*.pagination.never-over-a-hundred", needs=("write",))
@given(limits=st.lists(ODD_LIMITS, min_size=1))
@example(limits=[101, 1000, 0, -1, "100.5", "1e3", "abc", ""])
def test_no_page_is_larger_than_the_largest(target: Target, growing: Operation, limits: list[object]) -> None:
    """No limit returns a page with more items than the documented maximum."""
    with target.open() as client:
        _, _, largest = bounds(growing)
        arguments = list_of_at_least(client, growing, largest + 1)
        for limit in limits:
            _assert_bounded(client, growing, arguments, limit)


@rule("*.pagination.never-over-a-hundred")
@given(limit=st.one_of(st.integers(), st.text(max_size=6)))
@example(limit=101)
@example(limit=0)
@example(limit="abc")
def test_any_limit_is_answered(target: Target, listing: Operation, limit: object) -> None:
    """An invalid limit is refused in the documented shape or returns a page within the maximum."""
    with target.open() as client:
        _assert_bounded(client, listing, longest_list(client, listing, least=1), limit)


@rule("*.pagination.cursor-continues")
@given(limits=st.tuples(LIMITS, LIMITS))
@example(limits=(1, 1))
@example(limits=(1, 100))
def test_the_cursor_continues_after_the_page(target: Target, listing: Operation, limits: tuple[int, int]) -> None:
    """A cursor's page starts right after the last item of the page that gave the cursor."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        before = ids(walk(client, listing, arguments))
        size, other = (_allowed(listing, limit) for limit in (min(limits[0], len(before) - 1), limits[1]))
        first = read_page(client, listing, arguments, limit=size)
        assert first.more, (
            f"{len(before) - size} more items follow the page with limit {size}, which says that there are none"
        )
        limit = other if is_documented(listing, "limit-may-change") else size
        second = read_page(client, listing, arguments, limit=limit, cursor=first.next)
        assert second.items, f"the page with limit {size} says that more items follow, and the next page is empty"
        _assert_walk([*ids(first.items), *ids(second.items)], before, whole=False)


@rule("*.pagination.walk-is-complete")
def test_a_walk_is_complete(target: Target, listing: Operation) -> None:
    """A walk through all pages returns every item once, in the same order for every page size."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        before = ids(walk(client, listing, arguments))
        for limit in _critical_sizes(listing, len(before)):
            seen = _items(client, listing, arguments, repeat(limit))
            _assert_walk(seen, before, whole=True)


@rule("*.pagination.walk-is-complete")
@given(limits=st.lists(LIMITS, min_size=2, max_size=5))
@example(limits=[1, 2])
@example(limits=[20, 1, 3])
def test_the_page_size_may_change(target: Target, resizable: Operation, limits: list[int]) -> None:
    """A walk may change its page size without losing or repeating items."""
    with target.open() as client:
        arguments = longest_list(client, resizable, least=3)
        before = ids(walk(client, resizable, arguments))
        sizes = [_allowed(resizable, max(limit, _least(len(before)))) for limit in limits]
        _assert_walk(_items(client, resizable, arguments, cycle(sizes)), before, whole=True)


@rule("*.pagination.has-more-is-exact")
def test_has_more_is_exact(target: Target, listing: Operation) -> None:
    """The has-more flag is true exactly when more items follow, also at a multiple of the page size."""
    with target.open() as client:
        arguments = longest_list(client, listing)
        before = ids(walk(client, listing, arguments))
        for limit in _critical_sizes(listing, len(before)):
            seen: list[str] = []
            more = False
            for page in pages(client, listing, arguments, limits=repeat(limit)):
                assert page.items, f"with limit {limit}, an empty page follows one that says that there are more items"
                seen += ids(page.items)
                more = page.more
            missing = 0 if more else len(set(before) - set(seen))
            assert not missing, f"with limit {limit}, {missing} more items follow a page that says that there are none"


@rule("*.pagination.has-more-ends-the-list")
def test_has_more_ends_the_list(target: Target, listing: Operation) -> None:
    """A cursor of the last page returns no items."""
    with target.open() as client:
        arguments = longest_list(client, listing, least=1)
        size = len(walk(client, listing, arguments))
        for limit in _critical_sizes(listing, size):
            *earlier, last = pages(client, listing, arguments, limits=repeat(limit))
            assert_no_repetition(client, [item for page in (*earlier, last) for item in page.items])
            seen = _ids_after(client, listing, arguments, last, limit)
            assert not seen, f"with limit {limit}, the cursor of the last page leads to the items {show(seen)}"


@rule("*.pagination.filters-are-kept", "*.pagination.limit-sets-the-page-size", "*.pagination.has-more-is-exact")
def test_a_filtered_walk_is_complete(target: Target, matched: Operation) -> None:
    """A walk through a filtered list returns exactly the matching items, once, in order, on full pages."""
    with target.open() as client:
        arguments = longest_list(client, matched)
        everything = walk(client, matched, arguments)
        for chosen in _filters(matched, everything):
            matching = _matching(client, matched, {**arguments, **chosen}, everything)
            for limit in _critical_sizes(matched, len(matching)):
                *full, last = pages(client, matched, {**arguments, **chosen}, limits=repeat(limit))
                where, exact = f"with {show(chosen)} and limit {limit}", is_documented(matched, "page-fill")
                sizes = [len(page.items) for page in full]
                with client.about("*.pagination.limit-sets-the-page-size"):
                    fits = all(size == limit if exact else size <= limit for size in sizes)
                    assert fits, f"{where}, the pages before the last have {show(sizes)} items"
                seen = [id for page in (*full, last) for id in ids(page.items)]
                with client.about("*.pagination.has-more-is-exact"):
                    is_last = bool(last.items) or not is_documented(matched, "last-token")
                    assert is_last, f"{where}, the last page is empty"
                    ends_early = not last.more and len(seen) < len(matching) and seen == matching[: len(seen)]
                    assert not ends_early, f"{where}, more items follow a page that says that there are none"
                with client.about("*.pagination.filters-are-kept"):
                    assert seen == matching or ends_early, (
                        f"{where}, the list must have the items {show(matching)}, not {show(seen)}"
                    )


@rule("*.pagination.stable-while-runs-are-created", needs=("write",))
@given(limit=st.integers(1, 30), count=st.integers(1, 5))
@example(limit=1, count=1)
@example(limit=1, count=2)
def test_a_walk_is_stable_while_items_are_added(target: Target, growing: Operation, limit: int, count: int) -> None:
    """Items added during a walk cause no earlier item to be repeated or left out."""
    with target.open() as client:
        arguments = longest_list(client, growing, least=3)
        before = ids(walk(client, growing, arguments))
        seen: list[str] = []
        limits = repeat(_allowed(growing, max(limit, _least(len(before)))))
        turns = 5 if "fresh" in client.world.capabilities else 1  # items added to a shared list remain there
        for number, page in enumerate(pages(client, growing, arguments, limits=limits)):
            seen += ids(page.items)
            if number < turns:
                client.tick(1)
                add_items(client, growing, count)
        _assert_walk([id for id in seen if id in set(before)], before, whole=True)
        assert_once(seen)


def _matching(client: Client, listing: Operation, query: Mapping[str, Any], everything: list[Any]) -> list[str]:
    """The ids of the items that match a query: as one page shows them, else those of all items that do."""
    page = read_page(client, listing, query, limit=bounds(listing)[2])
    shown = {name: value for name, value in query.items() if name in everything[0]}
    return ids(item for item in everything if shown.items() <= item.items()) if page.more else ids(page.items)


def _items(client: Client, listing: Operation, arguments: Mapping[str, Any], limits: Iterable[int]) -> list[str]:
    return [id for page in pages(client, listing, arguments, limits=limits) for id in ids(page.items)]


def _ids_after(client: Client, listing: Operation, arguments: Mapping[str, Any], page: Page, limit: int) -> list[str]:
    """The ids on the page of a cursor; empty without a cursor or when it is refused."""
    response = page.next and request_page(client, listing, arguments, limit=limit, cursor=page.next)
    return ids(page_of(listing, response).items) if response and response.status < 300 else []


def _critical_sizes(listing: Operation, size: int) -> list[int]:
    """The critical page sizes for a list of this size: the bounds, the default, a divisor, and their neighbours."""
    smallest, default, largest = bounds(listing)
    usual = default or 20
    divisor = max((limit for limit in range(1, largest + 1) if size % limit == 0), default=1)
    documented = (smallest, smallest + 1, usual - 1, usual, usual + 1, largest - 1, largest)
    near = (divisor - 1, divisor, divisor + 1, size // 2, size - 1, size, size + 1)
    return sorted({limit for limit in (*documented, *near) if max(smallest, _least(size)) <= limit <= largest})


def _allowed(listing: Operation, limit: int) -> int:
    """The nearest valid page size."""
    smallest, _, largest = bounds(listing)
    return min(max(limit, smallest), largest)


def _least(size: int) -> int:
    """The smallest page size at which a list of this size has at most a hundred pages."""
    return max(1, -(-size // 100))


def _assert_walk(seen: list[str], before: list[str], *, whole: bool) -> None:
    """Assert that a walk returned the items of an earlier walk in the same order; new items may stand between them."""
    assert_once(seen)
    known = [id for id in seen if id in set(before)]
    wanted = before if whole else before[: len(known)]
    assert known == wanted, f"{_first_difference(known, wanted)}: an item is left out, added or in another place"


def assert_once(seen: list[str]) -> None:
    """Assert that a walk returned no item twice."""
    twice = [id for id, times in Counter(seen).items() if times > 1]
    assert not twice, f"the pages of a walk have the items {show(twice)} more than once"


def _first_difference(known: list[str], wanted: list[str]) -> str:
    """The first item at which two walks differ, in words."""
    pairs = zip_longest(known, wanted)
    number, (seen, expected) = next((place, pair) for place, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return f"item {number} of a walk is {show(seen)} and not {show(expected)}"


def _assert_bounded(client: Client, listing: Operation, arguments: Mapping[str, Any], limit: object) -> None:
    _, _, largest = bounds(listing)
    response = request_page(client, listing, arguments, limit=limit)
    if response.status < 300:
        size = len(page_of(listing, response).items)
        assert size <= largest, f"a page with limit {show(limit)} must have at most {largest} items, not {size}"
    else:
        assert_envelope(client, response)


def _filters(listing: Operation, everything: list[Any]) -> list[dict[str, Any]]:
    """For every combination of a list's filters, the most frequent values and the least frequent one."""
    names = [p.name for p in listing.parameters if p.location == "query" and p.name in everything[0]]
    if not names:
        raise Skipped(f"the items of {listing.id} do not show what it filters by")
    chosen = []
    for size in range(1, len(names) + 1):
        for some in combinations(names, size):
            counts = Counter(tuple(item[name] for name in some) for item in everything).most_common()
            chosen += [dict(zip(some, values, strict=True)) for values, _ in (*counts[:3], *counts[3:][-1:])]
    return chosen
