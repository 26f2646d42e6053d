"""What differs between two JSON values, by JSON pointer."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

import msgspec

from understudy.document.pointer import Json, at

ABSENT: Json = msgspec.UNSET
"""What stands for a value that is not there."""


class Change(NamedTuple):
    """One place that differs: what stood there before, and what stands there after."""

    pointer: str
    before: Json
    after: Json


def changes(before: Json, after: Json, pointer: str = "") -> Iterator[Change]:
    """The smallest places that differ, in the order of the document; items of lists are compared as wholes."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from changes(before.get(name, ABSENT), after.get(name, ABSENT), pointer + at(name))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, pointer)
    elif ABSENT in (before, after) or msgspec.json.encode(before) != msgspec.json.encode(after):
        yield Change(pointer, before, after)


def _of_lists(before: list[Json], after: list[Json], pointer: str) -> Iterator[Change]:
    """The changes of a list; one that is removed has the number that it had."""
    old_texts, new_texts = ([msgspec.json.encode(one, order="sorted") for one in side] for side in (before, after))
    for kind, i, j, k, m in SequenceMatcher(None, old_texts, new_texts, autojunk=False).get_opcodes():
        if kind == "replace" and j - i == m - k:
            for old, new in zip(range(i, j), range(k, m), strict=True):
                yield from changes(before[old], after[new], pointer + at(new))
        elif kind != "equal":
            yield from (Change(pointer + at(old), before[old], ABSENT) for old in range(i, j))
            yield from (Change(pointer + at(new), ABSENT, after[new]) for new in range(k, m))
