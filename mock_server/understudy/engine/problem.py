"""A Problem: the exception by which a handler or step refuses a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from understudy.engine.exchange import Headers

Fields = Mapping[str, Sequence[str]]  # messages by the dotted name of a member


class Problem(Exception):
    """A refusal: the kind of error (a key of the document's `x-errors`), and a message where it needs its own.

    `rule_id` is the id of the documented rule, for the trace; `fields` holds messages by member. Caught once, in
    `pipeline`, and rendered in the API's own shape.
    """

    def __init__(
        self,
        kind: str,
        message: str | None = None,
        *,
        rule_id: str | None = None,
        headers: Headers = (),
        fields: Fields | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.rule_id = rule_id
        self.headers = headers
        self.fields = fields or {}
        super().__init__(kind, message)


class Refusal(NamedTuple):
    """The status, code (empty without one) and message of a problem in a world."""

    status: int
    code: str
    message: str
    fields: Fields
