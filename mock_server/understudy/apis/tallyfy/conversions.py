"""Guests of a Tallyfy organization that become members, and members that become guests.

Sources: the official clients.
"""

from __future__ import annotations

from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.guests import new_guest, shown_guest, the_guest
from understudy.apis.tallyfy.members import check_administrator, is_only_administrator, next_id
from understudy.apis.tallyfy.owners import replace_owner
from understudy.apis.tallyfy.people import shown_member
from understudy.apis.tallyfy.records import find, my_number, number, stamp
from understudy.engine.call import Call, Reply
from understudy.engine.ids import HEX
from understudy.engine.problem import Problem


def convert_guest(call: Call) -> Reply:
    """POST /organizations/{org_id}/guests/{guest_email}/to/member."""
    guest, now = the_guest(call), stamp(call.now)
    person = {
        "id": next_id(call.store),
        "email": guest["email"],
        "username": guest["email"].partition("@")[0],
        "timezone": guest["details"]["timezone"] or "UTC",
        "created_at": now,
        "first_name": guest["first_name"] or "",
        "last_name": guest["last_name"] or "",
        "role": call.assumed("tallyfy.guests.converted-role"),
        "active": True,
        "status": "active",
        "invited_by": my_number(call),
        "last_updated": now,
    }
    call.store["people"].put(person)
    _pass_on(call, "guests", guest["email"], "members", int(person["id"]))
    call.store["guests"].remove(guest["id"])
    return Reply(single(shown_member(person)))


def convert_member(call: Call) -> Reply:
    """PUT /organizations/{org_id}/users/{user_id}/to/guest."""
    check_administrator(call)
    person = find(call, "people", call.arguments["user_id"])
    if is_only_administrator(call, person):
        raise Problem("last-administrator")
    guest = new_guest(person["email"], number(call.store, "guests"), call.ids.take(32, HEX), stamp(call.now))
    guest |= {"first_name": person["first_name"], "last_name": person["last_name"]}
    call.store["guests"].put(guest)
    _pass_on(call, "members", int(person["id"]), "guests", guest["email"])
    call.store["people"].remove(person["id"])
    return Reply(single(shown_guest(call, guest)))


def _pass_on(call: Call, kind: str, id: int | str, other: str, as_id: int | str) -> None:
    """Give the tasks and groups of a guest or a member to the same person under another id, or to nobody."""
    keeps = call.assumed("tallyfy.guests.converted-tasks") == "kept"
    if kind == "guests":
        replace_owner(call, "guests", id, [as_id] if keeps else [])
    else:
        replace_owner(call, "users", id, [], guests=[str(as_id)] if keeps else [])
    for group in [group for group in call.store["groups"] if id in group[kind]]:
        left = {kind: [one for one in group[kind] if one != id]}
        more = {other: [*group[other], as_id]} if keeps else {}
        call.store["groups"].put({**group, **left, **more})
