"""Parts of start records: which may be left out, and what the others need to stand alone.

A record needs those whose ids stand anywhere in it. Must not know any API.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.testing.records import Resources

Json = Any
Record = Mapping[str, Any]
FEWEST = 12
"""A list of fewer records in a built-in seed is part of the stage, such as people and keys: it stays whole."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Records by the name of their list, of which any may be left out, and where they stand.

    `inside` is the name of the list of tenants around them, and that list; None where there is no such list.
    """

    lists: Mapping[str, Sequence[Record]]
    inside: tuple[str, Sequence[Record]] | None = None

    def content(self, chosen: Mapping[str, Container[int]]) -> dict[str, Json]:
        """The start records, of the lists only the chosen places."""
        lists = {
            name: [record for place, record in enumerate(records) if place in chosen.get(name, ())]
            for name, records in self.lists.items()
        }
        if self.inside is None:
            return lists
        name, (first, *others) = self.inside
        return {name: [{**first, **lists}, *others]}

    def closed(self, kept: Mapping[str, set[int]]) -> dict[str, set[int]]:
        """The kept places, and those of the records that they need."""
        places: dict[str, list[tuple[str, int]]] = {}
        for name, records in self.lists.items():
            for place, record in enumerate(records):
                places.setdefault(str(record.get("id")), []).append((name, place))
        waiting = [(name, place) for name, found in kept.items() for place in found]
        closed: dict[str, set[int]] = {}
        while waiting:
            name, place = waiting.pop()
            if place in closed.setdefault(name, set()):
                continue
            closed[name].add(place)
            record = self.lists[name][place]
            own = str(record.get("id"))
            waiting += [one for text in texts(record) if text != own for one in places.get(text, ())]
        return closed


def stock_of_seed(seed: Json) -> Stock:
    """The long lists of the first tenant of a built-in seed."""
    ((name, tenants),) = seed.items()
    lists = {
        key: records
        for key, records in tenants[0].items()
        if isinstance(records, list) and len(records) >= FEWEST and all("id" in one for one in records)
    }
    return Stock(lists, (name, tenants))


def stock_of_state(resources: Resources) -> Stock:
    """The records that a world of a document keeps, by resource."""
    return Stock({name: resources[name].find() for name in resources if not name.startswith("(")})


def texts(value: Json) -> Iterator[str]:
    """All texts and numbers in a value, as text."""
    if isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
