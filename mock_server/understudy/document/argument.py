"""A value for a parameter that a caller must give: the document's example, else one that is made.

Must not know where it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from understudy.document.model import Json
from understudy.document.parameters import Parameter
from understudy.document.sample import NoValue, Samples

_CONDITIONS = {"if-match": "*", "if-none-match": '"none"'}  # that hold for each record


def argument(parameter: Parameter, schemas: Mapping[str, Json]) -> str:
    """The text of a value for a parameter, of a list its first item; `VALUE` where none was found."""
    condition = _CONDITIONS.get(parameter.name.lower()) if parameter.location == "header" else None
    if condition is not None:
        return condition
    value, schema = parameter.example, parameter.schema
    if value is None:
        made = Samples(schemas)
        if parameter.location == "path" and "" in schema.get("enum", ()):  # a path has no empty segment
            schema = {**schema, "enum": [one for one in schema["enum"] if one != ""]}
        try:
            value = made.value(schema, parameter.validator, seed=parameter.name, direction="request")
        except NoValue:
            return "VALUE"
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
