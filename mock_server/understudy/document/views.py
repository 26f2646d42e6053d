"""Views of schemas: what a request or a response must hold, each as one self-contained schema.

A request may leave out required members that are readOnly, a response those that are writeOnly (OpenAPI 3.1,
4.8.24); also where `required` and `readOnly` stand in different branches of an `allOf`.
"""

from __future__ import annotations

from collections.abc import Mapping

from understudy.document.pointer import Json

_PREFIX = "#/components/schemas/"
_ONE = ("items", "additionalProperties", "not", "if", "then", "else", "propertyNames", "contains",
        "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
_SAME_OBJECT = ("allOf", "anyOf", "oneOf")
_BY_NAME = ("properties", "patternProperties", "dependentSchemas")
_WITHOUT_EFFECT = ("description", "title", "examples", "default", "deprecated", "discriminator", "readOnly",
                   "writeOnly")  # fmt: skip
_FREE = {"request": "readOnly", "response": "writeOnly"}  # what may be missing

Dropped = frozenset[str]


def name_of(reference: str) -> str:
    """The name of the component schema that a `$ref` names."""
    return reference.removeprefix(_PREFIX)


class Views:
    """Views of the schemas of one document, given its component schemas by name."""

    def __init__(self, schemas: Mapping[str, Json]) -> None:
        self.schemas = schemas

    def view(self, schema: Json, direction: str) -> Json:
        """The self-contained schema of a `request` or a `response`; references lead into its own `components`."""
        view = _View(self.schemas, _FREE.get(direction, ""))
        whole = view.schema(schema, frozenset())
        components = view.components()
        return {**whole, "components": {"schemas": components}} if components else whole


class _View:
    """One view while it is made. A component is there once for each set of members that it does not require."""

    def __init__(self, schemas: Mapping[str, Json], flag: str) -> None:
        self._schemas = schemas
        self._flag = flag
        self._names: dict[tuple[str, Dropped], str] = {}

    def components(self) -> dict[str, Json]:
        """All components that were referred to so far, and in turn by each other."""
        found: dict[str, Json] = {}
        while len(found) < len(self._names):
            for (name, dropped), shown in list(self._names.items()):
                if shown not in found:
                    found[shown] = self.schema(self._schemas[name], dropped)
        return found

    def schema(self, schema: Json, dropped: Dropped) -> Json:
        """Return the view of a schema in which the `dropped` properties are not required."""
        if not isinstance(schema, dict):
            return schema
        if self._flag:
            dropped |= self._flagged(schema, ())
        return {key: self._part(key, value, dropped) for key, value in schema.items() if key not in _WITHOUT_EFFECT}

    def _part(self, key: str, value: Json, dropped: Dropped) -> Json:
        if key == "$ref":
            return self._reference(name_of(value), dropped)
        if key == "required":
            return [name for name in value if name not in dropped]
        if key in _SAME_OBJECT:
            return [self.schema(child, dropped) for child in value]
        if key in _BY_NAME:
            return {name: self.schema(child, frozenset()) for name, child in value.items()}
        if key == "prefixItems":
            return [self.schema(child, frozenset()) for child in value]
        return self.schema(value, frozenset()) if key in _ONE else value

    def _reference(self, name: str, dropped: Dropped) -> str:
        shown = self._names.get((name, dropped))
        if shown is None:
            shown = name if not dropped else f"{name}~{len(self._names)}"
            self._names[name, dropped] = shown
        return _PREFIX + shown.replace("~", "~0")

    def _flagged(self, schema: Json, seen: tuple[str, ...]) -> Dropped:
        """The members of an object that carry the flag, in any branch of its `allOf`."""
        found = {name for name, child in schema.get("properties", {}).items() if self._is_flagged(child)}
        branches = list(schema.get("allOf", ()))
        if "$ref" in schema and name_of(schema["$ref"]) not in seen:
            name = name_of(schema["$ref"])
            seen, branches = (*seen, name), [*branches, self._schemas[name]]
        for branch in branches:
            if isinstance(branch, dict):
                found |= self._flagged(branch, seen)
        return frozenset(found)

    def _is_flagged(self, schema: Json) -> bool:
        """Whether a member carries the flag, itself or in the component that it names."""
        if isinstance(schema, dict) and "$ref" in schema and self._flag not in schema:
            schema = self._schemas[name_of(schema["$ref"])]
        return isinstance(schema, dict) and schema.get(self._flag) is True
