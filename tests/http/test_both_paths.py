"""The uvicorn protocol and the plain ASGI path answer the same requests alike."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from test_bad_input import BAD

from conftest import MANY
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.target import installed
from wire import answers, spoken

pytestmark = pytest.mark.beside

KEYS = {
    "nextstep": ("authorization", "Bearer nxs_live_your_key"),
    "kognitos": ("x-api-key", "YOUR_API_KEY"),
    "tallyfy": ("authorization", "Bearer YOUR_PERSONAL_ACCESS_TOKEN"),
}
PLACES = {"org_id": "YOUR_ORGANIZATION_ID"}
WORLD = "w_RIwE188GjQ0p"  # the first one that is made
OWN_OF_THE_EDGE = ("date", "connection", "content-length")
Headers = tuple[tuple[str, str], ...]


def requests(apis: list[Api]) -> Iterator[tuple[str, str, Headers, bytes]]:
    """Method, target, headers and body: each operation, valid and invalid, pages, methods, origins, codings."""
    page = ("origin", "http://localhost:3000")
    typed = ("content-type", "application/json")
    for api in apis:
        key = KEYS.get(api.name, ("x-none", "x"))
        for operation in api.contract.operations.values():
            path = api.contract.prefixes[0] + operation.path
            for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
                path = path.replace(f"{{{name}}}", PLACES.get(name, "x"))
            own = (key, ("x-tallyfy-client", "x"), ("accept", "application/json"))
            for method in (operation.method, "HEAD", "OPTIONS", "PUT", "PROPFIND"):
                yield method, path, (*own, page), b""
                yield method, path, (typed,), b"{}"
            yield operation.method, path, (*own, typed), b"{}"
            yield operation.method, path + "?limit=0&limit=1", own, b""
            yield operation.method, path, (*own, typed, ("content-encoding", "gzip")), gzip.compress(b"{}")
            yield operation.method, path, (*own, typed, ("content-encoding", "br")), b"{}"
            yield operation.method, path, ((key[0], f"{key[1]} \t"), typed), b"["
            yield operation.method, path, (*own, typed, page), json.dumps({"a": "x" * 20_000}).encode()
    asked = ("access-control-request-method", "PATCH")
    plain = ("/", "/nope", "/api/v1/x", "/__mock__/docs", "/__mock__/openapi/nextstep.yaml", "/__mock__/nope")
    below = [root + path for root in (f"/@{WORLD}", "/%40default", "/@nobody") for path in (*plain, "/__mock__/worlds")]
    for path in (*plain, *below, f"/@{WORLD}", f"/@{WORLD}/api/v1/process-runs", "*"):
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            if path != "*" or method == "OPTIONS":
                yield method, path, (), b""
                yield method, path, (page, asked, ("access-control-request-private-network", "true")), b""
                yield method, path, (("x-mock-world", "nope"), page), b""
                yield method, path, (KEYS["nextstep"], typed), json.dumps({"a": "x" * 20_000}).encode()
    for bad in filter(fits_the_wire, BAD):
        own = (*bad.headers, typed) if bad.headers else (KEYS["nextstep"], typed)
        yield bad.method, bad.target, own, bad.body or b""


def fits_the_wire(bad: Any) -> bool:
    """Return whether HTTP can carry a request within the bounds of its head."""
    values = [value for _, value in bad.headers]
    small = len(bad.target) < 1000 and all(len(value) < 1000 and "\0" not in value for value in values)
    return small and bad.target.isascii() and bad.method.isupper()


def over_the_wire(app: App, method: str, target: str, headers: Headers, body: bytes) -> Response:
    """Return the response of the protocol."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    if body:
        lines.append(f"content-length: {len(body)}")
    wire = spoken(app, "\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    (answer,) = answers(b"".join(wire.written), bodiless=method == "HEAD")
    return Response(
        answer.status, tuple((n.encode(), v.encode("latin-1")) for n, v in answer.headers.items()), answer.body
    )


def by_asgi(app: App, method: str, target: str, headers: Headers, body: bytes) -> Response:
    """Return the response of the ASGI application in process."""
    path, _, query = target.partition("?")
    fields = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    if body:
        fields.append((b"content-length", b"%d" % len(body)))
    return call(app, Request(method, path, query, tuple(fields), body))


def test_both_paths_answer_the_same(control: Api, seeds: dict[str, Any]) -> None:
    """Both paths give equal status, headers and body, and leave equal worlds and journals."""
    apis = [*map(installed.declared, KEYS), control]

    def worlds() -> Worlds:
        clock = Clock(milliseconds("2026-04-07T10:00:00.000Z"), frozen=True)
        return Worlds(apis, seeds=seeds, clock=clock, seeder=installed.load_seed_once, limits=dict.fromkeys(KEYS, MANY))

    wire, asgi = App(worlds()), App(worlds())
    assert [app.worlds.create().id for app in (wire, asgi)] == [WORLD, WORLD]
    asked = list(requests([*worlds().apis.values()]))
    for method, target, headers, body in asked:
        sends = (("host", "localhost"), *headers)
        one, other = (way(app, method, target, sends, body) for way, app in ((over_the_wire, wire), (by_asgi, asgi)))
        assert compared(one) == compared(other), (method, target, headers, body[:100])
    assert len(asked) > 500
    for id in ("default", WORLD):
        (one, other) = (app.worlds.all[id] for app in (wire, asgi))
        assert list(map(recorded, one.journal)) == list(map(recorded, other.journal))
        assert len(one.journal) > 30
        assert one.export() == other.export()


def compared(response: Response) -> tuple[int, dict[bytes, bytes], bytes]:
    """Return the parts of a response that do not depend on the connection."""
    own = {name: value for name, value in response.headers if name.decode() not in OWN_OF_THE_EDGE}
    return response.status, own, response.body


def recorded(exchange: Exchange) -> tuple[Any, ...]:
    """Return the journal's record of an exchange."""
    return exchange.request, exchange.response, exchange.stop, exchange.reason, exchange.trace
