"""Makes a value fit a schema: adds what is required and nobody gave, converts or takes out what does not fit.

As much as can be of the given value stays. What is added comes from one sample of the schema. Must not know what a
value is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from copy import deepcopy
from functools import cached_property
from typing import Any

import msgspec

from understudy.document.memory import memoize
from understudy.document.model import Validator
from understudy.document.sample import NoValue

Json = Any
Path = tuple[str | int, ...]
_ROUNDS = 30
_MOST_ERRORS = 50  # that are mended in one round
_MOST_KNOWN, _LONGEST = 256, 1 << 15  # bodies that are remembered, and their bytes
_ABSENT = object()
_MEMBERS = (
    "id",
    "uuid",
    "uid",
    "sid",
    "key",
    "code",
    "slug",
    "name",
    "value",
    "amount",
    "url",
    "href",
    "text",
    "email",
)
_OF_MEMBERS = ("required", "additionalProperties", "unevaluatedProperties")
_WRONG_TYPE = ("type", "oneOf", "anyOf", "enum", "format", "pattern")


class Filler:
    """Fills values of one schema. `sample` makes a whole value that fits it, or raises NoValue.

    `others` are further ones, of other branches of its oneOf and anyOf.
    """

    def __init__(
        self, validator: Validator, sample: Callable[[], Json], others: Callable[[], Iterable[Json]] = tuple
    ) -> None:
        self._validator = validator
        self._sample = sample
        self._others = others
        self._bodies: dict[bytes, bytes] = {}

    @cached_property
    def sample(self) -> Json:
        """The sample; None where there is none."""
        with suppress(NoValue):
            return self._sample()
        return None

    @cached_property
    def others(self) -> list[Json]:
        """Samples of other branches."""
        return list(self._others())

    def _known(self, path: Path) -> Json:
        """What the first sample has at a path, that has something there; _ABSENT for none."""
        known = _at(self.sample, path, anywhere=True)
        if known is _ABSENT:
            found = (_at(other, path, anywhere=True) for other in self.others)
            known = next((one for one in found if one is not _ABSENT), _ABSENT)
        return known

    @cached_property
    def required(self) -> Mapping[str, Json]:
        """The members that an object of the schema must have, each with a value."""
        names = [one.kind.property for one in self._validator.iter_errors({}) if one.kind.name == "required"]
        known = self.sample if isinstance(self.sample, dict) else {}
        return {name: known[name] for name in names if name in known}

    @cached_property
    def demanded(self) -> frozenset[str]:
        """The members that an object of the schema must have, and that may not be null."""
        nothing = dict.fromkeys(self.required)
        wrong = (tuple(one.instance_path) for one in self._validator.iter_errors(nothing))
        return frozenset(str(path[0]) for path in wrong if path)

    def fits(self, value: Json) -> bool:
        """Whether a value fits the schema as it is."""
        return bool(self._validator.is_valid(value))

    def fill(self, value: Json) -> Json:
        """The value itself where it fits, else one that does; where none is found, the sample with what fits of it."""
        if self._validator.is_valid(value):
            return value
        mended, tried = deepcopy(value), dict[Path, int]()
        for _ in range(_ROUNDS):
            errors = list(self._validator.iter_errors(mended))[:_MOST_ERRORS]
            if not errors:
                return mended
            if not isinstance(mended, dict | list) or not self._mend_all(mended, errors, tried):
                break
        return self._overlaid(value)

    def filled_bytes(self, content: bytes) -> bytes:
        """The same for an encoded value."""
        known = self._bodies.get(content)
        if known is not None:
            return known
        value = msgspec.json.decode(content)
        filled = self.fill(value)
        made = content if filled is value else msgspec.json.encode(filled)
        if len(content) <= _LONGEST:
            memoize(self._bodies, content, made, _MOST_KNOWN)
        return made

    def _mend_all(self, value: Json, errors: Iterable[Any], tried: dict[Path, int]) -> bool:
        """Mend each error; whether anything could be done."""
        changed = [self._mend(value, error, tried) for error in _outermost(errors)]
        return any(changed)

    def _mend(self, value: Json, error: Any, tried: dict[Path, int]) -> bool:
        path, kind = tuple(error.instance_path), error.kind.name
        if kind == "required":
            return self._add(value, (*path, error.kind.property), tried)
        if kind in _OF_MEMBERS:
            return _drop(value, path, error.kind.unexpected)
        if kind in ("oneOf", "anyOf") and isinstance(_at(value, path), dict) and hasattr(error.kind, "context"):
            nearest = min(error.kind.context, key=_distance, default=())
            inner = [one for one in nearest if tuple(one.instance_path) != path or one.kind.name in _OF_MEMBERS]
            if inner and self._mend_all(value, inner, tried):
                return True
        return self._change(value, path, kind, tried)

    def _add(self, value: Json, path: Path, tried: dict[Path, int]) -> bool:
        """Add a required member; where there is no value for it, take the object out that lacks it."""
        known, turn = self._known(path), tried.get(path, 0)
        candidates = [known, known] if turn == 0 else [_ABSENT, "", known]  # a null was taken out before
        chosen = candidates[turn] if turn < len(candidates) else _ABSENT
        if chosen is _ABSENT:
            return self._change(value, path[:-1], "required", tried)
        tried[path] = turn + 1
        _at(value, path[:-1])[path[-1]] = deepcopy(chosen)
        return True

    def _change(self, value: Json, path: Path, kind: str, tried: dict[Path, int]) -> bool:
        """Put the next candidate in the place of a value that does not fit."""
        if not path:
            return False
        given, known = _at(value, path), self._known(path)
        if given is _ABSENT:
            return False
        candidates = list(_candidates(given, known, kind))
        turn = tried.get(path, 0)
        tried[path] = turn + 1
        if turn >= len(candidates):
            return self._change(value, path[:-1], kind, tried)
        chosen = candidates[turn]
        owner = _at(value, path[:-1])
        if chosen is _ABSENT:
            del owner[path[-1]]
        else:
            owner[path[-1]] = deepcopy(chosen)
        return True

    def _overlaid(self, value: Json) -> Json:
        """The sample with as many of the given members as fit."""
        if self.sample is None:
            return value
        made = deepcopy(self.sample)
        if isinstance(made, dict) and isinstance(value, dict):
            for name, child in value.items():
                tried = {**made, name: child}
                made = tried if self._validator.is_valid(tried) else made
        return made


def _candidates(given: Json, known: Json, kind: str) -> Iterable[Json]:
    """What may stand in the place of a value, the best first; `known` is what the sample has there."""
    if given is None:
        yield from (_ABSENT, "")
    elif kind in _WRONG_TYPE:
        yield from _converted(given, known)
    if kind == "maxLength" and isinstance(known, str):
        yield given[: max(len(known), 1)]
    if known is not _ABSENT:
        yield known
    if given is not None:
        yield _ABSENT


def _converted(given: Json, known: Json) -> Iterable[Json]:
    """A value in the type that a sample has: text and number, an object and its id, a list and its item."""
    if isinstance(known, dict) and not isinstance(given, dict | list):
        name = next((one for one in _MEMBERS if type(known.get(one)) is type(given)), None)
        if name is not None:
            yield {**known, name: given}
    elif isinstance(given, dict) and not isinstance(known, dict | list):
        yield from (given[one] for one in _MEMBERS if type(given.get(one)) is type(known))
    elif isinstance(known, list) and not isinstance(given, list):
        yield [given]
    elif isinstance(known, str) and isinstance(given, int | float):
        yield str(given).lower() if isinstance(given, bool) else str(given)
    elif isinstance(given, str) and isinstance(known, int | float):
        yield from _read(given)


def _read(text: str) -> Iterable[Json]:
    """The number or the truth value that a text holds."""
    with suppress(msgspec.DecodeError):
        value = msgspec.json.decode(text.strip().lower())
        if isinstance(value, int | float):
            yield value


def _outermost(errors: Iterable[Any]) -> list[Any]:
    """The errors, those in later items of a list first, so that taking one out moves no other."""
    return sorted(errors, key=lambda one: [str(part).rjust(9, "0") for part in one.instance_path], reverse=True)


def _distance(errors: Iterable[Any]) -> tuple[int, int]:
    """How far a value is from a branch: values that do not fit weigh more than members that are missing."""
    kinds = [one.kind.name for one in errors]
    return sum(kind in ("const", "enum", "type") for kind in kinds), len(kinds)


def _drop(value: Json, path: Path, names: Iterable[str]) -> bool:
    owner = _at(value, path)
    found = [name for name in names if isinstance(owner, dict) and name in owner]
    for name in found:
        del owner[name]
    return bool(found)


def _at(value: Json, path: Path, *, anywhere: bool = False) -> Json:
    """The value at a path, _ABSENT where there is none; `anywhere` takes the first item of a list for any other."""
    for part in path:
        if isinstance(value, list) and isinstance(part, int):
            part = 0 if anywhere and part >= len(value) else part
            value = value[part] if part < len(value) else _ABSENT
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return _ABSENT
    return value
