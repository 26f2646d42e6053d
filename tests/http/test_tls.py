"""TLS: a server with a certificate of the user's or a new one, and clients that check it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import trustme
from cryptography.hazmat.primitives import serialization

from conftest import KEY, MANY
from understudy import cli
from understudy.apis import control
from understudy.cli.neighbor import get_json, is_left_behind, understudy_at
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy.http.server import Server, listen, ready_file, url_of
from understudy.http.tls import from_files, made
from understudy_checks.target import installed

COMBINED = Path(__file__).parents[1] / "localhost.pem"
KEYED = {"Authorization": f"Bearer {KEY}"}


@contextmanager
def serving(worlds: Worlds, context: ssl.SSLContext, ca_file: str | None) -> Iterator[str]:
    """Serve https on a free port, in a thread, while the block runs."""
    listener, started = listen("127.0.0.1", 0), threading.Event()
    worlds.server.url, worlds.server.ca_file = url_of(listener, "https", "localhost"), ca_file
    server = Server(App(worlds), sockets=[listener], ready=started.set, tls=context)
    thread = threading.Thread(target=server.serve_until_stopped, daemon=True)
    thread.start()
    started.wait(10)
    yield worlds.server.url
    server.should_exit = True
    thread.join(10)
    listener.close()


@pytest.fixture(scope="module")
def served(small: dict[str, Any]) -> Iterator[Worlds]:
    """A small world behind a new certificate."""
    worlds = Worlds([installed.declared("nextstep"), control.declare], seeds=small, limits={"nextstep": MANY})
    with made(["localhost", "127.0.0.1"]) as (context, ca_file), serving(worlds, context, str(ca_file)):
        yield worlds


@contextmanager
def connected(served: Worlds) -> Iterator[ssl.SSLSocket]:
    """A connection that trusts the server and offers HTTP/2, too."""
    context = ssl.create_default_context(cafile=served.server.ca_file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    plain = socket.create_connection(("127.0.0.1", urlsplit(served.server.url).port or 0), 10)
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        yield connection


def test_requests_checks_the_certificate(served: Worlds) -> None:
    """A client that trusts the CA of the ready file reads and writes in a world; another one refuses the server."""
    ready = json.loads(ready_file(served))
    with requests.Session() as session:
        session.verify, session.trust_env = ready["ca_file"], False
        made_world = session.post(f"{ready['url']}/__mock__/worlds", timeout=5).json()
        assert made_world["ca_file"] == ready["ca_file"]
        base, key = made_world["apis"]["nextstep"]["base_url"], made_world["apis"]["nextstep"]["api_key"]
        assert base.startswith("https://localhost:")
        session.headers["Authorization"] = f"Bearer {key}"
        assert session.post(f"{base}/process-runs", json={"template_id": "T1"}, timeout=5).status_code == 201
        assert len(session.get(f"{base}/process-runs", timeout=5).json()["data"]) == 3
        assert session.get(base.replace("localhost", "127.0.0.1") + "/process-runs", timeout=5).status_code == 200
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{ready['url']}/api/v1/process-runs", headers=KEYED, timeout=5)


def test_a_body_that_is_not_read_to_its_end_is_answered(served: Worlds) -> None:
    """The answer to a refused upload arrives, although TLS knows no half-closed connection."""
    with connected(served) as connection:
        head = f"POST /api/v1/process-runs HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\n"
        connection.sendall(f"{head}content-length: 99999999\r\n\r\n".encode() + b"x" * 50_000)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_http_1_is_negotiated(served: Worlds) -> None:
    """A client that offers HTTP/2 as well gets HTTP/1.1."""
    with connected(served) as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"


def test_a_client_may_end_its_side(served: Worlds) -> None:
    """A connection that the client closes within a request ends without a warning."""
    with connected(served) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n")
        connection.unwrap()


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_node_checks_the_certificate(served: Worlds) -> None:
    """Node's fetch trusts the CA that NODE_EXTRA_CA_CERTS names, and no other."""
    program = (
        f"fetch('{served.server.url}/api/v1/process-runs', {{headers: {{Authorization: 'Bearer {KEY}'}}}})"
        ".then(answer => console.log(answer.status), error => console.log(error.cause.code))"
    )
    for extra, told in (({"NODE_EXTRA_CA_CERTS": str(served.server.ca_file)}, "200"), ({}, "UNABLE_TO_VERIFY")):
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": "", **extra}
        done = subprocess.run(["node", "-e", program], env=environment, capture_output=True, text=True, timeout=30)
        assert done.stdout.startswith(told), done


def test_neighbors_are_known_behind_tls(served: Worlds, tmp_path: Path) -> None:
    """A taken port and a ready file of a server with TLS are known for what they are."""
    port = urlsplit(served.server.url).port or 0
    assert understudy_at("127.0.0.1", port) == "an Understudy that serves nextstep"
    file = tmp_path / "ready.json"
    file.write_text(ready_file(served))
    assert not is_left_behind(file)
    assert get_json(f"{served.server.url}/__mock__/health", ca_file=served.server.ca_file)[0] == 200


def test_why_trusts_the_ca_of_the_ready_file(
    served: Worlds, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`understudy why --ready-file` checks the certificate by the CA that is named there."""
    requests.get(f"{served.server.url}/api/v1/nope", verify=served.server.ca_file, timeout=5)
    file = tmp_path / "ready.json"
    file.write_text(ready_file(served))
    assert cli.main(["why", "last", "--ready-file", str(file)]) == 0
    assert "is no operation of this API" in capsys.readouterr().out
    file.write_text(json.dumps({**json.loads(ready_file(served)), "ca_file": "/nowhere"}))
    assert cli.main(["why", "last", "--ready-file", str(file)]) == 3
    assert "No such file" in capsys.readouterr().err


# The command line


def encrypted(key: bytes) -> bytes:
    """A private key behind a password."""
    read = serialization.load_pem_private_key(key, None)
    secret = serialization.BestAvailableEncryption(b"password")
    return read.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Certificates and keys in PEM files, good and bad ones."""
    authority = trustme.CA()
    one, other = authority.issue_cert("localhost"), authority.issue_cert("localhost")
    texts = {
        "cert": one.cert_chain_pems[0].bytes(),
        "key": one.private_key_pem.bytes(),
        "other": other.private_key_pem.bytes(),
        "both": one.private_key_and_cert_chain_pem.bytes(),
        "text": b"hello",
        "empty": b"",
        "binary": bytes(range(256)),
        "encrypted": encrypted(one.private_key_pem.bytes()),
        "half": one.cert_chain_pems[0].bytes()[:200],
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text)
    authority.cert_pem.write_to_path(str(tmp_path / "ca"))
    return {name: tmp_path / name for name in (*texts, "ca", "missing")} | {"folder": tmp_path}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--tls-cert", "missing"], "--tls-cert {missing}: No such file or directory"),
        (["--tls-cert", "folder"], "--tls-cert {folder}: Is a directory"),
        (["--tls-cert", "cert", "--tls-key", "missing"], "--tls-key {missing}: No such file or directory"),
        (["--tls-cert", "text"], "--tls-cert {text} holds no certificate in PEM format"),
        (["--tls-cert", "empty", "--tls-key", "key"], "--tls-cert {empty} holds no certificate in PEM format"),
        (["--tls-cert", "binary", "--tls-key", "key"], "--tls-cert {binary} holds no certificate in PEM format"),
        (["--tls-cert", "half", "--tls-key", "key"], "--tls-cert {half} holds no certificate in PEM format"),
        (["--tls-cert", "cert"], "--tls-cert {cert} holds no private key; --tls-key names the file that does"),
        (["--tls-cert", "cert", "--tls-key", "text"], "--tls-key {text} holds no private key in PEM format"),
        (["--tls-cert", "cert", "--tls-key", "other"], "--tls-key {other} is not the key of the certificate"),
        (["--tls-cert", "cert", "--tls-key", "encrypted"], "--tls-key {encrypted} is encrypted; openssl pkey"),
        (["--tls-key", "key"], "--tls-key {key}: --tls-cert is missing"),
        (["--tls", "--tls-cert", "cert"], "--tls makes a certificate, --tls-cert names one; give one of the two"),
        (["--tls", "--tls-key", "key"], "--tls makes a certificate, --tls-cert names one; give one of the two"),
        (["--tls-cert", ""], "--tls-cert: the path is empty"),
    ],
)
def test_bad_files_are_one_line(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    """A file that cannot be used is named with its flag and what is wrong; nothing is served."""
    given = [str(files.get(word, word)) for word in words]
    assert cli.main(["serve", "nextstep", "--port", "0", *given]) == 2
    output = capsys.readouterr()
    assert output.err.startswith(f"understudy: {told.format_map(files)}")
    assert (output.err.count("\n"), output.out) == (1, "")


@pytest.mark.parametrize("names", [["--tls-cert", "both"], ["--tls-cert", "cert", "--tls-key", "key"]])
def test_certificate_and_key_stand_in_one_file_or_two(files: dict[str, Path], names: list[str]) -> None:
    """Both serve; the URL has the host's name, for which the certificate is, and there is no CA file of ours."""
    given = [str(files.get(word, word)) for word in names]

    def visit(ready: Any) -> None:
        assert ready["url"].startswith("https://localhost:")
        assert "ca_file" not in ready
        answer = requests.get(f"{ready['url']}/__mock__/health", verify=str(files["ca"]), timeout=5)
        assert answer.status_code == 200

    serve(files["folder"], "--host", "localhost", *given, visit=visit)


def test_a_new_certificate_is_for_this_server_alone(tmp_path: Path) -> None:
    """With `--tls` the ready file names the CA's certificate, which is gone when the server is."""
    seen: list[str] = []

    def visit(ready: Any) -> None:
        seen.append(ready["ca_file"])
        assert ready["url"].startswith("https://127.0.0.1:")
        for url in (ready["url"], ready["url"].replace("127.0.0.1", "localhost")):
            assert requests.get(f"{url}/__mock__/health", verify=seen[0], timeout=5).status_code == 200

    serve(tmp_path, "--tls", visit=visit)
    assert not Path(seen[0]).exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_server_for_everyone_is_known_by_its_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On all addresses the certificate is for the machine's name, too, unless no certificate can have it."""
    from understudy.cli.certificate import _names

    for name, names in (("box-1", ["box-1"]), ("a_b", [])):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        assert _names(host) == names


def test_without_trustme_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing for `--tls` is one line that says what to install, or to give."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert cli.main(["serve", "nextstep", "--port", "0", "--tls"]) == 3
    assert capsys.readouterr().err == (
        "understudy: --tls needs trustme: pip install 'understudy[tls]', or give --tls-cert and --tls-key\n"
    )


def test_trustme_is_imported_only_for_it() -> None:
    """Whoever serves without TLS does not pay for it."""
    program = "import sys, understudy.cli.serve, understudy.http.server; print('trustme' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n"


def test_a_combined_file_is_read() -> None:
    """Key and certificate in one file."""
    assert isinstance(from_files(COMBINED), ssl.SSLContext)


def serve(folder: Path, *words: str, visit: Callable[[Any], None]) -> None:
    """Serve by the command until `visit` has returned."""
    ready, failures = folder / "ready.json", list[BaseException]()

    def act() -> None:
        try:
            while not ready.exists():
                pass
            visit(json.loads(ready.read_text()))
        except BaseException as error:
            failures.append(error)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=act)
    thread.start()
    code = cli.main(["serve", "nextstep", "--port", "0", "--ready-file", str(ready), "--log-format", "none", *words])
    thread.join()
    assert (code, failures) == (0, [])
