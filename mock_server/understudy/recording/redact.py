"""Replaces the secrets of recorded exchanges by placeholders: the same one for the same secret, of its length class.

A placeholder is a number, so nothing of a secret can be found out from it. Must not know files.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import msgspec
from msgspec import structs

from understudy.document.contract import Contract
from understudy.engine.exchange import Headers, Request, Response, body_type
from understudy.recording.recorded import Recorded
from understudy.recording.secrets import EMAIL, Names, decoded, from_base64, in_text, members

Json = Any
_SHORTEST = 6  # characters of a secret that is replaced wherever it occurs
_CLASSES = ((16, 8), (64, 24))  # up to so many characters, so many digits
_LONGEST = 56
_CUTS = ("...", "\u2026")  # where a text was cut off
_BARE = 16  # characters from which a cookie without a value is taken for one without a name
_PLACEHOLDER = re.compile(r"masked-[0-9a-f]{8,}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9-]*) +(\S.*)", re.DOTALL)


class Redactor:
    """Knows the secrets of a recording. `learn` from all exchanges first, then `redact` each of them.

    `emails` says that e-mail addresses are replaced, too. `names` are those of secrets, if they are known already;
    `placeholder` makes what stands for a secret, else they are numbered.
    """

    def __init__(
        self,
        contracts: Iterable[Contract] = (),
        *,
        emails: bool = False,
        names: Names | None = None,
        placeholder: Callable[[str], str] | None = None,
    ) -> None:
        self._names = names or Names(contracts)
        self._emails = emails
        self._own = placeholder
        self._numbers: dict[str, int] = {}
        self._taken: set[int] = set()
        self._forms: dict[str, str] = {}  # how a secret may stand in a text, and what stands for it then
        self._by_start: dict[str, list[str]] = {}  # the same, longest first, by their first characters

    def placeholder(self, secret: str) -> str:
        """What stands for a secret."""
        if _PLACEHOLDER.fullmatch(secret):
            return secret
        if self._own is not None:
            self._numbers.setdefault(secret, 0)
            return self._own(secret)
        if secret not in self._numbers:
            self._numbers[secret] = next(n for n in range(len(self._numbers) + 1, 1 << 62) if n not in self._taken)
        digits = next((digits for most, digits in _CLASSES if len(secret) <= most), _LONGEST)
        return f"masked-{self._numbers[secret]:0{digits}d}"

    def know(self, secret: str) -> None:
        """Replace a secret wherever it stands."""
        self._add(secret)

    def learn(self, recorded: Recorded) -> None:
        """Find the secrets of an exchange, wherever they stand."""
        for message in (recorded.request, recorded.response):
            self._learn_message(message)
        for pair in (part.partition("=") for part in recorded.request.query.split("&")):
            if self._names.in_transport(unquote_plus(pair[0])):
                self._add(unquote_plus(pair[2]))
        self._learn_text(f"?{recorded.request.query}", transport=True)
        self._learn_text(unquote(recorded.request.path), transport=True)

    def redact(self, recorded: Recorded) -> Recorded:
        """The exchange with placeholders for all secrets that are known."""
        request, response = recorded.request, recorded.response
        return recorded._replace(
            request=structs.replace(
                request,
                path=self.text(request.path),
                query=self._query(request.query),
                headers=self._headers(request.headers),
                body=self._body(request),
            ),
            response=structs.replace(response, headers=self._headers(response.headers), body=self._body(response)),
        )

    def content(self, body: bytes) -> bytes:
        """A body in JSON, or a text, with placeholders for all secrets that are known."""
        return self._body(Response(200, (), body))

    def text(self, text: str) -> str:
        """A text with placeholders for all secrets that are known."""
        text = self._replaced(text)
        for encoded, plain in list(decoded(text)):
            if self._replaced(plain) != plain:
                text = text.replace(encoded, self.placeholder(encoded))
        if self._emails:
            text = EMAIL.sub(lambda found: self._email(found[0]), text)
        return text

    def _replaced(self, text: str) -> str:
        """A text with each form of a known secret replaced, found by its first characters."""
        parts, done, at = [], 0, 0
        while at <= len(text) - _SHORTEST:
            forms = self._by_start.get(text[at : at + _SHORTEST], ())
            form = next((one for one in forms if text.startswith(one, at)), None)
            length = len(form) if form is not None else 0
            if form is None:
                form, length = _cut_off(forms, text, at)
            if form is None:
                at += 1
            else:
                parts += [text[done:at], self._forms[form]]
                done = at = at + length
        return "".join([*parts, text[done:]]) if parts else text

    def _email(self, address: str) -> str:
        return address if address.endswith("@masked.invalid") else f"{self.placeholder(address)}@masked.invalid"

    # finding

    def _add(self, secret: str) -> None:
        """Know a secret, in each of the forms that it may have."""
        secret = secret.strip()
        if len(secret) < _SHORTEST or secret in self._numbers or _PLACEHOLDER.fullmatch(secret):
            return
        stands = self.placeholder(secret)
        raw = secret.encode("utf-8", "surrogatepass")
        forms = [secret, quote(secret, safe=""), quote_plus(secret), quote(quote(secret, safe=""), safe="")]
        forms += [re.sub("%..", lambda found: found[0].lower(), form) for form in forms[1:]]
        escaped = (json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret))
        forms += [*(form[1:-1] for form in escaped), html.escape(secret)]
        forms += [raw.hex(), raw.decode("latin-1")]
        forms += [b.decode().rstrip("=") for b in (base64.b64encode(raw), base64.urlsafe_b64encode(raw))]
        for form in forms:
            if form not in self._forms:
                self._forms[form] = stands
                same = self._by_start.setdefault(form[:_SHORTEST], [])
                same.append(form)
                same.sort(key=len, reverse=True)

    def _learn_message(self, message: Request | Response) -> None:
        for name, value in message.headers:
            self._learn_header(name.decode("latin-1"), value.decode("latin-1"))
        try:
            value = msgspec.json.decode(message.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            text = message.body.decode("utf-8", "surrogateescape")
            self._learn_text(text)
            if body_type(message) == "application/x-www-form-urlencoded":
                self._learn_text("&".join(map(unquote_plus, text.split("&"))))
        else:
            self._learn_json("", value)

    def _learn_header(self, name: str, value: str) -> None:
        if name in ("cookie", "set-cookie"):
            parts = value.split(";")[: None if name == "cookie" else 1]
            for part in parts:
                self._add(_cookie_value(part.strip())[1])
        elif self._names.in_transport(name):
            found = _SCHEME.fullmatch(value.strip())
            self._add(found[2] if found else value)
            plain = from_base64(found[2]) if found else None
            if plain is not None:  # user and password of RFC 7617
                self._add(plain)
                self._add(plain.partition(":")[2])
        self._learn_text(value, transport=True)

    def _learn_json(self, name: str, value: Json) -> None:
        if isinstance(value, Mapping):
            for called, _, child in members(name, value):
                self._learn_json(called, child)
        elif isinstance(value, list):
            for child in value:
                self._learn_json(name, child)
        elif isinstance(value, str):
            if self._names.in_body(name):
                self._add(value)
            self._learn_text(value)
            self._learn_nested(value)

    def _learn_nested(self, text: str) -> None:
        """Find the secrets of JSON that stands in a text, and in texts of that."""
        if text.lstrip()[:1] in ("{", "["):
            try:
                self._learn_json("", msgspec.json.decode(text.encode("utf-8", "surrogatepass")))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                return

    def _learn_text(self, text: str, *, transport: bool = False) -> None:
        self._taken |= {int(found[7:]) for found in _PLACEHOLDER.findall(text) if found[7:].isdigit()}
        for secret in in_text(text, self._names, transport=transport):
            self._add(unquote(secret))
            self._add(secret)
        for _, plain in decoded(text):
            for secret in in_text(plain, self._names, transport=True):
                self._add(secret)

    # replacing

    def _query(self, query: str) -> str:
        parts = []
        for part in query.split("&"):
            name, equals, value = part.partition("=")
            if value and self._names.in_transport(unquote_plus(name)):
                parts.append(f"{name}={self.placeholder(unquote_plus(value))}")
            else:
                parts.append(f"{self.text(name)}{equals}{self.text(value)}")
        return "&".join(parts)

    def _headers(self, headers: Headers) -> Headers:
        return tuple(
            (name, self._header(name.decode("latin-1"), value.decode("latin-1")).encode("latin-1", "replace"))
            for name, value in headers
        )

    def _header(self, name: str, value: str) -> str:
        if name in ("cookie", "set-cookie"):
            parts = [part.strip() for part in value.split(";")]
            cookies = len(parts) if name == "cookie" else 1
            return "; ".join([*map(self._cookie, parts[:cookies]), *map(self.text, parts[cookies:])])
        if not self._names.in_transport(name) or not value.strip():
            is_piece = len(value) >= _SHORTEST and any(value in known for known in self._numbers)
            return self.placeholder(value) if is_piece else self.text(value)
        found = _SCHEME.fullmatch(value.strip())
        return f"{found[1]} {self.placeholder(found[2])}" if found else self.placeholder(value.strip())

    def _cookie(self, part: str) -> str:
        name, value = _cookie_value(part)
        return f"{name}{self.placeholder(value)}" if value else part

    def _body(self, message: Request | Response) -> bytes:
        body = message.body
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._plain_body(message)
        replaced = self.value("", value)
        return body if replaced == value else json.dumps(replaced, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _plain_body(self, message: Request | Response) -> bytes:
        text = message.body.decode("utf-8", "surrogateescape")
        if body_type(message) == "application/x-www-form-urlencoded":
            text = "&".join(self._field(part) for part in text.split("&"))
        return self.text(text).encode("utf-8", "surrogateescape")

    def _field(self, part: str) -> str:
        name, _, value = part.partition("=")
        is_secret = value and self._names.in_body(unquote_plus(name))
        return f"{name}={self.placeholder(unquote_plus(value))}" if is_secret else part

    def value(self, name: str, value: Json) -> Json:
        """A value of a member with placeholders for its secrets."""
        if isinstance(value, Mapping):
            return {self.text(key): self.value(called, child) for called, key, child in members(name, value)}
        if isinstance(value, list):
            return [self.value(name, child) for child in value]
        if isinstance(value, str):
            return self.placeholder(value) if value and self._names.in_body(name) else self.text(value)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return 0 if is_number and self._names.of_digits(name) else value


def _cut_off(forms: Iterable[str], text: str, at: int) -> tuple[str | None, int]:
    """The form whose beginning stands in a text that was cut off there, as in messages, and how much of it."""
    for form in forms:
        pairs = zip(form, text[at : at + len(form)], strict=False)
        length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if length >= _SHORTEST and text.startswith(_CUTS, at + length):
            return form, length
    return None, 0


def _cookie_value(part: str) -> tuple[str, str]:
    """What stands before the value of a cookie, and the value; a bare one, also with `=` at its end, is its value."""
    name, equals, value = part.partition("=")
    if not equals or (not value.strip("=") and len(name) >= _BARE):
        return "", part
    return f"{name}=", value.strip('"')


def redacted(exchanges: Iterable[Recorded], redactor: Redactor) -> Iterator[Recorded]:
    """The exchanges without secrets; all are looked at before the first one is returned."""
    known = list(exchanges)
    for one in known:
        redactor.learn(one)
    yield from map(redactor.redact, known)
