"""X-Mock-Warning: the parts of a request that a helpful server ignored.

Sent by no vendor and no strict server. Values are printable ASCII, bounded, and never contain a key.
"""

from __future__ import annotations

from collections.abc import Iterable

from understudy.engine.call import Call

MAX_LENGTH = 300  # characters of a header value


def warn(call: Call, texts: Iterable[str]) -> None:
    """Append texts to X-Mock-Warning; does nothing on a strict server."""
    text = "; ".join(texts)
    if text and call.world.server.helpful:
        before = [value.decode() for name, value in call.headers if name == b"x-mock-warning"]
        rest = tuple(header for header in call.headers if header[0] != b"x-mock-warning")
        call.headers = (*rest, (b"x-mock-warning", printable("; ".join((*before, text)))))


def printable(text: str) -> bytes:
    """A text as a header value: printable ASCII, at most `MAX_LENGTH` characters."""
    value = text[:MAX_LENGTH].encode("unicode_escape").replace(b"\\\\", b"\\")
    return value if len(value) <= MAX_LENGTH else value[: MAX_LENGTH - 3] + b"..."
