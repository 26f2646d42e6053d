"""Bounds: what grows has an end that a flag moves; at the end it is refused with its remedy, or the oldest goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from conftest import MANY, Client
from hypothesis import given
from hypothesis import strategies as st
from test_journal import journal_of

from mock_server.bounds import NAMES, Bounds, parse
from mock_server.exchange import Exchange, Request, Response
from mock_server.journal import Journal, Room, size_of
from mock_server.world import Due, Numbers, Worlds

Plant = Callable[..., Worlds]
MB = 1 << 20


@pytest.fixture
def bounded(plant: Plant, small: dict[str, Any]) -> Callable[..., Client]:
    """Makes clients of small worlds with these bounds."""
    return lambda *bounds: Client(plant(seeds=small, limits={"nextstep": MANY}, bounds=parse(bounds)))


def refused(client: Client, method: str, target: str, body: Any = None) -> str:
    """Why a control call is refused at a bound: problem details with 507, and the reason in its header."""
    response = client.control(method, target, body)
    assert (response.status, response.header("x-mock-reason")) == (507, "bound"), response
    assert response.header("content-type") == "application/problem+json"
    return str(response.json()["detail"])


def exchange(number: int, *, headers: int = 0, body: int = 0, path: int = 0, error: int | None = None) -> Exchange:
    """An exchange with so many bytes in its parts."""
    request = Request("GET", "/" + "x" * path, "", ((b"x-a", b"x" * headers),), b"x" * body)
    text = None if error is None else "x" * error
    return Exchange(number, "w", "toy", None, 0, request, Response(200), "run", None, (), text)


# The flag


def test_each_bound_is_moved_by_its_name() -> None:
    """`NAME=N` sets one bound, the last of the same name counts, all others stay."""
    for name in NAMES:
        changed = parse([f"{name}=5", f"{name}=7"])
        assert getattr(changed, name.replace("-", "_")) == 7
        assert sum(getattr(changed, field) != getattr(Bounds(), field) for field in Bounds.__struct_fields__) == 1
    assert parse([]) == Bounds()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("world=5", "--bound world=5: there is no bound world; did you mean worlds?; known: worlds, "),
        ("worlds", "--bound worlds: nothing is not a whole number from 1"),
        ("worlds=0", "0 is not a whole number from 1"),
        ("worlds=-1", "-1 is not"),
        ("worlds=1.5", "1.5 is not"),
        ("worlds=\u0661", "is not"),
        ("worlds=1" + "0" * 18, "is not"),
        ("=1", "there is no bound "),
    ],
)
def test_a_bound_that_cannot_be_is_refused(text: str, told: str) -> None:
    """The message names the value and what is known."""
    with pytest.raises(ValueError, match="--bound") as error:
        parse([text])
    assert told in str(error.value)


# Worlds


def test_worlds_end_at_their_bound(bounded: Callable[..., Client]) -> None:
    """A world too many is refused and takes no id; a removed one makes room."""
    client, other = bounded("worlds=3"), bounded()
    made = [client.done("POST", "/worlds")["id"] for _ in range(2)]
    told = refused(client, "POST", "/worlds")
    assert told == (
        "there are 3 worlds, which is the bound; remove one with DELETE /__mock__/worlds/{id}, "
        "or start the server with --bound worlds=N"
    )
    assert client.done("GET", "/health")["worlds"] == 3
    client.control("DELETE", f"/worlds/{made[0]}")
    ids = [*made, client.done("POST", "/worlds")["id"]]
    assert ids == [other.done("POST", "/worlds")["id"] for _ in range(3)]


# Faults


def test_faults_end_at_their_bound(bounded: Callable[..., Client]) -> None:
    """Each world has its own number of faults; one too many changes nothing, one that is used up makes room."""
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
    assert other.worlds.bounds.faults == 1000


def test_faults_of_all_worlds_share_their_bytes(bounded: Callable[..., Client]) -> None:
    """Bodies and headers of all faults count; clearing, removing and forgetting a world make room."""
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
    """Large headers, bodies, paths and tracebacks make room alike."""
    journal = journal_of()
    for number in range(200):
        journal.keep(exchange(number, **{part: MB}))  # type: ignore[arg-type]
        assert journal.size() <= 17 * MB
    assert 8 <= len(journal) <= 16
    assert next(reversed(list(journal))).id == 199


def test_the_journal_is_as_long_as_its_bound(bounded: Callable[..., Client]) -> None:
    """`journal` is the number of exchanges, `journal-bytes` what the large ones take."""
    client = bounded("journal=5", "journal-bytes=100000")
    for _ in range(7):
        client.get("/process-runs")
    assert [line["id"] for line in client.done("GET", "/journal")["exchanges"]] == [3, 4, 5, 6, 7]
    for _ in range(5):
        client.get("/process-runs", x_long="x" * 40_000)
    kept = [line["id"] for line in client.done("GET", "/journal")["exchanges"]]
    assert kept[-1] == 13, "the control call before has a number, too"
    assert len(kept) == 2


def test_idle_worlds_lose_their_journals_first() -> None:
    """Where all journals are full, those that nothing is added to go, then the older halves of the busy ones."""
    journals: list[Journal] = []
    bounds = Bounds()
    room = Room(4 * MB, lambda: journals)
    journals += [Journal(bounds, room) for _ in range(4)]

    def keep(number: int, count: int) -> None:
        for _ in range(count):
            journals[number].count += 1
            journals[number].keep(exchange(journals[number].count, body=10_000))

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


def test_a_halved_journal_counts_what_is_left() -> None:
    """Large exchanges that went are counted no more."""
    journal = journal_of()
    for number in range(10):
        journal.keep(exchange(number, body=MB))
    journal.halve()
    assert [one.id for one in journal] == [5, 6, 7, 8, 9]
    for number in range(10, 20):
        journal.keep(exchange(number, body=MB))
    assert len(journal) > 10


def test_what_an_exchange_takes() -> None:
    """Its size is that of all its bytes and a constant."""
    empty = size_of(exchange(1))
    assert size_of(exchange(1, headers=1, body=20, path=300, error=4000)) == empty + 4321


# Jobs


@given(st.lists(st.integers(0, 40), max_size=60))
def test_a_new_job_has_the_number_after_the_highest_that_waits(steps: list[int]) -> None:
    """As if all that wait were looked at, whatever was taken and let go, and from wherever it went on."""
    due = [Due(0, number, "a", "t", "x", {}) for number in (3, 7)]
    numbers, waiting = Numbers(due), [3, 7]
    for step in steps:
        if step % 2:
            number = numbers.take()
            assert number == 1 + max(waiting, default=0)
            waiting.append(number)
        elif waiting:
            numbers.free(waiting.pop(step % len(waiting)))
