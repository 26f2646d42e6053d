"""Mutants of Tallyfy's guests that become members, and members that become guests."""

from __future__ import annotations

from understudy.engine.call import Call, Json
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import on_success, replace_handler
from understudy_checks.tallyfy.mutants.members import keeps


def _no_member(call: Call, person: Json) -> None:
    call.store["people"].remove(str(person["id"]))


def _nameless_member(call: Call, person: Json) -> None:
    call.store["people"].put({**call.store["people"].require(str(person["id"])), "last_name": ""})


def _no_guest(call: Call, guest: Json) -> None:
    call.store["guests"].remove(guest["email"].lower())


def _nameless_guest(call: Call, guest: Json) -> None:
    call.store["guests"].put({**call.store["guests"].require(guest["email"].lower()), "first_name": None})


MUTANTS: Table = {
    "guests.to-member": {
        "A guest that becomes a member stays a guest.": replace_handler("convertGuest", keeps("guests", "guest_email")),
        "A guest that becomes a member is nobody.": on_success("convertGuest", _no_member),
        "A guest that becomes a member has no last name.": on_success("convertGuest", _nameless_member),
    },
    "members.to-guest": {
        "A member that becomes a guest stays a member.": replace_handler("convertMember", keeps("people", "user_id")),
        "A member that becomes a guest is nobody.": on_success("convertMember", _no_guest),
        "A member that becomes a guest has no first name.": on_success("convertMember", _nameless_guest),
    },
}
