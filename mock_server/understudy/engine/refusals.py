"""Refusals in the error schema that a user's document declares, or by its template, else in problem details (RFC 9457).

The status is one that the operation documents, where it documents any that suits, or the one that the document gives
this kind of error. Must not know why a request is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping
from copy import deepcopy
from http.client import responses as phrases
from typing import NamedTuple

import msgspec

from understudy.document.answers import Answers
from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.sample import NoValue
from understudy.engine.call import Call, Json
from understudy.engine.exchange import Headers
from understudy.engine.problem import Refusal
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
}
_MESSAGES = ("message", "detail", "error_description", "description", "msg", "error_message", "errorMessage", "reason",
             "title", "error")  # fmt: skip
_MESSAGE = re.compile(r"(message|reason|details?|description|text|msg)$", re.IGNORECASE)
_CODES = ("code", "error_code", "errorCode", "type", "error", "reason", "name", "status")
_WORDS = {  # what a code calls a kind of error, the likeliest last
    "not-found": ("missing", "no_such_resource", "resource_not_found", "not_found"),
    "invalid": ("bad_request", "validation_failed", "invalid_parameter", "invalid_request", "invalid_input", "invalid",
                "validation_error"),
    "malformed-body": ("bad_request", "invalid_request", "invalid_json", "json_error", "parse_error"),
    "conflict": ("already_exists", "not_unique", "uniqueness_error", "duplicate", "conflict"),
    "missing-credential": ("not_authenticated", "authentication_required", "unauthenticated", "unauthorized"),
    "invalid-credential": ("invalid_token", "invalid_api_key", "unauthenticated", "unauthorized"),
    "forbidden": ("access_denied", "permission_denied", "forbidden"),
    "rate-limited": ("too_many_requests", "rate_limited", "rate_limit_exceeded"),
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z]+([_-][A-Za-z]+)*")
_STATUSES = ("status", "statusCode", "status_code", "code", "httpStatus", "http_status", "httpStatusCode")
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
            return status, ((b"content-type", self._template.media_type),), msgspec.json.encode(body)
        owners = [call.operation] if call.operation.id else self._contract.operations.values()
        for operation in owners:
            found = documented(operation, wanted)
            if found is not None:
                try:
                    return self._answer(call, operation, *found, refusal)
                except NoValue:  # its own schema allows no value
                    break
        return refusal.status, _PROBLEM, msgspec.json.encode(problem_details(refusal))

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
        if not answer.is_json:  # no place for the message
            warn(call, [refusal.message])
            return status, answer.headers, answer.body
        value = self._filled(operation, key, answer.value, refusal._replace(status=status))
        return status, answer.headers, msgspec.json.encode(value)

    def _filled(self, operation: Operation, key: str, value: Json, refusal: Refusal) -> Json:
        """An example of an error with the message and the status of a refusal, where its schema allows them."""
        validator = operation.responses[key].body
        filled = deepcopy(value)
        for members in _error_objects(filled):
            for name, new in _changes(members, refusal):
                before, members[name] = members[name], new
                if validator is not None and not validator.is_valid(filled):
                    members[name] = before
        return filled


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


def _error_objects(value: Json) -> Iterator[dict[str, Json]]:
    """The objects of an error that may hold its message: itself, and one or two levels below."""
    level = [value]
    for _ in range(3):
        level = [one for item in level for one in (item[:1] if isinstance(item, list) else [item])]
        objects = [item for item in level if isinstance(item, dict)]
        yield from objects
        level = [child for item in objects for child in item.values() if isinstance(child, dict | list)]


def _changes(members: Mapping[str, Json], refusal: Refusal) -> Iterator[tuple[str, Json]]:
    """The members of an error object that its message and its status belong into."""
    names = (*_MESSAGES, *filter(_MESSAGE.search, members))
    message = next((name for name in names if isinstance(members.get(name), str)), None)
    if message is not None:
        yield message, refusal.message
    for name in _CODES:
        known = members.get(name)
        made = isinstance(known, str) and known.startswith(f"{name}-")  # which says nothing
        if name != message and isinstance(known, str) and (made or _CODE.fullmatch(known)):
            like = "a_b" if made else known
            for code in _WORDS.get(refusal.code, ()):
                yield name, _styled(code, like)
    for name in _STATUSES:
        known = members.get(name)
        if type(known) is int:
            yield name, refusal.status
        elif isinstance(known, str) and known.isdigit() and len(known) == 3:
            yield name, str(refusal.status)


def _styled(code: str, like: str) -> str:
    """A code in snake case, written as another one is."""
    words = code.split("_")
    if like.isupper():
        return code.upper().replace("_", "-" if "-" in like else "_")
    if "-" in like:
        return "-".join(words)
    if "_" in like or like.islower():
        return code
    first = words[0] if like[0].islower() else words[0].title()
    return first + "".join(word.title() for word in words[1:])
