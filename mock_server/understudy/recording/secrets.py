"""What of an exchange is a secret: by the name of a header, parameter, cookie or member, by the document, by its form.

Must not know what becomes of it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from understudy.document.contract import Contract

Json = Any

_ALWAYS = (
    *("password", "passwd", "pwd", "passphrase", "secret", "secrets", "token", "tokens", "jwt", "bearer", "apikey"),
    *("authorization", "credential", "credentials", "signature", "sig", "cookie", "csrf", "xsrf", "otp", "assertion"),
    *("accesskey", "privatekey", "authtoken", "accesstoken", "refreshtoken", "idtoken", "clientsecret", "sessionid"),
    *("sessiontoken", "awsaccesskeyid", "pin", "cvv", "cvc", "ssn", "codeverifier", "devicecode"),
)
_IN_TRANSPORT = ("key", "keys", "auth", "session", "sid", "sess")
"""Words of secrets in the names of headers, parameters and cookies, which are usual words in bodies."""

_KEYS = ("api", "access", "private", "secret", "signing", "encryption", "auth", "account", "shared", "master")
_DIGITS = ("pin", "otp", "cvv", "cvc", "ssn", "password", "passcode")
_HARMLESS = ("idempotency", "websocket", "page", "next", "prev", "previous", "continuation", "sync", "cursor", "public")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_VALUES = (
    re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*"),  # a JWT
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\b(?:sk|pk|rk|nxs)_(?:live|test)_[A-Za-z0-9_]{6,}"),
    re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})"),
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{8,}"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
)
_SCHEME = re.compile(
    r"\b(?:bearer|basic|digest|token|apikey|api-key|negotiate|ntlm) +(?=\S*[0-9_])([A-Za-z0-9+/=._~:-]{8,})",
    re.IGNORECASE,
)
_USER = re.compile(r"(?<=://)[^/?#\s\"'<>@]+(?=@)")
_FIELD = re.compile(r"([A-Za-z0-9_.$\[\]-]{2,60})=([^&;\s\"'<>#]+)")
_ELEMENT = re.compile(r"<([A-Za-z0-9_.:-]{2,60})(?:\s[^<>]*)?>([^<>]+)</")
_PART = re.compile(r'name="?([^";\r\n]+)"?[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(.*?)\r?\n--', re.DOTALL)
_PAIR = re.compile(r'"([^"\\]{2,60})"\s*:\s*"((?:[^"\\]|\\.)+)"')
_ATTRIBUTE = re.compile(r"([A-Za-z0-9_.:-]{2,60})\s*=\s*[\"']([^\"'<>]+)[\"']")
_QUOTED = re.compile(r"([A-Za-z0-9_.-]{2,60}):\s*[\"']([^\"'\r\n]+)[\"']")
_LINE = re.compile(r"^[ \t-]*([A-Za-z0-9_.-]{2,60}):[ \t]+([^\s\"'{}\[\]]+)[ \t\r]*$", re.MULTILINE)
_GRANT = re.compile(r"[?&#](?:code|state)=([^&;\s\"'<>#]+)")  # of OAuth 2.0, which has both in one URL
_NAMED = ("name", "key")  # members that say what the `value` beside them is
_BARE = ("value", "data", "raw", "plain", "plaintext", "content")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class Names:
    """Which names hold secrets: usual ones, and those that documents declare."""

    def __init__(self, contracts: Iterable[Contract] = ()) -> None:
        contracts = tuple(contracts)
        self._declared = {scheme.header.lower() for one in contracts for scheme in one.schemes}
        for one in contracts:
            self._declared |= {name.lower() for name in _written_only(one.document.get("components", {}))}

    def in_transport(self, name: str) -> bool:
        """Whether a header, parameter or cookie of this name holds a secret."""
        return self._is(name, (*_ALWAYS, *_IN_TRANSPORT))

    def in_body(self, name: str) -> bool:
        """Whether a member or field of a body of this name holds a secret."""
        return self._is(name, _ALWAYS)

    def of_digits(self, name: str) -> bool:
        """Whether a number of this name is a secret."""
        return any(part.lower() in _DIGITS for part in _WORD.findall(name))

    def _is(self, name: str, words: tuple[str, ...]) -> bool:
        if name.rpartition(" ")[2].lower() in self._declared:
            return True
        parts = [part.lower() for part in _WORD.findall(name)]
        if any(part in _HARMLESS for part in parts):
            return False
        joined = "".join(parts)
        keys = any(first in _KEYS and second in ("key", "keys") for first, second in pairwise(parts))
        return keys or joined in words or any(part in words for part in parts)


def members(above: str, value: Mapping[str, Json]) -> Iterator[tuple[str, str, Json]]:
    """Each member of an object called `above`: the name that says what it holds, its own name, and its value.

    `{"name": "password", "value": ...}` names the value, and in `{"secret": {"value": ...}}` the name above does.
    """
    named = next((f"{above} {value[key]}" for key in _NAMED if isinstance(value.get(key), str)), above)
    for key, child in value.items():
        yield (named if key == "value" else above) if key.lower() in _BARE else key, key, child


def _written_only(value: Json) -> Iterator[str]:
    """The names of the properties that a document calls passwords, or that only requests have."""
    if isinstance(value, Mapping):
        properties = value.get("properties")
        for name, one in properties.items() if isinstance(properties, Mapping) else ():
            if isinstance(one, Mapping) and (one.get("format") == "password" or one.get("writeOnly") is True):
                yield str(name)
        for child in value.values():
            yield from _written_only(child)
    elif isinstance(value, list):
        for child in value:
            yield from _written_only(child)


def in_text(text: str, names: Names, *, transport: bool = False) -> Iterator[str]:
    """The secrets in a text of any kind: by their form, in URLs, fields, elements and attributes, JSON, YAML, parts."""
    for pattern in _VALUES:
        for found in pattern.finditer(text):
            yield from (found[0], *(found[0].splitlines()[1:-1]))
    yield from (found[1] for found in _SCHEME.finditer(text))
    for found in _USER.finditer(text):
        yield from filter(None, (found[0], found[0].partition(":")[2]))
    is_secret = names.in_transport if transport else names.in_body
    if "code=" in text and "state=" in text:
        yield from (found[1] for found in _GRANT.finditer(text))
    lines = (_LINE,) if "\n" in text.strip() else ()  # one line alone is rather a message, as `token: expired`
    for pattern in (_FIELD, _ELEMENT, _PART, _PAIR, _ATTRIBUTE, _QUOTED, *lines):
        yield from (found[2] for found in pattern.finditer(text) if is_secret(found[1].rpartition("[")[2].strip("]")))


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text that are base64 of a text, each with what it stands for."""
    for found in _BASE64.finditer(text):
        plain = from_base64(found[0])
        if plain is not None:
            yield found[0], plain


def from_base64(text: str) -> str | None:
    """The text that a base64 text stands for, of either alphabet and with or without padding; None for none."""
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        plain = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return plain if plain.isprintable() or "\n" in plain else None
