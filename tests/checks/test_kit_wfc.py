"""Authentication files of Web Fuzzing Commons as target files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from raw_server import answered, wired
from understudy.engine.exchange import Request, Response
from understudy_checks.target import installed
from understudy_checks.target.credentials import resolve_variables, sign_in
from understudy_checks.target.settings import BadSettings, Settings, read
from understudy_checks.target.transport import NoAnswer, Transport, over_http

LOGIN = """
auth:
- name: bar
  loginEndpointAuth:
    payloadUserPwd: {username: bar, password: "456"}
authTemplate:
  loginEndpointAuth:
    endpoint: /login
    externalEndpointURL: null
    verb: POST
    contentType: application/json
    headers: [{name: X-Client, value: kit}]
    payloadUserPwd: {usernameField: user, passwordField: pass}
    token: {extractSelector: /token/authToken, sendName: Authorization, sendTemplate: "Bearer {token}"}
"""
OLD = "token: {extractFromField: /token/authToken, httpHeaderName: Authorization, headerPrefix: 'Bearer '}"
NEW = 'token: {extractSelector: /token/authToken, sendName: Authorization, sendTemplate: "Bearer {token}"}'
TOKEN = Response(200, (), b'{"token":{"authToken":"t1"}}')


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Settings]:
    """The settings that a file of this text tells."""

    def told(text: str, name: str = "auth.yaml") -> Settings:
        (tmp_path / name).write_text(text)
        return read(tmp_path / name, {})

    return told


def entered(settings: Settings, *answers: Response, api: str = "nextstep") -> tuple[Settings, list[Request], Transport]:
    """The settings once a client is in, what was asked for that, and the way from then on."""
    asked: list[Request] = []

    def send(request: Request) -> Response:
        asked.append(request)
        return answers[len(asked) - 1]

    found, transport = sign_in(resolve_variables(settings), installed.document(api), send)
    return found, asked, transport


def test_fixed_headers_are_the_first_user_s(file) -> None:
    """The one with the API's credential is the key; later users are used by their names."""
    told = file("""
auth:
- {name: FOO, fixedHeaders: [{name: Authorization, value: Bearer k}, {name: X-Team, value: "7"}]}
- {name: BAR, fixedHeaders: [{name: Authorization, value: Bearer other}]}
- {name: revoked_key, fixedHeaders: [{name: Authorization, value: " Bearer gone"}]}
- {name: lapsed_key}
""")
    found, _, _ = entered(told)
    assert (found.api_keys, found.headers, found.revoked_key, found.lapsed_key) == (
        ("k",),
        {"x-team": "7"},
        "gone",
        None,
    )


def test_such_a_file_may_be_toml(file) -> None:
    """It is known by its list `auth`."""
    text = '[[auth]]\nname = "a"\n[[auth.fixedHeaders]]\nname = "X-Api-Key"\nvalue = "k"\n'
    found, _, _ = entered(file(text, "auth.toml"), api="kognitos")
    assert (found.api_keys, found.headers) == (("k",), {})


@pytest.mark.parametrize("text", [LOGIN, LOGIN.replace(NEW, OLD)])
def test_a_login_gives_a_token(file, text: str) -> None:
    """It is asked for as the template and the user say together, and again when it is refused."""
    again = Response(200, (), b'{"token":{"authToken":"t2"}}')
    found, asked, send = entered(file(text), TOKEN, Response(401), again, Response(200))
    assert found.api_keys == ("t1",)
    assert (asked[0].method, asked[0].path, asked[0].body) == ("POST", "/login", b'{"user": "bar", "pass": "456"}')
    assert asked[0].headers == ((b"x-client", b"kit"), (b"content-type", b"application/json"))
    assert send(Request("GET", "/", "", ((b"authorization", b"Bearer t1"),))).status == 200
    assert asked[-1].header("authorization") == "Bearer t2"


def test_a_login_may_be_a_form(file) -> None:
    """The payload is written as its content type wants it, or is given as it is."""
    form = LOGIN.replace("application/json", "application/x-www-form-urlencoded")
    assert entered(file(form), TOKEN)[1][0].body == b"user=bar&pass=456"
    raw = "auth: [{name: a, loginEndpointAuth: {verb: POST, endpoint: /in, payloadRaw: '{}', expectCookies: true}}]"
    cookies = ((b"set-cookie", b"a=b; Path=/"), (b"set-cookie", b"c=d"))
    found, asked, _ = entered(file(raw), Response(204, cookies))
    assert (asked[0].body, found.headers, found.api_keys) == (b"{}", {"cookie": "a=b; c=d"}, ())


def test_a_login_may_be_elsewhere(file) -> None:
    """At a URL of its own; cookies that come one by one stay apart, whatever is in them."""
    said = answered(b"", "Set-Cookie: a=b; Expires=Tue, 17 May 2033 11:43:07 GMT", "Set-Cookie: c=d", "X-Token: t")
    with wired(lambda _: said) as wire:
        login = f"verb: GET, externalEndpointURL: '{wire.origin}/in?now=1'"
        cookies = file(f"auth: [{{name: a, loginEndpointAuth: {{{login}}}}}]")
        assert entered(cookies)[0].headers == {"cookie": "a=b; c=d"}
        token = "token: {extractFrom: header, extractSelector: X-Token, sendName: X-Team}"
        headers = file(f"auth: [{{name: a, loginEndpointAuth: {{{login}, {token}}}}}]")
        assert entered(headers)[0].headers == {"x-team": "t"}
        assert over_http(wire.origin)(Request("GET", "/")).header("set-cookie") is not None
    assert wire.requests[0].startswith(b"GET /in?now=1 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "text", "message"),
    [
        (Response(403), LOGIN, "the login was answered 403"),
        (Response(200, (), b"secret"), LOGIN, "the login answered 200 and no JSON"),
        (Response(200, (), b'{"secret":7}'), LOGIN, "the login answered 200 without a token at /token/authToken"),
        (Response(200), LOGIN.replace(NEW, "expectCookies: true"), "the login answered 200 without a cookie"),
    ],
)
def test_a_login_that_gives_nothing_is_told(file, answer: Response, text: str, message: str) -> None:
    """Without what was answered."""
    with pytest.raises(NoAnswer) as caught:
        entered(file(text), answer)
    assert str(caught.value) == message


def test_a_token_of_another_form_is_told(file) -> None:
    """The API says how its credential is sent."""
    with pytest.raises(BadSettings, match="sent in the header authorization, but not as the API wants it"):
        entered(file(LOGIN.replace("Bearer {token}", "JWT {token}")), TOKEN)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "auth: [", "a.yaml is not YAML: line 1: while parsing a flow node, did not find expected"),
        ("a.yaml", "auth: []\nauth: []", "a.yaml is not YAML: line 2: 'auth' is there already, in line 1"),
        (
            "a.yml",
            "api_keys: [k]",
            "a.yml has no list `auth`, as a WFC authentication file has; other settings are TOML",
        ),
        ("a.toml", "auth = [", "a.toml is not TOML: "),
        ("a.yaml", "auth: [{fixedHeaders: []}]", "a.yaml: Object missing required field `name`"),
        ("a.yaml", "auth: [7]", "a.yaml: Expected `object`, got `int`"),
        ("a.yaml", LOGIN.replace("sendName", "sendIn: query, sendName"), "sendIn: Invalid enum value 'query'"),
    ],
)
def test_a_file_that_cannot_be_meant_is_told(file: Any, name: str, text: str, message: str) -> None:
    """With its place."""
    with pytest.raises(BadSettings) as caught:
        file(text, name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
