"""Other readings of a user's document: its API, compiled anew for other values of what was inferred.

Must not know what the readings are about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
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
    noted: dict[str, tuple[str, ...]] = {}
    for one in inferences:
        for id in _decided(api.contract, one) if one.is_reading else ():
            noted[id] = (*noted.get(id, ()), one.id)
    return replace(api, handlers={**api.handlers, **{id: _noting(api.handlers[id], noted[id]) for id in noted}})


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


def _decided(contract: Contract, inference: Inference) -> Iterator[str]:
    """The ids of the operations that a reading is about: the one that it names, or those of its resource."""
    names = {key.pointer.split("/")[2] for key in inference.keys if key.pointer.startswith("/x-resources/")}
    places = [key.pointer for key in inference.keys]
    for operation in contract.operations.values():
        place = at("paths", operation.path, operation.method.lower())
        own = contract.document["paths"][operation.path][operation.method.lower()].get("x-operation", {})
        if own.get("resource") in names or any(one.startswith(f"{place}/") for one in places):
            yield operation.id


def _noting(handler: Handler, ids: tuple[str, ...]) -> Handler:
    @wraps(handler)
    def noting(call: Call) -> Reply:
        call.trace += ids
        return handler(call)

    return noting
