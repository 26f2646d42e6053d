"""Bounds: everything that grows has a configurable limit, where requests are refused or old entries dropped."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_journal import journal_of

import toy
from conftest import KEY, MANY, Client
from understudy.engine.bounds import NAMES, Bounds, parse
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.journal import Journal, MemoryLimit, size_of
from understudy.engine.pipeline import handle
from understudy.engine.world import Job, JobNumbers
from understudy.engine.worlds import Worlds

MakeWorlds = Callable[..., Worlds]
MB = 1 << 20


@pytest.fixture
def bounded(make_worlds: MakeWorlds, small: dict[str, Any]) -> Callable[..., Client]:
    """Makes clients of small worlds with these bounds."""
    return lambda *bounds: Client(make_worlds(seeds=small, limits={"nextstep": MANY}, bounds=parse(bounds)))


def refused(client: Client, method: str, target: str, body: Any = None, *, status: int = 507) -> str:
    """Return the reason of a refusal at a bound: problem details with this status, the reason in its header."""
    response = client.control(method, target, body)
    assert (response.status, response.header("x-mock-reason")) == (status, "bound"), response
    assert response.header("content-type") == "application/problem+json"
    return str(response.json()["detail"])


def exchange(number: int, *, headers: int = 0, body: int = 0, path: int = 0, error: int | None = None) -> Exchange:
    """An exchange with this many bytes in its parts."""
    request = Request("GET", "/" + "x" * path, "", ((b"x-a", b"x" * headers),), b"x" * body)
    text = None if error is None else "x" * error
    return Exchange(number, "w", "toy", None, 0, request, Response(200), "run", None, (), text)


# The flag


def test_each_bound_is_moved_by_its_name() -> None:
    """`NAME=N` sets one bound; the last of a name counts; others keep their defaults."""
    for name in NAMES:
        changed = parse([f"{name}=5", f"{name}=7"])
        assert getattr(changed, name.replace("-", "_")) == 7
        assert sum(getattr(changed, field) != getattr(Bounds(), field) for field in Bounds.__struct_fields__) == 1
    assert parse([]) == Bounds()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("world=5", "--bound world=5: there is no bound world; did you mean worlds?; known: worlds, "),
        ("worlds", "--bound worlds: nothing is not a whole number from 1"),
        ("worlds=0", "'0' is not a whole number from 1"),
        ("worlds=-1", "'-1' is not"),
        ("worlds=1.5", "'1.5' is not"),
        ("worlds=\u0661", "is not"),
        ("worlds=1" + "0" * 18, "is not"),
        ("=1", "there is no bound "),
    ],
)
def test_a_bound_that_cannot_be_is_refused(text: str, message: str) -> None:
    """The message about an invalid bound shows the value and the known names."""
    with pytest.raises(ValueError, match="--bound") as error:
        parse([text])
    assert message in str(error.value)


# Worlds


def test_worlds_end_at_their_bound(bounded: Callable[..., Client]) -> None:
    """A world over the bound is refused and takes no id; removing a world makes room."""
    client, other = bounded("worlds=3"), bounded()
    made = [client.done("POST", "/worlds")["id"] for _ in range(2)]
    told = refused(client, "POST", "/worlds", status=429)
    assert told == (
        "there are 3 worlds, which is the most; remove one with DELETE /__mock__/worlds/{id}, "
        "wait until one got no request for 3600 seconds, or start the server with --max-worlds N"
    )
    assert client.done("GET", "/health")["worlds"] == 3
    client.control("DELETE", f"/worlds/{made[0]}")
    ids = [*made, client.done("POST", "/worlds")["id"]]
    assert ids == [other.done("POST", "/worlds")["id"] for _ in range(3)]


# Faults


def test_faults_end_at_their_bound(bounded: Callable[..., Client]) -> None:
    """Each world has its own bound of faults; one too many changes nothing, a used one makes room."""
    client, other = bounded("faults=2"), bounded()
    second = client.done("POST", "/worlds")["id"]
    for _ in range(2):
        client.done("POST", "/faults", {"status": 500, "times": 1})
    before = client.done("GET", "/state")
    assert refused(client, "POST", "/faults", {"status": 500}).startswith("this world has 2 faults")
    assert client.done("GET", "/state") == before
    assert client.control("POST", "/faults", {"status": 500}, x_mock_world=second).status == 201
    assert client.get("/process-runs").status == 500
    client.done("POST", "/faults", {"status": 500})
    assert len(client.done("GET", "/faults")["faults"]) == 2
    assert other.worlds.server.bounds.faults == 1000


def test_faults_of_all_worlds_share_their_bytes(bounded: Callable[..., Client]) -> None:
    """The faults of all worlds share one bound of bytes; clearing faults or removing worlds makes room."""
    client = bounded("all-faults-bytes=1000")
    second = client.done("POST", "/worlds")["id"]
    first = client.done("POST", "/faults", {"status": 500, "body": "x" * 500})["id"]
    large = {"status": 500, "headers": {"X-Long": "x" * 600}}
    assert "--bound all-faults-bytes=N" in refused(client, "POST", "/faults", large)
    assert client.control("POST", "/faults", large, x_mock_world=second).status == 507
    client.done("DELETE", f"/faults/{first}")
    assert client.control("POST", "/faults", large, x_mock_world=second).status == 201
    assert client.control("POST", "/faults", large).status == 507
    client.control("DELETE", "/faults", x_mock_world=second)
    client.done("POST", "/faults", large)
    client.done("DELETE", "/faults")
    assert client.control("POST", "/faults", large, x_mock_world=second).status == 201
    client.done("DELETE", f"/worlds/{second}")
    client.done("POST", "/faults", large)


# Journal


@pytest.mark.parametrize("part", ["headers", "body", "path", "error"])
def test_every_part_of_an_exchange_counts(part: str) -> None:
    """Headers, bodies, paths and tracebacks all count towards the bound of the journal."""
    journal = journal_of()
    for number in range(1, 200):
        journal.append(exchange(number, **{part: MB}))  # type: ignore[arg-type]
        assert journal.size() <= (17 + 6) * MB, "the first ones may be missed"
    assert 8 <= len(journal) <= 16
    assert next(reversed(list(journal))).id == 199


def test_the_journal_is_as_long_as_its_bound(bounded: Callable[..., Client]) -> None:
    """`journal` bounds the number of exchanges, `journal-bytes` the bytes of large ones."""
    client = bounded("journal=5", "journal-bytes=100000")
    for _ in range(7):
        client.get("/process-runs")
    assert [line["id"] for line in client.done("GET", "/journal")["exchanges"]] == [3, 4, 5, 6, 7]
    for _ in range(30):
        client.get("/process-runs", x_long="x" * 40_000)
    kept = [line["id"] for line in client.done("GET", "/journal")["exchanges"]]
    assert kept[-1] == 38, "the control call before has a number, too"
    assert len(kept) <= 2


def test_idle_worlds_lose_their_journals_first() -> None:
    """When all journals are full, those of idle worlds are dropped first, then older halves of busy ones."""
    journals: list[Journal] = []
    bounds = Bounds()
    room = MemoryLimit(4 * MB, lambda: journals)
    journals += [Journal(bounds, room) for _ in range(4)]

    def keep(number: int, count: int) -> None:
        for _ in range(count):
            journals[number].count += 1
            journals[number].append(exchange(journals[number].count, body=10_000))

    keep(0, 90)
    keep(1, 90)
    for _ in range(10):
        keep(2, 20)
        keep(3, 20)
    assert [len(journal) for journal in journals[:2]] == [0, 0]
    for number in (2, 3):
        kept = [one.id for one in journals[number]]
        assert kept[-1] == 200
        assert kept == list(range(201 - len(kept), 201))
    keep(3, 2000)
    assert sum(journal.size() for journal in journals) <= 4.5 * MB
    assert journals[3].find(2200) is not None


def test_dropping_the_older_half_updates_the_byte_count() -> None:
    """The size of a journal excludes exchanges that were dropped."""
    journal = journal_of()
    for number in range(10):
        journal.append(exchange(number, body=MB))
    journal.drop_older_half()
    assert [one.id for one in journal] == [5, 6, 7, 8, 9]
    for number in range(10, 20):
        journal.append(exchange(number, body=MB))
    assert len(journal) > 10


def test_what_an_exchange_takes() -> None:
    """The size of an exchange is the bytes of all its parts plus a constant."""
    empty = size_of(exchange(1))
    assert size_of(exchange(1, headers=1, body=20, path=300, error=4000)) == empty + 4321


# Jobs


@settings(derandomize=True, database=None, deadline=None)
@given(st.lists(st.integers(0, 40), max_size=60))
def test_a_new_job_has_the_number_after_the_highest_that_waits(steps: list[int]) -> None:
    """A new job gets the number after the highest one that is scheduled."""
    due = [Job(0, number, "a", "t", "x", {}) for number in (3, 7)]
    numbers, waiting = JobNumbers(due), [3, 7]
    for step in steps:
        if step % 2:
            number = numbers.take()
            assert number == 1 + max(waiting, default=0)
            waiting.append(number)
        elif waiting:
            numbers.release(waiting.pop(step % len(waiting)))


def slow(make_worlds: MakeWorlds, small: dict[str, Any], *bounds: str) -> Client:
    """A client of a world in which a run completes two seconds after its last task."""
    delay = {"nextstep.runs.completion-delay": 2}
    limits = {"nextstep": MANY}
    return Client(make_worlds(seeds=small, limits=limits, assume=delay, bounds=parse(bounds)))


def complete_a_run(client: Client) -> int:
    """Start a run and complete its tasks, which schedules a job; returns the last status."""
    made = client.post("/process-runs", {"template_id": "T1"})
    if made.status != 201:
        return made.status
    id = made.json()["data"]["id"]
    for task in client.get(f"/process-runs/{id}/tasks").json()["data"]:
        client.patch(f"/process-runs/{id}/tasks/{task['id']}", {"custom_elements": [{"id": "name", "value": "x"}]})
        last = client.patch(f"/process-runs/{id}/tasks/{task['id']}", {"completed": True})
    return last.status


def test_scheduled_jobs_end_at_their_bound(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """Too many scheduled jobs refuse writes but no reads, until one has run."""
    client = slow(make_worlds, small, "jobs=2")
    assert [complete_a_run(client) for _ in range(3)] == [200, 200, 507]
    refusal = client.post("/process-runs", {"template_id": "T1"})
    assert (refusal.header("x-mock-reason"), refusal.header("content-type")) == ("bound", "application/problem+json")
    assert refusal.json()["detail"].startswith("2 jobs are scheduled in this world")
    assert refused(client, "POST", "/events", {"api": "nextstep", "event": "revoke-key", "key": KEY}).startswith(
        "2 jobs"
    )
    assert client.get("/process-runs").status == 200
    client.done("POST", "/clock/advance", {"seconds": 2})
    assert complete_a_run(client) == 200


def test_a_state_with_too_many_jobs_is_refused(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """A state may hold as many jobs as the bound allows."""
    client = slow(make_worlds, small)
    assert [complete_a_run(client) for _ in range(2)] == [200, 200]
    state = client.done("GET", "/state")
    assert slow(make_worlds, small, "jobs=2").control("PUT", "/state", state).status == 204
    other = slow(make_worlds, small, "jobs=1")
    assert "--bound jobs=N" in refused(other, "PUT", "/state", state)


# Outbox


def test_the_oldest_mail_goes_first(bounded: Callable[..., Client]) -> None:
    """The outbox of a tenant drops its oldest mails at its bound."""
    client = bounded("outbox=3")
    for number in range(5):
        client.event("edit-template", template_id="T1", title=f"Edition {number}")
        client.post("/process-runs", {"template_id": "T1", "actor_email": "ann@x.org"})
    mails = client.done("GET", "/outbox")["messages"]
    runs = client.get("/process-runs?limit=3").json()["data"]
    assert [mail["run_id"] for mail in mails] == [run["id"] for run in reversed(runs)]


# State


def test_records_end_at_their_bound(bounded: Callable[..., Client]) -> None:
    """The records of all worlds share one bound of bytes; a reset makes room."""
    client = bounded(f"state-bytes={MB}")
    second = client.done("POST", "/worlds")
    key = f"Bearer {second['apis']['nextstep']['api_key']}"
    body = {"template_id": "T1", "name": "x" * 30_000}
    statuses = [client.post("/process-runs", body).status for _ in range(60)]
    made = statuses.index(507)
    assert set(statuses[:made]) == {201}
    assert set(statuses[made:]) == {507}
    assert 0.8 * MB < client.worlds.default.size() < 1.2 * MB
    refusal = client.post("/process-runs", body)
    assert refusal.json()["detail"].startswith("the records of all worlds would take ")
    assert "--bound state-bytes=N" in refusal.json()["detail"]
    before = client.done("GET", "/state")
    assert client.done("GET", "/state") == before
    others = [client.post("/process-runs", body, authorization=key).status for _ in range(5)]
    assert others[-1] == 507
    assert client.get("/process-runs").status == 200
    client.done("POST", "/reset")
    assert client.post("/process-runs", body).status == 201
    assert client.post("/process-runs", body, authorization=key).status == 201


def test_what_replaces_and_removes_records_makes_room(bounded: Callable[..., Client]) -> None:
    """The bound counts the bytes of current records, however often they were written."""
    store = bounded().worlds.default.tenants["nextstep"]["t1"]
    templates = store["templates"]
    record = templates.get("T1")
    assert record is not None
    before = store.meter.bytes
    for length in (1000, 10, 5000, 3):
        templates.put({**record, "id": "new", "title": "x" * length})
    added = store.meter.bytes - before
    assert added == len(templates.row("new") or b"") > 0
    templates.remove("new")
    assert store.meter.bytes == before == 0


def test_a_state_beyond_the_bound_is_refused(bounded: Callable[..., Client]) -> None:
    """A restored state counts in place of the records that it replaces."""
    client = bounded("state-bytes=20000")
    state = client.done("GET", "/state")
    assert client.control("PUT", "/state", state).status == 204
    large = {**state, "ids": {"seed": "x" * 30_000, "count": 0}}
    assert "--bound state-bytes=N" in refused(client, "PUT", "/state", large)
    assert client.done("GET", "/state") == state


def test_a_compressed_state_takes_the_bytes_of_what_it_holds(bounded: Callable[..., Client]) -> None:
    """A compressed state counts by the size of its records."""
    client = bounded("state-bytes=20000")
    state = client.done("GET", "/state")
    state["apis"]["nextstep"]["t1"]["templates"][0]["title"] = "x" * 30_000
    raw = gzip.compress(json.dumps(state).encode(), mtime=0)
    assert len(raw) < 20_000
    response = client.send("PUT", "/__mock__/state", raw=raw, content_encoding="gzip")
    assert (response.status, response.header("x-mock-reason")) == (507, "bound"), response
    assert client.worlds.default.size() == 0


def test_the_keys_of_a_state_count(bounded: Callable[..., Client]) -> None:
    """Keys in restored states count towards a bound that all worlds share, until a reset."""
    client = bounded("state-bytes=100000")
    state = client.done("GET", "/state")
    key = state["credentials"][0]
    state["credentials"] += [{**key, "token": f"{number}{'x' * 1000}"} for number in range(30)]
    worlds = ["default", *(client.done("POST", "/worlds")["id"] for _ in range(3))]
    statuses = [client.control("PUT", "/state", state, x_mock_world=id).status for id in worlds]
    assert statuses == [204, 204, 507, 507]
    assert client.control("PUT", "/state", state).status == 204  # in place of its own
    assert client.control("POST", "/reset").status == 204
    assert client.control("PUT", "/state", state, x_mock_world=worlds[2]).status == 204


def test_reads_and_deletions_are_never_refused_at_a_bound() -> None:
    """Reads and deletions work when the bound of records is reached."""
    worlds = Worlds([toy.api()], seeds={"toy": toy.TOYS}, limits={"toy": None}, bounds=parse(["state-bytes=1"]))
    headers = ((b"x-toy", b"k1"), (b"content-type", b"application/json"))
    make = Request("POST", "/api/toys", "", headers, b'{"id": "e", "name": "Yo-yo"}')
    assert handle(make, worlds.default, worlds).response.status == 201
    worlds.default.tenants["toy"]["one"].meter.next = 0
    reads = [Request(method, "/api/toys", "", headers) for method in ("GET", "HEAD")]
    asked = [make, *reads, Request("DELETE", "/api/toys/a", "", headers)]
    assert [handle(request, worlds.default, worlds).response.status for request in asked] == [507, 200, 200, 204]


def test_a_refusal_at_a_bound_is_no_mismatch(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """`--check` lets a refusal at a bound pass, although no document declares it."""
    client = Client(make_worlds(seeds=small, bounds=parse(["worlds=1"]), checked=True))
    refused(client, "POST", "/worlds", status=429)


def test_strict_fidelity_keeps_the_reason_to_itself(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """A refusal at a bound of a strict server has no X-Mock header."""
    client = Client(make_worlds(seeds=small, bounds=parse(["worlds=1"]), helpful=False))
    response = client.control("POST", "/worlds")
    assert (response.status, response.header("x-mock-reason")) == (429, None)


def test_large_answers_are_not_remembered() -> None:
    """Only small responses are cached as valid."""
    operation = toy.api().contract.operations["listToys"]
    headers = ((b"content-type", b"application/json"),)
    for length in (10, 100_000):
        body = b'{"page": {"note": "%s"}, "more": false}' % (b"x" * length)
        assert operation.mismatch(Response(200, headers, body)) is None
    (expected,) = (answer for status, answer in operation.responses.items() if status == "200")
    assert [len(body) < 100 for body in expected.known] == [True]
