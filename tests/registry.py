"""A document of a user, with a resource and without keys."""

REGISTRY = """
openapi: 3.1.0
info: {title: Registry, version: "1"}
servers: [{url: "https://registry.example/v1"}]
paths:
  /owners:
    get:
      operationId: listOwners
      responses:
        "200":
          description: All
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Owner"}}}}
components:
  schemas:
    Owner: {type: object, required: [id, name], properties: {id: {type: string}, name: {type: string}}}
x-resources:
  owners: {schema: Owner, id: "own_{base62:8}"}
"""
