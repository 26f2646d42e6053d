"""Other readings of a user's document: its API, compiled anew for other values of what was inferred.

Must not know what the readings are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import wraps
from typing import NamedTuple

from understudy.document.compile import ContractError
from understudy.document.contract import Contract
from understudy.document.infer import Inference, Inferred, Update, infer, read_as
from understudy.document.memory import memoize
from understudy.document.pointer import at
from understudy.document.read import without_collections
from understudy.engine.api import Api, Readings
from understudy.engine.call import Call, Handler, Json, Reply

_MOST_KEPT = 16  # APIs of one document


class Basis(NamedTuple):
    """A document in its normal form, what was inferred of it, its API, and the resources that were left out."""

    document: Json
    inferred: Inferred
    api: Api
    left: Mapping[str, str]


def readings_of(basis: Basis, serve: Callable[[Inferred], Api]) -> Readings | None:
    """The other readings of a document; None without any. `serve` compiles what was inferred."""
    known = {one.id: one for one in basis.inferred.inferences if one.is_reading}
    if not known:
        return None
    made: dict[str, Api] = {}

    def make(chosen: Mapping[str, Json]) -> Api:
        name = repr(sorted(chosen.items()))
        if name not in made:
            api = _read(basis, _updates(known, chosen), chosen, serve)
            memoize(made, name, replace(api, readings=readings), _MOST_KEPT)
        return made[name]

    readings = Readings({id: one.default for id, one in known.items()}, make)
    return readings


def with_trace(api: Api, inferences: Iterable[Inference]) -> Api:
    """An API whose handlers note the readings that decide what they do."""
    by_place, by_resource = _operations(api.contract)
    noted: dict[str, tuple[str, ...]] = {}
    for one in inferences:
        for key in one.keys if one.is_reading else ():
            _, kind, *parts = key.pointer.split("/")
            found = by_resource.get(parts[0], []) if kind == "x-resources" else [by_place[tuple(parts[:2])]]
            noted |= {id: (*noted.get(id, ()), one.id) for id in found}
    return replace(api, handlers={**api.handlers, **{id: _noting(api.handlers[id], noted[id]) for id in noted}})


def _operations(contract: Contract) -> tuple[dict[tuple[str, ...], str], dict[str, list[str]]]:
    """The ids of operations, by the two names that point at each, and by the resource that each is on."""
    by_place: dict[tuple[str, ...], str] = {}
    by_resource: dict[str, list[str]] = {}
    for operation in contract.operations.values():
        method = operation.method.lower()
        by_place[at(operation.path)[1:], method] = operation.id
        own = contract.document["paths"][operation.path][method].get("x-operation", {})
        by_resource.setdefault(own.get("resource", ""), []).append(operation.id)
    return by_place, by_resource


def _updates(known: Mapping[str, Inference], chosen: Mapping[str, Json]) -> dict[str, Update]:
    """The updates of a document that choose other values, by the id of what was inferred."""
    updates = {}
    for id, value in chosen.items():
        reading = next(one.reading for one in known[id].alternatives if one.value == value)
        assert reading is not None, "all alternatives of a reading are readings"
        updates[id] = reading
    return updates


def _read(
    basis: Basis, updates: Mapping[str, Update], chosen: Mapping[str, Json], serve: Callable[[Inferred], Api]
) -> Api:
    """The API of a document that is read otherwise. Raises ValueError where it cannot be served so."""
    text = ", ".join(f"{id}={value}" for id, value in chosen.items())
    with without_collections():
        try:
            inferred = infer(read_as(basis.document, updates), basis.api.name, without=basis.left)
            same = inferred.document["x-resources"].keys() == basis.inferred.document["x-resources"].keys()
            if not same:
                raise ValueError(f"{text}: other resources would be found so; give the overlay that `explain` prints")
            return serve(replace(inferred, document=_settled(inferred, basis.inferred)))
        except ContractError as error:
            raise ValueError(f"{text}: the document cannot be read so: {error}") from error


def _settled(inferred: Inferred, known: Inferred) -> Json:
    """A document with the assumptions that are known; what only this reading leaves open has its default."""
    assumptions = known.document["x-assumptions"]
    ids = {one["id"] for one in assumptions}
    more = {one.id: one.default for one in inferred.inferences if one.alternatives and one.id not in ids}
    document = {**inferred.document, "x-assumptions": assumptions}
    return _with_defaults(document, more) if more else document


def _with_defaults(value: Json, defaults: Mapping[str, Json]) -> Json:
    """A value with the defaults of assumptions in place of their names."""
    if isinstance(value, list):
        return [_with_defaults(one, defaults) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"assumption"} and value["assumption"] in defaults:
        return defaults[value["assumption"]]
    return {name: _with_defaults(one, defaults) for name, one in value.items()}


def _noting(handler: Handler, ids: tuple[str, ...]) -> Handler:
    @wraps(handler)
    def noting(call: Call) -> Reply:
        call.trace += ids
        return handler(call)

    return noting
