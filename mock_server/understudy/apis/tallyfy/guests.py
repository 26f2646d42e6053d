"""The operations on Tallyfy's guests, whom an address names.

Sources: Guests > *, the official clients.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from understudy.apis.tallyfy.envelope import single
from understudy.apis.tallyfy.includes import requested_includes
from understudy.apis.tallyfy.owners import owned_tasks, replace_owner, task_stats
from understudy.apis.tallyfy.people import is_address
from understudy.apis.tallyfy.records import listing_of, my_number, number, stamp
from understudy.engine.call import Call, Reply
from understudy.engine.ids import HEX
from understudy.engine.problem import Problem
from understudy.engine.store import Record, encode

_DETAILS = (
    *("status", "phone_1", "phone_2", "timezone", "image_url", "contact_url", "company_url", "opportunity_url"),
    *("company_name", "opportunity_name", "external_sync_source", "external_date_creation", "associated_members"),
)
_UPDATED = ("phone_1", "phone_2", "timezone", "company_name", "associated_members")
_STATE = ("disabled_at", "disabled_by", "reactivated_at", "reactivated_by")
_OPEN = ("not-started", "in-progress")


def list_guests(call: Call) -> Reply:
    """GET /organizations/{org_id}/guests."""
    wanted = requested_includes(call, {"stats": None})
    return Reply(listing_of([encode(shown_guest(call, guest, wanted)) for guest in call.store["guests"]]))


def list_guest_names(call: Call) -> Reply:
    """GET /organizations/{org_id}/guests-list."""
    names = ("id", "email", "first_name", "last_name", "link")
    shown = [shown_guest(call, guest) for guest in call.store["guests"]]
    return Reply(single([{name: guest[name] for name in names} for guest in shown]))


def create_guest(call: Call) -> Reply:
    """POST /organizations/{org_id}/guests."""
    email = call.body["email"]
    if not is_address(email):
        raise Problem("invalid", fields={"email": ["The email must be a valid email address."]})
    if any(person["email"].lower() == email.lower() for person in call.store["people"]):
        raise Problem("invalid", fields={"email": ["The email belongs to a member."]})
    guest = call.store["guests"].get(email.lower()) or new_guest(
        email, number(call.store, "guests"), call.ids.take(32, HEX), stamp(call.now)
    )
    return _changed(call, guest, _DETAILS)


def get_guest(call: Call) -> Reply:
    """GET /organizations/{org_id}/guests/{guest_email}."""
    return Reply(single(shown_guest(call, the_guest(call), requested_includes(call, {"stats": None}))))


def update_guest(call: Call) -> Reply:
    """PUT /organizations/{org_id}/guests/{guest_email}."""
    return _changed(call, the_guest(call), _UPDATED)


def delete_guest(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/guests/{guest_email}."""
    guest = call.store["guests"].get(call.arguments["guest_email"].lower())
    if guest is None:
        raise Problem("invalid", fields={"guest_email": ["The selected guest email is invalid."]})
    return _removed(call, {**guest, "deleted_at": stamp(call.now)})


def disable_guest(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/guests/{guest_email}/disable."""
    guest = the_guest(call)
    if any(task["status"] in _OPEN and not task["archived_at"] for task in owned_tasks(call, "guest", guest["email"])):
        raise Problem("guest-has-tasks")
    return _with_state(call, guest, disabled_at=stamp(call.now), disabled_by=my_number(call))


def enable_guest(call: Call) -> Reply:
    """PUT /organizations/{org_id}/guests/{guest_email}/enable: the guest gets another link."""
    guest = {**the_guest(call), "code": call.ids.take(32, HEX)}
    now, by = stamp(call.now), my_number(call)
    return _with_state(call, guest, disabled_at=None, disabled_by=None, reactivated_at=now, reactivated_by=by)


def purge_guest(call: Call) -> Reply:
    """DELETE /organizations/{org_id}/guests/{guest_id}/delete."""
    guest = guest_named(call, call.arguments["guest_id"])
    if guest["details"]["disabled_at"] is None:
        raise Problem("guest-not-disabled")
    names = {
        "email": f"{guest['email']}.deleted.{guest['number']}",
        "last_name": f"{guest['last_name'] or ''} (Deleted)".strip(),
        "deleted_at": stamp(call.now),
    }
    _removed(call, guest)
    return Reply(single(shown_guest(call, {**guest, **names})))


def guest_named(call: Call, name: str) -> Record:
    """Find a guest by number, address or the code of the link; raises Problem not-found."""
    for guest in call.store["guests"]:
        if name.lower() in (str(guest["number"]), guest["id"], guest["code"]):
            return guest
    raise Problem("not-found")


def new_guest(email: str, number: int, code: str, created: str) -> Record:
    """Return a guest with default members."""
    return {
        "id": email.lower(),
        "number": number,
        "email": email,
        "first_name": None,
        "last_name": None,
        "created_at": created,
        "deleted_at": None,
        "code": code,
        "details": dict.fromkeys((*_DETAILS, *_STATE)),
    }


def the_guest(call: Call) -> Record:
    """Find the guest whose address is in the path; raises Problem unknown-guest."""
    guest = call.store["guests"].get(call.arguments["guest_email"].lower())
    if guest is None:
        raise Problem("unknown-guest", f"Guest not found with email: {call.arguments['guest_email']}")
    return guest


def _changed(call: Call, guest: Record, details: Sequence[str]) -> Reply:
    """Store a guest with those of the details that the body gives, and answer it."""
    body = call.body
    given = {"phone_1": body["phone"]} if "phone" in body else {}
    given |= {name: body[name] for name in details if name in body}
    names = {name: body[name] for name in ("first_name", "last_name") if name in body}
    return _stored(call, {**guest, **names, "details": {**guest["details"], **given}})


def _with_state(call: Call, guest: Record, **state: object) -> Reply:
    return _stored(call, {**guest, "details": {**guest["details"], **state}})


def _stored(call: Call, guest: Record) -> Reply:
    call.store["guests"].put(guest)
    return Reply(single(shown_guest(call, guest)))


def _removed(call: Call, guest: Record) -> Reply:
    """Remove a guest and take it from its tasks and groups."""
    replace_owner(call, "guests", guest["email"], [])
    for group in call.store["groups"]:
        call.store["groups"].put({**group, "guests": [email for email in group["guests"] if email != guest["email"]]})
    call.store["guests"].remove(guest["id"])
    return Reply(single(shown_guest(call, guest)))


def shown_guest(call: Call, guest: Record, wanted: Collection[str] = ()) -> Record:
    """Return the served form of a guest, with its stats if they are wanted."""
    served = {name: value for name, value in guest.items() if name not in ("number", "code")}
    link = f"https://go.tallyfy.com/{call.credential.tenant}/guest/{guest['code']}"
    nowhere = dict.fromkeys(("last_accessed_at", "last_known_ip", "last_known_country"))
    stats = {"stats": task_stats(call, "guest", guest["email"])} if "stats" in wanted else {}
    return {**served, "id": guest["number"], **nowhere, "link": link, **stats}
