"""What a document may say: the OpenAPI 3.1 keys, JSON Schema keywords and `x-` keys that are understood.

Reads the YAML, and finds every key that is not in the grammar and every reference that leads nowhere.
Must not know what the parts mean: that is `contract`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

Json = Any
Complaint = tuple[str, str]  # a JSON pointer, and what is wrong there and what to do


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's idea of plain values: no dates, and only true and false are booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])


class Unreadable(Exception):
    """A file that is missing or no YAML; the message names it and the place."""


def read(path: Path) -> Json:
    """The content of a YAML file; raises Unreadable."""
    try:
        return yaml.load(path.read_bytes(), Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except OSError as error:
        raise Unreadable(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise Unreadable(f"{path}: {' '.join(str(error).split())}") from error


# A shape is the name of an object below, "any", "[shape]" (a list) or "{shape}" (a map of names).
_SCHEMA = {
    **dict.fromkeys(("type", "required", "enum", "const", "pattern", "format", "description", "title"), "any"),
    **dict.fromkeys(("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"), "any"),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "minProperties", "maxProperties"), "any"),
    **dict.fromkeys(("default", "examples", "deprecated", "readOnly", "writeOnly", "contentMediaType"), "any"),
    **dict.fromkeys(("properties", "patternProperties"), "{schema}"),
    **dict.fromkeys(("anyOf", "oneOf", "allOf"), "[schema]"),
    **dict.fromkeys(("items", "additionalProperties", "not", "if", "then", "else", "propertyNames"), "schema"),
}
_TEXTS = dict.fromkeys(("summary", "description"), "any")
_OBJECTS: dict[str, dict[str, str]] = {
    "document": {
        **dict.fromkeys(("openapi", "jsonSchemaDialect", "tags", "security", "externalDocs"), "any"),
        "info": "info",
        "servers": "[server]",
        "paths": "{path}",
        "webhooks": "{path}",
        "components": "components",
        "x-errors": "{error}",
        "x-rate-limit": "rate-limit",
        "x-pagination": "any",
        "x-unknown": "unknown",
        "x-events": "{event}",
        "x-rules": "[rule]",
        "x-assumptions": "[assumption]",
    },
    "info": {**_TEXTS, **dict.fromkeys(("title", "version", "contact", "license", "termsOfService"), "any")},
    "server": {"url": "any", "description": "any", "variables": "any"},
    "path": {
        **_TEXTS,
        "parameters": "[parameter]",
        **dict.fromkeys(("get", "put", "post"), "operation"),
        **dict.fromkeys(("delete", "options", "head", "patch", "trace"), "operation"),
    },
    "operation": {
        **_TEXTS,
        **dict.fromkeys(("operationId", "tags", "security", "deprecated", "externalDocs"), "any"),
        "parameters": "[parameter]",
        "requestBody": "body",
        "responses": "{response}",
        "x-pagination": "pagination",
        "x-success": "value",
        "x-rules": "[rule]",
        "x-assumptions": "[assumption]",
    },
    "parameter": {
        **dict.fromkeys(("name", "in", "description", "required", "example", "deprecated", "style", "explode"), "any"),
        "schema": "schema",
        "examples": "{example}",
        "x-invalid": "value",
    },
    "body": {"description": "any", "required": "any", "content": "{media}"},
    "media": {"schema": "schema", "example": "any", "examples": "{example}"},
    "response": {**_TEXTS, "headers": "{header}", "content": "{media}", "links": "{link}"},
    "header": {"description": "any", "required": "any", "schema": "schema", "example": "any"},
    "link": dict.fromkeys(("operationId", "parameters", "requestBody", "description"), "any"),
    "example": {**_TEXTS, "value": "any"},
    "components": {
        "schemas": "{schema}",
        "parameters": "{parameter}",
        "responses": "{response}",
        "requestBodies": "{body}",
        "headers": "{header}",
        "links": "{link}",
        "examples": "{example}",
        "securitySchemes": "{scheme}",
    },
    "scheme": {
        **dict.fromkeys(("type", "scheme", "in", "name", "description", "bearerFormat"), "any"),
        "x-scheme-case": "value",
        "x-challenge": "value",
    },
    "schema": _SCHEMA,
    "error": dict.fromkeys(("status", "code", "message", "reason", "as", "rule"), "any"),
    "rate-limit": dict.fromkeys(("requests", "seconds", "per", "window", "counts", "headers"), "any"),
    "unknown": dict.fromkeys(("body-fields", "query-parameters", "duplicate-query-parameters"), "any"),
    "pagination": {"order": "any"},
    "value": {"assumption": "any"},
    "event": {"description": "any", "schema": "schema"},
    "rule": dict.fromkeys(("id", "text", "source", "basis"), "any"),
    "assumption": dict.fromkeys(("id", "text", "source", "default", "alternatives"), "any"),
}
_REQUIRED = {
    "document": ("openapi", "info", "servers", "paths", "x-errors", "x-unknown"),
    "operation": ("responses",),
    "parameter": ("name", "in", "schema"),
    "body": ("content",),
    "error": ("message", "reason"),
    "rate-limit": ("requests", "seconds", "per", "window", "counts", "headers"),
    "unknown": ("body-fields", "query-parameters", "duplicate-query-parameters"),
    "pagination": ("order",),
    "value": ("assumption",),
    "event": ("description", "schema"),
    "rule": ("id", "text", "source", "basis"),
    "assumption": ("id", "text", "source", "default", "alternatives"),
}
_CHOICES = {
    ("rule", "basis"): ("documented", "implied"),
    ("rate-limit", "per"): ("credential",),
    ("error", "reason"): ("auth", "rate-limit", "validation", "state", "not-found", "route", "fault", "internal"),
    ("parameter", "in"): ("path", "query", "header"),
}


def complaints(document: Json) -> Iterator[Complaint]:
    """Everything in the document that is not understood, with its pointer."""
    if not isinstance(document, Mapping):
        yield "", "is no mapping; an OpenAPI 3.1 document is needed"
        return
    yield from _walk(document, "document", "", document)
    yield from _operation_ids(document)


def examples(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every example and default of the document: its pointer, its schema's pointer, the value."""
    yield from _examples(document, "document", "", document)


def find(document: Json, pointer: str) -> Json:
    """What stands at a JSON pointer; raises LookupError."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        document = document[int(key) if isinstance(document, list) else key]
    return document


def at(*parts: object) -> str:
    """The JSON pointer of these parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` for the nearest known word, or nothing."""
    matches = get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean {matches[0]}?" if matches else ""


def rebase(schema: Json, uri: str) -> Json:
    """A schema whose `#...` references point into the document `uri`."""
    if isinstance(schema, Mapping):
        return {
            key: uri + value if key == "$ref" and isinstance(value, str) else rebase(value, uri)
            for key, value in schema.items()
        }
    return [rebase(item, uri) for item in schema] if isinstance(schema, list) else schema


def _walk(value: Json, shape: str, pointer: str, document: Json) -> Iterator[Complaint]:
    if shape == "any" or (shape == "schema" and isinstance(value, bool)):
        return
    if shape == "value" and not isinstance(value, Mapping):
        yield pointer, "must be {assumption: <id>}"
        return
    for child, child_shape, child_pointer in _children(value, shape, pointer):
        yield from _walk(child, child_shape, child_pointer, document)
    if shape[0] == "[" and not isinstance(value, list):
        yield pointer, "must be a list"
    elif shape[0] != "[" and not isinstance(value, Mapping):
        yield pointer, "must be a mapping"
    elif shape in _OBJECTS and "$ref" in value:
        yield from _reference(value["$ref"], pointer, document)
    elif shape in _OBJECTS:
        yield from _object(value, shape, pointer)


def _children(value: Json, shape: str, pointer: str) -> Iterator[tuple[Json, str, str]]:
    if isinstance(value, list) and shape[0] == "[":
        for number, item in enumerate(value):
            yield item, shape[1:-1], f"{pointer}/{number}"
    elif isinstance(value, Mapping) and shape[0] == "{":
        for name, item in value.items():
            yield item, shape[1:-1], pointer + at(name)
    elif isinstance(value, Mapping) and "$ref" not in value:
        for name, item in value.items():
            yield item, _OBJECTS[shape].get(name, "any"), pointer + at(name)


def _object(value: Json, shape: str, pointer: str) -> Iterator[Complaint]:
    for name in value:
        if name not in _OBJECTS[shape]:
            hint = nearest(str(name), _OBJECTS[shape])
            yield pointer + at(name), f"{name} is not understood on a {shape}{hint or '; take it out'}"
    for name in _REQUIRED.get(shape, ()):
        if name not in value:
            yield pointer, f"{name} is missing on this {shape}; add it"
    for (owner, name), choices in _CHOICES.items():
        if owner == shape and value.get(name, choices[0]) not in choices:
            yield pointer + at(name), f"{value[name]} is none of {', '.join(choices)}"
    if shape == "assumption" and not value.get("alternatives"):
        yield pointer, "an assumption without alternatives is a claim; add at least one alternative"


def _reference(target: Json, pointer: str, document: Json) -> Iterator[Complaint]:
    try:
        if not str(target).startswith("#/"):
            raise LookupError
        find(document, target[1:])
    except (LookupError, ValueError, TypeError):
        yield pointer, f"{target} leads nowhere; point it into this document (#/components/...)"


def _operation_ids(document: Json) -> Iterator[Complaint]:
    """Operations of paths (not of webhooks) are named, each by a name of its own."""
    seen: set[str] = set()
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items() if isinstance(item, Mapping) else ():
            if _OBJECTS["path"].get(method) != "operation" or not isinstance(operation, Mapping):
                continue
            id = operation.get("operationId")
            if id is None:
                yield at("paths", path, method), "operationId is missing on this operation; add it"
            elif id in seen:
                yield at("paths", path, method), f"operationId {id} is used twice; ids are unique"
            else:
                seen.add(id)


def _examples(value: Json, shape: str, pointer: str, document: Json) -> Iterator[tuple[str, str, Json]]:
    if shape == "any" or isinstance(value, bool) or not isinstance(value, Mapping | list):
        return
    if isinstance(value, Mapping) and "$ref" not in value:
        yield from _own_examples(value, shape, pointer, document)
    for child, child_shape, child_pointer in _children(value, shape, pointer):
        yield from _examples(child, child_shape, child_pointer, document)


def _own_examples(value: Json, shape: str, pointer: str, document: Json) -> Iterator[tuple[str, str, Json]]:
    if shape == "schema":
        for number, example in enumerate(value.get("examples", ())):
            yield f"{pointer}/examples/{number}", pointer, example
        if "default" in value:
            yield f"{pointer}/default", pointer, value["default"]
    elif shape in ("media", "parameter", "header") and "schema" in value:
        if "example" in value:
            yield f"{pointer}/example", f"{pointer}/schema", value["example"]
        for name, example in value.get("examples", {}).items():
            target = find(document, example["$ref"][1:]) if "$ref" in example else example
            yield f"{pointer}/examples{at(name)}", f"{pointer}/schema", target["value"]
