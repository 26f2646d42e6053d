"""Probe functions for every API: how it refuses, pages and counts requests.

Each function sends a few harmless requests and returns the result as a value of an assumption.
It raises Skipped where the target's data do not allow it. Must not know any API by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from understudy.document.model import Quota
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client, Skipped
from understudy_checks.discovery import FoundArguments, call, find_accepted, find_arguments
from understudy_checks.pagination import bounds, page_of, request_page, setting
from understudy_checks.refusals import code_of, possible
from understudy_checks.routes import path_and_query

Json = Any
Arguments = Mapping[str, Json]

UNKNOWN = "zzUnknown7Q4Wm2Xk9Rb"
"""Serves as an id, a cursor and a name that do not exist."""

LARGE = 1 << 21
"""The size in bytes of a body that a server with a limit refuses."""


def is_refused(response: Response) -> bool:
    """Whether a request was refused."""
    return response.status >= 300


def status_and_code(response: Response) -> Json:
    """The status and code of a response, as in assumptions about refusals. The code is empty without one."""
    try:
        body = response.json()
    except ValueError:  # not in the API's own shape
        body = None
    return {"status": response.status, "code": code_of(body) or ""}


def send_malformed(client: Client, operation: Operation, arguments: Arguments) -> Response:
    """Send a body that is not JSON with the content type of JSON."""
    return client.call(operation, arguments, body=b'{"', headers={"content-type": "application/json"})


def send_as_text(client: Client, operation: Operation, arguments: Arguments, body: Json) -> Response:
    """Send a JSON body as plain text. As JSON, `body` would be accepted and change nothing."""
    return client.call(operation, arguments, body=json.dumps(body).encode(), headers={"content-type": "text/plain"})


def send_oversized(client: Client, operation: Operation, arguments: Arguments, body: Json) -> Response:
    """Send a body padded with blanks to a large size. Raises Skipped when the response is as without them."""
    usual = client.call(operation, arguments, json=body)
    blank = json.dumps(body).encode() + b" " * LARGE
    response = client.call(operation, arguments, body=blank, headers={"content-type": "application/json"})
    if status_and_code(response) == status_and_code(usual):
        raise Skipped(f"this target responds to a body of {len(blank)} bytes as to a small one")
    return response


def limit_outside(client: Client, listing: Operation, arguments: Arguments, value: int) -> str:
    """Find out what a `limit` outside its range does: `reject`, `clamp` (to a bound), `default` or a page."""
    least, _, most = bounds(listing)
    response = request_page(client, listing, arguments, limit=value)
    if is_refused(response):
        return "reject"
    size = len(page_of(listing, response).items)
    clamped = _size(client, listing, arguments, max(least, min(value, most)))
    usual = _size(client, listing, arguments, None)
    if clamped == usual:
        raise Skipped(
            f"no {listing.id} on this target is long enough to distinguish a page of another size from the default one"
        )
    return {clamped: "clamp", usual: "default"}.get(size, f"a page of {size} items")


def limit_no_integer(client: Client, listing: Operation, arguments: Arguments, value: str = "some") -> str:
    """Find out what a `limit` that is not an integer does: `reject`, `default` or a page size."""
    response = request_page(client, listing, arguments, limit=value)
    if is_refused(response):
        return "reject"
    size = len(page_of(listing, response).items)
    return "default" if size == _size(client, listing, arguments, None) else f"a page of {size} items"


def unknown_cursor(client: Client, listing: Operation, arguments: Arguments, cursor: str = UNKNOWN) -> str:
    """Find out what an unknown cursor does: `reject`, `start` (of the list), `empty` or a page size."""
    response = request_page(client, listing, arguments, limit=1, cursor=cursor)
    if is_refused(response):
        return "reject"
    items = page_of(listing, response).items
    first = page_of(listing, request_page(client, listing, arguments, limit=1)).items
    if not first:
        raise Skipped(f"{listing.id} has no items on this target")
    return "start" if items == first else "empty" if not items else f"a page of {len(items)} items"


def unknown_parameter(client: Client, operation: Operation, arguments: Arguments) -> str:
    """Find out what an undocumented query parameter does to a valid request: `ignore` or `reject`."""
    response = client.call(operation, {**arguments, UNKNOWN: "1"})
    if is_refused(response) and is_refused(client.call(operation, arguments)):
        raise Skipped(f"this target refuses {operation.id} anyway")
    return "reject" if is_refused(response) else "ignore"


def unknown_member(client: Client, operation: Operation, arguments: Arguments, body: Arguments) -> str:
    """Find out what an undocumented member does to a valid body: `ignore` or `reject`."""
    response = client.call(operation, arguments, json={**body, UNKNOWN: "1"})
    if is_refused(response) and is_refused(client.call(operation, arguments, json=body)):
        raise Skipped(f"this target refuses {operation.id} anyway")
    return "reject" if is_refused(response) else "ignore"


def repeated_limit(client: Client, listing: Operation, arguments: Arguments) -> str:
    """Find out which of two values of `limit` takes effect: the `first`, the `last`, or `reject`."""
    name = setting(listing, "limit")
    path, query = path_and_query(listing, arguments)
    response = client.send("GET", path, query=urlencode([*query.items(), (name, 1), (name, 2)]))
    if is_refused(response):
        return "reject"
    if _size(client, listing, arguments, 2) < 2:
        raise Skipped(f"no {listing.id} on this target has two items")
    size = len(page_of(listing, response).items)
    return {1: "first", 2: "last"}.get(size, f"a page of {size} items")


def order(client: Client, listing: Operation, arguments: Arguments, name: str = "created_at") -> str:
    """Find out how a list is sorted by a time (RFC 3339, UTC) of its items: `newest-first`, `oldest-first` or not."""
    times = [item[name] for item in page_of(listing, request_page(client, listing, arguments, limit=100)).items]
    if len(set(times)) < 2:
        raise Skipped(f"no {listing.id} on this target has items with different times")
    found = {"newest-first": sorted(times, reverse=True), "oldest-first": sorted(times)}
    return next((word for word, sequence in found.items() if times == sequence), f"not by {name}")


def head(client: Client) -> str:
    """Find out what HEAD does where GET succeeds: the same without a body (`like-get`), or `method-not-allowed`."""
    operation, found_arguments = find_reading(client)
    path, query = path_and_query(operation, found_arguments.arguments)
    get = client.send("GET", path, query=urlencode(query))
    response = client.send("HEAD", path, query=urlencode(query))
    if response.status == get.status:
        return "a body" if response.body else "like-get"
    return "method-not-allowed" if is_refused(response) else f"status {response.status}"


def options(client: Client) -> str:
    """Find out what OPTIONS without a key does: the methods in `Allow` (`allow`), or `method-not-allowed`."""
    operation, found_arguments = find_reading(client)
    path, _ = path_and_query(operation, found_arguments.arguments)
    response = client.send("OPTIONS", path, key=None)
    if is_refused(response):
        return "method-not-allowed"
    return "allow" if response.status == 204 and response.header("allow") else f"status {response.status}"


def foreign_object(client: Client, operation: Operation) -> Json:
    """Find out what reading another tenant's object by its id does: `not-found`, `forbidden` or a status."""
    found_arguments = find_arguments(client, operation, key=client.other_tenant_key)
    status = call(client, operation, found_arguments).status
    return {404: "not-found", 403: "forbidden"}.get(status, status)


def find_reading(client: Client) -> tuple[Operation, FoundArguments]:
    """Find a GET operation that requires a key, with arguments that the target accepts."""
    reason = Skipped("no operation of this API reads with a key")
    for operation in client.contract.operations.values():
        if operation.method == "GET" and operation.secured is True:
            try:
                return operation, find_accepted(client, operation)[0]
            except Skipped as skipped:
                reason = skipped
    raise reason


def send_without_key(client: Client, headers: Mapping[str, str] | None = None) -> Response:
    """Send a request without a key, with `headers` instead."""
    operation, found_arguments = find_reading(client)
    return client.call(operation, found_arguments.arguments, key=None, headers=headers)


def challenge(client: Client) -> str | None:
    """The `WWW-Authenticate` header of a refused request without a key; None where it is absent."""
    return send_without_key(client).header("www-authenticate")


def scheme_case(client: Client) -> str:
    """Find out whether the scheme `Bearer` is case-`insensitive` or `sensitive`."""
    response = send_without_key(client, {"authorization": f"bearer {client.key}"})
    return "sensitive" if is_refused(response) else "insensitive"


def limit_headers(client: Client) -> bool:
    """Whether responses have `X-RateLimit-*` headers."""
    operation, found_arguments = find_reading(client)
    return any(name.startswith(b"x-ratelimit-") for name, _ in call(client, operation, found_arguments).headers)


def measure_quota(client: Client) -> Quota | None:
    """Measure an assumed rate limit; None where more requests pass than in any assumed quota."""
    limit = client.contract.rate_limit
    assert limit is not None, "every document has a rate limit"
    known = [Quota(**value) for value in possible(client.contract, limit.quota) if value is not None]
    ask = _asking(client)
    client.advance(max(quota.seconds for quota in known) + 1)
    spans = {quota.requests: quota.seconds for quota in known}
    for requests in range(max(spans) + 1):
        if is_refused(response := ask()):
            return _span(client, ask, response, Quota(requests, spans.get(requests, 0)))
    return None


def exceed_quota(client: Client) -> Response:
    """Exceed the documented rate limit after a quiet window, and return the response to the surplus request."""
    ask, quota = _asking(client), _quota(client)
    client.advance(quota.seconds + 1)
    _admitted(ask, quota.requests)
    return ask()


def counted_calls(client: Client, fail: Callable[[Client], Response]) -> str:
    """Find out which requests count towards the rate limit: all `admitted` ones, or only the `successful` ones.

    `fail` sends a request that is refused for its content, not for its key.
    """
    ask, quota = _asking(client), _quota(client)
    client.advance(quota.seconds + 1)
    for _ in range(quota.requests):
        fail(client.without_retries())
    return "admitted" if ask().status == 429 else "successful"


def window(client: Client) -> str:
    """Find out when a rate-limit window starts: first request (`fixed`), clock (`calendar`), any moment (`sliding`)."""
    return window_of(client, _asking(client), _quota(client))


def window_of(client: Client, ask: Callable[[], Response], quota: Quota) -> str:
    """Find out the window of a separate limit that counts the requests of `ask`."""
    half, slack = quota.seconds // 2, quota.seconds // 12  # the target's clock may run on between requests
    for _ in range(2):  # a calendar window can begin with our first request once, but not twice
        client.advance(quota.seconds + quota.seconds // 3)
        _admitted(ask, 1)
        client.advance(half)
        _admitted(ask, quota.requests - 1)
        response = ask()
        wait = _wait(
            ask() if response.status < 300 else response
        )  # a new window may have begun since the first request
        client.advance(wait)
        if abs(wait + half - quota.seconds) > slack:
            _admitted(ask, quota.requests)
            again = _wait(ask())
            return "calendar" if again >= quota.seconds - slack else f"waits of {wait} and {again} seconds"
        _admitted(ask, 1)
        if ask().status == 429:
            return "sliding"
    return "fixed"


def _size(client: Client, listing: Operation, arguments: Arguments, limit: int | None) -> int:
    """The number of items on the first page of this size, or of the default size."""
    return len(page_of(listing, request_page(client, listing, arguments, limit=limit)).items)


def _quota(client: Client) -> Quota:
    """The documented rate limit, or else the measured one."""
    limit = client.contract.rate_limit
    documented = limit is not None and isinstance(limit.quota, Quota)
    met = limit.quota if documented and limit is not None else measure_quota(client)
    if not isinstance(met, Quota):
        raise Skipped("this target allows more requests than any assumed rate limit")
    return met


def _span(client: Client, ask: Callable[[], Response], response: Response, quota: Quota) -> Quota:
    """The exhausted quota with the window that Retry-After gives.

    The window is the wait after the whole quota is used right at its start; that of `quota` without Retry-After.
    """
    wait = response.header("retry-after")
    if wait in (None, str(quota.seconds)):
        return quota
    client.advance(int(wait))
    _admitted(ask, quota.requests)
    return quota._replace(seconds=int(ask().header("retry-after") or wait))


def _asking(client: Client) -> Callable[[], Response]:
    """Return a function that sends one valid request, without retries after 429."""
    operation, found_arguments = find_reading(client)
    without_retries = client.without_retries()
    return lambda: call(without_retries, operation, found_arguments)


def _admitted(ask: Callable[[], Response], count: int) -> None:
    for _ in range(count):
        if is_refused(ask()):
            raise Skipped("this target refuses requests below the documented rate limit")


def _wait(response: Response) -> int:
    text = response.header("retry-after") or ""
    if response.status != 429 or not text.isdecimal():
        raise Skipped(f"a request over the limit is answered {response.status}, Retry-After {text or 'absent'}")
    return int(text)
