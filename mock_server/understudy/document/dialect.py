"""What a document may say: the OpenAPI 3.1 keys, JSON Schema keywords and `x-` keys that are understood.

Reads the YAML, and finds every key that is not in the grammar and every reference that leads nowhere.
Must not know what the parts mean: that is `contract`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite

import jsonschema_rs

from understudy.document.pointer import Json, at, find
from understudy.messages import suggest

DEEPEST = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
Diagnostic = tuple[str, str]  # a JSON pointer, and what is wrong there and what to do


# A shape is the name of an object or a leaf below, "any", "[shape]" (a list) or "{shape}" (a map of names);
# "shape?" may also be {assumption: <id>}, "@shape" is nothing else: each value of the assumption then has the shape.
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
# what may be kept under /components and referred to from elsewhere
_REFERRED = {shape[1:-1]: name for name, shape in _OBJECTS["components"].items()}
# what a style of pages needs beside what all need, and no other one has
_PLACES = ("cursor", "next", "unknown-cursor")
_STYLES = {
    "cursor": (*_PLACES, "more", "cursor-form", "empty-page-cursor"),
    "token": (
        *_PLACES,
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
    """Everything in the document that is not understood, with its pointer."""
    if not isinstance(document, Mapping):
        yield "", "is no mapping; an OpenAPI 3.1 document is needed"
        return
    foreign = list(_foreign(document))
    if foreign:  # nothing else can be said of it
        yield from foreign
        return
    wrong = list(_walk(document, "document", "", document))
    yield from wrong
    yield from _operation_ids(document)
    if not wrong:
        yield from _assumed(document, "document", "", _values(document))


def examples(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every example and default of the document: its pointer, its schema's pointer, the value."""
    yield from _examples(document, "document", "", document)


def rebase(schema: Json, uri: str) -> Json:
    """A schema whose `#...` references point into the document `uri`."""
    if isinstance(schema, Mapping):
        return {
            key: uri + value if key == "$ref" and isinstance(value, str) else rebase(value, uri)
            for key, value in schema.items()
        }
    return [rebase(item, uri) for item in schema] if isinstance(schema, list) else schema


def _foreign(document: Json) -> Iterator[Diagnostic]:
    """What JSON cannot hold, or is nested deeper than validators go; a YAML alias may even lead into itself."""
    waiting = [(document, "", 0)]
    while waiting:
        value, pointer, depth = waiting.pop()
        if depth > DEEPEST:
            yield pointer, f"is nested deeper than {DEEPEST} levels; name a part of it under components"
            return  # the same is true of all that it leads to
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


def _walk(value: Json, shape: str, pointer: str, document: Json) -> Iterator[Diagnostic]:
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
        yield from _walk(child, child_shape, child_pointer, document)
    if shape[0] == "[" and not isinstance(value, list):
        yield pointer, "must be a list"
    elif shape[0] != "[" and not isinstance(value, Mapping):
        yield pointer, "must be {assumption: <id>}" if shape == "value" else "must be a mapping"
    elif shape in _REFERRED and "$ref" in value:
        yield from _reference(value, shape, pointer, document)
    elif shape in _OBJECTS:
        yield from _object(value, shape, pointer)


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


def _object(value: Json, shape: str, pointer: str) -> Iterator[Diagnostic]:
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
        yield from _style(value, pointer)
    if shape == "error" and not value.keys() & {"as", "status"}:
        yield pointer, "an error needs a status, or `as` with the id of an assumption that holds status and code"
    if shape == "schema":
        yield from _keywords(value, pointer)
    if shape == "document" and value.get("servers") == []:
        yield at("servers"), "there is none; name at least one"
    responses = value.get("responses") if shape == "operation" else None
    for status in responses if isinstance(responses, Mapping) else ():
        if not re.fullmatch("[1-5]([0-9]{2}|XX)|default", str(status)):
            yield f"{pointer}/responses{at(status)}", "is no status; use three digits, 4XX or default"


def _style(pages: Json, pointer: str) -> Iterator[Diagnostic]:
    """A style of pages has all that it needs, and nothing that only others do."""
    style = str(pages.get("style"))
    needed = _STYLES.get(style, ())
    for name in needed:
        if name not in pages:
            yield pointer, f"{name} is missing for the style {style}; add it"
    for other, names in _STYLES.items() if needed else ():
        for name in names:
            if name in pages and name not in needed:
                yield pointer + at(name), f"{name} is of the style {other}; take it out"


def _keywords(schema: Json, pointer: str) -> Iterator[Diagnostic]:
    """What JSON Schema itself says against a schema's own keywords (not those of schemas in it)."""
    try:
        jsonschema_rs.Draft202012Validator({k: v for k, v in schema.items() if _SCHEMA.get(k) == "any"})
    except (jsonschema_rs.ValidationError, ValueError) as error:
        place, text = getattr(error, "instance_path", ()), getattr(error, "message", str(error))
        yield pointer + at(*place), f"is no JSON schema: {text}"


def _reference(value: Json, shape: str, pointer: str, document: Json) -> Iterator[Diagnostic]:
    """A `$ref` stands alone and leads, maybe by way of others, to a component of its own kind."""
    for name in value.keys() - {"$ref"}:
        yield pointer + at(name), f"{name} beside $ref is not understood; take it out"
    seen: list[str] = []
    while isinstance(value, Mapping) and "$ref" in value:
        target = str(value["$ref"])
        if not re.fullmatch(f"#/components/{_REFERRED[shape]}/[^/]+", target) or target in seen:
            yield pointer, f"{target} leads nowhere; point it to #/components/{_REFERRED[shape]}/<name>"
            return
        seen.append(target)
        try:
            value = find(document, target[1:])
        except (LookupError, ValueError, TypeError):
            value = {"$ref": f"{target} (missing)/"}


def _values(document: Json) -> dict[str, list[Json]]:
    """What each assumption may be, by its id."""
    operations = [o for item in document["paths"].values() for o in item.values() if isinstance(o, Mapping)]
    declared = [one for owner in (document, *operations) for one in owner.get("x-assumptions", ())]
    return {one["id"]: [one["default"], *one["alternatives"]] for one in declared}


def _assumed(value: Json, shape: str, pointer: str, known: Mapping[str, Sequence[Json]]) -> Iterator[Diagnostic]:
    """Where `{assumption: <id>}` stands, each value of the assumption has the shape that is needed there."""
    leaf = shape.strip("@?")
    if leaf != shape and isinstance(value, Mapping):
        fits, advice = _LEAVES.get(leaf, (lambda value: True, ""))
        for one in known.get(value["assumption"], ()):
            if not fits(one):
                yield pointer, f"{value['assumption']} may be {one!r}, and {advice}"
        return
    for child, child_shape, child_pointer in _children(value, shape, pointer):
        yield from _assumed(child, child_shape, child_pointer, known)


def _operation_ids(document: Json) -> Iterator[Diagnostic]:
    """Operations of paths (not of webhooks) are named, each by a name of its own."""
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
