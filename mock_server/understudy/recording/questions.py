"""Requests that only read, by which a service can be asked what its document leaves open.

Must not know which assumption a request settles, nor who is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple
from urllib.parse import quote

from msgspec import structs

from understudy.document.argument import argument
from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.parameters import Parameter
from understudy.engine.exchange import Headers, Request

READS = ("GET", "HEAD", "OPTIONS")
UNKNOWN_KEY = "understudy:unknown-key"
Credential = Literal["given", "none", "unknown", "lower"]
_NOTES: Mapping[Credential, str] = {
    "given": "",
    "none": " (without a key)",
    "unknown": " (with an unknown key)",
    "lower": " (scheme in lower case)",
}
_PAGE_SIZES = ("limit", "per_page", "page_size", "pageSize", "first", "count")


class Question(NamedTuple):
    """A request that only reads, without its credential; `note` says what is odd about its headers."""

    request: Request
    operation: Operation | None
    credential: Credential = "given"
    note: str = ""

    def __str__(self) -> str:
        request = self.request
        target = f"{request.path}?{request.query}" if request.query else request.path
        return f"{request.method} {target}{_NOTES[self.credential]}{self.note}"

    def with_key(self, contract: Contract, key: str | None) -> Request:
        """The request with the credential that it is asked with."""
        operation, request = self.operation, self.request
        token = UNKNOWN_KEY if self.credential == "unknown" else key
        if self.credential == "none" or token is None or (operation is not None and operation.secured is False):
            return request
        alternatives = (operation.security if operation is not None else ()) or ((*contract.schemes[:1],),)
        for scheme in alternatives[0]:
            headers, query = scheme.carry(token)
            if self.credential == "lower":
                headers = {name: _lower_scheme(value) for name, value in headers.items()}
            fields = tuple(
                (name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()
            )
            extra = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in query.items())
            whole = "&".join(filter(None, (request.query, extra)))
            request = structs.replace(request, headers=request.headers + fields, query=whole)
        return request


class Asker:
    """Makes the questions about an API's operations, each with the headers that the document wants."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        known = {"accept": "application/json", **{name.lower(): text for name, text in contract.headers.items()}}
        self._headers = known
        self._prefix = contract.prefixes[0]

    def plain(self, operation: Operation, arguments: Mapping[str, str]) -> Question:
        """An operation with its arguments, as the document has it."""
        queries = [p for p in operation.parameters if p.location == "query" and p.name in arguments]
        pairs = [(p.name, arguments[p.name]) for p in queries]
        return self._question(operation, arguments, pairs)

    def variants(self, operation: Operation, arguments: Mapping[str, str]) -> Iterator[Question]:
        """An operation, and what may be odd about a request to it."""
        plain = self.plain(operation, arguments)
        yield plain
        yield from self._methods(plain)
        if operation.secured is not False and self._contract.schemes:
            yield from (plain._replace(credential=one) for one in ("none", "unknown", "lower"))
        for name in self._headers:
            fields = tuple(field for field in plain.request.headers if field[0] != name.encode())
            yield plain._replace(request=structs.replace(plain.request, headers=fields), note=f" (without {name})")
        given = [(p.name, arguments[p.name]) for p in _queries(operation) if p.name in arguments]
        for parameter in _queries(operation):
            others = [pair for pair in given if pair[0] != parameter.name]
            if len(others) < len(given):
                yield self._question(operation, arguments, others)
            for texts in _texts(parameter, self._contract.document.get("components", {}).get("schemas", {})):
                yield self._question(operation, arguments, [*others, *((parameter.name, text) for text in texts)])
        yield self._question(operation, arguments, [*given, ("understudy_unknown", "1")])
        yield from self._unknown_items(operation, arguments, given)

    def elsewhere(self) -> Iterator[Question]:
        """Requests to paths that the document does not have, and of methods that a path does not have."""
        yield self._raw(f"{self._prefix}/understudy-no-such-path")
        reads = {one.path for one in self._contract.operations.values() if one.method == "GET"}
        for operation in self._contract.operations.values():
            if operation.path not in reads and "{" not in operation.path:
                yield self._raw((operation.prefixes or (self._prefix,))[0] + operation.path)

    def _methods(self, plain: Question) -> Iterator[Question]:
        for method in ("HEAD", "OPTIONS"):
            yield plain._replace(request=structs.replace(plain.request, method=method))

    def _unknown_items(
        self, operation: Operation, arguments: Mapping[str, str], given: Sequence[tuple[str, str]]
    ) -> Iterator[Question]:
        """The operation on objects that are not there: with an id of the same form, and of another one."""
        for parameter in operation.parameters:
            if parameter.location == "path":
                for text in dict.fromkeys((_other_id(arguments[parameter.name]), "0", "understudy!")):
                    yield self._question(operation, {**arguments, parameter.name: text}, given)

    def _question(
        self, operation: Operation, arguments: Mapping[str, str], query: Sequence[tuple[str, str]]
    ) -> Question:
        path = (operation.prefixes or (self._prefix,))[0] + operation.path
        for name, text in arguments.items():
            path = path.replace(f"{{{name}}}", quote(text, safe="@:"))
        raw = "&".join(f"{quote(name)}={quote(text, safe='')}" for name, text in query)
        return Question(Request(operation.method, path, raw, self._fields(operation)), operation)

    def _raw(self, path: str) -> Question:
        return Question(Request("GET", path, "", self._fields(None)), None)

    def _fields(self, operation: Operation | None) -> tuple[tuple[bytes, bytes], ...]:
        headers = dict(self._headers)
        carried = operation.carried if operation is not None else ()
        for one in (one for one in carried if one.location == "header" and one.required):
            headers.setdefault(one.name.lower(), argument(one, {}))
        return _encoded(headers)


def is_page_size(parameter: Parameter) -> bool:
    """Whether a parameter says how many items a page has, and how many it may have at most."""
    return parameter.kind == "integer" and parameter.name in _PAGE_SIZES and "maximum" in parameter.schema


def _queries(operation: Operation) -> list[Parameter]:
    return [one for one in operation.parameters if one.location == "query"]


def _texts(parameter: Parameter, schemas: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """What a query parameter may hold: values that it has to take, and some that it has not."""
    schema = parameter.schema
    valid = [str(one) if isinstance(one, str) else str(one).lower() for one in schema.get("enum", ())]
    if parameter.kind == "boolean":
        valid = ["true", "false"]
    elif parameter.kind in ("integer", "number"):
        low, high = schema.get("minimum", 1), schema.get("maximum")
        valid = [str(low), str(low + 1), *([str(high)] if high is not None else [])]
        yield from ((str(low - 1),), (str(high + 1 if high is not None else 100_001),), ("-1",))
    elif not valid:
        valid = [argument(parameter, schemas)]
    yield from ((text,) for text in valid)
    yield from (("understudy",), ("",))
    yield (valid[0], valid[-1] if valid[-1] != valid[0] else "understudy")


def _encoded(headers: Mapping[str, str]) -> Headers:
    return tuple((name.lower().encode(), text.encode("latin-1", "replace")) for name, text in headers.items())


def _other_id(text: str) -> str:
    """An id of the same form that no object should have: its letters and digits turned."""
    digits, letters = "0123456789", "abcdefghijklmnopqrstuvwxyz"
    for known in (digits, letters, letters.upper()):
        turned = known[7:] + known[:7]
        text = "".join(turned[known.index(one)] if one in known else one for one in text)
    return text


def _lower_scheme(value: str) -> str:
    word, space, rest = value.partition(" ")
    return f"{word.lower()}{space}{rest}"
