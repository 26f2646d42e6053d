"""The arguments of operations, found in answers: by the document's links, and by the items of its collections.

Must not know who answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from understudy.document.argument import argument
from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.paths import parameters_of, shape_of
from understudy.engine.exchange import Request, Response
from understudy.recording.evidence import Model
from understudy.resources.roles import at_pointer, records_in

Json = Any
_FIRST = re.compile(r"/0(?=/|$)")


class Arguments:
    """Knows values of parameters, at most so many of each. `given` are those that the user names: they come first."""

    def __init__(self, model: Model, given: Mapping[str, str], *, most: int = 10) -> None:
        self._model, self._given, self._most = model, given, most
        self.contract: Contract = model.api.contract
        self.lists = {id for id, role in model.roles.items() if role.action == "list"}
        self._by_shape: dict[str, list[str]] = {}  # values of the last parameter of a path, by the path around it
        self._by_name: dict[str, list[str]] = {}  # values of query parameters

    def learn(self, operation: Operation, request: Request, response: Response) -> None:
        """Take the values that an answer shows."""
        body = json_of(response)
        if body is None or response.status >= 300:
            return
        self._learn_links(operation, request, response, body)
        role = self._model.roles.get(operation.id)
        if role is None or role.action != "list":
            return
        found = records_in(role.answer, body)
        shape = shape_of(operation.path) + "/{}"
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict):
                self._add(self._by_shape, shape, one.get(role.resource.key))

    def of(self, operation: Operation) -> dict[str, str] | None:
        """A value for each parameter that an operation needs; None where one is not known."""
        found: dict[str, str] = {}
        for parameter in operation.parameters:
            if parameter.location == "path":
                values = self.items(operation, parameter.name)
            elif parameter.location == "query" and parameter.required:
                values = self._by_name.get(parameter.name, [])
            else:
                continue
            given = self._given.get(parameter.name)
            if given is not None:
                values = [given]
            if not values and parameter.example is not None:
                values = [argument(parameter, {})]
            if not values:
                return None
            found[parameter.name] = values[0]
        return found

    def rotate(self, operation: Operation) -> bool:
        """Put the values that an operation got behind the others of the same parameters; whether there are others."""
        lists = [self._by_name.get(one.name, []) for one in operation.parameters if one.location == "query"]
        lists += [
            self._by_shape.get(shape_of(_until(operation.path, name)), []) for name in parameters_of(operation.path)
        ]
        others = [values for values in lists if len(values) > 1]
        for values in others[-1:]:
            values.append(values.pop(0))
        return bool(others)

    def items(self, operation: Operation, name: str) -> Sequence[str]:
        """The values that are known of a path parameter."""
        return self._by_shape.get(shape_of(_until(operation.path, name)), ())

    def each(self, operation: Operation) -> Iterator[dict[str, str]]:
        """The arguments of an operation, once for each known value of the last parameter of its path."""
        found = self.of(operation)
        if found is None:
            return
        yield found
        names = parameters_of(operation.path)
        if names and names[-1] not in self._given:
            yield from ({**found, names[-1]: text} for text in self.items(operation, names[-1])[1:])

    def is_missing(self, operation: Operation) -> bool:
        """Whether a value that an operation needs was neither given nor seen."""
        for parameter in operation.parameters:
            if parameter.name in self._given:
                continue
            if parameter.location == "path" and not self.items(operation, parameter.name):
                return True
            if parameter.location == "query" and parameter.required and parameter.name not in self._by_name:
                return True
        return False

    def pairs(self, other: Arguments, is_known: Callable[[str, str], bool]) -> dict[str, str]:
        """For each value that `other` does not know, one of the same parameter that it does.

        `is_known` says whether an id of any kind (an empty text) is there.
        """
        found: dict[str, str] = {}
        for mine, its in ((self._by_shape, other._by_shape), (self._by_name, other._by_name)):
            for key, values in mine.items():
                known = its.get(key, [])
                for value, stands in zip(values, known, strict=False):
                    if value not in known and stands not in values and not is_known("", value):
                        found.setdefault(value, stands)
        return found

    def _learn_links(self, operation: Operation, request: Request, response: Response, body: Json) -> None:
        for target, parameters in _links(self.contract, operation, response.status):
            for name, expression in parameters.items():
                for value in self._values(operation, request, body, str(expression)):
                    if f"{{{name}}}" in target.path:
                        self._add(self._by_shape, shape_of(_until(target.path, name)), value)
                    else:
                        self._add(self._by_name, name, value)

    def _values(self, operation: Operation, request: Request, body: Json, expression: str) -> Iterator[Json]:
        """The values of a link's expression; one of the first item stands for those of all items."""
        kind, _, rest = expression.partition("#")
        if kind == "$response.body":
            place = _FIRST.search(rest)
            items = at_pointer(body, rest[: place.start()]) if place else None
            for number in range(len(items[: self._most])) if place and isinstance(items, list) else (0,):
                yield at_pointer(body, _FIRST.sub(f"/{number}", rest, count=1) if place else rest)
        elif expression.startswith("$request.query."):
            pairs = (part.partition("=") for part in request.query.split("&"))
            yield from (unquote(text) for name, _, text in pairs if name == expression.rpartition(".")[2])

    def _add(self, known: dict[str, list[str]], key: str, value: Json) -> None:
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            values = known.setdefault(key, [])
            if len(values) < self._most and str(value) not in values:
                values.append(str(value))


def _links(contract: Contract, operation: Operation, status: int) -> Iterator[tuple[Operation, Mapping[str, Json]]]:
    """The operations that the document links from an answer, with their parameters."""
    declared = contract.document["paths"][operation.path][operation.method.lower()]
    responses = declared.get("responses", {})
    response: Json = next(
        (responses[key] for key in (str(status), f"{status // 100}XX", "default") if key in responses), {}
    )
    for one in _resolved(contract, response).get("links", {}).values():
        link = _resolved(contract, one)
        target = contract.operations.get(link.get("operationId", ""))
        if target is not None and target.method == "GET":
            names = {name.rpartition(".")[2]: value for name, value in link.get("parameters", {}).items()}
            yield target, names


def _resolved(contract: Contract, value: Mapping[str, Json]) -> Mapping[str, Json]:
    reference = value.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        found = at_pointer(contract.document, reference[1:])
        return found if isinstance(found, Mapping) else {}
    return value


def _until(path: str, name: str) -> str:
    """A path up to a parameter."""
    place = path.index(f"{{{name}}}")
    return path[: place + len(name) + 2]


def json_of(response: Response) -> Json:
    """The JSON of an answer; None where it has none."""
    try:
        return response.json()
    except ValueError:
        return None
