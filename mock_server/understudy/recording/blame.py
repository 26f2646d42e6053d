"""Who is to blame for a difference: the mock, the recording, or the document; each with what says so.

A recorded answer that breaks the document is the recording's fault, unless all of its kind break it alike: then it is
the document that is wrong. So it is where it refuses what the service accepted, or lacks what that always sends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from understudy.document.pointer import at
from understudy.document.responses import header_errors
from understudy.engine.exchange import Exchange, Response, body_type
from understudy.messages import shorten
from understudy.recording.compare import NOTHING, STATUS, Difference
from understudy.recording.picked import Picked
from understudy.recording.undeclared import sent_always

Json = Any
Who = Literal["mock", "target", "recording", "document"]
_REFUSALS = ("validation", "route", "auth")


class Violation(NamedTuple):
    """How a response breaks the document: a pointer into the body, `status` or `header NAME`, and what is wrong."""

    pointer: str
    text: str
    rule: str  # where the document says so: a JSON pointer into a schema


class Blame(NamedTuple):
    """Who is to blame, why, the ids of the rules and assumptions that made the mock's answer, and what is broken.

    `rule` is the place in the document's schema of the answer (a JSON pointer), `status`, `body` or a header's name.
    """

    who: Who
    why: str
    trace: tuple[str, ...] = ()
    rule: str | None = None


class Judge:
    """Judges differences by the document. It has to see all recorded answers first."""

    def __init__(self, picked: Iterable[Picked]) -> None:
        self._broken: defaultdict[tuple[str, str, int, str], int] = defaultdict(int)
        self._violations: dict[int, list[Violation]] = {}
        self._alike: defaultdict[tuple[str, str, int], list[Picked]] = defaultdict(list)
        self._always: dict[tuple[str, str, int, str], int] = {}
        for one in picked:
            if one.operation is not None:
                key = one.api.name, one.operation.id, one.recorded.response.status
                self._alike[key].append(one)
                for rule in {violation.rule for violation in self.violations(one)}:
                    self._broken[(*key, rule)] += 1

    def violations(self, picked: Picked) -> list[Violation]:
        """How a recorded answer breaks the document."""
        known = self._violations.get(id(picked.recorded))
        if known is None:
            known = list(violations(picked, picked.recorded.response))
            self._violations[id(picked.recorded)] = known
        return known

    def blame(self, picked: Picked, difference: Difference, answer: Response, exchange: Exchange | None) -> Blame:
        """Who is to blame for a difference of an answer; `exchange` is None where the target is no mock."""
        if difference.pointer == STATUS and picked.operation is None and exchange is not None:
            return Blame("document", _no_operation(picked, answer), exchange.trace)
        if difference.pointer == STATUS and exchange is not None:
            refused = exchange.reason if exchange.reason in _REFUSALS else None
            if refused and picked.recorded.response.status < 300:
                hint = answer.header("x-mock-hint") or _message(answer)
                return Blame("document", f"it refuses what the service accepted: {hint}", exchange.trace)
            unmade = self.violations(picked)
            if unmade and answer.status == 404 and picked.recorded.response.status < 300:
                return self._by_document(picked, unmade[0])  # such an object was never made
        broken = next((one for one in self.violations(picked) if _concerns(one, difference)), None)
        if broken is not None:
            return self._by_document(picked, broken)
        unknown = next((one for one in self.violations(picked) if one.pointer == STATUS), None)
        if unknown is not None:  # of a status that service and target share
            return Blame("document", f"it does not say what is answered: {unknown.text}", rule=unknown.rule)
        always = self._always_sent(picked, difference) if difference.actual is NOTHING else 0
        if always > 1:
            text = f"it does not declare {anywhere(difference.pointer)}, which the service sent all {always} times"
            return Blame("document", text)
        if exchange is None:
            return Blame("target", "it answers otherwise")
        if exchange.error is not None:
            return Blame("mock", "it failed: " + exchange.error.strip().splitlines()[-1], exchange.trace)
        wrong = next((one for one in violations(picked, answer) if _concerns(one, difference)), None)
        if wrong is not None:
            return Blame("mock", f"its answer breaks the document: {wrong.text}", exchange.trace, wrong.rule)
        return Blame("mock", _decided(picked, exchange), tuple(dict.fromkeys(exchange.trace)))

    def _always_sent(self, picked: Picked, difference: Difference) -> int:
        """How often a member was recorded that the document does not declare, if it was each time; else 0."""
        if picked.operation is None or not difference.pointer.startswith("/"):
            return 0
        key = picked.api.name, picked.operation.id, picked.recorded.response.status
        place = (*key, anywhere(difference.pointer))
        if place not in self._always:
            self._always[place] = sent_always(picked, self._alike[key], difference.pointer)
        return self._always[place]

    def _by_document(self, picked: Picked, broken: Violation) -> Blame:
        assert picked.operation is not None, "what is no operation breaks no schema"
        key = picked.api.name, picked.operation.id, picked.recorded.response.status
        seen = len(self._alike[key])
        if seen > 1 and self._broken[(*key, broken.rule)] == seen:
            text = f"it forbids what the service did in all {seen} recorded answers: {broken.text}"
            return Blame("document", text, rule=broken.rule)
        return Blame("recording", f"it breaks the document: {broken.text}", rule=broken.rule)


def violations(picked: Picked, response: Response) -> Iterator[Violation]:
    """How a response breaks the document; nothing where the operation is unknown."""
    operation = picked.operation
    if operation is None:
        return
    statuses = (str(response.status), f"{response.status // 100}XX", "default")
    expected = next((operation.responses[one] for one in statuses if one in operation.responses), None)
    if expected is None:
        known = ", ".join(operation.responses)
        yield Violation(STATUS, f"{operation.id} has no status {response.status} (known: {known})", STATUS)
        return
    if not picked.recorded.partial:
        for text in header_errors(expected, response):
            name = text.split(" ")[2]
            yield Violation(f"header {name}", f"{operation.id}: {response.status}: {text}", name)
    if (expected.body is None and expected.media_type == "") or picked.recorded.request.method == "HEAD":
        return
    chosen = next((one for one in (expected, *expected.others) if one.has_type(body_type(response))), None)
    if chosen is None:
        if picked.recorded.partial:
            return
        text = f"{operation.id}: {response.status}: content type {body_type(response)!r} is not documented"
        yield Violation("header content-type", text, "content-type")
        return
    if chosen.body is None:
        return
    try:
        value = response.json()
    except ValueError:
        yield Violation("", f"{operation.id}: {response.status}: the body is not JSON", "body")
        return
    for error in chosen.body.iter_errors(value):
        missing = getattr(error.kind, "property", None)  # of `required`: the place is that of the member
        pointer = at(*error.instance_path, *([] if missing is None else [missing]))
        text = f"{operation.id}: {response.status}: {at(*error.instance_path) or '/'}: {shorten(error.message, 300)}"
        yield Violation(pointer, text, at(*error.schema_path))


def anywhere(pointer: str) -> str:
    """A pointer with `*` for the numbers in it."""
    return "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))


def _concerns(violation: Violation, difference: Difference) -> bool:
    """Whether a violation is at the place of a difference, above or below it."""
    one, other = violation.pointer, difference.pointer
    if not one.startswith("/") or not other.startswith("/"):
        return one == other or (not one and other.startswith("/"))
    return one == other or other.startswith(f"{one}/") or one.startswith(f"{other}/")


def _decided(picked: Picked, exchange: Exchange) -> str:
    """What of the document made the mock's answer, in words."""
    contract = picked.api.contract
    rules = {rule.id: rule for rule in contract.rules}
    ids = list(dict.fromkeys(exchange.trace))
    assumed = [f"assumption {id}" for id in ids if id in contract.assumptions]
    ruled = [f"rule {id}" for id in ids if id in rules]
    made = ", ".join((*ruled, *assumed))
    return f"its answer was made by {made}" if made else "no rule or assumption is behind its answer"


def _no_operation(picked: Picked, answer: Response) -> str:
    request = picked.recorded.request
    allowed, hint = answer.header("allow"), answer.header("x-mock-hint")
    more = f"; it has {allowed} there" if allowed else f"; {hint}" if hint else ""
    return f"it has no operation {request.method} {request.path}{more}"


def _message(answer: Response) -> str:
    """The message of an error, or else the whole body."""
    try:
        told = _told(answer.json())
    except ValueError:
        told = None
    return shorten(told or answer.body.decode("utf-8", "backslashreplace"), 200)


def _told(value: Json) -> str | None:
    """The text of the first usual member for messages, also in `error`."""
    if not isinstance(value, dict):
        return None
    found = (value.get(name) for name in ("detail", "message", "error", "title"))
    return next((text for one in found if (text := one if isinstance(one, str) else _told(one))), None)
