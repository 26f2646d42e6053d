"""Entries of HTTP Archives (HAR 1.2). Must not know files, nor who sends the requests."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin

from understudy.engine.clock import rfc3339
from understudy.engine.exchange import Headers, find
from understudy.recording.cassette import reason, title
from understudy.recording.marks import mark
from understudy.recording.message import Odd, from_base64, headers_of, recorded, time_of, whole_number
from understudy.recording.recorded import Recorded

Json = Any
HEAD: dict[str, Json] = {"version": "1.2", "creator": {"name": "understudy", "version": "1"}}


def check_head(head: Mapping[str, Json]) -> None:
    """Raise Odd for a HAR of a version that is not read."""
    version = head.get("version", "1.2")
    if str(version) not in ("1.1", "1.2"):
        raise Odd(f"it is a HAR of version {version!r}; 1.1 and 1.2 are read")


def read_entry(value: Json, number: int) -> Recorded:
    """An entry of a HAR; raises Odd."""
    request, response = (value.get(name) if isinstance(value, Mapping) else None for name in ("request", "response"))
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        raise Odd(f"it has no {'response' if isinstance(request, Mapping) else 'request'}")
    fields = headers_of(request.get("headers"))
    return recorded(
        method=request.get("method"),
        url=request.get("url"),
        request=(_visible(fields), _posted(request.get("postData"), fields)),
        status=whole_number(response.get("status"), "the status"),
        response=(_visible(headers_of(response.get("headers"))), _content(response.get("content"))),
        at=time_of(value.get("startedDateTime")),
        number=number,
        partial=value.get("_partial") is True or _is_left_out(response.get("content")),
        ignore=value.get("_ignore") or (),
    )


def entry(exchange: Recorded) -> dict[str, Json]:
    """An exchange as an entry of a HAR. An unknown origin or time becomes that of an unknown host at the epoch."""
    request, response = exchange.request, exchange.response
    url = f"{exchange.origin or 'http://unknown.invalid'}{exchange.target}"
    sent: dict[str, Json] = {
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(request.headers),
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(request.query, True)],
        "headersSize": -1,
        "bodySize": len(request.body),
    }
    if request.body:
        sent["postData"] = {"mimeType": request.header("content-type") or "", **_text(request.body, "_encoding")}
    content = {"size": len(response.body), "mimeType": response.header("content-type") or ""}
    written: dict[str, Json] = {
        "startedDateTime": rfc3339(exchange.at or 0),
        "time": 0,
        "request": sent,
        "response": {
            "status": response.status,
            "statusText": reason(response.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(response.headers),
            "content": {**content, **(_text(response.body, "encoding") if response.body else {})},
            "redirectURL": urljoin(url, response.header("location") or "") if response.header("location") else "",
            "headersSize": -1,
            "bodySize": len(response.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    }
    return written | dict(_beside(exchange))


def _beside(exchange: Recorded) -> Iterator[tuple[str, Json]]:
    if exchange.ignore:
        yield "_ignore", list(exchange.ignore)
    if exchange.partial:
        yield "_partial", True
    marked = mark(exchange.response.status)
    if marked is not None:
        yield "_marked", marked


def _visible(headers: Headers) -> Headers:
    """The headers without those of HTTP/2's pseudo fields."""
    return tuple(field for field in headers if not field[0].startswith(b":"))


def _posted(data: Json, headers: Headers) -> bytes:
    """The body of a request: its text, or a form made of its parameters."""
    if not isinstance(data, Mapping):
        return b""
    if isinstance(data.get("text"), str) and (data["text"] or not data.get("params")):
        return _bytes(data["text"], data.get("encoding") or data.get("_encoding"))
    given = data.get("params") or ()
    if not isinstance(given, list | tuple):
        raise Odd(f"the params of its request's body are {repr(given)[:40]}, no list")
    params = [one for one in given if isinstance(one, Mapping)]
    if params and _type_of(data, headers) not in ("", "application/x-www-form-urlencoded"):
        raise Odd("its request's body is left out (only the names of a form's fields are there)")
    return urlencode([(str(one.get("name", "")), str(one.get("value", ""))) for one in params]).encode()


def _type_of(data: Mapping[str, Json], headers: Headers) -> str:
    """The media type of a posted body, in lower case and without parameters."""
    named = data.get("mimeType") or (find(headers, b"content-type") or b"").decode("latin-1")
    return str(named).partition(";")[0].strip().lower()


def _content(content: Json) -> bytes:
    text = content.get("text") if isinstance(content, Mapping) else None
    if text is not None and not isinstance(text, str):
        raise Odd(f"the text of its content is {repr(text)[:40]}, no text")
    return b"" if text is None else _bytes(text, content.get("encoding"))


def _is_left_out(content: Json) -> bool:
    """Whether a body was not kept: browsers leave out large ones, and all where they are told so."""
    if not isinstance(content, Mapping):
        return True
    return content.get("text") is None and content.get("size") != 0


def _bytes(text: str, encoding: Json) -> bytes:
    if str(encoding).lower() != "base64":
        return text.encode("utf-8", "surrogatepass")
    return from_base64(text)


def _text(body: bytes, name: str) -> dict[str, str]:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), name: "base64"}


def _pairs(headers: Headers) -> list[dict[str, str]]:
    return [{"name": title(name), "value": value.decode("latin-1")} for name, value in headers]
