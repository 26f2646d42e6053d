"""Records that keep more than they show: kept members, forms that a function makes, parents that a query names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from own_document import FOLDER, HEAD, Served
from understudy.apis import own
from understudy.apis.handlers import BadHandlers
from understudy.apis.own import WrongDeclaration
from understudy.document.read import Unreadable
from understudy.engine.exchange import Response

OFFICES = FOLDER / "offices.yaml"
SEED = """
offices: [{id: north, city: Oslo}, {id: south, city: Rome}]
desks:
- {id: d1, office_id: north, label: Window, cents: 900, visits: 3}
- {id: d2, office_id: south, label: Door, cents: 500}
bookings: [{id: b1, desk_id: d1, day: 2026-04-08}]
"""
FORMS = """
from understudy import Reply

def _desk(call, desk):
    return {**desk, "price": f"{desk['cents'] / 100:.2f}", "label": desk["label"].upper()}

def _booking(call, booking):
    return {name: booking[name] for name in ("id", "day")}

def visitDesk(call):
    desk = call.find("desks", call.arguments["id"])
    desk["visits"] += 1
    call.store["desks"].put(desk)
    return {"visits": desk["visits"]}

SERVED = {"desks": _desk, "bookings": _booking}
"""


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders that are added to Python's path are gone after each test."""
    monkeypatch.setattr(sys, "path", list(sys.path))


def api_of(folder: Path, *, python: str = FORMS, seed: str = SEED, document: Any = None, **options: Any) -> Served:
    """The offices, served with a seed and this Python."""
    file, handlers, records = folder / "offices.yaml", folder / "handlers.py", folder / "seed.yaml"
    file.write_text(OFFICES.read_text() if document is None else yaml.safe_dump(document, sort_keys=False))
    handlers.write_text(python)
    records.write_text(seed)
    return Served(*own.declare(own.Own(file, "offices", handlers=str(handlers), seed=records)), **options)


def changed(resource: str, **members: Any) -> Any:
    """The document with other members of a resource; None takes one out."""
    document = yaml.safe_load(OFFICES.read_text())
    known = document["x-resources"][resource]
    known |= {name.replace("_", "-"): value for name, value in members.items()}
    document["x-resources"][resource] = {name: value for name, value in known.items() if value is not None}
    return document


def made(response: Response) -> Any:
    """The body of a success."""
    assert response.status < 300, (response.status, response.body)
    return response.json() if response.body else None


def desk(id: str, label: str, price: str, office: str = "north") -> dict[str, Any]:
    """A desk as answers show it."""
    return {"id": id, "office_id": office, "label": label, "price": price}


def test_each_answer_shows_the_form_that_the_function_makes(tmp_path: Path) -> None:
    """A list, one record, a new one, a changed one; never what is kept, which the function need not take out."""
    api = api_of(tmp_path)
    assert made(api.get("/desks?office_id=north")) == {"desks": [desk("d1", "WINDOW", "9.00")]}
    assert made(api.get("/desks/d1?office_id=north")) == desk("d1", "WINDOW", "9.00")
    new = made(api.send("POST", "/desks?office_id=north", {"label": "Stairs"}))
    assert new == desk(new["id"], "STAIRS", "7.00")
    target = f"/desks/{new['id']}?office_id=north"
    assert made(api.send("PATCH", target, {"label": "Lift"})) == desk(new["id"], "LIFT", "7.00")
    assert made(api.send("PUT", target, {"label": "Wall"})) == desk(new["id"], "WALL", "7.00")
    assert made(api.send("DELETE", target)) == desk(new["id"], "WALL", "7.00")
    (first, _) = made(api.send("POST", "/deliveries?office_id=north", {"items": [{"label": "One"}, {"label": "Two"}]}))
    assert first == desk(first["id"], "ONE", "7.00")


def test_an_include_shows_the_form_of_its_own_resource(tmp_path: Path) -> None:
    """Beside the form of the record that it is in: in a list, and in one."""
    api = api_of(tmp_path)
    whole = {**desk("d1", "WINDOW", "9.00"), "bookings": [{"id": "b1", "day": "2026-04-08"}]}
    assert made(api.get("/desks/d1?office_id=north&include=bookings")) == whole
    assert made(api.get("/desks?office_id=north&include=bookings")) == {"desks": [whole]}
    (booking,) = made(api.get("/bookings?include=desk"))
    assert booking == {"id": "b1", "day": "2026-04-08", "desk": desk("d1", "WINDOW", "9.00")}
    api.send("DELETE", "/desks/d2?office_id=south")
    assert "desk_id" not in made(api.get("/bookings/b1"))


def test_includes_never_show_what_is_kept_where_no_function_is(tmp_path: Path) -> None:
    """The records that are included are shown as their own answers show them."""
    api = api_of(tmp_path, python="", document=changed("desks", kept={"properties": {"cents": {"type": "integer"}}}),
                 seed=SEED.replace(", visits: 3", ""))  # fmt: skip
    (booking,) = made(api.get("/bookings?include=desk"))
    assert booking["desk"] == {"id": "d1", "office_id": "north", "label": "Window"}


def test_a_list_may_show_some_members_of_the_form(tmp_path: Path) -> None:
    """The schema of its items says which."""
    api = api_of(tmp_path)
    assert made(api.get("/prices?office_id=south")) == [{"id": "d2", "price": "5.00"}]


def test_kept_members_are_set_by_no_body_and_outlive_each_change(tmp_path: Path) -> None:
    """A handler changes them; an update and a replacement leave them."""
    api = api_of(tmp_path)
    target = "/desks/d1?office_id=north"
    for method in ("PATCH", "PUT"):
        assert made(api.send(method, target, {"label": "Window", "cents": 1, "visits": 1}))["price"] == "9.00"
    assert made(api.send("POST", "/desks/d1/visit")) == {"visits": 4}
    new = made(api.send("POST", "/desks?office_id=north", {"label": "Stairs", "cents": 1}))
    assert made(api.send("POST", f"/desks/{new['id']}/visit")) == {"visits": 1}


def test_a_state_keeps_kept_members(tmp_path: Path) -> None:
    """And a state in which one does not fit its schema is refused."""
    api = api_of(tmp_path)
    state = api.get("/__mock__/state").json()
    assert api.send("PUT", "/__mock__/state", state).status == 204
    assert made(api.send("POST", "/desks/d1/visit")) == {"visits": 4}
    (tenant,) = state["apis"]["offices"].values()
    tenant["desks"][0]["visits"] = "many"
    refused = api.send("PUT", "/__mock__/state", state)
    assert refused.status >= 400
    assert b"desks.0.visits" in refused.body


def test_a_seed_gives_kept_members_and_is_checked(tmp_path: Path) -> None:
    """Against their schemas, with a pointer."""
    with pytest.raises(Unreadable) as caught:
        api_of(tmp_path, seed=SEED.replace("visits: 3", "visits: often"))
    assert '"often" is not of type "integer"' in str(caught.value)
    with pytest.raises(Unreadable) as caught:
        api_of(tmp_path, seed=SEED.replace("city: Rome", "town: Rome"))
    assert "town is no member of offices" in str(caught.value)


def test_a_query_names_the_parent(tmp_path: Path) -> None:
    """A list has its records only, a new one belongs to it, and another one's are not found."""
    api = api_of(tmp_path)
    assert made(api.get("/desks?office_id=south"))["desks"] == [desk("d2", "DOOR", "5.00", "south")]
    assert [api.get(target).status for target in ("/desks", "/desks/d1")] == [400, 400]
    for target in ("/desks?office_id=west", "/desks/d1?office_id=west", "/desks/d1?office_id=south"):
        assert api.get(target).status == 404
    assert api.send("POST", "/desks?office_id=west", {"label": "x"}).status == 404


def test_a_parent_of_a_parent_may_be_in_the_query(tmp_path: Path) -> None:
    """Whatever the order of the parameters."""
    api = api_of(tmp_path)
    assert made(api.get("/visits?desk_id=d1&office_id=north")) == [{"id": "b1", "day": "2026-04-08"}]
    assert api.get("/visits?desk_id=d1&office_id=south").status == 404
    assert api.get("/visits?desk_id=d9&office_id=south").status == 404


def test_a_list_below_a_parent_is_filtered_within_it(tmp_path: Path) -> None:
    """By one value, which one index answers, and by several; also after a record is changed."""
    api = api_of(tmp_path)

    def found(query: str) -> list[str]:
        return [one["label"] for one in made(api.get(f"/desks?office_id=north&{query}"))["desks"]]

    api.send("POST", "/desks?office_id=north", {"label": "Stairs"})
    assert [found(one) for one in ("label=Window", "label=Door", "label=Stairs")] == [["WINDOW"], [], ["STAIRS"]]
    assert found("label=Window&label=Stairs") == ["WINDOW", "STAIRS"]
    api.send("PATCH", "/desks/d1?office_id=north", {"label": "Stairs"})
    assert [found(one) for one in ("label=Window", "label=Stairs")] == [[], ["STAIRS", "STAIRS"]]


def test_a_malformed_id_is_unknown_or_invalid(tmp_path: Path) -> None:
    """As the document says; unknown where it says nothing."""
    document = yaml.safe_load(OFFICES.read_text())
    document["x-assumptions"] = [
        {"id": "offices.ids.malformed", "text": "Nobody says what an id of another form gets.", "source": "none",
         "default": "not-found", "alternatives": ["invalid"]}
    ]  # fmt: skip
    assumed = {"assumption": "offices.ids.malformed"}
    for key, status in ((None, 404), ("not-found", 404), ("invalid", 400), (assumed, 404)):
        document["x-resources"]["offices"] |= {} if key is None else {"malformed-id": key}
        api = api_of(tmp_path, document=document)
        assert api.get("/desks?office_id=No%20office").status == status
        assert api.get("/desks?office_id=west").status == 404


def test_a_credential_of_one_record_reaches_no_other(tmp_path: Path) -> None:
    """Not by its id, not below it, not what refers to it, and no list shows that."""
    document = {**changed("offices", scope="forbidden"), "security": [{"key": []}]}
    document["x-resources"]["bookings"]["kept"] = {"properties": {"office_id": {"type": "string"}}}
    document["x-resources"]["bookings"]["refers"]["office_id"] = "offices"
    api = api_of(tmp_path, document=document, seed=SEED.replace("desk_id: d1,", "desk_id: d1, office_id: north,"))
    world = api.worlds.default
    known = next(iter(world.credentials.items()))
    for limit, statuses in ((None, [200, 200, 200]), ("north", [200, 403, 200]), ("south", [403, 200, 403])):
        world.credentials[known[0]] = known[1]._replace(scope=limit)
        targets = ("/desks?office_id=north", "/desks/d2?office_id=south", "/bookings/b1")
        assert [api.get(one, x_key=known[1].token).status for one in targets] == statuses
        assert len(made(api.get("/bookings", x_key=known[1].token))) == (0 if limit == "south" else 1)
        own_visits = api.get("/visits?desk_id=d1&office_id=north", x_key=known[1].token)
        assert own_visits.status == (403 if limit == "south" else 200)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("'desks', call.arguments['id']", 200),
        ("'desks', call.arguments['id'], having={'office_id': 'north'}", 200),
        ("'desks', call.arguments['id'], having={'label': 'Window'}", 200),
        ("'desks', call.arguments['id'], having={'label': 'Door'}", 404),
        ("'desks', call.arguments['id'], having={'office_id': 'south'}", 404),
        ("'desks', call.arguments['id'], having={'office_id': 'west'}, kind='conflict'", 404),
        ("'desks', call.arguments['id'], having={'office_id': 'south'}, kind='conflict'", 409),
        ("'desks', 'd9'", 404),
        ("'desk', 'd1'", 500),
    ],
)
def test_a_handler_finds_a_record_or_refuses_as_declared(tmp_path: Path, arguments: str, status: int) -> None:
    """What `having` names must be there, too; a name that is no resource is an error of the handler."""
    api = api_of(tmp_path, python=f"def visitDesk(call): return {{'label': call.find({arguments})['label']}}")
    answer = api.send("POST", "/desks/d1/visit")
    assert answer.status == status, answer.body
    if status == 500:
        last = api.get("/__mock__/journal").json()["exchanges"][-1]["id"]
        assert "there is no resource desk; did you mean desks?" in api.get(f"/__mock__/journal/{last}").json()["error"]


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ("SERVED = ['x']", "handlers.py:1: SERVED is no mapping from resources to functions"),
        ("SERVED = {'desk': len}", "handlers.py:1: desk is no resource of the document; did you mean desks?"),
        ("def _one(call): ...\nSERVED = {'desks': _one}", ":2: desks takes (call); what makes the form that answers"),
        ("SERVED = {'desks': 5}", "handlers.py:1: desks is no function; what makes the form"),
        ("async def form(call, desk): ...\nSERVED = {'desks': form}", "desks is async, or a generator"),
    ],
)
def test_a_table_of_forms_that_fits_nothing_is_refused_at_start(tmp_path: Path, python: str, told: str) -> None:
    """One line with file, line and the nearest valid name."""
    with pytest.raises(BadHandlers) as caught:
        api_of(tmp_path, python=python)
    assert told in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_an_api_without_resources_has_no_record_to_find(tmp_path: Path) -> None:
    """Which is an error of its handler, told in the journal."""
    (tmp_path / "own.yaml").write_text(
        f"{HEAD}paths: {{/x: {{get: {{operationId: x, responses: {{'200': {{}}}}}}}}}}\n"
    )
    (tmp_path / "handlers.py").write_text("def x(call): return call.find('desks', 1)\n")
    served = Served(*own.declare(own.Own(tmp_path / "own.yaml", "own", handlers=str(tmp_path / "handlers.py"))))
    assert served.get("/x").status == 500
    last = served.get("/__mock__/journal").json()["exchanges"][-1]["id"]
    assert "there is no resource desks" in served.get(f"/__mock__/journal/{last}").json()["error"]


def test_a_form_that_is_no_object_is_a_500_that_says_so(tmp_path: Path) -> None:
    """In the journal, with the name of the resource. The function may be public."""
    api = api_of(tmp_path, python="def form(call, record): return None\nSERVED = {'desks': form}\n")
    assert api.get("/desks/d1?office_id=north").status == 500
    last = api.get("/__mock__/journal").json()["exchanges"][-1]["id"]
    told = "what is shown of a record of desks is an object, not NoneType"
    assert told in api.get(f"/__mock__/journal/{last}").json()["error"]


@pytest.mark.parametrize(
    ("resource", "members", "told"),
    [
        ("desks", {"kept": {"properties": {"label": {}}}}, "label is a member of Desk already"),
        ("desks", {"kept": {"additionalProperties": False}}, "this refuses the members of Desk"),
        ("desks", {"scope": "forbiden"}, "did you mean forbidden?"),
        ("desks", {"malformed_id": {"assumption": "x"}}, "x is no assumption"),
        ("desks", {"malformed_id": "gone"}, "/desks/malformed-id 'gone' is none of not-found, invalid"),
        ("offices", {"kept": None}, "without a schema it is said of a resource that is inferred"),
        ("desks", {"parent": {"offce_id": "office_id"}}, "did you mean office_id?"),
    ],
)
def test_what_is_declared_wrongly_is_refused(tmp_path: Path, resource: str, members: Any, told: str) -> None:
    """With the place, and the nearest valid name."""
    with pytest.raises(WrongDeclaration) as caught:
        api_of(tmp_path, document=changed(resource, **members))
    assert told in str(caught.value)
    assert "offices.yaml#/x-resources" in str(caught.value)
