"""An integration as somebody might write it: starts and finishes onboardings in NextStep, by the book of its pages.

Pages are followed, a 429 waits as long as it says, an outage is tried again a little later each time.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

ATTEMPTS = 5
FIRST_PAUSE = 0.5  # seconds; each further one is twice as long
Json = Any


class GaveUp(Exception):
    """The service did not answer, or did not finish in time."""


class Refused(Exception):
    """The service refused a request; the message is its own."""


@dataclass(frozen=True)
class Run:
    """A run of a template."""

    id: str
    title: str


class Onboarding:
    """The onboardings of one team."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {api_key}"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def titles(self, status: str) -> list[str]:
        """The titles of all runs in a status, the newest first."""
        return [run["title"] for run in self._pages("/process-runs", status=status)]

    def start(self, template: str, name: str) -> Run:
        """Start an onboarding from the template with this title."""
        ids = [one["id"] for one in self._pages("/process-templates") if one["title"] == template]
        if not ids:
            raise Refused(f"there is no template {template}")
        made = self._send("POST", "/process-runs", json={"template_id": ids[0], "name": name})["data"]
        return Run(made["id"], made["title"])

    def finish(self, run: Run) -> int:
        """Complete all open tasks; returns how many those were."""
        tasks = [task for task in self._pages(f"/process-runs/{run.id}/tasks") if not task["completed"]]
        for task in tasks:
            self._send("PATCH", f"/process-runs/{run.id}/tasks/{task['id']}", json={"completed": True})
        return len(tasks)

    def wait(self, run: Run, *, timeout: float, pause: float = 30) -> None:
        """Wait until somebody has completed a run. Raises GaveUp after `timeout` seconds."""
        end = time.monotonic() + timeout
        while self._send("GET", f"/process-runs/{run.id}")["data"]["status"] != "completed":
            if time.monotonic() >= end:
                raise GaveUp(f"{run.title} is not over after {timeout:g} seconds")
            time.sleep(pause)

    def _pages(self, path: str, **query: str) -> Iterator[Json]:
        cursor: dict[str, str] = {}
        while True:
            page = self._send("GET", path, params={**query, **cursor})
            yield from page["data"]
            if not page["pagination"]["has_more"]:
                return
            cursor = {"cursor": page["pagination"]["next_cursor"]}

    def _send(self, method: str, path: str, **options: Any) -> Json:
        for attempt in range(ATTEMPTS):
            answer = self._session.request(method, self._base_url + path, timeout=10, **options)
            if answer.status_code == 429:
                time.sleep(float(answer.headers["Retry-After"]))
            elif answer.status_code >= 500:
                time.sleep(FIRST_PAUSE * 2**attempt)
            elif answer.status_code >= 400:
                raise Refused(answer.json()["error"]["message"])
            else:
                return answer.json()
        raise GaveUp(f"{method} {path} failed {ATTEMPTS} times")
