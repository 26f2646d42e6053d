"""Normalized responses: header names, blanks, repeated headers and content encodings, the same for every transport.

Must not know the transport, nor judge a response.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping

import brotli  # type: ignore[import-untyped]

from understudy.engine.exchange import Headers, Response

LARGEST = 64 * 2**20
"""The most bytes of a decoded body."""


class Unreadable(ValueError):
    """A body that cannot be read; the message is the reason."""


def normalize(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Response:
    """Join repeated headers (RFC 9110, 5.3), strip blanks around values (5.5) and decode the body.

    Raises Unreadable when the Content-Encoding is unknown or does not match the body.
    """
    joined = _joined(headers)
    encodings = dict(joined).get(b"content-encoding", b"").decode("latin-1").lower()
    encodings_used = [name for part in encodings.split(",") if (name := part.strip()) not in ("", "identity")]
    if not encodings_used or not body:
        return Response(status, joined, body)
    for name in reversed(encodings_used):
        body = _decode(name, body)
    removed = (b"content-encoding", b"content-length")
    return Response(status, tuple(header for header in joined if header[0] not in removed), body)


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Join repeated headers, except Set-Cookie, whose values cannot be joined (RFC 9110, 5.3)."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    cookies = tuple((b"set-cookie", value) for value in found.pop(b"set-cookie", ()))
    return (*((name, b", ".join(values)) for name, values in found.items()), *cookies)


def _decode(name: str, body: bytes) -> bytes:
    if name not in _DECODERS:
        raise Unreadable(f"its Content-Encoding {name} is not known here (known: {', '.join(_DECODERS)})")
    try:
        decoded = _DECODERS[name](body)
    except (zlib.error, brotli.error) as error:
        raise Unreadable(f"its body is not the {name} that its Content-Encoding names: {error}") from error
    if len(decoded) > LARGEST:
        raise Unreadable(f"its body has more than {LARGEST:,} bytes")
    return decoded


def _inflate(body: bytes, bits: int) -> bytes:
    """Decompress a body of one part or several, up to a little more than LARGEST bytes."""
    parts: list[bytes] = []
    while body and sum(map(len, parts)) <= LARGEST:
        part = zlib.decompressobj(bits)
        parts.append(part.decompress(body, LARGEST + 1))
        if not part.eof and not part.unconsumed_tail:
            raise zlib.error("it is cut off")
        body = part.unused_data
    return b"".join(parts)


def _inflate_zlib_or_raw(body: bytes) -> bytes:
    """Decompress the zlib format (RFC 9110, 8.4.1.2), or the raw deflate data that many servers send instead."""
    try:
        return _inflate(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflate(body, -zlib.MAX_WBITS)


def _decode_brotli(body: bytes) -> bytes:
    part = brotli.Decompressor()
    decoded: bytes = part.process(body, output_buffer_limit=LARGEST + 1)
    if not part.is_finished() and len(decoded) <= LARGEST:
        raise brotli.error("it is cut off")
    return decoded


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: _inflate(body, 16 + zlib.MAX_WBITS),
    "x-gzip": lambda body: _inflate(body, 16 + zlib.MAX_WBITS),
    "deflate": _inflate_zlib_or_raw,
    "br": _decode_brotli,
}
