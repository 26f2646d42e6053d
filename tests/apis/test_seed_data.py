"""Records by the control API: worlds with start records of their own, and records added to a running world."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from own_document import FOLDER, Served
from shop import SHOP
from understudy import apis
from understudy.apis import own
from understudy.apis.control import declare as declare_control
from understudy.engine.bounds import Bounds
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.target import installed

TEAM = {"id": "mine", "timezone": "UTC", "keys": [{"key": "k"}]}
WORLDS, RECORDS = "/__mock__/worlds", "/__mock__/records"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> own.Api:
    """The shop, whose document declares carts."""
    file = tmp_path_factory.mktemp("shop") / "shop.yaml"
    file.write_text(SHOP)
    return own.declare(own.Own(file, "shop"))[0]


@pytest.fixture
def served(shop: own.Api) -> Served:
    """The shop and a built-in API on one server that keeps little."""
    both = Served(shop, [])
    both.worlds = Worlds(
        [shop, installed.declared("nextstep"), declare_control],
        seeds=installed.seeds(),
        clock=Clock(milliseconds("2026-04-07T10:00:00Z"), frozen=True),
        seeder=apis.load_checked_seed,
        bounds=Bounds(state_bytes=4_000),
    )
    both.app = App(both.worlds)
    return both


def detail(served: Served, path: str, body: Any) -> str:
    """The detail of a refused call."""
    response = served.send("POST", path, body)
    assert response.status in (400, 507), response
    return str(response.json()["detail"])


def test_a_world_starts_with_records_of_its_own(served: Served) -> None:
    """Also after a reset; the default world has others."""
    made = served.send("POST", WORLDS, {"seed_data": {"shop": {"carts": [{"cents": 5}, {"cents": 6}]}}})
    world = {"x-mock-world": made.json()["id"]}
    assert served.get("/v1/carts/2", **world).json() == {"id": 2, "cents": 6, "paid": False}
    served.send("POST", "/__mock__/reset", **world)
    assert served.get("/v1/carts/2", **world).json()["cents"] == 6
    assert served.get("/v1/carts/2").status == 404


def test_a_built_in_api_starts_with_the_content_of_a_seed_file(served: Served) -> None:
    """With keys of the world's own, one for each of the seed; times may be relative."""
    template = {"id": "T", "title": "x", "is_published": True, "version": 1, "created_at": "$now - 1d", "tasks": []}
    seed = {"teams": [{**TEAM, "templates": [template]}]}
    made = served.send("POST", WORLDS, {"seed_data": {"nextstep": seed}}).json()
    key = made["apis"]["nextstep"]["api_key"]
    assert key != "k"
    listed = served.get("/api/v1/process-templates", authorization=f"Bearer {key}").json()
    assert [one["created_at"] for one in listed["data"]] == ["2026-04-06T10:00:00.000Z"]
    assert made["apis"]["nextstep"]["api_keys"] == [key]


@pytest.mark.parametrize(
    ("seed_data", "told"),
    [
        ({"shp": {}}, "seed_data: shp is not served here; did you mean shop?; known: shop, nextstep"),
        ({"control": {}}, "seed_data: control is not served here"),
        ({"shop": {"carts": [{"cents": "x"}, {"cent": 1}]}}, '/carts/0/cents: "x" is not of type "integer"'),
        ({"shop": {"carts": [{"cents": "x"}, {"cent": 1}]}}, "/carts/1/cent: cent is no member of Cart; did you mean"),
        ({"nextstep": {"teams": [{**TEAM, "id": 5}]}}, 'seed_data: /teams/0/id: 5 is not of type "string"'),
        ({"nextstep": {"teams": [{**TEAM, "id": "$now - 1"}]}}, "seed_data: /teams/0/id: $now - 1 is no time"),
        ({"shop": {"carts": {"count": 300}}}, "the records of all worlds would take"),
        ({"shop": {"carts": [{"cents": f"{n}"} for n in range(300)]}}, "..."),
    ],
)
def test_start_records_that_do_not_fit_make_no_world(served: Served, seed_data: Any, told: str) -> None:
    """All that is wrong is told, or so much of it as one reads."""
    text = detail(served, WORLDS, {"seed_data": seed_data})
    assert told in text
    assert len(text) < 2_100
    assert list(served.worlds.all) == ["default"]


def test_the_records_that_a_world_was_made_with_count(served: Served) -> None:
    """Worlds cannot grow past the bound by their start records; a removed one makes room."""
    seed_data = {"shop": {"carts": {"count": 60}}}
    first = served.send("POST", WORLDS, {"seed_data": seed_data}).json()["id"]
    assert "state-bytes" in detail(served, WORLDS, {"seed_data": seed_data})
    served.send("POST", "/__mock__/reset", x_mock_world=first)
    assert "state-bytes" in detail(served, WORLDS, {"seed_data": seed_data})
    served.send("DELETE", f"{WORLDS}/{first}")
    assert served.send("POST", WORLDS, {"seed_data": seed_data}).status == 201


def test_a_record_is_added_to_a_running_world(served: Served) -> None:
    """It is answered as it is kept, and the next request finds it; the world's other records stay."""
    served.send("POST", "/v1/carts", {"cents": 1})
    added = served.send("POST", RECORDS, {"api": "shop", "resource": "carts", "record": {"cents": 7, "paid": True}})
    assert (added.status, added.json()) == (201, {"record": {"id": 2, "cents": 7, "paid": True}})
    assert [served.get(f"/v1/carts/{id}").json()["cents"] for id in (1, 2)] == [1, 7]
    assert served.send("POST", "/v1/carts", {"cents": 1}).json()["id"] == 3


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"api": "shp", "resource": "carts", "record": {}}, "api: shp is not served here; did you mean shop?"),
        (
            {"api": "nextstep", "resource": "runs", "record": {}},
            "api: nextstep declares no resources; POST",
        ),
        ({"api": "shop", "resource": "cart", "record": {}}, "resource: cart is no resource of this document; did you"),
        ({"api": "shop", "resource": "carts", "record": {"cents": "x"}}, 'record/cents: "x" is not of type "integer"'),
        ({"api": "shop", "resource": "carts", "record": {}}, 'record: "cents" is a required property'),
        ({"api": "shop", "resource": "carts", "record": {"id": 1, "cents": 5}}, "record/id: 1 is there already"),
    ],
)
def test_a_record_that_does_not_fit_is_refused(served: Served, body: Any, told: str) -> None:
    """Nothing is added, and no id is taken."""
    served.send("POST", "/v1/carts", {"cents": 1})
    before = served.get("/__mock__/state").json()
    assert detail(served, RECORDS, body).startswith(told)
    assert served.get("/__mock__/state").json() == before


def test_an_api_without_resources_and_events_is_told_so() -> None:
    """A package's API may have neither."""
    library = Served(*own.declare(own.Own(FOLDER / "library.yaml", "library")))
    library.worlds.apis["library"] = replace(library.api, add=None)
    text = detail(library, RECORDS, {"api": "library", "resource": "x", "record": {}})
    assert text == "api: library declares no resources"
    with pytest.raises(ValueError, match="library declares no resources"):
        library.worlds.add(library.worlds.default, "library", "default", {})


def test_a_full_world_takes_no_record(served: Served) -> None:
    """The bound is named."""
    for number in range(300):
        body = {"api": "shop", "resource": "carts", "record": {"cents": number}}
        if served.send("POST", RECORDS, body).status != 201:
            break
    assert "state-bytes" in detail(served, RECORDS, body)
