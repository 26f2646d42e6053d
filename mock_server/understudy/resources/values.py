"""Values that a document gives to members: plain JSON, `$now` and the like, and OpenAPI's runtime expressions.

Compiled at start; there are no conditions. Must not know resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from understudy.document.model import Assumed
from understudy.document.pointer import find
from understudy.engine.call import Call
from understudy.engine.clock import rfc3339
from understudy.messages import suggest

Json = Any
Value = Callable[[Call, Json], Json]  # of a call and the id of the record that it is about
ABSENT = object()  # what a request did not send: the member is left out

_EMBEDDED = re.compile(r"\{(\$[^{}]+)\}")
_SOURCES = ("$request.body", "$request.path.", "$request.query.", "$request.header.")


class Assignments(NamedTuple):
    """The members that a record is given: constants, and functions of the call."""

    constants: Mapping[str, Json]
    computed: tuple[tuple[str, Value], ...]

    def apply(self, record: dict[str, Json], call: Call, id: Json) -> None:
        """Set the members in a record."""
        record.update(self.constants)
        for name, value in self.computed:
            given = value(call, id)
            if given is not ABSENT:
                record[name] = given


NOTHING = Assignments({}, ())


def compile_value(given: Json, schema: Mapping[str, Json] | None = None) -> tuple[bool, Json]:
    """Whether a value is constant, and the constant or the function; raises ValueError for an unknown word.

    `schema` is that of the member which gets the value: it tells whether a time is text or a number.
    """
    if isinstance(given, Mapping) and given.keys() == {"assumption"}:
        id = Assumed(str(given["assumption"]))
        return False, lambda call, _: call.value(id)
    if isinstance(given, str) and given.startswith("$"):
        return False, _word(given, schema or {})
    if isinstance(given, str) and _EMBEDDED.search(given):
        return False, _template(given)
    if isinstance(given, Mapping):
        return _compound({name: compile_value(child) for name, child in given.items()})
    if isinstance(given, list):
        constant, value = _compound({number: compile_value(child) for number, child in enumerate(given)})
        if constant:
            return True, given
        return False, lambda call, record_id: list(value(call, record_id).values())
    return True, given


def assumptions(given: Json) -> list[str]:
    """The ids of the assumptions that a value names."""
    if isinstance(given, Mapping):
        if given.keys() == {"assumption"}:
            return [str(given["assumption"])]
        given = list(given.values())
    return [id for child in given for id in assumptions(child)] if isinstance(given, list) else []


def is_expression(text: str) -> bool:
    """Whether a text is a value that a request decides."""
    return text.startswith("$request.")


def _compound(parts: dict[Any, tuple[bool, Json]]) -> tuple[bool, Json]:
    """A mapping of values: constant when all of them are."""
    if all(constant for constant, _ in parts.values()):
        return True, {name: value for name, (_, value) in parts.items()}

    def build(call: Call, id: Json) -> Json:
        made = {name: value if constant else value(call, id) for name, (constant, value) in parts.items()}
        return {name: value for name, value in made.items() if value is not ABSENT}

    return False, build


def _template(text: str) -> Value:
    """A text with runtime expressions in braces."""
    pieces = _EMBEDDED.split(text)
    literals, words = pieces[::2], [_word(word, {}) for word in pieces[1::2]]

    def build(call: Call, id: Json) -> Json:
        made = [_text(word(call, id)) for word in words]
        return "".join(part for pair in zip(literals, (*made, ""), strict=True) for part in pair)

    return build


def _text(value: Json) -> str:
    return "" if value is ABSENT or value is None else str(value)


def _word(text: str, schema: Mapping[str, Json]) -> Value:
    if text == "$now":
        return _now(schema)
    if text in WORDS:
        return WORDS[text]
    if text.startswith("$request.body"):
        return _body(text.removeprefix("$request.body"), text)
    source, _, name = text.removeprefix("$request.").partition(".")
    if text.startswith("$request.") and source in ("path", "query") and name:
        return lambda call, _: call.arguments.get(name, ABSENT)
    if text.startswith("$request.header.") and name:
        return lambda call, _: _or_absent(call.request.header(name.lower()))
    raise ValueError(f"{text} is no value{suggest(text, (*WORDS, '$now', *_SOURCES))}")


def _or_absent(value: Json) -> Json:
    return ABSENT if value is None else value


def _body(fragment: str, text: str) -> Value:
    if fragment and not fragment.startswith("#/"):
        raise ValueError(f"{text} is no value; write $request.body#/member")

    def read(call: Call, id: Json) -> Json:
        try:
            return find(call.body, fragment[1:])
        except (LookupError, TypeError, ValueError):
            return ABSENT

    return read


def in_form_of(schema: Mapping[str, Json]) -> Callable[[int], Json]:
    """What shows a time in milliseconds as a member's schema has it: as text, as a date, or in seconds since 1970."""
    kinds = schema.get("type", "string")
    if "integer" in kinds:
        return lambda now: now // 1000
    if "number" in kinds:
        return lambda now: now / 1000
    if schema.get("format") == "date":
        return lambda now: rfc3339(now)[:10]
    return rfc3339


def _now(schema: Mapping[str, Json]) -> Value:
    """The world's time in the form of a member's schema."""
    form = in_form_of(schema)
    return lambda call, _: form(call.now)


def _caller(call: Call, id: Json) -> Json:
    return call.credential.subject or call.credential.tenant


WORDS: Mapping[str, Value] = {
    "$milliseconds": lambda call, _: call.now,
    "$id": lambda call, record_id: record_id,
    "$ids": lambda call, ids: ids if isinstance(ids, list) else [ids],  # of an operation on many records
    "$count": lambda call, ids: len(ids) if isinstance(ids, list) else 1,
    "$tenant": lambda call, _: call.credential.tenant,
    "$caller": _caller,
    "$url": lambda call, _: f"{call.origin}{call.request.path}",
    "$method": lambda call, _: call.request.method,
}
