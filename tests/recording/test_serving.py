"""Serving recordings: their objects as the start state, and their answers in order, where no document has them."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from banner import Output
from pets import TOM, declared, document, exchange, exchanges, recording, session
from understudy.apis.control import declare as control
from understudy.cli import main
from understudy.engine.api import Api
from understudy.engine.exchange import Headers, Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy.recording import files
from understudy.recording.answers import Answers, listed

PET = "/v1/owners/7/pets/41"
CHANGE = b'{"state":"here","name":"Tim","kind":"cat","owner_id":7}'
JSON: Headers = ((b"content-type", b"application/json"),)


class Client:
    """Calls a server that has only recorded answers, or documents beside them."""

    def __init__(self, answers: Answers, *apis: Api) -> None:
        self.worlds = Worlds([*apis, control], seeds={api.name: None for api in apis})
        self.worlds.fallback = answers
        self.app = App(self.worlds)

    def send(self, method: str, target: str, body: bytes = b"", headers: Headers = JSON) -> Response:
        """One request."""
        path, _, query = target.partition("?")
        return call(self.app, Request(method, path, query, headers, body))

    def name(self, path: str = PET) -> str:
        """The name of a pet."""
        return str(self.send("GET", path).json()["name"])

    def refused(self, method: str, target: str, body: bytes = b"") -> str:
        """Why there is no recorded answer."""
        response = self.send(method, target, body)
        assert response.status == 501
        return str(response.json()["detail"])


def only(folder: Path, interactions: list[dict[str, Any]] | None = None, keys: tuple[str, ...] = ()) -> Client:
    """A server with nothing but these answers."""
    return Client(Answers(exchanges(folder, interactions or session()), only=True, keys=keys))


@pytest.mark.parametrize("form", files.FORMATS)
def test_a_change_is_seen_from_then_on(tmp_path: Path, form: str) -> None:
    """GET, PUT, GET answers the old state as often as asked, and the new one only after the change."""
    text = files.dumps(exchanges(tmp_path, session()), form)
    client = Client(Answers(files.loads(text.encode()).exchanges, only=True))
    assert [client.name() for _ in range(3)] == ["Tom"] * 3
    assert client.send("PUT", PET, CHANGE).status == 200
    assert [client.name() for _ in range(3)] == ["Tim"] * 3
    client.worlds.reset(client.worlds.default)
    assert client.name() == "Tom"


def test_a_polled_run_is_a_sequence(tmp_path: Path) -> None:
    """Repeated reads are answered in order, and the last answer stays."""
    states = [exchange("GET", "/owners/7", 200, {"n": n}) for n in (1, 2, 3)]
    client = only(tmp_path, states)
    assert [client.send("GET", "/v1/owners/7").json()["n"] for _ in range(5)] == [1, 2, 3, 3, 3]


def test_worlds_have_their_own_place_in_a_recording(tmp_path: Path) -> None:
    """What one world asked for is not gone for another."""
    client = only(tmp_path, [exchange("GET", "/owners/7", 200, {"n": n}) for n in (1, 2)])
    world = client.worlds.create()
    named: Headers = ((b"x-mock-world", world.id.encode()),)
    asked = [(), named, (), named]
    found = [client.send("GET", "/v1/owners/7", headers=headers).json()["n"] for headers in asked]
    assert found == [1, 1, 2, 2]


def test_a_miss_names_the_nearest_answer(tmp_path: Path) -> None:
    """An unknown path, method, query or body, and what comes only after a change."""
    client = only(tmp_path, [*session(), exchange("GET", "/owners?page=1", 200, [])])
    assert client.refused("GET", "/v1/owners/7/pet") == (
        "GET /v1/owners/7/pet was not recorded; did you mean /v1/owners/7/pets?"
    )
    assert client.refused("GET", "/completely/other/thing") == "GET /completely/other/thing was not recorded"
    assert client.refused("PATCH", PET).endswith("the nearest is GET /v1/owners/7/pets/41 (interaction 2): it was GET")
    assert client.refused("GET", f"{PET}?x=1").endswith("(interaction 2): it had no query")
    assert client.refused("GET", "/v1/owners?page=2").endswith("(interaction 9): its query was page=1")
    assert client.refused("PUT", PET, CHANGE.replace(b"Tim", b"Jim")).endswith(
        "(interaction 3): its body differs at /name: recorded 'Tim', asked 'Jim'"
    )
    assert client.refused("PUT", PET, b"[]").endswith("asked []")
    told = "is recorded only after POST /v1/owners/7/pets (interaction 5), which was not asked for yet"
    assert client.refused("GET", "/v1/owners/7/pets/90") == f"GET /v1/owners/7/pets/90 {told}"
    assert client.worlds.default.journal.find(1) is not None


def test_bodies_are_compared_as_what_they_are(tmp_path: Path) -> None:
    """JSON by its values, forms by their fields, masked values by what is around them."""
    form = exchange("POST", "/owners", 201, {})
    form["request"] |= {"body": "a=1&b=2", "headers": {"Content-Type": ["application/x-www-form-urlencoded"]}}
    masked = exchange("POST", "/owners", 201, {}, {"list": [1, {"key": "Bearer masked-0123456789"}], "n": 1})
    text = exchange("PUT", "/owners", 200, {})
    text["request"] |= {"body": "plain", "headers": {}}
    client = only(tmp_path, [form, masked, text])
    fields: Headers = ((b"content-type", b"application/x-www-form-urlencoded"),)
    assert client.send("POST", "/v1/owners", b"b=2&a=1", fields).status == 201
    assert client.send("POST", "/v1/owners", b'{"n":1,"list":[1,{"key":"Bearer secret"}]}').status == 201
    assert client.refused("POST", "/v1/owners", b'{"n":1,"list":[1,{"key":"Basic secret"}]}')
    assert client.refused("POST", "/v1/owners", b'{"n":true,"list":[1,{"key":"Bearer secret"}]}')
    assert client.refused("POST", "/v1/owners", b'{"n":1,"list":[1]}')
    assert client.send("PUT", "/v1/owners", b"plain").status == 200
    assert client.refused("PUT", "/v1/owners", b"plainer")


def test_keys_in_a_query_are_not_compared(tmp_path: Path) -> None:
    """A credential may be another one; the other parameters in any order."""
    client = only(tmp_path, [exchange("GET", "/owners?key=masked-0123456789&a=1&b=2", 200, [])], keys=("key",))
    assert client.send("GET", "/v1/owners?b=2&key=mine&a=1").status == 200


def test_urls_of_the_service_lead_here(tmp_path: Path) -> None:
    """Location and bodies name this server; dates and server names are its own."""
    made = exchange("POST", "/owners", 201, {"url": "https://pets.example/v1/owners/8"}, {})
    made["response"]["headers"] |= {"Location": ["https://pets.example/v1/owners/8"], "Date": ["x"], "Server": ["x"]}
    client = only(tmp_path, [made, {**made, "request": {**made["request"], "uri": "/v1/bare"}}])
    headers: Headers = ((b"host", b"127.0.0.1:1"), (b"content-type", b"application/json"))
    response = client.send("POST", "/v1/owners", b"{}", headers)
    assert response.header("location") == "http://127.0.0.1:1/v1/owners/8"
    assert response.json() == {"url": "http://127.0.0.1:1/v1/owners/8"}
    assert response.header("server") is None
    assert client.send("POST", "/v1/bare", b"{}").header("location") == "https://pets.example/v1/owners/8"


def test_documents_come_first(tmp_path: Path) -> None:
    """Recorded answers are for what no document has; other paths get the usual answer."""
    extra = [*session(), exchange("GET", "/extra", 200, {"n": 1}), exchange("PATCH", "/owners", 200, {"n": 2})]
    client = Client(Answers(exchanges(tmp_path, extra), only=False), declared(tmp_path))
    ((_, key),) = client.worlds.default.credentials
    headers: Headers = ((b"x-key", key.encode()),)
    assert client.send("GET", PET, headers=headers).status == 404
    assert client.send("GET", "/v1/extra").json() == {"n": 1}
    assert client.send("PATCH", "/v1/owners").json() == {"n": 2}
    assert client.send("GET", "/v1/nope").status == 404
    assert client.send("POST", "/v1/extra").status == 501
    assert client.send("GET", "/__mock__/nope").status == 404


def test_the_root_may_be_recorded(tmp_path: Path) -> None:
    """A recorded `/` takes the place of the index."""
    root = exchange("GET", "", 200, {"n": 1})
    root["request"]["uri"] = "https://pets.example/"
    assert only(tmp_path, [root]).send("GET", "/").json() == {"n": 1}
    assert "apis" in only(tmp_path).send("GET", "/").json()


def test_large_bodies_and_worlds_by_url_are_answered(tmp_path: Path) -> None:
    """A body beyond one piece is read; below the URL of a world, places are below it, too."""
    text = "x" * 300_000
    made = exchange("POST", "/owners", 201, {}, {"text": text})
    made["response"]["headers"]["Location"] = ["/v1/owners/8"]
    client = only(tmp_path, [made])
    response = client.send("POST", "/@default/v1/owners", json.dumps({"text": text}).encode())
    assert (response.status, response.header("location")) == (201, "/@default/v1/owners/8")


def test_what_was_never_asked_for_is_known(tmp_path: Path) -> None:
    """The requests of a recording that nobody made, in order; a long list is cut."""
    client = only(tmp_path)
    client.name()
    answers = client.worlds.fallback
    assert isinstance(answers, Answers)
    unused = answers.unused(client.worlds.default)
    assert unused[0] == "GET /v1/owners/7/pets"
    assert listed(unused) == ", ".join(unused[:5]) + " and 2 more"
    assert listed(unused[:1]) == unused[0]


# the command

Visit = Callable[[str], Any]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Runs `serve` with arguments in a folder until `visit(url)` is done; output, and what visit returned."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)
    recording(tmp_path, session())

    def run(*arguments: str, visit: Visit) -> Any:
        results: list[Any] = []

        def act() -> None:
            try:
                results.append(visit(json.loads(Path("ready.json").read_text())["url"]))
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        output = Output(threading.Thread(target=act).start)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", output)
            assert main(["serve", "--port", "0", "--ready-file", "ready.json", *arguments]) == 0
        return output.getvalue(), results[0]

    return run


def test_an_imported_recording_is_the_start_state(
    serve: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Its objects are there, the clock stands where it began, and a reset keeps them."""

    def visit(url: str) -> Any:
        key = requests.get(url, timeout=9).json()["apis"]["pets"]["api_key"]
        requests.post(f"{url}/__mock__/reset", timeout=9)
        pet = requests.get(f"{url}{PET}", headers={"X-Key": key}, timeout=9).json()
        return pet, requests.get(f"{url}/__mock__/clock", timeout=9).json()

    session_with_foreign = [*session(), exchange("GET", "/x", 200)]
    session_with_foreign[-1]["request"]["uri"] = "https://far.example/"
    recording(Path(), [*session_with_foreign, {"request": 1}])
    _, (pet, clock) = serve("pets.yaml", "--import", "session.json", visit=visit)
    assert pet == TOM
    assert clock == {"now": "2026-03-01T10:00:01.000Z", "frozen": True}
    errors = capsys.readouterr().err
    assert "assumed: pets: pets 41: it is read, but never created" in errors
    assert "other host left out: far.example 1" in errors
    assert "interaction 10: it has no request" in errors


def test_nothing_but_recorded_answers_is_served(serve: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    """The banner says so, and at the end what was never asked for."""
    output, name = serve(
        "--replay-only", "session.json", visit=lambda url: requests.get(f"{url}{PET}", timeout=9).json()
    )
    assert name == TOM
    assert "Understudy serves recorded answers at" in output
    assert "understudy: 7 recorded answers were never asked for: GET /v1/owners/7/pets, " in capsys.readouterr().err


def test_recorded_answers_stand_beside_documents(serve: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    """All of them may be asked for, or one is left."""
    recording(Path(), [exchange("GET", "/extra", 200, {"n": 1}), exchange("GET", "/more", 200)], "more.json")
    visit = lambda url: requests.get(f"{url}/v1/extra", timeout=9).json()  # noqa: E731
    assert serve("pets.yaml", "--replay", "more.json", visit=visit)[1] == {"n": 1}
    assert "1 recorded answer was never asked for: GET /v1/more" in capsys.readouterr().err
    recording(Path(), [exchange("GET", "/extra", 200, {"n": 1})], "more.json")
    serve("pets.yaml", "--replay", "more.json", visit=visit)
    assert capsys.readouterr().err == ""


def test_what_is_wrong_in_a_recording_is_told_and_the_rest_answers(
    serve: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each interaction that is none."""
    recording(Path(), [exchange("GET", "/extra", 200, {"n": 1}), {"request": 1}], "odd.json")
    visit = lambda url: requests.get(f"{url}/v1/extra", timeout=9).json()  # noqa: E731
    assert serve("--replay-only", "odd.json", visit=visit)[1] == {"n": 1}
    assert "odd.json" in (error := capsys.readouterr().err)
    assert "interaction 2: it has no request" in error


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--import", "none.har"], "none.har: No such file"),
        (["--import", "foreign.json"], "--import foreign.json: 1 exchange with 1 other host left out: far.example 1"),
        (["--import", "empty.json"], "--import empty.json: it has no exchanges"),
        (["--replay-only", "session.json", "nextstep"], "--replay-only serves nothing else"),
        (["--replay-only", "session.json", "--import", "session.json"], "--replay-only serves nothing else"),
        (["--replay-only", "session.json", "--clock", "soon"], "--clock soon is neither"),
    ],
)
def test_bad_recordings_stop_the_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    """One line, and nothing is served."""
    monkeypatch.chdir(tmp_path)
    recording(tmp_path, session())
    recording(tmp_path, [], "empty.json")
    foreign = exchange("GET", "/", 200)
    foreign["request"]["uri"] = "https://far.example/"
    recording(tmp_path, [foreign], "foreign.json")
    assert main(["serve", "--port", "0", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
