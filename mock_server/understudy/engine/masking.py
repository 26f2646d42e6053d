"""Masking: an exchange as it may be shown, with a placeholder for each key, token, password and cookie.

The same secret has the same placeholder everywhere in a server. Must not know where an exchange is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, unquote_plus

from msgspec import structs

from understudy.document.contract import Contract
from understudy.document.memory import MAX_KEY_LENGTH, memoize
from understudy.engine.exchange import Exchange, Headers
from understudy.engine.ids import HEX, digest

_ENDINGS = (
    "key", "token", "secret", "password", "passwd", "pwd", "auth", "authorization", "signature", "sig", "jwt", "bearer",
    "credential", "credentials", "session", "sessionid",
)  # fmt: skip
_HARMLESS = ("idempotencykey", "secwebsocketkey")
_PAGING = ("page", "next", "prev", "cursor", "continuation", "sync")  # a token that begins so leads to a page
_SCHEME = re.compile(
    r"((?:bearer|basic|digest|token|apikey|api-key|negotiate|ntlm|aws4-hmac-sha256) +)(.+)", re.IGNORECASE | re.DOTALL
)
_BARE = re.compile(r"\s*(bearer|basic|digest|token)?\s*", re.IGNORECASE)
_MEMBERS = "(?:api|access|private)_?key|(?:access|refresh|id|auth)_?token|(?:client_?)?secret|password"
_JSON_MEMBER = re.compile(rf'("(?:{_MEMBERS})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")', re.IGNORECASE)
_FORM_FIELD = re.compile(rf"((?:^|&)(?:{_MEMBERS})=)([^&\s]+)", re.IGNORECASE)
_QUERY_FIELD = re.compile(r"(?<=[?&])([^=&?\s]+)=([^&\s#]+)")
_SHORTEST = 6  # characters of a secret that is looked for wherever it may stand
_MOST_SOUGHT = 50  # secrets of one exchange, beside the world's keys: each is looked for in all of it


class Mask:
    """Replaces secrets by placeholders. `tokens` gives the keys of a world by its id, `show` shows all as it is.

    Secret is what a header, cookie or query parameter holds whose name a security scheme of `contracts` has or that
    is usual for secrets, and is no parameter of their operations; and the world's own keys, wherever they stand.
    """

    def __init__(
        self,
        contracts: Iterable[Contract] = (),
        *,
        seed: str = "",
        tokens: Callable[[str], Iterable[str]] = lambda world: (),
        show: bool = False,
    ) -> None:
        contracts = tuple(contracts)
        parameters = (
            p for c in contracts for o in c.operations.values() for p in o.parameters if p.location == "query"
        )
        self._schemes = frozenset(scheme.header.lower() for c in contracts for scheme in c.schemes)
        self._declared = frozenset(p.name.lower() for p in parameters) - self._schemes
        self._known: dict[str, bool] = {}
        self._queries: dict[tuple[str, str], str] = {}
        self._seed = seed
        self._tokens = tokens
        self._show = show

    def placeholder(self, secret: str) -> str:
        """What stands for a secret: it follows from the server's seed and the secret."""
        return f"masked-{digest(f'{self._seed}/{secret}', 8, HEX)}"

    def line(self, exchange: Exchange) -> Exchange:
        """The exchange with path and query fit to be shown; the rest may hold secrets."""
        request = exchange.request
        if exchange.response.status < 400:  # its path holds no key, and the key that was sent is known
            if not request.query or self._show:
                return exchange
            path, query = request.path, self._usual(exchange.world, request.query)
        elif self._show:
            return exchange
        else:
            path, query = self._refused(exchange)
        return structs.replace(exchange, request=structs.replace(request, path=path, query=query))

    def whole(self, exchange: Exchange) -> Exchange:
        """The exchange fit to be shown; a secret is replaced wherever it stands in it."""
        if self._show:
            return exchange
        request, response, secrets = exchange.request, exchange.response, set(self._tokens(exchange.world))
        keys = len(secrets)
        query = self._query(request.query, secrets)
        asked, answered = self._headers(request.headers, secrets), self._headers(response.headers, secrets)
        shown = [self._body(body, secrets) for body in (request.body, response.body)]
        cover = self._cover(secrets, keys)
        request = structs.replace(
            request,
            path=cover(request.path),
            query=cover(query),
            headers=_covered(asked, cover),
            body=_covered_bytes(shown[0], cover),
        )
        response = structs.replace(response, headers=_covered(answered, cover), body=_covered_bytes(shown[1], cover))
        error = None if exchange.error is None else cover(exchange.error)
        return structs.replace(exchange, request=request, response=response, error=error)

    def _usual(self, world: str, query: str) -> str:
        """A query that was not refused, as it may be shown: many are the same."""
        shown = self._queries.get((world, query))
        if shown is None:
            secrets = set(self._tokens(world))
            keys = len(secrets)
            query_shown = self._query(query, secrets)
            shown = self._cover(secrets, keys)(query_shown)
            if len(query) <= MAX_KEY_LENGTH:
                memoize(self._queries, (world, query), shown)
        return shown

    def _refused(self, exchange: Exchange) -> tuple[str, str]:
        """Path and query of a refused request as they may be shown: a key that no world has may stand in them."""
        request, secrets = exchange.request, set(self._tokens(exchange.world))
        keys = len(secrets)
        self._headers([field for field in request.headers if self._holds_secret(field[0])], secrets)
        query = self._query(request.query, secrets)
        cover = self._cover(secrets, keys)
        return cover(request.path), cover(query)

    def _holds_secret(self, header: bytes) -> bool:
        name = header.decode("latin-1")
        return name == "cookie" or self._is_secret(name)

    def _is_secret(self, name: str) -> bool:
        """Whether a header, cookie or query parameter of this name holds a secret."""
        known = self._known.get(name)
        if known is None:
            known = self._looks_secret(name.lower())
            if len(name) <= MAX_KEY_LENGTH:
                memoize(self._known, name, known)
        return known

    def _looks_secret(self, name: str) -> bool:
        plain = re.sub("[^a-z0-9]", "", name)
        usual = plain.endswith(_ENDINGS) and plain not in _HARMLESS and not plain.startswith(_PAGING)
        return name in self._schemes or (usual and name not in self._declared)

    def _hidden(self, secret: str, secrets: set[str]) -> str:
        """The placeholder of a secret, which is noted."""
        secrets.add(secret)
        return self.placeholder(secret)

    def _query(self, query: str, secrets: set[str]) -> str:
        parts = (part.partition("=") for part in query.split("&"))
        return "&".join(
            f"{name}={self._hidden(unquote_plus(value), secrets)}" if value and self._is_secret(unquote_plus(name))
            else f"{name}{equals}{value}"
            for name, equals, value in parts
        )  # fmt: skip

    def _headers(self, headers: Iterable[tuple[bytes, bytes]], secrets: set[str]) -> Headers:
        return tuple(
            (name, self._value(name.decode("latin-1"), value.decode("latin-1"), secrets).encode("latin-1"))
            for name, value in headers
        )

    def _value(self, name: str, value: str, secrets: set[str]) -> str:
        """The value of a header as it may be shown."""
        if name in ("cookie", "set-cookie"):
            return "; ".join(self._cookies(value, name == "set-cookie", secrets))
        if not self._is_secret(name):
            return _QUERY_FIELD.sub(lambda match: self._query(match[0], secrets), value)  # a URL
        if _BARE.fullmatch(value):
            return value
        scheme = _SCHEME.fullmatch(value.strip())
        before, secret = scheme.groups() if scheme else ("", value.strip())
        return before + self._hidden(secret.strip(), secrets)

    def _cookies(self, value: str, is_answer: bool, secrets: set[str]) -> Iterator[str]:
        """The parts of a Cookie header, or of Set-Cookie, whose first part alone is a cookie."""
        for number, part in enumerate(value.split(";")):
            name, equals, secret = part.strip().partition("=")
            if (equals and not secret) or (is_answer and number):
                yield part.strip()
            else:
                secret = secret if equals else name
                yield (f"{name}=" if equals else "") + self._hidden(secret.strip('"'), secrets)

    def _body(self, body: bytes, secrets: set[str]) -> bytes:
        """A body without the members and form fields whose name says that they are secret."""
        text = body.decode("latin-1")
        for pattern in (_JSON_MEMBER, _FORM_FIELD):
            text = pattern.sub(lambda match: match[1] + self._hidden(match[2], secrets), text)
        return text.encode("latin-1")

    def _cover(self, secrets: set[str], keys: int) -> Callable[[str], str]:
        """A function that replaces these secrets in a text; so many of them, `keys`, are the world's.

        Where there are too many others to be looked for, one placeholder stands for all of a text.
        """
        if len(secrets) - keys > _MOST_SOUGHT:
            return lambda text: text and self.placeholder(text)
        return lambda text: self._text(text, secrets)

    def _text(self, text: str, secrets: Iterable[str]) -> str:
        """A text in which each of the secrets, however it is encoded, has its placeholder."""
        found = [(form, secret) for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret, text)]
        for form, secret in sorted(found, key=lambda pair: len(pair[0]), reverse=True):
            text = text.replace(form, self.placeholder(secret))
        return text


def _covered(headers: Headers, cover: Callable[[str], str]) -> Headers:
    return tuple((name, _covered_bytes(value, cover)) for name, value in headers)


def _covered_bytes(content: bytes, cover: Callable[[str], str]) -> bytes:
    return cover(content.decode("latin-1")).encode("latin-1")


def _forms(secret: str, text: str) -> Iterator[str]:
    """The forms of a secret that stand in a text: as it is, percent-encoded, as bytes of UTF-8."""
    if secret in text:
        yield secret
    if "%" in text and (encoded := quote(secret, safe="")) != secret and encoded in text:
        yield encoded
    if not secret.isascii() and (raw := secret.encode().decode("latin-1")) in text:
        yield raw
