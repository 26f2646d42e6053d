"""Whether an answer shows what was sent: members are compared by name, wherever in the answer the object stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from benchmarks.specs.document import Json
from benchmarks.specs.schemas import Schemas

_OWN = re.compile(
    r"(last|date)*(created?|inserted|insert|updated?|modified|changed|deleted)(at|on|date|time|utc|instant)*"
    r"|password|secret|etag"
)
_ADDRESSES = ("location", "href", "url", "uri", "self")
_ID_NAMES = ("id", "uuid", "sid", "uid", "guid", "slug", "key", "name", "username", "code", "email")


class Comparison(NamedTuple):
    """How many members were compared, and what differs."""

    compared: int
    differences: tuple[str, ...]


class Found(NamedTuple):
    """What may be an id: its value, and the name of its member (a header has none)."""

    rank: int
    depth: int
    member: str | None
    value: Json


def bare(name: str) -> str:
    """A name without case and word marks: `FriendlyName` and `friendly_name` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def compare(schemas: Schemas, sent: Json, got: Json, schema: Json | None, *, ids: frozenset[str]) -> Comparison:
    """The best match of an object that was sent among those of an answer; `ids` are what a server may choose."""
    start = [] if schema is None else [schema]
    matches = [
        _compare(schemas, mine, theirs, at, ids)
        for mine in _objects(sent, 2)
        for theirs, at in _answered(schemas, got, start, 4)
    ]
    return max(matches, key=lambda match: (match.compared, -len(match.differences)), default=Comparison(0, ()))


def kept(before: Json, after: Json, changed: frozenset[str]) -> list[str]:
    """The members of an object that differ although nobody asked; `changed` are the bare names of those asked for."""
    lost = []
    for path, value in _leaves(before):
        names = {bare(part) for part in path}
        if names & changed or any(_OWN.match(name) or "version" in name or "etag" in name for name in names):
            continue
        found = dict(_leaves(after)).get(path, ...)
        if found is not ... and found != value:
            lost.append(f"{'.'.join(path)}: {value!r} became {found!r}")
        elif found is ... and value not in (None, "", [], {}):
            lost.append(f"{'.'.join(path)}: {value!r} is gone")
    return lost


def ids(value: Json, parameter: str, collection: str) -> list[Found]:
    """What may be the id of an answered object, the likeliest first."""
    found = [
        Found(rank, len(path), path[-1], leaf)
        for path, leaf in _leaves(value)
        if path and isinstance(leaf, str | int) and not isinstance(leaf, bool) and leaf != ""
        if (rank := _rank(path[-1], parameter, collection)) is not None
    ]
    return sorted(found, key=lambda one: one[:2])


def addressed(value: Json) -> list[Found]:
    """The id that an answer of a creation is by itself, and the ends of the addresses that it holds."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return [Found(0, 0, None, value)]
    found = [(path, leaf) for path, leaf in _leaves(value) if path and isinstance(leaf, str) and "/" in leaf]
    return [
        Found(5, len(path), None, leaf.rstrip("/").rpartition("/")[2])
        for path, leaf in found
        if bare(path[-1]) in _ADDRESSES
    ]


def count(value: Json, member: str | None, id: Json) -> int:
    """How many elements of the lists of an answer are the one of this id."""
    return sum(_is_it(element, member, id) for entries in lists(value) for element in entries)


def lists(value: Json, depth: int = 4) -> Iterator[list[Json]]:
    """The lists of an answer that stand in no other list."""
    if isinstance(value, list):
        yield value
    elif isinstance(value, dict) and depth:
        for part in value.values():
            yield from lists(part, depth - 1)


def _is_it(element: Json, member: str | None, id: Json) -> bool:
    if not isinstance(element, dict):
        return str(element) == str(id)
    near = [(path, leaf) for path, leaf in _leaves(element) if len(path) <= 3]
    return any(str(leaf) == str(id) and (member is None or bare(path[-1]) == bare(member)) for path, leaf in near)


def _rank(name: str, parameter: str, collection: str) -> int | None:
    name, wanted = bare(name), bare(parameter)
    thing = bare(next((part for part in reversed(collection.split("/")) if part and "{" not in part), ""))
    if name == wanted:
        return 0
    if name in _ID_NAMES[:5]:
        return 1
    if name.endswith(("id", "key")) and thing and name.removesuffix("id").removesuffix("key") in (thing, thing[:-1]):
        return 2
    if name in _ID_NAMES or (wanted and wanted.endswith(name)):
        return 3
    return 4 if name.endswith(("id", "uid", "key")) else None


def _compare(
    schemas: Schemas, sent: Mapping[str, Json], got: Mapping[str, Json], at: list[Json], ids: frozenset[str]
) -> Comparison:
    names = {bare(name): name for name in got}
    declared: dict[str, list[Json]] = {}
    for schema in at:
        for name, parts in schemas.members(schema).items():
            declared.setdefault(bare(name), []).extend(parts)
    compared, differences = 0, []
    for name, value in sent.items():
        key, parts = bare(name), declared.get(bare(name), [])
        if key in ids or _OWN.match(key) or value is None or _hidden(schemas, parts):
            continue
        if key not in names:
            if parts and _possible(schemas, parts, value) and value not in ([], {}):
                differences.append(f"{name} is not shown")
        elif isinstance(value, dict) and isinstance(got[names[key]], dict):
            inner = _compare(schemas, value, got[names[key]], parts, ids)
            compared += inner.compared
            differences += [f"{name}.{difference}" for difference in inner.differences]
        elif _possible(schemas, parts, value):
            compared += 1
            if not _same(value, got[names[key]]):
                differences.append(f"{name}: sent {value!r}, read {got[names[key]]!r}"[:200])
    return Comparison(compared, tuple(differences))


def _hidden(schemas: Schemas, parts: list[Json]) -> bool:
    return any(
        (schemas.document.deref(part) or {}).get("writeOnly") is True for part in parts if isinstance(part, dict)
    )


def _possible(schemas: Schemas, parts: list[Json], value: Json) -> bool:
    """Whether an answer could show a value as it was sent."""
    return not parts or any(schemas.fits(part, option, "out") for part in parts for option in _typed(value))


def _typed(value: Json) -> tuple[Json, ...]:
    """A value, and as what a form may have meant it."""
    return (value,) if not isinstance(value, bool | int | float) else (value, str(value))


def _same(sent: Json, got: Json) -> bool:
    if isinstance(sent, dict) and isinstance(got, dict):
        return all(key not in got or _same(value, got[key]) for key, value in sent.items())
    if isinstance(sent, list) and isinstance(got, list):
        return len(sent) == len(got) and all(_same(one, other) for one, other in zip(sent, got, strict=True))
    return sent == got or str(sent).lower() == str(got).lower() or _instant(sent) == _instant(got) is not None


def _instant(value: Json) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if isinstance(value, str) and len(value) > 10 else None
    except ValueError:
        return None


def _objects(value: Json, depth: int) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        yield value
        for part in value.values() if depth else ():
            yield from _objects(part, depth - 1)


def _answered(
    schemas: Schemas, value: Json, at: list[Json], depth: int
) -> Iterator[tuple[Mapping[str, Json], list[Json]]]:
    if isinstance(value, dict):
        yield value, at
        for name, part in value.items() if depth else ():
            if isinstance(part, dict | list):
                yield from _answered(schemas, part, schemas.below(at, name), depth - 1)
    elif isinstance(value, list) and len(value) == 1:
        yield from _answered(schemas, value[0], schemas.below(at, 0), depth)


def _leaves(value: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """The scalars and lists of an object by path."""
    if isinstance(value, dict) and len(path) < 6:
        for name, part in value.items():
            yield from _leaves(part, (*path, name))
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and len(path) < 3:
        yield from _leaves(value[0], path)
    else:
        yield path, value
