"""Other readings of a document: alternatives that change how requests are read or records are kept.

Each is an update of the document, which goes before what is inferred. Must not know how anything is inferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from understudy.document.infer.answers import Supplied
from understudy.document.infer.found import Found
from understudy.document.infer.ids import shape_of
from understudy.document.infer.model import Alternative, Update
from understudy.document.infer.operations import Op
from understudy.document.infer.schemas import Schemas
from understudy.document.infer.searches import parameters_of

Json = Any
TOGETHER, ALONE = "together", "alone"
_OF_ALL = ("items", "total", "count", "size", "more", "next", "next-url", "self-url")  # what one page of all tells


def other_key(schemas: Schemas, name: str, found: Found) -> Alternative | None:
    """The other member that may hold the id of a resource; None where one is better than all others."""
    other = found.key.other
    if other is None:
        return None
    entry = {"key": other, "id": shape_of(schemas, schemas.members(found.record)[other].schema, True)}
    return Alternative(other, f"{other} is its id", Update("", {"x-resources": {name: entry}}))


def other_parts(name: str, found: Found) -> Alternative:
    """That the last of the parameters that name an item together names it alone."""
    update = Update("", {"x-resources": {name: {"key": found.key_member}}})
    return Alternative(ALONE, f"{found.parts[-1]} alone names one: no two have the same", update)


def other_envelope(op: Op, pointer: str) -> Alternative:
    """That the list of an answer stands at another place in it."""
    update = Update(op.pointer, {"x-operation": {"envelope": pointer}})
    return Alternative(pointer, f"it lists them at {pointer}", update)


def other_answers(missing: Supplied) -> tuple[Alternative, ...]:
    """Where else the list of an answer may stand that the document does not describe."""
    if not missing.is_list:
        return ()
    return tuple(
        Alternative(f"in {name}", f"the list stands at /{name} in an object", _below(missing, name))
        for name in ("data", "items")
    )


def _below(missing: Supplied, name: str) -> Update:
    """The update by which a list that is not described is a member of an object."""
    above, _, last = missing.pointer.rpartition("/")
    if last == "schema":
        return Update(above, {last: _held(missing.value, name)})
    response = missing.value if last != "content" else {"content": missing.value}  # nothing at all is described
    content = {media: {"schema": _held(one["schema"], name)} for media, one in response["content"].items()}
    return Update(above, {last: {**response, "content": content} if last != "content" else content})


def _held(schema: Json, name: str) -> Json:
    """The schema of an object that requires a member with this schema."""
    return {"type": "object", "required": [name], "properties": {name: schema}}


def other_pages(schemas: Schemas, op: Op, settings: Mapping[str, Json], order: str) -> Iterator[Alternative]:
    """Other readings of the pages of a list: that there are none, what a number means, and where numbers begin.

    `order` is the assumption that orders the list.
    """
    style = settings["style"]
    told = {name: one for name, one in settings.items() if name in _OF_ALL}
    common = {"order": {"assumption": order}}
    first = 1 - settings.get("first-page", 1)
    if style == "page-number" and _may_begin(schemas, parameters_of(schemas, op)[settings["page"]]["schema"], first):
        own = {**settings, **common, "default-limit": 20, "first-page": first}
        yield Alternative(f"from {first}", f"the first page has the number {first}", _pages(op, own))
    if style == "offset":
        kept = {name: one for name, one in settings.items() if name not in ("offset", "style")}
        numbers = {"style": "page-number", "page": settings["offset"], "first-page": 0}
        own = {**kept, **common, **numbers, "default-limit": 20}
        yield Alternative("pages", f"{settings['offset']} counts pages, and not items", _pages(op, own))
    if style != "all":
        yield Alternative("all", "all items come at once", _pages(op, {"style": "all", **common, **told}))
    elif "limit" in settings:
        text = f"all items come at once: {settings['limit']} changes nothing"
        yield Alternative("unlimited", text, _pages(op, {"style": "all", **common, **told}))


def _may_begin(schemas: Schemas, number: Json, first: int) -> bool:
    """Whether the parameter of a page may count from this number: a default, or a minimum above it, says where from."""
    return schemas.first(number, "default") is None and (schemas.first(number, "minimum") or 0) <= first


def _pages(op: Op, settings: Mapping[str, Json]) -> Update:
    return Update(op.pointer, {"x-pagination": settings})


def read_as(document: Json, updates: Mapping[str, Update]) -> Json:
    """A normal form after updates; the form itself stays as it is."""
    document = deepcopy(document)
    for update in updates.values():
        value = update.value
        for name in reversed(update.pointer.split("/")[1:]):
            value = {name.replace("~1", "/").replace("~0", "~"): value}
        document = _merged(document, value)
    return document


def _merged(first: Json, second: Json) -> Json:
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **{name: _merged(first.get(name), child) for name, child in second.items()}}
    return second
