"""What a client would see of a variant: the first answer that differs, and the test that would notice, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from understudy.apis import control
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks import mutation
from understudy_checks.mutation import replay
from understudy_checks.mutation.advice import advice
from understudy_checks.mutation.difference import ELSEWHERE, Difference, describe
from understudy_checks.mutation.generated import noticeable
from understudy_checks.mutation.operators import at_event, map_answer, map_bytes, map_error, replace_handler, set_status
from understudy_checks.mutation.replay import Divergence, Recorder, Recording, Rerun, Step
from understudy_checks.target import installed

Json = Any
KEY = (b"authorization", b"Bearer nxs_live_your_key")
CONTRACT = installed.document("nextstep")
LIST, UNKNOWN = "/process-runs", "/process-runs/unknown"
TEMPLATE = "CcIJXVzRuiP5HvI26FTE"


class Session:
    """Requests to a served mock, which are recorded."""

    def __init__(self, clock: Clock | None = None) -> None:
        served = [installed.declared("nextstep"), control.declare]
        self.worlds = Worlds(served, seeds=installed.seeds(), clock=clock, seeder=installed.load_seed_once)
        self.recorder = Recorder(self.worlds)
        self.app = App(self.worlds, watch=self.recorder.watch)

    def send(self, method: str, path: str, query: str = "", json_body: Json = None, **headers: str) -> Json:
        """Send a request; returns the decoded body."""
        body = b"" if json_body is None else json.dumps(json_body).encode()
        own = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())
        key = () if "authorization" in headers else (KEY,)
        path = path if path.startswith("/__mock__") else f"/api/v1{path}"
        response = call(
            self.app, Request(method, path, query, (*own, *key, (b"content-type", b"application/json")), body)
        )
        return response.json() if response.body else None

    def rerun(self) -> Rerun:
        """The recorded requests, replayed."""
        return Rerun("nextstep", self.recorder.recording())

    def difference(self, breaks: Callable[[Api], Api]) -> Difference | None:
        """The first answer that differs on a broken API."""
        found = self.rerun().divergence(breaks(installed.declared("nextstep")))
        return None if found is None else describe(CONTRACT, found)


@pytest.fixture
def session() -> Session:
    """A fresh mock."""
    return Session()


def busy(session: Session) -> None:
    """Make a world, move its clock, put its state back, and start runs in it."""
    world = session.send("POST", "/__mock__/worlds")
    token = f"Bearer {world['apis']['nextstep']['api_key']}"
    session.send("POST", LIST, json_body={"template_id": TEMPLATE}, authorization=token)
    session.send("POST", "/__mock__/clock/advance", json_body={"seconds": 3600}, x_mock_world=world["id"])
    state = session.send("GET", "/__mock__/state", x_mock_world=world["id"])
    session.send("PUT", "/__mock__/state", json_body=state, x_mock_world=world["id"])
    session.send("POST", LIST, json_body={"template_id": TEMPLATE}, authorization=token)
    session.send("GET", LIST, authorization=token)


def test_a_replay_gives_the_recorded_answers() -> None:
    """Ids, times and keys are those of the recording, also in worlds that are made, moved and put back."""
    session, answers = Session(Clock(frozen=True)), []
    watch = session.recorder.watch
    session.app = App(session.worlds, watch=lambda exchange: (watch(exchange), answers.append(exchange.response)))
    busy(session)
    assert [exchange.response for exchange in session.rerun().exchanges] == answers


def test_two_replays_have_the_same_time(session: Session) -> None:
    """Clocks run by the recording, not by how long a replay takes."""
    busy(session)
    assert session.rerun().divergence(installed.declared("nextstep")) is None


def test_only_what_a_client_of_the_vendor_sees_counts(session: Session) -> None:
    """Hints are ours; of an answer of the control API only the status counts, unless it is a state."""
    run = session.send("GET", LIST, "limit=1&status=active")["data"][0]["id"]
    task = session.send("GET", f"{LIST}/{run}/tasks")["data"][0]["id"]
    skip = {"api": "nextstep", "event": "skip-task", "run_id": run, "task_id": task}
    session.send("POST", "/__mock__/events", json_body=skip)
    other = at_event("skip-task", lambda event, call: {**event(call), "more": 1})
    assert session.difference(other) is None
    refused = at_event("skip-task", lambda event, call: 1 / 0)
    found = session.difference(refused)
    assert found is not None
    assert (found.operation, found.part) == (ELSEWHERE, "status")
    assert found.advice.startswith("sends `POST /__mock__/events` and checks that the status is ")


def test_the_records_of_a_state_count(session: Session) -> None:
    """A test may look at what is kept, though no answer of the API shows it; assumptions and ids do not count."""
    session.send("POST", LIST, json_body={"template_id": TEMPLATE, "name": "Jane"})
    id, value = "nextstep.tasks.unset-value", ""
    session.send("GET", "/__mock__/state")
    assert session.rerun().divergence(installed.declared("nextstep"), assume={id: value}) is None
    name = "the-answer-to-starting-a-run-shows-its-name-which-is-then-forgotten"
    (forgotten,) = [mutant for mutant in mutation.mutants("nextstep") if mutant.name == name]
    found = session.difference(forgotten.breaks)
    assert found is not None
    assert (found.operation, found.part) == (ELSEWHERE, "member")
    assert found.advice.startswith("sends `GET /__mock__/state` and checks ")


def test_a_long_recording_says_that_it_is_not_whole(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command sends after so many requests is not compared."""
    monkeypatch.setattr(replay, "MAX_STEPS", 1)
    session.send("GET", LIST)
    assert session.recorder.recording().is_complete
    session.send("GET", LIST)
    recording = session.recorder.recording()
    assert (recording.is_complete, len(recording.steps)) == (False, 1)


def test_recordings_are_alike_by_their_requests(session: Session) -> None:
    """Times do not count."""
    session.send("GET", LIST)
    recording = session.recorder.recording()
    again = Recording(0, "http://elsewhere", tuple(Step(0, step.request) for step in recording.steps))
    assert recording.sends_like(again)
    assert not recording.sends_like(Recording(0, "", ()))


def test_a_world_that_is_missing_is_a_difference(session: Session) -> None:
    """A request to a world that only the mock has finds none on the variant."""
    world = session.send("POST", "/__mock__/worlds")
    session.send("GET", LIST, x_mock_world=world["id"])
    rerun = session.rerun()
    rerun.recording = replace(rerun.recording, steps=rerun.recording.steps[1:])
    rerun.exchanges = rerun.exchanges[1:]
    found = rerun.divergence(installed.declared("nextstep"))
    assert found is not None
    assert found.response.status == 404


def member(operation: str, change: Callable[[Json], Json]) -> Callable[[Api], Api]:
    """A breakage of the decoded body of an operation."""
    return map_answer(operation, lambda call, body: change(body))


def reading(session: Session) -> str:
    """Read a run; returns its path."""
    path = f"{LIST}/{session.send('GET', LIST, 'limit=1')['data'][0]['id']}"
    session.send("GET", path)
    return path


FIRST, ITEMS = "GET /process-runs?limit=2 (request 1 of the command)", "compares the ids of the items"
LISTS = "lists `GET /process-runs` with `limit=2`"


def retitled(body: Json) -> Json:
    """A list with the same title everywhere."""
    return {**body, "data": [{**one, "title": "T"} for one in body["data"]]}


def unpaged(body: Json) -> Json:
    """A list whose `has_more` is a number."""
    return {**body, "pagination": {**body["pagination"], "has_more": 1}}


MANY = "`a` is 1 rather than missing; `b` is 1 rather than missing; `c` is 1 rather than missing, and 2 more"


@pytest.mark.parametrize(
    ("change", "part", "seen", "look"),
    [
        (lambda b: {**b, "data": b["data"][::-1]}, "order", "the same items in", "compares the order of the items"),
        (lambda b: {**b, "data": b["data"][:1]}, "items", "1 item rather than 2", f"{ITEMS} or their number"),
        (lambda b: {**b, "data": [{"id": "x"}, b["data"][1]]}, "items", "1 item that should not be there", ITEMS),
        (lambda b: {**b, "data": None}, "member", "`data` is null rather than ", "checks `data`"),
        (lambda b: {**b, "data": [1, 2]}, "items", "2 items that should not be there", ITEMS),
        (lambda b: {**b, "more": 1}, "member", "`more` is 1 rather than missing", "checks `more`"),
        (lambda b: [], "member", "the body is [] rather than ", "checks the body"),
        (retitled, "member", '`data[].title` is "T" rather than ', "checks `data[].title`"),
        (lambda b: {**b, **dict.fromkeys("abcde", 1)}, "member", MANY, "checks `a`, `b` and `c`"),
        (unpaged, "member", "`pagination.has_more` is 1 rather than true", "checks `pagination.has_more`"),
    ],
)
def test_what_differs_in_a_list_is_told(session: Session, change: Any, part: str, seen: str, look: str) -> None:
    """Items, their order, their members, and what stands beside them."""
    session.send("GET", LIST, "limit=2")
    found = session.difference(member("listProcessRuns", change))
    assert found is not None
    assert (found.operation, found.part, found.request) == ("GET /process-runs", part, FIRST)
    assert found.seen.startswith(seen)
    assert found.advice == f"{LISTS} and {look}"


@pytest.mark.parametrize(
    ("breaks", "part", "seen", "look"),
    [
        (set_status("getProcessRun", 203), "status", "status 203 rather than 200", "checks that the status is 200"),
        (
            replace_handler("getProcessRun", lambda handler, call: with_header(handler, call)),
            "header",
            'header `x-more` is "1" rather than missing',
            "checks the header `x-more`",
        ),
        (
            map_bytes("getProcessRun", lambda body: b" " + body),
            "body",
            "another body:  {",
            "compares the body, byte by byte",
        ),
        (
            map_bytes("getProcessRun", lambda body: b"no\xff"),
            "body",
            "another body: no\\xff rather",
            "compares the body",
        ),
        (map_bytes("getProcessRun", lambda body: b""), "body", "another body: none rather than {", "compares the body"),
    ],
)
def test_what_differs_in_an_answer_is_told(session: Session, breaks: Any, part: str, seen: str, look: str) -> None:
    """Status, headers, and bodies that are no JSON or another one."""
    reading(session)
    found = session.difference(breaks)
    assert found is not None
    assert (found.part, found.advice) == (part, f"reads `GET /process-runs/{{id}}` and {look}")
    assert found.seen.startswith(seen)


def with_header(handler: Any, call: Any) -> Any:
    """A reply with a header that the mock does not send."""
    call.headers = (*call.headers, (b"x-more", b"1"))
    return handler(call)


def pages(session: Session, count: int) -> Iterator[str]:
    """The queries of so many pages of two, the first one without a cursor."""
    query = "limit=2"
    for _ in range(count):
        yield query
        query = f"limit=2&cursor={session.send('GET', LIST, query)['pagination']['next_cursor']}"


@pytest.mark.parametrize(("number", "page"), [(2, "the second page"), (3, "the third page"), (6, "a later page")])
def test_a_page_is_told_by_its_number(session: Session, number: int, page: str) -> None:
    """Cursors are followed back to the page that gave them."""
    sent = list(pages(session, number))
    breaks = map_answer(
        "listProcessRuns", lambda call, body: {**body, "more": 1} if call.request.query == sent[-1] else body
    )
    found = session.difference(breaks)
    assert found is not None
    assert found.advice == f"reads {page} of `GET /process-runs` with `limit=2` and checks `more`"


def test_a_page_with_a_number_is_told_by_it() -> None:
    """Where pages have numbers the request says it."""
    contract = installed.document("tallyfy")
    path = contract.prefixes[0] + "/organizations/o/runs"
    found = described("tallyfy", "listRuns", Request("GET", path, "page=2&per_page=1&status=active"))
    assert found.advice.startswith(
        "reads the second page of `GET /organizations/{org_id}/runs` with `per_page=1` and `status=active` and checks"
    )
    first = described("tallyfy", "listRuns", Request("GET", path, "page=1"))
    assert first.advice.startswith("lists `GET /organizations/{org_id}/runs` and checks")


def described(api: str, operation: str, request: Request, earlier: Sequence[Exchange] = ()) -> Difference:
    """The difference of two answers to a request of an operation."""
    exchange = Exchange(1, "", api, operation, 0, request, Response(200, (), b'{"a":1}'), "", None, (), None)
    return describe(installed.document(api), Divergence(exchange, earlier, Response(200, (), b'{"a":2}')))


def test_what_was_written_before_is_told(session: Session) -> None:
    """A read after a write to the same object, or to what is in it or around it."""
    run = session.send("POST", LIST, json_body={"template_id": TEMPLATE, "title": "T", "name": "N", "x": 1})["data"][
        "id"
    ]
    session.send("POST", LIST, json_body={})
    session.send("GET", f"{LIST}/{run}")
    found = session.difference(member("getProcessRun", lambda body: {**body, "more": 1}))
    assert found is not None
    assert found.advice == "reads `GET /process-runs/{id}` after `POST /process-runs` and checks `more`"
    found = session.difference(member("createProcessRun", lambda body: {**body, "more": 1}))
    assert found is not None
    assert found.advice == "sends `POST /process-runs` with `template_id`, `title` and `name` and checks `more`"


def test_a_write_elsewhere_does_not_matter(session: Session) -> None:
    """What is read has nothing to do with it."""
    session.send("POST", LIST, json_body={"template_id": TEMPLATE})
    session.send("GET", "/process-templates")
    found = session.difference(member("listProcessTemplates", lambda body: {**body, "more": 1}))
    assert found is not None
    assert found.advice == "lists `GET /process-templates` and checks `more`"


def test_a_refusal_is_told_as_one(session: Session) -> None:
    """The test has to provoke it."""
    session.send("GET", UNKNOWN)
    found = session.difference(map_error(lambda refusal, body: {**body, "more": 1}))
    assert found is not None
    assert found.advice == "sends `GET /process-runs/{id}` where it is refused and checks `more`"


def test_long_values_are_cut() -> None:
    """A line stays a line."""
    found = described("nextstep", "listProcessRuns", Request("GET", "/api/v1/process-runs", f"status={'x' * 99}"))
    assert f"`status={'x' * 37}...`" in found.advice


FEW = "`GET /process-runs`, `GET /process-templates` and 2 more"
KINDS = {
    ("query", "query"): "sends `limit` with `GET /process-templates` and checks that the answer obeys it",
    ("tenant", "call"): "names an object of another tenant in `GET /process-templates` and expects a refusal",
    ("body", "body"): "sends `published` with `POST /process-templates/{id}/publish` and reads it back",
    ("number", "query"): f"sends `limit` with {FEW} at its documented bounds",
    ("number", "call"): f"calls {FEW} with the defaults, and at the documented bounds",
    ("enum", "query"): "sends `status` with `GET /process-runs` with each of its documented values",
    ("error", "refused"): "provokes the error `missing-credential` and checks status and body",
    ("number", "any"): "sends as many requests as the rate limit allows, and one more",
}


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_a_generated_mutant_says_what_a_test_would_do(kind: tuple[str, str]) -> None:
    """By its kind, and by the exchanges that could show it."""
    first = next(one for one in noticeable("nextstep") if (one.kind, min(one.marks)[0]) == kind)
    assert advice(CONTRACT, first) == KINDS[kind]


def test_a_lost_member_of_a_refusal_is_read_from_one() -> None:
    """No operation is named: any refusal shows it."""
    lost = next(one for one in noticeable("tallyfy") if min(one.marks)[0] == "error")
    assert advice(installed.document("tallyfy"), lost) == "is refused and reads `message` of the body"
