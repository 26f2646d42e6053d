"""The dialect of OpenAPI 3.1 that documents are written in: the known keys, JSON Schema keywords and `x-` keys.

Finds every unknown key and unresolved reference in a parsed document. Must not know what the parts mean:
`compile` does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite

import jsonschema_rs

from understudy.document.pointer import Json, at, find
from understudy.messages import suggest

MAX_DEPTH = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
Diagnostic = tuple[str, str]  # a JSON pointer, and a message with the remedy


# A shape is the name of an object or a leaf below, "any", "[shape]" (a list) or "{shape}" (a mapping by name).
# "shape?" also allows {assumption: <id>}, "@shape" allows only that; each value of the assumption must have the shape.
_LEAVES: dict[str, tuple[Callable[[Json], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "must be a text"),
    "words": (lambda value: value is None or isinstance(value, str), "must be a text or null"),
    "flag": (lambda value: isinstance(value, bool), "must be true or false"),
    "count": (lambda value: type(value) is int and value > 0, "must be a whole number from 1 on"),
    "status": (lambda value: type(value) is int and 100 <= value <= 599, "must be an HTTP status"),
}
_SCHEMA = {
    **dict.fromkeys(("type", "required", "enum", "const", "pattern", "format", "description", "title"), "any"),
    **dict.fromkeys(("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"), "any"),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum", "uniqueItems", "minProperties", "maxProperties"), "any"),
    **dict.fromkeys(("default", "examples", "deprecated", "readOnly", "writeOnly", "contentMediaType"), "any"),
    **dict.fromkeys(("properties", "patternProperties"), "{schema}"),
    **dict.fromkeys(("anyOf", "oneOf", "allOf"), "[schema]"),
    **dict.fromkeys(("items", "additionalProperties", "not", "if", "then", "else", "propertyNames"), "schema"),
}
_TEXTS = dict.fromkeys(("summary", "description"), "text")
_OBJECTS: dict[str, dict[str, str]] = {
    "document": {
        **dict.fromkeys(("tags", "externalDocs"), "any"),
        **dict.fromkeys(("openapi", "jsonSchemaDialect"), "text"),
        "info": "info",
        "servers": "[server]",
        "security": "[{any}]",
        "paths": "{path}",
        "webhooks": "{path}",
        "components": "components",
        "x-errors": "{error}",
        "x-rate-limit": "rate-limit",
        "x-pagination": "pages",
        "x-unknown": "unknown",
        "x-methods": "methods",
        "x-events": "{event}",
        "x-rules": "[rule]",
        "x-assumptions": "[assumption]",
    },
    "info": {
        **_TEXTS,
        "title": "text",
        "version": "text",
        **dict.fromkeys(("contact", "license", "termsOfService"), "any"),
    },
    "server": {"url": "text", "description": "text", "variables": "any"},
    "path": {
        **_TEXTS,
        "parameters": "[parameter]",
        **dict.fromkeys(("get", "put", "post"), "operation"),
        **dict.fromkeys(("delete", "options", "head", "patch", "trace"), "operation"),
    },
    "operation": {
        **_TEXTS,
        **dict.fromkeys(("tags", "deprecated", "externalDocs"), "any"),
        "operationId": "text",
        "security": "[{any}]",
        "parameters": "[parameter]",
        "requestBody": "body",
        "responses": "{response}",
        "x-pagination": "pagination",
        "x-success": "@status",
        "x-secured": "@flag",
        "x-rate-limit": "rate-limit",
        "x-rules": "[rule]",
        "x-assumptions": "[assumption]",
    },
    "parameter": {
        **dict.fromkeys(("example", "deprecated", "style", "explode"), "any"),
        **dict.fromkeys(("name", "in", "description"), "text"),
        "required": "flag",
        "schema": "schema",
        "examples": "{example}",
        "x-invalid": "@text",
    },
    "body": {"description": "text", "required": "flag", "content": "{media}"},
    "media": {"schema": "schema", "example": "any", "examples": "{example}"},
    "response": {**_TEXTS, "headers": "{header}", "content": "{media}", "links": "{link}"},
    "header": {"description": "text", "required": "flag", "schema": "schema", "example": "any"},
    "link": {"operationId": "text", "description": "text", "parameters": "{any}", "requestBody": "any"},
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
        **dict.fromkeys(("type", "scheme", "in", "name", "description", "bearerFormat"), "text"),
        "x-scheme-case": "@text",
        "x-challenge": "@words",
    },
    "schema": _SCHEMA,
    "error": {
        "status": "status?",
        **dict.fromkeys(("code", "message"), "text?"),
        **dict.fromkeys(("reason", "as", "rule"), "text"),
    },
    "rate-limit": {
        **dict.fromkeys(("requests", "seconds"), "count"),
        **dict.fromkeys(("as", "per", "refusal"), "text"),
        **dict.fromkeys(("window", "counts"), "text?"),
        **dict.fromkeys(("headers", "retry-after"), "flag?"),
    },
    "pages": {
        **dict.fromkeys(("style", "limit", "cursor", "page", "all", "items", "next", "more", "meta"), "text"),
        **dict.fromkeys(("limit-out-of-range", "limit-below-minimum", "limit-not-an-integer"), "text?"),
        **dict.fromkeys(("unknown-cursor", "cursor-form", "foreign-cursor", "page-fill", "last-token"), "text?"),
        **dict.fromkeys(("empty-page-cursor", "empty-items", "token-lifetime", "no-links"), "any?"),
        **dict.fromkeys(("previous", "past-the-end"), "text?"),
        **dict.fromkeys(("limit-may-change", "meta-of-everything"), "flag?"),
        "pages-of-an-empty-list": "any?",
    },
    "methods": dict.fromkeys(("head", "options"), "text?"),
    "unknown": dict.fromkeys(("body-fields", "query-parameters", "duplicate-query-parameters"), "text?"),
    "pagination": {"order": "text?", "default-limit": "count?"},
    "value": {"assumption": "text"},
    "event": {"description": "text", "schema": "schema"},
    "rule": dict.fromkeys(("id", "text", "source", "basis"), "text"),
    "assumption": {**dict.fromkeys(("id", "text", "source"), "text"), "default": "any", "alternatives": "[any]"},
}
# the section of /components for each shape that a $ref may name
_COMPONENTS = {shape[1:-1]: name for name, shape in _OBJECTS["components"].items()}
# settings that only this pagination style has
_CURSOR_SETTINGS = ("cursor", "next", "unknown-cursor")
_STYLES = {
    "cursor": (*_CURSOR_SETTINGS, "more", "cursor-form", "empty-page-cursor"),
    "token": (
        *_CURSOR_SETTINGS,
        "foreign-cursor",
        "token-lifetime",
        "limit-may-change",
        "page-fill",
        "last-token",
        "empty-items",
    ),
    "pages": (
        "page",
        "all",
        "meta",
        "previous",
        "no-links",
        "past-the-end",
        "pages-of-an-empty-list",
        "meta-of-everything",
    ),
}
_REQUIRED = {
    "document": ("openapi", "info", "servers", "paths", "x-errors", "x-unknown"),
    "info": ("title", "version"),
    "server": ("url",),
    "operation": ("responses",),
    "parameter": ("name", "in", "schema"),
    "body": ("content",),
    "media": ("schema",),
    "header": ("schema",),
    "example": ("value",),
    "scheme": ("type",),
    "pages": ("style", "limit", "items"),
    "error": ("message", "reason"),
    "rate-limit": ("per", "window", "counts", "headers"),
    "unknown": ("body-fields", "query-parameters", "duplicate-query-parameters"),
    "pagination": ("order",),
    "value": ("assumption",),
    "event": ("description", "schema"),
    "rule": ("id", "text", "source", "basis"),
    "assumption": ("id", "text", "source", "default", "alternatives"),
}
_CHOICES = {
    ("rule", "basis"): ("documented", "implied"),
    ("rate-limit", "per"): ("credential", "tenant"),
    ("pages", "style"): tuple(_STYLES),
    ("error", "reason"): (
        "auth",
        "rate-limit",
        "validation",
        "state",
        "not-found",
        "route",
        "fault",
        "bound",
        "internal",
    ),
    ("parameter", "in"): ("path", "query", "header"),
}


def diagnostics(document: Json) -> Iterator[Diagnostic]:
    """Everything in a document that the dialect does not allow, each with its JSON pointer."""
    if not isinstance(document, Mapping):
        yield "", "is no mapping; an OpenAPI 3.1 document is needed"
        return
    non_json = list(_non_json(document))
    if non_json:  # further checks need JSON values
        yield from non_json
        return
    errors = list(_check_shape(document, "document", "", document))
    yield from errors
    yield from _operation_ids(document)
    if not errors:
        yield from _check_assumed(document, "document", "", _assumption_values(document))


def examples(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every example and default of a document: its pointer, the pointer of its schema, its value."""
    yield from _examples(document, "document", "", document)


def rebase(schema: Json, uri: str) -> Json:
    """A schema with its `#...` references resolved against the document `uri`."""
    if isinstance(schema, Mapping):
        return {
            key: uri + value if key == "$ref" and isinstance(value, str) else rebase(value, uri)
            for key, value in schema.items()
        }
    return [rebase(item, uri) for item in schema] if isinstance(schema, list) else schema


def _non_json(document: Json) -> Iterator[Diagnostic]:
    """Values that are no JSON or nested deeper than validators can check; YAML aliases may form a cycle."""
    waiting = [(document, "", 0)]
    while waiting:
        value, pointer, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield pointer, f"is nested deeper than {MAX_DEPTH} levels; name a part of it under components"
            return  # the rest may be as deep
        if isinstance(value, Mapping):
            waiting += [(child, pointer + at(name), depth + 1) for name, child in value.items()]
            if not all(map(_is_text, value)):
                yield pointer, "must have texts as names; put them in quotes"
        elif isinstance(value, list):
            waiting += [(child, f"{pointer}/{number}", depth + 1) for number, child in enumerate(value)]
        elif not (value is None or isinstance(value, bool | int) or _is_text(value) or _is_finite(value)):
            yield pointer, f"{ascii(value)[:80]} is no JSON value; write a text, a number, true, false or null"


def _is_text(value: Json) -> bool:
    """Whether a value is a text without lone surrogates."""
    return isinstance(value, str) and (value.isascii() or _SURROGATE.search(value) is None)


def _is_finite(value: Json) -> bool:
    return isinstance(value, float) and isfinite(value)


def _check_shape(value: Json, shape: str, pointer: str, document: Json) -> Iterator[Diagnostic]:
    if shape[0] == "@":
        shape = "value"
    if shape[-1] == "?":
        shape = "value" if isinstance(value, Mapping) else shape[:-1]
    if shape == "any" or (shape == "schema" and isinstance(value, bool)):
        return
    if shape in _LEAVES:
        fits, advice = _LEAVES[shape]
        if not fits(value):
            yield pointer, advice
        return
    for child, child_shape, child_pointer in _children(value, shape, pointer):
        yield from _check_shape(child, child_shape, child_pointer, document)
    if shape[0] == "[" and not isinstance(value, list):
        yield pointer, "must be a list"
    elif shape[0] != "[" and not isinstance(value, Mapping):
        yield pointer, "must be {assumption: <id>}" if shape == "value" else "must be a mapping"
    elif shape in _COMPONENTS and "$ref" in value:
        yield from _check_reference(value, shape, pointer, document)
    elif shape in _OBJECTS:
        yield from _check_object(value, shape, pointer)


def _children(value: Json, shape: str, pointer: str) -> Iterator[tuple[Json, str, str]]:
    if isinstance(value, list) and shape[0] == "[":
        for number, item in enumerate(value):
            yield item, shape[1:-1], f"{pointer}/{number}"
    elif isinstance(value, Mapping) and shape[0] == "{":
        for name, item in value.items():
            yield item, shape[1:-1], pointer + at(name)
    elif isinstance(value, Mapping) and shape in _OBJECTS and "$ref" not in value:
        for name, item in value.items():
            yield item, _OBJECTS[shape].get(name, "any"), pointer + at(name)


def _check_object(value: Json, shape: str, pointer: str) -> Iterator[Diagnostic]:
    for name in value:
        if name not in _OBJECTS[shape]:
            hint = suggest(str(name), _OBJECTS[shape])
            yield pointer + at(name), f"{name} is not understood on a {shape}{hint or '; take it out'}"
    for name in _REQUIRED.get(shape, ()):
        if name not in value:
            yield pointer, f"{name} is missing on this {shape}; add it"
    for (owner, name), choices in _CHOICES.items():
        if owner == shape and value.get(name, choices[0]) not in choices:
            yield pointer + at(name), f"{value[name]} is none of {', '.join(choices)}"
    if shape == "assumption" and not value.get("alternatives"):
        yield pointer, "an assumption without alternatives is a claim; add at least one alternative"
    if shape == "pages":
        yield from _check_style(value, pointer)
    if shape == "error" and not value.keys() & {"as", "status"}:
        yield pointer, "an error needs a status, or `as` with the id of an assumption that holds status and code"
    if shape == "schema":
        yield from _check_keywords(value, pointer)
    if shape == "document" and value.get("servers") == []:
        yield at("servers"), "there is none; name at least one"
    responses = value.get("responses") if shape == "operation" else None
    for status in responses if isinstance(responses, Mapping) else ():
        if not re.fullmatch("[1-5]([0-9]{2}|XX)|default", str(status)):
            yield f"{pointer}/responses{at(status)}", "is no status; use three digits, 4XX or default"


def _check_style(pages: Json, pointer: str) -> Iterator[Diagnostic]:
    """A pagination style has all of its settings and none of another style's."""
    style = str(pages.get("style"))
    needed = _STYLES.get(style, ())
    for name in needed:
        if name not in pages:
            yield pointer, f"{name} is missing for the style {style}; add it"
    for other, names in _STYLES.items() if needed else ():
        for name in names:
            if name in pages and name not in needed:
                yield pointer + at(name), f"{name} is of the style {other}; take it out"


def _check_keywords(schema: Json, pointer: str) -> Iterator[Diagnostic]:
    """Errors in a schema's own keywords by JSON Schema (not in its subschemas)."""
    try:
        jsonschema_rs.Draft202012Validator({k: v for k, v in schema.items() if _SCHEMA.get(k) == "any"})
    except (jsonschema_rs.ValidationError, ValueError) as error:
        path, text = getattr(error, "instance_path", ()), getattr(error, "message", str(error))
        yield pointer + at(*path), f"is no JSON schema: {text}"


def _check_reference(value: Json, shape: str, pointer: str, document: Json) -> Iterator[Diagnostic]:
    """A `$ref` has no siblings and resolves, directly or by other references, to a component of its kind."""
    for name in value.keys() - {"$ref"}:
        yield pointer + at(name), f"{name} beside $ref is not understood; take it out"
    seen: list[str] = []
    while isinstance(value, Mapping) and "$ref" in value:
        target = str(value["$ref"])
        if not re.fullmatch(f"#/components/{_COMPONENTS[shape]}/[^/]+", target) or target in seen:
            yield pointer, f"{target} leads nowhere; point it to #/components/{_COMPONENTS[shape]}/<name>"
            return
        seen.append(target)
        try:
            value = find(document, target[1:])
        except (LookupError, ValueError, TypeError):
            value = {"$ref": f"{target} (missing)/"}


def _assumption_values(document: Json) -> dict[str, list[Json]]:
    """The possible values of each assumption, by its id."""
    operations = [o for item in document["paths"].values() for o in item.values() if isinstance(o, Mapping)]
    declared = [one for owner in (document, *operations) for one in owner.get("x-assumptions", ())]
    return {one["id"]: [one["default"], *one["alternatives"]] for one in declared}


def _check_assumed(value: Json, shape: str, pointer: str, known: Mapping[str, Sequence[Json]]) -> Iterator[Diagnostic]:
    """Wherever `{assumption: <id>}` is used, each value of the assumption has the expected shape."""
    leaf = shape.strip("@?")
    if leaf != shape and isinstance(value, Mapping):
        fits, advice = _LEAVES.get(leaf, (lambda value: True, ""))
        for one in known.get(value["assumption"], ()):
            if not fits(one):
                yield pointer, f"{value['assumption']} may be {one!r}, and {advice}"
        return
    for child, child_shape, child_pointer in _children(value, shape, pointer):
        yield from _check_assumed(child, child_shape, child_pointer, known)


def _operation_ids(document: Json) -> Iterator[Diagnostic]:
    """Each operation under `paths` (not webhooks) has a unique operationId."""
    seen: set[str] = set()
    paths = document.get("paths")
    for path, item in paths.items() if isinstance(paths, Mapping) else ():
        for method, operation in item.items() if isinstance(item, Mapping) else ():
            if _OBJECTS["path"].get(method) != "operation" or not isinstance(operation, Mapping):
                continue
            id = str(operation.get("operationId", ""))
            if not id:
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
