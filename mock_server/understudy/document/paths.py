"""What a path of a document says by itself: its parameters, and whether it is that of one item or of a collection.

A parameter may share its segment with other text, as in `/pets/{id}.json`. Must not know operations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"\{([^{}/]+)\}")
_ITEM = re.compile(r"\{[^{}/]+\}(\.[A-Za-z][A-Za-z0-9]{1,4})?")
_FORMAT = re.compile(r"\.(json|xml)$")


def parameters_of(path: str) -> list[str]:
    """The names of the parameters of a path, in order."""
    return _NAME.findall(path)


def is_item(path: str) -> bool:
    """Whether a path ends with a parameter, such as `/pets/{id}`, `/pets/{id}/` or `/pets/{id}.json`."""
    return _ITEM.fullmatch(path.rstrip("/").rpartition("/")[2]) is not None


def collection_of(path: str) -> str:
    """The collection that a path is, or that its item is in, without a slash or `.json` at its end."""
    path = path.rstrip("/")
    return path.rpartition("/")[0] if is_item(path) else _FORMAT.sub("", path)


def shape_of(path: str) -> str:
    """A path without the names of its parameters, and without a slash or `.json` at its end."""
    return _NAME.sub("{}", _FORMAT.sub("", path.rstrip("/")))


def values_in(template: str, path: str) -> tuple[str, ...]:
    """The raw values of the parameters of a template in a path, with any base before it; none in another path."""
    pattern = "([^/]*)".join(map(re.escape, _NAME.split(template)[::2]))
    found = re.search(f"{pattern}$", path)
    return found.groups() if found else ()


def written(path: str, values: Mapping[str, object]) -> str:
    """A path with the parameters that are known replaced by their values."""
    return _NAME.sub(lambda found: str(values.get(found[1], found[0])), path)
