"""The probes: on our mock under any assumption, and on servers with few data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

import pytest
from msgspec import structs

from elsewhere import PREFIX, TELL, Clock, Elsewhere
from understudy import apis
from understudy.apis import control
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.budget import Budget
from understudy_checks.client import Client, Skipped
from understudy_checks.generic.probes import (
    find_reading,
    limit_outside,
    order,
    repeated_limit,
    send_oversized,
    status_and_code,
    unknown_cursor,
    unknown_member,
    unknown_parameter,
    window,
)
from understudy_checks.probes import Ask, Probe, run_probe, run_probes
from understudy_checks.probes import probes as probes_of
from understudy_checks.target import installed
from understudy_checks.target.mock import Mock, mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import Settings
from understudy_checks.target.target import Target
from understudy_checks.target.transport import Transport, in_process

UNSEEN = {
    "nextstep.errors.internal": "no request makes a server fail",
    "kognitos.errors.internal": "no request makes a server fail",
    "kognitos.processes.order": "nothing tells when a process was made",
    "tallyfy.errors.internal": "no request makes a server fail",
}
"""The assumptions that no probe asks for, and why."""

POOL: dict[str, Any] = {"kognitos.rate-limit.pool": {"requests": 600, "seconds": 60}}
BURST: dict[str, Any] = {"tallyfy.rate-limit.burst": {"requests": 100, "seconds": 60}}
BESIDE = {
    "kognitos.rate-limit.window": POOL,
    "kognitos.rate-limit.answer": POOL,
    "kognitos.rate-limit.retry-after": POOL,
    "kognitos.runs.over-capacity": {"kognitos.runs.concurrency-cap": 150},
    "tallyfy.rate-limit.window": BURST,
    "tallyfy.rate-limit.counted-calls": BURST,
    "tallyfy.rate-limit.headers": BURST,
    "tallyfy.rate-limit.message": BURST,
}
"""What else a world must assume for an assumption to matter there."""

Between = Callable[[Transport, Request], Response]
CURSOR = "nextstep.pagination.unknown-cursor"


def probes_by_id(api: str) -> dict[str, Probe]:
    """The probes of an API, own and derived, by the id of their assumption."""
    return {asked.assumption: asked for asked in probes_of(installed.document(api))}


class Case(NamedTuple):
    """A probe, and a value of its assumption."""

    probe: Probe
    value: Any

    def __repr__(self) -> str:
        return f"{self.probe.assumption}={self.value}"


def cases() -> list[Case]:
    """Each probe with the default and each alternative of its assumption."""
    return [
        Case(probe, value)
        for api in apis.NAMES
        for probe in probes_of(installed.document(api))
        for assumption in [installed.document(api).assumptions[probe.assumption]]
        for value in (assumption.default, *assumption.alternatives)
    ]


class Assuming:
    """Our mock, whose worlds assume something. All of one API are one server: to make one takes longer than to ask."""

    def __init__(self, api: str, assumptions: Mapping[str, Any]) -> None:
        self.mock = served(api)
        self.assumptions = assumptions

    def __getattr__(self, name: str) -> Any:
        return getattr(self.mock, name)

    def open(self) -> Client:
        """See Target."""
        client = self.mock.open()
        client.world.control("PUT", "/assumptions", self.assumptions)
        return client


DECIDED: dict[str, set[str]] = {api: set() for api in apis.NAMES}
"""The rules and assumptions that the answers of our mock consulted since they were last looked at."""


@cache
def served(api: str) -> Mock:
    """Our mock of an API; what its answers consult is added to DECIDED."""
    return mock(api, watch=lambda exchange: DECIDED[api].update(exchange.trace))


@pytest.mark.parametrize("case", cases(), ids=repr)
def test_a_probe_sees_the_value_that_the_mock_takes(case: Case) -> None:
    """Under the default a probe shows the default, under each alternative that alternative, and a trace names it."""
    probe, value = case
    DECIDED[probe.api].clear()
    target = Assuming(probe.api, {**BESIDE.get(probe.assumption, {}), probe.assumption: value})
    observation = run_probe(probe, target)
    assert (observation.seen, type(observation.seen)) == (value, type(value)), observation.reason
    assert observation.found == ("default" if value == observation.assumption.default else "alternative")
    assert probe.assumption in DECIDED[probe.api]


def test_every_assumption_has_a_probe_or_a_reason() -> None:
    """What no probe asks for is listed here, with the reason, and nothing else is."""
    known = [id for api in apis.NAMES for id in installed.document(api).assumptions]
    asked = [probe.assumption for api in apis.NAMES for probe in probes_of(installed.document(api))]
    assert len(asked) == len(set(asked))
    assert sorted(set(known) - set(asked)) == sorted(UNSEEN)


@pytest.mark.parametrize("number", [0, -1])
@pytest.mark.parametrize("api", ["nextstep"])
def test_no_assumption_hides_another(api: str, number: int) -> None:
    """On a mock with other assumptions, each probe finds the changed value, in the document's order."""
    assumptions = installed.document(api).assumptions
    others = {id: assumption.alternatives[number] for id, assumption in assumptions.items()}
    found = list(run_probes(mock(api, assumptions=others)))
    assert [observation.assumption.id for observation in found] == list(assumptions)
    seen = {observation.assumption.id: observation.seen for observation in found if observation.found == "alternative"}
    assert seen == {id: value for id, value in others.items() if id not in UNSEEN}


# the frame


def probe(ask: Ask) -> Probe:
    """A probe of an assumption whose default is `reject`, with the alternatives `start` and `empty`."""
    return Probe(CURSOR, ask, ())


@pytest.mark.parametrize(
    ("seen", "found"),
    [("reject", "default"), ("start", "alternative"), ("empty", "alternative"), ("a page", "other"), (None, "other")],
)
def test_what_is_seen_is_compared_with_the_document(seen: Any, found: str) -> None:
    """A value is the default, one of the alternatives or something else."""
    observation = run_probe(probe(lambda client: seen), mock("nextstep"))
    assert (observation.found, observation.seen, observation.reason) == (found, seen, None)


def test_true_is_not_one() -> None:
    """Values of another type are others, even if they are equal."""
    step = Probe("nextstep.templates.version-step", lambda client: True, ())
    headers = Probe("nextstep.rate-limit.headers", lambda client: 0, ())
    assert [run_probe(asked, mock("nextstep")).found for asked in (step, headers)] == ["other", "other"]


def test_what_cannot_be_seen_is_not_observed() -> None:
    """A probe without suitable data gives a reason."""

    def ask(client: Client) -> Any:
        raise Skipped("no list on this target is empty")

    observation = run_probe(probe(ask), mock("nextstep"))
    assert (observation.found, observation.reason) == ("not observed", "no list on this target is empty")


@pytest.mark.parametrize(
    ("error", "reason"), [(AssertionError("got\n  500"), "got 500"), (KeyError(), "KeyError")], ids=["text", "none"]
)
def test_what_goes_wrong_is_no_failure(error: Exception, reason: str) -> None:
    """An error in a probe makes its value unknown, with the error as reason in one line."""

    def ask(client: Client) -> Any:
        raise error

    observation = run_probe(probe(ask), mock("nextstep"))
    assert (observation.found, observation.reason) == ("not observed", f"the probe failed: {reason}")


def test_a_probe_is_not_asked_where_something_is_lacking() -> None:
    """What a probe needs and a target lacks is why nothing was observed; no request is made."""
    target = mock("nextstep", writes=False)
    observation = run_probe(probes_by_id("nextstep")["nextstep.tasks.empty-update"], target)
    assert (observation.found, observation.reason) == ("not observed", "writing is not allowed on this target")
    assert target.budget.requests == 0


def test_an_assumption_without_a_probe_is_not_observed() -> None:
    """It is reported like the others, with the reason."""
    found = {observation.assumption.id: observation for observation in run_probes(planted(seeds=team()))}
    observation = found["nextstep.errors.internal"]
    assert (observation.found, observation.reason) == ("not observed", "the kit has no probe for it")


# servers that show little, or do otherwise


def told(body: Any, status: int = 200, **headers: str) -> Response:
    """An answer in JSON."""
    given = {"content-type": "application/json", **headers}
    fields = tuple((name.replace("_", "-").encode(), value.encode()) for name, value in given.items())
    return Response(status, fields, json.dumps(body).encode())


NOTHING = told({"data": [], "pagination": {"next_cursor": None, "has_more": False}})
REFUSED = told({"error": {"code": "no", "message": "No."}}, 400)


def another(transport: Transport, clock: Clock, settings: Settings) -> Server:
    """A server that is none of ours, waiting for which moves its clock."""
    known, budget = installed.document("nextstep"), Budget(max_wait=10**9, sleep=clock.advance)
    return Server(known, transport, PREFIX, settings, name="another", budget=budget, clock=clock.advance)


def client_of(transport: Transport) -> Client:
    """A client of a server that answers so."""
    return another(transport, Clock(), Settings(api_keys=("key",), writes=True)).open()


def planted(*, seeds: Mapping[str, Any] | None = None, between: Between | None = None) -> Target:
    """Our mock with another start state, or with something between it and who asks."""
    known = [installed.declared("nextstep"), control.declare]
    send = in_process(App(Worlds(known, seeds=installed.seeds() if seeds is None else seeds)))
    transport = send if between is None else partial(between, send)
    return Mock(installed.document("nextstep"), transport, name="planted", budget=Budget())


def team(**holding: Any) -> dict[str, Any]:
    """A seed with one team, its key, and the given collections."""
    return {"nextstep": {"teams": [{"id": "t", "timezone": "UTC", "keys": [{"key": "key"}], **holding}]}}


def bare() -> dict[str, Any]:
    """A start state with one of each, and no tasks."""
    made = {"created_at": "2026-01-01T00:00:00.000Z"}
    template = {"id": "T", "title": "Hiring", "is_published": True, "version": 1, **made}
    member = {"user_id": "u", "email": "ann@x.example", "name": "Ann", "active": True}
    return team(members=[member], templates=[template], runs=[{"id": "R", "template_id": "T", **made}])


def seen_there(id: str, target: Target) -> Any:
    """Run a probe: the value, or the reason why it is unknown."""
    observation = run_probe(probes_by_id("nextstep")[id], target)
    return observation.reason if observation.found == "not observed" else observation.seen


def limiting(*wants: int) -> Transport:
    """A server that repeatedly accepts a number of requests and then refuses one, with a Retry-After of 7 s."""
    left = iter([step for most in wants for step in [True] * most + [False]])
    return lambda request: NOTHING if next(left) else told(REFUSED.json(), 429, retry_after="7")


@pytest.mark.parametrize(
    ("ask", "answer", "reason"),
    [
        (lambda client, listing: limit_outside(client, listing, {}, 0), NOTHING, "is long enough"),
        (lambda client, listing: unknown_cursor(client, listing, {}), NOTHING, "has no items"),
        (lambda client, listing: repeated_limit(client, listing, {}), NOTHING, "has two items"),
        (lambda client, listing: order(client, listing, {}), NOTHING, "with different times"),
        (lambda client, listing: unknown_parameter(client, listing, {}), REFUSED, "refuses list.* anyway"),
        (lambda client, listing: unknown_member(client, listing, {}, {}), REFUSED, "refuses list.* anyway"),
        (lambda client, listing: send_oversized(client, listing, {}, {}), REFUSED, "as to a small one"),
        (lambda client, listing: window(client), NOTHING, "answered 200, Retry-After absent"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_have_two_reasons_is_not_told(ask: Callable[..., Any], answer: Response, reason: str) -> None:
    """A response that fits several values leaves the value unknown."""
    client = client_of(lambda request: answer)
    with pytest.raises(Skipped, match=reason):
        ask(client, client.contract.operations["listProcessTemplates"])


def test_a_server_that_lets_nobody_read_shows_nothing() -> None:
    """Where no reading is accepted, what takes one is not asked, and the last operation that was tried is named."""
    client = client_of(lambda request: REFUSED)
    with pytest.raises(Skipped, match="this target accepts no getRunTask"):
        find_reading(client)


def test_a_limit_lower_than_documented_tells_nothing() -> None:
    """When a limit's time starts is only looked for where the documented number of requests is admitted."""
    with pytest.raises(Skipped, match="refuses requests below the documented rate limit"):
        window(client_of(limiting(50)))


def test_the_waits_of_another_limiter_are_told() -> None:
    """A limit whose time starts in none of the known ways shows how long one has to wait."""
    assert window(client_of(limiting(101, 100))) == "waits of 7 and 7 seconds"


def test_a_refusal_in_another_shape_has_no_code() -> None:
    """An HTML page in place of the API's own error is reported with its status."""
    assert status_and_code(Response(404, (), b"<html>")) == {"status": 404, "code": ""}


@pytest.mark.parametrize(
    ("id", "reason"),
    [
        ("nextstep.pagination.cursor-form", "no listProcessRuns on this target has a second page"),
        ("nextstep.tasks.list-omits", "no run with a task on this target"),
        ("nextstep.runs.unknown-status-filter", "no listProcessRuns on this target has items"),
        ("nextstep.tasks.skipped-counts-as-completed", "no skipped task in the newest runs on this target"),
        ("nextstep.templates.single-omits", "no template on this target"),
        ("nextstep.pagination.empty-page-cursor", None),
    ],
)
def test_a_server_without_anything_shows_little(id: str, reason: str | None) -> None:
    """A probe on an empty list names the missing data."""
    assert seen_there(id, planted(seeds=team())) == reason


@pytest.mark.parametrize(
    ("id", "reason"),
    [
        ("nextstep.tasks.list-omits", "no run with a task on this target"),
        ("nextstep.runs.prefill-checked", "no published template with a field on this target"),
        (
            "nextstep.templates.workflow-runner",
            "no published template with a task of the workflow runner on this target",
        ),
    ],
)
def test_a_server_without_tasks_shows_little(id: str, reason: str) -> None:
    """A probe on templates and runs without tasks names the missing data."""
    assert seen_there(id, planted(seeds=bare())) == reason


def test_a_list_that_is_never_empty_has_no_cursor_to_show() -> None:
    """On a server that ignores filters no page is empty."""

    def unfiltered(send: Transport, request: Request) -> Response:
        return send(structs.replace(request, query="") if request.path.endswith("/process-runs") else request)

    reason = seen_there("nextstep.pagination.empty-page-cursor", planted(between=unfiltered))
    assert reason == "no list on this target is empty"


def test_a_run_that_never_completes_has_no_delay() -> None:
    """After a while a run that stays active is no longer waited for."""

    def endless(send: Transport, request: Request) -> Response:
        response = send(request)
        return structs.replace(response, body=response.body.replace(b'"status":"completed"', b'"status":"active"'))

    reason = seen_there("nextstep.runs.completion-delay", planted(between=endless))
    assert reason == "a run is not completed 20 seconds after its last task"


def test_completing_again_may_be_refused() -> None:
    """A value that the document does not mention is reported unchanged."""
    completed: set[str] = set()

    def once(send: Transport, request: Request) -> Response:
        if request.method != "PATCH" or b"true" not in request.body:
            return send(request)
        if request.path in completed:
            return REFUSED
        completed.add(request.path)
        return send(request)

    assert seen_there("nextstep.tasks.recompletion", planted(between=once)) == "reject"


def test_another_server_shows_what_it_does_otherwise() -> None:
    """On a server with an alternative for every assumption, nearly every probe finds that alternative."""
    clock = Clock()
    server = Elsewhere(clock)

    def send(request: Request) -> Response:
        headers = {name.decode(): value.decode() for name, value in request.headers}
        status, given, body = server.answer(request.method, request.path, request.query, headers, request.body)
        return Response(status, tuple((name.lower().encode(), value.encode()) for name, value in given.items()), body)

    settings = Settings(writes=True).merged(TELL, {}, source="elsewhere")
    found = list(run_probes(another(send, clock, settings)))
    assert {observation.assumption.id for observation in found if observation.found == "default"} == {
        "nextstep.templates.republish",
    }
    assert {observation.assumption.id for observation in found if observation.found == "not observed"} == {
        "nextstep.errors.body-too-large",
        "nextstep.errors.internal",
        "nextstep.tasks.completing-skipped",
        "nextstep.tasks.rejection-reopens",
        "nextstep.tasks.skipped-counts-as-completed",
        "nextstep.templates.edits-go-live",
        "nextstep.templates.order",
    }
