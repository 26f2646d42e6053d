"""Connections that acknowledge at once what arrives.

A server with Nagle's algorithm that writes head and body of a response one by one sends the body only when the head is
acknowledged; a delayed acknowledgement then costs 40 ms for each response. Must not know any request.
"""

from __future__ import annotations

import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_QUICK = getattr(socket, "TCP_QUICKACK", None)
"""The socket option, which only Linux has; the kernel forgets it, so it is set for each response."""


class _Plain(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _acknowledge_at_once(self.sock)
        return super().getresponse()


class _Encrypted(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        _acknowledge_at_once(self.sock)
        return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


class Adapter(HTTPAdapter):
    """An adapter of requests with such connections."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}


def _acknowledge_at_once(connected: socket.socket | None) -> None:
    if _QUICK is not None and connected is not None:
        connected.setsockopt(socket.IPPROTO_TCP, _QUICK, 1)
