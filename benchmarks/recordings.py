"""What recordings cost: imported beside reading the file, and replayed beside sending the requests."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from benchmarks.figures import Figure, ratio, summed_up
from understudy.cli import recordings as command
from understudy.cli.arguments import declared
from understudy.engine.api import Api
from understudy.engine.exchange import Headers, Request
from understudy.engine.pipeline import handle
from understudy.engine.worlds import Worlds
from understudy.recording import files
from understudy.recording.journal import recorded
from understudy.recording.picked import Picked, Picker
from understudy.recording.play import play
from understudy.recording.prepare import given_ids
from understudy.recording.recorded import Recorded
from understudy.recording.targets import MockTarget

_ITEM = '{$ref: "#/components/schemas/Pet"}'
_ONE = f"{{content: {{application/json: {{schema: {_ITEM}}}}}}}"
_DOCUMENT = f"""
openapi: 3.0.3
info: {{title: Pets, version: "1"}}
servers: [{{url: "https://pets.example/v1"}}]
paths:
  /pets:
    post: {{requestBody: {_ONE}, responses: {{"201": {{description: made, {_ONE[1:-1]}}}}}}}
  /pets/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: integer}}}}]
    get: {{responses: {{"200": {{description: one, {_ONE[1:-1]}}}}}}}
    put: {{requestBody: {_ONE}, responses: {{"200": {{description: changed, {_ONE[1:-1]}}}}}}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties: {{id: {{type: integer, readOnly: true}}, name: {{type: string}}, note: {{type: string}}}}
"""


def measure(*, rounds: int, count: int) -> Iterator[Figure]:
    """Seconds for `count` exchanges, half of them of pets that were there before, in each format; and ratios."""
    with TemporaryDirectory() as folder:
        document = Path(folder, "pets.yaml")
        document.write_text(_DOCUMENT)
        apis = declared([str(document)])
        exchanges = _session(command.worlds_for(apis, [], document)[0], count)
        for form, name in (("har", "a HAR"), ("yaml", "a cassette in YAML")):
            file = Path(folder, f"session.{form}")
            file.write_text(files.dumps(exchanges, form))
            yield from _of(file, apis, name, rounds)


def _of(file: Path, apis: Sequence[Api], name: str, rounds: int) -> Iterator[Figure]:
    picked, _ = Picker(apis).pick(files.load(file))
    read, imported = (_timed(rounds, act) for act in (lambda: _plainly_read(file), lambda: _imported(file, apis)))
    yield summed_up(f"{name}, {len(picked)} exchanges imported", imported, "s")
    yield ratio(f"{name}: importing beside reading the file", imported, read)
    sent = _timed(rounds, lambda worlds: _sent(worlds, picked), lambda: _imported(file, apis))
    played = _timed(rounds, lambda worlds: _played(worlds, picked), lambda: _imported(file, apis))
    yield summed_up(f"{name}, {len(picked)} exchanges replayed", played, "s")
    yield ratio(f"{name}: replaying beside sending the requests", played, sent)


def _timed(rounds: int, act: Callable[..., object], prepared: Callable[[], object] | None = None) -> list[float]:
    """The seconds of each round, without those of what is prepared for it; one before them warms up."""
    takes: list[float] = []
    for _ in range(rounds + 1):
        given = () if prepared is None else (prepared(),)
        gc.collect()
        begin = time.perf_counter()
        act(*given)
        takes.append(time.perf_counter() - begin)
    return takes[1:]


def _session(worlds: Worlds, count: int) -> list[Recorded]:
    """A session of one client: of each four requests one makes a pet, the others read, change and read one."""
    world = worlds.default
    fields = ((b"content-type", b"application/json"), (b"host", b"pets.example"))
    for number in range(count // 8):
        body = json.dumps({"name": f"old {number}", "note": "n" * 200}).encode()
        handle(Request("POST", "/v1/pets", "", fields, body), world, worlds)
    world.journal.clear()
    for number in range(count // 4):
        body = json.dumps({"name": f"pet {number}", "note": "n" * 200}).encode()
        id = number // 2 + 1 if number % 2 else json.loads(_answer(worlds, "POST", "/v1/pets", fields, body))["id"]
        if number % 2:
            _answer(worlds, "GET", f"/v1/pets/{id}", fields, b"")
        _answer(worlds, "GET", f"/v1/pets/{id}", fields, b"")
        _answer(worlds, "PUT", f"/v1/pets/{id}", fields, body)
        _answer(worlds, "GET", f"/v1/pets/{id}", fields, b"")
    return list(recorded(world.journal, "https://pets.example"))


def _answer(worlds: Worlds, method: str, path: str, fields: Headers, body: bytes) -> bytes:
    return handle(Request(method, path, "", fields, body), worlds.default, worlds).response.body


def _plainly_read(file: Path) -> object:
    """The file as its format's usual library reads it."""
    text = file.read_text()
    return json.loads(text) if file.suffix == ".har" else yaml.load(text, yaml.CSafeLoader)


def _imported(file: Path, apis: Sequence[Api]) -> Worlds:
    """A mock that begins with what a file shows."""
    picked, _ = Picker(apis).pick(files.load(file))
    return command.worlds_for(apis, picked, file)[0]


def _played(worlds: Worlds, picked: Sequence[Picked]) -> None:
    """The session on a mock that is prepared."""
    target = MockTarget(worlds, timed=command.is_timed(picked))
    differing = [one for one in play(picked, target, known=given_ids(worlds)) if one.faults]
    assert not differing, "the session plays as it was"


def _sent(worlds: Worlds, picked: Sequence[Picked]) -> None:
    """Its requests alone."""
    for one in picked:
        handle(one.recorded.request, worlds.default, worlds)
