"""What a document states of what is inferred: entries of `x-resources` without a schema, envelopes of lists alone.

One that says what is `kept`, and has the name of none, is a resource that no operation shows.
Must not know how anything is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.document.compile import ContractError
from understudy.document.pointer import at
from understudy.messages import suggest

Json = Any
_JOINED = ("create", "defaults", "update", "parent")  # of which single members may be stated


def split(declared: Mapping[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """The resources that are stated whole, and those of which something is."""
    whole = {name: one for name, one in declared.items() if "schema" in one}
    return whole, {name: one for name, one in declared.items() if "schema" not in one}


def without_envelopes(document: Json) -> tuple[Json, dict[str, str]]:
    """A normal form without `x-operation` that has an envelope alone, and these, by operationId."""
    found: dict[str, str] = {}
    paths: dict[str, Json] = {}
    for path, item in document["paths"].items():
        paths[path] = {**item}
        for method, own in item.items():
            stated = own.get("x-operation", {}) if isinstance(own, dict) else {}
            if stated.keys() == {"envelope"}:
                found[own["operationId"]] = stated["envelope"]
                paths[path][method] = {key: one for key, one in own.items() if key != "x-operation"}
    return ({**document, "paths": paths} if found else document), found


def state(resources: dict[str, dict[str, Json]], stated: Mapping[str, Json], name: str) -> None:
    """Put what is stated into the resources that were inferred, of the API `name`.

    Raises ContractError for one that was not.
    """
    unknown = [one for one, given in stated.items() if one not in resources and "kept" not in given]
    if unknown:
        text = "without a schema it is said of a resource that is inferred, and none has this name"
        wrong = [(at("x-resources", one), f"{text}{suggest(one, resources)}") for one in unknown]
        raise ContractError(name, wrong)
    for resource, given in stated.items():
        own = resources.setdefault(resource, {})
        own.update({key: {**own.get(key, {}), **one} if key in _JOINED else one for key, one in given.items()})
