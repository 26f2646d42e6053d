"""A user's OpenAPI document in the one form that is compiled: 3.1, one file, references to components only.

An open world: what is not understood is left out and reported, with what that means for the answers. Must not
know how a request is answered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from understudy.document import dialect
from understudy.document.body import is_json, kind_of
from understudy.document.files import Files, RefusedReference
from understudy.document.notice import Notice
from understudy.document.pointer import Json, at
from understudy.document.schema import Converter, Place
from understudy.document.violations import violations
from understudy.messages import shorten, suggest

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
SECTIONS = {"schema": "schemas", "parameter": "parameters", "response": "responses", "body": "requestBodies",
            "header": "headers", "example": "examples", "link": "links", "scheme": "securitySchemes"}  # fmt: skip
_MOST_SERVERS = 16  # URLs of one server with variables
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_STRUCTURED = ("xml", "yaml", "msgpack", "cbor", "protobuf", "x-protobuf", "bson", "avro", "edi-x12", "edifact")
_IGNORED_HEADERS = ("accept", "content-type", "authorization")  # by OpenAPI, as parameters


class UnsupportedDocument(Exception):
    """A file that is no OpenAPI document of a known version; the message is one line."""


class Normal(NamedTuple):
    """A document in its normal form, what is not understood in it, and its examples: place, schema and value."""

    document: Json
    notices: list[Notice]
    examples: list[tuple[Place, Json, Json]]


def normalized(files: Files) -> Normal:
    """The document in its normal form; raises UnsupportedDocument."""
    check_version(files.root, files.name)
    normalizer = _Normalizer(files)
    return Normal(normalizer.document(), normalizer.notices, normalizer.examples)


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


class _Normalizer:
    """Normalizes one document; `notices` collects what is not understood."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.notices: list[Notice] = []
        self.version = str(files.root["openapi"])
        self.examples: list[tuple[Place, Json, Json]] = []  # place, schema, value
        self._sections: dict[str, dict[str, Json]] = {section: {} for section in SECTIONS.values()}
        self._names: dict[tuple[str, Place], str] = {}
        self._waiting: list[tuple[str, str, Json, Place]] = []
        self._ids: set[str] = set()
        siblings = not self.version.startswith("3.0")
        refer = self._refer_schema
        self._schemas = Converter(self.report, refer, siblings=siblings)
        self._read: dict[str, Callable[[Json, Place], Json]] = {
            "schema": self._schemas.convert,
            "parameter": self._parameter,
            "response": self._response,
            "body": self._body,
            "header": self._header,
            "example": self._example,
            "link": self._link,
            "scheme": self._scheme,
        }

    def report(self, place: Place, text: str) -> None:
        """Report what is wrong at a place."""
        self.notices.append(Notice(place.file, place.pointer, text))

    def note(self, place: Place, text: str) -> None:
        """Report what is legal, and served less than whole."""
        self.notices.append(Notice(place.file, place.pointer, text, wrong=False))

    def document(self) -> Json:
        """The normal form of the whole document."""
        root, place = self.files.root, Place(self.files.name, "")
        own = self._own_keys(root, "document", place)
        schemas = self._mapping(self._mapping(root, "components", place), "schemas", place / "components")
        for name in schemas:
            self._component("schema", Place(place.file, at("components", "schemas", name)))
        schemes = self._schemes(root, place)
        security = self._security(root, schemes, place)
        paths = self._paths(root, place, schemes)
        self._note_unserved(root, place)
        while self._waiting:
            kind, name, value, where = self._waiting.pop()
            self._sections[SECTIONS[kind]][name] = self._read[kind](value, where)
        return {
            "openapi": "3.1.0",
            "info": self._info(root, place),
            "servers": [{"url": url} for url in self._prefixes(root, place) or [""]],
            **({} if security is None else {"security": security}),
            "paths": paths,
            "components": {name: found for name, found in self._sections.items() if found}
            | ({"securitySchemes": schemes} if schemes else {}),
            **own,
        }

    def _note_unserved(self, root: Json, place: Place) -> None:
        if self._mapping(root, "webhooks", place):
            self.note(place / "webhooks", "webhooks are not sent")
        if self.version.startswith("3.2"):
            self.note(place / "openapi", f"OpenAPI {self.version} is read as 3.1; what is new in it is not understood")

    def _info(self, root: Json, place: Place) -> Json:
        info = self._mapping(root, "info", place)
        title = info.get("title")
        title = title if isinstance(title, str) and title else self.files.name
        return {"title": title, "version": str(info.get("version", ""))}

    def _mapping(self, value: Json, name: str, place: Place) -> Mapping[str, Json]:
        """The mapping that is a member of `value`; an empty one where it is missing or of another type."""
        found = value.get(name)
        if found is None or isinstance(found, Mapping):
            return found or {}
        self.report(place / name, f"{name} must be a mapping; it is left out")
        return {}

    def _list(self, value: Json, name: str, place: Place) -> list[Json]:
        found = value.get(name)
        if found is None or isinstance(found, list):
            return found or []
        self.report(place / name, f"{name} must be a list; it is left out")
        return []

    def _own_keys(self, value: Json, shape: str, place: Place) -> dict[str, Json]:
        """Our own keys of an object, where they have the shape that we give them: others may use the same names."""
        own: dict[str, Json] = {}
        for name, child in dialect.own_keys(shape).items():
            if name not in value:
                continue
            errors = list(violations(value[name], child))
            if errors:
                where, text = errors[0]
                self.note(place / name, f"{name} is not as this server reads it, and left out: {where or name} {text}")
            else:
                own[name] = value[name]
        return own

    # servers

    def _prefixes(self, owner: Json, place: Place) -> list[str]:
        """The base paths of the servers of an object, without repetitions; empty where it names none."""
        found: dict[str, None] = {}
        for number, server in enumerate(self._list(owner, "servers", place)):
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
        variables = self._mapping(server, "variables", place)
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

    # references

    def _target(self, value: Json, place: Place) -> tuple[Json, Place] | None:
        """What a `$ref` at a place leads to in the end; None, reported, where it leads nowhere."""
        seen: set[Place] = set()
        while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            try:
                where = Place(*self.files.locate(value["$ref"], place.file))
                if where in seen:
                    raise RefusedReference(f"{value['$ref'][:200]} leads back to itself")
                value = self.files.value(*where)
            except RefusedReference as error:
                self.report(place / "$ref", f"{error}; what it stands for is left out")
                return None
            seen.add(where)
            place = where
        return value, place

    def _inline(self, value: Json, place: Place) -> tuple[Json, Place] | None:
        """A value that may be a `$ref`, with the place of its target."""
        if isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            return self._target(value, place)
        return value, place

    def _refer_schema(self, value: Json, place: Place) -> Json:
        found = self._referred("schema", value, place)
        return True if found is None else found

    def _referred(self, kind: str, value: Json, place: Place) -> Json | None:
        """The reference to the component that a `$ref` leads to; None where it leads nowhere."""
        found = self._target(value, place)
        return None if found is None else self._component(kind, found[1])

    def _entry(self, kind: str, value: Json, place: Place) -> Json | None:
        """A part of the document that may be a `$ref`, in its normal form; None where that leads nowhere."""
        if isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            return self._referred(kind, value, place)
        return self._read[kind](value, place)

    def _component(self, kind: str, place: Place) -> Json:
        """The reference to the component that stands for a place; it is read later."""
        section = SECTIONS[kind]
        name = self._names.get((section, place))
        if name is None:
            name = self._names[section, place] = self._free_name(section, place)
            self._sections[section][name] = True  # keeps the order, and the name
            self._waiting.append((kind, name, self.files.value(*place), place))
        return {"$ref": f"#/components/{section}/{name}"}

    def _free_name(self, section: str, place: Place) -> str:
        """A name for a component: the last part of its pointer, else that of its file."""
        text = place.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~") or _stem(place.file)
        wanted = name = re.sub("[^A-Za-z0-9._-]+", "_", text) or "_"
        number = 1
        while name in self._sections[section]:
            number += 1
            name = f"{wanted}-{number}"
        return name

    # paths and operations

    def _paths(self, root: Json, place: Place, schemes: Json) -> dict[str, Json]:
        paths: dict[str, Json] = {}
        for path, item in self._mapping(root, "paths", place).items():
            where = place / "paths" / path
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
        found = self._inline(item, place)
        if found is None:
            return {}
        own, item, place = item, *found
        if not isinstance(item, Mapping):
            self.report(place, "a path item must be a mapping; its operations are not served")
            return {}
        item = {**item, **{name: value for name, value in own.items() if name != "$ref"}} if own is not item else item
        shared = self._parameters(item, place)
        prefixes = self._prefixes(item, place)
        operations: dict[str, Json] = {}
        for name, value in item.items():
            if name in METHODS:
                read = self._operation(name, path, value, place / name, shared, schemes)
                if read is not None:
                    operations[name] = {**({"x-prefixes": prefixes} if prefixes else {}), **read}
            elif name not in ("$ref", "summary", "description", "servers", "parameters") and not name.startswith("x-"):
                self.report(place / name, f"{shorten(name)} is no method that is served; it is left out")
        return operations

    def _operation(
        self, method: str, path: str, value: Json, place: Place, shared: dict[tuple[str, str], Json], schemes: Json
    ) -> dict[str, Json] | None:
        found = self._inline(value, place)
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
        body = self._entry("body", value["requestBody"], place / "requestBody") if value.get("requestBody") else None
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = self._responses(value, place)
        security = self._security(value, schemes, place)
        prefixes = self._prefixes(value, place)
        if value.get("callbacks"):
            self.note(place / "callbacks", "callbacks are not sent")
        return {
            **operation,
            **({} if security is None else {"security": security}),
            **({"x-prefixes": prefixes} if prefixes else {}),
            **self._own_keys(value, "operation", place),
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
        for number, value in enumerate(self._list(owner, "parameters", place)):
            where = place / "parameters" / number
            found = self._inline(value, where)
            if found is None:
                continue
            read = self._parameter(*found)
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

    def _parameter(self, value: Json, place: Place) -> Json:
        """A parameter; an empty mapping for one that is left out."""
        if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
            self.report(place, "a parameter needs a name; it is left out")
            return {}
        name, location = value["name"], value.get("in")
        if location not in _STYLES:
            self.report(place / "in", f"{shorten(location)} is none of {', '.join(_STYLES)}; {name} is left out")
            return {}
        if location == "header" and name.lower() in _IGNORED_HEADERS:
            return {}
        style = value.get("style", _STYLES[location][0])
        if style not in _STYLES[location]:
            known = ", ".join(_STYLES[location])
            self.report(place / "style", f"{shorten(style)} is no style in the {location} (known: {known}); {known[0]}")
            style = _STYLES[location][0]
        return {
            "name": name,
            "in": location,
            "required": location == "path" or value.get("required") is True,
            "style": style,
            "explode": value["explode"] if isinstance(value.get("explode"), bool) else style in ("form", "deepObject"),
            **self._described(value, place),
        }

    def _described(self, value: Json, place: Place) -> dict[str, Json]:
        """The schema of a parameter or header, or its content, and its examples."""
        content = self._content(value, place) if value.get("content") else {}
        for media_type, media in content.items():
            return {"schema": media["schema"], "x-media-type": media_type, **_only_examples(media)}
        if "schema" in value:
            schema = self._schemas.convert(value["schema"], place / "schema")
        elif "type" in value:  # as Swagger 2.0 had it
            self.report(place, "type, format and the like belong into its schema; they are read as if they were")
            members = {k: v for k, v in value.items() if k not in ("in", "required", "style", "explode", "example")}
            schema = self._schemas.convert(members, place)
        else:
            schema = True
        return {"schema": schema, **self._examples(value, place, schema)}

    # bodies, responses, examples

    def _body(self, value: Json, place: Place) -> Json:
        if not isinstance(value, Mapping):
            self.report(place, "a request body must be a mapping; any body is taken")
            return {"content": {}}
        content = self._content(value, place)
        for media_type in filter(_is_structured, content):
            self.note(place / "content" / media_type, f"request bodies in {media_type} are taken unchecked")
        return {"required": value.get("required") is True, "content": content}

    def _content(self, owner: Json, place: Place) -> dict[str, Json]:
        """The media types of a body, response or parameter."""
        found = self._inline(owner.get("content"), place / "content")
        if found is None or found[0] is None:
            return {}
        content, where = found
        if not isinstance(content, Mapping):
            self.report(where, "content must be a mapping; it is left out")
            return {}
        return {str(name).strip(): self._media(media, where / name) for name, media in content.items()}

    def _media(self, value: Json, place: Place) -> Json:
        found = self._inline(value, place)
        if found is None or not isinstance(found[0], Mapping):
            return {"schema": True}
        media, place = found
        schema = self._schemas.convert(media["schema"], place / "schema") if "schema" in media else True
        return {"schema": schema, **self._examples(media, place, schema)}

    def _examples(self, value: Json, place: Place, schema: Json) -> dict[str, Json]:
        """The example and the examples of a media type, parameter or header with this schema."""
        read: dict[str, Json] = {}
        if "example" in value:
            read["example"] = self._data(value["example"], place / "example")
            self.examples.append((place / "example", schema, read["example"]))
        examples = value.get("examples")
        if isinstance(examples, list):  # as those of a schema are written
            examples = {str(number): {"value": one} for number, one in enumerate(examples)}
        if isinstance(examples, Mapping):
            found = {k: self._entry("example", one, place / "examples" / k) for k, one in examples.items()}
            read["examples"] = {name: one for name, one in found.items() if one}
            self._note_examples(examples, place / "examples", schema)
        return read

    def _note_examples(self, examples: Mapping[str, Json], place: Place, schema: Json) -> None:
        for name, value in examples.items():
            found = self._inline(value, place / name)
            if found is not None and isinstance(found[0], Mapping) and "value" in found[0]:
                where = found[1] / "value"
                self.examples.append((where, schema, self._data(found[0]["value"], where)))

    def _example(self, value: Json, place: Place) -> Json:
        """An example object; an empty mapping where it holds no value here (an `externalValue` is not fetched)."""
        if not isinstance(value, Mapping) or "value" not in value:
            return {}
        return {"value": self._data(value["value"], place / "value")}

    def _data(self, value: Json, place: Place) -> Json:
        """A value, which may stand in a file of its own: then it is a `$ref` alone that leads somewhere."""
        if isinstance(value, Mapping) and len(value) == 1 and isinstance(value.get("$ref"), str):
            try:
                return self.files.value(*self.files.locate(value["$ref"], place.file))
            except RefusedReference:
                return value
        return value

    def _responses(self, owner: Json, place: Place) -> dict[str, Json]:
        responses: dict[str, Json] = {}
        for status, value in self._mapping(owner, "responses", place).items():
            where = place / "responses" / status
            if status.startswith("x-"):
                continue
            known = status.upper() if re.fullmatch("[1-5][xX]{2}", status) else status
            if not re.fullmatch("[1-5]([0-9]{2}|XX)|default", known):
                self.report(where, f"{shorten(status)} is no status such as 200, 4XX or default; it is never answered")
                continue
            read = self._entry("response", value, where)
            if read is not None:
                responses[known] = read
        return responses

    def _response(self, value: Json, place: Place) -> Json:
        if not isinstance(value, Mapping):
            self.report(place, "a response must be a mapping; it is answered without a body")
            return {}
        headers = {}
        for name, header in self._mapping(value, "headers", place).items():
            read = self._entry("header", header, place / "headers" / name)
            if read is not None and name.lower() != "content-type":
                headers[name] = read
        links = {
            n: self._entry("link", v, place / "links" / n) for n, v in self._mapping(value, "links", place).items()
        }
        content = self._content(value, place)
        instead = "JSON is" if any(map(is_json, content)) else "a text of no meaning is, where there is no example"
        for media_type in filter(_is_structured, content):
            self.note(place / "content" / media_type, f"{media_type} is not answered; {instead}")
        parts = {"headers": headers, "content": content, "links": {k: v for k, v in links.items() if v}}
        return {"description": "", **{name: part for name, part in parts.items() if part}}

    def _header(self, value: Json, place: Place) -> Json:
        if not isinstance(value, Mapping):
            self.report(place, "a header must be a mapping; any value is taken")
            return {"schema": True}
        return {"required": value.get("required") is True, **self._described(value, place)}

    def _link(self, value: Json, place: Place) -> Json:
        """A link by operationId; an empty mapping for another one."""
        if not isinstance(value, Mapping) or not isinstance(value.get("operationId"), str):
            return {}
        parameters = value.get("parameters")
        return {
            "operationId": value["operationId"],
            "parameters": parameters if isinstance(parameters, Mapping) else {},
        }

    # security

    def _schemes(self, root: Json, place: Place) -> dict[str, Json]:
        """The security schemes of the document, those that are not understood left out."""
        components = self._mapping(root, "components", place)
        where = place / "components" / "securitySchemes"
        schemes = {}
        for name, value in self._mapping(components, "securitySchemes", place / "components").items():
            found = self._inline(value, where / name)
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
        for number, required in enumerate(self._list(owner, "security", place)):
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


def _is_structured(media_type: str) -> bool:
    """Whether values in a media type have members, and cannot be read or written here."""
    name = media_type.partition(";")[0].strip().lower()
    return kind_of(name) == "bytes" and name.endswith(_STRUCTURED)


def _only_examples(media: Json) -> dict[str, Json]:
    return {name: media[name] for name in ("example", "examples") if name in media}


def _stem(file: str) -> str:
    return file.rpartition("/")[2].partition(".")[0]


def _base_path(url: str) -> str | None:
    """The path of a server's URL, percent-encoded, without a slash at its end; None for what is no URL."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return None
    path = re.sub(r"/\.(?=/|$)|^\.(?=/|$)", "", path).rstrip("/")
    path = path if not path or path.startswith("/") else f"/{path}"
    return quote(path, safe="/%:@!$&'()*+,;=~-._")
