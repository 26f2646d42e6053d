"""What carries requests and answers: encodings, connections that break, proxies, certificates, old and odd HTTP."""

from __future__ import annotations

import gzip
import os
import ssl
import zlib
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import brotli
import pytest
from schemathesis.core.failures import Failure, FailureGroup

from raw_server import CUT, answered, wired
from understudy import apis
from understudy.engine.exchange import Request, Response, body_type
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks import check
from understudy_checks.budget import Budget
from understudy_checks.generic import test_conformance
from understudy_checks.target import answers, connect, installed, transport
from understudy_checks.target.answers import Unreadable, normalize
from understudy_checks.target.asgi import hosted
from understudy_checks.target.connect import Unreachable
from understudy_checks.target.server import Server
from understudy_checks.target.settings import BadSettings, Settings
from understudy_checks.target.transport import NoAnswer, TooLate, Trust, is_loopback, over_http

KEY = "nxs_live_your_key"
GET, POST = Request("GET", "/runs"), Request("POST", "/runs", "", (), b"{}")
BODY = b'{"data":[]}' * 50
JSON = "Content-Type: application/json"


def deflated(body: bytes, bits: int = zlib.MAX_WBITS) -> bytes:
    """A body in the format that `bits` stands for."""
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(body) + packer.flush()


ENCODED = {
    "gzip": gzip.compress(BODY, mtime=0),
    "X-GZip": gzip.compress(BODY[:100], mtime=0) + gzip.compress(BODY[100:]),
    "deflate": deflated(BODY),
    "deflate ": deflated(BODY, -zlib.MAX_WBITS),
    "br": brotli.compress(BODY),
    "identity": BODY,
    "gzip, br": brotli.compress(gzip.compress(BODY, mtime=0)),
}


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's proxies are none of these tests' business."""
    for name in [name for name in os.environ if name.lower() in (*transport.PROXIES, "no_proxy")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("encoding", ENCODED)
def test_an_encoded_answer_is_read(encoding: str) -> None:
    """Over a connection and from an app an encoded body is read, and the headers do not speak of its encoding."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        headers = [(b"Content-Type", b"application/json"), (b"Content-Encoding", encoding.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": ENCODED[encoding]})

    with wired(lambda _: answered(ENCODED[encoding], JSON, f"Content-Encoding: {encoding}")) as wire:
        there = over_http(wire.origin)(GET)
    with hosted(app) as send:
        here = send(GET)
    assert (there.body, here.body) == (BODY, BODY)
    assert {here.header("content-encoding"), there.header("content-encoding")} <= {None, "identity"}


@pytest.mark.parametrize(
    ("encoding", "body", "message"),
    [
        ("gzip", ENCODED["gzip"][:-9], "its body is not the gzip that its Content-Encoding names: it is cut off"),
        ("gzip", BODY, "its body is not the gzip that its Content-Encoding names: Error -3"),
        ("br", ENCODED["br"][:-3], "its body is not the br that its Content-Encoding names: it is cut off"),
        ("br", BODY, "its body is not the br that its Content-Encoding names: brotli: decoder"),
        ("zstd", BODY, r"its Content-Encoding zstd is not known here \(known: gzip, x-gzip, deflate, br\)"),
    ],
)
def test_a_body_that_is_not_what_its_encoding_says_is_told(encoding: str, body: bytes, message: str) -> None:
    """It is no answer that could be judged; from an app, too."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        headers = [(b"content-encoding", encoding.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    with pytest.raises(Unreadable, match=f"^{message}"):
        normalize(200, [(b"Content-Encoding", encoding.encode())], body)
    with hosted(app) as send, pytest.raises(NoAnswer, match=message):
        send(GET)


def test_a_body_is_read_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small answer may be a huge one encoded, and a connection may never end."""
    monkeypatch.setattr(answers, "LARGEST", 99)
    monkeypatch.setattr(transport, "LARGEST", 99)
    for encoding in ("gzip", "br", "deflate"):
        with pytest.raises(Unreadable, match="its body has more than 99 bytes"):
            normalize(200, [(b"content-encoding", encoding.encode())], ENCODED[encoding])
    with (
        wired(lambda _: answered(BODY)) as wire,
        pytest.raises(NoAnswer, match="its body has more than 99 bytes"),
    ):
        over_http(wire.origin)(POST)


def test_headers_are_read_as_they_are_meant() -> None:
    """Names in any case, blanks around values and repeated headers make no difference."""
    said = "\r\n".join(("HTTP/1.1 200 OK", "RETRY-AFTER:\t 60 \t", "Vary: a", "Content-Length: 2", "vary: b", "", "{}"))
    with wired(lambda _: said.encode()) as wire:
        found = over_http(wire.origin)(GET)
    assert (found.header("retry-after"), found.header("vary")) == ("60", "a, b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Application/JSON ; charset=utf-8", None),
        ("application/json", None),
        ("application/jsonp", "content type 'application/jsonp' is not documented"),
        ("application/json, text/html", "content type 'application/json, text/html' is not documented"),
        (None, "content type None is not documented"),
    ],
)
def test_a_media_type_is_compared_as_one(text: str | None, message: str | None) -> None:
    """In any case, whatever parameters it has, and as a whole."""
    headers = () if text is None else ((b"content-type", text.encode()),)
    found = Response(200, headers, b'{"data":[],"pagination":{"next_cursor":null,"has_more":false}}')
    mismatch = installed.document("nextstep").operations["listProcessRuns"].mismatch(found)
    assert mismatch == (message and f"listProcessRuns: 200: {message}")
    assert body_type(found) == (text or "").partition(";")[0].strip().lower()


def test_json_that_is_nested_too_deeply_is_none() -> None:
    """It is reported as any other body that is not JSON."""
    found = Response(200, ((b"content-type", b"application/json"),), b"[" * 100_000)
    mismatch = installed.document("nextstep").operations["listProcessRuns"].mismatch(found)
    assert mismatch == "listProcessRuns: 200: the body is not JSON: it is nested too deeply"


def app() -> App:
    """NextStep without a control API, and without a limit that anybody reaches."""
    return App(Worlds([installed.declared("nextstep")], seeds=apis.seeds(apis.NAMES), limits={"nextstep": 10**9}))


def disguised() -> Any:
    """The same behind something that encodes every body and writes headers as it likes."""
    inner = app()

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        held: dict[str, Any] = {}

        async def disguise(message: Any) -> None:
            if message["type"] == "http.response.start":
                held.update(message)
                return
            body = brotli.compress(message["body"])
            headers = [(name.upper(), value.replace(b"json", b"JSON") + b"  ") for name, value in held["headers"]]
            headers = [header for header in headers if header[0] != b"CONTENT-LENGTH"]
            await send({**held, "headers": [*headers, (b"Content-Encoding", b"BR"), (b"Content-Length", b"1")]})
            await send({"type": "http.response.body", "body": body})

        await inner(scope, receive, disguise if scope["type"] == "http" else send)

    return outer


@pytest.mark.beside
def test_how_an_answer_is_written_turns_no_verdict() -> None:
    """Encodings, the case of names and types, and blanks change nothing of a report."""
    told = Settings(api_keys=(KEY,))
    rules = ["nextstep.envelope.*", "nextstep.pagination.default-limit", "nextstep.authentication.invalid-key"]
    found = []
    for name in ("app", "disguised"):
        with connect.app("nextstep", f"{__name__}:{name}", told) as target:
            report = check.check_target(target, profile="minimal", only=rules)
        found.append({entry.rule.id: (entry.outcome, entry.reason) for entry in report.rules})
    assert found[0] == found[1]
    assert {outcome for outcome, _ in found[0].values()} == {"passed"}


def test_an_app_that_answers_nonsense_is_a_server_error() -> None:
    """Messages of another form than ASGI's, and an app that ends its process, are 500s, as behind a server."""

    async def odd(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        if scope["path"] == "/exit":
            raise SystemExit(3)
        await send({"type": "http.response.start", "headers": [("a", 7)]})
        await send({"type": "http.response.body", "body": b""})

    with hosted(odd) as send:
        found = [send(Request("GET", path)) for path in ("/", "/exit")]
    assert [response.status for response in found] == [500, 500]
    assert found[0].body.startswith(b"the app's answer is malformed: ")
    assert found[1].body.rstrip().endswith(b"SystemExit: 3")


def scripted(*said: bytes | None) -> Callable[[bytes], bytes | None]:
    """A server that gives these responses and then only successes."""
    following = chain(said, repeat(answered()))
    return lambda _: next(following)


@pytest.mark.parametrize("said", [None, CUT, answered()[:8] + CUT, answered(BODY)[:-5] + CUT, b"nonsense\r\n\r\n"])
def test_a_reading_request_is_repeated_once_when_its_connection_breaks(said: bytes | None) -> None:
    """On a new connection; one that writes is not, and neither is anything twice."""
    with wired(scripted(said)) as wire:
        assert over_http(wire.origin)(GET).body == b"{}"
        assert (wire.connections, len(wire.requests)) == (2, 2)
    with wired(scripted(said)) as wire:
        send = over_http(wire.origin)
        with pytest.raises(NoAnswer):
            send(POST)
        assert send(POST).body == b"{}"
        assert len(wire.requests) == 2
    with wired(scripted(said, said)) as wire, pytest.raises(NoAnswer):
        over_http(wire.origin)(GET)


def test_an_answer_that_takes_too_long_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one that does not begin, nor one that does not end."""
    monkeypatch.setattr(transport, "TIMEOUT", 0.05)
    release: list[bool] = []

    def slow(_: bytes) -> bytes:
        while not release:
            pass
        return answered()

    with wired(slow) as wire:
        with pytest.raises(TooLate):
            over_http(wire.origin)(GET)
        release.append(True)
    assert len(wire.requests) == 1
    monkeypatch.setattr(transport, "TIMEOUT", -1.0)
    monkeypatch.setattr(transport.Adapter, "send", lambda *_, **__: Endless())
    with pytest.raises(TooLate, match="no whole answer within -1 seconds"):
        over_http("http://127.0.0.1:1")(GET)


class Endless:
    """An answer that goes on for ever."""

    status_code = 200

    @property
    def raw(self) -> Any:
        """Where it comes from."""
        return self

    def stream(self, size: int, *, decode_content: bool) -> Iterator[bytes]:
        """A part of it, and another one."""
        yield from repeat(b"x")


@pytest.mark.parametrize(
    ("said", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (b"HTTP/1.0 200 OK\r\n\r\n{}" + CUT, b"{}"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}" + CUT, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answered(), b"{}"),
    ],
    ids=["chunked", "HTTP/1.0", "204 with a body", "100 before"],
)
def test_every_way_to_end_a_body_is_known(said: bytes, body: bytes) -> None:
    """By length, by chunks, by the end of the connection, by the status."""
    with wired(lambda _: said) as wire:
        assert over_http(wire.origin)(GET).body == body


def test_an_announced_answer_is_not_taken_for_the_last() -> None:
    """Surplus bytes cannot be distinguished from the next response."""
    with (
        wired(lambda _: b"HTTP/1.1 103 Early Hints\r\n\r\n" + answered()) as wire,
        pytest.raises(NoAnswer, match="its status 103 announces another answer"),
    ):
        over_http(wire.origin)(GET)


def test_odd_headers_are_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    """Warnings of the HTTP library do not reach the terminal."""
    with wired(lambda _: b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n" + CUT) as wire:
        over_http(wire.origin)(GET)
    assert capfd.readouterr() == ("", "")


def test_a_server_is_reached_by_ipv6() -> None:
    """A URL with an address in brackets leads there, and this machine is known by such an address, too."""
    with wired(lambda _: answered(), host="::1") as wire:
        found = connect.url("nextstep", f"{wire.origin}/api/v1//", Settings(api_keys=(KEY,)))
    assert "write" in found.capabilities
    assert wire.requests[0].startswith(b"GET /__mock__/health HTTP/1.1")


def test_slashes_behind_a_url_make_no_difference() -> None:
    """The base URL ends before them."""
    with (
        wired(lambda _: answered()) as wire,
        connect.url("nextstep", f"{wire.origin}/api/v1//", told()).open() as client,
    ):
        client.transport(client.request("GET", "/process-runs"))
    assert wire.requests[-1].startswith(b"GET /api/v1/process-runs HTTP/1.1")


def told(**more: Any) -> Settings:
    """What is known of a server."""
    return Settings(api_keys=(KEY,), **more)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:99999/api", "is no URL: Port out of range 0-65535"),
        ("http://127.0.0.1:x/api", "is no URL: Port could not be cast"),
        ("http://[::1/api", "is no URL: Invalid IPv6 URL"),
        ("http://127.0.0.1:1/api?key=7", "is no base URL: paths are put behind it, so it has no query and no fragment"),
        ("http://127.0.0.1:1/api#top", "is no base URL"),
    ],
)
def test_a_url_that_is_none_is_told(url: str, words: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadSettings, match=words) as caught:
        connect.url("nextstep", url, told())
    assert url in str(caught.value)


@pytest.mark.parametrize("url", ["http://[::ffff:127.0.0.1]:1/", "http://localhost.:1", "http://LOCALHOST"])
def test_this_machine_has_many_names(url: str) -> None:
    """Each of them is this machine."""
    assert is_loopback(url)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_this_machine_is_asked_directly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxies the environment names."""
    monkeypatch.setenv(name, "http://127.0.0.1:1")
    with wired(lambda _: answered()) as wire:
        assert over_http(wire.origin)(GET).body == b"{}"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_that_does_not_answer_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that names it, and without the login in it."""
    monkeypatch.setenv(name, "http://me:secret@127.0.0.1:1")
    with pytest.raises(Unreachable) as caught:
        connect.url("nextstep", "http://elsewhere.example/api/v1", told())
    assert str(caught.value).endswith(f" (asked through the proxy http://127.0.0.1:1, which {name} names)")
    assert "secret" not in str(caught.value)


def test_a_proxy_that_wants_a_login_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer is not taken for the server's; where no variable names it, the machine does."""
    with wired(lambda _: answered(status="407 Login")) as wire:
        monkeypatch.setattr(transport, "_from_environment", lambda *_: ({"http": wire.origin}, True))
        with pytest.raises(
            NoAnswer, match=r"the proxy asks for a login \(407\) \(asked .*, which this machine names\)"
        ):
            over_http("http://elsewhere.example")(GET)


def test_a_proxy_carries_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given the whole URL."""
    with wired(lambda _: answered()) as wire:
        monkeypatch.setenv("http_proxy", wire.origin)
        assert over_http("http://elsewhere.example")(GET).body == b"{}"
    assert wire.requests[0].startswith(b"GET http://elsewhere.example/runs HTTP/1.1")


@pytest.fixture
def certified() -> ssl.SSLContext:
    """A server's side of TLS, with a certificate that it signed itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"


def test_a_certificate_is_trusted_when_told(certified: ssl.SSLContext) -> None:
    """A certificate of no known authority is refused, unless a file names it or any will do."""
    with wired(lambda _: answered(), context=certified) as wire:
        with pytest.raises(NoAnswer, match=r"self.signed certificate .*; --ca FILE names a certificate to trust"):
            over_http(wire.origin)(GET)
        assert over_http(wire.origin, Trust(ca=str(CERTIFICATE)))(GET).body == b"{}"
        assert over_http(wire.origin, Trust(insecure=True))(GET).body == b"{}"
        assert connect.url("nextstep", wire.origin, told(ca=str(CERTIFICATE))).name == wire.origin


@pytest.mark.parametrize("name", ["missing.pem", "README.md"])
def test_a_file_without_certificates_is_told(name: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadSettings, match=f"ca {name} cannot be read as PEM certificates: "):
        connect.url("nextstep", "https://127.0.0.1:1", told(ca=name))


def breaking(*outcomes: Exception | None) -> Server:
    """A NextStep server whose first connections fail with these errors."""
    following, inner = chain(outcomes, repeat(None)), transport.in_process(app())

    def send(request: Request) -> Response:
        error = next(following)
        if error is not None:
            raise error
        return inner(request)

    known, budget = installed.document("nextstep"), Budget(sleep=lambda _: None)
    return Server(known, send, "/api/v1", told(), name="odd", budget=budget, clock=lambda _: None)


ONE = ["nextstep.runs.unknown-run"]


def test_a_connection_that_breaks_once_turns_no_verdict() -> None:
    """The check is made once more."""
    report = check.check_target(breaking(None, NoAnswer("reset")), profile="gate", only=ONE)
    assert [entry.outcome for entry in report.rules] == ["passed"]


@pytest.mark.parametrize("errors", [[NoAnswer("reset")] * 2, [TooLate("reset")]])
def test_a_connection_that_breaks_is_no_failure(errors: list[Exception]) -> None:
    """A check without a response is not checked, with the reason; a timeout is not retried."""
    target = breaking(*errors)
    report = check.check_target(target, profile="gate", only=ONE)
    assert [(entry.outcome, entry.reason) for entry in report.rules] == [
        ("not_checked", "no complete response arrived: reset")
    ]
    assert target.budget.requests == len(errors)


def test_several_failures_at_once_are_one() -> None:
    """A group of failures from schemathesis, which is no Exception, is a failure."""

    class Case:
        def validate_response(self, *_: Any, **__: Any) -> None:
            found = [Failure(operation="GET /", title=title, message="") for title in ("first", "second")]
            raise FailureGroup(found)

    with pytest.raises(Failure, match="first"):
        test_conformance._validate(Case(), None)
