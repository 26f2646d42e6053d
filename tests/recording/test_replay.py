"""`understudy replay`: recordings are played on the mock or a server; each difference says who is to blame."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pets import BEGAN, REX, TOM, document, exchange, recording, session
from understudy.cli import main
from understudy.recording import files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder with the document, and nothing else."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)
    return tmp_path


def replay(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the result as JSON, of a replay against the document."""
    code = main(["replay", *arguments, "--api", "pets.yaml", "--json", "out.json", "-q"])
    return code, json.loads(Path("out.json").read_text())


def changed(interactions: list[dict[str, Any]], number: int, body: Any) -> list[dict[str, Any]]:
    """The interactions with another body in one answer."""
    interactions[number - 1]["response"]["body"]["string"] = json.dumps(body)
    return interactions


def differences(result: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Interaction, pointer and blame of each difference."""
    return [
        (one["interaction"], each["pointer"], each["blame"])
        for one in result["exchanges"]
        for each in one["differences"]
    ]


def test_a_recording_is_played_as_it_was(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is read but not created is there from the start, what is created later; nothing differs."""
    recording(folder, session())
    assert main(["replay", "session.json", "--api", "pets.yaml"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "assumed: pets: owners 7: only its id is named: the rest is made up",
        "assumed: pets: pets 41: it is read, but never created",
        "",
        "8 exchanges played, 0 differ",
    ]


@pytest.mark.parametrize("form", files.FORMATS)
def test_every_format_plays_the_same(folder: Path, form: str) -> None:
    """GET, PUT, GET answers the new state, from cassettes and HARs."""
    exchanges = files.load(recording(folder, session())).exchanges
    name = f"again.{form}" if form != "betamax" else "again.json"
    Path(name).write_text(files.dumps(exchanges, form))
    assert replay(name)[0] == 0


@pytest.mark.parametrize(
    ("number", "body", "told"),
    [
        (4, {**TOM, "name": "Tom"}, (4, "/name", "mock")),
        (6, {**REX, "kind": "bird"}, (6, "/kind", "recording")),
        (5, {**REX, "name": "x" * 30}, (5, "/name", "recording")),
        (6, {**REX, "state": "sold"}, (6, "/state", "mock")),
        (6, {**REX, "created_at": "2026-03-02T10:00:05Z"}, (6, "/created_at", "mock")),
    ],
)
def test_one_changed_value_is_one_difference(folder: Path, number: int, body: Any, told: tuple[int, str, str]) -> None:
    """It is told at its place, and blamed on the recording where that breaks the document."""
    recording(folder, changed(session(), number, body))
    code, result = replay("session.json")
    assert (code, differences(result)) == (1, [told])


def test_a_document_that_forbids_what_all_did_is_to_blame(folder: Path) -> None:
    """Two answers that break the document alike are no accident of the recording."""
    odd = [exchange("GET", f"/owners/{n}", 200, {"id": n, "name": "J", "vip": n}, at=n) for n in (1, 2)]
    recording(folder, odd)
    _, result = replay("session.json")
    assert {one[2] for one in differences(result)} <= {"document", "mock"}
    assert (1, "/name", "document") in differences(result)


def test_a_document_that_refuses_what_the_service_accepted_is_to_blame(folder: Path) -> None:
    """A request that was answered, and that the document forbids."""
    pet = {"name": "x" * 21, "owner_id": 7}
    recording(folder, [exchange("POST", "/owners/7/pets", 201, REX, pet)])
    _, result = replay("session.json")
    assert differences(result) == [(1, "status", "document")]
    assert "refuses what the service accepted" in result["exchanges"][0]["differences"][0]["why"]


def test_a_document_that_is_silent_is_to_blame(folder: Path) -> None:
    """Where service and mock answer with a status that the document does not have, but otherwise."""
    recording(folder, [exchange("GET", "/owners", 401, {"error": "no"}, key="")])
    _, result = replay("session.json")
    assert {one[2] for one in differences(result)} == {"document"}
    assert "listOwners has no status 401" in result["exchanges"][0]["differences"][0]["why"]


def test_the_text_names_rule_and_values(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Place, pointer, both values, and what the answer was made by."""
    recording(folder, [*changed(session(), 4, {**TOM, "name": "Tam"}), exchange("GET", "/health", 500, at=9)])
    Path("far.json").write_text(Path("session.json").read_text().replace("pets.example", "far.example"))
    assert main(["replay", "session.json", "far.json", "--api", "pets.yaml", "--html", "out.html"]) == 1
    out = capsys.readouterr().out
    assert (
        "session.json: interaction 4: GET /v1/owners/7/pets/41\n  /name: expected 'Tam', got 'Tim'\n    the mock: "
        in out
    )
    assert "far.json: 9 exchanges with 1 other host left out: far.example 9" in out
    assert "far.json: unused: no exchange in it is of the documents" in out
    page = Path("out.html").read_text()
    assert "<code>&#x27;Tam&#x27;</code>" in page
    assert "far.json: unused" in page


def test_the_rule_of_the_document_that_is_broken_is_a_member(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In each format, as a pointer into the schema of the answer; an answer that breaks nothing has none."""
    recording(folder, [*changed(session(), 4, {**TOM, "name": 5}), exchange("GET", "/health", 500, at=9)])
    _, result = replay("session.json")
    (found,) = result["exchanges"][3]["differences"]
    assert (found["pointer"], found["blame"]) == ("/name", "recording")
    assert found["rule"].endswith("/properties/name/type")
    capsys.readouterr()
    assert main(["replay", "session.json", "--api", "pets.yaml", "--html", "out.html", "--junit", "-"]) == 1
    suite = ElementTree.fromstring(capsys.readouterr().out)
    assert suite[3].findall("properties/property[@name='rule']")[0].get("value") == found["rule"]
    assert f"<td><code>{found['rule']}</code></td>" in Path("out.html").read_text()
    recording(folder, changed(session(), 4, {**TOM, "name": "Tam"}))
    _, result = replay("session.json")
    assert result["exchanges"][3]["differences"][0]["rule"] is None


def test_a_page_without_differences_is_short(folder: Path) -> None:
    """Nothing is listed where nothing is wrong."""
    recording(folder, [exchange("GET", "/health", 200)])
    assert main(["replay", "session.json", "--api", "pets.yaml", "--html", "out.html", "--match", "status"]) == 0
    assert "<h2>" not in Path("out.html").read_text()


def test_reports_are_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JUnit has a case for each exchange and finding; a report on standard output stands there alone."""
    recording(folder, changed(session(), 4, {**TOM, "name": "T\x00m"}))
    arguments = ["replay", "session.json", "--api", "pets.yaml", "--max-age", "1", "--junit", "-"]
    assert main(arguments) == 1
    suite = ElementTree.fromstring(capsys.readouterr().out)
    assert (suite.get("tests"), suite.get("failures")) == ("9", "2")
    names = [case.get("name") for case in suite if case.find("failure") is not None]
    assert names == ["4: GET /v1/owners/7/pets/41", "stale"]


def test_findings_are_told(folder: Path) -> None:
    """A copy, an old recording, and one that cannot be read whole."""
    recording(folder, [*session(), {"request": 1}])
    Path("more").mkdir()
    Path("more/copy.json").write_text(Path("session.json").read_text())
    Path("more/notes.txt").write_text("no recording")
    Path("more/copy.seed.yaml").write_text("owners: []")
    code, result = replay("session.json", "more", "--max-age", "3")
    kinds = [(one["kind"], one["file"]) for one in result["findings"]]
    assert code == 1
    assert kinds == [
        ("unreadable", "session.json"),
        ("stale", "session.json"),
        ("unreadable", "more/copy.json"),
        ("duplicated", "more/copy.json"),
        ("stale", "more/copy.json"),
    ]
    assert result["findings"][0]["text"] == "line 1: interaction 9: it has no request"
    assert replay("session.json", "--max-age", "90000")[1]["findings"] == result["findings"][:1]


def test_pointers_and_values_can_be_left_out(folder: Path) -> None:
    """`--ignore` leaves a pointer out, `--match` compares less."""
    recording(folder, changed(session(), 4, {**TOM, "name": "Tam"}))
    assert replay("session.json", "--ignore", "/name")[0] == 0
    assert replay("session.json", "--match", "shape")[0] == 0
    assert replay("session.json")[0] == 1


def test_a_recording_without_times_is_played(folder: Path) -> None:
    """Then times are compared by their form and their sameness, and nothing is refused for its rate."""
    untimed = [{name: value for name, value in one.items() if name != "recorded_at"} for one in session()]
    recording(folder, untimed)
    assert replay("session.json")[0] == 0


def test_a_seed_file_beside_a_recording_is_its_start_state(folder: Path) -> None:
    """`session.seed.yaml` holds what was there; a wrong one is told."""
    recording(folder, session())
    Path("session.seed.yaml").write_text("owners:\n- {id: 7, name: Jane}\n")
    _, result = replay("session.json")
    assert [(one["resource"], one["id"]) for one in result["inferred"]] == [("pets", "41")]
    Path("session.seed.yaml").write_text("owner: []\n")
    assert main(["replay", "session.json", "--api", "pets.yaml"]) == 2


def test_examples_of_the_pages_are_replayed(folder: Path) -> None:
    """The recordings that are shipped have no difference."""
    shipped = Path(__file__).parents[2] / "fixtures" / "nextstep" / "recordings"
    assert main(["replay", "--api", "nextstep", str(shipped)]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.har"], "none.har: No such file"),
        (["pets.yaml"], "it is no recording"),
        (
            ["foreign.json"],
            "nothing can be played: foreign.json: 8 exchanges with 1 other host left out: far.example 8; --api",
        ),
        (["session.json", "--ignore", "name"], "did you mean /name?"),
        (["session.json", "--url", "pets"], "--url pets is no URL"),
        (["session.json", "--url", "http://["], "is no URL"),
        (["session.json", "--junit", "no/such/folder.xml"], "there is no folder"),
        (["session.json", "--max-age", "soon"], "--max-age soon is not a number"),
        (["session.json", "--api", "nextstp"], "did you mean nextstep"),
    ],
)
def test_bad_arguments_are_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    """Nothing is played, and one line names the value and the nearest valid one."""
    recording(folder, session())
    Path("foreign.json").write_text(Path("session.json").read_text().replace("pets.example", "far.example"))
    assert main(["replay", *arguments, "--api", "pets.yaml"]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1


class _Pets(BaseHTTPRequestHandler):
    """A server that has one pet, under another path, for one key."""

    seen: list[tuple[str, str, str | None, bytes]] = []  # noqa: RUF012 - emptied by the fixture

    def do_GET(self) -> None:
        """Answer anything."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.command, self.path, self.headers.get("x-key"), body))
        answer = json.dumps({**TOM, "id": 5, "created_at": "2030-01-01T00:00:00Z"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_PUT(self) -> None:
        """Answer anything."""
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server on this machine."""
    with HTTPServer(("127.0.0.1", 0), _Pets) as listening:
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}/fake/"
        listening.shutdown()
        thread.join()


def test_a_recording_is_played_on_a_server(folder: Path, server: str) -> None:
    """The base URL and the key are the target's, ids are unified, and the target is to blame."""
    _Pets.seen.clear()
    hosted = exchange("GET", "/owners/7/pets/41?x=1", 200, TOM)
    hosted["request"]["headers"]["Host"] = ["pets.example"]
    tim = {**TOM, "name": "Tim"}
    recording(
        folder,
        [
            hosted,
            exchange("PUT", "/owners/7/pets/41", 200, tim, {"name": "Tim"}),
        ],
    )
    code, result = replay("session.json", "--url", server, "--api-key", "SECRET")
    assert code == 1
    assert differences(result) == [(2, "/name", "target")]
    assert _Pets.seen == [
        ("GET", "/fake/owners/7/pets/41?x=1", "SECRET", b""),
        ("PUT", "/fake/owners/7/pets/5", "SECRET", b'{"name": "Tim"}'),
    ]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "https://127.0.0.1:1"])
def test_a_server_that_is_not_there_is_told(folder: Path, capsys: pytest.CaptureFixture[str], url: str) -> None:
    """One line, and the exit code of what could not run."""
    recording(folder, session())
    assert main(["replay", "session.json", "--api", "pets.yaml", "--url", url]) == 3
    assert "cannot be reached" in capsys.readouterr().err


def test_a_recording_may_have_no_hosts(folder: Path) -> None:
    """A path alone is played, and a length that was recorded is not sent again."""
    Path("session.json").write_text(
        json.dumps({"version": 1, "interactions": session()}).replace("https://pets.example", "")
    )
    assert replay("session.json")[0] == 0


def test_the_clock_follows_the_recording(folder: Path) -> None:
    """What is made in the replay has the time of the recording."""
    recording(folder, session())
    _, result = replay("session.json")
    assert result["exchanges"][0]["at"] == "2026-03-01T10:00:01.000Z"
    assert BEGAN == 1_772_359_200_000
