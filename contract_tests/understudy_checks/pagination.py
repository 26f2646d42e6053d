"""Reading a list page by page, as its `x-pagination` declares; and what an operation would change.

Works with cursors, ids and lists of any size, and while others write. Must not know what is listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice, repeat
from typing import Any, NamedTuple

from understudy.document.model import Assumed
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client, NotChecked
from understudy_checks.discovery import ATTEMPTS, Arranged, accepted, arrange, arrangements, call
from understudy_checks.pointers import resolve_pointer

Json = Any

MOST_PAGES = 150
_COUNTED = re.compile(r"\D*\d+")
PARENTS = 40
"""How many parents are looked at to find a long list of children."""


class Page(NamedTuple):
    """One page of a list: its items, the cursor of the next page, and whether there is one."""

    items: list[Json]
    next: Json
    more: bool


def setting(listing: Operation, name: str) -> str:
    """What the document's pagination style calls something: the limit, the cursor, the place of the items."""
    assert listing.pagination is not None, f"{listing.id} is no list"
    return str(listing.pagination.settings[name])


def settled(listing: Operation, name: str) -> bool:
    """Whether the document leaves nothing open in this part of its pagination (`page-fill`, `last-token` ...)."""
    assert listing.pagination is not None, f"{listing.id} is no list"
    return not isinstance(listing.pagination.settings.get(name), Assumed)


def is_numbered(listing: Operation) -> bool:
    """Whether the pages of a list have numbers, rather than that each names the place where the next one starts."""
    assert listing.pagination is not None, f"{listing.id} is no list"
    return listing.pagination.style == "pages"


def bounds(listing: Operation) -> tuple[int, int | None, int]:
    """The smallest, the default (None where it is not documented) and the largest `limit` of a list."""
    schema = next(p for p in listing.parameters if p.name == setting(listing, "limit")).schema
    return schema.get("minimum", 1), schema.get("default"), schema["maximum"]


def request_page(
    client: Client,
    listing: Operation,
    arguments: Mapping[str, Json],
    *,
    limit: object = None,
    cursor: object = None,
    key: str | None = None,
) -> Response:
    """Ask for one page; the answer as it is."""
    place = setting(listing, "page" if is_numbered(listing) else "cursor")
    paging = {setting(listing, "limit"): limit, place: cursor}
    return call(client, listing, Arranged({**arguments, **paging}, None), key=key)


def read_page(
    client: Client,
    listing: Operation,
    arguments: Mapping[str, Json],
    *,
    limit: int | None = None,
    cursor: Json = None,
    key: str | None = None,
) -> Page:
    """Read one page, which must be given."""
    response = request_page(client, listing, arguments, limit=limit, cursor=cursor, key=key)
    assert response.status < 300, f"{listing.id} with limit {limit} and cursor {cursor!r}: {response.status}"
    return page_of(listing, response)


def page_of(listing: Operation, response: Response) -> Page:
    """The page that an answer holds."""
    body = response.json()
    if is_numbered(listing):
        told = resolve_pointer(body, setting(listing, "meta"))
        number, more = told["current_page"], told["current_page"] < told["total_pages"]
        return Page(resolve_pointer(body, setting(listing, "items")), number + 1 if more else None, more)
    following = resolve_pointer(body, setting(listing, "next"))
    assert listing.pagination is not None, f"{listing.id} is no list"
    flagged = "more" in listing.pagination.settings
    more = resolve_pointer(body, setting(listing, "more")) if flagged else following is not None
    return Page(resolve_pointer(body, setting(listing, "items")) or [], following, more)


def pages(
    client: Client,
    listing: Operation,
    arguments: Mapping[str, Json],
    *,
    limits: Iterable[int | None] | None = None,
    key: str | None = None,
) -> Iterator[Page]:
    """The pages of a list from the start, each with the next of `limits`, until one says that there are no more.

    Without `limits` they are as large as can be.
    """
    cursor = None
    for limit in islice(repeat(bounds(listing)[2]) if limits is None else limits, MOST_PAGES):
        page = read_page(client, listing, arguments, limit=limit, cursor=cursor, key=key)
        yield page
        if not page.more:
            return
        cursor = page.next


def walk(client: Client, listing: Operation, arguments: Mapping[str, Json], *, key: str | None = None) -> list[Json]:
    """All items of a list, read with the largest pages."""
    return [item for page in pages(client, listing, arguments, key=key) for item in page.items]


def ids(items: Iterable[Json]) -> list[str]:
    """The ids of items, in order."""
    return [item["id"] for item in items]


def unknown(known: Collection[str], *made_up: str) -> list[str]:
    """Ids like the first of the known ones, and made-up ones, that nothing has.

    What ends in a number and has no other may count up, and be somebody else's, so it is left alone.
    """
    first = next(iter(known))
    near = (first[:-1], first + "0", first[::-1], f"{first}-none", f"x{first}")
    return sorted(id for id in {*near, *made_up} - set(known) if id and not _COUNTED.fullmatch(id))


def longest(client: Client, listing: Operation, *, least: int = 2) -> dict[str, Json]:
    """The arguments of the longest such list that is found on the target.

    Raises NotChecked when none has `least` items.
    """
    remembered = (client.pristine or {}).get((longest, listing.id))
    size, arguments = remembered or _longest(client, listing)
    if size < least:
        raise NotChecked(f"no {listing.id} on this target has {least} items")
    return dict(arguments)


def _longest(client: Client, listing: Operation) -> tuple[int, dict[str, Json]]:
    found = [
        (len(walk(client, listing, arranged.arguments)), arranged.arguments)
        for arranged in islice(arrangements(client, listing), PARENTS)
    ]
    best: tuple[int, dict[str, Json]] = max(found, key=lambda entry: entry[0], default=(0, {}))
    if client.pristine is not None:
        client.pristine[longest, listing.id] = best
    return best


def adder(client: Client, listing: Operation) -> Operation | None:
    """The operation that adds to a list: POST on its own path."""
    operations = client.contract.operations.values()
    return next((known for known in operations if known.method == "POST" and known.path == listing.path), None)


def add(client: Client, listing: Operation, count: int) -> None:
    """Add items to a list that can grow; raises NotChecked when the target accepts none."""
    operation = adder(client, listing)
    assert operation is not None, f"nothing can be added to {listing.id}"
    arranged, _ = accepted(client, operation)
    for _ in range(count - 1):
        response = call(client, operation, arranged)
        assert response.status < 300, f"{operation.id} is refused with what was accepted before: {response.status}"


def grown(client: Client, listing: Operation, least: int) -> dict[str, Json]:
    """The arguments of a list that can grow and has `least` items or more: what it lacks is added."""
    arguments = arrange(client, listing).arguments
    missing = least - len(walk(client, listing, arguments))
    if missing > 0:
        add(client, listing, missing)
    return arguments


@contextmanager
def unchanged(client: Client, operation: Operation, arranged: Arranged, *, key: str | None = None) -> Iterator[None]:
    """Assert that what an operation writes to is the same after the block as before, seen with `key`.

    A list that others add to at the same time may only have grown by what the operation would not have added.
    """
    place = _watched(client, operation)
    if place is None:
        yield
        return
    before = _seen(client, place, arranged, key)
    yield
    after = _seen(client, place, arranged, key)
    if isinstance(before, list) and isinstance(after, list) and "fresh" not in client.world.capabilities:
        after = _added(before, after, arranged.body or {})
        before = []
    assert after == before, f"{operation.id} was refused, and yet {place.id} shows a change"


def assert_no_effect(
    client: Client, operation: Operation, refuse: Callable[[Arranged], None], *, key: str | None = None
) -> None:
    """Assert that the calls that `refuse` makes, with what it is given, do nothing that `key` would see.

    What it is given is accepted from `key` afterwards, so it could have been done. Raises NotChecked when nothing is.
    """
    for arranged in islice(arrangements(client, operation, key=key), ATTEMPTS):
        with unchanged(client, operation, arranged, key=key):
            refuse(arranged)
        if call(client, operation, arranged, key=key).status < 300:
            return
    raise NotChecked(f"this target accepts no {operation.id} with what its data offer")


def _added(before: list[Json], after: list[Json], body: Mapping[str, Json]) -> list[Json]:
    """What a list shows that it did not before and that a request with this body could have added."""
    known = set(ids(before))
    new = [item for item in after if item["id"] not in known]
    return [item for item in new if all(item.get(name, value) == value for name, value in body.items())]


def _watched(client: Client, operation: Operation) -> Operation | None:
    """The reading operation that shows what another one writes to: its path, or the longest beginning of it.

    None where no operation shows anything of that.
    """
    readers = [known for known in client.contract.operations.values() if known.method == "GET"]
    fitting = [known for known in readers if operation.path.startswith(known.path)]
    return max(fitting, key=lambda known: len(known.path), default=None)


def _seen(client: Client, place: Operation, arranged: Arranged, key: str | None) -> Json:
    """What a place shows: all items of a list, or the status and what the object is, if it is shown."""
    names = {parameter.name for parameter in place.parameters if parameter.location == "path" or parameter.required}
    told = {**(arranged.body or {}), **arranged.arguments}
    arguments = {name: value for name, value in told.items() if name in names}
    response = call(client, place, Arranged(arguments, None), key=key)
    if place.pagination is not None and response.status < 300:
        return walk(client, place, arguments, key=key)
    return response.status, response.json() if response.status < 300 else None
