"""Differences planted into recorded sessions: what is changed, where it is told, and who is to blame."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from msgspec import structs

from understudy.document.pointer import find
from understudy.recording.recorded import Recorded

Change = Callable[[Any], Any]


class Plant(NamedTuple):
    """A difference: in the answer to the nth request that begins so, at a pointer; and who is to blame.

    `change` makes the value, `told` is where the difference is told, if elsewhere.
    """

    request: str
    nth: int
    pointer: str
    change: Change
    blame: str
    told: str | None = None


GONE = object()


def more(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}x" if isinstance(value, str) else "something"


def gone(value: Any) -> Any:
    """No value."""
    return GONE


def turned(value: Any) -> Any:
    """A list backwards."""
    return value[::-1]


def number(value: Any) -> Any:
    """A value of another type."""
    return 5 if isinstance(value, str) else "5"


def later(value: Any) -> Any:
    """A time of another year."""
    return f"1999{value[4:]}"


def constant(value: Any) -> Change:
    """Always the same value."""
    return lambda before: value


def place_of(exchanges: Sequence[Recorded], plant: Plant) -> int:
    """The position of the exchange that a difference is planted in."""
    of = [n for n, one in enumerate(exchanges) if f"{one.request.method} {one.target}".startswith(plant.request)]
    return of[plant.nth]


def planted(one: Recorded, plant: Plant) -> Recorded:
    """An exchange with the difference."""
    body = one.response.json()
    above, _, name = plant.pointer.rpartition("/")
    holder = find(body, above)
    key = int(name) if isinstance(holder, list) else name
    value = plant.change(holder.get(key) if isinstance(holder, dict) else holder[key])
    if value is GONE:
        del holder[key]
    else:
        holder[key] = value
    return one._replace(response=structs.replace(one.response, body=json.dumps(body).encode()))
