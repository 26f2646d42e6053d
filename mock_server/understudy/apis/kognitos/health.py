"""Kognitos' health check (the page Health)."""

from __future__ import annotations

from understudy.engine.call import Call, Reply
from understudy.engine.store import encode

_OK = encode({"status": "OK"})


def get_health(call: Call) -> Reply:
    """GET /health."""
    return Reply(_OK)
