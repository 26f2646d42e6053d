"""Probe functions for what a document binds in `x-pagination` and `x-invalid`: limits, cursors, ends of lists.

Each looks for a list on the target whose data show the value. Must not know any API by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from understudy.document.model import Assumed
from understudy.document.operation import Operation
from understudy.document.parameters import Parameter
from understudy.engine.exchange import Response
from understudy_checks.client import Client, Skipped
from understudy_checks.discovery import FoundArguments, call, find_all_arguments
from understudy_checks.generic.probes import (
    UNKNOWN,
    is_refused,
    limit_no_integer,
    limit_outside,
    repeated_limit,
)
from understudy_checks.generic.probes import order as order_by_time
from understudy_checks.generic.probes import unknown_cursor as unknown_cursor_of
from understudy_checks.measurements import by_status, measure_lifetime, skip
from understudy_checks.pagination import Page, bounds, has_page_numbers, ids, page_of, read_page, request_page, setting
from understudy_checks.pointers import resolve_pointer
from understudy_checks.refusals import possible

Json = Any
Arguments = Mapping[str, Json]
Place = tuple[Operation, Arguments]

MAX_LISTS = 12
"""The largest number of lists of an operation that are read."""

MAX_FILTERS = 40
"""The largest number of filtered lists that are read to find an empty one."""


def places(client: Client) -> Iterator[Place]:
    """The lists of the target: each paged operation with its first arguments, then with the second, and so on."""
    paged = (one for one in client.contract.operations.values() if one.pagination is not None)
    listings = [one for one in paged if one.method == "GET"]
    offered = [(one, islice(find_all_arguments(client, one), MAX_LISTS)) for one in listings]
    while offered:
        for entry in tuple(offered):
            listing, arguments = entry
            found = next(arguments, None)
            if found is None:
                offered.remove(entry)
            else:
                yield listing, found.arguments


def first_told(client: Client, ask: Callable[[Operation, Arguments], Json]) -> Json:
    """The result of `ask` for the first list that shows it. Raises Skipped with the last reason when none does."""
    reason = Skipped("there is no list on this target")
    for listing, arguments in places(client):
        try:
            return ask(listing, arguments)
        except Skipped as skipped:
            reason = skipped
    raise reason


def find_list(client: Client, what: str, holds: Callable[[Page], object]) -> tuple[Operation, Arguments, Page]:
    """Find a list whose first page, of the largest size, is as wanted. Raises Skipped without any."""
    for listing, arguments in places(client):
        page = read_page(client, listing, arguments, limit=bounds(listing)[2])
        if holds(page):
            return listing, arguments, page
    raise Skipped(f"no list on this target {what}")


def limit_out_of_range(client: Client) -> Json:
    """Find out what a limit below and above its range does; only above where the document tells them apart."""
    told = [_outside(client, "limit-out-of-range", above=True)]
    if not any("limit-below-minimum" in _settings(one) for one in client.contract.operations.values()):
        told.append(_outside(client, "limit-out-of-range", above=False))
    shown = [value for value in told if value is not None] or [skip("no list on this target is long enough")]
    return shown[0] if len(set(shown)) == 1 else f"{shown[1]} below, {shown[0]} above"


def limit_below_minimum(client: Client) -> Json:
    """Find out what a limit below its range does."""
    value = _outside(client, "limit-below-minimum", above=False)
    return value if value is not None else skip("no list on this target is long enough")


def _outside(client: Client, name: str, *, above: bool) -> Json:
    """What a limit outside its range does; None where no list on the target shows it.

    Where the document leaves but one value for a limit that is not refused, no list has to show which.
    """

    def ask(listing: Operation, arguments: Arguments) -> Json:
        least, _, most = bounds(listing)
        try:
            return limit_outside(client, listing, arguments, most + 1 if above else least - 1)
        except Skipped:
            left = [value for value in possible(client.contract, _settings(listing)[name]) if value != "reject"]
            if len(left) == 1:
                return left[0]
            raise

    try:
        return first_told(client, ask)
    except Skipped:
        return None


def limit_not_an_integer(client: Client) -> Json:
    """Find out what a word as limit does."""
    return first_told(client, lambda listing, arguments: limit_no_integer(client, listing, arguments))


def duplicate_parameters(client: Client) -> Json:
    """Find out which of two values of a parameter takes effect."""
    return first_told(client, lambda listing, arguments: repeated_limit(client, listing, arguments))


def unknown_cursor(client: Client) -> Json:
    """Find out what a cursor does that the list never returned."""
    return first_told(client, lambda listing, arguments: unknown_cursor_of(client, listing, arguments))


def cursor_form(client: Client) -> Json:
    """Find out whether a cursor is the id of the last item of its page."""

    def ask(listing: Operation, arguments: Arguments) -> Json:
        page = read_page(client, listing, arguments, limit=1)
        if page.next is None:
            raise Skipped(f"no {listing.id} on this target has a second page")
        return "item-id" if page.next == page.items[-1]["id"] else "opaque"

    return first_told(client, ask)


def foreign_cursor(client: Client) -> Json:
    """Find out what a cursor of a list does in the same list with a filter that its first item fits."""
    for listing, arguments in places(client):
        page = read_page(client, listing, arguments, limit=1)
        fits = {one.name: page.items[0].get(one.name) for one in _filters(listing) if page.items}
        given = {name: value for name, value in fits.items() if isinstance(value, str) and name not in arguments}
        if page.next is not None and given:
            name, value = next(iter(given.items()))
            response = request_page(client, listing, {**arguments, name: value}, limit=1, cursor=page.next)
            return by_status(response, "continue", "reject")
    raise Skipped("no list on this target has a second page and a filter")


def token_lifetime(client: Client) -> Json:
    """Find out for how many seconds a cursor is valid; None for ever."""
    listing, arguments, page = find_list(client, "has two items", lambda page: len(page.items) > 1)
    token = read_page(client, listing, arguments, limit=1).next
    known = [value for value in possible(client.contract, _settings(listing)["token-lifetime"]) if value is not None]
    return measure_lifetime(
        client, known, lambda: _shown(client, listing, arguments, limit=1, cursor=token) == ids(page.items)[1:2]
    )


def limit_may_change(client: Client) -> Json:
    """Find out whether a cursor is valid for a page of another size."""
    listing, arguments, page = find_list(client, "has three items", lambda page: len(page.items) > 2)
    token = read_page(client, listing, arguments, limit=1).next
    return _shown(client, listing, arguments, limit=2, cursor=token) == ids(page.items)[1:3]


def page_fill(client: Client) -> Json:
    """Find out whether a page that is not the last is full."""
    listing, arguments, _ = find_list(client, "has five items", lambda page: len(page.items) > 4)
    return "full" if len(_shown(client, listing, arguments, limit=4) or ()) == 4 else "short"


def last_token(client: Client) -> Json:
    """Find out whether a full last page has a cursor."""
    listing, arguments, page = find_list(client, "is short", lambda page: page.items and not page.more)
    return "until-empty" if read_page(client, listing, arguments, limit=len(page.items)).more else "null"


def empty_page_cursor(client: Client) -> Json:
    """Find out the next cursor of an empty page."""
    listing, response = empty_list(client)
    return page_of(listing, response).next


def empty_items(client: Client) -> Json:
    """Find out the items of an empty page."""
    listing, response = empty_list(client)
    return resolve_pointer(response.json(), setting(listing, "items"))


def empty_list(client: Client) -> tuple[Operation, Response]:
    """Find an empty list: as it is, or by a filter. Raises Skipped without any."""
    known = list(places(client))
    filtered = (place for listing, arguments in known for place in _filtered(listing, arguments))
    for listing, arguments in (*known, *islice(filtered, MAX_FILTERS)):
        response = request_page(client, listing, arguments, limit=1)
        if not is_refused(response) and not page_of(listing, response).items:
            return listing, response
    raise Skipped("no list on this target is empty")


def previous_link(client: Client) -> Json:
    """Find out the name of the link to the page before."""
    listing, arguments = _any_list(client)
    links = _meta(listing, request_page(client, listing, arguments, limit=1, cursor=2))["links"]
    return next((name for name in links if name != "next"), None) or skip("no second page has a link to the first")


def no_links(client: Client) -> Json:
    """Find out the links of an empty list."""
    return _meta(*empty_list(client))["links"]


def pages_of_an_empty_list(client: Client) -> Json:
    """Find out the number of pages of an empty list."""
    return _meta(*empty_list(client))["total_pages"]


def past_the_end(client: Client) -> Json:
    """Find out what a page after the last one is."""
    listing, arguments, _ = find_list(client, "has an item", lambda page: page.items)
    last = _meta(listing, request_page(client, listing, arguments, limit=1))["total_pages"]
    return by_status(request_page(client, listing, arguments, limit=1, cursor=last + 1), "empty", "reject")


def meta_of_everything(client: Client) -> Json:
    """Find out whether a list without paging has the object with its counts."""
    listing, arguments = _any_list(client)
    whole = FoundArguments({**arguments, setting(listing, "all"): True}, None)
    return resolve_pointer(call(client, listing, whole).json(), setting(listing, "meta")) is not None


def order(client: Client, listing: Operation) -> Json:
    """Find out how a list is sorted by the time at which its items were created."""
    found = islice(find_all_arguments(client, listing), MAX_LISTS)
    reason = Skipped(f"there is no {listing.id} on this target")
    for one in found:
        try:
            return order_by_time(client, listing, one.arguments)
        except Skipped as skipped:
            reason = skipped
    raise reason


def default_limit(client: Client, listing: Operation) -> Json:
    """Find out how many items a page has by default; the largest number that is known if it has all items."""
    known = sorted(possible(client.contract, _settings(listing)["default-limit"]))
    for found in islice(find_all_arguments(client, listing), MAX_LISTS):
        whole = read_page(client, listing, found.arguments, limit=bounds(listing)[2])
        if len(whole.items) > known[0]:
            page = read_page(client, listing, found.arguments)
            return known[-1] if ids(page.items) == ids(whole.items) else len(page.items)
    raise Skipped(f"no {listing.id} on this target has more than {known[0]} items")


def invalid_value(client: Client, listing: Operation, parameter: Parameter) -> Json:
    """Find out what a parameter does whose value does not fit: `reject`, `default`, `ignore` or `empty`."""
    value = parameter.schema["minimum"] - 1 if parameter.kind in ("integer", "number") else UNKNOWN
    for found in islice(find_all_arguments(client, listing), MAX_LISTS):
        usual = _shown(client, listing, found.arguments)
        if usual:
            response = call(client, listing, FoundArguments({**found.arguments, parameter.name: value}, None))
            if is_refused(response):
                return by_status(response, None, "reject")
            shown = ids(page_of(listing, response).items)
            unchanged = "default" if "default" in possible(client.contract, parameter.invalid) else "ignore"
            return unchanged if shown == usual else f"{len(shown)} items" if shown else "empty"
    raise Skipped(f"no {listing.id} on this target has items")


def _any_list(client: Client) -> Place:
    return next(places(client), None) or skip("there is no list on this target")


def _settings(listing: Operation) -> Mapping[str, str | Assumed]:
    return listing.pagination.settings if listing.pagination is not None else {}


def _filters(listing: Operation) -> list[Parameter]:
    """The optional query parameters of a list that do not page it."""
    paging = {setting(listing, name) for name in ("limit", "page", "cursor", "all") if name in _settings(listing)}
    known = (one for one in listing.parameters if one.location == "query" and not one.required)
    return [one for one in known if one.name not in paging]


def _filtered(listing: Operation, arguments: Arguments) -> Iterator[Place]:
    """A list with each of its filters: by a known word, or by one that nothing fits."""
    for one in _filters(listing):
        if one.kind == "string" and one.name not in arguments:
            for value in one.schema.get("enum", [UNKNOWN]):
                yield listing, {**arguments, one.name: value}


def _shown(client: Client, listing: Operation, arguments: Arguments, **paging: Json) -> list[str] | None:
    """The ids on a page; None if it is refused."""
    response = request_page(client, listing, arguments, **paging)
    return None if is_refused(response) else ids(page_of(listing, response).items)


def _meta(listing: Operation, response: Response) -> Json:
    """The object with counts and links in a numbered page."""
    assert has_page_numbers(listing), f"{listing.id} has no numbered pages"
    return resolve_pointer(response.json(), setting(listing, "meta"))
