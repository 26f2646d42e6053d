"""Which values of assumptions are still possible, by what a service answered.

An answer rules out a value only if no values of the other assumptions behind it explain it. Must not know who asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any

from understudy.document.model import Assumption
from understudy.engine.exchange import Exchange, Response
from understudy.recording.compare import Difference
from understudy.recording.questions import Question
from understudy.recording.suppose import Mock, Values, compared, fits

Json = Any
_MOST = 2048  # combinations of possible values that are tried for an answer
_MOST_WHOLE = 64  # combinations of all values, those that are ruled out too


@dataclass(frozen=True, slots=True)
class Seen:
    """A question and what the service answered; `place` says where that is recorded."""

    question: Question
    response: Response
    place: str


@dataclass(slots=True)
class Conclusion:
    """What was seen of an assumption: the values that are possible, and the answers that say so, in words."""

    assumption: Assumption
    values: tuple[Json, ...]
    evidence: tuple[str, ...]

    @property
    def kind(self) -> str:
        """`learned` another value, `confirmed` the present one, `narrowed`, or `open`."""
        if len(self.values) == 1:
            return "confirmed" if _same(self.values[0], self.assumption.default) else "learned"
        return "narrowed" if len(self.values) <= len(self.assumption.alternatives) else "open"


@dataclass(slots=True)
class Domains:
    """The possible values of all assumptions of an API."""

    mock: Mock
    assumptions: Mapping[str, Assumption]
    possible: dict[str, list[Json]] = field(default_factory=dict)
    contradicted: set[str] = field(default_factory=set)
    unexplained: list[Seen] = field(default_factory=list)
    _base: dict[str, Json] = field(default_factory=dict)
    _evidence: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.possible = {id: _values(one) for id, one in self.assumptions.items()}

    def is_open(self, id: str) -> bool:
        """Whether an assumption may still have several values."""
        return len(self.possible[id]) > 1 and id not in self.contradicted

    def base(self) -> dict[str, Json]:
        """The values that are known by now, where they are other than the default ones."""
        return self._base

    def consulted(self, question: Question) -> set[str]:
        """The assumptions behind the mock's answer with what is known by now."""
        return set(self.mock.ask(question, self.base()).trace)

    def kind(self, question: Question) -> object:
        """What made the mock's answer: rules and assumptions, and the step that answered."""
        exchange = self.mock.ask(question, self.base())
        shown = exchange.response.body if exchange.response.status < 300 else exchange.response.status
        return frozenset(exchange.trace), exchange.stop, exchange.reason, shown, question.credential

    def effects(self, question: Question) -> dict[str, int]:
        """For each open assumption that a question tells something of: the number of answers that are told apart."""
        base = self.base()
        before = self.mock.ask(question, base)
        found: dict[str, int] = {}
        for id in dict.fromkeys(before.trace):
            if id in self.possible and self.is_open(id):
                answers = [self.mock.ask(question, {**base, id: value}).response for value in self.possible[id]]
                count = len(set(map(compared, answers)))
                if count > 1:
                    found[id] = count
        return found

    def learn(self, answers: Sequence[Seen]) -> None:
        """Take all answers together, until they say no more."""
        changed = True
        while changed:
            before = {id: len(values) for id, values in self.possible.items()}
            self.unexplained = [one for one in answers if not self._take(one)]
            changed = before != {id: len(values) for id, values in self.possible.items()}

    def _take(self, seen: Seen) -> bool:
        """Rule out what an answer rules out; whether it is explained at all."""
        whole = self._combinations(self._behind(seen.question))
        possible = [one for one in whole if self._is_possible(one)]
        fitting = self._fitting(seen, whole)
        left = [one for one in fitting if self._is_possible(one)]
        if left or not whole:
            self._rule_out(seen, left)
            return True
        if fitting:
            narrowed = {id for one in fitting for id, value in one.items() if not _holds(self.possible[id], value)}
            self.contradicted |= narrowed
            return False
        answers = [(one, self.mock.ask(seen.question, {**self._base, **one}).response) for one in possible]
        self._rule_out(seen, [one for one, answer in answers if answer.status == seen.response.status])
        return False

    def _combinations(self, ids: Sequence[str]) -> list[Values]:
        """All values of these assumptions together, or the possible ones; none where they are too many."""
        whole = [_values(self.assumptions[id]) for id in ids]
        for domains, most in ((whole, _MOST_WHOLE), ([self.possible[id] for id in ids], _MOST)):
            if ids and prod(map(len, domains)) <= most:
                return [dict(zip(ids, values, strict=True)) for values in product(*domains)]
        return []

    def _is_possible(self, values: Values) -> bool:
        return all(_holds(self.possible[id], value) for id, value in values.items())

    def _rule_out(self, seen: Seen, fitting: Sequence[Values]) -> None:
        """Keep the values of assumptions that some of these combinations have."""
        for id in fitting[0] if fitting else ():
            left = [value for value in self.possible[id] if any(_same(one[id], value) for one in fitting)]
            if len(left) < len(self.possible[id]):
                self.possible[id] = left
                if not _same(left[0], self.assumptions[id].default):
                    self._base = {**self._base, id: left[0]}
                self._evidence.setdefault(id, []).append(self._told(seen, id))

    def _fitting(self, seen: Seen, combinations: Sequence[Values]) -> list[Values]:
        """The combinations of values under which the mock answers as the service did, from one of its start states."""
        fit = {number for state in self.mock.states for number in self._fitting_from(state, seen, combinations)}
        return [combinations[number] for number in sorted(fit)]

    def _fitting_from(self, state: int, seen: Seen, combinations: Sequence[Values]) -> Iterator[int]:
        if not combinations:
            return
        base, question = self._base, seen.question
        answers = [self.mock.ask(question, {**base, **one}, state).response for one in combinations]
        distinct = {compared(one): one for one in answers}
        first = answers[0]
        telling = {each.pointer for one in distinct.values() for each in self.mock.differences(question, first, one)}
        found = {key: self.mock.differences(question, seen.response, one) for key, one in distinct.items()}
        refused = seen.response.status >= 400
        fit = {key for key, differing in found.items() if fits(differing, telling, refused=refused)}
        yield from (number for number, answer in enumerate(answers) if compared(answer) in fit)

    def why_unexplained(self, seen: Seen) -> str:
        """Where an answer that no alternative explains differs from that of the mock."""
        answer = self.mock.ask(seen.question, self.base()).response
        found = self.mock.differences(seen.question, seen.response, answer)
        told = _difference(found[0]) if found else f"{seen.response.status}, with other values than can be tried"
        return f"{seen.place}: {seen.question}: {told}"

    def _behind(self, question: Question) -> list[str]:
        """The assumptions whose values change the answer, alone or once another one is changed."""
        base = self.base()
        found: dict[str, None] = {}
        first = self._changing(question, base)
        for id, value in first:
            found[id] = None
            found |= dict.fromkeys(other for other, _ in self._changing(question, {**base, id: value}))
        return list(found)

    def _changing(self, question: Question, values: Values) -> list[tuple[str, Json]]:
        before: Exchange = self.mock.ask(question, values)
        return [
            (id, value)
            for id in dict.fromkeys(before.trace)
            if id in self.assumptions
            for value in _values(self.assumptions[id])
            if compared(self.mock.ask(question, {**values, id: value}).response) != compared(before.response)
        ]

    def _told(self, seen: Seen, id: str) -> str:
        """Where an answer is other than under a value that is ruled out."""
        base, question, assumption = self.base(), seen.question, self.assumptions[id]
        fits = self.mock.ask(question, {**base, id: self.possible[id][0]}).response
        ruled_out = (one for one in _values(assumption) if not _holds(self.possible[id], one))
        answers = (self.mock.ask(question, {**base, id: value}).response for value in ruled_out)
        telling = (
            _difference(one)
            for answer in answers
            for places in [{one.pointer for one in self.mock.differences(question, fits, answer)}]
            for one in self.mock.differences(question, seen.response, answer)
            if one.pointer in places
        )
        return f"{seen.place}: {question}: {next(telling, str(seen.response.status))}"

    def conclusions(self) -> list[Conclusion]:
        """What was seen of each assumption that has alternatives."""
        return [
            Conclusion(one, tuple(self._concluded(id)), tuple(self._evidence.get(id, ())))
            for id, one in self.assumptions.items()
            if one.alternatives
        ]

    def _concluded(self, id: str) -> Sequence[Json]:
        one = self.assumptions[id]
        return _values(one) if id in self.contradicted else self.possible[id]


def _difference(one: Difference) -> str:
    return f"{one.pointer or '/'} is {one.expected!r}, not {one.actual!r}"[:300]


def _values(assumption: Assumption) -> list[Json]:
    """The default value and the alternatives."""
    return [assumption.default, *assumption.alternatives]


def _holds(values: Sequence[Json], value: Json) -> bool:
    return any(_same(one, value) for one in values)


def _same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and bool(one == other)
