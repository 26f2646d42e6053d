"""The journal: the last exchanges of a world, bounded, and how one is told to a person.

A trace is worked out when somebody asks. Must not judge: findings and rules do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from mock_server.clock import rfc3339
from mock_server.contract import Contract
from mock_server.exchange import Exchange, Headers

STEPS = ("route", "fault", "authenticate", "admit", "validate", "run", "page")
BOUND = 1000
LARGE = 1 << 14  # bytes of both bodies
ROOM = 1 << 24  # bytes of all large ones


class Journal:
    """The last exchanges, oldest first: at most `BOUND`, and of large ones no more than there is `ROOM` for."""

    __slots__ = ("_exchanges", "_large", "_taken", "count")

    def __init__(self) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=BOUND)
        self._large: list[tuple[int, int]] = []  # their numbers and bytes, oldest first
        self._taken = 0
        self.count = 0

    def __iter__(self) -> Iterator[Exchange]:
        return iter(self._exchanges)

    def keep(self, exchange: Exchange) -> None:
        """Append an exchange; the oldest go when there are too many, or too large ones."""
        self._exchanges.append(exchange)
        size = len(exchange.request.body) + len(exchange.response.body)
        if size > LARGE:
            self._large.append((exchange.id, size))
            self._taken += size
            if self._taken > ROOM:
                self._make_room()

    def find(self, id: int) -> Exchange | None:
        """The exchange `id`, None when it is gone or never was."""
        return next((exchange for exchange in self._exchanges if exchange.id == id), None)

    def clear(self) -> None:
        """Forget all exchanges; numbers go on."""
        self._exchanges.clear()
        self._large.clear()
        self._taken = 0

    def _make_room(self) -> None:
        """Let the oldest go until half of the room is free, but never the last one."""
        while self._taken > ROOM // 2 and len(self._large) > 1:
            id, size = self._large.pop(0)
            self._taken -= size
            while self._exchanges[0].id <= id:
                self._exchanges.popleft()


def summary(exchange: Exchange) -> dict[str, Any]:
    """One exchange in a line: number, time, method, path, status, reason, and what a person is told about it."""
    return {
        "id": exchange.id,
        "at": rfc3339(exchange.at),
        "api": exchange.api,
        "operation": exchange.operation,
        "method": exchange.request.method,
        "path": exchange.request.path,
        "query": exchange.request.query,
        "status": exchange.response.status,
        "reason": exchange.reason,
        "hint": exchange.response.header("x-mock-hint"),
        "warning": exchange.response.header("x-mock-warning"),
    }


def told(exchange: Exchange, contract: Contract | None) -> dict[str, Any]:
    """One exchange whole, with its trace: the steps that ran and the rules and assumptions that decided."""
    return {
        **summary(exchange),
        "request": {"headers": _headers(exchange.request.headers), "body": _text(exchange.request.body)},
        "response": {"headers": _headers(exchange.response.headers), "body": _text(exchange.response.body)},
        "trace": {
            "steps": list(STEPS[: STEPS.index(exchange.stop) + 1]),
            "decided": [_decided(id, contract) for id in dict.fromkeys(exchange.decided)],
        },
        "error": exchange.error,
    }


def _decided(id: str, contract: Contract | None) -> dict[str, str]:
    assumption = contract.assumptions.get(id) if contract else None
    if assumption is not None:
        return {"id": id, "basis": "assumed", "text": assumption.text}
    rule = next(rule for rule in contract.rules if rule.id == id) if contract else None
    return {"id": id, "basis": rule.basis if rule else "", "text": rule.text if rule else ""}


def _headers(headers: Headers) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")
