"""`understudy drift`: who disagrees, and which alternative of an assumption fits what was recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from pets import document, exchange, recording, session
from understudy.apis.control import declare as control
from understudy.cli import main
from understudy.engine.clock import Clock
from understudy.engine.exchange import Headers, Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.recording import files, journal
from understudy_checks.target import installed

BAD: tuple[Any, ...] = ({"template_id": 5}, {}, {"template_id": "nope"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder, and the APIs that are declared already."""
    monkeypatch.chdir(tmp_path)
    known = installed.declared("nextstep")
    monkeypatch.setattr("understudy.apis.declare", {"nextstep": known}.__getitem__)
    return tmp_path


def of_service(name: str, query: str = "limit=1", **assumed: Any) -> None:
    """A recording of a NextStep whose assumptions are otherwise; `_` stands for a dot of an id."""
    values = {f"nextstep.{id.replace('__', '.')}": value for id, value in assumed.items()}
    worlds = Worlds(
        [installed.declared("nextstep"), control],
        seeds=installed.seeds(),
        seeder=installed.load_seed_once,
        clock=Clock(1_775_556_000_000, frozen=True),
        assume={id.replace("_", "-"): value for id, value in values.items()},
    )
    app = App(worlds)
    headers: Headers = ((b"authorization", b"Bearer nxs_live_your_key"), (b"content-type", b"application/json"))
    for body in BAD:
        call(app, Request("POST", "/api/v1/process-runs", "", headers, json.dumps(body).encode()))
    call(app, Request("GET", "/api/v1/process-runs", query, headers))
    recorded = journal.recorded(map(worlds.server.mask.whole, worlds.default.journal), worlds.server.url)
    Path(name).write_text(files.dumps(recorded, "har"))


def drift(*arguments: str) -> int:
    """The exit code for recordings of NextStep."""
    return main(["drift", *arguments, "--api", "nextstep"])


def test_nothing_disagrees(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then nothing is learned."""
    of_service("a.har")
    assert drift(".") == 0
    assert capsys.readouterr().out == "4 exchanges played, 0 differ\n"
    assert drift("a.har", "--suggest") == 0
    assert capsys.readouterr().out == "# no recording speaks for another value of an assumption\n"


def test_an_alternative_that_fits_is_learned(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over all recordings together, with the places that speak for it; one that fits fewer is not told."""
    of_service("a.har", errors__validation_status=422)
    of_service("b.har", "limit=500", errors__validation_status=422, pagination__limit_out_of_range="reject")
    of_service("c.har")
    assert drift("a.har", "b.har") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("to blame: the mock ") or lines[-3].startswith("to blame: the mock ")
    (learned,) = [line for line in lines if line.startswith("learned: nextstep.errors.validation-status")]
    assert "422 fits, not 400: " in learned
    assert "a.har: interaction 1: POST /api/v1/process-runs" in learned
    assert drift("a.har", "c.har") == 1
    assert "learned:" not in capsys.readouterr().out


def test_a_suggestion_changes_the_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The overlay makes the value that was seen the default, and the default an alternative."""
    of_service("a.har", errors__validation_status=422)
    assert drift("a.har", "--suggest") == 1
    Path("seen.yaml").write_text(capsys.readouterr().out)
    assert yaml.safe_load(Path("seen.yaml").read_text())["overlay"] == "1.0.0"
    source = Path(__file__).parents[2] / "openapi" / "nextstep.yaml"
    Path("mine.yaml").write_text(source.read_text())
    assert main(["explain", "mine.yaml", "--overlay", "seen.yaml", "--diff"]) == 0
    out = capsys.readouterr().out
    assert "-400\n+422" in out
    assert "-422\n+400" in out


def test_recordings_that_nobody_needs_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unused, old and copied ones, of a document of the user; reports are written as those of a replay."""
    document(folder)
    recording(folder, session())
    recording(folder, session(), "copy.json")
    foreign = exchange("GET", "/", 200)
    foreign["request"]["uri"] = "https://far.example/"
    recording(folder, [foreign], "foreign.json")
    names = ["session.json", "copy.json", "foreign.json"]
    arguments = ["drift", *names, "--api", "pets.yaml", "--max-age", "5", "--json", "-"]
    assert main(arguments) == 1
    kinds = [one["kind"] for one in json.loads(capsys.readouterr().out)["findings"]]
    assert kinds == ["stale", "duplicated", "stale", "unused", "stale"]
    assert main(["drift", "foreign.json", "--api", "pets.yaml", "-q"]) == 1
    assert capsys.readouterr().out == "0 exchanges played, 0 differ, 1 finding\n"


def test_many_places_are_cut() -> None:
    """Five places are named, and the others counted."""
    from understudy.recording.drift import Settled

    assumption = installed.declared("nextstep").contract.assumptions["nextstep.errors.validation-status"]
    places = tuple(f"a.har: interaction {n}" for n in range(8))
    text = str(Settled(assumption, 422, places, 8, frozenset(("a.har", n, "status") for n in range(8))))
    assert text.endswith("8 of 8 differences are gone (" + "; ".join(places[:5]) + " and 3 more)")


def test_a_folder_may_hold_other_files(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no recording is left out, what is damaged is a finding, and the rest is played."""
    of_service("a.har")
    for name, text in (("compose.yaml", "services: {}"), ("b.json", "{"), ("c.yml", "a: [")):
        Path(name).write_text(text)
    assert drift(".") == 0
    Path("damaged.har").write_bytes(b"\xff\xfe\xff")
    assert drift(".") == 1
    assert "damaged.har: unreadable: line 1: it is no utf-16 text" in capsys.readouterr().out
    assert main(["replay", "compose.yaml", "--api", "nextstep"]) == 2
    Path("more").mkdir()
    assert main(["replay", "more", "--api", "nextstep"]) == 2
    assert "there is no recording there" in capsys.readouterr().err


def test_shipped_recordings_do_not_drift(folder: Path) -> None:
    """Folders with seeds and recordings are taken as they are."""
    assert drift(str(Path(__file__).parents[2] / "fixtures" / "nextstep")) == 0


def test_a_folder_without_recordings_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line."""
    assert drift(".") == 2
    assert capsys.readouterr().err == "understudy: there is no recording in .\n"
