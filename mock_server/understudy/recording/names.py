"""What the name and the form of a value say of it: an id of a kind, a time, a token. Must not know a document."""

from __future__ import annotations

import re
from typing import Any, Literal

from understudy.engine.clock import milliseconds

Json = Any
Role = Literal["id", "time", "token", "plain"]

_ID = re.compile(r"(?:^|[_-])(?:ids?|uuids?|guids?|uid)$|[a-z0-9](?:Ids?|IDs?|Uuids?|UUIDs?|Guids?)$", re.ASCII)
_ID_WORD = re.compile(r"(?:^|[_-])(?:ids?|uuids?|guids?|uid)$|(?:Ids?|IDs?|Uuids?|UUIDs?|Guids?)$", re.ASCII)
_ENVELOPES = (
    *("data", "items", "results", "result", "list", "content", "contents", "value", "values", "records", "rows"),
    *("entries", "response", "payload", "attributes", "nodes", "objects"),
)
_TOKEN = re.compile(
    r"(?:cursor|token|secret|signature|nonce|etag|password|api_?key|access_?key|session|next|prev(?:ious)?|trace|hash)$",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_TIME_NAME = re.compile(
    r"(?:^|_)(?:at|on|time|timestamp|date|created|updated|modified|expires|iat|exp)$|[a-z](?:At|On|Time|Date)$"
)
_EPOCH = 300_000_000  # seconds: 1979; smaller numbers are no times of records


def is_id(name: str) -> bool:
    """Whether a member of this name holds an id, or ids."""
    return _ID.search(name) is not None


def is_token(name: str) -> bool:
    """Whether a member of this name holds an opaque text that a server makes."""
    return _TOKEN.search(name) is not None


def time_of(name: str, value: Json) -> int | None:
    """The time that a value of this name is, in milliseconds since the epoch; None for no time."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return milliseconds(value.replace(",", "."))
        except (ValueError, OverflowError):
            return None
    if isinstance(value, int | float) and not isinstance(value, bool) and _TIME_NAME.search(name) and value > _EPOCH:
        return round(value if value > _EPOCH * 1000 else value * 1000)
    return None


def form_of(value: Json) -> str:
    """The form of a time: a number, a date, or a date with a time of day."""
    return ("date-time" if len(value) > len("2026-04-07") else "date") if isinstance(value, str) else "number"


def kind_of(name: str, above: str) -> str:
    """The kind of thing that an id names: `pet` for `pet_id`, for `petIds`, and for `id` in an object called `pets`."""
    return singular(_ID_WORD.sub("", name) or above)


def is_envelope(name: str) -> bool:
    """Whether a member of this name only wraps what an answer is about."""
    return name.lower() in _ENVELOPES


def singular(word: str) -> str:
    """A word in lower case, without separators, and in the singular."""
    plain = re.sub("[^a-z0-9]", "", word.lower())
    if plain.endswith("ies") and len(plain) > 4:
        return plain[:-3] + "y"
    if re.search("(?:ss|sh|ch|x|z)es$", plain):
        return plain[:-2]
    return plain[:-1] if plain.endswith("s") and not plain.endswith(("ss", "us", "is")) else plain


def segment_kinds(path: str) -> list[str]:
    """For each segment of a path, the kind of id that it would be: that of the segment before it."""
    segments = path.split("/")
    return ["", *(singular(before) for before in segments[:-1])]
