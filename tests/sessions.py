"""Random sessions in all APIs: requests made from the documents, good and bad, and the events of the vendors' apps.

What a world holds and what answers show is where ids come from, so that many requests are about something.
"""

from __future__ import annotations

import json
import random  # noqa: TID251 - a test's own choices, the same for the same seed
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from weakref import WeakSet

import yaml

from understudy import data
from understudy.apis import control
from understudy.document.operation import Operation
from understudy.engine.clock import Clock
from understudy.engine.exchange import Request, Response
from understudy.engine.world import World
from understudy.engine.worlds import Worlds
from understudy.http.app import App, call
from understudy_checks.target import installed

VENDORS = ("nextstep", "kognitos", "tallyfy")
ODD: tuple[Any, ...] = (
    None, "", "nope", 0, -1, 1.5, 10**18, True, [], {}, [None], {"a": 1}, "9999-12-31T23:59:59Z", "1969-12-31",
    "é" * 700,
)  # fmt: skip
BAD_IDS = ("nope", "%00", "a%2Fb", "é" * 99, "x" * 300, "9" * 30)
TIMES = ("2026-04-07T10:00:00Z", "1970-01-01", "9999-12-31T23:59:59Z", "2026-02-29T00:00:00Z", "soon")
BODIES = (b"{", b"[]", b"5", b"null", b'"text"', b"\xff", b"[" * 50 + b"]" * 50, b"")
_SINGULAR = {"processes": "process", "people": "person"}
SPOILED = (
    "key", "no key", "no client", "method", "route", "path", "query", "unknown query", "no JSON", "media type",
    "member", "member", "member",
)  # fmt: skip
_SHOWN = {"Task": "tasks", "Run": "runs", "File": "files", "Template": "templates", "Process": "processes"}
_ALIASES = {"instance_id": "run_id", "template_id": "checklist_id"}
_TARGETS = {"process-runs": "run_id", "process-templates": "template_id"}


class Sent(NamedTuple):
    """A request, the operation that it is about, and how it was spoiled (empty: not on purpose)."""

    api: str
    operation: str
    request: Request
    spoiled: str


@cache
def document(api: str) -> Any:
    """The document of an API, as it is written."""
    return yaml.safe_load(data.path(f"openapi/{api}.yaml").read_text())


@cache
def _operations(api: str) -> Mapping[str, Any]:
    """The operation objects of a document by operationId."""
    items = [(item, method) for item in document(api)["paths"].values() for method in item]
    return {item[method]["operationId"]: item[method] for item, method in items if "operationId" in item[method]}


def everything(now: int, **options: Any) -> Worlds:
    """Worlds with all APIs and the built-in start state; the clock stands still at `now`."""
    apis = options.pop("apis", [*map(installed.declared, VENDORS), control.declare])
    options = {"limits": dict.fromkeys(VENDORS), "seeds": installed.seeds(), **options}
    made = Worlds(apis, clock=Clock(now, frozen=True), seeder=installed.load_seed_once, **options)
    _MADE.add(made)
    return made


_MADE: WeakSet[Worlds] = WeakSet()


def worlds_of(world: World) -> Worlds:
    """The worlds that `everything` made this one of."""
    return next(made for made in _MADE if made.server is world.server)


class Session:
    """A user of one world who does anything at all; the same `seed` does the same."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.worlds = worlds_of(world)
        self.app = App(self.worlds)
        self.random = random.Random(seed)
        self.ids: defaultdict[str, list[Any]] = defaultdict(list)
        self.topics: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)  # ids that go together, by API
        self.topic: dict[str, Any] = {}  # those that the present request is about
        for api, tenants in world.export()["apis"].items():
            for collections in tenants.values():
                for name, records in collections.items():
                    for record in records:
                        self._learn(api, record, name)

    def send(self, sent: Sent) -> Response:
        """Send a request; what its answer shows is known from then on."""
        response = call(self.app, sent.request)
        is_json = response.header("content-type") == "application/json"
        if response.status < 300 and response.body and is_json and sent.api in VENDORS:
            self._learn(sent.api, json.loads(response.body), _collection(sent.operation))
        return response

    def any_request(self, *, spoil: float) -> Sent:
        """A request to any operation of any API, or an event; spoiled in one place with this probability."""
        api = self.random.choice(VENDORS)
        if self._maybe(0.15):
            return self.event(api)
        operations = self.worlds.apis[api].contract.operations.values()
        operation = self.random.choice([one for one in operations if one.method != "GET" or self._maybe(0.3)])
        return self.about(api, operation, self.random.choice(SPOILED) if self._maybe(spoil) else "")

    def event(self, api: str) -> Sent:
        """What a person does in the app of an API; not those that leave no key that works."""
        events = {name: one for name, one in document(api)["x-events"].items() if name != "lapse-subscription"}
        name = self.random.choice(sorted(events))
        self.topic = self.random.choice(self.topics[api])
        body = {"api": api, "event": name, **self.value(api, events[name]["schema"], "")}
        if name == "revoke-key":
            body["key"] = self.random.choice([token for owner, token in self.world.credentials if owner == api][1:])
        return Sent("control", "causeEvent", self._request("control", "POST", "/events", body=body), "")

    def about(self, api: str, operation: Operation, spoiled: str = "") -> Sent:
        """A request to an operation, spoiled in the way that is named."""
        self.topic = self.random.choice(self.topics[api] or [{}])
        path = self._path(api, operation, spoiled)
        declared = [one for one in operation.parameters if one.location == "query"]
        chosen = [one for one in declared if one.required or self._maybe(0.15)]
        query = [f"{one.name}={self._text(api, one.schema, one.name)}" for one in chosen]
        if spoiled == "query":
            name = self.random.choice([one.name for one in declared] or ["no_such_parameter"])
            query += [f"{name}={self.random.choice(['', 'x', '-1', '%00', '9' * 40])}"] * self.random.choice((1, 2))
        if spoiled == "unknown query":
            query.append("no_such_parameter=1")
        method = self.random.choice(("PUT", "POST", "DELETE", "TRACE")) if spoiled == "method" else operation.method
        body = self._body(api, operation, spoiled)
        return Sent(api, operation.id, self._request(api, method, path, "&".join(query), body, spoiled), spoiled)

    def value(self, api: str, schema: Any, name: str, depth: int = 0) -> Any:
        """A value that fits a schema more often than not."""
        schema = _resolved(api, schema)
        if "const" in schema or "enum" in schema:
            return self.random.choice(schema.get("enum") or [schema["const"]])
        for several in ("oneOf", "anyOf"):
            if several in schema:
                return self.value(api, self.random.choice(schema[several]), name, depth)
        if _snake(name) in self.topic and self._maybe(0.9):
            return self.topic[_snake(name)]
        known = self.ids.get(f"{api}.{_snake(name)}")
        if known and self._maybe(0.9):
            return self.random.choice(known)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = self.random.choice(kind) if isinstance(kind, list) else kind
        return getattr(self, f"_{kind}")(api, schema, name, depth)

    def _null(self, api: str, schema: Any, name: str, depth: int) -> None:
        return None

    def _boolean(self, api: str, schema: Any, name: str, depth: int) -> bool:
        return self._maybe(0.5)

    def _integer(self, api: str, schema: Any, name: str, depth: int) -> int:
        people = self.ids.get(f"{api}.person") if depth else None
        least = int(schema.get("minimum", 0))
        return int(self.random.choice(people or [least, least + 1, least + 5]))

    _number = _integer

    def _string(self, api: str, schema: Any, name: str, depth: int) -> str:
        if "date" in schema.get("format", "") or any(word in name for word in ("date", "deadline", "_at")):
            return self.random.choice(TIMES)
        text = self.random.choice(("a", "Some text", str(schema.get("example", "b"))))
        return text.ljust(int(schema.get("minLength", 0)), "x")

    def _array(self, api: str, schema: Any, name: str, depth: int) -> list[Any]:
        items = [self.value(api, schema.get("items", {}), name.rstrip("s"), depth + 1) for _ in range(2)]
        return self.random.choice(([], items, items[:1], items[:1] * 2))

    def _object(self, api: str, schema: Any, name: str, depth: int) -> dict[str, Any]:
        properties, required = schema.get("properties", {}), schema.get("required", ())
        more = self.random.choice((0, 0.2, 0.5)) if depth < 4 else 0
        chosen = [one for one in properties if one in required or self._maybe(more)]
        made = {one: self.value(api, properties[one], one, depth + 1) for one in chosen}
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict) and depth < 4 and self.ids.get(f"{api}.any"):
            made[str(self.random.choice(self.ids[f"{api}.any"]))] = self.value(api, extra, "", depth + 1)
        return made

    def _path(self, api: str, operation: Operation, spoiled: str) -> str:
        parts, before = [], ""
        for part in operation.path.split("/"):
            name = _snake(part[1:-1]) if part.startswith("{") else ""
            if name:
                name = _TARGETS.get(before, name) if name == "id" else name
                part = str(self._identified(api, name))
            before = part if not name else before
            parts.append(part)
        if spoiled == "path" and "{" in operation.path:
            places = [at for at, part in enumerate(operation.path.split("/")) if part.startswith("{")]
            parts[self.random.choice(places)] = self.random.choice(BAD_IDS)
        return "/".join(parts) + ("/no-such-path" if spoiled == "route" else "")

    def _identified(self, api: str, name: str) -> Any:
        if name == "org_id":
            return next(iter(self.world.tenants[api]))
        return self.topic.get(name) or self.random.choice(self.ids.get(f"{api}.{name}") or ["nope"])

    def _body(self, api: str, operation: Operation, spoiled: str) -> Any:
        declared = _operations(api)[operation.id].get("requestBody")
        if declared is None:
            return b"{" if spoiled == "no JSON" else None
        declared = _resolved(api, declared)
        media_type, content = next(iter(declared["content"].items()))
        if spoiled == "no JSON":
            return self.random.choice(BODIES)
        body = self.world.export() if operation.id == "importState" else self.value(api, content["schema"], "")
        if spoiled == "member":
            self._spoil(body)
        return body if media_type == "application/json" else b"--b\r\n\r\n--b--\r\n"

    def _spoil(self, body: Any) -> None:
        places = list(_places(body))
        if places:
            parent, name = self.random.choice(places)
            if self._maybe(0.2) and isinstance(parent, dict):
                del parent[name]
            else:
                parent[name] = self.random.choice(ODD)

    def _request(
        self, api: str, method: str, path: str, query: str = "", body: Any = None, spoiled: str = ""
    ) -> Request:
        headers = {"x-mock-world": self.world.id, "x-tallyfy-client": "x", "accept": "application/json"}
        tokens = [token for owner, token in self.world.credentials if owner == api]
        token = self.random.choice(tokens) if tokens and self._maybe(0.1) else next(iter(tokens), "")
        if spoiled == "key":
            token = "unknown"
        if tokens and spoiled != "no key":
            headers |= {"authorization": f"Bearer {token}", "x-api-key": token}
        if body is not None:
            headers["content-type"] = "text/plain" if spoiled == "media type" else "application/json"
        if spoiled == "no client":
            del headers["x-tallyfy-client"]
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        prefix = self.worlds.apis[api].contract.prefixes[0]
        fields = tuple((name.encode(), value.encode("latin-1")) for name, value in headers.items())
        return Request(method, prefix + path, query, fields, content)

    def _text(self, api: str, schema: Any, name: str) -> str:
        value = self.value(api, schema, name)
        return value if isinstance(value, str) else json.dumps(value)

    def _maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def _learn(self, api: str, value: Any, collection: str) -> None:
        if isinstance(value, list):
            for item in value:
                self._learn(api, item, collection)
        if not isinstance(value, dict):
            return
        for name, child in value.items():
            if isinstance(child, str | int) and name.endswith("_id"):
                self._know(f"{api}.{name}", child)
            self._learn(api, child, collection)
        id = value.get("id")
        if isinstance(id, str):
            topic = {name: child for name, child in value.items() if name.endswith("_id") and child is not None}
            topic |= {f"{_SINGULAR.get(collection, collection[:-1])}_id": id}
            topic |= {alias: topic[name] for name, alias in _ALIASES.items() if name in topic}
            if topic not in self.topics[api]:
                self.topics[api].append(topic)
            self._know(f"{api}.any", id)
            for name in topic:
                self._know(f"{api}.{name}", topic[name])
            if collection == "people":
                self._know(f"{api}.person", id)
                self._know(f"{api}.user_id", id)

    def _know(self, name: str, id: Any) -> None:
        if id not in self.ids[name]:
            self.ids[name].append(id)


def _resolved(api: str, schema: Any) -> Any:
    """A schema without a reference at its top, and with the parts of an `allOf` put together."""
    if schema is True or schema is None:
        return {}
    while "$ref" in schema:
        found = document(api)
        for part in schema["$ref"].split("/")[1:]:
            found = found[part]
        schema = found
    whole = {name: part for name, part in schema.items() if name != "allOf"}
    for part in (_resolved(api, part) for part in schema.get("allOf", ())):
        whole |= part | {"properties": whole.get("properties", {}) | part.get("properties", {})}
    return whole


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member of a JSON value, as what holds it and its name or number."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield value, name
        yield from _places(child)


def _snake(name: str) -> str:
    """`runId` as `run_id`."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _collection(operation: str) -> str:
    """The collection that the answer of an operation is about, by the last word of its name."""
    shown = (collection for word, collection in _SHOWN.items() if word in operation and "Fields" not in operation)
    return next(shown, "others")
