"""Asks a service, by requests that only read, what its document leaves open: the ones first that settle most.

Must not know files, nor what is done with the conclusions.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec

from understudy.document.operation import Operation
from understudy.document.paths import values_in
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.exchange import Response
from understudy.engine.worlds import Worlds
from understudy.recording.domains import Conclusion, Domains, Seen
from understudy.recording.evidence import Model, model_of
from understudy.recording.lookup import Arguments, json_of
from understudy.recording.picked import Picked
from understudy.recording.prepare import Prepared, given_ids
from understudy.recording.questions import READS, Asker, Question, is_page_size
from understudy.recording.recorded import Recorded, Recording
from understudy.recording.suppose import Mock
from understudy.recording.targets import NoAnswer, UrlTarget
from understudy.recording.waiting import retry_after
from understudy.resources.roles import at_pointer

MAX_WAIT = 300.0
"""The most seconds that are waited in all, where the service asks for it."""

_TRIES = 3  # questions that do not settle an assumption, or arguments that an operation refuses, before it is left
_MOST_QUESTIONS = 3000
_ALIKE = 6  # questions that are kept whose answers are made alike
_MOST_OWN = 1000  # items of a collection of the mock

Start = Callable[[Sequence[Picked]], tuple[Worlds, Prepared]]
"""Makes worlds of the mock that hold what exchanges show."""


class Refused(Exception):
    """The service does not take the key; the message is one line."""


class Spent(Exception):
    """Nothing more may be asked; the message says why."""


@dataclass(slots=True)
class Service:
    """A service that is asked at most `budget` times, and never for longer than MAX_WAIT seconds of waiting.

    Each exchange goes to `watch`, a line before each wait to `tell`. Requests that are refused for their rate count.
    """

    target: UrlTarget
    api: Api
    key: str | None
    budget: int
    watch: Callable[[Recorded], None] = lambda recorded: None
    tell: Callable[[str], None] = lambda line: None
    sleep: Callable[[float], None] = time.sleep  # noqa: TID251 - the time of a service is real
    requests: int = 0
    limited: int = 0
    waited: float = 0.0

    def ask(self, question: Question) -> tuple[Response, Recorded]:
        """The answer to a question, and its record. Raises Spent, NoAnswer, and ValueError for no read."""
        if question.request.method not in READS:  # no assert: what users rely on holds under `python -O`, too
            raise ValueError(f"{question.request.method} does not only read")
        while True:
            if self.requests >= self.budget:
                raise Spent(f"the budget of {self.budget} requests is used up")
            self.requests += 1
            request = question.with_key(self.api.contract, self.key)
            at = Clock().now()
            response = self.target.send(self.api, request).response
            recorded = Recorded(request, response, origin=self.target.origin(), at=at, number=self.requests)
            self.watch(recorded)
            if response.status != 429:
                return response, recorded
            self.limited += 1
            self._wait(response)

    def _wait(self, response: Response) -> None:
        seconds = retry_after(response, Clock().now())
        if self.waited + seconds > MAX_WAIT:
            raise Spent(f"it asks for more than {MAX_WAIT:g} seconds of waiting in all")
        self.waited += seconds
        self.tell(f"waiting {seconds:g} s, as the service asks with 429")
        self.sleep(seconds)


@dataclass(slots=True)
class Lesson:
    """What was asked, and what is known after it. `stopped` says why there were no more questions, if not for want."""

    conclusions: Sequence[Conclusion]
    unexplained: Sequence[str]
    remarks: Sequence[str]
    requests: int
    stopped: str = ""
    failed: bool = False


@dataclass(slots=True)
class Session:
    """Asks a service about one API. `given` are values of parameters that the user names."""

    service: Service
    api: Api
    start: Start
    given: Mapping[str, str] = field(default_factory=dict)
    _seen: list[Seen] = field(default_factory=list)
    _picked: list[Picked] = field(default_factory=list)
    _asked: set[Question] = field(default_factory=set)
    _arguments: dict[str, dict[str, str]] = field(default_factory=dict)
    _sound: dict[str, bool] = field(default_factory=dict)

    def run(self) -> Lesson:
        """Look around, then ask. Raises NoAnswer where the first request has none, and Refused."""
        asker, model = Asker(self.api.contract), model_of(self.api)
        known = Arguments(model, self.given)
        stopped, failed = "", False
        try:
            self._look_around(asker, known)
        except Spent as spent:
            stopped = str(spent)
        except NoAnswer as error:
            if not self._seen:
                raise
            stopped, failed = str(error), True
        mock, prepared = self._mock(asker, known, model)
        readings = self.api.readings.defaults if self.api.readings is not None else {}  # for which worlds are made anew
        switched = {id: one for id, one in self.api.contract.assumptions.items() if id not in readings}
        domains = Domains(mock, switched)
        domains.learn(self._seen)
        if not stopped:
            try:
                self._ask(domains, list(islice(self._questions(asker, known), _MOST_QUESTIONS)), asker)
            except Spent as spent:
                stopped = str(spent)
            except NoAnswer as error:
                stopped, failed = str(error), True
        lines = list(map(domains.why_unexplained, domains.unexplained))
        return Lesson(domains.conclusions(), lines, prepared.lines(), self.service.requests, stopped, failed)

    def _mock(self, asker: Asker, known: Arguments, model: Model) -> tuple[Mock, Prepared]:
        """The mock in the start states that the answers may show, with its values for those of the service."""
        worlds, prepared = self.start(self._picked)
        states = [worlds]
        if prepared.inferred:  # its order is taken from the answers, and must not be taken for evidence
            states.append(self.start([_backwards(one, model) for one in self._picked])[0])
        mock = Mock(states, self.api)
        mock.bases = {self.service.target.base(): f"{worlds.server.url}{self.api.contract.prefixes[0]}"}
        own = Arguments(model, self.given, most=_MOST_OWN)
        _learn_own(mock, asker, own, self.api)
        mock.pairs = known.pairs(own, given_ids(worlds))
        return mock, prepared

    def _look_around(self, asker: Asker, known: Arguments) -> None:
        """Ask for all lists, and what leads to the arguments of other operations, in at most half of the budget."""
        reads = [one for one in self.api.contract.operations.values() if one.method == "GET"]
        reads.sort(key=lambda one: (one.path.count("{"), one.id not in known.lists))
        done: set[str] = set()
        tried: set[Question] = set()
        while self.service.requests < max(self.service.budget // 2, 1):
            question = self._next_place(asker, known, [one for one in reads if one.id not in done], tried)
            if question is None:
                return
            operation = question.operation
            assert operation is not None, "it is one of those that read"
            tried.add(question)
            response = self._send(question)
            self._check_key(question, response)
            self._sound[operation.id] = response.status < 300
            known.learn(operation, question.request, response)
            if response.status < 300 or sum(one.operation is operation for one in tried) == _TRIES:
                done.add(operation.id)
            elif response.status in (403, 404):
                known.rotate(operation)

    def _next_place(
        self, asker: Asker, known: Arguments, reads: Sequence[Operation], tried: Collection[Question]
    ) -> Question | None:
        """Where to look next: what has arguments that were seen, then what has those of the document's examples."""
        is_missing = {one.id: known.is_missing(one) for one in reads}
        for operation in sorted(reads, key=lambda one: is_missing[one.id]):
            arguments = known.of(operation)
            if arguments is not None and (any(is_missing.values()) or operation.id in known.lists):
                question = asker.plain(operation, arguments | _largest_page(operation))
                if question not in tried:
                    return question
        return None

    def _check_key(self, question: Question, response: Response) -> None:
        """Raise Refused for a key that was never taken."""
        if response.status == 401 and not any(one.response.status < 300 for one in self._seen):
            key = "the key" if self.service.key else "a request without a key; --api-key K gives one"
            raise Refused(f"{self.service.target.origin()} refuses {key}: {question} was answered 401")

    def _questions(self, asker: Asker, known: Arguments) -> Iterator[Question]:
        """All questions for which arguments are known, each once, those to paths that are not there too."""
        yield from asker.elsewhere()
        for operation in self.api.contract.operations.values():
            for number, arguments in enumerate(known.each(operation) if operation.method == "GET" else ()):
                self._arguments.setdefault(operation.id, arguments)
                variants = asker.variants(operation, arguments)
                yield from dict.fromkeys(variants if not number else [asker.plain(operation, arguments)])

    def _send(self, question: Question) -> Response:
        response, recorded = self.service.ask(question)
        self._asked.add(question)
        if response.status < 500:
            self._seen.append(Seen(question, response, f"request {recorded.number}"))
        operation = question.operation
        if operation is not None and question.credential == "given":
            segments = values_in(operation.path, question.request.path)
            recording = Recording(Path("the service"), ())
            self._picked.append(Picked(recorded, recording, self.api, operation, segments))
        return response

    def _is_sound(self, question: Question, asker: Asker) -> bool:
        """Whether the service answers the operation at all as it is documented; asks it where that is unknown."""
        operation = question.operation
        if operation is None:
            return True
        if operation.id not in self._sound:
            plain = asker.plain(operation, self._arguments[operation.id])
            self._sound[operation.id] = self._send(plain).status < 300
        return self._sound[operation.id]

    def _ask(self, domains: Domains, questions: Sequence[Question], asker: Asker) -> None:
        """Ask the question that tells most, as long as one tells something of an open assumption."""
        tries: Counter[str] = Counter()
        base = domains.base()
        effects = {one: domains.effects(one) for one in _unlike(domains, questions)}
        while True:
            worth = {one: _worth(domains, tries, found) for one, found in effects.items() if one not in self._asked}
            best = max(worth, key=worth.__getitem__, default=None)
            if best is None or not worth[best]:
                return
            if not self._is_sound(best, asker):
                effects = {one: found for one, found in effects.items() if one.operation is not best.operation}
                continue
            self._send(best)
            domains.learn(self._seen)
            tries.update(id for id in effects[best] if domains.is_open(id))
            before, base = base, domains.base()
            changed = {id for id in {**before, **base} if before.get(id, domains) != base.get(id, domains)}
            effects |= {
                one: domains.effects(one)
                for one in effects
                if changed & domains.consulted(one) or changed & effects[one].keys()
            }


def _unlike(domains: Domains, questions: Sequence[Question]) -> list[Question]:
    """Questions whose answers are made by different rules and assumptions, and a few of those that are alike."""
    counts: Counter[object] = Counter()
    found: list[Question] = []
    for one in questions:
        kind = domains.kind(one)
        if counts[kind] < _ALIKE:
            found.append(one)
        counts[kind] += 1
    return found


def _worth(domains: Domains, tries: Counter[str], effects: Mapping[str, int]) -> float:
    """How much a question may settle: what was asked for in vain counts less, and at last nothing."""
    open = ((id, count) for id, count in effects.items() if domains.is_open(id) and tries[id] < _TRIES)
    return sum((count - 1) / (1 + tries[id]) for id, count in open)


def _learn_own(mock: Mock, asker: Asker, own: Arguments, api: Api) -> None:
    """Find the arguments that the mock itself has."""
    reads = [one for one in api.contract.operations.values() if one.method == "GET"]
    for _ in range(1 + max((one.path.count("{") for one in reads), default=0)):
        for operation in reads:
            arguments = own.of(operation)
            if arguments is not None:
                question = asker.plain(operation, arguments | _largest_page(operation))
                own.learn(operation, question.request, mock.ask(question, {}).response)


def _backwards(picked: Picked, model: Model) -> Picked:
    """The exchange as if its list were in the other order."""
    role = model.roles.get(picked.operation.id) if picked.operation is not None else None
    response = picked.recorded.response
    body = json_of(response)
    items = at_pointer(body, role.answer.pointer) if role is not None and response.status < 300 else None
    if not isinstance(items, list):
        return picked
    items.reverse()
    turned = Response(response.status, response.headers, msgspec.json.encode(body))
    return picked._replace(recorded=picked.recorded._replace(response=turned))


def _largest_page(operation: Operation) -> dict[str, str]:
    """The argument that asks for as many items as a page may have."""
    return {one.name: str(one.schema["maximum"]) for one in operation.parameters if is_page_size(one)}
