"""What names a record: a member, a place below a member, or several members together.

The own part of an id stands in the resource's `key`, the text of the whole in STORED. Must not know operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from understudy.engine.store import encode

Json = Any
STORED = "(key)"  # the member that holds the text of an id of several parts; no name of a member looks like this


def is_pointer(key: str) -> bool:
    """Whether a key is a JSON pointer to a place below a member, and no name of a member."""
    return key.startswith("/")


def names_of(pointer: str) -> tuple[str, ...]:
    """The names on the way to the place of a JSON pointer."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def joined(parts: Iterable[Json]) -> str:
    """The text of an id of several parts."""
    texts = (part if isinstance(part, str) else encode(part).decode() for part in parts)
    return "/".join(text.replace("~", "~0").replace("/", "~1") for text in texts)


def value_at(record: Json, names: Sequence[str]) -> Json:
    """The value at a place below a member; None where there is none."""
    for name in names:
        if not isinstance(record, Mapping) or name not in record:
            return None
        record = record[name]
    return record


def placed(record: Mapping[str, Json], names: Sequence[str], value: Json) -> dict[str, Json]:
    """A copy of a record with a value at a place below a member."""
    name, *rest = names
    if not rest:
        return {**record, name: value}
    inner = record.get(name)
    return {**record, name: placed(inner if isinstance(inner, Mapping) else {}, rest, value)}
