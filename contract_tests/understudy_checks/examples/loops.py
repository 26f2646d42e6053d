"""Folds repeated requests of a replay into loops: 100 equal requests, a walk from page to page.

Must not know how a loop is written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from understudy_checks.examples.replay import Replay, Request, Step, renamed, used_numbers

KINDS = ((1, True), (1, False), (2, False), (3, False), (4, False))
"""The numbers of steps that a loop may repeat, and whether it is a walk."""

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
        repeated = max((_repeated(replayed, at, size, is_walk=walk) for size, walk in KINDS), key=_rank)
        block = replayed[at : at + repeated.size]
        names |= _shared_numbers(replayed[at : at + repeated.size * repeated.times], repeated, names)
        steps = tuple(renamed(step, partial(_name, names)) for step in block)
        folded += [Loop(steps, repeated.times, repeated.is_walk)] if repeated.times > 1 else steps
        at += repeated.size * repeated.times
    return folded


@dataclass(frozen=True, slots=True)
class _Repeated:
    """A block of steps and the number of its repetitions."""

    size: int
    times: int
    is_walk: bool


def _rank(repeated: _Repeated) -> tuple[int, int]:
    """The number of steps that a loop covers; of equal ones the smallest block is best."""
    return repeated.size * repeated.times if repeated.times > 1 else 1, -repeated.size


def _repeated(steps: Replay, at: int, size: int, *, is_walk: bool) -> _Repeated:
    """How often a block of steps is repeated; once when that is not often enough for a loop."""
    if is_walk and not _takes_from_the_one_before(steps[at]):
        return _Repeated(size, 1, is_walk)
    first = _normal(steps[at : at + size], is_walk=is_walk)
    times = 1
    while _normal(steps[at + size * times : at + size * (times + 1)], is_walk=is_walk) == first:
        times += 1
    times -= at + size * times == len(steps)
    inner = {step.number for step in steps[at : at + size * (times - 1)] if isinstance(step, Request)}
    later = {number for step in steps[at + size * times :] for number in used_numbers(step)}
    return _Repeated(size, times if times >= LEAST and not inner & later else 1, is_walk)


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
