"""Recording at its edges: cut answers, proxy settings, signals, files that are not to be lost."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pets import document, exchange, recording
from understudy.cli import around, main
from understudy.cli import record as command
from understudy.cli.exits import UsageError
from understudy.cli.recordings import url_of
from understudy.recording import files
from understudy.recording.proxy import Proxy, _Server, reason, serving

UPSTREAM = "http://127.0.0.1:9"
OWNER = b'{"id": 1, "name": "Jo"}'


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """The origin of a service that sends these bytes to each request and hangs up, and the heads that it read."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    seen.append(connection.recv(1 << 16))
                    connection.sendall(answer)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def proxied(upstream: str, request: bytes) -> tuple[bytes, Proxy, list[Any]]:
    """What a proxy answers to the bytes of a request until it hangs up, the proxy, and what it recorded."""
    found: list[Any] = []
    made = Proxy(upstream, answer=lambda request: None, watch=found.append)
    with serving(made, 0) as url, socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 9) as client:
        client.sendall(request.replace(b"OWN", url.encode()) + b"Connection: close\r\n\r\n")
        parts = list(iter(lambda: client.recv(1 << 16), b""))
    return b"".join(parts), made, found


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "the answer ends after 3 of 100 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "the answer ends in the middle of a chunk"),
        (b"hello\r\n\r\n", "it sent 'hello', which is no HTTP"),
        (b"", "Remote end closed connection without response"),
    ],
)
def test_an_answer_that_is_not_whole_is_a_502(answer: bytes, told: str) -> None:
    """It is told why, and not recorded: passed on with its length, it would let the client wait for the rest."""
    with answering(answer) as (origin, _):
        response, made, found = proxied(origin, b"GET /v1/x HTTP/1.1\r\nHost: x\r\n")
    assert response.startswith(b"HTTP/1.1 502")
    assert told.encode() in response
    assert [f"GET /v1/x: no whole answer from {origin}: " in line and told in line for line in made.failed] == [True]
    assert found == []


def test_a_head_answer_gets_no_length_of_its_own() -> None:
    """Without a length of the service's, none is known: 0 would be that of an empty body."""
    with answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") as (origin, _):
        response, _, found = proxied(origin, b"HEAD /v1/x HTTP/1.1\r\nHost: x\r\n")
    assert response == b"HTTP/1.1 200 OK\r\n\r\n"
    assert len(found) == 1


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("/v1/x?q=\xfc", b"GET /v1/x?q=%FC HTTP/1.1"),
        ("OWN/v1/x?a=%20b", b"GET /v1/x?a=%20b HTTP/1.1"),
        ("UPSTREAM/v1/x", b"GET /v1/x HTTP/1.1"),
    ],
)
def test_odd_request_targets_reach_the_service(target: str, sent: bytes) -> None:
    """Bytes that no URL may have are percent-encoded; a whole URL of the proxy or the service is its path."""
    with answering(b"HTTP/1.1 204 No Content\r\n\r\n") as (origin, seen):
        line = f"GET {target.replace('UPSTREAM', origin)} HTTP/1.1\r\nHost: x\r\n"
        response, made, found = proxied(origin, line.encode("latin-1"))
    assert response.startswith(b"HTTP/1.1 204")
    assert seen[0].startswith(sent)
    assert (made.failed, len(found)) == ([], 1)


@pytest.mark.parametrize("start", ["GET http://other.example/v1/x", "CONNECT 127.0.0.1:9"])
def test_it_is_no_forward_proxy(start: str) -> None:
    """What HTTP_PROXY would send there reaches nobody, and the answer tells what to do."""
    response, made, found = proxied(UPSTREAM, f"{start} HTTP/1.1\r\nHost: x\r\n".encode())
    assert response.startswith(b"HTTP/1.1 421")
    assert b"the base URL of the client, not its proxy" in response
    assert [line.startswith(f"{start}: this proxy leads to {UPSTREAM} only") for line in made.failed] == [True]
    assert found == []


def test_reasons_are_words() -> None:
    """Certificates, TLS, time and the rest are told with what may help."""
    unverified = ssl.SSLCertVerificationError()
    unverified.verify_message = "self-signed certificate"
    assert reason(unverified) == "self-signed certificate; SSL_CERT_FILE=F names the certificates that are trusted"
    assert reason(ssl.SSLError(1, "wrong")).endswith("is it http:// in place of https://?")
    assert reason(TimeoutError("timed out")) == "it took more than 60 s"
    assert reason(ConnectionRefusedError(111, "Connection refused")) == "Connection refused"
    assert reason(http.client.HTTPException("odd")) == "odd"


def test_a_mistake_of_ours_is_shown(capfd: pytest.CaptureFixture[str]) -> None:
    """A request that ends in an unexpected exception is not silently without an answer."""

    def fail(request: object) -> None:
        raise LookupError("a mistake")

    with serving(Proxy(UPSTREAM, answer=fail, watch=lambda one: None), 0) as url:
        client = http.client.HTTPConnection(url.partition("://")[2], timeout=9)
        client.request("GET", "/v1/x")
        with pytest.raises(http.client.RemoteDisconnected):
            client.getresponse()
        client.close()
    assert "LookupError: a mistake" in capfd.readouterr().err
    assert _Server.daemon_threads


# the command


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a document."""
    monkeypatch.chdir(tmp_path)
    document(tmp_path)


def record(*arguments: str, upstream: str = UPSTREAM, out: str = "out.yaml", script: str = "") -> int:
    """The exit code of recording a Python script, in which `get(PATH)` asks the proxy."""
    head = (
        "import os, signal, sys, time, urllib.request\n"
        "def get(path):\n"
        "    try:\n        urllib.request.urlopen(os.environ['UNDERSTUDY_URL'] + path).read()\n"
        "    except urllib.error.HTTPError as error:\n        error.close()\n"
    )
    words = ["record", "pets.yaml", "--upstream", upstream, "--out", out, *arguments]
    return main([*words, "--", sys.executable, "-S", "-c", head + script])


def ok(body: bytes = OWNER) -> bytes:
    """The bytes of an answer."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("mode", ["once", "new_episodes", "all", "none"])
def test_a_file_that_is_no_recording_is_never_replaced(mode: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even by --mode all, which begins a recording anew."""
    before = Path("pets.yaml").read_text()
    assert record("--mode", mode, out="pets.yaml") == 2
    assert "pets.yaml: it is no recording" in capsys.readouterr().err
    assert Path("pets.yaml").read_text() == before


def test_a_recording_begins_anew_with_the_first_answer(tmp_path: Path) -> None:
    """While the service is away, --mode all leaves what there is; then it is replaced, for its owner only."""
    kept = recording(tmp_path, [exchange("GET", "/owners", 200, [])])
    kept.chmod(0o644)
    before = kept.read_text()
    assert record("--mode", "all", out=str(kept), script="get('/owners/1')") == 1
    assert kept.read_text() == before
    with answering(ok()) as (origin, _):
        assert record("--mode", "all", out=str(kept), upstream=origin, script="get('/owners/1')") == 0
    (one,) = files.load(kept).exchanges
    assert (one.request.path, kept.stat().st_mode & 0o777) == ("/v1/owners/1", 0o600)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["pets.yaml", kept.name])


def test_a_recording_that_cannot_be_begun_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As on a full disk: the exchange is told, and no half file stays."""

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with answering(ok()) as (origin, _), monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        assert record(upstream=origin, script="get('/owners/1')") == 1
    assert "GET /v1/owners/1 is not recorded: No space left on device" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["pets.yaml"]


def test_what_was_answered_from_the_file_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """Also what is not in there, by name, and the same problem once."""
    with answering(ok(b'{"id": "one"}')) as (origin, _):
        assert record(upstream=origin, script="get('/owners/1'); get('/owners/1')", out="out.har") == 0
    errors = capfd.readouterr().err
    line = "GET /v1/owners/1: the answer breaks the document: "
    assert [errors.count(f"understudy: {line}"), errors.count(f"2 times: {line}")] == [2, 2]
    assert record(script="get('/owners/1')", out="out.har") == 0
    assert "nothing was recorded in out.har\n1 request was answered from out.har\n" in capfd.readouterr().err
    paths = [f"/owners/{number}" for number in range(2, 9)]
    assert record(script=f"for path in {paths}: get(path)", out="out.har") == 1
    told = ", ".join(f"GET /v1{path}" for path in paths[:5])
    assert f"not in out.har, and so answered with 501: {told}, and 2 others; --mode" in capfd.readouterr().err


def test_many_failures_are_counted(capfd: pytest.CaptureFixture[str]) -> None:
    """Five are told, the rest as a number."""
    assert record(script="for number in range(7): get('/owners')") == 1
    errors = capfd.readouterr().err
    assert errors.count(f"GET /v1/owners: no whole answer from {UPSTREAM}: Connection refused") == 5
    assert "2 more requests had no answer" in errors


def test_no_length_is_asked_of_a_head_answer(capfd: pytest.CaptureFixture[str]) -> None:
    """An answer to HEAD has no body, which breaks no document."""
    script = "urllib.request.urlopen(urllib.request.Request(os.environ['UNDERSTUDY_URL'] + '/owners/1', method='HEAD'))"
    with answering(ok()) as (origin, _):
        assert record(upstream=origin, script=script) == 0
    assert "breaks the document" not in capfd.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_command_is_told_as_at_any_end(
    number: int, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command ends, too: SIGTERM is passed on; Ctrl-C reaches it from the terminal, and it may clean up."""
    script = (
        "def clean(*_):\n    get('/owners/1')\n    os._exit(0)\n"
        "signal.signal(signal.SIGTERM, clean)\n"
        f"os.kill(os.getppid(), {int(number)})\n"
        f"clean() if {int(number)} == signal.SIGINT else time.sleep(60)\n"
    )
    with answering(ok()) as (origin, _):
        assert record(upstream=origin, script=script) == code
    assert "1 exchange recorded in out.yaml" in capfd.readouterr().err


def test_a_command_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interruption it gets some time, then SIGTERM, then it is killed."""
    monkeypatch.setattr(around, "PATIENCE", 0.01)
    script = "signal.signal(signal.SIGTERM, signal.SIG_IGN); os.kill(os.getppid(), signal.SIGINT); time.sleep(60)"
    assert record(script=script) == 130
    assert record(script="os.kill(os.getpid(), signal.SIGKILL)") == 137


def test_waiting_ends_with_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a command, SIGTERM is as usual an end as Ctrl-C, and is handled as before afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("threading.Event", lambda: SimpleNamespace(wait=lambda: os.kill(os.getpid(), signal.SIGTERM)))
    assert command._wait("http://127.0.0.1:1/v1", UPSTREAM) == 0
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://jo:planted@a.example", "--upstream: a URL with a user or a password is not taken"),
        ("http://a.example/v1?key=1", "--upstream http://a.example/v1?key=1: a base URL ends before ? and #"),
        ("http://a.example/v1#top", "a base URL ends before ? and #"),
    ],
)
def test_a_base_url_has_no_more_than_a_path(url: str, told: str) -> None:
    """A password is not repeated; what would be left out is refused."""
    with pytest.raises(UsageError) as raised:
        url_of("--upstream", url)
    assert told in str(raised.value)
    assert "planted" not in str(raised.value)


def test_an_empty_command_and_an_odd_ending_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Each says what would be right for this command."""
    words = ["record", "pets.yaml", "--upstream", UPSTREAM, "--out"]
    assert main([*words, "a.yaml", "--"]) == 2
    assert "there is no COMMAND after --; without -- it records until Ctrl-C" in capsys.readouterr().err
    assert main([*words, "a.txt"]) == 2
    assert capsys.readouterr().err == "understudy: --out a.txt: a recording ends with .yaml, .yml, .json, .har\n"
    assert [path.name for path in Path().iterdir()] == ["pets.yaml"]
