"""The authenticate step of a user's document: its security requirements, each a set of schemes that are all needed.

Which credentials are valid is not in a document: an assumption says whether any of the declared form is, or
only those that were minted here.
"""

from __future__ import annotations

from functools import lru_cache

from understudy.document.model import Scheme
from understudy.document.open_world import credentials_id
from understudy.engine import auth
from understudy.engine.call import Call
from understudy.engine.credential import Credential
from understudy.engine.exchange import Headers, Response
from understudy.engine.problem import Problem

TENANT = "default"
"""The only tenant of a world in a user's document."""


def authenticate(call: Call) -> Response | None:
    """Find the caller of an operation; sets the call's `credential` and `store`.

    Raises the Problems missing-credential and invalid-credential.
    """
    api = call.contract.name
    call.store = call.world.tenants[api][TENANT]
    alternatives = call.operation.security
    call.credential = _caller(api, "")
    refused = "missing-credential"
    for schemes in alternatives:
        tokens = [_token(call, scheme) for scheme in schemes]
        if all(token and _opens(call, token) for token in tokens):  # a list: quicker than a generator
            token = (tokens and tokens[0]) or ""
            call.credential = call.world.credentials.get((api, token)) or _caller(api, token)
            return None
        if any(token is not None and not (token and _opens(call, token)) for token in tokens):
            refused = "invalid-credential"
    if not alternatives:
        return None
    raise Problem(refused, headers=challenges(alternatives))


@lru_cache(maxsize=256)  # many requests have the same credential
def _caller(api: str, token: str) -> Credential:
    return Credential(token, api, TENANT)


def challenges(alternatives: tuple[tuple[Scheme, ...], ...]) -> Headers:
    """The WWW-Authenticate headers (RFC 9110, 11.6.1) of the schemes that are sent in Authorization."""
    kinds = dict.fromkeys(s.kind for schemes in alternatives for s in schemes if s.kind != "apiKey")
    texts = (f'{kind.title()} realm="understudy"' for kind in kinds)
    return tuple((b"www-authenticate", text.encode()) for text in texts)


def opens(call: Call, scheme: Scheme) -> bool:
    """Whether a request has a credential of a scheme that is valid in the world."""
    token = _token(call, scheme)
    return bool(token) and _opens(call, str(token))


def _token(call: Call, scheme: Scheme) -> str | None:
    """The credential that a scheme finds in a request; empty for one of another form, None without one."""
    value = auth.sent(scheme, call.request)
    if not value or scheme.kind == "apiKey":
        return value
    word, _, text = value.partition(" ")
    if word.lower() != scheme.kind:
        return ""
    if scheme.kind != "basic":
        return text.strip()
    pair = auth.decoded(text.strip())
    return pair if pair is not None and ":" in pair else ""


def _opens(call: Call, token: str) -> bool:
    """Whether a credential of the declared form is valid in the world."""
    known = call.world.credentials.get((call.contract.name, token))
    if known is not None:
        return known.state == "valid"
    return bool(call.assumed(credentials_id(call.contract.name)) == "any")
