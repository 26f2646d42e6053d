"""Which value of a target stands for which recorded one: bound when both are first seen at the same place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

import msgspec

from understudy.recording.names import is_envelope, is_id, is_token, kind_of, segment_kinds

Json = Any
_LONG = 8  # characters from which a text is taken for a made one, wherever it stands
_WORD = re.compile(r"[A-Za-z0-9_.~-]{8,}")
_SAFE = "%:@!$&'()*+,;=~-._"
TOKEN = "token "
_PLACEHOLDER = re.compile(r"masked-[0-9a-f]{8,}")


class Bindings:
    """Recorded values and what stands for them on a target, by kind. `known` are ids that must stay as they are."""

    def __init__(self, known: Callable[[str, str], bool] = lambda kind, text: False) -> None:
        self._known = known
        self._to: dict[tuple[str, str], Json] = {}
        self._from: dict[tuple[str, str], str] = {}
        self._kinds: dict[str, dict[str, Json]] = {}  # what a text stands for, by kind
        self._long: dict[str, str] = {}  # recorded texts that may stand anywhere
        self._origins: dict[str, str] = {}

    def bind_origin(self, recorded: str, actual: str) -> None:
        """Bind the scheme and host of a recorded service to that of the target."""
        self._origins[recorded] = actual

    def unify(self, kind: str, recorded: Json, actual: Json) -> bool:
        """Whether two ids stand for each other; binds them when neither was seen. Their types must be the same."""
        if type(recorded) is not type(actual):
            return False
        kind = _scope(kind, recorded)
        key, back = (kind, str(recorded)), (_scope(kind, actual), str(actual))
        if key in self._to:
            return bool(self._to[key] == actual)
        if back in self._from:  # known by another kind: `run_id` for the `id` of an instance
            return self._from[back] == key[1]
        if recorded != actual and self._known(key[0], str(recorded)):
            return False
        self._bind(key, back, actual)
        return True

    def _bind(self, key: tuple[str, str], back: tuple[str, str], actual: Json) -> None:
        self._to[key] = actual
        self._kinds.setdefault(key[1], {})[key[0]] = actual
        self._from[back] = key[1]
        if isinstance(actual, str) and len(key[1]) >= _LONG and key[1] != actual:
            self._long.setdefault(key[1], actual)

    def value(self, kind: str, recorded: Json) -> Json:
        """What stands for a recorded id of a kind, or of any kind where that is clear; itself when nothing does."""
        text, kind = str(recorded), _scope(kind, recorded)
        if (kind, text) in self._to:
            found = self._to[kind, text]
        else:
            others = set(map(str, self._kinds.get(text, {}).values()))
            found = others.pop() if len(others) == 1 else recorded
        return type(recorded)(found) if isinstance(recorded, int) and str(found).isdigit() else found

    def text(self, recorded: str) -> str:
        """A recorded text with the origins and the long values in it replaced."""
        for origin, actual in self._origins.items():
            recorded = recorded.replace(origin, actual)
        if not self._long:
            return recorded
        return self._long.get(recorded) or _WORD.sub(self._word, recorded)

    def _word(self, found: re.Match[str]) -> str:
        """What stands for a word of a text, or for the parts of it between dots."""
        word = found[0]
        return self._long.get(word) or ".".join(self._long.get(part, part) for part in word.split("."))

    def matches(self, recorded: str, actual: str) -> bool:
        """Whether a recorded text with placeholders of secrets fits an actual one."""
        if not _PLACEHOLDER.search(recorded):
            return False
        pattern = "(.+)".join(map(re.escape, _PLACEHOLDER.split(self.text(recorded))))
        return re.fullmatch(pattern, actual, re.DOTALL) is not None

    def path(self, recorded: str) -> str:
        """A recorded path for the target."""
        pairs = zip(segment_kinds(recorded), recorded.split("/"), strict=True)
        return "/".join(self._segment(kind, raw) for kind, raw in pairs)

    def _segment(self, kind: str, raw: str) -> str:
        text = unquote(raw)
        return quote(str(self.value(kind, text)), safe=_SAFE) if raw and self._holds(text) else raw

    def query(self, recorded: str) -> str:
        """A recorded query for the target."""
        return "&".join(self._pair(part) for part in recorded.split("&")) if recorded else recorded

    def _pair(self, part: str) -> str:
        name, equals, raw = part.partition("=")
        text = unquote_plus(raw)
        found = self.named(unquote_plus(name), "", text) if raw else text
        return part if found == text else f"{name}{equals}{quote(str(found), safe='')}"

    def _holds(self, text: str) -> bool:
        return text in self._kinds

    def named(self, name: str, above: str, recorded: Json) -> Json:
        """A recorded value of a member, for the target: only ids, tokens and long texts are replaced."""
        if isinstance(recorded, bool) or not isinstance(recorded, int | str):
            return recorded
        if is_id(name) or is_token(name):
            return self.value(kind_of(name, above), recorded)
        return self.text(recorded) if isinstance(recorded, str) else recorded

    def body(self, recorded: bytes, media_type: str, above: str) -> bytes:
        """A recorded body for the target; byte for byte the same where nothing in it is bound."""
        if not recorded or not (self._to or self._origins):
            return recorded
        if media_type == "application/x-www-form-urlencoded":
            return self.query(recorded.decode("latin-1")).encode("latin-1")
        try:
            value = msgspec.json.decode(recorded)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._bytes(recorded)
        replaced = self._json("", above, value)
        return recorded if replaced == value else msgspec.json.encode(replaced)

    def _bytes(self, recorded: bytes) -> bytes:
        text = recorded.decode("latin-1")
        return self.text(text).encode("latin-1", "replace")

    def _json(self, name: str, above: str, value: Json) -> Json:
        if isinstance(value, Mapping):
            inner = above if is_envelope(name) else name or above
            return {key: self._json(key, inner, child) for key, child in value.items()}
        if isinstance(value, list):
            return [self._json(name, above, child) for child in value]
        return self.named(name, above, value)


def _scope(kind: str, id: Json) -> str:
    """The kind by which an id is known: long texts are the same in every kind; a cursor may be an id, too."""
    if not isinstance(id, str) or len(id) < _LONG:
        return kind
    return TOKEN if kind.startswith(TOKEN) else ""
