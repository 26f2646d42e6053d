"""An answer as it arrived, made the same whatever carried it: header names, blanks, repeated headers, encodings.

Must not know how it was carried, nor judge it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping

import brotli  # type: ignore[import-untyped]

from understudy.engine.exchange import Headers, Response

LARGEST = 64 * 2**20
"""Bytes of a body, decoded, that are read at most."""


class Unreadable(ValueError):
    """A body that cannot be read, and why."""


def answer(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Response:
    """The answer of these parts; raises Unreadable when its Content-Encoding is unknown or not that of its body.

    A repeated header is one with all its values (RFC 9110, 5.3), and blanks around a value are none of it (5.5).
    """
    joined = _joined(headers)
    encodings = dict(joined).get(b"content-encoding", b"").decode("latin-1").lower()
    named = [name for part in encodings.split(",") if (name := part.strip()) not in ("", "identity")]
    if not named or not body:
        return Response(status, joined, body)
    for name in reversed(named):
        body = _decoded(name, body)
    gone = (b"content-encoding", b"content-length")
    return Response(status, tuple(header for header in joined if header[0] not in gone), body)


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Each header once, but for Set-Cookie, whose values cannot be joined (RFC 9110, 5.3)."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    cookies = tuple((b"set-cookie", value) for value in found.pop(b"set-cookie", ()))
    return (*((name, b", ".join(values)) for name, values in found.items()), *cookies)


def _decoded(name: str, body: bytes) -> bytes:
    if name not in _DECODERS:
        raise Unreadable(f"its Content-Encoding {name} is not known here (known: {', '.join(_DECODERS)})")
    try:
        decoded = _DECODERS[name](body)
    except (zlib.error, brotli.error) as error:
        raise Unreadable(f"its body is not the {name} that its Content-Encoding names: {error}") from error
    if len(decoded) > LARGEST:
        raise Unreadable(f"its body has more than {LARGEST:,} bytes")
    return decoded


def _inflated(body: bytes, bits: int) -> bytes:
    """What is compressed in `body`, in one part or several; a little more than LARGEST of it at most."""
    parts: list[bytes] = []
    while body and sum(map(len, parts)) <= LARGEST:
        part = zlib.decompressobj(bits)
        parts.append(part.decompress(body, LARGEST + 1))
        if not part.eof and not part.unconsumed_tail:
            raise zlib.error("it is cut off")
        body = part.unused_data
    return b"".join(parts)


def _deflated(body: bytes) -> bytes:
    """RFC 9110 (8.4.1.2) means the zlib format; many servers send the bare data in it."""
    try:
        return _inflated(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS)


def _unbrotlied(body: bytes) -> bytes:
    part = brotli.Decompressor()
    decoded: bytes = part.process(body, output_buffer_limit=LARGEST + 1)
    if not part.is_finished() and len(decoded) <= LARGEST:
        raise brotli.error("it is cut off")
    return decoded


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: _inflated(body, 16 + zlib.MAX_WBITS),
    "x-gzip": lambda body: _inflated(body, 16 + zlib.MAX_WBITS),
    "deflate": _deflated,
    "br": _unbrotlied,
}
