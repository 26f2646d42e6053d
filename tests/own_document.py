"""A user's document served in process: written in a test, or one of `tests/documents/*.yaml`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from understudy.apis import own
from understudy.apis.control import declare as declare_control
from understudy.document.notice import Notice
from understudy.engine.api import Api
from understudy.engine.clock import Clock, milliseconds
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call

FOLDER = Path(__file__).parent / "documents"
HEAD = "openapi: 3.0.3\ninfo: {title: Own, version: '1'}\n"


class Served:
    """One document, served; `notices` is what is not understood in it."""

    def __init__(self, api: Api, notices: list[Notice], **options: Any) -> None:
        clock = Clock(milliseconds("2026-04-07T10:00:00Z"), frozen=True)
        self.api, self.notices = api, notices
        self.worlds = Worlds([api, declare_control], seeds={api.name: None}, clock=clock, **options)
        self.app = App(self.worlds)

    def send(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        """One request; a body that is no bytes is sent as JSON, `_` in a header's name is `-`."""
        path, _, query = target.partition("?")
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if body is not None and not isinstance(body, bytes):
            given.setdefault("content-type", "application/json")
        fields = tuple((name.encode(), value.encode("latin-1")) for name, value in given.items())
        return call(self.app, Request(method, path, query, fields, content))

    def get(self, target: str, **headers: str) -> Response:
        """A GET."""
        return self.send("GET", target, **headers)

    def texts(self) -> list[str]:
        """The texts of the notices."""
        return [notice.text for notice in self.notices]


def served(file: Path, *, prefix: str | None = None, **options: Any) -> Served:
    """Serve the document in a file."""
    return Served(*own.declare(own.Own(file, own.name_for(file), prefix)), **options)


def shared(name: str, **options: Any) -> Served:
    """Serve one of `tests/documents`."""
    return served(FOLDER / f"{name}.yaml", **options)


def written(folder: Path, text: str, *, name: str = "own.yaml", **options: Any) -> Served:
    """Serve a document with this text; without a first line `openapi`, it is 3.0.3."""
    file = folder / name
    file.write_text(text if text.lstrip().startswith(("openapi", "{")) else HEAD + text)
    return served(file, **options)


def operation(folder: Path, text: str, *, method: str = "get", path: str = "/x", more: str = "") -> Served:
    """Serve a document with one operation, whose members are this text, and `more` beside the paths."""
    indented = "\n".join(f"      {line}" for line in text.strip("\n").splitlines())
    return written(folder, f"{more}\npaths:\n  {path}:\n    {method}:\n{indented}\n")
