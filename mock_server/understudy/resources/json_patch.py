"""JSON Patch (RFC 6902): a record after a list of operations.

Must not know what a record is.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Json = Any


class NotThere(ValueError):
    """An operation of a patch that is right in itself, and not possible on what is there (RFC 5789, 2.2)."""


def patched(value: Json, patch: Json) -> Json:
    """A value after a patch; raises ValueError for an operation that cannot be carried out, with its number.

    That is NotThere where another value could be patched so.
    """
    document = [deepcopy(value)]  # the whole may be replaced, too
    for number, operation in enumerate(patch if isinstance(patch, list) else [patch]):
        try:
            _apply(document, operation)
        except (LookupError, TypeError, ValueError) as error:
            kind = NotThere if isinstance(error, NotThere | IndexError) else ValueError
            raise kind(f"operation {number} of the patch cannot be carried out: {error}") from None
    return document[0]


def _apply(document: list[Json], operation: Mapping[str, Json]) -> None:
    kind, path = operation["op"], _parts(operation["path"])
    if kind == "remove":
        _take(document, path)
    elif kind == "add":
        _put(document, path, operation.get("value"), insert=True)
    elif kind == "replace":
        _get(document, path)
        _put(document, path, operation.get("value"), insert=False)
    elif kind == "move":
        _put(document, path, _take(document, _parts(operation["from"])), insert=True)
    elif kind == "copy":
        _put(document, path, deepcopy(_get(document, _parts(operation["from"]))), insert=True)
    elif kind == "test":
        if _get(document, path) != operation.get("value"):
            raise NotThere(f"{operation['path']} has another value")
    else:
        raise ValueError(f"{str(kind)[:80]!r} is no operation; add, remove, replace, move, copy and test are")


def _parts(pointer: Json) -> list[str]:
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise ValueError(f"{str(pointer)[:80]!r} is no JSON pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _owner(document: list[Json], path: list[str]) -> tuple[Json, Json]:
    """The object or list that holds a value, and its name or number there."""
    owner: Json = document
    name: Json = 0
    for part in path:
        if isinstance(owner, dict) and name not in owner:
            raise NotThere(f"there is no {name[:80]}")
        owner = owner[name]
        name = part
        if isinstance(owner, list):
            if part != "-" and not part.isdecimal():
                raise ValueError(f"{part[:80]!r} is no number")
            name = len(owner) if part == "-" else int(part)
        elif not isinstance(owner, dict):
            raise NotThere(f"there is no {part[:80]}")
    return owner, name


def _get(document: list[Json], path: list[str]) -> Json:
    owner, name = _owner(document, path)
    if isinstance(owner, dict) and name not in owner:
        raise NotThere(f"there is no {name[:80]}")
    return owner[name]


def _take(document: list[Json], path: list[str]) -> Json:
    if not path:
        raise ValueError("the whole cannot be removed")
    value = _get(document, path)
    owner, name = _owner(document, path)
    del owner[name]
    return value


def _put(document: list[Json], path: list[str], value: Json, *, insert: bool) -> None:
    owner, name = _owner(document, path)
    if insert and path and isinstance(owner, list):
        if not 0 <= name <= len(owner):
            raise NotThere(f"there is no place {name}")
        owner.insert(name, value)
    else:
        owner[name] = value
