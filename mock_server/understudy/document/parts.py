"""The parts of a user's document that may be a `$ref`: parameters, bodies, responses, headers, examples, links.

Each is put into its normal form once, and becomes a component when something refers to it. What is not understood
is left out and reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from understudy.document import dialect
from understudy.document.body import is_json, kind_of
from understudy.document.files import Files, RefusedReference
from understudy.document.notice import Notice
from understudy.document.pointer import Json
from understudy.document.schema import Converter, Place
from understudy.document.violations import violations
from understudy.messages import shorten

SECTIONS = {"schema": "schemas", "parameter": "parameters", "response": "responses", "body": "requestBodies",
            "header": "headers", "example": "examples", "link": "links"}  # fmt: skip
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_STRUCTURED = ("xml", "yaml", "msgpack", "cbor", "protobuf", "x-protobuf", "bson", "avro", "edi-x12", "edifact")
_IGNORED_HEADERS = ("accept", "content-type", "authorization")  # by OpenAPI, as parameters


class Example(NamedTuple):
    """An example in a document, and its schema; `direction` is `request`, `response`, or empty for a parameter's."""

    place: Place
    schema: Json
    value: Json
    direction: str


class Parts:
    """The parts of one document. `notices` collects what is not understood, `examples` the examples by place."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.notices: list[Notice] = []
        self.version = str(files.root["openapi"])
        self.examples: list[Example] = []
        self.sections: dict[str, dict[str, Json]] = {section: {} for section in SECTIONS.values()}
        self.names: dict[tuple[str, Place], str] = {}  # of components, by section and place
        self.waiting: list[tuple[str, str, Json, Place]] = []  # components to be read: kind, name, value, place
        siblings = not self.version.startswith("3.0")
        self._schemas = Converter(self.report, self._refer_schema, siblings=siblings)
        self.read: dict[str, Callable[[Json, Place], Json]] = {
            "schema": self._schemas.convert,
            "parameter": self.parameter,
            "response": self._response,
            "body": self._body,
            "header": self._header,
            "example": self._example,
            "link": self._link,
        }

    def report(self, place: Place, text: str) -> None:
        """Report what is wrong at a place."""
        self.notices.append(Notice(place.file, place.pointer, text))

    def note(self, place: Place, text: str) -> None:
        """Report what is legal, and served less than whole."""
        self.notices.append(Notice(place.file, place.pointer, text, wrong=False))

    def mapping(self, value: Json, name: str, place: Place) -> Mapping[str, Json]:
        """The mapping that is a member of `value`; an empty one where it is missing or of another type."""
        found = value.get(name)
        if found is None or isinstance(found, Mapping):
            return found or {}
        self.report(place / name, f"{name} must be a mapping; it is left out")
        return {}

    def member(self, value: Json, name: str, place: Place) -> tuple[Mapping[str, Json], Place]:
        """A mapping as `mapping` returns it, with its place; it may be a `$ref`, as in a file of its own."""
        found = self.inline(value.get(name), place / name)
        if found is None or found[0] is None:
            return {}, place / name
        if not isinstance(found[0], Mapping):
            self.report(found[1], f"{name} must be a mapping; it is left out")
            return {}, found[1]
        return found[0], found[1]

    def listed(self, value: Json, name: str, place: Place) -> list[Json]:
        """The list that is a member of `value`; an empty one where it is missing or of another type."""
        found = value.get(name)
        if found is None or isinstance(found, list):
            return found or []
        self.report(place / name, f"{name} must be a list; it is left out")
        return []

    def own_keys(self, value: Json, shape: str, place: Place) -> dict[str, Json]:
        """Our own keys of an object, where they have the shape that we give them: others may use the same names."""
        own: dict[str, Json] = {}
        for name, child in dialect.own_keys(shape).items():
            if name not in value:
                continue
            errors = list(violations(_stated(value[name]) if name == "x-resources" else value[name], child))
            if errors:
                where, text = errors[0]
                self.note(place / name, f"{name} is not as this server reads it, and left out: {where or name} {text}")
            else:
                own[name] = value[name]
        return own

    def _target(self, value: Json, place: Place) -> tuple[Json, Place] | None:
        """What a `$ref` at a place leads to in the end; None, reported, where it leads nowhere."""
        seen: set[Place] = set()
        while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            try:
                where = Place(*self.files.place(*self.files.locate(value["$ref"], place.file)))
                if where in seen:
                    raise RefusedReference(f"{value['$ref'][:200]} leads back to itself")
                value = self.files.value(*where)
            except RefusedReference as error:
                self.report(place / "$ref", f"{error}; what it stands for is left out")
                return None
            seen.add(where)
            place = where
        return value, place

    def inline(self, value: Json, place: Place) -> tuple[Json, Place] | None:
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
        return None if found is None else self.component(kind, found[1])

    def entry(self, kind: str, value: Json, place: Place) -> Json | None:
        """A part of the document that may be a `$ref`, in its normal form; None where that leads nowhere."""
        if isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            return self._referred(kind, value, place)
        return self.read[kind](value, place)

    def component(self, kind: str, place: Place) -> Json:
        """The reference to the component that stands for a place; it is read later."""
        section = SECTIONS[kind]
        name = self.names.get((section, place))
        if name is None:
            name = self.names[section, place] = self._free_name(section, place)
            self.sections[section][name] = True  # keeps the order, and the name
            self.waiting.append((kind, name, self.files.value(*place), place))
        return {"$ref": f"#/components/{section}/{name}"}

    def place_of(self, kind: str, name: str) -> Place:
        """The place that a component stands for."""
        section = SECTIONS[kind]
        return next(place for (owner, place), known in self.names.items() if (owner, known) == (section, name))

    def _free_name(self, section: str, place: Place) -> str:
        """A name for a component: the last part of its pointer, else that of its file."""
        text = place.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~") or _stem(place.file)
        wanted = name = re.sub("[^A-Za-z0-9._-]+", "_", text) or "_"
        number = 1
        while name in self.sections[section]:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def parameter(self, value: Json, place: Place) -> Json:
        """A parameter; an empty mapping for one that is left out."""
        if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
            self.report(place, "a parameter needs a name; it is left out")
            return {}
        name, location = value["name"], value.get("in")
        if not isinstance(location, str) or location not in _STYLES:
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
            **self.own_keys(value, "parameter", place),
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

    def _body(self, value: Json, place: Place) -> Json:
        if not isinstance(value, Mapping):
            self.report(place, "a request body must be a mapping; any body is taken")
            return {"content": {}}
        content = self._content(value, place, "request")
        for media_type in filter(_is_structured, content):
            self.note(place / "content" / media_type, f"request bodies in {media_type} are taken unchecked")
        return {"required": value.get("required") is True, "content": content}

    def _content(self, owner: Json, place: Place, direction: str = "") -> dict[str, Json]:
        """The media types of a body, response or parameter."""
        found = self.inline(owner.get("content"), place / "content")
        if found is None or found[0] is None:
            return {}
        content, where = found
        if not isinstance(content, Mapping):
            self.report(where, "content must be a mapping; it is left out")
            return {}
        return {str(name).strip(): self._media(media, where / name, direction) for name, media in content.items()}

    def _media(self, value: Json, place: Place, direction: str) -> Json:
        found = self.inline(value, place)
        if found is None or not isinstance(found[0], Mapping):
            return {"schema": True}
        media, place = found
        schema = self._schemas.convert(media["schema"], place / "schema") if "schema" in media else True
        return {"schema": schema, **self._examples(media, place, schema, direction)}

    def _examples(self, value: Json, place: Place, schema: Json, direction: str = "") -> dict[str, Json]:
        """The example and the examples of a media type, parameter or header with this schema."""
        read: dict[str, Json] = {}
        if "example" in value:
            read["example"] = self._data(value["example"], place / "example")
            self.examples.append(Example(place / "example", schema, read["example"], direction))
        examples = value.get("examples")
        if isinstance(examples, list):  # as those of a schema are written
            examples = {str(number): {"value": one} for number, one in enumerate(examples)}
        if isinstance(examples, Mapping):
            found = {k: self.entry("example", one, place / "examples" / k) for k, one in examples.items()}
            read["examples"] = {name: one for name, one in found.items() if one}
            self._note_examples(examples, place / "examples", schema, direction)
        return read

    def _note_examples(self, examples: Mapping[str, Json], place: Place, schema: Json, direction: str) -> None:
        for name, value in examples.items():
            found = self.inline(value, place / name)
            if found is not None and isinstance(found[0], Mapping) and "value" in found[0]:
                where = found[1] / "value"
                self.examples.append(Example(where, schema, self._data(found[0]["value"], where), direction))

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

    def responses(self, owner: Json, place: Place) -> dict[str, Json]:
        """The documented responses of an operation, by status."""
        responses: dict[str, Json] = {}
        for status, value in self.mapping(owner, "responses", place).items():
            where = place / "responses" / status
            if status.startswith("x-"):
                continue
            known = status.upper() if re.fullmatch("[1-5][xX]{2}", status) else status
            if not re.fullmatch("[1-5]([0-9]{2}|XX)|default", known):
                self.report(where, f"{shorten(status)} is no status such as 200, 4XX or default; it is never answered")
                continue
            read = self.entry("response", value, where)
            if read is not None:
                responses[known] = read
        return responses

    def _response(self, value: Json, place: Place) -> Json:
        if not isinstance(value, Mapping):
            self.report(place, "a response must be a mapping; it is answered without a body")
            return {}
        headers = {}
        for name, header in self.mapping(value, "headers", place).items():
            read = self.entry("header", header, place / "headers" / name)
            if read is not None and name.lower() != "content-type":
                headers[name] = read
        links = {n: self.entry("link", v, place / "links" / n) for n, v in self.mapping(value, "links", place).items()}
        content = self._content(value, place, "response")
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


def _is_structured(media_type: str) -> bool:
    """Whether values in a media type have members, and cannot be read or written here."""
    name = media_type.partition(";")[0].strip().lower()
    return kind_of(name) == "bytes" and name.endswith(_STRUCTURED)


def _only_examples(media: Json) -> dict[str, Json]:
    return {name: media[name] for name in ("example", "examples") if name in media}


def _stem(file: str) -> str:
    return file.rpartition("/")[2].partition(".")[0]


def _stated(resources: Json) -> Json:
    """Resources with a schema each: one that names none states only what an inferred one of its name has besides."""
    if not isinstance(resources, Mapping):
        return resources
    return {name: {"schema": "", **one} if isinstance(one, Mapping) else one for name, one in resources.items()}
