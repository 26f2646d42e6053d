"""Content codings of request bodies: gzip and deflate, with a bound on what comes out.

RFC 9110, 8.4. Must not know HTTP's transport, nor any API.
"""

from __future__ import annotations

import zlib

KNOWN = ("gzip", "deflate")
_GZIP, _RAW = 16 + zlib.MAX_WBITS, -zlib.MAX_WBITS
_MOST = 4  # codings of one body


class UnknownCoding(Exception):
    """A coding that is not supported; its name is the argument."""


class TooLarge(Exception):
    """More comes out than the bound allows."""


def decode(content: bytes, codings: str, *, most: int) -> bytes:
    """`content` without the codings that a Content-Encoding header lists, the last one first.

    Raises UnknownCoding, TooLarge when more than `most` bytes come out, and ValueError when a coding is not kept to.
    """
    names = [name.strip().lower().removeprefix("x-") for name in codings.split(",")]
    names = [name for name in names if name not in ("", "identity")]
    unknown = [name for name in names if name not in KNOWN] or names[_MOST:]
    if unknown:
        raise UnknownCoding(unknown[0][:80])
    for name in reversed(names):
        content = _gunzip(content, most) if name == "gzip" else _inflate(content, most)
    return content


def _gunzip(content: bytes, most: int) -> bytes:
    """All members of a gzip file (RFC 1952, 2.2)."""
    parts, size = [], 0
    while content:
        part, content = _expand(content, _GZIP, most - size)
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _inflate(content: bytes, most: int) -> bytes:
    """A zlib stream, or a bare deflate stream, which some clients send (RFC 9110, 8.4.1.2)."""
    try:
        part, rest = _expand(content, zlib.MAX_WBITS, most)
    except ValueError:
        part, rest = _expand(content, _RAW, most)
    if rest:
        raise ValueError("something follows the compressed data")
    return part


def _expand(content: bytes, window: int, most: int) -> tuple[bytes, bytes]:
    """What one stream holds, and what follows it."""
    stream = zlib.decompressobj(window)
    try:
        part = stream.decompress(content, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(part) > most:
        raise TooLarge
    if not stream.eof:
        raise ValueError("the compressed data is cut off")
    return part, stream.unused_data
