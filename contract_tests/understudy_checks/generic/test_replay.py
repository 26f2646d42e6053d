"""Replays the request and response samples of the vendors' pages on our mock, each in a seeded world.

Each recording has a seed file beside it. Printed values must be returned; omitted ones may be anything.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy import apis, data
from understudy.document.read import read
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.recording import files
from understudy.recording.compare import Comparison
from understudy_checks.target import installed
from understudy_checks.target.transport import in_process

PRINTED = "2026-04-07T10:00:00Z"
"""A time after all times in the samples."""


def _recordings() -> list[tuple[str, Path]]:
    folders = [(api, data.path(f"fixtures/{api}/recordings")) for api in apis.NAMES]
    return [
        (api, path)
        for api, folder in folders
        for path in sorted(folder.glob("documented-*.yaml"))
        if not path.name.endswith(".seed.yaml")
    ]


@pytest.mark.parametrize(("api", "path"), [pytest.param(*row, id=f"{row[0]}-{row[1].stem}") for row in _recordings()])
def test_documented_samples_are_answered_as_printed(api: str, path: Path) -> None:
    """Every printed request, sent in order in one world, gets the printed status and values."""
    seed = read(path.with_name(f"{path.stem}.seed.yaml"))
    clock = Clock(milliseconds(PRINTED), frozen=True)
    send = in_process(App(Worlds([installed.declared(api)], seeds={api: seed}, clock=clock)))
    exchanges = files.load(path).exchanges
    assert exchanges, f"{path.name} records nothing"
    compared = Comparison()
    for recorded in exchanges:
        found = compared.differences(recorded, send(recorded.request))
        assert not found, f"{recorded.request.method} {recorded.target}: {'; '.join(map(str, found))}"
