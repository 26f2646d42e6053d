"""Bodies of recorded messages: content codings removed within a bound, headers that spoke of them dropped."""

from __future__ import annotations

import re
import zlib
from importlib.util import find_spec

from understudy.engine import codings
from understudy.engine.exchange import Headers, find

MOST_BYTES = 1 << 26
"""The largest decoded body."""

_CHARSET = re.compile(rb'charset="?([A-Za-z0-9_.:-]+)"?', re.IGNORECASE)
_MOST_CODINGS = 4
_OF_CODING = (b"content-encoding", b"content-length", b"transfer-encoding")
_HOP = (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade", b"proxy-authorization")


class Undecoded(ValueError):
    """A body that cannot be decoded."""


def plain(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """Headers and body without content codings; raises Undecoded."""
    coding = find(headers, b"content-encoding")
    if coding is not None:
        body = _decoded(body, coding.decode("latin-1"))
    return _in_utf8(tuple(field for field in headers if field[0] not in _OF_CODING and field[0] not in _HOP), body)


def _in_utf8(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    """A text in the character set that its header names, in UTF-8; other bodies as they are."""
    charset = _CHARSET.search(find(headers, b"content-type") or b"")
    if charset is None or _is_text(body):
        return headers, body
    try:
        text = body.decode(charset[1].decode())
    except (LookupError, UnicodeDecodeError):
        return headers, body
    changed = tuple(
        (name, _CHARSET.sub(b"charset=utf-8", value) if name == b"content-type" else value) for name, value in headers
    )
    return changed, text.encode()


def _decoded(body: bytes, coding: str) -> bytes:
    """A decoded body. Recorders often store it decoded and keep its header: compressed data is no UTF-8 text."""
    if _is_text(body):
        return body
    names = [name for name in (part.strip().lower() for part in coding.split(",")) if name not in ("", "identity")]
    if len(names) > _MOST_CODINGS:
        raise Undecoded(f"its body has {len(names)} content codings; at most {_MOST_CODINGS} are read")
    for name in reversed(names):
        body = _without(body, name)
    return body


def _without(body: bytes, name: str) -> bytes:
    try:
        if name == "br" and find_spec("brotli") is not None:
            return _unbrotli(body)
        return codings.decode(body, name, most=MOST_BYTES)
    except codings.TooLarge as error:
        raise Undecoded(f"its body is larger than {MOST_BYTES:,} bytes when it is decoded") from error
    except codings.UnknownCoding as error:
        remedy = "; install brotli" if name == "br" else ""
        raise Undecoded(f"its body has the content coding {error}, which is not read{remedy}") from error
    except (ValueError, zlib.error) as error:
        raise Undecoded(f"its body is no {name}: {error}") from error


def _unbrotli(body: bytes) -> bytes:
    import brotli  # type: ignore[import-untyped, unused-ignore]

    stream = brotli.Decompressor()
    try:
        decoded: bytes = stream.process(body, output_buffer_limit=MOST_BYTES)
    except brotli.error as error:
        raise ValueError(str(error)) from error
    if len(decoded) > MOST_BYTES or not stream.can_accept_more_data():
        raise codings.TooLarge
    if not stream.is_finished():
        raise ValueError("it is cut off")
    return decoded


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
