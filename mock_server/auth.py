"""The authenticate step: which credential a request carries, and whether it is good.

Driven by the document's security schemes. Must not know any API's keys: a world holds them.
"""

from __future__ import annotations

from mock_server.api import Call, Problem
from mock_server.contract import Scheme
from mock_server.exchange import Headers, Request, Response


def authenticate(call: Call) -> Response | None:
    """Find the caller of a secured operation.

    Raises the Problems missing-credential, invalid-credential (unknown or revoked) and forbidden (lapsed).
    """
    if call.value(call.operation.secured):
        call.step = "authenticate"
        api, world = call.api.name, call.world
        credential = world.credentials.get((api, _present(call)))
        if credential is None or credential.state == "revoked":
            raise Problem("invalid-credential", headers=_challenge(call))
        if credential.state == "lapsed":
            raise Problem("forbidden")
        call.credential = credential
        call.store = world.tenants[api][credential.tenant]
    return None


def claimed(request: Request) -> str | None:
    """The token that a request seems to carry, whatever its scheme: only good for choosing a world."""
    for name, value in request.headers:
        if name in (b"authorization", b"x-api-key"):
            return value.decode("latin-1").rpartition(" ")[2]
    return None


def _present(call: Call) -> str:
    for scheme in call.api.contract.schemes:
        value = call.request.header(scheme.header)
        if value:
            return value if scheme.kind == "apiKey" else _bearer(call, scheme, value)
    raise Problem("missing-credential", headers=_challenge(call))


def _bearer(call: Call, scheme: Scheme, value: str) -> str:
    word, _, token = value.partition(" ")
    if word == "Bearer":
        return token
    # RFC 9110, 11.1: the scheme's name is matched in any case; not every vendor does.
    if word.lower() == "bearer" and call.value(scheme.case) != "sensitive":
        return token
    raise Problem("invalid-credential", headers=_challenge(call))


def _challenge(call: Call) -> Headers:
    for scheme in call.api.contract.schemes:
        text = call.value(scheme.challenge)
        if text is not None:
            return ((b"www-authenticate", text.encode()),)
    return ()
