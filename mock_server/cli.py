"""The command line: `understudy serve`, `rules`, `check`, `mutants` and `assumptions`.

Exit codes: 0 fine, 1 findings or failures, 2 usage or configuration, 3 could not run. What a command needs
is imported inside it, so that `--help` answers at once. The last three commands belong to the contract kit.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from mock_server.api import Api
    from mock_server.clock import Clock
    from mock_server.world import Worlds

_FINE, _USAGE, _COULD_NOT_RUN, _INTERRUPTED = 0, 2, 3, 130


class UsageError(Exception):
    """Something in the arguments or files that the user has to put right: one line."""


class CouldNotRun(Exception):
    """Nothing in the arguments is wrong, and yet the command cannot do its work: one line."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    own = words[: words.index("--")] if "--" in words else words
    try:
        options, unknown = _parser().parse_known_args(own)
        if unknown:
            raise UsageError(_unknown(unknown[0], options.usage()))
        options.command = words[len(own) + 1 :]
        if options.command and not getattr(options, "tries", False):
            raise UsageError(f"{options.command[0]} stands after --, and this command runs no other")
        return int(options.run(options))
    except UsageError as error:
        print(f"understudy: {error}", file=sys.stderr)
        return _USAGE
    except CouldNotRun as error:
        print(f"understudy: {error}", file=sys.stderr)
        return _COULD_NOT_RUN
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return _FINE


def serve(options: argparse.Namespace) -> int:
    """`understudy serve`: serve until SIGINT or SIGTERM."""
    from mock_server.log import Log
    from mock_server.server import App, Server, listen_all, ready_file, url_of, without_pauses

    worlds = _worlds(options)
    try:
        listeners = listen_all(options.host, options.port)
    except OSError as error:
        print(f"understudy: cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)
        return _COULD_NOT_RUN
    worlds.url = url_of(listeners[0])
    ready: Path | None = options.ready_file

    def tell() -> None:
        if ready is not None:
            partial = ready.with_name(ready.name + ".partial")
            partial.write_text(ready_file(worlds))
            partial.replace(ready)
        print("\n".join(_banner(worlds)), flush=True)

    log = None if options.log_format == "none" else Log(options.log_format, _write)
    try:
        with without_pauses():
            app = App(worlds, watch=log, cors=options.cors)
            Server(app, sockets=listeners, ready=tell).serve_until_stopped()
    finally:
        if log is not None:
            log.flush()
        if ready is not None:
            ready.unlink(missing_ok=True)
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
        from contract_tests.commands import check as command
    return command.run(options)


def mutants(options: argparse.Namespace) -> int:
    """`understudy mutants`: which breakages of the mock the kit, or a command, catches."""
    with _kit():
        from contract_tests.commands import mutants as command
    return command.run(options)


def assumptions(options: argparse.Namespace) -> int:
    """`understudy assumptions`: under which undocumented behaviours the kit, or a command, fails."""
    with _kit():
        from contract_tests.commands import assumptions as command
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
    add("--target", type=Path, metavar="FILE", help="what is known of the server, as TOML")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="the same, one by one (repeatable)")
    writes = parser.add_mutually_exclusive_group()
    writes.add_argument("--read-only", dest="writes", action="store_false", help="send no request that changes data")
    writes.add_argument("--allow-writes", dest="writes", action="store_true", help="write, also off this machine")
    parser.set_defaults(writes=None)
    add("--budget", type=int, metavar="N", help="make at most so many requests in all")
    add("--strict", action="store_true", help="what is not checked is a failure too")
    add("--profile", choices=("quick", "default", "deep"), default="default", help="how many examples are tried")
    add("--only", action="append", default=[], metavar="RULE", help="only these rules, by id or pattern (repeatable)")
    add("--html", type=Path, metavar="F", help="write a page to read there")
    add("--junit", type=Path, metavar="F", help="write JUnit XML there")
    add("--json", type=Path, metavar="F", help="write everything as JSON there")
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
    add("--json", type=Path, metavar="F", help="write everything as JSON there")
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
    add("--log-format", choices=("text", "json", "none"), default="text", help="the request log on standard output")


def _worlds(options: argparse.Namespace) -> Worlds:
    """The worlds that the options describe; raises UsageError for what does not fit."""
    from mock_server.apis import declare, plant, seeds
    from mock_server.cors import origin_of
    from mock_server.grammar import Unreadable
    from mock_server.ids import secret
    from mock_server.world import Worlds

    if not 0 <= options.port <= 65535:
        raise UsageError(f"--port {options.port} is not between 0 and 65535")
    if options.rate_limit is not None and options.rate_limit < 1:
        raise UsageError(f"--rate-limit {options.rate_limit} is not 1 or more; --no-rate-limit switches it off")
    if options.cors not in ("*", "off") and origin_of(options.cors) is None:
        raise UsageError(f"--cors {options.cors} is no origin such as http://localhost:3000, nor off")
    ready: Path | None = options.ready_file
    if ready is not None and not ready.absolute().parent.is_dir():
        raise UsageError(f"--ready-file {ready}: there is no folder {ready.parent}")
    apis = _declared(options.api)
    limited = options.no_rate_limit or options.rate_limit is not None
    try:
        worlds = Worlds(
            [*apis, declare("control")],
            seeds=seeds([api.name for api in apis], options.fixtures),
            clock=_clock(options.clock),
            seed=options.seed,
            assume=dict(map(_assumed, options.assume)),
            limits={api.name: options.rate_limit for api in apis} if limited else None,
            helpful=options.fidelity == "helpful",
            checked=options.check,
            plant=None if options.fixtures else plant,
        )
    except (Unreadable, ValueError, KeyError, TypeError) as error:
        text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(" ".join(text.split())) from error
    if options.host not in ("127.0.0.1", "localhost", "::1"):
        worlds.token = secret(16)
    return worlds


def _unknown(argument: str, usage: str) -> str:
    from mock_server.grammar import nearest

    return f"unknown argument {argument}{nearest(argument, re.findall('--[a-z-]+', usage))}"


def _declared(names: Sequence[str]) -> list[Api]:
    from mock_server.apis import NAMES, declare
    from mock_server.contract import ContractError
    from mock_server.grammar import nearest

    for name in names:
        if name not in NAMES:
            raise UsageError(f"unknown API {name}{nearest(name, NAMES)}; known: {', '.join(NAMES)}")
    try:
        return [declare(name) for name in dict.fromkeys(names or NAMES)]
    except ContractError as error:
        raise UsageError(str(error)) from error


def _clock(text: str) -> Clock:
    from mock_server.clock import Clock, milliseconds

    if text in ("real", "frozen"):
        return Clock(frozen=text == "frozen")
    try:
        return Clock(milliseconds(text), frozen=True)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--clock {text} is neither real nor frozen nor an ISO 8601 time") from error


def _assumed(text: str) -> tuple[str, Any]:
    """`ID=VALUE`; VALUE is JSON, or else text."""
    import msgspec

    id, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--assume {text} is not ID=VALUE")
    try:
        return id, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return id, value


def _banner(worlds: Worlds) -> list[str]:
    from urllib.parse import urlencode

    names = [name for name in worlds.apis if name != "control"]
    lines = [f"Understudy serves {', '.join(names)} at {worlds.url} (control: {worlds.url}/__mock__/docs)"]
    for name in names:
        entry = worlds.default.entry(name)
        api = worlds.apis[name]
        listing = next(o for o in api.contract.operations.values() if o.pagination and "{" not in o.path)
        scheme = api.contract.schemes[0]
        value = f"Bearer {entry['api_key']}" if scheme.kind == "bearer" else entry["api_key"]
        needed = {p.name: entry.get(p.name) for p in listing.parameters if p.required and p.location == "query"}
        query = f"?{urlencode(needed)}" if needed else ""
        headers = {scheme.header.title(): value, **api.contract.headers}
        given = " ".join(f"-H '{header}: {text}'" for header, text in headers.items())
        lines.append(f"  curl {given} '{entry['base_url']}{listing.path}{query}'")
    if worlds.token is not None:
        lines.append(f"  control token: curl -H 'X-Mock-Token: {worlds.token}' {worlds.url}/__mock__/health")
    return [*lines, "Ctrl-C stops it."]


def _shown(value: object) -> str:
    import json

    return json.dumps(value)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
