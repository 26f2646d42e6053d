"""Derives probes from a document: what it binds to an assumption says how the value shows on any server.

`x-pagination.unknown-cursor: {assumption: <id>}` means that the probe of this assumption needs no code of the API.
Must not know any API by name; what a document does not say, an API's driver does (`harmless_write`, `refusal`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from understudy.document.contract import Contract
from understudy.document.model import Assumed, RateLimit
from understudy.document.operation import Operation
from understudy.document.paths import is_item
from understudy.engine.exchange import Response
from understudy_checks.client import Capability, Client, Skipped, Violation
from understudy_checks.discovery import find_arguments, required_members, takes_json
from understudy_checks.generic import list_probes, probes
from understudy_checks.generic.probes import UNKNOWN, find_reading, is_refused, status_and_code
from understudy_checks.measurements import by_status, skip
from understudy_checks.modules import folders
from understudy_checks.pagination import bounds, request_page, setting
from understudy_checks.pointers import resolve_reference
from understudy_checks.refusals import message_of
from understudy_checks.routes import path_and_query

Json = Any
Ask = Callable[[Client], Json]
Write = tuple[Operation, Mapping[str, Json], Json]


class Derived(NamedTuple):
    """A probe that follows from what a document binds to an assumption: how to ask, and what that needs."""

    assumption: str
    ask: Ask
    needs: tuple[Capability, ...] = ()


def derived(contract: Contract) -> Iterator[Derived]:
    """The probes that follow from a document, one for each assumption."""
    known: set[str] = set()
    for bound, ask, needs in _bindings(contract):
        if isinstance(bound, Assumed) and bound.id not in known:
            known.add(bound.id)
            yield Derived(bound.id, ask, needs)


Binding = tuple[object, Ask, tuple[Capability, ...]]


def _bindings(contract: Contract) -> Iterator[Binding]:
    """What each place of a document holds, an assumption or not, with the probe for it."""
    yield from _of_errors(contract)
    for scheme in contract.schemes:
        if scheme.kind == "bearer":
            yield scheme.case, probes.scheme_case, ()
        yield scheme.challenge, probes.challenge, ()
    if contract.rate_limit is not None:
        yield from _of_rate_limit(contract.rate_limit)
    yield from ((contract.methods[name], ask, ()) for name, ask in METHODS.items())
    yield contract.unknown["query-parameters"], _unknown_parameter, ()
    yield contract.unknown["duplicate-query-parameters"], list_probes.duplicate_parameters, ()
    yield contract.unknown["body-fields"], _unknown_member, ("write",)
    for operation in contract.operations.values():
        yield operation.secured, partial(_asks_for_a_key, operation=operation), ()
        yield from _of_list(contract, operation)


def _of_list(contract: Contract, operation: Operation) -> Iterator[Binding]:
    if operation.pagination is None or operation.method != "GET":  # a search has its page in the body
        return
    settings = operation.pagination.settings
    for name, (ask, needs) in LISTS.items():
        yield settings.get(name), ask, needs
    yield settings.get("default-limit"), partial(list_probes.default_limit, listing=operation), ()
    if isinstance(operation.pagination.order, Assumed) and "created_at" in _item_members(contract, operation):
        yield operation.pagination.order, partial(list_probes.order, listing=operation), ()
    for parameter in operation.parameters:
        if parameter.location == "query" and (parameter.kind == "string" or "minimum" in parameter.schema):
            ask = partial(list_probes.invalid_value, listing=operation, parameter=parameter)
            yield parameter.invalid, ask, ()


def _of_rate_limit(limit: RateLimit) -> Iterator[Binding]:
    needs = _counting(limit)
    yield limit.quota, _quota, needs
    yield limit.window, probes.window, needs
    yield limit.counts, lambda client: probes.counted_calls(client, _reading_of_nothing(client)), needs
    yield limit.headers, _limit_headers, needs if isinstance(limit.quota, Assumed) else ()
    yield limit.retry_after, lambda client: probes.exceed_quota(client).header("retry-after") is not None, needs


def _of_errors(contract: Contract) -> Iterator[Binding]:
    counting = () if contract.rate_limit is None else _counting(contract.rate_limit)
    asked: Mapping[str, tuple[Callable[[Client], Response], tuple[Capability, ...]]] = {
        "missing-credential": (probes.send_without_key, ()),
        "invalid-credential": (_send_unknown_key, ()),
        "forbidden": (_send_lapsed_key, ("lapsed-key",)),
        "rate-limited": (probes.exceed_quota, counting),
        "unknown-route": (lambda client: client.send("GET", f"/{UNKNOWN}"), ()),
        "method-not-allowed": (_send_other_method, ()),
        "malformed-body": (_send_malformed, ("write",)),
        "unsupported-media-type": (_send_as_text, ("write",)),
        "body-too-large": (_send_oversized, ("write",)),
        "invalid": (_send_invalid, ()),
    }
    for name, (send, needs) in asked.items():
        kind = contract.errors[name]
        yield kind.answer, partial(_refusal, send=send), needs
        yield kind.message, partial(_message, send=send), needs
        yield kind.status, partial(_status, send=send), needs


METHODS: Mapping[str, Ask] = {"head": probes.head, "options": probes.options}
LISTS: Mapping[str, tuple[Ask, tuple[Capability, ...]]] = {
    "limit-out-of-range": (list_probes.limit_out_of_range, ()),
    "limit-below-minimum": (list_probes.limit_below_minimum, ()),
    "limit-not-an-integer": (list_probes.limit_not_an_integer, ()),
    "unknown-cursor": (list_probes.unknown_cursor, ()),
    "cursor-form": (list_probes.cursor_form, ()),
    "empty-page-cursor": (list_probes.empty_page_cursor, ()),
    "foreign-cursor": (list_probes.foreign_cursor, ()),
    "token-lifetime": (list_probes.token_lifetime, ("advance",)),
    "limit-may-change": (list_probes.limit_may_change, ()),
    "page-fill": (list_probes.page_fill, ()),
    "last-token": (list_probes.last_token, ()),
    "empty-items": (list_probes.empty_items, ()),
    "previous": (list_probes.previous_link, ()),
    "no-links": (list_probes.no_links, ()),
    "past-the-end": (list_probes.past_the_end, ()),
    "pages-of-an-empty-list": (list_probes.pages_of_an_empty_list, ()),
    "meta-of-everything": (list_probes.meta_of_everything, ()),
}
"""The probe of each setting of `x-pagination`, and what it needs."""


def _counting(limit: RateLimit) -> tuple[Capability, ...]:
    """What counting requests needs: an assumed quota has to be measured, which takes many of them."""
    return ("fresh", "advance") if isinstance(limit.quota, Assumed) else ("advance", "documented-limit")


def _item_members(contract: Contract, listing: Operation) -> frozenset[str]:
    """The documented members of a list's items."""
    document = contract.document
    response = resolve_reference(document, document["paths"][listing.path]["get"]["responses"].get("200", {}))
    schema: Json = next((media["schema"] for media in response.get("content", {}).values()), {})
    for name in setting(listing, "items").split("/")[1:]:
        schema = resolve_reference(document, schema).get("properties", {}).get(name, {})
    return _members(document, resolve_reference(document, schema).get("items", {}))


def _members(document: Json, schema: Json) -> frozenset[str]:
    schema = resolve_reference(document, schema)
    return frozenset(schema.get("properties", ())).union(*(_members(document, one) for one in schema.get("allOf", ())))


# refusals


def _refusal(client: Client, send: Callable[[Client], Response]) -> Json:
    """The refusal of a request as the API's assumptions write it; None for a success."""
    response = send(client)
    return getattr(_driver(client), "refusal", status_and_code)(response) if is_refused(response) else None


def _message(client: Client, send: Callable[[Client], Response]) -> Json:
    return message_of(send(client).json())


def _status(client: Client, send: Callable[[Client], Response]) -> Json:
    return send(client).status


def _send_unknown_key(client: Client) -> Response:
    operation, found = find_reading(client)
    return client.call(operation, found.arguments, key=UNKNOWN)


def _send_lapsed_key(client: Client) -> Response:
    operation, found = find_reading(client)
    return client.call(operation, found.arguments, key=client.lapsed_key)


def _send_other_method(client: Client) -> Response:
    """Send GET to a path that only has other methods."""
    operations = client.contract.operations.values()
    read = {one.path for one in operations if one.method == "GET"}
    operation = next((one for one in operations if one.path not in read), None) or skip("every path has GET")
    return client.send("GET", path_and_query(operation, _ids_of(client, operation))[0])


def _send_malformed(client: Client) -> Response:
    return probes.send_malformed(client, *_write(client)[:2])


def _send_as_text(client: Client) -> Response:
    return probes.send_as_text(client, *_write(client))


def _send_oversized(client: Client) -> Response:
    return probes.send_oversized(client, *_write(client))


def _send_invalid(client: Client) -> Response:
    """Send an invalid value of a parameter, where that is refused, else a body without its required members."""
    for listing, arguments in list_probes.places(client):
        for value in (bounds(listing)[0] - 1, "some"):
            response = request_page(client, listing, arguments, limit=value)
            if is_refused(response):
                return response
    operations = client.contract.operations.values()
    operation = next((one for one in operations if required_members(client.contract, one)), None)
    if operation is None:
        raise Skipped("this target refuses no value of a parameter, and no body has required members")
    return client.call(operation, _ids_of(client, operation), json={})


def _reading_of_nothing(client: Client) -> Callable[[Client], Response]:
    """Return what reads an object that does not exist. Raises Skipped where no such request is a 404."""
    for operation in client.contract.operations.values():
        if operation.method == "GET" and is_item(operation.path):
            arguments = _ids_of(client, operation)
            with suppress(Violation):
                if client.call(operation, arguments).status == 404:
                    return partial(Client.call, operation=operation, arguments=arguments)
    raise Skipped("no read of an unknown object is a 404 on this target")


# what else is bound


def _unknown_parameter(client: Client) -> Json:
    operation, found = find_reading(client)
    return probes.unknown_parameter(client, operation, found.arguments)


def _unknown_member(client: Client) -> Json:
    return probes.unknown_member(client, *_write(client))


def _asks_for_a_key(client: Client, operation: Operation) -> Json:
    found = find_arguments(client, operation)
    return by_status(client.call(operation, found.arguments, key=None), False, True)


def _quota(client: Client) -> Json:
    """The number of requests and seconds of the limit; None without one."""
    quota = probes.measure_quota(client)
    return quota and quota._asdict()


def _limit_headers(client: Client) -> bool:
    """Whether responses tell the limit. Raises Skipped where there may be none."""
    limit = client.contract.rate_limit
    shown = probes.limit_headers(client)
    if not shown and limit is not None and isinstance(limit.quota, Assumed):
        probes.exceed_quota(client)
    return shown


# means


def _driver(client: Client) -> object:
    """The module with the steps of an API's checks; None where the kit has none."""
    name = client.contract.name
    return importlib.import_module(f"understudy_checks.{name}.driver") if name in folders() else None


def _write(client: Client) -> Write:
    """An operation that takes JSON, with arguments and an accepted body: those of the API's driver, if it has some."""
    own: Callable[[Client], Write] | None = getattr(_driver(client), "harmless_write", None)
    if own is not None:
        return own(client)
    operation = next((one for one in client.contract.operations.values() if takes_json(one)), None)
    if operation is None:
        raise Skipped("no operation of this API takes JSON")
    try:
        found = find_arguments(client, operation)
    except Skipped:
        example = _example(client.contract, operation)
        if example is None or "{" in operation.path:
            raise
        return operation, {}, example
    return operation, found.arguments, found.body


def _example(contract: Contract, operation: Operation) -> Json:
    """The body that the document shows for an operation; None without one."""
    entry = contract.document["paths"][operation.path][operation.method.lower()]["requestBody"]
    return resolve_reference(contract.document, entry)["content"]["application/json"].get("example")


def _ids_of(client: Client, operation: Operation) -> dict[str, Json]:
    """Path arguments of an operation: the first as it is found on the target if another follows, else an unknown id."""
    names = [parameter.name for parameter in operation.parameters if parameter.location == "path"]
    unknown = dict.fromkeys(names, UNKNOWN)
    for reader in client.contract.operations.values() if len(names) > 1 else ():
        if reader.method == "GET" and f"{{{names[0]}}}" in reader.path:
            return {**unknown, names[0]: find_arguments(client, reader).arguments[names[0]]}
    return unknown
