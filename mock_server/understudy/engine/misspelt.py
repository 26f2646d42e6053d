"""Names in a refused request that differ little from what its operation needs: headers, and members of its body.

X-Mock-Warning names what is unknown of parameters and of closed bodies; this is for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from understudy.engine.call import Call
from understudy.messages import closest

_ALIKE = 0.7
_MOST_READ = 1 << 14  # bytes of a body
_MOST_NAMES = 50  # of a request


def misspelt_header(call: Call) -> str:
    """Which header that the operation or the whole API needs was sent under a similar name; empty without one."""
    sent = [name.decode("latin-1") for name, _ in call.request.headers][:_MOST_NAMES]
    own = [one.name for one in call.operation.parameters if one.location == "header" and one.required]
    missing = {name.lower(): name for name in (*own, *call.contract.headers) if name.lower() not in sent}
    for lower, name in missing.items():
        near = closest(lower, sent, _ALIKE)
        if near is not None:
            return f"the header {near[:80]} was sent; did you mean {name}?"
    return ""


def misspelt_member(call: Call) -> str:
    """Which member of a JSON object was sent under a similar name; empty without one."""
    body = call.operation.body
    if body is None or body.kind != "json" or len(call.request.body) > _MOST_READ:
        return ""
    return next(_members(call, body.properties), "")


def _members(call: Call, known: frozenset[str]) -> Iterator[str]:
    try:
        value = msgspec.json.decode(call.request.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return
    given = list(value)[:_MOST_NAMES] if isinstance(value, dict) else []
    for name in given:
        near = None if name in known else closest(name[:80], known.difference(given), _ALIKE)
        if near is not None:
            yield f"unknown member {name[:80]!r}; did you mean {near}?"
