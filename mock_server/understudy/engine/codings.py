"""Content codings of request bodies (RFC 9110, 8.4): gzip and deflate, with a bound on the decoded size.

Must not know HTTP's transport, nor any API.
"""

from __future__ import annotations

import zlib

KNOWN = ("gzip", "deflate")
_GZIP, _RAW = 16 + zlib.MAX_WBITS, -zlib.MAX_WBITS
_MOST = 4  # codings of one body
_MOST_MEMBERS = 10_000  # of one gzip file
_FIRST_PIECE = 1 << 12  # bytes of a stream that are read first


class UnknownCoding(Exception):
    """An unsupported coding, whose name is the argument."""


class TooLarge(Exception):
    """The decoded body exceeds the bound."""


def decode(content: bytes, codings: str, *, most: int) -> bytes:
    """`content` without the codings of a Content-Encoding header, the last one first.

    Raises UnknownCoding, TooLarge above `most` bytes, and ValueError for invalid data.
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
    parts: list[bytes] = []
    size = start = 0
    while start < len(content):
        if len(parts) == _MOST_MEMBERS:
            raise ValueError(f"there are more than {_MOST_MEMBERS} gzip members")
        part, start = _expand(content, _GZIP, start=start, most=most - size)
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _inflate(content: bytes, most: int) -> bytes:
    """A zlib stream, or a bare deflate stream, which some clients send (RFC 9110, 8.4.1.2)."""
    try:
        part, end = _expand(content, zlib.MAX_WBITS, start=0, most=most)
    except ValueError:
        part, end = _expand(content, _RAW, start=0, most=most)
    if end < len(content):
        raise ValueError("something follows the compressed data")
    return part


def _expand(content: bytes, window: int, *, start: int, most: int) -> tuple[bytes, int]:
    """The decompressed data of the stream at `start`, and the end of the stream."""
    stream, size, piece = zlib.decompressobj(window), 0, _FIRST_PIECE
    parts: list[bytes] = []
    while not stream.eof:
        given = content[start : start + piece]
        if not given:
            raise ValueError("the compressed data is cut off")
        try:
            part = stream.decompress(given, most + 1 - size)
        except zlib.error as error:
            raise ValueError(str(error)) from None
        parts.append(part)
        size += len(part)
        if size > most:
            raise TooLarge
        start += len(given) - len(stream.unused_data)
        piece *= 2  # zlib copies unused input: growing pieces keep that linear
    return b"".join(parts), start
