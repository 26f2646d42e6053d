"""Worlds of tests that start as a recording shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import live_service
from pets import TOM, document, recording, session
from understudy.recording import files
from understudy.testing import recordings
from understudy.testing.marker import BadMarker, world_for
from understudy.testing.server import MockServer
from understudy_checks.target import installed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder with recordings, and an API that is declared already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("understudy.apis.declare", {"nextstep": installed.declared("nextstep")}.__getitem__)
    document(tmp_path)
    recording(tmp_path, session())
    Path("jane.yaml").write_text(files.dumps(live_service.session("nextstep"), "yaml"))
    recordings._declared.cache_clear()
    return tmp_path


def test_a_world_starts_as_a_recording_shows(folder: Path) -> None:
    """Of a built-in API and of a user's document; a clock that is given stands before that of the recording."""
    documents = ("nextstep", "pets=pets.yaml")
    with MockServer(*documents, listen=False) as server:
        options: dict[str, Any] = {"recordings": ["jane.yaml", "session.json"]}
        with world_for(server, options, documents) as world:
            assert world.clock.now.isoformat() == "2026-03-01T10:00:01+00:00"
            runs = world.api("nextstep").state["runs"]
            assert live_service.session("nextstep")[0].response.json()["data"][0]["id"] in runs
            assert world.api("pets").state["pets"]["41"] == TOM
        with world_for(server, {**options, "clock": "2027-01-01T00:00:00Z"}, documents) as world:
            assert world.clock.now.year == 2027


def test_recordings_without_times_leave_the_clock(folder: Path) -> None:
    """They say nothing of it."""
    untimed = [one._replace(at=None) for one in live_service.session("nextstep")]
    Path("jane.yaml").write_text(files.dumps(untimed, "yaml"))
    assert recordings.start_of(["jane.yaml"], ("nextstep",)).keys() == {"seed_data"}


def test_recordings_that_cannot_be_used_are_told(folder: Path) -> None:
    """One line, with the file."""
    with (
        MockServer("nextstep", listen=False) as server,
        pytest.raises(BadMarker, match=r"recordings: none\.har: No such"),
    ):
        world_for(server, {"recordings": ["none.har"]}, ("nextstep",))
