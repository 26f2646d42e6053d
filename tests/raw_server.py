"""A server that sends bytes as they are, for what no HTTP library would send."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[bytes], bytes | None]
"""What is sent for a request; None, or bytes that end with CUT, is followed by the end of the connection."""

CUT = b"<cut>"


class Wire:
    """The server: its address, the connections that it has had, and the requests in them."""

    def __init__(self, script: Script, host: str, context: ssl.SSLContext | None) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.script, self.context = script, context
        self.listener = socket.create_server((host, 0), family=family)
        shown = f"[{host}]" if ":" in host else host
        self.origin = f"{'https' if context else 'http'}://{shown}:{self.listener.getsockname()[1]}"
        self.connections = 0
        self.requests: list[bytes] = []

    def serve(self) -> None:
        """Take connections until the listener is closed, each on a thread of its own."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.hold, args=[connection], daemon=True).start()

    def hold(self, connection: socket.socket) -> None:
        """Talk on a connection, encrypted where there is a certificate; what breaks it is the client's business."""
        with connection, suppress(OSError):
            connection.settimeout(5)
            self.talk(self.context.wrap_socket(connection, server_side=True) if self.context else connection)

    def talk(self, connection: socket.socket) -> None:
        """Answer the requests of a connection until one side ends it."""
        while request := _request(connection):
            self.requests.append(request)
            said = self.script(request)
            if said is None:
                break
            connection.sendall(said.removesuffix(CUT))
            if said.endswith(CUT):
                break
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@contextmanager
def wired(script: Script, *, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """Serve what the script says while the block runs."""
    wire = Wire(script, host, context)
    thread = threading.Thread(target=wire.serve, daemon=True)
    thread.start()
    try:
        yield wire
    finally:
        wire.listener.shutdown(socket.SHUT_RDWR)
        wire.listener.close()
        thread.join(5)


def answered(body: bytes = b"{}", *headers: str, status: str = "200 OK", version: str = "HTTP/1.1") -> bytes:
    """The bytes of an answer of known length, JSON unless a header says otherwise."""
    lines = [f"{version} {status}", f"Content-Length: {len(body)}", *(headers or ("Content-Type: application/json",))]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _request(connection: socket.socket) -> bytes:
    """One request, or nothing when there is none any more."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return b""
        head += part
    head, _, body = head.partition(b"\r\n\r\n")
    lengths = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
