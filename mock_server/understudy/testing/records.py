"""The records of a tenant, read from an exported state by resource and id. Must not change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from understudy.messages import suggest

Record = Mapping[str, Any]


class Records(Mapping[str, Record]):
    """The records of one resource by id, in the order of the server."""

    def __init__(self, name: str, records: Sequence[Record]) -> None:
        self._name, self._records = name, records
        self._by_id = {str(record["id"]): record for record in records if "id" in record}

    def __repr__(self) -> str:
        return f"<{len(self._records)} records of {self._name}>"

    def __getitem__(self, id: str | int) -> Record:
        """The record with an id; a number stands for its digits."""
        if str(id) not in self._by_id:
            raise KeyError(f"{self._name} has no record {id}{suggest(str(id), self._by_id)}")
        return self._by_id[str(id)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._records)

    def find(self, **members: Any) -> list[Record]:
        """The records that have all these members with these values."""
        return [
            record
            for record in self._records
            if all(name in record and record[name] == value for name, value in members.items())
        ]


class Resources(Mapping[str, Records]):
    """The resources of an API in a world, as they were when they were read."""

    def __init__(self, api: str, collections: Mapping[str, Sequence[Record]]) -> None:
        self._api, self._collections = api, collections

    def __repr__(self) -> str:
        return f"<resources of {self._api}: {', '.join(f'{len(r)} {name}' for name, r in self._collections.items())}>"

    def __getitem__(self, name: str) -> Records:
        if name not in self._collections:
            known = ", ".join(self._collections) or "it keeps nothing"
            raise KeyError(f"{self._api} has no {name}{suggest(name, self._collections)}; known: {known}")
        return Records(name, self._collections[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._collections)

    def __len__(self) -> int:
        return len(self._collections)


def resources_of(state: Mapping[str, Any], api: str, key: str | None) -> Resources:
    """The resources that the owner of a key sees, in an exported state; without a key, those of the first tenant."""
    tenants = state["apis"][api]
    owner = next((one["tenant"] for one in state["credentials"] if (one["api"], one["token"]) == (api, key)), None)
    collections = tenants[owner] if owner in tenants else next(iter(tenants.values()), {})
    return Resources(api, collections)
