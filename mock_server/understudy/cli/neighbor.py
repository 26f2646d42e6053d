"""Other servers on this machine: what answers on a port that is taken, and whose ready file is left behind."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 1.0  # seconds; whoever holds the port may not speak HTTP
_LONGEST = 1 << 16  # bytes of an answer that are read


def understudy_at(host: str, port: int) -> str | None:
    """How the Understudy at an address is described to a user; None when there is none."""
    connection = HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=_TIMEOUT)  # noqa: S104
    try:
        connection.request("GET", "/__mock__/health")
        answer = json.loads(connection.getresponse().read(_LONGEST))
    except (OSError, HTTPException, ValueError):  # nobody, or somebody who answers otherwise
        return None
    finally:
        connection.close()
    return _described(answer)


def is_left_behind(ready_file: Path) -> bool:
    """Whether a ready file tells of a server that does not answer any more, as one that was killed."""
    try:
        url = urlsplit(json.loads(ready_file.read_bytes())["url"])
        host, port = url.hostname, url.port
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # no such file, or none of ours
        return False
    return host is not None and port is not None and understudy_at(host, port) is None


def _described(answer: Any) -> str | None:
    if not isinstance(answer, dict):
        return None
    if {"status", "version", "apis", "worlds"} <= answer.keys() and isinstance(answer["apis"], list):
        return f"an Understudy that serves {', '.join(map(str, answer['apis']))}"
    return "an Understudy" if "X-Mock-Token" in json.dumps(answer) else None
