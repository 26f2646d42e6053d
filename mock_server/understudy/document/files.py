"""The files of a user's document: the one that was named, and those that it reaches by relative `$ref`.

A document is data: no URL is fetched, and no file outside the document's folder is read, also not by a symbolic
link. Must not know what a reference means.
"""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path
from stat import S_ISREG
from urllib.parse import unquote

from understudy.document.pointer import Json, find
from understudy.document.read import Unreadable, read_bytes, reason

MOST_BYTES = 64 << 20
"""The most bytes of all files of a document."""

MOST_FILES = 5_000
"""The most files of a document."""

_MOST_HOPS = 50  # references on the way of one pointer
_LARGEST = 1 << 64  # integers from here on become floats, as in JavaScript


class RefusedReference(Exception):
    """A `$ref` that is not followed; the message says why."""


def folder_of(path: Path) -> Path:
    """The folder of a document, symbolic links resolved; raises Unreadable."""
    try:
        return path.resolve(strict=True).parent
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of symbolic links
        raise Unreadable(reason(path, error)) from error


def read_file(path: Path, shown: str = "", most: int = MOST_BYTES) -> bytes:
    """The content of a regular file of at most so many bytes; `shown` is its name in messages. Raises Unreadable."""
    shown = shown or str(path)
    try:
        state = path.stat()
        if not S_ISREG(state.st_mode):  # a pipe would be waited for
            raise Unreadable(f"{shown}: it is no regular file")
        if state.st_size > most:
            raise Unreadable(f"{shown}: a document has at most {MOST_BYTES >> 20} MB in all its files")
        return path.read_bytes()
    except OSError as error:
        raise Unreadable(reason(path, error, shown)) from error


class Files:
    """The files of one document, by their path relative to its folder; each is read once, when it is first needed."""

    def __init__(self, path: Path) -> None:
        """Raises Unreadable for a root file that cannot be read."""
        self.folder, self.name = folder_of(path), path.resolve().name
        self.bytes: dict[str, bytes] = {}
        self._values: dict[str, Json] = {}
        self._size = 0
        self.root = self._read(path, self.name, str(path))

    def replace_root(self, value: Json) -> None:
        """Let the root file hold another value."""
        self.root = self._values[self.name] = value

    def locate(self, reference: str, base: str) -> tuple[str, str]:
        """The file and the JSON pointer that a `$ref` in the file `base` names; raises RefusedReference."""
        target, _, fragment = reference.partition("#")
        pointer = unquote(fragment)
        if pointer and not pointer.startswith("/"):
            raise RefusedReference(f"{reference} names an anchor, which is not followed; use a JSON pointer")
        return (self._file(unquote(target), base) if target else base), pointer

    def value(self, file: str, pointer: str) -> Json:
        """The value at a place; raises RefusedReference."""
        if file not in self._values:
            self._values[file] = self._load(file)
        try:
            return find(self._values[file], pointer)
        except (LookupError, ValueError, TypeError):
            raise RefusedReference(f"{file}#{pointer} leads nowhere") from None

    def place(self, file: str, pointer: str) -> tuple[str, str]:
        """The file and the pointer where a value really stands: a `$ref` on the way is followed.

        Raises RefusedReference.
        """
        for _ in range(_MOST_HOPS):
            jump = self._jump(file, pointer)
            if jump is None:
                return file, pointer
            file, pointer = jump
        raise RefusedReference(f"{file}#{pointer} is reached by too many references")

    def _jump(self, file: str, pointer: str) -> tuple[str, str] | None:
        """Where a pointer leads on by the first `$ref` on its way; None where there is none."""
        value, parts = self.value(file, ""), pointer.split("/")[1:]
        for number, part in enumerate(parts):
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and key not in value and isinstance(value.get("$ref"), str):
                target, base = self.locate(value["$ref"], file)
                return target, "/".join((base, *parts[number:]))
            try:
                value = find(value, f"/{part}")
            except (LookupError, ValueError, TypeError):
                return None
        return None

    def _file(self, target: str, base: str) -> str:
        """The file that a relative path names, from the file `base`; raises RefusedReference."""
        if re.match("[A-Za-z][A-Za-z0-9+.-]*:|//", target):
            raise RefusedReference(f"{target[:200]} is a URL, and no URL is fetched; save it beside the document")
        if target.startswith("/") or "\\" in target or "\0" in target:
            raise RefusedReference(
                f"{target[:200]!r} is no relative path; only files in the document's folder are read"
            )
        try:
            path = (self.folder / base).parent.joinpath(target).resolve()
        except (OSError, RuntimeError, ValueError):
            raise RefusedReference(f"{target[:200]} cannot be resolved") from None
        if not path.is_relative_to(self.folder):
            raise RefusedReference(f"{target[:200]} leads out of the document's folder, and no file there is read")
        return path.relative_to(self.folder).as_posix()

    def _load(self, file: str) -> Json:
        if len(self.bytes) >= MOST_FILES:
            raise RefusedReference(f"{file} is one file too many; a document has at most {MOST_FILES:,}")
        try:
            return self._read(self.folder / file, file, file)
        except Unreadable as error:
            raise RefusedReference(str(error)) from error

    def _read(self, path: Path, file: str, shown: str) -> Json:
        """Read a file; `shown` is its name in messages. Raises Unreadable."""
        content = read_file(path, shown, MOST_BYTES - self._size)
        self._size += len(content)
        value = self._values[file] = plain(read_bytes(content, shown))
        self.bytes[file] = content
        return value


def plain(value: Json) -> Json:
    """A value of a YAML or JSON file with texts as keys, and no numbers that JSON has not."""
    return _plain(value, {})


def _plain(value: Json, seen: dict[int, Json]) -> Json:
    """A value with texts as keys, no numbers that JSON has not, and the same parts shared (by aliases)."""
    if isinstance(value, dict):
        return _shared(value, seen, lambda: {_key(name): _plain(child, seen) for name, child in value.items()})
    if isinstance(value, list):
        return _shared(value, seen, lambda: [_plain(child, seen) for child in value])
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if type(value) is int and abs(value) >= _LARGEST:
        return float(value) if abs(value) < 1 << 1000 else None
    return None if isinstance(value, float) and not isfinite(value) else value


def _shared(value: Json, seen: dict[int, Json], make: Json) -> Json:
    known = seen.get(id(value))
    if known is None:
        known = seen[id(value)] = make()
    return known


def _key(name: Json) -> str:
    """A key as JSON writes it: `200:` is the text 200, `true:` the text true."""
    if isinstance(name, str):
        return name
    return str(name).lower() if isinstance(name, bool) else "null" if name is None else str(name)
