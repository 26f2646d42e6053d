"""Tallyfy's envelope around one object."""

from __future__ import annotations

from understudy.engine.call import Call, Json
from understudy.engine.store import encode


def single(body: Json) -> bytes:
    """Wrap one object and encode it."""
    return encode({"data": body})


def nothing(call: Call) -> bytes:
    """The body of the answer to a deletion that no page describes."""
    return b"" if call.value(call.operation.success) == 204 else single({})
