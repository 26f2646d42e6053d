"""Authentication at a real server: values from the environment, Basic, tokens of a command or a login.

A secret is never part of a message. Must not know any API.
"""

from __future__ import annotations

import os
import re
import subprocess
from base64 import b64encode
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from understudy.document.contract import Contract
from understudy.document.model import Scheme
from understudy.engine.exchange import Request, Response
from understudy_checks.keys import header_value
from understudy_checks.target.settings import BadSettings, Settings
from understudy_checks.target.transport import NoAnswer, Transport

AuthHeaders = Mapping[str, str]
"""Headers by lower-case name."""
Login = Callable[[], AuthHeaders]
"""Logs in and returns the headers that carry the credential. Raises NoAnswer."""

PATIENCE = 60
"""The most seconds that a command may take."""

_VARIABLE = re.compile(r"\$\{(\w+)\}|^\$(\w+)$")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
SECRETS = ("api_keys", "revoked_key", "lapsed_key", "other_tenant_key", "spare_keys", "auth")
"""The settings that are sent in a header, and whose values may be environment variables."""


def resolve_variables(settings: Settings) -> Settings:
    """Replace `${NAME}`, or a whole value `$NAME`, by the environment variable.

    Raises BadSettings for a variable that is not set, and for a value that no header can carry.
    """
    headers = {_header_name(name): _resolved(value, f"the header {name}") for name, value in settings.headers.items()}
    return replace(settings, headers=headers, **{name: _resolved(getattr(settings, name), name) for name in SECRETS})


def sign_in(settings: Settings, contract: Contract, transport: Transport) -> tuple[Settings, Transport]:
    """Log in: the settings with valid keys and headers, and a transport that renews a token that expires.

    Raises BadSettings when two credentials need the same header, NoAnswer when a login fails.
    """
    if not contract.schemes:  # whatever the server asks for, the document does not say it
        return settings, transport
    scheme = contract.schemes[0]
    if set(settings.spare_keys) & set(settings.api_keys):
        raise BadSettings("spare_keys are revoked for good, and one of them is among api_keys")
    settings = _with_basic(_with_key_of_headers(settings, scheme), scheme)
    command, request, trust = settings.auth_command, settings.login, settings.trust()
    if command is not None:
        return _renewed(settings, scheme, transport, lambda: {scheme.header: header_value(_token_of(command), scheme)})
    if request is not None:
        return _renewed(settings, scheme, transport, lambda: request.log_in(transport, trust))
    return settings, transport


def _renewed(settings: Settings, scheme: Scheme, transport: Transport, login: Login) -> tuple[Settings, Transport]:
    """The settings and the transport after a login."""
    first = login()
    if scheme.header not in first:
        return replace(settings, headers={**settings.headers, **first}), renewing(transport, login, first)
    if settings.api_keys:
        raise BadSettings(f"a login and a key both go in the header {scheme.header}: give one of them")
    key = _key_of(first[scheme.header])
    if header_value(key, scheme) != first[scheme.header]:
        raise BadSettings(f"the login's token is sent in the header {scheme.header}, but not as the API wants it")
    return replace(settings, api_keys=(key,)), renewing(transport, login, first)


def renewing(transport: Transport, login: Login, first: AuthHeaders) -> Transport:
    """A transport that logs in again when a request with the `first` headers is answered 401, and replaces them."""
    current, works = dict(first), True

    def send(request: Request) -> Response:
        nonlocal current, works
        response = transport(_with_current(request, first, current))
        if not _has(request, first):
            return response
        if response.status == 401 and works:
            current, works = dict(login()), False
            return send(request)
        works = works or response.status != 401
        return response

    return send


def _has(request: Request, first: AuthHeaders) -> bool:
    return all(request.header(name) == value for name, value in first.items())


def _with_current(request: Request, first: AuthHeaders, current: AuthHeaders) -> Request:
    """A request with the current headers in place of the first ones."""
    old = {(name.encode("latin-1"), value.encode("latin-1")): current[name] for name, value in first.items()}
    headers = tuple((name, old[name, value].encode("latin-1")) if (name, value) in old else (name, value)
                    for name, value in request.headers)  # fmt: skip
    return replace(request, headers=headers)


def _with_key_of_headers(settings: Settings, scheme: Scheme) -> Settings:
    """Take the header of the API's own credential as the key."""
    value = settings.headers.get(scheme.header)
    if value is None:
        return settings
    if settings.api_keys:
        raise BadSettings(f"headers and a key both go in the header {scheme.header}: give one of them")
    others = {name: text for name, text in settings.headers.items() if name != scheme.header}
    return replace(settings, headers=others, api_keys=(_key_of(value),))


def _with_basic(settings: Settings, scheme: Scheme) -> Settings:
    """Send user and password as Basic: beside the key if the API has another header for that, else in its place."""
    if settings.auth is None:
        return settings
    if ":" not in settings.auth:
        raise BadSettings("auth is not USER:PASS")
    value = f"Basic {b64encode(settings.auth.encode()).decode()}"
    if scheme.header != "authorization":
        return replace(settings, headers={**settings.headers, "authorization": value})
    if settings.api_keys or settings.auth_command:
        raise BadSettings("auth and a key both go in the header authorization: give one of them")
    return replace(settings, api_keys=(value,))


def _key_of(value: str) -> str:
    word, _, rest = value.partition(" ")
    return rest.strip() if word.lower() == "bearer" else value


def _token_of(command: str) -> str:
    """The last line that a command prints. Raises NoAnswer, whose message does not hold the output."""
    try:
        done = subprocess.run(  # noqa: S602 - running it is what was asked for
            command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"auth_command took longer than {PATIENCE} seconds") from error
    lines = done.stdout.decode(errors="replace").split("\n")
    token = next((line.strip() for line in reversed(lines) if line.strip()), "")
    if done.returncode or not _is_sendable(token) or not token:
        raise NoAnswer(f"auth_command printed no token that a header can carry (exit code {done.returncode})")
    return token


def _resolved(value: object, setting: str) -> object:
    if isinstance(value, str):
        found = _VARIABLE.sub(lambda match: _variable(match[1] or match[2], setting), value)
        if not _is_sendable(found):
            raise BadSettings(f"{setting} cannot be sent in a header: only printable ASCII can")
        return found
    if isinstance(value, tuple):
        return tuple(_resolved(entry, setting) for entry in value)
    return value


def _variable(name: str, setting: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise BadSettings(f"{setting} is to come from the environment, where {name} is not set")
    return value


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise BadSettings(f"{name!r} is no name of a header")
    return name.lower()


def _is_sendable(value: str) -> bool:
    return value.isascii() and (value.isprintable() or not value)
