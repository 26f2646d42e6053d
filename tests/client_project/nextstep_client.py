"""A small client of NextStep, as somebody might write it: pages are followed, refusals are exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

Json = Any


class NotFound(Exception):
    """There is no such object."""


class Refused(Exception):
    """The service refused a request, for a reason that a code names."""


class NextStep:
    """The service at a base URL, as the owner of a key sees it."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.netloc, timeout=10)
        self._prefix, self._key = parts.path, key

    def runs(self, **filters: str) -> Iterator[Json]:
        """All runs that fit the filters, page by page."""
        query = filters
        while True:
            page = self._send("GET", f"/process-runs?{urlencode(query)}")
            yield from page["data"]
            if not page["pagination"]["has_more"]:
                return
            query = {**filters, "cursor": page["pagination"]["next_cursor"]}

    def templates(self) -> list[Json]:
        """The published templates; there are no more than fit on a page."""
        return [one for one in self._send("GET", "/process-templates?limit=100")["data"] if one["is_published"]]

    def run(self, id: str) -> Json:
        """One run."""
        return self._send("GET", f"/process-runs/{id}")["data"]

    def start(self, template: str, title: str) -> Json:
        """Start a run."""
        return self._send("POST", "/process-runs", {"template_id": template, "title": title})["data"]

    def tasks(self, run: str) -> list[Json]:
        """The tasks of a run; it has no more than fit on a page."""
        return self._send("GET", f"/process-runs/{run}/tasks?limit=100")["data"]

    def complete(self, task: Json) -> Json:
        """Complete a task."""
        return self._send("PATCH", f"/process-runs/{task['instance_id']}/tasks/{task['id']}", {"completed": True})[
            "data"
        ]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, method: str, path: str, body: Json = None) -> Json:
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        content = None if body is None else json.dumps(body)
        self._connection.request(method, f"{self._prefix}{path}", body=content, headers=headers)
        answer = self._connection.getresponse()
        found = json.loads(answer.read())
        if answer.status == 404:
            raise NotFound(path)
        if answer.status >= 400:
            raise Refused(found["error"]["code"])
        return found
