"""What a value violates of the dialect's schema, as messages with the remedy. Must not know what a key means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from understudy.document.keys import schema, shape, title
from understudy.document.pointer import Json, at, find
from understudy.messages import shorten, suggest

Diagnostic = tuple[str, str]  # a JSON pointer, and a message with the remedy


def violations(value: Json, place: str = "") -> Iterator[Diagnostic]:
    """Everything that the dialect does not allow in a value that stands at `place` of it."""
    if isinstance(value, float) and value.is_integer() and shape(place).whole:  # an integer to JSON Schema alone
        yield "", f"must be {shape(place).whole}, without a fraction"
    for error in _validator(place).iter_errors(value):
        yield from _explain(error)


@cache
def _validator(place: str) -> Any:  # jsonschema_rs' validators share no public base class
    return jsonschema_rs.Draft202012Validator({"$ref": f"#{place}", "$defs": schema()["$defs"]} if place else schema())


def _explain(error: jsonschema_rs.ValidationError) -> Iterator[Diagnostic]:
    kind, pointer, place = error.kind, at(*error.instance_path), at(*error.schema_path[:-1])
    owner = find(schema(), place)
    if isinstance(kind, Kind.PropertyNames):
        wrong = kind.error
        yield pointer + at(wrong.instance), find(schema(), at(*wrong.schema_path[:-1]))["errorMessage"]
    elif "errorMessage" in owner:
        yield pointer, owner["errorMessage"]
    elif isinstance(kind, Kind.AnyOf):
        for one in min(kind.context, key=lambda branch: _is_of_other_type(branch, error.instance_path)):
            yield from _explain(one)
    elif isinstance(kind, Kind.AdditionalProperties):
        for name in kind.unexpected:
            yield pointer + at(name), _unknown(name, place, owner)
    elif isinstance(kind, Kind.Required):
        yield pointer, f"{kind.property} is missing on this {_name(place)}; add it"
    elif isinstance(kind, Kind.Enum):
        yield pointer, f"{shorten(error.instance)} is none of {', '.join(map(str, kind.options))}"
    elif isinstance(kind, Kind.MinItems):
        yield pointer, "there is none; name at least one"
    else:
        yield pointer, f"must be {title(owner)}"


def _is_of_other_type(branch: Sequence[jsonschema_rs.ValidationError], path: Sequence[str | int]) -> bool:
    """Whether a branch of anyOf is about values of another type."""
    return any(isinstance(error.kind, Kind.Type) and error.instance_path == path for error in branch)


def _unknown(name: str, place: str, owner: Json) -> str:
    if place == "/$defs/reference":
        return f"{name} beside $ref is not understood; take it out"
    styles = _styles()
    for style, members in styles.items() if place in (f"/$defs/{known}" for known in styles) else ():
        if name in members:
            return f"{name} is of the {_name(f'/$defs/{style}').partition(' of the ')[2]}; take it out"
    hint = suggest(name, owner["properties"])
    return f"{name} is not understood on {_with_article(_name(place))}{hint or '; take it out'}"


@cache
def _styles() -> Mapping[str, Json]:
    """The members of each style of pagination, by the name of its definition."""
    names = [choice["then"]["$ref"].rpartition("/")[2] for choice in schema()["$defs"]["pages"]["allOf"]]
    return {name: schema()["$defs"][name]["properties"] for name in names}


def _name(place: str) -> str:
    """What the object at a place is called: the title or the name of its definition."""
    name = place.split("/")[2]
    return str(schema()["$defs"][name].get("title", name))


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"
