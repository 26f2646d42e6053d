"""Drafts of an overlay and a seed file: what was inferred of a document, spelled out to be edited.

The texts are YAML with comments. Must not know where they are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from textwrap import wrap
from typing import Any, NamedTuple
from urllib.parse import unquote

from understudy.document.changes import ABSENT, Change, changes
from understudy.document.infer import Inference, Inferred, Key
from understudy.document.pointer import Json, at, find
from understudy.document.targets import Parts, query_of

_WIDTH = 110  # columns


Block = tuple[list[str], list["Update"]]  # comment lines, and updates


class Update(NamedTuple):
    """An update of an overlay: the place that it selects, and the value that is merged there."""

    target: Parts
    value: Json


class Basis(NamedTuple):
    """What an overlay is drafted from: a document as overlays see it, its normal form, what was inferred of that."""

    document: Json
    normal: Json
    inferred: Inferred


def overlay_text(basis: Basis, *, extends: str, serve: str) -> str:
    """An Overlay 1.0 that states what was inferred of a document.

    `extends` is the path of the document, `serve` the command that serves it with the overlay.
    """
    blocks = [
        f"# What Understudy infers of {extends}, to be edited. What stands here is not inferred any more.",
        f"#   {serve}",
        "overlay: 1.0.0",
        _yaml({"info": {"title": f"What {extends} does not say itself", "version": "1"}}),
        _yaml({"extends": extends}),
        "actions:",
    ]
    draft = _Draft(basis)
    for comment, updates in (*draft.added(), *draft.inferred(), *draft.examples()):
        blocks += ["", *comment, *(_yaml([{"target": query_of(one.target), "update": one.value}]) for one in updates)]
    return "\n".join(blocks) + "\n"


def seed_text(records: Mapping[str, Sequence[Json]], resources: Sequence[str], *, document: str) -> str:
    """A seed file with these records by resource; resources without any stand in a comment."""
    head = f"# Records that {document} starts with, to be edited. A list of records, or {{records: [...], count: 10}}."
    lines = [_yaml({name: list(records[name])}) for name in resources if records.get(name)]
    lines += [f"# {name}: {{count: 10}}  # ten made records" for name in resources if not records.get(name)]
    return "\n".join([head, *lines]) + "\n"


class _Draft:
    """A document on its way: later updates select what earlier ones brought in."""

    def __init__(self, basis: Basis) -> None:
        self._document = deepcopy(basis.document)
        self._before, self._normal = basis.normal, basis.inferred.document
        self._found = basis.inferred
        self._inferences = sorted(self._found.inferences, key=lambda one: one.kind != "resource")
        self._by_id = {one.id: one for one in self._inferences}
        # a resource has all of its keys; what is inferred of it has some of them, and states these
        self._owners = {key.pointer: one.id for one in self._inferences for key in one.keys}
        self._told: set[str] = set()
        self._following: set[Parts] = set()  # places whose reference is being followed

    def inferred(self) -> Iterator[Block]:
        """The inferences, those that declare a resource first: others are about it."""
        for one in self._inferences:
            own = [key for key in one.keys if self._owners[key.pointer] == one.id]
            named: list[str] = []
            keys = [Key(key.pointer, self._resolved(key.value, key.pointer, one.id, named)) for key in own]
            updates = self._updates(keys)
            if updates:
                self._told.add(one.id)
                others = [self._by_id[id] for id in dict.fromkeys(named) if id not in self._told and id != one.id]
                self._told |= {other.id for other in others if not other.keys}
                comments = [_comment(other) for other in (one, *(other for other in others if not other.keys))]
                yield [line for comment in comments for line in comment], updates

    def added(self) -> Iterator[Block]:
        """What keys refer to, and the document has not: schemas of records, and parameters of pages."""
        for change in changes(self._before, self._normal):
            if change.before is ABSENT and re.match("/components/schemas|/paths/.*/parameters/", change.pointer):
                yield ["# What actions below refer to, and the document does not name"], [self._addition(change)]

    def _addition(self, change: Change) -> Update:
        """The update that adds a schema, or a parameter to the list of its operation."""
        if change.pointer.startswith("/components"):
            return self._updates([Key(change.pointer, change.after)])[0]
        place = self._place(change.pointer.rpartition("/")[0])
        if isinstance(self._at(place), list):
            self._at(place).append(change.after)
            return Update(place, change.after)
        return self._updates([Key(change.pointer.rpartition("/")[0], [change.after])])[0]

    def examples(self) -> Iterator[Block]:
        """The operations that answer examples."""
        for one in self._found.examples_only:
            pointer = at("paths", one.path, one.method.lower(), "x-operation")
            text = f"# {one.method} {one.path} answers examples: {one.reason}"
            yield _wrapped(text, "#   "), self._updates([Key(pointer, {"do": "example"})])

    def _updates(self, keys: Iterable[Key]) -> list[Update]:
        """The updates that set some keys; those on one place are one update."""
        merged: dict[Parts, Json] = {}
        for key in keys:
            place = self._place(key.pointer)
            known = next(n for n in range(len(place) - 1, -1, -1) if isinstance(self._at(place[:n]), dict))
            value = key.value
            for part in reversed(place[known:]):
                value = {part: value}
            target = place[:known]
            merged[target] = _merged(merged.get(target, {}), value)
        for target, value in merged.items():
            owner: Any = self._at(target)
            owner.update(_merged(owner, deepcopy(value)))
        return [Update(*one) for one in merged.items()]

    def _place(self, pointer: str) -> Parts:
        """The place of a key of the normal form in the document: references are followed, parameters found by name."""
        parameter = re.fullmatch("((/paths/[^/]*)/[^/]*)(/parameters/[0-9]+)(.*)", pointer)
        if parameter is not None:
            operation, path, _, rest = parameter.groups()
            known = find(self._normal, pointer.removesuffix(rest) if rest else pointer)
            return (*self._parameter(self._place(operation), self._place(path), known), *_parts(rest))
        place: Parts = ()
        for name in _parts(pointer):
            place = self._followed(place)
            value = self._at(place)
            if place == ("paths",) and name not in value:
                name = name.removeprefix("/")  # the normal form puts it there
            place = (*place, int(name) if isinstance(value, list) else name)
        return place

    def _parameter(self, operation: Parts, path: Parts, known: Mapping[str, Json]) -> Parts:
        """The place of a parameter of an operation, or of its path, by name and location."""
        lists = [(*self._followed(owner), "parameters") for owner in (operation, path)]
        places = [self._followed((*one, number)) for one in lists for number in range(len(self._at(one) or ()))]
        wanted = known["name"], known["in"]
        return next(one for one in places if (self._at((*one, "name")), self._at((*one, "in"))) == wanted)

    def _followed(self, place: Parts) -> Parts:
        """Where a place leads to by its `$ref`, if it has one; one that leads back to itself is not followed."""
        value = self._at(place)
        reference = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#/") or place in self._following:
            return place
        self._following.add(place)
        try:
            return self._followed(self._place(unquote(reference[1:])))
        finally:
            self._following.discard(place)

    def _at(self, place: Parts) -> Any:
        """The value at a place; None where there is none."""
        value = self._document
        for part in place:
            if not isinstance(value, dict | list) or (isinstance(value, dict) and part not in value):
                return None
            value = value[part]  # type: ignore[index]
        return value

    def _resolved(self, value: Json, pointer: str, owner: str, named: list[str]) -> Json:
        """A value with the defaults of the assumptions that it names, and without what another inference sets."""
        if not isinstance(value, dict):
            return value
        if value.keys() == {"assumption"} and value["assumption"] in self._by_id:
            named.append(value["assumption"])
            return self._by_id[value["assumption"]].default
        return {
            name: self._resolved(child, pointer + at(name), owner, named)
            for name, child in value.items()
            if self._owners.get(pointer + at(name), owner) == owner
        }


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _merged(first: Json, second: Json) -> Json:
    """Two values as an update merges the second into the first."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {**first, **{name: _merged(first.get(name), child) for name, child in second.items()}}
    return second


def _comment(inference: Inference) -> list[str]:
    """What was inferred, why, and what else it may mean."""
    tie = " (a tie: another reading is as good, and this one is the safer)" if inference.tie else ""
    others = [f"#   or {json.dumps(one.value, ensure_ascii=False)}: {one.meaning}" for one in inference.alternatives]
    return [
        *_wrapped(f"# {inference.id}: {inference.statement}", "#   "),
        *_wrapped(f"#   because {inference.reason}{tie}", "#     "),
        *(line for other in others for line in _wrapped(other, "#     ")),
    ]


def _wrapped(text: str, indent: str) -> list[str]:
    return wrap(text, _WIDTH, subsequent_indent=indent)


def _yaml(value: Json) -> str:
    import yaml

    return yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=_WIDTH).rstrip()
