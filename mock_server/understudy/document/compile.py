"""Compiles an OpenAPI document at start: routes, validators, parameter types, policies.

An unknown keyword or an invalid example is refused with its JSON pointer and the remedy. Must not know what
happens to a request: that is `pipeline`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit

import jsonschema_rs
import msgspec

from understudy import cache, data
from understudy.document import closed as closed_schema
from understudy.document import keys
from understudy.document.body import FORM, JSON, URLENCODED, Body, kind_of
from understudy.document.contract import Contract
from understudy.document.dialect import diagnostics as dialect_diagnostics
from understudy.document.dialect import examples, is_token, rebase
from understudy.document.model import (
    Assumed,
    Assumption,
    ErrorKind,
    Json,
    Pagination,
    Quota,
    RateLimit,
    Rule,
    Scheme,
    Validator,
    http_scheme,
    key_scheme,
)
from understudy.document.operation import Operation
from understudy.document.parameters import Parameter
from understudy.document.pointer import at, find
from understudy.document.read import read
from understudy.document.responses import Expected, documented_statuses
from understudy.document.violations import Diagnostic
from understudy.messages import shorten, suggest

PIPELINE_KINDS = (
    "missing-credential",
    "invalid-credential",
    "forbidden",
    "rate-limited",
    "unknown-route",
    "method-not-allowed",
    "malformed-body",
    "unsupported-media-type",
    "body-too-large",
    "invalid",
    "internal",
)
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_METHODS = {"head": "like-get", "options": "allow"}  # the defaults of x-methods


class ContractError(Exception):
    """A document that cannot be compiled. `diagnostics` lists every problem with its JSON pointer."""

    def __init__(self, source: str, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(f"{source}#{pointer}: {text}" for pointer, text in diagnostics))


def load(name: str, path: Path | None = None) -> Contract:
    """Read and compile `openapi/<name>.yaml` (or the file `path`); raises ContractError."""
    if path is not None:
        return compile(read(path), name, source=path.name)
    own = data.path(f"openapi/{name}.yaml")

    def checked() -> Json:
        document = read(own)
        compile(document, name, source=own.name)
        return document

    contents = own.read_bytes(), data.path(keys.FILE).read_bytes()
    return Compiler(cache.cached(f"{name}-document", checked, *contents), name).contract(own.name)


def compile(document: Mapping[str, Json], name: str, *, source: str) -> Contract:
    """Compile a parsed document; raises ContractError with every problem."""
    diagnostics = list(dialect_diagnostics(document))
    if diagnostics:
        raise ContractError(source, diagnostics)
    compiler = Compiler(document, name)
    try:
        contract = compiler.contract(source)
        compiler.check_examples()
    except Exception as error:  # a gap in the dialect: still report where
        diagnostic = compiler.pointer, f"cannot be compiled: {type(error).__name__}: {shorten(str(error), 300)}"
        raise ContractError(source, [*compiler.diagnostics, diagnostic]) from error
    if compiler.diagnostics:
        raise ContractError(source, compiler.diagnostics)
    return contract


class Compiler:
    """Builds a Contract from a document that keeps to the dialect, and collects diagnostics."""

    counting: tuple[str, ...] = ("integer",)  # types of parameters that count items or pages

    def __init__(self, document: Mapping[str, Json], name: str) -> None:
        self.document = document
        self.name = name
        self.diagnostics: list[Diagnostic] = []
        self.keys: frozenset[str] = frozenset()
        self.pointer = ""  # the pointer of what is being compiled
        self.validators: dict[tuple[str, bool], Validator] = {}
        self.uri = f"urn:understudy:{name}"
        self.assumptions = {a["id"]: _assumption(a) for _, a in self.listed("x-assumptions")}
        self.rules = {rule["id"] for _, rule in self.listed("x-rules")}

    @cached_property
    def registry(self) -> jsonschema_rs.Registry:
        """The document, for validators that refer to its parts."""
        return jsonschema_rs.Registry([(self.uri, dict(self.document))])

    def contract(self, source: str) -> Contract:
        """The compiled document; its problems are in `diagnostics` afterwards."""
        document = self.document
        self.check_ids()
        self.check_servers()
        schemes = tuple(self.schemes())
        self.keys = frozenset(scheme.header for scheme in schemes if scheme.location == "query")
        operations = {operation.id: operation for operation in self.operations()}
        parameters = [parameter for operation in operations.values() for parameter in operation.parameters]
        contract = Contract(
            name=self.name,
            source=source,
            document=document,
            prefixes=tuple(dict.fromkeys((_path(server["url"]) or "").rstrip("/") for server in document["servers"])),
            operations=operations,
            schemes=schemes,
            errors={kind: self.error_kind(kind, error) for kind, error in document["x-errors"].items()},
            rate_limit=self.rate_limit(document, "", ""),
            unknown={key: self.value(value, at("x-unknown", key)) for key, value in document["x-unknown"].items()},
            methods={
                key: self.value(document.get("x-methods", {}).get(key, usual), at("x-methods", key))
                for key, usual in _METHODS.items()
            },
            rules=tuple(Rule(**rule) for _, rule in self.listed("x-rules")),
            assumptions=self.assumptions,
            events={name: self.event(name, event) for name, event in document.get("x-events", {}).items()},
            headers={
                one.name: "" if one.example is None else str(one.example)
                for one in parameters
                if one.location == "header" and one.required
            },
            validator=self.validator,
        )
        self.check_kinds(contract)
        return contract

    def listed(self, key: str) -> Iterator[tuple[str, Json]]:
        """The items of `x-rules` or `x-assumptions`, of the document and of every operation, with pointers."""
        for number, entry in enumerate(self.document.get(key, ())):
            yield at(key, number), entry
        for path, method, operation in self.each_operation():
            for number, entry in enumerate(operation.get(key, ())):
                yield at("paths", path, method, key, number), entry

    def each_operation(self) -> Iterator[tuple[str, str, Json]]:
        """Every operation: path, method (lower case), declaration."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def check_ids(self) -> None:
        """Ids of rules and assumptions are unique and well-formed."""
        seen: set[str] = set()
        for key in ("x-rules", "x-assumptions"):
            for pointer, entry in self.listed(key):
                if entry["id"] in seen:
                    self.diagnostics.append((pointer, f"{entry['id']} is declared twice; give one of them another id"))
                if not re.fullmatch(rf"{self.name}\.[a-z-]+\.[a-z0-9-]+", entry["id"]):
                    self.diagnostics.append((pointer, f"{entry['id']} is no {self.name}.<area>.<slug>"))
                seen.add(entry["id"])

    def check_kinds(self, contract: Contract) -> None:
        """All kinds of errors that the pipeline raises are declared."""
        for kind in PIPELINE_KINDS:
            if kind not in contract.errors:
                self.diagnostics.append(("/x-errors", f"{kind} is missing; every API needs it"))

    def operations(self) -> Iterator[Operation]:
        """The compiled operations."""
        for path, method, operation in self.each_operation():
            pointer = self.pointer = at("paths", path, method)
            parameters = tuple(self.parameters(path, operation, pointer))
            self.check_names(path, parameters, pointer)
            yield Operation(
                id=operation["operationId"],
                method=method.upper(),
                path=path,
                parameters=parameters,
                body=self.body(operation.get("requestBody"), at("paths", path, method, "requestBody")),
                responses=self.responses(operation, pointer),
                success=self.success(operation, pointer),
                pagination=self.pagination(operation, parameters, pointer),
                rate_limit=self.rate_limit(operation, pointer, operation["operationId"]),
                secured=self.value(
                    operation.get("x-secured", bool(operation.get("security", self.document.get("security", ())))),
                    f"{pointer}/x-secured",
                ),
                keys=self.keys,
            )

    def success(self, operation: Json, pointer: str) -> int | Assumed:
        """The status of a response whose handler sets none: the first documented 2xx, else 200."""
        if "x-success" in operation:
            return self.reference(operation["x-success"], f"{pointer}/x-success") or 200
        statuses = [status for status in operation["responses"] if status.startswith("2")]
        known = next((int(status) for status in statuses if status.isdigit()), None)
        if statuses and known is None:
            text = f"{statuses[0]} names no one status that is answered; write three digits, or add x-success"
            self.diagnostics.append((f"{pointer}/responses{at(statuses[0])}", text))
        return known or 200

    def check_servers(self) -> None:
        """Each server's URL has a plain path, under which all operations are served."""
        for number, server in enumerate(self.document["servers"]):
            path = _path(server["url"])
            if path is None or "{" in path or (path and not path.startswith("/")):
                text = f"{shorten(server['url'])} is no URL with a plain path; write it out, variables too"
                self.diagnostics.append((at("servers", number, "url"), text))

    def check_names(self, path: str, parameters: Sequence[Parameter], pointer: str) -> None:
        """The parameters in a path are exactly the declared path parameters."""
        named = re.findall(r"(?<=/)\{([^/{}]+)\}(?=/|$)", path)
        declared = [parameter.name for parameter in parameters if parameter.location == "path"]
        for name in declared:
            if name not in named:
                self.diagnostics.append((pointer, f"{name} is not in the path{suggest(name, named)}"))
        for name in named:
            if declared.count(name) != 1 or named.count(name) != 1:
                self.diagnostics.append((pointer, f"the path's {{{name}}} is not declared, or twice; declare it once"))
        if not path.startswith("/") or re.sub(r"/\{[^/{}]+\}(?=/|$)", "", path).count("{"):
            self.diagnostics.append((pointer, "the path must start with / and have a parameter as a whole segment"))

    def parameters(self, path: str, operation: Json, pointer: str) -> Iterator[Parameter]:
        """The compiled parameters of an operation, those of its path included."""
        shared = self.document["paths"][path].get("parameters", [])
        entries = [(at("paths", path, "parameters", n), entry) for n, entry in enumerate(shared)]
        entries += [(f"{pointer}/parameters/{n}", entry) for n, entry in enumerate(operation.get("parameters", ()))]
        for origin, entry in entries:
            parameter, where = self.resolve(entry, origin)
            schema, _ = self.resolve(parameter["schema"], f"{where}/schema")
            schema, validator = schema if isinstance(schema, Mapping) else {}, self.at(f"{where}/schema")
            if "x-maximum" in schema:  # what a client may exceed, but no page
                schema = {**schema, "maximum": schema["x-maximum"]}
                validator = self.validator(schema)
            kinds = schema.get("type", "string")
            kind = kinds if isinstance(kinds, str) else next((k for k in kinds if k != "null"), "null")
            if kind not in ("string", "integer", "number", "boolean"):
                self.diagnostics.append((where, f"a parameter of type {kind} is not supported; use a plain type"))
            yield Parameter(
                name=parameter["name"],
                location=parameter["in"],
                required=parameter.get("required", False),
                kind=kind,
                schema=schema,
                default=schema.get("default"),
                validator=validator,
                invalid=self.reference(parameter.get("x-invalid"), f"{where}/x-invalid"),
                example=parameter.get("example"),
            )

    def body(self, entry: Json, pointer: str) -> Body | None:
        """The compiled request body; None without one."""
        if entry is None:
            return None
        body, where = self.resolve(entry, pointer)
        content, required = body["content"], body.get("required", False)
        known = [name for name in (JSON, FORM, URLENCODED) if name in content]
        if not known:
            text = f"only bodies of {JSON}, {FORM} or {URLENCODED} are understood"
            self.diagnostics.append((f"{where}/content", text))
            return None
        first, *others = [self.one_body(content[name], f"{where}/content{at(name)}", name, required) for name in known]
        return msgspec.structs.replace(first, others=tuple(others))

    def one_body(self, entry: Json, place: str, media_type: str, required: bool) -> Body:
        """The compiled request body in one media type."""
        target = f"{place}/schema"
        schema, _ = self.resolve(entry["schema"], target)
        closed = closed_schema.closed(schema, self.document)
        strict = self.validator(closed)
        validator, properties = self.at(target), _properties(schema)
        return Body(
            required, validator, properties, media_type, kind_of(media_type), media_type.encode(), closed, strict
        )

    def event(self, name: str, event: Json) -> Body:
        """The compiled body of an event."""
        schema = event["schema"]
        validator = self.at(at("x-events", name, "schema"), formats=True)
        return Body(True, validator, _properties(schema), JSON, "json", JSON.encode())

    def responses(self, operation: Json, pointer: str) -> dict[str, Expected]:
        """The compiled documented responses by status or range (4XX)."""
        documented = operation["responses"]
        return {
            status: self.expected(*self.resolve(documented[key], f"{pointer}/responses/{key}"))
            for status, key in documented_statuses(operation).items()
        }

    def expected(self, response: Json, pointer: str) -> Expected:
        """A compiled documented response."""
        headers = []
        for name, entry in response.get("headers", {}).items():
            header, where = self.resolve(entry, f"{pointer}/headers/{name}")
            schema, _ = self.resolve(header["schema"], f"{where}/schema")
            kind = schema.get("type", "string") if isinstance(schema, Mapping) else "string"
            headers.append((name.lower(), header.get("required", False), kind, self.at(f"{where}/schema")))
        bodies = []
        for media_type in response.get("content", {}):
            place = f"{pointer}/content{at(media_type)}/schema"
            body = self.at(place, formats=True) if kind_of(media_type) == "json" else None
            bodies.append(Expected(body, media_type, tuple(headers)))
        if not bodies:
            return Expected(None, "", tuple(headers))
        return Expected(bodies[0].body, bodies[0].media_type, tuple(headers), {}, tuple(bodies[1:]))

    def pagination(self, operation: Json, parameters: Sequence[Parameter], pointer: str) -> Pagination | None:
        """The pagination of an operation; None without one."""
        own = operation.get("x-pagination")
        if own is None:
            return None
        shared = {} if "style" in own else self.document.get("x-pagination", {})
        places = {key: at("x-pagination", key) for key in shared}
        places |= {key: f"{pointer}/x-pagination{at(key)}" for key in own}
        entries = {"order": "", **shared, **own}
        style = entries.pop("style", None)
        if style is None:
            self.diagnostics.append((pointer, "x-pagination here needs x-pagination at the root, or a style"))
            return None
        known = [parameter.name for parameter in parameters if parameter.location == "query"]
        known += operation.get("x-operation", {}).get("arguments", {})  # which stand in the body
        for key in ("limit", "cursor", "page", "all", "offset"):
            if key in entries and entries[key] not in known:
                text = f"{operation['operationId']} has no query parameter {entries[key]}"
                self.diagnostics.append((places[key], text + suggest(entries[key], known)))
        for one in parameters:
            if one.name in [entries[name] for name in ("limit", "page", "offset") if name in entries]:
                if one.kind not in self.counting:
                    self.diagnostics.append((pointer, f"{one.name} counts items or pages; its type must be integer"))
                optional = style == "all" or (style in ("offset", "page-number") and one.name != entries.get("limit"))
                if one.default is None and not optional and "default-limit" not in entries:
                    self.diagnostics.append((pointer, f"{one.name} needs a default, since it is not always sent"))
        settings = {
            key: value if key == "fixed" else self.value(value, places.get(key, "")) for key, value in entries.items()
        }
        return Pagination(style, settings["order"], settings)

    def schemes(self) -> Iterator[Scheme]:
        """The security schemes that the document or an operation requires, in the document's order."""
        known = self.document.get("components", {}).get("securitySchemes", {})
        places = [("/security", self.document.get("security", ()))]
        for path, method, operation in self.each_operation():
            places.append((at("paths", path, method, "security"), operation.get("security", ())))
        used = {name for _, required in places for requirement in required for name in requirement}
        for pointer, required in places:
            for name in sorted({name for requirement in required for name in requirement} - known.keys()):
                text = f"{name} is no security scheme of this document{suggest(name, known)}"
                self.diagnostics.append((pointer, text))
        for name, scheme in known.items():
            if name in used:
                yield from self.scheme(name, scheme, at("components", "securitySchemes", name))

    def scheme(self, name: str, scheme: Json, pointer: str) -> Iterator[Scheme]:
        """A compiled security scheme; none, and a diagnostic, for one that is not understood."""
        case = self.reference(scheme.get("x-scheme-case"), f"{pointer}/x-scheme-case")
        challenge = self.reference(scheme.get("x-challenge"), f"{pointer}/x-challenge")
        kind, location = scheme.get("scheme", "").lower(), scheme.get("in")
        if scheme["type"] == "http" and kind in ("bearer", "basic"):
            yield http_scheme(name, kind, case, challenge)
        elif (
            scheme["type"] == "apiKey"
            and location in ("header", "query", "cookie")
            and is_token(scheme.get("name", ""))
        ):
            key = scheme["name"].lower() if location == "header" else scheme["name"]
            yield key_scheme(name, key, location, case, challenge)
        else:
            text = "is not understood; use http bearer, or apiKey in a header, query or cookie (named), or http basic"
            self.diagnostics.append((pointer, text))

    def error_kind(self, kind: str, error: Json) -> ErrorKind:
        """A compiled kind of error."""
        pointer = at("x-errors", kind)
        known = self.assumptions.get(error.get("as", ""))
        if known and not (_is_answer(known.default) and all(v is None or _is_answer(v) for v in known.alternatives)):
            self.diagnostics.append(
                (f"{pointer}/as", f"{known.id} must be {{status, code}}; an alternative may be null")
            )
        return ErrorKind(
            status=self.value(error.get("status", 500), f"{pointer}/status"),
            code=self.value(error.get("code", ""), f"{pointer}/code"),
            message=self.value(error["message"], f"{pointer}/message"),
            reason=error["reason"],
            answer=self.reference({"assumption": error["as"]} if "as" in error else None, f"{pointer}/as"),
            rule=self.check_rule(error.get("rule"), f"{pointer}/rule"),
        )

    def rate_limit(self, owner: Json, pointer: str, name: str) -> RateLimit | None:
        """The rate limit of the document or of an operation; None without one."""
        entry, pointer = owner.get("x-rate-limit"), f"{pointer}/x-rate-limit"
        if entry is None:
            return None
        refusal = entry.get("refusal", "rate-limited")
        if refusal not in self.document["x-errors"]:
            self.diagnostics.append((f"{pointer}/refusal", f"{refusal} is no kind of x-errors; add it there"))
        assumed = self.reference({"assumption": entry["as"]} if "as" in entry else None, f"{pointer}/as")
        self.check_quota(entry.get("as", ""), f"{pointer}/as")
        return RateLimit(
            name=name,
            quota=assumed or Quota(entry.get("requests", 0), entry.get("seconds", 0)),
            per=entry["per"],
            retry_after=self.value(entry.get("retry-after", True), f"{pointer}/retry-after"),
            refusal=refusal,
            **{key: self.value(entry[key], f"{pointer}/{key}") for key in ("window", "counts", "headers")},
        )

    def check_quota(self, id: str, pointer: str) -> None:
        """Each value of the assumption of a rate limit is a quota or null."""
        known = self.assumptions.get(id)
        for value in (known.default, *known.alternatives) if known else ():
            if value is not None and not _is_quota(value):
                self.diagnostics.append((pointer, f"{shorten(value)} must be {{requests, seconds}} or null"))

    def value(self, value: Json, pointer: str) -> Json:
        """`value` itself, or an Assumed for `{assumption: id}`."""
        return self.reference(value, pointer) if isinstance(value, Mapping) else value

    def reference(self, value: Json, pointer: str) -> Assumed | None:
        """The Assumed of `{assumption: id}`; None for None."""
        if value is None:
            return None
        id = value["assumption"]
        if id not in self.assumptions:
            self.diagnostics.append((pointer, f"unknown assumption {id}{suggest(id, self.assumptions)}"))
        return Assumed(id)

    def check_rule(self, id: str | None, pointer: str) -> str | None:
        """Return `id`; reports an unknown rule at `pointer`."""
        if id is not None and id not in self.rules:
            self.diagnostics.append((pointer, f"unknown rule {id}{suggest(id, self.rules)}"))
        return id

    def resolve(self, entry: Json, pointer: str) -> tuple[Json, str]:
        """Resolve an entry that may be a `$ref`; returns the target and its pointer."""
        while isinstance(entry, Mapping) and "$ref" in entry:
            pointer = entry["$ref"].removeprefix("#")
            entry = find(self.document, pointer)
        return entry, pointer

    def at(self, pointer: str, *, formats: bool = False) -> Validator:
        """The validator of the schema at a JSON pointer; memoized."""
        known = self.validators.get((pointer, formats))
        if known is None:
            schema = {"$ref": f"#{quote(pointer, safe='/~')}"}
            known = self.validators[pointer, formats] = self.validator(schema, formats=formats)
        return known

    def validator(self, schema: Json, *, formats: bool = False, direction: str = "") -> Validator:
        """A validator of `schema`, with references into the document; the same for requests and responses."""
        whole = rebase(schema, self.uri)
        return jsonschema_rs.Draft202012Validator(whole, registry=self.registry, validate_formats=formats)

    def check_examples(self) -> None:
        """Every example and default fits its schema."""
        for pointer, schema, example in examples(self.document):
            validator = self.at(schema, formats=True)
            if not validator.is_valid(example):
                error = next(validator.iter_errors(example))
                text = f"does not fit its schema: {at(*error.instance_path)}: {shorten(error.message, 300)}"
                self.diagnostics.append((pointer, text))


def _path(url: str) -> str | None:
    try:
        return urlsplit(url).path
    except ValueError:
        return None


def _is_quota(value: Json) -> bool:
    return (
        isinstance(value, Mapping)
        and value.keys() == {"requests", "seconds"}
        and all(type(count) is int and count > 0 for count in value.values())
    )


def _is_answer(value: Json) -> bool:
    return (
        isinstance(value, Mapping)
        and type(value.get("status")) is int
        and 400 <= value["status"] <= 599
        and isinstance(value.get("code"), str)
    )


def _properties(schema: Json) -> frozenset[str]:
    return frozenset(schema.get("properties", ())) if isinstance(schema, Mapping) else frozenset()


def _assumption(entry: Json) -> Assumption:
    return Assumption(**{**entry, "alternatives": tuple(entry["alternatives"])})
