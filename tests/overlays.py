"""Documents and overlays that tests write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from understudy.document.overlay import read_overlay
from understudy.document.whole import Whole, whole

PETS = """\
openapi: 3.0.3
info: {title: Pets, version: "1", description: Old}
paths:
  /pets:
    get:
      operationId: listPets
      tags: [pets, old]
      parameters:
      - {name: limit, in: query, schema: {type: integer}}
      - {name: dummy, in: query, schema: {type: string}}
      responses: {"200": {description: Pets}}
  /pets/{id}:
    get:
      operationId: getPet
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: A pet}}
"""


def overlay(*actions: dict[str, Any], version: str = "1.1.0", **more: Any) -> str:
    """The text of an overlay with these actions."""
    info = {"title": "A test", "version": "1"}
    return yaml.safe_dump({"overlay": version, "info": info, **more, "actions": list(actions)}, sort_keys=False)


def applied(folder: Path, *overlays: str, document: str = PETS) -> Whole:
    """The document with overlays of these texts, which stand beside it as fix0.yaml, fix1.yaml and so on."""
    (folder / "pets.yaml").write_text(document)
    files = [folder / f"fix{number}.yaml" for number in range(len(overlays))]
    for file, text in zip(files, overlays, strict=True):
        file.write_text(text)
    return whole(folder / "pets.yaml", [read_overlay(file) for file in files])
