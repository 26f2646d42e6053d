"""Request, Response and Exchange: frozen values that all parts share.

The pipeline makes exchanges, the journal keeps them, rules judge the server by them, recordings are
exchanges on disk. Must not know an HTTP library. They are msgspec structs for speed: a named tuple takes
four times as long to make, a frozen dataclass more, and the garbage collector walks both.
"""

from typing import Any

import msgspec

Headers = tuple[tuple[bytes, bytes], ...]


class Request(msgspec.Struct, frozen=True, gc=False):
    """What a client sent. `path` and `query` are raw (percent-encoded); header names are lower case.

    `oversized` marks a body larger than its operation allows, which was not read. `root_path` is what was sent before
    `path`: that of a world's own URL.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    oversized: bool = False
    root_path: str = ""

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (lower case), or None."""
        return _text(find(self.headers, name.encode()))


class Response(msgspec.Struct, frozen=True, gc=False):
    """What the server returned. Header names are lower case."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of the header `name` (lower case), or None."""
        return _text(find(self.headers, name.encode()))

    def json(self) -> Any:
        """The decoded body; raises `msgspec.DecodeError` for invalid JSON or JSON nested too deeply."""
        try:
            return msgspec.json.decode(self.body)
        except RecursionError as error:
            raise msgspec.DecodeError("it is nested too deeply") from error


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """One request and its response, with operation, time, world and trace.

    `at` is the world's time in milliseconds since the epoch; `stop` names the pipeline step that responded; `reason`
    classifies a refusal (None without one); `trace` holds the ids of the rules and assumptions consulted; `error` is
    the traceback of an internal error.
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
    """The media type of a body in lower case, without parameters (RFC 9110, 8.3.1); empty when there is none."""
    return (message.header("content-type") or "").partition(";")[0].strip().lower()


def find(headers: Headers, name: bytes) -> bytes | None:
    """The first value of the header `name` (lower case), or None."""
    for key, value in headers:
        if key == name:
            return value
    return None


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
