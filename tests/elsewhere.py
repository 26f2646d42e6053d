"""Another NextStep server, unlike our mock wherever the vendor's pages let it be.

Ids are numbers as text or look like UUIDs, cursors are signed, the limit slides, runs complete a moment after their
last task, objects have members that nobody documents. Paths, parameters and shapes of bodies come from the document and
are checked by jsonschema, which the mock does not use. Must not import anything of the mock or of the kit.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import yaml
from jsonschema import Draft202012Validator

Row = dict[str, Any]
PREFIX = "/api/v1"
START = datetime(2033, 5, 17, 11, 42, 7, 250_001, UTC).timestamp()
MINUTE, QUOTA = 60, 100
CLOSING = 0.05
"""Seconds between the last task of a run and its completion."""

PEOPLE = (
    {"user_id": "u-ada", "email": "ada@garden.example", "active": True},
    {"user_id": "u-bo", "email": "bo@garden.example", "active": True},
    {"user_id": "u-cy", "email": "cy@garden.example", "active": True},
    {"user_id": "u-dee", "email": "dee@garden.example", "active": False},
)
TELL = {
    "api_keys": ("gk-Zm9v", "gk-YmFy"),
    "revoked_key": "gk-cXV1eA",
    "lapsed_key": "gk-bGFwc2Vk",
    "other_tenant_key": "gk-b3RoZXI",
    "members": PEOPLE,
}
"""What the kit may be told of this server, by the names of a target file."""

KEYS = {
    "gk-Zm9v": ("garden", "good"),
    "gk-YmFy": ("garden", "good"),
    "gk-cXV1eA": ("garden", "gone"),
    "gk-bGFwc2Vk": ("quarry", "good"),
    "gk-b3RoZXI": ("harbour", "good"),
}
WRITABLE = ("shortText", "longText", "number", "email", "website", "date", "checkbox", "dropdown", "multichoice")
DISPLAYED = ("text", "image", "video", "lineBreak")
FULL = ("cover_image", "icon", "icon_type", "visibility")
UNSAID = ("due_date", "is_shared", "sections", "updated_at")
BY_ID = ("due_date", "webhook_enabled", "skipped")


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


def wrong(message: str, status: int = 422) -> Refused:
    """The refusal of a value."""
    return Refused(status, "validation_error", message)


class Clock:
    """Stands still, or goes on as the machine's does; `advance` moves it."""

    def __init__(self, *, goes: bool = False) -> None:
        self.goes, self.at = goes, START - (time.monotonic() if goes else 0)  # noqa: TID251 - a clock of its own

    def now(self) -> float:
        """Seconds since 1970."""
        return self.at + (time.monotonic() if self.goes else 0)  # noqa: TID251

    def advance(self, seconds: float) -> None:
        """Let so many seconds have passed."""
        self.at += seconds


CLOCK = Clock()
advance = CLOCK.advance

DOCUMENT = yaml.safe_load((Path(__file__).parents[1] / "openapi/nextstep.yaml").read_text())
HANDLERS = {
    "listProcessTemplates": "list_templates",
    "getProcessTemplate": "get_template",
    "listTemplateTasks": "list_steps",
    "publishProcessTemplate": "publish",
    "listProcessRuns": "list_runs",
    "createProcessRun": "start",
    "getProcessRun": "get_run",
    "listRunTasks": "list_tasks",
    "getRunTask": "get_task",
    "updateRunTask": "patch_task",
}


class Operation:
    """What the document says of an operation, and the method of the server that does it."""

    def __init__(self, path: str, method: str, found: Row) -> None:
        self.method = method.upper()
        self.path = re.compile(PREFIX + re.sub(r"{[^}]+}", "([^/]+)", path))
        self.handler = HANDLERS[found["operationId"]]
        self.parameters = {looked_up(entry)["name"] for entry in found.get("parameters", [])}
        content = found.get("requestBody", {}).get("content", {})
        self.shape = looked_up(content["application/json"]["schema"]) if content else {}
        self.body = Draft202012Validator({**self.shape, "components": DOCUMENT["components"]})

    def check(self, query: Row, body: Any) -> None:
        """Refuse a parameter or member that the document does not know, and a member of another shape."""
        if self.method == "GET" and query.keys() - self.parameters:
            raise wrong("The list does not know such a parameter")
        if self.method != "GET" and not body.keys() <= self.shape["properties"].keys():
            raise wrong(f"There is only {', '.join(self.shape['properties'])}")
        for error in self.body.iter_errors(body):
            raise wrong(f"{error.json_path} is of a wrong type")


def looked_up(entry: Row) -> Row:
    """A part of the document, or what it refers to."""
    while "$ref" in entry:
        *_, section, name = entry["$ref"].split("/")
        entry = DOCUMENT["components"][section][name]
    return entry


OPERATIONS = [
    Operation(path, method, found)
    for path, item in DOCUMENT["paths"].items()
    for method, found in item.items()
    if "operationId" in found and found["operationId"] in HANDLERS
]
"""The operations that this server has; any other path of the document leads nowhere here."""


class Elsewhere:
    """The server, whatever it is reached through: `answer` takes a request apart from any protocol's library."""

    quota = QUOTA

    def __init__(self, clock: Clock = CLOCK) -> None:
        self.clock = clock
        self.lock = threading.Lock()
        self.answered = 0
        self.admitted: dict[str, deque[float]] = {}
        self.templates: dict[str, Row] = {}
        self.runs: dict[str, Row] = {}
        self.closing: dict[str, float] = {}
        sow(self)

    def answer(self, method: str, path: str, query: str, headers: Row, body: bytes) -> tuple[int, Row, bytes]:
        """Status, headers and body for a request; `headers` by their names in lower case."""
        with self.lock:
            self.answered += 1
            more: Row = {}
            try:
                status, told = self.serve(method, path, query, headers, body)
            except Refused as no:
                status, more = no.status, {name.replace("_", "-"): text for name, text in no.headers.items()}
                told = {"error": {"message": no.message, "hint": None, "code": no.code}}
            told["meta"] = {"request": self.answered, "seen_at": self.clock.now()}
        kind = {"CONTENT-TYPE": "application/json; charset=UTF-8", "X-RATELIMIT-LIMIT": str(QUOTA)}
        return status, kind | more, json.dumps(told).encode()

    def serve(self, method: str, path: str, query: str, headers: Row, body: bytes) -> tuple[int, Row]:
        """Who asks, whether they may, what for, and the answer."""
        key = self.key(headers.get("authorization", ""))
        self.admit(key)
        for run in [id for id, due in self.closing.items() if due <= self.clock.now()]:
            self.close(self.runs[run], self.closing.pop(run))
        operation, ids = self.route(method, path)
        asked = dict(parse_qsl(query, keep_blank_values=True))
        status, told = self.do(operation, KEYS[key][0], ids, asked, body)
        self.count(key)
        return status, told

    def do(self, operation: Operation, team: str, ids: list[str], query: Row, body: bytes) -> tuple[int, Row]:
        """Call a handler with what it takes."""
        handler, given = operation.handler, {} if operation.method == "GET" else said(body)
        operation.check(query, given)
        if handler.startswith("list_"):
            return 200, getattr(self, handler)(team, query, *ids)
        if handler.startswith("get_"):
            return 200, getattr(self, handler)(team, *ids)
        done: tuple[int, Row] = getattr(self, handler)(team, given, *ids)
        return done

    def route(self, method: str, path: str) -> tuple[Operation, list[str]]:
        """The operation of a request and the ids in its path."""
        for operation in OPERATIONS:
            found = operation.path.fullmatch(path)
            if found and operation.method == method:
                return operation, [unquote(part) for part in found.groups()]
        raise Refused(404, "route_not_found", f"{method} leads nowhere here")

    # keys and their limit

    def key(self, credential: str) -> str:
        """The key of a credential, if it is a good one."""
        key = credential.removeprefix("Bearer ")
        if key == credential or not key:
            raise self.unknown("Who are you?")
        team, state = KEYS.get(key, ("", ""))
        if state != "good":
            raise self.unknown("Invalid or revoked API key")
        if team == "quarry":
            raise Refused(403, "forbidden", "Nobody pays for this team")
        return key

    def unknown(self, message: str) -> Refused:
        """The refusal of a credential."""
        return Refused(401, "unauthorized", message, WWW_Authenticate="Bearer")

    def pot(self, key: str) -> str:
        """What is counted together."""
        return key

    def admit(self, key: str) -> None:
        """Refuse a key with a hundred answers in the last minute."""
        answers = self.admitted.setdefault(self.pot(key), deque())
        while answers and answers[0] <= self.clock.now() - MINUTE:
            answers.popleft()
        if len(answers) >= self.quota:
            raise self.too_many(answers[0] + MINUTE - self.clock.now())

    def too_many(self, seconds: float) -> Refused:
        """The refusal of a key that must wait."""
        return Refused(429, "rate_limited", "Easy!", RETRY_AFTER=str(max(1, math.ceil(seconds))))

    def count(self, key: str) -> None:
        """An answer was given: it counts from now on."""
        self.admitted[self.pot(key)].append(self.clock.now())

    # templates

    def template(self, team: str, id: str) -> Row:
        """A template that the team may see."""
        if id not in self.templates:
            raise Refused(404, "not_found", "Process template not found")
        if self.templates[id]["team"] != team:
            raise Refused(403, "forbidden", "Not yours")
        return self.templates[id]

    def list_templates(self, team: str, query: Row) -> Row:
        rows = [row for row in self.templates.values() if row["team"] == team and row["live"]]
        return self.page("templates", query, rows, show_template)

    def get_template(self, team: str, id: str) -> Row:
        return {"data": without(show_template(self.template(team, id)), FULL)}

    def list_steps(self, team: str, query: Row, id: str) -> Row:
        return self.page(f"steps {id}", query, self.template(team, id)["steps"], show_step)

    def publish(self, team: str, body: Row, id: str) -> tuple[int, Row]:
        row = self.template(team, id)
        if "published" not in body:
            raise wrong("Publish it, or not?")
        row.update(live=body["published"], touched=self.clock.now())
        return 201, {"data": show_template(row)}

    # runs

    def run(self, team: str, id: str) -> Row:
        """A run that the team may see."""
        if id not in self.runs:
            raise Refused(404, "not_found", "There is no run of this id")
        if self.runs[id]["team"] != team:
            raise Refused(403, "forbidden", "Not yours")
        return self.runs[id]

    def list_runs(self, team: str, query: Row) -> Row:
        if "template_id" in query:
            self.template(team, query["template_id"])
        rows = [row for row in self.runs.values() if row["team"] == team and self.passes(row, query)]
        return self.page("runs", query, rows, show_run)

    def passes(self, row: Row, query: Row) -> bool:
        """Whether a run is what a list's filters ask for."""
        status, template = state(row), row["template"]["id"]
        return bool(query.get("status", status) == status and query.get("template_id", template) == template)

    def get_run(self, team: str, id: str) -> Row:
        return {"data": show_run(self.run(team, id))}

    def start(self, team: str, body: Row) -> tuple[int, Row]:
        template = self.startable(team, body)
        row = self.made(template, body)
        self.prefill(row, body.get("custom_elements", []))
        self.runs[row["id"]] = row
        return 201, {"data": without(show_run(row), UNSAID)}

    def startable(self, team: str, body: Row) -> Row:
        """The template that a body names."""
        if body["template_id"] not in self.templates:
            raise wrong("template_id names no template", 400)
        template = self.template(team, body["template_id"])
        if not template["live"]:
            raise Refused(409, "conflict", "A draft cannot run")
        if "" in (body.get("name"), body.get("title")):
            raise wrong("A run without a name?")
        return template

    def made(self, template: Row, body: Row) -> Row:
        """A new run with its tasks."""
        now, number = self.clock.now(), len(self.runs) + 7
        starter = next((p["user_id"] for p in people(template["team"]) if p["email"] == body.get("actor_email")), "api")
        title = body.get("title", body.get("name", template["title"]))
        row = {"id": str(number), "mark": -number, "team": template["team"], "template": template, "title": title}
        row |= {"by": starter, "due": body.get("due_date"), "made": now, "touched": now, "ended": None}
        row["sections"] = list(template["sections"])
        row["tasks"] = [self.copied(row, step) for step in template["steps"]]
        if not row["tasks"]:
            self.close(row, now)
        return row

    def copied(self, run: Row, step: Row) -> Row:
        """A task for a new run."""
        task = {**step, "id": uuid("task", run["id"], step["id"]), "run": run, "step": step["id"], "ended": None}
        task |= {"by": None, "made": run["made"], "who": run["by"] if step["who"] == RUNNER else step["who"]}
        task["fields"] = [dict(field) for field in step["fields"]]
        return task

    def prefill(self, run: Row, items: list[Any]) -> None:
        """Set what is named and exists."""
        for item in items:
            for task in run["tasks"]:
                for field in task["fields"]:
                    if (task["step"], field["id"]) == (item["task_id"], item["element_id"]):
                        field["value"] = item["value"]

    def close(self, run: Row, now: float) -> None:
        """Complete a run if all its tasks are."""
        if self.is_over(run):
            run.update(ended=now, touched=now)

    def is_over(self, run: Row) -> bool:
        """Whether nothing is left to do."""
        return all(task["ended"] is not None for task in run["tasks"])

    # tasks

    def task(self, team: str, run: str, id: str) -> Row:
        """A task of a run that the team may see."""
        for task in self.run(team, run)["tasks"]:
            if task["id"] == id:
                return task
        raise Refused(404, "not_found", "There is no such task in this run")

    def list_tasks(self, team: str, query: Row, id: str) -> Row:
        rows = self.run(team, id)["tasks"]
        return self.page(f"tasks {id}", query, rows, lambda task: without(show_task(task), BY_ID))

    def get_task(self, team: str, run: str, id: str) -> Row:
        return {"data": show_task(self.task(team, run, id))}

    def patch_task(self, team: str, body: Row, run: str, id: str) -> tuple[int, Row]:
        task = self.task(team, run, id)
        if task["run"]["ended"] is not None:
            raise Refused(409, "conflict", "This run is over")
        self.check(team, task, body)
        self.change(team, task, body)
        if self.is_over(task["run"]):
            self.closing[run] = self.clock.now() + CLOSING
        return 202, {"data": show_task(task)}

    def check(self, team: str, task: Row, body: Row) -> None:
        """Refuse an update that is not right in every part."""
        if not body:
            raise wrong("Nothing is to be changed")
        if "actor_email" in body and ("completed" not in body or member(team, body["actor_email"]) is None):
            raise wrong("actor_email is nobody's, or has completed nothing")
        values = self.values(task, body.get("custom_elements", []))
        if body.get("completed"):
            self.check_completion(task, values)

    def check_completion(self, task: Row, values: Row) -> None:
        """Refuse to complete what a person must decide or has to fill first."""
        if task["type"] != "task":
            raise wrong("Only people approve")
        for field in task["fields"]:
            if field["required"] and values.get(field["id"], field["value"]) == "":
                raise wrong(f"{field['label']} is required")

    def values(self, task: Row, items: list[Any]) -> Row:
        """The values to be set, by element; what the task does not have is left out."""
        fields = {field["id"]: field for field in task["fields"]}
        found = {}
        for item in items:
            if item["id"] in fields:
                found[item["id"]] = taken(fields[item["id"]], item["value"])
        return found

    def change(self, team: str, task: Row, body: Row) -> None:
        """Do what was found to be right."""
        values = self.values(task, body.get("custom_elements", []))
        for field in task["fields"]:
            field["value"] = values.get(field["id"], field["value"])
        if "assignee" in body and (found := member(team, body["assignee"])):
            task["who"] = found["user_id"]
        if "completed" in body:
            self.mark(task, body)

    def mark(self, task: Row, body: Row) -> None:
        """Complete a task, or open it again."""
        task["ended"] = self.clock.now() if body["completed"] else None
        task["by"] = body.get("actor_email", "api") if body["completed"] else None

    # pages

    def page(self, kind: str, query: Row, rows: Iterable[Row], show: Callable[[Row], Row]) -> Row:
        """A page of rows, which are in the order of their marks."""
        size, since = limit(query.get("limit", "")), opened(kind, query.get("cursor", ""))
        rows = sorted((row for row in rows if self.is_behind(row["mark"], since)), key=lambda row: row["mark"])
        some, more = rows[:size], self.goes_on(rows, size)
        cursor = sealed(kind, some[-1]["mark"]) if some else ""
        return {"pagination": {"has_more": more, "next_cursor": cursor, "size": size}, "data": [*map(show, some)]}

    def is_behind(self, mark: int, since: int | None) -> bool:
        """Whether a row comes after the page that a cursor is of."""
        return since is None or mark > since

    def goes_on(self, rows: list[Row], size: int) -> bool:
        """Whether there are more rows than the page has."""
        return len(rows) > size


def said(body: bytes) -> Row:
    """The object that a body holds; none is an empty one."""
    try:
        found = json.loads(body or b"{}", parse_constant=float)
    except (ValueError, RecursionError):
        raise Refused(400, "bad_request", "That is not JSON") from None
    if not isinstance(found, dict):
        raise wrong("That is no object")
    return found


def limit(text: str) -> int:
    """The size of a page: the nearest that is allowed, and twenty for what is no number."""
    return min(max(int(text), 1), 100) if re.fullmatch(r"-?[0-9]{1,99}", text) else 20


def sealed(kind: str, mark: int) -> str:
    """A cursor that nobody else can write."""
    plain = f"{kind}/{mark}".encode()
    return base64.urlsafe_b64encode(hmac.digest(b"garden", plain, "sha256")[:9] + plain).decode()


def opened(kind: str, cursor: str) -> int | None:
    """The mark in a cursor; None for one that this list never gave out."""
    try:
        mark = int(base64.urlsafe_b64decode(cursor)[9:].rpartition(b"/")[2])
    except ValueError:
        return None
    return mark if sealed(kind, mark) == cursor else None


def taken(field: Row, value: Any) -> Any:
    """A value as an element keeps it; raises Refused."""
    kind, options = field["type"], field.get("options", [])
    if kind in DISPLAYED:
        raise wrong("That is only to be looked at", 400)
    if kind == "multichoice" and isinstance(value, list) and value and all(entry in options for entry in value):
        return [option for option in options if option in value]
    if kind == "dropdown" and isinstance(value, str):
        if value in options:
            return value
        raise wrong(f'Invalid value for dropdown "{field["label"]}". Must be one of: {", ".join(options)}')
    for plain, form in PLAIN.get(kind, ()):
        if isinstance(value, plain):
            return form(value)
    raise wrong(f"{field['label']} is no {kind}")


def number(value: Any) -> Any:
    """A number, also one that is written as text."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
        if type(found) in (int, float) and math.isfinite(found):
            return found
    except (ValueError, OverflowError):
        pass
    raise wrong("That is no number")


def checked(value: Any) -> bool:
    """True or false, also as words."""
    if str(value).lower() not in ("true", "false"):
        raise wrong("That is neither true nor false")
    return str(value).lower() == "true"


TEXT = ((str, str), (int, str), (float, str))
PLAIN: Row = {
    **dict.fromkeys(("shortText", "longText", "email", "website"), TEXT),
    "date": ((str, lambda text: f"{text}T00:00:00Z" if len(text) == 10 else text),),
    "number": (((str, int, float), number),),
    "checkbox": (((str, bool), checked),),
}
RUNNER = "{{workflow_runner}}"


def show_template(row: Row) -> Row:
    """A template as it is listed."""
    shown = {"updated_at": stamp(row["touched"]), "created_at": stamp(row["made"]), "owner": {"at": row["made"]}}
    shown |= {"sections": row["sections"], "version": 7, "is_published": row["live"], "description": None}
    return shown | dict.fromkeys(FULL, None) | {"visibility": "team", "title": row["title"], "id": row["id"]}


def show_step(row: Row) -> Row:
    """A template's task."""
    return {"custom_elements": [without(field, ["value"]) for field in row["fields"]], "order": row["mark"] * 10} | {
        "assignee": row["who"], "type": row["type"], "title": row["title"], "id": row["id"], "kind": "step"
    }  # fmt: skip


def show_run(row: Row) -> Row:
    """A run as it is listed."""
    shown = {"status": state(row), "completed_at": stamp(row["ended"]), "updated_at": stamp(row["touched"])}
    shown |= {"created_at": stamp(row["made"]), "sections": row["sections"], "is_shared": False, "colour": "green"}
    shown |= {"due_date": moment(row["due"]), "timezone": "Europe/Lisbon", "team_id": row["team"]}
    return shown | {"started_by": row["by"], "title": row["title"]} | {
        "template_id": row["template"]["id"], "id": row["id"], "rank": -row["mark"]
    }  # fmt: skip


def show_task(row: Row) -> Row:
    """A task as it is read by its id."""
    shown = {"custom_elements": row["fields"], "created_at": stamp(row["made"]), "type": row["type"], "skipped": False}
    shown |= {"is_essential": False, "assignee": row["who"], "section_id": row["section"], "order": row["mark"]}
    shown |= {"completed_by": row["by"], "completed_at": stamp(row["ended"]), "completed": row["ended"] is not None}
    shown |= {"due_date": {"days": 3}, "webhook_enabled": False, "title": row["title"], "kind": "task"}
    return shown | {"template_task_id": row["step"], "instance_id": row["run"]["id"], "id": row["id"]}


def state(run: Row) -> str:
    """The status of a run."""
    return "active" if run["ended"] is None else "completed"


@lru_cache(4096)
def stamp(seconds: float | None) -> str | None:
    """A moment in UTC, to the microsecond."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def moment(text: str | None) -> str | None:
    """A due date as a moment in UTC, where it can be read."""
    try:
        return None if text is None else stamp(datetime.fromisoformat(text).timestamp())
    except (ValueError, OverflowError):
        return text


def without(row: Row, names: Iterable[str]) -> Row:
    """A row, less some of its members."""
    return {name: value for name, value in row.items() if name not in names}


def people(team: str) -> list[Row]:
    """The active members of a team."""
    return [person for person in PEOPLE if person["active"]] if team == "garden" else []


def member(team: str, text: str) -> Row | None:
    """The active member with this address or id."""
    return next((person for person in people(team) if text in (person["email"], person["user_id"])), None)


def uuid(*parts: str) -> str:
    """An id for a thing."""
    digest = hashlib.sha256("/".join(parts).encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))


# what is there to begin with

KINDS = (*WRITABLE, *DISPLAYED)
OPTIONS = {"dropdown": ["Oak", "Ash, white", "0"], "multichoice": ["Spring", "Summer", "Fall"]}
SMALL = (("shortText", "checkbox"), ("number",), (), ("dropdown", "text"), ("date", "multichoice"), ("email",))


def sow(server: Elsewhere) -> None:
    """Fill a server: all shapes of templates for two teams, and some runs of them."""
    now, zero = server.clock.now, server.clock.at
    server.clock.at -= 40 * 86_400
    make_worlds(server, "garden", "Nothing to do", [])
    make_worlds(server, "harbour", "Of others", SMALL[:3], sections=1)
    make_worlds(server, "garden", "Everything", [KINDS[n : n + 3] for n in range(0, len(KINDS), 3)], sections=2)
    for size in range(1, 7):
        make_worlds(server, "garden", f"Small {size}", SMALL[:size], sections=1, who=("u-ada", RUNNER, None))
    make_worlds(server, "garden", "To be approved", [("longText",), ()], types=("task", "approval"))
    make_worlds(server, "garden", "Long", [("shortText",) if n % 9 == 0 else () for n in range(45)], who=("u-bo",))
    for n in range(16):
        who = (None, RUNNER, "u-cy")
        make_worlds(server, "garden" if n % 5 else "harbour", f"Alike {n}", SMALL[1 : 2 + n % 4], who=who, live=n != 1)
    for n, template in enumerate(template for _ in range(2) for template in server.templates.values()):
        server.clock.at += 4000 * (n % 3)
        row = server.made(template, {"title": f"Run {n}"} if n % 4 else {})
        server.runs[row["id"]] = row
        if n % 3 == 0 and template["live"]:
            finish(server, row, now())
    server.clock.at = zero


def make_worlds(
    server: Elsewhere,
    team: str,
    title: str,
    steps: Iterable[Iterable[str]],
    *,
    sections: int = 0,
    who: tuple[str | None, ...] = (RUNNER,),
    types: tuple[str, ...] = ("task",),
    live: bool = True,
) -> None:
    """Add a template whose tasks have elements of these types."""
    number = 12 + 9 * len(server.templates)  # 12, 21 and 120 are nearly the same, and not one team's
    parts = [{"id": uuid("part", title, str(n)), "title": f"Part {n}", "order": n, "color": None, "open": True}
             for n in range(sections)]  # fmt: skip
    row = {"id": str(number), "mark": number, "team": team, "title": title, "live": live, "sections": parts}
    row |= {"made": server.clock.now(), "touched": server.clock.now()}
    row["steps"] = [
        {
            "id": uuid("step", title, str(n)),
            "mark": n,
            "title": f"{title}, {n}",
            "who": (people(team) or None) and who[n % len(who)],
            "type": types[n % len(types)],
            "section": parts[n % len(parts)]["id"] if parts else None,
            "fields": list(fields(kinds, required=n % 2 == 0)),
        }
        for n, kinds in enumerate(steps)
    ]
    server.templates[row["id"]] = row


def fields(kinds: Iterable[str], *, required: bool) -> Iterator[Row]:
    """Elements of these types, the first of which may be required."""
    for n, kind in enumerate(kinds):
        made = {
            "value": "",
            "label": f"My {kind}",
            "display_only": kind in DISPLAYED,
            "type": kind,
            "id": f"{kind}.{n}",
        }
        made |= {"required": required and n == 0 and kind in WRITABLE, "hint": None}
        yield made | ({"options": OPTIONS[kind]} if kind in OPTIONS else {})


def finish(server: Elsewhere, run: Row, now: float) -> None:
    """Complete a run that has just been made."""
    for task in run["tasks"]:
        task.update(ended=now, by="api")
    server.close(run, now)


# over HTTP


@contextmanager
def serving(server: Elsewhere, port: int = 0) -> Iterator[str]:
    """Serve on a port of this machine (0: a free one), a thread for each connection; the base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def respond(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            given = {name.lower(): value for name, value in self.headers.items()}
            status, headers, answer = server.answer(self.command, path, query, given, body)
            self.send_response(status)
            for name, value in {**headers, "CONTENT-LENGTH": len(answer)}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.server_address[1]}{PREFIX}"
        finally:
            listening.shutdown()
            thread.join()
