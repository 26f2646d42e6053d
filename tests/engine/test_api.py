"""Declaring an API: handlers, operations and events match; each path belongs to one API."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import toy
from understudy import apis, data
from understudy.document.memory import MAX_KEY_LENGTH
from understudy.document.read import Unreadable
from understudy.engine.api import Api
from understudy.engine.router import Router
from understudy.engine.worlds import Worlds


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"handlers": {"listToys": toy.list_toys}},
        "operation breakToy has no handler; operation getToy has no handler"),
        ({"handlers": {**toy.api().handlers, "listToy": toy.list_toys}},
        "handler listToy has no operation; did you mean listToys?"),
        ({"events": {}}, "event break is not in both"),
        ({"events": {"break": print, "mend": print}}, "event mend is not in both"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(members: dict[str, Any], message: str) -> None:
    """An operation without a handler, a handler without an operation and an unmatched event stop the start."""
    with pytest.raises(ValueError, match=r"^toy\.yaml: ") as error:
        toy.api(**members)
    assert message in str(error.value)


def test_two_operations_of_one_path_are_refused() -> None:
    """Two paths that differ only in a parameter name are refused."""
    document = toy.document()
    document["paths"]["/toys/{name}"] = {
        "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"operationId": "getByName", "responses": {"200": {"description": "One"}}},
    }
    api = toy.api(document, handlers={**toy.api().handlers, "getByName": toy.get_toy})
    with pytest.raises(ValueError, match=r"/api/toys/\{name\}: two operations answer GET; rename one"):
        Router([api])


def test_two_apis_cannot_claim_one_path() -> None:
    """Two documents with an equal method and path are refused, both named, with advice."""
    with pytest.raises(ValueError, match=r"/api/toys: toy and other both answer GET; serve them one by one, or move"):
        Router([toy.api(), toy.api(name="other")])


def test_apis_share_a_prefix_by_first_segments() -> None:
    """Two APIs can share the prefix /api if the first segments of their paths differ."""
    document = toy.document()
    document["servers"] = [{"url": "https://other.example/api"}]
    document["paths"] = {path.replace("toys", "games"): item for path, item in document["paths"].items()}
    router = Router([toy.api(servers_of_one()), toy.api(document, name="other")])
    names = [
        match.api.name if match.api else None
        for match in map(router.find, ("/api/toys", "/api/games/x", "/api/x", "/api"))
    ]
    assert names == ["toy", "other", None, None]


def servers_of_one() -> dict[str, Any]:
    """The toy document with its shared server only."""
    document = toy.document()
    document["servers"] = document["servers"][:1]
    return document


def test_a_literal_segment_goes_before_a_parameter() -> None:
    """A literal segment is routed before a parameter: `/toys/new` is no toy called new."""
    document = toy.document()
    document["paths"]["/toys/new"] = {"get": {"operationId": "newToy", "responses": {"200": {"description": "One"}}}}
    router = Router([toy.api(document, handlers={**toy.api().handlers, "newToy": toy.get_toy})])
    assert router.find("/api/toys/new").operations["GET"].id == "newToy"
    assert router.find("/api/toys/old").segments == ("old",)


def test_paths_are_remembered_but_not_for_ever() -> None:
    """The routing cache is bounded in entries and in path length."""
    router = Router([toy.api()])
    first = router.find("/api/toys/0")
    assert router.find("/api/toys/0") is first
    for number in range(3_000):
        router.find(f"/api/toys/{number}")
    assert 0 < len(router._known) <= 1024
    long = "/api/toys/" + "x" * MAX_KEY_LENGTH
    assert router.find(long).segments == ("x" * MAX_KEY_LENGTH,)
    assert long not in router._known


def test_fixtures_are_read_by_name(tmp_path: Any) -> None:
    """Seeds are read from the built-in folder or another one; an API without a seed is left out."""
    assert set(apis.seeds(["nextstep", "control"])) == {"nextstep"}
    with pytest.raises(Unreadable):
        apis.seeds(["nextstep"], tmp_path)


def test_every_api_of_the_list_can_be_declared(nextstep: Api, worlds: Worlds) -> None:
    """The names of the APIs are those of documents and modules."""
    assert [nextstep.name, worlds.apis["control"].name] == ["nextstep", "control"]
    assert tuple(apis.declare(name).name for name in apis.NAMES) == apis.NAMES


def test_data_lies_beside_the_code_in_a_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """The data folder of the package is used if it exists."""
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(data, "_PACKAGE", tmp_path)
    assert data.path("openapi") == tmp_path / "data" / "openapi"
    (tmp_path / "data").rmdir()
    assert data.path("openapi") == tmp_path.parent.parent / "openapi"


def test_without_resources_there_is_no_record_to_find() -> None:
    """The handler that looks for one is told so."""
    call: Any = SimpleNamespace(contract=SimpleNamespace(name="toy"))
    with pytest.raises(LookupError, match="there is no resource toys; toy declares none"):
        toy.api().find(call, "toys", "t1")
