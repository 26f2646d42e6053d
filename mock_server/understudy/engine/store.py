"""The store: collections of records by id, each with sorted indexes.

A record is stored as encoded JSON and replaced, never changed in place: a page is a join, a fork shares every
record, and the garbage collector has nothing to walk. The records used last are cached decoded. Reading a page
scans no other records. Must not know any API: a Layout declares how a collection is stored.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import msgspec

Record = dict[str, Any]
SharedRecord = Mapping[str, Any]  # read-only: forks and readers share it
encode = msgspec.json.encode
decode: Callable[[bytes], Record] = msgspec.json.decode
_BEFORE_ALL = -(1 << 96)  # before every position, also those of the year 1
MAX_DECODED = 256  # records of one collection that are cached decoded


class Meter:
    """Counts the bytes of a tenant's encoded records that were added since its store was forked.

    `next` is the number of bytes at which the state bound must be checked again. `log`, while there is one, gets
    four members for each write: the collection's layout, the id, the encoded record before and after.
    """

    __slots__ = ("bytes", "log", "next")

    def __init__(self) -> None:
        self.bytes = 0
        self.log: list[Any] | None = None
        self.next = 1 << 16


class Layout(msgspec.Struct, frozen=True):
    """The schema, sort key and indexes of one collection.

    `schema` is the name of a component schema of the document, or a JSON schema. `sort_key` returns a record's sort key
    (milliseconds; equal keys are sorted by creation); None stands for a collection without an order. `indexes` returns
    the names of the indexes that hold a record; a repeated name counts once. `key` is the member that holds the id: a
    text, or a number that the collection knows by its digits.
    """

    schema: str | Mapping[str, Any]
    sort_key: Callable[[SharedRecord], int] | None = None
    indexes: Callable[[SharedRecord], tuple[Hashable, ...]] = lambda record: ()
    key: str = "id"

    def id(self, record: SharedRecord) -> str:
        """The id of a record, as text."""
        id = record[self.key]
        return id if type(id) is str else str(id)


class Page(msgspec.Struct, frozen=True, gc=False):
    """One page of a listing: encoded rows, the id of the last row, and whether more rows follow."""

    rows: Sequence[bytes]
    last: str | None
    more: bool


class Listing(Protocol):
    """An ordered sequence that can be read page by page."""

    def position(self, id: str) -> int | None:
        """The sort position of the item `id`, also of one that is no longer in the listing; None when unknown."""

    def page(self, after: int | None, limit: int) -> Page:
        """Up to `limit` items after the position `after` (None: from the start)."""

    def size(self) -> int:
        """The number of items."""

    def slice(self, start: int, stop: int) -> Sequence[bytes]:
        """The items `start` up to, but not including, `stop`, counted from 0."""


class Collection:
    """Records by id, with sorted indexes. Forks share rows and indexes until one side writes (copy on write)."""

    __slots__ = (
        "_count",
        "_decoded",
        "_indexes",
        "_last_position",
        "_own_indexes",
        "_positions",
        "_rows",
        "_shared",
        "layout",
        "meter",
    )

    def __init__(self, layout: Layout, meter: Meter | None = None) -> None:
        self.layout = layout
        self.meter = meter or Meter()
        self._rows: dict[str, bytes] = {}
        self._decoded: dict[str, Record] = {}
        self._positions: dict[str, int] = {}
        self._indexes: dict[Hashable, list[str]] = {}
        self._own_indexes: dict[Hashable, list[str]] = {}  # those that no fork shares
        self._shared = False  # whether a fork shares rows, positions and indexes
        self._count = 0
        self._last_position = _BEFORE_ALL

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Record]:
        """All records, by sort key; by creation in a collection without one."""
        ids: Iterable[str] = self._rows
        if self.layout.sort_key is not None:
            ids = sorted(self._rows, key=self._positions.__getitem__)
        return (decode(self._rows[id]) for id in ids)

    def newest(self) -> str:
        """The id of the record that was inserted last; empty without one."""
        return next(reversed(self._rows), "")

    def ids(self) -> Iterable[str]:
        """The ids of all records, in no order."""
        return self._rows.keys()

    def row(self, id: str) -> bytes | None:
        """The encoded record; None when there is none."""
        return self._rows.get(id)

    def get(self, id: str) -> Record | None:
        """A fresh copy of the record; None when there is none."""
        row = self._rows.get(id)
        return None if row is None else decode(row)

    def get_shared(self, id: str) -> SharedRecord | None:
        """The record from the cache, shared and read-only; None when there is none."""
        record = self._decoded.get(id)
        if record is None and (row := self._rows.get(id)) is not None:
            record = decode(row)
            self._cache_decoded(id, record)
        return record

    def require(self, id: str) -> Record:
        """A fresh copy of a record that another record refers to; raises KeyError when there is none."""
        return decode(self._rows[id])

    def require_shared(self, id: str) -> SharedRecord:
        """The same from the cache, shared and read-only."""
        record = self.get_shared(id)
        if record is None:
            raise KeyError(id)
        return record

    def put(self, record: Record) -> bytes:
        """Insert or replace the record with its id; returns its encoded form.

        Takes ownership: do not mutate `record` afterwards. Only a replaced record is cached decoded, since it is likely
        to be read again soon.
        """
        if self._shared:
            self._unshare()
        id, row, ordered = self.layout.id(record), encode(record), self.layout.sort_key is not None
        before, meter = self._rows.get(id), self.meter
        if before is None:
            meter.bytes += len(row)
            if ordered:
                self._insert(id, record)
        else:
            meter.bytes += len(row) - len(before)
            if ordered:
                self._reindex(id, record)
            self._cache_decoded(id, record)
        self._rows[id] = row
        if meter.log is not None:
            meter.log.extend((self.layout, id, before, row))
        return row

    def remove(self, id: str) -> None:
        """Remove the record `id`; raises KeyError when there is none."""
        if self._shared:
            self._unshare()
        names = set(self.layout.indexes(decode(self._rows[id]))) if self.layout.sort_key is not None else ()
        before, meter = self._rows.pop(id), self.meter
        meter.bytes -= len(before)
        if meter.log is not None:
            meter.log.extend((self.layout, id, before, None))
        self._decoded.pop(id, None)
        for name in names:
            self._remove_from(name, id)
        self._positions.pop(id, None)

    def trim(self, most: int) -> None:
        """Remove the oldest records until `most` are left."""
        while len(self._rows) > most:
            self.remove(next(iter(self._rows)))

    def query(self, *groups: Sequence[Hashable], descending: bool = False) -> IndexListing:
        """The records that are in at least one index of each group, in order; scans only the shortest group."""
        candidates = sorted((self._union(group) for group in groups), key=len)
        ids = candidates[0] if candidates else []
        for other in candidates[1:]:
            ids = [id for id in ids if self._is_in(id, other)]
        return IndexListing(self._rows, self._positions, ids, descending)

    def listing(self, name: Hashable = (), *, descending: bool = False) -> IndexListing:
        """The records of the index `name`, in order."""
        return IndexListing(self._rows, self._positions, self._indexes.get(name, []), descending)

    def fork(self) -> Collection:
        """An independent collection with the same records; nothing is copied until one side writes."""
        other = Collection.__new__(Collection)
        other.layout, other._rows = self.layout, self._rows
        other._positions, other._indexes = self._positions, self._indexes
        other._count, other._last_position = self._count, self._last_position
        other._own_indexes, other._decoded, other.meter = self._own_indexes, self._decoded, Meter()
        self._shared = other._shared = True
        return other

    def _unshare(self) -> None:
        self._rows, self._positions, self._indexes = dict(self._rows), dict(self._positions), dict(self._indexes)
        self._own_indexes, self._shared, self._decoded = {}, False, self._decoded.copy()

    def _cache_decoded(self, id: str, record: Record) -> None:
        if len(self._decoded) >= MAX_DECODED:
            self._decoded.clear()
        self._decoded[id] = record

    def _insert(self, id: str, record: Record) -> None:
        """Give a new record its position and add it to its indexes; the newest one is appended without a search."""
        assert self.layout.sort_key is not None, "only a record with a sort key has a position"
        # both may raise: before any change
        at, names = self.layout.sort_key(record), dict.fromkeys(self.layout.indexes(record))
        self._count += 1
        position = self._positions[id] = at << 32 | self._count
        newest = position > self._last_position
        if newest:
            self._last_position = position
        for name in names:
            ids = self._own_indexes.get(name) or self._own_index(name)
            if newest:
                ids.append(id)
            else:
                self._insert_sorted(ids, id)

    def _reindex(self, id: str, record: Record) -> None:
        """Update the indexes for a record that replaces another one."""
        # a cached record that was mutated in place no longer shows which indexes hold it
        was = decode(self._rows[id]) if self._decoded.get(id) is record else self.get_shared(id)
        assert was is not None, "there is a record to be replaced"
        before, after = self.layout.indexes(was), self.layout.indexes(record)
        if before is not after and before != after:
            gone, new = set(before) - set(after), set(after) - set(before)
            for name in gone:
                self._remove_from(name, id)
            for name in new:
                self._insert_sorted(self._own_index(name), id)

    def _insert_sorted(self, ids: list[str], id: str) -> None:
        ids.insert(bisect_left(ids, self._positions[id], key=self._positions.__getitem__), id)

    def _remove_from(self, name: Hashable, id: str) -> None:
        ids = self._own_index(name)
        del ids[bisect_left(ids, self._positions[id], key=self._positions.__getitem__)]
        if not ids:
            del self._indexes[name], self._own_indexes[name]

    def _union(self, group: Sequence[Hashable]) -> list[str]:
        indexes = [self._indexes.get(name, []) for name in group]
        if len(indexes) == 1:
            return indexes[0]
        return sorted({id for ids in indexes for id in ids}, key=self._positions.__getitem__)

    def _is_in(self, id: str, ids: list[str]) -> bool:
        found = bisect_left(ids, self._positions[id], key=self._positions.__getitem__)
        return found < len(ids) and ids[found] == id

    def _own_index(self, name: Hashable) -> list[str]:
        ids = self._own_indexes.get(name)
        if ids is None:
            ids = self._own_indexes[name] = self._indexes[name] = list(self._indexes.get(name, ()))
        return ids


class IndexListing(msgspec.Struct, frozen=True, gc=False):
    """A Listing over one sorted id list of a collection."""

    rows: dict[str, bytes]
    positions: dict[str, int]
    ids: list[str]
    descending: bool

    def position(self, id: str) -> int | None:
        """Implements Listing."""
        return self.positions.get(id)

    def page(self, after: int | None, limit: int) -> Page:
        """Implements Listing."""
        ids = self.ids
        if self.descending:
            end = len(ids) if after is None else bisect_left(ids, after, key=self.positions.__getitem__)
            start = max(0, end - limit)
            chosen, more = ids[start:end][::-1], start > 0
        else:
            start = 0 if after is None else bisect_right(ids, after, key=self.positions.__getitem__)
            chosen, more = ids[start : start + limit], start + limit < len(ids)
        return Page(self._rows_of(chosen), chosen[-1] if chosen else None, more)

    def count_after(self, at: int) -> int:
        """The number of items with a sort key above `at` (milliseconds), found by bisection."""
        return len(self.ids) - bisect_left(self.ids, (at + 1) << 32, key=self.positions.__getitem__)

    def size(self) -> int:
        """Implements Listing."""
        return len(self.ids)

    def slice(self, start: int, stop: int) -> Sequence[bytes]:
        """Implements Listing."""
        if self.descending:
            size = len(self.ids)
            return self._rows_of(self.ids[max(0, size - stop) : max(0, size - start)][::-1])
        return self._rows_of(self.ids[start:stop])

    def _rows_of(self, ids: list[str]) -> Sequence[bytes]:
        if len(ids) < 2:  # itemgetter is twice as fast as a loop, but returns a tuple only for two or more
            return [self.rows[id] for id in ids]
        rows: tuple[bytes, ...] = itemgetter(*ids)(self.rows)
        return rows


class ComputedListing(NamedTuple):
    """A Listing of items computed from their position: `render` makes the row, `name` the id, `find` inverts `name`."""

    length: int
    render: Callable[[int], bytes]
    name: Callable[[int], str]
    find: Callable[[str], int | None]

    def position(self, id: str) -> int | None:
        """Implements Listing."""
        return self.find(id)

    def page(self, after: int | None, limit: int) -> Page:
        """Implements Listing."""
        start = 0 if after is None else after + 1
        end = min(start + limit, self.length)
        rows = [self.render(position) for position in range(start, end)]
        return Page(rows, self.name(end - 1) if rows else None, end < self.length)

    def size(self) -> int:
        """Implements Listing."""
        return self.length

    def slice(self, start: int, stop: int) -> list[bytes]:
        """Implements Listing."""
        return [self.render(position) for position in range(start, min(stop, self.length))]


class ProjectedListing(NamedTuple):
    """A Listing that converts each row of `source` to its served form with `render`."""

    source: Listing
    render: Callable[[bytes], bytes]

    def position(self, id: str) -> int | None:
        """Implements Listing."""
        return self.source.position(id)

    def page(self, after: int | None, limit: int) -> Page:
        """Implements Listing."""
        page = self.source.page(after, limit)
        return Page([self.render(row) for row in page.rows], page.last, page.more)

    def size(self) -> int:
        """Implements Listing."""
        return self.source.size()

    def slice(self, start: int, stop: int) -> list[bytes]:
        """Implements Listing."""
        return [self.render(row) for row in self.source.slice(start, stop)]


class Store(dict[str, Collection]):
    """The collections of one tenant, by name. A fork forks each collection of its origin on first access."""

    __slots__ = ("_origin", "meter")

    def __init__(
        self, collections: Mapping[str, Collection], *, origin: Store | None = None, meter: Meter | None = None
    ) -> None:
        super().__init__(collections)
        self._origin = origin
        self.meter = meter or Meter()

    def __bool__(self) -> bool:
        return True  # also a fork without a collection yet

    def __missing__(self, name: str) -> Collection:
        if self._origin is None:
            raise KeyError(name)
        collection = self[name] = self._origin[name].fork()
        collection.meter = self.meter
        return collection

    @classmethod
    def empty(cls, layouts: Mapping[str, Layout]) -> Store:
        """A store without records."""
        meter = Meter()
        return cls({name: Collection(layout, meter) for name, layout in layouts.items()}, meter=meter)

    def fork(self) -> Store:
        """An independent store with the same records. Do not write to this one afterwards."""
        return Store({}, origin=self)

    def branch(self) -> Store:
        """An independent store with the same records; both may be written to afterwards."""
        other = Store({}, origin=self._origin)
        for name, collection in self.items():
            other[name] = collection.fork()
            other[name].meter = other.meter
        return other

    def collection_of(self, id: str) -> str | None:
        """The name of a collection that has a record `id`; None without one."""
        return next((name for name in self.names() if self._peek(name).row(id) is not None), None)

    def has_written(self, id: str) -> bool:
        """Whether a collection that this store no longer shares with its origin has a record `id`."""
        return any(collection.row(id) is not None for collection in self.values())

    def _peek(self, name: str) -> Collection:
        """A collection to be read only: no fork is made of it."""
        collection = self.get(name)
        if collection is not None:
            return collection
        assert self._origin is not None, "names are those of the origin"
        return self._origin._peek(name)

    def names(self) -> Iterable[str]:
        """The names of all collections, also of those not yet accessed."""
        return self if self._origin is None else self._origin.names()

    def dump(self) -> dict[str, list[Record]]:
        """All records by collection, in order."""
        return {name: list(self[name]) for name in self.names()}
