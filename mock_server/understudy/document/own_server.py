"""A document that names this server first, in its `servers` and in those of its paths and operations.

The text stays as it is otherwise. Only where that cannot be done, as behind an anchor, is it written anew as JSON.
Must not know any address: texts have a mark in its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cached_property
from hashlib import sha256
from typing import Any

from understudy.document.contract import Contract
from understudy.document.operation import Operation
from understudy.document.pointer import Json
from understudy.document.read import Unreadable, read_bytes

Parts = tuple[str, ...]
_Edit = tuple[int, int, str]  # what stands between two places of a text becomes another text
_DESCRIPTION = "This mock server"
_decoder = json.JSONDecoder()


class OwnServer:
    """One document and its two texts, made when they are first asked for."""

    def __init__(self, contract: Contract, content: bytes) -> None:
        self._contract = contract
        self._content = content
        self._mark = sha256(content).hexdigest()  # no text holds its own digest

    def given(self, address: str) -> bytes:
        """The text as it was given, for the address of this server, such as `http://127.0.0.1:8629`."""
        return _filled(self._given, address)

    def json(self, address: str) -> bytes:
        """The document as JSON, for the address of this server."""
        return _filled(self._json, address)

    @cached_property
    def _given(self) -> list[bytes]:
        try:
            text = self._content.decode()
            edited = _edited(text, list(self._edits(text))).encode()
            if read_bytes(edited, "") == self._value:
                return self._parts(edited)
        except (Unreadable, LookupError, UnicodeDecodeError):  # LookupError: there is no such place in the text
            pass
        return self._parts(_written(self._value))

    @cached_property
    def _json(self) -> list[bytes]:
        given = self._mark.encode().join(self._given)
        return self._given if given.lstrip()[:1] == b"{" and _is_json(given) else self._parts(_written(self._value))

    def _parts(self, marked: bytes) -> list[bytes]:
        return marked.split(self._mark.encode())

    @cached_property
    def _value(self) -> Json:
        """The document with the mark for an address."""
        value = deepcopy(self._document)
        for parts, prefix in self._owners.items():
            owner = _at(value, parts)
            owner["servers"] = [self._entry(prefix), *_listed(owner)]
        return value

    def _entry(self, prefix: str) -> dict[str, str]:
        return {"url": self._mark + prefix, "description": _DESCRIPTION}

    @cached_property
    def _document(self) -> Json:
        contract = self._contract
        return read_bytes(contract.content, contract.source) if contract.content else contract.document

    @cached_property
    def _owners(self) -> dict[Parts, str]:
        """The objects whose servers come first for some operation, each with its base path here."""
        found: dict[Parts, str] = {(): self._contract.prefixes[0]}
        for one in self._contract.operations.values():
            if one.prefixes:
                found[_owner(self._document, one)] = one.prefixes[0]
        return found

    def _edits(self, text: str) -> Iterator[_Edit]:
        root = None if text.lstrip("\ufeff \t\r\n")[:1] == "{" and _is_json(text.encode()) else _composed(text)
        for parts, prefix in self._owners.items():
            entry = json.dumps(self._entry(prefix))
            yield _json_edit(text, parts, entry) if root is None else _yaml_edit(text, _node(root, parts), entry)


def _filled(parts: list[bytes], address: str) -> bytes:
    return json.dumps(address)[1:-1].encode().join(parts)


def _written(value: Json) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def _edited(text: str, edits: list[_Edit]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _at(document: Json, parts: Parts) -> Json:
    for part in parts:
        document = document[part]
    return document


def _listed(owner: Json) -> list[Json]:
    servers = owner.get("servers")
    return servers if isinstance(servers, list) else []


def _owner(document: Json, operation: Operation) -> Parts:
    """The operation or path item that names the servers of an operation."""
    paths, method = document["paths"], operation.method.lower()
    place: Parts = ("paths", operation.path if operation.path in paths else operation.path[1:])
    while method not in _at(document, place):  # it is in a path item that this one refers to
        reference = _at(document, place)["$ref"]
        place = tuple(part.replace("~1", "/").replace("~0", "~") for part in reference.split("/")[1:])
    item = _at(document, place)
    return place if _listed(item) and not _listed(item[method]) else (*place, method)


# JSON


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content.decode("utf-8-sig"))
    except ValueError:
        return False
    return True


def _json_edit(text: str, parts: Parts, entry: str) -> _Edit:
    start = _after_blanks(text, 1 if text.startswith("\ufeff") else 0)
    for part in parts:
        start, _ = _members(text, start)[part]
    members = _members(text, start)
    if "servers" not in members:
        _, end = next(iter(members.values()))
        return end, end, f', "servers": [{entry}]'
    return _list_edit(text, *members["servers"], entry)


def _list_edit(text: str, start: int, end: int, entry: str) -> _Edit:
    """The edit of a list in brackets, or of a value that is no list."""
    if text[start : start + 1] != "[":
        return start, end, f" [{entry}]"
    is_empty = text[_after_blanks(text, start + 1)] == "]"
    return start + 1, start + 1, entry if is_empty else f"{entry}, "


def _members(text: str, place: int) -> dict[str, tuple[int, int]]:
    """Where the values of a JSON object begin and end, by name."""
    found: dict[str, tuple[int, int]] = {}
    place = _after_blanks(text, place + 1)
    while text[place] != "}":
        name, place = _decoder.raw_decode(text, place)
        start = _after_blanks(text, _after_blanks(text, place) + 1)
        _, end = _decoder.raw_decode(text, start)
        found[name] = start, end
        place = _after_blanks(text, end)
        place = _after_blanks(text, place + 1) if text[place] == "," else place
    return found


def _after_blanks(text: str, place: int) -> int:
    while text[place] in " \t\r\n":
        place += 1
    return place


# YAML


def _composed(text: str) -> Any:
    import yaml  # imported late: takes 8 ms, and only who asks for a document needs it

    return yaml.compose(text, Loader=yaml.CSafeLoader)


def _node(node: Any, parts: Parts) -> Any:
    for part in parts:
        node = {name.value: value for name, value in node.value if name.id == "scalar"}[part]
    return node


def _yaml_edit(text: str, owner: Any, entry: str) -> _Edit:
    servers = next((value for name, value in owner.value if name.value == "servers"), None)
    if servers is None:
        return _new_servers(owner, entry)
    start, end = servers.start_mark, servers.end_mark
    if servers.id == "sequence" and not servers.flow_style:
        return start.index, start.index, f"- {entry}\n{' ' * start.column}"
    return _list_edit(text, start.index, end.index, entry)


def _new_servers(owner: Any, entry: str) -> _Edit:
    """The edit of a document without servers: they come behind its first member."""
    first, *others = owner.value
    if owner.flow_style:
        end = first[1].end_mark.index
        return end, end, f", servers: [{entry}]"
    key = (others[0] if others else first)[0].start_mark
    return key.index, key.index, f"servers:\n{' ' * key.column}- {entry}\n{' ' * key.column}"
