"""What `default` and `x-success` mean in a document of ours, which has no ranges of statuses."""

from __future__ import annotations

import toy
from understudy.document.compile import compile as contract_compile
from understudy.document.contract import Contract


def changed(responses: list[str], **others: object) -> Contract:
    """The document of the tests with these statuses of makeToy: `default` refuses, all others have a toy."""
    document = toy.document()
    made = document["paths"]["/toys"]["post"]
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Toy"}}}
    made.pop("x-success", None)
    made["responses"] = {status: {"description": "Made", "content": content} for status in responses}
    if "default" in responses:
        made["responses"]["default"] = {"$ref": "#/components/responses/Refused"}
    made |= others
    return contract_compile(document, "toy", source="toy.yaml")


def test_default_beside_a_success_refuses() -> None:
    """It stands for 4xx and 5xx, so that another success is still one that the document does not have."""
    known = changed(["201", "default"]).operations["makeToy"].responses
    assert list(known) == ["201", "4XX", "5XX"]
    assert known["4XX"] == known["5XX"] != known["201"]


def test_default_alone_is_any_answer() -> None:
    """Without a success it says what it says in OpenAPI."""
    assert list(changed(["default"]).operations["makeToy"].responses) == ["default"]


def test_an_assumed_success_may_have_any_2xx() -> None:
    """Where the status of a success is assumed, each has the body of the last documented one."""
    success = {"x-success": {"assumption": "toy.errors.status"}}
    known = changed(["200", "201"], **success).operations["makeToy"].responses
    assert list(known) == ["200", "201", "2XX"]
    assert known["2XX"] == known["201"]
