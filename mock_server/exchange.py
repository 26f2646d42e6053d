"""The one currency: frozen Request, Response and Exchange.

The pipeline makes exchanges, the journal keeps them, rules judge the server by them, recordings are
exchanges on disk. No HTTP library is known here. They are named tuples because one of each is made
per request and a frozen dataclass takes four times as long.
"""

from typing import Any, NamedTuple

import msgspec

Headers = tuple[tuple[bytes, bytes], ...]


class Request(NamedTuple):
    """What a client sent. `path` and `query` are raw (still percent-encoded); header names are lower case."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (lower case), or None."""
        return _find(self.headers, name)


class Response(NamedTuple):
    """What was answered. Header names are lower case."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (lower case), or None."""
        return _find(self.headers, name)

    def json(self) -> Any:
        """The body read as JSON; raises `msgspec.DecodeError` when it is none."""
        return msgspec.json.decode(self.body)


class Exchange(NamedTuple):
    """One request and its response, with all that a reader needs to explain it.

    `at` is the world's time in milliseconds since the epoch; `stop` names the pipeline step that answered;
    `reason` is why it was refused (None when it was not); `decided` holds the ids of the rules and
    assumptions that were asked on the way; `error` is the traceback of an internal fault.
    """

    id: int
    world: str
    api: str
    operation: str | None
    at: int
    request: Request
    response: Response
    stop: str
    reason: str | None
    decided: tuple[str, ...]
    error: str | None


def _find(headers: Headers, name: str) -> str | None:
    wanted = name.encode()
    for key, value in headers:
        if key == wanted:
            return value.decode("latin-1")
    return None
