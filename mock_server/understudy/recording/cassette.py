"""Interactions of cassettes: those of VCR.py (format 1), and those of Betamax, VCR and Schemathesis.

Must not know files, nor who sends the requests.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from understudy.engine.clock import rfc3339
from understudy.engine.exchange import Headers
from understudy.recording.marks import mark
from understudy.recording.message import Odd, from_base64, headers_of, recorded, time_of, whole_number
from understudy.recording.recorded import Recorded
from understudy.recording.tree import Tagged

Json = Any


def check_head(head: Mapping[str, Json]) -> None:
    """Raise Odd for a cassette of a version that is not read."""
    version = head.get("version", 1)
    if version not in (1, "1", 1.0):
        raise Odd(f"it is a cassette of version {version!r}; version 1 is read")


def read_interaction(value: Json, number: int, *, partial: bool = False) -> Recorded:
    """An interaction of any of these formats; raises Odd."""
    request, response = _mapping(value, "request"), _mapping(value, "response")
    status = response.get("status")
    code = status.get("code") if isinstance(status, Mapping) else status
    return recorded(
        method=request.get("method"),
        url=request.get("uri"),
        request=(headers_of(request.get("headers")), _body(request.get("body"))),
        status=whole_number(code, "the status"),
        response=(headers_of(response.get("headers")), _body(response.get("body"))),
        at=time_of(value.get("recorded_at")),
        number=number,
        partial=partial or value.get("partial") is True,
        ignore=value.get("ignore") or (),
    )


def vcr_interaction(exchange: Recorded, *, binary: bool) -> dict[str, Json]:
    """An exchange as an interaction of VCR.py; `binary` says whether the format has bytes. Raises Odd."""
    request, response = exchange.request, exchange.response
    written: dict[str, Json] = {
        "request": {
            "method": request.method,
            "uri": f"{exchange.origin}{exchange.target}",
            "body": _text(request.body, binary=binary) if request.body else None,
            "headers": _by_name(request.headers),
        },
        "response": {
            "status": {"code": response.status, "message": reason(response.status)},
            "headers": _by_name(response.headers),
            "body": {"string": _text(response.body, binary=binary)},
        },
    }
    return written | _beside(exchange)


def betamax_interaction(exchange: Recorded) -> dict[str, Json]:
    """An exchange as an interaction of Betamax."""
    request, response = exchange.request, exchange.response
    url = f"{exchange.origin}{exchange.target}"
    written: dict[str, Json] = {
        "request": {
            "method": request.method,
            "uri": url,
            "body": _encoded(request.body),
            "headers": _by_name(request.headers),
        },
        "response": {
            "status": {"code": response.status, "message": reason(response.status)},
            "headers": _by_name(response.headers),
            "body": _encoded(response.body),
            "url": url,
        },
    }
    return written | {"recorded_at": rfc3339(exchange.at or 0)[:19]} | _beside(exchange)


def reason(status: int) -> str:
    """The usual reason phrase of a status; empty for an unknown one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _beside(exchange: Recorded) -> dict[str, Json]:
    """The members of an interaction that only we and other tools of these formats have."""
    beside: dict[str, Json] = {}
    if exchange.at is not None:
        beside["recorded_at"] = rfc3339(exchange.at)
    if exchange.ignore:
        beside["ignore"] = list(exchange.ignore)
    if exchange.partial:
        beside["partial"] = True
    marked = mark(exchange.response.status)
    if marked is not None:
        beside["marked"] = marked
    return beside


def _mapping(value: Json, name: str) -> Mapping[str, Json]:
    found = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(found, Mapping):
        raise Odd(f"it has no {name}")
    return found


def _body(body: Json) -> bytes:
    """The bytes of a body: a text, bytes, or an object with `string` or `base64_string`; JSON of anything else."""
    if isinstance(body, Mapping) and "base64_string" in body:
        encoded = body["base64_string"] or ""
        return from_base64(encoded.decode("latin-1") if isinstance(encoded, bytes) else str(encoded))
    if isinstance(body, Mapping) and "string" in body:
        encoding = body.get("encoding")
        return _bytes(body["string"], encoding if isinstance(encoding, str) else "utf-8")
    return _bytes(body, "utf-8") if body != {} else b""


def _bytes(body: Json, encoding: str) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    if isinstance(body, Tagged):
        raise Odd(f"its body has the YAML tag {body.tag}, which is not read")
    if not isinstance(body, str):
        return msgspec.json.encode(body)
    try:
        return body.encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return body.encode("utf-8", "surrogatepass")


def _text(body: bytes, *, binary: bool) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        if not binary:
            raise Odd("its body is binary, which a JSON cassette cannot hold; write YAML or HAR") from error
        return body


def _encoded(body: bytes) -> dict[str, str]:
    try:
        return {"encoding": "utf-8", "string": body.decode()}
    except UnicodeDecodeError:
        return {"encoding": "utf-8", "base64_string": base64.b64encode(body).decode()}


def _by_name(headers: Headers) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(title(name), []).append(value.decode("latin-1"))
    return fields


def title(name: bytes) -> str:
    """A header's name as it is usually written: `content-type` as `Content-Type`."""
    return "-".join(word.capitalize() for word in name.decode("latin-1").split("-"))


def dump_yaml(values: Iterable[Json]) -> str:
    """Interactions as the items of a YAML list."""
    import yaml

    return yaml.dump(list(values), Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=1 << 30)


def _dumper() -> type:
    import yaml

    class Dumper(yaml.CSafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    return Dumper
