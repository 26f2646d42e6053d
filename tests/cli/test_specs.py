"""The program that judges served documents, on servers of a few lines that are right or have one bug."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter

from benchmarks.specs import client as clients
from benchmarks.specs.document import Document
from benchmarks.specs.judge import Found, judge
from benchmarks.specs.pairs import pairs

TRAITS = Path(__file__).parents[1] / "documents/traits"
Answer = tuple[int, Any]


class Berths:
    """A server of wrapped.yaml; each bug is a name that it looks for."""

    def __init__(self, bug: str = "") -> None:
        self.bug, self.records = bug, {}
        self.made = 40

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, *, keyed: bool) -> Answer:
        """Status and body of the answer."""
        if not keyed and self.bug != "open":
            return refused(401)
        parts = path.strip("/").split("/")
        if len(parts) == 2:
            return self.create(body) if method == "POST" else self.page(query)
        return self.item(method, int(parts[2]), body) if parts[2].isdigit() else refused(400)

    def create(self, body: Any) -> Answer:
        """A new berth."""
        if not isinstance(body.get("name"), str) or "length" not in body:
            return self.create({"name": "any", "length": 1}) if self.bug == "lenient" else refused(422)
        self.made += 1
        kept = {"labels": {}, **body} if self.bug != "forgets" else {"labels": {}, **body, "name": "An example"}
        self.records[self.made] = {"id": self.made, **kept, "created": "2026-01-01T00:00:00Z"}
        return 201, {"berth": self.records[self.made], "task": {"id": 1, "status": "running"}}

    def page(self, query: dict[str, str]) -> Answer:
        """A page of the berths."""
        number, size = int(query.get("page", 1)), int(query.get("per_page", 25))
        start = 0 if self.bug == "same page" else (number - 1) * size
        shown = list(self.records.values())
        shown = [*shown, *shown[-1:]] if self.bug == "twice" else shown
        more = number + 1 if start + size < len(shown) else None
        pagination = {"page": number, "per_page": size, "next_page": more, "total_entries": len(shown)}
        return 200, {"berths": shown[start : start + size], "meta": {"pagination": pagination}}

    def item(self, method: str, id: int, body: Any) -> Answer:
        """One berth."""
        record = self.records.get(id) or (next(iter(self.records.values()), {}) if self.bug == "any id" else None)
        if record is None:
            return refused(404)
        if method == "DELETE":
            if self.bug != "keeps":
                del self.records[id]
            return 204, None
        if method == "PUT" and self.bug != "unchanged":
            record.update(body)
        return 200, {"berth": {**record, "length": "long"} if self.bug == "text" else record}


def refused(status: int) -> Answer:
    return status, {"error": {"code": "refused", "message": "No."}}


class Surveys:
    """A server of header-id.yaml."""

    def __init__(self, bug: str = "") -> None:
        self.bug, self.records = bug, {}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, *, keyed: bool) -> Answer:
        """Status and body of the answer, or its Location."""
        if path == "/surveys":
            return self.create(body) if method == "POST" else (200, list(self.records.values()))
        id = path.rpartition("/")[2]
        if id not in self.records:
            return 404, None
        if method == "DELETE":
            del self.records[id]
            return 204, None
        if method == "PATCH":
            kept = {"id": id, "question": "None", "choices": ["a", "b"]} if self.bug == "replaces" else self.records[id]
            self.records[id] = {**kept, **body}
            return 204, None
        return 200, self.records[id]

    def create(self, body: Any) -> Answer:
        """A new survey."""
        if not {"question", "choices"} <= set(body):
            return 400, None
        id = f"srv_{len(self.records):012x}"
        self.records[id] = {"id": id, **body}
        return 201, f"https://survey.example/surveys/{id}"


class InProcess(BaseAdapter):
    """Requests to a server of this file."""

    def __init__(self, server: Berths | Surveys) -> None:
        super().__init__()
        self.server = server

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The answer, as requests gives it."""
        parts = urlsplit(str(request.url))
        body = json.loads(request.body) if request.body else None
        keyed = request.headers.get("Authorization") == "Bearer key"
        status, value = self.server.answer(
            str(request.method), parts.path, dict(parse_qsl(parts.query)), body, keyed=keyed
        )
        response = requests.Response()
        response.status_code, response._content = status, b"" if value is None else json.dumps(value).encode()
        if isinstance(value, str):
            response.headers["Location"], response._content = value, b""
        elif value is not None:
            response.headers["Content-Type"] = "application/json"
        return response

    def close(self) -> None:
        """Nothing is open."""


def judged(monkeypatch: pytest.MonkeyPatch, server: Berths | Surveys) -> Found:
    """What the program finds of a server."""

    def session() -> requests.Session:
        made = requests.Session()
        made.mount("http://", InProcess(server))
        return made

    monkeypatch.setattr(clients, "new_session", session)
    name, base = ("wrapped", "http://harbor/v1") if isinstance(server, Berths) else ("header-id", "http://survey")
    return judge(Document(TRAITS / f"{name}.yaml"), base, {"token": "key"}, until=float("inf"))


@pytest.mark.parametrize("server", [Berths, Surveys])
def test_a_right_server_makes_every_round_trip(
    server: Callable[[], Berths | Surveys], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is found of a server that does what its document says."""
    found = judged(monkeypatch, server())
    (steps,) = found.pairs
    assert steps.is_whole
    assert steps.is_stateful
    assert not any([*steps.refusals.values(), *steps.pages.values(), found.unfit, found.errors, found.hangs])
    assert {"create", "list", "delete"} < set(steps.trip)
    assert {"unknown id", "invalid body"} <= set(steps.refusals)


@pytest.mark.parametrize(
    ("server", "part", "step"),
    [
        (Berths("forgets"), "trip", "create"),
        (Berths("twice"), "trip", "list"),
        (Berths("unchanged"), "trip", "PUT"),
        (Surveys("replaces"), "trip", "PATCH"),
        (Berths("keeps"), "trip", "delete"),
        (Berths("any id"), "refusals", "unknown id"),
        (Berths("lenient"), "refusals", "invalid body"),
        (Berths("open"), "refusals", "no credential"),
        (Berths("same page"), "pages", "second page"),
    ],
    ids=lambda value: getattr(value, "bug", value),
)
def test_a_bug_is_told_at_its_step(
    server: Berths | Surveys, part: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each bug fails the step that it breaks."""
    (steps,) = judged(monkeypatch, server).pairs
    assert getattr(steps, part)[step]


def test_an_answer_that_breaks_its_schema_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of a wrong type is named with its operation."""
    found = judged(monkeypatch, Berths("text"))
    assert any(what.startswith("GET /berths/{id}: 200: /berth/length") for what in found.unfit)


def test_a_pair_is_found_by_its_paths(tmp_path: Path) -> None:
    """A collection at the root, a suffix and a nested item make pairs; a path without a collection makes none."""
    schema = {"type": "array", "items": {"type": "string"}}
    read = {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}}
    paths = dict.fromkeys(("/", "/{id}", "/a.json", "/a/{x}.json", "/lone/{id}/x/{y}"), read)
    file = tmp_path / "paths.json"
    file.write_text(json.dumps({"openapi": "3.1.0", "paths": paths}))
    assert [pair.item for pair in pairs(Document(file))] == ["/{id}", "/a/{x}.json"]


def test_no_pair_is_made_of_what_has_no_ids(tmp_path: Path) -> None:
    """Neither a parameter that is one of a few words makes a pair, nor a path that lists nothing and makes nothing."""
    kind = {"name": "kind", "in": "path", "required": True, "schema": {"enum": ["mail", "xlsx"]}}
    lists = {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "array"}}}}}}}
    plain = {"get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}}}
    paths = {
        "/reports": lists,
        "/reports/{kind}": {**plain, "parameters": [kind]},
        "/rules": plain,
        "/rules/{id}": plain,
        "/tasks/{task}": plain,
        "/tasks/{task}/{index}": {**plain, "put": {"requestBody": {"content": {"application/json": {}}}}},
    }
    file = tmp_path / "paths.json"
    file.write_text(json.dumps({"openapi": "3.1.0", "paths": paths}))
    assert [pair.item for pair in pairs(Document(file))] == ["/tasks/{task}/{index}"]


def test_no_pair_is_made_of_files_indexes_and_lists_that_are_sent(tmp_path: Path) -> None:
    """An item that is no JSON, a list of other things than the item, and a request with a list make none."""

    def answers(schema: Any, media: str = "application/json") -> Any:
        return {"responses": {"200": {"content": {media: {"schema": schema}}}, "default": {"description": "d"}}}

    def of(**members: Any) -> Any:
        return {"type": "object", "properties": members}

    text, links = {"type": "string"}, {"type": "array", "items": of(href={"type": "string"}, name={"type": "string"})}
    page = of(data={"type": "array", "items": of(name=text)}, links=links)
    sent = {"requestBody": {"content": {"application/json": {"schema": {"type": "array", "items": text}}}}}
    paths = {
        "/files": {"get": answers({"type": "array", "items": of(name=text)})},
        "/files/{name}": {"get": answers(text, "text/plain")},
        "/shops": {"get": answers(of(links=links, shops={"type": "array", "items": of(title=text)}))},
        "/shops/{shop}": {"get": answers(of(links=links, name=text))},
        "/geo": {"post": {**answers(of(country=text)), **sent}},
        "/geo/{ip}": {"get": answers(of(country=text))},
        "/pets": {"get": answers(page)},
        "/pets/{name}": {"get": answers(of(data=of(name=text)))},
        "/codes": {"get": answers({"type": "array", "items": text})},
        "/codes/{code}": {"get": answers(of(title=text))},
        "/roles": {"get": {"responses": {"200": {}}}},
        "/roles/{key}": {"get": {"responses": {"200": {}}}, "put": {"responses": {"200": {}}}},
        "/maps": {"get": {"responses": {"200": {}}}},
        "/maps/{name}": {"get": answers(of(name=text))},
    }
    file = tmp_path / "paths.json"
    file.write_text(json.dumps({"openapi": "3.1.0", "paths": paths}))
    assert [pair.item for pair in pairs(Document(file))] == ["/pets/{name}", "/codes/{code}"]


def test_a_post_beside_a_put_on_an_item_makes_it() -> None:
    """Where nothing else creates one; the id is chosen by the client then."""
    devices, *_ = pairs(Document(TRAITS / "posted-items.yaml"))
    assert (devices.create, devices.put and devices.put.method) == (None, "POST")


def test_a_document_of_several_files_is_bundled(tmp_path: Path) -> None:
    """What operations and contents refer to is put in place; schemas keep references, to files in the bundle."""
    root = {
        "openapi": "3.0.3",
        "paths": {"/a": {"get": {"$ref": "get.json"}}},
        "components": {
            "schemas": {"A": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/A"}}}}
        },
    }
    content = {"application/json": {"schema": {"$ref": "root.json#/components/schemas/A"}}}
    (tmp_path / "root.json").write_text(json.dumps(root))
    (tmp_path / "get.json").write_text(json.dumps({"responses": {"200": {"content": {"$ref": "content.json"}}}}))
    (tmp_path / "content.json").write_text(json.dumps(content))
    whole = Document(tmp_path / "root.json").bundled()
    media = whole["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]
    assert media["schema"]["$ref"].endswith("/components/schemas/A")
    part = whole
    for name in media["schema"]["$ref"].split("/")[1:]:
        part = part[name]
    assert part["properties"]["next"]["$ref"] == media["schema"]["$ref"]
