"""The page step: cuts one page from a listing and puts it in the API's envelope, as `x-pagination` declares.

A style is one function; a new one is one more entry of STYLES. Must not know what is listed.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote_plus

from understudy.document.model import Pagination
from understudy.engine.call import Call
from understudy.engine.ids import digest
from understudy.engine.problem import Problem
from understudy.engine.store import Listing, encode

_MARK = "\x00"  # no member of an envelope is called this
_TOKEN = re.compile(r"([^.]*)\.(-?[0-9]{1,20})\.(.*)", re.ASCII | re.DOTALL)  # its query, when it was made, the last id


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
    limit_name, cursor_name, (head, middle, tail, end) = _cursor_parts(pagination)
    limit, given = call.arguments[limit_name], call.arguments.get(cursor_name)
    form = call.value(settings["cursor-form"])
    if given is not None:
        after = listing.place(_read_cursor(form, given))
        if after is None:
            unknown = call.value(settings["unknown-cursor"])
            if unknown == "reject":
                raise Problem("invalid", f"{cursor_name} does not name a place in this list")
            limit = 0 if unknown == "empty" else limit
    found = listing.page(after, limit)
    following = call.value(settings["empty-page-cursor"]) if found.last is None else _make_cursor(form, found.last)
    more = found.more and limit > 0
    return b"".join((head, b",".join(found.rows), middle, encode(following), tail, b"true" if more else b"false", end))


@lru_cache(maxsize=256)
def _cursor_parts(pagination: Pagination) -> tuple[str, str, tuple[bytes, ...]]:
    """The names of the parameters, and the bytes around items, next cursor and whether more follow."""
    envelope = _envelope(*map(pagination.name, ("items", "next", "more")))
    return pagination.name("limit"), pagination.name("cursor"), envelope


def _make_cursor(form: str, id: str) -> str:
    return id if form == "item-id" else urlsafe_b64encode(id.encode()).decode()


def _read_cursor(form: str, text: str) -> str:
    if form == "item-id":
        return text
    try:
        return urlsafe_b64decode(text).decode()
    except ValueError:
        return ""


def _token(call: Call, listing: Listing) -> bytes:
    """Up to `limit` items behind the place that an opaque token names; a null token ends the list.

    A token says which query it belongs to, so that another query's is told from one that was never given out.
    """
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    settings = pagination.settings
    limit = call.arguments.get(pagination.name("limit")) or call.value(settings["default-limit"])
    query = _query(call, limit)
    after = None
    given = call.arguments.get(pagination.name("cursor"))
    if given is not None:
        after = _token_place(call, listing, query, given)
        if after is None:
            unknown = call.value(settings["unknown-cursor"])
            if unknown == "reject":
                raise Problem("invalid", f"{pagination.name('cursor')} is not one of this list")
            limit = 0 if unknown == "empty" else limit
    fill = limit - limit // 4 if call.value(settings["page-fill"]) == "short" else limit
    found = listing.page(after, fill)
    more = found.more and limit > 0
    if call.value(settings["last-token"]) == "until-empty" and len(found.rows) == limit > 0:
        more = True
    token = _make_token(call, query, found.last) if more and found.last is not None else None
    head, middle, end = _envelope(*map(pagination.name, ("items", "next")), bare=True)
    items = b"[" + b",".join(found.rows) + b"]" if found.rows else encode(call.value(settings["empty-items"]))
    return b"".join((head, items, middle, encode(token), end))


def _query(call: Call, limit: int) -> str:
    """What a token belongs to: tenant, operation and filters, by assumption also the page size."""
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    paging = (pagination.name("limit"), pagination.name("cursor"))
    filters = sorted((name, value) for name, value in call.arguments.items() if name not in paging)
    size = None if call.value(pagination.settings["limit-may-change"]) else limit
    return digest(repr((call.credential.tenant, call.operation.id, filters, size)), 8)


def _make_token(call: Call, query: str, last: str) -> str:
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    expiring = call.value(pagination.settings["token-lifetime"]) is not None
    text = f"{query}.{call.now if expiring else 0}.{last}"
    return urlsafe_b64encode(f"{digest(text, 8)}.{text}".encode()).decode().rstrip("=")


def _token_place(call: Call, listing: Listing, query: str, token: str) -> int | None:
    """Where a token leads in this list; None when it was never given out, has expired or is another query's."""
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    try:
        seal, _, text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(".")
    except ValueError:
        return None
    if seal != digest(text, 8):
        return None
    parts = _TOKEN.fullmatch(text)
    if parts is None:  # sealed, and still not one of ours
        return None
    own, at, last = parts.groups()
    lifetime = call.value(pagination.settings["token-lifetime"])
    if lifetime is not None and call.now - int(at) > lifetime * 1000:
        return None
    if own != query and call.value(pagination.settings["foreign-cursor"]) == "reject":
        raise Problem("invalid", f"{pagination.name('cursor')} belongs to another query")
    return listing.place(last)


def _numbered(call: Call, listing: Listing) -> bytes:
    """The page of the number that is asked for, and how many there are; or everything, where that is asked for."""
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    items, meta = pagination.name("items"), pagination.name("meta")
    if call.arguments.get(pagination.name("all")):
        return _everything(call, listing, items, meta)
    size, number, total = call.arguments[pagination.name("limit")], _page_number(call), listing.size()
    pages = -(-total // size) or call.value(pagination.settings["pages-of-an-empty-list"])
    if number > max(pages, 1) and call.value(pagination.settings["past-the-end"]) == "reject":
        name, message = pagination.name("page"), f"There is no page {number}, only {pages}"
        raise Problem("invalid", message, fields={name: [message]})
    rows = listing.slice((number - 1) * size, number * size)
    links = {}
    if 1 < number <= pages + 1:
        links[call.value(pagination.settings["previous"])] = _link(call, number - 1)
    if number < pages:
        links["next"] = _link(call, number + 1)
    told = _told(total, len(rows), size, number, pages, links or call.value(pagination.settings["no-links"]))
    head, middle, end = _envelope(items, meta)
    return b"".join((head, b",".join(rows), middle, encode(told), end))


def _everything(call: Call, listing: Listing, items: str, meta: str) -> bytes:
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    total = listing.size()
    rows = b",".join(listing.slice(0, total))
    if not call.value(pagination.settings["meta-of-everything"]):
        head, end = _envelope(items)
        return b"".join((head, rows, end))
    head, middle, end = _envelope(items, meta)
    told = _told(total, total, total, 1, 1, call.value(pagination.settings["no-links"]))
    return b"".join((head, rows, middle, encode(told), end))


def _told(total: int, count: int, size: int, number: int, pages: int, links: Any) -> dict[str, Any]:
    return {
        "total": total,
        "count": count,
        "per_page": size,
        "current_page": number,
        "total_pages": pages,
        "links": links,
    }


def _page_number(call: Call) -> int:
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    return int(call.arguments[pagination.name("page")])


def _link(call: Call, number: int) -> str:
    """The URL of another page: the one asked for, all else repeated, at the host that was asked."""
    pagination, request = call.operation.pagination, call.request
    assert pagination is not None, "only operations with x-pagination return a listing"
    name = pagination.name("page")
    kept = [part for part in request.query.split("&") if part and unquote_plus(part.partition("=")[0]) != name]
    return f"{call.origin}{request.path}?{'&'.join((*kept, f'{name}={number}'))}"


@cache
def _envelope(items: str, *others: str, bare: bool = False) -> tuple[bytes, ...]:
    """The bytes around the items and the other members, from their JSON pointers; `bare`: the list's brackets too."""
    body: dict[str, Any] = {}
    for pointer, value in ((items, _MARK if bare else [_MARK]), *((other, _MARK) for other in others)):
        *parents, last = pointer.split("/")[1:]
        place = body
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = value
    return tuple(encode(body).split(encode(_MARK)))


STYLES: dict[str, Callable[[Call, Listing], bytes]] = {"cursor": _cursor, "token": _token, "pages": _numbered}
