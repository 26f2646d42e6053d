"""What stands at `/`: how each API is reached, for programs, and the curl line of a first call.

Off loopback, where the control API asks for a token, keys are left out: whoever may see them has the ready file.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from understudy.engine.worlds import Worlds

Json = Any


def served(worlds: Worlds) -> list[str]:
    """The names of the APIs that are served, without the control API."""
    return [name for name in worlds.apis if name != "control"]


def summary(worlds: Worlds) -> dict[str, Json]:
    """The index: each API with its base URL, document and keys, and where the control API and the pages are."""
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
    """The curl line that lists something of an API with a key."""
    api, entry = worlds.apis[name], worlds.access_info(worlds.default, name)
    listing = next(o for o in api.contract.operations.values() if o.pagination and "{" not in o.path)
    scheme = api.contract.schemes[0]
    needed = {p.name: entry.get(p.name) for p in listing.parameters if p.required and p.location == "query"}
    carried, asked = scheme.carry(key)
    query = f"?{urlencode({**asked, **needed})}" if asked or needed else ""
    headers = {**{name.title(): value for name, value in carried.items()}, **api.contract.headers}
    given = " ".join(f"-H '{header}: {text}'" for header, text in headers.items())
    return f"curl {given} '{entry['base_url']}{listing.path}{query}'"


def key(worlds: Worlds, name: str) -> str | None:
    """A key of an API that may be shown to whoever asks; None where the control API asks for a token."""
    shown: str | None = worlds.access_info(worlds.default, name)["api_key"] if worlds.server.token is None else None
    return shown


def _entry(worlds: Worlds, name: str) -> dict[str, Json]:
    shown = key(worlds, name)
    return {
        "title": worlds.apis[name].contract.document["info"]["title"],
        "base_url": worlds.access_info(worlds.default, name)["base_url"],
        "document": f"{worlds.server.url}/__mock__/openapi/{name}.yaml",
        **({} if shown is None else {"api_key": shown}),
    }
