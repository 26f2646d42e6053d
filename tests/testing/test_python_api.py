"""The Python API as a test uses it: servers, worlds, clock, records, journal, faults, and what is refused."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import understudy
from raw_server import answered, wired
from understudy import ControlError, MockServer, WorldHandle
from understudy.engine.exchange import Request, Response

RUN = "HXJ2d4vTO4mv4cWzLFmQ"


@pytest.fixture
def world(server: MockServer) -> WorldHandle:
    """A fresh world, for NextStep."""
    return server.world().api("nextstep")


def ask(
    world: WorldHandle, path: str, method: str = "GET", body: Any = None, key: str | None = None
) -> tuple[int, Any]:
    """One request to the base URL of a world, as a client sends it: the status and the decoded body."""
    headers = {"Authorization": f"Bearer {key or world.api_key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(world.base_url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def threads() -> list[int | None]:
    """The threads of servers."""
    return [thread.ident for thread in threading.enumerate() if thread.name == "understudy"]


def an_active_run(world: WorldHandle) -> str:
    """The id of an active run."""
    found: str = world.state["runs"].find(status="active")[0]["id"]
    return found


def test_importing_the_package_loads_nothing() -> None:
    """Nothing outside of Python's library is imported until a name is asked for."""
    program = "import sys; known = set(sys.modules); import understudy; print(*sorted(set(sys.modules) - known))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert [name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names] == [
        "understudy"
    ]


def test_public_names_are_listed() -> None:
    """Each name of `__all__` is there, and another one is an AttributeError."""
    found = [getattr(understudy, name).__name__.removeprefix("understudy.") for name in understudy.__all__]
    assert found == understudy.__all__
    with pytest.raises(AttributeError, match="MockSever"):
        understudy.MockSever  # noqa: B018


class TestServers:
    """A server starts, stops, and is found elsewhere."""

    def test_a_block_serves_documents_and_built_in_apis(self, server: MockServer) -> None:
        """Health and access tell the names; an API without keys says so."""
        assert server.health().apis == ["nextstep", "kognitos", "registry"]
        assert server.apis == ("nextstep", "kognitos", "registry")
        assert server.url in server.api("registry").base_url
        with pytest.raises(ValueError, match="no valid key of registry"):
            server.api("registry").api_key  # noqa: B018

    def test_several_run_in_one_process_and_end(self) -> None:
        """Each has a port of its own, which is closed afterwards, and no thread is left."""
        before = threads()
        with MockServer("nextstep") as one, MockServer("nextstep") as other:
            assert len(threads()) == len(before) + 2
            assert one.url != other.url
            assert ask(one, "/process-runs?limit=1")[0] == 200
            ports = [int(server.url.rpartition(":")[2]) for server in (one, other)]
        assert threads() == before
        for port in ports:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5)

    def test_one_that_does_not_serve_says_so(self) -> None:
        """Before the start and after the end; stopping twice is nothing."""
        server = MockServer("nextstep", listen=False)
        with pytest.raises(RuntimeError, match="not started"):
            server.health()
        server.start().start()
        assert server.health().status == "ok"
        server.stop()
        server.stop()
        with pytest.raises(RuntimeError, match="not started"):
            server.world()

    def test_options_say_how_it_answers(self) -> None:
        """Seed, clock, assumptions and rate limit."""
        options = {"seed": "mine", "assume": {"nextstep.tasks.unset-value": ""}, "rate_limit": 2}
        with MockServer("nextstep", clock="2026-04-08T10:00:00Z", listen=False, **options) as server:
            assert (server.clock.now, server.clock.frozen) == (datetime(2026, 4, 8, 10, tzinfo=UTC), True)
            assert server.snapshot()["ids"]["seed"] == "mine"
            assert server.assumptions["nextstep.tasks.unset-value"] == ""
            with httpx.Client(
                transport=server.transport, headers={"authorization": f"Bearer {server.api_key}"}
            ) as client:
                statuses = [client.get(f"{server.base_url}/process-runs").status_code for _ in range(3)]
            assert statuses == [200, 200, 429]

    def test_files_change_the_one_document(self, tmp_path: Path) -> None:
        """Overlays in order, a seed and handlers, as the flags of the command line do."""
        files = {
            "zoo.yaml": (Path(__file__).parents[1] / "documents/traits/actions.yaml").read_text(),
            "a.yaml": "overlay: 1.0.0\ninfo: {title: a, version: '1'}\nactions: [{target: $.info, update: {title: A}}]",
            "b.yaml": "overlay: 1.0.0\ninfo: {title: b, version: '1'}\nactions: [{target: $.info, update: {title: B}}]",
            "seed.yaml": "animals: [{id: 7, name: Ada, status: open}]",
            "own.py": "from understudy import Reply\ndef weight(call):\n    return Reply(b'{\"grams\": 12}')\n",
        }
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        zoo, first, second, seed, own = (tmp_path / name for name in files)
        options: dict[str, Any] = {"seed_file": seed, "handlers": own, "listen": False}
        with MockServer(zoo, "nextstep", overlay=first, overlays=[second], **options) as server:
            zoo_api = server.api("zoo")
            with httpx.Client(transport=server.transport, base_url=zoo_api.base_url) as client:
                assert [one["name"] for one in client.get("/animals").json()] == ["Ada"]
                assert client.get("/animals/7/weight").json() == {"grams": 12}
                title = client.get(f"{server.url}/__mock__/openapi/zoo.json").json()["info"]["title"]
        assert title == "B"

    @pytest.mark.parametrize(
        ("arguments", "options", "told"),
        [
            (["nextstpe"], {}, "unknown API nextstpe; did you mean nextstep?"),
            (["./absent.yaml"], {}, "absent.yaml"),
            (["nextstep"], {"clock": "noon"}, "'noon' is neither real nor frozen"),
            (["nextstep"], {"assume": {"nextstep.tasks.unset-valeu": 1}}, "did you mean nextstep.tasks.unset-value?"),
            ([], {"url": "localhost:8629"}, "is no URL"),
            (
                ["nextstep"],
                {"overlay": "fix.yaml", "seed_file": "a.yaml"},
                "overlay, seed_file: for one document, and none",
            ),
            (["./a.yaml", "./b.yaml"], {"handlers": "a.py"}, "handlers: for one document, and 2 is named"),
        ],
    )
    def test_what_cannot_be_served_is_one_clear_line(
        self, arguments: list[str], options: dict[str, Any], told: str
    ) -> None:
        """A ValueError names the value and the nearest valid one."""
        with pytest.raises(ValueError, match=told.replace("?", r"\?")) as refused:
            MockServer(*arguments, **options)
        assert "\n" not in str(refused.value)

    def test_start_records_that_do_not_fit_are_told(self, registry: Path, tmp_path: Path) -> None:
        """With the file and the place."""
        (tmp_path / "openapi.yaml").write_text(registry.read_text())
        (tmp_path / "seed.yaml").write_text("owners: [{name: 7}]")
        with pytest.raises(ValueError, match=r"seed\.yaml.*owners/0/name"):
            MockServer(tmp_path)

    def test_off_loopback_a_token_is_sent(self, server: MockServer) -> None:
        """The control token of the ready file."""
        asked: list[Request] = []

        def answer(request: Request) -> Response:
            asked.append(request)
            return Response(200, (), b"{}")

        handle = WorldHandle(server.url, token="a-token")
        handle._control.link = answer
        handle.ready()
        assert asked[0].header("x-mock-token") == "a-token"

    def test_a_server_with_a_certificate_is_trusted_when_told(self) -> None:
        """A certificate of no known authority is refused, unless a file names its issuer."""
        certificate = Path(__file__).parents[1] / "localhost.pem"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        with wired(lambda _: answered(), context=context) as wire:
            assert WorldHandle(wire.origin, ca_file=certificate).ready() == {}
            with pytest.raises(ConnectionError, match=r"self.signed certificate"):
                MockServer(url=wire.origin).health()
            with pytest.raises(OSError, match="No such file"):
                MockServer(url=wire.origin, ca_file="absent.pem")

    def test_what_of_a_document_is_not_understood_is_kept(self, registry: Path, tmp_path: Path) -> None:
        """As `understudy serve` prints it."""
        file = tmp_path / "registry.yaml"
        file.write_text(registry.read_text().replace("name: {type: string}", "name: {type: strnig}"))
        assert "strnig" in " ".join(MockServer(file, listen=False).notices)

    def test_one_that_runs_already_is_used_by_its_url(self, server: MockServer) -> None:
        """Whatever path the URL has; it is left running, and its default world, too."""
        with MockServer(url=f"{server.url}/api/v1") as same:
            assert (same.url, same.apis) == (server.url, server.apis)
            made = same.world()
            assert made.id in [one.id for one in server.worlds()]
            assert ask(made.api("nextstep"), "/process-runs?limit=1")[0] == 200
            with pytest.raises(ValueError, match="not in this process"):
                made.asgi  # noqa: B018
        assert server.health().status == "ok"

    def test_a_server_that_is_not_there_is_a_connection_error(self) -> None:
        """The message has its address."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}"
            with pytest.raises(ConnectionError, match=url):
                MockServer(url=url).health()

    def test_another_kind_of_server_is_told(self) -> None:
        """An answer that is no control API's."""
        with MockServer("nextstep") as server:
            handle = MockServer(url=server.url)
            handle._control.link = lambda request: Response(404, (), b"<html>")
            with pytest.raises(ControlError, match="is it an Understudy server") as refused:
                handle.health()
        assert refused.value.status == 404


class TestWorlds:
    """A world is alone, and as it was asked for."""

    def test_worlds_do_not_see_each_other(self, server: MockServer) -> None:
        """A key leads to its world, and what is done there stays there."""
        one, other = server.world().api("nextstep"), server.world().api("nextstep")
        run = an_active_run(one)
        assert ask(one, f"/process-runs/{run}")[0] == 200
        assert ([len(one.journal), len(other.journal)], one.api_key == other.api_key) == ([1, 0], False)
        assert len(set(one.api_keys)) > 1

    def test_one_that_speaks_of_several_apis_asks_which(self, server: MockServer) -> None:
        """A handle without a choice names them; a wrong choice, the nearest one."""
        with pytest.raises(ValueError, match=r"choose one with world.api\(NAME\): nextstep, kognitos, registry"):
            server.base_url  # noqa: B018
        with pytest.raises(ValueError, match="did you mean nextstep"):
            server.api("nextsetp")

    def test_options_say_how_it_starts(self, server: MockServer) -> None:
        """Clock, ids, assumptions and records of its own."""
        records = {"registry": {"owners": [{"id": "own_ann", "name": "Ann"}]}}
        options = {"seed": "s", "assume": {"nextstep.tasks.unset-value": ""}, "clock": datetime(2001, 1, 1, tzinfo=UTC)}
        world = server.world(seed_data=records, **options)
        assert world.api("registry").state["owners"]["own_ann"]["name"] == "Ann"
        assert (world.clock.now, world.clock.frozen) == (datetime(2001, 1, 1, tzinfo=UTC), True)
        assert world.snapshot()["ids"]["seed"] == "s"
        assert world.assumptions["nextstep.tasks.unset-value"] == ""
        assert not server.world(clock="real").clock.frozen
        assert server.world(clock="frozen").clock.frozen

    def test_a_world_that_cannot_be_is_not_left_behind(self, server: MockServer) -> None:
        """The server's own message, and as many worlds as before."""
        before = len(server.worlds())
        for options in ({"seed_data": {"registyr": {}}}, {"assume": {"nope": 1}}, {"clock": "noon"}):
            with pytest.raises(ControlError, match=r"registry|nope|noon"):
                server.world(**options)
        assert len(server.worlds()) == before

    def test_a_block_removes_it(self, server: MockServer) -> None:
        """It is gone afterwards."""
        with server.world() as world:
            pass
        with pytest.raises(ControlError, match="names no world of this server"):
            world.ready()

    def test_a_removal_that_is_refused_is_told(self, server: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
        """Closing hides only that a world is gone already."""
        world = server.world()
        monkeypatch.setattr(world._control, "link", lambda request: Response(507, (), b'{"detail": "it is full"}'))
        with pytest.raises(ControlError, match="it is full"):
            world.close()

    def test_the_default_world_stays(self, server: MockServer) -> None:
        """A handle of it may be closed like any other."""
        with WorldHandle(server.url) as default:
            assert default.id == "default"
        assert server.worlds()[0].id == "default"

    def test_one_of_a_running_server_is_found_by_its_id(self, server: MockServer) -> None:
        """With addresses and keys, though nobody hands over what `POST /worlds` answered."""
        made = server.world()
        found = WorldHandle(server.url, world=made.id, api="nextstep")
        assert (found.id, found.api_key) == (made.id, made.api("nextstep").api_key)
        assert repr(found) == f"<world {made.id} of nextstep>"
        assert WorldHandle(found.base_url).id == made.id
        made.close()
        made.close()
        with pytest.raises(ControlError, match="reset it instead"):
            server.remove()

    def test_a_fork_goes_on_alone(self, world: WorldHandle) -> None:
        """It has the data, the clock and the ids of the other, and keys of its own."""
        world.clock.freeze()
        world.event("lapse-subscription")
        fork = world.fork()
        assert (fork.clock.now, fork.state["runs"]) == (world.clock.now, world.state["runs"])
        assert ask(fork, "/process-runs", key=fork.access["lapsed_key"])[0] == 403
        fork.reset()
        assert ask(world, "/process-runs")[0] == 403
        whole = WorldHandle._of(world._control).fork()
        assert set(whole.apis) == set(world.apis)

    def test_a_snapshot_is_put_back(self, world: WorldHandle) -> None:
        """Data and time are those of then."""
        kept = world.snapshot()
        world.event("lapse-subscription")
        world.restore(kept)
        assert ask(world, "/process-runs")[0] == 200
        world.event("lapse-subscription")
        world.reset()
        assert ask(world, "/process-runs")[0] == 200


class TestWithoutNetwork:
    """The same world without a port."""

    def test_httpx_needs_no_port(self, server: MockServer) -> None:
        """Each request belongs to the world, also one without a key, and one that names another world."""
        with MockServer("nextstep", listen=False) as alone, alone.world() as world:
            assert alone.url == "http://understudy"
            with httpx.Client(transport=world.transport, base_url=world.base_url) as client:
                key = {"authorization": f"Bearer {world.api_key}"}
                made = client.get("/process-runs?limit=2", headers=key)
                refused = client.get("/process-runs", headers={"x-mock-world": "w_other"})
            assert (made.status_code, len(made.json()["data"]), refused.status_code) == (200, 2, 401)
            assert world.calls().statuses == [200, 401]

    def test_an_asynchronous_client_takes_the_transport_or_the_application(self, world: WorldHandle) -> None:
        """Also with a body, which arrives whole."""

        async def update() -> list[int]:
            statuses = []
            key = {"authorization": f"Bearer {world.api_key}"}
            for transport in (world.transport, httpx.ASGITransport(app=world.asgi)):
                async with httpx.AsyncClient(transport=transport, base_url=world.base_url, headers=key) as client:
                    body = {"template_id": world.state["templates"].find(is_published=True)[0]["id"], "title": "A"}
                    statuses.append((await client.post("/process-runs", json=body)).status_code)
                    statuses.append((await client.head("/process-runs")).status_code)
            return statuses

        assert asyncio.run(update()) == [201, 200, 201, 200]
        assert world.calls("createProcessRun").requests[1].json()["title"] == "A"

    def test_the_application_takes_bodies_in_parts_and_has_a_lifespan(self, world: WorldHandle) -> None:
        """As ASGI servers call it."""

        async def run(scope: dict[str, Any], messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
            sent: list[dict[str, Any]] = []
            given = iter(messages)

            async def receive() -> dict[str, Any]:
                return next(given)

            async def send(message: Any) -> None:
                sent.append(message)

            await world.asgi(scope, receive, send)
            return sent

        life = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
        complete = ["lifespan.startup.complete", "lifespan.shutdown.complete"]
        assert [one["type"] for one in asyncio.run(run({"type": "lifespan"}, life))] == complete
        headers = [(b"Authorization", f"Bearer {world.api_key}".encode()), (b"Content-Type", b"application/json")]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/api/v1/process-runs",
            "query_string": b"",
            "headers": headers,
        }
        parts = [{"type": "http.request", "body": b'{"title"', "more_body": True}]
        parts += [{"type": "http.request", "body": b": 1}", "more_body": False}]
        start, body = asyncio.run(run(scope, parts))
        assert (start["status"], json.loads(body["body"])["error"]["code"]) == (400, "validation_error")


class TestClock:
    """Time is moved, never waited for."""

    def test_time_moves_by_what_is_said(self, world: WorldHandle) -> None:
        """Seconds, minutes, hours and days; the new time is returned."""
        begin = world.clock.freeze()
        assert world.clock.advance(30, minutes=1, hours=1, days=1) == world.clock.now
        assert (world.clock.now - begin).total_seconds() == 86400 + 3600 + 90
        assert "frozen" in repr(world.clock)
        world.clock.run()
        assert (world.clock.frozen, "frozen" in repr(world.clock)) == (False, False)

    def test_time_is_set_by_text_or_moment_and_never_back(self, world: WorldHandle) -> None:
        """A time in the past is refused with the server's own message."""
        assert world.clock.set("2100-01-01T00:00:00Z", frozen=True) == datetime(2100, 1, 1, tzinfo=UTC)
        assert world.clock.set(datetime(2100, 1, 2, tzinfo=UTC)) == datetime(2100, 1, 2, tzinfo=UTC)
        with pytest.raises(ControlError, match="time never goes back"):
            world.clock.set("2099-01-01T00:00:00Z")
        with pytest.raises(ControlError, match="seconds"):
            world.clock.advance(-1)

    def test_what_is_due_has_happened(self, server: MockServer) -> None:
        """A run of Kognitos is over a day after it was started."""
        world = server.world().api("kognitos")
        ids = {name: world.access[name] for name in ("agent_id", "process_id")}
        inputs = [{"name": name, "value": "1"} for name in world.access["inputs"]]
        with httpx.Client(transport=world.transport, headers={"x-api-key": world.api_key}) as client:
            body = {**ids, "name": "Mine", "stage": "Draft", "inputs": inputs}
            run = client.post(f"{world.base_url}/runs", json=body).json()["id"]
            world.clock.advance(days=1)
            assert client.get(f"{world.base_url}/runs/{run}").json()["status"] == "Succeeded"


class TestWhatIsSeen:
    """Records, exchanges, mails."""

    def test_records_are_read_by_resource_and_id(self, world: WorldHandle) -> None:
        """A wrong name or id is a KeyError with the nearest one."""
        run = an_active_run(world)
        assert world.state["runs"][run]["status"] == "active"
        assert run in list(world.state["runs"])
        assert {"runs", "templates"} < set(world.state)
        assert (len(world.state["runs"]), len(world.state) > 3) == (78, True)
        assert (repr(world.state["runs"]), "78 runs" in repr(world.state)) == ("<78 records of runs>", True)
        with pytest.raises(KeyError, match="nextstep has no rusn; did you mean runs"):
            world.state["rusn"]
        with pytest.raises(KeyError, match=f"did you mean {run}"):
            world.state["runs"][run[:-1]]

    def test_an_api_that_keeps_nothing_says_so(self, server: MockServer, registry: Path, tmp_path: Path) -> None:
        """A document without resources has no records."""
        file = tmp_path / "plain.yaml"
        file.write_text(registry.read_text().partition("x-resources")[0])
        with MockServer(file, listen=False) as plain, pytest.raises(KeyError, match="it keeps nothing"):
            plain.state["owners"]

    def test_calls_of_an_operation_are_asserted(self, world: WorldHandle) -> None:
        """Statuses, requests, the last one with the reasons of its answer."""
        run = an_active_run(world)
        assert [ask(world, f"/process-runs/{id}")[0] for id in (run, "nope")] == [200, 404]
        assert ask(world, "/process-runs?statsu=active")[0] == 200
        calls = world.calls("getProcessRun")
        assert (calls.statuses, len(calls), calls[0].path) == ([200, 404], 2, f"/api/v1/process-runs/{run}")
        assert (calls.last.reason, calls.last.error, calls.last.operation) == ("not-found", None, "getProcessRun")
        assert calls.last.response.json()["error"]["code"] == "not_found"
        assert {one["id"] for one in calls.last.decided} >= {"nextstep.errors.foreign-object"}
        assert calls.last.why["summary"] == f"404, not-found: {calls.last.message}"
        assert [one.headers["authorization"][:13] for one in calls.requests] == ["Bearer masked"] * 2
        assert [one.headers["content-type"] for one in calls.responses] == ["application/json"] * 2
        assert "statsu" in (world.journal[-1].warning or "")
        assert (calls[1:].statuses, world.journal[:2].statuses) == ([404], [200, 404])
        assert "GET /api/v1/process-runs/nope: 404" in repr(world.calls())
        assert [one.status for one in world.journal] == world.calls().statuses == [200, 404, 200]
        with pytest.raises(ControlError, match="did you mean getProcessRun"):
            world.calls("getProcesRun")
        world.journal.clear()
        with pytest.raises(IndexError):
            world.calls().last  # noqa: B018

    def test_the_journal_is_exported_as_a_recording(self, world: WorldHandle) -> None:
        """A HAR as JSON, a cassette as its text."""
        ask(world, "/process-runs?limit=1")
        assert len(world.journal.export()["log"]["entries"]) == 1
        assert "process-runs?limit=1" in world.journal.export("yaml")
        with pytest.raises(ControlError, match="format"):
            world.journal.export("hra")

    def test_mails_are_in_the_outbox(self, world: WorldHandle) -> None:
        """None so far; an API that is not served is refused."""
        assert world.mails() == ()
        with pytest.raises(ControlError, match="did you mean nextstep"):
            world.mails(api="nextstpe")


class TestWhatIsMade:
    """Faults, assumptions, records, events."""

    def test_a_fault_answers_so_often(self, world: WorldHandle) -> None:
        """Then the service answers again."""
        fault = world.faults.add("listProcessRuns", status=503, times=2)
        assert (list(world.faults), len(world.faults), fault.api) == ([fault], 1, "nextstep")
        assert [ask(world, "/process-runs")[0] for _ in range(3)] == [503, 503, 200]
        assert world.calls("listProcessRuns").statuses == [503, 503, 200]
        fault = world.faults.add(status=500, headers={"Retry-After": "1"}, body={"a": 1})
        assert ask(world, "/process-runs") == (500, {"a": 1})
        world.faults.remove(fault.id)
        world.faults.clear()
        with pytest.raises(ControlError, match="there is no fault"):
            world.faults.remove(fault)
        with pytest.raises(ControlError, match="did you mean listProcessRuns"):
            world.faults.add("listProcesRuns", status=503)

    def test_assumptions_are_a_mapping_that_is_switched(self, world: WorldHandle) -> None:
        """By id; a wrong one switches nothing, and says what is near."""
        id = "nextstep.tasks.unset-value"
        switched = world.assumptions.set({id: ""})
        assert (world.assumptions[id], len(world.assumptions)) == ("", len(switched))
        assert id in list(world.assumptions)
        assert next(one for one in switched if one.id == id).alternatives
        with pytest.raises(ControlError, match="did you mean"):
            world.assumptions.set({"nextstep.tasks.unset-valeu": ""})
        with pytest.raises(KeyError, match="did you mean"):
            world.assumptions["nextstep.tasks.unset-valeu"]

    def test_a_record_is_added(self, server: MockServer) -> None:
        """What it leaves out is made; what does not fit is refused."""
        world = server.world().api("registry")
        assert world.add_record("owners", {"name": "Ann"})["id"].startswith("own_")
        assert world.state["owners"].find(name="Ann")
        assert world.state["owners"].find(name="Bob") == []
        with pytest.raises(ControlError, match="name"):
            world.add_record("owners", {"name": 7})

    def test_an_event_happens(self, world: WorldHandle) -> None:
        """It may concern another tenant; one that does not exist is refused."""
        active = {one["id"] for one in world.state["runs"].find(status="active")}
        run, task = next(
            (one["instance_id"], one["id"])
            for one in world.state["tasks"].find(completed=False, skipped=False)
            if one["instance_id"] in active
        )
        assert world.event("skip-task", run_id=run, task_id=task)["skipped"]
        assert world.event("lapse-subscription", tenant="team_xyz")["team_id"] == "team_xyz"
        with pytest.raises(ControlError, match="did you mean skip-task"):
            world.event("skip-taks", run_id=run, task_id=task)
