"""Reads YAML and JSON files as JSON values: no dates, no repeated keys. Must not know what a file means."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from understudy.document import json_text, yaml_limits
from understudy.document.pointer import Json
from understudy.messages import closest

_ALIKE = 0.8  # of a name that was probably meant to be one of these


class Unreadable(Exception):
    """A file that is missing or invalid YAML; the message names the file and the line."""


def read(path: Path) -> Json:
    """The content of a YAML file; raises Unreadable."""
    try:
        return read_bytes(path.read_bytes(), str(path))
    except OSError as error:
        raise Unreadable(reason(path, error)) from error


def reason(path: Path, error: OSError | RuntimeError, shown: str = "") -> str:
    """Why a file cannot be read, and the nearest name in its folder; `shown` is its own name in the message."""
    text = f"{shown or path}: {getattr(error, 'strerror', None) or error}"
    return f"{text}{suggest_file(path)}" if isinstance(error, FileNotFoundError) else text


def suggest_file(path: Path) -> str:
    """`; did you mean ...?` with the file in the same folder whose name is most like a missing one; empty without."""
    try:
        names = [one.name for one in path.parent.iterdir()]
    except OSError:
        return ""
    match = closest(path.name, names, _ALIKE)
    return "" if match is None else f"; did you mean {path.parent / match}?"


@contextmanager
def without_collections() -> Iterator[None]:
    """Pause the garbage collector while the block makes many values: it would visit them all, again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_bytes(content: bytes, name: str) -> Json:
    """The value of a YAML or JSON text; `name` stands for it in messages. Raises Unreadable."""
    import yaml  # imported late: takes 8 ms, and a start from the cache needs none

    try:
        if content.lstrip()[:1] == b"{":
            value = json_text.load(content)
            if value is not json_text.NO_JSON:
                return value
        yaml_limits.check(content)
        with without_collections():
            return yaml.load(content, Loader=_loader())  # noqa: S506 - a subclass of the safe loader
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:  # PyYAML's on odd tags
        line, text = yaml_fault(error, content)
        raise Unreadable(f"{name}{line and f':{line}'}: {text}") from error


@cache
def _loader() -> type:
    """A loader with the plain values of YAML 1.2: no dates, and only true and false are booleans."""
    import yaml

    class Loader(yaml.CSafeLoader):
        yaml_constructors = {  # noqa: RUF012 - as in PyYAML; JSON types only
            tag: construct
            for tag, construct in yaml.CSafeLoader.yaml_constructors.items()
            if str(tag).rpartition(":")[2] not in ("binary", "timestamp", "set", "omap", "pairs")
        }
        yaml_implicit_resolvers = {  # noqa: RUF012 - as in PyYAML
            first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
            for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
        }

    Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])
    return Loader


def yaml_fault(error: Exception, content: bytes) -> tuple[int | str, str]:
    """The line of a YAML error (empty when unknown), and its message in one line."""
    import yaml

    if isinstance(error, yaml.reader.ReaderError):
        line = content[: error.position].count(b"\n") + 1
        return line, f"it is no YAML text: {error.reason}, at byte {error.position}"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        last = max(1, len(content.splitlines()))  # an error at the end of the file belongs to its last line
        return min(error.problem_mark.line + 1, last), ", ".join(filter(None, (error.context, error.problem)))
    return getattr(error, "line", ""), " ".join(str(error).split())
