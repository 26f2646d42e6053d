"""Selects the check runs that can kill a generated mutant: those whose exchanges show one of its marks.

Exchanges are traced on the unchanged mock. A mutant responds like the mock until an exchange shows a mark of it,
so other runs cannot kill it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from understudy.engine.exchange import Exchange
from understudy_checks.mutation import EXPLORATORY
from understudy_checks.mutation.generated import Generated, Mark
from understudy_checks.rules import Arguments, Check, Outcome, attempt, checks, expand
from understudy_checks.target import installed
from understudy_checks.target.mock import mock

Json = Any
MAX_FACTOR = 100
"""The request limit of a check on a mutant, as a multiple of its requests on the mock: some loop forever."""


class Footprint(NamedTuple):
    """One run of a check with the marks and the number of its exchanges."""

    check: Check
    arguments: Arguments
    marks: frozenset[Mark]
    exchanges: int


def find_kill(mutant: Generated) -> Outcome | None:
    """Find the first failure of a check on a generated mutant, directed and short runs first; None when it survives."""
    target = mock(mutant.breaks(installed.declared(mutant.api)))
    for footprint in footprints(mutant.api):
        if mutant.marks & footprint.marks:
            target.budget.share(MAX_FACTOR * footprint.exchanges)
            outcome = attempt(footprint.check, target, footprint.arguments)
            if outcome.result == "failed":
                return outcome
    return None


@cache
def footprints(api: str) -> tuple[Footprint, ...]:
    """Trace every run of every check of an API. Directed checks with the fewest exchanges come first."""
    exchanges: list[Exchange] = []
    target = mock(api, watch=exchanges.append)
    found = []
    for check in checks():
        for arguments in expand(check, target.contract):
            exchanges.clear()
            attempt(check, target, arguments)
            own = [exchange for exchange in exchanges if exchange.api == api]
            marks = frozenset(mark for exchange in own for mark in marks_of(exchange))
            found.append(Footprint(check, arguments, marks, len(own)))
    return tuple(sorted(found, key=lambda footprint: (footprint.check.name in EXPLORATORY, footprint.exchanges)))


def marks_of(exchange: Exchange) -> Iterator[Mark]:
    """The marks that an exchange shows."""
    yield ("any",)
    request, response = exchange.request, exchange.response
    if exchange.reason is not None:
        yield ("refused", exchange.reason)
    if response.status >= 300:
        yield from (("error", name) for name in _names(response.body))
    if exchange.operation is None:
        return
    operation = exchange.operation
    yield ("call", operation)
    yield from (("query", operation, name) for name, _ in parse_qsl(request.query, keep_blank_values=True))
    yield from (("body", operation, name) for name in _body_names(request.body))
    if response.status < 300:
        yield from (("answer", operation, name) for name in _names(response.body))


def _body_names(body: bytes) -> frozenset[str]:
    """The member names in a JSON body, or the names of the parts of a form."""
    parts = (part.partition(b'"')[0].decode(errors="replace") for part in body.split(b'name="')[1:])
    return _names(body) or frozenset(parts)


@lru_cache(maxsize=4096)
def _names(body: bytes) -> frozenset[str]:
    """The member names at any depth of a JSON body; empty when it is not JSON."""
    try:
        return frozenset(_nested_names(msgspec.json.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()


def _nested_names(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nested_names(inner)
