"""Mutation operators for authentication and rate limits.

They know no vendor: the document declares where a request carries its key.
"""

from __future__ import annotations

from collections.abc import Callable

from understudy.engine.api import Step
from understudy.engine.call import Call
from understudy.engine.credential import Credential
from understudy.engine.exchange import Response
from understudy.engine.problem import Problem
from understudy_checks.mutation import Breakage
from understudy_checks.mutation.operators import When, replace_step, swap_step_error


def accept_key(find: Callable[[Call, Problem], Credential | None]) -> Breakage:
    """Accept a request with a refused key as one with the credential `find(call, problem)`, unless that is None."""

    def authenticate(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem as problem:
            credential = find(call, problem)
            if credential is None:
                raise
        act_as(call, credential)
        return None

    return replace_step("authenticate", authenticate)


def accept_as_first(kind: str, *, when: When | None = None) -> Breakage:
    """Accept a request that should be refused with an error of `kind` as one with the first key of the API."""
    return accept_key(
        lambda call, problem: first(call) if problem.kind == kind and (when is None or when(call)) else None
    )


def accept_state(state: str, *, when: When | None = None) -> Breakage:
    """Accept keys in a state that should be refused."""

    def find(call: Call, problem: Problem) -> Credential | None:
        credential = presented(call)
        accepted = credential is not None and credential.state == state and (when is None or when(call))
        return credential if accepted else None

    return accept_key(find)


def accept_similar(same: Callable[[str, str], object]) -> Breakage:
    """Accept an unknown key as a valid one when `same(token, key)` is true for the valid token."""

    def find(call: Call, problem: Problem) -> Credential | None:
        key = presented_key(call)
        known = not key or presented(call) is not None
        return None if known else next((valid for valid in _valid(call) if same(valid.token, key)), None)

    return accept_key(find)


def swap_denial(kind: str, other: str) -> Breakage:
    """Refuse a key with an error of another kind."""
    return swap_step_error("authenticate", kind, lambda call, problem: Problem(other))


def count_for(credential: Callable[[Call], Credential]) -> Breakage:
    """Count requests towards the rate limit of another credential than the caller's."""

    def admit(step: Step, call: Call) -> Response | None:
        known, call.credential = call.credential, credential(call)
        try:
            return step(call)
        finally:
            call.credential = known

    return replace_step("limit_rate", admit)


def map_retry_after(change: Callable[[str], str | None]) -> Breakage:
    """Replace Retry-After by `change(seconds)`; None removes the header."""

    def admit(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem as problem:
            text = change(dict(problem.headers)[b"retry-after"].decode())
            headers = () if text is None else ((b"retry-after", text.encode()),)
            raise Problem(problem.kind, headers=headers) from problem

    return replace_step("limit_rate", admit)


def act_as(call: Call, credential: Credential) -> None:
    """Authenticate a call with this credential."""
    call.credential = credential
    call.store = call.tenants[credential.tenant]


def presented_key(call: Call) -> str:
    """The key in a request, without the name of its scheme; empty without one."""
    scheme = call.contract.schemes[0]
    value = call.request.header(scheme.header) or ""
    return value if scheme.kind == "apiKey" else value.partition(" ")[2]


def presented(call: Call) -> Credential | None:
    """The credential of the key in a request, in any state; None for an unknown key."""
    return call.world.credentials.get((call.contract.name, presented_key(call)))


def first(call: Call) -> Credential:
    """The first valid credential of the API."""
    return _valid(call)[0]


def _valid(call: Call) -> list[Credential]:
    credentials = call.world.credentials.values()
    return [known for known in credentials if known.api == call.contract.name and known.state == "valid"]
