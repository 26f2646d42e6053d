"""Any session on the mock, written in any format, imported and replayed, gives no difference; a changed value one.

An id or a token that is first seen in the changed answer can be any: such values are not changed.
"""

from __future__ import annotations

import json
import os
import random  # noqa: TID251 - a test's own choices, the same for the same seed
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

from pets import declared
from sessions import VENDORS, Session, everything
from understudy.apis.control import declare as control
from understudy.document.pointer import at, find
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.exchange import Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.recording import files, journal
from understudy.recording.names import is_id, is_token, time_of
from understudy.recording.picked import Picker
from understudy.recording.play import Played, play
from understudy.recording.prepare import began, given_ids, prepare
from understudy.recording.recorded import Recorded
from understudy.recording.targets import MockTarget
from understudy_checks.target import installed

NOW = 1_775_556_000_000
EXAMPLES = 50 if os.environ.get("UNDERSTUDY_DEEP") == "1" else 1
FEW = settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 10**6)
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a fixture, which no failure needs


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """A user's document."""
    return declared(tmp_path_factory.mktemp("pets"))


def of_vendors(seed: int, count: int) -> list[Recorded]:
    """A random session with the built-in APIs, good and bad requests, while time passes."""
    worlds = everything(NOW)
    session = Session(worlds.default, seed)
    while len(worlds.default.journal) < count:
        sent = session.any_request(spoil=0.3)
        if sent.api in VENDORS:
            worlds.advance(worlds.default, session.random.choice((0, 0, 1, 60, 4000)))
            session.send(sent)
    return masked(worlds)


def of_pets(api: Api, seed: int, count: int) -> list[Recorded]:
    """A random session with the pets."""
    chosen, worlds = random.Random(seed), pet_worlds(api, NOW)
    app = App(worlds)
    ((_, key),) = worlds.default.credentials
    for _ in range(count):
        owner, pet = chosen.randrange(1, 4), chosen.randrange(1, 6)
        body = {"name": chosen.choice(["Tom", "x" * 30, "Rex", 5]), "kind": chosen.choice(["cat", "dog", "cow"])}
        method, path = chosen.choice(
            [("POST", "/owners"), ("GET", "/owners"), ("GET", f"/owners/{owner}"), ("GET", f"/owners/{owner}/pets")]
            + [("POST", f"/owners/{owner}/pets"), ("PUT", f"/owners/{owner}/pets/{pet}")]
            + [("GET", f"/owners/{owner}/pets/{pet}"), ("DELETE", f"/owners/{owner}/pets/{pet}"), ("PATCH", "/nope")]
        )
        content = json.dumps({**body, "owner_id": owner}).encode() if method in ("POST", "PUT") else b""
        fields = ((b"x-key", chosen.choice([key, key, key, "bad"]).encode()), (b"content-type", b"application/json"))
        call(app, Request(method, f"/v1{path}", "", fields, content))
        worlds.advance(worlds.default, chosen.choice((0, 1, 60)))
    return masked(worlds)


def pet_worlds(api: Api, now: int) -> Worlds:
    """Worlds of the pets, without anything in them."""
    return Worlds([api, control], seeds={api.name: None}, clock=Clock(now, frozen=True))


def masked(worlds: Worlds) -> list[Recorded]:
    """The journal of the default world as a recording."""
    exchanges = map(worlds.server.mask.whole, worlds.default.journal)
    return list(journal.recorded(exchanges, worlds.server.url))


def replayed(exchanges: Sequence[Recorded], form: str, pets: Api | None) -> list[Played]:
    """The session written, read, imported into a new mock, and played. A JSON cassette holds no binary body."""
    form = "yaml" if form == "json" and any(is_binary(one) for one in exchanges) else form
    recording = files.loads(files.dumps(exchanges, form).encode(), f"session.{form}")
    assert recording.problems == ()
    picked, lines = Picker([pets] if pets else [*map(installed.declared, VENDORS)]).pick(recording)
    assert (lines, len(picked)) == ([], len(exchanges))
    start = began(picked)
    assert start is not None
    worlds = pet_worlds(pets, start) if pets else everything(start)
    assert prepare(worlds, picked).lines() == []
    return list(play(picked, MockTarget(worlds, timed=True), known=given_ids(worlds)))


def is_binary(exchange: Recorded) -> bool:
    """Whether a request or its answer has a body that is no text."""
    return "\ufffd" in (exchange.request.body + exchange.response.body).decode(errors="replace")


def leaves(value: Any, pointer: str = "", name: str = "") -> Iterator[tuple[str, str, Any]]:
    """The plain values of a body with their pointers and names."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if children is None:
        yield pointer, name, value
    for key, child in children or ():
        yield from leaves(child, pointer + at(key), key if isinstance(key, str) else name)


def changes(exchanges: Sequence[Recorded]) -> list[tuple[int, str, str, Any]]:
    """The values of all answers that can be changed: number, pointer, name and value."""
    return [
        (number, pointer, name, value)
        for number, one in enumerate(exchanges)
        if one.response.body and one.response.header("content-type") in ("application/json", "application/problem+json")
        for pointer, name, value in leaves(one.response.json())
        if pointer and not is_id(name) and not is_token(name)
    ]


def other(name: str, value: Any) -> Any:
    """Another value of the same type, or a text in place of null."""
    if value is None or isinstance(value, bool):
        return "something" if value is None else not value
    if time_of(name, value) is not None:
        return value + 86_400_000 if isinstance(value, int) else str(int(value[:4]) - 1) + value[4:]
    return value + 1 if isinstance(value, int | float) else f"{value}x"


def changed(exchanges: Sequence[Recorded], number: int, pointer: str, new: Any) -> list[Recorded]:
    """The session with another value in one answer."""
    body = exchanges[number].response.json()
    parent, _, last = pointer.rpartition("/")
    holder = find(body, parent)
    holder[int(last) if isinstance(holder, list) else last.replace("~1", "/").replace("~0", "~")] = new
    response = structs.replace(exchanges[number].response, body=json.dumps(body).encode())
    return [*exchanges[:number], exchanges[number]._replace(response=response), *exchanges[number + 1 :]]


@pytest.mark.parametrize("of", ["vendors", "pets"])
@FEW
@given(seed=SEEDS, form=st.sampled_from(files.FORMATS))
def test_a_session_is_replayed_without_a_difference(of: str, pets: Api, seed: int, form: str) -> None:
    """Whatever was asked, in whatever format it is kept."""
    exchanges = of_vendors(seed, 20) if of == "vendors" else of_pets(pets, seed, 40)
    played = replayed(exchanges, form, None if of == "vendors" else pets)
    assert [(one.picked.place, one.faults) for one in played if one.faults] == []


@pytest.mark.parametrize("of", ["vendors", "pets"])
@FEW
@given(seed=SEEDS, form=st.sampled_from(files.FORMATS))
def test_one_changed_value_is_one_difference(of: str, pets: Api, seed: int, form: str) -> None:
    """It is told at its place; the recording's where it breaks the document, the document's where that is silent."""
    exchanges = of_vendors(seed, 20) if of == "vendors" else of_pets(pets, seed, 30)
    number, pointer, name, value = random.Random(seed).choice(changes(exchanges))
    odd = changed(exchanges, number, pointer, other(name, value))
    played = replayed(odd, form, None if of == "vendors" else pets)
    told = [(n, fault) for n, one in enumerate(played) for fault in one.faults]
    assert [(n, fault.difference) for n, fault in told] == [(number, (pointer, other(name, value), value))]
    operation = played[number].picked.operation
    before, after = (operation and operation.mismatch(one[number].response) for one in (exchanges, odd))
    if before is not None and "is not documented" in before:
        assert told[0][1].blame.who == "document"
    else:
        assert told[0][1].blame.who == ("recording" if after is not None and before is None else "mock")
