"""An overlay that states a few members of a resource, whose others are inferred."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from own_document import FOLDER, Served
from understudy.apis import own

ZOO = FOLDER / "traits/actions.yaml"


def with_resources(folder: Path, resources: Any) -> own.Understood:
    """The zoo with these entries of `x-resources`."""
    overlay = {"overlay": "1.0.0", "info": {"title": "o", "version": "1"},
               "actions": [{"target": "$", "update": {"x-resources": resources}}]}  # fmt: skip
    (folder / "fix.json").write_bytes(msgspec.json.encode(overlay))
    return own.understand(own.Own(ZOO, "zoo", overlays=(folder / "fix.json",)))


def test_what_is_stated_goes_before_what_is_inferred(tmp_path: Path) -> None:
    """All else of the resource, and the other resources, are as they are without it."""
    plain = own.understand(own.Own(ZOO, "zoo")).api.contract.document["x-resources"]
    stated = {"unique": ["name"], "create": {"weight": 5}, "listed": "newest-first"}
    found = with_resources(tmp_path, {"animals": stated})
    assert found.api.contract.document["x-resources"] == {**plain, "animals": {**plain["animals"], **stated}}
    assert found.notices == []
    api = Served(found.api, [])
    assert api.send("POST", "/animals", {"name": "Ada"}).json()["weight"] == 5
    assert api.send("POST", "/animals", {"name": "Bob"}).status == 201
    assert [one["name"] for one in api.get("/animals").json()] == ["Bob", "Ada"]
    assert 400 <= api.send("POST", "/animals", {"name": "Ada"}).status < 500


def test_a_member_that_the_server_sets_is_joined_to_the_others(tmp_path: Path) -> None:
    """So that a time of creation stays."""
    found = with_resources(tmp_path, {"actions": {"create": {"animal_id": 7}}})
    assert found.api.contract.document["x-resources"]["actions"]["create"] == {"status": "running", "animal_id": 7}


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ({"animal": {"unique": ["name"]}}, "none has this name; did you mean animals?"),
        ({"animals": {"unique": ["nme"]}}, "did you mean name?"),
        ({"animals": {"uniqe": ["name"]}}, "did you mean unique?"),
        ({"animals": 3}, "must be"),
        (3, "must be"),
    ],
)
def test_what_is_stated_wrongly_is_refused(tmp_path: Path, resources: Any, told: str) -> None:
    """At its place in the overlay, with the nearest valid name."""
    with pytest.raises(own.WrongDeclaration, match=r"fix\.json") as error:
        with_resources(tmp_path, resources)
    assert told in str(error.value)
