"""Collections: ordered, paged, forked; a listing costs as much as its page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.engine.store import MAX_DECODED, Collection, ComputedListing, Layout, Page, Store, encode

BY_COLOUR = Layout({}, sort_key=lambda record: int(record["at"]), indexes=lambda record: ((), record["colour"]))


def filled(*records: tuple[str, int, str]) -> Collection:
    """A collection of records, each with id, time and colour."""
    collection = Collection(BY_COLOUR)
    for id, at, colour in records:
        collection.put({"id": id, "at": at, "colour": colour})
    return collection


def ids(collection: Collection, name: Any = (), *, descending: bool = False, limit: int = 100) -> list[str]:
    """The ids of a list, read page by page."""
    listing, after, found = collection.listing(name, descending=descending), None, []
    while True:
        page = listing.page(after, limit)
        found += [row.split(b'"')[3].decode() for row in page.rows]
        if not page.more:
            return found
        assert page.last is not None
        after = listing.position(page.last)


def test_records_are_kept_by_id() -> None:
    """A stored record is returned as a copy, and encoded."""
    collection = filled(("a", 1, "red"))
    record = collection.get("a")
    assert record == {"id": "a", "at": 1, "colour": "red"}
    record["colour"] = "blue"
    assert collection.row("a") == encode({"id": "a", "at": 1, "colour": "red"})
    assert (collection.get("b"), collection.row("b"), len(collection)) == (None, None, 1)


def test_records_to_be_read_only_are_shared() -> None:
    """A record that is only read is decoded once until it is replaced."""
    collection = filled(("a", 1, "red"))
    assert collection.get_shared("a") == collection.get("a")
    assert collection.get_shared("a") is collection.fork().get_shared("a")
    blue = {"id": "a", "at": 1, "colour": "blue"}
    fork = collection.fork()
    collection.put(blue)
    assert collection.get_shared("a") is blue
    assert fork.get_shared("a") == {"id": "a", "at": 1, "colour": "red"}
    collection.remove("a")
    assert (collection.get_shared("a"), collection.get_shared("b")) == (None, None)


def test_few_records_are_cached_decoded() -> None:
    """The cache of decoded records is bounded; a new record is decoded at its first read."""
    collection = Collection(BY_COLOUR)
    for number in range(3 * MAX_DECODED):
        collection.put({"id": str(number), "at": number, "colour": "red"})
    assert len(collection._decoded) == 0
    for number in range(3 * MAX_DECODED):
        assert collection.get_shared(str(number)) == {"id": str(number), "at": number, "colour": "red"}
        assert 0 < len(collection._decoded) <= MAX_DECODED


def test_lists_are_in_order_of_time_then_of_creation() -> None:
    """Records of equal times keep their order of insertion; late ones are sorted in."""
    collection = filled(("b", 2, "red"), ("c", 2, "red"), ("a", 1, "blue"), ("d", 3, "red"))
    assert ids(collection) == ["a", "b", "c", "d"]
    assert ids(collection, descending=True) == ["d", "c", "b", "a"]
    assert ids(collection, "red", limit=1) == ["b", "c", "d"]
    assert ids(collection, "green") == []
    assert [record["id"] for record in collection] == ["a", "b", "c", "d"]


def test_a_record_changes_its_lists() -> None:
    """A replaced record moves between lists and keeps its position in the order."""
    collection = filled(("a", 1, "red"), ("b", 2, "red"), ("c", 3, "red"))
    collection.put({"id": "b", "at": 9, "colour": "blue"})
    assert (ids(collection), ids(collection, "red"), ids(collection, "blue")) == (["a", "b", "c"], ["a", "c"], ["b"])
    collection.put({"id": "b", "at": 9, "colour": "red"})
    assert (ids(collection, "red"), ids(collection, "blue")) == (["a", "b", "c"], [])


def test_a_place_outlives_its_match() -> None:
    """A page continues after an item that has left the list."""
    collection = filled(("a", 1, "red"), ("b", 2, "red"), ("c", 3, "red"))
    place = collection.listing("red").position("b")
    collection.put({"id": "b", "at": 2, "colour": "blue"})
    assert place is not None
    assert collection.listing("red").page(place, 5).last == "c"
    assert collection.listing("red", descending=True).page(place, 5).last == "a"
    assert collection.listing("red").position("x") is None


@pytest.mark.parametrize("descending", [False, True])
def test_a_page_of_nothing(descending: bool) -> None:
    """An empty list has no last item, and a limit of 0 returns none."""
    assert Collection(BY_COLOUR).listing(descending=descending).page(None, 5) == Page([], None, False)
    assert filled(("a", 1, "red")).listing(descending=descending).page(None, 0).rows == []


def test_forks_do_not_see_each_other() -> None:
    """Writes after a fork are visible on one side only, in nested values too."""
    first = filled(("a", 1, "red"))
    second = first.fork()
    third = second.fork()
    first.put({"id": "b", "at": 2, "colour": "red"})
    second.put({"id": "a", "at": 1, "colour": "blue"})
    assert (ids(first, "red"), ids(second, "red"), ids(third, "red")) == (["a", "b"], [], ["a"])
    assert (ids(first, "blue"), ids(second, "blue"), ids(third, "blue")) == ([], ["a"], [])
    third.put({"id": "c", "at": 0, "colour": "red"})
    assert ids(third) == ["c", "a"]
    assert ids(first) == ["a", "b"]


def test_a_removed_record_is_gone_from_every_list() -> None:
    """A removed record leaves every list, but not those of a fork; it can be added again at the end."""
    first = filled(("a", 1, "red"), ("b", 1, "red"))
    second = first.fork()
    for _ in range(2):
        first.remove("a")
        assert (first.get("a"), ids(first), ids(first, "red")) == (None, ["b"], ["b"])
        first.put({"id": "a", "at": 1, "colour": "red"})
    assert (ids(first), ids(second)) == (["b", "a"], ["a", "b"])
    with pytest.raises(KeyError):
        first.remove("c")


def test_a_collection_without_order_is_only_looked_up() -> None:
    """A collection without a time has no lists and yields records in order of insertion."""
    collection = Collection(Layout({}))
    for id in ("b", "a", "b"):
        collection.put({"id": id})
    assert [record["id"] for record in collection] == ["b", "a"]
    assert collection.listing().page(None, 5).rows == []


def test_positions_are_rendered_when_asked() -> None:
    """A listing of positions renders the rows of its page only."""
    made: list[int] = []

    def render(position: int) -> bytes:
        made.append(position)
        return str(position).encode()

    listing = ComputedListing(1_000_000, render, str, lambda text: int(text) if text.isdecimal() else None)
    assert listing.page(None, 2) == Page([b"0", b"1"], "1", True)
    assert listing.page(listing.position("999998"), 2) == Page([b"999999"], "999999", False)
    assert listing.page(999_999, 2) == Page([], None, False)
    assert listing.position("x") is None
    assert made == [0, 1, 999_999]


def test_a_store_is_dumped_and_forked() -> None:
    """A dump has all records in order; a fork is independent."""
    store = Store.empty({"things": BY_COLOUR, "others": Layout({})})
    store["things"].put({"id": "b", "at": 2, "colour": "red"})
    fork, other = store.fork(), store.fork()
    assert fork
    fork["things"].put({"id": "a", "at": 1, "colour": "red"})
    assert [record["id"] for record in fork.dump()["things"]] == ["a", "b"]
    whole = {"things": [{"id": "b", "at": 2, "colour": "red"}], "others": []}
    assert other.fork().dump() == other.dump() == store.dump() == whole
    for known in (store, fork):
        with pytest.raises(KeyError, match="unknown"):
            known["unknown"]


RECORDS = st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 3), st.sampled_from(["red", "blue"]))


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(st.lists(RECORDS, max_size=30), st.integers(1, 4), st.booleans())
def test_a_collection_is_like_a_sorted_list(records: list[tuple[str, int, str]], limit: int, descending: bool) -> None:
    """Each list equals a plain model, page by page, after any sequence of writes."""
    first: dict[str, tuple[int, int]] = {}
    colours: dict[str, str] = {}
    collection = Collection(BY_COLOUR)
    for number, (id, at, colour) in enumerate(records):
        first.setdefault(id, (at, number))
        colours[id] = colour
        collection = collection.fork() if number % 7 == 6 else collection
        collection.put({"id": id, "at": at, "colour": colour})
    expected = sorted(first, key=first.__getitem__, reverse=descending)
    assert ids(collection, descending=descending, limit=limit) == expected
    red = [id for id in expected if colours[id] == "red"]
    assert ids(collection, "red", descending=descending, limit=limit) == red
