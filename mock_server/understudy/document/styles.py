"""Styles of parameters (OpenAPI 3.1, 4.8.12.5): arrays, objects and JSON in a path, query, header or cookie.

A reader takes the texts of one parameter from a request and makes its value. Must not know the schema's other
keywords: the value is checked afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from understudy.document.pointer import Json
from understudy.document.shapes import Shape

_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_KEY = re.compile(r"\[([^\[\]]*)\]")

Given = dict[str, list[str]]  # decoded texts by decoded name


class Style(msgspec.Struct, frozen=True, eq=False):
    """How one parameter is written: `style` and `explode` of OpenAPI, or a media type of its content."""

    name: str
    style: str
    explode: bool
    shape: Shape
    media_type: str = ""

    def candidates(self, texts: list[str]) -> list[Json]:
        """The values that the texts of the parameter can mean, the likeliest first; raises ValueError for none."""
        if self.media_type:
            return [_content(texts[-1], self.media_type)]
        kinds = self.shape.kinds
        array = [[self.shape.item().typed(text) for text in self._split(texts)]] if "array" in kinds else []
        plain = [self.shape.typed(texts[-1])] if kinds - {"array", "object"} else []
        members = [self._members(self._split(texts))] if "object" in kinds else []
        is_text = "string" in kinds and len(texts) == 1  # a plain text stands for itself
        return [*plain, *array, *members] if is_text else [*array, *plain, *members]

    def deep(self, given: Given) -> Json | None:
        """The object that `name[member]=text` makes (deepObject), taken from `given`; None where there is none."""
        names = [key for key in given if key.startswith(f"{self.name}[")]
        if not names:
            return None
        value: Json = {}
        for key in names:
            put(value, _KEY.findall(key[len(self.name) :]), given.pop(key), self.shape)
        return value

    def spread(self, given: Given) -> Json | None:
        """The object whose members are parameters themselves (form, exploded); None where there is none."""
        names = [name for name in given if name in self.shape.members]
        return {name: _value(given.pop(name), self.shape.member(name)) for name in names} or None

    def _split(self, texts: list[str]) -> list[str]:
        if len(texts) > 1 or (self.explode and self.style == "form"):
            return texts
        text, separator = texts[0], _SEPARATORS.get(self.style, ",")
        if self.style in ("label", "matrix"):
            return _prefixed(text, self.style, self.name, explode=self.explode)
        return [part.strip() for part in text.split(separator)] if text else []

    def _members(self, parts: list[str]) -> Json:
        """`a,1,b,2`, or exploded `a=1,b=2`."""
        if self.explode:
            pairs = [part.partition("=")[::2] for part in parts]
        else:
            pairs = list(zip(parts[::2], parts[1::2], strict=False))
        return {name: self.shape.member(name).typed(text) for name, text in pairs}


def put(value: Json, keys: list[str], texts: list[str], shape: Shape) -> None:
    """Put the texts of `a[b][c]` into the object `value` at the keys b, c."""
    for key in keys[:-1]:
        shape = shape.member(key)
        child = value.setdefault(key, {})
        value = child if isinstance(child, dict) else {}
    if keys:
        value[keys[-1]] = _value(texts, shape.member(keys[-1]))


def form_value(given: Mapping[str, list[str]], shape: Shape) -> Json:
    """The object of a form: repeated names and `name[]` are arrays, `name[member]` are objects."""
    value: dict[str, Json] = {}
    for name, texts in given.items():
        head, bracket, _ = name.partition("[")
        if not bracket or name in shape.members:
            value[name] = _value(texts, shape.member(name))
        elif "array" in shape.member(head).kinds and "object" not in shape.member(head).kinds:
            value.setdefault(head, []).extend(shape.member(head).item().typed(text) for text in texts)
        elif isinstance(value.setdefault(head, {}), dict):
            put(value[head], _KEY.findall(name[len(head) :]), texts, shape.member(head))
    empty = (name for name in shape.required if name not in value and shape.member(name).kinds == {"array"})
    return {**value, **{name: [] for name in empty}}  # what is empty is not sent


def _value(texts: list[str], shape: Shape) -> Json:
    """The value of a member: an array where its shape says so, JSON for an object, else the last text typed."""
    if "array" in shape.kinds and (len(texts) > 1 or "string" not in shape.kinds):
        return _array(texts, shape)
    if "object" in shape.kinds and "string" not in shape.kinds:
        return _json_or_text(texts[-1])
    return shape.typed(texts[-1])


def _array(texts: list[str], shape: Shape) -> Json:
    if len(texts) == 1 and texts[0].lstrip().startswith("["):
        return _json_or_text(texts[0])
    if "object" in shape.item().kinds:
        return [_json_or_text(text) for text in texts]
    return [shape.item().typed(text) for text in texts]


def _json_or_text(text: str) -> Json:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text


def _content(text: str, media_type: str) -> Json:
    if not (media_type == "application/json" or media_type.endswith("+json")):
        return text
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON: {error}") from None


def _prefixed(text: str, style: str, name: str, *, explode: bool) -> list[str]:
    """The parts of `.a.b` (label) or `;name=a,b` (matrix)."""
    if style == "label":
        return text.removeprefix(".").split("." if explode else ",")
    parts = text.removeprefix(";").split(";" if explode else ",")
    return [part.removeprefix(f"{name}=") for part in parts]
