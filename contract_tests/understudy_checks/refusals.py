"""Asserts that refusals match the error kinds of the document (`x-errors`).

A status or code that the document states is required. Where it only assumes one, any refusal in the API's own
error shape passes. Messages are compared by the tests of documented messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from understudy.document.contract import Contract
from understudy.document.model import Assumed
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.violations import differences, rule_of
from understudy_checks.wording import show

Json = Any


def possible(contract: Contract, value: Json) -> list[Json]:
    """The possible values of a setting: its value, or the default and alternatives of its assumption."""
    if not isinstance(value, Assumed):
        return [value]
    assumption = contract.assumptions[value.id]
    return [assumption.default, *assumption.alternatives]


def assert_problem(client: Client, response: Response, *kinds: str) -> Json:
    """Assert that a response is an error of one of these kinds (`invalid` ...); return its decoded body."""
    body = assert_envelope(client, response)
    wanted = [f"{kind} ({_wanted(client.contract, kind)})" for kind in kinds]
    fits = any(_fits(client.contract, kind, response.status, body) for kind in kinds)
    assert fits, f"the refusal must be {' or '.join(wanted)}, not {response.status} {show(body)}"
    return body


def assert_envelope(client: Client, response: Response) -> Json:
    """Assert that a response is a 4xx in the API's own error shape; return its decoded body, None without one."""
    assert 400 <= response.status < 500, (
        f"the request must be refused, not answered {response.status}: {show(response.body)}"
    )
    operation = next(iter(client.contract.operations.values()))  # all operations share one error shape
    for difference in differences(operation, response):
        if difference.part in ("status", "json", "body"):
            with client.about(rule_of(client.contract, operation, response, difference) or "*.envelope.error"):
                raise AssertionError(f"{operation.id}: {difference.text}")
    try:
        return response.json()
    except ValueError:  # recorded above
        return None


def assert_refused(
    client: Client, operation: Operation, response: Response, sent: str, *, usual: Sequence[int] = (400, 422),
    is_auth: bool = False,
) -> None:  # fmt: skip
    """Assert that an operation refuses what was sent with a status that the document names for it, else any 4xx."""
    named = [status for status in usual if str(status) in operation.responses]
    if named == [410]:  # what was never there is not gone
        named = [404, 410]
    if named:
        fits, wanted = response.status in named, " or ".join(map(str, named))
    elif is_auth:
        fits, wanted = response.status in usual or _is_named_refusal(operation, response.status), "401 or 403"
    else:
        fits, wanted = 400 <= response.status < 500 and response.status not in (401, 405, 429), "a refusal"
    assert fits, f"{operation.id} with {sent} must answer {wanted}, not {response.status} {show(response.body)}"


def _is_named_refusal(operation: Operation, status: int) -> bool:
    return 400 <= status < 500 and str(status) in operation.responses


def code_of(body: Json) -> str | None:
    """The `code` in an error body, at any depth; None without one."""
    return _member(body, "code")


def message_of(body: Json) -> str | None:
    """The `message` in an error body, at any depth; None without one."""
    return _member(body, "message")


def _fits(contract: Contract, kind: str, status: int, body: Json) -> bool:
    error = contract.errors[kind]
    if error.answer is not None:
        return True
    if not isinstance(error.status, Assumed) and status != error.status:
        return False
    shown = code_of(body)  # a body of another shape, reported elsewhere, may show none
    return isinstance(error.code, Assumed) or error.code in ("", shown) or shown is None


def _wanted(contract: Contract, kind: str) -> str:
    error = contract.errors[kind]
    if error.answer is not None:
        return "4xx"
    status = "4xx" if isinstance(error.status, Assumed) else error.status
    return f"{status} {'' if isinstance(error.code, Assumed) else error.code}".strip()


def _member(body: Json, name: str) -> str | None:
    if not isinstance(body, dict):
        return None
    if isinstance(body.get(name), str):
        return str(body[name])
    return next((found for value in body.values() if (found := _member(value, name)) is not None), None)
