"""The members of a record that hold when it was made or changed, by their names and types.

Must not know operations.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from understudy.document.infer.schemas import Schemas
from understudy.document.infer.words import plain

Json = Any
CREATED = ("createdat", "created", "createdon", "datecreated", "createdatutc", "createddate", "creationdate",
            "createtime", "createdtime", "creationtime", "insertinstant", "createdtimestamp", "addedat",
            "insertedat", "datecreatedutc", "creationtimestamp", "createdutc", "addedon", "dateadded",
            "createdatetime", "createddatetime")  # fmt: skip
_UPDATED = ("updatedat", "updated", "updatedon", "dateupdated", "updatedatutc", "updateddate", "lastupdated",
            "updatetime", "updatedtime", "modifiedat", "modified", "lastmodified", "lastmodifiedat",
            "datemodified", "lastupdateinstant", "updatedtimestamp", "dateupdatedutc", "changedat",
            "lastupdatedat", "lastmodifieddate", "modifiedon", "modifieddate", "updatedatetime",
            "updateddatetime", "lastmodifieddatetime")  # fmt: skip


def times(
    schemas: Schemas, record: Json, sent: Collection[str], defaults: Mapping[str, Json]
) -> tuple[dict[str, Json], dict[str, Json], dict[str, Json]]:
    """What the members that hold times get at a creation, by default, and at a change; `sent` are those of requests."""
    create: dict[str, Json] = {}
    usual, update = dict(defaults), {}
    for name, member in schemas.members(record).items():
        value = _time_of(schemas, name, member.schema)
        if value is None:
            continue
        if plain(name) in sent:
            usual[name] = value
        elif plain(name) in CREATED:
            create[name] = value
        else:
            create[name] = update[name] = value
    return create, usual, update


def _time_of(schemas: Schemas, name: str, schema: Json) -> str | None:
    """The value of a member that holds a time; None for one that does not."""
    if plain(name) not in CREATED + _UPDATED:
        return None
    kinds = schemas.kinds(schema)
    if kinds == {"string"} and schemas.first(schema, "format") in ("date-time", "date"):
        return "$now"
    if kinds and kinds <= {"integer", "number"}:
        examples = schemas.first(schema, "examples") or [0]
        far = any(isinstance(one, int | float) and one > 1e11 for one in examples)
        return "$milliseconds" if far or plain(name).endswith("instant") else "$now"
    return None
