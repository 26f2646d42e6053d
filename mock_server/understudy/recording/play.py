"""Plays recorded exchanges in order on a target, and tells what of its answers differs, and who is to blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import structs

from understudy.engine.exchange import Exchange, Request, Response, body_type
from understudy.recording.access import Access
from understudy.recording.bindings import Bindings
from understudy.recording.blame import Blame, Judge
from understudy.recording.compare import Comparison, Difference, Match
from understudy.recording.picked import Picked
from understudy.recording.targets import Target
from understudy.recording.wording import is_own_wording


@dataclass(frozen=True, slots=True)
class Fault:
    """A difference, and who is to blame."""

    difference: Difference
    blame: Blame


@dataclass(frozen=True, slots=True)
class Played:
    """One recorded exchange, what was sent for it, and how the answer differs."""

    picked: Picked
    request: Request
    response: Response
    exchange: Exchange | None
    faults: tuple[Fault, ...]


def play(
    picked: Sequence[Picked],
    target: Target,
    *,
    match: Match = "strict",
    ignore: Sequence[str] = (),
    known: Callable[[str, str], bool] = lambda kind, text: False,
) -> Iterator[Played]:
    """Play exchanges in order; yields each with its differences. Raises NoAnswer.

    `known` says which ids of a kind the target was given, and so has to answer with.
    """
    judge, access = Judge(picked), Access(picked, target.key)
    bindings = Bindings(known)
    how = Comparison(bindings, match, tuple(ignore), timed=target.timed)
    for one in picked:
        recorded = one.recorded
        if recorded.origin:
            bindings.bind_origin(recorded.origin, target.origin())
        if recorded.at is not None:
            target.wait_until(recorded.at)
        request = _request(one, bindings, access, target)
        answered = target.send(one.api, request)
        found = how.differences(recorded, answered.response, one.above)
        told = [each for each in found if not is_own_wording(one, each, answered.exchange)]
        faults = tuple(Fault(each, judge.blame(one, each, answered.response, answered.exchange)) for each in told)
        yield Played(one, request, answered.response, answered.exchange, faults)


def _request(picked: Picked, bindings: Bindings, access: Access, target: Target) -> Request:
    """A recorded request for the target: bound values and credentials replaced."""
    recorded = picked.recorded.request
    host = target.origin().partition("://")[2].encode()
    headers = tuple(
        (name, host if name == b"host" else bindings.text(value.decode("latin-1")).encode("latin-1", "replace"))
        for name, value in recorded.headers
    )
    request = structs.replace(
        recorded,
        path=bindings.path(recorded.path),
        query=bindings.query(recorded.query),
        headers=headers,
        body=bindings.body(recorded.body, body_type(recorded), picked.above),
    )
    return access.apply(picked, request)
