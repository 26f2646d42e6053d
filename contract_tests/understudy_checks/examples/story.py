"""The story of an example: what one client did, in order, with shell variables in place of keys.

Reports retell it as a script or as a workflow. Must not know a client, a target, or how a story is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.document.model import Quota, RateLimit
from understudy.engine.exchange import Exchange, Response

Json = Any


@dataclass(frozen=True, slots=True)
class Variable:
    """A shell variable in place of a secret."""

    name: str


Text = tuple[str | Variable, ...]
"""A text with variables in it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request and its response. `path` is relative to the base URL, both it and `query` are raw."""

    method: str
    path: Text
    query: Text
    headers: tuple[tuple[str, Text], ...]
    """Names in lower case, and values."""
    body: bytes
    response: Response
    operation: str | None
    """The id of the documented operation; None for a request that the document does not know."""
    is_cleanup: bool = False
    """Whether it was sent after the example had failed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time that passed on the target's clock."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Event:
    """What a person did in the vendor's app."""

    name: str
    fields: Mapping[str, Json]


Step = Call | Wait | Event
Story = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Secrets:
    """The texts that no report may show: `variables` by secret text, and the names of whole `headers`."""

    variables: Mapping[str, str]
    headers: Mapping[str, str]

    def hide(self, text: str) -> Text:
        """Split a text at its secrets, the longest first."""
        known = sorted(filter(None, self.variables), key=len, reverse=True)
        if not known:
            return (text,)
        parts = re.split("|".join(f"({re.escape(secret)})" for secret in known), text)
        return tuple(Variable(self.variables[part]) if part in self.variables else part for part in parts if part)


def call(exchange: Exchange, prefix: str, secrets: Secrets, *, is_cleanup: bool) -> Call:
    """The call of an exchange. Headers of the control API and of the library that generates requests are left out."""
    request = exchange.request
    named = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers]
    return Call(
        method=request.method,
        path=secrets.hide(request.path.removeprefix(prefix)),
        query=secrets.hide(request.query),
        headers=tuple(
            (name, (Variable(secrets.headers[name]),) if name in secrets.headers else secrets.hide(value))
            for name, value in named
            if not name.startswith(("x-mock-", "x-schemathesis-")) and not value.startswith("schemathesis/")
        ),
        body=request.body,
        response=exchange.response,
        operation=exchange.operation,
        is_cleanup=is_cleanup,
    )


def using_up(limit: RateLimit | None, steps: Sequence[Exchange | Wait | Event]) -> list[Exchange]:
    """The requests that use up a rate limit which refused the latest request and which a fresh start has whole.

    They are the latest request of the steps that only reads, or else the refused one. Empty without a documented quota.
    """
    log = [step for step in steps if isinstance(step, Exchange)]
    is_refused = bool(log) and log[-1] is steps[-1] and log[-1].response.status == 429
    if not is_refused or limit is None or not isinstance(limit.quota, Quota):
        return []
    reading = [exchange for exchange in log if exchange.request.method in ("GET", "HEAD")]
    return (reading or log)[-1:] * limit.quota.requests


def told(steps: Sequence[Exchange | Wait | Event], failed_at: int | None, prefix: str, secrets: Secrets) -> Story:
    """The story of a client's steps, which failed before the step at `failed_at`."""
    end = len(steps) if failed_at is None else failed_at
    return tuple(
        call(step, prefix, secrets, is_cleanup=position >= end) if isinstance(step, Exchange) else step
        for position, step in enumerate(steps)
    )
