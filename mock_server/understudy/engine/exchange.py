"""The one currency: frozen Request, Response and Exchange.

The pipeline makes exchanges, the journal keeps them, rules judge the server by them, recordings are
exchanges on disk. No HTTP library is known here. They are msgspec's structs because one of each is made
per request: a named tuple takes four times as long, a frozen dataclass more, and the garbage collector
walks both.
"""

from typing import Any

import msgspec

Headers = tuple[tuple[bytes, bytes], ...]


class Request(msgspec.Struct, frozen=True, gc=False):
    """What a client sent. `path` and `query` are raw (still percent-encoded); header names are lower case.

    `oversized` says that the body is larger than its operation takes, and was not read.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    oversized: bool = False

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (lower case), or None."""
        return _text(find(self.headers, name.encode()))


class Response(msgspec.Struct, frozen=True, gc=False):
    """What was answered. Header names are lower case."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (lower case), or None."""
        return _text(find(self.headers, name.encode()))

    def json(self) -> Any:
        """The body read as JSON; raises `msgspec.DecodeError` when it is none, or nested too deeply to be read."""
        try:
            return msgspec.json.decode(self.body)
        except RecursionError as error:
            raise msgspec.DecodeError("it is nested too deeply") from error


class Exchange(msgspec.Struct, frozen=True, gc=False):
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
    trace: tuple[str, ...]
    error: str | None


def body_type(message: Request | Response) -> str:
    """The type of a body in lower case, without parameters (RFC 9110, 8.3.1); "" when it has none."""
    return (message.header("content-type") or "").partition(";")[0].strip().lower()


def find(headers: Headers, name: bytes) -> bytes | None:
    """The first value of the header `name` (lower case), or None."""
    for key, value in headers:
        if key == name:
            return value
    return None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
