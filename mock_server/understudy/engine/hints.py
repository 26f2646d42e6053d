"""X-Mock-Hint: explains a refused key, suggests a path for an unknown one, says whose a missing id is.

Sent by no vendor and no strict server. Must not decide any response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from urllib.parse import parse_qsl

from understudy.document.model import Scheme
from understudy.engine.call import Call
from understudy.engine.credential import Credential
from understudy.engine.exchange import Headers
from understudy.engine.misspelt import misspelt_header, misspelt_member
from understudy.engine.problem import Problem
from understudy.engine.requirements import opens
from understudy.engine.warning import printable
from understudy.engine.whereabouts import owner_of_missing
from understudy.engine.worlds import Worlds
from understudy.messages import closest

_MOST_READ = 2_000  # characters of a request's value that are examined
_OF_KEYS = ("missing-credential", "invalid-credential", "forbidden")  # kinds of problem
_KEY_NAMES = ("api_key", "apikey", "api-key", "key", "token", "access_token", "auth", "authorization", "x-api-key")


def hint(call: Call, problem: Problem, worlds: Worlds) -> Headers:
    """The X-Mock-Hint header for a refused key, an unknown path, a missing record or a misspelt name; else empty."""
    text = ""
    if not call.world.server.helpful:
        return ()
    if call.step == "authenticate" and call.contract.schemes and call.operation.secured:
        told = _credential(call, worlds) if problem.kind in _OF_KEYS else misspelt_header(call)
        text = f"{told}{told and '; '}recorded in world {call.world.id}"
    elif call.step == "validate" and not any(name == b"x-mock-warning" for name, _ in call.headers):
        text = misspelt_header(call) or misspelt_member(call)
    elif problem.kind == "unknown-route":
        text = worlds.router.suggest(call.request.path, call.contract.name).removeprefix("; ")
    elif call.step == "run" and call.contract.errors[problem.kind].reason == "not-found":
        text = owner_of_missing(call, worlds)
    return ((b"x-mock-hint", printable(text)),) if text else ()


def _credential(call: Call, worlds: Worlds) -> str:
    """Why the credential of a request was refused."""
    alternatives = call.operation.security or [(scheme,) for scheme in call.contract.schemes]
    usage = " or ".join(" and ".join(map(_how_to_send, schemes)) for schemes in alternatives)
    is_incomplete = False
    for scheme in dict.fromkeys(chain.from_iterable(alternatives)):
        value = _sent(scheme, call)
        if value and call.operation.security and opens(call, scheme):
            is_incomplete = True
        elif value:
            return _explain(call, worlds, scheme, value[:_MOST_READ])
    if is_incomplete:
        return f"a second credential is missing; send {usage}"
    found = next(_misplaced_keys(call), None)
    return f"a key was sent in {found}; send {usage}" if found else f"no key was sent; send {usage}"


def _sent(scheme: Scheme, call: Call) -> str:
    if scheme.location == "query":
        return dict(_pairs(call)).get(scheme.header, "")
    value = call.request.header(scheme.field.decode()) or ""
    return value if scheme.location == "header" or f"{scheme.header}=" in value else ""


def _explain(call: Call, worlds: Worlds, scheme: Scheme, value: str) -> str:
    """Why the value that a scheme reads was refused."""
    if scheme.kind == "apiKey":
        return _explain_key(call, worlds, value)
    usage, (word, blank, token) = _how_to_send(scheme), value.partition(" ")
    if not blank and word.lower() != scheme.kind:
        return f"Authorization has no {scheme.kind.title()} before the key; send {usage}"
    if word.lower() != scheme.kind:
        return f"Authorization does not begin with {scheme.kind.title()} and a blank; send {usage}"
    if not token.strip():
        return f"no key stands behind {word}; send {usage}"
    if scheme.kind == "basic":
        return f"user and password are not known here, or not in base64; send {usage}"
    if token in _keys(call) and _keys(call)[token].state == "valid":
        return f"{word} is not written as here; send {usage}"
    return _explain_key(call, worlds, token)


def _explain_key(call: Call, worlds: Worlds, token: str) -> str:
    """Why a key is not valid here."""
    keys = _keys(call)
    if token in keys:
        return {"lapsed": "the subscription of this key has lapsed"}.get(keys[token].state, "this key was revoked")
    others = sorted(api for api, other in call.world.credentials if other == token)
    if others:
        return f"this key is one of {others[0]}, not of {call.contract.name}"
    owner = worlds.find_by_key(token)
    if owner is not None:
        named = f"the URL is that of world {call.world.id}" if call.request.root_path else "X-Mock-World names another"
        return f"this key is one of world {owner.id}, and {named}"
    if token.strip(" \t\"'<>,;:") in keys:
        return "this key is unknown, but known without the blanks or punctuation around it"
    if token.lower() in map(str.lower, keys):
        return "this key is unknown, but known in another case"
    if closest(token[:200], keys, 0.8):
        return "this key is unknown, but differs little from a known one"
    index = "GET /, " if call.world.server.token is None else ""  # off loopback the index holds no keys
    return f"this key is unknown; {index}POST /__mock__/worlds and the ready file name good ones"


def _misplaced_keys(call: Call) -> Iterator[str]:
    """The headers and query parameters that no scheme reads and that hold a known key, or are named like a key."""
    keys = _keys(call)
    for name, text in _pairs(call):
        if text in keys or name.lower() in _KEY_NAMES:
            yield f"the query parameter {name[:40]}"
    for field, value in call.request.headers:
        name = field.decode("latin-1")
        if value.decode("latin-1").rpartition(" ")[2] in keys or name in _KEY_NAMES:
            yield f"the header {name[:40]}"


def _pairs(call: Call) -> list[tuple[str, str]]:
    return parse_qsl(call.request.query[:_MOST_READ])


def _keys(call: Call) -> Mapping[str, Credential]:
    return {token: one for (api, token), one in call.world.credentials.items() if api == call.contract.name}


def _how_to_send(scheme: Scheme) -> str:
    """How a client sends a key."""
    if scheme.kind == "apiKey":
        return {
            "header": f"the header `{scheme.header}: KEY`",
            "query": f"the query parameter `{scheme.header}=KEY`",
            "cookie": f"the cookie `{scheme.header}=KEY`",
        }[scheme.location]
    return f"the header `Authorization: {'Basic BASE64' if scheme.kind == 'basic' else f'{scheme.kind.title()} KEY'}`"
