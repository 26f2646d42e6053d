"""Which mutants are tried, and in which order: by shard, by sample, and so that the first ones tell most.

Depends on names and differences alone, so that every machine selects the same. Must not know how they are tried.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple, TypeVar
from zlib import crc32

from understudy_checks.mutation.difference import Difference
from understudy_checks.mutation.host import Subject

T = TypeVar("T")


class Candidate(NamedTuple):
    """A variant and the first answer to the command that it changes; None where it changes none."""

    subject: Subject
    difference: Difference | None


def shard(subjects: Sequence[T], number: int, count: int) -> list[T]:
    """The part `number` (from 1) of `count` parts, which are alike: each `count`-th one."""
    return list(subjects[number - 1 :: count])


def sample(candidates: Sequence[Candidate], size: int) -> list[Candidate]:
    """So many candidates, as if drawn by lot, but the same ones each time. Keeps their order."""
    drawn = sorted(candidates, key=lambda one: crc32(one.subject.label.encode()))[:size]
    chosen = {one.subject.label for one in drawn}
    return [one for one in candidates if one.subject.label in chosen]


def in_order(candidates: Sequence[Candidate], requests: Mapping[str, int]) -> list[Candidate]:
    """The candidates, so that the first ones tell most.

    Those with a difference come first: one of each operation and each part of its answers in turn, beginning with the
    operation that the command calls most. `requests` are the command's requests by operation.
    """
    groups: defaultdict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for one in candidates:
        if one.difference is not None:
            groups[one.difference.operation, one.difference.part].append(one)
    ranked = sorted(groups, key=lambda group: -requests.get(group[0], 0))
    rounds = zip_longest(*(groups[group] for group in _spread(ranked)))
    seen = [one for one in chain.from_iterable(rounds) if one is not None]
    return seen + [one for one in candidates if one.difference is None]


def _spread(groups: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The groups, so that the first of each operation comes before the second of any."""
    by_operation: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for group in groups:
        by_operation[group[0]].append(group)
    return [group for round in zip_longest(*by_operation.values()) for group in round if group is not None]
