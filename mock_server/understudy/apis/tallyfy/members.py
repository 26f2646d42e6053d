"""The operations on the people of a Tallyfy organization: invited, changed, disabled and deleted.

Sources: Members > *, the official clients. A person's id is a number when served, and text in the store.
"""

from __future__ import annotations

from collections.abc import Collection

from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.includes import requested_includes
from understudy.apis.tallyfy.owners import replace_owner, task_stats
from understudy.apis.tallyfy.people import is_address, shown_member
from understudy.apis.tallyfy.records import find, listing_of, me, my_number, person_id, stamp
from understudy.engine.call import Call, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import Record, Store, encode

_PROFILE = ("first_name", "last_name", "phone", "job_title", "job_description", "team", "timezone", "country_id")


def list_members(call: Call) -> Reply:
    """GET /organizations/{org_id}/users."""
    wanted = requested_includes(call, {"groups": None})
    return Reply(listing_of([encode(_shown(call, person, wanted)) for person in call.store["people"]]))


def list_member_names(call: Call) -> Reply:
    """GET /organizations/{org_id}/users-list."""
    names = ("id", "email", "first_name", "last_name", "full_name", "role", "status")
    people = [shown_member(person) for person in call.store["people"]]
    return Reply(single([{name: person[name] for name in names} for person in people]))


def get_member(call: Call) -> Reply:
    """GET /organizations/{org_id}/users/{user_id}."""
    return Reply(single(_shown(call, _member(call), requested_includes(call, {"groups": None, "stats": None}))))


def update_member(call: Call) -> Reply:
    """PUT /organizations/{org_id}/users/{user_id}."""
    person, body = _member(call), call.body
    person |= {name: body[name] for name in (*_PROFILE, "date_format") if name in body}
    return _stored(call, person)


def invite_member(call: Call) -> Reply:
    """POST /organizations/{org_id}/users/invite: who was invited before is invited again."""
    body, people = call.body, call.store["people"]
    if body["role"] == "admin":
        check_administrator(call)
    if not is_address(body["email"]):
        raise Problem("invalid", fields={"email": ["The email must be a valid email address."]})
    known = next((one for one in people if one["email"].lower() == body["email"].lower()), None)
    if known is not None and shown_member(known)["status"] != "invited":
        raise Problem("invalid", fields={"email": ["The email has already been taken."]})
    now = stamp(call.now)
    person = known or {
        "id": next_id(call.store),
        "email": body["email"],
        "username": body["email"].partition("@")[0],
        "timezone": "UTC",
        "created_at": now,
    }
    names = {name: body[name] for name in ("first_name", "last_name", "role")}
    state = {"active": False, "status": "invited", "invited_by": my_number(call)}
    return _stored(call, {**person, **names, **state, "last_updated": now})


def update_role(call: Call) -> Reply:
    """PUT /organizations/{org_id}/users/{user_id}/role."""
    check_administrator(call)
    person = _member(call)
    if call.body["role"] != "admin" and is_only_administrator(call, person):
        raise Problem("last-administrator")
    return _stored(call, {**person, "role": call.body["role"]})


def disable_member(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/users/{user_id}/disable."""
    check_administrator(call)
    person = _member(call)
    if is_only_administrator(call, person):
        raise Problem("last-administrator")
    return _disabled(call, person)


def remove_member(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/users/{user_id}."""
    check_administrator(call)
    person = _member(call)
    if is_only_administrator(call, person):
        raise Problem("last-administrator-removed")
    if call.arguments.get("with_reassignment"):
        heir = person_id(call.store, call.arguments.get("to"))
        if heir is None or str(heir) == person["id"]:
            raise Problem("invalid", fields={"to": ["The selected to is invalid."]})
        replace_owner(call, "users", int(person["id"]), [heir])
    return _disabled(call, person)


def enable_member(call: Call) -> Reply:
    """PUT /organizations/{org_id}/users/{user_id}/enable: the groups have the member again."""
    check_administrator(call)
    person = _member(call)
    number = int(person["id"])
    for group in call.store["groups"]:
        if group["id"] in person.get("_", {}).get("groups", ()) and number not in group["members"]:
            call.store["groups"].put({**group, "members": [*group["members"], number]})
    return _stored(call, {**person, "active": True, "status": "active", "_": {}})


def approve_member(call: Call) -> Reply:
    """PUT /organizations/{org_id}/users/{user_id}/approve."""
    check_administrator(call)
    return _stored(call, {**_member(call), "active": True, "status": "active", "approved_at": stamp(call.now)})


def delete_member(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/users/{user_id}/delete."""
    check_administrator(call)
    person = _member(call)
    if shown_member(person)["status"] != "disabled":
        raise Problem("member-not-disabled")
    call.store["people"].remove(person["id"])
    names = {"email": f"{person['email']}.deleted.{person['id']}", "last_name": f"{person['last_name']} (Deleted)"}
    return Reply(single(shown_member({**person, **names})))


def next_id(store: Store) -> str:
    """Return the id of the next person."""
    return str(1 + max(int(id) for id in store["people"].ids()))


def _member(call: Call) -> Record:
    return find(call, "people", call.arguments["user_id"])


def check_administrator(call: Call) -> None:
    """Raise Problem members-administrators unless the token is an administrator's."""
    if me(call)["role"] != "admin":
        raise Problem("members-administrators")


def is_only_administrator(call: Call, person: Record) -> bool:
    """Whether nobody but this person is an active administrator."""
    administrators = [one["id"] for one in call.store["people"] if one["role"] == "admin" and one["active"]]
    return administrators == [person["id"]]


def _disabled(call: Call, person: Record) -> Reply:
    """Disable a member and take it from its groups, to which it comes back with `enable_member`."""
    number = int(person["id"])
    groups = [group for group in call.store["groups"] if number in group["members"]]
    for group in groups:
        call.store["groups"].put({**group, "members": [id for id in group["members"] if id != number]})
    before = person.get("_", {}).get("groups", [])
    hidden = {"groups": [*before, *(group["id"] for group in groups)]}
    return _stored(call, {**person, "active": False, "status": "disabled", "_": hidden})


def _stored(call: Call, person: Record) -> Reply:
    changed = {**person, "last_updated": stamp(call.now)}
    call.store["people"].put(changed)
    return Reply(single(shown_member(changed)))


def _shown(call: Call, person: Record, wanted: Collection[str]) -> Record:
    served = shown_member(person)
    if "groups" in wanted:
        groups = [group for group in call.store["groups"] if served["id"] in group["members"]]
        served["groups"] = [{"id": group["id"], "name": group["name"]} for group in groups]
    if "stats" in wanted:
        served["stats"] = task_stats(call, "owner", person["id"])
    return served
