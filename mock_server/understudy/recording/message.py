"""A recorded exchange from its parts, as files hold them: URL, headers in any form, bodies, time."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from understudy.engine.clock import milliseconds
from understudy.engine.exchange import Headers, Request, Response, find
from understudy.recording.bodies import Undecoded, plain
from understudy.recording.recorded import Recorded
from understudy.recording.tree import Tagged

Json = Any
Message = tuple[Headers, bytes]
_SAFE = "%:@!$&'()*+,;=~-._/?[]{}|^`\"<>\\"
_NO_HTTP = ("ws", "wss", "data", "blob", "about", "file", "filesystem", "chrome", "javascript")
_WORLD = re.compile(r"/@w_[0-9A-Za-z]{12}(?=/)")
_OF_URLS = str.maketrans("-_", "+/")
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")


class Odd(ValueError):
    """An interaction that cannot be read; the message says why."""


class NoAnswer(Odd):
    """An interaction without an answer of HTTP, as browsers write them; the message names its kind."""


def recorded(
    *,
    method: Json,
    url: Json,
    request: Message,
    status: int,
    response: Message,
    at: int | None,
    number: int,
    partial: bool = False,
    ignore: Json = (),
) -> Recorded:
    """An exchange of these parts, bodies decoded; raises Odd."""
    if not isinstance(method, str) or not _METHOD.fullmatch(method):
        raise Odd(f"its method is {method!r}")
    origin, path, query = split_url(url)
    if status in (0, 101):
        raise NoAnswer("never answered" if status == 0 else "a connection of another protocol")
    if not 100 <= status <= 599:
        raise Odd(f"its status is {status}")
    if not isinstance(ignore, list | tuple) or not all(isinstance(one, str) for one in ignore):
        raise Odd("its ignore is no list of JSON pointers")
    try:
        sent, answered = plain(*request), plain(*response)
    except Undecoded as error:
        raise Odd(str(error)) from error
    return Recorded(
        Request(method.upper(), path, query, *sent),
        Response(status, *answered),
        tuple(ignore),
        origin,
        at if at is not None else _date(answered[0]),
        number,
        partial,
    )


def split_url(url: Json) -> tuple[str, str, str]:
    """Origin, raw path and raw query of a URL; raises Odd. The origin has no user, and may be empty.

    A world's own URL belongs to the origin, so that its exchanges are those of any service.
    """
    if not isinstance(url, str):
        raise Odd(f"its URL is {url!r}")
    try:
        parts = urlsplit(url)
        authority = parts.netloc.rpartition("@")[2]
        _ = parts.port
        _ = url.encode()
    except ValueError as error:
        raise Odd(f"its URL is {url[:200]!r}: {error}") from error
    if parts.scheme in _NO_HTTP or parts.scheme.endswith("-extension"):
        raise NoAnswer(f"{parts.scheme}: URL")
    if parts.scheme not in ("http", "https", ""):
        raise Odd(f"its URL has the scheme {parts.scheme[:40]}")
    origin = f"{parts.scheme or 'http'}://{authority}" if authority else ""
    world = _WORLD.match(parts.path)
    if origin and world is not None:
        origin += world[0]
    path = quote(parts.path[world.end() if world is not None else 0 :], safe=_SAFE) or "/"
    return origin, path if path.startswith("/") else f"/{path}", quote(parts.query, safe=_SAFE)


def headers_of(headers: Json) -> Headers:
    """The fields of headers in any form: a mapping of names to a value or values, pairs, or a text. Raises Odd."""
    if isinstance(headers, Tagged):
        raise Odd(f"its headers have the YAML tag {headers.tag}, which is not read")
    try:
        return tuple((name.strip().lower().encode("latin-1"), _value(value)) for name, value in _fields(headers))
    except (UnicodeEncodeError, TypeError, ValueError, AttributeError) as error:
        raise Odd("its headers are neither a mapping, nor a list of name and value, nor a text") from error


def _fields(headers: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(headers, str):
        lines = (line.partition(":") for line in headers.splitlines() if ":" in line[1:])
        yield from ((name, value) for name, _, value in lines)
    elif isinstance(headers, Mapping):
        for name, values in headers.items():
            for value in values if isinstance(values, list | tuple) else [values]:
                yield str(name), value
    else:
        for field in headers or ():
            if isinstance(field, Mapping):
                yield field.get("name", ""), field.get("value", "")
            else:
                name, value = field
                yield name, value


def _value(value: Json) -> bytes:
    if isinstance(value, bytes):
        return value.strip()
    text = "" if value is None else value if isinstance(value, str) else str(value)
    text = re.sub(r"[\r\n]+[ \t]*", " ", text).strip()  # obsolete line folding (RFC 9112, 5.2)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


def from_base64(text: str) -> bytes:
    """The bytes of a base64 text in either alphabet, which may have line breaks and lack its end; raises Odd."""
    try:
        plain = "".join(text.split()).translate(_OF_URLS).rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Odd(f"its body is no base64: {error}") from error


def whole_number(value: Json, what: str) -> int:
    """A number, or a text of digits; raises Odd."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Odd(f"{what} is {value!r}")
    try:
        return int(value)
    except (ValueError, OverflowError) as error:
        raise Odd(f"{what} is {value!r}") from error


def time_of(text: Json) -> int | None:
    """A time as RFC 3339 or HTTP writes it (Ruby's VCR does), in milliseconds; None for another value."""
    try:
        return milliseconds(text) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return _http_date(text)


def _date(headers: Headers) -> int | None:
    """The time of a Date header, in milliseconds."""
    value = find(headers, b"date")
    return None if value is None else _http_date(value.decode("latin-1"))


def _http_date(text: str) -> int | None:
    try:
        return round(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError):
        return None
