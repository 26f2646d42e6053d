"""Every request that a vendor's page prints, as printed but for scheme and host, each in a fresh default world.

The table is `printed_samples.yaml`; what a page contradicts itself about is told in docs/reference/samples.md.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from understudy.document.read import read
from understudy.engine.exchange import Request, Response
from understudy.engine.worlds import Worlds
from understudy.http.app import App
from understudy_checks.target import installed

TABLE = read(Path(__file__).with_name("printed_samples.yaml"))
SAMPLES = [(api, sample) for api, told in TABLE.items() for sample in told["samples"]]
NAMES = [f"{api}-{sample['page']}-{sample['in'][0]}" for api, sample in SAMPLES]
READINGS = Path(__file__).parents[2] / "docs/reference/samples.md"


def answer(api: str, sample: dict[str, Any]) -> Response:
    """The answer of a fresh default world to a printed request."""
    worlds = Worlds([installed.declared(api)], seeds=installed.seeds(), seeder=installed.load_seed_once)
    method, target = sample["request"].split(" ", 1)
    path, _, query = target.partition("?")
    headers = TABLE[api]["headers"] | sample.get("headers", {})
    body = b""
    if "body" in sample:
        headers, body = headers | {"Content-Type": "application/json"}, json.dumps(sample["body"]).encode()
    if "form" in sample:
        headers, body = headers | {"Content-Type": "multipart/form-data; boundary=b"}, form(sample)
    fields = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return App(worlds).answer(Request(method, path, query, fields, body))


def form(sample: dict[str, Any]) -> bytes:
    """The form of an upload: its fields, and a file called `name`."""
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in sample["form"].items()]
    parts.append(f'name="name"; filename="{sample["file"]}"\r\n\r\n%PDF-1.7')
    text = "".join(f"--b\r\nContent-Disposition: form-data; {part}\r\n" for part in parts)
    return f"{text}--b--\r\n".encode()


@pytest.mark.parametrize(("api", "sample"), SAMPLES, ids=NAMES)
def test_a_printed_request_is_answered_as_its_page_shows(api: str, sample: dict[str, Any]) -> None:
    """Its status is the printed one, or what the reading of a contradiction says."""
    response = answer(api, sample)
    assert response.status == sample["status"], response.body[:300]


def test_every_contradiction_is_told() -> None:
    """Each reading that a sample refers to is a heading of the page, and each heading is referred to."""
    headings = {line.removeprefix("## ") for line in READINGS.read_text().splitlines() if line.startswith("## ")}
    assert {sample["reading"] for _, sample in SAMPLES if "reading" in sample} == headings - {"Where they are"}
