"""The declarations of a document beside its operations: rules, assumptions, errors, rate limits, pagination, schemes.

Frozen values. Must not know how they are read from a document, nor how a request is answered.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

Json = Any
Validator = Any  # jsonschema_rs' validators share no public base class


class Rule(msgspec.Struct, frozen=True):
    """A documented fact: one sentence, its source, and its basis (`documented` or `implied`)."""

    id: str
    text: str
    source: str
    basis: str


class Assumption(msgspec.Struct, frozen=True):
    """A gap in the documentation: the value that the mock uses, and the plausible alternatives."""

    id: str
    text: str
    source: str
    default: Json
    alternatives: tuple[Json, ...]

    def allows(self, value: Json) -> bool:
        """Whether `value` is the default or an alternative, of the same type (`1` is not `True`)."""
        return any(type(known) is type(value) and known == value for known in (self.default, *self.alternatives))


class Assumed(msgspec.Struct, frozen=True):
    """A value that each world takes from an assumption: `{assumption: id}` in a document."""

    id: str


class ErrorKind(msgspec.Struct, frozen=True):
    """The response to one kind of problem. `answer`, if any, is an assumption with status and code, and has precedence.

    `rule` is the id of the documented rule behind it, for the trace.
    """

    status: int | Assumed
    code: str | Assumed
    message: str | Assumed
    reason: str
    answer: Assumed | None
    rule: str | None


class Quota(NamedTuple):
    """A number of requests in a number of seconds."""

    requests: int
    seconds: int


class RateLimit(msgspec.Struct, frozen=True):
    """A quota for each credential or tenant, and how requests are counted. An assumed quota may be null: no limit.

    `name` is the operation's id, empty for the limit of the whole API. `refusal` is the kind of error of a refused
    request, `retry_after` whether it has a Retry-After header.
    """

    name: str
    quota: Quota | Assumed
    per: str
    window: str | Assumed
    counts: str | Assumed
    headers: bool | Assumed
    retry_after: bool | Assumed
    refusal: str


class Pagination(msgspec.Struct, frozen=True, eq=False):
    """The pagination of a list operation: the style's name, the order, and the style's settings."""

    style: str
    order: str | Assumed
    settings: Mapping[str, str | Assumed]

    def name(self, setting: str) -> str:
        """The value of a setting that is a plain text: a parameter's name, or a JSON pointer into the body."""
        return str(self.settings[setting])


class Scheme(msgspec.Struct, frozen=True):
    """One security scheme: `bearer`, `basic`, or `apiKey`. `header` names the header, query parameter or cookie.

    `location` is one of these three. `case` is the assumption whether the word Bearer is case-sensitive, `challenge`
    the WWW-Authenticate value of a 401. A `basic` token is `user:password`.
    """

    name: str
    kind: str
    header: str
    case: Assumed | None
    challenge: Assumed | None
    location: str
    field: bytes  # the header that carries it, lower case; empty for a query parameter
    word: str = ""  # before the token, as RFC 9110 spells it: Bearer or Basic

    def carry(self, token: str) -> tuple[dict[str, str], dict[str, str]]:
        """The headers and query parameters by which a client sends `token`."""
        if self.location == "query":
            return {}, {self.header: token}
        if self.location == "cookie":
            return {"cookie": f"{self.header}={token}"}, {}
        if self.kind == "basic":
            return {self.header: f"Basic {b64encode(token.encode()).decode()}"}, {}
        return {self.header: token if self.kind == "apiKey" else f"{self.kind.title()} {token}"}, {}


def http_scheme(name: str, kind: str, case: Assumed | None = None, challenge: Assumed | None = None) -> Scheme:
    """The scheme of an Authorization header; `kind` is bearer or basic."""
    return Scheme(name, kind, "authorization", case, challenge, "header", b"authorization", kind.title())


def key_scheme(
    name: str, key: str, location: str, case: Assumed | None = None, challenge: Assumed | None = None
) -> Scheme:
    """The scheme of a key in a header (lower case), query parameter or cookie called `key`."""
    field = {"header": key, "cookie": "cookie", "query": ""}[location]
    return Scheme(name, "apiKey", key, case, challenge, location, field.encode())
