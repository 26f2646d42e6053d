"""Defaults of the branches of `oneOf` and `anyOf`: a record gets those of the branch that it fits.

A discriminator chooses the branch by its member; else the first one that fits with its defaults is taken.
Must not know operations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from understudy.document.model import Validator
from understudy.resources import schemas

Json = Any
Fits = Callable[[Mapping[str, Json]], Validator]
Record = dict[str, Json]
Complete = Callable[[Record], Record]


class _Branch(NamedTuple):
    """One branch: its reference (None without one), whether a record fits it, and its defaults."""

    reference: str | None
    validator: Validator
    defaults: Mapping[str, Json]


class _Choice(NamedTuple):
    """The branches of one `oneOf` or `anyOf`; a discriminator names one by the value of its `member`."""

    branches: tuple[_Branch, ...]
    member: str
    mapping: Mapping[str, str]


def completing(document: Json, schema: Json, fits: Fits) -> Complete | None:
    """What adds the defaults of its branches to a record of a schema; None where no branch has any."""
    choices = tuple(one for one in _choices(document, schema, fits) if any(b.defaults for b in one.branches))
    if not choices:
        return None

    def complete(record: Record) -> Record:
        for choice in choices:
            record = _completed(record, choice)
        return record

    return complete


def _completed(record: Record, choice: _Choice) -> Record:
    chosen = choice.mapping.get(str(record.get(choice.member)))
    for branch in choice.branches:
        made = {**branch.defaults, **record}
        if branch.reference == chosen if chosen is not None else branch.validator.is_valid(made):
            return made
    return record


def _choices(document: Json, schema: Json, fits: Fits) -> Iterator[_Choice]:
    for part in schemas.constant_parts(document, schema):
        discriminator = part.get("discriminator", {"propertyName": "", "mapping": {}})
        for keyword in ("oneOf", "anyOf"):
            branches = tuple(_branch(document, one, fits) for one in part.get(keyword, ()) if isinstance(one, Mapping))
            yield _Choice(branches, discriminator["propertyName"], discriminator["mapping"])


def _branch(document: Json, schema: Mapping[str, Json], fits: Fits) -> _Branch:
    members = schemas.members(document, schema)
    defaults = {name: one.schema["default"] for name, one in members.items() if one.has_default}
    return _Branch(schema.get("$ref"), fits(schema), defaults)
