"""Validation errors: wrong types, missing members, malformed bodies, unknown paths and ids.

Cases are derived from the document's schemas. An undocumented status may be any 4xx, in the API's error shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.engine.exchange import Response
from understudy_checks.client import Client
from understudy_checks.discovery import FoundArguments, body_schema, call, find_arguments, required_members
from understudy_checks.pagination import assert_no_effect, may_exist, setting
from understudy_checks.pointers import resolve_reference
from understudy_checks.refusals import assert_envelope, assert_problem
from understudy_checks.rules import rule
from understudy_checks.target.target import Target

Json = Any
JSON = {"content-type": "application/json"}
NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/."), min_size=1, max_size=40
).filter(lambda name: not may_exist(name))
UNREADABLE = (b"{", b'{"a": ', b"[", b"nonsense", b'{"a" 1}', b"\xff\xfe", b"{'a': 1}", b'{"a": 1} trailing')
ODD = (
    b"[]", b"1", b'"text"', b"null", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\\ud800"}', b'{"a": 1, "a": 2}',
    b'{"a": ' + b"9" * 400 + b"}", b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
)  # fmt: skip


@rule("*.wrong-types", "*.wrong-type", needs=("write",))
def test_a_member_of_a_wrong_type_is_refused(target: Target, writing: Operation) -> None:
    """A body with an object in place of a plain value, or text in place of a list, is refused."""
    with target.open() as client:
        document = client.contract.document
        wrong = {
            name: _wrong(client.contract, resolve_reference(document, schema))
            for name, schema in body_schema(document, writing).get("properties", {}).items()
        }

        bodies = [{name: value} for name, values in wrong.items() for value in values]
        _assert_invalid(client, writing, lambda body: [{**body, **change} for change in bodies])


@rule("*-is-required", needs=("write",))
def test_a_member_left_out_is_refused(target: Target, demanding: Operation) -> None:
    """A body without a required member is refused and changes nothing."""
    with target.open() as client:
        names = required_members(client.contract, demanding)
        _assert_invalid(client, demanding, lambda body: [_without(body, name) for name in names])


@rule("*.envelope.error", "*.envelope.json", needs=("write",))
def test_an_unreadable_body_is_refused_in_the_envelope(target: Target, writing: Operation) -> None:
    """A body that is not JSON gets a 4xx in the API's own error shape and changes nothing."""
    with target.open() as client:

        def refuse(found_arguments: FoundArguments) -> None:
            for body in UNREADABLE:
                assert_envelope(client, client.call(writing, found_arguments.arguments, body=body, headers=JSON))

        assert_no_effect(client, writing, refuse)


@rule("*.envelope.error", "*.envelope.json", needs=("write",))
def test_odd_bodies_are_answered(target: Target, writing: Operation) -> None:
    """JSON edge cases and other content types get a documented success or a refusal in the API's error shape."""
    with target.open() as client:
        found_arguments = find_arguments(client, writing)
        for body in ODD:
            _assert_answered(client, client.call(writing, found_arguments.arguments, body=body, headers=JSON))
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"):
            headers = {"content-type": kind}
            _assert_answered(
                client, client.call(writing, found_arguments.arguments, json=found_arguments.body, headers=headers)
            )


@rule("*.envelope.error", "*.envelope.json")
@given(names=st.lists(NAMES, min_size=1, max_size=5))
@example(names=["no-such-thing"])
def test_an_unknown_path_is_refused_in_the_envelope(target: Target, reading: Operation, names: list[str]) -> None:
    """An unknown path gets a 4xx in the API's own error shape."""
    with target.open() as client:
        known = call(client, reading, find_arguments(client, reading))
        assert known.status < 300, f"{reading.id} must answer its own data, not {known.status}"
        path = client.log[-1].request.path.removeprefix(client.prefix)
        for unknown in (f"{path}/no-such-thing", f"{path}/{'/'.join(map(_encoded, names))}/no-such-thing/at/all"):
            assert_envelope(client, client.send("GET", unknown))


@rule("*.envelope.error", "*.envelope.json", needs=("write", "fresh"))
def test_a_wrong_method_is_refused_in_the_envelope(target: Target, reading: Operation) -> None:
    """An undocumented method of a path gets a 4xx in the API's own error shape."""
    with target.open() as client:
        call(client, reading, find_arguments(client, reading))
        path = client.log[-1].request.path.removeprefix(client.prefix)
        offered = {known.method for known in client.contract.operations.values() if known.path == reading.path}
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            if method not in offered:
                assert_envelope(client, client.send(method, path, json={}))


@rule("*.envelope.error", "*.envelope.json")
@given(name=NAMES)
@example(name="no-such-id")
@example(name="x" * 300)
@example(name="%")
def test_an_unknown_id_is_refused_in_the_envelope(target: Target, single: Operation, name: str) -> None:
    """An unknown id, of any characters, gets a 4xx in the API's own error shape."""
    with target.open() as client:
        known = find_arguments(client, single).arguments
        for part in known:
            assert_envelope(client, client.call(single, {**known, part: name}))


@rule("*.envelope.error", "*.envelope.json")
@given(value=st.one_of(st.text(st.characters(codec="utf-8"), max_size=20), st.integers().map(str)))
@example(value="")
@example(value="no-such-value")
def test_any_filter_is_answered(target: Target, filtered: Operation, value: str) -> None:
    """Any value of a filter or cursor gets a documented page or a refusal in the API's error shape."""
    with target.open() as client:
        known = find_arguments(client, filtered).arguments
        for parameter in filtered.parameters:
            if parameter.location == "query" and parameter.name != setting(filtered, "limit"):
                _assert_answered(client, client.call(filtered, {**known, parameter.name: value}))


def _assert_invalid(client: Client, operation: Operation, spoil: Callable[[Json], list[Json]]) -> None:
    """Assert that the bodies of `spoil(body)` are refused as invalid and change nothing, where `body` is accepted.

    Where `body` itself is refused, the reason may differ.
    """
    answers: list[Response] = []

    def refuse(found_arguments: FoundArguments) -> None:
        answers.clear()
        for body in spoil(found_arguments.body):
            answers.append(client.call(operation, found_arguments.arguments, json=body))
            assert_envelope(client, answers[-1])

    assert_no_effect(client, operation, refuse)
    for response in answers:
        assert_problem(client, response, "invalid")


def _without(body: Json, name: str) -> Json:
    return {key: value for key, value in body.items() if key != name}


def _wrong(contract: Contract, schema: Any) -> list[Any]:
    """Values that the schema's type excludes."""
    parts = [schema, *schema.get("anyOf", [])]
    is_list = any("array" in part.get("type", []) for part in parts)
    values: list[Any] = ["text", {"text": "text"}] if is_list else [{"text": "text"}]
    return [value for value in (*values, [{"text": "text"}]) if not contract.fits(schema).is_valid(value)]


def _assert_answered(client: Client, response: Any) -> None:
    if response.status >= 300:
        assert_envelope(client, response)


def _encoded(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode())
