"""The command line: `understudy serve`, `rules`, `check`, `mutants` and `assumptions`.

Exit codes: 0 fine, 1 findings or failures, 2 usage or configuration, 3 could not run. What a command needs
is imported inside it, so that `--help` answers at once. The last three commands belong to the contract kit.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from understudy.cli.output import STDOUT, BadPath, NotWritten, OutputFile
from understudy.cli.streams import forgiving, in_background

if TYPE_CHECKING:
    from socket import socket

    from understudy.engine.api import Api
    from understudy.engine.clock import Clock
    from understudy.engine.worlds import Worlds

_FINE, _USAGE, _COULD_NOT_RUN, _INTERRUPTED = 0, 2, 3, 130
_DOCUMENT = (".yaml", ".yml", ".json")


class UsageError(Exception):
    """Something in the arguments or files that the user has to put right: one line."""


class CouldNotRun(Exception):
    """Nothing in the arguments is wrong, and yet the command cannot do its work: one line."""


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.color = not no_color()  # newer Pythons colour their help

    def error(self, message: str) -> NoReturn:
        raise UsageError(message + _nearest_choice(message))


class _Version(argparse.Action):
    """`--version`: print the version and end; it takes a while to find out."""

    def __call__(self, *_: object) -> NoReturn:
        print(f"understudy {installed_version()}")
        raise SystemExit(_FINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code, which does not depend on where standard output leads."""
    with forgiving():
        return _main(arguments)


def no_color() -> bool:
    """Whether the user wants no escape codes at all (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def installed_version() -> str:
    """The version of this package."""
    from importlib.metadata import version

    return version("understudy")


def api_name(name: str) -> str:
    """`name` when it is that of an API; else raises UsageError with the nearest one."""
    from understudy.apis import NAMES
    from understudy.messages import suggest

    if name in NAMES:
        return name
    if name.lower().endswith(_DOCUMENT) or "/" in name or (name and Path(name).exists()):
        raise UsageError(
            f"{name} is a path, and only the names of built-in APIs are understood: {', '.join(NAMES)}. A document of "
            "your own is served once it has handlers: see 'Add an API' in the README"
        )
    raise UsageError(f"unknown API {name or '(empty)'}{suggest(name, NAMES)}; known: {', '.join(NAMES)}")


def _main(arguments: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    own = words[: words.index("--")] if "--" in words else words
    try:
        if not words:
            _parser().print_help()
            return _FINE
        options, unknown = _parser().parse_known_args(own)
        if unknown:
            raise UsageError(_unknown(unknown[0], options.usage()))
        options.command = words[len(own) + 1 :]
        if options.command and not getattr(options, "tries", False):
            raise UsageError(f"{options.command[0]} stands after --, and this command runs no other")
        return int(options.run(options))
    except (UsageError, BadPath) as error:
        print(f"understudy: {error}", file=sys.stderr)
        return _USAGE
    except (CouldNotRun, NotWritten) as error:
        print(f"understudy: {error}", file=sys.stderr)
        return _COULD_NOT_RUN
    except KeyboardInterrupt:
        return _INTERRUPTED


def serve(options: argparse.Namespace) -> int:
    """`understudy serve`: serve until SIGINT or SIGTERM."""
    from understudy.cli.neighbor import is_left_behind
    from understudy.http.app import App
    from understudy.http.log import DROPPED, Log
    from understudy.http.server import Server, low_latency, ready_file, url_of

    _check_serve(options)
    ready = OutputFile("--ready-file", options.ready_file, secret=True) if options.ready_file else None
    if ready is not None:
        ready.check()
        if is_left_behind(ready.path):
            ready.remove()  # at once: whoever waits for ours must not read it
    worlds = _worlds(options)
    listeners = _listeners(options.host, options.port)
    worlds.server.url = url_of(listeners[0])
    content = ready_file(worlds)

    def tell() -> None:
        if ready is not None:
            ready.write(content)
        _write("\n".join(_banner(worlds)) + "\n")

    log = None if options.log_format == "none" else Log(options.log_format, _write, mask=worlds.server.mask)
    with in_background(DROPPED[options.log_format]):
        try:
            with low_latency():
                app = App(worlds, watch=log, cors=options.cors)
                Server(app, sockets=listeners, ready=tell).serve_until_stopped()
        finally:
            if log is not None:
                log.flush()
            if ready is not None:
                ready.remove(content)
    return _FINE


def rules(options: argparse.Namespace) -> int:
    """`understudy rules`: what is documented and what is assumed, with sources."""
    from msgspec.structs import asdict

    contracts = [api.contract for api in _declared(options.api)]
    told = {
        "rules": [{"api": c.name, **asdict(rule)} for c in contracts for rule in c.rules],
        "assumptions": [{"api": c.name, **asdict(known)} for c in contracts for known in c.assumptions.values()],
    }
    if options.format == "json":
        import json

        print(json.dumps(told, indent=2))
        return _FINE
    for rule in told["rules"]:
        print(f"{rule['id']}  [{rule['basis']}: {rule['source']}]\n    {rule['text']}")
    for known in told["assumptions"]:
        others = ", ".join(map(_shown, known["alternatives"]))
        print(f"{known['id']}  [assumed: {known['source']}]\n    {known['text']}")
        print(f"    {_shown(known['default'])}; alternatives: {others}")
    print(f"{len(told['rules'])} rules, {len(told['assumptions'])} assumptions")
    return _FINE


def check(options: argparse.Namespace) -> int:
    """`understudy check`: whether a server follows the rules of an API."""
    with _kit():
        from understudy_checks.commands import check as command
    return command.run(options)


def mutants(options: argparse.Namespace) -> int:
    """`understudy mutants`: which breakages of the mock the kit, or a command, catches."""
    with _kit():
        from understudy_checks.commands import mutants as command
    return command.run(options)


def assumptions(options: argparse.Namespace) -> int:
    """`understudy assumptions`: under which undocumented behaviours the kit, or a command, fails."""
    with _kit():
        from understudy_checks.commands import assumptions as command
    return command.run(options)


@contextmanager
def _kit() -> Iterator[None]:
    """Say what to install when what the kit needs is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise CouldNotRun(f"the contract kit needs {error.name}: pip install 'understudy[contract]'") from error


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="understudy", description="Stands in for workflow services while they are out of reach.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _serve_options(commands.add_parser("serve", help="serve the mock", description="Serve the mock."))
    told = commands.add_parser("rules", help="list rules and assumptions", description="List rules and assumptions.")
    told.set_defaults(run=rules, usage=told.format_usage)
    told.add_argument("api", nargs="*", metavar="API", help="only these APIs (default: all)")
    told.add_argument("--format", choices=("table", "json"), default="table")
    _check_options(commands.add_parser("check", help="check a server against the documented rules"))
    _trial_options(commands.add_parser("mutants", help="see which breakages of the mock are caught"), mutants)
    _trial_options(
        commands.add_parser("assumptions", help="see which undocumented behaviours break a client"), assumptions
    )
    return parser


def _check_options(parser: argparse.ArgumentParser) -> None:
    parser.description = "Check a server against the documented rules of an API: our mock in process, unless told."
    parser.set_defaults(run=check, usage=parser.format_usage)
    add = parser.add_argument
    add("api", metavar="API", help="the API")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", help="base URL of the server, such as http://127.0.0.1:8629/api/v1")
    where.add_argument("--app", metavar="MODULE:ATTRIBUTE", help="an ASGI app, or a factory of one, run in process")
    add("--api-key", action="append", default=[], metavar="KEY", help="a valid key (repeat for more of one tenant)")
    add("--header", action="append", default=[], metavar="'N: V'", help="send this with every request (repeatable)")
    add("--auth", metavar="USER:PASS", help="send this as Basic")
    add("--auth-command", metavar="CMD", help="a command that prints a token; run again when that is refused")
    add("--target", type=Path, metavar="FILE", help="what is known of the server, as TOML")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="the same, one by one (repeatable)")
    trust = parser.add_mutually_exclusive_group()
    trust.add_argument("--ca", type=Path, metavar="FILE", help="trust these certificates (PEM), not the machine's")
    trust.add_argument("--insecure", action="store_true", help="take any certificate")
    writes = parser.add_mutually_exclusive_group()
    writes.add_argument("--read-only", dest="writes", action="store_false", help="send no request that changes data")
    writes.add_argument("--allow-writes", dest="writes", action="store_true", help="write, also off this machine")
    parser.set_defaults(writes=None)
    add("--budget", type=int, metavar="N", help="make at most so many requests in all")
    add("--max-time", type=float, metavar="S", help="end after so many seconds, and tell what is known by then")
    add("--strict", action="store_true", help="what is not checked is a failure too")
    add("--profile", choices=("quick", "default", "deep"), default="default", help="how many examples are tried")
    add("--only", action="append", default=[], metavar="RULE", help="only these rules, by id or pattern (repeatable)")
    add("--exclude", action="append", default=[], metavar="RULE", help="not these rules, by id or pattern (repeatable)")
    add("--baseline", type=Path, metavar="F", help="an earlier --json report: what failed there fails nothing")
    add("--html", type=Path, metavar="F", help="write a page to read there (-: on standard output, not the table)")
    add("--junit", type=Path, metavar="F", help="write JUnit XML there (- as before)")
    add("--json", type=Path, metavar="F", help="write everything as JSON there (- as before)")
    add("-q", "--quiet", action="store_true", help="say nothing but errors")


def _trial_options(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    what = run.__name__
    parser.description = f"Run the contract kit, or the COMMAND after --, on each of the {what} of an API."
    flags = "[--only NAME] [--jobs N] [--rate-limit N | --no-rate-limit] [--json F] [-q]"
    parser.usage = f"understudy {what} API {flags} [-- COMMAND]"
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--no-rate-limit", action="store_true", help="never answer a COMMAND 429")
    limit.add_argument("--rate-limit", type=int, metavar="N", help="a COMMAND may make more requests than documented")
    parser.set_defaults(run=run, usage=parser.format_usage, tries=True)
    add = parser.add_argument
    add("api", metavar="API", help="the API")
    add("--only", action="append", default=[], metavar="NAME", help="only those with this name, a pattern (repeatable)")
    add("--jobs", type=int, metavar="N", help="so many at a time (default: one for each core)")
    add("--json", type=Path, metavar="F", help="write everything as JSON there (-: on standard output alone)")
    add("-q", "--quiet", action="store_true", help="say nothing but errors")


def _serve_options(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=serve, usage=parser.format_usage)
    add = parser.add_argument
    add("api", nargs="*", metavar="API", help="only these APIs (default: all)")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--port", type=int, default=8629, help="port to listen on, 0 for a free one (default: %(default)s)")
    add("--seed", default="understudy", help="seed of ids and keys: the same seed and calls give the same bytes")
    add(
        "--clock", default="real", metavar="real|frozen|ISO", help="follow real time, stand still, or stand still there"
    )
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--no-rate-limit", action="store_true", help="never answer 429")
    limit.add_argument("--rate-limit", type=int, metavar="N", help="another number of requests than the documented one")
    add("--assume", action="append", default=[], metavar="ID=VALUE", help="switch an assumption (repeatable)")
    add("--fidelity", choices=("helpful", "strict"), default="helpful", help="strict: no X-Mock-* headers")
    add("--check", action="store_true", help="check every answer against the document; a mismatch is a 500")
    add("--cors", default="*", metavar="ORIGIN|off", help="whose pages may call from a browser (default: any origin's)")
    add("--fixtures", type=Path, metavar="DIR", help="folder with <api>/seed.yaml, in place of the built-in ones")
    add("--ready-file", type=Path, metavar="F", help="write URL and keys there, as JSON, once connections are accepted")
    add("--bound", action="append", default=[], metavar="NAME=N", help="how much is kept of something (repeatable)")
    add("--show-secrets", action="store_true", help="show keys and tokens in log and journal, not placeholders")
    add("--log-format", choices=("text", "json", "none"), default="text", help="the request log on standard output")


def _check_serve(options: argparse.Namespace) -> None:
    """Raises UsageError for a value that cannot be meant."""
    from understudy.engine.origin import origin_of

    if options.ready_file == STDOUT:
        raise UsageError("--ready-file -: standard output has URL and log already; name a file, which ends with us")
    if not 0 <= options.port <= 65535:
        raise UsageError(f"--port {options.port} is not between 0 and 65535")
    try:
        options.host.encode("idna")
    except UnicodeError as error:
        raise UsageError(f"--host {options.host!r} is no host name") from error
    if options.rate_limit is not None and options.rate_limit < 1:
        raise UsageError(f"--rate-limit {options.rate_limit} is not 1 or more; --no-rate-limit switches it off")
    if options.cors not in ("*", "off") and origin_of(options.cors) is None:
        raise UsageError(f"--cors {options.cors} is no origin such as http://localhost:3000, nor off")


def _listeners(host: str, port: int) -> list[socket]:
    """Listening sockets, one for each address of the host; raises CouldNotRun with the flag that helps."""
    from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL

    from understudy.cli.neighbor import understudy_at
    from understudy.http.server import listen_all

    try:
        return listen_all(host, port)
    except OSError as error:
        remedies = {EADDRINUSE: "; --port takes another port, 0 a free one", EACCES: "; --port takes one from 1024 on"}
        remedies[EADDRNOTAVAIL] = "; --host takes an address of this machine"
        owner = understudy_at(host, port) if error.errno == EADDRINUSE else None
        known = f": {owner} is there already" if owner else ""
        why = f"{error.strerror}{known}{remedies.get(error.errno or 0, '')}"
        raise CouldNotRun(f"cannot listen on {host}:{port}: {why}") from error


def _worlds(options: argparse.Namespace) -> Worlds:
    """The worlds that the options describe; raises UsageError for what does not fit."""
    from functools import partial

    from understudy.apis import control, planter, seeds
    from understudy.document.read import Unreadable
    from understudy.engine.bounds import parse as bounds
    from understudy.engine.ids import secret
    from understudy.engine.worlds import Worlds

    apis = _declared(options.api)
    names = [api.name for api in apis]
    limited = options.no_rate_limit or options.rate_limit is not None
    try:
        kept = bounds(options.bound)
        worlds = Worlds(
            [*apis, partial(control.declare, most_bytes=kept.control_bytes)],
            seeds=seeds(names, options.fixtures),
            clock=_clock(options.clock),
            seed=options.seed,
            assume=dict(map(_assumed, options.assume)),
            limits={api.name: options.rate_limit for api in apis} if limited else None,
            helpful=options.fidelity == "helpful",
            checked=options.check,
            seeder=planter(names, options.fixtures),
            bounds=kept,
            show_secrets=options.show_secrets,
        )
    except Unreadable as error:
        raise UsageError(str(error)) from error
    except ValueError as error:
        raise UsageError(" ".join(str(error).split())) from error
    if options.host not in ("127.0.0.1", "localhost", "::1"):
        worlds.server.token = secret(16)
    return worlds


def _nearest_choice(message: str) -> str:
    """`; did you mean ...?` where argparse refuses a value of which it names the choices."""
    from understudy.messages import suggest

    value, _, choices = message.partition("(choose from ")  # in quotes or not, as Python's version has it
    return suggest(value.rpartition(": ")[2].strip("' ").lower(), re.findall("[a-z]+", choices))


def _unknown(argument: str, usage: str) -> str:
    from understudy.messages import suggest

    return f"unknown argument {argument}{suggest(argument, re.findall('--[a-z-]+', usage))}"


def _declared(names: Sequence[str]) -> list[Api]:
    from understudy.apis import NAMES, declare
    from understudy.document.compile import ContractError

    known = [api_name(name) for name in names] or NAMES
    try:
        return [declare(name) for name in dict.fromkeys(known)]
    except ContractError as error:
        raise UsageError(str(error)) from error


def _clock(text: str) -> Clock:
    from understudy.engine.clock import Clock, milliseconds
    from understudy.messages import suggest

    if text in ("real", "frozen"):
        return Clock(frozen=text == "frozen")
    try:
        return Clock(milliseconds(text), frozen=True)
    except (ValueError, OverflowError) as error:
        near = suggest(text.lower(), ("real", "frozen"))
        times = "from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z"
        raise UsageError(f"--clock {text} is neither real nor frozen nor an ISO 8601 time {times}{near}") from error


def _assumed(text: str) -> tuple[str, Any]:
    """`ID=VALUE`; VALUE is JSON, or else text."""
    import msgspec

    id, equals, value = text.partition("=")
    if not equals or not id:
        raise UsageError(f"--assume {text} is not ID=VALUE")
    try:
        return id, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return id, value


def _banner(worlds: Worlds) -> list[str]:
    from understudy.http import index

    names = index.served(worlds)
    lines = [
        f"Understudy serves {', '.join(names)} at {worlds.server.url} (control: {worlds.server.url}/__mock__/docs)"
    ]
    lines += [f"  {index.curl(worlds, name, worlds.access_info(worlds.default, name)['api_key'])}" for name in names]
    if worlds.server.token is not None:
        lines.append(
            f"  control token: curl -H 'X-Mock-Token: {worlds.server.token}' {worlds.server.url}/__mock__/health"
        )
    return [*lines, "Ctrl-C stops it."]


def _shown(value: object) -> str:
    import json

    return json.dumps(value)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
