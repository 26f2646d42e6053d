"""The target behind a URL or of an ASGI app: our mock where it answers as one, else any other server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import msgspec

from understudy.engine.exchange import Request
from understudy_checks.budget import Guest
from understudy_checks.target.asgi import NotStarted, hosted
from understudy_checks.target.control_api import CONTROL, is_ours
from understudy_checks.target.credentials import signed_in
from understudy_checks.target.installed import document
from understudy_checks.target.mock import Mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import BadSettings, Settings, imported
from understudy_checks.target.target import Target
from understudy_checks.target.transport import NoAnswer, Transport, is_loopback, over_http

NOTHING = Settings()


class Unreachable(Exception):
    """The target cannot be talked to."""


def url(api: str, base_url: str, settings: Settings = NOTHING, *, budget: int | None = None) -> Target:
    """The server whose API answers under `base_url`; raises Unreachable when nothing answers there.

    One that answers `GET /__mock__/health` is ours and gives fresh worlds; any other takes a key (BadSettings).
    """
    try:
        parts = urlsplit(base_url)
        parts.port  # noqa: B018 - it is read only now
    except ValueError as error:
        raise BadSettings(f"{base_url} is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSettings(f"{base_url or '(empty)'} is no URL; it looks like http://127.0.0.1:8629/api/v1")
    if "@" in parts.netloc:
        raise BadSettings(f"the URL of {parts.hostname} holds a user name, which would be sent in place of the key")
    if parts.query or parts.fragment:
        raise BadSettings(f"{base_url} is no base URL: paths are put behind it, so it has no query and no fragment")
    transport = over_http(f"{parts.scheme}://{parts.netloc}", settings.trust())
    writes = is_loopback(base_url) if settings.writes is None else settings.writes
    told = msgspec.structs.replace(settings, writes=writes)
    try:
        return _found(api, transport, parts.path.rstrip("/"), told, budget, base_url)
    except NoAnswer as error:
        raise Unreachable(f"nothing answers at {base_url}: {error}") from error


@contextmanager
def app(api: str, place: str, settings: Settings = NOTHING, *, budget: int | None = None) -> Iterator[Target]:
    """The ASGI app, or what the factory makes, at `module:attribute`, at the API's own paths, while the block runs.

    Raises BadSettings, and Unreachable when it does not start.
    """
    told = msgspec.structs.replace(settings, writes=settings.writes is not False)
    try:
        with hosted(imported(place, "app")) as transport:
            yield _found(api, transport, document(api).prefixes[0], told, budget, place)
    except (NotStarted, NoAnswer) as error:
        raise Unreachable(f"{place}: {error}") from error


def _found(
    api: str, transport: Transport, prefix: str, settings: Settings, budget: int | None, name: str
) -> Mock | Server:
    """A target of ours, or any other."""
    known = document(api)
    guest = Guest(budget, settings.max_wait)
    guest.spend()
    headers = tuple((header.encode(), value.encode()) for header, value in settings.headers.items())
    if is_ours(transport(Request("GET", f"{CONTROL}/health", "", headers))):
        return Mock(known, transport, prefix=prefix, name=name, writes=settings.writes is True, guest=guest)
    settings, transport = signed_in(settings, known, transport)
    if not settings.api_keys:
        raise BadSettings(f"{name} is no server of Understudy, so it takes a key: --api-key, or `api_keys`")
    return Server(
        known, transport, prefix, settings, name=name, guest=guest, clock=settings.clock(), person=settings.person()
    )
