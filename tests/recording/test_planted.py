"""Differences planted into recorded sessions: each is told at its place, with the one to blame, and no other is.

Twenty sessions of scripts with the three APIs and a user's document, three differences in each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

import live_service
from pets import declared, recording, session
from plants import Plant, constant, gone, later, more, number, place_of, planted, turned
from understudy.apis.control import declare as control
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.worlds import Worlds
from understudy.recording import files
from understudy.recording.picked import Picker
from understudy.recording.play import Played, play
from understudy.recording.prepare import began, given_ids, prepare
from understudy.recording.recorded import Recorded
from understudy.recording.targets import MockTarget
from understudy_checks.target import installed

pytestmark = pytest.mark.beside

R, T = "GET /api/v1/process-runs", "GET /api/v1/process-templates"
K, P = "GET /v2/runs", "GET /v2/processes"
O = "GET /api/organizations/"  # noqa: E741 - the first letter of the path
PLANTS: dict[str, tuple[tuple[Plant, ...], ...]] = {
    "nextstep": (
        (
            Plant(R, 0, "/data/1/title", more, "mock"),
            Plant(R, 2, "/data/0/completed", more, "mock"),
            Plant(T, 0, "/data/0/version", more, "mock"),
        ),
        (
            Plant(R, 0, "/data/0/created_at", later, "mock"),
            Plant(R, 1, "/data/timezone", gone, "recording"),
            Plant(T, 1, "/data/icon", more, "mock"),
        ),
        (
            Plant(R, 0, "/pagination/has_more", more, "mock"),
            Plant(R, 1, "/data/status", constant("paused"), "recording"),
            Plant(T, 0, "/data/1/title", number, "recording"),
        ),
        (
            Plant(R, 0, "/data/0/extra", constant(1), "mock"),
            Plant(R, -1, "/error/code", more, "mock"),
            Plant(T, 0, "/data/0/description", more, "mock"),
        ),
        (
            Plant(R, 0, "/data", turned, "mock"),
            Plant("POST", 0, "/data/title", more, "mock"),
            Plant(R, -1, "/error/message", more, "mock"),
        ),
    ),
    "kognitos": (
        (
            Plant(P, 0, "/items/1/name", more, "mock"),
            Plant(K, 0, "/items/0/name", more, "mock"),
            Plant("POST /v2/runs", 0, "/name", more, "mock"),
        ),
        (
            Plant(P, 0, "/items/1/stage", constant("Live"), "recording"),
            Plant(K, 0, "/items/0/created_at", later, "mock"),
            Plant(K, -1, "/status", constant("Failed"), "mock"),
        ),
        (
            Plant(P, 1, "/name", gone, "recording"),
            Plant(K, 0, "/items/0/extra", constant(1), "mock"),
            Plant(K, -2, "/status", number, "recording"),
        ),
        (
            Plant(P, 0, "/items", turned, "mock"),
            Plant(K, 1, "/name", number, "recording"),
            Plant("POST /v2/files", 0, "/file_name", more, "mock"),
        ),
        (
            Plant(P, 0, "/continuation_token", constant(None), "mock"),
            Plant(K, 1, "/file_ids", constant(["x"]), "mock"),
            Plant("POST /v2/files", 0, "/upload_http_method", constant("PUT"), "mock"),
        ),
    ),
    "tallyfy": (
        (
            Plant(f"{O}YOUR_ORGANIZATION_ID/runs?", 0, "/meta/pagination/total", more, "mock"),
            Plant(f"{O}YOUR_ORGANIZATION_ID/runs?", 0, "/data/0/name", more, "mock"),
            Plant("PUT", 0, "/data/title", more, "mock"),
        ),
        (
            Plant("GET /api/me", 0, "/data/email", more, "mock"),
            Plant(f"{O}YOUR_ORGANIZATION_ID/tags", 0, "/data/0/title", number, "recording"),
            Plant(f"{O}YOUR_ORGANIZATION_ID/users", 0, "/data/1/role", more, "mock"),
        ),
        (
            Plant(f"{O}YOUR_ORGANIZATION_ID/groups", 0, "/data/0/name", gone, "recording"),
            Plant(f"{O}YOUR_ORGANIZATION_ID/folders", 0, "/data/0/name", more, "mock"),
            Plant(f"{O}YOUR_ORGANIZATION_ID/guests", 0, "/data", turned, "mock"),
        ),
        (
            Plant(f"{O}YOUR_ORGANIZATION_ID/checklists?", 0, "/data/0/started_processes", more, "mock"),
            Plant(f"{O}YOUR_ORGANIZATION_ID/runs?", 0, "/data/1/created_at", later, "mock"),
            Plant("POST", 0, "/data/status", more, "mock"),
        ),
        (
            Plant(f"{O}YOUR_ORGANIZATION_ID/runs?", 0, "/meta/pagination/total_pages", more, "mock"),
            Plant(f"{O}YOUR_ORGANIZATION_ID/tags", 0, "/data/1/color", more, "mock"),
            Plant("POST", 1, "/data/name", more, "mock"),
        ),
    ),
    "pets": (
        (
            Plant("GET /v1/owners/7/pets/41", 1, "/name", more, "mock"),
            Plant("GET /v1/owners/7/pets/41", 1, "/kind", constant("bird"), "recording"),
            Plant("POST /v1/owners/7/pets", 0, "/name", more, "mock"),
        ),
        (
            Plant("POST /v1/owners/7/pets", 0, "/created_at", later, "mock"),
            Plant("POST /v1/owners/7/pets", 0, "/extra", constant(1), "mock"),
            Plant("PUT", 0, "/name", more, "mock"),
        ),
        (
            Plant("PUT", 0, "/name", constant("x" * 30), "recording"),
            Plant("GET /v1/owners/7/pets/90", 0, "/state", more, "recording"),
            Plant("POST /v1/owners/7/pets", 0, "/kind", gone, "mock"),
        ),
        (
            Plant("GET /v1/owners/7/pets/90", 0, "/kind", constant("cat"), "mock"),
            Plant("POST /v1/owners/7/pets", 0, "/name", number, "recording"),
            Plant("PUT", 0, "/state", constant("sold"), "mock"),
        ),
        (
            Plant("PUT", 0, "/owner_id", gone, "mock"),
            Plant("GET /v1/owners/7/pets/90", 0, "/created_at", later, "mock"),
            Plant("POST /v1/owners/7/pets", 0, "/state", gone, "mock"),
        ),
    ),
}
SESSIONS = [(api, number) for api, tables in PLANTS.items() for number in range(len(tables))]


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """A user's document."""
    return declared(tmp_path_factory.mktemp("pets"))


@cache
def recorded(api: str, folder: Path) -> tuple[Recorded, ...]:
    """The session of an API on its usual start state, or that with the pets."""
    if api == "pets":
        return files.load(recording(folder, session())).exchanges
    ask = live_service.Client(api, renamed=False)
    live_service.SESSIONS[api](ask)
    return tuple(ask.record())


def replayed(api: str, exchanges: Sequence[Recorded], pets: Api) -> Iterator[Played]:
    """The session, played on a mock."""
    known = pets if api == "pets" else installed.declared(api)
    picked, _ = Picker([known]).pick(files.loads(files.dumps(exchanges, "har").encode(), "session.har"))
    seeds = {api: None if api == "pets" else installed.seeds()[api]}
    worlds = Worlds([known, control], seeds=seeds, clock=Clock(began(picked), frozen=True), limits={api: None})
    prepare(worlds, picked)
    return play(picked, MockTarget(worlds, timed=True), known=given_ids(worlds))


@pytest.mark.parametrize(("api", "number"), SESSIONS)
def test_each_planted_difference_is_told_and_no_other(api: str, number: int, pets: Api, tmp_path: Path) -> None:
    """At its place or below, with the one to blame."""
    exchanges = list(recorded(api, tmp_path))
    plants = PLANTS[api][number]
    expected = []
    for plant in plants:
        position = place_of(exchanges, plant)
        exchanges[position] = planted(exchanges[position], plant)
        expected.append((position, plant.pointer, plant.blame))
    found = {
        (
            n,
            next((p for m, p, _ in expected if m == n and f"{fault.difference.pointer}/".startswith(f"{p}/")), fault),
            fault.blame.who,
        )
        for n, one in enumerate(replayed(api, exchanges, pets))
        for fault in one.faults
    }
    assert found == set(expected)


def patched(one: Recorded, **changes: Any) -> Recorded:
    """An exchange with another status, body or headers of its answer."""
    return one._replace(response=structs.replace(one.response, **changes))


def first(exchanges: Sequence[Recorded], text: str, nth: int = 0) -> int:
    """The position of the nth request that begins so."""
    return place_of(exchanges, Plant(text, nth, "", more, ""))


def without_change(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """The exchange that changed something is missing: what is read behind it is of before."""
    del exchanges[first(exchanges, "PUT")]
    return {(first(exchanges, "GET /v1/owners/7/pets/41", 1), "/name", "mock")}


def twice(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """A start stands there twice: the second has an id of its own."""
    position = first(exchanges, "POST /api/v1/process-runs")
    exchanges.insert(position, exchanges[position])
    return {(position + 1, "/data/id", "mock")}


def added(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """An answer of an object that nobody made."""
    one = exchanges[first(exchanges, "GET /v1/owners/7/pets/41")]
    exchanges.append(one._replace(request=structs.replace(one.request, path="/v1/owners/7/pets/41/no"), number=99))
    exchanges[-1] = patched(exchanges[-1], status=200)
    return {(len(exchanges) - 1, "status", "document")}


def stale(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """What is read after a change is of before."""
    before, after = (first(exchanges, "GET /v1/owners/7/pets/41", n) for n in (0, 1))
    exchanges[after] = patched(exchanges[after], body=exchanges[before].response.body)
    return {(after, "/name", "mock")}


def reused(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """The id of another object."""
    position = first(exchanges, "GET /api/v1/process-runs/")
    body = exchanges[position].response.json()
    body["data"]["id"] = exchanges[0].response.json()["data"][4]["id"]
    exchanges[position] = patched(exchanges[position], body=json.dumps(body).encode())
    return {(position, "/data/id", "mock")}


def other_page(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """The first page in place of the second."""
    one, two = (first(exchanges, "GET /api/organizations/YOUR_ORGANIZATION_ID/checklists?", n) for n in (0, 1))
    exchanges[two] = patched(exchanges[two], body=exchanges[one].response.body)
    return {(two, "/data", "mock"), (two, "/meta", "mock")}


def header(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """A media type that the document does not have."""
    exchanges[0] = patched(exchanges[0], headers=((b"content-type", b"text/html"),))
    return {(0, "header content-type", "recording")}


def status(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """A status that the document has, and one that it has not."""
    position = first(exchanges, "GET /v1/owners/7/pets/41", 1)
    exchanges[position] = patched(exchanges[position], status=404, body=b"")
    exchanges[0] = patched(exchanges[0], status=418)
    return {(position, "status", "mock"), (0, "status", "recording")}


def forbidden(exchanges: list[Recorded]) -> set[tuple[int, str, str]]:
    """All answers of a kind break the document alike."""
    places = [
        n for n, one in enumerate(exchanges) if one.target == "/v1/owners/7/pets/41" and one.request.method == "GET"
    ]
    places += [first(exchanges, "GET /v1/owners/7/pets/90")]
    for position in places:
        body = {**exchanges[position].response.json(), "state": "lent"}
        exchanges[position] = patched(exchanges[position], body=json.dumps(body).encode())
    return {(position, "/state", "document") for position in places}


STRUCTURAL = [
    ("pets", without_change), ("nextstep", twice), ("pets", added), ("pets", stale), ("nextstep", reused),
    ("tallyfy", other_page), ("nextstep", header), ("pets", status), ("pets", forbidden),
]  # fmt: skip


@pytest.mark.parametrize(("api", "plant"), STRUCTURAL, ids=[plant.__name__ for _, plant in STRUCTURAL])
def test_what_is_wrong_with_whole_exchanges_is_told(
    api: str, plant: Callable[[list[Recorded]], set[tuple[int, str, str]]], pets: Api, tmp_path: Path
) -> None:
    """Missing, doubled, added and stale ones, ids and pages of others, headers, statuses, and what all answers do."""
    exchanges = list(recorded(api, tmp_path))
    expected = plant(exchanges)
    places = [(n, pointer) for n, pointer, _ in expected]
    found = {
        (
            n,
            next((p for m, p in places if m == n and f"{fault.difference.pointer}/".startswith(f"{p}/")), str(fault)),
            fault.blame.who,
        )
        for n, one in enumerate(replayed(api, exchanges, pets))
        for fault in one.faults
    }
    assert found == expected
