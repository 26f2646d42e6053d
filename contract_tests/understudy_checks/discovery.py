"""Where the arguments of an operation come from: the links of the document, followed on the target itself.

A list names its items, an item its children: `links` say so, and nothing here knows an id beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache
from itertools import islice
from typing import Any, NamedTuple

from understudy.document.body import JSON
from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client, NotChecked, adds, ids_in
from understudy_checks.pointers import resolve_pointer, resolve_reference

Json = Any

TRIED = 20
"""How many items of a list, and how many lists of a kind, are tried."""

MADE = 6
"""How many objects are made to write to where others are too."""

ATTEMPTS = 40
"""How many arguments are tried before an operation counts as one that the target does not accept."""


class Arranged(NamedTuple):
    """What an operation can be called with: `arguments` for path and query, `body` (None without one)."""

    arguments: dict[str, Json]
    body: Json


class Link(NamedTuple):
    """One link of the document: from an answer of `source` to `operation`."""

    source: Operation
    status: str
    operation: Operation
    parameters: Mapping[str, str]
    body: Json


def arrange(client: Client, operation: Operation, *, key: str | None = None) -> Arranged:
    """The first arguments that the target's own data offer for an operation; raises NotChecked when there are none."""
    for arranged in arrangements(client, operation, key=key):
        return arranged
    raise NotChecked(f"nothing on this target leads to {operation.id}")


def arrangements(client: Client, operation: Operation, *, key: str | None = None) -> Iterator[Arranged]:
    """All arguments that links from reading operations offer, a bounded number, never twice the same.

    What the same world offered before, when it was as fresh, is not looked up again. In a world that others share,
    what writes to objects that can be made is offered one that was made for it.
    """
    maker = None if client.is_alone else _maker(client.contract, operation.id)
    if maker is not None:
        yield from _own(client, operation, maker, key)
        return
    memory = client.pristine if key in (None, client.key) else None
    known: list[Arranged] = [] if memory is None else memory.setdefault(operation.id, [])
    offered = deepcopy(known)
    yield from deepcopy(offered)
    if memory is not None and ("whole", operation.id) in memory:
        return
    for arranged in _arrangements(client, operation, key, ()):
        if arranged not in offered:
            if memory is client.pristine and len(known) == len(offered):
                known.append(deepcopy(arranged))
            offered.append(deepcopy(arranged))
            yield arranged
    if memory is not None and memory is client.pristine and len(known) == len(offered):
        memory["whole", operation.id] = True


def accepted(client: Client, operation: Operation, *, key: str | None = None) -> tuple[Arranged, Response]:
    """Arguments that the target accepts, and its answer; raises NotChecked when it accepts none of those offered."""
    for arranged in islice(arrangements(client, operation, key=key), ATTEMPTS):
        response = call(client, operation, arranged, key=key)
        if response.status < 300:
            return arranged, response
    raise NotChecked(f"this target accepts no {operation.id} with what its data offer")


def call(client: Client, operation: Operation, arranged: Arranged, *, key: str | None = None) -> Response:
    """Send an operation with what was arranged for it, with another key than the default one if that is given."""
    options: dict[str, Json] = {} if key is None else {"key": key}
    if arranged.body is not None:
        options["json"] = arranged.body
    return client.call(operation, arranged.arguments, **options)


@cache
def links(contract: Contract, operation_id: str) -> Sequence[Link]:
    """The links of the document that lead to an operation from one that only reads, lists first."""
    found = [
        Link(source, status, contract.operations[operation_id], entry.get("parameters", {}), entry.get("requestBody"))
        for source in contract.operations.values()
        if source.method == "GET" and source.id != operation_id
        for status, entry in _declared(contract.document, source)
        if entry["operationId"] == operation_id
    ]
    return sorted(found, key=lambda link: link.source.pagination is None)


def _arrangements(
    client: Client, operation: Operation, key: str | None, behind: tuple[Operation, ...]
) -> Iterator[Arranged]:
    """The same, without going through the operations that this is asked for: links may lead round in circles."""
    seen = list(_given(client, operation, key))
    yield from seen
    if not _needed(client.contract, operation.id):
        return
    for link in links(client.contract, operation.id):
        if link.source not in behind:
            for arranged in _follow(client, link, key, (*behind, operation)):
                if _complete(client, operation, arranged) and arranged not in seen:
                    seen.append(arranged)
                    yield arranged


def _own(client: Client, operation: Operation, maker: Operation, key: str | None) -> Iterator[Arranged]:
    """What an operation can be called with on objects that are made for it, one after the other, a few."""
    for made in islice(arrangements(client, maker, key=key), MADE):
        response = call(client, maker, made, key=key)
        for own in ids_in(response) if response.status < 300 else ():
            for link in links(client.contract, operation.id):
                place = Arranged({**made.arguments, **_named(link.source, maker, own)}, None)
                if link.source.path.startswith(maker.path) and _complete(client, link.source, place):
                    answer = call(client, link.source, place, key=key).json()
                    offered = (_arranged(link, place, answer, number) for number in range(TRIED))
                    yield from (found for found in offered if _is_on(client, operation, found, own))


def _is_on(client: Client, operation: Operation, arranged: Arranged, own: str) -> bool:
    """Whether an operation can be called with this, and is then about the object of this id."""
    return _complete(client, operation, arranged) and own in map(str, arranged.arguments.values())


def _named(source: Operation, maker: Operation, own: str) -> dict[str, str]:
    """The parameter of a path under that of the maker which names what it made."""
    below = source.path.removeprefix(f"{maker.path}/")
    return {below.partition("/")[0].strip("{}"): own} if below.startswith("{") else {}


@cache
def _maker(contract: Contract, operation_id: str) -> Operation | None:
    """The operation that makes the objects which an operation writes to, or None."""
    operation = contract.operations[operation_id]
    makers = [
        known
        for known in contract.operations.values()
        if adds(contract, known) and operation.path.startswith(f"{known.path}/{{")
    ]
    return None if operation.method == "GET" else max(makers, key=lambda known: len(known.path), default=None)


def _given(client: Client, operation: Operation, key: str | None) -> Iterator[Arranged]:
    """What an operation can be called with before anything is known but what the key's holder was given."""
    known = client.access.ids(key)
    arguments = {p.name: known[p.name] for p in operation.parameters if p.required and known.get(p.name) is not None}
    body = {name: known[name] for name in required_members(client.contract, operation) if known.get(name) is not None}
    arranged = Arranged(arguments, body if operation.body else None)
    if _complete(client, operation, arranged):
        yield arranged


def _follow(client: Client, link: Link, key: str | None, behind: tuple[Operation, ...]) -> Iterator[Arranged]:
    """What a link offers: the first item of every source, then the second of every source, and so on."""
    answers: list[tuple[Arranged, Json]] = []
    for source in islice(_arrangements(client, link.source, key, behind), TRIED):
        response = call(client, link.source, source, key=key)
        if link.status in (str(response.status), f"{response.status // 100}XX"):
            answers.append((source, response.json()))
            yield _arranged(link, source, answers[-1][1], 0)
    for number in range(1, TRIED if link.source.pagination else 1):
        for source, body in answers:
            yield _arranged(link, source, body, number)


def _arranged(link: Link, source: Arranged, body: Json, number: int) -> Arranged:
    arguments = {name: _value(text, source, body, number) for name, text in link.parameters.items()}
    return Arranged(arguments, _filled(link.body, source, body, number) if link.operation.body else None)


def _filled(template: Json, source: Arranged, body: Json, number: int) -> Json:
    if isinstance(template, Mapping):
        return {name: _filled(value, source, body, number) for name, value in template.items()}
    return {} if template is None else _value(template, source, body, number)


def _value(expression: Json, source: Arranged, body: Json, number: int) -> Json:
    """The value of a runtime expression (`$response.body#/...`, `$request.path.x`, `$request.query.x`) or a literal.

    `number` stands for the item 0 that a link names as an example of all.
    """
    if not isinstance(expression, str) or not expression.startswith("$"):
        return expression
    place, _, pointer = expression.partition("#")
    if place == "$response.body":
        return resolve_pointer(body, pointer.replace("/0/", f"/{number}/", 1))
    return source.arguments.get(place.rpartition(".")[2])


@cache
def _needed(contract: Contract, operation_id: str) -> frozenset[str]:
    operation = contract.operations[operation_id]
    parameters = [parameter for parameter in operation.parameters if parameter.location != "header"]
    required = frozenset(parameter.name for parameter in parameters if parameter.required)
    return required | {f"body {name}" for name in required_members(contract, operation)}


def required_members(contract: Contract, operation: Operation) -> list[str]:
    """The names that a JSON body of the operation must have."""
    schema = body_schema(contract.document, operation)
    return list(schema.get("required", ()))


def body_schema(document: Json, operation: Operation) -> Mapping[str, Json]:
    """The schema of an operation's JSON body, its reference followed; empty without such a body."""
    if not takes_json(operation):
        return {}
    entry = resolve_reference(document, document["paths"][operation.path][operation.method.lower()]["requestBody"])
    return resolve_reference(document, entry["content"]["application/json"]["schema"])


def takes_json(operation: Operation) -> bool:
    """Whether an operation has a body, and that is JSON."""
    return operation.body is not None and operation.body.media_type == JSON


def _complete(client: Client, operation: Operation, arranged: Arranged) -> bool:
    given = {name for name, value in arranged.arguments.items() if value is not None}
    given |= {f"body {name}" for name, value in (arranged.body or {}).items() if value is not None}
    return _needed(client.contract, operation.id) <= given


def _declared(document: Json, source: Operation) -> Iterator[tuple[str, Mapping[str, Json]]]:
    entry = document["paths"][source.path][source.method.lower()]
    for status, response in entry["responses"].items():
        for link in resolve_reference(document, response).get("links", {}).values():
            yield status, resolve_reference(document, link)
