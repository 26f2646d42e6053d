"""The index at `/` as JSON: URL, document and key of each API; and the curl line of a first call.

Where the control API needs a token (off loopback) the index has no keys: the ready file holds them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from understudy.document.argument import argument
from understudy.document.contract import Contract
from understudy.document.model import Scheme
from understudy.document.operation import Operation
from understudy.engine.world import World
from understudy.engine.worlds import Worlds

Json = Any


def served(worlds: Worlds) -> list[str]:
    """Return the names of the served APIs, without the control API."""
    return [name for name in worlds.apis if name != "control"]


def summary(worlds: Worlds, world: World | None = None) -> dict[str, Json]:
    """Return the index of a world (None: the default one): the APIs, and the URLs of the control API and the pages."""
    world = world or worlds.default
    url = worlds.url_of(world)
    control = f"{url}/__mock__"
    return {
        "name": "understudy",
        "url": url,
        "apis": {name: _entry(worlds, world, name) for name in served(worlds)},
        "control": control,
        "health": f"{control}/health",
        "docs": f"{control}/docs",
    }


def curl(worlds: Worlds, name: str, key: str | None, world: World | None = None) -> str:
    """Return a curl line of a first call to an API with a key: a list operation, else one that needs no argument."""
    contract = worlds.apis[name].contract
    operation = min(contract.operations.values(), key=_arguments)
    return _curl(worlds, name, operation, _schemes(operation, contract.schemes), key=key, world=world)


def curls(worlds: Worlds, name: str) -> dict[str, str]:
    """Return a curl line of a call that takes the credential of each security scheme, by the scheme's name."""
    contract = worlds.apis[name].contract
    key = worlds.access_info(worlds.default, name)["api_key"]
    lines = {}
    for scheme in contract.schemes:
        known = [(one, need) for one in contract.operations.values() for need in one.security if scheme in need]
        chosen = min(known, key=lambda found: _arguments(found[0]), default=None)
        lines[scheme.name] = curl(worlds, name, key) if chosen is None else _curl(worlds, name, *chosen, key=key)
    return lines


def _curl(
    worlds: Worlds,
    name: str,
    operation: Operation,
    schemes: Sequence[Scheme],
    *,
    key: str | None,
    world: World | None = None,
) -> str:
    """A curl line of an operation with the credentials of these schemes."""
    world = world or worlds.default
    api, entry = worlds.apis[name], worlds.access_info(world, name)
    tokens = entry.get("credentials", {})
    key_headers: dict[str, str] = {}
    key_query: dict[str, str] = {}
    for scheme in schemes:
        token = tokens.get(scheme.name, key)
        carried = scheme.carry(token) if token else ({}, {})
        key_headers, key_query = key_headers | carried[0], key_query | carried[1]
    needed = _needed(api.contract, operation, entry)
    query = urlencode({**key_query, **needed["query"]})
    headers = {**{name.title(): value for name, value in key_headers.items()}, **needed["header"]}
    ca_file = worlds.server.ca_file
    options = [] if ca_file is None else [f"--cacert {quote(ca_file)}"]
    options += [f"-X {operation.method}"] if operation.method != "GET" else []
    options += ["-H " + quote(f"{header}: {text}") for header, text in headers.items()]
    options += ["-b " + quote(f"{name}={text}") for name, text in needed["cookie"].items()]
    base = entry["base_url"] if not operation.prefixes else worlds.url_of(world) + operation.prefixes[0]
    return " ".join(["curl", *options, f"'{base}{operation.path}{'?' if query else ''}{query}'"])


def others(worlds: Worlds, name: str) -> list[str]:
    """Return a line for each other security scheme of a user's document: its name, and how its credential is sent."""
    tokens = worlds.access_info(worlds.default, name).get("credentials", {})
    schemes = worlds.apis[name].contract.schemes if len(tokens) > 1 else ()
    return [f"{scheme.name}: {_sent(scheme, tokens[scheme.name])}" for scheme in schemes]


def _sent(scheme: Scheme, token: str) -> str:
    headers, query = scheme.carry(token)
    return " ".join([f"-H '{header.title()}: {text}'" for header, text in headers.items()] or [f"?{urlencode(query)}"])


def key(worlds: Worlds, world: World, name: str) -> str | None:
    """Return a key of an API for the index; None where the control API needs a token."""
    value: str | None = worlds.access_info(world, name)["api_key"] if worlds.server.token is None else None
    return value


def _entry(worlds: Worlds, world: World, name: str) -> dict[str, Json]:
    api_key = key(worlds, world, name)
    return {
        "title": worlds.apis[name].contract.document["info"]["title"],
        "base_url": worlds.access_info(world, name)["base_url"],
        "document": f"{worlds.url_of(world)}/__mock__/openapi/{name}.yaml",
        **({} if api_key is None else {"api_key": api_key}),
    }


def _arguments(operation: Operation) -> tuple[bool, bool, int]:
    """How much a caller must know: list operations first, then reading ones with few arguments."""
    is_list = operation.pagination is not None and "{" not in operation.path
    needed = 0 if is_list else sum(one.required for one in operation.parameters)
    return not is_list, operation.method != "GET", needed


def _needed(contract: Contract, operation: Operation, known: Mapping[str, Json]) -> dict[str, dict[str, str]]:
    """The arguments that an operation needs beside those in its path, by location and name."""
    schemas = contract.document.get("components", {}).get("schemas", {})
    found: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
    for one in operation.parameters:
        if one.required:
            found[one.location][one.name] = known[one.name] if one.name in known else argument(one, schemas)
    return found


def _schemes(operation: Operation, schemes: Sequence[Scheme]) -> Sequence[Scheme]:
    """The schemes by which the curl line sends its keys; none for an operation that needs none."""
    if operation.security:
        return operation.security[0]
    return schemes[:1] if operation.secured else ()
