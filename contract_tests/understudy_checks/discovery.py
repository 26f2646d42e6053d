"""Discovery: finds arguments for operations on the target itself by following the links of the document.

`links` lead from a list to its items and from an item to its children. No id is known in advance.
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
from understudy_checks.bodies import response_ids
from understudy_checks.client import Client, Skipped
from understudy_checks.pointers import resolve_pointer, resolve_reference
from understudy_checks.routes import adds_to_list

Json = Any

MAX_ITEMS = 20
"""The largest number of items of a list, and of lists of an operation, that discovery follows."""

MAX_CREATED = 6
"""The largest number of objects that discovery creates on a shared target for one operation."""

MAX_ATTEMPTS = 40
"""The number of refused calls after which a target counts as one that does not accept an operation."""


class FoundArguments(NamedTuple):
    """Discovered input of an operation: `arguments` for path and query, and a JSON `body` or None."""

    arguments: dict[str, Json]
    body: Json


class Link(NamedTuple):
    """One link of the document: from a response of `source` to `operation`."""

    source: Operation
    status: str
    operation: Operation
    parameters: Mapping[str, str]
    body: Json


def find_arguments(client: Client, operation: Operation, *, key: str | None = None) -> FoundArguments:
    """Find the first arguments for an operation in the target's own data. Raises Skipped without any."""
    for found_arguments in find_all_arguments(client, operation, key=key):
        return found_arguments
    raise Skipped(f"no data on this target lead to {operation.id}")


def find_all_arguments(client: Client, operation: Operation, *, key: str | None = None) -> Iterator[FoundArguments]:
    """Find all arguments that links from GET operations offer: a limited number, without duplicates.

    Results are memoized as long as the world is unchanged. On a shared target, an operation that writes to objects
    which the kit can create gets only objects created for it.
    """
    maker = None if client.is_isolated else _creating_operation(client.contract, operation.id)
    if maker is not None:
        yield from _arguments_of_created_objects(client, operation, maker, key)
        return
    memo = client.valid_memo if key in (None, client.key) else None
    known: list[FoundArguments] = [] if memo is None else memo.setdefault(operation.id, [])
    offered = deepcopy(known)
    yield from deepcopy(offered)
    if memo is not None and ("whole", operation.id) in memo:
        return
    for found_arguments in _uncached_arguments(client, operation, key, ()):
        if found_arguments not in offered:
            if memo is client.valid_memo and len(known) == len(offered):
                known.append(deepcopy(found_arguments))
            offered.append(deepcopy(found_arguments))
            yield found_arguments
    if memo is not None and memo is client.valid_memo and len(known) == len(offered):
        memo["whole", operation.id] = True


def find_accepted(client: Client, operation: Operation, *, key: str | None = None) -> tuple[FoundArguments, Response]:
    """Find arguments that the target accepts, with its response. Raises Skipped when it accepts none."""
    for found_arguments in islice(find_all_arguments(client, operation, key=key), MAX_ATTEMPTS):
        response = call(client, operation, found_arguments, key=key)
        if response.status < 300:
            return found_arguments, response
    raise Skipped(f"this target accepts no {operation.id} with arguments found in its data")


def call(client: Client, operation: Operation, found_arguments: FoundArguments, *, key: str | None = None) -> Response:
    """Send an operation with discovered arguments, with `key` in place of the default key."""
    options: dict[str, Json] = {} if key is None else {"key": key}
    if found_arguments.body is not None:
        options["json"] = found_arguments.body
    return client.call(operation, found_arguments.arguments, **options)


@cache
def links_to(contract: Contract, operation_id: str) -> Sequence[Link]:
    """The links of the document that lead from GET operations to an operation, those of lists first."""
    found = [
        Link(source, status, contract.operations[operation_id], entry.get("parameters", {}), _link_body(entry))
        for source in contract.operations.values()
        if source.method == "GET" and source.id != operation_id
        for status, entry in _declared_links(contract.document, source)
        if entry["operationId"] == operation_id
    ]
    return sorted(found, key=lambda link: link.source.pagination is None)


def _link_body(entry: Mapping[str, Json]) -> Json:
    return entry.get("requestBody", entry.get("x-request-body"))


def _uncached_arguments(
    client: Client, operation: Operation, key: str | None, behind: tuple[Operation, ...]
) -> Iterator[FoundArguments]:
    """Find arguments without following links through the operations in `behind`, since links can form cycles."""
    seen = list(_given_arguments(client, operation, key))
    yield from seen
    if not _required_names(client.contract, operation.id):
        return
    for link in links_to(client.contract, operation.id):
        if link.source not in behind:
            for found_arguments in _arguments_from_link(client, link, key, (*behind, operation)):
                if _is_complete(client, operation, found_arguments) and found_arguments not in seen:
                    seen.append(found_arguments)
                    yield found_arguments


def _arguments_of_created_objects(
    client: Client, operation: Operation, maker: Operation, key: str | None
) -> Iterator[FoundArguments]:
    """Create a few objects for an operation and find its arguments on each of them."""
    for made in islice(find_all_arguments(client, maker, key=key), MAX_CREATED):
        response = call(client, maker, made, key=key)
        for own in response_ids(response) if response.status < 300 else ():
            for link in links_to(client.contract, operation.id):
                source = FoundArguments({**made.arguments, **_created_parameter(link.source, maker, own)}, None)
                if link.source.path.startswith(maker.path) and _is_complete(client, link.source, source):
                    answer = call(client, link.source, source, key=key).json()
                    offered = (_resolve_link(link, source, answer, number) for number in range(MAX_ITEMS))
                    yield from (found for found in offered if _targets_created_object(client, operation, found, own))


def _targets_created_object(client: Client, operation: Operation, found_arguments: FoundArguments, own: str) -> bool:
    """Whether these arguments are complete and refer to the object with this id."""
    return _is_complete(client, operation, found_arguments) and own in map(str, found_arguments.arguments.values())


def _created_parameter(source: Operation, maker: Operation, own: str) -> dict[str, str]:
    """The path parameter of `source` that names an object created by `maker`, with its id."""
    below = source.path.removeprefix(f"{maker.path}/")
    return {below.partition("/")[0].strip("{}"): own} if below.startswith("{") else {}


@cache
def _creating_operation(contract: Contract, operation_id: str) -> Operation | None:
    """The operation that creates the objects that an operation writes to, or None."""
    operation = contract.operations[operation_id]
    makers = [
        known
        for known in contract.operations.values()
        if adds_to_list(contract, known) and operation.path.startswith(f"{known.path}/{{")
    ]
    return None if operation.method == "GET" else max(makers, key=lambda known: len(known.path), default=None)


def _given_arguments(client: Client, operation: Operation, key: str | None) -> Iterator[FoundArguments]:
    """The arguments that consist only of the ids given for a key."""
    known = client.access.ids(key)
    arguments = {p.name: known[p.name] for p in operation.parameters if p.required and known.get(p.name) is not None}
    body = {name: known[name] for name in required_members(client.contract, operation) if known.get(name) is not None}
    found_arguments = FoundArguments(arguments, body if operation.body else None)
    if _is_complete(client, operation, found_arguments):
        yield found_arguments


def _arguments_from_link(
    client: Client, link: Link, key: str | None, behind: tuple[Operation, ...]
) -> Iterator[FoundArguments]:
    """Find the arguments that a link offers: from the first item of every source, then the second, and so on."""
    answers: list[tuple[FoundArguments, Json]] = []
    for source in islice(_uncached_arguments(client, link.source, key, behind), MAX_ITEMS):
        response = call(client, link.source, source, key=key)
        if link.status in (str(response.status), f"{response.status // 100}XX"):
            answers.append((source, response.json()))
            yield _resolve_link(link, source, answers[-1][1], 0)
    for number in range(1, MAX_ITEMS if link.source.pagination else 1):
        for source, body in answers:
            yield _resolve_link(link, source, body, number)


def _resolve_link(link: Link, source: FoundArguments, body: Json, number: int) -> FoundArguments:
    arguments = {name: _evaluate(text, source, body, number) for name, text in link.parameters.items()}
    return FoundArguments(arguments, _fill(link.body, source, body, number) if link.operation.body else None)


def _fill(template: Json, source: FoundArguments, body: Json, number: int) -> Json:
    if isinstance(template, Mapping):
        return {name: _fill(value, source, body, number) for name, value in template.items()}
    return {} if template is None else _evaluate(template, source, body, number)


def _evaluate(expression: Json, source: FoundArguments, body: Json, number: int) -> Json:
    """Evaluate a runtime expression (`$response.body#/...`, `$request.path.x`, `$request.query.x`) or a literal.

    `number` replaces the item 0 that a link names as an example.
    """
    if not isinstance(expression, str) or not expression.startswith("$"):
        return expression
    source_name, _, pointer = expression.partition("#")
    if source_name == "$response.body":
        return resolve_pointer(body, pointer.replace("/0/", f"/{number}/", 1))
    return source.arguments.get(source_name.rpartition(".")[2])


@cache
def _required_names(contract: Contract, operation_id: str) -> frozenset[str]:
    operation = contract.operations[operation_id]
    parameters = [parameter for parameter in operation.parameters if parameter.location != "header"]
    required = frozenset(parameter.name for parameter in parameters if parameter.required)
    return required | {f"body {name}" for name in required_members(contract, operation)}


def required_members(contract: Contract, operation: Operation) -> list[str]:
    """The names of the required members of the operation's JSON body."""
    schema = body_schema(contract.document, operation)
    return list(schema.get("required", ()))


def body_schema(document: Json, operation: Operation) -> Mapping[str, Json]:
    """The schema of an operation's JSON body with its reference resolved; empty without such a body."""
    if not takes_json(operation):
        return {}
    entry = resolve_reference(document, document["paths"][operation.path][operation.method.lower()]["requestBody"])
    return resolve_reference(document, entry["content"]["application/json"]["schema"])


def takes_json(operation: Operation) -> bool:
    """Whether an operation has a JSON body."""
    return operation.body is not None and operation.body.media_type == JSON


def _is_complete(client: Client, operation: Operation, found_arguments: FoundArguments) -> bool:
    given = {name for name, value in found_arguments.arguments.items() if value is not None}
    given |= {f"body {name}" for name, value in (found_arguments.body or {}).items() if value is not None}
    return _required_names(client.contract, operation.id) <= given


def _declared_links(document: Json, source: Operation) -> Iterator[tuple[str, Mapping[str, Json]]]:
    entry = document["paths"][source.path][source.method.lower()]
    for status, response in entry["responses"].items():
        for link in resolve_reference(document, response).get("links", {}).values():
            yield status, resolve_reference(document, link)
