"""Comparing a response with a recorded one.

A recorded response may be partial (a help page abbreviates): recorded values must be equal, others are ignored.
Must not know who sends the requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from understudy.document.pointer import at
from understudy.engine.exchange import Response

Json = Any


def differences(expected: Response, actual: Response, *, ignore: Sequence[str] = ()) -> list[str]:
    """List the differences of a response from the recorded one, as `<pointer>: expected ..., got ...`.

    Members that were not recorded are ignored. Items of a list are matched by `id` or, without one, by position.
    Without a recorded body only the status is compared.
    """
    found = [] if actual.status == expected.status else [f"status: expected {expected.status}, got {actual.status}"]
    if expected.body:
        found += _compare(_content(expected), _content(actual), "", frozenset(ignore))
    return found


def _content(response: Response) -> Json:
    """The body as JSON or, if it is not JSON, as text."""
    try:
        return response.json()
    except ValueError:
        return response.body.decode("utf-8", "backslashreplace")


def _compare(expected: Json, actual: Json, pointer: str, ignore: frozenset[str]) -> Iterator[str]:
    if pointer in ignore:
        return
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            if name in actual:
                yield from _compare(value, actual[name], pointer + at(name), ignore)
            else:
                yield f"{pointer}{at(name)}: expected {value!r}, got nothing"
    elif isinstance(expected, list) and isinstance(actual, list):
        for number, value in enumerate(expected):
            yield from _compare_item(value, actual, number, pointer, ignore)
    elif expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
        yield f"{pointer}: expected {expected!r}, got {actual!r}"


def _compare_item(
    expected: Json, items: list[Json], number: int, pointer: str, ignore: frozenset[str]
) -> Iterator[str]:
    item_pointer = pointer + at(number)
    if isinstance(expected, dict) and "id" in expected and f"{item_pointer}/id" not in ignore:
        same_id = [item for item in items if isinstance(item, dict) and item.get("id") == expected["id"]]
        actual = same_id[:1]
    else:
        actual = items[number : number + 1]
    if actual:
        yield from _compare(expected, actual[0], item_pointer, ignore)
    elif item_pointer not in ignore:
        yield f"{item_pointer}: expected {expected!r}, got nothing like it"
