"""The parts of a replay: which exchanges belong to whom, credentials, blame, and what was there before."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from pets import REX, TOM, declared, exchange, loaded, session
from understudy.apis import own
from understudy.apis.control import declare as control
from understudy.document.model import Scheme, http_scheme, key_scheme
from understudy.engine.api import Api
from understudy.engine.clock import Clock
from understudy.engine.exchange import Exchange, Headers, Request, Response
from understudy.engine.worlds import Worlds
from understudy.recording import journal
from understudy.recording.access import Access, replaced, tokens
from understudy.recording.blame import Judge, violations
from understudy.recording.compare import Comparison, Difference
from understudy.recording.picked import Picked, Picker
from understudy.recording.prepare import Prepared, began, given_ids, prepare
from understudy.recording.recorded import Recorded, Recording
from understudy.recording.targets import MockTarget
from understudy_checks.target import installed

BEARER, BASIC = http_scheme("bearer", "bearer"), http_scheme("basic", "basic")
HEADER, COOKIE, QUERY = (key_scheme(where, "key", where) for where in ("header", "cookie", "query"))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """The API of the pets."""
    return declared(tmp_path_factory.mktemp("pets"))


def worlds_of(api: Api) -> Worlds:
    """Worlds of the pets, without anything in them."""
    return Worlds([api, control], seeds={api.name: None}, clock=Clock(1_772_359_200_000, frozen=True))


def prepared(api: Api, folder: Path, interactions: list[dict[str, Any]]) -> tuple[Worlds, Prepared]:
    """Worlds that were prepared from these interactions, and what was told."""
    worlds = worlds_of(api)
    picked, _ = Picker([api]).pick(loaded(folder, interactions))
    return worlds, prepare(worlds, picked)


def stored(worlds: Worlds, resource: str, id: int) -> Any:
    """A record of the default world."""
    (store,) = worlds.default.tenants["pets"].values()
    return store[resource].get(str(id))


def recording_of(*urls: str, method: str = "GET") -> Recording:
    """A recording with a request to each origin and path."""
    parts = [url.partition(" ") for url in urls]
    exchanges = [Recorded(Request(method, path), Response(200), origin=origin) for origin, _, path in parts]
    return Recording(Path("a.har"), tuple(exchanges))


# whose exchanges


def test_exchanges_are_found_by_host_and_path(api: Api) -> None:
    """Hosts of the document, this machine, containers and unknown ones; not others, nor unknown paths."""
    recording = recording_of(
        "https://pets.example /v1/owners", "https://us.pets.example:444 /v1/owners",
        "http://localhost:81 /v1/owners",
        "http://127.0.0.2 /v1/owners", "http://mock /v1/owners", " /v1/owners",
        "https://evil.example /v1/owners", "https://pets.example.evil /v1/owners",
        "https://pets.example /x", "https://pets.example /v1/nope",
    )  # fmt: skip
    picked, lines = Picker([api]).pick(recording)
    assert [one.recorded.host for one in picked] == [
        "pets.example", "us.pets.example", "localhost", "127.0.0.2", "mock", "", "pets.example",
    ]  # fmt: skip
    assert picked[-1].operation is None
    assert picked[-1].above == "nope"
    assert lines == [
        "a.har: 1 exchange is on no path of the documents, first GET /x",
        "a.har: 2 exchanges with 2 other hosts left out: evil.example 1, pets.example.evil 1",
    ]


def test_hosts_of_the_user_are_taken(api: Api) -> None:
    """`--host` names another host of the services."""
    recording = recording_of("https://Staging.example /v1/owners", "https://staging.example /v1/owners")
    assert len(Picker([api], ["staging.EXAMPLE"]).pick(recording)[0]) == 2
    _, (line,) = Picker([api], ["stagin.example"]).pick(recording)
    assert line.endswith("--host staging.example another host of it; did you mean stagin.example?")


def test_many_hosts_are_cut(api: Api) -> None:
    """Five hosts are named, the most used first, and the others counted."""
    urls = [f"https://{n}.example /" for n in range(9)] + ["https://8.example /"]
    _, (line,) = Picker([api]).pick(recording_of(*urls))
    assert "10 exchanges with 9 other hosts left out: 8.example 2, " in line
    assert ", and 4 more" in line


def test_two_apis_in_one_file_are_told_apart() -> None:
    """Each exchange belongs to the API of its host and path."""
    recording = recording_of(
        "https://getnextstep.io /api/v1/process-runs", "https://go.tallyfy.com /api/me",
        "https://acme.getnextstep.io /api/v1/process-runs",
        "https://getnextstep.io /api/organizations/x",
    )  # fmt: skip
    picked, lines = Picker([installed.declared(name) for name in ("nextstep", "tallyfy")]).pick(recording)
    assert [one.api.name for one in picked] == ["nextstep", "tallyfy", "nextstep"]
    assert lines[0].startswith("a.har: 1 exchange is on no path of the documents")


def test_preflights_are_left_out(api: Api) -> None:
    """What a browser asks by itself is no part of a session."""
    asked: Headers = ((b"access-control-request-method", b"PUT"), (b"origin", b"https://a.example"))
    given = tuple(Recorded(Request("OPTIONS", "/v1/owners", "", one), Response(204)) for one in (asked, ()))
    picked, lines = Picker([api]).pick(Recording(Path("a.har"), given))
    assert len(picked) == 1
    assert lines == ["a.har: 1 preflight of a browser left out"]


def test_head_is_the_operation_of_get(api: Api) -> None:
    """HEAD belongs to GET, another method to none."""
    picked, _ = Picker([api]).pick(recording_of(" /v1/owners", method="HEAD"))
    assert picked[0].operation is not None
    picked, _ = Picker([api]).pick(recording_of(" /v1/owners", method="PATCH"))
    assert picked[0].operation is None


def test_a_server_that_is_no_url_has_no_host(api: Api) -> None:
    """A document with odd servers is of any host."""
    content = b"servers: [{url: 'http://['}, 5, {url: /v1}]\npaths: {/x: 5}"
    odd = replace(api, contract=replace(api.contract, content=content))
    assert len(Picker([odd]).pick(recording_of("https://any.example /v1/owners"))[0]) == 1


# credentials


def request(scheme: Scheme, token: str) -> Request:
    """A request that carries a token."""
    headers, query = scheme.carry(token)
    fields: Headers = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return Request("GET", "/v1/owners", "&".join(f"{name}={value}" for name, value in query.items()), fields)


@pytest.mark.parametrize("scheme", [BEARER, BASIC, HEADER, COOKIE, QUERY], ids=lambda one: f"{one.kind}-{one.location}")
def test_a_credential_is_replaced_where_it_stands(scheme: Scheme) -> None:
    """In a header, a cookie or the query, as the scheme says."""
    sent = request(scheme, "a:1")
    (token,) = tokens(sent, [scheme])
    assert replaced(sent, [scheme], token, "b:2") == request(scheme, "b:2").__class__(
        "GET", "/v1/owners", "key=b%3A2" if scheme is QUERY else "", request(scheme, "b:2").headers
    )
    assert replaced(sent, [scheme], "other", "b:2") == sent


def test_other_fields_hold_no_credential() -> None:
    """Another scheme of Authorization, another cookie, another parameter."""
    sent = Request("GET", "/", "k=1", ((b"authorization", b"Digest x"), (b"cookie", b"a=1; b")))
    assert list(tokens(sent, [BEARER, BASIC, COOKIE, QUERY])) == []
    basic = Request("GET", "/", "", ((b"authorization", b"Basic " + b64encode(b"a:1")),))
    assert replaced(basic, [BASIC], b64encode(b"a:1").decode(), "token") == basic


def picked(api: Api, interactions: list[dict[str, Any]], folder: Path) -> list[Picked]:
    """The picked exchanges of these interactions."""
    return Picker([api]).pick(loaded(folder, interactions))[0]


def test_keys_are_those_of_the_target(api: Api, tmp_path: Path) -> None:
    """An accepted key becomes the target's, a refused one stays, a missing one is added where it was needed.

    Where none is asked for, a key is not accepted by the answer.
    """
    interactions = [
        exchange("GET", "/owners", 200, [], key="good"),
        exchange("GET", "/owners", 401, {}, key="bad"),
        exchange("GET", "/owners", 200, [], key=""),
        exchange("GET", "/owners", 401, {}, key=""),
        exchange("GET", "/health", 200, key=""),
        exchange("PATCH", "/owners", 405, key=""),
        exchange("GET", "/health", 200, key="bad"),
        exchange("PATCH", "/owners", 405, key="bad"),
    ]
    given = picked(api, interactions, tmp_path)
    access = Access(given, lambda name, token: "mine")
    sent = [access.apply(one, one.recorded.request).header("x-key") for one in given]
    assert sent == ["mine", "bad", "mine", None, None, None, "bad", "bad"]
    assert Access(given, lambda name, token: None).apply(given[2], given[2].recorded.request).header("x-key") is None


def test_a_masked_key_is_that_of_the_world(api: Api) -> None:
    """A key of the world stays, a placeholder becomes the key that it stands for, any other the first one."""
    worlds = worlds_of(api)
    ((_, token),) = worlds.default.credentials
    target = MockTarget(worlds, timed=True)
    assert target.key("pets", token) is None
    assert target.key("pets", worlds.server.mask.placeholder(token)) == token
    assert target.key("pets", "other") == token
    assert target.key("nope", "other") is None


# blame


def violated(api: Api, folder: Path, interaction: dict[str, Any]) -> list[str]:
    """Where an answer breaks the document."""
    (one,) = picked(api, [interaction], folder)
    return [violation.pointer for violation in violations(one, one.recorded.response)]


def test_violations_of_the_document_are_found(api: Api, tmp_path: Path) -> None:
    """An unknown status, media type or value; a body that is no JSON, or that should not be there."""
    text = exchange("GET", "/owners", 200)
    text["response"]["headers"] = {"Content-Type": ["text/plain"]}
    assert violated(api, tmp_path, exchange("GET", "/owners", 299, [])) == ["status"]
    assert violated(api, tmp_path, text) == ["header content-type"]
    assert violated(api, tmp_path, {**text, "partial": True}) == []
    assert violated(api, tmp_path, exchange("GET", "/owners", 200, [{"id": "x"}])) == ["/0/name", "/0/id"]
    assert violated(api, tmp_path, exchange("GET", "/owners", 200)) == [""]
    assert violated(api, tmp_path, exchange("GET", "/health", 200, {})) == []
    assert violated(api, tmp_path, exchange("GET", "/export", 200, {})) == ["header x-version", "header content-type"]
    csv = exchange("GET", "/export", 200)
    csv["response"]["headers"] = {"Content-Type": ["text/csv"], "X-Version": ["1"]}
    assert violated(api, tmp_path, csv) == []
    assert violated(api, tmp_path, exchange("PATCH", "/owners", 405)) == []


def test_a_mock_that_breaks_the_document_is_to_blame(api: Api, tmp_path: Path) -> None:
    """An answer of the mock that the document forbids; an internal error names its cause."""
    (one,) = picked(api, [exchange("GET", "/owners/1", 200, {"id": 1, "name": "Jane"})], tmp_path)
    target = MockTarget(worlds_of(api), timed=True)
    exchange_ = target.send(api, one.recorded.request).exchange
    judge = Judge([one])
    wrong = Response(200, ((b"content-type", b"application/json"),), b'{"id": 1, "name": "J"}')
    blame = judge.blame(one, Difference("/name", "Jane", "J"), wrong, exchange_)
    assert (blame.who, blame.why[:30]) == ("mock", "its answer breaks the document")


def test_an_answer_that_failed_names_its_error(api: Api, tmp_path: Path) -> None:
    """The last line of the traceback stands in the report."""
    (one,) = picked(api, [exchange("GET", "/owners/1", 200, {"id": 1, "name": "Jane"})], tmp_path)
    answered = MockTarget(worlds_of(api), timed=True).send(api, one.recorded.request)
    assert answered.exchange is not None
    failed = structs.replace(answered.exchange, error="Traceback\nKeyError: 5\n", reason="internal")
    blame = Judge([one]).blame(one, Difference("status", 200, 500), Response(500), failed)
    assert (blame.who, blame.why) == ("mock", "it failed: KeyError: 5")


def test_rules_and_assumptions_are_named() -> None:
    """What made the mock's answer is told by its ids."""
    api = installed.declared("nextstep")
    operation = api.contract.operations["listProcessRuns"]
    recorded = Recorded(Request("GET", "/api/v1/process-runs"), Response(404))
    one = Picked(recorded, Recording(Path("a"), ()), api, operation, ())
    worlds = Worlds([api, control], seeds=installed.seeds(), seeder=installed.load_seed_once)
    target = MockTarget(worlds, timed=True)
    answered = target.send(api, Request("GET", "/api/v1/process-runs"))
    blame = Judge([one]).blame(one, Difference("status", 404, 401), answered.response, answered.exchange)
    assert blame.why.startswith("its answer was made by rule nextstep.authentication.missing-key")


# what was there before


def test_what_is_read_becomes_a_record(api: Api, tmp_path: Path) -> None:
    """Its earliest state, with later members added, but not those of a change; `reset` keeps it."""
    early = {name: TOM[name] for name in ("id", "owner_id", "name", "kind")}
    interactions = [
        exchange("GET", "/owners/7/pets", 200, [early]),
        exchange("GET", "/owners/7/pets/41", 200, TOM),
        exchange("PUT", "/owners/7/pets/41", 200, {**TOM, "name": "Tim"}, {"name": "Tim"}),
        exchange("GET", "/owners/7/pets/41", 200, {**TOM, "name": "Tim", "friend_id": 5}),
    ]
    worlds, told = prepared(api, tmp_path, interactions)
    assert stored(worlds, "pets", 41) == TOM
    assert stored(worlds, "pets", 5) is not None
    worlds.reset(worlds.default)
    assert stored(worlds, "pets", 41) == TOM
    assert told.problems == ()


def test_a_whole_object_has_no_more_than_was_shown(api: Api, tmp_path: Path) -> None:
    """A default that the service left out is left out."""
    shown = {name: value for name, value in TOM.items() if name != "state"}
    worlds, _ = prepared(api, tmp_path, [exchange("GET", "/owners/7/pets/41", 200, shown)])
    assert stored(worlds, "pets", 41) == shown


def test_what_the_document_does_not_know_is_kept(api: Api, tmp_path: Path) -> None:
    """An undeclared member is there again, as the service showed it."""
    shown = {**TOM, "weight": 7}
    worlds, told = prepared(api, tmp_path, [exchange("GET", "/owners/7/pets/41", 200, shown)])
    assert stored(worlds, "pets", 41) == shown
    assert [one.text for one in told.inferred if one.resource == "pets"] == ["it is read, but never created"]


JOBS = """
openapi: 3.0.3
info: {title: Jobs, version: "1"}
paths:
  /shops/{shop}/boxes:
    parameters: [{name: shop, in: path, required: true, schema: {type: string}}]
    get:
      operationId: listBoxes
      responses: {"200": {description: x, content: {application/json: {schema: {$ref: "#/components/schemas/Boxes"}}}}}
  /shops/{shop}/boxes/{id}:
    parameters:
    - {name: shop, in: path, required: true, schema: {type: string}}
    - {name: id, in: path, required: true, schema: {type: string}}
    patch:
      operationId: changeBox
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
      responses: {"202": {description: x, content: {application/json: {schema: {$ref: "#/components/schemas/Job"}}}}}
      x-operation: {job: {resource: jobs}}
  /jobs/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      responses: {"200": {description: x, content: {application/json: {schema: {$ref: "#/components/schemas/Job"}}}}}
components:
  schemas:
    Boxes: {type: object, properties: {all: {type: array, items: {$ref: "#/components/schemas/Box"}}}}
    Box: {type: object, properties: {id: {type: string}, shop_id: {type: string}, name: {type: string}}}
    Job: {type: object, properties: {id: {type: string}, state: {type: string}}}
x-resources:
  boxes: {schema: Box, parent: {shop: shop_id}}
  jobs: {schema: Job, create: {state: waits}, life-cycle: {member: state, end: {from: [waits], to: done, after: 5}}}
"""


def test_jobs_are_made_and_lists_are_read(tmp_path: Path) -> None:
    """A job is made by what answers with it, a list in an envelope shows records, a parent may be of no resource."""
    file = tmp_path / "jobs.yaml"
    file.write_text(JOBS)
    jobs, _ = own.declare(own.Own(file, "pets", "/v1"))
    interactions = [
        exchange("PATCH", "/shops/a/boxes/b1", 202, {"id": "j1", "state": "waits"}, {"name": "B"}),
        exchange("GET", "/jobs/j1", 200, {"id": "j1", "state": "waits"}),
        exchange("GET", "/shops/a/boxes", 200, {"all": [{"id": "b2", "shop_id": "a", "name": "C"}]}),
    ]
    worlds, told = prepared(jobs, tmp_path, interactions)
    assert [(one.resource, one.id) for one in told.inferred] == [("boxes", "b1"), ("boxes", "b2")]
    (store,) = worlds.default.tenants["pets"].values()
    assert [store["boxes"].get(id)["shop_id"] for id in ("b1", "b2")] == ["a", "a"]


def test_what_was_made_may_be_changed(api: Api, tmp_path: Path) -> None:
    """A change of what the recording created shows nothing that was there."""
    interactions = [
        exchange("POST", "/owners/7/pets", 201, REX, {"name": "Rex"}),
        exchange("PUT", "/owners/7/pets/90", 200, REX, {"name": "Rex"}),
    ]
    _, told = prepared(api, tmp_path, interactions)
    assert [one.resource for one in told.inferred] == ["owners"]


def test_a_journal_is_a_recording() -> None:
    """Times, hosts and bodies of the journal; timers and our own headers are left out."""
    coded = ((b"content-encoding", b"gzip"), (b"host", b"pets.example"))
    sent, answer = Request("PUT", "/a", "b=1", coded, b"\x1f\x8b?"), Response(200, ((b"x-mock-hint", b"1"),))
    first = Exchange(1, "default", "", None, 5, sent, answer, "run", None, (), None)
    timer = structs.replace(first, request=Request("TIMER", "end"))
    bare = structs.replace(first, request=Request("GET", "/"))
    one, two = journal.recorded([first, timer, bare], "https://127.0.0.1:1")
    assert (one.origin, one.at, one.request.body, one.response.headers) == ("https://pets.example", 5, b"\x1f\x8b?", ())
    assert (two.origin, two.number) == ("https://127.0.0.1:1", 2)


def test_what_is_created_is_no_record(api: Api, tmp_path: Path) -> None:
    """Neither an object of an answer, nor one of a Location; and a second recording of it finds it there."""
    made = exchange("POST", "/owners", 201, None, {"name": "Jo"})
    made["response"]["headers"]["Location"] = ["https://pets.example/v1/owners/8"]
    created = [
        made,
        exchange("GET", "/owners/8", 200, {"id": 8, "name": "Jo"}),
        exchange("POST", "/owners", 201, {"id": 9, "name": "Al"}),
    ]
    worlds, told = prepared(api, tmp_path, [*created, exchange("GET", "/owners/9/pets", 200, [])])
    assert told.inferred == ()
    assert stored(worlds, "owners", 8) is None


def test_what_a_change_shows_was_there(api: Api, tmp_path: Path) -> None:
    """A transition begins in a state that it may begin in; a deletion without an answer needs a made record."""
    interactions = [
        exchange("POST", "/owners/7/pets/41/sell", 200, {**TOM, "state": "sold"}),
        exchange("DELETE", "/owners/7/pets/42", 204),
        exchange("GET", "/owners/7/pets/43", 404),
    ]
    worlds, _ = prepared(api, tmp_path, interactions)
    assert stored(worlds, "pets", 41)["state"] == "here"
    assert stored(worlds, "pets", 42)["owner_id"] == 7
    assert stored(worlds, "pets", 43) is None


def test_references_are_made(api: Api, tmp_path: Path) -> None:
    """What a request or an answer refers to is there, however far it leads, circles included."""
    first, second = {**TOM, "friend_id": 50}, {**TOM, "id": 50, "friend_id": 41}
    interactions = [
        exchange(
            "POST", "/owners/7/pets", 201, {**REX, "friend_id": 60}, {"name": "Rex", "friend_id": 60, "owner_id": 7}
        ),
        exchange("GET", "/owners/7/pets", 200, [first, second]),
    ]
    worlds, told = prepared(api, tmp_path, interactions)
    assert told.problems == ()
    assert [stored(worlds, "pets", id)["friend_id"] for id in (41, 50)] == [50, 41]
    assert stored(worlds, "pets", 60) is not None
    assert stored(worlds, "pets", 90) is None


def test_what_breaks_its_schema_is_made_to_fit(api: Api, tmp_path: Path) -> None:
    """Values that fit are kept, the others are made up, and that is told."""
    worlds, told = prepared(
        api, tmp_path, [exchange("GET", "/owners/7/pets/41", 200, {**TOM, "kind": "bird", "name": "x" * 30})]
    )
    record = stored(worlds, "pets", 41)
    assert record["kind"] in ("cat", "dog")
    assert record["created_at"] == TOM["created_at"]
    assert [one.text for one in told.inferred if one.resource == "pets"] == [
        "only a part of it is read: the rest is made up"
    ]


def test_what_cannot_be_made_is_told(api: Api, tmp_path: Path) -> None:
    """An id that its schema forbids is a line with its place."""
    _, told = prepared(api, tmp_path, [exchange("GET", "/owners", 200, [{"id": "x", "name": "Jane"}])])
    assert told.inferred == ()
    assert told.problems[0].startswith(f"{tmp_path / 'session.json'}: interaction 1: owners x cannot be made: ")
    assert told.lines() == list(told.problems)


def test_odd_answers_show_nothing(api: Api, tmp_path: Path) -> None:
    """No JSON, no object, no id."""
    odd = exchange("GET", "/owners", 200)
    odd["response"]["body"]["string"] = "<"
    interactions = [odd, exchange("GET", "/owners", 200, 5), exchange("GET", "/owners", 200, [{"name": "Jane"}, 5])]
    assert prepared(api, tmp_path, interactions)[1].inferred == ()


def test_many_objects_are_one_line(api: Api, tmp_path: Path) -> None:
    """Ten ids are named, and the others counted."""
    owners = [{"id": n, "name": f"Jane {n}"} for n in range(1, 13)]
    _, told = prepared(api, tmp_path, [exchange("GET", "/owners", 200, owners)])
    assert told.lines() == [
        "assumed: pets: owners 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more: it is read, but never created"
    ]


def test_given_ids_are_known_by_kind(api: Api, tmp_path: Path) -> None:
    """The ids of the start state, by kind; those of no kind in any."""
    worlds, _ = prepared(api, tmp_path, session())
    known = given_ids(worlds)
    assert [known(*pair) for pair in (("pet", "41"), ("owner", "41"), ("", "41"), ("pet", "90"))] == [
        True,
        False,
        True,
        False,
    ]


def test_a_recording_begins_with_its_first_time(api: Api, tmp_path: Path) -> None:
    """The earliest time, or none."""
    timed = [exchange("GET", "/owners", 200, [], at=5), exchange("GET", "/owners", 200, [], at=2)]
    assert began(picked(api, timed, tmp_path)) == 1_772_359_202_000
    assert began(picked(api, [exchange("GET", "/owners", 200, [], at=None)], tmp_path)) is None


def test_a_comparison_has_defaults() -> None:
    """All values are compared, without a clock."""
    assert (Comparison().match, Comparison().timed) == ("strict", False)
