"""A recording proxy: a server whose requests go to one upstream, and come back unchanged.

It connects to nothing but that upstream; TLS is verified.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import quote, urlsplit

from msgspec import structs

from understudy.engine.clock import Clock
from understudy.engine.exchange import Headers, Request, Response, body_type, find
from understudy.recording.bodies import Undecoded, plain
from understudy.recording.recorded import Recorded

_TIMEOUT = 60.0  # seconds
_MOST_BYTES = 1 << 26  # of a body
_HOP = frozenset(
    (b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade")
    + (b"proxy-authorization", b"proxy-authenticate")
)
_WITHOUT_BODY = (204, 304)
_PRINTABLE = "".join(map(chr, range(33, 127)))
_TEXTUAL = ("json", "xml", "text", "javascript", "form-urlencoded", "yaml")

Watch = Callable[[Recorded], None]
Answer = Callable[[Request], Response | None]


class Proxy:
    """What is done with each request. `answer` may answer it without the upstream, `watch` gets each new exchange.

    `rewrite` says that URLs of the upstream become those of the proxy in what the client gets. `rewritable` counts the
    answers that hold such URLs, `failed` tells the requests that had no answer, a line each.
    """

    def __init__(self, upstream: str, *, answer: Answer, watch: Watch, rewrite: bool = False) -> None:
        parts = urlsplit(upstream)
        self._scheme, self._authority, self._path = parts.scheme, parts.netloc, parts.path.rstrip("/")
        self._answer, self._watch, self._rewrite = answer, watch, rewrite
        self._lock = Lock()
        self.rewritable = 0
        self.failed: list[str] = []

    @property
    def origin(self) -> str:
        """Scheme and host of the upstream."""
        return f"{self._scheme}://{self._authority}"

    def handle(self, request: Request, own: str) -> Response:
        """The response to a request of a client; `own` is the origin of the proxy."""
        known = self._answer(request)
        if known is not None:
            return known
        path = self._own_path(request.path, own)
        if path is None or request.method == "CONNECT":
            why = f"this proxy leads to {self.origin} only: make {own} the base URL of the client, not its proxy"
            return self._fail(421, f"{request.method} {request.path}", why)
        at = Clock().now()
        sent = self._upstream_request(structs.replace(request, path=path))
        try:
            response = self._send(sent)
        except (OSError, http.client.HTTPException) as error:
            return self._fail(502, f"{request.method} {path}", f"no whole answer from {self.origin}: {reason(error)}")
        recorded = _recorded(sent, response, self.origin, at)
        with self._lock:
            self._watch(recorded)
        return self._with_urls(response, recorded.response, own)

    def _fail(self, status: int, name: str, why: str) -> Response:
        with self._lock:
            self.failed.append(f"{name}: {why}")
        return Response(status, ((b"content-type", b"text/plain; charset=utf-8"),), f"{why}\n".encode())

    def _own_path(self, target: str, own: str) -> str | None:
        """The path of a request target, which may be a whole URL (RFC 9112, 3.2.2); None for that of another server."""
        if target.startswith("/") or "://" not in target:
            return target
        authority, slash, path = target.partition("://")[2].partition("/")
        port = own.rpartition(":")[2]
        return slash + path if authority in (self._authority, f"127.0.0.1:{port}", f"localhost:{port}") else None

    def _upstream_request(self, request: Request) -> Request:
        """The request as the upstream gets it: its own host, below its base path."""
        below = request.path == self._path or request.path.startswith(f"{self._path}/")
        headers = tuple(
            (name, self._authority.encode() if name == b"host" else value)
            for name, value in request.headers
            if name not in _HOP
        )
        return Request(
            request.method, request.path if below else self._path + request.path, request.query, headers, request.body
        )

    def _send(self, request: Request) -> Response:
        connection = self._connection()
        try:
            target = f"{request.path}?{request.query}" if request.query else request.path
            connection.putrequest(
                request.method,
                quote(target, safe=_PRINTABLE, encoding="latin-1"),
                skip_host=True,
                skip_accept_encoding=True,
            )
            for name, value in request.headers:
                if name != b"content-length":
                    connection.putheader(name.decode("latin-1"), value)
            if request.body or find(request.headers, b"content-length") is not None:
                connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body or None)
            with connection.getresponse() as answer:
                body = answer.read(_MOST_BYTES + 1)
            if len(body) > _MOST_BYTES:
                raise http.client.HTTPException(f"the answer has more than {_MOST_BYTES:,} bytes")
            if answer.length:
                whole = len(body) + answer.length
                raise http.client.HTTPException(f"the answer ends after {len(body):,} of {whole:,} bytes")
            fields = tuple(
                (name.lower().encode("latin-1"), value.encode("latin-1"))
                for name, value in answer.headers.items()
                if name.lower().encode("latin-1") not in _HOP
            )
            return Response(answer.status, fields, body)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self._scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._authority, timeout=_TIMEOUT, context=context)
        return http.client.HTTPConnection(self._authority, timeout=_TIMEOUT)

    def _with_urls(self, response: Response, decoded: Response, own: str) -> Response:
        """The response for the client. URLs of the upstream in it are counted, and replaced where that is asked for."""
        there, here = self.origin.encode(), own.encode()
        textual = any(word in body_type(response) for word in _TEXTUAL)
        in_body = textual and there in decoded.body
        if not in_body and not any(there in value for _, value in response.headers):
            return response
        with self._lock:
            self.rewritable += 1
        if not self._rewrite:
            return response
        headers = tuple((name, value.replace(there, here)) for name, value in response.headers)
        if not in_body:
            return Response(response.status, headers, response.body)
        dropped = (b"content-encoding", b"content-length", b"etag", b"content-md5", b"digest")
        return Response(
            response.status,
            tuple(field for field in headers if field[0] not in dropped),
            decoded.body.replace(there, here),
        )


def reason(error: OSError | http.client.HTTPException) -> str:
    """Why an upstream did not answer, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{error.verify_message}; SSL_CERT_FILE=F names the certificates that are trusted"
    if isinstance(error, ssl.SSLError):
        return f"{error}; is it http:// in place of https://?"
    if isinstance(error, TimeoutError):
        return f"it took more than {_TIMEOUT:g} s"
    if isinstance(error, http.client.IncompleteRead):
        return "the answer ends in the middle of a chunk"
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, OSError):
        return f"it sent {str(error).strip()[:80]!r}, which is no HTTP"
    return getattr(error, "strerror", None) or str(error)


def _recorded(request: Request, response: Response, origin: str, at: int) -> Recorded:
    """What is recorded: decoded bodies, or raw ones where that is not possible."""
    return Recorded(
        Request(request.method, request.path, request.query, *_plain(request.headers, request.body)),
        Response(response.status, *_plain(response.headers, response.body)),
        origin=origin,
        at=at,
    )


def _plain(headers: Headers, body: bytes) -> tuple[Headers, bytes]:
    try:
        return plain(headers, body)
    except Undecoded:
        return headers, body


@contextmanager
def serving(proxy: Proxy, port: int) -> Iterator[str]:
    """Serve a proxy on this machine while the block runs; its origin. Raises OSError where the port is taken."""
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    with _Server(("127.0.0.1", port), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing where a client went away; else a mistake of ours is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after another, and writes the responses of the proxy."""

    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._do
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the command tells what it records."""

    def _do(self) -> None:
        body = self._body()
        if body is None:
            self.close_connection = True
            self._write(Response(413, ((b"content-length", b"0"),)))
            return
        path, _, query = self.path.partition("?")
        headers = tuple(
            (name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in self.headers.items()
        )
        request = Request(self.command, path, query, headers, body)
        self._write(self.proxy.handle(request, f"http://127.0.0.1:{self.connection.getsockname()[1]}"))

    def _body(self) -> bytes | None:
        """The body of the request; None for one that is too large or has no valid length."""
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._chunks()
        length = self.headers.get("content-length", "0")
        return self.rfile.read(int(length)) if length.isdigit() and int(length) <= _MOST_BYTES else None

    def _chunks(self) -> bytes | None:
        parts: list[bytes] = []
        size = 0
        while True:
            text = self.rfile.readline(100).partition(b";")[0].strip()
            try:
                length = int(text, 16)
            except ValueError:
                return None
            size += length
            if length < 0 or size > _MOST_BYTES:
                return None
            if length == 0:
                while self.rfile.readline(1 << 16).strip():
                    pass
                return b"".join(parts)
            parts.append(self.rfile.read(length))
            self.rfile.readline(3)

    def _write(self, response: Response) -> None:
        self.send_response_only(response.status)
        has_length = False
        for name, value in response.headers:
            has_length = has_length or name == b"content-length"
            self.send_header(name.decode("latin-1"), value.decode("latin-1"))
        if not has_length and self.command != "HEAD" and response.status not in _WITHOUT_BODY:
            self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD" and response.status not in _WITHOUT_BODY:
            self.wfile.write(response.body)
