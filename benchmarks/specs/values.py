"""Values that fit a schema and stand in no example: what was sent can be told from what a document prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import HypothesisException

from benchmarks.specs.document import Json
from benchmarks.specs.schemas import Schemas

_DEPTH = 5
_BOUNDS = {
    "minimum": max, "exclusiveMinimum": max, "minLength": max, "minItems": max, "minProperties": max,
    "maximum": min, "exclusiveMaximum": min, "maxLength": min, "maxItems": min, "maxProperties": min,
}  # fmt: skip
_CLASSES = {r"\p{L}": "a-zA-Z", r"\p{N}": "0-9", r"\p{Lu}": "A-Z", r"\p{Ll}": "a-z"}


class Values:
    """Makes values for the schemas of one document; each turn gives others."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas

    def body(self, schema: Json, turn: int, *, full: bool) -> Json | None:
        """A valid body, with all members that one may send or only those that must be there; None: none was found."""
        value = self.sample(schema, turn, full=full)
        for _ in range(12):
            found = self.schemas.errors(schema, value, "in")
            if not found:
                return value
            if not _drop(value, found[0]):
                break
        return None

    def sample(self, schema: Json, turn: int, *, full: bool, depth: int = 0) -> Json:
        """A value that should fit a schema."""
        merged = self._merged(schema, turn)
        if "const" in merged:
            return merged["const"]
        options = [option for option in merged.get("enum") or () if option is not None]
        if options:
            return options[turn % len(options)]
        kind = _kind(merged)
        if kind == "object":
            return self._object(merged, turn, full=full, depth=depth)
        if kind == "array":
            return self._array(merged, turn, full=full, depth=depth)
        value, shown = _scalar(kind, merged, turn), merged.get("example")
        needs = shown is not None and "pattern" in merged and not self.schemas.fits(schema, value, "in")
        return shown if needs else value

    def _object(self, merged: Mapping[str, Json], turn: int, *, full: bool, depth: int) -> Json:
        required = set(merged.get("required") or ())
        made: dict[str, Json] = {}
        for number, (name, part) in enumerate((merged.get("properties") or {}).items()):
            seen = self._merged(part, turn, combine=False)
            if seen.get("readOnly") or (
                name not in required and (not full or depth >= _DEPTH or seen.get("deprecated"))
            ):
                continue
            made[name] = self.sample(part, turn + number, full=full and depth < _DEPTH, depth=depth + 1)
        for name in required - set(made) - self._read_only(merged):
            made[name] = f"text {turn}"
        more = merged.get("additionalProperties")
        if isinstance(more, dict) and (full or merged.get("minProperties")) and not made and depth < _DEPTH:
            made = {f"note{turn}": self.sample(more, turn, full=False, depth=depth + 1)}
        return made

    def _read_only(self, merged: Mapping[str, Json]) -> set[str]:
        members = (merged.get("properties") or {}).items()
        return {name for name, part in members if self._merged(part, 0, combine=False).get("readOnly")}

    def _array(self, merged: Mapping[str, Json], turn: int, *, full: bool, depth: int) -> Json:
        least = int(merged.get("minItems") or 0)
        wished = max(least, 1 if full and depth < _DEPTH else 0)
        count = min(wished, int(merged.get("maxItems", wished)))
        items = merged.get("items")
        part = items if isinstance(items, dict) else {}
        return [self.sample(part, turn + 7 * n, full=full, depth=depth + 1) for n in range(count)]

    def _merged(self, schema: Json, turn: int, *, combine: bool = True, depth: int = 0) -> dict[str, Json]:
        """A schema as one, with the branches of allOf and one of anyOf or oneOf merged in."""
        node = self.schemas.document.deref(schema)
        if not isinstance(node, dict) or depth > 12:
            return {}
        merged: dict[str, Json] = {}
        if node is not schema and isinstance(schema, dict) and self.schemas.document.siblings_count:
            _merge(merged, {key: value for key, value in schema.items() if key != "$ref"})
        _merge(merged, {key: value for key, value in node.items() if key not in ("allOf", "anyOf", "oneOf")})
        for part in node.get("allOf") or ():
            _merge(merged, self._merged(part, turn, combine=combine, depth=depth + 1))
        for keyword in ("anyOf", "oneOf") if combine else ():
            choices = [part for part in node.get(keyword) or () if not _is_null(self.schemas.document.deref(part))]
            if choices:
                chosen = self._merged(choices[0], turn, depth=depth + 1)
                _merge(merged, chosen)
        return merged


def _merge(into: dict[str, Json], other: Mapping[str, Json]) -> None:
    for key, value in other.items():
        if key == "properties" and isinstance(value, dict):
            into[key] = {**(into.get(key) or {}), **value}
        elif key == "required" and isinstance(value, list):
            into[key] = [*(into.get(key) or ()), *value]
        elif key == "enum" and isinstance(into.get(key), list):
            into[key] = [option for option in into[key] if option in value] or value
        elif key in _BOUNDS and key in into and not isinstance(value, bool) and not isinstance(into[key], bool):
            into[key] = _BOUNDS[key](into[key], value)
        elif key not in into or key not in ("type", "description"):
            into[key] = value


def _is_null(node: Json) -> bool:
    return isinstance(node, dict) and (node.get("type") == "null" or node.get("enum") == [None])


def _kind(merged: Mapping[str, Json]) -> str:
    kinds = merged.get("type")
    kinds = [kinds] if isinstance(kinds, str) else [kind for kind in kinds or () if kind != "null"]
    if kinds:
        return str(kinds[0])
    if "properties" in merged or "additionalProperties" in merged or "required" in merged:
        return "object"
    return "array" if "items" in merged else "string"


def _scalar(kind: str, merged: Mapping[str, Json], turn: int) -> Json:
    if kind == "boolean":
        return turn % 2 == 0
    if kind in ("integer", "number"):
        return _number(merged, turn, whole=kind == "integer")
    return None if kind == "null" else _text(merged, turn)


def _number(merged: Mapping[str, Json], turn: int, *, whole: bool) -> Json:
    low, high = merged.get("minimum"), merged.get("maximum")
    above, below = merged.get("exclusiveMinimum"), merged.get("exclusiveMaximum")
    step = merged.get("multipleOf") or (1 if whole else 0.25)
    floor = low if above is None or isinstance(above, bool) else above
    start = 3 if floor is None else floor
    if floor is not None and (
        (isinstance(above, bool) and above) or (above is not None and not isinstance(above, bool))
    ):
        start = floor + step
    value = -(-start // step) * step + turn % 17 * step
    top = high if below is None or isinstance(below, bool) else below - step
    if top is not None and value > top:
        value = top // step * step
    return int(value) if whole else float(value)


def _text(merged: Mapping[str, Json], turn: int) -> str:
    pattern, form = merged.get("pattern"), merged.get("format")
    if isinstance(pattern, str):
        return _of_pattern(pattern, merged, turn)
    text = _FORMATS[form](turn) if form in _FORMATS else f"judged text {turn}"
    least, most = int(merged.get("minLength") or 0), merged.get("maxLength")
    text = text + "x" * (least - len(text))
    if most is not None and len(text) > most:
        text = f"{turn % 10 ** min(int(most), 6)}".rjust(max(least, 1), "j")[: int(most)]
    return text


_FORMATS = {
    "date-time": lambda n: f"2031-0{n % 9 + 1}-17T10:{n % 60:02}:00Z",
    "date": lambda n: f"2031-0{n % 9 + 1}-{n % 27 + 1:02}",
    "time": lambda n: f"10:{n % 60:02}:00Z",
    "uuid": lambda n: f"7d{n:06x}-1c5e-4b3f-9a21-3f9d0c{n:06x}",
    "email": lambda n: f"judge{n}@example.net",
    "idn-email": lambda n: f"judge{n}@example.net",
    "uri": lambda n: f"https://example.net/judged/{n}",
    "url": lambda n: f"https://example.net/judged/{n}",
    "uri-reference": lambda n: f"/judged/{n}",
    "hostname": lambda n: f"judged{n}.example.net",
    "ipv4": lambda n: f"192.0.2.{n % 250 + 1}",
    "ip": lambda n: f"192.0.2.{n % 250 + 1}",
    "ipv6": lambda n: f"2001:db8::{n:x}",
    "byte": lambda n: "anVkZ2Vk",
    "duration": lambda n: f"PT{n % 50 + 1}M",
    "int64": lambda n: str(n + 3),
    "int32": lambda n: str(n + 3),
    "decimal": lambda n: f"{n + 3}.25",
}  # fmt: skip


def _of_pattern(pattern: str, merged: Mapping[str, Json], turn: int) -> str:
    python = pattern
    for ours, theirs in _CLASSES.items():
        python = python.replace(ours, theirs if f"[{ours}" in python or f"{ours}]" in python else f"[{theirs}]")
    least, most = int(merged.get("minLength") or 0), int(merged.get("maxLength") or 1 << 20)
    texts = [text for text in _matching(python) if least <= len(text) <= most]
    return texts[turn % len(texts)] if texts else f"judged{turn}"


@cache
def _matching(pattern: str) -> tuple[str, ...]:
    """Texts that match a pattern: usual ones, then generated ones; none where Python cannot read it."""
    try:
        found = re.compile(pattern)
    except re.error:
        return ()
    usual = [text for text in _usual() if found.search(text)]
    return tuple(usual) if len(usual) > 5 else (*usual, *_generated(pattern))


def _usual() -> Iterator[str]:
    for n in range(12):
        yield from (f"Judged text {n}", f"judged{n}", f"Judged{'abcdefghijkl'[n]}", f"{n + 3}", f"{n + 3}.25")
        yield from (make(n) for make in _FORMATS.values())
        yield from (f"+4930123456{n:02}", f"#0a0b{n:02}", f"{n % 10}" * 10, f"JUDGED_{n}", f"judged-{n}")


def _generated(pattern: str) -> list[str]:
    found: list[str] = []

    @settings(
        max_examples=40, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.from_regex(pattern, alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
    def collect(text: str) -> None:
        if text not in found and text.strip() == text and text:
            found.append(text)

    try:
        collect()
    except (HypothesisException, re.error):
        return []
    return found[:20]


def _drop(value: Json, error: str) -> bool:
    """Leave out the optional member that an error names, as deep as it stands; whether anything was left out."""
    at = [part for part in error.partition(": ")[0].split("/") if part]
    while at:
        holder: Any = value
        try:
            for part in at[:-1]:
                holder = holder[int(part)] if isinstance(holder, list) else holder[part]
            if isinstance(holder, dict) and at[-1] in holder:
                del holder[at[-1]]
                return True
        except (KeyError, IndexError, ValueError, TypeError):
            pass
        at.pop()
    return False
