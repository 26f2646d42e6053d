"""Folds repeated requests of a replay into loops: 100 equal requests, a walk from page to page.

Must not know how a loop is written down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from understudy_checks.examples.replay import Count, Replay, Request, Step, renamed, used_numbers

KINDS = ((1, True), (1, False), (2, False), (3, False), (4, False))
"""The numbers of steps that a loop may repeat, and whether it is a walk."""

_NUMBER = re.compile(r"([1-9][0-9]{0,8}|0)(?![0-9])")

LEAST = 3
"""The number of repetitions from which steps are folded."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Steps that are repeated. In a walk each request takes a value from the response before it."""

    steps: tuple[Step, ...]
    times: int
    is_walk: bool


def with_loops(replayed: Replay) -> list[Step | Loop]:
    """The steps with repeated ones as loops. The last repetition at the end of a replay stays outside its loop."""
    folded: list[Step | Loop] = []
    names: dict[int, int] = {}
    at = 0
    while at < len(replayed):
        found = (_repeated(replayed, at, size, is_walk=walk) for size, walk in KINDS)
        repeated = max((*found, _counting(replayed, at)), key=_rank)
        block = repeated.block
        names |= _shared_numbers(replayed[at : at + repeated.size * repeated.times], repeated, names)
        steps = tuple(renamed(step, partial(_name, names)) for step in block)
        folded += [Loop(steps, repeated.times, repeated.is_walk)] if repeated.times > 1 else steps
        at += repeated.size * repeated.times
    return folded


@dataclass(frozen=True, slots=True)
class _Repeated:
    """A block of steps and the number of its repetitions."""

    block: tuple[Step, ...]
    times: int
    is_walk: bool

    @property
    def size(self) -> int:
        """The number of steps in the block."""
        return len(self.block)


def _rank(repeated: _Repeated) -> tuple[int, int]:
    """The number of steps that a loop covers; of equal ones the smallest block is best."""
    return repeated.size * repeated.times if repeated.times > 1 else 1, -repeated.size


def _repeated(steps: Replay, at: int, size: int, *, is_walk: bool) -> _Repeated:
    """How often a block of steps is repeated; once when that is not often enough for a loop."""
    block = steps[at : at + size]
    if is_walk and not _takes_from_the_one_before(steps[at]):
        return _Repeated(block, 1, is_walk)
    first = _normal(block, is_walk=is_walk)
    times = 1
    while _normal(steps[at + size * times : at + size * (times + 1)], is_walk=is_walk) == first:
        times += 1
    return _Repeated(block, _allowed(steps, at, size, times), is_walk)


def _counting(steps: Replay, at: int) -> _Repeated:
    """How often a request is repeated whose body differs in one number, which counts up."""
    first, numbers = steps[at], _numbers(steps[at])
    place = _counter(numbers, _numbers(steps[at + 1])) if numbers and at + 1 < len(steps) else None
    if not isinstance(first, Request) or numbers is None or place is None:
        return _Repeated((first,), 1, is_walk=False)
    times, start = 1, int(numbers[place])
    while at + times < len(steps) and _same_but(steps[at + times], first, {place: str(start + times)}):
        times += 1
    body = ("".join(numbers[:place]), Count(start), "".join(numbers[place + 1 :]))
    return _Repeated((replace(first, body=body),), _allowed(steps, at, 1, times), is_walk=False)


def _numbers(step: Step) -> list[str] | None:
    """The body of a request, split at its numbers; None where it holds anything but text."""
    if isinstance(step, Request) and len(step.body) == 1 and isinstance(step.body[0], str):
        return _NUMBER.split(step.body[0])
    return None


def _counter(first: list[str], second: list[str] | None) -> int | None:
    """The place of the only number that differs, by one."""
    if second is None or len(first) != len(second):
        return None
    places = [place for place, pair in enumerate(zip(first, second, strict=True)) if pair[0] != pair[1]]
    return (
        places[0]
        if len(places) == 1 and places[0] % 2 and int(second[places[0]]) == int(first[places[0]]) + 1
        else None
    )


def _same_but(step: Step, first: Request, changed: Mapping[int, str]) -> bool:
    """Whether a request equals another one but for these parts of its body."""
    body = ("".join(changed.get(place, piece) for place, piece in enumerate(_numbers(first) or [])),)
    return isinstance(step, Request) and replace(step, number=first.number) == replace(first, body=body)


def _allowed(steps: Replay, at: int, size: int, times: int) -> int:
    """The number of repetitions that may be folded: the last step stays, and so does what a later step needs."""
    times -= at + size * times == len(steps)
    inner = {step.number for step in steps[at : at + size * (times - 1)] if isinstance(step, Request)}
    later = {number for step in steps[at + size * times :] for number in used_numbers(step)}
    return times if times >= LEAST and not inner & later else 1


def _takes_from_the_one_before(step: Step) -> bool:
    return isinstance(step, Request) and step.number - 1 in used_numbers(step)


def _normal(block: Sequence[Step], *, is_walk: bool) -> list[Step]:
    """A block with numbers relative to its first one where its own responses are meant, or in a walk the one before."""
    start = next((step.number for step in block if isinstance(step, Request)), 0) - is_walk
    return [renamed(step, lambda number: number - start - 10**6 if number >= start else number) for step in block]


def _shared_numbers(steps: Sequence[Step], repeated: _Repeated, names: Mapping[int, int]) -> dict[int, int]:
    """The number of each request in a loop: that in its first repetition, or in a walk that of the request before."""
    if repeated.times == 1:
        return {}
    return {
        step.number: _name(names, first.number - repeated.is_walk)
        for position, step in enumerate(steps)
        if isinstance(step, Request) and isinstance(first := steps[position % repeated.size], Request)
    }


def _name(names: Mapping[int, int], number: int) -> int:
    return names.get(number, number)
