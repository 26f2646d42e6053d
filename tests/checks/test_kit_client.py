"""The kit's client: requests, log, checks of responses, and waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest
from msgspec import structs

from understudy.document.model import Assumed
from understudy.engine.exchange import Request, Response
from understudy_checks.bodies import response_ids
from understudy_checks.budget import Budget
from understudy_checks.client import (
    Access,
    Client,
    Member,
    Skipped,
    Violation,
)
from understudy_checks.refusals import assert_problem, code_of, message_of, possible
from understudy_checks.routes import find_operation, path_and_query
from understudy_checks.target.installed import document
from understudy_checks.target.transport import Transport
from understudy_checks.waits import BRIEF, COARSE, FINE, Patience

CONTRACT = document("nextstep")
JSON = ((b"content-type", b"application/json"),)
KEYS = Access(("first", "second"), revoked_key="gone", lapsed_key="poor", other_tenant_key="theirs")
EMPTY_LIST = b'{"data":[],"pagination":{"next_cursor":null,"has_more":false}}'


class Place:
    """A world that counts the seconds that were waited."""

    capabilities: frozenset[Any] = frozenset({"write"})
    patience: Patience | None = None

    def __init__(self, **headers: str) -> None:
        self.waited: list[float] = []
        self.closed = False
        self.headers = headers

    def wait(self, seconds: float) -> None:
        """Wait."""
        self.waited.append(seconds)

    wait_between_polls = wait

    def event(self, name: str, fields: Any) -> None:
        """Remember the event."""
        self.seen = (name, fields)

    def close(self) -> None:
        """Close."""
        self.closed = True


def answering(*responses: Response) -> Transport:
    """A transport that gives these answers, one after the other and again."""
    following = cycle(responses)
    return lambda request: next(following)


@pytest.fixture
def place() -> Place:
    """Where the client's requests happen."""
    return Place()


@pytest.fixture
def client(place: Place) -> Callable[..., Client]:
    """Makes a client that gets the given answers."""
    return lambda *responses: Client(CONTRACT, answering(*responses), "/api/v1", KEYS, place, Budget())


def test_a_request_carries_key_query_and_json(client) -> None:
    """A request has the server path, the encoded query, and the key in its documented position."""
    request = client().request("GET", "/process-runs", query={"limit": 5, "flag": True, "status": None}, json={"a": 1})
    assert request == Request(
        "GET",
        "/api/v1/process-runs",
        "limit=5&flag=true",
        ((b"accept", b"application/json"), (b"authorization", b"Bearer first"), (b"content-type", b"application/json")),
        b'{"a": 1}',
    )


def test_a_request_can_carry_raw_text_and_no_key(client) -> None:
    """A query given as text goes out as it is; key None is no credential; own headers replace others."""
    request = client().request("GET", "/x", query="a=%zz&a", body=b"raw", headers={"X-Own": "1"}, key=None)
    headers = ((b"accept", b"application/json"), (b"x-own", b"1"))
    assert request == Request("GET", "/api/v1/x", "a=%zz&a", headers, b"raw")


def test_a_key_can_be_a_plain_header(client) -> None:
    """With an apiKey scheme the key stands alone in its own header."""
    made = client()
    scheme = CONTRACT.schemes[0]
    made.contract = replaced(CONTRACT, schemes=(structs.replace(scheme, kind="apiKey", header="x-api-key"),))
    assert made.credential("k") == {"x-api-key": "k"}


def test_what_is_not_known_is_not_checked(place) -> None:
    """An unknown key or member raises Skipped with the reason."""
    bare = Client(CONTRACT, answering(), "", Access(("only",)), place, Budget())
    for name in ("second_key", "revoked_key", "lapsed_key", "other_tenant_key", "members"):
        with pytest.raises(Skipped, match=r"^not checked: no .* known$"):
            getattr(bare, name)


def test_what_is_known_is_given() -> None:
    """Keys, members and their capabilities are read from the entry of a ready file."""
    entry = {"api_keys": ["a", "b"], "revoked_key": "r", "members": [{"user_id": "u", "email": "e", "active": False}]}
    access = Access.read(entry)
    assert access == Access(("a", "b"), revoked_key="r", members=(Member("u", "e", active=False),))
    assert access.capabilities == {"second-key", "revoked-key", "members"}


def test_writing_needs_the_permission(client, place) -> None:
    """No write leaves for a target where writing is not allowed."""
    place.capabilities = frozenset()
    with pytest.raises(Skipped, match="writing is not allowed"):
        client(Response(200)).send("POST", "/process-runs")


def test_a_429_is_obeyed(client, place) -> None:
    """A 429 with a wait is waited for and the request sent again, a bounded number of times."""
    busy = Response(429, (*JSON, (b"retry-after", b"7")), b'{"error":{"code":"rate_limited","message":""}}')
    made = client(busy, busy, Response(200, JSON, EMPTY_LIST))
    assert made.send("GET", "/process-runs").status == 200
    assert place.waited == [7, 7]
    assert client(busy).send("GET", "/process-runs").status == 429
    assert place.waited == [7, 7, 7, 7, 60]


def test_a_429_is_met_with_another_key(client, place) -> None:
    """Where a wait is real; the key that works is kept, and one that a check chose is not replaced."""
    busy = Response(429, (*JSON, (b"retry-after", b"7")), b'{"error":{"code":"rate_limited","message":""}}')
    good = Response(200, JSON, EMPTY_LIST)
    place.patience = Patience()
    made = client(busy, good, good)
    assert made.send("GET", "/process-runs").status == 200
    assert (made.key, made.second_key, place.waited) == ("second", "first", [])
    assert made.send("GET", "/process-runs").status == 200
    sent = [dict(exchange.request.headers)[b"authorization"] for exchange in made.log]
    assert sent == [b"Bearer first", b"Bearer second", b"Bearer second"]
    assert client(busy, busy, good).send("GET", "/process-runs").status == 200
    assert place.waited == [7]
    assert client(busy, good).send("GET", "/process-runs", key="first").status == 200
    place.patience = Patience(is_cheap=True)
    assert client(busy, good).send("GET", "/process-runs").status == 200
    assert place.waited == [7, 7, 7]


def test_a_hasty_client_does_not_wait(client, place) -> None:
    """A hasty client takes a 429 for an answer, and keeps it in the same log."""
    busy = Response(429, (*JSON, (b"retry-after", b"7")), b'{"error":{"code":"rate_limited","message":""}}')
    made = client(busy)
    assert made.without_retries().send("GET", "/process-runs").status == 429
    assert place.waited == []
    assert len(made.log) == 1


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(200, JSON, b'{"data":[],"pagination":{"has_more":false}}'), "next_cursor"),
        (Response(204), "status 204"),
        (Response(200, ((b"content-type", b"text/html"),), EMPTY_LIST), "text/html"),
        (Response(200, JSON, b"nonsense"), "not JSON"),
        (Response(429, JSON, b'{"error":{"code":"rate_limited","message":""}}'), "retry-after"),
        (Response(500, JSON, b'{"error":{"code":"internal_error","message":""}}'), "server error"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_document_does_not_allow_is_a_violation(client, response: Response, message: str) -> None:
    """An answer that differs from the document in status, header, type or body raises; the operation is named."""
    with pytest.raises(Violation, match=message) as caught:
        client(response).send("GET", "/process-runs")
    assert str(caught.value).startswith("listProcessRuns: ")


def test_undocumented_paths_are_not_judged(client) -> None:
    """What no operation describes may be answered anyhow."""
    assert client(Response(500)).send("GET", "/nowhere").status == 500


def test_a_failure_shows_the_calls_made(client, place) -> None:
    """A failure inside the client's block has a script's lines as a note, keys as variables; the world is closed."""
    made = client(Response(200, JSON, EMPTY_LIST))
    made.send("GET", "/process-runs", query={"limit": 1})
    made.send("POST", "/nowhere", json={"it's": 1}, key="second")
    made.send("GET", "/nowhere", key="theirs")
    made.send("GET", "/nowhere", key="another")
    with pytest.raises(AssertionError) as caught, made:
        raise AssertionError
    assert caught.value.__notes__ == [
        "Calls made:\n"
        "call 1 -X POST -H 'accept: application/json' -H \"authorization: Bearer $API_KEY_2\" "
        "-H 'content-type: application/json' "
        '--data-raw \'{"it\'"\'"\'s": 1}\' "$BASE_URL/nowhere"\n'
        'call 2 -H \'accept: application/json\' -H "authorization: Bearer $OTHER_TENANT_KEY" "$BASE_URL/nowhere"\n'
        "call 3 -H 'accept: application/json' -H 'authorization: Bearer another' \"$BASE_URL/nowhere\""
    ]
    assert place.closed


def test_the_world_s_own_headers_are_not_shown(client) -> None:
    """Headers that select a world are sent but left out of the lines, since the world no longer exists."""
    made = Client(CONTRACT, answering(Response(200)), "", KEYS, Place(**{"x-mock-world": "w"}), Budget())
    made.send("GET", "/nowhere")
    assert (b"x-mock-world", b"w") in made.log[0].request.headers
    assert "x-mock-world" not in made.curl()[0]


def test_nothing_is_noted_where_nothing_was_called(client) -> None:
    """A failure before the first call and a skip have no note."""
    for error in (AssertionError(), Skipped("because")):
        with pytest.raises(type(error)) as caught, client():
            raise error
        assert not hasattr(caught.value, "__notes__")


def test_eventually_waits_for_a_true_answer(client, place) -> None:
    """A probe is asked again, with growing waits, until its answer is true."""
    answers = iter([None, 0, "", "done"])
    assert client().eventually(lambda: next(answers), within=5) == "done"
    assert place.waited == [0.06, 0.12, 0.24]


def test_eventually_gives_up(client, place) -> None:
    """A condition that stays false fails after the given time, with its last value."""
    with pytest.raises(AssertionError, match="4 s later it still says 'active' is not it"):
        client().eventually(lambda: Falsy("'active' is not it,"), within=4)
    assert sum(place.waited) == 4


def test_time_and_events_are_the_world_s(client, place) -> None:
    """Advancing and events go to the world; no time at all is not waited for."""
    made = client()
    made.advance(0)
    made.advance(3)
    made.event("skip-task", run_id="r")
    assert place.waited == [3]
    assert place.seen == ("skip-task", {"run_id": "r"})


def test_real_time_in_which_nothing_may_happen_is_spent_once(client, place) -> None:
    """For each cause; without patience, or with a clock that is moved, it passes each time."""
    for patience, waited in (
        (None, [5, 5]),
        (Patience(is_cheap=True), [5, 5]),
        (Patience(), [5, BRIEF]),
    ):
        place.patience, place.waited = patience, []
        for _ in range(2):
            client().idle(5, "a run stays active")
        assert place.waited == waited


def test_times_differ_after_a_tick(client, place) -> None:
    """No more real time passes than the precision of the target's times needs; a clock is moved by the whole time."""
    for patience, body, waited in (
        (None, b'{"at": "2033-05-17T11:42:07Z"}', 2),
        (Patience(is_cheap=True), b"", 2),
        (Patience(), b'{"at": "2033-05-17T11:42:07Z"}', COARSE),
        (Patience(), b'{"at": "2033-05-17T11:42:07.25Z"}', FINE),
    ):
        place.patience, place.waited = patience, []
        made = client(Response(200, (), body))
        made.send("GET", "/elsewhere")
        assert made.tick(2) == waited
        assert place.waited == [waited]


def test_arguments_are_encoded_into_the_path() -> None:
    """Path parameters are percent-encoded whole; all others are the query."""
    operation = CONTRACT.operations["getRunTask"]
    assert path_and_query(operation, {"runId": "a/b", "taskId": "ü ", "x": 1}) == (
        "/process-runs/a%2Fb/tasks/%C3%BC%20",
        {"x": 1},
    )


def test_operations_are_found_by_method_and_path() -> None:
    """A raw path belongs to the operation whose template it fits, and to none when a part is empty."""
    found = {
        ("GET", "/process-runs"): "listProcessRuns",
        ("GET", "/process-runs/1"): "getProcessRun",
        ("PATCH", "/process-runs/1/tasks/2"): "updateRunTask",
        ("GET", "/process-runs/"): None,
        ("DELETE", "/process-runs/1"): None,
    }
    for (method, path), id in found.items():
        operation = find_operation(CONTRACT, method, path)
        assert (operation.id if operation else None) == id


def test_a_problem_is_demanded_as_far_as_it_is_settled(client) -> None:
    """A settled status and code are demanded; where the document assumes one, any refusal in its shape will do."""
    made = client()
    invalid = Response(422, JSON, b'{"error":{"code":"validation_error","message":"m"}}')
    assert message_of(assert_problem(made, invalid, "invalid")) == "m"
    assert_problem(made, structs.replace(invalid, status=418), "unknown-route")
    for kind, response in {
        "invalid": Response(400, JSON, b'{"error":{"code":"other","message":""}}'),
        "forbidden": Response(401, JSON, b'{"error":{"code":"forbidden","message":""}}'),
        "run-not-found": Response(200, JSON, b"{}"),
        "unknown-route": Response(404, JSON, b'{"detail":"Not Found"}'),
    }.items():
        with pytest.raises(AssertionError):
            assert_problem(made, response, kind)


def test_a_problem_tells_what_was_expected(client) -> None:
    """The failure names each kind that would have been right, with its status and code."""
    answer = Response(404, JSON, b'{"error":{"code":"not_found","message":""}}')
    with pytest.raises(
        AssertionError, match=r"the refusal must be forbidden \(403 forbidden\) or invalid \(4xx validation_error\)"
    ):
        assert_problem(client(), answer, "forbidden", "invalid")


def test_members_of_an_error_are_found_at_any_depth() -> None:
    """An error's code and message are found wherever the API puts them; None where it has none."""
    assert code_of({"error": {"code": "c"}}) == "c"
    assert code_of([{"code": "c"}]) is None
    assert code_of({"errors": {"code": 5}}) is None


def test_an_assumed_value_may_be_any_of_its_values() -> None:
    """An assumed value may be the default or an alternative; a stated value is the only one."""
    assert possible(CONTRACT, 404) == [404]
    assert possible(CONTRACT, Assumed("nextstep.errors.validation-status")) == [400, 422]


class Falsy(str):
    """A text that counts as false."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return str(self)


def replaced(record: Any, **values: Any) -> Any:
    """A copy of a frozen record with other values."""
    return replace(record, **values)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data":[]}', b"{}"])
def test_an_answer_that_shows_no_object_has_no_id(body: bytes) -> None:
    """A response of any kind is reported unchanged."""
    assert response_ids(Response(201, JSON, body)) == []


def test_an_empty_answer_to_what_was_to_be_made_is_a_violation(client) -> None:
    """The logged call has the violation of the document."""
    run = client(Response(201, (), b""))
    with pytest.raises(Violation, match="createProcessRun"):
        run.call("createProcessRun", json={})
    assert len(run.log) == 1


def test_what_was_made_is_remembered_as_it_is_asked_for(client) -> None:
    """An id is percent-encoded in a path, also in the path of a created object."""
    run = client(Response(201, JSON, b'{"data":{"id":"a:1/b"}}'))
    with pytest.raises(Violation):
        run.call("createProcessRun", json={})
    assert run.account.made == ["/api/v1/process-runs/a%3A1%2Fb"]
