"""A new record before anybody has set a member."""

from __future__ import annotations

from typing import Any

from understudy.resources.declaration import Resource

Json = Any


def blank(resource: Resource) -> dict[str, Json]:
    """The members of a new record that nobody has set: defaults, and null for a required member that may be null."""
    made: dict[str, Json] = {}
    for name, one in resource.members.items():
        if one.has_default:
            made[name] = one.schema["default"]
        elif one.required and "null" in one.types:
            made[name] = None
    return made
