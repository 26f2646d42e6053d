"""One compiled operation of a document: reads the parameters of requests, and validates responses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from understudy.document.body import Body
from understudy.document.memory import MAX_BODIES, MAX_BODY_LENGTH, MAX_KEY_LENGTH, memoize
from understudy.document.model import Assumed, Json, Pagination, RateLimit, Scheme
from understudy.document.parameters import Issue, Parameter, read_fields, read_query, read_texts
from understudy.document.pointer import at
from understudy.document.responses import Expected, header_errors
from understudy.engine.exchange import Headers, Response, body_type
from understudy.messages import shorten

_PATH_NAME = re.compile(r"\{([^{}/]+)\}")


class Operation(msgspec.Struct, frozen=True, eq=False):
    """One method and path of a document, compiled."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Expected]
    success: int | Assumed
    pagination: Pagination | None
    rate_limit: RateLimit | None
    secured: bool | Assumed
    keys: frozenset[str] = frozenset()  # query parameters that carry a credential
    carried: tuple[Parameter, ...] = ()  # headers and cookies that the validate step reads
    security: tuple[tuple[Scheme, ...], ...] = ()  # alternatives: all schemes of one of them are needed
    prefixes: tuple[str, ...] = ()  # base paths of this operation alone; none: those of the document
    _known: dict[tuple[tuple[str, ...], str], dict[str, Json]] = {}

    def __repr__(self) -> str:
        return f"<{self.method} {self.path}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # IPython's protocol, read by hypothesis
        printer.text(repr(self))

    def read(self, segments: tuple[str, ...], query: str) -> tuple[dict[str, Json], tuple[Issue, ...]]:
        """The typed path and query parameters of a request, with defaults, and the issues found.

        `segments` are the raw path parameters, `query` is the raw query. Valid ones are memoized (at most 1024, and no
        long ones).
        """
        known = self._known.get((segments, query))
        if known is not None:
            return known.copy(), ()
        arguments, path_issues = self._read_path(segments)
        values, query_issues = read_query(query, self._at("query"), self.keys)
        arguments |= values
        if not path_issues and not query_issues and len(query) + sum(map(len, segments)) <= MAX_KEY_LENGTH:
            memoize(self._known, (segments, query), arguments.copy())
        return arguments, path_issues + query_issues

    def read_carried(self, headers: Headers) -> tuple[dict[str, Json], tuple[Issue, ...]]:
        """The typed header and cookie parameters of a request, and the issues found."""
        fields: dict[str, list[str]] = {}
        for field, value in headers:
            fields.setdefault(field.decode("latin-1"), []).append(value.decode("latin-1"))
        cookies: dict[str, list[str]] = {}
        for text in fields.get("cookie", ()):
            for part in text.split(";"):
                name, _, value_text = part.strip().partition("=")
                cookies.setdefault(name, []).append(value_text)
        arguments, issues = read_fields(fields, tuple(one for one in self.carried if one.location == "header"))
        values, others = read_fields(cookies, tuple(one for one in self.carried if one.location == "cookie"))
        return arguments | values, issues + others

    def _read_path(self, segments: tuple[str, ...]) -> tuple[dict[str, Json], tuple[Issue, ...]]:
        names = _PATH_NAME.findall(self.path)
        texts = {name: unquote(text) for name, text in zip(names, segments, strict=True)}
        arguments: dict[str, Json] = {}
        issues: list[Issue] = []
        for parameter in self._at("path"):
            read_texts(parameter, [texts[parameter.name]], arguments, issues)
        path_issues = tuple(issue._replace(kind="path") for issue in issues)
        return texts | arguments, path_issues

    def mismatch(self, response: Response) -> str | None:
        """How a response differs from the document, in one line; None when it conforms.

        Valid bodies are memoized (at most 64 for each status).
        """
        statuses = (str(response.status), f"{response.status // 100}XX", "default")
        expected = next((self.responses[status] for status in statuses if status in self.responses), None)
        if expected is None:
            return f"{self.id}: status {response.status} is not documented (known: {', '.join(self.responses)})"
        for text in header_errors(expected, response):
            return f"{self.id}: {response.status}: {text}"
        if expected.body is None and expected.media_type == "":
            return f"{self.id}: {response.status}: a body where none is documented" if response.body else None
        chosen = next((one for one in (expected, *expected.others) if one.has_type(body_type(response))), None)
        if chosen is None:
            return f"{self.id}: {response.status}: content type {response.header('content-type')!r} is not documented"
        return self._body_mismatch(chosen, response)

    def _body_mismatch(self, expected: Expected, response: Response) -> str | None:
        if expected.body is None:  # no JSON: bytes of any kind
            return None
        if response.body in expected.known:
            return None
        try:
            value = response.json()
        except ValueError as error:
            return f"{self.id}: {response.status}: the body is not JSON: {error}"
        if expected.body.is_valid(value):
            if len(response.body) <= MAX_BODY_LENGTH:
                memoize(expected.known, response.body, None, MAX_BODIES)
            return None
        first = next(expected.body.iter_errors(value))
        return f"{self.id}: {response.status}: {at(*first.instance_path)}: {shorten(first.message, 300)}"

    def _at(self, location: str) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.location == location)


UNROUTED = Operation("", "", "", (), None, {}, 200, None, None, False)
"""The operation of a call without one: an event, a job, an undocumented path or method."""
