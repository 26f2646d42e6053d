"""Pages of a list, continued as its parameters and its answers offer it: by link, page number, offset or token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from benchmarks.specs.client import Answer
from benchmarks.specs.document import Json, Operation
from benchmarks.specs.shown import bare, ids, lists

if TYPE_CHECKING:
    from benchmarks.specs.trips import Rider

_NUMBERS = ("page", "pagenumber", "pagenum", "pageno", "pageindex")
_OFFSETS = ("offset", "skip", "start", "startrow", "startindex", "startat")
_TOKENS = (
    "cursor",
    "pagetoken",
    "nexttoken",
    "token",
    "continuation",
    "continuationtoken",
    "from",
    "marker",
    "pagecursor",
)
_AFTER = ("after", "startingafter", "startafter", "pageafter", "sinceid")
_NEXT = (
    "next",
    "nextpage",
    "nextcursor",
    "nextpagetoken",
    "nexttoken",
    "nextpageurl",
    "cursor",
    "continuationtoken",
    "after",
)
_LINK = re.compile(r'<([^>]*)>\s*;[^,]*rel="?next"?')


def pages(
    rider: Rider, operation: Operation, path: Mapping[str, Json], asked: Mapping[str, Json], *, most: int,
    size: int | None,
) -> Iterator[Answer]:  # fmt: skip
    """Answers page by page; ends where an answer offers no next page, or has nothing in its list."""
    query = {**asked, **_sized(rider, operation, size)}
    headers = rider.headers(operation)
    answer = rider.client.send(operation, path, query, headers=headers)
    yield answer
    for _ in range(most - 1):
        onward = _next(operation, query, answer)
        if not answer.succeeded or onward is None or not entries(answer):
            return
        if isinstance(onward, str):
            answer = rider.client.follow(operation, onward, headers=headers)
        else:
            query = {**query, **onward}
            answer = rider.client.send(operation, path, query, headers=headers)
        yield answer


def is_paged(rider: Rider, operation: Operation) -> bool:
    """Whether a list takes a page size and offers any way to go on."""
    names = {bare(p["name"]) for p in operation.parameters if p.get("in") == "query"}
    known = {*_NUMBERS, *_OFFSETS, *_TOKENS, *_AFTER}
    return rider.page_size(operation) is not None and bool(names & known or {f"page{n}" for n in known} & names)


def smallest(rider: Rider, operation: Operation) -> int:
    """The smallest page that one may ask for."""
    schema = rider.document.deref((rider.page_size(operation) or {}).get("schema") or {})
    return max(1, int(schema.get("minimum") or 1))


def entries(answer: Answer) -> list[Json]:
    """The longest list of an answer."""
    return max(lists(answer.value), key=len, default=[])


def _sized(rider: Rider, operation: Operation, size: int | None) -> dict[str, Json]:
    known = rider.page_size(operation)
    if known is None:
        return {}
    schema = rider.document.deref(known.get("schema") or {})
    return {known["name"]: size or int(schema.get("maximum") or max(100, int(schema.get("minimum") or 0)))}


def _next(operation: Operation, query: Mapping[str, Json], answer: Answer) -> str | dict[str, Json] | None:
    """The link to the next page, or the arguments that ask for it; None where nothing tells how."""
    link = _LINK.search(answer.headers.get("Link", ""))
    if link is not None:
        return link[1]
    told = dict(_told(answer.value))
    links = [value for value in told.values() if isinstance(value, str) and ("://" in value or value.startswith("/"))]
    if links:
        return links[0]
    named = {bare(p["name"]): p["name"] for p in operation.parameters if p.get("in") == "query"}
    number, offset, token, after = (_named(named, known) for known in (_NUMBERS, _OFFSETS, _TOKENS, _AFTER))
    tokens = [value for name, value in told.items() if value not in (None, "", False)]
    if token is not None and tokens:
        return {token: tokens[0]}
    if number is not None:
        return {number: int(query.get(number, 0 if number.endswith("ndex") else 1)) + 1}
    if offset is not None:
        return {offset: int(query.get(offset, 0)) + max(1, len(entries(answer)))}
    last = ids(entries(answer)[-1], "id", "") if after is not None and entries(answer) else []
    return {after: last[0].value} if after is not None and last else None


def _named(names: Mapping[str, str], known: tuple[str, ...]) -> str | None:
    return next((names[name] for name in (*known, *(f"page{one}" for one in known)) if name in names), None)


def _told(value: Json, depth: int = 3, within: str = "") -> Iterator[tuple[str, Json]]:
    """What an answer says of its next page; the link of `next: {href: ...}` too."""
    if not isinstance(value, dict) or not depth:
        return
    for name, part in value.items():
        tells = bare(name) in _NEXT or (within == "next" and bare(name) in ("href", "url"))
        if tells and isinstance(part, str | int) and not isinstance(part, bool):
            yield name, part
        yield from _told(part, depth - 1, bare(name))
