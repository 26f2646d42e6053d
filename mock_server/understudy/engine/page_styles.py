"""The page styles `after`, `offset` and `page-number`: all that they tell beside the items is optional.

What a page tells (a total, the next cursor, the URL of another page, a Link header) is one function in TOLD.
Must not know what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_plus

from understudy.document.model import Pagination
from understudy.engine.call import Call, Json
from understudy.engine.problem import Problem
from understudy.engine.store import Listing, encode

_USUAL_LIMIT = 20  # where no request and no document says it
_MARK = re.compile(rb'"\\u0000(\d+)"')


class Cut(NamedTuple):
    """One page: its rows, and where its neighbours are.

    `first`, `previous`, `next` and `last` are values of the parameter `turn`; None for a page that there is not, or
    that the style cannot name. `here` is the value of this page, `size` the requested number of items.
    """

    rows: Sequence[bytes]
    turn: str
    size: int
    here: Json
    first: Json
    previous: Json
    next: Json
    last: Json
    total: Callable[[], int]


Tell = Callable[[Call, Cut], Json]


def after(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    """The page after the item that the parameter `cursor` names."""
    settings, size = pagination.settings, _size(call, pagination)
    turn = pagination.name("cursor")
    given, position = call.arguments.get(turn), None
    if given is not None:
        position = listing.position(str(given))
        if position is None and call.value(settings.get("unknown-cursor", "reject")) == "reject":
            raise Problem("invalid", f"{turn} does not name a place in this list", fields={turn: ["It is unknown."]})
    chunk = listing.page(position, size)
    following = chunk.last if chunk.more and size else None
    return _body(call, Cut(chunk.rows, turn, size, given, "", None, following, None, listing.size), pagination)


def offset(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    """The page that begins after so many items."""
    turn, size, total = str(pagination.settings["offset"]), _size(call, pagination), listing.size()
    start = max(int(call.arguments.get(turn) or 0), 0)
    return _body(call, _counted(listing, turn, size, start, total, lambda position: position), pagination)


def page_number(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    """The page with this number; `first-page` is the number of the first one."""
    settings = pagination.settings
    turn, size, total = str(settings["page"]), _size(call, pagination), listing.size()
    base = int(call.value(settings.get("first-page", 1)))
    given = call.arguments.get(turn)
    number = base if given is None else max(int(given), base)
    start = (number - base) * size
    return _body(
        call, _counted(listing, turn, size, start, total, lambda at: base + -(-at // max(size, 1))), pagination
    )


def everything(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    """One page with all items, or with as many as are asked for."""
    settings, total = pagination.settings, listing.size()
    given = call.arguments.get(str(settings.get("limit")))
    size = total if given is None else max(int(given), 0)
    cut = Cut(listing.slice(0, size), "", size, None, "", None, None, None, lambda: total)
    return _body(call, cut, pagination)


def _counted(listing: Listing, turn: str, size: int, start: int, total: int, name: Callable[[int], int]) -> Cut:
    """The page from the item `start` on; `name` is the parameter's value for a page that begins at a position."""
    last = (total - 1) // size * size if size and total else 0
    return Cut(
        rows=listing.slice(start, start + size),
        turn=turn,
        size=size,
        here=name(start),
        first=name(0),
        previous=name(max(min(start, last + size) - size, 0)) if start > 0 else None,
        next=name(start + size) if start + size < total and size else None,
        last=name(last),
        total=lambda: total,
    )


def _size(call: Call, pagination: Pagination) -> int:
    """The requested number of items; the default where none is requested."""
    settings = pagination.settings
    given = call.arguments.get(str(settings.get("limit")))
    return max(int(call.value(settings.get("default-limit", _USUAL_LIMIT)) if given is None else given), 0)


def _body(call: Call, cut: Cut, pagination: Pagination) -> bytes:
    """The encoded envelope of a page; adds a Link header where the pagination has one."""
    if "link-header" in pagination.settings and call.value(pagination.settings["link-header"]):
        links = _links(call, cut)
        call.headers += ((b"link", links.encode()),) if links else ()
    head, parts = _envelope(pagination)
    pieces = [head]
    for tell, following in parts:
        if tell is None:
            pieces += (b"[", b",".join(cut.rows), b"]", following)
        else:
            pieces += (encode(tell(call, cut)), following)
    return b"".join(pieces)


@lru_cache(maxsize=1024)
def _envelope(pagination: Pagination) -> tuple[bytes, Sequence[tuple[Tell | None, bytes]]]:
    """The first bytes of a page, then each part that differs (None: the items) with the bytes behind it."""
    settings = pagination.settings
    names = [name for name in ("items", *TOLD) if name in settings]
    if settings["items"] == "":
        return b"", ((None, b""),)
    body: Json = deepcopy(settings.get("fixed", {}))
    for number, name in enumerate(names):
        _put(body, pagination.name(name), f"\x00{number}")
    head, *pieces = _MARK.split(encode(body))
    chosen = [names[int(number)] for number in pieces[::2]]
    return head, [(TOLD.get(name), after) for name, after in zip(chosen, pieces[1::2], strict=True)]


def _put(body: Json, pointer: str, value: Json) -> None:
    *parents, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for name in parents:
        body = body.setdefault(name, {})
    body[last] = value


def _links(call: Call, cut: Cut) -> str:
    """The value of a Link header (RFC 8288): the pages that there are."""
    known = (("first", cut.first), ("prev", cut.previous), ("next", cut.next), ("last", cut.last))
    return ", ".join(f'<{_url(call, cut.turn, value)}>; rel="{name}"' for name, value in known if value is not None)


def _url(call: Call, parameter: str, value: Json) -> str:
    """The URL of the request with another value of a parameter; an empty one leaves the parameter out."""
    kept = [part for part in call.request.query.split("&") if part and _name(part) != parameter]
    added = [f"{quote(parameter)}={quote(str(value), safe='')}"] if value != "" else []
    query = "&".join((*kept, *added))
    return f"{call.origin}{call.request.path}{query and f'?{query}'}"


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])


def _url_of(member: str) -> Callable[[Call, Cut], str | None]:
    def url(call: Call, cut: Cut) -> str | None:
        value = getattr(cut, member)
        return None if value is None else _url(call, cut.turn, value)

    return url


TOLD: Mapping[str, Tell] = {
    "next": lambda call, cut: cut.next,
    "previous": lambda call, cut: cut.previous,
    "more": lambda call, cut: cut.next is not None,
    "total": lambda call, cut: cut.total(),
    "pages": lambda call, cut: -(-cut.total() // max(cut.size, 1)),
    "number": lambda call, cut: cut.here,
    "size": lambda call, cut: cut.size,
    "count": lambda call, cut: len(cut.rows),
    "first-url": _url_of("first"),
    "previous-url": _url_of("previous"),
    "next-url": _url_of("next"),
    "last-url": _url_of("last"),
    "self-url": lambda call, cut: (
        f"{call.origin}{call.request.path}" + (f"?{call.request.query}" if call.request.query else "")
    ),
}
