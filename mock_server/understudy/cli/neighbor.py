"""Other servers on this machine: the owner of a taken port, and of a ready file that was left behind."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 1.0  # seconds; the owner of the port may not speak HTTP
_LONGEST = 1 << 16  # bytes that are read of a response


def understudy_at(host: str, port: int) -> str | None:
    """A description of the Understudy at an address; None when there is none."""
    connection = HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=_TIMEOUT)  # noqa: S104
    try:
        connection.request("GET", "/__mock__/health")
        health = json.loads(connection.getresponse().read(_LONGEST))
    except (OSError, HTTPException, ValueError):  # no server, or another kind
        return None
    finally:
        connection.close()
    return _description(health)


def is_left_behind(ready_file: Path) -> bool:
    """Whether a ready file names a server that no longer answers, such as one that was killed."""
    try:
        url = urlsplit(json.loads(ready_file.read_bytes())["url"])
        host, port = url.hostname, url.port
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # no such file, or no ready file
        return False
    return host is not None and port is not None and understudy_at(host, port) is None


def _description(health: Any) -> str | None:
    if not isinstance(health, dict):
        return None
    if {"status", "version", "apis", "worlds"} <= health.keys() and isinstance(health["apis"], list):
        return f"an Understudy that serves {', '.join(map(str, health['apis']))}"
    return "an Understudy" if "X-Mock-Token" in json.dumps(health) else None
