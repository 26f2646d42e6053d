"""Recorded exchanges, and the recording that holds them. Must not know a file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from understudy.engine.exchange import Request, Response


class Recorded(NamedTuple):
    """One recorded exchange; bodies are decoded, header names are lower case.

    `ignore` are JSON pointers into the response body that are not compared; of a `partial` response, other values than
    the recorded ones may be there. `origin` is scheme and host (empty: unknown), `at` the time in milliseconds since
    the epoch (None: unknown), `number` the position in its file, from 1.
    """

    request: Request
    response: Response
    ignore: tuple[str, ...] = ()
    origin: str = ""
    at: int | None = None
    number: int = 0
    partial: bool = False

    @property
    def host(self) -> str:
        """The host without its port, in lower case; empty when it is unknown."""
        return host_of(self.origin)

    @property
    def target(self) -> str:
        """Path and query."""
        request = self.request
        return f"{request.path}?{request.query}" if request.query else request.path


@dataclass(frozen=True, slots=True)
class Recording:
    """The exchanges of one file, in order. `problems` tells what of it cannot be read, a line each.

    `left_out` counts, by kind, what is in it and is no exchange of HTTP.
    """

    file: Path
    exchanges: tuple[Recorded, ...]
    problems: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)

    def place(self, exchange: Recorded) -> str:
        """The file and position of an exchange, for a message."""
        return f"{self.file}: interaction {exchange.number}"


def host_of(origin: str) -> str:
    """The host of `scheme://host:port`, in lower case."""
    authority = origin.rpartition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    if authority.startswith("["):
        return authority.partition("]")[0] + "]"
    return authority.partition(":")[0]
