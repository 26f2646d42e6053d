"""Sessions of servers that are no code of ours play on the mock; what is planted in them is told with the one to blame.

What this other NextStep server does where the vendor's pages are silent is given to the mock by its assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import pet_server
from plants import Plant, constant, gone, later, more, number, place_of, planted
from recorded_elsewhere import recorded
from understudy.apis import own, start_states
from understudy.apis.control import declare as control
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.worlds import Worlds
from understudy.recording import files
from understudy.recording.blame import anywhere
from understudy.recording.picked import Picker
from understudy.recording.play import Played, play
from understudy.recording.prepare import began, given_ids, prepare
from understudy.recording.recorded import Recorded
from understudy.recording.report import Report, text
from understudy.recording.targets import MockTarget
from understudy_checks.target import installed

Told = set[tuple[int, str, str]]
DOES: dict[str, Any] = {
    "nextstep.errors.validation-status": 422,
    "nextstep.pagination.empty-page-cursor": "",
    "nextstep.runs.created-omits": ["due_date", "is_shared", "sections", "updated_at"],
    "nextstep.runs.fresh-updated-at": "created_at",
    "nextstep.runs.touched-by-tasks": False,
    "nextstep.runs.unattributed-assignee": "api",
    "nextstep.runs.without-tasks": "completed",
    "nextstep.tasks.completed-by": "email",
    "nextstep.tasks.list-omits": ["due_date", "webhook_enabled", "skipped"],
    "nextstep.tasks.locked-run-status": {"status": 409, "code": "conflict"},
    "nextstep.tasks.required-on-completion": True,
    "nextstep.tasks.unset-value": "",
    "nextstep.tasks.update-success": 202,
    "nextstep.templates.order": "oldest-first",
    "nextstep.templates.single-omits": ["cover_image", "icon", "icon_type", "visibility"],
}
"""What the other server does where the document assumes something else, and has this among its alternatives."""

UNDECLARED = (
    "/meta", "/pagination/size", "/data/colour", "/data/*/colour", "/data/rank", "/data/*/rank", "/data/kind",
    "/data/*/kind", "/data/sections/*/open", "/data/*/sections/*/open", "/data/custom_elements/*/hint",
    "/data/*/custom_elements/*/hint", "/data/owner", "/data/*/owner",
)  # fmt: skip
"""Members that it always sends and no page names: it is the document that lacks them, where it was seen twice."""

OTHERWISE = (
    "/error/hint", "/error/message", "/data/*/order", "/data/*/description", "/data/*/section_id",
    "/data/*/is_essential", "/data/*/due_date", "/data/*/webhook_enabled", "/data/*/created_at",
    "/data/sections/*/description", "/data/*/sections/*/description",
)  # fmt: skip
"""What it words and counts in its own way, and optional members that it leaves out of the tasks of templates."""

R, T, P = "GET /api/v1/process-runs", "GET /api/v1/process-templates", "/v1/pets"
PLANTS: dict[str, tuple[Plant, ...]] = {
    "reading": (
        Plant(f"{R}?limit=100", 0, "/data/1/title", more, "mock"),
        Plant(f"{R}?limit=100", 0, "/data/2/status", constant("paused"), "recording"),
        Plant(f"{T}/", 0, "/data/version", more, "mock"),
        Plant(f"{T}/", 3, "/data/title", gone, "recording"),
        Plant(f"{R}/nope", 0, "/error/code", more, "mock"),
        Plant(f"{R}/", 0, "/data/extra", constant(1), "mock"),
    ),
    "working": (
        Plant("PATCH", 0, "/error/code", more, "mock"),
        Plant("PATCH", 1, "/data/completed_by", constant("api"), "mock"),
        Plant(f"{R}/", 0, "/data/created_at", later, "mock"),
        Plant(f"{R}/", 2, "/data/title", number, "recording"),
    ),
    "starting": (
        Plant("POST", 0, "/data/title", more, "mock"),
        Plant("PATCH", 0, "/data/completed", constant(False), "mock"),
        Plant("PATCH", 0, "/data/custom_elements/0/type", gone, "recording"),
        Plant(f"{R}?status=completed", 0, "/data/0/status", constant("active"), "mock"),
        Plant(f"{R}/", 0, "/data/0/instance_id", constant("58"), "mock"),
    ),
    "making": (
        Plant(f"POST {P}", 0, "/name", more, "mock"),
        Plant(f"POST {P}", 1, "/kind", constant("cow"), "recording"),
        Plant(f"GET {P}?limit=3&after", 0, "/pets/0/grams", more, "mock"),
        Plant(f"PATCH {P}", 0, "/nick", constant("Z"), "mock"),
        Plant(f"GET {P}", -1, "/why", number, "recording"),
    ),
    "keeping": (
        Plant(f"GET {P}/", 0, "/grams", more, "mock"),
        Plant(f"GET {P}?limit=3&after", 0, "/next", constant("pet_00000001"), "mock"),
        Plant(f"GET {P}/", 1, "/name", constant("Tom 0"), "mock"),
        Plant(f"GET {P}", -1, "/pets/0/nick", constant(5), "recording"),
    ),
}


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """The API of the server of pets."""
    file = tmp_path_factory.mktemp("pets") / "pets.yaml"
    file.write_text(pet_server.PETS)
    return own.declare(own.Own(file, "pets"))[0]


def replayed(exchanges: Sequence[Recorded], api: Api) -> list[Played]:
    """The session, played on a mock whose start state is what it shows."""
    picked, lines = Picker([api]).pick(files.loads(files.dumps(exchanges, "har").encode(), "session.har"))
    assert lines == []
    is_own = api.name == "pets"
    seed = None
    if not is_own:
        start = start_states.start_of(api, picked, installed.seeds()[api.name])
        assert start.prepared.problems == ()
        seed = start.content
    worlds = Worlds(
        [api, control],
        seeds={api.name: seed},
        clock=Clock(began(picked), frozen=True),
        limits={api.name: None},
        assume={} if is_own else DOES,
    )
    assert prepare(worlds, picked).problems == ()
    return list(play(picked, MockTarget(worlds, timed=True), known=given_ids(worlds)))


def told(played: Sequence[Played]) -> Told:
    """The position, the pointer and the one to blame of each difference."""
    return {(n, fault.difference.pointer, fault.blame.who) for n, one in enumerate(played) for fault in one.faults}


def api_of(name: str, pets: Api) -> Api:
    """The API of a session."""
    return pets if name in ("making", "keeping") else installed.declared("nextstep")


@pytest.mark.parametrize("name", PLANTS)
def test_a_session_of_another_server_plays_with_what_the_document_leaves_open_only(name: str, pets: Api) -> None:
    """Ids, times, orders, pages, states and what is refused are as they were; a plain document leaves nothing else."""
    kinds = {(anywhere(pointer), who) for _, pointer, who in told(replayed(recorded(name), api_of(name, pets)))}
    known = {(one, "mock") for one in (*UNDECLARED, *OTHERWISE)} | {(one, "document") for one in UNDECLARED}
    assert kinds <= (set() if api_of(name, pets) is pets else known)


def test_members_that_no_page_names_are_the_documents_fault() -> None:
    """They are told once for each answer, with how often the service sent them."""
    played = replayed(recorded("reading"), installed.declared("nextstep"))
    lines = text(Report(played, (), (), ())).splitlines()
    place = lines.index("  /data/0/colour: expected 'green', got nothing (and 43 more at /data/*/colour)")
    assert (
        lines[place + 1] == "    the document: it does not declare /data/*/colour, which the service sent all 49 times"
    )


@pytest.mark.parametrize("name", PLANTS)
def test_what_is_planted_in_it_is_told_and_nothing_else(name: str, pets: Api) -> None:
    """Each at its place, with the one to blame."""
    exchanges = list(recorded(name))
    before = told(replayed(exchanges, api_of(name, pets)))
    expected = set()
    for plant in PLANTS[name]:
        position = place_of(exchanges, plant)
        exchanges[position] = planted(exchanges[position], plant)
        expected.add((position, plant.pointer, plant.blame))
    after = told(replayed(exchanges, api_of(name, pets)))
    assert (after - before, before - after) == (expected, set())
