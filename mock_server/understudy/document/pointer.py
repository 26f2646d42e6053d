"""JSON pointers (RFC 6901)."""

from __future__ import annotations

from typing import Any

Json = Any


def find(document: Json, pointer: str) -> Json:
    """The value at a JSON pointer; raises LookupError."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key) if isinstance(document, list) else key]
    return document


def at(*parts: object) -> str:
    """The JSON pointer with these reference tokens."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
