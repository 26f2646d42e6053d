"""Reading YAML 1.2, JSON pointers and references of documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from understudy.document.dialect import rebase
from understudy.document.pointer import at, find
from understudy.document.read import Unreadable, read
from understudy.messages import suggest


def test_plain_values_are_what_they_look_like(tmp_path: Path) -> None:
    """Only true and false are booleans, and no text becomes a date."""
    file = tmp_path / "a.yaml"
    file.write_text("{a: no, b: on, c: true, d: 2026-04-07, e: 2026-04-07T10:00:00Z, f: null, g: 010, h: 'é'}")
    assert read(file) == {
        "a": "no", "b": "on", "c": True, "d": "2026-04-07", "e": "2026-04-07T10:00:00Z", "f": None, "g": 8, "h": "é",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content", [b"a: [", b"\xff\xfe\x00", b"a: \x00", b"!!python/object:os.system {}", b"a: b: c", b"*x"]
)
def test_what_is_no_yaml_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    """Invalid YAML is reported in one line with the file."""
    file = tmp_path / "a.yaml"
    file.write_bytes(content)
    with pytest.raises(Unreadable) as error:
        read(file)
    assert str(error.value).startswith(f"{file}:1: ")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A missing file, or a folder in its place, is reported."""
    for path in (tmp_path / "a.yaml", tmp_path):
        with pytest.raises(Unreadable, match="directory"):
            read(path)


@pytest.mark.parametrize(("pointer", "value"), [("", {"a/b": [{"~": 1}]}), ("/a~1b", [{"~": 1}]), ("/a~1b/0/~0", 1)])
def test_pointers_lead_into_a_document(pointer: str, value: Any) -> None:
    """In a pointer `~1` is a slash, `~0` a tilde, and a number an index of a list."""
    assert find({"a/b": [{"~": 1}]}, pointer) == value
    assert find({"a/b": [{"~": 1}]}, at(*("a/b", 0, "~")[: pointer.count("/")])) == value


def test_the_nearest_word_is_a_hint() -> None:
    """The nearest word is suggested, or nothing if none is near."""
    assert suggest("limt", ["limit", "cursor"]) == "; did you mean limit?"
    assert suggest("zzz", ["limit", "cursor"]) == ""


def test_references_are_moved_into_a_document() -> None:
    """Moving references changes `$ref` alone, at any depth, but not a property of that name."""
    schema = {"$ref": "#/a", "anyOf": [{"$ref": "#/b"}, True], "properties": {"$ref": {"type": "string"}}}
    moved = {"$ref": "urn:x#/a", "anyOf": [{"$ref": "urn:x#/b"}, True], "properties": {"$ref": {"type": "string"}}}
    assert rebase(schema, "urn:x") == moved
