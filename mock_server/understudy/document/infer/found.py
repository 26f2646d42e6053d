"""What is found of a resource: its record, its id, and what its operations do.

Must not know how it is found, nor how it is written down.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from understudy.document.infer.ids import Key
from understudy.document.infer.operations import Op
from understudy.document.infer.paths import Family

Json = Any


class NoResource(Exception):
    """A family of paths that is no resource; the message says why."""


@dataclass(slots=True)
class Action:
    """What one operation does: the members of its `x-operation` beside the resource, and a reason."""

    op: Op
    do: str
    entry: dict[str, Json]
    reason: str
    others: tuple[str, ...] = ()  # other plausible actions
    tie: bool = False


@dataclass(slots=True)
class Found:
    """A resource that was found: its record's schema, its key, and what its operations do, by operationId."""

    family: Family
    record: Json
    key: Key
    id: str
    actions: dict[str, Action] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)  # why an operation on its paths answers examples
    create: dict[str, Json] = field(default_factory=dict)
    defaults: dict[str, Json] = field(default_factory=dict)
    update: dict[str, Json] = field(default_factory=dict)
    reason: str = ""
    creatable: bool = False
    parts: tuple[str, ...] = ()  # the path parameters that name an item together, where one alone does not
    single: bool = False

    @property
    def key_member(self) -> str:
        """The member that holds the id; one that the record does not show, where it has none."""
        return self.key.member or f"{self.family.parameter or 'id'} (of the path)"
