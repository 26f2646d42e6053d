"""What a replay tells a newcomer: who is to blame and why, in words; flags that mean nothing are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pets import TOM, declared, document, exchange, loaded, recording
from understudy.cli import main
from understudy.engine.exchange import Response
from understudy.recording.blame import _message, _no_operation
from understudy.recording.compare import Difference
from understudy.recording.picked import Picker


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An own folder with the document."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)


def blames(*interactions: dict[str, Any]) -> list[tuple[str, str]]:
    """Who is to blame for the first difference of each exchange that differs, and why."""
    recording(Path(), list(interactions))
    main(["replay", "session.json", "--api", "pets.yaml", "--json", "out.json", "-q"])
    found = json.loads(Path("out.json").read_text())["exchanges"]
    return [(one["differences"][0]["blame"], one["differences"][0]["why"]) for one in found if one["differences"]]


@pytest.mark.parametrize("status", [200, 302, 500])
def test_a_document_without_the_operation_is_to_blame(status: int) -> None:
    """Whatever the service answered: it has the operation, and the document does not."""
    told = blames(exchange("GET", "/owner", status, {}), exchange("PURGE", "/owners", status, {}))
    assert told[0] == ("document", "it has no operation GET /v1/owner; did you mean /v1/owners?")
    assert told[1][0] == "document"
    assert told[1][1].startswith("it has no operation PURGE /v1/owners; it has GET, ")


def test_an_answer_without_a_hint_is_told_by_the_operation_alone(tmp_path: Path) -> None:
    """As where nothing of the document is near."""
    (one,), _ = Picker([declared(tmp_path)]).pick(loaded(tmp_path, [exchange("GET", "/owner", 200, {})]))
    assert _no_operation(one, Response(404)) == "it has no operation GET /v1/owner"


def test_an_object_that_breaks_the_document_is_the_recordings_fault() -> None:
    """It could not be made, and so is not found: what is wrong is its recorded answer, and not the mock's 404."""
    ((who, why),) = blames(exchange("GET", "/owners/7/pets/41", 200, {**TOM, "id": "x"}))
    assert who == "recording"
    assert "it breaks the document: " in why
    assert "/id" in why


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"type": "about:blank", "title": "Bad Request", "detail": "name is missing"}', "name is missing"),
        (b'{"error": {"code": 1, "message": "no such run"}}', "no such run"),
        (b'{"code": 5}', '{"code": 5}'),
        (b"[1]", "[1]"),
        (b"sorry", "sorry"),
    ],
)
def test_a_refusal_is_told_by_its_message(body: bytes, told: str) -> None:
    """Not by the whole problem; what has no message is shown as it is."""
    assert _message(Response(400, (), body)) == told


def test_long_values_are_shown_where_they_differ() -> None:
    """Their beginning says nothing where it is the same."""
    told = str(Difference("/text", "a" * 300 + "one" + "b" * 300, "a" * 300 + "two" + "b" * 300))
    assert "aaaoneb" in told
    assert "aaatwob" in told
    assert str(Difference("/text", "a" * 300 + "one", "a" * 300)).endswith("a'")
    assert len(told) < 300


def test_a_file_is_played_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Also one that is named twice, or lies in a folder that is named, too: it is no copy of itself."""
    recording(Path(), [exchange("GET", "/owners/7/pets/41", 200, TOM)])
    assert main(["replay", "session.json", "./session.json", ".", "--api", "pets.yaml"]) == 0
    assert capsys.readouterr().out.endswith("1 exchange played, 0 differ\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--api-key", "K"], "--api-key is the key for the server at --url"),
        (["--url", "http://127.0.0.1:9/v1", "--assume", "pets.x=1"], "--assume switches the mock, and not the server"),
        (["--max-age", "x"], "--max-age x is not a number of days between 0 and 100,000"),
    ],
)
def test_flags_that_mean_nothing_are_refused(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A flag that would be left out without a word is an error of one line."""
    recording(Path(), [exchange("GET", "/owners/7/pets/41", 200, TOM)])
    assert main(["replay", "session.json", "--api", "pets.yaml", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_what_is_wrong_with_a_file_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was cut off, and one without exchanges."""
    Path("cut.har").write_text('{"log": {"version": "1.2", "entries": [{"startedDateTime": "2020')
    Path("empty.json").write_text('{"version": 1, "interactions": []}')
    assert main(["replay", "cut.har", "empty.json", "--api", "pets.yaml"]) == 2
    told = capsys.readouterr().err
    assert "cut.har: line 1: it is cut off or damaged there: Unterminated string; 0 interactions are whole" in told
    assert "empty.json: it has no exchanges" in told


def test_the_members_of_the_json_are_those_of_the_page() -> None:
    """The how-to page lists each member that a result has."""
    blames(exchange("GET", "/owner", 200, {}))
    result = json.loads(Path("out.json").read_text())
    page = (Path(__file__).parents[2] / "docs/how-to/replay-recordings.md").read_text()
    (one,) = result["exchanges"]
    names = {*result, *one, *one["differences"][0], "kind", "text", "id", "resource", "place"}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_a_suggestion_does_not_take_the_place_of_files(capsys: pytest.CaptureFixture[str]) -> None:
    """They are written all the same; standard output has room for one."""
    recording(Path(), [exchange("GET", "/owner", 200, {})])
    words = ["drift", "session.json", "--api", "pets.yaml", "--suggest", "--json"]
    assert main([*words, "out.json"]) == 1
    assert capsys.readouterr().out == "# no recording speaks for another value of an assumption\n"
    assert json.loads(Path("out.json").read_text())["differing"] == 1
    assert main([*words, "-"]) == 2
    assert "--json -: --suggest takes standard output; name a file" in capsys.readouterr().err
