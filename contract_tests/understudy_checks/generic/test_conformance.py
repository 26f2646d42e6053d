"""Conformance: every response matches the document, for cases of schemathesis and for calls found by links.

Requests go through the kit's own transport, which is ten times faster in process. CHECKS leaves out what documents
leave open and what directed tests cover.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis.core.failures import FailureGroup
from urllib3 import HTTPResponse

from understudy import data
from understudy.document.compile import METHODS
from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.paths import is_item
from understudy.document.read import read as dialect_read
from understudy.document.responses import documented_statuses
from understudy.engine.exchange import Response, body_type
from understudy_checks.client import Skipped
from understudy_checks.discovery import call, find_accepted, find_arguments, links_to
from understudy_checks.pagination import (
    MAX_PAGES,
    bounds,
    has_page_numbers,
    is_documented,
    longest_list,
    page_of,
    request_page,
    setting,
)
from understudy_checks.pointers import resolve_pointer, resolve_reference
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_headers_conformance,
    schemathesis.checks.response_schema_conformance,
]
CONFIG = {
    "seed": 1,
    "cache": {"enabled": False},
    "generation": {"deterministic": True, "database": "none", "with-security-parameters": False},
    "analysis": {"constants": {"enabled": False}},
}
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
UTC_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


@rule("*.envelope.single", "*.envelope.list", "*.envelope.json", "*.envelope.error")
@given(draws=st.data())
def test_answers_conform_to_the_document(target: Target, operation: Operation, draws: st.DataObject) -> None:
    """The status, headers and body of every response are documented, for valid and invalid requests."""
    with target.open() as client:
        mode = draws.draw(st.sampled_from(MODES), label="mode")
        case = draws.draw(_cases(client.contract.name, operation.path, operation.method, mode))
        if draws.draw(st.booleans(), label="known ids"):
            with suppress(Skipped):  # otherwise the generated ids stay
                known = find_arguments(client, operation)
                case.path_parameters = {name: known.arguments[name] for name in case.path_parameters}
                if isinstance(case.body, dict):
                    case.body |= known.body or {}
        prepared = requests.Request(**case.as_transport_kwargs(base_url="http://target")).prepare()
        response = client.send(**_sent(prepared))
        if client.found is None:  # else it is recorded already
            _validate(case, _received(prepared, response))


def _validate(case: schemathesis.Case[Any], response: requests.Response) -> None:
    """Validate a response with schemathesis. Raises the first failure of its group, which is no Exception itself."""
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        raise group.exceptions[0] from None


@rule("*.envelope.single")
def test_one_object_is_answered_in_its_envelope(target: Target, operation: Operation) -> None:
    """A success has its documented envelope, and reading an object by its id returns that object."""
    with target.open() as client:
        if operation.pagination is not None:
            return
        found_arguments, response = find_accepted(client, operation)
        if operation.method == "GET" and is_item(operation.path):
            *_, id = found_arguments.arguments.values()
            assert _object(response.json(), id) is not None, f"{operation.id} does not answer the object {id}"


@rule("*.envelope.list")
def test_a_list_is_answered_in_its_envelope(target: Target, listing: Operation) -> None:
    """A list has its items, cursor and flag at their documented positions on every page."""
    with target.open() as client:
        arguments = longest_list(client, listing, least=1)
        cursor, limit = None, 1
        cursors: list[object] = []
        while True:
            response = request_page(client, listing, arguments, limit=limit, cursor=cursor)
            assert response.status < 300, f"{listing.id} with limit {limit} answers {response.status}"
            page = page_of(listing, response)
            items = resolve_pointer(response.json(), setting(listing, "items"))
            assert isinstance(items, list), f"the items of {listing.id} must be a list, not {show(items)}"
            assert isinstance(page.more, bool), f"{listing.id} must say true or false to more, not {show(page.more)}"
            cursor = page.next
            assert has_page_numbers(listing) or cursor is None or isinstance(cursor, str), (
                f"the cursor of {listing.id} must be a text or null, not {show(cursor)}"
            )
            if not page.more or len(cursors) == MAX_PAGES:
                break
            assert cursor not in cursors, f"{listing.id} repeats the cursor {show(cursor)}, so it never ends"
            cursors.append(cursor)
            if is_documented(listing, "limit-may-change") and not has_page_numbers(listing):
                limit = bounds(listing)[2]


@rule("*.envelope.json")
def test_every_answer_is_json(target: Target, operation: Operation) -> None:
    """Successes and refusals are JSON with the content type of JSON."""
    with target.open() as client:
        if operation.method == "GET" or "write" in client.world.capabilities:
            find_accepted(client, operation)
        call(client, operation, find_arguments(client, operation), key=client.key + "x")
        for exchange in client.log:
            kind = body_type(exchange.response)
            assert kind == "application/json", (
                f"{exchange.request.path} must answer with the content type application/json, not {show(kind)}"
            )
            exchange.response.json()


@rule("*.envelope.timestamps")
def test_times_are_utc(target: Target, operation: Operation) -> None:
    """Every member named `*_at` is null or an RFC 3339 time in UTC."""
    with target.open() as client:
        _, response = find_accepted(client, operation)
        for name, value in _members(response.json()) if response.body else ():
            if name.endswith("_at") and value is not None:
                assert isinstance(value, str), f"`{name}` must be a time or null, not {show(value)}"
                assert UTC_TIME.fullmatch(value), f"`{name}` must be a time in UTC, not {show(value)}"


@rule("*.envelope.same-in-list-and-single")
def test_an_object_is_the_same_in_list_and_single(target: Target, single: Operation) -> None:
    """An object read by its id has the same values as in the list, in all common members."""
    with target.open() as client:
        compared = 0
        for link in links_to(client.contract, single.id):
            items = link.source.pagination and setting(link.source, "items")
            names = [name for name, text in link.parameters.items() if text == f"$response.body#{items}/0/id"]
            if not names:
                continue
            arguments = longest_list(client, link.source, least=1)
            listed = resolve_pointer(
                request_page(client, link.source, arguments, limit=bounds(link.source)[2]).json(), items or ""
            )
            others = {name: text.rpartition(".")[2] for name, text in link.parameters.items() if name not in names}
            parents = {name: arguments[source] for name, source in others.items()}
            for item in listed:
                read = client.call(single, {**parents, names[0]: item["id"]})
                assert read.status < 300, f"{item['id']} is listed, and reading it answers {read.status}"
                _assert_same(item, _object(read.json(), item["id"]))
                compared += 1
        if not compared:
            raise Skipped(f"no list leads to {single.id}")


@rule("*.envelope.single", "*.envelope.json", "*.envelope.error", needs=("write",))
def test_documented_requests_are_answered(target: Target, writing: Operation) -> None:
    """The document's request examples, with ids of the target, get documented responses."""
    with target.open() as client:
        found_arguments = find_arguments(client, writing)
        for body in _examples(client.contract, writing):
            client.call(writing, found_arguments.arguments, json={**body, **_known(body, found_arguments.body)})


@cache
def schema_of(api: str) -> Any:
    """What schemathesis makes of the document of an API."""
    document = _with_ranges(dialect_read(data.path(f"openapi/{api}.yaml")))
    return schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(CONFIG))


def _with_ranges(document: Any) -> Any:
    """A document whose operations say by ranges what stands for a status that they do not write out."""
    operations = [item[method] for item in document["paths"].values() for method in METHODS if method in item]
    for operation in operations:
        responses = operation["responses"]
        operation["responses"] = {status: responses[key] for status, key in documented_statuses(operation).items()}
    return document


@cache
def _cases(api: str, path: str, method: str, mode: schemathesis.GenerationMode) -> st.SearchStrategy[Any]:
    strategy: st.SearchStrategy[Any] = schema_of(api)[path][method].as_strategy(generation_mode=mode)
    return strategy


def _sent(prepared: requests.PreparedRequest) -> dict[str, Any]:
    parts = urlsplit(str(prepared.url))
    body = prepared.body or b""
    return {
        "method": prepared.method,
        "path": parts.path,
        "query": parts.query,
        "body": body.encode() if isinstance(body, str) else body,
        "headers": {name: value for name, value in prepared.headers.items() if name.lower() != "content-length"},
    }


def _received(prepared: requests.PreparedRequest, response: Response) -> requests.Response:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
    raw = HTTPResponse(BytesIO(response.body), dict(headers), response.status, version=11, preload_content=False)
    return HTTPAdapter().build_response(prepared, raw)


def _object(body: Any, id: str) -> Any:
    """The object with this id, or address, in a response: the body or one of its members; None without one."""
    candidates = [value for value in (body, *body.values()) if isinstance(value, dict)]
    return next((value for value in candidates if id in (value.get("id"), value.get("email"))), None)


def _members(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [*value.items(), *(member for entry in value.values() for member in _members(entry))]
    if isinstance(value, list):
        return [member for entry in value for member in _members(entry)]
    return []


def _assert_same(listed: Any, read: Any) -> None:
    assert read is not None, f"reading {listed['id']} does not answer that object"
    for name in listed.keys() & read.keys():
        assert listed[name] == read[name], (
            f"{name} is {show(listed[name])} in the list and {show(read[name])} by itself"
        )


def _examples(contract: Contract, operation: Operation) -> list[Any]:
    entry = contract.document["paths"][operation.path][operation.method.lower()]["requestBody"]
    content = resolve_reference(contract.document, entry)["content"]["application/json"]
    named = [resolve_reference(contract.document, example)["value"] for example in content.get("examples", {}).values()]
    return named + ([content["example"]] if "example" in content else [])


def _known(body: Any, found_arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in (found_arguments or {}).items() if name in body}
