"""APIs of installed packages, declared by the entry point group `understudy.apis`.

The look-up reads the metadata of all that is installed, and takes 40 ms: only for a name that is no other API's.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from understudy.apis.own import Own, given
from understudy.engine.api import Api

GROUP = "understudy.apis"


class BadPackage(Exception):
    """A package whose entry point declares no API; the message is one line."""


@cache
def names() -> tuple[str, ...]:
    """The names of all APIs that packages declare, our own package's among them."""
    from importlib.metadata import entry_points

    return tuple(sorted({one.name for one in entry_points(group=GROUP)}))


def find(name: str) -> Api | Own:
    """The API that a package declares under a name: its entry point returns it, or the folder that it is.

    Raises BadPackage, and Unreadable for a folder without a document.
    """
    from importlib.metadata import entry_points

    (entry, *_) = entry_points(group=GROUP, name=name)
    where = f"{name} is declared as {entry.value}"
    try:
        found: Any = entry.load()()
    except Exception as error:  # whatever a package raises
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise BadPackage(f"{where}, which cannot be loaded: {text[:300]}") from error
    if isinstance(found, Path | str):
        return given(Path(found), name)
    if not isinstance(found, Api) or found.name != name:
        raise BadPackage(f"{where}, which returns neither an API of this name nor the path of a folder")
    return found
