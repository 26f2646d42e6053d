"""Members that recorded answers have and their document does not declare: whether a service sends one each time.

Must not know what a target answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from understudy.document.operation import Operation
from understudy.document.pointer import find
from understudy.recording.picked import Picked
from understudy.resources.schemas import constant_parts, is_open, members

Json = Any


def sent_always(picked: Picked, alike: Iterable[Picked], pointer: str) -> int:
    """In how many objects of recorded answers of a kind a member is, if in all of them, and not declared; else 0.

    `alike` are the exchanges of the kind; numbers of items in the pointer stand for any item.
    """
    schema = _schema(picked)
    if schema is None or _is_declared(picked.api.contract.document, schema, pointer):
        return 0
    above, _, name = pointer.rpartition("/")
    holders = [one for each in alike for one in _holders(_json(each), above.split("/")[1:]) if isinstance(one, dict)]
    plain = name.replace("~1", "/").replace("~0", "~")
    return len(holders) if all(plain in one for one in holders) else 0


def _schema(picked: Picked) -> Json:
    """The schema of an answer; None without one."""
    operation, response = picked.operation, picked.recorded.response
    assert operation is not None, "what is no operation has no schema"
    document = picked.api.contract.document
    entry = document["paths"][operation.path][operation.method.lower()]["responses"].get(
        _key(operation, response.status)
    )
    content = _resolved(document, entry or {}).get("content", {})
    return next((media["schema"] for name, media in content.items() if "json" in name and "schema" in media), None)


def _key(operation: Operation, status: int) -> str:
    keys = (str(status), f"{status // 100}XX", "default")
    return next((key for key in keys if key in operation.responses), "")


def _resolved(document: Json, entry: Mapping[str, Json]) -> Mapping[str, Json]:
    found: Mapping[str, Json] = find(document, entry["$ref"][1:]) if "$ref" in entry else entry
    return found


def _is_declared(document: Json, schema: Json, pointer: str) -> bool:
    """Whether a schema names a member, or says nothing of the members of its object."""
    for part in pointer.split("/")[1:]:
        items = next((one["items"] for one in constant_parts(document, schema) if "items" in one), None)
        if items is not None and part.isdecimal():
            schema = items
            continue
        declared = members(document, schema)
        name = part.replace("~1", "/").replace("~0", "~")
        if name not in declared:
            return is_open(document, schema)
        schema = declared[name].schema
    return True


def _json(picked: Picked) -> Json:
    try:
        return msgspec.json.decode(picked.recorded.response.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _holders(value: Json, parts: list[str]) -> Iterator[Json]:
    """What stands at a place of a body, in each item of its lists."""
    if not parts:
        yield value
        return
    first, *rest = parts
    if isinstance(value, list) and first.isdecimal():
        for item in value:
            yield from _holders(item, rest)
    elif isinstance(value, dict):
        yield from _holders(value.get(first.replace("~1", "/").replace("~0", "~")), rest)
