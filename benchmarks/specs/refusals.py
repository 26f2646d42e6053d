"""Refusals that a document promises: of an unknown id, of an invalid body, of a request without a credential."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from benchmarks.specs.client import Answer, body_schema
from benchmarks.specs.document import Json, Operation
from benchmarks.specs.pairs import Pair
from benchmarks.specs.trips import Rider

_USUAL = {"unknown id": (404, 410), "invalid body": (400, 422), "no credential": (401, 403)}


def refusals(rider: Rider, pair: Pair) -> Iterator[tuple[str, str | None]]:
    """Each refusal that applies to a pair: its name, and why it is not as documented."""
    for name, check in (("unknown id", _unknown), ("invalid body", _invalid), ("no credential", _bare)):
        answer = check(rider, pair)
        if answer is not None:
            yield name, _judge(name, *answer)


def _judge(kind: str, operation: Operation, answer: Answer) -> str | None:
    documented = [status for status in _USUAL[kind] if str(status) in operation.responses]
    ranges = [key for key in operation.responses if key.lower() in ("4xx", "default")]
    wanted = documented or (_USUAL[kind] if ranges or not documented else ())
    if answer.status in wanted or (not documented and 400 <= answer.status < 500):
        return None
    return f"{operation.method} {answer}, where {' or '.join(map(str, wanted))} is documented"


def _unknown(rider: Rider, pair: Pair) -> tuple[Operation, Answer] | None:
    asked = rider.unknown(pair) if pair.read is not None else None
    return None if asked is None or pair.read is None else (pair.read, asked[1])


def _invalid(rider: Rider, pair: Pair) -> tuple[Operation, Answer] | None:
    operation = pair.create
    schema = body_schema(operation) if operation is not None else None
    if operation is None or schema is None:
        return None
    body = rider.values.body(schema, rider.next_turn(), full=True)
    broken = next((b for b in _broken(body) if not rider.values.schemas.fits(schema, b, "in")), None)
    if broken is None:
        return None
    query, headers = rider.required(operation, "query"), rider.headers(operation)
    return operation, rider.client.send(operation, rider.above(pair), query, broken, headers=headers)


def _broken(body: Json) -> Iterator[Json]:
    """Bodies that lack a member, then bodies with a member of a wrong kind."""
    for name in body if isinstance(body, dict) else ():
        lacking = copy.copy(body)
        del lacking[name]
        yield lacking
    for name in body if isinstance(body, dict) else ():
        yield {**body, name: {"judged": ["wrong"]}}


def _bare(rider: Rider, pair: Pair) -> tuple[Operation, Answer] | None:
    operation = pair.read or pair.listing
    if operation is None or not operation.security or any(not option for option in operation.security):
        return None
    path = rider.arguments(operation.path, operation)
    query, headers = rider.required(operation, "query"), rider.headers(operation)
    return operation, rider.client.send(operation, path, query, headers=headers, bare=True)
