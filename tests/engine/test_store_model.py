"""Collections against a plain model: whatever an index function names, in whatever order records come and go."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from understudy.engine.store import Collection, Layout, Record, decode

NAMES: Sequence[Hashable] = (None, "", "red", "blue", 0, 1, False)  # 0 and False are one name
IDS = st.sampled_from("abcdef")
TIMES = st.integers(-3, 3) | st.sampled_from([-62_135_596_800_000, 253_402_300_799_999])
INDEXED = st.lists(st.sampled_from(NAMES), max_size=5)  # repeated, or none at all


def named(record: Any) -> tuple[Hashable, ...]:
    """The indexes that a record asks for, as often as it does; raises LookupError where it says so."""
    if "broken" in record["names"]:
        raise LookupError("no such index")
    return tuple(record["names"])


class Model:
    """What a collection promises, in the plainest way: records in a dict, and the order that they came in."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.places: dict[str, tuple[int, int]] = {}
        self.count = 0

    def put(self, record: Record) -> None:
        """Keep a record: a new one behind those of its time, another one in the place of the old."""
        id = record["id"]
        if id not in self.records:
            self.count += 1
            self.places[id] = (record["at"], self.count)
        self.records[id] = {**record, "names": list(record["names"])}

    def ids(self, *groups: Sequence[Hashable]) -> list[str]:
        """The ids of the records that have a name of each group, in order."""
        kept = self.records.items()
        found = [id for id, record in kept if all(set(group) & set(record["names"]) for group in groups)]
        return sorted(found, key=self.places.__getitem__)

    def fork(self) -> Model:
        """A model of its own with the same records."""
        other = Model()
        other.records, other.places, other.count = dict(self.records), dict(self.places), self.count
        return other


class Collections(RuleBasedStateMachine):
    """Two collections, one of which may be a fork of the other, each beside its model."""

    @initialize()
    def begin(self) -> None:
        """Both are empty."""
        layout = Layout({}, at=lambda record: int(record["at"]), lists=named)
        self.kept = [(Collection(layout), Model()) for _ in range(2)]

    @rule(side=st.integers(0, 1), id=IDS, at=TIMES, names=INDEXED)
    def put(self, side: int, id: str, at: int, names: list[Hashable]) -> None:
        """A record comes, new or in place of an old one."""
        collection, model = self.kept[side]
        record = {"id": id, "at": at, "names": names}
        collection.put(record)
        model.put(record)

    @rule(side=st.integers(0, 1), id=IDS, names=st.lists(INDEXED, min_size=1, max_size=4))
    def put_again(self, side: int, id: str, names: list[list[Hashable]]) -> None:
        """One and the same object is changed in place and put, several times."""
        collection, model = self.kept[side]
        record: Record = {"id": id, "at": 0}
        for some in names:
            record["names"] = some
            collection.put(record)
            model.put(record)

    @rule(side=st.integers(0, 1), id=IDS)
    def put_broken(self, side: int, id: str) -> None:
        """A record that cannot be indexed is refused, and changes nothing."""
        collection, _ = self.kept[side]
        for names, error in ((["red", "broken"], LookupError), (["red", ["list"]], TypeError)):
            with pytest.raises(error):
                collection.put({"id": id, "at": 0, "names": names})

    @rule(side=st.integers(0, 1), id=IDS)
    def remove(self, side: int, id: str) -> None:
        """A record goes, when there is one."""
        collection, model = self.kept[side]
        if id in model.records:
            collection.remove(id)
            del model.records[id], model.places[id]
        else:
            with pytest.raises(KeyError):
                collection.remove(id)

    @rule(side=st.integers(0, 1))
    def fork(self, side: int) -> None:
        """The other collection becomes a fork of this one."""
        collection, model = self.kept[side]
        self.kept[1 - side] = (collection.fork(), model.fork())

    @rule(side=st.integers(0, 1), id=IDS)
    def look(self, side: int, id: str) -> None:
        """A record is looked at, and so decoded."""
        collection, model = self.kept[side]
        assert collection.get_shared(id) == collection.get(id) == model.records.get(id)

    @rule(side=st.integers(0, 1), groups=st.lists(INDEXED, min_size=1, max_size=3), limit=st.integers(1, 3))
    def read(self, side: int, groups: list[list[Hashable]], limit: int) -> None:
        """A query is read page by page, in both directions, or by number."""
        collection, model = self.kept[side]
        expected = model.ids(*groups)
        for descending in (False, True):
            found = collection.matching(*groups, descending=descending)
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
        """Every index holds each of its records once, in order, and no index is kept that holds none."""
        for collection, model in self.kept:
            assert [record["id"] for record in collection] == model.ids()
            for name in NAMES:
                listing = collection.listing(name)
                assert listing.ids == model.ids([name])
                assert listing.later_than(0) == sum(model.places[id][0] > 0 for id in listing.ids)
            assert set(collection._indexes) == {name for record in model.records.values() for name in record["names"]}


def read_ids(rows: Sequence[bytes]) -> list[str]:
    """The ids of encoded records."""
    return [decode(row)["id"] for row in rows]


Collections.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, derandomize=True, database=None, deadline=None
)
TestCollections = Collections.TestCase
