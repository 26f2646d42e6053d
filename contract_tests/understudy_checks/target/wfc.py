"""Authentication files of Web Fuzzing Commons (`auth:`, `authTemplate:`), which other test tools also read.

The kit acts as the first user of such a file. Must not know any API.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import msgspec

from understudy.engine.exchange import Request, Response
from understudy_checks.pointers import resolve_pointer
from understudy_checks.target.transport import NoAnswer, Transport, Trust, over_http

Json = Any
FORM = "application/x-www-form-urlencoded"
KEYS = ("revoked_key", "lapsed_key", "other_tenant_key")
"""The names of further users whose credentials are used."""


class Header(msgspec.Struct, frozen=True):
    """A header of a request."""

    name: str
    value: str


class Payload(msgspec.Struct, frozen=True, rename="camel"):
    """User and password, and the fields that carry them."""

    username: str
    password: str
    username_field: str
    password_field: str


class Token(msgspec.Struct, frozen=True, rename="camel"):
    """How a token is read from the response to a login, and sent. The last three members are those of schema 0.1."""

    extract_from: Literal["body", "header"] = "body"
    extract_selector: str = ""
    send_in: Literal["header"] = "header"
    send_name: str = "Authorization"
    send_template: str = "{token}"
    extract_from_field: str = ""
    http_header_name: str = ""
    header_prefix: str = ""

    def read(self, response: Response) -> str:
        """The token in a response. Raises NoAnswer."""
        selector = self.extract_selector or self.extract_from_field
        try:
            found = response.header(selector.lower()) if self.extract_from == "header" else _at(response, selector)
        except ValueError as error:
            raise NoAnswer(f"the login answered {response.status} and no JSON") from error
        if not isinstance(found, str):
            raise NoAnswer(f"the login answered {response.status} without a token at {selector}")
        return found

    def headers(self, token: str) -> dict[str, str]:
        """The header that carries a token, by name."""
        template = f"{self.header_prefix}{{token}}" if self.header_prefix else self.send_template
        return {(self.http_header_name or self.send_name).lower(): template.replace("{token}", token)}


class Login(msgspec.Struct, frozen=True, rename={"external": "externalEndpointURL", "payload_raw": "payloadRaw",
                                                 "payload": "payloadUserPwd", "content_type": "contentType",
                                                 "expect_cookies": "expectCookies"}):  # fmt: skip
    """A login request."""

    verb: Literal["POST", "GET", "PATCH", "DELETE", "PUT"] = "POST"
    endpoint: str = ""
    external: str = ""
    payload_raw: str = ""
    payload: Payload | None = None
    headers: tuple[Header, ...] = ()
    content_type: str = "application/json"
    token: Token | None = None
    expect_cookies: bool = False

    def log_in(self, transport: Transport, trust: Trust) -> dict[str, str]:
        """Send the request; returns the headers that authenticate later requests. Raises NoAnswer."""
        send, path, query = transport, self.endpoint, ""
        if self.external:
            parts = urlsplit(self.external)
            send, path, query = over_http(f"{parts.scheme}://{parts.netloc}", trust), parts.path or "/", parts.query
        body = self._body()
        headers = {header.name.lower(): header.value for header in self.headers}
        headers |= {"content-type": self.content_type} if body else {}
        encoded = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items())
        response = send(Request(self.verb, path, query, encoded, body))
        if response.status >= 400:
            raise NoAnswer(f"the login was answered {response.status}")
        if self.expect_cookies or self.token is None:
            return {"cookie": _cookies(response)}
        return self.token.headers(self.token.read(response))

    def _body(self) -> bytes:
        if self.payload is None:
            return self.payload_raw.encode()
        payload = self.payload
        fields = {payload.username_field: payload.username, payload.password_field: payload.password}
        return (urlencode(fields) if self.content_type == FORM else json.dumps(fields)).encode()


class User(msgspec.Struct, frozen=True, rename="camel"):
    """A user and the ways to authenticate as this user."""

    name: str
    fixed_headers: tuple[Header, ...] = ()
    login_endpoint_auth: Login | None = None


def is_wfc(content: Json) -> bool:
    """Whether the content of a file is an authentication file."""
    return isinstance(content, Mapping) and isinstance(content.get("auth"), list)


def settings_of(content: Mapping[str, Json]) -> dict[str, Json]:
    """The settings of the users of a file, by name. Raises msgspec.ValidationError."""
    template = content.get("authTemplate") or {}
    users = [msgspec.convert(_filled(template, entry), User) for entry in content["auth"]]
    found: dict[str, Json] = {}
    for user in users[:1]:
        found["headers"] = {header.name: header.value for header in user.fixed_headers}
        found["login"] = user.login_endpoint_auth
    for user in users[1:]:
        if user.name in KEYS and user.fixed_headers:
            found[user.name] = user.fixed_headers[0].value.strip().removeprefix("Bearer ").strip()
    return found


def _filled(template: Json, entry: Json) -> Json:
    """An entry whose missing or null members are those of the template."""
    if not isinstance(template, Mapping) and not isinstance(entry, Mapping):
        return template if entry is None else entry
    given, own = template or {}, {} if entry is None else entry
    if not isinstance(given, Mapping) or not isinstance(own, Mapping):
        return own
    found = {name: _filled(given.get(name), own.get(name)) for name in (*given, *own)}
    return {name: value for name, value in found.items() if value is not None}


def _at(response: Response, selector: str) -> Json:
    return resolve_pointer(response.json(), selector)


def _cookies(response: Response) -> str:
    """The cookies of a response, as a Cookie header. Raises NoAnswer when there are none."""
    given = [value.decode("latin-1") for name, value in response.headers if name == b"set-cookie"]
    if not given:
        raise NoAnswer(f"the login answered {response.status} without a cookie")
    return "; ".join(text.partition(";")[0] for text in given)
