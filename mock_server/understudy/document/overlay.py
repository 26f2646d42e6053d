"""An overlay file as a list of actions: OpenAPI Overlay 1.0, 1.1 and 1.2.

A file that breaks its specification is refused whole, with all that is wrong. Must not know any document.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from understudy.document.files import plain, read_file
from understudy.document.lines import Lines
from understudy.document.pointer import Json, at
from understudy.document.read import Unreadable, read_bytes
from understudy.document.targets import BadQuery, Target, compiled
from understudy.messages import shorten, suggest

KINDS = ("update", "remove", "copy")
_ROOT = {"overlay": 0, "info": 0, "extends": 0, "actions": 0, "$self": 2, "components": 2}  # since 1.N
_ACTION = {"target": 0, "description": 0, "update": 0, "remove": 0, "copy": 1, "$ref": 2}
_INFO = {"title": 0, "version": 0, "description": 1}
_REUSABLE = "#/components/actions/"
Problem = tuple[str, str]  # a JSON pointer into the overlay, and what is wrong there


class BadOverlay(Unreadable):
    """An overlay that cannot be applied: `problems` holds all that is wrong, by pointer; the message has lines."""

    def __init__(self, file: Path, content: bytes, problems: Iterable[Problem]) -> None:
        lines = Lines(content)
        self.file, self.content, self.problems = file, content, list(dict.fromkeys(problems))
        super().__init__("\n".join(f"{file}:{lines.of(p)}: {p or '/'}: {text}" for p, text in self.problems))


class Action(NamedTuple):
    """One action: its pointer in the overlay, what it selects, and what happens there.

    `value` is that of `update`, whose pointer is `source`, or the query of `copy`.
    """

    pointer: str
    target: Target
    kind: str
    value: Json
    source: str


class Overlay(NamedTuple):
    """A file, its bytes and its actions.

    `extends` is the document that it was made for, `primitives` whether texts, numbers and the like may be selected.
    """

    file: Path
    content: bytes
    primitives: bool
    actions: tuple[Action, ...]
    extends: str | None


def read_overlay(file: Path) -> Overlay:
    """The overlay in a YAML or JSON file; raises Unreadable, and BadOverlay with all that is wrong."""
    content = read_file(file)
    reader = _Reader(plain(read_bytes(content, str(file))))
    overlay = reader.read(file, content)
    if reader.problems:
        raise BadOverlay(file, content, reader.problems)
    return overlay


def beside(document: Path, file: Path) -> str:
    """The path of a file, relative to the folder of a document."""
    return Path(os.path.relpath(file.resolve(), document.resolve().parent)).as_posix()


def is_overlay(content: Json) -> bool:
    """Whether the content of a file is meant as an overlay: it says so, or has what only overlays have."""
    if not isinstance(content, Mapping) or "openapi" in content:
        return False
    actions = content.get("actions")
    has_targets = isinstance(actions, list) and any(isinstance(one, Mapping) and "target" in one for one in actions)
    # a seed file may have records of a resource that is called overlay, or actions
    return isinstance(content.get("overlay"), str | int | float) or (has_targets and "info" in content)


class _Reader:
    """Reads one overlay; `problems` collects what breaks the specification."""

    def __init__(self, root: Json) -> None:
        self.problems: list[Problem] = []
        self._root: Mapping[str, Json] = root if isinstance(root, Mapping) else {}
        if not isinstance(root, Mapping):
            self._report("", "an overlay is a mapping with overlay, info and actions")
        self._minor = self._version() if self._root else 0

    def _report(self, pointer: str, text: str) -> None:
        self.problems.append((pointer, text))

    def _version(self) -> int:
        """The feature set, 1.N."""
        version = self._root.get("overlay")
        if version is None:
            near = suggest("overlay", list(self._root)[:20])
            self._report("", f"it is no OpenAPI Overlay: `overlay: 1.0.0` is missing{near}")
            return 0
        found = re.fullmatch(r"1\.([012])(\.[0-9A-Za-z.-]+)?", str(version))
        if found is None:
            self._report("/overlay", f"Overlay {shorten(version)} is not read; 1.0.x, 1.1.x and 1.2.x are")
            return 0
        return int(found[1])

    def read(self, file: Path, content: bytes) -> Overlay:
        """The overlay, as far as it can be read."""
        if self.problems:
            return Overlay(file, content, False, (), None)
        self._members(self._root, _ROOT, "", "an overlay")
        self._info()
        extends = self._root.get("extends")
        if extends is not None and not isinstance(extends, str):
            self._report("/extends", f"must be a text, the URL of a document, not {shorten(extends)}")
        return Overlay(file, content, self._minor > 0, tuple(self._actions()), extends)

    def _info(self) -> None:
        info = self._root.get("info")
        if not isinstance(info, Mapping):
            self._report("/info", "info is missing; add info: {title: ..., version: ...}")
            return
        self._members(info, _INFO, "/info", "info")
        for name in ("title", "version"):
            if name not in info:
                self._report("/info", f"info has no {name}; add it")

    def _actions(self) -> Iterable[Action]:
        actions = self._root.get("actions")
        if not isinstance(actions, list) or not actions:
            self._report("/actions", "actions is missing; it is a list of at least one action")
            return
        for number, value in enumerate(actions):
            action = self._action(value, at("actions", number))
            if action is not None:
                yield action

    def _action(self, value: Json, pointer: str) -> Action | None:
        """An action; None for one that is reported."""
        if not isinstance(value, Mapping):
            self._report(pointer, f"an action is a mapping with a target, not {shorten(value)}")
            return None
        known = len(self.problems)
        self._members(value, _ACTION, pointer, "an action")
        members, places = self._with_reused(value, pointer)
        target = self._query(members, "target", pointer, places)
        kind = self._kind(members, pointer)
        copied = self._query(members, "copy", pointer, places) if kind == "copy" else None
        if len(self.problems) > known or target is None or kind is None:
            return None
        source = places.get(kind, pointer) + at(kind)
        return Action(pointer, target, kind, copied if kind == "copy" else members[kind], source)

    def _with_reused(self, value: Mapping[str, Json], pointer: str) -> tuple[Mapping[str, Json], dict[str, str]]:
        """The members of an action with those of the reusable one that it names, and where each stands."""
        own = dict.fromkeys(value, pointer)
        if self._minor < 2 or "$ref" not in value:
            return value, own
        reference = value["$ref"]
        name = reference.removeprefix(_REUSABLE) if isinstance(reference, str) else ""
        reusable = self._reusable()
        key = name.replace("~1", "/").replace("~0", "~")
        if not name or name == reference or not isinstance(reusable.get(key), Mapping):
            near = suggest(key, reusable)
            text = f"{shorten(reference)} leads to no reusable action; it is {_REUSABLE}NAME{near}"
            self._report(f"{pointer}/$ref", text)
            return value, own
        fields, place = reusable[key].get("fields"), at("components", "actions", key, "fields")
        fields = fields if isinstance(fields, Mapping) else {}
        self._members(fields, {name: since for name, since in _ACTION.items() if name not in ("target", "$ref")},
                      place, "the fields of a reusable action")  # fmt: skip
        return {**fields, **value}, {**dict.fromkeys(fields, place), **own}

    def _reusable(self) -> Mapping[str, Json]:
        components = self._root.get("components")
        found = components.get("actions") if isinstance(components, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def _query(self, members: Mapping[str, Json], name: str, pointer: str, places: Mapping[str, str]) -> Target | None:
        text, where = members.get(name), places.get(name, pointer)
        if not isinstance(text, str):
            wrong = f"must be a text, not {shorten(text)}" if name in members else f"{name} is missing; add a JSONPath"
            self._report(f"{where}/{name}" if name in members else where, wrong)
            return None
        try:
            return compiled(text)
        except BadQuery as error:
            self._report(f"{where}/{name}", str(error))
            return None

    def _kind(self, members: Mapping[str, Json], pointer: str) -> str | None:
        """What an action does: `remove` goes before the others."""
        remove = members.get("remove", False)
        if not isinstance(remove, bool):
            self._report(f"{pointer}/remove", f"must be true or false, not {shorten(remove)}")
            return None
        if remove:
            return "remove"
        named = [kind for kind in ("update", "copy") if kind in members]
        if len(named) == 1:
            return named[0]
        choice = f"{', '.join(KINDS)}" if self._minor else "update, remove"
        text = "it has both update and copy; take one out" if named else f"it changes nothing; add one of {choice}"
        self._report(pointer, text)
        return None

    def _members(self, value: Mapping[str, Json], known: Mapping[str, int], pointer: str, owner: str) -> None:
        """Report members that this version does not have; those that begin with x- are anybody's."""
        for name in value:
            since = known.get(name)
            if since is None and not name.startswith("x-"):
                self._report(f"{pointer}{at(name)}", f"{shorten(name)} is no member of {owner}{suggest(name, known)}")
            elif since is not None and since > self._minor:
                remedy = f"say `overlay: 1.{since}.0`"
                self._report(f"{pointer}{at(name)}", f"{name} came with Overlay 1.{since}; {remedy}")
