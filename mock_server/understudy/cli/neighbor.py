"""Other servers on this machine: the owner of a taken port, and of a ready file that was left behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

_TIMEOUT = 1.0  # seconds; the owner of the port may not speak HTTP
_LONGEST = 1 << 16  # bytes that are read of a response


class NoAnswer(Exception):
    """There is no server, or one that speaks no JSON over HTTP."""


def understudy_at(host: str, port: int) -> str | None:
    """A description of the Understudy at an address, with TLS or without; None when there is none."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    for scheme in ("http", "https"):
        try:
            _, health = get_json(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/__mock__/health")
        except NoAnswer:
            continue
        return _description(health)
    return None


def get_json(
    url: str, *, headers: Mapping[str, str] | None = None, ca_file: str | None = None, most: int = _LONGEST
) -> tuple[int, Any]:
    """The status and the decoded body (at most so many bytes) of a GET, whatever proxies are set; raises NoAnswer.

    Without a `ca_file` no certificate is checked: what is asked is no secret, and the server a neighbor.
    """
    parts = urlsplit(url)
    try:
        with closing(_connection(parts, ca_file)) as connection:
            connection.request("GET", parts.path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read(most))
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error


def _connection(parts: SplitResult, ca_file: str | None) -> HTTPConnection:
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "http":
        return HTTPConnection(host, port, timeout=_TIMEOUT)
    import ssl  # takes 15 ms

    context = ssl.create_default_context(cafile=ca_file)
    if ca_file is None:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=_TIMEOUT, context=context)


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
