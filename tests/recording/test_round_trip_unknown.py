"""Any session with objects that the mock does not know is imported and replayed without a difference.

Their ids are of any form; what a client acts on it has read before, since of nothing else a recording tells all.
"""

from __future__ import annotations

import json
import os
import random  # noqa: TID251 - a test's own choices, the same for the same seed
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs

import live_service
import pets
from sessions import SPOILED, VENDORS, Session, everything
from understudy.apis import own, start_states
from understudy.apis.control import declare as control
from understudy.document.pointer import at, find
from understudy.document.seed_times import with_times
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.exchange import Request
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.recording import files, journal
from understudy.recording.evidence import joined
from understudy.recording.names import is_id, is_token
from understudy.recording.picked import Picker
from understudy.recording.play import Played, play
from understudy.recording.prepare import began, given_ids, prepare
from understudy.recording.recorded import Recorded
from understudy.recording.targets import MockTarget
from understudy_checks.target import installed

Json = Any
Ask = Callable[[str], Json]
NOW = 1_775_556_000_000
EXAMPLES = 50 if os.environ.get("UNDERSTUDY_DEEP") == "1" else 1
FEW = settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 10**6)
IDS: Mapping[str, Callable[[random.Random], Json]] = {
    "numbers": lambda chosen: chosen.randrange(10**9),
    "uuids": lambda chosen: "-".join(f"{chosen.getrandbits(4 * size):0{size}x}" for size in (8, 4, 4, 4, 12)),
    "digits": lambda chosen: str(chosen.randrange(10**6)),
    "slugs": lambda chosen: f"tom-{chosen.randrange(10**5)}-the-cat",
    "spaces": lambda chosen: f"Tom {chosen.randrange(10**5)} O'Neil",
    "signs": lambda chosen: f"é{chosen.randrange(10**5)}/ü%",
    "short": lambda chosen: f"p{chosen.randrange(10**4)}",
}


class Documents:
    """The user's document, for each form of ids: they are numbers or texts there."""

    def __init__(self, folder: Path) -> None:
        texts = folder / "texts.yaml"
        texts.write_text(pets.PETS.replace("{type: integer", "{type: string"))
        self._numbered, self._named = pets.declared(folder), own.declare(own.Own(texts, "pets"))[0]

    def __getitem__(self, form: str) -> Api:
        return self._numbered if form == "numbers" else self._named


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """The user's document, for each form of ids."""
    return Documents(tmp_path_factory.mktemp("pets"))


class Farm:
    """A service with owners and pets of its own, and a client that does anything with them."""

    def __init__(self, api: Api, seed: int, form: str) -> None:
        self.random, self._new = random.Random(seed), IDS[form]
        owners = [{"id": self._new(self.random), "name": f"Jane {n}"} for n in range(3)]
        given = [self._pet(n, self.random.choice(owners)["id"]) for n in range(5)]
        for pet in given:
            pet |= {"friend_id": self.random.choice(given)["id"]} if self.random.random() < 0.4 else {}
        start = {api.name: {"owners": owners, "pets": given}}
        self.worlds = Worlds([api, control], seeds=start, clock=Clock(NOW, frozen=True))
        self._app = App(self.worlds)
        ((_, self._key),) = self.worlds.default.credentials
        self._owners = [one["id"] for one in owners]
        self._pets = {one["id"]: one["owner_id"] for one in given}

    def _pet(self, number: int, owner: Json) -> dict[str, Json]:
        made = {
            "id": self._new(self.random),
            "owner_id": owner,
            "name": f"Tom {number}",
            "kind": "cat",
            "state": "here",
        }
        return {**made, "created_at": f"2026-01-0{number + 1}T00:00:00Z"}

    def act(self) -> None:
        """Send a request, mostly about what there is."""
        chosen = self.random
        pet = chosen.choice([*self._pets]) if chosen.random() < 0.9 else self._new(chosen)
        owner = self._pets.get(pet, self._owners[0]) if chosen.random() < 0.9 else chosen.choice(self._owners)
        below = f"/owners/{quote(str(owner), safe='')}"
        one = f"{below}/pets/{quote(str(pet), safe='')}"
        method, path = chosen.choice(
            [
                ("POST", "/owners"),
                ("GET", "/owners"),
                ("GET", below),
                ("GET", f"{below}/pets"),
                ("GET", one),
                ("GET", one),
            ]
            + [("POST", f"{below}/pets"), ("PUT", one), ("DELETE", one), ("POST", f"{one}/sell")]
        )
        body = {"name": chosen.choice(["Tom", "x" * 30, "Rex", 5])}
        if path != "/owners":
            body |= {"kind": chosen.choice(["cat", "dog", "cow"]), "owner_id": owner}
            body |= {"friend_id": chosen.choice([None, *self._pets])} if chosen.random() < 0.3 else {}
        content = json.dumps(body).encode() if method in ("POST", "PUT") and not path.endswith("/sell") else b""
        key = chosen.choice([self._key, self._key, self._key, "bad"]).encode()
        fields = ((b"x-key", key), (b"content-type", b"application/json"))
        answer = call(self._app, Request(method, f"/v1{path}", "", fields, content))
        if answer.status == 201:
            self._learn(answer.json())
        self.worlds.advance(self.worlds.default, chosen.choice((0, 1, 60)))

    def _learn(self, made: dict[str, Json]) -> None:
        if "owner_id" in made:
            self._pets[made["id"]] = made["owner_id"]
        else:
            self._owners.append(made["id"])


def of_pets(api: Api, seed: int, form: str) -> list[Recorded]:
    """A random session with the pets of another service."""
    farm = Farm(api, seed, form)
    for _ in range(30):
        farm.act()
    return masked(farm.worlds)


def masked(worlds: Worlds) -> list[Recorded]:
    """The journal of the default world as a recording."""
    exchanges = map(worlds.server.mask.whole, worlds.default.journal)
    return list(journal.recorded(exchanges, worlds.server.url))


def replayed(exchanges: Sequence[Recorded], form: str, api: Api) -> list[Played]:
    """The session written, read, imported into a new mock that knows nothing of it, and played."""
    picked, lines = Picker([api]).pick(files.loads(files.dumps(exchanges, form).encode(), f"session.{form}"))
    start = began(picked)
    assert (lines, len(picked), start is None) == ([], len(exchanges), False)
    seed = None
    if api.name in VENDORS:
        made = start_states.start_of(api, picked, with_times(installed.seeds()[api.name], start or 0))
        assert (made.choice, made.prepared.problems) == ("recorded", ())
        seed = made.content
    worlds = Worlds([api, control], seeds={api.name: seed}, clock=Clock(start, frozen=True), limits={api.name: None})
    assert prepare(worlds, picked).problems == ()
    return list(play(picked, MockTarget(worlds, timed=True), known=given_ids(worlds)))


def differences(played: Sequence[Played]) -> list[tuple[int, str, str]]:
    """The position, the difference and the one to blame, of each."""
    return [(n, str(fault.difference), fault.blame.who) for n, one in enumerate(played) for fault in one.faults]


@FEW
@given(seed=SEEDS, kind=st.sampled_from([*IDS]), form=st.sampled_from(files.FORMATS))
def test_a_session_with_unknown_objects_is_replayed_without_a_difference(
    apis: Documents, seed: int, kind: str, form: str
) -> None:
    """Whatever their ids look like, in whatever order and state they are first seen."""
    assert differences(replayed(of_pets(apis[kind], seed, kind), form, apis[kind])) == []


@pytest.mark.parametrize("kind", IDS)
def test_ids_of_every_form_are_kept(apis: Documents, kind: str) -> None:
    """Numbers, UUIDs, slugs, texts with spaces and signs."""
    assert differences(replayed(of_pets(apis[kind], 7, kind), "har", apis[kind])) == []


def test_what_is_only_named_is_in_no_list_that_was_read(apis: Documents) -> None:
    """A friend that no answer shows belongs to an owner whose pets were not asked for."""
    assert differences(replayed(of_pets(apis["numbers"], 422, "numbers"), "yaml", apis["numbers"])) == []


def test_lists_are_joined_in_one_order() -> None:
    """What only a later list has stands behind what it follows there; what no list shows comes last."""
    a, b, c, d, e = (("pets", name) for name in "abcde")
    gone = ("pets", "made since")
    assert joined([[b, gone, d], [a, b, c], [d, b]], [e, d, c, b, a]) == [a, b, c, d, e]


def repeated(exchanges: Sequence[Recorded]) -> list[tuple[int, str, Json]]:
    """The values of answers that were given before: place, pointer and value; the first one tells the start state."""
    seen: set[tuple[str, bytes]] = set()
    found = []
    for number, one in enumerate(exchanges):
        key = one.target, one.response.body
        if one.request.method == "GET" and one.response.status == 200 and key in seen:
            found += [(number, pointer, value) for pointer, value in leaves(one.response.json())]
        seen.add(key)
    return found


def leaves(value: Json, pointer: str = "") -> list[tuple[str, Json]]:
    """The texts of a body with their pointers; no ids."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [leaf for name, child in children for leaf in leaves(child, pointer + at(name))]
    name = pointer.rpartition("/")[2]
    return (
        found
        if not isinstance(value, str) or is_id(name) or is_token(name) or name.endswith("_at")
        else [(pointer, value)]
    )


@FEW
@given(seed=SEEDS, kind=st.sampled_from([*IDS]))
def test_one_changed_value_of_an_unknown_object_is_one_difference(apis: Documents, seed: int, kind: str) -> None:
    """At its place, and the mock's or the recording's fault."""
    exchanges = of_pets(apis[kind], seed, kind)
    number, pointer, value = random.Random(seed).choice(repeated(exchanges) or [(-1, "", "")])
    if number < 0:
        return
    body = exchanges[number].response.json()
    above, _, last = pointer.rpartition("/")
    find(body, above)[last] = f"{value}x"
    exchanges[number] = exchanges[number]._replace(
        response=structs.replace(exchanges[number].response, body=json.dumps(body).encode())
    )
    found = differences(replayed(exchanges, "yaml", apis[kind]))
    who = "recording" if last in ("kind", "state") or len(value) == 20 else "mock"
    assert found == [(number, f"{pointer}: expected {value + 'x'!r}, got {value!r}", who)]


class Elsewhere(Session):
    """A user of a built-in API whose start state is not the usual one, and who looks around first."""

    def __init__(self, api: str, seed: int) -> None:
        given = {**installed.seeds(), api: live_service.renamed_seed(api)}
        self.made = everything(NOW, seeds=given)
        super().__init__(self.made.default, seed)
        self._api = api
        self._prefix = self.made.apis[api].contract.prefixes[0]
        token = next(token for owner, token in self.world.credentials if owner == api).encode()
        self._fields = (b"authorization", b"Bearer " + token), (b"x-api-key", token), (b"x-tallyfy-client", b"x")
        self._shown = b""

    def ask(self, target: str) -> Json:
        """Read something."""
        path, _, query = target.partition("?")
        answer = call(self.app, Request("GET", self._prefix + path, query, self._fields))
        self._shown += answer.body
        return answer.json()

    def act(self) -> None:
        """Send a request about what was read."""
        hidden = {id for id in live_service.ids(live_service.renamed_seed(self._api)) if id.encode() not in self._shown}
        operations = [*self.made.apis[self._api].contract.operations.values()]
        operation = self.random.choice([one for one in operations if one.method != "GET" or self.random.random() < 0.5])
        sent = self.about(self._api, operation, self.random.choice(SPOILED) if self.random.random() < 0.2 else "")
        whole = f"{sent.request.path}?{sent.request.query} {sent.request.body.decode('latin-1')}"
        is_own = {value for name, value in sent.request.headers if name == b"x-api-key"} <= {
            self._fields[1][1],
            b"unknown",
        }
        if is_own and not any(id in whole for id in hidden):
            self.made.advance(self.world, self.random.choice((0, 0, 1, 60)))
            self.send(sent)


def nextstep(ask: Ask, tenants: Mapping[str, Any]) -> None:
    """All templates and the newest runs with their tasks."""
    for template in ask("/process-templates?limit=100")["data"]:
        ask(f"/process-templates/{template['id']}")
        ask(f"/process-templates/{template['id']}/tasks?limit=100")
    for run in ask("/process-runs?limit=100")["data"][:12]:
        ask(f"/process-runs/{run['id']}/tasks?limit=100")


def kognitos(ask: Ask, tenants: Mapping[str, Any]) -> None:
    """All processes and runs of the agents that the key works on."""
    for agent in (one for tenant in tenants.values() for one in tenant["agents"]):
        for process in ask(f"/processes?agent_id={agent['id']}&limit=100").get("items", ()):
            ask(f"/processes/{process['id']}?agent_id={agent['id']}")
            for run in ask(f"/runs?agent_id={agent['id']}&process_id={process['id']}&limit=100")["items"]:
                ask(f"/runs/{run['id']}")


def tallyfy(ask: Ask, tenants: Mapping[str, Any]) -> None:
    """Lists of an organization, its templates, and the newest processes with what belongs to them."""
    base = f"/organizations/{next(iter(tenants))}"
    for path in (
        "/me",
        "/me/organizations",
        base,
        *(f"{base}/{name}" for name in ("groups", "tags", "users", "guests")),
    ):
        ask(path)
    for template in ask(f"{base}/checklists?per_page=100")["data"]:
        ask(f"{base}/checklists/{template['id']}?with=steps,tags,folder")
        ask(f"{base}/checklists/{template['id']}/steps")
    for run in ask(f"{base}/runs?per_page=10")["data"]:
        ask(f"{base}/runs/{run['id']}?with=checklist,tags,form_fields")
        ask(f"{base}/runs/{run['id']}/tasks?per_page=100&with=form_fields,step")


LOOKS = {"nextstep": (nextstep, 20), "kognitos": (kognitos, 20), "tallyfy": (tallyfy, 0)}
"""How a client looks around, and how many requests it then sends at random."""


@pytest.mark.parametrize("api", LOOKS)
@FEW
@given(seed=SEEDS)
def test_a_session_on_another_start_state_is_replayed_without_a_difference(api: str, seed: int) -> None:
    """What it read is the start state of the mock, and all that it then did has the same answers."""
    look, count = LOOKS[api]
    user = Elsewhere(api, seed)
    look(user.ask, user.world.tenants[api])
    for _ in range(count):
        user.act()
    assert differences(replayed(masked(user.made), "har", installed.declared(api))) == []
