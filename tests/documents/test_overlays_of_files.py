"""Overlays on documents of several files, their places in lint, and the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from overlays import PETS, applied, overlay
from own_document import Served
from understudy import cli
from understudy.apis import own
from understudy.document import whole
from understudy.document.pointer import find

FILES = {
    "pets.yaml": """\
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets: {$ref: paths/pets.yaml, summary: All, parameters: [{$ref: '#/components/parameters/Trace'}]}
  /pets/{id}:
    get: {$ref: 'paths/pets.yaml#/x-get'}
  /gone: {$ref: paths/gone.yaml}
  /none:
components:
  parameters:
    Trace: {name: trace, in: query, schema: {type: string}}
  responses: {Refusal: {description: Unused}}
  schemas:
    Pet: {$ref: schemas/Pet.yaml}
    Loop: {$ref: schemas/Loop.yaml}
    Plain: {type: string, $ref: schemas/Pet.yaml}
    Far: {$ref: 'https://example.com/far.yaml'}
""",
    "paths/pets.yaml": """\
get:
  parameters: [{$ref: 'more.yaml#/limit'}]
  responses:
    '200':
      content: {application/json: {schema: {type: array, items: {$ref: ../schemas/Pet.yaml}}}}
    default: {$ref: '../schemas/errors.yaml#/Refusal'}
x-get:
  parameters: [{name: id, in: path, required: true, schema: {type: string}}, {$ref: '../none.yaml'}]
  responses:
    '200': {content: {application/json: {schema: {$ref: '../pets.yaml#/components/schemas/Pet'}}}}
""",
    "paths/more.yaml": "limit: {name: limit, in: query, schema: {type: integer, default: 5}}\n",
    "schemas/Pet.yaml": """\
type: object
required: [name]
properties:
  name: {type: string, example: Rex}
  owner: {$ref: 'owners.yaml#/Owner'}
discriminator: {propertyName: name, mapping: {cat: ./Pet.yaml, dog: Pet}}
""",
    "schemas/owners.yaml": "Owner: {type: object, properties: {pet: {$ref: Pet.yaml}, plain: {enum: [a]}}}\n",
    "schemas/errors.yaml": """\
Refusal: {content: {application/json: {schema: {$ref: '#/Owner'}}}}
Owner: {type: integer}
""",
    "schemas/Loop.yaml": "$ref: Loop.yaml\n",
}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a document of several files."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def served(folder: Path, *overlays: str) -> Served:
    """The document, served with overlays of these texts."""
    files = tuple(folder / f"fix{number}.yaml" for number in range(len(overlays)))
    for file, text in zip(files, overlays, strict=True):
        file.write_text(text)
    return Served(*own.declare(own.Own(folder / "pets.yaml", "pets", overlays=files)))


def test_an_overlay_sees_one_document(folder: Path) -> None:
    """Path items and operations stand where they are referred to, all else is a component by its name."""
    text = overlay({"target": "$", "update": {"x-a": 1}})
    found = applied(folder, text, document=FILES["pets.yaml"])
    before = found.before
    assert before["paths"]["/pets"]["get"]["parameters"] == [
        {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 5}}
    ]
    assert before["paths"]["/pets"]["summary"] == "All"
    assert before["paths"]["/pets/{id}"]["get"]["responses"].keys() == {"200"}
    components = before["components"]
    assert components["parameters"].keys() == {"Trace"}
    assert components["schemas"].keys() == {"Pet", "Loop", "Plain", "Far", "Owner", "Owner-2"}
    assert components["schemas"]["Pet"]["properties"]["owner"] == {"$ref": "#/components/schemas/Owner-2"}
    assert components["schemas"]["Pet"]["discriminator"]["mapping"] == {"cat": "#/components/schemas/Pet", "dog": "Pet"}
    assert components["responses"]["Refusal-2"]["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/Owner"}
    }
    assert before["paths"]["/gone"] == {"$ref": "paths/gone.yaml"}
    assert components["schemas"]["Plain"]["$ref"] == "#/components/schemas/Pet"


def test_the_whole_document_means_what_its_files_mean(folder: Path) -> None:
    """An overlay that changes nothing of note leaves answers and notices as they are."""
    plain = Served(*own.declare(own.Own(folder / "pets.yaml", "pets")))
    changed = served(folder, overlay({"target": "$.info", "update": {"version": "2"}}))
    misread = {one for one in plain.notices if "leads nowhere" in one.text}  # a schema's name in a discriminator
    assert (len(misread), set(changed.notices)) == (1, set(plain.notices) - misread)
    for path in ("/pets", "/pets?limit=x", "/pets/a"):
        assert changed.get(path).body == plain.get(path).body


def test_other_files_are_changed_by_their_place_in_the_document(folder: Path) -> None:
    """A component wherever it is referred to; references of an update are those of the document."""
    client = served(
        folder,
        overlay(
            {"target": "$.components.schemas.Pet.properties.name", "update": {"example": "Tom", "enum": ["Tom"]}},
            {"target": "$.components.schemas['Owner-2'].properties.plain.enum", "update": ["b"]},
            {"target": "$.paths['/pets'].get", "update": {"parameters": [{"$ref": "#/components/parameters/Far"}]}},
            {"target": "$.components.parameters", "update": {
                "Far": {"name": "far", "in": "query", "required": True, "schema": {"type": "boolean"}}}},
            {"target": "$.paths['/pets'].get.parameters[?@.name == 'limit'].schema", "update": {"maximum": 9}},
            {"target": "$.paths['/gone', '/none']", "remove": True},
            version="1.1.0",
        ),
    )  # fmt: skip
    assert client.get("/pets/a").json()["name"] == "Tom"
    assert client.get("/pets?far=true").json()[0]["name"] == "Tom"
    assert [client.get(f"/pets{query}").status for query in ("", "?far=true&limit=10")] == [400, 400]
    assert not any("gone" in one.text for one in client.notices)


def test_sections_in_files_of_their_own_are_seen(tmp_path: Path) -> None:
    """`paths` and `components` may be references as a whole."""
    (tmp_path / "paths.yaml").write_text("/x: {get: {responses: {'204': {}}}}\n")
    (tmp_path / "components.yaml").write_text("schemas: {$ref: schemas.yaml}\nx-own: {$ref: schemas.yaml}\n")
    (tmp_path / "schemas.yaml").write_text("A: {type: string}\n")
    head = "openapi: 3.1.0\ninfo: {title: a, version: '1'}\n"
    document = f"{head}paths: {{$ref: paths.yaml}}\ncomponents: {{$ref: components.yaml}}\n"
    actions = (
        {"target": "$.paths['/x'].get", "update": {"summary": "X"}},
        {"target": "$.components.schemas", "update": {"B": {"$ref": "#/components/schemas/A"}}},
    )
    found = applied(tmp_path, overlay(*actions), document=document)
    assert found.after["paths"]["/x"]["get"]["summary"] == "X"
    assert found.after["components"]["schemas"] == {"A": {"type": "string"}, "B": {"$ref": "#/components/schemas/A"}}
    assert found.origins.of("/components/schemas/A/type") == ("schemas.yaml", "/A/type")
    assert found.origins.of("/paths/~1x/get/responses/204") == ("paths.yaml", "/~1x/get/responses/204")


def test_a_document_without_paths_is_put_together(tmp_path: Path) -> None:
    """What it lacks an overlay may add."""
    (tmp_path / "a.yaml").write_text("type: string\n")
    text = overlay({"target": "$", "update": {"paths": {"/x": {"get": {"responses": {"204": {}}}}}}})
    document = "openapi: 3.1.0\ninfo: {}\npaths: 5\nx-a: {$ref: a.yaml}\n"
    fix = overlay({"target": "$.paths", "remove": True})
    assert applied(tmp_path, fix, text, document=document).normal.document["paths"].keys() == {"/x"}


def test_a_document_of_one_file_is_not_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read once, however many references it has."""
    read: list[Any] = []
    normalized = whole.normalized
    monkeypatch.setattr(whole, "normalized", lambda files: read.append(files) or normalized(files))
    document = PETS + "x-a: &a [{$ref: '#/info'}]\nx-b: *a\n"
    applied(tmp_path, overlay({"target": "$", "update": {"x-c": 1}}), document=document)
    assert len(read) == 1


def test_what_is_wrong_is_told_where_it_stands(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the file of the document, or in the overlay that brought it in; all files are counted."""
    monkeypatch.chdir(folder)
    (folder / "more").mkdir()
    (folder / "more/fix.yaml").write_text(
        overlay(
            {"target": "$.paths['/gone', '/none']", "remove": True},
            {"target": "$.paths['/pets/{id}'].get.parameters[1]", "remove": True},
            {"target": "$.components.schemas['Loop', 'Far']", "remove": True},
            {"target": "$.components.schemas['Owner-2'].properties", "update": {"age": {"type": "numbr"}}},
            {"target": "$.info.titel", "update": "Pets"},
        )
    )
    (folder / "paths/more.yaml").write_text("# two\nlimit: {name: limit, in: query, schema: {type: integr}}\n")
    assert cli.main(["lint", "pets.yaml", "more/fix.yaml"]) == 1
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "more/fix.yaml:15: /actions/3/update/age/type: the type 'numbr' is none of JSON Schema's; "
        "did you mean number?; any type is taken",
        "more/fix.yaml:16: /actions/4/target: '$.info.titel' selects nothing; this action changes nothing",
        "paths/more.yaml:2: /limit/schema/type: the type 'integr' is none of JSON Schema's; "
        "did you mean integer?; any type is taken",
    ]
    assert told.err == "3 problems, 0 notes in 8 files\n"
    monkeypatch.chdir(folder / "more")
    assert cli.main(["lint", "../pets.yaml", "--overlay", "fix.yaml"]) == 1
    assert capsys.readouterr().out.startswith("../more/fix.yaml:15: ")


def test_the_cache_knows_overlays(folder: Path) -> None:
    """Another text, other overlays, or a changed file of the document are read anew."""
    new = {"target": "$.info", "update": {"title": "New"}}
    newer = {"target": "$.info", "update": {"title": "Newer"}}

    def title(*overlays: str) -> str:
        return str(served(folder, *overlays).api.contract.document["info"]["title"])

    assert [title(), title(overlay(new)), title(overlay(new), overlay(newer)), title(overlay(newer)), title()] == [
        "Pets", "New", "Newer", "Newer", "Pets"
    ]  # fmt: skip
    (folder / "schemas/Pet.yaml").write_text("type: integer\nexample: 5\n")
    assert served(folder, overlay(newer)).get("/pets/a").json() == 5
    client = served(folder, overlay(newer))
    assert client.get("/pets/a").json() == 5
    shown = client.get("/__mock__/openapi/pets.yaml").json()
    assert shown["info"]["title"] == "Newer"
    assert find(shown, "/components/schemas/Pet/type") == "integer"
