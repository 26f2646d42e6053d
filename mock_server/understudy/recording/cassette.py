"""Cassettes of VCR.py: reading them, and comparing a response with a recorded one.

A recorded response may be partial (a help page abbreviates): recorded values must be equal, others are ignored.
Must not know who sends the requests.
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
    """One recorded exchange; `ignore` are JSON pointers into the response body that are not compared."""

    request: Request
    response: Response
    ignore: tuple[str, ...]


def load(path: Path) -> list[Recorded]:
    """Load the exchanges of a cassette, in order; raises Unreadable for an invalid file."""
    content = read(path)
    try:
        return [_recorded(interaction) for interaction in content["interactions"]]
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise Unreadable(f"{path}: is no cassette (version 1): {error!r}") from error


def differences(expected: Response, actual: Response, *, ignore: Sequence[str] = ()) -> list[str]:
    """List the differences of a response from the recorded one, as `<pointer>: expected ..., got ...`.

    Members that were not recorded are ignored. Items of a list are matched by `id` or, without one, by position.
    Without a recorded body only the status is compared.
    """
    found = [] if actual.status == expected.status else [f"status: expected {expected.status}, got {actual.status}"]
    if expected.body:
        found += _compare(_content(expected), _content(actual), "", frozenset(ignore))
    return found


def _recorded(interaction: Mapping[str, Json]) -> Recorded:
    request, response = interaction["request"], interaction["response"]
    url = urlsplit(request["uri"])
    return Recorded(
        Request(request["method"], url.path, url.query, _headers(request["headers"]), _bytes(request["body"])),
        Response(response["status"]["code"], _headers(response["headers"]), _bytes(response["body"]["string"])),
        tuple(interaction.get("ignore", ())),
    )


def _headers(headers: Mapping[str, Sequence[str]]) -> Headers:
    return tuple((name.lower().encode(), value.encode()) for name, values in headers.items() for value in values)


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""


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
