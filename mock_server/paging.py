"""The page step: cuts one page from a listing and puts it in the API's envelope, as `x-pagination` declares.

A style is one function; a new one is one more entry of STYLES. Must not know what is listed.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import cache
from typing import Any

from mock_server.api import Call, Problem
from mock_server.store import Listing, encode

_MARK = "\x00"  # no member of an envelope is called this


def page(call: Call, listing: Listing) -> bytes:
    """The encoded page of `listing` that the call asks for."""
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    return STYLES[pagination.style](call, listing)


def descending(call: Call) -> bool:
    """Whether the operation lists the newest first."""
    pagination = call.operation.pagination
    return pagination is not None and call.value(pagination.order) == "newest-first"


def _cursor(call: Call, listing: Listing) -> bytes:
    """`limit` items behind the one that `cursor` names; the answer tells the next cursor and whether more follow."""
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    settings, after = pagination.settings, None
    limit, given = call.arguments[pagination.name("limit")], call.arguments.get(pagination.name("cursor"))
    form = call.value(settings["cursor-form"])
    if given is not None:
        after = listing.place(_read_cursor(form, given))
        if after is None:
            unknown = call.value(settings["unknown-cursor"])
            if unknown == "reject":
                raise Problem("invalid", f"{pagination.name('cursor')} does not name a place in this list")
            limit = 0 if unknown == "empty" else limit
    found = listing.page(after, limit)
    following = call.value(settings["empty-page-cursor"]) if found.last is None else _make_cursor(form, found.last)
    more = found.more and limit > 0
    head, middle, tail, end = _envelope(*map(pagination.name, ("items", "next", "more")))
    return b"".join((head, b",".join(found.rows), middle, encode(following), tail, b"true" if more else b"false", end))


def _make_cursor(form: str, id: str) -> str:
    return id if form == "item-id" else urlsafe_b64encode(id.encode()).decode()


def _read_cursor(form: str, text: str) -> str:
    if form == "item-id":
        return text
    try:
        return urlsafe_b64decode(text).decode()
    except ValueError:
        return ""


@cache
def _envelope(items: str, following: str, more: str) -> tuple[bytes, bytes, bytes, bytes]:
    """The bytes around the items, the cursor and the flag, from their JSON pointers."""
    body: dict[str, Any] = {}
    for pointer, value in ((items, [_MARK]), (following, _MARK), (more, _MARK)):
        *parents, last = pointer.split("/")[1:]
        place = body
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = value
    head, middle, tail, end = encode(body).split(encode(_MARK))
    return head, middle, tail, end


STYLES: dict[str, Callable[[Call, Listing], bytes]] = {"cursor": _cursor}
