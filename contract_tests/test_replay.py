"""The request and response pairs that the vendors' pages print, played on our mock in the worlds that they show.

Each recording has its world's seed beside it. What a page prints must come back; what it leaves out may be anything.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from contract_tests import targets
from contract_tests.transport import in_process
from mock_server import apis, data, grammar, recording
from mock_server.clock import Clock, milliseconds
from mock_server.server import App
from mock_server.world import Worlds

PRINTED = "2026-04-07T10:00:00Z"
"""A moment after everything that the pages show."""


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
    """Every printed request gets the printed status and every printed value, one after the other in one world."""
    seed = grammar.read(path.with_name(f"{path.stem}.seed.yaml"))
    clock = Clock(milliseconds(PRINTED), frozen=True)
    send = in_process(App(Worlds([targets.declared(api)], seeds={api: seed}, clock=clock)))
    exchanges = recording.load(path)
    assert exchanges, f"{path.name} records nothing"
    for request, expected, ignore in exchanges:
        found = recording.differences(expected, send(request), ignore=ignore)
        assert not found, f"{request.method} {request.path}: {'; '.join(found)}"
