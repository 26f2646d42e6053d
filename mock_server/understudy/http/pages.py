"""HTML pages: the index, and the operations, rules and assumptions of all APIs; and the documents as files.

The only Starlette application; `app` imports it with the first request for a page. Its endpoints never wait.
Must not know any API's records.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from understudy import data
from understudy.document.own_server import OwnServer
from understudy.engine.api import Api
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http import index


def pages(worlds: Worlds) -> Starlette:
    """Return the application of `/`, `/__mock__/docs` and, for each API, `/__mock__/openapi/<api>.yaml` and `.json`."""
    routes = [Route("/", _index(worlds)), Route("/__mock__/docs", _docs(worlds))]
    for name, api in worlds.apis.items():
        document = OwnServer(api.contract, api.contract.content or data.path(f"openapi/{name}.yaml").read_bytes())
        for path, text in ((f"{name}.yaml", document.given), (f"{name}.json", document.json)):
            routes.append(Route(f"/__mock__/openapi/{path}", _document(worlds, text, path.rpartition(".")[2])))
    return Starlette(routes=routes)


def _index(worlds: Worlds):  # type: ignore[no-untyped-def]  # a Starlette endpoint
    async def index_page(request: Request) -> Response:
        headers, root = {"vary": "accept"}, str(request.scope["root_path"])
        world = worlds.all[root[2:]] if root else worlds.default
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_index_page(worlds, world, root), headers=headers)
        return JSONResponse(index.summary(worlds, world), headers=headers)

    return index_page


def _index_page(worlds: Worlds, world: World, root: str) -> str:
    apis = "".join(_access(worlds, world, root, name) for name in index.served(worlds))
    below = f"{root}/__mock__"
    control = (
        f'<h2>Control</h2><p><a href="{below}/docs">Operations, rules and assumptions</a></p>'
        f'<p><a href="{below}/health">Health</a> · <a href="{below}/journal">Journal</a> · '
        f'<a href="{below}/worlds">Worlds</a> · <a href="{below}/openapi/control.yaml">control.yaml</a></p>'
    )
    return "".join((_HEAD, _STYLE, f"<h1>Understudy</h1><p>at {escape(worlds.url_of(world))}</p>", apis, control))


def _access(worlds: Worlds, world: World, root: str, name: str) -> str:
    """The section of an API: base URL, key, a first call."""
    entry = index.summary(worlds, world)["apis"][name]
    key = entry.get("api_key")
    shown = "in the ready file and on the server's standard output" if key is None else f"<code>{escape(key)}</code>"
    return (
        f"<h2>{escape(entry['title'])}</h2><p>Base URL: <code>{escape(entry['base_url'])}</code></p><p>Key: {shown}</p>"
        f"<pre>{escape(index.curl(worlds, name, key or 'KEY', world))}</pre>"
        f'<p><a href="{root}/__mock__/openapi/{name}.yaml">{name}.yaml</a></p>'
    )


def _document(worlds: Worlds, text: Callable[[str], bytes], form: str):  # type: ignore[no-untyped-def]  # an endpoint
    async def document(request: Request) -> Response:
        return Response(text(_address(worlds, request)), media_type=f"application/{form}")

    return document


def _address(worlds: Worlds, request: Request) -> str:
    """The address that a request was sent to, with the world's own part of its path."""
    scheme, _, own = worlds.server.url.partition("://")
    host = request.headers.get("host", "")
    return f"{scheme}://{host if _HOST.fullmatch(host) else own}{request.scope['root_path']}"


def _docs(worlds: Worlds):  # type: ignore[no-untyped-def]  # a Starlette endpoint
    page = "".join((_HEAD, _STYLE, "<h1>Understudy</h1>"))
    page += "".join(_section(api) for api in worlds.apis.values())

    async def docs(request: Request) -> Response:
        return HTMLResponse(page)

    return docs


def _section(api: Api) -> str:
    contract = api.contract
    operations = _table(
        ("method", "path", "operation"),
        [(o.method, contract.prefixes[0] + o.path, o.id) for o in contract.operations.values()],
    )
    rules = _table(("rule", "documented behaviour", "source"), [(r.id, r.text, r.source) for r in contract.rules])
    assumptions = _table(
        ("assumption", "open question", "default"),
        [(a.id, a.text, repr(a.default)) for a in contract.assumptions.values()],
    )
    link = f'<p><a href="/__mock__/openapi/{api.name}.yaml">{api.name}.yaml</a></p>'
    title = escape(str(contract.document["info"]["title"]))
    return f"<h2>{title}</h2>{link}{operations}{rules}{assumptions}"


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


_HOST = re.compile(r"[\w.~-]+(:\d+)?|\[[\w.:%]+\](:\d+)?", re.ASCII)
_HEAD = "<!doctype html><meta charset=utf-8><title>Understudy</title>"
_STYLE = """<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em }
table { border-collapse: collapse; margin: 1em 0; width: 100% }
td, th { border-bottom: 1px solid #ddd; padding: .25em .5em; text-align: left; vertical-align: top }
td:first-child { font-family: monospace }
</style>"""
