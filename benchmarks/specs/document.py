"""An OpenAPI document as this program reads it by itself: operations with their parameters, bodies and answers.

Must not import the server: what it makes of a document is what is judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import yaml

Json = Any
METHODS = ("get", "post", "put", "patch", "delete")


class _Loader(yaml.CSafeLoader):
    """YAML as JSON has it: dates stay texts."""


_LEFT_OUT = "tag:yaml.org,2002:timestamp"
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in pairs if tag != _LEFT_OUT]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Operation(NamedTuple):
    """One method and path; parameters, body and answers are dereferenced at their first level."""

    method: str
    path: str
    node: Mapping[str, Json]
    parameters: tuple[Mapping[str, Json], ...]
    bodies: Mapping[str, Json]
    """Media types of the request body."""
    needs_body: bool
    responses: Mapping[str, Mapping[str, Json]]
    security: tuple[Mapping[str, Json], ...]

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    def response(self, status: int) -> Mapping[str, Json] | None:
        """What the document says of an answer of this status; None when it says nothing."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.responses:
                return self.responses[key]
        return None

    def answers(self, status: int) -> Json | None:
        """The schema of a JSON answer of this status, if the document gives one."""
        media = (self.response(status) or {}).get("content") or {}
        return next((entry["schema"] for name, entry in media.items() if is_json(name) and "schema" in entry), None)


class Document:
    """A document and the files that it refers to; every `$ref` in it is absolute: `FILE#POINTER`."""

    def __init__(self, file: Path) -> None:
        self.file = file.resolve()
        self._files: dict[str, Json] = {}
        self.root: Mapping[str, Json] = self._load(str(self.file))

    @property
    def siblings_count(self) -> bool:
        """Whether what stands beside a `$ref` of a schema counts: since 3.1."""
        return not str(self.root.get("openapi", "")).startswith("3.0")

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Every operation of the methods that are judged, in the document's order."""
        return tuple(self._operations())

    @cached_property
    def schemes(self) -> Mapping[str, Mapping[str, Json]]:
        """The security schemes by name."""
        declared = (self.root.get("components") or {}).get("securitySchemes") or {}
        return {name: self.deref(scheme) for name, scheme in declared.items()}

    def bundled(self) -> dict[str, Json]:
        """The document as one: other files stand in it, and operations refer to nothing but schemas and examples."""
        items: dict[str, dict[str, Json]] = {}
        for one in self.operations:
            body = self.deref(one.node.get("requestBody") or {})
            own = {**one.node, "parameters": list(one.parameters), "responses": one.responses}
            items.setdefault(one.path, {})[one.method.lower()] = {
                **own, **({"requestBody": {**body, "content": one.bodies}} if body else {})
            }  # fmt: skip
        names: dict[str, int] = {}
        whole: dict[str, Json] = _local({**self.root, "paths": items}, names)
        files: dict[str, Json] = {}
        while len(files) < len(names):
            file = next(name for name, number in names.items() if str(number) not in files)
            files[str(names[file])] = _local(self._load(file), names)
        return {**whole, "x-files": files}

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation of a method and path, if there is one."""
        return self._by_route.get((method, path))

    def deref(self, node: Json) -> Json:
        """The node that a chain of `$ref` ends at."""
        for _ in range(50):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                return node
            node = self._at(node["$ref"])
        return {}

    @cached_property
    def _by_route(self) -> Mapping[tuple[str, str], Operation]:
        return {(known.method, known.path): known for known in self.operations}

    def _operations(self) -> Iterator[Operation]:
        for path, item in (self.root.get("paths") or {}).items():
            entry = self.deref(item)
            for method in METHODS:
                if isinstance(entry, dict) and method in entry:
                    yield self._operation(method.upper(), path, entry)

    def _operation(self, method: str, path: str, item: Mapping[str, Json]) -> Operation:
        node = self.deref(item[method.lower()])
        given = [self.deref(p) for p in (*(item.get("parameters") or ()), *(node.get("parameters") or ()))]
        body = self.deref(node.get("requestBody") or {})
        return Operation(
            method, path, node,
            tuple({(p.get("name"), p.get("in")): p for p in given}.values()),
            {name: self.deref(media) for name, media in self.deref(body.get("content") or {}).items()},
            bool(body.get("required")),
            {str(status): self._response(found) for status, found in (node.get("responses") or {}).items()},
            tuple(node.get("security", self.root.get("security") or ())),
        )  # fmt: skip

    def _response(self, node: Json) -> Mapping[str, Json]:
        found = self.deref(node) or {}
        content = self.deref(found.get("content") or {})
        return {**found, "content": {name: self.deref(media) or {} for name, media in content.items()}}

    def _at(self, reference: str) -> Json:
        file, _, pointer = reference.partition("#")
        node = self._load(file)
        for part in pointer.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            node = self.deref(node)
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def _load(self, file: str) -> Json:
        if file not in self._files:
            text = Path(file).read_text(encoding="utf-8")
            self._files[file] = json.loads(text) if file.endswith(".json") else yaml.load(text, _Loader)
            _absolute(self._files[file], Path(file), set())
        return self._files[file]


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON."""
    name = media_type.partition(";")[0].strip().lower()
    return name == "application/json" or name.endswith("+json") or name == "*/*"


def _local(node: Json, names: dict[str, int]) -> Json:
    """A copy whose references lead to `x-files`, where each file stands under its number."""
    if isinstance(node, list):
        return [_local(part, names) for part in node]
    if not isinstance(node, dict):
        return node
    copy = {str(name): _local(part, names) for name, part in node.items()}
    if isinstance(node.get("$ref"), str):
        file, _, pointer = node["$ref"].partition("#")
        copy["$ref"] = f"#/x-files/{names.setdefault(file, len(names))}{pointer}"
    return copy


def _absolute(node: Json, file: Path, seen: set[int]) -> None:
    """Make the references of a file absolute, in place; a node that aliases share is visited once."""
    if not isinstance(node, dict | list) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        name, _, pointer = node["$ref"].partition("#")
        node["$ref"] = f"{(file.parent / unquote(name)).resolve() if name else file}#{pointer}"
    for child in node.values() if isinstance(node, dict) else node:
        _absolute(child, file, seen)
