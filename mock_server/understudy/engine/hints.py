"""X-Mock-Hint: what a helpful server tells a person about a refused key or a path that leads nowhere.

No vendor sends it, and no strict server does. Must not decide any response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from understudy.document.model import Scheme
from understudy.engine.call import Call
from understudy.engine.credential import Credential
from understudy.engine.exchange import Headers
from understudy.engine.problem import Problem
from understudy.engine.warning import printable
from understudy.engine.worlds import Worlds
from understudy.messages import closest

_ROOM = 2_000  # characters of what a client sent that are looked at
_KEY_NAMES = ("api_key", "apikey", "api-key", "key", "token", "access_token", "auth", "authorization", "x-api-key")


def hint(call: Call, problem: Problem, worlds: Worlds) -> Headers:
    """X-Mock-Hint for a refusal that a person could wonder about: a key, or a path that leads nowhere."""
    text = ""
    if not call.world.server.helpful:
        return ()
    if call.step == "authenticate" and call.contract.schemes and call.operation.secured:
        text = f"{_credential(call, worlds)}; recorded in world {call.world.id}"
    elif problem.kind == "unknown-route":
        text = worlds.router.suggest(call.request.path, call.contract.name).removeprefix("; ")
    return ((b"x-mock-hint", printable(text)),) if text else ()


def _credential(call: Call, worlds: Worlds) -> str:
    """What is wrong with the credential of a request that was refused for it."""
    schemes = call.contract.schemes
    for scheme in schemes:
        value = _sent(scheme, call)
        if value:
            return _wrong(call, worlds, scheme, value[:_ROOM])
    wanted = " or ".join(map(_wanted, schemes))
    place = next(_elsewhere(call), None)
    return f"a key was sent in {place}; send {wanted}" if place else f"no key was sent; send {wanted}"


def _sent(scheme: Scheme, call: Call) -> str:
    if scheme.place == "query":
        return dict(_pairs(call)).get(scheme.header, "")
    value = call.request.header(scheme.field.decode()) or ""
    return value if scheme.place == "header" or f"{scheme.header}=" in value else ""


def _wrong(call: Call, worlds: Worlds, scheme: Scheme, value: str) -> str:
    """Why what stands in the right place is no good."""
    if scheme.kind == "apiKey":
        return _unknown(call, worlds, value)
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
    return _unknown(call, worlds, token)


def _unknown(call: Call, worlds: Worlds, token: str) -> str:
    """What there is to say of a key that is not good here."""
    known = _known(call)
    if token in known:
        return {"lapsed": "the subscription of this key has lapsed"}.get(known[token].state, "this key was revoked")
    others = sorted(api for api, other in call.world.credentials if other == token)
    if others:
        return f"this key is one of {others[0]}, not of {call.contract.name}"
    owner = worlds.find_by_key(token)
    if owner is not None:
        return f"this key is one of world {owner.id}, and X-Mock-World names another"
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
    return {token: one for (api, token), one in call.world.credentials.items() if api == call.contract.name}


def _wanted(scheme: Scheme) -> str:
    """How a client sends a key."""
    if scheme.kind == "apiKey":
        return {
            "header": f"the header `{scheme.header}: KEY`",
            "query": f"the query parameter `{scheme.header}=KEY`",
            "cookie": f"the cookie `{scheme.header}=KEY`",
        }[scheme.place]
    return "the header `Authorization: " + ("Bearer KEY`" if scheme.kind == "bearer" else "Basic BASE64`")
