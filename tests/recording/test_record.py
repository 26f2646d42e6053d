"""Recording: what passes to a service reaches the client unchanged, and the disk at once, without secrets."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pets import document, exchange, recording
from understudy.cli import main
from understudy.cli import record as command
from understudy.engine.exchange import Request, Response
from understudy.recording import files, proxy
from understudy.recording.proxy import Proxy, serving
from understudy.recording.recorded import Recorded
from understudy.recording.redact import Redactor
from understudy.recording.tape import Tape

PACKED = gzip.compress(json.dumps({"self": "ORIGIN/v1/owners/1"}).encode())
KEY = "a-long-and-secret-key"


class Service(BaseHTTPRequestHandler):
    """A service with odd but legal answers, which counts its requests."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, str, dict[str, str], bytes]] = []  # noqa: RUF012 - emptied by the fixture

    def __getattr__(self, name: str) -> Any:
        return self.respond if name.startswith("do_") else super().__getattribute__(name)

    def respond(self) -> None:
        """Answer by the path."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.seen.append((self.command, self.path, dict(self.headers), body))
        origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        name = self.path.partition("?")[0].rpartition("/")[2]
        if name == "broken":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, content = self.answers(name, origin, len(self.seen))
        self.send_response_only(status)
        for field, value in headers:
            self.send_header(field, value)
        if name == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            content = b"%x\r\n%s\r\n0\r\n\r\n" % (len(content), content)
        elif status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def answers(self, name: str, origin: str, count: int) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body for the last word of a path."""
        kind = [("Content-Type", "application/json"), ("X-Twice", "1"), ("X-Twice", "2"), ("Connection", "keep-alive")]
        if name == "packed":
            packed = gzip.compress(gzip.decompress(PACKED).replace(b"ORIGIN", origin.encode()))
            return 200, [*kind, ("Content-Encoding", "gzip"), ("ETag", "x")], packed
        if name == "moved":
            return 302, [("Location", f"{origin}/v1/owners")], b""
        if name == "limited":
            return (429 if count == 1 else 200), kind, b"[]"
        if name == "bytes":
            return 200, [("Content-Type", "image/png"), ("Content-Encoding", "odd")], b"\xff\x00"
        if name == "gone":
            return 204, [], b""
        if name == "owners":
            return 200, kind, json.dumps([{"id": 1, "name": "Jane", "token": KEY}]).encode()
        return 200, kind, json.dumps({"id": count, "name": "Jo"}).encode()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def listening() -> Iterator[str]:
    """The origin of the service."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def service(listening: str) -> str:
    """The origin of the service, which has seen nothing yet."""
    Service.seen.clear()
    return listening


@contextmanager
def recorded(upstream: str, **options: Any) -> Iterator[tuple[http.client.HTTPConnection, Proxy, list[Recorded]]]:
    """A client of a proxy, the proxy, and what it recorded."""
    found: list[Recorded] = []
    made = Proxy(upstream, answer=options.pop("answer", lambda request: None), watch=found.append, **options)
    with serving(made, 0) as url:
        client = http.client.HTTPConnection(url.partition("://")[2], timeout=9)
        yield client, made, found
        client.close()


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, bytes]:
    """Status, headers and body of an answer."""
    client.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = client.getresponse()
    return answer.status, answer.headers, answer.read()


def test_answers_reach_the_client_unchanged(service: str) -> None:
    """Status, headers with their repetitions, and compressed bytes; recorded they are decoded."""
    with recorded(service) as (client, _, found):
        status, headers, body = ask(client, "GET", "/v1/packed?a=%20b", Accept_Encoding="gzip", X_Key="k")
    assert (status, headers.get_all("x-twice"), headers["content-encoding"]) == (200, ["1", "2"], "gzip")
    assert json.loads(gzip.decompress(body)) == {"self": f"{service}/v1/owners/1"}
    assert headers["server"] is None
    (one,) = found
    assert (one.target, one.origin, one.response.header("content-encoding")) == ("/v1/packed?a=%20b", service, None)
    assert one.response.json() == {"self": f"{service}/v1/owners/1"}
    assert Service.seen[0][2]["accept-encoding"] == "gzip"
    assert Service.seen[0][2]["host"] == service.partition("://")[2]


def test_all_kinds_of_messages_pass(service: str) -> None:
    """Chunks on both sides, no content, HEAD, unknown codings and methods."""
    with recorded(service) as (client, _, found):
        assert ask(client, "GET", "/v1/chunked")[2] == b'{"id": 1, "name": "Jo"}'
        assert ask(client, "GET", "/v1/gone")[::2] == (204, b"")
        assert int(ask(client, "HEAD", "/v1/owners")[1]["content-length"]) > 50
        assert ask(client, "GET", "/v1/bytes")[2] == b"\xff\x00"
        assert ask(client, "PURGE", "/v1/x", b"text")[0] == 200
        assert ask(client, "POST", "/v1/x", iter([b"ab", b"c"]))[0] == 200
        assert ask(client, "POST", "/v1/x", b"")[0] == 200
    assert [one.request.method for one in found] == ["GET", "GET", "HEAD", "GET", "PURGE", "POST", "POST"]
    assert [body for _, _, _, body in Service.seen[4:]] == [b"text", b"abc", b""]
    assert found[3].response.body == b"\xff\x00"


def test_urls_of_the_service_are_counted_or_rewritten(service: str) -> None:
    """They reach the client as they are, or as those of the proxy; recorded they stay."""
    with recorded(service) as (client, made, _):
        assert ask(client, "GET", "/v1/moved")[1]["location"] == f"{service}/v1/owners"
        assert made.rewritable == 1
    with recorded(service, rewrite=True) as (client, made, found):
        here = f"http://127.0.0.1:{client.port}"
        assert ask(client, "GET", "/v1/moved")[1]["location"] == f"{here}/v1/owners"
        _, headers, body = ask(client, "GET", "/v1/packed")
        assert (json.loads(body), headers["etag"], headers["content-encoding"]) == (
            {"self": f"{here}/v1/owners/1"}, None, None,
        )  # fmt: skip
        ask(client, "GET", "/v1/x")
    assert made.rewritable == 2
    assert found[0].response.header("location") == f"{service}/v1/owners"
    assert made.origin == service


def test_a_base_path_is_not_repeated(service: str) -> None:
    """The upstream may be given with the base path of the API, or without."""
    for upstream in (service, f"{service}/v1", f"{service}/v1/"):
        with recorded(upstream) as (client, _, _):
            ask(client, "GET", "/v1/x")
    with recorded(f"{service}/staging") as (client, _, _):
        ask(client, "GET", "/v1/x")
    assert [path for _, path, _, _ in Service.seen] == ["/v1/x"] * 3 + ["/staging/v1/x"]


def test_a_service_that_does_not_answer_is_a_502(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted and not recorded; nor is an answer that is too large."""
    with recorded(service) as (client, made, found):
        assert ask(client, "GET", "/v1/broken")[0] == 502
        monkeypatch.setattr(proxy, "_MOST_BYTES", 10)
        assert ask(client, "GET", "/v1/owners")[0] == 502
        assert ask(client, "GET", "/v1/gone")[0] == 204
    assert [one.partition(":")[0] for one in made.failed] == ["GET /v1/broken", "GET /v1/owners"]
    assert len(found) == 1


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 9999999999\r\n\r\n", b"Content-Length: x\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n"],
)  # fmt: skip
def test_a_body_of_no_valid_length_is_refused(service: str, body: bytes) -> None:
    """Nothing is sent on."""
    with (
        recorded(service) as (client, _, found),
        socket.create_connection((client.host, client.port or 0)) as connection,
    ):
        connection.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\n" + body)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")
    assert (found, Service.seen) == ([], [])


def test_chunks_may_have_trailers(service: str) -> None:
    """Extensions and trailers of chunks are no part of the body; a client that goes away harms nobody."""
    with recorded(service) as (client, _, found):
        with socket.create_connection((client.host, client.port or 0)) as connection:
            connection.sendall(b"POST /v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            connection.sendall(b"2;a=b\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        with socket.create_connection((client.host, client.port or 0)) as connection:
            connection.sendall(b"GET /v1/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
    assert found[0].request.body == b"hi"


def test_tls_is_verified(service: str) -> None:
    """A service without a certificate is none."""
    with recorded(service.replace("http://", "https://")) as (client, made, _):
        assert ask(client, "GET", "/v1/x")[0] == 502
    assert len(made.failed) == 1


# the file


@pytest.mark.parametrize("form", files.FORMATS)
def test_the_file_is_whole_after_each_exchange(tmp_path: Path, form: str) -> None:
    """An interrupted recording is readable; nobody else may read it, and secrets are not in it."""
    path = tmp_path / "a.rec"
    sent = Request("GET", "/v1/x", "", ((b"authorization", f"Bearer {KEY}".encode()),))
    one = Recorded(sent, Response(200, (), KEY.encode()), (), "https://pets.example", 5)
    tape = Tape(path, form, Redactor())
    for count in (1, 2, 3):
        tape.add(one)
        assert len(files.load(path).exchanges) == count == tape.count
        assert files.load(path).problems == ()
    assert KEY.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    again = Tape(path, form, Redactor(), files.load(path).exchanges)
    again.add(one)
    assert len(files.load(path).exchanges) == 4


# the command


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str) -> Callable[..., int]:
    """Runs `record` around requests to paths below the base URL; the exit code."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)

    def run(*arguments: str, paths: str = "owners", out: str = "out.yaml", upstream: str = service) -> int:
        script = (
            "import os, urllib.request, urllib.error\n"
            f"for path in {paths.split()!r}:\n"
            "    url = os.environ['UNDERSTUDY_URL'] + '/' + path\n"
            f"    request = urllib.request.Request(url, headers={{'X-Key': {KEY!r}}})\n"
            "    try:\n        urllib.request.urlopen(request).read()\n"
            "    except urllib.error.HTTPError as error:\n        error.close()\n"
        )
        words = ["record", "pets.yaml", "--upstream", upstream, "--out", out, *arguments]
        return main([*words, "--", sys.executable, "-S", "-c", script])

    return run


def test_a_command_is_recorded(record: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    """Both sides are checked, what is no normal answer is marked, and the recording plays again."""
    assert record(paths="limited limited owners owners/1 packed", out="out.har") == 0
    errors = capfd.readouterr().err
    assert "GET /v1/limited is no operation of pets.yaml" in errors
    assert "5 exchanges recorded in out.har" in errors
    assert "not the normal answer: 1 with 429 (rate-limit)" in errors
    assert "1 answer holds URLs" in errors
    text = Path("out.har").read_text()
    assert KEY not in text
    assert json.loads(text)["log"]["entries"][0]["_marked"] == "rate-limit"
    assert main(["replay", "out.har", "--api", "pets.yaml", "--match", "shape", "--ignore", "/0/token"]) in (0, 1)


@pytest.mark.parametrize(
    ("mode", "asked", "kept", "code"),
    [("once", 0, 1, 1), ("new_episodes", 1, 2, 0), ("none", 0, 1, 1), ("all", 2, 2, 0)],
)
def test_the_modes_of_vcr(record: Callable[..., int], mode: str, asked: int, kept: int, code: int) -> None:
    """What is recorded is answered from the file; a new request is recorded, or refused, as the mode says."""
    assert record() == 0
    Service.seen.clear()
    assert record("--mode", mode, paths="owners owners/1") == code
    assert len(Service.seen) == asked
    assert len(files.load(Path("out.yaml")).exchanges) == kept


def test_problems_of_both_sides_are_told(
    record: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A request that the document refuses, and an answer that it forbids."""
    script = (
        "import os, urllib.request as r\n"
        "url, kind = os.environ['UNDERSTUDY_URL'] + '/owners', {'Content-Type': 'application/json'}\n"
        "r.urlopen(r.Request(url, b'{\"name\": 5}', kind))\n"
        "r.urlopen(r.Request(url + '?api_key=a-long-and-secret-key/a-long-and-secret-key', headers=kind))\n"
    )
    words = ["record", "pets.yaml", "--upstream", "UP", "--out", "out.yaml", "--", sys.executable, "-S", "-c", script]
    assert main([word.replace("UP", origin_of(record)) for word in words]) == 0
    errors = capfd.readouterr().err
    assert "POST /v1/owners: the request breaks the document: " in errors
    assert "POST /v1/owners: the answer breaks the document: addOwner has no status 200 (known: 201)" in errors
    assert "a-long-and-secret-key" not in errors


def origin_of(record: Callable[..., int]) -> str:
    """The origin of the service that `record` uses."""
    defaults = record.__kwdefaults__ or {}
    return str(defaults["upstream"])


def test_a_recording_goes_on_until_it_is_stopped(
    record: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a command it tells where it listens; a file may be there in part."""
    origin = origin_of(record)
    monkeypatch.setattr(command, "_wait", lambda base, upstream: sys.stdout.write(upstream) and 0)
    Path("out.json").write_text(json.dumps({"interactions": [{"request": 1}]}))
    assert main(["record", "pets.yaml", "--upstream", origin, "--out", "out.json"]) == 0
    output = capsys.readouterr()
    assert origin in output.out
    assert "interaction 1: it has no request" in output.err
    assert "nothing was recorded in out.json" in output.err


def test_waiting_ends_with_an_interruption(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C is the usual end."""

    class Interrupted:
        def wait(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr("threading.Event", Interrupted)
    assert command._wait("http://127.0.0.1:1/v1", "https://pets.example") == 0
    assert capsys.readouterr().out == "Recording https://pets.example at http://127.0.0.1:1/v1\nCtrl-C stops it.\n"


def test_what_cannot_be_recorded_is_told(record: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    """A binary body in a JSON cassette, a service that is away, and the exit code of the command."""
    assert record(paths="bytes", out="out.json") == 1
    assert "GET /v1/bytes is not recorded: its body is binary" in capfd.readouterr().err
    assert record(paths="broken", out="more.json") == 1
    assert "GET /v1/broken: no whole answer from " in capfd.readouterr().err
    words = ["record", "pets.yaml", "--upstream", origin_of(record), "--out", "x.har", "--"]
    assert main([*words, sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert main([*words, "no-such-command"]) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--upstream", "pets.example", "--out", "a.har"], "--upstream pets.example is no URL"),
        (["--upstream", "http://a.example", "--out", "a.txt"], "a recording ends with"),
        (["--upstream", "http://a.example", "--out", "no/a.har"], "there is no folder"),
        (["--upstream", "http://a.example", "--out", "a.har", "--mode", "none"], "--mode none: a.har has nothing"),
        (["--upstream", "http://a.example", "--out", "pets.yaml"], "it is no recording"),
    ],
)
def test_bad_arguments_of_record_are_one_line(
    record: Callable[..., int], capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    """Nothing is connected to, and nothing is written."""
    assert main(["record", "pets.yaml", *arguments, "--", "true"]) == 2
    assert told in capsys.readouterr().err


def test_a_taken_port_is_told(record: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is that of what could not be done."""
    port = origin_of(record).rpartition(":")[2]
    words = ["record", "pets.yaml", "--upstream", "http://a.example", "--out", "a.har", "--port", port, "--", "true"]
    assert main(words) == 3
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_a_refusal_is_not_what_stays(tmp_path: Path) -> None:
    """Of a 429 and the answer to its retry, the answer stays; where all failed, the last one does."""
    from understudy.engine.worlds import Worlds
    from understudy.recording.answers import Answers

    statuses = (("/owners", 200), ("/owners", 429), ("/owners/1", 503))
    file = recording(tmp_path, [exchange("GET", path, status, {}) for path, status in statuses])
    answers, world = Answers(files.load(file).exchanges, only=True), Worlds([], seeds={}).default
    found = [answers.next(Request("GET", "/v1/owners"), world) for _ in range(4)]
    assert [one and one.status for one in found] == [200, 429, 200, 200]
    assert [one and one.status for one in [answers.next(Request("GET", "/v1/owners/1"), world)] * 2] == [503, 503]
    assert '"marked": "failed"' in files.dumps(files.load(file).exchanges, "json")
