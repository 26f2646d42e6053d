"""Which rule says what is wrong with a response, and what a check does that met it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from test_kit_client import CONTRACT, KEYS, Place, answering

from understudy.document.responses import Expected
from understudy.engine.exchange import Response
from understudy_checks.budget import Budget
from understudy_checks.client import Client, Skipped, Violation
from understudy_checks.findings import MAX_ENDED, Findings, Met
from understudy_checks.refusals import assert_envelope
from understudy_checks.target.installed import document
from understudy_checks.violations import differences, rule_of

JSON = ((b"content-type", b"application/json"),)
PAGE = {"data": [], "pagination": {"next_cursor": None, "has_more": False}}
ERROR = {"error": {"code": "c", "message": "m"}}
TASK = {"custom_elements": [{"id": "e"}], "created_at": 5, "completed_at": "yesterday"}


def answer(status: int, body: Any = None, *headers: tuple[bytes, bytes]) -> Response:
    """A response with a body, as JSON unless it is bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers or JSON, raw)


@pytest.mark.parametrize(
    ("operation", "response", "rules"),
    [
        ("listProcessRuns", answer(200, PAGE), set()),
        ("listProcessRuns", answer(429, ERROR), {"rate-limit.retry-after"}),
        ("listProcessRuns", answer(404, {"message": "m"}), {"envelope.error"}),
        ("listProcessRuns", answer(404, b"<html>", (b"content-type", b"text/html")), {"envelope.json"}),
        ("listProcessRuns", answer(200, b"{"), {"envelope.json"}),
        ("listProcessRuns", answer(200, {"data": []}), {"envelope.list"}),
        ("listProcessRuns", answer(200, {**PAGE, "data": [{}]}), {"runs.fields"}),
        ("listProcessRuns", answer(204, b""), {"envelope.list"}),
        ("getProcessRun", answer(200, {}), {"envelope.single"}),
        ("createProcessRun", answer(200, {"data": {}}), {"creation.created"}),
        ("createProcessRun", answer(201, {"data": {}}), {"creation.created"}),
        ("getRunTask", answer(200, {"data": TASK}), {"tasks.fields", "tasks.elements", "envelope.timestamps"}),
    ],
)
def test_a_difference_stands_under_the_rule_that_says_it(operation: str, response: Response, rules: set[str]) -> None:
    """Of several rules that could, the most specific one; members that are missing are named one by one."""
    known = CONTRACT.operations[operation]
    found = {rule_of(CONTRACT, known, response, difference) for difference in differences(known, response)}
    assert found == {f"nextstep.{rule}" for rule in rules}


def test_an_api_has_its_own_rules_about_shapes() -> None:
    """Kognitos answers an object without an envelope; the upload has no body."""
    kognitos = document("kognitos")
    run, upload = kognitos.operations["getRun"], kognitos.operations["uploadFile"]
    empty = answer(200, {})
    assert {rule_of(kognitos, run, empty, found) for found in differences(run, empty)} == {"kognitos.runs.fields"}
    known = next(name for name, expected in upload.responses.items() if expected.body is None)
    unasked = answer(int(known), {"a": 1})
    assert [found.text for found in differences(upload, unasked)] == [f"{known}: a body where none is documented"]
    assert rule_of(kognitos, upload, unasked, differences(upload, unasked)[0]) == "kognitos.envelope.json"


ANY = CONTRACT.fits({})
TRACE = (("x-trace", True, "string", ANY),)
PICTURE, OBJECT = Expected(None, "image/*", TRACE), Expected(CONTRACT.fits({"type": "object"}), "application/json", ())


@pytest.mark.parametrize(
    ("expected", "response", "texts"),
    [
        (Expected(None, "", TRACE), answer(200, b""), ["the header x-trace is missing"]),
        (PICTURE, answer(200, b"GIF", (b"content-type", b"image/gif")), ["the header x-trace is missing"]),
        (PICTURE, answer(200, b"GIF", (b"x-trace", b"1")), ["content type null is not documented"]),
        (
            Expected(ANY, "application/xml", TRACE, others=(OBJECT,)),
            answer(200, []),
            ["the header x-trace is missing", ": must be an object, not []"],
        ),
    ],
)
def test_a_body_is_judged_by_its_media_type(expected: Expected, response: Response, texts: list[str]) -> None:
    """Of several documented types that of the response counts; what is no JSON has no further differences."""
    operation = structs.replace(CONTRACT.operations["getProcessRun"], responses={"200": expected})
    assert [found.text for found in differences(operation, response)] == [f"200: {text}" for text in texts]


def test_what_no_rule_says_is_a_violation() -> None:
    """A document without rules about its errors leaves them to the check that meets them."""
    bare = replace(CONTRACT, rules=())
    made = client(answer(404, {"message": "m"}))
    made.contract = bare
    with pytest.raises(Violation, match=r"^getProcessRun: 404: "):
        made.send("GET", "/process-runs/x")


def test_a_refusal_of_another_shape_is_a_refusal() -> None:
    """What is wrong with its body is recorded under the rule that says it; its headers are no matter of the body."""
    made = client()
    assert assert_envelope(made, answer(404, b"{")) is None
    assert named(made) == {"envelope.json"}
    assert assert_envelope(made, answer(429, ERROR)) == ERROR
    assert named(made) == set()


def client(*responses: Response, own: tuple[str, ...] = ("nextstep.runs.unknown-run",)) -> Client:
    """A client that gets these answers and keeps what it finds."""
    made = Client(CONTRACT, answering(*responses), "/api/v1", KEYS, Place(), Budget())
    made.findings = Findings(own)
    return made


def named(made: Client) -> set[str]:
    """The rules of what a client has found."""
    assert made.findings is not None
    return {finding.rule.removeprefix("nextstep.") for finding in made.findings.take()}


def test_a_wrong_response_is_recorded_and_read() -> None:
    """Each difference is a finding once, with the fewest calls that show it."""
    made = client(answer(200, {**PAGE, "data": [{}]}), answer(200, {**PAGE, "data": [{}, {}]}))
    for _ in range(3):
        assert made.send("GET", "/process-runs").status == 200
    assert named(made) == {"runs.fields"}
    assert made.findings is not None
    made.send("GET", "/process-runs")
    assert [finding.calls for finding in made.findings.take()] != []


def test_a_response_that_cannot_be_read_ends_the_example() -> None:
    """No JSON where a success has some; but a refusal may be anything."""
    with pytest.raises(Met, match=r"its check met a failure of nextstep\.envelope\.json"):
        client(answer(200, b"{")).send("GET", "/process-runs")
    assert client(answer(404, b"{")).send("GET", "/process-runs").status == 404


def test_an_error_of_reading_is_the_doing_of_the_wrong_response() -> None:
    """Without a wrong response before it, it is an error of the check."""
    with pytest.raises(Met), client(answer(200, {"data": []})) as made:
        made.send("GET", "/process-runs").json()["pagination"]
    with pytest.raises(KeyError), client(answer(200, PAGE)) as made:
        made.send("GET", "/process-runs").json()["else"]


def test_examples_that_are_ended_often_end_the_check() -> None:
    """Hypothesis would look for others ten times as long."""
    made = client(answer(200, b"{"))
    for _ in range(MAX_ENDED):
        with pytest.raises(Met):
            made.send("GET", "/process-runs")
    with pytest.raises(Skipped, match=r"its check met a failure of nextstep\.envelope\.json"):
        made.send("GET", "/process-runs")


def test_a_server_error_fails_the_check_and_is_no_refusal() -> None:
    """The rule about refusals is named; a check of that rule ends its example."""
    made = client(answer(500, ERROR))
    with pytest.raises(Violation, match="a server error is never the right answer"):
        made.send("GET", "/process-runs")
    assert named(made) == {"envelope.error"}
    own = ("nextstep.envelope.error", "nextstep.envelope.json")
    for rules, error in ((own, Met), (own[:1], Violation)):
        with pytest.raises(error):
            client(answer(500, ERROR), own=rules).send("GET", "/process-runs")


def test_an_assertion_can_be_about_another_rule() -> None:
    """It is recorded, and the check goes on or ends, unless the rule is the check's only one or nobody's."""
    made = client(answer(200, PAGE), own=("nextstep.runs.fields",))
    with made.about("nextstep.creation.name"):
        raise AssertionError("soft")
    with pytest.raises(Met), made.depending_on("*.creation.created"):
        raise AssertionError("hard")
    assert named(made) == {"creation.name", "creation.created"}
    for pattern in ("nextstep.runs.fields", "*.no-such-rule"):
        for named_block in (made.about, made.depending_on):
            with pytest.raises(AssertionError, match="own"), named_block(pattern):
                raise AssertionError("own")
    made.findings = None
    for named_block in (made.about, made.depending_on):
        with pytest.raises(AssertionError, match="strict"), named_block("nextstep.creation.name"):
            raise AssertionError("strict")
