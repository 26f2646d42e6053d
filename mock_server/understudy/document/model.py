"""What a document declares beside its operations: rules, assumptions, errors, rate limits, pagination, schemes.

Frozen values. Must not know how they are read from a document, nor what happens to a request.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import force_setattr

Json = Any
Validator = Any  # jsonschema_rs' validators share no public base class


class Rule(msgspec.Struct, frozen=True):
    """A documented fact: one sentence, where it was read, and its basis (`documented` or `implied`)."""

    id: str
    text: str
    source: str
    basis: str


class Assumption(msgspec.Struct, frozen=True):
    """A gap in the documentation: the value that the mock takes, and the plausible others."""

    id: str
    text: str
    source: str
    default: Json
    alternatives: tuple[Json, ...]

    def allows(self, value: Json) -> bool:
        """Whether `value` is the default or one of the alternatives (`1` is not `True`)."""
        return any(type(known) is type(value) and known == value for known in (self.default, *self.alternatives))


class Assumed(msgspec.Struct, frozen=True):
    """Stands where the document says `{assumption: id}`: the value is the world's."""

    id: str


class ErrorKind(msgspec.Struct, frozen=True):
    """How one kind of problem is answered. `answer`, when given, holds status and code instead.

    `rule` is the rule that such an answer follows, for the trace.
    """

    status: int | Assumed
    code: str | Assumed
    message: str | Assumed
    reason: str
    answer: Assumed | None
    rule: str | None


class Quota(NamedTuple):
    """So many requests in so many seconds."""

    requests: int
    seconds: int


class RateLimit(msgspec.Struct, frozen=True):
    """A quota for each credential or tenant; an assumed one is the world's (null: none). The rest is how it is counted.

    `name` tells limits of one API apart: empty for all operations together, else the operation's id. `refusal`
    is the kind of error that too many requests get, `retry_after` whether it says how long to wait.
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
    """How a list operation is paged: the style's name, its order, and the style's own settings."""

    style: str
    order: str | Assumed
    settings: Mapping[str, str | Assumed]

    def name(self, setting: str) -> str:
        """A setting that is a plain name: of a parameter, or a pointer into the body."""
        return str(self.settings[setting])


class Scheme(msgspec.Struct, frozen=True):
    """One security scheme: `bearer`, `basic`, or `apiKey`; `header` names its header, query parameter or cookie.

    `place` says which of the three it is. `case` says whether the word Bearer is matched in any case, `challenge` what
    WWW-Authenticate says on a 401. The token of `basic` is `user:password`.
    """

    name: str
    kind: str
    header: str
    case: Assumed | None
    challenge: Assumed | None
    place: str = "header"
    field: bytes = b""  # the name of the header that it is read from, as requests have it; empty in a query

    def __post_init__(self) -> None:
        force_setattr(self, "field", {"header": self.header.encode(), "cookie": b"cookie", "query": b""}[self.place])

    def carry(self, token: str) -> tuple[dict[str, str], dict[str, str]]:
        """The headers and the query parameters with which a client sends `token`."""
        if self.place == "query":
            return {}, {self.header: token}
        if self.place == "cookie":
            return {"cookie": f"{self.header}={token}"}, {}
        if self.kind == "basic":
            return {self.header: f"Basic {b64encode(token.encode()).decode()}"}, {}
        return {self.header: f"Bearer {token}" if self.kind == "bearer" else token}, {}
