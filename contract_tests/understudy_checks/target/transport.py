"""How one request reaches a server: an ASGI app stepped by hand, or a session over HTTP.

A Transport is a plain function from Request to Response. It decides nothing about what is sent, follows no
redirect, repeats nothing but a reading request whose connection broke, and must not know any API.
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
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3.exceptions import InsecureRequestWarning

from understudy.engine.exchange import Request, Response
from understudy.http.app import App, call
from understudy_checks.target.answers import LARGEST, Unreadable, answer

Transport = Callable[[Request], Response]

TIMEOUT = 30.0
"""Seconds that a whole answer may take."""

READING = ("GET", "HEAD", "OPTIONS")
CHUNK = 2**16
PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class NoAnswer(requests.RequestException):
    """No whole answer arrived, and why: one line."""


class TooLate(NoAnswer):
    """No whole answer arrived in time."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Which certificates are trusted."""

    ca: str | None = None
    """A file of certificates in place of those of the machine."""
    insecure: bool = False
    """Whether any certificate will do."""


def in_process(app: App) -> Transport:
    """A transport that steps our own app's coroutine by hand: no event loop, because nothing in it waits."""
    return partial(call, app)


def over_http(origin: str, trust: Trust = Trust()) -> Transport:
    """A transport to the server at `origin` (scheme, host and port). Paths and queries go out exactly as they are.

    A reading request whose connection breaks is sent once more, on a new connection. Raises NoAnswer.
    """
    line = Line(origin, trust)

    def send(request: Request) -> Response:
        try:
            return line.send(request)
        except TooLate:
            raise
        except NoAnswer:
            line.hang_up()
            if request.method not in READING:
                raise
        return line.send(request)

    return send


class Line:
    """Connections to one server."""

    def __init__(self, origin: str, trust: Trust) -> None:
        self.origin = origin
        self.insecure = trust.insecure
        self.proxies, self.verify = _surroundings(origin, trust)
        self.adapter = HTTPAdapter()
        logging.getLogger("urllib3").addHandler(logging.NullHandler())  # else what is odd is a traceback on stderr

    def hang_up(self) -> None:
        """Close all connections."""
        self.adapter.close()

    def send(self, request: Request) -> Response:
        """Send a request once. Raises NoAnswer."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        # Prepared without a session, so that neither a .netrc entry nor a cookie joins in.
        prepared = requests.Request(request.method, self.origin, headers, data=request.body or None).prepare()
        prepared.url = self.origin + request.path + (f"?{request.query}" if request.query else "")
        try:
            with _unwarned() if self.insecure else nullcontext():
                return self._answered(prepared)
        except requests.Timeout as error:
            raise TooLate(self._told(error)) from error
        except Exception as error:  # the libraries raise anything on bytes that are no HTTP
            raise NoAnswer(self._told(error)) from error

    def _answered(self, prepared: requests.PreparedRequest) -> Response:
        until = time.perf_counter() + TIMEOUT
        given = self.adapter.send(
            prepared, stream=True, timeout=TIMEOUT, verify=self.verify, proxies=dict(self.proxies)
        )
        body = b""
        for part in given.raw.stream(CHUNK, decode_content=False):
            body += part
            if len(body) > LARGEST:
                raise Unreadable(f"its body has more than {LARGEST:,} bytes")
            if time.perf_counter() > until:
                raise requests.Timeout(f"no whole answer within {TIMEOUT:g} seconds")
        if given.status_code < 200:
            raise Unreadable(f"its status {given.status_code} announces another answer, which is not understood here")
        if given.status_code == 407 and self.proxies:
            raise requests.exceptions.ProxyError("the proxy asks for a login (407)")
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given.raw.headers.iteritems()]
        return answer(given.status_code, headers, body)

    def _told(self, error: Exception) -> str:
        """Why there is no answer, and what was between the kit and the server."""
        text = reason(error)
        proxy = select_proxy(self.origin, dict(self.proxies))
        if proxy is not None:
            return f"{text} (asked through the proxy {_without_login(proxy)}, which {_variable(proxy)} names)"
        untrusted = "CERTIFICATE_VERIFY_FAILED" in text
        return f"{text}; --ca FILE names a certificate to trust" if untrusted else text


def is_loopback(base_url: str) -> bool:
    """Whether a URL leads to this machine, where writing does no harm."""
    host = (urlsplit(base_url).hostname or "").removesuffix(".")
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def reason(error: BaseException) -> str:
    """The innermost reason of a failed connection, in one line."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return " ".join(str(error).split()) or type(error).__name__


def _surroundings(origin: str, trust: Trust) -> tuple[Mapping[str, str], bool | str]:
    """The proxies on the way to a server, none to this machine, and which certificates are trusted."""
    found = requests.Session().merge_environment_settings(origin, {}, False, trust.ca, None)
    proxies = {} if is_loopback(origin) else {name: url for name, url in found["proxies"].items() if url}
    return proxies, not trust.insecure and (found["verify"] or True)


@contextmanager
def _unwarned() -> Iterator[None]:
    """Without the warning that a certificate is not looked at: it was asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureRequestWarning)
        yield


def _without_login(url: str) -> str:
    scheme, slashes, rest = url.rpartition("://")
    return scheme + slashes + rest.rpartition("@")[2]


def _variable(proxy: str) -> str:
    """The variable of the environment that names a proxy."""
    given = {name: value for name, value in os.environ.items() if name.lower() in PROXIES and value}
    return next((name for name, value in given.items() if value.rstrip("/") in proxy), "this machine")
