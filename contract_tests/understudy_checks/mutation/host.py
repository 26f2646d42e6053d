"""Serves one variant of the mock after another at one address, and compares variants with recordings.

A RemoteHost does the same in a process of its own. Must not know what talks to the server.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

from understudy.apis import control
from understudy.apis.own import Own
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.server import ready_file, serving_in_turn
from understudy_checks.mutation import Alternative, Mutant
from understudy_checks.mutation.difference import Difference, describe
from understudy_checks.mutation.generated import Generated
from understudy_checks.mutation.marks import Mark, marks_of
from understudy_checks.mutation.replay import Recorder, Recording, Rerun
from understudy_checks.target import installed

Json = Any
Subject = Mutant | Generated | Alternative

DOCUMENTED = 0
"""Stands for the documented rate limit."""

PATIENCE = 5.0
"""The seconds that a process may take to end."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a client has to know of a served variant: its entry of the ready file, and the whole file."""

    entry: Mapping[str, Json]
    ready_file: str


class Host:
    """A server in this process, of one API and of one variant at a time."""

    def __init__(self, api: str | Own, requests: int | None = DOCUMENTED) -> None:
        """`api` is a name, or a document of the user.

        `requests` replaces the number of requests of the documented rate limit; None removes the limit.
        """
        self.api = installed.install(api)
        self._limits = None if requests == DOCUMENTED else {self.api: requests}
        self._stack = ExitStack()
        self._replace_app = self._stack.enter_context(serving_in_turn(App(self.worlds(None))))
        self._recorder: Recorder | None = None
        self._reruns: list[Rerun] = []
        self._marks: frozenset[Mark] = frozenset()

    def serve(self, subject: Subject | None = None) -> Access:
        """Serve a variant from now on, or the mock as it is, in a new world."""
        worlds = self.worlds(subject)
        self._replace_app(App(worlds))
        return self._access(worlds)

    def record(self) -> Access:
        """Serve the mock as it is from now on, in a new world, and record the requests."""
        worlds = self.worlds(None)
        self._recorder = Recorder(worlds)
        self._replace_app(App(worlds, watch=self._recorder.watch))
        return self._access(worlds)

    def recording(self) -> Recording:
        """The requests since `record`."""
        assert self._recorder is not None, "something was recorded"
        return self._recorder.recording()

    def learn(self, recordings: Sequence[Recording]) -> dict[str, int]:
        """Replay recordings on the mock, to compare variants with them; returns the number of requests by operation."""
        self._reruns = [Rerun(self.api, recording, limits=self._limits) for recording in recordings]
        exchanges = chain.from_iterable(rerun.exchanges for rerun in self._reruns)
        self._marks = frozenset(mark for exchange in exchanges for mark in marks_of(exchange))
        counts: dict[str, int] = {}
        for exchange in self._reruns[0].exchanges:
            if exchange.api == self.api and exchange.operation is not None:
                counts[exchange.operation] = counts.get(exchange.operation, 0) + 1
        return counts

    def differences(self, subjects: Sequence[Subject]) -> list[Difference | None]:
        """For each variant, the first answer that differs in a learned recording; None when all are equal."""
        return [self._difference(subject) for subject in subjects]

    def close(self) -> None:
        """Stop serving."""
        self._stack.close()

    def _difference(self, subject: Subject) -> Difference | None:
        if isinstance(subject, Generated) and not subject.marks & self._marks:
            return None  # without a replay: no answer can differ
        served, assume = changed_api(self.api, subject), assumed(subject)
        divergences = (rerun.divergence(served, assume=assume) for rerun in self._reruns)
        found = next(filter(None, divergences), None)
        return None if found is None else describe(installed.document(self.api), found)

    def worlds(self, subject: Subject | None = None) -> Worlds:
        """The worlds of a variant, otherwise like those of `understudy serve`."""
        return Worlds(
            [changed_api(self.api, subject), control.declare],
            seeds=installed.seeds(),
            assume=assumed(subject),
            limits=self._limits,
            seeder=installed.load_seed_once,
        )

    def _access(self, worlds: Worlds) -> Access:
        return Access(worlds.access_info(worlds.default, self.api), ready_file(worlds))


class RemoteHost:
    """A Host in a process of its own, which ends with this object or with our process."""

    def __init__(self, api: str | Own, requests: int | None = DOCUMENTED) -> None:
        context = get_context("spawn")  # forking is unsafe with threads
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=obey, args=(theirs, api, requests), daemon=True)
        self._process.start()
        theirs.close()

    def serve(self, subject: Subject | None = None) -> Access:
        """See Host."""
        access: Access = self._ask("serve", subject)
        return access

    def record(self) -> Access:
        """See Host."""
        access: Access = self._ask("record")
        return access

    def recording(self) -> Recording:
        """See Host."""
        recording: Recording = self._ask("recording")
        return recording

    def learn(self, recordings: Sequence[Recording]) -> dict[str, int]:
        """See Host."""
        counts: dict[str, int] = self._ask("learn", recordings)
        return counts

    def differences(self, subjects: Sequence[Subject]) -> list[Difference | None]:
        """See Host."""
        found: list[Difference | None] = self._ask("differences", subjects)
        return found

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(PATIENCE)
        self._process.kill()
        self._process.join()

    def _ask(self, name: str, *arguments: Any) -> Any:
        """Call a method of the Host. Raises what it raises, and BrokenProcessPool when its process has ended."""
        try:
            self._pipe.send((name, arguments))
            answer, error = self._pipe.recv()
        except (EOFError, OSError) as gone:
            raise BrokenProcessPool("a process that serves the mock has ended") from gone
        if error is not None:
            raise error
        return answer


def obey(pipe: Connection, api: str | Own, requests: int | None) -> None:
    """Call the methods of a Host that a RemoteHost asks for, until it is closed."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent process handles these
        signal.signal(number, signal.SIG_IGN)
    host = Host(api, requests)
    with suppress(EOFError, OSError):
        while True:
            name, arguments = pipe.recv()
            pipe.send(_outcome(host, name, arguments))
    host.close()


def changed_api(api: str, subject: Subject | None) -> Api:
    """The API as a variant serves it."""
    declared = installed.declared(api)
    return declared if subject is None or isinstance(subject, Alternative) else subject.breaks(declared)


def assumed(subject: Subject | None) -> dict[str, Json] | None:
    """The assumption that a variant changes; None for any but an alternative."""
    return {subject.assumption: subject.value} if isinstance(subject, Alternative) else None


def _outcome(host: Host, name: str, arguments: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    try:
        return getattr(host, name)(*arguments), None
    except Exception as error:  # it is raised in the other process
        return None, error
