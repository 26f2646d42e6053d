"""The tables of docs/reference/document-keys.md, made from the dialect's schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.document.keys import schema

Json = Any
WORDS = {
    "integer": "a whole number",
    "string": "text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
DEFINITIONS: Json = schema()["$defs"]
STANDARD = {"schema", "assumed", "reference"}  # what is described elsewhere
STYLES = [choice["then"]["$ref"].rpartition("/")[2] for choice in DEFINITIONS["pages"]["allOf"]]


def members(name: str) -> Json:
    """The members that the definition `name` describes, by name."""
    return members_of(DEFINITIONS[name])


def members_of(found: Json) -> Json:
    """The members that a definition describes, by name."""
    return found.get("else", found).get("properties", {})


def own_keys() -> Iterator[tuple[str, str, str, str]]:
    """Each of our own keys: where it stands, what it holds, what it states."""
    for owner in DEFINITIONS:
        for name, part in members(owner).items():
            if name.startswith("x-"):
                yield f"`{name}`", owner, value(part), part["description"]


def key_members() -> Iterator[tuple[str, str, str, str]]:
    """The members of what our own keys hold; those that may be left out in brackets."""
    for owner in owners():
        required = DEFINITIONS[owner].get("required", ())
        for name, part in members(owner).items():
            written = f"`{name}`" if name in required else f"[`{name}`]"
            yield title(owner), written, value(part), described(part)


def owners() -> list[str]:
    """The definitions of what our own keys hold, in the order of the schema; each style of pagination is one."""
    own = [part for owner in DEFINITIONS for name, part in members(owner).items() if name.startswith("x-")]
    held = {one for part in own for one in held_by(part)}.union(STYLES)
    waiting = list(held)
    while waiting:
        found = DEFINITIONS[waiting.pop()]
        inner = {one for part in (*members_of(found).values(), found) for one in held_by(part)} - held - STANDARD
        held |= inner
        waiting += inner
    return [name for name in DEFINITIONS if name in held - {"pages"} and members(name)]


def held_by(part: Json) -> Iterator[str]:
    """The definition that a part refers to, for itself or for its items or members."""
    for one in (part, part.get("items"), part.get("additionalProperties")):
        if isinstance(one, dict) and "$ref" in one and "x-values" not in one:
            yield one["$ref"].rpartition("/")[2]


def title(name: str) -> str:
    """What a definition is called."""
    return str(DEFINITIONS[name].get("title", name))


def described(part: Json) -> str:
    """The text of a part, or of the definition that it refers to."""
    return str(part["description"] if "description" in part else resolved(part).get("description", ""))


def resolved(part: Json) -> Json:
    """The definition that a part refers to, or the part itself."""
    return DEFINITIONS[part["$ref"].rpartition("/")[2]] if "$ref" in part else part


def value(part: Json) -> str:
    """What a part may be, in plain words."""
    if "x-values" in part and "$ref" in part:
        return f"an assumption, each value of which is {value(part['x-values'])}"
    if "anyOf" in part:
        return f"{value(part['anyOf'][0])}, or an assumption"
    if "$ref" in part:
        found = resolved(part)
        named = "title" in found or "properties" in found or "else" in found
        return title(part["$ref"].rpartition("/")[2]) if named else value(found)
    if "enum" in part:
        return ", ".join(f"`{word}`" for word in part["enum"])
    if "items" in part:
        return f"a list of: {value(part['items'])}"
    if "additionalProperties" in part:
        return f"a map by name of: {value(part['additionalProperties'])}"
    if "title" in part:
        return str(part["title"])
    types = part.get("type", [])
    return " or ".join(WORDS[one] for one in ([types] if isinstance(types, str) else types)) or "any value"
