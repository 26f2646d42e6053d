"""The schemas of the entries of a seed file: objects with these members and no others.

What an entry shares with the API has the schema that the API's document gives it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Json = Any


def closed(required: str, /, **properties: Json) -> dict[str, Json]:
    """The schema of an object with these members and no others; `required` names some, separated by spaces."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def many(schema: Json, **others: Json) -> dict[str, Json]:
    """The schema of a list of such items; `others` are further keywords."""
    return {"type": "array", "items": schema, **others}


def of_schema(
    document: Json, name: str, required: str, /, *, without: Collection[str] = (), **own: Json
) -> dict[str, Json]:
    """The schema of an entry with the members of a component schema but for some, and its own in their place."""
    served: Mapping[str, Json] = document["components"]["schemas"][name]["properties"]
    return closed(required, **{**{one: schema for one, schema in served.items() if one not in without}, **own})
