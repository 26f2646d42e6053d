"""Masking: replaces each key, token, password and cookie of an exchange by a placeholder.

A secret has the same placeholder everywhere in a server. Must not know where an exchange is displayed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, unquote_plus

from msgspec import structs

from understudy.document.contract import Contract
from understudy.document.memory import MAX_KEY_LENGTH, memoize
from understudy.engine.exchange import Exchange, Headers, Write
from understudy.engine.ids import HEX, digest

_ENDINGS = (
    "key", "token", "secret", "password", "passwd", "pwd", "auth", "authorization", "signature", "sig", "jwt", "bearer",
    "credential", "credentials", "session", "sessionid",
)  # fmt: skip
_HARMLESS = ("idempotencykey", "secwebsocketkey")
_PAGING = ("page", "next", "prev", "cursor", "continuation", "sync")  # a token with such a prefix names a page
_SCHEME = re.compile(
    r"((?:bearer|basic|digest|token|apikey|api-key|negotiate|ntlm|aws4-hmac-sha256) +)(.+)", re.IGNORECASE | re.DOTALL
)
_BARE = re.compile(r"\s*(bearer|basic|digest|token)?\s*", re.IGNORECASE)
_MEMBERS = "(?:api|access|private)_?key|(?:access|refresh|id|auth)_?token|(?:client_?)?secret|password"
_JSON_MEMBER = re.compile(rf'("(?:{_MEMBERS})"\s*:\s*")((?:[^"\\]|\\.)+)(?=")', re.IGNORECASE)
_FORM_FIELD = re.compile(rf"((?:^|&)(?:{_MEMBERS})=)([^&\s]+)", re.IGNORECASE)
_QUERY_FIELD = re.compile(r"(?<=[?&])([^=&?\s]+)=([^&\s#]+)")
_SHORTEST = 6  # characters of a secret that is replaced anywhere in an exchange
_MOST_REPLACED = 50  # secrets of one exchange, beside the world's keys, that are replaced everywhere


class Mask:
    """Replaces secrets by placeholders. `tokens` returns the keys of a world by its id; `show` turns masking off.

    Secrets are the world's own keys anywhere, and the values of headers, cookies and query parameters that a security
    scheme of `contracts` names, or whose names are usual for secrets and are no parameters of an operation.
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

    @property
    def shows(self) -> bool:
        """Whether masking is off."""
        return self._show

    def placeholder(self, secret: str) -> str:
        """The placeholder of a secret: a digest of the server's seed and the secret."""
        return f"masked-{digest(f'{self._seed}/{secret}', 8, HEX)}"

    def line(self, exchange: Exchange) -> Exchange:
        """The exchange with path and query masked, for a log line; headers and bodies are not masked."""
        request = exchange.request
        if exchange.response.status < 400:  # the path of an accepted request holds no key
            if not request.query or self._show:
                return exchange
            path, query = request.path, self._accepted_query(exchange.world, request.query)
            if query == request.query:
                return exchange
        elif self._show:
            return exchange
        else:
            path, query, message = self._refused_request(exchange)
            exchange = structs.replace(exchange, message=message)
        return structs.replace(exchange, request=structs.replace(request, path=path, query=query))

    def whole(self, exchange: Exchange) -> Exchange:
        """The exchange with every occurrence of its secrets masked."""
        if self._show:
            return exchange
        request, response, secrets = exchange.request, exchange.response, set(self._tokens(exchange.world))
        keys = len(secrets)
        query = self._query(request.query, secrets)
        heads = [self._headers(message.headers, secrets) for message in (request, response)]
        bodies = [self._body(message.body, secrets) for message in (request, response)]
        replace = self._replacer(secrets, keys)
        request = structs.replace(
            request,
            path=replace(request.path),
            query=replace(query),
            headers=_map_headers(heads[0], replace),
            body=_map_bytes(bodies[0], replace),
        )
        response = structs.replace(
            response, headers=_map_headers(heads[1], replace), body=_map_bytes(bodies[1], replace)
        )
        error, message = (None if text is None else replace(text) for text in (exchange.error, exchange.message))
        caller = exchange.caller and exchange.caller._replace(token=replace(exchange.caller.token))
        writes = tuple(part for one in exchange.writes for part in self._write(one, secrets, replace))
        return structs.replace(
            exchange,
            request=request,
            response=response,
            error=error,
            message=message,
            caller=caller,
            flat_writes=writes,
        )

    def _write(self, write: Write, secrets: set[str], replace: Callable[[str], str]) -> Write:
        layout, id, *rows = write
        before, after = (None if row is None else _map_bytes(self._body(row, secrets), replace) for row in rows)
        return layout, replace(id), before, after

    def _accepted_query(self, world: str, query: str) -> str:
        """The masked query of a request that was not refused; memoized."""
        masked = self._queries.get((world, query))
        if masked is None:
            secrets = set(self._tokens(world))
            keys = len(secrets)
            masked_query = self._query(query, secrets)
            masked = self._replacer(secrets, keys)(masked_query)
            if len(query) <= MAX_KEY_LENGTH:
                memoize(self._queries, (world, query), masked)
        return masked

    def _refused_request(self, exchange: Exchange) -> tuple[str, str, str | None]:
        """Path, query and message of a refusal, masked; they may hold a key that is unknown to the world."""
        request, secrets = exchange.request, set(self._tokens(exchange.world))
        keys = len(secrets)
        self._headers([field for field in request.headers if self._holds_secret(field[0])], secrets)
        query = self._query(request.query, secrets)
        replace = self._replacer(secrets, keys)
        message = exchange.message
        return replace(request.path), replace(query), None if message is None else replace(message)

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

    def _replace(self, secret: str, secrets: set[str]) -> str:
        """The placeholder of a secret; adds it to `secrets`."""
        secrets.add(secret)
        return self.placeholder(secret)

    def _query(self, query: str, secrets: set[str]) -> str:
        parts = (part.partition("=") for part in query.split("&"))
        return "&".join(
            f"{name}={self._replace(unquote_plus(value), secrets)}" if value and self._is_secret(unquote_plus(name))
            else f"{name}{equals}{value}"
            for name, equals, value in parts
        )  # fmt: skip

    def _headers(self, headers: Iterable[tuple[bytes, bytes]], secrets: set[str]) -> Headers:
        return tuple(
            (name, self._value(name.decode("latin-1"), value.decode("latin-1"), secrets).encode("latin-1"))
            for name, value in headers
        )

    def _value(self, name: str, value: str, secrets: set[str]) -> str:
        """The masked value of a header."""
        if name in ("cookie", "set-cookie"):
            return "; ".join(self._cookies(value, name == "set-cookie", secrets))
        if not self._is_secret(name):
            return _QUERY_FIELD.sub(lambda match: self._query(match[0], secrets), value)  # a URL
        if _BARE.fullmatch(value):
            return value
        scheme = _SCHEME.fullmatch(value.strip())
        prefix, secret = scheme.groups() if scheme else ("", value.strip())
        return prefix + self._replace(secret.strip(), secrets)

    def _cookies(self, value: str, is_response: bool, secrets: set[str]) -> Iterator[str]:
        """The masked parts of a Cookie header; in Set-Cookie only the first part is a cookie."""
        for number, part in enumerate(value.split(";")):
            name, equals, secret = part.strip().partition("=")
            if (equals and not secret) or (is_response and number):
                yield part.strip()
            else:
                secret = secret if equals else name
                yield (f"{name}=" if equals else "") + self._replace(secret.strip('"'), secrets)

    def _body(self, body: bytes, secrets: set[str]) -> bytes:
        """A body with the values of members and form fields masked whose names are usual for secrets."""
        text = body.decode("latin-1")
        for pattern in (_JSON_MEMBER, _FORM_FIELD):
            text = pattern.sub(lambda match: match[1] + self._replace(match[2], secrets), text)
        return text.encode("latin-1")

    def _replacer(self, secrets: set[str], keys: int) -> Callable[[str], str]:
        """A function that masks these secrets in a text; `keys` of them are the world's own.

        With too many others to search for, it replaces any text by one placeholder.
        """
        if len(secrets) - keys > _MOST_REPLACED:
            return lambda text: text and self.placeholder(text)
        return lambda text: self._text(text, secrets)

    def _text(self, text: str, secrets: Iterable[str]) -> str:
        """A text with each secret masked, in any of its encodings."""
        long = (secret for secret in secrets if len(secret) >= _SHORTEST)
        occurrences = [(encoding, secret) for secret in long for encoding in _encodings(secret, text)]
        for encoding, secret in sorted(occurrences, key=lambda pair: len(pair[0]), reverse=True):
            text = text.replace(encoding, self.placeholder(secret))
        return text


def _map_headers(headers: Headers, replace: Callable[[str], str]) -> Headers:
    return tuple((name, _map_bytes(value, replace)) for name, value in headers)


def _map_bytes(content: bytes, replace: Callable[[str], str]) -> bytes:
    return replace(content.decode("latin-1")).encode("latin-1")


def _encodings(secret: str, text: str) -> Iterator[str]:
    """The encodings of a secret that occur in a text: plain, percent-encoded, UTF-8 bytes."""
    if secret in text:
        yield secret
    if "%" in text and (encoded := quote(secret, safe="")) != secret and encoded in text:
        yield encoded
    if not secret.isascii() and (raw := secret.encode().decode("latin-1")) in text:
        yield raw
