"""What a client would see of a variant, and what a test would have to look at, in the words of a client.

Decides the words only: `replay` finds the exchange that differs. Must not know how a variant was made.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from understudy.document.contract import Contract
from understudy.document.model import Pagination
from understudy.document.operation import Operation
from understudy.engine.exchange import Exchange, Request, Response
from understudy_checks.mutation.replay import Divergence
from understudy_checks.pointers import resolve_pointer

Json = Any
Part = Literal["status", "header", "items", "order", "member", "body"]

MAX_NAMES = 3
"""The number of members or parameters that are named."""

MAX_VALUE = 40
"""The length at which a value is cut."""

ELSEWHERE = "other requests"
"""Stands for the operation of a request that the document does not have."""

_OWN_HEADERS = b"x-mock-"
_ABSENT: Any = object()
_ORDINALS = ("", "", "second", "third", "fourth", "fifth")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first answer to a command that a variant changes."""

    operation: str
    """Method and path of the operation: `GET /process-runs/{id}`."""
    part: Part
    """What differs first: status before header before body."""
    request: str
    """The request as it was sent, and its number among the requests of the command."""
    seen: str
    """What the variant answers rather than the mock: `status 200 rather than 404`."""
    advice: str
    """A test that would notice: `reads the second page of ... and compares the ids of the items`."""


class _Change(NamedTuple):
    """One part of a response that differs: what to look at, and both values in words."""

    part: Part
    look: str
    seen: str


def describe(contract: Contract, divergence: Divergence) -> Difference:
    """Describe a divergence in the words of a client of the API."""
    exchange = divergence.exchange
    operation = contract.operations.get(exchange.operation or "") if exchange.api == contract.name else None
    change = _change(operation, exchange.response, divergence.response)
    sent = f"{exchange.request.method} {_target(contract, exchange.request)}"
    action = _action(contract, operation, divergence)
    return Difference(
        operation=ELSEWHERE if operation is None else f"{operation.method} {operation.path}",
        part=change.part,
        request=f"{sent} (request {len(divergence.earlier) + 1} of the command)",
        seen=change.seen,
        advice=f"{action} and {change.look}",
    )


# --- what a test sends


def _action(contract: Contract, operation: Operation | None, divergence: Divergence) -> str:
    request, earlier = divergence.exchange.request, divergence.earlier
    if operation is None:
        return f"sends `{request.method} {_target(contract, request)}`"
    name = f"`{operation.method} {operation.path}`"
    with_inputs = _inputs(operation, request)
    if divergence.exchange.response.status >= 400:
        return f"sends {name}{with_inputs} where it is refused"
    if operation.method != "GET":
        return f"sends {name}{with_inputs}"
    page = _page(operation.pagination, divergence)
    verb = "reads" if operation.pagination is None else f"reads {page} of" if page else "lists"
    return f"{verb} {name}{with_inputs}{_after(contract, request, earlier)}"


def _inputs(operation: Operation, request: Request) -> str:
    """The parameters of a query, without those that lead to a page, or the members of a body."""
    paging = operation.pagination
    leading = set() if paging is None else {paging.settings.get(name) for name in ("cursor", "page")}
    words = [f"`{name}={_cut(value)}`" for name, value in parse_qsl(request.query) if name not in leading]
    body = _decoded(request.body)
    words += [f"`{name}`" for name in body] if isinstance(body, dict) else []
    return f" with {_listed(words)}" if words else ""


def _page(paging: Pagination | None, divergence: Divergence) -> str:
    """`the second page`, for a request that names a page; empty for the first one."""
    if paging is None:
        return ""
    query = dict(parse_qsl(divergence.exchange.request.query))
    number = query.get(str(paging.settings.get("page")), "")
    if number.isdecimal():
        return _ordinal(int(number))
    cursor, count = query.get(str(paging.settings.get("cursor"))), 1
    for exchange in reversed(divergence.earlier):
        if cursor and cursor.encode() in exchange.response.body:
            count += 1
            cursor = dict(parse_qsl(exchange.request.query)).get(str(paging.settings.get("cursor")))
    return _ordinal(count)


def _ordinal(number: int) -> str:
    if number <= 1:
        return ""
    return f"the {_ORDINALS[number]} page" if number < len(_ORDINALS) else "a later page"


def _after(contract: Contract, request: Request, earlier: Sequence[Exchange]) -> str:
    """` after ...` the last write to what a request reads, or to what is in it or around it."""
    for exchange in reversed(earlier):
        written = contract.operations.get(exchange.operation or "")
        if written is None or written.method == "GET" or exchange.response.status >= 300:
            continue
        paths = sorted((exchange.request.path, request.path), key=len)
        if f"{paths[1]}/".startswith(f"{paths[0]}/"):
            return f" after `{written.method} {written.path}`"
    return ""


# --- what a test looks at


def _change(operation: Operation | None, mock: Response, variant: Response) -> _Change:
    if variant.status != mock.status:
        seen = f"status {variant.status} rather than {mock.status}"
        return _Change("status", f"checks that the status is {mock.status}", seen)
    header = next(_changed_headers(mock, variant), None)
    if header is not None:
        return header
    before, after = _decoded(mock.body), _decoded(variant.body)
    is_equal = next(_changed_values(before, after, ""), None) is None
    if before is _ABSENT or after is _ABSENT or is_equal:
        seen = f"another body: {_cut(_text(variant.body))} rather than {_cut(_text(mock.body))}"
        return _Change("body", "compares the body, byte by byte" if is_equal else "compares the body", seen)
    return _changed_items(operation, before, after) or _changed_members(before, after)


def _changed_headers(mock: Response, variant: Response) -> Iterator[_Change]:
    before, after = _headers(mock), _headers(variant)
    for name in (*before, *after):
        if before.get(name) != after.get(name):
            yield _Change("header", f"checks the header `{name}`", _values(f"header `{name}`", before, after, name))


def _headers(response: Response) -> dict[str, str]:
    own = [header for header in response.headers if not header[0].startswith(_OWN_HEADERS)]
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in own}


def _changed_items(operation: Operation | None, before: Json, after: Json) -> _Change | None:
    """How the items of a list differ; None where the same ones stand in the same order."""
    if operation is None or operation.pagination is None:
        return None
    pointer = str(operation.pagination.settings.get("items", ""))
    mock, variant = _ids(before, pointer), _ids(after, pointer)
    if mock is None or variant is None or mock == variant:
        return None
    if sorted(mock) == sorted(variant):
        return _Change("order", "compares the order of the items", "the same items in another order")
    if len(mock) != len(variant):
        seen = f"{_count(len(variant))} rather than {len(mock)}"
        return _Change("items", "compares the ids of the items or their number", seen)
    others = len(set(variant) - set(mock))
    return _Change("items", "compares the ids of the items", f"{_count(others)} that should not be there")


def _ids(body: Json, pointer: str) -> list[str] | None:
    """What tells the items of a list apart; None where there is no list."""
    items = resolve_pointer(body, pointer)
    if not isinstance(items, list):
        return None
    return [json.dumps(item.get("id", item) if isinstance(item, dict) else item) for item in items]


def _changed_members(before: Json, after: Json) -> _Change:
    changed: dict[str, str] = {}
    for path, mock, variant in _changed_values(before, after, ""):
        name = path.removeprefix(".") or "the body"
        changed.setdefault(f"`{name}`" if path else name, _rather(mock, variant))
    names = list(changed)
    seen = "; ".join(f"{name} is {changed[name]}" for name in names[:MAX_NAMES])
    more = f", and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return _Change("member", f"checks {_listed(names)}", seen + more)


def _changed_values(before: Json, after: Json, path: str) -> Iterator[tuple[str, Json, Json]]:
    """The paths of two JSON values where they differ, with both values; `_ABSENT` for a missing member."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _changed_values(before.get(name, _ABSENT), after.get(name, _ABSENT), f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for mock, variant in zip(before, after, strict=True):
            yield from _changed_values(mock, variant, f"{path}[]")
    elif type(before) is not type(after) or before != after:
        yield path, before, after


# --- words


def _target(contract: Contract, request: Request) -> str:
    """Path and query of a request, without the prefix of the API."""
    prefix = next((one for one in contract.prefixes if request.path.startswith(f"{one}/")), "")
    path = request.path.removeprefix(prefix)
    return f"{path}?{request.query}" if request.query else path


def _values(name: str, before: Mapping[str, str], after: Mapping[str, str], key: str) -> str:
    return f"{name} is {_rather(before.get(key, _ABSENT), after.get(key, _ABSENT))}"


def _rather(mock: Json, variant: Json) -> str:
    return f"{_shown(variant)} rather than {_shown(mock)}"


def _shown(value: Json) -> str:
    return "missing" if value is _ABSENT else _cut(json.dumps(value, ensure_ascii=False))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 3]}..."


def _text(body: bytes) -> str:
    return body.decode(errors="backslashreplace") or "none"


def _count(number: int) -> str:
    return f"{number} item{'' if number == 1 else 's'}"


def _listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, or the first three."""
    first = list(words[:MAX_NAMES])
    return first[0] if len(first) == 1 else f"{', '.join(first[:-1])} and {first[-1]}"


def _decoded(body: bytes) -> Json:
    """The JSON value of a body; `_ABSENT` where it is none."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _ABSENT
