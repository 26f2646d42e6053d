"""The places of an error body that hold the reason of a refusal: messages, lists of them, and reasons by member.

Each is a place with the values that may stand there, the likeliest first. Must not know which of them the schema of
the body allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http.client import responses as phrases
from typing import NamedTuple

from understudy.engine.call import Json
from understudy.engine.problem import Refusal

_MESSAGES = ("message", "detail", "error_description", "description", "msg", "error_message", "errorMessage", "reason",
             "title", "error")  # fmt: skip
_MESSAGE = re.compile(r"(message|reason|details?|description|text|msg|response|info)$", re.IGNORECASE)
_LISTS = re.compile(r"(errors?|messages?|reasons?|details?|failures|violations|problems)$", re.IGNORECASE)
_INNER = ("value", "text", "content", "message")  # of a message that is an object, such as {lang, value}
_FIELDS = ("field", "param", "parameter", "property", "attribute", "fieldName", "propertyName")
_WHOLE = ("non_field_errors", "base")  # what is about no member, as Django and Rails call it
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


ABSENT: Json = object()
"""Stands for no value: the member is taken out."""


class Place(NamedTuple):
    """A member of an object, and a value that belongs there; a later one for the same member goes before it."""

    owner: dict[str, Json]
    name: str
    value: Json


def places(body: Json, refusal: Refusal) -> Iterator[Place]:
    """The places of an error body that a refusal has something for, the outer ones first."""
    if isinstance(body, dict) and _is_by_member(body):
        yield from _of_members(body, refusal)
        return
    for members in _error_objects(body):
        yield from (Place(members, *change) for change in _changes(members, refusal))


def holds(value: Json, text: str) -> bool:
    """Whether a text stands in a JSON value."""
    if isinstance(value, dict):
        return any(holds(child, text) for child in value.values())
    if isinstance(value, list):
        return any(holds(child, text) for child in value)
    return isinstance(value, str) and text in value


def _error_objects(value: Json) -> Iterator[dict[str, Json]]:
    """The objects of an error that may hold its message: itself, and one or two levels below."""
    level = [value]
    for _ in range(3):
        level = [one for item in level for one in (item[:1] if isinstance(item, list) else [item])]
        objects = [item for item in level if isinstance(item, dict)]
        yield from objects
        level = [child for item in objects for child in item.values() if isinstance(child, dict | list)]


def _changes(members: Mapping[str, Json], refusal: Refusal) -> Iterator[tuple[str, Json]]:
    """The members of an error object that its message, its fields, its code and its status belong into."""
    names = {name.lower(): name for name in members}
    known = (names[one.lower()] for one in _MESSAGES if one.lower() in names)
    messages = dict.fromkeys((*known, *filter(_MESSAGE.search, members)))
    message = next((name for name in messages if isinstance(members[name], str)), None)
    if message is not None:
        yield message, refusal.message
        yield from _beside(members, refusal)
    yield from _inner(members, messages, refusal)
    yield from _listed(members, refusal)
    for name in _CODES:
        code = members.get(name)
        made = isinstance(code, str) and code.startswith(f"{name}-")  # which says nothing
        if name != message and isinstance(code, str) and (made or _CODE.fullmatch(code)):
            like = "a_b" if made else code
            for word in _WORDS.get(refusal.code, ()):
                yield name, _styled(word, like)
    for name in _STATUSES:
        status = members.get(name)
        if type(status) is int:
            yield name, refusal.status
        elif isinstance(status, str) and status.isdigit() and len(status) == 3:
            yield name, str(refusal.status)


def _beside(members: Mapping[str, Json], refusal: Refusal) -> Iterator[tuple[str, Json]]:
    """What stands beside a message: the title and the type of problem details, and the member that is refused."""
    if isinstance(members.get("title"), str) and isinstance(members.get("detail"), str):
        yield "title", phrases.get(refusal.status, "Refused")
        if isinstance(members.get("type"), str) and not _CODE.fullmatch(members["type"]):
            yield "type", "about:blank"
    field = next(filter(None, refusal.fields), None)
    if field is not None:
        yield from ((name, field) for name in _FIELDS if isinstance(members.get(name), str))


def _inner(members: Mapping[str, Json], messages: Mapping[str, None], refusal: Refusal) -> Iterator[tuple[str, Json]]:
    """Messages that are objects, such as `{"lang": "en", "value": "There is no such record"}`."""
    for name in messages:
        known = members[name]
        inner = next((one for one in _INNER if isinstance(known, dict) and isinstance(known.get(one), str)), None)
        if inner is not None:
            yield name, {**known, inner: refusal.message}


def _listed(members: Mapping[str, Json], refusal: Refusal) -> Iterator[tuple[str, Json]]:
    """Lists of messages, lists of objects that keep their first one, and reasons by the member that they are about."""
    for name, known in members.items():
        if not _LISTS.search(name):
            continue
        if _are_texts(known):
            yield name, [refusal.message]
        elif isinstance(known, list) and len(known) > 1 and isinstance(known[0], dict):
            yield name, known[:1]
        elif isinstance(known, dict) and (_is_by_member(known) or _is_open(known)):
            by_member = _by_member(known, refusal)
            yield name, {field: texts[0] for field, texts in by_member.items()}
            yield name, by_member


def _of_members(body: dict[str, Json], refusal: Refusal) -> Iterator[Place]:
    """The members of a body that has nothing but reasons: those of the refusal, and none that others were to have."""
    wanted = _by_member(body, refusal)
    for name in body.keys() - wanted.keys():
        yield Place(body, name, ABSENT)
    yield from (Place(body, name, value) for name, value in wanted.items())


def _is_by_member(value: Mapping[str, Json]) -> bool:
    """Whether an object holds reasons by member: all its members are lists of texts, and none is one of messages."""
    return bool(value) and all(_are_texts(one) and not _LISTS.fullmatch(name) for name, one in value.items())


def _is_open(value: Mapping[str, Json]) -> bool:
    """Whether an object below `errors` or the like says nothing, or a text about each of some members."""
    own = {*map(str.lower, _MESSAGES), *_INNER, *_CODES, *_STATUSES}
    return all(isinstance(one, str) and name.lower() not in own for name, one in value.items())


def _by_member(known: Mapping[str, Json], refusal: Refusal) -> dict[str, list[str]]:
    """The reasons of a refusal by member; `known` says how those are called that are about no member."""
    whole = next((one for one in _WHOLE if one in known), _WHOLE[-1])
    fields = {name or whole: list(texts) for name, texts in refusal.fields.items()}
    return fields or {whole: [refusal.message]}


def _are_texts(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)


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
