"""Requests to a served document: credentials, bodies in their media type, and a judgement of every answer."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import requests

from benchmarks.specs.document import Document, Json, Operation, is_json
from benchmarks.specs.schemas import Schemas

TIMEOUT = 10.0
FORM = "application/x-www-form-urlencoded"


class Answer(NamedTuple):
    """What was answered; `value` is the JSON of its body, or None."""

    status: int
    headers: Mapping[str, str]
    text: str
    value: Json

    @property
    def succeeded(self) -> bool:
        """Whether its status is a 2xx."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.status} {self.text[:160]}".strip()


class Hanging(Exception):
    """A server that has not answered in time, or no longer takes connections."""


class Client:
    """Sends operations of a document, and counts what is wrong with any of the answers."""

    def __init__(self, document: Document, schemas: Schemas, base_url: str, credentials: Mapping[str, str]) -> None:
        self.document, self.schemas = document, schemas
        self.base_url, self.credentials = base_url.rstrip("/"), credentials
        self.requests = 0
        self.unfit: Counter[str] = Counter()
        """What does not fit its document, with how often."""
        self.undocumented: Counter[str] = Counter()
        """Refusals of a 4xx status that the document does not have."""
        self.errors: Counter[str] = Counter()
        """Answers of 500 and above."""
        self.hangs: Counter[str] = Counter()
        self.session = new_session()

    def send(
        self, operation: Operation, path: Mapping[str, Json], query: Mapping[str, Json] | None = None,
        body: Json = None, *, headers: Mapping[str, str] | None = None, bare: bool = False,
    ) -> Answer:  # fmt: skip
        """The answer to an operation; `bare` sends no credential. Raises Hanging."""
        route = operation.path
        for name, value in path.items():
            route = route.replace(f"{{{name}}}", quote(str(value), safe="~"))
        sent = {**(headers or {})}
        asked: dict[str, Json] = {name: _asked(value) for name, value in (query or {}).items()}
        cookies: dict[str, str] = {}
        if not bare:
            self._authenticate(operation, sent, asked, cookies)
        options: dict[str, Json] = {}
        if operation.bodies and body is not None:
            media = media_type(operation)
            options = _encoded(media, body)
            if media is not None and not media.startswith("multipart/"):
                sent.setdefault("Content-Type", media)
        answer = self.raw(
            operation.method, self.base_url + route, params=asked, headers=sent, cookies=cookies, **options
        )
        self._judge(operation, answer)
        return answer

    def raw(self, method: str, url: str, **options: Json) -> Answer:
        """The answer to any request. Raises Hanging."""
        self.requests += 1
        try:
            got = self.session.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)
        except requests.RequestException as error:
            self.hangs[f"{method} {urlsplit(url).path}: {type(error).__name__}"] += 1
            raise Hanging(f"{method} {url}: {type(error).__name__}") from error
        self.session.cookies.clear()
        return Answer(got.status_code, got.headers, got.text, _json(got))

    def follow(self, operation: Operation, url: str, *, headers: Mapping[str, str]) -> Answer:
        """The answer to a next link, absolute or relative to the server, with the headers of the first page."""
        parts, own = urlsplit(url), urlsplit(self.base_url)
        sent: dict[str, str] = dict(headers)
        asked: dict[str, Json] = {}
        cookies: dict[str, str] = {}
        self._authenticate(operation, sent, asked, cookies)
        target = f"{own.scheme}://{own.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return self.raw("GET", target, headers=sent, params=asked, cookies=cookies)

    def _authenticate(
        self, operation: Operation, headers: dict[str, str], query: dict[str, Json], cookies: dict[str, str]
    ) -> None:
        needed = next((s for s in operation.security if s and all(name in self.credentials for name in s)), {})
        for name in needed:
            scheme, value = self.document.schemes.get(name, {}), self.credentials[name]
            kind = str(scheme.get("type")).lower()
            if kind == "apikey":
                {"header": headers, "query": query, "cookie": cookies}[scheme["in"]][scheme["name"]] = value
            elif kind == "http" and str(scheme.get("scheme")).lower() == "basic":
                headers["Authorization"] = "Basic " + base64.b64encode(value.encode()).decode()
            else:
                headers["Authorization"] = f"Bearer {value}"

    def _judge(self, operation: Operation, answer: Answer) -> None:
        if answer.status >= 500:
            self.errors[f"{operation.name}: {answer}"] += 1
        if 400 <= answer.status < 500 and operation.response(answer.status) is None:
            self.undocumented[f"{operation.name}: {answer}"] += 1
        for what in misfits(self.schemas, operation, answer)[:1]:
            self.unfit[f"{operation.name}: {answer.status}: {what}"] += 1


def new_session() -> requests.Session:
    """Connections that no proxy variable redirects."""
    session = requests.Session()
    session.trust_env = False
    return session


def misfits(schemas: Schemas, operation: Operation, answer: Answer) -> list[str]:
    """What of an answer is not as the document says.

    A status of 4xx of which it says nothing is no misfit, nor is a success where it has refusals only.
    """
    declared = operation.response(answer.status)
    if declared is None:
        says = any(not re.fullmatch("[45][0-9X]{2}", status) for status in operation.responses)
        return [f"status {answer.status} is not documented"] if answer.status < 400 and says else []
    content = declared.get("content") or {}
    got = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not content:
        return []
    if not answer.text and not got:
        return [] if all(not is_json(name) for name in content) else ["no body, where one is documented"]
    if not any(_covers(name, got) for name in content):
        return [f"{got} is not documented"]
    schema = next((media.get("schema") for name, media in content.items() if _covers(name, got)), None)
    if schema is None or not is_json(got):
        return []
    return schemas.errors(schema, answer.value, "out")


def media_type(operation: Operation) -> str | None:
    """The media type that a body is sent in: JSON where it is taken, else a form, else the first."""
    names = list(operation.bodies)
    for fits in (lambda n: n.partition(";")[0] == "application/json", is_json, lambda n: n == FORM):
        found = next((name for name in names if fits(name)), None)
        if found:
            return "application/json" if found.startswith("*/*") else found
    return next(iter(names), None)


def body_schema(operation: Operation) -> Json | None:
    """The schema of the body that is sent."""
    name = media_type(operation)
    return (operation.bodies.get(name) or operation.bodies.get("*/*") or {}).get("schema") if name else None


def _covers(declared: str, got: str) -> bool:
    name = declared.partition(";")[0].strip().lower()
    return name in (got, "*/*") or (name.endswith("/*") and got.startswith(name[:-1]))


def _encoded(media: str | None, body: Json) -> dict[str, Json]:
    if media == FORM and isinstance(body, dict):
        return {"data": _flat(body)}
    if media is not None and media.startswith("multipart/") and isinstance(body, dict):
        return {"files": [(name, (None, text)) for name, text in _flat(body)]}
    if media is not None and not is_json(media):
        return {"data": body if isinstance(body, str) else json.dumps(body)}
    return {"data": json.dumps(body)}


def _flat(body: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Members of a form: lists repeat, objects are JSON."""
    return [
        (name, _as_text(part))
        for name, value in body.items()
        for part in (value if isinstance(value, list) else [value])
    ]


def _asked(value: Json) -> str | list[str]:
    """A value of a query parameter; a list repeats its name, as is usual (style form, explode)."""
    return [_as_text(part) for part in value] if isinstance(value, list) else _as_text(value)


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _json(got: requests.Response) -> Json:
    try:
        return got.json()
    except ValueError:
        return None
