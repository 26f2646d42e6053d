"""What every API can be asked in the same way: how it refuses, pages and counts requests.

Each function sends a few requests that do no harm and returns what was seen, in the words that documents use for it.
It raises NotChecked where the target's data do not let it be seen. Must not know any API by name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from understudy.document.model import Quota
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client, NotChecked, locate
from understudy_checks.discovery import Arranged, accepted, arrange, call
from understudy_checks.pagination import bounds, page_of, request_page, setting
from understudy_checks.refusals import code_of, possible

Json = Any
Arguments = Mapping[str, Json]

UNKNOWN = "zzUnknown7Q4Wm2Xk9Rb"
"""An id, a cursor and a name that nobody has given to anything."""

LARGE = 1 << 21
"""Bytes of a body that servers which have a limit refuse."""


def is_refused(response: Response) -> bool:
    """Whether a request was refused."""
    return response.status >= 300


def refused(response: Response) -> Json:
    """Status and code of an answer, as documents write what a refusal gets; the code is empty without one."""
    try:
        body = response.json()
    except ValueError:  # not in the API's own shape
        body = None
    return {"status": response.status, "code": code_of(body) or ""}


def unreadable(client: Client, operation: Operation, arguments: Arguments) -> Response:
    """The answer to a body that is no JSON, though it is said to be."""
    return client.call(operation, arguments, body=b'{"', headers={"content-type": "application/json"})


def mistyped(client: Client, operation: Operation, arguments: Arguments, body: Json) -> Response:
    """The answer to a JSON body that is said to be plain text; `body` itself would be accepted and change nothing."""
    return client.call(operation, arguments, body=json.dumps(body).encode(), headers={"content-type": "text/plain"})


def oversized(client: Client, operation: Operation, arguments: Arguments, body: Json) -> Response:
    """The answer to a body that is blown up with blanks; raises NotChecked when it is the same as without them."""
    usual = client.call(operation, arguments, json=body)
    blank = json.dumps(body).encode() + b" " * LARGE
    response = client.call(operation, arguments, body=blank, headers={"content-type": "application/json"})
    if refused(response) == refused(usual):
        raise NotChecked(f"a body of {len(blank)} bytes gets the same as a small one on this target")
    return response


def limit_outside(client: Client, listing: Operation, arguments: Arguments, value: int) -> str:
    """What a `limit` outside its range gets: `reject`, `clamp` (to the nearest bound), `default` or a page."""
    least, _, most = bounds(listing)
    response = request_page(client, listing, arguments, limit=value)
    if is_refused(response):
        return "reject"
    size = len(page_of(listing, response).items)
    clamped = _size(client, listing, arguments, max(least, min(value, most)))
    usual = _size(client, listing, arguments, None)
    if clamped == usual:
        raise NotChecked(f"no {listing.id} on this target is long enough to tell a page of any size from the usual one")
    return {clamped: "clamp", usual: "default"}.get(size, f"a page of {size} items")


def limit_no_integer(client: Client, listing: Operation, arguments: Arguments, value: str = "some") -> str:
    """What a `limit` that is no whole number gets: `reject`, `default` or a page."""
    response = request_page(client, listing, arguments, limit=value)
    if is_refused(response):
        return "reject"
    size = len(page_of(listing, response).items)
    return "default" if size == _size(client, listing, arguments, None) else f"a page of {size} items"


def unknown_cursor(client: Client, listing: Operation, arguments: Arguments, cursor: str = UNKNOWN) -> str:
    """What a cursor that was never given out gets: `reject`, `start` (of the list), `empty` or a page."""
    response = request_page(client, listing, arguments, limit=1, cursor=cursor)
    if is_refused(response):
        return "reject"
    items = page_of(listing, response).items
    first = page_of(listing, request_page(client, listing, arguments, limit=1)).items
    if not first:
        raise NotChecked(f"a {listing.id} without items does not show it")
    return "start" if items == first else "empty" if not items else f"a page of {len(items)} items"


def unknown_parameter(client: Client, operation: Operation, arguments: Arguments) -> str:
    """What a query parameter that is not listed gets, where the request is fine without it: `ignore` or `reject`."""
    response = client.call(operation, {**arguments, UNKNOWN: "1"})
    if is_refused(response) and is_refused(client.call(operation, arguments)):
        raise NotChecked(f"this target refuses {operation.id} anyway")
    return "reject" if is_refused(response) else "ignore"


def unknown_member(client: Client, operation: Operation, arguments: Arguments, body: Arguments) -> str:
    """What a member that is not listed gets in a body that is fine without it: `ignore` or `reject`."""
    response = client.call(operation, arguments, json={**body, UNKNOWN: "1"})
    if is_refused(response) and is_refused(client.call(operation, arguments, json=body)):
        raise NotChecked(f"this target refuses {operation.id} anyway")
    return "reject" if is_refused(response) else "ignore"


def repeated_limit(client: Client, listing: Operation, arguments: Arguments) -> str:
    """Which of two values of `limit` counts: the `first` or the `last`; `reject` where neither does."""
    name = setting(listing, "limit")
    path, query = locate(listing, arguments)
    response = client.send("GET", path, query=urlencode([*query.items(), (name, 1), (name, 2)]))
    if is_refused(response):
        return "reject"
    if _size(client, listing, arguments, 2) < 2:
        raise NotChecked(f"no {listing.id} on this target has two items")
    size = len(page_of(listing, response).items)
    return {1: "first", 2: "last"}.get(size, f"a page of {size} items")


def order(client: Client, listing: Operation, arguments: Arguments, name: str = "created_at") -> str:
    """How a list is ordered by a time that its items have, RFC 3339 in UTC: `newest-first`, `oldest-first` or not."""
    times = [item[name] for item in page_of(listing, request_page(client, listing, arguments, limit=100)).items]
    if len(set(times)) < 2:
        raise NotChecked(f"no {listing.id} on this target has items of two times")
    found = {"newest-first": sorted(times, reverse=True), "oldest-first": sorted(times)}
    return next((word for word, sequence in found.items() if times == sequence), f"not by {name}")


def head(client: Client) -> str:
    """What HEAD gets where GET is answered: the same without a body (`like-get`), or `method-not-allowed`."""
    operation, arranged = reading(client)
    path, query = locate(operation, arranged.arguments)
    get = client.send("GET", path, query=urlencode(query))
    response = client.send("HEAD", path, query=urlencode(query))
    if response.status == get.status:
        return "a body" if response.body else "like-get"
    return "method-not-allowed" if is_refused(response) else f"status {response.status}"


def options(client: Client) -> str:
    """What OPTIONS gets without a key: the methods in `Allow` (`allow`), or that it is `method-not-allowed`."""
    operation, arranged = reading(client)
    path, _ = locate(operation, arranged.arguments)
    response = client.send("OPTIONS", path, key=None)
    if is_refused(response):
        return "method-not-allowed"
    return "allow" if response.status == 204 and response.header("allow") else f"status {response.status}"


def foreign_object(client: Client, operation: Operation) -> Json:
    """What reading another tenant's object by its id gets: `not-found`, `forbidden` or a status."""
    arranged = arrange(client, operation, key=client.other_tenant_key)
    status = call(client, operation, arranged).status
    return {404: "not-found", 403: "forbidden"}.get(status, status)


def reading(client: Client) -> tuple[Operation, Arranged]:
    """A reading operation that takes a key, with arguments that the target accepts."""
    known = client.contract.operations.values()
    operation = next(one for one in known if one.method == "GET" and one.secured is True)
    return operation, accepted(client, operation)[0]


def keyless(client: Client, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a request without a key, with `headers` in its place."""
    operation, arranged = reading(client)
    return client.call(operation, arranged.arguments, key=None, headers=headers)


def challenge(client: Client) -> str | None:
    """What `WWW-Authenticate` says on the refusal of a request without a key; None where it is absent."""
    return keyless(client).header("www-authenticate")


def scheme_case(client: Client) -> str:
    """Whether the word Bearer counts in lower case too (`insensitive`) or not (`sensitive`)."""
    response = keyless(client, {"authorization": f"bearer {client.key}"})
    return "sensitive" if is_refused(response) else "insensitive"


def limit_headers(client: Client) -> bool:
    """Whether an answer tells of the rate limit in `X-RateLimit-*` headers."""
    operation, arranged = reading(client)
    return any(name.startswith(b"x-ratelimit-") for name, _ in call(client, operation, arranged).headers)


def met_quota(client: Client) -> Quota | None:
    """The rate limit where the document only assumes one; None where more requests pass than any that is assumed."""
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


def exhausted(client: Client) -> Response:
    """The answer to a request over the documented rate limit, when a quiet time and a full one have gone before."""
    ask, quota = _asking(client), _quota(client)
    client.advance(quota.seconds + 1)
    _admitted(ask, quota.requests)
    return ask()


def counted_calls(client: Client, fail: Callable[[Client], Response]) -> str:
    """Which requests count towards the rate limit: all that are `admitted`, or only those that are `successful`.

    `fail` makes a request that is refused for what it asks, not for its key.
    """
    ask, quota = _asking(client), _quota(client)
    client.advance(quota.seconds + 1)
    for _ in range(quota.requests):
        fail(client.hasty())
    return "admitted" if ask().status == 429 else "successful"


def window(client: Client) -> str:
    """When the rate limit's time starts: first request (`fixed`), clock (`calendar`) or any moment (`sliding`)."""
    return window_of(client, _asking(client), _quota(client))


def window_of(client: Client, ask: Callable[[], Response], quota: Quota) -> str:
    """The same for a limit of its own, that counts what `ask` asks for."""
    half, slack = quota.seconds // 2, quota.seconds // 12  # a target's clock may run on between requests
    for _ in range(2):  # the clock's own minute may start with our first request once, but not twice
        client.advance(quota.seconds + quota.seconds // 3)
        _admitted(ask, 1)
        client.advance(half)
        _admitted(ask, quota.requests - 1)
        response = ask()
        wait = _wait(ask() if response.status < 300 else response)  # counting may have begun anew since the first one
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
    """How many items the first page of this size holds, or of the usual size."""
    return len(page_of(listing, request_page(client, listing, arguments, limit=limit)).items)


def _quota(client: Client) -> Quota:
    """The rate limit that the document gives, or else the one that is met."""
    limit = client.contract.rate_limit
    documented = limit is not None and isinstance(limit.quota, Quota)
    met = limit.quota if documented and limit is not None else met_quota(client)
    if not isinstance(met, Quota):
        raise NotChecked("this target lets more requests pass than any rate limit that is assumed")
    return met


def _span(client: Client, ask: Callable[[], Response], response: Response, quota: Quota) -> Quota:
    """The limit that is exhausted, with the seconds that it is told to have.

    They are the wait when all of it is used at one moment, as soon as it opens; those of `quota` where none is told.
    """
    wait = response.header("retry-after")
    if wait in (None, str(quota.seconds)):
        return quota
    client.advance(int(wait))
    _admitted(ask, quota.requests)
    return quota._replace(seconds=int(ask().header("retry-after") or wait))


def _asking(client: Client) -> Callable[[], Response]:
    """Makes one request that is accepted unless it is one too many."""
    operation, arranged = reading(client)
    hasty = client.hasty()
    return lambda: call(hasty, operation, arranged)


def _admitted(ask: Callable[[], Response], count: int) -> None:
    for _ in range(count):
        if is_refused(ask()):
            raise NotChecked("this target refuses fewer requests than the documented limit lets pass")


def _wait(response: Response) -> int:
    text = response.header("retry-after") or ""
    if response.status != 429 or not text.isdecimal():
        raise NotChecked(f"a request over the limit is answered {response.status}, Retry-After {text or 'absent'}")
    return int(text)
