"""What the headers of an operation say of how its requests may be sent: under conditions, and again.

Must not know what the operation does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from understudy.document.infer.operations import Op

REPEAT_KEY = re.compile(r"(x-)?idempotency-?(key|token|id)", re.IGNORECASE)
"""The names of headers that mark a request as one that may be repeated."""
_CONDITIONS = ("If-Match", "If-None-Match")
_TAGGED = "Each record of {name} has an ETag, which follows from its content; If-Match and If-None-Match name it."


class Heeded(NamedTuple):
    """A key of `x-operation` that heeds headers, with the kind of its inference, and what is said of it."""

    key: str
    kind: str
    statement: str  # about records of {name}
    reason: str
    otherwise: str


def heeded(op: Op, *, on_one: bool) -> Iterator[Heeded]:
    """What an operation heeds of its headers; `on_one` is whether it is on one record."""
    said = _says_conditions(op) if on_one else ""
    if said:
        yield Heeded("conditional", "conditions", _TAGGED, said, "requests are answered whatever their preconditions")
    key = next((name for name in op.parameters("header") if REPEAT_KEY.fullmatch(name)), None)
    if key is not None and op.method != "get":
        statement = f"A request on {{name}} with the {key} of an earlier one gets its answer again."
        yield Heeded("repeats", "repeats", statement, f"the header {key} is a parameter", "each request is carried out")


def _says_conditions(op: Op) -> str:
    """What of an operation says that a record has an ETag; empty where nothing does."""
    headers = {name.lower() for name in op.parameters("header")}
    known = next((name for name in _CONDITIONS if name.lower() in headers), None)
    if known is not None:
        return f"the header {known} is a parameter"
    if any(name.lower() == "etag" for name in op.response.get("headers", {})):
        return "the answer has the header ETag"
    status = next((status for status in ("412", "304") if status in op.own["responses"]), None)
    return "" if status is None else f"{status} is documented"
