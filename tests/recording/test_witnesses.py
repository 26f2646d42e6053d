"""Recordings of clients that are not ours: their sessions play as they were.

`sessions/` holds the journal of the mock with the official Tallyfy SDK, and with the sample client of NextStep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
import vcr

from understudy.apis.control import declare as control
from understudy.cli import main
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.http.server import serving
from understudy_checks.target import installed

SESSIONS = sorted((Path(__file__).parent / "sessions").iterdir())


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Api]:
    """The APIs, declared once."""
    apis = {name: installed.declared(name) for name in ("nextstep", "tallyfy")}
    monkeypatch.setattr("understudy.apis.declare", apis.__getitem__)
    return apis


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
def test_a_session_of_a_client_plays_as_it_was(path: Path) -> None:
    """Nothing differs."""
    assert main(["replay", str(path), "--api", path.stem.partition("-")[0]]) == 0


def test_one_planted_difference_is_the_only_one(tmp_path: Path) -> None:
    """In a session of the SDK: its name, at its place, and nothing else."""
    text = (Path(__file__).parent / "sessions" / "tallyfy-sdk-issue.yaml").read_text()
    assert text.count('"is_public":false') > 1
    file = tmp_path / "planted.yaml"
    file.write_text(text.replace('"is_public":false', '"is_public":true', 1))
    output = tmp_path / "out.json"
    assert main(["replay", str(file), "--api", "tallyfy", "--json", str(output), "-q"]) == 1
    found = [each for one in json.loads(output.read_text())["exchanges"] for each in one["differences"]]
    assert [(one["expected"], one["actual"], one["blame"]) for one in found] == [(True, False, "mock")]


def test_a_cassette_of_vcrpy_is_replayed(tmp_path: Path, known: Mapping[str, Any]) -> None:
    """VCR.py records a client of the mock; played again, nothing differs."""
    file = tmp_path / "vcr.yaml"
    worlds = Worlds(
        [known["nextstep"], control], seeds={"nextstep": installed.seeds()["nextstep"]}, seeder=installed.load_seed_once
    )
    with serving(worlds) as url, requests.Session() as client, vcr.use_cassette(str(file)):
        client.headers["Authorization"] = "Bearer nxs_live_your_key"
        base = f"{url}/api/v1"
        templates = client.get(f"{base}/process-templates", timeout=9).json()["data"]
        template = next(one["id"] for one in templates if one["is_published"])
        started = {"template_id": template, "name": "Jane"}
        run = client.post(f"{base}/process-runs", json=started, timeout=9).json()["data"]
        tasks = client.get(f"{base}/process-runs/{run['id']}/tasks", timeout=9).json()["data"]
        client.patch(f"{base}/process-runs/{run['id']}/tasks/{tasks[0]['id']}", json={"status": "done"}, timeout=9)
        client.get(f"{base}/process-runs", params={"limit": 2}, timeout=9)
        client.get(f"{base}/process-runs/nope", timeout=9)
        requests.get(f"{base}/process-runs", timeout=9)
    assert main(["replay", str(file), "--api", "nextstep"]) == 0
