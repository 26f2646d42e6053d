"""What a document means that declares no resources: its paths, schemas and names, read as our own keys.

A pure function from the normal form to the normal form; what the document declares itself is kept. Every inference is
an assumption of the contract.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from understudy.document.infer.answers import supplied
from understudy.document.infer.below import BelowItems
from understudy.document.infer.finder import Finder
from understudy.document.infer.found import Found, NoResource
from understudy.document.infer.model import KINDS, Alternative, ExamplesOnly, Inference, Inferred, Json, Key, Update
from understudy.document.infer.operations import Op, operations
from understudy.document.infer.paths import Family, families, names_for
from understudy.document.infer.readings import read_as
from understudy.document.infer.schemas import Schemas
from understudy.document.infer.singles import singles
from understudy.document.infer.stated import split, state, without_envelopes
from understudy.document.infer.words import plain, same_thing
from understudy.document.infer.writer import Writer
from understudy.document.paths import is_item

__all__ = ["KINDS", "Alternative", "ExamplesOnly", "Inference", "Inferred", "Key", "Update", "infer", "read_as"]


def infer(document: Json, name: str, *, without: Mapping[str, str] = MappingProxyType({})) -> Inferred:
    """What is inferred of the normal form of a document whose API has this name.

    `without` names resources that are left to examples, each with the reason.
    """
    document, envelopes = without_envelopes(document)
    document, missing = supplied(document)
    schemas = Schemas(document["components"].get("schemas", {}))
    ops = [op for op in operations(document) if "x-operation" not in op.own]
    by_path: dict[str, list[Op]] = {}
    for op in ops:
        by_path.setdefault(op.path, []).append(op)
    declared, stated = split(document.get("x-resources", {}))
    document = {**document, "x-resources": declared}
    finder = Finder(schemas, by_path, envelopes)
    known = [one for one in families(by_path, finder.is_collection) if not _is_declared(one, declared)]
    resources, left = _find(finder, known, {one["schema"] for one in declared.values()})
    resources += singles(finder, {action.op.path for one in resources for action in one.actions.values()})
    found = dict(zip(names_for([one.family for one in resources]), resources, strict=True))
    for one, reason in without.items():
        left |= dict.fromkeys({action.op.path for action in found.pop(one).actions.values()}, reason)
    below = BelowItems(finder, found, ops)
    for resource in found.values():
        below.jobs.stands_for(resource)
    writer = Writer(document, name, finder, ops)
    writer.supply(missing)
    writer.write(found, below.jobs.progress)
    state(writer.resources, stated, name)
    _leave(writer, ops, found, left | _examples(found), declared, below)
    return writer.inferred()


def _is_declared(family: Family, declared: Mapping[str, Json]) -> bool:
    """Whether a document declares the resource of a family itself."""
    return any(plain(name) == plain(family.word) or same_thing(name, family.word) for name in declared)


def _find(finder: Finder, known: Sequence[Family], declared: Collection[str]) -> tuple[list[Found], dict[str, str]]:
    """The resources, and why the other paths have none; `declared` are schemas of resources that the document has."""
    found: list[Found] = []
    left: dict[str, str] = {}
    for family in sorted(known, key=lambda one: one.item is None):  # a collection alone may be that of other items
        if family.item is None and (_is_taken(finder, found, family.root) or _further(finder, found, family.root)):
            continue
        try:
            one = finder.find(family)
            if finder.schemas.component(one.record) not in declared:
                found.append(one)
        except NoResource as error:
            left |= {path.text: str(error) for path in (family.item, family.collection) if path is not None}
    used = {one.op.path for resource in found for one in resource.actions.values()}
    for path in finder.by_path:
        if path not in used and not is_item(path):
            _further(finder, found, path)
    return found, left


def _is_taken(finder: Finder, found: Sequence[Found], path: str) -> bool:
    """Whether an operation on a path is one on another resource, such as its search."""
    return any(op.id in one.actions for op in finder.by_path[path] for one in found)


def _further(finder: Finder, found: Sequence[Found], path: str) -> bool:
    """Whether a path lists or creates records of a resource that stands elsewhere, as below a parent."""
    word = path.rstrip("/").rpartition("/")[2]
    same = (one for one in found if same_thing(word, one.family.word))
    return any(finder.further_collection(one, path) for one in same)


def _examples(found: Mapping[str, Found]) -> dict[str, str]:
    """Why operations on the paths of resources are on no record, by operationId."""
    return {id: reason for one in found.values() for id, reason in one.examples.items()}


def _leave(
    writer: Writer,
    ops: Sequence[Op],
    found: Mapping[str, Found],
    left: Mapping[str, str],
    declared: Mapping[str, Json],
    below: BelowItems,
) -> None:
    """Write what operations do that no resource has; where a document declares resources, they may be those of one.

    `left` holds reasons by operationId or path.
    """
    used = {id for resource in found.values() for id in resource.actions}
    on_paths = {id for resource in found.values() for id in resource.examples}
    for op in ops:
        if op.id in used or (declared and op.id not in on_paths):
            continue
        reason = left.get(op.id) or left.get(op.path)
        does = below.of(op, reason)
        if does is not None:
            writer.below(does)
        else:
            writer.leave(op, reason or "no collection with items stands on its path")
