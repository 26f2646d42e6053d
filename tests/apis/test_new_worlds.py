"""POST /worlds: a fresh world or a fork, its assumptions, clock and ids; how many there are, and when one ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import KEY, MANY, NOW, Client
from own_document import HEAD, Served
from understudy import apis
from understudy.apis import own
from understudy.engine.bounds import parse
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.worlds import Worlds

MakeWorlds = Callable[..., Worlds]
START = {"template_id": "T1"}
CLAMP = {"nextstep.pagination.limit-out-of-range": "clamp"}


@pytest.fixture
def client(make_worlds: MakeWorlds, small: dict[str, Any]) -> Client:
    """A client of the small world."""
    return Client(make_worlds(seeds=small, limits={"nextstep": MANY}))


def made(client: Client, **body: Any) -> Client:
    """A client of a new world, with its key."""
    answer = client.done("POST", "/worlds", body)
    world = client.worlds.all[answer["id"]]
    return Client(client.worlds, key=answer["apis"]["nextstep"]["api_key"], world=world)


def runs(client: Client) -> list[str]:
    """The ids of all runs of a world."""
    return [run["id"] for run in client.get("/process-runs").json()["data"]]


def refused(client: Client, body: Any) -> str:
    """The detail of a refused creation, after which there is no other world."""
    before = len(client.worlds.all)
    answer = client.control("POST", "/worlds", body)
    assert answer.status == 400
    assert len(client.worlds.all) == before
    return str(answer.json()["detail"])


# Forks


def test_a_fork_goes_on_from_its_source(client: Client) -> None:
    """A fork has its source's data, time, ids, assumptions and jobs; from then on neither sees the other."""
    source = made(client)
    source.post("/process-runs", START)
    source.done("PUT", "/assumptions", {**CLAMP, "nextstep.runs.completion-delay": 2})
    source.done("POST", "/clock/advance", {"seconds": 5})
    for task in source.get("/process-runs/R1/tasks").json()["data"]:
        source.patch(f"/process-runs/R1/tasks/{task['id']}", {"completed": True})
    fork = made(client, **{"from": source.world.id})  # type: ignore[union-attr]
    assert fork.key != source.key
    states = [one.done("GET", "/state") for one in (source, fork)]
    assert {name for name in states[0] if states[0][name] != states[1][name]} == {"credentials"}
    assert states[1]["due"]
    assert fork.get("/process-runs?limit=5000").status == 200
    assert fork.post("/process-runs", START).body == source.post("/process-runs", START).body
    source.post("/process-runs", START)
    source.patch("/process-runs/R1", {"name": "Mine"})
    assert len(runs(source)) == len(runs(fork)) + 1 == 5
    fork.done("POST", "/clock/advance", {"seconds": 60})
    assert fork.get("/process-runs/R1").json()["data"]["status"] == "completed"
    assert source.get("/process-runs/R1").json()["data"]["status"] == "active"


def test_a_fork_has_no_journal_faults_or_used_quota(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """What was sent to the source, its faults and its rate windows are not the fork's."""
    client = Client(make_worlds(seeds=small, limits={"nextstep": 1}))
    assert [client.get("/process-runs").status for _ in range(2)] == [200, 429]
    client.done("POST", "/faults", {"status": 503})
    fork = made(client, **{"from": "default"})
    assert fork.get("/process-runs").status == 200
    assert fork.done("GET", "/faults") == {"faults": []}
    assert len(fork.done("GET", "/journal")["exchanges"]) == 1


def test_a_reset_fork_is_as_it_was_forked(client: Client) -> None:
    """A reset puts a fork back to when it was made, and its source to its own beginning."""
    client.post("/process-runs", START)
    fork = made(client, **{"from": "default"})
    before = runs(fork)
    fork.post("/process-runs", START)
    fork.done("POST", "/reset")
    assert runs(fork) == before
    client.done("POST", "/reset")
    assert len(runs(client)) == len(before) - 1 == 2
    assert runs(fork) == before


def test_forks_of_forks_stay_apart(client: Client) -> None:
    """A long line of forks, each written to, is read as quickly as the first one, and none sees a later record."""
    line = [client]
    for _ in range(300):
        line.append(made(line[-1], **{"from": line[-1].world.id if line[-1].world else "default"}))
        if len(line) % 100 == 0:
            line[-1].post("/process-runs", START)
    assert [len(runs(line[number])) for number in (0, 98, 99, 198, 199, 300)] == [2, 2, 3, 3, 4, 5]
    client.post("/process-runs", START)
    assert len(runs(line[300])) == 5


def test_the_records_of_a_fork_count(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """Forks of a grown world count towards the bound of records; after a reset of the source so do they still."""
    client = Client(make_worlds(seeds=small, limits={"nextstep": MANY}, bounds=parse(["state-bytes=8000"])))
    client.post("/process-runs", {**START, "name": "x" * 100})
    size = client.worlds.default.size()
    assert size > 0
    made(client, **{"from": "default"})
    assert client.worlds.check_state_bytes(0) == 8000 - 2 * size
    client.done("POST", "/reset")
    assert client.worlds.check_state_bytes(0) == 8000 - size
    told = [client.control("POST", "/worlds", {"from": list(client.worlds.all)[1]}).status for _ in range(20)]
    assert sorted(set(told)) == [201, 507]


def test_a_restored_fork_does_not_count_twice(client: Client) -> None:
    """A state that is put into a fork counts once beside what the fork was made with."""
    client.post("/process-runs", START)
    fork = made(client, **{"from": "default"})
    assert fork.world is not None
    state = fork.done("GET", "/state")
    fork.done("PUT", "/state", state)
    once = fork.world.size()
    fork.done("PUT", "/state", state)
    assert fork.world.size() == once


# Assumptions, clock, ids


def test_assumptions_of_a_world_survive_its_reset(client: Client) -> None:
    """`assume` switches assumptions of the new world alone, for good."""
    world = made(client, assume=CLAMP)
    world.done("POST", "/reset")
    assert [one.get("/process-runs?limit=5000").status for one in (client, world)] == [400, 200]


def test_a_world_begins_at_its_time(client: Client) -> None:
    """`clock` is an ISO 8601 time, also before the server's own, at which the clock stands; or how time goes on."""
    early = made(client, clock="2020-01-01")
    assert early.done("GET", "/clock") == {"now": "2020-01-01T00:00:00.000Z", "frozen": True}
    assert early.post("/process-runs", START).json()["data"]["created_at"] == "2020-01-01T00:00:00.000Z"
    early.done("POST", "/reset")
    assert early.done("GET", "/clock")["now"] == "2020-01-01T00:00:00.000Z"
    assert runs(early) == ["R2", "R1"]
    assert made(client, clock="frozen").done("GET", "/clock") == {"now": NOW, "frozen": True}
    assert made(client, clock="real").done("GET", "/clock")["frozen"] is False


def test_the_clock_of_a_fork_goes_only_forward(client: Client) -> None:
    """A fork may jump ahead, which runs its jobs, and not back."""
    client.done("PUT", "/assumptions", {"nextstep.runs.completion-delay": 2})
    for task in client.get("/process-runs/R1/tasks").json()["data"]:
        client.patch(f"/process-runs/R1/tasks/{task['id']}", {"completed": True})
    later = made(client, **{"from": "default", "clock": "2026-05-01"})
    assert later.get("/process-runs/R1").json()["data"]["completed_at"] == "2026-04-07T10:00:02.000Z"
    told = refused(client, {"from": "default", "clock": "2020-01-01"})
    assert told == f"clock: 2020-01-01T00:00:00.000Z is before the clock's {NOW}: time never goes back"


def test_relative_times_of_seeds_follow_the_clock(tmp_path: Path, make_worlds: MakeWorlds, small: Any) -> None:
    """`$now - 1d` is a day before a world's own time, in a document's records and in a seed file."""
    (tmp_path / "own.yaml").write_text(HEAD + PETS)
    (tmp_path / "own.seed.yaml").write_text("pets: [{name: Rex, born: $now - 1d}]\n")
    shop = Served(*own.declare(own.Own(tmp_path / "own.yaml", "own", seed=tmp_path / "own.seed.yaml")))
    body = {"clock": "2020-01-02T00:00:00Z"}
    worlds = [shop.send("POST", "/__mock__/worlds", body).json()["id"] for _ in range(2)]
    assert [shop.get(f"/@{id}/pets").json()[0]["born"] for id in worlds] == ["2020-01-01T00:00:00.000Z"] * 2
    assert shop.get("/pets").json()[0]["born"] == "2026-04-06T10:00:00.000Z"
    team, *others = small["nextstep"]["teams"]
    relative = {"teams": [{**team, "runs": [{**team["runs"][0], "created_at": "$now - 1d"}]}, *others]}
    (tmp_path / "nextstep").mkdir()
    (tmp_path / "nextstep/seed.yaml").write_text(json.dumps(relative))
    clock = Clock(milliseconds(NOW), frozen=True)
    seeder, seeds = apis.seeder(["nextstep"], tmp_path, clock), apis.seeds(["nextstep"], tmp_path)
    seeded = Client(make_worlds(seeds=seeds, seeder=seeder, clock=clock))
    for one, day in ((seeded, "2026-04-06T10"), (made(seeded, clock="2020-01-02"), "2020-01-01T00")):
        assert one.get("/process-runs/R1").json()["data"]["created_at"] == f"{day}:00:00.000Z"


PETS = """
x-resources: {pets: {schema: Pet, id: "{base62:4}"}}
paths:
  /pets:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Pet'}}}}
components:
  schemas:
    Pet: {type: object, properties: {id: {type: string}, name: {type: string}, born: {type: string, format: date-time}}}
"""


def test_a_seed_gives_other_ids(client: Client) -> None:
    """The same `seed` gives the same ids in any world, another one others; without it they are the server's."""
    clients = [made(client, seed="a"), made(client, seed="a"), made(client, seed="b"), made(client), client]
    a, again, b, none, default = (one.post("/process-runs", START).json()["data"]["id"] for one in clients)
    assert (a, none) == (again, default)
    assert len({a, b, none}) == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"from": "w_1"}, "from: there is no world 'w_1'"),
        ({"from": "defalt"}, "from: there is no world 'defalt'; did you mean default?"),
        ({"assume": {"nextstep.nope": 1}}, "assume: unknown assumption nextstep.nope"),
        ({"assume": {next(iter(CLAMP)): "x"}}, "assume: nextstep.pagination.limit-out-of-range cannot be 'x'"),
        ({"clock": "soon"}, "clock: 'soon' is neither real nor frozen nor an ISO 8601 time"),
        ({"clock": "reel"}, "clock: 'reel' is neither real nor frozen nor an ISO 8601 time; did you mean real?"),
        ({"clock": "9999-12-31T23:59:59-12:00"}, "clock: "),
        ({"seed": 5}, "seed"),
        ({"form": "default"}, "form"),
        ({"from": "default", "seed_data": {"nextstep": {"teams": 5}}}, "seed_data: "),
    ],
)
def test_what_cannot_be_makes_no_world(client: Client, body: Any, told: str) -> None:
    """The refusal names the member and the nearest valid value."""
    assert refused(client, body).startswith(told) or told in refused(client, body)


# How many, and how long


def test_a_world_expires_when_nothing_is_sent_to_it(client: Client) -> None:
    """A request to its API or its control API, or a reset, keeps a world; the default one never ends."""
    idle, busy, steered = (made(client) for _ in range(3))
    for now in range(0, 7200, 600):
        busy.get("/process-runs", authorization=f"Bearer {KEY}")
        steered.done("POST", "/reset")
        client.worlds.expire(now)
    assert list(client.worlds.all) == ["default", busy.world.id, steered.world.id]  # type: ignore[union-attr]
    assert idle.get("/process-runs").status == 404
    client.worlds.expire(6600 + 3000)
    assert len(client.worlds.all) == 3
    client.worlds.expire(6600 + 3600)
    assert list(client.worlds.all) == ["default"]


def test_worlds_may_last_for_ever(make_worlds: MakeWorlds, small: dict[str, Any]) -> None:
    """Without a timeout no world expires, and a refusal does not promise it."""
    client = Client(make_worlds(seeds=small, idle_timeout=None, bounds=parse(["worlds=2"])))
    made(client)
    for now in (0, 10**9):
        client.worlds.expire(now)
    assert len(client.worlds.all) == 2
    answer = client.control("POST", "/worlds")
    assert (answer.status, answer.header("x-mock-reason")) == (429, "bound")
    assert answer.json()["detail"] == (
        "there are 2 worlds, which is the most; remove one with DELETE /__mock__/worlds/{id}, "
        "or start the server with --max-worlds N"
    )
