"""Requests to a document that states no rules: what it declares of bodies, parameters and credentials is enforced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.document.operation import Operation
from understudy.document.parameters import Parameter
from understudy.engine.exchange import Response
from understudy.resources.rules import plain_queries
from understudy_checks import samples
from understudy_checks.client import Skipped
from understudy_checks.records import Records
from understudy_checks.refusals import assert_refused
from understudy_checks.rules import rule
from understudy_checks.target.target import Target
from understudy_checks.wording import show

Json = Any
MAX_CASES = 60
"""The number of bounds of one operation's body that are tried."""


@rule("*.answers.*")
def test_answers_are_as_declared(target: Target, answering: Operation) -> None:
    """Answers to valid, invalid and incomplete requests have a declared status, headers and body."""
    with target.open() as client:
        if answering.method != "GET" and "write" not in client.world.capabilities:
            raise Skipped("writing is not allowed on this target", "write")
        records = Records(client)
        path = records.item(answering)
        statuses = [records.send(answering, path, **sent).status for sent in _requests(records, answering, path)]
        if min(statuses) >= 300:
            raise Skipped(f"this target answers no {answering.id} with a success, only {show(statuses)}")


@rule("*.required.*", needs=("write",))
def test_what_is_required_is_demanded(target: Target, requiring: Operation) -> None:
    """A request without a required member or parameter is refused, where one with it is taken."""
    with target.open() as client:
        records = Records(client)
        path, body = _taken(records, requiring)
        members = samples.required(client.contract, requiring) if isinstance(body, dict) else []
        if members and samples.may_be_left_out(requiring, members):
            raise Skipped(f"a form without {members[0]} is none, which {requiring.id} may be sent")
        bodies = ((name, samples.without(requiring, body, name)) for name in members)
        for name, lacking in ((name, one) for name, one in bodies if one is not None):
            assert_refused(client, requiring, records.send(requiring, path, body=lacking), f"no {name}")
        given = {} if body is None else {"body": body}
        queries = [one.name for one in requiring.parameters if one.location == "query" and one.required]
        for name in (one for one in queries if one not in requiring.keys):
            response = records.send(requiring, path, query={name: None}, **given)
            assert_refused(client, requiring, response, f"no {name}")


@rule("*.constraints.*", needs=("write",))
def test_bodies_hold_their_bounds(target: Target, constrained: Operation) -> None:
    """A value just inside of a bound is taken, one just outside is refused."""
    with target.open() as client:
        records = Records(client)
        path, body = _taken(records, constrained)
        for case in list(samples.cases(client.contract, constrained, body))[:MAX_CASES]:
            target_path = records.fresh(constrained, path) if case.is_inside else path
            response = records.send(constrained, target_path, body=case.body)
            if case.is_inside:
                assert response.status not in (400, 422), (
                    f"{constrained.id} must take a value at the bound of {case.bound}, not answer {response.status} "
                    f"{show(response.body)}"
                )
            else:
                assert_refused(client, constrained, response, f"a value outside of {case.bound}")


@rule("*.parameters.*")
def test_parameters_hold_their_bounds(target: Target, parametrized: Operation) -> None:
    """A value of a query parameter just inside of a bound is taken, one just outside is refused."""
    with target.open() as client:
        records = Records(client)
        path, body = _taken(records, parametrized)
        given = {} if body is None else {"body": body}
        for parameter in (one for one in plain_queries(parametrized) if one.invalid is None):
            for bound, value, is_valid in _texts(parameter):
                response = records.send(parametrized, path, query={parameter.name: value}, **given)
                path = records.fresh(parametrized, path) if response.status < 300 else path
                if is_valid:
                    assert response.status not in (400, 422), (
                        f"{parametrized.id} must take {parameter.name}={value}, at its {bound}, not {response.status}"
                    )
                else:
                    assert_refused(client, parametrized, response, f"{parameter.name}={value}, outside of its {bound}")


@rule("*.credentials.*")
def test_a_credential_is_demanded(target: Target, protected: Operation) -> None:
    """A request without a credential is refused as unauthorized."""
    with target.open() as client:
        records = Records(client)
        path = records.item(protected)
        body = {} if protected.body is None else {"body": _body(records, protected)}
        response = records.send(protected, path, credential=False, **body)
        assert_refused(client, protected, response, "no credential", usual=(401, 403), is_auth=True)


def _requests(records: Records, operation: Operation, path: tuple[Json, ...]) -> Iterator[Mapping[str, Json]]:
    """A valid request, then invalid ones."""
    if operation.body is None:
        yield {}
        return
    body = _body(records, operation)
    yield {"body": body}
    for invalid in samples.invalid_bodies(records.contract, operation, body)[:3]:
        yield {"body": invalid}


def _taken(records: Records, operation: Operation) -> tuple[tuple[Json, ...], Json]:
    """Arguments and body that the target takes. Raises Skipped when it takes none."""
    path = records.item(operation)
    refused: Response | None = None
    for _ in range(3):
        body = None if operation.body is None else _body(records, operation, path)
        response = records.send(operation, path, **({} if body is None else {"body": body}))
        if response.status < 300:
            return records.fresh(operation, path), body
        refused = refused or response
    assert refused is not None, "it was sent"
    raise Skipped(f"this target takes no {operation.id} that fits the document: {refused.status} {show(refused.body)}")


def _body(records: Records, operation: Operation, path: tuple[Json, ...] = ()) -> Json:
    role = records.role_of(operation)
    return records.plain_body(operation) if role is None else records.body(role, path)


def _texts(parameter: Parameter) -> Iterator[tuple[str, str, bool]]:
    """Values of a parameter at its bounds, each with the bound and whether it is valid."""
    if parameter.kind in ("integer", "number", "boolean"):
        yield "type", "no-such-value", False
    for keyword, sign in (("minimum", -1), ("maximum", 1)):
        bound = parameter.schema.get(keyword)
        if isinstance(bound, int | float) and abs(bound) < 1e15:
            yield keyword, str(bound), bool(parameter.validator.is_valid(bound))
            yield keyword, str(bound + sign), False
    options = parameter.schema.get("enum", ()) if parameter.kind == "string" else ()
    yield from (("enum", option, True) for option in options if isinstance(option, str))
    if parameter.schema.get("enum"):
        yield "enum", "no-such-value", False
