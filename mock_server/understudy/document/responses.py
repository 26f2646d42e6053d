"""The documented responses of an operation, and how an actual header differs."""

from __future__ import annotations

from collections.abc import Iterator

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
