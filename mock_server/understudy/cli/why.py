"""`understudy why`: tell why a running server answered as it did."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from understudy.cli.arguments import file_path, quoted
from understudy.cli.exits import OK, CouldNotRun, UsageError

HELP = "tell why a server answered as it did"
_USUAL = "http://127.0.0.1:8629"
_INDENT = " " * 14
_LONGEST = 1 << 28  # bytes of an exchange


class Place(NamedTuple):
    """Where a server is: the URL of a world, the token of its control API, and the file of its certificate's issuer."""

    url: str
    token: str | None = None
    ca_file: str | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `why`."""
    parser.description = (
        "Tell why a running server answered as it did: what mattered first, then each step. "
        "Without --url and --ready-file, UNDERSTUDY_READY_FILE or UNDERSTUDY_URL says where it is."
    )
    add = parser.add_argument
    ids = "the X-Mock-Exchange of the response, as in the log behind #; or last"
    add("exchange", metavar="ID|last", help=ids)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--url", help=f"URL of the server, or of one of its worlds (default: {_USUAL})")
    ready = "ready file of the server"
    place.add_argument("--ready-file", type=file_path("--ready-file"), metavar="F", help=ready)
    add("--token", help="the control token of a server off loopback; the ready file has it")
    add("--format", choices=("text", "json"), default="text", help="json: the whole exchange (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Print the story of an exchange."""
    place = _place(options)
    exchange = _exchange(place, options.exchange.removeprefix("#"))
    if options.format == "json":
        print(json.dumps(exchange, indent=2))
    else:
        print("\n".join(_lines(exchange)))
    return OK


def _place(options: argparse.Namespace) -> Place:
    """The server that is asked. Raises UsageError."""
    ready = options.ready_file
    if ready is None and options.url is None and os.environ.get("UNDERSTUDY_READY_FILE"):
        ready = Path(os.environ["UNDERSTUDY_READY_FILE"])
    if ready is not None:
        place = _of_ready_file(ready)
    else:
        place = Place(_world_url(options.url or os.environ.get("UNDERSTUDY_URL") or _USUAL))
    return place if options.token is None else place._replace(token=options.token)


def _of_ready_file(file: Path) -> Place:
    try:
        content = json.loads(file.read_bytes())
        return Place(_world_url(content["url"]), content.get("control_token"), content.get("ca_file"))
    except OSError as error:
        raise UsageError(f"--ready-file {quoted(str(file))}: {error.strerror}") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(f"--ready-file {quoted(str(file))} is no ready file of understudy serve") from error


def _world_url(url: str) -> str:
    """The URL of the server, or of a world, in a URL below it. Raises UsageError."""
    from urllib.parse import urlsplit

    from understudy.engine.root_path import root_path, split

    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port >= 0
    except ValueError:
        known = False
    if not known or parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"--url {quoted(url)} is no URL such as {_USUAL}")
    world = split(parts.path)
    return f"{parts.scheme}://{parts.netloc}" + ("" if world is None else root_path(world[0]))


def _exchange(place: Place, id: str) -> dict[str, Any]:
    """The exchange as the control API shows it. Raises UsageError for an unknown one, CouldNotRun without a server."""
    from urllib.parse import quote

    from understudy.cli.neighbor import NoAnswer, get_json

    headers = {} if place.token is None else {"X-Mock-Token": place.token}
    try:
        status, answer = get_json(
            f"{place.url}/__mock__/journal/{quote(id, safe='')}", headers=headers, ca_file=place.ca_file, most=_LONGEST
        )
    except NoAnswer as error:
        raise CouldNotRun(f"no Understudy answers at {place.url}: {error}; --url names another one") from error
    if isinstance(answer, dict) and "why" in answer:
        return answer
    detail = answer.get("detail") if isinstance(answer, dict) else None
    raise UsageError(f"{quoted(id)} at {place.url}: {detail or f'it answered {status}, and is no Understudy'}")


def _lines(exchange: dict[str, Any]) -> Iterator[str]:
    target = exchange["path"] + (f"?{exchange['query']}" if exchange["query"] else "")
    yield f"{exchange['method']} {target} at {exchange['at']}"
    yield exchange["why"]["summary"]
    for part in exchange["why"]["parts"]:
        yield f"  {part['part']:<12}{part['text']}"
        for name in ("hint", "warning"):
            if name in part:
                yield f"{_INDENT}{name}: {part[name]}"
        yield from (f"{_INDENT}{line}" for entry in part.get("decided", ()) for line in _decided(entry))
        yield from (f"{_INDENT}before {one['before']}, after {one['after']}" for one in part.get("buckets", ()))
        yield from (f"{_INDENT}{line}" for change in part.get("changes", ()) for line in _changed(change))
    if exchange["error"] is not None:
        yield exchange["error"]


def _decided(entry: dict[str, Any]) -> Iterator[str]:
    value = f" = {json.dumps(entry['value'])}" if "value" in entry else ""
    yield f"{entry['id']}{value} [{entry['basis']}: {entry['source']}]"
    yield f"  {entry['text']}"
    if entry.get("alternatives"):
        yield f"  alternatives: {', '.join(map(json.dumps, entry['alternatives']))}"


def _changed(change: dict[str, Any]) -> Iterator[str]:
    """The members of a record that changed; of one that was made or removed, nothing more than the story says."""
    was, now = change["before"], change["after"]
    if was is not None and now is not None:
        for member in {**was, **now}:
            if was.get(member) != now.get(member):
                yield f"{change['id']} {member}: {json.dumps(was.get(member))} -> {json.dumps(now.get(member))}"
