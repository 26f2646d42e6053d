"""Finds what there is one of: a path without items whose GET answers an object that PUT or PATCH changes.

Such are settings, the caller's own account, the profile of a parent. Must not know how what is found is written down.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from understudy.document.infer.finder import Finder
from understudy.document.infer.found import Action, Found
from understudy.document.infer.ids import Key
from understudy.document.infer.operations import Op, path_of
from understudy.document.infer.paths import Family
from understudy.document.infer.records import record_in

_CHANGES = ("put", "patch")


def singles(finder: Finder, taken: Collection[str]) -> list[Found]:
    """The single records of a document; `taken` are the paths that other resources have."""
    found = (_single(finder, path, ops) for path, ops in finder.by_path.items() if path not in taken)
    return [one for one in found if one is not None]


def _single(finder: Finder, path: str, ops: Sequence[Op]) -> Found | None:
    """The single record at a path; None where what stands there is none."""
    by_method = {op.method: op for op in ops}
    read, changes = by_method.get("get"), [by_method[one] for one in _CHANGES if one in by_method]
    if path.endswith("}") or read is None or read.answer is None or not changes:
        return None
    family = Family(path_of(path).last or "root", None, path_of(path))
    spot = None if finder.schemas.is_list(read.answer) else record_in(finder.schemas, read.answer, family.word, "", ())
    if spot is None or not any(_is_change(finder, op, spot.schema) for op in changes):
        return None
    found = Found(family, spot.schema, Key(None, "there is one of it"), "{base62:20}", single=True)
    change = changes[0].method.upper()
    found.reason = f"GET {path} answers an object that {change} changes, and nothing makes or lists any"
    found.actions[read.id] = Action(read, "read", {"envelope": spot.pointer}, "it answers the one")
    for op in changes:
        finder.change_single(found, op, by_method)
    if "delete" in by_method:
        finder.delete_single(found, by_method["delete"])
    return found


def _is_change(finder: Finder, op: Op, record: object) -> bool:
    """Whether a request has members of the record, or is a patch of it."""
    if op.body is None:
        return False
    if op.patch or op.merge:
        return True
    known = set(finder.schemas.members(record))
    sent = finder.schemas.spots(op.body)
    return any(not one.many and known & set(finder.schemas.members(one.schema)) for one in sent if one.depth <= 1)
