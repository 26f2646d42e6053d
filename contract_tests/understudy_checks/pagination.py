"""Reads lists page by page as their `x-pagination` declares, and asserts that refused operations change nothing.

Works with lists of any size, also while others write. Must not know what is listed.
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
from understudy_checks.bodies import response_ids
from understudy_checks.client import Client, Skipped
from understudy_checks.discovery import (
    MAX_ATTEMPTS,
    FoundArguments,
    body_schema,
    call,
    find_accepted,
    find_all_arguments,
    find_arguments,
)
from understudy_checks.pointers import resolve_pointer
from understudy_checks.wording import show

Json = Any

MAX_PAGES = 150
_COUNTED = re.compile(r"\D*\d[\d_]*\s*")
MAX_PARENTS = 40
"""The largest number of parents that are searched for a long list of children."""


class Page(NamedTuple):
    """One page of a list: its items, the cursor or number of the next page, and whether there is one."""

    items: list[Json]
    next: Json
    more: bool


def setting(listing: Operation, name: str) -> str:
    """A setting of a list's pagination: a parameter's name (`limit`, `cursor`) or a JSON pointer (`items`, `next`)."""
    assert listing.pagination is not None, f"{listing.id} is not a list"
    return str(listing.pagination.settings[name])


def is_documented(listing: Operation, name: str) -> bool:
    """Whether the document states, rather than assumes, a setting of a list's pagination (`page-fill` ...)."""
    assert listing.pagination is not None, f"{listing.id} is not a list"
    return not isinstance(listing.pagination.settings.get(name), Assumed)


def has_page_numbers(listing: Operation) -> bool:
    """Whether the pages of a list have numbers instead of cursors."""
    assert listing.pagination is not None, f"{listing.id} is not a list"
    return listing.pagination.style == "pages"


def bounds(listing: Operation) -> tuple[int, int | None, int]:
    """The smallest, the default (None if undocumented) and the largest `limit` of a list."""
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
    """Request one page and return the response."""
    position = setting(listing, "page" if has_page_numbers(listing) else "cursor")
    paging = {setting(listing, "limit"): limit, position: cursor}
    return call(client, listing, FoundArguments({**arguments, **paging}, None), key=key)


def read_page(
    client: Client,
    listing: Operation,
    arguments: Mapping[str, Json],
    *,
    limit: int | None = None,
    cursor: Json = None,
    key: str | None = None,
) -> Page:
    """Read one page. Raises AssertionError when the request is refused."""
    response = request_page(client, listing, arguments, limit=limit, cursor=cursor, key=key)
    with client.depending_on(f"*.pagination.{'limit-sets-the-page-size' if cursor is None else 'cursor-continues'}"):
        assert response.status < 300, (
            f"{listing.id} with limit {show(limit)} and cursor {show(cursor)} must answer a page, not {response.status}"
        )
    return page_of(listing, response)


def page_of(listing: Operation, response: Response) -> Page:
    """Parse the page in a response."""
    body = response.json()
    if has_page_numbers(listing):
        meta = resolve_pointer(body, setting(listing, "meta"))
        number, more = meta["current_page"], meta["current_page"] < meta["total_pages"]
        return Page(resolve_pointer(body, setting(listing, "items")), number + 1 if more else None, more)
    following = resolve_pointer(body, setting(listing, "next"))
    assert listing.pagination is not None, f"{listing.id} is not a list"
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
    """Read the pages of a list from the start, each with the next of `limits`, until there are no more.

    Without `limits`, pages have the largest size.
    """
    cursor = None
    for limit in islice(repeat(bounds(listing)[2]) if limits is None else limits, MAX_PAGES):
        page = read_page(client, listing, arguments, limit=limit, cursor=cursor, key=key)
        yield page
        if not page.more:
            return
        cursor = page.next


def walk(client: Client, listing: Operation, arguments: Mapping[str, Json], *, key: str | None = None) -> list[Json]:
    """Read all items of a list, in the largest pages, without those that an earlier page had."""
    found: list[Json] = []
    known: set[Json] = set()
    for page in pages(client, listing, arguments, key=key):
        new = [item for item in page.items if item["id"] not in known]
        found += new
        known.update(ids(new))
        if not new:
            break
    return found


def ids(items: Iterable[Json]) -> list[str]:
    """The ids of items, in order."""
    return [item["id"] for item in items]


def assert_no_repetition(client: Client, items: Iterable[Json]) -> None:
    """Assert that pages did not repeat items, on which the check depends."""
    seen = ids(items)
    with client.depending_on("*.pagination.cursor-continues"):
        assert len(set(seen)) == len(seen), "an item is returned twice"


def unknown_ids(known: Collection[str], *made_up: str) -> list[str]:
    """Ids that do not exist: `made_up` ones, and variations of the first known id.

    Leaves out ids with only a number at the end: they may be sequential and exist for somebody else.
    """
    first = next(iter(known))
    near = (first[:-1], first + "0", first[::-1], f"{first}-none", f"x{first}")
    return sorted(id for id in {*near, *made_up} - set(known) if id and not may_exist(id))


def may_exist(id: str) -> bool:
    """Return whether an id is only a number, perhaps after letters: such ids may be sequential."""
    return _COUNTED.fullmatch(id) is not None


def longest_list(client: Client, listing: Operation, *, least: int = 2) -> dict[str, Json]:
    """Find the arguments of the longest list on the target.

    Raises Skipped when no list has `least` items.
    """
    remembered = (client.valid_memo or {}).get((longest_list, listing.id))
    size, arguments = remembered or _longest(client, listing)
    if size < least:
        raise Skipped(f"no {listing.id} on this target has {least} items")
    return dict(arguments)


def _longest(client: Client, listing: Operation) -> tuple[int, dict[str, Json]]:
    found = [
        (len(walk(client, listing, found_arguments.arguments)), found_arguments.arguments)
        for found_arguments in islice(find_all_arguments(client, listing), MAX_PARENTS)
    ]
    best: tuple[int, dict[str, Json]] = max(found, key=lambda entry: entry[0], default=(0, {}))
    if client.valid_memo is not None:
        client.valid_memo[longest_list, listing.id] = best
    return best


def adding_operation(client: Client, listing: Operation) -> Operation | None:
    """The operation that adds items to a list: a POST on the list's path."""
    operations = client.contract.operations.values()
    return next((known for known in operations if known.method == "POST" and known.path == listing.path), None)


def add_items(client: Client, listing: Operation, count: int) -> None:
    """Add `count` items to a list. Raises Skipped when the target accepts none."""
    operation = adding_operation(client, listing)
    assert operation is not None, f"nothing can be added to {listing.id}"
    found_arguments, added = find_accepted(client, operation)
    known = response_ids(added)
    for number in range(count - 1):
        response = call(client, operation, found_arguments)
        if response.status in (409, 422) or (response.status < 300 and response_ids(response) == known):
            varied = found_arguments._replace(body=_varied(client, operation, found_arguments, number))
            response = call(client, operation, varied)  # a member is unique
        assert response.status < 300, (
            f"{operation.id} must be accepted again with what it accepted before, not answered {response.status}"
        )


def _varied(client: Client, operation: Operation, found_arguments: FoundArguments, number: int) -> Json:
    """A body with a number before each free text, so that no two are equal."""
    known = body_schema(client.contract.document, operation).get("properties", {})
    return {
        name: f"{number}{value}" if isinstance(value, str) and "enum" not in known.get(name, {}) else value
        for name, value in (found_arguments.body or {}).items()
    }


def list_of_at_least(client: Client, listing: Operation, least: int) -> dict[str, Json]:
    """Find the arguments of a list and add items until it has `least`."""
    arguments = find_arguments(client, listing).arguments
    missing = least - len(walk(client, listing, arguments))
    if missing > 0:
        add_items(client, listing, missing)
    return arguments


@contextmanager
def assert_unchanged(
    client: Client, operation: Operation, found_arguments: FoundArguments, *, key: str | None = None
) -> Iterator[None]:
    """Assert that the block changes nothing that the operation writes to, as read with `key`.

    On a shared target, a list may have new items, but none that the operation could have added.
    """
    reader = _observing_operation(client, operation)
    if reader is None:
        yield
        return
    before = _read_state(client, reader, found_arguments, key)
    yield
    after = _read_state(client, reader, found_arguments, key)
    if isinstance(before, list) and isinstance(after, list) and "fresh" not in client.world.capabilities:
        after = _plausible_additions(before, after, found_arguments.body or {})
        before = []
    assert after == before, f"{operation.id} was refused, and yet {reader.id} shows a change"


def assert_no_effect(
    client: Client, operation: Operation, refuse: Callable[[FoundArguments], None], *, key: str | None = None
) -> None:
    """Assert that the refused calls in `refuse` have no effect that `key` could read.

    `refuse` gets arguments that the target then accepts with `key`. Raises Skipped when it accepts none.
    """
    for found_arguments in islice(find_all_arguments(client, operation, key=key), MAX_ATTEMPTS):
        with assert_unchanged(client, operation, found_arguments, key=key):
            refuse(found_arguments)
        if call(client, operation, found_arguments, key=key).status < 300:
            return
    raise Skipped(f"this target accepts no {operation.id} with arguments found in its data")


def _plausible_additions(before: list[Json], after: list[Json], body: Mapping[str, Json]) -> list[Json]:
    """The new items of a list that a request with this body could have added."""
    known = set(ids(before))
    new = [item for item in after if item["id"] not in known]
    return [item for item in new if all(item.get(name, value) == value for name, value in body.items())]


def _observing_operation(client: Client, operation: Operation) -> Operation | None:
    """The GET operation that reads what another operation writes to: the one with the longest common path.

    None without such an operation.
    """
    readers = [known for known in client.contract.operations.values() if known.method == "GET"]
    fitting = [known for known in readers if operation.path.startswith(known.path)]
    return max(fitting, key=lambda known: len(known.path), default=None)


def _read_state(client: Client, reader: Operation, found_arguments: FoundArguments, key: str | None) -> Json:
    """Read the state of a list (all its items) or of an object (status, and body on success)."""
    names = {parameter.name for parameter in reader.parameters if parameter.location == "path" or parameter.required}
    known = {**(found_arguments.body or {}), **found_arguments.arguments}
    arguments = {name: value for name, value in known.items() if name in names}
    response = call(client, reader, FoundArguments(arguments, None), key=key)
    if reader.pagination is not None and response.status < 300:
        return walk(client, reader, arguments, key=key)
    return response.status, response.json() if response.status < 300 else None
