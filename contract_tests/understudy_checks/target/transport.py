"""Transports: functions from Request to Response, through an ASGI app in process or over HTTP.

A transport changes nothing in a request and follows no redirect; it sends a request again only if that reads and its
connection broke. Must not know any API.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import requests
from requests.utils import select_proxy
from urllib3.exceptions import InsecureRequestWarning

from understudy.engine.exchange import Request, Response
from understudy.http.app import App, call
from understudy_checks.target.answers import LARGEST, Unreadable, normalize
from understudy_checks.target.sockets import Adapter

Transport = Callable[[Request], Response]

TIMEOUT = 30.0
"""The most seconds that a whole response may take."""

READING = ("GET", "HEAD", "OPTIONS")
CHUNK = 2**16
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class NoAnswer(requests.RequestException):
    """No whole response arrived. The message is the reason, in one line."""


class TooLate(NoAnswer):
    """No whole response arrived in time."""


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificates to trust."""

    ca: str | None = None
    """A file of certificates to trust instead of those of the machine."""
    insecure: bool = False
    """Whether to accept any certificate."""


def in_process(app: App) -> Transport:
    """A transport to our own app in process. It needs no event loop, because nothing in the app waits."""
    return partial(call, app)


def over_http(origin: str, trust: Trust = Trust()) -> Transport:
    """A transport to the server at `origin` (scheme, host and port) that sends paths and queries unchanged.

    A reading request whose connection breaks is sent once more, on a new connection. Raises NoAnswer.
    """
    connections = _Connections(origin, trust)

    def send(request: Request) -> Response:
        try:
            return connections.send(request)
        except TooLate:
            raise
        except NoAnswer:
            connections.close()
            if request.method not in READING:
                raise
        return connections.send(request)

    return send


class _Connections:
    """Connections to one server."""

    def __init__(self, origin: str, trust: Trust) -> None:
        self.origin = origin
        self.insecure = trust.insecure
        self.proxies, self.verify = _from_environment(origin, trust)
        self.adapter = Adapter()
        logging.getLogger("urllib3").addHandler(logging.NullHandler())  # else odd responses print tracebacks on stderr

    def close(self) -> None:
        """Close all connections."""
        self.adapter.close()

    def send(self, request: Request) -> Response:
        """Send a request once. Raises NoAnswer."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        # Prepared without a session, which would add .netrc entries and cookies.
        prepared = requests.Request(request.method, self.origin, headers, data=request.body or None).prepare()
        prepared.url = self.origin + request.path + (f"?{request.query}" if request.query else "")
        try:
            with _without_warning() if self.insecure else nullcontext():
                return self._response(prepared)
        except requests.Timeout as error:
            raise TooLate(self._describe(error)) from error
        except Exception as error:  # the libraries raise anything on bytes that are no HTTP
            raise NoAnswer(self._describe(error)) from error

    def _response(self, prepared: requests.PreparedRequest) -> Response:
        until = time.perf_counter() + TIMEOUT
        arrived = self.adapter.send(
            prepared, stream=True, timeout=TIMEOUT, verify=self.verify, proxies=dict(self.proxies)
        )
        body = b""
        for part in arrived.raw.stream(CHUNK, decode_content=False):
            body += part
            if len(body) > LARGEST:
                raise Unreadable(f"its body has more than {LARGEST:,} bytes")
            if time.perf_counter() > until:
                raise requests.Timeout(f"no whole answer within {TIMEOUT:g} seconds")
        if arrived.status_code < 200:
            raise Unreadable(f"its status {arrived.status_code} announces another answer, which is not understood here")
        if arrived.status_code == 407 and self.proxies:
            raise requests.exceptions.ProxyError("the proxy asks for a login (407)")
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in arrived.raw.headers.iteritems()]
        return normalize(arrived.status_code, headers, body)

    def _describe(self, error: Exception) -> str:
        """The reason for an error, with the proxy on the way or the option that helps."""
        text = reason(error)
        proxy = select_proxy(self.origin, dict(self.proxies))
        if proxy is not None:
            return f"{text} (asked through the proxy {_without_login(proxy)}, which {_variable(proxy)} names)"
        untrusted = "CERTIFICATE_VERIFY_FAILED" in text
        return f"{text}; --ca FILE names a certificate to trust" if untrusted else text


def is_loopback(base_url: str) -> bool:
    """Whether a URL leads to this machine, where writing is harmless."""
    host = (urlsplit(base_url).hostname or "").removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def reason(error: BaseException) -> str:
    """The message of the innermost cause of an error, in one line."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return " ".join(str(error).split()) or type(error).__name__


def _from_environment(origin: str, trust: Trust) -> tuple[Mapping[str, str], bool | str]:
    """The proxies for a server, none for this machine, and the certificates to trust, as the environment sets them."""
    found = requests.Session().merge_environment_settings(origin, {}, False, trust.ca, None)
    proxies = {} if is_loopback(origin) else {name: url for name, url in found["proxies"].items() if url}
    return proxies, not trust.insecure and (found["verify"] or True)


@contextmanager
def _without_warning() -> Iterator[None]:
    """Suppress the warning that a certificate is not verified: the user asked for that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureRequestWarning)
        yield


def _without_login(url: str) -> str:
    scheme, slashes, rest = url.rpartition("://")
    return scheme + slashes + rest.rpartition("@")[2]


def _variable(proxy: str) -> str:
    """The name of the environment variable that holds a proxy."""
    given = {name: value for name, value in os.environ.items() if name.lower() in PROXIES and value}
    return next((name for name, value in given.items() if value.rstrip("/") in proxy), "this machine")
