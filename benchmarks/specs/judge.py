"""What is found of one document: pairs, round trips, refusals, pages, and answers that do not fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks.specs.client import Client, Hanging
from benchmarks.specs.document import Document, Json
from benchmarks.specs.paging import entries, is_paged, smallest
from benchmarks.specs.pairs import Pair, pairs
from benchmarks.specs.refusals import refusals
from benchmarks.specs.schemas import Schemas
from benchmarks.specs.shown import ids
from benchmarks.specs.trips import Failed, Made, Rider
from benchmarks.specs.values import Values

MOST_HANGS = 3


@dataclass
class Steps:
    """What was tried of a pair: each step by its name, with why it failed, or None."""

    pair: str
    makes: bool
    trip: dict[str, str | None] = field(default_factory=dict)
    refusals: dict[str, str | None] = field(default_factory=dict)
    pages: dict[str, str | None] = field(default_factory=dict)

    @property
    def is_stateful(self) -> bool:
        """Whether what was created, or stands in a list, was read by its id."""
        return self.trip.get("create", self.trip.get("read", "not tried")) is None

    @property
    def is_whole(self) -> bool:
        """Whether each step of the round trip that the document has came out."""
        return bool(self.trip) and not any(self.trip.values())


@dataclass
class Found:
    """All that was found of a document."""

    name: str
    operations: int = 0
    loaded: bool = False
    ready: float | None = None
    again: float | None = None
    """Seconds until ready with a cache."""
    memory: float | None = None
    pairs: list[Steps] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    unfit: dict[str, int] = field(default_factory=dict)
    undocumented: dict[str, int] = field(default_factory=dict)
    """Refusals of a 4xx status that the document does not have; many documents name none at all."""
    errors: dict[str, int] = field(default_factory=dict)
    hangs: dict[str, int] = field(default_factory=dict)
    fuzzed: int | None = None
    """The number of requests by schemathesis; None when it was left out."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Operations of which schemathesis sent nothing, by reason."""
    ended: str | None = None
    """Why it was not judged to the end."""


def judge(document: Document, base_url: str, credentials: Mapping[str, str], *, until: float) -> Found:
    """Try every pair of a document that is served."""
    found = Found(document.file.stem, len(document.operations), loaded=True)
    schemas = Schemas(document)
    client = Client(document, schemas, base_url, credentials)
    known = pairs(document)
    rider = Rider(document, client, Values(schemas), known)
    for pair in known:
        steps = Steps(pair.name, pair.makes)
        found.pairs.append(steps)
        if time.monotonic() > until:
            found.ended = found.ended or "out of time"
        if found.ended is None:
            found.ended = _pair(rider, pair, steps)
    found.requests = client.requests
    found.undocumented = dict(client.undocumented)
    found.unfit, found.errors, found.hangs = dict(client.unfit), dict(client.errors), dict(client.hangs)
    return found


def _pair(rider: Rider, pair: Pair, steps: Steps) -> str | None:
    """Try a pair; returns why the document is given up, if so."""
    for part, into in ((_trip, steps.trip), (refusals, steps.refusals), (_pages, steps.pages)):
        try:
            for name, why in part(rider, pair):
                into[name] = why
        except Hanging as hanging:
            into["hangs"] = str(hanging)
        except Exception as error:  # a fault of this program is told, and ends nothing
            into["judge"] = f"this program failed: {type(error).__name__}: {error}"
    hangs = rider.client.hangs
    return "the server hangs" if sum(hangs.values()) >= MOST_HANGS else None


def _trip(rider: Rider, pair: Pair) -> Iterator[tuple[str, str | None]]:
    made, why = _tried(lambda: rider.create(pair)) if pair.create or pair.put else (None, None)
    if made is None and pair.create is None:
        yield from _read_only(rider, pair)
        return
    yield "create", why
    if made is None:
        return
    if pair.listing is not None and rider.has_list(pair.listing):
        yield "list", _tried(lambda: rider.listed(pair, made))[1]
    for operation in pair.updates if pair.create else ():
        yield operation.method, _tried(lambda: rider.change(pair, operation, made))[1]  # noqa: B023
    if pair.delete is not None:
        yield "delete", _tried(lambda: rider.delete(pair, made))[1]


def _read_only(rider: Rider, pair: Pair) -> Iterator[tuple[str, str | None]]:
    made, why = _tried(lambda: rider.first(pair))
    yield "read", why
    if made is not None:
        yield "list", _tried(lambda: rider.listed(pair, made))[1]


def _tried(step: Callable[[], Made | None]) -> tuple[Made | None, str | None]:
    try:
        return step(), None
    except Failed as failure:
        return None, str(failure)[:400]


def _pages(rider: Rider, pair: Pair) -> Iterator[tuple[str, str | None]]:
    listing = pair.listing
    if listing is None or pair.create is None or not is_paged(rider, listing) or not rider.has_list(listing):
        return
    size = smallest(rider, listing)
    if size > 20:
        return
    above = rider.above(pair)
    asked: dict[str, Json] | None = None
    for _ in range(2 * size + 1):
        made, why = _tried(lambda: rider.create(pair, shared=asked))  # noqa: B023
        if made is None:
            yield "second page", f"create: {why}"
            return
        asked = asked or rider.required_of(listing, made)
    answers = rider.pages(listing, above, most=2, size=size, asked=asked)
    yield "second page", _continued([_marks(entries(answer), pair) for answer in answers], size, answers[-1].succeeded)


def _continued(shown: list[list[str]], size: int, succeeded: bool) -> str | None:
    if not succeeded:
        return "it is refused"
    if len(shown[0]) > size:
        return f"the first page has {len(shown[0])} where {size} are asked for"
    if len(shown) < 2:
        return "the first page offers none, although there is more"
    if not shown[1]:
        return "it is empty, although there is more"
    again = set(shown[0]) & set(shown[1])
    return f"it shows {min(again)} again" if again else None


def _marks(elements: list[Json], pair: Pair) -> list[str]:
    """What tells the elements of a page apart: their likeliest id, else all of them."""
    return [str(next((one.value for one in ids(e, pair.parameter, pair.collection)), e)) for e in elements]
