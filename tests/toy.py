"""A small API that no vendor has, with one of each thing that a document can declare."""

from __future__ import annotations

from typing import Any

import yaml

from understudy.document.compile import compile as contract_compile
from understudy.document.contract import Contract
from understudy.engine.api import Api, SeededTenant
from understudy.engine.call import Call, Reply
from understudy.engine.credential import Credential
from understudy.engine.ids import HEX
from understudy.engine.pipeline import STEPS
from understudy.engine.problem import Problem, Refusal
from understudy.engine.store import Layout, encode

DOCUMENT = """
openapi: 3.1.0
info: {title: Toy, version: "1"}
servers: [{url: "https://toy.example/api"}, {url: "https://{team}.toy.example/toys/v1"}]
security: [{key: []}]
x-errors:
  missing-credential: {status: 401, code: who, message: Say who you are, reason: auth}
  invalid-credential: {rule: toy.keys.known, status: 401, code: who, message: Nobody, reason: auth}
  forbidden: {status: 403, code: "no", message: {assumption: toy.keys.message}, reason: auth}
  rate-limited: {status: 429, code: slow, message: Slow down, reason: rate-limit}
  unknown-route: {as: toy.errors.route, message: Where, reason: route}
  method-not-allowed: {status: 405, code: how, message: How, reason: route}
  malformed-body: {status: 400, code: bad, message: Bad, reason: validation}
  unsupported-media-type: {status: 415, code: bad, message: Bad, reason: validation}
  body-too-large: {status: 413, code: bad, message: Bad, reason: validation}
  invalid: {status: {assumption: toy.errors.status}, code: bad, message: Bad, reason: validation}
  internal: {status: 500, code: oops, message: Oops, reason: internal}
x-unknown: {body-fields: reject, query-parameters: reject, duplicate-query-parameters: first}
x-rate-limit: {requests: 3, seconds: 10, per: credential, window: {assumption: toy.limit.window},
counts: {assumption: toy.limit.counts},
  headers: true}
x-pagination: {style: cursor, limit: size, cursor: after, items: /page/items, next: /page/next, more: /more,
limit-out-of-range: clamp,
  unknown-cursor: {assumption: toy.pages.cursor}, cursor-form: opaque, empty-page-cursor: null}
x-events:
  break:
    description: A person breaks a toy
    schema: {type: object, required: [id], additionalProperties: false, properties: {id: {type: string}}}
x-rules:
- {id: toy.keys.known, text: A key is known, source: Keys, basis: documented}
x-assumptions:
- {id: toy.keys.message, text: No page says it, source: Keys, default: Pay, alternatives: [Please pay]}
- {id: toy.keys.case, text: No page says it, source: Keys, default: insensitive, alternatives: [sensitive]}
- {id: toy.keys.challenge, text: No page says it, source: Keys, default: null, alternatives: [Toy]}
- {id: toy.errors.route, text: No page says it, source: Errors, default: {status: 404, code: where},
alternatives: [null]}
- {id: toy.errors.status, text: No page says it, source: Errors, default: 400, alternatives: [422]}
- {id: toy.limit.window, text: No page says it, source: Limits, default: fixed, alternatives: [sliding, calendar]}
- {id: toy.limit.counts, text: No page says it, source: Limits, default: admitted, alternatives: [successful]}
- {id: toy.pages.cursor, text: No page says it, source: Pages, default: reject, alternatives: [start, empty]}
- {id: toy.pages.order, text: No page says it, source: Pages, default: newest-first, alternatives: [oldest-first]}
- {id: toy.toys.kind, text: No page says it, source: Toys, default: reject, alternatives: [ignore, empty]}
paths:
  /toys:
    parameters: [{$ref: "#/components/parameters/Size"}, {name: after, in: query, schema: {type: string}}]
    get:
      operationId: listToys
      x-pagination: {order: {assumption: toy.pages.order}}
      parameters:
      - {name: new, in: query, schema: {type: boolean}, example: true}
      - {name: weight, in: query, schema: {type: [number, "null"], minimum: 0}, examples: {light: {value: 0.5}}}
      - {name: kind, in: query, schema: {enum: [car, ball], default: car}, x-invalid: {assumption: toy.toys.kind}}
      responses:
        "200":
          description: Some
          content: {application/json: {schema: {$ref: "#/components/schemas/Page"},
          examples: {one: {$ref: "#/components/examples/Page"}}}}
          links: {first: {operationId: getToy, parameters: {id: $response.body#/page/items/0/id}}}
        4XX: {$ref: "#/components/responses/Refused"}
    post:
      operationId: makeToy
      x-success: {assumption: toy.errors.status}
      x-rules: [{id: toy.toys.made, text: A toy can be made, source: Toys, basis: implied}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Toy"},
      example: {id: a, name: Ball}}}}
      responses:
        "201": {description: Made, content: {application/json: {schema: {$ref: "#/components/schemas/Toy"}}}}
        default: {$ref: "#/components/responses/Refused"}
  /toys/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string, pattern: "^[a-z~%/]+$"}}]
    get:
      operationId: getToy
      security: []
      parameters: [{name: must, in: query, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: One
          headers: {X-Age: {$ref: "#/components/headers/Age"}, X-Note: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Toy"}}}
    delete:
      operationId: breakToy
      responses: {"204": {description: Gone}}
webhooks:
  broken: {post: {requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Toy"}}}},
  responses: {2XX: {description: Thanks}}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Toy, x-scheme-case: {assumption: toy.keys.case},
    x-challenge: {assumption: toy.keys.challenge}}
    unused: {type: oauth2}
  parameters:
    Size: {name: size, in: query, schema: {type: integer, minimum: 1, maximum: 3, default: 2}}
  headers:
    Age: {required: true, schema: {type: integer, minimum: 0}, example: 3}
  examples:
    Page: {value: {page: {items: [{id: a, name: Ball}], next: null}, more: false}}
  responses:
    Refused: {description: Not so, content: {application/json: {schema: {type: object, required: [wrong]}}}}
  schemas:
    Any: true
    Page: {type: object, required: [page, more], properties: {page: {type: object}, more: {type: boolean}}}
    Toy:
      type: object
      required: [id, name]
      properties:
        id: {type: string, examples: [a]}
        name: {type: string, minLength: 1}
        made: {type: string, format: date-time}
        weight: {type: number, default: 1}
"""


def document() -> dict[str, Any]:
    """The document, to be changed at will."""
    content: dict[str, Any] = yaml.safe_load(DOCUMENT)
    return content


def list_toys(call: Call) -> Reply:
    """GET /toys."""
    return Reply(call.store["toys"].listing(descending=True))


def make_toy(call: Call) -> Reply:
    """POST /toys; a toy called bomb is a programmer's error."""
    if call.body["name"] == "bomb":
        raise ZeroDivisionError("boom")
    return Reply(call.store["toys"].put(call.body), 201)


def get_toy(call: Call) -> Reply:
    """GET /toys/{id}: says what it was asked for."""
    return Reply(encode(call.arguments))


def break_toy(call: Call) -> Reply:
    """DELETE /toys/{id}."""
    if call.arguments["id"] == "safe":
        raise Problem("forbidden", "It does not break", rule_id="toy.toys.made", headers=((b"x-why", b"safe"),))
    return Reply(b"", 204)


def error_body(call: Call, refusal: Refusal) -> Any:
    """The error shape of the toy API."""
    return {"wrong": {"code": refusal.code, "text": refusal.message}}


def seed(content: Any, known: Contract) -> list[SeededTenant]:
    """Two teams and their keys; the content is a list of toys."""
    keys = (
        Credential("k1", "toy", "one"),
        Credential("k2", "toy", "one", "lapsed"),
        Credential("k3", "toy", "one", "revoked"),
    )
    return [
        SeededTenant("one", {"toys": content}, keys),
        SeededTenant("two", {"toys": []}, (Credential("k4", "toy", "two"),)),
    ]


def api(changed: dict[str, Any] | None = None, **members: Any) -> Api:
    """The toy API, with another document or other members where they are given."""
    compiled = contract_compile(document() if changed is None else changed, "toy", source="toy.yaml")
    usual: dict[str, Any] = {
        "name": "toy",
        "contract": compiled,
        "handlers": {"listToys": list_toys, "makeToy": make_toy, "getToy": get_toy, "breakToy": break_toy},
        "steps": STEPS,
        "error_body": error_body,
        "error_type": b"application/json",
        "layouts": {"toys": Layout("Toy", sort_key=lambda toy: 0, indexes=lambda toy: ((),))},
        "inconsistencies": lambda tenant, store: ["too many toys"] if len(store["toys"]) > 9 else [],
        "seed": seed,
        "new_key": lambda ids: ids.take(8, HEX),
        "access_info": lambda credentials, stores: {"keys": [credential.token for credential in credentials]},
        "events": {"break": lambda call: {"broken": call.body["id"]}},
        "timers": {},
        "most_bytes": 100,
    }
    return Api(**{**usual, **members})


TOYS = [{"id": id, "name": name} for id, name in (("a", "Ball"), ("b", "Car"), ("c", "Doll"), ("d", "Kite"))]
