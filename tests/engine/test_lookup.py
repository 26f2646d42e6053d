"""Records that others refer to, and the refusal of those that a tenant does not have."""

from __future__ import annotations

import pytest

from understudy.engine.store import Collection, Layout


def test_a_record_that_others_refer_to_is_there() -> None:
    """Where it is gone all the same, that is a programmer's error, not a refusal."""
    collection = Collection(Layout("Toy"))
    collection.put({"id": "a", "name": "Ball"})
    assert collection.require("a") == collection.require_shared("a") == {"id": "a", "name": "Ball"}
    assert collection.require("a") is not collection.require("a")
    for read in (collection.require, collection.require_shared):
        with pytest.raises(KeyError, match="b"):
            read("b")
