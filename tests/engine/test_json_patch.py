"""JSON Patch: the operations of RFC 6902, and what cannot be carried out."""

from __future__ import annotations

from typing import Any

import pytest

from understudy.resources.json_patch import NotThere, patched

BEFORE: Any = {"a": [1, 2], "b": {"c/d": 1, "e~f": 2}}


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        ([], BEFORE),
        ([{"op": "add", "path": "/x", "value": 1}], {**BEFORE, "x": 1}),
        ([{"op": "add", "path": "/a/0", "value": 0}], {**BEFORE, "a": [0, 1, 2]}),
        ([{"op": "add", "path": "/a/-", "value": 3}], {**BEFORE, "a": [1, 2, 3]}),
        ([{"op": "add", "path": "", "value": {}}], {}),
        ([{"op": "remove", "path": "/a/1"}], {**BEFORE, "a": [1]}),
        ([{"op": "remove", "path": "/b/c~1d"}], {**BEFORE, "b": {"e~f": 2}}),
        ([{"op": "replace", "path": "/b/e~0f"}], {**BEFORE, "b": {"c/d": 1, "e~f": None}}),
        ([{"op": "move", "from": "/a/0", "path": "/z"}], {**BEFORE, "a": [2], "z": 1}),
        (
            [{"op": "copy", "from": "/a", "path": "/z"}, {"op": "add", "path": "/z/-", "value": 3}],
            {**BEFORE, "z": [1, 2, 3]},
        ),
        ([{"op": "test", "path": "/a", "value": [1, 2]}], BEFORE),
        ({"op": "remove", "path": "/a"}, {"b": BEFORE["b"]}),
    ],
)
def test_a_patch_is_carried_out(patch: Any, after: Any) -> None:
    """In its order, on a copy."""
    assert patched(BEFORE, patch) == after
    assert BEFORE == {"a": [1, 2], "b": {"c/d": 1, "e~f": 2}}


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        ({"op": "test", "path": "/a", "value": 1}, "/a has another value"),
        ({"op": "spoil", "path": "/a"}, "'spoil' is no operation"),
        ({"op": "remove", "path": "a"}, "'a' is no JSON pointer"),
        ({"op": "remove", "path": "/z"}, "there is no z"),
        ({"op": "remove", "path": "/a/7"}, ""),
        ({"op": "remove", "path": "/a/0/x"}, "there is no x"),
        ({"op": "add", "path": "/a/9", "value": 1}, "there is no place 9"),
        ({"op": "add", "path": "/a/-1", "value": 1}, "'-1' is no number"),
        ({"op": "replace", "path": "/b/z", "value": 1}, "there is no z"),
        ({"op": "remove", "path": ""}, "the whole cannot be removed"),
        ({"op": "move", "from": "", "path": "/z"}, "the whole cannot be removed"),
        ({"op": "add", "path": 5, "value": 1}, "'5' is no JSON pointer"),
        ({"op": "add", "path": None, "value": 1}, "'None' is no JSON pointer"),
        ({"op": "copy", "from": ["a"], "path": "/z"}, "is no JSON pointer"),
        ({"path": "/a"}, "op"),
        ("no", ""),
    ],
)
def test_what_cannot_be_carried_out_is_told_with_its_number(operation: Any, text: str) -> None:
    """And changes nothing."""
    with pytest.raises(ValueError, match=rf"^operation 1 of the patch cannot be carried out: .*{text}"):
        patched(BEFORE, [{"op": "remove", "path": "/a/0"}, operation])
    assert BEFORE["a"] == [1, 2]


@pytest.mark.parametrize(
    ("operation", "is_possible_elsewhere"),
    [
        ({"op": "add", "path": "/a/9", "value": 1}, True),
        ({"op": "replace", "path": "/a/9/b", "value": 1}, True),
        ({"op": "add", "path": "/z/0", "value": 1}, True),
        ({"op": "test", "path": "/a", "value": 1}, True),
        ({"op": "spoil", "path": "/a"}, False),
        ({"op": "remove", "path": "a"}, False),
    ],
)
def test_a_wrong_operation_differs_from_one_that_is_not_possible_here(
    operation: Any, is_possible_elsewhere: bool
) -> None:
    """The latter is in conflict with the state of what is patched (RFC 5789, 2.2)."""
    with pytest.raises(ValueError, match="operation 0") as error:
        patched(BEFORE, [operation])
    assert isinstance(error.value, NotThere) is is_possible_elsewhere
