"""`understudy serve`: serve the mock until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from understudy.cli import certificate, recordings
from understudy.cli.arguments import declared, file_path, quoted, rate_limit, seconds, whole_number
from understudy.cli.assumed import assumed_of
from understudy.cli.documents import add_documents, warn
from understudy.cli.exits import OK, CouldNotRun, UsageError
from understudy.cli.output import STDOUT, OutputFile
from understudy.cli.streams import in_background

if TYPE_CHECKING:
    from socket import socket

    from understudy.engine.clock import Clock
    from understudy.engine.exchange import Exchange
    from understudy.engine.worlds import Worlds

HELP = "serve the mock"
_AN_ADDRESS = "--host takes an address of this machine"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `serve`."""
    parser.description = "Serve the mock."
    add_documents(parser)
    _add_network(parser)
    _add_behaviour(parser)
    _add_output(parser)
    recordings.add_serving(parser)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    with certificate.tls(options) as tls:
        return _serve(options, tls)


def _serve(options: argparse.Namespace, tls: certificate.Tls | None) -> int:
    from understudy.http.app import App
    from understudy.http.log import DROPPED, Log
    from understudy.http.server import Server, low_latency, ready_file, url_of

    ready = _ready_file(options)
    recorded = recordings.Served(options)
    worlds = _worlds(options, recorded)
    listeners = _listeners(options.host, options.port)
    if tls is None:
        worlds.server.url = url_of(listeners[0])
    else:
        worlds.server.url = url_of(listeners[0], "https", certificate.url_host(options.host))
        worlds.server.ca_file = tls.ca_file
    content = ready_file(worlds)

    def announce() -> None:
        if ready is not None:
            ready.write(content)
        _write("\n".join(_banner(worlds)) + "\n")

    log = None if options.log_format == "none" else Log(options.log_format, _write, mask=_Hidden(worlds))
    with in_background(DROPPED[options.log_format]):
        try:
            with low_latency():
                app = App(worlds, watch=log, cors=options.cors)
                context = None if tls is None else tls.context
                Server(app, sockets=listeners, ready=announce, tls=context).serve_until_stopped()
        finally:
            if log is not None:
                log.flush()
            if ready is not None:
                ready.remove(content)
    unused = recorded.unused(worlds)
    if unused is not None:
        warn(unused)
    return OK


def _add_network(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", type=_host, default="127.0.0.1", help="address to listen on (default: %(default)s)")
    port = whole_number("--port", 0, 65535)
    add("--port", type=port, default=8629, help="port to listen on, 0 for a free one (default: %(default)s)")
    cors = "whose pages may call from a browser (default: any origin's)"
    add("--cors", type=_origin, default="*", metavar="ORIGIN|off", help=cors)
    certificate.add_options(parser)


def _add_behaviour(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--seed", default="understudy", help="seed of ids and keys: the same seed and calls give the same bytes")
    clock = "follow real time, stand still, or stand still there (default: real, or where a recording began)"
    add("--clock", metavar="real|frozen|ISO", help=clock)
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--no-rate-limit", action="store_true", help="never answer 429")
    number = "another number of requests than the documented one"
    limit.add_argument("--rate-limit", type=rate_limit, metavar="N", help=number)
    add("--assume", action="append", default=[], metavar="ID=VALUE", help="switch an assumption (repeatable)")
    add("--fidelity", choices=("helpful", "strict"), default="helpful", help="strict: no X-Mock-* headers")
    strict = "take no document of which something is not understood"
    add("--strict", action="store_true", help=strict)
    add("--check", action="store_true", help="check every answer against the document; a mismatch is a 500")
    fixtures = "folder with <api>/seed.yaml, in place of the built-in ones"
    add("--fixtures", type=file_path("--fixtures"), metavar="DIR", help=fixtures)
    add("--bound", action="append", default=[], metavar="NAME=N", help="how much is kept of something (repeatable)")
    most = "most worlds at a time, the default one included; one more is a 429 (default: 10000)"
    add("--max-worlds", type=whole_number("--max-worlds", 1, 10**9), metavar="N", help=most)
    idle = "remove a world that got no request for so long (default: %(default)s)"
    add("--world-idle-timeout", type=_idle_timeout, default=3600.0, metavar="SECONDS|off", help=idle)


def _add_output(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    ready = "write URL and keys there, as JSON, once connections are accepted"
    add("--ready-file", type=file_path("--ready-file"), metavar="F", help=ready)
    add("--show-secrets", action="store_true", help="show keys and tokens in log and journal, not placeholders")
    add("--log-format", choices=("text", "json", "none"), default="text", help="the request log on standard output")


def _idle_timeout(text: str) -> float | None:
    """A number of seconds; None for `off`. Raises UsageError."""
    return None if text == "off" else seconds("--world-idle-timeout", 10**9, other="off")(text)


def _host(text: str) -> str:
    """A host name or address. Raises UsageError for what can be neither."""
    try:
        if text.encode("idna"):
            return text
    except UnicodeError as error:
        raise UsageError(f"--host {quoted(text)} is no host name; {_AN_ADDRESS}, such as 127.0.0.1") from error
    raise UsageError(f"--host is empty; {_AN_ADDRESS}, such as 127.0.0.1, or 0.0.0.0 for all of them")


def _origin(text: str) -> str:
    """An origin, `*` or `off`. Raises UsageError that suggests the origin in a URL or in `host:port`."""
    from understudy.engine.origin import origin_of

    if text in ("*", "off") or origin_of(text) is not None:
        return text
    scheme, _, rest = text.rpartition("://")
    near = f"{scheme or 'http'}://{rest.partition('/')[0]}"
    hint = "" if origin_of(near) is None else f"; did you mean {near}?"
    raise UsageError(f"--cors {quoted(text)} is no origin such as http://localhost:3000, nor off{hint}")


def _ready_file(options: argparse.Namespace) -> OutputFile | None:
    """The ready file, checked. One of a server that has ended is removed: a client must not read it."""
    from understudy.cli.neighbor import is_left_behind

    if options.ready_file is None:
        return None
    if options.ready_file == STDOUT:
        raise UsageError("--ready-file -: standard output has URL and log already; name a file, which ends with us")
    ready = OutputFile("--ready-file", options.ready_file, secret=True)
    ready.check()
    if is_left_behind(ready.path):
        ready.remove()
    return ready


def _listeners(host: str, port: int) -> list[socket]:
    """Listening sockets, one for each address of the host; raises CouldNotRun with the flag that helps."""
    from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL
    from socket import gaierror

    from understudy.cli.neighbor import understudy_at
    from understudy.http.server import listen_all

    try:
        return listen_all(host, port)
    except gaierror as error:
        text = f"--host {quoted(host)} has no address: {error.strerror}"
        raise CouldNotRun(f"{text}; {_AN_ADDRESS}, such as 127.0.0.1") from error
    except OSError as error:
        remedies = {EADDRINUSE: "; --port takes another port, 0 a free one", EACCES: "; --port takes one from 1024 on"}
        remedies[EADDRNOTAVAIL] = f"; {_AN_ADDRESS}"
        owner = understudy_at(host, port) if error.errno == EADDRINUSE else None
        known = f": {owner} is there already" if owner else ""
        reason = f"{error.strerror}{known}{remedies.get(error.errno or 0, '')}"
        raise CouldNotRun(f"cannot listen on {host}:{port}: {reason}") from error


def _worlds(options: argparse.Namespace, recorded: recordings.Served | None = None) -> Worlds:
    """The worlds that the options describe, with the recordings of these; raises UsageError."""
    recorded = recorded or recordings.Served(options)
    from functools import partial

    from understudy.apis import control, seeder, seeds
    from understudy.apis.start_states import is_choice
    from understudy.document.read import Unreadable
    from understudy.engine.bounds import parse as bounds
    from understudy.engine.ids import secret
    from understudy.engine.worlds import Worlds

    given = {"strict": options.strict, "report": warn, "flags": options.flags}
    apis = [] if recorded.only else declared(options.api, **given)
    names = [api.name for api in apis]
    clock, assumed = _clock(options.clock, recorded.imported.began(apis)), assumed_of(options.assume, apis)
    limited = options.no_rate_limit or options.rate_limit is not None
    try:
        kept = bounds([*options.bound, *_most_worlds(options)])
        usual = {**dict.fromkeys(names), **seeds(names, options.fixtures)}
        worlds = Worlds(
            [*apis, partial(control.declare, most_bytes=kept.control_bytes)],
            seeds=recorded.imported.starts(apis, usual, assumed),
            clock=clock,
            seed=options.seed,
            assume={id: value for id, value in assumed.items() if not is_choice(id)},
            limits={api.name: options.rate_limit for api in apis} if limited else None,
            helpful=options.fidelity == "helpful",
            checked=options.check,
            seeder=seeder(names, options.fixtures, clock),
            bounds=kept,
            show_secrets=options.show_secrets,
            idle_timeout=options.world_idle_timeout,
        )
    except Unreadable as error:
        raise UsageError(str(error)) from error
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
    recorded.prepare(worlds)
    if options.host not in ("127.0.0.1", "localhost", "::1"):
        worlds.server.token = secret(16)
    return worlds


def _most_worlds(options: argparse.Namespace) -> list[str]:
    """`--max-worlds` as a bound. Raises UsageError where it is given as `--bound`, too."""
    if options.max_worlds is None:
        return []
    given = [text for text in options.bound if text.startswith("worlds=")]
    if given:
        raise UsageError(f"--max-worlds {options.max_worlds} and --bound {quoted(given[0])} are the same; give one")
    return [f"worlds={options.max_worlds}"]


def _clock(text: str | None, began: int | None) -> Clock:
    """The clock that `--clock` describes; without, one that stands where an imported recording began, or runs."""
    from understudy.engine.clock import Clock, milliseconds
    from understudy.messages import suggest

    if text is None:
        return Clock(began, frozen=began is not None)
    if text in ("real", "frozen"):
        return Clock(frozen=text == "frozen")
    try:
        return Clock(milliseconds(text), frozen=True)
    except (ValueError, OverflowError) as error:
        near = suggest(text.lower(), ("real", "frozen"))
        times = "from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"
        raise UsageError(
            f"--clock {quoted(text)} is neither real nor frozen nor an ISO 8601 time {times}{near}"
        ) from error


class _Hidden:
    """Hides the secrets of lines of the log. What finds them is imported once a line may hold one.

    The queries of accepted requests are memoized (at most 1024, and no long ones).
    """

    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._queries: dict[tuple[str, str], str] = {}

    def line(self, exchange: Exchange) -> Exchange:
        """The exchange without secrets where a line shows it."""
        request, is_refused = exchange.request, exchange.response.status >= 400
        if self._worlds.server.mask.shows or not (is_refused or request.query):
            return exchange
        query = None if is_refused else self._queries.get((exchange.world, request.query))
        if query is not None:
            return exchange if query == request.query else _with_query(exchange, query)
        from understudy.document.memory import MAX_KEY_LENGTH, memoize
        from understudy.recording.hiding import Hider

        hidden = Hider(self._worlds).line(exchange)
        if not is_refused and len(request.query) <= MAX_KEY_LENGTH:
            memoize(self._queries, (exchange.world, request.query), hidden.request.query)
        return hidden


def _with_query(exchange: Exchange, query: str) -> Exchange:
    from msgspec import structs

    return structs.replace(exchange, request=structs.replace(exchange.request, query=query))


def _banner(worlds: Worlds) -> list[str]:
    """The lines that are printed once connections are accepted: URLs, and a curl command for each API."""
    from understudy.http import index

    names, url = index.served(worlds), worlds.server.url
    shown = (f"{name} (runs {', '.join(ran)})" if (ran := worlds.apis[name].ran) else name for name in names)
    served = [*shown, *(["recorded answers"] if worlds.fallback else [])]
    lines = [f"Understudy serves {', '.join(served)} at {url} (control: {url}/__mock__/docs)"]
    lines += [f"  {index.curl(worlds, name, worlds.access_info(worlds.default, name)['api_key'])}" for name in names]
    lines += [f"  {name} {worlds.apis[name].understood}" for name in names if worlds.apis[name].understood]
    lines += [f"  {name} takes {line}" for name in names for line in index.others(worlds, name)]
    if worlds.server.token is not None:
        lines.append(f"  control token: curl -H 'X-Mock-Token: {worlds.server.token}' {url}/__mock__/health")
    return [*lines, "Ctrl-C stops it."]


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
