"""What the mock answers to a question under other values of its assumptions, and whether a service answered so.

Must not know which question is asked, nor what is concluded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import structs

from understudy.document.paths import parameters_of, values_in, written
from understudy.engine.api import Api
from understudy.engine.assumptions import Assumptions
from understudy.engine.exchange import Exchange, Response
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds
from understudy.recording.bindings import Bindings
from understudy.recording.bodies import plain
from understudy.recording.compare import STATUS, Comparison, Difference
from understudy.recording.names import is_id
from understudy.recording.questions import Question
from understudy.recording.recorded import Recorded

Json = Any
Values = Mapping[str, Json]


class Mock:
    """Start states of the mock that may be those of a service, in worlds whose assumptions are switched.

    `pairs` are values of the service and ours, `bases` where its URLs begin and ours. Questions only read, so one world
    of each state is enough for all.
    """

    def __init__(self, states: Sequence[Worlds], api: Api) -> None:
        self.pairs: Mapping[str, str] = {}
        self.bases: Mapping[str, str] = {}
        self.states = range(len(states))
        self._worlds, self._api = states, api
        self._values = states[0].default.assumptions
        self._switched: dict[str, Assumptions] = {}
        self._compared: dict[object, list[Difference]] = {}
        self._answers: dict[tuple[Question, str, int], Exchange] = {}

    def ask(self, question: Question, values: Values, state: int = 0) -> Exchange:
        """The exchange under these values of assumptions, the others as they are by default."""
        name = repr(dict(sorted(values.items())))
        known = self._answers.get((question, name, state))
        if known is None:
            if name not in self._switched:
                self._switched[name] = Assumptions({**self._values, **values})
            worlds = self._worlds[state]
            worlds.default.assumptions = self._switched[name]
            known = self._answers[question, name, state] = self._ask(question, worlds)
        return known

    def _ask(self, question: Question, worlds: Worlds) -> Exchange:
        world = worlds.default
        keys = (one.token for one in world.credentials.values() if one.api == self._api.name and one.state == "valid")
        request = question.with_key(self._api.contract, next(keys, None))
        path = self._paired_path(question, request.path)
        query = "&".join(self._paired(part) for part in request.query.split("&"))
        exchange = handle(structs.replace(request, path=path, query=query), world, worlds)
        head, body = plain(exchange.response.headers, exchange.response.body)
        own = tuple(field for field in head if not field[0].startswith(b"x-mock-"))
        return structs.replace(exchange, response=Response(exchange.response.status, own, body))

    def _paired(self, part: str) -> str:
        name, equals, text = part.partition("=")
        return f"{name}{equals}{self.pairs.get(text, text)}" if is_id(name) else part

    def _paired_path(self, question: Question, path: str) -> str:
        """A path with our values in place of those of the service."""
        template = question.operation.path if question.operation is not None else ""
        names, values = parameters_of(template), values_in(template, path)
        ours = [self.pairs.get(value, value) for value in values]
        end = written(template, dict(zip(names, values, strict=False)))
        return path.removesuffix(end) + written(template, dict(zip(names, ours, strict=False)))

    def differences(self, question: Question, expected: Response, actual: Response) -> list[Difference]:
        """What differs between two answers to a question, as in a replay; an id stands for itself."""
        key = question, compared(expected), compared(actual)
        if key not in self._compared:
            self._compared[key] = self._differences(question, expected, actual)
        return self._compared[key]

    def _differences(self, question: Question, expected: Response, actual: Response) -> list[Difference]:
        if compared(expected) == compared(actual):
            return []
        pairs = self.pairs
        bindings = Bindings(lambda kind, text: text not in pairs)
        for one, other in pairs.items():
            bindings.unify("", one, other)
        for base, own in self.bases.items():
            bindings.bind_origin(base, own)
        return Comparison(bindings).differences(Recorded(question.request, expected), actual, above(question))


def compared(answer: Response) -> tuple[object, ...]:
    """All of an answer that is compared, to the byte."""
    return answer.status, answer.body, answer.header("content-type"), answer.header("location")


def above(question: Question) -> str:
    """The last word of a path, which its answer is about."""
    path = question.operation.path if question.operation is not None else question.request.path
    words = [word for word in path.split("/") if word and "{" not in word]
    return words[-1] if words else ""


def fits(found: Sequence[Difference], telling: Collection[str], *, refused: bool) -> bool:
    """Whether a service answered so: nothing differs at a `telling` place, nor which things it showed."""
    if any(_is_near(one.pointer, place) for one in found for place in (STATUS, *telling)):
        return False
    return refused or not any(map(_is_item, found))


def _is_near(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _is_item(difference: Difference) -> bool:
    """Whether an item of a list is another one, missing, or too many."""
    before, _, name = difference.pointer.rpartition("/")
    return name.isdigit() or (is_id(name) and any(part.isdigit() for part in before.split("/")))
