"""The validate step: checks path, query and body against the document, before any handler runs.

What the documentation leaves open (repeated, unknown and out-of-range parameters) follows the assumption that
the document names. Must not know any API.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from understudy.document.body import JSON, Body
from understudy.document.integers import may_hold_fractions, with_integers
from understudy.document.model import Assumed
from understudy.document.operation import Operation
from understudy.document.parameters import Issue, Parameter, read_value
from understudy.document.styles import form_value
from understudy.engine.auth import pairs
from understudy.engine.call import Call, Json
from understudy.engine.codings import KNOWN, TooLarge, UnknownCoding, decode
from understudy.engine.exchange import Response, body_type
from understudy.engine.forms import Parts, read_parts
from understudy.engine.problem import Problem
from understudy.engine.warning import warn

_MOST_WARNINGS = 5


def validate(call: Call) -> Response | None:
    """Set the call's typed `arguments` and decoded `body`; raises Problem for an invalid request."""
    operation = call.operation
    call.arguments, issues = operation.read(call.segments, call.request.query)
    if operation.carried:
        carried, others = operation.read_carried(call.request.headers)
        call.arguments, issues = carried | call.arguments, issues + others
    if issues:
        _apply_or_refuse(call, issues)
    request, body = call.request, operation.body
    call.body = read_body(call, body) if body is not None or request.body or request.oversized else None
    return None


def _apply_or_refuse(call: Call, issues: Sequence[Issue]) -> None:
    """Raise Problem for the issues that the assumptions reject; warn of the unknown parameters that they ignore."""
    refused = _apply_policies(call, call.arguments, issues)
    ignored = (issue.message for issue in issues if issue.kind == "unknown" and issue not in refused)
    warn(call, islice(ignored, _MOST_WARNINGS))
    if refused:
        fields = {issue.parameter: [issue.message] for issue in refused}
        raise Problem("invalid", "; ".join(issue.message for issue in refused), fields=fields)


def read_body(call: Call, body: Body | None) -> Json:
    """The decoded and valid body of a call (of a form, its parts by name); None for an allowed absence.

    Raises the Problems body-too-large, unsupported-media-type, malformed-body and invalid.
    """
    content = call.request.body
    if call.request.oversized or len(content) > call.max_bytes:
        raise _too_large(call.max_bytes)
    if body is None:
        return None
    if not content:
        if body.required:
            form = "JSON request" if body.kind == "json" else "request"
            raise Problem("invalid", f"A {form} body is required", fields=body.errors({}))
        return None
    sent_as = codings = None
    for header, text in call.request.headers:
        if header == b"content-type":
            sent_as = sent_as or text
        elif header == b"content-encoding":
            codings = text if codings is None else codings + b"," + text
    if sent_as != body.sent_as:
        body = _in_media_type(call, body)
    if codings is not None:
        content = _decode(content, codings, most=call.max_bytes)
    value = _read_json(content, call.max_depth) if body.kind == "json" else _read_other(call, body, content)
    _check_value(call, body, value)
    return with_integers(value, body.closed) if body.kind == "json" and may_hold_fractions(content) else value


def _check_value(call: Call, body: Body, value: Json) -> None:
    """Refuse a decoded body that is invalid, or has undeclared members that the assumptions reject; warn of others."""
    if body.strict is None or not body.strict.is_valid(value):
        warn(call, islice(body.unknown_members(value), _MOST_WARNINGS))  # before errors: it may be a misspelt name
        if not body.validator.is_valid(value):
            raise Problem("invalid", body.first_error(value), fields=body.errors(value))
    if body.kind != "json":
        return
    if call.value(call.contract.unknown["body-fields"]) == "reject" and not body.properties.issuperset(value):
        name = next(name for name in value if name not in body.properties)[:80]
        raise Problem("invalid", f"unknown field {name}", fields={name: ["This field is not known."]})


def _in_media_type(call: Call, body: Body) -> Body:
    """The body in the media type that was sent; raises Problem for one that is not declared."""
    sent = body_type(call.request)
    chosen = body.taking(sent)
    if chosen is not None:
        return chosen
    kind = call.contract.errors["unsupported-media-type"]
    if body.media_type != JSON or kind.answer is None or call.assumed(kind.answer.id) is not None:
        given, known = call.request.header("content-type"), [one.media_type for one in (body, *body.others)]
        raise Problem("unsupported-media-type", f"The content type {given or '(none)'} is not {' or '.join(known)}")
    return body


def _read_other(call: Call, body: Body, content: bytes) -> Json:
    """The value of a body that is no JSON: a form by its shape, else its text."""
    content_type = call.request.header("content-type") or ""
    if body.kind == "urlencoded":
        given: dict[str, list[str]] = {}
        for name, text in pairs(content.decode("utf-8", "replace")) if content else ():
            given.setdefault(name, []).append(text)
    elif body.kind == "multipart":
        call.parts = _read_form(content_type, content)
        given = {name: [part.text for part in parts] for name, parts in call.parts.items()}
    else:
        return content.decode("latin-1")
    if body.shape is None:
        return {name: texts[-1] for name, texts in given.items()}
    return form_value(given, body.shape())


def _read_json(content: bytes, most_depth: int) -> Json:
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Problem("malformed-body", f"The request body is not valid JSON: {error}") from None
    # each level takes two bytes: a short body needs no check
    if len(content) > 2 * most_depth and is_nested_deeper(value, most_depth):
        raise Problem("malformed-body", f"The request body is nested deeper than {most_depth} levels")
    return value


def is_nested_deeper(value: Json, most: int) -> bool:
    """Whether a JSON value has more than `most` levels of arrays and objects (RFC 8259, 9 allows a limit)."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(most):
        children = (child for item in level for child in (item.values() if type(item) is dict else item))
        level = [child for child in children if type(child) is dict or type(child) is list]
        if not level:
            return False
    return bool(level)


def _read_form(content_type: str, content: bytes) -> Parts:
    try:
        return read_parts(content_type, content)
    except ValueError as error:
        raise Problem("malformed-body", str(error)) from None


def _decode(content: bytes, codings: bytes, *, most: int) -> bytes:
    """A body without its content codings."""
    try:
        return decode(content, codings.decode("latin-1"), most=most)
    except UnknownCoding as unknown:
        known = ", ".join(KNOWN)
        message = f"The content coding {unknown} is not supported; supported: {known}"
        headers = ((b"accept-encoding", known.encode()),)  # RFC 9110, 12.5.3
        raise Problem("unsupported-media-type", message, headers=headers) from None
    except TooLarge:
        raise _too_large(most) from None
    except ValueError as error:
        raise Problem("malformed-body", f"The request body is not {codings.decode('latin-1')[:80]}: {error}") from None


def _too_large(most: int) -> Problem:
    return Problem("body-too-large", f"The request body is larger than {most} bytes")


def _apply_policies(call: Call, arguments: dict[str, Json], issues: Sequence[Issue]) -> list[Issue]:
    """The issues that the world's assumptions reject; corrects `arguments` for the others."""
    declared = {parameter.name: parameter for parameter in call.operation.parameters if parameter.location == "query"}
    return [issue for issue in issues if not _pass(call, arguments, issue, declared.get(issue.parameter))]


def _pass(call: Call, arguments: dict[str, Json], issue: Issue, parameter: Parameter | None) -> bool:
    if issue.kind == "path":
        return False
    if parameter is None:
        return issue.kind == "unknown" and bool(call.value(call.contract.unknown["query-parameters"]) == "ignore")
    if issue.kind == "duplicate":
        return _choose(call, arguments, issue, parameter)
    if issue.kind == "missing":
        return False
    policy = _limit_policy(call.operation, issue, arguments.get(issue.parameter), parameter) or parameter.invalid
    choice = "reject" if policy is None else call.value(policy)
    if choice == "clamp":
        arguments[issue.parameter] = _clamped(arguments[issue.parameter], parameter)
    elif choice in ("default", "ignore"):
        arguments.pop(issue.parameter, None)
        if parameter.default is not None:
            arguments[issue.parameter] = parameter.default
    return bool(choice != "reject")


def _choose(call: Call, arguments: dict[str, Json], issue: Issue, parameter: Parameter) -> bool:
    choice = call.value(call.contract.unknown["duplicate-query-parameters"])
    if choice == "reject":
        return False
    issues: list[Issue] = []
    read_value(parameter, issue.values[0 if choice == "first" else -1], arguments, issues)
    return not _apply_policies(call, arguments, issues)


def _limit_policy(operation: Operation, issue: Issue, value: Json, parameter: Parameter) -> str | Assumed | None:
    settings = operation.pagination.settings if operation.pagination else {}
    if issue.parameter != settings.get("limit"):
        return None
    if issue.kind == "type":
        return settings.get("limit-not-an-integer")
    if value < parameter.schema.get("minimum", value) and "limit-below-minimum" in settings:
        return settings["limit-below-minimum"]
    return settings.get("limit-out-of-range")


def _clamped(value: int, parameter: Parameter) -> int:
    value = min(value, parameter.schema.get("maximum", value))
    return int(max(value, parameter.schema.get("minimum", value)))
