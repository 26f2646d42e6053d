"""Masking: journal and log show no key, token, password or cookie unless the server is configured to."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

import toy
from conftest import KEY, Client
from understudy.engine.credential import Credential
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.journal import describe
from understudy.engine.masking import Mask
from understudy.engine.worlds import Worlds
from understudy.http.log import FORMATS, Log

MakeWorlds = Callable[..., Worlds]
SECRET = "s3cr3t-of+mine/="
ENCODED = "s3cr3t-of%2Bmine%2F%3D"
HIDDEN = Mask().placeholder(SECRET)


def exchange(query: str = "", path: str = "/x", body: str = "", answer: str = "", **headers: str) -> Exchange:
    """A refused exchange with these headers (`_` is `-`)."""
    fields = tuple((name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items())
    request, response = Request("GET", path, query, fields, body.encode()), Response(401, (), answer.encode())
    return Exchange(1, "w", "toy", None, 0, request, response, "authenticate", "auth", (), None)


def lines(given: Exchange, mask: Mask) -> str:
    """The exchange as both logs write it."""
    written: list[str] = []

    async def note() -> None:
        for format in FORMATS:
            log = Log(format, written.append, mask=mask)
            log(given)
            log.flush()

    asyncio.run(note())
    return "".join(written)


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"authorization": f"Bearer {SECRET}"}, f"Bearer {HIDDEN}"),
        ({"authorization": f"bearer   {SECRET} "}, f"bearer   {HIDDEN}"),
        ({"authorization": SECRET}, HIDDEN),
        ({"authorization": f"Basic {b64encode(SECRET.encode()).decode()}"}, "Basic masked-"),
        ({"authorization": f"a pass phrase {SECRET}"}, "masked-"),
        ({"authorization": "Bearer"}, "Bearer"),
        ({"authorization": ""}, ""),
        ({"proxy_authorization": f"Basic {SECRET}"}, f"Basic {HIDDEN}"),
        ({"x_api_key": SECRET}, HIDDEN),
        ({"x_toy": SECRET}, HIDDEN),  # a security scheme of the toy document
        ({"x_mock_token": SECRET}, HIDDEN),
        ({"x_auth_token": SECRET}, HIDDEN),
        ({"api_key": f"Bearer {SECRET}"}, f"Bearer {HIDDEN}"),
        ({"x_amz_security_token": SECRET}, HIDDEN),
        ({"x_hub_signature": SECRET}, HIDDEN),
        ({"cookie": f'a={SECRET}; b="{SECRET}"; c=; {SECRET}'}, f"a={HIDDEN}; b={HIDDEN}; c=; {HIDDEN}"),
        ({"set_cookie": f"a={SECRET}; Path=/; Secure"}, f"a={HIDDEN}; Path=/; Secure"),
        ({"referer": f"http://x/y?api_key={ENCODED}&a=b#c"}, f"http://x/y?api_key={HIDDEN}&a=b#c"),
        ({"x_api_key": SECRET, "x_note": f"was {SECRET}"}, f"was {HIDDEN}"),
        ({"idempotency_key": "once-and-only"}, "once-and-only"),
        ({"www_authenticate": "Bearer realm"}, "Bearer realm"),
        ({"accept": "text/html;q=0.5"}, "text/html;q=0.5"),
    ],
)
def test_headers_that_hold_secrets_are_masked(headers: dict[str, str], shown: str) -> None:
    """A secret header shows a placeholder; its scheme and other headers stay readable."""
    mask = Mask([toy.api().contract])
    given = exchange(**headers)
    whole = describe(mask.whole(given), None)
    assert SECRET not in json.dumps(whole)
    assert whole["request"]["headers"][-1][1].startswith(shown)
    assert shown.endswith("masked-") or whole["request"]["headers"][-1][1] == shown
    assert describe(Mask(show=True).whole(given), None) == describe(given, None)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (f"api_key={ENCODED}", f"api_key={HIDDEN}"),
        (f"a=1&apiKey={ENCODED}&b", f"a=1&apiKey={HIDDEN}&b"),
        (f"access_token={ENCODED}", f"access_token={HIDDEN}"),
        (f"X-Toy={ENCODED}", f"X-Toy={HIDDEN}"),
        (f"api%5Fkey={ENCODED}", f"api%5Fkey={HIDDEN}"),
        (f"X-Amz-Signature={ENCODED}", f"X-Amz-Signature={HIDDEN}"),
        (f"password={ENCODED}&note={ENCODED}", f"password={HIDDEN}&note={HIDDEN}"),
        ("page_token=abcdefgh", "page_token=abcdefgh"),
        ("continuationToken=abcdefgh", "continuationToken=abcdefgh"),
        ("api_key=", "api_key="),
        ("size=3&after=abcdefgh", "size=3&after=abcdefgh"),
    ],
)
def test_queries_that_hold_secrets_are_masked(query: str, shown: str) -> None:
    """Secret parameters are masked in journal and log; cursors and declared parameters stay readable."""
    mask, given = Mask([toy.api().contract]), exchange(query)
    text, line = lines(given, mask).splitlines()
    assert text.endswith(f" 401 GET /x?{shown} [auth] #w.1")
    assert json.loads(line)["query"] == describe(mask.whole(given), None)["query"] == shown
    shown_all = Mask(show=True)
    assert f"?{query} " in lines(given, shown_all)
    assert describe(shown_all.whole(given), None)["query"] == query


def test_a_declared_parameter_is_no_secret() -> None:
    """A declared query parameter stays readable whatever its name, unless a security scheme uses it."""
    document = toy.document()
    document["paths"]["/toys"]["parameters"].append({"name": "sort_key", "in": "query", "schema": {"type": "string"}})
    mask = Mask([toy.api(document).contract])
    assert mask.line(exchange("sort_key=by-weight")).request.query == "sort_key=by-weight"
    assert mask.line(exchange("other_key=by-weight")).request.query != "other_key=by-weight"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (f'{{"api_key": "{SECRET}", "n": 1}}', f'{{"api_key": "{HIDDEN}", "n": 1}}'),
        (f'{{"Password":"{SECRET}"}}', f'{{"Password":"{HIDDEN}"}}'),
        ('{"password": ""}', '{"password": ""}'),
        ('{"nextPageToken": "abcdefgh"}', '{"nextPageToken": "abcdefgh"}'),
        (f"grant_type=x&client_secret={SECRET}", f"grant_type=x&client_secret={HIDDEN}"),
    ],
)
def test_bodies_that_hold_secrets_are_masked(body: str, shown: str) -> None:
    """Members and form fields with a secret name are masked in requests and responses."""
    whole = describe(Mask().whole(exchange(body=body, answer=body)), None)
    assert whole["request"]["body"] == whole["response"]["body"] == shown


def test_a_key_is_masked_wherever_it_stands(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """A key has one placeholder in headers, path, query and bodies."""
    client = Client(make_worlds(seeds=small))
    for key in (KEY, "a key that nobody knows"):
        client.post("/process-runs", {"template_id": key, "name": f"{key}!"}, authorization=f"Bearer {key}")
        client.get(f"/process-runs/{key.replace(' ', '%20')}?cursor={key.replace(' ', '+')}", x_api_key=key)
        for listed in client.done("GET", "/journal?limit=2")["exchanges"]:
            whole = client.done("GET", f"/journal/{listed['id']}")
            text = json.dumps([listed, whole])
            for form in (key, key.replace(" ", "%20")):
                assert form not in text
            assert client.worlds.server.mask.placeholder(key) in text


def test_the_log_masks_a_key_in_a_path(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """The log line about an unowned path masks a key in it."""
    client = Client(make_worlds(seeds=small))
    client.get(f"/{KEY}")
    (refused,) = client.worlds.default.journal
    assert KEY not in lines(refused, client.worlds.server.mask)


def test_long_names_and_queries_are_not_remembered() -> None:
    """The cache of masked names and queries is bounded by length."""
    mask, name = Mask(), "x" * 1000 + "_key"
    for _ in range(2):
        answered = structs.replace(exchange(f"{name}={ENCODED}&page=2"), response=Response(200))
        assert mask.line(answered).request.query == f"{name}={HIDDEN}&page=2"
    assert mask._known.keys() == {"page"}
    assert mask._queries == {}


def test_a_key_that_is_no_ascii_is_masked() -> None:
    """A key that is not ASCII is masked as text, percent-encoded and as UTF-8 bytes."""
    key = "schl\u00fcssel"
    mask = Mask(tokens=lambda world: [key])
    given = exchange(f"note={quote(key)}", f"/{key}", key)
    whole = describe(mask.whole(given), None)
    hidden = mask.placeholder(key)
    assert (whole["path"], whole["query"], whole["request"]["body"]) == (f"/{hidden}", f"note={hidden}", hidden)


def test_tracebacks_are_masked() -> None:
    """The traceback of an internal error shows no key."""
    given = exchange(x_api_key=SECRET)
    failed = structs.replace(given, error=f"ValueError: {SECRET}")
    assert describe(Mask().whole(failed), None)["error"] == f"ValueError: {HIDDEN}"


def test_message_caller_and_records_are_masked() -> None:
    """What a refusal says, whose credential it was and what was written show no key."""
    row = b'{"api_key":"%b","name":"a"}' % SECRET.encode()
    caller, writes = Credential(SECRET, "toy", "t"), (None, SECRET, None, row)
    given = structs.replace(exchange(x_api_key=SECRET), message=f"{SECRET} is bad", caller=caller, flat_writes=writes)
    whole = Mask().whole(given)
    assert (whole.message, whole.caller) == (f"{HIDDEN} is bad", caller._replace(token=HIDDEN))
    assert whole.writes == [(None, HIDDEN, None, row.replace(SECRET.encode(), HIDDEN.encode()))]
    assert Mask().line(given).message == f"{HIDDEN} is bad"


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(st.text("abcdefgh+/=%&;, _-", min_size=6, max_size=12), min_size=2, max_size=2, unique=True))
def test_placeholders_tell_keys_apart(keys: list[str]) -> None:
    """Placeholders differ between keys and between seeds, and are constant for a key in a server."""
    mask = Mask(seed="a")
    first, second = (mask.placeholder(key) for key in keys)
    assert first != second
    assert first == Mask(seed="a").placeholder(keys[0]) != Mask(seed="b").placeholder(keys[0])


def test_what_holds_no_secret_is_the_same() -> None:
    """An exchange without secrets is returned unchanged, undecodable bytes included."""
    given = Exchange(
        1, "w", "toy", None, 0, Request("GET", "/x", "a=b&c", ((b"accept", b"\xe9"),), b"\xff{"),
        Response(200, ((b"x", b"y"),), b"\xfe"), "run", None, (), None,
    )  # fmt: skip
    assert Mask().whole(given) == Mask().line(given) == given


def test_secrets_are_shown_where_that_is_wanted(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """A server that shows secrets has them unmasked in the journal."""
    client = Client(make_worlds(seeds=small, show_secrets=True))
    client.get("/process-runs?api_key=abcdefgh")
    whole = client.last()
    assert ["authorization", f"Bearer {KEY}"] in whole["request"]["headers"]
    assert whole["query"] == "api_key=abcdefgh"


@pytest.mark.parametrize("number", [50, 51])
def test_an_exchange_of_very_many_secrets_is_covered(number: int) -> None:
    """Up to 50 secrets are masked one by one; with more, texts are masked as a whole."""
    secrets = [f"secret-{place:05d}" for place in range(number)]
    query = "&".join(f"key={secret}" for secret in secrets)
    given = exchange(query, path=f"/x/{secrets[0]}", body=json.dumps({"other": secrets[1]}), x_other=secrets[2])
    mask = Mask()
    shown = lines(given, mask) + json.dumps(describe(mask.whole(given), None))
    assert not any(secret in shown for secret in secrets)
    assert (mask.placeholder(secrets[1]) in shown) is (number == 50)
    whole = mask.whole(given).request
    assert (whole.path == mask.placeholder(given.request.path)) is (number > 50)
    assert (whole.body == mask.placeholder(given.request.body.decode()).encode()) is (number > 50)


def test_what_looks_like_many_queries_is_searched_in_linear_time() -> None:
    """A header full of question marks is searched in linear time."""
    given = exchange(referer="?" * 60_000 + "?key=a-secret")
    value = Mask().whole(given).request.header("referer")
    assert value == "?" * 60_000 + f"?key={Mask().placeholder('a-secret')}"


def test_a_thousand_secrets_cost_no_more_than_fifty() -> None:
    """The text is not searched once for each of 1000 secrets."""
    looked = []

    class Counting(Mask):
        def _text(self, text: str, secrets: Any) -> str:
            looked.append(len(set(secrets)))
            return super()._text(text, secrets)

    mask = Counting(tokens=lambda world: ["a-key-of-this-world"])
    for number in (50, 1000):
        query = "&".join(f"key=secret-{place:05d}" for place in range(number))
        given = exchange(query, cookie="; ".join(f"a=cookie-{place:05d}" for place in range(number - 50)))
        mask.line(given)
        mask.whole(given)
        mask.line(structs.replace(given, response=Response(200)))
    assert looked
    assert max(looked) == 51
