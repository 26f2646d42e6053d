"""Routes: which documented operation a method and a path lead to, and how path and query of one are written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote, urlencode

from understudy.document.contract import Contract
from understudy.document.operation import Operation

Query = Mapping[str, object] | str | None
"""A query as raw text, or by names; None values are left out."""


def find_operation(contract: Contract, method: str, path: str) -> Operation | None:
    """The documented operation of a method and a raw path, or None. A literal segment wins over a parameter."""
    parts = path.split("/")
    routes = _routes(contract, method, len(parts))
    return next((operation for template, operation in routes if _matches(template, parts)), None)


@lru_cache(maxsize=256)
def _routes(contract: Contract, method: str, length: int) -> list[tuple[list[str], Operation]]:
    """The operations of a method whose paths have `length` segments, those with the fewest parameters first."""
    known = [(known.path.split("/"), known) for known in contract.operations.values() if known.method == method]
    fitting = [(template, operation) for template, operation in known if len(template) == length]
    return sorted(fitting, key=lambda route: route[1].path.count("{"))


def _matches(template: list[str], parts: list[str]) -> bool:
    return all(_fits(word, part) for word, part in zip(template, parts, strict=True))


@lru_cache(maxsize=4096)
def _fits(word: str, part: str) -> bool:
    """Whether a segment of a path fits one of a template, which may hold parameters beside other text."""
    return word == part or re.fullmatch(re.sub(r"\\{[^{}]*\\}", ".+", re.escape(word)), part) is not None


def adds_to_list(contract: Contract, operation: Operation) -> bool:
    """Whether an operation adds items to a list: a POST on the path of a list."""
    return operation.method == "POST" and any(
        known.pagination is not None and known.path == operation.path for known in contract.operations.values()
    )


def path_and_query(operation: Operation, arguments: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The path and query of an operation with these arguments. Raises KeyError for a missing path parameter."""
    path, query = operation.path, dict(arguments)
    for parameter in operation.parameters:
        if parameter.location == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(str(query.pop(parameter.name)), safe=""))
    return path, query


def query_text(query: Query) -> str:
    """A query as it is sent."""
    if isinstance(query, str):
        return query
    return urlencode([(name, _text(value)) for name, value in (query or {}).items() if value is not None])


def _text(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
