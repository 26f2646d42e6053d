"""Connect to a target, by URL or as an ASGI app, and find out whether it is our mock or another server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

import msgspec

from understudy.engine.exchange import Request
from understudy.engine.root_path import split
from understudy_checks.budget import Budget
from understudy_checks.target.asgi import NotStarted, hosted
from understudy_checks.target.control_api import CONTROL, is_ours
from understudy_checks.target.credentials import sign_in
from understudy_checks.target.installed import document
from understudy_checks.target.mock import Mock
from understudy_checks.target.server import Server
from understudy_checks.target.settings import BadSettings, Settings, imported
from understudy_checks.target.target import Target
from understudy_checks.target.transport import NoAnswer, Transport, is_loopback, over_http

NOTHING = Settings()


class Unreachable(Exception):
    """A target that does not answer, or that refuses every request."""


def url(api: str, base_url: str, settings: Settings = NOTHING, *, max_requests: int | None = None) -> Target:
    """The target at `base_url`: our mock if it answers `GET /__mock__/health`, else another server, which needs a key.

    Raises BadSettings for a bad URL or a missing key, Unreachable when nothing answers.
    """
    parts = _parsed(base_url)
    transport = over_http(f"{parts.scheme}://{parts.netloc}", settings.trust())
    writes = is_loopback(base_url) if settings.writes is None else settings.writes
    settings = msgspec.structs.replace(settings, writes=writes)
    try:
        return _connected(api, transport, parts.path.rstrip("/"), settings, max_requests, base_url)
    except NoAnswer as error:
        raise Unreachable(f"nothing answers at {base_url}: {error}") from error


@contextmanager
def app(
    api: str, import_path: str, settings: Settings = NOTHING, *, max_requests: int | None = None
) -> Iterator[Target]:
    """Run the ASGI app, or the factory of one, at `module:attribute` as a target while the block runs.

    Its paths are those of the API's document. Raises BadSettings, and Unreachable when it does not start.
    """
    settings = msgspec.structs.replace(settings, writes=settings.writes is not False)
    try:
        with hosted(imported(import_path, "app")) as transport:
            yield _connected(api, transport, document(api).prefixes[0], settings, max_requests, import_path)
    except (NotStarted, NoAnswer) as error:
        raise Unreachable(f"{import_path}: {error}") from error


def _parsed(base_url: str) -> SplitResult:
    """The parts of a base URL. Raises BadSettings for what is none."""
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
    return parts


def _connected(
    api: str, transport: Transport, prefix: str, settings: Settings, max_requests: int | None, name: str
) -> Mock | Server:
    """Our mock or another server, as `GET /__mock__/health` shows."""
    contract = document(api)
    account = Budget(max_requests, settings.max_wait)
    account.spend()
    headers = tuple((header.encode(), value.encode()) for header, value in settings.headers.items())
    if is_ours(transport(Request("GET", f"{CONTROL}/health", "", headers))):
        world = split(prefix)  # checks make worlds of their own
        prefix = prefix if world is None else world[1].rstrip("/")
        return Mock(contract, transport, prefix=prefix, name=name, writes=settings.writes is True, budget=account)
    settings, transport = sign_in(settings, contract, transport)
    if not settings.api_keys and contract.schemes:
        raise BadSettings(f"{name} is no server of Understudy, so it takes a key: --api-key, or `api_keys`")
    return Server(
        contract,
        transport,
        prefix,
        settings,
        name=name,
        budget=account,
        clock=settings.clock(),
        person=settings.person(),
    )
