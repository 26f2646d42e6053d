"""What a helpful server adds for a person: X-Mock-Hint on a refusal, X-Mock-Warning on what was ignored.

No vendor sends them, and no strict server does. Values are printable ASCII, bounded, and never show a key.
Must not decide any answer: only what is said about one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl

from mock_server.api import Call, Credential, Problem
from mock_server.contract import Scheme
from mock_server.exchange import Headers
from mock_server.grammar import closest

LONGEST = 300  # characters of a header value
_ROOM = 2_000  # characters of what a client sent that are looked at
_KEY_NAMES = ("api_key", "apikey", "api-key", "key", "token", "access_token", "auth", "authorization", "x-api-key")


def warn(call: Call, texts: Iterable[str]) -> None:
    """Put what was ignored of a request into X-Mock-Warning; nothing on a strict server."""
    told = "; ".join(texts)
    if told and call.world.registry.helpful:
        before = [value.decode() for name, value in call.headers if name == b"x-mock-warning"]
        rest = tuple(header for header in call.headers if header[0] != b"x-mock-warning")
        call.headers = (*rest, (b"x-mock-warning", printable("; ".join((*before, told)))))


def of(call: Call, problem: Problem) -> Headers:
    """X-Mock-Hint for a refusal that a person could wonder about: a key, or a path that leads nowhere."""
    registry, hint = call.world.registry, ""
    if not registry.helpful:
        return ()
    if call.step == "authenticate" and call.api.contract.schemes and call.operation.secured:
        hint = f"{_credential(call)}; recorded in world {call.world.id}"
    elif problem.kind == "unknown-route":
        hint = registry.router.nearest(call.request.path, call.api).removeprefix("; ")
    return ((b"x-mock-hint", printable(hint)),) if hint else ()


def printable(text: str) -> bytes:
    """A text as the value of a header: printable ASCII, at most `LONGEST` characters."""
    value = text[:LONGEST].encode("unicode_escape").replace(b"\\\\", b"\\")
    return value if len(value) <= LONGEST else value[: LONGEST - 3] + b"..."


def _credential(call: Call) -> str:
    """What is wrong with the credential of a request that was refused for it."""
    schemes = call.api.contract.schemes
    for scheme in schemes:
        value = _sent(scheme, call)
        if value:
            return _wrong(call, scheme, value[:_ROOM])
    wanted = " or ".join(map(_wanted, schemes))
    place = next(_elsewhere(call), None)
    return f"a key was sent in {place}; send {wanted}" if place else f"no key was sent; send {wanted}"


def _sent(scheme: Scheme, call: Call) -> str:
    if scheme.place == "query":
        return dict(_pairs(call)).get(scheme.header, "")
    value = call.request.header(scheme.field.decode()) or ""
    return value if scheme.place == "header" or f"{scheme.header}=" in value else ""


def _wrong(call: Call, scheme: Scheme, value: str) -> str:
    """Why what stands in the right place is no good."""
    if scheme.kind == "apiKey":
        return _unknown(call, value)
    wanted, (word, blank, token) = _wanted(scheme), value.partition(" ")
    if not blank and word.lower() != scheme.kind:
        return f"Authorization has no {scheme.kind.title()} before the key; send {wanted}"
    if word.lower() != scheme.kind:
        return f"Authorization does not begin with {scheme.kind.title()} and a blank; send {wanted}"
    if not token.strip():
        return f"no key stands behind {word}; send {wanted}"
    if scheme.kind == "basic":
        return f"user and password are not known here, or not in base64; send {wanted}"
    if token in _known(call) and _known(call)[token].state == "valid":
        return f"{word} is not written as here; send {wanted}"
    return _unknown(call, token)


def _unknown(call: Call, token: str) -> str:
    """What there is to say of a key that is not good here."""
    known = _known(call)
    if token in known:
        return {"lapsed": "the subscription of this key has lapsed"}.get(known[token].state, "this key was revoked")
    others = sorted(api for api, other in call.world.credentials if other == token)
    if others:
        return f"this key is one of {others[0]}, not of {call.api.name}"
    holder = call.world.registry.holder(token)
    if holder is not None:
        return f"this key is one of world {holder.id}, and X-Mock-World names another"
    if token.strip(" \t\"'<>,;:") in known:
        return "this key is unknown, but known without the blanks or punctuation around it"
    if token.lower() in map(str.lower, known):
        return "this key is unknown, but known in another case"
    if closest(token[:200], known, 0.8):
        return "this key is unknown, but differs little from a known one"
    return "this key is unknown; POST /__mock__/worlds and the ready file name good ones"


def _elsewhere(call: Call) -> Iterator[str]:
    """Places that no scheme reads and that hold a known key, or are called as if they held one."""
    known = _known(call)
    for name, text in _pairs(call):
        if text in known or name.lower() in _KEY_NAMES:
            yield f"the query parameter {name[:40]}"
    for field, value in call.request.headers:
        name = field.decode("latin-1")
        if value.decode("latin-1").rpartition(" ")[2] in known or name in _KEY_NAMES:
            yield f"the header {name[:40]}"


def _pairs(call: Call) -> list[tuple[str, str]]:
    return parse_qsl(call.request.query[:_ROOM])


def _known(call: Call) -> Mapping[str, Credential]:
    return {token: one for (api, token), one in call.world.credentials.items() if api == call.api.name}


def _wanted(scheme: Scheme) -> str:
    """How a client sends a key."""
    if scheme.kind == "apiKey":
        return {
            "header": f"the header `{scheme.header}: KEY`",
            "query": f"the query parameter `{scheme.header}=KEY`",
            "cookie": f"the cookie `{scheme.header}=KEY`",
        }[scheme.place]
    return "the header `Authorization: " + ("Bearer KEY`" if scheme.kind == "bearer" else "Basic BASE64`")
