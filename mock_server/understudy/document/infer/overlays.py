"""Alternatives that no world can be switched to, and the overlays that take them.

Must not know how anything is inferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.document.infer.finder import Found
from understudy.document.infer.ids import shape_of
from understudy.document.infer.model import Alternative, ByOverlay
from understudy.document.infer.operations import Op
from understudy.document.infer.schemas import Schemas

Json = Any


def other_key(schemas: Schemas, name: str, found: Found) -> Alternative | None:
    """The other member that may hold the id of a resource; None where one is better than all others."""
    other = found.key.other
    if other is None:
        return None
    entry = {"key": other, "id": shape_of(schemas, schemas.members(found.record)[other].schema, True)}
    return Alternative(other, f"{other} is its id", ByOverlay("$", {"x-resources": {name: entry}}))


def other_pages(op: Op, settings: Mapping[str, Json]) -> Iterator[Alternative]:
    """Other readings of the pages of a list: that there are none, and where page numbers begin."""
    target = f"$.paths['{op.path}'].{op.method}"
    if settings["style"] == "page-number":
        first = 1 - settings.get("first-page", 1)
        update = {"x-pagination": {**settings, "default-limit": 20, "first-page": first}}
        yield Alternative(f"from {first}", f"the first page has the number {first}", ByOverlay(target, update))
    if settings["style"] != "all":
        told = {name: one for name, one in settings.items() if name in ("items", "total", "count")}
        update = {"x-pagination": {"style": "all", **told}}
        yield Alternative("all", "all items come at once", ByOverlay(target, update))
