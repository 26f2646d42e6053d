"""Seeds of a user's document: records by resource, checked, with times relative to now, and made ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from declared import workshop
from own_document import HEAD, Served, served
from understudy import cli
from understudy.apis import own
from understudy.cli import serve
from understudy.cli.exits import UsageError
from understudy.cli.parser import parse
from understudy.document.read import Unreadable, read
from understudy.document.seed_file import SeedError, Start
from understudy.engine.api import Api
from understudy.engine.worlds import Worlds
from understudy.resources.seed import schema

Zoo = Callable[[str], Served]
KEY = {"x-workshop-key": "any"}
NOW = "2026-04-07T10:00:00.000Z"
ZOO = """
openapi: 3.0.3
info: {title: Zoo, version: "1"}
paths:
  /animals:
    get: {operationId: listAnimals, responses: {"200": {description: All, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Animal"}}}}}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Animal"}}}}
      responses: {"201": {description: New, content: {application/json: {schema: {$ref: "#/components/schemas/Animal"}}}}}
  /cages/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    put:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Cage"}}}}
      responses: {"200": {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Cage"}}}}}
    get: {responses: {"200": {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Cage"}}}}}}
components:
  schemas:
    Cage: {type: object, required: [name], properties: {name: {type: string}, metres: {type: integer}}}
    Chip: {type: object, properties: {since: {type: string, format: date-time}, code: {type: string}}}
    Animal:
      type: object
      required: [id, name, kind, legs, cages]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string, example: Rex, maxLength: 12}
        kind: {type: string, enum: [cat, dog, owl]}
        legs: {type: integer, minimum: 2, maximum: 4, example: 4}
        born: {type: string, format: date}
        seen: {type: integer}
        weighed: {type: number}
        fed: {type: string, format: date-time}
        sold_at: {type: string, format: date-time, readOnly: true}
        tag: {type: string, nullable: true}
        secret: {type: string, writeOnly: true}
        chip: {$ref: "#/components/schemas/Chip"}
        checks: {type: array, items: {type: string, format: date-time}}
        cages: {type: array, items: {type: string}, default: []}
        home: {type: string}
        diet: {type: string, default: any}
x-resources:
  animals: {schema: Animal, refers: {cages: cages, home: cages}, unique: [name]}
  cages: {schema: Cage, key: name, id: $request.path.name}
"""  # noqa: E501


@pytest.fixture(scope="module")
def declared_zoo(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """The API of the zoo, read once."""
    file = tmp_path_factory.mktemp("zoo") / "zoo.yaml"
    file.write_text(ZOO)
    return own.declare(own.Own(file, "zoo"))[0]


@pytest.fixture
def zoo(declared_zoo: Api, tmp_path: Path) -> Callable[[str], Served]:
    """Serves the zoo with a seed of this text, at NOW."""

    def make(text: str) -> Served:
        file = tmp_path / "seed.yaml"
        file.write_text(text)
        return Served(replace(declared_zoo, start=Start(read(file), file)), [])

    return make


def animals(served: Served) -> list[dict[str, Any]]:
    """All animals."""
    return list(served.get("/animals").json())


def test_records_get_what_a_new_record_gets(zoo: Zoo) -> None:
    """Defaults, numbers after the highest given one, and no secrets; the next request goes on counting."""
    text = "animals: [{name: a, kind: cat, legs: 4, secret: x}, {id: 7, name: b, kind: owl, legs: 2, diet: mice}]"
    served = zoo(text)
    assert animals(served) == [
        {"id": 8, "name": "a", "kind": "cat", "legs": 4, "cages": [], "diet": "any"},
        {"id": 7, "name": "b", "kind": "owl", "legs": 2, "cages": [], "diet": "mice"},
    ]
    made = served.send("POST", "/animals", {"name": "c", "kind": "cat", "legs": 3, "cages": []})
    assert made.json()["id"] == 9


def test_times_are_relative_to_the_world_and_have_the_form_of_their_member(zoo: Zoo) -> None:
    """A date, seconds as integer or number, or a date-time; in members of members and in lists, too."""
    text = (
        "animals: [{name: a, kind: cat, legs: 4, born: $now - 2w, seen: $now - 90m, weighed: $now - 1s, fed: $now+1d,"
        " chip: {since: $now, other: $now}, checks: [$now - 3h]}]"
    )
    record = animals(zoo(text))[0]
    assert {name: record[name] for name in ("born", "seen", "weighed", "fed", "chip", "checks")} == {
        "born": "2026-03-24",
        "seen": 1775550600,
        "weighed": 1775555999.0,
        "fed": "2026-04-08T10:00:00.000Z",
        "chip": {"since": NOW, "other": NOW},
        "checks": ["2026-04-07T07:00:00.000Z"],
    }


def test_made_records_are_always_the_same_and_differ_from_each_other(zoo: Zoo) -> None:
    """Members that a request must or may set get values; references lead to records that are there."""
    text = "cages: [{name: north}, {name: south}]\nanimals: {count: 30, values: {diet: hay, fed: $now}}\n"
    made = animals(zoo(text))
    assert made == animals(zoo(text))
    assert len(made) == len({one["name"] for one in made}) == 30
    assert {one["kind"] for one in made} == {"cat", "dog", "owl"}
    assert {one["legs"] for one in made} == {2, 3, 4}
    assert {one["cages"][0] for one in made} == {"north", "south"}
    assert {(one["diet"], one["fed"]) for one in made} == {("hay", NOW)}
    assert [one["seen"] for one in made] == [one["seen"] for one in made if isinstance(one["seen"], int)]
    assert not any(name in one for one in made for name in ("sold_at", "tag", "secret", "home"))


def test_records_and_made_ones_stand_in_one_resource(zoo: Zoo) -> None:
    """The given ones first."""
    text = "animals: {records: [{name: a, kind: cat, legs: 4}], count: 1, values: {cages: []}}"
    assert [one["id"] for one in animals(zoo(text))] == [1, 2]


def test_an_empty_seed_is_one(zoo: Zoo) -> None:
    """It has no records."""
    assert animals(zoo("# nothing yet\n")) == []
    assert animals(zoo("animals: {count: 0}\n")) == []


A = "name: a, kind: cat, legs: 4"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("animal: []", ["1: /animal: animal is no resource of this document; did you mean animals?"]),
        ("- 5", ['1: /: [5] is not of type "object"']),
        ("animals: 5", ['1: /animals: 5 is not of type "object"']),
        ("animals: [5]", ['1: /animals/0: 5 is not of type "object"']),
        ("animals: {cnt: 5}", ["1: /animals: Additional properties are not allowed ('cnt' was unexpected)"]),
        ("animals: {values: {}}", ["1: /animals/values: there is no count of the records that have these values"]),
        ("animals:\n- {name: a, kind: cow, legs: 5}", [
            '2: /animals/0/kind: "cow" is not one of "cat", "dog" or "owl"',
            "2: /animals/0/legs: 5 is greater than the maximum of 4",
        ]),
        (f"animals:\n- {{{A}}}\n- {{nam: b, kind: cat, legs: 3}}", [
            "3: /animals/1/nam: nam is no member of Animal; did you mean name?",
            '3: /animals/1: "name" is a required property',
        ]),
        (f"animals: [{{{A}, id: 4}}, {{name: b, kind: cat, legs: 4, id: 4}}]", ["1: /animals/1/id: 4 is there"]),
        (f"animals: [{{{A}}}, {{{A}}}]", ["1: /animals/1/name: there is one with the name a already"]),
        (f"animals: [{{{A}, home: x, cages: [y]}}]", [
            "1: /animals/0/cages: there is no cages y",
            "1: /animals/0/home: there is no cages x",
        ]),
        (f"animals: [{{{A}, fed: $now - 3 days}}]", [
            "1: /animals/0/fed: $now - 3 days is no time; write it as $now, $now - 3d or $now + 90m, with s, m, h, d or"
        ]),
        (f"animals: [{{{A}, fed: $now - 999999w}}]", ["1: /animals/0/fed: $now - 999999w is not in the years"]),
        ("cages: [{metres: 4}]", ["1: /cages/0: name is missing; a request chooses it, so that none is made"]),
        ("animals: {count: 2}", ["1: /animals/count: cages leads to cages, and there are none; give some, or"]),
        ("animals: {count: 2, values: {cages: [], name: a}}", [
            "1: /animals/count: name: there is one with the name a already"
        ]),
        ("animals: {count: 2, values: {cages: [], colour: a}}", ["1: /animals/values/colour: colour is no member of"]),
        ("animals: [{name: .inf}]", ["1: /animals/0/name: inf is no number of JSON"]),
        ("cages: {count: 1}", ["1: /cages/count: name is missing; a request chooses it, so that none is made"]),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told_with_its_place(zoo: Zoo, tmp_path: Path, text: str, told: list[str]) -> None:
    """File, line and pointer of each error; nothing is served."""
    with pytest.raises(Unreadable) as caught:
        zoo(text)
    lines = str(caught.value).splitlines()
    starts = [f"{tmp_path / 'seed.yaml'}:{start}" for start in told]
    assert len(lines) == len(starts), lines
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True)), lines


def test_a_member_without_a_further_value_is_told(tmp_path: Path) -> None:
    """Of a unique member there are only so many values, and for some schemas none is found."""
    text = ZOO.replace("unique: [name]", "unique: [kind]").replace("maxLength: 12", 'maxLength: 12, pattern: "^(?=b)a"')
    (tmp_path / "zoo.yaml").write_text(text)
    for seed, told in (
        (
            "animals: {count: 4, values: {cages: [], name: a}}",
            "no further value of kind was found that no other",
        ),
        ("animals: {count: 4, values: {cages: []}}", "no value of name was found"),
    ):
        (tmp_path / "seed.yaml").write_text(seed)
        with pytest.raises(Unreadable, match=told):
            Served(*own.declare(own.Own(tmp_path / "zoo.yaml", "zoo", seed=tmp_path / "seed.yaml")))


@pytest.fixture
def shop(tmp_path: Path) -> Served:
    """The workshop of the page on resources, with parents, life cycles, and a seed."""
    file = tmp_path / "workshop.yaml"
    file.write_text(yaml.safe_dump(workshop()))
    content = """
projects:
- {id: prj_1, name: Chair, created_at: $now - 3d, status: archived}
tasks:
  records: [{project_id: prj_1, title: Saw, state: running}]
  count: 3
"""
    (tmp_path / "seed.yaml").write_text(content)
    return Served(*own.declare(own.Own(file, "workshop", seed=tmp_path / "seed.yaml")))


def test_records_have_parents_and_live_on(shop: Served) -> None:
    """A given value stands before what `create` sets; what time brings to a state comes, also after a reset."""
    project = shop.get("/v1/projects/prj_1", **KEY).json()["data"]
    assert (project["created_at"], project["status"]) == ("2026-04-04T10:00:00.000Z", "archived")
    assert len(shop.get("/v1/projects/prj_1/tasks", **KEY).json()) == 4
    shop.send("POST", "/__mock__/reset")
    shop.worlds.advance(shop.worlds.default, 60)
    assert shop.get("/v1/projects/prj_1/tasks/1", **KEY).json()["data"]["state"] == "done"


def test_a_record_without_its_parent_is_told(shop: Served) -> None:
    """So is one whose parent is not there."""
    world = shop.worlds.default
    with pytest.raises(SeedError, match="/tasks/0: project_id is missing: the projects that it belongs to"):
        shop.worlds.add(world, "workshop", "default", {"tasks": [{"title": "Saw"}]})
    with pytest.raises(SeedError, match="/tasks/0/project_id: there is no projects prj_2"):
        shop.worlds.add(world, "workshop", "default", {"tasks": [{"title": "Saw", "project_id": "prj_2"}]})


def test_times_that_a_new_record_gets_are_spread_over_made_ones(shop: Served) -> None:
    """An hour apart, the last an hour ago: a list by time has an order."""
    shop.worlds.add(shop.worlds.default, "workshop", "default", {"projects": {"count": 3}})
    made = shop.get("/v1/projects?limit=3", **KEY).json()["data"]
    assert [one["created_at"][11:16] for one in made] == ["09:00", "08:00", "07:00"]


def test_a_parent_that_is_no_resource_is_any(tmp_path: Path) -> None:
    """Only its member is kept; it need not be given."""
    given = "parameters: [{name: keeper, in: path, required: true, schema: {type: string}}]"
    text = ZOO.replace("/animals:", "/keepers/{keeper}/animals:", 1)
    text = text.replace("    get: {operationId", f"    {given}\n    get: {{operationId", 1)
    text = text.replace("animals: {schema: Animal,", "animals: {schema: Animal, parent: {keeper: diet},")
    (tmp_path / "zoo.yaml").write_text(text)
    (tmp_path / "seed.yaml").write_text(f"animals: [{{{A}, diet: ann}}, {{name: b, kind: cat, legs: 2}}]")
    served = Served(*own.declare(own.Own(tmp_path / "zoo.yaml", "zoo", seed=tmp_path / "seed.yaml")))
    assert [one["name"] for one in served.get("/keepers/ann/animals").json()] == ["a"]


def test_worlds_take_a_seed_without_a_file(declared_zoo: Api) -> None:
    """It goes before the API's own; its errors have places, and no lines."""
    worlds = Worlds([declared_zoo], seeds={"zoo": {"cages": [{"name": "north"}]}})
    assert [len(store["cages"]) for store in worlds.default.tenants["zoo"].values()] == [1]
    with pytest.raises(SeedError, match=r"^/cage: cage is no resource"):
        Worlds([declared_zoo], seeds={"zoo": {"cage": []}})


def test_a_document_without_resources_takes_no_records(tmp_path: Path) -> None:
    """A seed is then an error."""
    (tmp_path / "zoo.yaml").write_text(f"{HEAD}paths: {{}}")
    (tmp_path / "seed.yaml").write_text("animals: []")
    with pytest.raises(Unreadable, match=r"animals is no resource of this document$"):
        Served(*own.declare(own.Own(tmp_path / "zoo.yaml", "zoo", seed=tmp_path / "seed.yaml")))


def test_the_command_line_takes_a_seed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Times are relative to its clock; errors are usage errors; a missing file is one, too."""
    (tmp_path / "zoo.yaml").write_text(ZOO)
    (tmp_path / "seed.yaml").write_text(f"animals: [{{{A}, fed: $now}}]")
    monkeypatch.chdir(tmp_path)
    words = ["serve", "./zoo.yaml", "--seed-file", "seed.yaml", "--clock", "2020-01-01T00:00:00Z"]
    stores = serve._worlds(parse(words)).default.tenants["zoo"]
    assert [record["fed"] for store in stores.values() for record in store["animals"]] == ["2020-01-01T00:00:00.000Z"]
    (tmp_path / "seed.yaml").write_text("animals: [{}]")
    with pytest.raises(UsageError, match=r'^seed.yaml:1: /animals/0: "name" is a required property\nseed.yaml:1:'):
        serve._worlds(parse(words))
    assert cli.main(["rules", "./zoo.yaml", "--seed-file", "nope.yaml"]) == 2


def test_the_schema_of_seeds_is_valid() -> None:
    """An editor can use it."""
    assert jsonschema_rs.meta.is_valid(schema())
    served_seed = {"pets": [{}], "owners": {"count": 5, "values": {"a": 1}, "records": [{}]}}
    assert jsonschema_rs.Draft202012Validator(schema()).is_valid(served_seed)


def test_a_built_in_seed_of_a_user_has_relative_times(tmp_path: Path) -> None:
    """As text in UTC."""
    folder = tmp_path / "seeds/nextstep"
    folder.mkdir(parents=True)
    template = "{id: T, title: x, is_published: true, version: 1, created_at: $now - 1d, tasks: [{id: a, title: b}]}"
    (folder / "seed.yaml").write_text(f"teams: [{{id: m, timezone: UTC, keys: [{{key: k}}], templates: [{template}]}}]")
    words = ["serve", "nextstep", "--fixtures", str(tmp_path / "seeds"), "--clock", "2020-01-02T00:00:00Z"]
    store = serve._worlds(parse(words)).default.tenants["nextstep"]["m"]
    assert [one["created_at"] for one in store["templates"]] == ["2020-01-01T00:00:00.000Z"]
    (folder / "seed.yaml").write_text("teams:\n- id: $now - 1\n")
    with pytest.raises(UsageError, match=r"seed.yaml:2: /teams/0/id: \$now - 1 is no time"):
        serve._worlds(parse(words))


def test_seeds_are_served_in_both_ways(tmp_path: Path) -> None:
    """A document alone has no records."""
    (tmp_path / "zoo.yaml").write_text(ZOO)
    assert animals(served(tmp_path / "zoo.yaml")) == []
