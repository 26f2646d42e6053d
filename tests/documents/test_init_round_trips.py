"""What `init` writes of a document means what was inferred of it: the answers are the same, and nothing is inferred."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from own_document import FOLDER, HEAD, Served
from understudy import cli
from understudy.apis import own
from understudy.document.argument import argument
from understudy.document.sample import Samples
from understudy.resources.schemas import resolve

TRAITS = sorted(one.stem for one in (FOLDER / "traits").glob("*.yaml"))

ZOO = f"""{HEAD}
paths:
  /zoos:
    get:
      description: All zoos, newest first.
      parameters: [{{name: limit, in: query, schema: {{type: integer, maximum: 50}}}}]
      responses:
        '200':
          content:
            application/json:
              schema:
                type: object
                properties:
                  data: {{type: array, items: {{$ref: '#/components/schemas/Zoo'}}}}
                  links: {{type: object, properties: {{next: {{type: string, nullable: true}}}}}}
              example: {{data: [{{id: 7, name: Berlin}}, {{id: 9, name: Wien, open: null}}, {{id: x}}]}}
    post:
      requestBody: {{$ref: '#/components/requestBodies/Zoo'}}
      responses: {{'201': {{$ref: '#/components/responses/Zoo'}}}}
  /zoos/{{zooId}}:
    parameters: [{{$ref: '#/components/parameters/ZooId'}}]
    get: {{responses: {{'200': {{$ref: '#/components/responses/Zoo'}}, '404': {{description: None}}}}}}
    put:
      requestBody: {{$ref: '#/components/requestBodies/Zoo'}}
      responses: {{'200': {{$ref: '#/components/responses/Zoo'}}}}
    delete: {{responses: {{'204': {{}}}}}}
  /zoos/{{zooId}}/animals:
    parameters: [{{$ref: '#/components/parameters/ZooId'}}]
    get:
      parameters:
      - {{name: page, in: query, schema: {{type: integer}}}}
      - {{name: kind, in: query, schema: {{type: string}}}}
      responses: {{'200': {{content: {{application/json: {{schema: {{type: array, items: {{$ref: animal.yaml}}}}}}}}}}}}
    post:
      requestBody: {{content: {{application/json: {{schema: {{$ref: animal.yaml}}}}}}}}
      responses: {{'200': {{content: {{application/json: {{schema: {{$ref: animal.yaml}}}}}}}}}}
  /zoos/{{zooId}}/animals/{{animal_id}}:
    parameters:
    - {{$ref: '#/components/parameters/ZooId'}}
    - {{name: animal_id, in: path, required: true, schema: {{type: string}}}}
    get: {{responses: {{'200': {{content: {{application/json: {{schema: {{$ref: animal.yaml}}}}}}}}}}}}
    patch:
      requestBody: {{content: {{application/json: {{schema: {{$ref: animal.yaml}}}}}}}}
      responses: {{'200': {{content: {{application/json: {{schema: {{$ref: animal.yaml}}}}}}}}}}
  /keepers:
    post:
      requestBody: {{content: {{application/json: {{schema: {{properties: {{name: {{type: string}}}}}}}}}}}}
      responses: {{'201': {{content: {{application/json: {{schema: {{type: object, properties: {{
        id: {{type: string}}, name: {{type: string}}}}}}}}}}}}}}
  /keepers/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get:
      responses: {{'200': {{content: {{application/json: {{schema: {{type: object, properties: {{
        id: {{type: string}}, name: {{type: string}}}}}}}}}}}}}}
  /weather: {{get: {{responses: {{'200': {{content: {{application/json: {{schema: {{type: object}}}}}}}}}}}}}}
components:
  parameters: {{ZooId: {{name: zooId, in: path, required: true, schema: {{type: integer}}}}}}
  requestBodies: {{Zoo: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/Zoo'}}}}}}}}}}
  responses: {{Zoo: {{content: {{application/json: {{schema: {{type: object, properties: {{
    data: {{$ref: '#/components/schemas/Zoo'}}}}}}}}}}}}}}
  schemas:
    Zoo:
      type: object
      required: [name]
      properties:
        id: {{type: integer, readOnly: true}}
        name: {{type: string}}
        open: {{type: boolean, nullable: true, default: true}}
"""
ANIMAL = """\
type: object
required: [id, kind]
properties: {id: {type: string, readOnly: true}, kind: {type: string}, zooId: {type: integer}, age: {type: number}}
"""
CALLS: dict[str, list[tuple[str, str, Any]]] = {
    "zoo": [
        ("GET", "/zoos", None), ("GET", "/zoos?limit=1", None), ("GET", "/zoos/7", None), ("GET", "/zoos/8", None),
        ("POST", "/zoos", {"name": "Basel"}), ("POST", "/zoos", {}), ("GET", "/zoos", None),
        ("PUT", "/zoos/7", {"name": "Berlin-Ost"}), ("GET", "/zoos/7", None),
        ("POST", "/zoos/9/animals", {"kind": "ibex"}), ("POST", "/zoos/9/animals", {"kind": "lynx", "age": 3}),
        ("POST", "/zoos/99/animals", {"kind": "ibex"}), ("GET", "/zoos/9/animals", None),
        ("GET", "/zoos/9/animals?page=2", None), ("GET", "/zoos/9/animals?kind=lynx", None),
        ("DELETE", "/zoos/9", None), ("GET", "/zoos", None), ("GET", "/zoos/9/animals", None),
        ("POST", "/keepers", {"name": "Ann"}), ("GET", "/keepers/none", None), ("GET", "/weather", None),
    ],
    "library": [
        ("GET", "/books", None), ("POST", "/books", {"title": "A"}), ("GET", "/books", None), ("GET", "/books/1", None),
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present folder, with both documents and the cache in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "zoo.yaml").write_text(ZOO)
    (tmp_path / "animal.yaml").write_text(ANIMAL)
    (tmp_path / "library.yaml").write_text((FOLDER / "library.yaml").read_text())
    return tmp_path


def answers(name: str, *overlays: Path, seed: Path | None = None) -> list[tuple[int, bytes]]:
    """Status and body of each call; ids that were made are called later on."""
    found = own.Own(Path(f"{name}.yaml"), name, overlays=overlays, seed=seed)
    client = Served(*own.declare(found), assume={f"{name}.security.credentials": "any"})
    base = client.api.contract.prefixes[0]
    told = []
    for method, path, body in CALLS[name]:
        answer = client.send(method, base + path, body, X_Key="k")
        told.append((answer.status, answer.body))
    return told


def sampled(client: Served) -> list[tuple[int, bytes]]:
    """The answers to each operation, twice, with arguments and bodies that its document suggests."""
    contract = client.api.contract
    schemas = contract.document["components"].get("schemas", {})
    told = []
    for one in [*contract.operations.values()] * 2:
        values = {p.name: argument(p, schemas).replace("/", "") for p in one.parameters if p.location == "path"}
        path = re.sub(r"\{([^{}]*)\}", lambda found, known=values: known.get(found[1], "x"), one.path)
        body: Any = None
        if one.body is not None and one.body.kind == "json":
            declared = contract.document["paths"][one.path][one.method.lower()]["requestBody"]
            media = next(iter(resolve(contract.document, declared)["content"].values()))
            body = Samples(schemas).value(media["schema"], one.body.validator, seed="x", direction="request")
        answer = client.send(one.method, (one.prefixes or contract.prefixes)[0] + path, body)
        told.append((answer.status, answer.body))
    return told


@pytest.mark.beside
@pytest.mark.parametrize("trait", TRAITS)
def test_what_is_written_of_each_trait_answers_the_same(trait: str, folder: Path) -> None:
    """Whatever a document has that others have not."""
    file = folder / f"{trait}.yaml"
    file.write_text((FOLDER / "traits" / file.name).read_text())
    assert cli.main(["init", str(file)]) == 0
    drafts = own.Own(file, trait, overlays=(folder / f"{trait}.overlay.yaml",), seed=folder / f"{trait}.seed.yaml")
    stated = own.understand(drafts)
    plain = own.understand(own.Own(file, trait))
    assert (stated.inferred.inferences, stated.inferred.examples_only, stated.notices) == ((), (), plain.notices)
    assert plain.inferred.inferences
    assert sampled(Served(stated.api, [])) == sampled(Served(plain.api, []))


@pytest.mark.parametrize("name", CALLS)
def test_what_is_written_answers_the_same(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Byte for byte, and nothing is left to infer; lint finds nothing in it."""
    assert cli.main(["init", f"./{name}.yaml"]) == 0
    overlay, seed = Path(f"{name}.overlay.yaml"), Path(f"{name}.seed.yaml")
    plain = own.understand(own.Own(Path(f"{name}.yaml"), name)).inferred
    stated = own.understand(own.Own(Path(f"{name}.yaml"), name, overlays=(overlay,), seed=seed)).inferred
    assert plain.inferences
    assert (stated.inferences, stated.examples_only) == ((), ())
    capsys.readouterr()
    assert answers(name, overlay, seed=seed) == answers(name)
    assert problems(capsys, f"{name}.yaml", str(overlay), str(seed)) == problems(capsys, f"{name}.yaml")


def problems(capsys: pytest.CaptureFixture[str], *files: str) -> list[str]:
    """The lines of `lint`, notes included."""
    cli.main(["lint", *files])
    return capsys.readouterr().out.splitlines()


def test_an_edited_overlay_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """What another value of an inference means is what the user writes."""
    cli.main(["init", "./zoo.yaml"])
    overlay = Path("zoo.overlay.yaml")
    text = overlay.read_text()
    assert text.count("newest-first") >= 1
    overlay.write_text(text.replace("listed: newest-first", "listed: oldest-first").replace(
        "order: newest-first", "order: oldest-first"))  # fmt: skip
    first, changed = answers("zoo")[0], answers("zoo", overlay, seed=Path("zoo.seed.yaml"))[0]
    assert first[1] != changed[1]
