"""The page step: cuts one page from a listing and puts it in the API's envelope, as `x-pagination` declares.

Each pagination style is one function in STYLES. Must not know what is listed.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote_plus

from understudy.document.model import Pagination
from understudy.engine import page_styles
from understudy.engine.call import Call
from understudy.engine.ids import digest
from understudy.engine.problem import Problem
from understudy.engine.store import Listing, encode

_PLACEHOLDER = "\x00"  # no member of an envelope has this name
_TOKEN = re.compile(r"([^.]*)\.(-?[0-9]{1,20})\.(.*)", re.ASCII | re.DOTALL)  # query's digest, time of issue, last id


def page(call: Call, listing: Listing) -> bytes:
    """The encoded page of `listing` that a call requests."""
    pagination = call.operation.pagination
    assert pagination is not None, "only operations with x-pagination return a listing"
    return STYLES[pagination.style](call, listing, pagination)


def descending(call: Call) -> bool:
    """Whether the operation lists the newest first."""
    pagination = call.operation.pagination
    return pagination is not None and call.value(pagination.order) == "newest-first"


def _cursor(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    """Return `limit` items after the one that `cursor` names, the next cursor, and whether more items follow."""
    settings, after = pagination.settings, None
    limit_name, cursor_name, (head, middle, tail, end) = _cursor_parts(pagination)
    limit, given = call.arguments[limit_name], call.arguments.get(cursor_name)
    form = call.value(settings["cursor-form"])
    if given is not None:
        after = listing.position(_read_cursor(form, given))
        if after is None:
            unknown = call.value(settings["unknown-cursor"])
            if unknown == "reject":
                raise Problem("invalid", f"{cursor_name} does not name a place in this list")
            limit = 0 if unknown == "empty" else limit
    chunk = listing.page(after, limit)
    following = call.value(settings["empty-page-cursor"]) if chunk.last is None else _make_cursor(form, chunk.last)
    more = chunk.more and limit > 0
    return b"".join((head, b",".join(chunk.rows), middle, encode(following), tail, b"true" if more else b"false", end))


@lru_cache(maxsize=256)
def _cursor_parts(pagination: Pagination) -> tuple[str, str, tuple[bytes, ...]]:
    """The names of the limit and cursor parameters, and the bytes around the three members of the envelope."""
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


def _token(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    """Return up to `limit` items after the position that an opaque token names; a null token ends the list.

    A token holds a digest of its query: a token of another query differs from one that was never issued.
    """
    settings = pagination.settings
    limit = call.arguments.get(pagination.name("limit")) or call.value(settings["default-limit"])
    query = _query(call, pagination, limit)
    after = None
    given = call.arguments.get(pagination.name("cursor"))
    if given is not None:
        after = _token_position(call, listing, pagination, query=query, token=given)
        if after is None:
            unknown = call.value(settings["unknown-cursor"])
            if unknown == "reject":
                raise Problem("invalid", f"{pagination.name('cursor')} is not one of this list")
            limit = 0 if unknown == "empty" else limit
    fill = limit - limit // 4 if call.value(settings["page-fill"]) == "short" else limit
    chunk = listing.page(after, fill)
    more = chunk.more and limit > 0
    if call.value(settings["last-token"]) == "until-empty" and len(chunk.rows) == limit > 0:
        more = True
    token = _make_token(call, pagination, query, chunk.last) if more and chunk.last is not None else None
    head, middle, end = _envelope(*map(pagination.name, ("items", "next")), bare=True)
    items = b"[" + b",".join(chunk.rows) + b"]" if chunk.rows else encode(call.value(settings["empty-items"]))
    return b"".join((head, items, middle, encode(token), end))


def _query(call: Call, pagination: Pagination, limit: int) -> str:
    """A digest of the query of a token: tenant, operation and filters, by assumption also the page size."""
    paging = (pagination.name("limit"), pagination.name("cursor"))
    filters = sorted((name, value) for name, value in call.arguments.items() if name not in paging)
    size = None if call.value(pagination.settings["limit-may-change"]) else limit
    return digest(repr((call.credential.tenant, call.operation.id, filters, size)), 8)


def _make_token(call: Call, pagination: Pagination, query: str, last: str) -> str:
    expiring = call.value(pagination.settings["token-lifetime"]) is not None
    text = f"{query}.{call.now if expiring else 0}.{last}"
    return urlsafe_b64encode(f"{digest(text, 8)}.{text}".encode()).decode().rstrip("=")


def _token_position(call: Call, listing: Listing, pagination: Pagination, *, query: str, token: str) -> int | None:
    """The position that a token names in this listing; None when it was never issued, has expired or does not fit."""
    try:
        checksum, _, text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(".")
    except ValueError:
        return None
    if checksum != digest(text, 8):
        return None
    parts = _TOKEN.fullmatch(text)
    if parts is None:  # a correct digest over another format
        return None
    own, at, last = parts.groups()
    lifetime = call.value(pagination.settings["token-lifetime"])
    if lifetime is not None and call.now - int(at) > lifetime * 1000:
        return None
    if own != query and call.value(pagination.settings["foreign-cursor"]) == "reject":
        raise Problem("invalid", f"{pagination.name('cursor')} belongs to another query")
    return listing.position(last)


def _numbered(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    """Return the page with the requested number and the number of pages, or all items on request."""
    if call.arguments.get(pagination.name("all")):
        return _all_items(call, listing, pagination)
    size, number = call.arguments[pagination.name("limit")], int(call.arguments[pagination.name("page")])
    total = listing.size()
    pages = -(-total // size) or call.value(pagination.settings["pages-of-an-empty-list"])
    if number > max(pages, 1) and call.value(pagination.settings["past-the-end"]) == "reject":
        name, message = pagination.name("page"), f"There is no page {number}, only {pages}"
        raise Problem("invalid", message, fields={name: [message]})
    rows = listing.slice((number - 1) * size, number * size)
    links = {}
    if 1 < number <= pages + 1:
        links[call.value(pagination.settings["previous"])] = _link(call, pagination, number - 1)
    if number < pages:
        links["next"] = _link(call, pagination, number + 1)
    info = _page_info(total, len(rows), size, number, pages, links or call.value(pagination.settings["no-links"]))
    head, middle, end = _envelope(pagination.name("items"), pagination.name("meta"))
    return b"".join((head, b",".join(rows), middle, encode(info), end))


def _all_items(call: Call, listing: Listing, pagination: Pagination) -> bytes:
    items, meta, total = pagination.name("items"), pagination.name("meta"), listing.size()
    rows = b",".join(listing.slice(0, total))
    if not call.value(pagination.settings["meta-of-everything"]):
        head, end = _envelope(items)
        return b"".join((head, rows, end))
    head, middle, end = _envelope(items, meta)
    info = _page_info(total, total, total, 1, 1, call.value(pagination.settings["no-links"]))
    return b"".join((head, rows, middle, encode(info), end))


def _page_info(total: int, count: int, size: int, number: int, pages: int, links: Any) -> dict[str, Any]:
    return {
        "total": total,
        "count": count,
        "per_page": size,
        "current_page": number,
        "total_pages": pages,
        "links": links,
    }


def _link(call: Call, pagination: Pagination, number: int) -> str:
    """The URL of another page: the request's own URL with another page number."""
    request = call.request
    name = pagination.name("page")
    others = [part for part in request.query.split("&") if part and unquote_plus(part.partition("=")[0]) != name]
    return f"{call.origin}{request.path}?{'&'.join((*others, f'{name}={number}'))}"


@cache
def _envelope(items: str, *others: str, bare: bool = False) -> tuple[bytes, ...]:
    """The bytes around the items and the other members, given as JSON pointers; `bare` leaves out the brackets."""
    body: dict[str, Any] = {}
    list_of_items = _PLACEHOLDER if bare else [_PLACEHOLDER]
    for pointer, value in ((items, list_of_items), *((other, _PLACEHOLDER) for other in others)):
        *parents, last = pointer.split("/")[1:]
        target = body
        for name in parents:
            target = target.setdefault(name, {})
        target[last] = value
    return tuple(encode(body).split(encode(_PLACEHOLDER)))


STYLES: dict[str, Callable[[Call, Listing, Pagination], bytes]] = {
    "cursor": _cursor,
    "token": _token,
    "pages": _numbered,
    "after": page_styles.after,
    "offset": page_styles.offset,
    "page-number": page_styles.page_number,
    "all": page_styles.everything,
}
