"""A small document with declared resources, and handlers for what it cannot declare."""

SHOP = """
openapi: 3.0.3
info: {title: Shop, version: "1"}
servers: [{url: "https://shop.example/v1"}]
paths:
  /carts:
    post:
      operationId: createCart
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Cart"}}}}
      responses: {"201": {$ref: "#/components/responses/Cart"}}
  /carts/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {operationId: getCart, responses: {"200": {$ref: "#/components/responses/Cart"}}}
    delete: {responses: {"204": {description: Gone}}}
  /carts/{id}/pay:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    post: {operationId: payCart, responses: {"200": {$ref: "#/components/responses/Cart"}}}
  /total:
    get:
      operationId: getTotal
      responses: {"200": {description: Sum, content: {application/json: {schema: {type: object}}}}}
components:
  responses:
    Cart: {description: One, content: {application/json: {schema: {$ref: "#/components/schemas/Cart"}}}}
  schemas:
    Cart:
      type: object
      required: [id, cents]
      properties: {id: {type: integer, readOnly: true}, cents: {type: integer}, paid: {type: boolean, default: false}}
x-resources: {carts: {schema: Cart}}
"""
PAY = """
from understudy import Call, Problem, Reply

def payCart(call: Call) -> Reply:
    cart = call.store["carts"].get(str(call.arguments["id"]))
    if cart is None:
        raise Problem("not-found")
    if cart["cents"] > 1000:
        raise Problem("conflict", "Too dear")
    return Reply(call.store["carts"].put({**cart, "paid": True}))

def getTotal(call):
    return {"cents": sum(cart["cents"] for cart in call.store["carts"])}
"""
