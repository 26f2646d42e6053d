"""What is inferred of a document: values that other modules of this package make, and callers show, write and serve.

Must not know how anything is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Json = Any

KINDS: Mapping[str, str] = {
    "answer": "What an answer looks like that has an example and no schema, or is not described.",
    "resource": "Which paths and operations are one kind of record: a collection and its items, or the one at a path.",
    "update": "Whether an update changes the members that are sent, or replaces the whole record.",
    "creation": "Whether a PUT with an unknown id makes a new record.",
    "sent-id": "Whether the id is kept that a creation sends, where the document does not say who chooses it.",
    "unknown-ids": "Whether a deletion of many records passes over ids that nothing has, or is refused.",
    "conditions": "Whether If-Match and If-None-Match are compared with the ETag of a record.",
    "repeats": "Whether a request with the Idempotency-Key of an earlier one gets its answer again.",
    "order": "Whether a list begins with the oldest record, or with the newest.",
    "key": "Which member of a record is its id, where two are equally good.",
    "parts": "Whether several parameters of a path name a record together, or the last of them alone.",
    "envelope": "Where a list stands in an answer that has several lists of the same objects.",
    "pages": "How a list is paged: the parameters that ask for a page, and what the answer tells of it.",
    "limit": "How many items a page has where the request does not say it.",
    "cursor": "What a request for a page gets whose cursor was never given out.",
    "filters": "Whether query parameters filter and sort a list that have the names of members or of usual filters.",
    "children": "How many records a new parent begins with, where no request makes them.",
    "parent": "Whether the parent that a path names must be there.",
    "action": "What an operation below an item does to the record, such as POST /orders/{id}/cancel.",
    "below": "Whether the record must be there where an operation below an item answers examples.",
    "progress": "How a job goes on: by the world's time, at once, or not at all.",
}
"""Each kind of inference, with what it decides."""


class Update(NamedTuple):
    """What is merged into a normal form at a JSON pointer: another reading of the document."""

    pointer: str
    value: Json


class Alternative(NamedTuple):
    """Another value of an inference, and what it means.

    Where it decides how requests are read or records are kept, it is a `reading`: the update of the document that has
    this meaning. The API is compiled anew of it, for the worlds that are switched to it.
    """

    value: Json
    meaning: str
    reading: Update | None = None


class Key(NamedTuple):
    """One key of the document that an inference sets: a JSON pointer into the normal form, and the value there."""

    pointer: str
    value: Json


class ExamplesOnly(NamedTuple):
    """An operation that answers examples and remembers nothing, and why."""

    operation: str  # its operationId
    method: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Inference:
    """One statement about a document that it does not make itself.

    `pointer` is the place that it is about, `keys` are what it sets. Its `id` is that of the assumption with the values
    `default` and those of the `alternatives`. A `tie` is one of two readings that are equally good: the safer one.
    """

    id: str
    kind: str
    pointer: str
    statement: str
    reason: str
    default: Json
    alternatives: tuple[Alternative, ...]
    keys: tuple[Key, ...]
    tie: bool = False

    @property
    def is_reading(self) -> bool:
        """Whether another value is another reading of the document."""
        return any(one.reading is not None for one in self.alternatives)

    @property
    def assumption(self) -> Json:
        """The inference as an entry of `x-assumptions`."""
        return {
            "id": self.id,
            "text": self.statement,
            "source": f"{self.pointer}: {self.reason}",
            "default": self.default,
            "alternatives": [one.value for one in self.alternatives],
        }


@dataclass(frozen=True, slots=True)
class Inferred:
    """A normal form with the keys that were inferred, why each was, what is left to examples, and first records.

    `seed` holds the records that a world starts with, by resource, in the form of a seed file.
    """

    document: Json
    inferences: tuple[Inference, ...]
    examples_only: tuple[ExamplesOnly, ...]
    seed: Mapping[str, list[Json]] = field(default_factory=dict)
