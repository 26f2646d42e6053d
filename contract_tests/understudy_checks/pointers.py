"""Resolves JSON pointers and references of a document. Must not know what a document is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

Json = Any


def resolve_pointer(document: Json, pointer: str) -> Json:
    """Resolve a JSON pointer: the value, or None where nothing stands."""
    for part in pointer.split("/")[1:]:
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(name)
        elif isinstance(document, Sequence) and not isinstance(document, str):
            document = document[int(name)] if name.isdecimal() and int(name) < len(document) else None
        else:
            return None
    return document


def resolve_reference(document: Json, entry: Json) -> Mapping[str, Json]:
    """Resolve an entry of the document that may be a `$ref`."""
    while "$ref" in entry:
        entry = resolve_pointer(document, entry["$ref"].removeprefix("#"))
    return dict(entry)
