"""What a list is asked by: query parameters, and for a search by POST the members of its body.

Must not know what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.document.infer.filters import RELATIONS
from understudy.document.infer.operations import Op
from understudy.document.infer.schemas import Schemas
from understudy.document.infer.words import plain, words
from understudy.document.pointer import at

Json = Any
_LISTING = frozenset(("list", "all", "index", "find", "search", "query", "filter", "lookup"))
_HOLDERS = frozenset(("filter", "filters", "where", "criteria", "query", "conditions", "search", "page", "pagination",
                      "paging", "pager", "options", "params", "parameters"))  # fmt: skip


def lists(word: str) -> bool:
    """Whether a word of a path says that what stands there lists, such as `search` or `findByStatus`."""
    return bool({*words(word)[:1]} & _LISTING)


def word_below(path: str, base: str) -> str | None:
    """The one word that a path has below another one: `search` of `/pets/search`, `/pets:search`, `/pets/_search`."""
    found = re.fullmatch("[/:]([^/:{}]+)", path[len(base) :]) if path.startswith(base) else None
    return found[1] if found is not None else None


def parameters_of(schemas: Schemas, op: Op) -> dict[str, Mapping[str, Json]]:
    """What asks for a list, by name, as parameters: those of the query, and what a search sends in its body."""
    sent = {name: {"name": name, "in": "body", "schema": one} for name, (_, one) in _sent(schemas, op).items()}
    return {**sent, **op.parameters("query")}


def pointers_of(schemas: Schemas, op: Op) -> dict[str, str]:
    """Where in the body of a search its arguments stand, by name."""
    query = op.parameters("query")
    return {name: pointer for name, (pointer, _) in _sent(schemas, op).items() if name not in query}


def _sent(schemas: Schemas, op: Op) -> dict[str, tuple[str, Json]]:
    """The arguments in the body of a search: its members, and those of members that hold filters or a page."""
    found: dict[str, tuple[str, Json]] = {}
    members = schemas.members(op.body) if op.method == "post" and not schemas.is_list(op.body) else {}
    for name, member in members.items():
        if _is_argument(schemas, member.schema):
            found[name] = at(name), member.schema
    for name, inner, schema in _held(schemas, op.body, members):
        found.setdefault(inner, (at(name, inner), schema))
    return found


def _held(schemas: Schemas, body: Json, names: Mapping[str, Json]) -> Iterator[tuple[str, str, Json]]:
    for name in names:
        schema = schemas.members(body)[name].schema
        if plain(name) in _HOLDERS and not schemas.is_list(schema):
            for inner, member in schemas.members(schema).items():
                if _is_argument(schemas, member.schema):
                    yield name, inner, member.schema


def _is_argument(schemas: Schemas, schema: Json) -> bool:
    """Whether a member holds what a query parameter could: a plain value, a list of them, or bounds."""
    if schemas.is_scalar(schema):
        return True
    if schemas.is_list(schema):
        return schemas.is_scalar(schemas.items(schema))
    return bool(schemas.members(schema)) and all(plain(one) in RELATIONS for one in schemas.members(schema))
