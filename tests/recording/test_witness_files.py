"""Recordings that other tools wrote of one session on the mock: each is read whole, and plays as it was.

`make browser` makes the files of `witnesses/` anew. The session reads an owner that was there, changes it, reads it
again, makes another one, reads that, and lists both.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from understudy.cli import main
from understudy.engine.exchange import Response
from understudy.recording import files

FOLDER = Path(__file__).parent / "witnesses"
NAMES = ("vcr.yaml", "pytest-recording.yaml", "mitmproxy.har", "chromium.har")
DOCUMENT = str(FOLDER / "owners.yaml")


@pytest.mark.parametrize("name", NAMES)
def test_it_plays_as_it_was(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing differs; GET, PUT, GET answers the old state, then the new one."""
    assert main(["replay", str(FOLDER / name), "--api", DOCUMENT]) == 0
    out = capsys.readouterr().out
    assert "6 exchanges played, 0 differ" in out
    assert "owners 1: it is read, but never created" in out


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_value_is_the_only_difference(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The name that the second GET shows, in each format."""
    loaded = files.load(FOLDER / name)
    assert not loaded.problems
    gets = [one.number for one in loaded.exchanges if b'"Tim"' in one.response.body and one.request.method == "GET"]
    changed = [
        one._replace(response=_renamed(one.response)) if one.number == gets[0] else one for one in loaded.exchanges
    ]
    file = tmp_path / f"changed{Path(name).suffix}"
    file.write_text(files.dumps(changed, files.format_for(file)))
    assert main(["replay", str(file), "--api", DOCUMENT, "--json", "-"]) == 1
    found = [each for one in json.loads(capsys.readouterr().out)["exchanges"] for each in one["differences"]]
    assert [(one["pointer"], one["expected"], one["actual"]) for one in found] == [("/name", "Tom", "Tim")]


def _renamed(response: Response) -> Response:
    return Response(response.status, response.headers, response.body.replace(b'"Tim"', b'"Tom"'))


def test_no_file_holds_a_key_or_a_host() -> None:
    """Keys are masked, and the only host is this machine."""
    for name in NAMES:
        for one in files.load(FOLDER / name).exchanges:
            assert one.host == "127.0.0.1"
            assert (one.request.header("x-key") or "masked-").startswith("masked-"), name


def test_a_world_s_own_url_is_left_out(tmp_path: Path) -> None:
    """What was recorded below it plays as in the default world; so does what has no host."""
    text = (FOLDER / "pytest-recording.yaml").read_text()
    assert "/@w_" in text
    recording = files.loads(text.encode(), "a.yaml")
    assert {one.request.path.partition("/owners")[0] for one in recording.exchanges} == {"/v1"}
    assert files.dumps(recording.exchanges, "yaml").count("/@w_") == len(recording.exchanges)
    file = tmp_path / "bare.yaml"
    file.write_text(text.replace("http://127.0.0.1:8629", ""))
    assert main(["replay", str(file), "--api", DOCUMENT]) == 0


def test_all_of_them_drift_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of them disagrees nowhere, redacted files play as before, and one can be the start of a server."""
    paths = [str(FOLDER / name) for name in NAMES]
    assert main(["drift", *paths, "--api", DOCUMENT]) == 0
    assert "24 exchanges played, 0 differ" in capsys.readouterr().out
    for number, path in enumerate(paths):
        clean = tmp_path / f"{number}.har"
        assert main(["redact", path, "--out", str(clean), "--api", DOCUMENT]) == 0
        assert main(["replay", str(clean), "--api", DOCUMENT]) == 0
