"""Ordered collections of records by id, with one ordered id list per documented filter.

A record is replaced, never changed in place, and kept as its encoded JSON, so a page is a join, a fork
shares everything, and the garbage collector has nothing to walk: only the few that were looked at or
written last are at hand decoded, too. A page never scans what it does not return. Must not know any API:
a Layout says how a collection is kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import msgspec

Record = dict[str, Any]
SharedRecord = Mapping[str, Any]  # a record that is not to be changed: others share it
encode = msgspec.json.encode
decode: Callable[[bytes], Record] = msgspec.json.decode
_FIRST = -(1 << 96)  # before every place, also of the year 1
MAX_DECODED = 256  # so many records of a collection, at the most, are at hand decoded


class Meter:
    """Bytes of the encoded records of a tenant, beyond those that its store was forked with.

    `next` is the number of bytes at which somebody should look whether there is room for more.
    """

    __slots__ = ("bytes", "next")

    def __init__(self) -> None:
        self.bytes = 0
        self.next = 1 << 16


class Layout(msgspec.Struct, frozen=True):
    """How one collection is kept.

    `schema` is what every record must fit: the name of a schema of the document, or a JSON schema.
    `at` gives a record's place in the order (milliseconds; equal ones keep their order of creation); None
    for a collection that is only looked up by id. `lists` names the ordered lists that a record stands in; a name
    that it gives twice counts once.
    """

    schema: str | Mapping[str, Any]
    at: Callable[[SharedRecord], int] | None = None
    lists: Callable[[SharedRecord], tuple[Hashable, ...]] = lambda record: ()


class Page(msgspec.Struct, frozen=True, gc=False):
    """One page of a listing: encoded rows, the id of the last one, and whether more follow."""

    rows: Sequence[bytes]
    last: str | None
    more: bool


class Listing(Protocol):
    """An ordered sequence that can be read page by page."""

    def place(self, id: str) -> int | None:
        """Where the item `id` stands in the total order, even when it no longer matches; None when unknown."""

    def page(self, after: int | None, limit: int) -> Page:
        """Up to `limit` items that follow the place `after` (None: from the start)."""

    def size(self) -> int:
        """How many items there are."""

    def slice(self, start: int, stop: int) -> Sequence[bytes]:
        """The items from the number `start` up to `stop`, counted from 0."""


class Collection:
    """Records by id. Forks share rows and lists until one side writes."""

    __slots__ = ("_at_hand", "_count", "_lists", "_newest", "_owned", "_places", "_rows", "_shared", "layout", "meter")

    def __init__(self, layout: Layout, meter: Meter | None = None) -> None:
        self.layout = layout
        self.meter = meter or Meter()
        self._rows: dict[str, bytes] = {}
        self._at_hand: dict[str, Record] = {}
        self._places: dict[str, int] = {}
        self._lists: dict[Hashable, list[str]] = {}
        self._owned: dict[Hashable, list[str]] = {}  # the lists that no fork shares
        self._shared = False  # whether a fork shares all of it
        self._count = 0
        self._newest = _FIRST  # the last place in the order

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Record]:
        """All records, in order (by id's first appearance where the collection has no order)."""
        ids: Iterable[str] = self._rows
        if self.layout.at is not None:
            ids = sorted(self._rows, key=self._places.__getitem__)
        return (decode(self._rows[id]) for id in ids)

    def row(self, id: str) -> bytes | None:
        """The encoded record, as it is served; None when there is none."""
        return self._rows.get(id)

    def get(self, id: str) -> Record | None:
        """A fresh copy of the record; None when there is none."""
        row = self._rows.get(id)
        return None if row is None else decode(row)

    def get_shared(self, id: str) -> SharedRecord | None:
        """The record, shared with all who look at it; None when there is none."""
        record = self._at_hand.get(id)
        if record is None and (row := self._rows.get(id)) is not None:
            record = decode(row)
            self._hand(id, record)
        return record

    def put(self, record: Record) -> bytes:
        """Keep `record` under its `id`, new or in place of the old one; returns the encoded form.

        It is the collection's from then on: who goes on changing it changes what others look at. One that is
        replaced is likely to be looked at again soon, and at hand; a new one is not.
        """
        if self._shared:
            self._own()
        id, row, ordered = record["id"], encode(record), self.layout.at is not None
        if id not in self._rows:
            self.meter.bytes += len(row)
            if ordered:
                self._enter(id, record)
        else:
            self.meter.bytes += len(row) - len(self._rows[id])
            if ordered:
                self._move(id, record)
            self._hand(id, record)
        self._rows[id] = row
        return row

    def remove(self, id: str) -> None:
        """Forget the record `id`; raises KeyError when there is none."""
        if self._shared:
            self._own()
        names = set(self.layout.lists(decode(self._rows[id]))) if self.layout.at is not None else ()
        self.meter.bytes -= len(self._rows.pop(id))
        self._at_hand.pop(id, None)
        for name in names:
            self._leave(name, id)
        self._places.pop(id, None)

    def trim(self, most: int) -> None:
        """Forget the records that were put first until there are no more than `most`."""
        while len(self._rows) > most:
            self.remove(next(iter(self._rows)))

    def matching(self, *groups: Sequence[Hashable], descending: bool = False) -> Ordered:
        """The records that stand in at least one list of each group, in order; only the shortest group is walked."""
        united = sorted((self._united(group) for group in groups), key=len)
        ids = united[0] if united else []
        for other in united[1:]:
            ids = [id for id in ids if self._stands(id, other)]
        return Ordered(self._rows, self._places, ids, descending)

    def listing(self, name: Hashable = (), *, descending: bool = False) -> Ordered:
        """The records that stand in the list `name`, in order."""
        return Ordered(self._rows, self._places, self._lists.get(name, []), descending)

    def fork(self) -> Collection:
        """A collection of its own with the same records; nothing is copied before somebody writes."""
        other = Collection.__new__(Collection)
        other.layout, other._rows, other._places, other._lists = self.layout, self._rows, self._places, self._lists
        other._count, other._newest = self._count, self._newest
        other._owned, other._at_hand, other.meter = self._owned, self._at_hand, Meter()
        self._shared = other._shared = True
        return other

    def _own(self) -> None:
        self._rows, self._places, self._lists = dict(self._rows), dict(self._places), dict(self._lists)
        self._owned, self._shared, self._at_hand = {}, False, self._at_hand.copy()

    def _hand(self, id: str, record: Record) -> None:
        if len(self._at_hand) >= MAX_DECODED:
            self._at_hand.clear()
        self._at_hand[id] = record

    def _enter(self, id: str, record: Record) -> None:
        """Give a new record its place, and let it stand in its lists: at the end of them all, when it is the newest."""
        assert self.layout.at is not None, "only a record with a time has a place"
        at, names = self.layout.at(record), dict.fromkeys(self.layout.lists(record))  # before anything changes
        self._count += 1
        place = self._places[id] = at << 32 | self._count
        newest = place > self._newest
        if newest:
            self._newest = place
        for name in names:
            ids = self._owned.get(name) or self._list(name)
            if newest:
                ids.append(id)
            else:
                self._stand(ids, id)

    def _move(self, id: str, record: Record) -> None:
        """Let a record that takes the place of another one stand in its own lists."""
        # a record that was changed in place, and put again, no longer tells where it stands
        was = decode(self._rows[id]) if self._at_hand.get(id) is record else self.get_shared(id)
        assert was is not None, "there is a record to be replaced"
        before, after = self.layout.lists(was), self.layout.lists(record)
        if before is not after and before != after:
            left, entered = set(before) - set(after), set(after) - set(before)
            for name in left:
                self._leave(name, id)
            for name in entered:
                self._stand(self._list(name), id)

    def _stand(self, ids: list[str], id: str) -> None:
        ids.insert(bisect_left(ids, self._places[id], key=self._places.__getitem__), id)

    def _leave(self, name: Hashable, id: str) -> None:
        ids = self._list(name)
        del ids[bisect_left(ids, self._places[id], key=self._places.__getitem__)]
        if not ids:
            del self._lists[name], self._owned[name]

    def _united(self, group: Sequence[Hashable]) -> list[str]:
        lists = [self._lists.get(name, []) for name in group]
        if len(lists) == 1:
            return lists[0]
        return sorted({id for ids in lists for id in ids}, key=self._places.__getitem__)

    def _stands(self, id: str, ids: list[str]) -> bool:
        at = bisect_left(ids, self._places[id], key=self._places.__getitem__)
        return at < len(ids) and ids[at] == id

    def _list(self, name: Hashable) -> list[str]:
        ids = self._owned.get(name)
        if ids is None:
            ids = self._owned[name] = self._lists[name] = list(self._lists.get(name, ()))
        return ids


class Ordered(msgspec.Struct, frozen=True, gc=False):
    """A Listing over one id list of a collection."""

    rows: dict[str, bytes]
    places: dict[str, int]
    ids: list[str]
    descending: bool

    def place(self, id: str) -> int | None:
        """See Listing."""
        return self.places.get(id)

    def page(self, after: int | None, limit: int) -> Page:
        """See Listing."""
        ids = self.ids
        if self.descending:
            end = len(ids) if after is None else bisect_left(ids, after, key=self.places.__getitem__)
            start = max(0, end - limit)
            chosen, more = ids[start:end][::-1], start > 0
        else:
            start = 0 if after is None else bisect_right(ids, after, key=self.places.__getitem__)
            chosen, more = ids[start : start + limit], start + limit < len(ids)
        return Page(self._chosen(chosen), chosen[-1] if chosen else None, more)

    def later_than(self, at: int) -> int:
        """How many of the items stand behind the time `at` (milliseconds), without looking at them."""
        return len(self.ids) - bisect_left(self.ids, (at + 1) << 32, key=self.places.__getitem__)

    def size(self) -> int:
        """See Listing."""
        return len(self.ids)

    def slice(self, start: int, stop: int) -> Sequence[bytes]:
        """See Listing."""
        if self.descending:
            size = len(self.ids)
            return self._chosen(self.ids[max(0, size - stop) : max(0, size - start)][::-1])
        return self._chosen(self.ids[start:stop])

    def _chosen(self, ids: list[str]) -> Sequence[bytes]:
        if len(ids) < 2:  # itemgetter, which takes half the time of a loop, makes a sequence of two or more
            return [self.rows[id] for id in ids]
        rows: tuple[bytes, ...] = itemgetter(*ids)(self.rows)
        return rows


class Positions(NamedTuple):
    """A Listing whose items follow from their position: `render(position)` and `name(position)` make them."""

    length: int
    render: Callable[[int], bytes]
    name: Callable[[int], str]
    find: Callable[[str], int | None]

    def place(self, id: str) -> int | None:
        """See Listing."""
        return self.find(id)

    def page(self, after: int | None, limit: int) -> Page:
        """See Listing."""
        start = 0 if after is None else after + 1
        end = min(start + limit, self.length)
        rows = [self.render(position) for position in range(start, end)]
        return Page(rows, self.name(end - 1) if rows else None, end < self.length)

    def size(self) -> int:
        """See Listing."""
        return self.length

    def slice(self, start: int, stop: int) -> list[bytes]:
        """See Listing."""
        return [self.render(position) for position in range(start, min(stop, self.length))]


class Projected(NamedTuple):
    """A Listing whose rows are not served as they are kept: `render` makes the served form of each."""

    kept: Listing
    render: Callable[[bytes], bytes]

    def place(self, id: str) -> int | None:
        """See Listing."""
        return self.kept.place(id)

    def page(self, after: int | None, limit: int) -> Page:
        """See Listing."""
        page = self.kept.page(after, limit)
        return Page([self.render(row) for row in page.rows], page.last, page.more)

    def size(self) -> int:
        """See Listing."""
        return self.kept.size()

    def slice(self, start: int, stop: int) -> list[bytes]:
        """See Listing."""
        return [self.render(row) for row in self.kept.slice(start, stop)]


class Store(dict[str, Collection]):
    """The collections of one tenant, by name. A fork takes each from its origin when it is first asked for."""

    __slots__ = ("_origin", "meter")

    def __init__(
        self, collections: Mapping[str, Collection], *, origin: Store | None = None, meter: Meter | None = None
    ) -> None:
        super().__init__(collections)
        self._origin = origin
        self.meter = meter or Meter()

    def __bool__(self) -> bool:
        return True  # also before anything was asked for

    def __missing__(self, name: str) -> Collection:
        if self._origin is None:
            raise KeyError(name)
        collection = self[name] = self._origin[name].fork()
        collection.meter = self.meter
        return collection

    @classmethod
    def empty(cls, layouts: Mapping[str, Layout]) -> Store:
        """A store with nothing in it."""
        meter = Meter()
        return cls({name: Collection(layout, meter) for name, layout in layouts.items()}, meter=meter)

    def fork(self) -> Store:
        """A store of its own with the same records. This one must not be written to any more."""
        return Store({}, origin=self)

    def names(self) -> Iterable[str]:
        """The names of all collections."""
        return self if self._origin is None else self._origin.names()

    def dump(self) -> dict[str, list[Record]]:
        """All records by collection, in order."""
        return {name: list(self[name]) for name in self.names()}
