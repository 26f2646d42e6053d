"""A Problem: what a handler or a step raises to refuse a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from understudy.engine.exchange import Headers

Fields = Mapping[str, Sequence[str]]  # what is wrong with which member: its dotted name, and messages


class Problem(Exception):
    """A refusal: the kind of error (a key of the document's `x-errors`), and a message where it needs its own.

    `because` is the id of the rule that decided, for the trace; `fields` tells what is wrong with which member.
    Caught once, in `pipeline`, and rendered in the API's own shape.
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
    """A problem with the status, code (empty without one) and message that the document gives its kind."""

    status: int
    code: str
    message: str
    fields: Fields
