"""The members of a record that hold when it was made or changed, by their names and types.

Must not know operations.
"""

from __future__ import annotations

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


def time_of(schemas: Schemas, name: str, schema: Json) -> str | None:
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
