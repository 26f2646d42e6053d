"""Tallyfy's envelope around one object."""

from __future__ import annotations

from understudy.engine.call import Json
from understudy.engine.store import encode


def single(body: Json) -> bytes:
    """Wrap one object and encode it."""
    return encode({"data": body})
