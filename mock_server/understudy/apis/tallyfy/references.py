"""Members of a request's body that refer to people, groups and other records, or to a moment.

An unknown reference is refused or dropped, as an assumption of the world decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from understudy.apis.tallyfy.records import moment, person_id
from understudy.engine.call import Call
from understudy.engine.problem import Problem
from understudy.engine.store import Record


def person_member(call: Call, name: str, default: int) -> int:
    """Return the id of the person in a member of the body; raises Problem invalid for an unknown person."""
    if call.body.get(name) is None:
        return default
    id = person_id(call.store, call.body[name])
    if id is None:
        raise Problem("invalid", fields={name: [f"The selected {name.replace('_', ' ')} is invalid."]})
    return id


def people_member(call: Call, name: str) -> list[int]:
    """Return the ids of the people in a list of the body; raises Problem invalid as `refuse_unknown` does."""
    given = call.body.get(name, ())
    found = [(value, person_id(call.store, value)) for value in given]
    refuse_unknown(call, name, [value for value, id in found if id is None])
    return [id for _, id in found if id is not None]


def known_ids(call: Call, name: str, collection: str) -> list[str]:
    """Return the existing ids in a list of the body; raises Problem invalid as `refuse_unknown` does."""
    given = [str(value) for value in call.body.get(name, ())]
    unknown = [id for id in given if call.store[collection].row(id) is None]
    refuse_unknown(call, name, unknown)
    return list(dict.fromkeys(id for id in given if id not in unknown))


def owners_member(call: Call, given: Record, before: Record, *, path: str) -> Record:
    """Return the owners of a task (Tasks > Update task > Updating assignees).

    `path` is that of `given` in the body. Raises Problem invalid for an unknown owner, in worlds that refuse one.
    """
    kept = call.assumed("tallyfy.task-update.missing-bucket") == "kept"
    names = ("users", "guests", "groups")
    owners = {name: list(given[name] if name in given else before[name] if kept else ()) for name in names}
    people = [person_id(call.store, person) for person in owners["users"]]
    groups = [str(group) for group in owners["groups"]]
    known = [group for group in groups if call.store["groups"].row(group) is not None]
    unknown = None in people or len(known) < len(groups)
    if unknown and call.assumed("tallyfy.task-update.unknown-owner") == "reject":
        raise Problem("invalid", fields={path: ["The selected owners are invalid."]})
    found = [person for person in people if person is not None]
    return {"users": found, "guests": list(owners["guests"]), "groups": known}


def refuse_unknown(call: Call, name: str, unknown: Sequence[object]) -> None:
    """Raise Problem invalid for unknown references, in worlds that do not drop them."""
    if unknown and call.assumed("tallyfy.runs.unknown-references") == "reject":
        raise Problem("invalid", fields={name: [f"The selected {name.replace('_', ' ')} is invalid."]})


def date_member(name: str, given: str | None) -> int | None:
    """Return the milliseconds of a date; raises Problem invalid for a text that is no date."""
    if given is None:
        return None
    try:
        return moment(given)
    except (ValueError, OverflowError):
        raise Problem("invalid", fields={name: [f"The {name} is not a valid date."]}) from None
