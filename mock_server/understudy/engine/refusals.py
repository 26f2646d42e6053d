"""Refusals in the error schema that a user's document declares, or by its template, else in problem details (RFC 9457).

The status is one that the operation documents, where it documents any that suits, or the one that the document gives
this kind of error. Must not know why a request is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from copy import deepcopy
from http.client import responses as phrases
from typing import NamedTuple

from understudy.document.answers import Answers
from understudy.document.contract import Contract
from understudy.document.model import Validator
from understudy.document.operation import Operation
from understudy.document.sample import NoValue
from understudy.engine.call import Call, Json
from understudy.engine.exchange import Headers
from understudy.engine.problem import Refusal
from understudy.engine.reasons import ABSENT, Place, holds, places
from understudy.engine.store import encode
from understudy.engine.warning import warn

_OTHERS = {
    "missing-credential": (403,),
    "invalid-credential": (403,),
    "forbidden": (401,),
    "malformed-body": (422,),
    "invalid": (422,),
    "unsupported-media-type": (400, 422),
    "body-too-large": (400, 422),
    "conflict": (422, 400),
    "not-found": (410,),
}
_PROBLEM: Headers = ((b"content-type", b"application/problem+json"),)


class Template(NamedTuple):
    """How a document says that all its errors look: what makes the body, and its media type."""

    body: Callable[[Call, Refusal], Json]
    media_type: bytes


class Refusals:
    """Renders the refusals of one document; `declared` are the kinds of error whose status it gives itself."""

    def __init__(
        self, contract: Contract, answers: Answers, *, declared: Container[str], template: Template | None
    ) -> None:
        self._contract = contract
        self._answers = answers
        self._declared = declared
        self._template = template

    def refuse(self, call: Call, kind: str, refusal: Refusal) -> tuple[int, Headers, bytes]:
        """The status, the headers and the body of a refusal of a kind."""
        wanted = (refusal.status, *(() if kind in self._declared else _OTHERS.get(kind, ())))
        if self._template is not None:
            status, _ = documented(call.operation, wanted) or (refusal.status, "")
            body = self._template.body(call, refusal._replace(status=status))
            return status, ((b"content-type", self._template.media_type),), encode(body)
        owners = [call.operation] if call.operation.id else self._contract.operations.values()
        for operation in owners:
            found = documented(operation, wanted)
            if found is not None:
                try:
                    return self._answer(call, operation, *found, refusal)
                except NoValue:  # its own schema allows no value
                    break
        return self._by_default(call, refusal) or (refusal.status, _PROBLEM, encode(problem_details(refusal)))

    def body(self, call: Call, refusal: Refusal) -> Json:
        """The JSON body of a refusal whose status is given, as a fault's."""
        if self._template is not None:
            return self._template.body(call, refusal)
        found = documented(call.operation, (refusal.status,))
        if found is not None:
            answer = self._answers.of(call.operation, found[1])
            if answer.is_json:
                return self._filled(call.operation, found[1], answer.value, refusal)
        return problem_details(refusal)

    def _answer(
        self, call: Call, operation: Operation, status: int, key: str, refusal: Refusal
    ) -> tuple[int, Headers, bytes]:
        answer = self._answers.of(operation, key)
        if not answer.is_json:
            return status, answer.headers, _told(call, operation.responses[key].media_type, answer.body, refusal)
        value = self._filled(operation, key, answer.value, refusal._replace(status=status))
        if not holds(value, refusal.message):
            warn(call, [refusal.message])
        return status, answer.headers, encode(value)

    def _by_default(self, call: Call, refusal: Refusal) -> tuple[int, Headers, bytes] | None:
        """The refusal in the form of a lone `default`; None for one without content, or a place for the message."""
        operation = call.operation
        if operation.responses.keys() != {"default"}:
            return None
        try:
            answer = self._answers.of(operation, "default")
        except NoValue:
            return None
        media_type = operation.responses["default"].media_type
        if not answer.is_json:  # its example is one of a success
            return (refusal.status, answer.headers, _told(call, media_type, b"", refusal)) if media_type else None
        value = self._filled(operation, "default", answer.value, refusal)
        return (refusal.status, answer.headers, encode(value)) if holds(value, refusal.message) else None

    def _filled(self, operation: Operation, key: str, value: Json, refusal: Refusal) -> Json:
        """An example of an error with what a refusal says, where that fits; problem details for an empty one."""
        validator = operation.responses[key].body
        assert validator is not None, "the caller has seen that it is JSON"
        filled = deepcopy(value)
        for place in places(filled, refusal):
            _put(filled, place, validator)
        details = problem_details(refusal)
        return filled or (details if validator.is_valid(details) else filled)


def documented(operation: Operation, wanted: tuple[int, ...]) -> tuple[int, str] | None:
    """The first wanted status that an operation documents, with the key of its response; None without one.

    A range (4XX) and `default` stand for the first wanted status; `default` alone is the answer to a success.
    """
    responses = operation.responses
    for status in wanted:
        if str(status) in responses:
            return status, str(status)
    for key in (f"{wanted[0] // 100}XX", "default"):
        if key in responses and (key != "default" or any(known[0] in "23" for known in responses)):
            return wanted[0], key
    return None


def problem_details(refusal: Refusal) -> Json:
    """Problem details (RFC 9457)."""
    title = phrases.get(refusal.status, "Refused")
    return {"type": "about:blank", "title": title, "status": refusal.status, "detail": refusal.message}


def _told(call: Call, media_type: str, example: bytes, refusal: Refusal) -> bytes:
    """The body of a refusal that is no JSON: its message as text, else the example, with the message in a header."""
    if media_type.startswith("text/") and not media_type.endswith("xml"):
        return refusal.message.encode()
    warn(call, [refusal.message])
    return example


def _put(body: Json, place: Place, validator: Validator) -> None:
    """Put a value in its place; everything stays as it is where the body would not fit its schema then."""
    owner, name, value = place
    before = owner.get(name, ABSENT)
    _set(owner, name, value)
    if not validator.is_valid(body):
        _set(owner, name, before)


def _set(owner: dict[str, Json], name: str, value: Json) -> None:
    """Give a member a value; ABSENT takes it out."""
    if value is ABSENT:
        owner.pop(name, None)
    else:
        owner[name] = value
