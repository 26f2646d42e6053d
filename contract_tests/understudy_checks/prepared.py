"""Prepared objects: what a person did in the vendor's app beforehand, named in the target file by the id of the object.

For rules about what people do there, on a server that cannot simulate it. An API declares its own in `prepared.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from understudy_checks.client import Client, Skipped
from understudy_checks.modules import modules

Json = Any


@cache
def prepared_objects(api: str) -> Mapping[str, str]:
    """The prepared objects of an API: by the name of the setting, what it has to be."""
    return next((module.PREPARED for module in modules(api) if module.__name__.endswith(".prepared")), {})


def prepared(client: Client, name: str, prepare: Callable[[], str]) -> str:
    """Return the id of a prepared object; where people can be simulated, of one that `prepare` makes.

    Raises Skipped, with what to prepare, when there is neither.
    """
    id = client.access.given.get(name)
    if id:
        return str(id)
    if {"write", "events"} <= client.world.capabilities:
        return prepare()
    what = prepared_objects(client.contract.name)[name]
    raise Skipped(
        f"no `{name}` is prepared",
        remedy=f'prepare {what}, and name it in the target file: `{name} = "ID"`',
    )


def read_prepared(client: Client, name: str, operation: str, arguments: Mapping[str, str]) -> Json:
    """Read a prepared object; raises Skipped when it is not there, which is a mistake in the target file."""
    response = client.call(operation, arguments)
    if response.status >= 400:
        raise Skipped(f"the `{name}` of the target file cannot be read: status {response.status}")
    return response.json()
