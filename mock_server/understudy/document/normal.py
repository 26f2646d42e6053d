"""A user's OpenAPI document in the one form that is compiled: 3.1, one file, references to components only.

An open world: what is not understood is left out and reported, with what that means for the answers. Must not
know how a request is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from understudy.document import dialect
from understudy.document.files import Files
from understudy.document.notice import Notice
from understudy.document.parts import SECTIONS, Example, Parts
from understudy.document.pointer import Json
from understudy.document.schema import Place
from understudy.document.weights import MOST, overweight
from understudy.messages import shorten, suggest

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MOST_SERVERS = 16  # URLs of one server with variables


class UnsupportedDocument(Exception):
    """A file that is no OpenAPI document of a known version; the message is one line."""


class Normal(NamedTuple):
    """A document in its normal form, what is not understood in it, and its examples.

    `names` are those of its components, by section and place.
    """

    document: Json
    notices: list[Notice]
    examples: list[Example]
    names: dict[tuple[str, Place], str]


def normalized(files: Files) -> Normal:
    """The document in its normal form; raises UnsupportedDocument."""
    check_version(files.root, files.name)
    normalizer = _Normalizer(files)
    return Normal(normalizer.document(), normalizer.notices, normalizer.examples, normalizer.names)


def check_version(document: Json, name: str) -> None:
    """Raise UnsupportedDocument for what is no OpenAPI 3 document."""
    if not isinstance(document, Mapping):
        raise UnsupportedDocument(f"{name} is no OpenAPI document: it holds no mapping")
    if "swagger" in document:
        text = "which is not read; convert it to OpenAPI 3 first: npx swagger2openapi --yaml --outfile openapi.yaml"
        raise UnsupportedDocument(f"{name} is Swagger {shorten(document['swagger'])}, {text} {name}")
    version = document.get("openapi")
    if version is None:
        near = suggest("openapi", list(document)[:20])
        raise UnsupportedDocument(f"{name} is no OpenAPI document: `openapi: 3.1.0` (or 3.0.x) is missing{near}")
    if not re.match(r"3(\.[012](\.|$)|$)", str(version)):
        raise UnsupportedDocument(f"{name} is OpenAPI {shorten(version)}; 3.0.x, 3.1.x and 3.2.x are read")


class _Normalizer(Parts):
    """Normalizes one document."""

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self._ids: set[str] = set()

    def document(self) -> Json:
        """The normal form of the whole document."""
        root, place = self.files.root, Place(self.files.name, "")
        own = self.own_keys(root, "document", place)
        if own.pop("x-events", None) is not None:
            text = "x-events is left out: what people do in an app of their own needs the Python of a package"
            self.note(place / "x-events", f"{text} (docs/how-to/add-an-api.md)")
        schemas, owner = self._section("schemas", place)
        for name in schemas:
            self.component("schema", owner / name)
        schemes = self._schemes(place)
        security = self._security(root, schemes, place)
        paths = self._paths(root, place, schemes)
        self._note_unserved(root, place)
        while self.waiting:
            kind, name, value, where = self.waiting.pop()
            self.sections[SECTIONS[kind]][name] = self.read[kind](value, where)
        self._leave_out_overweight()
        return {
            "openapi": "3.1.0",
            "info": self._info(root, place),
            "servers": [{"url": url} for url in self._prefixes(root, place) or [""]],
            **({} if security is None else {"security": security}),
            "paths": paths,
            "components": {name: found for name, found in self.sections.items() if found}
            | ({"securitySchemes": schemes} if schemes else {}),
            **own,
        }

    def _leave_out_overweight(self) -> None:
        """Take any value where one is checked against too many schemas: it would take exponential time."""
        schemas = self.sections["schemas"]
        for name in overweight(schemas):
            schemas[name] = True
            text = f"its allOf, anyOf and oneOf stand for more than {MOST:,} schemas; any value is taken"
            self.report(self.place_of("schema", name), text)

    def _note_unserved(self, root: Json, place: Place) -> None:
        for name in ("webhooks", "x-webhooks"):
            if self.mapping(root, name, place):
                self.note(place / name, "webhooks are not sent")
        if self.version.startswith("3.2"):
            self.note(place / "openapi", f"OpenAPI {self.version} is read as 3.1; what is new in it is not understood")

    def _info(self, root: Json, place: Place) -> Json:
        info = self.mapping(root, "info", place)
        title = info.get("title")
        title = title if isinstance(title, str) and title else self.files.name
        return {"title": title, "version": str(info.get("version", ""))}

    # servers

    def _prefixes(self, owner: Json, place: Place) -> list[str]:
        """The base paths of the servers of an object, without repetitions; empty where it names none."""
        found: dict[str, None] = {}
        for number, server in enumerate(self.listed(owner, "servers", place)):
            where = place / "servers" / number
            for url in self._urls(server, where):
                path = _base_path(url)
                if path is None:
                    self.report(where / "url", f"{shorten(url)} is no URL; this server is left out")
                else:
                    found[path] = None
        return list(found)

    def _urls(self, server: Json, place: Place) -> Iterator[str]:
        """The URLs of a server, with the values of the variables that stand in its path."""
        if not isinstance(server, Mapping) or not isinstance(server.get("url"), str):
            self.report(place, "a server needs a url; this one is left out")
            return
        variables = self.mapping(server, "variables", place)
        url = server["url"]
        names = list(dict.fromkeys(re.findall(r"\{([^{}]*)\}", url)))
        choices = [self._choices(name, variables.get(name), place) for name in names]
        for number, values in enumerate(product(*choices)):
            if number == _MOST_SERVERS:
                self.note(place, f"its variables make more than {_MOST_SERVERS} base paths; the others are not served")
                return
            filled = url
            for name, value in zip(names, values, strict=True):
                filled = filled.replace(f"{{{name}}}", value)
            yield filled

    def _choices(self, name: str, variable: Json, place: Place) -> list[str]:
        variable = variable if isinstance(variable, Mapping) else {}
        enum = variable.get("enum")
        values = [variable.get("default"), *(enum if isinstance(enum, list) else ())]
        known = list(dict.fromkeys(str(value) for value in values if isinstance(value, str | int | float)))
        if not known:
            self.report(place / "variables", f"the variable {name} has no default; it is served as {name}")
        return known or [name]

    # paths and operations

    def _paths(self, root: Json, place: Place, schemes: Json) -> dict[str, Json]:
        paths: dict[str, Json] = {}
        items, owner = self.member(root, "paths", place)
        for path, item in items.items():
            where = owner / path
            if path.startswith("x-"):
                continue
            if "?" in path or "#" in path:
                self.report(where, "a path has no query and no fragment; its operations are not served")
                continue
            read = self._path_item(path, item, where, schemes)
            if read:
                paths[path if path.startswith("/") else f"/{path}"] = read
        return paths

    def _path_item(self, path: str, item: Json, place: Place, schemes: Json) -> dict[str, Json]:
        found = self.inline(item, place)
        if found is None:
            return {}
        own, own_place, item, place = item, place, *found
        if not isinstance(item, Mapping):
            self.report(place, "a path item must be a mapping; its operations are not served")
            return {}
        beside = {name: value for name, value in own.items() if name != "$ref"} if own is not item else {}
        shared = {**self._parameters(item, place), **self._parameters(beside, own_place)}
        item = {**item, **beside}
        prefixes = self._prefixes(item, place)
        operations: dict[str, Json] = {}
        for name, value in item.items():
            if name in METHODS:
                where = own_place if name in beside else place
                read = self._operation(name, path, value, where / name, shared, schemes)
                if read is not None:
                    operations[name] = {**({"x-prefixes": prefixes} if prefixes else {}), **read}
            elif name not in ("$ref", "summary", "description", "servers", "parameters") and not name.startswith("x-"):
                self.report(place / name, f"{shorten(name)} is no method that is served; it is left out")
        return operations

    def _operation(
        self, method: str, path: str, value: Json, place: Place, shared: dict[tuple[str, str], Json], schemes: Json
    ) -> dict[str, Json] | None:
        found = self.inline(value, place)
        if found is None:
            return None
        value, place = found
        if not isinstance(value, Mapping):
            self.report(place, "an operation must be a mapping; it is not served")
            return None
        parameters = {**shared, **self._parameters(value, place)}
        operation: dict[str, Json] = {"operationId": self._id(method, path, value, place)}
        operation |= {name: value[name] for name in ("summary", "description") if isinstance(value.get(name), str)}
        operation["parameters"] = list(self._checked(path, parameters, place))
        body = self.entry("body", value["requestBody"], place / "requestBody") if value.get("requestBody") else None
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = self.responses(value, place)
        security = self._security(value, schemes, place)
        prefixes = self._prefixes(value, place)
        if value.get("callbacks"):
            self.note(place / "callbacks", "callbacks are not sent")
        return {
            **operation,
            **({} if security is None else {"security": security}),
            **({"x-prefixes": prefixes} if prefixes else {}),
            **self.own_keys(value, "operation", place),
        }

    def _id(self, method: str, path: str, value: Json, place: Place) -> str:
        """The operationId; METHOD and path where it is missing or taken."""
        id = value.get("operationId")
        fallback = f"{method.upper()} {path}"
        if isinstance(id, str) and id in self._ids:
            self.report(place / "operationId", f"operationId {shorten(id)} is used twice; it is called {fallback} here")
        if not isinstance(id, str) or not id or id in self._ids:
            id = fallback
        self._ids.add(id)
        return id

    def _parameters(self, owner: Json, place: Place) -> dict[tuple[str, str], Json]:
        """The parameters of a path or an operation, by location and name."""
        parameters: dict[tuple[str, str], Json] = {}
        for number, value in enumerate(self.listed(owner, "parameters", place)):
            where = place / "parameters" / number
            found = self.inline(value, where)
            if found is None:
                continue
            read = self.parameter(*found)
            if read:
                parameters[read["in"], read["name"]] = read
        return parameters

    def _checked(self, path: str, parameters: dict[tuple[str, str], Json], place: Place) -> Iterator[Json]:
        """The parameters, with those that the path names declared, and no other in the path."""
        names = list(dict.fromkeys(re.findall(r"\{([^{}/]+)\}", path)))
        for (location, name), parameter in parameters.items():
            if location == "path" and name not in names:
                self.report(place, f"the path has no parameter {shorten(name)}{suggest(name, names)}; it is left out")
            else:
                yield parameter
        for name in names:
            if ("path", name) not in parameters:
                self.report(place, f"the path's {{{name}}} is not declared; any text is taken")
                yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}

    # security

    def _section(self, name: str, place: Place) -> tuple[Mapping[str, Json], Place]:
        """A section of the components of the document, with its place."""
        components, owner = self.member(self.files.root, "components", place)
        return self.member(components, name, owner)

    def _schemes(self, place: Place) -> dict[str, Json]:
        """The security schemes of the document, those that are not understood left out."""
        section, owner = self._section("securitySchemes", place)
        schemes = {}
        for name, value in section.items():
            found = self.inline(value, owner / name)
            schemes[name] = self._scheme(*found) if found is not None else {}
        return schemes

    def _scheme(self, value: Json, place: Place) -> Json:
        """A security scheme; an empty mapping for one that is not understood, which then asks for nothing."""
        kind = value.get("type") if isinstance(value, Mapping) else None
        if kind in ("oauth2", "openIdConnect"):
            return {"type": "http", "scheme": "bearer"}
        if kind == "http" and isinstance(value.get("scheme"), str) and dialect.is_token(value["scheme"]):
            return {"type": "http", "scheme": value["scheme"].lower()}
        if kind == "apiKey" and _is_key(value.get("in"), value.get("name")):
            return {"type": "apiKey", "in": value["in"], "name": value["name"]}
        if kind == "mutualTLS":
            self.note(place, "mutual TLS is not served; no certificate is asked for")
        else:
            self.report(place, "this security scheme is not understood; no credential is asked for by it")
        return {}

    def _security(self, owner: Json, schemes: Mapping[str, Json], place: Place) -> list[dict[str, Any]] | None:
        """The alternative requirements of the document or an operation; None where it names none."""
        if owner.get("security") is None:
            return None
        requirements: list[dict[str, Any]] = []
        for number, required in enumerate(self.listed(owner, "security", place)):
            where = place / "security" / number
            if not isinstance(required, Mapping):
                self.report(where, "a security requirement must be a mapping; it is left out")
                continue
            for name in required:
                if name not in schemes:
                    text = f"{shorten(name)} is no security scheme of this document{suggest(name, schemes)}"
                    self.report(where / name, f"{text}; no credential is asked for by it")
            requirements.append({name: [] for name in required if schemes.get(name)})
        return requirements


def _is_key(location: Json, name: Json) -> bool:
    """Whether a credential can be sent under this name."""
    if location not in ("query", "cookie", "header") or not isinstance(name, str):
        return False
    return bool(name) if location == "query" else dialect.is_token(name)


def _base_path(url: str) -> str | None:
    """The path of a server's URL, percent-encoded, without a slash at its end; None for what is no URL."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    path = re.sub(r"/\.(?=/|$)|^\.(?=/|$)", "", path).rstrip("/")
    path = path if not path or path.startswith("/") else f"/{path}"
    return quote(path, safe="/%:@!$&'()*+,;=~-._")
