"""Which parameters of a query name parents, as those of a path do."""

from __future__ import annotations

from collections.abc import Iterable

from understudy.document.operation import Operation
from understudy.document.paths import parameters_of


def queried(operation: Operation, paths: Iterable[str]) -> frozenset[str]:
    """The required query parameters of an operation; `paths` are the resource's own, which name others themselves."""
    required = (one.name for one in operation.parameters if one.location == "query" and one.required)
    return frozenset(required).difference(*map(parameters_of, paths))
