"""Members that a document does not declare: what a service always sends is the document's fault, else it is a slip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pets
from pets import declared, exchanges
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.recording.picked import Picker
from understudy.recording.play import play
from understudy.recording.recorded import Recording
from understudy.recording.targets import MockTarget


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """A user's document."""
    return declared(tmp_path_factory.mktemp("pets"))


def blamed(api: Api, folder: Path, *interactions: dict[str, Any]) -> list[tuple[int, str, str]]:
    """The position, the pointer and the one to blame of each difference on an empty mock."""
    picked, _ = Picker([api]).pick(Recording(folder / "a.json", exchanges(folder, list(interactions))))
    worlds = Worlds([api], seeds={api.name: None})
    played = play(picked, MockTarget(worlds, timed=True))
    return [(n, one.difference.pointer, one.blame.who) for n, each in enumerate(played) for one in each.faults]


def owner(number: int, **more: Any) -> dict[str, Any]:
    """An owner is made, and the answer has more members than the document declares."""
    sent = {"name": f"Jane {number}"}
    return pets.exchange("POST", "/owners", 201, {"id": number, **sent, **more}, sent)


def test_a_member_that_is_always_sent_is_the_documents_fault(api: Api, tmp_path: Path) -> None:
    """It does not say what the service does."""
    found = blamed(api, tmp_path, owner(1, nick="J"), owner(2, nick=None))
    assert found == [(0, "/nick", "document"), (1, "/nick", "document")]


@pytest.mark.parametrize("others", [[], [owner(2)]])
def test_a_member_that_was_sent_once_is_not(api: Api, tmp_path: Path, others: list[dict[str, Any]]) -> None:
    """Of one answer, or where another one lacks it, nothing follows."""
    assert blamed(api, tmp_path, owner(1, nick="J"), *others) == [(0, "/nick", "mock")]


def test_bodies_that_show_nothing_of_it_count_neither_way(api: Api, tmp_path: Path) -> None:
    """What is no JSON, no object, or has other members above it."""
    damaged = pets.exchange("GET", "/owners", 200, [])
    damaged["response"]["body"]["string"] = "[{"
    mixed = pets.exchange("GET", "/owners", 200, [5, {"id": 1, "name": "Jane 1", "nick": "J"}])
    listed = pets.exchange("GET", "/owners", 200, [{"id": 1, "name": "Jane 1", "nick": "J"}])
    found = blamed(api, tmp_path, owner(1), listed, mixed, damaged)
    assert (1, "/0/nick", "document") in found


def test_where_there_is_no_operation_the_document_declares_nothing(api: Api, tmp_path: Path) -> None:
    """The mock answers such a request in its own words."""
    unknown = pets.exchange("PATCH", "/owners", 405, {"nick": "J"})
    assert (0, "/nick", "mock") in blamed(api, tmp_path, unknown)
