"""Tallyfy: guests, whom an address names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from understudy_checks.rules import rule
from understudy_checks.tallyfy.driver import Json, Organization, complete_task, first_organization, launch, run_tasks
from understudy_checks.target.target import Target
from understudy_checks.wording import show

UNKNOWN = "nobody@nowhere.example"


@contextmanager
def guest(org: Organization, email: str = "checked@guest.example", **members: Json) -> Iterator[Json]:
    """Make a guest, and delete it after the block unless that is done."""
    made = org.call("POST", "/guests", {"email": email, **members})
    try:
        yield made
    finally:
        org.send("DELETE", at(email))


def at(email: str) -> str:
    """The path of a guest."""
    return f"/guests/{quote(email, safe='')}"


def task_of(org: Organization, email: str) -> tuple[Json, Json]:
    """Launch a process with a task of a guest; returns both."""
    run = launch(org)
    task = run_tasks(org, run)[0]
    owners = {"users": [], "guests": [email], "groups": []}
    return run, org.call("PUT", f"/runs/{run['id']}/tasks/{task['id']}", {"owners": owners})


@rule("tallyfy.guests.created", "tallyfy.guests.updated", "tallyfy.guests.listed", "tallyfy.guests.names")
def test_a_guest_is_made_and_changed(target: Target) -> None:
    """A guest is made with what is given, listed, and changed in what is given."""
    with target.open() as client:
        org = first_organization(client)
        email = "checked@guest.example"
        names = {"first_name": "Gina", "last_name": "Gast"}
        details = {
            "company_name": "Gast",
            "phone_1": "+1-212",
            "phone_2": "+1-213",
            "timezone": "UTC",
            "status": "new",
            **dict.fromkeys(("company_url", "contact_url", "image_url", "opportunity_url"), "https://g.example/x"),
            "opportunity_name": "Deal",
            "external_sync_source": "salesforce",
            "external_date_creation": "2025-01-01 10:00:00",
        }
        response = org.send("POST", "/guests", json={"email": email, **names, **details})
        assert response.status == 201, f"creating a guest must answer 201, not {response.status}"
        made = org.data_of(response)
        try:
            assert made | {"email": email, **names} == made, f"a guest must have what was given, not {show(made)}"
            assert made["details"] | details == made["details"], f"the rest must be in `details`: {show(made)}"
            listed = [one for one in org.list_all("/guests") if one["email"] == email]
            assert listed == [made] == [org.get(at(email))], f"a guest must be read and listed so, not {show(listed)}"
            short = [one["id"] for one in org.get("/guests-list") if one["email"] == email]
            assert short == [made["id"]], f"the short list must have the guest, not {show(short)}"
            changes: tuple[Json, ...] = (
                *({"first_name": "Gerda"}, {"last_name": "Guest"}, {"phone_1": "+44"}, {"phone_2": "+49"}),
                *(
                    {"company_name": "Other"},
                    {"timezone": "Europe/Rome"},
                    {"associated_members": [org.get("/me")["id"]]},
                ),
            )
            for change in changes:
                before, changed = org.get(at(email)), org.call("PUT", at(email), change)
                wanted = before | {name: value for name, value in change.items() if name in names}
                wanted["details"] = before["details"] | {n: v for n, v in change.items() if n not in names}
                assert changed == wanted, f"{show(change)} must lead to {show(wanted)}, not {show(changed)}"
                assert org.get(at(email)) == changed, "an updated guest must read as it was answered"
            for phone in ("+1", "+2"):
                changed = org.call("PUT", at(email), {"phone": phone})
                assert changed["details"]["phone_1"] == phone, f"`phone` must be the first: {show(changed)}"
        finally:
            org.send("DELETE", at(email))
        with guest(org, phone="+3") as made:
            assert made["details"]["phone_1"] == "+3", f"`phone` must be the first: {show(made)}"


@rule(
    *("tallyfy.guests.email-is-required", "tallyfy.guests.no-member", "tallyfy.guests.once", "tallyfy.guests.lengths"),
)
def test_a_guest_needs_an_address_of_its_own(target: Target) -> None:
    """No address, a wrong one or that of a member makes no guest; a known one makes no second."""
    with target.open() as client:
        org = first_organization(client)
        texts = ("first_name", "last_name", "company_name", "status", "opportunity_name")
        long = {**dict.fromkeys(texts, "t" * 200), **dict.fromkeys(("phone_1", "phone_2"), "1" * 20)}
        with guest(org) as made, guest(org, "long@guest.example", **long):
            before = org.list_all("/guests")
            again = org.call("POST", "/guests", {"email": made["email"]})
            assert again["id"] == made["id"], f"a known guest must be the same, not {show(again['id'])}"
            assert org.list_all("/guests") == before, "a known guest must not be there twice"
            wrong: tuple[Json, ...] = (
                *({"first_name": "Nobody"}, {"email": "no address"}, {"email": org.get("/me")["email"]}),
                *({"email": UNKNOWN, name: f"{value}+"} for name, value in long.items()),
                {"email": UNKNOWN, "external_sync_source": "another"},
            )
            for body in wrong:
                org.assert_refused("POST", "/guests", body, status=422)
            for name in ("first_name", "last_name", "company_name", "phone_1", "phone_2"):
                value = long[name]
                org.assert_refused("PUT", at(made["email"]), {name: f"{value}+"}, status=422)
                org.call("PUT", at(made["email"]), {name: value})
            after = [one["email"] for one in org.list_all("/guests")]
            assert after == [one["email"] for one in before], "a refused guest must not be made"


@rule("tallyfy.guests.stats", "tallyfy.guests.tasks")
def test_the_tasks_of_a_guest_are_counted_and_listed(target: Target) -> None:
    """`stats` counts the tasks of a guest on request; its list has exactly these."""
    with target.open() as client:
        org = first_organization(client)
        with guest(org) as made:
            run, task = task_of(org, made["email"])
            other, done = task_of(org, made["email"])
            for at_run, one, day in ((run, task, "05"), (other, done, "06")):
                due = {"deadline": f"2031-01-{day}T09:00:00Z"}
                org.call("PUT", f"/runs/{at_run['id']}/tasks/{one['id']}", due)
            complete_task(org, other, done)
            assert "stats" not in org.get(at(made["email"])), "`stats` must be asked for"
            listed = next(one for one in org.list_all("/guests", with_="stats") if one["id"] == made["id"])
            for shown in (listed, org.get(at(made["email"]), with_="stats")):
                got = (shown["stats"]["active_tasks"], shown["stats"]["completed_tasks"])
                assert got == (1, 1), f"`stats` must count an active and a completed task, not {got}: {run['id']}"
            for name in (str(made["id"]), made["email"], made["link"].rpartition("/")[2]):
                got_ids = sorted(one["id"] for one in org.list_all(f"/guests/{quote(name, safe='')}/tasks"))
                assert got_ids == sorted((task["id"], done["id"])), f"its tasks must be listed, not {show(got_ids)}"
            for sort, wanted in (("deadline", [task["id"], done["id"]]), ("newest", [done["id"], task["id"]])):
                got_ids = [one["id"] for one in org.list_all(f"/guests/{made['id']}/tasks", sort_by=sort)]
                assert got_ids == wanted, f"`sort_by={sort}` must order: {show(got_ids)}"
            for with_ in ({}, {"with_": "summary"}):
                plain = [("summary" in one) for one in org.list_all(f"/guests/{made['id']}/tasks", **with_)]
                assert plain == [bool(with_)] * 2, f"`with` must include what it names, not {plain}"
            open_only = [one["id"] for one in org.list_all(f"/guests/{made['id']}/tasks", status="incomplete")]
            assert open_only == [task["id"]], f"`status` must filter the tasks, not list {show(open_only)}"


@rule(
    *("tallyfy.guests.disabled", "tallyfy.guests.enabled", "tallyfy.guests.not-with-open-tasks"),
    *("tallyfy.guests.purged", "tallyfy.guests.deleted-only-disabled"),
)
def test_a_guest_is_disabled_enabled_and_deleted_for_good(target: Target) -> None:
    """A guest without open tasks is disabled, enabled with a new link, and deleted for good once disabled."""
    with target.open() as client:
        org = first_organization(client)
        for named in ("id", "email"):
            with guest(org, last_name="Gast") as made:
                path = at(made["email"])
                run, task = task_of(org, made["email"])
                org.assert_refused("DELETE", f"{path}/disable", status=403)
                assert org.get(path)["details"]["disabled_at"] is None, "a refused change must change nothing"
                complete_task(org, run, task)
                off = org.call("DELETE", f"{path}/disable")
                assert off["details"]["disabled_at"], f"a disabled guest must tell it: {show(off)}"
                on = org.call("PUT", f"{path}/enable")
                assert on["details"]["disabled_at"] is None, f"an enabled guest must not be disabled: {show(on)}"
                assert on["link"] != made["link"], "an enabled guest must have another link"
                assert org.get(path) == on, "an enabled guest must read as it was answered"
                id = quote(str(made[named]), safe="")
                org.assert_refused("DELETE", f"/guests/{id}/delete", status=422)
                org.call("DELETE", f"{path}/disable")
                gone = org.call("DELETE", f"/guests/{id}/delete")
                got = (gone["last_name"], gone["email"])
                wanted = ("Gast (Deleted)", f"{made['email']}.deleted.{made['id']}")
                assert got == wanted, f"a guest that is gone must be called {show(wanted)}, not {show(got)}"
                org.assert_missing("GET", path)


@rule("tallyfy.guests.deleted", "tallyfy.guests.deleted-unknown", "tallyfy.guests.unknown-guest")
def test_a_deleted_guest_owns_nothing(target: Target) -> None:
    """A deleted guest is not found and owns no task; an unknown one is refused."""
    with target.open() as client:
        org = first_organization(client)
        with guest(org) as made:
            _, task = task_of(org, made["email"])
            shown = org.call("DELETE", at(made["email"]))
            assert shown["id"] == made["id"], f"the answer must be about the guest, not {show(shown)}"
        owners = org.get(f"/tasks/{task['id']}")["owners"]["guests"]
        assert owners == [], f"a deleted guest must own no task, but {show(owners)} do"
        for email in (made["email"], UNKNOWN):
            org.assert_missing("GET", at(email))
            org.assert_missing("PUT", at(email), {"first_name": "Gina"})
            for method, end in (("DELETE", "/disable"), ("PUT", "/enable")):
                text = org.assert_refused(method, f"{at(email)}{end}", status=404)["message"]
                assert text == f"Guest not found with email: {email}", f"the message must name the guest: {text}"
            org.assert_missing("DELETE", f"{at(email)}/delete")
            org.assert_refused("DELETE", at(email), status=422)


@rule("tallyfy.guests.hourly-limit", needs=("write", "fresh", "advance"))
def test_invitations_are_limited_by_the_hour(target: Target) -> None:
    """An hour has room for 30 guests; the next one answers 429 until the wait is over."""
    with target.open() as client:
        org = first_organization(client)
        once, path = client.without_retries(), f"/organizations/{org.id}/guests"
        bodies = [{"email": f"g{number}@limit.example"} for number in range(31)]
        answers = [once.send("POST", path, json=body, key=org.key) for body in bodies]
        statuses = [response.status < 300 for response in answers]
        assert statuses == [True] * 30 + [False], f"30 of 31 guests must be accepted, not {show(statuses)}"
        got = (answers[-1].status, answers[-1].json().get("code"))
        assert got == (429, "RATE_LIMIT_EXCEEDED"), f"the 31st guest must answer 429 with its code, not {show(got)}"
        wait = int(answers[-1].header("retry-after") or 0)
        assert 1 <= wait <= 3600, f"the wait must be 1 to 3600 seconds, not {wait}"
        client.advance(wait)
        after = org.send("POST", "/guests", json={"email": "after@limit.example"})
        assert after.status < 300, f"a guest after the wait must be accepted, not answer {after.status}"
