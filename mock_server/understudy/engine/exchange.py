"""Request, Response and Exchange: frozen values that all parts share.

The pipeline makes exchanges, the journal keeps them, rules judge the server by them, recordings are
exchanges on disk. Must not know an HTTP library. They are msgspec structs for speed: a named tuple takes
four times as long to make, a frozen dataclass more, and the garbage collector walks both.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from understudy.engine.credential import Credential

Headers = tuple[tuple[bytes, bytes], ...]
Bucket = tuple[str, int, int, int, bool]
"""A rate window after a request: whose it is (`credential` or `tenant`), milliseconds, requests allowed, requests used,
and whether a failed request is given back."""
Write = tuple[object, str, bytes | None, bytes | None]
"""A record that was written: its Layout and id, and its encoded form before and after (None: there was none)."""


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
    classifies a refusal (None without one), `message` explains it; `trace` holds the ids of the rules and assumptions
    consulted, whose values were `assumptions`; `error` is the traceback of an internal error. `flat_buckets` and
    `flat_writes` hold the members of each Bucket and Write in a row, since every object that a journal keeps is work
    for the garbage collector.
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
    message: str | None = None
    caller: Credential | None = None
    flat_buckets: tuple[Any, ...] = ()
    flat_writes: Sequence[Any] = ()
    assumptions: Mapping[str, Any] = {}

    @property
    def buckets(self) -> list[Bucket]:
        """The rate windows that counted the request."""
        return list(zip(*[iter(self.flat_buckets)] * 5, strict=True))

    @property
    def writes(self) -> list[Write]:
        """What was written, in order."""
        return list(zip(*[iter(self.flat_writes)] * 4, strict=True))

    @property
    def name(self) -> str:
        """The id by which this exchange is found in any world: `w_1.12`, or `12` in the default one."""
        return exchange_name(self.world, self.id)


def exchange_name(world: str, id: int) -> str:
    """The id of an exchange with its world, which is left out for the default one."""
    return str(id) if world == "default" else f"{world}.{id}"


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
