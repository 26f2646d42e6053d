"""One operation of a document, compiled: it reads the parameters of a request and judges responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from understudy.document.body import Body
from understudy.document.memory import MAX_BODIES, MAX_BODY_LENGTH, MAX_KEY_LENGTH, memoize
from understudy.document.model import Assumed, Json, Pagination, RateLimit
from understudy.document.parameters import Issue, Parameter, describe_invalid, read_query
from understudy.document.pointer import at
from understudy.document.responses import Expected, header_errors
from understudy.engine.exchange import Response, body_type
from understudy.messages import shorten


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
    _known: dict[tuple[tuple[str, ...], str], dict[str, Json]] = {}

    def __repr__(self) -> str:
        return f"<{self.method} {self.path}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # IPython's protocol, read by hypothesis
        printer.text(repr(self))

    def read(self, segments: tuple[str, ...], query: str) -> tuple[dict[str, Json], tuple[Issue, ...]]:
        """The typed parameters of a path (its segments as they came) and of a raw query, and what is wrong with them.

        Defaults are filled in. Those that were fine before are remembered (at most 1024, and no long ones).
        """
        known = self._known.get((segments, query))
        if known is not None:
            return known.copy(), ()
        arguments, wrong = self._read_path(segments)
        asked, issues = read_query(query, self._at("query"), self.keys)
        arguments |= asked
        if not wrong and not issues and len(query) + sum(map(len, segments)) <= MAX_KEY_LENGTH:
            memoize(self._known, (segments, query), arguments.copy())
        return arguments, wrong + issues

    def _read_path(self, segments: tuple[str, ...]) -> tuple[dict[str, Json], tuple[Issue, ...]]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        arguments = {name: unquote(text) for name, text in zip(names, segments, strict=True)}
        issues = tuple(
            Issue(
                parameter.name,
                "path",
                (arguments[parameter.name],),
                describe_invalid(parameter, arguments[parameter.name]),
            )
            for parameter in self._at("path")
            if not parameter.validator.is_valid(arguments[parameter.name])
        )
        return arguments, issues

    def mismatch(self, response: Response) -> str | None:
        """How a response differs from what the document says, in one line; None when it does not.

        Bodies that were fine before are remembered (at most 64 for each status).
        """
        wanted = (str(response.status), f"{response.status // 100}XX", "default")
        expected = next((self.responses[status] for status in wanted if status in self.responses), None)
        if expected is None:
            return f"{self.id}: status {response.status} is not documented (known: {', '.join(self.responses)})"
        for fault in header_errors(expected, response):
            return f"{self.id}: {response.status}: {fault}"
        if expected.body is None:
            return f"{self.id}: {response.status}: a body where none is documented" if response.body else None
        if body_type(response) != expected.media_type:
            return f"{self.id}: {response.status}: content type {response.header('content-type')!r} is not documented"
        if response.body in expected.known:
            return None
        try:
            value = response.json()
        except ValueError as fault:
            return f"{self.id}: {response.status}: the body is not JSON: {fault}"
        if expected.body.is_valid(value):
            if len(response.body) <= MAX_BODY_LENGTH:
                memoize(expected.known, response.body, None, MAX_BODIES)
            return None
        error = next(expected.body.iter_errors(value))
        return f"{self.id}: {response.status}: {at(*error.instance_path)}: {shorten(error.message, 300)}"

    def _at(self, location: str) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.location == location)


UNROUTED = Operation("", "", "", (), None, {}, 200, None, None, False)
"""Stands where a call belongs to no operation: an event, a job, a path or method that the document lacks."""
