"""A folder as a user writes one: each operation of `clinic/` is called, and answers as its document says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from own_document import Served
from understudy.apis import own
from understudy.engine.exchange import Response

FOLDER = Path(__file__).parent / "clinic"
WOLF = "5f0c1a52-3f4e-4a3a-9a55-6d1f1a5f2f10"
FORM = {"content_type": "application/x-www-form-urlencoded"}
MULTIPART = {"content_type": "multipart/form-data; boundary=b"}
PHOTO = (
    b'--b\r\nContent-Disposition: form-data; name="title"\r\n\r\nSide\r\n'
    b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    b"\x89PNG\r\n--b--\r\n"
)


class Clinic(NamedTuple):
    """The clinic, served, with what its callers know."""

    served: Served
    keys: dict[str, str]

    def send(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        """One request with the clinic's key; an answer that differs from the document would be a 500."""
        response = self.served.send(method, f"/v2/clinic{target}", body, **{"x_clinic_key": "any", **headers})
        journal = self.served.worlds.default.journal
        assert response.status < 500, journal.find(journal.count)
        return response

    def ok(self, method: str, target: str, body: Any = None, **headers: str) -> Any:
        """The decoded answer of a request that succeeds."""
        response = self.send(method, target, body, **headers)
        assert response.status < 300, (method, target, response)
        return response.json() if "json" in (response.header("content-type") or "") else response.body

    def refused(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """The status and the code of a refusal."""
        response = self.send(method, target, body, **headers)
        return response.status, response.json()["error"]["code"]


@pytest.fixture
def clinic(monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """The folder, served with its seed and its handlers."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    api, notices = own.declare(own.given(FOLDER, "clinic"))
    served = Served(api, notices, checked=True)
    return Clinic(served, served.worlds.access_info(served.worlds.default, "clinic")["credentials"])


def test_nothing_is_wrong_in_the_folder(clinic: Clinic) -> None:
    """What is not understood is told once; callbacks are all of it."""
    assert clinic.served.texts() == ["callbacks are not sent"]
    assert len(clinic.served.api.contract.operations) == 44


def test_owners_are_kept(clinic: Clinic) -> None:
    """Pages by number with links, a soft deletion, unique addresses, and the status that the operation documents."""
    page = clinic.send("GET", "/owners?per_page=2&q=N")
    assert (page.json()["total"], 'rel="first"' in (page.header("link") or "")) == (9, True)
    made = clinic.ok("POST", "/owners", {"name": "Eve", "email": "eve@mail.example", "password": "secret-word"})
    assert (made["vip"], "password" in made) == (False, False)
    one = f"/owners/{made['id']}"
    assert clinic.refused("POST", "/owners", {"name": "Eve", "email": "eve@mail.example"}) == (409, "conflict")
    assert clinic.refused("POST", "/owners", {"name": "Eve", "email": "no address"}) == (422, "invalid")
    assert clinic.refused("POST", "/owners", {"name": "E", "email": "e@e.example", "balance": -1000}) == (
        422,
        "invalid",
    )
    assert clinic.refused("GET", "/owners", x_request_id="no uuid") == (400, "invalid")
    patch = b'{"phone": null}'
    assert clinic.ok("PATCH", one, patch, content_type="application/merge-patch+json").get("phone", "gone") == "gone"
    assert clinic.ok("PUT", one, {"name": "Eve B", "email": "eve@mail.example"})["name"] == "Eve B"
    clinic.ok("DELETE", one)
    assert clinic.refused("GET", one) == (404, "not-found")


def test_pets_are_what_their_kind_says(clinic: Clinic) -> None:
    """Each has the defaults of its own branch, and is refused by that; lists filter, and include what belongs to it."""
    bird = clinic.ok("POST", "/owners/own_bob/pets", {"kind": "bird", "name": "Koko", "wingspan": 30})
    dog = clinic.ok("POST", "/owners/own_bob/pets", {"kind": "dog", "name": "Bello"})
    assert ("trained" in bird, dog["trained"]) == (False, False)
    for wrong in (
        {"kind": "bird", "name": "K"},
        {"kind": "fish", "name": "K"},
        {"kind": "dog", "name": "", "weight": 0},
    ):
        assert clinic.refused("POST", "/owners/own_bob/pets", wrong) == (400, "invalid")
    assert [one["kind"] for one in clinic.ok("GET", "/owners/own_bob/pets")] == ["dog", "bird", "cat"]
    assert {one["kind"] for one in clinic.ok("GET", "/pets?kind=bird&kind=cat")} == {"bird", "cat"}
    assert clinic.refused("GET", "/pets?kind=fish") == (400, "invalid")
    assert clinic.ok("GET", "/pets/7?expand=owner,visits")["owner"]["name"] == "Ann"
    assert clinic.ok("PATCH", "/pets/7", {"born": None})["born"] is None
    assert clinic.refused("PATCH", "/pets/7", {}) == (400, "invalid")
    visit = clinic.ok("POST", "/pets/7/visits", {"reason": "Check", "findings": {"ear": "fine"}})
    assert clinic.ok("GET", "/pets/7/visits")[-1] == clinic.ok("GET", f"/pets/7/visits/{visit['number']}") == visit
    assert clinic.refused("GET", f"/pets/8/visits/{visit['number']}") == (404, "not-found")
    assert clinic.ok("DELETE", "/pets/7") == {"id": 7, "removed": True}


def test_pictures_are_taken_as_forms_and_bytes(clinic: Clinic) -> None:
    """A form in parts makes a photo, bytes replace its content, and the answer is a picture."""
    made = clinic.ok("POST", "/pets/7/photos", PHOTO, **MULTIPART)
    assert (made["title"], clinic.ok("GET", f"/photos/{made['id']}")) == ("Side", made)
    assert clinic.ok("GET", f"/photos/{made['id']}/content").startswith(b"\x89PNG")
    clinic.ok("PUT", f"/photos/{made['id']}/content", b"\0", content_type="application/octet-stream")
    assert clinic.refused("POST", "/pets/7/photos", {"title": "Side"})[0] == 415


def test_a_vet_is_hired_with_two_credentials(clinic: Clinic) -> None:
    """One alone is not enough; a list goes on after the last one; the PIN is never answered."""
    new = {"name": "Dr. Hahn", "skill": "birds", "pin": "1234"}
    assert clinic.refused("POST", "/vets", new) == (401, "missing-credential")
    hired = clinic.ok("POST", "/vets", new, authorization="Bearer any")
    assert clinic.ok("GET", f"/vets/{hired['vet_id']}") == {
        "vet_id": hired["vet_id"],
        "name": "Dr. Hahn",
        "skill": "birds",
    }
    first = clinic.ok("GET", "/vets?limit=3&skills=birds%7Cgeneral")
    assert (len(first["vets"]), first["after"]) == (3, None)


def test_an_appointment_goes_through_its_states(clinic: Clinic) -> None:
    """By operations, by commands and by time."""
    new = {"pet_id": 7, "vet_id": WOLF, "starts_at": "2026-04-08T10:00:00Z", "note": None}
    one = f"/appointments/{clinic.ok('POST', '/appointments', new)['id']}"
    assert clinic.refused("POST", "/appointments", {**new, "pet_id": 999}) == (400, "invalid")
    assert clinic.refused("POST", f"{one}/commands", {"do": "arrive"}) == (409, "conflict")
    assert clinic.ok("PATCH", one, {"note": "papers"})["note"] == "papers"
    assert clinic.ok("POST", f"{one}/confirm")["state"] == "confirmed"
    assert [clinic.ok("POST", f"{one}/commands", {"do": do})["state"] for do in ("arrive", "finish")] == [
        "waiting",
        "done",
    ]
    assert clinic.ok("POST", "/appointments/apt-000002/cancel")["state"] == "cancelled"
    assert clinic.ok("GET", f"{one}/calendar.ics").startswith(b"BEGIN:VCALENDAR")
    page = clinic.ok("GET", "/appointments?state=requested,done&size=1&sort=starts_at&direction=desc")
    assert (page["more"], "cursor=" in page["links"]["next"]) == (True, True)
    clinic.served.worlds.advance(clinic.served.worlds.default, 86_400)
    assert clinic.ok("GET", "/appointments/apt-000001")["state"] == "lapsed"


def test_handlers_do_what_is_about_several_records(clinic: Clinic) -> None:
    """An invoice is added up, paid once by a form, and counted."""
    lines = [{"text": "a", "price": 10.01, "discount": "staff"}, {"text": "b", "price": 5, "discount": 0.2}]
    made = clinic.ok("POST", "/invoices", {"owner_id": "own_ann", "lines": lines})
    one = f"/invoices/{made['id']}"
    assert clinic.refused("POST", "/invoices", {"owner_id": "own_ann", "lines": []}) == (400, "invalid")
    assert clinic.refused("POST", f"{one}/payments", b"amount=1&method=cash", **FORM) == (409, "conflict")
    assert clinic.refused("POST", f"{one}/payments", b"amount=0&method=cash", **FORM) == (400, "invalid")
    paid = clinic.ok("POST", f"{one}/payments", f"amount={made['total']}&method=card&notes=a&notes=b".encode(), **FORM)
    assert (paid["paid"], paid["paid_with"]) == (True, "card")
    assert clinic.ok("GET", "/invoices?paid=true&above=1")["items"] == [clinic.ok("GET", one)]
    assert clinic.ok("GET", f"{one}/document").startswith(b"%PDF")
    assert clinic.ok("GET", "/statistics") == {"pets": 3, "unpaid": 40}
    clinic.ok("DELETE", one)


def test_a_report_comes_later(clinic: Clinic) -> None:
    """A 202, and after a minute the file."""
    made = clinic.ok("POST", "/reports", {"kind": "visits", "month": "2026-03"})
    clinic.served.worlds.advance(clinic.served.worlds.default, 65)
    assert clinic.ok("GET", f"/reports/{made['id']}")["url"].endswith(f"{made['id']}.csv")


def test_what_is_no_resource_is_answered_by_examples(clinic: Clinic) -> None:
    """Parameters in all styles are checked; the answers fit their schemas."""
    assert clinic.ok("GET", "/species/;codes=canis,felis")["code"] == "canis"
    near = "/branches?near=%7B%22lat%22:1,%22lon%22:2%7D"
    assert clinic.ok("GET", f"{near}&open[from]=2026-01-01")[0]["name"] == "Harbour"
    for wrong in ("/branches", "/branches?near=x", f"{near}&open[from]=soon", f"{near}&open[x]=1"):
        assert clinic.refused("GET", wrong) == (400, "invalid")
    assert clinic.refused("POST", "/sessions") == (401, "missing-credential")
    assert clinic.send("POST", "/sessions", authorization="Basic YTpi").header("set-cookie") == "session=abc"
    assert clinic.ok("GET", "/sessions", cookie="session=abc", x_branch="3")["branch"] == 3
    assert clinic.refused("GET", "/sessions", cookie="session=abc") == (400, "invalid")
    assert clinic.ok("GET", "/health", x_clinic_key="") == b"up"
