"""A document of several files as one value, as its overlays see it.

Path items, operations and parameters stand where they are referred to; every other part of another file is a
component under the name that the normal form gives it. References lead there; other ones are relative to the
document's folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from understudy.document.files import Files, RefusedReference
from understudy.document.normal import METHODS
from understudy.document.origins import Origins
from understudy.document.pointer import Json, at
from understudy.document.schema import Place, as_reference

_SAFE = "/~!$&'()*+,;=:@-._"  # in a fragment
_SECTIONS = ("schemas", "parameters", "responses", "requestBodies", "headers", "examples", "links", "securitySchemes",
             "callbacks", "pathItems")  # fmt: skip


def merged(files: Files, names: Mapping[tuple[str, Place], str]) -> tuple[Json, Origins]:
    """The whole document, and where its parts come from; `names` are those of components, by section and place."""
    merger = _Merger(files, names)
    return merger.document(), Origins(files.name, merger.origins)


class _Merger:
    """Merges one document; `origins` has the places of parts that come from other files."""

    def __init__(self, files: Files, names: Mapping[tuple[str, Place], str]) -> None:
        self.origins: dict[str, Place] = {}
        self._files, self._names = files, names
        self._root = Place(files.name, "")
        self._pointers: dict[Place, str] = {}  # of parts of other files in the whole document

    def document(self) -> Json:
        """The whole document."""
        components = self._components()
        paths = self._section("paths", self._files.root, self._root)
        whole = {**self._rebased(self._files.root, self._root), **({"components": components} if components else {})}
        if paths is not None:
            whole["paths"] = {path: self._path_item(path, *item) for path, item in paths.items()}
        return whole

    def _components(self) -> dict[str, Json]:
        """The components, those of other files among them."""
        owner, place = self._inlined(self._files.root.get("components"), self._root / "components")
        owner = owner if isinstance(owner, Mapping) else {}
        found = {name: self._section(name, owner, place) or {} for name in _SECTIONS}
        for section, entries in found.items():
            for name, (_, where) in entries.items():
                self._stand(at("components", section, name), where)
        for (section, where), name in self._names.items():
            if where.file != self._files.name and where not in self._pointers:
                free = _free(name, found[section])
                found[section][free] = self._files.value(*where), where
                self._stand(at("components", section, free), where)
        return {
            **self._rebased(owner, place),
            **{
                section: {name: self._rebased(*entry) for name, entry in entries.items()}
                for section, entries in found.items()
                if entries
            },
        }

    def _stand(self, pointer: str, place: Place) -> None:
        """Say that a part of another file stands at a pointer of the whole document."""
        if place.file != self._files.name:
            self._pointers.setdefault(place, pointer)
            self.origins[pointer] = place

    def _section(self, name: str, owner: Mapping[str, Json], place: Place) -> dict[str, tuple[Json, Place]] | None:
        """The members of a section with their places, each where it really stands; None for no mapping."""
        section, where = self._inlined(owner.get(name), place / name)
        if not isinstance(section, Mapping):
            return None
        return {key: self._inlined(value, where / key) for key, value in section.items()}

    def _path_item(self, path: str, value: Json, place: Place) -> Json:
        """A path item in place of what refers to it, with what stands beside the `$ref`; so its operations."""
        target = self._target(value, place)
        if target is not None and target.file != place.file:  # it has more than a `$ref`
            beside = {name: child for name, child in value.items() if name != "$ref"}
            return {**self._path_item(path, self._files.value(*target), target), **self._rebased(beside, place)}
        pointer = at("paths", path)
        if not isinstance(value, Mapping):
            return value
        operations = {
            method: self._operation(pointer + at(method), *self._inlined(value[method], place / method))
            for method in METHODS
            if method in value
        }
        return {**self._operation(pointer, value, place), **operations}

    def _operation(self, pointer: str, value: Json, place: Place) -> Json:
        """An operation, or what its path says for all of them, with the parameters of other files in place."""
        self._stand(pointer, place)
        parameters = value.get("parameters") if isinstance(value, Mapping) else None
        whole = self._rebased(value, place)
        if isinstance(parameters, list):
            whole["parameters"] = []
            for number, one in enumerate(parameters):
                found, where = self._inlined(one, place / "parameters" / number)
                self._stand(f"{pointer}/parameters/{number}", where)
                whole["parameters"].append(self._rebased(found, where))
        return whole

    def _inlined(self, value: Json, place: Place) -> tuple[Json, Place]:
        """A value with its place; what only refers to another file is the value there."""
        target = self._target(value, place)
        if target is None or target.file == self._files.name or len(value) > 1:
            return value, place
        return self._files.value(*target), target

    def _target(self, value: Json, place: Place) -> Place | None:
        """Where the `$ref` of a value leads to in the end; None for no reference, and for one that leads nowhere."""
        seen: list[Place] = []
        while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            try:
                place = Place(*self._files.place(*self._files.locate(value["$ref"], place.file)))
                value = self._files.value(*place)
            except RefusedReference:
                return None
            if place in seen:
                return None
            seen.append(place)
        return seen[-1] if seen else None

    def _rebased(self, value: Json, place: Place) -> Json:
        """A value of a file with its references as they are written in the root file."""
        if isinstance(value, Mapping):
            return {name: self._rebased_member(name, child, place) for name, child in value.items()}
        return [self._rebased(child, place) for child in value] if isinstance(value, list) else value

    def _rebased_member(self, name: str, value: Json, place: Place) -> Json:
        if name == "$ref" and isinstance(value, str):
            return self._reference(value, place)
        if name == "mapping" and isinstance(value, Mapping):  # of a discriminator
            return {key: self._mapped(target, place) for key, target in value.items()}
        return self._rebased(value, place)

    def _mapped(self, target: Json, place: Place) -> Json:
        is_reference = isinstance(target, str) and as_reference(target) == target
        return self._reference(target, place) if is_reference else self._rebased(target, place)

    def _reference(self, reference: str, place: Place) -> str:
        """A reference as it is written in the root file."""
        target = self._target({"$ref": reference}, place)
        if target in self._pointers:
            return f"#{quote(self._pointers[target], safe=_SAFE)}"
        try:
            file, pointer = self._files.locate(reference, place.file)
        except RefusedReference:
            return reference
        shown = "" if file == self._files.name else quote(file, safe=_SAFE)
        return f"{shown}#{quote(pointer, safe=_SAFE)}" if pointer or not shown else shown


def _free(name: str, taken: Mapping[str, Json]) -> str:
    """A name that is not taken: with a number where the wanted one is."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free
