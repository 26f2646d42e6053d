"""The marks of an exchange: what it shows that a generated mutant may change.

A mutant names the marks that it can change (see `generated`). Must not know how a check runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from understudy.engine.exchange import Exchange

Json = Any
Mark = tuple[str, ...]


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
