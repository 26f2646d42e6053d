"""Collections against a plain model, for any index function and any sequence of writes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from understudy.engine.store import Collection, Layout, Record, decode

pytestmark = pytest.mark.beside

NAMES: Sequence[Hashable] = (None, "", "red", "blue", 0, 1, False)  # 0 and False are one name
IDS = st.sampled_from("abcdef")
TIMES = st.integers(-3, 3) | st.sampled_from([-62_135_596_800_000, 253_402_300_799_999])
INDEXED = st.lists(st.sampled_from(NAMES), max_size=5)  # repeated, or none at all


def named(record: Any) -> tuple[Hashable, ...]:
    """Return the indexes that a record names, with repetitions; raises LookupError if it says so."""
    if "broken" in record["names"]:
        raise LookupError("no such index")
    return tuple(record["names"])


class Model:
    """A plain model of a collection: records in a dict, in order of insertion."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.places: dict[str, tuple[int, int]] = {}
        self.count = 0

    def put(self, record: Record) -> None:
        """Store a record: a new one after those of its time, another in place of the old one."""
        id = record["id"]
        if id not in self.records:
            self.count += 1
            self.places[id] = (record["at"], self.count)
        self.records[id] = {**record, "names": list(record["names"])}

    def ids(self, *groups: Sequence[Hashable]) -> list[str]:
        """Return the ids of the records that have a name of each group, in order."""
        kept = self.records.items()
        found = [id for id, record in kept if all(set(group) & set(record["names"]) for group in groups)]
        return sorted(found, key=self.places.__getitem__)

    def fork(self) -> Model:
        """Copy the model."""
        other = Model()
        other.records, other.places, other.count = dict(self.records), dict(self.places), self.count
        return other


class Collections(RuleBasedStateMachine):
    """Two collections, of which one may be a fork of the other, each beside its model."""

    @initialize()
    def begin(self) -> None:
        """Start with two empty collections."""
        layout = Layout({}, sort_key=lambda record: int(record["at"]), indexes=named)
        self.kept = [(Collection(layout), Model()) for _ in range(2)]

    @rule(side=st.integers(0, 1), id=IDS, at=TIMES, names=INDEXED)
    def put(self, side: int, id: str, at: int, names: list[Hashable]) -> None:
        """Store a record, new or in place of an old one."""
        collection, model = self.kept[side]
        record = {"id": id, "at": at, "names": names}
        collection.put(record)
        model.put(record)

    @rule(side=st.integers(0, 1), id=IDS, names=st.lists(INDEXED, min_size=1, max_size=4))
    def put_again(self, side: int, id: str, names: list[list[Hashable]]) -> None:
        """Change an object in place and store it several times."""
        collection, model = self.kept[side]
        record: Record = {"id": id, "at": 0}
        for some in names:
            record["names"] = some
            collection.put(record)
            model.put(record)

    @rule(side=st.integers(0, 1), id=IDS)
    def put_broken(self, side: int, id: str) -> None:
        """Store a record that cannot be indexed: it is refused and changes nothing."""
        collection, _ = self.kept[side]
        for names, error in ((["red", "broken"], LookupError), (["red", ["list"]], TypeError)):
            with pytest.raises(error):
                collection.put({"id": id, "at": 0, "names": names})

    @rule(side=st.integers(0, 1), id=IDS)
    def remove(self, side: int, id: str) -> None:
        """Remove a record if there is one."""
        collection, model = self.kept[side]
        if id in model.records:
            collection.remove(id)
            del model.records[id], model.places[id]
        else:
            with pytest.raises(KeyError):
                collection.remove(id)

    @rule(side=st.integers(0, 1))
    def fork(self, side: int) -> None:
        """Replace the other collection by a fork of this one."""
        collection, model = self.kept[side]
        self.kept[1 - side] = (collection.fork(), model.fork())

    @rule(side=st.integers(0, 1), id=IDS)
    def look(self, side: int, id: str) -> None:
        """Read a record, which decodes it."""
        collection, model = self.kept[side]
        assert collection.get_shared(id) == collection.get(id) == model.records.get(id)

    @rule(side=st.integers(0, 1), groups=st.lists(INDEXED, min_size=1, max_size=3), limit=st.integers(1, 3))
    def read(self, side: int, groups: list[list[Hashable]], limit: int) -> None:
        """Read a query page by page, in both directions, or by number."""
        collection, model = self.kept[side]
        expected = model.ids(*groups)
        for descending in (False, True):
            found = collection.query(*groups, descending=descending)
            right = expected[::-1] if descending else expected
            assert read_ids(found.slice(0, 10)) == right
            assert found.size() == len(right)
            after, ids, more = None, list[str](), True
            while more:
                page = found.page(after, limit)
                ids, more = ids + read_ids(page.rows), page.more
                after = found.position(ids[-1]) if ids else None
            assert ids == right

    @invariant()
    def agrees(self) -> None:
        """Every index has each of its records once, in order; empty indexes are dropped."""
        for collection, model in self.kept:
            assert [record["id"] for record in collection] == model.ids()
            for name in NAMES:
                listing = collection.listing(name)
                assert listing.ids == model.ids([name])
                assert listing.count_after(0) == sum(model.places[id][0] > 0 for id in listing.ids)
            assert set(collection._indexes) == {name for record in model.records.values() for name in record["names"]}


def read_ids(rows: Sequence[bytes]) -> list[str]:
    """The ids of encoded records."""
    return [decode(row)["id"] for row in rows]


Collections.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, derandomize=True, database=None, deadline=None
)
TestCollections = Collections.TestCase
