"""Violations: the differences between a response and its document, each with the rule that says it.

Must not know how a check runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, NamedTuple

from understudy.document.contract import Contract
from understudy.document.infer.answers import A_SUCCESS
from understudy.document.model import Validator
from understudy.document.operation import Operation
from understudy.document.pointer import at
from understudy.document.responses import Expected, header_errors
from understudy.engine.exchange import Response, body_type
from understudy.messages import shorten
from understudy.resources.rules import is_declared, rule_id
from understudy_checks.findings import resolve
from understudy_checks.modules import modules
from understudy_checks.shape_words import tell
from understudy_checks.wording import show

MAX_DIFFERENCES = 20
"""The largest number of differences of one response that are told."""


class Difference(NamedTuple):
    """One difference. `part` is status, json, body or the name of a header; `pointer` leads to the member in the body.

    `is_missing` marks a member that is absent, whose pointer then leads to where it should be.
    """

    part: str
    text: str
    pointer: str = ""
    is_missing: bool = False
    value: Any = None


class Shape(NamedTuple):
    """A rule about the members of objects: in responses of the operations, at the pointers that match."""

    operations: str
    pointers: str
    rule: str


def differences(operation: Operation, response: Response) -> list[Difference]:
    """All differences between a response and its document, in one line each; empty when it conforms."""
    if operation.mismatch(response) is None:  # memoizes bodies that conform
        return []
    return list(islice(_differences(operation, response), MAX_DIFFERENCES))


def rule_of(contract: Contract, operation: Operation, response: Response, difference: Difference) -> str | None:
    """The id of the rule that a difference breaks; None where no rule of the document says it."""
    ids = [rule.id for rule in contract.rules]
    patterns = _patterns(contract, operation, response, difference)
    return next((found for pattern in patterns if (found := resolve(ids, pattern))), None)


def is_unnamed(contract: Contract, operation: Operation, status: int) -> bool:
    """Whether a document without rules says nothing of an answer: of a refusal, or its body; or of any success.

    Many documents name no refusal at all, and a `default` that stands alone is that of the success.
    """
    if not is_declared(contract):
        return False
    if 400 <= status < 500:
        names = (str(status), "4XX", "default")
        expected = next((operation.responses[name] for name in names if name in operation.responses), None)
        is_silent = expected is None or (expected.body is None and expected.media_type == "")
        return is_silent or operation.responses.keys() == {"default"}
    own = contract.document["paths"][operation.path][operation.method.lower()]
    return 200 <= status < 400 and own["responses"].get("2XX") == A_SUCCESS


def of_server_errors(contract: Contract, operation: Operation) -> str:
    """The pattern of the rule that an answer of 500 or above breaks."""
    return rule_id("*", "answers", operation.id) if is_declared(contract) else "*.envelope.error"


def _differences(operation: Operation, response: Response) -> Iterator[Difference]:
    status, known = response.status, operation.responses
    names = (str(status), f"{status // 100}XX", "default")
    expected = next((known[name] for name in names if name in known), None)
    if expected is None:
        yield Difference("status", f"status {status} is not documented (known: {', '.join(known)})")
        return
    for text in header_errors(expected, response):
        yield Difference(text.split()[2], f"{status}: {text}")
    if operation.method != "HEAD":  # whose answers have the head of those of GET, and no body
        yield from _body_differences(expected, response)


def _body_differences(expected: Expected, response: Response) -> Iterator[Difference]:
    status = response.status
    if expected.body is None and expected.media_type == "":
        if response.body:
            yield Difference("body", f"{status}: a body where none is documented")
        return
    chosen = next((one for one in (expected, *expected.others) if one.has_type(body_type(response))), None)
    if chosen is None:
        yield Difference("json", f"{status}: content type {show(response.header('content-type'))} is not documented")
    validator = (chosen or expected).body
    if validator is not None:  # else bytes of any kind
        yield from _json_differences(validator, response)


def _json_differences(validator: Validator, response: Response) -> Iterator[Difference]:
    status = response.status
    try:
        value = response.json()
    except ValueError:
        yield Difference("json", f"{status}: the body is not JSON: {show(response.body)}")
        return
    for found in validator.iter_errors(value):
        pointer, is_missing = at(*found.instance_path), found.kind.name == "required"
        member = pointer + at(found.kind.property) if is_missing else pointer
        text = f"{status}: {pointer}: {shorten(tell(found), 300)}"
        yield Difference("body", text, member, is_missing, found.instance)


def _patterns(contract: Contract, operation: Operation, response: Response, difference: Difference) -> Iterator[str]:
    """The patterns of the rules that could say a difference, the most specific first."""
    if is_declared(contract):
        yield rule_id("*", "answers", operation.id)
    if difference.part not in ("status", "json", "body"):
        yield f"*.rate-limit.{difference.part}*"
    if difference.part == "json":
        yield "*.envelope.json"
    if response.status >= 400:
        yield from (shape.rule for shape in _shapes(contract.name) if _is_of_errors(shape, operation, difference))
        yield "*.envelope.error"
        return
    member = _member(operation, difference.pointer)
    if difference.part == "body" and member is not None:
        if member.endswith("_at") and not difference.is_missing and difference.value is not None:
            yield "*.envelope.timestamps"
        yield from (shape.rule for shape in _shapes(contract.name) if _fits(shape, operation, member))
    if difference.part == "status":
        yield from (shape.rule for shape in _shapes(contract.name) if _fits(shape, operation, ""))
    yield "*.envelope.list" if operation.pagination else "*.envelope.single"
    yield "*.envelope.json"


def _member(operation: Operation, pointer: str) -> str | None:
    """The pointer below the object of a response or the item of a list; None when it leads to neither."""
    items = operation.pagination and str(operation.pagination.settings["items"])
    if items is not None:
        below = pointer.removeprefix(f"{items}/").partition("/")
        return f"/{below[2]}" if pointer.startswith(f"{items}/") and below[2] else None
    below_data = pointer.removeprefix("/data")
    return below_data or None


def _fits(shape: Shape, operation: Operation, member: str) -> bool:
    return fnmatchcase(operation.id, shape.operations) and fnmatchcase(member, shape.pointers)


def _is_of_errors(shape: Shape, operation: Operation, difference: Difference) -> bool:
    """Whether a shape is about the bodies of refusals, and about this difference of one."""
    return ".envelope.error" in shape.rule and _fits(shape, operation, difference.pointer)


def _shapes(api: str) -> tuple[Shape, ...]:
    """The shapes of an API, from the module `shapes` of its folder; empty without one."""
    found = [module for module in modules(api) if module.__name__.endswith(".shapes")]
    return tuple(shape for module in found for shape in module.SHAPES)
