"""Replays the requests of a command on the mock and on a variant of it, in process, and finds the first difference.

Time, ids and keys are those of the recording, so that answers differ by the variant alone. Must not know how a
command is run, nor how a difference is told.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from msgspec import structs

from understudy.apis import control
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.pipeline import handle, unknown_world
from understudy.engine.worlds import Worlds
from understudy_checks.target import installed

Json = Any

MAX_STEPS = 20_000
"""The number of requests that are recorded; what a command sends after them is not compared."""

_OWN_HEADERS = b"x-mock-"


class Step(NamedTuple):
    """A request of a recording, and the nanoseconds from its start."""

    ticks: int
    request: Request


@dataclass(frozen=True, slots=True)
class Recording:
    """The requests that a server of the unchanged mock received, in their order."""

    start: int
    """The time of the default world at the start, in milliseconds since the epoch."""
    url: str
    steps: tuple[Step, ...]
    is_complete: bool = True
    frozen: bool = False
    """Whether the clock of the default world stood still."""

    def sends_like(self, other: Recording) -> bool:
        """Whether two recordings hold the same requests, whatever their times."""
        return [step.request for step in self.steps] == [step.request for step in other.steps]


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first exchange of a recording that a variant answers differently, and the exchanges before it."""

    exchange: Exchange
    earlier: Sequence[Exchange]
    response: Response
    """The variant's answer."""


class Recorder:
    """Records the requests to a server of these worlds; pass `watch` to its App."""

    def __init__(self, worlds: Worlds) -> None:
        self._start, self._began = worlds.default.clock.now(), time.perf_counter_ns()
        self._frozen = worlds.default.clock.frozen
        self._worlds = worlds
        self._steps: list[Step] = []
        self.count = 0

    def watch(self, exchange: Exchange) -> None:
        """Record the request of an exchange, up to MAX_STEPS."""
        self.count += 1
        if self.count <= MAX_STEPS:
            self._steps.append(Step(time.perf_counter_ns() - self._began, exchange.request))

    def recording(self) -> Recording:
        """What is recorded so far."""
        is_complete = self.count <= MAX_STEPS
        return Recording(self._start, self._worlds.server.url, tuple(self._steps), is_complete, self._frozen)


class Rerun:
    """A recording with the answers of the unchanged mock, to be compared with those of variants."""

    def __init__(self, api: str, recording: Recording, *, limits: Mapping[str, int | None] | None = None) -> None:
        """`limits` are the rate limits of the recorded server."""
        self.recording = recording
        self._limits = limits
        bodies: dict[bytes, bytes] = {}  # most answers are given several times
        played = (_exchange(answer) for answer in self._play(installed.declared(api), None))
        self.exchanges = [_sharing(exchange, bodies) for exchange in played]

    def divergence(self, served: Api, *, assume: Mapping[str, Json] | None = None) -> Divergence | None:
        """Find the first exchange that an API, or one under other assumptions, answers differently."""
        for number, (exchange, answer) in enumerate(zip(self.exchanges, self._play(served, assume), strict=True)):
            response = answer if isinstance(answer, Response) else answer.response
            if _seen(response, exchange) != _seen(exchange.response, exchange):
                return Divergence(exchange, self.exchanges[:number], response)
        return None

    def _play(self, served: Api, assume: Mapping[str, Json] | None) -> Iterator[Exchange | Response]:
        ticks = [0]
        clock = Clock(self.recording.start, frozen=self.recording.frozen, ticks=lambda: ticks[0])
        worlds = Worlds(
            [served, control.declare],
            seeds=installed.seeds(),
            clock=clock,
            assume=assume,
            limits=self._limits,
            seeder=installed.load_seed_once,
        )
        worlds.server.url = self.recording.url
        for step in self.recording.steps:
            ticks[0] = step.ticks
            world = worlds.find(step.request)
            yield unknown_world(step.request, worlds) if world is None else handle(step.request, world, worlds)


def recorded(api: str, run: Callable[[Callable[[Exchange], None]], None], *, start: int) -> Rerun:
    """Rerun what `run(watch)` sends to an in-process mock whose clock stands still at `start`."""
    steps: list[Step] = []
    run(lambda exchange: steps.append(Step(0, exchange.request)))
    return Rerun(api, Recording(start, "http://understudy", tuple(steps), frozen=True))


def _exchange(answer: Exchange | Response) -> Exchange:
    assert isinstance(answer, Exchange), "only requests to a world are recorded"
    return answer


def _sharing(exchange: Exchange, bodies: dict[bytes, bytes]) -> Exchange:
    """The exchange, with the body of an earlier one that is equal."""
    body = exchange.response.body
    return structs.replace(exchange, response=structs.replace(exchange.response, body=bodies.setdefault(body, body)))


def _seen(response: Response, exchange: Exchange) -> tuple[object, ...]:
    """What a command can see of a response to the request of an exchange.

    Of a state that it reads from the control API the records, of other answers there only whether it succeeded.
    """
    if exchange.api == "control":
        is_state = exchange.operation == "exportState" and response.status == 200
        return response.status, response.json()["apis"] if is_state else None
    headers = [header for header in response.headers if not header[0].startswith(_OWN_HEADERS)]
    return response.status, headers, response.body
