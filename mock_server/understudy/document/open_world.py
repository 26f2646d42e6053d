"""Compiles a user's document: the open world. What cannot be compiled is reported, and the rest is served.

Takes the normal form, and makes the same operations as `compile` does of our own documents. Validators are
compiled when they are first used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import jsonschema_rs
import msgspec

from understudy import cache
from understudy.document import patterns
from understudy.document.body import Body, is_json, kind_of
from understudy.document.compile import Compiler
from understudy.document.contract import Contract
from understudy.document.files import folder_of, read_file
from understudy.document.lazy import LazyValidator
from understudy.document.model import Json, Scheme, Validator, http_scheme, key_scheme
from understudy.document.notice import Notice
from understudy.document.operation import Operation
from understudy.document.origins import Origins
from understudy.document.overlay import read_overlay
from understudy.document.parameters import Parameter
from understudy.document.pointer import at
from understudy.document.responses import Expected
from understudy.document.schema import Place
from understudy.document.shapes import Shape, shape_of
from understudy.document.styles import Style
from understudy.document.views import Views
from understudy.document.whole import whole
from understudy.messages import shorten

_NUMBER = frozenset(("integer", "number"))
_PLAIN = ("string", "integer", "number", "boolean")
_ERRORS = {
    "missing-credential": (401, "A credential is needed", "auth"),
    "invalid-credential": (401, "The credential is not valid", "auth"),
    "forbidden": (403, "The credential does not allow this", "auth"),
    "rate-limited": (429, "Too many requests", "rate-limit"),
    "unknown-route": (404, "There is no such path", "route"),
    "method-not-allowed": (405, "This method is not allowed here", "route"),
    "malformed-body": (400, "The request body cannot be read", "validation"),
    "unsupported-media-type": (415, "The content type of the request is not supported", "validation"),
    "body-too-large": (413, "The request body is too large", "validation"),
    "invalid": (400, "The request is not valid", "validation"),
    "not-found": (404, "There is no such record", "not-found"),
    "conflict": (409, "This is not possible in the present state", "state"),
    "precondition-failed": (412, "The record is another than the request names", "state"),
    "internal": (500, "The server failed", "internal"),
    "no-example": (501, "No value was found that fits the documented response", "internal"),
}
_WITHOUT_CONTENT = ("204", "205", "304")
_UNKNOWN = {"body-fields": "ignore", "query-parameters": "ignore", "duplicate-query-parameters": "last"}
_CACHED = "document-"  # in the names of the cache's files
_MOST_CACHED = 32  # documents
# headers that say how a message is sent: the server sets them
_FRAMING = ("content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "date", "server",
            "trailer", "upgrade")  # fmt: skip


class Read(NamedTuple):
    """The normal form of a user's document, what is not understood in it, and where its parts come from.

    `content` is the bytes of its root file, or of the whole where there is more than that file.
    """

    document: Json
    notices: list[Notice]
    content: bytes
    origins: Origins


def read_own(path: Path, overlays: Sequence[Path] = ()) -> Read:
    """Read a user's document with its overlays.

    The normal form comes from the cache while none of its files has changed. Raises Unreadable, UnsupportedDocument
    and BadOverlay.
    """
    root, name = folder_of(path), _cache_name(path, *overlays)

    def read() -> Json:
        files, normal, origins, _, _, odd = whole(path, [read_overlay(one) for one in overlays])
        digests = {file: _digest(content) for file, content in files.bytes.items()}
        notices = [*odd, *origins.traced(normal.notices)]
        return {"document": normal.document, "notices": notices, "files": digests, "origins": origins.known}

    contents = [read_file(one) for one in (path, *overlays)]
    known = cache.cached(name, read, *contents)
    if any(_digest_of(root / file) != digest for file, digest in known["files"].items()):
        cache.forget(name)
        known = cache.cached(name, read, *contents)
    cache.prune(_CACHED, _MOST_CACHED)
    document, is_one = known["document"], len(known["files"]) == 1 and not overlays
    notices = [Notice(*notice) for notice in known["notices"]]
    origins = Origins(path.resolve().name, {name: Place(*place) for name, place in known["origins"].items()})
    return Read(document, notices, contents[0] if is_one else msgspec.json.encode(document), origins)


def _cache_name(*paths: Path) -> str:
    whole = b"\0".join(os.fsencode(path.absolute()) for path in paths)
    return f"{_CACHED}{blake2b(whole, digest_size=16).hexdigest()}"


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=32).hexdigest()


def _digest_of(file: Path) -> str:
    try:
        return _digest(file.read_bytes())
    except OSError:
        return ""


def compile_own(document: Json, name: str, *, source: str) -> tuple[Contract, list[Notice]]:
    """The contract of a normal form, and what could not be compiled."""
    compiler = OpenCompiler(document, name)
    contract = compiler.contract(source)
    notices = [Notice(source, pointer, f"{text}; it is left out") for pointer, text in compiler.diagnostics]
    return contract, notices


class OpenCompiler(Compiler):
    """Compiles a normal form, whose own keys may be missing."""

    counting = ("integer", "number", "any")

    def __init__(self, document: Mapping[str, Json], name: str) -> None:
        errors = {
            kind: {"status": status, "code": kind, "message": message, "reason": reason}
            for kind, (status, message, reason) in _ERRORS.items()
        }
        self.schemas: Mapping[str, Json] = document["components"].get("schemas", {})
        self.views = Views(self.schemas)
        super().__init__(
            {
                **document,
                "x-errors": {**errors, **document.get("x-errors", {})},
                "x-unknown": document.get("x-unknown", _UNKNOWN),
                "x-assumptions": [*document.get("x-assumptions", ()), _credentials_assumption(name)],
            },
            name,
        )
        self._schemes: dict[str, Scheme] = {}

    def check_servers(self) -> None:
        """The normal form has base paths only."""

    def operations(self) -> Iterator[Operation]:
        """The operations that can be compiled, each method and path once."""
        seen: dict[tuple[str, str], str] = {}
        for path, method, operation in self.each_operation():
            pointer = self.pointer = at("paths", path, method)
            shape = method, re.sub(r"\{[^{}/]+\}", "{}", path)
            if shape in seen:
                self.diagnostics.append((pointer, f"{method.upper()} {seen[shape]} is the same path"))
                continue
            seen[shape] = path
            try:
                yield self.operation(path, method, operation, pointer)
            except Exception as error:  # whatever one operation holds, the others are served
                text = f"the operation cannot be compiled: {type(error).__name__}: {shorten(str(error), 300)}"
                self.diagnostics.append((pointer, text))

    def operation(self, path: str, method: str, operation: Json, pointer: str) -> Operation:
        """One compiled operation."""
        parameters = tuple(self.parameters(path, operation, pointer))
        security = tuple(self.requirements(operation))
        body = operation.get("requestBody") if method not in ("get", "head") else None
        return Operation(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            parameters=parameters,
            body=self.body(body, f"{pointer}/requestBody"),
            responses={
                status: self.expected(*self._response(status, response, f"{pointer}/responses/{status}"))
                for status, response in operation["responses"].items()
            },
            success=self.success(operation, pointer),
            pagination=self.pagination(operation, parameters, pointer),
            rate_limit=self.rate_limit(operation, pointer, operation["operationId"]),
            secured=bool(security),
            keys=self.keys,
            carried=tuple(one for one in parameters if one.location in ("header", "cookie")),
            security=security,
            prefixes=tuple(operation.get("x-prefixes", ())),
        )

    def _response(self, status: str, response: Json, pointer: str) -> tuple[Json, str]:
        """A documented response, without the content of a status that has none (RFC 9110, 15)."""
        found, where = self.resolve(response, pointer)
        if status not in _WITHOUT_CONTENT or not found.get("content"):
            return found, where
        told = (f"{where}/content", f"an answer {status} has no content")
        if told not in self.diagnostics:  # of a response that several operations share
            self.diagnostics.append(told)
        return {**found, "content": {}}, where

    def success(self, operation: Json, pointer: str) -> Json:
        """The status of the usual answer: the first documented one from 200 on, then 2XX, default, 3xx; else 200."""
        if "x-success" in operation:
            return super().success(operation, pointer)
        known = list(operation["responses"])
        for form, status in (("2[0-9]{2}", 0), ("2XX", 200), ("default", 200), ("3[0-9]{2}", 0), ("3XX", 302)):
            for one in known:
                if re.fullmatch(form, one):
                    return status or int(one)
        return 200

    def schemes(self) -> Iterator[Scheme]:
        """The security schemes of the document that are understood."""
        for name, scheme in self.document["components"].get("securitySchemes", {}).items():
            if scheme:
                self._schemes[name] = _scheme(name, scheme)
        used = {one.name for op in self._secured() for names in self.requirements(op) for one in names}
        yield from (scheme for name, scheme in self._schemes.items() if name in used)

    def _secured(self) -> Iterator[Json]:
        for _, _, operation in self.each_operation():
            yield operation

    def requirements(self, operation: Json) -> Iterator[tuple[Scheme, ...]]:
        """The alternative sets of schemes that an operation needs; none for an operation that is open to all."""
        required = operation.get("security", self.document.get("security", ()))
        alternatives = [tuple(self._schemes[name] for name in names) for names in required]
        if any(alternatives):
            yield from alternatives

    def parameters(self, path: str, operation: Json, pointer: str) -> Iterator[Parameter]:
        """The compiled parameters of an operation."""
        for entry in operation["parameters"]:
            shape = shape_of(entry["schema"], self.schemas)
            kind = "number" if shape.kinds == _NUMBER else next(iter(shape.kinds)) if len(shape.kinds) == 1 else "any"
            schema = self._resolved(entry["schema"])
            usual = entry.get("style", "form") in ("form", "simple") and "x-media-type" not in entry
            yield Parameter(
                name=entry["name"],
                location=entry["in"],
                required=entry.get("required", False),
                kind=kind,
                schema=schema,
                default=schema.get("default"),
                validator=self.lazy(entry["schema"], "request"),
                invalid=None,
                example=entry.get("example"),
                style=None if usual and kind in _PLAIN else _style(entry, shape),
            )

    def _resolved(self, schema: Json) -> Mapping[str, Json]:
        found, _ = self.resolve(schema, "")
        return found if isinstance(found, Mapping) else {}

    def body(self, entry: Json, pointer: str) -> Body | None:
        """The request body: the first media type that is read best, with the others."""
        if entry is None:
            return None
        body, _ = self.resolve(entry, pointer)
        required, content = body.get("required", False), body["content"]
        found = [self._media(required, name, media) for name, media in content.items()]
        if not found:
            return None
        found.sort(key=lambda one: ("json", "urlencoded", "multipart", "text", "bytes").index(one.kind))
        first, others = found[0], tuple(found[1:])
        return msgspec.structs.replace(first, others=others)

    def _media(self, required: bool, media_type: str, media: Json) -> Body:
        """The request body in one media type. What is neither JSON nor a form is not compared with its schema."""
        name, schema = media_type.partition(";")[0].strip().lower(), media["schema"]
        kind = "json" if is_json(name) else kind_of(name)
        shape = partial(self._shape, schema) if kind in ("multipart", "urlencoded") else None
        checked = schema if kind not in ("text", "bytes") else True
        members = frozenset(self._resolved(schema).get("properties", ()))
        return Body(required, self.lazy(checked, "request"), members, name, kind, name.encode(), shape=shape)

    def _shape(self, schema: Json) -> Shape:
        return shape_of(schema, self.schemas)

    def expected(self, response: Json, pointer: str) -> Expected:
        """A documented response, JSON first."""
        headers = tuple(self._headers(response))
        media = sorted(response.get("content", {}).items(), key=lambda item: not is_json(item[0]))
        bodies = [self._response_body(name, one, headers) for name, one in media]
        if not bodies:
            return Expected(None, "", headers)
        first = bodies[0]
        return Expected(first.body, first.media_type, headers, {}, tuple(bodies[1:]))

    def _response_body(self, name: str, media: Json, headers: tuple[tuple[str, bool, str, Validator], ...]) -> Expected:
        body = self.lazy(media["schema"], "response") if is_json(name) else None
        return Expected(body, name.partition(";")[0].strip().lower(), headers, {})

    def _headers(self, response: Json) -> Iterator[tuple[str, bool, str, Validator]]:
        """The documented headers; an optional one that is of no one plain type is left out."""
        for name, entry in response.get("headers", {}).items():
            header, _ = self.resolve(entry, "")
            required, kinds = header.get("required", False), shape_of(header["schema"], self.schemas).kinds
            kind = _header_kind(kinds)
            if name.lower() not in _FRAMING and (kind or required or "array" in kinds):
                plain = bool(kind) and "x-media-type" not in header
                yield (
                    name.lower(),
                    required,
                    kind or "string",
                    self.lazy(header["schema"] if plain else True, "response"),
                )

    def lazy(self, schema: Json, direction: str) -> Validator:
        """A validator of what a `request` or a `response` holds, compiled when it is first used."""
        return LazyValidator(lambda: compiled(self.views.view(schema, direction)))

    def validator(self, schema: Json, *, formats: bool = False, direction: str = "") -> Validator:
        """A validator of a schema, with references to the components; of a `request`, a `response` or both."""
        return compiled(self.views.view(schema, direction), formats=formats)


def compiled(schema: Json, *, formats: bool = True) -> Validator:
    """The validator of a self-contained schema."""
    options = patterns.engine_of(schema)
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=formats, pattern_options=options)


def _header_kind(kinds: frozenset[str]) -> str:
    """The one plain type of a header; empty for several, since its text does not say which one it is."""
    if "string" in kinds:
        return "string"
    return "number" if kinds == _NUMBER else next(iter(kinds)) if len(kinds) == 1 and kinds <= {*_PLAIN} else ""


def _style(entry: Json, shape: Shape) -> Style:
    usual = "simple" if entry["in"] in ("path", "header") else "form"
    style = entry.get("style", usual)
    media_type = entry.get("x-media-type", "").partition(";")[0].strip().lower()
    return Style(entry["name"], style, entry.get("explode", style == "form"), shape, media_type)


def _scheme(name: str, scheme: Json) -> Scheme:
    if scheme["type"] == "http":
        return http_scheme(name, scheme["scheme"])
    header = scheme["name"].lower() if scheme["in"] == "header" else scheme["name"]
    return key_scheme(name, header, scheme["in"])


def credentials_id(name: str) -> str:
    """The id of the assumption which credentials open the API of this name."""
    return f"{name}.security.credentials"


def _credentials_assumption(name: str) -> Json:
    return {
        "id": credentials_id(name),
        "text": "The document says what form a credential has, and not which ones are valid.",
        "source": "securitySchemes",
        "default": "any",
        "alternatives": ["minted"],
    }
