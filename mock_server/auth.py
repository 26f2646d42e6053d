"""The authenticate step: which credential a request carries, and whether it is good.

Driven by the document's security schemes. Must not know any API's keys: a world holds them.
"""

from __future__ import annotations

from mock_server.api import Call, Problem
from mock_server.exchange import Headers, Response, find

AUTHORIZATION, API_KEY = b"authorization", b"x-api-key"  # where any vendor's clients put their tokens


def authenticate(call: Call) -> Response | None:
    """Find the caller of a secured operation.

    Raises the Problems missing-credential, invalid-credential (unknown or revoked) and forbidden (lapsed).
    """
    secured = call.operation.secured
    if secured is True or call.value(secured):
        call.step = "authenticate"
        api, world = call.api.name, call.world
        credential = world.credentials.get((api, _present(call)))
        if credential is None or credential.state != "valid":
            lapsed = credential is not None and credential.state == "lapsed"
            raise Problem("forbidden") if lapsed else Problem("invalid-credential", headers=_challenge(call))
        call.credential = credential
        call.store = world.tenants[api][credential.tenant]
    return None


def _present(call: Call) -> str:
    for scheme in call.api.contract.schemes:
        value = find(call.request.headers, scheme.field)
        if value:
            if scheme.kind == "apiKey":
                return value.decode("latin-1")
            word, _, token = value.partition(b" ")
            # RFC 9110, 11.1: the scheme's name is matched in any case; not every vendor does.
            if word == b"Bearer" or (word.lower() == b"bearer" and call.value(scheme.case) != "sensitive"):
                return token.decode("latin-1")
            raise Problem("invalid-credential", headers=_challenge(call))
    raise Problem("missing-credential", headers=_challenge(call))


def _challenge(call: Call) -> Headers:
    for scheme in call.api.contract.schemes:
        text = call.value(scheme.challenge)
        if text is not None:
            return ((b"www-authenticate", text.encode()),)
    return ()
