"""The index at `/` as JSON: URL, document and key of each API; and the curl line of a first call.

Where the control API needs a token (off loopback) the index has no keys: the ready file holds them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from understudy.engine.worlds import Worlds

Json = Any


def served(worlds: Worlds) -> list[str]:
    """Return the names of the served APIs, without the control API."""
    return [name for name in worlds.apis if name != "control"]


def summary(worlds: Worlds) -> dict[str, Json]:
    """Return the index: the APIs, and the URLs of the control API and the pages."""
    control = f"{worlds.server.url}/__mock__"
    return {
        "name": "understudy",
        "url": worlds.server.url,
        "apis": {name: _entry(worlds, name) for name in served(worlds)},
        "control": control,
        "health": f"{control}/health",
        "docs": f"{control}/docs",
    }


def curl(worlds: Worlds, name: str, key: str) -> str:
    """Return a curl line that calls a list operation of an API with a key."""
    api, entry = worlds.apis[name], worlds.access_info(worlds.default, name)
    listing = next(o for o in api.contract.operations.values() if o.pagination and "{" not in o.path)
    scheme = api.contract.schemes[0]
    needed = {p.name: entry.get(p.name) for p in listing.parameters if p.required and p.location == "query"}
    key_headers, key_query = scheme.carry(key)
    query = f"?{urlencode({**key_query, **needed})}" if key_query or needed else ""
    headers = {**{name.title(): value for name, value in key_headers.items()}, **api.contract.headers}
    options = " ".join(f"-H '{header}: {text}'" for header, text in headers.items())
    return f"curl {options} '{entry['base_url']}{listing.path}{query}'"


def key(worlds: Worlds, name: str) -> str | None:
    """Return a key of an API for the index; None where the control API needs a token."""
    value: str | None = worlds.access_info(worlds.default, name)["api_key"] if worlds.server.token is None else None
    return value


def _entry(worlds: Worlds, name: str) -> dict[str, Json]:
    api_key = key(worlds, name)
    return {
        "title": worlds.apis[name].contract.document["info"]["title"],
        "base_url": worlds.access_info(worlds.default, name)["base_url"],
        "document": f"{worlds.server.url}/__mock__/openapi/{name}.yaml",
        **({} if api_key is None else {"api_key": api_key}),
    }
