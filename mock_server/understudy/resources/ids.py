"""The shapes of ids and keys, such as `prj_{base62:20}`, `{uuid}` or `{number}`.

A shape is text with places in braces. Must not know what gets an id.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from typing import Any

from understudy.document.lazy import LazyValidator
from understudy.document.model import Validator
from understudy.document.sample import Samples
from understudy.engine.ids import BASE36, BASE62, HEX, Ids
from understudy.messages import suggest

NUMBER = "number"
BY_SCHEMA = "{schema}"
Json = Any
NewId = Callable[[Ids], str]

_PLACE = re.compile(r"\{([^{}]*)\}")
_DIGITS = bytes(string.digits.encode()[n % 10] for n in range(256))
_LETTERS = bytes(string.ascii_letters.encode()[n % 52] for n in range(256))
_LOWER = bytes(string.ascii_lowercase.encode()[n % 26] for n in range(256))
_UPPER = bytes(string.ascii_uppercase.encode()[n % 26] for n in range(256))
ALPHABETS = {
    "base62": BASE62,
    "base36": BASE36,
    "hex": HEX,
    "digits": _DIGITS,
    "letters": _LETTERS,
    "lowercase": _LOWER,
    "capitals": _UPPER,
}
KNOWN = (*(f"{name}:20" for name in ALPHABETS), "uuid", NUMBER, "schema")


def shape(text: str) -> NewId:
    """A function that makes ids of this shape; raises ValueError for an unknown place, and for `{number}` in a text."""
    pieces = _PLACE.split(text)
    literals, places = pieces[::2], [_place(place) for place in pieces[1::2]]
    if not places or any("{" in literal or "}" in literal for literal in literals):
        raise ValueError(f"{text!r} has no place such as {{base62:20}} or {{uuid}}, or a brace too many")
    if literals == ["", ""]:
        return places[0]

    def make(ids: Ids) -> str:
        made = [place(ids) for place in places]
        return "".join(part for pair in zip(literals, (*made, ""), strict=True) for part in pair)

    return make


def by_schema(schema: Json, schemas: Mapping[str, Json], fits: Callable[[Json], Validator]) -> NewId:
    """A function that makes texts which fit a schema; raises NoValue where none does."""
    samples, known = Samples(schemas), LazyValidator(lambda: fits(schema))
    return lambda ids: str(samples.value(schema, known, seed=ids.take(8), direction=""))


def is_number(text: str) -> bool:
    """Whether ids of this shape are numbers, counted up from 1."""
    return text == f"{{{NUMBER}}}"


def _place(text: str) -> NewId:
    name, _, count = text.partition(":")
    if text == "uuid":
        return _uuid
    if name not in ALPHABETS or not count.isdigit() or not 1 <= int(count) <= 64:
        raise ValueError(f"{{{text}}} is no kind of id{suggest(text, KNOWN)} (an alphabet has a length from 1 to 64)")
    length, alphabet = int(count), ALPHABETS[name]
    return lambda ids: ids.take(length, alphabet)


def _uuid(ids: Ids) -> str:
    """A UUID of version 4 (RFC 9562, 5.4)."""
    digits = ids.take(32, HEX)
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
