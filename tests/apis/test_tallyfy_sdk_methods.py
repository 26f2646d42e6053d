"""Every public method of Tallyfy's official Python SDK, unpatched, against the mock over HTTP."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
import requests
from tallyfy import TallyfySDK
from test_tallyfy_sdk import url, world

from tests.sdk_methods import METHODS, Method

pytestmark = pytest.mark.beside

__all__ = ["url", "world"]  # fixtures


def sent(url: str, world: dict[str, Any]) -> list[str]:
    """The operations of the requests to a world, each with a status other than success."""
    headers = {"X-Mock-World": world["id"]}
    journal = requests.get(f"{url}/__mock__/journal", headers=headers, timeout=10).json()["exchanges"]
    return [one["operation"] if one["status"] < 300 else f"{one['operation']} {one['status']}" for one in journal]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_works(url: str, world: dict[str, Any], name: str) -> None:
    """The method sends what the table says, and returns what the mock's state means."""
    method: Method = METHODS[name]
    manager = name.partition(".")[0]
    with closing(TallyfySDK(world["api_key"], world["base_url"], max_retries=0)) as sdk:
        result = method.call(sdk)
    assert (manager, sent(url, world)) == (manager, list(method.sends))
    assert method.holds(result), result


def test_every_method_is_in_the_table() -> None:
    """The table has the public methods of all managers of the SDK, and no others."""
    with closing(TallyfySDK("a key", "http://127.0.0.1:9")) as sdk:
        managers = {name: one for name, one in vars(sdk).items() if type(one).__module__.startswith("tallyfy.")}
        names = [f"{name}.{method}" for name, one in managers.items() for method in public(one)]
    assert sorted(names) == sorted(METHODS)


def public(manager: Any) -> list[str]:
    """The names of the public methods of an object."""
    return [name for name in dir(manager) if not name.startswith("_") and callable(getattr(manager, name))]
