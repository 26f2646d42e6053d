"""The request log of `understudy serve`: one line for each request.

Lines are written in batches, after the responses.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Protocol

from understudy.engine.clock import rfc3339
from understudy.engine.exchange import Exchange, Headers
from understudy.engine.journal import summary
from understudy.engine.masking import Mask

_DELAY = 0.05
_LONGEST_MESSAGE = 300  # characters


class Hides(Protocol):
    """Hides secrets in what a line shows of an exchange."""

    def line(self, exchange: Exchange) -> Exchange:
        """The exchange without secrets where a line shows it."""


class Log:
    """A log in one of FORMATS; `write` is called with whole lines, `mask` hides keys."""

    def __init__(self, format: str, write: Callable[[str], object], *, mask: Hides | None = None) -> None:
        self._line = FORMATS[format]
        self._write = write
        self._mask = mask or Mask()
        self._pending: list[str] = []

    def __call__(self, exchange: Exchange) -> None:
        """Log an exchange, unless it is a call of the control API; must be called inside an event loop."""
        if exchange.api == "control":
            return
        if not self._pending:
            asyncio.get_running_loop().call_later(_DELAY, self.flush)
        # rendered at once: a stored exchange would be work for the garbage collector
        self._pending.append(self._line(self._mask.line(exchange)))

    def flush(self) -> None:
        """Write the pending lines."""
        pending, self._pending = self._pending, []
        self._write("".join(pending))


def _text(exchange: Exchange) -> str:
    request = exchange.request
    target = f"{request.path}?{request.query}" if request.query else request.path
    reason = f" [{exchange.reason}]" if exchange.reason else ""
    message = f" {_in_one_line(exchange.message)}" if exchange.message else ""
    told = f"{exchange.response.status} {request.method} {target}{reason}{message}{_notes(exchange.response.headers)}"
    return f"{rfc3339(exchange.at)[11:23]} {told} #{exchange.world}.{exchange.id}\n"


def _in_one_line(text: str) -> str:
    return " ".join(text[:_LONGEST_MESSAGE].split())


def _notes(headers: Headers) -> str:
    noted = (value for name, value in headers if name in (b"x-mock-hint", b"x-mock-warning"))
    return "".join(f" ({value.decode('latin-1')})" for value in noted)


def _json(exchange: Exchange) -> str:
    return json.dumps({**summary(exchange), "world": exchange.world}) + "\n"


FORMATS: dict[str, Callable[[Exchange], str]] = {"text": _text, "json": _json}


def _text_dropped(count: int) -> str:
    return f"understudy: {count} lines of this log were dropped here: nobody read them\n"


def _json_dropped(count: int) -> str:
    return json.dumps({"dropped": count}) + "\n"


DROPPED: dict[str, Callable[[int], str]] = {"text": _text_dropped, "json": _json_dropped, "none": _text_dropped}
"""The line of each format that replaces a number of dropped lines."""
