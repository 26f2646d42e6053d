"""Mutants of Tallyfy's members and guests."""

from __future__ import annotations

from collections.abc import Callable

from understudy.engine.call import Call, Handler, Reply
from understudy.engine.problem import Problem
from understudy.engine.store import encode
from understudy_checks.mutation import Table
from understudy_checks.mutation.operators import (
    accept_when,
    drop_members,
    ignore_body,
    ignore_query,
    map_answer,
    map_list,
    optional_body,
    patch_document,
    replace_handler,
    set_members,
    set_status,
)

INVITATION, NEW_GUEST = "/components/schemas/Invitation", "/components/schemas/NewGuest"
ROLE = "/paths/~1organizations~1{org_id}~1users~1{user_id}~1role/put/requestBody/content/application~1json/schema"


def keeps(collection: str, parameter: str) -> Callable[[Handler, Call], Reply]:
    """A handler that puts a record back after the call."""

    def answer(handler: Handler, call: Call) -> Reply:
        record = call.store[collection].get(str(call.arguments[parameter]).lower())
        reply = handler(call)
        if record is not None:
            call.store[collection].put(record)
        return reply

    return answer


def _as_administrator(handler: Handler, call: Call) -> Reply:
    """Act as if everybody were an administrator."""
    people = call.store["people"]
    me = people.require(call.credential.subject)
    people.put({**me, "role": "admin"})
    try:
        return handler(call)
    finally:
        now = people.get(me["id"])
        if now is not None:
            people.put({**now, "role": me["role"]} if now["role"] == "admin" else now)


def _keep_the_groups(handler: Handler, call: Call) -> Reply:
    groups = list(call.store["groups"])
    reply = handler(call)
    for group in groups:
        call.store["groups"].put(group)
    return reply


def _stay_active(handler: Handler, call: Call) -> Reply:
    reply = handler(call)
    person = call.store["people"].require(call.arguments["user_id"])
    call.store["people"].put({**person, "active": True})
    return reply


def _first_member(call: Call) -> Reply:
    person = next(iter(call.store["people"]))
    return Reply(encode({"data": {**person, "id": int(person["id"]), "status": "disabled"}}))


def _first_guest(call: Call) -> Reply:
    guest = next(iter(call.store["guests"]))
    return Reply(encode({"data": {**guest, "id": guest["number"], "link": "https://guest.example/"}}))


def _disable_with_tasks(handler: Handler, call: Call) -> Reply:
    try:
        return handler(call)
    except Problem as problem:
        if problem.kind != "guest-has-tasks":
            raise
        return _first_guest(call)


def _a_second_guest(handler: Handler, call: Call) -> Reply:
    """Create a guest although there is one with this address."""
    email = call.body["email"].lower()
    known = call.store["guests"].get(email)
    if known is None:
        return handler(call)
    call.store["guests"].put({**known, "id": f"{email} ", "number": known["number"] + 500})
    return handler(call)


def _keep_the_tasks(handler: Handler, call: Call) -> Reply:
    tasks = list(call.store["tasks"])
    reply = handler(call)
    for task in tasks:
        call.store["tasks"].put(task)
    return reply


def _refuse_numbers(handler: Handler, call: Call) -> Reply:
    if str(call.arguments["guest_id"]).isdigit():
        raise Problem("unknown-guest")
    return handler(call)


MUTANTS: Table = {
    "members.listed": {
        "The last member is not listed.": map_list("listMembers", lambda call, rows: rows[:-1]),
        "A listed member has another role.": map_list(
            "listMembers", lambda call, rows: [{**row, "role": "guest"} for row in rows]
        ),
    },
    "members.names": {
        "The short list has no first member.": map_answer(
            "listMemberNames", lambda call, body: {"data": body["data"][1:]}
        )
    },
    "members.groups": {
        "`with` is ignored by the list of members.": ignore_query("listMembers", "with"),
        "A member always shows groups.": set_members("getMember", groups=[]),
    },
    "members.stats": {
        "A member shows no counts.": drop_members("getMember", "stats"),
        "A member has completed nothing.": map_answer(
            "getMember",
            lambda call, body: (
                {"data": {**body["data"], "stats": {"active_tasks": 0, "completed_tasks": 0}}}
                if "stats" in body["data"]
                else body
            ),
        ),
    },
    "members.updated": {
        "An update of a member ignores the title of the job.": ignore_body("updateMember", "job_title"),
        "The full name does not follow.": set_members("updateMember", full_name="Nora Quist"),
    },
    "members.unknown-member": {
        "An unknown member is answered as another.": accept_when("getMember", "not-found", _first_member)
    },
    "members.invited": {
        "An invitation is answered 201.": set_status("inviteMember", 201),
        "Who is invited is active.": set_members("inviteMember", status="active"),
    },
    "members.invitation-required": {
        "An invitation needs no message.": optional_body("inviteMember", INVITATION, message="Welcome"),
        "An invitation may have any role.": patch_document(f"{INVITATION}/properties/role", {"type": "string"}),
    },
    "members.invitation-lengths": {
        "A first name may have 31 characters.": patch_document(f"{INVITATION}/properties/first_name/maxLength", 31),
        "A message may have 5001 characters.": patch_document(f"{INVITATION}/properties/message/maxLength", 5001),
    },
    "members.invited-already": {
        "A member can be invited again.": accept_when("inviteMember", "invalid", _first_member)
    },
    "members.invited-administrator": {
        "Anybody can invite an administrator.": replace_handler("inviteMember", _as_administrator)
    },
    "members.only-administrators": {
        "Anybody can change a role.": replace_handler("updateMemberRole", _as_administrator),
        "Anybody can delete a member.": accept_when("deleteMember", "members-administrators", _first_member),
    },
    "members.role": {
        "A role stays.": replace_handler("updateMemberRole", keeps("people", "user_id")),
        "Any role is accepted.": patch_document(f"{ROLE}/properties/role", {"type": "string"}),
    },
    "members.disabled": {
        "A disabled member stays in its groups.": replace_handler("disableMember", _keep_the_groups),
        "A disabled member is not shut out.": replace_handler("disableMember", _stay_active),
    },
    "members.last-administrator": {
        "The only administrator can be disabled.": accept_when("disableMember", "last-administrator", _first_member),
        "The only administrator can be removed.": accept_when(
            "removeMember", "last-administrator-removed", _first_member
        ),
    },
    "members.enabled": {
        "An enabled member is in no group.": replace_handler("enableMember", _keep_the_groups),
        "An enabled member stays shut out.": replace_handler("enableMember", keeps("people", "user_id")),
    },
    "members.approved": {
        "Who is approved stays invited.": replace_handler("approveMember", keeps("people", "user_id"))
    },
    "members.deleted": {
        "A deleted member stays.": replace_handler("deleteMember", keeps("people", "user_id")),
        "A deleted member is called as before.": set_members("deleteMember", last_name="Quist"),
    },
    "members.deleted-only-disabled": {
        "An active member can be deleted.": accept_when("deleteMember", "member-not-disabled", _first_member)
    },
    "members.removed": {
        "A removed member has the status active.": set_members("removeMember", status="active"),
        "A removed member is not shut out.": replace_handler("removeMember", _stay_active),
    },
    "members.reassigned": {
        "The tasks of a removed member stay.": replace_handler("removeMember", _keep_the_tasks),
        "Nobody has to be named for the tasks.": accept_when("removeMember", "invalid", _first_member),
    },
    "guests.listed": {"The last guest is not listed.": map_list("listGuests", lambda call, rows: rows[:-1])},
    "guests.names": {
        "The short list of guests is empty.": map_answer("listGuestNames", lambda call, body: {"data": []})
    },
    "guests.stats": {
        "A guest shows no counts.": drop_members(("getGuest", "listGuests"), "stats"),
        "A guest always shows counts.": set_members("getGuest", stats={"active_tasks": 1, "completed_tasks": 1}),
    },
    "guests.tasks": {
        "`status` is ignored in the list of a guest's tasks.": ignore_query("listGuestTasks", "status"),
        "A guest's list has the first task only.": map_list("listGuestTasks", lambda call, rows: rows[:1]),
    },
    "guests.created": {
        "A new guest is answered 200.": set_status("createGuest", 200),
        "A new guest has no company.": ignore_body("createGuest", "company_name"),
    },
    "guests.email-is-required": {
        "A guest may have any address.": accept_when("createGuest", "invalid", _first_guest),
        "A guest needs no address.": optional_body("createGuest", NEW_GUEST, email="a@guest.example"),
    },
    "guests.no-member": {
        "A member can be a guest.": accept_when(
            "createGuest", "invalid", _first_guest, when=lambda call: call.body["email"].endswith("acme.example")
        )
    },
    "guests.once": {"A guest can be there twice.": replace_handler("createGuest", _a_second_guest)},
    "guests.lengths": {
        "A first name may have 199 characters.": patch_document(f"{NEW_GUEST}/properties/first_name/maxLength", 199),
        "A phone number may have 21 characters.": patch_document(f"{NEW_GUEST}/properties/phone_1/maxLength", 21),
    },
    "guests.updated": {
        "An update of a guest ignores the company.": ignore_body("updateGuest", "company_name"),
        "An update of a guest changes the address.": set_members("updateGuest", email="other@guest.example"),
    },
    "guests.unknown-guest": {
        "An unknown guest is answered as another.": accept_when("getGuest", "unknown-guest", _first_guest)
    },
    "guests.deleted": {
        "A deleted guest stays.": replace_handler("deleteGuest", keeps("guests", "guest_email")),
        "A deleted guest keeps its tasks.": replace_handler("deleteGuest", _keep_the_tasks),
    },
    "guests.deleted-unknown": {
        "Deleting an unknown guest is answered 200.": accept_when("deleteGuest", "invalid", _first_guest)
    },
    "guests.disabled": {
        "A disabled guest is as before.": replace_handler("disableGuest", keeps("guests", "guest_email")),
        "A disabled guest does not tell it.": map_answer(
            "disableGuest",
            lambda call, body: {"data": {**body["data"], "details": {**body["data"]["details"], "disabled_at": None}}},
        ),
    },
    "guests.not-with-open-tasks": {
        "A guest with open tasks can be disabled.": replace_handler("disableGuest", _disable_with_tasks)
    },
    "guests.enabled": {
        "An enabled guest has the same link.": replace_handler("enableGuest", keeps("guests", "guest_email")),
        "An enabled guest is answered as disabled.": map_answer(
            "enableGuest",
            lambda call, body: {
                "data": {**body["data"], "details": {**body["data"]["details"], "disabled_at": "2026-01-01T00:00:00Z"}}
            },
        ),
    },
    "guests.purged": {
        "A guest that is deleted for good is called as before.": set_members("purgeGuest", last_name="Gast"),
        "A guest cannot be deleted for good by its number.": replace_handler(
            "purgeGuest",
            _refuse_numbers,
        ),
    },
    "guests.deleted-only-disabled": {
        "A guest that is not disabled can be deleted for good.": accept_when(
            "purgeGuest", "guest-not-disabled", _first_guest
        )
    },
}
