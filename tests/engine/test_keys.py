"""Keys: read from the position that a document's security schemes declare; a key selects the world."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import toy
from understudy.document.compile import ContractError
from understudy.document.contract import Contract
from understudy.engine.api import Api, SeededTenant
from understudy.engine.clock import Clock
from understudy.engine.credential import Credential
from understudy.engine.exchange import Exchange, Headers, Request
from understudy.engine.pipeline import handle
from understudy.engine.world import World
from understudy.engine.worlds import Worlds

HEADER = {"type": "apiKey", "in": "header", "name": "X-Notes-Key"}
QUERY = {"type": "apiKey", "in": "query", "name": "api_key"}
COOKIE = {"type": "apiKey", "in": "cookie", "name": "session"}
BEARER = {"type": "http", "scheme": "bearer"}
BASIC = {"type": "http", "scheme": "Basic"}


def seed(content: Any, known: Contract) -> list[SeededTenant]:
    """One tenant; its token is valid for every scheme."""
    return [SeededTenant("one", {"toys": content}, (Credential("user:k1", "toy", "one"),))]


def api(*schemes: dict[str, Any], **operation: Any) -> Api:
    """The toy API with these security schemes at its root, and members of its list operation."""
    document = toy.document()
    names = [f"key{number}" for number in range(len(schemes))]
    document["components"]["securitySchemes"] = dict(zip(names, schemes, strict=True))
    document["security"] = [{name: []} for name in names]
    document["paths"]["/toys"]["get"].update(operation)
    return toy.api(document, seed=seed, new_key=lambda ids: f"user {ids.take(6)}:é")


def serve(*apis: Api) -> Worlds:
    """Worlds without limits, at the beginning of 1970."""
    return Worlds(apis, seeds={"toy": toy.TOYS}, clock=Clock(0, frozen=True), limits={"toy": None})


def ask(worlds: Worlds, headers: Headers = (), query: str = "") -> Exchange:
    """Send GET /toys in the world that the request belongs to."""
    request = Request("GET", "/api/toys", query, headers)
    world = worlds.find(request)
    assert world is not None
    return handle(request, world, worlds)


def basic(text: str) -> bytes:
    """A Basic credential."""
    return b"Basic " + b64encode(text.encode())


def token(world: World) -> str:
    """The only key of a world."""
    return next(iter(world.credentials))[1]


@pytest.mark.parametrize("scheme", [HEADER, QUERY, COOKIE, BEARER, BASIC])
def test_every_scheme_is_read_and_chooses_the_world(scheme: dict[str, Any]) -> None:
    """A fresh world's key selects that world in every scheme; the default world's key selects the default one."""
    worlds = serve(api(scheme))
    made = worlds.create()
    for world in (made, worlds.default):
        headers, query = worlds.apis["toy"].contract.schemes[0].carry(token(world))
        fields = tuple((name.encode(), value.encode("latin-1")) for name, value in headers.items())
        asked = "&".join(f"{name}={value.replace(' ', '%20').replace('é', '%C3%A9')}" for name, value in query.items())
        exchange = ask(worlds, fields, asked)
        assert (exchange.world, exchange.response.status) == (world.id, 200), exchange


@pytest.mark.parametrize(
    ("scheme", "headers", "query", "status"),
    [
        (QUERY, (), "size=1&api_key=user%3Ak1&api_key=x", 200),
        (QUERY, (), "api_key=", 401),
        (QUERY, (), "api_key=user%3Ak2", 401),
        (QUERY, ((b"x-api-key", b"user:k1"),), "", 401),
        (COOKIE, ((b"cookie", b"a=b; session=user:k1; c=d"),), "", 200),
        (COOKIE, ((b"cookie", b"a=b"), (b"cookie", b'session="user:k1"')), "", 200),
        (COOKIE, ((b"cookie", b"a=b; Session=user:k1"),), "", 401),
        (COOKIE, ((b"cookie", b";;=;session"),), "", 401),
        (BASIC, ((b"authorization", b"basic dXNlcjprMQ=="),), "", 200),
        (BASIC, ((b"authorization", b"Basic user:k1"),), "", 401),
        (BASIC, ((b"authorization", b"Basic /w=="),), "", 401),
        (BASIC, ((b"authorization", b"Bearer user:k1"),), "", 401),
        (BASIC, ((b"authorization", b"Basic"),), "", 401),
    ],
)
def test_keys_are_read_from_their_own_place(scheme: dict[str, Any], headers: Headers, query: str, status: int) -> None:
    """A key is the first of its name in its declared position; empty or misplaced text is none."""
    assert ask(serve(api(scheme)), headers, query).response.status == status


def test_a_key_in_the_query_is_no_unknown_parameter() -> None:
    """A key in the query is no unknown parameter."""
    worlds = serve(api(QUERY))
    assert ask(worlds, query="api_key=user%3Ak1&size=1").response.status == 200
    refused = ask(worlds, query="api_key=user%3Ak1&colour=1").response
    assert (refused.status, b"colour" in refused.body) == (400, True)


def test_schemes_stand_for_each_other() -> None:
    """Any of several schemes authenticates a caller and selects the world."""
    worlds = serve(api(BEARER, BASIC, QUERY, COOKIE))
    made = worlds.create()
    assert ask(worlds, ((b"authorization", basic("user:k1")),)).response.status == 200
    assert ask(worlds, ((b"authorization", b"Digest x"),), "api_key=user%3Ak1").response.status == 200
    assert ask(worlds, ((b"authorization", b"Digest x"),)).response.status == 401
    cookie = b"session=" + token(made).encode("latin-1")
    assert ask(worlds, ((b"authorization", b"Digest x"), (b"cookie", cookie))).world == made.id


def test_an_operation_may_name_a_scheme_that_the_root_does_not() -> None:
    """An operation's own scheme is read; an undeclared one is reported at the operation."""
    document = toy.document()
    document["components"]["securitySchemes"]["other"] = QUERY
    document["paths"]["/toys"]["get"]["security"] = [{"other": []}]
    worlds = serve(toy.api(document))
    assert ask(worlds, query="api_key=k1").response.status == 200
    document["paths"]["/toys"]["get"]["security"] = [{"othr": []}]
    with pytest.raises(
        ContractError, match=r"paths/~1toys/get/security: othr is no security scheme.*did you mean other"
    ):
        toy.api(document)


@pytest.mark.parametrize(
    "scheme",
    [
        {"type": "apiKey", "in": "body", "name": "a"},
        {"type": "apiKey", "in": "header", "name": "a b"},
        {"type": "apiKey", "in": "query"},
        {"type": "http", "scheme": "digest"},
        {"type": "http"},
        {"type": "oauth2"},
    ],
)
def test_other_schemes_are_refused(scheme: dict[str, Any]) -> None:
    """An unsupported scheme is reported at its pointer."""
    with pytest.raises(ContractError, match="components/securitySchemes/key0: is not understood; use http bearer"):
        api(scheme)


def test_only_what_a_served_document_names_chooses_a_world() -> None:
    """A key that no scheme declares leads to the default world."""
    worlds = serve(api(HEADER))
    key = token(worlds.create()).encode("latin-1")
    for name in (b"authorization", b"x-api-key", b"cookie"):
        assert ask(worlds, ((name, key),)).world == "default"
    assert ask(worlds, query="api_key=" + key.decode("latin-1")).world == "default"


@settings(max_examples=200, derandomize=True, database=None, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([b"authorization", b"cookie", b"x-notes-key"]), st.binary(max_size=12)), max_size=3
    ),
    st.text("=&%+;ab\u0100", max_size=12),
)
def test_any_bytes_are_a_401_of_the_default_world(headers: list[tuple[bytes, bytes]], query: str) -> None:
    """Any bytes as a key answer 401 in the default world and raise nothing."""
    exchange = ask(ALL, tuple(headers), f"api_key={query}")
    assert (exchange.world, exchange.response.status) == ("default", 401)


ALL = serve(api(HEADER, QUERY, COOKIE, BEARER, BASIC))
