"""A document of pets that states no rules, and a server of it that shares no line with the mock."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PETS = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: "https://pets.example/v1"}]
security: [{key: []}]
x-pagination: {style: after, limit: limit, cursor: after, items: /pets, next: /next}
x-resources: {pets: {schema: Pet, id: "pet_{hex:8}"}}
paths:
  /pets:
    get:
      operationId: listPets
      x-pagination: {}
      parameters:
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50, default: 20}}
      - {name: after, in: query, schema: {type: string}}
      - {name: kind, in: query, schema: {type: string, enum: [cat, dog, newt]}}
      - {name: aged, in: query, schema: {type: integer, minimum: 0, maximum: 99}}
      responses:
        "200":
          description: Pets
          content:
            application/json:
              schema:
                type: object
                required: [pets, next]
                properties:
                  pets: {type: array, items: {$ref: "#/components/schemas/Pet"}}
                  next: {type: string, nullable: true}
        "400": {$ref: "#/components/responses/Refused"}
        "401": {$ref: "#/components/responses/Refused"}
    post:
      operationId: addPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses:
        "201": {description: Added, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
        "400": {$ref: "#/components/responses/Refused"}
        "401": {$ref: "#/components/responses/Refused"}
  /pets/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getPet
      responses:
        "200": {description: A pet, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
        "401": {$ref: "#/components/responses/Refused"}
        "404": {$ref: "#/components/responses/Refused"}
    patch:
      operationId: changePet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Change"}}}}
      responses:
        "200": {description: Changed, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
        "400": {$ref: "#/components/responses/Refused"}
        "401": {$ref: "#/components/responses/Refused"}
        "404": {$ref: "#/components/responses/Refused"}
    delete:
      operationId: removePet
      responses:
        "204": {description: Gone}
        "401": {$ref: "#/components/responses/Refused"}
        "404": {$ref: "#/components/responses/Refused"}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Pets-Key}}
  responses:
    Refused:
      description: Refused
      content: {application/json: {schema: {type: object, required: [why], properties: {why: {type: string}}}}}
  schemas:
    Change:
      type: object
      properties:
        name: {type: string, minLength: 2, maxLength: 30}
        kind: {type: string, enum: [cat, dog, newt]}
        grams: {type: integer, minimum: 1, maximum: 90000}
        nick: {type: string, nullable: true}
    Pet:
      allOf:
      - {$ref: "#/components/schemas/Change"}
      - type: object
        required: [id, name, kind]
        properties: {id: {type: string, readOnly: true}}
"""


class Pets:
    """The data of the server and what it does; `bug` names what it does wrong."""

    def __init__(self, bug: str = "") -> None:
        self.bug, self.pets, self.made = bug, {}, 0

    def app(self) -> Starlette:
        """The server as an ASGI application."""
        routes = [
            Route("/v1/pets", self._guarded(self.collection), methods=["GET", "POST"]),
            Route("/v1/pets/{id}", self._guarded(self.item), methods=["GET", "PATCH", "DELETE"]),
        ]
        return Starlette(routes=routes)

    def _guarded(self, act: Callable[[Request, Any], Response]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            if not request.headers.get("x-pets-key") and self.bug != "asks for no key":
                return refused(401)
            try:
                body = json.loads(await request.body() or b"null")
            except ValueError:
                return refused(400)
            return act(request, body)

        return answer

    def collection(self, request: Request, body: Any) -> Response:
        """List or add."""
        if request.method == "GET":
            return self.page(request.query_params)
        if not self.is_valid(body, required=("name", "kind")):
            if self.bug == "keeps what it refuses":
                self.add({"name": "odd", "kind": "cat"})
            return refused(400)
        return JSONResponse(self.add({key: value for key, value in body.items() if key != "id"}), 201)

    def add(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new pet."""
        self.made += self.bug != "repeats ids" or not self.made
        pet = {"id": f"pet_{self.made:08x}", **body}
        if self.bug == "cuts names":
            pet["name"] = pet["name"][:3]
        self.pets[pet["id"]] = pet
        return {**pet, "grams": str(pet.get("grams"))} if self.bug == "answers numbers as text" else pet

    def page(self, query: Any) -> Response:
        """A page of the pets."""
        limit, kind, aged = query.get("limit", "20"), query.get("kind"), query.get("aged", "1")
        allowed = limit.isdigit() and 1 <= int(limit) <= 50 and kind in (None, "cat", "dog", "newt")
        if not (allowed and aged.isdigit() and (int(aged) <= 99 or self.bug == "takes any age")):
            return refused(400)
        found = [
            pet
            for pet in self.pets.values()
            if kind is None or (pet["kind"] == kind) != (self.bug == "filters the rest")
        ]
        found = [*found, *found[-1:]] if self.bug == "lists one twice" else found
        ids = [pet["id"] for pet in found]
        start = ids.index(query["after"]) + (self.bug != "repeats the last one") if query.get("after") in ids else 0
        size = int(limit) + (self.bug == "pages of one more")
        more = ids[start + size - 1] if start + size < len(ids) else None
        return JSONResponse({"pets": found[start : start + size], "next": more})

    def item(self, request: Request, body: Any) -> Response:
        """Read, change or delete."""
        pet = self.pets.get(request.path_params["id"])
        if pet is None:
            return (
                JSONResponse({"id": "pet_0", "name": "None", "kind": "cat"})
                if self.bug == "knows any id"
                else refused(404)
            )
        if request.method == "DELETE":
            if self.bug != "deletes nothing":
                del self.pets[pet["id"]]
            return Response(status_code=204)
        if request.method == "PATCH":
            if not self.is_valid(body, required=()):
                return refused(400)
            changed = self.pets.values() if self.bug == "changes all" else [pet]
            for one in changed:
                one.update(
                    {key: value for key, value in body.items() if key != "id"} if self.bug != "ignores changes" else {}
                )
        return JSONResponse(pet)

    def is_valid(self, body: Any, *, required: tuple[str, ...]) -> bool:
        """Whether a body is as the document says."""
        if not isinstance(body, dict) or (any(name not in body for name in required) and self.bug != "demands nothing"):
            return False
        body = {"name": "any", "kind": "cat", "grams": 1, "nick": None, **body}
        longest = 31 if self.bug == "takes long names" else 30
        name, kind, grams, nick = (body[key] for key in ("name", "kind", "grams", "nick"))
        return (
            isinstance(name, str) and 2 <= len(name) <= longest and kind in ("cat", "dog", "newt")
            and type(grams) is int and 1 <= grams <= 90000 and isinstance(nick, str | None)
        )  # fmt: skip


def refused(status: int) -> Response:
    """A refusal."""
    return JSONResponse({"why": "no"}, status)


app = Pets().app()
