"""What a recording is played on: worlds of the mock in this process, or a server at a URL."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

from understudy.engine.api import Api
from understudy.engine.exchange import Exchange, Request, Response
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds
from understudy.recording.bodies import plain
from understudy.recording.message import headers_of

_TIMEOUT = 30.0  # seconds


class Answered(NamedTuple):
    """A response, and the exchange of the mock; None where the target is another server."""

    response: Response
    exchange: Exchange | None


class NoAnswer(Exception):
    """A target that cannot be reached; the message is one line."""


class Target(Protocol):
    """Where requests are sent."""

    timed: bool

    def origin(self) -> str:
        """Scheme and host."""

    def key(self, api: str, token: str) -> str | None:
        """The credential in place of a recorded one (empty: none was recorded); None keeps it."""

    def wait_until(self, at: int) -> None:
        """Let time pass until a recorded time, in milliseconds."""

    def send(self, api: Api, request: Request) -> Answered:
        """Send a request; raises NoAnswer."""


class MockTarget:
    """The default world of the mock, whose clock follows the recorded times."""

    def __init__(self, worlds: Worlds, *, timed: bool) -> None:
        self.worlds = worlds
        self.timed = timed
        mask = worlds.server.mask
        keys = [one for one in worlds.default.credentials.values() if one.state == "valid"]
        self._default: dict[str, str] = {}
        for one in keys:
            self._default.setdefault(one.api, one.token)
        self._known = {(one.api, one.token) for one in worlds.default.credentials.values()}
        self._masked = {
            (one.api, mask.placeholder(one.token)): one.token for one in worlds.default.credentials.values()
        }

    def origin(self) -> str:
        """See Target."""
        return self.worlds.server.url

    def key(self, api: str, token: str) -> str | None:
        """See Target."""
        if (api, token) in self._known:
            return None
        return self._masked.get((api, token)) or self._default.get(api)

    def wait_until(self, at: int) -> None:
        """See Target."""
        world = self.worlds.default
        if at > world.clock.now():
            world.clock.move_to(at)
            self.worlds.run_due_jobs(world)

    def send(self, api: Api, request: Request) -> Answered:
        """See Target."""
        exchange = handle(request, self.worlds.default, self.worlds)
        head, body = plain(exchange.response.headers, exchange.response.body)
        return Answered(Response(exchange.response.status, head, body), exchange)


class UrlTarget:
    """A server at a base URL, which takes the place of that of the document."""

    timed = False

    def __init__(self, url: str, key: str | None) -> None:
        self._url: SplitResult = urlsplit(url)
        self._key = key

    def origin(self) -> str:
        """See Target."""
        return f"{self._url.scheme}://{self._url.netloc}"

    def base(self) -> str:
        """The URL that paths of the document go on from."""
        return f"{self.origin()}{self._url.path.rstrip('/')}"

    def key(self, api: str, token: str) -> str | None:
        """See Target."""
        return self._key

    def wait_until(self, at: int) -> None:
        """See Target: the time of another server is its own."""

    def send(self, api: Api, request: Request) -> Answered:
        """See Target."""
        path = self._url.path.rstrip("/") + _below(request.path, api.contract.prefixes)
        target = f"{path}?{request.query}" if request.query else path
        connection = self._connection()
        try:
            connection.putrequest(request.method, target, skip_host=False, skip_accept_encoding=True)
            for name, value in request.headers:
                if name not in (b"host", b"content-length", b"connection", b"accept-encoding"):
                    connection.putheader(name.decode("latin-1"), value)
            if request.body or request.method in ("POST", "PUT", "PATCH"):
                connection.putheader("content-length", str(len(request.body)))
            connection.endheaders(request.body or None)
            with connection.getresponse() as answer:
                head, body = plain(headers_of(answer.getheaders()), answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(f"{self.origin()} cannot be reached: {error}") from error
        finally:
            connection.close()
        return Answered(Response(answer.status, head, body), None)

    def _connection(self) -> http.client.HTTPConnection:
        if self._url.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._url.netloc, timeout=_TIMEOUT, context=context)
        return http.client.HTTPConnection(self._url.netloc, timeout=_TIMEOUT)


def _below(path: str, prefixes: Sequence[str]) -> str:
    """A path without the base path of its API."""
    longest = sorted(prefixes, key=len, reverse=True)
    return next((path[len(one) :] for one in longest if path == one or path.startswith(f"{one}/")), path)
