"""Errors and keys as a document declares them: `x-error-body` and `x-keys`.

Must not know resources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from understudy.document.contract import Contract
from understudy.document.pointer import at
from understudy.document.violations import Diagnostic
from understudy.engine.call import Call
from understudy.engine.ids import Ids
from understudy.engine.problem import Refusal
from understudy.messages import suggest
from understudy.resources import ids, values

Json = Any
Part = Callable[[Call, Refusal], Json]
ErrorBody = Callable[[Call, Refusal], Json]
_USUAL_KEY = "{base62:32}"
_PROBLEM_DETAILS = {"type": "about:blank", "title": "$title", "status": "$status", "detail": "$message"}
_WORDS: Mapping[str, Part] = {
    "$status": lambda call, refusal: refusal.status,
    "$code": lambda call, refusal: refusal.code,
    "$message": lambda call, refusal: refusal.message,
    "$title": lambda call, refusal: HTTPStatus(refusal.status).phrase,
    "$fields": lambda call, refusal: {name: [*texts] for name, texts in refusal.fields.items()} or values.ABSENT,
}
_FIELD = ("$field", "$message")  # in a list of one item that names $field: once for each message of a field


def error_body(contract: Contract) -> tuple[ErrorBody, list[Diagnostic]]:
    """What renders an error: `x-error-body`, else problem details (RFC 9457); and what is wrong with it."""
    problems: list[Diagnostic] = []
    template = contract.document.get("x-error-body", _PROBLEM_DETAILS)
    return _part(template, "/x-error-body", problems), problems


def error_type(contract: Contract) -> bytes:
    """The media type of errors: the first that a refusal of the document has, else that of the body."""
    for operation in contract.operations.values():
        for status, expected in operation.responses.items():
            if status[0] in "45d" and "json" in expected.media_type:
                return expected.media_type.encode()
    return b"application/json" if "x-error-body" in contract.document else b"application/problem+json"


def new_key(contract: Contract) -> tuple[Callable[[Ids], str], list[Diagnostic]]:
    """What makes a key in the shape of `x-keys`, and what is wrong with it."""
    text = contract.document.get("x-keys", _USUAL_KEY)
    try:
        if ids.is_number(text):
            raise ValueError("a key is no number")
        return ids.shape(text), []
    except ValueError as error:
        return ids.shape(_USUAL_KEY), [("/x-keys", str(error))]


def _part(given: Json, pointer: str, problems: list[Diagnostic]) -> Part:
    if isinstance(given, Mapping):
        members = {name: _part(child, pointer + at(name), problems) for name, child in given.items()}
        return lambda call, refusal: _without_absent({name: one(call, refusal) for name, one in members.items()})
    if isinstance(given, list):
        if len(given) == 1 and _names_field(given[0]):
            return _for_each_field(given[0], f"{pointer}/0", problems)
        items = [_part(child, f"{pointer}/{number}", problems) for number, child in enumerate(given)]
        return lambda call, refusal: [one(call, refusal) for one in items]
    if isinstance(given, str) and given in _WORDS:
        return _WORDS[given]
    try:
        constant, value = values.compile_value(given)
    except ValueError:
        known = (*_WORDS, *values.WORDS, "$now", "$field")
        problems.append((pointer, f"{given} is no value of an error{suggest(str(given), known)}"))
        return lambda call, refusal: None
    return (lambda call, refusal: value) if constant else (lambda call, refusal: value(call, None))


def _names_field(item: Json) -> bool:
    return isinstance(item, Mapping) and "$field" in item.values()


def _for_each_field(item: Mapping[str, Json], pointer: str, problems: list[Diagnostic]) -> Part:
    """A list with an item for each message of a field."""
    others = {name: _part(child, pointer + at(name), problems) for name, child in item.items() if child not in _FIELD}

    def build(call: Call, refusal: Refusal) -> Json:
        shared = {name: one(call, refusal) for name, one in others.items()}
        return [
            {
                name: {"$field": field, "$message": text}[child] if child in _FIELD else shared[name]
                for name, child in item.items()
            }
            for field, texts in refusal.fields.items()
            for text in texts
        ]

    return build


def _without_absent(body: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in body.items() if value is not values.ABSENT}
