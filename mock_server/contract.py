"""An OpenAPI document, understood whole and compiled at start.

Everything that a request could need is made here once: routes, validators, parameter coercion, policies.
What is not understood (an unknown keyword, an example that does not fit) is refused with its JSON pointer
and what to do. Must not know what happens to a request: that is `pipeline`.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, unquote_plus, urlsplit

import jsonschema_rs
import msgspec
from msgspec.structs import force_setattr

from mock_server import cache, data, grammar, members
from mock_server.exchange import Response, body_type
from mock_server.grammar import Complaint, at

Json = Any
Validator = Any  # jsonschema_rs' validators share no public base class

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
WINDOWS = ("fixed", "calendar", "sliding")
COUNTS = ("admitted", "successful")
JSON = "application/json"
FORM = "multipart/form-data"
_INTEGER = re.compile(r"-?[0-9]{1,40}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
LONGEST_KNOWN = 512  # characters of a path or query that is remembered
_REMEMBERED = 1024
_REMEMBERED_BODIES = 64
_LONGEST_BODY = 1 << 14  # bytes of a body that is remembered
_METHODS = {"head": "like-get", "options": "allow"}  # what x-methods says; the default of each


class ContractError(Exception):
    """A document that is not fully understood. `complaints` lists every problem, each with its JSON pointer."""

    def __init__(self, source: str, complaints: list[Complaint]) -> None:
        self.complaints = complaints
        super().__init__("\n".join(f"{source}#{pointer}: {text}" for pointer, text in complaints))


class Rule(msgspec.Struct, frozen=True):
    """A documented fact: one sentence, where it was read, and its basis (`documented` or `implied`)."""

    id: str
    text: str
    source: str
    basis: str


class Assumption(msgspec.Struct, frozen=True):
    """A gap in the documentation: the value that the mock takes, and the plausible others."""

    id: str
    text: str
    source: str
    default: Json
    alternatives: tuple[Json, ...]

    def allows(self, value: Json) -> bool:
        """Whether `value` is the default or one of the alternatives (`1` is not `True`)."""
        return any(type(known) is type(value) and known == value for known in (self.default, *self.alternatives))


class Assumed(msgspec.Struct, frozen=True):
    """Stands where the document says `{assumption: id}`: the value is the world's."""

    id: str


class ErrorKind(msgspec.Struct, frozen=True):
    """How one kind of problem is answered. `answer`, when given, holds status and code instead.

    `rule` is the rule that such an answer follows, for the trace.
    """

    status: int | Assumed
    code: str | Assumed
    message: str | Assumed
    reason: str
    answer: Assumed | None
    rule: str | None


class Quota(NamedTuple):
    """So many requests in so many seconds."""

    requests: int
    seconds: int


class RateLimit(msgspec.Struct, frozen=True):
    """A quota for each credential or tenant; an assumed one is the world's (null: none). The rest is how it is counted.

    `name` tells limits of one API apart: empty for all operations together, else the operation's id. `refusal`
    is the kind of error that too many requests get, `retry_after` whether it says how long to wait.
    """

    name: str
    quota: Quota | Assumed
    per: str
    window: str | Assumed
    counts: str | Assumed
    headers: bool | Assumed
    retry_after: bool | Assumed
    refusal: str


class Pagination(msgspec.Struct, frozen=True, eq=False):
    """How a list operation is paged: the style's name, its order, and the style's own settings."""

    style: str
    order: str | Assumed
    settings: Mapping[str, str | Assumed]

    def name(self, setting: str) -> str:
        """A setting that is a plain name: of a parameter, or a pointer into the body."""
        return str(self.settings[setting])


class Issue(NamedTuple):
    """What is wrong with one parameter: `fault` is missing, type, value, unknown, duplicate or path."""

    parameter: str
    fault: str
    values: tuple[str, ...]
    message: str


class Parameter(msgspec.Struct, frozen=True):
    """One path, query or header parameter, ready to be read from text."""

    name: str
    location: str
    required: bool
    kind: str
    schema: Mapping[str, Json]
    default: Json
    validator: Validator
    invalid: Assumed | None
    example: Json = None

    def read(self, text: str) -> Json:
        """The typed value of `text`; raises ValueError when it is not of the type."""
        if self.kind == "string":
            return text
        if self.kind == "boolean" and text in _BOOLEANS:
            return _BOOLEANS[text]
        if self.kind == "integer" and _INTEGER.fullmatch(text):
            return int(text)
        if self.kind == "number" and _NUMBER.fullmatch(text):
            return float(text)
        raise ValueError(f"{self.name} must be of type {self.kind}, not {_short(text)}")


class Body(msgspec.Struct, frozen=True):
    """A request body: its validator and the names of the properties that it declares.

    `media_type` is JSON, or multipart/form-data, whose parts are then the properties, each a text. `strict` validates
    against `closed`, the schema that allows no members but the declared ones.
    """

    required: bool
    validator: Validator
    properties: frozenset[str]
    media_type: str = JSON
    closed: Json = True
    strict: Validator | None = None
    sent_as: bytes = b""  # the content type, as most requests have it

    def __post_init__(self) -> None:
        force_setattr(self, "sent_as", self.media_type.encode())

    def fault(self, value: Json) -> str:
        """What is wrong with a `value` that is not valid: the place and the first error, in one line."""
        error = next(self.validator.iter_errors(value))
        place = ".".join(str(part) for part in error.instance_path)
        return f"{place}: {_short(error.message, 300)}" if place else _short(error.message, 300)

    def strange(self, value: Json) -> Iterator[str]:
        """What a `value` has and the document does not name, each with the nearest name that it does."""
        for error in self.strict.iter_errors(value) if self.strict else ():
            for name, place, known in members.unknown(error, self.closed):
                where = f" in {'.'.join(place)}" if place else ""
                yield f"unknown member {_short(name)}{where}{grammar.nearest(name[:80], known)}"

    def faults(self, value: Json) -> dict[str, list[str]]:
        """All that is wrong with a `value`, by the dotted name of the member."""
        faults: dict[str, list[str]] = {}
        for error in self.validator.iter_errors(value):
            path, message = [str(part) for part in error.instance_path], _short(error.message, 300)
            if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Required):
                path.append(error.kind.property)
                message = f"The {error.kind.property.replace('_', ' ')} field is required."
            faults.setdefault(".".join(path), []).append(message)
        return faults


class Expected(msgspec.Struct, frozen=True):
    """What the document says of one response: its body's validator and its headers."""

    body: Validator | None
    media_type: str
    headers: tuple[tuple[str, bool, str, Validator], ...]
    known: dict[bytes, None] = {}


class Operation(msgspec.Struct, frozen=True, eq=False):
    """One method and path of a document, compiled."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Expected]
    success: int | Assumed
    pagination: Pagination | None
    rate_limit: RateLimit | None
    secured: bool | Assumed
    keys: frozenset[str] = frozenset()  # query parameters that carry a credential
    _known: dict[tuple[tuple[str, ...], str], dict[str, Json]] = {}

    def __repr__(self) -> str:
        return f"<{self.method} {self.path}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # IPython's protocol, read by hypothesis
        printer.text(repr(self))

    def read(self, segments: tuple[str, ...], query: str) -> tuple[dict[str, Json], tuple[Issue, ...]]:
        """The typed parameters of a path (its segments as they came) and of a raw query, and what is wrong with them.

        Defaults are filled in. Those that were fine before are remembered (at most 1024, and no long ones).
        """
        known = self._known.get((segments, query))
        if known is not None:
            return known.copy(), ()
        arguments, wrong = self._read_path(segments)
        asked, issues = _read(query, self._at("query"), self.keys)
        arguments |= asked
        if not wrong and not issues and len(query) + sum(map(len, segments)) <= LONGEST_KNOWN:
            remember(self._known, (segments, query), arguments.copy())
        return arguments, wrong + issues

    def _read_path(self, segments: tuple[str, ...]) -> tuple[dict[str, Json], tuple[Issue, ...]]:
        names = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        arguments = {name: unquote(text) for name, text in zip(names, segments, strict=True)}
        issues = tuple(
            Issue(parameter.name, "path", (arguments[parameter.name],), _invalid(parameter, arguments[parameter.name]))
            for parameter in self._at("path")
            if not parameter.validator.is_valid(arguments[parameter.name])
        )
        return arguments, issues

    def mismatch(self, response: Response) -> str | None:
        """How a response differs from what the document says, in one line; None when it does not.

        Bodies that were fine before are remembered (at most 64 for each status).
        """
        wanted = (str(response.status), f"{response.status // 100}XX", "default")
        expected = next((self.responses[status] for status in wanted if status in self.responses), None)
        if expected is None:
            return f"{self.id}: status {response.status} is not documented (known: {', '.join(self.responses)})"
        for fault in _header_faults(expected, response):
            return f"{self.id}: {response.status}: {fault}"
        if expected.body is None:
            return f"{self.id}: {response.status}: a body where none is documented" if response.body else None
        if body_type(response) != expected.media_type:
            return f"{self.id}: {response.status}: content type {response.header('content-type')!r} is not documented"
        if response.body in expected.known:
            return None
        try:
            value = response.json()
        except ValueError as fault:
            return f"{self.id}: {response.status}: the body is not JSON: {fault}"
        if expected.body.is_valid(value):
            if len(response.body) <= _LONGEST_BODY:
                remember(expected.known, response.body, None, _REMEMBERED_BODIES)
            return None
        error = next(expected.body.iter_errors(value))
        return f"{self.id}: {response.status}: {at(*error.instance_path)}: {_short(error.message, 300)}"

    def _at(self, location: str) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.location == location)


class Scheme(msgspec.Struct, frozen=True):
    """One security scheme: `bearer`, `basic`, or `apiKey`; `header` names its header, query parameter or cookie.

    `place` says which of the three it is. `case` says whether the word Bearer is matched in any case, `challenge` what
    WWW-Authenticate says on a 401. The token of `basic` is `user:password`.
    """

    name: str
    kind: str
    header: str
    case: Assumed | None
    challenge: Assumed | None
    place: str = "header"
    field: bytes = b""  # the name of the header that it is read from, as requests have it; empty in a query

    def __post_init__(self) -> None:
        force_setattr(self, "field", {"header": self.header.encode(), "cookie": b"cookie", "query": b""}[self.place])

    def carry(self, token: str) -> tuple[dict[str, str], dict[str, str]]:
        """The headers and the query parameters with which a client sends `token`."""
        if self.place == "query":
            return {}, {self.header: token}
        if self.place == "cookie":
            return {"cookie": f"{self.header}={token}"}, {}
        if self.kind == "basic":
            return {self.header: f"Basic {b64encode(token.encode()).decode()}"}, {}
        return {self.header: f"Bearer {token}" if self.kind == "bearer" else token}, {}


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """A compiled document. `document` is the plain JSON that it was made from.

    `headers` are those that operations require, beside the credential, each with its example. `methods` says what HEAD
    and OPTIONS get where no operation has them.
    """

    name: str
    source: str
    document: Mapping[str, Json]
    prefixes: tuple[str, ...]
    operations: Mapping[str, Operation]
    schemes: tuple[Scheme, ...]
    errors: Mapping[str, ErrorKind]
    rate_limit: RateLimit | None
    unknown: Mapping[str, str | Assumed]
    methods: Mapping[str, str | Assumed]
    rules: tuple[Rule, ...]
    assumptions: Mapping[str, Assumption]
    events: Mapping[str, Body]
    headers: Mapping[str, str]
    validator: Callable[..., Validator] = field(repr=False, compare=False)

    def fits(self, schema: str | Mapping[str, Json]) -> Validator:
        """The validator of a component schema (by name) or of a schema given whole."""
        whole = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
        return self.validator(whole, formats=True)


def load(name: str, path: Path | None = None) -> Contract:
    """Read and compile `openapi/<name>.yaml` (or the file `path`); raises ContractError."""
    if path is not None:
        return compile(grammar.read(path), name, source=path.name)
    own = data.path(f"openapi/{name}.yaml")

    def checked() -> Json:
        document = grammar.read(own)
        compile(document, name, source=own.name)
        return document

    return _Compiler(cache.kept(f"{name}-document", checked, own.read_bytes()), name).contract(own.name)


def compile(document: Mapping[str, Json], name: str, *, source: str) -> Contract:
    """Compile a document that was read already; raises ContractError with every problem."""
    complaints = list(grammar.complaints(document))
    if complaints:
        raise ContractError(source, complaints)
    compiler = _Compiler(document, name)
    try:
        contract = compiler.contract(source)
        compiler.check_examples()
    except Exception as error:  # a gap in the grammar: whoever wrote the document still learns where
        complaint = compiler.place, f"cannot be compiled: {type(error).__name__}: {_short(str(error), 300)}"
        raise ContractError(source, [*compiler.complaints, complaint]) from error
    if compiler.complaints:
        raise ContractError(source, compiler.complaints)
    return contract


class _Compiler:
    """Makes the parts of a Contract from a document whose grammar is right, collecting what does not fit."""

    def __init__(self, document: Mapping[str, Json], name: str) -> None:
        self.document = document
        self.name = name
        self.complaints: list[Complaint] = []
        self.keys: frozenset[str] = frozenset()
        self.place = ""  # the pointer of what is being compiled
        self.validators: dict[tuple[str, bool], Validator] = {}
        self.uri = f"urn:understudy:{name}"
        self.registry = jsonschema_rs.Registry([(self.uri, dict(document))])
        self.assumptions = {a["id"]: _assumption(a) for _, a in self.listed("x-assumptions")}
        self.rules = {rule["id"] for _, rule in self.listed("x-rules")}

    def contract(self, source: str) -> Contract:
        """The whole document; what is wrong with it is in `complaints` afterwards."""
        document = self.document
        self.check_ids()
        self.check_servers()
        schemes = tuple(self.schemes())
        self.keys = frozenset(scheme.header for scheme in schemes if scheme.place == "query")
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
            headers={one.name: str(one.example) for one in parameters if one.location == "header" and one.required},
            validator=self.validator,
        )
        self.check_kinds(contract)
        return contract

    def listed(self, key: str) -> Iterator[tuple[str, Json]]:
        """The entries of `x-rules` or `x-assumptions`, at the root and on every operation, with pointers."""
        for number, entry in enumerate(self.document.get(key, ())):
            yield at(key, number), entry
        for path, method, operation in self.each_operation():
            for number, entry in enumerate(operation.get(key, ())):
                yield at("paths", path, method, key, number), entry

    def each_operation(self) -> Iterator[tuple[str, str, Json]]:
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def check_ids(self) -> None:
        seen: set[str] = set()
        for key in ("x-rules", "x-assumptions"):
            for pointer, entry in self.listed(key):
                if entry["id"] in seen:
                    self.complaints.append((pointer, f"{entry['id']} is declared twice; give one of them another id"))
                if not re.fullmatch(rf"{self.name}\.[a-z-]+\.[a-z0-9-]+", entry["id"]):
                    self.complaints.append((pointer, f"{entry['id']} is no {self.name}.<area>.<slug>"))
                seen.add(entry["id"])

    def check_kinds(self, contract: Contract) -> None:
        for kind in PIPELINE_KINDS:
            if kind not in contract.errors:
                self.complaints.append(("/x-errors", f"{kind} is missing; every API needs it"))

    def operations(self) -> Iterator[Operation]:
        for path, method, operation in self.each_operation():
            pointer = self.place = at("paths", path, method)
            parameters = tuple(self.parameters(path, operation, pointer))
            self.check_names(path, parameters, pointer)
            yield Operation(
                id=operation["operationId"],
                method=method.upper(),
                path=path,
                parameters=parameters,
                body=self.body(operation.get("requestBody"), at("paths", path, method, "requestBody")),
                responses={
                    status: self.expected(*self.follow(response, f"{pointer}/responses/{status}"))
                    for status, response in operation["responses"].items()
                },
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
        """The status of an answer that its handler leaves open: the first documented success, else 200."""
        if "x-success" in operation:
            return self.reference(operation["x-success"], f"{pointer}/x-success") or 200
        statuses = [status for status in operation["responses"] if status.startswith("2")]
        known = next((int(status) for status in statuses if status.isdigit()), None)
        if statuses and known is None:
            text = f"{statuses[0]} names no one status that is answered; write three digits, or add x-success"
            self.complaints.append((f"{pointer}/responses{at(statuses[0])}", text))
        return known or 200

    def check_servers(self) -> None:
        """The path of a server is plain: all operations stand below it."""
        for number, server in enumerate(self.document["servers"]):
            path = _path(server["url"])
            if path is None or "{" in path or (path and not path.startswith("/")):
                text = f"{_short(server['url'])} is no URL with a plain path; write it out, variables too"
                self.complaints.append((at("servers", number, "url"), text))

    def check_names(self, path: str, parameters: Sequence[Parameter], pointer: str) -> None:
        """The parameters in a path are the declared ones."""
        named = re.findall(r"(?<=/)\{([^/{}]+)\}(?=/|$)", path)
        declared = [parameter.name for parameter in parameters if parameter.location == "path"]
        for name in declared:
            if name not in named:
                self.complaints.append((pointer, f"{name} is not in the path{grammar.nearest(name, named)}"))
        for name in named:
            if declared.count(name) != 1 or named.count(name) != 1:
                self.complaints.append((pointer, f"the path's {{{name}}} is not declared, or twice; declare it once"))
        if not path.startswith("/") or re.sub(r"/\{[^/{}]+\}(?=/|$)", "", path).count("{"):
            self.complaints.append((pointer, "the path must start with / and have a parameter as a whole segment"))

    def parameters(self, path: str, operation: Json, pointer: str) -> Iterator[Parameter]:
        shared = self.document["paths"][path].get("parameters", [])
        entries = [(at("paths", path, "parameters", n), entry) for n, entry in enumerate(shared)]
        entries += [(f"{pointer}/parameters/{n}", entry) for n, entry in enumerate(operation.get("parameters", ()))]
        for place, entry in entries:
            parameter, where = self.follow(entry, place)
            schema, _ = self.follow(parameter["schema"], f"{where}/schema")
            schema = schema if isinstance(schema, Mapping) else {}
            kinds = schema.get("type", "string")
            kind = kinds if isinstance(kinds, str) else next((k for k in kinds if k != "null"), "null")
            if kind not in ("string", "integer", "number", "boolean"):
                self.complaints.append((where, f"a parameter of type {kind} is not supported; use a plain type"))
            yield Parameter(
                name=parameter["name"],
                location=parameter["in"],
                required=parameter.get("required", False),
                kind=kind,
                schema=schema,
                default=schema.get("default"),
                validator=self.at(f"{where}/schema"),
                invalid=self.reference(parameter.get("x-invalid"), f"{where}/x-invalid"),
                example=parameter.get("example"),
            )

    def body(self, entry: Json, pointer: str) -> Body | None:
        if entry is None:
            return None
        body, where = self.follow(entry, pointer)
        media_type = next((known for known in (JSON, FORM) if known in body["content"]), None)
        if media_type is None:
            self.complaints.append((f"{where}/content", f"only bodies of {JSON} or {FORM} are understood"))
            return None
        place = f"{where}/content{at(media_type)}/schema"
        schema, _ = self.follow(body["content"][media_type]["schema"], place)
        closed = members.closed(schema, self.document)
        strict = self.validator(closed)
        return Body(body.get("required", False), self.at(place), _properties(schema), media_type, closed, strict)

    def event(self, name: str, event: Json) -> Body:
        schema = event["schema"]
        return Body(True, self.at(at("x-events", name, "schema"), formats=True), _properties(schema))

    def expected(self, response: Json, pointer: str) -> Expected:
        headers = []
        for name, entry in response.get("headers", {}).items():
            header, where = self.follow(entry, f"{pointer}/headers/{name}")
            schema, _ = self.follow(header["schema"], f"{where}/schema")
            kind = schema.get("type", "string") if isinstance(schema, Mapping) else "string"
            headers.append((name.lower(), header.get("required", False), kind, self.at(f"{where}/schema")))
        for media_type in response.get("content", {}):
            body = self.at(f"{pointer}/content{at(media_type)}/schema", formats=True)
            return Expected(body, media_type, tuple(headers))
        return Expected(None, "", tuple(headers))

    def pagination(self, operation: Json, parameters: Sequence[Parameter], pointer: str) -> Pagination | None:
        own = operation.get("x-pagination")
        if own is None:
            return None
        shared = dict(self.document.get("x-pagination", {}))
        style = shared.pop("style", None)
        if style is None:
            self.complaints.append((pointer, "x-pagination here needs x-pagination at the root"))
            return None
        known = [parameter.name for parameter in parameters if parameter.location == "query"]
        for key in ("limit", "cursor", "page", "all"):
            if key in shared and shared[key] not in known:
                text = f"{operation['operationId']} has no query parameter {shared[key]}"
                self.complaints.append((at("x-pagination", key), text + grammar.nearest(shared[key], known)))
        for one in parameters:
            if one.name in (shared["limit"], shared.get("page")):
                if one.kind != "integer":
                    self.complaints.append((pointer, f"{one.name} counts items or pages; its type must be integer"))
                if one.default is None and "default-limit" not in own:
                    self.complaints.append((pointer, f"{one.name} needs a default, since it is not always sent"))
        settings = {key: self.value(value, at("x-pagination", key)) for key, value in shared.items()}
        settings |= {key: self.value(value, f"{pointer}/x-pagination{at(key)}") for key, value in own.items()}
        return Pagination(style, settings["order"], settings)

    def schemes(self) -> Iterator[Scheme]:
        """The schemes that the document or one of its operations asks for, in the document's order."""
        known = self.document.get("components", {}).get("securitySchemes", {})
        places = [("/security", self.document.get("security", ()))]
        for path, method, operation in self.each_operation():
            places.append((at("paths", path, method, "security"), operation.get("security", ())))
        used = {name for _, required in places for requirement in required for name in requirement}
        for place, required in places:
            for name in sorted({name for requirement in required for name in requirement} - known.keys()):
                text = f"{name} is no security scheme of this document{grammar.nearest(name, known)}"
                self.complaints.append((place, text))
        for name, scheme in known.items():
            if name in used:
                yield from self.scheme(name, scheme, at("components", "securitySchemes", name))

    def scheme(self, name: str, scheme: Json, pointer: str) -> Iterator[Scheme]:
        case = self.reference(scheme.get("x-scheme-case"), f"{pointer}/x-scheme-case")
        challenge = self.reference(scheme.get("x-challenge"), f"{pointer}/x-challenge")
        kind, place = scheme.get("scheme", "").lower(), scheme.get("in")
        if scheme["type"] == "http" and kind in ("bearer", "basic"):
            yield Scheme(name, kind, "authorization", case, challenge)
        elif (
            scheme["type"] == "apiKey" and place in ("header", "query", "cookie") and _is_token(scheme.get("name", ""))
        ):
            key = scheme["name"].lower() if place == "header" else scheme["name"]
            yield Scheme(name, "apiKey", key, case, challenge, place)
        else:
            text = "is not understood; use http bearer, or apiKey in a header, query or cookie (named), or http basic"
            self.complaints.append((pointer, text))

    def error_kind(self, kind: str, error: Json) -> ErrorKind:
        pointer = at("x-errors", kind)
        known = self.assumptions.get(error.get("as", ""))
        if known and not (_is_answer(known.default) and all(v is None or _is_answer(v) for v in known.alternatives)):
            self.complaints.append(
                (f"{pointer}/as", f"{known.id} must be {{status, code}}; an alternative may be null")
            )
        return ErrorKind(
            status=self.value(error.get("status", 500), f"{pointer}/status"),
            code=self.value(error.get("code", ""), f"{pointer}/code"),
            message=self.value(error["message"], f"{pointer}/message"),
            reason=error["reason"],
            answer=self.reference({"assumption": error["as"]} if "as" in error else None, f"{pointer}/as"),
            rule=self.known_rule(error.get("rule"), f"{pointer}/rule"),
        )

    def rate_limit(self, owner: Json, pointer: str, name: str) -> RateLimit | None:
        """The limit that stands on the document or on an operation."""
        entry, pointer = owner.get("x-rate-limit"), f"{pointer}/x-rate-limit"
        if entry is None:
            return None
        refusal = entry.get("refusal", "rate-limited")
        if refusal not in self.document["x-errors"]:
            self.complaints.append((f"{pointer}/refusal", f"{refusal} is no kind of x-errors; add it there"))
        if ("as" in entry) == ("requests" in entry and "seconds" in entry):
            self.complaints.append((pointer, "a limit has requests and seconds, or is `as` an assumption says"))
        assumed = self.reference({"assumption": entry["as"]} if "as" in entry else None, f"{pointer}/as")
        self.check_limit(entry, pointer)
        return RateLimit(
            name=name,
            quota=assumed or Quota(entry.get("requests", 0), entry.get("seconds", 0)),
            per=entry["per"],
            retry_after=self.value(entry.get("retry-after", True), f"{pointer}/retry-after"),
            refusal=refusal,
            **{key: self.value(entry[key], f"{pointer}/{key}") for key in ("window", "counts", "headers")},
        )

    def check_limit(self, entry: Json, pointer: str) -> None:
        """A limit's ways of counting are known ones, under each alternative too."""
        for key, choices in (("window", WINDOWS), ("counts", COUNTS)):
            for value in self.possible(entry[key]):
                if value not in choices:
                    text = f"{_short(value)} is none of {', '.join(choices)}"
                    self.complaints.append((f"{pointer}/{key}", text))
        for value in self.possible({"assumption": entry["as"]}) if "as" in entry else ():
            if value is not None and not _is_quota(value):
                text = f"{_short(value)} must be {{requests, seconds}} or null"
                self.complaints.append((f"{pointer}/as", text))

    def possible(self, value: Json) -> tuple[Json, ...]:
        """All that a value of the document may come to: itself, or what its assumption may be."""
        if not isinstance(value, Mapping):
            return (value,)
        known = self.assumptions.get(value["assumption"])
        return (known.default, *known.alternatives) if known else ()

    def value(self, value: Json, pointer: str) -> Json:
        """`value`, or an Assumed where it says `{assumption: id}`."""
        return self.reference(value, pointer) if isinstance(value, Mapping) else value

    def reference(self, value: Json, pointer: str) -> Assumed | None:
        if value is None:
            return None
        id = value["assumption"]
        if id not in self.assumptions:
            self.complaints.append((pointer, f"unknown assumption {id}{grammar.nearest(id, self.assumptions)}"))
        return Assumed(id)

    def known_rule(self, id: str | None, pointer: str) -> str | None:
        if id is not None and id not in self.rules:
            self.complaints.append((pointer, f"unknown rule {id}{grammar.nearest(id, self.rules)}"))
        return id

    def follow(self, entry: Json, pointer: str) -> tuple[Json, str]:
        """An entry and its pointer, behind `$ref` where it is one."""
        while isinstance(entry, Mapping) and "$ref" in entry:
            pointer = entry["$ref"].removeprefix("#")
            entry = grammar.find(self.document, pointer)
        return entry, pointer

    def at(self, pointer: str, *, formats: bool = False) -> Validator:
        """The validator of the schema at a pointer of the document; shared parts are compiled once."""
        known = self.validators.get((pointer, formats))
        if known is None:
            schema = {"$ref": f"#{quote(pointer, safe='/~')}"}
            known = self.validators[pointer, formats] = self.validator(schema, formats=formats)
        return known

    def validator(self, schema: Json, *, formats: bool = False) -> Validator:
        """A validator of `schema`, whose references point into the document."""
        whole = grammar.rebase(schema, self.uri)
        return jsonschema_rs.Draft202012Validator(whole, registry=self.registry, validate_formats=formats)

    def check_examples(self) -> None:
        """Every example and default fits its schema."""
        for pointer, schema, example in grammar.examples(self.document):
            validator = self.at(schema, formats=True)
            if not validator.is_valid(example):
                error = next(validator.iter_errors(example))
                text = f"does not fit its schema: {at(*error.instance_path)}: {_short(error.message, 300)}"
                self.complaints.append((pointer, text))


def _is_token(name: str) -> bool:
    """Whether a text can be the name of a header or cookie (RFC 9110, 5.6.2)."""
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) is not None


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


def remember(memory: dict[Any, Any], key: Any, value: Any, most: int = _REMEMBERED) -> None:
    """Keep `value` for `key`; what was kept before makes room when there is too much of it."""
    if len(memory) >= most:
        memory.clear()
    memory[key] = value


def _read(
    query: str, declared: tuple[Parameter, ...], keys: frozenset[str]
) -> tuple[dict[str, Json], tuple[Issue, ...]]:
    given: dict[str, list[str]] = {}
    for part in query.split("&") if query else ():
        name, _, text = part.partition("=")
        if part:
            given.setdefault(unquote_plus(name), []).append(unquote_plus(text))
    arguments: dict[str, Json] = {}
    issues: list[Issue] = []
    for parameter in declared:
        texts = given.pop(parameter.name, None)
        if texts is None:
            if parameter.required:
                issues.append(Issue(parameter.name, "missing", (), f"{parameter.name} is required"))
            elif parameter.default is not None:
                arguments[parameter.name] = parameter.default
            continue
        if len(texts) > 1:
            issues.append(Issue(parameter.name, "duplicate", tuple(texts), f"{parameter.name} is given twice"))
        else:
            read_value(parameter, texts[0], arguments, issues)
    for name in given.keys() - keys if keys else given:
        hint = grammar.nearest(name, [parameter.name for parameter in declared])
        issues.append(Issue(name, "unknown", tuple(given[name]), f"unknown parameter {_short(name)}{hint}"))
    return arguments, tuple(issues)


def read_value(parameter: Parameter, text: str, arguments: dict[str, Json], issues: list[Issue]) -> None:
    """Read `text` into `arguments`; what is wrong with it goes to `issues`, an out-of-range value to both."""
    try:
        value = parameter.read(text)
    except ValueError as error:
        issues.append(Issue(parameter.name, "type", (text,), str(error)))
        return
    arguments[parameter.name] = value
    if not parameter.validator.is_valid(value):
        issues.append(Issue(parameter.name, "value", (text,), _invalid(parameter, value)))


def _invalid(parameter: Parameter, value: Json) -> str:
    error = next(parameter.validator.iter_errors(value))
    return f"{parameter.name}: {_short(error.message, 300)}"


def _header_faults(expected: Expected, response: Response) -> Iterator[str]:
    for name, required, kind, validator in expected.headers:
        text = response.header(name)
        if text is None:
            if required:
                yield f"the header {name} is missing"
        elif not validator.is_valid(int(text) if kind == "integer" and _INTEGER.fullmatch(text) else text):
            yield f"the header {name} is {_short(text)}, which does not fit its schema"


def _short(value: object, most: int = 80) -> str:
    text = value if most > 80 and isinstance(value, str) else repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
