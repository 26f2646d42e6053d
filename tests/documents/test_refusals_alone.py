"""Documents that leave the success out, or contradict themselves: what is answered, and what is told of it."""

from __future__ import annotations

from pathlib import Path

from own_document import FOLDER, Served, served, written
from understudy.apis.own import Own, understand
from understudy.document.contract import Contract
from understudy.resources.rules import with_rules
from understudy_checks.violations import is_unnamed

FILE = FOLDER / "traits/refusals-alone.yaml"
A_KITE = {"name": "Red", "color": "red"}


def traits() -> Served:
    """The document of refusals alone."""
    return served(FILE)


def declared() -> Contract:
    """Its contract with the rules that it declares."""
    return with_rules(traits().api).contract


def test_an_operation_that_names_refusals_alone_succeeds_without_a_body() -> None:
    """The success is an inference with its reason; what is invalid is refused as documented."""
    api = traits()
    assert (api.send("POST", "/api/sights", {"text": "owl"}, authorization="Bearer t").body) == b""
    assert api.send("POST", "/api/sights", {"text": "o"}, authorization="Bearer t").status == 400
    found = understand(Own(FILE, "kites")).inferred.inferences
    told = {one.id: one.reason for one in found if one.kind == "answer"}
    assert told["kites.answers.post-sights"] == "the document names no success, only 400, 402"


def test_no_success_of_such_an_operation_is_wrong() -> None:
    """A server may answer it with any: the document promises none."""
    contract = declared()
    sights, kites = contract.operations["addSight"], contract.operations["getKite"]
    assert [is_unnamed(contract, sights, status) for status in (200, 201, 302, 400, 404, 500)] == [
        True, True, True, True, True, False,
    ]  # fmt: skip
    assert [is_unnamed(contract, kites, status) for status in (200, 201, 400)] == [False, False, True]


def test_a_lone_default_says_nothing_of_refusals() -> None:
    """It is that of the success: a server may refuse in another form."""
    contract = declared()
    assert is_unnamed(contract, contract.operations["addKite"], 404)
    assert not is_unnamed(contract, contract.operations["addKite"], 200)


def test_what_is_gone_is_refused_as_gone_where_that_alone_is_documented() -> None:
    """410 in place of 404, with its text."""
    api = traits()
    made = api.send("POST", "/api/kites", A_KITE, authorization="Bearer t").json()
    place = f"/api/kites/{made['id']}"
    assert api.send("DELETE", place, authorization="Bearer t").status == 204
    response = api.send("DELETE", place, authorization="Bearer t")
    assert (response.status, response.body) == (410, b"There is no such record")


def test_a_status_without_content_is_told_to_have_none() -> None:
    """204 is answered bare, whatever the document has there."""
    api = traits()
    found = [one for one in api.notices if one.text == "an answer 204 has no content; it is left out"]
    assert [one.pointer for one in found] == ["/paths/~1kites~1{kiteId}/delete/responses/204/content"]
    assert api.api.contract.operations["dropKite"].responses["204"].media_type == ""


def test_content_that_several_operations_share_is_told_once(tmp_path: Path) -> None:
    """At the place where it stands."""
    gone = "{'204': {$ref: '#/components/responses/Gone'}}"
    own = f"{{get: {{responses: {gone}}}, delete: {{responses: {gone}}}}}"
    more = "components: {responses: {Gone: {description: gone, content: {text/plain: {}}}}}"
    texts = written(tmp_path, f"paths: {{/x: {own}}}\n{more}\n").texts()
    assert texts == ["an answer 204 has no content; it is left out"]


def test_a_closed_schema_takes_the_members_of_what_it_joins() -> None:
    """`additionalProperties: false` beside `allOf` closes the whole."""
    api = traits()
    made = api.send("POST", "/api/kites", {**A_KITE, "size": "1"}, authorization="Bearer t")
    assert (made.status, made.json()["color"], made.json()["size"]) == (200, "red", "1")
    assert api.send("POST", "/api/kites", {**A_KITE, "tail": 1}, authorization="Bearer t").status == 400
