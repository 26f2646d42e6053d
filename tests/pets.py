"""A document with two resources, pets of owners, and recordings of a service that it describes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from understudy.apis import own
from understudy.engine.api import Api
from understudy.recording import files
from understudy.recording.recorded import Recorded, Recording

_ITEM = '{$ref: "#/components/schemas/%s"}'


def _answer(schema: str, status: int = 200) -> str:
    return f'{{"{status}": {{description: x, content: {{application/json: {{schema: {schema}}}}}}}}}'


_PET, _OWNER = _ITEM % "Pet", _ITEM % "Owner"
_NUMBERS = "{name: ownerId, in: path, required: true, schema: {type: integer}}"
_PET_ID = "{name: petId, in: path, required: true, schema: {type: integer}}"
PETS = f"""
openapi: 3.0.3
info: {{title: Pets, version: "1"}}
servers:
- {{url: "https://pets.example/v1"}}
- {{url: "https://{{zone}}.pets.example/v1", variables: {{zone: {{default: eu}}}}}}
security: [{{key: []}}]
paths:
  /owners:
    get: {{operationId: listOwners, responses: {_answer(f"{{type: array, items: {_OWNER}}}")}}}
    post:
      operationId: addOwner
      requestBody: {{content: {{application/json: {{schema: {_OWNER}}}}}}}
      responses: {_answer(_OWNER, 201)}
  /owners/{{ownerId}}:
    parameters: [{_NUMBERS}]
    get: {{operationId: getOwner, responses: {_answer(_OWNER)[:-1]}, "404": {{description: none}}}}}}
  /owners/{{ownerId}}/pets:
    parameters: [{_NUMBERS}]
    get: {{operationId: listPets, responses: {_answer(f"{{type: array, items: {_PET}}}")}}}
    post:
      operationId: addPet
      requestBody: {{content: {{application/json: {{schema: {_PET}}}}}}}
      responses: {_answer(_PET, 201)}
  /owners/{{ownerId}}/pets/{{petId}}:
    parameters: [{_NUMBERS}, {_PET_ID}]
    get: {{operationId: getPet, responses: {_answer(_PET)[:-1]}, "404": {{description: none}}}}}}
    put:
      operationId: putPet
      requestBody: {{content: {{application/json: {{schema: {_PET}}}}}}}
      responses: {_answer(_PET)}
    delete: {{operationId: dropPet, responses: {{"204": {{description: gone}}}}}}
  /owners/{{ownerId}}/pets/{{petId}}/sell:
    parameters: [{_NUMBERS}, {_PET_ID}]
    post: {{operationId: sellPet, responses: {_answer(_PET)}}}
  /export:
    get:
      operationId: exportPets
      responses:
        "200":
          description: x
          headers: {{X-Version: {{required: true, schema: {{type: integer}}}}}}
          content: {{text/csv: {{schema: {{type: string}}}}}}
  /health:
    get: {{operationId: health, security: [], responses: {{"200": {{description: fine}}}}}}
components:
  securitySchemes: {{key: {{type: apiKey, in: header, name: X-Key}}}}
  schemas:
    Owner:
      type: object
      required: [id, name]
      properties: {{id: {{type: integer, readOnly: true}}, name: {{type: string, minLength: 2}}}}
    Pet:
      type: object
      required: [id, name]
      properties:
        id: {{type: integer, readOnly: true}}
        owner_id: {{type: integer}}
        name: {{type: string, maxLength: 20}}
        kind: {{type: string, enum: [cat, dog]}}
        friend_id: {{type: integer, nullable: true}}
        state: {{type: string, enum: [here, sold], default: here}}
        created_at: {{type: string, format: date-time, readOnly: true}}
x-resources:
  owners: {{schema: Owner}}
  pets:
    schema: Pet
    order: created_at
    parent: {{ownerId: owner_id}}
    refers: {{friend_id: pets}}
    create: {{created_at: $now}}
    life-cycle: {{member: state, sell: {{from: [here], to: sold}}}}
"""
BEGAN = 1_772_359_200_000  # 2026-03-01T10:00:00Z
TOM = {"id": 41, "owner_id": 7, "name": "Tom", "kind": "cat", "state": "here", "created_at": "2026-01-01T00:00:00Z"}
REX = {"id": 90, "owner_id": 7, "name": "Rex", "kind": "dog", "state": "here", "created_at": "2026-03-01T10:00:05Z"}


def document(folder: Path) -> Path:
    """The document as a file."""
    file = folder / "pets.yaml"
    file.write_text(PETS)
    return file


def declared(folder: Path) -> Api:
    """The API of the document."""
    return own.declare(own.Own(document(folder), "pets"))[0]


def exchange(
    method: str,
    path: str,
    status: int,
    body: Any = None,
    sent: Any = None,
    *,
    at: int | None = 0,
    key: str = "k1",
    **more: Any,
) -> dict[str, Any]:
    """An interaction of a cassette, `at` seconds after the beginning."""
    request: dict[str, Any] = {"method": method, "uri": f"https://pets.example/v1{path}", "body": None}
    request["headers"] = {"X-Key": [key]} if key else {}
    if sent is not None:
        request["body"] = json.dumps(sent)
        request["headers"]["Content-Type"] = ["application/json"]
    answer = {"status": {"code": status, "message": ""}, "headers": {"Content-Type": ["application/json"]}}
    written = {"request": request, "response": {**answer, "body": {"string": "" if body is None else json.dumps(body)}}}
    return {**written, **({} if at is None else {"recorded_at": f"2026-03-01T10:00:{at:02}Z"}), **more}


def session() -> list[dict[str, Any]]:
    """A session that reads a pet, changes it, makes another one, and removes that."""
    tim = {**TOM, "name": "Tim"}
    return [
        exchange("GET", "/owners/7/pets", 200, [TOM], at=1),
        exchange("GET", "/owners/7/pets/41", 200, TOM, at=2),
        exchange(
            "PUT", "/owners/7/pets/41", 200, tim, {"name": "Tim", "kind": "cat", "owner_id": 7, "state": "here"}, at=3
        ),
        exchange("GET", "/owners/7/pets/41", 200, tim, at=4),
        exchange("POST", "/owners/7/pets", 201, REX, {"name": "Rex", "kind": "dog", "owner_id": 7}, at=5),
        exchange("GET", "/owners/7/pets/90", 200, REX, at=6),
        exchange("DELETE", "/owners/7/pets/90", 204, at=7),
        exchange("GET", "/owners/7/pets/90", 404, at=8),
    ]


def recording(folder: Path, interactions: list[dict[str, Any]], name: str = "session.json") -> Path:
    """A cassette with these interactions."""
    file = folder / name
    file.write_text(json.dumps({"version": 1, "interactions": interactions}))
    return file


def loaded(folder: Path, interactions: list[dict[str, Any]]) -> Recording:
    """The recording of these interactions."""
    return files.load(recording(folder, interactions))


def exchanges(folder: Path, interactions: list[dict[str, Any]]) -> tuple[Recorded, ...]:
    """The exchanges of these interactions."""
    return loaded(folder, interactions).exchanges
