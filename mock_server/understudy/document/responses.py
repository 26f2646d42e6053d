"""The documented responses of an operation, and how an actual header differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from understudy.document.model import Json, Validator
from understudy.document.parameters import INTEGER, NUMBER
from understudy.engine.exchange import Response
from understudy.messages import shorten


class Expected(msgspec.Struct, frozen=True):
    """One documented response: its body's validator, media type and headers. `known` memoizes valid bodies.

    `others` are the same response in other media types. `body` is None without a body, and for one that is no JSON.
    """

    body: Validator | None
    media_type: str
    headers: tuple[tuple[str, bool, str, Validator], ...]
    known: dict[bytes, None] = {}
    others: tuple[Expected, ...] = ()

    def has_type(self, media_type: str) -> bool:
        """Whether a media type, in lower case and without parameters, is this one, or in its range."""
        own = self.media_type
        return own == media_type or (own.endswith("/*") and (own == "*/*" or media_type.startswith(own[:-1])))


def header_errors(expected: Expected, response: Response) -> Iterator[str]:
    """How the headers of a response differ from the document, one message each."""
    for name, required, kind, validator in expected.headers:
        text = response.header(name)
        if text is None:
            if required:
                yield f"the header {name} is missing"
        elif not validator.is_valid(_typed(kind, text)):
            yield f"the header {name} is {shorten(text)}, which does not fit its schema"


def _typed(kind: str, text: str) -> Json:
    """The value of a header of a plain type; its text where it is none."""
    if kind in ("integer", "number") and INTEGER.fullmatch(text):
        return int(text)
    if kind == "number" and NUMBER.fullmatch(text):
        return float(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def documented_statuses(operation: Mapping[str, Json]) -> dict[str, str]:
    """The statuses and ranges (4XX) that an operation documents, each with its key in `responses`.

    `default` beside a success is that of refusals and failures, and `x-success` leaves open which 2xx is sent: the
    documents write no ranges, at which generators of clients stop.
    """
    found = {status: status for status in operation["responses"]}
    successes = [status for status in found if status.startswith("2")]
    if successes and "x-success" in operation:
        found.setdefault("2XX", successes[-1])
    if successes and "default" in found:
        refusal = found.pop("default")
        found = {**found, "4XX": found.get("4XX", refusal), "5XX": found.get("5XX", refusal)}
    return found
