"""The authenticate step: reads the credential of a request by the document's security schemes, and checks it.

Must not know the form of any API's keys: a world holds them.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from urllib.parse import unquote_plus

from understudy.document.model import Scheme
from understudy.engine.call import Call
from understudy.engine.exchange import Headers, Request, Response, find
from understudy.engine.problem import Problem


def authenticate(call: Call) -> Response | None:
    """Find the caller of a secured operation; sets the call's `credential` and `store`.

    Raises the Problems missing-credential, invalid-credential (unknown or revoked) and forbidden (lapsed).
    """
    secured = call.operation.secured
    if secured is True or call.value(secured):
        api, world = call.contract.name, call.world
        credential = world.credentials.get((api, _read_key(call)))
        if credential is None or credential.state != "valid":
            lapsed = credential is not None and credential.state == "lapsed"
            raise Problem("forbidden") if lapsed else Problem("invalid-credential", headers=_challenge(call))
        call.credential = credential
        call.store = world.tenants[api][credential.tenant]
    return None


def _read_key(call: Call) -> str:
    malformed = False
    for scheme in call.contract.schemes:
        value = sent(scheme, call.request)
        if value:
            if scheme.kind == "apiKey":
                return value
            token = _token(call, scheme, value)
            if token is not None:
                return token
            malformed = True
    raise Problem("invalid-credential" if malformed else "missing-credential", headers=_challenge(call))


def sent(scheme: Scheme, request: Request) -> str | None:
    """The value of the header, query parameter or cookie that a scheme reads; None when it is absent."""
    if scheme.location == "header":
        value = find(request.headers, scheme.field)
        return None if value is None else value.decode("latin-1")
    if scheme.location == "query":
        return next((text for name, text in pairs(request.query) if name == scheme.header), None)
    values = (value.decode("latin-1") for name, value in request.headers if name == scheme.field)
    return next((text for value in values for name, text in cookies(value) if name == scheme.header), None)


def pairs(query: str) -> Iterator[tuple[str, str]]:
    """The decoded names and values of a raw query."""
    for part in query.split("&"):
        name, _, text = part.partition("=")
        yield unquote_plus(name), unquote_plus(text)


def cookies(value: str) -> Iterator[tuple[str, str]]:
    """The names and values of a Cookie header (RFC 6265, 5.4)."""
    for part in value.split(";"):
        name, _, text = part.partition("=")
        yield name.strip(), text.strip().strip('"')


def decoded(text: str) -> str | None:
    """The `user:password` of a Basic credential (RFC 7617); None when it is not valid base64."""
    try:
        return b64decode(text, validate=True).decode()
    except ValueError:
        return None


def _token(call: Call, scheme: Scheme, value: str) -> str | None:
    """The token of an Authorization header of this scheme; None for a header of another scheme."""
    word, _, text = value.partition(" ")
    # RFC 9110, 11.1: scheme names are case-insensitive, but not every vendor accepts that
    if word != scheme.word and (word.lower() != scheme.kind or call.value(scheme.case) == "sensitive"):
        return None
    return decoded(text) if scheme.kind == "basic" else text


def _challenge(call: Call) -> Headers:
    for scheme in call.contract.schemes:
        text = call.value(scheme.challenge)
        if text is not None:
            return ((b"www-authenticate", text.encode()),)
    return ()
