"""Mutation operators for the pipeline's steps: whose key is accepted, how requests are counted, what a refusal says.

They know no vendor: where a key stands in a request is what the document declares.
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
    """A request whose key is refused passes as one with the credential that `find(call, problem)` returns, if any."""

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
    """A request that is to be refused with an error of `kind` passes as one with the first key of the API."""
    return accept_key(
        lambda call, problem: first(call) if problem.kind == kind and (when is None or when(call)) else None
    )


def accept_state(state: str, *, when: When | None = None) -> Breakage:
    """Keys in a state that is to be refused are accepted."""

    def find(call: Call, problem: Problem) -> Credential | None:
        credential = presented(call)
        accepted = credential is not None and credential.state == state and (when is None or when(call))
        return credential if accepted else None

    return accept_key(find)


def accept_similar(same: Callable[[str, str], object]) -> Breakage:
    """An unknown key is accepted when it is the same, by `same(token, key)`, as the token of a valid one."""

    def find(call: Call, problem: Problem) -> Credential | None:
        key = presented_key(call)
        known = not key or presented(call) is not None
        return None if known else next((valid for valid in _valid(call) if same(valid.token, key)), None)

    return accept_key(find)


def swap_denial(kind: str, other: str) -> Breakage:
    """A key is refused with an error of another kind."""
    return swap_step_error("authenticate", kind, lambda call, problem: Problem(other))


def count_for(credential: Callable[[Call], Credential]) -> Breakage:
    """Requests are counted for another credential than the caller's."""

    def admit(step: Step, call: Call) -> Response | None:
        known, call.credential = call.credential, credential(call)
        try:
            return step(call)
        finally:
            call.credential = known

    return replace_step("limit_rate", admit)


def map_retry_after(change: Callable[[str], str | None]) -> Breakage:
    """Retry-After says what `change` makes of the true wait in seconds; None leaves it out."""

    def admit(step: Step, call: Call) -> Response | None:
        try:
            return step(call)
        except Problem as problem:
            text = change(dict(problem.headers)[b"retry-after"].decode())
            headers = () if text is None else ((b"retry-after", text.encode()),)
            raise Problem(problem.kind, headers=headers) from problem

    return replace_step("limit_rate", admit)


def act_as(call: Call, credential: Credential) -> None:
    """Let a request pass as one with this credential."""
    call.credential = credential
    call.store = call.tenants[credential.tenant]


def presented_key(call: Call) -> str:
    """The key that a request presents, without the name of its scheme; empty without one."""
    scheme = call.contract.schemes[0]
    value = call.request.header(scheme.header) or ""
    return value if scheme.kind == "apiKey" else value.partition(" ")[2]


def presented(call: Call) -> Credential | None:
    """The credential that a request presents, whatever its state."""
    return call.world.credentials.get((call.contract.name, presented_key(call)))


def first(call: Call) -> Credential:
    """The first valid credential of the API."""
    return _valid(call)[0]


def _valid(call: Call) -> list[Credential]:
    credentials = call.world.credentials.values()
    return [known for known in credentials if known.api == call.contract.name and known.state == "valid"]
