"""Applies overlays to a document, which stays as it was; with any problem nothing is applied.

The same values may be shared by several places (YAML's aliases, the values of an update): what is changed is copied
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from understudy.document.notice import Notice
from understudy.document.origins import Origins
from understudy.document.overlay import Action, BadOverlay, Overlay, Problem, beside
from understudy.document.pointer import Json, at
from understudy.document.schema import Place
from understudy.document.targets import BadQuery, Parts, select
from understudy.document.yaml_limits import MOST_DEEP
from understudy.messages import shorten

MOST_VALUES = 100_000
"""The most values that the actions of all overlays may add to a document."""


class Overlaid(NamedTuple):
    """A document with its overlays, where its parts come from, and what is odd in the overlays."""

    document: Json
    origins: Origins
    notices: list[Notice]


def overlaid(document: Json, overlays: Sequence[Overlay], origins: Origins, *, source: Path) -> Overlaid:
    """The document of the file `source` with its overlays, in order; raises BadOverlay."""
    tree, notices = _Tree(document, origins), []
    for overlay in overlays:
        file = beside(source, overlay.file)
        applied = _Applied(tree, overlay, file)
        for action in overlay.actions:
            applied.apply(action)
        if not applied.problems and _is_too_deep(tree.root):
            applied.problems.append(("/actions", f"the document nests more than {MOST_DEEP} deep with it"))
        if applied.problems:
            raise BadOverlay(overlay.file, overlay.content, applied.problems)
        notices += [*_extends(overlay, file, source), *applied.notices]
    return Overlaid(tree.root, origins, notices)


def _extends(overlay: Overlay, file: str, source: Path) -> list[Notice]:
    """Tell where an overlay was made for another document than the one that it is given to: nothing is fetched."""
    if overlay.extends is None:
        return []
    url = urlsplit(overlay.extends)
    if url.scheme in ("", "file") and not url.netloc:
        same = (overlay.file.resolve().parent / unquote(url.path)).resolve() == source.resolve()
    else:
        same = unquote(url.path).rpartition("/")[2] == source.name
    text = f"it extends {shorten(overlay.extends)}, and is applied to {source.name}"
    return [] if same else [Notice(file, "/extends", text, wrong=False)]


class _Tree:
    """A document that is copied where it is changed."""

    def __init__(self, root: Json, origins: Origins) -> None:
        self.root = root
        self.origins = origins
        self.added = 0
        self._owned: dict[int, Json] = {}  # containers made here, by identity; kept, so that no identity comes again

    def value(self, place: Parts) -> Json:
        """The value at a place; raises LookupError for one that was removed."""
        found = self.root
        for part in place:
            found = found[part]
        return found

    def own(self, place: Parts) -> Json:
        """The mapping or list at a place, which may be changed then."""
        self.root = found = self._own(self.root)
        for part in place:
            found[part] = self._own(found[part])
            found = found[part]
        return found

    def _own(self, value: Json) -> Json:
        if id(value) in self._owned:
            return value
        made = dict(value) if isinstance(value, dict) else list(value)
        self._owned[id(made)] = made
        return made


class _Applied:
    """One overlay on its way; `problems` are fatal, `notices` are not."""

    def __init__(self, tree: _Tree, overlay: Overlay, file: str) -> None:
        self.problems: list[Problem] = []
        self.notices: list[Notice] = []
        self._tree, self._overlay, self._file = tree, overlay, file

    def apply(self, action: Action) -> None:
        """Apply an action to all that it selects."""
        try:
            places = select(action.target, self._tree.root)
            if not places:
                text = f"{shorten(action.target.text)} selects nothing; this action changes nothing"
                self.notices.append(Notice(self._file, f"{action.pointer}/target", text))
            elif self._may_be_changed(action, places):
                self._change(action, places)
        except BadQuery as error:
            self.problems.append((action.pointer, str(error)))

    def _may_be_changed(self, action: Action, places: Sequence[Parts]) -> bool:
        kinds = {_kind(self._tree.value(place)): place for place in places}
        plain = [(kind, place) for kind, place in kinds.items() if kind not in ("a mapping", "a list")]
        if plain and not self._overlay.primitives:
            kind, place = plain[0]
            text = f"it selects {kind} ({_shown(place)}); Overlay 1.1 and later change these: say `overlay: 1.1.0`"
            self.problems.append((f"{action.pointer}/target", text))
            return False
        families = {"a value" if (kind, place) in plain else kind for kind, place in kinds.items()}
        if action.kind != "remove" and len(families) > 1:
            text = f"it selects {' and '.join(sorted(kinds))}; what is updated at once must be of one kind"
            self.problems.append((f"{action.pointer}/target", text))
            return False
        return True

    def _change(self, action: Action, places: Sequence[Parts]) -> None:
        if action.kind == "remove":
            self._remove(action, places)
            return
        value, source = action.value, Place(self._file, action.source)
        if action.kind == "copy":
            copied = select(action.value, self._tree.root)
            if len(copied) != 1:
                text = f"{shorten(action.value.text)} selects {len(copied) or 'no'} places; one is copied"
                self.problems.append((action.source, text))
                return
            # as it is before the action, which may select places within it
            value, source = deepcopy(self._tree.value(copied[0])), self._tree.origins.of(at(*copied[0]))
        self._tree.added += _count(value) * len(places)
        if self._tree.added > MOST_VALUES:
            text = f"the overlays add more than {MOST_VALUES:,} values"
            self.problems.append((action.pointer, text))
            return
        for place in places:
            self._merge(place, value, source, action)

    def _remove(self, action: Action, places: Sequence[Parts]) -> None:
        """Remove values: the last ones of a list first, and what is in another one before that."""
        for place in reversed(places):
            if not place:
                self.problems.append((f"{action.pointer}/target", "the whole document cannot be removed"))
                return
        for place in sorted(places, key=_order, reverse=True):
            owner, last = self._tree.own(place[:-1]), place[-1]
            if isinstance(last, int):
                self._tree.origins.remove_item(at(*place[:-1]), last, len(owner))
            else:
                self._tree.origins.forget(at(*place))
            del owner[last]

    def _merge(self, place: Parts, value: Json, source: Place, action: Action) -> None:
        """Merge a value into what stands at a place."""
        present = self._tree.value(place)
        if isinstance(present, list):
            self._append(place, value if isinstance(value, list) else [value], source, each=isinstance(value, list))
        elif isinstance(present, dict) and isinstance(value, dict):
            for name, child in value.items():
                self._put((*place, name), child, source / name, action)
        elif present is None and place:  # such as `components:` with nothing behind it
            self._replace(place, value, source)
        elif isinstance(present, dict) or isinstance(value, dict | list) or not place:
            text = f"{_kind(value)} cannot be merged with {_kind(present)} ({_shown(place)}); remove that first"
            where = action.source if action.kind == "copy" else source.pointer
            self.problems.append((where, text))
        else:
            self._replace(place, value, source)

    def _put(self, place: Parts, value: Json, source: Place, action: Action) -> None:
        """Merge a member of a mapping, or add it."""
        owner = self._tree.value(place[:-1])
        if place[-1] not in owner:
            self._replace(place, value, source)
        elif isinstance(owner[place[-1]], list) and not isinstance(value, list):
            text = f"{_kind(value)} cannot be merged with a list ({_shown(place)}); write a list with it"
            self.problems.append((action.source if action.kind == "copy" else source.pointer, text))
        else:
            self._merge(place, value, source, action)

    def _append(self, place: Parts, values: list[Json], source: Place, *, each: bool) -> None:
        items = self._tree.own(place)
        for number, value in enumerate(values):
            self._tree.origins.put(at(*place, len(items)), source / number if each else source)
            items.append(value)

    def _replace(self, place: Parts, value: Json, source: Place) -> None:
        self._tree.own(place[:-1])[place[-1]] = value
        self._tree.origins.put(at(*place), source)


def _order(place: Parts) -> list[tuple[int, str]]:
    """A sort key of places: that of an item in a list is its number."""
    return [(part, "") if isinstance(part, int) else (0, part) for part in place]


def _shown(place: Parts) -> str:
    return shorten(at(*place), 200) if len(at(*place)) > 80 else at(*place) or "/"


def _kind(value: Json) -> str:
    """What a value is, in words."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return (
        "a text"
        if isinstance(value, str)
        else "null"
        if value is None
        else "a number"
        if _is_number(value)
        else "a boolean"
    )


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Json) -> int:
    """How many values a value holds, itself among them; no more than one over the limit are counted."""
    count, waiting = 0, [value]
    while waiting and count <= MOST_VALUES:
        one = waiting.pop()
        count += 1
        waiting += one.values() if isinstance(one, Mapping) else one if isinstance(one, list) else ()
    return count


def _is_too_deep(value: Json) -> bool:
    """Whether a value nests deeper than a file may; what is shared is visited once at each depth."""
    level = [value]
    for _ in range(MOST_DEEP + 1):
        level = list({id(child): child for one in level for child in _containers(one)}.values())
        if not level:
            return False
    return True


def _containers(value: Json) -> list[Json]:
    children = value.values() if isinstance(value, Mapping) else value
    return [child for child in children if isinstance(child, dict | list)]
