"""What the document lets a refusal be: the kinds of `x-errors`, as far as they are settled.

A status or code that the document gives is demanded; where it only assumes one, any refusal in the API's own
shape will do. Messages are compared by tests that know them to be documented.
"""

from __future__ import annotations

from typing import Any

from understudy.document.contract import Contract
from understudy.document.model import Assumed
from understudy.engine.exchange import Response
from understudy_checks.client import Client

Json = Any


def possible(contract: Contract, value: Json) -> list[Json]:
    """The values that a declared value can take: itself, or the default and the alternatives of an assumption."""
    if not isinstance(value, Assumed):
        return [value]
    assumption = contract.assumptions[value.id]
    return [assumption.default, *assumption.alternatives]


def assert_problem(client: Client, response: Response, *kinds: str) -> Json:
    """Assert that an answer is one of these kinds of problem (`invalid`, `run-not-found` ...); its decoded body."""
    body = assert_envelope(client, response)
    wanted = [f"{kind} ({_wanted(client.contract, kind)})" for kind in kinds]
    fits = any(_fits(client.contract, kind, response.status, body) for kind in kinds)
    assert fits, f"expected {' or '.join(wanted)}, got {response.status} {body}"
    return body


def assert_envelope(client: Client, response: Response) -> Json:
    """Assert that an answer is a refusal (4xx) in the API's own error shape, on any path; its decoded body."""
    assert 400 <= response.status < 500, f"expected a refusal, got {response.status}: {response.body[:200]!r}"
    operation = next(iter(client.contract.operations.values()))  # refusals look the same everywhere
    mismatch = operation.mismatch(response)
    assert mismatch is None, mismatch
    return response.json()


def code_of(body: Json) -> str | None:
    """The `code` of an error's body, at whatever depth; None without one."""
    return _member(body, "code")


def message_of(body: Json) -> str | None:
    """The `message` of an error's body, at whatever depth; None without one."""
    return _member(body, "message")


def _fits(contract: Contract, kind: str, status: int, body: Json) -> bool:
    error = contract.errors[kind]
    if error.answer is not None:
        return True
    if not isinstance(error.status, Assumed) and status != error.status:
        return False
    return isinstance(error.code, Assumed) or error.code in ("", code_of(body))


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
