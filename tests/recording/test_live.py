"""`understudy drift --live`: what a service answers to requests that read settles assumptions, and none wrongly."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import elsewhere
from understudy.apis.control import declare as control
from understudy.cli import main
from understudy.cli.arguments import declared
from understudy.document.paths import values_in
from understudy.document.pointer import find
from understudy.engine.exchange import Request, Response
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds
from understudy.http.server import serving
from understudy.recording import files
from understudy.recording.bodies import plain
from understudy.recording.domains import Domains, Seen
from understudy.recording.evidence import model_of
from understudy.recording.live import MAX_WAIT, Lesson, Service, Session, Spent
from understudy.recording.lookup import Arguments
from understudy.recording.prepare import prepare
from understudy.recording.questions import READS, Asker, Question
from understudy.recording.suppose import Mock
from understudy.recording.targets import Answered, UrlTarget
from understudy.recording.waiting import USUAL, retry_after
from understudy_checks.target import installed

_OWNER = '{content: {application/json: {schema: {$ref: "#/components/schemas/Owner"}}}}'
OWNERS = f"""
openapi: 3.0.3
info: {{title: Owners, version: "1"}}
servers: [{{url: "https://owners.example/v1"}}]
security: [{{key: []}}]
paths:
  /owners:
    get:
      parameters:
      - {{name: limit, in: query, schema: {{type: integer, minimum: 1, maximum: 50}}}}
      - {{name: offset, in: query, schema: {{type: integer, minimum: 0}}}}
      - {{name: name, in: query, schema: {{type: string}}}}
      - {{name: tame, in: query, schema: {{type: boolean}}}}
      responses:
        "200":
          description: All of them
          content: {{application/json: {{schema: {{type: array, items: {{$ref: "#/components/schemas/Owner"}}}}}}}}
        "400": {{description: bad}}
    post: {{requestBody: {_OWNER}, responses: {{"201": {{description: Made, {_OWNER[1:-1]}}}}}}}
  /owners/{{id}}:
    get:
      parameters: [{{name: id, in: path, required: true, schema: {{type: integer}}}}]
      responses: {{"200": {{description: One, {_OWNER[1:-1]}}}, "404": {{description: none}}}}
  /reports/{{day}}:
    get:
      security: []
      parameters:
      - {{name: day, in: path, required: true, schema: {{type: string}}}}
      - {{name: X-Zone, in: header, required: true, schema: {{type: string}}, example: eu}}
      responses: {{"200": {{description: A text, content: {{text/plain: {{schema: {{type: string}}}}}}}}}}
  /shut:
    post: {{responses: {{"204": {{description: done}}}}}}
components:
  securitySchemes: {{key: {{type: apiKey, in: header, name: X-Key}}}}
  schemas:
    Owner:
      type: object
      required: [id, name]
      properties: {{id: {{type: integer, readOnly: true}}, name: {{type: string}}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own folder with a document, and the built-in APIs that are declared already."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("understudy.apis.declare", installed.declared)
    Path("owners.yaml").write_text(OWNERS)
    return tmp_path


class InProcess(UrlTarget):
    """A service in this process: our mock, whose assumptions are switched."""

    def __init__(self, name: str, assume: dict[str, Any]) -> None:
        super().__init__("https://live.example/v1", None)
        api = installed.declared(name)
        self.worlds = Worlds(
            [api, control],
            seeds={name: installed.seeds()[name]},
            seeder=installed.load_seed_once,
            assume=assume,
            limits={name: None},
        )
        self.asked: list[Request] = []

    @property
    def key_of_user(self) -> str:
        """A key that is taken."""
        return next(one.token for one in self.worlds.default.credentials.values() if one.state == "valid")

    def send(self, api: Any, request: Request) -> Answered:
        """See Target."""
        self.asked.append(request)
        answer = handle(request, self.worlds.default, self.worlds).response
        head, body = plain(answer.headers, answer.body)
        fields = tuple(field for field in head if not field[0].startswith(b"x-mock-"))
        return Answered(Response(answer.status, fields, body), None)


def lesson_of(target: InProcess, name: str, budget: int) -> Lesson:
    """What is learned of a built-in API."""
    api = installed.declared(name)

    def start(picked: Any) -> Any:
        worlds = Worlds(
            [api, control],
            seeds={name: installed.seeds()[name]},
            seeder=installed.load_seed_once,
            limits={name: None},
        )
        return worlds, prepare(worlds, picked)

    return Session(Service(target, api, target.key_of_user, budget), api, start).run()


SWITCHED: dict[str, dict[str, Any]] = {
    "nextstep": {
        "nextstep.errors.validation-status": 422,
        "nextstep.templates.order": "oldest-first",
        "nextstep.templates.drafts-listed": False,
        "nextstep.pagination.limit-out-of-range": "clamp",
    },
    "kognitos": {
        "kognitos.runs.order": "oldest-first",
        "kognitos.errors.details": "absent",
        "kognitos.http.head": "method-not-allowed",
        "kognitos.health.key-required": True,
    },
    "tallyfy": {
        "tallyfy.pagination.limit-out-of-range": "reject",
        "tallyfy.includes.item": "bare",
        "tallyfy.http.options": "method-not-allowed",
    },
}


@pytest.mark.parametrize("name", ["nextstep", "kognitos", pytest.param("tallyfy", marks=pytest.mark.deep)])
def test_what_is_switched_is_learned_and_nothing_else(name: str) -> None:
    """On each built-in API: with few requests, all that only read; what is concluded is always true."""
    target = InProcess(name, SWITCHED[name])
    lesson = lesson_of(target, name, 80)
    assert {one.method for one in target.asked} <= set(READS)
    assert lesson.requests == len(target.asked) < 60
    learned = {one.assumption.id: one.values[0] for one in lesson.conclusions if one.kind == "learned"}
    assert learned == SWITCHED[name]
    truth = {
        one.assumption.id: SWITCHED[name].get(one.assumption.id, one.assumption.default) for one in lesson.conclusions
    }
    assert all(truth[one.assumption.id] in one.values for one in lesson.conclusions)
    assert sum(one.kind == "confirmed" for one in lesson.conclusions) > 10
    assert not lesson.unexplained


@pytest.mark.parametrize("number", [0, *(pytest.param(n, marks=pytest.mark.deep) for n in range(1, 6))])
def test_no_draw_of_alternatives_leads_to_a_wrong_conclusion(number: int) -> None:
    """A service with a quarter of its assumptions switched: whatever is concluded is true."""

    def drawn(id: str) -> int:
        return zlib.crc32(f"{number}/{id}".encode())

    known = installed.declared("kognitos").contract.assumptions.values()
    picked = [one for one in known if one.alternatives and drawn(one.id) % 4 == 0]
    assume = {one.id: one.alternatives[drawn(one.id) // 4 % len(one.alternatives)] for one in picked}
    lesson = lesson_of(InProcess("kognitos", assume), "kognitos", 60)
    wrong = [
        one.assumption.id
        for one in lesson.conclusions
        if assume.get(one.assumption.id, one.assumption.default) not in one.values
    ]
    assert wrong == []


def test_a_budget_is_kept_and_told() -> None:
    """It ends in the middle of looking around, or of asking."""
    for budget in (1, 9):
        lesson = lesson_of(InProcess("nextstep", {}), "nextstep", budget)
        assert lesson.requests == budget
        assert lesson.stopped == f"the budget of {budget} requests is used up"


@contextmanager
def owners(assume: dict[str, Any], count: int = 13) -> Iterator[tuple[str, str, Worlds]]:
    """A server of the user's document with some objects: URL, key and worlds."""
    (api,) = declared(["owners.yaml"])
    worlds = Worlds([api, control], seeds={api.name: None}, assume=assume)
    key = next(iter(worlds.default.credentials.values())).token
    fields = ((b"x-key", key.encode()), (b"content-type", b"application/json"))
    for number in range(count):
        handle(Request("POST", "/v1/owners", "", fields, b'{"name": "o%d"}' % number), worlds.default, worlds)
    with serving(worlds) as url:
        yield f"{url}/v1", key, worlds


def drift(url: str, key: str, *more: str) -> int:
    """The exit code for a live service of the user's document."""
    return main(["drift", "--live", url, "--api", "owners.yaml", "--api-key", key, "--read-only", *more])


def test_a_document_of_the_user_is_learned_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The world of the mock holds what the service lists; the order of its lists is not taken for evidence."""
    switched = {"owners.owners.order": "newest-first", "owners.owners.filters": False, "owners.pages.default-limit": 10}
    with owners(switched) as (url, key, worlds):
        assert drift(url, key, "--out", "live.har", "--json", "live.json") == 1
        assert {one.request.method for one in list(worlds.default.journal)[13:]} <= set(READS)
    told = capsys.readouterr().out
    assert "learned: owners.owners.filters: False fits, not True (request " in told
    assert "learned: owners.pages.default-limit: 10 fits, not 20 (request " in told
    assert "owners.owners.order" not in told
    text = Path("live.har").read_text()
    assert key not in text + Path("live.json").read_text() + told
    recorded = files.load(Path("live.har"))
    assert not recorded.problems
    content = json.loads(Path("live.json").read_text())
    assert content["requests"] == len(recorded.exchanges)
    assert find(content, "/assumptions/0/id").startswith("owners.")
    assert main(["drift", "live.har", "--api", "owners.yaml"]) == 1
    assert "owners.pages.default-limit: 10 fits, not 20" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("collection", "item"),
    [("/owners", "/owners/{id}"), ("/owners/", "/owners/{id}/"), ("/owners.json", "/owners/{id}.json")],
)
def test_items_are_found_however_paths_end(folder: Path, collection: str, item: str) -> None:
    """What a list shows names the items of its collection, also behind a slash or `.json`; an id may be any number."""
    text = OWNERS.replace("  /owners/{id}:", f"  {item}:").replace("  /owners:", f"  {collection}:")
    Path("owners.yaml").write_text(text.replace("id: {type: integer,", "id: {type: number,"))
    (api,) = declared(["owners.yaml"])
    model, paths = model_of(api), {(one.method, one.path): one for one in api.contract.operations.values()}
    known = Arguments(model, {})
    answer = Response(200, ((b"content-type", b"application/json"),), b'[{"id": 7, "name": "Ann"}]')
    known.learn(paths["GET", collection], Request("GET", f"/v1{collection}"), answer)
    read = paths["GET", item]
    assert known.of(read) == {"id": "7"}
    path = Asker(api.contract).plain(read, {"id": "7"}).request.path
    assert (path, values_in(item, path)) == (f"/v1{item.replace('{id}', '7')}", ("7",))
    assert model.typed("owners", "7") == 7


def test_values_of_the_service_are_ours_in_the_path(folder: Path) -> None:
    """Only where parameters stand, whatever the base and the end of the path; those of other paths stay."""
    Path("owners.yaml").write_text(OWNERS.replace("  /owners/{id}:", "  /owners/{id}.json:"))
    (api,) = declared(["owners.yaml"])
    mock = Mock([Worlds([api, control], seeds={api.name: None})], api)
    mock.pairs = {"7": "1", "v1": "v2"}
    read = next(one for one in api.contract.operations.values() if one.path == "/owners/{id}.json")
    asker = Asker(api.contract)
    assert mock.ask(asker.plain(read, {"id": "7"}), {}).request.path == "/v1/owners/1.json"
    *_, unknown = asker.elsewhere()
    assert mock.ask(unknown, {}).request.path.startswith("/v1/")


def test_the_change_of_the_document_is_suggested(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As for recordings: an overlay; and a comment where the service speaks for no change."""
    with owners({"owners.owners.filters": False}) as (url, key, _):
        assert drift(url, key, "--suggest") == 1
    Path("seen.yaml").write_text(capsys.readouterr().out)
    assert main(["explain", "owners.yaml", "--overlay", "seen.yaml", "--diff"]) == 0
    assert "+  default: false" in capsys.readouterr().out
    (settled,) = declared(["owners.yaml"], flags={"owners.yaml": {"--overlay": ("seen.yaml",)}})
    assert settled.contract.assumptions["owners.owners.filters"].default is False
    with owners({}) as (url, key, _):
        assert drift(url, key, "--suggest", "--budget", "2") == 0
        said = capsys.readouterr()
        assert said.out == "# the service speaks for no other value of an assumption\n"
        assert said.err.endswith("understudy: stopped: the budget of 2 requests is used up\n")
        assert drift(url, key, "--json", "-", "--param", "day=today") == 0
        assert json.loads(capsys.readouterr().out)["stopped"] is None
        assert drift(url, key, "-q") == 0
        assert len(capsys.readouterr().out.splitlines()) == 1


def test_another_server_is_told_of_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that shares no line with the mock, nor an id: what it does otherwise is learned from its answers."""
    with elsewhere.serving(elsewhere.Elsewhere()) as url:
        arguments = ["--live", url, "--api", "nextstep", "--api-key", "gk-Zm9v", "--read-only"]
        assert main(["drift", *arguments, "--json", "-"]) == 1
    found = {one["id"]: one["possible"] for one in json.loads(capsys.readouterr().out)["assumptions"]}
    seen = {
        "errors.validation-status": [422],
        "errors.unknown-route": [{"status": 404, "code": "route_not_found"}],
        "errors.unknown-query-parameters": ["reject"],
        "authentication.scheme-case": ["sensitive"],
        "pagination.limit-out-of-range": ["clamp"],
        "pagination.limit-not-an-integer": ["default"],
        "runs.unknown-status-filter": ["empty"],
        "runs.unknown-template-filter": ["not-found"],
    }
    assert {id: found[f"nextstep.{id}"] for id in seen} == seen
    assert "reject" not in found["nextstep.errors.duplicate-query-parameters"]


ONE = b'[{"id": 7, "name": "Ann"}]'


@contextmanager
def scripted(answer: Callable[[str, str, int], tuple[int, dict[str, str], bytes]]) -> Iterator[str]:
    """A server that answers what a function of method, target and number says; a status of 0 breaks the connection."""
    count = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            count[0] += 1
            status, headers, body = answer(self.command, self.path, count[0])
            if not status:
                self.connection.close()
                return
            self.send_response(status)
            for name, value in {
                "content-length": str(len(body)),
                "content-type": "application/json",
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - as http.server spells them

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

        def handle_error(self, *args: object) -> None:
            """Nothing: the connection was closed on purpose."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.handle_error = lambda *args: None  # type: ignore[method-assign]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_a_refused_key_ends_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 3, and one request: else a refusal would be taken for the answer to a question."""
    with owners({}) as (url, _, worlds):
        before = worlds.default.journal.count
        assert main(["drift", "--live", url, "--api", "owners.yaml", "--read-only"]) == 3
        assert worlds.default.journal.count == before + 1
    assert "refuses a request without a key; --api-key K gives one: GET /v1/owners" in capsys.readouterr().err
    assert main(["drift", "--live", "http://127.0.0.1:9/v1", "--api", "owners.yaml", "--read-only"]) == 3
    assert "cannot be reached" in capsys.readouterr().err


def test_a_rate_limit_is_waited_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As long as Retry-After says; the refused request counts, and is kept in the recording."""

    def answer(method: str, target: str, number: int) -> tuple[int, dict[str, str], bytes]:
        return (429, {"retry-after": "0"}, b"{}") if number == 2 else (200, {}, ONE)

    with scripted(answer) as url:
        assert drift(url, "k", "--budget", "4", "--out", "live.yaml") in (0, 1)
    said = capsys.readouterr()
    assert "understudy: waiting 0 s, as the service asks with 429" in said.err
    assert "4 requests sent" in said.out
    assert [one.response.status for one in files.load(Path("live.yaml")).exchanges].count(429) == 1


def test_a_service_that_only_refuses_is_asked_as_often_as_allowed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is concluded of that, or of failures and keys that an operation alone refuses."""
    with scripted(lambda method, target, number: (429, {"retry-after": "0"}, b"")) as url:
        assert drift(url, "k", "--budget", "3") == 0
    assert "stopped: the budget of 3 requests is used up\n3 requests sent; of " in capsys.readouterr().out

    def some(method: str, target: str, number: int) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, ONE) if target.startswith("/v1/owners?limit") and method == "GET" else (403, {}, b"{}")

    with scripted(some) as url:
        assert drift(url, "k") == 1
    assert "0 learned, 0 confirmed" not in capsys.readouterr().out


def test_too_long_a_wait_ends_it() -> None:
    """What is known by then is told."""
    slept: list[float] = []
    waits = iter(["200", "101"])

    class Busy(InProcess):
        def send(self, api: Any, request: Request) -> Answered:
            return Answered(Response(429, ((b"retry-after", next(waits).encode()),)), None)

    api = installed.declared("nextstep")
    service = Service(Busy("nextstep", {}), api, None, 10, sleep=slept.append)
    question = Asker(api.contract).plain(api.contract.operations["listProcessRuns"], {})
    with pytest.raises(Spent, match=f"more than {MAX_WAIT:g} seconds"):
        service.ask(question)
    assert (slept, service.waited, service.limited) == ([200.0], 200.0, 2)


def test_what_does_not_only_read_is_never_sent() -> None:
    """Whoever makes the question, and however Python was started."""
    target, api = InProcess("nextstep", {}), installed.declared("nextstep")
    service = Service(target, api, target.key_of_user, 10)
    with pytest.raises(ValueError, match="POST does not only read"):
        service.ask(Question(Request("POST", "/api/v1/process-runs"), None))
    assert (target.asked, service.requests) == ([], 0)


def test_retry_after_is_a_number_or_a_date() -> None:
    """A date counts from the answer's own Date; without a usable one a usual window is waited."""
    late, soon = b"Wed, 21 Oct 2026 07:28:30 GMT", b"Wed, 21 Oct 2026 07:28:00 GMT"
    assert retry_after(Response(429, ((b"retry-after", b"7"),)), 0) == 7
    assert retry_after(Response(429, ((b"retry-after", late), (b"date", soon))), 0) == 30
    assert retry_after(Response(429, ((b"retry-after", soon),)), 1_792_567_680_000) == 0
    assert retry_after(Response(429, ((b"retry-after", b"later"),)), 0) == USUAL
    assert retry_after(Response(429, ((b"retry-after", b"9" * 5000),)), 0) == inf


def test_a_service_that_goes_away_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is known by then is printed, and the exit code is 3."""
    for last, more in ((1, ["--param", "day=today"]), (2, ["--param", "day=today"]), (1, [])):

        def answer(method: str, target: str, number: int, last: int = last) -> tuple[int, dict[str, str], bytes]:
            return (200, {}, ONE) if number <= last else (0, {}, b"")

        with scripted(answer) as url:
            assert drift(url, "k", *more) == 3
        told = capsys.readouterr().out
        assert "stopped: http://127.0.0.1" in told
        assert f"{last + 1} requests sent" in told


def test_answers_that_nothing_explains_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Failures are no evidence, other statuses and bodies rule out nothing that they do not touch."""

    def odd(method: str, target: str, number: int) -> tuple[int, dict[str, str], bytes]:
        if "reports" in target:
            return 500, {}, b"no JSON"
        if number % 2 == 0:
            return 200, {"content-type": "text/html"}, b"<p>no JSON</p>"
        return 200, {}, b'[{"id": 2, "name": "Ann"}, {"id": %d}]' % number

    with scripted(odd) as url:
        assert drift(url, "k", "--param", "day=today", "--budget", "60") == 1
    assert "not explained by any alternative: request " in capsys.readouterr().out


def test_a_service_that_finds_every_request_invalid_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other arguments would not help: it is asked a few times, and nothing is learned."""
    with scripted(lambda method, target, number: (400, {}, b"{}")) as url:
        assert drift(url, "k", "--budget", "40") in (0, 1)
    assert "0 learned" in capsys.readouterr().out


def test_many_answers_that_nothing_explains_are_counted(folder: Path) -> None:
    """Ten are told, the others counted."""
    from understudy.cli.live import _lines

    lines = _lines(Lesson((), [f"request {n}" for n in range(14)], (), 14))
    assert len(lines) == 11
    assert lines[-1] == "not explained either: 4 more answers"


LIVE = ("--live", "http://127.0.0.1:9", "--read-only", "--api", "owners.yaml")


def test_a_recording_that_cannot_be_written_ends_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, exit code 3."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("understudy.recording.tape.Tape.add", full)
    with scripted(lambda method, target, number: (200, {}, ONE)) as url:
        assert drift(url, "k", "--out", "live.har") == 3
    assert capsys.readouterr().err == "understudy: --out cannot be written: No space left on device\n"


def seen(question: Question, answer: Response) -> Seen:
    """An answer of a service."""
    return Seen(question, answer, "request 1")


def domains_of_nextstep() -> tuple[Domains, Asker, Mock]:
    """What is known of NextStep before anything is asked."""
    target = InProcess("nextstep", {})
    api = installed.declared("nextstep")
    mock = Mock([target.worlds], api)
    return Domains(mock, api.contract.assumptions), Asker(api.contract), mock


def test_answers_that_contradict_each_other_conclude_nothing() -> None:
    """An assumption that one answer settles, and another one settles otherwise, stays open."""
    domains, asker, mock = domains_of_nextstep()
    question = next(asker.elsewhere())
    id = "nextstep.errors.unknown-route"
    other = domains.assumptions[id].alternatives[0]
    first, second = (mock.ask(question, {id: value}).response for value in (domains.assumptions[id].default, other))
    domains.learn([seen(question, first), seen(question, second)])
    (conclusion,) = [one for one in domains.conclusions() if one.assumption.id == id]
    assert conclusion.kind == "open"
    assert [one.response for one in domains.unexplained] == [second]
    assert not domains.is_open(id)


def test_an_id_of_the_service_stands_for_ours_where_they_are_a_pair() -> None:
    """Else an id stands for itself."""
    _, asker, mock = domains_of_nextstep()
    question = next(asker.elsewhere())
    theirs, ours = (
        Response(200, ((b"content-type", b"application/json"),), json.dumps({"run_id": id}).encode())
        for id in ("run_theirs", "run_ours")
    )
    mock.pairs = {"run_theirs": "run_ours", "run_second": "run_of_ours"}
    assert mock.differences(question, theirs, ours) == []
    other = Response(200, theirs.headers, b'{"run_id": "run_other"}')
    assert len(mock.differences(question, other, ours)) == 1
    second = Response(200, theirs.headers, b'{"run_id": "run_second"}')
    assert len(mock.differences(question, second, ours)) == 1


def test_the_service_s_own_urls_stand_for_ours() -> None:
    """A link of the service begins with its base URL, and ours with that of the mock; another host is another."""
    _, asker, mock = domains_of_nextstep()
    mock.bases = {"http://127.0.0.1:9": "http://understudy/api/v1"}
    question = next(asker.elsewhere())

    def links(url: str) -> Response:
        body = json.dumps({"links": {"next": url}}).encode()
        return Response(200, ((b"content-type", b"application/json"),), body)

    ours = links("http://understudy/api/v1/process-runs?page=2")
    assert mock.differences(question, links("http://127.0.0.1:9/process-runs?page=2"), ours) == []
    assert len(mock.differences(question, links("http://other.example/process-runs?page=2"), ours)) == 1


def test_too_many_combinations_conclude_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are not tried: nothing is ruled out, nothing is called unexplained."""
    monkeypatch.setattr("understudy.recording.domains._MOST", 1)
    monkeypatch.setattr("understudy.recording.domains._MOST_WHOLE", 1)
    domains, asker, mock = domains_of_nextstep()
    question = next(asker.elsewhere())
    domains.learn([seen(question, mock.ask(question, {}).response)])
    assert {one.kind for one in domains.conclusions()} == {"open"}
    assert domains.unexplained == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "name a recording, or a service with --live URL"),
        (["a.har", "--budget", "5"], "--budget goes with --live URL"),
        (["a.har", "--read-only"], "--read-only goes with --live URL"),
        ([*LIVE[:2]], "--live needs --read-only: it can only ask requests that read"),
        ([*LIVE[:3]], "--live needs one --api API"),
        (["a.har", *LIVE], "--live asks the service and plays no recording, such as a.har"),
        (["--live", "x", *LIVE[2:]], "--live x is no URL"),
        ([*LIVE, "--junit", "j"], "--junit goes with recordings"),
        ([*LIVE, "--match", "shape"], "--match goes with recordings"),
        ([*LIVE, "--param", "a"], "--param a is not NAME=VALUE"),
        ([*LIVE, "--out", "a.txt"], "--out 'a.txt: a recording ends with"),
        ([*LIVE, "--budget", "0"], "--budget 0 is not a whole number"),
    ],
)
def test_arguments_that_do_not_belong_together_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    """One line on standard error, exit code 2, and nothing is sent."""
    assert main(["drift", *arguments]) == 2
    assert text in capsys.readouterr().err
