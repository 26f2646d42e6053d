"""Recordings: exchanges on disk, in the cassette format of VCR.py, and how an answer differs from a recorded one.

A recording may say less than a whole answer (a help page abbreviates): what it says must be equal, the rest
may be anything. Must not know who sends the requests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from understudy.document.pointer import at
from understudy.document.read import Unreadable, read
from understudy.engine.exchange import Headers, Request, Response

Json = Any


class Recorded(NamedTuple):
    """One recorded exchange; `ignore` are JSON pointers into the response's body that no replay can repeat."""

    request: Request
    response: Response
    ignore: tuple[str, ...]


def load(path: Path) -> list[Recorded]:
    """The exchanges of a cassette, in order; raises Unreadable for a file that is none."""
    content = read(path)
    try:
        return [_recorded(interaction) for interaction in content["interactions"]]
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable(f"{path}: is no cassette (version 1): {error!r}") from error


def differences(expected: Response, actual: Response, *, ignore: Sequence[str] = ()) -> list[str]:
    """What of a recorded answer is not so in another one, each as `<pointer>: expected ..., got ...`.

    Every recorded value must be equal; what was not recorded may be there. Items of a list are matched by
    their `id` where they have one, else by position. Of a recorded answer without a body only the status counts.
    """
    found = [] if actual.status == expected.status else [f"status: expected {expected.status}, got {actual.status}"]
    if expected.body:
        found += _compare(_content(expected), _content(actual), "", frozenset(ignore))
    return found


def _recorded(interaction: Mapping[str, Json]) -> Recorded:
    request, response = interaction["request"], interaction["response"]
    place = urlsplit(request["uri"])
    return Recorded(
        Request(request["method"], place.path, place.query, _headers(request["headers"]), _bytes(request["body"])),
        Response(response["status"]["code"], _headers(response["headers"]), _bytes(response["body"]["string"])),
        tuple(interaction.get("ignore", ())),
    )


def _headers(headers: Mapping[str, Sequence[str]]) -> Headers:
    return tuple((name.lower().encode(), value.encode()) for name, values in headers.items() for value in values)


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


def _content(response: Response) -> Json:
    """The body as JSON, or as text where it is none."""
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
    place = pointer + at(number)
    if isinstance(expected, dict) and "id" in expected and f"{place}/id" not in ignore:
        named = [item for item in items if isinstance(item, dict) and item.get("id") == expected["id"]]
        actual = named[:1]
    else:
        actual = items[number : number + 1]
    if actual:
        yield from _compare(expected, actual[0], place, ignore)
    elif place not in ignore:
        yield f"{place}: expected {expected!r}, got nothing like it"
